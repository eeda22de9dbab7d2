// Package bolt keeps records in one bbolt file. Updates are written in groups, so that many writers share one flush to disk.
// bbolt trusts its file; this package does not: each record carries a checksum, and each page is looked at before bbolt is led
// to it.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/group"
	"github.com/laurelbadges/laurel/issuer"
)

// FileName is the name of the database inside the data folder.
const FileName = "laurel.db"

const (
	lockWait   = time.Second // how long Open waits for another process to let go of the file
	groupLimit = 1024        // updates in one commit: bounds how long the first of them waits
	mapSize    = 256 << 20   // bytes of the file that are mapped from the start
)

// Store is a store.Engine in one file.
type Store struct {
	db     *bbolt.DB
	pages  *pages                // of the same file, to be read ahead of bbolt
	writer *group.Writer         // nil when the store was opened for looking
	old    bool                  // the file is of schema 1
	room   []change              // for what a turn writes; of the writer
	broken atomic.Pointer[error] // why nothing more is written
	stuck  atomic.Bool           // bbolt could not end a transaction and waits for it for ever
}

var _ store.Engine = (*Store)(nil)

// Open opens DATA/laurel.db in folder and creates both when they do not exist. A file of an earlier release is brought up to this
// one; that may take a minute, and goes on at the next Open when it is cut short. The error wraps store.ErrLocked when another
// process holds the file for longer than a second, store.ErrNewer, store.ErrHalf, or issuer.ErrDamaged when the file is not one
// that was written: nothing is written to it then.
func Open(folder string) (*Store, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("creating the data folder: %w", err)
	}
	s, err := open(folder, &bbolt.Options{
		// The free list stays on disk: rebuilding it at each start would read the whole file.
		NoFreelistSync: false,
		FreelistType:   bbolt.FreelistArrayType,
		// Address space, not memory: while the file fits in, no commit has to wait for open views to end.
		InitialMmapSize: mapSize,
	})
	if err != nil {
		return nil, err
	}
	if err := s.prepare(folder); err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", s.pages.file.Name(), err), s.Close())
	}
	s.writer = group.New(s.begin, groupLimit)
	return s, nil
}

// OpenReadOnly opens the store in folder, which has to exist, for looking: Update fails with store.ErrReadOnly, and nothing in the
// folder changes. When another process has it open for writing, the error wraps store.ErrLocked; the others are those of Open.
func OpenReadOnly(folder string) (*Store, error) {
	s, err := open(folder, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	if _, _, err := s.look(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", s.pages.file.Name(), err), s.Close())
	}
	return s, nil
}

func open(folder string, options *bbolt.Options) (*Store, error) {
	path := filepath.Join(folder, FileName)
	options.Timeout, options.OpenFile, options.NoStatistics = lockWait, openFile, true
	s := &Store{}
	err := guard(func() (err error) {
		s.db, err = bbolt.Open(path, 0o600, options)
		return err
	})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		err = store.ErrLocked
	}
	if err == nil {
		var file *os.File
		if file, err = os.Open(path); err != nil {
			err = errors.Join(err, s.db.Close())
		} else {
			s.pages = newPages(file, s.db.Info().PageSize)
		}
	}
	if err != nil {
		if full(err) {
			err = failed(err)
		}
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	return s, nil
}

// Close implements store.Engine.
func (s *Store) Close() error {
	if s.writer != nil {
		if err := s.writer.Close(); err != nil {
			return err
		}
	}
	if s.stuck.Load() {
		return errors.Join(*s.broken.Load(), s.pages.file.Close())
	}
	if s.db.Path() == "" {
		return store.ErrClosed
	}
	return errors.Join(s.db.Close(), s.pages.file.Close())
}

// Shared implements issuer.Store: one process alone has the file open.
func (s *Store) Shared() bool { return false }

// View implements issuer.Store. The error wraps issuer.ErrDamaged when what was asked for cannot be told for sure.
func (s *Store) View(ctx context.Context, fn func(issuer.Tx) error) error {
	return s.view(ctx, func(t *tx) error { return fn(t) })
}

func (s *Store) view(ctx context.Context, fn func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	btx, err := s.db.Begin(false)
	if errors.Is(err, bbolterrors.ErrDatabaseNotOpen) {
		return store.ErrClosed
	}
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", failed(err))
	}
	sn := s.snapshot(btx)
	t := &tx{snapshot: sn}
	defer func() {
		t.snapshot = nil
		sn.end()
		_ = btx.Rollback() // of one that reads: it fails only after its end
	}()
	return fn(t)
}

// Update implements issuer.Store. The error wraps issuer.ErrFull when there is no room; reading goes on, and so does writing once
// there is. It wraps issuer.ErrUnavailable when the disk failed, for good when that may have left a change half on disk.
func (s *Store) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	if s.writer == nil {
		return store.ErrReadOnly
	}
	return s.writer.Update(ctx, fn)
}

// batch is a group.Batch.
type batch struct {
	store *Store
	*snapshot
}

func (s *Store) begin(context.Context) (group.Batch, error) { return s.batch() }

func (s *Store) batch() (*batch, error) {
	if broken := s.broken.Load(); broken != nil {
		return nil, *broken
	}
	btx, err := s.db.Begin(true)
	if errors.Is(err, bbolterrors.ErrDatabaseNotOpen) {
		return nil, store.ErrClosed
	}
	if err != nil {
		return nil, fmt.Errorf("beginning a transaction: %w", failed(err))
	}
	sn := s.snapshot(btx)
	sn.room = &s.room
	return &batch{store: s, snapshot: sn}, nil
}

// Turn implements group.Batch.
func (b *batch) Turn() group.Turn { return &tx{snapshot: b.snapshot, undo: *b.room} }

// Rollback implements group.Batch.
func (b *batch) Rollback() error {
	btx := b.bolt
	b.end()
	return b.store.giveUp(btx)
}

func (s *Store) giveUp(btx *bbolt.Tx) error {
	err := guard(btx.Rollback)
	if errors.Is(err, issuer.ErrDamaged) {
		s.stuck.Store(true)
		s.broken.Store(&err)
	}
	return err
}

// Commit implements group.Batch.
func (b *batch) Commit() error {
	s, btx, number := b.store, b.bolt, b.bolt.ID()
	b.end()
	err := guard(btx.Commit)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, issuer.ErrDamaged):
		// bbolt's idea of which pages are free is not to be trusted any longer.
		err = fmt.Errorf("%w. Nothing more is written until the program is started again. %s", err, bringBack)
		s.broken.Store(&err)
		return errors.Join(err, s.giveUp(btx))
	case s.latest() == number:
		// The last page was written and its flush failed: the change is seen here, and gone if the machine stops now.
		err = fmt.Errorf("%w: the disk failed at the end of a change (%w). Nothing more is written until the program is started again",
			issuer.ErrUnavailable, err)
		s.broken.Store(&err)
		return err
	}
	return failed(err)
}

// latest is the number of the transaction that a reader would see.
func (s *Store) latest() (number int) {
	_ = s.db.View(func(btx *bbolt.Tx) error {
		number = btx.ID()
		return nil
	})
	return number
}
