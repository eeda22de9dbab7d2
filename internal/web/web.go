// Package web serves the public pages and documents of an installation: the verifier, and the permanent addresses of
// credentials, achievements, issuers, DID documents and status lists. It words what issuer and verifier found; it has no
// rules of its own. Start with [New].
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/kept"
	"github.com/laurelbadges/laurel/internal/origin"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// Office is what the pages ask of the issuing half; issuer.Service fulfils it. What does not exist is an [issuer.Error]
// of kind missing.
type Office interface {
	Credential(ctx context.Context, id string) (issuer.Credential, error)
	Achievement(ctx context.Context, id string) (issuer.Achievement, error)
	// AchievementsFrom returns a page of what can be earned, of one organisation or, for "", of all, and the cursor of the next page.
	AchievementsFrom(ctx context.Context, organisation, after string, limit int) ([]issuer.Achievement, string, error)
	Organisation(ctx context.Context, id string) (issuer.Organisation, error)
	OrganisationsFrom(ctx context.Context, after string, limit int) ([]issuer.Organisation, string, error)
	// Newest returns what stands in the place of an award in the end, and leads to no other recipient.
	Newest(ctx context.Context, id string) (issuer.Credential, error)
	// Endorsement returns one that was given here, and EndorsementsOf those that an organisation publishes of something.
	Endorsement(ctx context.Context, id string) (issuer.Endorsement, error)
	EndorsementsOf(ctx context.Context, organisation, subject string) ([]issuer.Endorsement, error)
	// Document returns the public document at an address of this installation: DID documents, key sets, achievements, issuer
	// profiles, and pictures of both.
	Document(ctx context.Context, url string) ([]byte, error)
	// StatusList returns a Bitstring Status List credential that says what the list says now.
	StatusList(ctx context.Context, id string) (issuer.StatusDocument, error)
	// RevocationList returns a 1EdTechRevocationList of an organisation, by its number from 1.
	RevocationList(ctx context.Context, organisation string, number int) (issuer.StatusDocument, error)
	// CredentialVCJWT and StatusListVCJWT return the same as JWTs in the form of VC-JOSE-COSE.
	CredentialVCJWT(ctx context.Context, id string) (string, error)
	StatusListVCJWT(ctx context.Context, id string) (string, error)
}

// Facts says whether all that was read for an answer reads the same now.
type Facts interface {
	Still(ctx context.Context, w *issuer.Witness) bool
}

// Config says what to serve. Office, Verify, Check and Base must be set.
type Config struct {
	Office Office
	// Verify judges a credential of this installation, for its own page. What it finds is in the report; an error says that it
	// could not run.
	Verify func(ctx context.Context, input []byte) (*verifier.Report, error)
	// Facts says whether what a page rests on is as it was; issuer.Service fulfils it. Nil draws every page anew.
	Facts Facts
	// Check opens and judges what visitors hand in.
	Check *batch.Checker
	// Base is the public URL of the installation: scheme and host without a path or a slash at the end.
	Base string
	// Local says that Base works on this machine only. Pages then say so, and requests from this machine are not
	// counted by the rate limit.
	Local bool
	// TrustedProxies are the networks of the proxies before this server. Only they may name the address of a visitor
	// (X-Forwarded-For); empty trusts nobody.
	TrustedProxies []*net.IPNet
	// VerifyRate is how many checks each address may ask for in a minute, half of them at once. Zero counts nothing.
	VerifyRate int
	// Now is the clock of the pages: how long what was found about a badge may be shown again. Nil is time.Now.
	Now func() time.Time
	// Log receives one line for each request, without query, identities or whole credential ids. Nil keeps no log.
	Log *slog.Logger
	// Version of the program, for the records to file.
	Version string
	// AuditHead signs the end of the audit log, to be published at /audit-head. Nil publishes none.
	AuditHead func(ctx context.Context) (string, error)
	// Pack makes the offline pack of the installation, signed by its first issuer, to be published at /offline-pack. Nil publishes none.
	Pack func(ctx context.Context) ([]byte, error)
	// Seal is a secret of 32 bytes or more that every process of the installation has, so that a page of one can be given back to
	// another. Nil makes one for this process.
	Seal []byte
}

// server holds what the handlers share. It is not changed after New.
type server struct {
	Config
	pages   map[wording.Language]func() (pages, error) // read at the first call: a server starts without
	assets  assets
	limits  *limiter
	origins *origin.Guard
	uploads *uploads
	judged  *judgements
	apart   namesHere
	seal    seal
	index   *index
	kept    *kept.Keep
	shown   *shownPages
	zones   sync.Map               // *time.Location by the name that an issuer has set
	art     func() ([]byte, error) // the picture of achievements without one of their own, drawn at the first call
}

// Site answers all public routes.
type Site struct {
	http.Handler
	server  *server
	visitor echo.IPExtractor
}

