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
	"strings"
	"testing"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/laurelbadges/laurel/credential/bake"
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
	kind  string // that the report names
	carry func(t *testing.T, sealed []byte) []byte
}

var carriages = []carriage{
	{"text", "", func(_ *testing.T, sealed []byte) []byte { return sealed }},
	{"png", "png", func(t *testing.T, sealed []byte) []byte { return baked(t, plainPNG(t), sealed) }},
	{"svg", "svg", func(t *testing.T, sealed []byte) []byte { return baked(t, []byte(plainSVG), sealed) }},
	{"pdf", "pdf", func(t *testing.T, sealed []byte) []byte { return attachedPDF(t, sealed) }},
	{"zip of a pdf", "pdf", func(t *testing.T, sealed []byte) []byte {
		return zipped(t, "for the file/certificate.pdf", attachedPDF(t, sealed))
	}},
	{"zip of a text", "", func(t *testing.T, sealed []byte) []byte { return zipped(t, "badge.txt", sealed) }},
	{"presentation", "", func(t *testing.T, sealed []byte) []byte { return presented(t, sealed) }},
}

const plainSVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>`

func plainPNG(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 9, 9))); err != nil {
		t.Fatal(err)
	}
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

// TestCarriers: every way to secure a badge through every way to hand it in. Whole, it is valid; with one letter changed it is not;
// without what carries it there is no badge, and that is all that is said.
func TestCarriers(t *testing.T) {
	for _, f := range families(t) {
		sealed := bytes.TrimSpace(f.seal(t, []byte(carried)))
		changed := oneLetter(sealed)
		for _, c := range carriages {
			t.Run(f.name+"/"+c.name, func(t *testing.T) {
				report := onlyReport(t, c.carry(t, sealed))
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
				if report := onlyReport(t, c.carry(t, changed)); report.Outcome == verifier.Valid || report.Authentic == verifier.Yes && c.name != "presentation" {
					t.Errorf("with one letter changed: %s, authentic %s\n%s", report.Outcome, report.Authentic, printed(report))
				}
			})
		}
	}
}

// TestStripped: what is left of a badge when its picture was sent through a messenger, printed or photographed.
func TestStripped(t *testing.T) {
	f := fpdf.New("P", "mm", "Letter", "")
	f.AddPage()
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 400, 300)), nil); err != nil {
		t.Fatal(err)
	}
	for name, input := range map[string][]byte{"png": plainPNG(t), "svg": []byte(plainSVG), "pdf": writtenPDF(t, f), "photo": photo.Bytes()} {
		report := onlyReport(t, input)
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
		if report := onlyReport(t, photo.Bytes()); report.Outcome != verifier.Valid || report.Input.Kind != "qr" {
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

func onlyReport(t *testing.T, input []byte) *verifier.Report {
	t.Helper()
	reports, err := verifier.VerifyAll(context.Background(), "", input, verifier.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(reports) != 1 {
		t.Fatalf("%d reports, want 1", len(reports))
	}
	return reports[0]
}

func printed(report *verifier.Report) string {
	var out strings.Builder
	for _, c := range report.Checks {
		fmt.Fprintf(&out, "  %s %s %s %s %s\n", c.Step, c.Outcome, c.Code, c.Pointer, c.Detail)
	}
	return out.String()
}
