package rdf

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential/strict"
)

// reference expands the value of @id, or of a property whose values are @id or @vocab.
func reference(active *activeContext, value any, at string, vocab bool) (string, error) {
	text, ok := value.(string)
	if !ok {
		return "", refuse(at, "an identifier is not a text")
	}
	iri := active.expandIRI(text, vocab)
	if !isAbsolute(iri) && !isBlankLabel(iri) {
		return "", refuse(at, "%s is not an absolute IRI, so it would not be signed", quote(text))
	}
	return iri, nil
}

// types expands the value of @type of a node (JSON-LD API 1.1 section 5.1.2 step 13.4.4).
func types(outer *activeContext, value any, at string) ([]any, error) {
	values, isArray := value.([]any)
	if !isArray {
		values = []any{value}
	}
	if len(values) == 0 {
		return nil, refuse(at, "an empty array adds nothing to what is signed")
	}
	expanded := make([]any, 0, len(values))
	for i, value := range values {
		at := at
		if isArray {
			at += "/" + strconv.Itoa(i)
		}
		iri, err := typeIRI(outer, value, at)
		if err != nil {
			return nil, err
		}
		expanded = append(expanded, iri)
	}
	return expanded, nil
}

func typeIRI(outer *activeContext, value any, at string) (string, error) {
	text, ok := value.(string)
	if !ok {
		return "", refuse(at, "a type is not a text")
	}
	iri := outer.expandIRI(text, true)
	if text == "" || !isAbsolute(iri) {
		return "", refuse(at, "no context defines the type %s, so it would not be signed", quote(text))
	}
	return iri, nil
}

// scalar is value expansion (section 5.3.2): a text, number or boolean by the type mapping of its property.
func (w *walk) scalar(active *activeContext, where position, value any) (map[string]any, error) {
	coercion := ""
	if t := active.terms[where.property]; t != nil {
		coercion = t.coercion
	}
	text, isText := value.(string)
	switch {
	case isText && (coercion == "@id" || coercion == "@vocab"): // steps 1 and 2
		iri, err := reference(active, text, where.at, coercion == "@vocab")
		if err != nil {
			return nil, err
		}
		return map[string]any{"@id": iri}, nil
	case coercion == "" || strings.HasPrefix(coercion, "@"):
		return map[string]any{"@value": value}, nil
	}
	return map[string]any{"@type": coercion, "@value": value}, checkDouble(coercion, value, where.at)
}

// valueObject expands an object with @value (section 5.1.2 steps 13.4.7 to 13.4.9 and 15).
func (w *walk) valueObject(s scope, where position) (map[string]any, error) {
	if where.property == "" || where.inGraph {
		return nil, refuse(where.at, "a value stands where only an object is signed")
	}
	members, at := map[string]any{}, map[string]string{}
	for _, name := range s.names {
		keyword := s.keys[name]
		members[keyword], at[keyword] = s.object[name], where.at+strict.Escape(name)
		switch keyword {
		case "@value", "@type", "@language", "@direction":
		default:
			return nil, refuse(at[keyword], "a value object has a member that is not signed")
		}
	}
	expanded := map[string]any{"@value": members["@value"]}
	datatype, typed := members["@type"]
	language, tagged := members["@language"]
	direction, directed := members["@direction"]
	if typed && (tagged || directed) {
		return nil, refuse(at["@type"], "a value has both a type and a language or direction")
	}
	if text, ok := datatype.(string); ok && s.outer.expandIRI(text, true) == "@json" {
		expanded["@type"] = "@json"
		return expanded, nil
	}
	_, isText := members["@value"].(string)
	switch members["@value"].(type) {
	case string, bool, json.Number:
	case nil:
		return nil, refuse(at["@value"], "null adds nothing to what is signed")
	default:
		return nil, refuse(at["@value"], "@value is neither a text, a number nor a boolean")
	}
	if typed {
		iri, err := typeIRI(s.outer, datatype, at["@type"])
		if err != nil {
			return nil, err
		}
		if iri == langString || iri == rdfJSON {
			return nil, refuse(at["@type"], "the datatype %s cannot be given by name", quote(iri))
		}
		expanded["@type"] = iri
		return expanded, checkDouble(iri, members["@value"], at["@value"])
	}
	if tagged {
		tag, ok := language.(string)
		if !ok || !isText || !isLanguageTag(tag) {
			return nil, refuse(at["@language"], "@language is not a well-formed language tag of a text")
		}
		expanded["@language"] = strings.ToLower(tag) // as both readings do; section 5.1.2 step 13.4.8 allows it
	}
	if directed {
		if !isText || direction != "ltr" && direction != "rtl" {
			return nil, refuse(at["@direction"], "@direction is not ltr or rtl of a text")
		}
		expanded["@direction"] = direction
	}
	return expanded, nil
}

// checkDouble refuses a text of datatype xsd:double that is not canonical. JSON-LD API 1.1 section 8.6 leaves it as it
// stands, while other processors write it anew: two texts would share one signature.
func checkDouble(datatype string, value any, at string) error {
	text, isText := value.(string)
	if datatype != xsdDouble || !isText {
		return nil
	}
	if f, err := strconv.ParseFloat(text, 64); err != nil || canonicalDouble(f) != text {
		return refuse(at, "a text of type xsd:double is not in canonical form")
	}
	return nil
}

// collection expands an object with @list or @set (section 5.1.2 steps 13.4.11, 13.4.12 and 17).
func (w *walk) collection(s scope, where position) ([]any, error) {
	name := s.names[0]
	if len(s.names) > 1 {
		return nil, refuse(where.at, "a list or set object has a member that is not signed")
	}
	inner, value := where, s.object[name]
	inner.at += strict.Escape(name)
	array, _ := value.([]any)
	if s.has("@set") {
		if array != nil && len(array) == 0 {
			return nil, refuse(inner.at, "an empty array adds nothing to what is signed")
		}
		return w.element(s.active, inner, value)
	}
	if where.property == "" || where.inGraph {
		return nil, refuse(where.at, "a list stands where only an object is signed")
	}
	for i, member := range array {
		if _, nested := member.([]any); nested && !where.list() {
			return nil, refuse(inner.at+"/"+strconv.Itoa(i), "an array stands inside a list object; write it as a list object")
		}
	}
	objects, err := w.element(s.active, inner, value)
	return []any{map[string]any{"@list": objects}}, err
}
