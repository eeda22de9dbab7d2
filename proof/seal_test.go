package proof

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/proof/internal/rdf"
)

// TestSealOptions: every member that an option stands for is written, signed, and read again.
func TestSealOptions(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)
	for _, c := range signing {
		s := signerOf(t, c.kind)
		o := SealOptions{Signer: s, Suite: c.suite, Purpose: "authentication", ID: "urn:uuid:1", Created: at, Expires: at.Add(time.Hour),
			Domain: []string{"https://a.example", "https://b.example"}, Challenge: "a \"b\" <&>"}
		sealed, err := Seal(context.Background(), unsignedFor(s), o)
		if err != nil {
			t.Fatalf("%s: %v", c.suite, err)
		}
		document := object(t, sealed)
		if err := verifyFirst(document, s.Signer.Public()); err != nil {
			t.Errorf("%s: %v", c.suite, err)
		}
		secured, err := ReadIntegrity(document, Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := secured.Proofs[0]
		if p.ID != o.ID || p.Purpose != o.Purpose || !p.Created.Equal(at.Truncate(time.Second)) || !p.Expires.Equal(at.Add(time.Hour).Truncate(time.Second)) ||
			!cmp.Equal(p.Domain, o.Domain) || p.Challenge != o.Challenge || p.Suite != c.suite || p.Method != s.ID {
			t.Errorf("%s: read as %+v", c.suite, p)
		}
		for name, value := range map[string]any{"id": "urn:uuid:2", "expires": "2036-01-02T03:04:05Z", "challenge": "another", "domain": "https://a.example", "nonce": "one", "proofPurpose": "assertionMethod"} {
			document := object(t, sealed)
			document["proof"].(map[string]any)[name] = value
			var fault *Error
			if err := verifyFirst(document, s.Signer.Public()); !errors.As(err, &fault) || fault.Code != CodeSignatureInvalid {
				t.Errorf("%s, another %s: %v, want signature_invalid", c.suite, name, err)
			}
		}
	}
}

