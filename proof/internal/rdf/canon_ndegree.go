package rdf

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
)

// Prefixes of the canonical issuer (section 4.2) and of the temporary ones (section 4.4.3 step 5.2.2).
const (
	canonPrefix     = "c14n"
	canonTemporary  = "b"
	canonPositions  = "sog"   // of quad.mentioned (section 4.7.3 step 1)
	canonWorkFloor  = 1 << 16 // units of work that every dataset may take
	canonWorkFactor = 4       // units of work for each blank node and each mention of one, beyond the floor
	canonInterval   = 256     // units of work between two looks at the context
	canonUnit       = 256     // bytes of a property that one unit pays for
)

// canonSearch is what step 5 adds to the state: one temporary identifier issuer, and the budget.
//
// The specification copies the issuer for each path that it tries. An issuer only ever grows, so one issuer that can be cut
// back to an earlier length does the same without copies.
type canonSearch struct {
	*canonicalizer
	ctx    context.Context
	budget int

	order  []int32       // blank nodes in the order in which the issuer named them
	number []int32       // for each blank node: its place in order, or -1
	frames []*canonFrame // working memory, one for each depth of recursion
	input  []byte        // to Hash Related Blank Node
}

// canonFrame is the working memory of one run of Hash N-Degree Quads.
type canonFrame struct {
	related   []canonRelated // Hn, in order of the hashes
	data      []byte         // data to hash
	list      []int32        // the permutation being tried
	recursion []int32        // recursion list
	path      []byte
	chosen    []byte  // chosen path; empty while there is none
	issued    []int32 // what the chosen issuer names beyond the issuer before it
	equal     int     // bytes of path known to equal those of chosen
	smaller   bool    // path is known to come before chosen
}

// canonRelated is one entry of Hn.
type canonRelated struct {
	hash canonHash
	node int32
}

// canonResult is one entry of the hash path list.
type canonResult struct {
	hash  canonHash
	order []int32
}

// issueShared is section 4.4.3 step 5 for the blank nodes that share their first degree hash with others.
func (c *canonicalizer) issueShared(ctx context.Context, shared [][]int32) error {
	s := &canonSearch{canonicalizer: c, ctx: ctx, number: make([]int32, len(c.nodes))}
	s.budget = len(c.nodes)
	for n := range c.nodes {
		s.number[n] = -1
		c.nodes[n].quads = slices.DeleteFunc(c.nodes[n].quads, func(quad int32) bool { // they lead nowhere
			for _, other := range c.quads[quad].mentioned() {
				if other >= 0 && other != int32(n) {
					return false
				}
			}
			return true
		})
		s.budget += len(c.nodes[n].quads)
	}
	s.budget = canonWorkFloor + canonWorkFactor*s.budget
	whole := s.budget
	defer func() { c.units += whole - s.budget }()

	for _, list := range shared {
		var results []canonResult // step 5.1
		for _, node := range list {
			if c.nodes[node].canonical >= 0 { // step 5.2.1
				continue
			}
			s.cutTo(0) // steps 5.2.2 and 5.2.3
			s.name(node)
			hash, err := s.hashNDegree(node, 0) // steps 5.2.4 and 5.2.5
			switch {
			case err != nil && ctx.Err() != nil:
				return fmt.Errorf("canonicalizing a dataset: %w", ctx.Err())
			case err != nil:
				return err
			}
			results = append(results, canonResult{hash, slices.Clone(s.order)})
		}
		slices.SortStableFunc(results, func(a, b canonResult) int { return bytes.Compare(a.hash[:], b.hash[:]) })
		for _, result := range results { // step 5.3
			for _, node := range result.order {
				c.issue(node)
			}
		}
	}
	return nil
}

// spend takes units off the budget: one for each run of Hash N-Degree Quads, each related hash and each step of a path, and more
// for a related hash of a long property. There is no clock beside the budget, so that one dataset gets one answer however busy the
// machine is: the largest budget takes some 50 ms, a tenth of what the step may.
func (s *canonSearch) spend(units int) error {
	before := s.budget / canonInterval
	s.budget -= units
	if s.budget/canonInterval != before && s.ctx.Err() != nil {
		return s.ctx.Err()
	}
	if s.budget < 0 {
		return &Error{Code: CodeTooComplex, Detail: "canonicalizing a dataset: its blank nodes are too alike to be told apart with reasonable work"}
	}
	return nil
}

// name is Issue Identifier (section 4.5.2) for the temporary issuer. It reports whether node had no identifier before.
func (s *canonSearch) name(node int32) bool {
	if s.number[node] >= 0 {
		return false
	}
	s.number[node] = int32(len(s.order))
	s.order = append(s.order, node)
	return true
}

// cutTo takes the temporary issuer back to the time when it had issued length identifiers.
func (s *canonSearch) cutTo(length int) {
	for _, node := range s.order[length:] {
		s.number[node] = -1
	}
	s.order = s.order[:length]
}

// appendIdentifier appends the canonical identifier of node, or else its temporary one, or else nothing.
func (s *canonSearch) appendIdentifier(dst []byte, node int32) []byte {
	if n := s.nodes[node].canonical; n >= 0 {
		return strconv.AppendInt(append(append(dst, "_:"...), canonPrefix...), int64(n), 10)
	}
	if n := s.number[node]; n >= 0 {
		return strconv.AppendInt(append(append(dst, "_:"...), canonTemporary...), int64(n), 10)
	}
	return dst
}

