package bolt_test

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

// fill writes records from several goroutines until there is no room, and gives those that were acknowledged.
func fill(t *testing.T, s *bolt.Store, run, size int) map[string]issuer.Row {
	t.Helper()
	var mu sync.Mutex
	written := map[string]issuer.Row{}
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := 0; ; i++ {
				r := issuer.Row{ID: fmt.Sprintf("%d-%d-%05d", run, w, i), Lookups: []string{"shelf 1", ""}, Body: []byte(`"` + strings.Repeat("x", size+i%7*size/3) + `"`)}
				err := s.Update(t.Context(), func(tx issuer.Tx) error {
					_, err := tx.Next("written")
					return errors.Join(err, tx.Put(books, r))
				})
				if err != nil {
					if !errors.Is(err, issuer.ErrFull) {
						t.Errorf("no room: %v", err)
					}
					return
				}
				mu.Lock()
				r.Version = 1
				written[r.ID] = r
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return written
}

// fullDisk fills a store with records of about size bytes, makes room, and looks at it each time.
func fullDisk(t *testing.T, folder string, size int, room func(run int)) {
	s, err := bolt.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	written := map[string]issuer.Row{}
	runs := 3
	if testing.Short() {
		runs = 1
	}
	for run := range runs {
		for id, r := range fill(t, s, run, size) {
			written[id] = r
		}
		for range 5 { // again and again while there is none
			err := s.Update(t.Context(), func(tx issuer.Tx) error {
				return tx.Put(books, issuer.Row{ID: "half", Lookups: []string{"half", ""}, Body: []byte(strings.Repeat("x", 70*size))})
			})
			if !errors.Is(err, issuer.ErrFull) {
				t.Errorf("still no room: %v", err)
			}
		}
		err := s.View(t.Context(), func(tx issuer.Tx) error {
			for id, r := range written {
				if got, err := tx.Get(books, id); err != nil || len(got.Body) != len(r.Body) {
					t.Errorf("%s: %v", id, err)
				}
			}
			rows, _, err := tx.List(books, issuer.Query{Limit: 1 << 20})
			listed, _, errListed := tx.List(books, issuer.Query{By: "shelf", Value: "shelf 1", Limit: 1 << 20})
			if len(rows) != len(written) || len(listed) != len(written) {
				t.Errorf("%d rows, %d in the list, %d acknowledged", len(rows), len(listed), len(written))
			}
			return errors.Join(err, errListed)
		})
		if err != nil {
			t.Error(err)
		}
		for _, sentence := range faults(t, s) {
			t.Errorf("run %d: %s", run, sentence)
		}
		room(run)
		err = s.Update(t.Context(), func(tx issuer.Tx) error {
			n, err := tx.Next("written")
			if want := uint64(len(written) + run + 1); n != want {
				t.Errorf("the counter gives %d, want %d", n, want)
			}
			return err
		})
		if err != nil {
			t.Errorf("with room again: %v", err)
		}
	}
	t.Logf("%d records were acknowledged", len(written))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	sound(t, folder)
	var again *bolt.Store
	if again, err = bolt.Open(folder); err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if found := faults(t, again); len(found) > 0 {
		t.Error(found)
	}
}

func TestDiskFull(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	fullDisk(t, filepath.Join(folder, "data"), 3000, func(run int) {
		if err := syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT, fmt.Sprintf("size=%dm", 3+run)); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("an import", func(t *testing.T) {
		s, err := bolt.Open(filepath.Join(folder, "copy"))
		if err != nil {
			t.Fatal(err)
		}
		err = s.Import(t.Context(), func(to store.Sink) error {
			for i := range 5000 {
				r := book(i)
				r.Version = 1
				if err := to.Row(books, r); err != nil {
					return err
				}
			}
			return nil
		})
		if !errors.Is(err, issuer.ErrFull) {
			t.Errorf("error %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if s, err = bolt.Open(filepath.Join(folder, "copy")); !errors.Is(err, store.ErrHalf) {
			t.Errorf("opened again: %v", err)
		}
		if err == nil {
			s.Close()
		}
	})
}

// TestDiskFullByLimit lets the file grow no further, as a quota does.
func TestDiskFullByLimit(t *testing.T) {
	const limitVariable = "LAUREL_TEST_FILE_LIMIT"
	if os.Getenv(limitVariable) == "" {
		t.Parallel()
		rerun(t, limitVariable+"=1") // the limit holds for a whole process
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	limit := func(size uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: 1 << 40}); err != nil {
			t.Skipf("no limit can be set here: %v", err)
		}
	}
	limit(17 << 20) // bbolt lets files grow by 16 MiB
	defer limit(1 << 40)
	fullDisk(t, t.TempDir(), 60000, func(run int) { limit(uint64(34+17*run) << 20) })
}
