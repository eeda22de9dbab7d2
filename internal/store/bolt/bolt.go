// Package bolt keeps records in one bbolt file. One goroutine writes: updates that wait are run one after another in
// a single bbolt transaction and answered together after its commit, so that many writers share one flush to disk
// and a lone writer waits for nothing but its own.
package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/laurelbadges/laurel/issuer"
)

// FileName is the name of the database inside the data folder.
const FileName = "laurel.db"

const (
	schemaVersion = 1           // raised when the layout of buckets or rows changes
	lockWait      = time.Second // how long Open waits for another process to let go of the file
	groupLimit    = 1024        // updates in one commit: bounds how long the first of them waits
	mapSize       = 256 << 20   // bytes of the file that are mapped from the start
)

var (
	// ErrLocked says that another process has the database open.
	ErrLocked = errors.New("another process, probably `laurel serve`, holds the database")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrReadOnly is returned by Update after OpenReadOnly.
	ErrReadOnly = errors.New("the store is open for reading only")
)

var (
	metaBucket    = []byte("meta")
	counterBucket = []byte("counters")
	schemaKey     = []byte("schema")
)

// Store is an issuer.Store in one file.
type Store struct {
	db       *bbolt.DB
	requests chan *request
	stopped  chan struct{} // closed when the writer has ended

	mu       sync.RWMutex // guards closed and the closing of requests
	closed   bool
	readOnly bool // opened by OpenReadOnly
}

// request is one Update on its way through the writer. fn runs in the goroutine of its caller, who is handed the
// transaction and hands it back; a panic or Goexit in fn then never reaches the writer.
type request struct {
	state  atomic.Int32 // waiting, then running or withdrawn
	turn   chan turn    // from the writer: it is your turn
	ran    chan outcome // to the writer: fn has ended
	commit chan error   // from the writer: the group was committed, or not
}

const (
	waiting int32 = iota
	running
	withdrawn
)

type turn struct {
	tx  *bbolt.Tx
	err error // the transaction could not begin
}

type outcome struct {
	wrote  bool  // writes of fn stand in the transaction
	broken error // writes of a failed fn could not be taken back: the whole group must go
}

// Open opens DATA/laurel.db in folder and creates both when they do not exist. When another process holds the file
// for longer than a second, the error wraps ErrLocked.
func Open(folder string) (*Store, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("creating the data folder: %w", err)
	}
	path := filepath.Join(folder, FileName)
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockWait,
		// The free list stays on disk: rebuilding it at each start would read the whole file.
		NoFreelistSync: false,
		FreelistType:   bbolt.FreelistMapType,
		// Address space, not memory: while the file fits in, no commit has to wait for open views to end.
		InitialMmapSize: mapSize,
	})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fmt.Errorf("opening %s: %w", path, ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	if err := prepare(db, folder); err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", path, err), db.Close())
	}
	s := &Store{db: db, requests: make(chan *request, groupLimit), stopped: make(chan struct{})}
	go s.write()
	return s, nil
}

// OpenReadOnly opens the store in folder, which has to exist, for looking: Update fails with ErrReadOnly, and nothing in the
// folder changes. When another process has it open for writing, the error wraps ErrLocked.
func OpenReadOnly(folder string) (*Store, error) {
	path := filepath.Join(folder, FileName)
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, ReadOnly: true})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fmt.Errorf("opening %s: %w", path, ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	s := &Store{db: db, requests: make(chan *request), stopped: make(chan struct{}), readOnly: true}
	close(s.stopped) // there is no writer to wait for
	return s, nil
}

// prepare creates the fixed buckets and checks the schema version.
func prepare(db *bbolt.DB, folder string) error {
	fresh := false
	err := db.View(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		if meta == nil {
			fresh = true
			return nil
		}
		if got := meta.Get(schemaKey); len(got) != 8 || binary.BigEndian.Uint64(got) != schemaVersion {
			return errors.New("the database was written by another version of laurel, which this one cannot read")
		}
		return nil
	})
	if err != nil || !fresh {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucketIfNotExists(counterBucket); err != nil {
			return err
		}
		meta, err := tx.CreateBucketIfNotExists(metaBucket)
		if err != nil {
			return err
		}
		return meta.Put(schemaKey, binary.BigEndian.AppendUint64(nil, schemaVersion))
	})
	if err != nil {
		return err
	}
	// The name of a new file is on disk only once its folder is.
	return syncFolder(folder)
}

func syncFolder(folder string) error {
	dir, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Close lets the updates that were accepted finish, then closes the file. Later calls return ErrClosed.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	s.closed = true
	close(s.requests)
	s.mu.Unlock()
	<-s.stopped
	return s.db.Close()
}

// View implements issuer.Store.
func (s *Store) View(ctx context.Context, fn func(issuer.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := s.db.View(func(btx *bbolt.Tx) error {
		t := &tx{bolt: btx}
		defer t.end()
		return fn(t)
	})
	if errors.Is(err, bbolterrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

// Update implements issuer.Store.
func (s *Store) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.readOnly {
		return ErrReadOnly
	}
	r := &request{turn: make(chan turn, 1), ran: make(chan outcome, 1), commit: make(chan error, 1)}
	if err := s.enqueue(ctx, r); err != nil {
		return err
	}
	var now turn
	select {
	case now = <-r.turn:
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, withdrawn) {
			return ctx.Err()
		}
		now = <-r.turn
	}
	if now.err != nil {
		return now.err
	}
	err := r.run(now.tx, fn)
	// A failed fn waits too: it may have failed over what another in the group wrote, which counts only once committed.
	if failed := <-r.commit; failed != nil {
		return fmt.Errorf("committing: %w", failed)
	}
	return err
}

func (s *Store) enqueue(ctx context.Context, r *request) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return ErrClosed
	}
	select {
	case s.requests <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run calls fn and tells the writer how it ended, also when fn panics.
func (r *request) run(btx *bbolt.Tx, fn func(issuer.Tx) error) (err error) {
	t := &tx{bolt: btx}
	returned := false
	defer func() {
		var o outcome
		if returned && err == nil {
			o.wrote = len(t.undo) > 0
		} else {
			o.broken = t.rollback()
		}
		t.end()
		r.ran <- o
	}()
	err = fn(t)
	returned = true
	return err
}

// write is the writer: it alone begins and ends bbolt's write transactions.
func (s *Store) write() {
	defer close(s.stopped)
	for first := range s.requests {
		btx, err := s.db.Begin(true)
		if err != nil {
			if first.state.CompareAndSwap(waiting, running) {
				first.turn <- turn{err: fmt.Errorf("beginning a transaction: %w", err)}
			}
			continue
		}
		group, wrote, err := s.gather(first, btx)
		if err == nil && wrote {
			err = btx.Commit()
		} else {
			err = errors.Join(err, btx.Rollback())
		}
		for _, r := range group {
			r.commit <- err
		}
	}
}

// gather runs first and whatever else waits, and returns those that ran.
func (s *Store) gather(first *request, btx *bbolt.Tx) (group []*request, wrote bool, err error) {
	for r, more := first, true; more; {
		if r.state.CompareAndSwap(waiting, running) {
			r.turn <- turn{tx: btx}
			o := <-r.ran
			group = append(group, r)
			wrote = wrote || o.wrote
			if o.broken != nil || len(group) == groupLimit {
				return group, wrote, o.broken
			}
		}
		select {
		case r, more = <-s.requests:
		default:
			more = false
		}
	}
	return group, wrote, nil
}
