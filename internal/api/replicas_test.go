package api

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/store/faulty"
	"github.com/laurelbadges/laurel/issuer"
)

// replica is another process of the same installation.
func (w *world) replica(t testing.TB) *world {
	t.Helper()
	other := &world{store: w.store, faults: faulty.New(w.store, true), keys: w.keys, check: w.check, clock: atomicTime{now: w.clock.Now()}, ours: w.ours, theirs: w.theirs}
	var err error
	other.service, err = issuer.Open(t.Context(), issuer.Config{Store: other.faults, Keys: w.keys, Now: other.clock.Now, Base: w.service.Base(),
		Check: func(ctx context.Context, sealed []byte) error { return other.check(ctx, sealed) }})
	if err != nil {
		t.Fatal(err)
	}
	if other.handler, err = New(Config{Service: other.service, Log: slog.New(slog.NewJSONHandler(&other.log, nil))}); err != nil {
		t.Fatal(err)
	}
	return other
}

// TestReplicas: what was done through one process holds at once in another: awards, their standing, keys of repeatable writes, tokens.
func TestReplicas(t *testing.T) {
	a := newWorld(t)
	b := a.replica(t)
	achievement := a.published(t, a.ours)
	award := a.ask(t, a.ours, "POST", "/api/v1/credentials", awardBody(achievement, "kim@example.org"), "Idempotency-Key", "k").want(t, 201, "")
	path := "/api/v1/credentials/" + award.at("id")
	if again := b.ask(t, b.ours, "POST", "/api/v1/credentials", awardBody(achievement, "kim@example.org"), "Idempotency-Key", "k").want(t, 201, ""); again.text != award.text {
		t.Errorf("first %s, again %s", award.text, again.text)
	}
	before := b.ask(t, b.ours, "GET", path, "").want(t, 200, "").header.Get("ETag")
	b.ask(t, b.ours, "GET", path, "", "If-None-Match", before).want(t, 304, "")
	a.ask(t, a.ours, "POST", path+"/revoke", `{"reason":"r"}`).want(t, 200, "")
	if r := b.ask(t, b.ours, "GET", path, "", "If-None-Match", before).want(t, 200, ""); r.at("state") != "revoked" {
		t.Errorf("revoked elsewhere: %s", r.text)
	}
	b.ask(t, b.ours, "POST", path+"/suspend", "", "If-Match", before).want(t, 412, "version")
	b.ask(t, b.ours, "POST", path+"/suspend", "").want(t, 409, "already_revoked")

	made, err := a.service.CreateToken(t.Context(), issuer.TokenInput{Organisation: a.ours.ID, Scopes: everything, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	b.send(t, "GET", path, "", "Authorization", "Bearer "+made.Text).want(t, 200, "")
	if _, err := a.service.RevokeToken(t.Context(), made.ID, "test"); err != nil {
		t.Fatal(err)
	}
	b.send(t, "GET", path, "", "Authorization", "Bearer "+made.Text).want(t, 401, "token_invalid")
}

// TestReplicasAtOnce: the same write sent to several processes at the same time is done once, and each is told the same, or to ask
// again in a second.
func TestReplicasAtOnce(t *testing.T) {
	a := newWorld(t)
	processes := []*world{a, a.replica(t), a.replica(t)}
	achievement := a.published(t, a.ours)
	const writes, each = 4, 2
	var all sync.WaitGroup
	var mu sync.Mutex
	told := map[string]map[string]bool{}
	for i := range writes {
		for _, w := range processes {
			for range each {
				all.Go(func() {
					key, in := fmt.Sprint(i), awardBody(achievement, fmt.Sprintf("kim%d@example.org", i))
					for {
						r := w.ask(t, w.ours, "POST", "/api/v1/credentials", in, "Idempotency-Key", key)
						if r.status == 409 && r.at("code") == "under_way" && r.header.Get("Retry-After") == "1" {
							time.Sleep(time.Millisecond)
							continue
						}
						mu.Lock()
						defer mu.Unlock()
						if told[key] == nil {
							told[key] = map[string]bool{}
						}
						told[key][fmt.Sprint(r.status, r.text)] = true
						return
					}
				})
			}
		}
	}
	all.Wait()
	for key, answers := range told {
		if len(answers) != 1 {
			t.Errorf("key %s: %v", key, answers)
		}
	}
	if ids, _ := a.walk(t, a.ours, "/api/v1/credentials?limit=100"); len(ids) != writes {
		t.Errorf("%d awards, want %d", len(ids), writes)
	}
}
