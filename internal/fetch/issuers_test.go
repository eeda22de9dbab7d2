package fetch

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

var judgedAt = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// badgeOf is a badge of did that begins in 2026, signed with the key did#key-1.
func badgeOf(t *testing.T, did string, key crypto.Signer) []byte {
	t.Helper()
	unsigned, err := json.Marshal(map[string]any{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		"id":       "urn:uuid:5b0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e11", "type": []any{"VerifiableCredential", "OpenBadgeCredential"},
		"issuer": map[string]any{"id": did, "type": []any{"Profile"}, "name": "Example District"},
		"name":   "Feedback", "validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": map[string]any{"id": "did:example:teacher", "type": []any{"AchievementSubject"},
			"achievement": map[string]any{"id": "https://issuer.example.com/a/1", "type": []any{"Achievement"}, "name": "Feedback", "description": "Gives it.",
				"criteria": map[string]any{"narrative": "Three lessons."}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := proof.Seal(t.Context(), unsigned, proof.SealOptions{Signer: keys.Signer{ID: did + "#key-1", Signer: key}, Created: judgedAt.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// documentOf is the document of did with methods, each of which needs no more than the part of its ID behind the DID.
func documentOf(t *testing.T, did string, methods ...keys.Method) string {
	t.Helper()
	for i := range methods {
		methods[i].ID = did + methods[i].ID
	}
	document, err := keys.WebDocument(did, methods)
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// dials records the addresses that a client connects to.
type dials struct {
	mu        sync.Mutex
	addresses []string
}

func record(c *Client) *dials {
	d := &dials{}
	next := c.transport.DialContext
	c.transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		d.mu.Lock()
		d.addresses = append(d.addresses, address)
		d.mu.Unlock()
		return next(ctx, network, address)
	}
	return d
}

func (d *dials) seen() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.addresses)
}

// judge verifies a badge and returns the outcome with the code of its step issuer.
func judgeBadge(t *testing.T, c *Client, badge []byte) (outcome verifier.Outcome, code, detail string) {
	t.Helper()
	report, err := verifier.Verify(WithBudget(t.Context()), badge, verifier.Options{At: judgedAt, Fetch: c})
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range report.Checks {
		if check.Step == "issuer" {
			code, detail = check.Code, check.Detail
		}
	}
	return report.Outcome, code, detail
}

// TestWebIssuers: documents of did:web issuers over TLS, as they change through the life of keys and as hostile servers give them.
// Each ends soon, calls nobody that it need not, and leaves the next verification unharmed.
func TestWebIssuers(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, next, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const (
		host  = "issuer.example.com"
		did   = "did:web:" + host + ":d:1"
		at443 = host + ":443"
	)
	first, second := private.Public(), next.Public()
	good := documentOf(t, did, keys.Method{ID: "#key-1", Key: first})
	slowly := func(begin string, chunk func(w http.ResponseWriter) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, begin)
			for chunk(w) == nil && r.Context().Err() == nil {
				_ = http.NewResponseController(w).Flush()
			}
		}
	}
	redirect := func(to string) http.Handler { return http.RedirectHandler(to, http.StatusFound) }
	for _, test := range []struct {
		name    string
		did     string // did, unless it says another
		answer  http.Handler
		outcome verifier.Outcome
		code    string
		dialled []string
		slow    bool
	}{
		{name: "as it is", answer: text(good), outcome: verifier.Valid, dialled: []string{at443}},
		{name: "at a port", did: "did:web:issuer.example.com%3A8443:d:1", outcome: verifier.Valid, dialled: []string{host + ":8443"},
			answer: text(documentOf(t, "did:web:issuer.example.com%3A8443:d:1", keys.Method{ID: "#key-1", Key: first}))},
		{name: "without a path", did: "did:web:issuer.example.com", outcome: verifier.Valid, dialled: []string{at443},
			answer: text(documentOf(t, "did:web:issuer.example.com", keys.Method{ID: "#key-1", Key: first}))},

		{name: "rotated, the old key retired", outcome: verifier.Valid, dialled: []string{at443},
			answer: text(documentOf(t, did, keys.Method{ID: "#key-1", Key: first, Expires: judgedAt.AddDate(0, -3, 0)}, keys.Method{ID: "#key-2", Key: second}))},
		{name: "rotated, the old key removed", outcome: verifier.Invalid, code: "issuer_mismatch", dialled: []string{at443},
			answer: text(documentOf(t, did, keys.Method{ID: "#key-2", Key: second}))},
		{name: "revoked", outcome: verifier.Invalid, code: "key_mismatch", dialled: []string{at443},
			answer: text(documentOf(t, did, keys.Method{ID: "#key-1", Key: first, Revoked: judgedAt.Add(-time.Second)}, keys.Method{ID: "#key-2", Key: second}))},
		{name: "to be revoked", outcome: verifier.Valid, dialled: []string{at443},
			answer: text(strings.Replace(documentOf(t, did, keys.Method{ID: "#key-1", Key: first}), `"publicKeyMultibase"`, `"revoked":"`+judgedAt.Add(time.Second).Format(time.RFC3339)+`","publicKeyMultibase"`, 1))},
		{name: "expired before the badge began", outcome: verifier.Invalid, code: "key_mismatch", dialled: []string{at443},
			answer: text(documentOf(t, did, keys.Method{ID: "#key-1", Key: first, Expires: time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC)}))},
		{name: "about another", outcome: verifier.Invalid, code: "issuer_mismatch", dialled: []string{at443},
			answer: text(documentOf(t, did+"2", keys.Method{ID: "#key-1", Key: first}))},

		{name: "a page for people", outcome: verifier.Unknown, code: "issuer_unresolved", dialled: []string{at443}, answer: text("<!DOCTYPE html><title>District</title>")},
		{name: "gone", outcome: verifier.Unknown, code: "issuer_unresolved", dialled: []string{at443},
			answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })},
		{name: "one byte now and then", outcome: verifier.Unknown, code: "issuer_unresolved", dialled: []string{at443}, slow: true,
			answer: slowly("{", func(w http.ResponseWriter) error {
				time.Sleep(time.Second)
				_, err := w.Write([]byte(" "))
				return err
			})},
		{name: "ten megabytes", outcome: verifier.Unknown, code: "issuer_unresolved", dialled: []string{at443},
			answer: text(good[:len(good)-2] + strings.Repeat(" ", 10<<20) + "}")},
		{name: "header without end", outcome: verifier.Unknown, code: "issuer_unresolved", dialled: []string{at443},
			answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				connection, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					return
				}
				defer connection.Close()
				_, err = fmt.Fprint(connection, "HTTP/1.1 200 OK\r\n")
				for i := 0; err == nil; i++ {
					_, err = fmt.Fprintf(connection, "X-%d: %s\r\n", i, strings.Repeat("a", 1000))
				}
			})},
		{name: "nothing but a connection", outcome: verifier.Unknown, code: "issuer_unresolved", dialled: []string{at443}, slow: true,
			answer: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })},

		{name: "to another place of the host", outcome: verifier.Valid, dialled: []string{at443, at443}, answer: redirect("/elsewhere")},
		{name: "to the metadata of a cloud", outcome: verifier.Unknown, code: "ssrf_blocked", dialled: []string{at443}, answer: redirect("https://169.254.169.254/latest/meta-data/")},
		{name: "to plain http", outcome: verifier.Unknown, code: "ssrf_blocked", dialled: []string{at443}, answer: redirect("http://issuer.example.com/elsewhere")},
		{name: "to another host", outcome: verifier.Unknown, code: "issuer_unresolved", dialled: []string{at443, "other.example.com:443"}, answer: redirect("https://other.example.com/elsewhere")},
		{name: "to another port", outcome: verifier.Unknown, code: "issuer_unresolved", dialled: []string{at443, host + ":8443"}, answer: redirect("https://issuer.example.com:8443/elsewhere")},
		{name: "certificate of another name", did: "did:web:issuer.not-example.com", outcome: verifier.Unknown, code: "issuer_unresolved", dialled: []string{"issuer.not-example.com:443"}, answer: text(good)},
		{name: "a literal address", did: "did:web:192.0.2.1", outcome: verifier.Unknown, code: "ssrf_blocked", answer: text(good)},
		{name: "the machine itself", did: "did:web:localhost%3A8443", outcome: verifier.Unknown, code: "ssrf_blocked", answer: text(good)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			issuer := did
			if test.did != "" {
				issuer = test.did
			}
			mux := http.NewServeMux()
			address, err := keys.WebURL(issuer)
			if err != nil {
				t.Fatal(err)
			}
			mux.Handle(address[strings.Index(address[8:], "/")+8:], test.answer)
			mux.Handle("/elsewhere", text(good))
			const nextDID = "did:web:next.example.com:unharmed"
			mux.Handle("/unharmed/did.json", text(documentOf(t, nextDID, keys.Method{ID: "#key-1", Key: second})))
			c, _ := reach(t, mux)
			seen := record(c)

			badge := badgeOf(t, issuer, private)
			start := time.Now()
			outcome, code, detail := judgeBadge(t, c, badge)
			took := time.Since(start)
			if outcome != test.outcome || code != test.code {
				t.Errorf("%s with %q (%s), want %s with %q", outcome, code, detail, test.outcome, test.code)
			}
			if strings.Contains(test.name, "retired") != strings.Contains(detail, "retired") {
				t.Error(detail)
			}
			if diff := cmp.Diff(test.dialled, seen.seen()); diff != "" {
				t.Errorf("dialled: %s", diff)
			}
			// What went wrong is kept: none but the slow ones were given up for want of time, and those were.
			var failed *verifier.FetchError
			_, err = c.Fetch(t.Context(), address, 1<<20)
			if inTime := !errors.As(err, &failed) || failed.Cause != verifier.CauseTimeout; inTime == test.slow || took > 30*time.Second {
				t.Errorf("it took %v: %v", took, err)
			}
			if outcome, _, detail := judgeBadge(t, c, badgeOf(t, nextDID, next)); outcome != verifier.Valid {
				t.Errorf("the next one: %s (%s)", outcome, detail)
			}
		})
	}
}

// TestWebIssuerRebinds: a name whose DNS answer changes to the loopback address between two verifications is not called there.
func TestWebIssuerRebinds(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const did = "did:web:issuer.example.com"
	var asked atomic.Int32
	document := documentOf(t, did, keys.Method{ID: "#key-1", Key: private.Public()})
	c, _ := reach(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Cache-Control", "no-store")
		fmt.Fprint(w, document)
	}))
	badge := badgeOf(t, did, private)
	if outcome, _, detail := judgeBadge(t, c, badge); outcome != verifier.Valid {
		t.Fatalf("%s (%s)", outcome, detail)
	}
	c.dialer.Resolver = resolver(t, func() []string { return []string{"127.0.0.1", "::1"} })
	c.transport.DialContext = c.dialer.DialContext
	seen := record(c)
	if outcome, code, _ := judgeBadge(t, c, badge); outcome != verifier.Unknown || code != "ssrf_blocked" || asked.Load() != 1 {
		t.Errorf("%s with %q, %d requests", outcome, code, asked.Load())
	}
	if diff := cmp.Diff([]string{"issuer.example.com:443"}, seen.seen()); diff != "" {
		t.Error(diff)
	}
}
