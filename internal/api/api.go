// Package api serves the issuer's own API: /api/v1, for programs that hold a token of one organisation, and /openapi.json,
// which describes it. Handlers decode a request, ask the issuer once, and encode the answer; the rules are the issuer's.
// Start with [New].
package api

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/picture"
	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/intake"
	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/internal/roster"
	"github.com/laurelbadges/laurel/internal/webhook"
	"github.com/laurelbadges/laurel/issuer"
)

// Config says what to serve.
type Config struct {
	Service *issuer.Service
	// Log receives one line for each request, without query, bodies, tokens or whole ids. Nil keeps no log.
	Log *slog.Logger

	// Rooms beside the issuer. What needs one that is nil is refused (503, code not_here).
	People  *people.Service
	Hooks   *webhook.Hooks
	Earners *earner.Service // finds awards by whom they are for
	// Check says whether an endorsement of somebody else is authentic, see [issuer.AttachInput]. Nil: none is taken.
	Check func(ctx context.Context, document []byte) error
	// Lists bounds the lists of awards that are taken in, together with those of other rooms. Nil bounds these alone.
	Lists *intake.Intake
}

// server holds what the handlers share. It is not changed after New.
type server struct {
	office  *issuer.Service
	people  *people.Service
	hooks   *webhook.Hooks
	earners *earner.Service
	check   func(ctx context.Context, document []byte) error
	log     *slog.Logger
	meter   *meter
	lists   *intake.Intake
}

// prefix is where the API begins.
const prefix = "/api/v1"

// New returns the handler of everything under /api/v1 and of /openapi.json.
func New(config Config) (http.Handler, error) {
	if config.Service == nil {
		return nil, errors.New("serving the API: the issuer is not set")
	}
	r := NewRouter(config.Service, config.Log, limitOf)
	s := r.server
	s.people, s.hooks, s.earners, s.check, s.lists = config.People, config.Hooks, config.Earners, config.Check, config.Lists
	if s.lists == nil {
		s.lists = intake.New()
	}
	for _, route := range s.table() {
		handler := s.allowed(route.do, route.scopes...)
		r.Add(route.method, prefix+route.path, handler)
		if route.method == http.MethodGet { // HEAD answers wherever GET does
			r.HEAD(prefix+route.path, handler)
		}
	}
	r.GET("/openapi.json", s.describe)
	r.HEAD("/openapi.json", s.describe)
	return r.Echo, nil
}

// limitOf is how many bytes the body of a request may have: a list of awards may be a large file, and a picture.
func limitOf(c echo.Context) int {
	switch r := c.Request(); {
	case c.Path() == prefix+"/batches" && r.Method == http.MethodPost && !isJSON(r.Header):
		return roster.MaxBytes
	case r.Method == http.MethodPut && strings.HasSuffix(c.Path(), "/image"):
		return picture.MaxInput
	}
	return credential.Limits.Body
}

// Router answers programs: what every API here shares stands in it. It bounds bodies, authenticates tokens, counts the requests of those
// that have a limit, logs one line for each request, and answers errors with problems (RFC 9457).
type Router struct {
	*echo.Echo
	server *server
}

// NewRouter returns a router without routes. log nil keeps no log; limit says how many bytes the body of a request may have.
func NewRouter(office *issuer.Service, log *slog.Logger, limit func(echo.Context) int) *Router {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &Router{Echo: echo.New(), server: &server{office: office, log: log, meter: newMeter()}}
	r.HideBanner, r.HidePort = true, true
	r.IPExtractor = echo.ExtractIPDirect()
	r.HTTPErrorHandler = r.server.fail
	r.Use(r.server.recovered, identified, r.server.logged, sized(limit))
	return r
}

// Allowed lets a request through to next that has a token with this scope; "" is any token.
func (r *Router) Allowed(scope issuer.Scope, next echo.HandlerFunc) echo.HandlerFunc {
	if scope == "" {
		return r.server.allowed(next)
	}
	return r.server.allowed(next, scope)
}

// Token returns the token of a request that Allowed has let through.
func Token(c echo.Context) issuer.Token {
	token, _ := c.Get(holder).(issuer.Token)
	return token
}

// route is an address of the API.
type route struct {
	method, path string
	scopes       []issuer.Scope // a token needs one of them; none: any token will do
	do           echo.HandlerFunc
}

