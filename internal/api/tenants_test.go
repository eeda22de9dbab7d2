package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// routes are all addresses with an id, and what to ask there.
var routes = []struct{ method, path, kind, body string }{
	{"GET", "/api/v1/issuers/ID", "issuer", ""},
	{"HEAD", "/api/v1/issuers/ID", "issuer", ""},
	{"GET", "/api/v1/issuers/ID/keys", "issuer", ""},
	{"GET", "/api/v1/achievements/ID", "draft achievement", ""},
	{"PUT", "/api/v1/achievements/ID", "draft achievement", plainAchievement},
	{"POST", "/api/v1/achievements/ID/publish", "draft achievement", ""},
	{"POST", "/api/v1/achievements/ID/archive", "draft achievement", ""},
	{"GET", "/api/v1/credentials/ID", "credential", ""},
	{"HEAD", "/api/v1/credentials/ID", "credential", ""},
	{"GET", "/api/v1/credentials/ID/base", "credential", ""},
	{"HEAD", "/api/v1/credentials/ID/base", "credential", ""},
	{"POST", "/api/v1/credentials/ID/revoke", "credential", `{"reason":"r"}`},
	{"POST", "/api/v1/credentials/ID/suspend", "credential", ""},
	{"POST", "/api/v1/credentials/ID/reinstate", "credential", ""},
}

// TestOtherOrganisation: on every route, what another organisation has is answered like what never existed, and nothing
// happens to it.
func TestOtherOrganisation(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.theirs)
	ids := map[string]string{"issuer": w.theirs.ID, "achievement": achievement, "credential": w.awarded(t, w.theirs, achievement),
		"draft": w.ask(t, w.theirs, "POST", "/api/v1/achievements", plainAchievement).want(t, 201, "").at("id")}
	before := w.state(t, ids)
	same := func(r reply) string {
		delete(r.body, "instance")
		text, err := json.Marshal(r.body)
		if err != nil {
			t.Fatal(err)
		}
		header := r.header.Clone()
		header.Del("X-Request-Id")
		var all strings.Builder
		if err := header.Write(&all); err != nil {
			t.Fatal(err)
		}
		return all.String() + string(text)
	}
	for _, route := range routes {
		for kind, id := range ids {
			for _, headers := range [][]string{{"If-Match", "*"}, {"If-Match", `"v1"`}, {"If-Match", `"v1"`, "Idempotency-Key", kind + route.method + route.path}} {
				theirs := w.ask(t, w.ours, route.method, strings.Replace(route.path, "ID", id, 1), route.body, headers...)
				unknown := w.ask(t, w.ours, route.method, strings.Replace(route.path, "ID", "aaaaaaaaaaaaaaaaaaaaaa", 1), route.body, headers...)
				if theirs.status != http.StatusNotFound || unknown.status != http.StatusNotFound || same(theirs) != same(unknown) {
					t.Errorf("%s %s with their %s: %d %s; unknown: %d %s", route.method, route.path, kind, theirs.status, theirs.text, unknown.status, unknown.text)
				}
			}
		}
	}
	for _, name := range []string{achievement, base + "/a/" + achievement, ids["draft"]} {
		theirs := w.ask(t, w.ours, "POST", "/api/v1/credentials", awardBody(name, "kim@example.org")).want(t, 422, "achievement")
		unknown := w.ask(t, w.ours, "POST", "/api/v1/credentials", awardBody("aaaaaaaaaaaaaaaaaaaaaa", "kim@example.org")).want(t, 422, "achievement")
		if same(theirs) != same(unknown) {
			t.Errorf("awarding their achievement: %s; unknown: %s", theirs.text, unknown.text)
		}
	}
	for _, list := range []string{"achievements", "credentials", "status-lists", "credentials?achievement=" + achievement} {
		if r := w.ask(t, w.ours, "GET", "/api/v1/"+list, "").want(t, 200, ""); len(r.items()) != 0 {
			t.Errorf("%s shows theirs: %s", list, r.text)
		}
	}
	if after := w.state(t, ids); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	// Where it is not the id but the right that is missing, their routes work.
	for _, route := range routes {
		kind := strings.Fields(route.kind)[0]
		if strings.HasSuffix(route.path, "/base") { // which this award has not; see TestBase
			continue
		}
		if r := w.ask(t, w.theirs, route.method, strings.Replace(route.path, "ID", ids[kind], 1), route.body, "If-Match", "*"); r.status == http.StatusNotFound {
			t.Errorf("%s %s: %s", route.method, route.path, r.text)
		}
	}
}

// state is what the owner sees of the records.
func (w *world) state(t *testing.T, ids map[string]string) string {
	t.Helper()
	text := ""
	for _, path := range []string{"issuers/" + ids["issuer"], "achievements/" + ids["achievement"], "achievements/" + ids["draft"], "credentials/" + ids["credential"]} {
		r := w.ask(t, w.theirs, "GET", "/api/v1/"+path, "").want(t, 200, "")
		text += r.header.Get("ETag") + r.text
	}
	return text
}

