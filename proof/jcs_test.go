package proof

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mr-tron/base58"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

const (
	contextV2  = "https://www.w3.org/ns/credentials/v2"
	contextOB  = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	contextAny = "https://www.w3.org/ns/credentials/undefined-terms/v2"
)

// signText signs the text of a document as another implementation may, which does not ask what it means. own is the proof's @context;
// nil is none.
func signText(t *testing.T, document map[string]any, own any, s keys.Signer) {
	t.Helper()
	p := map[string]any{"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "verificationMethod": s.ID, "proofPurpose": "assertionMethod"}
	covered := maps.Clone(document)
	if own != nil {
		p["@context"], covered["@context"] = own, own
	}
	data, _, err := hashText(nil, p, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if data, _, err = hashText(data, covered, crypto.SHA256); err != nil {
		t.Fatal(err)
	}
	p["proofValue"] = "z" + base58.Encode(ed25519.Sign(s.Signer.(ed25519.PrivateKey), data))
	document["proof"] = p
}

// TestContextsOfText: a signature over the text covers the contexts that its proof names, and nothing may have its meaning from
// another one (VC-DI-EDDSA section 3.3.2).
func TestContextsOfText(t *testing.T) {
	s := signerOf(t, "Ed25519")
	known := Options{Context: func(url string) ([]byte, error) {
		switch url {
		case "urn:context:a":
			return []byte(`{"@context":{"note":"urn:a:note"}}`), nil
		case "urn:context:b":
			return []byte(`{"@context":{"note":"urn:b:note","other":"urn:b:other"}}`), nil
		}
		return foreign(t).Context(url)
	}}
	for name, c := range map[string]struct {
		contexts any // of the document
		own      any // of the proof
		add      string
		code     string // "" verifies
		pointer  string
	}{
		"all of them":                  {[]any{contextV2, contextOB}, []any{contextV2, contextOB}, "", "", ""},
		"none named":                   {[]any{contextV2, contextOB}, nil, "", "", ""},
		"one as a text":                {[]any{contextV2, contextOB, contextAny}, contextV2, "", CodeContextUntrusted, "/credentialSubject/achievement"},
		"a later one defines nothing":  {[]any{contextV2, contextOB, "urn:context:b"}, []any{contextV2, contextOB}, "", "", ""},
		"a later one defines a term":   {[]any{contextV2, contextOB, "urn:context:b"}, []any{contextV2, contextOB}, "other", CodeContextUntrusted, "/other"},
		"a later one defines anything": {[]any{contextV2, contextOB, contextAny}, []any{contextV2, contextOB}, "other", CodeContextUntrusted, "/other"},
		"a later one redefines a term": {[]any{contextV2, contextOB, "urn:context:a", "urn:context:b"}, []any{contextV2, contextOB, "urn:context:a"}, "note", CodeContextUntrusted, "/@context"},
		"covered, it may":              {[]any{contextV2, contextOB, "urn:context:a", "urn:context:b"}, []any{contextV2, contextOB, "urn:context:a", "urn:context:b"}, "note", "", ""},
		"not defined at all":           {[]any{contextV2, contextOB}, []any{contextV2, contextOB}, "other", CodeUnsafeJSONLD, "/other"},
		"not defined, none named":      {[]any{contextV2, contextOB}, nil, "other", CodeUnsafeJSONLD, "/other"},
		"in another order":             {[]any{contextV2, contextOB}, []any{contextOB, contextV2}, "", CodeContextUntrusted, "/proof/@context"},
		"more of them":                 {[]any{contextV2, contextOB}, []any{contextV2, contextOB, contextAny}, "", CodeContextUntrusted, "/proof/@context"},
		"another one":                  {[]any{contextV2, contextOB}, []any{contextV2, contextAny}, "", CodeContextUntrusted, "/proof/@context"},
		"an object":                    {[]any{contextV2, contextOB}, map[string]any{"note": "urn:c"}, "", CodeContextUntrusted, "/proof/@context"},
		"a list of none":               {[]any{contextV2, contextOB}, []any{}, "", CodeContextUntrusted, "/@context"},
		"the later one is unknown":     {[]any{contextV2, contextOB, "urn:context:c"}, []any{contextV2, contextOB}, "", CodeContextUntrusted, "/@context/2"},
	} {
		document := object(t, unsigned(s))
		document["@context"] = c.contexts
		if c.add != "" {
			document[c.add] = "a text"
		}
		signText(t, document, c.own, s)
		secured, err := ReadIntegrity(document, known)
		if err != nil {
			t.Fatal(err)
		}
		err = secured.Verify(context.Background(), secured.Proofs[0], s.Signer.Public())
		var fault *Error
		switch {
		case c.code == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.code != "" && (!errors.As(err, &fault) || fault.Code != c.code || !strings.HasPrefix(fault.Pointer, c.pointer)):
			t.Errorf("%s: %+v, want %s at %s", name, err, c.code, c.pointer)
		}
	}
}

// TestNullContextOfText: a context of null in a proof is one, and not the document's.
func TestNullContextOfText(t *testing.T) {
	s := signerOf(t, "Ed25519")
	document := object(t, unsigned(s))
	signText(t, document, nil, s)
	document["proof"].(map[string]any)["@context"] = nil
	var fault *Error
	if err := verifyFirst(document, s.Signer.Public()); !errors.As(err, &fault) || fault.Code != CodeContextUntrusted {
		t.Errorf("%v, want context_untrusted", err)
	}
}

// TestNumbersOfText: two texts of a number do not share a signature, in the document and in the proof.
func TestNumbersOfText(t *testing.T) {
	s := signerOf(t, "Ed25519")
	for number, code := range map[string]string{"0.1": "", "0.10": "", "1e2": "", "0.10000000000000001": CodeMalformed, "9007199254740993": CodeMalformed} {
		for _, place := range []string{`"creditsAvailable": 0.5`, `"proofPurpose":`} {
			text := strings.Replace(string(unsigned(s)), "0.5", "0.1", 1)
			sealed, err := Seal(context.Background(), []byte(text), SealOptions{Signer: s, Suite: "eddsa-jcs-2022"})
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(sealed), `"creditsAvailable": 0.1`, `"creditsAvailable": `+number, 1)
			if place == `"proofPurpose":` {
				changed = strings.Replace(string(sealed), place, `"number":`+number+`,`+place, 1)
			}
			want := code
			switch {
			case want == "" && place == `"proofPurpose":`, want == "" && number == "1e2":
				want = CodeSignatureInvalid
			}
			err = verifyFirst(object(t, []byte(changed)), s.Signer.Public())
			var fault *Error
			if want == "" && err != nil || want != "" && (!errors.As(err, &fault) || fault.Code != want) {
				t.Errorf("%s at %s: %v, want %q", number, place, err, want)
			}
			if want == CodeMalformed && place == `"proofPurpose":` && (fault.Pointer != "/proof/number" || fault.Clause != "RFC 8785 3.2.2.3") {
				t.Errorf("%s at %s: clause %s", number, fault.Pointer, fault.Clause)
			}
		}
	}
}

// TestUnitsOfText: what the texts of a proof and of what it covers cost is the proof's own; the canonical form that says what they mean
// is shared.
func TestUnitsOfText(t *testing.T) {
	s := signerOf(t, "Ed25519")
	sealed, err := Seal(context.Background(), unsigned(s), SealOptions{Signer: s, Suite: "eddsa-jcs-2022"})
	if err != nil {
		t.Fatal(err)
	}
	secured, err := ReadIntegrity(object(t, sealed), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, value := range []map[string]any{without(secured.Proofs[0].raw, "proofValue"), secured.Value} {
		text, err := rdf.AppendCanonicalJSON(nil, value)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) < 10*textUnit {
			t.Fatalf("%s shows nothing", text)
		}
		want += len(text) / textUnit
	}
	shared, own, err := secured.VerifyCounting(context.Background(), secured.Proofs[0], s.Signer.Public())
	if err != nil || own != want || shared == 0 || shared != secured.Units() {
		t.Errorf("%v, %d units of its own, want %d; %d shared, want %d", err, own, want, shared, secured.Units())
	}
}

// TestUnitsOfConfiguration: the canonical form of a proof is its own cost where it has more members than a usual one.
func TestUnitsOfConfiguration(t *testing.T) {
	s := signerOf(t, "Ed25519")
	for challenge, costs := range map[string]bool{"": false, "a": true} {
		sealed, err := Seal(context.Background(), unsigned(s), SealOptions{Signer: s, Challenge: challenge})
		if err != nil {
			t.Fatal(err)
		}
		secured, err := ReadIntegrity(object(t, sealed), Options{})
		if err != nil {
			t.Fatal(err)
		}
		shared, own, err := secured.VerifyCounting(context.Background(), secured.Proofs[0], s.Signer.Public())
		if err != nil || own > 0 != costs || shared == 0 || shared != secured.Units() {
			t.Errorf("%q: %v, %d units of its own, %d shared, want %d", challenge, err, own, shared, secured.Units())
		}
	}
}

// TestContextForALaterProof: a context that a second proof needs is put behind the first one's, whose signature goes on to hold.
func TestContextForALaterProof(t *testing.T) {
	first, second := signerOf(t, "P-384"), signerOf(t, "Ed25519")
	sealed, err := Seal(context.Background(), unsigned(first), SealOptions{Signer: first, Suite: "ecdsa-jcs-2019", ID: "urn:first"})
	if err != nil {
		t.Fatal(err)
	}
	appended := strings.Replace(string(sealed), `context-3.0.3.json"`, `context-3.0.3.json", `+suiteContext2020, 1) // of the document, which comes first
	both, err := AddProof(context.Background(), []byte(appended), SealOptions{Signer: second, Suite: "Ed25519Signature2020", Created: time.Unix(1767225600, 0)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := ReadIntegrity(object(t, both), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range []crypto.PublicKey{first.Signer.Public(), second.Signer.Public()} {
		if err := s.Verify(context.Background(), s.Proofs[i], key); err != nil {
			t.Errorf("proof %d: %v", i, err)
		}
	}
	if diff := cmp.Diff([]any{contextV2, contextOB}, s.Proofs[0].Contexts); diff != "" || s.Proofs[1].Contexts != nil {
		t.Errorf("contexts of the proofs: %s, %v", diff, s.Proofs[1].Contexts)
	}
}

// TestContextsShareTheirWork: each beginning of the contexts is another canonical form; all of them together are bounded with the
// chains, whoever asks first.
func TestContextsShareTheirWork(t *testing.T) {
	s := signerOf(t, "Ed25519")
	list := []any{contextV2, contextOB}
	for len(list) < 8 {
		list = append(list, contextOB)
	}
	for groups, refusals := range map[int]bool{1: false, 4: true} { // of five objects that are all alike
		var objects []any
		for i := range 5 * groups {
			var links []any
			for j := range 5 * groups {
				if i != j && i/5 == j/5 {
					links = append(links, map[string]any{"id": fmt.Sprint("_:e", j)})
				}
			}
			objects = append(objects, map[string]any{"id": fmt.Sprint("_:e", i), "type": []any{"Profile"}, "parentOrg": links})
		}
		document := object(t, unsigned(s))
		document["@context"], document["evidence"] = list, objects
		var proofs []any
		for i := range 16 {
			proofs = append(proofs, map[string]any{"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "verificationMethod": s.ID,
				"proofPurpose": "assertionMethod", "proofValue": "z3", "@context": list[:2+i*5%7]})
		}
		document["proof"] = proofs
		var first []string
		for _, backwards := range []bool{false, true} {
			secured, err := ReadIntegrity(document, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := secured.CheckDocument(context.Background()); err != nil {
				t.Fatal(err)
			}
			results := make([]string, len(proofs))
			for i := range results {
				if backwards {
					i = len(results) - 1 - i
				}
				shared, own, err := secured.VerifyCounting(context.Background(), secured.Proofs[i], s.Signer.Public())
				results[i] = fmt.Sprint(shared, own, err)
				if shared > unitsMost+(1+setsAlways)*secured.Units() {
					t.Errorf("proof %d takes %d units", i, shared)
				}
			}
			if first == nil {
				first = results
			} else if diff := cmp.Diff(first, results); diff != "" {
				t.Error(diff)
			}
			if got := strings.Contains(fmt.Sprint(results), "more ways than are looked at"); got != refusals {
				t.Errorf("%d groups: refused %v: %v", groups, got, results)
			}
		}
	}
}
