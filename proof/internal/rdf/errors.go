package rdf

// Codes of [Error]. They are stable: a verification report carries them as they are.
const (
	CodeMalformed        = "malformed"         // the text or the dataset breaks the syntax it claims to have
	CodeTooComplex       = "too_complex"       // a limit or the work budget does not suffice for this input
	CodeContextUntrusted = "context_untrusted" // a JSON-LD context is not one that may be used
	CodeUnsafeJSONLD     = "unsafe_jsonld"     // a part of the document would not reach the signed dataset
)

// Error says why a document or a dataset is refused.
type Error struct {
	Code    string // one of the codes above
	Pointer string // JSON Pointer (RFC 6901) of the value at fault; "" where no single value is
	Detail  string // one sentence for a person; it may quote the input, never a key
}

// Error returns the detail with the pointer, if there is one, in front.
func (e *Error) Error() string {
	if e.Pointer == "" {
		return e.Detail
	}
	return e.Pointer + ": " + e.Detail
}
