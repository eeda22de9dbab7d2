package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/internal/dial"
	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/issuer"
)

// TestDeliver: what happens is told to whoever wants it, signed, with ids alone, once.
func TestDeliver(t *testing.T) {
	w, r, only := newWorld(t, loopback), newReceiver(t), newReceiver(t)
	all := w.endpoint(t, r.URL+"/hook?a=1")
	some := w.endpoint(t, only.URL, issuer.EventRevoked)
	w.happen(t, issued("c1"), issuer.Event{Type: issuer.EventIntended, Subject: "c1", Recipient: &issuer.Recipient{Email: "ada@example.org"}},
		issuer.Event{Type: issuer.EventPublished, Subject: "a2"}, issuer.Event{Type: issuer.EventBatchEnded, Subject: "b1"},
		issuer.Event{Type: issuer.EventRevoked, Subject: "c1", Credential: &issuer.Credential{ID: "c1", Achievement: "a1"}},
		issuer.Event{Type: issuer.EventIssued, Organisation: w.theirs, Subject: "c9"})
	w.work(t)
	got := r.take()
	var bodies []string
	for _, one := range got {
		bodies = append(bodies, one.body)
		if err := Verify(all.Secret, one.header, []byte(one.body), w.Now()); err != nil {
			t.Error(err)
		}
		if one.header.Get("Content-Type") != "application/json" || one.header.Get("User-Agent") != "Laurel" || !strings.HasPrefix(one.header.Get("Webhook-Id"), "msg_") {
			t.Errorf("header %v", one.header)
		}
	}
	seen := map[string]bool{}
	for _, body := range bodies {
		seen[body] = true
	}
	want := map[string]bool{
		`{"type":"credential.issued","timestamp":"2026-11-22T12:00:00Z","data":{"organisation":"` + w.ours + `","credential":"c1","achievement":"a1","url":"https://badges.example.org/c/c1"}}`:  true,
		`{"type":"achievement.published","timestamp":"2026-11-22T12:00:00Z","data":{"organisation":"` + w.ours + `","achievement":"a2","url":"https://badges.example.org/a/a2"}}`:                true,
		`{"type":"batch.finished","timestamp":"2026-11-22T12:00:00Z","data":{"organisation":"` + w.ours + `","batch":"b1"}}`:                                                                     true,
		`{"type":"credential.revoked","timestamp":"2026-11-22T12:00:00Z","data":{"organisation":"` + w.ours + `","credential":"c1","achievement":"a1","url":"https://badges.example.org/c/c1"}}`: true,
	}
	if diff := cmp.Diff(want, seen); diff != "" || len(bodies) != 4 {
		t.Errorf("%d came: %s", len(bodies), diff)
	}
	if got := only.take(); len(got) != 1 || parsed(t, got[0].body)["type"] != "credential.revoked" || Verify(some.Secret, got[0].header, []byte(got[0].body), w.Now()) != nil {
		t.Errorf("%+v", got)
	}
	for _, d := range w.list(t, all.ID) {
		if text, err := w.Text(d); d.State != Delivered || len(d.Attempts) != 1 || d.Attempts[0].Status != 204 || d.Attempts[0].Cause != "" || err != nil || !want[string(text)] {
			t.Errorf("%+v, error %v", d, err)
		}
	}
	w.wait(time.Hour)
	if w.work(t); len(r.take())+len(only.take()) != 0 {
		t.Error("told twice")
	}
}

