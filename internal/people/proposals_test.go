package people

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

// postHouse is a house whose messages about proposals go through an outbox.
type postHouse struct {
	*house
	office *issuer.Service
	outbox *mail.Outbox
	queue  []issuer.Work
	sent   []mail.Message
}

func withPost(t *testing.T) *postHouse {
	t.Helper()
	p := &postHouse{}
	p.outbox = &mail.Outbox{On: true,
		Enqueue: func(_ issuer.Tx, w issuer.Work) error { p.queue = append(p.queue, w); return nil },
		Send:    func(_ context.Context, m mail.Message) error { p.sent = append(p.sent, m); return nil }}
	p.house = empty(t, func(c *Config) { c.Gather, c.Forget = p.outbox.Gather, p.outbox.ForgetStaff })
	p.outbox.Store, p.outbox.Now, p.outbox.Complete = p.store, p.clock, p.Complete
	p.owner = p.settle()
	p.office = p.house.office.(*issuer.Service)
	_, err := p.office.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: p.first.ID, Name: "Formative Assessment", Description: "d", Criteria: "c", Actor: "test"})
	ok(t, err)
	return p
}

// post delivers what is due after mail.GatherFor, and says who was told what.
func (p *postHouse) post() (told []string) {
	p.t.Helper()
	p.pass(mail.GatherFor)
	before := p.queue
	p.queue, p.sent = nil, nil
	for _, w := range before {
		if w.After.After(p.clock()) {
			p.t.Errorf("a message waits longer than mail.GatherFor")
		}
		ok(p.t, p.outbox.Deliver(p.t.Context(), jobs.Job{Name: mail.Work, Payload: w.Payload, Attempts: 1}))
	}
	for _, m := range p.sent {
		name, _, _ := strings.Cut(m.To, "@")
		told = append(told, fmt.Sprint(name, " ", m.Template, " ", m.Count, m.State))
	}
	slices.Sort(told)
	if left := p.rows("message"); len(left) != 0 {
		p.t.Errorf("%d messages are left", len(left))
	}
	return told
}

func (p *postHouse) want(what string, told ...string) {
	p.t.Helper()
	if got := p.post(); fmt.Sprint(got) != fmt.Sprint(told) {
		p.t.Errorf("%s: told %q, want %q", what, got, told)
	}
}

func (p *postHouse) award(by string) issuer.Proposal {
	p.t.Helper()
	made, err := p.office.Workspace(p.first.ID).Propose(p.t.Context(), issuer.Proposal{Kind: issuer.ProposalAward, Why: "secret reason",
		Award: &issuer.AwardInput{Recipient: "earner@example.org", Name: "Ellen Earner"}}, issuer.Write{Actor: by})
	ok(p.t, err)
	return made
}

