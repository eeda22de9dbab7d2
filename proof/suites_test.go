package proof

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/keys"
)

// signerOf makes a key of a kind: Ed25519, P-256 or P-384.
func signerOf(t testing.TB, kind string) keys.Signer {
	t.Helper()
	var private crypto.Signer
	var err error
	switch kind {
	case "Ed25519":
		_, private, err = ed25519.GenerateKey(nil)
	case "P-256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "P-384":
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
}

// signing is every suite that Laurel signs with, but for selective disclosure, by each kind of key that it takes.
var signing = []struct{ suite, kind string }{
	{"eddsa-rdfc-2022", "Ed25519"}, {"eddsa-jcs-2022", "Ed25519"}, {"Ed25519Signature2020", "Ed25519"},
	{"ecdsa-rdfc-2019", "P-256"}, {"ecdsa-rdfc-2019", "P-384"}, {"ecdsa-jcs-2019", "P-256"}, {"ecdsa-jcs-2019", "P-384"},
}

const suiteContext2020 = `"https://w3id.org/security/suites/ed25519-2020/v1"`

// unsignedFor is a badge for any suite: that of 2020 needs its context.
func unsignedFor(s keys.Signer) []byte {
	return []byte(strings.Replace(string(unsigned(s)), `context-3.0.3.json"`, `context-3.0.3.json", `+suiteContext2020, 1))
}

func verifyFirst(document map[string]any, key crypto.PublicKey) error {
	s, err := ReadIntegrity(document, Options{VC: true})
	if err != nil {
		return err
	}
	if fault := s.Proofs[0].Fault(); fault != nil {
		return fault
	}
	return s.Verify(context.Background(), s.Proofs[0], key)
}

// TestSuites: what each suite seals verifies with its own key alone; any change of any signed text breaks it.
func TestSuites(t *testing.T) {
	for _, c := range signing {
		t.Run(c.suite+" "+c.kind, func(t *testing.T) {
			s, other := signerOf(t, c.kind), signerOf(t, c.kind)
			sealed, err := Seal(context.Background(), unsignedFor(s), SealOptions{Signer: s, Suite: c.suite, Created: time.Unix(1767225600, 0)})
			if err != nil {
				t.Fatal(err)
			}
			if err := verifyFirst(object(t, sealed), s.Signer.Public()); err != nil {
				t.Fatal(err)
			}
			var fault *Error
			if err := verifyFirst(object(t, sealed), other.Signer.Public()); !errors.As(err, &fault) || fault.Code != CodeSignatureInvalid {
				t.Errorf("another key: %v, want signature_invalid", err)
			}
			for _, kind := range []string{"Ed25519", "P-256", "P-384"} {
				if slices.ContainsFunc(signing, func(d struct{ suite, kind string }) bool { return d.suite == c.suite && d.kind == kind }) {
					continue
				}
				if err := verifyFirst(object(t, sealed), signerOf(t, kind).Signer.Public()); !errors.As(err, &fault) || fault.Code != CodeKeyMismatch {
					t.Errorf("a key of %s: %v, want key_mismatch", kind, err)
				}
				if _, err := Seal(context.Background(), unsignedFor(s), SealOptions{Signer: signerOf(t, kind), Suite: c.suite, Created: time.Unix(1, 0)}); !errors.As(err, &fault) || fault.Code != CodeKeyMismatch {
					t.Errorf("sealing with a key of %s: %v, want key_mismatch", kind, err)
				}
			}
			rapid.Check(t, func(rt *rapid.T) { // one byte of one text or number somewhere
				document := object(t, sealed)
				places := leaves(document, "")
				place := rapid.SampledFrom(places).Draw(rt, "place")
				change := rapid.ByteRange(' ', '~').Draw(rt, "byte")
				if !place.change(rapid.IntRange(0, len(place.text)).Draw(rt, "at"), change) {
					return
				}
				if err := verifyFirst(document, s.Signer.Public()); err == nil {
					rt.Fatalf("%s changed, and it verifies", place.pointer)
				}
			})
		})
	}
}

// leaf is a text or number in a document.
type leaf struct {
	pointer, text string
	set           func(text string)
}

// change puts a byte at a place of the text, and says whether that made another one.
func (l leaf) change(at int, to byte) bool {
	changed := l.text[:at] + string(rune(to)) + l.text[min(at+1, len(l.text)):]
	l.set(changed)
	return changed != l.text
}

func leaves(value any, pointer string) (found []leaf) {
	add := func(member any, at string, set func(any)) {
		switch member := member.(type) {
		case string:
			found = append(found, leaf{at, member, func(text string) { set(text) }})
		case json.Number:
			found = append(found, leaf{at, member.String(), func(text string) { set(json.Number("1" + fmt.Sprint(len(text)))) }})
		default:
			found = append(found, leaves(member, at)...)
		}
	}
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			add(member, pointer+"/"+name, func(v any) { value[name] = v })
		}
		slices.SortFunc(found, func(a, b leaf) int { return strings.Compare(a.pointer, b.pointer) })
	case []any:
		for i, member := range value {
			add(member, fmt.Sprint(pointer, "/", i), func(v any) { value[i] = v })
		}
	}
	return found
}

