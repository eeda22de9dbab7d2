package bolt_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

func long(what string) []byte { return fmt.Appendf(nil, `{"text":%q}`, strings.Repeat(what, 3000)) }

// inside is a row with its body in it, however long, as schema 2 wrote it.
func inside(r issuer.Row) []byte {
	text := func(out []byte, s string) []byte { return append(binary.AppendUvarint(out, uint64(len(s))), s...) }
	out := binary.BigEndian.AppendUint32([]byte{2}, store.Sum(books, r))
	out = text(binary.BigEndian.AppendUint64(out, r.Version), r.Order)
	out = binary.AppendUvarint(out, uint64(len(r.Lookups)))
	for _, lookup := range r.Lookups {
		out = text(out, lookup)
	}
	return append(out, r.Body...)
}

// schema2 makes a store of schema 2 out of one whose rows are all short: it had no other.
func schema2(t *testing.T, folder string, rows map[string]issuer.Row) {
	t.Helper()
	s, err := bolt.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx issuer.Tx) error {
		for _, r := range rows {
			r.Version, r.Body = 0, []byte("{}")
			if err := tx.Put(books, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	for id, r := range rows {
		raw(t, folder, "rows/book", id, func([]byte) []byte { return inside(r) })
	}
	raw(t, folder, "meta", "schema", func([]byte) []byte {
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, 2), store.SumCounter("schema", 2))
	})
}

// held counts the bodies of books that lie apart.
func held(t *testing.T, folder string) (count int) {
	t.Helper()
	db, err := bbolt.Open(folder+"/"+bolt.FileName, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_ = db.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket([]byte("bodies/book")); b != nil {
			count = b.Stats().KeyN
		}
		return nil
	})
	return count
}

