package paper

import (
	"image"
	"image/color"
	"image/draw"
	"math"
)

// artSide is the width and height of the badge art in pixels.
const artSide = 512

// Colours of the badge art, with a light and a shaded tone of leaf and metal.
var (
	ink         = color.NRGBA{0x1b, 0x24, 0x20, 0xff}
	laurel      = color.NRGBA{0x1d, 0x5b, 0x43, 0xff}
	laurelLight = color.NRGBA{0x2b, 0x75, 0x58, 0xff}
	gold        = color.NRGBA{0x8c, 0x64, 0x10, 0xff}
	goldLight   = color.NRGBA{0xc9, 0x9a, 0x35, 0xff}
)

// point is a place in pixels from the centre of the art, y downwards.
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

// onCircle is the point at an angle in degrees, counted from the bottom to the right.
func onCircle(radius, angle float64) point { return point{0, radius}.turn(-degrees(angle)) }

// shape tells how far a point is from its edge in pixels, negative inside.
type shape func(p point) float64

// both is where two shapes overlap.
func both(a, b shape) shape { return func(p point) float64 { return max(a(p), b(p)) } }

// beside is the side of a line through a point from which axis, a unit vector across the line, points away.
func beside(axis, through point) shape {
	return func(p point) float64 { return axis.dot(p.plus(through.times(-1))) }
}

func disc(centre point, radius float64) shape {
	return func(p point) float64 { return p.from(centre) - radius }
}

func ring(radius, width float64) shape {
	return func(p point) float64 { return math.Abs(p.from(point{})-radius) - width/2 }
}

// leaf is the lens between two arcs that meet at base and at base + length × direction, a unit vector.
func leaf(base, direction point, length, width float64) shape {
	across := point{-direction.y, direction.x}
	radius := (length*length + width*width) / (4 * width)
	middle := base.plus(direction.times(length / 2))
	return both(disc(middle.plus(across.times(radius-width/2)), radius), disc(middle.plus(across.times(width/2-radius)), radius))
}

// ArtPNG draws the picture that a badge is baked into: a star on a dark disc in a wreath of laurel, 512 pixels wide, on a
// transparent ground and without any text, as the name of a badge can be in any script.
func ArtPNG() ([]byte, error) {
	picture := image.NewRGBA(image.Rect(0, 0, artSide, artSide))
	for _, side := range []float64{1, -1} {
		drawBranch(picture, side)
	}
	fill(picture, ink, point{}, 144, disc(point{}, 144))
	fill(picture, goldLight, point{}, 135, ring(132, 2.5))
	drawStar(picture, 88, 38)
	knot := point{0, 197}
	fill(picture, gold, knot, 8, disc(knot, 7.5))
	fill(picture, goldLight, knot, 5, disc(knot, 4.5))
	return encodePNG(indexed(picture))
}

// indexed numbers the colours of a picture, which makes its file much shorter. A picture of more than 256 is returned as it
// is.
func indexed(picture *image.RGBA) image.Image {
	out := image.NewPaletted(picture.Rect, nil)
	numbers := map[color.RGBA]uint8{}
	for i := range out.Pix {
		p := picture.Pix[4*i : 4*i+4]
		tone := color.RGBA{p[0], p[1], p[2], p[3]}
		number, known := numbers[tone]
		if !known {
			if len(out.Palette) == 256 {
				return picture
			}
			number = uint8(len(out.Palette))
			numbers[tone], out.Palette = number, append(out.Palette, tone)
		}
		out.Pix[i] = number
	}
	return out
}

