package rdf

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseNQuads reads text as an RDF 1.1 N-Quads document (section 4) and gives its statements in the order in which they
// stand, a repeated one repeatedly. Language tags and blank node labels are kept as written. Beyond the grammar it refuses
// relative IRIs (section 2.2), an IRI with an escape for a character that may not stand in it, an escape for a surrogate,
// and an rdf:langString without a language tag (RDF 1.1 Concepts section 3.3). Errors are *[Error] with the code malformed;
// the detail names the line, counted from 1.
func ParseNQuads(text []byte) ([]Quad, error) {
	r := nquadsReader{text: string(text)}
	if !utf8.Valid(text) {
		for r.at < len(r.text) {
			c, size := utf8.DecodeRuneInString(r.text[r.at:])
			if c == utf8.RuneError && size == 1 {
				break
			}
			r.at += size
		}
		return nil, r.fault("the text is not valid UTF-8")
	}
	var quads []Quad
	for {
		for r.skipSpace(); r.endOfLine(); r.skipSpace() {
			r.at++
		}
		if r.at == len(r.text) {
			return quads, nil
		}
		quad, err := r.statement()
		if err != nil {
			return nil, err
		}
		quads = append(quads, quad)
		if r.skipSpace(); r.at < len(r.text) && !r.endOfLine() {
			return nil, r.fault("a statement is followed by something else on its line")
		}
	}
}

// nquadsReader reads one text, which is valid UTF-8, from at onwards.
type nquadsReader struct {
	text string
	at   int
}

// fault is an error at the present position.
func (r *nquadsReader) fault(detail string) error {
	line := 1
	for i := 0; i < r.at; i++ {
		if c := r.text[i]; c == '\n' || c == '\r' && (i+1 == len(r.text) || r.text[i+1] != '\n') {
			line++
		}
	}
	return &Error{Code: CodeMalformed, Detail: "reading N-Quads: line " + strconv.Itoa(line) + ": " + detail}
}

// peek is the next byte, or 0 at the end: 0 may stand nowhere in the grammar, so both are faults alike.
func (r *nquadsReader) peek() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *nquadsReader) endOfLine() bool { return r.peek() == '\n' || r.peek() == '\r' }

// skipSpace passes white space and a comment within one line (section 4).
func (r *nquadsReader) skipSpace() {
	for r.peek() == ' ' || r.peek() == '\t' {
		r.at++
	}
	if r.peek() == '#' {
		for r.at < len(r.text) && !r.endOfLine() {
			r.at++
		}
	}
}

// statement reads production 2 with its final full stop.
func (r *nquadsReader) statement() (q Quad, err error) {
	if q.Subject, err = r.node("the subject"); err != nil {
		return q, err
	}
	r.skipSpace()
	if r.peek() != '<' {
		return q, r.fault("the predicate is not an IRI")
	}
	if q.Predicate, err = r.node("the predicate"); err != nil {
		return q, err
	}
	r.skipSpace()
	if r.peek() == '"' {
		q.Object, err = r.literal()
	} else {
		q.Object, err = r.node("the object")
	}
	if err != nil {
		return q, err
	}
	if r.skipSpace(); r.peek() == '<' || r.peek() == '_' {
		if q.Graph, err = r.node("the graph name"); err != nil {
			return q, err
		}
		r.skipSpace()
	}
	if r.peek() != '.' {
		return q, r.fault("a statement does not end with a full stop")
	}
	r.at++
	return q, nil
}

// node reads an IRI or a blank node; what names its place for an error.
func (r *nquadsReader) node(what string) (Term, error) {
	switch r.peek() {
	case '<':
		iri, err := r.iri()
		return Term{Kind: IRI, Value: iri}, err
	case '_':
		label, err := r.label()
		return Term{Kind: Blank, Value: label}, err
	}
	return Term{}, r.fault(what + " is missing or not of a kind that may stand there")
}

// iri reads IRIREF (production 8), which must be absolute.
func (r *nquadsReader) iri() (string, error) {
	iri, err := r.delimited('>')
	if err != nil {
		return "", err
	}
	if !nquadsIRI(iri) {
		return "", r.fault("an IRI is relative or holds a character that it may not hold")
	}
	return iri, nil
}

