package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/fault"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// faultyRoute is a public address in one form.
type faultyRoute struct {
	route, path, accept string
	free                bool // it does not need the store
	none                bool // there is nothing while all is well
}

// status is that of its answer while all is well.
func (r faultyRoute) status() int {
	if r.none {
		return http.StatusNotFound
	}
	return http.StatusOK
}

// faultyRoutes are all public addresses in all their forms, without POST /verify. BADGE, ACHIEVEMENT, ISSUER, OTHER, ENDORSEMENT and
// LIST stand for ids, STATIC for the address of a file of the pages.
var faultyRoutes = []faultyRoute{
	{"/", "/", mediaHTML, false, false},
	{"/verify", "/verify", mediaHTML, true, false},
	{"/verify/device", "/verify/device", mediaHTML, true, false},
	{"/c/:id", "/c/BADGE", mediaHTML, false, false},
	{"/c/:id", "/c/BADGE", mediaVC, false, false},
	{"/c/:id", "/c/BADGE", mediaJWT, false, false},
	{"/c/:id", "/c/BADGE", mediaVCJWT, false, false},
	{"/c/:id", "/c/BADGE.json", "*/*", false, false},
	{"/c/:id", "/c/BADGE.jwt", "*/*", false, false},
	{"/c/:id", "/c/BADGE.png", "*/*", false, false},
	{"/c/:id", "/c/BADGE.svg", "*/*", false, false},
	{"/c/:id/refresh", "/c/BADGE/refresh", "*/*", false, false},
	{"/c/:id/refresh", "/c/BADGE/refresh", mediaVCJWT, false, false},
	{"/c/:id/qr.png", "/c/BADGE/qr.png", "*/*", false, false},
	{"/c/:id/qr.svg", "/c/BADGE/qr.svg", "*/*", false, false},
	{"/c/:id", "/c/BADGE.pdf", "*/*", false, false},
	{"/c/:id/link.png", "/c/BADGE/link.png", "*/*", false, false},
	{"/c/:id/link.svg", "/c/BADGE/link.svg", "*/*", false, false},
	{"/c/:id/preview.png", "/c/BADGE/preview.png", "*/*", false, false},
	{"/c/:id/preview/:version", "/c/BADGE/preview/es-1.png", "*/*", false, false},
	{"/c/:id/share", "/c/BADGE/share", mediaHTML, false, false},
	{"/c/:id/embed", "/c/BADGE/embed", mediaHTML, false, false},
	{"/oembed", "/oembed?url=https%3A%2F%2Fbadges.cedar.example%2Fc%2FBADGE", "*/*", false, false},
	{"/a/:id/preview.png", "/a/ACHIEVEMENT/preview.png", "*/*", false, false},
	{"/a/:id/preview/:version", "/a/ACHIEVEMENT/preview/en-1.png", "*/*", false, false},
	{"/a/:id", "/a/ACHIEVEMENT", mediaHTML, false, false},
	{"/a/:id", "/a/ACHIEVEMENT", mediaLD, false, false},
	{"/a/:id/image.png", "/a/ACHIEVEMENT/image.png", "*/*", false, false},
	{"/a/:id/image.svg", "/a/ACHIEVEMENT/image.svg", "*/*", false, false},
	{"/a/:id/definition.json", "/a/ACHIEVEMENT/definition.json", "*/*", false, false},
	{"/a/:id/art.svg", "/a/ACHIEVEMENT/art.svg", "*/*", false, false},
	{"/i/:id", "/i/ISSUER", mediaHTML, false, false},
	{"/i/:id", "/i/ISSUER", mediaLD, false, false},
	{"/i/:id/did.json", "/i/ISSUER/did.json", "*/*", false, false},
	{"/i/:id/jwks.json", "/i/ISSUER/jwks.json", "*/*", false, false},
	{"/i/:id/image.png", "/i/ISSUER/image.png", "*/*", false, false},
	{"/i/:id/image.svg", "/i/OTHER/image.svg", "*/*", false, false},
	{"/i/:id/revocations", "/i/OTHER/revocations", "*/*", false, false},
	{"/i/:id/revocations/:number", "/i/OTHER/revocations/2", "*/*", false, true},
	{"/e/:id", "/e/ENDORSEMENT", "*/*", false, false},
	{"/e/:id", "/e/ENDORSEMENT", mediaHTML, false, false},
	{"/.well-known/did.json", "/.well-known/did.json", "*/*", false, false},
	{"/.well-known/jwks.json", "/.well-known/jwks.json", "*/*", false, false},
	{"/status/:id", "/status/LIST", "*/*", false, false},
	{"/status/:id", "/status/LIST", mediaVCJWT, false, false},
	{"/accent/:colour", "/accent/1d5b43.css", "*/*", true, false},
	{"/healthz", "/healthz", "*/*", true, false},
	{"/static/:file", "STATIC", "*/*", true, false},
}

