package rdf

import (
	"errors"

	"github.com/laurelbadges/laurel/credential/strict"
)

// AppendCanonicalJSON appends the text of RFC 8785 of a value of the strict reader, without a line feed at its end. It returns an
// [*Error] with code malformed for a number that this or another canonical form would change (see [strict.Canonical]): two
// texts would then have one canonical form.
func AppendCanonicalJSON(dst []byte, value any) ([]byte, error) {
	var number *strict.Error
	if errors.As(strict.CheckNumbers(value, strict.Canonical), &number) {
		return nil, &Error{Code: CodeMalformed, Pointer: number.Pointer, Detail: number.Detail}
	}
	dst, err := appendCanonicalJSON(dst, value)
	if err != nil {
		return nil, &Error{Code: CodeMalformed, Detail: err.Error()}
	}
	return dst, nil
}
