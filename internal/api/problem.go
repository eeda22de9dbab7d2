package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/fault"
	"github.com/laurelbadges/laurel/issuer"
)

const (
	mediaJSON    = "application/json"
	mediaProblem = "application/problem+json"

	mediaCredential = "application/vc" // VCDM 2.0 section 6.2
)

// failure is why a request is not answered as asked.
type failure struct {
	status int
	about  string // URI of the kind of problem; "" is about:blank
	title  string // of that kind; "" is that of the status
	code   string
	detail string
	errors []violation
	after  int // seconds after which to ask again; 0: as for every answer of this kind
}

func (f failure) Error() string { return f.detail }

// violation is one thing that is wrong in a request: at a place of its body, or in a parameter.
type violation struct {
	Pointer   *string `json:"pointer,omitempty"` // JSON Pointer (RFC 6901); "" is the whole body
	Parameter string  `json:"parameter,omitempty"`
	Detail    string  `json:"detail"`
}

func at(pointer, detail string) violation { return violation{Pointer: &pointer, Detail: detail} }

func tooLarge(limit int64) failure {
	return failure{status: http.StatusRequestEntityTooLarge, code: "too_large",
		detail: fmt.Sprintf("The body is larger than %d KiB, the most that is read here.", limit>>10)}
}

// Refusal is the error of a request that is not answered as asked.
type Refusal struct {
	Status int
	Type   string // URI of the kind of problem (RFC 9457 section 3.1.1); "" is about:blank
	Code   string // names the cause for programs
	Detail string // one sentence for a person
	Wrong  []Violation
}

// Error returns the detail.
func (r Refusal) Error() string { return r.Detail }

// Violation is one thing that is wrong in a request.
type Violation = violation

// At is a violation at a place of the body: a JSON Pointer, "" for the whole of it.
func At(pointer, detail string) Violation { return at(pointer, detail) }

// answerable is an error of another room that knows how it is to be answered.
type answerable interface {
	error
	Status() int
	Code() string
}

// notFound is the one answer for what does not exist and for what belongs to somebody else.
func notFound() failure {
	return failure{status: http.StatusNotFound, code: "not_found", detail: "There is nothing at this address."}
}

// failureOf finds what to tell the caller about an error. What it does not know is internal and says nothing.
func failureOf(err error) failure {
	var known failure
	var text *strict.Error
	var told *issuer.Error
	var refusal Refusal
	var foreign answerable
	var large *http.MaxBytesError
	var routed *echo.HTTPError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &refusal):
		return failure{status: refusal.Status, about: refusal.Type, code: refusal.Code, detail: refusal.Detail, errors: refusal.Wrong}
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	case errors.As(err, &text):
		return failure{status: http.StatusBadRequest, code: text.Code, detail: "The body is not JSON as it is read here: " + text.Error() + ".",
			errors: []violation{at(text.Pointer, text.Detail)}}
	case errors.As(err, &told):
		return refused(told)
	case errors.As(err, &foreign):
		return failure{status: foreign.Status(), code: foreign.Code(), detail: foreign.Error()}
	case errors.Is(err, context.Canceled): // the caller has gone: nobody reads this, and nothing is wrong here
		return failure{status: http.StatusBadRequest, code: "bad_request", detail: "The request broke off."}
	case errors.Is(err, context.DeadlineExceeded):
		return failure{status: http.StatusServiceUnavailable, code: "ended", detail: "The request ended before it was answered. Please ask again."}
	case errors.As(err, &routed) && routed.Code == http.StatusNotFound:
		return notFound()
	case errors.As(err, &routed) && routed.Code == http.StatusMethodNotAllowed:
		return failure{status: http.StatusMethodNotAllowed, code: "method_not_allowed", detail: "This address does not answer that kind of request."}
	case errors.As(err, &routed) && routed.Code >= 400 && routed.Code < 500:
		return failure{status: routed.Code, code: "bad_request", detail: "The request could not be read."}
	}
	return failure{status: http.StatusInternalServerError, code: "internal", detail: "Something went wrong here. It is not your fault, and it has been noted."}
}

// refused words what the issuer does not do.
func refused(e *issuer.Error) failure {
	f := failure{code: e.Code, detail: e.Detail}
	switch e.Kind {
	case issuer.KindInvalid:
		f.status = http.StatusUnprocessableEntity
	case issuer.KindMissing:
		return notFound()
	case issuer.KindConflict:
		f.status = http.StatusConflict
		if e.Code == "version" {
			f.status = http.StatusPreconditionFailed
		}
	case issuer.KindDenied:
		f.status = http.StatusForbidden
	case issuer.KindUnavailable:
		f.status = http.StatusServiceUnavailable
	case issuer.KindFull:
		f.status, f.about, f.title = http.StatusInsufficientStorage, fault.FullType, fault.FullTitle
	default:
		return failureOf(nil)
	}
	return f
}

// places says where in a request the members lie that the issuer's refusals are about.
type places struct {
	codes  map[string]string // pointer by code
	strips string            // what stands in front of a pointer into the badge
}

// locate adds pointers into the request to a refusal of the issuer.
func (p places) locate(err error) error {
	var refusal *issuer.Error
	if !errors.As(err, &refusal) {
		return err
	}
	f := refused(refusal)
	pointer, known := p.codes[refusal.Code]
	if known && refusal.Kind == issuer.KindMissing { // not the address, but something that the body names
		f = failure{status: http.StatusUnprocessableEntity, code: refusal.Code, detail: refusal.Detail}
	}
	if f.status != http.StatusUnprocessableEntity {
		return err
	}
	var problems credential.Problems
	switch {
	case errors.As(refusal.Err, &problems):
		for _, problem := range problems {
			f.errors = append(f.errors, at(strings.TrimPrefix(problem.Pointer, p.strips), problem.Detail))
		}
	case known:
		f.errors = []violation{at(pointer, refusal.Detail)}
	}
	return f
}

// problem is the body of an error (RFC 9457).
type problem struct {
	Type     string      `json:"type"`
	Title    string      `json:"title"`
	Status   int         `json:"status"`
	Detail   string      `json:"detail"`
	Instance string      `json:"instance"` // the request, as the log names it
	Code     string      `json:"code"`
	Errors   []violation `json:"errors,omitempty"`
}

// fail answers every error. Nothing in it depends on whether somebody else has what was asked for.
func (s *server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	f := failureOf(err)
	if f.status >= http.StatusInternalServerError {
		s.log.Error("failed", "request", requestID(c), "route", c.Path(), "cause", err.Error())
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	after := fault.RetryAfter(f.status, f.code)
	if f.after > 0 {
		after = strconv.Itoa(f.after)
	}
	if after != "" {
		h.Set("Retry-After", after)
	}
	if f.status == http.StatusRequestEntityTooLarge {
		h.Set("Connection", "close") // the rest of the body is not read
	}
	body, err := json.Marshal(problem{Type: cmp.Or(f.about, "about:blank"), Title: cmp.Or(f.title, http.StatusText(f.status)), Status: f.status, Detail: f.detail,
		Instance: requestID(c), Code: f.code, Errors: f.errors})
	if err == nil {
		err = c.Blob(f.status, mediaProblem, body)
	}
	if err != nil {
		s.log.Error("writing an error", "request", requestID(c), "cause", err.Error())
	}
}
