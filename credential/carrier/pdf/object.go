package pdf

import "bytes"

// The values of a PDF file (7.3) are nil, bool, float64, text, name, array, dict, ref, *stream, and keyword for what is not a value.
type (
	text    []byte // a string, which may point into the file
	name    string
	keyword string // an operator or a mark of the syntax; "" at the end
	array   []any
	ref     int // the number of an object; the generation in it says nothing that the cross-reference table does not
)

// dict has its entries in the order of the file. It is a list, as a map of two entries takes ten times the memory.
type dict []entry

type entry struct {
	key   name
	value any
}

// stream is a dictionary with bytes, which are looked for when they are needed.
type stream struct {
	dict   dict
	source []byte // the file, or the page for an inline picture
	start  int    // where the bytes begin
	whole  bool   // the bytes reach to the end of source
	number int    // of the object, 0 for an inline picture

	generation int  // of the object
	sealed     bool // the file is encrypted, and these bytes may be
	embedded   bool // an embedded file
}

// at is the value of a key as it is written, nil when it is absent. The last of several counts.
func (d dict) at(key name) any {
	for i := len(d) - 1; i >= 0; i-- {
		if d[i].key == key {
			return d[i].value
		}
	}
	return nil
}

// Kinds of characters (7.2.3).
const (
	regular = iota
	blank
	delimiter
)

var kinds = func() (k [256]byte) {
	for _, c := range "\x00\t\n\f\r " {
		k[c] = blank
	}
	for _, c := range "()<>[]{}/%" {
		k[c] = delimiter
	}
	return k
}()

// lexer reads values from data.
type lexer struct {
	data   []byte
	at     int
	values int  // read so far
	deep   bool // a bound was exceeded: what was given is not all
}

// skip moves to the next token, over white space and comments.
func (l *lexer) skip() {
	for l.at < len(l.data) {
		switch c := l.data[l.at]; {
		case kinds[c] == blank:
			l.at++
		case c == '%':
			for l.at < len(l.data) && l.data[l.at] != '\n' && l.data[l.at] != '\r' {
				l.at++
			}
		default:
			return
		}
	}
}

// value reads the next token, and all of an array or dictionary. It does not join the three tokens of a reference.
func (l *lexer) value(depth int) any {
	l.skip()
	if l.at >= len(l.data) {
		return keyword("")
	}
	if l.values++; l.values > mostValues || depth > mostDepth {
		l.deep, l.at = true, len(l.data)
		return keyword("")
	}
	c := l.data[l.at]
	switch {
	case c == '/':
		l.at++
		return decodeName(l.run())
	case c == '(':
		return l.literal()
	case c == '[':
		l.at++
		return l.list("]", depth)
	case c == '<' && l.at+1 < len(l.data) && l.data[l.at+1] == '<':
		l.at += 2
		return l.dict(depth)
	case c == '<':
		return l.hex()
	case c == '>' && l.at+1 < len(l.data) && l.data[l.at+1] == '>':
		l.at += 2
		return keyword(">>")
	case kinds[c] == delimiter:
		l.at++
		return keyword([]byte{c})
	case c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.':
		return number(l.run())
	}
	switch word := l.run(); string(word) {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	case "R":
		return keyword("R")
	default:
		return keyword(word)
	}
}

// run takes regular characters.
func (l *lexer) run() []byte {
	start := l.at
	for l.at < len(l.data) && kinds[l.data[l.at]] == regular {
		l.at++
	}
	return l.data[start:l.at]
}

// number reads a number as leniently as others do: what follows a second sign or point is left out.
func number(word []byte) float64 {
	var value, unit float64
	negative := false
digits:
	for i, c := range word {
		switch {
		case c == '-' && i == 0:
			negative = true
		case (c == '+' || c == '-') && value == 0 && unit == 0:
		case c == '.' && unit == 0:
			unit = 1
		case c >= '0' && c <= '9' && unit == 0:
			value = value*10 + float64(c-'0')
		case c >= '0' && c <= '9':
			unit /= 10
			value += float64(c-'0') * unit
		default:
			break digits
		}
	}
	value = min(value, 1e15)
	if negative {
		return -value
	}
	return value
}

