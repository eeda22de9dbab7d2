// Package claim serves the pages of earners: the award that a link in a message leads to, the list of all badges of a person, and the sets
// of them that a person shows to others. They work without JavaScript and need no account. It words what [earner.Service] and
// [earner.Collection] answer and has no rules of its own. Start with [New].
//
// The links hold secrets. So no page here is stored, listed or told to others as where a visitor came from, and none is logged by its
// address. GET and HEAD change nothing: programs that look through mail follow every link in it.
package claim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/kept"
	"github.com/laurelbadges/laurel/internal/origin"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// Config says what to serve. Earners, Collection, Asset, Admit and Base must be set.
type Config struct {
	Earners    *earner.Service
	Collection *earner.Collection
	Asset      func(name string) string // address of a static file, such as that of laurel.css
	Base       string                   // the address of the installation: scheme and host
	// Visitor says from which address a request comes. Nil: the one that is connected.
	Visitor func(r *http.Request) netip.Addr
	// Admit lets in a request that has something checked, as Admit of web.Site does. Its errors may have a method Status.
	Admit func(r *http.Request, counted bool) (release func(), err error)
	// Here is what the installation knows of its issuers, for reports of badges from elsewhere. Nil knows nothing.
	Here func(r *http.Request) *wording.Here
	Now  func() time.Time // nil is time.Now
	// Kept holds what is drawn here; nil makes one.
	Kept *kept.Keep
	Log  *slog.Logger // receives a line for what failed on this side; nil keeps no log
}

// Bounds of what is kept where nobody else keeps anything.
const (
	mostKept      = 256
	mostKeptBytes = 8 << 20
)

// site holds what the handlers share.
type site struct {
	Config
	origins *origin.Guard
	limits  *limiter                                   // of messages
	looks   *limiter                                   // of pictures
	pages   map[wording.Language]func() (pages, error) // read at the first call: a server starts without
	cookie  string                                     // name of the cookie of sessions
	secure  bool
}

// Prefixes are the beginnings of the paths that the handler of [New] answers, for whoever puts it beside others.
var Prefixes = []string{"/claim/", "/mine", "/mine/", "/s/"}

// New returns the pages under [Prefixes].
func New(c Config) (http.Handler, error) {
	base, err := url.Parse(c.Base)
	if err != nil || base.Host == "" || c.Earners == nil || c.Collection == nil || c.Asset == nil || c.Admit == nil {
		return nil, errors.New("serving the pages of earners: something is not set")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Visitor == nil {
		c.Visitor = func(r *http.Request) netip.Addr {
			address, _ := netip.ParseAddrPort(r.RemoteAddr)
			return address.Addr()
		}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Kept == nil {
		c.Kept = kept.New(mostKept, mostKeptBytes)
	}
	s := &site{Config: c, limits: newLimiter(c.Now), looks: newLimiter(c.Now), pages: map[wording.Language]func() (pages, error){}, cookie: "laurel-mine", secure: base.Scheme == "https"}
	s.looks.host, s.looks.site = picturesMost, picturesSiteMost
	if s.secure {
		s.cookie = "__Host-" + s.cookie
	}
	if s.origins, err = origin.New(c.Base); err != nil {
		return nil, fmt.Errorf("serving the pages of earners: %w", err)
	}
	for _, l := range wording.Languages {
		s.pages[l] = sync.OnceValues(func() (pages, error) { return loadPages(l, c.Asset) })
	}
	return s.guarded(s.routes()), nil
}

// handler answers a request, or says why not.
type handler func(w http.ResponseWriter, r *http.Request) error

// routes are all addresses. HEAD answers wherever GET does.
func (s *site) routes() http.Handler {
	mux := http.NewServeMux()
	on := func(pattern string, h handler) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := h(w, r); err != nil {
				s.fail(w, r, err)
			}
		})
	}
	for _, award := range []string{"/claim/{token}", "/mine/award/{id}"} {
		on("GET "+award, s.award)
		on("POST "+award+"/take", s.take)
		on("POST "+award+"/access", s.access)
		on("POST "+award+"/erase", s.askErasure)
		on("GET "+award+"/badge.json", s.json)
		on("GET "+award+"/badge.jwt", s.jwt)
		on("GET "+award+"/badge.zip", s.zip)
	}
	on("GET /mine", s.mine)
	on("POST /mine", s.ask)
	on("POST /mine/out", s.out)
	on("POST /mine/addresses", s.addAddress)
	on("POST /mine/part", s.part)
	on("GET /mine/badges.zip", s.zip)
	on("POST /mine/erase", s.askErasure)
	on("GET /mine/in/{token}", s.door)
	on("POST /mine/in/{token}", s.enter)
	on("GET /mine/join/{token}", s.joining)
	on("POST /mine/join/{token}", s.join)
	on("GET /mine/erase/{token}", s.erasing)
	on("POST /mine/erase/{token}", s.erase)
	on("GET /mine/stop/{token}", s.stopping)
	on("POST /mine/stop/{token}", s.stop)
	on("GET "+bringPath, s.add)
	on("POST "+bringPath, s.bring)
	on("GET /mine/imported/{id}", s.imported)
	on("GET /mine/imported/{id}/art", s.importedArt)
	on("GET /mine/imported/{id}/file", s.importedFile)
	on("POST /mine/imported/{id}/check", s.again)
	on("POST /mine/imported/{id}/remove", s.remove)
	on("GET /mine/sets/new", s.arrange)
	on("POST /mine/sets", s.save)
	on("GET /mine/sets/{id}", s.arrange)
	on("POST /mine/sets/{id}", s.save)
	on("POST /mine/sets/{id}/remove", s.removeSet)
	on("GET /mine/sets/{id}/presentation.json", s.setPresentation)
	on("GET /s/{id}", s.shared)
	on("GET /s/{id}/presentation.json", s.sharedPresentation)
	on("GET /s/{id}/art/{number}", s.sharedArt)
	on("GET /s/{id}/preview.png", s.sharedPreview)
	on("GET /s/{id}/preview/{version}", s.sharedPreview)
	on("GET /s/{id}/file/{number}", s.sharedFile)
	on("/", func(http.ResponseWriter, *http.Request) error { return errNotFound })
	return mux
}

