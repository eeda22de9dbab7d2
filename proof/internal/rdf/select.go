package rdf

import (
	"context"
	"crypto"
	"slices"
	"strconv"
	"strings"
)

// Selection is a set of JSON Pointers (RFC 6901) as a tree of their reference tokens. What it selects of a document is what the
// functions of VC-DI-ECDSA section 3.4 select: the values that the pointers name, whole; of each object on the way there its id
// and type, and that the one leads to the other. A nil Selection selects nothing.
type Selection struct {
	whole bool
	parts map[string]*Selection
}

// Add adds a pointer, as its reference tokens without escapes. One without tokens is the whole document.
func (s *Selection) Add(tokens []string) {
	for _, token := range tokens {
		next := s.parts[token]
		if next == nil {
			if s.parts == nil {
				s.parts = map[string]*Selection{}
			}
			next = &Selection{}
			s.parts[token] = next
		}
		s = next
	}
	s.whole = true
}

// Part is the selection within a member or an item of the value: nil when nothing of it is selected.
func (s *Selection) Part(token string) *Selection {
	if s == nil || s.whole {
		return s
	}
	return s.parts[token]
}

// Whole says whether the value is selected as it stands.
func (s *Selection) Whole() bool { return s != nil && s.whole }

// typeMember is the term for @type in every context that a credential begins with (VC Data Model 2.0 section 4.5). Of an object on
// the way to a selected value it is selected too.
const typeMember = "type"

// takes says whether a statement is selected that was made at path: at a value within a selected one, or at an object on the way
// to one, which is what leads to it, or at the types of such an object.
func (s *Selection) takes(path []step) bool {
	for _, at := range path {
		if s == nil {
			return false
		}
		if s.whole || at.isName && at.name == typeMember {
			return true
		}
		token := at.name
		if !at.isName {
			token = strconv.Itoa(at.index)
		}
		s = s.parts[token]
	}
	return s != nil
}

// choice notes for each statement of a dataset who selects it.
type choice struct {
	selections []*Selection
	by         []uint8  // for each statement, in the order in which they were made: bit n for selections[n]
	located    bool     // whether places are noted too
	places     []string // where each was made, as JSON Pointers
}

// add is [dataset.add], and takes note of who selects the statement.
func (w *walk) add(subject, predicate, object, graph node) {
	w.dataset.add(subject, predicate, object, graph)
	if w.choice != nil {
		w.choice.note(w.path)
		if w.choice.located {
			w.choice.places = append(w.choice.places, w.at())
		}
	}
}

func (c *choice) note(path []step) {
	by := uint8(0)
	for n, s := range c.selections {
		if s.takes(path) {
			by |= 1 << n
		}
	}
	c.by = append(c.by, by)
}

// Statement is one statement of a document.
type Statement struct {
	Line string // of N-Quads, with its line feed
	By   uint8  // bit n: the n-th selection selects it
}

// Statements is a document statement by statement, under blank node labels of the caller's choice.
type Statements struct {
	All   []Statement // in the code point order of their lines, none twice
	Units int         // what they cost, as of [Processor.Sum]

	// Selected is the canonical form of the statements that any selection selects, as a dataset of their own, and Labels are the
	// labels of its blank nodes c14n0, c14n1 … in All. Both are empty without selections.
	Selected []byte
	Labels   []string
}

// Statements gives the statements of a document that [Processor.Sum] has let through, with up to eight selections. labels is asked
// once for the labels of the blank nodes, without "_:", in the order of their canonical identifiers c14n0, c14n1 …; its error ends
// the call. Errors are those of [Processor.Canonicalize], too.
func (p *Processor) Statements(ctx context.Context, doc map[string]any, selections []*Selection, labels func(blanks int) ([]string, error)) (*Statements, error) {
	result, _, err := p.statements(ctx, doc, &choice{selections: selections}, labels)
	return result, err
}

// Place is the JSON Pointer to the value of a document that one of its [Processor.Statements] was made of, the first of several; ""
// when there is no such line. It costs as much again.
func (p *Processor) Place(ctx context.Context, doc map[string]any, line string, labels func(blanks int) ([]string, error)) (string, error) {
	_, places, err := p.statements(ctx, doc, &choice{located: true}, labels)
	return places[line], err
}

// statements is Statements, which also gives the place of each line where that is asked for.
func (p *Processor) statements(ctx context.Context, doc map[string]any, chosen *choice, labels func(blanks int) ([]string, error)) (*Statements, map[string]string, error) {
	selections := chosen.selections
	r := p.run()
	defer p.keep(r)
	r.walk.choice = chosen
	if err := r.walk.document(doc); err != nil {
		return nil, nil, err
	}
	quads := slices.Clone(r.dataset.quads) // the canonicalizer sorts its own
	c := &r.canonicalizer
	if _, err := c.canonicalize(ctx, &r.dataset, crypto.SHA256); err != nil {
		return nil, nil, err
	}
	result := &Statements{Units: r.walk.size + 2*r.dataset.lines/lineBytes + c.units}
	names, err := labels(int(c.issued))
	if err != nil {
		return nil, nil, err
	}
	by := make(map[string]uint8, len(quads))
	var places map[string]string
	if chosen.located {
		places = make(map[string]string, len(quads))
	}
	for i := range quads {
		c.line = c.line[:0]
		c.appendQuad(&quads[i], func(blank int32) {
			c.line = append(append(c.line, "_:"...), names[c.nodes[blank].canonical]...)
		})
		by[string(c.line)] |= chosen.by[i] // the same may be said at two places
		if _, earlier := places[string(c.line)]; chosen.located && !earlier {
			places[string(c.line)] = chosen.places[i]
		}
	}
	result.All = make([]Statement, 0, len(by))
	for line, by := range by {
		result.All = append(result.All, Statement{line, by})
	}
	slices.SortFunc(result.All, func(a, b Statement) int { return strings.Compare(a.Line, b.Line) })
	if len(selections) == 0 {
		return result, places, nil
	}
	part := &dataset{text: r.dataset.text, blanks: r.dataset.blanks}
	for i, q := range quads {
		if chosen.by[i] != 0 {
			part.quads = append(part.quads, q)
		}
	}
	own := &canonicalizer{}
	if result.Selected, err = own.canonicalize(ctx, part, crypto.SHA256); err != nil {
		return nil, nil, err
	}
	result.Labels = make([]string, own.issued)
	for n := range own.nodes {
		if canonical := own.nodes[n].canonical; canonical >= 0 {
			result.Labels[canonical] = names[c.nodes[n].canonical]
		}
	}
	result.Units += own.units
	return result, places, nil
}
