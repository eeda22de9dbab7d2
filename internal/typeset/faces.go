// Package typeset measures text and gives its outlines, for whatever draws letters: pages to print and pictures.
//
// The faces are part of the program. They have the letters of the Latin, Greek and Cyrillic scripts, which stand beside one another
// from left to right. Other scripts need their letters joined, stacked or turned; a text that holds such a letter is not set at all
// rather than wrongly: see [Missing].
package typeset

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"

	"github.com/laurelbadges/laurel/internal/paper/fonts"
)

// Face is one of the faces.
type Face int

// The faces, by what they are for.
const (
	Display Face = iota // names of things
	Text                // everything else
	Strong              // what stands out in it
	Exact               // what is typed as it stands
)

// Faces are all of them.
var Faces = []Face{Display, Text, Strong, Exact}

// table names each face and its TrueType file. A face is exchanged here and nowhere else.
var table = [...]struct {
	name string
	file []byte
}{
	Display: {"Display", fonts.SerifSemiBold},
	Text:    {"Text", fonts.SansRegular},
	Strong:  {"Strong", fonts.SansSemiBold},
	Exact:   {"Exact", gomono.TTF},
}

// Name is the name of a face, without spaces, and TrueType its file, which must not be changed.
func (f Face) Name() string { return table[f].name }

// TrueType is the file of a face, which must not be changed.
func (f Face) TrueType() []byte { return table[f].file }

// parsed are the faces ready for use. They are part of the program, so one that cannot be read is a fault of its build.
var parsed = sync.OnceValue(func() []*sfnt.Font {
	var all []*sfnt.Font
	for _, face := range table {
		read, err := sfnt.Parse(face.file)
		if err != nil {
			panic(fmt.Errorf("reading the face %s: %w", face.name, err))
		}
		all = append(all, read)
	}
	return all
})

// Normal is a text as it is set: a letter and the accents behind it are one character where there is one (Unicode Standard Annex
// 15, form C), which changes no meaning and no look.
func Normal(text string) string { return norm.NFC.String(text) }

// Missing are the characters of a text that the faces cannot set, each once, in their order: those without a glyph, accents that
// no letter carries ready-made, and all that is written from right to left.
func Missing(text string) []rune {
	var missing []rune
	var buffer sfnt.Buffer
	for _, r := range Normal(text) {
		if !settable(&buffer, r) && !strings.ContainsRune(string(missing), r) {
			missing = append(missing, r)
		}
	}
	return missing
}

func settable(buffer *sfnt.Buffer, r rune) bool {
	if r > 0xffff || r == unicode.ReplacementChar || unicode.In(r, unicode.Mn, unicode.Mc, unicode.Me, unicode.Cc, unicode.Cf, unicode.Co, unicode.Hebrew, unicode.Arabic) {
		return false
	}
	for _, face := range []Face{Display, Text, Strong} {
		if i, err := parsed()[face].GlyphIndex(buffer, r); err != nil || i == 0 {
			return false
		}
	}
	return true
}

// Glyph is a letter at its place on a line.
type Glyph struct {
	Rune rune
	At   float64 // from the beginning of the line
	End  float64 // where it ends there
	Kern bool    // it is moved nearer to the letter before, or away
	id   sfnt.GlyphIndex
}

// Glyphs puts the letters of a text beside one another, with the size of the face and the space between letters in the same unit.
// The width is that of all of them. What [Missing] tells is set as a box.
func (f Face) Glyphs(text string, size, tracking float64) (glyphs []Glyph, width float64) {
	read := parsed()[f]
	var buffer sfnt.Buffer
	units := fixed.I(int(read.UnitsPerEm()))
	scale := size / (64 * float64(read.UnitsPerEm()))
	var before sfnt.GlyphIndex
	word := false
	for _, r := range text {
		id, err := read.GlyphIndex(&buffer, r)
		if err != nil {
			id = 0
		}
		var kern fixed.Int26_6
		if word && r != ' ' {
			if kern, err = read.Kern(&buffer, before, id, units, font.HintingNone); err != nil {
				kern = 0 // the face has no such pair
			}
		}
		width += float64(kern) * scale
		advance, err := read.GlyphAdvance(&buffer, id, units, font.HintingNone)
		if err != nil {
			advance = 0
		}
		end := width + float64(advance)*scale
		glyphs = append(glyphs, Glyph{r, width, end, kern != 0, id})
		width = end + tracking
		before, word = id, r != ' '
	}
	return glyphs, max(0, width-tracking)
}

// Width is how wide a text is.
func (f Face) Width(text string, size float64) float64 {
	_, width := f.Glyphs(text, size, 0)
	return width
}

// Outline is a text as a path that begins at a point of the baseline.
func (f Face) Outline(text string, size, tracking float64, at Point) Path {
	read := parsed()[f]
	var buffer sfnt.Buffer
	scale := size / (64 * float64(read.UnitsPerEm()))
	var path Path
	glyphs, _ := f.Glyphs(text, size, tracking)
	for _, g := range glyphs {
		segments, err := read.LoadGlyph(&buffer, g.id, fixed.I(int(read.UnitsPerEm())), nil)
		if err != nil {
			continue // it has no outline
		}
		origin := at.Plus(Point{g.At, 0})
		place := func(p fixed.Point26_6) Point {
			return origin.Plus(Point{float64(p.X) * scale, float64(p.Y) * scale})
		}
		open, last := false, Point{}
		for _, s := range segments {
			a, b, c := place(s.Args[0]), place(s.Args[1]), place(s.Args[2])
			switch s.Op {
			case sfnt.SegmentOpMoveTo:
				if open {
					path.Close()
				}
				path.MoveTo(a)
				open, last = true, a
			case sfnt.SegmentOpLineTo:
				path.LineTo(a)
				last = a
			case sfnt.SegmentOpQuadTo: // the same curve as a cubic one
				path.CurveTo(last.Plus(a.Plus(last.Times(-1)).Times(2.0/3)), b.Plus(a.Plus(b.Times(-1)).Times(2.0/3)), b)
				last = b
			case sfnt.SegmentOpCubeTo:
				path.CurveTo(a, b, c)
				last = c
			}
		}
		if open {
			path.Close()
		}
	}
	return path
}
