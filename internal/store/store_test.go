package store_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

var kind = issuer.Kind{Name: "thing", Lookups: []string{"all", "owner"}}

func TestCheckRow(t *testing.T) {
	whole := func() issuer.Row {
		return issuer.Row{ID: "a", Order: "b", Lookups: []string{"c", ""}, Body: []byte(`{"d":1}`)}
	}
	long := strings.Repeat("x", store.MaxText)
	for _, test := range []struct {
		name   string
		change func(*issuer.Row)
		fits   bool
	}{
		{"whole", func(*issuer.Row) {}, true},
		{"longest texts", func(r *issuer.Row) { r.ID, r.Order, r.Lookups[1] = long, long, long }, true},
		{"no order, no lookup values, no body", func(r *issuer.Row) { r.Order, r.Lookups, r.Body = "", []string{"", ""}, nil }, true},
		{"all of Unicode but 0", func(r *issuer.Row) { r.ID, r.Body = "\x01\u2028\U0010FFFF", []byte("\"\\u0000\U0001F393\"") }, true},
		{"any version", func(r *issuer.Row) { r.Version = 1<<64 - 1 }, true},
		{"no id", func(r *issuer.Row) { r.ID = "" }, false},
		{"id too long", func(r *issuer.Row) { r.ID = long + "x" }, false},
		{"order too long", func(r *issuer.Row) { r.Order = long + "x" }, false},
		{"lookup value too long", func(r *issuer.Row) { r.Lookups[1] = long + "x" }, false},
		{"too few lookups", func(r *issuer.Row) { r.Lookups = r.Lookups[:1] }, false},
		{"too many lookups", func(r *issuer.Row) { r.Lookups = append(r.Lookups, "") }, false},
		{"byte 0 in the id", func(r *issuer.Row) { r.ID = "\x00" }, false},
		{"byte 0 in the order", func(r *issuer.Row) { r.Order = "a\x00" }, false},
		{"byte 0 in a lookup value", func(r *issuer.Row) { r.Lookups[1] = "\x00a" }, false},
		{"byte 0 in the body", func(r *issuer.Row) { r.Body = []byte("{}\x00") }, false},
		{"id is no text", func(r *issuer.Row) { r.ID = "\xff" }, false},
		{"order is half a surrogate", func(r *issuer.Row) { r.Order = "\xed\xa0\x80" }, false},
		{"lookup value is cut", func(r *issuer.Row) { r.Lookups[0] = "\xf0\x9f\x8e" }, false},
		{"body is cut", func(r *issuer.Row) { r.Body = []byte("\"\xc3") }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			row := whole()
			test.change(&row)
			if err := store.CheckRow(kind, row); (err == nil) != test.fits {
				t.Errorf("error %v, fits %v", err, test.fits)
			}
		})
	}
}

func TestCheckQuery(t *testing.T) {
	for _, test := range []struct {
		name  string
		query issuer.Query
		fits  bool
	}{
		{"all records", issuer.Query{}, true},
		{"by a lookup", issuer.Query{By: "owner", Value: "a"}, true},
		{"without a value", issuer.Query{By: "owner"}, false},
		{"unknown lookup", issuer.Query{By: "thing", Value: "a"}, false},
		{"byte 0", issuer.Query{By: "owner", Value: "\x00"}, false},
		{"no text", issuer.Query{By: "owner", Value: "\xff"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := store.CheckQuery(kind, test.query); (err == nil) != test.fits {
				t.Errorf("error %v, fits %v", err, test.fits)
			}
		})
	}
}

// TestSum: whatever changes in a row or in its place changes the sum. The first is what stores hold: it never changes.
func TestSum(t *testing.T) {
	whole := func() (issuer.Kind, issuer.Row) {
		return issuer.Kind{Name: "thing"}, issuer.Row{ID: "a", Version: 7, Order: "b", Lookups: []string{"c", "d"}, Body: []byte("ef")}
	}
	seen := map[uint32]string{}
	for _, test := range []struct {
		name   string
		change func(*issuer.Kind, *issuer.Row)
	}{
		{"whole", func(*issuer.Kind, *issuer.Row) {}},
		{"kind", func(k *issuer.Kind, _ *issuer.Row) { k.Name = "thinga" }},
		{"id", func(_ *issuer.Kind, r *issuer.Row) { r.ID = "b" }},
		{"version", func(_ *issuer.Kind, r *issuer.Row) { r.Version = 7 << 56 }},
		{"order", func(_ *issuer.Kind, r *issuer.Row) { r.Order = "" }},
		{"between id and order", func(_ *issuer.Kind, r *issuer.Row) { r.ID, r.Order = "ab", "" }},
		{"lookups change places", func(_ *issuer.Kind, r *issuer.Row) { slices.Reverse(r.Lookups) }},
		{"between lookups", func(_ *issuer.Kind, r *issuer.Row) { r.Lookups = []string{"", "cd"} }},
		{"one lookup less", func(_ *issuer.Kind, r *issuer.Row) { r.Lookups = r.Lookups[:1] }},
		{"a lookup becomes the body's beginning", func(_ *issuer.Kind, r *issuer.Row) { r.Lookups, r.Body = r.Lookups[:1], []byte("\x01def") }},
		{"one empty lookup more", func(_ *issuer.Kind, r *issuer.Row) { r.Lookups = append(r.Lookups, "") }},
		{"body", func(_ *issuer.Kind, r *issuer.Row) { r.Body = []byte("eg") }},
		{"body longer by a 0", func(_ *issuer.Kind, r *issuer.Row) { r.Body = []byte("ef\x00") }},
		{"no body", func(_ *issuer.Kind, r *issuer.Row) { r.Body = nil }},
	} {
		k, r := whole()
		test.change(&k, &r)
		sum := store.Sum(k, r)
		if before, found := seen[sum]; found {
			t.Errorf("%s and %s have one sum", before, test.name)
		}
		seen[sum] = test.name
	}
	k, r := whole()
	if got, want := store.Sum(k, r), uint32(0x80840901); got != want {
		t.Errorf("the sum of a stored row has changed: %#x, was %#x", got, want)
	}
	if got, want := store.SumCounter("slot", 7), uint32(0xb00be0c); got != want {
		t.Errorf("the sum of a stored counter has changed: %#x, was %#x", got, want)
	}
	if store.SumCounter("slot", 7) == store.SumCounter("slot", 8) || store.SumCounter("slot", 7) == store.SumCounter("slos", 7) {
		t.Error("two counters have one sum")
	}
}

