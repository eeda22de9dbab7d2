package storetest

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

func readYourWrites(t *testing.T, s issuer.Store) {
	first := note{ID: "a", Topic: "x", Text: "one"}
	second := note{ID: "a", Topic: "x", Text: "two"}
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		if err := notes.Put(tx, &first, 0); err != nil {
			return err
		}
		got, version, err := notes.Get(tx, "a")
		if err != nil {
			return err
		}
		wantSame(t, got, first)
		wantSame(t, version, uint64(1))
		found, _, err := notes.List(tx, issuer.Query{By: "topic", Value: "x"})
		if err != nil {
			return err
		}
		wantSame(t, found, []note{first})
		return notes.Put(tx, &second, version)
	}))
	got, err := get(t, s, "a")
	must(t, err)
	wantSame(t, got, second)
}

func missing(t *testing.T, s issuer.Store) {
	_, err := get(t, s, "a")
	wantError(t, err, issuer.ErrNotFound)
	remove := func(tx issuer.Tx) error { return tx.Delete(notes.Kind, "a") }
	wantError(t, s.Update(t.Context(), remove), issuer.ErrNotFound)
	put(t, s, note{ID: "a", Topic: "x"})
	must(t, s.Update(t.Context(), remove))
	wantError(t, s.Update(t.Context(), remove), issuer.ErrNotFound)
	_, err = get(t, s, "a")
	wantError(t, err, issuer.ErrNotFound)
	if ids, _ := list(t, s, issuer.Query{By: "topic", Value: "x"}); ids != nil {
		t.Errorf("a deleted record is still listed: %v", ids)
	}
}

func staleVersion(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "a"})
	for _, version := range []uint64{0, 2} {
		err := s.Update(t.Context(), func(tx issuer.Tx) error {
			return notes.Put(tx, &note{ID: "a", Text: "stale"}, version)
		})
		wantError(t, err, issuer.ErrConflict)
	}
	err := s.Update(t.Context(), func(tx issuer.Tx) error { return notes.Put(tx, &note{ID: "b"}, 1) })
	wantError(t, err, issuer.ErrConflict)
}

func failedUpdate(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "kept", Topic: "x", Text: "as it was"})
	put(t, s, note{ID: "gone", Topic: "x"})
	refused := errors.New("refused")
	parallel(t, 40, func(i int) error {
		err := s.Update(t.Context(), func(tx issuer.Tx) error {
			n := note{ID: fmt.Sprintf("n%02d", i), Topic: "x", Seq: i + 1}
			if err := notes.Put(tx, &n, 0); err != nil {
				return err
			}
			if i%2 == 0 {
				_, err := tx.Next("good")
				return err
			}
			kept, version, err := notes.Get(tx, "kept")
			if err != nil {
				return err
			}
			kept.Text, kept.Topic = "changed", "y"
			if _, err := tx.Next("good"); err != nil {
				return err
			}
			if err := notes.Put(tx, &kept, version); err != nil {
				return err
			}
			if err := notes.Put(tx, &kept, version+1); err != nil {
				return err
			}
			if err := tx.Delete(notes.Kind, "gone"); err != nil {
				return err
			}
			return refused
		})
		if i%2 == 1 && !errors.Is(err, refused) {
			return fmt.Errorf("update %d: error %v, want %v", i, err, refused)
		}
		if i%2 == 0 {
			return err
		}
		return nil
	})
	want := []string{"gone", "kept"}
	for i := 0; i < 40; i += 2 {
		want = append(want, fmt.Sprintf("n%02d", i))
	}
	ids, _ := list(t, s, issuer.Query{By: "topic", Value: "x"})
	wantSame(t, ids, want)
	if ids, _ := list(t, s, issuer.Query{By: "topic", Value: "y"}); ids != nil {
		t.Errorf("a failed update left index entries: %v", ids)
	}
	got, err := get(t, s, "kept")
	must(t, err)
	if got.Text != "as it was" {
		t.Errorf("a failed update left %q", got.Text)
	}
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		n, err := tx.Next("good")
		if n != 21 {
			t.Errorf("the counter stands at %d, want 21", n)
		}
		return err
	}))
}

