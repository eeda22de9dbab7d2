package paper

import (
	"image"
	"image/color"
	"image/draw"
	"math"
)

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

func (l leaf) shape() shape {
	across, middle := l.across(), l.base.plus(l.direction.times(l.length/2))
	away := l.radius() - l.length*slender/2
	return both(disc(middle.plus(across.times(away)), l.radius()), disc(middle.plus(across.times(-away)), l.radius()))
}

// across points away from the lit half of the leaf.
func (l leaf) across() point { return point{-l.direction.y, l.direction.x} }

// ArtPNG draws the picture that a badge is baked into: a star on a dark disc in a wreath of laurel, 512 pixels wide, on a
// transparent ground and without any text, as the name of a badge can be in any script.
func ArtPNG() ([]byte, error) {
	picture := image.NewRGBA(image.Rect(0, 0, artSide, artSide))
	for _, side := range []float64{1, -1} {
		drawBranch(picture, side)
	}
	fill(picture, ink, point{}, discRadius, disc(point{}, discRadius))
	fill(picture, goldLight, point{}, ringRadius+ringWidth, ring(ringRadius, ringWidth))
	shaded, lit := star(starOuter, starInner)
	for i := range shaded {
		fill(picture, gold, point{}, starOuter, triangle(shaded[i]))
		fill(picture, goldLight, point{}, starOuter, triangle(lit[i]))
	}
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
	paint := func(tone color.NRGBA, centre point, reach float64, s shape) {
		fill(picture, tone, point{side * centre.x, centre.y}, reach, func(p point) float64 { return s(point{side * p.x, p.y}) })
	}
	for _, l := range branch() {
		middle := l.base.plus(l.direction.times(l.length / 2))
		paint(laurel, middle, l.length/2, l.shape())
		paint(laurelLight, middle, l.length/2, both(l.shape(), beside(l.across(), l.base)))
	}
	paint(laurel, point{}, stemRadius+stemWidth, both(ring(stemRadius, stemWidth), func(p point) float64 {
		angle := math.Atan2(p.x, p.y) * 180 / math.Pi
		return degrees(math.Abs(angle-stemEnd/2)-stemEnd/2) * stemRadius
	}))
	paint(laurel, point{-10, stemRadius}, 40, bar(cutFrom, cutDown, cutWidth))
}

// bar is a line with round ends.
func bar(from, to point, width float64) shape {
	line := to.plus(from.times(-1))
	return func(p point) float64 {
		way := p.plus(from.times(-1)).dot(line) / line.dot(line)
		return p.from(from.plus(line.times(min(1, max(0, way))))) - width/2
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
