package rdf

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

// walk goes over a document once and writes its statements: expansion (JSON-LD API 1.1 section 5.1), node map generation
// (section 7.2) and the conversion to RDF (section 8) are one pass here, as a dataset is a set and nodes with one identifier
// merge by themselves. It refuses whatever would not reach the dataset.
type walk struct {
	processor *Processor
	*dataset         // nil: the document is only judged
	inline    bool   // the document defines terms itself
	work      int    // contexts applied below the top, see contextWork
	size      int    // of what has been read, see generalMost
	path      []step // to the element being read

	members     []member                // of the objects being read, the innermost last
	credentials map[string]bool         // ids of the credentials among the objects met so far
	embeds      map[*activeContext]bool // contexts of embedded lists met so far
	choice      *choice                 // who selects the statements; nil where nobody asks
}

// step is one step of a JSON Pointer: a name, or an index when the name is "".
type step struct {
	name   string
	index  int
	isName bool
}

func (w *walk) enter(name string) { w.path = append(w.path, step{name: name, isName: true}) }
func (w *walk) enterItem(i int)   { w.path = append(w.path, step{index: i}) }
func (w *walk) leave()            { w.path = w.path[:len(w.path)-1] }

// at is the JSON Pointer of the element being read.
func (w *walk) at() string {
	var pointer strings.Builder
	for _, s := range w.path {
		if s.isName {
			pointer.WriteString(strict.Escape(s.name))
		} else {
			pointer.WriteByte('/')
			pointer.WriteString(strconv.Itoa(s.index))
		}
	}
	return pointer.String()
}

// fail is an error at the element being read.
func (w *walk) fail(code, detail string) error {
	return &Error{Code: code, Pointer: w.at(), Detail: detail}
}

// refuse is the error for what would not reach the dataset.
func (w *walk) refuse(format string, arguments ...any) error {
	return w.fail(CodeUnsafeJSONLD, fmt.Sprintf(format, arguments...))
}

// refuseMember is refuse for a member of the object being read.
func (w *walk) refuseMember(name, format string, arguments ...any) error {
	w.enter(name)
	return w.refuse(format, arguments...)
}

const (
	rdfType  = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
	rdfFirst = "http://www.w3.org/1999/02/22-rdf-syntax-ns#first"
	rdfRest  = "http://www.w3.org/1999/02/22-rdf-syntax-ns#rest"
	rdfNil   = "http://www.w3.org/1999/02/22-rdf-syntax-ns#nil"
)

// document reads a whole document.
func (w *walk) document(doc map[string]any) error {
	active := initialContext()
	if value, has := doc["@context"]; has {
		list, err := w.processor.contexts(value, "/@context")
		if err != nil {
			return err
		}
		if w.inline = list.inline; w.inline {
			w.size += list.size()
		}
		if active, err = w.processor.compile(list); err != nil {
			return err
		}
	}
	if err := w.object(active, position{}, &target{kind: toNothing, graph: defaultGraph}, doc); err != nil {
		return err
	}
	return w.whole()
}

// position is where an element stands: the active property of section 5.1.
type position struct {
	property string // name as written; "" at the top and in @graph
	term     *term  // its definition in the context outside the element, nil for none
	inGraph  bool   // a node that is not an object of a quad here: top, @graph, or a graph container
}

func (p position) list() bool { return p.term != nil && p.term.list }

// target is what becomes of the values of a property.
type target struct {
	kind      targetKind
	subject   node
	predicate node
	graph     node
	list      chain
	single    bool // toList: the value was written as one object, which may be the list itself,
	whole     bool // and is: its container adds nothing
	values    int  // so far
}

type targetKind uint8

const (
	toNothing targetKind = iota // a node of the graph: the top of the document, or a member of @graph
	toObject                    // object of subject and predicate
	toList                      // member of list
	toGraph                     // node of a graph of its own, which is object of subject and predicate (section 5.1.2 step 13.12)
)

// chain is a list on its way: cells linked by rdf:rest (section 8.3).
type chain struct{ head, last node }

// emit states what the value of a property is.
func (w *walk) emit(t *target, value node) error {
	t.values++
	switch t.kind {
	case toObject:
		w.add(t.subject, t.predicate, value, t.graph)
	case toList:
		cell, err := w.fresh()
		if err != nil {
			return err
		}
		if t.values == 1 {
			t.list.head = cell
		} else {
			w.add(t.list.last, w.iri(rdfRest), cell, t.graph)
		}
		w.add(cell, w.iri(rdfFirst), value, t.graph)
		t.list.last = cell
	}
	return w.whole()
}

