package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// hand gives files and a text to the form, as a browser does.
func (f *fixture) hand(t testing.TB, path, text string, files []testFile, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	body, media := stop{Text: text, Files: files}.form(t)
	return f.call(http.MethodPost, path, body, append(headers, "Content-Type", media)...)
}

// numbered are so many files, each with something else in it.
func numbered(n int) []testFile {
	files := make([]testFile, n)
	for i := range files {
		files[i] = testFile{Name: fmt.Sprintf("badge %d.json", i+1), Text: fmt.Sprintf(`{"n":%d}`, i+1)}
	}
	return files
}

// judging is a checker whose reports follow what is handed in: revoked, unknown, a problem of the file, or good.
func judging(_ context.Context, item carrier.Item) ([]*verifier.Report, error) {
	r := goodReport()
	switch text := string(item.Text); {
	case item.Problem != nil:
		r = reportOf(verifier.No, verifier.Undecided, "form/fail/"+item.Problem.Code)
	case strings.Contains(text, "revoked"):
		r = reportOf(verifier.Yes, verifier.No, "status/fail/revoked")
	case strings.Contains(text, "silent"):
		r = reportOf(verifier.Yes, verifier.Undecided, "status/unknown/status_unavailable")
	}
	if view := r.Credential; view != nil {
		own := *view
		own.ID = "https://badges.example/" + base64.RawURLEncoding.EncodeToString(item.Text)
		own.Recipient = []verifier.Identity{{Type: "name", Value: testSubject}, {Type: "emailAddress", Value: own.ID, Hashed: true}}
		r.Credential = &own
	}
	r.Input.SHA256 = fmt.Sprintf("%064x", item.Text)
	return []*verifier.Report{r}, nil
}

func TestManyFiles(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Check = &batch.Checker{Verify: judging} })
	files := numbered(500)
	files[7] = testFile{Name: "Zoë <script>alert(1) \u202egnp.png", Text: `{"revoked":1}`}
	files[8] = testFile{Name: "silent.json", Text: `{"silent":1}`}
	began := time.Now()
	w := f.hand(t, "/verify", "", files, "Accept", "text/html")
	wantStatus(t, w, http.StatusOK)
	t.Logf("500 files: %d kB in %v", w.Body.Len()>>10, time.Since(began).Round(time.Millisecond))
	page := w.Body.String()
	harmless(t, page)
	wantText(t, w, "500 rows", `href="#report-500"`, `id="report-500"`, "Zoë &lt;script&gt;", `class="r r-no"`, `class="r r-unknown"`, `value="8.pdf"`)
	if got := strings.Count(page, "<tbody"); got != 500 {
		t.Errorf("%d rows for 500 files", got)
	}
	if !w.Flushed {
		t.Error("the rows were not sent as they came")
	}
	h := w.Header()
	if h.Get("Cache-Control") != cacheNever || h.Get("Content-Language") != "en" || !strings.Contains(h.Get("Vary"), "Accept-Language") || !strings.Contains(h.Get("Content-Security-Policy"), "script-src 'self'") {
		t.Errorf("headers %v", h)
	}
	for _, secret := range []string{"Zoë", "badge 1", testSubject, "revoked"} {
		if strings.Contains(f.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	var reports []verifier.Report
	w = f.hand(t, "/verify", "", files, "Accept", "application/json")
	if err := json.Unmarshal(w.Body.Bytes(), &reports); err != nil || len(reports) != 500 {
		t.Fatalf("%d reports, %v", len(reports), err)
	}
	if reports[7].InForce != verifier.No || reports[7].Input.Name != wording.Plain(files[7].Name) {
		t.Errorf("the eighth is %+v", reports[7].Input)
	}
}

// TestSeveralInputs: what a form may bring, and how many rows each of it becomes.
func TestSeveralInputs(t *testing.T) {
	token, other := testJWT, "eyJhbGciOiJFUzI1NiJ9.e30.b3RoZXI"
	large := strings.Repeat("x", credential.Limits.Upload+1)
	for name, test := range map[string]struct {
		files []testFile
		text  string
		rows  int
	}{
		"two files":                  {files: numbered(2), rows: 2},
		"a file and a text":          {files: numbered(1), text: `{"a":1}`, rows: 2},
		"a file and a link":          {files: numbered(1), text: "https://school.example/b", rows: 2},
		"two links":                  {text: "https://school.example/1\n\n  https://school.example/2  \n", rows: 2},
		"two tokens":                 {text: token + "\r\n" + other, rows: 2},
		"a link and a token":         {text: "https://school.example/1\n" + token, rows: 2},
		"an http link among others":  {text: "https://school.example/1\nhttp://school.example/2", rows: 2},
		"JSON over several lines":    {text: "{\n\"a\":\n1\n}", rows: 1},
		"a token over several lines": {text: "eyJhbGciOiJFUzI1NiJ9.\neyJhIjoxfQ\n.c2ln", rows: 1},
		"words between links":        {text: "see https://school.example/1\nand https://school.example/2", rows: 1},
		"an empty file among others": {files: append(numbered(2), testFile{Name: "empty.png"}), rows: 3},
		"a large one among others":   {files: append(numbered(2), testFile{Name: "large.png", Text: large}), rows: 3},
		"the same file twice":        {files: append(numbered(1), numbered(1)...), rows: 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, func(c *Config) { c.Check = &batch.Checker{Verify: judging} })
			w := f.hand(t, "/verify", test.text, test.files, "Accept", "application/json")
			wantStatus(t, w, http.StatusOK)
			var reports []verifier.Report
			if test.rows == 1 {
				reports = make([]verifier.Report, 1)
				if err := json.Unmarshal(w.Body.Bytes(), &reports[0]); err != nil {
					t.Fatal(err)
				}
			} else if err := json.Unmarshal(w.Body.Bytes(), &reports); err != nil {
				t.Fatal(err)
			}
			if len(reports) != test.rows {
				t.Errorf("%d reports, want %d", len(reports), test.rows)
			}
			page := f.hand(t, "/verify", test.text, test.files, "Accept", "text/html").Body.String()
			if got := max(1, strings.Count(page, "<tbody")); got != test.rows {
				t.Errorf("%d rows, want %d", got, test.rows)
			}
		})
	}
}

