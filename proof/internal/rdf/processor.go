package rdf

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/laurelbadges/laurel/credential/strict"
)

// Options says what a document may refer to.
type Options struct {
	// Context returns the JSON text of the context at a URL, or an error when that URL is not one that may be used. It has to
	// give the same text for the same URL each time. No other context is read; nil knows none.
	Context func(url string) ([]byte, error)

	// Inline lets a document define terms in @context itself, beside the known contexts. It then takes the general path.
	Inline bool

	// Vocabulary are the URLs of contexts whose words readers look for. A document that defines terms itself may not give these
	// meanings other names: what it says would be signed, and not seen.
	Vocabulary []string

	// General sends every document on the general path. Only tests need it: both paths come to the same.
	General bool

	loose bool // lets tests of JSON-LD itself name members by IRIs and keywords
}

// Processor brings JSON-LD documents into canonical form. It is safe for concurrent use.
//
// The compiled path is one pass over the document with the tables that its contexts were compiled to, once for each list of
// URLs. A document that defines terms itself takes the general path: the same pass, with tables made for it alone, and a second
// reading by json-gold that has to come to the same canonical form.
type Processor struct {
	context func(url string) ([]byte, error)
	inline  bool
	loose   bool
	general bool
	words   func() words // of Options.Vocabulary

	mu       sync.Mutex
	loaded   map[string]*loadedContext
	compiled map[string]*activeContext // by the list of URLs
	kept     atomic.Int64              // contexts compiled and derived, see compiledMost

	runs  sync.Pool        // of *run
	paths [2]atomic.Uint64 // documents that took the compiled path, and the general one
}

// NewProcessor returns a Processor that reads contexts by o.
func NewProcessor(o Options) *Processor {
	p := &Processor{context: o.Context, inline: o.Inline, loose: o.loose, general: o.General,
		loaded: map[string]*loadedContext{}, compiled: map[string]*activeContext{}}
	p.words = p.wordsOf(o.Vocabulary)
	return p
}

// Counts says how many documents have got a canonical form on the compiled path and on the general one.
func (p *Processor) Counts() (compiled, general uint64) {
	return p.paths[0].Load(), p.paths[1].Load()
}

// Canonicalize returns the canonical form of a JSON-LD document, with SHA-256 or SHA-384 (see [Canonicalize]). The document
// comes from the strict reader: numbers are [json.Number]. It is not changed.
//
// Errors are those of [Canonicalize], and an [*Error]: malformed for a number that changes on the way; context_untrusted for an
// @context that is not a URL, or a list of URLs, known to the options, and for contexts that do not go together (a protected
// term that is defined anew); too_complex above the limits of credential.Limits; unsafe_jsonld for the first part that would not
// reach the dataset as it stands (Data Integrity 1.0 section 2.4.1), in the order of sorted names.
func (p *Processor) Canonicalize(ctx context.Context, doc map[string]any, hash crypto.Hash) (*Canonical, error) {
	var result *Canonical
	_, err := p.canonicalize(ctx, doc, hash, func(text []byte) { result = &Canonical{NQuads: slices.Clone(text)} })
	return result, err
}

// Sum is [Processor.Canonicalize] for the hash of the canonical form only. It also says what the canonical form cost, refused or
// not, in units of at most a quarter of a microsecond, which are the same on every machine.
func (p *Processor) Sum(ctx context.Context, doc map[string]any, hash crypto.Hash) (sum []byte, units int, err error) {
	units, err = p.canonicalize(ctx, doc, hash, func(text []byte) { sum = hashOf(text, hash) })
	return sum, units, err
}

// Check says whether the whole document would reach its dataset, as [Processor.Canonicalize] does, without making the dataset:
// for documents whose text is signed as it stands. A number that would change is unsafe_jsonld here.
func (p *Processor) Check(doc map[string]any) error {
	var number *strict.Error
	if errors.As(strict.CheckNumbers(doc, strict.Canonical), &number) {
		return &Error{Code: CodeUnsafeJSONLD, Pointer: number.Pointer, Detail: number.Detail}
	}
	r := p.run()
	defer p.keep(r)
	r.walk.dataset = nil
	return r.walk.document(doc)
}

func (p *Processor) canonicalize(ctx context.Context, doc map[string]any, hash crypto.Hash, use func(text []byte)) (units int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("canonicalizing a dataset: %w", err)
	}
	var number *strict.Error
	if errors.As(strict.CheckNumbers(doc, strict.Canonical), &number) {
		return 0, &Error{Code: CodeMalformed, Pointer: number.Pointer, Detail: number.Detail}
	}
	r := p.run()
	defer p.keep(r)
	if err := r.walk.document(doc); err != nil {
		return r.walk.size, err
	}
	text, err := r.canonicalizer.canonicalize(ctx, &r.dataset, hash)
	units = r.walk.size + r.dataset.lines/lineBytes + r.canonicalizer.units
	if err != nil {
		return units, err
	}
	if !r.walk.inline && !p.general {
		p.paths[0].Add(1)
		use(text)
		return units, nil
	}
	p.paths[1].Add(1)
	units += generalUnits * r.walk.size
	second, err := p.secondReading(ctx, doc, r.dataset.read, hash)
	if err != nil {
		return units, err
	}
	if !bytes.Equal(text, second) {
		return units, &Error{Code: CodeUnsafeJSONLD, Detail: "two readings of the document differ"}
	}
	use(text)
	return units, nil
}

// run is the memory of one pass over a document. It is kept for the next ones: with a new one for each, the canonical form of a
// badge of 3 kB took 76 µs in place of 42.
type run struct {
	dataset       dataset
	canonicalizer canonicalizer
	walk          walk
}

func (p *Processor) run() *run {
	r, kept := p.runs.Get().(*run)
	if !kept {
		r = &run{}
	}
	r.dataset.reset()
	r.canonicalizer.units = 0
	r.walk = walk{processor: p, dataset: &r.dataset, path: r.walk.path[:0], members: r.walk.members[:0]}
	return r
}

// Bounds of what is kept of a run: bytes of text, and statements or members.
const (
	runLongest = 4 << 20
	runMost    = 1 << 16
)

// keep gives a run to the next document, unless this one has made it large.
func (p *Processor) keep(r *run) {
	c := &r.canonicalizer
	if max(cap(r.dataset.text), cap(c.line), cap(c.join)) > runLongest || max(cap(r.dataset.quads), cap(r.walk.members), cap(c.mentions)) > runMost {
		return
	}
	clear(r.walk.path[:cap(r.walk.path)]) // parts of the document
	r.walk = walk{path: r.walk.path, members: r.walk.members}
	p.runs.Put(r)
}

// hashOf is the hash of a canonical form.
func hashOf(text []byte, hash crypto.Hash) []byte {
	sum := sumOf(text, hash)
	return sum[:hash.Size()]
}
