package console

import (
	"net/url"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/people"
)

// TestCase goes from an allegation to the decision, and shows at each state what that allows.
func TestCase(t *testing.T) {
	w := newWorld(t)
	award := w.awarded(w.published(badgeName), "ada@example.org", "Ada <b>")
	w.issuer_.get(w.in("cases")).want(t, 200, "There are no cases", "Find the award")
	open := w.in("awards", award, "case")
	form := w.issuer_.get(open).want(t, 200, "Open a case", "checked").fields()
	w.issuer_.post(open, form).want(t, 422, `href="#f-code"`)
	form.Set("code", "evidence")
	w.issuer_.post(open, form).want(t, 422, `href="#f-text"`)
	form.Set("text", "The lesson was <b>somebody else's</b>.")
	form.Set("suspend", "yes")
	made := w.issuer_.post(open, form).want(t, 303)
	if again := w.issuer_.post(open, form).want(t, 303); again.id() != made.id() {
		t.Error("two cases")
	}
	at := made.header.Get("Location")
	w.issuer_.follow(made).want(t, 200, "The case was opened", "somebody else", "The evidence does not hold", "was suspended", "Tell the earner", "Record that the earner was told", "Add a document", "Decide").
		lacks(t, "Record an answer", ">Vote<", "Close the case", "<b>")
	w.issuer_.get(w.in("awards", award)).want(t, 200, "suspended", "The case of")
	w.issuer_.post(open, url.Values{"code": {"error"}, "text": {"again"}}).want(t, 422, "not closed")

	step := func(name string, fields url.Values) reply {
		t.Helper()
		fields.Set("version", w.issuer_.get(at+"/"+name).want(t, 200).field("version"))
		return w.issuer_.post(at+"/"+name, fields)
	}
	w.issuer_.get(at+"/vote").want(t, 409, "Tell the earner")
	w.issuer_.get(at+"/close").want(t, 409)
	due := w.clock.AddDate(0, 0, 14)
	step("notice", url.Values{"text": {"We were told"}, "due": {"soon"}}).want(t, 422, `href="#f-due"`, "not a date")
	step("notice", url.Values{"text": {"We were told"}, "due": {"2020-01-01"}}).want(t, 422, `href="#f-due"`, "needs time to answer")
	w.issuer_.follow(step("notice", url.Values{"text": {"We were told"}, "due": {due.Format(time.DateOnly)}, "sent": {w.clock.Format(time.DateOnly)}})).
		want(t, 200, "It was recorded", "The earner was told", "We were told", "earner told", "can still answer", due.Format("2 January 2006"), "Record an answer").lacks(t, ">Vote<")
	step("decide", url.Values{"verdict": {"revoke"}, "code": {"evidence"}, "reason": {"it was not hers"}}).want(t, 422, "may still answer", `href="#f-urgent"`, "Why it cannot wait")
	step("document", url.Values{"text": {"The same lesson"}}).want(t, 422, `href="#f-url"`)
	w.issuer_.follow(step("document", url.Values{"text": {"The same lesson"}, "url": {"https://work.example/first"}})).want(t, 200, `href="https://work.example/first"`)
	w.issuer_.follow(step("answer", url.Values{"text": {"I was the co-teacher"}, "earner": {"yes"}})).want(t, 200, "in their own words", "I was the co-teacher", "answered", "Vote")
	step("vote", url.Values{}).want(t, 422, `href="#f-vote"`)
	w.issuer_.follow(step("vote", url.Values{"vote": {"keep"}, "text": {"she was there"}})).want(t, 200, "A vote not to revoke", "she was there")
	step("decide", url.Values{}).want(t, 422, `href="#f-verdict"`)
	step("decide", url.Values{"verdict": {"revoke"}, "code": {"evidence"}, "reason": {"x"}}).want(t, 422, "follow the votes")
	w.issuer_.follow(step("decide", url.Values{"verdict": {"amend"}, "note": {"names both"}})).
		want(t, 200, "The award stays, and a corrected one", "after 0 of 1 vote", "names both", "Correct the award", "Close the case").lacks(t, "Add a document", ">Decide<")
	w.issuer_.get(w.in("awards", award)).want(t, 200, "issued")
	w.roles[people.RoleAuditor].get(at).want(t, 200, "I was the co-teacher").lacks(t, "Close the case", "Correct the award")
	w.issuer_.follow(step("close", url.Values{})).want(t, 200, "closed", "nothing more is written").lacks(t, "Close the case")
	w.issuer_.get(w.in("cases")+"?state=closed").want(t, 200, "Ada")
	w.issuer_.get(w.in("cases")+"?state=open").want(t, 200, "none of these")
	w.issuer_.get(w.in("cases")+"?state=none").want(t, 404)

	// A second one, that ends with a revocation; the texts go with the award.
	form = w.issuer_.get(open).want(t, 200).fields()
	form.Set("code", "policy")
	form.Set("text", "once more")
	made = w.issuer_.post(open, form).want(t, 303)
	at = made.header.Get("Location")
	w.issuer_.follow(step("decide", url.Values{"verdict": {"revoke"}, "code": {"policy"}, "reason": {"the rule was broken"}, "urgent": {"it is misused"}})).want(t, 200, "The award is revoked", "it is misused", "the rule was broken")
	w.issuer_.get(w.in("awards", award)).want(t, 200, "revoked", "the rule was broken")
	w.issuer_.follow(w.issuer_.post(w.in("awards", award, "erase"), url.Values{"sure": {"yes"}})).want(t, 200, "was erased")
	w.issuer_.get(at).want(t, 200, "The award was erased", "closed").lacks(t, "once more", "it is misused")
}
