package rdf

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// activeContext is the active context of JSON-LD API 1.1 section 4.1, for the features that the built-in contexts use: what
// every name and value in its reach means. It is a table of terms in layers, so that a scoped context costs its own terms and
// not a copy of all. It is immutable once [activeContext.process] has returned it, but for what it remembers in derived.
type activeContext struct {
	own      map[string]*term // terms of this layer; nil for a name that is being defined anew
	outer    *activeContext   // the layer below, nil for none
	layers   int              // below this one
	reach    int              // terms of all layers
	vocab    string           // vocabulary mapping, "" for none
	previous *activeContext   // what a type-scoped context is rolled back to, nil for none
	aliases  []alias          // the terms that stand for keywords, in the order of their names
	protects bool             // some term is protected
	private  bool             // made for one document
	derived  sync.Map         // derivation to *activeContext: the contexts that its terms bring along
}

// term is a term definition (JSON-LD API 1.1 section 4.2).
type term struct {
	iri       string // an absolute IRI or a keyword; "" when the term is mapped to null
	coercion  string // type mapping: "", "@id", "@vocab", "@json", "@none" or a datatype IRI
	prefix    bool   // may begin a compact IRI
	set       bool   // container mappings
	list      bool
	graph     bool
	protected bool
	hasScoped bool
	scoped    any // local context that this term brings along; nil is the null context
}

// alias is a term that stands for a keyword.
type alias struct{ name, keyword string }

// layersMost bounds the steps of a lookup; a context on top of so many layers is a copy of all its terms.
const layersMost = 4

// contextIRILongest bounds the IRIs of a context in bytes: each stands in the dataset as often as its term in the document.
const contextIRILongest = 512

// processing says how a local context is taken (parameters of JSON-LD API 1.1 section 4.1.2).
type processing struct {
	transient bool // propagate is false: the context holds for one node object only
	override  bool // a property-scoped context may redefine protected terms
	validate  bool // try the scoped contexts inside too; done once, when a context is loaded
}

func initialContext() *activeContext { return &activeContext{own: map[string]*term{}} }

// lookup returns the definition of a term, or nil.
func (active *activeContext) lookup(name string) *term {
	for layer := active; layer != nil; layer = layer.outer {
		if t, here := layer.own[name]; here {
			return t
		}
	}
	return nil
}

// layer returns a context without terms of its own on top of active, or on a copy when there are many layers.
func (active *activeContext) layer() *activeContext {
	result := &activeContext{own: map[string]*term{}, outer: active, layers: active.layers + 1, reach: active.reach,
		vocab: active.vocab, previous: active.previous, aliases: active.aliases, protects: active.protects, private: active.private}
	if result.layers >= layersMost {
		result.flatten()
	}
	return result
}

// flatten makes a context one layer.
func (active *activeContext) flatten() {
	all := map[string]*term{}
	var below func(layer *activeContext)
	below = func(layer *activeContext) {
		if layer.outer != nil {
			below(layer.outer)
		}
		maps.Copy(all, layer.own)
	}
	below(active)
	active.own, active.outer, active.layers = all, nil, 0
}

// process returns active with a local context applied (JSON-LD API 1.1 section 4.1.2). The local context is an object, null
// or an array of these. A feature that no built-in context uses is an error.
func (active *activeContext) process(local any, how processing) (*activeContext, error) {
	locals, isArray := local.([]any)
	if !isArray {
		locals = []any{local}
	}
	if object, ok := local.(map[string]any); ok { // step 2
		if propagate, has := object["@propagate"]; has {
			value, isBool := propagate.(bool)
			if !isBool {
				return nil, errors.New("@propagate is not true or false")
			}
			how.transient = !value
		}
	}
	result := active.layer() // step 1
	if how.transient && result.previous == nil {
		result.previous = active // step 3
	}
	for _, local := range locals {
		switch local := local.(type) {
		case nil: // step 5.1
			if !how.override && result.protects {
				return nil, errors.New("a null context would take away protected terms")
			}
			empty := initialContext()
			empty.private = active.private
			if how.transient {
				empty.previous = result
			}
			result = empty
		case map[string]any:
			if err := result.define(local, how); err != nil {
				return nil, err
			}
		default: // a string would be a remote context of another context: none that is known has one
			return nil, errors.New("a context is neither an object nor null")
		}
	}
	return result, nil
}