// wrapped is an error as an engine gives it, with what is for the log only.
func wrapped(err error) error { return fmt.Errorf("wrapped: /var/disk of ours: %w", err) }

// path is an address of the installation.
func (s scene) path(text string) string {
	return strings.NewReplacer("BADGE", s.badge.ID, "ACHIEVEMENT", s.achievement.ID, "ISSUER", s.organisation.ID, "LIST", s.badge.Slot.Revocation, "STATIC", s.static,
		"OTHER", s.other.ID, "ENDORSEMENT", s.endorsement.ID).Replace(text)
}

// wantFault checks the answer to a request that a fault of the store has ended: a page for a person, a problem for a program.
func wantFault(t *testing.T, w *httptest.ResponseRecorder, page bool, status int, code, after string) {
	t.Helper()
	wantStatus(t, w, status)
	h := w.Header()
	if h.Get("Retry-After") != after || h.Get("Cache-Control") != cacheNever || h.Get("ETag") != "" {
		t.Errorf("headers %v, want Retry-After %q", h, after)
	}
	wantNoText(t, w, "wrapped", "disk of ours", testSubject)
	if page {
		key := "unavailable"
		if code == "record_damaged" || code == "store_full" {
			key = code
		}
		if got := h.Get("Content-Type"); got != "text/html; charset=UTF-8" {
			t.Errorf("Content-Type %q", got)
		}
		wantText(t, w, fmt.Sprint(status), wording.English.Say("page.error."+key+".text"), h.Get("X-Request-Id"))
		wantNoText(t, w, "page.error.", "Authentic")
		return
	}
	var got problem
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || h.Get("Content-Type") != mediaProblem {
		t.Fatalf("%s %s, error %v", h.Get("Content-Type"), w.Body, err)
	}
	if got.Status != status || got.Code != code || got.Detail == "" || strings.HasPrefix(got.Detail, "page.") || got.Instance != h.Get("X-Request-Id") {
		t.Errorf("problem %+v, want %d %s", got, status, code)
	}
}

// TestStoreFaults: at every address a fault of the store is told as what it is, in a form that whoever asked can read; where writing
// alone fails everything goes on.
func TestStoreFaults(t *testing.T) {
	s, all := newBranches(t, testBase, true, 1)
	b := all[0]
	covered := map[string]bool{}
	for _, r := range faultyRoutes {
		covered[r.route] = true
	}
	for _, r := range b.Handler.(*Site).Handler.(*echo.Echo).Routes() {
		if r.Method == http.MethodGet && !covered[r.Path] {
			t.Errorf("%s is not tried with a fault of the store", r.Path)
		}
	}
	good := func(t *testing.T, suspended bool) {
		t.Helper()
		for _, r := range faultyRoutes {
			want := r.status()
			if suspended && strings.HasSuffix(r.path, ".pdf") {
				want = http.StatusNotFound
			}
			if w := b.get(s.path(r.path), r.accept); w.Code != want {
				t.Errorf("%s: %d %.300s", r.path, w.Code, w.Body)
			}
		}
	}
	good(t, false)
	for name, test := range map[string]struct {
		err         error
		code, after string
	}{
		"unavailable": {issuer.ErrUnavailable, "store_unavailable", "5"},
		"damaged":     {issuer.ErrDamaged, "record_damaged", "60"},
	} {
		t.Run(name, func(t *testing.T) {
			b.faults.Fail(wrapped(test.err), wrapped(test.err))
			defer b.faults.Fail(nil, nil)
			if b.Ready(t.Context()) == nil { // what /readyz asks
				t.Error("it calls itself ready")
			}
			for _, r := range faultyRoutes {
				w := b.get(s.path(r.path), r.accept)
				if r.free {
					wantStatus(t, w, http.StatusOK)
					continue
				}
				t.Run(r.path+" "+r.accept, func(t *testing.T) {
					wantFault(t, w, r.accept == mediaHTML, http.StatusServiceUnavailable, test.code, test.after)
					w := b.ask(http.MethodHead, s.path(r.path), "", "Accept", r.accept)
					wantStatus(t, w, http.StatusServiceUnavailable)
				})
			}
			w := b.ask(http.MethodGet, s.path("/c/BADGE"), "", "Accept", mediaHTML, "Accept-Language", "es")
			wantText(t, w, "503", `lang="es"`)
			wantNoText(t, w, "page.error.")
		})
	}
	t.Run("full", func(t *testing.T) { // nothing that the public reaches has to write, fresh lists included
		if _, err := b.Suspend(t.Context(), s.badge.ID, "", "test"); err != nil {
			t.Fatal(err)
		}
		b.faults.Fail(nil, wrapped(issuer.ErrFull))
		defer b.faults.Fail(nil, nil)
		good(t, true)
		wantText(t, b.get("/c/"+s.badge.ID, mediaHTML), "suspended")
	})
	good(t, true)
}

