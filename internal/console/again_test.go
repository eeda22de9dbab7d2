package console

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

// edit changes the record of something, as only a restore or a failure would.
func (w *world) edit(kind, id, before, after string) {
	w.t.Helper()
	for _, k := range issuer.Kinds() {
		if k.Name != kind {
			continue
		}
		err := w.service.Records().Update(w.t.Context(), func(tx issuer.Tx) error {
			row, err := tx.Get(k, id)
			if err != nil {
				return err
			}
			if !strings.Contains(string(row.Body), before) {
				w.t.Fatalf("%s does not hold %s", row.Body, before)
			}
			row.Body = []byte(strings.Replace(string(row.Body), before, after, 1))
			return tx.Put(k, row)
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// TestTwice sends every form of the console twice, as a second click does: the second one does nothing.
func TestTwice(t *testing.T) {
	w := newWorld(t)
	w.outbox.On = true
	o := w.owner
	// Forms that do nothing of which there could be too much.
	left := map[string]string{
		"/console/again":                                          "asks for a link, of which there are so many in an hour and no more",
		"/console/account/name":                                   "writes one name",
		"/console/account/sessions":                               "ends what has not ended",
		"/console/account/passkeys":                               "removes what is there",
		"/console/account/passkeys/begin":                         "begins",
		"/console/account/passkeys/finish":                        "uses up what was begun",
		at(people.PathAddress):                                    "uses up a link",
		inside + "/awards":                                        "looks",
		inside + "/office/webhooks/:id/replay":                    "sends nothing where nothing has failed, and asks as /try does",
		inside + "/batches/columns":                               "is the second page of /batches/new, with its text",
		"/console/installation/accounts/:account/enable":          "",
		"/console/installation/organisations/:organisation/adopt": "",
	}
	done := map[string]bool{}
	marks := func() int {
		t.Helper()
		count := len(w.queue)
		for after := ""; ; {
			entries, next, err := w.service.Activity(t.Context(), issuer.ActivityFilter{}, after, 500)
			if err != nil {
				t.Fatal(err)
			}
			count += len(entries)
			if after = next; after == "" {
				return count
			}
		}
	}
	// twice sends the form of a page twice, to the address at which the page is, or to another one.
	twice := func(b *browser, pattern, page, address string, extra url.Values) (first reply) {
		t.Helper()
		if done[pattern] = true; address == "" {
			address = page
		}
		fields := b.get(page).want(t, 200).fields()
		maps.Copy(fields, extra)
		before := marks()
		first = b.post(address, fields)
		acted := marks()
		if first.status != http.StatusSeeOther && first.status != http.StatusOK || acted == before {
			t.Errorf("%s: %d, and %d entries\n%s", pattern, first.status, acted-before, first.body)
		}
		second := b.post(address, fields)
		if again := marks(); again != acted {
			t.Errorf("%s: sent twice, it was done twice: %d entries more", pattern, again-acted)
		}
		if first.status == http.StatusSeeOther && second.status == http.StatusSeeOther && first.header.Get("Location") != second.header.Get("Location") {
			t.Errorf("%s leads to %s and to %s", pattern, first.header.Get("Location"), second.header.Get("Location"))
		}
		return first
	}
	within := func(pattern string, parts ...string) (string, string) { return inside + pattern, w.in(parts...) }
	send := func(pattern string, extra url.Values, parts ...string) reply {
		t.Helper()
		name, page := within(pattern, parts...)
		return twice(o, name, page, "", extra)
	}
	const yes = "yes"
	cause := url.Values{"code": {"error"}, "reason": {"a mistake"}}

	// Achievements.
	draft := send("/achievements/new", defined(badgeName), "achievements", "new").id()
	seen := o.get(w.in("achievements", draft, "edit")).field("version-seen")
	change := defined(badgeName + " for all")
	change.Set("version-seen", seen)
	send("/achievements/:id/edit", change, "achievements", draft, "edit")
	send("/achievements/:id/publish", nil, "achievements", draft, "publish")
	send("/achievements/:id/settings", url.Values{"duplicates": {"allow"}, "months": {"12"}, "renewable": {yes}}, "achievements", draft, "settings")
	version := send("/achievements/:id/version", nil, "achievements", draft, "version").id()
	other := w.published("Another One")
	send("/achievements/:id/archive", nil, "achievements", other, "archive")
	exported := o.get(w.in("achievements", draft, "export")).body
	if version == "" || !strings.Contains(exported, "laurelAchievement") {
		t.Fatal(exported)
	}
	several := o.upload(w.in("achievements", "import"), "file", []byte("["+exported+","+exported+"]"), nil).want(t, 200, "Make drafts of all")
	kept := several.fields()
	kept.Set("all", yes)
	before := marks()
	for range 2 {
		o.post(w.in("achievements", "import"), kept).want(t, 200, "The draft")
	}
	if marks() != before+2 {
		t.Error("two definitions became so many drafts:", marks()-before)
	}
	done[inside+"/achievements/import"] = true

	// Awards.
	award := func(email string) string { return w.awarded(draft, email, "Ada") }
	name, page := within("/awards/new", "awards", "new")
	first := twice(o, name, page+"?achievement="+draft, "", url.Values{"recipient": {"ada@example.org"}, "name": {"Ada"}}).id()
	send("/awards/:id/correct", url.Values{"name": {"Ada B"}, "recipient": {"ada@example.org"}}, "awards", first, "correct")
	send("/awards/:id/renew", url.Values{"recipient": {"ann@example.org"}}, "awards", award("ann@example.org"), "renew")
	second := award("ben@example.org")
	send("/awards/:id/suspend", url.Values{"code": {"inquiry"}}, "awards", second, "suspend")
	send("/awards/:id/reinstate", nil, "awards", second, "reinstate")
	w.work()
	send("/awards/:id/resend", nil, "awards", second, "resend")
	refused := award("refused@example.org")
	w.work()
	shown := send("/awards/:id/link", nil, "awards", refused, "link").want(t, 200, base+"/claim/")
	if _, address := within("", "awards", refused, "link"); !strings.Contains(o.post(address, url.Values{"once": {"x"}}).body, "/claim/") || shown.field("once") != "" {
		t.Error("another form makes no other link")
	}
	send("/awards/:id/revoke", cause, "awards", second, "revoke")
	send("/awards/:id/erase", url.Values{"sure": {yes}}, "awards", second, "erase")
	look := o.post(w.in("erase"), url.Values{"email": {"refused@example.org"}}).want(t, 200, "One award").fields()
	look.Set("email", "refused@example.org")
	look.Set("sure", yes)
	send("/erase", look, "erase")

	// Cases.
	file := send("/awards/:id/case", url.Values{"code": {"evidence"}, "text": {"somebody else's"}}, "awards", award("cy@example.org"), "case").id()
	due := w.clock.AddDate(0, 0, 14).Format(time.DateOnly)
	for _, step := range []struct {
		path  string
		extra url.Values
	}{{"notice", url.Values{"text": {"We were told"}, "due": {due}}}, {"document", url.Values{"text": {"The lesson"}, "url": {"https://work.example/1"}}},
		{"answer", url.Values{"text": {"I was there"}}}, {"vote", url.Values{"vote": {"keep"}}}, {"decide", url.Values{"verdict": {"keep"}}}, {"close", nil}} {
		send("/cases/:id/"+step.path, step.extra, "cases", file, step.path)
	}

	// Batches.
	list := func(address string) string {
		once := o.get(w.in("batches", "new")).field("once")
		fields := url.Values{"achievement": {draft}, "once": {once}}
		made := o.upload(w.in("batches", "new"), "file", []byte("Email\n"+address+"\nbad\n"), fields).want(t, 303)
		before := marks()
		again := o.upload(w.in("batches", "new"), "file", []byte("Email\n"+address+"\nbad\n"), fields).want(t, 303)
		if again.id() != made.id() || marks() != before {
			t.Error("a list that was sent twice made two batches")
		}
		return made.id()
	}
	done[inside+"/batches/new"] = true
	confirm := func(id string) {
		t.Helper()
		twice(o, inside+"/batches/:id/confirm", w.in("batches", id), w.in("batches", id, "confirm"), url.Values{"skip": {yes}})
	}
	batch := list("dee@example.org")
	confirm(batch)
	w.work()
	undone := send("/batches/:id/undo", cause, "batches", batch, "undo").id()
	confirm(undone)
	w.work()
	send("/batches/:id/discard", nil, "batches", list("eve@example.org"), "discard")
	held := list("flo@example.org")
	confirm(held)
	w.edit("batch", held, `"state":"open"`, `"state":"held"`)
	send("/batches/:id/release", nil, "batches", held, "release")
	send("/batches/:id/drop", nil, "batches", held, "drop")
	w.work()
	send("/revocations", url.Values{"code": {"policy"}, "ids": {award("gus@example.org")}, "achievement": {""}}, "revocations")

	// Proposals.
	proposed := func() string {
		t.Helper()
		p, err := w.service.Workspace(w.ours.ID).Propose(t.Context(), issuer.Proposal{Kind: issuer.ProposalAward, Award: &issuer.AwardInput{Achievement: draft, Recipient: "hal@example.org"}},
			issuer.Write{Actor: "account:" + w.account(w.issuer_)})
		if err != nil {
			t.Fatal(err)
		}
		return w.in("proposals", p.ID)
	}
	for act, b := range map[string]*browser{"allow": o, "refuse": o, "withdraw": w.issuer_} {
		at := proposed()
		twice(b, inside+"/proposals/:id/"+act, at, at+"/"+act, nil)
	}
	at := w.in("awards", "new") + "?achievement=" + draft
	twice(w.roles[people.RoleAssessor], inside+"/awards/new", at, "", url.Values{"recipient": {"ida@example.org"}})

	// The office.
	send("/office/people/invite", url.Values{"email": {"jo@ours.example"}, "role": {"auditor"}}, "office", "people", "invite")
	withdraw := o.get(w.at("people")).link("Withdraw")
	twice(o, inside+"/office/people/invitations/:invitation/withdraw", withdraw, "", nil)
	auditor := w.account(w.roles[people.RoleAuditor])
	send("/office/people/:account/role", url.Values{"role": {"assessor"}}, "office", "people", auditor, "role")
	send("/office/people/:account/remove", nil, "office", "people", auditor, "remove")
	send("/office/tokens/new", url.Values{"name": {"Moodle"}, "days": {"90"}, "scope.keys:read": {yes}}, "office", "tokens", "new").want(t, 200, "laurel_")
	tokens, err := w.service.Workspace(w.ours.ID).Tokens(t.Context())
	if err != nil || len(tokens) != 1 {
		t.Fatal(tokens, err)
	}
	send("/office/tokens/:id/revoke", nil, "office", "tokens", tokens[0].ID, "revoke")
	send("/office/settings", url.Values{"name": {"Riverside"}}, "office", "settings")
	drawn := url.Values{"version": {o.get(w.at("settings")).field("version")}}
	before = marks()
	o.upload(w.at("settings", "picture"), "image", []byte(drawing), drawn).want(t, 303)
	o.upload(w.at("settings", "picture"), "image", []byte(drawing), drawn).want(t, 422, "changed since you looked")
	if marks() != before+1 {
		t.Error("a picture was changed twice")
	}
	done[inside+"/office/settings/picture"] = true

	set, err := w.service.Organisation(t.Context(), w.ours.ID)
	if err != nil {
		t.Fatal(err)
	}
	key := set.Keys[0].Name
	send("/office/keys/:key/rotate", nil, "office", "keys", key, "rotate")
	send("/office/keys/:key/compromise", url.Values{"since": {"2020-01-01"}}, "office", "keys", key, "compromise")
	send("/office/keys/:key/reissue", nil, "office", "keys", key, "reissue")
	w.work()
	if set, err = w.service.Organisation(t.Context(), w.ours.ID); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys { // a key that can be retired is one beside another active one of its kind
		if k.State == issuer.KeyActive && k.Algorithm != set.Keys[0].Algorithm {
			key = k.Name
		}
	}
	if got := o.get(w.at("keys", key, "retire")).want(t, 200); got.field("once") == "" {
		t.Error("a key can be retired twice")
	}
	done[inside+"/office/keys/:key/retire"] = true // refused here, as each is the only active one; it asks as /rotate does

	given := send("/office/endorsements/new", url.Values{"kind": {"issuer"}, "subject": {base + "/i/" + w.theirs.ID}, "comment": {"Good"}}, "office", "endorsements", "new").id()
	send("/office/endorsements/:id/revoke", url.Values{"reason": {"they changed"}}, "office", "endorsements", given, "revoke")
	back, err := w.service.Workspace(w.theirs.ID).Endorse(t.Context(), issuer.EndorseInput{Kind: issuer.EndorsesIssuer, Subject: w.ours.DID, Comment: "Good"}, issuer.Write{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	received := send("/office/endorsements/attach", url.Values{"text": {string(back.JSON)}}, "office", "endorsements", "attach").id()
	send("/office/endorsements/:id/detach", nil, "office", "endorsements", received, "detach")

	send("/office/webhooks/new", url.Values{"url": {"https://hr.example/hook"}}, "office", "webhooks", "new").want(t, 200, "whsec_")
	hooks, err := w.hooks.Endpoints(t.Context(), w.ours.ID)
	if err != nil || len(hooks) != 1 {
		t.Fatal(hooks, err)
	}
	hook := hooks[0].ID
	send("/office/webhooks/:id/edit", url.Values{"url": {"https://hr.example/other"}}, "office", "webhooks", hook, "edit")
	send("/office/webhooks/:id/secret", nil, "office", "webhooks", hook, "secret").want(t, 200, "whsec_")
	send("/office/webhooks/:id/try", nil, "office", "webhooks", hook, "try")
	sent, _, err := w.hooks.Deliveries(t.Context(), w.ours.ID, hook, false, "", 10)
	if err != nil || len(sent) != 1 {
		t.Fatal(sent, err)
	}
	send("/office/webhooks/:id/deliveries/:delivery", nil, "office", "webhooks", hook, "deliveries", sent[0].ID)
	for _, act := range []string{"off", "on", "remove"} {
		send("/office/webhooks/:id/"+act, nil, "office", "webhooks", hook, act)
	}

	// The installation.
	twice(o, pathInstallation+"/organisations/new", pathInstallation+"/organisations/new", "", url.Values{"name": {"Lakeside"}, "email": {"office@lake.example"}})
	lost, err := w.service.CreateOrganisation(t.Context(), "Lost District", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	twice(o, pathInstallation+"/organisations/:organisation/adopt", pathInstallation+"/organisations/"+lost.ID+"/adopt", "", nil)
	account := w.account(w.foreign[people.RoleAuditor])
	for _, act := range []string{"disable", "enable", "erase"} {
		twice(o, pathInstallation+"/accounts/:account/"+act, pathInstallation+"/accounts/"+account+"/"+act, "", nil)
	}

	for _, r := range allRoutes() {
		if r.method == http.MethodPost && !r.open && done[r.path] == (left[r.path] != "") {
			t.Errorf("%s is to be sent twice, or to be left out for a reason: %v, %q", r.path, done[r.path], left[r.path])
		}
	}
}
