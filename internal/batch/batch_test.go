package batch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/verifier"
)

// texts are sources of one JSON document each.
func texts(documents ...string) []Source {
	var sources []Source
	for i, document := range documents {
		sources = append(sources, Source{Name: fmt.Sprintf("%d.json", i), Bytes: []byte(document)})
	}
	return sources
}

// plainly judges nothing: the report holds what was found.
func plainly(_ context.Context, item carrier.Item) ([]*verifier.Report, error) {
	return []*verifier.Report{{Outcome: verifier.Unknown, Text: item.Text, Input: verifier.Input{Kind: item.Kind, Name: item.Name}}}, nil
}

func rowsOf(t *testing.T, c *Checker, sources []Source) []Row {
	t.Helper()
	rows, err := c.All(t.Context(), sources)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if row.Number != i+1 || row.Report == nil {
			t.Fatalf("row %d is %+v", i, row)
		}
	}
	return rows
}

// TestOrder: rows come in the order of the sources, whatever takes longest, as soon as those before them are there; no more items are
// judged at a time than there are workers.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var judging, most atomic.Int64
		c := &Checker{Workers: 3, Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			for now := judging.Add(1); now > most.Load(); {
				most.Store(now)
			}
			defer judging.Add(-1)
			if strings.Contains(string(item.Text), "slow") {
				time.Sleep(time.Minute)
			}
			return plainly(ctx, item)
		}}
		start := time.Now()
		var names []string
		for row, err := range c.Run(t.Context(), texts(`{"a":1}`, `{"slow":1}`, `{"c":1}`, `{"slow":2}`, `{"e":1}`, `{"f":1}`)) {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, fmt.Sprint(row.Number, " ", row.Source, " ", row.Report.Input.Name, " ", time.Since(start)))
		}
		want := []string{"1 0 0.json 0s", "2 1 1.json 1m0s", "3 2 2.json 1m0s", "4 3 3.json 1m0s", "5 4 4.json 1m0s", "6 5 5.json 1m0s"}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Error(diff)
		}
		if most.Load() > 3 {
			t.Errorf("%d items judged at a time", most.Load())
		}
	})
}

// TestEnd: when the caller breaks off, nothing of the run goes on. A bubble fails when a goroutine is left.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := 0
		c := &Checker{Workers: 2, Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			if strings.Contains(string(item.Text), "waits") {
				<-ctx.Done()
				ended++
				return nil, ctx.Err()
			}
			return plainly(ctx, item)
		}}
		for range c.Run(t.Context(), texts(`{"a":1}`, `{"waits":1}`, `{"b":1}`, `{"c":1}`)) {
			break
		}
		if ended > 1 {
			t.Errorf("%d ended", ended)
		}
		for range c.Run(t.Context(), nil) {
			t.Error("a row of nothing")
		}
	})
}

func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c := &Checker{Workers: 2, Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			if strings.Contains(string(item.Text), "waits") {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return plainly(ctx, item)
		}}
		var rows, failed int
		for _, err := range c.Run(ctx, texts(`{"a":1}`, `{"waits":1}`, `{"b":1}`)) {
			if err != nil {
				failed++
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				continue
			}
			rows++
		}
		if rows != 1 || failed != 1 {
			t.Errorf("%d rows, %d errors", rows, failed)
		}
	})
}

// TestFault: what goes wrong with one input is a row of its own, not known, and never ends the others.
func TestFault(t *testing.T) {
	var told atomic.Int64
	c := &Checker{Fault: func(cause any, stack []byte) {
		told.Add(1)
		if cause != "out of order" || !strings.Contains(string(stack), "TestFault") {
			t.Errorf("%v %s", cause, stack)
		}
	}, Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
		switch text := string(item.Text); {
		case strings.Contains(text, "panics"):
			panic("out of order")
		case strings.Contains(text, "fails"):
			return nil, errors.New("out of order")
		case strings.Contains(text, "nothing"):
			return nil, nil
		}
		return plainly(ctx, item)
	}}
	rows := rowsOf(t, c, texts(`{"a":1}`, `{"panics":1}`, `{"fails":1}`, `{"nothing":1}`, `{"b":1}`))
	if len(rows) != 5 || told.Load() != 1 {
		t.Fatalf("%d rows, %d faults told", len(rows), told.Load())
	}
	for _, row := range rows[1:4] {
		r := row.Report
		if r.Outcome != verifier.Unknown || r.Authentic != verifier.Undecided || r.InForce != verifier.Undecided || r.Credential != nil {
			t.Errorf("%s: %s %s %s", r.Input.Name, r.Outcome, r.Authentic, r.InForce)
		}
		if len(r.Checks) < len(verifier.Steps) {
			t.Errorf("%d checks", len(r.Checks))
		}
		form := r.Checks[0]
		if !IsFault(r) || form.Code != "input_unavailable" || form.Facts[verifier.FactCase] != "fault" || form.Outcome != verifier.NotKnown {
			t.Errorf("%+v", form)
		}
		if r.Input.Name != fmt.Sprintf("%d.json", row.Source) {
			t.Errorf("named %q", r.Input.Name)
		}
	}
}

