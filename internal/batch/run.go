package batch

import (
	"cmp"
	"context"
	"iter"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/verifier"
)

// run is one run under way. Each of its workers takes the next source, opens it, and hands on what is found to be judged; what
// was judged waits in the queue of its source until the rows before it have been taken.
type run struct {
	*Checker
	ctx     context.Context
	cancel  context.CancelFunc
	sources []Source
	queues  []chan chan []finding // of each source that may be looked at
	next    atomic.Int64          // source to open
	window  chan struct{}         // holds one for each source that was begun and whose rows were not all taken
	judges  chan struct{}         // holds one for each item that is judged
	worked  work
	alone   bool // there is one row, and nothing to compare it with
	all     sync.WaitGroup
}

func (c *Checker) start(ctx context.Context, sources []Source) *run {
	workers := c.workers()
	r := &run{Checker: c, sources: sources, queues: make([]chan chan []finding, min(len(sources), MostRows+1)),
		window: make(chan struct{}, 4*workers), judges: make(chan struct{}, workers)}
	r.ctx, r.cancel = context.WithCancel(ctx)
	for i := range r.queues {
		r.queues[i] = make(chan chan []finding, workers)
	}
	for range min(workers, len(r.queues)) {
		r.all.Go(r.work)
	}
	return r
}

// work is how long all workers of a run have opened and judged.
type work struct{ atomic.Int64 }

func (w *work) since(begun time.Time) { w.Add(int64(time.Since(begun))) }

// over says whether a run has done all the work that it may.
func (r *run) over() bool {
	return r.worked.Load() > int64(r.workers())*int64(cmp.Or(r.Work, mostWork))
}

// stop ends a run, and comes back when nothing of it is left.
func (r *run) stop() {
	r.cancel()
	r.all.Wait()
}

// work opens one source after the other. The first whose rows were not all taken is always begun, so the run goes on.
func (r *run) work() {
	for {
		select {
		case r.window <- struct{}{}:
		case <-r.ctx.Done():
			return
		}
		i := int(r.next.Add(1)) - 1
		if i >= len(r.queues) {
			return
		}
		r.open(i)
	}
}

// findings are what a source has led to, in order. They end early when the context does.
func (r *run) findings(source int) iter.Seq[finding] {
	return func(yield func(finding) bool) {
		for {
			var (
				answer   chan []finding
				findings []finding
				more     bool
			)
			select {
			case answer, more = <-r.queues[source]:
			case <-r.ctx.Done():
				return
			}
			if !more {
				<-r.window
				return
			}
			select {
			case findings = <-answer:
			case <-r.ctx.Done():
				return
			}
			if r.ctx.Err() != nil {
				return // what was found may be that the context has ended
			}
			for _, f := range findings {
				if !yield(f) {
					return
				}
			}
		}
	}
}

// open finds what is in a source and has it judged.
func (r *run) open(i int) {
	queue := r.queues[i]
	defer close(queue)
	source := r.sources[i]
	r.sources[i].Bytes, r.sources[i].Read = nil, nil
	name, before, file := nameOf(source), whereabouts{}, r.ctx
	over := r.over()
	if over {
		source = Source{Problem: late}
	}
	for item := range r.items(&source) {
		if over = over || r.over(); over {
			item = carrier.Item{Kind: item.Kind, Name: item.Name, Bytes: item.Bytes, Problem: late}
		}
		place := before.next(item)
		if place.item == 0 && r.Begin != nil {
			file = r.Begin(r.ctx)
		}
		ctx := file
		select {
		case r.judges <- struct{}{}:
		case <-r.ctx.Done():
			return
		}
		answer := make(chan []finding, 1)
		r.all.Go(func() {
			defer func() { <-r.judges }()
			answer <- r.judge(ctx, item, name, place)
		})
		select {
		case queue <- answer:
		case <-r.ctx.Done():
			return
		}
		if over {
			return
		}
	}
}

// judge gives the findings on one item, at least one. They do not count when the context has ended.
func (r *run) judge(ctx context.Context, item carrier.Item, name string, place place) (found []finding) {
	defer func() {
		if cause := recover(); cause != nil {
			r.tell(cause, debug.Stack())
			found = []finding{r.judged(r.refused(item, faulty), name, place)}
		}
	}()
	var reports []*verifier.Report
	switch item.Problem {
	case faulty, late:
		reports = []*verifier.Report{r.refused(item, item.Problem)}
	default:
		defer r.worked.since(time.Now())
		reports, _ = r.Verify(ctx, item) // an error that is not that of the context is a fault too
	}
	if len(reports) == 0 {
		reports = []*verifier.Report{r.refused(item, faulty)}
	}
	for i, report := range reports {
		place.report = i
		found = append(found, r.judged(report, name, place))
	}
	return found
}

// items are what lies in a source, at least one. Whoever goes through them holds one of the two places for openings while the next
// is looked for, and none while it is judged.
func (r *run) items(source *Source) iter.Seq[carrier.Item] {
	return func(yield func(carrier.Item) bool) {
		at, input := "", source.Bytes
		problem := source.Problem
		switch {
		case problem != nil:
		case source.Read != nil:
			input, problem = source.Read()
		case input == nil && source.URL != "":
			input = []byte(source.URL)
		default:
			at = source.URL
		}
		*source = Source{}
		if problem != nil {
			yield(carrier.Item{Problem: problem})
			return
		}
		heavy := !carrier.Light(input)
		next, stop := iter.Pull(carrier.Open(input, at))
		input = nil
		defer stop()
		for {
			item, more := r.pull(next, heavy)
			if !more || !yield(item) {
				return
			}
		}
	}
}

// pull gives the next item of an input. After a fault there is a last one that says so.
func (r *run) pull(next func() (carrier.Item, bool), heavy bool) (item carrier.Item, more bool) {
	if heavy {
		places := r.opening.places()
		select {
		case places <- struct{}{}:
		case <-r.ctx.Done():
			return carrier.Item{}, false
		}
		defer func() { <-places }()
	}
	defer r.worked.since(time.Now())
	defer func() {
		if cause := recover(); cause != nil {
			r.tell(cause, debug.Stack())
			item, more = carrier.Item{Problem: faulty}, true
		}
	}()
	return next()
}

// opening holds one for each input that a Checker is opening and that may be a picture.
type opening struct {
	once sync.Once
	held chan struct{}
}

func (o *opening) places() chan struct{} {
	o.once.Do(func() { o.held = make(chan struct{}, openings) })
	return o.held
}
