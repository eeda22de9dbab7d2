package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/fault"
	"github.com/laurelbadges/laurel/issuer"
)

// failure is why a request is not answered as asked: a status, a heading and one sentence for a person.
type failure struct {
	status int
	title  string
	detail string
	code   string // of the cause, for Retry-After; may be ""
}

func (f failure) Error() string { return f.detail }

// notFound is the one answer for what does not exist, never did or is not to be seen: all look the same.
func notFound() failure {
	return failure{status: http.StatusNotFound, title: "There is nothing here", detail: "Nothing of this address exists here, or it is not yours to see."}
}

// notAllowed is the answer to somebody whose role does not allow what was asked for in an organisation of their own.
func notAllowed() failure {
	return failure{status: http.StatusForbidden, title: "Your role does not allow this", detail: "An owner of the organisation can give you another role."}
}

// failureOf finds what to tell the visitor about an error. What it does not know is internal and says nothing.
func failureOf(err error) failure {
	var known failure
	var large *http.MaxBytesError
	var office *issuer.Error
	var routed *echo.HTTPError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &large):
		return failure{status: http.StatusRequestEntityTooLarge, title: "That is too large",
			detail: fmt.Sprintf("At most %s can be sent here at once. Nothing was changed.", size(large.Limit))}
	case errors.As(err, &office):
		f := failure{detail: office.Detail, code: office.Code}
		switch office.Kind {
		case issuer.KindMissing:
			return notFound()
		case issuer.KindInvalid:
			f.status, f.title = http.StatusBadRequest, "This cannot be done as asked"
		case issuer.KindDenied:
			f.status, f.title = http.StatusForbidden, "This is not allowed"
		case issuer.KindConflict:
			f.status, f.title = http.StatusConflict, "This cannot be done now"
		case issuer.KindUnavailable:
			f.status, f.title = http.StatusServiceUnavailable, "This does not work right now"
		case issuer.KindFull:
			f.status, f.title = http.StatusInsufficientStorage, "There is no room left"
		default:
			return broken()
		}
		return f
	case errors.As(err, &routed) && routed.Code == http.StatusNotFound:
		return notFound()
	case errors.As(err, &routed) && routed.Code == http.StatusMethodNotAllowed:
		return failure{status: routed.Code, title: "This address does something else", detail: "Open it from a page of the console."}
	case errors.As(err, &routed) && routed.Code >= 400 && routed.Code < 500:
		return failure{status: routed.Code, title: "This could not be read", detail: "The request is not one that a page of the console sends."}
	case errors.Is(err, context.DeadlineExceeded):
		return failure{status: http.StatusServiceUnavailable, title: "This took too long", detail: "Please try again in a moment."}
	case errors.Is(err, context.Canceled): // the visitor has gone: nobody reads this, and nothing is wrong here
		return failure{status: http.StatusBadRequest, title: "This could not be read", detail: "The request ended early."}
	}
	return broken()
}

func broken() failure {
	return failure{status: http.StatusInternalServerError, title: "Something is wrong on this side", detail: "What you asked for could not be done. Whoever runs this server finds the cause in its log."}
}

// size writes a number of bytes for people.
func size(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d kB", bytes>>10)
	}
	return fmt.Sprintf("%d MB", bytes>>20)
}

// errorPage is what the page of an error shows.
type errorPage struct {
	Status    int
	Detail    string
	Reference string // of the request, for whoever runs this server; "" when the fault is not on this side
}

// fail answers every error: a page, or a problem (RFC 9457) where a script of ours asked.
func (s *server) fail(err error, c echo.Context) {
	f := failureOf(err)
	gone := c.Response().Committed && errors.As(err, new(*net.OpError)) // the visitor did not wait for the end of the answer
	if f.status >= http.StatusInternalServerError && !gone {
		s.Log.Error("failed", "request", requestID(c), "route", c.Path(), "cause", err.Error())
	}
	if c.Response().Committed {
		return
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	if after := fault.RetryAfter(f.status, f.code); after != "" {
		h.Set("Retry-After", after)
	}
	if strings.HasPrefix(c.Request().Header.Get("Accept"), echo.MIMEApplicationJSON) {
		h.Set("Content-Type", "application/problem+json")
		c.Response().WriteHeader(f.status)
		err = json.NewEncoder(c.Response()).Encode(map[string]any{"type": "about:blank", "title": f.title, "status": f.status, "detail": f.detail})
	} else {
		v, _ := c.Get(visitKey).(*visit)
		if v == nil {
			v = &visit{Context: c, server: s}
		}
		data := errorPage{Status: f.status, Detail: f.detail}
		if f.status >= http.StatusInternalServerError {
			data.Reference = requestID(c)
		}
		err = v.show(f.status, "error", page{Title: f.title, Data: data})
	}
	if err != nil {
		s.Log.Error("writing an error", "request", requestID(c), "cause", err.Error())
	}
}
