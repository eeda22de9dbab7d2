package rdf

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"slices"
	"strconv"
)

// Canonical is a canonicalized dataset (RDF Dataset Canonicalization section 4.4.3 step 7).
type Canonical struct {
	NQuads []byte            // canonical N-Quads in code point order, each line ended by a line feed, no line twice
	Labels map[string]string // of [Canonicalize]: label of each blank node in the input, without "_:", to "c14nN"
}

// Canonicalize runs RDFC-1.0 (W3C Recommendation of 21 May 2024) over quads, in which order and repetition mean nothing,
// with SHA-256 or SHA-384.
//
// Two limits hold for every dataset alike, so that one document gets one answer on every machine: at most
// credential.Limits.BlankNodes blank nodes, judged before any work, and the work budget of Hash N-Degree Quads, which grows
// with the number of blank nodes and of their mentions. Each of the two is an *[Error] with the code too_complex; terms that no
// statement may hold are one with the code malformed. An end of ctx is returned as its error, wrapped.
func Canonicalize(ctx context.Context, quads []Quad, hash crypto.Hash) (*Canonical, error) {
	d := &dataset{}
	if err := d.load(quads); err != nil {
		return nil, err
	}
	c := &canonicalizer{}
	text, err := c.canonicalize(ctx, d, hash)
	if err != nil {
		return nil, err
	}
	result := &Canonical{NQuads: text, Labels: make(map[string]string, len(d.labels))}
	for label, number := range d.labels {
		result.Labels[label] = canonPrefix + strconv.Itoa(int(c.nodes[number].canonical))
	}
	return result, nil
}

// canonicalizer is the canonicalization state (section 4.2). It can be used again, and keeps its memory.
type canonicalizer struct {
	*dataset
	hash   crypto.Hash
	nodes  []canonNode // by the numbers of the blank nodes
	issued int32       // canonical identifiers so far
	units  int         // of work done, see Processor.Sum

	known []canonNode // of a template: what mention finds, and of some nodes the hash; nil: not known
	fixed []bool      // of which nodes the hash is known

	runs     [][2]int // working memory: where the quads of one subject begin and end
	moved    []quad   // the quads, run by run
	mentions []int32  // the lists of all nodes, one after the other
	order    []int32  // the blank nodes that quads mention
	lines    [][2]int // where each line in text begins and ends
	line     []byte   // lines one after the other
	join     []byte
}

// canonNode is one entry of the blank node to quads map, with what becomes known of it.
type canonNode struct {
	quads     []int32   // the quads that mention it, each once
	first     canonHash // hash of its first degree quads
	canonical int32     // N of its canonical identifier c14nN, or -1
}

// canonHash is a hash of either algorithm, as bytes; what the shorter one leaves is zero. Its order is the code point order
// of the hexadecimal form, which the specification compares.
type canonHash [sha512.Size384]byte

func sumOf(data []byte, hash crypto.Hash) (h canonHash) {
	if hash == crypto.SHA384 {
		return sha512.Sum384(data)
	}
	short := sha256.Sum256(data)
	copy(h[:], short[:])
	return h
}

func (c *canonicalizer) sum(data []byte) canonHash { return sumOf(data, c.hash) }

// cut cuts h to the length of the algorithm in use.
func (c *canonicalizer) cut(h *canonHash) []byte { return h[:c.hash.Size()] }

// canonicalize is section 4.4.3. The text is good until the canonicalizer is used again; the dataset is changed.
func (c *canonicalizer) canonicalize(ctx context.Context, d *dataset, hash crypto.Hash) ([]byte, error) {
	if hash != crypto.SHA256 && hash != crypto.SHA384 {
		return nil, fmt.Errorf("canonicalizing a dataset: hash %d is neither SHA-256 nor SHA-384", hash)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("canonicalizing a dataset: %w", err)
	}
	c.dataset, c.hash, c.issued = d, hash, 0
	if c.known == nil {
		c.mention() // steps 1 and 2
	} else {
		c.recall()
	}
	c.units = quadUnits * len(c.quads)
	if len(c.order) == 1 {
		c.issue(c.order[0]) // there is nothing to tell it apart from
	} else {
		for _, n := range c.order { // step 3
			if c.fixed == nil || !c.fixed[n] {
				c.nodes[n].first = c.hashFirstDegree(n)
			}
		}
		if shared := c.issueUnique(); len(shared) > 0 { // step 4
			if err := c.issueShared(ctx, shared); err != nil { // step 5
				return nil, err
			}
		}
	}
	return c.write(), nil // steps 6 and 7
}

