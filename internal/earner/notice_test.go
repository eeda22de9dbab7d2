package earner

import (
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

// TestNotice: whoever a case is about is told that there is one, until when and where to answer, and nothing else.
func TestNotice(t *testing.T) {
	w := newWorld(t)
	space, by := w.office.Workspace(w.ours.ID), issuer.Write{Actor: "account:1"}
	c := w.awardBy(issuer.AwardInput{Achievement: w.badge.ID, Recipient: "ana@example.org", Name: "Ana", Language: "es"})
	w.post()
	file, _, err := space.OpenCase(t.Context(), issuer.CaseInput{Credential: c.ID, Code: issuer.ReasonEvidence, Allegation: "The samples are copied."}, by)
	w.good(err)
	if sent := w.post(); len(sent) != 0 {
		t.Errorf("%+v", sent)
	}
	due := w.now.Add(14 * 24 * time.Hour)
	_, _, err = space.NotifyCase(t.Context(), file.ID, time.Time{}, due, "Please say how the samples came about.", by)
	w.good(err)
	sent := w.post()
	if len(sent) != 1 || sent[0].Template != mail.Notice || sent[0].To != "ana@example.org" || sent[0].Language != "es" || !sent[0].Due.Equal(due) ||
		sent[0].Other != "badges@example.org" || sent[0].Reason+sent[0].Code != "" || !strings.HasPrefix(sent[0].Link, "/claim/") {
		t.Errorf("%+v", sent)
	}

	// One that waits too long, and one about an award that is revoked meanwhile, are not sent.
	_, _, err = space.NotifyCase(t.Context(), file.ID, time.Time{}, due.Add(time.Hour), "More time.", by)
	w.good(err)
	w.now = due.Add(time.Hour)
	if sent := w.post(); len(sent) != 0 {
		t.Errorf("%+v", sent)
	}
	_, _, err = space.AnswerCase(t.Context(), file.ID, "They are mine.", false, time.Time{}, by)
	w.good(err)
	if sent := w.post(); len(sent) != 0 {
		t.Errorf("%+v", sent)
	}
}

// TestInherited: of an award of a release that kept no addresses the earner is found by name, and by the address once somebody names it.
func TestInherited(t *testing.T) {
	w := newWorld(t)
	old, other := w.award("ana@example.org", "Ana María García"), w.award("ben@example.org", "")
	w.post()
	w.good(w.store.Update(t.Context(), func(tx issuer.Tx) error { // nothing is kept, as before
		for _, id := range []string{old.ID, other.ID} {
			if err := tx.Delete(holdings.Kind, id); err != nil {
				return err
			}
			c, err := w.office.Credential(t.Context(), id)
			if err != nil {
				return err
			}
			for range 2 { // telling it again changes nothing
				if err := w.earners.Book.Observe(tx, issuer.Event{Type: issuer.EventInherited, Organisation: c.Organisation, Subject: id, Credential: &c}); err != nil {
					return err
				}
			}
		}
		count, next, err := Anew(tx, "")
		if count != 2 || next != "" {
			t.Errorf("%d put anew, then %q", count, next)
		}
		return err
	}))
	finds := func(asked string, want ...string) {
		t.Helper()
		found, _, err := w.earners.Search(t.Context(), w.ours.ID, asked, "", 10)
		if err != nil || strings.Join(found, " ") != strings.Join(want, " ") {
			t.Errorf("%q finds %v, want %v, error %v", asked, found, want, err)
		}
	}
	finds("maria", old.ID)
	held, err := w.earners.Holders(t.Context(), w.ours.ID, []string{old.ID})
	w.good(err)
	waiting, _, err := w.earners.Unclaimed(t.Context(), w.ours.ID, "", 10)
	w.good(err)
	if len(held) != 0 || len(waiting) != 0 {
		t.Errorf("%v are held, %v wait", held, waiting)
	}
	_, _, err = w.earners.Link(t.Context(), w.ours.ID, old.ID, "account:1")
	w.bad(err, "not_found")

	// Their earner comes for them; nobody is reminded of what is old.
	session := w.session("Ana@example.org")
	awards, _, err := w.earners.Awards(t.Context(), session, "", 10)
	if err != nil || len(awards) != 1 || awards[0].Credential.ID != old.ID {
		t.Errorf("%d awards, error %v", len(awards), err)
	}
	finds("ana@example.org", old.ID)
	w.now = w.now.Add(100 * day)
	w.good(w.earners.Remind(t.Context(), jobs.Job{}))
	if sent := w.post(); len(sent) != 0 {
		t.Errorf("%+v", sent)
	}

	// Without a known address nobody is written to, and by the address everything is erased.
	_, err = w.office.Revoke(t.Context(), other.ID, "A mistake.", "account:1")
	w.good(err)
	if sent := w.post(); len(sent) != 0 {
		t.Errorf("%+v", sent)
	}
	for address, want := range map[string]int{"ben@example.org": 1, "ana@example.org": 1, "x@example.org": 0} {
		if done, err := w.earners.EraseFor(t.Context(), w.ours.ID, address, "", "account:1"); done != want || err != nil {
			t.Errorf("%s: %d erased, error %v", address, done, err)
		}
	}
	if left := w.left()["holding"]; left != 0 {
		t.Errorf("%d holdings are left", left)
	}
}
