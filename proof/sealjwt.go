package proof

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

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
	head := bytes.TrimRight(payload[:len(payload)-1], " \t\r\n") // without the brace at its end; the members stay as they are written
	before, after, end := `,"`, `":`, "}"
	if bytes.IndexByte(head, '\n') >= 0 {
		before, after, end = ",\n  \"", `": `, "\n}"
	}
	out := make([]byte, 0, len(head)+len(c.Issuer.ID)+len(c.ID)+len(c.Subject.ID)+claimsRoom)
	out = append(out, head...)
	for _, claim := range [...]struct{ name, text string }{{"iss", c.Issuer.ID}, {"jti", c.ID}, {"sub", c.Subject.ID}} {
		if claim.text == "" {
			continue
		}
		text, err := marshal(claim.text)
		if err != nil {
			return nil, err
		}
		out = append(append(append(append(out, before...), claim.name...), after...), text...)
	}
	for _, claim := range [...]struct{ name, date string }{{"nbf", c.ValidFrom}, {"exp", c.ValidUntil}} {
		if claim.date == "" {
			continue
		}
		at, err := credential.ParseDateTime(claim.date)
		if err != nil {
			return nil, fmt.Errorf("writing the claim %s: %w", claim.name, err)
		}
		out = append(append(append(out, before...), claim.name...), after...)
		out = strconv.AppendInt(out, at.Unix(), 10)
	}
	return append(out, end...), nil
}

// claimsRoom is about what the names and dates of the claims take, in bytes.
const claimsRoom = 128