// TestObserveInTransaction: an event that cannot be noted does not happen, and one that does not happen is not told.
func TestObserveInTransaction(t *testing.T) {
	w, r := newWorld(t, loopback), newReceiver(t)
	e := w.endpoint(t, r.URL)
	publish := func() error {
		_, err := w.office.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: w.ours, Name: "N", Description: "D", Criteria: "C", Actor: "test"})
		if err != nil {
			return err
		}
		_, err = w.office.Issue(t.Context(), issuer.AwardInput{Organisation: w.ours, Recipient: "ada@example.org", Actor: "test"})
		return err
	}
	if err := publish(); err != nil {
		t.Fatal(err)
	}
	w.work(t)
	types := map[issuer.EventType]int{}
	for _, one := range r.take() {
		if strings.Contains(one.body, "ada@") {
			t.Errorf("personal data in %s", one.body)
		}
		types[issuer.EventType(parsed(t, one.body)["type"].(string))]++
	}
	if types[issuer.EventIssued] != 1 || types[issuer.EventIntended] != 0 {
		t.Errorf("told of %v", types)
	}
	before := len(w.list(t, e.ID))
	w.fail = true
	if _, err := w.office.Issue(t.Context(), issuer.AwardInput{Organisation: w.ours, Recipient: "ada@example.org", Actor: "test"}); err == nil {
		t.Error("issued though nobody could be told")
	}
	if after := len(w.list(t, e.ID)); after != before {
		t.Errorf("%d deliveries, before %d", after, before)
	}
}

// TestSchedule: what is not taken is sent again for more than three days under the same id and with the same body, later each time, and
// then has failed; sent again by hand it begins anew.
func TestSchedule(t *testing.T) {
	w, r := newWorld(t, loopback), newReceiver(t)
	e := w.endpoint(t, r.URL)
	r.says(status(http.StatusBadRequest)) // it takes others, so it is not paused
	w.happen(t, issued("c1"))
	var waits []time.Duration
	first := received{}
	for {
		w.work(t)
		if got := r.take(); len(got) != 1 {
			t.Fatalf("%d came", len(got))
		} else if first.header == nil {
			first = got[0]
		} else if got[0].body != first.body || got[0].header.Get("Webhook-Id") != first.header.Get("Webhook-Id") {
			t.Errorf("sent %+v, before %+v", got[0], first)
		} else if Verify(e.Secret, got[0].header, []byte(got[0].body), w.Now()) != nil {
			t.Error("signed of another time")
		}
		at, some := w.next()
		if !some {
			break
		}
		waits = append(waits, at.Sub(w.Now()))
		w.wait(at.Sub(w.Now()))
	}
	if len(waits) != len(schedule) {
		t.Fatalf("sent after %v", waits)
	}
	for i, waited := range waits {
		if waited < schedule[i] || waited > schedule[i]*6/5+1 {
			t.Errorf("waited %v before attempt %d", waited, i+2)
		}
	}
	if passed := w.Now().Sub(noon); passed < 72*time.Hour {
		t.Errorf("given up after %v", passed)
	}
	d := w.list(t, e.ID)[0]
	if d.State != Failed || len(d.Attempts) != 10 || d.Attempts[9].Cause != "It answered with status 400." || w.look(t, e.ID).Failures != 10 {
		t.Errorf("%+v", d)
	}
	r.says(nil)
	if _, err := w.Redeliver(t.Context(), w.ours, d.ID, "account:1"); err != nil {
		t.Fatal(err)
	}
	w.work(t)
	if got := r.take(); len(got) != 1 || got[0].body != first.body || got[0].header.Get("Webhook-Id") != d.ID {
		t.Errorf("sent again as %+v", got)
	}
	if again := w.list(t, e.ID)[0]; again.State != Delivered || again.Tries != 1 || len(again.Attempts) != 11 || w.look(t, e.ID).Failures != 0 {
		t.Errorf("%+v", again)
	}
}

// TestDown: an endpoint that is down is left alone for a while and costs one attempt each time; what has come meanwhile is sent, the
// oldest first, when it is back.
func TestDown(t *testing.T) {
	w, r := newWorld(t, loopback), newReceiver(t)
	e := w.endpoint(t, r.URL)
	r.says(status(http.StatusInternalServerError))
	for i := range 5 {
		w.happen(t, issued(fmt.Sprint("c", i)))
		w.wait(time.Millisecond)
	}
	w.work(t)
	if got := r.take(); len(got) != 1 {
		t.Fatalf("%d came to an endpoint that is down", len(got))
	}
	for range 8 {
		at, some := w.next()
		if !some {
			t.Fatal("nothing is to be done any more")
		}
		if pause := at.Sub(w.Now()); pause > longestPause {
			t.Errorf("paused for %v", pause)
		}
		w.wait(at.Sub(w.Now()))
		w.work(t)
		if got := r.take(); len(got) > 1 {
			t.Errorf("%d came at once", len(got))
		}
	}
	r.says(nil)
	w.wait(26 * time.Hour)
	w.work(t)
	if got := r.take(); len(got) != 5 {
		t.Errorf("%d came when it was back", len(got))
	}
	if now := w.look(t, e.ID); now.Failures != 0 || !now.Failing.IsZero() || now.Disabled != nil {
		t.Errorf("%+v", now)
	}
}

