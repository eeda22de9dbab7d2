package proof

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
)

// TestSealJWT: the Open Badges form repeats issuer, id, subject and dates as claims and leaves a proof out (Open Badges 3.0
// section 8.2.4.1).
func TestSealJWT(t *testing.T) {
	s := signer(t)
	did, _, _ := strings.Cut(s.ID, "#")
	sealed, err := Seal(context.Background(), unsigned(s), SealOptions{Signer: s})
	if err != nil {
		t.Fatal(err)
	}
	for name, document := range map[string][]byte{"unsigned": unsigned(s), "with a proof": sealed} {
		token, err := SealJWT(document, s)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(token, ".")
		var header, payload map[string]any
		for i, into := range []*map[string]any{&header, &payload} {
			text, err := base64.RawURLEncoding.DecodeString(parts[i])
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, into); err != nil {
				t.Fatal(err)
			}
		}
		if header["alg"] != "EdDSA" || header["typ"] != "JWT" || header["kid"] != s.ID || len(header) != 3 {
			t.Errorf("%s: header %v", name, header)
		}
		for claim, want := range map[string]any{"iss": did, "jti": "urn:uuid:3f9f0d3a-0f3c-4d43-9d0e-0d8a3f5b8f11", "sub": "did:example:teacher",
			"nbf": float64(1767225600), "exp": float64(1893456000)} {
			if payload[claim] != want {
				t.Errorf("%s: %s is %v, want %v", name, claim, payload[claim], want)
			}
		}
		if payload["proof"] != nil {
			t.Errorf("%s: the token carries a proof", name)
		}
		secured, err := ReadJWT([]byte(token), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if secured.Value["iss"] != nil || secured.Value["name"] == nil || *secured.Claims.Subject != "did:example:teacher" {
			t.Errorf("%s: read back as %v", name, secured.Value)
		}
		if err := secured.Verify(context.Background(), secured.Proofs[0], s.Signer.Public()); err != nil {
			t.Error(err)
		}
		if err := secured.Verify(context.Background(), secured.Proofs[0], signer(t).Signer.Public()); err == nil {
			t.Error("another key fits")
		}
	}
}

// TestSealJWTText: the text of the document stays as it is, and the claims follow in the way in which it is written.
func TestSealJWTText(t *testing.T) {
	s := signer(t)
	const badge = `{"id":"urn:a","type":"x","issuer":"did:b:\"<\u00e4>","validFrom":"2026-01-01T00:00:00Z"`
	for name, c := range map[string]struct{ document, payload string }{
		"one line": {badge + " } \n", badge + `,"iss":"did:b:\"<ä>","jti":"urn:a","nbf":1767225600}`},
		"subject and end": {badge + `,"validUntil":"1960-01-01T00:00:00.9Z","credentialSubject":{"id":"urn:s"}}`,
			badge + `,"validUntil":"1960-01-01T00:00:00.9Z","credentialSubject":{"id":"urn:s"},"iss":"did:b:\"<ä>","jti":"urn:a","sub":"urn:s","nbf":1767225600,"exp":-315619200}`},
		"several lines": {"\n{\n" + badge[1:] + "\n}\n", "{\n" + badge[1:] + ",\n  \"iss\": \"did:b:\\\"<ä>\",\n  \"jti\": \"urn:a\",\n  \"nbf\": 1767225600\n}"},
	} {
		token, err := SealJWT([]byte(c.document), s)
		if err != nil {
			t.Fatal(err)
		}
		text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if err != nil || string(text) != c.payload {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, text, c.payload)
		}
	}
}

// TestClaimFaults: of several faults in the claims the report names the same one each time.
func TestClaimFaults(t *testing.T) {
	s := signer(t)
	for payload, pointer := range map[string]string{
		`{"id":"urn:a","exp":"a","jti":1,"nbf":true,"sub":2,"iss":3}`: "/iss",
		`{"id":"urn:a","exp":"a","jti":1,"nbf":true,"sub":2}`:         "/sub",
		`{"id":"urn:a","exp":"a","jti":1,"nbf":true}`:                 "/jti",
		`{"id":"urn:a","exp":"a","nbf":true}`:                         "/nbf",
		`{"vc":{},"b":1,"c":2,"a":3,"d":4}`:                           "/a",
	} {
		token, err := signJWT([]byte(payload), s, OpenBadgesJWT)
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			var fault *Error
			if _, err := ReadJWT([]byte(token), Options{}); !errors.As(err, &fault) || fault.Pointer != pointer {
				t.Fatalf("%s: %v", payload, err)
			}
		}
	}
}

func TestSealJWTRefuses(t *testing.T) {
	s := signer(t)
	for name, change := range map[string][2]string{
		"no issuer":    {`"issuer"`, `"publisher"`},
		"no id":        {`"id": "urn:uuid:3f9f0d3a`, `"ident": "urn:uuid:3f9f0d3a`},
		"no beginning": {`"validFrom"`, `"from"`},
		"bad end":      {"2030-01-01T00:00:00Z", "soon"},
		"claim in the badge": {`"name": "Feedback that moves learning",
  "credentialSubject"`, `"iss": "x", "credentialSubject"`},
		"number beyond a double": {"0.5", "1e999"},
	} {
		text := strings.Replace(string(unsigned(s)), change[0], change[1], 1)
		if text == string(unsigned(s)) {
			t.Fatalf("%s: nothing to change", name)
		}
		if _, err := SealJWT([]byte(text), s); err == nil {
			t.Errorf("%s: sealed", name)
		}
	}
}

