package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestJudge(t *testing.T) {
	before := figure{name: "a", ratio: 2, spread: 0.02, bytes: 10_000, allocs: 100}
	for name, c := range map[string]struct {
		now  figure
		want verdict
	}{
		"the same":                      {figure{"a", 2, 0.02, 10_000, 100}, same},
		"14 % slower":                   {figure{"a", 2.28, 0.02, 10_000, 100}, same},
		"16 % slower":                   {figure{"a", 2.32, 0.02, 10_000, 100}, slower},
		"16 % slower, and noisy":        {figure{"a", 2.32, 0.2, 10_000, 100}, unclear},
		"the same, and noisy":           {figure{"a", 2, 0.16, 10_000, 100}, unclear},
		"a third faster":                {figure{"a", 1.4, 0.02, 10_000, 100}, faster},
		"more bytes":                    {figure{"a", 2, 0.02, 10_600, 100}, larger},
		"more allocations":              {figure{"a", 2, 0.02, 10_000, 107}, larger},
		"noisy, and more allocations":   {figure{"a", 2, 0.2, 10_000, 107}, larger},
		"faster, with more allocations": {figure{"a", 1.4, 0.02, 10_000, 107}, larger},
		"slower, with more bytes":       {figure{"a", 3, 0.02, 20_000, 100}, both},
		"fewer bytes":                   {figure{"a", 2, 0.02, 5_000, 50}, same},
	} {
		if got := judge(before, c.now); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	few := figure{name: "a", ratio: 2, bytes: 0, allocs: 0}
	if got := judge(few, figure{name: "a", ratio: 2, bytes: 1, allocs: 0.1}); got != same {
		t.Errorf("a byte in ten runs: %s", got)
	}
	if got := judge(few, figure{name: "a", ratio: 2, bytes: 640, allocs: 2}); got != larger {
		t.Errorf("two allocations where there were none: %s", got)
	}
}

// TestReport: what is worse and what cannot be said end the program differently, and neither passes for good.
func TestReport(t *testing.T) {
	good := figure{name: "a", ratio: 2, spread: 0.01}
	slow, noisy, other := good, good, good
	slow.ratio, noisy.spread, other.name = 3, 0.5, "b"
	for name, c := range map[string]struct {
		reference, now []figure
		all            bool
		worse, doubt   bool
	}{
		"as before":                  {[]figure{good}, []figure{good}, true, false, false},
		"slower":                     {[]figure{good}, []figure{slow}, true, true, false},
		"noisy":                      {[]figure{good}, []figure{noisy}, true, false, true},
		"new":                        {[]figure{good}, []figure{good, other}, true, false, true},
		"gone":                       {[]figure{good, other}, []figure{good}, true, false, true},
		"not chosen":                 {[]figure{good, other}, []figure{good}, false, false, false},
		"slower, and another is new": {[]figure{good}, []figure{slow, other}, true, true, true},
		"without a reference":        {nil, []figure{good}, true, false, true},
	} {
		worse, err := report(io.Discard, compare(c.reference, c.now, c.all))
		if worse != c.worse || (err != nil) != c.doubt {
			t.Errorf("%s: worse %t, error %v", name, worse, err)
		}
	}
}

func TestReplaced(t *testing.T) {
	older := []figure{{name: "a", ratio: 1}, {name: "b", ratio: 2}}
	got := replaced(older, []figure{{name: "b", ratio: 3}})
	if got[0].ratio != 1 || got[1].ratio != 3 || older[1].ratio != 2 {
		t.Errorf("%v from %v", got, older)
	}
}

func TestParse(t *testing.T) {
	r := results{"go1 linux, 2 × fast", []figure{{"GET page, unchanged", 12.25, 0.031, 1200, 3.5}, {"store get", 0.01875, 0.002, 0, 0}}}
	got, err := parse(r.String())
	if diff := cmp.Diff(r, got, cmp.AllowUnexported(results{}, figure{})); err != nil || diff != "" {
		t.Errorf("error %v\n%s", err, diff)
	}
	for _, text := range []string{"a\n", "a\t1\t2\t3\n", "a\t0\t0\t0\t0\n", "a\tNaN\t0\t0\t0\n", "a\tx\t0\t0\t0\n", "\n"} {
		if _, err := parse(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// TestOperations: each operation works, and the reference of the tree has just these, in this order.
func TestOperations(t *testing.T) {
	all, end, err := operations(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	for _, o := range all {
		for range 2 { // what is done again must work as well
			if err := o.do(); err != nil {
				t.Errorf("%s: %v", o.name, err)
			}
		}
		if err := o.floor(); err != nil {
			t.Errorf("the floor of %s: %v", o.name, err)
		}
	}
	text, err := os.ReadFile(filepath.Join("../..", reference))
	if err != nil {
		t.Fatal(err)
	}
	before, err := parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, f := range before.figures {
		listed = append(listed, f.name)
	}
	if diff := cmp.Diff(names(all), listed); diff != "" {
		t.Errorf("the reference has other operations: make bench-reference\n%s", diff)
	}
}

// TestMeasured: an operation that does its work twice has twice the ratio and allocations of one that does it once, in whatever order.
func TestMeasured(t *testing.T) {
	var sink []byte
	work := func() error {
		sink = make([]byte, 4096)
		for i := range sink {
			sink[i] = byte(i * i)
		}
		return nil
	}
	twice := func() error { _ = work(); return work() }
	found, err := measure([]operation{{"once", work, work}, {"twice", work, twice}}, fewest, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	a, b := found[0], found[1]
	if b.ratio <= a.ratio || b.allocs < 1.9*a.allocs || b.bytes < 1.9*a.bytes || a.bytes < 4096 {
		t.Errorf("%+v and %+v", a, b)
	}
	if got := compare([]figure{a}, []figure{{name: "once", ratio: b.ratio, bytes: b.bytes, allocs: b.allocs}}, true); !strings.Contains(string(got[0].verdict), "MORE MEMORY") {
		t.Errorf("twice the work is %s", got[0].verdict)
	}
}
