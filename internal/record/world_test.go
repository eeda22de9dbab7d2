package record

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

var (
	judgedAt = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	madeAt   = time.Date(2026, 11, 22, 10, 3, 0, 0, time.UTC)
)

// badge is one that a teacher might hand in.
func badge(t testing.TB, until time.Time) []byte {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte("a seed for an example, not a key"))
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	unsigned, err := credential.Build(credential.AchievementCredential{
		ID: "urn:uuid:0f7e7d1a-6f55-4a41-8b8e-2a1b5f0c9d33", Name: "Reading aloud", ValidFrom: from, ValidUntil: until,
		Issuer: credential.Party{ID: did, Name: "Distrito Escolar Peñablanca", URL: "https://district.example"},
		Subject: credential.AchievementSubject{
			Identifiers: []credential.IdentityObject{{Type: "emailAddress", Hash: "maria@example.org"}, {Type: "name", Hash: "María Muñoz"}},
			Achievement: &credential.Achievement{ID: "urn:uuid:7f0c4a44-39f0-4c9c-8f0f-0f9c6a3d2f10", Name: "Reading aloud", AchievementType: "MicroCredential",
				Description: "Reads aloud so that a class listens.", Criteria: credential.Criteria{Narrative: "Ten minutes before a class."}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	key := keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
	sealed, err := proof.Seal(t.Context(), unsigned, proof.SealOptions{Signer: key, Created: from})
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func reportOn(t testing.TB, name string, input []byte) *verifier.Report {
	t.Helper()
	report, err := verifier.Verify(context.Background(), input, verifier.Options{At: judgedAt})
	if err != nil {
		t.Fatal(err)
	}
	report.Input.Name = name
	return report
}

// reports are one of each answer.
func reports(t testing.TB) map[string]*verifier.Report {
	good := badge(t, time.Time{})
	read := judgedAt.Add(-3 * time.Minute)
	unknown := reportOn(t, "unknown.json", good)
	unknown.Outcome, unknown.InForce = verifier.Unknown, verifier.Undecided
	for i := range unknown.Checks {
		if c := &unknown.Checks[i]; c.Step == "status" {
			c.Outcome, c.Code, c.Detail = verifier.NotKnown, "status_unavailable", "The status list could not be read."
			c.Facts = verifier.Facts{verifier.FactAddress: "https://badges.example.edu/status/7", verifier.FactOrigin: "network", verifier.FactCause: "timeout"}
		}
		if c := &unknown.Checks[i]; c.Step == "issuer" {
			c.AsOf, c.Facts = &read, verifier.Facts{verifier.FactAddress: "did:web:badges.example.edu", verifier.FactOrigin: "network"}
		}
	}
	return map[string]*verifier.Report{
		"valid":   reportOn(t, "Reading aloud.json", good),
		"expired": reportOn(t, "expired.json", badge(t, time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC))),
		"altered": reportOn(t, "altered.json", []byte(strings.Replace(string(good), "Reads aloud", "Reads all", 1))),
		"unknown": unknown,
		"nothing": reportOn(t, "photo.png", []byte("a picture of a badge")),
		"token":   reportOn(t, "token.jwt", []byte("e30."+base64.RawURLEncoding.EncodeToString([]byte("{}"))+".AAAA")),
	}
}
