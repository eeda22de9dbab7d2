package claim

import (
	"encoding/base32"
	"net/http"
	"strings"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/kept"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/internal/wording"
)

// preview is what other sites show of the page of a set that somebody links to. It names the page and where to look, and claims nothing of
// the badges: previews are kept for months.
type preview struct {
	Title, Description, URL, Image, Alt string
	Secure                              bool // the picture is read over https
	Width, Height                       int

	drawn paper.Preview
	key   kept.Key // of the picture
	name  string   // of its file, which changes with what the picture says: those who show previews keep them by their address
}

func (s *site) previewOf(l wording.Language, set earner.Set) *preview {
	t, path := speak(l), "/s/"+set.ID
	p := &preview{Title: wording.Plain(set.Title), Description: t.say("shared.preview"), URL: s.Base + path, Secure: strings.HasPrefix(s.Base, "https://"), Width: paper.PreviewWidth, Height: paper.PreviewHeight}
	p.drawn = paper.Preview{Title: p.Title, Issuer: wording.Plain(set.Name), Check: t.say("shared.preview.look", "address", hostPath(s.Base)+path)}
	p.key = made("preview", p.drawn.Title, p.drawn.Issuer, p.drawn.Check)
	p.name = string(l) + "-" + strings.ToLower(base32.StdEncoding.EncodeToString(p.key[:10])) + ".png"
	p.Image, p.Alt = p.URL+"/preview/"+p.name, p.Title
	return p
}

// sharedPreview is the picture that a link to the page of a set is shown with, as it is now, whatever version the address asks for.
func (s *site) sharedPreview(w http.ResponseWriter, r *http.Request) error {
	if err := s.looks.allow(s.Visitor(r)); err != nil {
		return err
	}
	set, err := s.Collection.Open(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	l, _ := language(r)
	if asked := r.PathValue("version"); asked != "" {
		of, _, _ := strings.Cut(asked, "-")
		if l = wording.Language(of); l != wording.English && l != wording.Spanish || !strings.HasSuffix(asked, ".png") {
			return errNotFound
		}
	}
	p := s.previewOf(l, set)
	if same(w, r, tagOf(p.key)) {
		return nil
	}
	content, err := s.Kept.Get(r.Context(), p.key, func() ([]byte, error) { return paper.PreviewPNG(p.drawn) })
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(content) // whoever has gone reads no error either
	return nil
}
