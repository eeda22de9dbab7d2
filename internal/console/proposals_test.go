package console

import (
	"net/url"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

// TestProposals: what is asked for is shown with what will happen, and another person decides.
func TestProposals(t *testing.T) {
	w := newWorldAt(t, time.Now().Add(-31*24*time.Hour))
	achievement := w.published(badgeName)
	award := w.awarded(achievement, "ben@example.org", "Ben <b>")
	assessor, space, by := w.roles[people.RoleAssessor], w.service.Workspace(w.ours.ID), issuer.Write{Actor: "account:" + w.account(w.owner)}
	must := func(p issuer.Proposal) string {
		t.Helper()
		made, err := space.Propose(t.Context(), p, by)
		if err != nil {
			t.Fatal(err)
		}
		return w.in("proposals", made.ID)
	}
	seen := func(b *browser, at string) url.Values {
		t.Helper()
		return url.Values{"version": {b.get(at).want(t, 200).field("version")}}
	}

	// An award, allowed.
	at := must(issuer.Proposal{Kind: issuer.ProposalAward, Why: "she did it", Award: &issuer.AwardInput{Achievement: achievement, Recipient: "ada@example.org", Name: "Ada <b>",
		Narrative: "Taught", Evidence: []issuer.Evidence{{URL: "https://work.example/ada", Name: "Plans"}}, AwardedDate: time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC)}})
	w.issuer_.get(at).want(t, 200, "Award "+badgeName+" to Ada &lt;b&gt;", "ada@example.org", "4 March 2025", "Plans", "she did it", "signed at once", "Allow it", "Nobody is written to").lacks(t, "<b>")
	assessor.get(at).want(t, 200, "Ada &lt;b&gt;", "4 March 2025").lacks(t, "ada@example.org")
	w.owner.get(at).want(t, 200, "You asked for it").lacks(t, "Allow it")
	w.owner.post(at+"/allow", seen(w.owner, at)).want(t, 403, "needs a second person")
	allow := seen(w.issuer_, at)
	w.issuer_.post(at+"/allow", url.Values{"version": {"7"}}).want(t, 422, "changed since you looked")
	page := w.issuer_.follow(w.issuer_.post(at+"/allow", allow)).want(t, 200, "You allowed it", "The award that was made").lacks(t, "ada@example.org")
	w.issuer_.get(page.link("The award that was made")).want(t, 200, "Ada &lt;b&gt;")

	// A revocation, refused with a note; another one, withdrawn.
	at = must(issuer.Proposal{Kind: issuer.ProposalRevoke, Credential: award, Cause: &issuer.Cause{Code: issuer.ReasonOther, Reason: "a doubt"}})
	w.issuer_.get(at).want(t, 200, "Revoke the award of Ben &lt;b&gt;", "a doubt", "ends for good", `class="button danger"`)
	refuse := seen(w.issuer_, at)
	refuse.Set("note", "ask him first")
	w.issuer_.follow(w.issuer_.post(at+"/refuse", refuse)).want(t, 200, "You refused it", "ask him first")
	at = must(issuer.Proposal{Kind: issuer.ProposalRevoke, Credential: award, Cause: &issuer.Cause{Code: issuer.ReasonError}})
	assessor.post(at+"/withdraw", seen(w.issuer_, at)).want(t, 403, "Only who made the proposal")
	w.owner.follow(w.owner.post(at+"/withdraw", seen(w.owner, at))).want(t, 200, "You withdrew it")

	// A correction and a renewal are told.
	name, email := "Benjamin", "ben@example.org"
	at = must(issuer.Proposal{Kind: issuer.ProposalAmend, Credential: award, Amendment: &issuer.Amendment{Name: &name, Recipient: &email}})
	w.issuer_.get(at).want(t, 200, "Correct the award of Ben", "Benjamin", "another one takes its place")

	// What cannot be done any more says so.
	page = w.issuer_.get(w.in("awards", award, "revoke"))
	w.issuer_.post(w.in("awards", award, "revoke"), url.Values{"version": {page.field("version")}, "code": {"error"}}).want(t, 303)
	w.issuer_.follow(w.issuer_.post(at+"/allow", seen(w.issuer_, at))).want(t, 200, "could not be done any more", "It was allowed, and could not be done", "revoked")

	// Settings are for owners.
	at = must(issuer.Proposal{Kind: issuer.ProposalSettings, Configuration: &issuer.Configuration{Name: "Riverside", Settings: issuer.Settings{Second: []issuer.Act{issuer.ActAward}, Held: true}}})
	w.issuer_.get(at).want(t, 200, "Riverside, in place of Riverside District", "awarding, in place of none", "yes, in place of no", "Only an owner").lacks(t, "Allow it")
	w.issuer_.post(at+"/allow", seen(w.roles[people.RoleOwner], at)).want(t, 403, "Your role does not allow this")
	w.clock = w.clock.Add(31 * 24 * time.Hour)
	w.issuer_.get(at).want(t, 200, "expired").lacks(t, "Allow it", "Only an owner")
	w.issuer_.get(w.in("proposals")).want(t, 200, "expired").lacks(t, `class="count"`)
	w.issuer_.get(w.in("proposals")+"?state=all").want(t, 200, "refused", "withdrawn", "could not be done")
	w.issuer_.get(w.in("proposals", "AAAAAAAAAAAAAAAAAAAAAA")).want(t, 404)
}

// TestProposedCorrections: whoever may not correct or renew alone asks for it, and it is done once another person allows it.
func TestProposedCorrections(t *testing.T) {
	w := newWorld(t)
	award := w.awarded(w.published(badgeName), "ben@example.org", "Ben")
	assessor := w.roles[people.RoleAssessor]
	page := assessor.get(w.in("awards", award, "correct")).want(t, 200, "Nothing changes until another person allows it", "Propose to correct").lacks(t, "ben@example.org")
	asked := assessor.post(w.in("awards", award, "correct"), url.Values{"version": {page.field("version")}, "once": {page.field("once")},
		"name": {"Benjamin"}, "recipient": {"ben@example.org"}, "why": {"he told me"}})
	assessor.follow(asked).want(t, 200, "Ben")
	open, _, err := w.service.Workspace(w.ours.ID).Proposals(t.Context(), issuer.ProposalOpen, "", 0)
	if err != nil || len(open) != 1 || open[0].Kind != issuer.ProposalAmend {
		t.Fatalf("%+v, error %v", open, err)
	}
	at := w.in("proposals", open[0].ID)
	seen := w.issuer_.get(at).want(t, 200, "Benjamin", "he told me")
	w.issuer_.follow(w.issuer_.post(at+"/allow", url.Values{"version": {seen.field("version")}})).want(t, 200, "You allowed it")
	w.issuer_.get(w.in("awards", award)).want(t, 200, "The award that takes its place")
}
