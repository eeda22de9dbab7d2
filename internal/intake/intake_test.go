package intake

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

func isBusy(err error) bool {
	var told *issuer.Error
	return errors.As(err, &told) && told.Kind == issuer.KindUnavailable && told.Code == "busy"
}

// TestIntake: what is in memory is bounded, for all and for each organisation; what is given back is there for others.
func TestIntake(t *testing.T) {
	k := New()
	k.wait = time.Millisecond
	enter := func(organisation string, bytes int64) *Entry {
		t.Helper()
		e, err := k.Enter(organisation, bytes)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	work := func(e *Entry, bytes int) {
		t.Helper()
		if err := e.Work(t.Context(), bytes); err != nil {
			t.Fatal(err)
		}
	}
	wantBusy := func(err error) {
		t.Helper()
		if !isBusy(err) {
			t.Fatalf("error %v", err)
		}
	}
	first, second := enter("a", 1<<20), enter("a", 1<<20)
	work(first, 1<<20)
	work(first, 1<<20) // it has its place
	wantBusy(second.Work(t.Context(), 1))
	other := enter("b", 1<<20)
	work(other, largeList)
	third := enter("c", 1<<20)
	wantBusy(third.Work(t.Context(), 1))
	first.End()
	wantBusy(third.Work(t.Context(), largeList+1)) // it needs all places
	work(third, 1)
	other.End()
	third.End()
	work(second, largeList+1)
	fourth := enter("b", -1) // it does not say how large it is
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	k.wait = time.Minute
	if err := fourth.Work(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	waiting := make(chan error)
	go func() { waiting <- fourth.Work(t.Context(), 1) }()
	second.End()
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	_, err := k.Enter("b", 1)
	wantBusy(err)
	half := enter("c", sentOne)
	_, err = k.Enter("d", 1)
	wantBusy(err)
	half.End()
	fourth.End()
	var many []*Entry
	for range sentOwn {
		many = append(many, enter("a", 1))
	}
	_, err = k.Enter("a", 1)
	wantBusy(err)
	for organisation := 'b'; len(many) < sentLists; organisation++ {
		for range sentOwn {
			many = append(many, enter(string(organisation), 1))
		}
	}
	_, err = k.Enter("z", 1)
	wantBusy(err)
	for _, e := range many {
		e.End()
	}
	if k.sent != (load{}) || len(k.from)+len(k.working)+k.taken != 0 {
		t.Errorf("it holds %+v, %v, %v, %d", k.sent, k.from, k.working, k.taken)
	}
}
