package fetch

import (
	"context"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/verifier"
)

// What the fetches for one input may take, and those for many inputs together: of a request to a server, and of a run that somebody
// makes for themselves. A time is one in which at least one fetch was under way.
const (
	budgetTime    = 6 * time.Second
	budgetFetches = 20
	batchTime     = 60 * time.Second
	batchFetches  = 400
	runTime       = 15 * time.Minute
	runFetches    = 5000
)

type budgetKey struct{}

// budget counts what the fetches for one input, or for many, took together.
type budget struct {
	most  time.Duration
	count int
	whole *budget // that of all inputs, for one of them; nil for that of all

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
	return context.WithValue(ctx, budgetKey{}, &budget{most: budgetTime, count: budgetFetches})
}

// WithBatch returns a context for a request with many inputs: each that calls [ForInput] has the budget of [WithBudget] to itself,
// and all of them together 400 fetches and 60 seconds. A budget that ctx has is put aside.
func WithBatch(ctx context.Context) context.Context {
	return context.WithValue(ctx, budgetKey{}, &budget{most: batchTime, count: batchFetches})
}

// WithRun is [WithBatch] for a run of the command line: 5,000 fetches and 15 minutes.
func WithRun(ctx context.Context) context.Context {
	return context.WithValue(ctx, budgetKey{}, &budget{most: runTime, count: runFetches})
}

// ForInput returns a context for one of many inputs, with a budget of its own that counts against that of all of them too.
func ForInput(ctx context.Context) context.Context {
	whole, _ := ctx.Value(budgetKey{}).(*budget)
	return context.WithValue(ctx, budgetKey{}, &budget{most: budgetTime, count: budgetFetches, whole: whole})
}

// spend takes one fetch from the budget of ctx. It returns the time that is left, and the function to call at its end.
func spend(ctx context.Context, now func() time.Time) (time.Duration, func(), error) {
	b, ok := ctx.Value(budgetKey{}).(*budget)
	if !ok {
		return budgetTime, func() {}, nil // longer than a fetch takes
	}
	return b.spend(now)
}

func (b *budget) spend(now func() time.Time) (time.Duration, func(), error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	start := now()
	remaining := b.most - b.spent
	if b.active > 0 {
		remaining -= start.Sub(b.since)
	}
	if b.fetches == b.count || remaining <= 0 {
		return 0, nil, unavailable(verifier.CauseTooMany, "too many other documents had to be read first")
	}
	done := func() {}
	if b.whole != nil {
		left, doneThere, err := b.whole.spend(now)
		if err != nil {
			return 0, nil, err
		}
		remaining, done = min(remaining, left), doneThere
	}
	if b.active == 0 {
		b.since = start
	}
	b.fetches++
	b.active++
	return remaining, func() {
		done()
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.active--; b.active == 0 {
			b.spent += now().Sub(b.since)
		}
	}, nil
}
