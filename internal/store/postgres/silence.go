package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// A server that hangs, or whose network is cut, sends no error: whoever asks it waits for as long as he likes. So every wait for it
// has an end. They are such that a view fails within five seconds and an update, which waits for the group before its own, within eight.
const (
	answerWait = 5 * time.Second        // for a connection and the answer to one pipeline, or the next row of it
	probeWait  = time.Second            // the same, while the server has not answered since somebody waited in vain
	rowWait    = 100 * time.Microsecond // for each row that a pipeline writes, beyond these
	copyWait   = time.Minute            // for the next row of what reads or writes everything
	pingWait   = 2 * time.Second        // for a connection that was idle to show that it is alive
	closeWait  = 3 * time.Second        // for the farewells of all connections
	endWait    = time.Second            // for the end of a transaction that is given up
)

// errSilent says that such a wait has ended.
var errSilent = errors.New("the database does not answer in time")

// health is what the sessions of a store know of the server together.
type health struct {
	answer time.Duration // answerWait; tests take less
	silent atomic.Bool   // somebody has waited in vain, and there was no answer since
}

// wait is how long to wait for a connection and an answer.
func (h *health) wait() time.Duration {
	if h.silent.Load() {
		return min(probeWait, h.answer)
	}
	return h.answer
}

// heard notes how the server answered.
func (h *health) heard(err error) {
	said := (*pgconn.PgError)(nil)
	switch {
	case errors.Is(err, errSilent):
		h.silent.Store(true)
	case err == nil || errors.As(err, &said):
		h.silent.Store(false)
	}
}

// patience is a context that ends when nothing was heard for a while.
type patience struct {
	context.Context //nolint:containedctx // it is one
	cancel          context.CancelCauseFunc
	timer           *time.Timer
	wait            time.Duration
}

func newPatience(ctx context.Context, wait time.Duration) *patience {
	ctx, cancel := context.WithCancelCause(ctx)
	return &patience{ctx, cancel, time.AfterFunc(wait, func() { cancel(errSilent) }), wait}
}

// pause stops the clock while this side works; renew starts it anew.
func (p *patience) pause() { p.timer.Stop() }
func (p *patience) renew() { p.timer.Reset(p.wait) }

// end ends the context, and returns err, or that the patience had an end. It is to be called once.
func (p *patience) end(err error) error {
	p.timer.Stop()
	if err != nil && errors.Is(context.Cause(p.Context), errSilent) {
		err = fmt.Errorf("%w (%s)", errSilent, p.wait)
	}
	p.cancel(nil)
	return err
}
