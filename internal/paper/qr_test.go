package paper

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/internal/typeset"
)

// fataler is what a test of rapid and one of the standard library have in common.
type fataler interface {
	Fatal(...any)
	Fatalf(string, ...any)
}

func scan(t fataler, picture image.Image) string {
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	// Printed without blur or tilt; the search for tilted codes is the reader's own matter.
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
	if err != nil {
		t.Fatal(err)
	}
	return result.GetText()
}

// svgPicture is what QRSVG and LinkSVG write.
type svgPicture struct {
	ViewBox string `xml:"viewBox,attr"`
	Role    string `xml:"role,attr"`
	Title   string `xml:"title"`
	Ground  struct {
		Width string `xml:"width,attr"`
		Fill  string `xml:"fill,attr"`
	} `xml:"rect"`
	Paths []struct {
		D         string `xml:"d,attr"`
		Stroke    string `xml:"stroke,attr"`
		Transform string `xml:"transform,attr"`
	} `xml:"path"`
}

// commands are the commands of a path, each with its numbers. One that is left out is that of before.
func commands(t fataler, d string) (all []command) {
	token := regexp.MustCompile(`[A-Za-z]|-?\d+(?:\.\d+)?|[ ]`)
	if left := token.ReplaceAllString(d, ""); left != "" {
		t.Fatalf("the path holds %.40q", left)
	}
	takes := map[byte]int{'M': 2, 'm': 2, 'h': 1, 'v': 1, 'l': 2, 'q': 4, 'z': 0}
	for _, part := range token.FindAllString(d, -1) {
		n, err := strconv.ParseFloat(part, 64)
		switch last := len(all) - 1; {
		case part == " ":
		case err != nil:
			if _, known := takes[part[0]]; !known {
				t.Fatalf("the path has the command %s", part)
			}
			all = append(all, command{verb: part[0]})
		case len(all[last].numbers) == takes[all[last].verb]:
			all = append(all, command{all[last].verb, []float64{n}})
		default:
			all[last].numbers = append(all[last].numbers, n)
		}
	}
	return all
}

type command struct {
	verb    byte
	numbers []float64
}

// rasterise draws the modules of an SVG: the lines of its first path, one module thick.
func rasterise(t fataler, svg []byte, scale int) (*image.Gray, svgPicture) {
	var parsed svgPicture
	if err := xml.Unmarshal(svg, &parsed); err != nil {
		t.Fatal(err)
	}
	var width, height float64
	if _, err := fmt.Sscanf(parsed.ViewBox, "0 0 %f %f", &width, &height); err != nil {
		t.Fatalf("viewBox %q: %v", parsed.ViewBox, err)
	}
	picture := image.NewGray(image.Rect(0, 0, int(width)*scale, int(height)*scale))
	draw.Draw(picture, picture.Rect, image.White, image.Point{}, draw.Src)
	var x, y float64
	for _, c := range commands(t, parsed.Paths[0].D) {
		switch c.verb {
		case 'M':
			x, y = c.numbers[0], c.numbers[1]
		case 'm':
			x, y = x+c.numbers[0], y+c.numbers[1]
		case 'h':
			left, top := int(x)*scale, int(math.Round(y-.5))*scale
			x += c.numbers[0]
			draw.Draw(picture, image.Rect(left, top, int(x)*scale, top+scale), image.Black, image.Point{}, draw.Src)
		default:
			t.Fatalf("the modules are drawn with %c", c.verb)
		}
	}
	return picture, parsed
}

// outline is a path of letters.
func outline(t fataler, d string) (path typeset.Path) {
	var at, begun typeset.Point
	for _, c := range commands(t, d) {
		n := c.numbers
		switch c.verb {
		case 'm':
			at = at.Plus(typeset.Point{X: n[0], Y: n[1]})
			begun = at
			path.MoveTo(at)
			continue
		case 'h':
			at.X += n[0]
		case 'v':
			at.Y += n[0]
		case 'l':
			at = at.Plus(typeset.Point{X: n[0], Y: n[1]})
		case 'q':
			bend, to := at.Plus(typeset.Point{X: n[0], Y: n[1]}), at.Plus(typeset.Point{X: n[2], Y: n[3]})
			path.CurveTo(at.Plus(bend.Plus(at.Times(-1)).Times(2.0/3)), to.Plus(bend.Plus(to.Times(-1)).Times(2.0/3)), to)
			at = to
			continue
		case 'z':
			path.Close()
			at = begun
			continue
		default:
			t.Fatalf("letters are drawn with %c", c.verb)
		}
		path.LineTo(at)
	}
	return path
}