func panicking(t *testing.T, s issuer.Store) {
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller")
			}
		}()
		_ = s.Update(t.Context(), func(tx issuer.Tx) error {
			if err := notes.Put(tx, &note{ID: "a"}, 0); err != nil {
				return err
			}
			panic("on purpose")
		})
	}()
	put(t, s, note{ID: "b"})
	if ids, _ := list(t, s, issuer.Query{}); !slices.Equal(ids, []string{"b"}) {
		t.Errorf("records %v, want b alone", ids)
	}
}

func readOnly(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "a"})
	err := s.View(t.Context(), func(tx issuer.Tx) error {
		if err := notes.Put(tx, &note{ID: "b"}, 0); err == nil {
			t.Error("a view may put")
		}
		if err := tx.Delete(notes.Kind, "a"); err == nil {
			t.Error("a view may delete")
		}
		if _, err := tx.Next("c"); err == nil {
			t.Error("a view may count")
		}
		return nil
	})
	must(t, err)
}

func unfit(t *testing.T, s issuer.Store) {
	long := strings.Repeat("x", store.MaxText+1)
	for name, row := range map[string]issuer.Row{
		"empty id":                 {Lookups: []string{""}},
		"long id":                  {ID: long, Lookups: []string{""}},
		"long order":               {ID: "a", Order: long, Lookups: []string{""}},
		"long lookup":              {ID: "a", Lookups: []string{long}},
		"byte 0 in the id":         {ID: "a\x00b", Lookups: []string{""}},
		"byte 0 in the order":      {ID: "a", Order: "a\x00b", Lookups: []string{""}},
		"byte 0 in a lookup":       {ID: "a", Lookups: []string{"x\x00y"}},
		"byte 0 in the body":       {ID: "a", Lookups: []string{""}, Body: []byte("\"\x00\"")},
		"invalid text as id":       {ID: "\xff", Lookups: []string{""}},
		"invalid text as order":    {ID: "a", Order: "\xc3", Lookups: []string{""}},
		"invalid text as lookup":   {ID: "a", Lookups: []string{"\xed\xa0\x80"}},
		"invalid text as the body": {ID: "a", Lookups: []string{""}, Body: []byte("\"\xe2\x82\"")},
		"missing lookups":          {ID: "a"},
		"too many lookups":         {ID: "a", Lookups: []string{"", ""}},
	} {
		if row.Body == nil {
			row.Body = []byte("{}")
		}
		err := s.Update(t.Context(), func(tx issuer.Tx) error {
			if tx.Put(notes.Kind, row) == nil {
				t.Errorf("%s: put", name)
			}
			return notes.Put(tx, &note{ID: "beside"}, versionOf(tx, "beside"))
		})
		if err != nil {
			t.Errorf("%s: the refusal spoils the update: %v", name, err)
		}
	}
	if ids, _ := list(t, s, issuer.Query{}); !slices.Equal(ids, []string{"beside"}) {
		t.Errorf("records %q are stored", ids)
	}
	// What just fits comes back as it was.
	fits := issuer.Row{
		ID: strings.Repeat("ü", store.MaxText/2), Order: strings.Repeat("\U0001F393", store.MaxText/4), Lookups: []string{long[1:]},
		Body: []byte("{\"a\":  1,\n\t\"b\": \"\\u0000 \U0001F393 \u2028 \x7f \", \"a\": 1e400}"),
	}
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error { return tx.Put(notes.Kind, fits) }))
	must(t, s.View(t.Context(), func(tx issuer.Tx) error {
		got, err := tx.Get(notes.Kind, fits.ID)
		fits.Version = 1
		wantSame(t, got, fits)
		found, _, listed := tx.List(notes.Kind, issuer.Query{By: "topic", Value: fits.Lookups[0]})
		wantSame(t, found, []issuer.Row{fits})
		return errors.Join(err, listed)
	}))
}

func versionOf(tx issuer.Tx, id string) uint64 {
	_, version, _ := notes.Get(tx, id) // 0 when there is none
	return version
}

// unfitIDs: an id may come out of an address that somebody typed.
func unfitIDs(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "a"})
	for _, id := range []string{"", "a\x00", "\xff", "\xed\xa0\x80", strings.Repeat("x", 40000)} {
		_, err := get(t, s, id)
		wantError(t, err, issuer.ErrNotFound)
		must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
			if _, err := tx.Get(notes.Kind, id); !errors.Is(err, issuer.ErrNotFound) {
				t.Errorf("reading %.10q in an update: %v", id, err)
			}
			if err := tx.Delete(notes.Kind, id); !errors.Is(err, issuer.ErrNotFound) {
				t.Errorf("deleting %.10q: %v", id, err)
			}
			return nil
		}))
	}
}

