package record

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// Measures of a page in points: letter paper.
const (
	pageWidth  = 612.0
	pageHeight = 792.0
	margin     = 62.0
	bodyWidth  = pageWidth - 2*margin
	bottom     = pageHeight - 66
	valueLeft  = 132.0 // of the texts of values, from the margin
)

// colour is one of the page: red, green, blue.
type colour [3]int

var (
	ink    = colour{0x1b, 0x24, 0x20}
	soft   = colour{0x55, 0x61, 0x5a}
	rule   = colour{0xdf, 0xdb, 0xd0}
	laurel = colour{0x1d, 0x5b, 0x43}
	white  = colour{0xff, 0xff, 0xff}
)

// tone is the colour of a sign and the tint behind a verdict. No answer is told by colour alone.
type tone struct{ sign, tint colour }

var tones = map[wording.Shape]tone{
	wording.ShapeYes:     {colour{0x17, 0x60, 0x3f}, colour{0xe7, 0xf2, 0xea}},
	wording.ShapeNo:      {colour{0x8f, 0x23, 0x23}, colour{0xf8, 0xe9, 0xe7}},
	wording.ShapeUnknown: {colour{0x6b, 0x4e, 0x00}, colour{0xfa, 0xf0, 0xd7}},
	wording.ShapeNote:    {soft, white},
	wording.ShapeNone:    {rule, white},
}

// style is how a text is set.
type style struct {
	family, weight string
	size, leading  float64
	colour         colour
}

var (
	titleStyle   = style{"go", "B", 20, 25, ink}
	sectionStyle = style{"go", "B", 11, 15, laurel}
	verdictStyle = style{"go", "B", 14, 18, ink}
	bodyStyle    = style{"go", "", 9.5, 13.5, ink}
	strongStyle  = style{"go", "B", 9.5, 13.5, ink}
	softStyle    = style{"go", "", 9, 12.5, soft}
	smallStyle   = style{"go", "", 7.5, 10.5, soft}
	exactStyle   = style{"gomono", "", 8, 12.5, ink}
)

// pages stands for their number until it is known. No value can hold it: the fonts do not have these characters.
const pages = "\ue000\ue001\ue002\ue003"

// pdfPrinter sets a record as PDF.
type pdfPrinter struct {
	*fpdf.Fpdf
	wording.Language
	about string // at the foot of each page
	boxed bool   // a letter was printed as a box
}

func newPDFPrinter(reports []*verifier.Report, o Options) *pdfPrinter {
	p := &pdfPrinter{Fpdf: fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: pageWidth, Ht: pageHeight}}), Language: o.Language}
	made := o.Made
	if made.IsZero() && len(reports) > 0 {
		made = reports[0].AsOf
	}
	if made.IsZero() {
		made = time.Unix(0, 0) // the library would read the clock
	}
	p.SetCatalogSort(true)
	p.SetCreationDate(made.UTC())
	p.SetModificationDate(made.UTC())
	p.SetLang(string(o.Language))
	p.SetProducer("Laurel", true)
	p.SetMargins(margin, margin, margin)
	p.SetAutoPageBreak(false, 0)
	p.SetCellMargin(0)
	// The library writes into what it is given.
	p.AddUTF8FontFromBytes("go", "", slices.Clone(goregular.TTF))
	p.AddUTF8FontFromBytes("go", "B", slices.Clone(gobold.TTF))
	p.AddUTF8FontFromBytes("gomono", "", slices.Clone(gomono.TTF))
	p.AliasNbPages(pages)
	return p
}

// finish says what the boxes stand for, and gives the file.
func (p *pdfPrinter) finish() ([]byte, error) {
	if p.boxed {
		p.SetY(p.GetY() + 8)
		p.set(softStyle, 0, bodyWidth, p.Say("record.letters"))
	}
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, fmt.Errorf("writing the record: %w", err)
	}
	return out.Bytes(), nil
}

// shown is a text as the fonts can print it.
func (p *pdfPrinter) shown(text string) string {
	shown, whole := printable(text)
	p.boxed = p.boxed || !whole
	return shown
}

func (p *pdfPrinter) use(s style) {
	p.SetFont(s.family, s.weight, s.size)
	p.SetTextColor(s.colour[0], s.colour[1], s.colour[2])
}

func (p *pdfPrinter) fill(c colour) { p.SetFillColor(c[0], c[1], c[2]) }

// need begins a new page when what comes next would not fit on this one.
func (p *pdfPrinter) need(height float64) {
	if p.GetY()+height > bottom {
		p.begin()
	}
}

