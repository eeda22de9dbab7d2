package verifier

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

const endorserList = "https://endorser.example/status/1"

// endorsing is an unsigned endorsement of a thing by a signer of its own, changed.
func endorsing(t testing.TB, signer keys.Signer, carrier string, change func(map[string]any)) []byte {
	t.Helper()
	did, _, _ := strings.Cut(signer.ID, "#")
	d := map[string]any{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		"id":       "urn:uuid:1f0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e22", "type": []any{"VerifiableCredential", "EndorsementCredential"}, "name": "Endorsement",
		"issuer": map[string]any{"id": did, "type": []any{"Profile"}, "name": "Endorser"}, "validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": map[string]any{"id": carrier, "type": []any{"EndorsementSubject"}, "endorsementComment": "Good."},
	}
	change(d)
	return marshal(t, d)
}

// TestEndorsements: an endorsement counts when it is authentic, in force, and about exactly what carries it, wherever it stands and
// in both forms. One that does not count says so and changes no answer (Open Badges 3.0 section 9.1).
func TestEndorsements(t *testing.T) {
	b := newBench(t)
	endorser := newSigner(t, false)
	endorserDID, _, _ := strings.Cut(endorser.ID, "#")
	list := func(set bool) []byte {
		inner := bench{TB: t, key: endorser}
		return inner.list(status.ListOptions{ID: endorserList, Issuer: endorserDID, Purpose: "revocation", ValidFrom: at.AddDate(0, 0, -1), ValidUntil: at.AddDate(0, 0, 1)}, set, false, nil)
	}
	listed := func(purpose string) func(map[string]any) {
		return func(d map[string]any) {
			d["credentialStatus"] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": purpose, "statusListIndex": "94567", "statusListCredential": endorserList}
		}
	}
	const achievement = "https://issuer.example/a/1"
	for name, c := range map[string]struct {
		carrier string
		change  func(map[string]any)
		list    []byte
		outcome string
	}{
		"good":                  {achievement, nothing, nil, "pass"},
		"good, with a status":   {achievement, listed("revocation"), list(false), "pass"},
		"revoked":               {achievement, listed("revocation"), list(true), "warn revoked"},
		"status not readable":   {achievement, listed("revocation"), nil, "unknown status_unavailable"},
		"status of a kind":      {achievement, listed("suspension"), list(false), "unknown status_invalid"},
		"status not a list":     {achievement, listed("revocation"), []byte("{}"), "unknown status_invalid"},
		"ended":                 {achievement, func(d map[string]any) { d["validUntil"] = "2026-02-01T00:00:00Z" }, nil, "warn expired"},
		"not begun":             {achievement, func(d map[string]any) { d["validFrom"] = "2027-02-01T00:00:00Z" }, nil, "warn not_yet_valid"},
		"about another":         {"https://issuer.example/a/2", nothing, nil, "warn subject_mismatch"},
		"about it with a dash":  {achievement + "/", nothing, nil, "warn subject_mismatch"},
		"about it in capitals":  {"https://ISSUER.example/a/1", nothing, nil, "warn subject_mismatch"},
		"about it escaped":      {"https://issuer.example/%61/1", nothing, nil, "warn subject_mismatch"},
		"by somebody not known": {achievement, func(d map[string]any) { d["issuer"].(map[string]any)["id"] = "did:web:gone.example" }, nil, "warn issuer_mismatch"},
		"breaks the rules":      {achievement, func(d map[string]any) { delete(d["credentialSubject"].(map[string]any), "id") }, nil, "warn schema_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			unsigned := endorsing(t, endorser, c.carrier, c.change)
			embedded, err := proof.Seal(context.Background(), unsigned, proof.SealOptions{Signer: endorser, Created: at.Add(-time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			token, err := proof.SealJWT(unsigned, endorser)
			if err != nil {
				t.Fatal(err)
			}
			delete(b.documents, endorserList)
			if c.list != nil {
				b.documents[endorserList] = c.list
			}
			for form, put := range map[string]func(d map[string]any){
				"embedded": func(d map[string]any) {
					var value any
					if err := json.Unmarshal(embedded, &value); err != nil {
						t.Fatal(err)
					}
					subject(d)["achievement"].(map[string]any)["endorsement"] = []any{value}
				},
				"token": func(d map[string]any) { subject(d)["achievement"].(map[string]any)["endorsementJwt"] = []any{token} },
			} {
				report := b.verify(b.seal(b.badge(put)))
				expect(t, form, report, Yes, Yes, "")
				got := outcomes(report, "endorsement")
				if len(got) != 1 || !strings.HasPrefix(got[0], c.outcome) {
					t.Errorf("%s: %q, want %q", form, got, c.outcome)
				}
				if counts := slices.ContainsFunc(report.Credential.Endorsements, func(p Party) bool { return p.ID == endorserDID }); counts != (c.outcome == "pass") {
					t.Errorf("%s: shown as an endorser: %v", form, counts)
				}
			}
		})
	}
}

// TestEndorsementPlaces: an endorsement endorses what carries it, and a good one is no good elsewhere.
func TestEndorsementPlaces(t *testing.T) {
	b := newBench(t)
	endorser := newSigner(t, false)
	const badge, achievement = "urn:uuid:5b0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e11", "https://issuer.example/a/1"
	places := map[string]func(d map[string]any) map[string]any{
		badge:       func(d map[string]any) map[string]any { return d },
		webDID:      func(d map[string]any) map[string]any { return d["issuer"].(map[string]any) },
		achievement: func(d map[string]any) map[string]any { return subject(d)["achievement"].(map[string]any) },
	}
	for about := range places {
		token, err := proof.SealJWT(endorsing(t, endorser, about, nothing), endorser)
		if err != nil {
			t.Fatal(err)
		}
		for carrier, place := range places {
			report := b.verify(b.seal(b.badge(func(d map[string]any) { place(d)["endorsementJwt"] = []any{token} })))
			expect(t, about+" at "+carrier, report, Yes, Yes, "")
			if counts := len(report.Credential.Endorsements) == 1; counts != (about == carrier) {
				t.Errorf("an endorsement of %s counts for %s: %v", about, carrier, counts)
			}
		}
	}
}

// TestHostileEndorsements: many endorsements with a list each read no more lists than a verification may.
func TestHostileEndorsements(t *testing.T) {
	b := newBench(t)
	endorser := newSigner(t, false)
	var tokens []any
	for i := range 40 {
		token, err := proof.SealJWT(endorsing(t, endorser, "https://issuer.example/a/1", func(d map[string]any) {
			address := "https://endorser.example/status/" + strings.Repeat("x", i)
			d["credentialStatus"] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1", "statusListCredential": address}
		}), endorser)
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	report, asked := b.ask(b.seal(b.badge(func(d map[string]any) {
		subject(d)["achievement"].(map[string]any)["endorsementJwt"] = tokens
	})), Options{})
	expect(t, "many", report, Yes, Yes, "too_complex")
	if len(asked) != 1+maxListsAll || len(report.Credential.Endorsements) != 0 {
		t.Errorf("asked for %q", asked)
	}
}
