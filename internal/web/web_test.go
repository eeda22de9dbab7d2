package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/verifier"
)

func TestCredentialForms(t *testing.T) {
	f := newFixture(t, nil)
	for name, test := range map[string]struct{ path, accept, media, body string }{
		"page for nobody in particular": {"/c/" + testID, "", "text/html; charset=UTF-8", ""},
		"page for a browser":            {"/c/" + testID, "text/html,*/*;q=0.8", "text/html; charset=UTF-8", ""},
		"vc":                            {"/c/" + testID, "application/vc", "application/vc", testJSON},
		"vc+ld+json":                    {"/c/" + testID, "application/vc+ld+json", "application/vc+ld+json", testJSON},
		"ld+json":                       {"/c/" + testID, "application/ld+json", "application/ld+json", testJSON},
		"json":                          {"/c/" + testID, "application/json", "application/json", testJSON},
		"jwt":                           {"/c/" + testID, "application/jwt", "application/jwt", testJWT},
		"vc+jwt":                        {"/c/" + testID, "application/vc+jwt", "application/vc+jwt", testVCJWT},
		"plain text":                    {"/c/" + testID, "text/plain", "text/plain", testJWT},
		"ending json":                   {"/c/" + testID + ".json", "text/html", "application/vc", testJSON},
		"ending jwt":                    {"/c/" + testID + ".jwt", "", "application/jwt", testJWT},
	} {
		t.Run(name, func(t *testing.T) {
			w := f.get(test.path, test.accept)
			wantStatus(t, w, http.StatusOK)
			h := w.Header()
			if got := h.Get("Content-Type"); got != test.media {
				t.Errorf("Content-Type %q, want %q", got, test.media)
			}
			if test.body != "" && w.Body.String() != test.body {
				t.Errorf("body %q, want the bytes as signed", w.Body)
			}
			if h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Set-Cookie") != "" || h.Get("X-Robots-Tag") != "noindex" {
				t.Errorf("headers %v", h)
			}
			if strings.Contains(test.path, ".") {
				return
			}
			if want := "<" + testBase + "/c/" + testID + `.json>; rel="alternate"; type="application/vc"`; h.Get("Link") != want {
				t.Errorf("Link %q", h.Get("Link"))
			}
			if page, vary := strings.HasPrefix(test.media, mediaHTML), h.Get("Vary"); vary != "Accept" && !page || vary != "Accept, Accept-Language, Accept-Encoding" && page {
				t.Errorf("Vary %q", vary)
			}
		})
	}
	w := f.get("/c/"+testID, "image/webp")
	wantStatus(t, w, http.StatusNotAcceptable)
}

func TestPictures(t *testing.T) {
	f := newFixture(t, nil)
	w := f.get("/c/"+testID+".png", "")
	wantStatus(t, w, http.StatusOK)
	got, err := bake.Unbake(w.Body.Bytes())
	if err != nil || string(got) != testJSON {
		t.Errorf("the picture holds %q, %v", got, err)
	}
	for path, media := range map[string]string{"/qr.png": "image/png", "/qr.svg": "image/svg+xml"} {
		w := f.get("/c/"+testID+path, "")
		wantStatus(t, w, http.StatusOK)
		if w.Header().Get("Content-Type") != media || w.Body.Len() == 0 {
			t.Errorf("%s: %s, %d bytes", path, w.Header().Get("Content-Type"), w.Body.Len())
		}
	}
}

// pictured is an office whose achievement has a picture of its own.
type pictured struct {
	office
	picture []byte
}

func (p pictured) Document(context.Context, string) ([]byte, error) { return p.picture, nil }

func TestPictureOfItsOwn(t *testing.T) {
	picture, err := paper.QRPNG("picture", 1)
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, func(c *Config) { c.Office = pictured{picture: picture} })
	w := f.get("/c/"+testID+".png", "")
	wantStatus(t, w, http.StatusOK)
	if len(w.Body.Bytes()) > len(picture)+2*len(testJSON)+100 {
		t.Errorf("%d bytes: not the picture of the achievement", w.Body.Len())
	}
	if got, err := bake.Unbake(w.Body.Bytes()); err != nil || string(got) != testJSON {
		t.Errorf("the picture holds %q, %v", got, err)
	}
	w = f.get("/a/groups/image.png", "")
	wantStatus(t, w, http.StatusOK)
	if !bytes.Equal(w.Body.Bytes(), picture) || w.Header().Get("Content-Type") != "image/png" {
		t.Errorf("%d bytes of %s", w.Body.Len(), w.Header().Get("Content-Type"))
	}
}

