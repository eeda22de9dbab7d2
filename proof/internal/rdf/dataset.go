package rdf

import (
	"fmt"
	"strings"

	"github.com/laurelbadges/laurel/credential"
)

// dataset is an RDF dataset on its way to its canonical form. Each term is written once, as canonical N-Quads writes it (RDF
// Dataset Canonicalization appendix A), and stays in that form: there is nothing to convert later on, and terms compare as
// their lines do. A nil dataset keeps nothing, for documents that are only judged.
type dataset struct {
	text   []byte // the terms other than blank nodes, one after the other
	quads  []quad
	blanks int32            // blank nodes so far; they go by their numbers
	labels map[string]int32 // numbers of those that the input labels
	full   bool             // a term was left out, see datasetLongest
}

// quad is one statement.
type quad struct{ subject, predicate, object, graph node }

// node is a term in a quad: the text from:to of its dataset, or a blank node, or the default graph.
type node struct{ from, to int32 }

var defaultGraph = node{from: -1}

func blankNode(number int32) node { return node{from: number} }

// isBlank tells a blank node, whose number is from: a text is never empty, and the default graph has no number.
func (n node) isBlank() bool { return n.to == 0 && n.from >= 0 }

// datasetLongest bounds the text of the terms in bytes. No document within the limits of credential.Limits that means
// something comes near.
const datasetLongest = 16 << 20

func (d *dataset) add(subject, predicate, object, graph node) {
	if d != nil {
		d.quads = append(d.quads, quad{subject, predicate, object, graph})
	}
}

// iri writes an absolute IRI.
func (d *dataset) iri(iri string) node {
	if d == nil || !d.takes(len(iri)) {
		return defaultGraph
	}
	from := len(d.text)
	d.text = nquadsAppendIRI(d.text, iri)
	return node{int32(from), int32(len(d.text))}
}

// literal writes a literal with a datatype, or with a language for rdf:langString.
func (d *dataset) literal(value, datatype, language string) node {
	if d == nil || !d.takes(len(value)+len(datatype)+len(language)) {
		return defaultGraph
	}
	from := len(d.text)
	d.text = nquadsAppendLiteral(d.text, value, datatype, language)
	return node{int32(from), int32(len(d.text))}
}

// fresh makes a blank node that nothing else is.
func (d *dataset) fresh() (node, error) {
	if d == nil {
		return defaultGraph, nil
	}
	if int(d.blanks) == credential.Limits.BlankNodes {
		return node{}, &Error{Code: CodeTooComplex, Detail: fmt.Sprintf("the document has more than %d objects without an identifier", credential.Limits.BlankNodes)}
	}
	d.blanks++
	return blankNode(d.blanks - 1), nil
}

// labelled is the blank node of a label, without "_:".
func (d *dataset) labelled(label string) (node, error) {
	if d == nil {
		return defaultGraph, nil
	}
	if number, known := d.labels[label]; known {
		return blankNode(number), nil
	}
	n, err := d.fresh()
	if err != nil {
		return n, err
	}
	if d.labels == nil {
		d.labels = map[string]int32{}
	}
	d.labels[strings.Clone(label)] = n.from
	return n, nil
}

// takes says whether there is room for a term of so many bytes, and notes it where there is none.
func (d *dataset) takes(length int) bool {
	d.full = d.full || len(d.text)+length > datasetLongest
	return !d.full
}

// whole is the error for a dataset with terms left out.
func (d *dataset) whole() error {
	if d != nil && d.full {
		return &Error{Code: CodeTooComplex, Detail: "the statements of the document are longer than may be"}
	}
	return nil
}

// reset empties a dataset and keeps its memory.
func (d *dataset) reset() {
	d.text, d.quads, d.blanks, d.full = d.text[:0], d.quads[:0], 0, false
	clear(d.labels)
}