// begin begins a page, with its foot.
func (p *pdfPrinter) begin() {
	p.AddPage()
	p.SetDrawColor(rule[0], rule[1], rule[2])
	p.SetLineWidth(0.6)
	p.Line(margin, bottom+14, pageWidth-margin, bottom+14)
	p.use(smallStyle)
	foot := p.Say("record.page", "n", strconv.Itoa(p.PageNo()), "all", pages)
	if p.about != "" {
		foot += "   ·   " + p.shown(wording.Cut(p.about, 90))
	}
	p.Text(margin, bottom+28, foot)
	p.SetXY(margin, margin)
}

// broken is a text in lines of this width.
func (p *pdfPrinter) broken(s style, text string, width float64) []string {
	p.use(s)
	return wrap(p.shown(text), width, p.GetStringWidth)
}

// set sets a text from left, counted from the margin, line by line and over pages where it has to be.
func (p *pdfPrinter) set(s style, left, width float64, text string) {
	if text == "" {
		return
	}
	for _, line := range p.broken(s, text, width) {
		p.need(s.leading)
		p.line(s, left, line)
	}
}

// line sets one line.
func (p *pdfPrinter) line(s style, left float64, line string) {
	p.use(s)
	y := p.GetY()
	p.Text(margin+left, y+s.leading*0.5+s.size*0.36, line)
	p.SetXY(margin, y+s.leading)
}

func (p *pdfPrinter) title(text, below, about string) {
	p.about = about
	p.SetTitle(p.shown(text), true)
	p.begin()
	p.SetDrawColor(laurel[0], laurel[1], laurel[2])
	p.SetLineWidth(2)
	p.Line(margin, margin-14, margin+48, margin-14)
	p.set(titleStyle, 0, bodyWidth, text)
	p.set(softStyle, 0, bodyWidth, below)
}

func (p *pdfPrinter) chapter(heading string) {
	p.about = heading
	p.begin()
	p.set(titleStyle, 0, bodyWidth, heading)
}

func (p *pdfPrinter) section(heading string) {
	p.need(sectionStyle.leading + 46) // a heading is not left alone at the foot of a page
	p.SetY(p.GetY() + 12)
	p.set(sectionStyle, 0, bodyWidth, heading)
	p.SetDrawColor(rule[0], rule[1], rule[2])
	p.SetLineWidth(0.6)
	p.Line(margin, p.GetY()+1, pageWidth-margin, p.GetY()+1)
	p.SetY(p.GetY() + 6)
}

// verdict sets the band that answers.
func (p *pdfPrinter) verdict(v wording.Verdict) {
	const pad, sign = 12.0, 30.0
	type part struct {
		style style
		lines []string
	}
	var parts []part
	height := 2 * pad
	for _, text := range []struct {
		style style
		text  string
	}{{verdictStyle, v.Title}, {bodyStyle, explanation(v)}, {strongStyle, v.Advice}} {
		if text.text == "" {
			continue
		}
		lines := p.broken(text.style, text.text, bodyWidth-2*pad-sign-10)
		parts = append(parts, part{text.style, lines})
		height += float64(len(lines))*text.style.leading + 2
	}
	height = math.Max(height, 2*pad+sign)
	p.need(math.Min(height, bottom-margin))
	top, t := p.GetY(), tones[v.Shape]
	p.fill(t.tint)
	p.Rect(margin, top, bodyWidth, height, "F")
	p.sign(v.Shape, margin+pad+sign/2, top+pad+sign/2, sign/2)
	p.SetY(top + pad)
	for _, part := range parts {
		if part.style == verdictStyle {
			part.style.colour = t.sign
		}
		for _, line := range part.lines {
			p.line(part.style, pad+sign+10, line)
		}
		p.SetY(p.GetY() + 2)
	}
	p.SetY(top + height + 8)
}