// TestRetryAfter: an endpoint that asks for time gets it, a day at most.
func TestRetryAfter(t *testing.T) {
	for name, test := range map[string]struct {
		code        int
		header      string
		least, most time.Duration
	}{
		"seconds":           {429, "7200", 2 * time.Hour, 2 * time.Hour},
		"unavailable":       {503, "7200", 2 * time.Hour, 2 * time.Hour},
		"a date":            {503, noon.Add(3 * time.Hour).Format(http.TimeFormat), 3 * time.Hour, 3 * time.Hour},
		"too long":          {429, "99999999", 24 * time.Hour, 24 * time.Hour},
		"in the past":       {429, noon.Add(-time.Hour).Format(http.TimeFormat), 5 * time.Second, 6 * time.Second},
		"no number":         {429, "soon", 5 * time.Second, 6 * time.Second},
		"of another status": {500, "7200", 5 * time.Second, 6 * time.Second},
		"less than usual":   {503, "1", 5 * time.Second, 6 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			w, r := newWorld(t, loopback), newReceiver(t)
			w.endpoint(t, r.URL)
			r.says(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", test.header)
				w.WriteHeader(test.code)
			})
			w.happen(t, issued("c1"))
			w.work(t)
			if at, some := w.next(); !some || at.Sub(noon) < test.least || at.Sub(noon) > test.most+time.Millisecond {
				t.Errorf("sent again after %v", at.Sub(noon))
			}
		})
	}
}

// TestGone: 410 ends it at once, five days without an answer do too, and both can be turned on again; what waits goes on then.
func TestGone(t *testing.T) {
	w, r := newWorld(t, loopback), newReceiver(t)
	e := w.endpoint(t, r.URL)
	r.says(status(http.StatusGone))
	w.happen(t, issued("c1"), issued("c2"))
	w.work(t)
	got := w.look(t, e.ID)
	if len(r.take()) != 1 || got.Disabled == nil || got.Disabled.By != "laurel" || !strings.Contains(got.Disabled.Reason, "410") {
		t.Fatalf("%+v", got)
	}
	w.happen(t, issued("c3")) // nobody is told later
	_, err := w.Redeliver(t.Context(), w.ours, w.list(t, e.ID)[0].ID, "account:1")
	wantCode(t, err, issuer.KindConflict, "disabled")
	_, err = w.Ping(t.Context(), w.ours, e.ID, "account:1")
	wantCode(t, err, issuer.KindConflict, "disabled")
	_, err = w.Disable(t.Context(), w.ours, e.ID, "", "account:1")
	wantCode(t, err, issuer.KindConflict, "disabled")
	w.wait(time.Hour)
	if w.work(t); len(r.take()) != 0 {
		t.Error("told though it was turned off")
	}
	r.says(nil)
	if _, err := w.Enable(t.Context(), w.ours, e.ID, "account:1"); err != nil {
		t.Fatal(err)
	}
	_, err = w.Enable(t.Context(), w.ours, e.ID, "account:1")
	wantCode(t, err, issuer.KindConflict, "enabled")
	if w.work(t); len(r.take()) != 2 {
		t.Error("what waited was not sent")
	}

	r.says(status(http.StatusBadGateway))
	for range 12 {
		w.happen(t, issued("c4"))
		for at, some := w.next(); some && at.Before(w.Now().Add(12*time.Hour)); at, some = w.next() {
			w.wait(max(0, at.Sub(w.Now())))
			w.work(t)
		}
		w.wait(12 * time.Hour)
		w.work(t)
	}
	if got := w.look(t, e.ID); got.Disabled == nil || !strings.Contains(got.Disabled.Reason, "five days") || got.Disabled.At.Sub(got.Failing) < givenUp {
		t.Errorf("%+v", got)
	}
}

