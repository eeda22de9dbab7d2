package rdf

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
)

// edits reads choices from a string of bytes; where that ends, so do the edits.
type edits struct{ bytes []byte }

func (e *edits) pick(n int) int {
	if len(e.bytes) == 0 || n < 2 {
		return 0
	}
	choice := int(e.bytes[0])
	e.bytes = e.bytes[1:]
	if n > 256 && len(e.bytes) > 0 {
		choice = choice<<8 | int(e.bytes[0])
		e.bytes = e.bytes[1:]
	}
	return choice % n
}

// spot is where a value stands: a member of an object, or an element of an array.
type spot struct {
	object map[string]any
	name   string
	array  []any
	index  int
}

func (s spot) get() any {
	if s.object != nil {
		return s.object[s.name]
	}
	return s.array[s.index]
}

func (s spot) set(value any) {
	if s.object != nil {
		s.object[s.name] = value
	} else {
		s.array[s.index] = value
	}
}

func spots(value any, to []spot) []spot {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			to = spots(value[name], append(to, spot{object: value, name: name}))
		}
	case []any:
		for i, member := range value {
			to = spots(member, append(to, spot{array: value, index: i}))
		}
	}
	return to
}

var (
	someKeywords = []string{"@id", "@type", "@value", "@language", "@direction", "@list", "@set", "@graph", "@index", "@reverse", "@included", "@nest", "@json", "@none", "@base", "@vocab",
		"@version", "@protected", "@propagate", "@import", "@container", "@prefix", "@default", "@foo", "@", "@1", "id", "type", ""}
	wrappings = []string{"@set", "@list", "@value", "@graph", "id", "@id", "type", "@type", "urn:p", "name", "proof", "verifiableCredential", "endorsement", "credentialSubject", "jsonSchema"}
	scraps    = []any{nil, true, false, "", "x", "en", "ltr", "rtl", "@json", "@id", "@vocab", "@none", "_:a", "_:b0", "INF", "-INF", "NaN", "0x1p-2", "1.0E0", "1.0e0", " ", "urn:a b", "id", "type",
		"name", "xsd:double", xsdDouble, xsdInteger, langString, rdfJSON, rdfType, rdfNil, i18n + "en_rtl", "Profile", "VerifiableCredential", credentialType, "urn:a", "a:b:c", "cred:x",
		json.Number("0"), json.Number("-0"), json.Number("1.0"), json.Number("5e-1"), json.Number("1e21"), json.Number("9007199254740993"), json.Number("1e400"), json.Number("1.5e300")}
	oddities = []string{"\x00", "\x1f", "\x7f", "\u0085", "\u00a0", "\u2028", "\ufeff", "\ufffd", "\"", "\\", "<", ">", " ", "{", "|", "^", "`", "#", ":", "//", "/", "@", "_:", "é", "名", "𝒳"}
)

// mutate edits a document in place, as the bytes say.
func (l *library) mutate(doc map[string]any, bytes []byte) {
	e := &edits{bytes}
	scrap := func() any {
		if e.pick(4) == 0 {
			return pickOf(e, []any{[]any{}, map[string]any{}, []any{[]any{}}, map[string]any{"@value": "x"}, map[string]any{"id": "urn:a"}, map[string]any{"@list": []any{}}})
		}
		return pickOf(e, scraps)
	}
	for turn := 0; len(e.bytes) > 0 && turn < 24; turn++ {
		all := spots(doc, nil)
		if len(all) == 0 || len(all) > 2500 {
			return
		}
		at := all[e.pick(len(all))]
		value := at.get()
		switch e.pick(16) {
		case 0, 1:
			if at.object != nil {
				delete(at.object, at.name)
			} else {
				at.set(scrap())
			}
		case 2: // swap
			other := all[e.pick(len(all))]
			mine, its := copied(value), copied(other.get())
			at.set(its)
			other.set(mine)
		case 3, 4: // copy a member elsewhere
			other := all[e.pick(len(all))]
			if name := other.name; at.object != nil && name != "" {
				at.object[name] = copied(other.get())
			} else {
				at.set(copied(other.get()))
			}
		case 5: // rename
			if at.object != nil {
				delete(at.object, at.name)
				at.object[l.word(e)] = value
			}
		case 6: // another type
			if object, ok := value.(map[string]any); ok {
				object[pickOf(e, []string{"type", "@type"})] = pickOf(e, []any{l.word(e), []any{l.word(e), l.word(e)}})
			}
		case 7:
			at.set([]any{value})
		case 8:
			at.set(map[string]any{pickOf(e, wrappings): value})
		case 9: // unwrap
			if inner := simpler(value); len(inner) > 0 {
				at.set(copied(inner[e.pick(len(inner))]))
			}
		case 10:
			at.set(copied(scrap()))
		case 11: // a keyword more
			if object, ok := value.(map[string]any); ok {
				object[pickOf(e, someKeywords)] = copied(scrap())
			}
		case 12: // contexts
			if object, ok := value.(map[string]any); ok {
				object["@context"] = l.someContext(e)
			} else if e.pick(4) == 0 {
				doc["@context"] = l.someContext(e)
			}
		case 13: // the same again
			at.set([]any{value, copied(value)})
		case 14: // an odd character
			if text, ok := value.(string); ok {
				runes := []rune(text)
				place := e.pick(len(runes) + 1)
				at.set(string(runes[:place]) + pickOf(e, oddities) + string(runes[min(len(runes), place+e.pick(2)):]))
			}
		case 15:
			at.set(map[string]any{"@value": value, pickOf(e, []string{"@type", "@language", "@direction", "@index"}): copied(scrap())})
		}
	}
}

