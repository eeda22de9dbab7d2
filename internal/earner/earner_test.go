package earner

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

func isCode(err error, code string) bool {
	var told *issuer.Error
	return errors.As(err, &told) && told.Code == code
}

// TestDelivery: an award is told of once it is issued; its link takes it and says who sees it.
func TestDelivery(t *testing.T) {
	w := newWorld(t)
	c := w.award("Ana.Garcia@Example.org", "Ana García")
	sent := w.post()
	if len(sent) != 1 || sent[0].To != "ana.garcia@example.org" || sent[0].Title != w.badge.Name || sent[0].Issuer != w.ours.Name || sent[0].Name != "Ana García" || sent[0].Template != mail.Award {
		t.Fatalf("%+v", sent)
	}
	token, ok := strings.CutPrefix(sent[0].Link, "/claim/")
	if !ok || len(token) != tokenLength {
		t.Fatal(sent[0].Link)
	}
	b := Bearer{Token: token}
	a, err := w.earners.Open(t.Context(), b)
	w.good(err)
	if a.Credential.ID != c.ID || a.Holding.Delivered.IsZero() || a.Organisation.ID != w.ours.ID {
		t.Errorf("%+v", a)
	}
	w.bad(w.earners.Show(t.Context(), b, issuer.AccessPublic), "unclaimed")
	if waiting, _, err := w.earners.Unclaimed(t.Context(), w.ours.ID, "", 0); err != nil || len(waiting) != 1 {
		t.Error(waiting, err)
	}
	w.good(w.earners.Take(t.Context(), b))
	w.good(w.earners.Take(t.Context(), b))
	if waiting, _, err := w.earners.Unclaimed(t.Context(), w.ours.ID, "", 0); err != nil || len(waiting) != 0 {
		t.Error(waiting, err)
	}
	w.bad(w.earners.Show(t.Context(), b, issuer.AccessHeld), "access")
	for _, access := range []issuer.Access{issuer.AccessPublic, issuer.AccessOff, issuer.AccessUnlisted} {
		w.good(w.earners.Show(t.Context(), b, access))
		if c, err := w.office.Credential(t.Context(), c.ID); err != nil || c.Access != access || c.Claimed.IsZero() {
			t.Errorf("%s: %+v, error %v", access, c.Access, err)
		}
	}
	if n := w.left()["message"]; n != 0 {
		t.Errorf("%d messages are kept", n)
	}
	w.now = w.now.Add(lasts[toAward])
	_, err = w.earners.Open(t.Context(), b)
	w.bad(err, "not_found")
}

// TestStrangers: whatever somebody shows who is none, the answer is the same.
func TestStrangers(t *testing.T) {
	w := newWorld(t)
	c := w.award("ana@example.org", "")
	w.award("ben@example.org", "")
	w.post()
	session := w.session("ben@example.org")
	for name, b := range map[string]Bearer{
		"nothing": {}, "short": {Token: "x"}, "unknown": {Token: strings.Repeat("A", tokenLength)}, "a session as a link": {Token: session},
		"an award of somebody else": {Session: session, Credential: c.ID}, "no award": {Session: session}, "an unknown award": {Session: session, Credential: "none"},
	} {
		t.Run(name, func(t *testing.T) {
			_, opened := w.earners.Open(t.Context(), b)
			for _, err := range []error{opened, w.earners.Take(t.Context(), b), w.earners.Show(t.Context(), b, issuer.AccessPublic)} {
				if !isCode(err, "not_found") || err.Error() != missing().Error() {
					t.Error(err)
				}
			}
			if name == "no award" {
				return // everything of the person, for these
			}
			if err := w.earners.Archive(t.Context(), b, 1, "en", nil, io.Discard); !isCode(err, "not_found") {
				t.Error(err)
			}
			if asked, err := w.earners.AskErasure(t.Context(), b, "en"); asked != (Asked{}) || !isCode(err, "not_found") {
				t.Error(err)
			}
		})
	}
	if sent := w.post(); len(sent) != 0 {
		t.Errorf("%+v", sent)
	}
}

