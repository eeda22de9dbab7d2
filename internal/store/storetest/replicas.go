package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// What follows holds between two goroutines of one store, and between two stores on the same data where the engine allows them.

// pick gives half of the goroutines the one store and half the other.
func pick(i int, first, second issuer.Store) issuer.Store {
	if i%2 == 0 {
		return first
	}
	return second
}

func seenAtOnce(t *testing.T, first, second issuer.Store) {
	for i := range 20 {
		writer, reader := pick(i, first, second), pick(i+1, first, second)
		put(t, writer, note{ID: "a", Topic: "x", Seq: i})
		if got, err := get(t, reader, "a"); err != nil || got.Seq != i {
			t.Errorf("%d was written, %d is read, %v", i, got.Seq, err)
		}
		if i%5 == 4 {
			must(t, writer.Update(t.Context(), func(tx issuer.Tx) error { return tx.Delete(notes.Kind, "a") }))
			_, err := get(t, reader, "a")
			wantError(t, err, issuer.ErrNotFound)
		}
	}
}

// bothIncrement reads and writes in one update: the engine runs it again until it fits, so no caller sees a conflict.
func bothIncrement(t *testing.T, first, second issuer.Store) {
	put(t, first, note{ID: "a"})
	parallel(t, 50, func(i int) error {
		return pick(i, first, second).Update(t.Context(), func(tx issuer.Tx) error {
			n, version, err := notes.Get(tx, "a")
			if err != nil {
				return err
			}
			n.Seq++
			return notes.Put(tx, &n, version)
		})
	})
	got, err := get(t, second, "a")
	must(t, err)
	if got.Seq != 50 {
		t.Errorf("counted %d, want 50", got.Seq)
	}
	// A version that was read before is another matter: only one of those who saw it may write.
	var wrote atomic.Int64
	_, version, err := func() (n note, version uint64, err error) {
		err = first.View(t.Context(), func(tx issuer.Tx) error {
			n, version, err = notes.Get(tx, "a")
			return err
		})
		return n, version, err
	}()
	must(t, err)
	parallel(t, 10, func(i int) error {
		err := pick(i, first, second).Update(t.Context(), func(tx issuer.Tx) error { return notes.Put(tx, &note{ID: "a", Seq: i}, version) })
		if err == nil {
			wrote.Add(1)
		} else if !errors.Is(err, issuer.ErrConflict) {
			return err
		}
		return nil
	})
	if wrote.Load() != 1 {
		t.Errorf("%d wrote over the same version", wrote.Load())
	}
}

