package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

// TestSearch: awards are found by whom they are for, and what was searched for can be read in no address, on any page of what is found.
func TestSearch(t *testing.T) {
	w := newWorld(t)
	one, other := w.published(badgeName), w.published("Another One")
	w.batchOf(one, listLength+2)
	w.awarded(one, "zoe@example.org", "Zoe Maria Nr")
	w.awarded(other, "eve@example.org", "Eve Example")
	w.issuer_.search("ADA7@example.org").want(t, 200, `value="ADA7@example.org"`, "Ada Nr 7<").lacks(t, "Eve Example", "Ada Nr 1<")
	found := w.issuer_.search("nr ada").want(t, 200, `value="nr ada"`)
	following := w.issuer_.get(found.link("Next page")).want(t, 200, `value="nr ada"`, "First page").lacks(t, "Next page")
	if all := strings.Count(found.body+following.body, "<bdi>Ada Nr "); all != listLength+2 {
		t.Errorf("found %d", all)
	}
	w.issuer_.get(following.link("First page")).want(t, 200, "Next page").lacks(t, "First page")
	w.issuer_.search("maria zoe").want(t, 200, "Zoe Maria")
	w.issuer_.search("maria").want(t, 200, "Zoe Maria").lacks(t, "Ada Nr")
	w.issuer_.search("mari").want(t, 200, "Nothing here fits", "write them out")
	w.issuer_.search("example eve", "achievement", one).want(t, 200, "Nothing here fits")
	w.issuer_.search("example eve", "achievement", other, "state", "issued").want(t, 200, "Eve").lacks(t, `class="actions"><a class="button" href="`+w.in("revocations")+`?`)
	plain := w.issuer_.post(w.in("awards"), url.Values{"q": {" "}, "achievement": {other}, "state": {""}, "invented": {"x"}}).want(t, 303)
	if got := plain.header.Get("Location"); got != w.in("awards")+"?achievement="+other {
		t.Error("it leads to", got)
	}
	w.issuer_.post(w.in("awards"), url.Values{"q": {strings.Repeat("a", longestFind+1)}}).want(t, 422, "too long")
	w.issuer_.post(w.in("awards"), url.Values{"state": {"none"}}).want(t, 303)

	// Each address is sealed for one session, and each time in another way.
	address := w.issuer_.post(w.in("awards"), url.Values{"q": {"eve@example.org"}}).want(t, 303).header.Get("Location")
	if again := w.issuer_.post(w.in("awards"), url.Values{"q": {"eve@example.org"}}).header.Get("Location"); again == address {
		t.Error("who reads two addresses can tell that the same was searched for")
	}
	for name, b := range map[string]*browser{"somebody else": w.owner, "changed": w.issuer_} {
		asked := address
		if name == "changed" {
			asked += "AAAA"
		}
		b.get(asked).want(t, 200, "Search once more").lacks(t, "eve@example.org", "Eve Example", "Ada Nr")
	}
	w.signIn(w.issuer_, "issuer@ours.example")
	w.issuer_.get(address).want(t, 200, "Search once more").lacks(t, "Eve Example")

	// An address of an earlier release, typed by somebody who is signed in or not.
	old := w.in("awards") + "?state=issued&q=eve%40example.org"
	w.issuer_.follow(w.issuer_.get(old)).want(t, 200, "Eve", `value="eve@example.org"`).lacks(t, "Ada Nr")
	named := func(text string) bool { // by more than three letters, which a token may hold by chance
		return strings.Contains(text, "Eve Ex") || strings.Contains(text, "Eve+Ex") || strings.Contains(text, "Eve%20Ex")
	}
	nobody := w.browser()
	for _, path := range []string{old, w.in("awards") + "?q=Eve+Example", w.in("achievements") + "?name=eve%40example.org&state=draft", "/console/eve@example.org/awards"} {
		nobody.get(path).want(t, 303) // what it tells is looked at in send
		for _, told := range nobody.get(path).tells() {
			if named(told) {
				t.Errorf("%s tells %s", path, told)
			}
		}
	}
	if strings.Contains(w.log.String(), "example.org") || named(w.log.String()) {
		t.Error("the log holds what was searched for")
	}
}

