package claim

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"html"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

const base = "https://badges.example.org"

// onServer begins the names of tests that keep their records in PostgreSQL.
const onServer = "TestOnPostgreSQL/"

// world is an office with the pages of earners, a browser before them, and messages in a list.
type world struct {
	*testing.T
	store   store.Engine
	office  *issuer.Service
	outbox  *mail.Outbox
	site    http.Handler
	now     time.Time
	queue   []issuer.Work
	sent    []mail.Message
	ours    issuer.Organisation
	badge   issuer.Achievement
	cookies map[string]string
	visitor string
	earners *earner.Service
	others  []*issuer.Service      // issuers elsewhere
	down    bool                   // and they cannot be reached
	crowd   bool                   // too many checks were asked for
	read    atomic.Int64           // transactions that earners were read in
	own     func(*verifier.Report) // what else is found about awards of this installation
}

// counted counts what is read.
type counted struct {
	issuer.Store
	read *atomic.Int64
}

func (c counted) View(ctx context.Context, fn func(issuer.Tx) error) error {
	c.read.Add(1)
	return c.Store.View(ctx, fn)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	folder := t.TempDir()
	w := &world{T: t, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), cookies: map[string]string{}, visitor: "192.0.2.1"}
	var err error
	if strings.HasPrefix(t.Name(), onServer) {
		w.store, err = postgres.Open(t.Context(), pgtest.Start(t).Database(t))
	} else {
		w.store, err = bolt.Open(folder)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	ring, _, err := keys.OpenFolder(filepath.Join(folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return w.now }
	enqueue := func(_ issuer.Tx, j issuer.Work) error { w.queue = append(w.queue, j); return nil }
	w.outbox = &mail.Outbox{Store: w.store, Now: clock, Enqueue: enqueue, On: true, Send: func(_ context.Context, m mail.Message) error { w.sent = append(w.sent, m); return nil }}
	book := &earner.Book{Mail: w.outbox, Now: clock}
	w.office, err = issuer.Open(t.Context(), issuer.Config{Store: w.store, Keys: ring, Now: clock, Base: base, Public: true, Enqueue: enqueue, Observe: book.Observe,
		Check: func(context.Context, []byte) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	w.earners, err = earner.New(earner.Config{Book: book, Office: w.office, Store: counted{w.office.Records(), &w.read}, Base: base})
	if err != nil {
		t.Fatal(err)
	}
	if w.ours, err = w.office.CreateOrganisation(t.Context(), "Riverside <b>District</b>", "badges@example.org", "test"); err != nil {
		t.Fatal(err)
	}
	w.badge, err = w.office.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: w.ours.ID, Name: "Checking & Understanding", Description: "Asks, <i>listens</i>.", Criteria: "Show three lessons.", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	collection, err := earner.NewCollection(earner.CollectionConfig{Earners: w.earners, Verify: w.verify, Own: w.judge,
		Check: &batch.Checker{Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			return verifier.VerifyItem(ctx, item, w.options())
		}}})
	if err != nil {
		t.Fatal(err)
	}
	w.site, err = New(Config{Earners: w.earners, Collection: collection, Admit: w.admit, Asset: func(name string) string { return "/static/" + name }, Base: base, Now: clock, Here: w.here,
		Visitor: func(*http.Request) netip.Addr { return netip.MustParseAddr(w.visitor) }})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) award(email, name string) issuer.Credential {
	w.Helper()
	c, err := w.office.Issue(w.Context(), issuer.AwardInput{Achievement: w.badge.ID, Recipient: email, Name: name, Actor: "account:1"})
	if err != nil {
		w.Fatal(err)
	}
	w.now = w.now.Add(time.Second)
	return c
}

// link delivers what is queued and is the path of the link in the last message, which is of this kind.
func (w *world) link(what mail.Template) string {
	w.Helper()
	w.sent = nil
	for _, j := range w.queue {
		if err := w.outbox.Deliver(w.Context(), jobs.Job{Payload: j.Payload}); err != nil {
			w.Fatal(err)
		}
	}
	w.queue = nil
	if len(w.sent) == 0 || w.sent[len(w.sent)-1].Template != what {
		w.Fatalf("sent %+v, want %s", w.sent, what)
	}
	return w.sent[len(w.sent)-1].Link
}

type page struct {
	status int
	header http.Header
	body   string
}

// ask sends a request as a browser does: its own headers, its cookies, no redirects followed. headers are names and values in turn.
func (w *world) ask(method, path string, form url.Values, headers ...string) page {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), method, base+path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	for name, value := range w.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	recorder := httptest.NewRecorder()
	w.site.ServeHTTP(recorder, r)
	reply := recorder.Result()
	for _, c := range reply.Cookies() {
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || !strings.HasPrefix(c.Name, "__Host-") || c.MaxAge > 3600 {
			w.Errorf("%+v", c)
		}
		if delete(w.cookies, c.Name); c.MaxAge > 0 {
			w.cookies[c.Name] = c.Value
		}
	}
	h := reply.Header
	kept := "no-store"
	if strings.HasPrefix(path, "/s/") && recorder.Code == 200 && (strings.HasPrefix(h.Get("Content-Type"), "image/") || strings.HasPrefix(h.Get("Content-Type"), "text/html")) { // asked about before each use
		kept = "private, no-cache"
	}
	for name, want := range map[string]string{"Cache-Control": kept, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff"} {
		if h.Get(name) != want {
			w.Errorf("%s %s: %s is %q", method, path, name, h.Get(name))
		}
	}
	if policy := h.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script") {
		w.Error(policy)
	}
	body := recorder.Body.String()
	for _, not := range []string{"<script", "<style", "style=", "onclick", "<b>District", "<i>listens"} {
		if strings.HasPrefix(h.Get("Content-Type"), "text/html") && strings.Contains(body, not) {
			w.Errorf("%s %s holds %q", method, path, not)
		}
	}
	return page{recorder.Code, h, body}
}

