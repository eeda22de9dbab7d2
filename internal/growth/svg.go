package main

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Where things lie on the picture, in its units.
const (
	width, height = 860.0, 470.0
	top, bottom   = 96.0, 402.0 // of the plots
	leftRoom      = 78.0        // for the heights
	oneRoom       = 172.0       // for the names at the ends of the curves, with one panel
	twoRoom       = 128.0       // with two
	lineHeight    = 16.0        // of names that stand one over another

)

// style has colours for light and for dark surroundings, of which each reads well on its own ground.
const style = `
:root{--ground:#fff;--text:#1c2430;--quiet:#5a6572;--grid:#e7eaee;--edge:#b9c0c9;--green:#0b7a55;--blue:#1d5fbf;--orange:#a94e05;--red:#b42335;--purple:#7a3fb5}
@media (prefers-color-scheme:dark){:root{--ground:#0f151c;--text:#e8edf2;--quiet:#9fabb8;--grid:#222c37;--edge:#465260;--green:#4fd1a1;--blue:#86b6ff;--orange:#f5a45d;--red:#ff8d97;--purple:#cda6ff}}
text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--text)}
.title{font-size:19px;font-weight:650}.panel{font-size:14px;font-weight:650}.quiet{font-size:12px;fill:var(--quiet)}.name{font-weight:600}
.ground{fill:var(--ground)}.grid{stroke:var(--grid)}.edge{stroke:var(--edge)}.goal{stroke:var(--quiet);stroke-width:1.2;stroke-dasharray:6 4}
.guide{stroke:var(--quiet);stroke-width:1.2;stroke-dasharray:1.5 4;stroke-linecap:round}.curve{fill:none;stroke-width:2.4;stroke-linejoin:round;stroke-linecap:round}
.leader{stroke-width:1;opacity:.6}.over{paint-order:stroke;stroke:var(--ground);stroke-width:5px;stroke-linejoin:round}
`

// canvas collects the elements of a picture.
type canvas struct{ bytes.Buffer }

func (c *canvas) put(format string, arguments ...any) {
	fmt.Fprintf(&c.Buffer, format+"\n", arguments...)
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	c.put(`<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
}

func (c *canvas) text(class, anchor string, x, y float64, text string) {
	c.put(`<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`, class, anchor, x, y, escaped(text))
}

func escaped(text string) string {
	var out bytes.Buffer
	_ = xml.EscapeText(&out, []byte(text)) // a buffer takes everything
	return out.String()
}

// draw makes the picture. A curve without figures is an error: a picture that leaves one out without a word would mislead.
func (c chart) draw(f figures) ([]byte, error) {
	var out canvas
	out.put(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-labelledby="title about">`, width, height, width, height)
	said, err := c.said(f)
	if err != nil {
		return nil, err
	}
	out.put(`<title id="title">%s</title>`, escaped(c.title))
	out.put(`<desc id="about">%s</desc>`, escaped(said))
	out.put(`<style>%s</style>`, style)
	out.put(`<rect class="ground" width="100%%" height="100%%" rx="6"/>`)
	out.text("title", "start", 24, 36, c.title)
	out.text("quiet", "start", 24, 58, c.under())
	room, wide := oneRoom, width
	if len(c.panels) == 2 {
		room, wide = twoRoom, width/2
	}
	for i, p := range c.panels {
		left := wide * float64(i)
		plot{p, f, &out, left + leftRoom, left + wide - room, c.reach(p, f)}.draw()
	}
	out.put(`</svg>`)
	return out.Bytes(), nil
}

// under is the line under the title: how to read the scales.
func (c chart) under() string {
	last := c.panels[len(c.panels)-1]
	switch {
	case last.flat:
		return "left: both scales logarithmic; right: the sizes alone"
	case last.guide == "":
		return "both scales logarithmic: what grew as the size does would become a hundred times as much from left to right"
	}
	return "both scales logarithmic: a curve as steep as the dotted line grows as its size does"
}

// said describes the picture in words, with the first and the last figure of each curve.
func (c chart) said(f figures) (string, error) {
	out := c.about
	for _, p := range c.panels {
		for _, curve := range p.curves {
			points := f.curves[curve.name]
			if len(points) == 0 {
				return "", fmt.Errorf("no figures of %s", curve.name)
			}
			first, last := points[0], points[len(points)-1]
			name := curve.label
			if p.title != "" {
				name = p.title + ", " + name
			}
			out += fmt.Sprintf(" %s: %s at %s, %s at %s.", name, p.y.text(first.y), p.x.text(first.x), p.y.text(last.y), p.x.text(last.x))
		}
	}
	return out, nil
}

// reach is from where to where the upright axis goes: around all curves and goals of all panels, or from 0 to 2 where it is flat.
func (c chart) reach(p panel, f figures) [2]float64 {
	if p.flat {
		return [2]float64{0, 2}
	}
	least, most := math.Inf(1), math.Inf(-1)
	see := func(y float64) { least, most = min(least, y), max(most, y) }
	for _, p := range c.panels {
		if p.flat {
			continue
		}
		for _, c := range p.curves {
			for _, point := range f.curves[c.name] {
				see(point.y)
			}
		}
		for _, g := range p.goals {
			see(g.at)
		}
	}
	return [2]float64{below(least / 1.2), 1 / below(1/(most*1.2))}
}

// below is the next number down that begins with 1, 2 or 5. For these also one over it is such a number.
func below(v float64) float64 {
	ten := math.Pow(10, math.Floor(math.Log10(v)))
	for _, lead := range []float64{5, 2} {
		if v >= lead*ten {
			return lead * ten
		}
	}
	return ten
}

