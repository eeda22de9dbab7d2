package api

import (
	"bytes"
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
	Body     []byte `json:"body"`
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
	status int
	body   []byte
	places places
	shown  func(value any) any // the resource that is answered
	do     func(w issuer.Workspace, by issuer.Write) (value any, version uint64, err error)
}

// change does a write and answers. With an Idempotency-Key it is done once, and answered alike each time.
func (s *server) change(c echo.Context, w write) error {
	if err := noQuery(c); err != nil {
		return err
	}
	r := c.Request()
	space, token := s.workspace(c)
	by := issuer.Write{Actor: "token " + token.ID, Versions: versions(r.Header.Values("If-Match"))}
	if key := r.Header.Values("Idempotency-Key"); len(key) > 0 {
		if len(key) > 1 || !isKey(key[0]) {
			return failure{status: http.StatusBadRequest, code: "key", detail: "Idempotency-Key has to be 1 to 255 visible ASCII characters, given once."}
		}
		once, err := space.Once(r.Context(), key[0], w.digest(r), func(value any, version uint64) ([]byte, error) {
			a, err := w.answer(value, version)
			if err != nil {
				return nil, err
			}
			return json.Marshal(a)
		})
		if err != nil {
			return err
		}
		defer once.End()
		if once.Answer != nil {
			var before answer
			if err := json.Unmarshal(once.Answer, &before); err != nil {
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
	a, err := w.answer(value, version)
	if err != nil {
		return err
	}
	return a.send(c)
}

// isKey says whether a text can be an Idempotency-Key.
func isKey(text string) bool {
	return text != "" && len(text) <= 255 && !strings.ContainsFunc(text, func(c rune) bool { return c < '!' || c > '~' })
}

// digest is that of all that the outcome depends on.
func (w write) digest(r *http.Request) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%q\n%s", r.Method, r.URL.Path, r.Header.Values("If-Match"), w.body))
	return sum[:]
}

// located is a resource that has an address under the API.
type located interface{ address() string }

func (w write) answer(value any, version uint64) (answer, error) {
	shown := w.shown(value)
	body, err := encode(shown)
	a := answer{Status: w.status, Tag: tagOf(version), Body: body}
	if at, ok := shown.(located); ok && w.status == http.StatusCreated {
		a.Location = at.address()
	}
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
	return c.Blob(a.Status, mediaJSON, a.Body)
}
