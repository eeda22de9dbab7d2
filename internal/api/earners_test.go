package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/issuer"
)

// TestReach: awards that nobody has taken are listed, and their earners are written to again, or given a link where no message arrives.
func TestReach(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	award := w.awarded(t, w.ours, achievement)
	w.clock.Add(time.Second)
	gone := w.awarded(t, w.ours, achievement)
	w.ask(t, w.ours, "POST", prefix+"/credentials/"+gone+"/revoke", `{"reason":"r"}`).want(t, 200, "")
	for range 2 {
		w.awarded(t, w.ours, achievement)
	}
	for path, want := prefix+"/unclaimed?limit=2", 2; path != ""; want = 1 {
		page := w.ask(t, w.ours, "GET", path, "").want(t, 200, "")
		path, _ = strings.CutSuffix(strings.TrimPrefix(page.header.Get("Link"), "<"), `>; rel="next"`)
		if len(page.items()) != want || (path == "") != (want == 1) {
			t.Fatal(page.header, page.text)
		}
	}
	one := w.ask(t, w.ours, "GET", prefix+"/unclaimed?limit=1", "").want(t, 200, "")
	if first := one.items()[0]; first["credential"] != award || first["achievement"] != achievement || first["linkable"] != true ||
		fmt.Sprint(first["recipient"]) != "map[email:kim@example.org]" {
		t.Error(one.text)
	}
	reader := office{token: w.token(t, w.ours.ID, issuer.ScopeCredentialsRead)}
	if r := w.ask(t, reader, "GET", prefix+"/unclaimed", "").want(t, 200, ""); len(r.items()) != 3 || strings.Contains(r.text, "kim@") {
		t.Error(r.text)
	}
	path := prefix + "/credentials/" + award
	w.ask(t, w.ours, "POST", path+"/resend", "").want(t, 403, "no_mail")
	link := w.ask(t, w.ours, "POST", path+"/link", "", "Idempotency-Key", "l").want(t, 200, "")
	if !strings.HasPrefix(link.at("link"), base+"/claim/") || link.at("expires") == "" {
		t.Error(link.text)
	}
	if again := w.ask(t, w.ours, "POST", path+"/link", "", "Idempotency-Key", "l").want(t, 200, ""); again.at("link") != "" || again.at("expires") != link.at("expires") {
		t.Error(again.text)
	}
	// Over that link a token that may not erase erases nothing either: it is asked for, and whose token it was is told.
	asked, err := w.earners.AskErasure(t.Context(), earner.Bearer{Token: strings.TrimPrefix(link.at("link"), base+"/claim/")}, "en")
	if err != nil || asked != (earner.Asked{Staff: true}) {
		t.Errorf("%+v, error %v", asked, err)
	}
	if open := w.ask(t, w.ours, "GET", prefix+"/proposals?state=open", "").want(t, 200, "").items(); len(open) != 1 || open[0]["credential"] != award ||
		open[0]["by"] != earner.Actor || !strings.HasPrefix(fmt.Sprint(open[0]["handed"]), "token:") {
		t.Error(open)
	}

	w.outbox.On = true
	w.ask(t, w.ours, "POST", path+"/link", "").want(t, 403, "mail_configured")
	for range 2 {
		w.ask(t, w.ours, "POST", path+"/resend", "", "Idempotency-Key", "r").want(t, 204, "")
	}
	w.ask(t, w.ours, "POST", prefix+"/credentials/"+gone+"/resend", "").want(t, 409, "ended")
	sent, _, err := w.service.Activity(t.Context(), issuer.ActivityFilter{Organisation: w.ours.ID, Subject: award}, "", 0)
	if err != nil || sent[0].Action != "earner.link_sent" || sent[1].Action != "earner.link_shown" || sent[2].Action == "earner.link_shown" {
		t.Errorf("%+v, error %v", sent, err)
	}
	w.clock.Add(25 * time.Hour) // and no mail server took it
	w.ask(t, w.ours, "POST", path+"/link", "").want(t, 200, "")

	w.ask(t, w.ours, "DELETE", path+"/personal-data", "").want(t, 200, "")
	w.ask(t, w.ours, "POST", path+"/link", "").want(t, 409, "no_address")
}

