package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/verifier"
)

// wordy judges badges that say very much, each something else.
func wordy(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
	reports, err := judging(ctx, item)
	if view := reports[0].Credential; err == nil && view != nil && view.Achievement != nil {
		achievement := *view.Achievement
		achievement.Description = strings.Repeat(string(item.Text[:16]), 64<<10/16)
		achievement.Criteria = strings.Repeat(string(item.Text[:16]), 60<<10/16)
		view.Achievement, view.ID, view.Recipient = &achievement, string(item.Text[:16]), nil
		reports[0].Text, reports[0].Input.SHA256 = item.Text, fmt.Sprintf("%x", item.Text[:32])
	}
	return reports, err
}

// passing lets an answer pass by, and remembers how much memory was in use while it did.
type passing struct {
	header http.Header
	status int
	length int
	last   int // length when the memory was last looked at
	most   uint64
}

func (p *passing) Header() http.Header    { return p.header }
func (p *passing) WriteHeader(status int) { p.status = status }

func (p *passing) Write(b []byte) (int, error) {
	if p.length += len(b); p.length-p.last > 4<<20 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		p.last, p.most = p.length, max(p.most, m.HeapAlloc)
	}
	return len(b), nil
}

// TestHeavyTable: 500 badges that fill a form make a table without being in memory many times over.
func TestHeavyTable(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: a form of 62 MB takes a while")
	}
	f := newFixture(t, func(c *Config) { c.Check = &batch.Checker{Verify: wordy} })
	files := make([]testFile, batch.MostRows)
	for i := range files {
		files[i] = testFile{Name: "badge.json", Text: fmt.Sprintf(`{"n":%10d,"a":"%s"}`, i, strings.Repeat("a", 124<<10))}
	}
	body, media := stop{Files: files}.form(t)
	files = nil
	r := httptest.NewRequest(http.MethodPost, "/verify", body)
	r.Header.Set("Content-Type", media)
	r.Header.Set("Accept", "text/html")
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // so that what is counted is in use
	w := &passing{header: http.Header{}}
	f.ServeHTTP(w, r)
	t.Logf("%d, a page of %d MB, with at most %d MB in memory", w.status, w.length>>20, w.most>>20)
	if w.length < 60<<20 || w.most > 300<<20 { // the form itself is among it
		t.Errorf("a page of %d MB, with %d MB in memory", w.length>>20, w.most>>20)
	}
}

// TestSealedIsBounded: what is small on the way and large when it is opened is not sealed, so nobody can send it again and again.
func TestSealedIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short, beside the race detector: one large page")
	}
	s := newSeal()
	wordy := goodReport()
	wordy.Checks[0].Detail = strings.Repeat("a", mostSealed/4)
	for rows, want := range map[int]bool{1: true, 3: true, 4: false, 500: false} {
		all := make([]batch.Row, rows)
		for i := range all {
			all[i] = batch.Row{Number: i + 1, Report: wordy}
		}
		if text, err := s.close(all); err != nil || (text != "") != want {
			t.Errorf("%d rows: %d bytes, %v", rows, len(text), err)
		}
	}
}

// TestRecordPlaces: sealed reports are opened for few at a time.
func TestRecordPlaces(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.VerifyRate = 0 })
	sealed, err := f.Handler.(*Site).server.seal.close([]batch.Row{{Number: 1, Report: goodReport()}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() int {
		w := f.call(http.MethodPost, "/verify/record", strings.NewReader("as=pdf&reports="+sealed), "Content-Type", "application/x-www-form-urlencoded")
		return w.Code
	}
	places := f.Handler.(*Site).server.uploads.records
	places.wait = 10 * time.Millisecond
	var leave []func()
	for range recordsOne {
		release, err := places.take(t.Context(), netip.MustParseAddr("192.0.2.1")) // as httptest says it
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, release)
	}
	if got := ask(); got != http.StatusServiceUnavailable {
		t.Errorf("one too many: %d", got)
	}
	for _, release := range leave {
		release()
	}
	for range 2 * recordsMade { // each gives its place back
		if got := ask(); got != http.StatusOK {
			t.Errorf("afterwards: %d", got)
		}
	}
	if strings.Contains(f.log.String(), "ERROR") {
		t.Errorf("a refusal is no error of the program: %s", f.log.String())
	}
}

