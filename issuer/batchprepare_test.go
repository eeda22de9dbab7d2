package issuer_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

var by = issuer.Write{Actor: "account:1"}

// given are rows to be prepared, as a table of addresses would give them; those at the places of bad are wrong.
func given(rows []issuer.AwardInput, bad ...int) issuer.PrepareInput {
	in := issuer.PrepareInput{Name: "Spring", Header: []string{"Email", "Note"}, Columns: map[string]int{"email": 0, "duplicate": 0, "duplicate_row": 0}}
	for i, award := range rows {
		in.Awards = append(in.Awards, issuer.BatchRowInput{Award: award, Number: i + 2, Cells: []string{award.Recipient, "x"}})
	}
	for _, i := range bad {
		in.Awards[i].Award.Recipient, in.Awards[i].Cells[0] = "ada", "ada"
	}
	return in
}

func (d *desk) prepare(t testing.TB, in issuer.PrepareInput) issuer.Batch {
	t.Helper()
	b, err := d.space(t).PrepareBatch(t.Context(), in, by)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// told is the installation of d in a process that is told of events.
func (d *desk) told(t testing.TB) (*issuer.Service, func(issuer.EventType) int) {
	t.Helper()
	var mu sync.Mutex
	seen := map[issuer.EventType]int{}
	folder, _, err := keys.OpenFolder(filepath.Join(d.folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := issuer.Open(t.Context(), issuer.Config{Store: d.store, Keys: folder, Now: d.clock.Now, Enqueue: d.enqueue,
		Check: func(ctx context.Context, sealed []byte) error { return d.check(ctx, sealed) },
		Observe: func(_ issuer.Tx, e issuer.Event) error {
			mu.Lock()
			defer mu.Unlock()
			seen[e.Type]++
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return s, func(e issuer.EventType) int { mu.Lock(); defer mu.Unlock(); return seen[e] }
}

// records are the counts of all kinds of record.
func (d *desk) records(t testing.TB) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, k := range issuer.Kinds() {
		counts[k.Name] = d.count(t, k.Name)
	}
	return counts
}

// TestPrepareBatch: everything is checked and told, nothing is issued before it is confirmed, and what was rejected can be had back until
// it is taken away.
func TestPrepareBatch(t *testing.T) {
	d := newDesk(t, public)
	a := d.publish(t)
	w := d.space(t)
	if _, err := d.RecipientKey(t.Context(), a.Organisation, "p0@example.org"); err != nil { // rows are found by their recipients
		t.Fatal(err)
	}
	before := d.records(t)
	in := given(awards(510), 3, 505)
	in.Awards[7].Problems = []issuer.RowProblem{{Row: 9, Column: "Note", Value: "x", Code: "note", Detail: "It is wrong."}}
	b := d.prepare(t, in)
	if b.State != issuer.BatchPrepared || b.Total != 510 || b.Rejected != 3 || !b.Kept || b.Achievement != a.ID || b.Progress() != 0 || b.Prepared.IsZero() || len(d.work) != 0 {
		t.Errorf("%+v, %d jobs", b, len(d.work))
	}
	after := d.records(t)
	for _, name := range []string{"batch", "batch-row", "audit"} {
		delete(before, name)
		delete(after, name)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the dry run has written:\n%s", diff)
	}
	want := []issuer.RejectedRow{
		{Row: 5, Cells: []string{"ada", "x"}, Problems: issuer.RowProblems{{Row: 5, Column: "Email", Value: "ada", Code: "email", Detail: "The e-mail address is not one. Write it as name@example.org."}}},
		{Row: 9, Cells: []string{"p7@example.org", "x"}, Problems: in.Awards[7].Problems},
		{Row: 507, Cells: []string{"ada", "x"}, Problems: issuer.RowProblems{{Row: 507, Column: "Email", Value: "ada", Code: "email", Detail: "The e-mail address is not one. Write it as name@example.org."}}},
	}
	wantRejected := func(want []issuer.RejectedRow) {
		t.Helper()
		first, next, err := w.BatchRejected(t.Context(), b.ID, "", 2)
		rest, end, err2 := w.BatchRejected(t.Context(), b.ID, next, 2)
		if diff := cmp.Diff(want, append(first, rest...)); diff != "" || err != nil || err2 != nil || end != "" {
			t.Errorf("errors %v, %v:\n%s", err, err2, diff)
		}
	}
	wantRejected(want)
	_, err := w.ConfirmBatch(t.Context(), b.ID, false, by)
	wantCode(t, err, issuer.KindConflict, "rejected_rows")
	_, err = d.DropBatch(t.Context(), b.ID, "test")
	wantCode(t, err, issuer.KindConflict, "not_confirmed")
	_, err = d.ReleaseBatch(t.Context(), b.ID, "test")
	wantCode(t, err, issuer.KindConflict, "not_held")
	if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished || d.count(t, "credential") != 0 {
		t.Errorf("it ran: finished %v, error %v", finished, err)
	}
	_, version, err := w.Batch(t.Context(), b.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.ConfirmBatch(t.Context(), b.ID, true, issuer.Write{Actor: "account:2", Versions: []uint64{version + 1}})
	wantCode(t, err, issuer.KindConflict, "version")
	s, seen := d.told(t)
	if b, err = s.Workspace(a.Organisation).ConfirmBatch(t.Context(), b.ID, true, issuer.Write{Actor: "account:2", Versions: []uint64{version}}); err != nil || b.State != issuer.BatchOpen || len(d.work) != 1 {
		t.Fatalf("%+v, error %v", b, err)
	}
	_, err = w.ConfirmBatch(t.Context(), b.ID, true, by)
	wantCode(t, err, issuer.KindConflict, "not_prepared")
	wantCode(t, w.DiscardBatch(t.Context(), b.ID, by), issuer.KindConflict, "batch_open")
	if _, err := s.RunBatch(t.Context(), b.ID, func() bool { return false }); err != nil {
		t.Fatal(err)
	}
	if b, _, err = w.Batch(t.Context(), b.ID); err != nil || b.Progress() != 19 {
		t.Errorf("progress %d%%, error %v", b.Progress(), err)
	}
	waiting, _, err := w.BatchRows(t.Context(), b.ID, issuer.RowWaiting, "", 1000)
	done, _, err2 := w.BatchRows(t.Context(), b.ID, issuer.RowDone, "", 1000)
	if err != nil || err2 != nil || len(waiting) != 409 || len(done) != 98 { // two of the first 100 are rejected
		t.Errorf("%d waiting, %d done, errors %v, %v", len(waiting), len(done), err, err2)
	}
	if finished, err := s.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
		t.Fatal(finished, err)
	}
	if b, _, err = w.Batch(t.Context(), b.ID); err != nil || b.State != issuer.BatchFinished || b.Done != 507 || b.Failed != 0 || b.Progress() != 100 || d.count(t, "credential") != 507 {
		t.Errorf("%+v, error %v", b, err)
	}
	if seen(issuer.EventIntended) != 507 || seen(issuer.EventIssued) != 507 || seen(issuer.EventBatchEnded) != 1 {
		t.Errorf("%d begun, %d issued, %d ended", seen(issuer.EventIntended), seen(issuer.EventIssued), seen(issuer.EventBatchEnded))
	}
	rejected, _, err := w.BatchRows(t.Context(), b.ID, issuer.RowRejected, "", 10)
	if err != nil || len(rejected) != 3 || rejected[0].Line != 5 || rejected[0].Number != 4 || rejected[0].Code != "email" {
		t.Errorf("%+v, error %v", rejected, err)
	}
	_, _, err = w.BatchRows(t.Context(), b.ID, "lost", "", 10)
	wantCode(t, err, issuer.KindInvalid, "state")
	made, _, err := w.BatchRows(t.Context(), b.ID, issuer.RowDone, "", 1)
	if err != nil || len(made) != 1 {
		t.Fatal(made, err)
	}
	if c, err := d.Credential(t.Context(), made[0].Award); err != nil || c.Batch != b.ID || c.By != by.Actor {
		t.Errorf("%+v, error %v", c, err)
	}
	d.clock.Add(29 * 24 * time.Hour)
	if err := s.SweepBatches(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantRejected(want)
	d.clock.Add(2 * 24 * time.Hour)
	if err := s.SweepBatches(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		want[i].Cells, want[i].Problems[0].Value = nil, ""
	}
	wantRejected(want)
	if b, _, err = w.Batch(t.Context(), b.ID); err != nil || b.Kept || b.Rejected != 3 {
		t.Errorf("%+v, error %v", b, err)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestDiscardBatch: what is discarded is gone at once, what nobody confirms after a week.
func TestDiscardBatch(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	w := d.space(t)
	none := d.count(t, "batch-row")
	b, old := d.prepare(t, given(awards(510), 1)), d.prepare(t, given(awards(3)))
	if err := w.DiscardBatch(t.Context(), b.ID, by); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.Batch(t.Context(), b.ID)
	wantCode(t, err, issuer.KindMissing, "not_found")
	wantCode(t, w.DiscardBatch(t.Context(), b.ID, by), issuer.KindMissing, "not_found")
	if list, _, err := w.Batches(t.Context(), "", 10); err != nil || len(list) != 1 || list[0].ID != old.ID || d.count(t, "batch-row") != none+3 {
		t.Errorf("%+v, error %v", list, err)
	}
	d.clock.Add(7*24*time.Hour + time.Minute)
	_, err = w.ConfirmBatch(t.Context(), old.ID, false, by)
	wantCode(t, err, issuer.KindConflict, "too_old")
	if err := d.SweepBatches(t.Context()); err != nil || d.count(t, "batch")+d.count(t, "batch-row") != none {
		t.Errorf("%d batches, %d rows are left, error %v", d.count(t, "batch"), d.count(t, "batch-row"), err)
	}
	// Discarding is cut short: it is not seen any more, and goes later.
	b = d.prepare(t, given(awards(1010)))
	dying := &dying{Store: d.store, updates: 1 << 30}
	s := d.beside(t, dying)
	dying.updates = 2
	if err := s.Workspace(b.Organisation).DiscardBatch(t.Context(), b.ID, by); err == nil {
		t.Error("it came to its end")
	}
	_, err = d.Batch(t.Context(), b.ID)
	wantCode(t, err, issuer.KindMissing, "not_found")
	d.clock.Add(2 * time.Hour)
	if _, err := d.FinishDrafts(t.Context(), time.Minute); err != nil || d.count(t, "batch")+d.count(t, "batch-row") != none {
		t.Errorf("%d rows are left, error %v", d.count(t, "batch-row"), err)
	}
	// Of a batch that is finished what was rejected is forgotten.
	b = d.prepare(t, given(awards(2), 1))
	if _, err := w.ConfirmBatch(t.Context(), b.ID, true, by); err != nil {
		t.Fatal(err)
	}
	if _, err := d.RunBatch(t.Context(), b.ID, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.DiscardBatch(t.Context(), b.ID, by); err != nil {
		t.Fatal(err)
	}
	rows, _, err := w.BatchRejected(t.Context(), b.ID, "", 10)
	if now, _, err2 := w.Batch(t.Context(), b.ID); err != nil || err2 != nil || now.Kept || len(rows) != 1 || rows[0].Cells != nil {
		t.Errorf("%+v, %+v, errors %v, %v", now, rows, err, err2)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestConfirmBatchRefuses: what has changed since it was prepared.
func TestConfirmBatchRefuses(t *testing.T) {
	d := newDesk(t, public)
	a := d.publish(t)
	w := d.space(t)
	b, bad := d.prepare(t, given(awards(2))), d.prepare(t, given(awards(2), 0, 1))
	_, err := w.ConfirmBatch(t.Context(), bad.ID, true, by)
	wantCode(t, err, issuer.KindConflict, "nothing_to_do")
	_, err = w.ConfirmBatch(t.Context(), "none", true, by)
	wantCode(t, err, issuer.KindMissing, "not_found")
	if _, err := d.Configure(t.Context(), a.Organisation, func(c *issuer.Configuration) { c.Settings.Second = []issuer.Act{issuer.ActAward} }, "test"); err != nil {
		t.Fatal(err)
	}
	_, err = w.ConfirmBatch(t.Context(), b.ID, true, by)
	wantCode(t, err, issuer.KindDenied, "second_person")
	if _, err := d.Configure(t.Context(), a.Organisation, func(c *issuer.Configuration) { c.Settings.Second = nil }, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Archive(t.Context(), a.ID, by); err != nil {
		t.Fatal(err)
	}
	_, err = w.ConfirmBatch(t.Context(), b.ID, true, by)
	wantCode(t, err, issuer.KindConflict, "archived")
	_, err = w.PrepareBatch(t.Context(), issuer.PrepareInput{Name: "Spring"}, by)
	wantCode(t, err, issuer.KindInvalid, "batch_size")
	_, err = w.PrepareBatch(t.Context(), given(awards(50_001)), by)
	wantCode(t, err, issuer.KindInvalid, "batch_size")
	_, err = d.Workspace("none").PrepareBatch(t.Context(), given(awards(1)), by)
	wantCode(t, err, issuer.KindMissing, "not_found")
}

// TestPrepareBatchOnce: the same request again, of either step, is answered with the same batch.
func TestPrepareBatchOnce(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	w := d.space(t)
	o := once(t, w, "prepare", "batch")
	b, err := w.PrepareBatch(t.Context(), given(awards(2)), issuer.Write{Actor: "test", Once: o})
	if err != nil {
		t.Fatal(err)
	}
	o.End()
	o = once(t, w, "confirm", "batch")
	if _, err := w.ConfirmBatch(t.Context(), b.ID, false, issuer.Write{Actor: "test", Once: o}); err != nil {
		t.Fatal(err)
	}
	o.End()
	for key, want := range map[string]string{"prepare": "issuer.Batch in version 1", "confirm": "issuer.Batch in version 2"} {
		if again := once(t, w, key, "batch"); string(again.Answer) != want {
			t.Errorf("answer %q, want %q", again.Answer, want)
		}
	}
}

// TestBatchDuplicates: who holds an award already, or is named twice, is found before anything is done where the policy asks for it.
func TestBatchDuplicates(t *testing.T) {
	for policy, want := range map[issuer.DuplicatePolicy]string{
		issuer.DuplicatesAllowed:  "",
		issuer.DuplicatesReplaced: "3 duplicate_row",
		issuer.DuplicatesRefused:  "2 duplicate, 3 duplicate_row",
	} {
		t.Run(string(policy), func(t *testing.T) {
			d := newDesk(t, public)
			a := d.publish(t)
			w := d.space(t)
			if _, err := w.SetAchievement(t.Context(), a.ID, issuer.AchievementSettings{Duplicates: policy}, by); err != nil {
				t.Fatal(err)
			}
			first := given(awards(3))
			if b := d.prepare(t, first); b.Rejected != 0 { // before anybody holds anything
				t.Errorf("%+v", b)
			}
			if _, err := w.Issue(t.Context(), issuer.AwardInput{Recipient: "p0@example.org", Name: "Person"}, by); err != nil {
				t.Fatal(err)
			}
			in := given(awards(3))
			in.Awards[0].Award.Recipient, in.Awards[1].Award.Recipient, in.Awards[2].Award.Recipient = "P0@example.org", "p1@example.org", " P1@Example.org"
			b := d.prepare(t, in)
			rows, _, err := w.BatchRejected(t.Context(), b.ID, "", 10)
			var got []string
			for _, row := range rows {
				got = append(got, fmt.Sprintf("%d %s", row.Row, row.Problems[0].Code))
			}
			want := strings.ReplaceAll(want, "3", "4")
			if strings.Join(got, ", ") != want || err != nil {
				t.Errorf("%+v, error %v", rows, err)
			}
		})
	}
}

// TestForeignBatches: batches of another organisation are as if they did not exist.
func TestForeignBatches(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	b, open := d.prepare(t, given(awards(2), 1)), d.batch(t, 1)
	other, err := d.CreateOrganisation(t.Context(), "Lakeside District", "badges@lakeside.example", "test")
	if err != nil {
		t.Fatal(err)
	}
	before := d.records(t)
	w := d.Workspace(other.ID)
	cause := issuer.Cause{Code: issuer.ReasonError}
	for _, id := range []string{b.ID, open.ID, "none"} {
		for name, act := range map[string]func() error{
			"read":     func() error { _, _, err := w.Batch(t.Context(), id); return err },
			"rows":     func() error { _, _, err := w.BatchRows(t.Context(), id, "", "", 1); return err },
			"rejected": func() error { _, _, err := w.BatchRejected(t.Context(), id, "", 1); return err },
			"confirm":  func() error { _, err := w.ConfirmBatch(t.Context(), id, true, by); return err },
			"discard":  func() error { return w.DiscardBatch(t.Context(), id, by) },
			"drop":     func() error { _, err := w.DropBatch(t.Context(), id, by); return err },
			"release":  func() error { _, err := w.ReleaseBatch(t.Context(), id, by); return err },
			"undo":     func() error { _, err := w.UndoBatch(t.Context(), id, cause, by); return err },
		} {
			var refusal *issuer.Error
			if err := act(); !errors.As(err, &refusal) || refusal.Kind != issuer.KindMissing || refusal.Code != "not_found" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if list, _, err := w.Batches(t.Context(), "", 10); err != nil || len(list) != 0 {
		t.Errorf("%+v, error %v", list, err)
	}
	if diff := cmp.Diff(before, d.records(t)); diff != "" {
		t.Error(diff)
	}
}

// TestBatchOfSeveral: a batch of several achievements names none.
func TestBatchOfSeveral(t *testing.T) {
	d := newDesk(t, public)
	a, other := d.publish(t), d.publish(t)
	rows := awards(3)
	for i, id := range []string{a.ID, other.ID, a.ID} {
		rows[i].Achievement, rows[i].Results = id, []credential.Result{}
	}
	if b := d.prepare(t, given(rows)); b.Achievement != "" || b.Rejected != 0 {
		t.Errorf("%+v", b)
	}
}
