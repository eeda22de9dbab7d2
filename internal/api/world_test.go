package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/faulty"
	"github.com/laurelbadges/laurel/internal/webhook"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

const base = "http://localhost:8080"

// contract is the description that every exchange of the tests is held against.
var contract = sync.OnceValues(func() (routers.Router, error) {
	document, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		return nil, err
	}
	if err := document.Validate(context.Background()); err != nil {
		return nil, err
	}
	openapi3filter.RegisterBodyDecoder(mediaCredential, openapi3filter.RegisteredBodyDecoder(mediaJSON))
	for _, media := range []string{mediaCSV, mediaXLSX, "image/png", "image/svg+xml", "application/jwt", "application/vc+jwt", "application/ld+json"} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.FileBodyDecoder)
	}
	return gorillamux.NewRouter(document)
})

// world is an installation on a real store, with two organisations, whose clock is set by hand.
type world struct {
	service *issuer.Service
	store   *bolt.Store
	lives   *lives        // over store
	faults  *faulty.Store // over lives
	keys    keys.Store
	handler http.Handler
	log     bytes.Buffer
	clock   atomicTime
	check   func(ctx context.Context, sealed []byte) error
	ours    office
	theirs  office

	people  *people.Service
	earners *earner.Service
	outbox  *mail.Outbox
	batches []string // ids of those whose job is queued
}

// office is an organisation with a token for everything.
type office struct {
	issuer.Organisation
	token string
}

type atomicTime struct {
	mu  sync.Mutex
	now time.Time
}

func (c *atomicTime) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *atomicTime) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

var everything = issuer.Scopes()

func newWorld(t testing.TB) *world { return openWorld(t, base, false) }

