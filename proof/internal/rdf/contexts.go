package rdf

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
)

// loadedContext is one context document, decoded by encoding/json. It is never changed.
type loadedContext struct {
	local  any // its @context
	second any // the whole document, as the second reading takes it
}

// compiledMost bounds the memory of a Processor, in lists of contexts and in contexts derived from them: who sends documents
// chooses both. When it is reached all are forgotten, so that what honest documents use comes back at once.
const compiledMost = 2048

func (p *Processor) load(url string) (*loadedContext, error) {
	p.mu.Lock()
	loaded := p.loaded[url]
	p.mu.Unlock()
	if loaded != nil {
		return loaded, nil
	}
	if p.context == nil {
		return nil, errors.New("no context is known")
	}
	text, err := p.context(url)
	if err != nil {
		return nil, err
	}
	var document map[string]any
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, errors.New("the context is not a JSON object")
	}
	local, has := document["@context"]
	if !has {
		return nil, errors.New("the context document has no @context")
	}
	// Every scoped context is tried once (JSON-LD API 1.1 section 4.2.2 step 21.3), not again for each document.
	if _, err := initialContext().process(local, processing{validate: true}); err != nil {
		return nil, err
	}
	second := clone(document).(map[string]any)
	spellContext(second["@context"])
	loaded = &loadedContext{local: local, second: second}
	p.mu.Lock()
	p.loaded[strings.Clone(url)] = loaded // not cut out of the document, which would stay with it
	p.mu.Unlock()
	return loaded, nil
}

// contextList is an @context of the document.
type contextList struct {
	entries []any // each the URL of a known context, or a context object
	inline  bool  // there is a context object
	at      string
	isArray bool
}

// contexts reads an @context: a URL or an array of URLs. Nothing else may define terms (Data Integrity 1.0 section 4.6), but
// where the options let documents do so.
func (p *Processor) contexts(value any, at string) (contextList, error) {
	values, isArray := value.([]any)
	if !isArray {
		values = []any{value}
	}
	list := contextList{entries: values, at: at, isArray: isArray}
	if len(values) == 0 {
		return list, untrusted(at, "@context is empty")
	}
	if len(values) > credential.Limits.Contexts {
		return list, &Error{Code: CodeTooComplex, Pointer: at, Detail: fmt.Sprintf("@context has more than %d entries", credential.Limits.Contexts)}
	}
	for i, value := range values {
		switch value := value.(type) {
		case string:
			continue
		case map[string]any:
			if p.inline {
				list.inline = true
				list.unwrap(i, value)
				continue
			}
		}
		return list, untrusted(list.pointer(i), "a context is not named by its URL")
	}
	return list, nil
}

// unwrap puts the context definition in the place of an object that does nothing but hold it, as a context document does; other
// libraries read one in a document alike.
func (l *contextList) unwrap(i int, object map[string]any) {
	inner, wrapped := object["@context"].(map[string]any)
	if wrapped && len(object) == 1 {
		l.entries = slices.Clone(l.entries) // the array is that of the document
		l.entries[i] = inner
	}
}

func (l contextList) pointer(i int) string {
	if !l.isArray {
		return l.at
	}
	return l.at + "/" + strconv.Itoa(i)
}

// key tells lists of URLs apart, whatever texts stand in them: each URL comes behind its length. It is a text of its own, because
// it is kept when the document is gone.
func (l contextList) key() string {
	var key strings.Builder
	for _, entry := range l.entries {
		url := entry.(string)
		key.WriteString(strconv.Itoa(len(url)))
		key.WriteByte(' ')
		key.WriteString(url)
	}
	return key.String()
}

// size is what it costs to make the contexts of a list for one document.
func (l contextList) size() int {
	size := entrySize * len(l.entries)
	for _, entry := range l.entries {
		size += definitionSize * definitions(entry)
	}
	return size
}

func untrusted(at, format string, arguments ...any) error {
	return &Error{Code: CodeContextUntrusted, Pointer: at, Detail: fmt.Sprintf(format, arguments...)}
}

// compile returns the active context of a document's own @context. Lists of URLs are compiled once.
func (p *Processor) compile(list contextList) (*activeContext, error) {
	if list.inline {
		return p.apply(initialContext(), list)
	}
	key := list.key()
	p.mu.Lock()
	active := p.compiled[key]
	p.mu.Unlock()
	if active != nil {
		return active, nil
	}
	active, err := p.apply(initialContext(), list)
	if err != nil {
		return nil, err
	}
	active.flatten()
	p.count()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.compiled[key] = active
	return active, nil
}

// count takes note of one more context that is kept.
func (p *Processor) count() {
	if p.kept.Add(1) > compiledMost {
		p.mu.Lock()
		clear(p.compiled)
		p.mu.Unlock()
		p.kept.Store(0)
	}
}

