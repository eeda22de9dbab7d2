package rdf

import (
	"encoding/json"
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

// literal converts a value object that the walk has judged (JSON-LD API 1.1 section 8.2.2). A base direction becomes an
// i18n datatype (JSON-LD 1.1 section 4.2.4.1), so that it is signed.
func literal(object map[string]any) (Term, error) {
	datatype, _ := object["@type"].(string)
	if datatype == "@json" {
		text, err := canonicalJSON(object["@value"])
		return Term{Kind: Literal, Value: text, Datatype: rdfJSON}, err
	}
	typed := func(text, native string) (Term, error) {
		if datatype == "" {
			datatype = native
		}
		return Term{Kind: Literal, Value: text, Datatype: datatype}, nil
	}
	switch value := object["@value"].(type) {
	case bool:
		return typed(strconv.FormatBool(value), xsdBoolean)
	case json.Number:
		f, err := value.Float64()
		if err != nil {
			return Term{}, refuse("", "a number is beyond the range of a double")
		}
		if f != math.Trunc(f) || math.Abs(f) >= 1e21 || datatype == xsdDouble {
			return typed(canonicalDouble(f), xsdDouble)
		}
		return typed(strconv.FormatFloat(f+0, 'f', 0, 64), xsdInteger)
	case string:
		language, tagged := object["@language"].(string)
		if direction, directed := object["@direction"].(string); directed {
			return Term{Kind: Literal, Value: value, Datatype: i18n + language + "_" + direction}, nil
		}
		if tagged {
			return Term{Kind: Literal, Value: value, Datatype: langString, Language: language}, nil
		}
		return typed(value, xsdString)
	}
	return Term{}, refuse("", "a value is neither a text, a number nor a boolean")
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
