package proof

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
)

// SealJWT secures document, the JSON text of an unsecured credential, as a JWT in the form of Open Badges 3.0 section 8.2:
// typ JWT, the credential as the payload, with the claims iss, jti, nbf, and sub and exp where the credential has a subject
// id and an end. A proof in the document is left out. The algorithm is that of the key, and the signer's ID becomes kid.
func SealJWT(document []byte, signer keys.Signer) (string, error) {
	return sealJWT(document, signer, OpenBadgesJWT)
}

// SealVCJWT secures document as a JWT in the form of Securing Verifiable Credentials using JOSE and COSE section 3.1.1:
// typ vc+jwt, the credential itself as the payload, without claims of its own.
func SealVCJWT(document []byte, signer keys.Signer) (string, error) {
	return sealJWT(document, signer, VCJWT)
}

func sealJWT(document []byte, signer keys.Signer, form Form) (string, error) {
	value, err := strict.Object(document, credential.JSONLimits())
	if err != nil {
		return "", err
	}
	if err := strict.CheckNumbers(value, strict.Verbatim); err != nil {
		return "", err
	}
	payload := bytes.TrimSpace(document)
	if _, there := value["proof"]; there {
		delete(value, "proof")
		if payload, err = marshal(value); err != nil {
			return "", err
		}
	}
	for _, name := range registeredClaims {
		if _, taken := value[name]; taken {
			return "", &Error{Code: CodeAmbiguous, Pointer: strict.Escape(name), Detail: "The document has a member named as a JWT claim."}
		}
	}
	if form == OpenBadgesJWT {
		if payload, err = addClaims(payload, value); err != nil {
			return "", err
		}
	}
	return signJWT(payload, signer, form)
}

// addClaims adds what Open Badges 3.0 section 8.2.4.1 derives from the credential.
func addClaims(payload []byte, value map[string]any) ([]byte, error) {
	c, err := credential.FromValue(payload, value)
	if err != nil {
		return nil, err
	}
	if c.Issuer.ID == "" || c.ID == "" || c.ValidFrom == "" {
		return nil, errors.New("a credential needs issuer, id and validFrom to become an Open Badges JWT")
	}
	type claim struct {
		name  string
		value any
	}
	claims := []claim{{"iss", c.Issuer.ID}, {"jti", c.ID}}
	if c.Subject.ID != "" {
		claims = append(claims, claim{"sub", c.Subject.ID})
	}
	for _, date := range []struct{ name, text string }{{"nbf", c.ValidFrom}, {"exp", c.ValidUntil}} {
		if date.text == "" {
			continue
		}
		at, err := credential.ParseDateTime(date.text)
		if err != nil {
			return nil, fmt.Errorf("writing the claim %s: %w", date.name, err)
		}
		claims = append(claims, claim{date.name, at.Unix()})
	}
	for _, c := range claims {
		text, err := marshal(c.value)
		if err != nil {
			return nil, err
		}
		payload = addMember(payload, c.name, text)
	}
	return bytes.TrimSpace(payload), nil
}
