package qr

import (
	"math"
	"slices"
)

// Bounds on one look at a picture. Many more patterns than three a code are the mark of a picture made to take long.
const (
	mostTries    = 300_000 // places that look like the middle of a finder pattern in a row
	mostHits     = 20_000  // of them, such as do in a column and on a diagonal too
	mostPatterns = 1_000   // of them, such as lie apart
	mostKept     = 48      // of them, such as are combined
	mostTriples  = 40      // combinations that are tried
)

// pattern is a finder pattern: dark and light in the ratio 1:1:3:1:1 on any line through its middle (ISO/IEC 18004, section
// 6.3.3).
type pattern struct {
	x, y, module float64 // of its middle, and the width of one module
	hits         int     // rows that go through it
	inverted     bool
}

// ratio returns the width of a module when five runs look like a finder pattern, else 0.
func ratio(runs *[5]int) float64 {
	total := runs[0] + runs[1] + runs[2] + runs[3] + runs[4]
	if total < 7 {
		return 0
	}
	module := float64(total) / 7
	slack := 0.6 * module
	for i, run := range runs {
		wanted, allowed := module, slack
		if i == 2 {
			wanted, allowed = 3*module, 1.5*module // less: five runs of one length are no pattern
		}
		if math.Abs(float64(run)-wanted) > allowed {
			return 0
		}
	}
	return module
}

// patterns finds finder patterns of both polarities, the surest first.
func (b *bitmap) patterns() []pattern {
	step := 1
	if b.height > 800 {
		step = 2
	}
	if b.height > 2000 {
		step = 3
	}
	var found []pattern
	tries, hits := 0, 0
	for y := step / 2; y < b.height; y += step {
		row := b.bits[y*b.words : (y+1)*b.words]
		var runs [5]int
		for x := 0; x < b.width; {
			end := b.runEnd(row, x)
			copy(runs[:], runs[1:])
			runs[4] = end - x
			if runs[0] > 0 && ratio(&runs) > 0 {
				if tries++; tries > mostTries {
					return surest(found, step)
				}
				if p, ok := b.confirm(end-runs[4]-runs[3]-(runs[2]+1)/2, y, &runs); ok {
					found = merge(found, p)
					if hits++; hits == mostHits {
						return surest(found, step)
					}
				}
			}
			x = end
		}
	}
	return surest(found, step)
}

// confirm looks at a likely middle upwards, then sideways again, then along a diagonal. It looks at no more pixels than three
// patterns of the size are wide.
func (b *bitmap) confirm(x, y int, across *[5]int) (pattern, bool) {
	total := across[0] + across[1] + across[2] + across[3] + across[4]
	bound := 2 * total
	upwards, offset := b.line(x, y, 0, 1, bound)
	tall := ratio(&upwards)
	if tall == 0 {
		return pattern{}, false
	}
	middle := float64(y) + offset
	sideways, offset := b.line(x, int(middle), 1, 0, bound)
	wide := ratio(&sideways)
	if wide == 0 || wide > 2*tall || tall > 2*wide {
		return pattern{}, false
	}
	centre := float64(x) + offset
	falling, _ := b.line(int(centre), int(middle), 1, 1, bound)
	rising, _ := b.line(int(centre), int(middle), 1, -1, bound)
	if ratio(&falling) == 0 && ratio(&rising) == 0 {
		return pattern{}, false
	}
	return pattern{x: centre, y: middle, module: (tall + wide) / 2, hits: 1, inverted: !b.dark(x, y)}, true
}

// line measures five runs along a line through a pixel of the middle run, and how far from it the middle of that run is, in steps.
// Runs that leave the picture or are longer than bound are 0.
func (b *bitmap) line(x, y, dx, dy, bound int) (runs [5]int, offset float64) {
	colour := b.dark(x, y)
	walk := func(x, y, dx, dy int, own, next, last *int) int {
		inner := 0
		for i, run := range [3]*int{own, next, last} {
			wanted := colour == (i != 1)
			length := 0
			for x >= 0 && x < b.width && y >= 0 && y < b.height && b.dark(x, y) == wanted {
				x, y, length = x+dx, y+dy, length+1
				if length > bound {
					return inner
				}
			}
			*run += length
			if i == 0 {
				inner = length
			}
		}
		return inner
	}
	before := walk(x-dx, y-dy, -dx, -dy, &runs[2], &runs[1], &runs[0])
	after := walk(x, y, dx, dy, &runs[2], &runs[3], &runs[4])
	return runs, float64(after-before) / 2
}

