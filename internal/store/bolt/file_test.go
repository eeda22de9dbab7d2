package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

// refusedFile says how Open and OpenReadOnly answer to a file.
func refusedFile(t *testing.T, data []byte) (opened, looked error) {
	t.Helper()
	folder := t.TempDir()
	write(t, folder, data)
	s, looked := bolt.OpenReadOnly(folder)
	if looked == nil {
		looked = s.Close()
	}
	s, opened = bolt.Open(folder)
	if opened == nil {
		opened = s.Close()
	} else if !bytes.Equal(contents(t, folder), data) {
		t.Error("the file was changed")
	}
	return opened, looked
}

func TestCutShort(t *testing.T) {
	folder := t.TempDir()
	library(t, folder, 200)
	good := used(t, folder)
	if opened, looked := refusedFile(t, good); opened != nil || looked != nil {
		t.Errorf("whole: %v, %v", opened, looked)
	}
	for _, size := range []int{1, 80, 100, 4095, 4096, 5000, 8191, 8192, 8193, 3 * 4096, 4 * 4096, len(good) / 3, len(good) / 2, len(good) - 4096, len(good) - 1} {
		opened, looked := refusedFile(t, good[:size])
		for _, err := range []error{opened, looked} {
			if !errors.Is(err, issuer.ErrDamaged) || !strings.Contains(err.Error(), "docs/operate.md") {
				t.Errorf("%d bytes of %d: %v", size, len(good), err)
			}
		}
	}
}

func TestMetaPages(t *testing.T) {
	folder := t.TempDir()
	library(t, folder, 100)
	good := used(t, folder)
	over := func(from, to int) []byte {
		return append(append(bytes.Clone(good[:from]), bytes.Repeat([]byte{0xFF}, to-from)...), good[to:]...)
	}
	for name, data := range map[string][]byte{
		"both overwritten": over(0, 8192), "both empty": append(make([]byte, 8192), good[8192:]...), "text": []byte(strings.Repeat("x", 40000)),
	} {
		opened, looked := refusedFile(t, data)
		if !errors.Is(opened, issuer.ErrDamaged) || !errors.Is(looked, issuer.ErrDamaged) {
			t.Errorf("%s: %v, %v", name, opened, looked)
		}
	}
	// With one of the two the store can be looked at, and saved, but not go on: its last change may be missing.
	for name, data := range map[string][]byte{"first": over(0, 4096), "second": over(4096, 8192)} {
		if opened, looked := refusedFile(t, data); !errors.Is(opened, issuer.ErrDamaged) || looked != nil {
			t.Errorf("%s overwritten: %v, %v", name, opened, looked)
		}
		folder := t.TempDir()
		write(t, folder, data)
		s, err := bolt.OpenReadOnly(folder)
		if err != nil {
			t.Fatal(err)
		}
		if found := faults(t, s); len(found) == 0 || !strings.Contains(found[len(found)-1], "last change may be missing") {
			t.Errorf("%s overwritten: the check finds %q", name, found)
		}
		s.Close()
	}
	// The head of a page but for its number and kind, and what comes after the checksum, says nothing.
	silent := func(at int) bool { return at >= 10 && at < 16 || at >= 80 }
	for _, page := range []int{0, 4096} {
		step := 1
		if testing.Short() {
			step = 3
		}
		for at := 0; at < 100; at += step {
			data := bytes.Clone(good)
			data[page+at] ^= 1 << (at % 8)
			opened, looked := refusedFile(t, data)
			if silent(at) != (opened == nil) || opened != nil && !errors.Is(opened, issuer.ErrDamaged) || looked != nil {
				t.Errorf("byte %d flipped: %v, %v", page+at, opened, looked)
			}
		}
	}
}

