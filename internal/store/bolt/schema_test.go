package bolt_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

// schema1 writes a store as the first release did: rows and counters without checksums.
func schema1(t testing.TB, folder string, rows map[string]issuer.Row) {
	t.Helper()
	text := func(out []byte, s string) []byte { return append(binary.AppendUvarint(out, uint64(len(s))), s...) }
	db, err := bbolt.Open(filepath.Join(folder, bolt.FileName), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(func(tx *bbolt.Tx) error {
		bucket := map[string]*bbolt.Bucket{}
		for _, name := range []string{"meta", "counters", "rows/book", "by/book/shelf", "by/book/author", "rows/entry"} {
			b, err := tx.CreateBucket([]byte(name))
			if err != nil {
				return err
			}
			bucket[name] = b
		}
		errs := []error{bucket["meta"].Put([]byte("schema"), binary.BigEndian.AppendUint64(nil, 1))}
		for i := range 10 {
			errs = append(errs, bucket["counters"].Put(fmt.Append(nil, "counter ", i), binary.BigEndian.AppendUint64(nil, uint64(i+1))))
		}
		for _, id := range slices.Sorted(maps.Keys(rows)) {
			r := rows[id]
			value := binary.AppendUvarint(text(binary.BigEndian.AppendUint64(nil, r.Version), r.Order), uint64(len(r.Lookups)))
			for i, lookup := range r.Lookups {
				value = text(value, lookup)
				key := []byte(lookup + "\x00" + r.Order + "\x00" + id)
				errs = append(errs, bucket["by/book/"+books.Lookups[i]].Put(key, []byte{}))
			}
			errs = append(errs, bucket["rows/book"].Put([]byte(id), append(value, r.Body...)))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func booksOf(count int) map[string]issuer.Row {
	rows := map[string]issuer.Row{}
	for i := range count {
		r := book(i)
		r.Version = uint64(i%4 + 1)
		rows[r.ID] = r
	}
	return rows
}

// whole says what is wrong with a store of booksOf and its counters.
func whole(t testing.TB, s *bolt.Store, rows map[string]issuer.Row) {
	t.Helper()
	if n := survey(t, "upgraded", s, rows); n > 0 {
		t.Errorf("%d errors", n)
	}
	for _, sentence := range faults(t, s) {
		t.Error(sentence)
	}
}

func TestSchema1(t *testing.T) {
	rows := booksOf(250)
	t.Run("is read as it is for looking", func(t *testing.T) {
		folder := t.TempDir()
		schema1(t, folder, rows)
		before := string(contents(t, folder))
		s, err := bolt.OpenReadOnly(folder)
		if err != nil {
			t.Fatal(err)
		}
		whole(t, s, rows)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if string(contents(t, folder)) != before {
			t.Error("the file was changed")
		}
	})
	t.Run("is brought up to date, however often that is cut short", func(t *testing.T) {
		folder := t.TempDir()
		schema1(t, folder, rows)
		for steps := 1; ; steps++ {
			done, err := bolt.Upgrade(folder, 7)
			if err != nil {
				t.Fatal(err)
			}
			if steps%9 == 0 { // half of it is looked at
				s, err := bolt.OpenReadOnly(folder)
				if err != nil {
					t.Fatal(err)
				}
				if n := survey(t, "half-way", s, rows); n > 0 {
					t.Errorf("%d errors", n)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if done {
				if steps < 260/7 {
					t.Errorf("done after %d steps", steps)
				}
				break
			}
		}
		s, err := bolt.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		whole(t, s, rows)
		for i := range 10 {
			err := s.Update(t.Context(), func(tx issuer.Tx) error {
				n, err := tx.Next(fmt.Sprint("counter ", i))
				if n != uint64(i+2) {
					t.Errorf("counter %d gives %d", i, n)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("goes on where Open was cut short", func(t *testing.T) {
		folder := t.TempDir()
		schema1(t, folder, rows)
		if _, err := bolt.Upgrade(folder, 100); err != nil {
			t.Fatal(err)
		}
		s, err := bolt.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		whole(t, s, rows)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		sound(t, folder)
	})
	t.Run("afterwards a row without a checksum is damaged", func(t *testing.T) {
		folder := t.TempDir()
		schema1(t, folder, booksOf(3))
		s, err := bolt.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		raw(t, folder, "rows/book", book(1).ID, func(old []byte) []byte { return old[5:] })
		if s, err = bolt.Open(folder); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		err = s.View(t.Context(), func(tx issuer.Tx) error { _, err := tx.Get(books, book(1).ID); return err })
		if !errors.Is(err, issuer.ErrDamaged) || !strings.Contains(err.Error(), "book "+book(1).ID) {
			t.Errorf("error %v", err)
		}
	})
}

// raw changes one value of a store behind its back; nil takes it away.
func raw(t testing.TB, folder, bucket, key string, change func(old []byte) []byte) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(folder, bolt.FileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists([]byte(bucket))
		if err != nil {
			return err
		}
		value := change(append([]byte(nil), b.Get([]byte(key))...))
		if value == nil {
			return b.Delete([]byte(key))
		}
		return b.Put([]byte(key), value)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRefused opens files that this version must not use.
func TestRefused(t *testing.T) {
	put := func(value ...byte) func([]byte) []byte { return func([]byte) []byte { return value } }
	for _, test := range []struct {
		name   string
		change func(t *testing.T, folder string)
		want   error
	}{
		{"a newer schema", func(t *testing.T, folder string) {
			raw(t, folder, "meta", "schema", put(0, 0, 0, 0, 0, 0, 0, 4))
		}, store.ErrNewer},
		{"half an import", func(t *testing.T, folder string) { raw(t, folder, "meta", "import", put(1)) }, store.ErrHalf},
		{"a schema that does not fit its checksum", func(t *testing.T, folder string) {
			raw(t, folder, "meta", "schema", func(old []byte) []byte { old[9] ^= 1; return old })
		}, issuer.ErrDamaged},
		{"no schema", func(t *testing.T, folder string) {
			raw(t, folder, "meta", "schema", put()) // nil takes it away
		}, issuer.ErrDamaged},
		{"a bucket that nobody made", func(t *testing.T, folder string) { raw(t, folder, "rows/bool", "a", put(1)) }, issuer.ErrDamaged},
		{"a bucket that is missing", func(t *testing.T, folder string) {
			raw(t, folder, "meta", "has/rows/lost", put(make([]byte, 12)...))
		}, issuer.ErrDamaged},
		{"a folder instead of a file", func(t *testing.T, folder string) {
			path := filepath.Join(folder, bolt.FileName)
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			library(t, folder, 40)
			test.change(t, folder)
			for how, open := range map[string]func(string) (*bolt.Store, error){"Open": bolt.Open, "OpenReadOnly": bolt.OpenReadOnly} {
				s, err := open(folder)
				if err == nil || test.want != nil && !errors.Is(err, test.want) {
					t.Errorf("%s: %v", how, err)
				}
				if err == nil {
					s.Close()
				}
			}
		})
	}
}
