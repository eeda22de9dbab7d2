package paper

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
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
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" role="img"><title>QR code: `, number(width), number(height))
	if err := xml.EscapeText(&out, []byte(address)); err != nil {
		return nil, fmt.Errorf("drawing a link: %w", err)
	}
	fmt.Fprintf(&out, `</title><rect width="%s" height="%s" fill="#fff"/>`, number(width), number(height))
	for _, s := range shapes {
		fmt.Fprintf(&out, `<path fill="%s" d="`, hex(s.Tone))
		var at typeset.Point
		for _, step := range s.Path {
			from := at
			if step.Verb != typeset.Close {
				at = step.To
			}
			switch step.Verb {
			case typeset.Move:
				fmt.Fprintf(&out, "M%s %s", number(step.To.X), number(step.To.Y))
			case typeset.Line:
				switch { // most of a QR code are lines along an axis
				case step.To.Y == from.Y:
					fmt.Fprintf(&out, "H%s", number(step.To.X))
				case step.To.X == from.X:
					fmt.Fprintf(&out, "V%s", number(step.To.Y))
				default:
					fmt.Fprintf(&out, "L%s %s", number(step.To.X), number(step.To.Y))
				}
			case typeset.Curve:
				fmt.Fprintf(&out, "C%s %s %s %s %s %s", number(step.Control1.X), number(step.Control1.Y), number(step.Control2.X), number(step.Control2.Y), number(step.To.X), number(step.To.Y))
			case typeset.Close:
				out.WriteByte('Z')
			}
		}
		out.WriteString(`"/>`)
	}
	out.WriteString("</svg>")
	return out.Bytes(), nil
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
