package rdf

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSort: quads that are moved subject by subject come into the order that sorting all of them gives, however they stood and whatever
// names their blank nodes have.
func TestSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &dataset{}
		if err := d.load(canonAnyQuads(t)); err != nil {
			t.Skip(err)
		}
		c := &canonicalizer{dataset: d}
		numbers := make([]int32, d.blanks)
		for i := range numbers {
			numbers[i] = int32(i)
		}
		for _, rank := range [][]int32{nil, rapid.Permutation(numbers).Draw(t, "rank")} {
			compare := func(a, b quad) int { return c.compare(&a, &b, rank) }
			want := slices.Clone(c.quads)
			slices.SortFunc(want, compare)
			c.sort(rank)
			if !slices.EqualFunc(c.quads, want, func(a, b quad) bool { return compare(a, b) == 0 }) {
				t.Fatalf("%v, want %v", c.quads, want)
			}
		}
	})
}
