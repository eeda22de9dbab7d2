package paper

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/vector"

	"github.com/laurelbadges/laurel/internal/typeset"
)

// levels are how finely the edge of a shape is smoothed: few, so that a picture keeps to the 256 colours of a short file.
const levels = 12

// spare are the colours that only the insides of shapes get.
const spare = 24

// canvas is a picture that shapes are filled into.
type canvas struct {
	picture *image.Paletted
	numbers map[color.NRGBA]uint8
	blended map[blend]uint8
}

// blend is a colour laid over another one.
type blend struct {
	below, level uint8
	tone         color.NRGBA
}

func newCanvas(width, height int, ground color.NRGBA) *canvas {
	return &canvas{
		picture: image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{ground}),
		numbers: map[color.NRGBA]uint8{ground: 0}, blended: map[blend]uint8{},
	}
}

// fill fills a shape, in pixels.
func (c *canvas) fill(s Shape) {
	area := bounds(s.Path).Intersect(c.picture.Rect)
	if area.Empty() {
		return
	}
	move := func(p typeset.Point) (x, y float32) {
		return float32(p.X - float64(area.Min.X)), float32(p.Y - float64(area.Min.Y))
	}
	z := vector.NewRasterizer(area.Dx(), area.Dy())
	for _, step := range s.Path {
		x, y := move(step.To)
		switch step.Verb {
		case typeset.Move:
			z.MoveTo(x, y)
		case typeset.Line:
			z.LineTo(x, y)
		case typeset.Curve:
			bx, by := move(step.Control1)
			cx, cy := move(step.Control2)
			z.CubeTo(bx, by, cx, cy, x, y)
		case typeset.Close:
			z.ClosePath()
		}
	}
	mask := image.NewAlpha(image.Rect(0, 0, area.Dx(), area.Dy()))
	z.Draw(mask, mask.Rect, image.Opaque, image.Point{})
	for y := range area.Dy() {
		row := c.picture.Pix[c.picture.PixOffset(area.Min.X, area.Min.Y+y):]
		var last blend
		var number uint8 // of last
		for x, alpha := range mask.Pix[y*mask.Stride : y*mask.Stride+area.Dx()] {
			if level := (int(alpha)*levels + 127) / 255; level > 0 {
				if next := (blend{row[x], uint8(level), s.Tone}); next != last {
					last, number = next, c.over(next)
				}
				row[x] = number
			}
		}
	}
}

// over is the number of the colour that a blend gives, or of the one nearest to it when there is no number left.
func (c *canvas) over(b blend) uint8 {
	number, known := c.blended[b]
	if known {
		return number
	}
	below := c.picture.Palette[b.below].(color.NRGBA)
	mix := func(a, b uint8, part int) uint8 {
		return uint8((int(a)*(levels-part) + int(b)*part + levels/2) / levels)
	}
	tone := color.NRGBA{mix(below.R, b.tone.R, int(b.level)), mix(below.G, b.tone.G, int(b.level)), mix(below.B, b.tone.B, int(b.level)), 0xff}
	number, known = c.numbers[tone]
	if !known {
		near := c.picture.Palette.Index(tone)
		switch {
		case b.level == levels: // the inside of a shape has its very colour
			number = c.add(tone)
		case len(c.picture.Palette) < 256-spare && !alike(c.picture.Palette[near].(color.NRGBA), tone):
			number = c.add(tone)
		default:
			number = uint8(near)
		}
	}
	c.blended[b] = number
	return number
}

// add gives a colour a number, as long as there are any.
func (c *canvas) add(tone color.NRGBA) uint8 {
	if len(c.picture.Palette) == 256 {
		return uint8(c.picture.Palette.Index(tone))
	}
	c.numbers[tone] = uint8(len(c.picture.Palette))
	c.picture.Palette = append(c.picture.Palette, tone)
	return c.numbers[tone]
}

// alike tells colours at the edge of a shape that nobody can tell apart.
func alike(a, b color.NRGBA) bool {
	near := func(x, y uint8) bool { return max(x, y)-min(x, y) <= 6 }
	return near(a.R, b.R) && near(a.G, b.G) && near(a.B, b.B)
}

// bounds are the pixels that a path can touch.
func bounds(p typeset.Path) image.Rectangle {
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	take := func(q typeset.Point) {
		left, right, top, bottom = min(left, q.X), max(right, q.X), min(top, q.Y), max(bottom, q.Y)
	}
	for _, s := range p {
		switch s.Verb {
		case typeset.Curve:
			take(s.Control1)
			take(s.Control2)
			take(s.To)
		case typeset.Move, typeset.Line:
			take(s.To)
		}
	}
	if left > right {
		return image.Rectangle{}
	}
	return image.Rect(int(math.Floor(left)), int(math.Floor(top)), int(math.Ceil(right))+1, int(math.Ceil(bottom))+1)
}
