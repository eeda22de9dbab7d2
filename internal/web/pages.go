package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/wording"
)

//go:embed templates
var templateFiles embed.FS

// pages are the templates by name, each with the layout around it.
type pages map[string]*template.Template

// loadPages reads the pages of one language.
func loadPages(a assets, l wording.Language) (pages, error) {
	shared, err := template.New("layout.html").
		Funcs(template.FuncMap{"asset": a.link}).Funcs(words(l)).
		ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("reading the layout: %w", err)
	}
	p := make(pages)
	for _, name := range []string{"home", "verify", "report", "table", "credential", "achievement", "organisation", "endorsement", "error"} {
		copied, err := shared.Clone()
		if err != nil {
			return nil, fmt.Errorf("reading the page %s: %w", name, err)
		}
		if p[name], err = copied.ParseFS(templateFiles, "templates/"+name+".html"); err != nil {
			return nil, fmt.Errorf("reading the page %s: %w", name, err)
		}
	}
	return p, nil
}

// frame is what the layout needs of every page.
type frame struct {
	Title    string
	Host     string // where this installation is found
	Local    bool   // its addresses work on this machine only
	Unlisted bool   // search engines are asked to leave the page out
	Preview  *preview
	Query    string   // keeps the links of the page in the language that was chosen; "" for none
	Tongues  []tongue // the other languages of the page; none where it speaks English only
	Sealing  bool     // the page holds the form with the report, which is sent along to show it in another language
	Script   string   // name of a static file
}

// preview is what other sites show of a page that somebody links to (the Open Graph protocol). Previews are kept for months,
// so none says whether a badge is in force, and none names who earned it.
type preview struct {
	Title       string
	Description string // at most 100 characters are shown
	URL         string
	Image       string // address of a PNG, or ""
	Alt         string
}

func (s *server) frame(title string, unlisted bool) frame {
	_, host, _ := strings.Cut(s.Base, "://")
	return frame{Title: title, Host: host, Local: s.Local, Unlisted: unlisted}
}

// previewOf makes the preview of a page for an achievement or for an award of it; the picture is the achievement's, which
// holds no credential.
func (s *server) previewOf(name, kind, issuer, url, achievement string) *preview {
	description := kind
	if issuer != "" {
		description += " from " + issuer
	}
	return &preview{
		Title:       name,
		Description: wording.Cut(description, 60) + ". Anyone can check it here.",
		URL:         url,
		Image:       s.Base + "/a/" + achievement + "/image.png",
		Alt:         "Badge picture: " + name,
	}
}

// page renders a page that speaks English only.
func (s *server) page(c echo.Context, status int, name string, data any) error {
	return s.render(c, wording.English, status, name, data)
}

// pageIn renders a page that speaks every language.
func (s *server) pageIn(c echo.Context, l wording.Language, status int, name string, data any) error {
	c.Response().Header().Set("Content-Language", string(l))
	return s.render(c, l, status, name, data)
}

// render renders a template as a whole before anything is sent, so that an error can still become an error page.
func (s *server) render(c echo.Context, l wording.Language, status int, name string, data any) error {
	var out bytes.Buffer
	if err := s.pages[l][name].Execute(&out, data); err != nil {
		return fmt.Errorf("rendering the page %s: %w", name, err)
	}
	return c.HTMLBlob(status, out.Bytes())
}

type errorPage struct {
	frame
	Status    int
	Detail    string
	Reference string // of the request, for whoever runs this server; "" when the fault is not on this side
}

type verifyPage struct {
	frame
	Most      int // files at a time
	MostBytes int // of them together
	FileBytes int // of one
}

func (s *server) verifyForm(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Cache-Control", cacheAsk)
	h.Set("Vary", "Accept-Language")
	l := languageOf(c)
	data := s.spoken(c, l.Say("page.verify.heading"))
	data.Unlisted, data.Script = false, "verify.js"
	data.Preview = &preview{Title: data.Title, Description: l.Say("page.verify.preview"), URL: s.Base + "/verify"}
	return s.pageIn(c, l, http.StatusOK, "verify", verifyPage{frame: data, Most: batch.MostRows, MostBytes: batch.MostBytes, FileBytes: credential.Limits.Upload})
}
