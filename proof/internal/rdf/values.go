package rdf

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// reference expands the value of @id, or of a property whose values are @id or @vocab.
func (w *walk) reference(active *activeContext, value any, vocab bool) (node, error) {
	text, ok := value.(string)
	if !ok {
		return node{}, w.refuse("an identifier is not a text")
	}
	w.reads(len(text))
	iri := active.expandIRI(text, vocab)
	switch {
	case w.shortens(text, iri):
		return node{}, w.refuse("%s is written short by a context of the document, so readers would take it for another", quote(text))
	case isAbsolute(iri):
		return w.iri(iri), nil
	case isBlankLabel(iri):
		return w.labelled(iri[len("_:"):])
	}
	return node{}, w.refuse("%s is not an absolute IRI, so it would not be signed", quote(text))
}

// shortens says whether a document that defines terms itself writes an identifier with a prefix.
func (w *walk) shortens(text, iri string) bool {
	return w.inline && !w.processor.loose && text != iri && strings.Contains(text, ":")
}

// types states the types of a node (section 5.1.2 step 13.4.4), and says whether it is a credential.
func (w *walk) types(outer *activeContext, subject, graph node, value any) (isCredential bool, err error) {
	state := func(value any) error {
		iri, err := w.typeIRI(outer, value)
		if err == nil {
			isCredential = isCredential || iri == credentialType
			w.add(subject, w.iri(rdfType), w.iri(iri), graph)
		}
		return err
	}
	values, isArray := value.([]any)
	if !isArray {
		return isCredential, state(value)
	}
	if len(values) == 0 {
		return false, w.refuse("an empty array adds nothing to what is signed")
	}
	for i, value := range values {
		w.enterItem(i)
		if err := state(value); err != nil {
			return false, err
		}
		w.leave()
	}
	return isCredential, nil
}

func (w *walk) typeIRI(outer *activeContext, value any) (string, error) {
	text, ok := value.(string)
	if !ok {
		return "", w.refuse("a type is not a text")
	}
	w.reads(len(text))
	iri := outer.expandIRI(text, true)
	if w.inline && !w.processor.loose && text != iri {
		if fault := w.processor.words().fault(text, iri); fault != "" {
			return "", w.refuse("%s", fault)
		}
	}
	if text == "" || !isAbsolute(iri) {
		return "", w.refuse("no context defines the type %s, so it would not be signed", quote(text))
	}
	return iri, nil
}

// scalar is value expansion (section 5.3.2): a text, number or boolean by the type mapping of its property.
func (w *walk) scalar(active *activeContext, where position, value any) (node, error) {
	coercion := ""
	if t := active.lookup(where.property); t != nil {
		coercion = t.coercion
	}
	text, isText := value.(string)
	switch {
	case isText && (coercion == "@id" || coercion == "@vocab"): // steps 1 and 2
		return w.reference(active, text, coercion == "@vocab")
	case coercion == "" || strings.HasPrefix(coercion, "@"):
		return w.native(value, "")
	}
	return w.typedValue(value, coercion)
}

// typedValue is a value with a datatype.
func (w *walk) typedValue(value any, datatype string) (node, error) {
	if text, isText := value.(string); isText && datatype == xsdDouble && !isCanonicalDouble(text) {
		return node{}, w.refuse("a text of type xsd:double is not in canonical form")
	}
	return w.native(value, datatype)
}

// native is a text, number or boolean as a literal (section 8.2.2); "" is the datatype of its kind.
func (w *walk) native(value any, datatype string) (node, error) {
	if text, isText := value.(string); isText {
		w.reads(len(text))
		if datatype == "" {
			datatype = xsdString
		}
		return w.literal(text, datatype, ""), nil
	}
	text, own, err := lexical(value, datatype)
	if err != nil {
		return node{}, w.refuse("%s", err)
	}
	if datatype == "" {
		datatype = own
	}
	return w.literal(text, datatype, ""), nil
}

