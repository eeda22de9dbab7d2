package batch

import (
	"bytes"
	"context"
	"iter"
	"sync"
	"sync/atomic"

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
	name, before := source.Name, whereabouts{}
	if source.Name == "" {
		name = source.URL
	}
	for item := range r.items(&source) {
		place := before.next(item)
		select {
		case r.judges <- struct{}{}:
		case <-r.ctx.Done():
			return
		}
		answer := make(chan []finding, 1)
		r.all.Go(func() {
			defer func() { <-r.judges }()
			answer <- r.judge(item, name, place)
		})
		select {
		case queue <- answer:
		case <-r.ctx.Done():
			return
		}
	}
}

// judge gives the findings on one item, at least one. They do not count when the context has ended.
func (r *run) judge(item carrier.Item, name string, place place) (found []finding) {
	defer func() {
		if recover() != nil {
			found = []finding{judged(fault(item), name, place)}
		}
	}()
	var reports []*verifier.Report
	if item.Problem != faulty {
		reports, _ = r.Verify(r.ctx, item) // an error that is not that of the context is a fault too
	}
	if len(reports) == 0 {
		reports = []*verifier.Report{fault(item)}
	}
	for i, report := range reports {
		place.report = i
		found = append(found, judged(report, name, place))
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
		heavy := !light(input)
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

// faulty is the problem of an input that could not be opened for a reason that lies in the program.
var faulty = &carrier.Problem{Code: "input_unavailable", Case: "fault"}

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
	defer func() {
		if recover() != nil {
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

// light says that an input is a text or a JSON document for certain, so that opening it takes hardly more memory than it has. A
// document or archive may have text in front of it.
func light(input []byte) bool {
	text := bytes.TrimLeft(bytes.TrimPrefix(input, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(text) == 0 {
		return true
	}
	if c := text[0]; c != '{' && c != '[' && (c|0x20 < 'a' || c|0x20 > 'z') {
		return false
	}
	return !bytes.Contains(input, []byte("%PDF")) && !bytes.Contains(input, []byte("PK")) && bytes.IndexByte(input, 0) < 0
}
