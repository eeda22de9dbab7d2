package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestSearch: what can be earned is found by parts of its name and its issuer's, in any case and without accents.
func TestSearch(t *testing.T) {
	now := judgedAt
	f := newFixture(t, func(c *Config) { c.Office, c.Now = crowded{}, func() time.Time { return now } })
	for query, want := range map[string]struct {
		said  string
		found []string
	}{
		"achievement+1999":       {"1 achievement for “achievement 1999”", []string{"/a/a1999"}},
		"ACHI%C3%88VEMENT+1999":  {"1 achievement for “ACHIÈVEMENT 1999”", []string{"/a/a1999"}},
		"o199+1990":              {"1 achievement for", []string{"/a/a1990"}},
		"1999+198":               {"Nothing is called “1999 198” here.", nil},
		"achievement":            {"The first 50 achievements for “achievement”. Add a word to see fewer.", nil},
		"%3Cscript%3E%22":        {"Nothing is called “&lt;script&gt;&#34;” here.", nil},
		strings.Repeat("a", 900): {"Nothing is called “" + strings.Repeat("a", 99), nil},
	} {
		w := f.get("/?q="+query, mediaHTML)
		wantStatus(t, w, http.StatusOK)
		wantText(t, w, want.said, `content="noindex"`)
		for _, link := range want.found {
			wantText(t, w, `href="`+link+`"`)
		}
		if n := strings.Count(w.Body.String(), `class="tiles"`); (n == 1) != strings.Contains(want.said, "achievement") {
			t.Errorf("%.20s: %d lists", query, n)
		}
	}
	w := f.get("/i/o007?q=achievement&lang=es", mediaHTML)
	wantText(t, w, "10 logros para «achievement»", `href="/a/a0070?lang=es"`, `name="lang" value="es"`, `href="/i/o007?lang=en&amp;q=achievement"`)
	wantNoText(t, w, "/a/a0080")
	for _, empty := range []string{"/?q=", "/?q=%20%20"} {
		wantText(t, f.get(empty, mediaHTML), "Two questions, two answers")
	}
	first, err := f.Handler.(*Site).server.names(t.Context())
	if err != nil || len(first) != 2000 {
		t.Fatalf("%d names, %v", len(first), err)
	}
	again, _ := f.Handler.(*Site).server.names(t.Context())
	now = now.Add(indexedFor)
	later, _ := f.Handler.(*Site).server.names(t.Context())
	if &first[0] != &again[0] || &first[0] == &later[0] {
		t.Error("names are not kept for their minute, or longer")
	}
}
