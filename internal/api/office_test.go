package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/internal/roster"
	"github.com/laurelbadges/laurel/issuer"
)

// upload sends a list of awards.
func (w *world) upload(t testing.TB, query, text string) reply {
	t.Helper()
	return w.send(t, "POST", prefix+"/batches?"+query, text, "Content-Type", mediaCSV, "Authorization", "Bearer "+w.ours.token)
}

// TestList: a list is checked by row and column, nothing is issued before it is confirmed, and what was made is undone as one.
func TestList(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	list := "Email;Full name;Date awarded;Colour\nKim@example.org;Kim Lee;2026-01-31;red\nkim;Kim;2026-01-31;red\nmax@example.org;=1+1;03/04/2026;\n"
	acts := w.audit(t)
	dry := w.upload(t, "dry_run=true&achievement="+achievement, list).want(t, 200, "")
	if dry.body["total"] != 3.0 || dry.body["rejected"] != 2.0 || fmt.Sprint(dry.body["unused"]) != "[Colour]" || w.audit(t) != acts {
		t.Errorf("%s", dry.text)
	}
	first, _ := dry.body["problems"].([]any)[0].(map[string]any)
	if first["row"] != 3.0 || first["column"] != "Email" || first["value"] != "kim" {
		t.Errorf("%v", first)
	}
	if all := w.ask(t, w.ours, "GET", "/api/v1/batches", "").items(); len(all) != 0 {
		t.Errorf("a dry run has recorded %v", all)
	}
	made := w.upload(t, "name=Spring&achievement="+achievement, list).want(t, 201, "")
	address := "/api/v1/batches/" + made.at("id")
	if made.header.Get("Location") != address || made.at("state") != "prepared" || made.at("name") != "Spring" || strings.Contains(made.text, "example.org\"") {
		t.Errorf("%v %s", made.header, made.text)
	}
	rejected := w.ask(t, w.ours, "GET", address+"/rows?state=rejected", "").want(t, 200, "")
	if fmt.Sprint(len(rejected.items())) != fmt.Sprint(made.body["rejected"]) || !strings.Contains(rejected.text, "03/04/2026") {
		t.Error(rejected.text)
	}
	w.ask(t, w.ours, "POST", address+"/confirm", "").want(t, 409, "rejected_rows")
	w.ask(t, w.ours, "POST", address+"/confirm", `{"skipRejected":true}`, "If-Match", `"v9"`).want(t, 412, "version")
	w.ask(t, w.ours, "POST", address+"/confirm", `{"skipRejected":true}`).want(t, 200, "")
	w.work(t)
	done := w.ask(t, w.ours, "GET", address, "").want(t, 200, "")
	if done.at("state") != "finished" || done.body["progress"] != 100.0 || done.body["done"] != 1.0 {
		t.Error(done.text)
	}
	award := w.ask(t, w.ours, "GET", "/api/v1/credentials?batch="+made.at("id"), "").want(t, 200, "").items()
	if len(award) != 1 || award[0]["awardedDate"] != "2026-01-31T00:00:00Z" || award[0]["batch"] != made.at("id") {
		t.Errorf("%v", award)
	}

	// The rejected rows come back as a file, which can be given again.
	file := w.ask(t, w.ours, "GET", address+"/rejected", "")
	if file.status != 200 || !strings.HasPrefix(file.text, "\ufeff\"Email\",") || !strings.Contains(file.text, `"kim"`) || !strings.Contains(file.text, `"'=1+1"`) {
		t.Errorf("%d %s", file.status, file.text)
	}
	if again := w.upload(t, "dry_run=true&achievement="+achievement, file.text).want(t, 200, ""); again.body["total"] != made.body["rejected"] {
		t.Error(again.text)
	}

	w.ask(t, w.ours, "POST", address+"/undo", `{}`).want(t, 422, "members")
	undone := w.ask(t, w.ours, "POST", address+"/undo", `{"code":"error","note":"The list of the wrong year."}`).want(t, 201, "error")
	w.work(t)
	if r := w.ask(t, w.ours, "GET", "/api/v1/credentials/"+award[0]["id"].(string), "").want(t, 200, ""); r.at("state") != "revoked" || r.at("revoked", "code") != "error" {
		t.Error(r.text)
	}
	if r := w.ask(t, w.ours, "GET", address, "").want(t, 200, ""); r.at("undone") != undone.at("id") {
		t.Error(r.text)
	}
	w.ask(t, w.ours, "POST", address+"/discard", "").want(t, 204, "")
	if file := w.ask(t, w.ours, "GET", address+"/rejected", ""); strings.Contains(file.text, `"kim"`) {
		t.Error("what was rejected is kept after it was discarded")
	}
}

