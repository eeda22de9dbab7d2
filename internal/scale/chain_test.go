package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/issuer"
)

// BenchmarkChain is what awards are one after another for: their two transactions, with the end of the audit chain and the two
// counters that all awards share, without signatures. 64 writers, in one process or in several that share a database.
func BenchmarkChain(b *testing.B) {
	b.Run("bbolt", func(b *testing.B) { inTurn(b, []store.Engine{onBolt(b).Engine}) })
	for _, processes := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("postgres of %d", processes), func(b *testing.B) {
			url := pgtest.New(b, pgtest.Options{Durable: true}).Database(b)
			var all []store.Engine
			for range processes {
				s, err := postgres.Open(b.Context(), url)
				must(b, err)
				defer func() { _ = s.Close() }()
				all = append(all, s)
			}
			inTurn(b, all)
		})
	}
}

func inTurn(b *testing.B, processes []store.Engine) {
	kinds := map[string]issuer.Kind{}
	for _, k := range issuer.Kinds() {
		kinds[k.Name] = k
	}
	row := func(kind, id string, version uint64, size int) issuer.Row {
		r := issuer.Row{ID: id, Version: version, Order: id, Lookups: make([]string, len(kinds[kind].Lookups)), Body: []byte(`"` + strings.Repeat("x", size) + `"`)}
		for i := range r.Lookups {
			r.Lookups[i] = "one"
		}
		return r
	}
	log := func(tx issuer.Tx) error {
		head, err := tx.Get(kinds["audit-head"], "head")
		if err != nil && head.Version != 0 {
			return err
		}
		if err := tx.Put(kinds["audit"], row("audit", fmt.Sprintf("%020d", 1_000_000+head.Version), 0, 400)); err != nil {
			return err
		}
		return tx.Put(kinds["audit-head"], row("audit-head", "head", head.Version, 150))
	}
	must(b, processes[0].Update(b.Context(), func(tx issuer.Tx) error {
		if _, err := tx.Get(kinds["audit-head"], "head"); err == nil {
			return nil
		}
		return tx.Put(kinds["audit-head"], row("audit-head", "head", 0, 150))
	}))
	var made atomic.Int64
	award := func(s store.Engine) error {
		id := fmt.Sprintf("award%017d", made.Add(1)*7919%1_000_000_007)
		err := s.Update(b.Context(), func(tx issuer.Tx) error {
			for _, counter := range []string{"credential", "slot/one"} {
				if _, err := tx.Next(counter); err != nil {
					return err
				}
			}
			if err := tx.Put(kinds["credential"], row("credential", id, 0, 2000)); err != nil {
				return err
			}
			return log(tx)
		})
		if err != nil {
			return err
		}
		return s.Update(b.Context(), func(tx issuer.Tx) error {
			if _, err := tx.Get(kinds["credential"], id); err != nil {
				return err
			}
			if err := tx.Put(kinds["credential"], row("credential", id, 1, 5000)); err != nil {
				return err
			}
			return log(tx)
		})
	}
	b.ResetTimer()
	start := time.Now()
	shared(b.N, 64, func(i int) {
		if err := award(processes[i%len(processes)]); err != nil {
			b.Error(err)
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "awards/s")
}
