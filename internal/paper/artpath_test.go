package paper

import (
	"bytes"
	"image/color"
	"image/png"
	"math"
	"testing"

	"github.com/laurelbadges/laurel/internal/typeset"
)

// TestArtShapes: the areas are the picture of ArtPNG.
func TestArtShapes(t *testing.T) {
	t.Parallel()
	data, err := ArtPNG()
	if err != nil {
		t.Fatal(err)
	}
	want, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := newCanvas(ArtSide, ArtSide, color.NRGBA{0xff, 0xff, 0xff, 0xff})
	for _, s := range ArtShapes(Art{}) {
		c.fill(Shape{s.Tone, s.Path.Placed(1, 1, typeset.Point{X: ArtSide / 2, Y: ArtSide / 2})})
	}
	wrong := 0
	for y := range ArtSide {
		for x := range ArtSide {
			r, g, b, a := want.At(x, y).RGBA()
			white := 0xffff - a
			gr, gg, gb, _ := c.picture.At(x, y).RGBA()
			for _, pair := range [][2]uint32{{r + white, gr}, {g + white, gg}, {b + white, gb}} {
				if math.Abs(float64(pair[0])-float64(pair[1])) > 0x3800 {
					wrong++
					break
				}
			}
		}
	}
	if wrong > ArtSide*ArtSide/1000 {
		t.Errorf("%d pixels differ", wrong)
	}
}

// TestArtShapesTitle: a title stays on the disc, and one that cannot be set leaves the star alone.
func TestArtShapesTitle(t *testing.T) {
	t.Parallel()
	bare := len(ArtShapes(Art{}))
	for _, a := range []Art{{Title: "识字"}, {Title: "Leader 🏆"}, {Title: "Reading", Kind: "证书"}} {
		if n := len(ArtShapes(a)); n != bare {
			t.Errorf("%q: %d shapes, not %d", a.Title, n, bare)
		}
	}
	for _, a := range []Art{{Title: "A"}, {Title: "WWWWWWWWWWWWWWWW WWWWWWWWWWW", Kind: "WWWWWWWWWWWWWWWWWWWWWWW"}, {Title: "Small-Group Instruction from Evidence", Kind: "Micro-credential"}} {
		shapes := ArtShapes(a)
		if len(shapes) <= bare {
			t.Errorf("%q was not set", a.Title)
		}
		for _, s := range shapes[bare:] {
			for _, step := range s.Path {
				if step.Verb != typeset.Close && math.Hypot(step.To.X, step.To.Y) > ringRadius {
					t.Fatalf("%q: a letter at %v", a.Title, step.To)
				}
			}
		}
	}
}
