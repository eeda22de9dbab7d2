// Package vcapi serves the VC-API, now called VCALM, of the W3C Credentials Community Group: issuing and status for programs
// that hold a token of one organisation, and verification and the resolution of DIDs for everybody. Handlers decode a request,
// ask issuer or verifier once, and encode the answer; the rules are theirs. Start with [New].
//
// An answer never says 200 with a failure inside: a credential that does not verify is answered with 400 and a problem (RFC 9457)
// that has verified false.
package vcapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/api"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// Config says what to serve. All but Log must be set.
type Config struct {
	Service *issuer.Service
	// Verify is [verifier.Verify], and CheckProof is [verifier.CheckProof], with the fetcher of this installation. What they find is
	// in the report; an error says that they could not run.
	Verify     func(ctx context.Context, input []byte, o verifier.Options) (*verifier.Report, error)
	CheckProof func(ctx context.Context, input []byte, o verifier.Options) (*verifier.ProofReport, error)
	// Fetch reads the documents of did:web identifiers.
	Fetch verifier.Fetcher
	// Admit bounds what strangers may ask for, together with the pages: it says whether a request for a check or a resolution is
	// answered now, and gives what its end gives back. A request with a token is not counted.
	Admit func(r *http.Request, counted bool) (release func(), err error)
	// Log receives one line for each request, without bodies, tokens or identifiers. Nil keeps no log.
	Log *slog.Logger
}

// server holds what the handlers share. It is not changed after New.
type server struct {
	Config
	router *api.Router
}

// prefix is where the VC-API begins.
const prefix = "/vc-api"

// envelope is what the members around a credential may take of a body, in bytes.
const envelope = 64 << 10

// New returns the handler of everything under /vc-api.
func New(config Config) (http.Handler, error) {
	if config.Service == nil || config.Verify == nil || config.CheckProof == nil || config.Fetch == nil || config.Admit == nil {
		return nil, errors.New("serving the VC-API: the issuer, the verifier or the fetcher is not set")
	}
	s := &server{Config: config}
	s.router = api.NewRouter(config.Service, config.Log, func(c echo.Context) int {
		if strings.HasSuffix(c.Path(), "/verify") {
			return credential.Limits.Document + envelope
		}
		return credential.Limits.Body
	})
	r := s.router
	r.Pre(public)
	for _, path := range []string{"/issuers/:issuer/credentials/issue", "/issuers/:issuer/:suite/credentials/issue"} {
		r.POST(prefix+path, r.Allowed(issuer.ScopeCredentialsSign, s.issue))
	}
	r.POST(prefix+"/issuers/:issuer/credentials/status", r.Allowed(issuer.ScopeCredentialsWrite, s.status))
	open := func(path string, handler echo.HandlerFunc, methods ...string) {
		r.Match(methods, prefix+path, s.admitted(handler))
		r.OPTIONS(prefix+path, preflight(methods))
	}
	for policy, judge := range map[string]judge{"": s.whole, "/policies/proof": s.proofAlone} {
		open(policy+"/credentials/verify", s.verify(credentials, judge), http.MethodPost)
		open(policy+"/presentations/verify", s.verify(presentations, judge), http.MethodPost)
	}
	open("/identifiers/*", s.resolve, http.MethodGet, http.MethodHead)
	return r.Echo, nil
}

// public marks the answers that pages of any site may read: all but those of an issuer. Nothing in them depends on who asks, and
// there are no cookies.
func public(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !strings.HasPrefix(c.Request().URL.Path, prefix+"/issuers/") {
			c.Response().Header().Set("Access-Control-Allow-Origin", "*")
		}
		return next(c)
	}
}

// preflight tells a browser how pages of other sites may ask (Fetch, CORS-preflight request).
func preflight(allowed []string) echo.HandlerFunc {
	methods := strings.Join(append(slices.Clone(allowed), http.MethodOptions), ", ")
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Allow", methods)
		h.Set("Access-Control-Allow-Methods", methods)
		h.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type")
		h.Set("Access-Control-Max-Age", "86400")
		return c.NoContent(http.StatusNoContent)
	}
}

// admitted holds strangers to the bounds of the pages. Whoever gives a token is held to a good one, and not counted.
func (s *server) admitted(next echo.HandlerFunc) echo.HandlerFunc {
	enter := func(counted bool) echo.HandlerFunc {
		return func(c echo.Context) error {
			release, err := s.Admit(c.Request(), counted)
			if err != nil {
				return err
			}
			defer release()
			return next(c)
		}
	}
	stranger, known := enter(true), s.router.Allowed("", enter(false))
	return func(c echo.Context) error {
		if len(c.Request().Header.Values("Authorization")) > 0 {
			return known(c)
		}
		return stranger(c)
	}
}
