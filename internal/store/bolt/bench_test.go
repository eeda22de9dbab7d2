package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

// What an award reads and writes, in the sizes that it has.
var (
	awarded = issuer.Kind{Name: "credential", Lookups: []string{"draft", "organisation", "state", "achievement", "achievement-state", "integrity-key", "token-key"}}
	audited = issuer.Kind{Name: "audit", Lookups: []string{"all", "subject"}}
	heads   = issuer.Kind{Name: "audit-head"}
	lists   = issuer.Kind{Name: "status-list", Lookups: []string{"open"}}
	others  = issuer.Kind{Name: "organisation", Lookups: []string{"all"}}
)

var (
	intent = text(4500)
	signed = text(9000)
	stored = text(3600 - 12)
)

func text(size int) []byte { return fmt.Appendf(nil, `{"text":"%s"}`, strings.Repeat("x", size)) }

// times collects how long things took.
type times []time.Duration

func (t times) report(b *testing.B, what string) {
	slices.Sort(t)
	for _, at := range []int{50, 99} {
		b.ReportMetric(float64(t[min(len(t)-1, len(t)*at/100)].Microseconds())/1000, fmt.Sprintf("%s-p%d-ms", what, at))
	}
}

func (t *times) take(fn func()) {
	start := time.Now()
	fn()
	*t = append(*t, time.Since(start))
}

// flush writes 3,600 bytes over themselves and has them flushed, which is what the disk can do.
func flush(b *testing.B, folder string) times {
	b.Helper()
	file, err := os.Create(filepath.Join(folder, "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	var took times
	for range 300 {
		took.take(func() {
			if _, err := file.WriteAt(stored[:3600], 0); err != nil {
				b.Fatal(err)
			}
			if err := syscall.Fdatasync(int(file.Fd())); err != nil {
				b.Fatal(err)
			}
		})
	}
	return took[10:]
}

// spent is the time that this process had of the processors.
func spent(b testing.TB) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func id(n uint64) string { return fmt.Sprintf("%022d", n*2654435761%1000000007) }

func put(b testing.TB, s issuer.Store, n uint64) {
	err := s.Update(context.Background(), func(tx issuer.Tx) error {
		return tx.Put(entries, issuer.Row{ID: id(n), Lookups: []string{"yes"}, Body: stored})
	})
	if err != nil {
		b.Error(err)
	}
}

// overwritten puts a row over the one that is there.
func overwritten(tx issuer.Tx, k issuer.Kind, r issuer.Row) error {
	old, err := tx.Get(k, r.ID)
	if err == nil {
		r.Version = old.Version
	}
	return tx.Put(k, r)
}

func audit(tx issuer.Tx, subject string) error {
	n, err := tx.Next("audit")
	if err != nil {
		return err
	}
	r := issuer.Row{ID: fmt.Sprintf("%016x", n), Order: fmt.Sprintf("%016x", n), Lookups: []string{"all", subject}, Body: text(500)}
	if err := tx.Put(audited, r); err != nil {
		return err
	}
	return overwritten(tx, heads, issuer.Row{ID: "head", Body: text(200)})
}

// award makes the two transactions of an award, without the signing between them.
func award(s issuer.Store) error {
	r := issuer.Row{Lookups: []string{"all", "org", "org/draft", "org/badge", "org/badge/draft", "", ""}, Body: intent}
	err := s.Update(context.Background(), func(tx issuer.Tx) error {
		n, err := tx.Next("credential")
		if err != nil {
			return err
		}
		for _, id := range []string{"org", "badge"} {
			if err := overwrittenOnce(tx, id); err != nil {
				return err
			}
		}
		if err := overwritten(tx, lists, issuer.Row{ID: "list", Lookups: []string{"org"}, Body: text(600)}); err != nil {
			return err
		}
		r.ID, r.Order = id(n), fmt.Sprintf("%016x", n)
		if err := tx.Put(awarded, r); err != nil {
			return err
		}
		return audit(tx, r.ID)
	})
	if err != nil {
		return err
	}
	r.Version, r.Body = 1, signed
	r.Lookups = []string{"", "org", "org/active", "org/badge", "org/badge/active", "org/key-1", "org/key-2"}
	return s.Update(context.Background(), func(tx issuer.Tx) error {
		if _, err := tx.Get(awarded, r.ID); err != nil {
			return err
		}
		if err := overwrittenOnce(tx, "org"); err != nil {
			return err
		}
		if err := tx.Put(awarded, r); err != nil {
			return err
		}
		return audit(tx, r.ID)
	})
}

// overwrittenOnce reads an organisation, and makes it when it is not there.
func overwrittenOnce(tx issuer.Tx, id string) error {
	if _, err := tx.Get(others, id); err == nil {
		return nil
	}
	return tx.Put(others, issuer.Row{ID: id, Lookups: []string{"all"}, Body: text(3000)})
}

// calm has the garbage collector run as the server has it, which keeps it from running with every group.
func calm(b *testing.B) {
	before := debug.SetGCPercent(800)
	b.Cleanup(func() { debug.SetGCPercent(before) })
}

// residentVariable names the folder of a store to the process that says how much memory it takes.
const residentVariable = "LAUREL_TEST_RESIDENT"

// resident is the memory, in MiB, of a process that has opened a store and done nothing else.
func resident(b *testing.B, folder string) (mebibytes float64) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestResident$", "-test.v")
	cmd.Env = append(os.Environ(), residentVariable+"="+folder)
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	_, after, _ := strings.Cut(string(out), "resident ")
	if _, err := fmt.Sscan(after, &mebibytes); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return mebibytes
}

// TestResident is that process.
func TestResident(t *testing.T) {
	folder := os.Getenv(residentVariable)
	if folder == "" {
		t.Skip("part of BenchmarkMany")
	}
	_, closeStore := open(t, folder)
	defer closeStore()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, pages float64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("resident %.1f\n", pages*float64(os.Getpagesize())/(1<<20))
}

// BenchmarkFloor is what bbolt alone makes of the puts of BenchmarkGroup, one in a transaction and as many as a group of 64 writers has.
func BenchmarkFloor(b *testing.B) {
	calm(b)
	for _, size := range []int{1, 56} {
		b.Run(fmt.Sprintf("%d puts", size), func(b *testing.B) {
			db, err := bbolt.Open(filepath.Join(b.TempDir(), bolt.FileName), 0o600, &bbolt.Options{InitialMmapSize: 1 << 30, NoStatistics: true})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			n := uint64(0)
			put := func(tx *bbolt.Tx) error {
				rows, err := tx.CreateBucketIfNotExists([]byte("rows"))
				if err != nil {
					return err
				}
				index, err := tx.CreateBucketIfNotExists([]byte("index"))
				if err != nil {
					return err
				}
				for range size {
					n++
					if err := errors.Join(rows.Put([]byte(id(n)), stored), index.Put([]byte("yes\x00\x00"+id(n)), nil)); err != nil {
						return err
					}
				}
				return nil
			}
			cpu := spent(b)
			b.ResetTimer()
			for range b.N {
				if err := db.Update(put); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((spent(b)-cpu).Nanoseconds())/1000/float64(n), "cpu-µs/put")
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "puts/s")
		})
	}
}