// Admit lets in a request for a check that another handler answers, under the bounds that hold for POST /verify: with counted set
// it counts against the rate of its address, and a body beyond [credential.Limits] Body waits for one of the few places for
// those, which release gives back. Errors have a status and a code (methods Status and Code).
func (s *Site) Admit(r *http.Request, counted bool) (release func(), err error) {
	address, _ := netip.ParseAddr(s.visitor(r))
	if counted && !s.server.mayAsk(address) {
		return nil, tooMany()
	}
	return s.server.uploads.room(r, address)
}

// New returns all public routes.
func New(config Config) (*Site, error) {
	base, err := url.Parse(config.Base)
	if err != nil || base.Host == "" || base.Path != "" || (base.Scheme != "https" && base.Scheme != "http") {
		return nil, fmt.Errorf("serving pages: %q is not a URL of scheme and host only", config.Base)
	}
	if config.Office == nil || config.Verify == nil || config.Check == nil {
		return nil, errors.New("serving pages: the issuer or the verifier is not set")
	}
	if config.Seal != nil && len(config.Seal) < 32 {
		return nil, errors.New("serving pages: the secret of the seal is shorter than 32 bytes")
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	s := &server{
		Config: config, limits: newLimiter(config.VerifyRate), uploads: newUploads(),
		judged: newJudgements(), seal: newSeal(), index: &index{}, kept: kept.New(mostKept, mostKeptBytes), shown: newShownPages(mostShownBytes), pages: map[wording.Language]func() (pages, error){}, art: sync.OnceValues(paper.ArtPNG),
	}
	if config.Seal != nil {
		s.seal = sealOf(config.Seal, config.Version)
	}
	if s.origins, err = origin.New(config.Base); err != nil {
		return nil, fmt.Errorf("serving pages: %w", err)
	}
	if s.assets, err = loaded(); err != nil {
		return nil, fmt.Errorf("serving pages: %w", err)
	}
	files := s.assets
	for _, l := range wording.Languages {
		s.pages[l] = sync.OnceValues(func() (pages, error) { return loadPages(files, l) })
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = visitors(config.TrustedProxies)
	e.HTTPErrorHandler = s.fail
	s.chain(e)
	s.routes(e)
	return &Site{Handler: e, server: s, visitor: e.IPExtractor}, nil
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

// routes are all public addresses. HEAD answers wherever GET does. What is public may be read by pages of any site, so it
// answers the question that browsers ask before (OPTIONS).
func (s *server) routes(e *echo.Echo) {
	get := func(path string, handler echo.HandlerFunc) {
		e.GET(path, handler)
		e.HEAD(path, handler)
	}
	open := func(path string, handler echo.HandlerFunc) {
		get(path, public(handler))
		e.OPTIONS(path, public(preflight))
	}
	get("/", s.home)
	get("/verify", s.verifyForm)
	get(devicePath, s.deviceForm)
	e.POST("/verify", s.verify, s.limited)
	e.POST(recordPath, s.record, s.limited)
	open("/c/:id", s.credential)
	open("/c/:id/refresh", s.refresh)
	open("/c/:id/qr.png", s.sharedFile("qr.png", mediaPNG, func(address string) ([]byte, error) { return paper.QRPNG(address, qrModule) }))
	open("/c/:id/qr.svg", s.sharedFile("qr.svg", mediaSVG, paper.QRSVG))
	open("/c/:id/link.png", s.sharedFile("link.png", mediaPNG, paper.LinkPNG))
	open("/c/:id/link.svg", s.sharedFile("link.svg", mediaSVG, paper.LinkSVG))
	open("/c/:id/preview.png", s.awardPreview)
	open("/c/:id/preview/:version", s.awardPreview)
	open("/c/:id/share", s.share)
	open("/c/:id/embed", s.embed)
	open("/oembed", s.oembed)
	open("/a/:id", s.achievement)
	open("/a/:id/image.png", s.achievementPicture)
	open("/a/:id/image.svg", s.achievementDrawing)
	open("/a/:id/preview.png", s.definitionPreview)
	open("/a/:id/preview/:version", s.definitionPreview)
	open("/a/:id/art.svg", s.achievementArt)
	open("/a/:id/definition.json", s.achievementDefinition)
	open("/i/:id", s.organisation)
	open("/i/:id/did.json", s.document("application/did+json"))
	open("/i/:id/jwks.json", s.document("application/jwk-set+json"))
	open("/i/:id/image.png", s.document(mediaPNG))
	open("/i/:id/image.svg", s.organisationDrawing)
	open("/i/:id/revocations", s.revocations)
	open("/i/:id/revocations/:number", s.revocations)
	open("/e/:id", s.endorsement)
	open("/.well-known/did.json", s.document("application/did+json"))
	open("/.well-known/jwks.json", s.document("application/jwk-set+json"))
	open("/status/:id", s.statusList)
	get("/accent/:colour", s.accent)
	if s.AuditHead != nil {
		open("/audit-head", (&auditHead{sign: s.AuditHead, now: s.Now}).serve)
	}
	if s.Pack != nil {
		open(packPath, s.limited((&offlinePack{gather: s.Pack, now: s.Now}).serve))
	}
	get("/healthz", s.healthy)
	get("/static/:file", s.static)
}

func (s *server) healthy(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.String(http.StatusOK, "ok\n")
}
