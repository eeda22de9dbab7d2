package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestRepeat: the same key and request gets the same answer on every route that writes, and nothing is done twice.
func TestRepeat(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	award := w.awarded(t, w.ours, achievement)
	draft := w.ask(t, w.ours, "POST", "/api/v1/achievements", plainAchievement).want(t, 201, "").at("id")
	for i, step := range []struct {
		method, path, body string
		headers            []string
	}{
		{"POST", "achievements", plainAchievement, nil},
		{"PUT", "achievements/" + draft, plainAchievement, []string{"If-Match", `"v1"`}},
		{"POST", "achievements/" + draft + "/publish", "", nil},
		{"POST", "achievements/" + draft + "/archive", "{}", nil},
		{"POST", "credentials", awardBody(achievement, "lee@example.org"), nil},
		{"POST", "credentials/" + award + "/suspend", "", nil},
		{"POST", "credentials/" + award + "/reinstate", "", nil},
		{"POST", "credentials/" + award + "/suspend", `{"reason":"a"}`, nil},
		{"POST", "credentials/" + award + "/revoke", `{"reason":"a"}`, nil},
	} {
		key := fmt.Sprintf("key-%d", i)
		headers := append(step.headers, "Idempotency-Key", key)
		first := w.ask(t, w.ours, step.method, "/api/v1/"+step.path, step.body, headers...)
		if first.status >= 300 {
			t.Fatalf("%s: %d %s", step.path, first.status, first.text)
		}
		entries := w.audit(t)
		for range 2 {
			again := w.ask(t, w.ours, step.method, "/api/v1/"+step.path, step.body, headers...)
			if again.status != first.status || again.text != first.text || again.header.Get("ETag") != first.header.Get("ETag") || again.header.Get("Location") != first.header.Get("Location") {
				t.Errorf("%s: first %d %s %v\nagain %d %s %v", step.path, first.status, first.text, first.header, again.status, again.text, again.header)
			}
		}
		other := `{"reason":"b"}`
		if step.body == plainAchievement {
			other = plainAchievement + " "
		} else if step.path == "credentials" {
			other = awardBody(achievement, "max@example.org")
		}
		if step.body == "" || step.body == "{}" {
			other = "{ }"
		}
		w.ask(t, w.ours, step.method, "/api/v1/"+step.path, other, headers...).want(t, 422, "key_reused")
		w.ask(t, w.ours, step.method, "/api/v1/"+step.path, step.body, append(headers, "If-Match", `"v77"`)...).want(t, 422, "key_reused")
		if now := w.audit(t); now != entries {
			t.Errorf("%s: %d acts instead of %d", step.path, now, entries)
		}
	}
	// The key belongs to the token, and so to the organisation.
	w.ask(t, w.theirs, "POST", "/api/v1/achievements", plainAchievement, "Idempotency-Key", "key-0").want(t, 201, "")
	if n := len(w.ask(t, w.theirs, "GET", "/api/v1/achievements", "").items()); n != 1 {
		t.Errorf("%d achievements", n)
	}
	// What was refused may be asked for again under its key, put right.
	w.ask(t, w.ours, "POST", "/api/v1/credentials", awardBody(achievement, "nobody"), "Idempotency-Key", "n").want(t, 422, "email")
	w.ask(t, w.ours, "POST", "/api/v1/credentials", awardBody(achievement, "somebody@example.org"), "Idempotency-Key", "n").want(t, 201, "")
	for _, key := range []string{"", " ", "a b", "é", string(make([]byte, 256))} {
		w.ask(t, w.ours, "POST", "/api/v1/achievements", plainAchievement, "Idempotency-Key", key).want(t, 400, "key")
	}
}

// audit is the number of recorded acts.
func (w *world) audit(t testing.TB) int {
	t.Helper()
	n, err := w.service.VerifyAudit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRepeatLater: the answer is as it was, whatever has become of the award; after two days the key is free.
func TestRepeatLater(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	ask := func() reply {
		return w.ask(t, w.ours, "POST", "/api/v1/credentials", awardBody(achievement, "kim@example.org"), "Idempotency-Key", "k")
	}
	first := ask().want(t, 201, "")
	w.ask(t, w.ours, "POST", "/api/v1/credentials/"+first.at("id")+"/revoke", `{"reason":"r"}`).want(t, 200, "")
	w.clock.Add(24 * time.Hour)
	if again := ask().want(t, 201, ""); again.text != first.text {
		t.Errorf("first %s, again %s", first.text, again.text)
	}
	w.clock.Add(25 * time.Hour)
	if again := ask().want(t, 201, ""); again.at("id") == first.at("id") {
		t.Error("the key is kept for ever")
	}
	for i := range 5 { // forgets the old ones
		w.ask(t, w.ours, "POST", "/api/v1/achievements", plainAchievement, "Idempotency-Key", fmt.Sprint(i)).want(t, 201, "")
	}
}

// TestRepeatAfterFailure: an award whose signing failed, or was cut off, is completed by the next try: with the same id.
func TestRepeatAfterFailure(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	check := w.check
	w.check = func(context.Context, []byte) error { return errors.New("away") }
	in := awardBody(achievement, "kim@example.org")
	failed := w.raw(t, "POST", "/api/v1/credentials", in, "Authorization", "Bearer "+w.ours.token, "Content-Type", "application/json", "Idempotency-Key", "k")
	if failed.status != 500 || strings.Contains(failed.text, "away") {
		t.Fatal(failed.status, failed.text)
	}
	w.check = check
	pending := w.ask(t, w.ours, "GET", "/api/v1/credentials?state=pending", "").want(t, 200, "").items()
	if len(pending) != 1 {
		t.Fatalf("%v", pending)
	}
	w.ask(t, w.ours, "POST", "/api/v1/credentials/"+pending[0]["id"].(string)+"/revoke", `{"reason":"r"}`).want(t, 409, "not_issued")
	made := w.ask(t, w.ours, "POST", "/api/v1/credentials", in, "Idempotency-Key", "k").want(t, 201, "")
	if made.at("id") != pending[0]["id"] || made.at("state") != "issued" {
		t.Errorf("%s, pending was %v", made.text, pending)
	}
	if all := w.ask(t, w.ours, "GET", "/api/v1/credentials", "").items(); len(all) != 1 {
		t.Errorf("%d awards", len(all))
	}
}

// TestRepeatAtOnce: many with the same key at the same time make one award, and none is told anything else.
func TestRepeatAtOnce(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	const keys, each = 4, 8
	var all sync.WaitGroup
	var mu sync.Mutex
	made := map[string]map[string]bool{}
	for i := range keys {
		for range each {
			key, in := fmt.Sprint(i), awardBody(achievement, fmt.Sprintf("kim%d@example.org", i))
			all.Go(func() {
				for {
					r := w.ask(t, w.ours, "POST", "/api/v1/credentials", in, "Idempotency-Key", key)
					if r.status == 409 && r.at("code") == "under_way" {
						time.Sleep(time.Millisecond)
						continue
					}
					mu.Lock()
					defer mu.Unlock()
					if made[key] == nil {
						made[key] = map[string]bool{}
					}
					made[key][fmt.Sprint(r.status, r.text)] = true
					return
				}
			})
		}
	}
	all.Wait()
	for key, answers := range made {
		if len(answers) != 1 {
			t.Errorf("key %s: %v", key, answers)
		}
	}
	if ids, _ := w.walk(t, w.ours, "/api/v1/credentials?limit=100"); len(ids) != keys {
		t.Errorf("%d awards, want %d", len(ids), keys)
	}
}
