package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/netutil"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/internal/web"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

type serveCommand struct {
	Listen       string   `help:"Address to listen on." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	PublicURL    string   `help:"Address under which everybody reaches this server, such as https://badges.example.org. Chosen once: badges carry it." placeholder:"URL"`
	TrustedProxy []string `help:"Network of a proxy before this server, such as 10.0.0.0/8; it names the address of each visitor." placeholder:"CIDR"`
	Organisation string   `help:"Name of the issuing organisation, at the first start." default:"An issuing organisation" placeholder:"NAME"`
	Sample       bool     `help:"Add a worked example: one micro-credential and three awards, one of them revoked."`
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", c.Listen) // before anything is made: a taken port is the usual reason to stop here
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is already in use; stop the other server, or choose another address with --listen", c.Listen)
	}
	if err != nil {
		return fmt.Errorf("listening on %q: %w", c.Listen, err)
	}
	defer listener.Close()
	base := c.PublicURL
	if base == "" {
		base = fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	} else if err := checkPublicURL(base); err != nil {
		return err
	}
	here, newKeys, err := openInstallation(ctx, g, base, c.PublicURL != "")
	if err != nil {
		return err
	}
	defer here.Close()
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
	var awards []issuer.Credential
	if c.Sample {
		if awards, err = addSample(ctx, here.Service, organisation); err != nil {
			return fmt.Errorf("adding the worked example: %w", err)
		}
	}
	handler, err := c.handler(here, t.err)
	if err != nil {
		return err
	}
	c.greet(t.out, here, organisation, listener, g, newKeys, created, awards)
	return serve(ctx, listener, handler, socket, here)
}

// checkPublicURL refuses an address that could not stand in a badge, before anything is made.
func checkPublicURL(address string) error {
	u, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Path+u.RawQuery+u.Fragment != "" {
		return fmt.Errorf("--public-url %q is not an https address of a host alone, such as https://badges.example.org", address)
	}
	return nil
}

// handler is the public side: pages and documents, and verification with this installation's own documents at hand.
func (c *serveCommand) handler(here installation, log io.Writer) (http.Handler, error) {
	source := ownDocuments{here, fetch.New(fetch.Options{})}
	var proxies []*net.IPNet
	for _, text := range c.TrustedProxy {
		_, network, err := net.ParseCIDR(text)
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxy %q is not a network such as 10.0.0.0/8", text)
		}
		proxies = append(proxies, network)
	}
	pages, err := web.New(web.Config{
		Office: here.Service, Base: here.Base(), Local: here.Local(), TrustedProxies: proxies, Log: slog.New(slog.NewJSONHandler(log, nil)),
		Verify: func(ctx context.Context, input []byte) (*verifier.Report, error) {
			return verifier.Verify(ctx, input, verifier.Options{Fetch: source})
		},
		FetchInput: func(ctx context.Context, address string) ([]byte, error) {
			document, err := source.Fetch(ctx, address, credential.Limits.Upload)
			return document.Bytes, err
		},
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // one budget of fetches for each request
		pages.ServeHTTP(w, r.WithContext(fetch.WithBudget(r.Context())))
	}), err
}

// greet prints what to open, and nothing secret.
func (c *serveCommand) greet(out io.Writer, here installation, o issuer.Organisation, l net.Listener, g *grammar, newKeys, created bool, awards []issuer.Credential) {
	if newKeys {
		fmt.Fprintf(out, "Made %s with new keys. They are sealed; identity.age-key beside them opens them, so keep that folder to yourself.\n", g.folder())
	}
	if created {
		fmt.Fprintf(out, "Made the issuer %q: %s\n", o.Name, o.DID)
	}
	if done := here.Opening(); done.Finished > 0 {
		fmt.Fprintf(out, "Finished %d awards that an earlier stop had left half done.\n", done.Finished)
	} else if done.Unfinished != nil {
		fmt.Fprintf(out, "Some awards are still half done and will be tried again at the next start: %v\n", done.Unfinished)
	}
	fmt.Fprintf(out, "\nLaurel is running on http://%s\n\n", l.Addr())
	lines := [][2]string{{"verify a badge", here.Base() + "/verify"}, {"the issuer", o.URL}}
	for _, a := range awards {
		label := "a badge in force"
		if a.Revoked != nil {
			label = "a revoked badge"
		}
		lines = append(lines, [2]string{label, a.URL})
	}
	for _, line := range lines {
		fmt.Fprintf(out, "  %-17s %s\n", line[0], line[1])
	}
	if here.Local() {
		fmt.Fprintf(out, "\nThese addresses work on this machine only.\n")
	}
	if !here.Local() && len(c.TrustedProxy) == 0 {
		fmt.Fprintf(out, "\nThis server speaks plain HTTP: put a proxy with TLS before it and name that with --trusted-proxy, or all its visitors share one rate limit.\n")
	}
	fmt.Fprintf(out, "Stop with Ctrl-C.\n")
}

// maxConnections bounds what idle and slow clients can hold open.
const maxConnections = 1024

// serve answers on the listener and on the private socket until ctx ends or one of them fails. When it returns, nothing uses
// the installation any more.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, socket net.Listener, here installation) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 60 * time.Second, MaxHeaderBytes: 16 << 10}
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // a crash must not write the keys to disk
	failed := make(chan error, 2)
	var both sync.WaitGroup
	both.Go(func() { failed <- control.Serve(ctx, socket, here) })
	both.Go(func() { failed <- server.Serve(netutil.LimitListener(listener, maxConnections)) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	stop()
	_ = server.Shutdown(stopping)
	both.Wait()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}
