package issuer_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// TestEraseTakesTwo: where revoking needs a second person, nobody of the staff erases alone; the operator does, and the log says so.
func TestEraseTakesTwo(t *testing.T) {
	l := newLife(t, public)
	ctx := t.Context()
	ada := issuer.AwardInput{Recipient: "ada@example.org", Name: "Ada Lovelace"}
	one, two, three := l.issue(t, ada), l.issue(t, ada), l.issue(t, ada)
	theirs := l.other(t)
	w := l.second(t, issuer.ActRevoke)

	_, err := w.EraseAward(ctx, one.ID, "by letter", asker)
	wantRefusal(t, "alone", err, issuer.KindDenied, "second_person")
	_, err = w.EraseAward(ctx, one.ID, "by letter", program)
	wantRefusal(t, "a program alone", err, issuer.KindDenied, "second_person")
	if c := l.now(t, one.ID); c.Erased != nil || c.JSON == nil {
		t.Fatal("one person erased an award")
	}

	erasure := issuer.Proposal{Kind: issuer.ProposalErase, Credential: one.ID, Cause: &issuer.Cause{Reason: "Lovelace wrote"}, Why: "Lovelace asks"}
	p := l.propose(t, erasure, asker)
	_, err = w.Propose(ctx, erasure, asker)
	wantRefusal(t, "proposed twice", err, issuer.KindConflict, "proposed")
	_, err = w.Allow(ctx, p.ID, asker)
	wantRefusal(t, "allowed by who asked", err, issuer.KindDenied, "same_person")
	p, err = w.Allow(ctx, p.ID, allower)
	if c := l.now(t, one.ID); err != nil || p.State != issuer.ProposalAllowed || p.Result != one.ID || p.Cause != nil || p.Why != "" || c.Erased == nil || c.Erased.By != allower.Actor || c.JSON != nil {
		t.Fatalf("%+v, %+v, error %v", p, c.Erased, err)
	}
	if _, err := w.EraseAward(ctx, one.ID, "", asker); err != nil {
		t.Errorf("what is left of an erasure: %v", err)
	}
	_, err = w.Propose(ctx, erasure, asker)
	wantRefusal(t, "what is erased", err, issuer.KindConflict, "already_erased")

	// All of a person: the awards that were there when it was proposed, and what is planned or proposed for them.
	l.propose(t, proposedAward("ada@example.org"), asker)
	person := issuer.Proposal{Kind: issuer.ProposalErase, Address: " Ada@Example.org", Awards: []string{two.ID, three.ID}, Cause: &issuer.Cause{Reason: "Lovelace wrote"}}
	_, err = theirs.Propose(ctx, person, asker)
	wantRefusal(t, "awards of others", err, issuer.KindMissing, "not_found")
	p = l.propose(t, person, asker)
	_, err = w.Propose(ctx, person, asker)
	wantRefusal(t, "a person twice", err, issuer.KindConflict, "proposed")
	if _, err := l.Erase(ctx, three.ID, "", "operator"); err != nil { // the operator needs nobody
		t.Fatal(err)
	}
	late := l.issue(t, ada)
	p, err = w.Allow(ctx, p.ID, allower)
	if err != nil || p.State != issuer.ProposalAllowed || p.Address != "" || p.Awards != nil {
		t.Fatalf("%+v, error %v", p, err)
	}
	if l.now(t, two.ID).Erased.By != allower.Actor || l.now(t, three.ID).Erased.By != "operator" || l.now(t, late.ID).Erased != nil {
		t.Error("it is not the awards that were proposed which are erased")
	}
	l.wantForgotten(t, "proposal", "ada@example.org", "Lovelace")
	if open, _, err := w.Proposals(ctx, issuer.ProposalOpen, "", 10); err != nil || len(open) != 0 {
		t.Errorf("%+v, error %v", open, err)
	}

	// The earner's own erasure ends the question.
	p = l.propose(t, issuer.Proposal{Kind: issuer.ProposalErase, Credential: late.ID}, asker)
	if _, err := l.Erase(ctx, late.ID, "", "earner"); err != nil {
		t.Fatal(err)
	}
	if p, _, err := w.Proposal(ctx, p.ID); err != nil || p.State != issuer.ProposalWithdrawn {
		t.Errorf("%+v, error %v", p, err)
	}
	for name, in := range map[string]issuer.Proposal{
		"nothing": {Kind: issuer.ProposalErase}, "both": {Kind: issuer.ProposalErase, Credential: late.ID, Address: "ada@example.org"},
		"no address": {Kind: issuer.ProposalErase, Address: "ada"},
	} {
		_, err := w.Propose(ctx, in, asker)
		wantRefusal(t, name, err, issuer.KindInvalid, "email")
	}
	_, err = w.Propose(ctx, issuer.Proposal{Kind: issuer.ProposalErase, Address: "ada@example.org", Awards: make([]string, 1001)}, asker)
	wantRefusal(t, "too many", err, issuer.KindConflict, "too_many")
}

