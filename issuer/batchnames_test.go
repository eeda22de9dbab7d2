package issuer_test

import (
	"slices"
	"testing"
)

// TestBatchNames: the ids of awards that are made together lie together, in no order, and those of a batch in none either.
func TestBatchNames(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	const rows, together = 530, 50
	b := d.batch(t, rows)
	if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
		t.Fatalf("finished %v, error %v", finished, err)
	}
	var ids, firsts []string
	for _, row := range d.rowsOf(t, b.ID) {
		ids = append(ids, row.Award)
	}
	sorted := slices.Sorted(slices.Values(ids))
	if len(slices.Compact(slices.Clone(sorted))) != rows {
		t.Error("two awards have one id")
	}
	for part := range slices.Chunk(ids, together) {
		least, most := slices.Min(part), slices.Max(part)
		from, _ := slices.BinarySearch(sorted, least)
		if sorted[from+len(part)-1] != most {
			t.Errorf("%d awards lie among others", len(part))
		}
		if slices.IsSorted(part) {
			t.Error("ids follow the order of the rows")
		}
		firsts = append(firsts, least)
	}
	if slices.IsSorted(firsts) { // by chance one time in millions
		t.Error("ids follow the order of the batch")
	}
}
