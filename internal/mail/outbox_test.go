package mail

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/issuer"
)

// TestOutbox: a message is kept until the mail server has it, or will never take it.
func TestOutbox(t *testing.T) {
	store := engine(t)
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	var queue []issuer.Work
	var answer error
	var sent []Message
	var told []string
	o := &Outbox{Store: store, Now: func() time.Time { return now }, On: true,
		Enqueue: func(_ issuer.Tx, w issuer.Work) error { queue = append(queue, w); return nil },
		Send:    func(_ context.Context, m Message) error { sent = append(sent, m); return answer },
		Complete: func(_ context.Context, m *Message) error {
			if m.About == "gone" {
				return ErrObsolete
			}
			m.Title = "Reading"
			return nil
		},
		Done: func(_ issuer.Tx, m Message, delivered bool) error {
			told = append(told, m.About)
			if !delivered {
				told = append(told, "refused")
			}
			return nil
		}}
	add := func(m Message) (jobs.Job, error) {
		queue = nil
		err := store.Update(t.Context(), func(tx issuer.Tx) error { return o.Queue(tx, m) })
		if err != nil || len(queue) == 0 {
			return jobs.Job{}, err
		}
		if strings.Contains(string(queue[0].Payload), "@") || queue[0].Name != Work || queue[0].Organisation != m.Organisation {
			t.Errorf("%+v", queue[0])
		}
		return jobs.Job{Name: Work, Payload: queue[0].Payload, Attempts: 1}, nil
	}
	count := func() (n int) {
		_ = store.View(t.Context(), func(tx issuer.Tx) error {
			all, _, err := messages.List(tx, issuer.Query{})
			n = len(all)
			return err
		})
		return n
	}
	for name, c := range map[string]struct {
		about  string
		answer error
		sends  int
		told   string
		kept   bool
	}{
		"delivered": {"a", nil, 1, "a", false}, "refused": {"a", ErrRefused, 1, "a refused", false}, "obsolete": {"gone", nil, 0, "", false},
		"later": {"a", errors.New("not now"), 1, "", true}, "about nothing": {"", nil, 1, "", false},
	} {
		sent, told, answer = nil, nil, c.answer
		j, err := add(Message{Template: Award, To: "Ana@example.org", About: c.about, Organisation: "o"})
		if err != nil {
			t.Fatal(err)
		}
		err = o.Deliver(t.Context(), j)
		if (err != nil) != c.kept || len(sent) != c.sends || strings.TrimSpace(strings.Join(told, " ")) != c.told || (count() > 0) != c.kept {
			t.Errorf("%s: error %v, sent %+v, told %v", name, err, sent, told)
		}
		if c.kept {
			if !strings.Contains(err.Error(), "to be tried again after 60 s") {
				t.Error(err)
			}
			answer = nil
			if err := o.Deliver(t.Context(), j); err != nil || count() != 0 || sent[1].ID != sent[0].ID {
				t.Error(err)
			}
		}
		if err := o.Deliver(t.Context(), j); err != nil { // done before
			t.Error(err)
		}
	}
	if _, err := add(Message{Template: Award, To: "nobody"}); err == nil {
		t.Error("what is no address was queued")
	}
	for _, m := range []Message{{To: "a@example.org", About: "1"}, {To: "a@example.org", About: "2"}, {To: "b@example.org", About: "1"}, {To: "b@example.org", About: "2"}} {
		if _, err := add(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Update(t.Context(), func(tx issuer.Tx) error { return o.Forget(tx, "a@example.org", "1") }); err != nil || count() != 1 {
		t.Error(count(), err)
	}
	told = nil
	now = now.Add(keep - time.Second)
	if err := o.Tidy(t.Context(), jobs.Job{}); err != nil || count() != 1 || len(told) != 0 {
		t.Error(count(), told, err)
	}
	now = now.Add(time.Second)
	if err := o.Tidy(t.Context(), jobs.Job{}); err != nil || count() != 0 || strings.Join(told, " ") != "2 refused" {
		t.Error(count(), told, err)
	}
	for _, m := range []Message{{To: "a@example.org", Template: Award}, {To: "a@example.org", Template: SignIn}, {To: "b@example.org", Template: SignIn}} {
		if _, err := add(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Update(t.Context(), func(tx issuer.Tx) error { return o.ForgetStaff(tx, "a@example.org") }); err != nil || count() != 2 {
		t.Error(count(), err)
	}
	if err := store.Update(t.Context(), func(tx issuer.Tx) error {
		return errors.Join(o.Forget(tx, "a@example.org", ""), o.Forget(tx, "b@example.org", ""))
	}); err != nil || count() != 0 {
		t.Error(count(), err)
	}
	o.On = false
	if _, err := add(Message{To: "a@example.org"}); err != nil || len(queue) != 0 || count() != 0 {
		t.Error(err)
	}
}

// TestDeadJob: a message is tried for nearly five days; then it is told that it was not taken, and it can be sent yet.
func TestDeadJob(t *testing.T) {
	store := engine(t)
	began := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	now := began
	var told []bool
	answer := errors.New("not now")
	o := &Outbox{Store: store, Now: func() time.Time { return now }, On: true,
		Send: func(context.Context, Message) error { return answer },
		Done: func(_ issuer.Tx, m Message, delivered bool) error {
			if m.About != "a" || m.To != "ana@example.org" {
				t.Errorf("%+v", m)
			}
			told = append(told, delivered)
			return nil
		}}
	runner := &jobs.Runner{Store: store, Now: o.Now}
	o.Enqueue = func(tx issuer.Tx, w issuer.Work) error { return jobs.Enqueue(tx, now, w) }
	var id string
	err := store.Update(t.Context(), func(tx issuer.Tx) error {
		if err := o.Queue(tx, Message{Template: Award, To: "ana@example.org", About: "a"}); err != nil {
			return err
		}
		all, _, err := messages.List(tx, issuer.Query{})
		id = all[0].ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := runner.Waiting(t.Context()); err != nil || c.Ready != 1 {
		t.Fatal(c, err)
	}
	for attempt := 1; attempt <= jobs.MaxAttempts; attempt++ {
		if len(told) != 0 {
			t.Fatalf("told before attempt %d", attempt)
		}
		if err := o.Deliver(t.Context(), jobs.Job{Payload: []byte(id), Attempts: attempt}); err == nil {
			t.Fatal("it was done")
		}
		if attempt < jobs.MaxAttempts {
			now = now.Add(pause(attempt))
		}
	}
	if tried := now.Sub(began); tried < 4*24*time.Hour || tried > 5*24*time.Hour {
		t.Errorf("it was tried for %v", tried)
	}
	if len(told) != 1 || told[0] {
		t.Fatalf("told %v", told)
	}
	answer = nil
	if err := o.Deliver(t.Context(), jobs.Job{Payload: []byte(id), Attempts: 1}); err != nil || len(told) != 2 || !told[1] {
		t.Error(told, err)
	}
}

// TestEndedLink: nobody is sent a link that works no more.
func TestEndedLink(t *testing.T) {
	store := engine(t)
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	var job jobs.Job
	var sent, told int
	o := &Outbox{Store: store, Now: func() time.Time { return now }, On: true,
		Enqueue: func(_ issuer.Tx, w issuer.Work) error { job.Payload = w.Payload; return nil },
		Send:    func(context.Context, Message) error { sent++; return errors.New("not now") },
		Done:    func(_ issuer.Tx, _ Message, delivered bool) error { told++; return nil }}
	err := store.Update(t.Context(), func(tx issuer.Tx) error {
		return o.Queue(tx, Message{Template: SignIn, To: "ana@example.org", Ends: now.Add(15 * time.Minute)})
	})
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(15*time.Minute - 1)
	if err := o.Deliver(t.Context(), job); err == nil || sent != 1 {
		t.Error(sent, err)
	}
	now = now.Add(1)
	for range 2 {
		if err := o.Deliver(t.Context(), job); err != nil || sent != 1 || told != 1 {
			t.Error(sent, told, err)
		}
	}
}

// onServer begins the names of tests that keep their records in PostgreSQL.
const onServer = "TestOnPostgreSQL/"

// engine is an empty store.
func engine(t *testing.T) store.Engine {
	t.Helper()
	var made store.Engine
	var err error
	if strings.HasPrefix(t.Name(), onServer) {
		made, err = postgres.Open(t.Context(), pgtest.Start(t).Database(t))
	} else {
		made, err = bolt.Open(t.TempDir())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = made.Close() })
	return made
}

// TestOnPostgreSQL runs what keeps messages on the other engine.
func TestOnPostgreSQL(t *testing.T) {
	t.Run("outbox", TestOutbox)
	t.Run("dead job", TestDeadJob)
	t.Run("gathering", TestGather)
}