func pickOf[T any](e *edits, from []T) T { return from[e.pick(len(from))] }

// word is a term of some context, or a keyword.
func (l *library) word(e *edits) string {
	if e.pick(6) == 0 {
		return pickOf(e, someKeywords)
	}
	terms := l.root([]string{pickOf(e, l.urls)})
	words := append(slices.Clone(terms.classes), terms.properties...)
	if len(words) == 0 {
		return "urn:p"
	}
	if class := pickOf(e, words); e.pick(2) == 0 {
		if inner := terms.inside([]string{class}).properties; len(inner) > 0 {
			return pickOf(e, inner)
		}
	} else {
		return class
	}
	return "name"
}

func (l *library) someContext(e *edits) any {
	switch e.pick(8) {
	case 0:
		return nil
	case 1:
		return map[string]any{"name": "urn:other"}
	case 2:
		return []any{}
	case 3:
		return []any{pickOf(e, l.urls), pickOf(e, l.urls)}
	case 4:
		return pickOf(e, l.urls)
	}
	return texts(pickOf(e, recipes).contexts)
}

// mutated is a generated document or one of the corpus, edited; nil for one that is no document any more.
func (l *library) mutated(corpus []map[string]any, seed uint64, bytes []byte) map[string]any {
	doc := l.document(seed/2, seed%20 == 0)
	if seed%2 == 1 && len(corpus) > 0 {
		doc = copied(corpus[seed/2%uint64(len(corpus))]).(map[string]any)
	}
	l.mutate(doc, bytes)
	value, err := strict.Object([]byte(written(doc)), credential.JSONLimits())
	if err != nil {
		return nil
	}
	return value
}

// corpusSeeds are real documents whose contexts are built in, where there are any.
func corpusSeeds(t testing.TB, l *library) (seeds []map[string]any) {
	t.Helper()
	home := cmp.Or(os.Getenv("LAUREL_REFERENCE"), filepath.Join("..", "shared", "data"))
	if !filepath.IsAbs(home) {
		home = filepath.Join("..", "..", "..", home)
	}
	if _, err := os.Stat(home); err != nil {
		t.Log("the seeds are generated ones only: no reference data")
		return nil
	}
	documents(t, "corpus/files", func(_ string, doc map[string]any) {
		urls, ok := doc["@context"].([]any)
		if !ok || len(written(doc)) > 6000 {
			return
		}
		for _, url := range urls {
			if name, isText := url.(string); !isText || l.texts[name] == nil {
				return
			}
		}
		seeds = append(seeds, doc)
	})
	return seeds
}

// differentialMutated: documents that somebody tampered with have one outcome by every reading.
func differentialMutated(t *testing.T, l *library, p *peer) {
	c := newComparison(l.options(), p)
	corpus := corpusSeeds(t, l)
	random := rand.New(rand.NewPCG(4, 2026))
	for seed := range rounds(t) / 2 {
		bytes := make([]byte, 2+random.IntN(7))
		for i := range bytes {
			bytes[i] = byte(random.Uint32())
		}
		if doc := l.mutated(corpus, uint64(seed), bytes); doc != nil {
			c.compare(t, fmt.Sprintf("mutation %d", seed), doc)
		}
	}
	c.log(t)
}

// FuzzDifferential: no document brings the compiled path and the general path apart, and none makes one of them panic.
func FuzzDifferential(f *testing.F) {
	l := builtIn(f)
	loose := l.options()
	all := []readings{newReadings(loose), newReadings(Options{Context: loose.Context}), newReadings(Options{Context: loose.Context, loose: true, Inline: true})}
	corpus := corpusSeeds(f, l)
	for seed := range uint64(40) {
		f.Add(seed, []byte{byte(seed), 10, byte(seed * 7), byte(seed), 3, 4, 5})
	}
	f.Fuzz(func(t *testing.T, seed uint64, bytes []byte) {
		doc := l.mutated(corpus, seed, bytes)
		if doc == nil {
			return
		}
		for _, r := range all {
			if _, _, difference := r.canonical(doc); difference != "" {
				t.Fatalf("%s\n%s", difference, written(doc))
			}
		}
	})
}
