package rdf

import (
	"slices"
	"sync"
)

// words gives the terms under which contexts name an IRI or a keyword, in whatever scope.
type words map[string][]string

// wordsOf reads the contexts at urls, each for itself, once somebody asks.
func (p *Processor) wordsOf(urls []string) func() words {
	return sync.OnceValue(func() words {
		found := words{}
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
func (v words) collect(active *activeContext, local any) {
	switch local := local.(type) {
	case []any:
		for _, member := range local {
			v.collect(active, member)
		}
	case map[string]any:
		for name := range local {
			t := active.lookup(name)
			if t == nil || t.iri == "" {
				continue
			}
			if !slices.Contains(v[t.iri], name) {
				v[t.iri] = append(v[t.iri], name)
			}
			if scoped, err := active.process(t.scoped, processing{override: true}); t.hasScoped && err == nil {
				v.collect(scoped, t.scoped)
			}
		}
	}
}

// renames says whether a name stands for an IRI that has other names only: whoever reads the document by those would not see it.
func (v words) renames(name, iri string) bool {
	names := v[iri]
	return len(names) > 0 && !slices.Contains(names, name)
}
