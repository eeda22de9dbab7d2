// Package group makes many writers share one flush to disk. One goroutine writes: updates that wait are run one after another
// in a single transaction of the engine and answered together after its commit, so that a lone writer waits for nothing but its
// own. When the engine says that another process was in the way, the same updates are run again.
package group

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// ErrAgain is wrapped by an engine's error when another process was in the way and the updates may be run again.
var ErrAgain = errors.New("another process changed the same records")

const (
	patience  = 10 * time.Second       // how long the same updates are run again
	firstWait = 2 * time.Millisecond   // before they are run the second time, at most; it doubles
	longWait  = 500 * time.Millisecond // and ends here
	mostTurns = 2                      // of other goroutines before a commit
)

// Batch is one transaction of an engine in which updates run one after another. The writer alone calls its methods.
type Batch interface {
	// Turn begins the turn of one update.
	Turn() Turn
	// Commit makes all that was kept durable, or nothing. An error that wraps ErrAgain has everything run again from the start.
	Commit() error
	// Rollback gives everything up.
	Rollback() error
}

// Turn is one update's view of the batch; what an earlier turn kept is seen. It ends with Keep or Drop.
// An error of these dooms the whole batch, which is run again when it wraps ErrAgain.
type Turn interface {
	issuer.Tx
	// Keep says that the update succeeded; wrote says whether it wrote anything.
	Keep() (wrote bool, err error)
	// Drop says that it failed: its writes are taken back.
	Drop() error
}

// Writer runs updates in groups.
type Writer struct {
	begin    func(ctx context.Context) (Batch, error)
	limit    int
	requests chan *request
	stopped  chan struct{} // closed when the writing goroutine has ended
	many     bool          // the last commit was shared; of the writing goroutine

	mu     sync.RWMutex // guards closed and the closing of requests
	closed bool
}

// request is one Update on its way through the writer. fn runs in the goroutine of its caller, who is handed the turn and hands
// it back; a panic or Goexit in fn then never reaches the writer.
type request struct {
	state atomic.Int32 // waiting, then running or withdrawn
	turn  chan Turn    // from the writer: it is your turn
	ran   chan outcome // to the writer: fn has ended
	done  chan error   // from the writer: what became of the group
}

const (
	waiting int32 = iota
	running
	withdrawn
)

// outcome is what became of one turn.
type outcome struct {
	wrote bool  // writes of fn stand in the transaction
	gone  bool  // the caller has left: fn panicked
	err   error // the whole batch must go
}

// New returns a writer that begins its transactions with begin, and takes at most limit updates into one, which bounds how long
// the first of them waits. The context of begin lives as long as the writer.
func New(begin func(ctx context.Context) (Batch, error), limit int) *Writer {
	w := &Writer{begin: begin, limit: limit, requests: make(chan *request, limit), stopped: make(chan struct{})}
	go w.write()
	return w
}

// Close lets the updates that were accepted finish. Later calls return store.ErrClosed.
func (w *Writer) Close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return store.ErrClosed
	}
	w.closed = true
	close(w.requests)
	w.mu.Unlock()
	<-w.stopped
	return nil
}

// Update implements issuer.Store. After conflicts with another process that do not end within ten seconds, the error wraps
// issuer.ErrUnavailable.
func (w *Writer) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{turn: make(chan Turn), ran: make(chan outcome, 1), done: make(chan error, 1)}
	if err := w.enqueue(ctx, r); err != nil {
		return err
	}
	var failed error // of fn, when it ran last
	ended := ctx.Done()
	for {
		select {
		case turn := <-r.turn:
			failed = r.run(turn, fn)
		case err := <-r.done:
			// A failed fn has waited too: it may have failed over what another in the group wrote, which counts only once committed.
			if err != nil {
				return err
			}
			return failed
		case <-ended:
			if r.state.CompareAndSwap(waiting, withdrawn) {
				return ctx.Err()
			}
			ended = nil
		}
	}
}

