package proof

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mr-tron/base58"

	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// vector reads a file of the vectors of VC-DI-ECDSA appendix A.
func vector[T any](t *testing.T, name string) (v T) {
	t.Helper()
	if err := json.Unmarshal(referencedata.File(t, "vectors/di-ecdsa/"+name), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// mapped is how the vectors write a map.
type mapped struct{ Value [][2]any }

func (m mapped) texts() (all []string) {
	for _, pair := range m.Value {
		all = append(all, pair[1].(string))
	}
	return all
}

func selectiveVectorKeys(t *testing.T) (issuer crypto.PublicKey, signer, ephemeral *ecdsa.PrivateKey, hmacKey []byte) {
	t.Helper()
	v := vector[struct {
		Base  struct{ PublicKeyMultibase, SecretKeyMultibase string } `json:"baseKeyPair"`
		Proof struct{ PublicKeyMultibase, SecretKeyMultibase string } `json:"proofKeyPair"`
		HMAC  string                                                  `json:"hmacKeyString"`
	}](t, "ecdsa-sd-2023/SDKeyMaterial.json")
	private := func(text string) *ecdsa.PrivateKey {
		data, err := base58.Decode(strings.TrimPrefix(text, "z"))
		if err != nil || !bytes.HasPrefix(data, []byte{0x86, 0x26}) {
			t.Fatal("no secret key of P-256")
		}
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), data[2:])
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	issuer, err := keys.ParseMultikey(v.Base.PublicKeyMultibase)
	if err != nil {
		t.Fatal(err)
	}
	hmacKey, err = hex.DecodeString(v.HMAC)
	if err != nil {
		t.Fatal(err)
	}
	return issuer, private(v.Base.SecretKeyMultibase), private(v.Proof.SecretKeyMultibase), hmacKey
}

func lines(all []rdf.Statement) (lines []string) {
	for _, s := range all {
		lines = append(lines, s.Line)
	}
	return lines
}

// TestSelectiveVectors: every step of VC-DI-ECDSA appendix A for ecdsa-sd-2023, from the document to the derived proof.
func TestSelectiveVectors(t *testing.T) {
	issuer, signer, ephemeral, hmacKey := selectiveVectorKeys(t)
	for folder, name := range map[string]string{"prc": "prCred", "employ": "employ"} {
		t.Run(folder, func(t *testing.T) {
			ctx, o := context.Background(), foreign(t)
			step := "ecdsa-sd-2023/" + folder + "/"
			signed := referencedata.File(t, "vectors/di-ecdsa/"+step+"addSignedSDBase.json")
			mandatory := vector[[]string](t, name+"Mandatory.json")
			selective := vector[[]string](t, name+"Selective.json")
			value := object(t, signed)
			base, err := readBaseValue(value["proof"].(map[string]any)["proofValue"].(string))
			if err != nil {
				t.Fatal(err)
			}
			document := without(value, "proof")
			jsonld := o.processor()

			// The statements under canonical labels, and under those of the HMAC.
			canonical, err := jsonld.Statements(ctx, document, nil, func(blanks int) (labels []string, err error) {
				for n := range blanks {
					labels = append(labels, "c14n"+string(rune('0'+n)))
				}
				return labels, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(vector[[]string](t, step+"addBaseDocCanon.json"), lines(canonical.All)); diff != "" {
				t.Errorf("canonical (-vector +ours):\n%s", diff)
			}
			selection, err := selectPointers(document, mandatory)
			if err != nil {
				t.Fatal(err)
			}
			all, err := jsonld.Statements(ctx, document, []*rdf.Selection{selection}, hmacLabels(hmacKey))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(vector[[]string](t, step+"addBaseDocHMACCanon.json"), lines(all.All)); diff != "" {
				t.Errorf("under the labels of the HMAC (-vector +ours):\n%s", diff)
			}

			// The groups and their hashes.
			groups := vector[struct{ Mandatory, NonMandatory mapped }](t, step+"addBaseTransform.json")
			var places []int
			var theirs []string
			for i, s := range all.All {
				if s.By != 0 {
					places = append(places, i)
				} else {
					theirs = append(theirs, s.Line)
				}
			}
			if diff := cmp.Diff(groups.NonMandatory.texts(), theirs); diff != "" {
				t.Errorf("statements that are not mandatory (-vector +ours):\n%s", diff)
			}
			others, mandatoryHash, _ := split(all.All, places)
			if !slices.Equal(others, theirs) {
				t.Error("split gives other statements")
			}
			hashes := vector[struct{ ProofHash, MandatoryHash string }](t, step+"addHashData.json")
			config := vector[map[string]any](t, step+"addProofConfig.json")
			secured := &Secured{signed: document, jsonld: jsonld}
			configuration, _, err := secured.hashConfiguration(ctx, Proof{raw: without(config, "@context")}, ecdsaSelective, crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(configuration); got != hashes.ProofHash {
				t.Errorf("hash of the configuration %s, want %s", got, hashes.ProofHash)
			}
			if got := hex.EncodeToString(mandatoryHash); got != hashes.MandatoryHash {
				t.Errorf("hash of the mandatory statements %s, want %s", got, hashes.MandatoryHash)
			}

			// The base proof: by the issuer's key, and not by the one that signs the statements.
			data := selectiveData(configuration, base.ephemeral, mandatoryHash)
			if fault := ecdsaRDFC2019.verify(issuer, data, base.signature); fault != nil {
				t.Error("the base signature does not verify with the issuer's key")
			}
			if fault := ecdsaRDFC2019.verify(&ephemeral.PublicKey, data, base.signature); fault == nil {
				t.Error("the base signature verifies with the ephemeral key")
			}
			for i, statement := range others {
				if fault := ecdsaRDFC2019.verify(&ephemeral.PublicKey, []byte(statement), base.signatures[i]); fault != nil {
					t.Errorf("signature %d does not verify", i)
				}
			}
			if again, err := base.encode(); err != nil || again != value["proof"].(map[string]any)["proofValue"] {
				t.Error("the base proof is not written as it was read")
			}
			own, err := makeBase(ctx, signer, signed, document, mandatory, configuration, jsonld, hmacKey, ephemeral)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(own.ephemeral, base.ephemeral) || len(own.signatures) != len(base.signatures) {
				t.Error("our base proof has another key, or signs other statements")
			}
			if fault := ecdsaRDFC2019.verify(issuer, data, own.signature); fault != nil {
				t.Error("our base signature does not verify")
			}

			// The derived proof, whose signatures are those of the base proof.
			derived, err := Derive(ctx, signed, selective, o)
			if err != nil {
				t.Fatal(err)
			}
			want := vector[map[string]any](t, step+"derivedRevealDocument.json")
			var got map[string]any
			if err := json.Unmarshal(derived, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("derived document (-vector +ours):\n%s", diff)
			}
			for text, good := range map[string]bool{string(derived): true, string(referencedata.File(t, "vectors/di-ecdsa/"+step+"derivedRevealDocument.json")): true, string(signed): false} {
				s, p := readSelective(t, []byte(text), o)
				err := s.Verify(ctx, p, issuer)
				var fault *Error
				if good && err != nil || !good && (!errors.As(err, &fault) || fault.Code != CodeMalformed) {
					t.Errorf("verifying: %v", err)
				}
			}
		})
	}
}

// without is an object without a member.
func without(object map[string]any, name string) map[string]any {
	copied := map[string]any{}
	for key, member := range object {
		if key != name {
			copied[key] = member
		}
	}
	return copied
}

// readSelective is a document and its first proof of ecdsa-sd-2023.
func readSelective(t testing.TB, text []byte, o Options) (*Secured, Proof) {
	t.Helper()
	value, err := strict.Object(text, strict.Limits{Bytes: 4 << 20, Depth: 64, Objects: 5000, Values: 2000})
	if err != nil {
		t.Fatal(err)
	}
	s, err := ReadIntegrity(value, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Proofs {
		if p.Suite == ecdsaSD2023 {
			return s, p
		}
	}
	t.Fatal("no proof of ecdsa-sd-2023")
	return nil, Proof{}
}