// Sets of scopes of which a token needs one.
var (
	anyToken     []issuer.Scope
	readDefined  = []issuer.Scope{issuer.ScopeAchievementsRead}
	writeDefined = []issuer.Scope{issuer.ScopeAchievementsWrite}
	readAwards   = []issuer.Scope{issuer.ScopeCredentialsRead}
	writeAwards  = []issuer.Scope{issuer.ScopeCredentialsWrite}
	eraseAwards  = []issuer.Scope{issuer.ScopeCredentialsErase}
	askAwards    = []issuer.Scope{issuer.ScopeCredentialsWrite, issuer.ScopeCredentialsPropose} // the second only proposes
	readCases    = []issuer.Scope{issuer.ScopeCasesRead}
	takeBack     = []issuer.Scope{issuer.ScopeCredentialsPropose, issuer.ScopeCredentialsWrite, issuer.ScopeIssuerWrite, issuer.ScopeCredentialsErase}
	decide       = []issuer.Scope{issuer.ScopeCredentialsWrite, issuer.ScopeIssuerWrite, issuer.ScopeCredentialsErase}
	readKeys     = []issuer.Scope{issuer.ScopeKeysRead}
	writeKeys    = []issuer.Scope{issuer.ScopeKeysWrite}
	writeIssuer  = []issuer.Scope{issuer.ScopeIssuerWrite}
	readPeople   = []issuer.Scope{issuer.ScopePeopleRead}
	writePeople  = []issuer.Scope{issuer.ScopePeopleWrite}
	readHooks    = []issuer.Scope{issuer.ScopeWebhooksRead}
	writeHooks   = []issuer.Scope{issuer.ScopeWebhooksWrite}
	readAudit    = []issuer.Scope{issuer.ScopeAuditRead}
)