func bothCount(t *testing.T, first, second issuer.Store) {
	const goroutines, each = 50, 4
	var mu sync.Mutex
	seen := map[uint64]bool{}
	parallel(t, goroutines, func(i int) error {
		for range each {
			var n uint64
			err := pick(i, first, second).Update(t.Context(), func(tx issuer.Tx) (err error) {
				n, err = tx.Next("of two")
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

// meeting lets two updates wait for each other, when they can run at the same time, before either goes on. Only the first run of
// each waits, and not for long: where updates take turns nobody comes.
type meeting struct{ came [2]chan struct{} }

func meet() *meeting {
	return &meeting{came: [2]chan struct{}{make(chan struct{}), make(chan struct{})}}
}

func (m *meeting) wait(i int, apart bool) {
	select {
	case <-m.came[i]:
		return // run again
	default:
		close(m.came[i])
	}
	if apart {
		select {
		case <-m.came[1-i]:
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// writeSkew: of two who are on duty one may leave, when the other stays. Each reads both and writes only its own.
func writeSkew(t *testing.T, first, second issuer.Store) {
	for range 5 {
		put(t, first, note{ID: "0", Text: "on"})
		put(t, first, note{ID: "1", Text: "on"})
		m := meet()
		parallel(t, 2, func(i int) error {
			return pick(i, first, second).Update(t.Context(), func(tx issuer.Tx) error {
				mine, version, err := notes.Get(tx, fmt.Sprint(i))
				if err != nil {
					return err
				}
				other, _, err := notes.Get(tx, fmt.Sprint(1-i))
				if err != nil {
					return err
				}
				m.wait(i, first.Shared())
				if other.Text != "on" {
					return nil
				}
				mine.Text = "off"
				return notes.Put(tx, &mine, version)
			})
		})
		left, err := get(t, first, "0")
		must(t, err)
		right, err := get(t, first, "1")
		must(t, err)
		if (left.Text == "on") == (right.Text == "on") {
			t.Fatalf("one is %s and the other %s", left.Text, right.Text)
		}
	}
}

// phantoms: two look for what is not there, by its id or in a list, and make it under the same id or under one of their own.
func phantoms(t *testing.T, first, second issuer.Store) {
	for round := range 6 {
		topic := fmt.Sprint("t", round)
		m := meet()
		var made atomic.Int64
		parallel(t, 2, func(i int) error {
			wrote := false
			err := pick(i, first, second).Update(t.Context(), func(tx issuer.Tx) error {
				wrote = false
				found, _, err := notes.List(tx, issuer.Query{By: "topic", Value: topic})
				if err != nil {
					return err
				}
				m.wait(i, first.Shared())
				if len(found) > 0 {
					return nil
				}
				id := topic
				if round%2 == 0 {
					id += fmt.Sprint("-", i)
				}
				wrote = true
				return notes.Put(tx, &note{ID: id, Topic: topic}, 0)
			})
			if err == nil && wrote {
				made.Add(1)
			}
			return err
		})
		ids, _ := list(t, first, issuer.Query{By: "topic", Value: topic})
		if made.Load() != 1 || len(ids) != 1 {
			t.Fatalf("made %d times, records %v", made.Load(), ids)
		}
	}
}

// halves writes two records that always say the same, and reads them apart in views and in updates.
func halves(t *testing.T, first, second issuer.Store) {
	put(t, first, note{ID: "a"})
	put(t, first, note{ID: "b"})
	read := func(tx issuer.Tx) error {
		left, _, err := notes.Get(tx, "a")
		if err != nil {
			return err
		}
		right, _, err := notes.Get(tx, "b")
		if err != nil {
			return err
		}
		found, _, err := notes.List(tx, issuer.Query{Limit: 2})
		if err == nil && (left.Seq != right.Seq || found[0].Seq != left.Seq || found[1].Seq != left.Seq) {
			return fmt.Errorf("a is %d, b is %d, listed as %d and %d", left.Seq, right.Seq, found[0].Seq, found[1].Seq)
		}
		return err
	}
	parallel(t, 8, func(i int) error {
		s := pick(i, first, second)
		for range 12 {
			var err error
			switch i {
			case 0, 1, 2, 3:
				err = s.Update(t.Context(), func(tx issuer.Tx) error {
					for _, id := range []string{"a", "b"} {
						n, version, err := notes.Get(tx, id)
						if err != nil {
							return err
						}
						n.Seq++
						if err := notes.Put(tx, &n, version); err != nil {
							return err
						}
					}
					return nil
				})
			case 4, 5:
				err = s.View(t.Context(), read)
			default:
				err = s.Update(t.Context(), read)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if got, err := get(t, first, "b"); err != nil || got.Seq != 48 {
		t.Errorf("b stands at %d, want 48, %v", got.Seq, err)
	}
}

// fairness: while both write to one record as fast as they can, each gets on.
func fairness(t *testing.T, first, second issuer.Store) {
	put(t, first, note{ID: "a"})
	var wrote [2]atomic.Int64
	end := time.Now().Add(500 * time.Millisecond)
	parallel(t, 8, func(i int) error {
		for time.Now().Before(end) {
			err := pick(i, first, second).Update(t.Context(), func(tx issuer.Tx) error {
				n, version, err := notes.Get(tx, "a")
				if err != nil {
					return err
				}
				n.Seq++
				return notes.Put(tx, &n, version)
			})
			if err != nil {
				return err
			}
			wrote[i%2].Add(1)
		}
		return nil
	})
	left, right := wrote[0].Load(), wrote[1].Load()
	t.Logf("%d and %d updates", left, right)
	if got, err := get(t, first, "a"); err != nil || int64(got.Seq) != left+right {
		t.Errorf("counted %d of %d and %d, %v", got.Seq, left, right, err)
	}
	if total := left + right; left*20 < total || right*20 < total {
		t.Errorf("%d updates of the one, %d of the other", left, right)
	}
}
