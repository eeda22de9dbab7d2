package api

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// lives is a store under a process that can be killed: after so many updates that were kept nobody hears anything of it any more.
type lives struct {
	issuer.Store
	mu   sync.Mutex
	left int // updates; 0: it lives for ever
	dead bool
}

// grant lets the process live for so many updates, 0 for ever.
func (l *lives) grant(updates int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left, l.dead = updates, false
}

func (l *lives) gone() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return issuer.ErrUnavailable
	}
	return nil
}

// View implements issuer.Store.
func (l *lives) View(ctx context.Context, fn func(issuer.Tx) error) error {
	if err := l.gone(); err != nil {
		return err
	}
	return l.Store.View(ctx, fn)
}

// Update implements issuer.Store.
func (l *lives) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	if err := l.gone(); err != nil {
		return err
	}
	if err := l.Store.Update(ctx, fn); err != nil {
		return err
	}
	l.mu.Lock()
	if l.left > 0 {
		l.left--
		l.dead = l.left == 0
	}
	l.mu.Unlock()
	return l.gone()
}

// sequence is the number of the last entry of our log.
func (w *world) sequence(t testing.TB) int {
	t.Helper()
	last, _, err := w.service.Activity(t.Context(), issuer.ActivityFilter{Organisation: w.ours.ID}, "", 1)
	if err != nil || len(last) == 0 {
		t.Fatal(last, err)
	}
	return int(last[0].Sequence) //nolint:gosec // of a few hundred
}

// TestKilled: a process that is killed after any of its updates, before it could answer, does nothing twice when it is asked again under
// the same key: there are as many acts in the log as without that, and the answer is the same from then on.
func TestKilled(t *testing.T) {
	open := func() (*world, map[string]string) {
		w := openWorld(t, "https://badges.example.org", true)
		w.check = func(context.Context, []byte) error { return nil }
		return w, w.furnish(t, w.ours, w.theirs)
	}
	calm, calmIDs := open()
	w, ids := open()
	// What is begun in one transaction and done in another may be begun once more: the batch of an undoing that nobody confirmed goes by
	// itself, ending a batch takes up its rows again, and that a person is forgotten is entered before it begins.
	again := map[string]int{"/batches/:id/undo": 1, "/batches/:id/drop": 1, "/erasures": 9}
	for i, c := range calls {
		if !c.writes() || c.status != 0 {
			continue
		}
		key := fmt.Sprint("k", i)
		before := calm.sequence(t)
		want := calm.exchange(t, c.request(t, calm.ours.token, calmIDs, "Idempotency-Key", key))
		acts := calm.sequence(t) - before

		before = w.sequence(t)
		request := c.request(t, w.ours.token, ids, "Idempotency-Key", key)
		var r reply
		killed := 0
		for n := 1; n < 10; n++ {
			w.lives.grant(n)
			r = w.exchange(t, request)
			w.lives.grant(0)
			if r.status < 500 {
				break
			}
			killed++
		}
		if killed == 0 || r.status != want.status || want.status >= 300 {
			t.Errorf("%s %s: %d %s after being killed %d times, want %d %s", c.method, c.route, r.status, r.text, killed, want.status, want.text)
		}
		if got := w.sequence(t) - before; got < acts || got > acts+again[c.route] {
			t.Errorf("%s %s: %d acts, want %d", c.method, c.route, got, acts)
		}
		if more := w.exchange(t, request); more.status != r.status || more.text != r.text {
			t.Errorf("%s %s: first %s, then %s", c.method, c.route, r.text, more.text)
		}
	}
}
