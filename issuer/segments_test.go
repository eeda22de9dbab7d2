package issuer_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// segmentReads counts the reads of segments.
type segmentReads struct {
	issuer.Store
	reads atomic.Int64
}

func (s *segmentReads) View(ctx context.Context, fn func(issuer.Tx) error) error {
	return s.Store.View(ctx, func(tx issuer.Tx) error { return fn(segmentTx{tx, s}) })
}

type segmentTx struct {
	issuer.Tx
	store *segmentReads
}

func (t segmentTx) Get(k issuer.Kind, id string) (issuer.Row, error) {
	if k.Name == "status-bits" {
		t.store.reads.Add(1)
	}
	return t.Tx.Get(k, id)
}

// TestSegmentsRead: a signature of a list reads the segments that have changed and no others, and all of them of a list that an
// earlier release wrote.
func TestSegmentsRead(t *testing.T) {
	d := newDesk(t, public)
	counted := &segmentReads{}
	d.wrap = func(s issuer.Store) issuer.Store { counted.Store = s; return counted }
	d.open(t, public)
	awards := d.plant(t, 3)
	list := awards[0].Slot.Revocation
	want := func(c issuer.Credential, reads int64) {
		t.Helper()
		counted.reads.Store(0)
		bits := d.published(t, list)
		if set, err := bits.Get(c.Slot.Index); err != nil || !set {
			t.Errorf("the bit of %s is not set", c.ID)
		}
		if n := counted.reads.Load(); n != reads {
			t.Errorf("%d segments were read, want %d", n, reads)
		}
	}
	d.published(t, list)
	if n := counted.reads.Load(); n != 0 {
		t.Errorf("%d segments of a new list were read", n)
	}
	for i, c := range awards {
		if _, err := d.Revoke(t.Context(), c.ID, "why", "test"); err != nil {
			t.Fatal(err)
		}
		want(awards[i], 1)
	}
	old := func() {
		err := d.store.Update(t.Context(), func(tx issuer.Tx) error {
			row, err := tx.Get(declared("status-list"), list)
			if err != nil {
				return err
			}
			before, _, found := strings.Cut(string(row.Body), `,"changed"`)
			if row.Body = []byte(before + "}"); !found {
				t.Fatalf("%s", row.Body)
			}
			return tx.Put(declared("status-list"), row)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	old()
	d.open(t, public)
	d.clock.Add(24 * time.Hour)
	want(awards[0], 32)
	last := d.plant(t, 1)[0]
	if _, err := d.Revoke(t.Context(), last.ID, "why", "test"); err != nil {
		t.Fatal(err)
	}
	want(last, 1)
	want(awards[2], 0)
	d.open(t, public)
	d.clock.Add(24 * time.Hour)
	want(awards[1], 32)
}