// apply processes a list of contexts on top of active (JSON-LD API 1.1 section 4.1.2 step 5.2).
func (p *Processor) apply(active *activeContext, list contextList) (*activeContext, error) {
	for i, entry := range list.entries {
		local, at, validate := entry, list.pointer(i), true
		if url, isURL := entry.(string); isURL {
			loaded, err := p.load(url)
			if err != nil {
				return nil, untrusted(at, "the context %s is not one that may be used", quote(url))
			}
			local, at, validate = loaded.local, list.at, false
		} else {
			if definitions(entry) > inlineMost {
				return nil, &Error{Code: CodeTooComplex, Pointer: at, Detail: fmt.Sprintf("a context in the document has more than %d definitions", inlineMost)}
			}
			if list.isArray {
				local = []any{entry} // @propagate means something outside arrays only (section 4.1.2 step 2)
			}
		}
		var err error
		if active, err = active.process(local, processing{validate: validate}); err != nil {
			return nil, untrusted(at, "%s", err)
		}
		active.private = active.private || validate
	}
	return active, nil
}

// inlineMost bounds the definitions in a context object of a document: each object of the document may cost the second
// reading a copy of all.
const inlineMost = 256

// definitions counts the members of a context object and of all objects in it.
func definitions(local any) int {
	count := 0
	switch local := local.(type) {
	case []any:
		for _, member := range local {
			count += definitions(member)
		}
	case map[string]any:
		count = len(local)
		for _, member := range local {
			count += definitions(member)
		}
	}
	return count
}

// Types of an object that may bring its own @context, as an endorsement or inside a presentation does.
const (
	credentialType = "https://www.w3.org/2018/credentials#VerifiableCredential"
	envelopedType  = "https://www.w3.org/2018/credentials#EnvelopedVerifiableCredential"
)

// derivation names a context derived from another one: by the context of a term, or by an embedded @context.
type derivation struct {
	scoped    *term
	transient bool // as a type-scoped one
	urls      string
}

// derive returns the context that key names, made once. What belongs to the document alone goes with it and is not counted.
func (w *walk) derive(active *activeContext, key derivation, create func() (*activeContext, error)) (*activeContext, error) {
	if derived, known := active.derived.Load(key); known {
		return derived.(*activeContext), nil
	}
	derived, err := create()
	if err != nil {
		return nil, err
	}
	kept, known := active.derived.LoadOrStore(key, derived) // another document may have been quicker
	if !known && !active.private {
		w.processor.count()
	}
	return kept.(*activeContext), nil
}

// scoped applies the context of a term: type-scoped ones do not propagate, property-scoped ones may redefine protected terms.
func (w *walk) scoped(active *activeContext, t *term, transient bool) (*activeContext, error) {
	derived, err := w.derive(active, derivation{scoped: t, transient: transient}, func() (*activeContext, error) {
		if active.private {
			w.size += definitionSize * definitions(t.scoped)
		}
		return active.process(t.scoped, processing{transient: transient, override: !transient})
	})
	if err != nil {
		return nil, untrusted(w.at(), "%s", err)
	}
	if active.private {
		w.size += derived.reach / reachTerms
	}
	return derived, w.spend(1 + derived.layers)
}

// embedded applies the @context of a credential inside a document, or that of a proof, which some suites copy there (VC-DI-EDDSA
// section 3.3.1). Anywhere else it could give the terms of a signed document another meaning.
func (w *walk) embedded(active *activeContext, where position, value any) (*activeContext, error) {
	at := w.at()
	if where.property != "endorsement" && where.property != "verifiableCredential" && where.property != "proof" {
		return nil, untrusted(at, "@context stands below the top of the document")
	}
	list, err := w.processor.contexts(value, at)
	if err != nil {
		return nil, err
	}
	if list.inline && where.property == "proof" {
		return nil, untrusted(at, "a proof defines terms")
	}
	if list.inline {
		w.inline = true
		w.size += list.size()
		if err := w.spend(embeddedWork * len(list.entries)); err != nil {
			return nil, err
		}
		return w.processor.apply(active, list)
	}
	derived, err := w.derive(active, derivation{urls: list.key()}, func() (*activeContext, error) { return w.processor.apply(active, list) })
	if err != nil || w.embeds[derived] {
		return derived, err
	}
	if w.embeds == nil {
		w.embeds = map[*activeContext]bool{}
	}
	w.embeds[derived] = true
	return derived, w.spend(embeddedWork * len(list.entries))
}

func isCredential(outer *activeContext, object map[string]any) bool {
	for _, value := range outer.members(object, "@type") {
		for text := range typeNames(value) {
			if iri := outer.expandIRI(text, true); iri == credentialType || iri == envelopedType {
				return true
			}
		}
	}
	return false
}

// contextWork bounds the contexts that the objects of one document apply, each counted with the layers that it lies on, so
// that a document pays in the same measure for what no earlier one has derived. Each entry of an embedded @context that is
// new in the document counts embeddedWork, as it has hundreds of terms. A badge with 1,000 alignments and 1,000 pieces of evidence needs 4,100.
const (
	contextWork  = 10000
	embeddedWork = 40
)

func (w *walk) spend(work int) error {
	w.size += contextSize
	if w.work += work; w.work > contextWork {
		return w.fail(CodeTooComplex, "the objects of the document use more contexts than are read")
	}
	return nil
}
