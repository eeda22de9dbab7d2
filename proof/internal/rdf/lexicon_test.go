package rdf

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/contexts"
)

// lexicon is what the names of a context mean, as far as a generator has to know it: read from the JSON of the contexts by
// plain rules of its own, so that what it draws does not follow the code under test.
type lexicon struct {
	terms      map[string]meaning
	vocabulary bool
	classes    []string // names with a capital or a digit in front
	properties []string
	derived    map[string]*lexicon
}

// meaning is a term definition, its texts as they are written.
type meaning struct {
	id, coercion string
	graph        bool
	scoped       any
	hasScoped    bool
	raw          any
}

// library is the built-in contexts by URL: their text for the readings, their value for the generator.
type library struct {
	urls  []string
	texts map[string]json.RawMessage
	terms map[string]any
	roots map[string]*lexicon
}

func builtIn(t testing.TB) *library {
	t.Helper()
	l := &library{texts: map[string]json.RawMessage{}, terms: map[string]any{}, roots: map[string]*lexicon{}}
	for _, c := range contexts.All() {
		var document map[string]any
		if err := json.Unmarshal(c.JSON, &document); err != nil {
			t.Fatal(err)
		}
		l.urls = append(l.urls, c.URL)
		l.texts[c.URL], l.terms[c.URL] = c.JSON, document["@context"]
	}
	return l
}

func (l *library) options() Options {
	return Options{loose: true, Context: func(url string) ([]byte, error) {
		if text, known := l.texts[url]; known {
			return text, nil
		}
		return nil, fmt.Errorf("unknown")
	}}
}

// of is the lexicon of a list of contexts on top of another one.
func (l *library) of(base *lexicon, urls []string) *lexicon {
	if base == nil {
		base = &lexicon{}
	}
	return base.child("contexts "+strings.Join(urls, " "), func() *lexicon {
		for _, url := range urls {
			base = base.with(l.terms[url])
		}
		return base
	})
}

// root is of on top of nothing, kept for all documents.
func (l *library) root(urls []string) *lexicon {
	key := strings.Join(urls, " ")
	if l.roots[key] == nil {
		l.roots[key] = l.of(nil, urls)
	}
	return l.roots[key]
}

func (x *lexicon) child(key string, build func() *lexicon) *lexicon {
	if known := x.derived[key]; known != nil {
		return known
	}
	if x.derived == nil {
		x.derived = map[string]*lexicon{}
	}
	x.derived[key] = build()
	return x.derived[key]
}

// with adds the terms of a local context.
func (x *lexicon) with(local any) *lexicon {
	next := &lexicon{terms: maps.Clone(x.terms), vocabulary: x.vocabulary}
	if locals, isArray := local.([]any); isArray {
		for _, local := range locals {
			next = next.with(local)
		}
		return next
	}
	object, _ := local.(map[string]any)
	if object == nil || next.terms == nil { // null, or the first
		next.terms = map[string]meaning{}
	}
	for name, definition := range object {
		if name == "@vocab" {
			next.vocabulary = true
		}
		if strings.HasPrefix(name, "@") {
			continue
		}
		m := meaning{raw: definition}
		switch definition := definition.(type) {
		case string:
			m.id = definition
		case map[string]any:
			m.id, _ = definition["@id"].(string)
			m.coercion, _ = definition["@type"].(string)
			m.graph = strings.Contains(fmt.Sprint(definition["@container"]), "@graph")
			m.scoped, m.hasScoped = definition["@context"]
		}
		next.terms[name] = m
	}
	for _, name := range slices.Sorted(maps.Keys(next.terms)) {
		if name == "" {
			continue
		}
		switch c := name[0]; {
		case strings.HasPrefix(next.terms[name].id, "@"):
		case c >= 'A' && c <= 'Z' || c >= '0' && c <= '9':
			next.classes = append(next.classes, name)
		default:
			next.properties = append(next.properties, name)
		}
	}
	return next
}

// inside is the lexicon in an object with these types.
func (x *lexicon) inside(types []string) *lexicon {
	active := x
	for _, name := range slices.Sorted(slices.Values(types)) {
		if m := x.terms[name]; m.hasScoped {
			active = active.child("type "+name, func() *lexicon { return active.with(m.scoped) })
		}
	}
	return active
}

// below is the lexicon in the objects of a property.
func (x *lexicon) below(property string, m meaning) *lexicon {
	if !m.hasScoped {
		return x
	}
	return x.child("property "+property+fmt.Sprint(m.id), func() *lexicon { return x.with(m.scoped) })
}

// agree reports whether two types do not define each other's terms anew.
func (x *lexicon) agree(a, b string) bool {
	first, _ := x.terms[a].scoped.(map[string]any)
	second, _ := x.terms[b].scoped.(map[string]any)
	for name, definition := range first {
		if other, has := second[name]; has && fmt.Sprint(other) != fmt.Sprint(definition) {
			return false
		}
	}
	return true
}

// words are the terms of all built-in contexts, those inside others too.
func (l *library) words() []string {
	all := map[string]bool{}
	var collect func(local any)
	collect = func(local any) {
		object, _ := local.(map[string]any)
		for name, definition := range object {
			id, isText := definition.(string)
			if strings.HasPrefix(name, "@") || strings.HasPrefix(id, "@") || isText && strings.HasSuffix(id, "#") {
				continue // keywords, their aliases, and prefixes
			}
			all[name] = true
			if inner, isObject := definition.(map[string]any); isObject {
				collect(inner["@context"])
			}
		}
	}
	for _, local := range l.terms {
		collect(local)
	}
	return slices.Sorted(maps.Keys(all))
}
