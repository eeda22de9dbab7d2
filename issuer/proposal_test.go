package issuer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/issuer"
)

var (
	asker   = issuer.Write{Actor: "account:asker"}
	allower = issuer.Write{Actor: "account:allower"}
	program = issuer.Write{Actor: (&issuer.Token{ID: "program"}).Actor()}
)

// second has acts of the first organisation need a second person.
func (d *desk) second(t testing.TB, acts ...issuer.Act) issuer.Workspace {
	t.Helper()
	_, err := d.Reconfigure(t.Context(), d.organisation(t).ID, issuer.ConfigurationChange{Second: &acts}, "command line")
	if err != nil {
		t.Fatal(err)
	}
	return d.space(t)
}

func (d *desk) propose(t testing.TB, p issuer.Proposal, by issuer.Write) issuer.Proposal {
	t.Helper()
	made, err := d.space(t).Propose(t.Context(), p, by)
	if err != nil || made.State != issuer.ProposalOpen || made.By != by.Actor {
		t.Fatalf("%+v, error %v", made, err)
	}
	return made
}

func proposedAward(email string) issuer.Proposal {
	return issuer.Proposal{Kind: issuer.ProposalAward, Award: &issuer.AwardInput{Recipient: email, Name: "Ada Lovelace"}, Why: "Ada has shown it."}
}

func proposedRevocation(c issuer.Credential) issuer.Proposal {
	return issuer.Proposal{Kind: issuer.ProposalRevoke, Credential: c.ID, Cause: &issuer.Cause{Code: issuer.ReasonEvidence, Reason: "Copied.", Note: "From Ben's portfolio."}}
}

