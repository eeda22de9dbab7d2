package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/laurelbadges/laurel/internal/api"
	"github.com/laurelbadges/laurel/internal/claim"
	"github.com/laurelbadges/laurel/internal/console"
	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/intake"
	"github.com/laurelbadges/laurel/internal/metrics"
	"github.com/laurelbadges/laurel/internal/register"
	"github.com/laurelbadges/laurel/internal/vcapi"
	"github.com/laurelbadges/laurel/internal/web"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

type serveCommand struct {
	Listen         string   `help:"Address to listen on." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	PublicURL      string   `help:"Address under which everybody reaches this server, such as https://badges.example.org. Chosen once: badges carry it." placeholder:"URL"`
	TLSCert        string   `name:"tls-cert" help:"Certificate chain in PEM, to speak TLS without a proxy; read again on SIGHUP." placeholder:"FILE"`
	TLSKey         string   `name:"tls-key" help:"Its private key in PEM, readable by its owner only." placeholder:"FILE"`
	TrustedProxy   []string `help:"Network of a proxy before this server, such as 10.0.0.0/8; it names the address of each visitor." placeholder:"CIDR"`
	VerifyRate     int      `help:"Checks a minute that one address may ask for, half of them at once; 0 for no limit." default:"120" placeholder:"N"`
	MetricsListen  string   `help:"Address for /metrics (Prometheus), which the public must not reach; none when not given." placeholder:"HOST:PORT"`
	Organisation   string   `help:"Name of the issuing organisation, at the first start." default:"An issuing organisation" placeholder:"NAME"`
	RegisterChecks bool     `help:"Keep a register of checks in the data folder: time, hash and answers; no names, no content."`
	PublishAudit   bool     `help:"Publish the signed end of the audit log at /audit-head, so that others can keep it as witnesses. It tells how many acts there were."`
	SignInServices string   `help:"JSON file of the services of OpenID Connect that staff may sign in with: an array of objects with name, issuer, client_id and client_secret." placeholder:"FILE"`
	WebhookAllow   []string `help:"Network of your own that webhooks may reach beside the public ones, such as 10.1.2.0/24." placeholder:"CIDR"`
	Sample         bool     `help:"Add a worked example: one micro-credential and three awards: in force, expired, revoked."`
}

// plan is what the flags of serve say, read and found good before anything is made.
type plan struct {
	proxies     []*net.IPNet
	certificate *certificate // nil: plain HTTP
	office      officeFlags
}

func (c *serveCommand) plan(at place) (p plan, err error) {
	if c.PublicURL != "" {
		if err := checkPublicURL(c.PublicURL); err != nil {
			return p, err
		}
	}
	if c.VerifyRate < 0 {
		return p, fmt.Errorf("--verify-rate %d is not a number of checks a minute; 0 means no limit", c.VerifyRate)
	}
	for _, text := range c.TrustedProxy {
		_, network, err := net.ParseCIDR(text)
		if err != nil {
			return p, fmt.Errorf("--trusted-proxy %q is not a network such as 10.0.0.0/8", text)
		}
		p.proxies = append(p.proxies, network)
	}
	if p.office.providers, err = readProviders(c.SignInServices); err != nil {
		return p, err
	}
	if p.office.rules, err = readRules(c.WebhookAllow); err != nil {
		return p, err
	}
	if p.certificate, err = openCertificate(c.TLSCert, c.TLSKey); err != nil {
		return p, err
	}
	if p.certificate != nil && c.PublicURL == "" && at.exists() != nil {
		return p, errLocalTLS
	}
	return p, nil
}

// errLocalTLS: the addresses of a local installation begin with http://.
var errLocalTLS = errors.New("--tls-cert is for a server with a public address; give --public-url too, or leave --tls-cert and --tls-key away")

// checkPublicURL refuses an address that could not stand in a badge.
func checkPublicURL(address string) error {
	u, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Path+u.RawQuery+u.Fragment != "" {
		return fmt.Errorf("--public-url %q is not an https address of a host alone, such as https://badges.example.org", address)
	}
	return nil
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	runBesideDisk()
	defer calmCollector()()
	p, err := c.plan(g.place())
	if err != nil {
		return err
	}
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if p.certificate == nil {
		ends = append(ends, syscall.SIGHUP) // the terminal was closed
	}
	ctx, stop := signal.NotifyContext(ctx, ends...)
	defer stop()
	defer context.AfterFunc(ctx, stop)()                          // a second Ctrl-C does not wait for anybody
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // a crash must not write the keys to disk
	log := slog.New(slog.NewJSONHandler(t.err, nil))

	listener, err := listen("--listen", c.Listen) // before anything is made: a taken port is the usual reason to stop here
	if err != nil {
		return err
	}
	defer listener.Close()
	var counters *metrics.Metrics
	var counting net.Listener
	if c.MetricsListen != "" {
		if counting, err = listen("--metrics-listen", c.MetricsListen); err != nil {
			return err
		}
		counters = metrics.New(build())
		defer serveMetrics(counting, counters, log)()
	}
	f := &front{listener: listener, certificate: p.certificate, counters: counters, log: log, drain: 10 * time.Second}
	if p.certificate != nil { // from the start: a renewal must not end a server that is just coming up
		counters.Certificate(p.certificate.end())
		defer reloadOnHangup(p.certificate, counters, log)()
	}
	f.start()
	defer f.stop(ctx)

	base := c.PublicURL
	if base == "" {
		base = fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	}
	here, newKeys, err := openInstallation(ctx, g, base, c.PublicURL != "", p.office, counters)
	if err != nil {
		return err
	}
	defer here.Close()
	if here.Local() && p.certificate != nil {
		return errLocalTLS
	}
	if err := os.MkdirAll(g.folder(), 0o700); err != nil {
		return err
	}
	socket, err := control.Listen(g.folder()) // commands that come from now on wait for an answer
	if err != nil {
		return err
	}
	defer socket.Close()
	name := c.Organisation
	if c.Sample {
		name = sampleOrganisation
	}
	organisation, created, err := here.EnsureOrganisation(ctx, name, "")
	if err != nil {
		return err
	}
	var awards []sampleAward
	if c.Sample {
		if awards, err = addSample(ctx, here.Service, organisation, time.Now()); err != nil {
			return fmt.Errorf("adding the worked example: %w", err)
		}
	}
	running := &runningServer{installation: here, front: f, proxies: len(p.proxies)}
	var checks *register.Register
	if c.RegisterChecks {
		if checks, err = register.Open(filepath.Join(g.folder(), "checks")); err != nil {
			return err
		}
		defer checks.Close()
	}
	pages, err := c.handler(ctx, here, p, checks, counters, log)
	if err != nil {
		return err
	}
	f.open(&service{pages: pages, ready: &readiness{ask: here.Ready, log: log}})
	first, err := here.people.FirstOwner(ctx)
	var told *issuer.Error
	if err != nil && (!errors.As(err, &told) || told.Code != "accounts_exist") {
		return err
	}
	greeting{here, organisation, p, f, counting, g.Data, newKeys, created, awards, first}.print(t.out)
	return serve(ctx, f, socket, running, log)
}

// handler is all that the public reaches: the APIs, and pages and documents, with verification that has this installation's own
// documents at hand. checks is nil when no register is kept.
func (c *serveCommand) handler(ctx context.Context, here installation, p plan, checks *register.Register, counters *metrics.Metrics, log *slog.Logger) (http.Handler, error) {
	seal, err := here.Secret(ctx, "records-of-checks")
	if err != nil {
		return nil, err
	}
	check := newChecking(here.Service, checks, counters, log)
	genuine := func(ctx context.Context, endorsement []byte) error { return check.genuine(ctx, endorsement) }
	lists := intake.New() // one for all rooms: memory is one
	programs, err := api.New(api.Config{Service: here.Service, People: here.people, Hooks: here.hooks, Earners: here.earners, Check: genuine, Lists: lists, Log: log})
	if err != nil {
		return nil, err
	}
	config := web.Config{
		Seal:   seal,
		Office: here.Service, Facts: here.Service, Base: here.Base(), Local: here.Local(), TrustedProxies: p.proxies, VerifyRate: c.VerifyRate, Log: log, Version: strings.TrimPrefix(version(), "laurel "), Check: check.batch(),
		Verify: func(ctx context.Context, input []byte) (*verifier.Report, error) {
			return check.one(ctx, input, verifier.Options{})
		},
	}
	config.Pack = here.Pack
	if c.PublishAudit {
		config.AuditHead = here.AuditHead
	}
	pages, err := web.New(config)
	if err != nil {
		return nil, err
	}
	interop, err := vcapi.New(vcapi.Config{Service: here.Service, Fetch: check.source, Verify: check.program, CheckProof: check.proof, Admit: pages.Admit, Log: log})
	if err != nil {
		return nil, err
	}
	staff, err := console.New(console.Config{
		Office: here.Service, People: here.people, Earners: here.earners, Base: here.Base(), Local: here.Local(), TrustedProxies: p.proxies,
		Hooks: here.hooks, CheckEndorsement: genuine, Wake: here.queue.Wake, Lists: lists, Asset: pages.Asset, Log: log, Version: config.Version,
		InForce: func(ctx context.Context, award issuer.Credential) (bool, error) {
			report, err := pages.Judge(ctx, award)
			return err == nil && report.Outcome == verifier.Valid, err
		},
	})
	if err != nil {
		return nil, err
	}
	collection, err := earner.NewCollection(earner.CollectionConfig{Earners: here.earners, Check: config.Check, Verify: config.Verify, Own: pages.Judge})
	if err != nil {
		return nil, err
	}
	earners, err := claim.New(claim.Config{Earners: here.earners, Collection: collection, Asset: mustLink(pages.Asset), Kept: pages.Kept(), Admit: pages.Admit, Base: here.Base(), Visitor: pages.Visitor, Here: pages.Here, Log: log})
	if err != nil {
		return nil, err
	}
	here.erased.set(pages.Forget)
	if here.engine.Shared() {
		go here.erased.every(ctx)
	}
	areas := []area{{programs, []string{"/api/", "/openapi.json"}}, {interop, []string{"/vc-api/"}}, {staff, console.Prefixes}, {earners, claim.Prefixes}}
	// No http.ServeMux: it would answer odd paths itself, with redirects.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost { // it may bring something to be judged
			r = r.WithContext(withVisitor(r.Context(), pages.Visitor(r)))
		}
		for _, a := range areas {
			if slices.ContainsFunc(a.prefixes, func(prefix string) bool { return under(r.URL.Path, prefix) }) {
				a.handler.ServeHTTP(w, r)
				return
			}
		}
		pages.ServeHTTP(w, r)
	}), nil
}

// area is a handler with the beginnings of the paths that it answers.
type area struct {
	handler  http.Handler
	prefixes []string
}

// under says whether a path is prefix, or lies below it.
func under(path, prefix string) bool {
	rest, found := strings.CutPrefix(path, prefix)
	return found && (rest == "" || strings.HasSuffix(prefix, "/") || rest[0] == '/')
}

// mustLink gives addresses of files that are known to be there.
func mustLink(link func(name string) (string, error)) func(name string) string {
	return func(name string) string {
		address, err := link(name)
		if err != nil {
			panic(err)
		}
		return address
	}
}

// serve answers the public and the private socket until ctx ends or one of them fails. When it returns, nothing uses the
// installation any more.
func serve(ctx context.Context, f *front, socket net.Listener, here *runningServer, log *slog.Logger) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	private := make(chan error, 1)
	var beside sync.WaitGroup
	beside.Go(func() { private <- control.Serve(ctx, socket, here, log) })
	working := make(chan error, 1)
	beside.Go(func() { working <- here.serveJobs(ctx, log) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-f.failed:
	case err = <-private:
	case err = <-working:
	}
	stop()
	f.stop(ctx)
	beside.Wait()
	if err != nil {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}

// serveMetrics answers GET /metrics on a listener of its own until the function that it returns is called.
func serveMetrics(listener net.Listener, counters *metrics.Metrics, log *slog.Logger) (end func()) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", counters.Handler())
	server := timeouts(mux, log)
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close() }
}

// reloadOnHangup reads the certificate again at each SIGHUP, until the function that it returns is called.
func reloadOnHangup(c *certificate, counters *metrics.Metrics, log *slog.Logger) (end func()) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for range hangups {
			if err := c.read(); err != nil {
				log.Warn("the certificate was not read again; the one before stays in use", "cause", err.Error())
				continue
			}
			counters.Certificate(c.end())
			log.Info("the certificate was read again", "until", c.end())
		}
	}()
	return func() {
		signal.Stop(hangups)
		close(hangups)
	}
}

// runningServer is the installation as the socket sees it.
type runningServer struct {
	installation
	front   *front
	proxies int
}

// Condition implements [control.Examined].
func (r *runningServer) Condition(ctx context.Context) (control.Condition, error) {
	found := control.Condition{Version: version(), Listen: r.front.listener.Addr().String(), Proxies: r.proxies}
	if c := r.front.certificate; c != nil {
		found.TLS, found.CertificateEnd = true, c.end()
	}
	if err := r.Ready(ctx); err != nil {
		found.NotReady = explain(err)
	}
	var err error
	found.Inspection, err = r.Inspect(ctx)
	return found, err
}

// countedFetcher counts what could not be read.
type countedFetcher struct {
	next     verifier.Fetcher
	counters *metrics.Metrics
}

// Fetch implements [verifier.Fetcher].
func (c countedFetcher) Fetch(ctx context.Context, address string, limit int) (verifier.Document, error) {
	document, err := c.next.Fetch(ctx, address, limit)
	c.counters.Fetch(err)
	return document, err
}

// countedStore measures changes, and counts the acts that they record.
type countedStore struct {
	issuer.Store
	counters *metrics.Metrics
}

// Update implements [issuer.Store].
func (c countedStore) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	began := time.Now()
	var acts []string
	err := c.Store.Update(ctx, func(tx issuer.Tx) error {
		acts = nil // after a conflict it runs again
		return fn(watchedTx{tx, &acts})
	})
	c.counters.Update(time.Since(began), err)
	if err == nil {
		for _, act := range acts {
			c.counters.Act(act)
		}
	}
	return err
}

// watchedTx notes the acts that are written to the audit log, which has all of them, whoever does them.
type watchedTx struct {
	issuer.Tx
	acts *[]string
}

// Put implements [issuer.Tx].
func (w watchedTx) Put(k issuer.Kind, r issuer.Row) error {
	if act := issuer.ActionOf(k, r); act != "" {
		*w.acts = append(*w.acts, act)
	}
	return w.Tx.Put(k, r)
}
