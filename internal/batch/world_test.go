package batch

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// archive is a zip with that many files of this text, each a little different.
func archive(t testing.TB, files int, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := range files {
		f, err := w.Create(fmt.Sprintf("badge-%d.json", i))
		if err == nil {
			_, err = f.Write([]byte(text + strings.Repeat(" ", i)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// award is what a test badge says.
type award struct {
	id, name, achievement, email, person string
	seed                                 byte // of the issuer's key
	filler                               int  // bytes of description
}

func (a award) seal(t testing.TB, token bool) []byte {
	t.Helper()
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{a.seed + 1}, ed25519.SeedSize))
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := credential.AchievementCredential{ID: a.id, Name: a.name, ValidFrom: from,
		Issuer: credential.Party{ID: did, Name: "Example District"},
		Subject: credential.AchievementSubject{
			Achievement: &credential.Achievement{ID: a.achievement, Name: a.name, Description: "Reads aloud." + strings.Repeat("a", a.filler),
				Criteria: credential.Criteria{Narrative: "Ten minutes."}},
		}}
	if a.email != "" {
		c.Subject.Identifiers = append(c.Subject.Identifiers, credential.IdentityObject{Type: "emailAddress", Hash: a.email})
	}
	if a.person != "" {
		c.Subject.Identifiers = append(c.Subject.Identifiers, credential.IdentityObject{Type: "name", Hash: a.person})
	}
	unsigned, err := credential.Build(c)
	if err != nil {
		t.Fatal(err)
	}
	key := keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
	if token {
		sealed, err := proof.SealJWT(unsigned, key)
		if err != nil {
			t.Fatal(err)
		}
		return []byte(sealed)
	}
	sealed, err := proof.Seal(t.Context(), unsigned, proof.SealOptions{Signer: key, Created: from})
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// checker judges for real, without a network.
func checker() *Checker {
	return &Checker{Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
		return verifier.VerifyItem(ctx, item, verifier.Options{At: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)})
	}}
}
