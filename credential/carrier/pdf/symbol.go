package pdf

import (
	"math"
	"slices"
)

const (
	leastDark   = 40  // shapes of a drawn QR code: the smallest has 21 rows with several runs each
	leastTurns  = 150 // points of one that is drawn as an outline
	mostModules = 200 // modules of a side: 177 at most (ISO/IEC 18004), and what lies beside it
	mostSymbols = 6   // drawings of one page that are looked at
	dark        = 128 // lightness below which something is dark
)

// symbol is where a drawing may be a QR code.
type symbol struct {
	box    box
	module float32 // side of a module, 0 when it is not known
	weight int     // number of its shapes
}

// symbols finds drawings that may be QR codes: many dark shapes of one size near each other, in an area that is roughly square; or
// one filled path of many corners. Those of most shapes come first.
func (s *scene) symbols(r *reader) []symbol {
	var found []symbol
	sizes := map[int][]int32{} // dark shapes by the logarithm of their shorter side
	count := 0
	for _, f := range s.fills {
		if f.light >= dark {
			continue
		}
		points := 0
		for i := f.from; i < f.to; i++ {
			b := s.shapes[i].box
			size := int(math.Floor(math.Log(float64(min(b.width(), b.height()))) / math.Log(1.2)))
			sizes[size] = append(sizes[size], i)
			points += int(s.shapes[i].to - s.shapes[i].from)
			count++
		}
		if points >= leastTurns && square(f.box) {
			found = append(found, symbol{box: f.box, weight: points / 5})
		}
	}
	if !r.spend(60 * count) {
		return nil
	}
	for size, shapes := range sizes {
		if next := sizes[size+1]; len(shapes)+len(next) >= leastDark {
			found = s.clusters(r, append(slices.Clip(shapes), next...), float32(math.Pow(1.2, float64(size))), found)
		}
	}
	slices.SortFunc(found, func(a, b symbol) int {
		switch {
		case a.weight != b.weight:
			return b.weight - a.weight
		case a.box.x0 != b.box.x0:
			return int(math.Copysign(1, float64(a.box.x0-b.box.x0)))
		}
		return int(math.Copysign(1, float64(a.box.y0-b.box.y0)))
	})
	var out []symbol
	for _, one := range found {
		if len(out) == mostSymbols {
			break
		}
		if !slices.ContainsFunc(out, func(other symbol) bool { return other.box.like(one.box) }) {
			out = append(out, one)
		}
	}
	return out
}

// square tells whether a box is about as wide as high.
func square(b box) bool {
	return b.width() > 0 && b.height() > 0 && b.width() < 1.2*b.height() && b.height() < 1.2*b.width()
}

// like tells whether two boxes are the same but for a twentieth.
func (b box) like(o box) bool {
	slack := (b.width() + b.height()) / 40
	return abs32(b.x0-o.x0) < slack && abs32(b.y0-o.y0) < slack && abs32(b.x1-o.x1) < slack && abs32(b.y1-o.y1) < slack
}

// cell is a square of a grid over the page.
type cell struct{ x, y int32 }

// heap is what lies in a cell.
type heap struct {
	box   box
	count int
	done  bool
}

// clusters appends the groups of shapes in which each is at most a few modules from the next.
func (s *scene) clusters(r *reader, shapes []int32, module float32, found []symbol) []symbol {
	side := 4 * module
	grid := map[cell]*heap{}
	for _, i := range shapes {
		b := s.shapes[i].box
		first := cell{int32(math.Floor(float64(b.x0 / side))), int32(math.Floor(float64(b.y0 / side)))}
		last := cell{int32(math.Floor(float64(b.x1 / side))), int32(math.Floor(float64(b.y1 / side)))}
		// One side is about a module: the cells lie in a row. A longer row than a QR code has is something else.
		n := max(last.x-first.x, last.y-first.y)
		if n > mostModules/4 || n < 0 || !r.spend(60*int(n+1)) {
			continue
		}
		for k := range n + 1 {
			at := cell{min(first.x+k, last.x), min(first.y+k, last.y)}
			if grid[at] == nil {
				grid[at] = &heap{box: nowhere}
			}
			grid[at].box = grid[at].box.and(b)
			if k == 0 {
				grid[at].count++
			}
		}
	}
	for start, h := range grid {
		if h.done {
			continue
		}
		h.done = true
		group := symbol{box: nowhere, module: module}
		for stack := []cell{start}; len(stack) > 0; {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			group.box, group.weight = group.box.and(grid[at].box), group.weight+grid[at].count
			for dx := int32(-1); dx <= 1; dx++ {
				for dy := int32(-1); dy <= 1; dy++ {
					if beside := grid[cell{at.x + dx, at.y + dy}]; beside != nil && !beside.done {
						beside.done = true
						stack = append(stack, cell{at.x + dx, at.y + dy})
					}
				}
			}
			if !r.spend(60) {
				return found
			}
		}
		if group.weight >= leastDark && square(group.box) && group.box.width() >= 16*module && group.box.width() <= mostModules*1.2*module {
			found = append(found, group)
		}
	}
	return found
}