// TestListFaults: what is wrong with a list as a whole, or around it.
func TestListFaults(t *testing.T) {
	w := newWorld(t)
	achievement := w.ask(t, w.ours, "POST", "/api/v1/achievements", rubric(t)).want(t, 201, "").at("id")
	w.ask(t, w.ours, "POST", "/api/v1/achievements/"+achievement+"/publish", "").want(t, 200, "")
	own := "achievement=" + achievement
	for name, c := range map[string]struct {
		query, text, media string
		status             int
		code               string
	}{
		"empty":                   {own, "", mediaCSV, 422, "file_empty"},
		"a header alone":          {own, "email\n", mediaCSV, 422, "file_empty"},
		"no address":              {own, "name\nKim\n", mediaCSV, 422, "file_header"},
		"no workbook":             {own, "PK\x03\x04", mediaXLSX, 422, "file_kind"},
		"another type":            {own, "email\n", "text/plain", 415, "media_type"},
		"an unknown parameter":    {own + "&x=1", "email\n", mediaCSV, 400, "parameters"},
		"a cursor":                {own + "&cursor=1", "email\n", mediaCSV, 400, "parameters"},
		"no boolean":              {own + "&dry_run=yes", "email\n", mediaCSV, 400, "parameters"},
		"columns that are none":   {own + "&columns=x", "email\n", mediaCSV, 400, "parameters"},
		"a result of nothing":     {"result=practice", "email\nkim@example.org\n", mediaCSV, 400, "parameters"},
		"parameters beside JSON":  {own, `{"name":"n","awards":[]}`, mediaJSON, 400, "parameters"},
		"JSON without awards":     {"", `{"name":"n","awards":[]}`, mediaJSON, 422, "batch_size"},
		"JSON that is wrong":      {"", `{"name":"n","awards":[{"achievement":"a","recipient":{}}]}`, mediaJSON, 422, "members"},
		"columns by another name": {own + "&dry_run=true&columns=" + `{"Correo":"recipient"}`, "Correo\nkim@example.org\n", mediaCSV, 200, ""},
		"a result":                {own + "&dry_run=true&result=practice", "email,grade\nkim@example.org,Meets\n", mediaCSV, 200, ""},
		"named by name":           {"dry_run=true", "email,badge name\nkim@example.org,Feedback <that> moves & learning\n", mediaCSV, 200, ""},
	} {
		r := w.send(t, "POST", prefix+"/batches?"+strings.ReplaceAll(c.query, `"`, "%22"), c.text, "Content-Type", c.media, "Authorization", "Bearer "+w.ours.token)
		if r.status != c.status || r.at("code") != c.code || c.status == 200 && r.body["rejected"] != 0.0 {
			t.Errorf("%s: %d %s", name, r.status, r.text)
		}
	}
	// A list may be large, and nothing else.
	row := strings.Repeat("a", 100) + "@example.org\n"
	large := "email\n" + strings.Repeat(row, 2<<20/len(row))
	if r := w.upload(t, own+"&dry_run=true", large); r.status != 200 {
		t.Errorf("2 MiB: %d %.300s", r.status, r.text)
	}
	w.raw(t, "POST", prefix+"/batches", large, "Content-Type", mediaJSON, "Authorization", "Bearer "+w.ours.token).wantStatus(t, 413)
	w.raw(t, "POST", prefix+"/batches", strings.Repeat("a", roster.MaxBytes+1), "Content-Type", mediaCSV, "Authorization", "Bearer "+w.ours.token).wantStatus(t, 413)
}

func (r reply) wantStatus(t testing.TB, status int) {
	t.Helper()
	if r.status != status {
		t.Errorf("%d %.300s", r.status, r.text)
	}
}

