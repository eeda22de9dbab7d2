package issuer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// countedRows are rows that count how many of them were made.
type countedRows struct{ rows, made int }

func (r *countedRows) Len() int { return r.rows }

func (r *countedRows) Row(i int) issuer.BatchRowInput {
	r.made++
	return issuer.BatchRowInput{Award: issuer.AwardInput{Recipient: fmt.Sprintf("p%d@example.org", i)}, Number: i + 2, Cells: []string{"x"}}
}

// watched is a store that tells when it is written to.
type watched struct {
	issuer.Store
	writes func()
}

func (s watched) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	s.writes()
	return s.Store.Update(ctx, fn)
}

// TestRowsHeld: of a long list no more rows are held than are recorded at once, however long it is; they are planned before the store is
// asked to write, so that no other writer waits for that; and what the rows are of is known with the last.
func TestRowsHeld(t *testing.T) {
	d := newDesk(t, public)
	a := d.publish(t)
	const rows, atOnce = 1700, 200
	list := &countedRows{rows: rows}
	var made []int
	s := d.beside(t, watched{d.store, func() { made = append(made, list.made) }})
	b, err := s.Workspace(a.Organisation).PrepareBatch(t.Context(), issuer.PrepareInput{Name: "Spring", List: list}, by)
	if err != nil || b.Total != rows || b.Rejected != 0 || b.State != issuer.BatchPrepared || b.Achievement != a.ID {
		t.Fatalf("%+v, error %v", b, err)
	}
	made = slices.Compact(made) // an update may write more than the rows
	for i, n := range made {
		if before := append([]int{0}, made...)[i]; n-before > atOnce {
			t.Errorf("%d rows are made at once, of %v", n-before, made)
		}
	}
	if len(made) < rows/atOnce || made[len(made)-1] != rows {
		t.Errorf("rows are made as %v", made)
	}
	made, list.made = nil, 0
	if _, _, err := s.Workspace(a.Organisation).CheckBatch(t.Context(), issuer.PrepareInput{Name: "Spring", List: list}, by); err != nil || len(made) != 0 || list.made != rows {
		t.Errorf("a dry run has written %d times and made %d rows, error %v", len(made), list.made, err)
	}
}

// TestCheckedRows: a dry run tells the first hundred rows that would be rejected, and counts all.
func TestCheckedRows(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	in := given(awards(160))
	for i := range in.Awards[:150] {
		in.Awards[i].Award.Recipient = "nobody"
	}
	b, rejected, err := d.space(t).CheckBatch(t.Context(), in, by)
	if err != nil || b.Total != 160 || b.Rejected != 150 || len(rejected) != 100 || rejected[99].Number != 100 {
		t.Errorf("%+v, %d rows, error %v", b, len(rejected), err)
	}
}

// TestPrepareCutShort: of a list whose reader has gone, or whose store fails, nothing is left to be confirmed.
func TestPrepareCutShort(t *testing.T) {
	d := newDesk(t, public)
	a := d.publish(t)
	ctx, cancel := context.WithCancel(t.Context())
	writes := 0
	s := d.beside(t, watched{d.store, func() {
		if writes++; writes == 2 {
			cancel()
		}
	}})
	_, err := s.Workspace(a.Organisation).PrepareBatch(ctx, issuer.PrepareInput{Name: "Spring", List: &countedRows{rows: 1100}}, by)
	if !errors.Is(err, context.Canceled) || d.count(t, "batch")+d.count(t, "batch-row") != 0 {
		t.Errorf("%d batches and %d rows are left, error %v", d.count(t, "batch"), d.count(t, "batch-row"), err)
	}
	rows := awards(1100)
	rows[1050].Recipient = "nobody"
	_, err = d.StartBatch(t.Context(), issuer.BatchInput{Name: "Spring", Awards: rows})
	wantCode(t, err, issuer.KindInvalid, "rows")
	if n := d.count(t, "batch") + d.count(t, "batch-row"); n != 0 {
		t.Errorf("%d records are left", n)
	}
}

// TestPreparedFull: what waits to be confirmed is bounded for each organisation. Confirming or discarding makes room, and others have
// their own; what was done by mistake can be undone all the same.
func TestPreparedFull(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	w := d.space(t)
	done := d.prepare(t, given(awards(2)))
	if _, err := w.ConfirmBatch(t.Context(), done.ID, false, by); err != nil {
		t.Fatal(err)
	}
	if _, err := d.RunBatch(t.Context(), done.ID, nil); err != nil {
		t.Fatal(err)
	}
	large := d.prepare(t, given(awards(3)))
	d.claims(t, large.ID, 199_999)
	d.prepare(t, given(awards(1)))
	_, err := w.PrepareBatch(t.Context(), given(awards(1)), by)
	wantCode(t, err, issuer.KindConflict, "prepared_full")
	made := d.rowsOf(t, done.ID)
	cause := issuer.Cause{Code: issuer.ReasonOther, Reason: "A mistake"}
	_, err = w.PrepareRevocation(t.Context(), issuer.RevokeInput{Name: "Both", IDs: []string{made[0].Award}, Cause: cause}, by)
	wantCode(t, err, issuer.KindConflict, "prepared_full")
	if _, _, err := w.CheckBatch(t.Context(), given(awards(1)), by); err != nil {
		t.Errorf("a dry run: %v", err)
	}
	undo, err := w.PrepareUndo(t.Context(), done.ID, cause, by)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.PrepareUndo(t.Context(), done.ID, cause, by)
	wantCode(t, err, issuer.KindConflict, "prepared_full")
	for _, id := range []string{undo.ID, large.ID} {
		if err := w.DiscardBatch(t.Context(), id, by); err != nil {
			t.Fatal(err)
		}
	}
	d.prepare(t, given(awards(1)))
}

// claims makes the record of a batch say that it has so many rows.
func (d *desk) claims(t testing.TB, id string, rows int) {
	t.Helper()
	kind := issuer.Kinds()[slices.IndexFunc(issuer.Kinds(), func(k issuer.Kind) bool { return k.Name == "batch" })]
	err := d.store.Update(t.Context(), func(tx issuer.Tx) error {
		row, err := tx.Get(kind, id)
		if err != nil {
			return err
		}
		var b map[string]any
		if err := json.Unmarshal(row.Body, &b); err != nil {
			return err
		}
		b["total"] = rows
		if row.Body, err = json.Marshal(b); err != nil {
			return err
		}
		return tx.Put(kind, row)
	})
	if err != nil {
		t.Fatal(fmt.Errorf("changing a batch: %w", err))
	}
}
