package qr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hostile are pictures that are made to cost much. Each is answered all the same.
var hostile = map[string]func(t testing.TB) []byte{
	"finder patterns, 12 megapixels": func(t testing.TB) []byte { return asPNG(t, finders(4000, 3000, 2)) },
	"finder patterns, large":         func(t testing.TB) []byte { return asPNG(t, finders(4000, 3000, 9)) },
	"finder patterns, 1 megapixel":   func(t testing.TB) []byte { return asPNG(t, finders(1200, 900, 3)) },
	"finder patterns of many sizes": func(t testing.TB) []byte {
		p := image.NewGray(image.Rect(0, 0, 3600, 3600))
		for i := range p.Pix {
			p.Pix[i] = 255
		}
		y := 0
		for module := 2; y < 3500; module++ {
			draw.Draw(p, image.Rect(0, y, 3600, y+9*module), finders(3600, 9*module, module), image.Point{}, draw.Src)
			y += 9 * module
		}
		return asPNG(t, p)
	},
	"stripes": func(t testing.TB) []byte {
		return asPNG(t, drawn(4000, 3000, func(x, y int) bool { return finder(x % 9) }))
	},
	"wide stripes": func(t testing.TB) []byte {
		return asPNG(t, drawn(4000, 3000, func(x, y int) bool { return finder(x / 40 % 9) }))
	},
	"a plaid": func(t testing.TB) []byte {
		return asPNG(t, drawn(4000, 3000, func(x, y int) bool { return finder(x/3%9) != finder(y/3%9) }))
	},
	"a chessboard": func(t testing.TB) []byte {
		return asPNG(t, drawn(4000, 3000, func(x, y int) bool { return (x/2+y/2)%2 == 0 }))
	},
	"noise": func(t testing.TB) []byte { return asPNG(t, static(4000, 2900, 1)) },
	"coarse noise": func(t testing.TB) []byte {
		random := rand.New(rand.NewPCG(1, 2))
		cells := make([]bool, 1<<20)
		for i := range cells {
			cells[i] = random.IntN(2) == 0
		}
		return asPNG(t, drawn(4000, 3000, func(x, y int) bool { return cells[y/4*1000+x/4] }))
	},
	"alignment patterns between corners": func(t testing.TB) []byte {
		p := drawn(3000, 3000, func(x, y int) bool {
			dx, dy := x/9%5, y/9%5
			return max(dx, 4-dx, dy, 4-dy) == 4 || dx == 2 && dy == 2
		})
		for _, at := range []image.Point{{0, 0}, {2700, 0}, {0, 2700}} {
			for i := range 16 {
				draw.Draw(p, image.Rect(0, 0, 81, 81).Add(at).Add(image.Pt(i%4*80, i/4*80)), finders(81, 81, 9), image.Point{}, draw.Src)
			}
		}
		return asPNG(t, p)
	},
	"a line of 52 million pixels": func(t testing.TB) []byte { return asPNG(t, image.NewGray(image.Rect(0, 0, 51_999_999, 1))) },
	"50 megapixels of grey":       func(t testing.TB) []byte { return asPNG(t, image.NewGray(image.Rect(0, 0, 8160, 6120))) },
	"20 megapixels of colour":     func(t testing.TB) []byte { return asPNG(t, image.NewRGBA(image.Rect(0, 0, 5200, 4000))) },
	"20 megapixels at 16 bits":    func(t testing.TB) []byte { return asPNG(t, image.NewRGBA64(image.Rect(0, 0, 3600, 2900))) },
	"50 megapixels of JPEG": func(t testing.TB) []byte {
		return asJPEG(t, image.NewYCbCr(image.Rect(0, 0, 8160, 6120), image.YCbCrSubsampleRatio420), 80)
	},
	"12 MiB of JPEG": func(t testing.TB) []byte {
		return asJPEG(t, colours{static(3500, 3000, 3)}, 93)
	},
	"GIF of 40 megapixels": func(t testing.TB) []byte {
		var out bytes.Buffer
		p := image.NewPaletted(image.Rect(0, 0, 8000, 5000), color.Palette{color.White, color.Black})
		if err := gif.Encode(&out, p, nil); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	},
	"a progressive JPEG of many scans": func(t testing.TB) []byte { return progressive(3200, 3000, 26) },
}

// finder tells whether a module of a 9 by 9 field with a finder pattern in its middle is dark, on the line given.
func finder(i int) bool { return i == 1 || (i >= 3 && i <= 5) || i == 7 }

func drawn(width, height int, dark func(x, y int) bool) *image.Gray {
	p := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			if !dark(x, y) {
				p.Pix[y*p.Stride+x] = 255
			}
		}
	}
	return p
}

// finders covers a picture with finder patterns.
func finders(width, height, module int) *image.Gray {
	return drawn(width, height, func(x, y int) bool {
		dx, dy := x/module%9-4, y/module%9-4
		ring := max(dx, -dx, dy, -dy)
		return ring <= 1 || ring == 3
	})
}

