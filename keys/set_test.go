package keys

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential/strict"
)

const p256JWK = `{"kty":"EC","crv":"P-256","x":"acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0","y":"_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE"`

// in puts more members into a JWK that is not closed.
func in(members string) string { return p256JWK + "," + members + "}" }

func TestKeySet(t *testing.T) {
	set, err := ParseKeySet([]byte(`{"more":1,"keys":[` + edJWK + `,` + in(`"kid":"a","iss":"https://issuer.example"`) + `,` +
		in(`"kid":"enc","use":"enc"`) + `,` + in(`"kid":"d","d":"AA"`) + `,{"kid":"other","kty":"unheard"},` + in(`"kid":"iss","iss":1`) + `,{}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		entries int
		err     error
	}{"first": {1, nil}, "a": {1, nil}, "enc": {1, ErrKey}, "d": {1, ErrKey}, "other": {1, ErrKey}, "iss": {1, ErrKey}, "": {0, nil}, "A": {0, nil}} {
		named := set.Named(name)
		if len(named) != want.entries {
			t.Fatalf("%q: %d entries", name, len(named))
		}
		for _, entry := range named {
			if entry.KeyID != name || !errors.Is(entry.Err, want.err) || (entry.Key == nil) == (want.err == nil) {
				t.Errorf("%q: %+v", name, entry)
			}
		}
	}
	if a := set.Named("a")[0]; a.Issuer == nil || *a.Issuer != "https://issuer.example" {
		t.Errorf("%+v", a)
	}
	if first := set.Named("first")[0]; first.Issuer != nil {
		t.Errorf("%+v", first)
	}
	var holding []string
	for _, entry := range set.Holding(set.Named("a")[0].Key) {
		holding = append(holding, entry.KeyID)
	}
	if diff := cmp.Diff([]string{"a", "enc", "d", "iss"}, holding); diff != "" {
		t.Error(diff)
	}
	if len(set.Holding(rsaKey().Public())) != 0 || len(set.Holding(nil)) != 0 {
		t.Error("it holds a key that nobody put there")
	}
}

// TestKeySetNamesAlike: of many entries with one name two are read, which is enough to know that the name is not that of one key.
func TestKeySetNamesAlike(t *testing.T) {
	set, err := ParseKeySet([]byte(`{"keys":[` + strings.Repeat(in(`"kid":"a"`)+`,{"kid":"a"},`, 900) + in(`"kid":"b"`) + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	if named := set.Named("a"); len(named) != 2 || named[0].Err != nil || named[1].Err == nil {
		t.Errorf("%d entries, want the first two", len(named))
	}
	if named := set.Named("b"); len(named) != 1 {
		t.Errorf("%d entries for the last one", len(named))
	}
}

func TestKeySetRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no keys": `{}`, "keys an object": `{"keys":{}}`, "keys null": `{"keys":null}`, "an entry no object": `{"keys":["a"]}`, "one key": edJWK,
	} {
		if _, err := ParseKeySet([]byte(text)); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"nothing": ``, "an array": `[]`, "a page": `<html>`, "keys twice": `{"keys":[],"keys":[]}`, "too large": `{"keys":[]}` + strings.Repeat(" ", 1<<20),
		"too many": `{"keys":[` + strings.Repeat("{},", 2000) + `{}]}`,
	} {
		var fault *strict.Error
		if _, err := ParseKeySet([]byte(text)); !errors.As(err, &fault) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseKeyAt(t *testing.T) {
	set := `{"keys":[` + edJWK + `,` + in(`"kid":"a"`) + `,` + in(`"kid":"twice"`) + `,` + in(`"kid":"twice"`) + `,` + in(`"kid":"enc","use":"enc"`) + `]}`
	for name, c := range map[string]struct{ text, fragment, algorithm string }{
		"one key":                {edJWK, "", EdDSA},
		"one key, fragment":      {edJWK, "x", EdDSA},
		"of a set":               {set, "a", ES256},
		"of a set, first":        {set, "first", EdDSA},
		"of a set, no name":      {set, "", ""},
		"of a set, other name":   {set, "b", ""},
		"of a set, twice":        {set, "twice", ""},
		"of a set, encryption":   {set, "enc", ""},
		"for encryption":         {in(`"use":"enc"`), "", ""},
		"with a secret":          {in(`"d":"AA"`), "", ""},
		"key and set":            {in(`"kid":"a","keys":[` + edJWK + `]`), "first", ""},
		"a document":             {`{"id":"did:example:1","verificationMethod":[]}`, "a", ""},
		"a page":                 {`<html>`, "", ""},
		"nothing":                {``, "", ""},
		"a set that is no array": {`{"keys":1}`, "a", ""},
	} {
		key, err := ParseKeyAt([]byte(c.text), c.fragment)
		if AlgorithmFor(key.Key) != c.algorithm || (err == nil) != (c.algorithm != "") {
			t.Errorf("%s: %+v, %v", name, key, err)
		}
	}
}

// FuzzKeySet: an entry has a key or a reason, is found by its name, and a key that is found is held.
func FuzzKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[`+edJWK+`,`+in(`"kid":"first","iss":"x"`)+`]}`), "first")
	f.Add([]byte(`{"keys":[{"kid":"r","kty":"RSA","e":"AQAB","n":"AQAB"},{}]}`), "r")
	f.Add([]byte(edJWK), "")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		if key, err := ParseKeyAt(data, name); (key.Key == nil) == (err == nil) || err == nil && Check(key.Key) != nil {
			t.Fatalf("%+v, %v", key, err)
		}
		set, err := ParseKeySet(data)
		if err != nil {
			return
		}
		for _, entry := range set.Named(name) {
			if entry.KeyID != name || (entry.Key == nil) == (entry.Err == nil) || entry.Err == nil && Check(entry.Key) != nil {
				t.Fatalf("%+v", entry)
			}
			if entry.Err == nil && len(set.Holding(entry.Key)) == 0 {
				t.Fatalf("%q is named and not held", name)
			}
		}
	})
}

