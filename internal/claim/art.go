package claim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/internal/wording"
)

// mostDrawings is how many bytes of pictures are kept.
const mostDrawings = 8 << 20

// drawings keeps pictures that are drawn here, by what they are made of: what is made of the same is the same. When there is no room left it
// begins anew.
type drawings struct {
	mu   sync.Mutex
	kept map[string][]byte // guarded by mu, as is size
	size int

	drawing sync.Mutex // one is drawn at a time
}

// get is the picture that is made of some texts, drawn unless it was kept.
func (d *drawings) get(draw func() ([]byte, error), of ...string) ([]byte, error) {
	key := tagOf(of...)
	if picture := d.find(key); picture != nil {
		return picture, nil
	}
	d.drawing.Lock()
	defer d.drawing.Unlock()
	if picture := d.find(key); picture != nil {
		return picture, nil
	}
	picture, err := draw()
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil || d.size+len(picture) > mostDrawings {
		d.kept, d.size = map[string][]byte{}, 0
	}
	d.kept[key] = picture
	d.size += len(picture)
	return picture, nil
}

func (d *drawings) find(key string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept[key]
}

// tagOf is an entity tag over what something is made of.
func tagOf(of ...string) string {
	text, err := json.Marshal(of)
	if err != nil {
		panic(err) // texts can always be written
	}
	sum := sha256.Sum256(text)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
}

// same answers a request whose asker has the content of this tag, and says whether it did.
func same(w http.ResponseWriter, r *http.Request, tag string) bool {
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "private, no-cache")
	for _, known := range strings.Split(r.Header.Get("If-None-Match"), ",") {
		if strings.TrimPrefix(strings.TrimSpace(known), "W/") == tag {
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
	if kept && same(w, r, tagOf("art", i.ID, i.Picture, i.Name, i.Type)) {
		return nil
	}
	content, media, err := s.Collection.Picture(r.Context(), i)
	if isMissing(err) {
		media = "image/svg+xml"
		content, err = s.drawn.get(i.Art, "art", i.Name, i.Type)
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

// sharedPreview is the picture that a link to the page of a set is shown with. It names the page and where to look, and claims nothing of the
// badges: such pictures are kept for months.
func (s *site) sharedPreview(w http.ResponseWriter, r *http.Request) error {
	if err := s.looks.allow(s.Visitor(r)); err != nil {
		return err
	}
	shown, err := s.Collection.Open(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	l, _ := language(r)
	p := paper.Preview{Title: wording.Plain(shown.Title), Issuer: wording.Plain(shown.Name), Check: speak(l).say("shared.preview.look", "address", hostPath(s.Base)+"/s/"+shown.ID)}
	of := []string{"preview", p.Title, p.Issuer, p.Check}
	if same(w, r, tagOf(of...)) {
		return nil
	}
	content, err := s.drawn.get(func() ([]byte, error) { return paper.PreviewPNG(p) }, of...)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
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
