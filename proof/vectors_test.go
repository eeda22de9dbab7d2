package proof

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mr-tron/base58"

	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// TestVectorSteps: for each example of VC-DI-EDDSA appendix B and VC-DI-ECDSA appendix A, the canonical texts and every hash are the
// published ones, the signature verifies, and no longer does once anything is changed.
func TestVectorSteps(t *testing.T) {
	ctx := context.Background()
	for folder, suffix := range map[string]string{
		"di-eddsa/eddsa-rdfc-2022": "DataInt", "di-eddsa/eddsa-rdfc-2022/employ": "DataInt", "di-eddsa/eddsa-jcs-2022": "JCS",
		"di-eddsa/Ed25519Signature2020": "EdSig", "di-ecdsa/ecdsa-rdfc-2019-p256": "ECDSAP256", "di-ecdsa/ecdsa-rdfc-2019-p256/employ": "ECDSAP256",
		"di-ecdsa/ecdsa-rdfc-2019-p384": "ECDSAP384", "di-ecdsa/ecdsa-rdfc-2019-p384/employ": "ECDSAP384",
		"di-ecdsa/ecdsa-jcs-2019-p256": "JCSECDSAP256", "di-ecdsa/ecdsa-jcs-2019-p384": "JCSECDSAP384",
	} {
		t.Run(folder, func(t *testing.T) {
			file := func(name, kind string) string {
				return string(referencedata.File(t, "vectors/"+folder+"/"+name+suffix+kind))
			}
			text := []byte(file("signed", ".json"))
			s, err := ReadIntegrity(object(t, text), foreign(t))
			if err != nil || len(s.Proofs) != 1 {
				t.Fatal(err)
			}
			p := s.Proofs[0]
			_, fragment, _ := strings.Cut(p.Method, "#")
			key, err := keys.ParseMultikey(fragment)
			if err != nil {
				t.Fatal(err)
			}
			suite, known := findSuite(p.Type, p.Suite)
			if !known {
				t.Fatalf("%s is not known", p.Suite)
			}
			hash := suite.hash(key)
			configuration := maps.Clone(p.raw)
			delete(configuration, "proofValue")
			canonical := func(value map[string]any) string {
				if suite.form == formJCS {
					text, err := rdf.AppendCanonicalJSON(nil, value)
					if err != nil {
						t.Fatal(err)
					}
					return string(text)
				}
				value = maps.Clone(value)
				value["@context"] = s.Value["@context"]
				result, err := s.jsonld.Canonicalize(ctx, value, hash)
				if err != nil {
					t.Fatal(err)
				}
				return string(result.NQuads)
			}
			data, _, _, err := s.signedData(ctx, p, suite, hash)
			if err != nil {
				t.Fatal(err)
			}
			signature, err := decodeBase58(p.raw["proofValue"].(string))
			if err != nil {
				t.Fatal(err)
			}
			for name, got := range map[string]string{
				"canonDoc": canonical(s.Value), "proofCanon": canonical(configuration), "combinedHash": hex.EncodeToString(data),
				"proofHash": hex.EncodeToString(data[:len(data)/2]), "docHash": hex.EncodeToString(data[len(data)/2:]),
				"sigHex": hex.EncodeToString(signature), "sigBTC58": p.raw["proofValue"].(string),
			} {
				if want := file(name, ".txt"); strings.TrimSpace(got) != strings.TrimSpace(want) {
					t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
				}
			}
			if err := s.Verify(ctx, p, key); err != nil {
				t.Error(err)
			}
			for _, change := range []func(document, proof map[string]any){
				func(document, _ map[string]any) { document["name"] = "changed" },
				func(document, _ map[string]any) { delete(document, "validFrom") },
				func(_, proof map[string]any) { proof["created"] = "2023-02-24T23:36:39Z" },
				func(_, proof map[string]any) { proof["proofPurpose"] = "authentication" },
			} {
				document := object(t, text)
				change(document, document["proof"].(map[string]any))
				changed, err := ReadIntegrity(document, foreign(t))
				if err != nil {
					t.Fatal(err)
				}
				var fault *Error
				if err := changed.Verify(ctx, changed.Proofs[0], key); !errors.As(err, &fault) || fault.Code != CodeSignatureInvalid {
					t.Errorf("changed: %v, want signature_invalid", err)
				}
			}
		})
	}
}

