package keys

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential/strict"
)

const (
	edText = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
	p2Text = "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"
	edJWK  = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"first"}`
)

func TestParseDocument(t *testing.T) {
	document, err := ParseDocument([]byte(`{
		"id": "https://example.edu/issuers/1",
		"verificationMethod": [
			{"id": "#a", "type": "Multikey", "controller": "https://example.edu/issuers/1", "publicKeyMultibase": "` + edText + `",
			 "expires": "2027-01-01T00:00:00Z", "revoked": "2026-01-01T02:00:00.5+02:00"},
			{"id": "https://example.edu/issuers/1#b", "type": "JsonWebKey", "controller": "#me", "publicKeyJwk": ` + edJWK + `},
			{"id": "#c", "type": "Unheard", "controller": "did:example:1", "publicKeyMultibase": "` + edText + `"}],
		"assertionMethod": ["#a", "https://example.edu/issuers/1#c", "#gone",
			{"id": "#first", "type": "Ed25519VerificationKey2020", "controller": "did:example:1", "publicKeyMultibase": "` + edText + `"}],
		"authentication": "#b"}`))
	if err != nil {
		t.Fatal(err)
	}
	const base = "https://example.edu/issuers/1"
	a, _ := document.Method(base + "#a")
	b, _ := document.Method(base + "#b")
	c, _ := document.Method(base + "#c")
	embedded, _ := document.Method(base + "#first")
	switch {
	case document.ID != base || len(document.Methods) != 4:
		t.Errorf("%+v", document)
	case a.Err != nil || AlgorithmFor(a.Key) != EdDSA || !a.Expires.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) ||
		!a.Revoked.Equal(time.Date(2026, 1, 1, 0, 0, 0, 5e8, time.UTC)):
		t.Errorf("a: %+v", a)
	case b.Err != nil || b.KeyID != "first" || b.Controller != base+"#me":
		t.Errorf("b: %+v", b)
	case !errors.Is(c.Err, ErrKey) || c.Key != nil:
		t.Errorf("c: %+v", c)
	case embedded.Err != nil || embedded.Key == nil:
		t.Errorf("embedded: %+v", embedded)
	}
	for id, want := range map[string][2]bool{"#a": {true, false}, "#b": {false, true}, "#c": {true, false}, "#first": {true, false}, "#none": {}} {
		if got := [2]bool{document.Allows(AssertionMethod, base+id), document.Allows(Authentication, base+id)}; got != want {
			t.Errorf("%s: %v", id, got)
		}
	}
	for name, want := range map[string]int{"first": 2, "a": 1, "": 0, "b": 1, "#a": 0, "FIRST": 0} {
		if got := document.Named(name); len(got) != want {
			t.Errorf("named %q: %d", name, len(got))
		}
	}
	if document.Allows("keyAgreement", base+"#a") || document.Allows(AssertionMethod, "") {
		t.Error("allowed")
	}
	if _, found := document.Method(""); found {
		t.Error("found a method without a name")
	}
}

// TestMethodKeys: a method that cannot be used says so and leaves its neighbour alone.
func TestMethodKeys(t *testing.T) {
	const weak = `{"kty":"OKP","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`
	for name, c := range map[string]struct {
		members string
		want    error
	}{
		"Multikey":             {`"type":"Multikey","publicKeyMultibase":"` + edText + `"`, nil},
		"2020":                 {`"type":"Ed25519VerificationKey2020","publicKeyMultibase":"` + edText + `"`, nil},
		"2018":                 {`"type":"Ed25519VerificationKey2018","publicKeyBase58":"6BhFMCGTJg9DnpXZe7zbiTrtuwion5FVV6Z2NUpwDMVT"`, nil},
		"JsonWebKey2020":       {`"type":"JsonWebKey2020","publicKeyJwk":` + edJWK, nil},
		"2019 Multibase":       {`"type":"EcdsaSecp256r1VerificationKey2019","publicKeyMultibase":"` + p2Text + `"`, nil},
		"2019 of Ed25519":      {`"type":"EcdsaSecp256r1VerificationKey2019","publicKeyMultibase":"` + edText + `"`, ErrKey},
		"2019 JWK of Ed25519":  {`"type":"EcdsaSecp256r1VerificationKey2019","publicKeyJwk":` + edJWK, ErrKey},
		"2020 of P-256":        {`"type":"Ed25519VerificationKey2020","publicKeyMultibase":"` + p2Text + `"`, ErrKey},
		"2018 short":           {`"type":"Ed25519VerificationKey2018","publicKeyBase58":"6BhFMCGTJg9"`, ErrKey},
		"2018 not base58":      {`"type":"Ed25519VerificationKey2018","publicKeyBase58":"0"`, ErrKey},
		"2018 endless":         {`"type":"Ed25519VerificationKey2018","publicKeyBase58":"` + strings.Repeat("z", 4096) + `"`, ErrKey},
		"Multikey without key": {`"type":"Multikey"`, ErrKey},
		"Multikey as JWK":      {`"type":"Multikey","publicKeyJwk":` + edJWK, ErrKey},
		"two keys":             {`"type":"Multikey","publicKeyMultibase":"` + edText + `","publicKeyJwk":` + edJWK, ErrKey},
		"key a number":         {`"type":"Multikey","publicKeyMultibase":1`, ErrKey},
		"JWK a text":           {`"type":"JsonWebKey","publicKeyJwk":"x"`, ErrKey},
		"for encryption":       {`"type":"JsonWebKey","publicKeyJwk":{"use":"enc",` + edJWK[1:], ErrKey},
		"private member":       {`"type":"JsonWebKey","publicKeyJwk":{"d":"AQAB",` + edJWK[1:], ErrKey},
		"secret beside":        {`"type":"JsonWebKey","secretKeyJwk":{},"publicKeyJwk":` + edJWK, ErrWeakKey},
		"weak":                 {`"type":"JsonWebKey","publicKeyJwk":` + weak, ErrWeakKey},
		"no type":              {`"publicKeyMultibase":"` + edText + `"`, ErrKey},
		"several types":        {`"type":["Multikey"],"publicKeyMultibase":"` + edText + `"`, ErrKey},
		"X25519 type":          {`"type":"X25519KeyAgreementKey2019","publicKeyBase58":"9eS8Tqsus1uJmQpf37S8CnEeBrEehsC3qz8RMq67KoLB"`, ErrKey},
		"date not readable":    {`"type":"Multikey","revoked":"yesterday","publicKeyMultibase":"` + edText + `"`, ErrKey},
		"date without zone":    {`"type":"Multikey","expires":"2027-01-01T00:00:00","publicKeyMultibase":"` + edText + `"`, ErrKey},
		"date null":            {`"type":"Multikey","revoked":null,"publicKeyMultibase":"` + edText + `"`, ErrKey},
	} {
		document, err := ParseDocument([]byte(`{"id":"did:example:1","verificationMethod":[
			{"id":"#a","controller":"did:example:1",` + c.members + `},
			{"id":"#good","controller":"did:example:1","type":"Multikey","publicKeyMultibase":"` + edText + `"},
			{"id":"no absolute id","controller":"did:example:1","type":"Multikey","publicKeyMultibase":"` + edText + `"},
			{"id":"#orphan","type":"Multikey","publicKeyMultibase":"` + edText + `"}]}`))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		m, found := document.Method("did:example:1#a")
		if !found || !errors.Is(m.Err, c.want) || (m.Key == nil) == (c.want == nil) {
			t.Errorf("%s: %+v", name, m)
		}
		if good, found := document.Method("did:example:1#good"); !found || good.Err != nil {
			t.Errorf("%s: neighbour: %+v", name, good)
		}
		if orphan, found := document.Method("did:example:1#orphan"); !found || !errors.Is(orphan.Err, ErrKey) {
			t.Errorf("%s: without controller: %+v", name, orphan)
		}
	}
}