// define adds one context definition to a context that is still being built (JSON-LD API 1.1 section 4.1.2 steps 5.4 on).
func (active *activeContext) define(local map[string]any, how processing) error {
	definition := &contextDefinition{active: active, local: local, how: how, done: map[string]bool{}}
	names := slices.Sorted(maps.Keys(local))
	for _, name := range names {
		if !hasKeywordForm(name) {
			continue
		}
		value := local[name]
		switch name {
		case "@version":
			if !isVersion(value) {
				return errors.New("@version is not 1.1")
			}
		case "@protected":
			protected, ok := value.(bool)
			if !ok {
				return errors.New("@protected is not true or false")
			}
			definition.protected = protected
		case "@vocab":
			vocab, ok := value.(string)
			if !ok || !isAbsolute(vocab) || len(vocab) > contextIRILongest {
				return errors.New("@vocab is not an absolute IRI, or too long")
			}
			active.vocab = vocab
		case "@propagate": // judged by process
		default:
			return fmt.Errorf("the context uses %s, which is not supported", quote(name))
		}
	}
	for _, name := range names {
		if hasKeywordForm(name) {
			continue
		}
		if err := definition.term(name); err != nil {
			return err
		}
	}
	active.nameKeywords(names)
	active.reach += len(names)
	if !how.validate {
		return nil
	}
	for _, name := range names { // section 4.2.2 step 21.3, once all terms are there
		if t := active.own[name]; t != nil && t.hasScoped {
			if _, err := active.process(t.scoped, processing{override: true, validate: true}); err != nil {
				return fmt.Errorf("scoped context of %s: %w", quote(name), err)
			}
		}
	}
	return nil
}

// isVersion reports whether a value is 1.1, as encoding/json or the strict reader gives it.
func isVersion(value any) bool {
	if number, ok := value.(json.Number); ok {
		f, err := number.Float64()
		return err == nil && f == 1.1
	}
	return value == 1.1
}

// nameKeywords brings aliases up to date with the terms called names.
func (active *activeContext) nameKeywords(names []string) {
	changed := slices.DeleteFunc(slices.Clone(active.aliases), func(a alias) bool { return slices.Contains(names, a.name) })
	for _, name := range names {
		t := active.own[name]
		if t == nil {
			continue
		}
		active.protects = active.protects || t.protected
		if isKeyword(t.iri) {
			changed = append(changed, alias{name, t.iri})
		}
	}
	slices.SortFunc(changed, func(a, b alias) int { return strings.Compare(a.name, b.name) })
	active.aliases = changed
}

// members returns the members of object that mean keyword, in the order of their names.
func (active *activeContext) members(object map[string]any, keyword string) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		value, pending := object[keyword]
		for _, a := range active.aliases {
			if a.keyword != keyword {
				continue
			}
			if pending && keyword < a.name {
				if pending = false; !yield(keyword, value) {
					return
				}
			}
			if value, has := object[a.name]; has && !yield(a.name, value) {
				return
			}
		}
		if pending {
			yield(keyword, value)
		}
	}
}

// contextDefinition is one context object on its way into an active context.
type contextDefinition struct {
	active    *activeContext
	local     map[string]any
	how       processing
	protected bool
	done      map[string]bool // present: begun, true: defined
}

// term creates one term definition (JSON-LD API 1.1 section 4.2.2).
func (d *contextDefinition) term(name string) error {
	if done, begun := d.done[name]; begun { // step 1
		if !done {
			return errors.New("the context defines a term by itself")
		}
		return nil
	}
	if name == "" { // step 2
		return errors.New("a term is empty")
	}
	d.done[name] = false
	before := d.active.lookup(name) // steps 6 to 8
	d.active.own[name] = nil
	created, err := d.create(name, d.local[name])
	if err != nil {
		return fmt.Errorf("term %s: %w", quote(name), err)
	}
	if before != nil && before.protected && !d.how.override { // step 27
		created.protected = true
		if !reflect.DeepEqual(before, created) {
			return fmt.Errorf("the context gives the protected term %s another meaning", quote(name))
		}
		created = before
	}
	d.active.own[name] = created
	d.done[name] = true
	return nil
}