// privateKey reads the private part of an Ed25519 key of the vectors: two bytes of prefix and the seed.
func privateKey(t *testing.T, multibase, public string) keys.Signer {
	t.Helper()
	raw, err := base58.Decode(strings.TrimPrefix(multibase, "z"))
	if err != nil || len(raw) != 34 {
		t.Fatalf("%v, %d bytes", err, len(raw))
	}
	return keys.Signer{ID: "did:key:" + public + "#" + public, Signer: ed25519.NewKeyFromSeed(raw[2:])}
}

// TestVectorsAreMade: EdDSA has one signature for a text and a key, so what is sealed with the keys of the vectors is the vectors.
func TestVectorsAreMade(t *testing.T) {
	var pair struct{ PublicKeyMultibase, PrivateKeyMultibase string }
	if err := json.Unmarshal(referencedata.File(t, "vectors/di-eddsa/keyPair.json"), &pair); err != nil {
		t.Fatal(err)
	}
	for suite, file := range map[string]string{
		"eddsa-rdfc-2022": "eddsa-rdfc-2022/signedDataInt.json", "eddsa-jcs-2022": "eddsa-jcs-2022/signedJCS.json",
		"Ed25519Signature2020": "Ed25519Signature2020/signedEdSig.json",
	} {
		want := object(t, referencedata.File(t, "vectors/di-eddsa/"+file))
		document := maps.Clone(want)
		delete(document, "proof")
		text, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		o := SealOptions{Suite: suite, Signer: privateKey(t, pair.PrivateKeyMultibase, pair.PublicKeyMultibase),
			Created: time.Date(2023, 2, 24, 23, 36, 38, 0, time.UTC), Context: foreign(t).Context}
		sealed, err := Seal(context.Background(), text, o)
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, object(t, sealed), want)
	}
}

func sameJSON(t *testing.T, got, want map[string]any) {
	t.Helper()
	gotText, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	wantText, err := json.MarshalIndent(want, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(gotText, wantText) {
		t.Errorf("got\n%s\nwant\n%s", gotText, wantText)
	}
}

// TestVectorsOfSetsAndChains: adding one proof after the other makes the documents of VC-DI-EDDSA appendix B.5, to the signature.
func TestVectorsOfSetsAndChains(t *testing.T) {
	const folder = "vectors/di-eddsa/proof-set-chain/"
	var pairs map[string]struct{ PublicKeyMultibase, PrivateKeyMultibase string }
	if err := json.Unmarshal(referencedata.File(t, folder+"multiKeyPairs.json"), &pairs); err != nil {
		t.Fatal(err)
	}
	document := referencedata.File(t, folder+"unsigned.json")
	for i, step := range []struct{ configuration, result string }{
		{"proofSetConfig1.json", "signedProofSet1.json"}, {"proofSetConfig2.json", "signedProofSet2.json"},
		{"proofChainConfig1.json", "signedProofChain1.json"}, {"proofChainConfig2.json", "signedProofChain2.json"},
	} {
		configuration := readProof(object(t, referencedata.File(t, folder+step.configuration)), "")
		pair := pairs["keyPair"+string('1'+rune(i))]
		o := SealOptions{Signer: privateKey(t, pair.PrivateKeyMultibase, pair.PublicKeyMultibase), ID: configuration.ID,
			Created: configuration.Created, Previous: configuration.Previous, Context: foreign(t).Context}
		var err error
		if i == 0 {
			document, err = Seal(context.Background(), document, o)
		} else {
			document, err = AddProof(context.Background(), document, o)
		}
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, object(t, document), object(t, referencedata.File(t, folder+step.result)))
	}
	// A proof that covers others does not fit the document without them, nor with more than them.
	s, err := ReadIntegrity(object(t, document), foreign(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range slices.Clone(s.Proofs) {
		_, fragment, _ := strings.Cut(p.Method, "#")
		key, err := keys.ParseMultikey(fragment)
		if err != nil {
			t.Fatal(err)
		}
		covers := p.Previous
		for _, previous := range [][]string{nil, {s.Proofs[0].ID}, {s.Proofs[0].ID, s.Proofs[1].ID}, {s.Proofs[2].ID}} {
			fits := len(previous) == len(covers) && (len(covers) == 0 || previous[0] == covers[0])
			p.Previous = previous
			s.Proofs[len(s.Proofs)-1].Previous = previous // so that the variant is one that is looked at
			var fault *Error
			err := s.Verify(context.Background(), p, key)
			if fits != (err == nil) || err != nil && (!errors.As(err, &fault) || fault.Code != CodeSignatureInvalid) {
				t.Errorf("%s over %d others: %v", p.Pointer, len(previous), err)
			}
		}
	}
}
