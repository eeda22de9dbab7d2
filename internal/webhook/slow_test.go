package webhook

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/issuer"
)

// slow is a server that answers nobody before it is let, and knows who calls: the first part of the path.
type slow struct {
	*httptest.Server
	let     chan struct{}
	arrived chan string

	mu   sync.Mutex
	busy map[string]int
	most int // calls at the same time
	each int // of one organisation
}

func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	who, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.count(who, 1)
	s.arrived <- who
	<-s.let
	s.count(who, -1)
	w.WriteHeader(http.StatusNoContent)
}

func (s *slow) count(who string, one int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy[who] += one
	sum := 0
	for _, count := range s.busy {
		sum += count
	}
	s.most, s.each = max(s.most, sum), max(s.each, s.busy[who])
}

// TestSlowReceivers: servers that take their time hold half of the workers, and one of an organisation. Mail goes out meanwhile, that of
// their organisations as well.
func TestSlowReceivers(t *testing.T) {
	w := newWorld(t, loopback)
	third, err := w.office.CreateOrganisation(t.Context(), "Valley", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	s := &slow{let: make(chan struct{}), arrived: make(chan string, 100), busy: map[string]int{}}
	s.Server = httptest.NewServer(s)
	let := sync.OnceFunc(func() { close(s.let) })
	t.Cleanup(func() { let(); s.Close() })
	places := map[string]int{w.ours: 4, w.theirs: 2, third.ID: 1} // endpoints
	calls := 0
	for organisation, count := range places {
		for range count {
			if _, err := w.Create(t.Context(), organisation, Input{URL: s.URL + "/" + organisation, Events: []issuer.EventType{issuer.EventIssued}}, "account:1"); err != nil {
				t.Fatal(err)
			}
			calls++
		}
		e := issued("c-" + organisation)
		e.Organisation = organisation
		w.happen(t, e)
	}

	mailed := make(chan string, 100)
	runner := &jobs.Runner{Store: w.office.Records(), Now: w.Now, Log: slog.New(slog.DiscardHandler), Workers: 4, Bounds: map[string]jobs.Bound{Work: {Most: 2, Each: 1}},
		Handlers: map[string]jobs.Handler{
			Work:   func(ctx context.Context, j jobs.Job) error { return w.Deliver(ctx, j.Payload) },
			"mail": func(_ context.Context, j jobs.Job) error { mailed <- j.Organisation; return nil },
		}}
	enqueue := func(works ...issuer.Work) {
		err := w.office.Records().Update(t.Context(), func(tx issuer.Tx) error {
			for _, work := range works {
				if err := jobs.Enqueue(tx, w.Now(), work); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		runner.Wake()
	}
	enqueue(w.queue...)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = runner.Run(ctx) })
	defer func() { stop(); let(); running.Wait() }()

	if a, b := <-s.arrived, <-s.arrived; a == b {
		t.Error("two calls of one organisation at the same time")
	}
	for organisation := range places {
		enqueue(issuer.Work{Name: "mail", Organisation: organisation})
		if got := <-mailed; got != organisation {
			t.Errorf("%s was written to, not %s", got, organisation)
		}
	}
	if len(s.arrived) != 0 {
		t.Error("a third call began before one had ended")
	}
	let()
	for range calls - 2 {
		<-s.arrived
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.most != 2 || s.each != 1 {
		t.Errorf("%d calls at the same time, %d of one organisation", s.most, s.each)
	}
}
