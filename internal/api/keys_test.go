package api

import (
	"context"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/people"
)

// TestKeys: a key is rotated, retired, said to be stolen, and what it signed is signed anew, by whoever has the scope for it: no role but
// that of the owner.
func TestKeys(t *testing.T) {
	w := openWorld(t, "https://badges.example.org", true)
	w.check = func(context.Context, []byte) error { return nil }
	award := w.awarded(t, w.ours, w.published(t, w.ours))
	own := prefix + "/issuers/" + w.ours.ID
	named := func(key string) string { return `{"key":"` + key + `"}` }
	first := w.ours.Keys[0].Method

	w.ask(t, w.ours, "POST", own+"/keys/reissue", named(first)).want(t, 409, "key_active")
	tag := w.ask(t, w.ours, "GET", own, "").header.Get("ETag")
	fresh := w.ask(t, w.ours, "POST", own+"/keys/rotate", named(first), "Idempotency-Key", "k", "If-Match", tag).want(t, 201, "")
	if again := w.ask(t, w.ours, "POST", own+"/keys/rotate", named(first), "Idempotency-Key", "k", "If-Match", tag).want(t, 201, ""); again.text != fresh.text {
		t.Error(again.text)
	}
	w.ask(t, w.ours, "POST", own+"/keys/rotate", named(fresh.at("id")), "If-Match", tag).want(t, 412, "version")
	w.ask(t, w.ours, "POST", own+"/keys/rotate", named(first)).want(t, 409, "key_ended")
	w.ask(t, w.ours, "POST", own+"/keys/retire", named(fresh.at("id"))).want(t, 409, "last_key")
	w.ask(t, w.ours, "POST", own+"/keys/compromise", `{"key":"`+first+`","since":"2999-01-01T00:00:00Z"}`).want(t, 422, "since")
	stolen := w.ask(t, w.ours, "POST", own+"/keys/compromise", named(first)).want(t, 200, "")
	if fresh.at("state") != "active" || stolen.at("state") != "compromised" || stolen.at("id") != first || stolen.at("ended") == "" {
		t.Errorf("%s %s", fresh.text, stolen.text)
	}
	batch := w.ask(t, w.ours, "POST", own+"/keys/reissue", named(first)).want(t, 201, "")
	w.work(t)
	if done := w.ask(t, w.ours, "GET", batch.header.Get("Location"), "").want(t, 200, ""); done.at("kind") != "reissue" || done.at("state") != "finished" || done.body["done"] != 1.0 {
		t.Error(done.text)
	}
	c, err := w.service.Credential(t.Context(), award)
	if err != nil || !strings.Contains(string(c.JSON), fresh.at("id")) {
		t.Errorf("%s, error %v", c.JSON, err)
	}
	if all := w.ask(t, w.ours, "GET", own+"/keys", "").items(); len(all) != len(w.ours.Keys)+1 {
		t.Errorf("%v", all)
	}

	theirs := w.theirs.Keys[0].Method
	for _, step := range []string{"rotate", "retire", "compromise", "reissue"} {
		for _, key := range []string{theirs, "did:web:nowhere.example#k", ""} {
			if r := w.ask(t, w.ours, "POST", own+"/keys/"+step, named(key)).want(t, 422, "not_found"); r.pointers() != "/key" {
				t.Error(r.text)
			}
		}
		w.ask(t, w.ours, "POST", prefix+"/issuers/"+w.theirs.ID+"/keys/"+step, named(theirs)).want(t, 404, "not_found")
		for _, role := range people.Roles() {
			code := map[bool]string{true: "not_found", false: "scope_missing"}[role == people.RoleOwner]
			if r := w.ask(t, office{token: w.token(t, w.ours.ID, role.Scopes()...)}, "POST", own+"/keys/"+step, named("x")); r.at("code") != code {
				t.Errorf("%s %s: %d %s", role, step, r.status, r.text)
			}
		}
	}
}

// TestFixedKey: the key that is the identity of an issuer cannot change.
func TestFixedKey(t *testing.T) {
	w := newWorld(t)
	for _, step := range []string{"rotate", "retire", "compromise"} {
		w.ask(t, w.ours, "POST", prefix+"/issuers/"+w.ours.ID+"/keys/"+step, `{"key":"`+w.ours.Keys[0].Method+`"}`).want(t, 409, "did_key")
	}
}

// TestLimitTold: whoever has a limit is told how it stands with every answer, whatever that is; where no token is known there is none to
// tell of.
func TestLimitTold(t *testing.T) {
	w := newWorld(t)
	made := w.ask(t, w.ours, "POST", prefix+"/tokens", `{"scopes":["achievements:read","achievements:write"],"rate":7}`).want(t, 201, "")
	if made.body["rate"] != 7.0 {
		t.Error(made.text)
	}
	limited := office{token: made.at("token")}
	own := prefix + "/issuers/" + w.ours.ID
	tag := w.ask(t, w.ours, "GET", own, "").header.Get("ETag")
	for i, step := range []struct {
		method, path, body string
		status             int
	}{{"GET", own, "", 200}, {"GET", own, "", 304}, {"GET", "/api/v1/achievements/nothing", "", 404}, {"GET", "/api/v1/audit", "", 403}, {"GET", own + "?x=1", "", 400},
		{"POST", "/api/v1/achievements", `{}`, 422}, {"POST", "/api/v1/achievements", plainAchievement, 201}, {"GET", own, "", 429}} {
		var headers []string
		if step.status == 304 {
			headers = []string{"If-None-Match", tag}
		}
		r := w.ask(t, limited, step.method, step.path, step.body, headers...)
		left := []string{"6", "5", "4", "3", "2", "1", "0", "0"}[i]
		if r.status != step.status || r.header.Get("RateLimit-Policy") != `"token";q=7;w=60` || !strings.HasPrefix(r.header.Get("RateLimit"), `"token";r=`+left+`;t=`) {
			t.Errorf("%s %s: %d %v", step.method, step.path, r.status, r.header)
		}
	}
	if h := w.send(t, "GET", own, "", "Authorization", "Bearer x").want(t, 401, "token_invalid").header; h.Get("RateLimit") != "" || h.Get("RateLimit-Policy") != "" {
		t.Error(h)
	}
}