// TestFull: should a page or document ever need room, this is how it says that there is none.
func TestFull(t *testing.T) {
	f := newFixture(t, func(c *Config) {
		c.Office = failing{err: &issuer.Error{Kind: issuer.KindFull, Code: "store_full", Err: wrapped(issuer.ErrFull)}}
	})
	wantFault(t, f.get("/c/"+testID, mediaHTML), true, http.StatusInsufficientStorage, "store_full", "")
	w := f.get("/c/"+testID+".json", "")
	wantFault(t, w, false, http.StatusInsufficientStorage, "store_full", "")
	wantText(t, w, fault.FullType, fault.FullTitle)
}

// TestDamagedRecords: whichever kind of record is damaged, no address takes it for one that does not exist. A badge that is damaged
// is not shown; where it is something else that its page rests on, the page says what is not known.
func TestDamagedRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short, beside the race detector: many documents, one after the other")
	}
	s, all := newBranches(t, testBase, true, 1)
	b := all[0]
	for _, kind := range issuer.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			b.faults.FailReading(kind.Name, wrapped(issuer.ErrDamaged))
			defer b.faults.FailReading(kind.Name, nil)
			told := 0
			for _, r := range faultyRoutes {
				w := b.get(s.path(r.path), r.accept)
				switch {
				case w.Code == http.StatusServiceUnavailable && !r.free:
					told++
					wantFault(t, w, r.accept == mediaHTML, w.Code, "record_damaged", "60")
				case w.Code != r.status():
					t.Errorf("%s: %d %.300s", r.path, w.Code, w.Body)
				case kind.Name == "credential" && strings.Contains(r.path, "BADGE"):
					t.Errorf("%s shows a damaged badge", r.path)
				case strings.HasSuffix(r.path, "/BADGE") && r.accept == mediaHTML && (kind.Name == "organisation" || kind.Name == "status-list"):
					wantNoText(t, w, "in force today")
				}
			}
			if told == 0 && (kind.Name == "credential" || kind.Name == "achievement" || kind.Name == "organisation" || kind.Name == "picture") {
				t.Error("no address reads this kind")
			}
		})
	}
}

