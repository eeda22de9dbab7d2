package jose

import (
	"errors"
	"slices"

	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
)

// Types of a token (typ). The empty one and JWT are the form of Open Badges 3.0 section 8.2, the others of VC-JOSE-COSE.
const (
	TypeJWT = "JWT"
	TypeVC  = "vc+jwt"
	TypeVP  = "vp+jwt"
)

// Header holds the members of a JOSE header that a token may have (RFC 7515 section 4.1).
type Header struct {
	Algorithm   string    // alg: EdDSA, ES256, ES384 or RS256; "Ed25519" is read as EdDSA (RFC 9864)
	KeyID       string    // kid, or ""
	JWK         *keys.JWK // jwk, or nil. It says nothing of whose key it is
	Type        string    // typ: "", JWT, vc+jwt or vp+jwt
	ContentType string    // cty: "", vc or vp
}

// headerLongest bounds the JSON of a header in bytes.
const headerLongest = 16 << 10

var headerLimits = strict.Limits{Bytes: headerLongest, Depth: 8, Objects: 16, Values: 64}

// signatureSizes gives the bytes of a signature by algorithm (RFC 8037 section 3.1, RFC 7518 section 3.4). Of RS256 the key
// decides: 0. An algorithm that is not here is not allowed.
var signatureSizes = map[string]int{keys.EdDSA: 64, keys.ES256: 64, keys.ES384: 96, keys.RS256: 0}

// allowedMembers are all that a header may have; elsewhere are those by which a token names a key that is not the issuer's own.
var (
	allowedMembers = []string{"alg", "kid", "jwk", "typ", "cty", "iat"}
	elsewhere      = []string{"jku", "x5u", "x5c"}
)

// parseHeader reads a header. Of several faults the first in this order is named: JSON, alg, keys elsewhere, other members.
func parseHeader(data []byte, types typeRule) (Header, error) {
	members, err := strict.Object(data, headerLimits)
	if err != nil {
		refusal := &Error{Code: CodeMalformed, Detail: "the header of the token is not a JSON object", Clause: "RFC 7515 4"}
		var fault *strict.Error
		if errors.As(err, &fault) {
			refusal.Code, refusal.Detail = fault.Code, "the header of the token cannot be read: "+fault.Detail
		}
		return Header{}, refusal
	}
	var h Header
	h.Algorithm, _ = members["alg"].(string)
	if h.Algorithm == "Ed25519" {
		h.Algorithm = keys.EdDSA
	}
	if _, allowed := signatureSizes[h.Algorithm]; !allowed {
		return Header{}, &Error{CodeAlgNotAllowed, "the token names no algorithm, or one that is not allowed", "RFC 7515 4.1.1"}
	}
	for _, name := range elsewhere {
		if _, found := members[name]; found {
			return Header{}, &Error{CodeIssuerMismatch, "the header of the token points to a key that is not the issuer's own", "RFC 7515 4.1"}
		}
	}
	for name := range members {
		if !slices.Contains(allowedMembers, name) {
			return Header{}, &Error{CodeMalformed, "the header of the token has a member that is not allowed", "RFC 7515 4.1.11"}
		}
	}
	texts := [...]string{"kid", "typ", "cty"}
	for i, into := range [...]*string{&h.KeyID, &h.Type, &h.ContentType} {
		v, found := members[texts[i]]
		text, ok := v.(string)
		if found && (!ok || text == "") {
			return Header{}, &Error{CodeMalformed, "kid, typ or cty in the header of the token is not a text", "RFC 7515 4.1"}
		}
		*into = text
	}
	if v, found := members["jwk"]; found {
		if h.JWK, err = parseJWK(v); err != nil {
			return Header{}, err
		}
	}
	return h, types(h.Type, h.ContentType)
}

func parseJWK(v any) (*keys.JWK, error) {
	members, _ := v.(map[string]any)
	jwk, err := keys.ParseJWK(members)
	switch {
	case errors.Is(err, keys.ErrWeakKey):
		return nil, &Error{CodeWeakKey, "the key in the header of the token is weak", "RFC 7515 4.1.3"}
	case err != nil || jwk.Use == "enc":
		return nil, &Error{CodeMalformed, "the key in the header of the token is not a public key for signatures", "RFC 7515 4.1.3"}
	}
	return &jwk, nil
}

// typeRule says whether a token may have this type and content type (typ and cty).
type typeRule func(kind, content string) error

// checkTypes lets through the types of a credential or presentation, in the writing of their registration, and the content
// type that goes with each (VC-JOSE-COSE sections 3.1.1 and 3.1.2).
func checkTypes(kind, content string) error {
	want := "vc"
	switch kind {
	case "", TypeJWT, TypeVC:
	case TypeVP:
		want = "vp"
	default:
		return &Error{CodeMalformed, "the token is of a type (typ) that is not allowed", "RFC 7515 4.1.9"}
	}
	if content != "" && content != want {
		return &Error{CodeMalformed, "the content type of the token (cty) does not fit its type", "RFC 7515 4.1.10"}
	}
	return nil
}