func versions(t *testing.T, s issuer.Store) {
	row := issuer.Row{ID: "a", Lookups: []string{""}, Body: []byte("{}")}
	check := func(tx issuer.Tx, want uint64) error {
		got, err := tx.Get(notes.Kind, "a")
		if err == nil && got.Version != want {
			t.Errorf("version %d, want %d", got.Version, want)
		}
		return err
	}
	for want := uint64(1); want <= 3; want++ {
		must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
			now := row
			now.Version = want - 1
			return errors.Join(tx.Put(notes.Kind, now), check(tx, want))
		}))
		must(t, s.View(t.Context(), func(tx issuer.Tx) error { return check(tx, want) }))
	}
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		now := row
		now.Version = 3
		again := tx.Delete(notes.Kind, "a")
		if err := tx.Put(notes.Kind, now); !errors.Is(err, issuer.ErrConflict) {
			t.Errorf("putting over a deleted record: %v", err)
		}
		return errors.Join(again, tx.Put(notes.Kind, row), check(tx, 1))
	}))
	for _, version := range []uint64{0, 3, 1 << 63, 1<<64 - 1} {
		err := s.Update(t.Context(), func(tx issuer.Tx) error {
			now := row
			now.Version = version
			return tx.Put(notes.Kind, now)
		})
		wantError(t, err, issuer.ErrConflict)
	}
}

// olderRows: a lookup is declared for a kind that has records. They are read as before, stand in no list by it, and in it
// once they are put again.
func olderRows(t *testing.T, s issuer.Store) {
	old := issuer.Row{ID: "old", Order: "1", Lookups: []string{"x"}, Body: []byte(`{"old":true}`)}
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error { return tx.Put(earlier, old) }))
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		return tx.Put(filed, issuer.Row{ID: "new", Order: "2", Lookups: []string{"x", "me"}, Body: []byte("{}")})
	}))
	ids := func(tx issuer.Tx, k issuer.Kind, q issuer.Query) (found []string) {
		rows, _, err := tx.List(k, q)
		if err != nil {
			t.Error(err)
		}
		for _, row := range rows {
			found = append(found, row.ID)
		}
		return found
	}
	look := func(tx issuer.Tx) error {
		row, err := tx.Get(filed, "old")
		if err == nil && (string(row.Body) != `{"old":true}` || row.Lookups[0] != "x") {
			t.Errorf("the old row reads %+v", row)
		}
		wantSame(t, ids(tx, filed, issuer.Query{}), []string{"new", "old"})
		wantSame(t, ids(tx, filed, issuer.Query{By: "topic", Value: "x"}), []string{"old", "new"})
		wantSame(t, ids(tx, filed, issuer.Query{By: "by-author", Value: "me"}), []string{"new"})
		// Whoever needs one lookup alone may name only that.
		wantSame(t, ids(tx, earlier, issuer.Query{By: "topic", Value: "x"}), []string{"old", "new"})
		return err
	}
	must(t, s.View(t.Context(), look))
	must(t, s.Update(t.Context(), look))
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		now := old
		now.Version, now.Lookups = 1, []string{"x", "me"}
		if err := tx.Put(filed, now); err != nil {
			return err
		}
		wantSame(t, ids(tx, filed, issuer.Query{By: "by-author", Value: "me"}), []string{"old", "new"})
		return nil
	}))
	must(t, s.View(t.Context(), func(tx issuer.Tx) error {
		wantSame(t, ids(tx, filed, issuer.Query{By: "by-author", Value: "me", Backward: true}), []string{"new", "old"})
		return nil
	}))
}

func goexit(t *testing.T, s issuer.Store) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Update(t.Context(), func(tx issuer.Tx) error {
			if err := notes.Put(tx, &note{ID: "a"}, 0); err != nil {
				t.Error(err)
			}
			runtime.Goexit()
			return nil
		})
	}()
	<-ended
	put(t, s, note{ID: "b"})
	if ids, _ := list(t, s, issuer.Query{}); !slices.Equal(ids, []string{"b"}) {
		t.Errorf("records %v, want b alone", ids)
	}
}
