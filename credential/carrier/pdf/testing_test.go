package pdf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"image"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	symbols "github.com/skip2/go-qrcode"
)

// file builds a PDF file out of objects, numbered from 1, with a right cross-reference table. A body of "" is left out.
func file(objects ...string) []byte {
	return revised(nil, "/Root 1 0 R", objects...)
}

// revised appends objects and a cross-reference section to a file.
func revised(before []byte, trailer string, objects ...string) []byte {
	var out bytes.Buffer
	out.Write(before)
	if before == nil {
		out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	}
	table := []byte("0 1\n0000000000 65535 f \n")
	for i, body := range objects {
		if body == "" {
			continue
		}
		if i == 0 || objects[i-1] == "" {
			n := 1
			for i+n < len(objects) && objects[i+n] != "" {
				n++
			}
			table = fmt.Appendf(table, "%d %d\n", i+1, n)
		}
		table = fmt.Appendf(table, "%010d 00000 n \n", out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, body)
	}
	if at := bytes.LastIndex(before, []byte("startxref\n")); at >= 0 {
		trailer += " /Prev " + strings.Fields(string(before[at:]))[1]
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n%strailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n", table, len(objects)+1, trailer, start)
	return out.Bytes()
}

// streamOf is a stream object.
func streamOf(entries string, body []byte) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", entries, len(body), body)
}

func deflate(t testing.TB, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// onePage is a file with one page and its content; more objects are numbered from 5.
func onePage(resources, content string, more ...string) []byte {
	return file(append([]string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842] >>",
		"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << " + resources + " >> >>",
		streamOf("", []byte(content)),
	}, more...)...)
}

const address = "https://badges.example.org/c/3f9a6c1e-a-credential"

// modules are those of a QR code, without its margin.
func modules(t testing.TB, text string) [][]bool {
	t.Helper()
	code, err := symbols.New(text, symbols.Medium)
	if err != nil {
		t.Fatal(err)
	}
	code.DisableBorder = true
	return code.Bitmap()
}

// symbolPNG is a picture of a QR code.
func symbolPNG(t testing.TB, text string, side int) []byte {
	t.Helper()
	out, err := symbols.Encode(text, symbols.Medium, side)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// scan is the text of the QR code in a picture, "" when there is none.
func scan(picture image.Image) string {
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		return ""
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return ""
	}
	return found.GetText()
}

// scanned are the texts of all QR codes in the pictures of a document, and how many pictures there are.
func scanned(d *Document) (texts []string, pictures int) {
	for picture := range d.Pictures() {
		pictures++
		if text := scan(picture); text != "" {
			texts = append(texts, text)
		}
	}
	return texts, pictures
}

func read(t testing.TB, data []byte) *Document {
	t.Helper()
	d, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// outcome is the code of an error, "read" for none.
func outcome(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return "read"
	}
	var e *Error
	if !errors.As(err, &e) || e.Detail == "" || e.Case != "pdf" && e.Case != "pdf_password" || (e.Case == "pdf_password") != (e.Detail == "the PDF file asks for a password") {
		t.Fatalf("%#v is not a whole Error", err)
	}
	return e.Code
}

// leftOut is what a walk through the pictures left out: more, unread, both or nothing.
func leftOut(d *Document) string {
	more, unread := d.LeftOut()
	out := ""
	if more {
		out = "more"
	}
	if unread {
		out += "unread"
	}
	return out
}
