package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// call is a route of the API with a request that does what it is there for. Words in angle brackets stand for ids of a furnished office.
type call struct {
	method, route string
	path          string // "" is route
	body          string
	media         string // of body; "" is JSON
	reads         bool   // it changes nothing, though it is no GET
	status        int    // of the answer; 0: anything below 300
}

// calls are all routes of the API. Each does what it is there for in an office that was just furnished, and when all are done one after
// another.
var calls = []call{
	{method: "GET", route: "/issuers"},
	{method: "GET", route: "/issuers/:id", path: "/issuers/<issuer>"},
	{method: "GET", route: "/issuers/:id/keys", path: "/issuers/<issuer>/keys"},
	{method: "POST", route: "/issuers/:id/keys/rotate", path: "/issuers/<issuer>/keys/rotate", body: `{"key":"<key>"}`},
	{method: "POST", route: "/issuers/:id/keys/retire", path: "/issuers/<issuer>/keys/retire", body: `{"key":"<spare>"}`},
	{method: "POST", route: "/issuers/:id/keys/compromise", path: "/issuers/<issuer>/keys/compromise", body: `{"key":"<stolen>","since":"2026-01-01T00:00:00Z"}`},
	{method: "POST", route: "/issuers/:id/keys/reissue", path: "/issuers/<issuer>/keys/reissue", body: `{"key":"<ended>"}`},
	{method: "GET", route: "/issuers/:id/settings", path: "/issuers/<issuer>/settings"},
	{method: "PATCH", route: "/issuers/:id/settings", path: "/issuers/<issuer>/settings", body: `{"website":"https://example.org","held":false}`},
	{method: "PUT", route: "/issuers/:id/image", path: "/issuers/<issuer>/image", body: drawing, media: "image/svg+xml"},
	{method: "DELETE", route: "/issuers/:id/image", path: "/issuers/<issuer>/image"},

	{method: "GET", route: "/achievements"},
	{method: "GET", route: "/achievements/:id", path: "/achievements/<achievement>"},
	{method: "POST", route: "/achievements", body: plainAchievement},
	{method: "POST", route: "/achievements/import", body: `{"@context":"https://w3id.org/openbadges/v2","type":"BadgeClass","name":"n","description":"d","criteria":{"narrative":"n"}}`},
	{method: "PUT", route: "/achievements/:id", path: "/achievements/<draft>", body: plainAchievement},
	{method: "PUT", route: "/achievements/:id/image", path: "/achievements/<draft>/image", body: drawing, media: "image/svg+xml"},
	{method: "DELETE", route: "/achievements/:id/image", path: "/achievements/<draft>/image"},
	{method: "PATCH", route: "/achievements/:id/settings", path: "/achievements/<achievement>/settings", body: `{"months":24}`},
	{method: "GET", route: "/achievements/:id/export", path: "/achievements/<achievement>/export"},
	{method: "GET", route: "/achievements/:id/endorsements", path: "/achievements/<achievement>/endorsements"},
	{method: "POST", route: "/achievements/:id/versions", path: "/achievements/<old>/versions"},
	{method: "POST", route: "/achievements/:id/publish", path: "/achievements/<draft>/publish"},
	{method: "POST", route: "/achievements/:id/archive", path: "/achievements/<old>/archive"},

	{method: "GET", route: "/credentials"},
	{method: "POST", route: "/credentials/search", body: `{"recipient":{"email":"kim@example.org"}}`, reads: true},
	{method: "GET", route: "/credentials/:id", path: "/credentials/<award>"},
	{method: "GET", route: "/credentials/:id/base", path: "/credentials/<based>/base"},
	{method: "GET", route: "/credentials/:id/history", path: "/credentials/<award>/history"},
	{method: "POST", route: "/credentials", body: `{"achievement":"<achievement>","recipient":{"email":"kim@example.org"}}`},
	{method: "POST", route: "/credentials/:id/amend", path: "/credentials/<amended>/amend", body: `{"recipient":{"email":"lee@example.org"}}`},
	{method: "POST", route: "/credentials/:id/renew", path: "/credentials/<renewed>/renew", body: `{"recipient":{"email":"kim@example.org"}}`},
	{method: "POST", route: "/credentials/:id/reinstate", path: "/credentials/<suspended>/reinstate"},
	{method: "POST", route: "/credentials/:id/suspend", path: "/credentials/<award>/suspend"},
	{method: "POST", route: "/credentials/:id/revoke", path: "/credentials/<award>/revoke", body: `{"reason":"r"}`},
	{method: "DELETE", route: "/credentials/:id/personal-data", path: "/credentials/<erased>/personal-data"},
	{method: "POST", route: "/credentials/:id/resend", path: "/credentials/<linked>/resend", status: 403},
	{method: "POST", route: "/credentials/:id/link", path: "/credentials/<linked>/link"},
	{method: "GET", route: "/unclaimed"},
	{method: "POST", route: "/erasures", body: `{"recipient":{"email":"max@example.org"},"reason":"They asked for it."}`},
	{method: "GET", route: "/status-lists"},

	{method: "GET", route: "/batches"},
	{method: "POST", route: "/batches", path: "/batches?achievement=<achievement>&name=List", body: "email,name\nkim@example.org,Kim\n", media: mediaCSV},
	{method: "GET", route: "/batches/:id", path: "/batches/<finished>"},
	{method: "GET", route: "/batches/:id/rows", path: "/batches/<finished>/rows"},
	{method: "GET", route: "/batches/:id/rejected", path: "/batches/<finished>/rejected"},
	{method: "POST", route: "/batches/:id/confirm", path: "/batches/<prepared>/confirm"},
	{method: "POST", route: "/batches/:id/discard", path: "/batches/<discarded>/discard"},
	{method: "POST", route: "/batches/:id/drop", path: "/batches/<open>/drop"},
	{method: "POST", route: "/batches/:id/release", path: "/batches/<held>/release"},
	{method: "POST", route: "/batches/:id/undo", path: "/batches/<finished>/undo", body: `{"code":"error"}`},
	{method: "POST", route: "/revocations", body: `{"name":"All of it","filter":{"achievement":"<achievement>"},"code":"error"}`},

	{method: "GET", route: "/proposals"},
	{method: "GET", route: "/proposals/:id", path: "/proposals/<proposal>"},
	{method: "POST", route: "/proposals/:id/allow", path: "/proposals/<proposal>/allow", status: 403},
	{method: "POST", route: "/proposals/:id/refuse", path: "/proposals/<proposal>/refuse", body: `{"note":"n"}`},
	{method: "POST", route: "/proposals/:id/withdraw", path: "/proposals/<own>/withdraw"},

	{method: "GET", route: "/cases"},
	{method: "POST", route: "/cases", body: `{"credential":"<alleged>","code":"evidence","text":"t"}`},
	{method: "GET", route: "/cases/:id", path: "/cases/<case>"},
	{method: "POST", route: "/cases/:id/notice", path: "/cases/<case>/notice", body: `{"text":"t","due":"2099-01-01T00:00:00Z"}`},
	{method: "POST", route: "/cases/:id/answer", path: "/cases/<noticed>/answer", body: `{"text":"t","earner":true}`},
	{method: "POST", route: "/cases/:id/documents", path: "/cases/<case>/documents", body: `{"text":"t","url":"https://example.org/d"}`},
	{method: "POST", route: "/cases/:id/vote", path: "/cases/<case>/vote", body: `{"for":true}`, status: 403},
	{method: "POST", route: "/cases/:id/decision", path: "/cases/<case>/decision", body: `{"verdict":"keep"}`, status: 403},
	{method: "POST", route: "/cases/:id/close", path: "/cases/<decided>/close"},

	{method: "GET", route: "/endorsements"},
	{method: "GET", route: "/endorsements/:id", path: "/endorsements/<endorsement>"},
	{method: "POST", route: "/endorsements", body: `{"kind":"issuer","subject":"did:web:example.org","comment":"Good."}`},
	{method: "POST", route: "/endorsements/attach", body: `<document>`, media: mediaCredential},
	{method: "POST", route: "/endorsements/:id/revoke", path: "/endorsements/<endorsement>/revoke", body: `{"reason":"r"}`},
	{method: "DELETE", route: "/endorsements/:id", path: "/endorsements/<received>"},

	{method: "GET", route: "/members"},
	{method: "PATCH", route: "/members/:id", path: "/members/<member>", body: `{"role":"assessor"}`},
	{method: "DELETE", route: "/members/:id", path: "/members/<member>"},
	{method: "GET", route: "/invitations"},
	{method: "POST", route: "/invitations", body: `{"email":"lee@example.org","role":"issuer"}`},
	{method: "DELETE", route: "/invitations/:id", path: "/invitations/<invitation>"},
	{method: "GET", route: "/tokens"},
	{method: "POST", route: "/tokens", body: `{"name":"LMS","scopes":["credentials:read"],"rate":60}`},
	{method: "POST", route: "/tokens/:id/revoke", path: "/tokens/<token>/revoke"},

	{method: "GET", route: "/webhooks"},
	{method: "POST", route: "/webhooks", body: `{"url":"https://example.org/hook","events":["credential.issued"]}`},
	{method: "GET", route: "/webhooks/:id", path: "/webhooks/<webhook>"},
	{method: "PUT", route: "/webhooks/:id", path: "/webhooks/<webhook>", body: `{"url":"https://example.org/other","events":[]}`},
	{method: "POST", route: "/webhooks/:id/rotate", path: "/webhooks/<webhook>/rotate"},
	{method: "POST", route: "/webhooks/:id/ping", path: "/webhooks/<webhook>/ping"},
	{method: "GET", route: "/webhooks/:id/deliveries", path: "/webhooks/<webhook>/deliveries"},
	{method: "POST", route: "/webhooks/:id/deliveries/:delivery/redeliver", path: "/webhooks/<webhook>/deliveries/<delivery>/redeliver"},
	{method: "POST", route: "/webhooks/:id/redeliver", path: "/webhooks/<webhook>/redeliver", body: `{"since":"2026-01-01T00:00:00Z"}`},
	{method: "POST", route: "/webhooks/:id/disable", path: "/webhooks/<webhook>/disable", body: `{"reason":"r"}`},
	{method: "POST", route: "/webhooks/:id/enable", path: "/webhooks/<muted>/enable"},
	{method: "DELETE", route: "/webhooks/:id", path: "/webhooks/<webhook>"},

	{method: "GET", route: "/audit"},
}

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><rect width="4" height="4"/></svg>`

// writes says whether a call changes something.
func (c call) writes() bool { return c.method != http.MethodGet && !c.reads }

// request is the call with the ids of an office and headers, which are names and values in turn.
func (c call) request(t testing.TB, token string, ids map[string]string, headers ...string) func() *http.Request {
	path, body := c.path, c.body
	if path == "" {
		path = c.route
	}
	for name, id := range ids {
		path, body = strings.ReplaceAll(path, "<"+name+">", id), strings.ReplaceAll(body, "<"+name+">", id)
	}
	return func() *http.Request {
		r := httptest.NewRequestWithContext(t.Context(), c.method, prefix+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		if body != "" {
			r.Header.Set("Content-Type", mediaJSON)
			if c.media != "" {
				r.Header.Set("Content-Type", c.media)
			}
		}
		if c.method != http.MethodGet && c.method != http.MethodPost {
			r.Header.Set("If-Match", "*")
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return r
	}
}

// furnish puts something behind every address of an office, and returns the ids by the words that calls have for them.
func (w *world) furnish(t testing.TB, o, other office) map[string]string {
	t.Helper()
	ctx, space := t.Context(), w.service.Workspace(o.ID)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	renewable := strings.TrimSuffix(plainAchievement, "}") + `,"renewable":true}`
	make := func(method, path, body string, status int) string {
		t.Helper()
		r := w.ask(t, o, method, prefix+path, body)
		if r.status != status {
			t.Fatalf("%s %s: %d %s", method, path, r.status, r.text)
		}
		return r.at("id")
	}
	achievement := make("POST", "/achievements", renewable, 201)
	make("POST", "/achievements/"+achievement+"/publish", "", 200)
	ids := map[string]string{"issuer": o.ID, "achievement": achievement, "old": w.published(t, o), "draft": make("POST", "/achievements", plainAchievement, 201)}
	for _, name := range []string{"award", "amended", "renewed", "suspended", "erased", "alleged", "questioned", "judged", "told", "proposed", "linked"} {
		ids[name] = w.awarded(t, o, achievement)
	}
	make("POST", "/credentials/"+ids["suspended"]+"/suspend", "", 200)
	suite := o.Suite
	must(w.service.SetSuite(ctx, o.ID, issuer.SuiteSelective, "test"))
	ids["based"] = w.awarded(t, o, achievement)
	if suite != "" {
		must(w.service.SetSuite(ctx, o.ID, suite, "test"))
	}

	rows := func(name string) string {
		return `{"name":"` + name + `","awards":[{"achievement":"` + achievement + `","recipient":{"email":"kim@example.org"}},{"achievement":"` + achievement + `","recipient":{"email":"kim"}}]}`
	}
	for _, name := range []string{"prepared", "discarded", "open", "finished"} {
		ids[name] = make("POST", "/batches", rows(name), 201)
	}
	ids["prepared"] = make("POST", "/batches", `{"name":"prepared","awards":[{"achievement":"`+achievement+`","recipient":{"email":"kim@example.org"}}]}`, 201)
	make("POST", "/batches/"+ids["finished"]+"/confirm", `{"skipRejected":true}`, 200)
	w.work(t)
	make("POST", "/batches/"+ids["open"]+"/confirm", `{"skipRejected":true}`, 200)
	w.batches = nil
	ids["held"] = make("POST", "/batches", rows("held"), 201)
	make("POST", "/batches/"+ids["held"]+"/confirm", `{"skipRejected":true}`, 200)
	check := w.check
	w.check = func(context.Context, []byte) error { return errors.New("it does not verify") }
	w.work(t)
	w.check = check

	revoke := issuer.Proposal{Kind: issuer.ProposalRevoke, Credential: ids["proposed"], Cause: &issuer.Cause{Code: issuer.ReasonError}, Why: "why"}
	p, err := space.Propose(ctx, revoke, issuer.Write{Actor: "account:somebody"})
	must(err)
	ids["proposal"] = p.ID
	held, err := w.service.Authenticate(ctx, o.token)
	must(err)
	own, err := space.Propose(ctx, issuer.Proposal{Kind: issuer.ProposalAward, Award: &issuer.AwardInput{Achievement: achievement, Recipient: "kim@example.org"}},
		issuer.Write{Actor: actor(held)})
	must(err)
	ids["own"] = own.ID

	ids["case"] = make("POST", "/cases", `{"credential":"`+ids["questioned"]+`","code":"evidence","text":"The evidence is missing."}`, 201)
	ids["decided"] = make("POST", "/cases", `{"credential":"`+ids["judged"]+`","code":"evidence","text":"The evidence is missing."}`, 201)
	ids["noticed"] = make("POST", "/cases", `{"credential":"`+ids["told"]+`","code":"evidence","text":"The evidence is missing."}`, 201)
	_, _, err = space.NotifyCase(ctx, ids["noticed"], time.Time{}, w.clock.Now().Add(time.Hour), "Please answer.", issuer.Write{Actor: "test"})
	must(err)
	_, _, err = space.DecideCase(ctx, ids["decided"], issuer.Decision{Verdict: issuer.VerdictKeep}, issuer.Write{Actor: "account:somebody"})
	must(err)

	ids["endorsement"] = make("POST", "/endorsements", `{"kind":"issuer","subject":"`+other.DID+`"}`, 201)
	endorse := func() string {
		e, err := w.service.Workspace(other.ID).Endorse(ctx, issuer.EndorseInput{Kind: issuer.EndorsesIssuer, Subject: o.DID}, issuer.Write{Actor: "test"})
		must(err)
		return string(e.JSON)
	}
	attached, err := space.Attach(ctx, issuer.AttachInput{Document: []byte(endorse()), Check: func(context.Context, []byte) error { return nil }}, issuer.Write{Actor: "test"})
	must(err)
	ids["received"], ids["document"] = attached.ID, endorse()

	address := func(name string) string { return name + "@" + strings.ToLower(strings.Fields(o.Name)[0]) + ".example" }
	invite := w.ask(t, o, "POST", prefix+"/invitations", `{"email":"`+address("max")+`","role":"auditor"}`).want(t, 201, "")
	joined, _, err := w.people.AcceptInvitation(ctx, invite.at("link")[strings.LastIndexByte(invite.at("link"), '/')+1:], people.Acceptance{Person: people.PersonInput{Name: "Max"}})
	must(err)
	ids["member"] = joined.Account
	ids["invitation"] = make("POST", "/invitations", `{"email":"`+address("ada")+`","role":"auditor"}`, 201)
	ids["token"] = make("POST", "/tokens", `{"scopes":["keys:read"]}`, 201)
	ids["webhook"] = make("POST", "/webhooks", `{"url":"https://example.org/hook","events":["batch.finished"]}`, 201)
	ids["muted"] = make("POST", "/webhooks", `{"url":"https://example.org/muted","events":["batch.finished"]}`, 201)
	make("POST", "/webhooks/"+ids["muted"]+"/disable", "", 200)
	for name, kind := range map[string]keys.Kind{"spare": keys.P384, "stolen": keys.P384} {
		k, err := w.service.AddKey(ctx, o.ID, kind, "test")
		must(err)
		ids[name] = k.Method
	}
	now, err := w.service.Organisation(ctx, o.ID)
	must(err)
	for _, k := range now.Keys {
		if k.Algorithm == keys.EdDSA && k.State == issuer.KeyActive {
			ids["ended"] = k.Method
		}
	}
	fresh, err := w.service.RotateKey(ctx, o.ID, keys.EdDSA, "test")
	must(err)
	ids["key"] = fresh.Method
	ids["delivery"] = make("POST", "/webhooks/"+ids["webhook"]+"/ping", "", 200)
	return ids
}

// TestCalls: every route is among the calls, and each call does what it is there for, within the contract.
func TestCalls(t *testing.T) {
	w := openWorld(t, "https://badges.example.org", true)
	w.check = func(context.Context, []byte) error { return nil }
	ids := w.furnish(t, w.ours, w.theirs)
	for _, route := range (&server{}).table() {
		if !slices.ContainsFunc(calls, func(c call) bool { return c.method == route.method && c.route == route.path }) {
			t.Errorf("%s %s is not among the calls", route.method, route.path)
		}
	}
	for _, c := range calls {
		r := w.exchange(t, c.request(t, w.ours.token, ids))
		if c.status == 0 && r.status >= 300 || c.status != 0 && r.status != c.status {
			t.Errorf("%s %s: %d %s", c.method, c.route, r.status, r.text)
		}
		if c.method == http.MethodGet {
			head := c
			head.method = http.MethodHead
			if h := w.exchange(t, head.request(t, w.ours.token, ids)); h.status != r.status {
				t.Errorf("HEAD %s: %d", c.route, h.status)
			}
		}
	}
	if _, err := w.service.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
	if text := w.log.String(); strings.Contains(text, "example.org\"") || strings.Contains(text, "kim@") {
		t.Error("the log holds an address")
	}
}

// TestRepeatCalls: under an Idempotency-Key every write is done once, and answered alike each time but for secrets.
func TestRepeatCalls(t *testing.T) {
	w := openWorld(t, "https://badges.example.org", true)
	w.check = func(context.Context, []byte) error { return nil }
	ids := w.furnish(t, w.ours, w.theirs)
	for i, c := range calls {
		if !c.writes() || c.status != 0 {
			continue
		}
		request := c.request(t, w.ours.token, ids, "Idempotency-Key", time.Unix(int64(i), 0).Format("150405"))
		first := w.exchange(t, request)
		acts := w.audit(t)
		again := w.exchange(t, request)
		for _, secret := range []string{"token", "secret", "email", "link"} {
			if strings.HasPrefix(c.route, "/issuers/") { // whose address is public
				break
			}
			if _, shown := again.body[secret]; shown {
				t.Errorf("%s %s tells %s again", c.method, c.route, secret)
			}
			delete(first.body, secret)
		}
		firstText, err := encode(first.body)
		if err != nil {
			t.Fatal(err)
		}
		againText, err := encode(again.body)
		if err != nil {
			t.Fatal(err)
		}
		if first.status >= 300 || again.status != first.status || string(againText) != string(firstText) || again.header.Get("Location") != first.header.Get("Location") ||
			again.header.Get("ETag") != first.header.Get("ETag") {
			t.Errorf("%s %s: first %d %s, then %d %s", c.method, c.route, first.status, first.text, again.status, again.text)
		}
		if now := w.audit(t); now != acts {
			t.Errorf("%s %s: %d acts more", c.method, c.route, now-acts)
		}
	}
	// What is kept for it speaks of nobody, and opens nothing.
	kept := 0
	err := w.store.View(t.Context(), func(tx issuer.Tx) error {
		rows, _, err := tx.List(issuer.Kind{Name: "repeat", Lookups: []string{"all"}}, issuer.Query{Limit: 1000})
		for _, row := range rows {
			var record struct{ Answer []byte }
			if err := json.Unmarshal(row.Body, &record); err != nil {
				return err
			}
			kept++
			for _, private := range []string{"kim@", "lee@", "max@", "ada@", "laurel_", "whsec_", "/invitation/"} {
				if bytes.Contains(record.Answer, []byte(private)) {
					t.Errorf("%s is kept in %s", private, record.Answer)
				}
			}
		}
		return err
	})
	if err != nil || kept < 40 {
		t.Errorf("%d answers are kept, error %v", kept, err)
	}
}
