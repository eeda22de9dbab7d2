package rdf

import (
	"errors"
	"reflect"
	"sync"

	"github.com/piprate/json-gold/ld"

	"github.com/laurelbadges/laurel/credential/strict"
)

// Options says what a document may refer to.
type Options struct {
	// Context returns the JSON text of the context at a URL, or an error when that URL is not one that may be used. It has to
	// give the same text for the same URL each time. No other context is read; nil knows none.
	Context func(url string) ([]byte, error)

	// loose lets tests of JSON-LD itself name members by IRIs and keywords.
	loose bool
}

// ToRDF returns the RDF dataset of a JSON-LD document, without repeated quads and in no particular order. The document comes
// from the strict reader: numbers are [json.Number]. It is not changed.
//
// Every error is an [*Error]: context_untrusted for an @context that is not a URL, or a list of URLs, known to the options,
// and for contexts that do not go together (a protected term that is defined anew); too_complex above the limits of
// credential.Limits; unsafe_jsonld for the first part that would not reach the dataset as it stands (Data Integrity 1.0
// section 2.4.1), numbers before all else and then in the order of sorted names.
func ToRDF(doc map[string]any, opts Options) ([]Quad, error) { return NewProcessor(opts).ToRDF(doc) }

// Processor is [ToRDF] for many documents: it keeps the contexts it has read. It is safe for concurrent use.
type Processor struct {
	context func(url string) ([]byte, error)
	loose   bool

	mu       sync.Mutex
	loaded   map[string]*loadedContext
	compiled map[string]*activeContext // by the list of URLs
}

// NewProcessor returns a Processor that reads contexts by opts.
func NewProcessor(opts Options) *Processor {
	return &Processor{context: opts.Context, loose: opts.loose, loaded: map[string]*loadedContext{}, compiled: map[string]*activeContext{}}
}

// Check says whether the whole document would reach its dataset, as ToRDF does, without making the dataset and by our own
// reading alone: for documents whose text is signed as it stands.
func (p *Processor) Check(doc map[string]any) error {
	_, err := p.expand(doc)
	return err
}

// expand is the expanded form by our own reading.
func (p *Processor) expand(doc map[string]any) ([]any, error) {
	var number *strict.Error
	if errors.As(strict.CheckNumbers(doc, strict.Canonical), &number) {
		return nil, refuse(number.Pointer, "%s", number.Detail)
	}
	return (&walk{contexts: p, derived: map[derivation]*activeContext{}}).document(doc)
}

// ToRDF is the function of the same name.
func (p *Processor) ToRDF(doc map[string]any) ([]Quad, error) {
	own, err := p.expand(doc)
	if err != nil {
		return nil, err
	}
	second, err := p.secondReading(doc)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(own, second) {
		return nil, refuse("", "two readings of the document differ")
	}
	return datasetOf(own)
}

// secondReading is the expanded form by json-gold. Its safe mode holds for Expand only, its default loader opens files, and
// it panics on some inputs, so each is dealt with here.
func (p *Processor) secondReading(doc map[string]any) (expanded []any, err error) {
	defer func() {
		if recover() != nil {
			expanded, err = nil, refuse("", "the second reading of the document failed")
		}
	}()
	options := ld.NewJsonLdOptions("")
	options.ProcessingMode = ld.JsonLd_1_1
	options.DocumentLoader = secondLoader{p}
	options.SafeMode = true
	expanded, err = ld.NewJsonLdProcessor().Expand(clone(doc), options)
	if err != nil {
		return nil, refuse("", "the second reading of the document refuses it: %s", quote(err.Error()))
	}
	return expanded, nil
}

// clone copies the arrays and objects of a JSON value.
func clone(value any) any {
	switch value := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(value))
		for name, member := range value {
			object[name] = clone(member)
		}
		return object
	case []any:
		array := make([]any, len(value))
		for i, member := range value {
			array[i] = clone(member)
		}
		return array
	}
	return value
}

// secondLoader serves the known contexts to json-gold, and nothing else.
type secondLoader struct{ processor *Processor }

func (l secondLoader) LoadDocument(url string) (*ld.RemoteDocument, error) {
	loaded, err := l.processor.load(url)
	if err != nil {
		return nil, err
	}
	return &ld.RemoteDocument{DocumentURL: url, Document: loaded.second}, nil
}
