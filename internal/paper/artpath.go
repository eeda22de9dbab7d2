package paper

import (
	"image/color"
	"math"

	"github.com/laurelbadges/laurel/internal/typeset"
)

// Shape is an area of one colour in a picture.
type Shape struct {
	Tone color.NRGBA
	Path typeset.Path
}

// ArtSide is the width and the height of what [ArtShapes] draws.
const ArtSide = artSide

// ArtShapes is the picture of [ArtSVG] as areas to be filled one after the other, about the origin. Letters are outlines; a title
// that the faces cannot set is left out, and a star stands in its place.
func ArtShapes(a Art) []Shape {
	var shapes []Shape
	add := func(tone color.NRGBA, path typeset.Path) { shapes = append(shapes, Shape{tone, path}) }
	shapes = append(shapes, WreathShapes()...)
	add(ink, typeset.Circle(typeset.Point{}, discRadius))
	add(goldLight, typeset.Ring(typeset.Point{}, ringRadius, ringWidth))
	add(gold, typeset.Circle(at(knot), 7.5))
	add(goldLight, typeset.Circle(at(knot), 4.5))
	title, kind := typeset.Normal(legible(a.Title)), typeset.Normal(legible(a.Kind))
	below, outer := starAbove, starSmall
	if title == "" || len(typeset.Missing(title+kind)) > 0 {
		below, outer, title = 0, starOuter, ""
	}
	shaded, lit := star(outer, outer*starInner/starOuter)
	for i := range shaded {
		add(gold, triangleAt(shaded[i], below))
		add(goldLight, triangleAt(lit[i], below))
	}
	if title == "" {
		return shapes
	}
	upper, lower, kind := placesOf(kind)
	for _, text := range []struct {
		setting
		tracking float64
		tone     color.NRGBA
	}{{upper.set(title), 0, cream}, {lower.set(kind), lower.tracking, goldLight}} {
		for _, line := range text.lines {
			tracking := text.tracking * text.size
			_, width := typeset.Display.Glyphs(line.text, text.size, tracking)
			size := text.size
			if most := 2 * math.Sqrt(ringRadius*ringRadius-line.baseline*line.baseline) * 0.94; width > most { // the estimate was too small
				size, tracking, width = size*most/width, tracking*most/width, most
			}
			add(text.tone, typeset.Display.Outline(line.text, size, tracking, typeset.Point{X: -width / 2, Y: line.baseline}))
		}
	}
	return shapes
}

// WreathShapes is the wreath of [ArtShapes] alone.
func WreathShapes() []Shape {
	var shapes []Shape
	for _, side := range []float64{1, -1} {
		for _, part := range branchShapes() {
			shapes = append(shapes, Shape{part.Tone, part.Path.Placed(side, 1, typeset.Point{})})
		}
	}
	return shapes
}

func at(p point) typeset.Point { return typeset.Point{X: p.x, Y: p.y} }

func triangleAt(corners [3]point, below float64) typeset.Path {
	down := point{0, below}
	return typeset.Polygon(at(corners[0].plus(down)), at(corners[1].plus(down)), at(corners[2].plus(down)))
}

// branchShapes are the right half of the wreath.
func branchShapes() []Shape {
	var shapes []Shape
	for _, l := range branch() {
		shapes = append(shapes, Shape{laurel, l.path(true)}, Shape{laurelLight, l.path(false)})
	}
	var stem typeset.Path
	outer, inner := stemRadius+stemWidth/2, stemRadius-stemWidth/2
	stem.MoveTo(at(onCircle(outer, 0)))
	stem.ArcTo(typeset.Point{}, at(onCircle(outer, 0)), -degrees(stemEnd))
	stem.LineTo(at(onCircle(inner, stemEnd)))
	stem.ArcTo(typeset.Point{}, at(onCircle(inner, stemEnd)), degrees(stemEnd))
	stem.Close()
	return append(shapes, Shape{laurel, stem}, Shape{laurel, barPath(cutFrom, cutDown, cutWidth)})
}

// path is the outline of a leaf, or of its lit half.
func (l leaf) path(whole bool) typeset.Path {
	half := math.Asin(l.length / (2 * l.radius())) // of the angle of each arc
	handle := l.radius() * 4 / 3 * math.Tan(half/2)
	toTip, toBase := l.direction.times(handle), l.direction.times(-handle)
	var p typeset.Path
	p.MoveTo(at(l.base))
	p.CurveTo(at(l.base.plus(toTip.turn(-half))), at(l.tip().plus(toBase.turn(half))), at(l.tip()))
	if whole {
		p.CurveTo(at(l.tip().plus(toBase.turn(-half))), at(l.base.plus(toTip.turn(half))), at(l.base))
	}
	p.Close()
	return p
}

// barPath is a line with round ends.
func barPath(from, to point, width float64) typeset.Path {
	along := to.plus(from.times(-1)).times(width / 2 / to.from(from))
	side := point{-along.y, along.x}
	var p typeset.Path
	p.MoveTo(at(from.plus(side)))
	p.ArcTo(at(from), at(from.plus(side)), math.Pi)
	p.LineTo(at(to.plus(side.times(-1))))
	p.ArcTo(at(to), at(to.plus(side.times(-1))), math.Pi)
	p.Close()
	return p
}
