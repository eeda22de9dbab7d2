package web

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/verifier"
)

// TestHandedIn gives a whole installation its own badge in every carrier that it publishes, beside what people hand in by mistake.
func TestHandedIn(t *testing.T) {
	h := newHouse(t)
	page := "/c/" + h.badge.ID
	file := func(path string) []byte {
		t.Helper()
		w := h.get(path)
		wantStatus(t, w, http.StatusOK)
		return w.Body.Bytes()
	}
	picture := file(page + ".png")
	changed := bytes.Replace(file(page+".json"), []byte("Ada Example"), []byte("Eva Example"), 1)
	archive := func(names ...string) []byte {
		var out bytes.Buffer
		packed := zip.NewWriter(&out)
		for _, name := range names {
			part, err := packed.Create(name)
			if err == nil {
				_, err = part.Write(file(name))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := packed.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	files := []struct {
		name    string
		content []byte
		want    []string // outcome of each row, and code of the first finding that decides
	}{
		{"badge.json", file(page + ".json"), []string{"valid"}},
		{"badge.png", picture, []string{"valid"}},
		{"badge.svg", file(page + ".svg"), []string{"valid"}},
		{"badge.jwt", file(page + ".jwt"), []string{"valid"}},
		{"renamed.pdf", picture, []string{"valid"}},
		{"all.zip", archive(page+".json", page+".png"), []string{"valid", "valid"}},
		{"changed.json", changed, []string{"invalid signature_invalid"}},
		{"picture.png", file("/a/" + h.badge.Achievement + "/image.png"), []string{"invalid no_credential"}},
		{"notes.txt", []byte("Please count this."), []string{"invalid no_credential"}},
		{"cut.png", picture[:len(picture)-20], []string{"invalid image_invalid"}},
		{"bomb.bin", make([]byte, credential.Limits.Upload+1), []string{"invalid too_large"}},
		{"empty", nil, []string{"invalid no_credential"}},
	}
	var shown stop
	var want []string
	for _, f := range files {
		shown.Files = append(shown.Files, testFile{Name: f.name, Text: string(f.content)})
		want = append(want, f.want...)
	}
	post := func(accept string, s stop) *httptest.ResponseRecorder {
		body, media := s.form(t)
		r := httptest.NewRequest(http.MethodPost, "/verify", body)
		r.Header.Set("Content-Type", media)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	w := post(mediaJSON, shown)
	wantStatus(t, w, http.StatusOK)
	var reports []verifier.Report
	if err := json.Unmarshal(w.Body.Bytes(), &reports); err != nil {
		t.Fatal(err)
	}
	if len(reports) != len(want) {
		t.Fatalf("%d reports, want %d", len(reports), len(want))
	}
	for i, r := range reports {
		got := string(r.Outcome)
		for _, check := range r.Checks {
			if check.Outcome == verifier.Fail {
				got += " " + check.Code
				break
			}
		}
		if got != want[i] {
			t.Errorf("%s: %s, want %s", r.Input.Name, got, want[i])
		}
	}
	for i, f := range files { // alone, each is answered as in the table
		if len(f.want) > 1 || len(f.content) == 0 || len(f.content) > credential.Limits.Upload {
			continue
		}
		w := post(mediaHTML, stop{Files: shown.Files[i : i+1]})
		wantStatus(t, w, http.StatusOK)
		wantText(t, w, f.name)
		if outcome, _, _ := strings.Cut(f.want[0], " "); (outcome == "valid") != strings.Contains(w.Body.String(), "band-yes") {
			t.Errorf("%s: the page does not say %s", f.name, outcome)
		}
		harmless(t, w.Body.String())
	}
	w = post(mediaHTML, shown)
	wantStatus(t, w, http.StatusOK)
	wantText(t, w, "Same badge as row 1", `class="r r-yes r-twice"`, "badge.png", "Ada Example")
	harmless(t, w.Body.String())
}
