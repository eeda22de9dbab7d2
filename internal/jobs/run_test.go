package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

func TestStop(t *testing.T) {
	inTime(t, func(w *world) {
		quick := make(chan struct{})
		r := w.unlocked(map[string]Handler{
			"obeys": func(ctx context.Context, _ Job) error { <-ctx.Done(); return ctx.Err() },
			"quick": func(ctx context.Context, _ Job) error { close(quick); time.Sleep(2 * time.Second); return ctx.Err() },
		})
		r.Workers = 2
		w.enqueue(issuer.Work{Name: "obeys"}, issuer.Work{Name: "quick"}, issuer.Work{Name: "obeys"}, issuer.Work{Name: "obeys", Organisation: "b"})
		stop := w.start(r)
		w.pass(time.Millisecond)
		began := time.Now()
		stop()
		w.want(time.Since(began), 5*time.Second)
		c := w.counts()
		w.want(c.Running+c.Later+c.Dead, 0)
		err := w.store.View(w.Context(), func(tx issuer.Tx) error {
			left, _, err := jobs.List(tx, issuer.Query{})
			for _, j := range left {
				w.want(j.Attempts, 0)
				w.want(j.Cause, "")
			}
			return err
		})
		if err != nil {
			w.Error(err)
		}
	})
}

// cut is a store that can be cut off.
type cut struct {
	issuer.Store
	off atomic.Bool
}

func (c *cut) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	if c.off.Load() {
		return issuer.ErrUnavailable
	}
	return c.Store.Update(ctx, fn)
}

func (c *cut) View(ctx context.Context, fn func(issuer.Tx) error) error {
	if c.off.Load() {
		return issuer.ErrUnavailable
	}
	return c.Store.View(ctx, fn)
}

// TestTakeover: a replica that is cut off from the store loses its job to another, and its handler is told.
func TestTakeover(t *testing.T) {
	inTime(t, func(w *world) {
		var told, again atomic.Int64
		began := time.Now()
		line := &cut{Store: w.store}
		first := w.unlocked(map[string]Handler{"row": func(ctx context.Context, _ Job) error {
			line.off.Store(true)
			<-ctx.Done()
			told.Store(int64(time.Since(began)))
			return nil // it claims to be done, which nobody hears
		}})
		first.Store = line
		w.enqueue(issuer.Work{Name: "row"})
		stopFirst := w.start(first)
		w.pass(0)
		var attempts atomic.Int64
		stopSecond := w.start(w.unlocked(map[string]Handler{"row": func(_ context.Context, j Job) error {
			again.Store(int64(time.Since(began)))
			attempts.Store(int64(j.Attempts))
			return nil
		}}))
		w.pass(5 * time.Minute)
		line.off.Store(false)
		w.pass(time.Minute)
		if at := time.Duration(again.Load()); at < time.Minute || at > 65*time.Second || time.Duration(told.Load()) > at {
			w.Errorf("told after %v, taken over after %v", time.Duration(told.Load()), at)
		}
		w.want(attempts.Load(), 2)
		w.want(w.counts(), Counts{})
		w.want(strings.Count(w.log.String(), "cannot be read"), 1)
		stopFirst()
		stopSecond()
	})
}

// TestLongJob: a lease is renewed for as long as the handler runs.
func TestLongJob(t *testing.T) {
	inTime(t, func(w *world) {
		runs := 0
		handlers := map[string]Handler{"row": func(ctx context.Context, _ Job) error { runs++; w.sleep(time.Hour); return ctx.Err() }}
		w.enqueue(issuer.Work{Name: "row"})
		stops := []func(){w.start(w.runner(handlers)), w.start(w.runner(handlers))}
		w.pass(2 * time.Hour)
		w.want(runs, 1)
		w.want(w.counts(), Counts{})
		for _, stop := range stops {
			stop()
		}
	})
}

// TestKilledOver: a job that ends every program that runs it is dead after as many attempts as any other.
func TestKilledOver(t *testing.T) {
	inTime(t, func(w *world) {
		w.enqueue(issuer.Work{Name: "row"})
		for attempt := 1; ; attempt++ {
			s := &session{Runner: w.runner(nil), holder: fmt.Sprint(attempt), handlers: map[string]Handler{"row": func(context.Context, Job) error { return nil }}}
			j, err := s.take(w.Context())
			if err != nil {
				w.Fatal(err)
			}
			if j == nil {
				w.want(attempt, MaxAttempts+1)
				break
			}
			w.want(j.Attempts, attempt)
			time.Sleep(s.lease())
		}
		w.want(w.counts(), Counts{Dead: 1})
	})
}

// TestRunners has four replicas with several workers each on one store, one of which is killed again and again: every job is
// done, none by two at a time, and only what the killed had in hand more than once.
func TestRunners(t *testing.T) {
	const count = 400
	s, err := bolt.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := &world{T: t, store: s, log: &lockedBuffer{}}
	w.Lock()
	defer w.Unlock()
	var mu sync.Mutex
	held, done := map[string]int{}, map[string]int{}
	finished := make(chan struct{})
	var kills atomic.Int64
	handler := func(line *cut) Handler {
		return func(ctx context.Context, j Job) error {
			mu.Lock()
			if held[j.ID]++; held[j.ID] > 1 {
				t.Errorf("job %s is done by %d at a time", j.ID, held[j.ID])
			}
			mu.Unlock()
			defer func() { mu.Lock(); held[j.ID]--; mu.Unlock() }()
			if line != nil && line.off.Load() { // its program is killed
				kills.Add(1)
				return ctx.Err()
			}
			mu.Lock()
			defer mu.Unlock()
			if done[j.ID]++; len(done) == count && done[j.ID] == 1 {
				close(finished)
			}
			return nil
		}
	}
	works := make([]issuer.Work, count)
	for i := range works {
		works[i] = issuer.Work{Name: "row", Organisation: fmt.Sprint(i % 7)}
	}
	w.enqueue(works...)
	var stops []func()
	for i := range 4 {
		var line *cut
		if i == 0 {
			line = &cut{Store: s}
		}
		r := w.unlocked(map[string]Handler{"row": handler(line)})
		r.Workers, r.Lease = 4, 2*time.Second
		if line != nil {
			r.Store = line
			time.AfterFunc(20*time.Millisecond, func() { line.off.Store(true) })
		}
		stops = append(stops, w.start(r))
	}
	select {
	case <-finished:
	case <-time.After(5 * time.Minute):
		t.Errorf("not done: %+v", w.counts())
	}
	for _, stop := range stops {
		stop()
	}
	mu.Lock()
	defer mu.Unlock()
	again := 0
	for _, times := range done {
		again += times - 1
	}
	if again > 4 { // one for each worker of the killed
		t.Errorf("%d jobs were done again, %d were in the hands of the killed", again, kills.Load())
	}
}

// BenchmarkQueue puts jobs in one by one and has them done.
func BenchmarkQueue(b *testing.B) {
	s, err := bolt.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	left := make(chan struct{}, b.N)
	r := &Runner{Store: s, Now: time.Now, Log: slog.New(slog.DiscardHandler), Handlers: map[string]Handler{"row": func(context.Context, Job) error { left <- struct{}{}; return nil }}}
	b.ResetTimer()
	err = s.Update(b.Context(), func(tx issuer.Tx) error {
		for i := range b.N {
			if err := Enqueue(tx, time.Now(), issuer.Work{Name: "row", Organisation: fmt.Sprint(i % 5), Payload: make([]byte, 200)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = r.Run(ctx) })
	for range b.N {
		<-left
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
	cancel()
	running.Wait()
}
