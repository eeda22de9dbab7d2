package rdf

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

// walk is one expansion (JSON-LD API 1.1 section 5.1) that refuses whatever would not reach the dataset. What it returns is
// expanded JSON-LD: node objects, value objects, list objects and graph objects as maps with the keywords as names.
type walk struct {
	contexts *Processor
	derived  map[derivation]*activeContext
	work     int // contexts applied below the top, see contextWork

	credentials map[string]bool // ids of the credentials among the objects met so far
}

// contextWork bounds the contexts that the objects of one document apply, as each costs the second reading a copy of all
// terms (up to 70 µs): a type or a property with a context of its own counts 1, each URL of an embedded @context, which costs
// about four times that, counts embeddedWork. A badge with 1,000 alignments and 1,000 pieces of evidence needs 2,100.
const (
	contextWork  = 10000
	embeddedWork = 4
)

func (w *walk) spend(work int, at string) error {
	if w.work += work; w.work > contextWork {
		return &Error{Code: CodeTooComplex, Pointer: at, Detail: "the objects of the document use more contexts than are read"}
	}
	return nil
}

// derivation names a context derived from another one, so that equal nodes of a document share the work.
type derivation struct {
	from      *activeContext
	scoped    *term  // derived by the context of a term
	transient bool   // as a type-scoped one
	urls      string // derived by an embedded @context
}

func refuse(at, format string, arguments ...any) error {
	return &Error{Code: CodeUnsafeJSONLD, Pointer: at, Detail: fmt.Sprintf(format, arguments...)}
}

// document expands a whole document.
func (w *walk) document(doc map[string]any) ([]any, error) {
	active := initialContext()
	if value, has := doc["@context"]; has {
		urls, err := contextURLs(value, "/@context")
		if err != nil {
			return nil, err
		}
		if active, err = w.contexts.compile(urls); err != nil {
			return nil, err
		}
	}
	expanded, err := w.object(active, position{}, doc)
	if err != nil {
		return nil, err
	}
	if top, ok := expanded[0].(map[string]any); ok && len(expanded) == 1 { // section 9.1.2, expand step 8.2
		if graph, has := top["@graph"].([]any); has && len(top) == 1 {
			return graph, nil
		}
	}
	return expanded, nil
}

// position is where an element stands: the active property of section 5.1.
type position struct {
	at       string // JSON Pointer of the element
	property string // name as written; "" at the top and in @graph
	term     *term  // its definition in the context outside the element, nil for none
	inGraph  bool   // a node that is not an object of a quad here: top, @graph, or a graph container
}

func (p position) list() bool { return p.term != nil && p.term.list }

// element expands one value of a property into any number of objects (section 5.1.2 steps 1 to 5).
func (w *walk) element(active *activeContext, where position, value any) ([]any, error) {
	switch value := value.(type) {
	case nil:
		return nil, refuse(where.at, "null adds nothing to what is signed")
	case []any:
		expanded := make([]any, 0, len(value))
		for i, member := range value {
			inner := where
			inner.at += "/" + strconv.Itoa(i)
			nested, isArray := member.([]any)
			if isArray && len(nested) == 0 && !where.list() {
				return nil, refuse(inner.at, "an empty array adds nothing to what is signed")
			}
			objects, err := w.element(active, inner, member)
			if err != nil {
				return nil, err
			}
			if isArray && where.list() { // step 5.2.2
				objects = []any{map[string]any{"@list": objects}}
			}
			expanded = append(expanded, objects...)
		}
		return expanded, nil
	case map[string]any:
		return w.object(active, where, value)
	}
	if where.property == "" || where.inGraph {
		return nil, refuse(where.at, "a value stands where only an object is signed")
	}
	if where.term != nil && where.term.hasScoped { // step 4.2
		var err error
		if active, err = w.scoped(active, where.term, false, where.at); err != nil {
			return nil, err
		}
	}
	object, err := w.scalar(active, where, value)
	if err != nil {
		return nil, err
	}
	return []any{object}, nil
}

