package strict

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Form is how a document is signed, which decides what may happen to its numbers on the way to the signature.
type Form int

const (
	// Canonical is a document signed in a canonical form: JSON-LD writes a fraction as an xsd:double with 16 significant
	// digits (JSON-LD 1.1 API section 8.6), JCS the shortest double (RFC 8785 section 3.2.2.3). A number that either of
	// them changes is refused, because two texts would then share one signature.
	Canonical Form = iota
	// Verbatim is a document whose text is signed as it stands (JWS). Only numbers beyond a double are refused.
	Verbatim
)

// CheckNumbers reports the first number in v, a value as [Parse] returns it, in the order of sorted names, that does not
// survive form. It returns nil or an [*Error] with code malformed.
func CheckNumbers(v any, form Form) error {
	if !anyFault(v, form) {
		return nil
	}
	detail, path := firstFault(v, form)
	return &Error{Code: CodeMalformed, Pointer: pointer(path), Detail: detail}
}

// anyFault looks in no order, which is far cheaper than the order of firstFault, and enough for nearly every document.
func anyFault(v any, form Form) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			if anyFault(member, form) {
				return true
			}
		}
	case []any:
		for _, member := range v {
			if anyFault(member, form) {
				return true
			}
		}
	case json.Number:
		return numberFault(string(v), form) != ""
	}
	return false
}

// firstFault is the fault of the first number at fault, and the reference tokens to it, innermost first; "" is none.
func firstFault(v any, form Form) (detail string, path []string) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if detail, path = firstFault(v[name], form); detail != "" {
				return detail, append(path, Escape(name))
			}
		}
	case []any:
		for i, member := range v {
			if detail, path = firstFault(member, form); detail != "" {
				return detail, append(path, Escape(strconv.Itoa(i)))
			}
		}
	case json.Number:
		detail = numberFault(string(v), form)
	}
	return detail, nil
}

func numberFault(text string, form Form) string {
	if small(text) {
		return ""
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 && len(strings.TrimLeft(text[i+1:], "+-")) > 4 {
		return "a number has an exponent of more than four digits"
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return "a number is beyond the range of a double"
	}
	if form == Verbatim {
		return ""
	}
	var room [32]byte
	if !writtenAs(text, strconv.AppendFloat(room[:0], f, 'g', -1, 64)) || !writtenAs(text, linkedData(room[:0], f)) {
		return "a number changes when it is written in the signed form; give it fewer digits"
	}
	return ""
}

// writtenAs says whether text and written stand for exactly one number.
func writtenAs(text string, written []byte) bool {
	x, okX := readDecimal(text)
	y, okY := readDecimal(string(written))
	return okX && okY && x.same(&y)
}

// small says whether text is a whole number of at most 15 digits and no sign: a double holds it, and every form writes it, exactly.
func small(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return len(text) > 0 && len(text) <= 15
}

// linkedData appends the lexical form of a JSON number in RDF (JSON-LD 1.1 API section 8.6), before trailing zeros go.
func linkedData(out []byte, f float64) []byte {
	if f == math.Trunc(f) && math.Abs(f) < 1e21 {
		return strconv.AppendFloat(out, f, 'f', 0, 64)
	}
	return strconv.AppendFloat(out, f, 'E', 15, 64)
}
