package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/verifier"
)

// verify answers POST /verify: the report as a page, or as JSON for those who accept that. A report is an answer, so its
// status is 200 whatever it says.
func (s *server) verify(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", cacheNever) // what somebody uploads is theirs
	c.Response().Header().Set("Vary", "Accept")
	ctx := c.Request().Context()
	release, err := s.uploads.room(c.Request(), visitorOf(c))
	if err != nil {
		return err
	}
	defer release()
	input, err := s.input(c.Request())
	if err != nil {
		return err
	}
	report, err := s.Verify(ctx, input)
	if err != nil {
		return fmt.Errorf("verifying: %w", err)
	}
	if wantsPage(c) {
		return s.reportPage(c, report)
	}
	body, err := reportJSON(report)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, mediaJSON, body)
}

const (
	largeUploads = 16              // bodies beyond credential.Limits.Body that are in memory at a time
	largeFromOne = 4               // of them, from one address
	uploadWait   = 5 * time.Second // for one of them to be done
)

// uploads counts the large bodies in memory: each takes several times its size while it is judged.
type uploads struct {
	places chan struct{}

	mu   sync.Mutex
	from map[netip.Prefix]int // guarded by mu
}

func newUploads() *uploads {
	return &uploads{places: make(chan struct{}, largeUploads), from: map[netip.Prefix]int{}}
}

// room waits until a large body may be read, and answers what gives its place back. A body of unannounced length has to be
// a small one, so that nobody takes a place without saying for what.
func (u *uploads) room(r *http.Request, visitor netip.Addr) (release func(), err error) {
	if r.ContentLength < 0 {
		r.Body = http.MaxBytesReader(nil, r.Body, int64(credential.Limits.Body))
	}
	if r.ContentLength <= int64(credential.Limits.Body) {
		return func() {}, nil
	}
	busy := failure{status: http.StatusServiceUnavailable, code: "busy", detail: "Many large files are being checked just now. Try again in a moment."}
	address := network(visitor)
	if !u.count(address, 1) {
		return nil, busy
	}
	ctx, cancel := context.WithTimeout(r.Context(), uploadWait)
	defer cancel()
	select {
	case u.places <- struct{}{}:
		return func() { <-u.places; u.count(address, -1) }, nil
	case <-ctx.Done():
		u.count(address, -1)
		return nil, busy
	}
}

// count adds to what an address holds. It refuses to go beyond largeFromOne.
func (u *uploads) count(address netip.Prefix, change int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.from[address] + change
	if now > largeFromOne {
		return false
	}
	if u.from[address] = now; now == 0 {
		delete(u.from, address)
	}
	return true
}

// reportJSON writes a report as the command line writes it.
func reportJSON(report *verifier.Report) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return nil, fmt.Errorf("writing a report: %w", err)
	}
	return out.Bytes(), nil
}

// input reads what to verify: a form, a JSON object that names or wraps a credential, or the credential itself.
func (s *server) input(r *http.Request) ([]byte, error) {
	media := "application/octet-stream"
	if r.Header.Get("Content-Encoding") != "" {
		return nil, failure{status: http.StatusUnsupportedMediaType, code: "content_encoding", detail: "Send the badge as it is, without Content-Encoding."}
	}
	if given := r.Header.Get("Content-Type"); given != "" {
		var parameters map[string]string
		var err error
		if media, parameters, err = mime.ParseMediaType(given); err != nil {
			return nil, unsupported()
		}
		// JSON and tokens are UTF-8 (RFC 8259 section 8.1); reading them as anything else would be a guess.
		if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
			return nil, failure{status: http.StatusUnsupportedMediaType, code: "charset", detail: "Send the badge in UTF-8."}
		}
	}
	var body []byte
	var err error
	switch media {
	case "multipart/form-data":
		body, err = s.formInput(r)
	case mediaJSON:
		if body, err = readUpTo(r.Body, credential.Limits.Upload+envelope); err == nil {
			body, err = s.wrapped(r.Context(), body)
		}
	case mediaVC, mediaVCLD, mediaLD, mediaJWT, mediaVCJWT, mediaText,
		"image/png", "image/svg+xml", "application/pdf", "application/octet-stream":
		body, err = readUpTo(r.Body, credential.Limits.Upload)
	default:
		return nil, unsupported()
	}
	if err != nil {
		return nil, err
	}
	if len(body) > credential.Limits.Upload {
		return nil, tooLarge(int64(credential.Limits.Upload))
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, failure{status: http.StatusBadRequest, code: "empty", detail: "There was nothing to check. Choose a file, or paste a link or the text of a badge."}
	}
	return body, nil
}

