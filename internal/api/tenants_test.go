package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/laurelbadges/laurel/issuer"
)

// unknown are the words of calls with ids that nothing has.
func unknown() map[string]string {
	ids := map[string]string{"document": `{"type":"EndorsementCredential"}`}
	for _, c := range calls {
		for _, word := range words.FindAllStringSubmatch(c.path+c.body, -1) {
			if ids[word[1]] == "" {
				ids[word[1]] = "aaaaaaaaaaaaaaaaaaaaaa"
			}
		}
	}
	return ids
}

var words = regexp.MustCompile("<([a-z]+)>")

// TestOtherOrganisation: on every route, what another organisation has is answered like what never existed, and nothing
// happens to it.
func TestOtherOrganisation(t *testing.T) {
	w := openWorld(t, "https://badges.example.org", true)
	w.check = func(context.Context, []byte) error { return nil }
	ids := w.furnish(t, w.theirs, w.ours)
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
	acts, nowhere := w.audit(t), unknown()
	for i, c := range calls {
		if !strings.Contains(c.path, "/<") {
			continue
		}
		mixed := maps.Clone(ids) // their ids in the path, and a body that names nothing of theirs
		for _, headers := range [][]string{nil, {"If-Match", `"v1"`}, {"If-Match", `"v1"`, "Idempotency-Key", fmt.Sprint(i)}} {
			theirs := w.exchange(t, c.request(t, w.ours.token, mixed, headers...))
			not := w.exchange(t, c.request(t, w.ours.token, nowhere, headers...))
			if theirs.status != http.StatusNotFound || not.status != http.StatusNotFound || same(theirs) != same(not) {
				t.Errorf("%s %s: theirs %d %s; unknown %d %s", c.method, c.route, theirs.status, theirs.text, not.status, not.text)
			}
		}
		for kind, id := range ids {
			if !isID(id) {
				continue
			}
			any := c // their ids of every other kind
			any.path = words.ReplaceAllString(c.path, id)
			if r := w.exchange(t, any.request(t, w.ours.token, nil)); r.status != http.StatusNotFound {
				t.Errorf("%s %s with their %s: %d %s", c.method, c.route, kind, r.status, r.text)
			}
		}
	}
	// What bodies name.
	for _, c := range []struct{ path, body, code string }{
		{"/credentials", `{"achievement":"<achievement>","recipient":{"email":"kim@example.org"}}`, "achievement"},
		{"/credentials", `{"achievement":"` + w.service.Base() + `/a/<achievement>","recipient":{"email":"kim@example.org"}}`, "achievement"},
		{"/credentials", `{"achievement":"<draft>","recipient":{"email":"kim@example.org"}}`, "achievement"},
		{"/cases", `{"credential":"<award>","code":"error","text":"t"}`, "not_found"},
		{"/revocations", `{"name":"n","filter":{"achievement":"<achievement>"},"code":"error"}`, "nothing_to_do"},
		{"/revocations", `{"name":"n","filter":{"batch":"<finished>"},"code":"error"}`, "nothing_to_do"},
		{"/issuers/<ours>/keys/rotate", `{"key":"<key>"}`, "not_found"},
		{"/issuers/<ours>/keys/retire", `{"key":"<spare>"}`, "not_found"},
		{"/issuers/<ours>/keys/compromise", `{"key":"<stolen>"}`, "not_found"},
		{"/issuers/<ours>/keys/reissue", `{"key":"<ended>"}`, "not_found"},
		{"/batches?dry_run=true", `{"name":"n","awards":[{"achievement":"<achievement>","recipient":{"email":"kim@example.org"}}]}`, ""},
	} {
		c.path = strings.ReplaceAll(c.path, "<ours>", w.ours.ID)
		asked := call{method: "POST", route: c.path, path: c.path, body: c.body}
		theirs, not := w.exchange(t, asked.request(t, w.ours.token, ids)), w.exchange(t, asked.request(t, w.ours.token, nowhere))
		replaced := strings.NewReplacer(ids["achievement"], nowhere["achievement"], ids["draft"], nowhere["draft"])
		if theirs.at("code") != c.code || replaced.Replace(same(theirs)) != same(not) {
			t.Errorf("%s: theirs %s; unknown %s", c.path, theirs.text, not.text)
		}
	}
	named := call{method: "POST", route: "/revocations", body: `{"name":"n","ids":["<award>"],"code":"error"}`}
	made := w.exchange(t, named.request(t, w.ours.token, ids)).want(t, 201, "error")
	rows := w.ask(t, w.ours, "GET", prefix+"/batches/"+made.at("id")+"/rows", "").want(t, 200, "").items()
	if len(rows) != 1 || rows[0]["state"] != "rejected" || !strings.Contains(fmt.Sprint(rows[0]["problems"]), "There is no award of this name here.") {
		t.Errorf("%v", rows)
	}
	acts++ // this batch

	for _, list := range []string{"achievements", "credentials", "credentials?achievement=" + ids["achievement"], "credentials?batch=" + ids["finished"], "proposals", "cases",
		"cases?credential=" + ids["questioned"], "unclaimed", "members", "invitations", "webhooks", "audit?subject=" + ids["award"]} {
		if r := w.ask(t, w.ours, "GET", "/api/v1/"+list, "").want(t, 200, ""); len(r.items()) != 0 {
			t.Errorf("%s shows theirs: %s", list, r.text)
		}
	}
	for _, body := range []string{`{"recipient":{"email":"kim@example.org"}}`, `{"text":"kim@example.org"}`, `{"text":"` + ids["award"] + `"}`, `{"batch":"` + ids["finished"] + `"}`} {
		if r := w.ask(t, w.ours, "POST", "/api/v1/credentials/search", body).want(t, 200, ""); len(r.items()) != 0 {
			t.Errorf("%s finds theirs: %s", body, r.text)
		}
	}
	for i, one := range w.ask(t, w.theirs, "GET", "/api/v1/status-lists", "").want(t, 200, "").items() {
		ids[fmt.Sprint("list-", i)], _ = one["id"].(string)
	}
	for _, list := range []string{"batches", "tokens", "endorsements", "audit", "status-lists"} { // there are some of ours
		for _, one := range w.ask(t, w.ours, "GET", "/api/v1/"+list, "").want(t, 200, "").items() {
			for name, id := range ids {
				if one["id"] == id || one["subject"] == id {
					t.Errorf("%s shows their %s", list, name)
				}
			}
		}
	}
	if r := w.ask(t, w.ours, "POST", "/api/v1/erasures", `{"recipient":{"email":"kim@example.org"}}`).want(t, 200, ""); r.body["count"] != 0.0 {
		t.Error(r.text)
	}
	acts++ // that ours forget the person
	if now := w.audit(t); now != acts {
		t.Errorf("%d acts more", now-acts)
	}
	// Where it is not the id but the right that is missing, their routes work.
	for _, c := range calls {
		if r := w.exchange(t, c.request(t, w.theirs.token, ids)); r.status == http.StatusNotFound {
			t.Errorf("%s %s: %s", c.method, c.route, r.text)
		}
	}
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

	for _, secret := range []string{w.ours.token, ended.Text, revoked.Text} {
		if strings.Contains(w.log.String(), secret) || strings.Contains(w.log.String(), id) {
			t.Error("the log holds a token or an id")
		}
	}
}

