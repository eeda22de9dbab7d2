package earner

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

// holding are the records of this package and of messages that hold a text.
func (w *world) with(text string) (found []string) {
	w.Helper()
	w.good(w.store.View(w.Context(), func(tx issuer.Tx) error {
		for _, k := range append(Kinds(), mail.Kinds()...) {
			rows, _, err := tx.List(k, issuer.Query{Limit: 1000})
			if err != nil {
				return err
			}
			for _, r := range rows {
				if strings.Contains(string(r.Body)+r.ID+strings.Join(r.Lookups, " "), text) {
					found = append(found, k.Name+" "+r.ID)
				}
			}
		}
		return nil
	}))
	return found
}

// joined is a session of somebody with two addresses, of which the first has an award.
func (w *world) joined(first, second string) (session string) {
	w.Helper()
	w.award(first, "Ana García")
	w.post()
	session = w.session(first)
	w.good(w.earners.AddAddress(w.Context(), session, second, "en"))
	w.good(w.earners.Join(w.Context(), w.link(mail.Join), session))
	return session
}

func (w *world) askErasure(session string) (token string) {
	w.Helper()
	_, err := w.earners.AskErasure(w.Context(), Bearer{Session: session}, "en")
	w.good(err)
	return w.link(mail.Erase)
}

// TestPartThenErase: an address that was joined and parted is known no more, and its id is nobody's address.
func TestPartThenErase(t *testing.T) {
	w := newWorld(t)
	session := w.joined("ana@example.org", "ana.home@example.net")
	w.good(w.store.View(t.Context(), func(tx issuer.Tx) error {
		rows, _, err := tx.List(addresses.Kind, issuer.Query{})
		for _, r := range rows {
			if strings.Contains(r.ID, "@") {
				t.Errorf("the id of a record is the address %s", r.ID)
			}
		}
		return err
	}))
	w.good(w.earners.Part(t.Context(), session, "ana.home@example.net"))
	if left := w.left(); left["earner-address"] != 0 {
		t.Errorf("%v: %v", left, w.with("ana"))
	}
	w.good(w.earners.Confirm(t.Context(), w.askErasure(session)))
	if found := w.with("ana"); len(found) > 0 {
		t.Error(found)
	}
	w.now = w.now.Add(3 * asksIn)
	w.good(w.earners.AskLink(t.Context(), "ana.home@example.net", "en"))
	if sent := w.post(); len(sent) > 0 {
		t.Errorf("%+v", sent)
	}
}

// TestPartStopped: whoever wants no reminders gets none, also after the address was parted.
func TestPartStopped(t *testing.T) {
	w := newWorld(t)
	w.joined("ana@example.org", "ana.home@example.net")
	w.now = w.now.Add(8 * day)
	w.good(w.earners.Remind(t.Context(), jobs.Job{}))
	stop := w.post()[0].Stop
	w.good(w.earners.Stop(t.Context(), stop[strings.LastIndexByte(stop, '/')+1:]))
	session := w.session("ana.home@example.net")
	w.good(w.earners.Part(t.Context(), session, "ana@example.org"))
	w.now = w.now.Add(30 * day)
	w.good(w.earners.Remind(t.Context(), jobs.Job{}))
	if sent := w.post(); len(sent) > 0 || len(w.with("ana.home")) > 0 {
		t.Errorf("%+v, and %v", sent, w.with("ana.home"))
	}
}

// TestStrayJoin: of somebody who asked to join an address that is not theirs nothing stays under that address.
func TestStrayJoin(t *testing.T) {
	w := newWorld(t)
	w.award("ana@example.org", "Ana García")
	w.post()
	session := w.session("ana@example.org")
	w.good(w.earners.AddAddress(t.Context(), session, "wrong@example.net", "en"))
	stays := w.queue // the mail server is down
	w.queue = nil
	if found := w.with("ana@example.org"); len(found) != 4 { // a holding, its link, a session, and what was asked for; not the message
		t.Error(found)
	}
	w.good(w.earners.Confirm(t.Context(), w.askErasure(session)))
	if found := w.with("ana@example.org"); len(found) > 0 {
		t.Error(found)
	}
	w.queue = stays
	if sent := w.post(); len(sent) > 0 {
		t.Errorf("%+v", sent)
	}
	if left := w.left(); left["message"] != 0 || left["earner-pass"] != 0 {
		t.Error(left)
	}
}

// TestEraseCutShort: wherever an erasure is cut short, its link ends it; once everything is gone there is no link.
func TestEraseCutShort(t *testing.T) {
	for after := range 12 {
		w := newWorld(t)
		session := w.joined("ana@example.org", "ana.home@example.net")
		w.award("ana@example.org", "Ana García")
		w.award("ana.home@example.net", "Ana García")
		w.post()
		token := w.askErasure(session)
		cut := &cutStore{Store: w.earners.Store, left: after}
		dying := *w.earners
		dying.Store, dying.Office = cut, cutOffice{Office: w.earners.Office, store: cut}
		first := dying.Confirm(t.Context(), token)
		if again := w.earners.Confirm(t.Context(), token); again != nil && !isMissing(again) {
			t.Errorf("after %d: %v", after, again)
		}
		if found := w.with("ana"); len(found) > 0 {
			t.Fatalf("cut short after %d transactions (%v): %v", after, first, found)
		}
		if first == nil {
			return
		}
	}
	t.Error("it is never done")
}

