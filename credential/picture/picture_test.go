package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func drawing(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	m := image.NewPaletted(image.Rect(0, 0, 33, 17), color.Palette{color.RGBA{1, 2, 3, 255}, color.Transparent})
	m.SetColorIndex(3, 4, 1)
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func chunkOf(kind string, body []byte) []byte {
	out := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), kind...)
	out = append(out, body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// pngOf writes a PNG of a header and whatever chunks follow it.
func pngOf(width, height uint32, depth, colour, interlace byte, chunks ...[]byte) []byte {
	h := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	return append([]byte(signature), append(chunkOf("IHDR", append(h, depth, colour, 0, 0, interlace)), bytes.Join(chunks, nil)...)...)
}

func deflated(n int) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write(make([]byte, n))
	_ = w.Close()
	return out.Bytes()
}

func svgOf(inside string) []byte {
	return []byte(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 20">` + inside + `</svg>`)
}

func TestCleanPNG(t *testing.T) {
	plain := drawing(t)
	const hidden = "openbadgecredential\x00\x00\x00\x00\x00{\"a\":\"secret\"}"
	dirty := bytes.Replace(plain, chunkOf("IEND", nil), append(append(chunkOf("iTXt", []byte(hidden)), chunkOf("eXIf", []byte("place"))...), chunkOf("IEND", nil)...), 1)
	dirty = append(dirty, "PK\x03\x04 and an archive"...)
	clean, media, width, height, err := Clean(dirty)
	if err != nil || media != PNG || width != 33 || height != 17 {
		t.Fatal(media, width, height, err)
	}
	if again, _, _, _, err := Clean(clean); err != nil || !bytes.Equal(again, clean) {
		t.Errorf("cleaned twice: %v", err)
	}
	for _, gone := range []string{"secret", "iTXt", "eXIf", "PK\x03"} {
		if bytes.Contains(clean, []byte(gone)) {
			t.Errorf("%s is still there", gone)
		}
	}
	want, _ := png.Decode(bytes.NewReader(plain))
	got, err := png.Decode(bytes.NewReader(clean))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 33 * 17 {
		if want.At(i%33, i/33) != got.At(i%33, i/33) {
			t.Fatalf("another pixel at %d, %d", i%33, i/33)
		}
	}
	// Each kind of colour, with and without interlacing: what the header asks for is what image/png reads.
	for colour, s := range shapes {
		for _, depth := range s.depths {
			for _, interlaced := range []bool{false, true} {
				h := header{width: 9, height: 5, depth: depth, colour: colour, interlaced: interlaced}
				chunks := [][]byte{chunkOf("IDAT", deflated(int(h.size()))), chunkOf("IEND", nil)}
				if colour == 3 {
					chunks = append([][]byte{chunkOf("PLTE", []byte{1, 2, 3})}, chunks...)
				}
				data := pngOf(9, 5, byte(depth), byte(colour), map[bool]byte{true: 1}[interlaced], chunks...)
				if _, err := png.Decode(bytes.NewReader(data)); err != nil {
					t.Errorf("colour %d of %d bits, interlaced %t: the size is wrong: %v", colour, depth, interlaced, err)
				}
				if _, _, _, _, err := Clean(data); err != nil {
					t.Errorf("colour %d of %d bits, interlaced %t: %v", colour, depth, interlaced, err)
				}
			}
		}
	}
}

// photograph is a JPEG as an encoder writes it.
func photograph(t testing.TB) []byte {
	t.Helper()
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	return photo.Bytes()
}

func TestCleanSVG(t *testing.T) {
	photo := photograph(t)
	// A segment that says where it was made, right after the beginning.
	placed := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 8, 'E', 'x', 'i', 'f', '@', '@'}, photo[2:]...)
	// What stands behind the end, between the scans, and in place of a thumbnail, says who made it.
	later := append(bytes.Clone(photo), "\xff\xe1\x00\x20Exif GPS 36.1N 115.1W owner Ada"...)
	scan := bytes.Index(photo, []byte{0xff, 0xda})
	between := append(bytes.Clone(photo[:len(photo)-2]), "\xff\xff\xfe\x00\x0aby Ada!!\xff\xd9"...)
	jfif := slices.Concat(photo[:2], []byte("\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"), photo[2:])
	thumbed := slices.Concat(photo[:2], []byte("\xff\xe0\x00\x13JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01Ada\xff\xe0\x00\x0aJFXX\x00Ada"), photo[2:])
	twice := slices.Concat(photo[:len(photo)-2], photo[scan:]) // a second scan stays
	data := func(media string, picture []byte) string {
		return "data:" + media + ";base64," + base64.StdEncoding.EncodeToString(picture)
	}
	for name, c := range map[string]struct{ in, want string }{
		"script":            {`<script>alert(1)</script><rect width="5"/>`, `<rect width="5"/>`},
		"handler":           {`<rect onload="alert(1)" width="5"/>`, `<rect width="5"/>`},
		"foreign object":    {`<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><script/></body></foreignObject>`, ``},
		"script of another": {`<x:script xmlns:x="http://www.w3.org/2000/svg">alert(1)</x:script>`, ``},
		"link":              {`<a xlink:href="javascript:alert(1)"><path d="M0 0"/></a>`, `<g><path d="M0 0"/></g>`},
		"address":           {`<image href="https://evil.example/x.png"/><use xlink:href="https://evil.example/#x"/>`, `<image/><use/>`},
		"file in a file":    {`<image href="data:image/svg+xml;base64,PHN2Zz4="/><use href="data:image/png;base64,AAAA"/>`, `<image/><use/>`},
		"animation":         {`<rect><set attributeName="href" to="javascript:alert(1)"/></rect>`, `<rect/>`},
		"style that loads":  {`<style>@import url(//evil.example);</style><rect style="fill:url(https://evil.example)" fill="url('#a')"/>`, `<style/><rect fill="url(&#39;#a&#39;)"/>`},
		"style that hides":  {`<rect style="fill:\75rl(//evil.example)"/>`, `<rect/>`},
		"style of its own":  {`<style>.a{fill:url(#b)}</style>`, `<style>.a{fill:url(#b)}</style>`},
		"comment":           {`<!-- made by Ada --><?xml-stylesheet href="x"?><metadata>Ada</metadata><g/>`, `<g/>`},
		"text":              {`<text x="1">R &amp; <tspan>D</tspan></text><g> stray </g>`, `<text x="1">R &amp; <tspan>D</tspan></text><g/>`},
		"credential":        {`<openbadges:credential xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"><![CDATA[{"a":1}]]></openbadges:credential>`, ``},
		"picture":           {`<image href="` + data("image/jpeg", placed) + `"/>`, `<image href="` + data("image/jpeg", photo) + `"/>`},
		"behind a picture":  {`<image href="` + data("image/jpeg", later) + `"/>`, `<image href="` + data("image/jpeg", photo) + `"/>`},
		"between scans":     {`<image href="` + data("image/jpeg", between) + `"/>`, `<image href="` + data("image/jpeg", photo) + `"/>`},
		"a thumbnail":       {`<image href="` + data("image/jpeg", thumbed) + `"/>`, `<image href="` + data("image/jpeg", jfif) + `"/>`},
		"several scans":     {`<image href="` + data("image/jpeg", twice) + `"/>`, `<image href="` + data("image/jpeg", twice) + `"/>`},
		"styles by class": {`<style>.st0{fill:url(#g);}.st1{clip-path:url(#c);font:12px/1.2 'A B';}</style><linearGradient id="g"/><clipPath id="c"><rect/></clipPath><g class="st1"><rect class="st0"/></g>`,
			`<style>.st0{fill:url(#g);}.st1{clip-path:url(#c);font:12px/1.2 &#39;A B&#39;;}</style><linearGradient id="g"/><clipPath id="c"><rect/></clipPath><g class="st1"><rect class="st0"/></g>`},
		"a path in a style": {`<rect style="fill:var(--a)" fill="Context-Fill"/><rect style="d:path('M0 0')"/>`, `<rect/><rect/>`},
		"behavior in words": {`<g aria-label="Positive behavior"/>`, `<g aria-label="Positive behavior"/>`},
	} {
		clean, media, width, height, err := Clean(svgOf(c.in))
		want := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 20">` + c.want + `</svg>`
		if c.want == "" {
			want = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 20"/>`
		}
		if err != nil || string(clean) != want || media != SVG || width != 10 || height != 20 {
			t.Errorf("%s: %s %d %d, error %v\n%s", name, media, width, height, err, clean)
		}
	}
	clean, _, width, height, err := Clean([]byte("\ufeff<?xml version=\"1.0\"?>\n<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">\n<svg width=\"40.5px\" height=\"30\"><g/></svg>"))
	if want := `<svg xmlns="http://www.w3.org/2000/svg" width="40.5px" height="30" viewBox="0 0 40.5 30"><g/></svg>`; err != nil || string(clean) != want || width != 41 || height != 30 {
		t.Errorf("%s, %d by %d, error %v", clean, width, height, err)
	}
}

