package fetch

import (
	"context"
	"sync"
	"time"
)

const (
	budgetTime    = 6 * time.Second // in which at least one fetch of the request was under way
	budgetFetches = 20
)

type budgetKey struct{}

// budget counts what the fetches of one request took together.
type budget struct {
	mu      sync.Mutex
	fetches int
	active  int       // fetches under way
	since   time.Time // when active last left 0
	spent   time.Duration
}

// WithBudget returns a context whose fetches share one budget: 20 of them and 6 seconds in all. Documents from the cache
// cost nothing. A context that has a budget already is returned as it is. Beyond the budget a fetch fails with
// [verifier.ErrUnavailable].
func WithBudget(ctx context.Context) context.Context {
	if ctx.Value(budgetKey{}) != nil {
		return ctx
	}
	return context.WithValue(ctx, budgetKey{}, &budget{})
}

// spend takes one fetch from the budget of ctx. It returns the time that is left, and the function to call at its end.
func spend(ctx context.Context, now func() time.Time) (time.Duration, func(), error) {
	b, ok := ctx.Value(budgetKey{}).(*budget)
	if !ok {
		return budgetTime, func() {}, nil // longer than a fetch takes
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	start := now()
	remaining := budgetTime - b.spent
	if b.active > 0 {
		remaining -= start.Sub(b.since)
	}
	if b.fetches == budgetFetches || remaining <= 0 {
		return 0, nil, unavailable("too many other documents had to be read first")
	}
	if b.active == 0 {
		b.since = start
	}
	b.fetches++
	b.active++
	return remaining, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.active--; b.active == 0 {
			b.spent += now().Sub(b.since)
		}
	}, nil
}
