package pdf

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
)

const upload = 12 << 20

// repeated is a text again and again, n bytes at most.
func repeated(text string, n int) string { return strings.Repeat(text, n/len(text)) }

// bomb is zlib data that gives n zero bytes.
func bomb(t testing.TB, n int) []byte {
	t.Helper()
	return deflate(t, make([]byte, n))
}

const catalog, onePageTree, emptyPage = "<< /Type /Catalog /Pages 2 0 R >>", "<< /Kids [3 0 R] >>", "<< /Type /Page >>"

// attachmentList is a catalog (1), pages (2, 3) and a file that attaches the objects given, numbered from 4.
func attachmentList(streams ...string) []byte {
	names := ""
	for i := range streams {
		names += fmt.Sprintf("(%d) << /F (%d.json) /EF << /F %d 0 R >> >> ", i, i, i+4)
	}
	return file(append([]string{"<< /Pages 2 0 R /Names << /EmbeddedFiles << /Names [" + names + "] >> >> >>", onePageTree, emptyPage}, streams...)...)
}

func times(n int, text func(i int) string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = text(i)
	}
	return out
}

// jpegOf is a JPEG of noise.
func jpegOf(t testing.TB, w, h int) []byte {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, w, h))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range picture.Pix {
		picture.Pix[i] = byte(random.Uint32())
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: 10}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// scanBomb is a progressive JPEG with many scans, each of which costs as much as the picture and takes a few bytes.
func scanBomb(w, h, scans int) []byte {
	out := []byte{0xff, 0xd8, 0xff, 0xdb, 0, 67, 0}
	out = append(out, bytes.Repeat([]byte{1}, 64)...)
	out = append(out, 0xff, 0xc2, 0, 11, 8, byte(h>>8), byte(h), byte(w>>8), byte(w), 1, 1, 0x11, 0)
	out = append(out, 0xff, 0xc4, 0, 20, 0x10, 1)
	out = append(out, make([]byte, 15)...)
	out = append(out, 0xe0)
	for range scans {
		out = append(out, 0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0)
		out = append(out, make([]byte, 16)...)
	}
	return append(out, 0xff, 0xd9)
}

// attack is a file that asks for more than it may have, and what becomes of it.
type attack struct {
	name, want string
	build      func() []byte
}

