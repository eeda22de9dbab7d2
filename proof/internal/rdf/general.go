package rdf

import (
	"context"
	"crypto"
	"encoding/json"
	"maps"
	"slices"
)

// The size of a document is counted as it is read: one for each member and these. json-gold takes about 3 µs for one of it, and our
// own reading a tenth of that.
const (
	objectSize     = 5
	contextSize    = 10 // for each context applied
	entrySize      = 60 // for each entry of an @context that is made for its document alone
	definitionSize = 4  // for each definition in it
	reachTerms     = 16 // of such a context are one, each time that another is applied on it
	literalBytes   = 12 // of a JSON literal count one
)

// generalMost bounds the size of the documents that json-gold reads on behalf of others. A badge of 3 kB has about 500.
const (
	generalMost  = 10000
	generalUnits = 12 // of Processor.Sum for one
)

// secondReading is the canonical form of a document by json-gold's expansion and the conversion below. json-gold's safe mode
// holds for its expansion only, its conversion to RDF loses statements, its default loader opens files, and it panics on
// some inputs, so each is dealt with here. read is the length of what the first reading read.
func (p *Processor) secondReading(ctx context.Context, doc map[string]any, read int, hash crypto.Hash) ([]byte, error) {
	expanded, err := p.expand(doc)
	if err != nil {
		return nil, err
	}
	c := conversion{dataset: &dataset{read: read}}
	for _, node := range expanded {
		if _, err := c.node(node, defaultGraph); err != nil {
			return nil, err
		}
	}
	if err := c.whole(); err != nil {
		return nil, err
	}
	return (&canonicalizer{}).canonicalize(ctx, c.dataset, hash)
}

func unsafe(detail string) error { return &Error{Code: CodeUnsafeJSONLD, Detail: detail} }

// clone copies the arrays and objects of a JSON value.
func clone(value any) any {
	switch value := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(value))
		for name, member := range value {
			object[name] = clone(member)
		}
		return object
	case []any:
		array := make([]any, len(value))
		for i, member := range value {
			array[i] = clone(member)
		}
		return array
	}
	return value
}

// spellContexts is spellContext for every @context in a document.
func spellContexts(value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if name == "@context" {
				spellContext(member)
			} else {
				spellContexts(member)
			}
		}
	case []any:
		for _, member := range value {
			spellContexts(member)
		}
	}
}

// spellContext writes a context as json-gold takes it. A number (@version) becomes one of encoding/json. The null context of a
// term becomes null followed by the term itself: json-gold looks up the container of a property in the context that the property
// brings along, where a null context has taken the term away, so that each credential inside a presentation (VC Data Model 2.0
// Appendix B.1) would lose its own graph.
func spellContext(local any) {
	locals, isArray := local.([]any)
	if !isArray {
		locals = []any{local}
	}
	for _, local := range locals {
		object, _ := local.(map[string]any)
		for name, value := range object {
			if number, ok := value.(json.Number); ok {
				object[name], _ = number.Float64()
			}
			definition, _ := value.(map[string]any)
			scoped, has := definition["@context"]
			if scoped != nil {
				spellContext(scoped)
			} else if has {
				delete(definition, "@context")
				definition["@context"] = []any{nil, map[string]any{name: clone(definition)}}
			}
		}
	}
}

// conversion turns expanded JSON-LD into quads: node map generation (JSON-LD API 1.1 section 7.2) and the conversion of the
// map (section 8.1). What does not have the form of expanded JSON-LD is an error.
type conversion struct{ *dataset }

// node adds the statements of a node object, and of all below it, and returns its name.
func (c conversion) node(value any, graph node) (subject node, err error) {
	object, ok := value.(map[string]any)
	if !ok {
		return subject, unsafe("the second reading of the document has no form")
	}
	switch id, named := object["@id"].(string); {
	case named && isBlankLabel(id):
		subject, err = c.labelled(id[len("_:"):])
	case named:
		subject = c.iri(id)
	default:
		subject, err = c.fresh()
	}
	if err != nil {
		return subject, err
	}
	for _, property := range slices.Sorted(maps.Keys(object)) {
		values, _ := object[property].([]any)
		for _, value := range values {
			var object node
			switch property {
			case "@type":
				text, _ := value.(string)
				c.add(subject, c.iri(rdfType), c.iri(text), graph)
				continue
			case "@graph":
				_, err = c.node(value, subject)
			default:
				if object, err = c.object(value, graph); err == nil {
					c.add(subject, c.iri(property), object, graph)
				}
			}
			if err != nil {
				return subject, err
			}
		}
	}
	return subject, nil
}

// object converts one expanded value (section 8.2).
func (c conversion) object(value any, graph node) (node, error) {
	object, _ := value.(map[string]any)
	if _, isValue := object["@value"]; isValue {
		return c.value(object)
	}
	if list, isList := object["@list"].([]any); isList {
		return c.list(list, graph)
	}
	return c.node(value, graph)
}

// value converts a value object (section 8.2.2). A base direction becomes an i18n datatype (JSON-LD 1.1 section 4.2.4.1).
func (c conversion) value(object map[string]any) (node, error) {
	datatype, _ := object["@type"].(string)
	language, tagged := object["@language"].(string)
	direction, directed := object["@direction"].(string)
	text, isText := object["@value"].(string)
	switch {
	case datatype == "@json":
		text, err := appendCanonicalJSON(nil, object["@value"])
		if err != nil {
			return node{}, unsafe(err.Error())
		}
		return c.literal(string(text), rdfJSON, ""), nil
	case directed:
		return c.literal(text, i18n+language+"_"+direction, ""), nil
	case tagged:
		return c.literal(text, langString, language), nil
	case isText && datatype == "":
		return c.literal(text, xsdString, ""), nil
	case isText:
		return c.literal(text, datatype, ""), nil
	}
	if number, ok := object["@value"].(float64); ok {
		object = map[string]any{"@value": json.Number(canonicalDouble(number))}
	}
	text, own, err := lexical(object["@value"], datatype)
	if err != nil {
		return node{}, unsafe(err.Error())
	}
	if datatype == "" {
		datatype = own
	}
	return c.literal(text, datatype, ""), nil
}

// list converts a list to a chain of rdf:first and rdf:rest (section 8.3).
func (c conversion) list(list []any, graph node) (node, error) {
	rest := c.iri(rdfNil)
	for _, member := range slices.Backward(list) {
		object, err := c.object(member, graph)
		if err != nil {
			return node{}, err
		}
		cell, err := c.fresh()
		if err != nil {
			return node{}, err
		}
		c.add(cell, c.iri(rdfFirst), object, graph)
		c.add(cell, c.iri(rdfRest), rest, graph)
		rest = cell
	}
	return rest, nil
}
