package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/issuer"
)

// counted counts how often facts stood.
type counted struct {
	Facts
	stood int
}

func (c *counted) Still(ctx context.Context, w *issuer.Witness) bool {
	still := c.Facts.Still(ctx, w)
	if still {
		c.stood++
	}
	return still
}

// answered is an answer without the name of its request.
type answered struct {
	Code   int
	Header http.Header
	Body   string
}

func askFor(h http.Handler, method, path string, headers ...string) answered {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept", mediaHTML)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	w.Header().Del("X-Request-Id")
	if w.Code >= http.StatusBadRequest {
		w.Body.Reset() // it may name the request
	}
	return answered{w.Code, w.Header(), w.Body.String()}
}

// TestShownPages: the page of a badge that is kept is, to the byte, the page that is drawn anew, in every form and after everything
// that changes it.
func TestShownPages(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return at }
	h := newHouseAt(t, clock)
	facts := &counted{Facts: h.Service}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	site := func(facts Facts) http.Handler {
		s, err := New(h.config(facts))
		must(err)
		return s
	}
	kept, anew := site(facts), site(nil)
	path, by, ctx := "/c/"+h.badge.ID, issuer.Write{Actor: "test"}, t.Context()
	ours := h.Workspace(h.badge.Organisation)
	configure := func(s issuer.Settings) error {
		_, _, err := ours.Configure(ctx, issuer.Configuration{Name: "Cedar County Schools", Settings: s}, by)
		return err
	}
	organisation, err := h.Organisation(ctx, h.badge.Organisation)
	must(err)
	var endorsed issuer.Endorsement
	other, err := h.CreateOrganisation(ctx, "Department of Education", "", "test")
	must(err)
	var renewed issuer.Credential
	acts := []struct {
		name string
		do   func() error
		same bool // the page says the same
	}{
		{"nothing", func() error { return nil }, true},
		{"a quarter of a minute", func() error { at = at.Add(15 * time.Second); return nil }, true},
		{"a minute", func() error { at = at.Add(46 * time.Second); return nil }, true},
		{"an award of somebody else", func() error {
			_, err := h.Issue(ctx, issuer.AwardInput{Recipient: "kim@example.org", Achievement: h.badge.Achievement, Actor: "test"})
			return err
		}, true},
		{"a suspension", func() error { _, err := h.Suspend(ctx, h.badge.ID, "Looked at again.", "test"); return err }, false},
		{"its end", func() error { _, err := h.Reinstate(ctx, h.badge.ID, "test"); return err }, false},
		{"a claim", func() error { _, err := h.Claim(ctx, h.badge.ID, "earner"); return err }, false},
		{"made public", func() error { _, err := h.SetAccess(ctx, h.badge.ID, issuer.AccessPublic, "earner"); return err }, false},
		{"turned off", func() error { _, err := h.SetAccess(ctx, h.badge.ID, issuer.AccessOff, "earner"); return err }, false},
		{"unlisted", func() error { _, err := h.SetAccess(ctx, h.badge.ID, issuer.AccessUnlisted, "earner"); return err }, false},
		{"a colour", func() error { return configure(issuer.Settings{Accent: "#7a1f5c"}) }, false},
		{"a time zone", func() error { return configure(issuer.Settings{Accent: "#7a1f5c", Zone: "Pacific/Auckland"}) }, false},
		{"an endorsement", func() (err error) {
			endorsed, err = ours.Endorse(ctx, issuer.EndorseInput{Kind: issuer.EndorsesIssuer, Subject: organisation.DID, Comment: "We **stand** by it.",
				ValidUntil: at.Add(40 * time.Second)}, by)
			return err
		}, false},
		{"its end by date", func() error { at = at.Add(41 * time.Second); return nil }, false},
		{"an endorsement to come", func() (err error) {
			endorsed, err = ours.Endorse(ctx, issuer.EndorseInput{Kind: issuer.EndorsesIssuer, Subject: organisation.DID, Comment: "And again.",
				ValidFrom: at.Add(10 * time.Second)}, by)
			return err
		}, true},
		{"its beginning", func() error { at = at.Add(10 * time.Second); return nil }, false},
		{"its revocation", func() error { _, err := ours.RevokeEndorsement(ctx, endorsed.ID, "Withdrawn.", by); return err }, false},
		{"another organisation", func() error {
			_, _, err := h.Workspace(other.ID).Configure(ctx, issuer.Configuration{Name: "Department", Settings: issuer.Settings{Zone: "Europe/Paris"}}, by)
			return err
		}, true},
		{"months", func() error {
			_, err := ours.SetAchievement(ctx, h.badge.Achievement, issuer.AchievementSettings{Months: 24, Renewable: true}, by)
			return err
		}, true},
		{"a renewal", func() (err error) {
			renewed, err = ours.Renew(ctx, h.badge.ID, issuer.Renewal{Recipient: "ada@example.org"}, by)
			return err
		}, false},
		{"the renewal turned off", func() error { _, err := h.SetAccess(ctx, renewed.ID, issuer.AccessOff, "earner"); return err }, false},
		{"a new key", func() error { _, err := h.RotateKey(ctx, h.badge.Organisation, "EdDSA", "test"); return err }, true},
		{"a revocation", func() error { _, err := h.Revoke(ctx, h.badge.ID, "Awarded to the wrong person.", "test"); return err }, false},
		{"a compromised key", func() error {
			return h.CompromiseKey(ctx, h.badge.Organisation, organisation.Keys[0].Method, at, "test")
		}, false},
		{"its erasure", func() error { _, err := h.Erase(ctx, h.badge.ID, "", "earner"); return err }, false},
	}
	requests := [][]string{
		{http.MethodGet, path, "Accept-Language", "en"},
		{http.MethodGet, path, "Accept-Language", "es"},
		{http.MethodGet, path + "?lang=es"},
		{http.MethodGet, path + "?lang=es&lang=en"},
		{http.MethodGet, path + "?q=x"},
		{http.MethodGet, path, "Accept-Encoding", "gzip"},
		{http.MethodGet, path, "User-Agent", "LinkedInBot/1.0"},
		{http.MethodHead, path},
		{http.MethodGet, path, "Accept", "application/vc"},
		{http.MethodGet, path, "Range", "bytes=0-9"},
	}
	at = at.Add(time.Hour) // so that no date of the badge is that of a check
	tag := askFor(kept, http.MethodGet, path).Header.Get("ETag")
	for _, act := range acts {
		before, stood := tag, facts.stood
		must(act.do())
		for _, r := range requests {
			want := askFor(anew, r[0], r[1], r[2:]...)
			for turn := range 2 { // the second may be the one that was kept
				if diff := cmp.Diff(want, askFor(kept, r[0], r[1], r[2:]...)); diff != "" {
					t.Fatalf("after %s, %v, time %d:\n%s", act.name, r, turn+1, diff)
				}
			}
		}
		now := askFor(kept, http.MethodGet, path)
		if tag = now.Header.Get("ETag"); (tag == before) != act.same {
			t.Errorf("after %s the page is %s, as was %s: %d", act.name, tag, before, now.Code)
		}
		if tag == "" {
			continue
		}
		if act.name != "a compromised key" && facts.stood < stood+6 { // what is not known is judged for each visitor
			t.Errorf("after %s a kept page was shown %d times", act.name, facts.stood-stood)
		}
		want := http.StatusOK
		if act.same {
			want = http.StatusNotModified
		}
		if known := askFor(kept, http.MethodGet, path, "If-None-Match", before); before != "" && known.Code != want {
			t.Errorf("after %s whoever has the page before is answered with %d", act.name, known.Code)
		}
	}
}