var errNotFound = &issuer.Error{Kind: issuer.KindMissing, Code: "not_found", Detail: "There is nothing at this address."}

const bodyMost = 16 << 10 // bytes of a form

// guarded sets the headers that every answer carries and refuses forms that pages of other sites send.
func (s *site) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Cache-Control", "no-store")
		if err := s.origins.Check(r); err != nil {
			s.fail(w, r, &issuer.Error{Kind: issuer.KindDenied, Code: "cross_origin", Detail: "This request came from a page of another site."})
			return
		}
		most := int64(bodyMost)
		if r.Method == http.MethodPost && r.URL.Path == bringPath {
			most = bringMost
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		next.ServeHTTP(w, r)
	})
}

// language is the one that the address names, or else the one that the browser asks for.
func language(r *http.Request) (l wording.Language, named bool) {
	asked := r.URL.Query().Get("lang")
	for _, l := range wording.Languages {
		if asked == string(l) {
			return l, true
		}
	}
	return wording.Match(r.Header.Get("Accept-Language")), false
}

// here is a path in the language that was chosen, where one was.
func here(r *http.Request, path string, pairs ...string) string {
	query := url.Values{}
	if l, named := language(r); named {
		query.Set("lang", string(l))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// bearer is what a request shows: the token in its path, or its session.
func (s *site) bearer(r *http.Request) earner.Bearer {
	if token := r.PathValue("token"); token != "" {
		return earner.Bearer{Token: token}
	}
	b := earner.Bearer{Session: s.session(r), Credential: r.PathValue("id")}
	if b.Session == "" {
		b.Session = "none" // never a bearer without anything
	}
	return b
}

func (s *site) session(r *http.Request) string {
	cookie, err := r.Cookie(s.cookie)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// setSession keeps a session in the browser; "" ends it.
func (s *site) setSession(w http.ResponseWriter, token string, ends time.Time) {
	cookie := &http.Cookie{Name: s.cookie, Value: token, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode, MaxAge: -1}
	if token != "" {
		cookie.MaxAge = max(1, int(ends.Sub(s.Now()).Seconds()))
	}
	http.SetCookie(w, cookie)
}

// fail answers an error with a page. All that is not to be found looks the same.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, code := http.StatusInternalServerError, "internal"
	var told *issuer.Error
	var large *http.MaxBytesError
	var busy interface{ Status() int }
	switch {
	case errors.As(err, &busy) && busy.Status() == http.StatusTooManyRequests:
		status, code = http.StatusTooManyRequests, "checks_limited"
		w.Header().Set("Retry-After", "60")
	case errors.As(err, &busy):
		status, code = http.StatusServiceUnavailable, "unavailable"
	case errors.As(err, &large):
		status, code = http.StatusRequestEntityTooLarge, "too_large"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		status, code = http.StatusServiceUnavailable, "unavailable"
	case errors.As(err, &told):
		status, code = map[issuer.ErrorKind]int{
			issuer.KindInvalid: http.StatusBadRequest, issuer.KindDenied: http.StatusForbidden, issuer.KindMissing: http.StatusNotFound,
			issuer.KindConflict: http.StatusConflict, issuer.KindUnavailable: http.StatusServiceUnavailable, issuer.KindFull: http.StatusInsufficientStorage,
		}[told.Kind], told.Code
		if told.Code == "cursor" {
			status = http.StatusNotFound
		}
		if told.Code == "rate_limited" {
			status = http.StatusTooManyRequests
			w.Header().Set("Retry-After", "600")
		}
	}
	if status == 0 {
		status = http.StatusInternalServerError
	}
	switch status {
	case http.StatusNotFound:
		code = "not_found"
	case http.StatusInternalServerError, http.StatusServiceUnavailable:
		if !errors.Is(err, context.Canceled) {
			s.Log.Error("failed", "route", r.Pattern, "cause", err.Error())
		}
	}
	l, _ := language(r)
	text := speak(l).say("error." + code)
	if text == "error."+code {
		text = speak(l).say("error.other")
	}
	m := message{frame: s.frame(r, speak(l).say("title."+titleOf(status))), Text: text}
	if r.Method == http.MethodPost && (status == http.StatusBadRequest || status == http.StatusConflict) {
		m.Back = here(r, formOf(r.URL.EscapedPath()))
	}
	s.page(w, r, status, "message", m)
}

// formOf is the path of the page that has the form which is sent to a path.
func formOf(path string) string {
	switch path[strings.LastIndexByte(path, '/')+1:] {
	case "take", "access", "erase", "addresses", "part", "out", "check", "remove":
		return cut(path)
	case "sets":
		return path + "/new"
	}
	return path
}

func titleOf(status int) string {
	switch {
	case status == http.StatusNotFound:
		return "not_found"
	case status >= http.StatusInternalServerError:
		return "our_fault"
	}
	return "other"
}

// went sends the browser on after a form, so that loading a page again sends nothing again.
func went(w http.ResponseWriter, r *http.Request, path string, pairs ...string) error {
	http.Redirect(w, r, here(r, path, pairs...), http.StatusSeeOther)
	return nil
}

// cut is a path without its last element.
func cut(path string) string { return path[:strings.LastIndexByte(path, '/')] }
