package rdf

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"github.com/laurelbadges/laurel/credential"
)

// Canonical is a canonicalized dataset (RDF Dataset Canonicalization section 4.4.3 step 7).
type Canonical struct {
	NQuads []byte            // canonical N-Quads in code point order, each line ended by a line feed, no line twice
	Labels map[string]string // the issued identifiers map: label of each blank node in the input, without "_:", to "c14nN"
}

// Canonicalize runs RDFC-1.0 (W3C Recommendation of 21 May 2024) over quads, in which order and repetition mean nothing,
// with SHA-256 or SHA-384.
//
// Two limits hold for every dataset alike, so that one document gets one answer on every machine: at most
// credential.Limits.BlankNodes blank nodes, judged before any work, and the work budget of Hash N-Degree Quads, which grows
// with the number of blank nodes and of their mentions. That step also ends after 500 ms. Each of the three is an *[Error]
// with the code too_complex; terms that no statement may hold are one with the code malformed. An end of ctx is returned as
// its error, wrapped.
func Canonicalize(ctx context.Context, quads []Quad, hash crypto.Hash) (*Canonical, error) {
	if hash != crypto.SHA256 && hash != crypto.SHA384 {
		return nil, fmt.Errorf("canonicalizing a dataset: hash %d is neither SHA-256 nor SHA-384", hash)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("canonicalizing a dataset: %w", err)
	}
	c := &canonicalizer{hash: hash}
	if err := c.load(quads); err != nil { // steps 1 and 2
		return nil, err
	}
	for n := range c.nodes { // step 3
		c.nodes[n].first = hex.AppendEncode(nil, c.cut(c.hashFirstDegree(int32(n))))
	}
	shared := c.issueUnique() // step 4
	if len(shared) > 0 {
		if err := c.issueShared(ctx, shared); err != nil { // step 5
			return nil, err
		}
	}
	return c.write(), nil // steps 6 and 7
}

// canonicalizer is the canonicalization state (section 4.2). Blank nodes and quads go by their numbers, in order of first
// appearance: labels of the input play no part.
type canonicalizer struct {
	hash  crypto.Hash
	quads []Quad // distinct
	nodes []canonNode
	// mentions holds, for each quad, the number of the blank node that is its subject, object and graph name, or -1.
	mentions [][3]int32
	issued   int32 // canonical identifiers so far

	text  []byte   // working memory: lines one after the other
	lines [][2]int // where each of them begins and ends
	join  []byte
}

// canonNode is one entry of the blank node to quads map, with what becomes known of it.
type canonNode struct {
	label     string  // in the input
	quads     []int32 // the quads that mention it, each once
	first     []byte  // hash of its first degree quads, in hexadecimal
	canonical int32   // N of its canonical identifier c14nN, or -1
}

// canonHash is a hash of either algorithm, as bytes; what the shorter one leaves is zero. Its order is the code point order
// of the hexadecimal form, which the specification compares.
type canonHash [sha512.Size384]byte

func (c *canonicalizer) sum(data []byte) (h canonHash) {
	if c.hash == crypto.SHA384 {
		return sha512.Sum384(data)
	}
	short := sha256.Sum256(data)
	copy(h[:], short[:])
	return h
}

// cut cuts h to the length of the algorithm in use.
func (c *canonicalizer) cut(h canonHash) []byte { return h[:c.hash.Size()] }