// TestScopes: each route opens with each of its scopes, and with no other; the description says so.
func TestScopes(t *testing.T) {
	w := newWorld(t)
	document, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[issuer.Scope]string{}
	for _, scope := range everything {
		tokens[scope] = w.token(t, w.ours.ID, scope)
	}
	nowhere := unknown()
	for _, c := range calls {
		at := slices.IndexFunc((&server{}).table(), func(r route) bool { return r.method == c.method && r.path == c.route })
		need := (&server{}).table()[at].scopes
		var described []issuer.Scope
		operation := document.Paths.Value(prefix + strings.NewReplacer(":id", "{id}", ":delivery", "{delivery}").Replace(c.route)).GetOperation(c.method)
		for _, one := range *operation.Security {
			for _, scope := range one["token"] {
				described = append(described, issuer.Scope(scope))
			}
		}
		if !slices.Equal(described, need) {
			t.Errorf("%s %s needs %v, and %v by its description", c.method, c.route, need, described)
		}
		c.body = "[]" // which nothing takes
		if c.method == http.MethodGet {
			c.body = ""
		}
		for scope, token := range tokens {
			r := w.exchange(t, c.request(t, token, nowhere))
			opens := len(need) == 0 || slices.Contains(need, scope)
			if closed := r.at("code") == "scope_missing"; closed == opens {
				t.Errorf("%s %s with %s: %d %s", c.method, c.route, scope, r.status, r.text)
			}
			if !opens && (r.status != http.StatusForbidden || !strings.Contains(r.header.Get("WWW-Authenticate"), `error="insufficient_scope", scope="`+string(need[0])+`"`)) {
				t.Error(r.status, r.header)
			}
		}
	}
}
