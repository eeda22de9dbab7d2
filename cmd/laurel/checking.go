package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/internal/metrics"
	"github.com/laurelbadges/laurel/internal/register"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// checking is how a server verifies: in turn, with its own documents at hand, counted, and entered in the register where there is one.
type checking struct {
	source   verifier.Fetcher
	memory   *verifier.Memory
	turns    *turns
	counters *metrics.Metrics
	register *register.Register // nil when none is kept
	log      *slog.Logger
}

func newChecking(here *issuer.Service, entries *register.Register, counters *metrics.Metrics, log *slog.Logger) *checking {
	turns := newTurns()
	return &checking{
		source: patientFetcher{ownDocuments{here, countedFetcher{fetch.New(fetch.Options{}), counters}}},
		memory: &verifier.Memory{}, turns: turns, counters: counters, register: entries, log: log,
	}
}

// options are those of a check, with what the server has at hand.
func (c *checking) options(o verifier.Options) verifier.Options {
	o.Fetch, o.Memory = c.source, c.memory
	return o
}

// one judges one credential.
func (c *checking) one(ctx context.Context, input []byte, o verifier.Options) (*verifier.Report, error) {
	report, err := inTurn(c.turns, verifier.Verify)(ctx, input, c.options(o))
	c.counters.Verification(report, err)
	return report, err
}

// genuine says whether an endorsement of somebody else is authentic and in force: a nil error.
func (c *checking) genuine(ctx context.Context, endorsement []byte) error {
	report, err := c.one(ctx, endorsement, verifier.Options{})
	if err != nil || report.Outcome == verifier.Valid {
		return err
	}
	for _, check := range report.Checks {
		if check.Outcome == verifier.Fail || check.Outcome == verifier.NotKnown {
			return errors.New(check.Detail)
		}
	}
	return errors.New("it could not be checked")
}

// program judges what a program handed in.
func (c *checking) program(ctx context.Context, input []byte, o verifier.Options) (*verifier.Report, error) {
	report, err := c.one(ctx, input, o)
	if err == nil {
		c.enter(report)
	}
	return report, err
}

// item judges something that was found in what a visitor handed in.
func (c *checking) item(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
	reports, err := inTurn(c.turns, verifier.VerifyItem)(ctx, item, c.options(verifier.Options{}))
	for _, report := range reports {
		c.counters.Verification(report, nil)
		c.enter(report)
	}
	return reports, err
}

// proof judges the data model and the proof alone.
func (c *checking) proof(ctx context.Context, input []byte, o verifier.Options) (*verifier.ProofReport, error) {
	return inTurn(c.turns, verifier.CheckProof)(ctx, input, c.options(o))
}

// batch judges what visitors hand in, each file with a budget of fetches of its own.
func (c *checking) batch() *batch.Checker {
	return &batch.Checker{Verify: c.item, Begin: fetch.ForInput, Fault: func(cause any, stack []byte) {
		c.log.Error("panic", "route", "/verify", "type", fmt.Sprintf("%T", cause), "stack", string(stack)) // its text may hold what was handed in
	}}
}

// enter adds a report to the register.
func (c *checking) enter(report *verifier.Report) {
	if c.register == nil {
		return
	}
	if err := c.register.Enter(time.Now(), report); err != nil {
		c.log.Error("the register", "cause", err.Error())
	}
}
