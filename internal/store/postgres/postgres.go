// Package postgres keeps records in a PostgreSQL database, which several processes may share. Each kind of record is a table
// with a column for each of its lookups. Updates run in serializable transactions and are run again after a conflict, so that
// the database alone decides what holds together; nothing rests on locks that only PostgreSQL knows. Updates of one process
// share transactions: see package group.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/group"
	"github.com/laurelbadges/laurel/issuer"
)

const (
	groupLimit = 1024 // updates in one transaction: bounds how long the first of them waits
	readers    = 11   // connections for views, so that these can never keep all from an update
	writers    = 5    // two for the groups and two for the updates that run alone, each with one for its turn, and one that just ends
)

// Store is an issuer.Store in one database.
type Store struct {
	readers, writers *pgxpool.Pool
	tables           map[string]*table // by the name of the kind
	together         *group.Writer
	alone            *group.Writer // for those whose neighbours failed for a reason that may be one's own
	readOnly         bool          // opened by OpenReadOnly

	closed  atomic.Bool
	careful atomic.Bool  // the next batch looks before it inserts
	lost    atomic.Int64 // when the connection was lost first since the last commit, in Unix nanoseconds; 0: it was not
	ending  sync.WaitGroup
	turn    chan struct{} // full from when a batch asks for this process's turn to the end of it; guards turns
	turns   struct {
		row    int       // how many came at once, one after another
		waited time.Time // when one was last waited for
	}
	health health
}

var _ store.Engine = (*Store)(nil)

// Open opens the database at url, which is as libpq takes it (postgres://USER@HOST:PORT/DATABASE), and makes its tables or brings
// them up to date. It waits a few seconds for a server that is just starting. Errors say what to do and never hold the password.
func Open(ctx context.Context, url string) (*Store, error) { return open(ctx, url, false) }

// OpenReadOnly opens the database at url for looking: Update fails with store.ErrReadOnly, and nothing in the database changes.
func OpenReadOnly(ctx context.Context, url string) (*Store, error) { return open(ctx, url, true) }

func open(ctx context.Context, url string, readOnly bool) (*Store, error) {
	config, err := parse(url)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	s := &Store{readOnly: readOnly, turn: make(chan struct{}, 1), health: health{answer: answerWait}}
	if s.tables, err = prepare(ctx, config.ConnConfig, readOnly); err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", place(config.ConnConfig), err)
	}
	if s.readers, err = pool(ctx, config, readers); err != nil {
		return nil, err
	}
	if readOnly {
		return s, nil
	}
	if s.writers, err = pool(ctx, config, writers, forUpdates[:]...); err != nil {
		s.readers.Close()
		return nil, err
	}
	s.together, s.alone = group.New(s.begin, groupLimit), group.New(s.begin, 1)
	return s, nil
}

// Close implements store.Engine.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return store.ErrClosed
	}
	var err error
	if !s.readOnly {
		err = errors.Join(s.together.Close(), s.alone.Close())
		s.ending.Wait()
	}
	// Each connection says farewell and waits for an answer; a server that hangs would keep a program from ending.
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if !s.readOnly {
			s.writers.Close()
		}
		s.readers.Close()
	}()
	select {
	case <-ended:
	case <-time.After(closeWait):
	}
	return err
}

// Shared implements issuer.Store: other processes may have the database open.
func (s *Store) Shared() bool { return true }

// View implements issuer.Store. A view that reads nothing costs nothing.
func (s *Store) View(ctx context.Context, fn func(issuer.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.closed.Load() {
		return store.ErrClosed
	}
	v := &view{ctx: ctx, store: s, session: session{pool: s.readers, health: &s.health, begin: beginView}}
	defer v.session.end()
	return fn(v)
}

// Update implements issuer.Store.
func (s *Store) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	if s.readOnly {
		if err := ctx.Err(); err != nil {
			return err
		}
		return store.ErrReadOnly
	}
	err := s.together.Update(ctx, fn)
	if errors.Is(err, errTogether) {
		err = s.alone.Update(ctx, fn)
	}
	return err
}

// table returns the table of a kind.
func (s *Store) table(k issuer.Kind) (*table, error) {
	t := s.tables[k.Name]
	if t == nil || !t.has(k.Lookups) {
		return nil, fmt.Errorf("the database has no table for records of kind %s with these lookups", k.Name)
	}
	return t, nil
}
