package vcapi

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/fault"
	"github.com/laurelbadges/laurel/issuer"
)

const withStatus = `{"credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"revocation"},"credentialId":"urn:a"}`

// wrapped is an error as an engine gives it, with what is for the log only.
func wrapped(err error) error { return fmt.Errorf("wrapped: /var/disk of ours: %w", err) }

func wantFault(t *testing.T, a answer, status int, code, after string) {
	t.Helper()
	got := read[problem](t, a)
	if a.status != status || got.Status != status || got.Code != code || got.Detail == "" || a.header.Get("Retry-After") != after {
		t.Errorf("%d %s, Retry-After %q; want %d %s %q", a.status, a.body, a.header.Get("Retry-After"), status, code, after)
	}
	if full := status == http.StatusInsufficientStorage; full != (got.Type == fault.FullType) || full != (got.Title == fault.FullTitle) {
		t.Errorf("problem %s", a.body)
	}
	if strings.Contains(string(a.body), "wrapped") || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %v", a.body, a.header)
	}
}

// TestStoreFaults: on every route that needs the store its fault is told as what it is, and what others have signed is checked
// while it is away.
func TestStoreFaults(t *testing.T) {
	w := newWorld(t)
	w.others = newWorldAt(t, "https://badges.elsewhere.example")
	ours := w.signed(t, unsigned(w.ours.DID, ""), withStatus)
	theirs := w.others.signed(t, unsigned(w.others.ours.DID, ""), withStatus)
	document := unsigned(w.ours.DID, "")
	change := `{"credentialId":"urn:a","credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"revocation"},"status":true}`
	issue := `{"credential":` + document + `}`
	check := func(text string) string { return `{"verifiableCredential":` + text + `}` }
	_, present := presenter(t)
	shown := `{"verifiablePresentation":` + present(theirs) + `,"options":{"challenge":"c","domain":"d"}}`

	type need int
	const (
		nothing need = iota // of the store
		reading
		writing
	)
	routes := []struct {
		method, route, path, body string
		need                      need
	}{
		{"POST", "/issuers/:issuer/credentials/issue", w.issueAt(), issue, writing},
		{"POST", "/issuers/:issuer/:suite/credentials/issue", strings.Replace(w.issueAt(), "/credentials/", "/eddsa-jcs-2022/credentials/", 1), issue, writing},
		{"POST", "/issuers/:issuer/credentials/status", "/vc-api/issuers/" + w.ours.ID + "/credentials/status", change, writing},
		{"POST", "/credentials/verify", "/vc-api/credentials/verify", check(theirs), nothing},
		{"POST", "/policies/proof/credentials/verify", "/vc-api/policies/proof/credentials/verify", check(theirs), nothing},
		{"POST", "/presentations/verify", "/vc-api/presentations/verify", shown, nothing},
		{"POST", "/policies/proof/presentations/verify", "/vc-api/policies/proof/presentations/verify", shown, nothing},
		{"GET", "/identifiers/*", "/vc-api/identifiers/" + url.PathEscape(w.ours.DID), "", reading},
	}
	covered := map[string]bool{}
	for _, r := range routes {
		covered[r.method+" "+prefix+r.route] = true
	}
	for _, r := range w.handler.(*echo.Echo).Routes() {
		if r.Method != http.MethodHead && r.Method != http.MethodOptions && !covered[r.Method+" "+r.Path] {
			t.Errorf("%s %s is not tried with a fault of the store", r.Method, r.Path)
		}
	}
	for name, test := range map[string]struct {
		view, update error
		status       int
		code, after  string
	}{
		"full":                {nil, issuer.ErrFull, 507, "store_full", ""},
		"unavailable":         {issuer.ErrUnavailable, issuer.ErrUnavailable, 503, "store_unavailable", "5"},
		"damaged":             {issuer.ErrDamaged, issuer.ErrDamaged, 503, "record_damaged", "60"},
		"damaged for writing": {nil, issuer.ErrDamaged, 503, "record_damaged", "60"},
	} {
		t.Run(name, func(t *testing.T) {
			view := test.view
			if view != nil {
				view = wrapped(view)
			}
			w.faults.Fail(view, wrapped(test.update))
			defer w.faults.Fail(nil, nil)
			for _, r := range routes {
				a := w.exchange(t, r.method, r.path, r.body)
				if r.need == writing || r.need == reading && view != nil {
					wantFault(t, a, test.status, test.code, test.after)
				} else if a.status != http.StatusOK {
					t.Errorf("%s: %d %s", r.path, a.status, a.body)
				}
			}
			if view == nil {
				return
			}
			// Ours cannot be read: what it says is not known, which speaks neither for nor against it.
			a := w.exchange(t, "POST", "/vc-api/credentials/verify", check(ours))
			v := read[struct {
				Verified bool
				Errors   []detail
			}](t, a)
			if a.status != http.StatusBadRequest || v.Verified || len(v.Errors) == 0 {
				t.Errorf("%d %s", a.status, a.body)
			}
			for _, e := range v.Errors {
				if e.Code != "issuer_unresolved" && e.Code != "status_unavailable" {
					t.Errorf("it is told to be wrong: %+v", e)
				}
			}
			// A token cannot be looked up.
			wantFault(t, w.exchange(t, "POST", "/vc-api/credentials/verify", check(theirs), "Authorization", "Bearer "+w.token), test.status, test.code, test.after)
		})
	}
	for _, r := range routes { // it is over
		if a := w.ask(t, r.method, r.path, r.body); a.status >= 300 {
			t.Errorf("afterwards %s: %d %s", r.path, a.status, a.body)
		}
	}
}
