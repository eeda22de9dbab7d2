package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/internal/batch"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// family is one way to secure a badge.
type family struct {
	name string
	seal func(t *testing.T, document []byte) []byte
}

// families are all of them, each with an issuer that needs no network. The document names its issuer ISSUER.
func families(t *testing.T) []family {
	t.Helper()
	signer := func(private crypto.Signer) keys.Signer {
		did, err := keys.DIDKey(private.Public())
		if err != nil {
			t.Fatal(err)
		}
		return keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
	}
	_, edwards, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	of := func(s keys.Signer, document []byte) []byte {
		issuer, _, _ := strings.Cut(s.ID, "#")
		return bytes.ReplaceAll(document, []byte("ISSUER"), []byte(issuer))
	}
	var all []family
	integrity := func(suite string, s keys.Signer) {
		all = append(all, family{suite, func(t *testing.T, document []byte) []byte {
			if suite == "Ed25519Signature2020" { // credentials/v2 does not know this one
				document = bytes.Replace(document, []byte(`context-3.0.3.json"]`), []byte(`context-3.0.3.json", "https://w3id.org/security/suites/ed25519-2020/v1"]`), 1)
			}
			sealed, err := proof.Seal(context.Background(), of(s, document), proof.SealOptions{Signer: s, Suite: suite, Created: time.Now().Add(-time.Minute)})
			if err != nil {
				t.Fatal(err)
			}
			if suite == "ecdsa-sd-2023" {
				if sealed, err = proof.Derive(context.Background(), sealed, []string{""}, proof.Options{}); err != nil {
					t.Fatal(err)
				}
			}
			return sealed
		}})
	}
	integrity("eddsa-rdfc-2022", signer(edwards))
	integrity("eddsa-jcs-2022", signer(edwards))
	integrity("Ed25519Signature2020", signer(edwards))
	integrity("ecdsa-rdfc-2019", signer(p256))
	integrity("ecdsa-jcs-2019", signer(p384))
	integrity("ecdsa-sd-2023", signer(p256))
	token := func(name string, s keys.Signer, seal func([]byte, keys.Signer) (string, error)) {
		all = append(all, family{name, func(t *testing.T, document []byte) []byte {
			text, err := seal(of(s, document), s)
			if err != nil {
				t.Fatal(err)
			}
			return []byte(text)
		}})
	}
	token("jwt EdDSA", signer(edwards), proof.SealJWT)
	token("jwt ES256", signer(p256), proof.SealJWT)
	token("jwt RS256", signer(modulus), proof.SealJWT)
	token("vc+jwt ES384", signer(p384), proof.SealVCJWT)
	return all
}

// carriage is one way to hand a secured badge in.
type carriage struct {
	name  string
	kind  string                                   // that the report names
	carry func(t *testing.T, sealed []byte) []byte // what is handed in
	stand func(sealed []byte) map[string][]byte    // what stands on the web, by address; nil for nothing
}

var carriages = []carriage{
	{name: "text", kind: "", carry: func(_ *testing.T, sealed []byte) []byte { return sealed }},
	{name: "png", kind: "png", carry: func(t *testing.T, sealed []byte) []byte { return baked(t, grey(), sealed) }},
	{name: "svg", kind: "svg", carry: func(t *testing.T, sealed []byte) []byte { return baked(t, []byte(plainSVG), sealed) }},
	{name: "pdf", kind: "pdf", carry: func(t *testing.T, sealed []byte) []byte { return attachedPDF(t, sealed) }},
	{name: "zip of a pdf", kind: "pdf", carry: func(t *testing.T, sealed []byte) []byte {
		return zipped(t, "for the file/certificate.pdf", attachedPDF(t, sealed))
	}},
	{name: "zip of a text", kind: "", carry: func(t *testing.T, sealed []byte) []byte { return zipped(t, "badge.txt", sealed) }},
	{name: "presentation", carry: func(t *testing.T, sealed []byte) []byte { return presented(t, sealed) }},
	{"link", "url", func(*testing.T, []byte) []byte { return []byte(badgeAddress) }, published},
	{"link to a picture", "url", func(*testing.T, []byte) []byte { return []byte(badgeAddress + ".png") }, func(sealed []byte) map[string][]byte {
		picture, _ := bake.Bake(grey(), sealed)
		return map[string][]byte{badgeAddress + ".png": picture}
	}},
	{"link to a page", "url", func(*testing.T, []byte) []byte { return []byte(pageAddress) }, published},
	{"page", "html", func(*testing.T, []byte) []byte { return []byte(badgePage) }, published},
	{"qr of a link", "qr", func(t *testing.T, _ []byte) []byte { return qrOf(t, badgeAddress) }, published},
	{"qr of a page", "qr", func(t *testing.T, _ []byte) []byte { return qrOf(t, pageAddress) }, published},
	{"pdf with a qr", "pdf", func(t *testing.T, _ []byte) []byte { return picturePDF(t, qrOf(t, badgeAddress)) }, published},
	{"pdf with a link", "pdf", func(t *testing.T, _ []byte) []byte { return linkPDF(t, pageAddress) }, published},
}