// TestStanding: whoever heard of an award hears what becomes of it, and nobody else.
func TestStanding(t *testing.T) {
	w := newWorld(t)
	unheard, heard := w.award("ana@example.org", ""), w.award("ben@example.org", "")
	w.queue = w.queue[1:] // the first message waits
	w.post()
	for _, c := range []issuer.Credential{unheard, heard} {
		if _, err := w.office.Revoke(t.Context(), c.ID, "It was for somebody else.", "account:1"); err != nil {
			t.Fatal(err)
		}
	}
	sent := w.post()
	if len(sent) != 1 || sent[0].To != "ben@example.org" || sent[0].Template != mail.Revoked || sent[0].Reason != "It was for somebody else." {
		t.Errorf("%+v", sent)
	}
	if waiting, _, err := w.earners.Unclaimed(t.Context(), w.ours.ID, "", 0); err != nil || len(waiting) != 0 {
		t.Error(waiting, err)
	}
	w.bad(w.earners.Resend(t.Context(), w.ours.ID, heard.ID, "account:1"), "ended")
}

// TestOvertaken: a message about an award that was revoked before it went out is not sent.
func TestOvertaken(t *testing.T) {
	w := newWorld(t)
	c := w.award("ana@example.org", "")
	if _, err := w.office.Revoke(t.Context(), c.ID, "A mistake.", "account:1"); err != nil {
		t.Fatal(err)
	}
	if sent := w.post(); len(sent) != 0 || w.left()["message"] != 0 {
		t.Errorf("%+v %v", sent, w.left())
	}
}

// TestAmended: who is corrected hears of the new award alone; another address hears that its award is gone.
func TestAmended(t *testing.T) {
	w := newWorld(t)
	first := w.award("ana@example.org", "Anna")
	b := Bearer{Token: w.link(mail.Award)}
	w.good(w.earners.Take(t.Context(), b))
	office := w.office.Workspace(w.ours.ID)
	name, same, other := "Ana", "ana@example.org", "ana.new@example.org"
	second, err := office.Amend(t.Context(), first.ID, issuer.Amendment{Name: &name, Recipient: &same}, issuer.Write{Actor: "account:1"})
	w.good(err)
	sent := w.post()
	if len(sent) != 1 || sent[0].Template != mail.Award || sent[0].Other == "" {
		t.Errorf("%+v", sent)
	}
	if waiting, _, _ := w.earners.Unclaimed(t.Context(), w.ours.ID, "", 0); len(waiting) != 0 {
		t.Errorf("%+v", waiting)
	}
	if _, err = office.Amend(t.Context(), second.ID, issuer.Amendment{Recipient: &other}, issuer.Write{Actor: "account:1"}); err != nil {
		t.Fatal(err)
	}
	sent = w.post()
	slices.SortFunc(sent, func(a, b mail.Message) int { return strings.Compare(string(a.Template), string(b.Template)) })
	if len(sent) != 2 || sent[0].To != other || sent[1].To != same || sent[1].Template != mail.Superseded {
		t.Errorf("%+v", sent)
	}
}

// TestAskLink: the answer is the same for addresses that are known and for others, and nobody can have many messages sent.
func TestAskLink(t *testing.T) {
	w := newWorld(t)
	w.award("ana@example.org", "")
	w.post()
	w.bad(w.earners.AskLink(t.Context(), "ana@example.org\r\nBcc: all@example.org", "en"), "email")
	for range 2 { // too soon after the first
		w.good(w.earners.AskLink(t.Context(), "nobody@example.org", "en"))
		w.good(w.earners.AskLink(t.Context(), " ANA@example.org ", "es"))
	}
	token := w.link(mail.Mine)
	w.good(w.earners.Knock(t.Context(), token))
	session, ends, err := w.earners.Enter(t.Context(), token)
	w.good(err)
	if !ends.Equal(w.now.Add(time.Hour)) {
		t.Error(ends)
	}
	_, _, err = w.earners.Enter(t.Context(), token)
	w.bad(err, "not_found")
	if person, err := w.earners.Person(t.Context(), session); err != nil || person.Address != "ana@example.org" || len(person.Addresses) != 1 {
		t.Error(person, err)
	}
	for range 10 {
		w.now = w.now.Add(asksApart)
		w.good(w.earners.AskLink(t.Context(), "ana@example.org", "en"))
	}
	if sent := w.post(); len(sent) != asksMost-1 {
		t.Errorf("%d messages", len(sent))
	}
	w.good(w.earners.Leave(t.Context(), session))
	_, err = w.earners.Person(t.Context(), session)
	w.bad(err, "not_found")
	w.now = w.now.Add(48 * time.Hour)
	w.good(w.earners.Tidy(t.Context(), jobs.Job{}))
	if left := w.left(); !maps.Equal(left, map[string]int{"holding": 1, "earner-pass": 1}) {
		t.Error(left)
	}
}