func TestRefusedForms(t *testing.T) {
	large := strings.Repeat("x", credential.Limits.Upload+1)
	part := func(field, name, content string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"" + name + "\"\r\n\r\n" + content + "\r\n"
	}
	full := strings.Repeat("x", credential.Limits.Upload)
	for name, test := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"one file, too large":       {part("credential", "a", large), 413, "too_large"},
		"an empty file":             {part("credential", "a", ""), 400, "empty"},
		"an empty field":            {part("credential", "", ""), 400, "empty"},
		"white space":               {part("credential", "a", " \n "), 400, "empty"},
		"nothing known":             {part("other", "a", "{}"), 400, "empty"},
		"two texts":                 {part("text", "", "{}") + part("text", "", "{}"), 400, "bad_request"},
		"a text that is too large":  {part("text", "", strings.Repeat("x", credential.Limits.Document+1)), 413, "too_large"},
		"too much together":         {strings.Repeat(part("credential", "a", full), 6), 413, "too_large"},
		"more parts than looked at": {strings.Repeat(part("credential", "a", "{}"), partsMost+1), 413, "too_many"},
		"broken off":                {part("credential", "a", "{}") + "--x\r\nContent-Disp", 400, "bad_request"},
		"a part of an unread name":  {part("credential", "a", "{}") + part("credential", "b\r\nc", "{}"), 400, "bad_request"},
		"an address of our network": {part("text", "", "http://localhost/"), 422, "ssrf_blocked"},
		"an address that is silent": {part("text", "", "https://gone.example/"), 422, "link_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, nil)
			body := test.body
			if name != "broken off" {
				body += "--x--\r\n"
			}
			w := f.call(http.MethodPost, "/verify", strings.NewReader(body), "Content-Type", "multipart/form-data; boundary=x", "Accept", "application/json")
			var told problem
			if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil || w.Code != test.status || told.Code != test.code || told.Detail == "" {
				t.Errorf("%d %+v, %v", w.Code, told, err)
			}
			if len(f.inputs) != 0 {
				t.Errorf("%d judged", len(f.inputs))
			}
		})
	}
	f := newFixture(t, nil) // 501 to 2,000 files are answered: what is not looked at is a row
	w := f.hand(t, "/verify", "", numbered(batch.MostRows+40), "Accept", "text/html")
	wantStatus(t, w, http.StatusOK)
	if rows := strings.Count(w.Body.String(), "<tbody"); rows > batch.MostRows+1 || rows < batch.MostRows {
		t.Errorf("%d rows", rows)
	}
}