// Where a badge, and a page about it, stand on the web.
const (
	badgeAddress = "https://badges.example.org/c/1"
	pageAddress  = "https://district.example.org/staff/kim"
	badgePage    = `<!doctype html><title>Kim Lee</title><link rel="alternate" type="application/vc" href="` + badgeAddress + `"><p>Reading aloud`
)

func published(sealed []byte) map[string][]byte {
	return map[string][]byte{badgeAddress: sealed, pageAddress: []byte(badgePage)}
}

// standing is what stands on the web.
type standing map[string][]byte

// Fetch implements [verifier.Fetcher].
func (s standing) Fetch(_ context.Context, address string, _ int) (verifier.Document, error) {
	text, there := s[address]
	if !there {
		return verifier.Document{}, verifier.ErrUnavailable
	}
	return verifier.Document{Bytes: text, URL: address, ReadAt: time.Now(), Origin: verifier.Network}, nil
}

func qrOf(t *testing.T, text string) []byte {
	t.Helper()
	code, err := paper.QRPNG(text, 4)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func picturePDF(t *testing.T, picture []byte) []byte {
	t.Helper()
	f := fpdf.New("P", "mm", "Letter", "")
	f.AddPage()
	f.RegisterImageOptionsReader("code", fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(picture))
	f.ImageOptions("code", 150, 220, 40, 40, false, fpdf.ImageOptions{}, 0, "")
	return writtenPDF(t, f)
}

func linkPDF(t *testing.T, address string) []byte {
	t.Helper()
	f := fpdf.New("P", "mm", "Letter", "")
	f.AddPage()
	f.SetFont("Helvetica", "", 12)
	f.WriteLinkString(10, "Check this badge", address)
	return writtenPDF(t, f)
}

const plainSVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>`

// grey is a picture that shows nothing.
func grey() []byte {
	var out bytes.Buffer
	_ = png.Encode(&out, image.NewGray(image.Rect(0, 0, 9, 9))) // into memory
	return out.Bytes()
}

func baked(t *testing.T, picture, sealed []byte) []byte {
	t.Helper()
	out, err := bake.Bake(picture, bytes.TrimSpace(sealed))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func attachedPDF(t *testing.T, sealed []byte) []byte {
	t.Helper()
	f := fpdf.New("P", "mm", "Letter", "")
	f.AddPage()
	f.SetFont("Helvetica", "", 20)
	f.Cell(40, 10, "Reading aloud")
	f.SetAttachments([]fpdf.Attachment{{Content: sealed, Filename: "credential.json"}})
	return writtenPDF(t, f)
}

func writtenPDF(t *testing.T, f *fpdf.Fpdf) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := f.Output(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zipped(t *testing.T, name string, file []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	entry, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// presented is a presentation that somebody signed with a key of their own.
func presented(t *testing.T, sealed []byte) []byte {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	var inside any = map[string]any{"@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential",
		"id": "data:application/vc+jwt," + string(sealed)}
	if bytes.HasPrefix(sealed, []byte("{")) {
		inside = json.RawMessage(sealed)
	}
	document, err := json.Marshal(map[string]any{"@context": []string{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		"type": "VerifiablePresentation", "holder": did, "verifiableCredential": []any{inside}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := proof.Seal(context.Background(), document, proof.SealOptions{Signer: keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private},
		Purpose: keys.Authentication, Created: time.Now().Add(-time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const carried = `{
  "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
  "id": "urn:uuid:4b2c7e52-9a54-4d0a-8c3e-0d0c0c9f3a11",
  "type": ["VerifiableCredential", "OpenBadgeCredential"],
  "issuer": {"id": "ISSUER", "type": "Profile", "name": "Cedar College"},
  "validFrom": "2026-01-05T08:00:00Z",
  "name": "Reading aloud",
  "credentialSubject": {
    "id": "did:example:kim", "type": "AchievementSubject",
    "achievement": {"id": "urn:uuid:6f8e1c8a-63f0-4f26-9f43-3f6a1f0a9d01", "type": "Achievement", "name": "Reading aloud",
      "description": "Reads so that a class listens.", "criteria": {"narrative": "Reads for ten minutes."}}
  }
}`

// TestCarriers: every way to secure a badge through every way to hand it in. Whole, it is valid; with one letter changed it is found,
// and its signature does not fit.
func TestCarriers(t *testing.T) {
	for _, f := range families(t) {
		sealed := bytes.TrimSpace(f.seal(t, []byte(carried)))
		changed := oneLetter(sealed)
		for _, c := range carriages {
			t.Run(f.name+"/"+c.name, func(t *testing.T) {
				check := func(sealed []byte) *verifier.Report {
					web := standing{}
					if c.stand != nil {
						web = c.stand(sealed)
					}
					return onlyReport(t, c.carry(t, sealed), web)
				}
				report := check(sealed)
				if report.Outcome != verifier.Valid {
					t.Fatalf("whole: %s\n%s", report.Outcome, printed(report))
				}
				kind := c.kind
				if kind == "" {
					kind = "json"
					if c.name != "presentation" && !bytes.HasPrefix(sealed, []byte("{")) {
						kind = "jwt"
					}
				}
				if report.Input.Kind != kind || report.Input.SHA256 == "" {
					t.Errorf("the report is about %+v, want kind %s", report.Input, kind)
				}
				report = check(changed)
				altered := report
				if len(report.Credentials) > 0 {
					altered = report.Credentials[0]
				}
				if report.Outcome == verifier.Valid || altered.Authentic != verifier.No || !isFound(altered, "proof", "signature_invalid") && !isFound(altered, "form", "") {
					t.Errorf("with one letter changed: %s, authentic %s\n%s", report.Outcome, altered.Authentic, printed(altered))
				}
				if report.Text == nil {
					t.Error("with one letter changed it is not found any more")
				}
			})
		}
	}
}

// isFound says whether a check of a step failed, with a code where one is named.
func isFound(report *verifier.Report, step, code string) bool {
	return slices.ContainsFunc(report.Checks, func(c verifier.Check) bool {
		return c.Step == step && c.Outcome == verifier.Fail && (code == "" || c.Code == code)
	})
}

// TestStripped: what is left of a badge when its picture was sent through a messenger, printed or photographed.
func TestStripped(t *testing.T) {
	f := fpdf.New("P", "mm", "Letter", "")
	f.AddPage()
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 400, 300)), nil); err != nil {
		t.Fatal(err)
	}
	for name, input := range map[string][]byte{"png": grey(), "svg": []byte(plainSVG), "pdf": writtenPDF(t, f), "photo": photo.Bytes()} {
		report := onlyReport(t, input, standing{})
		if report.Outcome != verifier.Invalid || report.Checks[0].Step != "form" || report.Checks[0].Code != "no_credential" || report.Credential != nil {
			t.Errorf("%s: %s\n%s", name, report.Outcome, printed(report))
		}
	}
}

// TestPhotoOfAToken: a token stands in a QR code, which stands on a page that was photographed askew.
func TestPhotoOfAToken(t *testing.T) {
	for _, f := range families(t) {
		sealed := bytes.TrimSpace(f.seal(t, []byte(carried)))
		if bytes.HasPrefix(sealed, []byte("{")) || len(sealed) > 2000 {
			continue // longer than a QR code that a camera reads
		}
		code, err := paper.QRPNG(string(sealed), 4)
		if err != nil {
			t.Fatal(err)
		}
		symbol, err := png.Decode(bytes.NewReader(code))
		if err != nil {
			t.Fatal(err)
		}
		sheet := image.NewRGBA(image.Rect(0, 0, symbol.Bounds().Dx()+300, symbol.Bounds().Dy()+200))
		draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.RGBA{214, 208, 196, 255}), image.Point{}, draw.Src)
		draw.Draw(sheet, symbol.Bounds().Add(image.Pt(180, 60)), symbol, image.Point{}, draw.Over)
		var photo bytes.Buffer
		if err := jpeg.Encode(&photo, sheet, &jpeg.Options{Quality: 85}); err != nil {
			t.Fatal(err)
		}
		if report := onlyReport(t, photo.Bytes(), standing{}); report.Outcome != verifier.Valid || report.Input.Kind != "qr" {
			t.Errorf("%s: %s of %+v\n%s", f.name, report.Outcome, report.Input, printed(report))
		}
	}
}

// oneLetter changes one letter of what was signed, so that the form stays whole.
func oneLetter(sealed []byte) []byte {
	if bytes.HasPrefix(sealed, []byte("{")) {
		return bytes.Replace(sealed, []byte("ten minutes"), []byte("tan minutes"), 1)
	}
	parts := strings.Split(string(sealed), ".")
	at := len(parts[1]) / 2
	letter := byte('A')
	if parts[1][at] == letter {
		letter = 'B'
	}
	return []byte(parts[0] + "." + parts[1][:at] + string(letter) + parts[1][at+1:] + "." + parts[2])
}

// onlyReport checks an input as page and command line do, and finds one credential in it.
func onlyReport(t *testing.T, input []byte, web verifier.Fetcher) *verifier.Report {
	t.Helper()
	checker := batch.Checker{Verify: func(ctx context.Context, item carrier.Item) ([]*verifier.Report, error) {
		return verifier.VerifyItem(ctx, item, verifier.Options{Fetch: web})
	}}
	rows, err := checker.All(context.Background(), []batch.Source{{Bytes: input}})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 {
		t.Fatalf("%d rows, want 1", len(rows))
	}
	return rows[0].Report
}

func printed(report *verifier.Report) string {
	var out strings.Builder
	for _, c := range report.Checks {
		fmt.Fprintf(&out, "  %s %s %s %s %s\n", c.Step, c.Outcome, c.Code, c.Pointer, c.Detail)
	}
	return out.String()
}