// TestNoAddressIsTold follows every link of the console from its home. That no address of a person stands in an address of a page, in
// a form's, or in a cookie, is looked at in send, here as in every other test.
func TestNoAddressIsTold(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(badgeName)
	w.awarded(achievement, "ada@example.org", "ada@example.org") // a name that is one
	w.officeThings()
	w.dayThings(achievement)
	w.owner.search("ada@example.org").want(t, 200, "ada@example.org")
	seen, open := map[string]bool{}, []string{"/console/" + w.ours.ID, "/console/account", pathInstallation}
	persons := 0
	for len(open) > 0 {
		path := open[0]
		open = open[1:]
		if kind, _, _ := strings.Cut(path, "#"); seen[kind] || !strings.HasPrefix(kind, "/console") || strings.Contains(kind, "/static/") {
			continue
		} else {
			seen[kind], path = true, kind
		}
		page := w.owner.get(path)
		if page.status == http.StatusSeeOther {
			open = append(open, page.header.Get("Location"))
			continue
		}
		if page.status >= 400 && page.status != 409 {
			t.Errorf("a link leads to %s: %d", path, page.status)
		}
		if strings.Contains(page.body, "ada@example.org") {
			persons++
		}
		for _, found := range addressed.FindAllStringSubmatch(page.body, -1) {
			if to := strings.ReplaceAll(found[2], "&amp;", "&"); found[1] == "href" {
				if strings.HasPrefix(to, "?") {
					to, _, _ = strings.Cut(path, "?")
				}
				open = append(open, to)
			}
		}
	}
	if len(seen) < 60 || persons < 3 {
		t.Errorf("%d pages, %d of them with the address", len(seen), persons)
	}
}

// TestStepUpToRevoke: to revoke many awards at once takes a recent sign-in, alone as well as for somebody who proposed it.
func TestStepUpToRevoke(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(badgeName)
	w.batchOf(achievement, 2)
	prepare := func() string {
		t.Helper()
		return w.issuer_.post(w.in("revocations"), url.Values{"code": {"error"}, "achievement": {achievement}}).want(t, 303).header.Get("Location")
	}
	assessor := w.roles[people.RoleAssessor]
	alone, proposed := prepare(), prepare() // whoever may only propose finds none, and proposes what is prepared
	assessor.confirm(proposed, nil)
	page := assessor.get(proposed)
	assessor.post(proposed+"/confirm", url.Values{"version": {page.field("version")}}).want(t, 303)
	open, _, err := w.service.Workspace(w.ours.ID).Proposals(t.Context(), issuer.ProposalOpen, "", 10)
	if err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	proposal := w.in("proposals", open[0].ID)
	late := url.Values{"version": {w.issuer_.get(alone).want(t, 200, "Revoke 2 awards").field("version")}}
	w.clock = w.clock.Add(recently)
	for at, act := range map[string]string{alone: "/confirm", proposal: "/allow"} {
		shown := w.issuer_.get(at).want(t, 200, "You signed in a while ago").lacks(t, `action="`+at+act+`"`)
		w.issuer_.post(at+act, url.Values{"version": {"1"}}).want(t, 403, "was not looked at")
		if got := w.issuer_.get(shown.link("Sign in once more")).want(t, 303); got.header.Get("Location") != pathAgain {
			t.Error(got.header)
		}
	}
	w.issuer_.post(alone+"/confirm", late).want(t, 403)
	if again := w.issuer_.get(w.in("awards") + "?state=revoked"); !strings.Contains(again.body, "Nothing here fits") {
		t.Error("awards were revoked")
	}
	link, err := w.people.OperatorLink(t.Context(), "issuer@ours.example")
	if err != nil {
		t.Fatal(err)
	}
	token := url.Values{"token": {w.issuer_.get(strings.TrimPrefix(link, base)).field("token")}}
	w.issuer_.get(alone + "/confirm")
	back := w.issuer_.follow(w.issuer_.post("/sign-in/link", token).want(t, 303)).want(t, 303)
	if back.header.Get("Location") != alone {
		t.Fatal("it leads to", back.header.Get("Location"))
	}
	w.issuer_.post(alone+"/confirm", late).want(t, 303)
	w.work()
	w.issuer_.get(w.in("awards")+"?state=revoked").want(t, 200, "Ada Nr 1")
}

// TestProposedLate: what is proposed of something that was changed since the person looked is refused, in a sentence.
func TestProposedLate(t *testing.T) {
	w := newWorld(t)
	award := w.awarded(w.published(badgeName), "ben@example.org", "Ben")
	assessor := w.roles[people.RoleAssessor]
	const changed = "It was changed since you looked at it"
	for act, fields := range map[string]url.Values{"revoke": {"code": {"error"}}, "correct": {"name": {"Benjamin"}, "recipient": {"ben@example.org"}}} {
		form := assessor.get(w.in("awards", award, act)).want(t, 200).fields()
		w.issuer_.confirm(w.in("awards", award, "suspend"), url.Values{"code": {"inquiry"}}).want(t, 303)
		w.issuer_.confirm(w.in("awards", award, "reinstate"), nil).want(t, 303)
		for name, values := range fields {
			form[name] = values
		}
		assessor.post(w.in("awards", award, act), form).want(t, 422, changed)
	}
	// Settings that take two people.
	settings := w.at("settings")
	w.owner.follow(w.owner.confirm(settings, url.Values{"name": {"Riverside"}, fieldSecondAward: {"yes"}, fieldSecondRevoke: {"yes"}})).want(t, 200)
	form := w.owner.get(settings).fields()
	w.owner.confirm(settings, url.Values{"name": {"Riverside Schools"}, fieldSecondAward: {"yes"}, fieldSecondRevoke: {"yes"}}).want(t, 303)
	form.Set("name", "Riverside")
	w.owner.post(settings, form).want(t, 422, changed)
	// A batch.
	batch := w.issuer_.post(w.in("revocations"), url.Values{"code": {"error"}, "ids": {award}}).want(t, 303).header.Get("Location")
	assessor.post(batch+"/confirm", url.Values{"version": {"77"}}).want(t, 422, changed)
	if open, _, err := w.service.Workspace(w.ours.ID).Proposals(t.Context(), issuer.ProposalOpen, "", 10); err != nil || len(open) > 0 {
		t.Error(open, err)
	}
}

