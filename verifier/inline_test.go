package verifier

import (
	"context"
	"testing"

	"github.com/laurelbadges/laurel/credential"
)

// TestRenamedMembers: a context of the document's own leaves the dataset, and so the signature, as it is, and hides what it renames.
func TestRenamedMembers(t *testing.T) {
	b := newBench(t)
	input := b.seal(b.badge(func(d map[string]any) {
		d["validUntil"] = "2026-02-01T00:00:00Z"
		d["credentialStatus"] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1", "statusListCredential": listURL}
	}))
	const cred = "https://www.w3.org/2018/credentials#"
	judge := func(change func(map[string]any)) *Report {
		d := object(t, input)
		change(d)
		r, err := Verify(context.Background(), marshal(t, d), Options{At: at, Fetch: b.documents, Profile: credential.VerifiableCredentials})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	rename := func(from, to string, definition any) func(map[string]any) {
		return func(d map[string]any) {
			d["@context"] = append(d["@context"].([]any), map[string]any{to: definition})
			d[to] = d[from]
			delete(d, from)
		}
	}
	expect(t, "as it is", judge(nothing), Yes, No, "expired")
	expect(t, "a context that renames nothing", judge(func(d map[string]any) {
		d["@context"] = append(d["@context"].([]any), map[string]any{"hours": "https://example.org/hours"})
	}), Yes, No, "expired")
	expect(t, "the status", judge(rename("credentialStatus", "st", map[string]any{"@id": cred + "credentialStatus", "@type": "@id"})), No, Undecided, "unsafe_jsonld")
	expect(t, "the end", judge(rename("validUntil", "end", map[string]any{"@id": cred + "validUntil", "@type": "http://www.w3.org/2001/XMLSchema#dateTime"})), No, Undecided, "unsafe_jsonld")
	expect(t, "the end, by a vocabulary", judge(func(d map[string]any) {
		d["@context"] = append(d["@context"].([]any), map[string]any{"@vocab": cred + "valid"})
		d["Until"] = map[string]any{"@value": d["validUntil"], "@type": "http://www.w3.org/2001/XMLSchema#dateTime"}
		delete(d, "validUntil")
	}), No, Undecided, "unsafe_jsonld")
	expect(t, "the look of an identifier", judge(func(d map[string]any) {
		d["@context"] = append(d["@context"].([]any), map[string]any{"mailto": "https://issuer.example/a/"})
		subject(d)["achievement"].(map[string]any)["id"] = "mailto:1"
	}), No, Undecided, "unsafe_jsonld")
}
