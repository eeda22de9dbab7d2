package main

import (
	"context"
	"runtime"

	"github.com/laurelbadges/laurel/verifier"
)

// turns lets so many verifications work at a time, and the others wait. The verifier bounds its work by the clock; if all
// worked at once, many hostile documents would leave good badges without the time to be judged.
type turns chan struct{}

func newTurns() turns { return make(turns, 2*runtime.GOMAXPROCS(0)) }

// holding marks the context of who has a turn.
type holding struct{}

// judging is [verifier.Verify], [verifier.VerifyItem] or [verifier.CheckProof].
type judging[Input, Found any] func(ctx context.Context, input Input, o verifier.Options) (Found, error)

// inTurn is a judging in turn.
func inTurn[Input, Found any](t turns, judge judging[Input, Found]) judging[Input, Found] {
	return func(ctx context.Context, input Input, o verifier.Options) (found Found, err error) {
		select {
		case t <- struct{}{}:
		case <-ctx.Done():
			return found, ctx.Err()
		}
		defer func() { <-t }()
		return judge(context.WithValue(ctx, holding{}, true), input, o)
	}
}

// patientFetcher lets another have the turn while it waits for the network.
type patientFetcher struct {
	next  verifier.Fetcher
	turns turns
}

// Fetch implements [verifier.Fetcher].
func (p patientFetcher) Fetch(ctx context.Context, address string, limit int) (verifier.Document, error) {
	if ctx.Value(holding{}) != nil {
		<-p.turns
		defer func() { p.turns <- struct{}{} }() // those before are done soon: their work is bounded
	}
	return p.next.Fetch(ctx, address, limit)
}
