package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/intake"
)

// timed is the answer of a server that has deadlines.
type timed struct {
	*httptest.ResponseRecorder
	read, write time.Time
	last        time.Time
}

func (w *timed) SetReadDeadline(at time.Time) error {
	w.read = at
	return nil
}

func (w *timed) SetWriteDeadline(at time.Time) error {
	if w.last = at; at.After(w.write) {
		w.write = at
	}
	return nil
}

// TestListsBounded: where no room is for another list it is refused before it is read, as a list and as JSON, and told when to ask again;
// one that is taken has the time that it needs.
func TestListsBounded(t *testing.T) {
	w := newWorld(t)
	achievement := w.published(t, w.ours)
	lists := intake.New()
	var err error
	if w.handler, err = New(Config{Service: w.service, Lists: lists}); err != nil {
		t.Fatal(err)
	}
	var others []*intake.Entry
	for _, name := range []string{"one", "two"} {
		e, err := lists.Enter(name, -1)
		if err != nil {
			t.Fatal(err)
		}
		others = append(others, e)
	}
	request := func(media, query, body string) *http.Request {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/batches"+query, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+w.ours.token)
		r.Header.Set("Content-Type", media)
		return r
	}
	list := func() *http.Request {
		return request(mediaCSV, "?achievement="+achievement, "email\nana@example.org\n")
	}
	for name, made := range map[string]func() *http.Request{"list": list, "dry run": func() *http.Request { return request(mediaCSV, "?dry_run=true", "email\n") },
		"JSON": func() *http.Request { return request(mediaJSON, "", `{"name":"May","awards":[]}`) }} {
		if r := w.exchange(t, made); r.status != 503 || r.at("code") != "busy" || r.header.Get("Retry-After") != "5" {
			t.Errorf("%s: %d %s", name, r.status, r.text)
		}
	}
	for _, e := range others {
		e.End()
	}
	answer := &timed{ResponseRecorder: httptest.NewRecorder()}
	began := time.Now()
	w.handler.ServeHTTP(answer, list())
	if answer.Code != 201 {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	if answer.read.IsZero() || answer.write.Before(began.Add(intake.PlaceWait+intake.WorkMost)) || answer.last.IsZero() || answer.last.After(time.Now().Add(intake.AnswerWait)) {
		t.Errorf("from %v read until %v, written until %v, and at last %v", began, answer.read, answer.write, answer.last)
	}
	entry, err := lists.Enter(w.ours.ID, 1) // and the room is given back
	if err != nil {
		t.Fatal(err)
	}
	if err := entry.Work(t.Context(), 4<<20); err != nil {
		t.Error(err)
	}
	entry.End()
}