// TestJoin: addresses are joined by whoever has both, in one browser, and their awards are one list.
func TestJoin(t *testing.T) {
	w := newWorld(t)
	w.award("ana@example.org", "Ana")
	second := w.award("ana@school.example", "Ana")
	w.award("eve@example.org", "Eve")
	w.post()
	session, eve := w.session("ana@example.org"), w.session("eve@example.org")
	w.good(w.earners.AddAddress(t.Context(), session, "ana@school.example", "en"))
	token := w.link(mail.Join)
	if _, _, here, err := w.earners.Joining(t.Context(), token, eve); err != nil || here {
		t.Error(here, err)
	}
	w.bad(w.earners.Join(t.Context(), token, eve), "session")
	w.bad(w.earners.Join(t.Context(), token, ""), "session")
	if first, other, here, err := w.earners.Joining(t.Context(), token, session); err != nil || !here || first != "ana@example.org" || other != "ana@school.example" {
		t.Error(first, other, here, err)
	}
	w.good(w.earners.Join(t.Context(), token, session))
	w.bad(w.earners.Join(t.Context(), token, session), "not_found")
	w.bad(w.earners.AddAddress(t.Context(), session, "ana@school.example", "en"), "joined")
	var ids []string
	for after, more := "", true; more; {
		page, next, err := w.earners.Awards(t.Context(), session, after, 1)
		w.good(err)
		for _, a := range page {
			ids = append(ids, a.Credential.ID)
		}
		after, more = next, next != ""
	}
	if len(ids) != 2 || ids[1] != second.ID {
		t.Error(ids)
	}
	_, err := w.earners.Open(t.Context(), Bearer{Session: session, Credential: second.ID})
	w.good(err)
	_, _, err = w.earners.Awards(t.Context(), session, "7~x", 1)
	w.bad(err, "cursor")
	w.bad(w.earners.Part(t.Context(), session, "eve@example.org"), "not_found")
	w.good(w.earners.Part(t.Context(), session, "ana@school.example"))
	_, err = w.earners.Open(t.Context(), Bearer{Session: session, Credential: second.ID})
	w.bad(err, "not_found")
}

// TestErase: after a link confirmed it nothing of the person is left here.
func TestErase(t *testing.T) {
	w := newWorld(t)
	c := w.award("ana@example.org", "Ana García")
	w.award("ana@school.example", "Ana García")
	w.post()
	session := w.session("ana@example.org")
	w.good(w.earners.AddAddress(t.Context(), session, "ana@school.example", "en"))
	w.good(w.earners.Join(t.Context(), w.link(mail.Join), session))
	w.award("ana@school.example", "Ana García") // its message is still to be sent
	waiting := w.queue
	w.queue = nil
	if asked, err := w.earners.AskErasure(t.Context(), Bearer{Session: session}, "en"); asked != (Asked{}) || err != nil {
		t.Fatal(asked, err)
	}
	token := w.link(mail.Erase)
	e, err := w.earners.Erasing(t.Context(), token)
	if err != nil || !e.Everything || e.Count != 3 || len(e.Awards) != 3 || len(e.Addresses) != 2 {
		t.Fatalf("%+v %v", e, err)
	}
	w.good(w.earners.Confirm(t.Context(), token))
	w.bad(w.earners.Confirm(t.Context(), token), "not_found")
	w.queue = waiting
	if sent := w.post(); len(sent) != 0 {
		t.Errorf("%+v", sent)
	}
	if left := w.left(); len(left) != 0 {
		t.Error(left)
	}
	if c, err := w.office.Credential(t.Context(), c.ID); err != nil || c.Erased == nil || c.JSON != nil {
		t.Errorf("%+v, error %v", c, err)
	}
	w.gone("ana@", "Garcí", "garcia")
}