// TestProposalsAreTold: who may allow a proposal is told that it waits, and who made it what became of it; nobody else, and nothing of whom
// it is about.
func TestProposalsAreTold(t *testing.T) {
	p := withPost(t)
	ctx, id := t.Context(), p.first.ID
	bo, cy := p.member(id, "bo@cedar.example", RoleIssuer), p.member(id, "cy@cedar.example", RoleIssuer)
	di := p.member(id, "di@cedar.example", RoleAssessor)
	p.member(id, "auditor@cedar.example", RoleAuditor)
	p.member(p.other.ID, "gus@birch.example", RoleOwner)
	unproven, disabled := p.member(id, "eve@cedar.example", RoleIssuer), p.member(id, "fay@cedar.example", RoleIssuer)
	ok(t, p.store.Update(ctx, func(tx issuer.Tx) error {
		a, version, err := accounts.Get(tx, unproven)
		if a.Proven = false; err != nil {
			return err
		}
		return accounts.Put(tx, &a, version)
	}))
	ok(t, p.DisableAccount(ctx, p.owner, disabled))
	_, err := p.ChangeAccount(ctx, cy, PersonInput{Name: "Cy", Language: "es"})
	ok(t, err)
	w, as := p.office.Workspace(id), func(account string) issuer.Write { return issuer.Write{Actor: actor(account)} }

	// One award, asked for by an assessor.
	one := p.award(actor(di))
	p.want("a proposal", "ada waiting 1", "bo waiting 1", "cy waiting 1")
	for _, m := range p.sent {
		if text := fmt.Sprintf("%+v", m); strings.Contains(text, "earner@") || strings.Contains(text, "Ellen") || strings.Contains(text, "secret") {
			t.Errorf("a message says whom it is about: %s", text)
		}
		if m.Other != "Di@cedar.example" || m.By != "account" || m.Code != "award" || m.Awards != 1 || m.Title != "Formative Assessment" || !m.Due.Equal(one.Expires) ||
			m.Link != "/console/"+id+"/proposals/"+one.ID || m.Issuer != p.first.Name || m.To == "cy@cedar.example" != (m.Language == "es") || m.Name == "" {
			t.Errorf("%+v", m)
		}
	}
	// What was told is not told again; the newest is described.
	p.award(actor(bo))
	p.want("of one who may decide on others'", "ada waiting 2", "cy waiting 2")
	if m := p.sent[0]; m.Link != "/console/"+id+"/proposals" || m.Other != "Bo@cedar.example" {
		t.Errorf("%+v", m)
	}
	_, err = w.Allow(ctx, one.ID, as(bo))
	ok(t, err)
	p.want("allowed", "di decided 1allowed")
	if m := p.sent[0]; m.Awards != 1 || m.Code != "award" || m.Title != "Formative Assessment" || m.Link != "/console/"+id+"/proposals/"+one.ID {
		t.Errorf("%+v", m)
	}

	// Of programs nobody is told; whoever made the token cannot allow what it asks for, and is not asked.
	token := p.made(id, "registrar", issuer.Token{Scopes: RoleOwner.Scopes()}, actor(bo), issuer.ScopeCredentialsPropose)
	by := p.award(token.Actor())
	p.want("of a program", "ada waiting 2", "cy waiting 2")
	if m := p.sent[0]; m.By != "token" || m.Other != token.ID {
		t.Errorf("%+v", m)
	}
	_, err = w.Refuse(ctx, by.ID, "no", as(cy))
	ok(t, err)
	p.want("a program's was refused")

	// Withdrawn before it was told, and decided before.
	gone := p.award(actor(di))
	_, err = w.Withdraw(ctx, gone.ID, as(di))
	ok(t, err)
	gone = p.award(actor(di))
	_, err = w.Refuse(ctx, gone.ID, "no", as(bo))
	ok(t, err)
	p.want("decided while it waits", "ada waiting 1", "cy waiting 1", "di decided 1refused") // that of Bo still waits

	// A flood.
	for range 130 {
		p.award(actor(di))
	}
	if len(p.queue) != 3 {
		t.Errorf("%d messages are queued", len(p.queue))
	}
	p.want("a flood", "ada waiting 101", "bo waiting 101", "cy waiting 101")

	// Who has gone, or lost the right, or has another address, by the time it is sent.
	p.award(actor(di))
	ok(t, p.RemoveMember(ctx, p.owner, id, bo))
	_, err = p.SetRole(ctx, p.owner, id, cy, RoleAuditor)
	ok(t, err)
	ok(t, p.store.Update(ctx, func(tx issuer.Tx) error {
		a, version, err := accounts.Get(tx, p.owner)
		if a.Email = "adele@cedar.example"; err != nil {
			return err
		}
		return accounts.Put(tx, &a, version)
	}))
	p.want("later", "adele waiting 101")
	// Settings are for owners.
	_, err = p.SetRole(ctx, p.owner, id, cy, RoleOwner)
	ok(t, err)
	_, err = w.Propose(ctx, issuer.Proposal{Kind: issuer.ProposalSettings, Configuration: &issuer.Configuration{Name: p.first.Name}}, as(p.owner))
	ok(t, err)
	p.member(id, "hal@cedar.example", RoleIssuer)
	p.want("settings", "cy waiting 101")
	if m := p.sent[0]; m.Code != "settings" || m.Awards != 0 || m.Title != "" {
		t.Errorf("%+v", m)
	}

	// Nobody decides: what ends is told once, and who was removed is not told.
	p.pass(31 * 24 * time.Hour)
	p.award(actor(di))
	p.want("beside some that have expired, and that nobody has swept", "adele waiting 1", "cy waiting 1", "hal waiting 1")
	ok(t, p.office.SweepProposals(ctx))
	p.want("expired", "adele decided 1expired", "di decided 131expired")
	for _, m := range p.sent {
		if one := m.Count == 1; one == (m.Link == "/console/"+id+"/proposals?state=all") {
			t.Errorf("%+v", m)
		}
	}
	p.award(actor(di))
	ok(t, p.DeleteAccount(ctx, p.owner, cy))
	if text := p.dump(); strings.Contains(text, "cy@") {
		t.Errorf("a deleted account is still in a message: %s", text)
	}
	p.award(actor(bo)) // a session may end a moment after the membership
	p.want("of a former member", "adele waiting 3", "hal waiting 3")
	_, err = w.Refuse(ctx, p.last(t), "", as(p.owner))
	ok(t, err)
	p.want("one of a former member was refused")
}

