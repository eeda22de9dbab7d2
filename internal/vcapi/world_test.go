package vcapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/faulty"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

// world is an installation on a real store, with the verifier that it has in the product and no network.
type world struct {
	*issuer.Service
	handler http.Handler
	faults  *faulty.Store
	ours    issuer.Organisation
	theirs  issuer.Organisation
	token   string // of ours, for everything
	refuse  error  // what Admit answers
	counted int    // requests that Admit counted
	held    int    // places that were not given back
	asked   []string
	others  *world // another installation, at another address; nil: none
}

// busy is a refusal as the pages give it.
type busy struct{}

func (busy) Error() string { return "Too many checks." }
func (busy) Status() int   { return http.StatusTooManyRequests }
func (busy) Code() string  { return "rate_limited" }

const base = "https://badges.example.org"

// Fetch implements [verifier.Fetcher]: what is published here, and two other hosts.
func (w *world) Fetch(ctx context.Context, address string, _ int) (verifier.Document, error) {
	w.asked = append(w.asked, address)
	if w.others != nil && strings.HasPrefix(address, w.others.Base()) {
		if _, err := w.Document(ctx, address); !errors.Is(err, issuer.ErrNotFound) { // whoever fetches asks the own installation first
			return verifier.Document{}, fmt.Errorf("%w: %w", verifier.ErrUnavailable, err)
		}
		return w.others.Fetch(ctx, address, 0)
	}
	text, err := w.Document(ctx, address)
	switch {
	case err == nil:
		return verifier.Document{Bytes: text, URL: address, ReadAt: time.Now(), Origin: verifier.Installation}, nil
	case !errors.Is(err, issuer.ErrNotFound): // as the program has it
		return verifier.Document{}, fmt.Errorf("%w: %w", verifier.ErrUnavailable, err)
	case strings.Contains(address, "127.0.0.1"):
		return verifier.Document{}, verifier.ErrBlocked
	case strings.Contains(address, "liar.example.org"):
		return verifier.Document{Bytes: []byte(`{"id":"did:web:badges.example.org"}`), URL: address}, nil
	case strings.Contains(address, "moved.example.org"):
		return verifier.Document{Bytes: []byte(`{"id":"did:web:moved.example.org"}`), URL: "https://elsewhere.example.org/did.json"}, nil
	case strings.Contains(address, "page.example.org"):
		return verifier.Document{Bytes: []byte(`<html>`), URL: address}, nil
	}
	return verifier.Document{}, verifier.ErrUnavailable
}

func newWorld(t testing.TB) *world { return newWorldAt(t, base) }

func newWorldAt(t testing.TB, base string) *world {
	t.Helper()
	folder := t.TempDir()
	store, err := bolt.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	ring, _, err := keys.OpenFolder(filepath.Join(folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{faults: faulty.New(store, true)}
	check := func(profile credential.Profile) func(context.Context, []byte) error {
		return func(ctx context.Context, sealed []byte) error {
			return verifier.Authentic(ctx, sealed, verifier.Options{Profile: profile, Fetch: w})
		}
	}
	w.Service, err = issuer.Open(t.Context(), issuer.Config{Store: w.faults, Keys: ring, Now: time.Now, Base: base, Public: true,
		Check: check(credential.OpenBadges), CheckDocument: check(credential.VerifiableCredentials)})
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*issuer.Organisation{"Riverside": &w.ours, "Hillside": &w.theirs} {
		if *o, err = w.CreateOrganisation(t.Context(), name, "", "test"); err != nil {
			t.Fatal(err)
		}
	}
	w.token = w.newToken(t, issuer.ScopeCredentialsSign, issuer.ScopeCredentialsWrite)
	w.handler, err = New(Config{Service: w.Service, Fetch: w,
		Verify: func(ctx context.Context, input []byte, o verifier.Options) (*verifier.Report, error) {
			o.Fetch = w
			return verifier.Verify(ctx, input, o)
		},
		CheckProof: func(ctx context.Context, input []byte, o verifier.Options) (*verifier.ProofReport, error) {
			o.Fetch = w
			return verifier.CheckProof(ctx, input, o)
		},
		Admit: func(_ *http.Request, counted bool) (func(), error) {
			if counted {
				w.counted++
				if w.refuse != nil {
					return nil, w.refuse
				}
			}
			w.held++
			return func() { w.held-- }, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) newToken(t testing.TB, scopes ...issuer.Scope) string {
	t.Helper()
	made, err := w.CreateToken(t.Context(), issuer.TokenInput{Organisation: w.ours.ID, Scopes: scopes, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return made.Text
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request with the token of ours where it needs one.
func (w *world) ask(t testing.TB, method, path, body string, headers ...string) answer {
	t.Helper()
	a := w.exchange(t, method, path, body, headers...)
	if a.status >= 500 {
		t.Errorf("%s %s answers %d %s", method, path, a.status, a.body)
	}
	return a
}

// exchange is ask for a request that may meet a fault.
func (w *world) exchange(t testing.TB, method, path, body string, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	if strings.Contains(path, "/issuers/") {
		r.Header.Set("Authorization", "Bearer "+w.token)
	}
	for i := 0; i < len(headers); i += 2 {
		if r.Header.Del(headers[i]); headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	got, err := io.ReadAll(recorder.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	if recorder.Code >= 400 && !strings.HasPrefix(recorder.Header().Get("Content-Type"), "application/problem+json") && !strings.Contains(path, "/identifiers/") {
		t.Errorf("%s %s answers %d with %s", method, path, recorder.Code, recorder.Header().Get("Content-Type"))
	}
	if w.held != 0 {
		t.Errorf("%d places are not given back", w.held)
	}
	return answer{recorder.Code, recorder.Header(), got}
}

// read decodes the body.
func read[T any](t testing.TB, a answer) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(a.body, &value); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return value
}

func (w *world) issueAt() string { return "/vc-api/issuers/" + w.ours.ID + "/credentials/issue" }

func unsigned(issuer, more string) string {
	return fmt.Sprintf(`{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"urn:uuid:5d3d1d2c-51d4-4b41-9f0e-6c1e8f3c2a11",`+
		`"type":["VerifiableCredential"],"issuer":%q,"validFrom":"2020-01-01T00:00:00Z"%s,"credentialSubject":{"id":"did:example:alice","name":"Alice \u003c"}}`, issuer, more)
}

// signed is a credential of ours, signed.
func (w *world) signed(t testing.TB, document, options string) string {
	t.Helper()
	a := w.ask(t, "POST", w.issueAt(), fmt.Sprintf(`{"credential":%s,"options":%s}`, document, options))
	if a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return string(read[struct {
		VerifiableCredential json.RawMessage
	}](t, a).VerifiableCredential)
}

func TestNewNeedsAll(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("nothing is set")
	}
}
