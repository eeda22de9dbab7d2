package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// Copy fills to, which has to be empty, with all that from holds, reads it back and compares the two. Nobody may write to from
// meanwhile: Copy takes one snapshot of it. After an error to must not be used.
func Copy(ctx context.Context, from, to store.Engine, kinds []issuer.Kind) (Summary, error) {
	source := &copying{ctx: ctx, tally: newTally(kinds)}
	err := to.Import(ctx, func(sink store.Sink) error {
		source.sink = sink
		return from.Export(ctx, kinds, source)
	})
	if err != nil {
		return Summary{}, fmt.Errorf("copying the store: %w", err)
	}
	made := &copying{ctx: ctx, tally: newTally(kinds), sink: nothing{}}
	if err := to.Export(ctx, kinds, made); err != nil {
		return Summary{}, fmt.Errorf("reading the copy back: %w", err)
	}
	want, got := source.tally.summary(), made.tally.summary()
	for i, k := range append(slices.Clone(want.Kinds), want.Counters) {
		if is := append(slices.Clone(got.Kinds), got.Counters)[i]; is != k {
			return Summary{}, errors.New("the copy is not the same: its " + k.Name + " differ; empty it and copy again")
		}
	}
	return want, nil
}

// copying is a store.Sink that hands on what it is given and tallies it.
type copying struct {
	ctx   context.Context
	tally *tally
	sink  store.Sink
	room  []byte
}

// Row implements store.Sink.
func (c *copying) Row(k issuer.Kind, r issuer.Row) (err error) {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if c.room, err = c.tally.record(c.room, k, r); err != nil {
		return err
	}
	if r, err = padded(k, r); err != nil {
		return err
	}
	return c.sink.Row(k, r)
}

// Counter implements store.Sink.
func (c *copying) Counter(name string, value uint64) (err error) {
	if c.room, err = c.tally.counter(c.room, name, value); err != nil {
		return err
	}
	return c.sink.Counter(name, value)
}
