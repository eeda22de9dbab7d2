package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

func movedLookup(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "a", Topic: "x", Seq: 1})
	put(t, s, note{ID: "b", Topic: "x", Seq: 2})
	put(t, s, note{ID: "a", Topic: "x", Seq: 3})
	if ids, _ := list(t, s, issuer.Query{By: "topic", Value: "x"}); !slices.Equal(ids, []string{"b", "a"}) {
		t.Errorf("order %v, want b a", ids)
	}
	put(t, s, note{ID: "a", Topic: "xx"})
	put(t, s, note{ID: "b", Topic: ""})
	if ids, _ := list(t, s, issuer.Query{By: "topic", Value: "x"}); ids != nil {
		t.Errorf("still under the old value: %v", ids)
	}
	if ids, _ := list(t, s, issuer.Query{By: "topic", Value: "xx"}); !slices.Equal(ids, []string{"a"}) {
		t.Errorf("under the new value: %v, want a", ids)
	}
}

func pages(t *testing.T, s issuer.Store) {
	const count = 2000
	var want []string
	for batch := 0; batch < count; batch += 500 {
		must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
			for i := batch; i < batch+500; i++ {
				// Order and id run against each other; two records share each order.
				n := note{ID: fmt.Sprintf("id%04d", count-i), Topic: "many", Seq: i / 2}
				if err := notes.Put(tx, &n, 0); err != nil {
					return err
				}
				if err := notes.Put(tx, &note{ID: "other" + n.ID, Topic: "manyx"}, 0); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	for i := 0; i < count; i += 2 {
		want = append(want, fmt.Sprintf("id%04d", count-i-1), fmt.Sprintf("id%04d", count-i))
	}
	backward := slices.Clone(want)
	slices.Reverse(backward)
	sorted := slices.Sorted(slices.Values(want))
	for _, test := range []struct {
		name  string
		query issuer.Query
		want  []string
	}{
		{"by lookup", issuer.Query{By: "topic", Value: "many", Limit: 7}, want},
		{"by lookup backward", issuer.Query{By: "topic", Value: "many", Limit: 333, Backward: true}, backward},
		{"in one page", issuer.Query{By: "topic", Value: "many", Limit: count}, want},
		{"by id, default limit", issuer.Query{}, sorted},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for q := test.query; ; {
				ids, next := list(t, s, q)
				got = append(got, ids...)
				if q.After = next; next == "" {
					break
				}
			}
			got = got[:min(len(got), count)]
			wantSame(t, got, test.want)
		})
	}

	// A cursor holds while records come and go: the rest of the list stays what it was.
	ids, next := list(t, s, issuer.Query{By: "topic", Value: "many", Limit: 10})
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		if err := tx.Delete(notes.Kind, ids[9]); err != nil {
			return err
		}
		return notes.Put(tx, &note{ID: "early", Topic: "many", Seq: 0}, 0)
	}))
	ids, _ = list(t, s, issuer.Query{By: "topic", Value: "many", Limit: 10, After: next})
	wantSame(t, ids, want[10:20])
}

// pagesUnderWrites walks a list while others write: what stays is given once, whatever comes and goes.
func pagesUnderWrites(t *testing.T, s issuer.Store) {
	const count = 300
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		for i := range count {
			if err := notes.Put(tx, &note{ID: fmt.Sprintf("stays%03d", i), Topic: "x", Seq: i}, 0); err != nil {
				return err
			}
		}
		return nil
	}))
	var want []string
	for i := range count {
		want = append(want, fmt.Sprintf("stays%03d", i))
	}
	for _, q := range []issuer.Query{{Limit: 17}, {By: "topic", Value: "x", Limit: 17}, {By: "topic", Value: "x", Limit: 17, Backward: true}} {
		var got []string
		for page := 0; ; page++ {
			ids, next := list(t, s, q)
			for _, id := range ids {
				if strings.HasPrefix(id, "stays") {
					got = append(got, id)
				}
			}
			if next == "" {
				break
			}
			// The record that the cursor names goes, when it may; others come before and behind it.
			must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
				if last := ids[len(ids)-1]; strings.HasPrefix(last, "comes") {
					if err := tx.Delete(notes.Kind, last); err != nil {
						return err
					}
				}
				for i := range 3 {
					n := note{ID: fmt.Sprintf("comes%03d", i*40+page), Topic: "x", Seq: (page*17 + i*5) % count}
					if err := notes.Put(tx, &n, versionOf(tx, n.ID)); err != nil {
						return err
					}
				}
				return nil
			}))
			q.After = next
		}
		if q.Backward {
			slices.Reverse(got)
		}
		wantSame(t, got, want)
	}
}

func foreignCursor(t *testing.T, s issuer.Store) {
	put(t, s, note{ID: "a", Topic: "x"})
	for _, cursor := range []string{"not base64!", "YQ", "YQ==", store.Cursor("", "", "a")} {
		err := s.View(t.Context(), func(tx issuer.Tx) error {
			_, _, err := notes.List(tx, issuer.Query{By: "topic", Value: "x", After: cursor})
			return err
		})
		wantError(t, err, issuer.ErrCursor)
	}
}

