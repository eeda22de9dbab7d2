package console

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

// TestUnclaimed: awards that nobody has taken, with the message that is sent again, and the link where none arrives.
func TestUnclaimed(t *testing.T) {
	w := newWorldAt(t, time.Now().Add(-3*24*time.Hour))
	achievement := w.published(badgeName)
	w.issuer_.get(w.in("unclaimed")).want(t, 200, "Nothing waits to be claimed", "hand over")

	// Without mail a link is made and handed over.
	ada := w.awarded(achievement, "ada@example.org", "Ada <b>")
	w.issuer_.get(w.in("unclaimed")).want(t, 200, "Ada &lt;b&gt;", "ada@example.org", "since today", "No e-mail was sent", "Make a link").lacks(t, "Send it again", "<b>")
	w.issuer_.get(w.in("awards", ada)).want(t, 200, "Make a link for the earner").lacks(t, "Send the e-mail again")
	w.issuer_.get(w.in("awards", ada, "resend")).want(t, 409, "sends no mail")
	w.issuer_.get(w.in("awards", ada, "link")).want(t, 200, "acts in the place of the earner")
	w.issuer_.post(w.in("awards", ada, "link"), nil).want(t, 200, base+"/claim/", "shown once")
	w.issuer_.get(w.in("awards", ada, "link")).want(t, 200).lacks(t, base+"/claim/")

	// With mail it is sent again, and a link is shown only where the address was refused.
	w.outbox.On = true
	ben := w.awarded(achievement, "ben@example.org", "Ben Ortiz")
	cy := w.awarded(achievement, "refused@example.org", "Cy")
	w.work()
	w.clock = w.clock.Add(3 * 24 * time.Hour)
	w.issuer_.get(w.in("awards", cy, "link")).want(t, 303) // a link asks for a recent sign-in
	w.signIn(w.issuer_, "issuer@ours.example")
	page := w.issuer_.get(w.in("unclaimed")).want(t, 200, "for 3 days", "was taken by the mail server", "No message reached the address", "Send it again")
	if strings.Count(page.body, "Make a link<") != 2 { // Ada was never sent one, and Cy's was refused
		t.Error("links are shown to all")
	}
	w.issuer_.post(w.in("awards", ben, "link"), nil).want(t, 403, "by e-mail")
	w.issuer_.post(w.in("awards", cy, "link"), nil).want(t, 200, base+"/claim/")
	w.issuer_.get(w.in("awards", ada, "resend")).want(t, 200, "ada@example.org")
	before, woken := len(w.sent), w.woken
	w.issuer_.follow(w.issuer_.post(w.in("awards", ada, "resend"), nil)).want(t, 200, "sent on its way")
	w.work()
	if len(w.sent) != before+1 || w.sent[before].To != "ada@example.org" || w.woken == woken {
		t.Error(len(w.sent)-before, w.woken-woken)
	}
	if _, err := w.service.Claim(t.Context(), ada, "earner"); err != nil {
		t.Fatal(err)
	}
	w.issuer_.get(w.in("awards", ada)).want(t, 200, "The earner claimed it")
	w.issuer_.get(w.in("unclaimed")).want(t, 200, "Ben Ortiz").lacks(t, "Ada ")
}

