package web

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// formsOf are all addresses and forms of an award.
func formsOf(id string) []faultyRoute {
	var all []faultyRoute
	for _, r := range faultyRoutes {
		if strings.Contains(r.path, "BADGE") {
			r.path = strings.Replace(r.path, "BADGE", id, 1)
			all = append(all, r)
		}
	}
	for _, accept := range []string{"", "image/webp", mediaVCLD, mediaLD, mediaJSON, mediaText} {
		all = append(all, faultyRoute{path: "/c/" + id, accept: accept}, faultyRoute{path: "/c/" + id + "/refresh", accept: accept})
	}
	return append(all, faultyRoute{path: "/c/" + id + ".pdf"}, faultyRoute{path: "/c/" + id + ".json", accept: mediaHTML}, faultyRoute{path: "/c/" + id + "/", accept: mediaHTML})
}

// answer is all of an answer that does not name its request.
func answer(w *httptest.ResponseRecorder, id string) string {
	request := w.Header().Get("X-Request-Id")
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(w.Header())) {
		out.WriteString(name + ": " + strings.Join(w.Header()[name], ", ") + "\n")
	}
	out.WriteString(http.StatusText(w.Code) + "\n" + w.Body.String())
	return strings.NewReplacer(request, "REQUEST", id, "ID").Replace(out.String())
}

