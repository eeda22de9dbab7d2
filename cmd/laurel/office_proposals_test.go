package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

// TestProposalsAreMailed: a proposal comes out of a mail server in the language of whoever may allow it, and its end in that of whoever
// made it. The quarter of an hour for which messages are held back has passed already.
func TestProposalsAreMailed(t *testing.T) {
	post := startPost(t)
	flags := post.flags()
	here, _, err := openInstallation(t.Context(), &grammar{Data: t.TempDir(), mailFlags: mailFlags{MailServer: flags[1], MailFrom: flags[3]}}, publicBase, true, officeFlags{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	here.outbox.Now = func() time.Time { return time.Now().Add(-mail.GatherFor) }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- here.serveJobs(ctx, slog.New(slog.DiscardHandler)) }()
	defer func() {
		cancel()
		<-done
		if err := here.Close(); err != nil {
			t.Error(err)
		}
	}()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	last := func(link string) string { return link[strings.LastIndexAny(link, "=/")+1:] }
	o, _, err := here.EnsureOrganisation(ctx, "Río <b>Grande</b>", "")
	ok(err)
	second, language := []issuer.Act{issuer.ActAward}, "es"
	_, err = here.Reconfigure(ctx, o.ID, issuer.ConfigurationChange{Second: &second, Language: &language}, "command line")
	ok(err)
	_, err = here.CreateAchievement(ctx, issuer.AchievementInput{Organisation: o.ID, Name: "Leer", Description: "d", Criteria: "c", Actor: "test"})
	ok(err)
	link, err := here.people.FirstOwner(ctx)
	ok(err)
	owner, err := here.people.UseFirst(ctx, last(link), people.FirstInput{Email: "ada@example.org", PersonInput: people.PersonInput{Name: "Ada Example"}})
	ok(err)
	_, _, err = here.people.Invite(ctx, owner.Account(), people.InvitationInput{Organisation: o.ID, Email: "bo@example.org", Role: people.RoleAssessor})
	ok(err)
	_, bo, err := here.people.AcceptInvitation(ctx, last(post.wait(t, "bo@example.org", "invita").link(t, "/invitation/")), people.Acceptance{Person: people.PersonInput{Name: "Bo Lee", Language: "en"}})
	ok(err)

	w := here.Workspace(o.ID)
	p, err := w.Propose(ctx, issuer.Proposal{Kind: issuer.ProposalAward, Award: &issuer.AwardInput{Recipient: "earner@example.org", Name: "Ellen"}, Why: "secret"},
		issuer.Write{Actor: "account:" + bo.Account()})
	ok(err)
	got := post.wait(t, "ada@example.org", "propuesta")
	if got.subject != "Río <b>Grande</b>: una propuesta espera su decisión" || got.link(t, "/console/") != publicBase+"/console/"+o.ID+"/proposals/"+p.ID ||
		!strings.Contains(got.text, "Bo Lee pide a Río <b>Grande</b> otorgar una insignia de «Leer».") {
		t.Errorf("%s\n%s", got.subject, got.text)
	}
	_, err = w.Refuse(ctx, p.ID, "not Ellen", issuer.Write{Actor: "account:" + owner.Account()})
	ok(err)
	end := post.wait(t, "bo@example.org", "Your proposal")
	if end.subject != "Your proposal at Río <b>Grande</b> was refused" || end.link(t, "/console/") != publicBase+"/console/"+o.ID+"/proposals/"+p.ID {
		t.Errorf("%s\n%s", end.subject, end.text)
	}
	for _, said := range []string{"Ellen", "secret", "earner@"} {
		if strings.Contains(got.text+end.text, said) {
			t.Errorf("a message says %q", said)
		}
	}
}
