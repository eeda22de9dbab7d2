package console

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

// at is an address of the office.
func (w *world) at(parts ...string) string { return w.in(append([]string{"office"}, parts...)...) }

// confirm opens a page that asks, and sends its form with further fields.
func (b *browser) confirm(address string, fields url.Values) reply {
	b.w.t.Helper()
	page := b.get(address).want(b.w.t, 200)
	sent := url.Values{"version": {page.field("version")}, "once": {page.field("once")}}
	maps.Copy(sent, fields)
	return b.post(address, sent)
}

// TestPeople: inviting, changing roles, removing.
func TestPeople(t *testing.T) {
	w := newWorld(t)
	o := w.owner
	o.get(w.at()).want(t, 200, "People", "Activity", "Keys", "Tokens", "Webhooks")
	w.issuer_.get(w.at()).want(t, 200, "Keys").lacks(t, "Tokens", "People", "Activity", "Webhooks")
	o.get(w.at("people")).want(t, 200, "Olive Owner", "issuer@ours.example", "Nobody is invited").lacks(t, "theirs.example")
	w.roles[people.RoleAuditor].get(w.at("people")).want(t, 200, "Olive Owner").lacks(t, "Invite somebody", "Remove")

	o.post(w.at("people", "invite"), url.Values{"email": {"nobody"}, "role": {"king"}}).want(t, 422, `href="#f-email"`, `value="nobody"`)
	o.post(w.at("people", "invite"), url.Values{"email": {"issuer@ours.example"}, "role": {"issuer"}}).want(t, 422, "member already")
	shown := o.post(w.at("people", "invite"), url.Values{"email": {"new@ours.example"}, "role": {"auditor"}}).want(t, 200, "shown this once", base+"/invitation/")
	link := regexp.MustCompile(base + `(/invitation/[^<]*)`).FindStringSubmatch(shown.body)[1]
	page := o.get(w.at("people")).want(t, 200, "new@ours.example", "as auditor").lacks(t, link)
	withdraw := regexp.MustCompile(`href="(/[^"]*/withdraw)"`).FindStringSubmatch(page.body)[1]
	o.follow(o.confirm(withdraw, nil)).want(t, 200, "was withdrawn").lacks(t, "new@ours.example")
	w.browser().get(link).want(t, 404)
	o.get(withdraw).want(t, 404)

	assessor := w.account(w.roles[people.RoleAssessor])
	role := w.at("people", assessor, "role")
	o.post(role, url.Values{"version": {"issuer"}, "role": {"owner"}}).want(t, 409, "changed since you looked")
	o.follow(o.confirm(role, url.Values{"role": {"issuer"}})).want(t, 200, "The role was changed")
	w.roles[people.RoleAssessor].get(w.in("achievements", "new")).want(t, 200)
	o.confirm(role, url.Values{"role": {"king"}}).want(t, 422, "The role has to be")
	o.confirm(w.at("people", w.account(o), "role"), url.Values{"role": {"issuer"}}).want(t, 422, "the last one")
	o.confirm(w.at("people", w.account(o), "remove"), nil).want(t, 422, "the last one")

	o.follow(o.confirm(w.at("people", assessor, "remove"), nil)).want(t, 200, "The member was removed").lacks(t, "assessor@ours.example")
	w.roles[people.RoleAssessor].get(w.in("awards")).want(t, 303) // signed out
	o.get(w.at("people", assessor, "remove")).want(t, 404)
	o.get(w.at("people", w.account(w.foreign[people.RoleOwner]), "role")).want(t, 404)
}

