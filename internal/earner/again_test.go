package earner

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

// second has revoking need a second person.
func (w *world) second() issuer.Workspace {
	w.Helper()
	space := w.office.Workspace(w.ours.ID)
	_, _, err := space.Configure(w.Context(), issuer.Configuration{Name: w.ours.Name, Settings: issuer.Settings{Second: []issuer.Act{issuer.ActRevoke}}}, issuer.Write{Actor: "account:9"})
	w.good(err)
	return space
}

// TestHandedLink: over a link that the staff made nobody erases alone what needs two, and nobody without the right to erase.
func TestHandedLink(t *testing.T) {
	w := newWorld(t)
	w.outbox.On = false
	ctx := t.Context()
	program, err := w.office.CreateToken(ctx, issuer.TokenInput{Organisation: w.ours.ID, Name: "links", Scopes: []issuer.Scope{issuer.ScopeCredentialsWrite}, Actor: "account:1"})
	w.good(err)
	ask := func(c issuer.Credential, actor string) issuer.Proposal {
		t.Helper()
		link, _, err := w.earners.LinkOnce(ctx, w.ours.ID, c.ID, issuer.Write{Actor: actor})
		w.good(err)
		b := Bearer{Token: strings.TrimPrefix(link, base+"/claim/")}
		if a, err := w.earners.Open(ctx, b); err != nil || !a.Handed {
			t.Error(a.Handed, err)
		}
		for range 2 { // asked for again, it is asked for once
			if asked, err := w.earners.AskErasure(ctx, b, "en"); err != nil || asked != (Asked{Staff: true}) {
				t.Fatal(asked, err)
			}
			w.now = w.now.Add(asksApart)
		}
		if now, err := w.office.Credential(ctx, c.ID); err != nil || now.Erased != nil {
			t.Fatal("one person alone has erased it", err)
		}
		open, _, err := w.office.Workspace(w.ours.ID).Proposals(ctx, issuer.ProposalOpen, "", 10)
		if err != nil || len(open) != 1 || open[0].By != Actor || open[0].Handed != actor || open[0].Credential != c.ID {
			t.Fatalf("%+v, error %v", open, err)
		}
		return open[0]
	}
	first, second := w.award("ana@example.org", "Ana"), w.award("ben@example.org", "Ben")
	p := ask(first, "account:1") // who may erase alone may do so as well after an earner has asked
	space := w.office.Workspace(w.ours.ID)
	if p, err = space.Allow(ctx, p.ID, issuer.Write{Actor: "account:1"}); err != nil || p.State != issuer.ProposalAllowed {
		t.Errorf("%+v, error %v", p, err)
	}
	w.second()
	p = ask(second, "token:"+program.Token.ID)
	_, err = space.Allow(ctx, p.ID, issuer.Write{Actor: "account:1"}) // whose token it is
	w.bad(err, "same_person")
	if p, err = space.Allow(ctx, p.ID, issuer.Write{Actor: "account:2"}); err != nil || p.State != issuer.ProposalAllowed {
		t.Errorf("%+v, error %v", p, err)
	}
	for _, c := range []issuer.Credential{first, second} {
		if now, err := w.office.Credential(ctx, c.ID); err != nil || now.Erased == nil {
			t.Errorf("%s is not erased, error %v", c.ID, err)
		}
	}
}

// collect has somebody bring a badge from elsewhere and share a page.
func (w *world) collect(address, name string) {
	w.Helper()
	w.good(w.office.Records().Update(w.Context(), func(tx issuer.Tx) error {
		if err := imports.Put(tx, &Imported{ID: "i" + address, Address: address, Name: name + "'s other badge"}, 0); err != nil {
			return err
		}
		return sets.Put(tx, &Set{ID: "s" + address, Address: address, Title: "Badges of " + name, Name: name, Access: issuer.AccessPublic}, 0)
	}))
}