// TestPull: opening takes one of two places, of all runs together, and a fault there is an item that says so.
func TestPull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Checker{Workers: 8, Verify: plainly}
		var open, most atomic.Int64
		next := func() (carrier.Item, bool) {
			for now := open.Add(1); now > most.Load(); {
				most.Store(now)
			}
			time.Sleep(time.Second)
			open.Add(-1)
			return carrier.Item{}, false
		}
		for range 10 {
			run := c.start(t.Context(), nil)
			run.all.Go(func() { run.pull(next, true) })
			defer run.stop()
		}
		time.Sleep(time.Minute)
		if most.Load() != openings {
			t.Errorf("%d opened at a time", most.Load())
		}
		run := c.start(t.Context(), nil)
		defer run.stop()
		item, more := run.pull(func() (carrier.Item, bool) { panic("out of order") }, true)
		if !more || item.Problem != faulty {
			t.Errorf("%+v %v", item, more)
		}
		if got := run.judge(t.Context(), item, "picture.png", place{}); len(got) != 1 || got[0].report.Outcome != verifier.Unknown {
			t.Errorf("%+v", got)
		}
	})
}

// TestNames: a name is cut where it is handed in, as every row carries it.
func TestNames(t *testing.T) {
	long := strings.Repeat("n", 1<<20)
	for _, source := range []Source{{Name: long + "\u202e", Bytes: archive(t, 3, "{}")}, {URL: "https://badges.example/" + long}} {
		for _, row := range rowsOf(t, &Checker{Verify: plainly}, []Source{source}) {
			if n := len(row.Input.Name); n > 1000 || strings.Contains(row.Input.Name, "\u202e") {
				t.Errorf("a name of %d bytes", n)
			}
		}
	}
}

// TestWork: when the work of a run is done, each input that is left is told, in a row of its own.
func TestWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Checker{Workers: 2, Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
			time.Sleep(30 * time.Second)
			return plainly(ctx, item)
		}}
		sources := append(texts(make([]string, 20)...), Source{Name: "a.zip", Bytes: archive(t, 20, "{}")})
		begun := time.Now()
		rows := rowsOf(t, c, sources)
		if took := time.Since(begun); took > mostWork+time.Minute {
			t.Errorf("it took %s", took)
		}
		left := 0
		for _, row := range rows {
			if len(row.Checks) == 0 {
				continue
			}
			left++
			if form := row.Checks[0]; form.Code != "input_unavailable" || form.Facts[verifier.FactCase] != "time" || row.Outcome != verifier.Unknown || IsFault(row.Report) {
				t.Errorf("%+v", form)
			}
		}
		if len(rows) != 21 || left < 5 {
			t.Errorf("%d rows, %d of them not looked at", len(rows), left)
		}
	})
}

// TestBegin: what stands in one file has one context, and each file of an archive its own.
func TestBegin(t *testing.T) {
	type key struct{}
	begun := 0
	c := &Checker{Workers: 1, Begin: func(ctx context.Context) context.Context {
		begun++
		return context.WithValue(ctx, key{}, begun)
	}, Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
		item.Name = fmt.Sprint(ctx.Value(key{}))
		return plainly(ctx, item)
	}}
	var names []string
	for _, row := range rowsOf(t, c, []Source{{Bytes: []byte("https://a.example/1\nhttps://a.example/2")}, {Bytes: archive(t, 2, "{}")}, {Bytes: []byte("{}")}}) {
		names = append(names, row.Input.Name)
	}
	if diff := cmp.Diff([]string{"1", "1", "2", "3", "4"}, names); diff != "" {
		t.Error(diff)
	}
}