// valueObject reads an object with @value (section 5.1.2 steps 13.4.7 to 13.4.9 and 15).
func (w *walk) valueObject(s scope, where position) (node, error) {
	if where.property == "" || where.inGraph {
		return node{}, w.refuse("a value stands where only an object is signed")
	}
	var value, datatype, language, direction *member
	members := w.membersOf(s)
	for i := range members {
		m := &members[i]
		switch m.iri {
		case "@value":
			value = m
		case "@type":
			datatype = m
		case "@language":
			language = m
		case "@direction":
			direction = m
		default:
			return node{}, w.refuseMember(m.name, "a value object has a member that is not signed")
		}
	}
	if datatype != nil && (language != nil || direction != nil) {
		return node{}, w.refuseMember(datatype.name, "a value has both a type and a language or direction")
	}
	if datatype != nil {
		if text, ok := datatype.value.(string); ok && s.outer.expandIRI(text, true) == "@json" {
			w.enter(value.name)
			text, err := w.jsonLiteral(value.value)
			w.leave()
			return w.literal(text, rdfJSON, ""), err
		}
	}
	text, isText := value.value.(string)
	switch value.value.(type) {
	case string, bool, json.Number:
	case nil:
		return node{}, w.refuseMember(value.name, "null adds nothing to what is signed")
	default:
		return node{}, w.refuseMember(value.name, "@value is neither a text, a number nor a boolean")
	}
	if datatype != nil {
		return w.typedObject(s, value, datatype)
	}
	tag := ""
	if language != nil {
		var ok bool
		if tag, ok = language.value.(string); !ok || !isText || !isLanguageTag(tag) {
			return node{}, w.refuseMember(language.name, "@language is not a well-formed language tag of a text")
		}
		tag = strings.ToLower(tag) // as both readings do; section 5.1.2 step 13.4.8 allows it
	}
	switch {
	case direction != nil: // an i18n datatype, so that it is signed (JSON-LD 1.1 section 4.2.4.1)
		if !isText || direction.value != "ltr" && direction.value != "rtl" {
			return node{}, w.refuseMember(direction.name, "@direction is not ltr or rtl of a text")
		}
		return w.literal(text, i18n+tag+"_"+direction.value.(string), ""), nil
	case language != nil:
		return w.literal(text, langString, tag), nil
	}
	return w.native(value.value, "")
}

// typedObject is the literal of a value object with @type.
func (w *walk) typedObject(s scope, value, datatype *member) (node, error) {
	w.enter(datatype.name)
	iri, err := w.typeIRI(s.outer, datatype.value)
	if err == nil && !isPlainDatatype(iri) {
		err = w.refuse("the datatype %s cannot be given by name", quote(iri))
	}
	if err != nil {
		return node{}, err
	}
	w.leave()
	w.enter(value.name)
	defer w.leave()
	return w.typedValue(value.value, iri)
}

// isPlainDatatype tells the datatypes that may be given by name. Literals of the others need more than their text, or have a form of
// their own in JSON-LD (@language, @json, @direction), which would then share one signature with this one.
func isPlainDatatype(iri string) bool {
	return iri != langString && iri != rdfJSON && !strings.HasPrefix(iri, i18n)
}

// isCanonicalDouble tells a text of datatype xsd:double that is a canonical number. JSON-LD API 1.1 section 8.6 leaves any other
// as it stands, while other processors write it anew, and infinity as NaN: two texts would share one signature.
func isCanonicalDouble(text string) bool {
	f, err := strconv.ParseFloat(text, 64)
	return err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) && canonicalDouble(f) == text
}

// collection reads an object with @list or @set (section 5.1.2 steps 13.4.11, 13.4.12 and 17).
func (w *walk) collection(s scope, where position, to *target) error {
	members := w.membersOf(s)
	if len(members) > 1 {
		return w.refuse("a list or set object has a member that is not signed")
	}
	m := members[0]
	array, isArray := m.value.([]any)
	if m.iri == "@set" {
		w.enter(m.name)
		defer w.leave()
		if isArray && len(array) == 0 {
			return w.refuse("an empty array adds nothing to what is signed")
		}
		to.single = false
		return w.element(s.active, where, to, m.value)
	}
	if where.property == "" || where.inGraph {
		return w.refuse("a list stands where only an object is signed")
	}
	w.enter(m.name)
	defer w.leave()
	for i, member := range array {
		if _, nested := member.([]any); nested && !where.list() {
			w.enterItem(i)
			return w.refuse("an array stands inside a list object; write it as a list object")
		}
	}
	list := target{kind: toList, graph: to.graph}
	if err := w.element(s.active, where, &list, m.value); err != nil {
		return err
	}
	head := w.close(&list)
	if to.kind == toList && to.single && to.values == 0 { // section 5.1.2 step 13.11
		to.list.head, to.whole = head, true
		return nil
	}
	return w.emit(to, head)
}

// jsonLiteral is the text of a JSON literal (section 8.2.2 step 4).
func (w *walk) jsonLiteral(value any) (string, error) {
	text, err := appendCanonicalJSON(nil, value)
	if err != nil {
		return "", w.refuse("%s", err)
	}
	w.reads(len(text))
	w.size += len(text) / literalBytes
	return string(text), nil
}
