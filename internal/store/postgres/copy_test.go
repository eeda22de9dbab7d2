package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// copied is a sink that keeps what it gets.
type copied struct {
	rows     []issuer.Row
	counters map[string]uint64
}

func (c *copied) Row(_ issuer.Kind, r issuer.Row) error {
	c.rows = append(c.rows, r)
	return nil
}

func (c *copied) Counter(name string, value uint64) error {
	if c.counters == nil {
		c.counters = map[string]uint64{}
	}
	c.counters[name] = value
	return nil
}

func (c *copied) give(to store.Sink) error {
	for _, r := range c.rows {
		if err := to.Row(notes, r); err != nil {
			return err
		}
	}
	for name, value := range c.counters {
		if err := to.Counter(name, value); err != nil {
			return err
		}
	}
	return nil
}

func kinds() []issuer.Kind { return append(issuer.Kinds(), notes) }

func TestCopy(t *testing.T) {
	s, _ := noted(t)
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		for i := range 2500 {
			if err := tx.Put(notes, note(fmt.Sprintf("n%04d", i), 0, "tëxt")); err != nil {
				return err
			}
		}
		_, err := tx.Next("serial")
		return err
	}))
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error { return tx.Put(notes, note("n0007", 1, "second")) }))
	var out copied
	must(t, s.Export(t.Context(), kinds(), &out))
	if len(out.rows) != 2500 || out.rows[7].Version != 2 || out.counters["serial"] != 1 {
		t.Fatalf("%d rows, counters %v", len(out.rows), out.counters)
	}
	target, address := noted(t)
	must(t, target.Import(t.Context(), out.give))
	var again copied
	must(t, target.Export(t.Context(), kinds(), &again))
	if diff := cmp.Diff(out, again, cmp.AllowUnexported(copied{})); diff != "" {
		t.Error(diff)
	}
	must(t, target.Check(t.Context(), kinds(), func(sentence string) { t.Errorf("fault: %s", sentence) }))
	if err := target.Import(t.Context(), out.give); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("error %v", err)
	}
	must(t, open(t, address).Close())
	if err := s.Export(t.Context(), issuer.Kinds(), &copied{}); err == nil || !strings.Contains(err.Error(), "left behind") {
		t.Errorf("error %v", err)
	}
	stop := errors.New("the sink is full")
	if err := s.Export(t.Context(), kinds(), full{stop}); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
}

type full struct{ err error }

func (f full) Row(issuer.Kind, issuer.Row) error { return f.err }
func (f full) Counter(string, uint64) error      { return f.err }

// TestDamage: a row that is not as it was written is never given out, and is found.
func TestDamage(t *testing.T) {
	s, address := noted(t)
	for name, damage := range map[string]string{
		"body":    `UPDATE "note" SET "body" = '"Yes"' WHERE "id" = 'bad'`,
		"version": `UPDATE "note" SET "version" = 7 WHERE "id" = 'bad'`,
		"sign":    `UPDATE "note" SET "version" = -1 WHERE "id" = 'bad'`,
		"order":   `UPDATE "note" SET "ord" = 'z' WHERE "id" = 'bad'`,
		"lookup":  `UPDATE "note" SET "topic" = 'x' || "topic" WHERE "id" = 'bad'`,
		"nothing": `UPDATE "note" SET "topic" = NULL WHERE "id" = 'bad'`,
		"id":      `DELETE FROM "note" WHERE "id" = 'bad'; UPDATE "note" SET "id" = 'bad' WHERE "id" = 'good'`,
		"counter": `UPDATE "counter" SET "value" = 3`,
	} {
		t.Run(name, func(t *testing.T) {
			sql(t, address, `DELETE FROM "note"`, `DELETE FROM "counter"`)
			must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
				_, err := tx.Next("serial")
				return errors.Join(err, tx.Put(notes, note("bad", 0, "yes")), tx.Put(notes, note("good", 0, "no")))
			}))
			sql(t, address, damage)
			get := func(tx issuer.Tx) error {
				_, err := tx.Get(notes, "bad")
				return err
			}
			list := func(tx issuer.Tx) error {
				_, _, err := tx.List(notes, issuer.Query{})
				return err
			}
			put := func(tx issuer.Tx) error { return tx.Put(notes, note("bad", 1, "over it")) }
			next := func(tx issuer.Tx) error {
				_, err := tx.Next("serial")
				return err
			}
			errs := map[string]error{
				"get": s.View(t.Context(), get), "get to change": s.Update(t.Context(), get), "list": s.View(t.Context(), list),
				"list to change": s.Update(t.Context(), list), "put": s.Update(t.Context(), put),
			}
			if name == "counter" {
				errs = map[string]error{"next": s.Update(t.Context(), next)}
			}
			errs["export"] = s.Export(t.Context(), kinds(), &copied{})
			for what, err := range errs {
				if !errors.Is(err, issuer.ErrDamaged) || name != "counter" && !strings.Contains(err.Error(), "note bad") {
					t.Errorf("%s: %v", what, err)
				}
			}
			var faults []string
			must(t, s.Check(t.Context(), kinds(), func(sentence string) { faults = append(faults, sentence) }))
			if len(faults) != 1 {
				t.Errorf("faults %q", faults)
			}
		})
	}
}
