package qr

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// webp writes a lossless WebP of two colours (RFC 9649 section 3): green is 0 or 255, each other channel has one value.
func webp(picture image.Image) []byte {
	b := picture.Bounds()
	var bits []byte
	count := 0
	put := func(value, n int) {
		for i := range n {
			if count%8 == 0 {
				bits = append(bits, 0)
			}
			bits[count/8] |= byte(value >> i & 1 << (count % 8))
			count++
		}
	}
	put(0x2f, 8)
	put(b.Dx()-1, 14)
	put(b.Dy()-1, 14)
	put(0, 1+3) // alpha, version
	put(0, 1+1+1)
	// A simple code: of two symbols, both written in eight bits; then three codes of one symbol.
	put(1, 1)
	put(1, 1)
	put(1, 1)
	put(0, 8)
	put(255, 8)
	for _, symbol := range []int{0, 0, 255, 0} {
		put(1, 1)
		put(0, 1)
		put(1, 1)
		put(symbol, 8)
	}
	for y := range b.Dy() {
		for x := range b.Dx() {
			put(int(color.GrayModel.Convert(picture.At(x, y)).(color.Gray).Y>>7), 1)
		}
	}
	if len(bits)%2 != 0 {
		bits = append(bits, 0)
	}
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(12+len(bits)))
	out = binary.LittleEndian.AppendUint32(append(out, "WEBPVP8L"...), uint32(len(bits)))
	return append(out, bits...)
}

// TestFormats: one code in each kind of file and each model of colours.
func TestFormats(t *testing.T) {
	drawn := code(t, address, 5)
	var still bytes.Buffer
	if err := gif.Encode(&still, drawn, nil); err != nil {
		t.Fatal(err)
	}
	colour := func(onto draw.Image) image.Image {
		draw.Draw(onto, onto.Bounds(), drawn, image.Point{}, draw.Src)
		return onto
	}
	b := drawn.Bounds()
	for name, file := range map[string][]byte{
		"png":      asPNG(t, drawn),
		"png rgb":  asPNG(t, colour(image.NewRGBA(b))),
		"png 16":   asPNG(t, colour(image.NewGray16(b))),
		"jpeg":     asJPEG(t, colour(image.NewGray(b)), 70),
		"jpeg rgb": asJPEG(t, colour(image.NewRGBA(b)), 70),
		"gif":      still.Bytes(),
		"webp":     webp(drawn),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{address}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	large := image.NewGray(image.Rect(0, 0, 7000, 4000))
	draw.Draw(large, large.Rect, image.White, image.Point{}, draw.Src)
	put(large, drawn, 3500, 2000, 900, 12)
	for name, picture := range map[string]image.Image{
		"gray":              colour(image.NewGray(b)),
		"gray of a part":    colour(image.NewGray(b.Inset(-9))).(*image.Gray).SubImage(b.Inset(-5)),
		"gray 16":           colour(image.NewGray16(b)),
		"rgba":              colour(image.NewRGBA(b)),
		"nrgba":             colour(image.NewNRGBA(b)),
		"rgba 64":           colour(image.NewRGBA64(b)),
		"cmyk":              colour(image.NewCMYK(b)),
		"of no known kind":  struct{ image.Image }{drawn},
		"away from nought":  moved{drawn},
		"halved before use": large,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadImage(picture)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{address}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// moved is a picture whose first pixel is not at nought.
type moved struct{ image.Image }

func (m moved) Bounds() image.Rectangle { return m.Image.Bounds().Add(image.Pt(-30, 70)) }
func (m moved) At(x, y int) color.Color { return m.Image.At(x+30, y-70) }

func TestIs(t *testing.T) {
	for first, want := range map[string]string{
		"\x89PNG\r\n\x1a\n": "png", "\xff\xd8\xff\xe0": "jpeg", "GIF87a": "gif", "GIF89a": "gif", "RIFF\x00\x00\x00\x00WEBP": "webp",
		"\x00\x00\x00\x18ftypheic": "heic", "\x00\x00\x00\x18ftypmif1": "heic", "\x00\x00\x00\x18ftypavif": "heic",
		"\x00\x00\x00\x18ftypmp42": "", "RIFF\x00\x00\x00\x00WAVE": "", "\x89PNG": "", "\xff\xd8": "", "": "", "%PDF-1.7": "", "BM": "",
	} {
		if kind, ok := Is([]byte(first)); kind != want || ok != (want != "") {
			t.Errorf("%q is %q, %v", first, kind, ok)
		}
	}
}
