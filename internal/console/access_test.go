package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/people"
)

// allRoutes is the table itself.
func allRoutes() []route { return (&server{}).routes() }

// TestRoutes: every address asks for a scope, or for somebody who is signed in, or says that it is open to everybody. What is open is a
// short list, named here.
func TestRoutes(t *testing.T) {
	open := map[string]bool{}
	for _, r := range allRoutes() {
		within := strings.HasPrefix(r.path, inside)
		switch {
		case r.open && (r.scope != "" || within), within && r.scope == "", !within && r.scope != "":
			t.Errorf("%s %s: open %v, scope %q", r.method, r.path, r.open, r.scope)
		case r.method != http.MethodGet && r.method != http.MethodPost:
			t.Errorf("%s %s: forms know GET and POST only", r.method, r.path)
		}
		if r.open {
			open[r.method+" "+r.path] = true
		}
	}
	for _, expected := range []string{"GET /console/static/:file", "GET /sign-in", "POST /sign-in", "GET /sign-in/link", "POST /sign-in/link", "GET /invitation/:token",
		"POST /invitation/:token", "GET /first", "POST /first", "POST /sign-in/passkey/begin", "POST /sign-in/passkey/finish", "POST /sign-in/provider",
		"GET /sign-in/provider/return", "POST /sign-out"} {
		if !open[expected] {
			t.Errorf("%s is not open", expected)
		}
		delete(open, expected)
	}
	if len(open) > 0 {
		t.Errorf("open as well: %v", open)
	}
}

// TestEveryRouteWithEveryRole asks for every address with every role of the organisation, with every role of another one, and with none.
func TestEveryRouteWithEveryRole(t *testing.T) {
	w := newWorld(t)
	achievement := w.published("Small-Group Instruction")
	award := w.awarded(achievement, "ada@example.org", "Ada")
	things := w.officeThings()
	day := w.dayThings(achievement)
	nobody := w.browser()
	unknown := w.roles[people.RoleOwner].get("/console/AAAAAAAAAAAAAAAAAAAAAA").want(t, 404)
	changes := func() int {
		entries, _, err := w.service.Activity(t.Context(), activityOf(w.ours.ID), "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	address := func(path, organisation string) string {
		id := award
		if strings.Contains(path, "/achievements/") {
			id = achievement
		}
		if found := things.of(path); found != "" {
			id = found
		}
		if found := day.of(path); found != "" {
			id = found
		}
		path = things.in(path)
		return strings.NewReplacer(":organisation", organisation, ":id", id, ":token", "none", ":file", "none").Replace(path) + "?achievement=" + achievement
	}
	send := func(b *browser, r route, organisation string) reply {
		if r.method == http.MethodPost {
			return b.post(address(r.path, organisation), url.Values{})
		}
		return b.get(address(r.path, organisation))
	}
	for _, r := range allRoutes() {
		if r.open {
			continue
		}
		before := changes()
		switch got := send(nobody, r, w.ours.ID); {
		case r.method == http.MethodGet && (got.status != http.StatusSeeOther || got.header.Get("Location") != "/sign-in"),
			r.method == http.MethodPost && got.status != http.StatusUnauthorized:
			t.Errorf("nobody: %s %s: %d", r.method, r.path, got.status)
		}
		if r.scope == "" {
			continue
		}
		for role, b := range w.foreign {
			got := send(b, r, w.ours.ID) // an organisation of others is one that never was
			if got.status != http.StatusNotFound || text(got.body) != text(unknown.body) {
				t.Errorf("%s of another organisation: %s %s: %d", role, r.method, r.path, got.status)
			}
			if strings.Count(r.path, ":") < 2 || !role.May(r.scope) {
				continue
			}
			if got := send(b, r, w.theirs.ID); got.status != http.StatusNotFound && got.status != http.StatusBadRequest { // our ids in their own organisation
				t.Errorf("%s of another organisation, with our ids: %s %s: %d", role, r.method, r.path, got.status)
			}
		}
		for role, b := range w.roles {
			if role.May(r.scope) {
				continue
			}
			if got := send(b, r, w.ours.ID); got.status != http.StatusForbidden {
				t.Errorf("%s: %s %s: %d, want 403", role, r.method, r.path, got.status)
			}
		}
		if after := changes(); after != before {
			t.Errorf("%s %s was refused, and changed something", r.method, r.path)
		}
		for role, b := range w.roles {
			if !role.May(r.scope) {
				continue
			}
			switch got := send(b, r, w.ours.ID); got.status {
			case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
				t.Errorf("%s: %s %s: %d", role, r.method, r.path, got.status)
			}
		}
	}
}

// text is what a page says below its head: the rest names who is signed in.
func text(page string) string {
	_, page, _ = strings.Cut(page, `<main id="main"`)
	return page
}

// TestOtherSites: a form that does not come from here does nothing, whatever its browser says of it or keeps quiet about.
func TestOtherSites(t *testing.T) {
	w := newWorld(t)
	made := w.issuer_.post(w.in("achievements", "new"), defined("Small-Group Instruction")).want(t, 303)
	page := w.issuer_.get(w.in("achievements", made.id(), "publish")).want(t, 200)
	body := url.Values{"version": {page.field("version")}}.Encode()
	for name, header := range map[string]http.Header{
		"another site":             {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
		"another host of the site": {"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://other.cedar.example"}},
		"an old browser":           {"Origin": {"https://evil.example"}},
		"this host without TLS":    {"Origin": {"http://" + strings.TrimPrefix(base, "https://")}},
		"an origin that is hidden": {"Origin": {"null"}},
		"no word of where from":    {},
	} {
		header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
		if got := w.issuer_.send(http.MethodPost, w.in("achievements", made.id(), "publish"), body, header); got.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	w.issuer_.get(w.in("achievements", made.id())).want(t, 200, "draft")
	for _, c := range w.issuer_.cookies {
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || !strings.HasPrefix(c.Name, "__Host-") {
			t.Errorf("cookie %+v", c)
		}
	}
}

// TestHeaders: every answer, also of an error, is for one person and for no other site.
func TestHeaders(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/sign-in", w.in("achievements"), w.in("achievements", "new"), "/console/none", "/console/account", "/nothing"} {
		got := w.owner.get(path)
		for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex", "Referrer-Policy": "same-origin"} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %s %q", path, name, got.header.Get(name))
			}
		}
		policy := got.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s", path, policy)
		}
		for _, inline := range []string{"<style", " style=", "<script>", " onclick", "javascript:"} {
			if strings.Contains(got.body, inline) {
				t.Errorf("%s holds %s", path, inline)
			}
		}
	}
	asset, err := (&server{assets: func() assets { a, _ := loadAssets(); return a }()}).asset("console.css")
	if err != nil {
		t.Fatal(err)
	}
	if got := w.browser().get(asset).want(t, 200, "--"); !strings.Contains(got.header.Get("Cache-Control"), "immutable") {
		t.Error("a static file is not kept")
	}
}

