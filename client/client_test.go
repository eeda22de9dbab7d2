package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const testToken = "laurel_secret"

// script is a server that answers one call after another, and notes what was asked.
type script struct {
	mu      sync.Mutex
	asked   []*http.Request // guarded by mu
	bodies  []string
	answers []func(w http.ResponseWriter)
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	s.asked, s.bodies = append(s.asked, r), append(s.bodies, string(body))
	s.answers[min(len(s.asked), len(s.answers))-1](w)
}

// says answers with a status, a body and headers, which are names and values in turn.
func says(status int, body string, headers ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		media := "application/json"
		if status >= 400 {
			media = "application/problem+json"
		}
		w.Header().Set("Content-Type", media)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// drops ends the connection without an answer.
func drops(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func play(t *testing.T, answers ...func(http.ResponseWriter)) (*script, *Client) {
	t.Helper()
	s := &script{answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := New(server.URL, testToken, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

const problem = `{"type":"about:blank","title":"x","status":422,"detail":"No.","instance":"i","code":"email","errors":[{"pointer":"/recipient/email","detail":"it is none"}]}`

func TestNew(t *testing.T) {
	for base, fine := range map[string]bool{
		"https://badges.example.org": true, "https://badges.example.org/": true, "http://localhost:8080": true, "http://127.0.0.1:1": true, "http://[::1]:1": true,
		"http://badges.example.org": false, "http://10.0.0.1": false, "badges.example.org": false, "https://x/path": false, "https://user:pass@x": false, "ftp://x": false, "": false,
		"http://localhost.example.org": false, "https://x?y": false,
	} {
		if _, err := New(base, testToken, Options{}); (err == nil) != fine {
			t.Errorf("%s: %v", base, err)
		}
	}
	for _, token := range []string{"", " ", "a b", "a\nb", "\u00e9"} {
		if _, err := New("https://x", token, Options{}); err == nil || strings.Contains(err.Error(), "a b") {
			t.Errorf("%q: %v", token, err)
		}
	}
}

// TestRetries: what the server asks to do later is done later, under the same key; what it refuses is not asked again.
func TestRetries(t *testing.T) {
	made := says(201, `{"id":"a","url":"u","files":{"json":"j"}}`)
	wait := "0"
	for name, c := range map[string]struct {
		answers []func(http.ResponseWriter)
		calls   int
		code    string // of the error; "" for none, "-" for one that is no answer of the API
	}{
		"at once":         {[]func(http.ResponseWriter){made}, 1, ""},
		"too many":        {[]func(http.ResponseWriter){says(429, problem, "Retry-After", wait), made}, 2, ""},
		"unavailable":     {[]func(http.ResponseWriter){says(503, problem, "Retry-After", wait), made}, 2, ""},
		"under way":       {[]func(http.ResponseWriter){says(409, problem, "Retry-After", wait), made}, 2, ""},
		"for ever":        {[]func(http.ResponseWriter){says(503, problem, "Retry-After", wait)}, 4, "email"},
		"far too long":    {[]func(http.ResponseWriter){says(503, problem, "Retry-After", "3600"), made}, 1, "email"},
		"refused":         {[]func(http.ResponseWriter){says(422, problem), made}, 1, "email"},
		"a conflict":      {[]func(http.ResponseWriter){says(409, problem), made}, 1, "email"},
		"a fault":         {[]func(http.ResponseWriter){says(500, problem), made}, 1, "email"},
		"a redirect":      {[]func(http.ResponseWriter){says(302, "", "Location", "https://elsewhere.example"), made}, 1, ""},
		"no API":          {[]func(http.ResponseWriter){says(404, "<html>", "Content-Type", "text/html"), made}, 1, ""},
		"broken":          {[]func(http.ResponseWriter){says(201, `{`), made}, 1, "-"},
		"not as promised": {[]func(http.ResponseWriter){says(422, `[]`), made}, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, client := play(t, c.answers...)
			award, err := client.Issue(t.Context(), Award{Achievement: "x", Recipient: Recipient{Email: "kim@example.org"}})
			var told *Error
			switch {
			case c.code == "" && slices.Contains([]string{"a redirect", "no API", "not as promised"}, name):
				if !errors.As(err, &told) || !strings.Contains(told.Detail, "Is the address that of a Laurel server?") {
					t.Errorf("%v", err)
				}
			case c.code == "":
				if err != nil || award.ID != "a" || award.Files["json"] != "j" {
					t.Errorf("%+v, error %v", award, err)
				}
			case c.code == "-":
				if err == nil {
					t.Error("no error")
				}
			case !errors.As(err, &told) || told.Code != c.code || err.Error() != "No. /recipient/email: it is none.":
				t.Errorf("%v", err)
			}
			if len(s.asked) != c.calls {
				t.Errorf("%d calls", len(s.asked))
			}
			for i, r := range s.asked {
				if r.Header.Get("Authorization") != "Bearer "+testToken || r.Header.Get("Idempotency-Key") == "" || r.Header.Get("Idempotency-Key") != s.asked[0].Header.Get("Idempotency-Key") || s.bodies[i] != s.bodies[0] {
					t.Errorf("call %d: %v %s", i, r.Header, s.bodies[i])
				}
			}
			if err != nil && strings.Contains(err.Error(), testToken) {
				t.Error("the error holds the token")
			}
		})
	}
}

// TestBrokenOff: a call that got no answer is sent again under the same key.
func TestBrokenOff(t *testing.T) {
	s, client := play(t, drops, says(200, `{"id":"a"}`))
	if b, err := client.Confirm(t.Context(), "a", true); err != nil || b.ID != "a" {
		t.Errorf("%+v, error %v", b, err)
	}
	if len(s.asked) != 2 || s.asked[0].Header.Get("Idempotency-Key") != s.asked[1].Header.Get("Idempotency-Key") || s.bodies[1] != `{"skipRejected":true}` {
		t.Errorf("%d calls %v", len(s.asked), s.bodies)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, client = play(t, says(503, problem, "Retry-After", "30"))
	cancel()
	if _, err := client.Batch(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestProposed: an act that waits for a second person is told as such.
func TestProposed(t *testing.T) {
	_, client := play(t, says(202, `{"id":"p","kind":"revoke","state":"open"}`))
	_, err := client.Revoke(t.Context(), "a", Cause{Code: "error"})
	var waits *Proposed
	if !errors.As(err, &waits) || waits.ID != "p" || waits.Kind != "revoke" || !strings.Contains(err.Error(), "second person") {
		t.Errorf("%v", err)
	}
}

// TestCalls: what is asked for each method.
func TestCalls(t *testing.T) {
	ctx := t.Context()
	for name, c := range map[string]struct {
		do     func(c *Client) error
		asked  string
		body   string
		answer string
	}{
		"suspend": {func(c *Client) error {
			_, err := c.Suspend(ctx, "https://x.example/c/abc", Cause{Reason: "r"})
			return err
		}, "POST /api/v1/credentials/abc/suspend", `{"reason":"r"}`, `{}`},
		"reinstate": {func(c *Client) error {
			_, err := c.Reinstate(ctx, "urn:uuid:00000000-0000-4000-8000-000000000000")
			return err
		}, "POST /api/v1/credentials/AAAAAAAAQACAAAAAAAAAAA/reinstate", `{}`, `{}`},
		"revoke": {func(c *Client) error { _, err := c.Revoke(ctx, "abc", Cause{Code: "error", Note: "n"}); return err }, "POST /api/v1/credentials/abc/revoke", `{"code":"error","note":"n"}`, `{}`},
		"check": {func(c *Client) error {
			_, err := c.CheckList(ctx, List{File: []byte("email\n"), Achievement: "a"})
			return err
		}, "POST /api/v1/batches?achievement=a&dry_run=true text/csv", "email\n", `{}`},
		"prepare": {func(c *Client) error {
			_, err := c.PrepareList(ctx, List{File: []byte("PK\x03\x04"), Name: "n", Result: "r", AmericanDates: true})
			return err
		}, "POST /api/v1/batches?american_dates=true&name=n&result=r application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "PK\x03\x04", `{}`},
		"release":      {func(c *Client) error { _, err := c.Release(ctx, "b"); return err }, "POST /api/v1/batches/b/release", `{}`, `{}`},
		"erase":        {func(c *Client) error { return c.Erase(ctx, "abc", "r") }, "DELETE /api/v1/credentials/abc/personal-data", `{"reason":"r"}`, `{}`},
		"erase person": {func(c *Client) error { _, err := c.EraseFor(ctx, "kim@example.org", ""); return err }, "POST /api/v1/erasures", `{"recipient":{"email":"kim@example.org"}}`, `{"count":2}`},
		"discard":      {func(c *Client) error { return c.Discard(ctx, "b") }, "POST /api/v1/batches/b/discard", `{}`, ``},
		"rejected":     {func(c *Client) error { _, err := c.Rejected(ctx, "b"); return err }, "GET /api/v1/batches/b/rejected", ``, `x`},
		"follow": {func(c *Client) error { _, err := c.Follow(ctx, "b", func(int) {}); return err }, "GET /api/v1/batches/b", ``,
			`{"id":"b","state":"finished","progress":100}`},
	} {
		s, client := play(t, says(200, c.answer))
		if err := c.do(client); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		r := s.asked[0]
		got := r.Method + " " + r.URL.RequestURI()
		if media := r.Header.Get("Content-Type"); media != "" && media != "application/json" {
			got += " " + media
		}
		if got != c.asked || s.bodies[0] != c.body {
			t.Errorf("%s: %s %s", name, got, s.bodies[0])
		}
	}
	_, client := play(t, says(200, `{}`))
	for _, id := range []string{"", "a/", "urn:uuid:x", "urn:uuid:00", "a b", "..", "a?b"} {
		if _, err := client.Reinstate(ctx, id); err == nil {
			t.Errorf("%q is taken for an award", id)
		}
	}
}

// TestUndone: a batch says what of it is not done.
func TestUndone(t *testing.T) {
	for name, c := range map[string]struct {
		batch        string
		held, partly bool
		said         string // "": all is done
	}{
		"done":       {`{"state":"finished","total":3,"done":3}`, false, false, ""},
		"failed":     {`{"state":"finished","total":3,"done":2,"failed":1}`, false, true, "the batch is finished, and not all of it is done: rows 3, done 2, rejected 0, failed 1"},
		"rejected":   {`{"state":"finished","total":3,"done":2,"rejected":1}`, false, true, "the batch is finished, and not all of it is done: rows 3, done 2, rejected 1, failed 0"},
		"held":       {`{"state":"held","total":3,"done":1,"rejected":1,"problem":"It does not verify."}`, true, false, "the batch is on hold, with 1 of 2 done: It does not verify."},
		"restored":   {`{"state":"held","total":3,"done":1}`, true, false, "the batch is on hold, with 1 of 3 done: a person has to let it go on or end it"},
		"prepared":   {`{"state":"prepared","total":3}`, false, false, "the batch is not confirmed: nothing of it is done"},
		"under way":  {`{"state":"open","total":3,"done":1}`, false, false, "the batch is not finished: 1 of 3 done"},
		"of no kind": {`{"state":"x","total":3}`, false, false, "the batch is not finished: 0 of 3 done"},
	} {
		_, client := play(t, says(200, c.batch))
		b, err := client.Batch(t.Context(), "b")
		if err != nil {
			t.Fatal(err)
		}
		var undone *Undone
		switch errors.As(b.Err(), &undone); {
		case undone == nil:
			if c.said != "" {
				t.Errorf("%s: nothing is said", name)
			}
		case undone.Error() != c.said || undone.Held() != c.held || undone.Partly() != c.partly:
			t.Errorf("%s: %s", name, undone)
		}
	}
}

// TestPages: lists are read to their end, and no further than is asked for.
func TestPages(t *testing.T) {
	s, client := play(t, says(200, `{"items":[{"id":"a"},{"id":"b"}]}`, "Link", `</api/v1/achievements?cursor=p.1%26x&limit=100>; rel="next"`), says(200, `{"items":[{"id":"c"}]}`))
	all, err := client.Achievements(t.Context(), "published")
	if err != nil || len(all) != 3 || len(s.asked) != 2 || s.asked[1].URL.Query().Get("cursor") != "p.1&x" || s.asked[1].URL.Query().Get("state") != "published" {
		t.Errorf("%v, error %v", all, err)
	}
	s, client = play(t, says(200, `{"items":[{"problems":[{"row":1},{"row":2}]},{"problems":[{"row":3}]}]}`, "Link", `</x?cursor=c>; rel="next"`))
	if some, err := client.Problems(t.Context(), "b", 2); err != nil || len(some) != 2 || len(s.asked) != 1 {
		t.Errorf("%v after %d calls, error %v", some, len(s.asked), err)
	}
}

// TestElsewhere: the token is not sent with a file, nor to where a redirect leads, and no file is read over an open network.
func TestElsewhere(t *testing.T) {
	var reached []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached = append(reached, r.Header.Get("Authorization")) }))
	defer other.Close()
	_, client := play(t, says(307, "", "Location", other.URL))
	if _, err := client.Issue(t.Context(), Award{}); err == nil || len(reached) != 0 {
		t.Errorf("%v %v", err, reached)
	}
	if _, err := client.File(t.Context(), other.URL+"/c/a.json"); err != nil || len(reached) != 1 || reached[0] != "" {
		t.Errorf("%v %v", err, reached)
	}
	for _, address := range []string{"http://badges.example.org/c/a.json", "file:///etc/passwd", "", "x"} {
		if _, err := client.File(t.Context(), address); err == nil {
			t.Errorf("%s is read", address)
		}
	}
}

// TestAward: an empty member is left out, so that the server fills it in.
func TestAward(t *testing.T) {
	text, err := json.Marshal(Award{Achievement: "a", Recipient: Recipient{Email: "kim@example.org"}, AwardedDate: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)})
	if want := `{"achievement":"a","recipient":{"email":"kim@example.org"},"awardedDate":"2026-01-31T00:00:00Z"}`; err != nil || string(text) != want {
		t.Errorf("%s, error %v", text, err)
	}
}

// TestVerifyWebhook: the vector of Standard Webhooks 1.0.
func TestVerifyWebhook(t *testing.T) {
	header := http.Header{}
	header.Set("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
	header.Set("webhook-timestamp", "1614265330")
	header.Set("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
	now, body := time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)
	if err := VerifyWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", header, body, now); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"later":        VerifyWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", header, body, now.Add(time.Hour)),
		"another body": VerifyWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", header, []byte(`{}`), now),
		"no secret":    VerifyWebhook("x", header, body, now),
	} {
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