// plot is a panel in its place.
type plot struct {
	panel
	f           figures
	out         *canvas
	left, right float64
	of          [2]float64 // the upright axis
}

func (p plot) at(v point) (x, y float64) {
	share := func(v, from, to float64) float64 { return math.Log(v/from) / math.Log(to/from) }
	high := (v.y - p.of[0]) / (p.of[1] - p.of[0])
	if !p.flat {
		high = share(v.y, p.of[0], p.of[1])
	}
	return p.left + share(v.x, p.least, p.most)*(p.right-p.left), bottom - high*(bottom-top)
}

func (p plot) draw() {
	p.axes()
	for _, g := range p.goals {
		p.goal(g)
	}
	p.slope()
	p.draws()
	for _, g := range p.goals {
		p.label(g)
	}
}

func (p plot) axes() {
	for _, v := range p.heights() {
		_, y := p.at(point{p.least, v})
		p.out.line("grid", p.left, y, p.right, y)
		p.out.text("quiet", "end", p.left-8, y+4, p.panel.y.text(v))
	}
	for _, v := range p.steps {
		x, _ := p.at(point{v, p.of[1]})
		p.out.line("grid", x, top, x, bottom)
		p.out.text("quiet", "middle", x, bottom+19, p.panel.x.text(v))
	}
	p.out.line("edge", p.left, bottom, p.right, bottom)
	p.out.line("edge", p.left, top, p.left, bottom)
	p.out.text("quiet", "middle", (p.left+p.right)/2, bottom+44, p.panel.x.title)
	x, y := p.left-62, (top+bottom)/2
	p.out.put(`<text class="quiet" text-anchor="middle" transform="translate(%.1f %.1f) rotate(-90)">%s</text>`, x, y, escaped(p.panel.y.title))
	if p.title != "" {
		p.out.text("panel", "start", p.left, top-14, p.title)
	}
}

func (p plot) heights() (at []float64) {
	if p.flat {
		for v := p.of[0]; v <= p.of[1]; v += 0.5 {
			at = append(at, v)
		}
		return at
	}
	const whisker = 1e-9
	for power := math.Ceil(math.Log10(p.of[0]) - whisker); power <= math.Log10(p.of[1])+whisker; power++ {
		at = append(at, math.Pow(10, power))
	}
	if len(at) < 3 { // with those that begin with 2 and 5
		at = nil
		for v := p.of[0]; v <= p.of[1]*(1+whisker); v = 1 / below(1/(v*1.01)) {
			at = append(at, v)
		}
	}
	return at
}

func (p plot) goal(g goal) {
	x1, x2, y := p.span(g)
	p.out.line("goal", x1, y, x2, y)
}

func (p plot) span(g goal) (x1, x2, y float64) {
	x1, y = p.at(point{cmp.Or(g.from, p.least), g.at})
	x2, _ = p.at(point{cmp.Or(g.to, p.most), g.at})
	return x1, x2, y
}

// label names the goal, over whatever crosses it.
func (p plot) label(g goal) {
	x1, _, y := p.span(g)
	if g.from > 0 {
		p.out.text("quiet over", "end", x1-6, y+4, g.label)
		return
	}
	p.out.text("quiet over", "start", x1+8, y-6, g.label)
}

// slope draws the guide: ten times the size, ten times the cost.
func (p plot) slope() {
	points := p.f.curves[p.guide]
	if len(points) == 0 {
		return
	}
	end := points[len(points)-1]
	end.y *= p.down
	start := point{p.least, end.y * p.least / end.x}
	if start.y < p.of[0] {
		start = point{end.x * p.of[0] / end.y, p.of[0]}
	}
	x1, y1 := p.at(start)
	x2, y2 := p.at(end)
	p.out.line("guide", x1, y1, x2, y2)
	x, y := x1+(x2-x1)*0.62, y1+(y2-y1)*0.62
	p.out.put(`<text class="quiet" text-anchor="middle" transform="translate(%.1f %.1f) rotate(%.1f) translate(0 14)">as the size</text>`,
		x, y, math.Atan2(y2-y1, x2-x1)*180/math.Pi)
}

// draws the curves, with a dot for each figure and the name at the end.
func (p plot) draws() {
	type name struct {
		curve
		x, y, wish float64
	}
	var names []name
	for _, c := range p.curves {
		var path, dots strings.Builder
		var x, y float64
		for i, v := range p.f.curves[c.name] {
			x, y = p.at(v)
			fmt.Fprintf(&path, "%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[i == 0], x, y)
			fmt.Fprintf(&dots, `<circle cx="%.1f" cy="%.1f" r="3.2"/>`, x, y)
		}
		p.out.put(`<path class="curve" style="stroke:var(--%s)" d="%s"/>`, c.ink, path.String())
		p.out.put(`<g style="fill:var(--%s)">%s</g>`, c.ink, dots.String())
		names = append(names, name{c, x, y, y})
	}
	slices.SortStableFunc(names, func(a, b name) int { return cmp.Compare(a.wish, b.wish) })
	for range 200 { // names that would lie on each other are moved apart, a little at a time
		for i := 1; i < len(names); i++ {
			if over := lineHeight - (names[i].y - names[i-1].y); over > 0 {
				names[i-1].y, names[i].y = names[i-1].y-over/2, names[i].y+over/2
			}
		}
	}
	for _, n := range names {
		if math.Abs(n.y-n.wish) > 3 {
			p.out.put(`<line class="leader" style="stroke:var(--%s)" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, n.ink, n.x+5, n.wish, n.x+13, n.y)
		}
		p.out.put(`<text class="name over" style="fill:var(--%s)" x="%.1f" y="%.1f">%s</text>`, n.ink, n.x+16, n.y+4, escaped(n.label))
	}
}