// TestRowsComeAsTheyAreJudged reads the first row while the second is still being judged.
func TestRowsComeAsTheyAreJudged(t *testing.T) {
	first, more := make(chan struct{}), make(chan struct{})
	f := newFixture(t, func(c *Config) {
		c.Check = &batch.Checker{Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			if strings.Contains(string(item.Text), "2") {
				<-more
			}
			return judging(ctx, item)
		}}
	})
	server := httptest.NewServer(f)
	defer server.Close()
	body, media := stop{Files: numbered(2)}.form(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/verify", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", media)
	r.Header.Set("Accept", "text/html")
	go func() {
		select {
		case <-first:
		case <-time.After(time.Minute):
			t.Error("the first row did not come")
		}
		close(more)
	}()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var page bytes.Buffer
	told := false
	for buffer := make([]byte, 4096); ; {
		n, err := response.Body.Read(buffer)
		page.Write(buffer[:n])
		if !told && strings.Contains(page.String(), `id="report-1"`) {
			told = true
			close(first)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{`id="report-2"`, "2 rows", "</html>"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestTableThatBreaksOff: what can no longer be an error of the request is told below the rows.
func TestTableThatBreaksOff(t *testing.T) {
	leave := context.CancelFunc(nil)
	f := newFixture(t, func(c *Config) {
		c.Check = &batch.Checker{Workers: 1, Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			if strings.Contains(string(item.Text), "4") {
				leave()
				return nil, ctx.Err()
			}
			return judging(ctx, item)
		}}
	})
	post := func(accept string) *httptest.ResponseRecorder {
		body, media := stop{Files: numbered(6)}.form(t)
		r := httptest.NewRequest(http.MethodPost, "/verify", body)
		r.Header.Set("Content-Type", media)
		r.Header.Set("Accept", accept)
		ctx, cancel := context.WithCancel(t.Context())
		leave = cancel
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r.WithContext(ctx))
		return w
	}
	w := post(mediaHTML)
	wantStatus(t, w, http.StatusOK)
	if !regexp.MustCompile(`The check stopped early: [0-3] of 6`).MatchString(w.Body.String()) {
		t.Error("the page does not say that it ended early")
	}
	wantText(t, w, "</html>")
	wantStatus(t, post(mediaJSON), http.StatusBadRequest)
}

// TestManyPlaces: one request with many files at a time from an address, and few in all; those with one file do not wait for it.
func TestManyPlaces(t *testing.T) {
	begun, end := make(chan struct{}, 8), make(chan struct{})
	f := newFixture(t, func(c *Config) {
		c.VerifyRate = 0
		c.Check = &batch.Checker{Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			if strings.Contains(string(item.Text), "1") {
				begun <- struct{}{}
				<-end
			}
			return judging(ctx, item)
		}}
	})
	post := func(address string, files int, patience time.Duration) int {
		body, media := stop{Files: numbered(files)}.form(t)
		if files == 1 {
			body, media = stop{Text: `{"other":0}`}.form(t)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		r := httptest.NewRequest(http.MethodPost, "/verify", body).WithContext(ctx)
		r.RemoteAddr = address + ":1000"
		r.Header.Set("Content-Type", media)
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		return w.Code
	}
	const long, short = time.Minute, 50 * time.Millisecond
	done := make(chan int, manyUploads)
	for n := range manyUploads {
		go func() { done <- post(fmt.Sprintf("192.0.2.%d", n), 2, long) }()
		<-begun
	}
	if got := post("192.0.2.0", 2, short); got != http.StatusServiceUnavailable {
		t.Errorf("a second one from the same address: %d", got)
	}
	if got := post("192.0.2.9", 2, short); got != http.StatusServiceUnavailable {
		t.Errorf("one too many: %d", got)
	}
	if got := post("192.0.2.0", 1, long); got != http.StatusOK {
		t.Errorf("a single one: %d", got)
	}
	close(end)
	for range manyUploads {
		if got := <-done; got != http.StatusOK {
			t.Errorf("the first ones: %d", got)
		}
	}
	if got := post("192.0.2.0", 2, long); got != http.StatusOK {
		t.Errorf("afterwards: %d", got)
	}
}

// TestLargeForms: a body of many files has places of its own, and one of unannounced length has to be small.
func TestLargeForms(t *testing.T) {
	u := newUploads()
	u.many.wait = 10 * time.Millisecond
	post := func(size int64) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/verify", strings.NewReader("x"))
		r.ContentLength = size
		return r
	}
	from := netip.MustParseAddr("192.0.2.1")
	leave, err := u.room(post(60<<20), from)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.room(post(60<<20), from); err == nil {
		t.Error("two at a time from one address")
	}
	if other, err := u.room(post(2<<20), from); err != nil {
		t.Errorf("one file has to wait for many: %v", err)
	} else {
		other()
	}
	leave()
	leave() // once more does no harm
	if len(u.many.from) != 0 || u.many.held != 0 {
		t.Errorf("left behind: %v, %d", u.many.from, u.many.held)
	}
	f := newFixture(t, nil)
	body, media := stop{Files: []testFile{{Name: "a", Text: strings.Repeat("x", 2<<20)}}}.form(t)
	w := f.call(http.MethodPost, "/verify", struct{ io.Reader }{body}, "Content-Type", media)
	wantStatus(t, w, http.StatusRequestEntityTooLarge)
}

