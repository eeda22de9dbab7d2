package pdf

import (
	"bytes"
	"math"
	"strings"
)

// matrix is a transformation (8.3.3).
type matrix struct{ a, b, c, d, e, f float64 }

var identity = matrix{1, 0, 0, 1, 0, 0}

// before is the transformation that does m first, then n.
func (m matrix) before(n matrix) matrix {
	return matrix{
		m.a*n.a + m.b*n.c, m.a*n.b + m.b*n.d, m.c*n.a + m.d*n.c, m.c*n.b + m.d*n.d,
		m.e*n.a + m.f*n.c + n.e, m.e*n.b + m.f*n.d + n.f,
	}
}

func (m matrix) apply(x, y float64) point {
	return point{float32(m.a*x + m.c*y + m.e), float32(m.b*x + m.d*y + m.f)}
}

// graphics is what is kept of the graphics state (8.4).
type graphics struct {
	ctm          matrix
	fill, stroke uint8 // lightness
	fillSpace    space
	strokeSpace  space
	fillHidden   bool // a pattern, or transparent: paints nothing that counts
	strokeHidden bool
	width        float64
}

const (
	mostForms = 8      // forms in one another
	mostSaved = 64     // saved graphics states
	mostDrawn = 10_000 // pictures and forms drawn on one page
)

// painter follows the content of a page (7.8.2, annex A). It takes down what is filled, shows pictures, or reads text.
type painter struct {
	r       *reader
	scene   *scene                          // nil: drawings are left out
	picture func(*stream, dict, uint8) bool // shows a picture with the resources and the lightness of the fill; nil: they are left out; false ends
	words   *[]byte                         // takes text
	ended   bool
	cut     bool // some content could not be read
	drawn   int  // pictures and forms
}

// page follows the content of a page and of its annotations as they appear (12.5.5).
func (c *painter) page(p page) {
	d, resources, _ := c.r.dictOfPage(p)
	var body []byte
	switch v := c.r.get(d, "Contents").(type) {
	case *stream:
		var err error
		body, err = c.r.decode(v)
		c.cut = err != nil
	case array:
		for _, part := range v {
			if s, _ := c.r.resolve(part).(*stream); s != nil && c.r.spend(64) {
				more, err := c.r.decode(s)
				if c.cut = c.cut || err != nil || len(body)+len(more) > mostStream; len(body)+len(more) > mostStream {
					break
				}
				body = append(append(body, more...), '\n')
			}
		}
	}
	state := graphics{ctm: identity, fillSpace: deviceGrey, strokeSpace: deviceGrey, width: 1}
	c.run(body, resources, state, 0)
	if c.words != nil {
		return
	}
	for _, a := range c.r.annotations(d) {
		if s, _ := c.r.get(c.r.dictionary(a, "AP"), "N").(*stream); s != nil && !c.ended {
			c.form(s, resources, state, 1)
		}
	}
}

// form follows a form XObject (8.10).
func (c *painter) form(s *stream, resources dict, state graphics, depth int) {
	if c.drawn++; depth > mostForms || c.drawn > mostDrawn || !c.r.spend(500) {
		c.cut = true
		return
	}
	if m := c.r.numbers(s.dict, "Matrix"); len(m) == 6 {
		state.ctm = matrix{m[0], m[1], m[2], m[3], m[4], m[5]}.before(state.ctm)
	}
	if own := c.r.dictionary(s.dict, "Resources"); own != nil {
		resources = own
	}
	body, err := c.r.decode(s)
	c.cut = c.cut || err != nil
	c.run(body, resources, state, depth)
}

// content is one content stream that is followed.
type content struct {
	*painter
	lexer     lexer
	resources dict
	depth     int
	state     graphics
	saved     []graphics
	path      pen

	// Operands.
	numbers [64]float64
	count   int
	last    name
	shown   []byte
	listed  bool // in an array
}