func TestSealRefuses(t *testing.T) {
	s := signer(t)
	at := time.Unix(1767225600, 0)
	sealed, err := Seal(context.Background(), unsigned(s), SealOptions{Signer: s, ID: "urn:a"})
	if err != nil {
		t.Fatal(err)
	}
	with := func(member string) []byte {
		return []byte(strings.Replace(string(unsigned(s)), `"validFrom"`, member+`, "validFrom"`, 1))
	}
	full := sealed
	for range credential.Limits.Proofs - 1 {
		if full, err = AddProof(context.Background(), full, SealOptions{Signer: s}); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		add      bool
		document []byte
		o        SealOptions
		code     string
	}{
		"an unknown suite":            {false, unsigned(s), SealOptions{Suite: "eddsa-2023"}, CodeAlgNotAllowed},
		"a name for reading only":     {false, unsigned(s), SealOptions{Suite: "eddsa-2022"}, CodeAlgNotAllowed},
		"another key":                 {false, unsigned(s), SealOptions{Suite: "ecdsa-jcs-2019"}, CodeKeyMismatch},
		"a proof is there":            {false, sealed, SealOptions{}, CodeMalformed},
		"a proof of null is there":    {false, with(`"proof": null`), SealOptions{}, CodeMalformed},
		"another purpose":             {false, unsigned(s), SealOptions{Purpose: "keyAgreement"}, CodeMalformed},
		"an end before the beginning": {false, unsigned(s), SealOptions{Created: at, Expires: at}, CodeMalformed},
		"a domain without a name":     {false, unsigned(s), SealOptions{Domain: []string{"https://a.example", ""}}, CodeMalformed},
		"pointers of another suite":   {false, unsigned(s), SealOptions{Mandatory: []string{"/issuer"}}, CodeMalformed},
		"an id that is no IRI":        {false, unsigned(s), SealOptions{ID: "first"}, CodeUnsafeJSONLD},
		"a previous proof of none":    {false, unsigned(s), SealOptions{Previous: []string{"urn:a"}}, CodeMalformed},
		"undefined, for JCS too":      {false, with(`"undefined": 1`), SealOptions{Suite: "eddsa-jcs-2022"}, CodeUnsafeJSONLD},
		"a number, for JCS too":       {false, with(`"awardedDate": 0.10000000000000001`), SealOptions{Suite: "eddsa-jcs-2022"}, CodeMalformed},
		"no proof to stand beside":    {true, unsigned(s), SealOptions{}, CodeMalformed},
		"null to stand beside":        {true, with(`"proof": null`), SealOptions{}, CodeMalformed},
		"an empty list":               {true, with(`"proof": []`), SealOptions{}, CodeMalformed},
		"a text to stand beside":      {true, with(`"proof": "a"`), SealOptions{}, CodeMalformed},
		"a proof without value":       {true, with(`"proof": {"type": "DataIntegrityProof"}`), SealOptions{}, CodeMalformed},
		"an id that is taken":         {true, sealed, SealOptions{ID: "urn:a"}, CodeMalformed},
		"a previous proof not there":  {true, sealed, SealOptions{Previous: []string{"urn:a", "urn:b"}}, CodeMalformed},
		"itself":                      {true, sealed, SealOptions{ID: "urn:b", Previous: []string{"urn:b"}}, CodeMalformed},
		"one too many":                {true, full, SealOptions{}, CodeTooComplex},
	} {
		seal := Seal
		if c.add {
			seal = AddProof
		}
		c.o.Signer = s
		var fault *Error
		if _, err := seal(context.Background(), c.document, c.o); !errors.As(err, &fault) || fault.Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// TestSetsAndChains: proofs of all suites stand beside each other and cover each other; each verifies, a change of the document
// breaks all, and a change of one proof breaks those that cover it.
func TestSetsAndChains(t *testing.T) {
	ctx := context.Background()
	for _, chained := range []bool{false, true} {
		text := unsignedFor(signer(t))
		var keys []SealOptions
		for i, c := range signing {
			o := SealOptions{Signer: signerOf(t, c.kind), Suite: c.suite, ID: "urn:" + string('a'+rune(i)), Created: time.Unix(1767225600, 0)}
			if chained && i > 0 && c.suite != "Ed25519Signature2020" { // whose context has no previousProof
				o.Previous = []string{keys[i-1].ID, keys[0].ID}[:min(i, 2)]
			}
			seal := AddProof
			if i == 0 {
				seal = Seal
			}
			var err error
			if text, err = seal(ctx, text, o); err != nil {
				t.Fatalf("%s: %v", c.suite, err)
			}
			keys = append(keys, o)
		}
		failing := func(change func(document map[string]any, proofs []any)) (failed []int) {
			document := object(t, text)
			change(document, document["proof"].([]any))
			s, err := ReadIntegrity(document, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range s.Proofs {
				if err := s.Verify(ctx, p, keys[i].Signer.Signer.Public()); err != nil {
					failed = append(failed, i)
				}
			}
			return failed
		}
		if failed := failing(func(map[string]any, []any) {}); failed != nil {
			t.Errorf("chained %v: %v do not verify", chained, failed)
		}
		if failed := failing(func(document map[string]any, _ []any) { document["name"] = "changed" }); len(failed) != len(signing) {
			t.Errorf("chained %v: of a changed document only %v fail", chained, failed)
		}
		want := []int{0}
		if chained {
			want = []int{0, 1, 3, 4, 5, 6} // all but the one that covers none
		}
		if failed := failing(func(_ map[string]any, proofs []any) { proofs[0].(map[string]any)["created"] = "2025-01-01T00:00:00Z" }); !cmp.Equal(failed, want) {
			t.Errorf("chained %v: of a changed proof %v fail, want %v", chained, failed, want)
		}
	}
}

// TestAddToMember: the text around the proofs stays as it is.
func TestAddToMember(t *testing.T) {
	for object, want := range map[string]string{
		`{"proof":{"a":1}}`: `{"proof":[{"a":1},2]}`,
		"{ \"b\" : [ \"proof\" ] ,\n \"proof\" : [ 1 ]}\n": "{ \"b\" : [ \"proof\" ] ,\n \"proof\" : [ 1,2]}\n",
		`{"a":{"proof":[0]},"pr\u006fof":[[]],"c":"<&>"}`:  `{"a":{"proof":[0]},"pr\u006fof":[[],2],"c":"<&>"}`,
		`{"proof":"]"}`: `{"proof":["]",2]}`,
	} {
		if got := string(addToMember([]byte(object), "proof", []byte("2"))); got != want {
			t.Errorf("%s became %s, want %s", object, got, want)
		}
	}
}

// FuzzAddToMember: whatever the object, the member has one value more at its end and everything else is as it was.
func FuzzAddToMember(f *testing.F) {
	for _, seed := range []string{`{"proof":{}}`, `{"a":"proof","proof":[1, "]"]}`, "{\n\"pr\\u006fof\":[{\"proof\":[]} ]\n}", `{"proof":[1],"b":{"proof":2}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before, err := strict.Object(text, credential.JSONLimits())
		if err != nil {
			return
		}
		member, there := before["proof"]
		list, isList := member.([]any)
		if !there || isList && len(list) == 0 {
			return
		}
		if !isList {
			list = []any{member}
		}
		if len(list) >= 100 {
			return
		}
		after, err := strict.Object(addToMember(bytes.Clone(text), "proof", []byte(`"added"`)), credential.JSONLimits())
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		before["proof"] = append(list[:len(list):len(list)], "added")
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatalf("%s: %s", text, diff)
		}
	})
}

// FuzzProof: no proof object, whatever stands in it, makes anything fall over or verifies but the one that was sealed.
func FuzzProof(f *testing.F) {
	s := signer(f)
	type signed struct{ configuration, value string }
	read := func(t testing.TB, p map[string]any) signed {
		covered := without(p, "proofValue")
		var canonical []byte
		var err error
		if p["cryptosuite"] == "eddsa-jcs-2022" {
			canonical, err = rdf.AppendCanonicalJSON(nil, covered)
		} else {
			covered["@context"] = object(t, unsignedFor(s))["@context"]
			canonical, err = Canonical(context.Background(), covered, crypto.SHA256, Options{})
		}
		if err != nil {
			t.Fatal(err)
		}
		return signed{string(canonical), p["proofValue"].(string)}
	}
	genuine := map[signed]bool{}
	for _, suite := range []string{"eddsa-rdfc-2022", "eddsa-jcs-2022", "Ed25519Signature2020"} {
		sealed, err := Seal(context.Background(), unsignedFor(s), SealOptions{Signer: s, Suite: suite, ID: "urn:a", Created: time.Unix(1767225600, 0), Domain: []string{"a", "b"}})
		if err != nil {
			f.Fatal(err)
		}
		p, err := marshal(object(f, sealed)["proof"])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p)
		genuine[read(f, object(f, sealed)["proof"].(map[string]any))] = true
	}
	f.Add([]byte(`[{"type":"DataIntegrityProof","cryptosuite":"eddsa-jcs-2022","@context":[],"verificationMethod":"a","proofValue":"z1","id":"b"},{"previousProof":"b","type":"Ed25519Signature2020"}]`))
	f.Add([]byte(`{"type":"DataIntegrityProof","cryptosuite":"ecdsa-sd-2023","verificationMethod":"a","proofValue":"u"}`))
	document := object(f, unsignedFor(s))
	f.Fuzz(func(t *testing.T, text []byte) {
		value, err := strict.Parse(text, credential.JSONLimits())
		if err != nil {
			return
		}
		document["proof"] = value
		secured, err := ReadIntegrity(document, Options{VC: true})
		if err != nil {
			return
		}
		for _, p := range secured.Proofs {
			if err := secured.Verify(context.Background(), p, s.Signer.Public()); err == nil && !genuine[read(t, p.raw)] {
				t.Fatalf("verifies: %s", text)
			}
		}
	})
}

// TestSealSelective: a base proof is sealed, before and behind other proofs, and is for its holder alone; what is derived from it verifies,
// under no other suite's name.
func TestSealSelective(t *testing.T) {
	ctx := context.Background()
	s, other := signerOf(t, "P-256"), signer(t)
	o := SealOptions{Signer: s, Suite: "ecdsa-sd-2023", Created: time.Unix(1767225600, 0), Mandatory: []string{"/issuer", "/validFrom"}}
	base, err := Seal(ctx, unsigned(s), o)
	if err != nil {
		t.Fatal(err)
	}
	first, err := Seal(ctx, unsigned(s), SealOptions{Signer: other, Created: o.Created, ID: "urn:a"})
	if err != nil {
		t.Fatal(err)
	}
	beside, err := AddProof(ctx, first, o)
	if err != nil {
		t.Fatal(err)
	}
	named := o
	named.ID = "urn:base"
	before, err := Seal(ctx, unsigned(s), named)
	if err != nil {
		t.Fatal(err)
	}
	if before, err = AddProof(ctx, before, SealOptions{Signer: other, Created: o.Created, ID: "urn:a"}); err != nil {
		t.Fatal(err)
	}
	var fault *Error
	for _, text := range [][]byte{base, beside, before} {
		secured, err := ReadIntegrity(object(t, text), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range secured.Proofs {
			if p.Suite != o.Suite {
				if err := secured.Verify(ctx, p, other.Signer.Public()); err != nil {
					t.Errorf("beside a base proof: %v", err)
				}
			}
		}
		_, p := readSelective(t, text, Options{})
		if fault := p.Fault(); fault == nil || fault.Code != CodeMalformed {
			t.Errorf("a base proof: %v, want malformed", fault)
		}
		derived, err := Derive(ctx, text, []string{"/credentialSubject/achievement/name"}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := verifyFirst(object(t, derived), s.Signer.Public()); err != nil {
			t.Error(err)
		}
		for name, other := range suites {
			if name == o.Suite {
				continue
			}
			document := object(t, derived)
			p := document["proof"].(map[string]any)
			p["type"] = other.proofType
			if delete(p, "cryptosuite"); other.proofType == typeDataIntegrity {
				p["cryptosuite"] = name
			}
			if err := verifyFirst(document, s.Signer.Public()); !errors.As(err, &fault) {
				t.Errorf("as %s: %v", name, err)
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*SealOptions)
		code   string
	}{
		"a key of P-384":         {func(o *SealOptions) { o.Signer = signerOf(t, "P-384") }, CodeKeyMismatch},
		"a pointer to nothing":   {func(o *SealOptions) { o.Mandatory = []string{"/nothing"} }, CodeMalformed},
		"an id that is no IRI":   {func(o *SealOptions) { o.ID = "first" }, CodeUnsafeJSONLD},
		"an end before the date": {func(o *SealOptions) { o.Expires = o.Created }, CodeMalformed},
	} {
		o := o
		c.change(&o)
		if _, err := Seal(ctx, unsigned(s), o); !errors.As(err, &fault) || fault.Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	covering := o
	covering.Previous = []string{"urn:a"}
	for name, c := range map[string]struct {
		document []byte
		o        SealOptions
		want     string
	}{
		"a base proof over another": {first, covering, "covers no other proof"},
		"another over a base proof": {before, SealOptions{Signer: other, Previous: []string{"urn:base"}}, "This is a base proof"},
		"over both":                 {before, SealOptions{Signer: other, Previous: []string{"urn:a", "urn:base"}}, "This is a base proof"},
		"two base proofs":           {before, o, "a base proof already"},
	} {
		if _, err := AddProof(ctx, c.document, c.o); !errors.As(err, &fault) || fault.Code != CodeMalformed || !strings.Contains(fault.Detail, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	undefined := strings.Replace(string(unsigned(s)), `"validFrom"`, `"undefined": 1, "validFrom"`, 1)
	if _, err := Seal(ctx, []byte(undefined), o); !errors.As(err, &fault) || fault.Code != CodeUnsafeJSONLD {
		t.Errorf("%v, want unsafe_jsonld", err)
	}
}
