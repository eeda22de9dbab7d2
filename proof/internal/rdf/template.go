package rdf

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"slices"
	"strings"
)

// Template is the dataset of a document of which some texts change from one document to the next, and nothing else. It was walked
// once; what is left to be done for each document is to put its texts where they stand, and to bring the statements into order.
type Template struct {
	processor *Processor
	hash      crypto.Hash
	text      []byte
	quads     []quad // in the order that they have with the texts that they were compiled with
	blanks    int32
	read      int
	gaps      []gap
	nodes     []canonNode // by the numbers of the blank nodes, without canonical identifiers
	fixed     []bool      // those whose first degree quads hold none of the texts that change
}

// gap is where one of the texts stands.
type gap struct {
	iri    bool
	behind []byte // of a literal: datatype or language, as N-Quads write it
	scheme string // of an IRI: what it begins with, as any other might mean a prefix of a context
	places []place
}

// place is a term of a statement.
type place struct {
	quad int32
	term uint8 // 0 subject, 1 predicate, 2 object, 3 graph
}

// ErrShape says that no template can be made of a document, or that texts do not fit one. The document has to be read by itself.
var ErrShape = errors.New("the document has another shape")

// schemes are what an IRI may begin with to be put into a template: none is a prefix of any context that is built in, as compiling a
// template finds out, so the IRI means itself.
var schemes = []string{"https://", "http://", "urn:uuid:"}

// SchemeOf is the one of the schemes that templates know by which a text begins, "" for none.
func SchemeOf(text string) string {
	for _, scheme := range schemes {
		if strings.HasPrefix(text, scheme) {
			return scheme
		}
	}
	return ""
}

// Template compiles a document in which texts stand that stand nowhere else, as whole values. doc comes from the strict reader and
// keeps its rules (see [Processor.Canonicalize]). ErrShape when one of the texts does not reach the dataset as it is, or when
// the document defines terms itself.
func (p *Processor) Template(ctx context.Context, doc map[string]any, texts []string, hash crypto.Hash) (*Template, error) {
	r := p.run()
	if err := r.walk.document(doc); err != nil {
		return nil, err
	}
	if r.walk.inline || p.general {
		return nil, ErrShape
	}
	// The run is not given back: its memory belongs to the template.
	c := &r.canonicalizer
	if _, err := c.canonicalize(ctx, &r.dataset, hash); err != nil {
		return nil, err
	}
	c.sort(nil) // the order that Sum needs first
	t := &Template{processor: p, hash: hash, text: slices.Clone(r.dataset.text), quads: slices.Clone(c.quads), blanks: r.dataset.blanks, read: r.dataset.read,
		gaps: make([]gap, len(texts)), nodes: slices.Clone(c.nodes), fixed: make([]bool, r.dataset.blanks)}
	for n := range t.fixed {
		t.fixed[n], t.nodes[n].canonical = len(c.order) > 1, -1
	}
	for i, text := range texts {
		if !t.find(&t.gaps[i], text) {
			return nil, ErrShape
		}
	}
	for i := range t.gaps {
		for _, at := range t.gaps[i].places {
			for _, n := range t.quads[at.quad].mentioned() {
				if n >= 0 {
					t.fixed[n] = false
				}
			}
		}
	}
	return t, nil
}

// find looks for the terms that a text has become.
func (t *Template) find(h *gap, text string) bool {
	iri, literal := nquadsAppendIRI(nil, text), nquadsAppendEscaped([]byte{'"'}, text)
	literal = append(literal, '"')
	for i := range t.quads {
		for at, n := range t.quads[i].terms() {
			if n.to <= 0 {
				continue
			}
			term := t.text[n.from:n.to]
			behind, isLiteral := bytes.CutPrefix(term, literal)
			switch {
			case bytes.Equal(term, iri):
				isLiteral, behind = false, nil
			case !isLiteral:
				continue
			}
			if len(h.places) > 0 && (h.iri == isLiteral || !bytes.Equal(h.behind, behind)) {
				return false
			}
			h.iri, h.behind, h.places = !isLiteral, slices.Clone(behind), append(h.places, place{int32(i), uint8(at)})
		}
	}
	h.scheme = SchemeOf(text)
	return len(h.places) > 0 && (!h.iri || h.scheme != "")
}

// terms are those of a statement, in the order of places.
func (q *quad) terms() [4]node { return [4]node{q.subject, q.predicate, q.object, q.graph} }

// put replaces a term.
func (q *quad) put(at uint8, n node) {
	switch at {
	case 0:
		q.subject = n
	case 1:
		q.predicate = n
	case 2:
		q.object = n
	default:
		q.graph = n
	}
}

// Sum is [Processor.Sum] for the document with these texts in the places of those that the template was compiled with. ErrShape when
// a text could mean something else there than itself.
func (t *Template) Sum(ctx context.Context, texts []string) (sum []byte, err error) {
	if len(texts) != len(t.gaps) {
		return nil, ErrShape
	}
	r := t.processor.run()
	defer t.processor.keep(r)
	d := &r.dataset
	d.text = append(d.text, t.text...)
	d.quads = append(d.quads, t.quads...)
	d.blanks, d.read = t.blanks, t.read
	for i, text := range texts {
		h := &t.gaps[i]
		var n node
		if h.iri {
			if SchemeOf(text) != h.scheme || !nquadsIRI(text) {
				return nil, ErrShape
			}
			n = d.iri(text)
		} else {
			from := len(d.text)
			d.text = append(nquadsAppendEscaped(append(d.text, '"'), text), '"')
			d.text = append(d.text, h.behind...)
			n = node{int32(from), int32(len(d.text))}
		}
		for _, at := range h.places {
			d.quads[at.quad].put(at.term, n)
		}
	}
	r.canonicalizer.known, r.canonicalizer.fixed = t.nodes, t.fixed
	canonical, err := r.canonicalizer.canonicalize(ctx, d, t.hash)
	r.canonicalizer.known, r.canonicalizer.fixed = nil, nil
	switch {
	case err != nil:
		return nil, err
	case r.canonicalizer.repeated(): // two texts are the same where a dataset has one statement
		return nil, ErrShape
	}
	return hashOf(canonical, t.hash), nil
}
