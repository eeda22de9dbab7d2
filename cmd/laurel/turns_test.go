package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/verifier"
)

// gate is a network that answers when it is opened.
type gate struct {
	asked  chan string
	opened chan struct{}
}

func (g gate) Fetch(_ context.Context, address string, _ int) (verifier.Document, error) {
	g.asked <- address
	<-g.opened
	return verifier.Document{}, verifier.ErrUnavailable
}

// TestTurns: a verification that waits for the network holds up no other, one that has to wait for its turn ends with its
// context, and who has no turn gives none away.
func TestTurns(t *testing.T) {
	one := make(turns, 1)
	g := gate{make(chan string), make(chan struct{})}
	source := patientFetcher{g, one}
	remote := []byte(`{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
"id":"urn:uuid:5d3d1d2c-51d4-4b41-9f0e-6c1e8f3c2a11","type":["VerifiableCredential","OpenBadgeCredential"],"issuer":{"id":"did:web:example.org","type":["Profile"]},"validFrom":"2026-01-01T00:00:00Z",
"credentialSubject":{"type":["AchievementSubject"],"achievement":{"id":"urn:a","type":["Achievement"],"name":"A","description":"A","criteria":{"narrative":"A"}}},
"proof":{"type":"DataIntegrityProof","cryptosuite":"eddsa-rdfc-2022","created":"2026-01-01T00:00:00Z","verificationMethod":"did:web:example.org#a","proofPurpose":"assertionMethod","proofValue":"z1"}}`)
	ended := make(chan error, 2)
	go func() {
		_, err := inTurn(one, verifier.Verify)(t.Context(), remote, verifier.Options{Fetch: source})
		ended <- err
	}()
	select {
	case <-g.asked:
	case err := <-ended:
		t.Fatalf("nothing was asked: %v", err)
	}
	if _, err := inTurn(one, verifier.Verify)(t.Context(), []byte("nothing"), verifier.Options{}); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = source.Fetch(t.Context(), "https://example.org/badge", 1); ended <- nil }() // without a turn
	<-g.asked
	one <- struct{}{} // somebody works
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := inTurn(one, verifier.Verify)(ctx, []byte("nothing"), verifier.Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	close(g.opened)
	<-one
	go func() {
		for range g.asked { // it may ask for more
		}
	}()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if len(one) != 0 {
		t.Error("a turn was lost")
	}
}
