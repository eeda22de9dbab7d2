package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

func TestPreflight(t *testing.T) {
	f := newFixture(t, nil)
	ask := func(path, method string) http.Header {
		w := f.call(http.MethodOptions, path, nil, "Origin", "https://wallet.example", "Access-Control-Request-Method", method, "Access-Control-Request-Headers", "accept")
		if w.Code != http.StatusNoContent || w.Body.Len() != 0 {
			t.Errorf("OPTIONS %s: %d, %d bytes", path, w.Code, w.Body.Len())
		}
		return w.Header()
	}
	for _, path := range []string{"/c/" + testID, "/c/" + testID + ".json", "/c/unknown", "/a/groups", "/i/cedar", "/i/cedar/did.json", "/.well-known/did.json", "/status/list1", "/c/" + testID + "/qr.svg"} {
		h := ask(path, http.MethodGet)
		if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Methods") != "GET, HEAD, OPTIONS" ||
			h.Get("Access-Control-Allow-Headers") == "" || h.Get("Access-Control-Allow-Credentials") != "" || h.Get("Allow") == "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	// Browsers do not let pages of other sites ask for a check, as no answer here says that they may.
	if h := ask("/verify", http.MethodPost); h.Get("Access-Control-Allow-Origin") != "" || !strings.Contains(h.Get("Allow"), "POST") {
		t.Errorf("/verify: %v", h)
	}
	wantStatus(t, f.call(http.MethodOptions, "/nowhere", nil), http.StatusNotFound)
}

// TestHead asks over a real connection: the same headers as GET, and no body.
func TestHead(t *testing.T) {
	f := newFixture(t, nil)
	server := httptest.NewServer(f)
	defer server.Close()
	for _, path := range []string{"/", "/verify", "/c/" + testID, "/c/" + testID + ".json", "/c/" + testID + ".png", "/c/unknown", "/a/groups", "/status/list1", "/healthz"} {
		got, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		head, err := http.Head(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		head.Body.Close()
		if head.StatusCode != got.StatusCode || head.Header.Get("Content-Type") != got.Header.Get("Content-Type") || head.Header.Get("ETag") != got.Header.Get("ETag") {
			t.Errorf("%s: HEAD %d %v, GET %d %v", path, head.StatusCode, head.Header, got.StatusCode, got.Header)
		}
	}
}

// TestNoRedirects: no address of ours leads anywhere else, whatever stands in it.
func TestNoRedirects(t *testing.T) {
	f := newFixture(t, nil)
	for _, path := range []string{"//evil.example", "//evil.example/", "/%5cevil.example", "/\\evil.example", "/verify/", "/c/" + testID + "/", "/./verify", "/verify?url=https://evil.example", "/c/%0d%0aLocation:%20https://evil.example", "/https://evil.example"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.URL.RawPath, r.RequestURI = path, "", path
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if w.Code >= 300 && w.Code < 400 || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d to %q", path, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestCharsets(t *testing.T) {
	for media, status := range map[string]int{
		"application/json; charset=utf-8": 200, `application/json; charset="UTF-8"`: 200, "text/plain; charset=us-ascii": 200,
		"application/json; charset=utf-16": 415, "application/vc; charset=iso-8859-1": 415, "text/plain; charset=utf-7": 415,
		"application/xml": 415, "text/html": 415, "multipart/mixed; boundary=x": 415, "application/x-www-form-urlencoded": 415,
	} {
		f := newFixture(t, nil)
		w := f.call(http.MethodPost, "/verify", strings.NewReader(testJSON), "Content-Type", media, "Accept", "application/json")
		if w.Code != status || status != 200 && len(f.inputs) != 0 {
			t.Errorf("%s: status %d, want %d; %d judged", media, w.Code, status, len(f.inputs))
		}
	}
}

func TestDrawings(t *testing.T) {
	f := newFixture(t, nil)
	for _, path := range []string{"/c/" + testID + ".svg", "/a/groups/art.svg", "/c/" + testID + "/qr.svg"} {
		w := f.get(path, "")
		wantStatus(t, w, http.StatusOK)
		h := w.Header()
		if h.Get("Content-Type") != "image/svg+xml" || h.Get("Content-Security-Policy") != "default-src 'none'; sandbox" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, h)
		}
	}
	got, err := bake.Unbake(f.get("/c/"+testID+".svg", "").Body.Bytes())
	if err != nil || string(got) != testJSON {
		t.Errorf("the drawing holds %q, %v", got, err)
	}
	wantText(t, f.get("/a/groups/art.svg", ""), "Small-Group")
	for _, path := range []string{"/a/none/art.svg", "/a/none/image.png", "/c/none.svg", "/c/" + pendingID + ".svg"} {
		wantStatus(t, f.get(path, ""), http.StatusNotFound)
	}
	picture := f.get("/a/groups/image.png", "")
	wantStatus(t, picture, http.StatusOK)
	if _, err := bake.Unbake(picture.Body.Bytes()); err == nil {
		t.Error("the picture of an achievement holds a credential")
	}
}

func TestPreviewClaimsNothing(t *testing.T) {
	shown := newGallery(t)
	for _, name := range []string{"badge-in-force", "badge-revoked", "badge-altered", "achievement"} {
		page := stops()[name].open(t, shown).Body.String()
		head, _, _ := strings.Cut(page, "</head>")
		for _, want := range []string{`property="og:type" content="website"`, `property="og:site_name"`, `property="og:title" content="Small-Group Instruction from Evidence"`, `property="og:description"`,
			`property="og:url" content="` + testBase + stops()[name].Path + `"`, `property="og:image" content="` + testBase + stops()[name].Path + `/preview/en-`, `name="twitter:card" content="summary_large_image"`} {
			if !strings.Contains(head, want) {
				t.Errorf("%s: no %s", name, want)
			}
		}
		head = strings.NewReplacer(stops()[name].Path, "", url.QueryEscape(stops()[name].Path), "").Replace(head) // the address of the exhibit says what it shows
		for _, bad := range []string{testSubject, "uthentic", "evoked", "in force"} {
			if strings.Contains(head, bad) {
				t.Errorf("%s: the preview says %q", name, bad)
			}
		}
		if strings.Contains(head, `content="noindex"`) != strings.HasPrefix(name, "badge") {
			t.Errorf("%s: noindex", name)
		}
	}
}

func TestRateOff(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.VerifyRate = 0 })
	for range 200 {
		wantStatus(t, f.call(http.MethodPost, "/verify", strings.NewReader(testJSON), "Content-Type", "application/vc"), http.StatusOK)
	}
	one := newLimiter(1)
	if account := one.account(network(netip.MustParseAddr("192.0.2.1"))); !account.Allow() || account.Allow() {
		t.Error("a rate of one a minute is not one")
	}
}