// field is the value of a hidden field of a page.
func field(t *testing.T, page, name string) string {
	t.Helper()
	for tokens := html.NewTokenizer(strings.NewReader(page)); tokens.Next() != html.ErrorToken; {
		found := map[string]string{}
		for _, a := range tokens.Token().Attr {
			found[a.Key] = a.Val
		}
		if found["type"] == "hidden" && found["name"] == name {
			return found["value"]
		}
	}
	t.Fatalf("no field %q", name)
	return ""
}

func TestRecord(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Check, c.Version, c.VerifyRate = &batch.Checker{Verify: judging}, "1.2.3", 0 })
	ask := func(path, reports, as string) *httptest.ResponseRecorder {
		form := url.Values{"reports": {reports}, "as": {as}}.Encode()
		return f.call(http.MethodPost, path, strings.NewReader(form), "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
	}
	files := append(numbered(2), testFile{Name: "x.json", Text: "revoked"})
	table := field(t, f.hand(t, "/verify", "", files, "Accept", "text/html").Body.String(), "reports")
	single := field(t, f.hand(t, "/verify", "", numbered(1), "Accept", "text/html").Body.String(), "reports")
	for name, test := range map[string]struct{ reports, as, media, file, begin string }{
		"PDF of a report":      {single, "pdf", "application/pdf", ".pdf", "%PDF-"},
		"text of a report":     {single, "text", "text/plain; charset=utf-8", ".txt", ""},
		"PDF of a table":       {table, "pdf", "application/pdf", ".pdf", "%PDF-"},
		"PDF of a row":         {table, "2.pdf", "application/pdf", "-2.pdf", "%PDF-"},
		"text of a row":        {table, "3.text", "text/plain; charset=utf-8", "-3.txt", ""},
		"page of a report":     {single, "page", "text/html; charset=UTF-8", "", "<!DOCTYPE html>"},
		"page of a table":      {table, "page", "text/html; charset=UTF-8", "", "<!DOCTYPE html>"},
		"page of a row of one": {table, "3.page", "text/html; charset=UTF-8", "", "<!DOCTYPE html>"},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask("/verify/record?lang=es", test.reports, test.as)
			wantStatus(t, w, http.StatusOK)
			h := w.Header()
			if h.Get("Content-Type") != test.media || h.Get("Content-Language") != "es" || h.Get("Cache-Control") != cacheNever || !strings.HasPrefix(w.Body.String(), test.begin) || w.Body.Len() < 100 {
				t.Errorf("%v, %d bytes: %.40q", h, w.Body.Len(), w.Body)
			}
			if given := h.Get("Content-Disposition"); test.file == "" && given != "" || test.file != "" && !regexp.MustCompile(`^attachment; filename="comprobacion-2026-11-22`+regexp.QuoteMeta(test.file)+`"$`).MatchString(given) {
				t.Errorf("Content-Disposition %q", given)
			}
		})
	}
	wantText(t, ask("/verify/record?lang=es", single, "page"), `lang="es"`, "Auténtica y vigente hoy")
	wantText(t, ask("/verify/record?lang=es", table, "page"), `lang="es"`, "3 filas", `id="report-3"`)

	sealed, err := base64.RawURLEncoding.DecodeString(single)
	if err != nil {
		t.Fatal(err)
	}
	sealed[len(sealed)-9] ^= 1
	elsewhere, err := newSeal().close([]batch.Row{{Number: 1, Report: goodReport()}})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		reports, as string
		status      int
	}{
		"one bit changed":   {base64.RawURLEncoding.EncodeToString(sealed), "pdf", 422},
		"sealed elsewhere":  {elsewhere, "pdf", 422},
		"not sealed":        {base64.RawURLEncoding.EncodeToString([]byte(`[{"number":1}]`)), "pdf", 422},
		"cut off":           {single[:40], "pdf", 422},
		"nothing":           {"", "pdf", 422},
		"not base64":        {"%%%", "page", 422},
		"another form":      {single, "exe", 400},
		"no form":           {single, "", 400},
		"a row that is not": {single, "9.pdf", 400},
	} {
		w := ask("/verify/record", test.reports, test.as)
		if w.Code != test.status {
			t.Errorf("%s: status %d, want %d", name, w.Code, test.status)
		}
		if test.status == 422 {
			wantText(t, w, "cannot make that record any more")
		}
	}
	if strings.Contains(f.log.String(), "badge 1") || strings.Contains(f.log.String(), testSubject) {
		t.Error("the log holds what was checked")
	}
	w := f.call(http.MethodPost, "/verify/record", strings.NewReader(strings.Repeat("x", credential.Limits.Upload+envelope+1)), "Content-Type", "application/x-www-form-urlencoded")
	wantStatus(t, w, http.StatusRequestEntityTooLarge)
	w = f.call(http.MethodPost, "/verify/record", strings.NewReader("reports="+single), "Content-Type", "application/x-www-form-urlencoded", "Origin", "https://evil.example")
	wantStatus(t, w, http.StatusForbidden)
}