// TestRows: rows that are given as JSON tell their problems by member, with the value.
func TestRows(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	made := w.ask(t, w.ours, "POST", "/api/v1/batches", `{"name":"n","awards":[{"achievement":"`+achievement+`","recipient":{"email":"kim@example.org","hashed":false}},
		{"achievement":"`+achievement+`","recipient":{"email":"nobody"}},{"achievement":"x","recipient":{"email":"kim@example.org"}}]}`).want(t, 201, "")
	rows := w.ask(t, w.ours, "GET", "/api/v1/batches/"+made.at("id")+"/rows?state=rejected", "").want(t, 200, "").items()
	want := "[map[code:email column:recipient.email detail:The e-mail address is not one. Write it as name@example.org. row:2 value:nobody]]" +
		"[map[code:achievement column:achievement detail:No achievement of this name is published here. row:3 value:x]]"
	if got := fmt.Sprint(rows[0]["problems"]) + fmt.Sprint(rows[1]["problems"]); got != want {
		t.Error(got)
	}
	w.ask(t, w.ours, "POST", "/api/v1/batches/"+made.at("id")+"/confirm", `{"skipRejected":true}`).want(t, 200, "")
	w.work(t)
	award := w.ask(t, w.ours, "GET", "/api/v1/credentials", "").want(t, 200, "").items()
	record, err := w.service.Credential(t.Context(), award[0]["id"].(string))
	if err != nil || !strings.Contains(string(record.JSON), "kim@example.org") {
		t.Errorf("%s, error %v", record.JSON, err)
	}
}

// TestSecondPerson: where the organisation wants a second person, and where a token may only propose, an act is answered with a
// proposal; a person does it, and no token.
func TestSecondPerson(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	award, other := w.awarded(t, w.ours, achievement), w.awarded(t, w.ours, achievement)
	space, person := w.service.Workspace(w.ours.ID), issuer.Write{Actor: "account:somebody"}
	allowed := func(r reply, kind string) string {
		t.Helper()
		if r.want(t, 202, ""); r.at("kind") != kind || r.at("state") != "open" || r.header.Get("Location") != "/api/v1/proposals/"+r.at("id") {
			t.Errorf("%v %s", r.header, r.text)
		}
		w.ask(t, w.ours, "POST", r.header.Get("Location")+"/allow", "").want(t, 403, "program")
		if _, err := space.Allow(t.Context(), r.at("id"), person); err != nil {
			t.Fatal(err)
		}
		return w.ask(t, w.ours, "GET", r.header.Get("Location"), "").want(t, 200, "").at("result")
	}
	proposer := office{token: w.token(t, w.ours.ID, issuer.ScopeCredentialsPropose, issuer.ScopeCredentialsRead)}
	asked := w.ask(t, proposer, "POST", "/api/v1/credentials", strings.TrimSuffix(awardBody(achievement, "lee@example.org"), "}")+`,"why":"She passed."}`).want(t, 202, "")
	if strings.Contains(asked.text, "lee@") || strings.Contains(asked.text, "passed") {
		t.Error(asked.text)
	}
	if r := w.ask(t, w.ours, "GET", asked.header.Get("Location"), "").want(t, 200, ""); r.at("why") != "She passed." || strings.Contains(r.text, "lee@") || r.at("achievement") != achievement {
		t.Error(r.text)
	}
	w.ask(t, w.ours, "POST", asked.header.Get("Location")+"/withdraw", "").want(t, 403, "other_person")
	w.ask(t, proposer, "POST", asked.header.Get("Location")+"/refuse", "").want(t, 403, "scope_missing")
	w.ask(t, proposer, "POST", asked.header.Get("Location")+"/withdraw", "").want(t, 200, "")
	w.ask(t, proposer, "POST", "/api/v1/credentials/"+award+"/revoke", `{"code":"error"}`, "If-Match", `"v1"`).want(t, 412, "version")

	settings := "/api/v1/issuers/" + w.ours.ID + "/settings"
	w.ask(t, w.ours, "PATCH", settings, `{"second":["award","revoke"]}`, "If-Match", "*").want(t, 200, "")
	result := allowed(w.ask(t, w.ours, "POST", "/api/v1/credentials", awardBody(achievement, "max@example.org")), "award")
	if r := w.ask(t, w.ours, "GET", "/api/v1/credentials/"+result, "").want(t, 200, ""); r.at("state") != "issued" {
		t.Error(r.text)
	}
	revoke := w.ask(t, w.ours, "POST", "/api/v1/credentials/"+award+"/revoke", `{"code":"error","reason":"Wrong person."}`, "Idempotency-Key", "k")
	if again := w.ask(t, w.ours, "POST", "/api/v1/credentials/"+award+"/revoke", `{"code":"error","reason":"Wrong person."}`, "Idempotency-Key", "k").want(t, 202, ""); again.text != revoke.text {
		t.Errorf("first %s, then %s", revoke.text, again.text)
	}
	w.ask(t, w.ours, "POST", "/api/v1/credentials/"+award+"/revoke", `{"code":"error"}`).want(t, 409, "proposed")
	allowed(revoke, "revoke")
	if r := w.ask(t, w.ours, "GET", "/api/v1/credentials/"+award, "").want(t, 200, ""); r.at("state") != "revoked" {
		t.Error(r.text)
	}
	w.ask(t, w.ours, "POST", "/api/v1/credentials/"+other+"/suspend", `{"code":"inquiry"}`).want(t, 200, "") // is not for good
	prepared := w.upload(t, "achievement="+achievement, "email\nada@example.org\n").want(t, 201, "")
	w.ask(t, w.ours, "POST", "/api/v1/batches/"+prepared.at("id")+"/confirm", "", "If-Match", `"v9"`).want(t, 412, "version")
	allowed(w.ask(t, w.ours, "POST", "/api/v1/batches/"+prepared.at("id")+"/confirm", ""), "batch")
	w.work(t)
	undo := allowed(w.ask(t, w.ours, "POST", "/api/v1/batches/"+prepared.at("id")+"/undo", `{"code":"error"}`), "batch")
	if r := w.ask(t, w.ours, "GET", "/api/v1/batches/"+undo, "").want(t, 200, "error"); r.at("undoes") != prepared.at("id") {
		t.Error(r.text)
	}
	// Erasing takes two as revoking does, and a scope of its own.
	w.ask(t, office{Organisation: w.ours.Organisation, token: w.token(t, w.ours.ID, issuer.ScopeCredentialsWrite)}, "DELETE", "/api/v1/credentials/"+other+"/personal-data", "").want(t, 403, "scope_missing")
	allowed(w.ask(t, w.ours, "DELETE", "/api/v1/credentials/"+other+"/personal-data", `{"reason":"By letter.","why":"She asked."}`), "erase")
	if r := w.ask(t, w.ours, "GET", "/api/v1/credentials/"+other, "").want(t, 200, ""); r.at("erased") == "" {
		t.Error(r.text)
	}
	all := w.ask(t, w.ours, "POST", "/api/v1/erasures", `{"recipient":{"email":"ada@example.org"},"why":"She asked."}`)
	if strings.Contains(all.text, "ada@") || strings.Contains(all.text, "She asked") {
		t.Error(all.text)
	}
	allowed(all, "erase")
	// One person alone cannot end the rule.
	allowed(w.ask(t, w.ours, "PATCH", settings, `{"second":[]}`, "If-Match", "*"), "settings")
	w.ask(t, w.ours, "POST", "/api/v1/credentials", awardBody(achievement, "eve@example.org")).want(t, 201, "")
}