func static(width, height int, seed uint64) *image.Gray {
	random := rand.New(rand.NewPCG(seed, 2))
	p := image.NewGray(image.Rect(0, 0, width, height))
	for i := range p.Pix {
		p.Pix[i] = byte(random.Uint32())
	}
	return p
}

// colours makes the encoder write a picture with colour.
type colours struct{ *image.Gray }

func (c colours) ColorModel() color.Model { return color.RGBAModel }
func (c colours) At(x, y int) color.Color {
	v := c.GrayAt(x, y).Y
	return color.RGBA{v, v ^ byte(x), 255 - v, 255}
}

// progressive writes a grey progressive JPEG of scans that each end all blocks at once.
func progressive(width, height, scans int) []byte {
	out := []byte{0xff, 0xd8, 0xff, 0xdb, 0, 67, 0}
	for range 64 {
		out = append(out, 1)
	}
	out = append(out, 0xff, 0xc2, 0, 11, 8, byte(height>>8), byte(height), byte(width>>8), byte(width), 1, 1, 0x11, 0)
	// One code, 0: a run of 16,384 blocks and more without coefficients.
	out = append(out, 0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xe0)
	blocks := (width + 7) / 8 * ((height + 7) / 8)
	for range scans {
		out = append(out, 0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0)
		held, bits := 0, 0
		put := func(bit int) {
			if held, bits = held<<1|bit, bits+1; bits == 8 {
				if out = append(out, byte(held)); held == 0xff {
					out = append(out, 0)
				}
				held, bits = 0, 0
			}
		}
		for done := 0; done < blocks; done += 32767 {
			put(0)
			for range 14 { // the rest of the run
				put(1)
			}
		}
		for bits > 0 {
			put(1)
		}
	}
	return append(out, 0xff, 0xd9)
}

// TestHostile reads each picture in a process of its own, and looks at its answer, at the most memory that it ever held, and at
// the time that it worked.
func TestHostile(t *testing.T) {
	if path := os.Getenv("QR_PICTURE"); path != "" {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := Read(file)
		var refused *Error
		if !errors.As(err, &refused) {
			t.Fatalf("texts %q, error %v", texts, err)
		}
		peak := "0"
		if status, err := os.ReadFile("/proc/self/status"); err == nil { // on Linux
			_, rest, _ := strings.Cut(string(status), "VmHWM:")
			peak = strings.Fields(rest)[0]
		}
		fmt.Println("peak", peak, refused.Code, refused.Case)
		return
	}
	if testing.Short() {
		t.Skip("draws large pictures")
	}
	for name, draw := range hostile {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir() + "/picture"
			if err := os.WriteFile(path, draw(t), 0o600); err != nil {
				t.Fatal(err)
			}
			command := exec.Command(os.Args[0], "-test.run=^TestHostile$")
			command.Env = append(os.Environ(), "QR_PICTURE="+path)
			out, err := command.Output()
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(string(out), "peak ")
			answer := strings.Fields(rest)
			kib, err := strconv.Atoi(answer[0])
			if err != nil {
				t.Fatal(err)
			}
			worked := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
			t.Logf("%s/%s, %d MiB, %v", answer[1], answer[2], kib>>10, worked.Round(time.Millisecond))
			if answer[1] != CodeNoCredential || kib > 160<<10 || worked > 6*time.Second { // three times what is wanted: machines differ
				t.Error("the answer, the memory or the work is not as wanted")
			}
		})
	}
}