// TestHome: the home of an organisation says what waits for whoever looks, and what they can do.
func TestHome(t *testing.T) {
	w := newWorld(t)
	home := "/console/" + w.ours.ID
	assessor, auditor := w.roles[people.RoleAssessor], w.roles[people.RoleAuditor]
	assessor.get(home).want(t, 200, "What to do next").lacks(t, "Define an achievement", "What waits")
	achievement := w.published(badgeName)
	w.issuer_.get(home).want(t, 200, "Award an achievement", "Award many at once", "1</strong> <span>achievement that can be awarded").lacks(t, "Find an award", "What waits")
	w.awarded(achievement, "ada@example.org", "Ada")
	w.issuer_.get(home).want(t, 200, "Find an award", "Nothing. Proposals to decide", "1</strong> <span>award in the last 30 days", "1</strong> <span>not claimed yet").lacks(t, "What to do next")
	w.issuer_.follow(w.issuer_.post(w.in("awards"), url.Values{"q": {"ada@example.org"}})).want(t, 200, "Ada")
	w.dayThings(achievement) // the assessor prepared a batch, proposed an award, and opened a case
	if _, err := w.service.Workspace(w.ours.ID).Draft(t.Context(), issuer.AchievementInput{Name: "D", Description: "d", Criteria: "c"}, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	w.issuer_.get(home).want(t, 200, "A proposal waits for your decision", "To be confirmed: May, 2 rows", "A case was opened", "A draft is not published yet", "2</strong> <span>awards in the last 30 days")
	assessor.get(home).want(t, 200, "A proposal of yours waits for somebody else", "To be confirmed: May", "Propose an award").lacks(t, "your decision", "draft", "A case")
	auditor.get(home).want(t, 200, "How it stands", "Find an award").lacks(t, "What waits", "Propose", "Award many", "Define")
}

// TestStopped: the page of a batch that stopped says openly what stays.
func TestStopped(t *testing.T) {
	w := newWorld(t)
	at := w.batchOf(w.published(badgeName), 3)
	id := at[strings.LastIndexByte(at, '/')+1:]
	w.issuer_.get(at).want(t, 200, "finished").lacks(t, "They stay issued")
	w.edit("batch", id, `"state":"finished"`, `"state":"held"`)
	w.edit("batch", id, `"done":3`, `"done":2,"problem":"What was signed for row 3 did not pass."`)
	w.issuer_.get(at).want(t, 200, "on hold", "did not pass", "2 awards of it were made. They stay issued", "For one row nothing is done before somebody lets the batch go on", "end the batch, and then undo it")
	w.issuer_.get("/console/"+w.ours.ID).want(t, 200, "On hold: file", "only if you let it")
	w.edit("batch", id, `"state":"held"`, `"state":"finished"`)
	w.edit("batch", id, `"failed":0`, `"failed":1`)
	w.issuer_.get(at).want(t, 200, "For one row nothing was done, and will not be", "To take back what was made, undo the batch")
	for name, c := range map[string]struct {
		b    issuer.Batch
		want string
	}{
		"nothing went wrong": {issuer.Batch{Kind: issuer.BatchAward, State: issuer.BatchOpen, Total: 3, Done: 1}, ""},
		"nothing was done":   {issuer.Batch{Kind: issuer.BatchAward, State: issuer.BatchHeld, Total: 3}, "No award of it was made."},
		"revoked":            {issuer.Batch{Kind: issuer.BatchRevoke, State: issuer.BatchHeld, Total: 3, Done: 1}, "One award was revoked by it. It stays revoked, for good."},
		"signed anew":        {issuer.Batch{Kind: issuer.BatchReissue, State: issuer.BatchFinished, Total: 3, Done: 2, Failed: 1}, "2 awards were signed anew by it, and stay so."},
	} {
		if got := append(stays(&c.b), "")[0]; got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
