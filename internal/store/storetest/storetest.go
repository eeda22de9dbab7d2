// Package storetest is the conformance suite that every storage engine passes.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// Opener opens the store that lies under folder, which is empty at first, and returns how to close it. Opening the
// same folder again after a close shows the same records.
type Opener func(t testing.TB, folder string) (store issuer.Store, closeStore func())

// note is the record that the suite writes.
type note struct {
	ID    string
	Topic string
	Seq   int
	Text  string
}

var notes = issuer.Table[note]{
	Kind:    issuer.Kind{Name: "note", Lookups: []string{"topic"}},
	Key:     func(n *note) string { return n.ID },
	Order:   func(n *note) string { return fmt.Sprintf("%08d", n.Seq) },
	Lookups: func(n *note) []string { return []string{n.Topic} },
}

// Run runs the suite.
func Run(t *testing.T, open Opener) {
	tests := []struct {
		name string
		run  func(t *testing.T, s issuer.Store)
	}{
		{"a record is read back in its own transaction and after it", readYourWrites},
		{"a missing record is not found", missing},
		{"a view keeps its snapshot", snapshot},
		{"a stale version conflicts", staleVersion},
		{"no increment is lost among 50 writers", lostUpdate},
		{"a failed update leaves nothing and spares its neighbours", failedUpdate},
		{"a panic leaves nothing and reaches its caller", panicking},
		{"a view cannot write", readOnly},
		{"counters are unique among 50 goroutines", counters},
		{"a cancelled context never starts", cancelled},
		{"a changed lookup moves the record", movedLookup},
		{"pages hold every record once, both ways", pages},
		{"a foreign cursor is refused", foreignCursor},
		{"records that cannot be stored are refused", unfit},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, closeStore := open(t, t.TempDir())
			defer closeStore()
			test.run(t, s)
		})
	}
	t.Run("what was committed is there after reopening", func(t *testing.T) { reopen(t, open) })
}

func put(t testing.TB, s issuer.Store, n note) {
	t.Helper()
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		_, version, err := notes.Get(tx, n.ID)
		if err != nil && !errors.Is(err, issuer.ErrNotFound) {
			return err
		}
		return notes.Put(tx, &n, version)
	}))
}

func get(t testing.TB, s issuer.Store, id string) (found note, err error) {
	t.Helper()
	err = s.View(t.Context(), func(tx issuer.Tx) error {
		found, _, err = notes.Get(tx, id)
		return err
	})
	return found, err
}

func list(t testing.TB, s issuer.Store, q issuer.Query) (ids []string, next string) {
	t.Helper()
	must(t, s.View(t.Context(), func(tx issuer.Tx) error {
		var found []note
		var err error
		found, next, err = notes.List(tx, q)
		for _, n := range found {
			ids = append(ids, n.ID)
		}
		return err
	}))
	return ids, next
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t testing.TB, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("error %v, want %v", got, want)
	}
}

func wantSame(t testing.TB, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func readYourWrites(t *testing.T, s issuer.Store) {
	first := note{ID: "a", Topic: "x", Text: "one"}
	second := note{ID: "a", Topic: "x", Text: "two"}
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		if err := notes.Put(tx, &first, 0); err != nil {
			return err
		}
		got, version, err := notes.Get(tx, "a")
		if err != nil {
			return err
		}
		wantSame(t, got, first)
		wantSame(t, version, uint64(1))
		found, _, err := notes.List(tx, issuer.Query{By: "topic", Value: "x"})
		if err != nil {
			return err
		}
		wantSame(t, found, []note{first})
		return notes.Put(tx, &second, version)
	}))
	got, err := get(t, s, "a")
	must(t, err)
	wantSame(t, got, second)
}

func missing(t *testing.T, s issuer.Store) {
	_, err := get(t, s, "a")
	wantError(t, err, issuer.ErrNotFound)
	remove := func(tx issuer.Tx) error { return tx.Delete(notes.Kind, "a") }
	wantError(t, s.Update(t.Context(), remove), issuer.ErrNotFound)
	put(t, s, note{ID: "a", Topic: "x"})
	must(t, s.Update(t.Context(), remove))
	wantError(t, s.Update(t.Context(), remove), issuer.ErrNotFound)
	_, err = get(t, s, "a")
	wantError(t, err, issuer.ErrNotFound)
	if ids, _ := list(t, s, issuer.Query{By: "topic", Value: "x"}); ids != nil {
		t.Errorf("a deleted record is still listed: %v", ids)
	}
}

