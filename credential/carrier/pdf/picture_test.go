package pdf

import (
	"bytes"
	"compress/lzw"
	"encoding/ascii85"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"
)

// pack writes samples of so many bits, each row from a whole byte.
func pack(rows [][]bool, bits int, off, on []int) []byte {
	var out []byte
	for _, row := range rows {
		var value, n int
		for _, dark := range row {
			samples := off
			if dark {
				samples = on
			}
			for _, s := range samples {
				value, n = value<<bits|s, n+bits
				for n >= 8 {
					out = append(out, byte(value>>(n-8)))
					n -= 8
					value &= 1<<n - 1
				}
			}
		}
		if n > 0 {
			out = append(out, byte(value<<(8-n)))
		}
	}
	return out
}

// fax encodes rows in CCITT group 4, in horizontal mode alone.
func fax(rows [][]bool) []byte {
	white := strings.Fields("00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011")
	black := strings.Fields("0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100")
	bits := ""
	for _, row := range rows {
		run := func(x int, dark bool) int {
			n := 0
			for x+n < len(row) && row[x+n] == dark {
				n++
			}
			return n
		}
		for x := 0; x < len(row); {
			w := run(x, false)
			b := run(x+w, true)
			bits += "001" + white[w] + black[b]
			x += w + b
		}
	}
	bits += "000000000001000000000001"
	var out []byte
	for ; bits != ""; bits = bits[min(8, len(bits)):] {
		var c byte
		for i := range 8 {
			c <<= 1
			if i < len(bits) && bits[i] == '1' {
				c |= 1
			}
		}
		out = append(out, c)
	}
	return out
}

