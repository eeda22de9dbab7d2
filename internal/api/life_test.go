package api

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// rubric is an achievement with everything that one can have.
func rubric(t testing.TB) string {
	t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return `{"name":"Feedback <that> moves & learning","description":"Gives feedback.","criteria":{"id":"https://example.org/criteria","narrative":"Three **lessons**."},
	"achievementType":"MicroCredential","version":"1.0","inLanguage":"en","tag":["teaching","feedback"],"image":"` + base64.StdEncoding.EncodeToString(picture.Bytes()) + `",
	"alignment":[{"targetName":"Standard 6","targetUrl":"https://example.org/6","targetCode":"6","targetDescription":"d","targetFramework":"f","targetType":"CFItem"}],
	"resultDescription":[{"id":"practice","name":"In practice","resultType":"RubricCriterionLevel","requiredLevel":"meets",
	"alignment":[{"targetName":"a","targetUrl":"https://example.org/a"}],
	"rubricCriterionLevel":[{"id":"begins","name":"Begins","level":"1","points":"1","description":"d","alignment":[{"targetName":"a","targetUrl":"https://example.org/a"}]},{"id":"meets","name":"Meets"}]},
	{"name":"Hours","resultType":"GradePointAverage","allowedValue":["1","2"],"requiredValue":"1","valueMin":"1","valueMax":"2"}]}`
}

// TestAchievementLife: draft, changed, published and frozen, archived.
func TestAchievementLife(t *testing.T) {
	w := newWorld(t)
	made := w.ask(t, w.ours, "POST", "/api/v1/achievements", rubric(t)).want(t, 201, "")
	address := "/api/v1/achievements/" + made.at("id")
	if made.header.Get("Location") != address || made.header.Get("ETag") != `"v1"` || made.at("state") != "draft" || made.at("url") != "" {
		t.Errorf("%v %s", made.header, made.text)
	}
	if _, err := w.service.Achievement(t.Context(), made.at("id")); err == nil {
		t.Error("a draft is public")
	}
	if _, err := w.service.Document(t.Context(), base+"/a/"+made.at("id")+"/image.png"); err == nil {
		t.Error("the picture of a draft is public")
	}
	if all, err := w.service.Achievements(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%d achievements, error %v", len(all), err)
	}
	w.ask(t, w.ours, "POST", "/api/v1/credentials", awardBody(made.at("id"), "kim@example.org")).want(t, 422, "achievement")

	// Changes, each on the version that was seen.
	w.ask(t, w.ours, "PUT", address, plainAchievement).want(t, 428, "if_match")
	w.ask(t, w.ours, "PUT", address, plainAchievement, "If-Match", `"v2"`).want(t, 412, "version")
	w.ask(t, w.ours, "PUT", address, plainAchievement, "If-Match", `W/"v1"`).want(t, 412, "version")
	w.ask(t, w.ours, "PUT", address, plainAchievement, "If-Match", `v1, "v01", "v 1", ""`).want(t, 412, "version")
	changed := w.ask(t, w.ours, "PUT", address, plainAchievement, "If-Match", `"v9", "v1"`).want(t, 200, "")
	if changed.header.Get("ETag") != `"v2"` || changed.at("name") != "Formative Assessment" || changed.body["image"] == nil {
		t.Errorf("%v %s", changed.header, changed.text)
	}
	without := strings.Replace(plainAchievement, "{", `{"image":null,`, 1)
	if r := w.ask(t, w.ours, "PUT", address, without, "If-Match", `*`).want(t, 200, ""); r.body["image"] != nil {
		t.Error(r.text)
	}
	w.ask(t, w.ours, "PUT", address, rubric(t), "If-Match", `"v3"`).want(t, 200, "")
	w.ask(t, w.ours, "POST", address+"/archive", "").want(t, 409, "not_published")

	// Reading, and reading again only when it has changed.
	read := w.ask(t, w.ours, "GET", address, "").want(t, 200, "")
	for _, tag := range []string{`"v4"`, `W/"v4"`, `"x", "v4"`, "*"} {
		if r := w.ask(t, w.ours, "GET", address, "", "If-None-Match", tag).want(t, 304, ""); r.text != "" || r.header.Get("ETag") != `"v4"` {
			t.Errorf("%s: %v %s", tag, r.header, r.text)
		}
	}
	w.ask(t, w.ours, "GET", address, "", "If-None-Match", `"v3"`).want(t, 200, "")
	if !strings.Contains(read.text, "Feedback <that> moves & learning") {
		t.Error(read.text)
	}

	// Published, it never changes.
	w.ask(t, w.ours, "POST", address+"/publish", "", "If-Match", `"v3"`).want(t, 412, "version")
	published := w.ask(t, w.ours, "POST", address+"/publish", "{}", "If-Match", `"v4"`).want(t, 200, "")
	if published.at("state") != "published" || published.at("url") != base+"/a/"+made.at("id") || published.at("image", "url") != published.at("url")+"/image.png" {
		t.Error(published.text)
	}
	for _, document := range []string{"", "/image.png"} {
		if text, err := w.service.Document(t.Context(), published.at("url")+document); err != nil || len(text) == 0 {
			t.Error(document, err)
		}
	}
	w.ask(t, w.ours, "POST", address+"/publish", "").want(t, 409, "published")
	w.ask(t, w.ours, "PUT", address, plainAchievement, "If-Match", `"v5"`).want(t, 409, "published")

	// Archived, it is awarded no more, and stays.
	award := w.awarded(t, w.ours, made.at("id"))
	archived := w.ask(t, w.ours, "POST", address+"/archive", "").want(t, 200, "")
	if archived.at("state") != "archived" || archived.at("archived") == "" || archived.header.Get("ETag") != `"v6"` {
		t.Error(archived.text)
	}
	w.ask(t, w.ours, "POST", address+"/archive", "").want(t, 409, "archived")
	w.ask(t, w.ours, "POST", "/api/v1/credentials", awardBody(made.at("id"), "kim@example.org")).want(t, 409, "archived")
	w.ask(t, w.ours, "GET", "/api/v1/credentials/"+award, "").want(t, 200, "")
	if _, err := w.service.Document(t.Context(), published.at("url")); err != nil {
		t.Error("the document of an archived achievement is gone:", err)
	}
	if _, err := w.service.Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Actor: "test"}); err == nil {
		t.Error("the only achievement, which is archived, was awarded")
	}
	if _, err := w.service.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestCredentialLife: awarded, suspended, reinstated, revoked.
