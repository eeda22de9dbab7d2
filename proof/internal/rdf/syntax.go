package rdf

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// keywords of JSON-LD 1.1 section 9.16. Every other word of the form "@" and letters is reserved (section 4.1).
func isKeyword(s string) bool {
	switch s {
	case "@base", "@container", "@context", "@default", "@direction", "@graph", "@id", "@import", "@included", "@index",
		"@json", "@language", "@list", "@nest", "@none", "@prefix", "@propagate", "@protected", "@reverse", "@set", "@type",
		"@value", "@version", "@vocab":
		return true
	}
	return false
}

// hasKeywordForm reports whether s is "@" followed by letters only.
func hasKeywordForm(s string) bool {
	if len(s) < 2 || s[0] != '@' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isLetter(s[i]) {
			return false
		}
	}
	return true
}

// isAbsolute reports whether s is an absolute IRI that may stand in N-Quads as it is: a scheme (RFC 3986 section 3.1), and
// none of the characters that RDF 1.1 N-Quads section 4 keeps out of IRIREF. Controls and all white space are refused too,
// as jsonld.js does not take such a text for an IRI.
func isAbsolute(s string) bool {
	scheme, rest, found := strings.Cut(s, ":")
	if !found || scheme == "" || !isLetter(scheme[0]) {
		return false
	}
	for i := 1; i < len(scheme); i++ {
		if c := scheme[i]; !isLetter(c) && !isDigit(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return hasIRICharacters(rest)
}

// isBlankLabel reports whether s is a blank node identifier of the document.
func isBlankLabel(s string) bool {
	return len(s) > 2 && strings.HasPrefix(s, "_:") && hasIRICharacters(s)
}

func hasIRICharacters(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf {
			return !strings.ContainsFunc(s[i:], outsideIRI)
		} else if notInIRI[c] {
			return false
		}
	}
	return true
}

// outsideIRI tells the characters that may not stand in an IRI: controls, white space, a byte order mark, what stands for
// broken text, and those that RDF 1.1 N-Quads section 4 names.
func outsideIRI(r rune) bool {
	if r < utf8.RuneSelf {
		return notInIRI[r]
	}
	return unicode.IsControl(r) || unicode.IsSpace(r) || r == '\uFEFF' || r == unicode.ReplacementChar
}

// notInIRI is outsideIRI of ASCII.
var notInIRI = func() (table [utf8.RuneSelf]bool) {
	for c := range rune(utf8.RuneSelf) {
		table[c] = c <= ' ' || c == 0x7F || strings.ContainsRune("<>\"{}|^`\\", c)
	}
	return table
}()

// isLanguageTag reports whether s has the shape of a language tag (BCP 47, RFC 5646 section 2.1, as RDF 1.1 N-Quads
// section 4 writes it): subtags of one to eight letters or digits, the first one letters only.
func isLanguageTag(s string) bool {
	for i, subtag := range strings.Split(s, "-") {
		if len(subtag) < 1 || len(subtag) > 8 {
			return false
		}
		for j := 0; j < len(subtag); j++ {
			if !isLetter(subtag[j]) && (i == 0 || !isDigit(subtag[j])) {
				return false
			}
		}
	}
	return true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// quote writes a text of the document into a detail: escaped, and not longer than a person reads.
func quote(s string) string {
	if runes := []rune(s); len(runes) > 80 {
		s = string(runes[:80]) + "…"
	}
	return strconv.Quote(s)
}
