package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/verifier"
)

// TestOneFlight: all who ask for one document at the same time wait for one request, and each gets a copy of its own.
func TestOneFlight(t *testing.T) {
	const callers = 20
	var asked atomic.Int32
	answer := make(chan struct{})
	c, _ := reach(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		<-answer
		w.Header().Set("Cache-Control", "no-store")
		fmt.Fprint(w, "{}")
	}))
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			document, err := c.Fetch(WithBudget(t.Context()), fmt.Sprintf("%s/list#%d", site, i), 100)
			if err != nil || string(document.Bytes) != "{}" {
				t.Errorf("%s, %v", document.Bytes, err)
				return
			}
			document.Bytes[0] = 'x'
		})
	}
	waiting(t, c, flightKey{site + "/list", 100}, callers)
	close(answer)
	all.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
	if _, err := c.Fetch(t.Context(), site+"/list", 100); err != nil || asked.Load() != 2 {
		t.Errorf("afterwards: %d requests, %v", asked.Load(), err)
	}
	if len(c.flights.under) != 0 {
		t.Errorf("%d flights are left", len(c.flights.under))
	}
}

// waiting returns once n callers wait for the document at key.
func waiting(t *testing.T, c *Client, key flightKey, n int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		c.flights.mu.Lock()
		f := c.flights.under[key]
		here := f != nil && f.waiting == n
		c.flights.mu.Unlock()
		if here {
			return
		}
	}
	t.Fatalf("there are not %d callers", n)
}

// TestFlightIsBrokenOff: who has no time left takes nothing away from the others, and what nobody waits for is not asked for any
// longer. That somebody gave up says nothing of the server.
func TestFlightIsBrokenOff(t *testing.T) {
	arrived, left := make(chan struct{}, 9), make(chan struct{}, 9)
	answer := make(chan struct{})
	c, _ := reach(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-answer:
			fmt.Fprint(w, "{}")
		case <-r.Context().Done():
			left <- struct{}{}
		}
	}))
	key := flightKey{site + "/slow", 100}
	hasty, giveUp := context.WithCancel(t.Context())
	results := make(chan error, 2)
	ask := func(ctx context.Context) {
		_, err := c.Fetch(ctx, key.address, key.limit)
		results <- err
	}
	go ask(hasty)
	waiting(t, c, key, 1)
	go ask(t.Context())
	waiting(t, c, key, 2)
	giveUp()
	if err := <-results; !errors.Is(err, verifier.ErrUnavailable) {
		t.Errorf("the hasty one: %v", err)
	}
	waiting(t, c, key, 1)
	answer <- struct{}{}
	if err := <-results; err != nil {
		t.Errorf("the patient one: %v", err)
	}

	c.cache.drop(key.address)
	hasty, giveUp = context.WithCancel(t.Context())
	<-arrived
	go ask(hasty)
	<-arrived
	giveUp()
	<-results
	select {
	case <-left:
	case <-time.After(time.Minute):
		t.Error("the request goes on though nobody waits")
	}
	close(answer)
	if _, err := c.Fetch(t.Context(), key.address, key.limit); err != nil {
		t.Errorf("what was broken off counts as a failure of the server: %v", err)
	}
}

// TestFailuresAreKept: an address that gave no answer is not asked again for a while, and the reason stays the same.
func TestFailuresAreKept(t *testing.T) {
	var asked atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("/gone", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	mux.Handle("/away", http.RedirectHandler("https://127.0.0.1/", http.StatusFound))
	mux.Handle("/large", text("0123456789"))
	c, _ := reach(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		mux.ServeHTTP(w, r)
	}))
	clock := time.Now()
	c.now = func() time.Time { return clock }
	fetch := func(path string, limit int) (asks int32, err error) {
		before := asked.Load()
		_, err = c.Fetch(t.Context(), site+path, limit)
		return asked.Load() - before, err
	}
	for path, want := range map[string]error{"/gone": verifier.ErrGone, "/broken": verifier.ErrUnavailable, "/away": verifier.ErrBlocked, "/large": verifier.ErrTooLarge} {
		start := clock
		for _, step := range []struct {
			after time.Duration
			asks  int32
		}{{0, 1}, {0, 0}, {failureKept - time.Second, 0}, {failureKept, 1}} {
			clock = start.Add(step.after)
			if asks, err := fetch(path, 5); asks != step.asks || !errors.Is(err, want) {
				t.Errorf("%s after %v: asked %d times, %v", path, step.after, asks, err)
			}
		}
	}
	if !errors.Is(verifier.ErrGone, verifier.ErrUnavailable) {
		t.Error("what is gone is not unavailable")
	}
	_, _ = fetch("/broken", 5)
	if asks, err := fetch("/broken", 5); asks != 0 || errors.Is(err, verifier.ErrGone) {
		t.Errorf("broken: %d, %v", asks, err)
	}
	if asks, err := fetch("/large", 10); asks != 1 || err != nil {
		t.Errorf("with a higher limit: asked %d times, %v", asks, err)
	}
	for i := range 3 * cacheFailure {
		c.failures.put(fmt.Sprint(i), entry{err: verifier.ErrGone}, clock, time.Hour)
	}
	if len(c.failures.entries) > cacheFailure || len(c.failures.oldest) > cacheFailure {
		t.Errorf("%d failures are kept", len(c.failures.entries))
	}
	if asks, err := fetch("/large", 10); asks != 0 || err != nil {
		t.Errorf("a flood of failures drove a document out: asked %d times, %v", asks, err)
	}
}

// TestAge: a document from the cache says when it was read from its origin.
func TestAge(t *testing.T) {
	c, _ := reach(t, text("{}"))
	clock := time.Now()
	c.now = func() time.Time { return clock }
	first, err := c.Fetch(t.Context(), site, 100)
	if err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(time.Minute)
	again, err := c.Fetch(t.Context(), site, 100)
	if err != nil || !again.ReadAt.Equal(first.ReadAt) || !again.ReadAt.Equal(clock.Add(-time.Minute)) {
		t.Errorf("read at %v, then %v, %v", first.ReadAt, again.ReadAt, err)
	}
}
