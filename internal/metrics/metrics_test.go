package metrics

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

func read(t *testing.T, m *Metrics) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/metrics", nil))
	text, err := io.ReadAll(recorder.Body)
	if err != nil || recorder.Code != 200 {
		t.Fatal(recorder.Code, err)
	}
	return string(text)
}

func record(m *Metrics) {
	m.Request("/c/:id", "GET", 200, 2*time.Millisecond)
	m.Request("/c/:id", "GET", 204, time.Second)
	m.Request("/c/:id", "BREW", 404, time.Second)
	m.Request("", "GET", 404, time.Second)
	m.Verification(&verifier.Report{Outcome: verifier.Unknown}, nil)
	m.Verification(nil, errors.New("it could not run"))
	m.Act("credential.issued")
	m.Fetch(nil)
	m.Fetch(fmt.Errorf("%w: private", verifier.ErrBlocked))
	m.Fetch(fmt.Errorf("%w: big", verifier.ErrTooLarge))
	m.Fetch(fmt.Errorf("%w: slow", verifier.ErrUnavailable))
	m.Update(time.Millisecond, nil)
	m.Update(time.Millisecond, errors.New("disk full"))
	m.Certificate(time.Unix(1000, 0))
	m.Certificate(time.Unix(2000, 0)) // after a renewal
}

// TestPaths: each document that proof canonicalises is counted by the path that it took.
func TestPaths(t *testing.T) {
	m := New(Build{})
	paths := proof.Canonicalized()
	for _, document := range []map[string]any{
		{"@context": "https://www.w3.org/ns/credentials/v2", "id": "urn:a", "name": "n"},
		{"@context": []any{"https://www.w3.org/ns/credentials/v2", map[string]any{"hours": "urn:hours"}}, "id": "urn:a", "hours": "3"},
		{"@context": "https://www.w3.org/ns/credentials/v2", "id": "urn:a", "hours": "3"}, // refused: it has no form
	} {
		_, _ = proof.Canonical(t.Context(), document, crypto.SHA256, proof.Options{VC: true})
	}
	text := read(t, m)
	for path, count := range map[string]uint64{"compiled": paths.Compiled + 1, "general": paths.General + 1} {
		if want := fmt.Sprintf("laurel_jsonld_documents_total{path=%q} %d\n", path, count); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestSeries(t *testing.T) {
	m := New(Build{Version: "v1.2.3", Revision: "abc", Go: "go1.26"})
	if before := read(t, m); strings.Contains(before, "laurel_tls_certificate") {
		t.Error("there is a certificate before one is known")
	}
	record(m)
	text := read(t, m)
	for _, want := range []string{
		`laurel_build_info{go="go1.26",revision="abc",version="v1.2.3"} 1`,
		`laurel_http_requests_total{method="GET",route="/c/:id",status="2xx"} 2`,
		`laurel_http_requests_total{method="other",route="/c/:id",status="4xx"} 1`,
		`laurel_http_requests_total{method="GET",route="none",status="4xx"} 1`,
		`laurel_http_request_duration_seconds_bucket{route="/c/:id",le="0.0025"} 1`,
		`laurel_http_request_duration_seconds_count{route="/c/:id"} 3`,
		`laurel_verifications_total{outcome="unknown"} 1`,
		`laurel_verifications_total{outcome="error"} 1`,
		`laurel_acts_total{act="credential.issued"} 1`,
		`laurel_fetch_errors_total{kind="blocked"} 1`,
		`laurel_fetch_errors_total{kind="too_large"} 1`,
		`laurel_fetch_errors_total{kind="unavailable"} 1`,
		`laurel_store_update_duration_seconds_count{result="committed"} 1`,
		`laurel_store_update_duration_seconds_count{result="failed"} 1`,
		`laurel_tls_certificate_expiry_timestamp_seconds 2000`,
		`go_goroutines `,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
}

// A server without a metrics address counts nothing and asks nothing.
func TestNilCountsNothing(*testing.T) { record(nil) }
