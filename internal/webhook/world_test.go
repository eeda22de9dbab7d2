package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/dial"
	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is an installation with two organisations, hooks on its store, and a queue that a test does by hand.
type world struct {
	*Hooks
	office *issuer.Service
	ours   string // Organisation.ID
	theirs string

	mu    sync.Mutex
	clock time.Time
	queue []issuer.Work
	fail  bool // the queue takes nothing
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

func (w *world) put(_ issuer.Tx, j issuer.Work) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail {
		return errors.New("the queue is full")
	}
	w.queue = append(w.queue, j)
	return nil
}

// loopback is what an operator opens for the servers of the tests.
var loopback = dial.Rules{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

// onServer begins the names of tests that keep their records in PostgreSQL.
const onServer = "TestOnPostgreSQL/"

// engine is an empty store.
func engine(t testing.TB) store.Engine {
	t.Helper()
	var made store.Engine
	var err error
	if strings.HasPrefix(t.Name(), onServer) {
		made, err = postgres.Open(t.Context(), pgtest.Start(t).Database(t))
	} else {
		made, err = bolt.Open(t.TempDir())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = made.Close() })
	return made
}

// TestOnPostgreSQL runs what touches every table on the other engine.
func TestOnPostgreSQL(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"endpoints": TestEndpoints, "deliveries": TestDeliver, "sent again": TestRedeliverFailed, "sweeping": TestSweep,
	} {
		t.Run(name, test)
	}
}

func newWorld(t testing.TB, rules dial.Rules) *world {
	t.Helper()
	w := &world{clock: noon}
	store := engine(t)
	ring, _, err := keys.OpenFolder(filepath.Join(t.TempDir(), "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	w.office, err = issuer.Open(t.Context(), issuer.Config{Store: store, Keys: ring, Now: w.Now, Base: "https://badges.example.org", Public: true,
		Check: func(context.Context, []byte) error { return nil }, Enqueue: w.put, Observe: Observe(w.put)})
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]*string{"Riverside": &w.ours, "Hillside": &w.theirs} {
		o, err := w.office.CreateOrganisation(t.Context(), name, "", "test")
		if err != nil {
			t.Fatal(err)
		}
		*id = o.ID
	}
	w.Hooks = New(Config{Store: w.office.Records(), Base: w.office.Base(), Enqueue: w.put, Now: w.Now, Rules: rules})
	t.Cleanup(w.secure.CloseIdleConnections)
	t.Cleanup(w.plain.CloseIdleConnections)
	return w
}

// happen lets events happen in one transaction.
func (w *world) happen(t testing.TB, all ...issuer.Event) {
	t.Helper()
	err := w.office.Records().Update(t.Context(), func(tx issuer.Tx) error {
		for _, e := range all {
			if e.At = w.Now(); e.Organisation == "" {
				e.Organisation = w.ours
			}
			if err := Observe(w.put)(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func issued(id string) issuer.Event {
	return issuer.Event{Type: issuer.EventIssued, Subject: id, Credential: &issuer.Credential{ID: id, Achievement: "a1"}}
}

// work does the jobs that are due, those that ask for more at the end, and returns how many there were.
func (w *world) work(t testing.TB) (done int) {
	t.Helper()
	for {
		w.mu.Lock()
		i := slices.IndexFunc(w.queue, func(j issuer.Work) bool { return !j.After.After(w.clock) })
		if i < 0 {
			w.mu.Unlock()
			return done
		}
		j := w.queue[i]
		w.queue = slices.Delete(w.queue, i, i+1)
		w.mu.Unlock()
		done++
		switch err := w.Deliver(t.Context(), j.Payload); {
		case errors.Is(err, jobs.ErrMore):
			_ = w.put(nil, j)
		case err != nil:
			t.Fatal(err)
		}
		if done > 1000 {
			t.Fatal("the jobs do not end")
		}
	}
}

// next says when the next job is due.
func (w *world) next() (at time.Time, some bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, j := range w.queue {
		if !some || j.After.Before(at) {
			at, some = j.After, true
		}
	}
	return at, some
}

// received is what came to an endpoint.
type received struct {
	header http.Header
	body   string
}

// receiver is an endpoint of a test.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []received
	answer func(w http.ResponseWriter, r *http.Request) // nil: 204
}

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.mu.Lock()
	r.got = append(r.got, received{request.Header, string(body)})
	answer := r.answer
	r.mu.Unlock()
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer(w, request)
}

func (r *receiver) says(answer func(w http.ResponseWriter, r *http.Request)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func status(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// take returns what has come since the last call.
func (r *receiver) take() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.got
	r.got = nil
	return all
}

func (w *world) endpoint(t testing.TB, url string, events ...issuer.EventType) NewEndpoint {
	t.Helper()
	e, err := w.Create(t.Context(), w.ours, Input{URL: url, Events: events}, "account:1")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// list is what is known of the deliveries of an endpoint, the newest first.
func (w *world) list(t testing.TB, endpoint string) []Delivery {
	t.Helper()
	all, _, err := w.Deliveries(t.Context(), w.ours, endpoint, false, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (w *world) look(t testing.TB, endpoint string) Endpoint {
	t.Helper()
	e, err := w.Endpoint(t.Context(), w.ours, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func wantCode(t testing.TB, err error, kind issuer.ErrorKind, code string) {
	t.Helper()
	var got *issuer.Error
	if !errors.As(err, &got) || got.Kind != kind || got.Code != code {
		t.Errorf("error %v, want kind %s and code %s", err, kind, code)
	}
}

func parsed(t testing.TB, text string) (all map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	return all
}