// TestSuitesStayApart: a proof under the name of another suite verifies with no key.
func TestSuitesStayApart(t *testing.T) {
	for _, c := range signing {
		s := signerOf(t, c.kind)
		sealed, err := Seal(context.Background(), unsignedFor(s), SealOptions{Signer: s, Suite: c.suite, Created: time.Unix(1767225600, 0)})
		if err != nil {
			t.Fatal(err)
		}
		for name, other := range suites {
			if name == c.suite {
				continue
			}
			for _, own := range []bool{true, false} { // with the contexts of JCS, and without
				document := object(t, sealed)
				p := document["proof"].(map[string]any)
				p["type"] = other.proofType
				if delete(p, "cryptosuite"); other.proofType == typeDataIntegrity {
					p["cryptosuite"] = name
				}
				if delete(p, "@context"); own {
					p["@context"] = document["@context"]
				}
				var fault *Error
				if err := verifyFirst(document, s.Signer.Public()); !errors.As(err, &fault) || fault.Code != CodeSignatureInvalid && fault.Code != CodeKeyMismatch {
					t.Errorf("%s as %s: %v", c.suite, name, err)
				}
			}
		}
	}
}

// TestOlderName: eddsa-2022 is the arithmetic of eddsa-rdfc-2022 under another name, for reading only.
func TestOlderName(t *testing.T) {
	s := signerOf(t, "Ed25519")
	var fault *Error
	if _, err := Seal(context.Background(), unsigned(s), SealOptions{Signer: s, Suite: "eddsa-2022"}); !errors.As(err, &fault) || fault.Code != CodeAlgNotAllowed {
		t.Errorf("%v, want alg_not_allowed", err)
	}
	renamed := eddsaRDFC2022
	renamed.name = "eddsa-2022"
	secured, err := ReadIntegrity(object(t, unsigned(s)), Options{})
	if secured == nil {
		t.Fatal(err)
	}
	written, err := secured.configure(renamed, SealOptions{Signer: s})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := written.object()
	if err != nil {
		t.Fatal(err)
	}
	p := Proof{raw: raw}
	value, err := secured.sign(context.Background(), p, renamed, s)
	if err != nil {
		t.Fatal(err)
	}
	document := object(t, unsigned(s))
	document["proof"] = p.raw
	p.raw["proofValue"] = value
	if err := verifyFirst(document, s.Signer.Public()); err != nil {
		t.Error(err)
	}
	document["name"] = "changed"
	if err := verifyFirst(document, s.Signer.Public()); err == nil {
		t.Error("a changed document verifies")
	}
}

// TestSuiteNames: what is offered for signing, and what a key signs with.
func TestSuiteNames(t *testing.T) {
	want := []string{"Ed25519Signature2020", "ecdsa-jcs-2019", "ecdsa-rdfc-2019", "ecdsa-sd-2023", "eddsa-jcs-2022", "eddsa-rdfc-2022"}
	if diff := cmp.Diff(want, Suites()); diff != "" {
		t.Error(diff)
	}
	for kind, want := range map[string]string{"Ed25519": "eddsa-rdfc-2022", "P-256": "ecdsa-rdfc-2019", "P-384": "ecdsa-rdfc-2019"} {
		if got := SuiteFor(signerOf(t, kind).Signer.Public()); got != want {
			t.Errorf("%s signs with %q", kind, got)
		}
	}
	other, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.PublicKey{nil, "text", other.Public(), &rsa.PublicKey{}} {
		if got := SuiteFor(key); got != "" {
			t.Errorf("%T signs with %q", key, got)
		}
	}
}

// TestType2020: what a proof of a type of its own has to look like.
func TestType2020(t *testing.T) {
	s := signerOf(t, "Ed25519")
	o := SealOptions{Signer: s, Suite: "Ed25519Signature2020", Created: time.Unix(1767225600, 0)}
	var fault *Error
	if _, err := Seal(context.Background(), unsigned(s), o); !errors.As(err, &fault) || fault.Code != CodeUnsafeJSONLD {
		t.Errorf("without its context: %v, want unsafe_jsonld", err)
	}
	if _, err := Seal(context.Background(), unsignedFor(s), SealOptions{Signer: s, Suite: o.Suite}); !errors.As(err, &fault) || fault.Code != CodeMalformed {
		t.Errorf("without a date: %v, want malformed", err)
	}
	sealed, err := Seal(context.Background(), unsignedFor(s), o)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(proof map[string]any)
		code   string
	}{
		"no date":              {func(p map[string]any) { delete(p, "created") }, CodeMalformed},
		"a cryptosuite beside": {func(p map[string]any) { p["cryptosuite"] = "eddsa-rdfc-2022" }, CodeMalformed},
		"no value":             {func(p map[string]any) { delete(p, "proofValue") }, CodeMalformed},
		"the type of 2018":     {func(p map[string]any) { p["type"] = "Ed25519Signature2018" }, CodeAlgNotAllowed},
		"as a cryptosuite": {func(p map[string]any) {
			p["type"], p["cryptosuite"] = "DataIntegrityProof", "Ed25519Signature2020"
		}, CodeAlgNotAllowed},
		"a cryptosuite as type": {func(p map[string]any) { p["type"] = "eddsa-rdfc-2022" }, CodeAlgNotAllowed},
		"an undefined member":   {func(p map[string]any) { p["note"] = "unsigned" }, CodeUnsafeJSONLD},
		"a chain":               {func(p map[string]any) { p["previousProof"] = "urn:b" }, CodeMalformed},
	} {
		document := object(t, sealed)
		c.change(document["proof"].(map[string]any))
		if err := verifyFirst(document, s.Signer.Public()); !errors.As(err, &fault) || fault.Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}
