package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

// house is a whole installation: store, keys, issuer, verifier and pages.
type house struct {
	http.Handler
	*issuer.Service
	badge    issuer.Credential
	verified int // how often the verifier was asked
	now      func() time.Time
}

// Fetch reads the documents of this installation and nothing else.
func (h *house) Fetch(ctx context.Context, url string, _ int) (verifier.Document, error) {
	document, err := h.Document(ctx, url)
	if err != nil {
		return verifier.Document{}, verifier.ErrUnavailable
	}
	return verifier.Document{Bytes: document, URL: url, ReadAt: h.now(), Origin: verifier.Installation}, nil
}

func newHouse(t testing.TB) *house { return newHouseAt(t, time.Now) }

// newHouseAt is a house whose clock is now.
func newHouseAt(t testing.TB, now func() time.Time) *house {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	store, err := bolt.Open(folder)
	must(err)
	t.Cleanup(func() { _ = store.Close() })
	locked, _, err := keys.OpenFolder(filepath.Join(folder, "keys"), "")
	must(err)
	h := &house{now: now}
	h.Service, err = issuer.Open(t.Context(), issuer.Config{
		Store: store, Keys: locked, Now: now, Base: testBase, Public: true,
		Check: func(context.Context, []byte) error { return nil },
	})
	must(err)
	_, _, err = h.EnsureOrganisation(t.Context(), "Cedar County Schools", "")
	must(err)
	_, err = h.CreateAchievement(t.Context(), issuer.AchievementInput{
		Name: "Feedback that moves learning forward", Description: "Gives pupils feedback that they act on.",
		Criteria: "Evidence from **three lessons**:\n\n- a recording,\n- notes.\n\nTwo assessors mark each part.",
		Results: []credential.ResultDescription{{
			ID: "practice", Name: "Feedback in practice", ResultType: "RubricCriterionLevel",
			Levels: []credential.RubricCriterionLevel{{ID: "proficient", Name: "Proficient", Level: "2", Points: "2", Description: "Says what to do next."}},
		}},
		Actor: "test",
	})
	must(err)
	h.badge, err = h.Issue(t.Context(), issuer.AwardInput{
		Recipient: "ada@example.org", Name: "Ada Example", Actor: "test",
		Results: []credential.Result{{ResultDescription: "practice", AchievedLevel: "proficient"}},
	})
	must(err)
	h.Handler, err = New(h.config(h.Service))
	must(err)
	return h
}

// config is that of the pages. With facts they are kept.
func (h *house) config(facts Facts) Config {
	return Config{
		Office: h.Service, Facts: facts, Base: testBase, Now: h.now, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
		Verify: func(ctx context.Context, input []byte) (*verifier.Report, error) {
			h.verified++
			return verifier.Verify(ctx, input, verifier.Options{Fetch: h, At: h.now()})
		},
		Check: &batch.Checker{Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			return verifier.VerifyItem(ctx, item, verifier.Options{Fetch: h, At: h.now()})
		}},
	}
}

func (h *house) get(path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestBadgePageOfTheHouse: what was found is shown again without another look, and a change of standing shows at once.
func TestBadgePageOfTheHouse(t *testing.T) {
	h := newHouse(t)
	page := "/c/" + h.badge.ID
	for range 3 {
		w := h.get(page)
		wantStatus(t, w, http.StatusOK)
		wantText(t, w, "Authentic, and in force today", "Ada Example")
	}
	if h.verified != 1 {
		t.Errorf("judged %d times for three visitors", h.verified)
	}
	if _, err := h.Suspend(t.Context(), h.badge.ID, "Looked at again.", "test"); err != nil {
		t.Fatal(err)
	}
	wantText(t, h.get(page), "Authentic, but suspended", "The issuer has suspended it for now")
	if _, err := h.Reinstate(t.Context(), h.badge.ID, "test"); err != nil {
		t.Fatal(err)
	}
	wantText(t, h.get(page), "Authentic, and in force today")
	if _, err := h.Revoke(t.Context(), h.badge.ID, "Awarded to the wrong person.", "test"); err != nil {
		t.Fatal(err)
	}
	wantText(t, h.get(page), "Authentic, but revoked", "Awarded to the wrong person.", "The issuer has revoked it")
}

func BenchmarkBadgePageCold(b *testing.B) {
	h := newHouse(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verifier.Verify(b.Context(), h.badge.JSON, verifier.Options{Fetch: h}); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkGet(b *testing.B, h *house, path string, status int, headers ...string) {
	b.Helper()
	h.get(path, headers...)
	b.ReportAllocs()
	for b.Loop() {
		if w := h.get(path, headers...); w.Code != status {
			b.Fatalf("%d: %s", w.Code, w.Body)
		}
	}
}

func BenchmarkBadgePage(b *testing.B) {
	h := newHouse(b)
	benchmarkGet(b, h, "/c/"+h.badge.ID, http.StatusOK, "Accept", "text/html")
}

func BenchmarkBadgeJSON(b *testing.B) {
	h := newHouse(b)
	benchmarkGet(b, h, "/c/"+h.badge.ID+".json", http.StatusOK)
}

func BenchmarkStatusList(b *testing.B) {
	h := newHouse(b)
	benchmarkGet(b, h, "/status/"+h.badge.Slot.Revocation, http.StatusOK)
}

func BenchmarkStatusListUnchanged(b *testing.B) {
	h := newHouse(b)
	path := "/status/" + h.badge.Slot.Revocation
	benchmarkGet(b, h, path, http.StatusNotModified, "If-None-Match", h.get(path).Header().Get("ETag"))
}
