package people

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

var _ scs.CtxStore = sessionStore{}

// inTime runs a test in an installation whose clock leaps to the next thing that is waited for.
func inTime(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := empty(t, func(c *Config) { c.Now = time.Now })
		h.owner = h.settle()
		test(t, h)
	})
}

func TestSession(t *testing.T) {
	inTime(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		token, expires, err := h.Begin(ctx, Proof{h.owner, ByPasskey}, firefox, "")
		ok(t, err)
		if len(token) < 43 || time.Until(expires) != 7*24*time.Hour {
			t.Errorf("the token is %q, the session ends %v", token, expires)
		}
		if strings.Contains(h.dump(), token) {
			t.Error("the token of a session is kept")
		}
		x, a, err := h.Visit(ctx, token)
		ok(t, err)
		if a.ID != h.owner || x.How != ByPasskey || x.Browser != "Firefox on Windows" || !x.Current || !x.Recent(time.Now(), 15*time.Minute) {
			t.Errorf("the session is %+v of %+v", x, a)
		}
		time.Sleep(15 * time.Minute)
		if x.Recent(time.Now(), 15*time.Minute) {
			t.Error("what was a quarter of an hour ago is recent")
		}
		for _, wrong := range []string{"", "nothing", token + "A"} {
			_, _, err := h.Visit(ctx, wrong)
			is(t, err, issuer.KindDenied, "sign_in")
		}
		_, _, err = h.Begin(ctx, Proof{}, firefox, token)
		is(t, err, issuer.KindDenied, "sign_in")

		// To sign in again gives the browser another token, and ends the one before.
		again, _, err := h.Begin(ctx, Proof{h.owner, ByLink}, firefox, token)
		ok(t, err)
		_, _, err = h.Visit(ctx, token)
		is(t, err, issuer.KindDenied, "sign_in")
		x, _, err = h.Visit(ctx, again)
		if err != nil || again == token || !x.Recent(time.Now(), 15*time.Minute) {
			t.Errorf("the second session is %+v, %v", x, err)
		}
		ok(t, h.SignOut(ctx, again))
		ok(t, h.SignOut(ctx, again))
		_, _, err = h.Visit(ctx, again)
		is(t, err, issuer.KindDenied, "sign_in")
	})
}

func TestSessionEndsByItself(t *testing.T) {
	inTime(t, func(t *testing.T, h *house) {
		idle, used := h.signIn(h.owner), h.signIn(h.owner)
		for range 14 {
			time.Sleep(11 * time.Hour)
			if _, _, err := h.Visit(t.Context(), used); err != nil {
				t.Fatal(err)
			}
		}
		_, _, err := h.Visit(t.Context(), idle)
		is(t, err, issuer.KindDenied, "sign_in")
		time.Sleep(14 * time.Hour) // 7 days after it began
		_, _, err = h.Visit(t.Context(), used)
		is(t, err, issuer.KindDenied, "sign_in")
	})
}

