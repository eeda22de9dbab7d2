package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/internal/store/storetest"
	"github.com/laurelbadges/laurel/issuer"
)

// keep is one kind of the product for each shape: without lookups, with one, with several.
func keep(t *testing.T) (kinds []issuer.Kind) {
	t.Helper()
	seen := map[int]bool{}
	for _, k := range issuer.Kinds() {
		if shape := min(len(k.Lookups), 2); !seen[shape] {
			seen[shape] = true
			kinds = append(kinds, k)
		}
	}
	if len(kinds) != 3 {
		t.Fatalf("kinds %v", kinds)
	}
	return kinds
}

func open(t *testing.T) (onFile, onServer store.Engine) {
	t.Helper()
	url := pgtest.Start(t).Database(t)
	left, err := bolt.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = left.Close() })
	right, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = right.Close() })
	return left, right
}

// TestEnginesAgree runs the same transactions on both engines: every answer is the same, down to the cursors, and so is what
// they hold in the end.
func TestEnginesAgree(t *testing.T) {
	left, right := open(t)
	storetest.Compare(t, keep(t), left, right)
}

// TestCopyBetweenEngines copies records of every kind of the product from each engine into the other.
func TestCopyBetweenEngines(t *testing.T) {
	for _, test := range []struct {
		name     string
		from, to func(onFile, onServer store.Engine) store.Engine
	}{
		{"bbolt to PostgreSQL", file, server},
		{"PostgreSQL to bbolt", server, file},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			onFile, onServer := open(t)
			from, to := test.from(onFile, onServer), test.to(onFile, onServer)
			err := from.Update(t.Context(), func(tx issuer.Tx) error {
				for _, k := range issuer.Kinds() {
					for _, id := range []string{"a", "B", "ü", strings.Repeat("x", store.MaxText)} {
						row := issuer.Row{ID: id, Order: "o" + id[:1], Body: []byte("{\"a\":  \"\\u0000 " + id + "\"}")}
						for i := range k.Lookups {
							row.Lookups = append(row.Lookups, []string{"x", "", id}[i%3])
						}
						if id == "ü" {
							row.Order = ""
						}
						if err := tx.Put(k, row); err != nil {
							return err
						}
					}
					if len(k.Lookups) == 0 {
						continue
					}
					// From before the last lookup was declared.
					k.Lookups = k.Lookups[:len(k.Lookups)-1]
					if err := tx.Put(k, issuer.Row{ID: "old", Lookups: make([]string, len(k.Lookups)), Body: []byte("{}")}); err != nil {
						return err
					}
				}
				_, err := tx.Next("counter")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := to.Import(t.Context(), func(sink store.Sink) error { return from.Export(t.Context(), issuer.Kinds(), sink) }); err != nil {
				t.Fatal(err)
			}
			storetest.Same(t, issuer.Kinds(), from, to)
			if err := from.Import(t.Context(), func(store.Sink) error { return nil }); !errors.Is(err, store.ErrNotEmpty) {
				t.Errorf("importing into the source: %v", err)
			}
		})
	}
}

func file(onFile, _ store.Engine) store.Engine { return onFile }

func server(_, onServer store.Engine) store.Engine { return onServer }
