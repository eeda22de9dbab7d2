package carrier

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
)

// peak is how many bytes of the heap were in use at most while f ran, and how long the processors worked.
func peak(f func()) (most uint64, took time.Duration) {
	read := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64() + sample[1].Value.Uint64()
	}
	stop := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			most = max(most, read())
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	})
	began := worked()
	f()
	took = worked() - began
	close(stop)
	watching.Wait()
	return most, took
}

// worked is how long the processors have worked for this program.
func worked() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// overlapping is an archive whose entries are all the same bytes (D. Fifield, "A better zip bomb", 2019).
func overlapping(t testing.TB, entries, size int) []byte {
	t.Helper()
	content := make([]byte, size)
	var body bytes.Buffer
	w, err := flate.NewWriter(&body, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	little := binary.LittleEndian
	fields := func(extra int) []byte { // from the version to the length of the name
		out := make([]byte, 0, 64)
		out = little.AppendUint16(out, 20)
		out = append(out, make([]byte, 2)...)
		out = little.AppendUint16(out, zip.Deflate)
		out = append(out, make([]byte, 4)...)
		out = little.AppendUint32(out, crc32.ChecksumIEEE(content))
		out = little.AppendUint32(out, uint32(body.Len()))
		out = little.AppendUint32(out, uint32(size))
		out = little.AppendUint16(out, 1)
		return append(out, make([]byte, extra)...)
	}
	out := append([]byte("PK\x03\x04"), fields(2)...)
	out = append(append(out, 'a'), body.Bytes()...)
	at := len(out)
	for range entries {
		out = append(out, "PK\x01\x02\x14\x00"...)
		out = append(append(out, fields(2+2+2+2+4+4)...), 'a')
	}
	end := append([]byte("PK\x05\x06"), make([]byte, 4)...)
	end = little.AppendUint16(end, uint16(entries))
	end = little.AppendUint16(end, uint16(entries))
	end = little.AppendUint32(end, uint32(len(out)-at))
	end = little.AppendUint32(end, uint32(at))
	return append(append(out, end...), 0, 0)
}

func deflated(t testing.TB, data []byte) string {
	t.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// repeated is a text as long as an upload may be.
func repeated(before, again, after string) []byte {
	return []byte(before + strings.Repeat(again, (credential.Limits.Upload-len(before)-len(after))/len(again)) + after)
}

// noise is a picture of that many pixels each way, with what looks least like one QR code.
func noise(side int, seed uint64) image.Image {
	random := rand.New(rand.NewPCG(seed, 2))
	pixels := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.Black, color.White})
	for i := range pixels.Pix {
		pixels.Pix[i] = uint8(random.Uint32() & 1)
	}
	return pixels
}