// TestLight: pictures that stand in a badge are not kept for a table, addresses of pictures are.
func TestLight(t *testing.T) {
	picture := "data:image/png;base64," + strings.Repeat("A", 1<<20)
	party := verifier.Party{ID: "did:key:z", Image: picture}
	r := &verifier.Report{Text: []byte("{}"), Credential: &verifier.View{Issuer: party, Holder: &party, Endorsements: []verifier.Party{party, {Image: "https://a.example/b.png"}},
		Achievement: &verifier.Award{Name: "Reading", Image: strings.ToUpper(picture), Creator: &verifier.Party{Image: picture}}}}
	r.Credentials = []*verifier.Report{{Credential: &verifier.View{Issuer: verifier.Party{Image: picture}}}}
	light(r)
	text, err := json.Marshal(r)
	if err != nil || len(text) > 4096 || r.Text != nil {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if r.Credential.Endorsements[1].Image == "" || r.Credential.Achievement.Name == "" {
		t.Error("too much was let go")
	}
}

// TestPlaces: who waits for a place gets it when it is free, also behind another of the same address; few of one address wait.
func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlaces(2, 1)
		one, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
		first, err := p.take(t.Context(), one)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		got := make(chan error, mostWaiting+1)
		for range mostWaiting + 1 {
			go func() {
				release, err := p.take(t.Context(), one)
				got <- err
				if err == nil {
					time.Sleep(time.Second)
					release()
				}
			}()
		}
		synctest.Wait()
		if err := <-got; err == nil { // one too many: at once
			t.Error("too many of one address wait")
		}
		second, err := p.take(t.Context(), other)
		if err != nil {
			t.Error("another address had to wait")
		}
		time.Sleep(time.Second)
		first()
		first() // may be called more than once
		for range mostWaiting {
			if err := <-got; err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(begun); took != mostWaiting*time.Second {
			t.Errorf("they waited %s", took)
		}
		if _, err := p.take(t.Context(), other); err == nil || time.Since(begun) < uploadWait {
			t.Error("who waits in vain is not told so after a while")
		}
		second()
		time.Sleep(2 * time.Second)
		if len(p.from) != 0 || p.held != 0 {
			t.Errorf("left behind: %v, %d", p.from, p.held)
		}
	})
}

// TestSlowReader: whoever does not read the answer keeps nobody from having files judged.
func TestSlowReader(t *testing.T) {
	f := newFixture(t, func(c *Config) {
		c.Check = &batch.Checker{Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			reports, err := judging(ctx, item)
			reports[0].Checks[0].Detail = strings.Repeat("What was found. ", 4000) // more than the connection takes in on its way
			return reports, err
		}}
	})
	server := httptest.NewServer(f)
	defer server.Close()
	body, media := stop{Files: numbered(batch.MostRows)}.form(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/verify", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", media)
	r.Header.Set("Accept", "text/html")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	many := f.Handler.(*Site).server.uploads.many
	held := func() int {
		many.mu.Lock()
		defer many.mu.Unlock()
		return many.held
	}
	for end := time.Now().Add(2 * time.Minute); held() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the place is not given back")
		}
	}
	page, err := io.ReadAll(response.Body) // it is all there, for who reads later
	if err != nil || strings.Count(string(page), "<tbody") != batch.MostRows || !strings.Contains(string(page), "</html>") {
		t.Errorf("%d bytes, %v", len(page), err)
	}
}

// TestDownloads: the files in the page are those that the exports write.
func TestDownloads(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Check = &batch.Checker{Verify: judging} })
	page := f.hand(t, "/verify", "", numbered(3), "Accept", "text/html").Body.String()
	for media, begin := range map[string]string{"text/csv;charset=utf-8": "\ufeffNo.,", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "PK\x03\x04", mediaJSON: "[\n  {\n"} {
		file := download(t, page, media)
		if !strings.HasPrefix(file, begin) {
			t.Errorf("%s: %.40q", media, file)
		}
		var reports []verifier.Report
		if media == mediaJSON && (json.Unmarshal([]byte(file), &reports) != nil || len(reports) != 3) {
			t.Errorf("%d reports", len(reports))
		}
	}
}

// TestFormTooLarge: the page tells the same bound wherever a form is over it.
func TestFormTooLarge(t *testing.T) {
	f := newFixture(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/verify", strings.NewReader("--x"))
	r.ContentLength = formMost + 1
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	wantStatus(t, w, http.StatusRequestEntityTooLarge)
	wantText(t, w, "64 MB")
	r = httptest.NewRequest(http.MethodPost, "/verify", strings.NewReader("{}"))
	r.ContentLength = int64(credential.Limits.Upload) + envelope + 1
	r.Header.Set("Content-Type", mediaJSON)
	w = httptest.NewRecorder()
	f.ServeHTTP(w, r)
	wantText(t, w, "12 MB")
}

// TestPlacesByBytes: large bodies have so many bytes together, and fewer from one address; the longest fits in beside another one.
func TestPlacesByBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newUploads().large
		longest := credential.Limits.Upload + envelope
		var releases []func()
		take := func(visitor byte, size int, want bool) {
			t.Helper()
			release, err := p.takeFor(t.Context(), netip.AddrFrom4([4]byte{192, 0, 2, visitor}), size)
			if (err == nil) != want {
				t.Errorf("%d bytes for %d: %v", size, visitor, err)
			} else if want {
				releases = append(releases, release)
			}
		}
		take(1, longest, true)
		take(1, longest, true)
		take(1, 2<<20, false)
		take(2, longest, true)
		take(2, longest, true)
		take(3, longest, true)
		take(4, longest, false)
		take(4, largeBytes-5*longest, true)
		take(5, 2<<20, false)
		releases[0]()
		take(5, 2<<20, true)
		for _, release := range releases {
			release()
			release()
		}
		if len(p.from) != 0 || p.held != 0 || p.filled != 0 {
			t.Errorf("left behind: %v, %d, %d", p.from, p.held, p.filled)
		}
	})
}
