package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

// books is a kind with everything: lookups with few values and many, an order, large and small bodies.
var books = issuer.Kind{Name: "book", Lookups: []string{"shelf", "author"}}

var kinds = []issuer.Kind{books, entries}

func book(i int) issuer.Row {
	return issuer.Row{
		ID: fmt.Sprintf("id%05d", i*7919%100003), Order: fmt.Sprintf("%04d", i),
		Lookups: []string{fmt.Sprintf("shelf %d", i%3), fmt.Sprintf("author %d", i)},
		Body:    fmt.Appendf(nil, `{"n":%d,"text":%q}`, i, strings.Repeat("leaf ", i%5*(1+i%11)*40)),
	}
}

// deep is a book whose keys are so long that few share a page, and trees are deep.
func deep(i int) issuer.Row {
	r := book(i)
	r.ID += strings.Repeat("-", 400)
	return r
}

// library fills a store with count books, and takes some away again so that there are free pages.
func library(t testing.TB, folder string, count int) map[string]issuer.Row {
	t.Helper()
	return libraryOf(t, folder, count, book)
}

func libraryOf(t testing.TB, folder string, count int, book func(int) issuer.Row) map[string]issuer.Row {
	t.Helper()
	s, err := bolt.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := map[string]issuer.Row{}
	for from := 0; from < count; from += 40 {
		err := s.Update(t.Context(), func(tx issuer.Tx) error {
			for i := from; i < min(from+40, count); i++ {
				r := book(i)
				if err := tx.Put(books, r); err != nil {
					return err
				}
				r.Version = 1
				want[r.ID] = r
			}
			if from > 0 {
				gone := book(from - 20).ID
				delete(want, gone)
				if err := tx.Delete(books, gone); err != nil {
					return err
				}
			}
			_, err := tx.Next(fmt.Sprintf("counter %d", from%200))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return want
}

// survey reads everything there is in every way, and reports each answer that is wrong; to be told of damage is right.
func survey(t testing.TB, what string, s *bolt.Store, want map[string]issuer.Row) (hurt int) {
	t.Helper()
	told := func(err error) bool {
		if err != nil && !errors.Is(err, issuer.ErrDamaged) {
			t.Errorf("%s: error %v", what, err)
		}
		if err != nil {
			hurt++
		}
		return err != nil
	}
	shelves, lists := map[string]int{}, map[string]int{}
	for _, r := range want {
		shelves[r.Lookups[0]]++
	}
	err := s.View(context.Background(), func(tx issuer.Tx) error {
		for id, r := range want {
			if got, err := tx.Get(books, id); !told(err) && !reflect.DeepEqual(got, r) {
				t.Errorf("%s: %s is %+v", what, id, got)
			}
			rows, _, err := tx.List(books, issuer.Query{By: "author", Value: r.Lookups[1]})
			if !told(err) && (len(rows) != 1 || !reflect.DeepEqual(rows[0], r)) {
				t.Errorf("%s: %d rows by %s", what, len(rows), r.Lookups[1])
			}
		}
		for i, backward := range []bool{false, true} {
			for shelf := range shelves {
				rows, _, err := tx.List(books, issuer.Query{By: "shelf", Value: shelf, Limit: 1 << 20, Backward: backward})
				if !told(err) {
					lists[shelf] = len(rows)
					if len(rows) != shelves[shelf] {
						t.Errorf("%s: %d rows on %s, want %d (%d)", what, len(rows), shelf, shelves[shelf], i)
					}
				}
			}
			rows, _, err := tx.List(books, issuer.Query{Limit: 1 << 20, Backward: backward})
			if !told(err) && len(rows) != len(want) {
				t.Errorf("%s: %d rows, want %d", what, len(rows), len(want))
			}
		}
		return nil
	})
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	return hurt
}

func faults(t testing.TB, s *bolt.Store) (found []string) {
	t.Helper()
	if err := s.Check(context.Background(), kinds, func(sentence string) { found = append(found, sentence) }); err != nil && !errors.Is(err, issuer.ErrDamaged) {
		t.Error(err)
	} else if err != nil {
		found = append(found, err.Error())
	}
	return found
}

func write(t testing.TB, folder string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, bolt.FileName), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func contents(t testing.TB, folder string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, bolt.FileName))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// used is the part of a file that was ever written; bbolt lets files grow in large steps.
func used(t testing.TB, folder string) []byte {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(folder, bolt.FileName), 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var size int64
	_ = db.View(func(tx *bbolt.Tx) error {
		size = tx.Size()
		return nil
	})
	return contents(t, folder)[:size]
}

// sound has bbolt itself look at a file.
func sound(t testing.TB, folder string) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(folder, bolt.FileName), 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_ = db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Errorf("bbolt: %v", err)
		}
		return nil
	})
}