// sign draws the sign of an answer: a circle is yes, an octagon no, a triangle not known. A note is a ring, and nothing to check a
// short line.
func (p *pdfPrinter) sign(shape wording.Shape, x, y, radius float64) {
	c, line := tones[shape].sign, p.GetY() // drawing moves the place where text goes on
	defer func() { p.SetXY(margin, line) }()
	p.fill(c)
	p.SetDrawColor(255, 255, 255)
	p.SetLineWidth(radius / 5)
	p.SetLineCapStyle("round")
	p.SetLineJoinStyle("round")
	at := func(dx, dy float64) (float64, float64) { return x + dx*radius, y + dy*radius }
	stroke := func(points ...float64) {
		p.MoveTo(at(points[0], points[1]))
		for i := 2; i < len(points); i += 2 {
			p.LineTo(at(points[i], points[i+1]))
		}
		p.DrawPath("D")
	}
	switch shape {
	case wording.ShapeYes:
		p.Circle(x, y, radius, "F")
		stroke(-0.45, 0.02, -0.12, 0.36, 0.46, -0.34)
	case wording.ShapeNo:
		p.polygon(x, y, radius, 8, math.Pi/8)
		stroke(-0.36, -0.36, 0.36, 0.36)
		stroke(0.36, -0.36, -0.36, 0.36)
	case wording.ShapeUnknown:
		p.polygon(x, y+radius*0.12, radius*1.1, 3, -math.Pi/2)
		stroke(0, -0.35, 0, 0.18)
		stroke(0, 0.46, 0, 0.47)
	case wording.ShapeNote:
		p.SetDrawColor(c[0], c[1], c[2])
		p.Circle(x, y, radius*0.85, "D")
	default:
		p.SetDrawColor(soft[0], soft[1], soft[2])
		stroke(-0.6, 0, 0.6, 0)
	}
	p.SetLineCapStyle("butt")
	p.SetLineJoinStyle("miter")
}

// polygon fills a regular polygon whose first corner lies at this angle.
func (p *pdfPrinter) polygon(x, y, radius float64, corners int, angle float64) {
	points := make([]fpdf.PointType, corners)
	for i := range points {
		sin, cos := math.Sincos(angle + 2*math.Pi*float64(i)/float64(corners))
		points[i] = fpdf.PointType{X: x + radius*cos, Y: y + radius*sin}
	}
	p.Polygon(points, "F")
}

func (p *pdfPrinter) values(all []value) {
	for _, v := range all {
		if v.text == "" {
			continue
		}
		names := p.broken(softStyle, v.name, valueLeft-10)
		s := bodyStyle
		if v.exact {
			s = exactStyle
		}
		texts := p.broken(s, v.text, bodyWidth-valueLeft)
		for i := range max(len(names), len(texts)) {
			p.need(bodyStyle.leading)
			y := p.GetY()
			if i < len(names) {
				p.line(softStyle, 0, names[i])
				p.SetY(y)
			}
			if i < len(texts) {
				p.line(s, valueLeft, texts[i])
			}
			p.SetY(y + bodyStyle.leading)
		}
	}
}

func (p *pdfPrinter) paragraph(text string) {
	p.set(bodyStyle, 0, bodyWidth, text)
	p.SetY(p.GetY() + 3)
}

func (p *pdfPrinter) found(f wording.Finding, lines ...string) {
	p.need(bodyStyle.leading + softStyle.leading)
	y := p.GetY()
	p.sign(f.Shape, margin+6, y+bodyStyle.leading/2, 4.5)
	head := p.broken(strongStyle, f.Title, bodyWidth-120)
	p.use(softStyle)
	word := p.shown(f.Word)
	p.Text(pageWidth-margin-p.GetStringWidth(word), y+bodyStyle.leading*0.5+softStyle.size*0.36, word)
	for _, line := range head {
		p.line(strongStyle, 18, line)
	}
	for _, line := range lines {
		p.set(softStyle, 18, bodyWidth-18, line)
	}
	p.SetY(p.GetY() + 3)
}

func (p *pdfPrinter) command(text string) {
	p.SetY(p.GetY() + 2)
	p.set(exactStyle, 12, bodyWidth-12, text)
	p.SetY(p.GetY() + 4)
}

func (p *pdfPrinter) detail(text string) {
	p.set(smallStyle, 0, bodyWidth, text)
	p.SetY(p.GetY() + 1.5)
}

func (p *pdfPrinter) summary(heads [3]string, all []summaryLine) {
	const number, sign, input = 30.0, 16.0, 230.0
	p.need(bodyStyle.leading)
	y := p.GetY()
	for i, left := range []float64{0, number, number + sign + input} {
		p.SetY(y)
		p.line(softStyle, left, p.shown(heads[i]))
	}
	for _, line := range all {
		names := p.broken(bodyStyle, line.name, input-10)
		answers := p.broken(bodyStyle, line.answer.Line(), bodyWidth-number-sign-input)
		height := float64(max(len(names), len(answers)))*bodyStyle.leading + 3
		p.need(height)
		y := p.GetY()
		p.line(softStyle, 0, strconv.Itoa(line.number))
		p.sign(line.answer.Counted(), margin+number+5, y+bodyStyle.leading/2, 4.5)
		for i, name := range names {
			p.SetY(y + float64(i)*bodyStyle.leading)
			p.line(bodyStyle, number+sign, name)
		}
		for i, answer := range answers {
			p.SetY(y + float64(i)*bodyStyle.leading)
			p.line(bodyStyle, number+sign+input, answer)
		}
		p.SetXY(margin, y+height)
	}
}