func TestCredentialLife(t *testing.T) {
	w := newWorld(t)
	achievement := w.ask(t, w.ours, "POST", "/api/v1/achievements", rubric(t)).want(t, 201, "").at("id")
	published := w.ask(t, w.ours, "POST", "/api/v1/achievements/"+achievement+"/publish", "").want(t, 200, "")
	made := w.ask(t, w.ours, "POST", "/api/v1/credentials", `{"achievement":"`+published.at("url")+`","recipient":{"email":"Kim@example.org","name":"Kim Lee","hashed":false},
		"narrative":"Well done.","evidence":[{"id":"https://example.org/portfolio","name":"Portfolio","narrative":"Three lessons."}],
		"result":[{"resultDescription":"practice","achievedLevel":"meets"},{"resultDescription":"result-2","value":"2","status":"Completed"}],
		"validFrom":"2026-01-01T12:00:00+02:00","validUntil":"2099-01-01T00:00:00Z"}`).want(t, 201, "")
	address := "/api/v1/credentials/" + made.at("id")
	if made.header.Get("Location") != address || made.at("state") != "issued" || made.at("validFrom") != "2026-01-01T10:00:00Z" || made.at("files", "json") != made.at("url")+".json" {
		t.Errorf("%v %s", made.header, made.text)
	}
	if strings.Contains(made.text, "kim@example.org") || strings.Contains(made.text, "Kim Lee") {
		t.Error("the API shows the person:", made.text)
	}
	record, err := w.service.Credential(t.Context(), made.at("id"))
	if err != nil || !strings.Contains(string(record.JSON), "kim@example.org") || !strings.HasPrefix(record.By, "token:") {
		t.Errorf("%+v %v", record, err)
	}
	read := w.ask(t, w.ours, "GET", address, "").want(t, 200, "")
	if read.text != made.text || read.header.Get("ETag") != `"v2"` {
		t.Errorf("%v %s, awarded %s", read.header, read.text, made.text)
	}
	w.ask(t, w.ours, "GET", address, "", "If-None-Match", `"v2"`).want(t, 304, "")

	w.ask(t, w.ours, "POST", address+"/suspend", `{"reason":"A question."}`, "If-Match", `"v1"`).want(t, 412, "version")
	suspended := w.ask(t, w.ours, "POST", address+"/suspend", `{"reason":"A question."}`, "If-Match", `"v2"`).want(t, 200, "")
	if suspended.at("state") != "suspended" || suspended.at("suspended", "reason") != "A question." || suspended.header.Get("ETag") != `"v3"` {
		t.Error(suspended.text)
	}
	w.ask(t, w.ours, "POST", address+"/suspend", "").want(t, 409, "already_suspended")
	if r := w.ask(t, w.ours, "POST", address+"/reinstate", "").want(t, 200, ""); r.at("state") != "issued" {
		t.Error(r.text)
	}
	w.ask(t, w.ours, "POST", address+"/reinstate", "{}").want(t, 409, "not_suspended")
	w.ask(t, w.ours, "POST", address+"/suspend", "").want(t, 200, "")
	if r := w.ask(t, w.ours, "POST", address+"/revoke", `{"reason":"Awarded to the wrong person."}`).want(t, 200, ""); r.at("state") != "revoked" {
		t.Error(r.text)
	}
	w.ask(t, w.ours, "POST", address+"/revoke", `{"reason":"Again."}`).want(t, 409, "already_revoked")
	w.ask(t, w.ours, "POST", address+"/reinstate", "").want(t, 409, "already_revoked")

	lists := w.ask(t, w.ours, "GET", "/api/v1/status-lists", "").want(t, 200, "").items()
	if len(lists) != 2 || lists[0]["statusPurpose"] == lists[1]["statusPurpose"] {
		t.Errorf("%v", lists)
	}
	if n := len(w.ask(t, w.theirs, "GET", "/api/v1/status-lists", "").want(t, 200, "").items()); n != 0 {
		t.Errorf("%d lists of an organisation without awards", n)
	}
	if _, err := w.service.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestIssuers: a token sees its organisation, and the public parts of its keys.
func TestIssuers(t *testing.T) {
	w := newWorld(t)
	all := w.ask(t, w.ours, "GET", "/api/v1/issuers", "").want(t, 200, "").items()
	if len(all) != 1 || all[0]["id"] != w.ours.ID {
		t.Errorf("%v", all)
	}
	one := w.ask(t, w.ours, "GET", "/api/v1/issuers/"+w.ours.ID, "").want(t, 200, "")
	if one.at("did") != w.ours.DID || one.at("url") != w.ours.URL {
		t.Error(one.text)
	}
	w.ask(t, w.ours, "GET", "/api/v1/issuers/"+w.ours.ID, "", "If-None-Match", one.header.Get("ETag")).want(t, 304, "")
	ring := w.ask(t, w.ours, "GET", "/api/v1/issuers/"+w.ours.ID+"/keys", "").want(t, 200, "")
	if len(ring.items()) != 1 || ring.items()[0]["id"] != w.ours.Keys[0].Method || strings.Contains(ring.text, w.ours.Keys[0].Name) {
		t.Error(ring.text)
	}
}

// walk follows the links of a list and returns the ids in order, and the number of pages.
func (w *world) walk(t *testing.T, o office, path string) (ids []string, pages int) {
	t.Helper()
	for path != "" {
		r := w.ask(t, o, "GET", path, "").want(t, 200, "")
		for _, one := range r.items() {
			ids = append(ids, one["id"].(string))
		}
		link := r.header.Get("Link")
		if path = ""; link != "" {
			var found bool
			if path, found = strings.CutSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`); !found {
				t.Fatalf("link %q", link)
			}
		}
		pages++
	}
	return ids, pages
}

// TestLists: every record once, in order, also when others come and go meanwhile.
func TestLists(t *testing.T) {
	w := newWorld(t)
	var published, drafts, awards, other []string
	for range 3 {
		published = append(published, w.published(t, w.ours))
		drafts = append(drafts, w.ask(t, w.ours, "POST", "/api/v1/achievements", plainAchievement).want(t, 201, "").at("id"))
		w.clock.Add(1e9)
	}
	foreign := w.published(t, w.theirs)
	w.awarded(t, w.theirs, foreign)
	for i := range 5 {
		awards = append(awards, w.awarded(t, w.ours, published[0]))
		if i < 2 {
			other = append(other, w.awarded(t, w.ours, published[1]))
		}
	}
	w.ask(t, w.ours, "POST", "/api/v1/credentials/"+awards[1]+"/revoke", `{"reason":"r"}`).want(t, 200, "")
	w.ask(t, w.ours, "POST", "/api/v1/credentials/"+other[0]+"/suspend", "").want(t, 200, "")
	w.ask(t, w.ours, "POST", "/api/v1/achievements/"+published[2]+"/archive", "").want(t, 200, "")
	mixed := []string{awards[0], other[0], awards[1], other[1], awards[2], awards[3], awards[4]}
	for path, want := range map[string][]string{
		"achievements":                                              append(append([]string{}, drafts...), published...),
		"achievements?state=draft":                                  drafts,
		"achievements?state=published":                              published[:2],
		"achievements?state=archived":                               published[2:],
		"credentials":                                               mixed,
		"credentials?state=revoked":                                 {awards[1]},
		"credentials?state=suspended":                               {other[0]},
		"credentials?state=pending":                                 nil,
		"credentials?achievement=" + published[1]:                   other,
		"credentials?achievement=" + published[0] + "&state=issued": {awards[0], awards[2], awards[3], awards[4]},
		"credentials?achievement=" + foreign:                        nil,
		"credentials?achievement=nothing":                           nil,
	} {
		for _, limit := range []int{1, 2, 3, 100} {
			sign := "?"
			if strings.Contains(path, "?") {
				sign = "&"
			}
			got, _ := w.walk(t, w.ours, fmt.Sprintf("/api/v1/%s%slimit=%d", path, sign, limit))
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s by %d: %v, want %v", path, limit, got, want)
			}
		}
	}
	if _, pages := w.walk(t, w.ours, "/api/v1/credentials?limit=3"); pages != 3 {
		t.Errorf("%d pages", pages)
	}
	for path, code := range map[string]string{
		"achievements?state=revoked": "state", "achievements?limit=0": "limit", "achievements?limit=101": "limit", "achievements?limit=x": "limit",
		"credentials?limit=1&limit=2": "limit", "credentials?page=2": "page", "credentials?achievement=a%00b": "achievement", "credentials?state=": "state",
		"credentials?a=1&b=2": "a b",
	} {
		if r := w.ask(t, w.ours, "GET", "/api/v1/"+path, "").want(t, 400, "parameters"); r.pointers() != code {
			t.Errorf("%s: %s", path, r.text)
		}
	}
	for _, cursor := range []string{"x", "!", "d.!", "p.AAAA", "d.AAAA", "z.", "%00", strings.Repeat("A", 5000)} {
		w.ask(t, w.ours, "GET", "/api/v1/achievements?cursor="+cursor, "").want(t, 422, "cursor")
		if !strings.Contains(cursor, ".") {
			w.ask(t, w.ours, "GET", "/api/v1/credentials?cursor="+cursor, "").want(t, 422, "cursor")
		}
	}
	for _, path := range []string{"issuers?x=1", "issuers/" + w.ours.ID + "?x=1", "status-lists?limit=1", "credentials/" + awards[0] + "?x=1", "credentials?limit=%zz", "credentials?a;b"} {
		w.ask(t, w.ours, "GET", "/api/v1/"+path, "").want(t, 400, "parameters")
	}
}

// TestDescription: anybody may read it, and pages of other sites too.
func TestDescription(t *testing.T) {
	w := newWorld(t)
	r := w.send(t, "GET", "/openapi.json", "").want(t, 200, "")
	if r.at("openapi") != "3.1.0" || r.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error(r.header)
	}
	w.send(t, "GET", "/openapi.json", "", "If-None-Match", r.header.Get("ETag")).want(t, http.StatusNotModified, "")
}