func queries(t *testing.T, s issuer.Store) {
	try := func(k issuer.Kind, q issuer.Query) (ids []string, next string, err error) {
		err = s.View(t.Context(), func(tx issuer.Tx) error {
			rows, cursor, err := tx.List(k, q)
			for _, row := range rows {
				ids = append(ids, row.ID)
			}
			next = cursor
			return err
		})
		return ids, next, err
	}
	want := func(k issuer.Kind, q issuer.Query, want []string, more bool) {
		t.Helper()
		ids, next, err := try(k, q)
		if !slices.Equal(ids, want) || (next != "") != more || err != nil {
			t.Errorf("%+v: records %q, cursor %q, error %v; want %q, more %v", q, ids, next, err, want, more)
		}
	}
	by := func(value string) issuer.Query { return issuer.Query{By: "topic", Value: value} }
	// Of an empty store, which may have no place for the kind yet.
	for _, k := range Kinds() {
		want(k, issuer.Query{}, nil, false)
		want(k, issuer.Query{After: store.Cursor("", "", "m"), Backward: true}, nil, false)
	}
	want(notes.Kind, by("x"), nil, false)
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		for i := range 5 {
			if err := notes.Put(tx, &note{ID: fmt.Sprint(i), Topic: "x", Seq: i}, 0); err != nil {
				return err
			}
		}
		return notes.Put(tx, &note{ID: "none"}, 0)
	}))
	// The last page says that it is the last, also when it is full.
	want(notes.Kind, issuer.Query{By: "topic", Value: "x", Limit: 5}, []string{"0", "1", "2", "3", "4"}, false)
	want(notes.Kind, issuer.Query{By: "topic", Value: "x", Limit: 4}, []string{"0", "1", "2", "3"}, true)
	want(notes.Kind, issuer.Query{Limit: 6}, []string{"0", "1", "2", "3", "4", "none"}, false)
	want(notes.Kind, issuer.Query{Limit: 2, Backward: true}, []string{"none", "4"}, true)
	want(notes.Kind, issuer.Query{Limit: -1}, []string{"0", "1", "2", "3", "4", "none"}, false)
	want(notes.Kind, by("nobody has it"), nil, false)
	want(notes.Kind, by(strings.Repeat("x", 40000)), nil, false)
	want(notes.Kind, by("'; DROP TABLE note; --"), nil, false)
	want(notes.Kind, by("%"), nil, false)
	// A cursor need not name a record that is there.
	for _, q := range []struct {
		issuer.Query
		want []string
	}{
		{issuer.Query{After: store.Cursor("", "", "2x")}, []string{"3", "4", "none"}},
		{issuer.Query{After: store.Cursor("", "", "2x"), Backward: true}, []string{"2", "1", "0"}},
		{issuer.Query{After: store.Cursor("", "", "zzz")}, nil},
		{issuer.Query{By: "topic", Value: "x", After: store.Cursor("topic", "00000002", "1")}, []string{"2", "3", "4"}},
		{issuer.Query{By: "topic", Value: "x", After: store.Cursor("topic", "00000002", "1"), Backward: true}, []string{"1", "0"}},
		{issuer.Query{By: "topic", Value: "x", After: store.Cursor("topic", "", "a"), Backward: true}, nil},
		{issuer.Query{By: "topic", Value: "x", After: store.Cursor("topic", "9", "a")}, nil},
	} {
		want(notes.Kind, q.Query, q.want, false)
	}
	for _, q := range []issuer.Query{
		{By: "topic"}, {By: "topic", Value: "a\x00b"}, {By: "topic", Value: "\xff"}, {By: "author", Value: "x"}, {By: "id", Value: "1"},
	} {
		if ids, _, err := try(notes.Kind, q); err == nil || errors.Is(err, issuer.ErrNotFound) {
			t.Errorf("%+v: records %q, error %v", q, ids, err)
		}
	}
}

