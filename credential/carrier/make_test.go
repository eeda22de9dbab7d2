package carrier

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/paper"
)

const (
	badge = `{"id":"urn:uuid:1","name":"ü"}`
	token = "eyJhbGciOiJFZERTQSJ9.e30.c2ln"
	svg   = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><path d="M0 0h2v2z"/></svg>`
)

// plain is a PNG without anything in it.
func plain(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 60, 60))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func baking(t testing.TB, picture []byte, text string) []byte {
	t.Helper()
	out, err := bake.Bake(picture, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// qrCode is a PNG of a QR code.
func qrCode(t testing.TB, text string) []byte {
	t.Helper()
	out, err := paper.QRPNG(text, 4)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// recoded is a PNG in another format.
func recoded(t testing.TB, picture []byte, format string) []byte {
	t.Helper()
	pixels, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if format == "gif" {
		err = gif.Encode(&out, pixels, nil)
	} else {
		err = jpeg.Encode(&out, pixels, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// entry is a file to pack; one without a method is compressed.
type entry struct {
	name, content string
	set           func(*zip.FileHeader)
}

func packed(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.set != nil {
			e.set(header)
		}
		f, err := w.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// printed is what goes into a PDF.
type printed struct {
	attached []entry
	pictures [][]byte // PNG
	links    []string
	password string
}

func (p printed) pdf(t testing.TB) []byte {
	t.Helper()
	f := fpdf.New("P", "mm", "A4", "")
	if p.password != "" {
		f.SetProtection(0, p.password, "")
	}
	f.SetFont("Helvetica", "", 12)
	f.AddPage()
	f.Cell(40, 10, "Certificate")
	for i, picture := range p.pictures {
		name := fmt.Sprint(i)
		f.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "png"}, bytes.NewReader(picture))
		f.ImageOptions(name, 20, float64(30+60*i), 50, 50, false, fpdf.ImageOptions{}, 0, "")
	}
	for i, link := range p.links {
		f.LinkString(100, float64(30+10*i), 50, 8, link)
	}
	var attached []fpdf.Attachment
	for _, e := range p.attached {
		attached = append(attached, fpdf.Attachment{Content: []byte(e.content), Filename: e.name})
	}
	f.SetAttachments(attached)
	var out bytes.Buffer
	if err := f.Output(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// told is everything that was found, one line for each item.
func told(t testing.TB, input []byte, at string) string {
	t.Helper()
	var lines []string
	for item := range Open(input, at) {
		line := item.Kind
		if item.Name != "" {
			line += " " + item.Name
		}
		filled := 0
		if item.Text != nil {
			line, filled = line+": "+string(item.Text), filled+1
		}
		if item.Links != nil {
			line, filled = line+" -> "+strings.Join(item.Links, " "), filled+1
		}
		if p := item.Problem; p != nil {
			line, filled = line+" "+p.Code+"/"+p.Case, filled+1
			if !strings.HasSuffix(p.Detail, ".") || strings.ToUpper(p.Detail[:1]) != p.Detail[:1] {
				t.Errorf("%s: %q is no sentence", line, p.Detail)
			}
		}
		if filled != 1 {
			t.Errorf("%s: %d of text, links and problem", line, filled)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// showing is a PDF of a page that shows so many pictures of 30 by 30 pixels.
func showing(pictures int, entries, data string) []byte {
	names, draws, objects := "", "", ""
	for i := range pictures {
		names += fmt.Sprintf("/X%d %d 0 R ", i, i+9)
		draws += fmt.Sprintf("/X%d Do ", i)
		objects += fmt.Sprintf("%d 0 obj << /Subtype /Image /Width 30 /Height 30 /BitsPerComponent 8 %s /Length %d >> stream\n%s\nendstream endobj\n", i+9, entries, len(data), data)
	}
	return fmt.Appendf(nil, "%%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n2 0 obj << /Type /Pages /Kids [3 0 R] >> endobj\n"+
		"3 0 obj << /Type /Page /MediaBox [0 0 600 800] /Resources << /XObject << %s>> >> /Contents 4 0 R >> endobj\n"+
		"4 0 obj << /Length %d >> stream\n%s\nendstream endobj\n%strailer << /Root 1 0 R >>\n", names, len(draws), draws, objects)
}
