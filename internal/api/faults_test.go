package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/fault"
	"github.com/laurelbadges/laurel/issuer"
)

// faultyWorld is a world with something behind every address, and the requests that ask for it.
func faultyWorld(t *testing.T) (*world, func(t *testing.T, each func(t *testing.T, c call, ask func() reply))) {
	w := openWorld(t, "https://badges.example.org", true)
	w.check = func(context.Context, []byte) error { return nil }
	ids := w.furnish(t, w.ours, w.theirs)
	return w, func(t *testing.T, each func(*testing.T, call, func() reply)) {
		for i, c := range calls {
			t.Run(c.method+" "+c.route, func(t *testing.T) {
				var headers []string
				if c.writes() {
					headers = []string{"Idempotency-Key", fmt.Sprint(i)}
				}
				each(t, c, func() reply { return w.exchange(t, c.request(t, w.ours.token, ids, headers...)) })
			})
		}
	}
}

// wantFault checks the answer to a request that a fault of the store has ended.
func wantFault(t *testing.T, r reply, status int, code, after string) {
	t.Helper()
	r.want(t, status, code)
	if got := r.header.Get("Retry-After"); got != after {
		t.Errorf("Retry-After %q, want %q", got, after)
	}
	if status == http.StatusInsufficientStorage && (r.body["type"] != fault.FullType || r.body["title"] != fault.FullTitle) {
		t.Errorf("problem %s", r.text)
	}
	for _, inside := range []string{"disk of ours", "wrapped"} {
		if strings.Contains(r.text, inside) {
			t.Errorf("the answer holds %q: %s", inside, r.text)
		}
	}
	if h := r.header; h.Get("Cache-Control") != "no-store" || h.Get("ETag") != "" {
		t.Errorf("the answer to a fault may be kept: %v", h)
	}
}

// wrapped is an error as an engine gives it, with what is for the log only.
func wrapped(err error) error { return fmt.Errorf("wrapped: /var/disk of ours: %w", err) }

// TestStoreFaults: on every route a fault of the store is told as what it is; reading goes on where writing fails, and everything
// is answered again when it is over.
func TestStoreFaults(t *testing.T) {
	w, routes := faultyWorld(t)
	for name, test := range map[string]struct {
		err    error
		status int
		code   string
		after  string
	}{
		"full":        {issuer.ErrFull, 507, "store_full", ""},
		"unavailable": {issuer.ErrUnavailable, 503, "store_unavailable", "5"},
		"damaged":     {issuer.ErrDamaged, 503, "record_damaged", "60"},
	} {
		t.Run("writing "+name, func(t *testing.T) {
			w.faults.Fail(nil, wrapped(test.err))
			defer w.faults.Fail(nil, nil)
			acts := w.audit(t)
			routes(t, func(t *testing.T, c call, ask func() reply) {
				switch r := ask(); {
				case c.status != 0: // nothing is written for it
					if r.status != c.status {
						t.Errorf("%d %s", r.status, r.text)
					}
				case c.writes():
					wantFault(t, r, test.status, test.code, test.after)
				case r.status != http.StatusOK:
					t.Errorf("reading answers %d %s", r.status, r.text)
				}
			})
			if now := w.audit(t); now != acts {
				t.Errorf("%d acts were recorded that were refused", now-acts)
			}
		})
		if test.err == issuer.ErrFull {
			continue // nobody reads for want of room
		}
		t.Run("reading "+name, func(t *testing.T) {
			w.faults.Fail(wrapped(test.err), wrapped(test.err))
			defer w.faults.Fail(nil, nil)
			routes(t, func(t *testing.T, _ call, ask func() reply) { wantFault(t, ask(), test.status, test.code, test.after) })
		})
	}
	routes(t, func(t *testing.T, c call, ask func() reply) { // under the keys of what failed before
		if r := ask(); r.status >= 300 && r.status != c.status {
			t.Errorf("afterwards: %d %s", r.status, r.text)
		}
	})
}

// TestDamagedRecords: whichever kind of record is damaged, no route takes it for one that does not exist, nor for a fault of the
// program.
func TestDamagedRecords(t *testing.T) {
	w, routes := faultyWorld(t)
	read := []string{"token", "organisation", "achievement", "achievement-draft", "credential", "repeat"}
	for _, kind := range issuer.Kinds() {
		if testing.Short() && !slices.Contains(read, kind.Name) {
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			w.faults.FailReading(kind.Name, wrapped(issuer.ErrDamaged))
			defer w.faults.FailReading(kind.Name, nil)
			w.faults.Fail(nil, wrapped(issuer.ErrFull)) // nothing changes from one kind to the next
			defer w.faults.Fail(nil, nil)
			told := 0
			routes(t, func(t *testing.T, c call, ask func() reply) {
				write := c.writes()
				switch r := ask(); {
				case r.status == http.StatusServiceUnavailable:
					told++
					wantFault(t, r, 503, "record_damaged", "60")
				case c.status != 0 && r.status == c.status:
				case write && r.status == http.StatusInsufficientStorage, !write && r.status == http.StatusOK: // it does not read this kind
				default:
					t.Errorf("%d %s", r.status, r.text)
				}
			})
			if told == 0 && slices.Contains(read, kind.Name) {
				t.Error("no route reads this kind")
			}
		})
	}
}

// TestAnswerLost: a write that was kept though its answer says otherwise is not done twice by whoever asks again under its key.
func TestAnswerLost(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	award := w.awarded(t, w.ours, achievement)
	for _, r := range []struct {
		path, body string
		status     int
	}{
		{"/credentials", awardBody(achievement, "kim@example.org"), 201},
		{"/credentials/" + award + "/revoke", `{"reason":"r"}`, 200},
	} {
		ask := func() reply {
			return w.exchange(t, func() *http.Request {
				q := httptest.NewRequestWithContext(t.Context(), "POST", prefix+r.path, strings.NewReader(r.body))
				q.Header.Set("Authorization", "Bearer "+w.ours.token)
				q.Header.Set("Content-Type", "application/json")
				q.Header.Set("Idempotency-Key", r.path)
				return q
			})
		}
		w.faults.Lose(wrapped(issuer.ErrUnavailable))
		wantFault(t, ask(), 503, "store_unavailable", "5")
		w.faults.Lose(nil)
		first := ask().want(t, r.status, "")
		if again := ask(); again.text != first.text {
			t.Errorf("%s: first %s, then %s", r.path, first.text, again.text)
		}
	}
	if ids, _ := w.walk(t, w.ours, "/api/v1/credentials?limit=100"); len(ids) != 2 {
		t.Errorf("%d awards, want 2", len(ids))
	}
}

// TestUnderWay: a key whose request is worked on is to be asked for again soon.
func TestUnderWay(t *testing.T) {
	w := newWorld(t)
	token, err := w.service.Authenticate(t.Context(), w.ours.token)
	if err != nil {
		t.Fatal(err)
	}
	once, err := w.service.Workspace(w.ours.ID).Once(t.Context(), issuer.OnceKey{Actor: token.Actor(), Act: "POST /api/v1/achievements", Text: "k"}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := w.ask(t, w.ours, "POST", "/api/v1/achievements", plainAchievement, "Idempotency-Key", "k").want(t, 409, "under_way")
	if got := r.header.Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After %q", got)
	}
	once.End()
	r = w.ask(t, w.ours, "POST", "/api/v1/achievements", plainAchievement, "Idempotency-Key", "k").want(t, 201, "")
	if got := r.header.Get("Retry-After"); got != "" {
		t.Errorf("Retry-After %q", got)
	}
}
