package console

import (
	"net/url"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/people"
)

// TestWalk: what an office does in a day.
func TestWalk(t *testing.T) {
	w := newWorld(t)
	home := w.issuer_.follow(w.issuer_.get("/console")).want(t, 200, "Say what can be earned", "Riverside District")
	if strings.Count(home.body, "<h1>") != 1 {
		t.Error("not one heading of the first level")
	}

	// A draft that lacks something is shown again, with the problem beside its field and what was typed.
	fields := defined("Small-Group Instruction")
	fields.Set("description", "")
	fields.Set("criteria.narrative", "")
	w.issuer_.post(w.in("achievements", "new"), fields).want(t, 422, "Nothing was done yet", `value="Small-Group Instruction"`, `<title>Problem: `)
	fields = defined("Small-Group Instruction")
	fields.Set("alignment.0.new", "1")
	fields.Set("alignment.0.targetName", "Standard IV")
	fields.Set("alignment.0.targetUrl", "javascript:alert(1)")
	w.issuer_.post(w.in("achievements", "new"), fields).want(t, 422, `href="#f-alignment-0-targetUrl"`, `aria-invalid="true"`)

	id := w.published("Small-Group Instruction")
	w.issuer_.get(w.in("achievements", id)).want(t, 200, "Plans lessons.", "Shows <strong>four</strong> lessons.", "Proficient, required", "published")
	w.issuer_.get(w.in("achievements", id, "edit")).want(t, 409)
	w.issuer_.get(w.in("achievements")+"?name=small").want(t, 200, "Small-Group Instruction")
	w.issuer_.get(w.in("achievements")+"?name=other").want(t, 200, "Nothing here fits")
	w.issuer_.get(w.in("achievements")+"?state=draft").want(t, 200).lacks(t, "Small-Group Instruction")

	// An award, with a level of the rubric and evidence.
	form := w.issuer_.get(w.in("awards", "new")+"?achievement="+id).want(t, 200, "Reads evidence", "Proficient", "Evidence 1")
	award := url.Values{"once": {form.field("once")}, "recipient": {"ada@example.org"}, "name": {"Ada Example"}, "result.0.achievedLevel": {"result-1-level-2"},
		"evidence.0.new": {"1"}, "evidence.0.name": {"Lesson plans"}, "evidence.0.id": {"https://work.example/ada"}, "awardedDate": {"2024-05-01"}}
	wrong := url.Values{"once": {form.field("once")}, "recipient": {"nobody"}, "name": {"Ada Example"}}
	w.issuer_.post(w.in("awards", "new")+"?achievement="+id, wrong).want(t, 422, `href="#f-recipient"`, `value="nobody"`, `value="Ada Example"`)
	first := w.issuer_.post(w.in("awards", "new")+"?achievement="+id, award).want(t, 303)
	second := w.issuer_.post(w.in("awards", "new")+"?achievement="+id, award).want(t, 303)
	if first.id() != second.id() {
		t.Error("a form that was sent twice made two awards")
	}
	w.issuer_.follow(first).want(t, 200, "The award was made", "Ada Example", "Lesson plans", "Proficient", "1 May 2024", "issuer of ours").lacks(t, "ada@example.org")
	w.issuer_.get(w.in("awards", first.id())).want(t, 200).lacks(t, "The award was made") // told once
	w.issuer_.get(w.in("awards")).want(t, 200, "Ada Example", "Small-Group Instruction")
	w.issuer_.get(w.in("awards")+"?state=revoked").want(t, 200, "Nothing here fits")
	for _, text := range []string{"ada@example.org", "ada example", first.id(), base + "/c/" + first.id()} {
		w.issuer_.search(text).want(t, 200, "Ada Example")
	}
	w.issuer_.search("eve@example.org").want(t, 200, "Nothing here fits").lacks(t, "Ada Example")

	// Its standing.
	at := func(act string) string { return w.in("awards", first.id(), act) }
	page := w.issuer_.get(at("suspend")).want(t, 200, "This is what will happen", "Ada Example")
	seen := url.Values{"version": {page.field("version")}, "code": {"inquiry"}, "note": {"a colleague asked"}}
	w.issuer_.follow(w.issuer_.post(at("suspend"), seen)).want(t, 200, "suspended", "It is being looked into", "a colleague asked")
	w.issuer_.post(at("suspend"), seen).want(t, 422, "changed since you looked")
	page = w.issuer_.get(at("reinstate")).want(t, 200)
	w.issuer_.follow(w.issuer_.post(at("reinstate"), url.Values{"version": {page.field("version")}})).want(t, 200, "in force again")

	page = w.issuer_.get(at("correct")).want(t, 200, `value="Ada Example"`)
	corrected := w.issuer_.post(at("correct"), url.Values{"version": {page.field("version")}, "once": {page.field("once")}, "name": {"Ada Beispiel"}, "recipient": {"ada@example.org"}}).want(t, 303)
	w.issuer_.follow(corrected).want(t, 200, "Ada Beispiel", "The award before")
	w.issuer_.get(w.in("awards", first.id())).want(t, 200, "Another award takes its place", "The award that takes its place").lacks(t, "Correct name")

	revoke := w.in("awards", corrected.id(), "revoke")
	page = w.issuer_.get(revoke).want(t, 200, "for good")
	w.issuer_.post(revoke, url.Values{"version": {page.field("version")}}).want(t, 422, `href="#f-code"`)
	w.issuer_.follow(w.issuer_.post(revoke, url.Values{"version": {page.field("version")}, "code": {"error"}, "reason": {"wrong person"}})).want(t, 200, "awarded by mistake", "wrong person")

	// A new version, its settings, renewing.
	page = w.issuer_.get(w.in("achievements", id, "settings")).want(t, 200)
	w.issuer_.post(w.in("achievements", id, "settings"), url.Values{"version": {page.field("version")}, "duplicates": {"refuse"}, "months": {"x"}}).want(t, 422, "not a whole number")
	w.issuer_.follow(w.issuer_.post(w.in("achievements", id, "settings"), url.Values{"version": {page.field("version")}, "duplicates": {"refuse"}, "months": {"24"}, "renewable": {"yes"}})).want(t, 200, "24 months")
	made := w.awarded(id, "ben@example.org", "Ben")
	w.issuer_.post(w.in("awards", "new")+"?achievement="+id, url.Values{"recipient": {"ben@example.org"}}).want(t, 422, "holds an award of this achievement already")
	page = w.issuer_.get(w.in("awards", made, "renew")).want(t, 200)
	w.issuer_.follow(w.issuer_.post(w.in("awards", made, "renew"), url.Values{"version": {page.field("version")}, "once": {page.field("once")}, "recipient": {"ben@example.org"}})).want(t, 200, "stays in force until it ends")

	page = w.issuer_.get(w.in("achievements", id, "version")).want(t, 200)
	draft := w.issuer_.post(w.in("achievements", id, "version"), url.Values{"version": {page.field("version")}}).want(t, 303)
	page = w.issuer_.get(w.in("achievements", draft.id(), "edit")).want(t, 200, `value="Small-Group Instruction"`, `value="result-1-level-2"`)
	again := defined("Small-Group Instruction II")
	again.Set("version-seen", page.field("version-seen"))
	again.Set("resultDescription.0.short", "result-1")
	w.issuer_.follow(w.issuer_.post(w.in("achievements", draft.id(), "edit"), again)).want(t, 200, "Small-Group Instruction II")
	w.issuer_.post(w.in("achievements", draft.id(), "edit"), again).want(t, 422, "changed since you looked")
	page = w.issuer_.get(w.in("achievements", draft.id(), "publish")).want(t, 200, "version before is archived")
	w.issuer_.post(w.in("achievements", draft.id(), "publish"), url.Values{"version": {page.field("version")}}).want(t, 303)
	w.issuer_.get(w.in("achievements", id)).want(t, 200, "archived", "There is a newer version")
	page = w.issuer_.get(w.in("achievements", draft.id(), "archive")).want(t, 200, "cannot be undone")
	w.issuer_.post(w.in("achievements", draft.id(), "archive"), url.Values{"version": {page.field("version")}}).want(t, 303)
	w.issuer_.get(w.in("awards", "new")+"?achievement="+draft.id()).want(t, 409)
}

// TestSecondPerson: an assessor proposes, and nothing is done.
func TestSecondPerson(t *testing.T) {
	w := newWorld(t)
	id := w.published("Small-Group Instruction")
	assessor := w.roles[people.RoleAssessor]
	address := w.in("awards", "new") + "?achievement=" + id
	form := assessor.get(address).want(t, 200, "Another person has to allow", "Propose the award")
	assessor.follow(assessor.post(address, url.Values{"once": {form.field("once")}, "recipient": {"ada@example.org"}, "why": {"she did it"}})).want(t, 200, "It was proposed", "Nothing was awarded yet")
	if open, _, err := w.service.Workspace(w.ours.ID).Proposals(t.Context(), "open", "", 10); err != nil || len(open) != 1 {
		t.Fatal(open, err)
	}
	award := w.awarded(id, "ben@example.org", "Ben")
	page := assessor.get(w.in("awards", award, "revoke")).want(t, 200, "Nothing changes until another person allows it")
	revoke := url.Values{"version": {page.field("version")}, "once": {page.field("once")}, "code": {"error"}}
	assessor.follow(assessor.post(w.in("awards", award, "revoke"), revoke)).want(t, 200, "It was proposed", "issued")
}
