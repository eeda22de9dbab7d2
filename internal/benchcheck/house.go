package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/web"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

// house is a whole installation: store, keys, issuer, verifier and pages.
type house struct {
	http.Handler
	*issuer.Service
	documents *issuer.Documents
	store     *bolt.Store
	known     verifier.Memory
}

func newHouse(ctx context.Context, folder string) (*house, error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	store, err := bolt.Open(folder)
	if err != nil {
		return nil, err
	}
	h := &house{store: store, documents: issuer.NewDocuments(store)}
	if err := h.furnish(ctx, filepath.Join(folder, "keys")); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *house) close() { _ = h.store.Close() } // its folder goes next

func (h *house) furnish(ctx context.Context, folder string) error {
	const base = "https://badges.example.org"
	private, _, err := keys.OpenFolder(folder, "")
	if err != nil {
		return err
	}
	h.Service, err = issuer.Open(ctx, issuer.Config{Store: h.store, Keys: private, Now: time.Now, Base: base, Public: true,
		Enqueue: func(issuer.Tx, issuer.Work) error { return nil },
		Check: func(ctx context.Context, sealed []byte) error { // as the server checks its own work
			return verifier.Authentic(ctx, sealed, verifier.Options{Profile: credential.OpenBadges, Fetch: h})
		}})
	if err != nil {
		return err
	}
	if _, _, err := h.EnsureOrganisation(ctx, "Cedar County Schools", ""); err != nil {
		return err
	}
	_, err = h.CreateAchievement(ctx, issuer.AchievementInput{Name: "Feedback that moves learning forward", Description: "Gives pupils feedback that they act on.",
		Criteria: "Evidence from **three lessons**:\n\n- a recording,\n- notes.\n\nTwo assessors mark each part.", Actor: "bench"})
	if err != nil {
		return err
	}
	begun := time.Now() // pages are judged once, and not again in the midst of a run
	h.Handler, err = web.New(web.Config{Office: h.Service, Base: base, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Now: func() time.Time { return begun },
		Verify: func(ctx context.Context, input []byte) (*verifier.Report, error) {
			return verifier.Verify(ctx, input, verifier.Options{Fetch: h, Memory: &h.known})
		},
		Check: &batch.Checker{Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			return verifier.VerifyItem(ctx, item, verifier.Options{Fetch: h, Memory: &h.known})
		}},
	})
	return err
}

// Fetch implements [verifier.Fetcher]: the documents of this installation and nothing else.
func (h *house) Fetch(ctx context.Context, url string, _ int) (verifier.Document, error) {
	document, err := h.documents.Document(ctx, url)
	if err != nil {
		return verifier.Document{}, verifier.ErrUnavailable
	}
	return verifier.Document{Bytes: document, URL: url, ReadAt: time.Now(), Origin: verifier.Installation}, nil
}

func (h *house) award(ctx context.Context) (issuer.Credential, error) {
	return h.Issue(ctx, issuer.AwardInput{Recipient: "ada@example.org", Name: "Ada Example", Actor: "bench"})
}

// batch awards so many at once.
func (h *house) batch(ctx context.Context, rows int) error {
	in := issuer.BatchInput{Name: "Spring", Actor: "bench", Awards: make([]issuer.AwardInput, rows)}
	for i := range in.Awards {
		in.Awards[i] = issuer.AwardInput{Recipient: fmt.Sprintf("person%d@example.org", i), Name: fmt.Sprintf("Person %05d", i)}
	}
	b, err := h.StartBatch(ctx, in)
	if err != nil {
		return err
	}
	finished, err := h.RunBatch(ctx, b.ID, nil)
	if err == nil && !finished {
		err = fmt.Errorf("batch %s stopped before its end", b.ID)
	}
	return err
}

func (h *house) ask(method, path string, body []byte, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
