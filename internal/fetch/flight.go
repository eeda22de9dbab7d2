package fetch

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/laurelbadges/laurel/verifier"
)

// flights lets all who want one document at the same time wait for one request, so that a badge that is shown to many does not
// become a load for the server of its issuer.
type flights struct {
	mu    sync.Mutex
	under map[flightKey]*flight
}

type flightKey struct {
	address string
	limit   int
}

type flight struct {
	waiting int // who wants the answer; the last one to leave breaks the request off
	cancel  context.CancelFunc
	landed  chan struct{} // closed when document and err are there

	document verifier.Document
	err      error
}

// fly waits for the document at key, until ctx ends. Whoever comes first lets read make the request. It has wholeTime of its own, so
// that what it finds does not depend on how little time one of those who wait has left.
func (s *flights) fly(ctx context.Context, key flightKey, read func(context.Context) (verifier.Document, error)) (verifier.Document, error) {
	s.mu.Lock()
	f, under := s.under[key]
	if !under {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), wholeTime)
		f = &flight{cancel: cancel, landed: make(chan struct{})}
		s.under[key] = f
		go func() {
			defer cancel()
			f.document, f.err = read(own)
			s.land(key, f)
		}()
	}
	f.waiting++
	s.mu.Unlock()
	select {
	case <-f.landed:
	case <-ctx.Done():
		s.leave(key, f)
		return verifier.Document{}, unavailable(verifier.CauseTimeout, "the server did not answer in time")
	}
	document := f.document
	document.Bytes, document.Alternates = bytes.Clone(document.Bytes), slices.Clone(document.Alternates) // a caller's change stays with the caller
	return document, f.err
}

// land gives the answer to all who wait. Who comes later makes a request of his own, or finds the answer in the cache.
func (s *flights) land(key flightKey, f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.under[key] == f {
		delete(s.under, key)
	}
	close(f.landed)
}

// leave takes one who waits off a flight. One that everybody has left is broken off, and nobody joins it any more.
func (s *flights) leave(key flightKey, f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.waiting--; f.waiting > 0 {
		return
	}
	f.cancel()
	if s.under[key] == f {
		delete(s.under, key)
	}
}
