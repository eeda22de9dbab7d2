package certificate

import (
	"image/color"
	"math"
	"strings"

	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/internal/typeset"
)

// Colours of a certificate.
var (
	ground    = color.NRGBA{0xff, 0xfe, 0xfb, 0xff}
	ink       = color.NRGBA{0x1b, 0x24, 0x20, 0xff}
	soft      = color.NRGBA{0x55, 0x61, 0x5a, 0xff}
	rule      = color.NRGBA{0xdf, 0xdb, 0xd0, 0xff}
	laurel    = color.NRGBA{0x1d, 0x5b, 0x43, 0xff}
	gold      = color.NRGBA{0x8c, 0x64, 0x10, 0xff}
	goldLight = color.NRGBA{0xd9, 0xc8, 0x9b, 0xff}
	white     = color.NRGBA{0xff, 0xff, 0xff, 0xff}
)

// Measures of a page in points.
const (
	margin    = 64.0
	top       = 50.0  // of what is above the rule
	foot      = 158.0 // from the rule to the edge of the page
	artSide   = 222.0
	artGap    = 40.0
	qrSide    = 92.0
	qrGap     = 16.0
	markWidth = 72.0 // of the sign at the right of the foot
	factRow   = 3.4  // from one row of facts to the next, in the size of their values
)

// print draws the page of a certificate.
func (p *printer) print(c Certificate) error {
	left, ruleAt := margin+artSide+artGap, p.height-foot
	column, height, fits := p.beside(c)
	if !fits {
		return ErrTooLong
	}
	modules, side, err := paper.QRShape(c.Address)
	if err != nil {
		return err
	}
	p.begin(c)
	p.ornament(p.frame)
	centre := (top + ruleAt) / 2
	y := centre - height/2
	for _, b := range column {
		y += b.before
		lang := ""
		if b.foreign {
			lang = c.Lang
		}
		p.taggedIn(lang, b.role, "", func() { p.block(b, left, y) })
		y += b.height()
	}
	var drawing error
	p.tagged("Figure", p.Say("certificate.art", "name", c.Title), func() {
		if len(c.Picture) > 0 {
			drawing = p.picture(c.Picture, margin, centre-artSide/2, artSide)
			return
		}
		p.shapes(paper.ArtShapes(paper.Art{Title: c.Title, Kind: c.Kind}), artSide/(paper.ArtSide*0.86), typeset.Point{X: margin + artSide/2, Y: centre})
	})
	if drawing != nil {
		return drawing
	}
	p.ornament(func() {
		p.fill(rule, rectangle(margin, ruleAt, p.width-2*margin, 0.7))
		p.mark(ruleAt + 16 + qrSide/2)
	})
	p.tagged("Figure", p.Say("certificate.qr", "address", c.Address), func() {
		scale := qrSide / side
		p.fill(white, rectangle(margin, ruleAt+16, qrSide, qrSide))
		p.fill(ink, modules.Placed(scale, scale, typeset.Point{X: margin, Y: ruleAt + 16}))
	})
	p.LinkString(margin, ruleAt+16, qrSide, qrSide, c.Address)
	p.foot(c, margin+qrSide+qrGap, ruleAt+16)
	return p.Error()
}

// block is lines of one look.
type block struct {
	role         string
	foreign      bool // in the language of the certificate's own texts
	face         typeset.Face
	size, lead   float64
	tracking     float64 // ems between letters
	tone         color.NRGBA
	before       float64 // space above
	lines        []string
	facts        []Fact // in columns, instead of lines
	columns      int
	columnsWidth float64
}

func (b block) height() float64 {
	if b.facts != nil {
		rows := (len(b.facts) + b.columns - 1) / b.columns
		return b.size * (2.5 + factRow*float64(rows-1))
	}
	return b.size * b.lead * float64(len(b.lines))
}

func (p *printer) block(b block, left, y float64) {
	for i, f := range b.facts {
		x, y := left+float64(i%b.columns)*b.columnsWidth, y+float64(i/b.columns)*factRow*b.size
		p.line(typeset.Text, b.size*0.8, 0, soft, x, y+b.size*0.75, f.Name+" ")
		p.line(b.face, b.size, 0, b.tone, x, y+b.size*2.05, f.Value+" ")
	}
	for i, line := range b.lines {
		if i+1 < len(b.lines) && !strings.HasSuffix(line, "-") {
			line += " " // for those who hear the page
		}
		p.line(b.face, b.size, b.tracking*b.size, b.tone, left, y+b.size*(b.lead*float64(i)+0.5*b.lead+0.34), line)
	}
}