func TestParseDocumentRefuses(t *testing.T) {
	method := func(id, key string) string {
		return `{"id":"` + id + `","type":"Multikey","controller":"did:example:1","publicKeyMultibase":"` + key + `"}`
	}
	for name, text := range map[string]string{
		"no id":          `{}`,
		"relative id":    `{"id":"example"}`,
		"id a fragment":  `{"id":"did:example:1#a"}`,
		"http id":        `{"id":"http://example.com"}`,
		"method a text":  `{"id":"did:example:1","verificationMethod":["#a"]}`,
		"relation wrong": `{"id":"did:example:1","assertionMethod":[1]}`,
		"one id twice":   `{"id":"did:example:1","verificationMethod":[` + method("#a", edText) + `,` + method("did:example:1#a", p2Text) + `]}`,
		"one id again":   `{"id":"did:example:1","verificationMethod":[` + method("#a", edText) + `],"authentication":[` + method("#a", p2Text) + `]}`,
	} {
		if _, err := ParseDocument([]byte(text)); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"array": `[]`, "repeated member": `{"id":"did:example:1","id":"did:example:2"}`, "empty": "",
		"too large": `{"id":"did:example:1"}` + strings.Repeat(" ", 1<<20),
	} {
		var fault *strict.Error
		if _, err := ParseDocument([]byte(text)); !errors.As(err, &fault) {
			t.Errorf("%s: %v", name, err)
		}
	}
	same := `{"id":"did:example:1","verificationMethod":[` + method("#a", edText) + `],"assertionMethod":[` + method("#a", edText) + `]}`
	if document, err := ParseDocument([]byte(same)); err != nil || len(document.Methods) != 1 || !document.Allows(AssertionMethod, "did:example:1#a") {
		t.Errorf("the same method twice: %v", err)
	}
}

// TestRealDocuments reads DID documents as issuers publish them.
func TestRealDocuments(t *testing.T) {
	usable := map[string]int{
		"did_web_digitalcredentials.github.io_vc-test-fixtures_dids_oidf.json": 1,
		"did_web_launchpad.vii.electron.mattrlabs.io.json":                     1,
		"did_web_verifier.dev.eduid.nl.json":                                   1,
	}
	files, err := filepath.Glob(reference(t, "corpus", "did-docs", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no documents", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		document, err := ParseDocument(bytes.TrimSpace(data))
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		n := 0
		for _, m := range document.Methods {
			if m.Err == nil && document.Allows(AssertionMethod, m.ID) {
				n++
			}
			t.Logf("%s: %s: %v", filepath.Base(file), m.ID, m.Err)
		}
		if want, named := usable[filepath.Base(file)]; named && n != want {
			t.Errorf("%s: %d usable methods, want %d", filepath.Base(file), n, want)
		}
	}
}

// FuzzParseDocument: every method has a key or a reason, and no id stands twice.
func FuzzParseDocument(f *testing.F) {
	f.Add([]byte(`{"id":"did:example:1","verificationMethod":[{"id":"#a","type":"Multikey","controller":"did:example:1","publicKeyMultibase":"` + edText + `"}],"assertionMethod":["#a"]}`))
	f.Add([]byte(`{"id":"did:example:1","authentication":{"id":"#a","type":"JsonWebKey","controller":"did:example:1","publicKeyJwk":` + edJWK + `}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		document, err := ParseDocument(data)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, m := range document.Methods {
			if (m.Key == nil) == (m.Err == nil) || m.Err == nil && Check(m.Key) != nil || m.ID != "" && seen[m.ID] {
				t.Fatalf("%+v", m)
			}
			seen[m.ID] = true
		}
	})
}
