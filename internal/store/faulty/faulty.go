// Package faulty is a store that fails when it is told to, for tests of what stands above it.
package faulty

import (
	"context"
	"sync"

	"github.com/laurelbadges/laurel/issuer"
)

// Store hands everything on to another store, but for what it was told to fail. It is safe for use by several goroutines.
type Store struct {
	issuer.Store
	shared bool

	mu      sync.Mutex
	view    error // guarded by mu, as are the others
	update  error
	lost    error
	reading map[string]error // by the name of the kind
}

// New returns a store over another. shared is what Shared says.
func New(over issuer.Store, shared bool) *Store { return &Store{Store: over, shared: shared} }

// Shared implements issuer.Store.
func (s *Store) Shared() bool { return s.shared }

// Fail lets every View and every Update that begins from now on fail with these errors, an Update at its end, as if what it wrote
// could not be kept; nil hands them on again.
func (s *Store) Fail(view, update error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view, s.update = view, update
}

// Lose lets every Update that begins from now on succeed and tell its caller err all the same, as when a connection breaks off before
// the answer; nil tells the truth again.
func (s *Store) Lose(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = err
}

// FailReading lets every read of a record of this kind fail with err; nil hands it on again.
func (s *Store) FailReading(kind string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reading == nil {
		s.reading = map[string]error{}
	}
	s.reading[kind] = err
}

// View implements issuer.Store.
func (s *Store) View(ctx context.Context, fn func(issuer.Tx) error) error {
	s.mu.Lock()
	err := s.view
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return s.Store.View(ctx, func(tx issuer.Tx) error { return fn(faultyTx{tx, s}) })
}

// Update implements issuer.Store.
func (s *Store) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	s.mu.Lock()
	failed, lost := s.update, s.lost
	s.mu.Unlock()
	err := s.Store.Update(ctx, func(tx issuer.Tx) error {
		if err := fn(faultyTx{tx, s}); err != nil {
			return err
		}
		return failed
	})
	if err != nil {
		return err
	}
	return lost
}

// faultyTx is a transaction of a Store.
type faultyTx struct {
	issuer.Tx
	store *Store
}

func (t faultyTx) fault(k issuer.Kind) error {
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	return t.store.reading[k.Name]
}

// Get implements issuer.Tx.
func (t faultyTx) Get(k issuer.Kind, id string) (issuer.Row, error) {
	if err := t.fault(k); err != nil {
		return issuer.Row{}, err
	}
	return t.Tx.Get(k, id)
}

// List implements issuer.Tx.
func (t faultyTx) List(k issuer.Kind, q issuer.Query) ([]issuer.Row, string, error) {
	if err := t.fault(k); err != nil {
		return nil, "", err
	}
	return t.Tx.List(k, q)
}