// TestTokens: a token can do no more than who made it, and its text is shown once.
func TestTokens(t *testing.T) {
	w := newWorld(t)
	o, address := w.owner, w.at("tokens", "new")
	o.get(w.at("tokens")).want(t, 200, "No program acts here")
	o.post(address, url.Values{}).want(t, 422, `href="#f-name"`, `href="#f-days"`, "Choose something")
	form := o.get(address).want(t, 200, "Make the token")
	fields := url.Values{"once": {form.field("once")}, "name": {"Moodle"}, "days": {"90"}, "scope.credentials:write": {"yes"}, "scope.invented": {"yes"}}
	made := o.post(address, fields).want(t, 200, "shown this once")
	text := regexp.MustCompile(`laurel_[0-9a-f]+`).FindString(made.body)
	token, err := w.service.Authenticate(t.Context(), text)
	if err != nil || len(token.Scopes) != 1 || !token.May(issuer.ScopeCredentialsWrite) || token.Organisation != w.ours.ID || token.Expires.IsZero() {
		t.Fatalf("%+v %v", token, err)
	}
	o.post(address, fields).want(t, 409, "made already").lacks(t, text) // the page was loaded again
	o.get(w.at("tokens")).want(t, 200, "Moodle", "Award, revoke", "active").lacks(t, text)

	theirs, err := w.service.CreateToken(t.Context(), issuer.TokenInput{Organisation: w.theirs.ID, Name: "Theirs", Scopes: []issuer.Scope{issuer.ScopeKeysRead}, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	o.get(w.at("tokens", theirs.ID, "revoke")).want(t, 404)
	o.follow(o.confirm(w.at("tokens", token.ID, "revoke"), nil)).want(t, 200, "The token was revoked", "revoked").lacks(t, "Theirs")
	if _, err := w.service.Authenticate(t.Context(), text); err == nil {
		t.Error("a revoked token works")
	}
	o.confirm(w.at("tokens", token.ID, "revoke"), nil).want(t, 422, "already revoked")
}

// TestSettings: what takes two people cannot be taken away by one.
func TestSettings(t *testing.T) {
	w := newWorld(t)
	o, address := w.owner, w.at("settings")
	w.issuer_.get(address).want(t, 200, "An owner of the organisation can change this").lacks(t, "<textarea")
	fields := url.Values{"name": {"Riverside Schools"}, "email": {"office@example.org"}, "website": {"https://river.example"}, "language": {"es"}, "held": {"yes"}, fieldSecondRevoke: {"yes"}}
	wrong := url.Values{"name": {""}, "website": {"javascript:x"}}
	o.confirm(address, wrong).want(t, 422, `href="#f-name"`)
	o.follow(o.confirm(address, fields)).want(t, 200, "were saved", `value="Riverside Schools"`, "takes two people as well")
	set, err := w.service.Organisation(t.Context(), w.ours.ID)
	if err != nil || !set.Settings.Held || len(set.Settings.Second) != 1 || set.Settings.Language != "es" {
		t.Fatalf("%+v %v", set, err)
	}
	o.post(address, url.Values{"version": {"1"}, "name": {"x"}}).want(t, 422, "changed since you looked")
	fields.Del(fieldSecondRevoke)
	fields.Set("why", "we are few")
	o.follow(o.confirm(address, fields)).want(t, 200, "It was proposed")
	if open, _, err := w.service.Workspace(w.ours.ID).Proposals(t.Context(), issuer.ProposalOpen, "", 10); err != nil || len(open) != 1 || open[0].Why != "we are few" {
		t.Fatal(open, err)
	}
	if set, err = w.service.Organisation(t.Context(), w.ours.ID); err != nil || len(set.Settings.Second) != 1 {
		t.Error("one person took away that two are needed")
	}

	picture := w.at("settings", "picture")
	version := o.get(address).field("version")
	o.upload(picture, "image", []byte("no picture"), url.Values{"version": {version}}).want(t, 422)
	hostile := []byte(strings.Replace(drawing, "<circle", `<script>alert(1)</script><circle onclick="x()"`, 1))
	o.follow(o.upload(picture, "image", hostile, url.Values{"version": {version}})).want(t, 200, "/i/"+w.ours.ID+"/image.svg")
	kept, err := w.service.OrganisationPicture(t.Context(), w.ours.ID, "image.svg")
	if err != nil || bytes.Contains(kept, []byte("alert")) || bytes.Contains(kept, []byte("onclick")) {
		t.Errorf("%s %v", kept, err)
	}
	o.follow(o.upload(picture, "image", nil, url.Values{"version": {o.get(address).field("version")}, "remove": {"yes"}})).want(t, 200, "There is none")
}

// TestKeys: replacing, retiring and giving up keys.
func TestKeys(t *testing.T) {
	w := newWorld(t)
	w.awarded(w.published("Small-Group Instruction"), "ada@example.org", "Ada")
	o := w.owner
	set, err := w.service.Organisation(t.Context(), w.ours.ID)
	if err != nil {
		t.Fatal(err)
	}
	first := set.Keys[0]
	key := func(act string) string { return w.at("keys", first.Name, act) }
	o.get(w.at("keys")).want(t, 200, "Replace", "It was stolen", "signed end of the log")
	w.issuer_.get(w.at("keys")).want(t, 200, "active").lacks(t, "Replace", "signed end")
	o.get(key("reissue")).want(t, 409, "This key is in use")
	o.get(w.at("keys", "none", "rotate")).want(t, 404)
	o.follow(o.confirm(key("rotate"), nil)).want(t, 200, "A new key signs", "retired")
	o.post(key("retire"), url.Values{"version": {"active"}}).want(t, 409, "changed since you looked")
	o.confirm(key("compromise"), url.Values{"since": {"2999-01-01"}}).want(t, 422, `href="#f-since"`)
	gone := o.confirm(key("compromise"), url.Values{"since": {"2020-01-01"}}).want(t, 303)
	o.follow(gone).want(t, 200, "Everybody is told", "one award", "Sign them anew")
	o.get(w.at("keys")).want(t, 200, "compromised")
	if begun := o.confirm(key("reissue"), nil).want(t, 303); !strings.HasPrefix(begun.header.Get("Location"), w.in("batches")+"/") {
		t.Error(begun.header)
	}
	other := ""
	if set, err = w.service.Organisation(t.Context(), w.ours.ID); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		if k.State == issuer.KeyActive && k.Algorithm == "EdDSA" {
			other = k.Name
		}
	}
	o.confirm(w.at("keys", other, "retire"), nil).want(t, 422, "only active key")
	head := o.get(w.at("activity", "head")).want(t, 200)
	if head.header.Get("Content-Type") != "application/jwt" || strings.Count(head.body, ".") != 2 {
		t.Error(head.header, head.body)
	}
}

// TestEndorsements: giving, revoking, showing those of others.
func TestEndorsements(t *testing.T) {
	w := newWorld(t)
	achievement := w.published("Small-Group Instruction")
	o, address := w.owner, w.at("endorsements", "new")
	o.get(w.at("endorsements")).want(t, 200, "There are no endorsements", "Endorse something")
	w.issuer_.get(w.at("endorsements")).want(t, 200).lacks(t, "Endorse something")
	o.confirm(address, url.Values{"kind": {"achievement"}, "subject": {base + "/a/none"}}).want(t, 422, `href="#f-subject"`)
	o.confirm(address, url.Values{"kind": {"achievement"}, "subject": {""}}).want(t, 422, `href="#f-subject"`)
	form := o.get(address)
	fields := url.Values{"once": {form.field("once")}, "kind": {"issuer"}, "subject": {base + "/i/" + w.theirs.ID}, "comment": {"They <script>alert(1)</script> **issue** [well](javascript:x)."}}
	made := o.post(address, fields).want(t, 303)
	if again := o.post(address, fields).want(t, 303); again.id() != made.id() {
		t.Error("a form that was sent twice made two endorsements")
	}
	given := w.at("endorsements", made.id())
	o.follow(made).want(t, 200, "signed and published", "<strong>issue</strong>", "/e/"+made.id()).lacks(t, "<script>", "javascript:")
	o.confirm(given+"/revoke", url.Values{"reason": {""}}).want(t, 422, `href="#f-reason"`)
	o.follow(o.confirm(given+"/revoke", url.Values{"reason": {"they changed"}})).want(t, 200, "was revoked", "they changed")
	o.get(given+"/detach").want(t, 404)

	// One of others, about an achievement of ours.
	theirs := w.service.Workspace(w.theirs.ID)
	back, err := theirs.Endorse(t.Context(), issuer.EndorseInput{Kind: issuer.EndorsesAchievement, Subject: base + "/a/" + achievement, Comment: "Good"}, issuer.Write{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	attach := w.at("endorsements", "attach")
	o.upload(attach, "file", nil, nil).want(t, 422, "Choose a file")
	o.upload(attach, "file", []byte("{}"), nil).want(t, 422, "no endorsement that can be published")
	o.upload(attach, "file", bytes.Replace(back.JSON, []byte("Good"), []byte("forged"), 1), nil).want(t, 422, "could not be shown to come from")
	shown := o.upload(attach, "file", back.JSON, nil).want(t, 303)
	o.follow(shown).want(t, 200, "Hillside District", "Take it away").lacks(t, "Revoke")
	o.upload(attach, "file", back.JSON, nil).want(t, 422, "attached already")
	o.get(w.in("achievements", achievement)).want(t, 200, "What others say of it", "Hillside District")
	o.get(w.at("endorsements")+"?about="+url.QueryEscape(base+"/a/"+achievement)).want(t, 200, "Small-Group", "Hillside").lacks(t, made.id())
	o.follow(o.confirm(w.at("endorsements", shown.id(), "detach"), nil)).want(t, 200, "shown no more")
	o.get(w.at("endorsements", back.ID)).want(t, 404) // it is theirs
}

// TestWebhooks: the secret is shown once; what was sent can be sent again.
func TestWebhooks(t *testing.T) {
	w := newWorld(t)
	o := w.owner
	o.get(w.at("webhooks")).want(t, 200, "No program is told")
	o.post(w.at("webhooks", "new"), url.Values{"url": {"http://127.0.0.1/"}, "event.credential.issued": {"yes"}}).want(t, 422, `href="#f-url"`, `checked`)
	made := o.post(w.at("webhooks", "new"), url.Values{"url": {"https://hr.example/hook"}, "event.credential.issued": {"yes"}}).want(t, 200, "whsec_", "shown this once")
	all, err := w.hooks.Endpoints(t.Context(), w.ours.ID)
	if err != nil || len(all) != 1 || len(all[0].Events) != 1 {
		t.Fatal(all, err)
	}
	secret := regexp.MustCompile(`whsec_[^<]+`).FindString(made.body)
	hook := w.at("webhooks", all[0].ID)
	o.get(hook).want(t, 200, "https://hr.example/hook", "An award was made", "Nothing was sent yet").lacks(t, secret)
	w.roles[people.RoleAuditor].get(hook).want(t, 200).lacks(t, "Remove", "Try it")
	o.follow(o.confirm(hook+"/try", nil)).want(t, 200, "A try", "waiting")
	sent, _, err := w.hooks.Deliveries(t.Context(), w.ours.ID, all[0].ID, false, "", 10)
	if err != nil || len(sent) != 1 {
		t.Fatal(sent, err)
	}
	o.get(hook+"/deliveries/"+sent[0].ID).want(t, 200, "webhook.ping", "It was not sent yet", "Send it again")
	o.follow(o.confirm(hook+"/deliveries/"+sent[0].ID, nil)).want(t, 200, "on its way again")
	o.get(hook+"/deliveries/none").want(t, 404)
	if fresh := o.confirm(hook+"/secret", nil).want(t, 200, "whsec_"); strings.Contains(fresh.body, secret) {
		t.Error("the secret stayed")
	}
	o.follow(o.post(hook+"/edit", url.Values{"url": {"https://hr.example/other"}})).want(t, 200, "was changed", "/other", "everything")
	o.confirm(hook+"/replay", url.Values{"since": {""}}).want(t, 422, "Say since when")
	o.confirm(hook+"/replay", url.Values{"since": {"2020-01-01"}}).want(t, 422, "Nothing has failed")
	o.follow(o.confirm(hook+"/off", nil)).want(t, 200, "turned off")
	o.get(hook).lacks(t, "Try it")
	o.follow(o.confirm(hook+"/on", nil)).want(t, 200, "turned on")
	theirs := strings.Replace(hook, w.ours.ID, w.theirs.ID, 1)
	w.foreign[people.RoleOwner].get(theirs).want(t, 404)
	w.foreign[people.RoleOwner].get(theirs+"/deliveries/"+sent[0].ID).want(t, 404)
	o.follow(o.confirm(hook+"/remove", nil)).want(t, 200, "was removed", "No program is told")
}

// TestActivity: the log says who did what, by name, and in sentences; what is exported is the organisation's alone.
func TestActivity(t *testing.T) {
	w := newWorld(t)
	achievement := w.published("Small-Group Instruction")
	award := w.awarded(achievement, "ada@example.org", "Ada Example")
	w.owner.post(w.at("people", "invite"), url.Values{"email": {"new@ours.example"}, "role": {"auditor"}}).want(t, 200)
	issuerID := w.account(w.issuer_)
	auditor := w.roles[people.RoleAuditor]
	page := auditor.get(w.at("activity")).want(t, 200, "issuer of ours", "the award of Ada Example", "the achievement Small-Group Instruction", "invited somebody, as auditor", "Olive Owner")
	page.lacks(t, "ada@example.org", "new@ours.example", "did: ", "Hillside")
	auditor.get(w.at("activity")+"?subject="+url.QueryEscape(base+"/c/"+award)).want(t, 200, "signed", "Ada Example").lacks(t, "achievement Small-Group")
	auditor.get(w.at("activity")+"?subject="+award).want(t, 200, "Ada Example")
	auditor.get(w.at("activity")+"?actor=account:"+issuerID).want(t, 200, "Ada Example").lacks(t, "invited somebody")
	auditor.get(w.at("activity")+"?subject="+w.theirs.ID).want(t, 200, "Nothing here fits")
	auditor.get(w.at("activity")+"?actor=account:"+w.account(w.foreign[people.RoleIssuer])).want(t, 200, "Nothing here fits")
	auditor.get(w.at("activity")+"?after=made-up").want(t, 400)

	// Somebody whose account is gone has no name any more.
	w.owner.confirm(pathInstallation+"/accounts/"+issuerID+"/erase", nil).want(t, 303)
	auditor.get(w.at("activity")).want(t, 200, "A former member", "the award of Ada Example").lacks(t, "issuer of ours")

	export := auditor.get(w.at("activity", "export")).want(t, 200)
	lines := strings.Split(strings.TrimSpace(export.body), "\n")
	for i, line := range lines {
		var e issuer.Activity
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if last := i == len(lines)-1; !last && e.Organisation != w.ours.ID || strings.Contains(line, "example.org") {
			t.Errorf("line %d: %s", i, line)
		}
	}
	var end struct{ Entries int }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil || end.Entries != len(lines)-1 || end.Entries < 8 {
		t.Error(end, err, len(lines))
	}
}

// TestDeeds: every action that the office records is said in words.
func TestDeeds(t *testing.T) {
	w := newWorld(t)
	w.officeThings()
	w.awarded(w.published("Small-Group Instruction"), "ada@example.org", "Ada")
	for after := ""; ; {
		found, next, err := w.service.Activity(t.Context(), activityOf(w.ours.ID), after, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range found {
			if _, ok := deeds[e.Action]; !ok {
				t.Errorf("no words for %s", e.Action)
			}
		}
		if after = next; after == "" {
			return
		}
	}
}

// TestStepUp: what is hard to undo asks whoever signed in a while ago to do so once more, and leads them back.
func TestStepUp(t *testing.T) {
	w := newWorld(t)
	o := w.owner
	o.get("/console/account").want(t, 200, `id="passkey-new"`)
	w.clock = w.clock.Add(recently)
	address := w.at("tokens", "new")
	o.get(w.at("tokens")).want(t, 200)
	if got := o.get(address).want(t, 303); got.header.Get("Location") != pathAgain {
		t.Fatal(got.header)
	}
	o.get(pathAgain).want(t, 200, "Sign in once more", "come back to where", "Whoever runs the server")
	o.post(address, url.Values{"name": {"Moodle"}, "days": {"90"}, "scope.keys:read": {"yes"}}).want(t, 403, "was not looked at").lacks(t, "laurel_")
	if all, err := w.service.Tokens(t.Context()); err != nil || len(all) != 0 {
		t.Fatal(all, err)
	}
	begin := o.send(http.MethodPost, "/console/account/passkeys/begin", "{}", http.Header{"Origin": {base}, "Accept": {"application/json"}})
	if begin.status != 403 || !strings.Contains(begin.body, "sign in once more") {
		t.Error(begin)
	}
	o.get("/console/account").want(t, 200, "/console/account/passkeys/new").lacks(t, `id="passkey-new"`)

	o.get(address).want(t, 303)
	before := o.token()
	link, err := w.people.OperatorLink(t.Context(), "olive@example.org")
	if err != nil {
		t.Fatal(err)
	}
	shown := o.get(strings.TrimPrefix(link, base)).want(t, 200)
	back := o.post("/sign-in/link", url.Values{"token": {shown.field("token")}}).want(t, 303)
	if back.header.Get("Location") != address || o.token() == before {
		t.Error("it leads to", back.header.Get("Location"))
	}
	o.get(address).want(t, 200, "Make the token")
	if got := o.get("/console/account/passkeys/new").want(t, 303); got.header.Get("Location") != "/console/account#passkeys" {
		t.Error(got.header)
	}

	// All that touches tokens, keys, people and secrets asks for it, and all that erases, also what is added later.
	for _, r := range allRoutes() {
		within := strings.HasPrefix(r.path, inside)
		sensitive := within && (r.scope == issuer.ScopePeopleWrite || strings.Contains(r.path, "/keys/:") || strings.HasSuffix(r.path, "/erase") ||
			strings.HasSuffix(r.path, "/awards/:id/link") || strings.HasSuffix(r.path, "/webhooks/new") || strings.HasSuffix(r.path, "/secret")) ||
			r.method == http.MethodGet && (strings.HasSuffix(r.path, "/confirm") || strings.HasSuffix(r.path, "/allow")) || // where one comes back to, see TestStepUpToRevoke
			strings.HasPrefix(r.path, pathInstallation+"/") || strings.HasPrefix(r.path, pathAccount+"/passkeys/")
		if r.recent != sensitive {
			t.Errorf("%s %s: recent %v", r.method, r.path, r.recent)
		}
	}
}

// TestInstallation: the owners of the first organisation make others, and look after accounts.
func TestInstallation(t *testing.T) {
	w := newWorld(t)
	o := w.owner
	for _, b := range []*browser{w.issuer_, w.foreign[people.RoleOwner]} {
		b.get("/console/account").want(t, 200).lacks(t, pathInstallation)
		for _, path := range []string{"", "/organisations/new", "/accounts/" + w.account(o) + "/disable", "/accounts/" + w.account(o) + "/erase", "/organisations/" + w.theirs.ID + "/adopt"} {
			b.get(pathInstallation+path).want(t, 403)
			if path != "" {
				b.post(pathInstallation+path, url.Values{"version": {"active"}, "name": {"x"}}).want(t, 403)
			}
		}
	}
	o.get("/console/account").want(t, 200, pathInstallation)
	o.get(pathInstallation).want(t, 200, "olive@example.org", "auditor@theirs.example").lacks(t, "without an owner")
	o.post(pathInstallation+"/organisations/new", url.Values{"name": {""}}).want(t, 422, `href="#f-name"`)
	fresh := url.Values{"name": {"Lakeside District"}, "email": {"office@lake.example"}}
	o.follow(o.post(pathInstallation+"/organisations/new", fresh)).want(t, 200, "Lakeside District", "You are its owner")
	o.post(pathInstallation+"/organisations/new", fresh).want(t, 422, "has this name")
	o.get("/console").want(t, 200, "Riverside District", "Lakeside District", pathInstallation)

	lost, err := w.service.CreateOrganisation(t.Context(), "Lost District", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	o.get(pathInstallation).want(t, 200, "without an owner", "Lost District")
	o.get(pathInstallation+"/organisations/"+w.theirs.ID+"/adopt").want(t, 404) // it has an owner
	o.get("/console/"+lost.ID).want(t, 404)
	o.follow(o.confirm(pathInstallation+"/organisations/"+lost.ID+"/adopt", nil)).want(t, 200, "You look after", "Lost District")

	auditor := w.roles[people.RoleAuditor]
	account := pathInstallation + "/accounts/" + w.account(auditor)
	o.follow(o.confirm(account+"/disable", nil)).want(t, 200, "was disabled")
	auditor.get(w.in("awards")).want(t, 303)
	o.get(w.at("people")).want(t, 200, "disabled")
	o.post(account+"/disable", url.Values{"version": {"active"}}).want(t, 409)
	o.follow(o.confirm(account+"/enable", nil)).want(t, 200, "can be used again")
	w.signIn(auditor, "auditor@ours.example")
	o.follow(o.confirm(account+"/erase", nil)).want(t, 200, "was erased").lacks(t, "auditor@ours.example")
	o.confirm(pathInstallation+"/accounts/"+w.account(o)+"/disable", nil).want(t, 422, "the last one")
	o.get(pathInstallation+"/accounts/none/disable").want(t, 404)
}

// TestDraftPicture: the picture of a draft is seen by colleagues, and can do nothing when it is opened by itself.
func TestDraftPicture(t *testing.T) {
	w := newWorld(t)
	things := w.officeThings()
	address := w.in("achievements", things.pictured, "picture")
	w.issuer_.get(w.in("achievements", things.pictured)).want(t, 200, address)
	got := w.issuer_.get(address).want(t, 200, "<circle")
	if policy := got.header.Get("Content-Security-Policy"); got.header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(policy, "sandbox") || got.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Error(got.header)
	}
	w.foreign[people.RoleOwner].get(strings.Replace(address, w.ours.ID, w.theirs.ID, 1)).want(t, 404)
}
