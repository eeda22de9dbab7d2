package web

import (
	"encoding/json"
	"html"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// TestKeptPages: a page is kept by whoever has it as long as it says the same, however often it was looked at since, and not for a
// moment longer.
func TestKeptPages(t *testing.T) {
	s, all := newBranches(t, testBase, true, 1)
	b := all[0]
	ask := func(path, language, etag string) (int, string) {
		t.Helper()
		w := b.ask(http.MethodGet, s.path(path), "", "Accept", mediaHTML, "Accept-Language", language, "If-None-Match", etag, "Range", "bytes=0-9")
		h := w.Header()
		if h.Get("Cache-Control") != cacheAsk || !strings.HasPrefix(h.Get("ETag"), `W/"`) || !strings.Contains(h.Get("Vary"), "Accept-Language") || h.Get("Set-Cookie") != "" {
			t.Errorf("%s: %v", path, h)
		}
		if w.Code == http.StatusOK && (h.Get("Content-Language") != language || !strings.Contains(w.Body.String(), `<html lang="`+language+`"`)) {
			t.Errorf("%s is in %q", path, h.Get("Content-Language"))
		}
		return w.Code, h.Get("ETag")
	}
	badge := ""
	for _, path := range []string{"/", "/a/ACHIEVEMENT", "/i/ISSUER", "/e/ENDORSEMENT", "/c/BADGE"} {
		code, etag := ask(path, "en", "")
		if code != http.StatusOK {
			t.Errorf("%s: %d, a part of it", path, code)
		}
		if code, again := ask(path, "en", etag); code != http.StatusNotModified || again != etag {
			t.Errorf("%s: %d, %s and %s", path, code, etag, again)
		}
		if code, spanish := ask(path, "es", etag); code != http.StatusOK || spanish == etag {
			t.Errorf("%s: %d, the same in two languages", path, code)
		}
		badge = etag
	}
	if _, err := b.Suspend(t.Context(), s.badge.ID, "", "test"); err != nil {
		t.Fatal(err)
	}
	code, suspended := ask("/c/BADGE", "en", badge)
	if code != http.StatusOK || suspended == badge {
		t.Errorf("%d, though it is suspended", code)
	}
	if _, err := b.SetAccess(t.Context(), s.badge.ID, issuer.AccessOff, "earner"); err != nil {
		t.Fatal(err)
	}
	w := b.ask(http.MethodGet, s.path("/c/BADGE"), "", "Accept", mediaHTML, "If-None-Match", suspended)
	if w.Code != http.StatusNotFound || w.Header().Get("Cache-Control") != cacheNever || w.Header().Get("ETag") != "" {
		t.Errorf("turned off: %d %v", w.Code, w.Header())
	}
}

// TestKeptPagesOfAnotherMinute: that a badge was judged again changes nothing that its page says; what was found does.
func TestKeptPagesOfAnotherMinute(t *testing.T) {
	now := judgedAt
	f := newFixture(t, func(c *Config) { c.Now = func() time.Time { return now } })
	f.report = report(verifier.Yes, verifier.Yes)
	etag := func() string { return f.get("/c/"+testID, mediaHTML).Header().Get("ETag") }
	first := etag()
	now = now.Add(time.Hour)
	later, read := *f.report, now.Add(-2*time.Hour)
	later.AsOf, later.Checks = now, slices.Clone(later.Checks)
	for i := range later.Checks {
		if later.Checks[i].AsOf != nil {
			later.Checks[i].AsOf = &read
		}
	}
	f.report = &later
	if again := etag(); again != first {
		t.Errorf("%s, then %s", first, again)
	}
	wantText(t, f.get("/c/"+testID, mediaHTML), "22 November 2026, 11:00 UTC")
	now = now.Add(24 * time.Hour)
	another := later
	another.AsOf = now
	f.report = &another
	if w := f.call(http.MethodGet, "/c/"+testID, nil, "Accept", mediaHTML, "If-None-Match", first); w.Code != http.StatusOK || w.Header().Get("ETag") == first {
		t.Errorf("on another day: %d %s, so that a reader keeps a page that says today", w.Code, w.Header().Get("ETag"))
	}
	wantText(t, f.get("/c/"+testID, mediaHTML), "23 November 2026, 11:00 UTC")
	now = now.Add(time.Hour)
	f.report = report(verifier.Yes, verifier.Undecided, verifier.Check{Step: "status", Outcome: unknown, Code: "status_unavailable"})
	if open := etag(); open == first {
		t.Error("what is not known any more is said to be as before")
	}
}

// pageKeys are the keys of what pages say.
func pageKeys(t *testing.T) []string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("..", "wording", "en.json"))
	if err != nil {
		t.Fatal(err)
	}
	var catalogue map[string]string
	if err := json.Unmarshal(file, &catalogue); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(slices.Collect(maps.Keys(catalogue)), func(key string) bool { return !strings.HasPrefix(key, "page.") })
}

// linksOf are the addresses of the links of a page.
func linksOf(page string) (links []string) {
	for _, found := range regexp.MustCompile(`<a [^>]*href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		links = append(links, html.UnescapeString(found[1]))
	}
	return links
}

// TestPagesSpeakSpanish: in a page in Spanish nothing that the pages say is English, and its links stay in Spanish.
func TestPagesSpeakSpanish(t *testing.T) {
	handler := newGallery(t)
	for _, path := range []string{"/", "/?q=none", "/i/full", "/i/cedar", "/i/local", "/a/full", "/a/archived", "/e/good", "/e/revoked", "/c/in-force", "/c/backed", "/c/unclaimed", "/c/replaced", "/c/unknown", "/c/erased"} {
		query := "?"
		if strings.Contains(path, "?") {
			query = "&"
		}
		status := map[string]int{"/c/unknown": 404, "/c/erased": 410}[path]
		if status == 0 {
			status = http.StatusOK
		}
		w := stop{Path: path + query + "lang=es"}.open(t, handler)
		wantStatus(t, w, status)
		page := w.Body.String()
		wantText(t, w, `<html lang="es">`, `hreflang="en" lang="en">English</a>`)
		for _, key := range pageKeys(t) {
			english, spanish := wording.English.Say(key), wording.Spanish.Say(key)
			if len(english) > 12 && english != spanish && !strings.Contains(english, "{") && strings.Contains(page, ">"+english) {
				t.Errorf("%s says %q", path, english)
			}
		}
		for _, link := range linksOf(page) {
			if own := strings.HasPrefix(link, "/c/") || strings.HasPrefix(link, "/a/") || strings.HasPrefix(link, "/i/") || strings.HasPrefix(link, "/e/") || link == "/" || link == "/verify"; own &&
				!strings.Contains(link, "lang=") && !strings.Contains(link[1:], ".") && !strings.HasSuffix(link, "/definition.json") {
				t.Errorf("%s leads to %s", path, link)
			}
		}
	}
}
