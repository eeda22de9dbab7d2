package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/layout"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/internal/zipped"
)

//go:embed templates
var templateFiles embed.FS

// pages are the templates by name.
type pages map[string]*template.Template

// loadPages reads the pages of one language.
func loadPages(a assets, l wording.Language) (pages, error) {
	set := template.New("layout.html").Funcs(template.FuncMap{"asset": a.link}).Funcs(words(l))
	for _, name := range []string{"layout", "parts", "award", "sharing"} {
		if err := read(set, l, name); err != nil {
			return nil, fmt.Errorf("reading the layout: %w", err)
		}
	}
	p, err := layout.Pages(set, []string{"home", "verify", "device", "report", "credential", "achievement", "organisation", "endorsement", "share", "certificate", "error"},
		func(name string) error { return read(set, l, name) })
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"table", "embed"} { // one is written row by row, the other stands in pages of others: neither has the layout around it
		if err := read(set, l, name); err != nil {
			return nil, fmt.Errorf("reading the page %s: %w", name, err)
		}
		p[name] = set.Lookup(name + ".html")
	}
	return p, nil
}

// bare is where a template says a text that no value stands in.
var bare = regexp.MustCompile(`\{\{say "([^"]+)"\}\}`)

// read adds a template. What it always says is put into it here, so that it need not be looked up for each page.
func read(t *template.Template, l wording.Language, name string) error {
	text, err := templateFiles.ReadFile("templates/" + name + ".html")
	if err != nil {
		return err
	}
	if name += ".html"; name != t.Name() {
		t = t.New(name)
	}
	_, err = t.Parse(bare.ReplaceAllStringFunc(string(text), func(call string) string {
		return template.HTMLEscapeString(l.Say(bare.FindStringSubmatch(call)[1]))
	}))
	return err
}

// frame is what the layout needs of every page.
type frame struct {
	Title    string
	Host     string // where this installation is found
	Local    bool   // its addresses work on this machine only
	Unlisted bool   // search engines are asked to leave the page out
	Preview  *preview
	Data     any      // what the page says to programs, in the words of schema.org; nil for nothing
	Query    string   // keeps the links of the page in the language that was chosen; "" for none
	Tongues  []tongue // the other languages of the page; none where it speaks English only
	Sealing  bool     // the page holds the form with the report, which is sent along to show it in another language
	Script   string   // name of a static file
	Accent   string   // six hexadecimal digits of the colour that the issuer has chosen; "" for ours
}

func (s *server) frame(title string, unlisted bool) frame {
	_, host, _ := strings.Cut(s.Base, "://")
	return frame{Title: title, Host: host, Local: s.Local, Unlisted: unlisted}
}

// pageIn renders a page that is for this request alone.
func (s *server) pageIn(c echo.Context, l wording.Language, status int, name string, data any) error {
	body, err := s.rendered(l, name, data)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Language", string(l))
	if readsAddress(c) {
		varies(h, "Accept-Encoding")
	}
	return s.sendPage(c, status, body)
}

// keptPage renders a page that may be kept and is asked about before each use: as long as it says the same, the answer is that it
// does. What says only when it was looked at, and changes with every look, is given in passing and does not count.
func (s *server) keptPage(c echo.Context, l wording.Language, name string, data any, passing ...string) error {
	body, err := s.rendered(l, name, data)
	if err != nil {
		return err
	}
	page := drawnPage{body: body, tag: tagOf(body, passing), language: l}
	wanted, _ := c.Get(asSent).(*drawnPage)
	if s.mayZip(c, body) && (wanted != nil || !page.known(c)) {
		if page.body, err = zipped.Page(body); err != nil {
			return err
		}
		page.zipped = true
	}
	if wanted != nil {
		*wanted = page
	}
	return s.sendDrawn(c, page)
}

// drawnPage is a page as it is sent.
type drawnPage struct {
	body     []byte
	tag      string
	language wording.Language
	zipped   bool
}

// sendDrawn answers with a page, or tells that it says what the one that was read before does.
func (s *server) sendDrawn(c echo.Context, page drawnPage) error {
	h := c.Response().Header()
	h.Set("ETag", "W/"+page.tag) // two pages that say the same need not have the same bytes
	h.Set("Cache-Control", cacheAsk)
	h.Set("Content-Language", string(page.language))
	varies(h, "Accept-Language", "Accept-Encoding")
	if page.known(c) {
		return c.NoContent(http.StatusNotModified)
	}
	if page.zipped {
		h.Set("Content-Encoding", "gzip")
	}
	return c.HTMLBlob(http.StatusOK, page.body)
}

// known says that whoever asks has a page that says the same (RFC 9110 section 13.1.2: compared weakly).
func (p drawnPage) known(c echo.Context) bool {
	for tag := range strings.SplitSeq(c.Request().Header.Get("If-None-Match"), ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == p.tag {
			return true
		}
	}
	return false
}

// tagOf is an entity tag over a page without the words that are given in passing.
func tagOf(page []byte, passing []string) string {
	said := bytes.Clone(page)
	for _, words := range passing {
		words := []byte(template.HTMLEscapeString(words))
		for at := 0; len(words) > 0; at += len(words) {
			next := bytes.Index(said[at:], words)
			if next < 0 {
				break
			}
			at += next
			clear(said[at+len(words)-len(timeOfDay(words)) : at+len(words)]) // no page holds such a byte by itself
		}
	}
	digest := sha256.New()
	for part := range bytes.SplitSeq(said, []byte{0}) {
		_, _ = digest.Write(part) // a digest takes every write
	}
	return `"` + base64.RawURLEncoding.EncodeToString(digest.Sum(nil)[:16]) + `"`
}

var clockTime = regexp.MustCompile(`(\b\d\d:\d\d UTC|T\d\d:\d\d:\d\d(\.\d+)?Z)$`)

// timeOfDay is the end of a moment without its day, which counts: a page that says that something holds today is another one tomorrow.
// What is no moment passes whole.
func timeOfDay(words []byte) []byte {
	if end := clockTime.Find(words); end != nil {
		return end
	}
	return words
}

// rendered renders a template as a whole before anything is sent, so that an error can still become an error page.
func (s *server) rendered(l wording.Language, name string, data any) ([]byte, error) {
	pages, err := s.pages[l]()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Grow(32 << 10)
	if err := pages[name].Execute(&out, data); err != nil {
		return nil, fmt.Errorf("rendering the page %s: %w", name, err)
	}
	return out.Bytes(), nil
}

type errorPage struct {
	frame
	Status    int
	Detail    string
	Reference string // of the request, for whoever runs this server; "" when the fault is not on this side
	Badge     bool   // whoever asked wanted to see a badge
}

type verifyPage struct {
	frame
	Most      int // files at a time
	MostBytes int // of them together
	FileBytes int // of one
}

func (s *server) verifyForm(c echo.Context) error {
	l := languageOf(c)
	data := s.spoken(c, l.Say("page.verify.heading"))
	data.Unlisted, data.Script = false, "verify.js"
	data.Preview = &preview{Title: data.Title, Description: l.Say("page.verify.preview"), URL: s.Base + "/verify"}
	c.Response().Header().Set("Permissions-Policy", policyCamera)
	return s.keptPage(c, l, "verify", verifyPage{frame: data, Most: batch.MostRows, MostBytes: batch.MostBytes, FileBytes: credential.Limits.Upload})
}
