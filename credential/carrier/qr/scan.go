package qr

import (
	"math"
	"slices"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

const (
	mostTexts    = 16   // of one picture
	many         = 4    // of one picture, from which on further patterns are those of further codes
	mostAttempts = 160  // of reading a code in one picture
	firstSide    = 1800 // pixels of the longer side that are looked at first
	finest       = 4_000_000
	smallest     = 96 // pixels of the longer side: below, no smaller copy is looked at
	widestModule = 20 // pixels: wider ones are read in a smaller copy, where less has to be searched
)

// place is a code that was read, in pixels of the whole plane.
type place struct{ x, y, radius float64 }

// search looks at one picture in several sizes.
type search struct {
	texts    []string
	places   []place
	attempts int
	crowded  bool // there were more patterns than were combined
}

// scan returns the texts of the codes in a picture: first at a middling size, then finer, then coarser, until a size gives some.
// Whatever size that was, the finest one is looked at too unless it is large, for smaller codes beside it. It says whether these are
// all: a picture of many codes has more patterns than are combined, and so has one of much else beside a few.
func scan(whole *plane) (texts []string, all bool) {
	levels := []*plane{whole}
	for p := whole; max(p.width, p.height) > 2*smallest && min(p.width, p.height) > 1; {
		p = p.half()
		levels = append(levels, p)
	}
	first := 0
	for first+1 < len(levels) && max(levels[first].width, levels[first].height) > firstSide {
		first++
	}
	var s search
	for i := first; i >= 0; i-- {
		if len(s.texts) > 0 && levels[i].width*levels[i].height > finest {
			break
		}
		s.look(levels[i], float64(int(1)<<i), i == len(levels)-1)
	}
	for i := first + 1; i < len(levels) && len(s.texts) == 0; i++ {
		s.look(levels[i], float64(int(1)<<i), i == len(levels)-1)
	}
	if len(s.texts) == 0 && max(whole.width, whole.height) <= firstSide/2 {
		s.look(whole.double(), 0.5, false)
	}
	return s.texts, len(s.texts) < mostTexts && (!s.crowded || len(s.texts) < many)
}

// look reads the codes of one size of the picture, which is scale times smaller than the whole. last says that no smaller one
// follows.
func (s *search) look(p *plane, scale float64, last bool) {
	whole := divide(p)
	for _, turn := range []func(*plane, int) *bitmap{byPlace, byWhole} {
		b := turn(p, whole)
		found := b.patterns()
		s.crowded = s.crowded || len(found) == mostKept
		if len(found) < 3 {
			continue
		}
		var matrices [2]*gozxing.BitMatrix // as it is, and inverted
		for _, t := range triples(found) {
			corner, right, left := found[t.corner], found[t.right], found[t.left]
			at := place{
				x:      (right.x + left.x) / 2 * scale,
				y:      (right.y + left.y) / 2 * scale,
				radius: math.Hypot(right.x-left.x, right.y-left.y) / 2 * scale,
			}
			if (corner.module > widestModule && !last) || s.known(at) {
				continue
			}
			if s.attempts == mostAttempts || len(s.texts) == mostTexts {
				return
			}
			s.attempts++
			i := 0
			if corner.inverted {
				i = 1
			}
			if matrices[i] == nil {
				matrices[i] = b.matrix(corner.inverted)
			}
			if text, ok := read(matrices[i], corner, right, left); ok {
				s.places = append(s.places, at)
				if !slices.Contains(s.texts, text) {
					s.texts = append(s.texts, text)
				}
			}
		}
	}
}

// known tells whether a code lies where one was read.
func (s *search) known(at place) bool {
	return slices.ContainsFunc(s.places, func(p place) bool {
		return math.Hypot(p.x-at.x, p.y-at.y) < max(p.radius, at.radius)
	})
}

// read reads the code whose finder patterns are given.
func read(matrix *gozxing.BitMatrix, corner, right, left pattern) (text string, ok bool) {
	defer func() {
		if recover() != nil { // the library stumbles over some codes that are none
			text, ok = "", false
		}
	}()
	point := func(p pattern) *detector.FinderPattern { return detector.NewFinderPattern1(p.x, p.y, p.module) }
	code, err := detector.NewDetector(matrix).ProcessFinderPatternInfo(detector.NewFinderPatternInfo(point(left), point(corner), point(right)))
	if err != nil {
		return "", false
	}
	result, err := decoder.NewDecoder().DecodeWithoutHint(code.GetBits())
	if err != nil {
		return "", false
	}
	text = result.GetText()
	return text, strings.TrimSpace(text) != ""
}
