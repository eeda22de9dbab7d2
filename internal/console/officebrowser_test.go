package console

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

// TestOfficeBrowser opens the pages of the office in Chromium: axe has nothing to say against them, they never scroll sideways at 320
// pixels, and all of each is reached by Tab. LAUREL_PICTURES is a folder for pictures of them, to be looked at.
func TestOfficeBrowser(t *testing.T) {
	if testing.Short() || os.Getenv("LAUREL_BROWSER") == "" {
		t.Skip("skipped: set LAUREL_BROWSER to walk through the office in Chromium, which takes half a minute")
	}
	home := filepath.Join("..", "..", "testdata", "npm")
	for _, needed := range []string{"/usr/bin/chromium", filepath.Join(home, "node_modules", "playwright-core"), filepath.Join(home, "node_modules", "axe-core")} {
		if _, err := os.Stat(needed); err != nil {
			t.Skipf("skipped: %s is absent; `make tools` installs it", needed)
		}
	}
	w := newWorld(t)
	achievement := w.published("Small-Group Instruction")
	award := w.awarded(achievement, "ada@example.org", "Ada Example")
	things := w.officeThings()
	o := w.owner
	page := w.issuer_.get(w.in("awards", award, "suspend"))
	w.issuer_.post(w.in("awards", award, "suspend"), url.Values{"version": {page.field("version")}, "code": {"inquiry"}, "note": {"a colleague asked"}}).want(t, 303)
	theirs := w.service.Workspace(w.theirs.ID)
	back, err := theirs.Endorse(t.Context(), issuer.EndorseInput{Kind: issuer.EndorsesAchievement, Subject: base + "/a/" + achievement, Comment: "Good **work**"}, issuer.Write{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	o.upload(w.at("endorsements", "attach"), "file", back.JSON, nil).want(t, 303)
	o.confirm(w.at("keys", things.key, "rotate"), nil).want(t, 303)
	if _, err := w.service.CreateOrganisation(t.Context(), "Lost District", "", "test"); err != nil {
		t.Fatal(err)
	}
	// Whose sign-in is a while ago, to be asked for it once more.
	w.clock = w.clock.Add(-recently)
	late := w.browser()
	w.signIn(late, "olive@example.org")
	w.clock = w.clock.Add(recently)

	type stop struct {
		Path   string `json:"path"`
		Status int    `json:"status"`
		Press  string `json:"press"`
	}
	invite := w.at("people", "invite")
	account := w.account(w.roles[people.RoleAssessor])
	hook := w.at("webhooks", things.webhook)
	stops := map[string]stop{
		"office": {w.at(), 200, ""}, "people": {w.at("people"), 200, ""}, "invite": {invite, 200, ""}, "role": {w.at("people", account, "role"), 200, ""},
		"remove": {w.at("people", account, "remove"), 200, ""}, "tokens": {w.at("tokens"), 200, ""}, "token-form": {w.at("tokens", "new"), 200, ""},
		"token-refused": {w.at("tokens", "new") + "?invalid", 422, "Make the token"},
		"settings":      {w.at("settings"), 200, ""}, "keys": {w.at("keys"), 200, ""}, "compromise": {w.at("keys", things.key, "compromise"), 200, ""}, "reissue": {w.at("keys", things.key, "reissue"), 200, ""},
		"endorsements": {w.at("endorsements"), 200, ""}, "endorse": {w.at("endorsements", "new"), 200, ""}, "attach": {w.at("endorsements", "attach"), 200, ""},
		"endorsement": {w.at("endorsements", things.received), 200, ""}, "endorsement-revoke": {w.at("endorsements", things.given, "revoke"), 200, ""},
		"webhooks": {w.at("webhooks"), 200, ""}, "webhook-form": {w.at("webhooks", "new"), 200, ""}, "webhook": {hook, 200, ""}, "webhook-secret": {hook + "/secret", 200, "Change the secret"},
		"webhook-replay": {hook + "/replay", 200, ""}, "delivery": {hook + "/deliveries/" + things.delivery, 200, ""}, "activity": {w.at("activity"), 200, ""},
		"installation": {pathInstallation, 200, ""}, "organisation-form": {pathInstallation + "/organisations/new", 200, ""}, "account": {pathAccount, 200, ""},
		"again": {pathAgain + "?late", 200, ""}, "account-late": {pathAccount + "?late", 200, ""}, "choose": {pathConsole, 303, ""}, "achievement": {w.in("achievements", achievement), 200, ""},
		"draft": {w.in("achievements", things.pictured), 200, ""},
	}
	for name, path := range w.dayStops(achievement) {
		stops[name] = stop{path, 200, ""}
	}
	delete(stops, "choose") // one organisation: there is nothing to choose
	files := http.FileServer(http.Dir(filepath.Join("..", "web", "static")))
	mux := http.NewServeMux()
	mux.Handle("/static/", http.StripPrefix("/static/", files))
	mux.HandleFunc("/a/", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "image/svg+xml")
		_, _ = rw.Write([]byte(drawing))
	})
	mux.HandleFunc("/", func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" {
			rw.WriteHeader(http.StatusNoContent)
			return
		}
		if r.Header.Get("Origin") != "" { // the browser knows the installation by another address
			r.Header.Set("Origin", base)
		}
		b := o
		if r.URL.RawQuery == "late" {
			b = late
		}
		if r.URL.RawQuery == "invalid" { // a browser would not send a form that it knows to be wrong
			rw = novalidate{rw}
		}
		for _, c := range b.cookies {
			r.AddCookie(c)
		}
		w.handler.ServeHTTP(rw, r)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	folder := os.Getenv("LAUREL_PICTURES")
	input, err := json.Marshal(map[string]any{"origin": server.URL, "stops": stops, "pictures": folder})
	if err != nil {
		t.Fatal(err)
	}
	var out, log bytes.Buffer
	walk := exec.CommandContext(t.Context(), "node", filepath.Join(home, "console.mjs"))
	walk.Stdin, walk.Stdout, walk.Stderr = bytes.NewReader(input), &out, &log
	if err := walk.Run(); err != nil {
		t.Fatalf("the walk ended early: %v\n%s", err, log.Bytes())
	}
	var result struct {
		Looks    int
		Findings []string
	}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatal(err)
	}
	if result.Looks < 2*len(stops) { // and at the sheet with the places, where a page has it
		t.Errorf("axe looked %d times, not %d", result.Looks, 2*len(stops))
	}
	for _, finding := range result.Findings {
		t.Error(finding)
	}
}

