package earner

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

const base = "https://badges.example.org"

// onServer begins the names of tests that keep their records in PostgreSQL.
const onServer = "TestOnPostgreSQL/"

// world is an office whose messages go into a list.
type world struct {
	*testing.T
	store   store.Engine
	office  *issuer.Service
	outbox  *mail.Outbox
	earners *Service
	now     time.Time
	queue   []issuer.Work
	wrong   error // what the check of what was signed says
	config  issuer.Config
	sent    []mail.Message
	refuse  map[string]bool // addresses that a mail server refuses
	ours    issuer.Organisation
	theirs  issuer.Organisation
	badge   issuer.Achievement
}

func newWorld(t *testing.T) *world {
	t.Helper()
	folder := t.TempDir()
	w := &world{T: t, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), refuse: map[string]bool{}}
	var err error
	if strings.HasPrefix(t.Name(), onServer) {
		w.store, err = postgres.Open(t.Context(), pgtest.Start(t).Database(t))
	} else {
		w.store, err = bolt.Open(folder)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	ring, _, err := keys.OpenFolder(filepath.Join(folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return w.now }
	enqueue := func(_ issuer.Tx, j issuer.Work) error { w.queue = append(w.queue, j); return nil }
	w.outbox = &mail.Outbox{Store: w.store, Now: clock, Enqueue: enqueue, On: true, Send: func(_ context.Context, m mail.Message) error {
		if w.refuse[m.To] {
			return mail.ErrRefused
		}
		w.sent = append(w.sent, m)
		return nil
	}}
	book := &Book{Mail: w.outbox, Now: clock}
	w.config = issuer.Config{Store: w.store, Keys: ring, Now: clock, Base: base, Public: true, Enqueue: enqueue, Observe: book.Observe,
		Check: func(context.Context, []byte) error { return w.wrong }}
	w.start()
	if w.earners, err = New(Config{Book: book, Office: w.office, Store: w.office.Records(), Base: base}); err != nil {
		t.Fatal(err)
	}
	if w.ours, err = w.office.CreateOrganisation(t.Context(), "Riverside District", "badges@example.org", "test"); err != nil {
		t.Fatal(err)
	}
	if w.theirs, err = w.office.CreateOrganisation(t.Context(), "Hillside District", "", "test"); err != nil {
		t.Fatal(err)
	}
	w.badge = w.published(w.ours.ID, "Checking for Understanding")
	return w
}

// start opens the office, as a process does.
func (w *world) start() {
	w.Helper()
	var err error
	if w.office, err = issuer.Open(w.Context(), w.config); err != nil {
		w.Fatal(err)
	}
}

func (w *world) published(organisation, name string) issuer.Achievement {
	w.Helper()
	a, err := w.office.CreateAchievement(w.Context(), issuer.AchievementInput{Organisation: organisation, Name: name, Description: "Asks, listens, changes course.", Criteria: "Show three lessons.", Actor: "test"})
	if err != nil {
		w.Fatal(err)
	}
	return a
}

func (w *world) award(email, name string) issuer.Credential {
	w.Helper()
	return w.awardBy(issuer.AwardInput{Achievement: w.badge.ID, Recipient: email, Name: name})
}

func (w *world) awardBy(in issuer.AwardInput) issuer.Credential {
	w.Helper()
	in.Actor = "account:1"
	c, err := w.office.Issue(w.Context(), in)
	if err != nil {
		w.Fatal(err)
	}
	w.now = w.now.Add(time.Second)
	return c
}

// post delivers what is queued and returns what was sent.
func (w *world) post() []mail.Message {
	w.Helper()
	w.sent = nil
	for _, j := range w.queue {
		if j.Name != mail.Work {
			continue
		}
		if err := w.outbox.Deliver(w.Context(), jobs.Job{Name: j.Name, Payload: j.Payload}); err != nil {
			w.Error(err)
		}
	}
	w.queue = nil
	return w.sent
}

// link is the token of the only message, which is of this kind.
func (w *world) link(what mail.Template) string {
	w.Helper()
	sent := w.post()
	if len(sent) != 1 || sent[0].Template != what {
		w.Fatalf("sent %+v, want one %s", sent, what)
	}
	return sent[0].Link[strings.LastIndexByte(sent[0].Link, '/')+1:]
}

// session is one of whoever gets the messages for an address.
func (w *world) session(email string) string {
	w.Helper()
	w.now = w.now.Add(asksApart)
	w.good(w.earners.AskLink(w.Context(), email, "en"))
	session, _, err := w.earners.Enter(w.Context(), w.link(mail.Mine))
	w.good(err)
	return session
}

func (w *world) good(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) bad(err error, code string) {
	w.Helper()
	if !isCode(err, code) {
		w.Errorf("error %v, want %s", err, code)
	}
}

// left counts the records of all kinds of this package and of messages.
func (w *world) left() map[string]int {
	counts := map[string]int{}
	_ = w.store.View(w.Context(), func(tx issuer.Tx) error {
		for _, k := range append(Kinds(), mail.Kinds()...) {
			rows, _, err := tx.List(k, issuer.Query{Limit: 1000})
			if err != nil {
				w.Error(err)
			}
			if len(rows) > 0 {
				counts[k.Name] = len(rows)
			}
		}
		return nil
	})
	return counts
}
