package paper

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/internal/typeset"
)

// linkModule is the width of one module of a printed link in pixels: its picture is then sharp at 5 cm.
const linkModule = 16

// LinkPNG draws an address as a QR code with the address printed below it, for those who type. The address is a URL; it is printed
// without its scheme. One that no QR code or no face can hold is an error.
func LinkPNG(address string) ([]byte, error) {
	shapes, width, height, err := linkShapes(address)
	if err != nil {
		return nil, err
	}
	c := newCanvas(int(width*linkModule), int(height*linkModule), color.NRGBA{0xff, 0xff, 0xff, 0xff})
	for _, s := range shapes {
		c.fill(Shape{s.Tone, s.Path.Placed(linkModule, linkModule, typeset.Point{})})
	}
	return encodePNG(c.picture)
}

// LinkSVG draws an address like [LinkPNG], as an SVG without scripts, styles or fonts: the letters are outlines.
func LinkSVG(address string) ([]byte, error) {
	shapes, width, height, err := linkShapes(address)
	if err != nil {
		return nil, err
	}
	modules, err := symbol(address)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := beginSVG(&out, address, width, height); err != nil {
		return nil, err
	}
	writeModules(&out, modules)
	var letters typeset.Path
	for _, line := range shapes[1:] {
		letters = append(letters, line.Path...)
	}
	fmt.Fprintf(&out, `<path transform="scale(%s)" d="`, number(1.0/finest))
	writeOutline(&out, letters)
	out.WriteString(`"/></svg>`)
	return out.Bytes(), nil
}

// finest is how many units of an outline are one module: one is then a twentieth of a millimetre where the code is 2.5 cm wide.
const finest = 10

// writeOutline writes an outline of quadratic curves and lines, as those of letters are, in whole units and each step from the one before.
// Places are rounded, not steps, so nothing adds up.
func writeOutline(out *bytes.Buffer, path typeset.Path) {
	type place struct{ x, y int }
	placed := func(p typeset.Point) place {
		return place{int(math.Round(p.X * finest)), int(math.Round(p.Y * finest))}
	}
	var begun, at place // where the outline began, and where it is
	var from typeset.Point
	var command byte // the last one, which holds for what follows
	write := func(next byte, to ...place) {
		if next != command {
			out.WriteByte(next)
		}
		for i, p := range to {
			x, y := p.x-at.x, p.y-at.y
			if x >= 0 && (i > 0 || next == command) {
				out.WriteByte(' ')
			}
			out.WriteString(strconv.Itoa(x))
			if y >= 0 {
				out.WriteByte(' ')
			}
			out.WriteString(strconv.Itoa(y))
		}
		command, at = next, to[len(to)-1]
	}
	for _, step := range path {
		to := placed(step.To)
		switch step.Verb {
		case typeset.Move:
			write('m', to)
			begun = to
		case typeset.Line:
			switch {
			case to == at:
			case to.y == at.y:
				fmt.Fprintf(out, "h%d", to.x-at.x)
				command, at = 'h', to
			case to.x == at.x:
				fmt.Fprintf(out, "v%d", to.y-at.y)
				command, at = 'v', to
			default:
				write('l', to)
			}
		case typeset.Curve:
			bend := placed(step.Control1.Times(1.5).Plus(from.Times(-.5))) // of the quadratic curve that this cubic one is
			away := math.Abs(float64((bend.x-at.x)*(to.y-at.y) - (bend.y-at.y)*(to.x-at.x)))
			switch {
			case to == at:
			case away <= math.Hypot(float64(to.x-at.x), float64(to.y-at.y)): // it keeps within half a unit of a line
				write('l', to)
			default:
				write('q', bend, to)
			}
		case typeset.Close:
			out.WriteByte('z')
			command, at = 'z', begun
		}
		if step.Verb != typeset.Close {
			from = step.To
		}
	}
}

// linkShapes are the QR code and the lines below it, in modules: up to the last slash, and what comes after it.
func linkShapes(address string) (shapes []Shape, width, height float64, err error) {
	modules, side, err := QRShape(address)
	if err != nil {
		return nil, 0, 0, err
	}
	_, printed, found := strings.Cut(address, "://")
	if !found || len(typeset.Missing(printed)) > 0 {
		return nil, 0, 0, errors.New("drawing a link: the address cannot be printed")
	}
	black := color.NRGBA{0, 0, 0, 0xff}
	shapes = append(shapes, Shape{black, modules})
	const size, lead = 2.6, 1.3 // of the letters, in modules
	room := side - 2*quietZone
	y := side - 0.5
	cut := strings.LastIndexByte(printed, '/') + 1
	for _, line := range []string{printed[:cut], printed[cut:]} {
		if line == "" {
			continue
		}
		fits := min(size, room/typeset.Exact.Width(line, 1))
		shapes = append(shapes, Shape{black, typeset.Exact.Outline(line, fits, 0, typeset.Point{X: quietZone, Y: y + 0.7*fits})})
		y += lead * fits
	}
	return shapes, side, y + quietZone - 1.5, nil
}