func TestSchema2(t *testing.T) {
	folder, rows := t.TempDir(), map[string]issuer.Row{}
	for i := range 8 {
		r := book(i)
		r.Version, r.Body = 1, long(fmt.Sprint(i))
		rows[r.ID] = r
	}
	schema2(t, folder, rows)
	for _, open := range []func(string) (*bolt.Store, error){bolt.OpenReadOnly, bolt.Open, bolt.Open} {
		s, err := open(folder)
		if err != nil {
			t.Fatal(err)
		}
		whole(t, s, rows)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := held(t, folder); n != 0 {
		t.Errorf("%d bodies lie apart before their rows are written", n)
	}
	s, err := bolt.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	r := rows[book(3).ID]
	if err := s.Update(t.Context(), func(tx issuer.Tx) error { return tx.Put(books, r) }); err != nil {
		t.Fatal(err)
	}
	r.Version++
	rows[r.ID] = r
	whole(t, s, rows)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := held(t, folder); n != 1 {
		t.Errorf("%d bodies lie apart once one row was written", n)
	}
}

func TestBodies(t *testing.T) {
	folder, rows := t.TempDir(), map[string]issuer.Row{}
	s, err := bolt.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	put := func(i int, body []byte, fail error) {
		t.Helper()
		r := book(i)
		r.Version, r.Body = rows[r.ID].Version, body
		err := s.Update(t.Context(), func(tx issuer.Tx) error { return errors.Join(tx.Put(books, r), fail) })
		if !errors.Is(err, fail) {
			t.Fatal(err)
		}
		if fail == nil {
			r.Version++
			rows[r.ID] = r
		}
	}
	check := func(apart int) {
		t.Helper()
		whole(t, s, rows)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if n := held(t, folder); n != apart {
			t.Errorf("%d bodies lie apart, want %d", n, apart)
		}
		sound(t, folder)
		if s, err = bolt.Open(folder); err != nil {
			t.Fatal(err)
		}
	}
	failed := errors.New("failed")
	for i := range 9 {
		put(i, long("first"), nil)
	}
	check(9)
	put(0, long("other"), failed)
	put(1, []byte("{}"), failed)
	put(9, long("new"), failed)
	check(9)
	put(1, []byte("{}"), nil)
	put(2, long("another"), nil)
	put(8, []byte("{}"), nil)
	put(9, long("new"), nil)
	check(8)
	remove := func(i int, fail error) {
		t.Helper()
		id := book(i).ID
		err := s.Update(t.Context(), func(tx issuer.Tx) error { return errors.Join(tx.Delete(books, id), fail) })
		if !errors.Is(err, fail) {
			t.Fatal(err)
		}
		if fail == nil {
			delete(rows, id)
		}
	}
	remove(3, failed)
	remove(4, nil)
	check(7)
	var copied []issuer.Row
	if err := s.Export(t.Context(), []issuer.Kind{books}, sink(func(r issuer.Row) { copied = append(copied, r) })); err != nil {
		t.Fatal(err)
	}
	for _, r := range copied {
		if !reflect.DeepEqual(r, rows[r.ID]) {
			t.Errorf("exported %s version %d", r.ID, r.Version)
		}
	}
	if len(copied) != len(rows) {
		t.Errorf("exported %d rows of %d", len(copied), len(rows))
	}
	for i := range 10 {
		if _, there := rows[book(i).ID]; there {
			remove(i, nil)
		}
	}
	check(0)
	put(5, long("again"), nil)
	check(1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

type sink func(issuer.Row)

func (s sink) Row(_ issuer.Kind, r issuer.Row) error { s(r); return nil }
func (s sink) Counter(string, uint64) error          { return nil }

// TestBodiesDamaged: what has happened to a body that lies apart is told by whoever asks for its row, and by the check.
func TestBodiesDamaged(t *testing.T) {
	first := string(binary.BigEndian.AppendUint64(nil, 1))
	for name, test := range map[string]struct {
		key    string
		change func(old []byte) []byte
		read   bool // the row is read all the same
	}{
		"lost":              {first, func([]byte) []byte { return nil }, false},
		"another one":       {first, func([]byte) []byte { return long("b") }, false},
		"cut short":         {first, func(old []byte) []byte { return old[:len(old)-1] }, false},
		"one of no record":  {"\x00\x00\x00\x00\x00\x00\x00\x09", func([]byte) []byte { return long("c") }, true},
		"a key of no place": {"short", func([]byte) []byte { return long("c") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			s, err := bolt.Open(folder)
			if err != nil {
				t.Fatal(err)
			}
			r := book(1)
			r.Body = long("a")
			if err := errors.Join(s.Update(t.Context(), func(tx issuer.Tx) error { return tx.Put(books, r) }), s.Close()); err != nil {
				t.Fatal(err)
			}
			raw(t, folder, "bodies/book", test.key, test.change)
			if s, err = bolt.Open(folder); err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			get := func() error {
				return s.View(t.Context(), func(tx issuer.Tx) error { _, err := tx.Get(books, r.ID); return err })
			}
			if err := get(); errors.Is(err, issuer.ErrDamaged) == test.read || err != nil == test.read {
				t.Errorf("reading: %v", err)
			}
			if found := faults(t, s); len(found) == 0 {
				t.Error("the check says nothing")
			}
		})
	}
	t.Run("a row that is taken for one with a body", func(t *testing.T) {
		folder := t.TempDir()
		s, err := bolt.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		r := book(1)
		r.Body = long("a")
		if err := errors.Join(s.Update(t.Context(), func(tx issuer.Tx) error { return tx.Put(books, r) }), s.Close()); err != nil {
			t.Fatal(err)
		}
		raw(t, folder, "rows/book", r.ID, func(old []byte) []byte { old[0] ^= 1; return old })
		if s, err = bolt.Open(folder); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		err = s.View(t.Context(), func(tx issuer.Tx) error { _, err := tx.Get(books, r.ID); return err })
		if !errors.Is(err, issuer.ErrDamaged) {
			t.Errorf("error %v", err)
		}
	})
}