// TestErasePerson: a person is erased by an address, here and nowhere else, and nothing that is kept of the request holds the address.
func TestErasePerson(t *testing.T) {
	w := newWorld(t)
	ours, theirs := w.published(t, w.ours), w.published(t, w.theirs)
	award := w.awarded(t, w.ours, ours)
	w.awarded(t, w.ours, ours)
	other := w.ask(t, w.ours, "POST", "/api/v1/credentials", awardBody(ours, "lee@example.org")).want(t, 201, "").at("id")
	far := w.awarded(t, w.theirs, theirs)
	rows := `{"name":"n","awards":[{"achievement":"` + ours + `","recipient":{"email":"kim@example.org"},"validUntil":"2020-01-01T00:00:00Z"}]}`
	batch := w.ask(t, w.ours, "POST", "/api/v1/batches", rows).want(t, 201, "").at("id")
	erase := func(body, key string) reply {
		return w.ask(t, w.ours, "POST", "/api/v1/erasures", body, "Idempotency-Key", key)
	}
	for range 2 {
		if r := erase(`{"recipient":{"email":" Kim@Example.org "},"reason":"By letter."}`, "k").want(t, 200, ""); r.body["count"] != 2.0 {
			t.Error(r.text)
		}
	}
	erase(`{"recipient":{"email":"lee@example.org"},"reason":"By letter."}`, "k").want(t, 422, "key_reused")
	if r := erase(`{"recipient":{"email":"kim@example.org"}}`, "again").want(t, 200, ""); r.body["count"] != 0.0 {
		t.Error(r.text)
	}
	for body, at := range map[string]string{`{"recipient":{"email":"kim"}}`: "email /recipient/email", `{"recipient":{}}`: "members /recipient/email", `{}`: "members /recipient",
		`{"recipient":{"email":"lee@example.org"},"reason":"` + strings.Repeat("x", 2001) + `"}`: "reason /reason"} {
		if r := erase(body, at[:5]); r.status != 422 || r.at("code")+" "+r.pointers() != at {
			t.Errorf("%s: %d %s", body, r.status, r.text)
		}
	}
	for id, state := range map[string]string{award: "erased", other: "issued"} {
		if r := w.ask(t, w.ours, "GET", "/api/v1/credentials/"+id, "").want(t, 200, ""); r.at("state") != state {
			t.Error(r.text)
		}
	}
	if r := w.ask(t, w.theirs, "GET", "/api/v1/credentials/"+far, "").want(t, 200, ""); r.at("state") != "issued" {
		t.Error(r.text)
	}
	left := w.ask(t, w.ours, "GET", "/api/v1/batches/"+batch+"/rejected", "").want(t, 200, "")
	if items := left.items(); len(items) != 1 || items[0]["award"] != nil || strings.Contains(left.text, "kim@") {
		t.Error(left.text)
	}
	if strings.Contains(w.log.String(), "kim@") {
		t.Error("the log holds the address")
	}
}

// TestRejectedJSON: what was given as JSON and rejected comes back as JSON, all of it.
func TestRejectedJSON(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	given := `{"achievement":"` + achievement + `","evidence":[{"id":"https://example.org/e","name":"A lesson & more","narrative":"It went <well>."}],"licenseNumber":"7",` +
		`"recipient":{"email":"kim","hashed":false,"language":"es","name":"Kim"},"result":[{"resultDescription":"r","value":"12.50"}],"role":"=1+1","term":"Spring"}`
	made := w.ask(t, w.ours, "POST", "/api/v1/batches", `{"name":"n","awards":[`+given+`,`+awardBody(achievement, "kim@example.org")+`]}`).want(t, 201, "")
	file := w.ask(t, w.ours, "GET", "/api/v1/batches/"+made.at("id")+"/rejected", "").want(t, 200, "")
	if !strings.Contains(file.text, `"row":1,"award":`+given+`,"problems":[{`) || len(file.items()) != 1 ||
		file.header.Get("Content-Disposition") != `attachment; filename="rejected-`+made.at("id")+`.json"` {
		t.Errorf("%v %s", file.header, file.text)
	}

	// A file may have that header as well; it comes back as a file.
	sent := w.upload(t, "name=x&achievement="+achievement, strings.Join(rowHeader, ",")+"\n,kim,Kim,,,,not JSON\n").want(t, 201, "")
	if r := w.ask(t, w.ours, "GET", "/api/v1/batches/"+sent.at("id")+"/rejected", "").want(t, 200, ""); !strings.HasPrefix(r.text, "\ufeff\"achievement\",") || !strings.Contains(r.text, "not JSON") {
		t.Error(r.text)
	}

	// A file of rejected names of awards has a head for them.
	named := w.ask(t, w.ours, "POST", "/api/v1/revocations", `{"name":"n","ids":["nobody"],"code":"error"}`).want(t, 201, "error")
	if r := w.ask(t, w.ours, "GET", "/api/v1/batches/"+named.at("id")+"/rejected", ""); !strings.HasPrefix(r.text, "\ufeff\"award\",\"Laurel row\",\"Laurel problem\"\r\n\"nobody\",\"1\",") {
		t.Error(r.text)
	}
}

// TestImportAgain: under its key an import drafts nothing twice, and names the same drafts; a definition that is refused keeps the others
// from nothing.
func TestImportAgain(t *testing.T) {
	w := newWorld(t)
	plain := func(name string) string {
		return `{"@context":"https://w3id.org/openbadges/v2","type":"BadgeClass","name":"` + name + `","description":"d","criteria":{"narrative":"n"}}`
	}
	body := `[` + plain("One") + `,` + plain("") + `,` + plain("Two") + `]`
	first := w.ask(t, w.ours, "POST", "/api/v1/achievements/import", body, "Idempotency-Key", "k").want(t, 201, "")
	entries := w.audit(t)
	if again := w.ask(t, w.ours, "POST", "/api/v1/achievements/import", body, "Idempotency-Key", "k").want(t, 201, ""); again.text != first.text || w.audit(t) != entries {
		t.Errorf("first %s\nthen %s", first.text, again.text)
	}
	items := first.items()
	if len(items) != 3 || items[0]["achievement"] == nil || items[1]["achievement"] != nil || items[1]["problem"] == nil || items[2]["achievement"] == nil {
		t.Fatal(first.text)
	}
	drafts := w.ask(t, w.ours, "GET", "/api/v1/achievements", "").want(t, 200, "").items()
	if len(drafts) != 2 || drafts[0]["name"] != "One" || drafts[1]["name"] != "Two" || drafts[0]["id"] != items[0]["achievement"].(map[string]any)["id"] {
		t.Errorf("%v", drafts)
	}
	w.ask(t, w.ours, "PUT", "/api/v1/achievements/"+drafts[0]["id"].(string), plainAchievement, "If-Match", `"v1"`).want(t, 200, "")
}