// TestSettings: what is given is changed, on the version that was seen, and the rest stays.
func TestSettings(t *testing.T) {
	w := newWorld(t)
	settings := "/api/v1/issuers/" + w.ours.ID + "/settings"
	read := w.ask(t, w.ours, "GET", settings, "").want(t, 200, "")
	w.ask(t, w.ours, "PATCH", settings, `{"website":"https://example.org"}`).want(t, 428, "if_match")
	changed := w.ask(t, w.ours, "PATCH", settings, `{"website":"https://example.org","held":true,"revocationList":true}`, "If-Match", read.header.Get("ETag")).want(t, 200, "")
	if changed.at("name") != "Riverside District" || changed.at("email") != "badges@example.org" || changed.body["held"] != true || changed.at("revocationListUrl") != w.ours.URL+"/revocations" {
		t.Error(changed.text)
	}
	w.ask(t, w.ours, "PATCH", settings, `{"held":false}`, "If-Match", read.header.Get("ETag")).want(t, 412, "version")
	for body, pointer := range map[string]string{`{"name":""}`: "/name", `{"email":"x"}`: "/email", `{"website":"ftp://x"}`: "/website", `{"language":"english"}`: "/language",
		`{"second":["sign"]}`: "/second", `{"colour":"red"}`: "/colour", `{"held":"no"}`: "/held"} {
		if r := w.ask(t, w.ours, "PATCH", settings, body, "If-Match", "*"); r.status != 422 || r.pointers() != pointer {
			t.Errorf("%s: %d %s", body, r.status, r.text)
		}
	}
	// An award is held from now on.
	award := w.ask(t, w.ours, "GET", "/api/v1/credentials/"+w.awarded(t, w.ours, w.published(t, w.ours)), "").want(t, 200, "")
	if award.at("access") != "held" {
		t.Error(award.text)
	}
}

