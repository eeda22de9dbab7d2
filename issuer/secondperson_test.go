package issuer_test

import (
	"slices"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// TestSecondPersonReplaces: an award that takes the place of another under the policy replace revokes it, so it needs a second person where
// revoking does; alone, in a batch, and in a batch that was confirmed before the policy was changed.
func TestSecondPersonReplaces(t *testing.T) {
	l := newLife(t, public)
	old := l.issue(t, issuer.AwardInput{Recipient: "ada@example.org"})
	w := l.second(t, issuer.ActRevoke)
	ctx := t.Context()
	row := func(email string) []issuer.BatchRowInput {
		return given([]issuer.AwardInput{{Recipient: email}}).Awards
	}
	prepare := func(rows []issuer.BatchRowInput) issuer.Batch {
		b, err := w.PrepareBatch(ctx, issuer.PrepareInput{Name: "Spring", Awards: rows}, asker)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	before := prepare(row("ada@example.org")) // while a second award is allowed beside the first
	if _, err := w.ConfirmBatch(ctx, before.ID, false, asker); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetAchievement(ctx, l.a.ID, issuer.AchievementSettings{Duplicates: issuer.DuplicatesReplaced}, asker); err != nil {
		t.Fatal(err)
	}
	_, err := w.Issue(ctx, issuer.AwardInput{Recipient: "ada@example.org"}, asker)
	wantRefusal(t, "to replace alone", err, issuer.KindDenied, "second_person")
	b := prepare(row("ada@example.org"))
	_, err = w.ConfirmBatch(ctx, b.ID, false, asker)
	wantRefusal(t, "to confirm a batch that replaces alone", err, issuer.KindDenied, "second_person")
	other := l.publish(t)
	several := prepare(given([]issuer.AwardInput{{Achievement: l.a.ID, Recipient: "ada@example.org"}, {Achievement: other.ID, Recipient: "ada@example.org"}}).Awards)
	_, err = w.ConfirmBatch(ctx, several.ID, false, asker)
	wantRefusal(t, "to confirm a batch of several achievements alone", err, issuer.KindDenied, "second_person")
	if done := l.run(t, before.ID); done.Failed != 1 || l.rowsOf(t, before.ID)[0].Code != "second_person" {
		t.Errorf("%+v", done)
	}
	if len(l.drafts(t)) != 0 || l.now(t, old.ID).Revoked != nil || l.count(t, "credential") != 1 {
		t.Fatal("one person replaced an award")
	}
	if _, err := w.Issue(ctx, issuer.AwardInput{Achievement: l.a.ID, Recipient: "bo@example.org"}, asker); err != nil {
		t.Errorf("an award that takes no place: %v", err)
	}

	// Where another person allows it, it is done.
	p := l.propose(t, issuer.Proposal{Kind: issuer.ProposalAward, Award: &issuer.AwardInput{Achievement: l.a.ID, Recipient: "ada@example.org"}}, asker)
	p, err = w.Allow(ctx, p.ID, allower)
	if now := l.now(t, old.ID); err != nil || now.SupersededBy != p.Result || now.Revoked == nil || now.Revoked.By != allower.Actor {
		t.Errorf("%+v, error %v", now, err)
	}
	p = l.propose(t, issuer.Proposal{Kind: issuer.ProposalBatch, Batch: b.ID}, asker)
	if _, err := w.Allow(ctx, p.ID, allower); err != nil {
		t.Fatal(err)
	}
	if done := l.run(t, b.ID); done.Done != 1 || l.now(t, old.ID).SupersededBy == "" {
		t.Errorf("%+v", done)
	}
}

// TestSecondPersonSigns: where two award, a program alone does not sign that somebody has earned something; where two revoke, it does not
// revoke what it signed.
func TestSecondPersonSigns(t *testing.T) {
	d, o := signingDesk(t, public)
	w := d.space(t)
	in := issuer.SignInput{Document: unsigned(o.DID), Purposes: []string{"revocation", "suspension"}}
	if _, err := w.Sign(t.Context(), in, program); err != nil {
		t.Fatal(err)
	}
	w = d.second(t, issuer.ActAward, issuer.ActRevoke)
	for name, document := range map[string][]byte{"as the organisation": unsigned(o.DID), "as one of its keys": unsigned(keyOf(t, o, keys.ES256))} {
		_, err := w.Sign(t.Context(), issuer.SignInput{Document: document}, program)
		wantRefusal(t, name, err, issuer.KindDenied, "second_person")
	}
	change := issuer.StatusChange{Name: "urn:uuid:5d3d1d2c-51d4-4b41-9f0e-6c1e8f3c2a11", Purpose: "revocation", Set: true}
	wantRefusal(t, "to revoke a document", w.SetStatus(t.Context(), change, program), issuer.KindDenied, "second_person")
	change.Purpose = "suspension"
	for _, set := range []bool{true, false} {
		change.Set = set
		if err := w.SetStatus(t.Context(), change, program); err != nil {
			t.Errorf("one person suspends and reinstates: %v", err)
		}
	}
	if n := d.actions(t, "document.signed"); n != 1 {
		t.Errorf("%d documents were signed", n)
	}
	w = d.second(t, issuer.ActAward)
	change.Purpose, change.Set = "revocation", true
	if err := w.SetStatus(t.Context(), change, program); err != nil {
		t.Errorf("where one person revokes: %v", err)
	}
}

// TestSecondPersonMadeToken: nobody allows what a program asked for with a token of theirs, or with one that such a token made.
func TestSecondPersonMadeToken(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	w := d.second(t, issuer.ActAward)
	in := issuer.TokenInput{Name: "LMS", Scopes: []issuer.Scope{issuer.ScopeCredentialsPropose, issuer.ScopePeopleWrite}}
	first, err := w.CreateToken(t.Context(), in, issuer.Token{Scopes: issuer.Scopes()}, asker)
	if err != nil || first.By != asker.Actor {
		t.Fatal(first.By, err)
	}
	second, err := w.CreateToken(t.Context(), in, first.Token, issuer.Write{Actor: first.Actor()})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := d.CreateToken(t.Context(), issuer.TokenInput{Scopes: in.Scopes, Actor: "command line"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		token issuer.Token
		by    issuer.Write
		code  string
	}{
		"their token":                   {first.Token, asker, "same_person"},
		"a token that their token made": {second.Token, asker, "same_person"},
		"a program":                     {first.Token, issuer.Write{Actor: ours.Actor()}, "program"},
		"another person":                {second.Token, allower, ""},
		"a token of the operator":       {ours.Token, asker, ""},
	} {
		p := d.propose(t, proposedAward("ada@example.org"), issuer.Write{Actor: c.token.Actor()})
		p, err := w.Allow(t.Context(), p.ID, c.by)
		if c.code != "" {
			wantRefusal(t, name, err, issuer.KindDenied, c.code)
		} else if err != nil || p.State != issuer.ProposalAllowed {
			t.Errorf("%s: %+v, error %v", name, p, err)
		}
	}
	if id, is := issuer.TokenOf(first.Actor()); !is || id != first.ID {
		t.Error(id, is)
	}
	if _, is := issuer.TokenOf(asker.Actor); is {
		t.Error("an account is taken for a token")
	}
}

// TestProposedSettingsMeanwhile: settings that were changed since they were proposed are not changed back, and what they were stays.
func TestProposedSettingsMeanwhile(t *testing.T) {
	d := newDesk(t, public)
	w := d.second(t, issuer.ActRevoke)
	now, version, err := w.Organisation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	proposed := issuer.Proposal{Kind: issuer.ProposalSettings, Configuration: &issuer.Configuration{Name: now.Name, Email: now.Email}}
	_, err = w.Propose(t.Context(), proposed, issuer.Write{Actor: asker.Actor, Versions: []uint64{version + 1}})
	wantRefusal(t, "on another version", err, issuer.KindConflict, "version")
	first := d.propose(t, proposed, issuer.Write{Actor: asker.Actor, Versions: []uint64{version}})
	second := d.propose(t, proposed, asker)
	meanwhile := issuer.Configuration{Name: "Lakeside", Email: now.Email, Settings: issuer.Settings{Held: true, Second: []issuer.Act{issuer.ActAward, issuer.ActRevoke}}}
	if _, _, err := w.Configure(t.Context(), meanwhile, asker); err != nil {
		t.Fatal(err)
	}
	p, err := w.Allow(t.Context(), first.ID, allower)
	wantRefusal(t, "settings that were changed since", err, issuer.KindConflict, "version")
	if p.State != issuer.ProposalFailed || p.Code != "version" || p.Configuration != nil {
		t.Errorf("%+v", p)
	}
	if o := d.organisation(t); o.Name != "Lakeside" || !o.Settings.Held || !slices.Equal(o.Settings.Second, meanwhile.Settings.Second) {
		t.Errorf("%+v", o)
	}
	// A key that was added, or a change that was taken back, is no change of the settings.
	if _, err := d.Configure(t.Context(), now.ID, func(c *issuer.Configuration) {
		*c = issuer.Configuration{Name: now.Name, Email: now.Email, Settings: now.Settings}
	}, "command line"); err != nil {
		t.Fatal(err)
	}
	if p, err := w.Allow(t.Context(), second.ID, allower); err != nil || p.State != issuer.ProposalAllowed || d.organisation(t).Settings.Second != nil {
		t.Errorf("%+v, error %v", p, err)
	}
	d.wantForgotten(t, "proposal", `"before"`)
}
