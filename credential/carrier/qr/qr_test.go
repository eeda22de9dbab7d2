package qr

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/laurelbadges/laurel/credential"
)

const address = "https://badges.example.edu/c/3f0c9b8e-6d1a-4a57-9a0f-0f3b2f7b8d11"

// TestManyCodes: of a sheet of codes all are read, or it is said that there are more.
func TestManyCodes(t *testing.T) {
	for _, side := range []int{1, 2, 3, 4, 5, 6, 8} {
		sheet := page(side*190, side*190, 0, 1)
		for i := range side * side {
			put(sheet, code(t, fmt.Sprintf("https://badges.example.org/c/3f9a6c1e-a-credential-%d", i), 4), float64(i%side*190+95), float64(i/side*190+95), 150, 0)
		}
		texts, err := ReadImage(sheet)
		var told *Error
		switch {
		case len(texts) == 0:
			t.Errorf("%d codes: %v", side*side, err)
		case errors.As(err, &told):
			if told.Code != credential.CodeInputUnavailable || len(texts) == side*side && side < 4 {
				t.Errorf("%d codes, %d read: %v", side*side, len(texts), err)
			}
		case len(texts) != side*side:
			t.Errorf("of %d codes %d are read, and it is not said that there are more", side*side, len(texts))
		}
	}
}

// TestPhotos: what people hand in.
func TestPhotos(t *testing.T) {
	sheet := func(side float64, width, height int, degrees float64, noise float64) *image.Gray {
		p := page(width, height, noise, 7)
		put(p, code(t, address, 8), float64(width)*0.55, float64(height)*0.45, side, degrees)
		return p
	}
	cases := map[string]struct {
		file func() []byte
		want []string
	}{
		"a clean code":                {func() []byte { return asPNG(t, code(t, address, 6)) }, nil},
		"one pixel a module":          {func() []byte { return asPNG(t, code(t, address, 1)) }, nil},
		"two pixels a module":         {func() []byte { return asPNG(t, code(t, address, 2)) }, nil},
		"32 pixels a module":          {func() []byte { return asPNG(t, code(t, address, 32)) }, nil},
		"a long text":                 {func() []byte { return asPNG(t, code(t, strings.Repeat(address, 12), 4)) }, []string{strings.Repeat(address, 12)}},
		"photo":                       {func() []byte { return asJPEG(t, sheet(900, 2000, 1500, 3, 10), 80) }, nil},
		"turned by 20 degrees":        {func() []byte { return asJPEG(t, sheet(500, 2000, 1500, 20, 10), 80) }, nil},
		"turned by 45 degrees":        {func() []byte { return asJPEG(t, sheet(400, 1600, 1200, 45, 10), 80) }, nil},
		"turned by 137 degrees":       {func() []byte { return asJPEG(t, sheet(400, 1600, 1200, 137, 10), 80) }, nil},
		"upside down":                 {func() []byte { return asJPEG(t, sheet(400, 1600, 1200, 180, 10), 80) }, nil},
		"12 megapixels, a small code": {func() []byte { return asJPEG(t, sheet(240, 4032, 3024, 8, 6), 85) }, nil},
		"12 megapixels, filled":       {func() []byte { return asJPEG(t, sheet(2600, 4032, 3024, 2, 12), 85) }, nil},
		"tilted":                      {func() []byte { return asJPEG(t, tilt(sheet(700, 1600, 1200, 5, 6), 0.8, 0.9), 85) }, nil},
		"tilted and turned":           {func() []byte { return asJPEG(t, tilt(sheet(700, 1600, 1200, 30, 6), 0.8, 0.8), 85) }, nil},
		"blurred":                     {func() []byte { return asJPEG(t, blur(sheet(500, 1600, 1200, 5, 6), 3), 85) }, nil},
		"blurred more":                {func() []byte { return asJPEG(t, blur(sheet(900, 1600, 1200, 5, 6), 8), 85) }, nil},
		"low contrast":                {func() []byte { return asJPEG(t, tone(sheet(500, 1600, 1200, 5, 10), 110, 165), 85) }, nil},
		"noise":                       {func() []byte { return asJPEG(t, sheet(600, 1600, 1200, 5, 50), 85) }, nil},
		"coarse JPEG":                 {func() []byte { return asJPEG(t, sheet(400, 1600, 1200, 5, 6), 12) }, nil},
		"inverted": {func() []byte {
			p := tone(page(1200, 900, 10, 3), 60, 10)
			put(p, tone(code(t, address, 8), 240, 20), 600, 450, 400, 7)
			return asJPEG(t, p, 80)
		}, nil},
		"on a dark page": {func() []byte {
			p := tone(page(1200, 900, 10, 3), 60, 10)
			put(p, code(t, address, 8), 600, 450, 400, 7)
			return asJPEG(t, p, 80)
		}, nil},
		"screenshot of a phone": {func() []byte {
			p := image.NewRGBA(image.Rect(0, 0, 1080, 2400))
			draw.Draw(p, p.Rect, image.NewUniform(color.RGBA{250, 250, 250, 255}), image.Point{}, draw.Src)
			for i := range 40 { // lines of text, so to speak
				draw.Draw(p, image.Rect(60, 900+i*30, 1000-i%7*50, 915+i*30), image.Black, image.Point{}, draw.Src)
			}
			put(p, code(t, address, 4), 540, 700, 150, 0)
			return asPNG(t, p)
		}, nil},
		"black on nothing": {func() []byte {
			from := code(t, address, 4)
			p := image.NewNRGBA(from.Bounds())
			for y := range p.Rect.Dy() {
				for x := range p.Rect.Dx() {
					if r, _, _, _ := from.At(x, y).RGBA(); r == 0 {
						p.SetNRGBA(x, y, color.NRGBA{A: 255})
					}
				}
			}
			return asPNG(t, p)
		}, nil},
		"two codes": {func() []byte {
			p := page(2000, 1000, 8, 9)
			put(p, code(t, "https://a.example/1", 8), 500, 500, 400, 4)
			put(p, code(t, "https://b.example/2", 8), 1400, 500, 400, -6)
			return asJPEG(t, p, 80)
		}, []string{"https://a.example/1", "https://b.example/2"}},
		"a large and a small code": {func() []byte {
			p := page(2000, 1500, 8, 9)
			put(p, code(t, "https://a.example/1", 8), 600, 750, 900, 4)
			put(p, code(t, "https://b.example/2", 8), 1600, 500, 130, -6)
			return asJPEG(t, p, 90)
		}, []string{"https://a.example/1", "https://b.example/2"}},
		"six codes": {func() []byte {
			p := page(1500, 1000, 8, 9)
			for i := range 6 {
				put(p, code(t, "https://a.example/"+string(rune('1'+i)), 8), 250+float64(i%3)*500, 250+float64(i/3)*500, 360, 0)
			}
			return asJPEG(t, p, 80)
		}, []string{"https://a.example/1", "https://a.example/2", "https://a.example/3", "https://a.example/4", "https://a.example/5", "https://a.example/6"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			file := c.file()
			started := time.Now()
			got, err := Read(file)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%v", time.Since(started).Round(time.Millisecond))
			want := c.want
			if want == nil {
				want = []string{address}
			}
			if diff := cmp.Diff(want, got, sorted()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
