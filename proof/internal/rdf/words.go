package rdf

import (
	"slices"
	"strings"
	"sync"
)

// words are the terms of contexts, in whatever scope, with what they stand for.
type words struct {
	names map[string][]string // by IRI or keyword
	iris  map[string][]string // by name
}

// wordsOf reads the contexts at urls, each for itself, once somebody asks.
func (p *Processor) wordsOf(urls []string) func() words {
	return sync.OnceValue(func() words {
		found := words{map[string][]string{}, map[string][]string{}}
		for _, url := range urls {
			loaded, err := p.load(url)
			if err != nil {
				continue // what cannot be loaded names nothing in a document either
			}
			if active, err := initialContext().process(loaded.local, processing{}); err == nil {
				found.collect(active, loaded.local)
			}
		}
		return found
	})
}

// collect adds the terms that a local context defines, as they are in active, and those of the contexts that they bring along.
func (w words) collect(active *activeContext, local any) {
	switch local := local.(type) {
	case []any:
		for _, member := range local {
			w.collect(active, member)
		}
	case map[string]any:
		for name := range local {
			t := active.lookup(name)
			if t == nil || t.iri == "" {
				continue
			}
			if !slices.Contains(w.names[t.iri], name) {
				w.names[t.iri] = append(w.names[t.iri], name)
				w.iris[name] = append(w.iris[name], t.iri)
			}
			if scoped, err := active.process(t.scoped, processing{override: true}); t.hasScoped && err == nil {
				w.collect(scoped, t.scoped)
			}
		}
	}
}

// fault says why a name may not stand for an IRI in a document that defines terms itself, or "". Whoever reads the document by the
// words would not see what has another name, and would see what it does not say under a word with another meaning. Words of
// schema.org may stand for its own: they mean the same.
func (w words) fault(name, iri string) string {
	names, iris := w.names[iri], w.iris[name]
	switch {
	case len(names) > 0 && !slices.Contains(names, name):
		return "a context of the document gives " + quote(iri) + " another name, so readers would not see it"
	case len(iris) > 0 && !slices.Contains(iris, iri) && !strings.HasPrefix(iri, "https://schema.org/") && !strings.HasPrefix(iri, "http://schema.org/"):
		return "a context of the document gives the word " + quote(name) + " another meaning, so readers would take it for what it is not"
	}
	return ""
}