// run follows a content stream.
func (c *painter) run(body []byte, resources dict, state graphics, depth int) {
	if !c.r.spend(2 * len(body)) {
		return
	}
	in := content{painter: c, lexer: lexer{data: body}, resources: resources, depth: depth, state: state, path: pen{scene: c.scene}}
	for !c.ended && c.r.over == nil {
		in.lexer.skip()
		if in.lexer.at >= len(body) {
			return
		}
		if took, whole := in.operand(body[in.lexer.at]); !whole {
			return
		} else if took {
			continue
		}
		operator := string(in.lexer.run())
		if !c.r.spend(8) {
			return
		}
		_ = in.sets(operator) || in.draws(operator) || in.shows(operator) || in.writes(operator)
		in.count, in.last, in.shown, in.listed = 0, "", in.shown[:0], false
	}
}

// operand takes what begins with ch, where it is an operand. It is not whole where the reading ends.
func (c *content) operand(ch byte) (took, whole bool) {
	l := &c.lexer
	l.values = 0
	switch {
	case ch >= '0' && ch <= '9' || ch == '+' || ch == '-' || ch == '.':
		n := number(l.run())
		if c.count == len(c.numbers) {
			c.count = copy(c.numbers[:], c.numbers[32:])
		}
		c.numbers[c.count] = n
		c.count++
		if c.listed && n < -180 && c.words != nil { // a gap of most of a space
			c.shown = append(c.shown, ' ')
		}
	case ch == '[' || ch == ']':
		c.listed = ch == '['
		l.at++
	case ch == '(' || ch == '<' || ch == '/':
		from := l.at
		v := l.value(mostDepth - 8)
		if l.deep || !c.r.spend((l.at-from)/4+8*l.values) {
			return false, false
		}
		switch v := v.(type) {
		case name:
			c.last = v
		case text:
			if c.words != nil && len(c.shown) < mostText {
				c.shown = append(c.shown, v...)
			}
		}
	case kinds[ch] == delimiter:
		l.at++
	default:
		return false, true
	}
	return true, true
}

// operands are the last n numbers, none when there are fewer.
func (c *content) operands(n int) []float64 {
	if c.count < n {
		return nil
	}
	return c.numbers[c.count-n : c.count]
}

// sets follows the operators of the graphics state and of colours (8.4.4, 8.6.8).
func (c *content) sets(operator string) bool {
	state := &c.state
	switch operator {
	case "q":
		if len(c.saved) < mostSaved {
			c.saved = append(c.saved, *state)
		}
	case "Q":
		if n := len(c.saved); n > 0 {
			*state, c.saved = c.saved[n-1], c.saved[:n-1]
		}
	case "cm":
		if v := c.operands(6); v != nil {
			state.ctm = matrix{v[0], v[1], v[2], v[3], v[4], v[5]}.before(state.ctm)
		}
	case "w":
		if v := c.operands(1); v != nil {
			state.width = v[0]
		}
	case "gs":
		c.parameters(c.resources, c.last, state)
	case "g", "rg", "k", "sc", "scn":
		c.colour(operator, c.numbers[:c.count], &state.fill, &state.fillSpace, &state.fillHidden)
	case "G", "RG", "K", "SC", "SCN":
		c.colour(operator, c.numbers[:c.count], &state.stroke, &state.strokeSpace, &state.strokeHidden)
	case "cs":
		state.fillSpace, state.fillHidden = c.r.space(c.last, c.resources, 0), false
		state.fill = state.fillSpace.first()
	case "CS":
		state.strokeSpace, state.strokeHidden = c.r.space(c.last, c.resources, 0), false
		state.stroke = state.strokeSpace.first()
	default:
		return false
	}
	return true
}

// draws follows the operators of paths (8.5).
func (c *content) draws(operator string) bool {
	path := &c.path
	switch operator {
	case "m", "l", "c", "v", "y", "re", "h":
		if c.scene != nil && c.r.spend(8) {
			path.add(operator, c.operands, c.state.ctm)
		}
		return true
	case "s", "b", "b*":
		path.close()
	}
	switch operator {
	case "f", "F", "f*", "B", "B*", "b", "b*":
		path.fill(c.state, strings.HasSuffix(operator, "*"))
	}
	switch operator {
	case "S", "s", "B", "B*", "b", "b*":
		path.stroke(c.r, c.state)
	case "f", "F", "f*", "n":
	default:
		return false
	}
	path.drop()
	return true
}

