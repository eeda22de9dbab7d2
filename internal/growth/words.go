package main

import (
	"fmt"
	"math"
	"strconv"
)

// duration is seconds in the unit that suits them, to three digits.
func duration(seconds float64) string {
	unit, by := "s", 1.0
	switch {
	case seconds < 0.9995e-6:
		unit, by = "ns", 1e9
	case seconds < 0.9995e-3:
		unit, by = "µs", 1e6
	case seconds < 0.9995:
		unit, by = "ms", 1e3
	}
	return digits(seconds*by) + " " + unit
}

// ratio is a ratio.
func ratio(v float64) string { return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64) }

// digits writes a number above zero with the three digits that count.
func digits(v float64) string {
	by := math.Pow(10, 2-math.Floor(math.Log10(v)))
	return strconv.FormatFloat(math.Round(v*by)/by, 'f', -1, 64)
}

// count writes a whole number with its thousands apart.
func count(v float64) string {
	text := fmt.Sprintf("%.0f", v)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
