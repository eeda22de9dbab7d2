package paper

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"pgregory.net/rapid"
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

// svgPicture rasterises the one shape of path that QRSVG writes.
type svgPicture struct {
	ViewBox string `xml:"viewBox,attr"`
	Role    string `xml:"role,attr"`
	Title   string `xml:"title"`
	Ground  struct {
		Width string `xml:"width,attr"`
		Fill  string `xml:"fill,attr"`
	} `xml:"rect"`
	Path struct {
		D    string `xml:"d,attr"`
		Fill string `xml:"fill,attr"`
	} `xml:"path"`
}

var run = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

func rasterise(t fataler, svg []byte, scale int) (*image.Gray, svgPicture) {
	var parsed svgPicture
	if err := xml.Unmarshal(svg, &parsed); err != nil {
		t.Fatal(err)
	}
	var side int
	if _, err := fmt.Sscanf(parsed.ViewBox, "0 0 %d %d", &side, &side); err != nil {
		t.Fatalf("viewBox %q: %v", parsed.ViewBox, err)
	}
	picture := image.NewGray(image.Rect(0, 0, side*scale, side*scale))
	draw.Draw(picture, picture.Rect, image.White, image.Point{}, draw.Src)
	if left := run.ReplaceAllString(parsed.Path.D, ""); left != "" {
		t.Fatalf("the path holds %.40q", left)
	}
	for _, m := range run.FindAllStringSubmatch(parsed.Path.D, -1) {
		var n [4]int
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+1])
		}
		if n[2] != n[3] {
			t.Fatalf("the run %q is not a rectangle", m[0])
		}
		draw.Draw(picture, image.Rect(n[0]*scale, n[1]*scale, (n[0]+n[2])*scale, (n[1]+1)*scale), image.Black, image.Point{}, draw.Src)
	}
	return picture, parsed
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
		if parsed.Title != "QR code: "+text || parsed.Role != "img" || parsed.Path.Fill != "#000" || parsed.Ground.Fill != "#fff" {
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