func snapshot(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "a", Topic: "x", Text: "before"})
	must(t, s.View(t.Context(), func(tx issuer.Tx) error {
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

func staleVersion(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "a"})
	for _, version := range []uint64{0, 2} {
		err := s.Update(t.Context(), func(tx issuer.Tx) error {
			return notes.Put(tx, &note{ID: "a", Text: "stale"}, version)
		})
		wantError(t, err, issuer.ErrConflict)
	}
	err := s.Update(t.Context(), func(tx issuer.Tx) error { return notes.Put(tx, &note{ID: "b"}, 1) })
	wantError(t, err, issuer.ErrConflict)
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

func failedUpdate(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "kept", Topic: "x", Text: "as it was"})
	put(t, s, note{ID: "gone", Topic: "x"})
	refused := errors.New("refused")
	parallel(t, 40, func(i int) error {
		err := s.Update(t.Context(), func(tx issuer.Tx) error {
			n := note{ID: fmt.Sprintf("n%02d", i), Topic: "x", Seq: i + 1}
			if err := notes.Put(tx, &n, 0); err != nil {
				return err
			}
			if i%2 == 0 {
				_, err := tx.Next("good")
				return err
			}
			kept, version, err := notes.Get(tx, "kept")
			if err != nil {
				return err
			}
			kept.Text, kept.Topic = "changed", "y"
			if _, err := tx.Next("good"); err != nil {
				return err
			}
			if err := notes.Put(tx, &kept, version); err != nil {
				return err
			}
			if err := notes.Put(tx, &kept, version+1); err != nil {
				return err
			}
			if err := tx.Delete(notes.Kind, "gone"); err != nil {
				return err
			}
			return refused
		})
		if i%2 == 1 && !errors.Is(err, refused) {
			return fmt.Errorf("update %d: error %v, want %v", i, err, refused)
		}
		if i%2 == 0 {
			return err
		}
		return nil
	})
	want := []string{"gone", "kept"}
	for i := 0; i < 40; i += 2 {
		want = append(want, fmt.Sprintf("n%02d", i))
	}
	ids, _ := list(t, s, issuer.Query{By: "topic", Value: "x"})
	wantSame(t, ids, want)
	if ids, _ := list(t, s, issuer.Query{By: "topic", Value: "y"}); ids != nil {
		t.Errorf("a failed update left index entries: %v", ids)
	}
	got, err := get(t, s, "kept")
	must(t, err)
	if got.Text != "as it was" {
		t.Errorf("a failed update left %q", got.Text)
	}
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		n, err := tx.Next("good")
		if n != 21 {
			t.Errorf("the counter stands at %d, want 21", n)
		}
		return err
	}))
}

func panicking(t *testing.T, s issuer.Store) {
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller")
			}
		}()
		_ = s.Update(t.Context(), func(tx issuer.Tx) error {
			if err := notes.Put(tx, &note{ID: "a"}, 0); err != nil {
				return err
			}
			panic("on purpose")
		})
	}()
	put(t, s, note{ID: "b"})
	if ids, _ := list(t, s, issuer.Query{}); !slices.Equal(ids, []string{"b"}) {
		t.Errorf("records %v, want b alone", ids)
	}
}

func readOnly(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "a"})
	err := s.View(t.Context(), func(tx issuer.Tx) error {
		if err := notes.Put(tx, &note{ID: "b"}, 0); err == nil {
			t.Error("a view may put")
		}
		if err := tx.Delete(notes.Kind, "a"); err == nil {
			t.Error("a view may delete")
		}
		if _, err := tx.Next("c"); err == nil {
			t.Error("a view may count")
		}
		return nil
	})
	must(t, err)
}

