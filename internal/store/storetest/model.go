package storetest

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// memory is the model: a store as issuer.Store describes it, in maps.
type memory struct {
	rows     map[string]map[string]issuer.Row // by kind, by id
	counters map[string]uint64
	readOnly bool
}

var errReadOnly = errors.New("a view cannot write")

func newMemory() *memory {
	return &memory{rows: map[string]map[string]issuer.Row{}, counters: map[string]uint64{}}
}

// do runs fn on a copy, which becomes the model when fn writes and succeeds.
func (m *memory) do(update bool, fn func(issuer.Tx) error) error {
	tx := &memory{rows: map[string]map[string]issuer.Row{}, counters: maps.Clone(m.counters), readOnly: !update}
	for kind, rows := range m.rows {
		tx.rows[kind] = maps.Clone(rows)
	}
	err := fn(tx)
	if err == nil && update {
		m.rows, m.counters = tx.rows, tx.counters
	}
	return err
}

func (m *memory) Get(k issuer.Kind, id string) (issuer.Row, error) {
	row, found := m.rows[k.Name][id]
	if !found {
		return row, issuer.ErrNotFound
	}
	return row, nil
}

func (m *memory) Put(k issuer.Kind, r issuer.Row) error {
	if m.readOnly {
		return errReadOnly
	}
	if err := store.CheckRow(k, r); err != nil {
		return err
	}
	if m.rows[k.Name][r.ID].Version != r.Version {
		return issuer.ErrConflict
	}
	if m.rows[k.Name] == nil {
		m.rows[k.Name] = map[string]issuer.Row{}
	}
	r.Version++
	m.rows[k.Name][r.ID] = r
	return nil
}

func (m *memory) Delete(k issuer.Kind, id string) error {
	if m.readOnly {
		return errReadOnly
	}
	if _, found := m.rows[k.Name][id]; !found {
		return issuer.ErrNotFound
	}
	delete(m.rows[k.Name], id)
	return nil
}

func (m *memory) List(k issuer.Kind, q issuer.Query) ([]issuer.Row, string, error) {
	if err := store.CheckQuery(k, q); err != nil {
		return nil, "", err
	}
	var from issuer.Row
	var err error
	if from.Order, from.ID, err = store.ParseCursor(q.By, q.After); err != nil {
		return nil, "", err
	}
	column := slices.Index(k.Lookups, q.By)
	compare := func(a, b issuer.Row) int {
		order := 0
		if q.By != "" {
			order = strings.Compare(a.Order, b.Order)
		}
		order = cmp.Or(order, strings.Compare(a.ID, b.ID))
		if q.Backward {
			return -order
		}
		return order
	}
	var found []issuer.Row
	for _, row := range m.rows[k.Name] {
		listed := q.By == "" || column < len(row.Lookups) && row.Lookups[column] == q.Value
		if listed && (q.After == "" || compare(row, from) > 0) {
			found = append(found, row)
		}
	}
	slices.SortFunc(found, compare)
	limit := q.Limit
	if limit <= 0 {
		limit = store.DefaultLimit
	}
	if len(found) <= limit {
		return found, "", nil
	}
	found = found[:limit]
	return found, store.Cursor(q.By, found[limit-1].Order, found[limit-1].ID), nil
}

func (m *memory) Next(counter string) (uint64, error) {
	if m.readOnly {
		return 0, errReadOnly
	}
	m.counters[counter]++
	return m.counters[counter], nil
}

// step is one transaction.
type step struct {
	Update bool // else a view
	Fail   bool // it fails at its end
	Calls  []call
}

// call is one call of a Tx.
type call struct {
	Name    string // get, put, delete, list or next
	Kind    issuer.Kind
	Row     issuer.Row // put; its id is that of get and delete
	Version string     // put: "read" is the version that is there, "new" is 0, "stale" another
	Query   issuer.Query
	Pages   int // list: so many pages at most, each after the one before
	Counter string
}

var errOnPurpose = errors.New("on purpose")

// run makes the calls in one transaction and says what each answered. do is Update or View.
func (s step) run(do func(update bool, fn func(issuer.Tx) error) error) (said []string) {
	err := do(s.Update, func(tx issuer.Tx) error {
		said = nil // fn may run again
		for _, c := range s.Calls {
			answer := c.run(tx)
			if !s.Update && c.Name != "get" && c.Name != "list" && answer != "done" {
				answer = "refused" // a view may say why in any way
			}
			said = append(said, c.Name+" "+answer)
		}
		if s.Fail {
			return errOnPurpose
		}
		return nil
	})
	return append(said, "end "+class(err))
}

