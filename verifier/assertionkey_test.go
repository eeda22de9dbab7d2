package verifier_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

// oneDocument is a Fetcher that has one document.
type oneDocument struct {
	address string
	text    []byte
}

func (d oneDocument) Fetch(_ context.Context, address string, _ int) (verifier.Document, error) {
	if address != d.address {
		return verifier.Document{}, verifier.ErrUnavailable
	}
	return verifier.Document{Bytes: d.text, URL: address}, nil
}

// TestAssertionKey: the key of a method counts when the issuer's own document gives it for statements and has not revoked it.
func TestAssertionKey(t *testing.T) {
	const did = "did:web:badges.example.org"
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var methods []keys.Method
	for i, revoked := range []time.Time{{}, now.Add(-time.Hour)} {
		public, _, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		methods = append(methods, keys.Method{ID: did + "#" + []string{"signs", "revoked"}[i], Key: public, Revoked: revoked})
	}
	text, err := keys.WebDocument(did, methods)
	if err != nil {
		t.Fatal(err)
	}
	o := verifier.Options{At: now, Fetch: oneDocument{"https://badges.example.org/.well-known/did.json", text}}
	key, err := verifier.AssertionKey(t.Context(), did+"#signs", o)
	if err != nil || !methods[0].Key.(ed25519.PublicKey).Equal(key) {
		t.Errorf("key %v, error %v", key, err)
	}
	for _, method := range []string{did + "#revoked", did + "#other", did, did + "#", "signs"} {
		if _, err := verifier.AssertionKey(t.Context(), method, o); !errors.Is(err, verifier.ErrNoKey) {
			t.Errorf("%s: error %v", method, err)
		}
	}
	if _, err := verifier.AssertionKey(t.Context(), "did:web:elsewhere.example.org#signs", o); !errors.Is(err, verifier.ErrUnavailable) {
		t.Errorf("a document that cannot be read: error %v", err)
	}
}
