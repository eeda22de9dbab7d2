package main

import (
	"bytes"
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
	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/internal/web"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

const base = "https://badges.example.org"

// house is a whole installation on either engine: store, keys, issuer, verifier and pages.
type house struct {
	http.Handler
	*issuer.Service
	store.Engine
	folder string // of the bbolt file
	url    string // of the PostgreSQL database
	now    time.Time
	known  *verifier.Memory
}

// onBolt and onPostgres open the two engines, as durable as in production.
func onBolt(t testing.TB) *house {
	h := &house{folder: t.TempDir()}
	engine, err := bolt.Open(h.folder)
	return h.settle(t, engine, err)
}

func onPostgres(t testing.TB) *house {
	h := &house{url: pgtest.New(t, pgtest.Options{Durable: true}).Database(t)}
	engine, err := postgres.Open(t.Context(), h.url)
	return h.settle(t, engine, err)
}

// Fetch reads the documents of this installation and nothing else.
func (h *house) Fetch(ctx context.Context, url string, _ int) (verifier.Document, error) {
	document, err := h.Document(ctx, url)
	if err != nil {
		return verifier.Document{}, verifier.ErrUnavailable
	}
	return verifier.Document{Bytes: document, URL: url, ReadAt: time.Now(), Origin: verifier.Installation}, nil
}

func (h *house) settle(t testing.TB, engine store.Engine, err error) *house {
	t.Helper()
	must(t, err)
	h.Engine, h.known = engine, &verifier.Memory{}
	t.Cleanup(func() { _ = engine.Close() })
	locked, _, err := keys.OpenFolder(filepath.Join(t.TempDir(), "keys"), "")
	must(t, err)
	from := issuer.NewDocuments(engine)
	h.Service, err = issuer.Open(t.Context(), issuer.Config{
		Store: engine, Keys: locked, Now: time.Now, Base: base, Public: true,
		Check: func(ctx context.Context, sealed []byte) error { // as the server checks its own work
			return verifier.Authentic(ctx, sealed, verifier.Options{Profile: credential.OpenBadges, Fetch: documents{from}})
		},
	})
	must(t, err)
	_, _, err = h.EnsureOrganisation(t.Context(), "Cedar County Schools", "")
	must(t, err)
	_, err = h.CreateAchievement(t.Context(), issuer.AchievementInput{
		Name: "Feedback that moves learning forward", Description: "Gives pupils feedback that they act on.",
		Criteria: "Evidence from **three lessons**:\n\n- a recording,\n- notes.\n\nTwo assessors mark each part.", Actor: "test",
	})
	must(t, err)
	h.Handler, err = web.New(web.Config{
		Office: h.Service, Base: base, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
		Now: func() time.Time { return h.now }, // what was found is forgotten by moving it on
		Verify: func(ctx context.Context, input []byte) (*verifier.Report, error) {
			return verifier.Verify(ctx, input, verifier.Options{Fetch: h, Memory: h.known})
		},
		Check: &batch.Checker{Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			return verifier.VerifyItem(ctx, item, verifier.Options{Fetch: h, Memory: h.known})
		}},
	})
	must(t, err)
	h.now = time.Now()
	return h
}

// documents fetches from what is stored, as a check during an award has to.
type documents struct{ *issuer.Documents }

func (d documents) Fetch(ctx context.Context, url string, _ int) (verifier.Document, error) {
	document, err := d.Document(ctx, url)
	if err != nil {
		return verifier.Document{}, verifier.ErrUnavailable
	}
	return verifier.Document{Bytes: document, URL: url, ReadAt: time.Now(), Origin: verifier.Installation}, nil
}

func (h *house) award(t testing.TB) issuer.Credential {
	t.Helper()
	c, err := h.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org", Name: "Ada Example", Actor: "test"})
	must(t, err)
	return c
}

func (h *house) ask(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(path string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func checkOf(badge []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/verify", bytes.NewReader(badge))
	r.Header.Set("Content-Type", "application/vc")
	r.Header.Set("Accept", "application/json")
	return r
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