func (c call) run(tx issuer.Tx) string {
	switch c.Name {
	case "get":
		row, err := tx.Get(c.Kind, c.Row.ID)
		if err != nil {
			return class(err)
		}
		return show(row)
	case "put":
		row := c.Row
		if c.Version != "new" {
			now, _ := tx.Get(c.Kind, row.ID) // version 0 when there is none
			row.Version = now.Version
		}
		if c.Version == "stale" {
			row.Version += 7
		}
		return class(tx.Put(c.Kind, row))
	case "delete":
		return class(tx.Delete(c.Kind, c.Row.ID))
	case "list":
		var said strings.Builder
		q := c.Query
		for range c.Pages {
			rows, next, err := tx.List(c.Kind, q)
			if err != nil {
				return said.String() + class(err)
			}
			for _, row := range rows {
				said.WriteString(show(row) + "; ")
			}
			said.WriteString("next " + next + "; ")
			if q.After = next; next == "" {
				break
			}
		}
		return said.String()
	default:
		n, err := tx.Next(c.Counter)
		if err != nil {
			return class(err)
		}
		return fmt.Sprint(n)
	}
}

// show prints a row. A lookup that it was written without is the same as an empty one.
func show(r issuer.Row) string {
	if len(r.Body) > 100 {
		r.Body = fmt.Appendf(nil, "%s... %d bytes, %08x", r.Body[:50], len(r.Body), store.Sum(plain, r))
	}
	lookups := r.Lookups
	for len(lookups) > 0 && lookups[len(lookups)-1] == "" {
		lookups = lookups[:len(lookups)-1]
	}
	return fmt.Sprintf("%q v%d %q %q %q", r.ID, r.Version, r.Order, lookups, r.Body)
}

// class is what callers tell errors apart by.
func class(err error) string {
	for _, known := range []error{
		issuer.ErrNotFound, issuer.ErrConflict, issuer.ErrCursor, issuer.ErrDamaged, issuer.ErrFull, issuer.ErrUnavailable, errOnPurpose,
	} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if err != nil {
		return "refused"
	}
	return "done"
}

func (s step) String() string {
	out := fmt.Sprintf("update %v, fail %v", s.Update, s.Fail)
	for _, c := range s.Calls {
		out += fmt.Sprintf("\n  %s %s %s %s %+v %d %s", c.Name, c.Kind.Name, show(c.Row), c.Version, c.Query, c.Pages, c.Counter)
	}
	return out
}

// GoString is what a failing test prints of its draws.
func (s step) GoString() string { return s.String() }

// on runs the steps on a store.
func on(t testing.TB, s issuer.Store) func(update bool, fn func(issuer.Tx) error) error {
	return func(update bool, fn func(issuer.Tx) error) error {
		if update {
			return s.Update(t.Context(), fn)
		}
		return s.View(t.Context(), fn)
	}
}

// texts are few, so that they meet, and of the kinds that go wrong.
var texts = []string{"a", "b", "c", "aa", "ab", "A", "B", " ", "-", "0", "1", "10", "2", "é", "~", "\uffff", "\U0001F393", strings.Repeat("x", store.MaxText)}

// unfitTexts cannot be stored.
var unfitTexts = []string{"", "\x00", "a\x00b", "\xff", strings.Repeat("y", store.MaxText+1)}