// The work of statements in units of Processor.Sum, beside the search for canonical identifiers.
const (
	quadUnits = 2   // of each
	lineBytes = 128 // of their lines are one
)

// mention fills the blank node to quads map: section 4.4.3 steps 1 and 2. A dataset is a set, so repeated quads are left out.
func (c *canonicalizer) mention() {
	c.sort(nil)
	c.quads = slices.CompactFunc(c.quads, func(a, b quad) bool { return c.compare(&a, &b, nil) == 0 })
	c.nodes = slices.Grow(c.nodes[:0], int(c.blanks))[:c.blanks]
	counts := slices.Grow(c.order[:0], int(c.blanks))[:c.blanks]
	clear(counts)
	total := 0
	for i := range c.quads {
		for _, blank := range c.quads[i].mentioned() {
			if blank >= 0 {
				counts[blank]++
				total++
			}
		}
	}
	room := slices.Grow(c.mentions[:0], total)[:total]
	c.mentions = room
	for n := range c.nodes {
		c.nodes[n] = canonNode{quads: room[:0:counts[n]], canonical: -1}
		room = room[counts[n]:]
	}
	for i := range c.quads {
		for _, blank := range c.quads[i].mentioned() {
			if blank < 0 {
				continue
			}
			of := &c.nodes[blank].quads
			if len(*of) == 0 || (*of)[len(*of)-1] != int32(i) {
				*of = append(*of, int32(i))
			}
		}
	}
	c.order = c.mentionedIn(counts[:0])
}

// mentionedIn appends the blank nodes of the dataset to order. One that no quad mentions is an object of the document that states nothing.
func (c *canonicalizer) mentionedIn(order []int32) []int32 {
	for n := range c.nodes {
		if len(c.nodes[n].quads) > 0 {
			order = append(order, int32(n))
		}
	}
	return order
}

// recall is mention for a template, whose quads mention the same blank nodes whatever its texts are.
func (c *canonicalizer) recall() {
	c.nodes = append(c.nodes[:0], c.known...)
	c.order = c.mentionedIn(c.order[:0])
}

// repeated says, once the quads are in order, whether one stands there twice.
func (c *canonicalizer) repeated() bool {
	for i := 1; i < len(c.quads); i++ {
		if c.compare(&c.quads[i], &c.quads[i-1], nil) == 0 {
			return true
		}
	}
	return false
}

// mentioned gives the numbers of the blank nodes that are subject, object and graph name of a quad; -1 where none is.
func (q *quad) mentioned() [3]int32 {
	mention := [3]int32{-1, -1, -1}
	for position, n := range [...]node{q.subject, q.object, q.graph} {
		if n.isBlank() {
			mention[position] = n.from
		}
	}
	return mention
}

// sort puts the quads into the order of their lines, with blank nodes in the order of rank (nil: of their numbers). Mostly those of one
// subject stand together already, and in order: it moves them together, and looks closer where that is not so.
func (c *canonicalizer) sort(rank []int32) {
	c.runs = c.runs[:0]
	for i := range c.quads {
		if i == 0 || c.quads[i].subject != c.quads[i-1].subject {
			c.runs = append(c.runs, [2]int{i, i + 1})
		} else {
			c.runs[len(c.runs)-1][1] = i + 1
		}
	}
	slices.SortFunc(c.runs, func(a, b [2]int) int {
		return c.compareNodes(c.quads[a[0]].subject, c.quads[b[0]].subject, rank)
	})
	compare := func(a, b quad) int { return c.compare(&a, &b, rank) }
	c.moved = c.moved[:0]
	for i, run := range c.runs {
		from := len(c.moved)
		c.moved = append(c.moved, c.quads[run[0]:run[1]]...)
		if i > 0 && c.compareNodes(c.moved[from-1].subject, c.moved[from].subject, rank) == 0 { // a subject in two places
			slices.SortFunc(c.quads, compare)
			return
		}
		if of := c.moved[from:]; !slices.IsSortedFunc(of, compare) {
			slices.SortFunc(of, compare)
		}
	}
	copy(c.quads, c.moved)
}

// compare orders quads as their lines in canonical N-Quads are ordered. Terms may be compared one by one, because none is the
// beginning of another with a character before the space behind it: the space comes before all that may follow.
func (c *canonicalizer) compare(a, b *quad, rank []int32) int {
	order := c.compareNodes(a.subject, b.subject, rank)
	if order == 0 {
		order = c.compareNodes(a.predicate, b.predicate, rank)
	}
	if order == 0 {
		order = c.compareNodes(a.object, b.object, rank)
	}
	if order == 0 {
		order = c.compareNodes(a.graph, b.graph, rank)
	}
	return order
}