// table is all addresses of the API, each with what a token must allow.
func (s *server) table() []route {
	const get, post, put, patch, remove = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	return []route{
		{get, "/issuers", anyToken, s.issuers},
		{get, "/issuers/:id", anyToken, s.issuer},
		{get, "/issuers/:id/keys", readKeys, s.keys},
		{post, "/issuers/:id/keys/rotate", writeKeys, s.rotateKey},
		{post, "/issuers/:id/keys/retire", writeKeys, s.retireKey},
		{post, "/issuers/:id/keys/compromise", writeKeys, s.compromiseKey},
		{post, "/issuers/:id/keys/reissue", writeKeys, s.reissueKey},
		{get, "/issuers/:id/settings", anyToken, s.settings},
		{patch, "/issuers/:id/settings", writeIssuer, s.configure},
		{put, "/issuers/:id/image", writeIssuer, s.setLogo},
		{remove, "/issuers/:id/image", writeIssuer, s.removeLogo},

		{get, "/achievements", readDefined, s.achievements},
		{get, "/achievements/:id", readDefined, s.achievement},
		{post, "/achievements", writeDefined, s.draft},
		{post, "/achievements/import", writeDefined, s.importDefinitions},
		{put, "/achievements/:id", writeDefined, s.redraft},
		{put, "/achievements/:id/image", writeDefined, s.setPicture},
		{remove, "/achievements/:id/image", writeDefined, s.removePicture},
		{patch, "/achievements/:id/settings", writeDefined, s.setAchievement},
		{post, "/achievements/:id/publish", writeDefined, s.publish},
		{post, "/achievements/:id/archive", writeDefined, s.archive},
		{post, "/achievements/:id/versions", writeDefined, s.newVersion},
		{get, "/achievements/:id/export", readDefined, s.exportDefinition},
		{get, "/achievements/:id/endorsements", readDefined, s.endorsementsOf},

		{get, "/credentials", readAwards, s.credentials},
		{post, "/credentials/search", readAwards, s.search},
		{get, "/credentials/:id", readAwards, s.credential},
		{get, "/credentials/:id/base", writeAwards, s.base},
		{get, "/credentials/:id/history", readAwards, s.history},
		{post, "/credentials", askAwards, s.award},
		{post, "/credentials/:id/amend", askAwards, s.amend},
		{post, "/credentials/:id/renew", askAwards, s.renew},
		{post, "/credentials/:id/revoke", askAwards, s.revoke},
		{post, "/credentials/:id/suspend", writeAwards, s.suspend},
		{post, "/credentials/:id/reinstate", writeAwards, s.reinstate},
		{remove, "/credentials/:id/personal-data", eraseAwards, s.erase},
		{post, "/credentials/:id/resend", writeAwards, s.resend},
		{post, "/credentials/:id/link", writeAwards, s.link},
		{get, "/unclaimed", readAwards, s.unclaimed},
		{post, "/erasures", eraseAwards, s.erasePerson},
		{get, "/status-lists", readAwards, s.statusLists},

		{get, "/batches", readAwards, s.batches},
		{post, "/batches", writeAwards, s.prepare},
		{get, "/batches/:id", readAwards, s.batch},
		{get, "/batches/:id/rows", readAwards, s.batchRows},
		{get, "/batches/:id/rejected", readAwards, s.rejected},
		{post, "/batches/:id/confirm", askAwards, s.confirm},
		{post, "/batches/:id/discard", writeAwards, s.discard},
		{post, "/batches/:id/drop", writeAwards, s.drop},
		{post, "/batches/:id/release", writeAwards, s.release},
		{post, "/batches/:id/undo", askAwards, s.undo},
		{post, "/revocations", writeAwards, s.prepareRevocation},

		{get, "/proposals", readAwards, s.proposals},
		{get, "/proposals/:id", readAwards, s.proposal},
		{post, "/proposals/:id/allow", decide, s.allow},
		{post, "/proposals/:id/refuse", decide, s.refuse},
		{post, "/proposals/:id/withdraw", takeBack, s.withdraw},

		{get, "/cases", readCases, s.cases},
		{post, "/cases", writeAwards, s.openCase},
		{get, "/cases/:id", readCases, s.oneCase},
		{post, "/cases/:id/notice", writeAwards, s.notifyCase},
		{post, "/cases/:id/answer", writeAwards, s.answerCase},
		{post, "/cases/:id/documents", writeAwards, s.addToCase},
		{post, "/cases/:id/vote", writeAwards, s.voteOnCase},
		{post, "/cases/:id/decision", writeAwards, s.decideCase},
		{post, "/cases/:id/close", writeAwards, s.closeCase},

		{get, "/endorsements", readDefined, s.endorsements},
		{get, "/endorsements/:id", readDefined, s.endorsement},
		{post, "/endorsements", writeIssuer, s.endorse},
		{post, "/endorsements/attach", writeIssuer, s.attach},
		{post, "/endorsements/:id/revoke", writeIssuer, s.revokeEndorsement},
		{remove, "/endorsements/:id", writeIssuer, s.detach},

		{get, "/members", readPeople, s.members},
		{patch, "/members/:id", writePeople, s.setRole},
		{remove, "/members/:id", writePeople, s.removeMember},
		{get, "/invitations", readPeople, s.invitations},
		{post, "/invitations", writePeople, s.invite},
		{remove, "/invitations/:id", writePeople, s.uninvite},
		{get, "/tokens", readPeople, s.tokens},
		{post, "/tokens", writePeople, s.createToken},
		{post, "/tokens/:id/revoke", writePeople, s.revokeToken},

		{get, "/webhooks", readHooks, s.webhooks},
		{post, "/webhooks", writeHooks, s.createWebhook},
		{get, "/webhooks/:id", readHooks, s.webhook},
		{put, "/webhooks/:id", writeHooks, s.changeWebhook},
		{remove, "/webhooks/:id", writeHooks, s.removeWebhook},
		{post, "/webhooks/:id/rotate", writeHooks, s.rotateWebhook},
		{post, "/webhooks/:id/disable", writeHooks, s.disableWebhook},
		{post, "/webhooks/:id/enable", writeHooks, s.enableWebhook},
		{post, "/webhooks/:id/ping", writeHooks, s.pingWebhook},
		{get, "/webhooks/:id/deliveries", readHooks, s.deliveries},
		{post, "/webhooks/:id/redeliver", writeHooks, s.redeliverFailed},
		{post, "/webhooks/:id/deliveries/:delivery/redeliver", writeHooks, s.redeliver},

		{get, "/audit", readAudit, s.audit},
	}
}

// notHere refuses what needs a room that this installation does not have.
func notHere() failure {
	return failure{status: http.StatusServiceUnavailable, code: "not_here", detail: "This server does not do that."}
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
