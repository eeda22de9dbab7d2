package jobs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

const (
	atOnce = 64 // jobs that one transaction moves: bounds how long others wait for it

	backoffFirst = 30 * time.Second
	backoffMost  = time.Hour
)

// session is one Run of a Runner.
type session struct {
	*Runner
	holder   string
	handlers map[string]Handler
	periods  map[string]time.Duration // by the names of periodic work
	bounded  []string                 // the names of jobs that have a bound
	told     map[string]bool          // names of jobs that the log was told nobody knows here
	turn     chan struct{}            // holds one token: whoever has it looks for jobs
	tended   time.Time                // when parked jobs were looked for; of whoever has the turn
	failing  bool                     // the last look failed; of whoever has the turn
	damage   error                    // a record that was met and could not be read; of whoever has the turn

	mu   sync.Mutex
	busy map[string]map[string]int // how many jobs of a bounded name are under way of an organisation; guarded by mu
}

// full says whether a bounded name has no place for another job, of an organisation that is not named in it, and which organisations have
// none for themselves.
func (s *session) full(name string) (all bool, organisations map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bound, sum := s.Bounds[name], 0
	organisations = map[string]bool{}
	for organisation, count := range s.busy[name] {
		sum += count
		organisations[organisation] = bound.Each > 0 && count >= bound.Each
	}
	return bound.Most > 0 && sum >= bound.Most, organisations
}

// begun counts a job that was taken.
func (s *session) begun(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if of := s.busy[j.Name]; of != nil {
		of[j.Organisation]++
	}
}

// ended gives the place of a job to another.
func (s *session) ended(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := s.busy[j.Name]
	if of == nil {
		return
	}
	if of[j.Organisation]--; of[j.Organisation] == 0 {
		delete(of, j.Organisation)
	}
	s.Wake()
}

// open lists lanes whose jobs can be begun, the one that was served longest ago first, most of each kind.
func (s *session) open(tx issuer.Tx, most int) (open []lane, damage, err error) {
	for _, name := range append([]string{""}, s.bounded...) {
		all, without := false, map[string]bool(nil)
		if name != "" {
			all, without = s.full(name)
		}
		if all {
			continue
		}
		found, _, hurt, err := around(tx, lanes, issuer.Query{By: "all", Value: among(name), Limit: most + len(without)})
		damage = errors.Join(damage, hurt)
		if err != nil {
			return nil, damage, err
		}
		for _, l := range found {
			if !without[l.Organisation] {
				open = append(open, l)
			}
		}
	}
	slices.SortStableFunc(open, func(a, b lane) int { return a.Served.Compare(b.Served) })
	return open, damage, nil
}

// look says whether take would find something to do, or meet what is damaged. It reads a few records.
func (s *session) look(ctx context.Context) (found bool, err error) {
	err = s.Store.View(ctx, func(tx issuer.Tx) error {
		open, damage, err := s.open(tx, 1)
		if found = len(open) > 0 || damage != nil; found || err != nil {
			return err
		}
		for _, in := range []state{later, running} {
			first, _, err := jobs.List(tx, issuer.Query{By: "state", Value: string(in), Limit: 1})
			if err != nil {
				return err
			}
			found = found || len(first) > 0 && !first[0].Due.After(s.Now())
		}
		return nil
	})
	return found || errors.Is(err, issuer.ErrDamaged), undamaged(err)
}

// undamaged passes the damage of a record over: it must not stop what has nothing to do with it.
func undamaged(err error) error {
	if errors.Is(err, issuer.ErrDamaged) {
		return nil
	}
	return err
}

// aroundMost bounds what is read of a list behind a damaged record.
const aroundMost = 10_000

// around lists from the beginning. Where the first record is damaged it gives those behind it, as far as the next that is; damage
// says that there is one.
func around[T any](tx issuer.Tx, t issuer.Table[T], q issuer.Query) (found []T, next string, damage, err error) {
	for {
		page, next, err := t.List(tx, q)
		switch {
		case err == nil && !q.Backward:
			return page, next, damage, nil
		case err == nil:
			if found, q.After = append(found, page...), next; next != "" && len(found) < aroundMost {
				continue
			}
			slices.Reverse(found)
			return found, "", damage, nil
		case !errors.Is(err, issuer.ErrDamaged):
			return nil, "", damage, err
		case q.Limit > 1:
			q.Limit /= 2
		case !q.Backward:
			q.Backward, q.Limit = true, atOnce
		default:
			slices.Reverse(found)
			return found, "", err, nil
		}
		damage = err
	}
}

// hurt notes damage, and has the log told the first time.
func (s *session) hurt(damage error) {
	if damage != nil && s.damage == nil {
		s.Log.Error("a record of the queue of jobs is damaged; what it is about is not done, and laurel doctor --deep finds it", "error", damage)
	}
	if damage != nil {
		s.damage = damage
	}
}

