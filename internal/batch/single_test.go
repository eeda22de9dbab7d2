package batch

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/verifier"
)

// at is an instant of reports.
var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// TestSingle: what is one text gives the row that a run gives; everything else is left to a run.
func TestSingle(t *testing.T) {
	begun := 0
	c := &Checker{Begin: func(ctx context.Context) context.Context { begun++; return ctx }, Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
		if string(item.Text) == `{"panics":1}` {
			panic("out of order")
		}
		return verifier.VerifyItem(ctx, item, verifier.Options{At: at})
	}, At: at}
	for name, test := range map[string]struct {
		source Source
		ok     bool
	}{
		"JSON":        {Source{Name: "a.json", Bytes: []byte(`{"a":1}`)}, true},
		"a token":     {Source{Bytes: []byte("eyJhbGciOiJFZERTQSJ9.e30.AAAA")}, true},
		"a fault":     {Source{Bytes: []byte(`{"panics":1}`)}, true},
		"an address":  {Source{URL: "https://badges.example/1"}, false},
		"a link":      {Source{Bytes: []byte("https://badges.example/1")}, false},
		"nothing":     {Source{Bytes: []byte("nothing in it")}, false},
		"a problem":   {Source{Problem: late}, false},
		"an archive":  {Source{Bytes: archive(t, 1, "{}")}, false},
		"a large one": {Source{Bytes: append([]byte(`{"a":1}`), make([]byte, singleMost)...)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			begun = 0
			row, ok, err := c.Single(t.Context(), test.source)
			if ok != test.ok || err != nil {
				t.Fatalf("ok %v, error %v", ok, err)
			}
			if !ok {
				return
			}
			before := begun
			rows := rowsOf(t, c, []Source{test.source})
			if len(rows) != 1 || before != begun-before {
				t.Fatalf("%d rows, begun %d and %d times", len(rows), before, begun-before)
			}
			if diff := cmp.Diff(rows[0], row); diff != "" {
				t.Error(diff)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok, err := c.Single(ctx, Source{Bytes: []byte(`{"a":1}`)}); !ok || !errors.Is(err, context.Canceled) {
		t.Errorf("%v %v", ok, err)
	}
}
