package verifier_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// A badge whose issuer is a did:key carries all that its verification needs: no network, no store, no key of ours.
func Example() {
	badge := exampleBadge()

	report, err := verifier.Verify(context.Background(), badge, verifier.Options{At: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Outcome, "authentic:", report.Authentic, "in force:", report.InForce)
	fmt.Println(report.Credential.Achievement.Name)

	altered := []byte(strings.Replace(string(badge), "Reading aloud", "Everything", 1))
	if report, err = verifier.Verify(context.Background(), altered, verifier.Options{}); err != nil {
		fmt.Println(err)
		return
	}
	for _, check := range report.Checks {
		if check.Outcome == verifier.Fail {
			fmt.Println(check.Step, check.Code)
		}
	}
	// Output:
	// valid authentic: yes in force: yes
	// Reading aloud
	// proof signature_invalid
}

// exampleBadge is what an issuer does: build, then seal.
func exampleBadge() []byte {
	private := ed25519.NewKeyFromSeed([]byte("a seed for an example, not a key"))
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		panic(err)
	}
	unsigned, err := credential.Build(credential.AchievementCredential{
		ID: "urn:uuid:0f7e7d1a-6f55-4a41-8b8e-2a1b5f0c9d33", Name: "Reading aloud", ValidFrom: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Issuer: credential.Party{ID: did, Name: "Example District", URL: "https://district.example"},
		Subject: credential.AchievementSubject{
			Identifiers: []credential.IdentityObject{credential.HashedIdentity("emailAddress", "teacher@example.org")},
			Achievement: &credential.Achievement{ID: "urn:uuid:7f0c4a44-39f0-4c9c-8f0f-0f9c6a3d2f10", Name: "Reading aloud",
				Description: "Reads aloud so that a class listens.", Criteria: credential.Criteria{Narrative: "Ten minutes before a class."}},
		},
	})
	if err != nil {
		panic(err)
	}
	key := keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
	sealed, err := proof.Seal(context.Background(), unsigned, proof.SealOptions{Signer: key, Created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		panic(err)
	}
	return sealed
}
