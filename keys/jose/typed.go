package jose

import "crypto"

// TypeOfflinePack is the type (typ) of the token that signs an offline pack, for [SignTyped] and [ParseTyped].
const TypeOfflinePack = "laurel-offline-pack+jwt"

// SignTyped makes the compact JWS of a payload that is no credential. Its type (typ) is one of the caller's own, so that no reader of
// credentials takes the token for one, nor the other way round (RFC 8725 section 3.11). keyID is the kid; the algorithm is the key's.
func SignTyped(payload []byte, kind, keyID string, signer crypto.Signer) (string, error) {
	return sign(payload, Header{KeyID: keyID, Type: kind}, signer, onlyType(kind))
}

// ParseTyped is [Parse] for a token of exactly this type, which no other function of this package reads.
func ParseTyped(token []byte, kind string) (*Token, error) {
	t, err := parse(token, onlyType(kind))
	if err == nil && t.Header.KeyID == "" {
		return nil, &Error{CodeMalformed, "the header of the token names no key (kid)", "RFC 7515 4.1.4"}
	}
	return t, err
}

// onlyType lets through one type, without a content type, and none that a credential or presentation can have.
func onlyType(kind string) typeRule {
	return func(given, content string) error {
		if given != kind || content != "" || checkTypes(given, content) == nil {
			return &Error{CodeMalformed, "the token is of a type (typ) that is not allowed", "RFC 7515 4.1.9"}
		}
		return nil
	}
}