// drawBranch draws one half of the wreath; side is 1 for the right one and -1 for the left one.
func drawBranch(picture *image.RGBA, side float64) {
	const (
		radius  = 194.0
		first   = 10.0 // degrees from the bottom
		last    = 152.0
		pairs   = 11
		outer   = 27.0 // degrees between a leaf and the stem
		inner   = 33.0
		longest = 64.0
		taper   = 0.30 // how much shorter the last leaves are
		slender = 0.34 // width of a leaf to its length
	)
	paint := func(tone color.NRGBA, centre point, reach float64, s shape) {
		fill(picture, tone, point{side * centre.x, centre.y}, reach, func(p point) float64 { return s(point{side * p.x, p.y}) })
	}
	one := func(base, direction point, length float64) {
		whole := leaf(base, direction, length, length*slender)
		middle := base.plus(direction.times(length / 2))
		paint(laurel, middle, length/2, whole)
		paint(laurelLight, middle, length/2, both(whole, beside(point{-direction.y, direction.x}, base)))
	}
	for i := range pairs {
		part := float64(i) / (pairs - 1)
		angle, length := first+(last-first)*part, longest*(1-taper*part)
		base, along := onCircle(radius, angle), point{1, 0}.turn(-degrees(angle))
		one(base, along.turn(degrees(outer)), length)
		one(base, along.turn(-degrees(inner)), length*0.85)
	}
	one(onCircle(radius, last), point{1, 0}.turn(-degrees(last+4)), longest*(1-taper))
	// The stem ends beyond the bottom, where the two cross.
	paint(laurel, point{}, radius+3, both(ring(radius, 3.5), func(p point) float64 {
		angle := math.Atan2(p.x, p.y) * 180 / math.Pi
		return math.Abs(angle-last/2)*radius*math.Pi/180 - last/2*radius*math.Pi/180
	}))
	cut := point{-26, radius + 13}
	paint(laurel, point{-10, radius}, 40, bar(point{4, radius}, cut, 4.5))
}

// bar is a line with round ends.
func bar(from, to point, width float64) shape {
	line := to.plus(from.times(-1))
	return func(p point) float64 {
		way := p.plus(from.times(-1)).dot(line) / line.dot(line)
		return p.from(from.plus(line.times(min(1, max(0, way))))) - width/2
	}
}

// drawStar draws a star of five points with a light and a shaded half to each.
func drawStar(picture *image.RGBA, outer, inner float64) {
	for i := range 5 {
		angle := 180 + float64(i)*72
		tip := onCircle(outer, angle)
		fill(picture, gold, point{}, outer, triangle([3]point{{}, tip, onCircle(inner, angle+36)}))
		fill(picture, goldLight, point{}, outer, triangle([3]point{{}, tip, onCircle(inner, angle-36)}))
	}
}

func triangle(corners [3]point) shape {
	edges := make([]shape, len(corners))
	for i, a := range corners {
		b, c := corners[(i+1)%3], corners[(i+2)%3]
		normal := point{b.y - a.y, a.x - b.x}.times(1 / b.from(a))
		if edges[i] = beside(normal, a); edges[i](c) > 0 { // the third corner is inside
			edges[i] = beside(normal.times(-1), a)
		}
	}
	return both(both(edges[0], edges[1]), edges[2])
}

// fill paints a shape that lies within reach pixels of centre. Its edge is smoothed by 4 × 4 samples of a pixel,
// in eighths, so that the picture has few colours.
func fill(picture *image.RGBA, tone color.NRGBA, centre point, reach float64, s shape) {
	const samples, middle = 4, artSide / 2
	left, top := int(centre.x-reach)+middle-2, int(centre.y-reach)+middle-2
	area := image.Rect(left, top, left+int(2*reach)+5, top+int(2*reach)+5).Intersect(picture.Rect)
	mask := image.NewAlpha(area)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			at := point{float64(x-middle) + 0.5, float64(y-middle) + 0.5}
			inside := 0
			switch d := s(at); {
			case d < -1:
				inside = samples * samples
			case d < 1:
				for i := range samples * samples {
					dx, dy := (float64(i%samples)+0.5)/samples-0.5, (float64(i/samples)+0.5)/samples-0.5
					if s(at.plus(point{dx, dy})) <= 0 {
						inside++
					}
				}
			}
			mask.SetAlpha(x, y, color.Alpha{uint8(inside / 2 * 255 / (samples * samples / 2))})
		}
	}
	draw.DrawMask(picture, area, image.NewUniform(tone), image.Point{}, mask, area.Min, draw.Over)
}
