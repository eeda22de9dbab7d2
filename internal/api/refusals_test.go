package api

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
)

// raw is send without a look at what came back.
func (w *world) raw(t testing.TB, method, path, body string, headers ...string) reply {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	return reply{status: recorder.Code, header: recorder.Header(), text: recorder.Body.String()}
}

// TestBodies: what is wrong in a body is refused with the place where it stands.
func TestBodies(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	award := w.awarded(t, w.ours, achievement)
	with := func(member string) string { return strings.TrimSuffix(plainAchievement, "}") + "," + member + "}" }
	given := func(member string) string {
		return strings.TrimSuffix(awardBody(achievement, "kim@example.org"), "}") + "," + member + "}"
	}
	for name, c := range map[string]struct {
		path, body string
		status     int
		code       string
		pointers   string
	}{
		"no JSON":                {"achievements", "{", 400, "malformed", ""},
		"two values":             {"achievements", "{}{}", 400, "malformed", ""},
		"a name twice":           {"achievements", `{"name":"a","name":"b"}`, 400, "duplicate_key", "/name"},
		"no UTF-8":               {"achievements", "{\"name\":\"\xff\"}", 400, "encoding", ""},
		"a lone surrogate":       {"achievements", `{"name":"\ud800"}`, 400, "encoding", "/name"},
		"a byte order mark":      {"achievements", "\ufeff{}", 400, "encoding", ""},
		"too deep":               {"achievements", `{"name":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}", 400, "too_complex", "/name" + strings.Repeat("/0", 63)},
		"an array":               {"achievements", "[]", 422, "members", ""},
		"null":                   {"achievements", "null", 422, "members", ""},
		"nothing given":          {"achievements", "{}", 422, "members", "/name /description /criteria"},
		"unknown members":        {"achievements", with(`"colour":"red","a/b~c":1`), 422, "members", "/a~1b~0c /colour"},
		"other case":             {"achievements", with(`"Version":"1"`), 422, "members", "/Version"},
		"unknown inside":         {"achievements", with(`"alignment":[{"targetName":"a","targetUrl":"https://example.org","x":1}]`), 422, "members", "/alignment/0/x"},
		"read only":              {"achievements", with(`"id":"a","state":"published"`), 422, "members", "/id /state"},
		"a number as text":       {"achievements", with(`"version":1`), 422, "members", "/version"},
		"null as text":           {"achievements", with(`"version":null`), 422, "members", "/version"},
		"a zero in a text":       {"achievements", with(`"version":"\u0000"`), 422, "members", "/version"},
		"one for many":           {"achievements", with(`"tag":"a"`), 422, "members", "/tag"},
		"missing inside":         {"achievements", with(`"resultDescription":[{"name":"a","resultType":"Percent"},{"rubricCriterionLevel":[{}]}]`), 422, "members", "/resultDescription/1/rubricCriterionLevel/0/name /resultDescription/1/name /resultDescription/1/resultType"},
		"no picture":             {"achievements", with(`"image":"AAAA"`), 422, "image", "/image"},
		"no base64":              {"achievements", with(`"image":"?"`), 422, "members", "/image"},
		"an empty picture":       {"achievements", with(`"image":""`), 422, "members", "/image"},
		"an empty name":          {"achievements", `{"name":" ","description":"d","criteria":{"narrative":"n"}}`, 422, "name", "/name"},
		"two lines":              {"achievements", `{"name":"a\nb","description":"d","criteria":{"narrative":"n"}}`, 422, "name", "/name"},
		"criteria elsewhere":     {"achievements", `{"name":"a","description":"d","criteria":{"id":"ftp://example.org"}}`, 422, "criteria_url", "/criteria/id"},
		"empty criteria":         {"achievements", `{"name":"a","description":"d","criteria":{}}`, 422, "criteria", "/criteria"},
		"no description":         {"achievements", `{"name":"a","description":" ","criteria":{"narrative":"n"}}`, 422, "description", "/description"},
		"an unknown type":        {"achievements", with(`"achievementType":"Medal"`), 422, "type", "/achievementType"},
		"names of the rubric":    {"achievements", with(`"resultDescription":[{"id":"a b","name":"a","resultType":"Percent"}]`), 422, "result_name", "/resultDescription"},
		"a level that is not":    {"achievements", with(`"resultDescription":[{"name":"a","resultType":"RubricCriterionLevel","requiredLevel":"x"}]`), 422, "result", "/resultDescription/0/requiredLevel"},
		"no achievement":         {"credentials", `{"recipient":{"email":"kim@example.org"}}`, 422, "members", "/achievement"},
		"an empty achievement":   {"credentials", awardBody("", "kim@example.org"), 422, "achievement", "/achievement"},
		"an unknown achievement": {"credentials", awardBody("x", "kim@example.org"), 422, "achievement", "/achievement"},
		"no address":             {"credentials", awardBody(achievement, "kim"), 422, "email", "/recipient/email"},
		"a recipient as text":    {"credentials", `{"achievement":"a","recipient":"kim@example.org"}`, 422, "members", "/recipient"},
		"a name of two lines":    {"credentials", `{"achievement":"` + achievement + `","recipient":{"email":"kim@example.org","name":"a\nb"}}`, 422, "name", "/recipient/name"},
		"hashed as text":         {"credentials", `{"achievement":"a","recipient":{"email":"kim@example.org","hashed":"no"}}`, 422, "members", "/recipient/hashed"},
		"a day":                  {"credentials", given(`"validFrom":"2026-01-01"`), 422, "members", "/validFrom"},
		"year zero":              {"credentials", given(`"validFrom":"0001-01-01T00:00:00+02:00"`), 422, "members", "/validFrom"},
		"year ten thousand":      {"credentials", given(`"validUntil":"9999-12-31T23:00:00-02:00"`), 422, "members", "/validUntil"},
		"an end before":          {"credentials", given(`"validUntil":"2001-01-01T00:00:00Z"`), 422, "dates", "/validUntil"},
		"evidence elsewhere":     {"credentials", given(`"evidence":[{"id":"javascript:alert(1)"}]`), 422, "evidence", "/evidence"},
		"empty evidence":         {"credentials", given(`"evidence":[{}]`), 422, "evidence", "/evidence"},
		"a result of nothing":    {"credentials", given(`"result":[{"resultDescription":"x","value":"1"}]`), 422, "schema_invalid", "/result/0/resultDescription"},
		"no reason":              {"credentials/" + award + "/revoke", `{}`, 422, "members", "/reason"},
		"an empty reason":        {"credentials/" + award + "/revoke", `{"reason":" "}`, 422, "reason", "/reason"},
		"a long reason":          {"credentials/" + award + "/suspend", `{"reason":"` + strings.Repeat("a", 2001) + `"}`, 422, "reason", "/reason"},
		"something":              {"credentials/" + award + "/reinstate", `{"reason":"r"}`, 422, "members", "/reason"},
		"publish what":           {"achievements/" + achievement + "/publish", `{"at":"now"}`, 422, "members", "/at"},
	} {
		r := w.ask(t, w.ours, "POST", "/api/v1/"+c.path, c.body)
		if r.status != c.status || r.at("code") != c.code || r.pointers() != c.pointers {
			t.Errorf("%s: %d %s\nwant %d %s at %q, got %q", name, r.status, r.text, c.status, c.code, c.pointers, r.pointers())
		}
	}
	many := w.ask(t, w.ours, "POST", "/api/v1/achievements", with(`"tag":[`+strings.Repeat("1,", 99)+`1]`)).want(t, 422, "members")
	if n := len(strings.Fields(many.pointers())); n != mostViolations {
		t.Errorf("%d errors are told", n)
	}
}

// TestRequests: what is wrong around a body.
func TestRequests(t *testing.T) {
	w := newWorld(t)
	token := []string{"Authorization", "Bearer " + w.ours.token}
	for name, headers := range map[string][]string{
		"none": {}, "form": {"Content-Type", "application/x-www-form-urlencoded"}, "text": {"Content-Type", "text/plain"},
		"JSON-LD": {"Content-Type", "application/ld+json"}, "another charset": {"Content-Type", "application/json; charset=utf-16"},
		"compressed": {"Content-Type", "application/json", "Content-Encoding", "gzip"}, "broken": {"Content-Type", "application/json; charset"},
	} {
		r := w.send(t, "POST", "/api/v1/achievements", plainAchievement, append(headers, token...)...)
		if r.status != 415 || r.at("code") != "media_type" {
			t.Errorf("%s: %d %s", name, r.status, r.text)
		}
	}
	w.send(t, "POST", "/api/v1/achievements", plainAchievement, append([]string{"Content-Type", "Application/JSON; Charset=UTF-8"}, token...)...).want(t, 201, "")
	w.ask(t, w.ours, "POST", "/api/v1/achievements", "").want(t, 415, "media_type")
	w.ask(t, w.ours, "POST", "/api/v1/achievements", "", "Content-Type", "application/json").want(t, 400, "malformed")
	large := `{"name":"` + strings.Repeat("a", credential.Limits.Body) + `"}`
	w.ask(t, w.ours, "POST", "/api/v1/achievements", large).want(t, 413, "too_large")

	// Addresses.
	for _, path := range []string{"/api/v1", "/api/v1/", "/api/v1/badges", "/api/v2/issuers", "/api/v1/issuers/", "/api/v1/achievements/a.b", "/api/v1/achievements/%00",
		"/api/v1/credentials/..", "/api/v1/credentials/%2e%2e%2fissuers", "/api/v1/credentials/" + strings.Repeat("a", 65), "/api/v1/credentials/a%2Fb", "/", "/openapi.json/", "/api/v1/credentials/é"} {
		w.ask(t, w.ours, "GET", path, "").want(t, 404, "not_found")
	}
	for _, c := range [][3]string{{"DELETE", "/api/v1/achievements", "GET"}, {"PATCH", "/api/v1/credentials/a", "GET"}, {"POST", "/api/v1/issuers", "GET"},
		{"GET", "/api/v1/credentials/a/revoke", "POST"}, {"POST", "/openapi.json", "GET"}, {"BREW", "/api/v1/achievements/a", "PUT"}} {
		r := w.ask(t, w.ours, c[0], c[1], "").want(t, 405, "method_not_allowed")
		if !strings.Contains(r.header.Get("Allow"), c[2]) {
			t.Errorf("%s: Allow %q", c[1], r.header.Get("Allow"))
		}
	}
	if r := w.raw(t, "OPTIONS", "/api/v1/achievements", ""); r.status != 204 || !strings.Contains(r.header.Get("Allow"), "POST") || r.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d %v", r.status, r.header)
	}
	for _, path := range []string{"achievements", "credentials", "issuers", "status-lists"} {
		w.ask(t, w.ours, "POST", "/api/v1/"+path+"?x=1", plainAchievement)
	}
	w.ask(t, w.ours, "POST", "/api/v1/achievements?x=1", plainAchievement).want(t, 400, "parameters")
}

// TestSocket: over a real connection HEAD has no body, and a body that is cut off or has no announced length is bounded.
func TestSocket(t *testing.T) {
	w := newWorld(t)
	server := httptest.NewServer(w.handler)
	defer server.Close()
	try := func(method, path string, body io.Reader) (*http.Response, error) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+w.ours.token)
		r.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(r)
		if err == nil {
			t.Cleanup(func() { _ = response.Body.Close() })
		}
		return response, err
	}
	do := func(method, path string, body io.Reader) *http.Response {
		t.Helper()
		response, err := try(method, path, body)
		if err != nil {
			t.Fatal(err)
		}
		return response
	}
	head := do("HEAD", "/api/v1/issuers/"+w.ours.ID, nil)
	if text, err := io.ReadAll(head.Body); head.StatusCode != 200 || head.Header.Get("ETag") == "" || len(text) > 0 || err != nil {
		t.Errorf("%v %q %v", head, text, err)
	}
	endless := io.MultiReader(strings.NewReader(`{"name":"`), io.LimitReader(zeros{}, 4<<20))
	// The server may hang up before the client has sent everything; what it must not do is take it.
	if r, err := try("POST", "/api/v1/achievements", endless); err == nil && r.StatusCode != 413 {
		t.Error(r.Status)
	}
	if all := w.ask(t, w.ours, "GET", "/api/v1/achievements", "").want(t, 200, ""); !strings.Contains(all.text, `"items":[]`) {
		t.Errorf("something was made of it: %s", all.text)
	}
	if r := do("POST", "/api/v1/credentials/a/suspend", strings.NewReader("")); r.StatusCode != 404 {
		t.Error(r.Status)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// TestStoreAway: a store that is closed makes the API unavailable, not faulty.
func TestStoreAway(t *testing.T) {
	w := newWorld(t)
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range calls {
		r := w.exchange(t, c.request(t, w.ours.token, unknown()))
		if r.status != 503 || r.header.Get("Retry-After") == "" || strings.Contains(r.text, "closed") {
			t.Errorf("%s %s: %d %s", c.method, c.route, r.status, r.text)
		}
	}
}

func TestNew(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("an API without an issuer")
	}
	if f := failureOf(errors.New("secret")); f.status != 500 || strings.Contains(f.detail, "secret") {
		t.Error(f)
	}
}

// TestContract: the description and the routes are the same, and a reply that is not in it is noticed.
func TestContract(t *testing.T) {
	w := newWorld(t)
	var routed, described []string
	for _, r := range w.handler.(*echo.Echo).Routes() {
		if r.Method != http.MethodHead {
			routed = append(routed, r.Method+" "+strings.NewReplacer(":id", "{id}", ":delivery", "{delivery}").Replace(r.Path))
		}
	}
	document, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			described = append(described, method+" "+path)
			if operation.OperationID == "" || operation.Summary == "" || operation.Security == nil {
				t.Errorf("%s %s is not described", method, path)
			}
		}
	}
	slices.Sort(routed)
	slices.Sort(described)
	if diff := cmp.Diff(described, routed); diff != "" {
		t.Errorf("(-described +routed)\n%s", diff)
	}
	good := w.ask(t, w.ours, "GET", "/api/v1/issuers/"+w.ours.ID, "").want(t, 200, "")
	request := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/issuers/"+w.ours.ID, nil)
	for name, change := range map[string]func(*reply){
		"another status": func(r *reply) { r.status = 202 },
		"a member more":  func(r *reply) { r.text = strings.Replace(r.text, "{", `{"secret":1,`, 1) },
		"a member less":  func(r *reply) { r.text = strings.Replace(r.text, `"did"`, `"dod"`, 1) },
		"another type":   func(r *reply) { r.header = http.Header{"Content-Type": {"text/html"}} },
		"no problem":     func(r *reply) { r.status = 404 },
	} {
		bad := good
		change(&bad)
		if err := judge(t.Context(), request.Clone(t.Context()), bad); err == nil {
			t.Errorf("%s is not noticed", name)
		}
	}
	if err := judge(t.Context(), request, good); err != nil {
		t.Error(err)
	}
}
