package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/laurelbadges/laurel/internal/device"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// part is a text of a page, and the language that it is marked with.
type part struct{ Lang, Text string }

// spell is all text below a node.
func spell(n *html.Node) string {
	text := ""
	if n.Type == html.TextNode {
		text = n.Data
	}
	for in := range n.ChildNodes() {
		text += " " + spell(in)
	}
	return spaced(text)
}

// partsOfPage are the parts of the main content of a page that are marked with a language, but for the details of checks, which are in
// English everywhere.
func partsOfPage(t *testing.T, page string) (parts []part) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Data != "main" {
			continue
		}
		for n := range n.Descendants() {
			for _, a := range n.Attr {
				if a.Key == "lang" && n.Data != "p" {
					parts = append(parts, part{a.Val, spell(n)})
				}
			}
		}
	}
	return parts
}

// partsOfSheet are the same of a sheet of the page that checks on a device.
func partsOfSheet(n *device.Node) (parts []part) {
	var text func(*device.Node) string
	text = func(n *device.Node) string {
		all := n.Text
		for _, in := range n.In {
			all += " " + text(in)
		}
		return spaced(all)
	}
	if n.Lang != "" && n.Tag != "p" {
		parts = append(parts, part{n.Lang, text(n)})
	}
	for _, in := range n.In {
		parts = append(parts, partsOfSheet(in)...)
	}
	return parts
}

// TestLanguageOfParts: what the issuer wrote is marked with its language where that is not the language of the page, on the server and on
// the device, and nothing else is (WCAG 2.2 3.1.2). What is no language marks nothing.
func TestLanguageOfParts(t *testing.T) {
	name, evidence := "Enseñanza en grupos pequeños", []string{"Trabajos de los alumnos", "Cuatro lecciones en octubre.", "Una reflexión."}
	written := slices.Concat([]string{name, "Planea lecciones a partir de lo que han mostrado los alumnos.", "Agrupa según la necesidad", "Competente (3)",
		"Evidencia de cuatro lecciones : el plan una reflexión"}, evidence, []string{"Norma IV", "Normas del estado", "Los maestros facilitan el aprendizaje."})
	for _, test := range []struct {
		page   wording.Language
		tag    string
		marked bool
	}{
		{"en", "es", true}, {"en", "es-MX", true}, {"es", "en", true}, {"es", "pt-br", true},
		{"en", "en", false}, {"en", "en-US", false}, {"en", "EN-us", false}, {"es", "es-MX", false}, {"es", "es-419", false}, {"en", "", false},
		{"en", "x", false}, {"en", "Spanish", false}, {"en", "es_MX", false}, {"en", `es" onload="alert(1)`, false}, {"en", strings.Repeat("es-", 3334), false},
	} {
		r := report(verifier.Yes, verifier.Yes)
		inSpanish(r.Credential)
		r.Credential.Achievement.InLanguage = test.tag
		want := func(texts ...string) (parts []part) {
			for _, text := range texts {
				if test.marked {
					parts = append(parts, part{test.tag, text})
				}
			}
			return parts
		}
		f := newFixture(t, nil)
		f.report = r
		ask := func(input *verifier.Report) string {
			f.report = input
			w := f.call(http.MethodPost, "/verify?lang="+string(test.page), strings.NewReader("{}"), "Content-Type", mediaVC, "Accept", "text/html")
			wantStatus(t, w, http.StatusOK)
			harmless(t, w.Body.String())
			return w.Body.String()
		}
		if diff := cmp.Diff(want(written...), partsOfPage(t, ask(r))); diff != "" {
			t.Errorf("%.60q on a report in %s: %s", test.tag, test.page, diff)
		}
		outer := report(verifier.Yes, verifier.Yes)
		outer.Credential = &verifier.View{Standard: "Verifiable Presentation 2.0", Kind: "VerifiablePresentation"}
		outer.Credentials = []*verifier.Report{r}
		if diff := cmp.Diff(want(name), partsOfPage(t, ask(outer))); diff != "" {
			t.Errorf("%.60q within a report in %s: %s", test.tag, test.page, diff)
		}
		f.report = r
		own := f.get("/c/"+testID+"?lang="+string(test.page), mediaHTML)
		wantStatus(t, own, http.StatusOK)
		if diff := cmp.Diff(want(written...), partsOfPage(t, own.Body.String())); diff != "" {
			t.Errorf("%.60q on the page of a badge in %s: %s", test.tag, test.page, diff)
		}
		sheet := device.Page{Language: test.page}
		if diff := cmp.Diff(want(written...), partsOfSheet(sheet.Sheet(r, ""))); diff != "" {
			t.Errorf("%.60q on a device in %s: %s", test.tag, test.page, diff)
		}
		if diff := cmp.Diff(want(name), partsOfSheet(sheet.Sheet(outer, ""))); diff != "" {
			t.Errorf("%.60q within a report on a device in %s: %s", test.tag, test.page, diff)
		}
		table := stop{Path: "/verify?lang=" + string(test.page), Files: []testFile{{Name: "a.json", Text: "{}"}, {Name: "b.json", Text: "[]"}}, Status: http.StatusOK}.open(t, f)
		harmless(t, table.Body.String())
		if diff := cmp.Diff(want(name, name, name, name), partsOfPage(t, table.Body.String())); diff != "" { // in the cell and in the report, of two rows
			t.Errorf("%.60q in a table in %s: %s", test.tag, test.page, diff)
		}
	}
}
