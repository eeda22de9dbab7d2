package paper

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"

	"golang.org/x/image/draw"

	"github.com/laurelbadges/laurel/internal/typeset"
)

// Size of a link preview in pixels.
const (
	PreviewWidth  = 1200
	PreviewHeight = 627
)

// Preview is what the picture of a link says. All of it is shown as it is given, in the language of whoever gives it; a text that
// the faces cannot set ([typeset.Missing]) is left out.
type Preview struct {
	Art     Art
	Picture []byte // PNG of the achievement, in the place of the art; optional
	Title   string // name of the achievement
	Issuer  string // its name
	Check   string // where to check, in words: "Check it: badges.example.edu/c/7K4M92"
	// Notice is said of a badge that is no longer in force: "No longer in force". Of any other it is empty: previews are kept for
	// months, so they claim nothing that can change.
	Notice string
}

var (
	previewGround = color.NRGBA{0xfa, 0xf8, 0xf3, 0xff}
	previewLine   = color.NRGBA{0xd9, 0xc8, 0x9b, 0xff}
	soft          = color.NRGBA{0x55, 0x61, 0x5a, 0xff}
	refusal       = color.NRGBA{0x8f, 0x23, 0x23, 0xff}
	refusalTint   = color.NRGBA{0xf8, 0xe9, 0xe7, 0xff}
)

// measures of the column of text in a preview.
const (
	previewLeft  = 548.0
	previewRight = 1128.0
	previewArtX  = 284 // middle of the art
)

// PreviewPNG draws the picture that a link to a badge is shown with: [PreviewWidth] × [PreviewHeight] pixels, below 80 kB with the
// badge art and below 1 MB with a picture of its own. Long
// titles get smaller letters and are cut at four lines; the other texts have one line, the issuer two.
func PreviewPNG(p Preview) ([]byte, error) {
	c := newCanvas(PreviewWidth, PreviewHeight, previewGround)
	for _, inset := range []float64{18, 26} {
		for _, side := range frame(PreviewWidth, PreviewHeight, inset, 2) {
			c.fill(Shape{previewLine, side})
		}
	}
	if len(p.Picture) == 0 {
		const scale = 432.0 / artSide
		for _, s := range ArtShapes(p.Art) {
			c.fill(Shape{s.Tone, s.Path.Placed(scale, scale, typeset.Point{X: previewArtX, Y: PreviewHeight / 2})})
		}
	}
	blocks := previewBlocks(p)
	height := 0.0
	for i, b := range blocks {
		if i > 0 {
			height += b.before
		}
		height += b.height()
	}
	y := (PreviewHeight - height) / 2
	for i, b := range blocks {
		if i > 0 {
			y += b.before
		}
		if b.sign {
			wide := b.face.Width(b.lines[0], b.size)
			c.fill(Shape{refusalTint, typeset.Polygon(typeset.Point{X: previewLeft, Y: y}, typeset.Point{X: previewLeft + wide + 84, Y: y},
				typeset.Point{X: previewLeft + wide + 84, Y: y + b.height()}, typeset.Point{X: previewLeft, Y: y + b.height()})})
			for _, s := range stopSign(typeset.Point{X: previewLeft + 34, Y: y + b.height()/2}, 19) {
				c.fill(s)
			}
			c.fill(Shape{b.tone, b.face.Outline(b.lines[0], b.size, 0, typeset.Point{X: previewLeft + 66, Y: y + b.height()/2 + 0.36*b.size})})
			y += b.height()
			continue
		}
		for _, line := range b.lines {
			c.fill(Shape{b.tone, b.face.Outline(line, b.size, 0, typeset.Point{X: previewLeft, Y: y + 0.92*b.size})})
			y += b.lead * b.size
		}
	}
	var picture image.Image = c.picture
	if len(p.Picture) > 0 {
		with, err := withPicture(c.picture, p.Picture)
		if err != nil {
			return nil, err
		}
		picture = with
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&out, picture); err != nil {
		return nil, fmt.Errorf("writing the link preview: %w", err)
	}
	return out.Bytes(), nil
}

