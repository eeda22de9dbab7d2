package strict

import (
	"strconv"
	"strings"
)

// maxPlaces is how many decimal places a number that is to be written anew may have, zeros among them.
const maxPlaces = 1_000_000

// decimal is a number as 0.DIGITS times ten to the power of point, where DIGITS is whole followed by fraction. They begin
// and end with a digit that is not 0, so each number has one sign, point and row of digits; zero has none of them.
type decimal struct {
	negative        bool
	whole, fraction string
	point           int
}

// readDecimal splits the text of a JSON number that has an exponent of at most four digits. Whether the digits are digits
// shows when they are compared.
func readDecimal(text string) (decimal, bool) {
	exponent := 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		n, err := strconv.Atoi(text[i+1:])
		if err != nil {
			return decimal{}, false
		}
		text, exponent = text[:i], n
	}
	var d decimal
	text, d.negative = strings.CutPrefix(text, "-")
	d.whole, d.fraction, _ = strings.Cut(text, ".")
	places := len(d.fraction) - exponent
	d.whole = strings.TrimLeft(d.whole, "0")
	d.point = len(d.whole) + exponent
	if d.whole == "" {
		d.fraction = strings.TrimLeft(d.fraction, "0")
		d.point = len(d.fraction) - places
	}
	if d.fraction = strings.TrimRight(d.fraction, "0"); d.fraction == "" {
		d.whole = strings.TrimRight(d.whole, "0")
	}
	if d.len() == 0 {
		return decimal{}, true
	}
	return d, places <= maxPlaces
}

func (d *decimal) len() int { return len(d.whole) + len(d.fraction) }

func (d *decimal) digit(i int) byte {
	if i < len(d.whole) {
		return d.whole[i]
	}
	return d.fraction[i-len(d.whole)]
}

// same says whether d and e are exactly one number. What holds anything but digits is the same as nothing.
func (d *decimal) same(e *decimal) bool {
	if d.negative != e.negative || d.point != e.point || d.len() != e.len() {
		return false
	}
	for i := range d.len() {
		if c := d.digit(i); c < '0' || c > '9' || c != e.digit(i) {
			return false
		}
	}
	return true
}
