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
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

//go:embed templates
var templateFiles embed.FS

// pages are the templates by name, each with the layout around it.
type pages map[string]*template.Template

func loadPages(a assets) (pages, error) {
	shared, err := template.New("layout.html").
		Funcs(template.FuncMap{"asset": a.link}).
		ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("reading the layout: %w", err)
	}
	p := make(pages)
	for _, name := range []string{"home", "verify", "report", "credential", "achievement", "organisation", "error"} {
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
		Description: cut(description, 60) + ". Anyone can check it here.",
		URL:         url,
		Image:       s.Base + "/a/" + achievement + "/image.png",
		Alt:         "Badge picture: " + name,
	}
}

// page renders a template as a whole before anything is sent, so that an error can still become an error page.
func (s *server) page(c echo.Context, status int, name string, data any) error {
	var out bytes.Buffer
	if err := s.pages[name].Execute(&out, data); err != nil {
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

type homePage struct {
	frame
	Issuers      []party
	Achievements []reference
}

// home says what this is. It lists who issues here and what can be earned, and no award: those are found by their
// address only.
func (s *server) home(c echo.Context) error {
	ctx := c.Request().Context()
	organisations, err := s.Office.Organisations(ctx)
	if err != nil {
		return fmt.Errorf("listing the issuers: %w", err)
	}
	achievements, err := s.Office.Achievements(ctx)
	if err != nil {
		return fmt.Errorf("listing the achievements: %w", err)
	}
	data := homePage{frame: s.frame("Badges that anyone can check", false)}
	data.Preview = &preview{Title: data.Title, Description: "Open Badges 3.0: signed files, checked in seconds, here or elsewhere.", URL: s.Base + "/"}
	names := make(map[string]string)
	for _, o := range organisations {
		p := ownParty(o)
		names[o.ID] = p.Name
		data.Issuers = append(data.Issuers, p)
	}
	for _, a := range achievements {
		if a.Archived != nil {
			continue // it can be earned no more
		}
		data.Achievements = append(data.Achievements, reference{Name: plain(a.Name), Link: "/a/" + a.ID, Lines: nonEmpty(names[a.Organisation])})
	}
	c.Response().Header().Set("Cache-Control", cacheAsk)
	return s.page(c, http.StatusOK, "home", data)
}

// ownParty is an issuer of this installation.
func ownParty(o issuer.Organisation) party {
	return party{Name: first(o.Name, host(o.DID)), ID: plain(o.DID), Host: host(o.DID), Link: "/i/" + o.ID}
}

func (s *server) verifyForm(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", cacheAsk)
	data := s.frame("Check a badge", false)
	data.Preview = &preview{Title: data.Title, Description: "Is it authentic, and is it in force? Give us its picture, file or link.", URL: s.Base + "/verify"}
	return s.page(c, http.StatusOK, "verify", data)
}

type reportPage struct {
	frame
	Verdict verdict
	Badge   *badge // nil where nothing was secured
	Kind    string // what was read
	SHA256  string
	Checks  checked
	Inside  []inside // of a presentation or a record
	JSON    string
}

// reportPage shows a report to whoever gave the badge.
func (s *server) reportPage(c echo.Context, report *verifier.Report) error {
	v := judge(report, nil)
	data := reportPage{frame: s.frame(v.Title, true), Verdict: v, Kind: kindWords(report.Input), SHA256: report.Input.SHA256}
	if report.Credential != nil && report.Authentic != verifier.No && report.Credential.Kind != credential.KindPresentation {
		data.Badge = viewOf(report.Credential, holder)
	}
	data.Checks = checksOf(report)
	data.Inside = insideOf(report)
	body, err := reportJSON(report)
	if err != nil {
		return err
	}
	data.JSON = visible(string(body))
	return s.page(c, http.StatusOK, "report", data)
}

// inside is a credential inside a presentation or a record, with its own verdict.
type inside struct {
	Name    string
	Verdict verdict
	Badge   *badge
	Checks  checked
}

// insideOf gathers the reports of everything inside a report, the outer before the inner.
func insideOf(report *verifier.Report) []inside {
	var all []inside
	for _, r := range report.Credentials {
		one := inside{Name: "A credential", Verdict: judge(r, nil), Checks: checksOf(r)}
		if r.Credential != nil {
			one.Badge = viewOf(r.Credential, holder)
			one.Name = one.Badge.Name
		}
		all = append(append(all, one), insideOf(r)...)
	}
	return all
}