var errCut = errors.New("the machine has stopped")

// cutStore stops after some transactions.
type cutStore struct {
	issuer.Store
	left int
}

func (s *cutStore) spend() error {
	if s.left--; s.left < 0 {
		return errCut
	}
	return nil
}

func (s *cutStore) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	if err := s.spend(); err != nil {
		return err
	}
	return s.Store.Update(ctx, fn)
}

type cutOffice struct {
	Office
	store *cutStore
}

func (o cutOffice) Erase(ctx context.Context, id, reason, actor string) (c issuer.Credential, err error) {
	if err := o.store.spend(); err != nil {
		return c, err
	}
	return o.Office.Erase(ctx, id, reason, actor)
}

func (o cutOffice) ForgetRecipient(ctx context.Context, organisation, email, actor string) error {
	if err := o.store.spend(); err != nil {
		return err
	}
	return o.Office.ForgetRecipient(ctx, organisation, email, actor)
}

// TestEraseUnheld: awards of which nothing is kept here are erased with the others, and an error comes with how many were.
func TestEraseUnheld(t *testing.T) {
	w := newWorld(t)
	first, second := w.award("ana@example.org", "Ana"), w.award("ana@example.org", "Ana")
	w.good(w.store.Update(t.Context(), func(tx issuer.Tx) error { return tx.Delete(holdings.Kind, second.ID) })) // as if it were made before
	cut := &cutStore{Store: w.earners.Store, left: 2}
	dying := *w.earners
	dying.Store, dying.Office = cut, cutOffice{Office: w.earners.Office, store: cut}
	if n, err := dying.EraseFor(t.Context(), w.ours.ID, "ana@example.org", "", "account:1"); n != 1 || !errors.Is(err, errCut) {
		t.Error(n, err)
	}
	if n, err := w.earners.EraseFor(t.Context(), w.ours.ID, "ana@example.org", "", "account:1"); n != 1 || err != nil {
		t.Error(n, err)
	}
	for _, id := range []string{first.ID, second.ID} {
		if c, err := w.office.Credential(t.Context(), id); err != nil || c.Erased == nil {
			t.Errorf("%+v, error %v", c.Erased, err)
		}
	}
}

// TestNoReminder: nobody is asked to take what another award follows, or what is over.
func TestNoReminder(t *testing.T) {
	w := newWorld(t)
	w.awardBy(issuer.AwardInput{Achievement: w.badge.ID, Recipient: "ana@example.org", ValidUntil: w.now.Add(3 * day)})
	a, err := w.office.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: w.ours.ID, Name: "First Aid", Description: "Helps.", Criteria: "Show it.", Renewable: true, Actor: "test"})
	w.good(err)
	renewed := w.awardBy(issuer.AwardInput{Achievement: a.ID, Recipient: "ben@example.org", Name: "Ben"})
	if _, err := w.office.Workspace(w.ours.ID).Renew(t.Context(), renewed.ID, issuer.Renewal{Recipient: "ben@example.org"}, issuer.Write{Actor: "account:1"}); err != nil {
		t.Fatal(err)
	}
	w.post()
	w.now = w.now.Add(8 * day)
	w.good(w.earners.Remind(t.Context(), jobs.Job{}))
	if sent := w.post(); len(sent) != 1 || sent[0].To != "ben@example.org" || sent[0].About == renewed.ID {
		t.Errorf("%+v", sent)
	}
}

// TestParts: of many awards an archive holds some, and whoever has one written gets no second at once.
func TestParts(t *testing.T) {
	w := newWorld(t)
	w.award("ana@example.org", "Ana")
	w.post()
	session := w.session("ana@example.org")
	w.hold(mostPacked, func(int) Holding { return Holding{Address: "ana@example.org", Created: w.now} }) // of awards that are gone
	if n, err := w.earners.Parts(t.Context(), session); n != 2 || err != nil {
		t.Error(n, err)
	}
	b := Bearer{Session: session}
	for part, want := range map[int]string{0: "not_found", 1: "", 2: "", 3: "not_found", 1 << 60: "not_found"} {
		if err := w.earners.Archive(t.Context(), b, part, "en", nil, io.Discard); (want == "") != (err == nil) || err != nil && !isCode(err, want) {
			t.Errorf("part %d: %v", part, err)
		}
	}
	inside := writer(func([]byte) { w.bad(w.earners.Archive(t.Context(), b, 2, "en", nil, io.Discard), "packing") })
	w.good(w.earners.Archive(t.Context(), b, 1, "en", nil, inside))
	w.good(w.earners.Archive(t.Context(), b, 1, "en", nil, io.Discard))
}

// writer is told what is written.
type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

// TestOnPostgreSQL: what has lists and transactions of its own works in a shared database as well.
func TestOnPostgreSQL(t *testing.T) {
	for name, test := range map[string]func(*testing.T){"delivery": TestDelivery, "join": TestJoin, "erase": TestErase, "part": TestPartThenErase, "stray": TestStrayJoin, "reminders": TestNoReminder,
		"two": TestEraseForTakesTwo, "inherited": TestInherited, "handed": TestHandedLink, "again": TestEraseAgain} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}