// hashRelated is Hash Related Blank Node (section 4.7.3).
func (s *canonSearch) hashRelated(related, quad int32, position byte) canonHash {
	input := append(s.input[:0], position)
	if position != 'g' {
		predicate := s.quads[quad].predicate
		input = append(input, s.text[predicate.from:predicate.to]...)
	}
	length := len(input)
	if input = s.appendIdentifier(input, related); len(input) == length {
		input = hex.AppendEncode(input, s.cut(&s.nodes[related].first))
	}
	s.input = input
	return s.sum(input)
}

// hashNDegree is Hash N-Degree Quads (section 4.8.3). The issuer of its result is s as it then stands.
func (s *canonSearch) hashNDegree(node int32, depth int) (canonHash, error) {
	if depth == len(s.frames) {
		s.frames = append(s.frames, new(canonFrame))
	}
	f := s.frames[depth]
	if err := s.spend(1); err != nil {
		return canonHash{}, err
	}
	f.related = f.related[:0]
	for _, quad := range s.nodes[node].quads { // step 3
		for position, related := range s.quads[quad].mentioned() {
			if related < 0 || related == node {
				continue
			}
			predicate := s.quads[quad].predicate
			if err := s.spend(1 + int(predicate.to-predicate.from)/canonUnit); err != nil {
				return canonHash{}, err
			}
			f.related = append(f.related, canonRelated{s.hashRelated(related, quad, canonPositions[position]), related})
		}
	}
	slices.SortFunc(f.related, func(a, b canonRelated) int {
		return cmp.Or(bytes.Compare(a.hash[:], b.hash[:]), cmp.Compare(a.node, b.node))
	})
	f.data = f.data[:0]                     // step 4
	for rest := f.related; len(rest) > 0; { // step 5
		hash := rest[0].hash
		f.data = hex.AppendEncode(f.data, s.cut(&hash)) // step 5.1
		f.list = f.list[:0]
		for len(rest) > 0 && rest[0].hash == hash {
			f.list = append(f.list, rest[0].node)
			rest = rest[1:]
		}
		if err := s.choosePath(f, depth); err != nil {
			return canonHash{}, err
		}
		f.data = append(f.data, f.chosen...) // step 5.5
	}
	return s.sum(f.data), nil // step 6
}

// choosePath is section 4.8.3 steps 5.2 to 5.4 and 5.6 for the blank nodes in f.list, which is in ascending order. It leaves
// the chosen path in f, and the chosen issuer in s.
func (s *canonSearch) choosePath(f *canonFrame, depth int) error {
	f.chosen = f.chosen[:0]
	before := len(s.order)
	current := false // the issuer stands as the chosen path left it
	for more := true; more; more = canonNextPermutation(f.list) {
		if current {
			f.issued = append(f.issued[:0], s.order[before:]...)
		}
		s.cutTo(before)
		better, err := s.tryPath(f, depth)
		if err != nil {
			return err
		}
		if current = better; better { // step 5.4.6
			f.path, f.chosen = f.chosen, f.path
		}
	}
	if !current {
		s.cutTo(before)
		for _, node := range f.issued {
			s.name(node)
		}
	}
	return nil
}

// tryPath is section 4.8.3 steps 5.4.1 to 5.4.5 for one permutation. It reports whether f.path is to be the chosen path.
func (s *canonSearch) tryPath(f *canonFrame, depth int) (bool, error) {
	f.path, f.recursion, f.equal, f.smaller = f.path[:0], f.recursion[:0], 0, false
	for _, related := range f.list { // step 5.4.4
		if err := s.spend(1); err != nil {
			return false, err
		}
		if s.nodes[related].canonical < 0 && s.name(related) {
			f.recursion = append(f.recursion, related)
		}
		f.path = s.appendIdentifier(f.path, related)
		if f.isGreater() {
			return false, nil
		}
	}
	for _, related := range f.recursion { // step 5.4.5
		hash, err := s.hashNDegree(related, depth+1)
		if err != nil {
			return false, err
		}
		f.path = s.appendIdentifier(f.path, related)
		f.path = append(hex.AppendEncode(append(f.path, '<'), s.cut(&hash)), '>')
		if f.isGreater() {
			return false, nil
		}
	}
	return len(f.chosen) == 0 || f.smaller || len(f.path) < len(f.chosen), nil
}

// isGreater reports whether the path comes after the chosen path however it goes on (steps 5.4.4.3 and 5.4.5.5). The
// specification asks only once the path is as long as the chosen one; a path that differs earlier is lost earlier. Bytes
// are compared once, as the path grows.
func (f *canonFrame) isGreater() bool {
	if len(f.chosen) == 0 || f.smaller {
		return false
	}
	end := min(len(f.path), len(f.chosen))
	order := bytes.Compare(f.path[f.equal:end], f.chosen[f.equal:end])
	f.equal, f.smaller = end, order < 0
	return order > 0 || order == 0 && len(f.path) > len(f.chosen)
}

// canonNextPermutation brings list into its next arrangement in lexical order and reports whether there is one. Beginning
// with an ascending list, every arrangement comes once; blank nodes that stand in it twice do not add equal ones.
func canonNextPermutation(list []int32) bool {
	i := len(list) - 2
	for i >= 0 && list[i] >= list[i+1] {
		i--
	}
	if i < 0 {
		return false
	}
	j := len(list) - 1
	for list[j] <= list[i] {
		j--
	}
	list[i], list[j] = list[j], list[i]
	slices.Reverse(list[i+1:])
	return true
}
