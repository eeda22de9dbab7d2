package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// Handler does a job. It may be called again for one that was done, and side by side with a holder that lost its lease. An
// error means that the job is to be tried again: see [ErrMore], [ErrLater]. Its text is kept with the job and logged, so it
// holds no personal data.
type Handler func(ctx context.Context, j Job) error

// Every is work that one of all programs that share the store does once a period: a job that is queued again when it is done.
// What fails is tried again after a pause, the period at most.
type Every struct {
	Name   string // no job has the same name
	Period time.Duration
	Do     Handler
}

// Bound is how many jobs of a name one program does side by side, so that work which waits for strangers leaves workers to what does not.
// A name that had one in an earlier release keeps one, if it be the zero value: its jobs may stand in lanes that else nobody looks at.
type Bound struct {
	Most int // in all; 0: as many as there are workers
	Each int // of one organisation; 0: as many as in all
}

// Runner takes jobs from the queue and has them done. Set the exported fields before the first call; Store and Now are needed
// by all methods, Log by Run.
type Runner struct {
	Store    issuer.Store
	Handlers map[string]Handler // by the names of jobs; others wait for a program that knows them
	Every    []Every
	Bounds   map[string]Bound // by the names of jobs; others have none
	Now      func() time.Time
	Log      *slog.Logger
	Workers  int           // jobs that are done side by side; 0 means 4
	Lease    time.Duration // after which a job of a program that was killed is taken over; 0 means a minute
	Grace    time.Duration // that handlers have to end when Run is to end, before their context does; 0 means 5 seconds

	pause time.Duration // the longest between two looks; 0 means a second
	once  sync.Once
	woken chan struct{}
}

const (
	pollLeast = 5 * time.Millisecond // a wake may come before the commit that it is about
	pollMost  = time.Second          // between two looks while nothing happens
	tendEvery = time.Minute          // between two looks for parked jobs
	retryWait = time.Second          // between two attempts to record how a job ended
	giveUp    = 5 * time.Second      // for recording it, when Run ends
)

func (r *Runner) lease() time.Duration { return orDefault(r.Lease, time.Minute) }

func orDefault[T int | time.Duration](value, otherwise T) T {
	if value <= 0 {
		return otherwise
	}
	return value
}

func (r *Runner) wakes() chan struct{} {
	r.once.Do(func() { r.woken = make(chan struct{}, 1) })
	return r.woken
}

// Wake says that a job was queued, or is about to be: the queue is looked at now and a few times soon. It never waits.
func (r *Runner) Wake() {
	select {
	case r.wakes() <- struct{}{}:
	default:
	}
}

// Run works until ctx ends: then it takes no more jobs, gives handlers their grace, ends their context, and returns when they
// have returned. A job that was cut off so goes back into the queue and the attempt does not count. The error, given at once,
// is that the names of jobs contradict each other.
func (r *Runner) Run(ctx context.Context) error {
	s := &session{Runner: r, holder: rand.Text(), handlers: map[string]Handler{}, periods: map[string]time.Duration{}, told: map[string]bool{}, busy: map[string]map[string]int{}, turn: make(chan struct{}, 1)}
	for name, handler := range r.Handlers {
		s.handlers[name] = handler
		if _, is := r.Bounds[name]; is {
			s.bounded = append(s.bounded, name)
			s.busy[name] = map[string]int{}
		}
	}
	slices.Sort(s.bounded)
	for _, e := range r.Every {
		if s.handlers[e.Name] != nil || e.Period <= 0 || e.Do == nil || e.Name == "" || len(e.Name) > nameMost {
			return fmt.Errorf("running jobs: periodic work %q needs a name of its own, a period and something to do", e.Name)
		}
		s.handlers[e.Name], s.periods[e.Name] = e.Do, e.Period
	}
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(ctx, func() {
		grace := time.NewTimer(orDefault(r.Grace, 5*time.Second))
		defer grace.Stop()
		select {
		case <-grace.C:
			end()
		case <-work.Done():
		}
	})()
	s.turn <- struct{}{}
	var workers sync.WaitGroup
	for range orDefault(r.Workers, 4) {
		workers.Go(func() {
			for j := s.next(ctx); j != nil; j = s.next(ctx) {
				s.do(ctx, work, j)
				s.ended(j)
			}
		})
	}
	workers.Wait()
	return nil
}