func TestBadgePage(t *testing.T) {
	f := newFixture(t, nil)
	w := f.get("/c/"+testID, "text/html")
	wantStatus(t, w, http.StatusOK)
	wantText(t, w, "Authentic, and in force today", testSubject, "Cedar County Schools", testIssuer, "hashed e-mail", "Micro-credential",
		`<time datetime="2026-05-14T00:00:00Z">14 May 2026</time>`, "14 May 2031</time>", "Distinguished (4)", "<em>four</em>",
		`href="https://work.example/ada" rel="noreferrer nofollow"`, "laurel verify "+testBase+"/c/"+testID, `lang="en"`, `class="skip"`, "read 3 minutes earlier")
	wantNoText(t, w, "sha256$0123", "this machine only", "<script", "style=")
	if diff := cmp.Diff([][]byte{[]byte(testJSON)}, f.inputs); diff != "" {
		t.Errorf("what was judged is not what is published:\n%s", diff)
	}
	f.report = reportOf(verifier.Yes, verifier.No, "status/fail/revoked")
	w = f.get("/c/"+revokedID, "text/html")
	wantText(t, w, "Authentic, but revoked on 3 September 2026", "evidence was &lt;not&gt; the earner&#39;s own work")
	f.report = reportOf(verifier.No, verifier.Undecided, "issuer/fail/issuer_mismatch")
	w = f.get("/c/"+testID, "text/html")
	wantText(t, w, "Not authentic: the key is not the issuer’s own", "Small-Group Instruction from Evidence")
	wantNoText(t, w, testSubject)
}

func TestLocalBaseIsSaid(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Local = true })
	wantText(t, f.get("/c/"+testID, ""), "This address works on this machine only.")
}

func TestHostileText(t *testing.T) {
	f := newFixture(t, nil)
	v := f.report.Credential
	v.Issuer = verifier.Party{ID: "did:web:evil.example", Name: "\u202eCedar\u200b <script>alert(1)</script>", URL: "javascript:alert(2)"}
	v.Recipient = []verifier.Identity{{Type: "name", Value: `"><img src=x onerror=alert(3)>`}, {Type: "emailAddress", Value: "ada@school.example"}}
	v.Achievement.Criteria = "<script>alert(4)</script>\n\nText <script>alert(4)</script> [x](javascript:alert(5)) ![p](https://t.example/p.png) [d](data:text/html,x) [ok](https://ok.example)\n\n# Big"
	v.Achievement.CriteriaURL = "data:text/html,alert(6)"
	v.Evidence = []verifier.Evidence{{ID: "javascript:alert(7)", Name: "Trap"}, {ID: "https://user:word@work.example/"}}
	v.Alignments = []verifier.Alignment{{Name: "Also a trap", URL: "vbscript:alert(8)"}}
	v.Superseded = "javascript:alert(9)"
	for path, page := range map[string]func() string{
		"badge": func() string { return f.get("/c/"+testID, "text/html").Body.String() },
		"report": func() string {
			w := f.call(http.MethodPost, "/verify", strings.NewReader("{}"), "Content-Type", "application/vc")
			body, _, _ := strings.Cut(w.Body.String(), `id="record"`) // the report as JSON below quotes what was signed
			return body
		},
	} {
		body := page()
		for _, bad := range []string{"<script", "<img src=x", "javascript:", "data:text", "vbscript:", "\u202e", "\u200b", "t.example/p.png", "user:word", "<h1>Big"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s page holds %q", path, bad)
			}
		}
		for _, good := range []string{"Cedar &lt;script&gt;", "did:web:evil.example", "Trap", `href="https://ok.example" rel="nofollow noreferrer"`, "<h3>Big</h3>"} {
			if !strings.Contains(body, good) {
				t.Errorf("%s page lacks %q", path, good)
			}
		}
		if shown := strings.Contains(body, "ada@school.example"); shown != (path == "report") {
			t.Errorf("%s page: e-mail shown is %t", path, shown)
		}
	}
}

