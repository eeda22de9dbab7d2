package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/fault"
	"github.com/laurelbadges/laurel/internal/wording"
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

// failure is why a request is not answered as asked: a status, and the sentence of the catalogue for the caller.
type failure struct {
	status int
	code   string                        // names the cause for programs
	key    string                        // of the sentence, where it is not the code
	facts  []string                      // what stands in the sentence: names and values in turn
	limit  int64                         // in bytes, where a body was over it
	about  func(wording.Language) string // says more than the catalogue does; nil for nothing
}

// Error is the sentence in English, for programs.
func (f failure) Error() string { return f.say(wording.English) }

func (f failure) say(l wording.Language) string {
	if f.about != nil {
		return strings.TrimSpace(f.about(l))
	}
	return l.Say("page.error."+cmp.Or(f.key, f.code)+".text", f.facts...)
}

// Status is the status of the answer.
func (f failure) Status() int { return f.status }

// Code names the cause for programs.
func (f failure) Code() string { return f.code }

// title is the heading of the page of an error.
func (f failure) title(l wording.Language) string {
	switch f.status {
	case http.StatusNotFound:
		return l.Say("page.error.title.not_found")
	case http.StatusGone:
		return l.Say("page.error.title.erased")
	case http.StatusRequestEntityTooLarge:
		return l.Say("page.error.title.too_large")
	case http.StatusTooManyRequests:
		return l.Say("page.error.title.too_many")
	case http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusInsufficientStorage:
		return l.Say("page.error.title.our_fault")
	}
	return l.Say("page.error.title.other")
}

func tooLarge(limit int64) failure {
	size := fmt.Sprintf("%d MB", limit>>20)
	if limit < 1<<20 {
		size = fmt.Sprintf("%d kB", limit>>10)
	}
	return failure{status: http.StatusRequestEntityTooLarge, code: "too_large", facts: []string{"most", size}, limit: limit}
}

// notFound is the one answer for what does not exist, never did or is not to be seen: all look the same.
func notFound() failure {
	return failure{status: http.StatusNotFound, code: "missing"}
}

// unavailable is the answer where this side cannot do now what was asked, for the cause that the issuer names. A damaged record is
// never given out, nor told to be away.
func unavailable(code string) failure {
	f := failure{status: http.StatusServiceUnavailable, code: code, key: "unavailable"}
	if code == "record_damaged" {
		f.key = code
	}
	return f
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
		return unavailable(office.Code)
	case errors.As(err, &office) && office.Kind == issuer.KindFull:
		return failure{status: http.StatusInsufficientStorage, code: office.Code, key: "store_full"}
	case errors.As(err, &routed) && routed.Code == http.StatusNotFound:
		return notFound()
	case errors.As(err, &routed) && routed.Code == http.StatusMethodNotAllowed:
		return failure{status: http.StatusMethodNotAllowed, code: "method_not_allowed"}
	case errors.As(err, &routed) && routed.Code >= 400 && routed.Code < 500:
		return failure{status: routed.Code, code: "bad_request"}
	case errors.Is(err, context.DeadlineExceeded): // more was asked for than could be done in the time that a request has
		return failure{status: http.StatusServiceUnavailable, code: "unavailable"}
	case errors.Is(err, context.Canceled): // the caller has gone: nobody reads this, and nothing is wrong here
		return failure{status: http.StatusBadRequest, code: "bad_request"}
	}
	return failure{status: http.StatusInternalServerError, code: "internal"}
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
	f := failureOf(err)
	gone := c.Response().Committed && errors.As(err, new(*net.OpError))          // whoever asked did not wait for the end of the answer
	if f.status >= http.StatusInternalServerError && !gone && f.code != "busy" { // whoever is refused a place must not fill the log
		s.Log.Error("failed", "request", requestID(c), "route", c.Path(), "cause", err.Error())
	}
	if c.Response().Committed {
		return
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept, Accept-Language")
	h.Del("ETag")
	if after := fault.RetryAfter(f.status, f.code); after != "" && h.Get("Retry-After") == "" {
		h.Set("Retry-After", after)
	}
	if wantsPage(c) {
		l := languageOf(c)
		data := errorPage{frame: s.spoken(c, f.title(l)), Status: f.status, Detail: f.say(l), Badge: strings.HasPrefix(c.Request().URL.Path, "/c/")}
		if f.status >= http.StatusInternalServerError {
			data.Reference = requestID(c)
		}
		err = s.pageIn(c, l, f.status, "error", data)
	} else {
		p := problem{Type: "about:blank", Title: http.StatusText(f.status), Status: f.status, Detail: f.Error(), Code: f.code, Instance: requestID(c)}
		if f.status == http.StatusInsufficientStorage {
			p.Type, p.Title = fault.FullType, fault.FullTitle
		}
		body, failed := json.Marshal(p)
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
