package verifier

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// sentence makes one sentence for a person of a clause that begins small and ends without a stop.
func sentence(clause string) string {
	first, size := utf8.DecodeRuneInString(clause)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(clause[size:], ".") + "."
}
