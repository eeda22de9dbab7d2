package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// RunEngine runs the suite of what a store.Engine does beside being an issuer.Store: copies, checks and damage.
func RunEngine(t *testing.T, e Engine) {
	from := e.open(t, t.TempDir())
	fill(t, from)
	for _, test := range []struct {
		name string
		run  func(t *testing.T, e Engine, from store.Engine)
	}{
		{"a copy is the same store", roundTrip},
		{"half an import is no store", importHalf},
		{"an export leaves nothing behind", exportRefusals},
		{"an export is one snapshot", exportSnapshot},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, e, from) })
	}
	for _, test := range []struct {
		name string
		run  func(t *testing.T, e Engine)
	}{
		{"a store with records takes no import", importNotEmpty},
		{"a damaged record is never given out", damaged},
		{"a damaged counter is never given out", damagedCounter},
		{"a closed store says so", closed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, e)
		})
	}
}

// item is what a sink was given: a row of a kind, or a counter.
type item struct {
	kind    issuer.Kind
	row     issuer.Row
	counter string
	value   uint64
}

func (i item) String() string {
	if i.counter != "" {
		return fmt.Sprintf("counter %s %d", i.counter, i.value)
	}
	return i.kind.Name + " " + show(i.row)
}

// sink keeps what it is given, and fails when it is full or told to.
type sink struct {
	items []item
	each  func() error
}

func (s *sink) add(i item) error {
	s.items = append(s.items, i)
	if s.each != nil {
		return s.each()
	}
	return nil
}

func (s *sink) Row(k issuer.Kind, r issuer.Row) error { return s.add(item{kind: k, row: r}) }

func (s *sink) Counter(name string, value uint64) error {
	return s.add(item{counter: name, value: value})
}

// give is a fill function for Import.
func give(items []item) func(store.Sink) error {
	return func(to store.Sink) error {
		for _, i := range items {
			if i.counter != "" {
				if err := to.Counter(i.counter, i.value); err != nil {
					return err
				}
				continue
			}
			i.row.Body = slices.Clone(i.row.Body) // the row belongs to the sink
			if err := to.Row(i.kind, i.row); err != nil {
				return err
			}
		}
		return nil
	}
}

func export(t testing.TB, s store.Engine, kinds []issuer.Kind) (said []string, err error) {
	t.Helper()
	var to sink
	err = s.Export(t.Context(), kinds, &to)
	for _, i := range to.items {
		said = append(said, i.String())
	}
	return said, err
}

// Same says whether two engines export the same records and counters, at least one, and find themselves sound.
func Same(t testing.TB, kinds []issuer.Kind, first, second store.Engine) {
	t.Helper()
	left, err := export(t, first, kinds)
	must(t, err)
	right, err := export(t, second, kinds)
	must(t, err)
	if len(left) == 0 {
		t.Error("nothing is exported")
	}
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			t.Fatalf("one engine exports\n%s\nand the other\n%s", left[i], right[i])
		}
	}
	if len(left) != len(right) {
		t.Errorf("one engine exports %d things, the other %d", len(left), len(right))
	}
	sound(t, first, kinds)
	sound(t, second, kinds)
}

// faults lists what Check finds.
func faults(t testing.TB, s store.Engine, kinds []issuer.Kind) (said []string) {
	t.Helper()
	must(t, s.Check(t.Context(), kinds, func(sentence string) { said = append(said, sentence) }))
	return said
}

func sound(t testing.TB, s store.Engine, kinds []issuer.Kind) {
	t.Helper()
	for _, fault := range faults(t, s, kinds) {
		t.Errorf("a sound store is called faulty: %s", fault)
	}
}

func (e Engine) open(t testing.TB, folder string) store.Engine {
	t.Helper()
	s, err := e.Open(t, folder)
	must(t, err)
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, store.ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

// fill writes records of all kinds in several versions, enough for several pages of whatever size, and counters.
func fill(t testing.TB, s issuer.Store) {
	t.Helper()
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		for i := range 2500 {
			n := note{ID: fmt.Sprintf("n%04d", i*7919%2500), Topic: fmt.Sprint("t", i%3), Seq: i}
			if err := notes.Put(tx, &n, 0); err != nil {
				return err
			}
		}
		return tx.Put(earlier, issuer.Row{ID: "old", Lookups: []string{"x"}, Body: []byte(`"old"`)})
	}))
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		for i, text := range texts {
			version := uint64(0)
			for ; version <= uint64(i%3); version++ {
				row := issuer.Row{ID: text, Version: version, Body: fmt.Appendf(nil, "%q", text)}
				if err := tx.Put(plain, row); err != nil {
					return err
				}
				row.Order, row.Lookups = texts[len(texts)-1-i], []string{text, ""}
				if err := tx.Put(filed, row); err != nil {
					return err
				}
			}
			if _, err := tx.Next("counter " + text[:min(len(text), 50)]); err != nil {
				return err
			}
		}
		for range 5 {
			if _, err := tx.Next("five"); err != nil {
				return err
			}
		}
		return tx.Delete(plain, "b")
	}))
}

