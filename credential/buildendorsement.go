package credential

import (
	"bytes"
	"errors"
	"time"
)

// EndorsementCredential is an unsigned endorsement to be built (OB 3.0 B EndorsementCredential). Empty members are left out.
type EndorsementCredential struct {
	ID         string // URI, never used before
	Name       string
	Issuer     Party // who endorses
	ValidFrom  time.Time
	ValidUntil time.Time // zero: without end
	Subject    string    // URI: the id of the credential, achievement or profile that is endorsed
	Comment    string    // Markdown
	Status     []StatusEntry
}

const schemaEndorsementCredential = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_endorsementcredential_schema.json"

// BuildEndorsement writes the JSON text of an endorsement, ready to be signed, by the rules of [Build]. One that breaks a rule of
// [Check], if only by a warning, is refused with [Problems]; other errors say what could not be written.
func BuildEndorsement(e EndorsementCredential) ([]byte, error) {
	for _, entry := range e.Status {
		if err := entry.check(); err != nil {
			return nil, err
		}
	}
	if e.Subject == e.ID {
		return nil, errors.New("building an endorsement: it is about itself")
	}
	for _, t := range []time.Time{e.ValidFrom, e.ValidUntil} {
		if year := t.UTC().Year(); year < 1 || year > 9999 {
			return nil, errors.New("building an endorsement: a date has a year of more than four digits")
		}
	}
	var text bytes.Buffer
	if err := write(&text, e.members()); err != nil {
		return nil, err
	}
	return built(text.Bytes())
}

func (e EndorsementCredential) members() members {
	return members{
		{"@context", []string{contextV2, contextOB303, contextExtensions}},
		{"id", e.ID},
		{"type", []string{"VerifiableCredential", "EndorsementCredential"}},
		{"name", e.Name},
		{"issuer", e.Issuer.members()},
		{"validFrom", formatDateTime(e.ValidFrom)},
		{"validUntil", formatDateTime(e.ValidUntil)},
		{"credentialSubject", members{{"id", e.Subject}, {"type", []string{"EndorsementSubject"}}, {"endorsementComment", e.Comment}}},
		{"credentialSchema", []members{{{"id", schemaEndorsementCredential}, {"type", schemaType}}}},
		{"credentialStatus", each(e.Status)},
	}
}