// BenchmarkSingle has one writer, and beside it what the disk alone takes.
func BenchmarkSingle(b *testing.B) {
	calm(b)
	for _, what := range []struct {
		name string
		do   func(b *testing.B, s issuer.Store, n uint64) error
	}{
		{"put", func(b *testing.B, s issuer.Store, n uint64) error { put(b, s, n); return nil }},
		{"award", func(_ *testing.B, s issuer.Store, _ uint64) error { return award(s) }},
	} {
		b.Run(what.name, func(b *testing.B) {
			folder := b.TempDir()
			raw := flush(b, folder)
			s, closeStore := open(b, folder)
			defer closeStore()
			var took times
			n, cpu := uint64(0), spent(b)
			for b.Loop() {
				n++
				took.take(func() {
					if err := what.do(b, s, n); err != nil {
						b.Fatal(err)
					}
				})
			}
			took.report(b, what.name)
			b.ReportMetric(float64((spent(b)-cpu).Microseconds())/float64(len(took)), "cpu-µs/op")
			raw.report(b, "fdatasync")
			b.ReportMetric(float64(took[len(took)/2])/float64(raw[len(raw)/2]), "flushes")
		})
	}
}

// BenchmarkGroup has many writers, and one of them alone beside it.
func BenchmarkGroup(b *testing.B) {
	calm(b)
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("%d writers", writers), func(b *testing.B) {
			s, closeStore := open(b, b.TempDir())
			defer closeStore()
			rate := func(writers, count int, from uint64) float64 {
				var next atomic.Uint64
				next.Store(from)
				var all sync.WaitGroup
				start := time.Now()
				for range writers {
					all.Go(func() {
						for n := next.Add(1); n <= from+uint64(count); n = next.Add(1) {
							put(b, s, n)
						}
					})
				}
				all.Wait()
				return float64(count) / time.Since(start).Seconds()
			}
			single := rate(1, 300, 0)
			before, cpu := bolt.Latest(s.(*bolt.Store)), spent(b)
			b.ResetTimer()
			together := rate(writers, b.N, 1<<20)
			b.ReportMetric(float64((spent(b)-cpu).Nanoseconds())/1000/float64(b.N), "cpu-µs/put")
			b.ReportMetric(float64(b.N)/float64(bolt.Latest(s.(*bolt.Store))-before), "puts/commit")
			b.ReportMetric(together, "puts/s")
			b.ReportMetric(together/single, "times-single")
		})
	}
}