func (d *contextDefinition) create(name string, value any) (*term, error) {
	object, isObject := value.(map[string]any)
	created := &term{protected: d.protected}
	id, hasID := object["@id"]
	switch value := value.(type) {
	case nil: // step 12: kept, so that a later definition of a protected null term is seen
		return created, nil
	case string: // step 9
		id, hasID = value, true
	default:
		if !isObject {
			return nil, errors.New("the definition is neither a text nor an object")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(object)) { // step 26, narrowed to what is supported here
		switch key {
		case "@id", "@type", "@container", "@context", "@protected":
		default:
			return nil, fmt.Errorf("the definition uses %s, which is not supported", quote(key))
		}
	}
	if value, has := object["@protected"]; has {
		protected, ok := value.(bool)
		if !ok {
			return nil, errors.New("@protected is not true or false")
		}
		created.protected = protected
	}
	if hasID && id == nil {
		return created, nil
	}
	if err := d.identify(created, name, id, hasID); err != nil {
		return nil, err
	}
	if len(created.iri) > contextIRILongest {
		return nil, errors.New("its IRI is too long")
	}
	if last := created.iri[len(created.iri)-1:]; !isObject && !strings.ContainsAny(name, ":/") && strings.Contains(":/?#[]@", last) {
		created.prefix = !isKeyword(created.iri) // step 14.2.5
	}
	if err := d.coerce(created, object); err != nil {
		return nil, err
	}
	created.scoped, created.hasScoped = object["@context"]
	return created, nil
}

// identify sets the IRI mapping (JSON-LD API 1.1 section 4.2.2 steps 14 to 18).
func (d *contextDefinition) identify(created *term, name string, id any, hasID bool) error {
	text, isText := id.(string)
	switch {
	case hasID && !isText:
		return errors.New("@id is not a text")
	case hasID && text != name:
		if !isKeyword(text) && hasKeywordForm(text) {
			return fmt.Errorf("@id %s is a reserved word", quote(text))
		}
		iri, err := d.expand(text)
		if err != nil {
			return err
		}
		if iri == "@context" || !isKeyword(iri) && !isAbsolute(iri) {
			return fmt.Errorf("@id %s is not an absolute IRI", quote(text))
		}
		if strings.Contains(strings.Trim(name, ":"), ":") || strings.Contains(name, "/") { // step 14.2.4
			if same, err := d.expandSelf(name); err != nil || same != iri {
				return errors.New("a term in the form of an IRI is defined as another one")
			}
		}
		created.iri = iri
	case strings.Contains(name[1:], ":") || strings.Contains(name, "/"): // steps 15 and 16
		iri, err := d.expandSelf(name)
		if err != nil {
			return err
		}
		if !isAbsolute(iri) {
			return errors.New("the term is not an absolute IRI")
		}
		created.iri = iri
	case d.active.vocab != "": // step 18
		created.iri = d.active.vocab + name
	default:
		return errors.New("the term has no @id")
	}
	return nil
}

// coerce sets the type mapping and the container mapping (JSON-LD API 1.1 section 4.2.2 steps 13 and 19).
func (d *contextDefinition) coerce(created *term, object map[string]any) error {
	if value, has := object["@type"]; has {
		text, ok := value.(string)
		if !ok {
			return errors.New("@type is not a text")
		}
		switch text {
		case "@id", "@vocab", "@json", "@none":
			created.coercion = text
		default:
			iri, err := d.expand(text)
			if err != nil {
				return err
			}
			if !isAbsolute(iri) {
				return fmt.Errorf("@type %s is not an absolute IRI", quote(text))
			}
			if !isPlainDatatype(iri) {
				return fmt.Errorf("@type %s is not supported", quote(text))
			}
			if len(iri) > contextIRILongest {
				return errors.New("the IRI of @type is too long")
			}
			created.coercion = iri
		}
	}
	if value, has := object["@container"]; has {
		containers, isArray := value.([]any)
		if !isArray {
			containers = []any{value}
		}
		for _, container := range containers {
			switch container {
			case "@set":
				created.set = true
			case "@list":
				created.list = true
			case "@graph":
				created.graph = true
			default:
				return errors.New("@container holds what is not supported")
			}
		}
		if created.list && (created.set || created.graph) {
			return errors.New("@container holds @list beside another one")
		}
	}
	return nil
}

// expand is IRI expansion during context processing: a term of the same context is defined first.
func (d *contextDefinition) expand(value string) (string, error) {
	names := []string{value}
	if prefix, _, found := strings.Cut(value, ":"); found {
		names = append(names, prefix)
	}
	for _, name := range names {
		if _, local := d.local[name]; local && !isKeyword(name) && !d.done[name] {
			if err := d.term(name); err != nil {
				return "", err
			}
		}
	}
	return d.active.expandIRI(value, true), nil
}

// expandSelf expands a term in the form of an IRI as if it were not defined itself.
func (d *contextDefinition) expandSelf(name string) (string, error) {
	d.done[name] = true
	defer func() { d.done[name] = false }()
	return d.expand(name)
}

// expandIRI is IRI expansion (JSON-LD API 1.1 section 5.2.2), with vocab against terms and the vocabulary mapping. There is
// never a base, so a relative reference stays relative and [isAbsolute] finds it. A term mapped to null, or a word in the
// form of a keyword, gives "".
func (active *activeContext) expandIRI(value string, vocab bool) string {
	if strings.HasPrefix(value, "@") {
		if isKeyword(value) {
			return value
		}
		if hasKeywordForm(value) {
			return ""
		}
	}
	if t := active.lookup(value); t != nil && (vocab || isKeyword(t.iri)) {
		return t.iri
	}
	if colon := strings.IndexByte(value, ':'); colon > 0 {
		prefix, suffix := value[:colon], value[colon+1:]
		if prefix == "_" || strings.HasPrefix(suffix, "//") {
			return value
		}
		if t := active.lookup(prefix); t != nil && t.prefix {
			return t.iri + suffix
		}
		if isAbsolute(value) {
			return value
		}
	}
	if vocab && active.vocab != "" {
		return active.vocab + value
	}
	return value
}
