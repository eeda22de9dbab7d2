package pdf

import (
	"image"
	"math"
)

const (
	mostPoints = 600_000 // of the drawings of one page
	mostShapes = 150_000
	farthest   = 1e6 // a coordinate; pages are far smaller
)

// point is a place on a page, in units of 1/72 inch from its lower left corner.
type point struct{ x, y float32 }

// box is a rectangle on a page.
type box struct{ x0, y0, x1, y1 float32 }

var nowhere = box{math.MaxFloat32, math.MaxFloat32, -math.MaxFloat32, -math.MaxFloat32}

func (b box) with(p point) box {
	return box{min(b.x0, p.x), min(b.y0, p.y), max(b.x1, p.x), max(b.y1, p.y)}
}

func (b box) and(o box) box {
	return box{min(b.x0, o.x0), min(b.y0, o.y0), max(b.x1, o.x1), max(b.y1, o.y1)}
}

func (b box) width() float32  { return b.x1 - b.x0 }
func (b box) height() float32 { return b.y1 - b.y0 }

// scene is what is filled on one page, in the order of painting.
type scene struct {
	points []point
	shapes []shape
	fills  []filling
	full   bool // there was more than the bounds allow
}

// shape is a closed outline: a range of points.
type shape struct {
	from, to int32
	box      box
}

// filling is a range of shapes that are filled together.
type filling struct {
	from, to int32
	light    uint8
	evenOdd  bool // the rule of what is inside (8.5.3.3)
	box      box
}

// pen is the current path (8.5.2), in places of the page.
type pen struct {
	scene  *scene
	points []point
	ends   []int32 // of its subpaths but the last
	x, y   float64 // before transformation
	x0, y0 float64 // where the subpath began
}

// add follows one operator of path construction.
func (p *pen) add(operator string, operands func(int) []float64, m matrix) {
	if len(p.points)+len(p.scene.points) > mostPoints || len(p.ends)+len(p.scene.shapes) > mostShapes {
		p.scene.full = true
		return
	}
	var v []float64
	switch operator {
	case "m":
		if v = operands(2); v != nil {
			p.end()
			p.x, p.y = v[0], v[1]
			p.x0, p.y0 = p.x, p.y
			p.points = append(p.points, m.apply(p.x, p.y))
		}
	case "l":
		if v = operands(2); v != nil {
			p.x, p.y = v[0], v[1]
			p.points = append(p.points, m.apply(p.x, p.y))
		}
	case "c":
		if v = operands(6); v != nil {
			p.curve(v[0], v[1], v[2], v[3], v[4], v[5], m)
		}
	case "v":
		if v = operands(4); v != nil {
			p.curve(p.x, p.y, v[0], v[1], v[2], v[3], m)
		}
	case "y":
		if v = operands(4); v != nil {
			p.curve(v[0], v[1], v[2], v[3], v[2], v[3], m)
		}
	case "re":
		if v = operands(4); v != nil {
			p.end()
			x, y, w, h := v[0], v[1], v[2], v[3]
			p.points = append(p.points, m.apply(x, y), m.apply(x+w, y), m.apply(x+w, y+h), m.apply(x, y+h), m.apply(x, y))
			p.x, p.y, p.x0, p.y0 = x, y, x, y
			p.end()
		}
	case "h":
		if len(p.points) > 0 {
			p.x, p.y = p.x0, p.y0
			p.close()
			p.end()
			p.points = append(p.points, m.apply(p.x, p.y))
		}
	}
}

// curve approaches a Bézier curve by four lines.
func (p *pen) curve(x1, y1, x2, y2, x3, y3 float64, m matrix) {
	for i := 1; i <= 4; i++ {
		t := float64(i) / 4
		u := 1 - t
		p.points = append(p.points, m.apply(
			u*u*u*p.x+3*u*u*t*x1+3*u*t*t*x2+t*t*t*x3,
			u*u*u*p.y+3*u*u*t*y1+3*u*t*t*y2+t*t*t*y3))
	}
	p.x, p.y = x3, y3
}

// begin is where the last subpath begins in points.
func (p *pen) begin() int {
	if len(p.ends) == 0 {
		return 0
	}
	return int(p.ends[len(p.ends)-1])
}

// close closes the last subpath.
func (p *pen) close() {
	if from := p.begin(); len(p.points) > from+1 {
		p.points = append(p.points, p.points[from])
	}
}

// end ends the last subpath. One of a single point is forgotten.
func (p *pen) end() {
	switch from := p.begin(); len(p.points) - from {
	case 0:
	case 1:
		p.points = p.points[:from]
	default:
		p.ends = append(p.ends, int32(len(p.points)))
	}
}

func (p *pen) drop() { p.points, p.ends = p.points[:0], p.ends[:0] }

