package jose

import (
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/keys"
)

// TestTyped: a token of a type of one's own is read as that and as nothing else, and no other token is read as one.
func TestTyped(t *testing.T) {
	const kind = "example+jwt"
	for algorithm, signer := range signers() {
		text, err := SignTyped([]byte(`{"a":1}`), kind, "did:example:1#k", signer)
		if err != nil {
			t.Fatal(err)
		}
		token, err := ParseTyped([]byte(text), kind)
		if err != nil || token.Verify(signer.Public()) != nil || string(token.Payload) != `{"a":1}` || token.Header.KeyID != "did:example:1#k" || token.Header.Type != kind {
			t.Errorf("%s: %+v, error %v", algorithm, token, err)
		}
		for name, read := range map[string]func([]byte) (*Token, error){
			"Parse": Parse, "ParseBare": ParseBare,
			"another type": func(token []byte) (*Token, error) { return ParseTyped(token, "other+jwt") },
		} {
			if _, err := read([]byte(text)); err == nil || err.(*Error).Code != CodeMalformed {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, header := range []string{
		`{"alg":"EdDSA","kid":"k"}`, `{"alg":"EdDSA","kid":"k","typ":"JWT"}`, `{"alg":"EdDSA","kid":"k","typ":"vc+jwt"}`, `{"alg":"EdDSA","typ":"example+jwt"}`,
		`{"alg":"EdDSA","kid":"k","typ":"example+jwt","cty":"vc"}`, `{"alg":"EdDSA","kid":"k","typ":"EXAMPLE+jwt"}`,
		`{"alg":"EdDSA","kid":"k","typ":"example+jwt","crit":[]}`, `{"alg":"none","kid":"k","typ":"example+jwt"}`,
	} {
		token := compact(t, header, `{}`, keys.EdDSA)
		for _, kind := range []string{kind, "", TypeJWT, TypeVC, TypeVP} {
			if _, err := ParseTyped([]byte(token), kind); err == nil {
				t.Errorf("%s is read as of the type %q", header, kind)
			}
		}
	}
	for _, kind := range []string{"", TypeJWT, TypeVC, TypeVP} {
		if text, err := SignTyped([]byte(`{}`), kind, "k", signers()[keys.EdDSA]); err == nil || !strings.Contains(err.Error(), "typ") {
			t.Errorf("signed as %q: %s, error %v", kind, text, err)
		}
	}
}
