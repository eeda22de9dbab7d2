package issuer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/issuer"
)

const day = 24 * time.Hour

func inquiry(c issuer.Credential, suspend bool) issuer.CaseInput {
	return issuer.CaseInput{Credential: c.ID, Code: issuer.ReasonPolicy, Allegation: "The portfolio was written by a machine.", Suspend: suspend}
}

func (d *desk) openCase(t testing.TB, in issuer.CaseInput) issuer.Case {
	t.Helper()
	c, version, err := d.space(t).OpenCase(t.Context(), in, asker)
	if err != nil || version != 1 || c.State != issuer.CaseOpen || c.By != asker.Actor {
		t.Fatalf("%+v, version %d, error %v", c, version, err)
	}
	return c
}

// TestCase goes through a case as the written policy has it: allegation, notice, answer, document, votes, decision.
func TestCase(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	w := d.second(t, issuer.ActRevoke)
	ctx := t.Context()
	award := d.award(t)
	c := d.openCase(t, inquiry(award, true))
	d.wantBits(t, award, false, true)
	if now, err := d.Credential(ctx, award.ID); err != nil || !c.Suspended || now.Suspended == nil || now.Suspended.Code != issuer.ReasonInquiry {
		t.Errorf("%+v, error %v", now.Suspended, err)
	}
	_, _, err := w.OpenCase(ctx, inquiry(award, false), allower)
	wantRefusal(t, "a second case", err, issuer.KindConflict, "case_open")
	due := d.clock.Now().Add(14 * day)
	if c, _, err = w.NotifyCase(ctx, c.ID, time.Time{}, due, "Please tell us how you worked.", asker); err != nil || c.State != issuer.CaseNoticed || !c.Due.Equal(due) {
		t.Fatalf("%+v, error %v", c, err)
	}
	_, _, err = w.VoteOnCase(ctx, c.ID, true, "", allower)
	wantRefusal(t, "a vote before the answer", err, issuer.KindConflict, "not_heard")
	d.clock.Add(2 * day)
	if c, _, err = w.AnswerCase(ctx, c.ID, "I wrote it myself.", true, time.Time{}, issuer.Write{Actor: "earner"}); err != nil || c.State != issuer.CaseAnswered {
		t.Fatalf("%+v, error %v", c, err)
	}
	digest := "sha256-" + strings.Repeat("A", 43) + "="
	if c, _, err = w.AddToCase(ctx, c.ID, "https://files.example.org/report.pdf", digest, "The report of the check.", asker); err != nil {
		t.Fatal(err)
	}
	// The last vote of each counts, and the decision follows them. Who opened the case does not revoke by their own vote alone.
	for _, vote := range []struct {
		by     issuer.Write
		revoke bool
	}{{asker, true}, {allower, false}, {issuer.Write{Actor: "account:third"}, false}} {
		if _, _, err := w.VoteOnCase(ctx, c.ID, vote.revoke, "Read it twice.", vote.by); err != nil {
			t.Fatal(err)
		}
	}
	revoke := issuer.Decision{Verdict: issuer.VerdictRevoke, Code: issuer.ReasonPolicy, Reason: "It is not the earner's own work.", Note: "As the check found."}
	_, _, err = w.DecideCase(ctx, c.ID, revoke, asker)
	wantRefusal(t, "against the votes", err, issuer.KindConflict, "against_votes")
	if _, _, err := w.VoteOnCase(ctx, c.ID, true, "Read it a third time.", allower); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.DecideCase(ctx, c.ID, issuer.Decision{Verdict: issuer.VerdictKeep}, asker)
	wantRefusal(t, "against the votes", err, issuer.KindConflict, "against_votes")
	_, _, err = w.DecideCase(ctx, c.ID, revoke, program)
	wantRefusal(t, "a program", err, issuer.KindDenied, "program")
	c, version, err := w.DecideCase(ctx, c.ID, revoke, asker)
	if err != nil || c.State != issuer.CaseDecided || c.Decision.Votes != 3 || c.Decision.For != 2 || c.Decision.By != asker.Actor {
		t.Fatalf("%+v, error %v", c, err)
	}
	d.wantBits(t, award, true, true)
	if now, err := d.Credential(ctx, award.ID); err != nil || now.Revoked == nil || now.Revoked.Code != issuer.ReasonPolicy || now.Revoked.Reason != revoke.Reason || now.Revoked.Note != revoke.Note {
		t.Errorf("%+v, error %v", now.Revoked, err)
	}
	_, _, err = w.CloseCase(ctx, c.ID, issuer.Write{Actor: asker.Actor, Versions: []uint64{version - 1}})
	wantRefusal(t, "another version", err, issuer.KindConflict, "version")
	if c, _, err = w.CloseCase(ctx, c.ID, asker); err != nil || c.State != issuer.CaseClosed || c.Closed == nil {
		t.Fatalf("%+v, error %v", c, err)
	}
	_, _, err = w.OpenCase(ctx, inquiry(award, false), asker)
	wantRefusal(t, "on a revoked award", err, issuer.KindConflict, "already_revoked")
	if len(c.Entries) != 7 || c.Entries[2].Digest != digest || c.Entries[6].Number != 7 {
		t.Errorf("%+v", c.Entries)
	}

	// The log tells of every step, by ids only; erasing the award takes the texts away and leaves the steps.
	words := []string{"machine", "how you worked", "myself", "report", "twice", "third time", "own work", "check found", digest, "salt"}
	d.wantForgotten(t, "audit", words...)
	for action, want := range map[string]int{"case.opened": 1, "case.notice": 1, "case.answer": 1, "case.document": 1, "case.vote": 4, "case.decided": 1, "case.closed": 1, "credential.suspended": 1, "credential.revoked": 1} {
		if n := d.actions(t, action); n != want {
			t.Errorf("%d entries %s, want %d", n, action, want)
		}
	}
	if _, err := d.Erase(ctx, award.ID, "", "earner"); err != nil {
		t.Fatal(err)
	}
	d.wantForgotten(t, "case", words...)
	erased, _, err := w.Case(ctx, c.ID)
	if err != nil || !erased.Erased || len(erased.Entries) != 7 || erased.Decision.Verdict != issuer.VerdictRevoke || erased.Decision.For != 2 || erased.Entries[3].By != asker.Actor {
		t.Errorf("%+v, error %v", erased, err)
	}
	if _, err := d.VerifyAuditDeep(ctx); err != nil {
		t.Error(err)
	}
}

