package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/verifier"
)

// TestCauses: every way of not being read has its cause, and the kind of error that callers know.
func TestCauses(t *testing.T) {
	mux := http.NewServeMux()
	for path, status := range map[string]int{"/401": 401, "/404": 404, "/410": 410, "/500": 500} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
	mux.HandleFunc("/packed", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		fmt.Fprint(w, "{}")
	})
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	mux.Handle("/inside", http.RedirectHandler("https://10.0.0.1/", http.StatusFound))
	mux.Handle("/long", text(strings.Repeat(" ", 101)))
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "50")
		fmt.Fprint(w, "{}")
	})
	mux.Handle("/hidden", http.RedirectHandler("https://hidden.example.org/", http.StatusFound))
	c, _ := reach(t, mux)
	c.dialer.Resolver = resolver(t, func() []string { return []string{"10.0.0.1"} })
	distrusting := New(Options{})
	distrusting.transport.DialContext = c.transport.DialContext
	unnamed := New(Options{})
	unnamed.dialer.Resolver = resolver(t, func() []string { return nil })
	late, cancel := context.WithCancel(t.Context())
	cancel()
	mapFile := filepath.Join(t.TempDir(), "map.json")
	if err := os.WriteFile(mapFile, []byte(`{"https://example.com/given": "absent.json"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	given, err := Resolve(mapFile, Offline{})
	if err != nil {
		t.Fatal(err)
	}
	spent := WithBudget(t.Context())
	for range budgetFetches {
		if _, done, err := spend(spent, c.now); err != nil {
			t.Fatal(err)
		} else {
			done()
		}
	}
	for name, test := range map[string]struct {
		ctx     context.Context
		from    verifier.Fetcher
		address string
		cause   string
		status  int
		kind    error
	}{
		"another status":  {from: c, address: "/401", cause: verifier.CauseStatus, status: 401, kind: verifier.ErrUnavailable},
		"our fault":       {from: c, address: "/500", cause: verifier.CauseStatus, status: 500, kind: verifier.ErrUnavailable},
		"not found":       {from: c, address: "/404", cause: verifier.CauseNotFound, status: 404, kind: verifier.ErrUnavailable},
		"gone":            {from: c, address: "/410", cause: verifier.CauseGone, status: 410, kind: verifier.ErrGone},
		"compressed":      {from: c, address: "/packed", cause: verifier.CauseForm, kind: verifier.ErrUnavailable},
		"redirects":       {from: c, address: "/loop", cause: verifier.CauseRedirects, kind: verifier.ErrUnavailable},
		"a move inside":   {from: c, address: "/inside", cause: verifier.CauseElsewhere, kind: verifier.ErrBlocked},
		"a hidden move":   {from: c, address: "/hidden", cause: verifier.CauseElsewhere, kind: verifier.ErrBlocked},
		"a hidden host":   {from: c, address: "https://hidden.example.org/", cause: verifier.CauseBlocked, kind: verifier.ErrBlocked},
		"too large":       {from: c, address: "/long", cause: verifier.CauseTooLarge, kind: verifier.ErrTooLarge},
		"cut":             {from: c, address: "/cut", cause: verifier.CauseConnection, kind: verifier.ErrUnavailable},
		"late":            {ctx: late, from: c, address: "/late", cause: verifier.CauseTimeout, kind: verifier.ErrUnavailable},
		"the budget":      {ctx: spent, from: c, address: "/more", cause: verifier.CauseTooMany, kind: verifier.ErrUnavailable},
		"the certificate": {from: distrusting, address: "/404", cause: verifier.CauseCertificate, kind: verifier.ErrUnavailable},
		"no name":         {from: unnamed, address: "https://nowhere.example.org/", cause: verifier.CauseName, kind: verifier.ErrUnavailable},
		"private":         {from: c, address: "https://192.168.0.1/", cause: verifier.CauseBlocked, kind: verifier.ErrBlocked},
		"offline":         {from: Offline{}, address: "/404", cause: verifier.CauseOffline, kind: verifier.ErrUnavailable},
		"offline, inside": {from: Offline{}, address: "https://localhost/", cause: verifier.CauseBlocked, kind: verifier.ErrBlocked},
		"another DID":     {from: Offline{}, address: "did:ion:abc", cause: verifier.CauseMethod, kind: verifier.ErrUnavailable},
		"a given file":    {from: given, address: "/given", cause: verifier.CauseFile, kind: verifier.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			if test.ctx == nil {
				test.ctx = t.Context()
			}
			if strings.HasPrefix(test.address, "/") {
				test.address = site + test.address
			}
			for range 2 { // the second time from what is remembered
				_, err := test.from.Fetch(test.ctx, test.address, 100)
				var told *verifier.FetchError
				if !errors.Is(err, test.kind) || verifier.Cause(err) != test.cause || !errors.As(err, &told) || told.Status != test.status {
					t.Errorf("%v with cause %q, want %q and %v", err, verifier.Cause(err), test.cause, test.kind)
				}
			}
		})
	}
}

// TestFetchAlternates: what the header of an answer names is handed on, from the cache as well, and a caller's change stays with the
// caller.
func TestFetchAlternates(t *testing.T) {
	c, _ := reach(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Link", `</c/1.json>; rel="alternate"; type="application/vc"`)
		w.Header().Add("Link", `</style.css>; rel="stylesheet"`)
		fmt.Fprint(w, "<html></html>")
	}))
	for range 2 {
		document, err := c.Fetch(t.Context(), site+"/c/1", 100)
		if err != nil || !slices.Equal(document.Alternates, []string{site + "/c/1.json"}) {
			t.Errorf("%q, %v", document.Alternates, err)
		}
		clear(document.Alternates)
	}
}