// TestEraseOne: one award goes, the rest of the person stays; staff erase what is theirs.
func TestEraseOne(t *testing.T) {
	w := newWorld(t)
	w.award("ana@example.org", "Ana")
	b := Bearer{Token: w.link(mail.Award)}
	theirs := w.published(w.theirs.ID, "Reading Aloud")
	kept := w.awardBy(issuer.AwardInput{Achievement: theirs.ID, Organisation: w.theirs.ID, Recipient: "ana@example.org", Name: "Ana"})
	w.award("ana@example.org", "Ana")
	w.post()
	_, err := w.earners.AskErasure(t.Context(), b, "en")
	w.good(err)
	token := w.link(mail.Erase)
	if e, err := w.earners.Erasing(t.Context(), token); err != nil || e.Everything || e.Count != 1 {
		t.Errorf("%+v %v", e, err)
	}
	w.good(w.earners.Confirm(t.Context(), token))
	if left := w.left(); left["holding"] != 2 {
		t.Error(left)
	}
	if n, err := w.earners.EraseFor(t.Context(), w.ours.ID, "ANA@example.org", "", "account:1"); err != nil || n != 1 {
		t.Error(n, err)
	}
	if held, err := w.earners.Holders(t.Context(), w.theirs.ID, []string{kept.ID}); err != nil || held[kept.ID].Name != "Ana" {
		t.Error(held, err)
	}
	if held, err := w.earners.Holders(t.Context(), w.ours.ID, []string{kept.ID}); err != nil || len(held) != 0 {
		t.Error(held, err)
	}
}

// TestEraseWhatWaits: everything of a person goes, what is not signed yet, planned, rejected and proposed too, also with organisations that
// never awarded them anything; nothing is awarded to them afterwards.
func TestEraseWhatWaits(t *testing.T) {
	w := newWorld(t)
	w.award("ana@example.org", "Ana García")
	w.post()
	session := w.session("ana@example.org")
	ana := issuer.AwardInput{Achievement: w.badge.ID, Recipient: "ana@example.org", Name: "Ana García"}
	begin := func() {
		w.Helper()
		w.wrong = errors.New("away")
		_, err := w.office.Issue(t.Context(), ana)
		w.bad(err, "self_check_failed")
		w.wrong = nil
	}
	begin()
	space, theirs := w.office.Workspace(w.ours.ID), w.office.Workspace(w.theirs.ID)
	by := issuer.Write{Actor: "account:1"}
	hidden := ana
	hidden.Role = "García\x01"
	b, err := space.PrepareBatch(t.Context(), issuer.PrepareInput{Name: "Spring", Header: []string{"Email"},
		Awards: []issuer.BatchRowInput{{Award: ana, Cells: []string{"ana@example.org"}}, {Award: hidden, Cells: []string{"ana@example.org"}}}}, by)
	if err != nil || b.Rejected != 1 {
		t.Fatalf("%+v, error %v", b, err)
	}
	in := ana
	in.Achievement = w.published(w.theirs.ID, "Reading Aloud").ID
	for space, award := range map[issuer.Workspace]issuer.AwardInput{space: ana, theirs: in} {
		_, err := space.Propose(t.Context(), issuer.Proposal{Kind: issuer.ProposalAward, Award: &award, Why: "García has shown it."}, by)
		w.good(err)
	}
	w.bad(w.earners.Show(t.Context(), Bearer{Session: session, Credential: "nothing"}, issuer.AccessPublic), "not_found")
	_, err = w.earners.AskErasure(t.Context(), Bearer{Session: session}, "en")
	w.good(err)
	w.good(w.earners.Confirm(t.Context(), w.link(mail.Erase)))
	w.gone("ana@", "Garcí", "garcia")
	if left := w.left(); len(left) != 0 {
		t.Error(left)
	}
	if b, _, err := space.Batch(t.Context(), b.ID); err != nil || b.Failed != 1 {
		t.Errorf("%+v, error %v", b, err)
	}
	_, err = space.ConfirmBatch(t.Context(), b.ID, true, by)
	w.bad(err, "nothing_to_do")

	// What is given up because it cannot be signed is held by nobody, and the staff can have the rest erased.
	begin()
	if n, err := w.earners.EraseFor(t.Context(), w.ours.ID, "ana@example.org", "", "account:1"); err != nil || n != 1 {
		t.Error(n, err)
	}
	w.wrong = errors.New("never right")
	_, err = w.office.Issue(t.Context(), ana)
	w.bad(err, "self_check_failed")
	if left := w.left(); left["holding"] != 1 {
		t.Error(left)
	}
	for range 5 {
		w.now = w.now.Add(time.Hour)
		w.start()
	}
	w.gone("ana@", "Garcí", "garcia")
	if left := w.left(); len(left) != 0 {
		t.Error(left)
	}
}

