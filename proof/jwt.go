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

// Claims are the claims of a JWT about itself; nil means that the claim is absent.
type Claims struct {
	Issuer    *string    // iss: the issuer of a credential, the holder of a presentation
	Subject   *string    // sub
	ID        *string    // jti
	NotBefore *time.Time // nbf
	Expires   *time.Time // exp
	Nonce     *string    // nonce of a presentation: the challenge that it answers
	Audience  []string   // aud of a presentation: whom it is for
}

// ReadJWT reads a compact JWS that holds one credential or presentation. Header and payload are held to the JWT rule: only the
// members that Open Badges 3.0 section 8.2.2 and VC-JOSE-COSE section 3.1 name, one reading of the payload, nothing fetched. The
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
		s.Form = VPJWT
	}
	_, hasVP := payload["vp"]
	if s.Claims, err = readClaims(payload, s.Form == VPJWT || hasVP); err != nil {
		return nil, err
	}
	if s.Value, err = documentOf(payload, s.Form, s.Claims, o.AnyVersion); err != nil {
		return nil, err
	}
	purpose := keys.AssertionMethod
	if s.Form == VPJWT || hasVP {
		purpose = keys.Authentication
	}
	s.Proofs = []Proof{{Type: "JWT", Suite: t.Header.Algorithm, Purpose: purpose, Method: t.Header.KeyID, JWK: t.Header.JWK}}
	s.verify = func(_ context.Context, _ Proof, key crypto.PublicKey) (shared, own int, err error) {
		return 0, 0, wrapJOSE(t.Verify(key))
	}
	return s, nil
}

// documentOf makes the credential or presentation of a payload: the payload itself without the claims, or its claim vc or vp,
// which the other claims complete (VC Data Model 1.1 section 6.3.1). The payload is used up.
func documentOf(payload map[string]any, form Form, claims Claims, anyVersion bool) (map[string]any, error) {
	_, hasVC := payload["vc"]
	_, hasVP := payload["vp"]
	fault := func(code, pointer, detail string) (map[string]any, error) {
		return nil, &Error{Code: code, Pointer: pointer, Clause: "VC-JOSE-COSE 3.1.3", Detail: detail}
	}
	switch {
	case form != OpenBadgesJWT && (hasVC || hasVP):
		return fault(CodeMalformed, "", "A token of type "+string(form)+" must not carry the claim vc or vp.")
	case !hasVC && !hasVP:
		for _, name := range registeredClaims {
			delete(payload, name)
		}
		if form == VPJWT {
			delete(payload, "nonce")
		}
		return payload, nil
	}
	name := "vc"
	if hasVP {
		name = "vp"
	}
	for _, other := range slices.Sorted(maps.Keys(payload)) {
		if other != name && other != "nonce" && !slices.Contains(registeredClaims, other) {
			return fault(CodeAmbiguous, strict.Escape(other), "The token holds a document in the claim "+name+" and parts of another beside it.")
		}
	}
	inner, ok := payload[name].(map[string]any)
	if !ok {
		return fault(CodeMalformed, "/"+name, "The claim "+name+" is not a JSON object.")
	}
	if hasVP {
		return completePresentation(inner, claims), nil
	}
	list, _ := inner["@context"].([]any)
	if first := len(list) > 0 && list[0] == "https://www.w3.org/2018/credentials/v1"; !first && !anyVersion {
		return fault(CodeAmbiguous, "/vc/@context", "The claim vc belongs to the data model 1.1, and this credential is not of that version.")
	}
	return completeCredential(inner, claims), nil
}

// put sets a member that an object lacks. Where it has it, the verifier compares.
func put(object map[string]any, name string, v any) {
	if _, there := object[name]; !there {
		object[name] = v
	}
}

// putParty sets the id of the party who signed.
func putParty(object map[string]any, name string, id *string) {
	if id == nil {
		return
	}
	put(object, name, *id)
	if party, isObject := object[name].(map[string]any); isObject {
		put(party, "id", *id)
	}
}

// completeCredential puts the claims of a data model 1.1 token where the credential lacks its own members.
func completeCredential(vc map[string]any, claims Claims) map[string]any {
	putParty(vc, "issuer", claims.Issuer)
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

// completePresentation is completeCredential for the claim vp: iss is its holder (VC Data Model 1.1 section 6.3.1).
func completePresentation(vp map[string]any, claims Claims) map[string]any {
	putParty(vp, "holder", claims.Issuer)
	if claims.ID != nil {
		put(vp, "id", *claims.ID)
	}
	return vp
}

func readClaims(payload map[string]any, presentation bool) (Claims, error) {
	var c Claims
	if presentation {
		if nonce, there := payload["nonce"]; there {
			text, isText := nonce.(string)
			if !isText {
				return c, claimFault("nonce", "is not a text")
			}
			c.Nonce = &text
		}
		audience, there := payload["aud"]
		if all, isList := audience.([]any); isList {
			for _, one := range all {
				text, isText := one.(string)
				if !isText {
					return c, claimFault("aud", "is not a list of texts")
				}
				c.Audience = append(c.Audience, text)
			}
		} else if text, isText := audience.(string); isText {
			c.Audience = []string{text}
		} else if there {
			return c, claimFault("aud", "is not a text")
		}
	}
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
	header := openBadgesHeader(signer)
	if form == VCJWT {
		header.Type, header.ContentType = "vc+jwt", "vc"
	}
	return jose.Sign(payload, header, signer.Signer)
}

// openBadgesHeader is that of a token in the Open Badges form, without its algorithm.
func openBadgesHeader(signer keys.Signer) jose.Header {
	return jose.Header{KeyID: signer.ID, Type: jose.TypeJWT}
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