func TestCatalogue(t *testing.T) {
	f := newFixture(t, nil)
	wantText(t, f.get("/", "text/html"), `href="/i/cedar"`, `href="/a/groups"`, `href="/verify"`)
	wantNoText(t, f.get("/", "text/html"), "/c/")
	wantText(t, f.get("/verify", ""), `name="credential"`, `name="text"`, `enctype="multipart/form-data"`)
	wantText(t, f.get("/a/groups", "text/html"), "<strong>four</strong>", "Proficient (3)", "From 1 to 20.", "Standard IV", "Micro-credential")
	wantText(t, f.get("/i/cedar", "text/html"), "Cedar County Schools", testIssuer+"#key-1", "Signs today")
	for path, media := range map[string]string{"/a/groups": "application/ld+json", "/i/cedar": "application/json"} {
		w := f.get(path, media)
		wantStatus(t, w, http.StatusOK)
		if got := w.Header().Get("Content-Type"); got != media || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %s, %s", path, got, w.Body)
		}
	}
}

func TestDocuments(t *testing.T) {
	f := newFixture(t, nil)
	for path, media := range map[string]string{
		"/.well-known/did.json": "application/did+json", "/i/cedar/did.json": "application/did+json",
		"/i/cedar/jwks.json": "application/jwk-set+json", "/.well-known/jwks.json": "application/jwk-set+json", "/status/list1": "application/vc",
	} {
		w := f.get(path, "")
		wantStatus(t, w, http.StatusOK)
		if got := w.Header().Get("Content-Type"); got != media || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %v", path, w.Header())
		}
		wantText(t, w, testBase+path)
	}
	w := f.get("/status/list1", "application/json")
	etag := w.Header().Get("ETag")
	if w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "public, max-age=300" || etag == "" {
		t.Errorf("status list: %v", w.Header())
	}
	if other := f.get("/status/list1", "").Header().Get("ETag"); other == etag {
		t.Error("two representations share one ETag")
	}
	w = f.call(http.MethodGet, "/status/list1", nil, "Accept", "application/json", "If-None-Match", etag)
	wantStatus(t, w, http.StatusNotModified)
	w = f.call(http.MethodHead, "/status/list1", nil)
	wantStatus(t, w, http.StatusOK)
	if w := f.get("/healthz", ""); w.Body.String() != "ok\n" {
		t.Errorf("healthz: %q", w.Body)
	}
}