// TestRefusals: what is not read, and what is said of it.
func TestRefusals(t *testing.T) {
	whole := asPNG(t, code(t, address, 4))
	photo := asJPEG(t, code(t, address, 8), 80)
	header := func(width, height uint32) []byte {
		out := slices.Clone(whole)
		binary.BigEndian.PutUint32(out[16:], width)
		binary.BigEndian.PutUint32(out[20:], height)
		binary.BigEndian.PutUint32(out[29:], crc32.ChecksumIEEE(out[12:29]))
		return out
	}
	sized := func(file []byte, width, height int) []byte { // the frame header of a JPEG
		out := slices.Clone(file)
		at := bytes.Index(out, []byte{0xff, 0xc0})
		binary.BigEndian.PutUint16(out[at+5:], uint16(height))
		binary.BigEndian.PutUint16(out[at+7:], uint16(width))
		return out
	}
	coded := func(marker byte) []byte {
		out := slices.Clone(photo)
		out[bytes.Index(out, []byte{0xff, 0xc0})+1] = marker
		return out
	}
	var still bytes.Buffer
	if err := gif.Encode(&still, code(t, address, 4), nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file       []byte
		code, kind string
	}{
		"nothing":                       {nil, CodeImageInvalid, "damaged"},
		"text":                          {[]byte("hello"), CodeImageInvalid, "damaged"},
		"HEIC":                          {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), CodeNoCredential, "heic"},
		"AVIF":                          {[]byte("\x00\x00\x00\x18ftypavif\x00\x00\x00\x00"), CodeNoCredential, "heic"},
		"a white page":                  {asPNG(t, page(300, 300, 0, 1)), CodeNoCredential, "picture"},
		"one pixel":                     {asPNG(t, image.NewGray(image.Rect(0, 0, 1, 1))), CodeNoCredential, "picture"},
		"a PNG of 100 megapixels":       {header(10000, 10000), CodeTooLarge, "pixels"},
		"a PNG of 2^31 by 2^31":         {header(1<<31-1, 1<<31-1), CodeTooLarge, "pixels"},
		"a PNG without pixels":          {header(0, 5), CodeImageInvalid, "damaged"},
		"a PNG cut short":               {whole[:len(whole)-20], CodeImageInvalid, "damaged"},
		"a PNG cut in its header":       {whole[:20], CodeImageInvalid, "damaged"},
		"a PNG with a changed byte":     {flip(whole, len(whole)/2), CodeImageInvalid, "damaged"},
		"a JPEG of 100 megapixels":      {sized(photo, 10000, 10000), CodeTooLarge, "pixels"},
		"a JPEG without pixels":         {sized(photo, 0, 10), CodeImageInvalid, "damaged"},
		"a JPEG cut short":              {photo[:len(photo)/2], CodeImageInvalid, "damaged"},
		"a JPEG cut in its header":      {photo[:5], CodeImageInvalid, "damaged"},
		"a JPEG in arithmetic coding":   {coded(0xc9), CodeImageInvalid, "damaged"},
		"a lossless JPEG":               {coded(0xc3), CodeImageInvalid, "damaged"},
		"a JPEG of two frames":          {append(slices.Clone(photo[:len(photo)-2]), photo[bytes.Index(photo, []byte{0xff, 0xc0}):]...), CodeImageInvalid, "damaged"},
		"a progressive JPEG, too large": {progressive(5000, 4000, 2), CodeTooLarge, "pixels"},
		"a JPEG of 65 scans":            {progressive(800, 600, 65), CodeTooLarge, "pixels"},
		"a JPEG of 40 large scans":      {progressive(3800, 3000, 64), CodeTooLarge, "pixels"},
		"a GIF cut short":               {still.Bytes()[:still.Len()/2], CodeImageInvalid, "damaged"},
		"a GIF without a frame":         {append(slices.Clone(still.Bytes()[:13]), 0x3b), CodeImageInvalid, "damaged"},
		"a WebP without a picture":      {[]byte("RIFF\x04\x00\x00\x00WEBP"), CodeImageInvalid, "damaged"},
		"a WebP cut short":              {[]byte("RIFF\x20\x00\x00\x00WEBPVP8 \xff\x00\x00\x00"), CodeImageInvalid, "damaged"},
		"a WebP of 268 megapixels":      {[]byte("RIFF\x12\x00\x00\x00WEBPVP8L\x05\x00\x00\x00\x2f\xff\xff\xff\x0f\x00"), CodeTooLarge, "pixels"},
	} {
		t.Run(name, func(t *testing.T) {
			texts, err := Read(c.file)
			var refused *Error
			if !errors.As(err, &refused) || texts != nil {
				t.Fatalf("texts %q, error %v", texts, err)
			}
			if refused.Code != c.code || refused.Case != c.kind || refused.Detail == "" {
				t.Errorf("%+v, want %s/%s", *refused, c.code, c.kind)
			}
		})
	}
}

func flip(file []byte, at int) []byte {
	out := slices.Clone(file)
	out[at] ^= 0x10
	return out
}

// FuzzRead: no input makes it panic, and whatever comes out is a text or one of the known refusals.
func FuzzRead(f *testing.F) {
	small := code(f, "A", 1)
	f.Add(asPNG(f, small))
	f.Add(asJPEG(f, small, 60))
	f.Add(progressive(24, 24, 2))
	var still bytes.Buffer
	if err := gif.Encode(&still, small, nil); err != nil {
		f.Fatal(err)
	}
	f.Add(still.Bytes())
	f.Add([]byte("RIFF\x12\x00\x00\x00WEBPVP8L\x05\x00\x00\x00\x2f\x07\xc0\x01\x00\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		texts, err := Read(file)
		var refused *Error
		if (err == nil) != (len(texts) > 0) || (err != nil && !errors.As(err, &refused)) {
			t.Fatalf("texts %q, error %v", texts, err)
		}
	})
}

// FuzzImage: no arrangement of pixels makes it panic.
func FuzzImage(f *testing.F) {
	f.Add(uint8(29), []byte{0xfe, 0x01, 0x82})
	f.Fuzz(func(t *testing.T, width uint8, bits []byte) {
		w := max(int(width), 1)
		h := max(len(bits)*8/w, 1)
		p := drawn(w, h, func(x, y int) bool {
			i := y*w + x
			return i/8 < len(bits) && bits[i/8]>>(i%8)&1 != 0
		})
		_, _ = ReadImage(p)
	})
}
