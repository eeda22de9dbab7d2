package strict

import (
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads a string (RFC 8259 section 7). Without escapes it is cut out of the text, else it is written anew.
func (p *parser) string() (string, *Error) {
	p.at++ // "
	start := p.at
	p.plain()
	if p.peek() == '"' { // the common case: nothing to unescape
		s := p.text[start:p.at]
		p.at++
		return s, nil
	}
	out := []byte(p.text[start:p.at])
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case '"':
			p.at++
			return string(out), nil
		case '\\':
			r, refusal := p.escape()
			if refusal != nil {
				return "", refusal
			}
			out = utf8.AppendRune(out, r)
		default:
			start = p.at
			if p.plain(); p.at == start {
				return "", p.fail(CodeMalformed, "a string holds a control character that is not escaped")
			}
			out = append(out, p.text[start:p.at]...)
		}
	}
	return "", p.fail(CodeMalformed, "the JSON text ends inside a string")
}

// plain reads on to the next quote, backslash or control character, or to the end of the text. It looks at eight bytes at a
// time: in each of the three sums the lowest byte whose high bit is set is one that is looked for (those above it may be
// wrong by a borrow, which does no harm).
func (p *parser) plain() {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	at := p.at
	for ; at+8 <= len(p.text); at += 8 {
		s := p.text[at : at+8]
		word := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		quote, backslash := word^ones*'"', word^ones*'\\'
		if found := ((word-ones*0x20)&^word | (quote-ones)&^quote | (backslash-ones)&^backslash) & highs; found != 0 {
			p.at = at + bits.TrailingZeros64(found)/8
			return
		}
	}
	for at < len(p.text) && p.text[at] != '"' && p.text[at] != '\\' && p.text[at] >= 0x20 {
		at++
	}
	p.at = at
}

func (p *parser) escape() (rune, *Error) {
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
		p.at = min(p.at, len(p.text))
		return 0, p.fail(CodeMalformed, "a string holds an unknown escape")
	}
	r, refusal := p.hex()
	if refusal != nil || !utf16.IsSurrogate(r) {
		return r, refusal
	}
	if strings.HasPrefix(p.text[p.at:], `\u`) {
		p.at += 2
		low, refusal := p.hex()
		if refusal != nil {
			return 0, refusal
		}
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, nil
		}
	}
	return 0, p.fail(CodeEncoding, "a string holds a lone surrogate")
}

func (p *parser) hex() (rune, *Error) {
	if p.at+4 > len(p.text) {
		return 0, p.fail(CodeMalformed, "the JSON text ends inside an escape")
	}
	var r rune
	for i := range 4 {
		c := p.text[p.at+i]
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
