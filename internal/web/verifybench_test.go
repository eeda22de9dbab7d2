package web

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/verifier"
)

// BenchmarkVerify is a check as the server makes it, with its own documents at hand.
func BenchmarkVerify(b *testing.B) {
	h := newHouse(b)
	memory := &verifier.Memory{}
	handler, err := New(Config{
		Office: h.Service, Base: testBase, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)),
		Verify: func(ctx context.Context, input []byte) (*verifier.Report, error) {
			return verifier.Verify(ctx, input, verifier.Options{Fetch: h})
		},
		Check: &batch.Checker{Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			return verifier.VerifyItem(ctx, item, verifier.Options{Fetch: h, Memory: memory})
		}},
	})
	if err != nil {
		b.Fatal(err)
	}
	for media, body := range map[string][]byte{mediaVC: h.badge.JSON, mediaJWT: []byte(h.badge.JWT)} {
		b.Run(media, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "/verify", bytes.NewReader(body))
				r.Header.Set("Content-Type", media)
				r.Header.Set("Accept", mediaJSON)
				w := httptest.NewRecorder()
				if handler.ServeHTTP(w, r); w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte(`"outcome": "valid"`)) {
					b.Fatalf("%d: %s", w.Code, w.Body)
				}
			}
		})
	}
}