func TestHeaders(t *testing.T) {
	f := newFixture(t, nil)
	for _, path := range []string{"/", "/verify", "/c/" + testID, "/nowhere", "/status/list1"} {
		h := f.get(path, "").Header()
		scripts := ""
		if path == "/verify" {
			scripts = "; script-src 'self'"
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'" + scripts,
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if h.Get("Permissions-Policy") == "" || h.Get("X-Request-Id") == "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	page := f.get("/", "").Body.String()
	at := strings.Index(page, "/static/laurel.")
	if at < 0 {
		t.Fatal("the page links to no style sheet")
	}
	address, _, _ := strings.Cut(page[at:], `"`)
	w := f.get(address, "")
	wantStatus(t, w, http.StatusOK)
	if w.Header().Get("Cache-Control") != cacheForever || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("style sheet: %v", w.Header())
	}
}

func TestErrors(t *testing.T) {
	f := newFixture(t, nil)
	body := ""
	instance := regexp.MustCompile(`,"instance":"[A-Z2-7]{26}"`)
	for _, path := range []string{"/nowhere", "/c/unknown", "/c/" + pendingID, "/c/" + testID + ".exe", "/c/" + testID + ".", "/c/" + testID + ".json.", "/c/" + testID + "/", "/c/" + testID + "%2Fqr.png", "/c/" + testID + "%00", "//c/" + testID, "/c//" + testID,
		"//evil.example/%2e%2e", "/c/../c/" + testID, "/%2e%2e/%2e%2e/etc/passwd", "/c/" + testID + "/qr.svg.", "/a/groups.", "/a/none/image.png", "/i/cedar.json", "/status/list1.", "/static/../web.go", "/static/%2e%2e%2fweb.go", "/c/" + strings.Repeat("A", 5000),
		"/a/none", "/i/none", "/status/none", "/c/a..json", "/c/%2e%2e%2fetc", "/i/none/did.json", "/static/none.css"} {
		w := f.get(path, "application/json")
		wantStatus(t, w, http.StatusNotFound)
		if got := w.Header().Get("Content-Type"); got != mediaProblem {
			t.Errorf("%s: %s", path, got)
		}
		if !strings.Contains(w.Body.String(), `"instance":"`+w.Header().Get("X-Request-Id")+`"`) {
			t.Errorf("%s: %s does not name the request", path, w.Body)
		}
		got := instance.ReplaceAllString(w.Body.String(), "")
		if body == "" {
			body = got
		}
		if got != body {
			t.Errorf("%s: %s differs from %s", path, got, body)
		}
	}
	var got problem
	if err := json.Unmarshal([]byte(body), &got); err != nil || got.Status != 404 || got.Title != "Not Found" || got.Code != "missing" {
		t.Errorf("problem %+v, %v", got, err)
	}
	page := f.get("/c/unknown", "text/html")
	wantText(t, page, "<h1>Nothing is here</h1>", "There is nothing at this address.")
	if got := f.get("/status/none", "").Header().Get("Content-Type"); got != mediaProblem {
		t.Errorf("a document that is missing answers %s", got)
	}
	w := f.call(http.MethodDelete, "/verify", nil)
	wantStatus(t, w, http.StatusMethodNotAllowed)
	if allow := w.Header().Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") || !strings.Contains(allow, "HEAD") {
		t.Errorf("Allow %q", allow)
	}
}

func TestPanicIsAnswered(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Verify = panicking })
	w := f.get("/c/"+testID, "application/problem+json, text/html")
	if w.Code != http.StatusInternalServerError {
		t.Errorf("status %d", w.Code)
	}
	wantNoText(t, w, "secret")
	if !strings.Contains(f.log.String(), `"msg":"panic"`) {
		t.Error("the panic is not in the log")
	}
}