func openWorld(t testing.TB, base string, public bool) *world {
	t.Helper()
	folder := t.TempDir()
	w := &world{clock: atomicTime{now: time.Now()}}
	w.check = func(ctx context.Context, sealed []byte) error {
		return verifier.Authentic(ctx, sealed, verifier.Options{Profile: credential.OpenBadges})
	}
	var err error
	if w.store, err = bolt.Open(folder); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() }) // a test may have closed it
	ring, _, err := keys.OpenFolder(filepath.Join(folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	w.keys = ring
	w.lives = &lives{Store: w.store}
	w.faults = faulty.New(w.lives, true)
	enqueue := func(_ issuer.Tx, work issuer.Work) error {
		if work.Name == issuer.WorkBatch {
			w.batches = append(w.batches, string(work.Payload))
		}
		return nil
	}
	w.outbox = &mail.Outbox{Store: w.faults, Now: w.clock.Now, Enqueue: enqueue}
	book := &earner.Book{Mail: w.outbox, Now: w.clock.Now}
	tell := webhook.Observe(enqueue)
	w.service, err = issuer.Open(t.Context(), issuer.Config{Store: w.faults, Keys: ring, Now: w.clock.Now, Base: base, Public: public, Enqueue: enqueue,
		Observe: func(tx issuer.Tx, e issuer.Event) error { return errors.Join(book.Observe(tx, e), tell(tx, e)) },
		Check:   func(ctx context.Context, sealed []byte) error { return w.check(ctx, sealed) }})
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*office{"Riverside District": &w.ours, "Hillside District": &w.theirs} {
		if o.Organisation, err = w.service.CreateOrganisation(t.Context(), name, "badges@example.org", "test"); err != nil {
			t.Fatal(err)
		}
		o.token = w.token(t, o.ID, everything...)
	}
	records := w.service.Records()
	if w.people, err = people.New(people.Config{Office: w.service, Store: records, Now: w.clock.Now, Base: base}); err != nil {
		t.Fatal(err)
	}
	if w.earners, err = earner.New(earner.Config{Book: book, Office: w.service, Store: records, Base: base}); err != nil {
		t.Fatal(err)
	}
	hooks := webhook.New(webhook.Config{Store: records, Base: base, Enqueue: enqueue, Now: w.clock.Now})
	if w.handler, err = New(Config{Service: w.service, Log: slog.New(slog.NewJSONHandler(&w.log, nil)), People: w.people, Earners: w.earners, Hooks: hooks,
		Check: func(ctx context.Context, document []byte) error { return w.check(ctx, document) }}); err != nil {
		t.Fatal(err)
	}
	return w
}

// work does the batches that are queued.
func (w *world) work(t testing.TB) {
	t.Helper()
	for _, id := range w.batches {
		if _, err := w.service.RunBatch(t.Context(), id, func() bool { return true }); err != nil {
			t.Fatal(err)
		}
	}
	w.batches = nil
}

func (w *world) token(t testing.TB, organisation string, scopes ...issuer.Scope) string {
	t.Helper()
	made, err := w.service.CreateToken(t.Context(), issuer.TokenInput{Organisation: organisation, Scopes: scopes, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return made.Text
}

// reply is an answer with its body read.
type reply struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// ask sends a request with the token of an organisation and holds the exchange against the contract. headers are names and
// values in turn.
func (w *world) ask(t testing.TB, o office, method, path, body string, headers ...string) reply {
	t.Helper()
	headers = append([]string{"Authorization", "Bearer " + o.token}, headers...)
	if body != "" {
		headers = append([]string{"Content-Type", "application/json"}, headers...)
	}
	return w.send(t, method, path, body, headers...)
}

func (w *world) send(t testing.TB, method, path, body string, headers ...string) reply {
	t.Helper()
	request := func() *http.Request {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return r
	}
	answer := w.exchange(t, request)
	if answer.status >= 500 {
		t.Errorf("%s %s %s: %d\n%s\n%s", method, path, body, answer.status, answer.text, w.log.String())
	}
	return answer
}

// told are the problems that were held against the contract, by route, status and code.
var told sync.Map

// exchange sends a request and holds the exchange against the contract.
func (w *world) exchange(t testing.TB, request func() *http.Request) reply {
	t.Helper()
	r, recorder := request(), httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	answer := reply{status: recorder.Code, header: recorder.Header(), text: recorder.Body.String()}
	if answer.text != "" && !strings.HasPrefix(answer.header.Get("Content-Type"), mediaCSV) {
		if err := json.Unmarshal(recorder.Body.Bytes(), &answer.body); err != nil {
			t.Fatalf("%s %s: the answer is not an object: %v\n%s", r.Method, r.URL, err, answer.text)
		}
	}
	if answer.status >= 400 {
		w.wantProblem(t, answer)
	}
	if answer.status >= 400 && r.Pattern != "" { // problems of one kind have one form, which wantProblem looks at each time
		if _, judged := told.LoadOrStore(fmt.Sprint(r.Method, r.Pattern, answer.status, answer.at("code"), answer.pointers() != ""), true); judged {
			return answer
		}
	}
	if err := judge(t.Context(), request(), answer); err != nil {
		t.Errorf("%s %s: %d %s\nis not in the contract: %v", r.Method, r.URL, answer.status, answer.text, err)
	}
	return answer
}

// judge holds one exchange against the contract. What the contract does not know must have been refused.
func judge(ctx context.Context, r *http.Request, answer reply) error {
	router, err := contract()
	if err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		r.Method = http.MethodGet
	}
	route, parameters, err := router.FindRoute(r)
	if err != nil {
		if answer.status == http.StatusNotFound || answer.status == http.StatusMethodNotAllowed || r.Method == http.MethodOptions {
			return nil
		}
		return err
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: parameters, Route: route, Options: options}
	if err := openapi3filter.ValidateRequest(ctx, input); err != nil && answer.status < 400 {
		return fmt.Errorf("the request was accepted, though %w", err)
	}
	response := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: answer.status, Header: answer.header,
		Body: io.NopCloser(strings.NewReader(answer.text)), Options: options}
	if answer.text == "" {
		return nil // HEAD, 304
	}
	return openapi3filter.ValidateResponse(ctx, response)
}

func (w *world) wantProblem(t testing.TB, answer reply) {
	t.Helper()
	if answer.text == "" { // HEAD over a recorder keeps the body; over a socket it does not
		return
	}
	if got := answer.header.Get("Content-Type"); got != mediaProblem {
		t.Errorf("an error of type %q", got)
	}
	if answer.body["status"] != float64(answer.status) || answer.body["instance"] != answer.header.Get("X-Request-Id") || answer.body["title"] == "" || answer.body["detail"] == "" {
		t.Errorf("problem %s", answer.text)
	}
}

// want checks status and code of an answer.
func (r reply) want(t testing.TB, status int, code string) reply {
	t.Helper()
	got, _ := r.body["code"].(string)
	if r.status != status || got != code {
		t.Fatalf("%d %s, want %d %s", r.status, r.text, status, code)
	}
	return r
}

// at follows member names and returns the text there.
func (r reply) at(path ...string) string {
	var value any = r.body
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	text, _ := value.(string)
	return text
}

func (r reply) items() []map[string]any {
	var all []map[string]any
	list, _ := r.body["items"].([]any)
	for _, one := range list {
		object, _ := one.(map[string]any)
		all = append(all, object)
	}
	return all
}

// pointers are those of the errors of a problem, one after another.
func (r reply) pointers() string {
	var all []string
	list, _ := r.body["errors"].([]any)
	for _, one := range list {
		object, _ := one.(map[string]any)
		pointer, isPointer := object["pointer"].(string)
		if !isPointer {
			pointer, _ = object["parameter"].(string)
		}
		all = append(all, pointer)
	}
	return strings.Join(all, " ")
}

const plainAchievement = `{"name":"Formative Assessment","description":"Adapts teaching.","criteria":{"narrative":"Two lessons."}}`

// published is the id of a new achievement of the organisation.
func (w *world) published(t testing.TB, o office) string {
	t.Helper()
	id := w.ask(t, o, "POST", "/api/v1/achievements", plainAchievement).want(t, 201, "").at("id")
	w.ask(t, o, "POST", "/api/v1/achievements/"+id+"/publish", "").want(t, 200, "")
	return id
}

func awardBody(achievement, email string) string {
	return fmt.Sprintf(`{"achievement":%q,"recipient":{"email":%q}}`, achievement, email)
}

// awarded is the id of a new award of the organisation.
func (w *world) awarded(t testing.TB, o office, achievement string) string {
	t.Helper()
	return w.ask(t, o, "POST", "/api/v1/credentials", awardBody(achievement, "kim@example.org")).want(t, 201, "").at("id")
}