// close ends a list and returns its head.
func (w *walk) close(t *target) node {
	if t.whole {
		return t.list.head
	}
	if t.values == 0 {
		return w.iri(rdfNil)
	}
	w.add(t.list.last, w.iri(rdfRest), w.iri(rdfNil), t.graph)
	return t.list.head
}

// element reads one value of a property, which may be any number of values (section 5.1.2 steps 1 to 5).
func (w *walk) element(active *activeContext, where position, to *target, value any) error {
	switch value := value.(type) {
	case nil:
		return w.refuse("null adds nothing to what is signed")
	case []any:
		for i, member := range value {
			w.enterItem(i)
			nested, isArray := member.([]any)
			if isArray && len(nested) == 0 && !where.list() {
				return w.refuse("an empty array adds nothing to what is signed")
			}
			if isArray && where.list() { // step 5.2.2
				inner := target{kind: toList, graph: to.graph}
				if err := w.element(active, where, &inner, member); err != nil {
					return err
				}
				if err := w.emit(to, w.close(&inner)); err != nil {
					return err
				}
			} else if err := w.element(active, where, to, member); err != nil {
				return err
			}
			w.leave()
		}
		return nil
	case map[string]any:
		return w.object(active, where, to, value)
	}
	if where.property == "" || where.inGraph {
		return w.refuse("a value stands where only an object is signed")
	}
	if where.term != nil && where.term.hasScoped { // step 4.2
		var err error
		if active, err = w.scoped(active, where.term, false); err != nil {
			return err
		}
	}
	object, err := w.scalar(active, where, value)
	if err != nil {
		return err
	}
	return w.emit(to, object)
}

// object reads a JSON object (section 5.1.2 steps 6 on).
func (w *walk) object(active *activeContext, where position, to *target, object map[string]any) error {
	if w.size += objectSize + len(object); w.inline && w.size > generalMost {
		return w.fail(CodeTooComplex, "the document is larger than one that defines terms itself may be")
	}
	if active.previous != nil && len(w.path) > 0 && !keepsTypeScope(active, object) { // step 7; step 9 is done for the top
		active = active.previous
	}
	var err error
	if where.term != nil && where.term.hasScoped { // step 8
		if active, err = w.scoped(active, where.term, false); err != nil {
			return err
		}
	}
	local, embedded := object["@context"]
	embedded = embedded && len(w.path) > 0
	if embedded { // step 9
		w.enter("@context")
		if active, err = w.embedded(active, where, local); err != nil {
			return err
		}
		if where.property != "proof" && !isCredential(active, object) {
			return untrusted(w.at(), "@context stands inside an object that is not a credential")
		}
		w.leave()
	}
	outer := active // step 10, the type-scoped context
	if active, err = w.typed(outer, object); err != nil {
		return err
	}
	scope := scope{active: active, outer: outer, first: len(w.members)}
	defer func() {
		clear(w.members[scope.first:]) // they hold parts of the document
		w.members = w.members[:scope.first]
	}()
	if err = w.expandNames(&scope, object); err != nil {
		return err
	}
	switch {
	case scope.value:
		literal, err := w.valueObject(scope, where)
		if err != nil {
			return err
		}
		return w.emit(to, literal)
	case scope.collection:
		return w.collection(scope, where, to)
	}
	if err := w.named(scope); err != nil {
		return err
	}
	return w.node(scope, where, to)
}

// keepsTypeScope reports whether a type-scoped context goes on to hold inside object: for values and references.
func keepsTypeScope(active *activeContext, object map[string]any) bool {
	for range active.members(object, "@value") {
		return true
	}
	if len(object) == 1 {
		for range active.members(object, "@id") {
			return true
		}
	}
	return false
}

// typed applies the type-scoped contexts of an object (section 5.1.2 step 11).
func (w *walk) typed(outer *activeContext, object map[string]any) (*activeContext, error) {
	active := outer
	for name, value := range outer.members(object, "@type") {
		w.enter(name)
		var last *term // a type that stands there again brings nothing new
		for _, text := range sortedTypes(value) {
			if t := outer.lookup(text); t != nil && t.hasScoped && t != last {
				var err error
				if active, err = w.scoped(active, t, true); err != nil {
					return nil, err
				}
				last = t
			}
		}
		w.leave()
	}
	return active, nil
}

