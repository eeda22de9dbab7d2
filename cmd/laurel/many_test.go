package main

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// mostResident is what the server may take, in MiB, while it judges as many files as it takes at a time.
const mostResident = 300

// handful is one file that somebody hands in, with the answers to what is in it, in order.
type handful struct {
	name    string
	content []byte
	answers []string // outcome and the code that decides
}

// mixed are files of every kind, good and bad, that make so many rows. Nothing in them needs the network.
func mixed(t testing.TB, rows int) (files []handful) {
	t.Helper()
	must := func(content []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	key := keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
	document := func(n int, issuer string) []byte {
		return []byte(strings.NewReplacer("ISSUER", issuer, "4b2c7e52", fmt.Sprintf("%08x", n)).Replace(carried))
	}
	sealed := func(n int, issuer string) []byte {
		signer := key
		signer.ID = strings.Replace(key.ID, did, issuer, 1)
		return must(proof.Seal(t.Context(), document(n, issuer), proof.SealOptions{Signer: signer, Created: time.Now().Add(-time.Minute)}))
	}
	token := func(n int) []byte {
		text, err := proof.SealJWT(document(n, did), key)
		return must([]byte(text), err)
	}
	canvas := image.NewNRGBA(image.Rect(0, 0, 600, 600)) // as large as badges are
	for i := range canvas.Pix {
		canvas.Pix[i] = byte(i * i >> 7)
	}
	var plain bytes.Buffer
	if err := png.Encode(&plain, canvas); err != nil {
		t.Fatal(err)
	}
	photo := func(text []byte) []byte {
		code, err := png.Decode(bytes.NewReader(must(paper.QRPNG(string(text), 8))))
		if err != nil {
			t.Fatal(err)
		}
		desk := image.NewGray(image.Rect(0, 0, 2000, 1500))
		draw.Draw(desk, desk.Bounds(), image.NewUniform(color.Gray{190}), image.Point{}, draw.Src)
		draw.Draw(desk, code.Bounds().Add(image.Pt(150, 120)), code, image.Point{}, draw.Src)
		var out bytes.Buffer
		err = jpeg.Encode(&out, desk, nil)
		return must(out.Bytes(), err)
	}
	pdfWith := func(content []byte, locked bool) []byte {
		f := fpdf.New("P", "mm", "Letter", "")
		if locked {
			f.SetProtection(0, "secret", "owner")
		}
		f.AddPage()
		f.SetAttachments([]fpdf.Attachment{{Content: content, Filename: "credential.json"}})
		var out bytes.Buffer
		if err := f.Output(&out); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	archive := func(from, entries int) []byte {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		for i := range entries {
			entry, err := w.Create(fmt.Sprintf("class/%d.json", i))
			if err == nil {
				_, err = entry.Write(sealed(from+i, did))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	for n := 0; n < rows; {
		f := handful{name: fmt.Sprintf("file %d", n), answers: []string{"valid"}}
		switch n % 10 {
		case 0:
			f.content = sealed(n, did)
		case 1:
			f.content = token(n)
		case 2:
			f.content = must(bake.Bake(plain.Bytes(), bytes.TrimSpace(sealed(n, did))))
		case 3:
			f.content = must(bake.Bake([]byte(plainSVG), bytes.TrimSpace(sealed(n, did))))
		case 4:
			f.content = pdfWith(sealed(n, did), false)
		case 5:
			f.content, f.answers = bytes.Replace(sealed(n, did), []byte("ten minutes"), []byte("ten hours"), 1), []string{"invalid signature_invalid"}
		case 6:
			f.content, f.answers = sealed(n, did)[:300+n], []string{"invalid malformed"}
		case 7:
			f.content, f.answers = pdfWith(sealed(n, did), true), []string{"invalid encrypted"}
		case 8:
			f.content, f.answers = sealed(n, "did:web:localhost"), []string{"unknown ssrf_blocked"}
		case 9:
			f.content = photo(token(n))
		}
		if n%100 == 50 { // a zip in the place of what would come
			f.content, f.answers = archive(n, 10), strings.Fields(strings.Repeat("valid ", 10))
		}
		n += len(f.answers)
		files = append(files, f)
	}
	return files
}

// handOver posts files in one form from an address of this machine, and gives the rows of the answer.
func (p *process) handOver(t testing.TB, from string, files []handful) []batch.Row {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range files {
		part, err := form.CreateFormFile("credential", f.name)
		if err == nil {
			_, err = part.Write(f.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.address+"/verify", &body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Accept", "application/json")
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	client := http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusServiceUnavailable { // told to come again
		return nil
	}
	var rows []batch.Row
	text, err := io.ReadAll(response.Body)
	if err == nil {
		err = json.Unmarshal(text, &rows)
	}
	if err != nil {
		t.Errorf("%s: %v\n%.300s", response.Status, err, text)
	}
	return rows
}

// mostUsed is the most memory that a process ever had, in MiB.
func (p *process) mostUsed(t testing.TB) (peak float64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		t.Fatalf("the server is gone: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		_, _ = fmt.Sscanf(line, "VmHWM: %f kB", &peak)
	}
	return peak / 1024
}

// answerOf is the outcome of a row, and what decides it where it is not good.
func answerOf(r *verifier.Report) string {
	for _, c := range r.Checks {
		if r.Outcome == verifier.Invalid && c.Outcome == verifier.Fail || r.Outcome == verifier.Unknown && c.Outcome == verifier.NotKnown && c.Step == "issuer" {
			return string(r.Outcome) + " " + c.Code
		}
	}
	return string(r.Outcome)
}

// TestFiveHundred: as many files as a form may have, of every kind, each give the answer that they should, in order; and neither
// these nor three such forms at the same time take more memory than a small machine has.
func TestFiveHundred(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: a server of its own, and many files")
	}
	files := mixed(t, batch.MostRows)
	p := startBinary(t, buildBinary(t), t.TempDir())
	rows := p.handOver(t, "127.0.0.1", files)
	var want []string
	for _, f := range files {
		want = append(want, f.answers...)
	}
	if len(rows) != batch.MostRows || len(want) != batch.MostRows {
		t.Fatalf("%d rows for %d", len(rows), len(want))
	}
	for i, row := range rows {
		if got := answerOf(row.Report); got != want[i] || row.Number != i+1 {
			t.Errorf("row %d, %s: %s, want %s", row.Number, row.Input.Name, got, want[i])
		}
	}
	alone := p.mostUsed(t)
	var all sync.WaitGroup
	for n := range 3 {
		all.Go(func() {
			if n := len(p.handOver(t, fmt.Sprintf("127.0.0.%d", 2+n), files)); n != 0 && n != batch.MostRows {
				t.Errorf("%d rows", n)
			}
		})
	}
	all.Wait()
	together := p.mostUsed(t)
	t.Logf("%.0f MiB for one, %.0f MiB for three", alone, together)
	if alone > mostResident || together > mostResident {
		t.Errorf("%.0f MiB for one, %.0f MiB for three", alone, together)
	}
}

// BenchmarkFiveHundred is the time in which a server judges as many files as a form may have, and the most memory that it takes.
func BenchmarkFiveHundred(b *testing.B) {
	files := mixed(b, batch.MostRows)
	p := startBinary(b, buildBinary(b), b.TempDir())
	for b.Loop() {
		if n := len(p.handOver(b, "127.0.0.1", files)); n != batch.MostRows {
			b.Fatalf("%d rows", n)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/form")
	b.ReportMetric(p.mostUsed(b), "MiB-peak")
}