// TestFreePages changes the list of free pages, from which bbolt gives pages away.
func TestFreePages(t *testing.T) {
	folder := t.TempDir()
	library(t, folder, 200)
	good := used(t, folder)
	list := 0
	for page := 2; page < len(good)/4096; page++ {
		if binary.NativeEndian.Uint16(good[page*4096+8:]) == 0x10 && binary.NativeEndian.Uint64(good[page*4096:]) == uint64(page) {
			list = page // the newest is one of them: each is tried
			for _, change := range []struct {
				name string
				at   int
				to   []byte
			}{
				{"kind", 8, []byte{2}}, {"count", 10, []byte{0xFE, 0xFF}}, {"first", 16, []byte{1, 0}}, {"order", 16, []byte{0xFF, 0xFF, 0xFF}},
				{"twice", 24, good[page*4096+16 : page*4096+24]},
			} {
				data := bytes.Clone(good)
				copy(data[page*4096+change.at:], change.to)
				opened, _ := refusedFile(t, data)
				if opened != nil && !strings.Contains(opened.Error(), "list of free pages") {
					t.Errorf("%s: %v", change.name, opened)
				}
				if opened != nil {
					list = -1
				}
			}
		}
		if list < 0 {
			return
		}
	}
	t.Error("no change of the list was refused")
}