func counters(t *testing.T, s issuer.Store) {
	const goroutines, each = 50, 4
	var mu sync.Mutex
	seen := map[uint64]bool{}
	parallel(t, goroutines, func(int) error {
		for range each {
			var n uint64
			err := s.Update(t.Context(), func(tx issuer.Tx) (err error) {
				n, err = tx.Next("serial")
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

func movedLookup(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "a", Topic: "x", Seq: 1})
	put(t, s, note{ID: "b", Topic: "x", Seq: 2})
	put(t, s, note{ID: "a", Topic: "x", Seq: 3})
	if ids, _ := list(t, s, issuer.Query{By: "topic", Value: "x"}); !slices.Equal(ids, []string{"b", "a"}) {
		t.Errorf("order %v, want b a", ids)
	}
	put(t, s, note{ID: "a", Topic: "xx"})
	put(t, s, note{ID: "b", Topic: ""})
	if ids, _ := list(t, s, issuer.Query{By: "topic", Value: "x"}); ids != nil {
		t.Errorf("still under the old value: %v", ids)
	}
	if ids, _ := list(t, s, issuer.Query{By: "topic", Value: "xx"}); !slices.Equal(ids, []string{"a"}) {
		t.Errorf("under the new value: %v, want a", ids)
	}
}

func pages(t *testing.T, s issuer.Store) {
	const count = 2000
	var want []string
	for batch := 0; batch < count; batch += 500 {
		must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
			for i := batch; i < batch+500; i++ {
				// Order and id run against each other; two records share each order.
				n := note{ID: fmt.Sprintf("id%04d", count-i), Topic: "many", Seq: i / 2}
				if err := notes.Put(tx, &n, 0); err != nil {
					return err
				}
				if err := notes.Put(tx, &note{ID: "other" + n.ID, Topic: "manyx"}, 0); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	for i := 0; i < count; i += 2 {
		want = append(want, fmt.Sprintf("id%04d", count-i-1), fmt.Sprintf("id%04d", count-i))
	}
	backward := slices.Clone(want)
	slices.Reverse(backward)
	sorted := slices.Sorted(slices.Values(want))
	for _, test := range []struct {
		name  string
		query issuer.Query
		want  []string
	}{
		{"by lookup", issuer.Query{By: "topic", Value: "many", Limit: 7}, want},
		{"by lookup backward", issuer.Query{By: "topic", Value: "many", Limit: 333, Backward: true}, backward},
		{"in one page", issuer.Query{By: "topic", Value: "many", Limit: count}, want},
		{"by id, default limit", issuer.Query{}, sorted},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for q := test.query; ; {
				ids, next := list(t, s, q)
				got = append(got, ids...)
				if q.After = next; next == "" {
					break
				}
			}
			got = got[:min(len(got), count)]
			wantSame(t, got, test.want)
		})
	}

	// A cursor holds while records come and go: the rest of the list stays what it was.
	ids, next := list(t, s, issuer.Query{By: "topic", Value: "many", Limit: 10})
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		if err := tx.Delete(notes.Kind, ids[9]); err != nil {
			return err
		}
		return notes.Put(tx, &note{ID: "early", Topic: "many", Seq: 0}, 0)
	}))
	ids, _ = list(t, s, issuer.Query{By: "topic", Value: "many", Limit: 10, After: next})
	wantSame(t, ids, want[10:20])
}

func foreignCursor(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "a", Topic: "x"})
	for _, cursor := range []string{"not base64!", "YQ"} {
		err := s.View(t.Context(), func(tx issuer.Tx) error {
			_, _, err := notes.List(tx, issuer.Query{By: "topic", Value: "x", After: cursor})
			return err
		})
		wantError(t, err, issuer.ErrCursor)
	}
}

func unfit(t *testing.T, s issuer.Store) {
	long := string(make([]byte, 600))
	for name, row := range map[string]issuer.Row{
		"empty id":        {Lookups: []string{""}},
		"long id":         {ID: long, Lookups: []string{""}},
		"byte 0":          {ID: "a", Lookups: []string{"x\x00y"}},
		"missing lookups": {ID: "a"},
	} {
		row.Body = []byte("{}")
		if s.Update(t.Context(), func(tx issuer.Tx) error { return tx.Put(notes.Kind, row) }) == nil {
			t.Errorf("%s: stored", name)
		}
	}
}

func reopen(t *testing.T, open Opener) {
	folder := t.TempDir()
	s, closeStore := open(t, folder)
	put(t, s, note{ID: "a", Topic: "x", Text: "lasting"})
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		_, err := tx.Next("serial")
		return err
	}))
	closeStore()
	if err := s.Update(t.Context(), func(issuer.Tx) error { return nil }); err == nil {
		t.Error("a closed store accepts updates")
	}
	if err := s.View(t.Context(), func(issuer.Tx) error { return nil }); err == nil {
		t.Error("a closed store accepts views")
	}
	s, closeStore = open(t, folder)
	defer closeStore()
	got, err := get(t, s, "a")
	must(t, err)
	if got.Text != "lasting" {
		t.Errorf("text %q, want lasting", got.Text)
	}
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		n, err := tx.Next("serial")
		if n != 2 {
			t.Errorf("the counter gave %d, want 2", n)
		}
		return err
	}))
}

// parallel runs fn in count goroutines and reports every error.
func parallel(t *testing.T, count int, fn func(i int) error) {
	t.Helper()
	var group sync.WaitGroup
	for i := range count {
		group.Go(func() {
			if err := fn(i); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}