func TestCaseRefuses(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	other, err := d.CreateOrganisation(t.Context(), "Lakeside", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	award := d.award(t)
	ours, theirs := d.space(t), d.Workspace(other.ID)
	c := d.openCase(t, inquiry(award, false))
	ctx, now, long := t.Context(), d.clock.Now(), strings.Repeat("x", 20_001)
	open := func(w issuer.Workspace, in issuer.CaseInput) error {
		_, _, err := w.OpenCase(ctx, in, asker)
		return err
	}
	notify := func(w issuer.Workspace, sent, due time.Time, text string) error {
		_, _, err := w.NotifyCase(ctx, c.ID, sent, due, text, asker)
		return err
	}
	add := func(w issuer.Workspace, address, digest, text string) error {
		_, _, err := w.AddToCase(ctx, c.ID, address, digest, text, asker)
		return err
	}
	decide := func(w issuer.Workspace, decision issuer.Decision) error {
		_, _, err := w.DecideCase(ctx, c.ID, decision, asker)
		return err
	}
	answer := func(w issuer.Workspace, text string) error {
		_, _, err := w.AnswerCase(ctx, c.ID, text, false, time.Time{}, asker)
		return err
	}
	closes := func(w issuer.Workspace) error { _, _, err := w.CloseCase(ctx, c.ID, asker); return err }
	votes := func(w issuer.Workspace, by issuer.Write) error {
		_, _, err := w.VoteOnCase(ctx, c.ID, true, "", by)
		return err
	}
	look := func(w issuer.Workspace) error { _, _, err := w.Case(ctx, c.ID); return err }
	unknown := inquiry(award, false)
	unknown.Code = issuer.ReasonSuperseded
	silent := inquiry(award, false)
	silent.Allegation = " "
	nobody := inquiry(issuer.Credential{ID: "aaaaaaaaaaaaaaaaaaaaaa"}, true)
	revoke := issuer.Decision{Verdict: issuer.VerdictRevoke, Code: issuer.ReasonPolicy, Reason: "r"}
	for name, one := range map[string]struct {
		err  error
		kind issuer.ErrorKind
		code string
	}{
		"a code that is none":               {open(ours, unknown), issuer.KindInvalid, "code"},
		"no allegation":                     {open(ours, silent), issuer.KindInvalid, "text"},
		"an award that is not there":        {open(ours, nobody), issuer.KindMissing, "not_found"},
		"an award of another":               {open(theirs, inquiry(award, true)), issuer.KindMissing, "not_found"},
		"look at that of another":           {look(theirs), issuer.KindMissing, "not_found"},
		"tell for another":                  {notify(theirs, now, now.Add(day), "n"), issuer.KindMissing, "not_found"},
		"answer for another":                {answer(theirs, "a"), issuer.KindMissing, "not_found"},
		"add to that of another":            {add(theirs, "https://a.example", "", "d"), issuer.KindMissing, "not_found"},
		"vote on that of another":           {votes(theirs, asker), issuer.KindMissing, "not_found"},
		"decide that of another":            {decide(theirs, issuer.Decision{Verdict: issuer.VerdictKeep}), issuer.KindMissing, "not_found"},
		"close that of another":             {closes(theirs), issuer.KindMissing, "not_found"},
		"a notice of nothing":               {notify(ours, now, now.Add(day), ""), issuer.KindInvalid, "text"},
		"a notice of too much":              {notify(ours, now, now.Add(day), long), issuer.KindInvalid, "text"},
		"a notice to come":                  {notify(ours, now.Add(time.Hour), now.Add(day), "n"), issuer.KindInvalid, "sent"},
		"a notice before the case":          {notify(ours, now.Add(-time.Hour), now.Add(day), "n"), issuer.KindInvalid, "sent"},
		"no time to answer":                 {notify(ours, now, now, "n"), issuer.KindInvalid, "due"},
		"an answer to no notice":            {answer(ours, "a"), issuer.KindConflict, "not_noticed"},
		"an empty answer":                   {answer(ours, "\t"), issuer.KindInvalid, "text"},
		"no document":                       {add(ours, "", "", "d"), issuer.KindInvalid, "document"},
		"a document that is a script":       {add(ours, "javascript:alert(1)", "", "d"), issuer.KindInvalid, "url"},
		"a digest that is none":             {add(ours, "", "sha256-AAAA", "d"), issuer.KindInvalid, "digest"},
		"a digest of an unknown kind":       {add(ours, "", "md5-AAAAAAAAAAAAAAAAAAAAAA==", "d"), issuer.KindInvalid, "digest"},
		"a vote before the notice":          {votes(ours, asker), issuer.KindConflict, "not_heard"},
		"a vote of a program":               {votes(ours, program), issuer.KindDenied, "program"},
		"to revoke before the notice":       {decide(ours, revoke), issuer.KindConflict, "not_heard"},
		"no verdict":                        {decide(ours, issuer.Decision{}), issuer.KindInvalid, "verdict"},
		"to keep with a code":               {decide(ours, issuer.Decision{Verdict: issuer.VerdictKeep, Code: issuer.ReasonError}), issuer.KindInvalid, "verdict"},
		"to revoke without a reason":        {decide(ours, issuer.Decision{Verdict: issuer.VerdictRevoke, Code: issuer.ReasonError}), issuer.KindInvalid, "reason"},
		"to revoke without a code":          {decide(ours, issuer.Decision{Verdict: issuer.VerdictRevoke, Reason: "r"}), issuer.KindInvalid, "code"},
		"to close what nobody has decided":  {closes(ours), issuer.KindConflict, "not_decided"},
		"to amend with a very long comment": {decide(ours, issuer.Decision{Verdict: issuer.VerdictAmend, Note: long}), issuer.KindInvalid, "note"},
	} {
		wantRefusal(t, name, one.err, one.kind, one.code)
	}
	if after, version, err := ours.Case(ctx, c.ID); err != nil || version != 1 || after.State != issuer.CaseOpen || len(after.Entries) != 0 {
		t.Errorf("%+v, error %v", after, err)
	}
	d.wantBits(t, award, false, false)
	for _, f := range []issuer.CaseFilter{{}, {State: issuer.CaseOpen}, {Credential: award.ID}, {Credential: award.ID, State: issuer.CaseOpen}} {
		if page, _, err := ours.Cases(ctx, f, "", 0); err != nil || len(page) != 1 {
			t.Errorf("%+v: %d cases, error %v", f, len(page), err)
		}
		if page, _, err := theirs.Cases(ctx, f, "", 0); err != nil || len(page) != 0 {
			t.Errorf("%+v: %d cases of another, error %v", f, len(page), err)
		}
	}
	if page, _, err := ours.Cases(ctx, issuer.CaseFilter{State: issuer.CaseClosed}, "", 0); err != nil || len(page) != 0 {
		t.Errorf("%d cases, error %v", len(page), err)
	}
	_, _, err = ours.Cases(ctx, issuer.CaseFilter{}, "x", 0)
	wantRefusal(t, "a cursor that is none", err, issuer.KindInvalid, "cursor")
}

// TestCases: cases accept only the steps of the model, whatever is tried in whatever order, and the award stands as they say.
func TestCases(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	w := d.space(t)
	rapid.Check(t, func(r *rapid.T) {
		award := d.award(t)
		suspended := rapid.Bool().Draw(r, "suspend")
		d.second(t, rapid.SampledFrom([][]issuer.Act{nil, {issuer.ActRevoke}}).Draw(r, "second")...)
		second := len(d.organisation(t).Settings.Second) > 0
		c := d.openCase(t, inquiry(award, suspended))
		state, revoked, due := issuer.CaseOpen, false, time.Time{}
		votes := map[string]bool{}
		for range rapid.IntRange(1, 10).Draw(r, "steps") {
			by := issuer.Write{Actor: rapid.SampledFrom([]string{asker.Actor, allower.Actor, "token:a"}).Draw(r, "actor")}
			step := rapid.SampledFrom([]string{"notice", "answer", "document", "vote", "decide", "decide", "close", "wait"}).Draw(r, "step")
			now := d.clock.Now()
			heard := state == issuer.CaseAnswered || state == issuer.CaseNoticed && !now.Before(due)
			decided := state == issuer.CaseDecided || state == issuer.CaseClosed
			toRevoke, another := 0, false
			for actor, yes := range votes {
				if yes {
					toRevoke++
					another = another || actor != by.Actor
				}
			}
			want, good := state, false
			var err error
			var after issuer.Case
			switch step {
			case "wait":
				d.clock.Add(5 * day)
				continue
			case "notice":
				ends := now.Add(time.Duration(rapid.IntRange(1, 9).Draw(r, "days")) * day)
				good = !decided && state != issuer.CaseAnswered && !ends.Before(due)
				after, _, err = w.NotifyCase(t.Context(), c.ID, time.Time{}, ends, "n", by)
				if good {
					want, due = issuer.CaseNoticed, ends
				}
			case "answer":
				good = state == issuer.CaseNoticed || state == issuer.CaseAnswered
				after, _, err = w.AnswerCase(t.Context(), c.ID, "a", false, time.Time{}, by)
				if good {
					want = issuer.CaseAnswered
				}
			case "document":
				good = !decided
				after, _, err = w.AddToCase(t.Context(), c.ID, "https://files.example.org/1", "", "d", by)
			case "vote":
				yes := rapid.Bool().Draw(r, "for")
				good = heard && by.Actor != "token:a"
				after, _, err = w.VoteOnCase(t.Context(), c.ID, yes, "", by)
				if good {
					votes[by.Actor] = yes
				}
			case "decide":
				decision := issuer.Decision{Verdict: rapid.SampledFrom([]issuer.Verdict{issuer.VerdictRevoke, issuer.VerdictRevoke, issuer.VerdictKeep, issuer.VerdictAmend}).Draw(r, "verdict")}
				revokes := decision.Verdict == issuer.VerdictRevoke
				if revokes {
					decision.Code, decision.Reason = issuer.ReasonPolicy, "r"
					decision.Urgent = rapid.SampledFrom([]string{"", "", "A child is in danger."}).Draw(r, "urgent")
				}
				good = !decided && by.Actor != "token:a" && (!revokes || heard || decision.Urgent != "") &&
					(len(votes) == 0 || revokes == (2*toRevoke > len(votes))) &&
					(!revokes || !second || another || by.Actor != asker.Actor)
				after, _, err = w.DecideCase(t.Context(), c.ID, decision, by)
				if good {
					want, revoked = issuer.CaseDecided, revokes
					if !revokes {
						suspended = false
					}
				}
			case "close":
				good = state == issuer.CaseDecided
				after, _, err = w.CloseCase(t.Context(), c.ID, by)
				if good {
					want = issuer.CaseClosed
				}
			}
			var told *issuer.Error
			if good && (err != nil || after.State != want) || !good && !errors.As(err, &told) {
				r.Fatalf("%s by %s while %s: %s, error %v; want it %v and %s", step, by.Actor, state, after.State, err, good, want)
			}
			state = want
		}
		if now, _, err := w.Case(t.Context(), c.ID); err != nil || now.State != state {
			r.Fatalf("%s, want %s, error %v", now.State, state, err)
		}
		if now, err := d.Credential(t.Context(), award.ID); err != nil || (now.Revoked != nil) != revoked || (now.Suspended != nil) != suspended {
			r.Fatalf("revoked %v, want %v; suspended %v, want %v; error %v", now.Revoked, revoked, now.Suspended, suspended, err)
		}
	})
}

// TestCaseBeside: what happens to the award beside its case does not stand in the way of the case.
func TestCaseBeside(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	w := d.space(t)
	ctx := t.Context()
	for name, one := range map[string]struct {
		meanwhile          func(issuer.Credential) error
		verdict            issuer.Verdict
		revoked, suspended bool
	}{
		"reinstated, then kept":    {func(c issuer.Credential) error { _, err := d.Reinstate(ctx, c.ID, "x"); return err }, issuer.VerdictKeep, false, false},
		"revoked, then kept":       {func(c issuer.Credential) error { _, err := d.Revoke(ctx, c.ID, "r", "x"); return err }, issuer.VerdictKeep, true, true},
		"revoked, then revoked":    {func(c issuer.Credential) error { _, err := d.Revoke(ctx, c.ID, "r", "x"); return err }, issuer.VerdictRevoke, true, true},
		"reinstated, then revoked": {func(c issuer.Credential) error { _, err := d.Reinstate(ctx, c.ID, "x"); return err }, issuer.VerdictRevoke, true, false},
		"suspended for something else, then kept": {func(c issuer.Credential) error {
			_, err := d.Reinstate(ctx, c.ID, "x")
			return errors.Join(err, func() error { _, err := d.Suspend(ctx, c.ID, "r", "x"); return err }())
		}, issuer.VerdictKeep, false, true},
	} {
		award := d.award(t)
		c := d.openCase(t, inquiry(award, true))
		if err := one.meanwhile(award); err != nil {
			t.Fatal(err)
		}
		decision := issuer.Decision{Verdict: one.verdict}
		if one.verdict == issuer.VerdictRevoke {
			decision.Code, decision.Reason, decision.Urgent = issuer.ReasonPolicy, "r", "u"
		}
		if _, _, err := w.DecideCase(ctx, c.ID, decision, allower); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if now, err := d.Credential(ctx, award.ID); err != nil || (now.Revoked != nil) != one.revoked || (now.Suspended != nil) != one.suspended {
			t.Errorf("%s: revoked %v, suspended %v, error %v", name, now.Revoked, now.Suspended, err)
		}
	}

	// Erasing an award ends its case and what is proposed on it.
	award := d.award(t)
	c := d.openCase(t, inquiry(award, true))
	p := d.propose(t, proposedRevocation(award), asker)
	if _, err := d.Erase(ctx, award.ID, "", "earner"); err != nil {
		t.Fatal(err)
	}
	if now, _, err := w.Case(ctx, c.ID); err != nil || now.State != issuer.CaseClosed || now.Allegation != "" {
		t.Errorf("%+v, error %v", now, err)
	}
	if now, _, err := w.Proposal(ctx, p.ID); err != nil || now.State != issuer.ProposalWithdrawn || now.Cause != nil {
		t.Errorf("%+v, error %v", now, err)
	}
	_, _, err := w.OpenCase(ctx, inquiry(award, false), asker)
	wantRefusal(t, "on an erased award", err, issuer.KindConflict, "erased")

	if _, err := d.VerifyAuditDeep(ctx); err != nil {
		t.Error(err)
	}
}

// TestCaseFull: a case holds a bounded number of entries, and can be decided then.
func TestCaseFull(t *testing.T) {
	if testing.Short() {
		t.Skip("two hundred writes")
	}
	d := newDesk(t, public)
	d.publish(t)
	w, ctx := d.space(t), t.Context()
	c := d.openCase(t, inquiry(d.award(t), false))
	for i := range 200 {
		if _, _, err := w.AddToCase(ctx, c.ID, fmt.Sprintf("https://files.example.org/%d", i), "", "d", asker); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := w.AddToCase(ctx, c.ID, "https://files.example.org/more", "", "d", asker)
	wantRefusal(t, "one entry more", err, issuer.KindConflict, "case_full")
	if _, _, err := w.DecideCase(ctx, c.ID, issuer.Decision{Verdict: issuer.VerdictKeep}, asker); err != nil {
		t.Errorf("a full case cannot be decided: %v", err)
	}
}