func TestCleanRefuses(t *testing.T) {
	laughs := `<g id="a0"/>`
	for i := range 9 {
		laughs += fmt.Sprintf(`<g id="a%d">%s</g>`, i+1, strings.Repeat(fmt.Sprintf(`<use href="#a%d"/>`, i), 10))
	}
	whole := chunkOf("IDAT", deflated(2))
	end := chunkOf("IEND", nil)
	plain := drawing(t)
	broken := bytes.Clone(plain)
	broken[len(broken)-1] ^= 1
	// Patterns that fill what is in the pattern before, 50 times each: paint tells what one shape says of itself, and where it stands.
	bomb := func(style func(i int) string, in func(i int, shapes string) string) []byte {
		var drawing strings.Builder
		for i := range 11 {
			drawing.WriteString(style(i) + fmt.Sprintf(`<pattern id="p%d" width="1" height="1">%s</pattern>`, i, in(i+1, strings.Repeat(fmt.Sprintf(`<rect class="c%d x" width="1"/>`, i+1), 50))))
		}
		return svgOf(drawing.String() + style(11) + `<pattern id="p11"><rect/></pattern>` + in(0, `<rect class="c0" width="8"/>`))
	}
	plainly := func(_ int, shapes string) string { return shapes }
	styled := func(rule string) []byte {
		return bomb(func(i int) string { return strings.ReplaceAll("<style>"+rule+"</style>", "%", fmt.Sprint(i)) }, plainly)
	}
	inherited := bomb(func(int) string { return "" }, func(i int, shapes string) string { return fmt.Sprintf(`<g fill="url(#p%d)">%s</g>`, i, shapes) })
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"patterns by class":           {styled(".c%{fill:url(#p%)}"), "repeats"},
		"patterns by two classes":     {styled("g, svg .x.c%:hover {stroke:red; fill:url( '#p%' )}"), "repeats"},
		"patterns by one of a name":   {styled("rect{fill:url(#p%)}"), "repeats"},
		"patterns behind a comment":   {styled("/* .c{ */.c%{fill:url(#p%)}/* } */"), "repeats"},
		"patterns behind quotes":      {styled(`.a{font-family:"/*"}.c%{fill:url(#p%)}.b{font-family:"*/"}`), "repeats"},
		"patterns in another rule":    {styled(".c%{.c%{fill:url(#p%)}}"), "repeats"},
		"patterns by what they have":  {styled(`[class~=c%]{fill:url(#p%)}`), "repeats"},
		"patterns without an end":     {styled(`}.c%{fill:url(#p%)`), "repeats"},
		"patterns that are inherited": {inherited, "repeats"},
		"masks that are inherited":    {bytes.ReplaceAll(append([]byte(nil), bytes.ReplaceAll(inherited, []byte("fill="), []byte("mask="))...), []byte("<rect "), []byte(`<rect mask="inherit" `)), "repeats"},
		"markers at every place":      {svgOf(`<marker id="m">` + strings.Repeat("<path/>", 100) + `</marker><path d="M0 0` + strings.Repeat("h1v1", 1000) + `" marker-mid="url(#m)"/>`), "repeats"},
		"too many styles":             {svgOf("<style>" + strings.Repeat(".a{fill:url(#b)}", 2001) + "</style>"), "2000 places"},
		"a photo without an end":      {svgOf(`<image href="data:image/jpeg;base64,` + base64.StdEncoding.EncodeToString(photograph(t)[:len(photograph(t))-2]) + `"/>`), "damaged"},
		"nothing":                     {nil, "neither"},
		"another picture":             {[]byte("GIF89a"), "neither"},
		"20 MB":                       {make([]byte, 20<<20), "larger than 2 MiB"},
		"cut off":                     {plain[:len(plain)-5], "damaged"},
		"a wrong checksum":            {broken, "damaged"},
		"a bomb":                      {pngOf(1, 1, 8, 0, 0, chunkOf("IDAT", deflated(1<<20)), end), "more or less"},
		"fewer pixels":                {pngOf(4, 4, 8, 0, 0, whole, end), "more or less"},
		"too wide":                    {pngOf(5000, 1, 8, 0, 0, whole, end), "4096 pixels"},
		"too deep":                    {pngOf(4096, 4096, 16, 6, 0, whole, end), "4096 pixels"},
		"no pixels":                   {pngOf(1, 1, 8, 0, 0, end), "damaged"},
		"no palette":                  {pngOf(1, 1, 8, 3, 0, whole, end), "damaged"},
		"an unknown need":             {pngOf(1, 1, 8, 0, 0, chunkOf("ABCD", nil), whole, end), "damaged"},
		"pixels apart":                {pngOf(1, 1, 8, 0, 0, whole, chunkOf("tEXt", nil), whole, end), "damaged"},
		"a colour of no kind":         {pngOf(1, 1, 8, 5, 0, whole, end), "damaged"},
		"noise":                       {append([]byte(signature), "noise noise noise"...), "damaged"},
		"not well-formed":             {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g></svg>`), "well-formed"},
		"a page":                      {[]byte(`<html><script/></html>`), "well-formed"},
		"two roots":                   {append(svgOf(""), svgOf("")...), "well-formed"},
		"Latin-1":                     {svgOf("\xe9"), "UTF-8"},
		"entities":                    {[]byte(`<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">&a;</svg>`), "entities"},
		"an unknown entity":           {svgOf("<text>&nbsp;</text>"), "well-formed"},
		"parts without end":           {svgOf(laughs), "repeats"},
		"a part in itself":            {svgOf(`<g id="a"><use href="#a"/></g>`), "repeats"},
		"a mask of itself":            {svgOf(`<mask id="a"><g mask="url(#a)"/></mask>`), "repeats"},
		"too deep a drawing":          {svgOf(strings.Repeat("<g>", 70) + strings.Repeat("</g>", 70)), "in each other"},
		"too many elements":           {svgOf(strings.Repeat("<g/>", 20_001)), "in each other"},
		"no size":                     {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "how large"},
		"size without meaning":        {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 NaN 1"/>`), "how large"},
		"too large a drawing":         {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 5000 1"/>`), "4096 pixels"},
		"many pictures":               {svgOf(strings.Repeat("<image/>", 5)), "more than 4"},
		"a bad picture inside":        {svgOf(`<image href="data:image/png;base64,AAAA"/>`), "not the PNG"},
		"no base64":                   {svgOf(`<image href="data:image/png;base64,?"/>`), "damaged"},
		"a bad photo":                 {svgOf(`<image href="data:image/jpeg;base64,AAAA"/>`), "damaged"},
		"too much that draws":         {svgOf("<path d=\"" + strings.Repeat("M 0 0", 215_000) + "\"/>"), "even without"},
	} {
		clean, _, _, _, err := Clean(c.data)
		var refusal *Error
		if clean != nil || !errors.As(err, &refusal) || !strings.Contains(refusal.Detail, c.want) || !strings.HasSuffix(refusal.Detail, ".") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzClean: what comes out is clean, stays as it is, and is what its media type says.
func FuzzClean(f *testing.F) {
	f.Add(drawing(f))
	f.Add(pngOf(1, 1, 8, 0, 1, chunkOf("gAMA", make([]byte, 4)), chunkOf("IDAT", deflated(2)), chunkOf("IEND", nil)))
	f.Add(svgOf(`<style>.a{fill:url(#b)}</style><a href="x"><use xlink:href="#c"/></a><text>x</text>`))
	f.Add(svgOf(`<script/><image href="data:image/png;base64,iVBORw0KGgo="/>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		clean, media, width, height, err := Clean(data)
		if err != nil {
			return
		}
		if again, _, w, h, err := Clean(clean); err != nil || !bytes.Equal(again, clean) || w != width || h != height {
			t.Fatalf("cleaned twice: %v\n%q\n%q", err, clean, again)
		}
		switch media {
		case PNG:
			if size, err := png.DecodeConfig(bytes.NewReader(clean)); err != nil || size.Width != width || size.Height != height {
				t.Fatal(size, err)
			}
		case SVG:
			lower := strings.ToLower(strings.Map(func(r rune) rune {
				if unicode.IsSpace(r) {
					return -1
				}
				return r
			}, string(clean)))
			for _, bad := range []string{"<script", "<foreignobject", "<!", "<?", "href=\"http", "href=\"javascript", "href=\"//"} {
				if strings.Contains(lower, bad) {
					t.Fatalf("%s in %q", bad, clean)
				}
			}
		}
	})
}
