package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/internal/metrics"
	"github.com/laurelbadges/laurel/issuer"
)

const (
	maxConnections = 1024        // bounds what idle and slow clients can hold open
	readyEvery     = time.Second // how often /readyz looks anew
)

// front is the public listener. It answers from the moment it is made: until [front.open], and from [front.stop] on, with 503.
type front struct {
	listener    net.Listener
	certificate *certificate // nil: plain HTTP
	counters    *metrics.Metrics
	log         *slog.Logger
	drain       time.Duration // for answers under way when it is told to stop
	failed      chan error    // why it no longer answers

	server   *http.Server
	service  atomic.Pointer[service] // nil: starting
	stopping atomic.Bool
}

// service is what the front opens for.
type service struct {
	pages http.Handler
	ready *readiness
}

// listen opens a TCP address. flag is how the person named it.
func listen(flag, address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is already in use; stop the other server, or choose another address with %s", address, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("listening on %q: %w", address, err)
	}
	return listener, nil
}

// timeouts are those of every server on a network address: a client that is slow in any part is dropped.
func timeouts(handler http.Handler, to *slog.Logger) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 60 * time.Second, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(serverLog{to}, "", 0)}
}

// start begins to answer.
func (f *front) start() {
	f.failed = make(chan error, 1)
	f.server = timeouts(f, f.log)
	bounded := newCrowd(f.listener, maxConnections)
	f.server.ConnState = bounded.note
	go func() {
		if f.certificate == nil {
			f.failed <- f.server.Serve(bounded)
			return
		}
		f.server.TLSConfig = f.certificate.config()
		f.failed <- f.server.ServeTLS(bounded, "", "")
	}()
}

// open hands all requests to the service.
func (f *front) open(s *service) { f.service.Store(s) }

// stop takes no more requests, and returns when those under way have their answer, at the latest when the
// time to drain is over. It may be called twice.
func (f *front) stop(ctx context.Context) {
	f.stopping.Store(true)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.drain)
	defer cancel()
	if err := f.server.Shutdown(ctx); err != nil {
		_ = f.server.Close() // whoever is still reading has had his time
	}
}

// ServeHTTP implements [http.Handler]: what holds for every request stands here.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	answer := &answer{ResponseWriter: w, status: http.StatusOK}
	if f.certificate != nil { // only a public server speaks TLS itself
		w.Header().Set("Strict-Transport-Security", "max-age=31536000") // RFC 6797
	}
	budget := fetch.WithBudget // one for each request
	if r.URL.Path == "/verify" {
		budget = fetch.WithBatch // it may bring many inputs
	}
	r = r.WithContext(budget(r.Context()))
	s := f.service.Load()
	switch {
	case r.URL.Path == "/readyz":
		r.Pattern = "/readyz"
		f.readyz(answer, r, s)
	case s == nil && r.URL.Path == "/healthz": // it lives, and is not ready
		r.Pattern = "/healthz"
		plain(answer, "ok\n")
	case s == nil:
		unready(answer, "starting", "The server is starting. Please try again in a moment.")
	default:
		s.pages.ServeHTTP(answer, r)
	}
	if r.ContentLength != 0 { // what the handler did not want to read is not waited for
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	}
	f.counters.Request(r.Pattern, r.Method, answer.status, time.Since(began))
}

// readyz answers GET /readyz: 200 when the service does its work, else 503 with a problem (RFC 9457).
func (f *front) readyz(w http.ResponseWriter, r *http.Request, s *service) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		problem(w, http.StatusMethodNotAllowed, "method_not_allowed", "This address does not answer that kind of request.")
		return
	}
	switch {
	case f.stopping.Load():
		unready(w, "stopping", "The server is stopping.")
	case s == nil:
		unready(w, "starting", "The server is starting.")
	default:
		if err := s.ready.err(r.Context()); err != nil {
			detail := "Store or keys do not answer." // others need not know more
			var told *issuer.Error
			if errors.As(err, &told) {
				detail = told.Detail
			}
			unready(w, "not_ready", detail)
			return
		}
		plain(w, "ready\n")
	}
}

func plain(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = fmt.Fprint(w, text)
}

func unready(w http.ResponseWriter, code, detail string) {
	w.Header().Set("Retry-After", "1")
	problem(w, http.StatusServiceUnavailable, code, detail)
}

func problem(w http.ResponseWriter, status int, code, detail string) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail, "code": code})
}

// readiness asks the installation whether it does its work, at most once a second, so that nobody keeps it busy by asking.
type readiness struct {
	ask func(ctx context.Context) error
	log *slog.Logger

	mu    sync.Mutex
	asked time.Time // guarded by mu, as is found
	found error
}

// err is why it does not; nil when it does. A change is logged with its cause.
func (r *readiness) err(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.asked) < readyEvery {
		return r.found
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	before := r.found
	r.found, r.asked = r.ask(ctx), time.Now()
	switch {
	case r.found != nil && before == nil:
		r.log.Error("not ready", "cause", r.found.Error())
	case r.found == nil && before != nil:
		r.log.Info("ready again")
	}
	return r.found
}

// answer remembers the status.
type answer struct {
	http.ResponseWriter
	status int
	begun  bool
}

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) {
	if !a.begun && status >= http.StatusOK { // those below announce an answer
		a.begun, a.status = true, status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (a *answer) Write(p []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(p)
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// serverLog turns the lines of net/http into ours. Handshakes that fail are the weather of the internet, and the addresses of
// visitors are nobody's business.
type serverLog struct{ to *slog.Logger }

var peer = regexp.MustCompile(`(\d{1,3}\.){3}\d{1,3}(:\d+)?|\[[0-9A-Fa-f:.%a-z]+\](:\d+)?`)

// Write implements [io.Writer].
func (l serverLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	if !strings.Contains(text, "TLS handshake error") {
		first, _, _ := strings.Cut(text, "\n") // a stack follows
		l.to.Warn("http", "cause", peer.ReplaceAllString(first, "(address)"))
	}
	return len(line), nil
}