func TestCheckOfSound(t *testing.T) {
	folder := t.TempDir()
	want := library(t, folder, 600)
	s, err := bolt.OpenReadOnly(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n := survey(t, "sound", s, want); n > 0 {
		t.Errorf("%d errors", n)
	}
	for _, sentence := range faults(t, s) {
		t.Error(sentence)
	}
	if found := []string{}; s.Check(t.Context(), kinds[1:], func(s string) { found = append(found, s) }) != nil || len(found) != 4 {
		t.Errorf("with an unknown kind: %q", found)
	}
}

// TestDamageByFlips changes single bytes all over the file. Nothing may be told but what was written. LAUREL_FLIPS or
// LAUREL_CRASH_ROUNDS makes a long run.
func TestDamageByFlips(t *testing.T) {
	count := 60
	if os.Getenv("LAUREL_FLIPS") != "" || os.Getenv("LAUREL_CRASH_ROUNDS") != "" {
		count = 2500
	} else if testing.Short() {
		count = 10
	}
	t.Run("trees of two levels", func(t *testing.T) { flips(t, count, book) })
	t.Run("deep trees", func(t *testing.T) { flips(t, count, deep) })
}

func flips(t *testing.T, count int, book func(int) issuer.Row) {
	folder := t.TempDir()
	want := libraryOf(t, folder, 160, book)
	good := used(t, folder)
	random := rand.New(rand.NewPCG(1, 7))
	refused, told, unseen := 0, 0, 0
	flip := func(at int, mask byte) {
		data := append([]byte(nil), good...)
		data[at] ^= mask
		write(t, folder, data)
		what := fmt.Sprintf("byte %d of page %d, mask %02x", at%4096, at/4096, mask)
		s, err := bolt.Open(folder)
		if err != nil {
			refused++
			if !errors.Is(err, issuer.ErrDamaged) && !errors.Is(err, store.ErrNewer) && !errors.Is(err, store.ErrHalf) {
				t.Errorf("%s: opening: %v", what, err)
			}
			return
		}
		hurt := survey(t, what, s, want)
		found := faults(t, s)
		if hurt > 0 && len(found) == 0 {
			t.Errorf("%s: %d reads failed, and the check says nothing", what, hurt)
		}
		if len(found) > 0 {
			told++
		} else {
			unseen++
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: closing: %v", what, err)
		}
	}
	for range count {
		flip(random.IntN(len(good)), byte(1<<random.IntN(8)))
	}
	for range count {
		// Heads of pages and their elements, from where trees are led astray.
		flip(random.IntN(len(good)/4096)*4096+random.IntN(160), byte(1+random.IntN(255)))
	}
	runtime.GC()
	t.Logf("%d refused at the start, %d told by the check, %d in parts that nothing uses", refused, told, unseen)
}

func overwrite(t testing.TB, folder string, at int64, value byte) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(folder, bolt.FileName), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt([]byte{value}, at); err != nil {
		t.Fatal(err)
	}
}