// hostile are files that ask for more than they may have, and what becomes of them.
func hostile(t testing.TB) []attack {
	t.Helper()
	var all []attack
	add := func(name, want string, build func() []byte) { all = append(all, attack{name, want, build}) }
	flateOf := func(body []byte) string { return streamOf("/Filter /FlateDecode", body) }

	add("attachment that inflates without end", "read", func() []byte { return attachmentList(flateOf(bomb(t, 30<<20))) })
	add("many attachments that inflate", "too_large", func() []byte {
		return attachmentList(slices.Repeat([]string{flateOf(bomb(t, 11<<20))}, 400)...)
	})
	add("five large attachments", "read", func() []byte { return attachmentList(slices.Repeat([]string{flateOf(bomb(t, 12<<20))}, 5)...) })
	nested := sync.OnceValue(func() []byte {
		out := bomb(t, 30<<20)
		for range 4 {
			out = deflate(t, out)
		}
		return out
	})
	add("nested filters", "read", func() []byte {
		return attachmentList(streamOf("/Filter [/FlateDecode /FlateDecode /FlateDecode /FlateDecode /FlateDecode]", nested()))
	})
	add("a thousand filters", "read", func() []byte {
		return attachmentList(streamOf("/Filter ["+repeated("/FlateDecode ", 13000)+"]", nested()))
	})
	add("the same attachment under many names", "too_complex", func() []byte {
		return file("<< /Pages 2 0 R /Names << /EmbeddedFiles << /Names ["+
			strings.Repeat("(a) << /F (a) /EF << /F 4 0 R >> >> ", 100_000)+"] >> >> >>", onePageTree, emptyPage, flateOf(bomb(t, 11<<20)))
	})
	raws := &bytes.Buffer{} // streams without an end, each reaching to the end of the file
	raws.WriteString("%PDF-1.7\n1 0 obj << /Names << /EmbeddedFiles << /Names [")
	for i := range 400 {
		fmt.Fprintf(raws, "(a) << /EF << /F %d 0 R >> >> ", i+10)
	}
	raws.WriteString("] >> >> >> endobj trailer << /Root 1 0 R >>\n")
	for i := range 400 {
		fmt.Fprintf(raws, "%d 0 obj << /Length 99999999 >> stream\n", i+10)
	}
	raws.WriteString(repeated("x", 11<<20))
	add("streams in one another", "read", func() []byte { return raws.Bytes() })

	add("cross-reference table that leads to itself", "read", func() []byte {
		data := file(catalog, onePageTree, emptyPage)
		start := strings.Fields(string(data[bytes.LastIndex(data, []byte("startxref")):]))[1]
		return bytes.Replace(data, []byte("/Root"), []byte("/Prev "+start+" /Root"), 1)
	})
	many := file(catalog, onePageTree, emptyPage)
	for range 600 {
		many = revised(many, "/Root 1 0 R", "", "", emptyPage)
	}
	add("six hundred revisions", "too_complex", func() []byte { return many })
	add("huge Size", "read", func() []byte {
		return bytes.Replace(file(catalog, onePageTree, emptyPage), []byte("/Size 4"), []byte("/Size 2000000000"), 1)
	})
	add("table of two thousand million entries", "read", func() []byte {
		return bytes.Replace(file(catalog, onePageTree, emptyPage), []byte("xref\n0 1\n"), []byte("xref\n0 2000000000\n"), 1)
	})
	add("cross-reference stream of empty entries", "malformed", func() []byte {
		return []byte("%PDF-1.7\n1 0 obj << /Type /XRef /W [0 0 0] /Index [0 2000000000] /Root 1 0 R /Length 3 >> stream\nabc\nendstream endobj\nstartxref\n9\n%%EOF")
	})
	add("cross-reference stream of twelve million entries", "too_complex", func() []byte {
		body := deflate(t, bytes.Repeat([]byte{1}, 12<<20))
		return []byte("%PDF-1.7\n1 0 obj << /Type /XRef /W [1 0 0] /Size 2000000000 /Root 1 0 R /Filter /FlateDecode " +
			fmt.Sprintf("/Length %d >> stream\n%s\nendstream endobj\nstartxref\n9\n%%%%EOF", len(body), body))
	})

	add("200,000 objects", "read", func() []byte {
		return file(append([]string{catalog, onePageTree, emptyPage}, times(200_000, func(i int) string { return fmt.Sprintf("<</A %d 0 R>>", i) })...)...)
	})
	chain := append([]string{"<< /Pages 2 0 R /A 4 0 R >>", onePageTree, emptyPage}, times(150_000, func(i int) string { return fmt.Sprintf("<</A %d 0 R/B/C>>", i+5) })...)
	add("a chain of 150,000 objects", "read", func() []byte { return file(chain...) })
	add("a chain without a table", "read", func() []byte { return bytes.Replace(file(chain...), []byte("startxref"), []byte("startxxxx"), 1) })
	add("a million empty objects without a table", "too_complex", func() []byte {
		return []byte("%PDF-1.4\n" + func() string {
			var b strings.Builder
			for i := range 900_000 {
				fmt.Fprintf(&b, "%d 0 obj\n", i+1)
			}
			return b.String()
		}())
	})
	add("one object a million times", "malformed", func() []byte { return []byte("%PDF-1.4\n" + repeated("1 0 obj<<>>\n", upload-64)) })
	add("strings without an end", "too_complex", func() []byte { return []byte("%PDF-1.4\n" + repeated("1 0 obj(", upload-64)) })
	add("obj after obj", "malformed", func() []byte { return []byte("%PDF-1.4\n" + repeated("obj ", upload-64)) })
	add("trailer after trailer", "too_complex", func() []byte { return []byte("%PDF-1.4\n" + repeated("trailer<<", upload-64)) })
	add("object that is itself", "malformed", func() []byte { return file("1 0 R") })
	add("objects that are each other", "malformed", func() []byte { return file("<< /Pages 2 0 R >>", "3 0 R", "2 0 R") })

	packed := "1 0 2 0 3 0 4 0 <</Pages 2 0 R>>"
	add("object stream that holds itself", "read", func() []byte {
		var out bytes.Buffer
		out.WriteString("%PDF-1.7\n")
		table := make([]byte, 0, 64)
		for _, e := range [][3]int{{0, 0, 0}, {2, 4, 0}, {2, 4, 1}, {2, 4, 2}, {2, 4, 3}} {
			table = append(table, byte(e[0]))
			table = binary.BigEndian.AppendUint32(table, uint32(e[1]))
			table = append(table, byte(e[2]))
		}
		fmt.Fprintf(&out, "4 0 obj %s endobj\n", streamOf("/Type /ObjStm /N 4 /First 16", []byte(packed)))
		start := out.Len()
		fmt.Fprintf(&out, "5 0 obj %s endobj\nstartxref\n%d\n%%%%EOF", streamOf("/Type /XRef /W [1 4 1] /Size 5 /Root 1 0 R", table), start)
		return out.Bytes()
	})
	add("object stream whose length stands in it", "read", func() []byte {
		return []byte("%PDF-1.7\n4 0 obj << /Type /ObjStm /N 4 /First 18 /Length 4 0 R >> stream\n1 0 2 18 3 36 4 0 <</Pages 2 0 R>>   <</Kids[3 0 R]>>  <<>>\nendstream endobj trailer << /Root 1 0 R >>")
	})
	add("object stream of 12 MiB, many times", "too_large", func() []byte {
		body := deflate(t, append([]byte("9 0 "), bytes.Repeat([]byte(" "), upload-8)...))
		return []byte("%PDF-1.7\n" + strings.Repeat("1 0 obj "+streamOf("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", body)+" endobj\n", 500))
	})

	add("arrays in arrays", "too_complex", func() []byte {
		return file(catalog+repeated("[", 1<<20), onePageTree, "<< /A "+repeated("[", 5<<20)+" >>")
	})
	add("dictionaries in dictionaries", "too_complex", func() []byte {
		return file("<< /Pages 2 0 R /A "+repeated("<</A", 5<<20)+" >>", onePageTree, emptyPage)
	})
	add("an array of six million numbers", "too_complex", func() []byte {
		return file("<< /Pages 2 0 R /A 4 0 R >>", onePageTree, emptyPage, "["+repeated("1 ", upload-1000)+"]")
	})
	add("arrays of two million numbers", "read", func() []byte {
		return file(append([]string{"<< /Pages 2 0 R /A [4 0 R 5 0 R 6 0 R 7 0 R] >>", onePageTree, emptyPage},
			times(4, func(int) string { return "[" + repeated("1 ", 900_000) + "]" })...)...)
	})
	add("a dictionary of 100,000 names", "read", func() []byte {
		return onePage("/XObject << "+func() string {
			var b strings.Builder
			for i := range 100_000 {
				fmt.Fprintf(&b, "/N%d %d 0 R ", i, i)
			}
			return b.String()
		}()+" >>", repeated("/N1 Do ", 4<<20))
	})

	add("page tree that leads to itself", "malformed", func() []byte { return file(catalog, "<< /Kids [2 0 R 2 0 R 2 0 R] >>") })
	add("page tree of doubling nodes", "read", func() []byte {
		return file(append([]string{catalog}, append(times(50, func(i int) string {
			return fmt.Sprintf("<< /Kids [%d 0 R %d 0 R] >>", i+3, i+3)
		}), emptyPage)...)...)
	})
	add("page tree of 100,000 levels", "too_complex", func() []byte {
		return file(append([]string{catalog}, times(100_000, func(i int) string { return fmt.Sprintf("<< /Kids [%d 0 R] >>", i+3) })...)...)
	})
	add("100,000 pages", "too_complex", func() []byte {
		return file(append([]string{catalog, "<< /Kids [" + func() string {
			var b strings.Builder
			for i := range 100_000 {
				fmt.Fprintf(&b, "%d 0 R ", i+3)
			}
			return b.String()
		}() + "] >>"}, times(100_000, func(int) string { return emptyPage })...)...)
	})
	add("name tree that leads to itself", "read", func() []byte {
		return file("<< /Pages 2 0 R /Names << /EmbeddedFiles 4 0 R >> >>", onePageTree, emptyPage, "<< /Kids [4 0 R 4 0 R << /Kids [4 0 R] >>] >>")
	})
	add("100,000 annotations on each page", "too_complex", func() []byte {
		return file(append([]string{catalog, "<< /Kids [" + strings.Join(times(4000, func(i int) string { return fmt.Sprintf("%d 0 R", i+4) }), " ") + "] >>",
			"[" + strings.Repeat("<</A 3 0 R>>", 100_000) + "]"}, times(4000, func(int) string { return "<< /Annots 3 0 R >>" })...)...)
	})

	whole := onePage("/XObject << /X 5 0 R >>", "/X Do q 1 0 0 1 0 0 cm 0 0 9 9 re f Q", streamOf("/Width 64 /Height 64 /ColorSpace /DeviceGray", make([]byte, 4096)))
	add("cut in the middle", "read", func() []byte { return whole[:len(whole)*2/3] })
	add("cut early", "malformed", func() []byte { return whole[:20] })
	add("no header", "malformed", func() []byte { return whole[9:] })
	add("predictor of huge columns", "read", func() []byte {
		return onePage("/XObject << /X 5 0 R >>", "/X Do", streamOf(
			"/Width 3000 /Height 3000 /ColorSpace /DeviceGray /Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 2000000000 /Colors 32 >>", bomb(t, 9<<20)))
	})
	add("predictor of narrow columns", "read", func() []byte {
		return onePage("/XObject << /X 5 0 R >>", "/X Do", streamOf(
			"/Width 3000 /Height 3000 /ColorSpace /DeviceGray /Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 1 >>", bomb(t, 18<<20)))
	})
	add("picture of 60000 times 60000", "read", func() []byte {
		return onePage("/XObject << /X 5 0 R >>", "/X Do", streamOf(
			"/Width 60000 /Height 60000 /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /FlateDecode", bomb(t, 450_000_000/8)))
	})
	add("pictures of 12 million pixels", "read", func() []byte {
		return onePage("/XObject << /X 5 0 R /Y 6 0 R /Z 7 0 R >>", "/X Do /Y Do /Z Do",
			times(3, func(int) string {
				return streamOf("/Width 4000 /Height 3000 /ColorSpace /DeviceGray /Filter /FlateDecode", bomb(t, 12_000_000))
			})...)
	})
	add("pictures in 32 inks", "read", func() []byte {
		return onePage("/XObject << /X 5 0 R >> /ColorSpace << /C [/DeviceN ["+strings.Repeat("/A ", 32)+"] 1 1] >>", "/X Do",
			streamOf("/Width 4000 /Height 3000 /ColorSpace /C /Filter /FlateDecode", bomb(t, 60<<20)))
	})
	add("inline pictures", "read", func() []byte { return onePage("", repeated("BI /W 40 /H 40 /CS /G ID x EI ", 11<<20)) })
	add("inline pictures of endless dictionaries", "read", func() []byte { return onePage("", repeated("BI [", 11<<20)) })
	add("stencils of CCITT", "read", func() []byte {
		return onePage("/XObject << /X 5 0 R >>", "/X Do", streamOf(
			"/Width 30000 /Height 400 /ImageMask true /Filter [/FlateDecode /CCITTFaxDecode] /DecodeParms [null << /K -1 /Columns 30000 >>]", deflate(t, bytes.Repeat([]byte{0xff}, 11<<20))))
	})
	add("large photo", "read", func() []byte {
		return onePage("/XObject << /X 5 0 R /Y 6 0 R >>", "/X Do /Y Do", times(2, func(int) string {
			return streamOf("/Width 4000 /Height 2900 /ColorSpace /DeviceGray /Filter /DCTDecode", jpegOf(t, 4000, 2900))
		})...)
	})
	add("photo of many scans", "read", func() []byte {
		return onePage("/XObject << /X 5 0 R >>", "/X Do", streamOf(
			"/Width 2000 /Height 2000 /ColorSpace /DeviceGray /Filter /DCTDecode", scanBomb(2000, 2000, 100_000)))
	})
	add("photo of some scans", "read", func() []byte {
		return onePage("/XObject << /X 5 0 R >>", "/X Do", streamOf(
			"/Width 2000 /Height 2000 /ColorSpace /DeviceGray /Filter /DCTDecode", scanBomb(2000, 2000, 60)))
	})

	add("12 MiB of rectangles", "read", func() []byte { return onePage("", repeated("0 0 1 1 re f ", 11<<20)) })
	add("rectangles one on another", "read", func() []byte { return onePage("", repeated("1 1 50 50 re f ", 2<<20)+grid(60)) })
	add("one path of rectangles", "read", func() []byte { return onePage("", repeated("3 4 100 100 re ", 6<<20)+"f") })
	add("one path of long slanted lines", "read", func() []byte { return onePage("", "0 0 m "+repeated("0 595 l 595 0 l ", 6<<20)+"f*") })
	add("lines of all sizes", "read", func() []byte {
		return onePage("", strings.Join(times(140_000, func(i int) string {
			return fmt.Sprintf("%d %d %g %g re f", i%500, i/500, 1+float64(i%977)/40, 1+float64(i%577)/40)
		}), "\n"))
	})
	add("strokes", "read", func() []byte { return onePage("", "1 w 0 0 m "+repeated("0 9 l 9 9 l ", 8<<20)+"S") })
	add("numbers that are no numbers", "read", func() []byte {
		return onePage("", repeated("9e9 1e999 -0 -- 99999999999999999999999999 0 re f NaN ", 2<<20))
	})
	add("saved states", "read", func() []byte { return onePage("", repeated("q ", 11<<20)) })
	add("names", "read", func() []byte { return onePage("", repeated("/a ", 11<<20)) })
	add("strings", "read", func() []byte { return onePage("", repeated("(\\a)", 11<<20)) })
	add("forms in forms", "read", func() []byte {
		return onePage("/XObject << /X 5 0 R >>", "/X Do", times(12, func(i int) string {
			return streamOf(fmt.Sprintf("/Subtype /Form /Resources << /XObject << /X %d 0 R >> >>", i+6), []byte(strings.Repeat("/X Do ", 50)))
		})...)
	})
	add("form that draws itself", "read", func() []byte {
		return onePage("/XObject << /X 5 0 R >>", "/X Do", streamOf("/Subtype /Form", []byte("/X Do /X Do")))
	})
	add("one content for all pages", "read", func() []byte {
		return file(append([]string{catalog, "<< /Kids [" + strings.Join(times(4000, func(i int) string { return fmt.Sprintf("%d 0 R", i+4) }), " ") + "] >>",
			streamOf("/Filter /FlateDecode", deflate(t, []byte(repeated("0 0 m 9 9 l 3 4 5 6 re f ", 10<<20))))}, times(4000, func(int) string { return "<< /Contents 3 0 R >>" })...)...)
	})
	add("random bytes", "malformed", func() []byte {
		out := make([]byte, upload)
		random := rand.New(rand.NewPCG(3, 4))
		for i := range out {
			out[i] = byte(random.Uint32())
		}
		copy(out, "%PDF-1.7\n")
		return out
	})
	add("encrypted attachments that inflate", "too_large", func() []byte {
		body := flateOf([]byte(sealedText(aes256, 0, 0, string(bomb(t, 11<<20)))))
		list := strings.Join(times(400, func(i int) string { return fmt.Sprintf("<< /EF << /F %d 0 R >> >>", i+4) }), " ")
		return sealedFile(5, filtersOf("Std", "Std", "", ""), append([]string{"<< /Pages 2 0 R /AF [" + list + "] >>", onePageTree, emptyPage}, slices.Repeat([]string{body}, 400)...)...)
	})
	add("one long encrypted attachment", "read", func() []byte {
		return sealedFile(5, filtersOf("Std", "Std", "", ""), "<< /Pages 2 0 R /AF [<< /EF << /F 4 0 R >> >>] >>", onePageTree, emptyPage,
			streamOf("", []byte(sealedText(aes256, 4, 0, repeated("x", 11<<20)))))
	})
	add("one encrypted content for all pages", "read", func() []byte {
		return sealedFile(1, "", append([]string{catalog, "<< /Kids [" + strings.Join(times(4000, func(i int) string { return fmt.Sprintf("%d 0 R", i+4) }), " ") + "] >>",
			streamOf("", []byte(sealedText(rc4128, 3, 0, repeated("0 0 m 9 9 l 3 4 5 6 re f ", 10<<20))))}, times(4000, func(int) string { return "<< /Contents 3 0 R >>" })...)...)
	})
	add("a million encrypted strings", "too_complex", func() []byte {
		return sealedFile(1, "", append([]string{"<< /Pages 2 0 R /A [4 0 R 5 0 R 6 0 R 7 0 R] >>", onePageTree, emptyPage},
			times(4, func(int) string { return "[" + repeated("(a) ", 1_000_000) + "]" })...)...)
	})
	add("one long encrypted string", "read", func() []byte {
		return sealedFile(5, filtersOf("Std", "Std", "", ""), "<< /Pages 2 0 R /A 4 0 R >>", onePageTree, emptyPage, "("+repeated("x", 11<<20)+")")
	})
	add("encrypted picture", "read", func() []byte {
		return sealedFile(5, filtersOf("Std", "Std", "", ""), catalog, "<< /Kids [3 0 R] /MediaBox [0 0 595 842] >>", "<< /Type /Page /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>",
			streamOf("", []byte(sealedText(aes256, 4, 0, "/X Do"))),
			streamOf("/Width 4000 /Height 2700 /ColorSpace /DeviceGray", []byte(sealedText(aes256, 5, 0, repeated("x", 4000*2700)))))
	})
	add("encrypted object streams without a table", "too_large", func() []byte {
		body := sealedText(aes256, 9, 0, string(deflate(t, append([]byte("8 0 "), bytes.Repeat([]byte(" "), upload-8)...))))
		data := sealedFile(5, filtersOf("Std", "Std", "", ""), catalog, onePageTree, emptyPage)
		return append(bytes.Replace(data, []byte("startxref"), []byte("startxxxx"), 1),
			strings.Repeat("9 0 obj "+streamOf("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", []byte(body))+" endobj\n", 500)...)
	})
	var stored bytes.Buffer
	w, err := flate.NewWriter(&stored, flate.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	for range 400_000 { // blocks of nothing
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	add("empty blocks", "read", func() []byte { return attachmentList(flateOf(stored.Bytes())) })
	return all
}

// grid is a drawing of n times n dark squares.
func grid(n int) string {
	var b strings.Builder
	for i := range n * n {
		if (i/n+i%n)%2 == 0 {
			fmt.Fprintf(&b, "%d %d 1 1 re f\n", i%n, i/n)
		}
	}
	return b.String()
}

// TestHostile: each of these is answered, and the code says how.
func TestHostile(t *testing.T) {
	for _, h := range hostile(t) {
		t.Run(h.name, func(t *testing.T) {
			data := h.build()
			if len(data) > upload {
				t.Fatalf("%d bytes", len(data))
			}
			runtime.GC()
			var before, now runtime.MemStats
			runtime.ReadMemStats(&before)
			peak, done, stopped := uint64(0), make(chan bool), make(chan bool)
			go func() {
				defer close(stopped)
				for {
					select {
					case <-done:
						return
					case <-time.After(5 * time.Millisecond):
						runtime.ReadMemStats(&now)
						peak = max(peak, now.HeapAlloc)
					}
				}
			}()
			start := time.Now()
			d, err := Read(data)
			reading := time.Since(start)
			pictures := 0
			if err == nil {
				for range d.Pictures() {
					pictures++
				}
			}
			took := time.Since(start)
			close(done)
			<-stopped
			if got := outcome(t, err); got != h.want {
				t.Errorf("%s, want %s", got, h.want)
			}
			grown := (int64(peak) - int64(before.HeapAlloc)) >> 20
			t.Logf("%s: %8d bytes: %4d ms to read, %4d ms in all, %d MiB, %d pictures", h.name, len(data), reading.Milliseconds(), took.Milliseconds(), max(0, grown), pictures)
			if took > time.Minute || grown > 160 { // 1.5 s on an idle core
				t.Errorf("%v and %d MiB", took, grown)
			}
		})
	}
	if _, err := Read(make([]byte, credential.Limits.Upload+1)); outcome(t, err) != "too_large" {
		t.Error(err)
	}
}
