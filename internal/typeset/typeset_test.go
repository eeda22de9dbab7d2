package typeset

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMissing(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"Zoë Ångström, Łódź – “1”":   "",
		"Nguyễn Thị Hương":           "",
		"Παπαδοπούλου Оценка":        "",
		"e\u0301":                    "", // there is a letter with this accent
		"x\u0301":                    "\u0301",
		"Ada 李明李":                    "李明",
		"\u202eAda":                  "\u202e",
		"דנה":                        "דנה",
		"محمد":                       "محد",
		"🏆":                          "🏆",
		"a\nb":                       "\n",
		"\ufffd":                     "\ufffd",
		strings.Repeat("\u0915", 10): "\u0915",
	} {
		if got := string(Missing(text)); got != want {
			t.Errorf("%q: missing %q, not %q", text, got, want)
		}
	}
}

func TestGlyphs(t *testing.T) {
	for _, f := range Faces {
		if f.Width("i", 10) <= 0 || f.Width("ii", 10) < 1.9*f.Width("i", 10)-1 || math.Abs(f.Width("Ada", 20)-2*f.Width("Ada", 10)) > 1e-9 {
			t.Errorf("%s does not measure", f.Name())
		}
		_, plain := f.Glyphs("Ada", 10, 0)
		if _, wide := f.Glyphs("Ada", 10, 1); math.Abs(wide-plain-2) > 1e-9 {
			t.Errorf("%s: %g and %g", f.Name(), plain, wide)
		}
	}
	if Display.Width("AV", 1000) >= Display.Width("A", 1000)+Display.Width("V", 1000) {
		t.Error("letters are not moved towards each other")
	}
}

func TestOutline(t *testing.T) {
	path := Display.Outline("Ada Ö", 100, 0, Point{50, 200})
	moves, closes := 0, 0
	for _, s := range path {
		switch s.Verb {
		case Move:
			moves++
		case Close:
			closes++
		}
		if s.Verb != Close && (s.To.X < 45 || s.To.X > 50+Display.Width("Ada Ö", 100) || s.To.Y < 90 || s.To.Y > 210) {
			t.Errorf("a point at %v", s.To)
		}
	}
	if moves < 8 || moves != closes {
		t.Errorf("%d outlines begin and %d end", moves, closes)
	}
	if Display.Outline("", 10, 0, Point{}) != nil {
		t.Error("nothing has an outline")
	}
}

// TestLines: no letter is lost, no line is too wide, and no word is broken that has room.
func TestLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[A-Za-zÄñ]{1,12}(-[a-z]{1,8})?`), 0, 14).Draw(t, "words")
		face := rapid.SampledFrom(Faces).Draw(t, "face")
		size := rapid.Float64Range(4, 40).Draw(t, "size")
		tracking := rapid.SampledFrom([]float64{0, 0.14}).Draw(t, "tracking")
		width := size * rapid.Float64Range(2, 40).Draw(t, "width")
		text := strings.Join(words, " ")
		m := face.Measure(text, tracking)
		for name, lines := range map[string][]string{"lines": m.Lines(size, width), "even": m.Even(size, width)} {
			if got, want := strings.ReplaceAll(strings.Join(lines, ""), " ", ""), strings.Join(words, ""); got != want {
				t.Fatalf("%s: %q of %q", name, got, want)
			}
			for _, line := range lines {
				if _, wide := face.Glyphs(line, size, tracking*size); wide > width*1.0001+1e-6 {
					t.Errorf("%s: %q is %g wide, not %g", name, line, wide, width)
				}
			}
			if m.Unbroken(size, width) {
				whole := strings.ReplaceAll(strings.Join(lines, " "), "- ", "-")
				if whole != strings.ReplaceAll(text, "- ", "-") {
					t.Errorf("%s: %q is broken into %q", name, text, lines)
				}
			}
		}
		most := rapid.IntRange(1, 4).Draw(t, "most")
		cut := m.Cut(size, width, most)
		if len(cut) > most {
			t.Errorf("%q has more than %d lines", cut, most)
		}
		if all := m.Lines(size, width); len(all) <= most && !slices.Equal(all, cut) {
			t.Errorf("%q became %q", all, cut)
		}
	})
}

// TestPaths: curves keep to their circle.
func TestPaths(t *testing.T) {
	centre := Point{3, 4}
	for _, path := range []Path{Circle(centre, 10), Ring(centre, 10, 0)} {
		at := Point{}
		for _, s := range path {
			if s.Verb == Curve {
				middle := at.Plus(s.Control1.Times(3)).Plus(s.Control2.Times(3)).Plus(s.To).Times(1.0 / 8)
				if far := math.Hypot(middle.X-centre.X, middle.Y-centre.Y); math.Abs(far-10) > 0.01 {
					t.Errorf("%g from the centre", far)
				}
			}
			at = s.To
		}
	}
	moved := Polygon(Point{0, 0}, Point{1, 0}, Point{1, 2}).Placed(-2, 2, Point{10, 10})
	if moved[2].To != (Point{8, 14}) {
		t.Errorf("moved to %v", moved[2].To)
	}
}