// load takes the dataset in: section 4.4.3 steps 1 and 2. A dataset is a set, so repeated quads are left out.
func (c *canonicalizer) load(quads []Quad) error {
	numbers := make(map[string]int32)
	seen := make(map[Quad]struct{}, len(quads))
	c.quads = make([]Quad, 0, len(quads))
	c.mentions = make([][3]int32, 0, len(quads))
	for i := range quads {
		q := &quads[i]
		if seen[*q] = struct{}{}; len(seen) == len(c.quads) {
			continue
		}
		if fault := nquadsCheck(q); fault != "" {
			return &Error{Code: CodeMalformed, Detail: "canonicalizing a dataset: " + fault}
		}
		number := int32(len(c.quads))
		mention := [3]int32{-1, -1, -1}
		for position, t := range [3]*Term{&q.Subject, &q.Object, &q.Graph} {
			if t.Kind != Blank {
				continue
			}
			node, known := numbers[t.Value]
			if !known {
				node = int32(len(c.nodes))
				if int(node) == credential.Limits.BlankNodes {
					return &Error{Code: CodeTooComplex, Detail: "canonicalizing a dataset: it has more than " + strconv.Itoa(credential.Limits.BlankNodes) + " blank nodes"}
				}
				numbers[t.Value] = node
				c.nodes = append(c.nodes, canonNode{label: t.Value, canonical: -1})
			}
			mention[position] = node
			of := &c.nodes[node].quads
			if len(*of) == 0 || (*of)[len(*of)-1] != number {
				*of = append(*of, number)
			}
		}
		c.quads = append(c.quads, *q)
		c.mentions = append(c.mentions, mention)
	}
	return nil
}

// hashFirstDegree is Hash First Degree Quads (section 4.6.3).
func (c *canonicalizer) hashFirstDegree(node int32) canonHash {
	c.text, c.lines = c.text[:0], c.lines[:0]
	for _, number := range c.nodes[node].quads {
		quad := c.quads[number]
		for position, t := range [3]*Term{&quad.Subject, &quad.Object, &quad.Graph} {
			switch mention := c.mentions[number][position]; {
			case mention == node:
				t.Value = "a"
			case mention >= 0:
				t.Value = "z"
			}
		}
		c.appendLine(quad)
	}
	return c.sum(c.sortedLines())
}

func (c *canonicalizer) appendLine(quad Quad) {
	start := len(c.text)
	c.text = AppendNQuad(c.text, quad)
	c.lines = append(c.lines, [2]int{start, len(c.text)})
}

// sortedLines joins the lines in code point order, which is the order of their UTF-8 bytes. The result is good until the
// next call.
func (c *canonicalizer) sortedLines() []byte {
	slices.SortFunc(c.lines, func(a, b [2]int) int { return bytes.Compare(c.text[a[0]:a[1]], c.text[b[0]:b[1]]) })
	c.join = c.join[:0]
	for _, line := range c.lines {
		c.join = append(c.join, c.text[line[0]:line[1]]...)
	}
	return c.join
}

// issueUnique is step 4: blank nodes whose hash is theirs alone get their canonical identifiers, in order of the hashes. The
// others are given back by hash, in order of the hashes.
func (c *canonicalizer) issueUnique() (shared [][]int32) {
	order := make([]int32, len(c.nodes))
	for n := range order {
		order[n] = int32(n)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(bytes.Compare(c.nodes[a].first, c.nodes[b].first), cmp.Compare(a, b))
	})
	for len(order) > 0 {
		end := 1
		for end < len(order) && bytes.Equal(c.nodes[order[end]].first, c.nodes[order[0]].first) {
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
func (c *canonicalizer) issue(node int32) {
	if c.nodes[node].canonical < 0 {
		c.nodes[node].canonical = c.issued
		c.issued++
	}
}

// write is steps 6 and 7: the dataset under its canonical identifiers.
func (c *canonicalizer) write() *Canonical {
	result := &Canonical{Labels: make(map[string]string, len(c.nodes))}
	names := make([]string, len(c.nodes))
	for n := range c.nodes {
		names[n] = canonPrefix + strconv.Itoa(int(c.nodes[n].canonical))
		result.Labels[c.nodes[n].label] = names[n]
	}
	c.text, c.lines = c.text[:0], c.lines[:0]
	for number, quad := range c.quads {
		for position, t := range [3]*Term{&quad.Subject, &quad.Object, &quad.Graph} {
			if mention := c.mentions[number][position]; mention >= 0 {
				t.Value = names[mention]
			}
		}
		c.appendLine(quad)
	}
	result.NQuads = slices.Clone(c.sortedLines())
	return result
}