// everyMember is an achievement with everything that one can have.
func everyMember(t testing.TB) string {
	return strings.TrimSuffix(rubric(t), "}") + `,"imageCaption":"A laurel","creator":{"name":"The State","url":"https://state.example"},
	"related":[{"id":"https://example.org/a","inLanguage":"en","version":"2"}],"creditsAvailable":1.5,"fieldOfStudy":"Teaching","specialization":"Reading","humanCode":"T-1",
	"otherIdentifier":[{"identifierType":"identifier","identifier":"x-1"}],"about":{"competency":"c","method":"m","components":"c","research":[{"title":"t","url":"https://example.org/r","note":"n"}],
	"resources":[{"title":"t"}],"submission":"s","assessment":"portfolio","participation":"online","supervised":true,"identityProof":true,"hours":10.5,"level":"EQF 7",
	"quality":"q","qualityUrl":"https://example.org/q","qualityAccount":"a","stackable":true},"duplicates":"refuse","months":36,"renewable":true}`
}

// TestDefinitions: an achievement with everything is exported and imported again as it was; settings change alone; the next version
// names the one before.
func TestDefinitions(t *testing.T) {
	w := newWorld(t)
	made := w.ask(t, w.ours, "POST", "/api/v1/achievements", everyMember(t)).want(t, 201, "")
	address := "/api/v1/achievements/" + made.at("id")
	w.ask(t, w.ours, "POST", address+"/publish", "").want(t, 200, "")
	export := w.ask(t, w.ours, "GET", address+"/export", "").want(t, 200, "")
	acts := w.audit(t)
	dry := w.ask(t, w.ours, "POST", "/api/v1/achievements/import?dry_run=true", export.text).want(t, 200, "")
	if one := dry.items()[0]; one["problem"] != nil || one["achievement"] != nil || w.audit(t) != acts {
		t.Error(dry.text)
	}
	imported, _ := w.ask(t, w.ours, "POST", "/api/v1/achievements/import", export.text).want(t, 201, "").items()[0]["achievement"].(map[string]any)
	if imported == nil {
		t.Fatal(dry.text)
	}
	again := w.ask(t, w.ours, "GET", "/api/v1/achievements/"+imported["id"].(string), "").want(t, 200, "")
	original := w.ask(t, w.ours, "GET", address, "").want(t, 200, "")
	for _, name := range []string{"id", "url", "state", "created", "published", "image"} {
		delete(again.body, name)
		delete(original.body, name)
	}
	if diff := cmp.Diff(original.body, again.body); diff != "" {
		t.Errorf("(-exported +imported)\n%s", diff)
	}
	if !strings.Contains(made.text, `"competency"`) || made.at("creator", "name") != "The State" || made.at("duplicates") != "refuse" {
		t.Error(made.text)
	}

	set := w.ask(t, w.ours, "PATCH", address+"/settings", `{"months":0}`, "If-Match", "*").want(t, 200, "")
	if set.body["months"] != nil || set.at("duplicates") != "refuse" || set.body["renewable"] != true {
		t.Error(set.text)
	}
	w.ask(t, w.ours, "PATCH", address+"/settings", `{"months":0}`).want(t, 428, "if_match")
	if r := w.ask(t, w.ours, "PATCH", address+"/settings", `{"months":-1}`, "If-Match", "*").want(t, 422, "months"); r.pointers() != "/months" {
		t.Error(r.text)
	}
	next := w.ask(t, w.ours, "POST", address+"/versions", "").want(t, 201, "")
	if next.at("replaces") != made.at("id") || next.header.Get("Location") != "/api/v1/achievements/"+next.at("id") || !strings.Contains(next.text, "/a/"+made.at("id")) {
		t.Error(next.text)
	}
	w.ask(t, w.ours, "POST", "/api/v1/achievements/"+next.at("id")+"/publish", `{"keepBefore":true}`).want(t, 200, "")
	if r := w.ask(t, w.ours, "GET", address, "").want(t, 200, ""); r.at("state") != "published" || r.at("replacedBy") != next.at("id") {
		t.Error(r.text)
	}

	// Places of what is wrong.
	for member, pointer := range map[string]string{`"creator":{"name":"n","url":"x"}`: "/creator/url", `"about":{"hours":-1}`: "/about/hours", `"about":{"research":[{"title":""}]}`: "/about/research/0/title",
		`"creditsAvailable":-1`: "/creditsAvailable", `"related":[{"id":"x"}]`: "/related/0/id", `"duplicates":"maybe"`: "/duplicates", `"months":1.5`: "/months",
		`"otherIdentifier":[{"identifierType":"Medal","identifier":"x"}]`: "/otherIdentifier/0/identifierType", `"about":{"x":1}`: "/about/x"} {
		if r := w.ask(t, w.ours, "POST", "/api/v1/achievements", strings.TrimSuffix(plainAchievement, "}")+","+member+"}"); r.status != 422 || r.pointers() != pointer {
			t.Errorf("%s: %d %s", member, r.status, r.text)
		}
	}
	for body, code := range map[string]string{`{"a":1}`: "definition", `[]`: "definition", `{`: "malformed"} {
		r := w.ask(t, w.ours, "POST", "/api/v1/achievements/import", body)
		if r.at("code") != code {
			t.Errorf("%s: %d %s", body, r.status, r.text)
		}
	}
	// One of two cannot be drafted: it says why, and the other is.
	mixed := w.ask(t, w.ours, "POST", "/api/v1/achievements/import", `[{"@context":"https://w3id.org/openbadges/v2","type":"BadgeClass","name":"n","description":"d","criteria":{"narrative":"n"}},
		{"@context":"https://w3id.org/openbadges/v2","type":"BadgeClass","name":"n","description":"d"}]`).want(t, 201, "").items()
	if len(mixed) != 2 || mixed[0]["achievement"] == nil || mixed[1]["achievement"] != nil || mixed[1]["problem"] == nil {
		t.Errorf("%v", mixed)
	}
}

