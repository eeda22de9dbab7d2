package verifier

import (
	"bytes"
	"context"
	"crypto"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/proof"
)

// full is a badge of which every part matters: an end, a status, results, evidence.
func full(d map[string]any) {
	d["credentialStatus"] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "94567", "statusListCredential": listURL}
	d["evidence"] = []any{map[string]any{"id": "https://issuer.example/e/1", "type": []any{"Evidence"}, "name": "Lesson"}}
	subject(d)["achievement"].(map[string]any)["resultDescription"] = []any{map[string]any{"id": "urn:r:1", "type": []any{"ResultDescription"}, "name": "Score", "resultType": "Percent"}}
	subject(d)["result"] = []any{map[string]any{"type": []any{"Result"}, "resultDescription": "urn:r:1", "value": "90"}}
}

// FuzzVerify: whatever is given, there is a report with every step in order; and an input that is called authentic says just
// what was signed, to the signature and to the reader.
func FuzzVerify(f *testing.F) {
	b := newBench(f)
	b.documents[listURL] = b.list(status.ListOptions{ID: listURL, Issuer: webDID, Purpose: "revocation", ValidFrom: at.Add(-time.Hour), ValidUntil: at.Add(time.Hour)}, true, false, nil)
	sealed := b.seal(b.badge(full))
	token, err := proof.SealJWT(b.badge(full), b.key)
	if err != nil {
		f.Fatal(err)
	}
	const cred = "https://www.w3.org/2018/credentials#"
	for _, seed := range [][]byte{sealed, []byte(token), b.badge(nothing), []byte("{}"), nil, []byte("a.b.c"), []byte("\x89PNG\r\n\x1a\n"),
		bytes.Replace(sealed, []byte(`"credentialStatus"`), []byte(`"`+cred+`credentialStatus"`), 1),
		bytes.Replace(sealed, []byte(`"id":"did:example:teacher"`), []byte(`"@id":"did:example:teacher"`), 1)} {
		f.Add(seed)
	}
	original := string(canonicalForm(f, b, sealed))
	signed := b.verify(sealed)
	f.Fuzz(func(t *testing.T, input []byte) {
		report, err := Verify(context.Background(), input, Options{At: at, Fetch: b.documents})
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, report)
		if report.Authentic != Yes {
			return
		}
		if report.InForce != No {
			t.Fatalf("a revoked badge is in force: %q", input)
		}
		if report.Input.Kind == "jwt" && bytes.Equal(bytes.TrimSpace(input), []byte(token)) {
			return
		}
		if report.Input.Kind != "json" || string(canonicalForm(t, b, input)) != original {
			t.Fatalf("authentic: %q", input)
		}
		if diff := cmp.Diff(signed.Credential, report.Credential); diff != "" {
			t.Fatalf("it reads otherwise than it was signed: %q\n%s", input, diff)
		}
	})
}

// TestRenamed: no member of a signed badge can be named otherwise and keep the signature.
func TestRenamed(t *testing.T) {
	b := newBench(t)
	b.documents[listURL] = b.list(status.ListOptions{ID: listURL, Issuer: webDID, Purpose: "revocation", ValidFrom: at.Add(-time.Hour), ValidUntil: at.Add(time.Hour)}, true, false, nil)
	sealed := string(b.seal(b.badge(full)))
	for _, vocabulary := range []string{"https://www.w3.org/2018/credentials#", "https://w3id.org/security#", "https://schema.org/", "https://purl.imsglobal.org/spec/vc/ob/vocab.html#",
		"https://www.w3.org/ns/credentials/status#", "cred:", "@"} {
		for _, name := range []string{"validFrom", "validUntil", "credentialStatus", "issuer", "credentialSubject", "evidence", "result", "achievement", "name", "id", "type",
			"statusListIndex", "statusPurpose", "statusListCredential", "proof", "created", "proofPurpose", "verificationMethod", "cryptosuite"} {
			changed := strings.ReplaceAll(sealed, `"`+name+`":`, `"`+vocabulary+name+`":`)
			if r := b.verify([]byte(changed)); r.Authentic == Yes || r.Outcome == Valid {
				t.Errorf("%s%s: %s", vocabulary, name, findings(r))
			}
		}
	}
}

// canonicalForm is what the signature of a document covers.
func canonicalForm(t testing.TB, b *bench, text []byte) []byte {
	t.Helper()
	r := newRun(Options{At: at, Fetch: b.documents})
	if !r.form(sealed{bytes: text}) {
		t.Fatalf("not a document: %q", text)
	}
	canonical, err := proof.Canonical(context.Background(), r.secured.Value, crypto.SHA256, proof.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return canonical
}

// TestBlankNames: a name for a node that has none changes nothing in the dataset, and must not be read as one.
func TestBlankNames(t *testing.T) {
	b := newBench(t)
	sealed := b.seal(b.badge(func(d map[string]any) { delete(subject(d), "id") }))
	for _, id := range []string{"_:b0", "_:teacher"} {
		changed := bytes.Replace(sealed, []byte(`"credentialSubject":{`), []byte(`"credentialSubject":{"id":"`+id+`",`), 1)
		if r := b.verify(changed); r.Authentic == Yes {
			t.Errorf("%s: %s", id, findings(r))
		}
	}
}
