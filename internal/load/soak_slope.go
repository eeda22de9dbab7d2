package main

import (
	"math"
	"slices"
	"time"
)

const (
	windows       = 16    // of as many samples each, into which what counts of a soak is divided
	windowSamples = 10    // in each of them; with fewer a soak is too short. In a short one neighbours are alike, and chance grows more often
	chance        = 2.576 // standard deviations between which 99 of 100 normal values lie
	growthMost    = 5.0   // percent of a figure that may be added while it is watched
)

// point is a figure at a time.
type point struct {
	at    time.Duration // since the start
	value float64
}

// verdict says what a soak found about a figure.
type verdict string

const (
	steady   verdict = "steady"            // it gained no more than it may
	grew     verdict = "GREW"              // it gained more, and not by chance
	tooShort verdict = "too short to tell" // chance alone could have hidden or made a growth
	mayGrow  verdict = "may grow"
)

// trend is how a figure went, in its own unit.
type trend struct {
	Least   []float64 `json:"least"`   // of each window
	PerHour float64   `json:"perHour"` // slope, an hour
	Low     float64   `json:"low"`     // between low and high lies the slope, with a probability of 99 %
	High    float64   `json:"high"`
	Hours   float64   `json:"hours"` // for which it was watched
	Verdict verdict   `json:"verdict"`
}

// gain is what a slope adds while it is watched.
func (t trend) gain(perHour float64) float64 { return perHour * t.Hours }

// trendOf says how a figure went; with too few points there is no trend, and Least is nil. It gives no verdict.
//
// Of each window the least value counts. A figure jumps up with what is under way when it is read, and never falls below what is held: what
// leaks raises the least, and a burst does not. The slope between the windows is that of Theil and Sen, the median of the slopes between all
// pairs; its interval is that of Sen (1968), which leaves 0 out when the test of Mann and Kendall finds a trend. Neither is moved by a few odd
// windows or asks how the noise is spread.
func trendOf(points []point) trend {
	n := len(points)
	if n < windows*windowSamples {
		return trend{}
	}
	t := trend{Hours: (points[n-1].at - points[0].at).Hours()}
	var slopes, hours []float64
	for i := range windows {
		window := points[i*n/windows : (i+1)*n/windows]
		value, at := math.Inf(1), window[len(window)/2].at.Hours()
		for _, p := range window {
			value = min(value, p.value)
		}
		for j, before := range t.Least {
			slopes = append(slopes, (value-before)/(at-hours[j]))
		}
		t.Least, hours = append(t.Least, value), append(hours, at)
	}
	t.PerHour = middleOf(slopes)
	slices.Sort(slopes)
	pairs := float64(len(slopes))
	beyond := int((pairs - chance*math.Sqrt(windows*(windows-1)*(2*windows+5)/18.0)) / 2) // slopes on either side of the interval
	t.Low, t.High = slopes[beyond], slopes[len(slopes)-1-beyond]
	return t
}

// judged says whether a figure gained more than it may: growthMost, or least where that is more, or all it likes where least is infinite.
func (t trend) judged(least float64) verdict {
	if math.IsInf(least, 1) {
		return mayGrow
	}
	if t.Least == nil {
		return tooShort
	}
	allowed := max(middleOf(t.Least)*growthMost/100, least)
	switch {
	case t.Low > 0 && t.gain(t.PerHour) > allowed:
		return grew
	case t.gain(t.High) <= allowed && t.Least[windows-1]-middleOf(t.Least) <= allowed: // a step at the end is no trend yet
		return steady
	}
	return tooShort
}

// middleOf is the median.
func middleOf(values []float64) float64 {
	ordered := slices.Sorted(slices.Values(values))
	n := len(ordered)
	if n%2 == 1 {
		return ordered[n/2]
	}
	return (ordered[n/2-1] + ordered[n/2]) / 2
}