// last is the newest open proposal.
func (p *postHouse) last(t *testing.T) string {
	t.Helper()
	page, _, err := p.office.Workspace(p.first.ID).Proposals(t.Context(), issuer.ProposalOpen, "", 1)
	ok(t, err)
	return page[0].ID
}

// TestProposalExtents: of each kind a message says how many awards of which achievement it is about, also when it is decided and what it
// said of people is gone.
func TestProposalExtents(t *testing.T) {
	p := withPost(t)
	ctx, id := t.Context(), p.first.ID
	p.member(id, "bo@cedar.example", RoleIssuer)
	w, by := p.office.Workspace(id), issuer.Write{Actor: actor(p.member(id, "di@cedar.example", RoleAssessor))}
	c, err := p.office.Issue(ctx, issuer.AwardInput{Organisation: id, Recipient: "earner@example.org", Name: "Ellen", Actor: "test"})
	ok(t, err)
	batch, err := w.PrepareBatch(ctx, issuer.PrepareInput{Name: "Ellen's class", Awards: []issuer.BatchRowInput{
		{Award: issuer.AwardInput{Recipient: "a@example.org"}}, {Award: issuer.AwardInput{Recipient: "b@example.org"}}, {Award: issuer.AwardInput{Recipient: "none"}}}}, by)
	ok(t, err)
	email := "ellen@example.org"
	for want, in := range map[string]issuer.Proposal{
		"revoke 1 Formative Assessment": {Kind: issuer.ProposalRevoke, Credential: c.ID, Cause: &issuer.Cause{Code: issuer.ReasonEvidence}},
		"erase 1 Formative Assessment":  {Kind: issuer.ProposalErase, Credential: c.ID},
		"erase 0 ":                      {Kind: issuer.ProposalErase, Address: email},
		"amend 1 Formative Assessment":  {Kind: issuer.ProposalAmend, Credential: c.ID, Amendment: &issuer.Amendment{Recipient: &email}},
		"award 2 Formative Assessment":  {Kind: issuer.ProposalBatch, Batch: batch.ID, SkipRejected: true},
	} {
		made, err := w.Propose(ctx, in, by)
		ok(t, err)
		p.post()
		_, err = w.Refuse(ctx, made.ID, "", issuer.Write{Actor: actor(p.owner)})
		ok(t, err)
		told := p.sent
		p.post()
		for _, m := range append(told, p.sent...) {
			if got := fmt.Sprint(m.Code, " ", m.Awards, " ", m.Title); got != want {
				t.Errorf("%s: %q, want %q", m.Template, got, want)
			}
			if text := fmt.Sprintf("%+v", m); strings.Contains(strings.ToLower(text), "ellen") {
				t.Errorf("a message says whom it is about: %s", text)
			}
		}
		if len(told) != 2 || len(p.sent) != 1 {
			t.Errorf("%s: %d and %d messages", want, len(told), len(p.sent))
		}
	}
}
