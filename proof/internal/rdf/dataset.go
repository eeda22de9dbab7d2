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
	lines  int              // length of what is made of the quads, see room
	read   int              // length of what the terms were made from
	full   bool             // something was left out, because there was no room
}

// quad is one statement.
type quad struct{ subject, predicate, object, graph node }

// node is a term in a quad: the text from:to of its dataset, or a blank node, or the default graph.
type node struct{ from, to int32 }

// length is that of the term in a line of canonical N-Quads, at most.
func (n node) length() int {
	if n.to > 0 {
		return int(n.to - n.from)
	}
	return len("_:" + canonPrefix + "0000")
}

var defaultGraph = node{from: -1}

func blankNode(number int32) node { return node{from: number} }

// isBlank tells a blank node, whose number is from: a text is never empty, and the default graph has no number.
func (n node) isBlank() bool { return n.to == 0 && n.from >= 0 }

// add adds a statement.
func (d *dataset) add(subject, predicate, object, graph node) {
	if d == nil {
		return
	}
	length, copies := len(". \n"), 1
	for _, n := range [...]node{subject, predicate, object, graph} {
		if n.isBlank() {
			copies++ // the line stands in the hash of the blank node too
		}
		length += n.length() + len(" ")
	}
	if d.takes(copies * length) {
		d.lines += copies * length
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

// room is how long terms and lines may be, in bytes. A subject is written once and stands in each of its lines, and a context may
// give a short name a long IRI, so that a small document could ask for gigabytes. A badge needs some eight bytes for each that is
// read.
func (d *dataset) room() int { return min(4<<20+16*d.read, 48<<20) }

// reads takes note of so many bytes of the document.
func (d *dataset) reads(length int) {
	if d != nil {
		d.read += length
	}
}

// takes says whether there is room for so many bytes more, and notes it where there is none.
func (d *dataset) takes(length int) bool {
	d.full = d.full || len(d.text)+d.lines+length > d.room()
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
	d.text, d.quads, d.blanks = d.text[:0], d.quads[:0], 0
	d.lines, d.read, d.full = 0, 0, false
	clear(d.labels)
}
