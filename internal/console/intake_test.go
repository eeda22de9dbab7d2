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
	post := func(page string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, base+w.in("batches", page), strings.NewReader(
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
	upload := func() *httptest.ResponseRecorder { return post("new") }
	if got := upload(); got.Code != 503 || got.Header().Get("Retry-After") != "5" || !strings.Contains(got.Body.String(), "Other lists are being read") {
		t.Errorf("%d %v %s", got.Code, got.Header(), got.Body)
	}
	e.End()
	if got := upload(); got.Code != 303 {
		t.Errorf("beside another list: %d %s", got.Code, text(got.Body.String()))
	}
	// A list that a form has kept is small as it is sent, and counts as the largest.
	if e, err = lists.Enter(w.ours.ID, 1); err != nil {
		t.Fatal(err)
	}
	if got := post("columns"); got.Code != 503 {
		t.Errorf("a kept list beside one: %d %s", got.Code, text(got.Body.String()))
	}
	e.End()
	f.End()
	if got := upload(); got.Code != 303 {
		t.Errorf("%d %s", got.Code, text(got.Body.String()))
	}
}