// TestCursors: the cursor of one organisation shows another nothing of it.
func TestCursors(t *testing.T) {
	w := newWorld(t)
	theirs, ours := w.published(t, w.theirs), w.published(t, w.ours)
	for range 3 {
		w.awarded(t, w.theirs, theirs)
		w.awarded(t, w.ours, ours)
	}
	for _, list := range []string{"credentials", "achievements"} {
		w.ask(t, w.theirs, "POST", "/api/v1/achievements", plainAchievement).want(t, 201, "")
		w.ask(t, w.theirs, "POST", "/api/v1/achievements", plainAchievement).want(t, 201, "")
		link := w.ask(t, w.theirs, "GET", "/api/v1/"+list+"?limit=1", "").want(t, 200, "").header.Get("Link")
		path, _ := strings.CutSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`)
		for _, one := range w.ask(t, w.ours, "GET", path, "").want(t, 200, "").items() {
			if list == "credentials" && one["issuer"] != w.ours.ID || list == "achievements" && one["id"] != ours {
				t.Errorf("%s: %v", list, one)
			}
		}
	}
}

// TestTokens: who may do what.
func TestTokens(t *testing.T) {
	w := newWorld(t)
	id := w.awarded(t, w.ours, w.published(t, w.ours))
	path := "/api/v1/credentials/" + id
	ended, err := w.service.CreateToken(t.Context(), issuer.TokenInput{Organisation: w.ours.ID, Scopes: everything, Expires: w.clock.Now().Add(time.Hour), Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := w.service.CreateToken(t.Context(), issuer.TokenInput{Organisation: w.ours.ID, Scopes: everything, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	w.send(t, "GET", path, "", "Authorization", "Bearer "+ended.Text).want(t, 200, "")
	w.send(t, "GET", path, "", "Authorization", "bearer "+revoked.Text).want(t, 200, "")
	if _, err := w.service.RevokeToken(t.Context(), revoked.ID, "test"); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(time.Hour)
	if r := w.send(t, "GET", path, "").want(t, 401, "token_missing"); r.header.Get("WWW-Authenticate") != `Bearer realm="laurel"` {
		t.Error(r.header)
	}
	other := "laurel_" + strings.Repeat("0", 64) + "190a55ad"
	for name, header := range map[string]string{
		"empty": "", "no scheme": w.ours.token, "other scheme": "Basic " + w.ours.token, "ended": "Bearer " + ended.Text, "revoked": "Bearer " + revoked.Text,
		"cut": "Bearer " + w.ours.token[:len(w.ours.token)-1], "upper case": "Bearer " + strings.ToUpper(w.ours.token), "unknown": "Bearer " + other,
		"longer": "Bearer " + w.ours.token + "0", "two": "Bearer " + w.ours.token + " " + w.ours.token, "long": "Bearer " + strings.Repeat("a", 10000),
	} {
		r := w.send(t, "GET", path, "", "Authorization", header)
		if r.status != 401 || r.at("code") != "token_invalid" || r.header.Get("WWW-Authenticate") != `Bearer realm="laurel", error="invalid_token"` {
			t.Errorf("%s: %d %s %v", name, r.status, r.text, r.header)
		}
	}
	w.send(t, "GET", path+"?access_token="+w.ours.token, "").want(t, 401, "token_missing")

	// Each scope opens its own routes.
	scopes := map[string]issuer.Scope{"GET issuer": "", "GET draft": issuer.ScopeAchievementsRead, "PUT draft": issuer.ScopeAchievementsWrite,
		"POST draft": issuer.ScopeAchievementsWrite, "GET credential": issuer.ScopeCredentialsRead, "POST credential": issuer.ScopeCredentialsWrite}
	for _, route := range routes {
		need := scopes[strings.Replace(route.method, "HEAD", "GET", 1)+" "+strings.Fields(route.kind)[0]]
		if strings.HasSuffix(route.path, "/keys") {
			need = issuer.ScopeKeysRead
		}
		if strings.HasSuffix(route.path, "/base") {
			need = issuer.ScopeCredentialsWrite
		}
		for _, scope := range everything {
			one := office{token: w.token(t, w.ours.ID, scope)}
			r := w.ask(t, one, route.method, strings.Replace(route.path, "ID", "aaaaaaaaaaaaaaaaaaaaaa", 1), route.body, "If-Match", "*")
			want := 403
			if scope == need || need == "" {
				want = 404
			}
			if r.status != want {
				t.Errorf("%s %s with %s: %d, want %d", route.method, route.path, scope, r.status, want)
			}
			if r.status == 403 && !strings.Contains(r.header.Get("WWW-Authenticate"), `error="insufficient_scope", scope="`+string(need)+`"`) {
				t.Error(r.header)
			}
		}
	}
	for _, secret := range []string{w.ours.token, ended.Text, revoked.Text} {
		if strings.Contains(w.log.String(), secret) || strings.Contains(w.log.String(), id) {
			t.Error("the log holds a token or an id")
		}
	}
}
