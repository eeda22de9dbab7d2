package rdf

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// appendCanonicalJSON appends the lexical form of a JSON literal: the text of RFC 8785 (JSON-LD API 1.1 section 8.2.2 step 4). The
// value comes from the strict reader, so its texts are valid Unicode.
func appendCanonicalJSON(dst []byte, value any) ([]byte, error) {
	var err error
	switch value := value.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, value), nil
	case string:
		return appendCanonicalText(dst, value), nil
	case json.Number:
		f, err := value.Float64()
		if err != nil {
			return nil, errors.New("a number is beyond the range of a double")
		}
		return appendCanonicalNumber(dst, f), nil
	case float64: // of json-gold
		return appendCanonicalNumber(dst, value), nil
	case []any:
		dst = append(dst, '[')
		for i, member := range value {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendCanonicalJSON(dst, member); err != nil {
				return nil, err
			}
		}
		return append(dst, ']'), nil
	case map[string]any:
		dst = append(dst, '{')
		for i, name := range slices.SortedFunc(maps.Keys(value), compareUTF16) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendCanonicalText(dst, name), ':')
			if dst, err = appendCanonicalJSON(dst, value[name]); err != nil {
				return nil, err
			}
		}
		return append(dst, '}'), nil
	}
	return nil, errors.New("a JSON literal holds what is no JSON value")
}

// compareUTF16 orders names by their UTF-16 code units (RFC 8785 section 3.2.3). That is the order of the code points, but for those
// beyond U+FFFF, which begin with a surrogate and so come before U+E000.
func compareUTF16(a, b string) int {
	if order := strings.Compare(a, b); order == 0 || isBasic(a) || isBasic(b) {
		return order
	}
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

// isBasic says that every character of s comes before U+E000, where both orders agree.
func isBasic(s string) bool {
	for i := range len(s) {
		if s[i] >= 0xEE { // first byte of U+E000 and all behind it
			return false
		}
	}
	return true
}

// appendCanonicalText writes a string (RFC 8785 section 3.2.2.2).
func appendCanonicalText(dst []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0 // of what is not appended yet
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(append(dst, s[start:i]...), '\\')
		switch at := strings.IndexByte("\"\\\b\t\n\f\r", c); {
		case at >= 0:
			dst = append(dst, `"\btnfr`[at])
		default:
			dst = append(dst, 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
		}
		start = i + 1
	}
	return append(append(dst, s[start:]...), '"')
}

// appendCanonicalNumber writes a number as ECMAScript does (RFC 8785 section 3.2.2.3): the fewest digits that give the double back,
// with an exponent from 1e21 on and below 1e-6.
func appendCanonicalNumber(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0') // without a sign
	}
	size := math.Abs(f)
	if size < 1e15 && f == math.Trunc(f) {
		return strconv.AppendInt(dst, int64(f), 10) // a double holds it exactly, and so all its digits are needed
	}
	if size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if end := len(dst); dst[end-4] == 'e' && dst[end-2] == '0' { // e-07 is e-7
		dst[end-2] = dst[end-1]
		dst = dst[:end-1]
	}
	return dst
}