func (w *Writer) enqueue(ctx context.Context, r *request) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return store.ErrClosed
	}
	select {
	case w.requests <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run calls fn and tells the writer how it ended, also when fn panics.
func (r *request) run(turn Turn, fn func(issuer.Tx) error) (err error) {
	o := outcome{gone: true}
	defer func() {
		if o.gone || err != nil {
			o.err = turn.Drop()
		} else {
			o.wrote, o.err = turn.Keep()
		}
		r.ran <- o
	}()
	err = fn(turn)
	o.gone = false
	return err
}

// write is the writer: it alone begins and ends transactions.
func (w *Writer) write() {
	defer close(w.stopped)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for first := range w.requests {
		batch, err := w.begin(ctx)
		if err != nil {
			w.refuse(first, err)
			continue
		}
		members, err := w.gather(first, batch)
		members, err = w.settle(ctx, members, err)
		for _, r := range members {
			r.done <- err
		}
	}
}

// refuse answers first and everyone who waited behind it while no transaction could begin.
func (w *Writer) refuse(first *request, err error) {
	for r, more := first, len(w.requests); ; more-- {
		if r.state.CompareAndSwap(waiting, running) {
			r.done <- err
		}
		if more == 0 {
			return
		}
		r = <-w.requests
	}
}

// gather runs first and whatever else waits, ends the batch, and returns those that wait for what became of it.
func (w *Writer) gather(first *request, batch Batch) (members []*request, err error) {
	wrote, turns := false, mostTurns
	for r, more := first, true; more && err == nil && len(members) < w.limit; {
		if r.state.CompareAndSwap(waiting, running) {
			o := r.give(batch)
			if !o.gone {
				members = append(members, r)
			}
			wrote, err = wrote || o.wrote, o.err
		}
		if err != nil || len(members) == w.limit {
			break
		}
		r, more = w.another(&turns)
	}
	w.many = len(members) > 1
	return members, end(batch, wrote, err)
}

// another is the next update that waits. Where the last commit was shared, those who shared it are probably on their way with the next
// one, and on a busy processor they cannot come while this goroutine runs: they get their turn. That is no wait: where nobody has anything
// to do it is over at once.
func (w *Writer) another(turns *int) (r *request, more bool) {
	for {
		select {
		case r, more = <-w.requests:
			return r, more
		default:
		}
		if !w.many || *turns == 0 {
			return nil, false
		}
		*turns--
		runtime.Gosched()
	}
}

// settle runs members again for as long as err says so, and returns those that are left and the end of it.
func (w *Writer) settle(ctx context.Context, members []*request, err error) ([]*request, error) {
	if err == nil || len(members) == 0 {
		return members, err
	}
	limit := time.Now().Add(patience)
	for wait := firstWait; errors.Is(err, ErrAgain); wait = min(2*wait, longWait) {
		pause := time.Duration(rand.Int64N(int64(wait))) //nolint:gosec // spreads the load, guards nothing
		if time.Now().Add(pause).After(limit) {
			return members, fmt.Errorf("%w: %w", issuer.ErrUnavailable, err)
		}
		// Nothing of theirs was committed: who gives up now may.
		for _, r := range members {
			r.state.Store(waiting)
		}
		time.Sleep(pause)
		members, err = w.repeat(ctx, members)
	}
	return members, err
}

// repeat runs members once more, in the same order.
func (w *Writer) repeat(ctx context.Context, members []*request) (left []*request, err error) {
	for _, r := range members {
		if r.state.CompareAndSwap(waiting, running) {
			left = append(left, r)
		}
	}
	if len(left) == 0 {
		return nil, nil
	}
	batch, err := w.begin(ctx)
	if err != nil {
		return left, err
	}
	members, left = left, nil
	wrote := false
	for i, r := range members {
		if err != nil {
			return append(left, members[i:]...), end(batch, false, err)
		}
		o := r.give(batch)
		if !o.gone {
			left = append(left, r)
		}
		wrote, err = wrote || o.wrote, o.err
	}
	return left, end(batch, wrote, err)
}

// give hands a turn to the caller of r and waits until it has ended.
func (r *request) give(batch Batch) outcome {
	r.turn <- batch.Turn()
	return <-r.ran
}

// end commits the batch, or gives it up when it wrote nothing or err dooms it.
func end(batch Batch, wrote bool, err error) error {
	if err == nil && wrote {
		err = batch.Commit()
	} else {
		err = errors.Join(err, batch.Rollback())
	}
	if err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}
