package postgres_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/issuer"
)

// kindOf finds a kind that the migrations make a table for.
func kindOf(t testing.TB, name string) issuer.Kind {
	t.Helper()
	for _, k := range issuer.Kinds() {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("no kind %s", name)
	return issuer.Kind{}
}

// award is a row of the size of a signed award, in as many lists.
func award(k issuer.Kind, i int) issuer.Row {
	r := issuer.Row{ID: fmt.Sprintf("award%017d", i*7919%1_000_000_007), Order: fmt.Sprintf("%020d", i), Body: []byte(`{"json":"` + strings.Repeat("x", 3600) + `"}`)}
	r.Lookups = make([]string, len(k.Lookups))
	for j, name := range k.Lookups {
		if name != "draft" {
			r.Lookups[j] = "organisation/" + name
		}
	}
	return r
}

// BenchmarkMachine says what the machine gives: a round trip, and a row inserted and committed alone.
func BenchmarkMachine(b *testing.B) {
	url := pgtest.New(b, pgtest.Options{Durable: true}).Database(b)
	if err := open(b, url).Close(); err != nil {
		b.Fatal(err)
	}
	conn, err := pgx.Connect(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(b.Context()) }()
	b.Run("round trip", func(b *testing.B) {
		spread(b, func(int) error {
			_, err := conn.Exec(b.Context(), `SELECT 1 WHERE $1 = 1`, 1)
			return err
		})
	})
	k, next := kindOf(b, "credential"), 0
	b.Run("insert and commit", func(b *testing.B) {
		spread(b, func(int) error {
			next++
			r := award(k, next)
			_, err := conn.Exec(b.Context(), `INSERT INTO "credential" ("id", "version", "ord", "crc", "body") VALUES ($1, 1, $2, 0, $3)`, r.ID, r.Order, string(r.Body))
			return err
		})
	})
}

// spread runs op b.N times and reports the median and the 99th percentile.
func spread(b *testing.B, op func(i int) error) {
	b.Helper()
	times := make([]time.Duration, 0, b.N)
	for i := 0; b.Loop(); i++ {
		start := time.Now()
		if err := op(i); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
}

// awarding is the store's part of an award: the two transactions of issuer.Service.Issue, with as many reads and writes.
type awarding struct {
	store                                         issuer.Store
	award, head, entry, organisation, pair, lists issuer.Kind
	achievement                                   issuer.Kind
}

func newAwarding(b testing.TB, s issuer.Store) *awarding {
	b.Helper()
	a := &awarding{
		store: s, award: kindOf(b, "credential"), head: kindOf(b, "audit-head"), entry: kindOf(b, "audit"),
		organisation: kindOf(b, "organisation"), achievement: kindOf(b, "achievement"), pair: kindOf(b, "list-pair"), lists: kindOf(b, "status-list"),
	}
	must(b, s.Update(b.Context(), func(tx issuer.Tx) error {
		for _, k := range []issuer.Kind{a.head, a.organisation, a.achievement, a.pair, a.lists} {
			if err := tx.Put(k, issuer.Row{ID: "one", Lookups: make([]string, len(k.Lookups)), Body: []byte(`{}`)}); err != nil {
				return err
			}
		}
		return nil
	}))
	return a
}

func (a *awarding) again(tx issuer.Tx, k issuer.Kind, id string) error {
	r, err := tx.Get(k, id)
	if err != nil {
		return err
	}
	return tx.Put(k, r)
}

func (a *awarding) log(tx issuer.Tx) error {
	n, err := tx.Next("entry")
	if err != nil {
		return err
	}
	if err := tx.Put(a.entry, issuer.Row{ID: fmt.Sprintf("%020d", n), Lookups: make([]string, len(a.entry.Lookups)), Body: []byte(strings.Repeat(`1`, 400))}); err != nil {
		return err
	}
	return a.again(tx, a.head, "one")
}

func (a *awarding) make(t testing.TB, i int) error {
	err := a.store.Update(t.Context(), func(tx issuer.Tx) error {
		for _, k := range []issuer.Kind{a.head, a.achievement, a.organisation} {
			if _, err := tx.Get(k, "one"); err != nil {
				return err
			}
		}
		if _, err := tx.Next("credential"); err != nil {
			return err
		}
		if err := a.again(tx, a.pair, "one"); err != nil {
			return err
		}
		if _, err := tx.Get(a.lists, "one"); err != nil {
			return err
		}
		if err := tx.Put(a.award, award(a.award, i)); err != nil {
			return err
		}
		return a.log(tx)
	})
	if err != nil {
		return err
	}
	return a.store.Update(t.Context(), func(tx issuer.Tx) error {
		if _, err := tx.Get(a.organisation, "one"); err != nil {
			return err
		}
		if err := a.again(tx, a.award, award(a.award, i).ID); err != nil {
			return err
		}
		return a.log(tx)
	})
}

// BenchmarkStore measures what docs/performance.md promises of the store.
func BenchmarkStore(b *testing.B) {
	s := open(b, pgtest.New(b, pgtest.Options{Durable: true}).Database(b))
	defer func() { must(b, s.Close()) }()
	a, next := newAwarding(b, s), 0
	b.Run("award", func(b *testing.B) {
		spread(b, func(int) error {
			next++
			return a.make(b, next)
		})
	})
	put := func() error {
		i := rand.Int()
		return s.Update(b.Context(), func(tx issuer.Tx) error {
			return tx.Put(a.entry, issuer.Row{ID: fmt.Sprintf("put%020d", i), Lookups: make([]string, len(a.entry.Lookups)), Body: []byte(strings.Repeat("1", 400))})
		})
	}
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("puts of %d writers", writers), func(b *testing.B) { share(b, writers, func(int) error { return put() }) })
		b.Run(fmt.Sprintf("awards of %d writers", writers), func(b *testing.B) {
			start := next + 1
			next += b.N
			share(b, writers, func(i int) error { return a.make(b, start+i) })
		})
	}
}

