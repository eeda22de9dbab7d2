package postgres_test

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/issuer"
)

// TestFaultsSilence: a server that hangs is told to everyone who asks, soon, also to those who wait behind others, and works again as soon
// as it goes on. With LAUREL_CRASH_ROUNDS the waits are those of the product; else they are shorter, and a slow machine may be late with
// what follows them, but not by as much as one waiting for the other would take.
func TestFaultsSilence(t *testing.T) {
	t.Parallel() // it mostly waits
	inFull := os.Getenv("LAUREL_CRASH_ROUNDS") != ""
	view, update, later, answer := 6*time.Second, 8*time.Second, 3500*time.Millisecond, 5*time.Second
	if !inFull {
		answer = time.Second
		view, update, later = 20*answer, 20*answer, 20*answer
	}
	c := pgtest.New(t, pgtest.Options{})
	s := open(t, tabled(t, c.Database(t), notes))
	if !inFull {
		postgres.Hurry(s, answer)
	}
	closed := false
	defer func() {
		if !closed {
			_ = s.Close()
		}
	}()
	put := func(id string) error {
		return s.Update(t.Context(), func(tx issuer.Tx) error { return tx.Put(notes, note(id, 0, "")) })
	}
	look := func() error { return lookupNote(t.Context(), s, "a") }
	must(t, put("a"))
	// As many connections as there may be, so that those who come later wait for one.
	var open sync.WaitGroup
	opened := make(chan struct{})
	for range 11 {
		open.Add(1)
		go func() {
			if err := s.View(t.Context(), func(tx issuer.Tx) error {
				_, err := tx.Get(notes, "a")
				open.Done()
				<-opened
				return err
			}); err != nil {
				t.Error(err)
			}
		}()
	}
	open.Wait()
	start := time.Now()
	if err := look(); !errors.Is(err, issuer.ErrUnavailable) || time.Since(start) > view {
		t.Errorf("a view that gets no connection ended after %v with %v", time.Since(start), err)
	}
	close(opened)
	for name, ask := range map[string]struct {
		limit time.Duration
		ask   func() error
	}{
		"views":   {view, look},
		"updates": {update, func() error { return put("b") }},
	} {
		must(t, look())
		c.Pause(t)
		var wait sync.WaitGroup
		begun := time.Now()
		var mu sync.Mutex
		var longest time.Duration
		for i := range 40 {
			wait.Go(func() {
				time.Sleep(time.Duration(i) * answer / 40)
				start := time.Now()
				err := ask.ask()
				took := time.Since(start)
				if !errors.Is(err, issuer.ErrUnavailable) || strings.ContainsAny(err.Error(), "\n") || took > ask.limit {
					t.Errorf("%s: ended after %v with %v", name, took, err)
				}
				mu.Lock()
				longest = max(longest, took)
				mu.Unlock()
			})
		}
		wait.Wait()
		// Whoever comes now is told sooner.
		start := time.Now()
		if err := ask.ask(); !errors.Is(err, issuer.ErrUnavailable) || time.Since(start) > later {
			t.Errorf("%s, after others: ended after %v with %v", name, time.Since(start), err)
		}
		t.Logf("%s: at most %v, then %v; all in %v", name, longest, time.Since(start), time.Since(begun))
		c.Resume(t)
		start = time.Now()
		for err := ask.ask(); err != nil && !errors.Is(err, issuer.ErrConflict); err = ask.ask() {
			if time.Since(start) > time.Minute {
				t.Fatalf("%s: still after the server went on: %v", name, err)
			}
		}
	}
	c.Pause(t)
	closed = true
	start = time.Now()
	must(t, s.Close())
	if took := time.Since(start); took > time.Minute {
		t.Errorf("closing took %v", took)
	}
	c.Resume(t)
}
