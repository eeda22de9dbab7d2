package rdf

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
)

const (
	xsdBoolean = "http://www.w3.org/2001/XMLSchema#boolean"
	xsdInteger = "http://www.w3.org/2001/XMLSchema#integer"
	xsdDouble  = "http://www.w3.org/2001/XMLSchema#double"
	rdfJSON    = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON"
	i18n       = "https://www.w3.org/ns/i18n#"
)

// lexical is the lexical form of a number or boolean, and the datatype that it has of itself (JSON-LD API 1.1 section 8.2.2).
// A number of a datatype xsd:double is written as one.
func lexical(value any, datatype string) (text, own string, err error) {
	switch value := value.(type) {
	case bool:
		return strconv.FormatBool(value), xsdBoolean, nil
	case json.Number:
		f, err := value.Float64()
		if err != nil {
			return "", "", errors.New("a number is beyond the range of a double")
		}
		if f != math.Trunc(f) || math.Abs(f) >= 1e21 || datatype == xsdDouble {
			return canonicalDouble(f), xsdDouble, nil
		}
		return strconv.FormatFloat(f+0, 'f', 0, 64), xsdInteger, nil
	}
	return "", "", errors.New("a value is neither a text, a number nor a boolean")
}

// canonicalDouble is the canonical lexical form of xsd:double (JSON-LD API 1.1 section 8.6): 16 significant digits without
// trailing zeros, at least one after the point, and a plain exponent.
func canonicalDouble(f float64) string {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f+0, 'E', 15, 64), "E")
	mantissa = strings.TrimRight(mantissa, "0")
	if strings.HasSuffix(mantissa, ".") {
		mantissa += "0"
	}
	sign := strings.TrimPrefix(exponent[:1], "+")
	if exponent = strings.TrimLeft(exponent[1:], "0"); exponent == "" {
		return mantissa + "E0"
	}
	return mantissa + "E" + sign + exponent
}
