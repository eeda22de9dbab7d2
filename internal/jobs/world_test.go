package jobs

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

// world is a store with a queue in it, and a log.
type world struct {
	*testing.T
	sync.Mutex // guards what handlers write: that time passed synchronises nothing
	store      *bolt.Store
	log        *lockedBuffer
}

type lockedBuffer struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.out.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.out.String()
}

// inTime runs a test, which has w locked, on a clock that leaps to the next thing that is waited for.
func inTime(t *testing.T, test func(w *world)) {
	t.Helper()
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := bolt.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		w := &world{T: t, store: s, log: &lockedBuffer{}}
		w.Lock()
		defer w.Unlock()
		test(w)
	})
}

// runner is a Runner whose handlers have w locked.
func (w *world) runner(handlers map[string]Handler) *Runner {
	locked := map[string]Handler{}
	for name, handler := range handlers {
		locked[name] = w.locked(handler)
	}
	return w.unlocked(locked)
}

func (w *world) locked(handler Handler) Handler {
	return func(ctx context.Context, j Job) error {
		w.Lock()
		defer w.Unlock()
		return handler(ctx, j)
	}
}

// sleep is for handlers that have w locked.
func (w *world) sleep(d time.Duration) {
	w.Unlock()
	time.Sleep(d)
	w.Lock()
}

// pass lets time pass, and all that can happen then.
func (w *world) pass(d time.Duration) {
	w.Unlock()
	time.Sleep(d)
	synctest.Wait()
	w.Lock()
}

func (w *world) unlocked(handlers map[string]Handler) *Runner {
	return &Runner{Store: w.store, Handlers: handlers, Now: time.Now, Log: slog.New(slog.NewTextHandler(w.log, nil)), Workers: 1}
}

// start runs r until the function that it returns is called.
func (w *world) start(r *Runner) (stop func()) {
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	return func() {
		w.Helper()
		cancel()
		w.Unlock()
		err := <-ended
		w.Lock()
		if err != nil {
			w.Error(err)
		}
	}
}

func (w *world) enqueue(works ...issuer.Work) {
	w.Helper()
	err := w.store.Update(w.Context(), func(tx issuer.Tx) error {
		for _, work := range works {
			if err := Enqueue(tx, time.Now(), work); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) counts() Counts {
	w.Helper()
	c, err := w.runner(nil).Waiting(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	c.Oldest = time.Time{}
	return c
}

func (w *world) want(got, want any) {
	w.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.Errorf("got %v, want %v", got, want)
	}
}

// laneCount is the number of lanes that are open.
func (w *world) laneCount() (count int) {
	w.Helper()
	err := w.store.View(w.Context(), func(tx issuer.Tx) error {
		open, _, err := lanes.List(tx, issuer.Query{})
		count = len(open)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return count
}
