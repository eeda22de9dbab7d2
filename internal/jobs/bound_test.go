package jobs

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// bounded is a world in which calls wait until they are let go.
type bounded struct {
	*world
	busy map[string]int // calls under way, by their organisation
	most int            // at the same time
	let  chan struct{}
	done map[string]int // jobs, by name and organisation
}

func newBounded(w *world) *bounded {
	return &bounded{world: w, busy: map[string]int{}, let: make(chan struct{}), done: map[string]int{}}
}

func (b *bounded) runner(bounds map[string]Bound) *Runner {
	r := b.world.runner(map[string]Handler{
		"call": func(ctx context.Context, j Job) error {
			if b.busy[j.Organisation]++; b.busy[j.Organisation] > 1 && bounds["call"].Each == 1 {
				b.Errorf("%d calls of %s at the same time", b.busy[j.Organisation], j.Organisation)
			}
			sum := 0
			for _, count := range b.busy {
				sum += count
			}
			b.most = max(b.most, sum)
			b.Unlock()
			select {
			case <-b.let:
			case <-ctx.Done():
			}
			b.Lock()
			b.busy[j.Organisation]--
			b.done["call "+j.Organisation]++
			return ctx.Err()
		},
		"mail": func(_ context.Context, j Job) error { b.done["mail "+j.Organisation]++; return nil },
	})
	r.Workers, r.Bounds = 4, bounds
	return r
}

// TestBound: calls that nobody answers hold half of the workers, and one of an organisation; what others ask for is done at once, and what
// the same organisation asks for as well.
func TestBound(t *testing.T) {
	inTime(t, func(w *world) {
		b := newBounded(w)
		stop := w.start(b.runner(map[string]Bound{"call": {Most: 2, Each: 1}}))
		var works []issuer.Work
		for range 20 {
			works = append(works, issuer.Work{Name: "call", Organisation: "slow"})
		}
		w.enqueue(works...)
		w.pass(5 * time.Second)
		w.want(b.busy["slow"], 1)
		works = works[:0]
		for i := range 100 {
			works = append(works, issuer.Work{Name: "call", Organisation: fmt.Sprint("other ", i)})
		}
		w.enqueue(works...)
		w.pass(5 * time.Second)
		w.want(b.busy["slow"], 1)
		w.want(b.most, 2)
		began := time.Now()
		w.enqueue(issuer.Work{Name: "mail", Organisation: "slow"}, issuer.Work{Name: "mail", Organisation: "quick"}, issuer.Work{Name: "mail"})
		w.pass(pollMost)
		w.want(b.done["mail slow"]+b.done["mail quick"]+b.done["mail "], 3)
		w.want(time.Since(began), pollMost)
		w.want(b.most, 2)
		w.want(len(b.done), 3) // no call has ended

		// Organisations take turns at calling.
		for range 110 {
			w.Unlock()
			b.let <- struct{}{}
			w.Lock()
			w.pass(pollMost)
		}
		w.want(b.most, 2)
		others := 0
		for i := range 100 {
			others += b.done[fmt.Sprint("call other ", i)]
		}
		w.want(others+b.done["call slow"], 110)
		w.want(others > 90, true)
		stop()
		c := w.counts()
		w.want(c.Ready, 20+len(works)-110)
		w.want(c.Running, 0)
	})
}

// TestBoundOfEarlierJobs: jobs that a release without the bound has queued are bound as well, and a job that is tried again.
func TestBoundOfEarlierJobs(t *testing.T) {
	inTime(t, func(w *world) {
		var works []issuer.Work
		for range atOnce + 6 { // more than one transaction moves
			works = append(works, issuer.Work{Name: "call", Organisation: "o"})
		}
		w.enqueue(append(works, issuer.Work{Name: "mail", Organisation: "o"})...)
		b := newBounded(w)
		r := b.runner(map[string]Bound{"call": {Each: 1}})
		r.Grace = time.Millisecond
		stop := w.start(r)
		w.pass(2 * time.Second)
		w.want(b.done["mail o"], 1)
		w.want(b.most, 1)
		stop() // the call under way goes back
		w.want(w.counts(), Counts{Ready: atOnce + 6})

		// A release that bounds them no more does them too.
		free := b.runner(map[string]Bound{"call": {}})
		stop = w.start(free)
		close(b.let)
		w.pass(5 * time.Second)
		stop()
		w.want(w.counts(), Counts{})
		w.want(w.laneCount(), 0)
	})
}

// TestBoundKeepsTurns: neither those of a bounded name nor the others wait for more than their turn where both have many jobs.
func TestBoundKeepsTurns(t *testing.T) {
	inTime(t, func(w *world) {
		var order []string
		row := func(_ context.Context, j Job) error {
			order = append(order, j.Name)
			w.sleep(time.Millisecond)
			return nil
		}
		r := w.runner(map[string]Handler{"row": row, "call": row})
		r.Bounds = map[string]Bound{"call": {Most: 1, Each: 1}}
		for _, name := range []string{"call", "row"} {
			w.enqueue(slices.Repeat([]issuer.Work{{Name: name, Organisation: "o"}}, 40)...)
			w.pass(time.Millisecond)
		}
		stop := w.start(r)
		w.pass(time.Minute)
		stop()
		w.want(len(order), 80)
		for i := 4; i < 76; i++ {
			if !slices.Contains(order[i:i+3], "row") || !slices.Contains(order[i:i+3], "call") {
				w.Errorf("not in turns: %v", order[i:i+3])
				break
			}
		}
	})
}