// quiet is the number of white rows and columns on each side: top, left, bottom, right.
func quiet(picture image.Image) [4]int {
	b := picture.Bounds()
	dark := image.Rectangle{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if color.GrayModel.Convert(picture.At(x, y)).(color.Gray).Y < 128 {
				dark = dark.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return [4]int{dark.Min.Y, dark.Min.X, b.Max.Y - dark.Max.Y, b.Max.X - dark.Max.X}
}

func TestQRReadsBack(t *testing.T) {
	addresses := rapid.StringMatching(`https://[a-z0-9]{1,20}\.(org|example)(:8443)?/c/[A-Za-z0-9_~%&<>"'?=.-]{1,200}`)
	rapid.Check(t, func(t *rapid.T) {
		text, pixels := addresses.Draw(t, "text"), rapid.IntRange(1, 6).Draw(t, "pixels")
		file, err := QRPNG(text, pixels)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if got := scan(t, picture); got != text {
			t.Fatalf("the PNG reads %q", got)
		}
		zone := quietZone * pixels
		if got := quiet(picture); got != [4]int{zone, zone, zone, zone} {
			t.Fatalf("quiet zone of the PNG: %v pixels", got)
		}
		svg, err := QRSVG(text)
		if err != nil {
			t.Fatal(err)
		}
		drawn, parsed := rasterise(t, svg, pixels)
		if got := scan(t, drawn); got != text {
			t.Fatalf("the SVG reads %q", got)
		}
		if got := quiet(drawn); got != [4]int{zone, zone, zone, zone} {
			t.Fatalf("quiet zone of the SVG: %v pixels", got)
		}
		if parsed.Title != "QR code: "+text || parsed.Role != "img" || len(parsed.Paths) != 1 || parsed.Paths[0].Stroke != "#000" || parsed.Ground.Fill != "#fff" {
			t.Fatalf("the SVG says %+v", parsed)
		}
		if drawn.Rect != picture.Bounds() {
			t.Fatalf("the PNG is %v, the SVG %v", picture.Bounds(), drawn.Rect)
		}
	})
}

func TestQRRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		pixels int
	}{
		"no text":         {"", 4},
		"text too long":   {strings.Repeat("a", 3000), 4},
		"no pixels":       {"https://example.org/", 0},
		"negative pixels": {"https://example.org/", -1},
		"too many pixels": {"https://example.org/", widestModule + 1},
	} {
		if out, err := QRPNG(c.text, c.pixels); err == nil || out != nil {
			t.Errorf("%s: a picture was drawn", name)
		}
	}
	if _, err := QRSVG(""); err == nil {
		t.Error("an empty text was drawn")
	}
}

// TestLinkSVG: the drawing has the code and the letters of the picture, in few bytes, and the same ones each time.
func TestLinkSVG(t *testing.T) {
	for _, address := range []string{"https://badges.example.org/c/VHw6LfmITkOroyGCQlzj7w", "https://g8.example/c/abcdefghijk-mnopqrstuv", "http://localhost:8080/c/wxyzABCDEFGHIJKLMNOP_9",
		"https://badges.cedar-valley-schools.example/c/QRSTUVWXYZ0123456789aB"} {
		svg, err := LinkSVG(address)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes", address, len(svg))
		if len(svg) > 120*len(address)+300 {
			t.Errorf("%s: %d bytes", address, len(svg))
		}
		if again, err := LinkSVG(address); err != nil || !bytes.Equal(again, svg) {
			t.Errorf("%s: drawn again it differs, %v", address, err)
		}
		drawn, parsed := rasterise(t, svg, 4)
		if got := scan(t, drawn); got != address {
			t.Errorf("the SVG reads %q", got)
		}
		file, err := LinkPNG(address)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if got := scan(t, picture.(interface {
			SubImage(image.Rectangle) image.Image
		}).SubImage(image.Rect(0, 0, picture.Bounds().Dx(), picture.Bounds().Dx()-2*linkModule))); got != address {
			t.Errorf("the PNG reads %q", got)
		}
		if len(parsed.Paths) != 2 || parsed.Paths[1].Transform != "scale(0.1)" {
			t.Fatalf("%+v", parsed)
		}
		// The letters are those of the picture, but for what is rounded at their edges: a tenth of a module.
		letters := newCanvas(picture.Bounds().Dx(), picture.Bounds().Dy(), color.NRGBA{0xff, 0xff, 0xff, 0xff})
		letters.fill(Shape{color.NRGBA{0, 0, 0, 0xff}, outline(t, parsed.Paths[1].D).Placed(linkModule/10.0, linkModule/10.0, typeset.Point{})})
		below := picture.Bounds().Dx() - 2*linkModule
		if astray := strays(letters.picture, picture, below) + strays(picture, letters.picture, below); astray > 0 {
			t.Errorf("%s: %d pixels of the letters are not where they are in the picture", address, astray)
		}
	}
}

// strays counts what is dark in a picture, from a line on, and has nothing that is not white near it in another one.
func strays(in, other image.Image, from int) (count int) {
	const near = 2 // pixels
	grey := func(p image.Image, x, y int) uint8 { return color.GrayModel.Convert(p.At(x, y)).(color.Gray).Y }
	for y := from; y < in.Bounds().Dy(); y++ {
		for x := range in.Bounds().Dx() {
			found := grey(in, x, y) > 64
			for i := 0; !found && i < (2*near+1)*(2*near+1); i++ {
				found = grey(other, x+i%(2*near+1)-near, y+i/(2*near+1)-near) < 224
			}
			if !found {
				count++
			}
		}
	}
	return count
}