// wantForgotten says that no record of a kind holds any of these words.
func (d *desk) wantForgotten(t testing.TB, kind string, words ...string) {
	t.Helper()
	err := d.store.View(t.Context(), func(tx issuer.Tx) error {
		rows, err := allOf(tx, kind)
		for _, row := range rows {
			for _, word := range words {
				if bytes.Contains(row.Body, []byte(word)) {
					t.Errorf("a %s still says %q: %s", kind, word, row.Body)
				}
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestSecondPerson: where an act needs a second person, nobody does it alone in a workspace; one person asks, and another allows it.
func TestSecondPerson(t *testing.T) {
	d := newDesk(t, public)
	a := d.publish(t)
	old, kept, ending := d.award(t), d.award(t), d.award(t)
	w := d.second(t, issuer.ActAward, issuer.ActRevoke)
	ctx := t.Context()
	email := "augusta@example.org"
	if _, err := w.SetAchievement(ctx, a.ID, issuer.AchievementSettings{Renewable: true}, asker); err != nil {
		t.Fatal(err)
	}
	_, err := w.Issue(ctx, issuer.AwardInput{Recipient: "ada@example.org"}, asker)
	wantRefusal(t, "to award alone", err, issuer.KindDenied, "second_person")
	_, _, err = w.Revoke(ctx, old.ID, issuer.Cause{Code: issuer.ReasonError, Reason: "r"}, asker)
	wantRefusal(t, "to revoke alone", err, issuer.KindDenied, "second_person")
	batch, err := w.PrepareBatch(ctx, issuer.PrepareInput{Name: "Spring", Awards: []issuer.BatchRowInput{{Award: issuer.AwardInput{Recipient: "bo@example.org"}}}}, asker)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.ConfirmBatch(ctx, batch.ID, false, asker)
	wantRefusal(t, "to confirm alone", err, issuer.KindDenied, "second_person")
	if _, _, err := w.Suspend(ctx, old.ID, issuer.Cause{Code: issuer.ReasonInquiry}, asker); err != nil {
		t.Errorf("suspending protects, and one person may: %v", err)
	}
	_, err = w.Renew(ctx, ending.ID, issuer.Renewal{Recipient: "ada@example.org"}, asker)
	wantRefusal(t, "to renew alone", err, issuer.KindDenied, "second_person")
	_, err = w.Amend(ctx, kept.ID, issuer.Amendment{Recipient: &email}, asker)
	wantRefusal(t, "to correct alone", err, issuer.KindDenied, "second_person")
	if d.count(t, "credential") != 3 {
		t.Fatal("something was awarded")
	}
	takes := func(p issuer.Proposal) bool {
		c, err := d.Credential(ctx, p.Result)
		return err == nil && c.Supersedes == p.Credential && !c.Issued.IsZero() && c.By == allower.Actor
	}
	settings := issuer.Configuration{Name: "Riverside District", Settings: issuer.Settings{Second: []issuer.Act{issuer.ActAward}}}
	for _, c := range []struct {
		proposal issuer.Proposal
		act      issuer.Act
		done     func(p issuer.Proposal) bool
	}{
		{proposedAward("ada@example.org"), issuer.ActAward, func(p issuer.Proposal) bool {
			c, err := d.Credential(ctx, p.Result)
			return err == nil && c.Achievement == a.ID && !c.Issued.IsZero() && c.By == allower.Actor
		}},
		{proposedRevocation(old), issuer.ActRevoke, func(p issuer.Proposal) bool {
			c, err := d.Credential(ctx, p.Result)
			return err == nil && c.ID == old.ID && c.Revoked != nil && c.Revoked.By == allower.Actor && c.Revoked.Code == issuer.ReasonEvidence
		}},
		{issuer.Proposal{Kind: issuer.ProposalAmend, Credential: kept.ID, Amendment: &issuer.Amendment{Recipient: &email}}, issuer.ActAward, takes},
		{issuer.Proposal{Kind: issuer.ProposalRenew, Credential: ending.ID, Renewal: &issuer.Renewal{Recipient: "ada@example.org"}}, issuer.ActAward, takes},
		{issuer.Proposal{Kind: issuer.ProposalBatch, Batch: batch.ID}, issuer.ActAward, func(p issuer.Proposal) bool {
			b, err := d.Batch(ctx, p.Result)
			return err == nil && b.ID == batch.ID && b.State == issuer.BatchOpen && len(d.work) == 1
		}},
		{issuer.Proposal{Kind: issuer.ProposalSettings, Configuration: &settings}, "", func(issuer.Proposal) bool {
			return slices.Equal(d.organisation(t).Settings.Second, []issuer.Act{issuer.ActAward})
		}},
	} {
		p := d.propose(t, c.proposal, asker)
		if p.Act != c.act || c.done(p) {
			t.Errorf("%s: %+v", p.Kind, p)
		}
		_, err := w.Allow(ctx, p.ID, asker)
		wantRefusal(t, "who asked allows", err, issuer.KindDenied, "same_person")
		_, err = w.Allow(ctx, p.ID, program)
		wantRefusal(t, "a program allows", err, issuer.KindDenied, "program")
		_, err = w.Withdraw(ctx, p.ID, allower)
		wantRefusal(t, "another withdraws", err, issuer.KindDenied, "other_person")
		_, err = w.Refuse(ctx, p.ID, "", asker)
		wantRefusal(t, "who asked refuses", err, issuer.KindDenied, "same_person")
		if p.Credential+p.Batch != "" {
			_, err = w.Propose(ctx, c.proposal, allower)
			wantRefusal(t, "the same once more", err, issuer.KindConflict, "proposed")
		}
		done, err := w.Allow(ctx, p.ID, allower)
		if err != nil || done.State != issuer.ProposalAllowed || done.DecidedBy != allower.Actor || done.Award != nil || done.Amendment != nil || done.Renewal != nil || done.Cause != nil || done.Configuration != nil || done.Why != "" || !c.done(done) {
			t.Errorf("%s: %+v, error %v", p.Kind, done, err)
		}
		_, err = w.Allow(ctx, p.ID, issuer.Write{Actor: "account:third"})
		wantRefusal(t, "allowed twice", err, issuer.KindConflict, "decided")
		_, err = w.Refuse(ctx, p.ID, "", allower)
		wantRefusal(t, "refused too late", err, issuer.KindConflict, "decided")
	}
	d.wantForgotten(t, "proposal", "ada@example.org", "Lovelace", "Ada has", "Copied", "portfolio", "augusta")
	if page, _, err := w.Proposals(ctx, issuer.ProposalAllowed, "", 0); err != nil || len(page) != 6 || page[0].Kind != issuer.ProposalSettings {
		t.Errorf("%+v, error %v", page, err)
	}
	if page, _, err := w.Proposals(ctx, issuer.ProposalOpen, "", 0); err != nil || len(page) != 0 {
		t.Errorf("%+v, error %v", page, err)
	}
	if _, err := d.VerifyAuditDeep(ctx); err != nil {
		t.Error(err)
	}
}

func TestProposeRefuses(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	c := d.award(t)
	gone := d.award(t)
	if _, err := d.Revoke(t.Context(), gone.ID, "r", "test"); err != nil {
		t.Fatal(err)
	}
	other, err := d.CreateOrganisation(t.Context(), "Lakeside", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	w, theirs := d.space(t), d.Workspace(other.ID)
	b, err := w.PrepareBatch(t.Context(), issuer.PrepareInput{Name: "Spring", Awards: []issuer.BatchRowInput{{Award: issuer.AwardInput{Recipient: "bo@example.org"}}, {Award: issuer.AwardInput{Recipient: "nobody"}}}}, asker)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		in   issuer.Proposal
		by   issuer.Workspace
		kind issuer.ErrorKind
		code string
	}{
		"nothing":                    {issuer.Proposal{}, w, issuer.KindInvalid, "proposal"},
		"an unknown kind":            {issuer.Proposal{Kind: "paint"}, w, issuer.KindInvalid, "proposal"},
		"no award":                   {issuer.Proposal{Kind: issuer.ProposalAward}, w, issuer.KindInvalid, "award"},
		"an award to no address":     {proposedAward("nobody"), w, issuer.KindInvalid, "email"},
		"an award of nothing":        {proposedAward("a@example.org"), theirs, issuer.KindMissing, "not_found"},
		"no amendment":               {issuer.Proposal{Kind: issuer.ProposalAmend, Credential: c.ID}, w, issuer.KindInvalid, "amendment"},
		"no renewal":                 {issuer.Proposal{Kind: issuer.ProposalRenew, Credential: c.ID}, w, issuer.KindInvalid, "renewal"},
		"what cannot be renewed":     {issuer.Proposal{Kind: issuer.ProposalRenew, Credential: c.ID, Renewal: &issuer.Renewal{}}, w, issuer.KindConflict, "not_renewable"},
		"to correct what is revoked": {issuer.Proposal{Kind: issuer.ProposalAmend, Credential: gone.ID, Amendment: &issuer.Amendment{}}, w, issuer.KindConflict, "already_revoked"},
		"no cause":                   {issuer.Proposal{Kind: issuer.ProposalRevoke, Credential: c.ID}, w, issuer.KindInvalid, "code"},
		"no reason":                  {issuer.Proposal{Kind: issuer.ProposalRevoke, Credential: c.ID, Cause: &issuer.Cause{Code: issuer.ReasonOther}}, w, issuer.KindInvalid, "reason"},
		"what is revoked":            {proposedRevocation(gone), w, issuer.KindConflict, "already_revoked"},
		"an award of another":        {proposedRevocation(c), theirs, issuer.KindMissing, "not_found"},
		"an award that is not there": {proposedRevocation(issuer.Credential{ID: "aaaaaaaaaaaaaaaaaaaaaa"}), w, issuer.KindMissing, "not_found"},
		"a batch of another":         {issuer.Proposal{Kind: issuer.ProposalBatch, Batch: b.ID, SkipRejected: true}, theirs, issuer.KindMissing, "not_found"},
		"a batch with bad rows":      {issuer.Proposal{Kind: issuer.ProposalBatch, Batch: b.ID}, w, issuer.KindConflict, "rejected_rows"},
		"no settings":                {issuer.Proposal{Kind: issuer.ProposalSettings}, w, issuer.KindInvalid, "settings"},
		"settings without a name":    {issuer.Proposal{Kind: issuer.ProposalSettings, Configuration: &issuer.Configuration{}}, w, issuer.KindInvalid, "name"},
		"a reason that is no text":   {issuer.Proposal{Kind: issuer.ProposalSettings, Why: "a\x00"}, w, issuer.KindInvalid, "why"},
	} {
		_, err := c.by.Propose(t.Context(), c.in, asker)
		wantRefusal(t, name, err, c.kind, c.code)
	}
	if n := d.count(t, "proposal"); n != 0 {
		t.Errorf("%d proposals were kept", n)
	}

	// What belongs to another organisation is not there.
	p := d.propose(t, proposedRevocation(c), asker)
	for name, do := range map[string]func() error{
		"look":     func() error { _, _, err := theirs.Proposal(t.Context(), p.ID); return err },
		"allow":    func() error { _, err := theirs.Allow(t.Context(), p.ID, allower); return err },
		"refuse":   func() error { _, err := theirs.Refuse(t.Context(), p.ID, "", allower); return err },
		"withdraw": func() error { _, err := theirs.Withdraw(t.Context(), p.ID, asker); return err },
	} {
		wantRefusal(t, name, do(), issuer.KindMissing, "not_found")
	}
	if page, _, err := theirs.Proposals(t.Context(), "", "", 0); err != nil || len(page) != 0 {
		t.Errorf("%+v, error %v", page, err)
	}
	if now, _, err := w.Proposal(t.Context(), p.ID); err != nil || now.State != issuer.ProposalOpen {
		t.Errorf("%+v, error %v", now, err)
	}
}

// TestProposalEnds: however a proposal ends, what it said of people is gone, at once or after 30 days.
func TestProposalEnds(t *testing.T) {
	d := newDesk(t, public)
	a := d.publish(t)
	w := d.space(t)
	refused := d.propose(t, proposedAward("ada@example.org"), asker)
	if p, err := w.Refuse(t.Context(), refused.ID, "Ada has not handed in the second lesson.", allower); err != nil || p.State != issuer.ProposalRefused || p.Note == "" || p.Award != nil {
		t.Errorf("%+v, error %v", p, err)
	}
	withdrawn := d.propose(t, proposedAward("ada@example.org"), program)
	if p, err := w.Withdraw(t.Context(), withdrawn.ID, program); err != nil || p.State != issuer.ProposalWithdrawn || p.Award != nil {
		t.Errorf("%+v, error %v", p, err)
	}
	// A revocation that somebody else was faster with, and an award of what was archived, fail; that is an end too.
	c := d.award(t)
	twice := d.propose(t, proposedRevocation(c), asker)
	if _, err := d.Revoke(t.Context(), c.ID, "r", "command line"); err != nil {
		t.Fatal(err)
	}
	p, err := w.Allow(t.Context(), twice.ID, allower)
	wantRefusal(t, "what is revoked", err, issuer.KindConflict, "already_revoked")
	if p.State != issuer.ProposalFailed || p.Code != "already_revoked" || p.Problem == "" || p.Cause != nil {
		t.Errorf("%+v", p)
	}
	c = d.award(t)
	same := d.propose(t, issuer.Proposal{Kind: issuer.ProposalAmend, Credential: c.ID, Amendment: &issuer.Amendment{Note: "Ada said so."}}, asker)
	_, err = w.Allow(t.Context(), same.ID, asker)
	wantRefusal(t, "who asked", err, issuer.KindDenied, "same_person")
	p, err = w.Allow(t.Context(), same.ID, allower)
	wantRefusal(t, "a correction of nothing", err, issuer.KindInvalid, "email")
	if p.State != issuer.ProposalFailed || p.Amendment != nil {
		t.Errorf("%+v", p)
	}
	late := d.propose(t, proposedAward("ada@example.org"), asker)
	failed := d.propose(t, proposedAward("ada@example.org"), asker)
	d.clock.Add(24 * time.Hour)
	if _, err := w.Archive(t.Context(), a.ID, asker); err != nil {
		t.Fatal(err)
	}
	p, err = w.Allow(t.Context(), failed.ID, allower)
	wantRefusal(t, "what is archived", err, issuer.KindConflict, "archived")
	if p.State != issuer.ProposalFailed || p.Award != nil {
		t.Errorf("%+v", p)
	}
	d.wantForgotten(t, "audit", "ada@", "Ada ", "Lovelace", "Copied")
	d.clock.Add(29*24*time.Hour - time.Second)
	if err := d.SweepProposals(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p, _, err := w.Proposal(t.Context(), late.ID); err != nil || p.State != issuer.ProposalOpen || p.Award == nil {
		t.Errorf("%+v, error %v", p, err)
	}
	d.clock.Add(time.Second)
	_, err = w.Allow(t.Context(), late.ID, allower)
	wantRefusal(t, "too late", err, issuer.KindConflict, "proposal_expired")
	d.clock.Add(24 * time.Hour)
	if err := d.SweepProposals(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p, _, err := w.Proposal(t.Context(), late.ID); err != nil || p.State != issuer.ProposalExpired {
		t.Errorf("%+v, error %v", p, err)
	}
	d.wantForgotten(t, "proposal", "ada@example.org", "Lovelace", "Ada has", "Copied", "portfolio", "salt", `"problem"`, `"note"`)
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestAllowOnce: of many who allow at once one does, and the award is made once; one that could not be signed is completed later.
func TestAllowOnce(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	w := d.second(t, issuer.ActAward)
	p := d.propose(t, proposedAward("ada@example.org"), asker)
	var group sync.WaitGroup
	allowed := make([]error, 8)
	for i := range allowed {
		group.Go(func() { _, allowed[i] = w.Allow(t.Context(), p.ID, issuer.Write{Actor: fmt.Sprintf("account:%d", i)}) })
	}
	group.Wait()
	good := 0
	for _, err := range allowed {
		if err == nil {
			good++
			continue
		}
		wantRefusal(t, "the others", err, issuer.KindConflict, "decided")
	}
	if good != 1 || d.count(t, "credential") != 1 {
		t.Errorf("%d allowed it, %d awards", good, d.count(t, "credential"))
	}

	// Signing fails: the proposal is allowed, the award is begun, and finished at the next start.
	p = d.propose(t, proposedAward("bo@example.org"), asker)
	d.check = func(context.Context, []byte) error { return errors.New("broken") }
	done, err := w.Allow(t.Context(), p.ID, allower)
	wantRefusal(t, "a signature that does not hold", err, issuer.KindInternal, "self_check_failed")
	if done.State != issuer.ProposalAllowed || done.Result == "" {
		t.Fatalf("%+v", done)
	}
	d.check = accept
	d.open(t, public)
	if c, err := d.Credential(t.Context(), done.Result); err != nil || c.Issued.IsZero() || d.count(t, "credential") != 2 {
		t.Errorf("%+v, error %v", c, err)
	}

	// Nothing is left half done when the store fails: it is open, or it is done.
	p = d.propose(t, proposedAward("cy@example.org"), asker)
	_ = d.store.Close()
	if _, err := d.Workspace(p.Organisation).Allow(t.Context(), p.ID, allower); err == nil {
		t.Error("allowed without a store")
	}
	d.open(t, public)
	if now, _, err := d.space(t).Proposal(t.Context(), p.ID); err != nil || now.State != issuer.ProposalOpen || d.count(t, "credential") != 2 {
		t.Errorf("%+v, error %v", now, err)
	}
}

// TestProposals holds what any sequence of asking, allowing, refusing, withdrawing and waiting leaves against a model.
func TestProposals(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	w := d.second(t, issuer.ActAward, issuer.ActRevoke)
	type known struct {
		id, by string
		state  issuer.ProposalState
		ends   time.Time
	}
	rapid.Check(t, func(r *rapid.T) {
		var all []*known
		before, awarded := d.count(t, "credential"), 0
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			by := issuer.Write{Actor: rapid.SampledFrom([]string{"account:a", "account:b", "token:a"}).Draw(r, "actor")}
			step := rapid.SampledFrom([]string{"propose", "allow", "allow", "refuse", "withdraw", "wait", "sweep"}).Draw(r, "step")
			switch {
			case step == "wait":
				d.clock.Add(16 * 24 * time.Hour)
				continue
			case step == "sweep":
				d.clock.Add(31 * 24 * time.Hour)
				if err := d.SweepProposals(t.Context()); err != nil {
					r.Fatal(err)
				}
				for _, k := range all {
					if k.state == issuer.ProposalOpen {
						k.state = issuer.ProposalExpired
					}
				}
				continue
			case step == "propose" || len(all) == 0:
				p, err := w.Propose(t.Context(), proposedAward("ada@example.org"), by)
				if err != nil {
					r.Fatal(err)
				}
				all = append(all, &known{p.ID, by.Actor, issuer.ProposalOpen, p.Expires})
				continue
			}
			k := rapid.SampledFrom(all).Draw(r, "proposal")
			var p issuer.Proposal
			var err error
			want, code := k.state, ""
			switch {
			case step == "allow" && by.Actor == "token:a":
				code = "program"
			case k.state != issuer.ProposalOpen:
				code = "decided"
			case !d.clock.Now().Before(k.ends):
				code = "proposal_expired"
			case step != "withdraw" && by.Actor == k.by:
				code = "same_person"
			case step == "withdraw" && by.Actor != k.by:
				code = "other_person"
			default:
				want = map[string]issuer.ProposalState{"allow": issuer.ProposalAllowed, "refuse": issuer.ProposalRefused, "withdraw": issuer.ProposalWithdrawn}[step]
			}
			switch step {
			case "allow":
				p, err = w.Allow(t.Context(), k.id, by)
			case "refuse":
				p, err = w.Refuse(t.Context(), k.id, "", by)
			case "withdraw":
				p, err = w.Withdraw(t.Context(), k.id, by)
			}
			var told *issuer.Error
			switch {
			case code == "" && (err != nil || p.State != want), code != "" && (!errors.As(err, &told) || told.Code != code):
				r.Fatalf("%s by %s of one by %s that is %s: %s, error %v, want %s %q", step, by.Actor, k.by, k.state, p.State, err, want, code)
			}
			if k.state = want; want == issuer.ProposalAllowed && code == "" {
				awarded++
			}
		}
		for _, k := range all {
			if p, _, err := w.Proposal(t.Context(), k.id); err != nil || p.State != k.state || (p.Award != nil) != (k.state == issuer.ProposalOpen) {
				r.Fatalf("%+v, want %s, error %v", p, k.state, err)
			}
		}
		if now := d.count(t, "credential"); now != before+awarded {
			r.Fatalf("%d awards, want %d", now-before, awarded)
		}
	})
}