// take leases the next job: of the organisation that was served longest ago the one that is due first. Nil when there is none
// now; whether it is worth to look again at once is what look says.
func (s *session) take(ctx context.Context) (*job, error) {
	var taken *job
	var unknown []string
	var damage error
	err := s.Store.Update(ctx, func(tx issuer.Tx) (err error) {
		taken, unknown = nil, nil
		now := s.Now().UTC()
		if damage, err = s.comeDue(tx, now); err != nil {
			return err
		}
		open, hurt, err := s.open(tx, atOnce)
		damage = errors.Join(damage, hurt)
		if err != nil {
			return err
		}
		for _, l := range open {
			var met []string
			taken, met, hurt, err = s.serve(tx, now, l)
			damage = errors.Join(damage, hurt)
			unknown = append(unknown, met...)
			if taken != nil || err != nil || len(unknown) >= atOnce {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.hurt(damage)
	if taken != nil {
		s.begun(taken)
	}
	for _, name := range unknown {
		if s.handlers[name] != nil { // it was put apart
			continue
		}
		if !s.told[name] {
			s.told[name] = true
			s.Log.Warn("there are jobs that this version of the program does not know; they wait for a newer one", "job", name)
		}
	}
	return taken, nil
}

// comeDue moves jobs whose time has come, and those whose holder let the lease run out, into the lanes.
func (s *session) comeDue(tx issuer.Tx, now time.Time) (damage, err error) {
	for _, in := range []state{later, running} {
		waiting, _, hurt, err := around(tx, jobs, issuer.Query{By: "state", Value: string(in), Limit: atOnce})
		damage = errors.Join(damage, hurt)
		if err != nil {
			return damage, err
		}
		for _, found := range waiting[:min(len(waiting), atOnce)] {
			if found.Due.After(now) {
				break
			}
			j, version, err := jobs.Get(tx, found.ID)
			if err != nil {
				return damage, err
			}
			if in == running {
				s.fail(&j, now, errors.New("whoever ran it ended without a word"))
				if j.State == later { // the lease was pause enough
					j.State, j.Due = ready, now
				}
			} else {
				j.State = ready
			}
			if err := put(tx, now, &j, version); err != nil {
				return damage, err
			}
		}
	}
	return damage, nil
}

// serve leases the first job of a lane whose name is known here, and moves the lane to the end or, when that was its last job, closes it.
// Jobs of other names, which it meets before, are parked, and those of a bounded name that do not stand apart yet are put there; both are
// told. A lane with a damaged job stays.
func (s *session) serve(tx issuer.Tx, now time.Time, l lane) (taken *job, passed []string, damage, err error) {
	for {
		waiting, next, hurt, err := around(tx, jobs, issuer.Query{By: "lane", Value: l.id(), Limit: 2})
		if damage = errors.Join(damage, hurt); err != nil {
			return nil, nil, damage, err
		}
		if len(waiting) == 0 {
			if damage == nil {
				err = tx.Delete(lanes.Kind, l.id())
			}
			return nil, passed, damage, err
		}
		j, version, err := jobs.Get(tx, waiting[0].ID)
		if err != nil {
			return nil, nil, damage, err
		}
		known, apart := s.handlers[j.Name] != nil, slices.Contains(s.bounded, j.Name)
		if !known || apart && !j.Apart {
			passed = append(passed, j.Name)
			if j.Apart = apart; !known {
				j.State = parked(j.Name)
			}
			if err := put(tx, now, &j, version); err != nil || len(passed) >= atOnce {
				return nil, passed, damage, err
			}
			continue
		}
		j.State, j.Holder, j.Begun, j.Due = running, s.holder, now, now.Add(s.lease())
		j.Attempts++
		if err := put(tx, now, &j, version); err != nil {
			return nil, nil, damage, err
		}
		if len(waiting) == 1 && next == "" && damage == nil {
			return &j, passed, nil, tx.Delete(lanes.Kind, l.id())
		}
		return &j, passed, damage, s.toTheEnd(tx, now, l.id())
	}
}

// toTheEnd moves a lane behind all others, also behind those that a clock ahead of this one has moved.
func (s *session) toTheEnd(tx issuer.Tx, now time.Time, id string) error {
	l, version, err := lanes.Get(tx, id)
	if err != nil {
		return err
	}
	l.Served = now
	for _, name := range append([]string{""}, s.bounded...) {
		last, _, err := lanes.List(tx, issuer.Query{By: "all", Value: among(name), Limit: 1, Backward: true})
		if undamaged(err) != nil {
			return err
		}
		if len(last) > 0 && !last[0].Served.Before(l.Served) {
			l.Served = last[0].Served.Add(1)
		}
	}
	return lanes.Put(tx, &l, version)
}

// unpark gives the jobs that were parked under the names that are known here back to their lanes.
func (s *session) unpark(ctx context.Context) error {
	var hurt error
	defer func() { s.hurt(hurt) }()
	for name := range s.handlers {
		for more := true; more; {
			var waiting []job
			list := func(tx issuer.Tx) (err error) {
				var damage error
				waiting, _, damage, err = around(tx, jobs, issuer.Query{By: "state", Value: string(parked(name)), Limit: atOnce})
				waiting, hurt = waiting[:min(len(waiting), atOnce)], errors.Join(hurt, damage)
				return err
			}
			if err := s.Store.View(ctx, list); err != nil {
				return err
			}
			if len(waiting) == 0 {
				break
			}
			err := s.Store.Update(ctx, func(tx issuer.Tx) error {
				if err := list(tx); err != nil {
					return err
				}
				for _, found := range waiting {
					j, version, err := jobs.Get(tx, found.ID)
					if err != nil {
						return err
					}
					j.State = ready
					if err := put(tx, s.Now(), &j, version); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			more = len(waiting) == atOnce
		}
	}
	return nil
}

// schedule sees to it that all periodic work stands in the queue, at most one period ahead.
func (s *session) schedule(ctx context.Context) error {
	if len(s.periods) == 0 {
		return nil
	}
	var hurt error
	err := s.Store.Update(ctx, func(tx issuer.Tx) error {
		now := s.Now().UTC()
		hurt = nil
		for name, period := range s.periods {
			j, version, err := jobs.Get(tx, everyPrefix+name)
			switch {
			case errors.Is(err, issuer.ErrNotFound):
				j = job{Job: Job{ID: everyPrefix + name, Name: name, Enqueued: now, Due: now}}
			case errors.Is(err, issuer.ErrDamaged):
				hurt = errors.Join(hurt, err)
				continue
			case err != nil:
				return err
			case j.State == later && j.Due.After(now.Add(period)):
				j.Due = now.Add(period)
			default:
				continue
			}
			if err := put(tx, now, &j, version); err != nil {
				return err
			}
		}
		return nil
	})
	s.hurt(hurt)
	return err
}

const everyPrefix = "every " // of the id of periodic work

func periodic(id string) bool { return strings.HasPrefix(id, everyPrefix) }

// renew lengthens the lease of j, and says whether the holder still has it.
func (s *session) renew(ctx context.Context, j *job) (held bool, err error) {
	err = s.Store.Update(ctx, func(tx issuer.Tx) error {
		found, version, err := s.mine(tx, j)
		if held = err == nil; err != nil {
			return err
		}
		found.Due = s.Now().UTC().Add(s.lease())
		return put(tx, s.Now(), &found, version)
	})
	if errors.Is(err, issuer.ErrNotFound) {
		return false, nil
	}
	return held, err
}

// mine reads j, or says issuer.ErrNotFound when another has it by now.
func (s *session) mine(tx issuer.Tx, j *job) (job, uint64, error) {
	found, version, err := jobs.Get(tx, j.ID)
	if err == nil && (found.State != running || found.Holder != s.holder || !found.Begun.Equal(j.Begun)) {
		err = fmt.Errorf("job %s: %w", j.ID, issuer.ErrNotFound)
	}
	return found, version, err
}

// settle records how an attempt ended: outcome is what the handler returned, released that it had to stop before its end.
// What another has taken over by now is left alone.
func (s *session) settle(ctx context.Context, j *job, outcome error, released bool) error {
	err := s.Store.Update(ctx, func(tx issuer.Tx) error {
		found, version, err := s.mine(tx, j)
		if err != nil {
			return err
		}
		now := s.Now().UTC()
		found.Holder = ""
		switch {
		case outcome == nil && periodic(found.ID):
			found.State, found.Due, found.Attempts, found.Cause = later, found.Begun.Add(s.periods[found.Name]), 0, ""
		case outcome == nil:
			return tx.Delete(jobs.Kind, j.ID)
		case errors.Is(outcome, ErrMore):
			found.State, found.Due, found.Attempts, found.Cause = ready, now, 0, ""
		case released:
			found.State, found.Due = ready, now
			found.Attempts--
		default:
			s.fail(&found, now, outcome)
		}
		return put(tx, now, &found, version)
	})
	if errors.Is(err, issuer.ErrNotFound) {
		return nil
	}
	return err
}

// fail notes a failed attempt in j: it is tried again later, unless it was tried often enough. Periodic work never dies.
func (s *session) fail(j *job, now time.Time, cause error) {
	pause := backoff(j.Attempts)
	var told laterError
	if errors.As(cause, &told) {
		pause = max(0, time.Duration(told))
	}
	j.Holder, j.Cause = "", shortened(cause)
	j.State, j.Due = later, now.Add(pause)
	switch period, known := s.periods[j.Name]; {
	case periodic(j.ID) && known:
		j.Due = now.Add(min(pause, period))
	case !periodic(j.ID) && j.Attempts >= MaxAttempts:
		j.State, j.Due = dead, now
	}
}

// backoff is the pause after failed attempts: 30 s, doubled with each, an hour at most, and spread so that what failed
// together does not come back together.
func backoff(attempts int) time.Duration {
	pause := backoffFirst << min(max(attempts-1, 0), 10)
	pause = pause/2 + rand.N(pause)
	return min(pause, backoffMost)
}
