// Package api serves the issuer's own API: /api/v1, for programs that hold a token of one organisation, and /openapi.json,
// which describes it. Handlers decode a request, ask the issuer once, and encode the answer; the rules are the issuer's.
// Start with [New].
package api

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
)

// Config says what to serve.
type Config struct {
	Service *issuer.Service
	// Log receives one line for each request, without query, bodies, tokens or whole ids. Nil keeps no log.
	Log *slog.Logger
}

// server holds what the handlers share. It is not changed after New.
type server struct {
	office *issuer.Service
	log    *slog.Logger
}

// prefix is where the API begins.
const prefix = "/api/v1"

// New returns the handler of everything under /api/v1 and of /openapi.json.
func New(config Config) (http.Handler, error) {
	if config.Service == nil {
		return nil, errors.New("serving the API: the issuer is not set")
	}
	r := NewRouter(config.Service, config.Log, func(echo.Context) int { return credential.Limits.Body })
	r.server.routes(r.Echo)
	return r.Echo, nil
}

// Router answers programs: what every API here shares stands in it. It bounds bodies, authenticates tokens, logs one line for each
// request, and answers errors with problems (RFC 9457).
type Router struct {
	*echo.Echo
	server *server
}

// NewRouter returns a router without routes. log nil keeps no log; limit says how many bytes the body of a request may have.
func NewRouter(office *issuer.Service, log *slog.Logger, limit func(echo.Context) int) *Router {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &Router{Echo: echo.New(), server: &server{office: office, log: log}}
	r.HideBanner, r.HidePort = true, true
	r.IPExtractor = echo.ExtractIPDirect()
	r.HTTPErrorHandler = r.server.fail
	r.Use(r.server.recovered, identified, r.server.logged, sized(limit))
	return r
}

// Allowed lets a request through to next that has a token with this scope; "" is any token.
func (r *Router) Allowed(scope issuer.Scope, next echo.HandlerFunc) echo.HandlerFunc {
	return r.server.allowed(scope, next)
}

// Token returns the token of a request that Allowed has let through.
func Token(c echo.Context) issuer.Token {
	token, _ := c.Get(holder).(issuer.Token)
	return token
}

// routes are all addresses of the API, each with what a token must allow. HEAD answers wherever GET does.
func (s *server) routes(e *echo.Echo) {
	get := func(path string, scope issuer.Scope, handler echo.HandlerFunc) {
		e.GET(prefix+path, s.allowed(scope, handler))
		e.HEAD(prefix+path, s.allowed(scope, handler))
	}
	post := func(path string, scope issuer.Scope, handler echo.HandlerFunc) {
		e.POST(prefix+path, s.allowed(scope, handler))
	}
	get("/issuers", "", s.issuers)
	get("/issuers/:id", "", s.issuer)
	get("/issuers/:id/keys", issuer.ScopeKeysRead, s.keys)

	get("/achievements", issuer.ScopeAchievementsRead, s.achievements)
	get("/achievements/:id", issuer.ScopeAchievementsRead, s.achievement)
	post("/achievements", issuer.ScopeAchievementsWrite, s.draft)
	e.PUT(prefix+"/achievements/:id", s.allowed(issuer.ScopeAchievementsWrite, s.redraft))
	post("/achievements/:id/publish", issuer.ScopeAchievementsWrite, s.publish)
	post("/achievements/:id/archive", issuer.ScopeAchievementsWrite, s.archive)

	get("/credentials", issuer.ScopeCredentialsRead, s.credentials)
	get("/credentials/:id", issuer.ScopeCredentialsRead, s.credential)
	get("/credentials/:id/base", issuer.ScopeCredentialsWrite, s.base)
	post("/credentials", issuer.ScopeCredentialsWrite, s.award)
	post("/credentials/:id/revoke", issuer.ScopeCredentialsWrite, s.revoke)
	post("/credentials/:id/suspend", issuer.ScopeCredentialsWrite, s.suspend)
	post("/credentials/:id/reinstate", issuer.ScopeCredentialsWrite, s.reinstate)
	get("/status-lists", issuer.ScopeCredentialsRead, s.statusLists)

	e.GET("/openapi.json", s.describe)
	e.HEAD("/openapi.json", s.describe)
}

//go:embed openapi.json
var description []byte

// describe gives the description of the API to anybody.
func (s *server) describe(c echo.Context) error {
	sum := sha256.Sum256(description)
	h := c.Response().Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", "public, max-age=300")
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	h.Set("ETag", tag)
	if hasTag(c.Request().Header.Values("If-None-Match"), tag) {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, mediaJSON, description)
}
