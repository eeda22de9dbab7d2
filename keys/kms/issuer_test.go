package kms

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// TestIssuer: an issuer whose keys lie in the service awards badges in both forms, finishes what a fault of the service left half
// done, and refuses a key that is not its own.
func TestIssuer(t *testing.T) {
	f := newFake(t)
	store, err := bolt.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	accept := func(context.Context, []byte) error { return nil }
	desk := func() *issuer.Service { // as a new process would
		t.Helper()
		s, err := issuer.Open(t.Context(), issuer.Config{Store: store, Keys: f.open(), Check: accept, Now: time.Now, Base: "https://badges.example.org", Public: true})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := desk()
	o, _, err := s.EnsureOrganisation(t.Context(), "Riverside District", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateAchievement(t.Context(), issuer.AchievementInput{Name: "Tide pools", Description: strings.Repeat("Long. ", 600), Criteria: "Count.", Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	award := func(s *issuer.Service) (issuer.Credential, error) {
		return s.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org", Name: "Ada Lovelace", Actor: "test"})
	}
	c, err := award(s)
	if err != nil {
		t.Fatal(err)
	}
	public := map[string]string{} // algorithm -> Multikey
	for _, k := range o.Keys {
		public[k.Algorithm] = k.Multikey
	}
	verify := func(secured *proof.Secured, err error, algorithm string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		key, err := keys.ParseMultikey(public[algorithm])
		if err == nil {
			err = secured.Verify(t.Context(), secured.Proofs[0], key)
		}
		if err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
	var value map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(c.JSON)))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	secured, err := proof.ReadIntegrity(value, proof.Options{VC: true})
	verify(secured, err, keys.EdDSA)
	secured, err = proof.ReadJWT([]byte(c.JWT), proof.Options{})
	verify(secured, err, keys.ES256)

	// A fault that may pass is never a reason to give up an award, for whichever of the two signatures it comes.
	refusal := (*issuer.Error)(nil)
	for sound := range 2 {
		var signatures atomic.Int32
		f.goWrong(func(operation string, w http.ResponseWriter) bool {
			broken := operation == "Sign" && int(signatures.Add(1)) > sound
			if broken {
				fail(w, 400, "AccessDeniedException")
			}
			return broken
		})
		if _, err := award(s); !errors.Is(err, keys.ErrUnavailable) || !errors.As(err, &refusal) || refusal.Kind != issuer.KindUnavailable || refusal.Code != "key_unavailable" {
			t.Errorf("while it cannot sign: %v", err)
		}
		for range 6 {
			signatures.Store(0)
			if opened := desk().Opening(); opened.Burned+opened.Finished != 0 || opened.Unfinished == nil {
				t.Errorf("a start meanwhile: %+v", opened)
			}
		}
		f.goWrong(nil)
		if s = desk(); s.Opening().Finished != 1 || s.Opening().Unfinished != nil {
			t.Errorf("afterwards: %+v", s.Opening())
		}
	}

	f.with(func() { f.aliases[defaultPrefix+o.Keys[0].Name] = f.aliases[defaultPrefix+o.Keys[1].Name] })
	if _, err := award(s); err != nil {
		t.Errorf("with the key that it holds: %v", err)
	}
	if _, err := award(desk()); !errors.As(err, &refusal) || refusal.Code != "key_mismatch" {
		t.Errorf("with the key of another: %v", err)
	}
}
