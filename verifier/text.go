package verifier

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// sentence makes one sentence for a person of a clause that begins small and ends without a stop.
func sentence(clause string) string {
	if clause != "" && clause[0] >= 'A' && clause[0] <= 'Z' && strings.HasSuffix(clause, ".") {
		return clause // most are sentences already
	}
	first, size := utf8.DecodeRuneInString(clause)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(clause[size:], ".") + "."
}
