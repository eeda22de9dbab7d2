package issuer_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// TestBatchNames: the ids of awards that are made together lie together, in no order, and those of a batch in none either.
func TestBatchNames(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	const rows = 1030
	b := d.batch(t, rows)
	var ids, firsts []string
	err := d.store.View(t.Context(), func(tx issuer.Tx) error {
		rows, _, err := tx.List(declared("batch-row"), issuer.Query{By: "batch", Value: b.ID, Limit: rows})
		for _, row := range rows {
			var held struct{ Plan struct{ ID string } }
			if err := json.Unmarshal(row.Body, &held); err != nil {
				return err
			}
			ids = append(ids, held.Plan.ID)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sorted := slices.Sorted(slices.Values(ids))
	if len(slices.Compact(slices.Clone(sorted))) != rows {
		t.Error("two awards have one id")
	}
	for part := range slices.Chunk(ids, chunk) {
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