// TestCircle has a branch page lead to itself, and a bucket to the root of all: bbolt would follow for ever.
func TestCircle(t *testing.T) {
	folder := t.TempDir()
	want := library(t, folder, 300)
	good := used(t, folder)
	circles := 0
	for page := 2; page < len(good)/4096; page++ {
		head := good[page*4096:]
		if binary.NativeEndian.Uint64(head) != uint64(page) || binary.NativeEndian.Uint16(head[8:]) != 1 {
			continue
		}
		for element := range int(binary.NativeEndian.Uint16(head[10:])) {
			if element > 2 || element > 0 && testing.Short() {
				break
			}
			data := bytes.Clone(good)
			binary.NativeEndian.PutUint64(data[page*4096+16+16*element+8:], uint64(page))
			write(t, folder, data)
			s, err := bolt.Open(folder)
			if err != nil {
				if !errors.Is(err, issuer.ErrDamaged) {
					t.Error(err)
				}
				continue
			}
			if survey(t, fmt.Sprintf("circle at page %d", page), s, want) > 0 {
				circles++
				if len(faults(t, s)) == 0 {
					t.Error("the check finds no circle")
				}
			}
			if err := s.Update(t.Context(), func(tx issuer.Tx) error {
				for i := range 20 {
					r := book(1000 + i)
					if err := tx.Put(books, r); err != nil && !errors.Is(err, issuer.ErrDamaged) {
						t.Error(err)
					}
				}
				return nil
			}); err != nil && !errors.Is(err, issuer.ErrDamaged) {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if circles == 0 {
		t.Error("no circle was come upon")
	}
}

// TestCheckOfRecords changes records and lists behind the back of the store, in pages that are sound.
func TestCheckOfRecords(t *testing.T) {
	shelf := func(i int) string { return fmt.Sprintf("shelf %d\x00%04d\x00%s", i%3, i, book(i).ID) }
	gone := func([]byte) []byte { return nil }
	for _, test := range []struct {
		name, bucket, key string
		change            func([]byte) []byte
		want              string
		refuses           bool // the list does not go on over it
	}{
		{"a record is changed", "rows/book", book(7).ID, func(old []byte) []byte { old[len(old)-2]++; return old }, "book " + book(7).ID, true},
		{"a record is missing", "rows/book", book(7).ID, gone, book(7).ID, true},
		{"a record under the name of another", "rows/book", "other", func([]byte) []byte { return []byte{2, 0, 0, 0, 0} }, "book other", false},
		{"an entry of a list is missing", "by/book/shelf", shelf(7), gone, "The book " + book(7).ID + " is missing in the list by shelf", false},
		{"an entry of a list leads nowhere", "by/book/shelf", "shelf 1\x000001\x00nowhere", func([]byte) []byte { return []byte{} }, "nowhere", true},
		{"an entry of a list leads to one that is not in it", "by/book/shelf", "shelf 1\x000001\x00" + book(6).ID,
			func([]byte) []byte { return []byte{} }, book(6).ID, true},
		{"an entry is none", "by/book/author", "nothing", func([]byte) []byte { return []byte{} }, "leads to no record", false},
		{"a counter is changed", "counters", "counter 0", func(old []byte) []byte { old[0]++; return old }, "counter 0", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			library(t, folder, 40)
			raw(t, folder, test.bucket, test.key, test.change)
			for how, open := range map[string]func(string) (*bolt.Store, error){"Open": bolt.Open, "OpenReadOnly": bolt.OpenReadOnly} {
				s, err := open(folder)
				if err != nil {
					t.Fatal(err)
				}
				if found := faults(t, s); !strings.Contains(strings.Join(found, "\n"), test.want) {
					t.Errorf("%s: found %q", how, found)
				}
				err = s.View(t.Context(), func(tx issuer.Tx) error {
					_, _, err := tx.List(books, issuer.Query{By: "shelf", Value: "shelf 1"})
					return err
				})
				if test.refuses != errors.Is(err, issuer.ErrDamaged) {
					t.Errorf("the list: %v", err)
				}
				s.Close()
			}
		})
	}
}

// TestDamageUnderWriter flips bits in a file that is open and written to: bits rot under running servers.
func TestDamageUnderWriter(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 3
	}
	for at := range rounds {
		folder := t.TempDir()
		want := library(t, folder, 120)
		s, err := bolt.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		data := contents(t, folder)
		db := bolt.Used(s)
		flipped := 2 + (at*37)%(db-2)
		overwrite(t, folder, int64(flipped*4096+at*5), data[flipped*4096+at*5]^0x11)
		for i := range 40 {
			r := book(500 + i)
			err := s.Update(t.Context(), func(tx issuer.Tx) error {
				if err := tx.Delete(books, book(i).ID); err != nil && !errors.Is(err, issuer.ErrNotFound) {
					return err
				}
				return tx.Put(books, r)
			})
			if err != nil && !errors.Is(err, issuer.ErrDamaged) {
				t.Errorf("page %d: %v", flipped, err)
			}
			if err == nil {
				delete(want, book(i).ID)
				r.Version = 1
				want[r.ID] = r
			}
		}
		survey(t, fmt.Sprintf("page %d under a writer", flipped), s, want)
		if err := s.Close(); err != nil {
			t.Errorf("page %d: %v", flipped, err)
		}
	}
}

// TestDamageAtCommit has bbolt come upon a damaged page while it commits: it joins pages that have become small, and nothing has
// looked at those beside them before.
func TestDamageAtCommit(t *testing.T) {
	folder := t.TempDir()
	want := library(t, folder, 200)
	good := used(t, folder)
	stopped := 0
	for page := 2; page < len(good)/4096 && stopped < 3; page++ {
		head := good[page*4096:]
		if binary.NativeEndian.Uint64(head) != uint64(page) || binary.NativeEndian.Uint16(head[8:]) != 2 || !bytes.Contains(head[:4096], []byte(`{"n":`)) {
			continue
		}
		data := bytes.Clone(good)
		data[page*4096] ^= 1
		write(t, folder, data)
		s, err := bolt.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Update(t.Context(), func(tx issuer.Tx) error {
			for i, id := range slices.Sorted(maps.Keys(want)) {
				if i%4 == 0 {
					continue
				}
				if err := tx.Delete(books, id); err != nil && !errors.Is(err, issuer.ErrDamaged) {
					t.Error(err)
				}
			}
			return nil
		})
		if err != nil {
			stopped++
			if !errors.Is(err, issuer.ErrDamaged) {
				t.Error(err)
			}
			err = s.Update(t.Context(), func(tx issuer.Tx) error { _, err := tx.Next("after"); return err })
			if !errors.Is(err, issuer.ErrDamaged) || !strings.Contains(err.Error(), "docs/operate.md") {
				t.Errorf("writing goes on: %v", err)
			}
			survey(t, "after a commit that failed", s, want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if stopped == 0 {
		t.Error("no commit failed")
	}
}

// TestUsable: what is readable and no more is told before a server is started with it.
func TestUsable(t *testing.T) {
	folder := t.TempDir()
	s, err := bolt.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := bolt.Usable(folder); err != nil {
		t.Errorf("a sound file: %v", err)
	}
	path := filepath.Join(folder, bolt.FileName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[os.Getpagesize()+30] ^= 1 // in the second of its first pages
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := bolt.Usable(folder); !errors.Is(err, issuer.ErrDamaged) {
		t.Errorf("a damaged page: %v", err)
	}
	looked, err := bolt.OpenReadOnly(folder)
	if err != nil {
		t.Fatalf("it cannot be looked at: %v", err)
	}
	if err := looked.Close(); err != nil {
		t.Error(err)
	}
}
