package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

const (
	askers      = 8           // programs that award and revoke while the database comes and goes
	healsWithin = time.Minute // after the cause has gone, without a new start
)

// TestKilledDatabase kills the database under load, again and again. Meanwhile every write is answered 503 with Retry-After, the
// server lives and says that it is not ready, and badges of others are judged. A while after the database is back everything works
// without a new start of laurel. Nothing that was acknowledged is lost, and nothing that was asked for again is there twice.
func TestKilledDatabase(t *testing.T) {
	faulty(t)
	g := onServer(t)
	p := g.start(t, "--sample", "--verify-rate", "0")
	o := &outage{ground: g, program: g.program(t, p), process: p, badge: foreign(t), ids: map[string]string{}, revoked: map[string]bool{}, statuses: map[int]int{}}
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for asker := range askers {
		group.Go(func() { o.work(ctx, t, asker) })
	}
	times := scale(t, 3, 20)
	var longest time.Duration
	for n := range times {
		before := o.done.Load()
		within(t, patience, "work goes on", func() error {
			if o.done.Load() < before+2*askers {
				return errors.New("nothing was done")
			}
			return nil
		})
		g.cluster.Kill(t)
		o.during(t, n)
		g.cluster.Restart(t)
		longest = max(longest, o.healed(t))
	}
	stop()
	group.Wait()
	o.count(t)
	l := newLedger(g)
	p.kill(t)
	l.inspect(t) // finds them all
	p = g.start(t)
	l.check(t, p)
	g.laurel(t, "audit", "verify", "--deep").well(t)
	p.kill(t)
	l.inspect(t)
	for id := range o.revoked {
		if a := l.awards[id]; a == nil || a.standing != issuer.CredentialRevoked {
			t.Errorf("the revocation of %s was lost", id)
		}
	}
	seen := map[string]string{}
	for key, id := range o.ids {
		if other := seen[id]; other != "" || l.awards[id] == nil {
			t.Errorf("%s of the key %s is not there, or also of the key %q", id, key, other)
		}
		seen[id] = key
	}
	if there, want := len(l.awards), len(o.ids)+3; there != want { // the worked example has three
		t.Errorf("%d awards are there for %d keys", there, len(o.ids))
	}
	if said := o.log.String(); strings.Contains(said, "panic") || len(o.revoked) == 0 {
		t.Errorf("%d revocations; the server said:\n%s", len(o.revoked), said)
	}
	t.Logf("%d times killed; %d awards and %d revocations; answers %v; the longest until all worked again took %v", times, len(o.ids), len(o.revoked), o.statuses, longest)
}

// outage is a server whose database comes and goes, and what its programs were told.
type outage struct {
	*ground
	program
	*process
	badge []byte       // of somebody else
	done  atomic.Int64 // rounds of work

	mu       sync.Mutex
	ids      map[string]string // Idempotency-Key -> award; guarded by mu
	revoked  map[string]bool   // awards; guarded by mu
	statuses map[int]int       // how often each was answered; guarded by mu
}

// work awards, and revokes every other award, until ctx ends; what is begun is finished.
func (o *outage) work(ctx context.Context, t *testing.T, asker int) {
	for n := 0; ctx.Err() == nil; n++ {
		key := fmt.Sprintf("asker-%d-%d", asker, n)
		recipient := fmt.Sprintf("pupil%d@example.org", n)
		answer, ok := o.insist(t, func() (reply, error) { return o.award(t.Context(), o.process, recipient, key) }, http.StatusCreated)
		if !ok {
			return
		}
		o.mu.Lock()
		o.ids[key] = answer.id()
		o.mu.Unlock()
		if n%2 == 0 {
			address := o.address() + "/api/v1/credentials/" + answer.id() + "/revoke"
			revoke := func() (reply, error) {
				return o.send(t.Context(), http.MethodPost, address, `{"reason":"Given by mistake."}`, key+"-revoke")
			}
			if _, ok := o.insist(t, revoke, http.StatusOK); !ok {
				return
			}
			o.mu.Lock()
			o.revoked[answer.id()] = true
			o.mu.Unlock()
		}
		o.done.Add(1)
	}
}

