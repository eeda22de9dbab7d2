package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// TestReplicas: what one process of an installation changes, another shows in its next answer, whatever it had found before.
func TestReplicas(t *testing.T) {
	s, all := newBranches(t, testBase, true, 2)
	a, b := all[0], all[1]
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	list := func(id string) string { return "/status/" + id }
	// warm lets both answer everything, so that whatever they keep is there.
	warm := func() {
		t.Helper()
		for _, on := range all {
			for _, r := range faultyRoutes {
				wantStatus(t, on.get(s.path(r.path), r.accept), r.status())
			}
		}
	}
	// shows checks the page of the badge on b, what b says of the badge where it is handed in, and that both have the same documents.
	shows := func(words string, inForce, authentic verifier.Answer) {
		t.Helper()
		page := b.get("/c/"+s.badge.ID, mediaHTML)
		wantStatus(t, page, http.StatusOK)
		wantText(t, page, words)
		if strings.Contains(page.Body.String(), "in force today") != (inForce == verifier.Yes && authentic == verifier.Yes) {
			t.Errorf("the page of another process does not say %q", words)
		}
		if r := b.outcome(t, string(s.badge.JSON)); r.InForce != inForce || r.Authentic != authentic {
			t.Errorf("in force %s, authentic %s; want %s, %s", r.InForce, r.Authentic, inForce, authentic)
		}
		for _, r := range faultyRoutes {
			if r.accept == mediaHTML || r.accept == mediaVCJWT || r.free || r.none { // pages have an instant in them, what is not there names the request, and these are signed when asked for
				continue
			}
			here, there := a.get(s.path(r.path), r.accept), b.get(s.path(r.path), r.accept)
			if here.Code == http.StatusNotFound && there.Code == here.Code && strings.HasSuffix(r.path, ".pdf") {
				continue // what is not in force has no certificate; the page that says so names the request
			}
			if here.Code != there.Code || here.Header().Get("ETag") != there.Header().Get("ETag") || here.Body.String() != there.Body.String() {
				t.Errorf("%s: two processes, two answers: %d and %d", r.path, here.Code, there.Code)
			}
		}
	}
	warm()
	shows("in force today", verifier.Yes, verifier.Yes)

	before := b.get(list(s.badge.Slot.Suspension), "*/*")
	_, err := a.Suspend(t.Context(), s.badge.ID, "", "test")
	must(err)
	after := b.ask(http.MethodGet, list(s.badge.Slot.Suspension), "", "If-None-Match", before.Header().Get("ETag"))
	if after.Code != http.StatusOK || after.Body.String() == before.Body.String() {
		t.Errorf("the list of before is said to be that of now: %d", after.Code)
	}
	shows("suspended", verifier.No, verifier.Yes)
	_, err = a.Reinstate(t.Context(), s.badge.ID, "test")
	must(err)
	shows("in force today", verifier.Yes, verifier.Yes)

	// A new achievement, and an award of it.
	made, err := a.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: s.organisation.ID, Name: "Reading Aloud", Description: "Reads.", Criteria: "Once.", Actor: "test"})
	must(err)
	wantText(t, b.get("/", mediaHTML), "Reading Aloud")
	wantStatus(t, b.get("/a/"+made.ID, mediaHTML), http.StatusOK)
	award, err := a.Issue(t.Context(), issuer.AwardInput{Organisation: s.organisation.ID, Achievement: made.ID, Recipient: "kim@example.org", Actor: "test"})
	must(err)
	wantText(t, b.get("/c/"+award.ID, mediaHTML), "in force today")
	_, err = a.Revoke(t.Context(), award.ID, "made in error", "test")
	must(err)
	wantText(t, b.get("/c/"+award.ID, mediaHTML), "revoked", "made in error")
	if r := b.outcome(t, string(award.JSON)); r.InForce != verifier.No {
		t.Errorf("revoked, and in force %s", r.InForce)
	}

	// A key that others may have.
	warm()
	old := s.organisation.Keys[0]
	_, err = a.RotateKey(t.Context(), s.organisation.ID, old.Algorithm, "test")
	must(err)
	shows("in force today", verifier.Yes, verifier.Yes)
	must(a.CompromiseKey(t.Context(), s.organisation.ID, old.Method, time.Time{}, "test"))
	shows("Not authentic", verifier.Undecided, verifier.No)
	for _, on := range all { // nor does anything certify what that key signed
		wantStatus(t, on.get(s.path("/c/BADGE.pdf"), "*/*"), http.StatusNotFound)
	}

	// How long others may keep an answer is part of it.
	for path, want := range map[string]string{
		"/c/BADGE": cacheAsk, "/c/BADGE.json": cacheAsk, "/c/BADGE.jwt": cacheAsk, "/status/LIST": cacheList, "/i/ISSUER/did.json": cacheDocument,
	} {
		if got := b.get(s.path(path), "text/html, */*;q=0.1").Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
