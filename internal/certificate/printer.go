package certificate

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/draw"

	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/internal/typeset"
	"github.com/laurelbadges/laurel/internal/wording"
)

// sheet is a page that texts are set for.
type sheet struct {
	wording.Language
	width, height float64 // in points
}

// sheetFor is the page of a file.
func sheetFor(o Options) sheet {
	s := sheet{o.Language, 792, 612}
	if o.Paper == A4 {
		s.width, s.height = 841.89, 595.28
	}
	if !slices.Contains(wording.Languages, s.Language) {
		s.Language = wording.English
	}
	return s
}

// printer draws pages, and notes what the parts of each are.
type printer struct {
	*fpdf.Fpdf
	sheet
	parts    [][]part // of each page
	attached []attachment
	pictures map[string]bool
	title    string
}

// part is a piece of a page as a reader meets it (ISO 32000-1, 14.8).
type part struct{ role, spoken, lang string }

// attachment is a credential that goes with a page.
type attachment struct {
	file string
	data []byte
	made time.Time
}

func newPrinter(o Options) *printer {
	p := &printer{sheet: sheetFor(o), pictures: map[string]bool{}}
	p.Fpdf = fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: p.width, Ht: p.height}})
	p.SetCatalogSort(true)
	p.SetProducer("Laurel", true)
	p.SetMargins(0, 0, 0)
	p.SetAutoPageBreak(false, 0)
	p.SetCellMargin(0)
	for _, face := range typeset.Faces {
		p.AddUTF8FontFromBytes(face.Name(), "", slices.Clone(face.TrueType())) // the library writes into what it is given
	}
	return p
}

// begin begins the page of a certificate.
func (p *printer) begin(c Certificate) {
	p.AddPage()
	p.parts = append(p.parts, nil)
	p.attached = append(p.attached, attachment{c.File, c.Credential, c.Awarded})
	if p.title = c.Title; len(p.parts) == 1 {
		p.title = strings.TrimPrefix(c.Recipient+" – "+c.Title, " – ")
		p.SetAuthor(c.Issuer, true)
		p.SetCreationDate(made(c.Awarded))
		p.SetModificationDate(made(c.Awarded))
	}
	p.SetTitle(p.title, true)
	p.SetFont(typeset.Text.Name(), "", 10) // so that the next text is one in Unicode
	p.Bookmark(wording.First(c.Recipient, c.Title), 0, 0)
}

// made is the date of a file: that of the award, as the bytes must be the same each time.
func made(awarded time.Time) time.Time {
	if awarded.IsZero() {
		return time.Unix(0, 0).UTC() // the library would read the clock
	}
	return awarded.UTC()
}

// tagged draws a part of the page that is read.
func (p *printer) tagged(role, spoken string, drawn func()) { p.taggedIn("", role, spoken, drawn) }

// taggedIn draws one in a language of its own; "" is that of the file.
func (p *printer) taggedIn(lang, role, spoken string, drawn func()) {
	page := len(p.parts) - 1
	p.RawWriteStr(fmt.Sprintf("/%s <</MCID %d>> BDC", role, len(p.parts[page])))
	p.parts[page] = append(p.parts[page], part{role, spoken, lang})
	drawn()
	p.RawWriteStr("EMC")
}

// ornament draws what says nothing.
func (p *printer) ornament(drawn func()) {
	p.RawWriteStr("/Artifact BMC")
	drawn()
	p.RawWriteStr("EMC")
}

// fill fills a path.
func (p *printer) fill(tone color.NRGBA, path typeset.Path) {
	p.SetFillColor(int(tone.R), int(tone.G), int(tone.B))
	for _, s := range path {
		switch s.Verb {
		case typeset.Move:
			p.MoveTo(s.To.X, s.To.Y)
		case typeset.Line:
			p.LineTo(s.To.X, s.To.Y)
		case typeset.Curve:
			p.CurveBezierCubicTo(s.Control1.X, s.Control1.Y, s.Control2.X, s.Control2.Y, s.To.X, s.To.Y)
		case typeset.Close:
			p.ClosePath()
		}
	}
	p.DrawPath("F")
}

func (p *printer) shapes(all []paper.Shape, scale float64, centre typeset.Point) {
	for _, s := range all {
		p.fill(s.Tone, s.Path.Placed(scale, scale, centre))
	}
}

// line sets a line of text with its baseline at y. Letters that are moved towards the one before begin a new run.
func (p *printer) line(face typeset.Face, size, tracking float64, tone color.NRGBA, x, y float64, text string) {
	p.SetFont(face.Name(), "", size)
	p.SetTextColor(int(tone.R), int(tone.G), int(tone.B))
	glyphs, _ := face.Glyphs(text, size, tracking)
	var run strings.Builder
	at := 0.0
	for _, g := range glyphs {
		if (g.Kern || tracking != 0) && run.Len() > 0 {
			p.Text(x+at, y, run.String())
			run.Reset()
		}
		if run.Len() == 0 {
			at = g.At
		}
		run.WriteRune(g.Rune)
	}
	if run.Len() > 0 {
		p.Text(x+at, y, run.String())
	}
}

const (
	widestPicture = 4096 // pixels of a side
	printedPixels = 1000 // of a side, as printed: more than 300 to an inch
)

// picture draws a PNG into a square.
func (p *printer) picture(data []byte, left, top, side float64) error {
	name := fmt.Sprintf("%x", sha256.Sum256(data))
	if !p.pictures[name] {
		plain, err := printable(data)
		if err != nil {
			return err
		}
		p.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(plain))
		if p.Err() {
			return fmt.Errorf("printing the picture: %w", p.Error())
		}
		p.pictures[name] = true
	}
	info := p.GetImageInfo(name)
	wide, high := info.Width(), info.Height()
	scale := side / max(wide, high)
	p.ImageOptions(name, left+(side-wide*scale)/2, top+(side-high*scale)/2, wide*scale, high*scale, false, fpdf.ImageOptions{}, 0, "")
	return nil
}

// printable is a PNG of the kind that the library reads, of at most printedPixels a side.
func printable(data []byte) ([]byte, error) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width > widestPicture || config.Height > widestPicture {
		return nil, errors.New("printing the picture: it is no PNG, or too large")
	}
	read, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, errors.New("printing the picture: it is damaged")
	}
	size := read.Bounds().Size()
	if most := max(size.X, size.Y); most > printedPixels {
		size = image.Pt(max(1, size.X*printedPixels/most), max(1, size.Y*printedPixels/most))
	}
	plain := image.NewNRGBA(image.Rectangle{Max: size})
	draw.CatmullRom.Scale(plain, plain.Rect, read, read.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	if err := png.Encode(&out, plain); err != nil {
		return nil, fmt.Errorf("printing the picture: %w", err)
	}
	return out.Bytes(), nil
}