// outcome is what POST /verify says of a badge.
func (b *branch) outcome(t *testing.T, text string) verifier.Report {
	t.Helper()
	w := b.ask(http.MethodPost, "/verify", text, "Content-Type", mediaVC, "Accept", mediaJSON)
	wantStatus(t, w, http.StatusOK)
	var report verifier.Report
	if err := json.Unmarshal(w.Body.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	return report
}

// TestChecksGoOn: while the store is away the badges of others are checked as ever. What can be told of own ones only from the store
// is not known, and nothing is held against them.
func TestChecksGoOn(t *testing.T) {
	ours, all := newBranches(t, testBase, true, 1)
	theirs, elsewhere := newBranches(t, "https://badges.elsewhere.example", false, 1)
	b := all[0]
	b.others = elsewhere[0]
	for name, text := range map[string]string{"ours": string(ours.badge.JSON), "theirs": string(theirs.badge.JSON)} {
		if r := b.outcome(t, text); r.Outcome != verifier.Valid {
			t.Fatalf("%s: %+v", name, r.Checks)
		}
	}
	for _, err := range []error{issuer.ErrUnavailable, issuer.ErrDamaged} {
		b.faults.Fail(wrapped(err), wrapped(err))
		if r := b.outcome(t, string(theirs.badge.JSON)); r.Outcome != verifier.Valid || r.InForce != verifier.Yes {
			t.Errorf("theirs: %+v", r.Checks)
		}
		if r := b.outcome(t, strings.Replace(string(theirs.badge.JSON), "Small-Group", "Large-Group", 1)); r.Outcome != verifier.Invalid {
			t.Errorf("theirs, changed: %+v", r.Checks)
		}
		r := b.outcome(t, string(ours.badge.JSON))
		if r.Outcome != verifier.Unknown || r.Authentic != verifier.Undecided || r.InForce != verifier.Undecided {
			t.Errorf("ours: %+v", r.Checks)
		}
		for _, check := range r.Checks {
			if check.Outcome == verifier.Fail {
				t.Errorf("ours: %+v", check)
			}
		}
		page := b.ask(http.MethodPost, "/verify", string(theirs.badge.JSON), "Content-Type", mediaVC, "Accept", mediaHTML)
		wantStatus(t, page, http.StatusOK)
		sealed := regexp.MustCompile(`name="reports" value="([^"]+)"`).FindStringSubmatch(page.Body.String())
		if sealed == nil {
			t.Fatal("the page holds no report")
		}
		form := url.Values{"reports": {sealed[1]}, "as": {"text"}}.Encode()
		w := b.ask(http.MethodPost, recordPath, form, "Content-Type", "application/x-www-form-urlencoded")
		wantStatus(t, w, http.StatusOK)
		wantText(t, w, "Small-Group Instruction")
	}
	b.faults.Fail(nil, nil)
	if r := b.outcome(t, string(ours.badge.JSON)); r.Outcome != verifier.Valid {
		t.Errorf("afterwards: %+v", r.Checks)
	}
}

// TestPageCacheHidesNoFault: what was found about a badge is shown again only while all that it rests on can be read.
func TestPageCacheHidesNoFault(t *testing.T) {
	s, all := newBranches(t, testBase, true, 1)
	b := all[0]
	page := "/c/" + s.badge.ID
	good := func() {
		t.Helper()
		w := b.get(page, mediaHTML)
		wantStatus(t, w, http.StatusOK)
		wantText(t, w, "Authentic, and in force today")
	}
	good() // and remembered
	for _, kind := range []string{"credential", "achievement", "organisation", "status-list"} {
		b.faults.FailReading(kind, issuer.ErrDamaged)
		w := b.get(page, mediaHTML)
		wantNoText(t, w, "in force today")
		if w.Code != http.StatusOK && w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: %d", kind, w.Code)
		}
		if kind == "credential" {
			wantFault(t, w, true, http.StatusServiceUnavailable, "record_damaged", "60")
		}
		b.faults.FailReading(kind, nil)
		good()
	}
	b.faults.Fail(issuer.ErrUnavailable, nil)
	wantFault(t, b.get(page, mediaHTML), true, http.StatusServiceUnavailable, "store_unavailable", "5")
	b.faults.Fail(nil, nil)
	good()
}

// TestListFromMemory: a process that has the store for itself goes on answering with its lists, which nobody else can have changed,
// until it may have changed them itself.
func TestListFromMemory(t *testing.T) {
	s, all := newBranches(t, testBase, false, 1)
	b := all[0]
	list := "/status/" + s.badge.Slot.Revocation
	b.get(list, "*/*") // signs it
	before := b.get(list, "*/*")
	wantStatus(t, before, http.StatusOK)
	b.faults.Fail(wrapped(issuer.ErrUnavailable), wrapped(issuer.ErrUnavailable))
	w := b.get(list, "*/*")
	wantStatus(t, w, http.StatusOK)
	if w.Body.String() != before.Body.String() {
		t.Error("another list")
	}
	if _, err := b.Revoke(t.Context(), s.badge.ID, "r", "test"); err == nil {
		t.Fatal("revoked without a store")
	}
	wantFault(t, b.get(list, "*/*"), false, http.StatusServiceUnavailable, "store_unavailable", "5")
}

// failing is an office that has one answer.
type failing struct {
	office
	err error
}

func (f failing) Credential(context.Context, string) (issuer.Credential, error) {
	return issuer.Credential{}, f.err
}
