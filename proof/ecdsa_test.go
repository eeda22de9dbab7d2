package proof

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mr-tron/base58"

	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
)

// TestVectorsECDSA: the signed documents of VC-DI-ECDSA appendix A verify with their own keys, P-384 with SHA-384 throughout, and
// do not once they are changed.
func TestVectorsECDSA(t *testing.T) {
	for _, name := range []string{
		"ecdsa-rdfc-2019-p256/signedECDSAP256.json", "ecdsa-rdfc-2019-p256/employ/signedECDSAP256.json",
		"ecdsa-rdfc-2019-p384/signedECDSAP384.json", "ecdsa-rdfc-2019-p384/employ/signedECDSAP384.json",
	} {
		text := referencedata.File(t, "vectors/di-ecdsa/"+name)
		for _, changed := range []bool{false, true} {
			value := object(t, text)
			if changed {
				value["name"] = "changed"
			}
			s, err := ReadIntegrity(value, foreign(t))
			if err != nil || len(s.Proofs) != 1 {
				t.Fatalf("%s: %v, %d proofs", name, err, len(s.Proofs))
			}
			_, fragment, _ := strings.Cut(s.Proofs[0].Method, "#")
			key, err := keys.ParseMultikey(fragment)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Verify(context.Background(), s.Proofs[0], key); (err != nil) != changed {
				t.Errorf("%s, changed %v: %v", name, changed, err)
			}
		}
	}
}

// TestSealECDSA: what a P-256 or P-384 key seals verifies with that key alone, in the width of its curve alone.
func TestSealECDSA(t *testing.T) {
	type pair struct {
		signer keys.Signer
		other  crypto.PublicKey
	}
	pairs := map[string]pair{}
	for name, curve := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384()} {
		private, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		other, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		pairs[name] = pair{keys.Signer{ID: "did:example:1#" + name, Signer: private}, other.Public()}
	}
	_, edwards, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range pairs {
		sealed, err := Seal(context.Background(), unsigned(p.signer), SealOptions{Signer: p.signer, Suite: "ecdsa-rdfc-2019", Created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		verify := func(key crypto.PublicKey, change func(proof map[string]any)) error {
			value := object(t, sealed)
			change(value["proof"].(map[string]any))
			s, err := ReadIntegrity(value, Options{})
			if err != nil {
				t.Fatal(err)
			}
			return s.Verify(context.Background(), s.Proofs[0], key)
		}
		same := func(map[string]any) {}
		if err := verify(p.signer.Signer.Public(), same); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for what, err := range map[string]error{
			"signature_invalid by another key": verify(p.other, same),
			"key_mismatch by an Ed25519 key":   verify(edwards.Public(), same),
			"signature_invalid one byte longer": verify(p.signer.Signer.Public(), func(proof map[string]any) {
				signature, err := decodeBase58(proof["proofValue"].(string))
				if err != nil {
					t.Fatal(err)
				}
				proof["proofValue"] = "z" + base58.Encode(append([]byte{0}, signature...))
			}),
			"signature_invalid by nothing": verify(p.signer.Signer.Public(), func(proof map[string]any) {
				proof["proofValue"] = "z" + base58.Encode(make([]byte, 64))
			}),
		} {
			var fault *Error
			if !errors.As(err, &fault) || !strings.HasPrefix(what, fault.Code) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	if _, err := Seal(context.Background(), unsigned(pairs["P-256"].signer), SealOptions{Signer: pairs["P-256"].signer}); err == nil {
		t.Error("a P-256 key signed with the suite of Ed25519")
	}
}