// object expands a JSON object (section 5.1.2 steps 6 on).
func (w *walk) object(active *activeContext, where position, object map[string]any) ([]any, error) {
	if active.previous != nil && !keepsTypeScope(active, object) { // step 7
		active = active.previous
	}
	var err error
	if where.term != nil && where.term.hasScoped { // step 8
		if active, err = w.scoped(active, where.term, false, where.at); err != nil {
			return nil, err
		}
	}
	local, embedded := object["@context"]
	embedded = embedded && where.at != ""
	if embedded { // step 9
		if active, err = w.embedded(active, where, local); err != nil {
			return nil, err
		}
	}
	outer := active // step 10, the type-scoped context
	names := slices.Sorted(maps.Keys(object))
	if embedded && !isCredential(outer, object) {
		return nil, untrusted(where.at+"/@context", "@context stands inside an object that is not a credential")
	}
	if active, err = w.typed(outer, names, object, where.at); err != nil {
		return nil, err
	}
	scope := scope{active: active, outer: outer, object: object}
	if err = scope.expandNames(names, where.at); err != nil {
		return nil, err
	}
	switch {
	case scope.has("@value"):
		value, err := w.valueObject(scope, where)
		if err != nil {
			return nil, err
		}
		return []any{value}, nil
	case scope.has("@list"), scope.has("@set"):
		return w.collection(scope, where)
	}
	if err := w.named(scope, where.at); err != nil {
		return nil, err
	}
	node, err := w.node(scope, where)
	if err != nil {
		return nil, err
	}
	return []any{node}, w.single(node, where.at)
}

// keepsTypeScope reports whether a type-scoped context goes on to hold inside object: for values and references.
func keepsTypeScope(active *activeContext, object map[string]any) bool {
	for name := range object {
		switch active.expandIRI(name, true) {
		case "@value":
			return true
		case "@id":
			if len(object) == 1 {
				return true
			}
		}
	}
	return false
}

// typed applies the type-scoped contexts of an object (section 5.1.2 step 11).
func (w *walk) typed(outer *activeContext, names []string, object map[string]any, at string) (*activeContext, error) {
	active := outer
	for _, name := range names {
		if name == "@context" || outer.expandIRI(name, true) != "@type" {
			continue
		}
		for _, text := range slices.Sorted(typeNames(object[name])) {
			if t := outer.terms[text]; t != nil && t.hasScoped {
				var err error
				if active, err = w.scoped(active, t, true, at+strict.Escape(name)); err != nil {
					return nil, err
				}
			}
		}
	}
	return active, nil
}

// typeNames are the texts of a @type; anything else is refused with its pointer when the types are expanded.
func typeNames(value any) iter.Seq[string] {
	values, isArray := value.([]any)
	if !isArray {
		values = []any{value}
	}
	return func(yield func(string) bool) {
		for _, value := range values {
			if text, ok := value.(string); ok && !yield(text) {
				return
			}
		}
	}
}

// scoped applies the context of a term: type-scoped ones do not propagate, property-scoped ones may redefine protected terms.
func (w *walk) scoped(active *activeContext, t *term, transient bool, at string) (*activeContext, error) {
	if err := w.spend(1, at); err != nil {
		return nil, err
	}
	key := derivation{from: active, scoped: t, transient: transient}
	if derived, known := w.derived[key]; known {
		return derived, nil
	}
	derived, err := active.process(t.scoped, processing{transient: transient, override: !transient})
	if err != nil {
		return nil, untrusted(at, "%s", err)
	}
	w.derived[key] = derived
	return derived, nil
}

// scope is an object with what its names mean.
type scope struct {
	active *activeContext // for names and values
	outer  *activeContext // for types: without the contexts that the types bring
	object map[string]any
	names  []string          // sorted, without @context
	keys   map[string]string // name to absolute IRI or keyword
	words  map[string]bool   // the keywords among keys
}

func (s scope) has(keyword string) bool { return s.words[keyword] }

// expandNames expands the names of an object (section 5.1.2 steps 13.2 to 13.4.2).
func (s *scope) expandNames(names []string, at string) error {
	s.keys, s.words = make(map[string]string, len(names)), map[string]bool{}
	for _, name := range names {
		if name == "@context" {
			continue
		}
		iri := s.active.expandIRI(name, true)
		switch {
		case name == "":
			return refuse(at+"/", "a member name is empty")
		case s.words[iri]:
			return refuse(at+strict.Escape(name), "%s stands twice in one object", iri)
		case isKeyword(iri):
			s.words[iri] = true
		case !isAbsolute(iri):
			return refuse(at+strict.Escape(name), "no context defines %s, so it would not be signed", quote(name))
		}
		s.names = append(s.names, name)
		s.keys[name] = iri
	}
	return nil
}