// TestRotate: for a day two secrets sign.
func TestRotate(t *testing.T) {
	w, r := newWorld(t, loopback), newReceiver(t)
	old := w.endpoint(t, r.URL)
	fresh, err := w.Rotate(t.Context(), w.ours, old.ID, "account:1")
	if err != nil || fresh.Secret == old.Secret {
		t.Fatal(fresh, err)
	}
	for _, test := range []struct {
		after time.Duration
		both  bool
	}{{0, true}, {24*time.Hour - time.Second, true}, {time.Second, false}} {
		w.wait(test.after)
		w.happen(t, issued("c1"))
		w.work(t)
		one := r.take()[0]
		if err := Verify(fresh.Secret, one.header, []byte(one.body), w.Now()); err != nil {
			t.Errorf("the new one: %v", err)
		}
		if err := Verify(old.Secret, one.header, []byte(one.body), w.Now()); (err == nil) != test.both {
			t.Errorf("the old one: %v", err)
		}
	}
	text, err := json.Marshal(w.look(t, old.ID))
	if err != nil || strings.Contains(string(text), "ecret") {
		t.Errorf("shown as %s, error %v", text, err)
	}
}

// TestRotateAgain: each secret signs until a day after another came in its place, however many came since; whoever changes it again has to
// have seen the last change.
func TestRotateAgain(t *testing.T) {
	w, r := newWorld(t, loopback), newReceiver(t)
	first := w.endpoint(t, r.URL)
	made := []NewEndpoint{first}
	for i := range 3 { // at 0, 8 and 16 hours
		if i > 0 {
			w.wait(8 * time.Hour)
		}
		fresh, err := w.Rotate(t.Context(), w.ours, first.ID, "account:1", made[i].Rotated)
		if err != nil || !fresh.Rotated.After(made[i].Rotated) {
			t.Fatal(fresh, err)
		}
		made = append(made, fresh)
	}
	for name, seen := range map[string][]time.Time{"nothing": nil, "the one before": {made[2].Rotated}, "none": {{}}} {
		_, err := w.Rotate(t.Context(), w.ours, first.ID, "account:2", seen...)
		if wantCode(t, err, issuer.KindConflict, "version"); err == nil {
			t.Error("taken by whoever has seen", name)
		}
	}
	for _, test := range []struct {
		after time.Duration
		sign  int // secrets, the newest of all
	}{{0, 4}, {8*time.Hour - 2*time.Second, 4}, {2 * time.Second, 3}, {8 * time.Hour, 2}, {8 * time.Hour, 1}} {
		w.wait(test.after)
		w.happen(t, issued("c1"))
		w.work(t)
		one := r.take()[0]
		for i, e := range made {
			if err := Verify(e.Secret, one.header, []byte(one.body), w.Now()); (err == nil) != (i >= len(made)-test.sign) {
				t.Errorf("%s later, secret %d: %v", test.after, i, err)
			}
		}
	}
	last := made[3]
	for i := range mostEarlier { // without naming one it can be changed now
		seen := []time.Time{last.Rotated}
		if i == 0 {
			seen = nil
		}
		var err error
		if last, err = w.Rotate(t.Context(), w.ours, first.ID, "account:1", seen...); err != nil {
			t.Fatal(i, err)
		}
	}
	_, err := w.Rotate(t.Context(), w.ours, first.ID, "account:1", last.Rotated)
	wantCode(t, err, issuer.KindConflict, "too_many")
}

// TestRotateBefore: the one earlier secret that a release before this one has kept signs for its day as well.
func TestRotateBefore(t *testing.T) {
	e := heldEndpoint{Endpoint: Endpoint{Rotated: noon}, Before: []byte("b")}
	for after, sign := range map[time.Duration]int{0: 1, bothSign - 1: 1, bothSign: 0} {
		if got := len(e.earlier(noon.Add(after))); got != sign {
			t.Errorf("%s later: %d", after, got)
		}
	}
}