// ownWrites lists inside of an update what it has put, moved and deleted among what was there, in pages that are smaller
// than either, and compares with what the same update says when all of it is committed.
func ownWrites(t *testing.T, s issuer.Store) {
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		for i := range 40 {
			if err := notes.Put(tx, &note{ID: fmt.Sprintf("n%03d", i*3), Topic: "x", Seq: i * 3}, 0); err != nil {
				return err
			}
		}
		return nil
	}))
	walk := func(tx issuer.Tx) (said []string) {
		for _, q := range []issuer.Query{
			{}, {Backward: true}, {By: "topic", Value: "x"}, {By: "topic", Value: "x", Backward: true}, {By: "topic", Value: "y"}, {By: "topic", Value: "y", Backward: true},
		} {
			for _, q.Limit = range []int{1, 3, 7, 1000} {
				line := fmt.Sprintf("%s %v %d:", q.Value, q.Backward, q.Limit)
				for q.After = ""; ; {
					found, next, err := notes.List(tx, q)
					if err != nil {
						t.Error(err)
					}
					for _, n := range found {
						line += " " + n.ID + n.Text
					}
					if q.After = next; next == "" {
						break
					}
					line += " /"
				}
				said = append(said, line)
			}
		}
		return said
	}
	var inside []string
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		for i := range 60 {
			id := fmt.Sprintf("n%03d", i*2)
			n := note{ID: id, Topic: "x", Seq: i * 2, Text: "!"}
			if i%5 == 0 {
				n.Topic = "y"
			}
			if i%7 == 0 {
				n.Seq = 200 - i
			}
			if err := notes.Put(tx, &n, versionOf(tx, id)); err != nil {
				return err
			}
			if got, _, err := notes.Get(tx, id); err != nil || got != n {
				t.Errorf("%s reads %+v, %v", id, got, err)
			}
			if i%4 == 0 {
				if err := tx.Delete(notes.Kind, id); err != nil {
					return err
				}
			}
			if i%8 == 0 {
				n.Text = "again"
				if err := notes.Put(tx, &n, 0); err != nil {
					return err
				}
			}
		}
		inside = walk(tx)
		return nil
	}))
	must(t, s.View(t.Context(), func(tx issuer.Tx) error {
		wantSame(t, inside, walk(tx))
		return nil
	}))
	if len(inside[0]) < 100 {
		t.Errorf("only %q is listed", inside[0])
	}
}

// emptied lists in the update that deletes: all of many records, or all between, before or behind those that stay.
func emptied(t *testing.T, s issuer.Store) {
	const count = 60
	topic := strings.Repeat("x", 400) // few of the index share a page
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		for i := range count {
			if err := notes.Put(tx, &note{ID: fmt.Sprintf("n%03d", i), Topic: topic, Seq: i, Text: topic}, 0); err != nil {
				return err
			}
		}
		return nil
	}))
	undone := errors.New("undone")
	for _, test := range []struct {
		name  string
		stays func(i int) bool
	}{
		{"none is left", func(int) bool { return false }},
		{"the first and the last are left", func(i int) bool { return i == 0 || i == count-1 }},
		{"one is left in the middle", func(i int) bool { return i == count/2 }},
		{"the first are left", func(i int) bool { return i < 5 }},
		{"the last are left", func(i int) bool { return i >= count-5 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := s.Update(t.Context(), func(tx issuer.Tx) error {
				var left []string
				for i := range count {
					id := fmt.Sprintf("n%03d", i)
					if test.stays(i) {
						left = append(left, id)
					} else if err := tx.Delete(notes.Kind, id); err != nil {
						return err
					}
				}
				for _, q := range []issuer.Query{
					{}, {Backward: true}, {Limit: 1}, {Limit: 1, Backward: true}, {By: "topic", Value: topic}, {By: "topic", Value: topic, Backward: true},
					{By: "topic", Value: topic, Limit: 1}, {By: "topic", Value: topic, Limit: 1, Backward: true}, {By: "topic", Value: "w", Backward: true},
					{By: "topic", Value: "y", Backward: true}, {By: "topic", Value: "y"},
				} {
					var got []string
					want := slices.Clone(left)
					if q.Backward {
						slices.Reverse(want)
					}
					if q.By != "" && q.Value != topic {
						want = nil
					}
					for more := true; more; more = q.After != "" {
						rows, next, err := tx.List(notes.Kind, q)
						if err != nil {
							return err
						}
						for _, r := range rows {
							got = append(got, r.ID)
						}
						q.After = next
					}
					wantSame(t, got, want)
				}
				return undone
			})
			wantError(t, err, undone)
		})
	}
}

// byteOrder: a list is the same on every engine, whatever the language of its server.
func byteOrder(t *testing.T, s issuer.Store) {
	sorted := []string{" a", "-", "A", "B", "Z", "_", "a", "a ", "a-b", "aB", "a\u0301", "ab", "b", "z", "~", "\u00e1", "\u0142", "\uffff", "\U0001F393"}
	slices.Sort(sorted)
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		for i, text := range sorted {
			row := issuer.Row{ID: text, Order: sorted[len(sorted)-1-i], Lookups: []string{"x"}, Body: []byte("{}")}
			if err := tx.Put(notes.Kind, row); err != nil {
				return err
			}
		}
		return nil
	}))
	look := func(tx issuer.Tx) error {
		for _, backward := range []bool{false, true} {
			var byID, byOrder []string
			rows, _, err := tx.List(notes.Kind, issuer.Query{Backward: backward})
			if err != nil {
				return err
			}
			for _, row := range rows {
				byID = append(byID, row.ID)
			}
			rows, _, err = tx.List(notes.Kind, issuer.Query{By: "topic", Value: "x", Backward: !backward})
			if err != nil {
				return err
			}
			for _, row := range rows {
				byOrder = append(byOrder, row.ID)
			}
			want := slices.Clone(sorted)
			if backward {
				slices.Reverse(want)
			}
			wantSame(t, byID, want)
			wantSame(t, byOrder, want)
		}
		return nil
	}
	must(t, s.View(t.Context(), look))
	must(t, s.Update(t.Context(), look))
}
