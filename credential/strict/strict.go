// Package strict reads JSON the way a verifier has to: one text has one meaning, or it is refused.
//
// Start with [Parse]. Decoders in wide use let two different texts pass for one value (a repeated key, a lone surrogate
// replaced by U+FFFD, a key matched without regard to case), so a signature over one of them says nothing certain about the
// other. This reader accepts I-JSON (RFC 7493) only, within [Limits], and never changes a number: it keeps its text.
//
// The package is pure: bytes in, values out. It knows nothing of credentials.
package strict

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Codes of the findings of this package; they are codes of the verification report.
const (
	CodeMalformed    = "malformed"     // not one JSON value
	CodeEncoding     = "encoding"      // not UTF-8, a byte order mark, a lone surrogate (RFC 7493 section 2.1)
	CodeDuplicateKey = "duplicate_key" // a name twice in one object, after unescaping (RFC 7493 section 2.3)
	CodeTooLarge     = "too_large"     // more bytes than Limits.Bytes
	CodeTooComplex   = "too_complex"   // deeper or more than the other limits
)

// Limits bounds what [Parse] reads. A zero field means that nothing of that kind is allowed, so that a forgotten limit
// fails closed; only Members, which Bytes bounds too, has no bound of its own when it is zero.
type Limits struct {
	Bytes   int // length of the text in bytes
	Depth   int // nesting of arrays and objects; a scalar alone has depth 0
	Objects int // objects in the whole text
	Values  int // members of one array
	Members int // members of all objects in the whole text together; 0 is no bound
}

// Error is a refusal, with the place where reading stopped.
type Error struct {
	Code    string // one of the Code constants
	Pointer string // JSON Pointer (RFC 6901) of the value being read; "" is the whole document
	Offset  int    // bytes read before the fault
	Detail  string // one clause for a person, without the input's own text
}

// Error returns the detail and the byte offset.
func (e *Error) Error() string { return fmt.Sprintf("%s (byte %d)", e.Detail, e.Offset) }

// Parse reads exactly one JSON value from data. Objects become map[string]any, arrays []any, strings string, numbers
// [json.Number] with their text as written, and true, false and null the Go values. Every error is an [*Error].
//
// Names, strings and numbers are cut out of one copy of data, so any of them keeps the whole text alive: who holds a few of
// them for long clones them ([strings.Clone]). data itself is free to be changed afterwards.
func Parse(data []byte, limits Limits) (any, error) {
	if len(data) > limits.Bytes {
		return nil, &Error{Code: CodeTooLarge, Detail: fmt.Sprintf("the text is longer than %d bytes", limits.Bytes)}
	}
	text := string(data)
	if strings.HasPrefix(text, "\xef\xbb\xbf") {
		return nil, &Error{Code: CodeEncoding, Detail: "the text begins with a byte order mark"}
	}
	if !utf8.ValidString(text) {
		return nil, &Error{Code: CodeEncoding, Offset: firstInvalid(text), Detail: "the text is not valid UTF-8"}
	}
	if limits.Members == 0 {
		limits.Members = math.MaxInt
	}
	p := parser{text: text, limits: limits, values: make([]any, 0, 16)}
	v, refusal := p.document()
	if refusal != nil {
		refusal.Pointer = pointer(p.path)
		return nil, refusal
	}
	return v, nil
}

// Object is [Parse] for a text that has to be a JSON object.
func Object(data []byte, limits Limits) (map[string]any, error) {
	v, err := Parse(data, limits)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, &Error{Code: CodeMalformed, Detail: "the JSON value is not an object"}
	}
	return object, nil
}

// Escape writes a name as one reference token of a JSON Pointer (RFC 6901 section 3), with its leading slash.
func Escape(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return "/" + name
	}
	return "/" + strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// pointer writes a JSON Pointer from its reference tokens, innermost first, each escaped.
func pointer(path []string) string {
	slices.Reverse(path)
	return strings.Join(path, "")
}

func firstInvalid(text string) int {
	for at, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[at:], "\uFFFD") {
			return at
		}
	}
	return len(text)
}