// TestVisitsWriteSeldom: many requests write a session once an hour.
func TestVisitsWriteSeldom(t *testing.T) {
	inTime(t, func(t *testing.T, h *house) {
		token := h.signIn(h.owner)
		version := func() uint64 { return h.rows("session")[0].Version }
		before := version()
		for range 20 {
			time.Sleep(time.Minute)
			if _, _, err := h.Visit(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		if version() != before {
			t.Errorf("20 visits wrote it %d times", version()-before)
		}
		time.Sleep(time.Hour)
		x, _, err := h.Visit(t.Context(), token)
		ok(t, err)
		list, err := h.Sessions(t.Context(), h.owner, x.ID)
		ok(t, err)
		if version() != before+1 || len(list) != 1 || !list[0].Current || !list[0].Seen.Equal(time.Now().Truncate(time.Hour)) {
			t.Errorf("after %d writes it is %+v", version()-before, list)
		}
	})
}

func TestSessionsAreEnded(t *testing.T) {
	h := empty(t, func(c *Config) { c.Now = time.Now })
	h.owner = h.settle()
	ctx := t.Context()
	bo := h.member(h.first.ID, "bo@cedar.example", RoleIssuer)
	live := func(token string) bool { _, _, err := h.Visit(ctx, token); return err == nil }
	one, two, three := h.signIn(bo), h.signIn(bo), h.signIn(bo)
	list, err := h.Sessions(ctx, bo, digestOf(one))
	if err != nil || len(list) != 3 {
		t.Fatalf("the sessions are %+v, %v", list, err)
	}
	is(t, h.EndSession(ctx, h.owner, digestOf(two)), issuer.KindMissing, "not_found")
	is(t, h.EndSession(ctx, "", digestOf(two)), issuer.KindMissing, "not_found")
	ok(t, h.EndSession(ctx, bo, digestOf(two)))
	is(t, h.EndSession(ctx, bo, digestOf(two)), issuer.KindMissing, "not_found")
	if !live(one) || live(two) || !live(three) {
		t.Error("another session was ended than was meant")
	}
	ok(t, h.EndSessions(ctx, bo, digestOf(one)))
	if !live(one) || live(three) {
		t.Error("all but one should have ended")
	}
	ok(t, h.RemoveMember(ctx, h.owner, h.first.ID, bo))
	if live(one) {
		t.Error("a session outlives the membership")
	}
	four := h.signIn(bo)
	ok(t, h.DisableAccount(ctx, h.owner, bo))
	if live(four) {
		t.Error("a session outlives the account")
	}
	five := h.signIn(bo) // by a proof from before
	_, _, err = h.Visit(ctx, five)
	is(t, err, issuer.KindDenied, "account_disabled")
}

// TestEndedSessionStaysEnded: a request that was under way when its session ended does not bring it back.
func TestEndedSessionStaysEnded(t *testing.T) {
	h := empty(t, func(c *Config) { c.Now = time.Now })
	h.owner = h.settle()
	token := h.signIn(h.owner)
	ctx, err := h.sessions.Load(t.Context(), token)
	ok(t, err)
	ok(t, h.EndSessions(t.Context(), h.owner, ""))
	h.sessions.Put(ctx, "else", "changed")
	if _, _, err := h.sessions.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	_, _, err = h.Visit(t.Context(), token)
	is(t, err, issuer.KindDenied, "sign_in")
}

func TestSessionsTogether(t *testing.T) {
	h := empty(t, func(c *Config) { c.Now = time.Now })
	h.owner = h.settle()
	token := h.signIn(h.owner)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5 {
				if _, _, err := h.Visit(context.Background(), token); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			own, _, err := h.Begin(context.Background(), Proof{h.owner, ByLink}, firefox, "")
			if err == nil {
				err = h.SignOut(context.Background(), own)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestCodec(t *testing.T) {
	if _, err := (sessionCodec{}).Encode(noon, map[string]any{"n": 1}); err == nil {
		t.Error("a number is kept as if it were a text")
	}
	if _, err := (sessionCodec{}).Encode(noon, map[string]any{"long": strings.Repeat("a", sessionMost)}); err == nil {
		t.Error("a session of any length is kept")
	}
}

func TestBrowsers(t *testing.T) {
	for agent, want := range map[string]string{
		firefox: "Firefox on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0":     "Edge on a Mac",
		"Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36":        "Samsung Internet on Android",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36":                          "Chrome on a Chromebook",
		"curl/8.17.0": "A browser",
		"":            "A browser",
	} {
		if got := browser(agent); got != want {
			t.Errorf("%q is %q, not %q", agent, got, want)
		}
	}
}

// TestRestoreBringsNothingBack: what may have been ended or used since a backup is not there after a restore, nor is a message that may
// have been sent.
func TestRestoreBringsNothingBack(t *testing.T) {
	outbox := &mail.Outbox{On: true, Now: func() time.Time { return noon }, Enqueue: func(issuer.Tx, issuer.Work) error { return nil }}
	h := empty(t, func(c *Config) {
		c.Mail = func(tx issuer.Tx, m Message) error {
			return outbox.Queue(tx, mail.Message{Template: mail.SignIn, To: m.To})
		}
		c.Forget = outbox.ForgetStaff
	})
	h.owner = h.settle()
	ctx := t.Context()
	session := h.signIn(h.owner)
	ok(t, h.AskLink(ctx, "ada@cedar.example", anywhere))
	_, _, err := h.BeginPasskeySignIn(ctx, anywhere)
	ok(t, err)
	passing := append(Passing(), mail.Kinds()...)
	for _, k := range passing {
		if len(h.rows(k.Name)) == 0 {
			t.Errorf("there is no %s to begin with", k.Name)
		}
	}
	ok(t, issuer.Restored(ctx, h.below, noon, noon, "test", passing...))
	for _, k := range passing {
		if left := h.rows(k.Name); len(left) != 0 {
			t.Errorf("%d of %s are left", len(left), k.Name)
		}
	}
	_, _, err = h.Visit(ctx, session)
	is(t, err, issuer.KindDenied, "sign_in")
	if _, err := h.Authorize(ctx, h.owner, h.first.ID, issuer.ScopePeopleWrite); err != nil {
		t.Error(err)
	}
}
