package issuer_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/issuer"
)

var mistake = issuer.Cause{Code: issuer.ReasonError, Reason: "The wrong list was used", Note: "See the letter of Monday"}

// run works on a batch until it is finished, two chunks at a time.
func (d *desk) run(t testing.TB, id string) issuer.Batch {
	t.Helper()
	for range 100 {
		looks := 0
		if finished, err := d.RunBatch(t.Context(), id, func() bool { looks++; return looks < 2 }); err != nil {
			t.Fatal(err)
		} else if finished {
			break
		}
	}
	b, err := d.Batch(t.Context(), id)
	if err != nil || b.State != issuer.BatchFinished {
		t.Fatalf("%+v, error %v", b, err)
	}
	return b
}

// TestPrepareRevocation: a dry run finds what is to be revoked and changes nothing; confirmed, each award is revoked once.
func TestPrepareRevocation(t *testing.T) {
	d := newDesk(t, public)
	a := d.publish(t)
	w := d.space(t)
	first := d.batch(t, 130)
	d.run(t, first.ID)
	rows := d.rowsOf(t, first.ID)
	if _, err := d.Revoke(t.Context(), rows[0].Award, "Before", "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Suspend(t.Context(), rows[1].Award, "", "test"); err != nil {
		t.Fatal(err)
	}
	before := d.records(t)
	b, err := w.PrepareRevocation(t.Context(), issuer.RevokeInput{Name: "Wrong list", Filter: issuer.CredentialFilter{Achievement: a.ID}, Cause: mistake}, by)
	if err != nil || b.State != issuer.BatchPrepared || b.Kind != issuer.BatchRevoke || b.Total != 129 || b.Rejected != 0 || b.Code != issuer.ReasonError {
		t.Fatalf("%+v, error %v", b, err)
	}
	after := d.records(t)
	for _, name := range []string{"batch", "batch-row", "audit"} {
		delete(before, name)
		delete(after, name)
	}
	if diff := cmp.Diff(before, after); diff != "" || d.actions(t, "credential.revoked") != 1 {
		t.Errorf("the dry run has written:\n%s", diff)
	}
	if _, err := d.Revoke(t.Context(), rows[2].Award, "In between", "test"); err != nil {
		t.Fatal(err)
	}
	if b, err = w.ConfirmBatch(t.Context(), b.ID, false, by); err != nil {
		t.Fatal(err)
	}
	if b = d.run(t, b.ID); b.Done != 129 || b.Failed != 0 {
		t.Errorf("%+v", b)
	}
	for i, row := range rows {
		c, err := d.Credential(t.Context(), row.Award)
		if err != nil || c.Revoked == nil || i > 2 && (c.Revoked.Reason != mistake.Reason || c.Revoked.Note != mistake.Note || c.Revoked.Code != mistake.Code || c.Revoked.By != by.Actor) {
			t.Fatalf("row %d: %+v, error %v", i, c.Revoked, err)
		}
		if i%50 < 3 {
			d.wantBits(t, c, true, i == 1)
		}
	}
	if done, _, err := w.BatchRows(t.Context(), b.ID, issuer.RowDone, "", 2); err != nil || len(done) != 2 || done[0].Note != "" || done[1].Code != "already_revoked" || done[1].Note == "" {
		t.Errorf("%+v, error %v", done, err)
	}
	if n := d.actions(t, "credential.revoked"); n != 130 {
		t.Errorf("%d entries, want 130", n)
	}
	told := 0
	page, _, err := d.Activity(t.Context(), issuer.ActivityFilter{Subject: rows[5].Award}, "", 10)
	for _, e := range page {
		if e.Action == "credential.revoked" && e.Detail == b.ID && e.Actor == by.Actor {
			told++
		}
	}
	if told != 1 || err != nil {
		t.Errorf("%+v, error %v", page, err)
	}
	_, err = w.PrepareRevocation(t.Context(), issuer.RevokeInput{Name: "Wrong list", Filter: issuer.CredentialFilter{Achievement: a.ID}, Cause: mistake}, by)
	wantCode(t, err, issuer.KindConflict, "nothing_to_do")
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestPrepareRevocationRefuses: what was not said, and names that cannot be revoked.
func TestPrepareRevocationRefuses(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	w := d.space(t)
	one, two, gone := d.award(t), d.award(t), d.award(t)
	if _, err := d.Revoke(t.Context(), gone.ID, "Before", "test"); err != nil {
		t.Fatal(err)
	}
	other, err := d.CreateOrganisation(t.Context(), "Lakeside District", "badges@lakeside.example", "test")
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(code string, change func(*issuer.RevokeInput)) {
		t.Helper()
		in := issuer.RevokeInput{Name: "Wrong", IDs: []string{one.ID}, Cause: mistake}
		change(&in)
		_, err := w.PrepareRevocation(t.Context(), in, by)
		wantCode(t, err, issuer.KindInvalid, code)
	}
	refuse("name", func(in *issuer.RevokeInput) { in.Name = "" })
	refuse("code", func(in *issuer.RevokeInput) { in.Cause.Code = "" })
	refuse("reason", func(in *issuer.RevokeInput) { in.Cause = issuer.Cause{Code: issuer.ReasonOther} })
	refuse("filter", func(in *issuer.RevokeInput) { in.IDs = nil })
	refuse("filter", func(in *issuer.RevokeInput) { in.Filter.Batch = "x" })
	refuse("batch_size", func(in *issuer.RevokeInput) { in.IDs = make([]string, 50_001) })

	names := []string{one.ID, " " + two.URL + "\n", "none", gone.ID, one.Identifier}
	b, err := w.PrepareRevocation(t.Context(), issuer.RevokeInput{Name: "Wrong", IDs: names, Cause: mistake}, by)
	if err != nil || b.Total != 5 || b.Rejected != 3 {
		t.Fatalf("%+v, error %v", b, err)
	}
	rejected, _, err := w.BatchRejected(t.Context(), b.ID, "", 10)
	var codes []string
	for _, row := range rejected {
		codes = append(codes, fmt.Sprint(row.Row, row.Problems[0].Code, row.Cells))
	}
	if want := "3not_found[none] 4already_revoked[" + gone.ID + "] 5duplicate_row[" + one.Identifier + "]"; err != nil || strings.Join(codes, " ") != want {
		t.Errorf("%q, want %q, error %v", codes, want, err)
	}
	foreign, err := d.Workspace(other.ID).PrepareRevocation(t.Context(), issuer.RevokeInput{Name: "Wrong", IDs: []string{one.ID, "none"}, Cause: mistake}, by)
	if err != nil || foreign.Rejected != 2 {
		t.Fatalf("%+v, error %v", foreign, err)
	}
	rejected, _, err = d.Workspace(other.ID).BatchRejected(t.Context(), foreign.ID, "", 10)
	if err != nil || len(rejected) != 2 || rejected[0].Problems[0].Detail != rejected[1].Problems[0].Detail || rejected[0].Problems[0].Code != "not_found" {
		t.Errorf("%+v, error %v", rejected, err)
	}
	if _, err := w.ConfirmBatch(t.Context(), b.ID, true, by); err != nil {
		t.Fatal(err)
	}
	if b = d.run(t, b.ID); b.Done != 2 {
		t.Errorf("%+v", b)
	}
	if c, err := d.Credential(t.Context(), two.ID); err != nil || c.Revoked == nil {
		t.Errorf("%+v, error %v", c, err)
	}
}

// TestUndoBatch: a batch of which some rows failed is undone as one, and what was in the way the first time by a second.
func TestUndoBatch(t *testing.T) {
	d := newDesk(t, public)
	a := d.publish(t)
	w := d.space(t)
	other := d.publish(t)
	rows := awards(120)
	for i := range rows {
		rows[i].Achievement = a.ID
	}
	rows[4].Achievement = other.ID
	b, err := d.StartBatch(t.Context(), issuer.BatchInput{Organisation: a.Organisation, Name: "Spring", Awards: rows, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Archive(t.Context(), other.ID, by); err != nil {
		t.Fatal(err)
	}
	_, err = w.UndoBatch(t.Context(), b.ID, mistake, by)
	wantCode(t, err, issuer.KindConflict, "batch_open")
	if b = d.run(t, b.ID); b.Done != 119 || b.Failed != 1 {
		t.Fatalf("%+v", b)
	}
	_, err = w.UndoBatch(t.Context(), b.ID, issuer.Cause{}, by)
	wantCode(t, err, issuer.KindInvalid, "code")
	made := d.rowsOf(t, b.ID)
	if _, err := d.Revoke(t.Context(), made[0].Award, "Before", "test"); err != nil {
		t.Fatal(err)
	}
	undo, err := w.UndoBatch(t.Context(), b.ID, mistake, by)
	if err != nil || undo.Total != 118 || undo.Undoes != b.ID || undo.State != issuer.BatchOpen {
		t.Fatalf("%+v, error %v", undo, err)
	}
	_, err = w.UndoBatch(t.Context(), b.ID, mistake, by)
	wantCode(t, err, issuer.KindConflict, "undo_open")
	if _, err := d.RunBatch(t.Context(), undo.ID, func() bool { return false }); err != nil {
		t.Fatal(err)
	}
	if undo, err = w.DropBatch(t.Context(), undo.ID, by); err != nil || undo.State != issuer.BatchFinished || undo.Done != 100 || undo.Failed != 18 {
		t.Fatalf("%+v, error %v", undo, err)
	}
	if b, err = d.Batch(t.Context(), b.ID); err != nil || b.Undone != undo.ID {
		t.Errorf("%+v, error %v", b, err)
	}
	again, err := w.UndoBatch(t.Context(), b.ID, mistake, by)
	if err != nil || again.Total != 18 {
		t.Fatalf("%+v, error %v", again, err)
	}
	if again = d.run(t, again.ID); again.Done != 18 {
		t.Errorf("%+v", again)
	}
	for _, row := range made {
		if c, err := d.Credential(t.Context(), row.Award); row.Award != "" && (err != nil || c.Revoked == nil) {
			t.Fatalf("%+v, error %v", c, err)
		}
	}
	if b, err = d.Batch(t.Context(), b.ID); err != nil || b.Undone != again.ID || d.actions(t, "credential.revoked") != 119 {
		t.Errorf("%+v, error %v", b, err)
	}
	_, err = w.UndoBatch(t.Context(), b.ID, mistake, by)
	wantCode(t, err, issuer.KindConflict, "nothing_to_do")
	_, err = w.UndoBatch(t.Context(), undo.ID, mistake, by)
	wantCode(t, err, issuer.KindConflict, "not_undoable")
	if n := d.count(t, "batch"); n != 3 {
		t.Errorf("%d batches", n)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestUndoBatchNeedsSecond: where revoking needs a second person an undoing is prepared, and nothing of a refused one is left.
func TestUndoBatchNeedsSecond(t *testing.T) {
	d := newDesk(t, public)
	a := d.publish(t)
	w := d.space(t)
	b := d.run(t, d.batch(t, 2).ID)
	if _, err := d.Configure(t.Context(), a.Organisation, func(c *issuer.Configuration) { c.Settings.Second = []issuer.Act{issuer.ActRevoke} }, "test"); err != nil {
		t.Fatal(err)
	}
	_, err := w.UndoBatch(t.Context(), b.ID, mistake, by)
	wantCode(t, err, issuer.KindDenied, "second_person")
	if n := d.count(t, "batch"); n != 1 {
		t.Errorf("%d batches", n)
	}
	undo, err := w.PrepareUndo(t.Context(), b.ID, mistake, by)
	if err != nil || undo.State != issuer.BatchPrepared || undo.Total != 2 {
		t.Errorf("%+v, error %v", undo, err)
	}
}

// TestBatchCourses: whatever is prepared, confirmed, discarded, worked on, ended and undone in whatever order, by processes that die at
// any update, each row ends once: one award for each that is done, revoked once where it is undone, and nothing is left of what was
// discarded.
func TestBatchCourses(t *testing.T) {
	courses := uint64(15)
	if testing.Short() {
		courses = 4
	}
	if long, err := strconv.ParseUint(os.Getenv("LAUREL_BATCH_COURSES"), 10, 64); err == nil {
		courses = long
	}
	for course := range courses {
		t.Run(strconv.FormatUint(course, 10), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(course, 8))
			d := newDesk(t, public)
			d.publish(t)
			o := d.organisation(t).ID
			ids := []string{"none"}
			for range 3 + rng.IntN(12) {
				store := &dying{Store: d.store, updates: 1 << 30}
				s := d.beside(t, store)
				if rng.IntN(4) == 0 {
					store.updates = rng.IntN(5)
				}
				w, id := s.Workspace(o), ids[rng.IntN(len(ids))]
				learn := func(b issuer.Batch, err error) {
					if err == nil {
						ids = append(ids, b.ID)
					}
				}
				switch rng.IntN(11) { // what is refused, or dies, is part of the course
				case 0, 1, 2:
					n, bad := 1+rng.IntN(60), []int{}
					if rng.IntN(2) == 0 {
						bad = append(bad, rng.IntN(n))
					}
					learn(w.PrepareBatch(t.Context(), given(awards(n), bad...), by))
				case 3, 4:
					_, _ = w.ConfirmBatch(t.Context(), id, true, by)
				case 5:
					_ = w.DiscardBatch(t.Context(), id, by)
				case 6, 7:
					left := rng.IntN(3)
					_, _ = s.RunBatch(t.Context(), id, func() bool { left--; return left > 0 })
				case 8:
					_, _ = w.DropBatch(t.Context(), id, by)
				case 9:
					learn(w.UndoBatch(t.Context(), id, mistake, by))
				case 10:
					learn(w.PrepareRevocation(t.Context(), issuer.RevokeInput{Name: "All", Filter: issuer.CredentialFilter{Batch: id}, Cause: mistake}, by))
				}
			}
			d.settle(t, o)
			if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// settle brings all batches to their end and looks at what has become of them.
func (d *desk) settle(t *testing.T, organisation string) {
	w := d.Workspace(organisation)
	var all []issuer.Batch
	for after := ""; ; {
		page, next, err := w.Batches(t.Context(), after, 100)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, page...); next == "" {
			break
		}
		after = next
	}
	slices.Reverse(all)
	owner := map[string]string{} // Credential.ID -> Batch.ID that made it
	made := 0
	for i, b := range all {
		if b.State == issuer.BatchPrepared {
			if err := w.DiscardBatch(t.Context(), b.ID, by); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if b.State == issuer.BatchHeld { // ending it was cut short
			if _, err := w.DropBatch(t.Context(), b.ID, by); err != nil {
				t.Fatal(err)
			}
		}
		if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
			t.Fatal(finished, err)
		}
		b, err := d.Batch(t.Context(), b.ID)
		if err != nil || b.State != issuer.BatchFinished || b.Done+b.Failed+b.Rejected != b.Total {
			t.Fatalf("%+v, error %v", b, err)
		}
		all[i] = b
		counts := map[issuer.RowState]int{}
		for _, row := range d.rowsOf(t, b.ID) {
			counts[row.State()]++
			if row.State() != issuer.RowDone {
				continue
			}
			c, err := d.Credential(t.Context(), row.Award)
			switch {
			case err != nil || c.Issued.IsZero():
				t.Fatalf("%+v, error %v", row, err)
			case b.Kind == issuer.BatchRevoke && c.Revoked == nil:
				t.Fatalf("%+v is not revoked", row)
			case b.Kind != issuer.BatchAward:
			case owner[c.ID] != "" || c.Batch != b.ID:
				t.Fatalf("%+v was made by %s and %s", c.ID, owner[c.ID], b.ID)
			default:
				owner[c.ID], made = b.ID, made+1
			}
		}
		if want := map[issuer.RowState]int{issuer.RowDone: b.Done, issuer.RowFailed: b.Failed, issuer.RowRejected: b.Rejected}; counts[issuer.RowDone] != want[issuer.RowDone] ||
			counts[issuer.RowFailed] != want[issuer.RowFailed] || counts[issuer.RowRejected] != want[issuer.RowRejected] || counts[issuer.RowWaiting] != 0 {
			t.Fatalf("%+v has rows %v", b, counts)
		}
	}
	if n := d.count(t, "credential"); n != made {
		t.Fatalf("%d awards, %d rows", n, made)
	}
	revoked, _, err := w.Credentials(t.Context(), issuer.CredentialFilter{State: issuer.CredentialRevoked}, "", 10_000)
	if n := d.actions(t, "credential.revoked"); err != nil || n != len(revoked) {
		t.Fatalf("%d awards revoked by %d acts, error %v", len(revoked), n, err)
	}
	undone := map[string]bool{}
	for _, b := range all {
		if b.Kind == issuer.BatchAward && b.Undone != "" {
			undo, err := d.Batch(t.Context(), b.Undone)
			if undone[b.ID] = err == nil && undo.Failed == 0; err != nil || undo.Undoes != b.ID {
				t.Fatalf("%+v and %+v, error %v", b, undo, err)
			}
		}
	}
	for award, batch := range owner {
		if c, err := d.Credential(t.Context(), award); err != nil || undone[batch] && c.Revoked == nil {
			t.Fatalf("%s of %s: %+v, error %v", award, batch, c.Revoked, err)
		}
	}
	d.clock.Add(2 * time.Hour)
	if _, err := d.FinishDrafts(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, b := range all {
		if b.State == issuer.BatchFinished {
			left += b.Total
		}
	}
	if n := d.count(t, "batch-row"); n != left {
		t.Fatalf("%d rows, want %d", n, left)
	}
}
