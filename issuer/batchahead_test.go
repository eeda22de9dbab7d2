package issuer_test

import (
	"context"
	"sync"
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