// label reads BLANK_NODE_LABEL (production 141s) and gives it without "_:".
func (r *nquadsReader) label() (string, error) {
	rest, found := strings.CutPrefix(r.text[r.at:], "_:")
	if !found {
		return "", r.fault("a blank node does not begin with \"_:\"")
	}
	end := 0 // after the last character that may end a label: a full stop may not
	for i, c := range rest {
		if nquadsLabelStart(c) || i > 0 && nquadsLabelFollows(c) {
			end = i + utf8.RuneLen(c)
		} else if i == 0 || c != '.' {
			break
		}
	}
	if end == 0 {
		return "", r.fault("a blank node has no label")
	}
	r.at += len("_:") + end
	return rest[:end], nil
}

// literal reads production 6. White space may stand between its parts, as between any two terminals.
func (r *nquadsReader) literal() (Term, error) {
	value, err := r.delimited('"')
	if err != nil {
		return Term{}, err
	}
	r.skipSpace()
	if r.peek() == '@' {
		rest := r.text[r.at+1:]
		end := 0
		for end < len(rest) && (isLetter(rest[end]) || isDigit(rest[end]) || rest[end] == '-') {
			end++
		}
		if !nquadsLanguage(rest[:end]) {
			return Term{}, r.fault("a language tag is malformed")
		}
		r.at += 1 + end
		return Term{Kind: Literal, Value: value, Datatype: langString, Language: rest[:end]}, nil
	}
	if !strings.HasPrefix(r.text[r.at:], "^^") {
		return Term{Kind: Literal, Value: value, Datatype: xsdString}, nil
	}
	r.at += len("^^")
	r.skipSpace()
	if r.peek() != '<' {
		return Term{}, r.fault("a datatype is not an IRI")
	}
	datatype, err := r.iri()
	if err == nil && datatype == langString {
		err = r.fault("an rdf:langString has no language tag")
	}
	return Term{Kind: Literal, Value: value, Datatype: datatype}, err
}

// delimited reads IRIREF (closing is '>') or STRING_LITERAL_QUOTE (closing is '"') and undoes its escapes.
func (r *nquadsReader) delimited(closing byte) (string, error) {
	r.at++
	start := r.at        // of what is not in unescaped yet
	var unescaped []byte // stays nil for the usual text without escapes
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == closing:
			r.at++
			if unescaped == nil {
				return r.text[start : r.at-1], nil
			}
			return string(append(unescaped, r.text[start:r.at-1]...)), nil
		case c == '\n' || c == '\r':
			return "", r.fault("a term is not closed on its line")
		case c == '\\':
			unescaped = append(unescaped, r.text[start:r.at]...)
			code, err := r.escape(closing == '"')
			if err != nil {
				return "", err
			}
			unescaped = utf8.AppendRune(unescaped, code)
			start = r.at
		default:
			r.at++
		}
	}
	return "", r.fault("a term is not closed on its line")
}

// escape reads UCHAR (production 10) and, in a literal, ECHAR (production 153s).
func (r *nquadsReader) escape(literal bool) (rune, error) {
	r.at++ // the backslash
	letter := r.peek()
	r.at = min(r.at+1, len(r.text))
	digits := 0
	switch {
	case letter == 'u':
		digits = 4
	case letter == 'U':
		digits = 8
	case letter != 0 && literal:
		if i := strings.IndexByte(`tbnrf"'\`, letter); i >= 0 {
			return rune("\t\b\n\r\f\"'\\"[i]), nil
		}
	}
	if digits == 0 {
		return 0, r.fault("an escape is unknown")
	}
	code := rune(0)
	for range digits {
		digit := strings.IndexByte("0123456789abcdefABCDEF", r.peek())
		if digit < 0 || code > utf8.MaxRune {
			return 0, r.fault("an escape has no code point")
		}
		if digit > 0xF {
			digit -= 6
		}
		code = code<<4 | rune(digit)
		r.at++
	}
	if !utf8.ValidRune(code) {
		return 0, r.fault("an escape has no code point")
	}
	return code, nil
}