func roundTrip(t *testing.T, e Engine, from store.Engine) {
	var kept sink
	must(t, from.Export(t.Context(), Kinds(), &kept))
	var places []string // kinds as given, records by id, counters by name
	for _, i := range kept.items {
		place := i.counter
		if i.counter == "" {
			place = i.row.ID
		}
		kind := slices.IndexFunc(append(Kinds(), issuer.Kind{}), func(k issuer.Kind) bool { return k.Name == i.kind.Name })
		places = append(places, fmt.Sprint(kind, place))
	}
	if !slices.IsSorted(places) || len(places) != len(slices.Compact(slices.Clone(places))) {
		t.Error("the export is out of order")
	}
	if want := 2500 + 2*len(texts) - 1 + 1 + len(texts) + 1; len(places) != want {
		t.Errorf("%d things are exported, want %d", len(places), want)
	}

	folder := t.TempDir()
	to := e.open(t, folder)
	must(t, to.Import(t.Context(), give(kept.items)))
	Same(t, Kinds(), from, to)
	must(t, to.Close())
	to = e.open(t, folder)
	Same(t, Kinds(), from, to)
	// What goes on goes on alike: versions, counters, lists.
	for _, s := range []store.Engine{from, to} {
		var said []string
		must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
			said = nil
			for _, c := range []call{
				{Name: "next", Counter: "five"},
				{Name: "next", Counter: "six"},
				{Name: "put", Kind: notes.Kind, Row: issuer.Row{ID: "n0001", Order: "0", Lookups: []string{"t1"}, Body: []byte("{}")}},
				{Name: "put", Kind: filed, Row: issuer.Row{ID: "old", Order: "0", Lookups: []string{"x", "me"}, Body: []byte("{}")}},
				{Name: "list", Kind: notes.Kind, Pages: 50, Query: issuer.Query{By: "topic", Value: "t1"}},
				{Name: "list", Kind: filed, Pages: 1, Query: issuer.Query{By: "by-author", Value: "me"}},
			} {
				said = append(said, c.run(tx))
			}
			return nil
		}))
		if said[0] != "6" || said[1] != "1" || said[2] != "done" || said[3] != "done" || strings.Count(said[4], "; ") < 833 || !strings.HasPrefix(said[5], `"old" v2`) {
			t.Errorf("after the copy: %.200q", said)
		}
	}
	Same(t, Kinds(), from, to)
}

func exportSnapshot(t *testing.T, _ Engine, s store.Engine) {
	want, err := export(t, s, Kinds())
	must(t, err)
	wrote := false
	to := sink{each: func() error {
		if wrote {
			return nil
		}
		wrote = true
		done := make(chan error)
		go func() {
			done <- s.Update(t.Context(), func(tx issuer.Tx) error {
				if _, err := tx.Next("late"); err != nil {
					return err
				}
				if err := tx.Delete(notes.Kind, "n2499"); err != nil {
					return err
				}
				return tx.Put(plain, issuer.Row{ID: "late", Body: []byte("{}")})
			})
		}()
		return <-done
	}}
	must(t, s.Export(t.Context(), Kinds(), &to))
	var got []string
	for _, i := range to.items {
		got = append(got, i.String())
	}
	if !slices.Equal(got, want) {
		t.Error("an export holds what was written while it ran")
	}
}

func exportRefusals(t *testing.T, _ Engine, s store.Engine) {
	if _, err := export(t, s, Kinds()[:2]); err == nil {
		t.Error("records of a kind that was not named are left behind")
	}
	if err := s.Export(t.Context(), Kinds(), &sink{each: func() error { return errOnPurpose }}); !errors.Is(err, errOnPurpose) {
		t.Errorf("the sink's error comes back as %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Export(ctx, Kinds(), &sink{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func importNotEmpty(t *testing.T, e Engine) {
	folder := t.TempDir()
	s := e.open(t, folder)
	put(t, s, note{ID: "a", Text: "stays"})
	never := func(store.Sink) error { t.Error("fill ran"); return nil }
	if err := s.Import(t.Context(), never); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("error %v, want %v", err, store.ErrNotEmpty)
	}
	must(t, s.Close())
	s = e.open(t, folder)
	if got, err := get(t, s, "a"); err != nil || got.Text != "stays" {
		t.Errorf("after the refusal: %+v, %v", got, err)
	}
}

func importHalf(t *testing.T, e Engine, from store.Engine) {
	var kept sink
	must(t, from.Export(t.Context(), Kinds(), &kept))
	unfit := issuer.Row{ID: "", Version: 1, Body: []byte("{}")}
	for name, fill := range map[string]func(store.Sink) error{
		"the source fails": func(to store.Sink) error {
			return errors.Join(give(kept.items[:2100])(to), errOnPurpose)
		},
		"the source fails at once": func(store.Sink) error { return errOnPurpose },
		"a row that cannot be stored": func(to store.Sink) error {
			return errors.Join(give(kept.items[:10])(to), to.Row(plain, unfit))
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			s := e.open(t, folder)
			err := s.Import(t.Context(), fill)
			if err == nil || name != "a row that cannot be stored" && !errors.Is(err, errOnPurpose) {
				t.Errorf("the import ends with %v", err)
			}
			must(t, s.Close())
			if s, err := e.Open(t, folder); !errors.Is(err, store.ErrHalf) {
				t.Errorf("opening half a copy: %v", err)
				if err == nil {
					must(t, s.Close())
				}
			}
		})
	}
}

