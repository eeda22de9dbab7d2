package api

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/issuer"
)

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
			s.log.Error("panic", "request", requestID(c), "route", c.Path(), "type", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			c.Error(echo.ErrInternalServerError)
		}()
		return next(c)
	}
}

// identified names the request, in the answer and in the log. Answers are for the asking program alone.
func identified(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(echo.HeaderXRequestID, rand.Text())
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		return next(c)
	}
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// logged writes one line for each request: the route, never path, query or body.
func (s *server) logged(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		c.Request().Pattern = c.Path() // for whoever counts requests around this API
		if err := next(c); err != nil {
			c.Error(err) // writes the answer, so that its status is known here
		}
		attributes := []slog.Attr{slog.String("request", requestID(c)), slog.String("route", c.Path()),
			slog.Int("status", c.Response().Status), slog.Int64("bytes", c.Response().Size), slog.Duration("took", time.Since(began))}
		if token, ok := c.Get(holder).(issuer.Token); ok {
			attributes = append(attributes, slog.String("token", token.ID), slog.String("method", c.Request().Method))
		}
		s.log.LogAttrs(c.Request().Context(), slog.LevelInfo, "request", attributes...)
		return nil
	}
}

// sized refuses bodies over the limit: at once where the length is announced, else when the limit is reached.
func sized(limit func(echo.Context) int) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			most := int64(limit(c))
			r := c.Request()
			if r.ContentLength > most {
				return tooLarge(most)
			}
			r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
			return next(c)
		}
	}
}

// holder is the name under which the token of a request is kept.
const holder = "token"

// allowed lets a request through that has a token (RFC 6750 section 2.1), with one of these scopes if any is named. Tokens in the
// query or the body are not read: they would end up in logs.
func (s *server) allowed(next echo.HandlerFunc, scopes ...issuer.Scope) echo.HandlerFunc {
	const realm = `Bearer realm="laurel"`
	return func(c echo.Context) error {
		headers := c.Request().Header.Values("Authorization")
		if len(headers) == 0 {
			c.Response().Header().Set("WWW-Authenticate", realm)
			return failure{status: http.StatusUnauthorized, code: "token_missing", detail: "Give a token: Authorization: Bearer laurel_…"}
		}
		scheme, text, _ := strings.Cut(headers[0], " ")
		if len(headers) > 1 || !strings.EqualFold(scheme, "Bearer") {
			text = ""
		}
		token, err := s.office.Authenticate(c.Request().Context(), strings.TrimSpace(text))
		var refusal *issuer.Error
		if errors.As(err, &refusal) && refusal.Kind == issuer.KindDenied {
			c.Response().Header().Set("WWW-Authenticate", realm+`, error="invalid_token"`)
			return failure{status: http.StatusUnauthorized, code: "token_invalid", detail: refusal.Detail}
		}
		if err != nil {
			return err
		}
		c.Set(holder, token)
		if err := s.meter.admit(c, token); err != nil {
			return err
		}
		if len(scopes) > 0 && !slices.ContainsFunc(scopes, token.May) {
			c.Response().Header().Set("WWW-Authenticate", fmt.Sprintf(`%s, error="insufficient_scope", scope="%s"`, realm, scopes[0]))
			return failure{status: http.StatusForbidden, code: "scope_missing", detail: fmt.Sprintf("The token does not allow this: it lacks the scope %s.", scopes[0])}
		}
		return next(c)
	}
}

// workspace is what the token of this request opens.
func (s *server) workspace(c echo.Context) (issuer.Workspace, issuer.Token) {
	token := Token(c)
	return s.office.Workspace(token.Organisation), token
}