// TestSealedRows: what a page carries comes back as it was.
func TestSealedRows(t *testing.T) {
	s := newSeal()
	for name, report := range exhibits() {
		rows := []batch.Row{{Number: 4, SameAs: 2, Report: report.report}, {Number: 5, Like: 1, Report: report.report}}
		text, err := s.close(rows)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.open(text)
		if err != nil {
			t.Fatal(err)
		}
		before, err := json.Marshal(rows)
		if err != nil {
			t.Fatal(err)
		}
		if after, err := json.Marshal(again); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: %s became %s, %v", name, before, after, err)
		}
	}
	huge := goodReport()
	huge.Checks[0].Detail = base64.StdEncoding.EncodeToString(incompressible(10 << 20))
	if text, err := s.close([]batch.Row{{Report: huge}}); err != nil || text != "" {
		t.Errorf("%d bytes for a page to send back, %v", len(text), err)
	}
}

// incompressible are bytes that do not get smaller, the same each time.
func incompressible(n int) []byte {
	bytes := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(bytes) // never fails
	return bytes
}

func TestLanguages(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Check = &batch.Checker{Verify: judging} })
	for name, test := range map[string]struct{ path, accept, lang string }{
		"nothing asked for":      {"/verify", "", "en"},
		"the browser's":          {"/verify", "es-MX,es;q=0.9,en;q=0.5", "es"},
		"none of ours":           {"/verify", "de", "en"},
		"the address wins":       {"/verify?lang=en", "es", "en"},
		"the address":            {"/verify?lang=es", "en", "es"},
		"an address of no sense": {"/verify?lang=%3Cb%3E", "es", "es"},
	} {
		w := f.call(http.MethodGet, test.path, nil, "Accept-Language", test.accept)
		wantStatus(t, w, http.StatusOK)
		if w.Header().Get("Content-Language") != test.lang || !strings.Contains(w.Header().Get("Vary"), "Accept-Language") || !strings.Contains(w.Body.String(), `<html lang="`+test.lang+`">`) || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
	wantText(t, f.get("/verify?lang=es", ""), `action="/verify?lang=es"`, `href="/verify?lang=en" hreflang="en" lang="en">English</a>`, `href="/verify?lang=es"`)
	wantText(t, f.get("/verify", ""), `action="/verify"`, `lang="es">Español</a>`)
	wantText(t, f.hand(t, "/verify?lang=es", "", numbered(1), "Accept", "text/html"), "Auténtica y vigente hoy", `formaction="/verify/record?lang=en"`, `action="/verify/record?lang=es"`)
	wantText(t, f.hand(t, "/verify?lang=es", "", numbered(2), "Accept", "text/html"), "Auténtica y vigente hoy", "2 filas", `formaction="/verify/record?lang=en"`)
	wantText(t, f.hand(t, "/verify?lang=es", "", nil, "Accept", "text/html"), "No había nada que comprobar", `<html lang="es">`)
	wantText(t, f.call(http.MethodGet, "/c/unknown", nil, "Accept", "text/html", "Accept-Language", "es"), "Aquí no hay nada", `<html lang="es">`)
	wantText(t, f.call(http.MethodGet, "/c/"+testID, nil, "Accept", "text/html", "Accept-Language", "es"), `<html lang="es">`, "Auténtica y vigente hoy")
	w := f.call(http.MethodGet, "/c/unknown", nil, "Accept", "application/json", "Accept-Language", "es")
	wantText(t, w, "There is nothing at this address.") // programs get one language
}