// TestAt: rows that nobody judged are of the same instant as the others.
func TestAt(t *testing.T) {
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	c := &Checker{At: at, Verify: func(context.Context, carrier.Item) ([]*verifier.Report, error) { return nil, nil }}
	for _, row := range append(rowsOf(t, c, texts(make([]string, MostRows+1)...)), Row{Report: c.refused(carrier.Item{}, late)}) {
		if !row.AsOf.Equal(at) {
			t.Fatalf("row %d is of %s", row.Number, row.AsOf)
		}
	}
}

// TestSources: every source gives at least one row; what stands in it says how it is read.
func TestSources(t *testing.T) {
	problem := &carrier.Problem{Code: "too_large", Case: "file", Detail: "The file is too large."}
	var items []carrier.Item
	c := &Checker{Workers: 1, Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
		items = append(items, item)
		return verifier.VerifyItem(ctx, carrier.Item{Kind: item.Kind, Problem: problem}, verifier.Options{})
	}}
	sources := []Source{
		{Name: "large.png", Problem: problem},
		{URL: "https://badges.example/1"},
		{Name: "read.json", Read: func() ([]byte, *carrier.Problem) { return []byte(`{"read":1}`), nil }},
		{Name: "gone.json", Read: func() ([]byte, *carrier.Problem) { return nil, problem }},
		{Name: "empty"},
	}
	rows := rowsOf(t, c, sources)
	var names []string
	for _, row := range rows {
		names = append(names, row.Report.Input.Name)
	}
	if diff := cmp.Diff([]string{"large.png", "https://badges.example/1", "read.json", "gone.json", "empty"}, names); diff != "" {
		t.Error(diff)
	}
	if items[0].Problem != problem || items[3].Problem != problem {
		t.Error("a problem was not handed on")
	}
	if diff := cmp.Diff([]string{"https://badges.example/1"}, items[1].Links); diff != "" {
		t.Error(diff)
	}
	if string(items[2].Text) != `{"read":1}` || items[4].Problem == nil {
		t.Errorf("%+v %+v", items[2], items[4])
	}
}

// TestMost: what lies beyond the bounds is one last row that counts it.
func TestMost(t *testing.T) {
	document := strings.Repeat(" ", 1<<20) + "{}"
	for name, test := range map[string]struct {
		sources []Source
		rows    int
		left    string
	}{
		"500 files":      {texts(make([]string, MostRows)...), MostRows, ""},
		"501 files":      {texts(make([]string, MostRows+1)...), MostRows + 1, "1"},
		"most not kept":  {append(texts(make([]string, MostRows)...), Source{More: 99999}), MostRows + 1, "100000"},
		"5000 files":     {texts(make([]string, 5000)...), MostRows + 1, "4500"},
		"archives":       {[]Source{{Name: "a.zip", Bytes: archive(t, 300, "{}")}, {Name: "b.zip", Bytes: archive(t, 300, "{}")}, {Name: "c.json", Bytes: []byte("{}")}}, MostRows + 1, "2"},
		"long documents": {[]Source{{Name: "a.zip", Bytes: archive(t, 40, document)}, {Name: "b.zip", Bytes: archive(t, 40, document)}}, 65, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			rows := rowsOf(t, &Checker{Verify: plainly}, test.sources)
			if len(rows) != test.rows {
				t.Fatalf("%d rows", len(rows))
			}
			last := rows[len(rows)-1].Report
			if test.left == "" {
				if last.Outcome != verifier.Unknown || len(last.Checks) != 0 {
					t.Errorf("%+v", last)
				}
				return
			}
			form := last.Checks[0]
			if form.Code != "input_unavailable" || form.Outcome != verifier.NotKnown || last.Outcome != verifier.Unknown {
				t.Errorf("%+v", form)
			}
			if diff := cmp.Diff(verifier.Facts{"case": "files", "name": test.left, "most": "500"}, form.Facts); diff != "" {
				t.Error(diff)
			}
		})
	}
}
