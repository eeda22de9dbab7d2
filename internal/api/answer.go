package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/issuer"
)

// answer is what a write is answered with, also as it is kept for when the write is asked for again.
type answer struct {
	Status   int    `json:"status"`
	Tag      string `json:"tag,omitempty"`
	Location string `json:"location,omitempty"`
	// Body is the JSON itself, so that what is kept about an award is found by its id when the award is erased. Answers of earlier
	// releases have it in base64.
	Body json.RawMessage `json:"body,omitempty"`
}

// tagOf is the entity tag of a version of a record; "" for none.
func tagOf(version uint64) string {
	if version == 0 {
		return ""
	}
	return `"v` + strconv.FormatUint(version, 10) + `"`
}

// tags splits the fields If-Match and If-None-Match (RFC 9110 section 13.1). Our tags hold no comma.
func tags(fields []string) []string {
	var all []string
	for _, field := range fields {
		for tag := range strings.SplitSeq(field, ",") {
			all = append(all, strings.TrimSpace(tag))
		}
	}
	return all
}

// hasTag is the weak comparison of If-None-Match.
func hasTag(fields []string, tag string) bool {
	return slices.ContainsFunc(tags(fields), func(one string) bool { return one == "*" || strings.TrimPrefix(one, "W/") == tag })
}

// versions are those that If-Match names, by the strong comparison; nil for any.
func versions(fields []string) []uint64 {
	if len(fields) == 0 {
		return nil
	}
	named := []uint64{}
	for _, tag := range tags(fields) {
		if tag == "*" {
			return nil
		}
		digits, _ := strings.CutPrefix(strings.TrimSuffix(tag, `"`), `"v`)
		if version, err := strconv.ParseUint(digits, 10, 64); err == nil && tag == tagOf(version) {
			named = append(named, version)
		}
	}
	return named
}

// encode writes JSON as it is, without escapes for HTML.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return out.Bytes(), err
}

// give answers with one thing and its version. Its reader may keep it, and ask with If-None-Match whether it has changed.
func give(c echo.Context, version uint64, v any) error {
	body, err := encode(v)
	if err != nil {
		return err
	}
	tag := tagOf(version)
	h := c.Response().Header()
	if tag != "" { // an achievement from before revisions were counted has none
		h.Set("ETag", tag)
	}
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Authorization")
	if tag != "" && hasTag(c.Request().Header.Values("If-None-Match"), tag) {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, mediaJSON, body)
}

// items is the answer to a list.
type items[T any] struct {
	Items []T `json:"items"`
}

// giveList answers with a page and names the address of the next one (RFC 8288).
func giveList[T, R any](c echo.Context, all []T, shown func(T) R, p page, next string) error {
	list := items[R]{Items: make([]R, 0, len(all))}
	for _, one := range all {
		list.Items = append(list.Items, shown(one))
	}
	if next != "" {
		query := url.Values{"cursor": {next}, "limit": {strconv.Itoa(p.limit)}}
		for name, value := range p.filters {
			query.Set(name, value)
		}
		c.Response().Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, c.Request().URL.Path, query.Encode()))
	}
	body, err := encode(list)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, mediaJSON, body)
}

// write is a request that changes something.
type write struct {
	status   int // 204: there is nothing to show
	body     []byte
	query    bool // the handler has read the query
	proposes bool // what comes out may be a proposal in place of the act: 202
	untagged bool // the version is not told: do does not know it in every case
	places   places
	shown    func(value any) any // the resource that is answered
	// kept is what of it is kept for when the write is asked for again, where that must not be all of it; nil: all.
	kept func(value any) any
	// apart says that do does not keep the answer in the transaction of the act, so that it is kept right after.
	apart bool
	do    func(w issuer.Workspace, by issuer.Write) (value any, version uint64, err error)
}