// gone says that no record holds one of these words.
func (w *world) gone(words ...string) {
	w.Helper()
	w.good(w.store.View(w.Context(), func(tx issuer.Tx) error {
		for _, k := range slices.Concat(issuer.Kinds(), Kinds(), mail.Kinds()) {
			rows, _, err := tx.List(k, issuer.Query{Limit: 1000})
			if err != nil {
				return err
			}
			for _, row := range rows {
				for _, word := range words {
					if strings.Contains(string(row.Body)+strings.Join(row.Lookups, " ")+row.ID, word) {
						w.Errorf("%s %s holds %q: %s", k.Name, row.ID, word, row.Body)
					}
				}
			}
		}
		return nil
	}))
}

// TestWithoutMail: the staff hand links over, and nothing is queued.
func TestWithoutMail(t *testing.T) {
	w := newWorld(t)
	w.outbox.On = false
	c := w.award("ana@example.org", "")
	if len(w.post()) != 0 || w.left()["message"] != 0 {
		t.Error(w.left())
	}
	w.bad(w.earners.AskLink(t.Context(), "ana@example.org", "en"), "no_mail")
	w.bad(w.earners.Resend(t.Context(), w.ours.ID, c.ID, "account:1"), "no_mail")
	_, _, err := w.earners.Link(t.Context(), w.theirs.ID, c.ID, "account:1")
	w.bad(err, "not_found")
	link, _, err := w.earners.Link(t.Context(), w.ours.ID, c.ID, "account:1")
	w.good(err)
	b := Bearer{Token: strings.TrimPrefix(link, base+"/claim/")}
	w.good(w.earners.Take(t.Context(), b))
	asked, err := w.earners.AskErasure(t.Context(), b, "en") // the staff may have the link themselves
	if err != nil || asked != (Asked{Staff: true}) {
		t.Error(asked, err)
	}
	if n, err := w.earners.EraseAlone(t.Context(), w.ours.ID, "ana@example.org", "", "account:1"); n != 1 || err != nil {
		t.Error(n, err)
	}
	if left := w.left(); len(left) != 0 {
		t.Error(left)
	}
}

// TestRefused: an address that no server takes is told to the staff, who then may hand the link over.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	w.refuse["ana@example.org"] = true
	c := w.award("ana@example.org", "")
	if sent := w.post(); len(sent) != 0 {
		t.Error(sent)
	}
	if page, _, err := w.earners.Unclaimed(t.Context(), w.ours.ID, "", 0); err != nil || len(page) != 1 || page[0].Refused.IsZero() {
		t.Error(page, err)
	}
	_, _, err := w.earners.Link(t.Context(), w.ours.ID, c.ID, "account:1")
	w.good(err)
	w.refuse = nil
	w.good(w.earners.Resend(t.Context(), w.ours.ID, c.ID, "account:1"))
	w.link(mail.Award)
	_, _, err = w.earners.Link(t.Context(), w.ours.ID, c.ID, "account:1")
	w.bad(err, "mail_configured")
}

// TestUndelivered: where a message is not taken for a day the staff may hand the link over, and no sooner.
func TestUndelivered(t *testing.T) {
	w := newWorld(t)
	c := w.award("ana@example.org", "")
	link := func() error { _, _, err := w.earners.Link(t.Context(), w.ours.ID, c.ID, "account:1"); return err }
	w.now = w.now.Add(day - time.Minute)
	w.bad(link(), "mail_configured")
	w.now = w.now.Add(time.Minute)
	w.good(link())
	w.post()
	w.bad(link(), "mail_configured")
}