func jpegFrom(t testing.TB, picture image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestPictures: a QR code of one sample for a module is read in every form that a picture of a page may have.
func TestPictures(t *testing.T) {
	m := modules(t, address)
	n := len(m)
	size := fmt.Sprintf("/Width %d /Height %d ", n, n)
	plain := pack(m, 1, []int{1}, []int{0})
	bytewise := pack(m, 8, []int{255}, []int{0})
	encoded := func(body []byte) string {
		var out bytes.Buffer
		w := ascii85.NewEncoder(&out)
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.String() + "~>"
	}
	var runs, codes bytes.Buffer
	for _, c := range bytewise {
		runs.Write([]byte{0, c})
	}
	w := lzw.NewWriter(&codes, lzw.MSB, 8)
	if _, err := w.Write(bytewise); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var filtered, differences []byte // predictors
	for y := range n {
		row := bytewise[y*n : y*n+n]
		kind := byte(y % 5)
		filtered = append(filtered, kind)
		for x, c := range row {
			var left, up, corner byte
			if x > 0 {
				left = row[x-1]
			}
			if y > 0 {
				up = bytewise[(y-1)*n+x]
			}
			if x > 0 && y > 0 {
				corner = bytewise[(y-1)*n+x-1]
			}
			differences = append(differences, c-left)
			nearest := corner
			switch p := int(left) + int(up) - int(corner); {
			case abs(p-int(left)) <= abs(p-int(up)) && abs(p-int(left)) <= abs(p-int(corner)):
				nearest = left
			case abs(p-int(up)) <= abs(p-int(corner)):
				nearest = up
			}
			filtered = append(filtered, c-[]byte{0, left, up, byte((int(left) + int(up)) / 2), nearest}[kind])
		}
	}
	photo := image.NewRGBA(image.Rect(0, 0, 12*n, 12*n))
	for y := range 12 * n {
		for x := range 12 * n {
			photo.Set(x, y, color.RGBA{250, 240, 255, 255})
			if m[y/12][x/12] {
				photo.Set(x, y, color.RGBA{30, 60, 20, 255})
			}
		}
	}
	inverse := make([][]bool, n)
	for y, row := range m {
		for _, on := range row {
			inverse[y] = append(inverse[y], !on)
		}
	}
	predictor := func(p int) string {
		return fmt.Sprintf("/Filter /FlateDecode /DecodeParms << /Predictor %d /Columns %d >>", p, n)
	}
	deflated := func(body []byte) []byte { return deflate(t, body) }
	for name, c := range map[string]string{
		"grey, 1 bit":         streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 1", plain),
		"grey, 2 bits":        streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 2", pack(m, 2, []int{3}, []int{0})),
		"grey, 4 bits":        streamOf(size+"/ColorSpace /CalGray /BitsPerComponent 4", pack(m, 4, []int{14}, []int{2})),
		"grey, 8 bits":        streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 8", bytewise),
		"grey, 16 bits":       streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 16", pack(m, 16, []int{60000}, []int{500})),
		"grey, reversed":      streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 1 /Decode [1 0]", pack(m, 1, []int{0}, []int{1})),
		"RGB":                 streamOf(size+"/ColorSpace /DeviceRGB /BitsPerComponent 8", pack(m, 8, []int{255, 250, 240}, []int{90, 20, 0})),
		"RGB, 4 bits":         streamOf(size+"/ColorSpace /DeviceRGB /BitsPerComponent 4", pack(m, 4, []int{15, 15, 15}, []int{1, 2, 3})),
		"RGB, reversed":       streamOf(size+"/ColorSpace /DeviceRGB /BitsPerComponent 8 /Decode [1 0 1 0 1 0]", pack(m, 8, []int{0, 0, 0}, []int{255, 255, 255})),
		"CMYK":                streamOf(size+"/ColorSpace /DeviceCMYK /BitsPerComponent 8", pack(m, 8, []int{0, 0, 10, 0}, []int{0, 0, 0, 240})),
		"CalRGB":              streamOf(size+"/ColorSpace [/CalRGB << >>] /BitsPerComponent 8", pack(m, 8, []int{255, 255, 255}, []int{0, 0, 0})),
		"Lab":                 streamOf(size+"/ColorSpace [/Lab << >>] /BitsPerComponent 8", pack(m, 8, []int{250, 128, 128}, []int{9, 128, 128})),
		"ICC":                 streamOf(size+"/ColorSpace [/ICCBased 6 0 R] /BitsPerComponent 8", pack(m, 8, []int{255, 255, 255}, []int{0, 0, 99})),
		"indexed":             streamOf(size+"/ColorSpace [/Indexed /DeviceRGB 2 <FF0000 000040 FFF0F0>] /BitsPerComponent 2", pack(m, 2, []int{2}, []int{1})),
		"indexed by a stream": streamOf(size+"/ColorSpace [/Indexed [/ICCBased 6 0 R] 1 7 0 R] /BitsPerComponent 1", pack(m, 1, []int{1}, []int{0})),
		"an ink":              streamOf(size+"/ColorSpace [/Separation /Blue /DeviceCMYK 6 0 R] /BitsPerComponent 8", pack(m, 8, []int{0}, []int{230})),
		"two inks":            streamOf(size+"/ColorSpace [/DeviceN [/A /B] /DeviceCMYK 6 0 R] /BitsPerComponent 8", pack(m, 8, []int{0, 9}, []int{130, 120})),
		"a named space":       streamOf(size+"/ColorSpace /Own /BitsPerComponent 8", bytewise),
		"stencil":             streamOf(size+"/ImageMask true", plain),
		"stencil, reversed":   streamOf(size+"/ImageMask true /Decode [1 0]", pack(m, 1, []int{0}, []int{1})),
		"soft mask":           streamOf(size+"/ColorSpace /DeviceRGB /BitsPerComponent 8 /SMask 8 0 R", make([]byte, 3*n*n)),
		"stencil mask":        streamOf(size+"/ColorSpace /DeviceRGB /BitsPerComponent 8 /Mask 9 0 R", make([]byte, 3*n*n)),
		"colour key":          streamOf(size+"/ColorSpace [/Indexed /DeviceRGB 1 <000000 000000>] /BitsPerComponent 1 /Mask [1 1]", plain),
		"photo":               streamOf(fmt.Sprintf("/Width %d /Height %d /ColorSpace /DeviceRGB /Filter /DCTDecode", 12*n, 12*n), jpegFrom(t, photo)),
		"photo in Flate":      streamOf(fmt.Sprintf("/Width %d /Height %d /ColorSpace /DeviceRGB /Filter [/FlateDecode /DCTDecode]", 12*n, 12*n), deflated(jpegFrom(t, photo))),
		"Flate":               streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode", deflated(bytewise)),
		"Flate, no header":    streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode", deflated(bytewise)[2:]),
		"Flate, no checksum":  streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter [/FlateDecode]", deflated(bytewise)[:len(deflated(bytewise))-4]),
		"PNG predictor":       streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 8 "+predictor(15), deflated(filtered)),
		"TIFF predictor":      streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 8 "+predictor(2), deflated(differences)),
		"LZW":                 streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /LZWDecode /DecodeParms << /EarlyChange 0 >>", codes.Bytes()),
		"runs":                streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /RunLengthDecode", append(runs.Bytes(), 128)),
		"ASCII hexadecimal":   streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /ASCIIHexDecode", []byte(fmt.Sprintf("%x >", bytewise))),
		"ASCII base 85":       streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter [/ASCII85Decode /FlateDecode]", []byte(encoded(deflated(bytewise)))),
		"CCITT":               streamOf(size+fmt.Sprintf("/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns %d /Rows %d >>", n, n), fax(m)),
		"CCITT, black is 1":   streamOf(size+fmt.Sprintf("/ImageMask true /Filter /CCITTFaxDecode /DecodeParms [<< /K -1 /BlackIs1 true /Columns %d >>]", n), fax(inverse)),
	} {
		t.Run(name, func(t *testing.T) {
			more := []string{c, streamOf("/N 3", nil), streamOf("", []byte("\x00\x00\x30\xf0\xff\xff")),
				streamOf(size+"/ColorSpace /DeviceGray /BitsPerComponent 8", pack(m, 8, []int{0}, []int{255})),
				streamOf(size+"/ImageMask true", pack(m, 1, []int{1}, []int{0}))}
			d := read(t, onePage("/XObject << /Image1 5 0 R >> /ColorSpace << /Own [/ICCBased << /N 1 >>] /Own 10 0 R >>", "q 60 0 0 60 100 100 cm /Image1 Do Q /Image1 Do", append(more, "/DeviceGray")...))
			if texts, pictures := scanned(d); len(texts) != 1 || texts[0] != address || pictures != 1 || leftOut(d) != "" {
				t.Errorf("%q in %d pictures", texts, pictures)
			}
			if texts, _ := scanned(d); len(texts) != 1 {
				t.Error("a second walk gives something else")
			}
		})
	}
	for name, content := range map[string]string{
		"inline":           fmt.Sprintf("q BI /W %d /H %d /CS /G /BPC 1 ID %s\nEI Q (text) Tj", n, n, plain),
		"inline, filtered": fmt.Sprintf("BI /W %d /H %d /CS /G /BPC 8 /F [/A85 /Fl] ID %s\nEI 0 0 5 5 re f", n, n, encoded(deflated(bytewise))),
		"inline, twice":    fmt.Sprintf("BI /W 30 /H 30 /CS /G /BPC 8 ID %s\nEI BI /W %d /H %d /IM true ID %s\nEI", bytes.Repeat([]byte(" EI\x00"), 225), n, n, plain),
	} {
		t.Run(name, func(t *testing.T) {
			if texts, _ := scanned(read(t, onePage("", content))); len(texts) != 1 || texts[0] != address {
				t.Errorf("%q", texts)
			}
		})
	}
}

// TestDrawings: a QR code is found however it is drawn.
func TestDrawings(t *testing.T) {
	m := modules(t, address)
	n := len(m)
	each := func(format string, values ...func(x, y int) float64) string {
		var out strings.Builder
		for y, row := range m {
			for x, on := range row {
				if on {
					var v []any
					for _, f := range values {
						v = append(v, f(x, n-1-y))
					}
					fmt.Fprintf(&out, format, v...)
				}
			}
		}
		return out.String()
	}
	x := func(x, _ int) float64 { return float64(x) }
	y := func(_, y int) float64 { return float64(y) }
	right := func(x, _ int) float64 { return float64(x + 1) }
	top := func(_, y int) float64 { return float64(y + 1) }
	middle := func(_, y int) float64 { return float64(y) + 0.5 }
	rectangles := each("%g %g 1 1 re\n", x, y)
	filled := each("%g %g 1 1 re f\n", x, y)
	round := each("%[1]g %[3]g m %[1]g %[4]g %[2]g %[4]g %[2]g %[3]g c %[2]g %[5]g %[1]g %[5]g %[1]g %[3]g c f\n",
		func(x, _ int) float64 { return float64(x) }, right, middle, func(_, y int) float64 { return float64(y) + 1.2 }, func(_, y int) float64 { return float64(y) - 0.2 })
	light := func() string { // every module, light or dark
		var out strings.Builder
		for j, row := range m {
			for i, on := range row {
				shade := 1
				if on {
					shade = 0
				}
				fmt.Fprintf(&out, "%d g %d %d 1 1 re f\n", shade, i, n-1-j)
			}
		}
		return out.String()
	}()
	finders := func() string { // whole squares on one another, and modules for the rest
		var out strings.Builder
		for _, p := range [][2]int{{0, 0}, {0, n - 7}, {n - 7, n - 7}} {
			fmt.Fprintf(&out, "0 g %d %d 7 7 re f 1 g %d %d 5 5 re f 0 g %d %d 3 3 re f\n", p[0], p[1], p[0]+1, p[1]+1, p[0]+2, p[1]+2)
		}
		for j, row := range m {
			for i, on := range row {
				if on && !(i < 7 && j < 7 || i < 7 && j >= n-7 || i >= n-7 && j < 7) {
					fmt.Fprintf(&out, "%d.1 %d.1 .8 .8 re f\n", i, n-1-j)
				}
			}
		}
		return out.String()
	}()
	const noise = "0.9 g 0 0 595 842 re f 0 g 50 50 m 545 50 l 545 792 l 50 792 l h S 1 0 0 rg 60 700 300 40 re f 0 g\n"
	for name, content := range map[string]string{
		"a rectangle each":             "q 3 0 0 3 100 100 cm " + filled + "Q",
		"tiny":                         "q .4 0 0 .4 100 100 cm " + filled + "Q",
		"large":                        "q 14 0 0 14 20 20 cm " + filled + "Q",
		"one path":                     "q 3 0 0 3 100 100 cm " + rectangles + "f Q",
		"one path, even and odd":       "q 3 0 0 3 100 100 cm " + rectangles + "f* Q",
		"one path, upside down":        "q 3 0 0 -3 100 300 cm " + rectangles + "f Q",
		"turned":                       "q 0 3 -3 0 300 100 cm " + rectangles + "f Q",
		"lines that close":             "q 3 0 0 3 100 100 cm " + each("%g %g m %g %g l %g %g l %g %g l h\n", x, y, right, y, right, top, x, top) + "f Q",
		"strokes":                      "q 3 0 0 3 100 100 cm 1 w " + each("%g %g m %g %g l S\n", x, middle, right, middle) + "Q",
		"one path of strokes":          "q 3 0 0 3 100 100 cm 1 w " + each("%g %g m %g %g l\n", x, middle, right, middle) + "S Q",
		"round modules":                "q 3 0 0 3 100 100 cm " + round + "Q",
		"light and dark":               "q 3 0 0 3 100 100 cm " + light + "Q",
		"squares on one another":       "q 3 0 0 3 100 100 cm " + finders + "Q",
		"blue on a page with more":     noise + "q 0 0 .5 rg 2 0 0 2 400 100 cm " + filled + "Q",
		"light behind, others too":     noise + "q 1 g 380 80 120 120 re f 0 0 0 1 k 2 0 0 2 400 100 cm " + rectangles + "f Q",
		"in a form":                    "q 2 0 0 2 50 50 cm /Form1 Do Q",
		"in ink":                       "q /Ink cs 1 scn 3 0 0 3 100 100 cm " + filled + "Q",
		"under something transparent":  "q 3 0 0 3 100 100 cm " + filled + "Q /Faint gs 0 0 595 842 re f",
		"in an appearance":             "",
		"with broken operators around": "Q Q f ( [ << >> ] ) Tj re 1 2 c q 3 0 0 3 100 100 cm " + filled + " Q ET EMC /Nothing Do",
	} {
		t.Run(name, func(t *testing.T) {
			form := streamOf("/Subtype /Form /Matrix [1 0 0 1 9 9]", []byte(rectangles+"f"))
			data := onePage("/XObject << /Form1 5 0 R >> /ColorSpace << /Ink [/Separation /Black /DeviceGray null] >> /ExtGState << /Faint << /ca 0.1 >> >>", content, form)
			if name == "in an appearance" {
				data = bytes.Replace(data, []byte("/Type /Page "), []byte("/Type /Page /Annots [<< /Subtype /Stamp /AP << /N 5 0 R >> >>] "), 1)
			}
			d := read(t, data)
			texts, pictures := scanned(d)
			if len(texts) == 0 || texts[0] != address || pictures > 3 {
				t.Errorf("%q in %d pictures", texts, pictures)
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		if _, pictures := scanned(read(t, onePage("", noise))); pictures != 0 {
			t.Error(pictures)
		}
	})
	t.Run("two on a page", func(t *testing.T) {
		texts, pictures := scanned(read(t, onePage("", "q 2 0 0 2 50 50 cm "+filled+"Q q 2 0 0 2 350 50 cm "+rectangles+"f Q")))
		if len(texts) != 2 || pictures != 2 {
			t.Error(texts, pictures)
		}
	})
}

// TestPicturesLeftOut: what cannot be decoded is left out, and the document tells.
func TestPicturesLeftOut(t *testing.T) {
	for name, c := range map[string]string{
		"JPEG 2000":           streamOf("/Width 99 /Height 99 /Filter /JPXDecode", []byte("x")),
		"JBIG2":               streamOf("/Width 99 /Height 99 /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /JBIG2Decode", []byte("x")),
		"no JPEG":             streamOf("/Width 99 /Height 99 /ColorSpace /DeviceGray /Filter /DCTDecode", []byte("\xff\xd8\xff\xd9")),
		"a larger JPEG":       streamOf("/Width 40 /Height 40 /ColorSpace /DeviceGray /Filter /DCTDecode", jpegOf(t, 50, 50)),
		"too many pixels":     streamOf("/Width 5000 /Height 4000 /ColorSpace /DeviceGray", []byte("x")),
		"no samples":          streamOf("/Width 99 /Height 99 /ColorSpace /DeviceGray", nil),
		"no colour space":     streamOf("/Width 99 /Height 99", make([]byte, 99*99)),
		"three bits":          streamOf("/Width 99 /Height 99 /ColorSpace /DeviceGray /BitsPerComponent 3", make([]byte, 99*99)),
		"a space in a circle": streamOf("/Width 99 /Height 99 /ColorSpace /Circle", make([]byte, 99*99)),
		"damaged content":     "",
	} {
		t.Run(name, func(t *testing.T) {
			data := onePage("/XObject << /X 5 0 R >> /ColorSpace << /Circle 6 0 R >>", "/X Do", c, "[/Indexed 6 0 R 1 <00>]")
			if name == "damaged content" {
				data = file(catalog, onePageTree, "<< /Contents 4 0 R >>", streamOf("/Filter /FlateDecode", []byte("no deflate data")))
			}
			d := read(t, data)
			if _, pictures := scanned(d); pictures != 0 || leftOut(d) != "unread" {
				t.Error(pictures, leftOut(d))
			}
		})
	}
}

// TestPicturesStop: a caller may end a walk, and bounds end it too.
func TestPicturesStop(t *testing.T) {
	picture := streamOf("/Width 30 /Height 30 /ColorSpace /DeviceGray", make([]byte, 900))
	names, draws := "", ""
	for i := range 50 {
		names += fmt.Sprintf("/X%d %d 0 R ", i, i+5)
		draws += fmt.Sprintf("/X%d Do ", i)
	}
	d := read(t, onePage("/XObject << "+names+">>", draws, times(50, func(int) string { return picture })...))
	if _, n := scanned(d); n != mostPictures || leftOut(d) != "more" {
		t.Error(n, leftOut(d))
	}
	n := 0
	for range d.Pictures() {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 || leftOut(d) != "" {
		t.Error(n, leftOut(d))
	}
}
