package main

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/laurelbadges/laurel/verifier"
)

// gate is a network that answers when it is opened.
type gate struct {
	asked  chan string
	opened chan struct{}
}

func (g gate) Fetch(_ context.Context, address string, _ int) (verifier.Document, error) {
	g.asked <- address
	<-g.opened
	return verifier.Document{}, verifier.ErrUnavailable
}

// oneAtATime has one place, and the clock of the test.
func oneAtATime() *turns {
	q := newTurns()
	q.places, q.rest = 1, func() {}
	return q
}

// TestTurns: a verification that waits for the network holds up no other, one that has to wait for its turn ends with its
// context, and who has no turn gives none away.
func TestTurns(t *testing.T) {
	one := oneAtATime()
	g := gate{make(chan string), make(chan struct{})}
	source := patientFetcher{g}
	remote := []byte(`{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
"id":"urn:uuid:5d3d1d2c-51d4-4b41-9f0e-6c1e8f3c2a11","type":["VerifiableCredential","OpenBadgeCredential"],"issuer":{"id":"did:web:example.org","type":["Profile"]},"validFrom":"2026-01-01T00:00:00Z",
"credentialSubject":{"type":["AchievementSubject"],"achievement":{"id":"urn:a","type":["Achievement"],"name":"A","description":"A","criteria":{"narrative":"A"}}},
"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","created":"2026-01-01T00:00:00Z","verificationMethod":"did:web:example.org#a","proofPurpose":"assertionMethod","proofValue":"z1"}}`)
	ended := make(chan error, 2)
	go func() {
		_, err := inTurn(one, verifier.Verify)(t.Context(), remote, verifier.Options{Fetch: source})
		ended <- err
	}()
	select {
	case <-g.asked:
	case err := <-ended:
		t.Fatalf("nothing was asked: %v", err)
	}
	if _, err := inTurn(one, verifier.Verify)(t.Context(), []byte("nothing"), verifier.Options{}); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = source.Fetch(t.Context(), "https://example.org/badge", 1); ended <- nil }() // without a turn
	<-g.asked
	workers := []*turn{one.enter(netip.Prefix{}, 1), one.enter(netip.Prefix{}, 1)} // so many as there are places, with that for the short
	for _, w := range workers {
		if err := w.take(t.Context(), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := inTurn(one, verifier.Verify)(ctx, []byte("nothing"), verifier.Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	close(g.opened)
	for _, w := range workers {
		w.leave()
	}
	go func() {
		for range g.asked { // it may ask for more
		}
	}()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	one.empty(t)
}

// empty says whether everything was given back.
func (q *turns) empty(t *testing.T) {
	t.Helper()
	if q.working+q.small+q.large+len(q.waiting)+len(q.from) != 0 {
		t.Errorf("left: %d working, %d small, %d bytes large, %d waiting, %d addresses", q.working, q.small, q.large, len(q.waiting), len(q.from))
	}
}

// costs is a judging that works for so many milliseconds, and looks at its context after each.
func costs(milliseconds int) judging[[]byte, int] {
	return func(ctx context.Context, _ []byte, _ verifier.Options) (done int, err error) {
		for done < milliseconds {
			time.Sleep(time.Millisecond)
			done++
			if err := ctx.Err(); err != nil {
				return done, err
			}
		}
		return done, nil
	}
}

// judged has something of a size and price judged for a visitor, and returns how long that took by the clock of the test.
func (q *turns) judged(t *testing.T, visitor string, milliseconds, size int) time.Duration {
	begun := time.Now()
	ctx := t.Context()
	if visitor != "" {
		ctx = withVisitor(ctx, netip.MustParseAddr(visitor))
	}
	if done, err := inTurn(q, costs(milliseconds))(ctx, make([]byte, size), verifier.Options{}); err != nil || done != milliseconds {
		t.Errorf("%d ms of %d, %v", done, milliseconds, err)
	}
	return time.Since(begun)
}

// hostileAddress is one of many.
func hostileAddress(n int) string { return netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}).String() }

// TestTurnsOfTheShort: one that costs little is judged before those who cost much are done, whether or not they come from one address,
// and those lose nothing by it.
func TestTurnsOfTheShort(t *testing.T) {
	for name, address := range map[string]func(n int) string{
		"one address": func(int) string { return hostileAddress(1) }, "many addresses": hostileAddress, "no address": func(int) string { return "" }} {
		for from, visitor := range map[string]string{"somebody else": "198.51.100.1", "nobody": "", "one of them": address(1)} {
			t.Run(name+", "+from, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					q := oneAtATime()
					begun := time.Now()
					var all sync.WaitGroup
					for n := range 16 {
						all.Go(func() { q.judged(t, address(n), 50, 10_000) })
					}
					time.Sleep(100*time.Millisecond + time.Microsecond)
					if took := q.judged(t, visitor, 1, 4_000); took > 6*time.Millisecond && (name != "one address" || from != "one of them") || took > 60*time.Millisecond {
						t.Errorf("1 ms of work took %v", took)
					}
					all.Wait()
					if took := time.Since(begun); took > 802*time.Millisecond {
						t.Errorf("800 ms of work took %v", took)
					}
					q.empty(t)
				})
			})
		}
	}
}