// TestNotShared: an award that its earner turned off, or has not taken yet, is answered at every address, in every form, like one that
// never was, also when its page was judged a moment ago. Its file is as good as ever.
func TestNotShared(t *testing.T) {
	s, all := newBranches(t, testBase, true, 2)
	a, b := all[0], all[1]
	id, never := s.badge.ID, "AAAAAAAAAAAAAAAAAAAAAA"
	seen := func(want int) {
		t.Helper()
		for _, on := range all {
			w := on.get("/c/"+id, mediaHTML)
			wantStatus(t, w, want)
			if want == http.StatusOK {
				wantText(t, w, "Authentic, and in force today", testSubject)
			}
		}
	}
	hidden := func(how string) {
		t.Helper()
		if r := b.outcome(t, string(s.badge.JSON)); r.Outcome != verifier.Valid {
			t.Errorf("%s: the file is %s", how, r.Outcome)
		}
		others := formsOf(never)
		for i, r := range formsOf(id) {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodDelete} {
				for _, language := range []string{"en", "es"} {
					got := answer(b.ask(method, r.path, "", "Accept", r.accept, "Accept-Language", language, "If-None-Match", "*"), id)
					want := answer(b.ask(method, others[i].path, "", "Accept", r.accept, "Accept-Language", language, "If-None-Match", "*"), never)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s: %s %s as %q is told from one that never was:\n%s", how, method, r.path, r.accept, diff)
					}
				}
			}
			wantNoText(t, b.get(r.path, r.accept), testSubject, "Small-Group")
		}
		link := func(id string) string {
			w := b.ask(http.MethodPost, "/verify", `{"url":"`+testBase+`/c/`+id+`"}`, "Content-Type", mediaJSON, "Accept", mediaJSON)
			return answer(w, id)
		}
		if diff := cmp.Diff(link(never), link(id)); diff != "" {
			t.Errorf("%s: checking its address tells it from one that never was:\n%s", how, diff)
		}
	}
	access := func(how issuer.Access) {
		t.Helper()
		if _, err := a.SetAccess(t.Context(), id, how, "earner"); err != nil {
			t.Fatal(err)
		}
	}
	seen(http.StatusOK)
	access(issuer.AccessOff)
	seen(http.StatusNotFound)
	hidden("off")
	access(issuer.AccessPublic)
	seen(http.StatusOK)
	access(issuer.AccessUnlisted)
	seen(http.StatusOK)

	ours := b.Workspace(s.organisation.ID)
	if _, _, err := ours.Configure(t.Context(), issuer.Configuration{Name: s.organisation.Name, Settings: issuer.Settings{Held: true}}, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.badge, err = ours.Issue(t.Context(), issuer.AwardInput{Achievement: s.achievement.ID, Recipient: "kim@example.org", Name: testSubject}, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	id = s.badge.ID
	seen(http.StatusNotFound)
	hidden("held")
	if _, err := a.Claim(t.Context(), id, "earner"); err != nil {
		t.Fatal(err)
	}
	seen(http.StatusOK)
}

// TestListing: search engines may list an award that its earner made public, and no other; and of it the page alone, not what is made
// of that page.
func TestListing(t *testing.T) {
	s, all := newBranches(t, testBase, false, 1)
	b := all[0]
	for _, access := range []issuer.Access{issuer.AccessUnlisted, issuer.AccessPublic} {
		if _, err := b.SetAccess(t.Context(), s.badge.ID, access, "earner"); err != nil {
			t.Fatal(err)
		}
		public := access == issuer.AccessPublic
		for _, r := range formsOf(s.badge.ID) {
			w := b.get(r.path, r.accept)
			page := w.Code == http.StatusOK && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html")
			public := public && !strings.HasSuffix(r.path, "/share") && !strings.HasSuffix(r.path, "/embed")
			if listed := w.Header().Get("X-Robots-Tag") != "noindex"; listed != (page && public) {
				t.Errorf("%s: %s as %q: listed is %t", access, r.path, r.accept, listed)
			}
			if page && strings.Contains(w.Body.String(), `content="noindex"`) == public {
				t.Errorf("%s: the page says otherwise", access)
			}
		}
	}
}

// TestErased: where an award was erased its addresses say so, and name nobody. Its file can be checked.
func TestErased(t *testing.T) {
	s, all := newBranches(t, testBase, true, 2)
	a, b := all[0], all[1]
	id := s.badge.ID
	for _, on := range all {
		wantStatus(t, on.get("/c/"+id, mediaHTML), http.StatusOK)
	}
	if _, err := a.Erase(t.Context(), id, "asked by "+secretNote, "earner"); err != nil {
		t.Fatal(err)
	}
	for _, r := range formsOf(id) {
		w := b.get(r.path, r.accept)
		if strings.HasSuffix(r.path, "/") { // no address of ours
			wantStatus(t, w, http.StatusNotFound)
			continue
		}
		wantStatus(t, w, http.StatusGone)
		wantNoText(t, w, testSubject, "ada@", "Small-Group", "Cedar", secretNote)
		if r.accept == mediaHTML {
			wantText(t, w, "This award was erased", "Whoever has its file can still check that.")
		} else if w.Header().Get("Content-Type") != mediaProblem && r.accept != "" {
			t.Errorf("%s as %q: %s", r.path, r.accept, w.Header().Get("Content-Type"))
		}
		if w.Header().Get("X-Robots-Tag") != "noindex" || w.Header().Get("ETag") != "" {
			t.Errorf("%s: %v", r.path, w.Header())
		}
	}
	wantText(t, b.ask(http.MethodGet, "/c/"+id, "", "Accept", mediaHTML, "Accept-Language", "es"), "Esta insignia se borró")
	if r := b.outcome(t, string(s.badge.JSON)); r.Outcome != verifier.Valid {
		t.Errorf("the file is %s: %+v", r.Outcome, r.Checks)
	}
}

// renewals makes the achievement of a scene one whose awards can be renewed, and awards it anew.
func renewals(t *testing.T, s *scene, b *branch) issuer.Workspace {
	t.Helper()
	ours := b.Workspace(s.organisation.ID)
	if _, err := ours.SetAchievement(t.Context(), s.achievement.ID, issuer.AchievementSettings{Renewable: true}, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	return ours
}

// TestSuccessors: an award in whose place another stands leads to it, and back, on its page, at its refresh service and in what the
// verifier says; but never from one person to another.
func TestSuccessors(t *testing.T) {
	s, all := newBranches(t, testBase, true, 2)
	a, b := all[0], all[1]
	ours, by := renewals(t, &s, a), issuer.Write{Actor: "test"}
	must := func(c issuer.Credential, err error) issuer.Credential {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	award := func(email string) issuer.Credential {
		t.Helper()
		return must(ours.Issue(t.Context(), issuer.AwardInput{Achievement: s.achievement.ID, Recipient: email, Name: testSubject}, by))
	}
	page := func(c issuer.Credential) *httptest.ResponseRecorder {
		t.Helper()
		w := b.get("/c/"+c.ID, mediaHTML)
		wantStatus(t, w, http.StatusOK)
		return w
	}
	refresh := func(c issuer.Credential, accept string) *httptest.ResponseRecorder {
		return b.get("/c/"+c.ID+"/refresh", accept)
	}
	offers := func(c, newest issuer.Credential) {
		t.Helper()
		w := refresh(c, "*/*")
		wantStatus(t, w, http.StatusOK)
		if w.Body.String() != string(newest.JSON) || w.Header().Get("Content-Type") != mediaVC || w.Header().Get("Cache-Control") != cacheOwn || w.Header().Get("ETag") == "" {
			t.Errorf("offered %.80s with %v", w.Body, w.Header())
		}
		for accept, want := range map[string]string{mediaJSON: string(newest.JSON), mediaJWT: newest.JWT, mediaText: newest.JWT} {
			if w := refresh(c, accept); w.Body.String() != want || w.Header().Get("Content-Type") != accept {
				t.Errorf("as %s: %.80s", accept, w.Body)
			}
		}
		wantStatus(t, refresh(c, "image/png"), http.StatusNotAcceptable)
		w = refresh(c, mediaHTML+",*/*;q=0.8")
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/c/"+newest.ID {
			t.Errorf("for people: %d to %q", w.Code, w.Header().Get("Location"))
		}
	}
	finds := func(c issuer.Credential, superseded bool, words string) {
		t.Helper()
		for _, text := range []string{string(c.JSON), c.JWT} {
			r := b.outcome(t, text)
			if r.Authentic != verifier.Yes || (r.Credential.Superseded == c.URL+"/refresh") != superseded {
				t.Errorf("authentic %s, superseded by %q", r.Authentic, r.Credential.Superseded)
			}
			for _, check := range r.Checks {
				if check.Step == "refresh" && (check.Outcome != verifier.Pass || !strings.Contains(check.Detail, words)) {
					t.Errorf("refresh: %+v, want %q", check, words)
				}
			}
		}
	}
	newer, older := "In its place stands:", "This award takes the place of an earlier one."

	first := award("ada@example.org")
	page(first) // and remembered
	offers(first, first)
	finds(first, false, "This is the current version")
	name := "Ada Exemplar"
	same := "ada@example.org"
	second := must(ours.Amend(t.Context(), first.ID, issuer.Amendment{Name: &name, Recipient: &same, Note: secretNote}, by))
	w := page(first)
	wantText(t, w, "Authentic, but revoked", "Another award takes its place.", newer, `href="/c/`+second.ID+`"`)
	wantNoText(t, w, name, older, "/refresh\"", secretNote)
	w = page(second)
	wantText(t, w, "Authentic, and in force today", older, `href="/c/`+first.ID+`"`)
	wantNoText(t, w, newer, secretNote)
	offers(first, second)
	offers(second, second)
	finds(first, true, "The issuer offers a newer version which is authentic and in force.")
	finds(second, false, "This is the current version")

	renewal := must(ours.Renew(t.Context(), second.ID, issuer.Renewal{Recipient: "ada@example.org", Note: secretNote}, by))
	w = page(second)
	wantText(t, w, "Authentic, and replaced by a newer badge", newer, `href="/c/`+renewal.ID+`"`, older, `href="/c/`+first.ID+`"`)
	wantText(t, page(first), newer, `href="/c/`+renewal.ID+`"`) // the newest
	offers(first, renewal)
	finds(second, true, "The issuer offers a newer version")

	// A correction of the address leads nobody from one to the other.
	wrong := award("bob@example.org")
	email := "kim@example.org"
	right := must(ours.Amend(t.Context(), wrong.ID, issuer.Amendment{Recipient: &email}, by))
	wantNoText(t, page(wrong), newer, right.ID)
	wantNoText(t, page(right), older, wrong.ID)
	offers(wrong, wrong)
	finds(wrong, false, "This is the current version")

	// What is not to be seen is not told of.
	_ = must(a.SetAccess(t.Context(), renewal.ID, issuer.AccessOff, "earner"))
	wantNoText(t, page(second), newer, renewal.ID)
	for _, accept := range []string{"*/*", mediaJWT, mediaHTML} {
		wantStatus(t, refresh(second, accept), http.StatusNotFound)
	}
	_ = must(a.SetAccess(t.Context(), renewal.ID, issuer.AccessUnlisted, "earner"))
	_ = must(a.SetAccess(t.Context(), second.ID, issuer.AccessOff, "earner"))
	wantNoText(t, page(renewal), older, second.ID)
	wantStatus(t, refresh(second, "*/*"), http.StatusNotFound)
	_ = must(a.Erase(t.Context(), first.ID, "asked", "earner"))
	_ = must(a.SetAccess(t.Context(), second.ID, issuer.AccessUnlisted, "earner"))
	wantNoText(t, page(second), older, first.ID)
	wantStatus(t, refresh(first, "*/*"), http.StatusGone)
}

// TestNotesStayInside: what an issuer notes for itself is at no public address, nor in what the verifier finds.
func TestNotesStayInside(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short, beside the race detector: many documents, one after the other")
	}
	s, all := newBranches(t, testBase, false, 1)
	b := all[0]
	ours, by := renewals(t, &s, b), issuer.Write{Actor: "test"}
	cause := issuer.Cause{Code: issuer.ReasonEvidence, Reason: "The recording is of another lesson.", Note: secretNote}
	inquiry := issuer.Cause{Code: issuer.ReasonInquiry, Note: secretNote}
	told := map[string][]string{}
	for _, act := range []func(id string) (issuer.Credential, error){
		func(id string) (issuer.Credential, error) {
			c, _, err := ours.Revoke(t.Context(), id, cause, by)
			told[c.ID] = []string{"The evidence does not hold.", "The recording is of another lesson."}
			return c, err
		},
		func(id string) (issuer.Credential, error) {
			c, _, err := ours.Suspend(t.Context(), id, inquiry, by)
			told[c.ID] = []string{"It is being looked into."}
			return c, err
		},
		func(id string) (issuer.Credential, error) {
			name, same := "Ada Exemplar", "ada@example.org"
			_, err := ours.Amend(t.Context(), id, issuer.Amendment{Name: &name, Recipient: &same, Note: secretNote}, by)
			told[id] = []string{"Another award takes its place."}
			return issuer.Credential{}, err
		},
		func(id string) (issuer.Credential, error) {
			_, err := ours.Renew(t.Context(), id, issuer.Renewal{Recipient: "ada@example.org", Note: secretNote}, by)
			told[id] = nil
			return issuer.Credential{}, err
		},
	} {
		c, err := ours.Issue(t.Context(), issuer.AwardInput{Achievement: s.achievement.ID, Recipient: "ada@example.org", Name: testSubject}, by)
		if err == nil {
			_, err = act(c.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	page, _, err := ours.Credentials(t.Context(), issuer.CredentialFilter{}, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(page) != 7 {
		t.Fatalf("%d awards", len(page))
	}
	kept := false
	for _, c := range page {
		record, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		kept = kept || bytes.Contains(record, []byte(secretNote))
		wantText(t, b.get("/c/"+c.ID, mediaHTML), told[c.ID]...)
		lists := []faultyRoute{{path: "/status/" + c.Slot.Revocation, accept: mediaVC}, {path: "/status/" + c.Slot.Suspension, accept: mediaVC}}
		for _, r := range slices.Concat(formsOf(c.ID), lists) {
			wantNoText(t, b.get(r.path, r.accept), secretNote)
		}
		for _, accept := range []string{mediaJSON, mediaHTML} {
			w := b.ask(http.MethodPost, "/verify", string(c.JSON), "Content-Type", mediaVC, "Accept", accept)
			wantStatus(t, w, http.StatusOK)
			wantNoText(t, w, secretNote)
			sealed := regexp.MustCompile(`name="reports" value="([^"]+)"`).FindStringSubmatch(w.Body.String())
			if accept == mediaJSON || sealed == nil {
				continue
			}
			form := url.Values{"reports": {sealed[1]}, "as": {"text"}}.Encode()
			w = b.ask(http.MethodPost, recordPath, form, "Content-Type", "application/x-www-form-urlencoded")
			wantStatus(t, w, http.StatusOK)
			wantNoText(t, w, secretNote)
		}
	}
	for _, r := range faultyRoutes {
		if !strings.Contains(r.path, "BADGE") {
			wantNoText(t, b.get(s.path(r.path), r.accept), secretNote)
		}
	}
	if !kept {
		t.Error("no record holds the note, so nothing was tried")
	}
}