func damaged(t *testing.T, e Engine) {
	if e.Damage == nil {
		t.Skip("the engine has no way to damage a record")
	}
	folder := t.TempDir()
	s := e.open(t, folder)
	for i, id := range []string{"a", "b", "c"} {
		put(t, s, note{ID: id, Topic: "x", Seq: i, Text: "A text that may be changed in one bit."})
	}
	put(t, s, note{ID: "d", Topic: "y"})
	must(t, s.Close())
	e.Damage(t, folder, notes.Kind, "b")
	s = e.open(t, folder)
	for name, fn := range map[string]func(tx issuer.Tx) error{
		"get":  func(tx issuer.Tx) error { _, err := tx.Get(notes.Kind, "b"); return err },
		"list": func(tx issuer.Tx) error { _, _, err := tx.List(notes.Kind, issuer.Query{}); return err },
		"list by lookup": func(tx issuer.Tx) error {
			_, _, err := tx.List(notes.Kind, issuer.Query{By: "topic", Value: "x"})
			return err
		},
	} {
		for how, err := range map[string]error{"view": s.View(t.Context(), fn), "update": s.Update(t.Context(), fn)} {
			if !errors.Is(err, issuer.ErrDamaged) {
				t.Errorf("%s in an %s: %v", name, how, err)
			} else if name == "get" && (!strings.Contains(err.Error(), "note") || !strings.Contains(err.Error(), "b")) {
				t.Errorf("%s in an %s does not say which: %v", name, how, err)
			}
		}
	}
	err := s.Update(t.Context(), func(tx issuer.Tx) error { return notes.Put(tx, &note{ID: "b"}, 1) })
	if !errors.Is(err, issuer.ErrDamaged) {
		t.Errorf("putting over it: %v", err)
	}
	// The rest goes on.
	for _, id := range []string{"a", "c", "d"} {
		if _, err := get(t, s, id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		put(t, s, note{ID: id, Topic: "y"})
	}
	if ids, _ := list(t, s, issuer.Query{By: "topic", Value: "y"}); len(ids) != 3 {
		t.Errorf("records %v", ids)
	}
	if _, err := export(t, s, Kinds()); !errors.Is(err, issuer.ErrDamaged) {
		t.Errorf("export: %v", err)
	}
	if found := faults(t, s, Kinds()); len(found) == 0 || !strings.Contains(strings.Join(found, "\n"), "b") {
		t.Errorf("check finds %q", found)
	}
}

func damagedCounter(t *testing.T, e Engine) {
	if e.DamageCounter == nil {
		t.Skip("the engine has no way to damage a counter")
	}
	folder := t.TempDir()
	s := e.open(t, folder)
	next := func(name string) error {
		return s.Update(t.Context(), func(tx issuer.Tx) error { _, err := tx.Next(name); return err })
	}
	must(t, next("good"))
	must(t, next("bad"))
	must(t, s.Close())
	e.DamageCounter(t, folder, "bad")
	s = e.open(t, folder)
	if err := next("bad"); !errors.Is(err, issuer.ErrDamaged) {
		t.Errorf("the damaged counter counts: %v", err)
	}
	must(t, next("good"))
	if _, err := export(t, s, Kinds()); !errors.Is(err, issuer.ErrDamaged) {
		t.Errorf("export: %v", err)
	}
	if found := faults(t, s, Kinds()); len(found) == 0 {
		t.Error("check finds nothing")
	}
}

func closed(t *testing.T, e Engine) {
	s := e.open(t, t.TempDir())
	must(t, s.Close())
	for name, err := range map[string]error{
		"update": s.Update(t.Context(), func(issuer.Tx) error { return nil }),
		"view":   s.View(t.Context(), func(issuer.Tx) error { return nil }),
		"close":  s.Close(),
		"export": s.Export(t.Context(), Kinds(), &sink{}),
		"import": s.Import(t.Context(), func(store.Sink) error { return nil }),
		"check":  s.Check(t.Context(), Kinds(), func(string) {}),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s: %v, want %v", name, err, store.ErrClosed)
		}
	}
}
