package api

import (
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential/picture"
	"github.com/laurelbadges/laurel/issuer"
)

// TestKeyOfAnotherToken: a token does not get what another one was answered, nor does a key that was used for one act do another.
func TestKeyOfAnotherToken(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	other := office{token: w.token(t, w.ours.ID, everything...)}
	proposer := office{token: w.token(t, w.ours.ID, issuer.ScopeCredentialsPropose)}
	body := awardBody(achievement, "kim@example.org")
	ask := func(o office, path, body string) reply {
		return w.ask(t, o, "POST", "/api/v1/"+path, body, "Idempotency-Key", "k")
	}
	first := ask(w.ours, "credentials", body).want(t, 201, "")
	second := ask(other, "credentials", awardBody(achievement, "max@example.org")).want(t, 201, "") // not "reused" either
	third := ask(other, "credentials", awardBody(achievement, "max@example.org")).want(t, 201, "")
	if first.at("id") == second.at("id") || second.text != third.text {
		t.Errorf("%s, another token %s and again %s", first.text, second.text, third.text)
	}
	ask(proposer, "credentials", body).want(t, 202, "")
	if ids, _ := w.walk(t, w.ours, "/api/v1/credentials?limit=100"); len(ids) != 2 {
		t.Errorf("%d awards, want 2", len(ids))
	}
	secrets := map[string]bool{}
	for _, o := range []office{w.ours, other} {
		r := ask(o, "webhooks", `{"url":"https://example.org/hook"}`).want(t, 201, "")
		secrets[r.at("secret")] = true
	}
	if len(secrets) != 2 || secrets[""] {
		t.Error("a token got the webhook of another, without its secret")
	}
}

// TestMightierToken: a token ends none that may do more than it may itself, and takes over nothing by making an owner.
func TestMightierToken(t *testing.T) {
	w := newWorld(t)
	mighty, err := w.service.Authenticate(t.Context(), w.ours.token)
	if err != nil {
		t.Fatal(err)
	}
	weak := office{token: w.token(t, w.ours.ID, issuer.ScopePeopleRead, issuer.ScopePeopleWrite)}
	same, err := w.service.Authenticate(t.Context(), weak.token)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := w.service.Authenticate(t.Context(), w.theirs.token)
	if err != nil {
		t.Fatal(err)
	}
	revoke := func(id string) reply { return w.ask(t, weak, "POST", "/api/v1/tokens/"+id+"/revoke", "") }
	revoke(mighty.ID).want(t, 403, "scopes")
	revoke(theirs.ID).want(t, 404, "not_found")
	w.ask(t, w.ours, "GET", "/api/v1/tokens", "").want(t, 200, "")
	w.ask(t, w.ours, "POST", "/api/v1/invitations", `{"email":"kim@example.org","role":"owner"}`).want(t, 403, "beyond")
	revoke(same.ID).want(t, 200, "")
	revoke(mighty.ID).want(t, 401, "token_invalid")
}

// TestPictureLimit: a picture may be as large as on a page.
func TestPictureLimit(t *testing.T) {
	w := newWorld(t)
	send := func(size int) reply {
		body := drawing + "<!--" + strings.Repeat("a", size-len(drawing)-7) + "-->"
		return w.raw(t, "PUT", prefix+"/issuers/"+w.ours.ID+"/image", body, "Content-Type", "image/svg+xml", "If-Match", "*", "Authorization", "Bearer "+w.ours.token)
	}
	send(picture.MaxInput).wantStatus(t, 200)
	send(picture.MaxInput+1).wantStatus(t, 413)
	w.raw(t, "PATCH", prefix+"/issuers/"+w.ours.ID+"/settings", strings.Repeat(" ", picture.MaxInput), "Content-Type", mediaJSON, "Authorization", "Bearer "+w.ours.token).wantStatus(t, 413)
}
