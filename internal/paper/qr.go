// Package paper draws what leaves the screen: QR codes of addresses, and the picture that a badge is baked into.
//
// Everything here is a function of its arguments and gives the same bytes each time.
package paper

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"github.com/skip2/go-qrcode"
)

const (
	quietZone    = 4  // modules of white on each side (ISO/IEC 18004, quiet zone)
	widestModule = 32 // pixels of one module; the largest symbol is then a picture of 5,920 pixels
)

// QRPNG draws text as a QR code with error correction level M, each module modulePixels wide (1 to 32), with a quiet zone of
// 4 modules on each side. An empty text, or one that no QR code can hold, is an error.
func QRPNG(text string, modulePixels int) ([]byte, error) {
	if modulePixels < 1 || modulePixels > widestModule {
		return nil, fmt.Errorf("drawing a QR code: a module has 1 to %d pixels", widestModule)
	}
	modules, err := symbol(text)
	if err != nil {
		return nil, err
	}
	side := (len(modules) + 2*quietZone) * modulePixels
	picture := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y, row := range modules {
		for x, dark := range row {
			if !dark {
				continue
			}
			left, top := (x+quietZone)*modulePixels, (y+quietZone)*modulePixels
			for line := top; line < top+modulePixels; line++ {
				start := picture.PixOffset(left, line)
				for i := range modulePixels {
					picture.Pix[start+i] = 1
				}
			}
		}
	}
	return encodePNG(picture)
}

// QRSVG draws text like [QRPNG], as an SVG without scripts or styles: one path on a white ground, its unit one module. The
// title that a screen reader speaks holds the text.
func QRSVG(text string) ([]byte, error) {
	modules, err := symbol(text)
	if err != nil {
		return nil, err
	}
	side := float64(len(modules) + 2*quietZone)
	var out bytes.Buffer
	if err := beginSVG(&out, text, side, side); err != nil {
		return nil, err
	}
	writeModules(&out, modules)
	out.WriteString("</svg>")
	return out.Bytes(), nil
}

// beginSVG writes what stands before the drawing of a QR code: its title, and a white ground.
func beginSVG(out *bytes.Buffer, text string, width, height float64) error {
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" role="img"><title>QR code: `, number(width), number(height))
	if err := xml.EscapeText(out, []byte(text)); err != nil {
		return fmt.Errorf("drawing a QR code: %w", err)
	}
	fmt.Fprintf(out, `</title><rect width="%s" height="%s" fill="#fff"/>`, number(width), number(height))
	return nil
}

// writeModules draws the modules as lines one module thick, one for each run in a row: that is the shortest way to say them.
func writeModules(out *bytes.Buffer, modules [][]bool) {
	out.WriteString(`<path stroke="#000" shape-rendering="crispEdges" d="`)
	for y, row := range modules {
		at := -1 // where the line before ends
		for x := 0; x < len(row); x++ {
			start := x
			for x < len(row) && row[x] {
				x++
			}
			switch {
			case x == start:
				continue
			case at < 0:
				fmt.Fprintf(out, "M%d %d.5h%d", start+quietZone, y+quietZone, x-start)
			default:
				fmt.Fprintf(out, "m%d 0h%d", start-at, x-start)
			}
			at = x
		}
	}
	out.WriteString(`"/>`)
}

// symbol returns the modules of the QR code of text, row by row without a quiet zone; true is dark.
func symbol(text string) ([][]bool, error) {
	if text == "" {
		return nil, errors.New("drawing a QR code: there is no text")
	}
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, errors.New("drawing a QR code: the text is too long for one")
	}
	code.DisableBorder = true
	return code.Bitmap(), nil
}

func encodePNG(picture image.Image) ([]byte, error) {
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, picture); err != nil {
		return nil, fmt.Errorf("writing a picture: %w", err)
	}
	return out.Bytes(), nil
}