// TestSignIn: links are used up by a button, and once; a session ends when it is ended.
func TestSignIn(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.get(w.in("awards")).want(t, 303)
	link, err := w.people.OperatorLink(t.Context(), "issuer@ours.example")
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(link, base)
	for range 2 { // programs that look through mail open it
		w.browser().get(path).want(t, 200, "issuer@ours.example")
		w.browser().send(http.MethodHead, path, "", nil)
	}
	token := url.Values{"token": {b.get(path).field("token")}}
	if got := b.post("/sign-in/link", token).want(t, 303); got.header.Get("Location") != strings.SplitN(w.in("awards"), "?", 2)[0] {
		t.Errorf("it leads to %s", got.header.Get("Location"))
	}
	if got := w.browser().post("/sign-in/link", token); got.status != 409 || !strings.Contains(got.body, "used") {
		t.Errorf("used twice: %d %s", got.status, got.body)
	}
	w.browser().get("/sign-in/link?token=guessed").want(t, 404)
	w.browser().get("/first?token=guessed").want(t, 404)
	w.browser().get("/invitation/guessed").want(t, 404)

	session := b.token()
	b.follow(b.post("/sign-out", nil)).want(t, 200, "You are signed out")
	b.get(w.in("awards")).want(t, 303)
	stolen := w.browser()
	stolen.cookies["__Host-laurel-session"] = &http.Cookie{Name: "__Host-laurel-session", Value: encoded(session)}
	stolen.get(w.in("awards")).want(t, 303)

	// Where to go afterwards is nowhere but here.
	for _, next := range []string{"https://evil.example/console/", "//evil.example/", `/\evil.example`, "/console\r\nX: y", "javascript:alert(1)"} {
		b := w.browser()
		b.cookies["__Host-laurel-next"] = &http.Cookie{Name: "__Host-laurel-next", Value: encoded(next)}
		link, err := w.people.OperatorLink(t.Context(), "auditor@ours.example")
		if err != nil {
			t.Fatal(err)
		}
		token := url.Values{"token": {strings.SplitN(link, "token=", 2)[1]}}
		if got := b.post("/sign-in/link", token).want(t, 303); got.header.Get("Location") != "/console" {
			t.Errorf("%s leads to %s", next, got.header.Get("Location"))
		}
	}
	w.browser().get("/sign-in").want(t, 200, "sends no mail")
	if strings.Contains(w.log.String(), token.Get("token")) || strings.Contains(w.log.String(), "example.org") {
		t.Error("the log holds a link or an address")
	}
}

// TestAccount: somebody ends their other sessions, and changes their name.
func TestAccount(t *testing.T) {
	w := newWorld(t)
	w.signIn(w.issuer_, "issuer@ours.example") // the first link of the operator proves the address and ends what was before
	other := w.browser()
	w.signIn(other, "issuer@ours.example")
	w.issuer_.get("/console/account").want(t, 200, "this one", "issuer@ours.example")
	w.issuer_.follow(w.issuer_.post("/console/account/sessions", url.Values{"id": {"others"}})).want(t, 200, "sessions were ended")
	other.get(w.in("awards")).want(t, 303)
	w.issuer_.post("/console/account/name", url.Values{"name": {""}}).want(t, 422, `href="#f-name"`)
	w.issuer_.follow(w.issuer_.post("/console/account/name", url.Values{"name": {"Ivy <b>"}})).want(t, 200, "Ivy &lt;b&gt;")
	w.issuer_.post("/console/account/passkeys", url.Values{"id": {"none"}}).want(t, 404)
	options := w.issuer_.send(http.MethodPost, "/console/account/passkeys/begin", "{}", http.Header{"Origin": {base}, "Accept": {"application/json"}})
	if options.status != 200 || !strings.Contains(options.body, `"challenge"`) || w.issuer_.cookies["__Host-laurel-passkey"] == nil {
		t.Errorf("%d %s", options.status, options.body)
	}
	finish := w.browser().send(http.MethodPost, "/sign-in/passkey/finish", "{}", http.Header{"Origin": {base}, "Accept": {"application/json"}})
	if finish.status < 400 || finish.header.Get("Content-Type") != "application/problem+json" || !strings.Contains(finish.body, `"detail"`) {
		t.Errorf("%d %s", finish.status, finish.body)
	}
}