// steps draws transactions over records of the kinds and counters whose names begin with prefix.
func steps(kinds []issuer.Kind, prefix string) *rapid.Generator[step] {
	id := rapid.OneOf(rapid.SampledFrom(texts), rapid.SampledFrom(texts), rapid.SampledFrom(append(unfitTexts, texts...)))
	value := rapid.OneOf(rapid.SampledFrom([]string{"", "x", "x", "y"}), rapid.SampledFrom(texts))
	order := rapid.OneOf(rapid.SampledFrom([]string{"", "1", "1", "2"}), rapid.SampledFrom(texts))
	body := rapid.OneOf(rapid.SampledFrom([]string{"{}", "[]", `{"a":  "é \u0000"}`, "", "null", "\"" + strings.Repeat("z", 9000) + "\""}), rapid.StringN(0, 30, -1))
	calls := rapid.Custom(func(t *rapid.T) call {
		c := call{
			Name: rapid.SampledFrom([]string{"get", "put", "put", "put", "delete", "list", "list", "next"}).Draw(t, "call"),
			Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
		}
		switch c.Name {
		case "get", "delete":
			c.Row.ID = id.Draw(t, "id")
		case "put":
			c.Version = rapid.SampledFrom([]string{"read", "read", "read", "read", "new", "stale"}).Draw(t, "version")
			c.Row = issuer.Row{ID: id.Draw(t, "id"), Order: order.Draw(t, "order"), Body: []byte(body.Draw(t, "body"))}
			for range c.Kind.Lookups {
				c.Row.Lookups = append(c.Row.Lookups, value.Draw(t, "lookup"))
			}
			if rapid.IntRange(0, 19).Draw(t, "unfit") == 0 {
				c.Row.Order = rapid.SampledFrom(unfitTexts).Draw(t, "unfit order")
			}
		case "list":
			c.Pages = rapid.IntRange(1, 4).Draw(t, "pages")
			c.Query = issuer.Query{Limit: rapid.SampledFrom([]int{1, 1, 2, 3, 5, 0, 100, -1}).Draw(t, "limit"), Backward: rapid.Bool().Draw(t, "backward")}
			if len(c.Kind.Lookups) > 0 && rapid.Bool().Draw(t, "by a lookup") {
				c.Query.By = rapid.SampledFrom(c.Kind.Lookups).Draw(t, "by")
				c.Query.Value = value.Draw(t, "value")
			}
			if rapid.IntRange(0, 2).Draw(t, "after") == 0 {
				c.Query.After = store.Cursor(c.Query.By, order.Draw(t, "after order"), rapid.SampledFrom(texts).Draw(t, "after id"))
			}
			if rapid.IntRange(0, 29).Draw(t, "foreign") == 0 {
				c.Query.After = rapid.SampledFrom([]string{"!", "YQ", "AA", "YQBi"}).Draw(t, "foreign cursor")
				if c.Query.By != "" {
					c.Query.Value = "x" // one fault at a time has one answer
				}
			}
		case "next":
			c.Counter = prefix + rapid.SampledFrom([]string{"c", "d"}).Draw(t, "counter")
		}
		return c
	})
	return rapid.Custom(func(t *rapid.T) step {
		return step{
			Update: rapid.IntRange(0, 3).Draw(t, "view") > 0,
			Fail:   rapid.IntRange(0, 4).Draw(t, "fail") == 0,
			Calls:  rapid.SliceOfN(calls, 1, 8).Draw(t, "calls"),
		}
	})
}

// empty deletes the records of the kinds.
func empty(do func(update bool, fn func(issuer.Tx) error) error, kinds []issuer.Kind) error {
	return do(true, func(tx issuer.Tx) error {
		for _, k := range kinds {
			rows, _, err := tx.List(k, issuer.Query{Limit: 1 << 20})
			if err != nil {
				return err
			}
			for _, row := range rows {
				if err := tx.Delete(k, row.ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// everything lists the records of the kinds, by id and by each value that the model has.
func everything(kinds []issuer.Kind, m *memory) step {
	s := step{}
	for _, k := range kinds {
		s.Calls = append(s.Calls, call{Name: "list", Kind: k, Pages: 1, Query: issuer.Query{Limit: 1000}})
		for i, name := range k.Lookups {
			values := map[string]bool{"x": true}
			for _, row := range m.rows[k.Name] {
				values[row.Lookups[i]] = true
			}
			for _, value := range slices.Sorted(maps.Keys(values)) {
				if value != "" {
					s.Calls = append(s.Calls, call{Name: "list", Kind: k, Pages: 1, Query: issuer.Query{By: name, Value: value, Limit: 1000}})
				}
			}
		}
	}
	return s
}

// model runs random transactions on the engine and on the model, and compares every answer.
func model(t *testing.T, s issuer.Store) { drive(t, Kinds(), on(t, s)) }

// Compare runs the same random transactions on two engines and on the model and compares every answer, and then all that
// they export. The engines know the kinds and hold none of their records.
func Compare(t *testing.T, kinds []issuer.Kind, first, second store.Engine) {
	drive(t, kinds, on(t, first), on(t, second))
	Same(t, kinds, first, second)
}

// draws sets how often rapid draws, unless whoever runs the tests has set that; the function that it returns takes it back.
func draws(t *testing.T, count string) (back func()) {
	t.Helper()
	set := flag.Lookup("rapid.checks")
	before := set.Value.String()
	if before != set.DefValue {
		return func() {}
	}
	must(t, set.Value.Set(count))
	return func() { must(t, set.Value.Set(before)) }
}

func drive(t *testing.T, kinds []issuer.Kind, engines ...func(update bool, fn func(issuer.Tx) error) error) {
	if testing.Short() {
		defer draws(t, "30")()
	}
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++ // counters cannot be deleted
		m := newMemory()
		for i, do := range engines {
			if err := empty(do, kinds); err != nil {
				rt.Fatalf("emptying engine %d: %v", i, err)
			}
		}
		compare := func(s step) {
			want := s.run(m.do)
			for i, do := range engines {
				if got := s.run(do); !slices.Equal(got, want) {
					rt.Fatalf("engine %d answers\n%s\nand the model\n%s\nto %v", i, strings.Join(got, "\n"), strings.Join(want, "\n"), s)
				}
			}
		}
		for _, s := range rapid.SliceOfN(steps(kinds, fmt.Sprintf("run%d-", run)), 5, 25).Draw(rt, "steps") {
			compare(s)
		}
		compare(everything(kinds, m))
	})
}