// compareNodes orders terms: the default graph before all, blank nodes ("_") behind IRIs ("<") and literals.
func (c *canonicalizer) compareNodes(a, b node, rank []int32) int {
	switch {
	case a == b:
		return 0
	case a.to > 0 && b.to > 0:
		return bytes.Compare(c.text[a.from:a.to], c.text[b.from:b.to])
	case a.isBlank() && b.isBlank():
		if rank != nil {
			return cmp.Compare(rank[a.from], rank[b.from])
		}
		return cmp.Compare(a.from, b.from)
	case a.isBlank() || b == defaultGraph:
		return 1
	}
	return -1
}

// hashFirstDegree is Hash First Degree Quads (section 4.6.3).
func (c *canonicalizer) hashFirstDegree(blank int32) canonHash {
	c.line, c.lines = c.line[:0], c.lines[:0]
	name := func(other int32) {
		if other == blank {
			c.line = append(c.line, "_:a"...)
		} else {
			c.line = append(c.line, "_:z"...)
		}
	}
	for _, number := range c.nodes[blank].quads {
		start := len(c.line)
		c.appendQuad(&c.quads[number], name)
		c.lines = append(c.lines, [2]int{start, len(c.line)})
	}
	slices.SortFunc(c.lines, func(a, b [2]int) int { return bytes.Compare(c.line[a[0]:a[1]], c.line[b[0]:b[1]]) })
	c.join = c.join[:0]
	for _, line := range c.lines {
		c.join = append(c.join, c.line[line[0]:line[1]]...)
	}
	return c.sum(c.join)
}

// appendQuad appends a line of canonical N-Quads to c.line, where name writes blank nodes.
func (c *canonicalizer) appendQuad(q *quad, name func(blank int32)) {
	for place, n := range [...]node{q.subject, q.predicate, q.object, q.graph} {
		if n.to > 0 {
			c.line = append(c.line, c.text[n.from:n.to]...)
		} else if n.isBlank() {
			name(n.from)
		} else if place == 3 {
			break
		}
		c.line = append(c.line, ' ')
	}
	c.line = append(c.line, ".\n"...)
}

// issueUnique is step 4: blank nodes whose hash is theirs alone get their canonical identifiers, in order of the hashes. The
// others are given back by hash, in order of the hashes.
func (c *canonicalizer) issueUnique() (shared [][]int32) {
	order := c.order
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(bytes.Compare(c.nodes[a].first[:], c.nodes[b].first[:]), cmp.Compare(a, b))
	})
	for len(order) > 0 {
		end := 1
		for end < len(order) && c.nodes[order[end]].first == c.nodes[order[0]].first {
			end++
		}
		if end == 1 {
			c.issue(order[0])
		} else {
			shared = append(shared, order[:end])
		}
		order = order[end:]
	}
	return shared
}

// issue is Issue Identifier (section 4.5.2) for the canonical issuer.
func (c *canonicalizer) issue(blank int32) {
	if c.nodes[blank].canonical < 0 {
		c.nodes[blank].canonical = c.issued
		c.issued++
	}
}

// write is steps 6 and 7: the dataset under its canonical identifiers.
func (c *canonicalizer) write() []byte {
	if c.issued > 0 {
		c.sort(c.ranks())
	}
	c.line = slices.Grow(c.line[:0], c.longest())
	name := func(blank int32) {
		c.line = strconv.AppendInt(append(append(c.line, "_:"...), canonPrefix...), int64(c.nodes[blank].canonical), 10)
	}
	for i := range c.quads {
		c.appendQuad(&c.quads[i], name)
	}
	return c.line
}

// longest is the length that the canonical form has at most, in bytes.
func (c *canonicalizer) longest() int {
	total := 0
	for i := range c.quads {
		q := &c.quads[i]
		for _, n := range [...]node{q.subject, q.predicate, q.object, q.graph} {
			total += n.length() + len(" ")
		}
		total += len(".\n")
	}
	return total
}

// ranks gives for each blank node its place among all when their canonical identifiers are in code point order.
func (c *canonicalizer) ranks() []int32 {
	place := int32(0)
	places := make([]int32, c.issued) // by number: 0, 1, 10, 100, 101, 2
	var descend func(number int)
	descend = func(number int) {
		if number >= len(places) {
			return
		}
		places[number] = place
		place++
		for digit := range 10 {
			descend(10*number + digit)
		}
	}
	places[0] = place
	place++
	for number := 1; number < 10; number++ {
		descend(number)
	}
	rank := make([]int32, len(c.nodes))
	for n := range c.nodes {
		if number := c.nodes[n].canonical; number >= 0 {
			rank[n] = places[number]
		}
	}
	return rank
}
