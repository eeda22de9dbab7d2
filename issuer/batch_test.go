package issuer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// awards are rows of a batch for people who are told apart by their names.
func awards(n int) []issuer.AwardInput {
	rows := make([]issuer.AwardInput, n)
	for i := range rows {
		rows[i] = issuer.AwardInput{Recipient: fmt.Sprintf("p%d@example.org", i), Name: fmt.Sprintf("Person %05d", i),
			Results: []credential.Result{{ResultDescription: "result-1", AchievedLevel: "meets"}}}
	}
	return rows
}

func (d *desk) batch(t testing.TB, rows int) issuer.Batch {
	t.Helper()
	b, err := d.StartBatch(t.Context(), issuer.BatchInput{Name: "Spring", Awards: awards(rows), Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rowsOf reads all rows of a batch.
func (d *desk) rowsOf(t testing.TB, id string) []issuer.BatchRow {
	t.Helper()
	var all []issuer.BatchRow
	for after := ""; ; {
		page, next, err := d.BatchRows(t.Context(), id, after, 100)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, page...); next == "" {
			return all
		}
		after = next
	}
}

// wantAwards says whether each of n rows led to one award of its own, and no other award is there.
func (d *desk) wantAwards(t testing.TB, id string, n int) {
	t.Helper()
	b, err := d.Batch(t.Context(), id)
	if err != nil || b.State != issuer.BatchFinished || b.Done != n || b.Failed != 0 || b.Finished.IsZero() {
		t.Fatalf("%+v, error %v", b, err)
	}
	rows, slots := d.rowsOf(t, id), map[int]bool{}
	if len(rows) != n {
		t.Fatalf("%d rows, want %d", len(rows), n)
	}
	for i, row := range rows {
		c, err := d.Credential(t.Context(), row.Award)
		if err != nil || row.Number != i+1 || !row.Done || row.Problem != "" {
			t.Fatalf("%+v, error %v", row, err)
		}
		if slots[c.Slot.Index] = true; c.Issued.IsZero() || !strings.Contains(string(c.JSON), fmt.Sprintf("Person %05d", i)) {
			t.Fatalf("row %d: %s", row.Number, c.JSON)
		}
	}
	if len(slots) != n {
		t.Errorf("%d slots, want %d", len(slots), n)
	}
	all := 0
	for after := ""; ; {
		page, next, err := d.Credentials(t.Context(), after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if all += len(page); next == "" {
			break
		}
		after = next
	}
	if all != n {
		t.Errorf("%d awards, want %d", all, n)
	}
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestBatch(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	const rows = 510 // more than one page of rows
	b := d.batch(t, rows)
	if len(d.work) != 1 || d.work[0].Name != issuer.WorkBatch || string(d.work[0].Payload) != b.ID || d.work[0].Organisation != b.Organisation {
		t.Errorf("queued %+v", d.work)
	}
	if b.State != issuer.BatchOpen || b.Total != rows || b.Done+b.Failed != 0 || b.Kind != issuer.BatchAward || b.By != "test" {
		t.Errorf("batch %+v", b)
	}
	calls := 0
	finished, err := d.RunBatch(t.Context(), b.ID, func() bool { calls++; return calls < 2 })
	if err != nil || finished || calls != 2 {
		t.Errorf("finished %v after %d looks, error %v", finished, calls, err)
	}
	if now, err := d.Batch(t.Context(), b.ID); err != nil || now.Done != 200 {
		t.Errorf("%+v, error %v", now, err)
	}
	d.open(t, public)
	if finished, err = d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
		t.Errorf("finished %v, error %v", finished, err)
	}
	if finished, err = d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
		t.Errorf("once more: finished %v, error %v", finished, err)
	}
	d.wantAwards(t, b.ID, rows)
	c, err := d.Credential(t.Context(), d.rowsOf(t, b.ID)[0].Award)
	if err != nil || c.By != "test" || !strings.Contains(string(c.JSON), "#meets") {
		t.Errorf("%+v, error %v", c, err)
	}
	second := d.batch(t, 1)
	list, next, err := d.Batches(t.Context(), b.Organisation, "", 1)
	if err != nil || len(list) != 1 || list[0].ID != second.ID || next == "" {
		t.Errorf("%+v, next %q, error %v", list, next, err)
	}
	if list, next, err = d.Batches(t.Context(), b.Organisation, next, 1); err != nil || len(list) != 1 || list[0].ID != b.ID || next != "" {
		t.Errorf("%+v, next %q, error %v", list, next, err)
	}
	_, _, err = d.BatchRows(t.Context(), b.ID, "x", 1)
	wantCode(t, err, issuer.KindInvalid, "cursor")
	_, _, err = d.BatchRows(t.Context(), "none", "", 1)
	wantCode(t, err, issuer.KindMissing, "not_found")
	_, err = d.RunBatch(t.Context(), "none", nil)
	wantCode(t, err, issuer.KindMissing, "not_found")
}

// TestBatchRefuses: a batch is begun as a whole or not at all.
func TestBatchRefuses(t *testing.T) {
	d := newDesk(t, public)
	a := d.publish(t)
	start := func(change func(*issuer.BatchInput)) error {
		in := issuer.BatchInput{Name: "Spring", Awards: awards(3)}
		change(&in)
		_, err := d.StartBatch(t.Context(), in)
		return err
	}
	wantCode(t, start(func(in *issuer.BatchInput) { in.Name = "" }), issuer.KindInvalid, "name")
	wantCode(t, start(func(in *issuer.BatchInput) { in.Awards = nil }), issuer.KindInvalid, "batch_size")
	wantCode(t, start(func(in *issuer.BatchInput) { in.Awards = awards(50_001) }), issuer.KindInvalid, "batch_size")
	wantCode(t, start(func(in *issuer.BatchInput) { in.Organisation = "none" }), issuer.KindMissing, "not_found")
	wantCode(t, start(func(in *issuer.BatchInput) { in.Actor = "ada@example.org" }), issuer.KindInvalid, "actor")
	err := start(func(in *issuer.BatchInput) {
		in.Awards[0].Results[0].AchievedLevel = "none"
		in.Awards[1].Achievement = "none"
		in.Awards[2].Recipient = "ada"
	})
	wantCode(t, err, issuer.KindInvalid, "rows")
	var problems issuer.RowProblems
	if !errors.As(err, &problems) || len(problems) != 3 || problems[0].Row != 1 || problems[1].Code != "achievement" || problems[2].Code != "email" || problems[2].Row != 3 {
		t.Errorf("problems %+v", problems)
	}
	err = start(func(in *issuer.BatchInput) { in.Awards = make([]issuer.AwardInput, 300) })
	if problems = nil; !errors.As(err, &problems) || len(problems) != 100 {
		t.Errorf("%d problems, want 100", len(problems))
	}
	if list, _, err := d.Batches(t.Context(), a.Organisation, "", 10); err != nil || len(list)+len(d.work) != 0 {
		t.Errorf("%+v and %+v, error %v", list, d.work, err)
	}
	if rows := d.count(t, "batch-row") + d.count(t, "batch"); rows != 0 {
		t.Errorf("%d records are left", rows)
	}
}

// count is how many records of a kind the store holds.
func (d *desk) count(t testing.TB, kind string) (n int) {
	t.Helper()
	err := d.store.View(t.Context(), func(tx issuer.Tx) error {
		rows, _, err := tx.List(issuer.Kind{Name: kind}, issuer.Query{Limit: 10_000})
		n = len(rows)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestBatchRowFails: what changed since the start stops its rows and no others. What does not pass the check stops the batch, and is given
// up at the fifth try.
func TestBatchRowFails(t *testing.T) {
	d := newDesk(t, public)
	a := d.publish(t)
	other := d.publish(t)
	rows := awards(60)
	for i := range rows {
		rows[i].Achievement = a.ID
	}
	rows[7].Achievement = other.URL
	rows[3].Name += " é" // so that it is checked whole
	b, err := d.StartBatch(t.Context(), issuer.BatchInput{Organisation: a.Organisation, Name: "Spring", Awards: rows, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Workspace(a.Organisation).Archive(t.Context(), other.ID, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("it does not read back")
	d.check = func(_ context.Context, sealed []byte) error {
		if strings.Contains(string(sealed), "Person 00003") {
			return broken
		}
		return nil
	}
	for try := 1; try <= 5; try++ {
		finished, err := d.RunBatch(t.Context(), b.ID, nil)
		held, err2 := d.Batch(t.Context(), b.ID)
		if !finished || err != nil || err2 != nil || held.State != issuer.BatchHeld || held.Problem == "" || held.Done != 0 {
			t.Errorf("try %d: finished %v, %+v, errors %v, %v", try, finished, held, err, err2)
		}
		d.clock.Add(time.Hour)
		if b, err = d.ReleaseBatch(t.Context(), b.ID, "test"); err != nil || b.Problem != "" {
			t.Errorf("%+v, error %v", b, err)
		}
	}
	if finished, err := d.RunBatch(t.Context(), b.ID, nil); !finished || err != nil {
		t.Errorf("finished %v, error %v", finished, err)
	}
	if b, err = d.Batch(t.Context(), b.ID); err != nil || b.Done != 58 || b.Failed != 2 {
		t.Errorf("%+v, error %v", b, err)
	}
	all := d.rowsOf(t, b.ID)
	if all[7].Code != "archived" || all[7].Award != "" || all[3].Code != "given_up" || all[3].Award == "" {
		t.Errorf("rows %+v and %+v", all[7], all[3])
	}
	if len(d.drafts(t)) != 0 {
		t.Error("a draft is left")
	}
}

// shaky is a store on which updates go wrong: before they are committed, after it, or so that they are run twice.
type shaky struct {
	issuer.Store
	mu  sync.Mutex
	one int // update in so many goes wrong
	rng *rand.Rand
}

var errShaken = fmt.Errorf("shaken: %w", issuer.ErrUnavailable)

func (s *shaky) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	s.mu.Lock()
	fault := s.rng.IntN(3 * s.one)
	s.mu.Unlock()
	if fault == 0 {
		return errShaken
	}
	if fault == 1 { // as after a conflict with another process
		conflict := errors.New("run it again")
		err := s.Store.Update(ctx, func(tx issuer.Tx) error { return errors.Join(fn(tx), conflict) })
		if err != nil && err.Error() != conflict.Error() {
			return err
		}
	}
	err := s.Store.Update(ctx, fn)
	if fault == 2 && err == nil {
		return errShaken
	}
	return err
}

// beside is another process on the store and the keys of d.
func (d *desk) beside(t testing.TB, store issuer.Store) *issuer.Service {
	t.Helper()
	folder, _, err := keys.OpenFolder(filepath.Join(d.folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := issuer.Open(t.Context(), issuer.Config{Store: store, Keys: folder, Now: d.clock.Now, Enqueue: d.enqueue,
		Check: func(ctx context.Context, sealed []byte) error { return d.check(ctx, sealed) }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestBatchTogether: several processes that are cut short again and again do each row of a batch once.
func TestBatchTogether(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	rows := 250
	if testing.Short() {
		rows = 100
	}
	b := d.batch(t, rows)
	var group sync.WaitGroup
	for worker := range uint64(4) {
		unreliable := &shaky{Store: d.store, one: 1 << 30, rng: rand.New(rand.NewPCG(worker, 7))}
		s := d.beside(t, unreliable)
		unreliable.one = 4
		group.Go(func() {
			for {
				ctx, cancel := context.WithCancel(t.Context())
				left := rand.IntN(3)
				finished, err := s.RunBatch(ctx, b.ID, func() bool { left--; return left >= 0 })
				cancel()
				if finished {
					return
				}
				var told *issuer.Error
				if err != nil && (!errors.As(err, &told) || told.Code != "store_unavailable") {
					t.Error(err)
					return
				}
				if worker == 3 { // the job that looks after what others left half done
					if _, err := s.FinishDrafts(ctx, 0); err != nil && !errors.As(err, &told) && !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	d.wantAwards(t, b.ID, rows)
}

// TestBatchStartCutShort: a batch whose start did not come to its end is never seen, and goes.
func TestBatchStartCutShort(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	for n := range 3 {
		s := d.beside(t, &dying{Store: d.store, updates: n})
		if _, err := s.StartBatch(t.Context(), issuer.BatchInput{Name: "Spring", Awards: awards(1001), Actor: "test"}); err == nil {
			t.Fatal("it was started")
		}
	}
	if n := d.count(t, "batch"); n != 2 || len(d.work) != 0 {
		t.Errorf("%d batches, %d jobs", n, len(d.work))
	}
	if list, _, err := d.Batches(t.Context(), d.organisation(t).ID, "", 10); err != nil || len(list) != 0 {
		t.Errorf("%+v, error %v", list, err)
	}
	if _, err := d.FinishDrafts(t.Context(), time.Minute); err != nil || d.count(t, "batch") != 2 {
		t.Errorf("what may still be begun went, error %v", err)
	}
	d.clock.Add(2 * time.Hour)
	if _, err := d.FinishDrafts(t.Context(), time.Minute); err != nil || d.count(t, "batch")+d.count(t, "batch-row") != 0 {
		t.Errorf("%d rows are left, error %v", d.count(t, "batch-row"), err)
	}
}

// dying is a store of a process that is killed after so many updates.
type dying struct {
	issuer.Store
	updates int
}

func (s *dying) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	if s.updates--; s.updates < 0 {
		return errShaken
	}
	return s.Store.Update(ctx, fn)
}

func (d *desk) organisation(t testing.TB) issuer.Organisation {
	t.Helper()
	all, err := d.Organisations(t.Context())
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	return all[0]
}

// TestBatchOnce: the same request again is answered with the same batch.
func TestBatchOnce(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	o := once(t, d.space(t), "k", "batch")
	if _, err := d.StartBatch(t.Context(), issuer.BatchInput{Name: "Spring", Awards: awards(2), Once: o}); err != nil {
		t.Fatal(err)
	}
	o.End()
	if again := once(t, d.space(t), "k", "batch"); string(again.Answer) != "issuer.Batch in version 1" {
		t.Errorf("answer %q", again.Answer)
	}
}

// TestFinishDrafts: drafts of a process that was killed are completed by another, those that are on their way left alone, and none is
// given up.
func TestFinishDrafts(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	old := d.leave(t)
	d.clock.Add(2 * time.Minute)
	young := d.leave(t)
	check := d.check
	d.check = func(context.Context, []byte) error { return errors.New("not now") }
	for range 7 {
		if found, err := d.FinishDrafts(t.Context(), time.Minute); err != nil || found.Burned+found.Finished != 0 || found.Unfinished == nil {
			t.Errorf("%+v, error %v", found, err)
		}
	}
	d.check = check
	if found, err := d.FinishDrafts(t.Context(), time.Minute); err != nil || found.Finished != 1 || found.Unfinished != nil {
		t.Errorf("%+v, error %v", found, err)
	}
	if c, err := d.Credential(t.Context(), old.ID); err != nil || c.Issued.IsZero() {
		t.Errorf("%+v, error %v", c, err)
	}
	if left := d.drafts(t); len(left) != 1 || left[0].ID != young.ID {
		t.Errorf("drafts %+v", left)
	}
}

// BenchmarkBatch makes awards by a batch, with both signatures, without the check.
func BenchmarkBatch(b *testing.B) {
	d := newDesk(b, public)
	d.publish(b)
	const rows = 500
	for b.Loop() {
		batch := d.batch(b, rows)
		if finished, err := d.RunBatch(b.Context(), batch.ID, nil); err != nil || !finished {
			b.Fatal(finished, err)
		}
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "awards/s")
}
