package main

import (
	"cmp"
	"context"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/verifier"
)

// turns lets as many verifications work at a time as there are processors, and the others wait. Who has worked long gives way to who
// has not, so that a badge of a few kilobytes is judged in little more than the time that it takes itself, however many hostile documents
// there are: whoever has had turnLength hands the turn to those who have had less, and there are as many places again for those who have
// not had that much yet. A visitor's account holds what all that comes from the same address has had, for as long as anything of it is
// here: an address with much under way gives way to one with little.
type turns struct {
	places int
	now    func() time.Time
	rest   func() // lets the rest of the program have the processor

	mu      sync.Mutex
	working int // guarded by mu, as is what follows
	small   int // verifications of smallInput bytes or less that have begun; those that wait for the network do not count
	large   int // bytes of the larger ones that have begun
	waiting []*turn
	passed  int // turns that were given to who had had the least since one went to who had come first
	from    map[netip.Prefix]*account
}

const (
	turnLength = 2 * time.Millisecond
	mostPaused = time.Second // after which a verification that has begun goes on beside the others
	smallInput = 32 << 10
	mostSmall  = 32        // that have begun at a time: each has memory of its own while others have their turns
	mostLarge  = 768 << 10 // bytes of larger ones that have begun at a time; one alone may have more
	patientOne = 8         // every so many turns one goes to who came first: nobody waits for ever
)

// turn is a verification, working or waiting.
type turn struct {
	queue   *turns
	visitor netip.Prefix
	account *account
	size    int           // of what is judged, in bytes
	begun   bool          // it counts as one that has begun
	had     time.Duration // of working
	came    time.Time
	since   time.Time // when it began to work
	works   bool
	given   chan struct{} // closed when it may work; nil for who has not had to wait
}

// account is what an address has under way.
type account struct {
	had   time.Duration
	turns int // working or waiting
}

func newTurns() *turns {
	return &turns{places: processors(), now: time.Now, rest: rest, from: map[netip.Prefix]*account{}}
}

// rest lets others have the processor. The scheduler asks the network for what came in only when it finds nothing to do, and takes the
// processor away only after 10 ms; a sleep makes it look, and who wakes up goes behind what was found.
func rest() {
	time.Sleep(time.Microsecond)
	runtime.Gosched()
}

// enter begins a verification of so many bytes for an address; the zero address has as many accounts as verifications.
func (q *turns) enter(visitor netip.Prefix, size int) *turn {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := &turn{queue: q, visitor: visitor, size: size, came: q.now(), account: q.from[visitor]}
	if t.account == nil {
		t.account = &account{}
		if visitor.IsValid() {
			q.from[visitor] = t.account
		}
	}
	t.account.turns++
	return t
}

// leave ends it, whether it works or not.
func (t *turn) leave() {
	q := t.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	t.stop(true)
	if t.account.turns--; t.account.turns == 0 && t.visitor.IsValid() {
		delete(q.from, t.visitor)
	}
}

// take waits until it may work, or until it has waited for the most that it waits: it may hold something then that those who work wait for.
// The error is that of ctx; then it does not work.
func (t *turn) take(ctx context.Context, most time.Duration) error {
	q := t.queue
	q.mu.Lock()
	if t.works {
		q.mu.Unlock()
		return nil
	}
	t.given = nil
	q.waiting = append(q.waiting, t)
	if q.give(); t.works { // at once, as most times
		q.mu.Unlock()
		return nil
	}
	t.given = make(chan struct{})
	q.mu.Unlock()
	enough := time.NewTimer(most)
	defer enough.Stop()
	ended := false
	select {
	case <-t.given:
		return nil
	case <-enough.C:
	case <-ctx.Done():
		ended = true
	}
	q.mu.Lock()
	q.waiting = slices.DeleteFunc(q.waiting, func(w *turn) bool { return w == t })
	switch {
	case ended:
		t.stop(true)
	case !t.works:
		q.start(t)
	}
	q.mu.Unlock()
	if ended {
		return ctx.Err() // which may ask the queue
	}
	return nil
}

// pause gives the turn back; away says that it will not ask for the next one at once.
func (t *turn) pause(away bool) {
	t.queue.mu.Lock()
	defer t.queue.mu.Unlock()
	t.stop(away)
}

// stop ends its work. The caller holds the lock of the queue, as with what follows.
func (t *turn) stop(away bool) {
	if t.works {
		t.charge()
		t.works = false
		t.queue.working--
	}
	if t.begun && away {
		t.begin(false)
	}
	t.queue.give()
}

// begin enters that it has begun, or that it has not any more.
func (t *turn) begin(begun bool) {
	sign := 1
	if t.begun = begun; !begun {
		sign = -1
	}
	if t.size <= smallInput {
		t.queue.small += sign
	} else {
		t.queue.large += sign * t.size
	}
}

// may says whether it may work now: whether it has begun before, in which case it goes on, or there is memory for one more.
func (t *turn) may() bool {
	switch q := t.queue; {
	case t.begun || t.had > 0:
		return true
	case t.size <= smallInput:
		return q.small < mostSmall
	default:
		return q.large == 0 || q.large+t.size <= mostLarge
	}
}

