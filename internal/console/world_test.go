package console

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/webhook"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

const base = "https://badges.cedar.example"

// world is an installation on a real store, with two organisations, each with a person of every role.
type world struct {
	t       testing.TB
	service *issuer.Service
	people  *people.Service
	earners *earner.Service
	outbox  *mail.Outbox
	queue   []issuer.Work  // that waits to be done
	sent    []mail.Message // by mail
	woken   int
	hooks   *webhook.Hooks
	handler http.Handler
	log     bytes.Buffer
	clock   time.Time

	notInForce string // an award that is judged so

	ours, theirs   issuer.Organisation
	owner, issuer_ *browser // of ours
	roles          map[people.Role]*browser
	foreign        map[people.Role]*browser
}

func newWorld(t testing.TB) *world { return newWorldAt(t, time.Now()) }

// newWorldAt is one whose clock can be set forward to now, but not beyond, as sessions go by the clock of the machine.
func newWorldAt(t testing.TB, clock time.Time) *world {
	t.Helper()
	folder := t.TempDir()
	w := &world{t: t, clock: clock, roles: map[people.Role]*browser{}, foreign: map[people.Role]*browser{}}
	store, err := bolt.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	ring, _, err := keys.OpenFolder(filepath.Join(folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return w.clock }
	enqueue := func(_ issuer.Tx, work issuer.Work) error { w.queue = append(w.queue, work); return nil }
	w.outbox = &mail.Outbox{Store: store, Now: now, Enqueue: enqueue, Send: func(_ context.Context, m mail.Message) error {
		if strings.HasPrefix(m.To, "refused") {
			return mail.ErrRefused
		}
		w.sent = append(w.sent, m)
		return nil
	}}
	book := &earner.Book{Mail: w.outbox, Now: now}
	w.service, err = issuer.Open(t.Context(), issuer.Config{Store: store, Keys: ring, Now: now, Base: base, Public: true, Enqueue: enqueue, Observe: book.Observe,
		Check: func(ctx context.Context, sealed []byte) error {
			return verifier.Authentic(ctx, sealed, verifier.Options{Profile: credential.OpenBadges, Fetch: documents{issuer.NewDocuments(store)}})
		}})
	if err != nil {
		t.Fatal(err)
	}
	if w.ours, err = w.service.CreateOrganisation(t.Context(), "Riverside District", "badges@example.org", "test"); err != nil {
		t.Fatal(err)
	}
	if w.people, err = people.New(people.Config{Office: w.service, Store: w.service.Records(), Now: now, Base: base}); err != nil {
		t.Fatal(err)
	}
	w.hooks = webhook.New(webhook.Config{Store: w.service.Records(), Base: base, Now: now, Enqueue: func(issuer.Tx, issuer.Work) error { return nil }})
	if w.earners, err = earner.New(earner.Config{Book: book, Office: w.service, Store: w.service.Records(), Base: base}); err != nil {
		t.Fatal(err)
	}
	w.handler, err = New(Config{InForce: func(_ context.Context, c issuer.Credential) (bool, error) { return c.ID != w.notInForce, nil }, Earners: w.earners, Wake: func() { w.woken++ }, Hooks: w.hooks, CheckEndorsement: checkEndorsement, Office: w.service, People: w.people, Base: base, Now: now, Version: "test", Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Asset: func(name string) (string, error) { return "/static/" + name, nil }})
	if err != nil {
		t.Fatal(err)
	}

	link, err := w.people.FirstOwner(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.owner = w.browser()
	first := w.owner.get(strings.TrimPrefix(link, base)).want(t, 200, "Riverside District")
	w.owner.post("/first", url.Values{"token": {first.field("token")}, "name": {"Olive Owner"}, "email": {"olive@example.org"}}).want(t, 303)
	w.roles[people.RoleOwner] = w.owner
	account := w.account(w.owner)
	if w.theirs, err = w.people.CreateOrganisation(t.Context(), account, "Hillside District", "badges@hillside.example"); err != nil {
		t.Fatal(err)
	}
	for _, role := range people.Roles() {
		if role != people.RoleOwner {
			w.roles[role] = w.invite(account, w.ours.ID, role, "ours")
		}
		w.foreign[role] = w.invite(account, w.theirs.ID, role, "theirs")
	}
	if err := w.people.RemoveMember(t.Context(), account, w.theirs.ID, account); err != nil {
		t.Fatal(err)
	}
	w.owner.get("/console").want(t, 303) // to the one organisation that is left
	w.issuer_ = w.roles[people.RoleIssuer]
	return w
}

// work does all that waits: batches and mail.
func (w *world) work() {
	w.t.Helper()
	for len(w.queue) > 0 {
		next := w.queue[0]
		w.queue = w.queue[1:]
		var err error
		switch next.Name {
		case issuer.WorkBatch:
			_, err = w.service.RunBatch(w.t.Context(), string(next.Payload), nil)
		case mail.Work:
			err = w.outbox.Deliver(w.t.Context(), jobs.Job{Name: next.Name, Payload: next.Payload})
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// documents answers the verifier with what this installation publishes.
type documents struct{ *issuer.Documents }

func (d documents) Fetch(ctx context.Context, address string, _ int) (verifier.Document, error) {
	text, err := d.Document(ctx, address)
	if err != nil {
		return verifier.Document{}, fmt.Errorf("%w: %w", verifier.ErrUnavailable, err)
	}
	return verifier.Document{Bytes: text, URL: address, ReadAt: time.Now(), Origin: verifier.Installation}, nil
}

// invite makes somebody a member by the pages.
func (w *world) invite(by, organisation string, role people.Role, where string) *browser {
	w.t.Helper()
	_, link, err := w.people.Invite(w.t.Context(), by, people.InvitationInput{Organisation: organisation, Email: string(role) + "@" + where + ".example", Role: role})
	if err != nil {
		w.t.Fatal(err)
	}
	b, path := w.browser(), strings.TrimPrefix(link, base)
	b.get(path).want(w.t, 200, string(role))
	b.post(path, url.Values{"name": {string(role) + " of " + where}}).want(w.t, 303)
	return b
}

// signIn uses a link to sign in, as the operator can make one.
func (w *world) signIn(b *browser, email string) {
	w.t.Helper()
	link, err := w.people.OperatorLink(w.t.Context(), email)
	if err != nil {
		w.t.Fatal(err)
	}
	shown := b.get(strings.TrimPrefix(link, base)).want(w.t, 200, email)
	b.post("/sign-in/link", url.Values{"token": {shown.field("token")}}).want(w.t, 303)
}

func (w *world) account(b *browser) string {
	w.t.Helper()
	_, a, err := w.people.Visit(w.t.Context(), b.token())
	if err != nil {
		w.t.Fatal(err)
	}
	return a.ID
}

// browser keeps cookies, and says with forms where they come from.
type browser struct {
	w       *world
	cookies map[string]*http.Cookie
}

func (w *world) browser() *browser { return &browser{w, map[string]*http.Cookie{}} }

// token is that of the session.
func (b *browser) token() string {
	c := b.cookies["__Host-laurel-session"]
	if c == nil {
		return ""
	}
	text, _ := base64.RawURLEncoding.DecodeString(c.Value)
	return string(text)
}

type reply struct {
	status int
	header http.Header
	body   string
	path   string
}

func (b *browser) get(path string) reply { return b.send(http.MethodGet, path, "", nil) }

func (b *browser) post(path string, fields url.Values) reply {
	return b.send(http.MethodPost, path, fields.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {base}, "Sec-Fetch-Site": {"same-origin"}})
}

func (b *browser) send(method, path, body string, header http.Header) reply {
	b.w.t.Helper()
	r := httptest.NewRequestWithContext(b.w.t.Context(), method, base+path, strings.NewReader(body))
	for name, values := range header {
		r.Header[name] = values
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	recorder := httptest.NewRecorder()
	b.w.handler.ServeHTTP(recorder, r)
	for _, c := range recorder.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c
		}
	}
	answer := reply{recorder.Code, recorder.Header(), recorder.Body.String(), path}
	for _, told := range answer.tells() { // every test looks for this on every page
		if anAddress.MatchString(told) {
			b.w.t.Errorf("%s %s tells the address of a person: %s", method, path, told)
		}
	}
	if answer.status >= 500 {
		b.w.t.Errorf("%s %s: %d\n%s", method, path, answer.status, b.w.log.String())
	}
	return answer
}

// search looks for awards, and opens the page of what was found.
func (b *browser) search(text string, more ...string) reply {
	b.w.t.Helper()
	fields := url.Values{"q": {text}}
	for i := 0; i+1 < len(more); i += 2 {
		fields.Set(more[i], more[i+1])
	}
	return b.follow(b.post(b.w.in("awards"), fields))
}

// tells is what an answer tells to more than the person who asked: addresses, which others write down, and what the browser keeps.
func (r reply) tells() (all []string) {
	for _, name := range []string{"Location", "Refresh", "Link", "Content-Location"} {
		all = append(all, r.header.Values(name)...)
	}
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		text, _ := base64.RawURLEncoding.DecodeString(c.Value)
		all = append(all, c.Value, string(text))
	}
	for _, found := range addressed.FindAllStringSubmatch(r.body, -1) {
		all = append(all, found[2])
	}
	return all
}

var (
	addressed = regexp.MustCompile(`(?s) (href|action|formaction|src|content)="([^"]*)"`)
	anAddress = regexp.MustCompile(`[\w.+-]+(@|%40|&#64;)[\w-]+\.\w+`)
)

// want checks the status of an answer, and that its page holds some texts.
func (r reply) want(t testing.TB, status int, texts ...string) reply {
	t.Helper()
	if r.status != status {
		t.Fatalf("%s: %d, want %d\n%s", r.path, r.status, status, r.body)
	}
	for _, text := range texts {
		if !strings.Contains(r.body, text) {
			t.Fatalf("%s does not hold %q:\n%s", r.path, text, r.body)
		}
	}
	return r
}

// lacks checks that the page does not hold some texts.
func (r reply) lacks(t testing.TB, texts ...string) reply {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(r.body, text) {
			t.Fatalf("%s holds %q:\n%s", r.path, text, r.body)
		}
	}
	return r
}

// follow opens the page that a form leads to.
func (b *browser) follow(r reply) reply {
	b.w.t.Helper()
	if r.status != http.StatusSeeOther {
		b.w.t.Fatalf("%s: %d leads nowhere\n%s", r.path, r.status, r.body)
	}
	return b.get(r.header.Get("Location"))
}

// field is the value of a hidden field.
func (r reply) field(name string) string {
	found := regexp.MustCompile(`name="` + regexp.QuoteMeta(name) + `" value="([^"]*)"`).FindStringSubmatch(r.body)
	if found == nil {
		return ""
	}
	return found[1]
}

// id is that of what a form has made: the last part of the address that it leads to.
func (r reply) id() string {
	location := r.header.Get("Location")
	return location[strings.LastIndexByte(location, '/')+1:]
}

func (w *world) in(parts ...string) string {
	return "/console/" + w.ours.ID + "/" + strings.Join(parts, "/")
}

// defined is the smallest form of an achievement.
func defined(name string) url.Values {
	return url.Values{"name": {name}, "description": {"Plans lessons."}, "criteria.narrative": {"Shows **four** lessons."}, "achievementType": {"MicroCredential"},
		"resultDescription.0.new": {"1"}, "resultDescription.0.name": {"Reads evidence"}, "resultDescription.0.resultType": {"RubricCriterionLevel"},
		"resultDescription.0.rubricCriterionLevel.0.name": {"Developing"}, "resultDescription.0.rubricCriterionLevel.1.name": {"Proficient"},
		"resultDescription.0.rubricCriterionLevel.1.required": {"yes"}, "duplicates": {"allow"}}
}

// published makes an achievement by the pages, and returns its id.
func (w *world) published(name string) string {
	w.t.Helper()
	made := w.issuer_.post(w.in("achievements", "new"), defined(name)).want(w.t, 303)
	page := w.issuer_.get(w.in("achievements", made.id(), "publish")).want(w.t, 200, "permanent address")
	w.issuer_.post(w.in("achievements", made.id(), "publish"), url.Values{"version": {page.field("version")}}).want(w.t, 303)
	return made.id()
}

// awarded makes an award by the pages, and returns its id.
func (w *world) awarded(achievement, email, name string) string {
	w.t.Helper()
	return w.issuer_.post(w.in("awards", "new")+"?achievement="+achievement, url.Values{"recipient": {email}, "name": {name}}).want(w.t, 303).id()
}

func encoded(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func activityOf(organisation string) issuer.ActivityFilter {
	return issuer.ActivityFilter{Organisation: organisation}
}