func asJPEG(t testing.TB, pixels image.Image) string {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, pixels, &jpeg.Options{Quality: 20}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestHostile: whatever is handed in is told in few words, and takes little time and memory.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	const mostMemory = 256 << 20
	many := func(n int, e entry) []byte { // packs it once
		one := packed(t, e)
		directory, err := zip.NewReader(bytes.NewReader(one), int64(len(one)))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		for range n {
			if err := w.Copy(directory.File[0]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	chunks := plain(t)
	one := withChunk(chunks[:12], "tEXt", "a\x00b")[:15]
	chunks = slices.Insert(chunks, len(chunks)-12, bytes.Repeat(one, 60_000)...)
	bomb := withChunk(plain(t), "iTXt", "openbadgecredential\x00\x01\x00\x00\x00"+deflated(t, make([]byte, 40<<20)))
	for _, keyword := range []string{"clrcredential", "openbadges"} {
		bomb = withChunk(bomb, "zTXt", keyword+"\x00\x00"+deflated(t, make([]byte, 40<<20)))
	}
	big := strings.Repeat(" ", credential.Limits.Upload)
	var attached []entry
	for i := range 100 {
		attached = append(attached, entry{name: fmt.Sprint(i), content: strings.Repeat("[", 640<<10)})
	}
	var noises [][]byte
	for i := range uint64(32) {
		var out bytes.Buffer
		if err := png.Encode(&out, noise(866, i)); err != nil {
			t.Fatal(err)
		}
		noises = append(noises, out.Bytes())
	}
	for _, c := range []struct {
		name  string
		input func() []byte
		items int
		want  string // in each or the last item
	}{
		{"zip bomb of 40 MB", func() []byte { return packed(t, entry{name: "a", content: strings.Repeat("\x00", 40<<20)}) }, 1, "too_large/file"},
		{"zip bomb of many files", func() []byte { return many(500, entry{name: "a", content: big}) }, 500, "input_unavailable/archive_rest"},
		{"zip of files one inside the other", func() []byte { return overlapping(t, 500, 10<<20) }, 500, "input_unavailable/archive_rest"},
		{"zip of 60,000 files", func() []byte { return many(60_000, entry{name: "a"}) }, 1, "input_unavailable/archive_files"},
		{"zip of 501 files", func() []byte { return many(501, entry{name: "a"}) }, 1, "input_unavailable/archive_files"},
		{"zip of half a million entries", func() []byte {
			return repeated("PK\x03\x04", "PK\x01\x02"+strings.Repeat("\x00", 42), "PK\x05\x06"+strings.Repeat("\x00", 18))
		}, 1, "input_unavailable/archive_files"},
		{"zip in a zip in a zip", func() []byte {
			return packed(t, entry{name: "a", content: string(packed(t, entry{name: "a", content: string(many(500, entry{name: "a", content: big}))}))})
		}, 1, "archive_nested"},
		{"zip of entries in a zip", func() []byte { return packed(t, entry{name: "a", content: string(overlapping(t, 4000, 1<<20))}) }, 1, "archive_nested"},
		{"zip beyond its bound", func() []byte { return append([]byte("PK\x03\x04"), make([]byte, maxArchive)...) }, 1, "too_large/archive"},
		{"zip of 500 pages", func() []byte {
			return many(500, entry{name: "a", content: "<html>" + strings.Repeat("<a href=https://example.org/badge/", 3600)})
		}, 500, "input_unavailable/archive_rest"},
		{"zip of 500 SVG pictures", func() []byte {
			return many(500, entry{name: "a", content: svg[:strings.Index(svg, "<path")] + strings.Repeat("<g/>", 30_000) + "</svg>"})
		}, 500, "input_unavailable/archive_rest"},
		{"zip of 5 SVG pictures", func() []byte {
			return many(5, entry{name: "a", content: string(repeated(svg[:strings.Index(svg, "<path")], "<path d='"+strings.Repeat("M0 0h2v2z", 15)+"'/>", "</svg>"))})
		}, 5, "input_unavailable/archive_rest"},
		{"zip of 20 photos", func() []byte { return many(20, entry{name: "a", content: asJPEG(t, noise(300, 1))}) }, 20, "no_credential/picture"},
		{"photo of 20 million pixels", func() []byte { return []byte(asJPEG(t, noise(4500, 1))) }, 1, "no_credential/picture"},
		{"PNG of 60,000 chunks", func() []byte { return chunks }, 1, "image_invalid/damaged"},
		{"PNG of three bombs", func() []byte { return bomb }, 1, "too_large/credential"},
		{"PNG of 12 MB", func() []byte { return withChunk(plain(t), "tEXt", "openbadges\x00"+big[1000:]) }, 1, "too_large/credential"},
		{"SVG of 3 million elements", func() []byte { return repeated(svg[:strings.Index(svg, "<path")], "<g/>", "</svg>") }, 1, "image_invalid/damaged"},
		{"SVG of 3 million levels", func() []byte { return repeated(svg[:strings.Index(svg, "<path")], "<g>", "") }, 1, "image_invalid/damaged"},
		{"SVG of one tag", func() []byte { return repeated(svg[:4], " a=''", ">") }, 1, "image_invalid/damaged"},
		{"markup of one comment", func() []byte { return repeated("<!--", "-", "-->") }, 1, "html"},
		{"markup of openings", func() []byte { return repeated("", "<", "") }, 1, "html"},
		{"markup of attributes", func() []byte { return repeated("<a ", "a ", "") }, 1, "html"},
		{"markup of declarations", func() []byte { return repeated("", "<!a>", "") }, 1, "html"},
		{"markup of instructions", func() []byte { return repeated("", "<?a?>", "") }, 1, "html"},
		{"text of points", func() []byte { return repeated("", "ey.", "")[:4<<20] }, 1, "jwt: "},
		{"text of digits", func() []byte { return repeated("1", "1", "")[:4<<20] }, 1, "json: "},
		{"text of one address", func() []byte { return repeated("https://example.org/", "a", "")[:4<<20] }, 1, "other_address"},
		{"text of one VP1", func() []byte { return repeated("VP1-", "A", "")[:4<<20] }, 1, "cbor_ld"},
		{"text of letters", func() []byte { return repeated("", "a", ":")[:4<<20] }, 1, "text"},
		{"text of space", func() []byte { return repeated("", " ", "")[:4<<20] }, 1, "empty"},
		{"zeros", func() []byte { return make([]byte, 4<<20) }, 1, "binary"},
		{"PDF of 24 million pixels", func() []byte { return printed{pictures: noises}.pdf(t) }, 1, "input_unavailable/pictures"},
		{"PDF of 100 attachments", func() []byte { return printed{attached: attached}.pdf(t) }, 65, "attachments"},
	} {
		t.Run(c.name, func(t *testing.T) {
			input, items, last := c.input(), 0, ""
			runtime.GC()
			before, _ := peak(func() {})
			most, took := peak(func() {
				for item := range Open(input, "https://example.org/") {
					items++
					last = item.Kind + ": "
					if item.Problem != nil {
						last = item.Problem.Code + "/" + item.Problem.Case
					}
				}
			})
			most -= min(before, most)
			t.Logf("%d KB: %d items, the last %s, %v, %d MB", len(input)>>10, items, last, took.Round(time.Millisecond), most>>20)
			if items != c.items || !strings.Contains(last, c.want) {
				t.Errorf("%d items, the last %s; want %d and %s", items, last, c.items, c.want)
			}
			if most > mostMemory || took > time.Minute { // far beyond what the bounds allow, on any machine
				t.Errorf("%v, %d MB", took, most>>20)
			}
		})
	}
}

// FuzzOpen: nothing panics, something always comes out, and each item says one thing.
func FuzzOpen(f *testing.F) {
	for _, input := range [][]byte{
		[]byte(badge), []byte(token), []byte("https://example.org/1"), []byte("http://example.org/1"), []byte("javascript:alert(1)"), []byte("<html><a href=https://example.org/badge.json>"),
		baking(f, plain(f), badge), older(f, "https://example.org/1"), baking(f, []byte(svg), token), qrCode(f, token), recoded(f, qrCode(f, badge), "gif"),
		packed(f, entry{name: "1.json", content: badge}, entry{name: "a.zip", content: string(packed(f))}, entry{name: ".DS_Store"}),
		printed{attached: []entry{{name: "1.json", content: badge}}, links: []string{"https://example.org/1"}}.pdf(f),
	} {
		f.Add(input, "")
	}
	f.Add([]byte("<html>"), "https://www.credly.com/badges/7e5a1d4c-0d5f-4b7c-9d2e-0a1b2c3d4e5f")
	f.Fuzz(func(t *testing.T, input []byte, at string) {
		seen := 0
		for item := range Open(input, at) {
			seen++
			filled := 0
			for _, is := range []bool{len(item.Text) > 0, len(item.Links) > 0, item.Problem != nil} {
				if is {
					filled++
				}
			}
			if filled != 1 || item.Kind == "" || len(item.Text) > credential.Limits.Document || len(item.Links) > maxLinks {
				t.Fatalf("%+v", item)
			}
			if p := item.Problem; p != nil && (p.Code == "" || p.Case == "" || p.Detail == "") {
				t.Fatalf("%+v", *p)
			}
			for _, link := range item.Links {
				if scheme, _, _ := strings.Cut(link, "://"); scheme != "https" && scheme != "http" || link == at {
					t.Fatalf("%q leads to %q", at, link)
				}
			}
		}
		if seen == 0 || seen > maxFiles+1 && !bytes.HasPrefix(input, []byte("PK")) {
			t.Fatalf("%d items", seen)
		}
	})
}
