package web

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/batch"
)

// chain sets the middleware in its one order. The rate limit stands on its route, behind all of these.
func (s *server) chain(e *echo.Echo) {
	e.Use(s.recovered, identified, s.logged, secured, sized, s.sameOrigin)
}

// recovered answers 500 where a handler panics, and logs where it did.
func (s *server) recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				panic(cause)
			}
			s.Log.Error("panic", "request", requestID(c), "route", c.Path(), "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			c.Error(echo.ErrInternalServerError)
		}()
		return next(c)
	}
}

// identified names the request. A name from outside is not taken over: it would let a caller write into our log.
func identified(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, rand.Text())
		return next(c)
	}
}

func requestID(c echo.Context) string {
	return c.Response().Header().Get(echo.HeaderXRequestID)
}

// logged writes one line for each request: the route, not the path or the query, and the beginning of the id only, as a
// whole id opens a page that is not listed anywhere.
func (s *server) logged(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		c.Request().Pattern = c.Path() // for whoever counts requests around these pages
		if err := next(c); err != nil {
			c.Error(err) // writes the answer, so that its status is known here
		}
		attributes := []slog.Attr{
			slog.String("request", requestID(c)),
			slog.String("method", methodName(c.Request().Method)),
			slog.String("route", c.Path()),
			slog.Int("status", c.Response().Status),
			slog.Int64("bytes", c.Response().Size),
			slog.Duration("took", time.Since(began)),
		}
		if id := c.Param("id"); id != "" {
			attributes = append(attributes, slog.String("id", shortened(id)))
		}
		s.Log.LogAttrs(c.Request().Context(), slog.LevelInfo, "request", attributes...)
		return nil
	}
}

// methodName keeps made-up methods out of the log.
func methodName(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// shortened is the beginning of an id of ours. Anything else in its place is what a visitor wrote, and stays out of the log.
func shortened(id string) string {
	id, _, _ = strings.Cut(id, ".")
	if len(id) != 22 || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return "none"
	}
	return id[:6] + "…"
}

// secured sets the headers that every answer carries. Pages hold no script and no style of their own, so the policy
// needs no exception; only the pages around checking load one script, from here, to make them more comfortable.
func secured(next echo.HandlerFunc) echo.HandlerFunc {
	const policy = "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", policy)
		if c.Path() == "/verify" || c.Path() == recordPath {
			h.Set("Content-Security-Policy", policy+"; script-src 'self'")
		}
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()")
		if strings.HasPrefix(c.Request().URL.Path, "/c/") {
			h.Set("X-Robots-Tag", "noindex")
		}
		return next(c)
	}
}

// sized refuses bodies over the limit: at once where the length is announced, else when the limit is reached.
func sized(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		limit := int64(credential.Limits.Body)
		r := c.Request()
		switch media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); {
		case c.Path() == "/verify" && strings.EqualFold(strings.TrimSpace(media), "multipart/form-data"):
			limit = formMost
		case c.Path() == "/verify", c.Path() == recordPath:
			limit = int64(credential.Limits.Upload) + envelope
		}
		if r.ContentLength > limit {
			return tooLarge(min(limit, batch.MostBytes)) // as a form tells it, not counting what stands around its files
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
		return next(c)
	}
}

// sameOrigin refuses forms that another site's page sends. Programs send none of the headers it looks at.
func (s *server) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := s.origins.Check(c.Request()); err != nil {
			return failure{status: http.StatusForbidden, code: "cross_origin"}
		}
		return next(c)
	}
}

// limited counts requests by address.
func (s *server) limited(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.mayAsk(visitorOf(c)) {
			return next(c)
		}
		c.Response().Header().Set("Retry-After", strconv.Itoa(1+59/s.VerifyRate)) // when the account has the next one, in whole seconds
		return tooMany()
	}
}

// mayAsk says whether an address may ask for one more check now.
func (s *server) mayAsk(address netip.Addr) bool {
	return s.VerifyRate <= 0 || s.Local && address.Unmap().IsLoopback() || s.limits.allow(address)
}

func tooMany() failure {
	return failure{status: http.StatusTooManyRequests, code: "rate_limited"}
}

// public marks the answers that any site may read: documents that are public in themselves and carry no cookie.
func public(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "ETag, Link")
		return next(c)
	}
}

// preflight tells a browser how other sites may ask for a public document (Fetch, CORS-preflight request). It says the same
// whether the document exists or not. Checks (POST /verify) have no such answer: they are for programs and our own page.
func preflight(c echo.Context) error {
	const methods = "GET, HEAD, OPTIONS"
	h := c.Response().Header()
	h.Set("Allow", methods)
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", "Accept, If-None-Match, Range")
	h.Set("Access-Control-Max-Age", "86400")
	return c.NoContent(http.StatusNoContent)
}

// visitorOf is the address that a request comes from; the zero address, shared by all, when it does not parse.
func visitorOf(c echo.Context) netip.Addr {
	address, _ := netip.ParseAddr(c.RealIP())
	return address
}