// BenchmarkMany measures a store of 100,000 credentials of 3.6 kB, and of a million when LAUREL_MILLION is set.
func BenchmarkMany(b *testing.B) {
	calm(b)
	count := uint64(100_000)
	if os.Getenv("LAUREL_MILLION") != "" {
		count = 1_000_000
	}
	row := func(n uint64, version uint64) issuer.Row {
		badge := fmt.Sprintf("org/badge-%d", n%500)
		return issuer.Row{ID: id(n), Version: version, Order: fmt.Sprintf("%016x", n), Body: stored,
			Lookups: []string{"", "org", "org/active", badge, badge + "/active", "org/key-1", "org/key-2"}}
	}
	folder := b.TempDir()
	start, cpu := time.Now(), spent(b)
	s, closeStore := open(b, folder)
	for n := uint64(1); n <= count; {
		err := s.Update(b.Context(), func(tx issuer.Tx) error {
			for range 2000 {
				if err := tx.Put(awarded, row(n, 0)); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	bulk, bulkCPU := float64(count)/time.Since(start).Seconds(), float64((spent(b)-cpu).Microseconds())/float64(count)
	info, err := os.Stat(filepath.Join(folder, bolt.FileName))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("import", func(b *testing.B) {
		for b.Loop() {
			to, err := bolt.Open(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			start, cpu := time.Now(), spent(b)
			err = to.Import(b.Context(), func(sink store.Sink) error {
				return s.(store.Engine).Export(b.Context(), []issuer.Kind{awarded}, sink)
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(count)/time.Since(start).Seconds(), "rows/s")
			b.ReportMetric(float64((spent(b)-cpu).Microseconds())/float64(count), "cpu-µs/row")
			b.ReportMetric(bulk, "bulk-puts/s")
			b.ReportMetric(bulkCPU, "bulk-cpu-µs/put")
			b.ReportMetric(float64(info.Size())/float64(count*3600), "file-to-bodies")
			if err := to.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("lookup", func(b *testing.B) {
		var took times
		for b.Loop() {
			n := rand.Uint64N(count) + 1
			took.take(func() {
				err := s.View(b.Context(), func(tx issuer.Tx) error { _, err := tx.Get(awarded, id(n)); return err })
				if err != nil {
					b.Fatal(err)
				}
			})
		}
		took.report(b, "lookup")
	})
	b.Run("page of a list", func(b *testing.B) {
		var took times
		next := ""
		for b.Loop() {
			took.take(func() {
				err := s.View(b.Context(), func(tx issuer.Tx) (err error) {
					_, next, err = tx.List(awarded, issuer.Query{By: "organisation", Value: "org", After: next, Backward: true})
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			})
		}
		took.report(b, "page")
	})
	closeStore()
	b.Run("open", func(b *testing.B) {
		var took times
		for b.Loop() {
			var s *bolt.Store
			took.take(func() {
				var err error
				if s, err = bolt.Open(folder); err != nil {
					b.Fatal(err)
				}
			})
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		}
		took.report(b, "open")
		b.ReportMetric(resident(b, folder), "resident-MiB")
	})
	b.Run("check", func(b *testing.B) {
		s, err := bolt.Open(folder)
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		for b.Loop() {
			start := time.Now()
			if err := s.Check(b.Context(), []issuer.Kind{awarded}, func(s string) { b.Error(s) }); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(count)/time.Since(start).Seconds(), "rows/s")
		}
	})
}
