package paper

import "github.com/laurelbadges/laurel/internal/typeset"

// QRShape is the QR code of a text, like that of [QRPNG], as an area to be filled with something dark on a white ground. Its unit is
// one module; side is the width and height with the quiet zone, and the origin is its left upper corner.
func QRShape(text string) (modules typeset.Path, side float64, err error) {
	rows, err := symbol(text)
	if err != nil {
		return nil, 0, err
	}
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			start := x
			for x < len(row) && row[x] {
				x++
			}
			if x > start {
				left, right, top := float64(start+quietZone), float64(x+quietZone), float64(y+quietZone)
				modules = append(modules, typeset.Polygon(typeset.Point{X: left, Y: top}, typeset.Point{X: right, Y: top},
					typeset.Point{X: right, Y: top + 1}, typeset.Point{X: left, Y: top + 1})...)
			}
		}
	}
	return modules, float64(len(rows) + 2*quietZone), nil
}
