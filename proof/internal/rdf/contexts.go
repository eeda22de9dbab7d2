package rdf

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/laurelbadges/laurel/credential"
)

// loadedContext is one context document, decoded by encoding/json. It is never changed.
type loadedContext struct {
	local  any // its @context
	second any // the whole document, as the second reading takes it
}

// compiledLists bounds the memory of a Processor: who sends documents chooses the order of the contexts in them.
const compiledLists = 256

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
	second := clone(document).(map[string]any)
	spellNullContexts(second["@context"])
	loaded = &loadedContext{local: local, second: second}
	p.mu.Lock()
	p.loaded[url] = loaded
	p.mu.Unlock()
	return loaded, nil
}

// spellNullContexts writes the null context of a term as null followed by the term itself. json-gold looks up the container
// of a property in the context that the property brings along, where a null context has taken the term away; with it, each
// credential inside a presentation (VC Data Model 2.0 Appendix B.1) would lose its own graph.
func spellNullContexts(local any) {
	locals, isArray := local.([]any)
	if !isArray {
		locals = []any{local}
	}
	for _, local := range locals {
		object, _ := local.(map[string]any)
		for name, value := range object {
			definition, _ := value.(map[string]any)
			scoped, has := definition["@context"]
			if scoped != nil {
				spellNullContexts(scoped)
			} else if has {
				delete(definition, "@context")
				definition["@context"] = []any{nil, map[string]any{name: clone(definition)}}
			}
		}
	}
}

// contextList is an @context of the document.
type contextList struct {
	urls    []string
	at      string
	isArray bool
}

// contextURLs reads an @context: a URL or an array of URLs. Nothing else may define terms (Data Integrity 1.0 section 4.6).
func contextURLs(value any, at string) (contextList, error) {
	values, isArray := value.([]any)
	if !isArray {
		values = []any{value}
	}
	list := contextList{at: at, isArray: isArray}
	if len(values) == 0 {
		return list, untrusted(at, "@context is empty")
	}
	if len(values) > credential.Limits.Contexts {
		return list, &Error{Code: CodeTooComplex, Pointer: at, Detail: fmt.Sprintf("@context has more than %d entries", credential.Limits.Contexts)}
	}
	for i, value := range values {
		url, ok := value.(string)
		if !ok {
			return list, untrusted(list.pointer(i), "a context is not named by its URL")
		}
		list.urls = append(list.urls, url)
	}
	return list, nil
}

func (l contextList) pointer(i int) string {
	if !l.isArray {
		return l.at
	}
	return l.at + "/" + strconv.Itoa(i)
}

// key tells lists apart, whatever texts stand in them.
func (l contextList) key() string { return fmt.Sprintf("%q", l.urls) }

func untrusted(at, format string, arguments ...any) error {
	return &Error{Code: CodeContextUntrusted, Pointer: at, Detail: fmt.Sprintf(format, arguments...)}
}

// compile returns the active context of a document's own @context.
func (p *Processor) compile(list contextList) (*activeContext, error) {
	p.mu.Lock()
	active := p.compiled[list.key()]
	p.mu.Unlock()
	if active != nil {
		return active, nil
	}
	active, err := p.apply(initialContext(), list)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.compiled) < compiledLists {
		p.compiled[list.key()] = active
	}
	return active, nil
}

// apply processes a list of contexts on top of active (JSON-LD API 1.1 section 4.1.2 step 5.2).
func (p *Processor) apply(active *activeContext, list contextList) (*activeContext, error) {
	for i, url := range list.urls {
		loaded, err := p.load(url)
		if err != nil {
			return nil, untrusted(list.pointer(i), "the context %s is not one that may be used", quote(url))
		}
		if active, err = active.process(loaded.local, processing{validate: true}); err != nil {
			return nil, untrusted(list.at, "%s", err)
		}
	}
	return active, nil
}

// Types of an object that may bring its own @context, as an endorsement or inside a presentation does.
const (
	credentialType = "https://www.w3.org/2018/credentials#VerifiableCredential"
	envelopedType  = "https://www.w3.org/2018/credentials#EnvelopedVerifiableCredential"
)

// embedded applies the @context of a credential inside a document. Anywhere else it could give the terms of a signed
// document another meaning.
func (w *walk) embedded(active *activeContext, where position, value any) (*activeContext, error) {
	at := where.at + "/@context"
	if where.property != "endorsement" && where.property != "verifiableCredential" {
		return nil, untrusted(at, "@context stands below the top of the document")
	}
	list, err := contextURLs(value, at)
	if err != nil {
		return nil, err
	}
	if err := w.spend(embeddedWork*len(list.urls), at); err != nil {
		return nil, err
	}
	key := derivation{from: active, urls: list.key()}
	if derived, known := w.derived[key]; known {
		return derived, nil
	}
	derived, err := w.contexts.apply(active, list)
	if err != nil {
		return nil, err
	}
	w.derived[key] = derived
	return derived, nil
}

func isCredential(outer *activeContext, object map[string]any) bool {
	for name, value := range object {
		if outer.expandIRI(name, true) != "@type" {
			continue
		}
		for text := range typeNames(value) {
			if iri := outer.expandIRI(text, true); iri == credentialType || iri == envelopedType {
				return true
			}
		}
	}
	return false
}