// TestSearch: awards are found by whom they are for, and no address stands in an address.
func TestSearch(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	for _, email := range []string{"kim@example.org", "kim@example.org", "kim@example.org", "lee@example.org"} {
		w.ask(t, w.ours, "POST", "/api/v1/credentials", fmt.Sprintf(`{"achievement":%q,"recipient":{"email":%q,"name":"Kim García"}}`, achievement, email)).want(t, 201, "")
	}
	seen, cursor := 0, ""
	for range 10 {
		r := w.ask(t, w.ours, "POST", "/api/v1/credentials/search", `{"recipient":{"email":"KIM@example.org"},"limit":2,"cursor":"`+cursor+`"}`).want(t, 200, "")
		if seen += len(r.items()); strings.Contains(r.text, "kim@") {
			t.Error(r.text)
		}
		if cursor = r.at("next"); cursor == "" {
			break
		}
	}
	if seen != 3 {
		t.Errorf("%d awards found", seen)
	}
	for body, n := range map[string]int{`{"text":"garcia"}`: 4, `{"text":"lee@example.org"}`: 1, `{"text":"nobody"}`: 0, `{}`: 4, `{"achievement":"` + achievement + `","state":"revoked"}`: 0,
		`{"issuedFrom":"2020-01-01","issuedUntil":"2020-02-01"}`: 0, `{"newest":true}`: 4} {
		if r := w.ask(t, w.ours, "POST", "/api/v1/credentials/search", body).want(t, 200, ""); len(r.items()) != n {
			t.Errorf("%s: %d awards: %s", body, len(r.items()), r.text)
		}
	}
	for body, pointer := range map[string]string{`{"text":"kim","state":"revoked"}`: "/text", `{"limit":0}`: "/limit", `{"state":"gone"}`: "/state", `{"issuedFrom":"yesterday"}`: "/issuedFrom"} {
		if r := w.ask(t, w.ours, "POST", "/api/v1/credentials/search", body).want(t, 422, "members"); r.pointers() != pointer {
			t.Errorf("%s: %s", body, r.text)
		}
	}
	w.ask(t, w.ours, "POST", "/api/v1/credentials/search", `{"cursor":"x"}`).want(t, 422, "cursor")
	if ids, _ := w.walk(t, w.ours, "/api/v1/credentials?newest=true&issued_from=2020-01-01&limit=2"); len(ids) != 4 {
		t.Errorf("%v", ids)
	}
}

// TestReasons: a reason is public by its code and its text; a note is seen by those who may read the log alone.
func TestReasons(t *testing.T) {
	w := newWorld(t)
	award := "/api/v1/credentials/" + w.awarded(t, w.ours, w.published(t, w.ours))
	w.ask(t, w.ours, "POST", award+"/revoke", `{"code":"other"}`).want(t, 422, "members")
	if r := w.ask(t, w.ours, "POST", award+"/revoke", `{"code":"mood"}`).want(t, 422, "code"); r.pointers() != "/code" {
		t.Error(r.text)
	}
	r := w.ask(t, w.ours, "POST", award+"/revoke", `{"code":"evidence","note":"marker: copied from Kim"}`).want(t, 200, "")
	if r.at("revoked", "code") != "evidence" || strings.Contains(r.text, "marker") {
		t.Error(r.text)
	}
	if r := w.ask(t, w.ours, "GET", award+"/history", "").want(t, 200, ""); !strings.Contains(r.text, "marker") || r.items()[0]["action"] != "credential.revoked" || len(r.items()) != 2 {
		t.Error(r.text)
	}
	reader := office{token: w.token(t, w.ours.ID, issuer.ScopeCredentialsRead)}
	if r := w.ask(t, reader, "GET", award+"/history", "").want(t, 200, ""); strings.Contains(r.text, "marker") {
		t.Error(r.text)
	}
	if r := w.ask(t, w.ours, "GET", "/api/v1/audit?actor=test&limit=1", "").want(t, 200, ""); r.items()[0]["actor"] != "test" {
		t.Error(r.text)
	}
}

