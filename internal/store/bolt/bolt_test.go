package bolt_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

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
		if err := s.Close(); err != nil && !errors.Is(err, bolt.ErrClosed) {
			t.Error(err)
		}
	}
}

func TestConformance(t *testing.T) { storetest.Run(t, open) }

func TestOpen(t *testing.T) {
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
		if _, err := bolt.Open(folder); !errors.Is(err, bolt.ErrLocked) {
			t.Errorf("error %v, want %v", err, bolt.ErrLocked)
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

// TestKill ends writing processes without warning and looks for every write that they had been told was durable.
func TestKill(t *testing.T) {
	if folder := os.Getenv("LAUREL_TEST_KILL"); folder != "" {
		writeUntilKilled(t, folder)
		return
	}
	folder := t.TempDir()
	acknowledged := map[string]bool{}
	for range 4 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
		cmd.Env = append(os.Environ(), "LAUREL_TEST_KILL="+folder)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			if id, ok := strings.CutPrefix(lines.Text(), "wrote "); ok {
				acknowledged[id] = true
			}
			if n == 200 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if cmd.Wait() == nil {
			t.Fatal("the writer ended by itself")
		}
	}
	s, closeStore := open(t, folder)
	defer closeStore()
	err := s.View(t.Context(), func(tx issuer.Tx) error {
		for id := range acknowledged {
			if _, err := tx.Get(entries, id); err != nil {
				t.Errorf("%s was acknowledged: %v", id, err)
			}
		}
		byID, _, err := tx.List(entries, issuer.Query{Limit: 1 << 20})
		if err != nil {
			return err
		}
		byLookup, _, err := tx.List(entries, issuer.Query{By: "all", Value: "yes", Limit: 1 << 20})
		if len(byID) != len(byLookup) || len(byID) < len(acknowledged) {
			t.Errorf("%d records, %d index entries, %d acknowledged", len(byID), len(byLookup), len(acknowledged))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func writeUntilKilled(t *testing.T, folder string) {
	s, _ := open(t, folder)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for {
				var id string
				err := s.Update(t.Context(), func(tx issuer.Tx) error {
					n, err := tx.Next("entry")
					if err != nil {
						return err
					}
					id = fmt.Sprintf("%09d", n)
					return tx.Put(entries, issuer.Row{ID: id, Lookups: []string{"yes"}, Body: []byte(strings.Repeat("x", 2000))})
				})
				if err != nil {
					t.Error(err)
					return
				}
				fmt.Println("wrote " + id)
			}
		})
	}
	group.Wait()
}

// BenchmarkAward makes the two durable commits of one award, without the signing between them.
func BenchmarkAward(b *testing.B) {
	intent := make([]byte, 4500)
	signed := make([]byte, 12000)
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("%d writers", writers), func(b *testing.B) {
			s, closeStore := open(b, b.TempDir())
			defer closeStore()
			var left atomic.Int64
			left.Store(int64(b.N))
			var group sync.WaitGroup
			b.ResetTimer()
			for range writers {
				group.Go(func() {
					for left.Add(-1) >= 0 {
						if err := award(b, s, intent, signed); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "awards/s")
		})
	}
}

func award(b *testing.B, s issuer.Store, intent, signed []byte) error {
	var row issuer.Row
	err := s.Update(b.Context(), func(tx issuer.Tx) error {
		n, err := tx.Next("slot")
		row = issuer.Row{ID: fmt.Sprintf("%022d", n*2654435761%1000000007), Lookups: []string{"pending"}, Body: intent}
		if err != nil {
			return err
		}
		return tx.Put(entries, row)
	})
	if err != nil {
		return err
	}
	row.Version, row.Body, row.Lookups = 1, signed, []string{""}
	return s.Update(b.Context(), func(tx issuer.Tx) error { return tx.Put(entries, row) })
}

func TestReadOnly(t *testing.T) {
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
	if _, err := bolt.OpenReadOnly(folder); !errors.Is(err, bolt.ErrLocked) {
		t.Errorf("beside a writer: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = bolt.OpenReadOnly(folder); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := put(s); !errors.Is(err, bolt.ErrReadOnly) {
		t.Errorf("writing: %v", err)
	}
	if err := s.View(t.Context(), func(tx issuer.Tx) error { _, err := tx.Get(kind, "a"); return err }); err != nil {
		t.Error(err)
	}
}
