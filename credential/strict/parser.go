package strict

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// parser reads one text from its begin to its end. Its methods return the first fault; the arrays and objects around the
// fault then note where it lies, so that reading costs nothing for pointers that nobody asks for.
type parser struct {
	text    string // valid UTF-8
	at      int    // bytes read
	limits  Limits
	objects int      // objects begun
	members int      // members of objects begun
	values  []any    // members read of the open arrays, outermost first
	path    []string // after a fault: reference tokens to it, innermost first
}

func (p *parser) fail(code, detail string) *Error {
	return &Error{Code: code, Offset: p.at, Detail: detail}
}

// within notes that a fault lies inside the member named name.
func (p *parser) within(name string, refusal *Error) *Error {
	p.path = append(p.path, Escape(name))
	return refusal
}

func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// peek is the next byte, and 0 at the end of the text; a NUL stands nowhere in JSON, so the two need no telling apart.
func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// document reads the one value of the text and the space around it.
func (p *parser) document() (any, *Error) {
	p.space()
	v, refusal := p.value(0)
	if refusal != nil {
		return nil, refusal
	}
	if p.space(); p.at < len(p.text) {
		return nil, p.fail(CodeMalformed, "there is more text after the JSON value")
	}
	return v, nil
}

// value reads a value (RFC 8259 section 3) inside depth arrays and objects.
func (p *parser) value(depth int) (any, *Error) {
	switch c := p.peek(); c {
	case '"':
		s, refusal := p.string()
		if refusal != nil {
			return nil, refusal
		}
		return s, nil
	case '{', '[':
		if depth++; depth > p.limits.Depth {
			return nil, p.fail(CodeTooComplex, fmt.Sprintf("values are nested more than %d deep", p.limits.Depth))
		}
		if c == '{' {
			return p.object(depth)
		}
		return p.array(depth)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		n, refusal := p.number()
		if refusal != nil {
			return nil, refusal
		}
		return n, nil
	case 't':
		return p.word("true", true)
	case 'f':
		return p.word("false", false)
	case 'n':
		return p.word("null", nil)
	}
	return p.word("", nil)
}

// word reads one of the three words that are values; "" stands for any other text, which is none.
func (p *parser) word(word string, v any) (any, *Error) {
	switch {
	case p.at == len(p.text):
		return nil, p.fail(CodeMalformed, "the JSON text ends too early")
	case word == "" || !strings.HasPrefix(p.text[p.at:], word):
		return nil, p.fail(CodeMalformed, "a JSON value was expected")
	}
	p.at += len(word)
	return v, nil
}

// object reads an object (RFC 8259 section 4). A name that stands there twice is a fault as soon as it is read again.
func (p *parser) object(depth int) (any, *Error) {
	if p.objects++; p.objects > p.limits.Objects {
		return nil, p.fail(CodeTooComplex, fmt.Sprintf("there are more than %d objects", p.limits.Objects))
	}
	p.at++ // {
	p.space()
	if p.peek() == '}' {
		p.at++
		return map[string]any{}, nil
	}
	object := map[string]any{}
	for {
		// A short member takes many times the memory of its text, so that the length of the text bounds too little.
		if p.members++; p.members > p.limits.Members {
			return nil, p.fail(CodeTooComplex, fmt.Sprintf("the objects have more than %d members together", p.limits.Members))
		}
		p.space()
		if p.peek() != '"' {
			return nil, p.fail(CodeMalformed, "a member name was expected")
		}
		name, refusal := p.string()
		if refusal != nil {
			return nil, refusal
		}
		if _, twice := object[name]; twice {
			return nil, p.within(name, p.fail(CodeDuplicateKey, "a member name stands twice in one object"))
		}
		p.space()
		if p.peek() != ':' {
			return nil, p.within(name, p.fail(CodeMalformed, "a colon was expected after a member name"))
		}
		p.at++
		p.space()
		v, refusal := p.value(depth)
		if refusal != nil {
			return nil, p.within(name, refusal)
		}
		object[name] = v
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

// array reads an array (RFC 8259 section 5). Its members wait in p.values, so that the slice is made in its final size.
func (p *parser) array(depth int) (any, *Error) {
	p.at++ // [
	p.space()
	if p.peek() == ']' {
		p.at++
		return []any{}, nil
	}
	first := len(p.values)
	for {
		index := len(p.values) - first
		if index == p.limits.Values {
			return nil, p.fail(CodeTooComplex, fmt.Sprintf("an array has more than %d members", p.limits.Values))
		}
		p.space()
		v, refusal := p.value(depth)
		if refusal != nil {
			return nil, p.within(strconv.Itoa(index), refusal)
		}
		p.values = append(p.values, v)
		p.space()
		switch p.peek() {
		case ',':
			p.at++
		case ']':
			p.at++
			array := slices.Clone(p.values[first:])
			p.values = p.values[:first]
			return array, nil
		default:
			return nil, p.fail(CodeMalformed, "a comma or a closing bracket was expected")
		}
	}
}

// number reads a number (RFC 8259 section 6) and keeps its text.
func (p *parser) number() (json.Number, *Error) {
	start := p.at
	if p.peek() == '-' {
		p.at++
	}
	whole := true
	if p.peek() == '0' {
		p.at++
	} else {
		whole = p.digits()
	}
	if whole && p.peek() == '.' {
		p.at++
		whole = p.digits()
	}
	if c := p.peek(); whole && (c == 'e' || c == 'E') {
		p.at++
		if c := p.peek(); c == '+' || c == '-' {
			p.at++
		}
		whole = p.digits()
	}
	if !whole {
		return "", p.fail(CodeMalformed, "a number is not complete")
	}
	return json.Number(p.text[start:p.at]), nil
}

// digits reads decimal digits and says whether there were any.
func (p *parser) digits() bool {
	from := p.at
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.at++
	}
	return p.at > from
}
