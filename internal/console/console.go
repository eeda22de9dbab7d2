// Package console serves the pages for the staff of issuing organisations: signing in, achievements, awards. It decodes what a form
// says, calls one method of the issuer, and shows the answer; it has no rules of its own. Every address stands in one table
// (routes.go) with the scope that it takes. All of it works without JavaScript, but for passkeys. Start with [New].
package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/intake"
	"github.com/laurelbadges/laurel/internal/origin"
	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/internal/webhook"
	"github.com/laurelbadges/laurel/issuer"
)

// Config says what to serve. Office, People, Earners, Base and Asset must be set.
type Config struct {
	Office *issuer.Service
	People *people.Service
	// Earners know who holds which award.
	Earners *earner.Service
	// Wake wakes whoever does queued work. Nil: that is found by itself.
	Wake func()
	// Hooks look after the webhooks of organisations. Nil: there are none.
	Hooks *webhook.Hooks
	// CheckEndorsement says whether an endorsement of somebody else is authentic: a nil error. It may ask the web. Nil: none are taken.
	CheckEndorsement func(ctx context.Context, document []byte) error
	// InForce says whether an award is authentic and in force, as its page says. Nil: none is, so that no certificates are printed.
	InForce func(ctx context.Context, award issuer.Credential) (bool, error)
	// Base is the public URL of the installation: scheme and host without a path or a slash at the end.
	Base string
	// Local says that Base works on this machine only. Pages then say so.
	Local bool
	// TrustedProxies are the networks of the proxies before this server. Only they may name the address of a visitor
	// (X-Forwarded-For); empty trusts nobody.
	TrustedProxies []*net.IPNet
	// Asset gives the address of a static file of the public pages by its plain name, such as laurel.css.
	Asset func(name string) (string, error)
	// Lists bounds the lists of awards that are taken in, together with those of other rooms. Nil bounds these alone.
	Lists *intake.Intake
	// Now is the clock of the pages. Nil is time.Now.
	Now func() time.Time
	// Log receives one line for each request, without query, identities or whole ids. Nil keeps no log.
	Log *slog.Logger
	// Version of the program, shown at the foot of the pages.
	Version string
}

// Prefixes are the beginnings of the paths that the handler of New answers, for whoever puts it beside others.
var Prefixes = []string{"/console", "/sign-in", "/sign-out", "/invitation", "/first"}

// server holds what the handlers share. It is not changed after New.
type server struct {
	Config
	pages   func() (pages, error) // read at the first call: a server starts without
	assets  assets
	origins *origin.Guard
	secure  bool // Base is https: cookies are for it alone
}

// New returns all addresses of the console: /console, /sign-in, /sign-out, /invitation and /first, and what lies below.
func New(config Config) (http.Handler, error) {
	base, err := url.Parse(config.Base)
	if err != nil || base.Host == "" || base.Path != "" || (base.Scheme != "https" && base.Scheme != "http") {
		return nil, fmt.Errorf("serving the console: %q is not a URL of scheme and host only", config.Base)
	}
	if config.Office == nil || config.People == nil || config.Earners == nil || config.Asset == nil {
		return nil, errors.New("serving the console: office, people, earners and asset must be set")
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Lists == nil {
		config.Lists = intake.New()
	}
	s := &server{Config: config, secure: base.Scheme == "https"}
	if s.origins, err = origin.New(config.Base); err != nil {
		return nil, fmt.Errorf("serving the console: %w", err)
	}
	if s.assets, err = loadAssets(); err != nil {
		return nil, fmt.Errorf("serving the console: %w", err)
	}
	s.pages = sync.OnceValues(func() (pages, error) { return loadPages(s.asset) })
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = visitors(config.TrustedProxies)
	e.HTTPErrorHandler = s.fail
	s.chain(e)
	for _, r := range s.routes() {
		e.Add(r.method, r.path, s.handle(r))
		if r.method == http.MethodGet {
			e.HEAD(r.path, s.handle(r))
		}
	}
	return e, nil
}

// visitors says whom a request comes from. Echo's default believes X-Forwarded-For from anyone.
func visitors(proxies []*net.IPNet) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, network := range proxies {
		trust = append(trust, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}
