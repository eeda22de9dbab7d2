package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/load/attack"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// award is a badge of the server that is asked for, with all that is to be handed out for it.
type award struct {
	id, name string
	list     string // id of its revocation list
	place    int    // in it
	json     []byte
	token    []byte
	picture  []byte
	ending   atomic.Bool // its revocation was asked for
	revoked  atomic.Bool // and answered
}

// awardsHeld bounds the awards that are asked for: the oldest makes room for a new one.
const awardsHeld = 200

// ground is a server under a mixed load, and what is known about it.
type ground struct {
	*site
	office      *control.Client
	secret      string // of the API
	achievement string
	shapes      []attack.Shape

	mu     sync.Mutex
	awards []*award         // guarded by mu, as is what follows; none in it is changed
	kinds  map[string]*kind // what was answered
	wrong  []string         // the first answers that were not right
	next   atomic.Int64     // number of the next award to be made
	fresh  chan fresh       // awards that nobody has looked at yet
}

// kind is what came of one kind of request.
type kind struct {
	took   spread
	errors map[string]int
}

// wrongKept bounds the answers that are told at the end.
const wrongKept = 20

func newGround(ctx context.Context, s *site) (*ground, error) {
	g := &ground{site: s, kinds: map[string]*kind{}, fresh: make(chan fresh, 1000), office: control.Dial(ctx, s.folder)}
	if g.office == nil {
		return nil, errors.New("the private socket does not answer")
	}
	made, err := g.office.CreateToken(ctx, issuer.TokenInput{Name: "soak", Actor: "soak", Scopes: []issuer.Scope{issuer.ScopeCredentialsRead, issuer.ScopeCredentialsWrite}})
	if err != nil {
		return nil, err
	}
	g.secret = made.Text
	document, err := get(s.address, requestOf("GET", "/c/"+s.award+".json", nil))
	if err != nil {
		return nil, err
	}
	first, err := read(s.award, document)
	if err != nil {
		return nil, err
	}
	g.achievement = first.achievement
	if first.award.token, err = get(s.address, requestOf("GET", "/c/"+s.award+".jwt", nil)); err != nil {
		return nil, err
	}
	g.shapes = attack.Shapes(attack.Badge{ID: s.award, List: first.award.list, JSON: document, JWT: string(first.award.token)})
	w := g.worker(1)
	defer w.close()
	for range 20 {
		if err := errors.Join(w.give(), w.learn()); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// found is an award with its achievement.
type found struct {
	*award
	achievement string
}

// read takes what is to be known of an award out of its document.
func read(id string, document []byte) (f found, err error) {
	var badge struct {
		CredentialStatus []struct {
			StatusListCredential, StatusListIndex, StatusPurpose string
		}
		CredentialSubject struct {
			Achievement struct{ ID string }
		}
	}
	if err := json.Unmarshal(document, &badge); err != nil {
		return f, fmt.Errorf("reading a badge: %w", err)
	}
	_, f.achievement, _ = strings.Cut(badge.CredentialSubject.Achievement.ID, "/a/")
	f.award = &award{id: id, json: slices.Clone(document)}
	for _, entry := range badge.CredentialStatus {
		if entry.StatusPurpose == "revocation" {
			_, f.award.list, _ = strings.Cut(entry.StatusListCredential, "/status/")
			f.award.place, err = strconv.Atoi(entry.StatusListIndex)
		}
	}
	if f.award.list == "" || f.achievement == "" || err != nil {
		return f, fmt.Errorf("the badge %s names no revocation list, or no achievement: %w", id, err)
	}
	return f, nil
}

// worker asks on one connection, as many visitors.
type worker struct {
	*ground
	line   *client // nil: none is open
	asked  time.Time
	chance *rand.Rand
}

// lineWait is how long a connection is kept without a request. The server closes one that says nothing for 5 s.
const lineWait = 3 * time.Second

func (g *ground) worker(seed uint64) *worker {
	return &worker{ground: g, chance: rand.New(rand.NewPCG(seed, 10))}
}

// close hangs up; the next request opens a connection.
func (w *worker) close() {
	if w.line != nil {
		_ = w.line.Close() // everything was read
		w.line = nil
	}
}

// ask sends a request.
func (w *worker) ask(request []byte) (status int, body []byte, err error) {
	if time.Since(w.asked) > lineWait {
		w.close()
	}
	if w.line == nil {
		if w.line, err = dial(w.address); err != nil {
			return 0, nil, err
		}
	}
	if status, body, err = w.line.ask(request); err != nil {
		w.close()
	}
	w.asked = time.Now()
	return status, body, err
}

// visit sends a request of some visitor and wants a status.
func (w *worker) visit(want int, method, path string, body []byte, headers ...string) ([]byte, error) {
	visitor := w.chance.IntN(visitors)
	answered, text, err := w.ask(requestOf(method, path, body, append(headers, fmt.Sprintf("X-Forwarded-For: 10.%d.%d.%d", visitor>>16, visitor>>8&255, visitor&255))...))
	if err != nil {
		return nil, errLine{err}
	}
	if answered != want {
		return nil, fmt.Errorf("%s %s is answered with %d: %.200s", method, path, answered, text)
	}
	return text, nil
}

// errLine says that a connection is of no use any more.
type errLine struct{ error }

func (w *worker) program(want int, path string, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return w.visit(want, "POST", "/api/v1/credentials"+path, text, "Authorization: Bearer "+w.secret, "Content-Type: application/json")
}

// give makes a new award.
func (w *worker) give() error {
	number := w.next.Add(1)
	name := fmt.Sprintf("Person %d", number)
	text, err := w.program(201, "", map[string]any{"achievement": w.achievement, "recipient": map[string]string{"email": fmt.Sprintf("person%d@example.org", number), "name": name}})
	if err != nil {
		return err
	}
	var made struct{ ID string }
	if err := json.Unmarshal(text, &made); err != nil || made.ID == "" {
		return fmt.Errorf("an award without an id: %.200s", text)
	}
	select {
	case w.fresh <- fresh{made.ID, name}:
	default: // enough of them wait
	}
	return nil
}

// fresh is an award by its id and the name of its holder.
type fresh struct{ id, name string }

// learn reads an award that was made, and has it asked for from now on.
func (w *worker) learn() error {
	var id, name string
	select {
	case f := <-w.fresh:
		id, name = f.id, f.name
	default:
		return nil
	}
	document, err := w.visit(200, "GET", "/c/"+id+".json", nil)
	if err != nil {
		return err
	}
	f, err := read(id, document)
	if err != nil {
		return err
	}
	a := f.award
	a.name = name
	for path, into := range map[string]*[]byte{".jwt": &a.token, ".png": &a.picture} {
		text, err := w.visit(200, "GET", "/c/"+id+path, nil)
		if err != nil {
			return err
		}
		*into = slices.Clone(text)
	}
	w.hold(a)
	return nil
}

func (g *ground) hold(a *award) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.awards = append(g.awards, a)
	if len(g.awards) > awardsHeld {
		g.awards = slices.Delete(g.awards, 0, 1)
	}
}

// some is any award that is asked for.
func (w *worker) some() *award {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.awards[w.chance.IntN(len(w.awards))]
}

// revoke ends an award: what is asked for about it from then on is another answer.
func (w *worker) revoke() error {
	w.mu.Lock()
	at := slices.IndexFunc(w.awards, func(a *award) bool { return !a.ending.Load() })
	if at < 0 || len(w.awards) < 10 {
		w.mu.Unlock()
		return nil
	}
	a := w.awards[at]
	a.ending.Store(true)
	w.mu.Unlock()
	if _, err := w.program(200, "/"+a.id+"/revoke", map[string]string{"reason": "Given by mistake."}); err != nil {
		return err
	}
	a.revoked.Store(true)
	return nil
}

// judge has a form of an award verified.
func (w *worker) judge(a *award, media string, body []byte) error {
	want := verifier.Yes
	if a.revoked.Load() {
		want = verifier.No
	}
	text, err := w.visit(200, "POST", "/verify", body, "Accept: application/json", "Content-Type: "+media)
	if err != nil {
		return err
	}
	var report verifier.Report
	if err := json.Unmarshal(text, &report); err != nil {
		return fmt.Errorf("reading a report: %w", err)
	}
	if want == verifier.Yes && a.ending.Load() {
		want = report.InForce // it is being revoked, or was meanwhile
	}
	if report.Authentic != verifier.Yes || report.InForce != want || want != verifier.Yes && want != verifier.No {
		return fmt.Errorf("%s of %s: authentic %s, in force %s, want %s", media, a.id, report.Authentic, report.InForce, want)
	}
	return nil
}

func (w *worker) same(a *award, path string, want []byte) error {
	text, err := w.visit(200, "GET", "/c/"+a.id+path, nil)
	if err == nil && string(text) != string(want) {
		err = fmt.Errorf("/c/%s%s is another document", a.id, path)
	}
	return err
}

func (w *worker) page(a *award) error {
	text, err := w.visit(200, "GET", "/c/"+a.id, nil, "Accept: text/html")
	if err == nil && !strings.Contains(string(text), a.name) {
		err = fmt.Errorf("the page of %s does not name %s", a.id, a.name)
	}
	return err
}

// state reads the list of an award. Awards that are revoked meanwhile may show.
func (w *worker) state(a *award) error {
	revoked := a.revoked.Load()
	text, err := w.visit(200, "GET", "/status/"+a.list, nil)
	if err != nil || !revoked {
		return err
	}
	var list struct {
		CredentialSubject struct{ EncodedList string }
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("reading a status list: %w", err)
	}
	bits, err := status.Decode(list.CredentialSubject.EncodedList)
	if err != nil {
		return err
	}
	if set, err := bits.Get(a.place); err != nil || !set {
		return fmt.Errorf("the list of %s does not show its revocation: %w", a.id, err)
	}
	return nil
}

// strike does harm. What it is answered is held against what is right.
func (w *worker) strike(ctx context.Context) error {
	shape := w.shapes[w.chance.IntN(len(w.shapes))]
	request := shape.Requests[w.chance.IntN(len(shape.Requests))]
	got, err := attack.Strike(ctx, nil, w.address, request, shape.Half)
	if err != nil || shape.Half || ctx.Err() != nil || slices.Contains(shape.Answers, got) {
		return err
	}
	return fmt.Errorf("%s: answered with %d, want one of %v: %.80q", shape.Name, got, shape.Answers, request)
}

// many makes a batch of awards and waits for its end.
func (g *ground) many(ctx context.Context, rows int) error {
	in := issuer.BatchInput{Name: "Soak", Actor: "soak", Awards: make([]issuer.AwardInput, rows)}
	from := g.next.Add(int64(rows)) - int64(rows)
	for i := range in.Awards {
		in.Awards[i] = issuer.AwardInput{Recipient: fmt.Sprintf("person%d@example.org", from+int64(i)+1), Name: fmt.Sprintf("Person %d", from+int64(i)+1)}
	}
	b, err := g.office.StartBatch(ctx, in)
	if err != nil {
		return err
	}
	for b.State != issuer.BatchFinished && ctx.Err() == nil {
		time.Sleep(100 * time.Millisecond)
		if b, err = g.office.Batch(ctx, b.ID); err != nil {
			return err
		}
	}
	if b.Done != rows && ctx.Err() == nil {
		return fmt.Errorf("a batch of %d awards made %d", rows, b.Done)
	}
	return nil
}

// task is a kind of request and how often it is one of a hundred.
type task struct {
	name  string
	share int
	do    func(ctx context.Context, w *worker) error
}

// mix is what the server is asked in a soak.
var mix = []task{
	{"award", 6, func(_ context.Context, w *worker) error { return w.give() }},
	{"first look", 6, func(_ context.Context, w *worker) error { return w.learn() }},
	{"revoke", 1, func(_ context.Context, w *worker) error { return w.revoke() }},
	{"verify json", 14, func(_ context.Context, w *worker) error { a := w.some(); return w.judge(a, "application/vc", a.json) }},
	{"verify jwt", 10, func(_ context.Context, w *worker) error { a := w.some(); return w.judge(a, "application/jwt", a.token) }},
	{"verify png", 4, func(_ context.Context, w *worker) error { a := w.some(); return w.judge(a, "image/png", a.picture) }},
	{"page", 27, func(_ context.Context, w *worker) error { return w.page(w.some()) }},
	{"document", 8, func(_ context.Context, w *worker) error { a := w.some(); return w.same(a, ".json", a.json) }},
	{"picture", 4, func(_ context.Context, w *worker) error { a := w.some(); return w.same(a, ".png", a.picture) }},
	{"status list", 10, func(_ context.Context, w *worker) error { return w.state(w.some()) }},
	{"hostile", 10, func(ctx context.Context, w *worker) error { return w.strike(ctx) }},
}

// any is one of the tasks, by their shares.
func (w *worker) any(tasks []task) task {
	all := 0
	for _, t := range tasks {
		all += t.share
	}
	at := w.chance.IntN(all)
	for _, t := range tasks {
		if at -= t.share; at < 0 {
			return t
		}
	}
	return tasks[0]
}

// note records what came of a request that was due at a time.
func (g *ground) note(name string, due time.Time, err error) {
	took := time.Since(due)
	g.mu.Lock()
	defer g.mu.Unlock()
	k := g.kinds[name]
	if k == nil {
		k = &kind{errors: map[string]int{}}
		g.kinds[name] = k
	}
	if err == nil {
		k.took.note(took)
		return
	}
	what := "wrong answer"
	if errors.As(err, new(errLine)) || errors.As(err, new(*net.OpError)) {
		what = "no answer"
	}
	k.errors[what]++
	if len(g.wrong) < wrongKept {
		g.wrong = append(g.wrong, name+": "+err.Error())
	}
}

// taken is what was noted since the last call.
func (g *ground) taken() map[string]*kind {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := g.kinds
	g.kinds = map[string]*kind{}
	return before
}

// load asks for tasks at a rate a second, or as fast as it is answered for 0, over so many connections until ctx ends. A request is due when
// it is its turn, not when a connection is free: a server that stalls does not hide who waited.
func (g *ground) load(ctx context.Context, tasks []task, rate float64, lines int) {
	due := make(chan time.Time, 1<<16)
	go func() {
		defer close(due)
		for at := time.Now(); ctx.Err() == nil; {
			if rate == 0 {
				select {
				case due <- time.Time{}:
				case <-ctx.Done():
				}
				continue
			}
			at = at.Add(time.Duration(rand.ExpFloat64() / rate * float64(time.Second))) // as independent visitors come
			if early := time.Until(at); early > 0 {
				time.Sleep(early)
			}
			select {
			case due <- at:
			default: // sixty thousand wait already
			}
		}
	}()
	var group sync.WaitGroup
	for n := range lines {
		group.Go(func() {
			w := g.worker(uint64(n))
			defer w.close()
			for at := range due {
				if ctx.Err() != nil {
					return
				}
				if at.IsZero() {
					at = time.Now()
				}
				t := w.any(tasks)
				if err := t.do(ctx, w); ctx.Err() == nil { // else it was broken off
					g.note(t.name, at, err)
				}
			}
		})
	}
	group.Wait()
}