// TestKilled: what was sent and not recorded is sent again under the same id; a job that was lost is put back; one of the past does
// nothing; one that had to stop says nothing of the endpoint.
func TestKilled(t *testing.T) {
	w, r := newWorld(t, loopback), newReceiver(t)
	e := w.endpoint(t, r.URL)
	w.happen(t, issued("c1"))
	ctx, cancel := context.WithCancel(t.Context())
	r.says(func(http.ResponseWriter, *http.Request) { cancel() })
	job := w.queue[0]
	if err := w.Deliver(ctx, job.Payload); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	r.says(nil)
	if d := w.list(t, e.ID)[0]; d.State != Waiting || len(d.Attempts) != 0 || w.look(t, e.ID).Failures != 0 {
		t.Errorf("%+v", d)
	}
	w.queue = nil // and the queue is lost as well
	w.wait(time.Minute)
	if err := w.Sweep(t.Context()); err != nil || len(w.queue) != 0 {
		t.Errorf("%d jobs, error %v", len(w.queue), err)
	}
	w.wait(time.Hour)
	if err := w.Sweep(t.Context()); err != nil || len(w.queue) != 1 {
		t.Fatalf("%d jobs, error %v", len(w.queue), err)
	}
	if err := w.Deliver(t.Context(), job.Payload); err != nil || len(w.list(t, e.ID)[0].Attempts) != 0 {
		t.Errorf("the job of before: error %v", err)
	}
	w.work(t)
	got := r.take()
	if len(got) != 2 || got[0].header.Get("Webhook-Id") != got[1].header.Get("Webhook-Id") || w.list(t, e.ID)[0].State != Delivered {
		t.Errorf("%+v", got)
	}
	if err := w.Deliver(t.Context(), []byte("{")); err == nil {
		t.Error("a job that says nothing is done")
	}
}

// TestTurns: a job lets others pass after some deliveries, and there is one job for an endpoint however much there is to send.
func TestTurns(t *testing.T) {
	w, r := newWorld(t, loopback), newReceiver(t)
	w.endpoint(t, r.URL)
	for i := range 2*sendMost + 1 {
		w.happen(t, issued(fmt.Sprint("c", i)))
	}
	if len(w.queue) != 1 {
		t.Fatalf("%d jobs", len(w.queue))
	}
	if err := w.Deliver(t.Context(), w.queue[0].Payload); !errors.Is(err, jobs.ErrMore) || len(r.take()) != sendMost {
		t.Errorf("error %v", err)
	}
	if turns := w.work(t); turns != 2 || len(r.take()) != sendMost+1 {
		t.Errorf("%d turns", turns)
	}
	w.happen(t, issued("last")) // the next event after all was sent has a job again
	if w.work(t); len(r.take()) != 1 {
		t.Error("not told")
	}
}

// TestAnswers: what endpoints answer, and how they can fail, each with its sentence.
func TestAnswers(t *testing.T) {
	inside := newReceiver(t)
	for name, test := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		cause  string
		down   bool
	}{
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, inside.URL, http.StatusTemporaryRedirect)
		}, "It answered with status 307, which leads elsewhere; that is not followed.", false},
		"not found":     {status(404), "It answered with status 404.", false},
		"a fault":       {status(500), "It answered with status 500.", true},
		"a huge body":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 8<<20)) }, "", false},
		"a huge header": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 64<<10)) }, "The connection failed.", true},
		"hanging up":    {func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "The connection failed.", true},
	} {
		t.Run(name, func(t *testing.T) {
			w, r := newWorld(t, loopback), newReceiver(t)
			e := w.endpoint(t, r.URL)
			r.says(test.answer)
			w.happen(t, issued("c1"))
			w.work(t)
			d := w.list(t, e.ID)[0]
			if len(d.Attempts) != 1 || d.Attempts[0].Cause != test.cause {
				t.Errorf("%+v", d)
			}
			held := heldEndpoint{}
			_ = w.view(t.Context(), func(tx issuer.Tx) (err error) { held, _, err = endpoints.Get(tx, e.ID); return err })
			if held.Paused.IsZero() == test.down {
				t.Errorf("paused until %v", held.Paused)
			}
		})
	}
	if len(inside.take()) != 0 {
		t.Error("a redirect was followed")
	}
}

