package console

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/origin"
)

// chain sets the middleware in its one order.
func (s *server) chain(e *echo.Echo) {
	e.Use(s.recovered, identified, s.logged, secured, s.sameOrigin)
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

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// logged writes one line for each request: the route, not the path or the query, which may hold a link that signs somebody in.
func (s *server) logged(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		c.Request().Pattern = c.Path() // for whoever counts requests around these pages
		if err := next(c); err != nil {
			c.Error(err) // writes the answer, so that its status is known here
		}
		s.Log.LogAttrs(c.Request().Context(), slog.LevelInfo, "request",
			slog.String("request", requestID(c)),
			slog.String("method", methodName(c.Request().Method)),
			slog.String("route", c.Path()),
			slog.Int("status", c.Response().Status),
			slog.Int64("bytes", c.Response().Size),
			slog.Duration("took", time.Since(began)))
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

// secured sets the headers that every answer carries. Nothing here is kept by a cache or found by a search engine. The referrer stays
// within this site, as some addresses sign somebody in; it is not left out altogether, because browsers would then send the
// origin "null" with a form, which sameOrigin could not tell from another site.
func secured(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Cache-Control", "no-store")
		return next(c)
	}
}

// sameOrigin refuses forms that another site's page sends, also one of this host under another name. Every browser says with a form where
// it comes from, in Sec-Fetch-Site or in Origin, so what says neither is refused too: programs have the API.
func (s *server) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if !origin.Reading(r) && !origin.Said(r) || s.origins.Check(r) != nil {
			return failure{status: http.StatusForbidden, title: "This came from another site",
				detail: "The form was not sent from a page of this console, so nothing was done. Open the page at " + s.Base + " and repeat it there."}
		}
		return next(c)
	}
}