// charge enters what it has worked.
func (t *turn) charge() {
	now := t.queue.now()
	spent := now.Sub(t.since)
	t.since = now
	t.had += spent
	t.account.had += spent
}

// give gives the places that are free.
func (q *turns) give() {
	for q.working < 2*q.places {
		next := q.next()
		if next < 0 {
			return
		}
		t := q.waiting[next]
		q.waiting = slices.Delete(q.waiting, next, next+1)
		q.start(t)
		if t.given != nil {
			close(t.given)
		}
	}
}

// start has one work that does not wait any more.
func (q *turns) start(t *turn) {
	q.working++
	if !t.begun {
		t.begin(true)
	}
	t.works, t.since = true, q.now()
}

// next is the place of who has the next turn; -1 for nobody.
func (q *turns) next() int {
	least, first := -1, -1
	for i, t := range q.waiting {
		if !t.may() || q.working >= q.places && t.had >= turnLength {
			continue
		}
		if least < 0 || t.before(q.waiting[least]) {
			least = i
		}
		if first < 0 || t.came.Before(q.waiting[first].came) {
			first = i
		}
	}
	if least < 0 {
		return -1
	}
	if q.passed++; q.passed < patientOne {
		return least
	}
	q.passed = 0
	return first
}

// before says whether it has had less than another.
func (t *turn) before(other *turn) bool {
	return cmp.Or(cmp.Compare(t.account.had, other.account.had), cmp.Compare(t.had, other.had)) < 0
}

// overdue says whether it has worked for long enough to let others have the processor, and whether one of those who wait for a turn has
// had less.
func (t *turn) overdue() (rest, hand bool) {
	q := t.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if !t.works || q.now().Sub(t.since) < turnLength {
		return false, false
	}
	t.charge()
	return true, q.working > q.places || len(q.waiting) > 0 && (q.passed+1 >= patientOne || slices.ContainsFunc(q.waiting, func(w *turn) bool { return w.may() && w.before(t) }))
}

// inTurn is a judging in turn.
func inTurn[Input, Found any](q *turns, judge judging[Input, Found]) judging[Input, Found] {
	return func(ctx context.Context, input Input, o verifier.Options) (found Found, err error) {
		t := q.enter(visitorIn(ctx), sizeOf(input))
		defer t.leave()
		if err := t.take(ctx, time.Hour); err != nil { // it holds nothing yet
			return found, err
		}
		return judge(turnContext{ctx, t}, input, o)
	}
}

// sizeOf is the length of what is judged.
func sizeOf(input any) int {
	switch input := input.(type) {
	case []byte:
		return len(input)
	case carrier.Item:
		return len(input.Text)
	}
	return 0
}

// judging is [verifier.Verify], [verifier.VerifyItem] or [verifier.CheckProof].
type judging[Input, Found any] func(ctx context.Context, input Input, o verifier.Options) (Found, error)

// turnContext is the context of a verification in its turn. A verification asks it for its end after each piece of work that it counts;
// that is when its turn is handed on. Nothing that others wait for may be held then, or they wait for mostPaused.
type turnContext struct {
	context.Context
	turn *turn
}

type turnKey struct{}

// Value implements [context.Context].
func (c turnContext) Value(key any) any {
	if key == (turnKey{}) {
		return c.turn
	}
	return c.Context.Value(key)
}

// Err implements [context.Context].
func (c turnContext) Err() error {
	rest, hand := c.turn.overdue()
	if rest {
		c.turn.queue.rest()
	}
	if hand {
		c.turn.pause(false)
		if err := c.turn.take(c.Context, mostPaused); err != nil {
			return err
		}
	}
	return c.Context.Err()
}

// patientFetcher lets another have the turn while it waits for the network, or for a document of this installation that has to be signed.
type patientFetcher struct{ next verifier.Fetcher }

// Fetch implements [verifier.Fetcher].
func (p patientFetcher) Fetch(ctx context.Context, address string, limit int) (verifier.Document, error) {
	t, _ := ctx.Value(turnKey{}).(*turn)
	if t == nil {
		return p.next.Fetch(ctx, address, limit)
	}
	t.pause(true)
	document, err := p.next.Fetch(ctx, address, limit)
	if ended := t.take(ctx, mostPaused); ended != nil {
		return verifier.Document{}, ended
	}
	return document, err
}

type visitorKey struct{}

// withVisitor says from which address a request comes.
func withVisitor(ctx context.Context, address netip.Addr) context.Context {
	address = address.Unmap().WithZone("")
	bits := address.BitLen()
	if address.Is6() {
		bits = 64 // one host may take any address in it
	}
	network, err := address.Prefix(bits)
	if err != nil {
		return ctx
	}
	return context.WithValue(ctx, visitorKey{}, network)
}

// visitorIn is the zero prefix for what nobody in particular asked for, such as the page of an award.
func visitorIn(ctx context.Context) netip.Prefix {
	visitor, _ := ctx.Value(visitorKey{}).(netip.Prefix)
	return visitor
}