// named refuses members of a node object that are named by an IRI, or by a keyword for which there is a term. The dataset
// would be the same, but whoever reads the document looks for the term: a credentialStatus under its IRI would be signed and
// not seen. (The VC Data Model 2.0 leaves both forms to processors that expand; section 6.3.)
func (w *walk) named(s scope, at string) error {
	if w.contexts.loose {
		return nil
	}
	for _, name := range s.names {
		if s.active.terms[name] != nil {
			continue
		}
		if strings.Contains(name, ":") {
			return refuse(at+strict.Escape(name), "a member is named by an IRI and not by a term, so readers would not see it")
		}
		for alias, t := range s.active.terms {
			if isKeyword(name) && t.iri == name {
				return refuse(at+strict.Escape(name), "a member is named %s where it has to be %s, so readers would not see it", name, quote(alias))
			}
		}
	}
	return nil
}

// single refuses a second object about one credential. In the dataset the two would be one node, so that a member could be
// moved to where nobody looks for it.
func (w *walk) single(node map[string]any, at string) error {
	kinds, _ := node["@type"].([]any)
	id, hasID := node["@id"].(string)
	if !hasID || !slices.Contains(kinds, any(credentialType)) {
		return nil
	}
	if w.credentials[id] {
		return refuse(at, "two objects are the same credential")
	}
	if w.credentials == nil {
		w.credentials = map[string]bool{}
	}
	w.credentials[id] = true
	return nil
}

// node expands a node object (section 5.1.2 steps 13 and 14).
func (w *walk) node(s scope, where position) (map[string]any, error) {
	node := map[string]any{}
	for _, name := range s.names {
		iri, value, at := s.keys[name], s.object[name], where.at+strict.Escape(name)
		var err error
		switch {
		case iri == "@id":
			node["@id"], err = reference(s.active, value, at, false)
		case iri == "@type":
			node["@type"], err = types(s.outer, value, at)
		case iri == "@graph":
			if array, isArray := value.([]any); isArray && len(array) == 0 {
				return nil, refuse(at, "an empty @graph adds nothing to what is signed")
			}
			node["@graph"], err = w.property(s.active, position{at: at, property: name, inGraph: true}, value)
		case isKeyword(iri):
			return nil, refuse(at, "%s is not used in credentials and is not read", iri)
		default:
			var objects []any
			objects, err = w.property(s.active, position{at: at, property: name, term: s.active.terms[name]}, value)
			if before, has := node[iri].([]any); has {
				objects = append(before, objects...)
			}
			if len(objects) > credential.Limits.Values {
				return nil, &Error{Code: CodeTooComplex, Pointer: at, Detail: fmt.Sprintf("a property has more than %d values", credential.Limits.Values)}
			}
			node[iri] = objects
		}
		if err != nil {
			return nil, err
		}
	}
	if _, hasID := node["@id"]; where.property == "" || where.inGraph {
		if len(node) == 0 || hasID && len(node) == 1 { // step 19
			return nil, refuse(where.at, "an object that says nothing stands where only statements are signed")
		}
	}
	return node, nil
}

// property expands the values of one property and applies its container (section 5.1.2 steps 13.5 to 13.14).
func (w *walk) property(active *activeContext, where position, value any) ([]any, error) {
	t := where.term
	if t == nil {
		t = &term{}
	}
	if t.coercion == "@json" {
		return []any{map[string]any{"@type": "@json", "@value": value}}, nil
	}
	where.inGraph = where.inGraph || t.graph
	// An empty array states nothing, with or without a signature: "evidence": [] is no evidence (JSON-LD 1.1 section 4.3).
	if array, isArray := value.([]any); isArray && len(array) == 0 && !t.list {
		return []any{}, nil
	}
	objects, err := w.element(active, where, value)
	if err != nil {
		return nil, err
	}
	if t.list && !isListObject(value, objects) {
		objects = []any{map[string]any{"@list": objects}}
	}
	if t.graph {
		for i, object := range objects {
			objects[i] = map[string]any{"@graph": []any{object}}
		}
	}
	return objects, nil
}

// isListObject reports whether a value was written as a list object already, so that its container adds nothing.
func isListObject(value any, objects []any) bool {
	if _, written := value.(map[string]any); !written || len(objects) != 1 {
		return false
	}
	_, list := objects[0].(map[string]any)["@list"]
	return list
}
