package main

import (
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"
)

// TestDatabasePaused stops the processes of the database where they are, as when its machine has no power or its network is cut.
func TestDatabasePaused(t *testing.T) {
	faulty(t)
	if os.Getenv("LAUREL_CRASH_ROUNDS") == "" {
		t.Skip("part of make crash; TestSilence of the store is its short form")
	}
	g := onServer(t)
	p := g.start(t, "--sample", "--verify-rate", "0")
	here := g.program(t, p)
	first, err := here.award(t.Context(), p, "kim@example.org", "first")
	if err != nil || first.status != http.StatusCreated {
		t.Fatalf("status %d, error %v", first.status, err)
	}
	g.cluster.Pause(t)
	var group sync.WaitGroup
	in := func(what string, limit time.Duration, ask func() (int, error)) {
		group.Go(func() {
			start := time.Now()
			status, err := ask()
			took := time.Since(start)
			t.Logf("%s: %d after %v", what, status, took)
			if err != nil || status != http.StatusServiceUnavailable || took > limit {
				t.Errorf("%s: %d after %v, error %v", what, status, took, err)
			}
		})
	}
	for n := range 20 {
		in("an award", 15*time.Second, func() (int, error) {
			answer, err := here.award(t.Context(), p, "kim@example.org", fmt.Sprint("paused", n))
			return answer.status, err
		})
		in("a page", 8*time.Second, func() (int, error) { return p.ask(t, "/c/"+first.id(), "").status, nil })
	}
	in("/readyz", 8*time.Second, func() (int, error) { return p.ask(t, "/readyz", "").status, nil })
	group.Wait()
	in("/readyz, later", 3*time.Second, func() (int, error) { return p.ask(t, "/readyz", "").status, nil })
	in("a page, later", 3*time.Second, func() (int, error) { return p.ask(t, "/c/"+first.id(), "").status, nil })
	group.Wait()
	g.cluster.Resume(t)
	within(t, healsWithin, "everything works again", func() error {
		if answer := p.ask(t, "/readyz", ""); answer.status != http.StatusOK {
			return fmt.Errorf("/readyz answers %d", answer.status)
		}
		answer, err := here.award(t.Context(), p, "kim@example.org", "after")
		if err == nil && answer.status != http.StatusCreated {
			err = fmt.Errorf("an award is answered %d", answer.status)
		}
		return err
	})
	p.kill(t)
}