// TestLate: an endpoint that does not answer is given ten seconds.
func TestLate(t *testing.T) {
	w := newWorld(t, loopback)
	w.plain.Timeout = 50 * time.Millisecond
	release := make(chan struct{})
	r := newReceiver(t)
	t.Cleanup(func() { close(release) })
	r.says(func(http.ResponseWriter, *http.Request) { <-release })
	e := w.endpoint(t, r.URL)
	w.happen(t, issued("c1"))
	w.work(t)
	if d := w.list(t, e.ID)[0]; d.Attempts[0].Cause != "There was no answer in 10 seconds." {
		t.Errorf("%+v", d)
	}
	if New(Config{}).secure.Timeout != 10*time.Second {
		t.Error("another bound")
	}
}

// TestRefused: no address inside is called, whatever its name says and whenever: not when an endpoint is made, and not when its name
// leads there later, or the operator has closed what was open.
func TestRefused(t *testing.T) {
	inside := newReceiver(t)
	w := newWorld(t, dial.Rules{})
	for _, address := range []string{inside.URL, strings.Replace(inside.URL, "http", "https", 1), "http://example.org/", "https://localhost/", "https://hooks.internal/",
		"https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://0x7f.1/", "https://user:pass@example.org/", "https://example.org:22/", "file:///etc/passwd", ""} {
		_, err := w.Create(t.Context(), w.ours, Input{URL: address}, "account:1")
		wantCode(t, err, issuer.KindInvalid, "url")
	}
	// A public name that leads inside: the connection is what is judged.
	turns := 0
	dialer := dial.Rules{}.Dialer(true)
	w.secure.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if turns++; !strings.HasPrefix(address, "hooks.example.org:") {
			t.Errorf("dialled %s", address)
		}
		return dialer.DialContext(ctx, network, inside.Listener.Addr().String())
	}
	e := w.endpoint(t, "https://hooks.example.org/")
	w.happen(t, issued("c1"))
	w.work(t)
	if d := w.list(t, e.ID)[0]; turns != 1 || len(d.Attempts) != 1 || d.Attempts[0].Cause != "The name of the server leads to no address that is called." {
		t.Errorf("%d turns, %+v", turns, d)
	}

	// A name that nobody knows is told in the same words: which names are known inside is nobody's to find out.
	w.secure.Transport.(*http.Transport).DialContext = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "hooks.example.org", IsNotFound: true}
	}
	again, err := w.Redeliver(t.Context(), w.ours, w.list(t, e.ID)[0].ID, "account:1")
	if err != nil {
		t.Fatal(err)
	}
	w.work(t)
	if d, err := w.Delivery(t.Context(), w.ours, again.ID); err != nil || len(d.Attempts) != 2 || d.Attempts[0].Cause != d.Attempts[1].Cause {
		t.Errorf("%+v, error %v", d, err)
	}

	open := newWorld(t, loopback)
	e = open.endpoint(t, inside.URL)
	open.rules = dial.Rules{}
	open.happen(t, issued("c1"))
	open.work(t)
	if d := open.list(t, e.ID)[0]; !strings.HasPrefix(d.Attempts[0].Cause, "The address is not called any more: ") {
		t.Errorf("%+v", d)
	}
	if len(inside.take()) != 0 {
		t.Error("something inside was called")
	}
}

// TestEncrypted: over https the certificate is judged.
func TestEncrypted(t *testing.T) {
	w, r := newWorld(t, loopback), &receiver{}
	r.Server = httptest.NewUnstartedServer(r)
	r.Config.ErrorLog = nil
	r.StartTLS()
	t.Cleanup(r.Close)
	e := w.endpoint(t, r.URL)
	w.happen(t, issued("c1"))
	w.work(t)
	if d := w.list(t, e.ID)[0]; d.Attempts[0].Cause != "The certificate of the server is not trusted." || len(r.take()) != 0 {
		t.Errorf("%+v", d)
	}
	w.secure.Transport.(*http.Transport).TLSClientConfig.RootCAs = r.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	w.wait(time.Minute)
	if w.work(t); len(r.take()) != 1 {
		t.Errorf("%+v", w.list(t, e.ID))
	}
}
