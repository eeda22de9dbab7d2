package rdf

import (
	"strings"
	"unicode/utf8"
)

// nquadsAppendLiteral appends a literal in canonical form (RDF Dataset Canonicalization appendix A), with a language for
// rdf:langString.
func nquadsAppendLiteral(dst []byte, value, datatype, language string) []byte {
	dst = append(nquadsAppendEscaped(append(dst, '"'), value), '"')
	switch {
	case language != "":
		return append(append(dst, '@'), language...)
	case datatype != xsdString:
		return nquadsAppendIRI(append(dst, "^^"...), datatype)
	}
	return dst
}

func nquadsAppendIRI(dst []byte, iri string) []byte {
	return append(append(append(dst, '<'), iri...), '>')
}

// nquadsAppendEscaped appends the lexical form of a literal with the escapes of appendix A: ECHAR where there is one, UCHAR
// for the other controls and for what is no Char of XML 1.1 (U+FFFE and U+FFFF), everything else as it is.
func nquadsAppendEscaped(dst []byte, s string) []byte {
	const hexDigits = "0123456789ABCDEF"
	start := 0 // of what is not appended yet
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c != 0x7F && c != 0xEF {
			continue
		}
		width := 1
		if c == 0xEF { // first byte of U+F000 to U+FFFF
			if !strings.HasPrefix(s[i:], "\uFFFE") && !strings.HasPrefix(s[i:], "\uFFFF") {
				continue
			}
			width = len("\uFFFE")
		}
		dst = append(append(dst, s[start:i]...), '\\')
		switch {
		case width > 1:
			dst = append(dst, "uFFF"...)
			dst = append(dst, hexDigits[0xE|s[i+2]&1])
		case c == '"' || c == '\\':
			dst = append(dst, c)
		case c == '\t':
			dst = append(dst, 't')
		case c == '\b':
			dst = append(dst, 'b')
		case c == '\n':
			dst = append(dst, 'n')
		case c == '\r':
			dst = append(dst, 'r')
		case c == '\f':
			dst = append(dst, 'f')
		default:
			dst = append(dst, 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
		}
		start = i + width
		i = start - 1
	}
	return append(dst, s[start:]...)
}

// nquadsCheck says what is wrong with q, or nothing. A dataset may come from a document of anybody: a term that would read
// as something else in the text that is signed must not get there.
func nquadsCheck(q *Quad) string {
	switch {
	case q.Subject.Kind != IRI && q.Subject.Kind != Blank:
		return "a subject is neither an IRI nor a blank node"
	case q.Predicate.Kind != IRI:
		return "a predicate is not an IRI"
	case q.Object.Kind != IRI && q.Object.Kind != Blank && q.Object.Kind != Literal:
		return "an object is no RDF term"
	case q.Graph.Kind != None && q.Graph.Kind != IRI && q.Graph.Kind != Blank:
		return "a graph name is neither an IRI nor a blank node"
	}
	for _, t := range [...]*Term{&q.Subject, &q.Predicate, &q.Object, &q.Graph} {
		switch {
		case t.Kind == IRI && !nquadsIRI(t.Value):
			return "an IRI is relative or holds a character that it may not hold"
		case t.Kind == Literal && !utf8.ValidString(t.Value):
			return "a literal is not valid UTF-8"
		case t.Kind == Literal && !nquadsIRI(t.Datatype):
			return "the datatype of a literal is not an absolute IRI"
		case t.Kind == Literal && t.Datatype == langString && !nquadsLanguage(t.Language):
			return "an rdf:langString has no proper language tag"
		case t.Kind == Literal && t.Datatype != langString && t.Language != "":
			return "a literal that is no rdf:langString has a language tag"
		}
	}
	return ""
}

// nquadsIRI reports whether s begins with a scheme (RFC 3987 section 2.2) and holds only what IRIREF admits unescaped.
func nquadsIRI(s string) bool {
	if s == "" || !isLetter(s[0]) {
		return false
	}
	scheme := true // still within it
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c <= ' ' {
			return false
		}
		switch c {
		case '<', '>', '"', '{', '}', '|', '^', '`', '\\':
			return false
		case ':':
			scheme = false
		case '+', '-', '.':
		default:
			if scheme && !isLetter(c) && !isDigit(c) {
				return false
			}
		}
	}
	return !scheme && utf8.ValidString(s)
}

// nquadsLanguage reports whether s is LANGTAG (production 144s) without its "@".
func nquadsLanguage(s string) bool {
	first := true
	for subtag := range strings.SplitSeq(s, "-") {
		if subtag == "" {
			return false
		}
		for i := 0; i < len(subtag); i++ {
			if !isLetter(subtag[i]) && (first || !isDigit(subtag[i])) {
				return false
			}
		}
		first = false
	}
	return true
}

// nquadsLabelStart reports whether c is PN_CHARS_U (production 158s) or a digit: the first character of a label.
func nquadsLabelStart(c rune) bool {
	switch {
	case c < utf8.RuneSelf:
		return c == '_' || c == ':' || isLetter(byte(c)) || isDigit(byte(c))
	case c >= 0xC0 && c <= 0x2FF:
		return c != 0xD7 && c != 0xF7
	case c >= 0x370 && c <= 0x1FFF:
		return c != 0x37E
	}
	return c == 0x200C || c == 0x200D || c >= 0x2070 && c <= 0x218F || c >= 0x2C00 && c <= 0x2FEF ||
		c >= 0x3001 && c <= 0xD7FF || c >= 0xF900 && c <= 0xFDCF || c >= 0xFDF0 && c <= 0xFFFD || c >= 0x10000 && c <= 0xEFFFF
}

// nquadsLabelFollows reports whether c is one of the characters that PN_CHARS (production 160s) has beyond a first one.
func nquadsLabelFollows(c rune) bool {
	return c == '-' || c == 0xB7 || c >= 0x300 && c <= 0x36F || c >= 0x203F && c <= 0x2040
}