// TestTurnsOfAddresses: an address with much under way gives way to one with little.
func TestTurnsOfAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := oneAtATime()
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() { q.judged(t, hostileAddress(1), 50, 10_000) })
		}
		time.Sleep(60*time.Millisecond + time.Microsecond)
		if took := q.judged(t, "2001:db8::1", 50, 10_000); took > 70*time.Millisecond {
			t.Errorf("50 ms of work took %v beside 16 of another address", took)
		}
		all.Wait()
		q.empty(t)
	})
	for one, other := range map[string]string{"192.0.2.1": "::ffff:192.0.2.1", "2001:db8::1": "2001:db8::ffff:1"} {
		a, b := withVisitor(t.Context(), netip.MustParseAddr(one)), withVisitor(t.Context(), netip.MustParseAddr(other))
		if visitorIn(a) != visitorIn(b) || !visitorIn(a).IsValid() {
			t.Errorf("%s is %v, %s is %v", one, visitorIn(a), other, visitorIn(b))
		}
	}
	if v := visitorIn(withVisitor(t.Context(), netip.Addr{})); v.IsValid() {
		t.Errorf("no address is %v", v)
	}
}

// TestTurnsForAll: who costs much is judged, however many come who cost little.
func TestTurnsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := oneAtATime()
		var all sync.WaitGroup
		ended := make(chan struct{})
		all.Go(func() {
			defer close(ended)
			if took := q.judged(t, hostileAddress(1), 50, 250_000); took > 300*time.Millisecond {
				t.Errorf("50 ms of work took %v", took)
			}
		})
		for n := 0; n < 1000; n++ {
			select {
			case <-ended:
				n = 1000
			default:
			}
			all.Go(func() { q.judged(t, "", 1, 4_000) })
			time.Sleep(time.Millisecond)
		}
		all.Wait()
		q.empty(t)
	})
}

// TestTurnsGivenUp: one that is broken off while it waits for its next turn leaves everything to the others.
func TestTurnsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := oneAtATime()
		g := gate{make(chan string, 100), make(chan struct{})}
		asks := func(ctx context.Context, _ []byte, o verifier.Options) (int, error) {
			time.Sleep(2 * turnLength) // it is one of those that wait
			_, err := o.Fetch.Fetch(ctx, "https://example.org", 1)
			return 0, errors.Join(err, ctx.Err())
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := inTurn(q, asks)(ctx, nil, verifier.Options{Fetch: patientFetcher{g}}); !errors.Is(err, context.Canceled) {
					t.Errorf("error %v", err)
				}
			})
		}
		time.Sleep(time.Minute)
		var workers []*turn
		for range 2 {
			w := q.enter(netip.Prefix{}, 1)
			if err := w.take(t.Context(), time.Hour); err != nil {
				t.Fatal(err)
			}
			workers = append(workers, w)
		}
		close(g.opened)
		synctest.Wait()
		cancel()
		all.Wait()
		for _, w := range workers {
			w.leave()
		}
		q.judged(t, "", 10, 1)
		q.empty(t)
	})
}

// TestTurnsThatHold: one that is paused while it holds what another waits for goes on after a while, and so does the other.
func TestTurnsThatHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := oneAtATime()
		held := make(chan struct{}, 1) // a lock that the clock of the test sees through
		both := func(ctx context.Context, input []byte, o verifier.Options) (int, error) {
			held <- struct{}{}
			defer func() { <-held }()
			return costs(10)(ctx, input, o)
		}
		begun := time.Now()
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() { _, _ = inTurn(q, both)(t.Context(), nil, verifier.Options{}) })
		}
		all.Wait()
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("it took %v", took)
		}
		q.empty(t)
	})
}

// TestTurnsInMemory: no more verifications are in the middle of their work than there is memory for, and those that wait for the network
// hold up nobody.
func TestTurnsInMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := oneAtATime()
		var mu sync.Mutex
		small, large, mostSmall, mostLarge := 0, 0, 0, 0
		judge := func(ctx context.Context, input []byte, o verifier.Options) (int, error) {
			of, most := &small, &mostSmall
			if len(input) > smallInput {
				of, most = &large, &mostLarge
			}
			mu.Lock()
			*of++
			*most = max(*most, *of)
			mu.Unlock()
			defer func() { mu.Lock(); *of--; mu.Unlock() }()
			return costs(10)(ctx, input, o)
		}
		var all sync.WaitGroup
		for n := range 100 {
			for _, size := range []int{5_000, 250_000} {
				all.Go(func() {
					_, _ = inTurn(q, judge)(withVisitor(t.Context(), netip.MustParseAddr(hostileAddress(n))), make([]byte, size), verifier.Options{})
				})
			}
		}
		all.Go(func() { q.judged(t, "", 10, 4<<20) }) // larger than all that may be
		all.Wait()
		if mostSmall > 32 || mostLarge > 3 || mostSmall < 2 || mostLarge < 2 {
			t.Errorf("%d small and %d large ones at a time", mostSmall, mostLarge)
		}
		q.empty(t)
	})
	synctest.Test(t, func(t *testing.T) {
		q := oneAtATime()
		g := gate{make(chan string, 100), make(chan struct{})}
		asks := func(ctx context.Context, _ []byte, o verifier.Options) (int, error) {
			_, err := o.Fetch.Fetch(ctx, "https://example.org", 1)
			return 0, err
		}
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if _, err := inTurn(q, asks)(t.Context(), make([]byte, 250_000), verifier.Options{Fetch: patientFetcher{g}}); !errors.Is(err, verifier.ErrUnavailable) {
					t.Errorf("error %v", err)
				}
			})
		}
		synctest.Wait()
		if len(g.asked) != 100 {
			t.Errorf("%d of 100 have asked", len(g.asked))
		}
		q.judged(t, "", 1, 250_000)
		close(g.opened)
		all.Wait()
		q.empty(t)
	})
}
