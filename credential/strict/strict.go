// Package strict reads JSON the way a verifier has to: one text has one meaning, or it is refused.
//
// Start with [Parse]. Decoders in wide use let two different texts pass for one value (a repeated key, a lone surrogate
// replaced by U+FFFD, a key matched without regard to case), so a signature over one of them says nothing certain about the
// other. This reader accepts I-JSON (RFC 7493) only, within [Limits], and never changes a number: it keeps its text.
//
// The package is pure: bytes in, values out. It knows nothing of credentials.
package strict

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
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
// fails closed.
type Limits struct {
	Bytes   int // length of the text in bytes
	Depth   int // nesting of arrays and objects; a scalar alone has depth 0
	Objects int // objects in the whole text
	Values  int // members of one array
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
func Parse(data []byte, limits Limits) (any, error) {
	p := parser{data: data, limits: limits}
	if len(data) > limits.Bytes {
		return nil, &Error{Code: CodeTooLarge, Detail: fmt.Sprintf("the text is longer than %d bytes", limits.Bytes)}
	}
	if strings.HasPrefix(string(data[:min(3, len(data))]), "\xef\xbb\xbf") {
		return nil, &Error{Code: CodeEncoding, Detail: "the text begins with a byte order mark"}
	}
	if !utf8.Valid(data) {
		return nil, &Error{Code: CodeEncoding, Offset: firstInvalid(data), Detail: "the text is not valid UTF-8"}
	}
	p.space()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.at < len(p.data) {
		return nil, p.fail(CodeMalformed, "there is more text after the JSON value")
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

type parser struct {
	data    []byte
	at      int
	limits  Limits
	objects int
	path    []string // reference tokens of the value being read
}

func (p *parser) fail(code, detail string) error {
	var pointer strings.Builder
	for _, token := range p.path {
		pointer.WriteString(Escape(token))
	}
	return &Error{Code: code, Pointer: pointer.String(), Offset: p.at, Detail: detail}
}

func (p *parser) space() {
	for p.at < len(p.data) {
		switch p.data[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

func (p *parser) peek() byte {
	if p.at < len(p.data) {
		return p.data[p.at]
	}
	return 0
}

func (p *parser) value(depth int) (any, error) {
	switch c := p.peek(); {
	case c == '{' || c == '[':
		if depth++; depth > p.limits.Depth {
			return nil, p.fail(CodeTooComplex, fmt.Sprintf("values are nested more than %d deep", p.limits.Depth))
		}
		if c == '{' {
			return p.object(depth)
		}
		return p.array(depth)
	case c == '"':
		return p.text()
	case c == '-' || (c >= '0' && c <= '9'):
		return p.number()
	}
	for word, v := range map[string]any{"true": true, "false": false, "null": nil} {
		if strings.HasPrefix(string(p.data[p.at:min(p.at+5, len(p.data))]), word) {
			p.at += len(word)
			return v, nil
		}
	}
	if p.at == len(p.data) {
		return nil, p.fail(CodeMalformed, "the JSON text ends too early")
	}
	return nil, p.fail(CodeMalformed, "a JSON value was expected")
}

func (p *parser) object(depth int) (any, error) {
	if p.objects++; p.objects > p.limits.Objects {
		return nil, p.fail(CodeTooComplex, fmt.Sprintf("there are more than %d objects", p.limits.Objects))
	}
	p.at++ // {
	object := map[string]any{}
	p.space()
	if p.peek() == '}' {
		p.at++
		return object, nil
	}
	for {
		p.space()
		if p.peek() != '"' {
			return nil, p.fail(CodeMalformed, "a member name was expected")
		}
		name, err := p.text()
		if err != nil {
			return nil, err
		}
		p.path = append(p.path, name)
		if _, twice := object[name]; twice {
			return nil, p.fail(CodeDuplicateKey, "a member name stands twice in one object")
		}
		p.space()
		if p.peek() != ':' {
			return nil, p.fail(CodeMalformed, "a colon was expected after a member name")
		}
		p.at++
		p.space()
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		object[name] = v
		p.path = p.path[:len(p.path)-1]
		p.space()
		switch p.peek() {
		case ',':
			p.at++
		case '}':
			p.at++
			return object, nil
		default:
			return nil, p.fail(CodeMalformed, "a comma or a closing brace was expected")
		}
	}
}

func (p *parser) array(depth int) (any, error) {
	p.at++ // [
	array := []any{}
	p.space()
	if p.peek() == ']' {
		p.at++
		return array, nil
	}
	for {
		if len(array) == p.limits.Values {
			return nil, p.fail(CodeTooComplex, fmt.Sprintf("an array has more than %d members", p.limits.Values))
		}
		p.path = append(p.path, strconv.Itoa(len(array)))
		p.space()
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		array = append(array, v)
		p.path = p.path[:len(p.path)-1]
		p.space()
		switch p.peek() {
		case ',':
			p.at++
		case ']':
			p.at++
			return array, nil
		default:
			return nil, p.fail(CodeMalformed, "a comma or a closing bracket was expected")
		}
	}
}

// text reads a string (RFC 8259 section 7) and unescapes it.
func (p *parser) text() (string, error) {
	p.at++ // "
	start := p.at
	for p.at < len(p.data) && p.data[p.at] != '"' && p.data[p.at] != '\\' && p.data[p.at] >= 0x20 {
		p.at++
	}
	if p.peek() == '"' && p.at < len(p.data) { // the common case: nothing to unescape
		s := string(p.data[start:p.at])
		p.at++
		return s, nil
	}
	out := append([]byte(nil), p.data[start:p.at]...)
	for p.at < len(p.data) {
		c := p.data[p.at]
		switch {
		case c == '"':
			p.at++
			return string(out), nil
		case c < 0x20:
			return "", p.fail(CodeMalformed, "a string holds a control character that is not escaped")
		case c != '\\':
			out = append(out, c)
			p.at++
		default:
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		}
	}
	return "", p.fail(CodeMalformed, "the JSON text ends inside a string")
}

func (p *parser) escape() (rune, error) {
	p.at++ // backslash
	c := p.peek()
	p.at++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
	default:
		p.at = min(p.at, len(p.data))
		return 0, p.fail(CodeMalformed, "a string holds an unknown escape")
	}
	r, err := p.hex()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if strings.HasPrefix(string(p.data[p.at:min(p.at+2, len(p.data))]), `\u`) {
		p.at += 2
		low, err := p.hex()
		if err != nil {
			return 0, err
		}
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, nil
		}
	}
	return 0, p.fail(CodeEncoding, "a string holds a lone surrogate")
}

func (p *parser) hex() (rune, error) {
	if p.at+4 > len(p.data) {
		return 0, p.fail(CodeMalformed, "the JSON text ends inside an escape")
	}
	var r rune
	for _, c := range p.data[p.at : p.at+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, p.fail(CodeMalformed, "a string holds an escape that is not four hexadecimal digits")
		}
		r = r<<4 | rune(c)
	}
	p.at += 4
	return r, nil
}

// number reads a number (RFC 8259 section 6) and keeps its text.
func (p *parser) number() (json.Number, error) {
	start := p.at
	digits := func() bool {
		from := p.at
		for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
			p.at++
		}
		return p.at > from
	}
	if p.peek() == '-' {
		p.at++
	}
	whole := true
	if p.peek() == '0' {
		p.at++
	} else {
		whole = digits()
	}
	if whole && p.peek() == '.' {
		p.at++
		whole = digits()
	}
	if c := p.peek(); whole && (c == 'e' || c == 'E') {
		p.at++
		if c := p.peek(); c == '+' || c == '-' {
			p.at++
		}
		whole = digits()
	}
	if !whole {
		return "", p.fail(CodeMalformed, "a number is not complete")
	}
	return json.Number(p.data[start:p.at]), nil
}

func firstInvalid(data []byte) int {
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return len(data)
}