// TestErase: an award, or a person, is erased after it was said what stays and that one is sure.
func TestErase(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(badgeName)
	first, second := w.awarded(achievement, "ada@example.org", "Ada"), w.awarded(achievement, "ada@example.org", "Ada")
	other := w.awarded(achievement, "ben@example.org", "Ben Ortiz")
	theirs, err := w.service.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: w.theirs.ID, Name: "Theirs", Description: "d", Criteria: "c", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := w.service.Issue(t.Context(), issuer.AwardInput{Organisation: w.theirs.ID, Achievement: theirs.ID, Recipient: "ada@example.org", Name: "Ada", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	at := w.in("awards", other, "erase")
	w.issuer_.get(at).want(t, 200, "What stays", "place in the status lists", "I am sure")
	w.issuer_.post(at, nil).want(t, 422, `href="#f-sure"`)
	w.issuer_.post(w.in("awards", kept.ID, "erase"), url.Values{"sure": {"yes"}}).want(t, 404)
	w.issuer_.follow(w.issuer_.post(at, url.Values{"sure": {"yes"}, "reason": {"asked for by letter"}})).want(t, 200, "The award was erased", "Erased").lacks(t, "Ben Ortiz", "Revoke", ">Erase<")

	at = w.in("erase")
	w.issuer_.get(at).want(t, 200, "You see how many").lacks(t, "I am sure")
	w.issuer_.post(at, url.Values{"email": {"Ada"}}).want(t, 422, `href="#f-email"`, "The e-mail address is not one")
	nobody := w.issuer_.post(at, url.Values{"email": {"eve@example.org"}}).want(t, 200, "0 awards are erased", "planned and proposed", "I am sure").fields()
	nobody.Set("email", "eve@example.org")
	nobody.Set("sure", "yes")
	w.issuer_.follow(w.issuer_.post(at, nobody)).want(t, 200, "were erased")
	// What was confirmed is one address: another one is looked for again.
	w.issuer_.post(at, url.Values{"email": {"ada@example.org"}, "looked": {"ben@example.org"}, "sure": {"yes"}}).want(t, 200, "2 awards of this organisation", "What stays").lacks(t, "checked")
	page := w.issuer_.post(at, url.Values{"email": {"ADA@example.org"}}).want(t, 200, "2 awards", "I am sure")
	fields := page.fields()
	fields.Set("email", "ADA@example.org")
	w.issuer_.post(at, fields).want(t, 422, `href="#f-sure"`)
	fields.Set("sure", "yes")
	w.issuer_.follow(w.issuer_.post(at, fields)).want(t, 200, "The awards for that address were erased").lacks(t, "Ada ")
	for _, id := range []string{first, second} {
		if c, err := w.service.Credential(t.Context(), id); err != nil || c.Erased == nil {
			t.Error(c.Erased, err)
		}
	}
	if c, err := w.service.Credential(t.Context(), kept.ID); err != nil || c.Erased != nil {
		t.Error(c.Erased, err)
	}
	if strings.Contains(w.log.String(), "ada@example") {
		t.Error("the log holds an address")
	}
}

// TestEraseTakesTwo: where revoking takes two people, erasing does.
func TestEraseTakesTwo(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(badgeName)
	ada, ben := w.awarded(achievement, "ada@example.org", "Ada Okafor"), w.awarded(achievement, "ben@example.org", "Ben Ortiz")
	w.owner.get(w.in("office", "people", "invite")).want(t, 200).lacks(t, "Two accounts of one person")
	o, version, err := w.service.Workspace(w.ours.ID).Organisation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o.Settings.Second = []issuer.Act{issuer.ActRevoke}
	if _, _, err := w.service.Workspace(w.ours.ID).Configure(t.Context(), issuer.Configuration{Name: o.Name, Email: o.Email, Settings: o.Settings}, issuer.Write{Actor: "account:x", Versions: []uint64{version}}); err != nil {
		t.Fatal(err)
	}
	w.owner.get(w.in("office", "people", "invite")).want(t, 200, "Two accounts of one person")

	at := w.in("awards", ada, "erase")
	w.issuer_.get(at).want(t, 200, "Another person has to allow this", "Propose to erase")
	w.issuer_.follow(w.issuer_.post(at, url.Values{"sure": {"yes"}, "reason": {"by letter"}, "why": {"she asked"}})).want(t, 200, "Nothing happens before another person allows it", "Ada")
	at = w.in("erase")
	page := w.issuer_.post(at, url.Values{"email": {"ben@example.org"}}).want(t, 200, "One award of this organisation", "Propose to erase")
	fields := page.fields()
	fields.Set("email", "ben@example.org")
	fields.Set("sure", "yes")
	w.issuer_.follow(w.issuer_.post(at, fields)).want(t, 200, "Nothing happens before another person allows it", "Ben Ortiz")
	open, _, err := w.service.Workspace(w.ours.ID).Proposals(t.Context(), issuer.ProposalOpen, "", 10)
	if err != nil || len(open) != 2 {
		t.Fatal(open, err)
	}
	w.issuer_.get(w.in("proposals")).want(t, 200, "Erase the award of a person", "Erase the award of Ada")
	for _, p := range open {
		at := w.in("proposals", p.ID)
		w.issuer_.get(at).want(t, 200, "You asked for it", "erased", "for good").lacks(t, "Allow it")
		for _, role := range []people.Role{people.RoleAssessor, people.RoleAuditor} { // who neither asked nor decides
			w.roles[role].get(at).want(t, 200, "who may erase here can allow").lacks(t, "ben@example.org")
		}
		page := w.owner.get(at).want(t, 200, "Allow it")
		w.issuer_.post(at+"/allow", url.Values{"version": {page.field("version")}}).want(t, 403)
		w.owner.follow(w.owner.post(at+"/allow", url.Values{"version": {page.field("version")}})).want(t, 200, "You allowed it").lacks(t, "ben@example.org")
	}
	for _, id := range []string{ada, ben} {
		if c, err := w.service.Credential(t.Context(), id); err != nil || c.Erased == nil {
			t.Error(c.Erased, err)
		}
	}
}

// TestHandedErasure: what an earner asks for over a link that the staff made says who made it.
func TestHandedErasure(t *testing.T) {
	w := newWorld(t)
	ada := w.awarded(w.published(badgeName), "ada@example.org", "Ada")
	_, err := w.service.Workspace(w.ours.ID).Propose(t.Context(), issuer.Proposal{Kind: issuer.ProposalErase, Credential: ada, Handed: "account:" + w.account(w.issuer_)}, issuer.Write{Actor: "earner"})
	if err != nil {
		t.Fatal(err)
	}
	at := w.owner.get(w.in("proposals")).want(t, 200, "the earner").link("Erase the award of Ada")
	w.owner.get(at).want(t, 200, "a link that", "issuer of ours", "Make sure that it is the earner", "Allow it")
}

// TestAssessorSees: whoever may only propose sees no addresses of earners, revokes no many, and is known on the page that says that a form
// was too large.
func TestAssessorSees(t *testing.T) {
	w := newWorld(t)
	w.awarded(w.published(badgeName), "ada@example.org", "Ada")
	assessor := w.roles[people.RoleAssessor]
	assessor.get(w.in("unclaimed")).want(t, 200, "Ada").lacks(t, "ada@example.org", "Erase a person")
	assessor.get(w.in("awards")).want(t, 200, "Ada").lacks(t, "Revoke several")
	assessor.get(w.in("revocations")).want(t, 403)
	assessor.post(w.in("revocations"), url.Values{"code": {"error"}}).want(t, 403)
	assessor.get(w.in("erase")).want(t, 403)
	assessor.post(w.in("awards", "new"), url.Values{"narrative": {strings.Repeat("a", 2<<20)}}).want(t, 413, "assessor of ours", "Sign out").lacks(t, "Sign in")
}