// shows follows the operators of forms and pictures (8.8, 8.9.7).
func (c *content) shows(operator string) bool {
	var s *stream
	switch operator {
	case "Do":
		s, _ = c.r.get(c.r.dictionary(c.resources, "XObject"), c.last).(*stream)
		if s != nil && c.r.get(s.dict, "Subtype") == name("Form") {
			c.form(s, c.resources, c.state, c.depth+1)
			return true
		}
	case "BI":
		s = c.inline(&c.lexer)
	default:
		return false
	}
	if s != nil && c.picture != nil {
		if c.drawn++; c.drawn <= mostDrawn {
			c.ended = !c.picture(s, c.resources, c.state.fill)
		}
	}
	return true
}

// writes follows the operators of text (9.4).
func (c *content) writes(operator string) bool {
	switch operator {
	case "Tj", "TJ":
		c.say(c.shown)
	case "'", `"`:
		c.say([]byte("\n"))
		c.say(c.shown)
	case "Td", "TD", "T*", "Tm", "ET":
		c.say([]byte("\n"))
	default:
		return false
	}
	return true
}

func (c *painter) say(words []byte) {
	if c.words != nil && len(*c.words)+len(words) <= mostText {
		*c.words = append(*c.words, words...)
	}
}

// first is the lightness of the initial colour of a space (8.6.3): black, or the full ink.
func (s space) first() uint8 {
	if s.family == indexed {
		return s.lightness([]float64{0})
	}
	return 0
}

// colour sets a colour from the operands.
func (c *painter) colour(operator string, v []float64, to *uint8, in *space, hidden *bool) {
	switch operator {
	case "g", "G":
		*in = deviceGrey
	case "rg", "RG":
		*in = deviceRGB
	case "k", "K":
		*in = deviceCMYK
	}
	*hidden = in.family == pattern
	if n := in.components; n > 0 && len(v) >= n {
		*to = in.lightness(v[len(v)-n:])
	}
}

// parameters takes what counts out of a graphics state parameter dictionary (8.4.5). What is mostly transparent paints nothing.
func (c *painter) parameters(resources dict, which name, state *graphics) {
	d := c.r.dictionary(c.r.dictionary(resources, "ExtGState"), which)
	if v, ok := c.r.get(d, "LW").(float64); ok {
		state.width = v
	}
	if v, ok := c.r.get(d, "ca").(float64); ok {
		state.fillHidden = v < 0.5
	}
	if v, ok := c.r.get(d, "CA").(float64); ok {
		state.strokeHidden = v < 0.5
	}
}

// inline reads an inline picture (8.9.7) after BI. Its data end at EI between white space, where no more binary data follow.
func (c *painter) inline(l *lexer) *stream {
	var values array
	for {
		v := l.value(mostDepth - 8)
		if v == keyword("ID") {
			break
		}
		if v == keyword("") || len(values) > 64 || !c.r.spend(8*l.values) {
			return nil
		}
		l.values = 0
		values = append(values, v)
	}
	d := dict{}
	for i := 0; i+1 < len(values); i += 2 {
		key, _ := values[i].(name)
		if full, ok := inlineNames[key]; ok {
			key = full
		}
		d = append(d, entry{key, values[i+1]})
	}
	start := min(l.at+1, len(l.data))
	for at := start; ; {
		found := bytes.Index(l.data[at:], []byte("EI"))
		if found < 0 {
			l.at = len(l.data)
			return &stream{dict: d, source: l.data, start: start, whole: true}
		}
		at += found + 2
		after := l.data[at:min(len(l.data), at+12)]
		if kinds[l.data[at-3]] == blank && (len(after) == 0 || kinds[after[0]] == blank) && printable(after) {
			l.at = at
			return &stream{dict: d, source: l.data[:at-3], start: min(start, at-3), whole: true}
		}
	}
}

func printable(b []byte) bool {
	for _, c := range b {
		if c > 0x7e || c < ' ' && kinds[c] != blank {
			return false
		}
	}
	return true
}

var inlineNames = map[name]name{
	"BPC": "BitsPerComponent", "CS": "ColorSpace", "D": "Decode", "DP": "DecodeParms", "F": "Filter", "H": "Height", "IM": "ImageMask",
	"W": "Width",
}

// scale is by how much a transformation enlarges.
func (m matrix) scale() float64 { return math.Sqrt(math.Abs(m.a*m.d - m.b*m.c)) }
