package credential

import (
	"fmt"

	"github.com/laurelbadges/laurel/credential/strict"
)

// Problem is one rule that a document breaks.
type Problem struct {
	Pointer string // JSON Pointer (RFC 6901) of the value at fault, or of the place where it is missing; "" is the whole document
	Code    string // stable code of the verification report, such as schema_invalid
	Clause  string // the specification and clause that set the rule, such as "OB 3.0 B Achievement"
	Detail  string // one sentence for a person
	Warning bool   // worth knowing, but the document stands: it must not be refused for this
}

// Codes of problems that this package and its neighbours report. verifier lists all codes of a report.
const (
	CodeSchemaInvalid    = "schema_invalid"    // a rule of Open Badges 3.0 or the VC Data Model is broken
	CodeContextUntrusted = "context_untrusted" // @context is not the list that the profile allows
	CodeAmbiguous        = "ambiguous"         // the document can be read in two ways
	CodeNoCredential     = "no_credential"     // JSON, but not a credential
	CodeInputUnavailable = "input_unavailable" // there may be a credential, and it could not be read or was not looked at
	CodeNoRecipient      = "no_recipient"      // a warning: the subject has neither id nor identifier
	CodeAlgNotAllowed    = "alg_not_allowed"   // an envelope secured in a way that Laurel does not read
)

// Step names the step of the verification report that the problem belongs to.
func (p Problem) Step() string {
	switch p.Code {
	case CodeContextUntrusted:
		return "contexts"
	case CodeNoRecipient:
		return "subject"
	case CodeNoCredential, strict.CodeTooComplex:
		return "form"
	case CodeAlgNotAllowed:
		return "proof"
	}
	return "schema"
}

// Error returns the detail and the place.
func (p *Problem) Error() string {
	if p.Pointer == "" {
		return p.Detail
	}
	return fmt.Sprintf("%s (at %s)", p.Detail, p.Pointer)
}

// Problems is the error of a document that breaks at least one rule.
type Problems []Problem

// Error returns the first problem and how many there are.
func (p Problems) Error() string {
	if len(p) == 1 {
		return p[0].Error()
	}
	return fmt.Sprintf("%s, and %d more problems", p[0].Error(), len(p)-1)
}