// TestShownPagesBound: what is kept stays within its bound, and what is asked for again stays.
func TestShownPagesBound(t *testing.T) {
	const most = 256 << 10
	s := newShownPages(most)
	page := func(size int) *shownPage {
		return &shownPage{drawnPage: drawnPage{body: bytes.Repeat([]byte("x"), size)}, witness: &issuer.Witness{}}
	}
	often := pageAsked{path: "/c/often"}
	s.keep(often, page(1000))
	for i := range 1000 {
		s.keep(pageAsked{path: fmt.Sprint("/c/", i)}, page(10*i))
		held := 0
		for _, all := range []map[pageAsked]*shownPage{s.current, s.past} {
			for _, p := range all {
				held += len(p.body) + shownBeside
			}
		}
		if held > most+2*(10*i+shownBeside) {
			t.Fatalf("%d bytes are held", held)
		}
		if s.find(often) == nil {
			t.Fatal("what is asked for again and again was forgotten")
		}
	}
	s.keep(pageAsked{path: "/c/large"}, page(mostShownPage+1))
	spoiled := page(1)
	spoiled.witness.Spoil()
	s.keep(pageAsked{path: "/c/spoiled"}, spoiled)
	for _, path := range []string{"/c/large", "/c/spoiled", "/c/0"} {
		if s.find(pageAsked{path: path}) != nil {
			t.Errorf("%s is kept", path)
		}
	}
}
