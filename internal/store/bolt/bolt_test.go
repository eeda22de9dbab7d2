package bolt_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/storetest"
	"github.com/laurelbadges/laurel/issuer"
)

func open(t testing.TB, folder string) (issuer.Store, func()) {
	t.Helper()
	s, err := bolt.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return s, func() {
		if err := s.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
			t.Error(err)
		}
	}
}

func TestConformance(t *testing.T) { storetest.Run(t, open) }

func TestKilled(t *testing.T) { storetest.RunKill(t, open) }

func TestEngine(t *testing.T) {
	storetest.RunEngine(t, storetest.Engine{
		Open: func(_ testing.TB, folder string) (store.Engine, error) { return bolt.Open(folder) },
		Damage: func(t testing.TB, folder string, k issuer.Kind, id string) {
			spoil(t, folder, "rows/"+k.Name, id, -1)
		},
		DamageCounter: func(t testing.TB, folder string, name string) { spoil(t, folder, "counters", name, 7) },
	})
}

// spoil flips a bit of a stored value, in the byte at; -1 is the last.
func spoil(t testing.TB, folder, bucket, key string, at int) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(folder, bolt.FileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		value := append([]byte(nil), b.Get([]byte(key))...)
		if at < 0 {
			at = len(value) - 1
		}
		value[at] ^= 1
		return b.Put([]byte(key), value)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel() // it waits for a lock
	folder := filepath.Join(t.TempDir(), "data")
	_, closeStore := open(t, folder)
	t.Run("file and folder are private", func(t *testing.T) {
		for path, want := range map[string]os.FileMode{folder: 0o700, filepath.Join(folder, bolt.FileName): 0o600} {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != want {
				t.Errorf("%s has mode %o, want %o", path, got, want)
			}
		}
	})
	t.Run("a second process is told who holds it", func(t *testing.T) {
		if _, err := bolt.Open(folder); !errors.Is(err, store.ErrLocked) {
			t.Errorf("error %v, want %v", err, store.ErrLocked)
		}
	})
	closeStore()
	t.Run("a file that is no database", func(t *testing.T) {
		broken := t.TempDir()
		if err := os.WriteFile(filepath.Join(broken, bolt.FileName), []byte(strings.Repeat("x", 40000)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := bolt.Open(broken); err == nil {
			t.Error("opened")
		}
	})
}

func TestGoexit(t *testing.T) {
	s, closeStore := open(t, t.TempDir())
	defer closeStore()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Update(t.Context(), func(issuer.Tx) error { runtime.Goexit(); return nil })
	}()
	<-done
	if err := s.Update(t.Context(), func(tx issuer.Tx) error { _, err := tx.Next("n"); return err }); err != nil {
		t.Error(err)
	}
}

var entries = issuer.Kind{Name: "entry", Lookups: []string{"all"}}

func TestReadOnly(t *testing.T) {
	t.Parallel() // it waits for a lock
	folder := t.TempDir()
	if _, err := bolt.OpenReadOnly(filepath.Join(folder, "none")); err == nil {
		t.Error("a folder that is not there was opened")
	}
	s, err := bolt.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	kind := issuer.Kind{Name: "thing"}
	put := func(s *bolt.Store) error {
		return s.Update(t.Context(), func(tx issuer.Tx) error { return tx.Put(kind, issuer.Row{ID: "a", Body: []byte("{}")}) })
	}
	if err := put(s); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.OpenReadOnly(folder); !errors.Is(err, store.ErrLocked) {
		t.Errorf("beside a writer: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = bolt.OpenReadOnly(folder); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := put(s); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("writing: %v", err)
	}
	if err := s.View(t.Context(), func(tx issuer.Tx) error { _, err := tx.Get(kind, "a"); return err }); err != nil {
		t.Error(err)
	}
}

// rerun runs the test that calls it in a process of its own.
func rerun(t *testing.T, variable string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", fmt.Sprintf("-test.short=%t", testing.Short()))
	cmd.Env = append(os.Environ(), variable)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	} else {
		t.Logf("%s", out)
	}
}