func (p page) want(t testing.TB, status int, texts ...string) page {
	t.Helper()
	if p.status != status {
		t.Fatalf("status %d, want %d\n%s", p.status, status, p.body)
	}
	for _, text := range texts {
		if !strings.Contains(html.UnescapeString(p.body), text) {
			t.Errorf("no %q in\n%s", text, p.body)
		}
	}
	return p
}

// post sends a form and follows where it leads.
func (w *world) post(path string, form url.Values, headers ...string) page {
	w.Helper()
	p := w.ask("POST", path, form, headers...)
	if p.status != http.StatusSeeOther {
		return p
	}
	return w.ask("GET", p.header.Get("Location"), nil, headers...)
}

// records are all records of the store: nothing has changed as long as they stay.
func (w *world) records() map[string]string {
	w.Helper()
	all := map[string]string{}
	err := w.store.View(w.Context(), func(tx issuer.Tx) error {
		for _, k := range slices.Concat(issuer.Kinds(), earner.Kinds(), mail.Kinds()) {
			rows, _, err := tx.List(k, issuer.Query{Limit: 10_000})
			if err != nil {
				return err
			}
			for _, row := range rows {
				all[k.Name+" "+row.ID] = string(row.Body)
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// TestClaim: from the message to a badge that is taken, shown, saved and erased, without an account.
func TestClaim(t *testing.T) {
	w := newWorld(t)
	c := w.award("ana@example.org", "Ana García")
	link := w.link(mail.Award)
	p := w.ask("GET", link, nil).want(t, 200, "Checking & Understanding", "Riverside <b>District</b>", "Ana García", "ana@example.org", "Take this badge", "/a/"+w.badge.ID+"/art.svg", "21 May 2027")
	if strings.Contains(p.body, `value="public"`) {
		t.Error("an award that was not taken can be made public")
	}
	w.ask("POST", link+"/access", url.Values{"access": {"public"}}).want(t, 409, "Take the badge first")
	w.post(link+"/take", nil).want(t, 200, "The badge is yours", "You took it on 22 November 2026", "/c/"+c.ID)
	w.post(link+"/take", nil).want(t, 200)
	for _, access := range []string{"public", "off", "unlisted"} {
		p := w.post(link+"/access", url.Values{"access": {access}}).want(t, 200, "Saved.", `value="`+access+`" checked`)
		if strings.Contains(p.body, `href="/c/`) != (access != "off") {
			t.Errorf("%s: the link to the page", access)
		}
	}
	for _, access := range []string{"", "held", "x"} {
		w.ask("POST", link+"/access", url.Values{"access": {access}}).want(t, 400, "nothing was changed")
	}
	c, err := w.office.Credential(t.Context(), c.ID)
	if err != nil || c.Access != issuer.AccessUnlisted || c.Claimed.IsZero() {
		t.Error(c.Access, err)
	}
	if p := w.ask("GET", link+"/badge.json", nil).want(t, 200); p.body != string(c.JSON) || p.header.Get("Content-Type") != "application/vc" || !strings.Contains(p.header.Get("Content-Disposition"), c.ID+".json") {
		t.Error(p.header)
	}
	if p := w.ask("GET", link+"/badge.jwt", nil).want(t, 200); p.body != c.JWT {
		t.Error(p.header)
	}
	p = w.ask("GET", link+"/badge.zip", nil).want(t, 200)
	if z, err := zip.NewReader(strings.NewReader(p.body), int64(len(p.body))); err != nil || len(z.File) != 8 {
		t.Error(err)
	}
	if _, err := w.office.Revoke(t.Context(), c.ID, "It was for <somebody> else.", "account:1"); err != nil {
		t.Fatal(err)
	}
	w.ask("GET", link, nil).want(t, 200, "It was revoked on 22 November 2026", "The reason given: It was for <somebody> else.")
	w.post(link+"/erase", nil).want(t, 200, "Nothing was erased yet")
	erase := w.link(mail.Erase)
	w.ask("GET", erase, nil).want(t, 200, "This badge will be erased.", "Checking & Understanding")
	w.ask("POST", erase, nil).want(t, 400, "Tick the box")
	w.ask("POST", erase, url.Values{"sure": {"yes"}}).want(t, 200, "It is gone from this server")
	for _, path := range []string{link, erase} {
		w.ask("GET", path, nil).want(t, 404)
	}
}

// TestMine: a link to one address opens a list; another address joins it; everything is downloaded and erased.
func TestMine(t *testing.T) {
	w := newWorld(t)
	first := w.award("ana@example.org", "Ana")
	w.award("ana@school.example", "Ana")
	w.queue = nil
	w.ask("GET", "/mine", nil).want(t, 200, "Send me a link")
	unknown := w.ask("POST", "/mine", url.Values{"email": {"nobody@example.org"}})
	known := w.ask("POST", "/mine", url.Values{"email": {"ANA@example.org"}})
	if known.status != 303 || known.status != unknown.status || known.body != unknown.body || known.header.Get("Location") != unknown.header.Get("Location") {
		t.Errorf("%+v\n%+v", known, unknown)
	}
	w.ask("GET", known.header.Get("Location"), nil).want(t, 200, "If we know this address")
	w.ask("POST", "/mine", url.Values{"email": {"nobody"}}).want(t, 400, "not an e-mail address")
	door := w.link(mail.Mine)
	w.ask("GET", door, nil).want(t, 200, "See my badges")
	w.post(door, nil).want(t, 200, "/mine/award/"+first.ID, "ana@example.org", "Not taken yet")
	w.ask("GET", door, nil).want(t, 404)
	w.ask("POST", door, nil).want(t, 404)
	w.post("/mine/award/"+first.ID+"/take", nil).want(t, 200, "The badge is yours")
	w.post("/mine/addresses", url.Values{"email": {"ana@school.example"}}).want(t, 200, "on its way to that address")
	join := w.link(mail.Join)
	mine := w.cookies
	w.cookies = map[string]string{}
	if p := w.ask("GET", join, nil).want(t, 200, "in this browser"); strings.Contains(p.body, "school.example") || strings.Contains(p.body, "<form") {
		t.Error(p.body)
	}
	w.ask("POST", join, nil).want(t, 403, "in this browser")
	w.cookies = mine
	w.ask("GET", join, nil).want(t, 200, "The badges of ana@example.org and of ana@school.example will be in one list")
	p := w.post(join, nil).want(t, 200, "Both addresses are in one list now")
	if strings.Count(p.body, "/mine/award/") != 2 {
		t.Error(p.body)
	}
	p = w.ask("GET", "/mine/badges.zip", nil).want(t, 200)
	if z, err := zip.NewReader(strings.NewReader(p.body), int64(len(p.body))); err != nil || len(z.File) != 12 {
		t.Error(err)
	}
	w.post("/mine/erase", nil).want(t, 200, "Nothing was erased yet")
	erase := w.link(mail.Erase)
	w.ask("GET", erase, nil).want(t, 200, "All of this will be erased", "ana@school.example")
	w.post("/mine/part", url.Values{"email": {"ana@school.example"}}).want(t, 200, "no longer in your list")
	w.ask("POST", erase, url.Values{"sure": {"yes"}}).want(t, 200)
	w.ask("GET", "/mine", nil).want(t, 200, "Send me a link") // the session went as well
}

// TestSession: it ends when its bearer says so, and by itself.
func TestSession(t *testing.T) {
	w := newWorld(t)
	w.award("ana@example.org", "")
	for _, end := range []func(){
		func() { w.post("/mine/out", nil).want(t, 200, "You are signed out") },
		func() { w.now = w.now.Add(time.Hour) },
	} {
		w.now = w.now.Add(5 * time.Minute)
		w.ask("POST", "/mine", url.Values{"email": {"ana@example.org"}}).want(t, 303)
		w.post(w.link(mail.Mine), nil).want(t, 200, "Sign out")
		kept := maps.Clone(w.cookies)
		end()
		w.cookies = kept // whoever copied the cookie has nothing
		w.ask("GET", "/mine", nil).want(t, 200, "Send me a link")
		w.ask("POST", "/mine/addresses", url.Values{"email": {"x@example.org"}}).want(t, 404)
		w.cookies = map[string]string{}
	}
}

// TestNothingThere: what is not to be found looks the same everywhere, whatever was asked for.
func TestNothingThere(t *testing.T) {
	w := newWorld(t)
	c := w.award("ana@example.org", "")
	token := strings.Repeat("A", 43)
	want := w.ask("GET", "/claim/x", nil).want(t, 404).body
	tidy := func(body string) string { return regexp.MustCompile(`href="[^"]*lang=es"`).ReplaceAllString(body, "") }
	for _, path := range []string{"/claim/" + token, "/claim/", "/claim/" + token + "/badge.json", "/claim/" + token + "/badge.zip", "/claim/" + token + "/x", "/mine/award/" + c.ID, "/mine/award/none",
		"/mine/award/" + c.ID + "/badge.jwt", "/mine/in/" + token, "/mine/join/" + token, "/mine/erase/" + token, "/mine/stop/" + token, "/mine/badges.zip", "/mine/none", "/mine/out"} {
		if got := w.ask("GET", path, nil).want(t, 404).body; tidy(got) != tidy(want) {
			t.Errorf("%s:\n%s", path, got)
		}
	}
	for _, path := range []string{"/claim/" + token + "/take", "/claim/" + token + "/access", "/claim/" + token + "/erase", "/mine/award/" + c.ID + "/take", "/mine/in/" + token, "/mine/join/" + token,
		"/mine/stop/" + token, "/mine/erase", "/mine/part", "/claim/" + token} {
		w.ask("POST", path, url.Values{"access": {"public"}, "email": {"ana@example.org"}}).want(t, 404)
	}
	w.ask("POST", "/mine/erase/"+token, url.Values{"sure": {"yes"}}).want(t, 404)
	if strings.Contains(want, token) {
		t.Error("the page repeats what was asked for")
	}
}

// TestGetChangesNothing: programs follow every link in a message, some of them with HEAD.
func TestGetChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.award("ana@example.org", "Ana")
	links := []string{w.link(mail.Award)}
	w.ask("POST", "/mine", url.Values{"email": {"ana@example.org"}}).want(t, 303)
	w.post(w.link(mail.Mine), nil).want(t, 200)
	w.ask("POST", "/mine/addresses", url.Values{"email": {"other@example.org"}}).want(t, 303)
	links = append(links, w.link(mail.Join))
	w.ask("POST", "/mine/erase", nil).want(t, 303)
	links = append(links, w.link(mail.Erase))
	w.now = w.now.Add(8 * 24 * time.Hour)
	if err := w.earners.Remind(t.Context(), jobs.Job{}); err != nil {
		t.Fatal(err)
	}
	w.link(mail.Reminder)
	stop := w.sent[0].Stop
	w.now = w.now.Add(-8 * 24 * time.Hour)
	links = append(links, stop, "/mine", "/mine/badges.zip", links[0]+"/badge.json", links[0]+"/badge.zip")
	before := w.records()
	for _, link := range links {
		for _, method := range []string{"GET", "HEAD"} {
			if p := w.ask(method, link, nil).want(t, 200); method == "HEAD" && strings.HasPrefix(p.header.Get("Content-Type"), "text/html") && p.body != "" {
				t.Error(link, "has a body")
			}
		}
	}
	if !maps.Equal(before, w.records()) {
		t.Error("something changed")
	}
	// What a mail program sends when its user wants no more reminders (RFC 8058 section 3.1).
	w.cookies = map[string]string{}
	w.ask("POST", stop, url.Values{"List-Unsubscribe": {"One-Click"}}, "Sec-Fetch-Site", "").want(t, 200, "No more reminders are sent")
}

// TestForgedForms: a page of another site can send no form, whatever cookies the browser adds.
func TestForgedForms(t *testing.T) {
	w := newWorld(t)
	w.award("ana@example.org", "Ana")
	link := w.link(mail.Award)
	before := w.records()
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, {"Sec-Fetch-Site", "", "Origin", "http://" + strings.TrimPrefix(base, "https://")}} {
		for _, path := range []string{link + "/take", link + "/erase", "/mine", "/mine/erase"} {
			w.ask("POST", path, url.Values{"email": {"ana@example.org"}}, headers...).want(t, 403, "a page of another site")
		}
	}
	if !maps.Equal(before, w.records()) {
		t.Error("something changed")
	}
	w.ask("POST", "/mine", url.Values{"email": {strings.Repeat("a", bodyMost)}}).want(t, 400)
}

// TestRate: one network cannot have messages sent to many.
func TestRate(t *testing.T) {
	w := newWorld(t)
	w.visitor = "2001:db8::1"
	for range asksMost {
		w.ask("POST", "/mine", url.Values{"email": {"ana@example.org"}}).want(t, 303)
	}
	w.visitor = "2001:db8::2"
	if p := w.ask("POST", "/mine", url.Values{"email": {"ben@example.org"}}).want(t, 429, "Please wait"); p.header.Get("Retry-After") == "" {
		t.Error(p.header)
	}
	w.visitor = "2001:db8:0:1::1"
	w.ask("POST", "/mine", url.Values{"email": {"ben@example.org"}}).want(t, 303)
	w.visitor = "2001:db8::1"
	w.now = w.now.Add(asksWindow)
	w.ask("POST", "/mine", url.Values{"email": {"ben@example.org"}}).want(t, 303)
}

// TestLanguages: pages speak as the browser asks, or as was chosen, and stay so.
func TestLanguages(t *testing.T) {
	w := newWorld(t)
	w.award("ana@example.org", "Ana")
	link := w.link(mail.Award)
	w.ask("GET", link, nil, "Accept-Language", "es-MX,en;q=0.5").want(t, 200, "Aceptar esta insignia", `lang="es"`, link+"?lang=en")
	w.ask("GET", link+"?lang=es", nil).want(t, 200, "Aceptar esta insignia", link+"/take?lang=es", "/mine?lang=es")
	w.post(link+"/take?lang=es", nil).want(t, 200, "La insignia es suya")
	w.ask("GET", "/claim/x?lang=es", nil).want(t, 404, "Aquí no hay nada")
	w.ask("GET", link+"?lang=xx&said=%3Cb%3E", nil).want(t, 200, "Your badges")
	w.ask("POST", "/mine?lang=es", url.Values{"email": {"ana@example.org"}}).want(t, 303)
	if w.link(mail.Mine); w.sent[0].Language != "es" {
		t.Errorf("%+v", w.sent)
	}
}

// TestWithoutMail: the pages say what to do instead.
func TestWithoutMail(t *testing.T) {
	w := newWorld(t)
	w.outbox.On = false
	c := w.award("ana@example.org", "Ana")
	if p := w.ask("GET", "/mine", nil).want(t, 200, "sends no messages"); strings.Contains(p.body, "<form") {
		t.Error(p.body)
	}
	w.ask("POST", "/mine", url.Values{"email": {"ana@example.org"}}).want(t, 403, "sends no messages")
	link, _, err := w.earners.Link(t.Context(), w.ours.ID, c.ID, "account:1")
	if err != nil {
		t.Fatal(err)
	}
	w.post(strings.TrimPrefix(link, base)+"/erase", nil).want(t, 200, "The staff of the issuer were asked to erase it", "Ask for it to be erased", "You have this link from the staff")
}

// TestTexts: both catalogues hold the same texts with the same placeholders, and every one of them is used.
func TestTexts(t *testing.T) {
	var used strings.Builder
	err := fs.WalkDir(files, "templates", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(path)
		used.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	placeholder := regexp.MustCompile(`\{[a-z]+\}`)
	english, spanish := tongues()[wording.English].texts, tongues()[wording.Spanish].texts
	if !maps.EqualFunc(english, spanish, func(a, b string) bool {
		return slices.Equal(placeholder.FindAllString(a, -1), placeholder.FindAllString(b, -1)) && b != ""
	}) {
		t.Error("the catalogues differ")
	}
	for key := range english {
		family, _, _ := strings.Cut(key, ".")
		made := slices.Contains([]string{"error", "said", "title", "state", "code", "door", "join", "stop", "stopped", "erased", "brought", "by", "card", "family", "whose"}, family) ||
			strings.HasPrefix(key, "set.shown.") || strings.HasPrefix(key, "shared.whose.") || strings.HasPrefix(key, "shared.all.") || strings.HasPrefix(key, "shared.count.") || strings.HasPrefix(key, "shared.unclear.")
		said := slices.Contains([]string{"ask.title", "mine.title", "mine.found", "erase.title", "erasing.also", "add.title", "set.new", "set.untaken", "set.off", "shared.preview", "shared.good", "shared.bad", "shared.rest", "shared.other", "shared.alike", "shared.kind", "shared.kind.several", "shared.kind.together", "shared.noted", "shared.preview.look"}, key)
		if !made && !said && !strings.Contains(used.String(), `"`+key+`"`) {
			t.Errorf("nobody says %q", key)
		}
	}
	for _, m := range regexp.MustCompile(`say "([a-z_.]+)"`).FindAllStringSubmatch(used.String(), -1) {
		if english[m[1]] == "" {
			t.Errorf("%q has no text", m[1])
		}
	}
	for said := range saids {
		if english["said."+said] == "" {
			t.Errorf("%q has no text", said)
		}
	}
	for _, l := range wording.Languages { // sorted, one line a text
		file, err := files.ReadFile("words/" + string(l) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(tongues()[l].texts); err != nil || out.String() != string(file) {
			t.Errorf("words/%s.json is not sorted", l)
		}
	}
}

// TestOnPostgreSQL: the pages are the same over a shared database.
func TestOnPostgreSQL(t *testing.T) {
	for name, test := range map[string]func(*testing.T){"claim": TestClaim, "mine": TestMine, "reading": TestGetChangesNothing, "set": TestSet} {
		t.Run(name, test)
	}
}