func TestVerifyInputs(t *testing.T) {
	form := func(fields ...string) (string, string) {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		for i := 0; i+1 < len(fields); i += 2 {
			part, err := m.CreateFormField(fields[i])
			if fields[i] == "credential" {
				name := "badge.json"
				if fields[i+1] == "" {
					name = "" // as browsers send an empty field
				}
				part, err = m.CreateFormFile("credential", name)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := part.Write([]byte(fields[i+1])); err != nil {
				t.Fatal(err)
			}
		}
		m.Close()
		return m.FormDataContentType(), b.String()
	}
	fileType, fileBody := form("credential", testJSON, "text", "")
	textType, textBody := form("credential", "", "text", "  "+testJWT+"\n")
	linkType, linkBody := form("credential", "", "text", "https://school.example/badge")
	noneType, noneBody := form("credential", "", "text", "  ")
	for name, test := range map[string]struct {
		media, body string
		want        string // what the verifier is given
		status      int
	}{
		"JSON":                            {"application/json", testJSON, testJSON, 200},
		"vc":                              {"application/vc", testJSON, testJSON, 200},
		"ld+json with charset":            {"application/ld+json; charset=utf-8", testJSON, testJSON, 200},
		"JWT":                             {"application/jwt", testJWT, testJWT, 200},
		"picture":                         {"image/png", "\x89PNG", "\x89PNG", 200},
		"no type":                         {"", testJSON, testJSON, 200},
		"wrapped object keeps its bytes":  {"application/json", `{"credential": {"n":1.10,"n":2} }`, `{"n":1.10,"n":2}`, 200},
		"wrapped JWT":                     {"application/json", `{"credential":"` + testJWT + `"}`, testJWT, 200},
		"link":                            {"application/json", `{"url":"https://school.example/b"}`, "read at https://school.example/b", 200},
		"two members are no wrapper":      {"application/json", `{"url":"https://a.example","credential":{}}`, `{"url":"https://a.example","credential":{}}`, 200},
		"a repeated member is no wrapper": {"application/json", `{"credential":{},"credential":{}}`, `{"credential":{},"credential":{}}`, 200},
		"text after the wrapper":          {"application/json", `{"credential":{}} x`, `{"credential":{}} x`, 200},
		"malformed JSON is for a report":  {"application/json", `{"credential":`, `{"credential":`, 200},
		"url that is no text":             {"application/json", `{"url":7}`, `{"url":7}`, 200},
		"form with a file":                {fileType, fileBody, testJSON, 200},
		"form with pasted text":           {textType, textBody, testJWT, 200},
		"form with a pasted link":         {linkType, linkBody, "read at https://school.example/badge", 200},
		"empty form":                      {noneType, noneBody, "", 400},
		"broken form":                     {"multipart/form-data; boundary=x", "--x\r\nbroken", "", 400},
		"form without a boundary":         {"multipart/form-data", "x", "", 400},
		"empty body":                      {"application/vc", "", "", 400},
		"empty wrapped text":              {"application/json", `{"credential":""}`, "", 400},
		"photo":                           {"image/jpeg", "\xff\xd8", "\xff\xd8", 200},
		"moving picture":                  {"image/gif", "GIF89a", "GIF89a", 200},
		"archive":                         {"application/zip", "PK", "PK", 200},
		"private address":                 {"application/json", `{"url":"https://blocked.example"}`, "", 422},
		"address that is no https":        {"application/json", `{"url":"http://localhost/"}`, "", 422},
		"address of a file":               {"application/json", `{"url":"file:///etc/passwd"}`, "", 422},
		"address of too much":             {"application/json", `{"url":"https://large.example"}`, "", 422},
		"silent address":                  {"application/json", `{"url":"https://gone.example"}`, "", 422},
		"a type that carries no badge":    {"video/mp4", "x", "", 415},
		"a type that is none":             {";;", "x", "", 415},
		"larger than a form may be":       {"image/png", strings.Repeat("x", credential.Limits.Upload+envelope+1), "", 413},
		"larger than a picture may be":    {"image/png", strings.Repeat("x", credential.Limits.Upload+1), "", 413},
		"JSON larger than an upload":      {"application/json", `["` + strings.Repeat("x", credential.Limits.Upload) + `"]`, "", 413},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, nil)
			w := f.call(http.MethodPost, "/verify", strings.NewReader(test.body), "Content-Type", test.media, "Accept", "application/json")
			wantStatus(t, w, test.status)
			if test.status != http.StatusOK {
				if len(f.inputs) != 0 || w.Header().Get("Content-Type") != mediaProblem {
					t.Errorf("%d inputs judged, answer %s", len(f.inputs), w.Header().Get("Content-Type"))
				}
				return
			}
			if len(f.inputs) != 1 || string(f.inputs[0]) != test.want {
				t.Errorf("judged %q, want %q", f.inputs, test.want)
			}
			var report verifier.Report
			if err := json.Unmarshal(w.Body.Bytes(), &report); err != nil {
				t.Fatal(err)
			}
			report.Input.Name = "" // of the file in the form
			if diff := cmp.Diff(f.report, &report); diff != "" {
				t.Errorf("the JSON is not the report:\n%s", diff)
			}
		})
	}
}

func TestStreamedBodyOverTheLimit(t *testing.T) {
	f := newFixture(t, nil)
	body := struct{ *strings.Reader }{strings.NewReader(strings.Repeat("x", credential.Limits.Upload+envelope+10))} // length not announced
	wantStatus(t, f.call(http.MethodPost, "/verify", body, "Content-Type", "image/png"), http.StatusRequestEntityTooLarge)
}

func TestCrossOriginFormIsRefused(t *testing.T) {
	f := newFixture(t, nil)
	post := func(headers ...string) int {
		return f.call(http.MethodPost, "/verify", strings.NewReader(testJSON), append(headers, "Content-Type", "application/vc")...).Code
	}
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"a program":            {nil, 200},
		"our own page":         {[]string{"Sec-Fetch-Site", "same-origin"}, 200},
		"our page, by a proxy": {[]string{"Origin", testBase}, 200},
		"another site":         {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403},
		"an old browser":       {[]string{"Origin", "https://evil.example"}, 403},
	} {
		if got := post(test.headers...); got != test.status {
			t.Errorf("%s: status %d, want %d", name, got, test.status)
		}
	}
}