// TestErase: what an award says of a person goes, also out of the answers that are kept.
func TestErase(t *testing.T) {
	w := newWorld(t)
	award := "/api/v1/credentials/" + w.awarded(t, w.ours, w.published(t, w.ours))
	w.ask(t, w.ours, "POST", award+"/suspend", `{"reason":"Kim Lee copied it."}`, "Idempotency-Key", "k").want(t, 200, "")
	erased := w.ask(t, w.ours, "DELETE", award+"/personal-data", `{"reason":"She asked for it."}`).want(t, 200, "")
	if erased.at("erased") == "" || erased.at("validFrom") != "" || erased.body["files"] != nil || erased.at("state") != "suspended" {
		t.Error(erased.text)
	}
	if again := w.ask(t, w.ours, "POST", award+"/suspend", `{"reason":"Kim Lee copied it."}`, "Idempotency-Key", "k"); strings.Contains(again.text, "Kim Lee") {
		t.Error(again.text)
	}
}

// TestLimit: a token with a limit of its own is told how it stands, and to wait.
func TestLimit(t *testing.T) {
	w := newWorld(t)
	made, err := w.service.CreateToken(t.Context(), issuer.TokenInput{Organisation: w.ours.ID, Scopes: []issuer.Scope{issuer.ScopeKeysRead}, Rate: 2, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() reply { return w.ask(t, office{token: made.Text}, "GET", "/api/v1/issuers", "") }
	r := ask().want(t, 200, "")
	if r.header.Get("RateLimit-Policy") != `"token";q=2;w=60` || !strings.HasPrefix(r.header.Get("RateLimit"), `"token";r=1;t=`) {
		t.Error(r.header)
	}
	ask().want(t, 200, "")
	r = ask().want(t, 429, "rate_limited")
	if r.header.Get("Retry-After") == "" || !strings.HasPrefix(r.header.Get("RateLimit"), `"token";r=0;t=`) {
		t.Error(r.header)
	}
	w.ask(t, w.ours, "GET", "/api/v1/issuers", "").want(t, 200, "") // which has none
	if h := w.ask(t, w.ours, "GET", "/api/v1/issuers", "").header; h.Get("RateLimit") != "" {
		t.Error(h)
	}
	now := time.Unix(1000, 0)
	m := meter{now: func() time.Time { return now }, counts: map[string]*count{}}
	token := issuer.Token{ID: "t", Rate: 1}
	for i, step := range []struct {
		wait  time.Duration
		left  int
		until time.Duration
		ok    bool
	}{{0, 0, window, true}, {time.Second, 0, window - time.Second, false}, {window - time.Second, 0, window, true}, {-time.Hour, 0, window, true}} {
		now = now.Add(step.wait)
		if left, until, ok := m.take(token); left != step.left || until != step.until || ok != step.ok {
			t.Errorf("step %d: %d %v %v", i, left, until, ok)
		}
	}
}

// TestHandingOn: a token makes none that may do more than itself, and invites nobody who may.
func TestHandingOn(t *testing.T) {
	w := newWorld(t)
	made, err := w.service.CreateToken(t.Context(), issuer.TokenInput{Organisation: w.ours.ID, Scopes: []issuer.Scope{issuer.ScopePeopleRead, issuer.ScopePeopleWrite, issuer.ScopeKeysRead},
		Expires: w.clock.Now().Add(time.Hour), Rate: 100, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	clerk := office{token: made.Text}
	until := w.clock.Now().Add(time.Minute).UTC().Format(time.RFC3339)
	for body, code := range map[string]string{
		`{"scopes":["credentials:write"],"expires":"` + until + `","rate":1}`: "scopes",
		`{"scopes":["keys:read"],"rate":1}`:                                   "expires",
		`{"scopes":["keys:read"],"expires":"2099-01-01T00:00:00Z","rate":1}`:  "expires",
		`{"scopes":["keys:read"],"expires":"` + until + `"}`:                  "rate",
		`{"scopes":["keys:read"],"expires":"` + until + `","rate":101}`:       "rate",
	} {
		if r := w.ask(t, clerk, "POST", "/api/v1/tokens", body); r.status != 403 || r.at("code") != code {
			t.Errorf("%s: %d %s", body, r.status, r.text)
		}
	}
	w.ask(t, clerk, "POST", "/api/v1/tokens", `{"scopes":["everything"],"rate":1,"expires":"`+until+`"}`).want(t, 422, "scopes")
	w.ask(t, clerk, "POST", "/api/v1/invitations", `{"email":"kim@example.org","role":"owner"}`).want(t, 403, "beyond")
	w.ask(t, clerk, "POST", "/api/v1/invitations", `{"email":"kim@example.org","role":"king"}`).want(t, 422, "role")
	one := w.ask(t, clerk, "POST", "/api/v1/tokens", `{"name":"LMS","scopes":["keys:read"],"expires":"`+until+`","rate":10}`).want(t, 201, "")
	w.ask(t, office{token: one.at("token")}, "GET", "/api/v1/issuers/"+w.ours.ID+"/keys", "").want(t, 200, "")
	w.ask(t, clerk, "POST", "/api/v1/tokens/"+one.at("id")+"/revoke", "").want(t, 200, "")
	w.ask(t, office{token: one.at("token")}, "GET", "/api/v1/issuers", "").want(t, 401, "token_invalid")
	w.ask(t, clerk, "POST", "/api/v1/tokens/"+one.at("id")+"/revoke", "").want(t, 409, "already_revoked")
}

// TestWebhookAddresses: only what the public can reach is called.
func TestWebhookAddresses(t *testing.T) {
	w := newWorld(t)
	for _, address := range []string{"http://example.org/hook", "https://127.0.0.1/", "https://10.0.0.1/", "ftp://example.org", "x", "https://user:pass@example.org/"} {
		if r := w.ask(t, w.ours, "POST", "/api/v1/webhooks", `{"url":"`+address+`"}`).want(t, 422, "url"); r.pointers() != "/url" {
			t.Error(r.text)
		}
	}
	if r := w.ask(t, w.ours, "POST", "/api/v1/webhooks", `{"url":"https://example.org","events":["credential.intended"]}`).want(t, 422, "events"); r.pointers() != "/events" {
		t.Error(r.text)
	}
	w.ask(t, w.ours, "POST", "/api/v1/webhooks", `{"url":"https://example.org/h"}`).want(t, 201, "")
	w.published(t, w.ours)
	hook := w.ask(t, w.ours, "GET", "/api/v1/webhooks", "").want(t, 200, "").items()[0]
	if hook["secret"] != nil {
		t.Error("a list of webhooks tells secrets")
	}
	list := w.ask(t, w.ours, "GET", "/api/v1/webhooks/"+hook["id"].(string)+"/deliveries", "").want(t, 200, "").items()
	if len(list) != 1 || list[0]["type"] != "achievement.published" || list[0]["state"] != "waiting" {
		t.Errorf("%v", list)
	}
}

// TestEmptyRooms: what this installation does not have is refused, and the rest goes on.
func TestEmptyRooms(t *testing.T) {
	w := newWorld(t)
	var err error
	if w.handler, err = New(Config{Service: w.service}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/members", ""}, {"POST", "/invitations", `{"email":"kim@example.org","role":"issuer"}`}, {"GET", "/webhooks", ""}, {"POST", "/webhooks", `{"url":"https://example.org"}`},
		{"POST", "/credentials/search", `{"text":"kim"}`}, {"GET", "/webhooks/aaaa", ""},
	} {
		asked := call{method: c.method, route: c.path, body: c.body}
		if r := w.exchange(t, asked.request(t, w.ours.token, nil)); r.status != http.StatusServiceUnavailable || r.at("code") != "not_here" {
			t.Errorf("%s %s: %d %s", c.method, c.path, r.status, r.text)
		}
	}
	w.published(t, w.ours)
}

// TestKeptBefore: an answer that an earlier release has kept is given as it was.
func TestKeptBefore(t *testing.T) {
	a, err := readAnswer([]byte(`{"status":201,"tag":"\"v1\"","body":"eyJpZCI6ImEifQo="}`))
	if err != nil || a.Status != 201 || a.Tag != `"v1"` || string(a.Body) != "{\"id\":\"a\"}\n" {
		t.Errorf("%+v, error %v", a, err)
	}
	if _, err := readAnswer([]byte(`{"body":"?"}`)); err == nil {
		t.Error("what is no base64 is read")
	}
}