// merge adds a pattern to those that are known, or makes one of them surer.
func merge(found []pattern, p pattern) []pattern {
	for i := range found {
		f := &found[i]
		if math.Abs(f.x-p.x) <= f.module && math.Abs(f.y-p.y) <= f.module && f.inverted == p.inverted && math.Abs(f.module-p.module) <= max(1, f.module/2) {
			n := float64(f.hits)
			f.x, f.y, f.module = (f.x*n+p.x)/(n+1), (f.y*n+p.y)/(n+1), (f.module*n+p.module)/(n+1)
			f.hits++
			return found
		}
	}
	if len(found) == mostPatterns {
		return found
	}
	return append(found, p)
}

// surest keeps the patterns of which the largest part was seen.
func surest(found []pattern, step int) []pattern {
	seen := func(p pattern) float64 { return min(1, float64(p.hits*step)/(3*p.module)) }
	found = slices.DeleteFunc(found, func(p pattern) bool { return seen(p) < 0.25 })
	slices.SortStableFunc(found, func(a, b pattern) int {
		switch x, y := seen(a), seen(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return b.hits - a.hits
	})
	return found[:min(len(found), mostKept)]
}

// triple is three patterns that can be the corners of one code: the one at the right angle first, the others clockwise. strange
// grows with what is unlike a square.
type triple struct {
	corner, right, left int
	strange             float64
}

// triples lists the likeliest combinations of patterns, the likeliest first.
func triples(found []pattern) []triple {
	var out []triple
	for i := range found {
		for j := i + 1; j < len(found); j++ {
			for k := j + 1; k < len(found); k++ {
				if t, ok := square(found, i, j, k); ok {
					out = append(out, t)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b triple) int {
		switch {
		case a.strange < b.strange:
			return -1
		case a.strange > b.strange:
			return 1
		}
		return 0
	})
	return out[:min(len(out), mostTriples)]
}

func square(found []pattern, i, j, k int) (triple, bool) {
	a, b, c := found[i], found[j], found[k]
	if a.inverted != b.inverted || a.inverted != c.inverted {
		return triple{}, false
	}
	least, most := min(a.module, b.module, c.module), max(a.module, b.module, c.module)
	if most > 2*least {
		return triple{}, false
	}
	distance := func(p, q pattern) float64 { return math.Hypot(p.x-q.x, p.y-q.y) }
	ab, bc, ca := distance(a, b), distance(b, c), distance(c, a)
	switch max(ab, bc, ca) { // the right angle lies opposite the longest side
	case ab:
		i, j, k = k, i, j
	case ca:
		i, j, k = j, k, i
	}
	a, b, c = found[i], found[j], found[k]
	ab, ca = distance(a, b), distance(a, c)
	module := (a.module + b.module + c.module) / 3
	// The middles of the patterns are 14 to 170 modules apart; a code that is turned has wider modules along a row.
	if min(ab, ca) < 8.5*module || max(ab, ca) > 190*module || max(ab, ca) > 2.2*min(ab, ca) {
		return triple{}, false
	}
	cosine := ((b.x-a.x)*(c.x-a.x) + (b.y-a.y)*(c.y-a.y)) / (ab * ca)
	if math.Abs(cosine) > 0.6 {
		return triple{}, false
	}
	if (b.x-a.x)*(c.y-a.y)-(b.y-a.y)*(c.x-a.x) < 0 {
		j, k = k, j
	}
	// Corners of one code are nearer to each other than to those of another.
	strange := math.Abs(math.Log(ab/ca)) + math.Abs(cosine) + math.Log(most/least) + 0.1*math.Log((ab+ca)/module)
	return triple{i, j, k, strange}, true
}
