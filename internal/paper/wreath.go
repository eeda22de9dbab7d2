package paper

import (
	"image/color"
	"math"
)

// artSide is the width and height of the badge art: pixels of the PNG, units of the SVG.
const artSide = 512

// Colours of the badge art, with a light and a shaded tone of leaf and metal.
var (
	ink         = color.NRGBA{0x1b, 0x24, 0x20, 0xff}
	laurel      = color.NRGBA{0x1d, 0x5b, 0x43, 0xff}
	laurelLight = color.NRGBA{0x2b, 0x75, 0x58, 0xff}
	gold        = color.NRGBA{0x8c, 0x64, 0x10, 0xff}
	goldLight   = color.NRGBA{0xc9, 0x9a, 0x35, 0xff}
	cream       = color.NRGBA{0xfa, 0xf8, 0xf3, 0xff}
)

// Measures of the badge art. Angles are degrees from the bottom to the right.
const (
	discRadius = 172.0
	ringRadius = 161.0
	ringWidth  = 2.5

	stemRadius = 206.0
	stemWidth  = 3.5
	stemEnd    = 153.0 // where the branch ends
	cutWidth   = 4.5   // of the end of the stem beyond the knot
	slender    = 0.34  // width of a leaf to its length

	starOuter, starInner = 104.0, 45.0  // of a star that stands alone
	starAbove, starSmall = -118.0, 27.0 // where one stands over a title, and its size
)

// The two stems cross at the bottom, under a knot.
var (
	knot             = point{0, stemRadius + 3}
	cutFrom, cutDown = point{4, stemRadius}, point{-26, stemRadius + 13}
)

// point is a place from the centre of the art, y downwards.
type point struct{ x, y float64 }

func (p point) plus(q point) point    { return point{p.x + q.x, p.y + q.y} }
func (p point) times(f float64) point { return point{p.x * f, p.y * f} }
func (p point) dot(q point) float64   { return p.x*q.x + p.y*q.y }
func (p point) from(q point) float64  { return math.Hypot(p.x-q.x, p.y-q.y) }
func (p point) turn(a float64) point {
	s, c := math.Sincos(a)
	return point{c*p.x - s*p.y, s*p.x + c*p.y}
}

func degrees(a float64) float64 { return a * math.Pi / 180 }

// onCircle is the point at an angle.
func onCircle(radius, angle float64) point { return point{0, radius}.turn(-degrees(angle)) }

// leaf is the lens between two arcs that meet at base and at its tip.
type leaf struct {
	base, direction point // direction is a unit vector
	length          float64
}

func (l leaf) tip() point { return l.base.plus(l.direction.times(l.length)) }

// radius is that of the two arcs.
func (l leaf) radius() float64 { return l.length * (1 + slender*slender) / (4 * slender) }

// branch returns the leaves of the right half of the wreath; the left half is its mirror image.
func branch() []leaf {
	const (
		first   = 10.0
		pairs   = 13
		outer   = 27.0 // degrees between a leaf and the stem
		inner   = 33.0
		longest = 57.0
		taper   = 0.28 // how much shorter the last leaves are
	)
	var leaves []leaf
	for i := range pairs {
		part := float64(i) / (pairs - 1)
		angle, length := first+(stemEnd-first)*part, longest*(1-taper*part)
		base, along := onCircle(stemRadius, angle), point{1, 0}.turn(-degrees(angle))
		leaves = append(leaves, leaf{base, along.turn(degrees(outer)), length}, leaf{base, along.turn(-degrees(inner)), length * 0.85})
	}
	return append(leaves, leaf{onCircle(stemRadius, stemEnd), point{1, 0}.turn(-degrees(stemEnd + 4)), longest * (1 - taper)})
}

// star returns the halves of the five points of a star around the centre, first the shaded ones.
func star(outer, inner float64) (shaded, lit [][3]point) {
	for i := range 5 {
		angle := 180 + float64(i)*72
		tip := onCircle(outer, angle)
		shaded = append(shaded, [3]point{{}, tip, onCircle(inner, angle+36)})
		lit = append(lit, [3]point{{}, tip, onCircle(inner, angle-36)})
	}
	return shaded, lit
}
