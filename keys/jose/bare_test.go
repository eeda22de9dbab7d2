package jose

import (
	"testing"

	"github.com/laurelbadges/laurel/keys"
)

// TestParseBare: a header may name no key, and that is all that is let through more.
func TestParseBare(t *testing.T) {
	const payload = `{"type":"Assertion"}`
	for name, test := range map[string]struct{ header, code string }{
		"no key":            {`{"alg":"EdDSA"}`, ""},
		"no key, with typ":  {`{"alg":"EdDSA","typ":"JWT"}`, ""},
		"a key":             {`{"alg":"EdDSA","kid":"https://issuer.example/k"}`, ""},
		"no algorithm":      {`{"typ":"JWT"}`, CodeAlgNotAllowed},
		"none":              {`{"alg":"none"}`, CodeAlgNotAllowed},
		"HS256":             {`{"alg":"HS256"}`, CodeAlgNotAllowed},
		"crit":              {`{"alg":"EdDSA","crit":[]}`, CodeMalformed},
		"jku":               {`{"alg":"EdDSA","jku":"https://evil.example"}`, CodeIssuerMismatch},
		"another typ":       {`{"alg":"EdDSA","typ":"at+jwt"}`, CodeMalformed},
		"alg twice":         {`{"alg":"EdDSA","alg":"ES256"}`, "duplicate_key"},
		"an empty key name": {`{"alg":"EdDSA","kid":""}`, CodeMalformed},
	} {
		token := []byte(compact(t, test.header, payload, keys.EdDSA))
		parsed, err := ParseBare(token)
		if err == nil {
			err = parsed.Verify(signers()[keys.EdDSA].Public())
		}
		code := ""
		if refusal, ok := err.(*Error); ok {
			code = refusal.Code
		}
		if code != test.code {
			t.Errorf("%s: %v", name, err)
		}
		full, fullErr := Parse(token)
		names := parsed != nil && (parsed.Header.KeyID != "" || parsed.Header.JWK != nil)
		if (fullErr == nil) != (test.code == "" && names) || (full != nil) != (fullErr == nil) {
			t.Errorf("%s: Parse says %v", name, fullErr)
		}
	}
}
