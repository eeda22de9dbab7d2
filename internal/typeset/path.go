package typeset

import "math"

// Point is a place; y grows downwards.
type Point struct{ X, Y float64 }

// Plus is the sum of two points.
func (p Point) Plus(q Point) Point { return Point{p.X + q.X, p.Y + q.Y} }

// Times is a point whose distance from the origin is f times as far.
func (p Point) Times(f float64) Point { return Point{p.X * f, p.Y * f} }

// Turn is a point turned about the origin by an angle in radians, from the x axis towards the y axis.
func (p Point) Turn(angle float64) Point {
	s, c := math.Sincos(angle)
	return Point{c*p.X - s*p.Y, s*p.X + c*p.Y}
}

// Verb is what one step of a path does.
type Verb int

// The steps of a path. Each begins where the one before ends.
const (
	Move  Verb = iota // to To, without a line
	Line              // to To
	Curve             // a cubic Bézier curve to To
	Close             // back to where the last Move went
)

// Step is one step of a path. Control1 and Control2 are of curves.
type Step struct {
	Verb                   Verb
	Control1, Control2, To Point
}

// Path is an outline to be filled, by the non-zero winding rule.
type Path []Step

// MoveTo begins a new outline.
func (p *Path) MoveTo(to Point) { *p = append(*p, Step{Verb: Move, To: to}) }

// LineTo goes on by a straight line.
func (p *Path) LineTo(to Point) { *p = append(*p, Step{Verb: Line, To: to}) }

// CurveTo goes on by a cubic Bézier curve.
func (p *Path) CurveTo(control1, control2, to Point) {
	*p = append(*p, Step{Verb: Curve, Control1: control1, Control2: control2, To: to})
}

// Close ends an outline.
func (p *Path) Close() { *p = append(*p, Step{Verb: Close}) }

// ArcTo goes on along a circle: from the point from, which is where the path is, about centre by an angle in radians.
func (p *Path) ArcTo(centre, from Point, angle float64) {
	parts := int(math.Ceil(math.Abs(angle) / (math.Pi / 2)))
	arm, turn := from.Plus(centre.Times(-1)), angle/float64(max(1, parts))
	handle := 4.0 / 3 * math.Tan(turn/4)
	for range parts {
		next := arm.Turn(turn)
		p.CurveTo(centre.Plus(arm).Plus(Point{-arm.Y, arm.X}.Times(handle)), centre.Plus(next).Plus(Point{next.Y, -next.X}.Times(handle)), centre.Plus(next))
		arm = next
	}
}

// Circle is a disc.
func Circle(centre Point, radius float64) Path { return circle(centre, radius, 2*math.Pi) }

// Ring is what lies between two circles, with this radius in the middle.
func Ring(centre Point, radius, width float64) Path {
	return append(circle(centre, radius+width/2, 2*math.Pi), circle(centre, radius-width/2, -2*math.Pi)...)
}

func circle(centre Point, radius, angle float64) Path {
	var p Path
	from := centre.Plus(Point{radius, 0})
	p.MoveTo(from)
	p.ArcTo(centre, from, angle)
	p.Close()
	return p
}

// Polygon is the area within corners.
func Polygon(corners ...Point) Path {
	var p Path
	for i, c := range corners {
		if i == 0 {
			p.MoveTo(c)
			continue
		}
		p.LineTo(c)
	}
	p.Close()
	return p
}

// Placed is the path scaled about the origin, a negative x scale mirrors it, and then moved.
func (p Path) Placed(scaleX, scaleY float64, to Point) Path {
	place := func(q Point) Point { return Point{q.X*scaleX + to.X, q.Y*scaleY + to.Y} }
	placed := make(Path, len(p))
	for i, s := range p {
		placed[i] = Step{s.Verb, place(s.Control1), place(s.Control2), place(s.To)}
	}
	return placed
}