// beside sets the texts beside the art: as large as they go, and smaller all together where they would be too high.
func (p sheet) beside(c Certificate) (blocks []block, height float64, fits bool) {
	width, room := p.width-2*margin-artSide-artGap, p.height-foot-16-top
	for scale := 1.12; scale >= 0.3; scale -= 0.04 {
		blocks, height = p.columnAt(c, width, scale)
		if height <= room {
			return blocks, height, true
		}
	}
	return nil, 0, false
}

func (p sheet) columnAt(c Certificate, width, scale float64) (blocks []block, height float64) {
	const least = 6.0 // points of the smallest letters
	add := func(b block, text string, smallest float64, lines int) {
		if text == "" {
			return
		}
		smallest = max(least, smallest*min(1, scale/0.7))
		measured := b.face.Measure(text, b.tracking)
		b.size = max(b.size*scale, smallest)
		for b.size > smallest && (len(measured.Lines(b.size, width)) > lines || !measured.Unbroken(b.size, width)) {
			b.size = max(smallest, b.size*0.97)
		}
		b.lines = measured.Even(b.size, width)
		blocks = append(blocks, b)
	}
	person := block{role: "H1", face: typeset.Display, size: 41, lead: 1.14, tone: ink, before: 7 * scale}
	award := block{role: "H2", foreign: true, face: typeset.Display, size: 23, lead: 1.2, tone: laurel, before: 5 * scale}
	says := block{role: "P", face: typeset.Text, size: 12.5, lead: 1.35, tone: soft}
	if c.Recipient == "" {
		add(says, with(p.Say("certificate.awards", "issuer", c.Issuer), c.Thing), 8, 2)
		award.role, award.size, award.before = "H1", 36, 9*scale
	} else {
		add(says, p.Say("certificate.certifies", "issuer", c.Issuer), 8, 2)
		add(person, c.Recipient, 18, 2)
		award.size = min(award.size, 0.8*blocks[len(blocks)-1].size/scale) // the name is the largest
		says.before = 13 * scale
		add(says, with(p.Say("certificate.earned"), c.Thing), 8, 1)
	}
	add(award, c.Title, 12, 3)
	if c.Thing == "" {
		add(block{role: "P", face: typeset.Strong, size: 7.6, lead: 1.5, tracking: 0.14, tone: gold, before: 6 * scale}, strings.ToUpper(c.Kind), least, 1)
	}
	sentence := block{role: "P", foreign: true, face: typeset.Text, size: 11.5, lead: 1.45, tone: ink, before: 10 * scale}
	add(sentence, c.Sentence, 10, 4)
	if last := &blocks[len(blocks)-1]; c.Sentence != "" { // as wide as the column
		last.lines = last.face.Measure(c.Sentence, 0).Cut(last.size, width, 4)
	}
	facts := block{role: "P", face: typeset.Strong, size: max(least+1, 12.5*scale), tone: ink, before: 17 * scale, facts: p.facts(c)}
	if len(facts.facts) > 0 {
		if facts.columns = 2; len(facts.facts) == 3 {
			facts.columns = 3
		}
		facts.columnsWidth = width / float64(facts.columns)
		for _, f := range facts.facts {
			wide := max(facts.face.Width(f.Value, facts.size), typeset.Text.Width(f.Name, facts.size*0.8))
			facts.size = min(facts.size, facts.size*(facts.columnsWidth-10)/wide)
		}
		blocks = append(blocks, facts)
	}
	for _, b := range blocks {
		height += b.before + b.height()
	}
	return blocks, height
}

// with is a sentence with its object, where that can be named in it.
func with(verb, thing string) string { return strings.TrimSpace(verb + " " + thing) }

// facts are what stands below the texts, the dates first.
func (p sheet) facts(c Certificate) []Fact {
	var facts []Fact
	if !c.Awarded.IsZero() {
		facts = append(facts, Fact{p.Say("certificate.awarded"), p.DayIn(c.Awarded, c.Awarded.Location()).Words})
	}
	if !c.Expires.IsZero() {
		facts = append(facts, Fact{p.Say("certificate.until"), p.DayIn(c.Expires, c.Expires.Location()).Words})
	}
	for _, f := range c.Facts {
		facts = append(facts, Fact{oneLine(f.Name), oneLine(f.Value)})
	}
	return facts
}

