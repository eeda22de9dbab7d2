package fetch

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/verifier"
)

func TestBudgetOfFetches(t *testing.T) {
	c, _ := reach(t, text("{}"))
	ctx := WithBudget(t.Context())
	for i := range budgetFetches {
		if _, err := c.Fetch(WithBudget(ctx), fmt.Sprintf("%s/%d", site, i), 100); err != nil {
			t.Fatalf("fetch %d: %v", i, err)
		}
	}
	if _, err := c.Fetch(ctx, site+"/more", 100); !errors.Is(err, verifier.ErrUnavailable) {
		t.Errorf("beyond the budget: %v", err)
	}
	if _, err := c.Fetch(ctx, site+"/0", 100); err != nil {
		t.Errorf("a kept document beyond the budget: %v", err)
	}
	if _, err := c.Fetch(WithBudget(t.Context()), site+"/more", 100); err != nil {
		t.Errorf("another request: %v", err)
	}
}

// TestBudgetOfABatch: each input has a budget of its own, and all of them together no more than the request.
func TestBudgetOfABatch(t *testing.T) {
	exhausted(t, WithBatch(WithBudget(t.Context())), batchFetches)
	exhausted(t, WithRun(WithBudget(t.Context())), runFetches)
	now := func() time.Time { return time.Unix(0, 0) }
	if remaining, _, err := spend(ForInput(t.Context()), now); err != nil || remaining != budgetTime {
		t.Errorf("an input of no request: %v, %v", remaining, err)
	}
}

// exhausted spends all that inputs may take together.
func exhausted(t *testing.T, whole context.Context, left int) {
	t.Helper()
	now := func() time.Time { return time.Unix(0, 0) }
	for left > 0 {
		input := ForInput(whole)
		for range budgetFetches {
			_, done, err := spend(input, now)
			if err != nil {
				t.Fatalf("with %d left: %v", left, err)
			}
			done()
			left--
		}
		if _, _, err := spend(input, now); verifier.Cause(err) != verifier.CauseTooMany {
			t.Fatalf("beyond the budget of one input: %v", err)
		}
	}
	if _, _, err := spend(ForInput(whole), now); verifier.Cause(err) != verifier.CauseTooMany {
		t.Errorf("beyond the budget of all: %v", err)
	}
}

func TestBudgetOfTime(t *testing.T) {
	clock := time.Unix(0, 0)
	now := func() time.Time { return clock }
	ctx := WithBudget(t.Context())
	step := func(want time.Duration) func() {
		t.Helper()
		remaining, done, err := spend(ctx, now)
		if want == 0 {
			if !errors.Is(err, verifier.ErrUnavailable) {
				t.Fatalf("got %v, %v; want no time left", remaining, err)
			}
			return nil
		}
		if err != nil || remaining != want {
			t.Fatalf("got %v, %v; want %v", remaining, err, want)
		}
		return done
	}
	first := step(6 * time.Second)
	clock = clock.Add(time.Second)
	second := step(5 * time.Second) // while the first runs
	clock = clock.Add(time.Second)
	first()
	second()
	clock = clock.Add(time.Minute) // own work costs nothing
	third := step(4 * time.Second)
	clock = clock.Add(4 * time.Second)
	step(0)
	third()
	step(0)
}
