package status

import (
	"errors"
	"net/url"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

// Revocations is a 1EdTech Revocation List (1EdTech VCRL 1.0) as published. It has no signature: it says whose list it is, and
// proves nothing.
type Revocations struct {
	ID     string // "" when absent
	Issuer string // id of the issuer; "" when absent
	// Fault is a rule that the list breaks, nil for none. What such a list names is revoked all the same; that it does not name a
	// credential means nothing.
	Fault *Error

	reasons map[string]string // by the id of a revoked credential, as it is compared
}

// maxRevocations bounds the entries of a list. A text of credential.Limits.Body bytes has room for about as many of the usual
// length.
const maxRevocations = 20000

// ParseRevocations reads a list of at most credential.Limits.Body bytes: a JSON object, read strictly, whose entries stand under
// revokedCredential or revokedCredentials (both are in use, and a list may have both). An entry whose member revoked is absent or
// true counts; false says that the credential is not revoked. Every error is an [*Error], with CodeTooLarge or CodeInvalid; a list
// of which some can be read gives no error but a Fault.
func ParseRevocations(document []byte) (*Revocations, error) {
	value, err := strict.Object(document, strict.Limits{Bytes: credential.Limits.Body, Depth: credential.Limits.Depth,
		Objects: maxRevocations + credential.Limits.Objects, Values: maxRevocations})
	var refusal *strict.Error
	switch {
	case errors.As(err, &refusal) && (refusal.Code == strict.CodeTooLarge || refusal.Code == strict.CodeTooComplex):
		return nil, &Error{Code: CodeTooLarge, Clause: clauseRevocations, Detail: "the list is longer than is read"}
	case err != nil:
		return nil, invalid(clauseRevocations, "", "the list is not a JSON object that can be read in one way only")
	}
	r := &Revocations{reasons: map[string]string{}}
	fault := func(pointer, detail string) {
		if r.Fault == nil {
			r.Fault = &Error{Code: CodeInvalid, Pointer: pointer, Clause: clauseRevocations, Detail: detail}
		}
	}
	if id, present := value["id"]; present {
		if r.ID, _ = id.(string); !absolute(r.ID) {
			fault("/id", "the id of the list is not a URL")
		}
	}
	switch issuer := value["issuer"].(type) {
	case nil:
	case string:
		r.Issuer = issuer
	case map[string]any:
		r.Issuer, _ = issuer["id"].(string)
	default:
		fault("/issuer", "the issuer of the list is neither an identifier nor an object")
	}
	found := false
	for _, name := range []string{"revokedCredential", "revokedCredentials"} {
		member, present := value[name]
		if !present {
			continue
		}
		found = true
		entries, isArray := member.([]any)
		if !isArray {
			fault("/"+name, "the revoked credentials are not a list")
			entries = []any{member}
		}
		for _, entry := range entries {
			if !r.add(entry) {
				fault("/"+name, "an entry of the list does not say which credential is revoked")
			}
		}
	}
	if !found {
		return nil, invalid(clauseRevocations, "/revokedCredential", "the object does not list revoked credentials")
	}
	return r, nil
}

// add takes up one entry, and says whether it is one.
func (r *Revocations) add(entry any) bool {
	object, _ := entry.(map[string]any)
	text, _ := object["id"].(string)
	id := compared(text)
	revoked, given := object["revoked"]
	_, isBool := revoked.(bool)
	if id == "" || given && !isBool {
		return false
	}
	if given && revoked == false {
		return true
	}
	if reason, _ := object["revocationReason"].(string); reason != "" || r.reasons[id] == "" {
		r.reasons[id] = reason
	}
	return true
}

// Find says whether the list names a credential as revoked, and the reason that it gives, "" for none. Ids are compared as Open
// Badges 3.0 section 2.7 compares them. A credential without an id is never found.
func (r *Revocations) Find(id string) (reason string, revoked bool) {
	reason, revoked = r.reasons[compared(id)]
	return reason, revoked
}

// compared is an id as ids are compared: after percent-decoding and then trimming white space (Open Badges 3.0 section 2.7). One with an escape that
// cannot be decoded stays as it is.
func compared(id string) string {
	if decoded, err := url.PathUnescape(id); err == nil {
		id = decoded
	}
	return strings.TrimSpace(id)
}
