package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../.."

func kept(t *testing.T) figures {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "growth", "figures.txt"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if f.String() != string(text) {
		t.Error("figures.txt is not as it would be written")
	}
	return f
}

// TestDrawn: the pictures of the tree are what its figures give, each reads as XML, says what it shows, and names no other file.
func TestDrawn(t *testing.T) {
	f := kept(t)
	for _, c := range charts() {
		want, err := c.draw(f)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(root, "docs", "growth", c.file))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the figures give, error %v: go run ./internal/growth draw", c.file, err)
		}
		elements := map[string]int{}
		for d := xml.NewDecoder(bytes.NewReader(want)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", c.file, err)
			}
			if start, is := token.(xml.StartElement); is {
				elements[start.Name.Local]++
				for _, a := range start.Attr {
					if a.Name.Local == "href" || strings.Contains(a.Value, "url(") {
						t.Errorf("%s leads to %s", c.file, a.Value)
					}
				}
			}
		}
		points := 0
		for _, p := range c.panels {
			for _, curve := range p.curves {
				points += len(f.curves[curve.name])
			}
		}
		if elements["title"] != 1 || elements["desc"] != 1 || elements["circle"] != points {
			t.Errorf("%s has %v for %d figures", c.file, elements, points)
		}
	}
}

// TestTables: the tables of the document are what the figures give.
func TestTables(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := kept(t).insert(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(page)); diff != "" {
		t.Errorf("docs/performance.md is not what the figures give: go run ./internal/growth draw\n%s", diff)
	}
}

func TestTake(t *testing.T) {
	f, err := parse("machine old\na/b 10 2\na/b 1000 4\n")
	if err != nil {
		t.Fatal(err)
	}
	run := "=== RUN\ngrowth: machine go1, 2 × fast\ngrowth: a/b 100 3e-05\n    other\ngrowth: a/b 10 1\nPASS\n"
	if err := f.take(strings.NewReader(run)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("machine go1, 2 × fast\na/b 10 1\na/b 100 3e-05\na/b 1000 4\n", f.String()); diff != "" {
		t.Error(diff)
	}
	for name, run := range map[string]string{
		"nothing": "ok\n", "two words": "growth: a 1\n", "four words": "growth: a 1 2 3\n", "no number": "growth: a 1 x\n",
		"zero": "growth: a 1 0\n", "below zero": "growth: a 1 -2\n", "not a number": "growth: a 1 NaN\n", "without end": "growth: a +Inf 1\n",
	} {
		if err := f.take(strings.NewReader(run)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// TestLeftOut: a picture is not drawn without one of its curves.
func TestLeftOut(t *testing.T) {
	f := kept(t)
	delete(f.curves, "issue/jose")
	if _, err := charts()[0].draw(f); err == nil {
		t.Error("drawn without a curve")
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{duration(6.063e-9), "6.06 ns"}, {duration(1e-6), "1 µs"}, {duration(8.128e-5), "81.3 µs"}, {duration(0.0009999), "1 ms"},
		{duration(0.3234), "323 ms"}, {duration(12.57), "12.6 s"}, {count(16777216), "16,777,216"}, {count(999), "999"}, {ratio(1.418), "1.42"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}

func TestBelow(t *testing.T) {
	for _, c := range []struct{ v, want float64 }{{1, 1}, {1.99, 1}, {2, 2}, {4.9e-5, 2e-5}, {7, 5}, {999, 500}} {
		if got := below(c.v); got < c.want*0.999 || got > c.want*1.001 {
			t.Errorf("below %g: %g, want %g", c.v, got, c.want)
		}
	}
}