// TestSumBits: no single bit of a row changes without its sum.
func TestSumBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := issuer.Row{
			ID:      rapid.StringN(1, 20, 40).Draw(t, "id"),
			Version: rapid.Uint64().Draw(t, "version"),
			Order:   rapid.String().Draw(t, "order"),
			Lookups: rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "lookups"),
			Body:    rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "body"),
		}
		sum := store.Sum(kind, r)
		bit := rapid.IntRange(0, len(r.Body)*8-1).Draw(t, "bit")
		r.Body[bit/8] ^= 1 << (bit % 8)
		if store.Sum(kind, r) == sum {
			t.Fatal("a changed bit of the body is not seen")
		}
		r.Body[bit/8] ^= 1 << (bit % 8)
		if store.Sum(kind, r) != sum {
			t.Fatal("the sum is not a function of the row")
		}
		r.Version ^= 1 << (bit % 64)
		if store.Sum(kind, r) == sum {
			t.Fatal("a changed bit of the version is not seen")
		}
	})
}

func TestCursor(t *testing.T) {
	for _, test := range []struct {
		name, by, cursor, order, id string
		err                         error
	}{
		{name: "none"},
		{name: "none, by a lookup", by: "owner"},
		{name: "by id", cursor: store.Cursor("", "", "a"), id: "a"},
		{name: "by id the order is left out", cursor: store.Cursor("", "b", "a"), id: "a"},
		{name: "by a lookup", by: "owner", cursor: store.Cursor("owner", "b", "a"), order: "b", id: "a"},
		{name: "by a lookup without an order", by: "owner", cursor: store.Cursor("owner", "", "a"), id: "a"},
		{name: "no base64", cursor: "!", err: issuer.ErrCursor},
		{name: "padded", cursor: "YQ==", err: issuer.ErrCursor},
		{name: "bits behind the end", cursor: "YR", err: issuer.ErrCursor},
		{name: "a line break", cursor: "YW\nFh", err: issuer.ErrCursor},
		{name: "a line break alone", cursor: "\n", err: issuer.ErrCursor},
		{name: "of ids, in a list by a lookup", by: "owner", cursor: store.Cursor("", "", "a"), err: issuer.ErrCursor},
		{name: "of a lookup, in a list by id", cursor: store.Cursor("owner", "b", "a"), err: issuer.ErrCursor},
		{name: "three parts", by: "owner", cursor: encode("a\x00b\x00c"), err: issuer.ErrCursor},
		{name: "no id", by: "owner", cursor: encode("a\x00"), err: issuer.ErrCursor},
		{name: "an id that is no text", cursor: encode("\xff"), err: issuer.ErrCursor},
		{name: "an order that is no text", by: "owner", cursor: encode("\xff\x00a"), err: issuer.ErrCursor},
	} {
		t.Run(test.name, func(t *testing.T) {
			order, id, err := store.ParseCursor(test.by, test.cursor)
			if order != test.order || id != test.id || !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
				t.Errorf("order %q, id %q, error %v; want %q, %q, %v", order, id, err, test.order, test.id, test.err)
			}
		})
	}
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// FuzzParseCursor: a cursor comes from whoever asks for the next page. What is read is what Cursor would have written, and can be
// looked for in any store.
func FuzzParseCursor(f *testing.F) {
	for _, seed := range []string{"", "YQ", "YQ==", "YR", "AA", "YgBh", "YQBiAGM", "_w", "\n", "YW\nFh", "!"} {
		f.Add("", seed)
		f.Add("owner", seed)
	}
	f.Fuzz(func(t *testing.T, by, cursor string) {
		order, id, err := store.ParseCursor(by, cursor)
		if err != nil {
			if !errors.Is(err, issuer.ErrCursor) || order != "" || id != "" {
				t.Errorf("order %q, id %q, error %v", order, id, err)
			}
			return
		}
		if cursor == "" {
			return
		}
		if got := store.Cursor(by, order, id); got != cursor {
			t.Errorf("%q reads as %q, %q, which is %q", cursor, order, id, got)
		}
		if len(id) <= store.MaxText && len(order) <= store.MaxText {
			if err := store.CheckRow(issuer.Kind{}, issuer.Row{ID: id, Order: order}); err != nil {
				t.Errorf("%q reads as %q, %q: %v", cursor, order, id, err)
			}
		}
	})
}

func ExampleCursor() {
	fmt.Println(store.ParseCursor("owner", store.Cursor("owner", "2026-11-22", "abc")))
	// Output: 2026-11-22 abc <nil>
}