// TestReminders: after a week and after a month, once each, and not to whoever wants none.
func TestReminders(t *testing.T) {
	w := newWorld(t)
	began := w.now
	w.award("ana@example.org", "Ana")
	w.award("ben@example.org", "Ben")
	b := Bearer{Token: w.post()[1].Link[len("/claim/"):]}
	counts := map[string]string{} // by day
	stop := ""
	for d := range 60 {
		w.now = began.Add(time.Duration(d)*day + time.Hour)
		w.good(w.earners.Remind(t.Context(), jobs.Job{}))
		for _, m := range w.post() {
			if m.Template != mail.Reminder {
				t.Errorf("%+v", m)
			}
			counts[m.To] += " " + w.now.Format("2 Jan")
			if m.To == "ben@example.org" {
				stop = m.Stop[len("/mine/stop/"):]
			}
		}
		if d == 8 {
			w.good(w.earners.Stopping(t.Context(), stop))
			w.good(w.earners.Stop(t.Context(), stop))
			w.good(w.earners.Stop(t.Context(), stop))
		}
	}
	if want := map[string]string{"ana@example.org": " 29 Nov 22 Dec", "ben@example.org": " 29 Nov"}; !maps.Equal(counts, want) {
		t.Error(counts)
	}
	_, err := w.earners.Open(t.Context(), b)
	w.good(err) // the first link works still
	w.award("cy@example.org", "Cy")
	w.post()
	w.now = w.now.Add(100 * day) // late: one reminder now, and another a week later
	for range 3 {
		w.good(w.earners.Remind(t.Context(), jobs.Job{}))
		if sent := w.post(); len(sent) > 1 {
			t.Errorf("%+v", sent)
		}
		w.now = w.now.Add(day)
	}
}

// TestRemindPages: nobody is left out where more wait than are dealt with at once.
func TestRemindPages(t *testing.T) {
	w := newWorld(t)
	w.hold(2*remindPage+5, func(i int) Holding { return Holding{Name: "Ana", Address: "a@example.org", Created: w.now} })
	w.now = w.now.Add(8 * day)
	w.good(w.earners.Remind(t.Context(), jobs.Job{}))
	w.good(w.earners.Remind(t.Context(), jobs.Job{}))
	if len(w.queue) != 2*remindPage+5 {
		t.Error(len(w.queue))
	}
}

// TestArchive: it holds every signed form and what explains it, and what is kept of whoever asks.
func TestArchive(t *testing.T) {
	w := newWorld(t)
	c := w.award("ana@example.org", "Ana")
	w.award("ana@example.org", "Ana")
	w.post()
	session := w.session("ana@example.org")
	for name, want := range map[string]struct {
		b      Bearer
		badges int
	}{"one": {Bearer{Session: session, Credential: c.ID}, 1}, "everything": {Bearer{Session: session}, 2}} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w.good(w.earners.Archive(t.Context(), want.b, 1, wording.Spanish, nil, &out))
			z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
			w.good(err)
			files := map[string][]byte{}
			for _, f := range z.File {
				r, err := f.Open()
				w.good(err)
				if files[f.Name], err = io.ReadAll(r); err != nil || len(files[f.Name]) == 0 {
					t.Error(f.Name, err)
				}
			}
			folder := "badge-" + c.ID + "/"
			if !bytes.Equal(files[folder+"badge.json"], c.JSON) || string(files[folder+"badge.jwt"]) != c.JWT {
				t.Error("the badge is not as it was signed")
			}
			for _, name := range []string{folder + "badge.vc.jwt", folder + "badge.png", "issuer-" + w.ours.ID + "/did.json"} {
				if files[name] == nil {
					t.Error(name, "is not there")
				}
			}
			if !strings.Contains(string(files["README.txt"]), "Sus insignias") || strings.Contains(string(files["README.txt"]), "{base}") {
				t.Error(string(files["README.txt"]))
			}
			var about []kept
			if err := json.Unmarshal(files["what-is-kept-about-me.json"], &about); err != nil || len(about) != want.badges || about[0].Address != "ana@example.org" {
				t.Error(about, err)
			}
			if len(files) != 4*want.badges+4 || !strings.Contains(string(files["index.html"]), folder+"badge.png") || strings.Contains(string(files["index.html"]), "<script") {
				t.Error(slices.Sorted(maps.Keys(files)))
			}
		})
	}
}

// hold enters holdings of ours with one organisation.
func (w *world) hold(n int, make func(i int) Holding) {
	w.Helper()
	hold(w, w.store, w.ours.ID, n, make)
}

func hold(t interface{ Fatal(...any) }, store issuer.Store, organisation string, n int, make func(i int) Holding) {
	for from := 0; from < n; from += 5000 {
		err := store.Update(context.Background(), func(tx issuer.Tx) error {
			for i := from; i < min(from+5000, n); i++ {
				h := make(i)
				h.Organisation, h.Credential = organisation, digest(string(rune(i)) + time.Duration(i).String())[:22]
				if err := holdings.Put(tx, &h, 0); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