// TestVectorsJOSE: the tokens of the VC-JOSE-COSE suite that hold a credential or presentation are read, or refused, as the suite says.
func TestVectorsJOSE(t *testing.T) {
	for file, code := range map[string]string{
		"credential-jose-minimal":            "",
		"credential-issuer-match-signed":     "",
		"credential-jose-unknown-extensions": CodeAlgNotAllowed,
		"credential-jose-bad-media-type":     CodeMalformed,
		"credential-jose-vc-vp-claims":       CodeMalformed,
		"presentation-jose-multiple":         "",
		"presentation-jose-bad-media-type":   CodeMalformed,
	} {
		token := strings.TrimSpace(string(referencedata.File(t, "vectors/vc-jose-cose/test-suite/input/"+file+".txt")))
		_, err := ReadJWT([]byte(token), Options{})
		var fault *Error
		switch {
		case code == "" && err != nil:
			t.Errorf("%s: %v", file, err)
		case code != "" && (!errors.As(err, &fault) || fault.Code != code):
			t.Errorf("%s: %v, want %s", file, err, code)
		}
	}
}

// TestPresentationClaims: the claim vp is completed by the others, and what a presentation answers stands in the claims (VC Data Model 1.1
// section 6.3.1).
func TestPresentationClaims(t *testing.T) {
	s := signer(t)
	text := func(s string) *string { return &s }
	for name, c := range map[string]struct {
		payload string
		claims  Claims
		value   string
		code    string
		pointer string
	}{
		"challenge and domain": {`{"iss":"did:a","jti":"urn:p","nonce":"n","aud":"https://v.example","vp":{"type":"VerifiablePresentation"}}`,
			Claims{Issuer: text("did:a"), ID: text("urn:p"), Nonce: text("n"), Audience: []string{"https://v.example"}}, `{"type":"VerifiablePresentation","holder":"did:a","id":"urn:p"}`, "", ""},
		"several domains": {`{"aud":["https://v.example","https://w.example"],"vp":{"holder":"did:b"}}`, Claims{Audience: []string{"https://v.example", "https://w.example"}}, `{"holder":"did:b"}`, "", ""},
		"without holder":  {`{"nonce":"n","vp":{"type":"VerifiablePresentation"}}`, Claims{Nonce: text("n")}, `{"type":"VerifiablePresentation"}`, "", ""},
		"holder of another name": {`{"iss":"did:a","vp":{"holder":{"id":"did:b"}}}`,
			Claims{Issuer: text("did:a")}, `{"holder":{"id":"did:b"}}`, "", ""},
		"holder without id":       {`{"iss":"did:a","vp":{"holder":{"name":"A"}}}`, Claims{Issuer: text("did:a")}, `{"holder":{"name":"A","id":"did:a"}}`, "", ""},
		"an empty challenge":      {`{"nonce":"","aud":"","vp":{}}`, Claims{Nonce: text(""), Audience: []string{""}}, `{}`, "", ""},
		"a challenge of a number": {`{"nonce":1,"vp":{}}`, Claims{}, "", CodeMalformed, "/nonce"},
		"a challenge of null":     {`{"nonce":null,"vp":{}}`, Claims{}, "", CodeMalformed, "/nonce"},
		"a domain of a number":    {`{"aud":1,"vp":{}}`, Claims{}, "", CodeMalformed, "/aud"},
		"a domain of null":        {`{"aud":null,"vp":{}}`, Claims{}, "", CodeMalformed, "/aud"},
		"domains of a number":     {`{"aud":["https://v.example",1],"vp":{}}`, Claims{}, "", CodeMalformed, "/aud"},
		"a member beside":         {`{"nonce":"n","holder":"did:a","vp":{}}`, Claims{}, "", CodeAmbiguous, "/holder"},
		"vc beside vp":            {`{"vc":{},"vp":{}}`, Claims{}, "", CodeAmbiguous, "/vc"},
		"no object":               {`{"vp":"a"}`, Claims{}, "", CodeMalformed, "/vp"},
	} {
		token, err := signJWT([]byte(c.payload), s, OpenBadgesJWT)
		if err != nil {
			t.Fatal(err)
		}
		secured, err := ReadJWT([]byte(token), Options{})
		var fault *Error
		switch {
		case c.code != "":
			if !errors.As(err, &fault) || fault.Code != c.code || fault.Pointer != c.pointer {
				t.Errorf("%s: %v, want %s at %s", name, err, c.code, c.pointer)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		default:
			if diff := cmp.Diff(c.claims, secured.Claims); diff != "" {
				t.Errorf("%s: claims:\n%s", name, diff)
			}
			if diff := cmp.Diff(object(t, []byte(c.value)), secured.Value); diff != "" || secured.Proofs[0].Purpose != keys.Authentication {
				t.Errorf("%s: for %s:\n%s", name, secured.Proofs[0].Purpose, diff)
			}
		}
	}
}

func TestClaimsOfTime(t *testing.T) {
	for text, want := range map[string]time.Time{
		"1767225600":   time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		"1767225600.5": time.Date(2026, 1, 1, 0, 0, 0, 500000000, time.UTC),
		"-1":           time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC),
		"1e18":         time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		"-1e18":        time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC),
		"true":         {}, `"1767225600"`: {}, "null": {},
	} {
		var v any
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&v); err != nil {
			t.Fatal(err)
		}
		claims, err := readClaims(map[string]any{"nbf": v}, false)
		if (err != nil) != want.IsZero() || (err == nil && !claims.NotBefore.Equal(want)) {
			t.Errorf("%s: %v %v, want %v", text, claims.NotBefore, err, want)
		}
	}
}