// sortedTypes are the texts of a @type in order.
func sortedTypes(value any) []string {
	if text, ok := value.(string); ok {
		return []string{text}
	}
	texts := slices.Collect(typeNames(value))
	slices.Sort(texts)
	return texts
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

// scope is an object with what its names mean.
type scope struct {
	active     *activeContext // for names and values
	outer      *activeContext // for types: without the contexts that the types bring
	first      int            // of the object's members in walk.members; they stand in the order of names, without @context
	last       int
	value      bool // it is a value object,
	collection bool // or a list or set object

	values     int            // of all properties
	properties map[string]int // values by property, once all together are many
}

func (w *walk) membersOf(s scope) []member { return w.members[s.first:s.last] }

// member is one member of an object.
type member struct {
	name   string
	value  any
	term   *term  // nil for none
	iri    string // or keyword
	values int    // that it stands for
}

// expandNames expands the names of an object (section 5.1.2 steps 13.2 to 13.4.2).
func (w *walk) expandNames(s *scope, object map[string]any) error {
	for name, value := range object {
		if name != "@context" {
			w.members = append(w.members, member{name: name, value: value})
			w.reads(len(name))
		}
	}
	s.last = len(w.members)
	members := w.membersOf(*s)
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	var keywords [8]string // nobody writes more of them than mean something
	seen := keywords[:0]
	for i := range members {
		m := &members[i]
		m.term = s.active.lookup(m.name)
		if m.term != nil && !strings.HasPrefix(m.name, "@") {
			m.iri = m.term.iri
		} else {
			m.iri = s.active.expandIRI(m.name, true)
		}
		switch {
		case m.name == "":
			return w.refuseMember("", "a member name is empty")
		case strings.HasPrefix(m.iri, "@") && isKeyword(m.iri):
			if slices.Contains(seen, m.iri) {
				return w.refuseMember(m.name, "%s stands twice in one object", m.iri)
			}
			seen = append(seen, m.iri)
			s.value = s.value || m.iri == "@value"
			s.collection = s.collection || m.iri == "@list" || m.iri == "@set"
		case m.term == nil && !isAbsolute(m.iri), m.iri == "":
			return w.refuseMember(m.name, "no context defines %s, so it would not be signed", quote(m.name))
		}
	}
	return nil
}

// named refuses members of a node object that are named by an IRI, or by a keyword for which there is a term. The dataset
// would be the same, but whoever reads the document looks for the term: a credentialStatus under its IRI would be signed and
// not seen. (The VC Data Model 2.0 leaves both forms to processors that expand; section 6.3.)
func (w *walk) named(s scope) error {
	if w.processor.loose {
		return nil
	}
	for _, m := range w.membersOf(s) {
		if w.inline && m.name != m.iri {
			if fault := w.processor.words().fault(m.name, m.iri); fault != "" {
				return w.refuseMember(m.name, "%s", fault)
			}
		}
		if m.term != nil {
			// Some contexts give one IRI to a class and to a property (Image and image): the dataset does not tell them apart.
			if c := m.name[0]; c >= 'A' && c <= 'Z' && (!w.inline || len(w.processor.words().iris[m.name]) > 0) {
				return w.refuseMember(m.name, "a member is named by a word for a type, so readers would not see it")
			}
			continue
		}
		if strings.Contains(m.name, ":") {
			return w.refuseMember(m.name, "a member is named by an IRI and not by a term, so readers would not see it")
		}
		for _, a := range s.active.aliases {
			if m.name == a.keyword {
				return w.refuseMember(m.name, "a member is named %s where it has to be %s, so readers would not see it", m.name, quote(a.name))
			}
		}
	}
	return nil
}

// node reads a node object (section 5.1.2 steps 13 and 14).
func (w *walk) node(s scope, where position, to *target) error {
	subject, id, err := w.identify(s)
	if err != nil {
		return err
	}
	graph := to.graph
	if to.kind == toGraph {
		if graph, err = w.fresh(); err != nil {
			return err
		}
	}
	isCredential, states := false, false
	for i := range s.last - s.first {
		m := w.members[s.first+i] // not a pointer: the slice may move
		w.enter(m.name)
		switch {
		case m.iri == "@id":
			if !id.isSet {
				_, err = w.reference(s.active, m.value, false) // identify has left its error to this place
				return err
			}
		case m.iri == "@type":
			states = true
			isCredential, err = w.types(s.outer, subject, graph, m.value)
		case m.iri == "@graph":
			states = true
			if array, isArray := m.value.([]any); isArray && len(array) == 0 {
				return w.refuse("an empty @graph adds nothing to what is signed")
			}
			inner := target{kind: toNothing, graph: subject}
			if len(w.path) == 1 && s.last-s.first == 1 { // section 5.1.2 step 20, at the top
				inner.graph = defaultGraph
			}
			err = w.element(s.active, position{property: m.name, inGraph: true}, &inner, m.value)
		case strings.HasPrefix(m.iri, "@"):
			return w.refuse("%s is not used in credentials and is not read", m.iri)
		default:
			states = true
			err = w.statements(&s, i, subject, graph)
		}
		if err != nil {
			return err
		}
		w.leave()
	}
	if (where.property == "" || where.inGraph) && !states { // step 19
		return w.refuse("an object that says nothing stands where only statements are signed")
	}
	if to.kind == toGraph {
		w.add(to.subject, to.predicate, graph, to.graph)
		to.values++
	} else if err := w.emit(to, subject); err != nil {
		return err
	}
	if isCredential && id.isSet {
		return w.single(id.text)
	}
	return nil
}

// identifier is the @id of a node object as expanded.
type identifier struct {
	text  string
	isSet bool
}

// identify names the node of a node object, before its statements are written. An @id at fault is left to its place among the
// members.
func (w *walk) identify(s scope) (subject node, id identifier, err error) {
	iri := ""
	for _, m := range w.membersOf(s) {
		if text, isText := m.value.(string); isText && m.iri == "@id" {
			if iri = s.active.expandIRI(text, false); w.shortens(text, iri) {
				iri = "" // as if there were none; [walk.reference] says why
			}
			w.reads(len(text))
		}
	}
	switch {
	case isAbsolute(iri):
		return w.iri(iri), identifier{iri, true}, nil
	case isBlankLabel(iri):
		subject, err = w.labelled(iri[len("_:"):])
		return subject, identifier{iri, true}, err
	}
	subject, err = w.fresh()
	return subject, identifier{}, err
}

// statements reads the values of member i of an object, by the container of its term (section 5.1.2 steps 13.5 to 13.14).
func (w *walk) statements(s *scope, i int, subject, graph node) error {
	m := w.members[s.first+i]
	to := target{kind: toObject, subject: subject, predicate: w.iri(m.iri), graph: graph}
	where := position{property: m.name, term: m.term}
	t := m.term
	if t == nil {
		t = &term{}
	}
	array, isArray := m.value.([]any)
	var err error
	switch isJSON := t.coercion == "@json"; {
	case t.list:
		_, isObject := m.value.(map[string]any)
		list := target{kind: toList, graph: graph, single: isObject && !isJSON}
		if isJSON {
			err = w.jsonValue(&list, m.value)
		} else {
			err = w.element(s.active, where, &list, m.value)
		}
		if err == nil {
			err = w.emit(&to, w.close(&list))
		}
	case isJSON && t.graph:
		err = w.refuse("a value stands where only an object is signed")
	case isJSON:
		err = w.jsonValue(&to, m.value)
	case isArray && len(array) == 0:
		// It states nothing, with or without a signature: "evidence": [] is no evidence (JSON-LD 1.1 section 4.3).
	default:
		if t.graph {
			to.kind, where.inGraph = toGraph, true
		}
		err = w.element(s.active, where, &to, m.value)
	}
	if err != nil {
		return err
	}
	return w.count(s, i, to.values)
}

// jsonValue states a JSON literal, whatever JSON value it is (section 5.1.2 step 13.6).
func (w *walk) jsonValue(to *target, value any) error {
	text, err := w.jsonLiteral(value)
	if err != nil {
		return err
	}
	return w.emit(to, w.literal(text, rdfJSON, ""))
}

// count bounds the values of a property, which may stand under several names.
func (w *walk) count(s *scope, i, values int) error {
	most := credential.Limits.Values
	w.members[s.first+i].values = values
	if s.values += values; s.values <= most {
		return nil
	}
	if s.properties == nil {
		s.properties = map[string]int{}
		for _, m := range w.members[s.first : s.first+i] {
			s.properties[m.iri] += m.values
		}
	}
	iri := w.members[s.first+i].iri
	if s.properties[iri] += values; s.properties[iri] > most {
		return w.fail(CodeTooComplex, fmt.Sprintf("a property has more than %d values", most))
	}
	return nil
}

// single refuses a second object about one credential. In the dataset the two would be one node, so that a member could be
// moved to where nobody looks for it.
func (w *walk) single(id string) error {
	if w.credentials[id] {
		return w.refuse("two objects are the same credential")
	}
	if w.credentials == nil {
		w.credentials = map[string]bool{}
	}
	w.credentials[id] = true
	return nil
}
