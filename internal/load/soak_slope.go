package main

import (
	"slices"
	"time"
)

// growthMost is how much of what is watched may have been added while it was watched, by the slope, in percent.
const growthMost = 5.0

// point is a figure at a time.
type point struct {
	at    time.Duration // since the start
	value float64
}

// trend is how a figure went.
type trend struct {
	middle  float64 // the median
	perHour float64 // slope, in percent of the figure at the beginning of the line, an hour
	growth  float64 // what the line gained from its beginning to its end, in percent
}

// trendOf fits a line by Theil and Sen: its slope is the median of the slopes between all pairs of points, which a few odd points do not
// move. It leaves pairs out that lie next to each other where there are very many. With fewer than two points there is no trend.
func trendOf(points []point) (trend, bool) {
	const most = 1000 // points; half a million pairs
	if step := (len(points) + most - 1) / most; step > 1 {
		var fewer []point
		for i := 0; i < len(points); i += step {
			fewer = append(fewer, points[i])
		}
		points = fewer
	}
	var slopes, values []float64
	for i, a := range points {
		values = append(values, a.value)
		for _, b := range points[i+1:] {
			if b.at > a.at {
				slopes = append(slopes, (b.value-a.value)/(b.at-a.at).Hours())
			}
		}
	}
	if len(slopes) == 0 {
		return trend{}, false
	}
	slope := middleOf(slopes)
	offsets := make([]float64, len(points))
	for i, p := range points {
		offsets[i] = p.value - slope*p.at.Hours()
	}
	offset, first, last := middleOf(offsets), points[0].at.Hours(), points[len(points)-1].at.Hours()
	begin := max(offset+slope*first, 1)
	return trend{middle: middleOf(values), perHour: 100 * slope / begin, growth: 100 * slope * (last - first) / begin}, true
}

// middleOf is the median; it puts the values in order.
func middleOf(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	if n%2 == 1 {
		return values[n/2]
	}
	return (values[n/2-1] + values[n/2]) / 2
}