// TestPageWeight: the page of a report is light, whatever it shows.
func TestPageWeight(t *testing.T) {
	handler := newGallery(t)
	whole := regexp.MustCompile(`(?s)<pre .*?</pre>`)
	for name, shown := range stops() {
		if !strings.HasPrefix(name, "report-") || strings.Contains(name, "hostile") || strings.Contains(name, "long-words") {
			continue
		}
		if size := len(whole.ReplaceAll(shown.open(t, handler).Body.Bytes(), nil)); size > 60000 {
			t.Errorf("%s: %d bytes", name, size)
		}
	}
}

// FuzzForm: no form body stops the server, and whatever it answers is harmless.
func FuzzForm(f *testing.F) {
	f.Add([]byte("--x\r\nContent-Disposition: form-data; name=\"credential\"; filename=\"a\"\r\n\r\n{}\r\n--x--\r\n"))
	f.Add([]byte("--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhttps://a.example\nhttps://b.example\r\n--x--"))
	f.Add([]byte("--x\r\nContent-Disposition: form-data; name=\"credential\"; filename=\"<script>\"\r\n\r\nrevoked\r\n--x\r\nContent-Disposition: form-data; name=\"credential\"\r\n\r\n\x00\r\n--x--"))
	fixture := newFixture(f, func(c *Config) { c.Check, c.VerifyRate = &batch.Checker{Verify: judging}, 0 })
	f.Fuzz(func(t *testing.T, body []byte) {
		w := fixture.call(http.MethodPost, "/verify", bytes.NewReader(body), "Content-Type", "multipart/form-data; boundary=x", "Accept", "text/html")
		if w.Code != http.StatusOK && (w.Code < 400 || w.Code >= 500) {
			t.Errorf("status %d", w.Code)
		}
		harmless(t, w.Body.String())
	})
}
