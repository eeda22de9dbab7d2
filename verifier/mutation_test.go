package verifier

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys/jose"
	"github.com/laurelbadges/laurel/proof"
)

// TestMutations: of a valid document of any format no single changed byte leaves a valid one, unless it says the same: the same
// values under another spelling of JSON, or the same canonical form.
func TestMutations(t *testing.T) {
	own := specimens(t)
	if len(own) < 40 {
		t.Errorf("only %d documents", len(own))
	}
	mutate(t, own)
}

// TestMutationsOfRealOnes is TestMutations for the valid credentials of the corpus.
func TestMutationsOfRealOnes(t *testing.T) {
	items, folder, documents := corpus(t)
	real := map[string]specimen{}
	for _, item := range items {
		if item.Truth == "valid" && item.Profile != "none" {
			real[item.File] = item.specimen(t, folder, documents)
		}
	}
	mutate(t, real)
}

func mutate(t *testing.T, specimens map[string]specimen) {
	t.Helper()
	changes := 500
	if testing.Short() { // beside the race detector, which is after something else
		changes = 40
	}
	for _, name := range slices.Sorted(maps.Keys(specimens)) {
		s := specimens[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if report := s.verify(t, s.text); report.Outcome != Valid {
				t.Fatalf("it is not valid as it is: %s", findings(report))
			}
			seed := fnv.New64()
			seed.Write([]byte(name))
			random := rand.New(rand.NewPCG(seed.Sum64(), 1))
			same := 0
			for range changes {
				at := random.IntN(len(s.text))
				changed := bytes.Clone(s.text)
				if random.IntN(4) == 0 {
					changed[at] ^= 1 << random.IntN(8)
				} else { // what stands in such texts, so that more of them can be read at all
					const common = `abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/"{}[],# `
					changed[at] = common[random.IntN(len(common))]
				}
				if bytes.Equal(changed, s.text) {
					continue
				}
				report := s.verify(t, changed)
				if report.Outcome != Valid {
					continue
				}
				if same++; !s.says(changed) {
					t.Fatalf("valid with byte %d changed from %q to %q:\n%s", at, s.text[at], changed[at], changed)
				}
			}
			if same > changes/2 {
				t.Errorf("%d of %d changes say the same, so they prove little", same, changes)
			}
		})
	}
}

// specimen is a valid document with what its verification needs.
type specimen struct {
	text    []byte
	options Options
}

func (s specimen) verify(t testing.TB, text []byte) *Report {
	t.Helper()
	report, err := Verify(context.Background(), text, s.options)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// says whether another text says the same as the specimen.
func (s specimen) says(other []byte) bool {
	read := func(text []byte) any {
		if bake.IsPNG(text) || bake.IsSVG(text) {
			text, _ = bake.Unbake(text) // the picture around it is not signed
		}
		value, err := strict.Object(text, credential.JSONLimits())
		if err != nil {
			return string(bytes.TrimSpace(text)) // a token: white space around it is no part of it
		}
		return value
	}
	a, b := read(s.text), read(other)
	if reflect.DeepEqual(a, b) {
		return true
	}
	first, isFirst := a.(map[string]any)
	second, isSecond := b.(map[string]any)
	if !isFirst || !isSecond {
		return false
	}
	if token, _, err := credential.OpenEnvelope(first); err == nil { // what stands around a token is not signed
		other, _, err := credential.OpenEnvelope(second)
		return err == nil && other == token
	}
	document, proofs := canonical(first)
	otherDocument, otherProofs := canonical(second)
	same := slices.ContainsFunc(proofs, func(p string) bool { return slices.Contains(otherProofs, p) })
	return document == otherDocument && same // of several proofs one that counts is enough, and others may be of unknown kinds
}

// canonical is what a suite with RDFC-1.0 signs of a document: its canonical form without proofs, and those of its proofs.
func canonical(document map[string]any) (whole string, proofs []string) {
	form := func(value map[string]any) (string, bool) {
		text, err := proof.Canonical(context.Background(), value, crypto.SHA256, proof.Options{VC: true})
		return string(text), err == nil
	}
	set, isSet := document["proof"].([]any)
	if !isSet {
		set = []any{document["proof"]}
	}
	for _, p := range set {
		object, isObject := p.(map[string]any)
		if !isObject {
			continue
		}
		config := maps.Clone(object)
		value, _ := json.Marshal(config["proofValue"])
		delete(config, "proofValue")
		config["@context"] = document["@context"]
		if text, ok := form(config); ok { // one of another kind beside it is not signed
			proofs = append(proofs, text+string(value))
		}
	}
	document = maps.Clone(document)
	delete(document, "proof")
	whole, _ = form(document)
	return whole, proofs
}

// FuzzFormats: whatever is given, there is a report with every step in order; and what is valid says the same as a document that
// was signed.
func FuzzFormats(f *testing.F) {
	b := newBench(f)
	sealed := object(f, b.seal(b.badge(nothing)))
	token, err := proof.SealVCJWT(b.badge(nothing), b.key)
	if err != nil {
		f.Fatal(err)
	}
	options := Options{At: at, Fetch: b.documents}
	var signed []specimen
	for _, text := range [][]byte{
		b.present(b.presentation(nothing, sealed), proof.SealOptions{}),
		b.present(b.presentation(nothing, enveloped("EnvelopedVerifiableCredential", []byte(token))), proof.SealOptions{Suite: "eddsa-jcs-2022"}),
		b.token(object(f, b.presentation(nothing, sealed)), jose.Header{Type: "vp+jwt", ContentType: "vp"}),
		marshal(f, enveloped("EnvelopedVerifiableCredential", []byte(token))),
		b.seal(b.record(nothing, sealed)),
		b.seal(b.endorsement()),
		b.sign(b.badge(older), proof.SealOptions{}),
	} {
		f.Add(text)
		signed = append(signed, specimen{text, options})
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		report, err := Verify(context.Background(), input, options)
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, report)
		if report.Outcome == Valid && !slices.ContainsFunc(signed, func(s specimen) bool { return s.says(input) }) {
			t.Fatalf("valid: %q", input)
		}
	})
}