func TestRateLimit(t *testing.T) {
	f := newFixture(t, nil)
	refused := 0
	for range 80 {
		w := f.call(http.MethodPost, "/verify", strings.NewReader(testJSON), "Content-Type", "application/vc", "X-Forwarded-For", "203.0.113.9")
		if w.Code == http.StatusTooManyRequests {
			refused++
			if w.Header().Get("Retry-After") == "" {
				t.Fatal("no Retry-After")
			}
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
	wantStatus(t, f.get("/verify", ""), http.StatusOK)

	l := newLimiter(120)
	for i := range 3 * maxAddresses {
		l.allow(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	if n := len(l.accounts.current) + len(l.accounts.past); n > 2*maxAddresses {
		t.Errorf("%d addresses remembered", n)
	}
	if network(netip.MustParseAddr("2001:db8::1")) != network(netip.MustParseAddr("2001:db8::ffff:2")) {
		t.Error("one IPv6 network has two accounts")
	}
	if network(netip.MustParseAddr("::ffff:192.0.2.1")) != network(netip.MustParseAddr("192.0.2.1")) {
		t.Error("one IPv4 address has two accounts")
	}
}

func TestLogHoldsNothingPersonal(t *testing.T) {
	f := newFixture(t, nil)
	f.get("/c/"+testID+"?email=ada@school.example", "text/html")
	f.get("/nobody/ada@school.example", "text/html")
	for _, secret := range []string{testID, "ada@school.example", testSubject} {
		if strings.Contains(f.log.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, f.log.String())
		}
	}
	if strings.Count(f.log.String(), "\n") != 2 {
		t.Errorf("not one line a request:\n%s", f.log.String())
	}
}

func TestNewRefuses(t *testing.T) {
	whole := func() Config { return Config{Office: office{}, Verify: panicking, Check: unchecked(), Base: testBase} }
	for name, change := range map[string]func(*Config){
		"base with a path":  func(c *Config) { c.Base += "/x" },
		"base of no scheme": func(c *Config) { c.Base = "badges.example" },
		"no office":         func(c *Config) { c.Office = nil },
		"no verifier":       func(c *Config) { c.Verify = nil },
		"no checker":        func(c *Config) { c.Check = nil },
	} {
		c := whole()
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := New(whole()); err != nil {
		t.Error(err)
	}
}

// TestRoom: a few large uploads are judged at a time, and fewer from one address; who waits in vain is told to come again.
// Small ones never wait.
func TestRoom(t *testing.T) {
	u := newUploads()
	gone, leave := context.WithCancel(t.Context())
	leave()
	post := func(size int64) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/verify", strings.NewReader("x"))
		r.ContentLength = size
		return r.WithContext(gone) // nobody waits in this test
	}
	from := func(n int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(n)}) }
	take := func(size int64, visitor netip.Addr) (func(), bool) {
		t.Helper()
		release, err := u.room(post(size), visitor)
		var told failure
		if err != nil && (!errors.As(err, &told) || told.status != http.StatusServiceUnavailable) {
			t.Errorf("%v", err)
		}
		return release, err == nil
	}
	var held []func()
	for n := 0; len(held) < largeUploads && n < 1000; n++ { // a place and the end of the wait are both there: either may win
		if release, ok := take(2<<20, from(len(held)/largeFromOne)); ok {
			held = append(held, release)
		}
	}
	if _, ok := take(2<<20, from(0)); ok {
		t.Error("one address holds more than its part")
	}
	if _, ok := take(2<<20, from(99)); ok {
		t.Error("there are more places than there should be")
	}
	if _, ok := take(10, from(0)); !ok {
		t.Error("a small one had to wait")
	}
	endless := post(-1)
	if _, err := u.room(endless, from(0)); err != nil {
		t.Errorf("an unannounced one had to wait: %v", err)
	}
	for _, release := range held {
		release()
	}
	if len(u.large.from) != 0 || u.large.held != 0 {
		t.Errorf("left behind: %v, %d places", u.large.from, u.large.held)
	}
}