// foot sets what to do with the paper.
func (p *printer) foot(c Certificate, left, y float64) {
	width := p.width - margin - markWidth - 12 - left
	shown := strings.TrimPrefix(strings.TrimPrefix(c.Address, "https://"), "http://")
	code := "Open Badges 3.0"
	if c.Code != "" {
		code = p.Say("certificate.code", "code", c.Code) + "  ·  " + code
	}
	var blocks []block
	height := 0.0
	for size := 10.5; size >= 5; size -= 0.25 {
		blocks, height = nil, 0
		for _, b := range []struct {
			block
			text string
		}{
			{block{face: typeset.Strong, tone: ink}, p.Say("certificate.issued", "issuer", c.Issuer)},
			{block{face: typeset.Text, tone: ink, before: 2}, p.Say("certificate.proof") + " " + p.Say("certificate.scan")},
			{block{face: typeset.Exact, tone: laurel, before: 1.5}, shown},
			{block{face: typeset.Text, tone: ink, before: 1.5}, p.Say("certificate.attached")},
			{block{face: typeset.Text, tone: soft, before: 5}, code},
		} {
			b.role, b.size, b.lead = "P", size, 1.36
			b.lines = b.face.Measure(b.text, 0).Lines(size, width)
			height += b.before + b.height()
			blocks = append(blocks, b.block)
		}
		if height <= qrSide-4 {
			break
		}
	}
	y += math.Max(0, (qrSide-height)/2)
	for _, b := range blocks {
		y += b.before
		p.tagged(b.role, "", func() { p.block(b, left, y) })
		if b.face == typeset.Exact {
			p.LinkString(left, y, b.face.Width(b.lines[0], b.size), b.height(), c.Address)
		}
		y += b.height()
	}
}

// mark is the sign of what wrote the file, at the right of the foot.
func (p *printer) mark(y float64) {
	const size, wreath = 9.5, 15.0
	wide := typeset.Display.Width("Laurel", size)
	right := p.width - margin
	p.line(typeset.Display, size, 0, soft, right-wide, y+0.34*size, "Laurel")
	p.shapes(paper.WreathShapes(), wreath/paper.ArtSide, typeset.Point{X: right - wide - 5 - wreath/2, Y: y})
}

// frame is the ground and the fine double line.
func (p *printer) frame() {
	p.fill(ground, rectangle(0, 0, p.width, p.height))
	for _, line := range []struct {
		inset, radius, width float64
		tone                 color.NRGBA
	}{{18, 6, 0.9, gold}, {23, 3, 0.5, goldLight}} {
		p.fill(line.tone, append(rounded(line.inset, p.width-line.inset, line.inset, p.height-line.inset, line.radius, false),
			rounded(line.inset+line.width, p.width-line.inset-line.width, line.inset+line.width, p.height-line.inset-line.width, line.radius-line.width, true)...))
	}
}

func rectangle(left, top, width, height float64) typeset.Path {
	return typeset.Polygon(typeset.Point{X: left, Y: top}, typeset.Point{X: left + width, Y: top},
		typeset.Point{X: left + width, Y: top + height}, typeset.Point{X: left, Y: top + height})
}

// rounded is a rectangle with round corners; back turns the way in which it is drawn.
func rounded(left, right, top, bottom, radius float64, back bool) typeset.Path {
	corners := []struct{ centre, arm typeset.Point }{
		{typeset.Point{X: right - radius, Y: top + radius}, typeset.Point{Y: -radius}},
		{typeset.Point{X: right - radius, Y: bottom - radius}, typeset.Point{X: radius}},
		{typeset.Point{X: left + radius, Y: bottom - radius}, typeset.Point{Y: radius}},
		{typeset.Point{X: left + radius, Y: top + radius}, typeset.Point{X: -radius}},
	}
	var path typeset.Path
	for i := range corners {
		turn, corner := math.Pi/2, corners[i]
		if back {
			turn, corner = -turn, corners[len(corners)-1-i]
			corner.arm = corner.arm.Turn(math.Pi / 2)
		}
		from := corner.centre.Plus(corner.arm)
		if i == 0 {
			path.MoveTo(from)
		} else {
			path.LineTo(from)
		}
		path.ArcTo(corner.centre, from, turn)
	}
	path.Close()
	return path
}
