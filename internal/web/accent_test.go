package web

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestAccent: whatever colour an issuer chooses, text in it and text on it can be read in both schemes (WCAG 2.2, 1.4.3), also under the
// pointer; a colour that can be read already stays as it is.
func TestAccent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.Float64Range(0, 1)
		chosen := tone{part.Draw(t, "red"), part.Draw(t, "green"), part.Draw(t, "blue")}
		for name, s := range map[string]scheme{"light": lightScheme, "dark": darkScheme} {
			written := colour(s.accent(chosen).String()[1:])
			for _, ground := range s.grounds {
				for _, under := range []tone{ground, ground.towards(written, 0.1)} {
					if got := contrast(written, under); got < 4.5 {
						t.Fatalf("%s: %s is written as %s, %.2f on %s", name, chosen, written, got, under)
					}
				}
			}
			if got := contrast(written, s.on); got < 4.5 {
				t.Fatalf("%s: %.2f on a button of %s", name, got, written)
			}
		}
	})
	for name, test := range map[string]struct {
		scheme        scheme
		chosen, shown string
	}{
		"ours":           {lightScheme, "1d5b43", "#1d5b43"},
		"ours, dark":     {darkScheme, "7fc7a4", "#7fc7a4"},
		"black":          {lightScheme, "000000", "#000000"},
		"black, dark":    {darkScheme, "000000", "#939393"},
		"white":          {lightScheme, "ffffff", "#696969"},
		"yellow":         {lightScheme, "ffee00", "#716a00"},
		"yellow, dark":   {darkScheme, "ffee00", "#ffee00"},
		"no colour":      {lightScheme, "1d5b", "#000000"},
		"no hexadecimal": {lightScheme, "zzzzzz", "#000000"},
	} {
		if got := test.scheme.accent(colour(test.chosen)).String(); got != test.shown {
			t.Errorf("%s: %s is shown as %s", name, test.chosen, got)
		}
	}
	for _, pair := range []struct {
		a, b string
		want float64
	}{{"000000", "ffffff", 21}, {"777777", "ffffff", 4.48}, {"1b2420", "faf8f3", 14.99}} { // by the definition
		if got := contrast(colour(pair.a), colour(pair.b)); got < pair.want-0.01 || got > pair.want+0.01 {
			t.Errorf("%s on %s: %.3f, want %.2f", pair.a, pair.b, got, pair.want)
		}
	}
}

// TestAccentKnowsTheGrounds: the colours that an accent is fitted to are those of the style sheet.
func TestAccentKnowsTheGrounds(t *testing.T) {
	sheet, err := os.ReadFile("static/laurel.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, _ := strings.Cut(string(sheet), "prefers-color-scheme: dark")
	for name, c := range map[string]struct {
		sheet  string
		scheme scheme
	}{"light": {light, lightScheme}, "dark": {dark, darkScheme}} {
		for token, want := range map[string]tone{"paper": c.scheme.grounds[0], "card": c.scheme.grounds[1], "on-laurel": c.scheme.on} {
			found := regexp.MustCompile(`--` + token + `: (#[0-9a-f]{6});`).FindStringSubmatch(c.sheet)
			if found == nil || found[1] != want.String() {
				t.Errorf("%s: %s is %v, not %s", name, token, found, want)
			}
		}
	}
}

func TestAccentSheet(t *testing.T) {
	f := newFixture(t, nil)
	w := f.get("/accent/ff6a00.css", "text/css,*/*;q=0.1")
	wantStatus(t, w, http.StatusOK)
	wantText(t, w, ":root { --laurel: #", "@media (prefers-color-scheme: dark) { :root { --laurel: #ff6a00; --on-laurel: #121714; } }")
	if h := w.Header(); h.Get("Content-Type") != "text/css; charset=utf-8" || h.Get("Cache-Control") != cacheForever {
		t.Errorf("%v", h)
	}
	for _, none := range []string{"ff6a00", "FF6A00.css", "ff6a0.css", "ff6a000.css", "xyzxyz.css", "%7b%7d%3b%7b%7d%7d.css", ".css", "ff6a00.css.css"} {
		wantStatus(t, f.get("/accent/"+none, "*/*"), http.StatusNotFound)
	}
}
