package layout_test

import (
	"html/template"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/layout"
)

func pagesOf(texts map[string]string) (map[string]*template.Template, error) {
	set := template.Must(template.New("layout").Parse(`{{define "top"}}<title>{{.}}</title><main>{{end}}{{define "bottom"}}</main>{{end}}{{define "part"}}<b>{{.}}</b>{{end}}{{define "one"}}{{end}}`))
	return layout.Pages(set, slices.Sorted(maps.Keys(texts)), func(name string) error {
		_, err := set.New(name + ".html").Parse(texts[name])
		return err
	})
}

// TestPages: each page is its own, whatever was read after it, with the layout around it and what they share within; and what stands in
// it is made safe where it stands.
func TestPages(t *testing.T) {
	pages, err := pagesOf(map[string]string{
		"one":   `{{define "main"}}1 {{template "part" .}}{{end}}`,
		"three": `{{define "main"}}3 <a title="{{.}}">{{template "own" .}}</a>{{end}}{{define "own"}}own {{.}}{{end}}`,
		"two":   `{{define "main"}}2 {{template "part" .}}{{template "part" "fixed"}}{{end}}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for name, want := range map[string]string{
			"one":   `<title>&lt;i&gt;</title><main>1 <b>&lt;i&gt;</b></main>`,
			"two":   `<title>&lt;i&gt;</title><main>2 <b>&lt;i&gt;</b><b>fixed</b></main>`,
			"three": `<title>&lt;i&gt;</title><main>3 <a title="&lt;i&gt;">own &lt;i&gt;</a></main>`,
		} {
			var out strings.Builder
			if err := pages[name].Execute(&out, "<i>"); err != nil || out.String() != want {
				t.Errorf("page %s is %s, %v; want %s", name, out.String(), err, want)
			}
		}
	}
}

// TestPageWithoutMain: a page that says nothing does not show what another one says.
func TestPageWithoutMain(t *testing.T) {
	for _, text := range []string{``, `text`, `{{define "Main"}}text{{end}}`, `{{define "main"}}{{end}}`, `{{define "main"}}`} {
		if pages, err := pagesOf(map[string]string{"one": `{{define "main"}}1{{end}}`, "two": text}); err == nil || !strings.Contains(err.Error(), "reading the page two: ") {
			t.Errorf("%q: %v, %v", text, pages, err)
		}
	}
}

// TestNamesOfTheirOwn: in each room no two files define the same template, except for the "main" of each page.
func TestNamesOfTheirOwn(t *testing.T) {
	defined := regexp.MustCompile(`\{\{-? ?(?:define|block) "([^"]+)"`)
	for _, room := range []string{"web", "console", "claim"} {
		files, err := filepath.Glob("../" + room + "/templates/*.html")
		if err != nil || len(files) == 0 {
			t.Fatalf("the templates of %s: %d, %v", room, len(files), err)
		}
		in := map[string]string{}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range defined.FindAllSubmatch(text, -1) {
				name := string(match[1])
				if before := in[name]; before != "" && (name != "main" || before == file) {
					t.Errorf("%q is defined in %s and in %s", name, before, file)
				}
				in[name] = file
			}
		}
	}
}