func unsupported() failure {
	return failure{
		status: http.StatusUnsupportedMediaType, code: "media_type",
		detail: "Send a form with the file field “credential”, or the badge itself as JSON, a JWT, or a PNG or SVG picture, with its media type.",
	}
}

func readUpTo(r io.Reader, limit int) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if len(body) > limit {
		return nil, tooLarge(int64(limit))
	}
	return body, nil
}

// unreadable tells a body that is over the limit from one that broke off.
func unreadable(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge(large.Limit)
	}
	return failure{status: http.StatusBadRequest, code: "bad_request", detail: "The request broke off or could not be read."}
}

// formInput reads the form of the page: the file field credential, else the pasted text or link in the field text.
func (s *server) formInput(r *http.Request) ([]byte, error) {
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, unreadable(err)
	}
	var file, pasted []byte
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, unreadable(err)
		}
		if err := readPart(part, &file, &pasted); err != nil {
			return nil, err
		}
	}
	if len(file) > 0 {
		return file, nil
	}
	pasted = bytes.TrimSpace(pasted)
	if isLink(string(pasted)) {
		return s.fetch(r.Context(), string(pasted))
	}
	return pasted, nil
}

func readPart(part *multipart.Part, file, pasted *[]byte) error {
	field, limit := file, credential.Limits.Upload
	switch part.FormName() {
	case "credential":
	case "text":
		field, limit = pasted, credential.Limits.Document
	default:
		return nil
	}
	content, err := readUpTo(part, limit)
	if err != nil {
		return err
	}
	if len(content) == 0 {
		return nil // an empty field of the form
	}
	if len(*field) > 0 {
		return failure{status: http.StatusBadRequest, code: "bad_request", detail: "Send one badge at a time."}
	}
	*field = content
	return nil
}

// isLink tells a pasted address from a pasted badge.
func isLink(s string) bool {
	return (strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")) && !strings.ContainsAny(s, " \t\r\n")
}

// wrapped opens {"url": …} and {"credential": …}. Anything else is the credential itself. The bytes of a wrapped
// credential are taken as they stand: writing them anew could hide what the strict reader refuses.
func (s *server) wrapped(ctx context.Context, body []byte) ([]byte, error) {
	name, value, ok := onlyMember(body)
	if !ok {
		return body, nil
	}
	var text string
	isText := json.Unmarshal(value, &text) == nil
	switch {
	case name == "url" && isText:
		return s.fetch(ctx, text)
	case name == "credential" && isText: // a JWT
		return []byte(text), nil
	case name == "credential":
		return value, nil
	}
	return body, nil
}

// onlyMember is the single member of a JSON object, with its value as it was written.
func onlyMember(body []byte) (string, json.RawMessage, bool) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return "", nil, false
	}
	key, err := decoder.Token()
	name, ok := key.(string)
	if err != nil || !ok || (name != "url" && name != "credential") {
		return "", nil, false
	}
	var value json.RawMessage
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		return "", nil, false
	}
	if _, err := decoder.Token(); err != nil {
		return "", nil, false
	}
	_, err = decoder.Token()
	return name, value, errors.Is(err, io.EOF)
}

// fetch reads what stands at a link. Where nothing could be read there is no report to give.
func (s *server) fetch(ctx context.Context, link string) ([]byte, error) {
	body, err := s.FetchInput(ctx, strings.TrimSpace(link))
	switch {
	case err == nil:
		return body, nil
	case errors.Is(err, verifier.ErrBlocked):
		return nil, failure{status: http.StatusUnprocessableEntity, code: "ssrf_blocked", detail: "That link is not a public https address, so it was not opened. Upload the file instead."}
	case errors.Is(err, verifier.ErrTooLarge):
		return nil, failure{status: http.StatusUnprocessableEntity, code: "too_large", detail: "What stands at that link is larger than any badge may be."}
	}
	return nil, failure{status: http.StatusUnprocessableEntity, code: "link_unavailable", detail: "Nothing could be read at that link. Try again later, or upload the file."}
}
