package qr

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/math/f64"

	"github.com/laurelbadges/laurel/internal/paper"
)

// code draws a QR code of text.
func code(t testing.TB, text string, modulePixels int) image.Image {
	t.Helper()
	file, err := paper.QRPNG(text, modulePixels)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// page is a grey-white page of the size, as a photo has it: uneven light and a little noise.
func page(width, height int, noise float64, seed uint64) *image.Gray {
	random := rand.New(rand.NewPCG(seed, 1))
	out := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		row := out.Pix[y*out.Stride:]
		for x := range width {
			light := 225 - 60*float64(x)/float64(width) - 30*float64(y)/float64(height)
			row[x] = byte(max(min(light+(random.Float64()-0.5)*2*noise, 255), 0))
		}
	}
	return out
}

// put draws a picture onto another, turned by degrees about the place of its middle and scaled so that it is side pixels wide.
func put(onto draw.Image, picture image.Image, x, y, side, degrees float64) {
	size := float64(picture.Bounds().Dx())
	scale := side / size
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	m := f64.Aff3{
		scale * cos, -scale * sin, x - scale*(cos-sin)*size/2,
		scale * sin, scale * cos, y - scale*(sin+cos)*size/2,
	}
	xdraw.CatmullRom.Transform(onto, m, picture, picture.Bounds(), draw.Over, nil)
}

// tilt looks at a picture from the side: its right edge is shrunk to the part given, its upper edge likewise.
func tilt(picture *image.Gray, right, upper float64) *image.Gray {
	b := picture.Bounds()
	w, h := float64(b.Dx()), float64(b.Dy())
	out := image.NewGray(b)
	for i := range out.Pix {
		out.Pix[i] = 200
	}
	for y := range b.Dy() {
		for x := range b.Dx() {
			// A plane that leans back: what is farther is smaller in both directions.
			fx, fy := float64(x)/w, float64(y)/h
			far := 1 + fx*(1/right-1) + (1-fy)*(1/upper-1)
			sx, sy := w/2+(float64(x)-w/2)*far, h/2+(float64(y)-h/2)*far
			if sx >= 0 && sy >= 0 && sx < w-1 && sy < h-1 {
				out.Pix[y*out.Stride+x] = at(picture, sx, sy)
			}
		}
	}
	return out
}

func at(p *image.Gray, x, y float64) byte {
	i, j := int(x), int(y)
	fx, fy := x-float64(i), y-float64(j)
	v := func(x, y int) float64 { return float64(p.Pix[y*p.Stride+x]) }
	return byte((v(i, j)*(1-fx)+v(i+1, j)*fx)*(1-fy) + (v(i, j+1)*(1-fx)+v(i+1, j+1)*fx)*fy)
}

// blur takes the mean of the pixels around each, radius to each side.
func blur(picture *image.Gray, radius int) *image.Gray {
	b := picture.Bounds()
	once := func(in *image.Gray, dx, dy int) *image.Gray {
		out := image.NewGray(b)
		for y := range b.Dy() {
			for x := range b.Dx() {
				sum, n := 0, 0
				for i := -radius; i <= radius; i++ {
					if p := image.Pt(x+i*dx, y+i*dy); p.In(b) {
						sum, n = sum+int(in.Pix[p.Y*in.Stride+p.X]), n+1
					}
				}
				out.Pix[y*out.Stride+x] = byte(sum / n)
			}
		}
		return out
	}
	return once(once(picture, 1, 0), 0, 1)
}

// tone maps black and white to two other greys.
func tone(picture image.Image, black, white float64) *image.Gray {
	b := picture.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			v := float64(color.GrayModel.Convert(picture.At(b.Min.X+x, b.Min.Y+y)).(color.Gray).Y) / 255
			out.Pix[y*out.Stride+x] = byte(black + (white-black)*v)
		}
	}
	return out
}

func asJPEG(t testing.TB, picture image.Image, quality int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func asPNG(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func sorted() cmp.Option {
	return cmp.Transformer("sort", func(in []string) []string {
		out := slices.Clone(in)
		slices.Sort(out)
		return out
	})
}
