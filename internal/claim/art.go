package claim

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/kept"
)

// made is the digest of the texts that something is made of.
func made(kind string, of ...string) kept.Key {
	parts := make([][]byte, len(of))
	for i, text := range of {
		parts[i] = []byte(text)
	}
	return kept.Of("claim "+kind, parts...)
}

// tagOf is an entity tag over what something is made of.
func tagOf(key kept.Key) string { return `"` + base64.RawURLEncoding.EncodeToString(key[:15]) + `"` }

// same answers a request whose asker has the content of this tag, and says whether it did.
func same(w http.ResponseWriter, r *http.Request, tag string) bool {
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "private, no-cache")
	for known := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if strings.TrimPrefix(strings.TrimSpace(known), "W/") == strings.TrimPrefix(tag, "W/") {
			w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

// importedArt is the picture of a badge in the list of whoever has brought it.
func (s *site) importedArt(w http.ResponseWriter, r *http.Request) error {
	i, _, _, err := s.Collection.Imported(r.Context(), s.session(r), r.PathValue("id"))
	if err == nil && i.Award != "" { // its achievement has the picture
		err = errNotFound
	}
	if err != nil {
		return err
	}
	return s.sendArt(w, r, &i, false)
}

// sharedArt is the picture of a badge from elsewhere on the page of a set.
func (s *site) sharedArt(w http.ResponseWriter, r *http.Request) error {
	if err := s.looks.allow(s.Visitor(r)); err != nil {
		return err
	}
	_, b, err := s.badgeOf(r)
	if err == nil && b.Award != nil {
		err = errNotFound
	}
	if err != nil {
		return err
	}
	return s.sendArt(w, r, b.Imported, true)
}

// sendArt sends the picture of a badge from elsewhere: the one that came with it, made safe when it came, or one that is drawn here. Neither
// ever changes. With kept the browser may keep it, and asks before it shows it again.
func (s *site) sendArt(w http.ResponseWriter, r *http.Request, i *earner.Imported, kept bool) error {
	if kept && same(w, r, tagOf(made("art", i.ID, i.Picture, i.Name, i.Type))) {
		return nil
	}
	content, media, err := s.Collection.Picture(r.Context(), i)
	if isMissing(err) {
		media = "image/svg+xml"
		content, err = s.Kept.Get(r.Context(), made("drawn", i.Name, i.Type), i.Art)
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	_, _ = w.Write(content) // whoever has gone reads no error either
	return nil
}

// hostPath is an address without its scheme.
func hostPath(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	return rest
}

// badgeOf is the badge of a set at the place that a path names. Only that one is read.
func (s *site) badgeOf(r *http.Request) (earner.Shown, earner.Badge, error) {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || strconv.Itoa(number) != r.PathValue("number") || number < 1 {
		return earner.Shown{}, earner.Badge{}, errNotFound
	}
	return s.Collection.One(r.Context(), r.PathValue("id"), number)
}