// TestControlledIdentifierExamples reads every example of the recommendation (Controlled Identifiers 1.0). Those that are no JSON as
// printed (comments, dots, a missing comma) are refused, and read once that is mended.
func TestControlledIdentifierExamples(t *testing.T) {
	const controller, fghi = "https://controller.example", "https://controller.example/123456789abcdefghi"
	documents := map[string]struct {
		id             string
		algorithms     []string // of the methods, "" for one that is not used
		assert, prove  []string // the fragments that are listed and defined
		notJSON, loose bool     // loose: it lists methods that are not there
	}{
		"01": {id: controller, algorithms: []string{EdDSA}, prove: []string{"authn-key-123"}},
		"02": {id: controller + "/101", algorithms: []string{ES256}, prove: []string{"key-20240828"}},
		"03": {id: controller, algorithms: []string{EdDSA}, prove: []string{"authn-key-123"}},
		"04": {id: "https://controllerA.example", algorithms: []string{EdDSA}, prove: []string{"authn-key-123"}},
		"05": {id: controller, algorithms: []string{EdDSA}, prove: []string{"authn-key-123"}},
		"06": {id: controller, algorithms: []string{EdDSA}, prove: []string{"authn-key-123"}},
		"07": {id: controller, algorithms: []string{EdDSA, ES256}},
		"08": {id: controller, algorithms: []string{EdDSA, ES256}},
		"10": {id: controller, algorithms: []string{EdDSA}, prove: []string{"keys-2"}, notJSON: true},
		"11": {id: fghi, algorithms: []string{EdDSA, EdDSA}, prove: []string{"keys-2", "keys-3"}, notJSON: true},
		"12": {id: fghi, algorithms: []string{EdDSA}, assert: []string{"keys-2"}, notJSON: true},
		"13": {id: fghi, notJSON: true},
		"14": {id: fghi, notJSON: true},
		"15": {id: fghi, notJSON: true},
		"16": {id: controller + "/123", algorithms: []string{EdDSA}, prove: []string{"key-456"}},
		"17": {id: controller + "/101", algorithms: []string{ES256}, prove: []string{"key-203947"}, notJSON: true},
		"22": {id: controller + "/123", algorithms: []string{ES256, EdDSA, ""}, notJSON: true},
		"24": {id: controller + "/123", algorithms: []string{ES256, "", EdDSA}, notJSON: true},
	}
	for number, want := range documents {
		text := read(t, "vectors", "did", "cid-example-"+number+".txt")
		if want.notJSON {
			var fault *strict.Error
			if _, err := ParseDocument(text); !errors.As(err, &fault) {
				t.Errorf("%s as printed: %v", number, err)
			}
			text = mend(string(text))
		}
		document, err := ParseDocument(text)
		if err != nil {
			t.Errorf("%s: %v\n%s", number, err, text)
			continue
		}
		var algorithms, assert, prove []string
		for _, m := range document.Methods {
			algorithms = append(algorithms, AlgorithmFor(m.Key))
			if (m.Err == nil) == (AlgorithmFor(m.Key) == "") {
				t.Errorf("%s: %+v", number, m)
			}
			_, fragment, _ := strings.Cut(m.ID, "#")
			if document.Allows(AssertionMethod, m.ID) {
				assert = append(assert, fragment)
			}
			if document.Allows(Authentication, m.ID) {
				prove = append(prove, fragment)
			}
		}
		got := fmt.Sprint(document.ID, algorithms, assert, prove, document.Keyless)
		if diff := cmp.Diff(fmt.Sprint(want.id, want.algorithms, want.assert, want.prove, false), got); diff != "" {
			t.Errorf("%s: %s", number, diff)
		}
		if number == "07" && (document.Methods[0].Expires.IsZero() || document.Methods[1].Revoked.IsZero() || document.Methods[1].Controller != controller+"/101") {
			t.Errorf("%+v", document.Methods)
		}
	}
	for number, want := range map[string]struct{ id, algorithm, says string }{
		"09": {fghi + "#keys-1", EdDSA, ""},
		"18": {"https://multikey.example/issuer/123#key-0", ES256, ""},
		"19": {"https://multikey.example/issuer/123#key-0", ES384, ""},
		"20": {"https://multikey.example/issuer/123#key-0", EdDSA, ""},
		"21": {"https://multikey.example/issuer/123#key-0", "", "BLS12-381"},
		"23": {"https://multikey.example/issuer/123#key-0", "", "SM2"},
	} {
		m, err := ParseMethod(read(t, "vectors", "did", "cid-example-"+number+".txt"))
		base, _, _ := strings.Cut(want.id, "#")
		if err != nil || m.ID != want.id || m.Controller != base || AlgorithmFor(m.Key) != want.algorithm ||
			(m.Err == nil) != (want.says == "") || m.Err != nil && !strings.Contains(m.Err.Error(), want.says) {
			t.Errorf("%s: %+v, %v", number, m, err)
		}
	}
}

