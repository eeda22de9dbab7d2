package jsonschema

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	library "github.com/santhosh-tekuri/jsonschema/v6"
)

// Bounds of the patterns of one schema. A pattern of RE2 takes time in proportion to its size times that of the text, whatever
// the text; its size is bounded here, before it is compiled, as x{1000} of x{1000} is short.
const (
	maxPattern      = 1 << 10 // bytes of one
	maxPatterns     = 1 << 14 // bytes of all that differ
	maxInstructions = 1 << 12 // of one, about
)

// engine compiles the patterns of one schema, each once.
type engine struct {
	compiled map[string]*pattern
	bytes    int
	refusal  error // of the first that was refused; there is no other pattern after it
}

// pattern is one pattern and its price: steps for each byte of a text.
type pattern struct {
	*regexp.Regexp
	text  string
	steps int
}

// String returns the pattern as the schema has it.
func (p *pattern) String() string { return p.text }

// compile is the [library.RegexpEngine].
func (e *engine) compile(text string) (library.Regexp, error) {
	if known := e.compiled[text]; known != nil {
		return known, nil
	}
	if e.refusal != nil {
		return nil, e.refusal
	}
	e.bytes += len(text)
	compiled, err := compile(text)
	if e.bytes > maxPatterns {
		err = errTooLong
	}
	if err != nil {
		e.refusal = &Undecided{"the schema has a pattern that cannot be used here: " + err.Error()}
		return nil, e.refusal
	}
	e.compiled[text] = compiled
	return compiled, nil
}

var errTooLong = errors.New("it is too long")

func compile(text string) (*pattern, error) {
	if len(text) > maxPattern {
		return nil, errTooLong
	}
	re2, err := translate(text)
	if err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(re2, syntax.Perl)
	if err != nil {
		return nil, errors.New("it cannot be read")
	}
	size := instructions(tree)
	if size > maxInstructions {
		return nil, errTooLong
	}
	compiled, err := regexp.Compile(re2)
	if err != nil {
		return nil, errors.New("it cannot be read")
	}
	return &pattern{compiled, text, size}, nil
}

// instructions is about how many instructions a pattern compiles to; more than maxInstructions is all one.
func instructions(tree *syntax.Regexp) int {
	size := 1 + len(tree.Rune)
	if tree.Op == syntax.OpCharClass {
		size = 1 + len(tree.Rune)/8
	}
	for _, sub := range tree.Sub {
		size += instructions(sub)
	}
	if tree.Op == syntax.OpRepeat {
		size *= max(tree.Min, tree.Max, 1)
	}
	return min(size, maxInstructions+1)
}

// White space and line ends of ECMA-262 (sections 12.2 and 12.3), and all that is neither, as ranges for a class.
const (
	spaces    = `\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`
	notSpaces = `\x00-\x08\x0e-\x1f!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`
	lineEnds  = `\n\r\x{2028}\x{2029}`
)

// translate writes a pattern of ECMA-262 with the flag u (JSON Schema Core 2020-12 section 6.4) for RE2. What means another thing
// there, or is not known, is an error: lookaround, backreferences, and escapes that only one of the two has.
func translate(text string) (string, error) {
	var out strings.Builder
	class, first := false, 0 // whether within a class, and where its first member is
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\':
			rest := text[i:]
			if class && len(rest) > 3 && strings.IndexByte("dDwWsSpP", rest[1]) >= 0 && (rest[2] == '-' && rest[3] != ']' || i > first && text[i-1] == '-') {
				return "", errors.New("it has a range without an end")
			}
			length, err := translateEscape(&out, text[i:], class)
			if err != nil {
				return "", err
			}
			i += length - 1
			continue
		case class && c == ']':
			class = false
		case class && c == '[':
			out.WriteByte('\\') // RE2 has names of classes in brackets
		case class:
		case c == '[':
			class, first = true, i+1
			if strings.HasPrefix(text[first:], "^") {
				first++
			}
			if strings.HasPrefix(text[first:], "]") { // an empty class there, and a bracket here
				return "", errors.New("it has an empty class")
			}
		case c == '.':
			out.WriteString("[^" + lineEnds + "]")
			continue
		case c == '(' && strings.HasPrefix(text[i:], "(?"):
			rest := text[i+2:]
			named := strings.HasPrefix(rest, "<") && !strings.HasPrefix(rest, "<=") && !strings.HasPrefix(rest, "<!")
			if !named && !strings.HasPrefix(rest, ":") {
				return "", errors.New("it looks around or sets flags")
			}
		}
		out.WriteByte(c)
	}
	return out.String(), nil
}

// translateEscape writes the escape that text begins with, and says how long it is.
func translateEscape(out *strings.Builder, text string, class bool) (length int, err error) {
	unknown := errors.New("it has an escape that is not known")
	if len(text) < 2 {
		return 0, unknown
	}
	c := text[1]
	set := func(ranges, others string) {
		switch {
		case !class && c >= 'a':
			ranges = "[" + ranges + "]"
		case !class:
			ranges = "[" + others + "]"
		case c < 'a':
			ranges = others
		}
		out.WriteString(ranges)
	}
	switch {
	case c == 's' || c == 'S':
		set(spaces, notSpaces)
		return 2, nil
	case strings.IndexByte("dDwWtnvfr", c) >= 0:
		out.WriteString(text[:2])
		return 2, nil
	case c == 'b' && class:
		out.WriteString(`\x08`)
		return 2, nil
	case c == 'b', c == 'B':
		out.WriteString(text[:2])
		return 2, nil
	case c == '0' && (len(text) == 2 || text[2] < '0' || text[2] > '9'):
		out.WriteString(`\x00`)
		return 2, nil
	case c == 'c' && len(text) > 2 && isLetter(text[2]):
		fmt.Fprintf(out, `\x%02x`, text[2]%32)
		return 3, nil
	case c == 'x':
		return translateCode(out, text, 2, 4)
	case c == 'u' && len(text) > 2 && text[2] == '{':
		end := strings.IndexByte(text, '}')
		if end < 4 || end > 9 {
			return 0, unknown
		}
		length, err = translateCode(out, text, 3, end)
		return length + 1, err
	case c == 'u':
		return translateCode(out, text, 2, 6)
	case c == 'p' || c == 'P':
		if len(text) < 3 || text[2] != '{' { // RE2 has names of one letter without braces
			return 0, unknown
		}
		end := strings.IndexByte(text, '}')
		if end < 0 {
			return 0, unknown
		}
		script, isScript := strings.CutPrefix(text[3:end], "Script=")
		if !isScript && len(script) > 2 { // of the other properties, the short names of categories are alike
			return 0, unknown
		}
		out.WriteString(text[:2] + "{" + script + "}")
		return end + 1, nil
	case c < 0x80 && c > ' ' && !isLetter(c) && (c < '0' || c > '9'):
		out.WriteString(text[:2])
		return 2, nil
	}
	return 0, unknown
}

// translateCode writes the code point whose hexadecimal digits stand in text[from:to].
func translateCode(out *strings.Builder, text string, from, to int) (int, error) {
	if len(text) < to {
		return 0, errors.New("it has an escape that is cut off")
	}
	code, err := strconv.ParseUint(text[from:to], 16, 32)
	if err != nil || code > 0x10ffff || code >= 0xd800 && code < 0xe000 {
		return 0, errors.New("it has an escape of no character")
	}
	fmt.Fprintf(out, `\x{%x}`, code)
	return to, nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