// fill fills the path.
func (p *pen) fill(state graphics, evenOdd bool) {
	if p.scene == nil || state.fillHidden {
		return
	}
	p.end()
	f := filling{from: int32(len(p.scene.shapes)), light: state.fill, evenOdd: evenOdd, box: nowhere}
	from := 0
	for _, to := range p.ends {
		f.box = p.scene.shape(p.points[from:to], f.box)
		from = int(to)
	}
	p.scene.commit(f)
}

// stroke draws the level and upright lines of the path as rectangles. Where lines end with more than a flat end, it is cut.
func (p *pen) stroke(r *reader, state graphics) {
	width := float32(state.width * state.ctm.scale() / 2)
	if p.scene == nil || state.strokeHidden || !(width > 0.001) {
		return
	}
	p.end()
	f := filling{from: int32(len(p.scene.shapes)), light: state.stroke, box: nowhere}
	from := 0
	for _, to := range p.ends {
		for i := from + 1; i < int(to) && r.spend(16); i++ {
			if len(p.scene.points) > mostPoints || len(p.scene.shapes) > mostShapes {
				p.scene.full = true
				break
			}
			a, b := p.points[i-1], p.points[i]
			across := point{0, width}
			if abs32(a.x-b.x) < abs32(a.y-b.y) {
				across = point{width, 0}
			}
			if min(abs32(a.x-b.x), abs32(a.y-b.y)) > width/8 {
				continue // slanted
			}
			f.box = p.scene.shape([]point{
				{a.x - across.x, a.y - across.y}, {b.x - across.x, b.y - across.y}, {b.x + across.x, b.y + across.y}, {a.x + across.x, a.y + across.y},
			}, f.box)
		}
		from = int(to)
	}
	p.scene.commit(f)
}

func abs32(v float32) float32 { return max(v, -v) }

// shape takes an outline down, and gives the box around it and another. One that encloses nothing, or lies far away, is left out.
func (s *scene) shape(outline []point, around box) box {
	b := nowhere
	for _, p := range outline {
		if !(abs32(p.x) < farthest && abs32(p.y) < farthest) { // also when it is not a number
			return around
		}
		b = b.with(p)
	}
	if !(b.width() > 0 && b.height() > 0) {
		return around
	}
	from := len(s.points)
	s.points = append(s.points, outline...)
	s.shapes = append(s.shapes, shape{int32(from), int32(len(s.points)), b})
	return around.and(b)
}

func (s *scene) commit(f filling) {
	if f.to = int32(len(s.shapes)); f.to > f.from {
		s.fills = append(s.fills, f)
	}
}

// render draws what lies in a box with so many pixels for a unit, and a white margin of so many pixels around it.
func (s *scene) render(r *reader, area box, scale float32, margin int) *image.Gray {
	w, h := int(area.width()*scale)+1, int(area.height()*scale)+1
	out := image.NewGray(image.Rect(0, 0, w+2*margin, h+2*margin))
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	turns := make([]int32, (w+1)*h) // changes of the winding number, from the left
	across := func(x float32) int { return max(0, min(int(math.Ceil(float64((x-area.x0)*scale-0.5))), w)) }
	down := func(y float32) int { return max(0, min(int(math.Ceil(float64((area.y1-y)*scale-0.5))), h)) }
	for _, f := range s.fills {
		left, right, top, bottom := across(f.box.x0), across(f.box.x1), down(f.box.y1), down(f.box.y0)
		if left >= right || top >= bottom {
			continue
		}
		if !r.spend((right-left)*(bottom-top)/2 + 8) {
			return nil
		}
		for _, one := range s.shapes[f.from:f.to] {
			points := s.points[one.from:one.to]
			if !r.spend(8 * len(points)) {
				return nil
			}
			last := points[len(points)-1]
			for _, p := range points {
				a, b, turn := last, p, int32(1)
				last = p
				if a.y < b.y {
					a, b, turn = b, a, -1
				}
				from, to := down(a.y), down(b.y) // a is above b
				if from >= to {
					continue
				}
				if !r.spend(3 * (to - from)) {
					return nil
				}
				slope := (b.x - a.x) / (b.y - a.y)
				for j := from; j < to; j++ {
					y := area.y1 - (float32(j)+0.5)/scale
					turns[j*(w+1)+max(left, min(across(a.x+slope*(y-a.y)), right))] += turn
				}
			}
		}
		for j := top; j < bottom; j++ {
			row := turns[j*(w+1)+left : j*(w+1)+right+1]
			line := out.Pix[(j+margin)*out.Stride+margin+left:]
			winding := int32(0)
			for i := range row[:right-left] {
				winding += row[i]
				if f.evenOdd && winding&1 == 1 || !f.evenOdd && winding != 0 {
					line[i] = f.light
				}
			}
			clear(row)
		}
	}
	return out
}
