// Package storetest is the conformance suite that every storage engine passes.
package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// Opener opens the store that lies under folder, which is empty at first, and returns how to close it. Opening the
// same folder again after a close shows the same records. Where the store is Shared, the same folder may be opened several
// times at once.
type Opener func(t testing.TB, folder string) (store issuer.Store, closeStore func())

// Engine is an engine with what the suite of copies and damage does to its stores.
type Engine struct {
	// Open opens the store that lies under folder, which is empty at first.
	Open func(t testing.TB, folder string) (store.Engine, error)
	// Damage changes one bit of the stored body of a record. No store is open meanwhile.
	Damage func(t testing.TB, folder string, k issuer.Kind, id string)
	// DamageCounter changes one bit of the stored value of a counter. No store is open meanwhile.
	DamageCounter func(t testing.TB, folder string, name string)
}

// note is the record that the suite writes.
type note struct {
	ID    string
	Topic string
	Seq   int
	Text  string
}

var notes = issuer.Table[note]{
	Kind:    issuer.Kind{Name: "note", Lookups: []string{"topic"}},
	Key:     func(n *note) string { return n.ID },
	Order:   func(n *note) string { return fmt.Sprintf("%08d", n.Seq) },
	Lookups: func(n *note) []string { return []string{n.Topic} },
}

var (
	plain = issuer.Kind{Name: "plain-note"}
	// filed is a kind to which a lookup was added after it was first in use; earlier is what it was before.
	filed   = issuer.Kind{Name: "filed-note", Lookups: []string{"topic", "by-author"}}
	earlier = issuer.Kind{Name: filed.Name, Lookups: filed.Lookups[:1]}
)

// Kinds are the kinds of record that the suite writes, for engines that must know them before.
func Kinds() []issuer.Kind { return []issuer.Kind{notes.Kind, plain, filed} }

// Run runs the suite of what every issuer.Store does. Making a store takes its time on some engines, so the tests take turns with
// a few of them; each begins without records, and counts with counters of its own.
func Run(t *testing.T, open Opener) {
	alone, closeAlone := open(t, t.TempDir())
	defer closeAlone()
	type test struct {
		name string
		run  func(t *testing.T, s issuer.Store)
	}
	for _, test := range []test{
		{"the edges of queries", queries}, // first, of a store that nobody has written to
		{"a record is read back in its own transaction and after it", readYourWrites},
		{"a missing record is not found", missing},
		{"a stale version conflicts", staleVersion},
		{"a failed update leaves nothing and spares its neighbours", failedUpdate},
		{"a panic leaves nothing and reaches its caller", panicking},
		{"an update that ends its goroutine leaves nothing", goexit},
		{"a view cannot write", readOnly},
		{"records that cannot be stored are refused", unfit},
		{"ids that cannot be stored are not found", unfitIDs},
		{"versions count writes and end with the record", versions},
		{"rows from before a lookup was declared", olderRows},
		{"a view keeps its snapshot", snapshot},
		{"a view that has read keeps its snapshot", snapshotOfRead},
		{"no increment is lost among 50 writers", lostUpdate},
		{"counters are unique among 50 goroutines", counters},
		{"a cancelled context never starts", cancelled},
		{"a context that ends while fn runs spares the neighbours", cancelledInside},
		{"a changed lookup moves the record", movedLookup},
		{"pages hold every record once, both ways", pages},
		{"pages stay as they are while records come and go", pagesUnderWrites},
		{"a foreign cursor is refused", foreignCursor},
		{"an update lists what it has written itself", ownWrites},
		{"an update lists what is left of many records", emptied},
		{"lists come in the order of bytes", byteOrder},
		{"the model", model},
	} {
		t.Run(test.name, func(t *testing.T) {
			must(t, empty(on(t, alone), Kinds()))
			test.run(t, alone)
		})
	}
	t.Run("what was committed is there after reopening", func(t *testing.T) { reopen(t, open) })
	folder := t.TempDir()
	for _, test := range []struct {
		name string
		run  func(t *testing.T, first, second issuer.Store)
	}{
		{"what one has written the other reads at once", seenAtOnce},
		{"no increment is lost, and no conflict is left to the caller", bothIncrement},
		{"counters are unique among 50 goroutines", bothCount},
		{"no write skew", writeSkew},
		{"what is not there is made once", phantoms},
		{"nobody sees a half", halves},
		{"neither starves", fairness},
	} {
		t.Run("two at once/"+test.name, func(t *testing.T) {
			// Opened anew, so that no engine goes easy on them after the conflicts of the test before.
			first, closeFirst := open(t, folder)
			defer closeFirst()
			second := first // one process has it: the same must hold between its goroutines
			if first.Shared() {
				var closeSecond func()
				second, closeSecond = open(t, folder)
				defer closeSecond()
			}
			must(t, empty(on(t, first), Kinds()))
			test.run(t, first, second)
		})
	}
}

func put(t testing.TB, s issuer.Store, n note) {
	t.Helper()
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		_, version, err := notes.Get(tx, n.ID)
		if err != nil && !errors.Is(err, issuer.ErrNotFound) {
			return err
		}
		return notes.Put(tx, &n, version)
	}))
}

func get(t testing.TB, s issuer.Store, id string) (found note, err error) {
	t.Helper()
	err = s.View(t.Context(), func(tx issuer.Tx) error {
		found, _, err = notes.Get(tx, id)
		return err
	})
	return found, err
}

func list(t testing.TB, s issuer.Store, q issuer.Query) (ids []string, next string) {
	t.Helper()
	must(t, s.View(t.Context(), func(tx issuer.Tx) error {
		var found []note
		var err error
		found, next, err = notes.List(tx, q)
		for _, n := range found {
			ids = append(ids, n.ID)
		}
		return err
	}))
	return ids, next
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t testing.TB, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("error %v, want %v", got, want)
	}
}

func wantSame(t testing.TB, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// parallel runs fn in count goroutines and reports every error.
func parallel(t *testing.T, count int, fn func(i int) error) {
	t.Helper()
	var group sync.WaitGroup
	for i := range count {
		group.Go(func() {
			if err := fn(i); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}
