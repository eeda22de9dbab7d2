package issuer_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// meantime is a store on which something happens just before the first update, once it is set.
type meantime struct {
	issuer.Store
	happens func()
	once    sync.Once
}

func (s *meantime) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	if s.happens != nil {
		s.once.Do(s.happens)
	}
	return s.Store.Update(ctx, fn)
}

// TestBatchAhead: rows are read before the update in which they are begun. Whatever happens between the two, no award is made of a row that
// was changed, and every row comes to its end.
func TestBatchAhead(t *testing.T) {
	for name, test := range map[string]struct {
		happens      func(t *testing.T, d *desk, b issuer.Batch)
		done, failed int
		awards       int
	}{
		"nothing": {func(*testing.T, *desk, issuer.Batch) {}, 5, 0, 5},
		"a person is forgotten": {func(t *testing.T, d *desk, _ issuer.Batch) {
			if err := d.ForgetRecipient(t.Context(), "", "p2@example.org", "earner"); err != nil {
				t.Fatal(err)
			}
		}, 4, 1, 4},
		"the achievement is archived": {func(t *testing.T, d *desk, _ issuer.Batch) {
			w := d.space(t)
			all, err := d.Achievements(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range all {
				if _, err := w.Archive(t.Context(), a.ID, by); err != nil {
					t.Fatal(err)
				}
			}
		}, 0, 5, 0},
		"a person is forgotten and the achievement is archived": {func(t *testing.T, d *desk, _ issuer.Batch) {
			if err := d.ForgetRecipient(t.Context(), "", "p2@example.org", "earner"); err != nil {
				t.Fatal(err)
			}
			w := d.space(t)
			all, err := d.Achievements(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range all {
				if _, err := w.Archive(t.Context(), a.ID, by); err != nil {
					t.Fatal(err)
				}
			}
		}, 0, 5, 0},
		"the batch is run by another process": {func(t *testing.T, d *desk, b issuer.Batch) { d.run(t, b.ID) }, 5, 0, 5},
		"the batch is ended": {func(t *testing.T, d *desk, b issuer.Batch) {
			if _, err := d.space(t).DropBatch(t.Context(), b.ID, by); err != nil {
				t.Fatal(err)
			}
		}, 0, 5, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, public)
			d.publish(t)
			b := d.batch(t, 5)
			store := &meantime{Store: d.store}
			s := d.beside(t, store)
			store.happens = func() { test.happens(t, d, b) }
			if finished, err := s.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
				t.Fatalf("finished %v, error %v", finished, err)
			}
			after, err := d.Batch(t.Context(), b.ID)
			if err != nil || after.Done != test.done || after.Failed != test.failed {
				t.Errorf("%+v, error %v", after, err)
			}
			if n := d.count(t, "credential"); n != test.awards {
				t.Errorf("%d awards", n)
			}
			if len(d.intents(t)) != 0 {
				t.Error("intents are left")
			}
			if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestBatchAheadPart: rows that another process does between the two are given no places that stay unused.
func TestBatchAheadPart(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	const rows = chunk + 50
	b := d.batch(t, rows)
	store := &meantime{Store: d.store}
	s := d.beside(t, store)
	store.happens = func() {
		if _, err := d.RunBatch(t.Context(), b.ID, func() bool { return false }); err != nil {
			t.Fatal(err)
		}
		if n := d.count(t, "credential"); n != chunk {
			t.Fatalf("%d awards by the other process", n)
		}
	}
	if finished, err := s.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
		t.Fatalf("finished %v, error %v", finished, err)
	}
	for _, row := range d.rowsOf(t, b.ID) {
		c, err := d.Credential(t.Context(), row.Award)
		if err != nil || c.Sequence > rows {
			t.Errorf("row %d has the place %d, error %v", row.Number, c.Sequence, err)
		}
	}
	if n := d.actions(t, "batch.intended"); n != 2 {
		t.Errorf("%d chunks were begun", n)
	}
}

// TestBatchFirstRefused: an award of each chunk is checked whole also where the document of its first row cannot be written.
func TestBatchFirstRefused(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	d.run(t, d.batch(t, 3).ID) // there is a template
	in := awards(40)
	in[0].Evidence = []issuer.Evidence{{URL: d.organisation(t).URL + "/revocations"}} // which is the name of something else in a badge later on
	var whole atomic.Int64
	d.check = func(context.Context, []byte) error { whole.Add(1); return nil }
	b, err := d.StartBatch(t.Context(), issuer.BatchInput{Name: "Spring", Awards: in, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Reconfigure(t.Context(), d.organisation(t).ID, issuer.ConfigurationChange{RevocationList: ptr(true)}, "test"); err != nil {
		t.Fatal(err)
	}
	if done := d.run(t, b.ID); done.Done != 39 || done.Failed != 1 || whole.Load() < 2 {
		t.Errorf("%d awarded, %d refused, %d documents checked whole", done.Done, done.Failed, whole.Load())
	}
}
