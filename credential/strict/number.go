package strict

import (
	"encoding/json"
	"math"
	"math/big"
	"sort"
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

// CheckNumbers reports the first number in v, in the order of sorted names, that does not survive form. It returns nil or
// an [*Error] with code malformed.
func CheckNumbers(v any, form Form) error {
	return checkNumbers(v, form, "")
}

func checkNumbers(v any, form Form, pointer string) error {
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			if err := checkNumbers(v[name], form, pointer+Escape(name)); err != nil {
				return err
			}
		}
	case []any:
		for i, member := range v {
			if err := checkNumbers(member, form, pointer+"/"+strconv.Itoa(i)); err != nil {
				return err
			}
		}
	case json.Number:
		if detail := numberFault(string(v), form); detail != "" {
			return &Error{Code: CodeMalformed, Pointer: pointer, Detail: detail}
		}
	}
	return nil
}

func numberFault(text string, form Form) string {
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
	for _, written := range []string{strconv.FormatFloat(f, 'g', -1, 64), linkedData(f)} {
		if !sameDecimal(text, written) {
			return "a number changes when it is written in the signed form; give it fewer digits"
		}
	}
	return ""
}

// linkedData is the lexical form of a JSON number in RDF (JSON-LD 1.1 API section 8.6), before trailing zeros go.
func linkedData(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1e21 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'E', 15, 64)
}

func sameDecimal(a, b string) bool {
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	return okX && okY && x.Cmp(y) == 0
}
