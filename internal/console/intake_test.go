package console

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/intake"
)

// TestListsBounded: where no room is for another list it is refused before it is read, and the page says so; afterwards it is taken.
func TestListsBounded(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(badgeName)
	lists := intake.New()
	var err error
	w.handler, err = New(Config{Office: w.service, People: w.people, Earners: w.earners, Hooks: w.hooks, Base: base, Lists: lists, Now: func() time.Time { return w.clock },
		Asset: func(name string) (string, error) { return "/static/" + name, nil }})
	if err != nil {
		t.Fatal(err)
	}
	e, err := lists.Enter("one", -1)
	if err != nil {
		t.Fatal(err)
	}
	f, err := lists.Enter("two", -1)
	if err != nil {
		t.Fatal(err)
	}
	upload := func() *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, base+w.in("batches", "new"), strings.NewReader(
			"--x\r\nContent-Disposition: form-data; name=\"achievement\"\r\n\r\n"+achievement+
				"\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nemail\nana@example.org\n\r\n--x--\r\n"))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		r.Header.Set("Origin", base)
		for _, c := range w.issuer_.cookies {
			r.AddCookie(c)
		}
		answer := httptest.NewRecorder()
		w.handler.ServeHTTP(answer, r)
		return answer
	}
	if got := upload(); got.Code != 503 || got.Header().Get("Retry-After") != "5" || !strings.Contains(got.Body.String(), "Other lists are being read") {
		t.Errorf("%d %v %s", got.Code, got.Header(), got.Body)
	}
	e.End()
	f.End()
	if got := upload(); got.Code != 303 {
		t.Errorf("%d %s", got.Code, text(got.Body.String()))
	}
}