// TestRemembered: what was found is shown again for a minute at most, never beyond an end of the badge, and only when it was
// found.
func TestRemembered(t *testing.T) {
	now := judgedAt
	f := newFixture(t, func(c *Config) { c.Now = func() time.Time { return now } })
	visit := func(after time.Duration, judged int, why string) {
		t.Helper()
		now = now.Add(after)
		wantStatus(t, f.get("/c/"+testID, "text/html"), http.StatusOK)
		if len(f.inputs) != judged {
			t.Errorf("%s: judged %d times, want %d", why, len(f.inputs), judged)
		}
	}
	visit(0, 1, "first")
	visit(59*time.Second, 1, "within the minute")
	visit(time.Second, 2, "after a minute")
	visit(-time.Hour, 3, "a clock that went back")
	f.report.Credential.ValidUntil = now.Add(time.Hour + 20*time.Second).Format(time.RFC3339)
	visit(time.Hour, 4, "another hour")
	visit(10*time.Second, 4, "before its end")
	visit(10*time.Second, 5, "at its end")
	f.report = reportOf(verifier.Yes, verifier.Undecided, "status/unknown/status_unavailable")
	visit(time.Hour, 6, "left open")
	visit(time.Second, 7, "left open, again")
}

// turned is an office whose issuer changes its keys.
type turned struct {
	office
	state *issuer.KeyState
}

func (o turned) Organisation(ctx context.Context, id string) (issuer.Organisation, error) {
	org, err := o.office.Organisation(ctx, id)
	org.Keys[0].State = *o.state
	return org, err
}

func TestRememberedUntilAKeyEnds(t *testing.T) {
	state := issuer.KeyActive
	f := newFixture(t, func(c *Config) {
		c.Office, c.Now = turned{state: &state}, func() time.Time { return judgedAt }
	})
	for range 2 {
		f.get("/c/"+testID, "text/html")
	}
	state = issuer.KeyCompromised
	f.get("/c/"+testID, "text/html")
	if len(f.inputs) != 2 {
		t.Errorf("judged %d times, want once for each state of the key", len(f.inputs))
	}
}
