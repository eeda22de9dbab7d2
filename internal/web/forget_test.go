package web

import (
	"bytes"
	"testing"

	"github.com/laurelbadges/laurel/internal/kept"
)

// TestForget: when something is erased nothing that was drawn or found stays in memory.
func TestForget(t *testing.T) {
	f := newFixture(t, nil)
	site := f.Handler.(*Site)
	site.server.judged.known.put([32]byte{1}, judgement{report: goodReport()})
	site.server.shown.current[pageAsked{path: "/c/x"}] = &shownPage{drawnPage: drawnPage{body: []byte("Ana")}}
	drawn := 0
	get := func() {
		body, err := site.Kept().Get(t.Context(), kept.Of("certificate"), func() ([]byte, error) { drawn++; return []byte("Ana"), nil })
		if err != nil || !bytes.Equal(body, []byte("Ana")) {
			t.Fatal(err)
		}
	}
	get()
	site.Forget()
	get()
	if j := site.server.judged.known; drawn != 2 || len(j.current)+len(j.past) != 0 || len(site.server.shown.current)+len(site.server.shown.past) != 0 {
		t.Error("something is left:", drawn, len(j.current), len(site.server.shown.current))
	}
}