func (o *outage) address() string { return o.process.address }

// insist asks again and again until the answer has the status wanted. Until then only those of an outage are allowed.
func (o *outage) insist(t *testing.T, ask func() (reply, error), want int) (reply, bool) {
	for begun := time.Now(); time.Since(begun) < 3*patience; time.Sleep(50 * time.Millisecond) {
		answer, err := ask()
		if err != nil {
			t.Errorf("the server does not answer: %v", err)
			return answer, false
		}
		o.mu.Lock()
		o.statuses[answer.status]++
		o.mu.Unlock()
		switch {
		case answer.status == want:
			return answer, true
		case answer.status == http.StatusConflict && strings.Contains(string(answer.body), "under_way"):
		default:
			if err := answer.refusal(http.StatusServiceUnavailable); err != nil {
				t.Error(err)
				return answer, false
			}
		}
	}
	t.Errorf("never answered %d", want)
	return reply{}, false
}

// during looks at the server while the database is away.
func (o *outage) during(t *testing.T, n int) {
	t.Helper()
	var group sync.WaitGroup
	group.Go(func() {
		answer, err := o.award(t.Context(), o.process, "kim@example.org", "")
		if err == nil {
			err = answer.refusal(http.StatusServiceUnavailable)
		}
		if err != nil {
			t.Errorf("an award without a database: %v", err)
		}
	})
	office := o.office(t)
	group.Go(func() {
		var refused *issuer.Error
		if _, err := office.Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Actor: "test"}); !errors.As(err, &refused) || refused.Kind != issuer.KindUnavailable {
			t.Errorf("an award over the private socket: %v", err)
		}
	})
	group.Go(func() {
		within(t, patience, "/readyz", func() error { return o.ask(t, "/readyz", "").refusal(http.StatusServiceUnavailable) })
	})
	if answer := o.ask(t, "/healthz", ""); answer.status != http.StatusOK {
		t.Errorf("/healthz answers %d", answer.status)
	}
	for range 3 {
		if report, err := o.judge(t, "application/vc", o.badge); err != nil || report.Outcome != "valid" {
			t.Errorf("somebody's badge is %q, error %v: %s", report.Outcome, err, report.codes())
		}
	}
	group.Wait()
	if n > 0 {
		return
	}
	for _, path := range []string{"/c/" + o.anyAward(), "/c/" + o.anyAward() + ".json", "/.well-known/did.json"} {
		if answer := o.ask(t, path, ""); answer.status != http.StatusServiceUnavailable && answer.status != http.StatusOK || answer.status == http.StatusServiceUnavailable && answer.header.Get("Retry-After") == "" {
			t.Errorf("%s answers %d, Retry-After %q", path, answer.status, answer.header.Get("Retry-After"))
		}
	}
}

func (o *outage) anyAward() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range o.ids {
		return id
	}
	return ""
}

// healed waits until everything works again.
func (o *outage) healed(t *testing.T) time.Duration {
	t.Helper()
	return within(t, healsWithin, "everything works again", func() error {
		if answer := o.ask(t, "/readyz", ""); answer.status != http.StatusOK {
			return fmt.Errorf("/readyz answers %d", answer.status)
		}
		id := o.anyAward()
		for _, path := range []string{"/c/" + id, "/c/" + id + ".png"} {
			if answer := o.ask(t, path, ""); answer.status != http.StatusOK {
				return fmt.Errorf("%s answers %d", path, answer.status)
			}
		}
		return nil
	})
}

// count says whether both sides were met.
func (o *outage) count(t *testing.T) {
	t.Helper()
	if o.statuses[http.StatusServiceUnavailable] == 0 || o.statuses[http.StatusCreated] == 0 {
		t.Errorf("nothing was tested: answers %v", o.statuses)
	}
}
