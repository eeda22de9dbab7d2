package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/issuer"
)

const (
	mediaHTML    = "text/html"
	mediaJSON    = "application/json"
	mediaProblem = "application/problem+json"
	mediaVC      = "application/vc"
	mediaVCLD    = "application/vc+ld+json"
	mediaLD      = "application/ld+json"
	mediaJWT     = "application/jwt"
	mediaVCJWT   = "application/vc+jwt"
	mediaText    = "text/plain"
)

// failure is why a request is not answered as asked: a status and one sentence for the caller.
type failure struct {
	status int
	code   string
	detail string
}

func (f failure) Error() string { return f.detail }

// Status is the status of the answer.
func (f failure) Status() int { return f.status }

// Code names the cause for programs.
func (f failure) Code() string { return f.code }

// title is the heading of the page of an error.
func (f failure) title() string {
	switch f.status {
	case http.StatusNotFound:
		return "Nothing is here"
	case http.StatusRequestEntityTooLarge:
		return "That is too large"
	case http.StatusTooManyRequests:
		return "Too many checks at once"
	case http.StatusInternalServerError, http.StatusServiceUnavailable:
		return "That did not work"
	}
	return "This cannot be answered"
}

func tooLarge(limit int64) failure {
	return failure{
		status: http.StatusRequestEntityTooLarge, code: "too_large",
		detail: fmt.Sprintf("The request is larger than %d KiB, the most that is read here.", limit>>10),
	}
}

// notFound is the one answer for what does not exist, never did or is not to be seen: all look the same.
func notFound() failure {
	return failure{status: http.StatusNotFound, code: "missing", detail: "There is nothing at this address."}
}

// failureOf finds what to tell the caller about an error. What it does not know is internal and says nothing.
func failureOf(err error) failure {
	var known failure
	var large *http.MaxBytesError
	var office *issuer.Error
	var routed *echo.HTTPError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	case errors.As(err, &office) && office.Kind == issuer.KindMissing:
		return notFound()
	case errors.As(err, &office) && office.Kind == issuer.KindUnavailable:
		return failure{status: http.StatusServiceUnavailable, code: "unavailable", detail: "This could not be read just now. Please try again in a moment."}
	case errors.As(err, &routed) && routed.Code == http.StatusNotFound:
		return notFound()
	case errors.As(err, &routed) && routed.Code == http.StatusMethodNotAllowed:
		return failure{status: http.StatusMethodNotAllowed, code: "method_not_allowed", detail: "This address does not answer that kind of request."}
	case errors.As(err, &routed) && routed.Code >= 400 && routed.Code < 500:
		return failure{status: routed.Code, code: "bad_request", detail: "The request could not be read."}
	case errors.Is(err, context.Canceled): // the caller has gone: nobody reads this, and nothing is wrong here
		return failure{status: http.StatusBadRequest, code: "bad_request", detail: "The request broke off."}
	}
	return failure{status: http.StatusInternalServerError, code: "internal", detail: "Something went wrong here. It is not your fault, and it has been noted."}
}

// problem is the body of an error for programs (RFC 9457).
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Code     string `json:"code"`
	Instance string `json:"instance"` // names the request, as X-Request-Id does
}

// fail answers every error: a page for people, problem+json for programs. But for the name of the request, nothing in it
// depends on what was asked for.
func (s *server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	f := failureOf(err)
	if f.status >= http.StatusInternalServerError {
		s.Log.Error("failed", "request", requestID(c), "route", c.Path(), "cause", err.Error())
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept")
	h.Del("ETag")
	if wantsPage(c) {
		data := errorPage{frame: s.frame(f.title(), true), Status: f.status, Detail: f.detail}
		if f.status >= http.StatusInternalServerError {
			data.Reference = requestID(c)
		}
		err = s.page(c, f.status, "error", data)
	} else {
		body, failed := json.Marshal(problem{Type: "about:blank", Title: http.StatusText(f.status), Status: f.status, Detail: f.detail, Code: f.code, Instance: requestID(c)})
		if err = failed; err == nil {
			err = c.Blob(f.status, mediaProblem, body)
		}
	}
	if err != nil {
		s.Log.Error("writing an error", "request", requestID(c), "cause", err.Error())
	}
}

// wantsPage says whether the caller is a person. A wildcard alone means a person on addresses that are pages, a program on
// those that are documents.
func wantsPage(c echo.Context) bool {
	offers := []string{mediaHTML, mediaJSON, mediaProblem, mediaLD, mediaVC, mediaVCLD, mediaJWT, mediaVCJWT}
	if documents[c.Path()] || form(c.Param("id")) != "" {
		offers = append(offers[1:], mediaHTML)
	}
	picked := negotiate(c.Request().Header.Get("Accept"), offers...)
	return picked == mediaHTML
}