// TestErasePersonWhole: what another person allowed is erased to the end, some awards at a time, with rejected rows whose address was broken;
// where it was cut short, the sweep goes on with it.
func TestErasePersonWhole(t *testing.T) {
	const address = "ada.lovelace@example.org"
	for _, cut := range []bool{false, true} {
		l := newLife(t, public)
		ctx := t.Context()
		many := l.batch(t, 102) // more than one transaction erases
		l.run(t, many.ID)
		var ids []string
		for _, row := range l.rowsOf(t, many.ID) {
			ids = append(ids, row.Award)
		}
		w := l.second(t, issuer.ActRevoke)
		broken, err := l.PrepareBatch(ctx, issuer.PrepareInput{Name: "Spring", Header: []string{"Email", "Name"}, Awards: []issuer.BatchRowInput{{Award: issuer.AwardInput{Achievement: l.a.ID}, Number: 2,
			Cells: []string{"ada.lovelace@@example.org", "Ada"}, Problems: []issuer.RowProblem{{Row: 2, Column: "Email", Value: "ada.lovelace@@example.org", Code: "email", Detail: "It is not one."}}}}}, staff)
		if err != nil {
			t.Fatal(err)
		}
		l.propose(t, proposedAward(address), asker)
		p := l.propose(t, issuer.Proposal{Kind: issuer.ProposalErase, Address: address, Awards: ids, Cause: &issuer.Cause{Reason: "She wrote"}}, asker)
		if cut { // after the first transaction
			kind := issuer.Kinds()[slices.IndexFunc(issuer.Kinds(), func(k issuer.Kind) bool { return k.Name == "proposal" })]
			if err := l.store.Update(ctx, func(tx issuer.Tx) error {
				row, err := tx.Get(kind, p.ID)
				if err != nil {
					return err
				}
				row.Body = bytes.Replace(row.Body, []byte(`"state":"open"`), []byte(`"state":"allowed","decidedBy":"`+allower.Actor+`"`), 1)
				row.Lookups[1] = p.Organisation + "/" + string(issuer.ProposalAllowed)
				return tx.Put(kind, row)
			}); err != nil {
				t.Fatal(err)
			}
			_, err = w.Allow(ctx, p.ID, allower)
			wantRefusal(t, "twice", err, issuer.KindConflict, "decided")
			if err := l.SweepProposals(ctx); err != nil {
				t.Fatal(err)
			}
			p, _, err = w.Proposal(ctx, p.ID)
		} else {
			p, err = w.Allow(ctx, p.ID, allower)
		}
		if err != nil || p.State != issuer.ProposalAllowed || p.Address != "" || p.Awards != nil || p.Cause != nil {
			t.Errorf("cut short %v: %+v, error %v", cut, p, err)
		}
		for _, id := range ids {
			if c := l.now(t, id); c.Erased == nil || c.Erased.By != allower.Actor {
				t.Fatalf("cut short %v: %s is not erased", cut, id)
			}
		}
		if rows, _, err := l.BatchRejected(ctx, broken.ID, "", 10); err != nil || len(rows) != 1 || rows[0].Cells != nil {
			t.Errorf("%+v, error %v", rows, err)
		}
		l.wantForgotten(t, "proposal", "lovelace")
		if n := l.actions(t, issuer.ActionPersonErased); n != 1 {
			t.Errorf("the log tells of it %d times", n)
		}
		if err := l.SweepProposals(ctx); err != nil || l.actions(t, issuer.ActionPersonErased) != 1 {
			t.Errorf("done again, error %v", err)
		}
	}
}