// change does a write and answers. With an Idempotency-Key it is done once, and answered alike each time.
func (s *server) change(c echo.Context, w write) error {
	if !w.query {
		if err := noQuery(c); err != nil {
			return err
		}
	}
	r := c.Request()
	space, token := s.workspace(c)
	by := issuer.Write{Actor: actor(token), Versions: versions(r.Header.Values("If-Match"))}
	if key := r.Header.Values("Idempotency-Key"); len(key) > 0 {
		if len(key) > 1 || !isKey(key[0]) {
			return failure{status: http.StatusBadRequest, code: "key", detail: "Idempotency-Key has to be 1 to 255 visible ASCII characters, given once."}
		}
		once, err := space.Once(r.Context(), issuer.OnceKey{Actor: by.Actor, Act: r.Method + " " + c.Path(), Text: key[0]}, w.digest(r), func(value any, version uint64) ([]byte, error) {
			shown := w.shown
			if w.kept != nil {
				shown = w.kept
			}
			a, err := w.answer(value, version, shown)
			if err != nil {
				return nil, err
			}
			return encode(a)
		})
		if err != nil {
			return err
		}
		defer once.End()
		if once.Answer != nil {
			before, err := readAnswer(once.Answer)
			if err != nil {
				return err
			}
			return before.send(c)
		}
		by.Once = once
	}
	value, version, err := w.do(space, by)
	if err != nil {
		return w.places.locate(err)
	}
	if w.apart {
		if err := by.Once.Keep(context.WithoutCancel(r.Context()), value, version); err != nil { // what was asked for is done all the same
			s.log.Warn("an answer is not kept", "request", requestID(c), "cause", err.Error())
		}
	}
	a, err := w.answer(value, version, w.shown)
	if err != nil {
		return err
	}
	return a.send(c)
}

// actor is the name of a token in the audit log.
func actor(t issuer.Token) string { return t.Actor() }

// readAnswer reads an answer that was kept.
func readAnswer(text []byte) (a answer, err error) {
	if err := json.Unmarshal(text, &a); err != nil {
		return a, err
	}
	if bytes.HasPrefix(a.Body, []byte(`"`)) {
		var plain []byte
		err = json.Unmarshal(a.Body, &plain)
		a.Body = plain
	}
	return a, err
}

// isKey says whether a text can be an Idempotency-Key.
func isKey(text string) bool {
	return text != "" && len(text) <= 255 && isVisible(text)
}

// isVisible tells visible ASCII characters.
func isVisible(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c < '!' || c > '~' })
}

// digest is that of all that the outcome depends on.
func (w write) digest(r *http.Request) []byte {
	address := r.URL.Path
	if r.URL.RawQuery != "" {
		address += "?" + r.URL.RawQuery
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%q\n%s", r.Method, address, r.Header.Values("If-Match"), w.body))
	return sum[:]
}

// located is a resource that has an address under the API.
type located interface{ address() string }

func (w write) answer(value any, version uint64, shown func(any) any) (answer, error) {
	if w.status == http.StatusNoContent {
		return answer{Status: w.status}, nil
	}
	a := answer{Status: w.status}
	if !w.untagged {
		a.Tag = tagOf(version)
	}
	if w.proposes {
		if p, is := value.(issuer.Proposal); is {
			a.Status, shown = http.StatusAccepted, func(any) any { return keepProposal(p) }
		}
	}
	resource := shown(value)
	if at, ok := resource.(located); ok && (a.Status == http.StatusCreated || a.Status == http.StatusAccepted) {
		a.Location = at.address()
	}
	var err error
	a.Body, err = encode(resource)
	return a, err
}

func (a answer) send(c echo.Context) error {
	h := c.Response().Header()
	if a.Tag != "" {
		h.Set("ETag", a.Tag)
	}
	if a.Location != "" {
		h.Set("Location", a.Location)
	}
	if a.Status == http.StatusNoContent {
		return c.NoContent(a.Status)
	}
	return c.Blob(a.Status, mediaJSON, append(bytes.TrimSpace(a.Body), '\n'))
}