// mend makes JSON of an example that was printed for people.
func mend(text string) []byte {
	var lines []string
	for line := range strings.Lines(text) {
		if before, _, found := strings.Cut(line, "// "); found {
			line = before
		}
		if line = strings.TrimSpace(line); line != "" && line != "..." {
			lines = append(lines, line)
		}
	}
	text = strings.Join(lines, "\n")
	return []byte(strings.NewReplacer("\"\n\"", "\",\n\"", "]\n\"", "],\n\"", ",\n}", "\n}", "]\n]", "]").Replace(text))
}

func TestParseMethodRefuses(t *testing.T) {
	const good = `{"id":"https://issuer.example/k","type":"Multikey","controller":"https://issuer.example","publicKeyMultibase":"` + edText + `"}`
	if m, err := ParseMethod([]byte(good)); err != nil || m.Err != nil || AlgorithmFor(m.Key) != EdDSA {
		t.Fatalf("%+v, %v", m, err)
	}
	for name, text := range map[string]string{
		"no id":               strings.Replace(good, `"id"`, `"ID"`, 1),
		"relative id":         strings.Replace(good, "https://issuer.example/k", "#k", 1),
		"no controller":       strings.Replace(good, `"controller"`, `"owner"`, 1),
		"relative controller": strings.Replace(good, `"https://issuer.example"`, `"#me"`, 1),
		"several controllers": strings.Replace(good, `"https://issuer.example"`, `["https://issuer.example"]`, 1),
		"an array":            "[" + good + "]",
		"id twice":            `{"id":"https://issuer.example/k",` + good[1:],
		"a page":              "<html>",
	} {
		if _, err := ParseMethod([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestManyMethods: a document with more methods than any issuer has is refused before they are all read.
func TestManyMethods(t *testing.T) {
	build := func(n int) []byte {
		methods := []any{}
		for i := range n {
			methods = append(methods, map[string]any{"id": fmt.Sprintf("#%d", i), "type": "Multikey", "controller": "did:example:1", "publicKeyMultibase": edText})
		}
		text, err := json.Marshal(map[string]any{"id": "did:example:1", "verificationMethod": methods})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if document, err := ParseDocument(build(methodsMost)); err != nil || len(document.Methods) != methodsMost {
		t.Error(err)
	}
	if _, err := ParseDocument(build(methodsMost + 1)); !errors.Is(err, ErrKey) {
		t.Error(err)
	}
}

// FuzzParseMethod: a method that is read has a key or a reason.
func FuzzParseMethod(f *testing.F) {
	f.Add([]byte(`{"id":"https://issuer.example/k","type":"Multikey","controller":"https://issuer.example","publicKeyMultibase":"` + edText + `"}`))
	f.Add([]byte(`{"id":"did:example:1#k","type":"JsonWebKey","controller":"did:example:1","publicKeyJwk":` + edJWK + `}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMethod(data)
		if err == nil && ((m.Key == nil) == (m.Err == nil) || m.Err == nil && Check(m.Key) != nil || m.ID == "" || m.Controller == "") {
			t.Fatalf("%+v", m)
		}
	})
}