// next waits for its turn and then for a job; nil when ctx has ended.
func (s *session) next(ctx context.Context) *job {
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil
	}
	most := orDefault(s.pause, pollMost)
	for wait := most; ctx.Err() == nil; {
		j, err := s.find(ctx)
		if err != nil && ctx.Err() == nil && !s.failing {
			s.Log.Error("the queue of jobs cannot be read; trying again", "error", err)
		}
		s.failing = err != nil
		if j != nil {
			return j
		}
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
			wait = min(2*wait, most)
		case <-s.wakes():
			pause.Stop()
			wait = pollLeast
		case <-ctx.Done():
			pause.Stop()
		}
	}
	return nil
}

// find takes a job when there is one.
func (s *session) find(ctx context.Context) (*job, error) {
	if now := s.Now(); s.tended.IsZero() || now.Sub(s.tended) >= tendEvery {
		if err := errors.Join(s.schedule(ctx), s.unpark(ctx)); err != nil {
			return nil, err
		}
		s.tended = now
	}
	for {
		found, err := s.look(ctx)
		if !found || err != nil {
			return nil, err
		}
		if j, err := s.take(ctx); j != nil || err != nil || s.damage != nil {
			return j, err
		}
	}
}

// do has one job done and records how that ended. The job is given back when ctx has ended and work ends before it is done.
func (s *session) do(ctx, work context.Context, j *job) {
	if ctx.Err() != nil {
		s.record(ctx, j, ctx.Err(), true)
		return
	}
	working, stop := context.WithCancel(work)
	var renewal sync.WaitGroup
	renewal.Go(func() { s.keep(working, j, stop) })
	outcome := s.call(working, j)
	lost := working.Err() != nil && work.Err() == nil // the lease, to another: there is nothing to record
	stop()
	renewal.Wait()
	switch {
	case lost:
		s.Log.Warn("a job took longer than its lease could be renewed, and another may do it again", "job", j.Name, "id", j.ID)
	case outcome != nil && !errors.Is(outcome, ErrMore) && work.Err() == nil:
		s.Log.Warn("a job failed", "job", j.Name, "id", j.ID, "attempt", j.Attempts, "error", outcome)
	}
	s.record(ctx, j, outcome, work.Err() != nil && outcome != nil)
}

// record writes how a job ended, and tries that again for as long as the lease: when it cannot be written the job is done again.
func (s *session) record(ctx context.Context, j *job, outcome error, released bool) {
	limit := s.Now().Add(s.lease())
	for {
		writing, end := context.WithTimeout(context.WithoutCancel(ctx), giveUp)
		err := s.settle(writing, j, outcome, released)
		end()
		if err == nil {
			return
		}
		if ctx.Err() != nil || s.Now().After(limit) {
			s.Log.Error("how a job ended could not be written, so it is done again", "job", j.Name, "id", j.ID, "error", err)
			return
		}
		pause := time.NewTimer(retryWait)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

// call runs the handler. A panic is a failure.
func (s *session) call(ctx context.Context, j *job) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			s.Log.Error("a job panicked", "job", j.Name, "id", j.ID, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	return s.handlers[j.Name](ctx, j.Job)
}

// keep renews the lease of j until ctx ends, and calls lost when it is gone or about to run out.
func (s *session) keep(ctx context.Context, j *job, lost func()) {
	third := s.lease() / 3
	tick := time.NewTicker(third)
	defer tick.Stop()
	for until := j.Due; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		begun := s.Now()
		renewing, end := context.WithTimeout(ctx, third)
		held, err := s.renew(renewing, j)
		end()
		switch {
		case err == nil && held:
			until = begun.Add(s.lease())
		case err == nil, !s.Now().Add(third).Before(until):
			lost()
			return
		}
	}
}