// decodeName resolves #xx (7.3.5).
func decodeName(raw []byte) name {
	if bytes.IndexByte(raw, '#') < 0 {
		return name(raw)
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] == '#' && i+2 < len(raw) && digit(raw[i+1]) < 16 && digit(raw[i+2]) < 16 {
			out = append(out, digit(raw[i+1])<<4|digit(raw[i+2]))
			i += 2
			continue
		}
		out = append(out, raw[i])
	}
	return name(out)
}

// digit is the value of a hexadecimal digit, 255 for anything else.
func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// literal reads a string in parentheses (7.3.4.2). One without escapes is not copied.
func (l *lexer) literal() text {
	l.at++
	start, depth, plain := l.at, 1, true
	for ; l.at < len(l.data); l.at++ {
		switch l.data[l.at] {
		case '\\':
			plain = false
			l.at++
		case '\r':
			plain = false
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			break
		}
	}
	raw := l.data[min(start, len(l.data)):min(l.at, len(l.data))]
	l.at = min(l.at+1, len(l.data))
	if plain {
		return raw
	}
	return unescape(raw)
}

var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f'}

func unescape(raw []byte) text {
	out := make(text, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '\r' { // every end of a line is read as one line feed
			if i+1 < len(raw) && raw[i+1] == '\n' {
				i++
			}
			c = '\n'
		} else if c == '\\' && i+1 < len(raw) {
			i++
			c = raw[i]
			switch {
			case escapes[c] != 0:
				c = escapes[c]
			case c >= '0' && c <= '7':
				c -= '0'
				for n := 1; n < 3 && i+1 < len(raw) && raw[i+1] >= '0' && raw[i+1] <= '7'; n++ {
					i++
					c = c<<3 | (raw[i] - '0')
				}
			case c == '\n' || c == '\r': // the line goes on
				if c == '\r' && i+1 < len(raw) && raw[i+1] == '\n' {
					i++
				}
				continue
			}
		}
		out = append(out, c)
	}
	return out
}

// hex reads a string of hexadecimal digits (7.3.4.3).
func (l *lexer) hex() text {
	l.at++
	end := bytes.IndexByte(l.data[l.at:], '>')
	if end < 0 {
		end = len(l.data) - l.at
	}
	out := decodeHex(l.data[l.at : l.at+end])
	l.at = min(l.at+end+1, len(l.data))
	return out
}

// list reads to the closing mark and joins references.
func (l *lexer) list(closing keyword, depth int) array {
	var out array
	for {
		switch v := l.value(depth + 1).(type) {
		case keyword:
			switch v {
			case closing, "", "endobj", "stream", "endstream":
				return out
			case "R":
				out = join(out)
			}
		default:
			out = append(out, v)
		}
	}
}

// join makes the last two numbers a reference (7.3.10).
func join(values array) array {
	if n := len(values); n >= 2 {
		number, isNumber := values[n-2].(float64)
		_, isGeneration := values[n-1].(float64)
		if isNumber && isGeneration {
			values[n-2] = nil
			if number >= 1 && number < 1<<31 {
				values[n-2] = ref(number)
			}
			return values[:n-1]
		}
	}
	return values
}

// dict reads to the closing mark. What has no name as its key is left out.
func (l *lexer) dict(depth int) dict {
	values := l.list(">>", depth)
	out := make(dict, 0, len(values)/2)
	for i := 0; i+1 < len(values); {
		key, ok := values[i].(name)
		if !ok {
			i++
			continue
		}
		out = append(out, entry{key, values[i+1]})
		i += 2
	}
	return out
}

// object reads one value with what may follow it: the rest of a reference, or a stream.
func (l *lexer) object() any {
	v := l.value(0)
	switch v := v.(type) {
	case keyword: // endobj: the object is empty
		return nil
	case float64:
		after := *l
		if generation, ok := after.value(0).(float64); ok && after.value(0) == keyword("R") {
			*l = after
			return join(array{v, generation})[0]
		}
	case dict:
		after := *l
		if after.value(0) == keyword("stream") {
			*l = after
			// The keyword is followed by CR LF or LF (7.3.8.1); CR alone is tolerated.
			if l.at < len(l.data) && l.data[l.at] == '\r' {
				l.at++
			}
			if l.at < len(l.data) && l.data[l.at] == '\n' {
				l.at++
			}
			return &stream{dict: v, source: l.data, start: l.at}
		}
	}
	return v
}