// share divides b.N calls among goroutines and reports their rate.
func share(b *testing.B, writers int, op func(i int) error) {
	b.Helper()
	var wait sync.WaitGroup
	work := make(chan int)
	for range writers {
		wait.Go(func() {
			for i := range work {
				if err := op(i); err != nil {
					b.Error(err)
				}
			}
		})
	}
	b.ResetTimer()
	for i := range b.N {
		work <- i
	}
	close(work)
	wait.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "per-s")
}

// BenchmarkMillion measures a large store: LAUREL_MILLION=1 for 1,000,000 awards, else 100,000.
func BenchmarkMillion(b *testing.B) {
	count := 100_000
	if os.Getenv("LAUREL_MILLION") != "" {
		count = 1_000_000
	}
	url := pgtest.New(b, pgtest.Options{Durable: true}).Database(b)
	s := open(b, url)
	k := kindOf(b, "credential")
	start := time.Now()
	must(b, s.Import(b.Context(), func(to store.Sink) error {
		for i := range count {
			r := award(k, i)
			r.Version = 1
			if err := to.Row(k, r); err != nil {
				return err
			}
		}
		return nil
	}))
	b.Logf("import: %.0f rows/s", float64(count)/time.Since(start).Seconds())
	const bulk = 20_000
	start = time.Now()
	for i := 0; i < bulk; i += 1000 {
		must(b, s.Update(b.Context(), func(tx issuer.Tx) error {
			var failed error
			for j := range 1000 {
				failed = errors.Join(failed, tx.Put(k, award(k, count+i+j)))
			}
			return failed
		}))
	}
	b.Logf("updates of 1,000 rows: %.0f rows/s", bulk/time.Since(start).Seconds())
	must(b, s.Close())
	start = time.Now()
	s = open(b, url)
	defer func() { must(b, s.Close()) }()
	b.Logf("open: %v", time.Since(start))
	b.Run("lookup", func(b *testing.B) {
		spread(b, func(int) error { return lookup(b, s, k, award(k, rand.IntN(count)).ID) })
	})
	b.Run("page of 100", func(b *testing.B) {
		var after string
		spread(b, func(int) error {
			return s.View(b.Context(), func(tx issuer.Tx) (err error) {
				_, after, err = tx.List(k, issuer.Query{By: "organisation", Value: "organisation/organisation", Limit: 100, After: after})
				return err
			})
		})
	})
}

func lookup(t testing.TB, s *postgres.Store, k issuer.Kind, id string) error {
	return s.View(t.Context(), func(tx issuer.Tx) error {
		_, err := tx.Get(k, id)
		return err
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