// TestEraseAgain: a store from before an erasure forgets everybody again of whom the log tells, and nobody else; what it knows of itself
// it does not do again.
func TestEraseAgain(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	w.joined("ana@example.org", "ana.home@example.net")
	w.award("cleo@example.org", "Cleo")
	w.post()
	for address, name := range map[string]string{"ana@example.org": "Ana García", "cleo@example.org": "Cleo"} {
		w.collect(address, name)
	}
	for _, address := range []string{"ana@example.org", "dora@example.org"} { // Dora has no award yet
		_, err := w.office.Workspace(w.ours.ID).Propose(ctx, issuer.Proposal{Kind: issuer.ProposalAward, Award: &issuer.AwardInput{Achievement: w.badge.ID, Recipient: address, Name: "García"}}, issuer.Write{Actor: "account:1"})
		w.good(err)
	}
	in := issuer.PrepareInput{Name: "Spring", Header: []string{"Email", "Name"}}
	for i, cell := range []string{"ana@example.org", "ana@@example.org", "ana.home@@example.net"} {
		in.Awards = append(in.Awards, issuer.BatchRowInput{Award: issuer.AwardInput{Achievement: w.badge.ID}, Number: i + 2, Cells: []string{cell, "García"},
			Problems: []issuer.RowProblem{{Row: i + 2, Column: "Email", Value: cell, Code: "email", Detail: "It is not one."}}})
	}
	_, err := w.office.Workspace(w.ours.ID).PrepareBatch(ctx, in, issuer.Write{Actor: "account:1"})
	w.good(err)
	digest, err := w.office.RecipientKeys(ctx)
	w.good(err)
	log := []issuer.Erasure{
		{Digest: digest("", "ana@example.org"), At: w.now.Add(time.Hour)}, {Digest: digest("", "ana.home@example.net"), At: w.now.Add(time.Hour)},
		{Digest: digest(w.ours.ID, "dora@example.org"), Organisation: w.ours.ID, At: w.now.Add(time.Hour)},
		{Digest: digest("", "nobody@example.org"), At: w.now.Add(time.Hour)},
	}
	w.now = w.now.Add(2 * time.Hour)
	if n, err := w.earners.EraseAgain(ctx, log, "operator"); n != 4 || err != nil {
		t.Errorf("%d, error %v", n, err)
	}
	awards, _, err := w.earners.Search(ctx, w.ours.ID, "ana@example.org", "", 10)
	if err != nil || len(awards) != 1 {
		t.Fatal(awards, err)
	}
	_, err = w.office.Erase(ctx, awards[0], "", "operator") // as the log names it, too
	w.good(err)
	w.gone("ana@", "ana.home", "Garcí", "garcia", "dora")
	if left := w.left(); left["earner-import"] != 1 || left["earner-set"] != 1 || left["holding"] != 1 || left["earner-address"] != 0 {
		t.Error(left)
	}
	if n, err := w.earners.EraseAgain(ctx, log, "operator"); n != 0 || err != nil {
		t.Errorf("again: %d, error %v", n, err)
	}

	// Who comes back stays, as the log here knows of what was before.
	w.award("ana@example.org", "Ana García")
	w.collect("ana@example.org", "Ana García")
	if n, err := w.earners.EraseAgain(ctx, log, "operator"); n != 0 || err != nil || w.left()["earner-import"] != 2 {
		t.Errorf("%d, error %v, left %v", n, err, w.left())
	}
	// The staff erases what is its own: what the person brought stays theirs, until they erase themselves.
	if n, err := w.earners.EraseAlone(ctx, w.ours.ID, "ana@example.org", "", "account:1"); n != 1 || err != nil || w.left()["earner-import"] != 2 || w.left()["holding"] != 1 {
		t.Errorf("%d, error %v, left %v", n, err, w.left())
	}
	told, _, err := w.office.Activity(ctx, issuer.ActivityFilter{Organisation: w.ours.ID, Subject: digest(w.ours.ID, "ana@example.org")}, "", 10)
	if err != nil || len(told) != 1 || told[0].Action != issuer.ActionPersonErased {
		t.Errorf("%+v, error %v", told, err)
	}
	w.post()
	w.good(w.earners.Confirm(ctx, w.askErasure(w.session("ana@example.org"))))
	w.gone("ana@", "ana.home", "Garcí", "garcia")
	own := issuer.Erasure{Digest: digest("", "ana@example.org"), At: w.now}
	if known, err := w.office.KnowsErasure(ctx, own); !known || err != nil {
		t.Error("the log does not tell of it", err)
	}
}

// TestManyUnknown: of awards of earlier releases, none is too old to be erased, found or joined.
func TestManyUnknown(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	w.award("home@example.org", "Ana")
	w.post()
	const n = 1100
	w.earners.hashes = 1000
	w.good(w.office.Records().Update(ctx, func(tx issuer.Tx) error {
		for i := range n {
			h := Holding{Credential: fmt.Sprintf("c%06d", i), Organisation: w.ours.ID, Created: w.now.Add(time.Duration(i) * time.Second), Salt: "s", Hash: "sha256$0", Reminders: 9}
			if i < 3 { // the oldest
				h.Hash = credential.HashIdentity(fmt.Sprintf("p%d@example.org", i), h.Salt)
			}
			if err := holdings.Put(tx, &h, 0); err != nil {
				return err
			}
		}
		return nil
	}))
	ids, next, err := w.earners.Search(ctx, w.ours.ID, "p0@example.org", "", 10)
	if err != nil || len(ids) != 0 || next == "" {
		t.Fatal(ids, next, err)
	}
	if ids, next, err = w.earners.Search(ctx, w.ours.ID, "p0@example.org", next, 10); err != nil || len(ids) != 1 || ids[0] != "c000000" || next != "" {
		t.Error(ids, next, err)
	}
	if count, err := w.earners.HeldBy(ctx, w.ours.ID, "p1@example.org"); count != 1 || err != nil {
		t.Error(count, err)
	}
	session := w.session("home@example.org")
	w.good(w.earners.AddAddress(ctx, session, "p2@example.org", "en"))
	w.good(w.earners.Join(ctx, w.link(mail.Join), session))
	if held, err := w.earners.Holders(ctx, w.ours.ID, []string{"c000002"}); err != nil || held["c000002"].Address != "p2@example.org" {
		t.Error(held, err)
	}
}
