package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// snapshot: a view sees what there was when it began. Where others write too, nobody could tell that instant from the one of its
// first read, and a view that reads nothing should cost no round trip.
func snapshot(t *testing.T, s issuer.Store) {
	if s.Shared() {
		t.Skip("the store is shared: its snapshots are taken at the first read")
	}
	lookWhileWritten(t, s, func(issuer.Tx) error { return nil })
}

// snapshotOfRead: from its first read on a view sees what there was then, also of records that it has not read yet.
func snapshotOfRead(t *testing.T, s issuer.Store) {
	lookWhileWritten(t, s, func(tx issuer.Tx) error {
		if _, _, err := notes.Get(tx, "other"); !errors.Is(err, issuer.ErrNotFound) {
			return fmt.Errorf("reading what is not there: %w", err)
		}
		return nil
	})
}

func lookWhileWritten(t *testing.T, s issuer.Store, first func(issuer.Tx) error) {
	t.Helper()
	put(t, s, note{ID: "a", Topic: "x", Text: "before"})
	must(t, s.View(t.Context(), func(tx issuer.Tx) error {
		if err := first(tx); err != nil {
			return err
		}
		written := make(chan error)
		go func() {
			written <- s.Update(t.Context(), func(tx issuer.Tx) error {
				_, version, err := notes.Get(tx, "a")
				if err != nil {
					return err
				}
				if err := notes.Put(tx, &note{ID: "b", Topic: "x"}, 0); err != nil {
					return err
				}
				return notes.Put(tx, &note{ID: "a", Topic: "x", Text: "after"}, version)
			})
		}()
		if err := <-written; err != nil {
			return err
		}
		got, _, err := notes.Get(tx, "a")
		if err != nil {
			return err
		}
		if got.Text != "before" {
			t.Errorf("the view saw %q", got.Text)
		}
		found, _, err := notes.List(tx, issuer.Query{By: "topic", Value: "x"})
		if len(found) != 1 {
			t.Errorf("the view lists %d records, want 1", len(found))
		}
		return err
	}))
	got, err := get(t, s, "a")
	must(t, err)
	if got.Text != "after" {
		t.Errorf("text %q, want after", got.Text)
	}
}

func lostUpdate(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "a"})
	parallel(t, 50, func(int) error {
		for {
			var read note
			var version uint64
			err := s.View(t.Context(), func(tx issuer.Tx) (err error) {
				read, version, err = notes.Get(tx, "a")
				return err
			})
			if err != nil {
				return err
			}
			read.Seq++
			err = s.Update(t.Context(), func(tx issuer.Tx) error { return notes.Put(tx, &read, version) })
			if !errors.Is(err, issuer.ErrConflict) {
				return err
			}
		}
	})
	got, err := get(t, s, "a")
	must(t, err)
	if got.Seq != 50 {
		t.Errorf("counted %d, want 50", got.Seq)
	}
}

func counters(t *testing.T, s issuer.Store) {
	const goroutines, each = 50, 4
	var mu sync.Mutex
	seen := map[uint64]bool{}
	parallel(t, goroutines, func(int) error {
		for range each {
			var n uint64
			err := s.Update(t.Context(), func(tx issuer.Tx) (err error) {
				n, err = tx.Next("of one")
				return err
			})
			if err != nil {
				return err
			}
			mu.Lock()
			if seen[n] {
				t.Errorf("%d was given twice", n)
			}
			seen[n] = true
			mu.Unlock()
		}
		return nil
	})
	if len(seen) != goroutines*each || !seen[1] || !seen[goroutines*each] {
		t.Errorf("%d numbers, want 1 to %d", len(seen), goroutines*each)
	}
}

func cancelled(t *testing.T, s issuer.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	fn := func(issuer.Tx) error { t.Error("fn ran"); return nil }
	wantError(t, s.Update(ctx, fn), context.Canceled)
	wantError(t, s.View(ctx, fn), context.Canceled)

	// One that waits behind a running update gives up when its time is over.
	inside, release := make(chan struct{}), make(chan struct{})
	slow := make(chan error)
	go func() {
		slow <- s.Update(t.Context(), func(issuer.Tx) error {
			close(inside)
			<-release
			return nil
		})
	}()
	<-inside
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	wantError(t, s.Update(ctx, fn), context.DeadlineExceeded)
	close(release)
	must(t, <-slow)
	put(t, s, note{ID: "a"})
}

// cancelledInside: a visitor who hangs up in the middle of an update has no part in those of others.
func cancelledInside(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "read"})
	parallel(t, 20, func(i int) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		id := fmt.Sprintf("n%02d", i)
		err := s.Update(ctx, func(tx issuer.Tx) error {
			if i%2 == 0 {
				cancel()
			}
			if _, _, err := notes.Get(tx, "read"); err != nil {
				return err
			}
			return notes.Put(tx, &note{ID: id}, 0)
		})
		_, missing := get(t, s, id)
		switch {
		case i%2 == 1 && err != nil:
			return fmt.Errorf("update %d is not cancelled: %w", i, err)
		case err == nil && missing != nil:
			return fmt.Errorf("update %d was acknowledged: %w", i, missing)
		case errors.Is(err, context.Canceled) && missing == nil:
			return fmt.Errorf("update %d is called cancelled and was committed", i)
		case err != nil && !errors.Is(err, context.Canceled):
			return fmt.Errorf("update %d: %w", i, err)
		}
		return nil
	})
}