// withPicture puts a PNG in the place of the art.
func withPicture(below image.Image, data []byte) (image.Image, error) {
	const side, widest = 400, 4096 // pixels
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width > widest || config.Height > widest {
		return nil, errors.New("drawing the link preview: the picture is no PNG, or too large")
	}
	read, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, errors.New("drawing the link preview: the picture is damaged")
	}
	all := image.NewRGBA(below.Bounds())
	draw.Draw(all, all.Rect, below, image.Point{}, draw.Src)
	size := read.Bounds().Size()
	longer := max(size.X, size.Y)
	size = image.Pt(max(1, size.X*side/longer), max(1, size.Y*side/longer))
	corner := image.Pt(previewArtX-size.X/2, (PreviewHeight-size.Y)/2)
	draw.CatmullRom.Scale(all, image.Rectangle{corner, corner.Add(size)}, read, read.Bounds(), draw.Over, nil)
	return all, nil
}

// block is lines of one look.
type block struct {
	face       typeset.Face
	size, lead float64
	before     float64 // space above, unless it is the first
	tone       color.NRGBA
	lines      []string
	sign       bool // in a band with the sign of a no
}

func (b block) height() float64 {
	if b.sign {
		return 2.1 * b.size
	}
	return b.lead * b.size * float64(len(b.lines))
}

func previewBlocks(p Preview) []block {
	const width = previewRight - previewLeft
	var blocks []block
	add := func(b block, text string, room, least float64, lines int) {
		if text = shownText(text); text == "" {
			return
		}
		measured := b.face.Measure(text, 0)
		for b.size > least && (len(measured.Lines(b.size, room)) > lines || !measured.Unbroken(b.size, room)) {
			b.size--
		}
		if b.lines = measured.Even(b.size, room); len(b.lines) > lines {
			b.lines = measured.Cut(b.size, room, lines)
		}
		blocks = append(blocks, b)
	}
	titleLines := 3
	if title := typeset.Display.Measure(shownText(p.Title), 0); len(title.Lines(42, width)) > 3 {
		titleLines = 4
	}
	add(block{face: typeset.Text, size: 30, lead: 1.3, tone: soft}, p.Issuer, width, 22, 2)
	add(block{face: typeset.Display, size: 60, lead: 1.1, before: 14, tone: ink}, p.Title, width, 30, titleLines)
	add(block{face: typeset.Strong, size: 28, before: 24, tone: refusal, sign: true}, p.Notice, width-84, 14, 1)
	checkLines := 1 // an address is read in one piece, where it has room
	if check := typeset.Text.Measure(shownText(p.Check), 0); len(check.Lines(17, width)) > 1 {
		checkLines = 2
	}
	add(block{face: typeset.Text, size: 27, lead: 1.3, before: 26, tone: laurel}, p.Check, width, 17, checkLines)
	return blocks
}

// shownText is a text as a preview shows it.
func shownText(text string) string {
	if text = typeset.Normal(legible(text)); len(typeset.Missing(text)) > 0 {
		return ""
	}
	return text
}

// frame is a line around a picture, in four pieces, as each is drawn in the pixels that it may touch.
func frame(width, height, inset, line float64) []typeset.Path {
	bar := func(left, top, right, bottom float64) typeset.Path {
		return typeset.Polygon(typeset.Point{X: left, Y: top}, typeset.Point{X: right, Y: top}, typeset.Point{X: right, Y: bottom}, typeset.Point{X: left, Y: bottom})
	}
	right, bottom := width-inset, height-inset
	return []typeset.Path{
		bar(inset, inset, right, inset+line), bar(inset, bottom-line, right, bottom),
		bar(inset, inset+line, inset+line, bottom-line), bar(right-line, inset+line, right, bottom-line),
	}
}

// stopSign is the sign of a no: an octagon with a cross.
func stopSign(centre typeset.Point, radius float64) []Shape {
	corners := make([]typeset.Point, 8)
	for i := range corners {
		corners[i] = centre.Plus(typeset.Point{X: radius}.Turn(math.Pi/8 + float64(i)*math.Pi/4))
	}
	shapes := []Shape{{refusal, typeset.Polygon(corners...)}}
	arm := radius * 0.36
	for _, way := range []float64{1, -1} {
		shapes = append(shapes, Shape{refusalTint, barPath(point{centre.X - arm, centre.Y - way*arm}, point{centre.X + arm, centre.Y + way*arm}, radius/5)})
	}
	return shapes
}