// dayStops are the pages of a day of work, as its owner sees them: what waits, awards that were searched for, batches in their states.
func (w *world) dayStops(achievement string) map[string]string {
	w.t.Helper()
	at := w.batchOf(achievement, 24)
	held := w.batchOf(achievement, 3)
	id := held[strings.LastIndexByte(held, '/')+1:]
	w.edit("batch", id, `"state":"finished"`, `"state":"held"`)
	w.edit("batch", id, `"done":3`, `"done":1,"problem":"What was signed for row 3 did not pass this program's own check, so the batch stopped."`)
	day := w.dayThings(achievement)
	found := w.owner.post(w.in("awards"), url.Values{"q": {"ada7@example.org"}}).want(w.t, 303).header.Get("Location")
	none := w.owner.post(w.in("awards"), url.Values{"q": {"nobody"}}).want(w.t, 303).header.Get("Location")
	revoke := w.owner.post(w.in("revocations"), url.Values{"code": {"error"}, "achievement": {achievement}}).want(w.t, 303).header.Get("Location")
	return map[string]string{"home": "/console/" + w.ours.ID, "awards": w.in("awards"), "awards-found": found, "awards-none": none, "batch": at, "batch-held": held,
		"batch-check": w.in("batches", day.batch), "batch-revoke": revoke, "proposal": w.in("proposals", day.proposal), "erase": w.in("erase"), "unclaimed": w.in("unclaimed")}
}

// novalidate takes from a page that its fields are required.
type novalidate struct{ http.ResponseWriter }

func (n novalidate) Write(body []byte) (int, error) {
	if _, err := n.ResponseWriter.Write(bytes.ReplaceAll(body, []byte(" required>"), []byte(">"))); err != nil {
		return 0, err
	}
	return len(body), nil
}
