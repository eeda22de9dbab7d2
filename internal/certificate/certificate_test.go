package certificate

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/carrier"
	"github.com/laurelbadges/laurel/credential/carrier/pdf"
	"github.com/laurelbadges/laurel/credential/carrier/qr"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

var awarded = time.Date(2026, 5, 14, 9, 30, 0, 0, time.UTC)

// sealed is a signed credential that anybody can verify offline.
func sealed(t testing.TB) []byte {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte("a seed for an example, not a key"))
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	unsigned, err := credential.Build(credential.AchievementCredential{
		ID: "urn:uuid:0f7e7d1a-6f55-4a41-8b8e-2a1b5f0c9d33", Name: "Small-Group Instruction", ValidFrom: awarded,
		Issuer: credential.Party{ID: did, Name: "Cedar County Schools", URL: "https://cedar.example"},
		Subject: credential.AchievementSubject{
			Identifiers: []credential.IdentityObject{{Type: "name", Hash: "Ada Example"}},
			Achievement: &credential.Achievement{ID: "urn:uuid:7f0c4a44-39f0-4c9c-8f0f-0f9c6a3d2f10", Name: "Small-Group Instruction", AchievementType: "MicroCredential",
				Description: "Plans lessons.", Criteria: credential.Criteria{Narrative: "Three lessons."}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	key := keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
	out, err := proof.Seal(t.Context(), unsigned, proof.SealOptions{Signer: key, Created: awarded})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func example() Certificate {
	return Certificate{
		Recipient: "Ada Example", Title: "Small-Group Instruction from Evidence", Kind: "Micro-credential", Issuer: "Cedar County Schools",
		Sentence: "Plans small-group lessons from formative evidence, teaches them, and adjusts the next lesson from what students did.",
		Awarded:  awarded, Expires: awarded.AddDate(5, 0, 0), Facts: []Fact{{"Effort", "15 hours"}},
		Code: "CCS-7K4M-92", Address: "https://badges.cedar.example/c/7K4M92", Credential: []byte(`{"an":"example"}`), File: "7K4M92.json",
	}
}

func printed(t testing.TB, c Certificate, o Options) []byte {
	t.Helper()
	out, err := PDF(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// keep writes a file to look at, where one is asked for.
func keep(t testing.TB, name string, data []byte) {
	if dir := os.Getenv("LAUREL_PICTURES"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// run gives a file to a program, and what it says.
func run(t testing.TB, data []byte, program string, arguments ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(program + " is not installed")
	}
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Stdin = bytes.NewReader(data)
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	return out
}

// TestVerifies: the file itself is a credential that verifies.
func TestVerifies(t *testing.T) {
	c := example()
	c.Credential = sealed(t)
	file := printed(t, c, Options{})
	keep(t, "verifies.pdf", file)
	document, err := pdf.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(document.Attachments) != 1 || document.Attachments[0].Name != c.File || !bytes.Equal(document.Attachments[0].Data, c.Credential) {
		t.Fatalf("attachments: %v", document.Attachments)
	}
	items := slices.Collect(carrier.Open(file, ""))
	if len(items) != 1 || items[0].Problem != nil {
		t.Fatalf("opened: %+v", items)
	}
	report, err := verifier.Verify(t.Context(), items[0].Text, verifier.Options{At: awarded.AddDate(0, 1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if report.Outcome != verifier.Valid {
		t.Errorf("outcome %s: %+v", report.Outcome, report.Checks)
	}
}

// TestSameBytes: the same values give the same bytes, in both languages and sizes.
func TestSameBytes(t *testing.T) {
	art, err := paper.ArtPNG()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, o := range []Options{{}, {Language: "es"}, {Paper: A4}} {
		for _, picture := range [][]byte{nil, art} {
			c := example()
			c.Picture = picture
			name := fmt.Sprintf("%s%d picture %t", o.Language, o.Paper, picture != nil)
			one, two := printed(t, c, o), printed(t, c, o)
			if !bytes.Equal(one, two) {
				t.Errorf("%s: other bytes", name)
			}
			if before, known := seen[string(one)]; known {
				t.Errorf("%s is the same as %s", name, before)
			}
			seen[string(one)] = name
			keep(t, strings.ReplaceAll(name, " ", "-")+".pdf", one)
		}
	}
}

// TestText: what is printed can be taken out as text, in the order in which it is read.
func TestText(t *testing.T) {
	c := example()
	c.Recipient, c.Title = "Zoë Ångström Łukasiewicz Παπαδοπούλου", "Avaliação · Оценка"
	for language, want := range map[string][]string{
		"en": {"Cedar County Schools certifies that", c.Recipient, "has earned", c.Title, "14 May 2026", "14 May 2031", "15 hours", "The proof is not this paper.", "badges.cedar.example/c/7K4M92", "CCS-7K4M-92"},
		"es": {"Cedar County Schools certifica que", c.Recipient, "ha obtenido", c.Title, "14 de mayo de 2026", "15 hours", "La prueba no es este papel.", "badges.cedar.example/c/7K4M92", "CCS-7K4M-92"},
	} {
		o := Options{}
		if language == "es" {
			o.Language = "es"
		}
		text := strings.Join(strings.Fields(string(run(t, printed(t, c, o), "pdftotext", "-raw", "-", "-"))), " ")
		for _, part := range want {
			_, rest, found := strings.Cut(text, part)
			if !found {
				t.Errorf("%s: no %q in what is left: %s", language, part, text)
				continue
			}
			text = rest
		}
	}
}

// TestScans: the QR code can be read from the paper.
func TestScans(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short, beside the race detector: many pages, one after the other")
	}
	c := example()
	c.Address = "https://badges.a-long-name-of-a-host.example/c/0f7e7d1a-6f55-4a41-8b8e-2a1b5f0c9d33"
	for _, o := range []Options{{}, {Paper: A4}} {
		picture := run(t, printed(t, c, o), "pdftoppm", "-r", "100", "-png")
		found, err := qr.Read(picture)
		if err != nil || len(found) != 1 || found[0] != c.Address {
			t.Errorf("read %q, %v", found, err)
		}
	}
}

// TestLengths: texts of any length stay on the page and off each other.
func TestLengths(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short, beside the race detector: many pages, one after the other")
	}
	p := newPrinter(Options{})
	for _, length := range []int{1, 40, 120, 300} {
		for name, text := range map[string]string{
			"words": strings.Repeat("María Guadalupe de la Ñ ", 20), "one word": strings.Repeat("Donaudampfschiff", 20), "wide": strings.Repeat("W", 300),
		} {
			t.Run(fmt.Sprintf("%d %s", length, name), func(t *testing.T) {
				c := example()
				text := strings.TrimSpace(string([]rune(text)[:length]))
				c.Recipient, c.Title, c.Issuer, c.Kind, c.Sentence = text, text, text, string([]rune(text)[:min(length, 30)]), strings.Repeat(text+" ", 4)
				if name == "wide" && length == 300 {
					c.Issuer = "W" // four texts of 300 of the widest letters have no room
				}
				const width, room = 402.0, 388.0
				if err := c.Check(Options{}); err != nil {
					t.Error(err)
				}
				blocks, height, fits := p.beside(c)
				if !fits || height > room {
					t.Fatalf("height %g of %g", height, room)
				}
				for _, b := range blocks {
					for _, line := range b.lines {
						if _, wide := b.face.Glyphs(line, b.size, b.tracking*b.size); wide > width+0.01 {
							t.Errorf("a line is %g wide: %q", wide, line)
						}
					}
				}
				letters := func(lines []string) string { return strings.ReplaceAll(strings.Join(lines, ""), " ", "") }
				if blocks[1].role != "H1" || letters(blocks[1].lines) != strings.ReplaceAll(text, " ", "") {
					t.Errorf("the name is %q", blocks[1].lines)
				}
				if length != 1 {
					keep(t, fmt.Sprintf("length-%d-%s.pdf", length, strings.ReplaceAll(name, " ", "-")), printed(t, c, Options{}))
				}
			})
		}
	}
}

// TestCeremony: a page each, each with its credential.
func TestCeremony(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short, beside the race detector: many pages, one after the other")
	}
	art, err := paper.ArtPNG()
	if err != nil {
		t.Fatal(err)
	}
	var all []Certificate
	for i := range 12 {
		c := example()
		c.Picture = art
		c.Recipient, c.File = fmt.Sprintf("Person %d", i), fmt.Sprintf("badge-%d.json", i)
		c.Credential = fmt.Appendf(nil, `{"number": %d}`, i)
		all = append(all, c)
	}
	var out bytes.Buffer
	if err := Ceremony(&out, slices.Values(all), Options{Language: "es"}); err != nil {
		t.Fatal(err)
	}
	document, err := pdf.Read(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if len(document.Attachments) != len(all) {
		t.Fatalf("%d attachments", len(document.Attachments))
	}
	for i, a := range document.Attachments {
		if a.Name != all[i].File || !bytes.Equal(a.Data, all[i].Credential) {
			t.Errorf("attachment %d is %s", i, a.Name)
		}
	}
	if n := strings.Count(string(run(t, out.Bytes(), "pdftotext", "-", "-")), "\f"); n != len(all) {
		t.Errorf("%d pages", n)
	}
	keep(t, "ceremony.pdf", out.Bytes())

	out.Reset()
	all[7].Recipient = "李明"
	var letters *LettersError
	if err := Ceremony(&out, slices.Values(all), Options{}); !errors.As(err, &letters) || !strings.Contains(err.Error(), "certificate 8") || out.Len() > 0 {
		t.Errorf("error %v, %d bytes", err, out.Len())
	}
	endless := func(yield func(Certificate) bool) {
		for yield(all[0]) {
		}
	}
	if os.Getenv("LAUREL_LONG") == "" {
		return // it takes some seconds to find out that there are too many
	}
	if err := Ceremony(&out, endless, Options{}); err == nil || out.Len() > 0 {
		t.Errorf("error %v, %d bytes", err, out.Len())
	}
}

// TestRefused: what cannot be printed as it is, is not printed.
func TestRefused(t *testing.T) {
	for name, spoil := range map[string]func(c *Certificate){
		"arabic":         func(c *Certificate) { c.Recipient = "محمد" },
		"hebrew":         func(c *Certificate) { c.Recipient = "דנה" },
		"han":            func(c *Certificate) { c.Recipient = "李明" },
		"devanagari":     func(c *Certificate) { c.Title = "अमित" },
		"emoji":          func(c *Certificate) { c.Title = "Leader 🏆" },
		"loose accent":   func(c *Certificate) { c.Recipient = "O\u0323\u0300" + "x\u0301" },
		"long name":      func(c *Certificate) { c.Recipient = strings.Repeat("a", 301) },
		"no title":       func(c *Certificate) { c.Title = " " },
		"no credential":  func(c *Certificate) { c.Credential = nil },
		"name of a path": func(c *Certificate) { c.File = "../x.json" },
		"name that ends": func(c *Certificate) { c.File = "x) >>.json" },
		"no address":     func(c *Certificate) { c.Address = "javascript:alert(1)" },
		"no picture":     func(c *Certificate) { c.Picture = []byte("GIF89a") },
		"many facts":     func(c *Certificate) { c.Facts = make([]Fact, 3) },
	} {
		t.Run(name, func(t *testing.T) {
			c := example()
			spoil(&c)
			out, err := PDF(c, Options{})
			if err == nil || out != nil {
				t.Errorf("error %v, %d bytes", err, len(out))
			}
			var letters *LettersError
			if script := slices.Contains([]string{"arabic", "hebrew", "han", "devanagari", "emoji", "loose accent"}, name); script != errors.As(err, &letters) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestNameless: an award whose person is not shown.
func TestNameless(t *testing.T) {
	c := example()
	c.Recipient, c.Facts, c.Expires, c.Code = "", nil, time.Time{}, ""
	out := printed(t, c, Options{})
	keep(t, "nameless.pdf", out)
	text := string(run(t, out, "pdftotext", "-", "-"))
	if strings.Contains(text, "certifies") || !strings.Contains(text, "has awarded") {
		t.Error(text)
	}
}

// TestStructure: the parts of a page are told to those who hear it, and the file is one that other programs read.
func TestStructure(t *testing.T) {
	file := printed(t, example(), Options{Language: "es"})
	for _, want := range []string{"/Lang (es)", "/MarkInfo <</Marked true>>", "/AFRelationship /Data", "/Subtype /application#2Fvc+ld+json", "/S /H1", "/Alt <FEFF", "/StructParents 0", "/ID [<"} {
		if !bytes.Contains(file, []byte(want)) {
			t.Errorf("there is no %s", want)
		}
	}
	if text := string(run(t, file, "pdfinfo", "-struct-text", "-")); !strings.Contains(text, `"Plans small-group lessons from formative evidence, teaches them, and adjusts`) {
		t.Error(text)
	}
	if info := string(run(t, file, "pdfinfo", "-")); !strings.Contains(info, "Tagged:          yes") || !strings.Contains(info, "Ada Example – Small-Group") {
		t.Error(info)
	}
}

func BenchmarkCeremony(b *testing.B) {
	all := slices.Repeat([]Certificate{example()}, MostPages)
	for b.Loop() {
		if err := Ceremony(io.Discard, slices.Values(all), Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
}

func BenchmarkPDF(b *testing.B) {
	c := example()
	for b.Loop() {
		if _, err := PDF(c, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestCheck: what cannot be printed is known before anything is, and what can be is printed, on either paper.
func TestCheck(t *testing.T) {
	wide := strings.Repeat("W", 300)
	for name, change := range map[string]func(*Certificate){
		"as most are": func(*Certificate) {}, "a name that is too long": func(c *Certificate) { c.Recipient = wide + "W" },
		"letters of no face": func(c *Certificate) { c.Recipient = "山田" },
		"widest": func(c *Certificate) {
			c.Recipient, c.Title, c.Issuer, c.Kind, c.Thing, c.Sentence = wide, wide, wide, wide, "", strings.Repeat(wide+" ", 4)
		},
	} {
		for _, o := range []Options{{Paper: Letter}, {Paper: A4, Language: wording.Spanish}} {
			c := example()
			change(&c)
			said := c.Check(o)
			if _, err := PDF(c, o); (err == nil) != (said == nil) || errors.Is(err, ErrTooLong) != errors.Is(said, ErrTooLong) {
				t.Errorf("%s: %v, and it is printed with %v", name, said, err)
			}
		}
	}
}
