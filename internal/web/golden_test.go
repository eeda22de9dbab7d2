package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

var update = flag.Bool("update", false, "write the golden pages anew")

// stop is one page of the gallery: an address that is opened, or a text and files that are given to the form of /verify.
type stop struct {
	Path   string     `json:"path"`
	Text   string     `json:"text,omitempty"`
	Files  []testFile `json:"files,omitempty"`
	Status int        `json:"status"`
}

// testFile is a file for the form.
type testFile struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// form is the body of a form and its media type.
func (s stop) form(t testing.TB) (*bytes.Buffer, string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err := form.WriteField("text", s.Text)
	for _, file := range s.Files {
		part, failed := form.CreateFormFile("credential", file.Name)
		if err = errors.Join(err, failed); err == nil {
			_, err = part.Write([]byte(file.Text))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	form.Close()
	return &body, form.FormDataContentType()
}

// stops are all pages of the gallery, by name.
func stops() map[string]stop {
	all := map[string]stop{
		"home":                      {Path: "/", Status: 200},
		"verify":                    {Path: "/verify", Status: 200},
		"issuer":                    {Path: "/i/cedar", Status: 200},
		"issuer-local":              {Path: "/i/local", Status: 200},
		"issuer-hostile":            {Path: "/i/hostile", Status: 200},
		"achievement":               {Path: "/a/groups", Status: 200},
		"achievement-archived":      {Path: "/a/archived", Status: 200},
		"achievement-plain":         {Path: "/a/plain", Status: 200},
		"achievement-hostile":       {Path: "/a/hostile", Status: 200},
		"achievement-long-words":    {Path: "/a/long-words", Status: 200},
		"achievement-right-to-left": {Path: "/a/right-to-left", Status: 200},
		"achievement-full":          {Path: "/a/full", Status: 200},
		"issuer-full":               {Path: "/i/full", Status: 200},
		"issuer-further":            {Path: "/i/full?achievements=second", Status: 200},
		"home-further":              {Path: "/?achievements=third", Status: 200},
		"home-found":                {Path: "/?q=group", Status: 200},
		"home-not-found":            {Path: "/?q=<b>nothing", Status: 200},
		"endorsement":               {Path: "/e/good", Status: 200},
		"endorsement-revoked":       {Path: "/e/revoked", Status: 200},
		"endorsement-hostile":       {Path: "/e/hostile", Status: 200},
		"share":                     {Path: "/c/in-force/share", Status: 200},
		"share-revoked":             {Path: "/c/revoked/share", Status: 200},
		"share-expired":             {Path: "/c/expired/share", Status: 200},
		"share-unknown":             {Path: "/c/status-unknown/share", Status: 200},
		"certificate-refused":       {Path: "/c/revoked.pdf", Status: 404},
		"card-expired":              {Path: "/c/expired/embed", Status: 200},
		"card-superseded":           {Path: "/c/superseded/embed", Status: 200},
		"card-unknown":              {Path: "/c/status-unknown/embed", Status: 200},
		"card-long-words":           {Path: "/c/long-words/embed", Status: 200},
		"card":                      {Path: "/c/public/embed", Status: 200},
		"card-revoked":              {Path: "/c/revoked/embed", Status: 200},
		"error-erased":              {Path: "/c/erased", Status: 410},
		"error-nothing-here":        {Path: "/c/unknown", Status: 404},
		"error-nothing-given":       {Path: "/verify", Text: " ", Status: 400},
		"error-link-not-opened":     {Path: "/verify", Text: "https://10.0.0.1/", Status: 422},
		"error-too-many":            {Path: "/c/too-many", Status: 429},
		"error-our-fault":           {Path: "/verify", Text: `{"exhibit":"broken"}`, Status: 500},
		"report-by-link":            {Path: "/verify", Text: testBase + "/c/in-force", Status: 200},
	}
	var many []testFile
	for _, name := range []string{"in-force", "revoked", "altered", "status-unknown", "in-force", "hostile", "not-a-badge", "long-words", "right-to-left", "presentation"} {
		many = append(many, testFile{Name: name + ".json", Text: `{"exhibit":"` + name + `"}`})
	}
	many[1].Name = "<script>alert(1)</script>\u202egnp.png"
	all["table"] = stop{Path: "/verify", Files: many, Text: "https://10.0.0.1/", Status: 200}
	for name := range exhibits() {
		all["badge-"+name] = stop{Path: "/c/" + name, Status: 200}
		all["report-"+name] = stop{Path: "/verify", Text: `{"exhibit":"` + name + `"}`, Status: 200}
	}
	for _, name := range []string{"not-a-badge", "presentation", "record", "old-standard", "changed", "other-language"} { // nothing of ours has such an address
		delete(all, "badge-"+name)
	}
	delete(all, "badge-erased") // told by errors
	delete(all, "badge-off")
	for _, name := range ofTheRecord {
		delete(all, "report-"+name)
	}
	for name, s := range maps.Clone(all) { // one page of every kind in Spanish, and all around checking
		if s.Path == "/verify" || s.Status != http.StatusOK || slices.Contains([]string{"home", "issuer", "achievement-full", "endorsement", "share", "share-expired", "card", "card-unknown", "badge-backed", "badge-revoked"}, name) {
			s.Path += "?lang=es"
			all[name+"-es"] = s
		}
	}
	return all
}

// open asks for a page as a browser does.
func (s stop) open(t *testing.T, handler http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, s.Path, nil)
	if s.Text != "" || len(s.Files) > 0 {
		body, media := s.form(t)
		r = httptest.NewRequest(http.MethodPost, s.Path, body)
		r.Header.Set("Content-Type", media)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// TestGoldenPages compares every page of the gallery with the one that was looked at: go test ./internal/web -update.
func TestGoldenPages(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: pages one after another")
	}
	handler := newGallery(t)
	// What changes by itself: the names of requests, and the digests in the names of files.
	changing := regexp.MustCompile(`[A-Z2-7]{26}|/static/(laurel|mark|verify|table|scan|qr)\.[0-9a-f]{16}|name="reports" value="[^"]+"|href="data:[^"]+"`)
	folder := filepath.Join("testdata", "golden")
	if *update {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	known := stops()
	for _, name := range slices.Sorted(maps.Keys(known)) {
		t.Run(name, func(t *testing.T) {
			w := known[name].open(t, handler)
			wantStatus(t, w, known[name].Status)
			page := changing.ReplaceAllStringFunc(w.Body.String(), func(found string) string {
				if kind, _, isData := strings.Cut(found, ";base64,"); isData {
					return kind + `;base64,DATA"`
				}
				if strings.HasPrefix(found, "name=") {
					return `name="reports" value="SEALED"`
				}
				if file, _, isFile := strings.Cut(found, "."); isFile {
					return file + ".DIGEST"
				}
				return "REQUEST"
			})
			harmless(t, page)
			if weight := heft(t, handler, w.Body.String()); weight > 60_000 && !strings.HasPrefix(name, "table") && !strings.HasPrefix(name, "report-presentation") { // these grow with what is handed in
				t.Errorf("the page weighs %d bytes", weight)
			}
			if regexp.MustCompile(`(?i)\bverified\b`).MatchString(page) {
				t.Error("the page says Verified")
			}
			file := filepath.Join(folder, name+".html")
			if *update {
				if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(golden), page); diff != "" {
				t.Errorf("the page is not the golden one (go test ./internal/web -update writes it):\n%s", diff)
			}
		})
	}
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(known) {
		t.Errorf("%d golden files for %d pages", len(files), len(known))
	}
}

// heft is how many bytes a browser is sent for a page before it can be read: itself, its style sheets and its script.
func heft(t *testing.T, handler http.Handler, page string) int {
	t.Helper()
	weight := len(page)
	for _, found := range regexp.MustCompile(`(?:href|src)="(/(?:static|accent)/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, found[1], nil)
		r.Header.Set("Accept-Encoding", "gzip")
		handler.ServeHTTP(w, r)
		weight += w.Body.Len()
	}
	return weight
}

// harmless holds for every page, whatever a signer wrote: nothing runs, nothing is loaded from elsewhere, nothing that is
// hidden changes how a text reads.
func harmless(t *testing.T, page string) {
	t.Helper()
	for _, r := range page {
		if wording.Hidden(r) && r != '\n' && r != '\t' {
			t.Errorf("the page holds %U", r)
		}
	}
	headings := 0
	for tokens := html.NewTokenizer(strings.NewReader(page)); ; {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			break
		}
		token := tokens.Token()
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		if token.Data == "h1" {
			headings++
		}
		if token.Data == "script" && slices.Contains(token.Attr, html.Attribute{Key: "type", Val: "application/ld+json"}) { // says something, and does nothing
			if tokens.Next() != html.TextToken || !json.Valid(tokens.Raw()) || bytes.ContainsAny(tokens.Raw(), "<>&") {
				t.Errorf("the page holds %s %s", token, tokens.Raw())
			}
			continue
		}
		if token.Data == "script" { // nothing but a file of ours, and nothing in it
			if tokens.Next() != html.EndTagToken || !slices.ContainsFunc(token.Attr, func(a html.Attribute) bool { return a.Key == "src" }) {
				t.Errorf("the page holds %s", token)
			}
		}
		if slices.Contains([]string{"style", "iframe", "object", "embed", "base", "template", "b", "i"}, token.Data) {
			t.Errorf("the page holds %s", token)
		}
		if token.Data == "img" && !(hasAttribute(token, "width") && hasAttribute(token, "height") && hasAttribute(token, "alt")) {
			t.Errorf("a picture without its place or its words: %s", token)
		}
		for _, a := range token.Attr {
			if complaint := judgeAttribute(token, a); complaint != "" {
				t.Errorf("%s: %s", complaint, token)
			}
		}
	}
	if headings != 1 {
		t.Errorf("the page has %d h1", headings)
	}
}

func hasAttribute(token html.Token, name string) bool {
	return slices.ContainsFunc(token.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// judgeAttribute says what is wrong with an attribute of a page, "" when it may stand there.
func judgeAttribute(token html.Token, a html.Attribute) string {
	own := strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//")
	scheme, _, _ := strings.Cut(a.Val, ":")
	abroad := scheme == "https" || scheme == "http"
	kept := token.Data == "a" && slices.ContainsFunc(token.Attr, func(a html.Attribute) bool { return a.Key == "download" }) // saved, not opened
	within := regexp.MustCompile(`^(/i/[^#]*)?#(them|main|(row|report)-[0-9]+|s-[a-z]+)$`).MatchString(a.Val)
	loaded := token.Data == "link" && !slices.ContainsFunc(token.Attr, func(a html.Attribute) bool { return a.Key == "rel" && (a.Val == "canonical" || a.Val == "alternate") })
	switch {
	case strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcset":
		return "an attribute that runs, paints or loads"
	case (a.Key == "src" || a.Key == "action" || a.Key == "formaction" || a.Key == "href" && loaded) && !own:
		return "loaded from elsewhere"
	case a.Key == "href" && !own && !abroad && scheme != "mailto" && !within && !(kept && scheme == "data"):
		return "a link of another kind"
	}
	return ""
}

// FuzzPages: whatever a signer writes, the page of a badge is harmless.
func FuzzPages(f *testing.F) {
	f.Add("Name", "Text **bold** [x](javascript:alert(1))", "https://ok.example/")
	f.Add("<script>", "<script>alert(1)</script>\n\n# x\n\n![p](//t.example/p.png)", "javascript:alert(1)")
	f.Add("\u202e\u0000\xff", "a\u2028[r]: data:text/html,x\n[r]", "https://a:b@c/\u200b")
	fixture := newFixture(f, nil)
	f.Fuzz(func(t *testing.T, name, narrative, link string) {
		fixture.report = report(verifier.Yes, verifier.Yes)
		v := fixture.report.Credential
		v.Issuer = verifier.Party{ID: link, Name: name, URL: link}
		v.Recipient = []verifier.Identity{{Type: "name", Value: name}, {Type: name, Value: link}}
		*v.Achievement = verifier.Award{Name: name, Description: narrative, Criteria: narrative, CriteriaURL: link, Type: name, Version: name, InLanguage: link}
		v.Evidence = []verifier.Evidence{{ID: link, Name: name, Narrative: narrative}}
		v.Alignments = []verifier.Alignment{{Name: name, URL: link}}
		v.Results, v.ValidUntil, v.Superseded = []verifier.Mark{{Name: name, Value: narrative}}, link, link
		fixture.report.Checks[0].Detail = narrative
		harmless(t, fixture.get("/c/"+testID, "text/html").Body.String())
		form := fixture.call(http.MethodPost, "/verify", strings.NewReader("{}"), "Content-Type", mediaVC, "Accept", "text/html")
		harmless(t, form.Body.String())
	})
}
