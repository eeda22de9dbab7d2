package jose

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"encoding/base64"
	"errors"

	"github.com/laurelbadges/laurel/keys"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// Token is a compact JWS that was read and not yet checked.
type Token struct {
	Header  Header
	Payload []byte // decoded; its size is what the caller let through

	signed    []byte // header and payload as received, with the dot between them
	signature []byte // nil when its text is too short or too long to be a signature
}

// Parse reads a compact JWS: exactly three parts of base64url, without padding, white space or spare bits (RFC 7515 sections 5.2
// and 7.1), and a header as [Header] says. It does not trim: a file's last newline is taken off by the caller, who also limits
// the size of the token and does not change its bytes afterwards. Every error is an [*Error].
func Parse(token []byte) (*Token, error) {
	t, err := ParseBare(token)
	if err == nil && t.Header.KeyID == "" && t.Header.JWK == nil {
		return nil, &Error{CodeMalformed, "the header of the token names no key (kid or jwk)", "Open Badges 3.0 8.2.4.1"}
	}
	return t, err
}

// ParseWritten reads a token that has to be the one that [Sign] writes of a payload and header, as it is for who has just signed it: it is
// compared with that, up to its signature, and not decoded. header names the algorithm. room is written over; the token that is returned lies
// in it. Every error is an [*Error].
func ParseWritten(token string, payload []byte, header Header, room []byte) (*Token, error) {
	signed, err := appendSigned(room[:0], payload, header)
	if err != nil || len(token) <= len(signed) || token[:len(signed)] != string(signed) || token[len(signed)] != '.' {
		return nil, &Error{CodeSignatureInvalid, "the token says something else than what was to be signed", "RFC 7515 5.2"}
	}
	last := []byte(token[len(signed)+1:])
	if len(bytes.Trim(last, alphabet)) > 0 {
		return nil, notBase64URL()
	}
	t := &Token{Header: header, Payload: payload, signed: signed}
	t.signature, err = decodeSignature(last, signatureSizes[header.Algorithm])
	return t, err
}

func hasLineBreak(text []byte) bool {
	return bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0
}

// alphabet is base64url (RFC 4648 section 5).
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func notBase64URL() error {
	return &Error{CodeMalformed, "a part of the token is not base64url without padding", "RFC 7515 2"}
}

func decode(part []byte) ([]byte, error) {
	decoded := make([]byte, base64.RawURLEncoding.DecodedLen(len(part)))
	n, err := base64.RawURLEncoding.Strict().Decode(decoded, part)
	if err != nil {
		return nil, notBase64URL()
	}
	return decoded[:n], nil
}

// decodeSignature reads the last part. One that was cut or grew is a bad signature rather than a bad form, even when what is left
// of it is no base64url; one of the right length has to be in canonical form.
func decodeSignature(part []byte, size int) ([]byte, error) {
	signature, err := decode(part)
	if err != nil && (len(part)%4 == 1 || size > 0 && len(part) != base64.RawURLEncoding.EncodedLen(size)) {
		return nil, nil
	}
	return signature, err
}

// Verify checks the signature with pub, which has to be of the one kind that the algorithm is for. nil means that the holder of pub
// signed exactly this header and payload. Every error is an [*Error].
func (t *Token) Verify(pub crypto.PublicKey) error { return t.VerifyWith(pub, nil) }

// VerifyWith is [Token.Verify], but that the signature is left to together, where that takes it.
func (t *Token) VerifyWith(pub crypto.PublicKey, together *keys.BatchVerifier) error {
	algorithm := keys.AlgorithmFor(pub)
	if algorithm == "" || algorithm != t.Header.Algorithm {
		return &Error{CodeAlgNotAllowed, "the algorithm of the token does not fit the key", "RFC 8725 3.1"}
	}
	switch err := keys.Check(pub); {
	case errors.Is(err, keys.ErrWeakKey):
		return &Error{CodeWeakKey, "the key is weak: a signature under it proves nothing", "RFC 8725 3.5"}
	case err != nil:
		return &Error{CodeAlgNotAllowed, "the key cannot be used", "RFC 8725 3.5"}
	}
	invalid := &Error{CodeSignatureInvalid, "the signature does not match the token", "RFC 7515 5.2"}
	size := signatureSizes[algorithm]
	if key, ok := pub.(*rsa.PublicKey); ok {
		size = key.Size()
	}
	if len(t.signature) != size {
		return invalid
	}
	if together.Add(pub, t.signed, t.signature) {
		return nil
	}
	verifier, err := jws.NewVerifier(jwa.SignatureAlgorithm(algorithm))
	if err != nil || verifier.Verify(t.signed, t.signature, pub) != nil {
		return invalid
	}
	return nil
}
