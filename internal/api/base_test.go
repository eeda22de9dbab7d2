package api

import (
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/proof"
)

// TestBase: who may award gets the form that its holder derives others from, where an award has one, and its files name it.
func TestBase(t *testing.T) {
	w := openWorld(t, "https://badges.example.org", true)
	w.check = func(context.Context, []byte) error { return nil }
	achievement := w.published(t, w.ours)
	plain := "/api/v1/credentials/" + w.awarded(t, w.ours, achievement)
	if r := w.ask(t, w.ours, "GET", plain, "").want(t, 200, ""); r.at("files", "base") != "" || r.at("files", "svg") == "" {
		t.Error(r.text)
	}
	w.ask(t, w.ours, "GET", plain+"/base", "").want(t, 404, "not_found")
	if err := w.service.SetSuite(t.Context(), w.ours.ID, issuer.SuiteSelective, "test"); err != nil {
		t.Fatal(err)
	}
	selective := "/api/v1/credentials/" + w.awarded(t, w.ours, achievement)
	r := w.ask(t, w.ours, "GET", selective, "").want(t, 200, "")
	if r.at("files", "base") != selective+"/base" {
		t.Fatal(r.text)
	}
	r = w.ask(t, w.ours, "GET", r.at("files", "base"), "").want(t, 200, "")
	if r.header.Get("Content-Type") != mediaCredential || r.header.Get("Cache-Control") != "no-store" {
		t.Error(r.header)
	}
	derived, err := proof.Derive(t.Context(), []byte(r.text), []string{"/credentialSubject"}, proof.Options{})
	if err != nil || !strings.Contains(string(derived), `"issuer"`) {
		t.Errorf("%s, error %v", derived, err)
	}
	w.ask(t, w.ours, "GET", selective+"/base?x=1", "").want(t, 400, "parameters")
	w.ask(t, w.theirs, "GET", selective+"/base", "").want(t, 404, "not_found")
	reader := office{token: w.token(t, w.ours.ID, issuer.ScopeCredentialsRead)}
	w.ask(t, reader, "GET", selective+"/base", "").want(t, 403, "scope_missing")
}

// TestCallerGone: a caller who does not wait for the answer is no fault of this side.
func TestCallerGone(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", "/api/v1/achievements", nil)
	r.Header.Set("Authorization", "Bearer "+w.ours.token)
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	text, err := io.ReadAll(recorder.Result().Body)
	if err != nil || recorder.Code != 400 || strings.Contains(w.log.String(), `"level":"ERROR"`) {
		t.Errorf("%d %s, error %v\n%s", recorder.Code, text, err, w.log.String())
	}
}
