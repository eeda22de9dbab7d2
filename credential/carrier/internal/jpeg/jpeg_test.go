package jpeg

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"testing"
)

func coded(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// scan is the header of a scan of the component 1.
var scan = []byte("\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00")

// headers is a JPEG without tables and data: a frame with the marker and components, and so many scans.
func headers(marker byte, width, height int, components string, scans int) []byte {
	out := []byte{0xff, 0xd8, 0xff, marker, 0, byte(8 + len(components)), 8, byte(height >> 8), byte(height), byte(width >> 8), byte(width), byte(len(components) / 3)}
	out = append(out, components...)
	return append(append(out, bytes.Repeat(scan, scans)...), 0xff, 0xd9)
}

func TestPrice(t *testing.T) {
	grey := coded(t, image.NewGray(image.Rect(0, 0, 100, 60)))
	colour := coded(t, image.NewYCbCr(image.Rect(0, 0, 100, 60), image.YCbCrSubsampleRatio420))
	const one, four = "\x01\x11\x00", "\x01\x11\x00\x02\x11\x00\x03\x11\x00\x04\x11\x00"
	for name, c := range map[string]struct {
		data []byte
		want Cost
		err  error
	}{
		"grey":                    {data: grey, want: Cost{100, 60, 13 * 8 * 64, 13 * 8}},
		"colour in half":          {data: colour, want: Cost{100, 60, 7 * 4 * 6 * 64, 7 * 4 * 6}},
		"progressive":             {data: headers(0xc2, 80, 80, one, 3), want: Cost{80, 80, 5 * 6400, 300}},
		"four inks":               {data: headers(0xc0, 80, 80, four, 1), want: Cost{80, 80, 8 * 6400, 100}},
		"factors of a single one": {data: headers(0xc0, 80, 80, "\x01\x44\x00", 1), want: Cost{80, 80, 6400, 100}},
		"finer than the first":    {data: headers(0xc0, 80, 80, "\x01\x11\x00\x02\x44\x00", 1), want: Cost{80, 80, 17 * 6400, 100}},
		"something behind it":     {data: append(bytes.Clone(grey), "more"...), want: Cost{100, 60, 13 * 8 * 64, 13 * 8}},
		"nothing":                 {err: ErrDamaged},
		"another file":            {data: []byte("\x89PNG"), err: ErrDamaged},
		"no end":                  {data: grey[:len(grey)-2], want: Cost{Width: 100, Height: 60, Blocks: 13 * 8}, err: ErrDamaged},
		"no frame":                {data: append([]byte("\xff\xd8"), scan...), err: ErrDamaged},
		"no scan":                 {data: headers(0xc0, 80, 80, one, 0), want: Cost{Width: 80, Height: 80}, err: ErrDamaged},
		"no component":            {data: headers(0xc0, 80, 80, "", 1), err: ErrDamaged},
		"five components":         {data: headers(0xc0, 80, 80, four+one, 1), err: ErrDamaged},
		"a factor of 5":           {data: headers(0xc0, 80, 80, "\x01\x51\x00", 1), err: ErrDamaged},
		"lossless":                {data: headers(0xc3, 80, 80, one, 1), err: ErrKind},
		"arithmetic":              {data: headers(0xc9, 80, 80, one, 1), err: ErrKind},
		"65 scans":                {data: headers(0xc2, 8, 8, one, 65), want: Cost{Width: 8, Height: 8, Blocks: 65}, err: ErrScans},
		"a large scan":            {data: headers(0xc0, 16000, 16000, one, 1), want: Cost{16000, 16000, 256_000_000, 4_000_000}},
		"one more":                {data: headers(0xc2, 16000, 16000, one, 2), want: Cost{Width: 16000, Height: 16000, Blocks: 8_000_000}, err: ErrScans},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Price(c.data)
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("%+v, %v; want %+v, %v", got, err, c.want, c.err)
			}
		})
	}
}

// FuzzPrice: nothing panics, and what can be decoded by its headers has a price.
func FuzzPrice(f *testing.F) {
	f.Add(coded(f, image.NewGray(image.Rect(0, 0, 20, 9))))
	f.Add(coded(f, image.NewYCbCr(image.Rect(0, 0, 20, 9), image.YCbCrSubsampleRatio420)))
	f.Add(headers(0xc2, 80, 80, "\x01\x11\x00", 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		cost, err := Price(data)
		if cost.Width < 0 || cost.Height < 0 || cost.Memory < 0 || cost.Blocks < 0 {
			t.Fatalf("%+v", cost)
		}
		if cost.Width*cost.Height > 1<<20 || cost.Memory > 16<<20 {
			return
		}
		if _, bad := jpeg.Decode(bytes.NewReader(data)); bad == nil && err != nil && !errors.Is(err, ErrScans) {
			t.Fatalf("%v, and it can be decoded", err)
		}
	})
}
