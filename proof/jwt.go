package proof

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/keys/jose"
)

// registeredClaims are the claims that say in a JWT's words what the credential says in its own (RFC 7519 section 4.1).
// They are not part of the credential.
var registeredClaims = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}

// Claims are the registered claims of a JWT; nil means that the claim is absent.
type Claims struct {
	Issuer    *string    // iss
	Subject   *string    // sub
	ID        *string    // jti
	NotBefore *time.Time // nbf
	Expires   *time.Time // exp
}

// ReadJWT reads a compact JWS that holds one credential. Header and payload are held to the JWT rule: only the members that
// Open Badges 3.0 section 8.2.2 and VC-JOSE-COSE section 3.1 name, one reading of the payload, nothing fetched. The
// signature is not checked; see [Secured.Verify]. Errors are [*Error] and [*strict.Error].
func ReadJWT(token []byte, o Options) (*Secured, error) {
	t, err := jose.Parse(token)
	if err != nil {
		return nil, wrapJOSE(err)
	}
	payload, err := strict.Object(t.Payload, credential.JSONLimits())
	if err != nil {
		return nil, err
	}
	if err := strict.CheckNumbers(payload, strict.Verbatim); err != nil {
		return nil, err
	}
	s := &Secured{Form: OpenBadgesJWT, jsonld: o.processor()}
	switch t.Header.Type {
	case "vc+jwt":
		s.Form = VCJWT
	case "vp+jwt":
		return nil, &Error{Code: credential.CodeNoCredential, Clause: "VC-JOSE-COSE 3.1.2", Detail: "The token holds a presentation, not one credential."}
	}
	if s.Claims, err = readClaims(payload); err != nil {
		return nil, err
	}
	if s.Value, err = credentialOf(payload, s.Form, s.Claims); err != nil {
		return nil, err
	}
	s.Proofs = []Proof{{Type: "JWT", Suite: t.Header.Algorithm, Purpose: "assertionMethod", Method: t.Header.KeyID, JWK: t.Header.JWK}}
	s.verify = func(_ context.Context, _ Proof, key crypto.PublicKey) (int, error) { return 0, wrapJOSE(t.Verify(key)) }
	return s, nil
}

// credentialOf makes the credential of a payload: the payload itself without the claims, or for the data model 1.1 its claim vc,
// which the other claims complete (VC Data Model 1.1 section 6.3.1). The payload is used up.
func credentialOf(payload map[string]any, form Form, claims Claims) (map[string]any, error) {
	inner, hasVC := payload["vc"]
	_, hasVP := payload["vp"]
	fault := func(code, pointer, detail string) (map[string]any, error) {
		return nil, &Error{Code: code, Pointer: pointer, Clause: "VC-JOSE-COSE 3.1.3", Detail: detail}
	}
	switch {
	case form == VCJWT && (hasVC || hasVP):
		return fault(CodeMalformed, "", "A token of type vc+jwt must not carry the claim vc or vp.")
	case hasVC && hasVP:
		return fault(CodeAmbiguous, "", "The token carries both the claim vc and the claim vp.")
	case hasVP:
		return fault(credential.CodeNoCredential, "/vp", "The token holds a presentation, not one credential.")
	case !hasVC:
		for _, name := range registeredClaims {
			delete(payload, name)
		}
		return payload, nil
	}
	for _, name := range slices.Sorted(maps.Keys(payload)) {
		if name != "vc" && name != "nonce" && !slices.Contains(registeredClaims, name) {
			return fault(CodeAmbiguous, strict.Escape(name), "The token holds a credential in the claim vc and parts of another beside it.")
		}
	}
	vc, ok := inner.(map[string]any)
	if !ok {
		return fault(CodeMalformed, "/vc", "The claim vc is not a JSON object.")
	}
	if list, isList := vc["@context"].([]any); !isList || len(list) == 0 || list[0] != "https://www.w3.org/2018/credentials/v1" {
		return fault(CodeAmbiguous, "/vc/@context", "The claim vc belongs to the data model 1.1, and this credential is not of that version.")
	}
	return complete(vc, claims), nil
}

// complete puts the claims of a data model 1.1 token where the credential lacks its own members. Where it has them, the
// verifier compares.
func complete(vc map[string]any, claims Claims) map[string]any {
	put := func(object map[string]any, name string, v any) {
		if _, there := object[name]; !there {
			object[name] = v
		}
	}
	if claims.Issuer != nil {
		put(vc, "issuer", *claims.Issuer)
		if issuer, isObject := vc["issuer"].(map[string]any); isObject {
			put(issuer, "id", *claims.Issuer)
		}
	}
	if claims.ID != nil {
		put(vc, "id", *claims.ID)
	}
	if claims.NotBefore != nil {
		put(vc, "issuanceDate", claims.NotBefore.UTC().Format(time.RFC3339))
	}
	if claims.Expires != nil {
		put(vc, "expirationDate", claims.Expires.UTC().Format(time.RFC3339))
	}
	if subject, isObject := vc["credentialSubject"].(map[string]any); isObject && claims.Subject != nil {
		put(subject, "id", *claims.Subject)
	}
	return vc
}

func readClaims(payload map[string]any) (Claims, error) {
	var c Claims
	for _, claim := range [...]struct {
		name string
		into **string
	}{{"iss", &c.Issuer}, {"sub", &c.Subject}, {"jti", &c.ID}} {
		name, into := claim.name, claim.into
		v, there := payload[name]
		if !there {
			continue
		}
		text, isText := v.(string)
		if !isText {
			return c, claimFault(name, "is not a text")
		}
		*into = &text
	}
	for _, claim := range [...]struct {
		name string
		into **time.Time
	}{{"nbf", &c.NotBefore}, {"exp", &c.Expires}} {
		name, into := claim.name, claim.into
		v, there := payload[name]
		if !there {
			continue
		}
		number, isNumber := v.(json.Number)
		if !isNumber {
			return c, claimFault(name, "is not a number of seconds")
		}
		seconds, err := number.Float64()
		if err != nil {
			return c, claimFault(name, "is not a number of seconds")
		}
		seconds = min(max(seconds, -30610224000), 253402300799) // the years 1000 to 9999, as in a badge: as far as it matters
		whole, fraction := math.Modf(seconds)
		at := time.Unix(int64(whole), int64(fraction*1e9)).UTC()
		*into = &at
	}
	return c, nil
}

func claimFault(name, detail string) error {
	return &Error{Code: CodeMalformed, Pointer: strict.Escape(name), Clause: "RFC 7519 4.1", Detail: "The claim " + name + " " + detail + "."}
}

func signJWT(payload []byte, signer keys.Signer, form Form) (string, error) {
	header := jose.Header{KeyID: signer.ID, Type: "JWT"}
	if form == VCJWT {
		header.Type, header.ContentType = "vc+jwt", "vc"
	}
	return jose.Sign(payload, header, signer.Signer)
}

func wrapJOSE(err error) error {
	var fault *jose.Error
	if !errors.As(err, &fault) {
		return err
	}
	return &Error{Code: fault.Code, Clause: fault.Clause, Detail: fault.Detail}
}

// IsCompactJWS says whether text has the outer form of a compact JWS: three parts of base64url text with points between.
func IsCompactJWS(text []byte) bool {
	points := 0
	for _, c := range text {
		switch {
		case c == '.':
			points++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '=':
		default:
			return false
		}
	}
	return points == 2
}
