package record

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

// options are those of a record that an office files.
func options(l wording.Language) Options {
	return Options{Language: l, Made: madeAt, By: "https://badges.example.edu", Version: "1.4.0"}
}

// one writes both forms of the record of a report.
func one(t testing.TB, r *verifier.Report, l wording.Language) (text string, pdf []byte) {
	t.Helper()
	pdf, err := PDF([]*verifier.Report{r}, options(l))
	if err != nil {
		t.Fatal(err)
	}
	return string(Text([]*verifier.Report{r}, options(l))), pdf
}

// extract is what a reader of the PDF sees as text.
func extract(t testing.TB, pdf []byte) string {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("skipped: pdftotext of poppler-utils is not installed")
	}
	command := exec.Command(tool, "-layout", "-", "-")
	command.Stdin = bytes.NewReader(pdf)
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

// TestContent: both forms say in both languages what was handed in, the answer, why, what was signed and how to repeat it.
func TestContent(t *testing.T) {
	for name, r := range reports(t) {
		for _, l := range wording.Languages {
			t.Run(name+" "+string(l), func(t *testing.T) {
				v := l.Verdict(r, wording.Standing{Dated: true})
				want := []string{v.Title, v.Detail, v.Advice, r.Input.SHA256, r.Input.Name, l.Instant(judgedAt).Words, l.Instant(madeAt).Words,
					"Laurel 1.4.0", "https://badges.example.edu", "laurel verify --at 2026-11-22T10:00:00Z", l.Say("record.noproof"), l.YesOrNo(r.InForce)}
				if r.Credential != nil {
					want = append(want, "Reading aloud", "María Muñoz", "maria@example.org", "Peñablanca", r.Credential.Issuer.ID, r.Credential.ID, l.SignedDate(r.Credential.Awarded).Words)
				}
				for _, c := range r.Checks {
					want = append(want, c.Step+" | "+string(c.Outcome))
				}
				text, pdf := one(t, r, l)
				for form, got := range map[string]string{"text": text, "pdf": extract(t, pdf)} {
					got = squeezed(got)
					for _, w := range want {
						if !strings.Contains(got, squeezed(w)) {
							t.Errorf("%s does not say %q", form, w)
						}
					}
					if i := strings.IndexAny(got, "{}"); i >= 0 || strings.Contains(got, "record.") {
						t.Errorf("%s has an unfilled text:\n%s", form, got)
					}
				}
				if name == "altered" && strings.Contains(text, "María") {
					t.Error("a badge that is not authentic is shown as if it were")
				}
			})
		}
	}
}

// TestForged: no record says of a badge in the name of an issuer here that did not sign it that it is good, and one for an achievement of
// theirs says at its answer that they did not sign it.
func TestForged(t *testing.T) {
	forged, awarded, inTheirName := reports(t)["valid"], *reports(t)["valid"], "Distrito Escolar Peñablanca"
	view := *awarded.Credential
	awarded.Credential, view.Issuer.Name = &view, "Distrito Norte"
	view.Achievement = &verifier.Award{Name: view.Achievement.Name, Creator: &verifier.Party{ID: "did:web:badges.example.edu"}}
	for _, l := range wording.Languages {
		o := options(l)
		o.Here = wording.NewHere("https://badges.example.edu", []wording.Issuer{{ID: "did:web:badges.example.edu", Name: inTheirName}})
		good, known := l.Say("verdict.valid.on.title", "date", l.Day(judgedAt).Words), wording.Standing{Dated: true, Here: o.Here}
		print := func(all ...*verifier.Report) map[string]string {
			pdf, err := PDF(all, o)
			if err != nil {
				t.Fatal(err)
			}
			return map[string]string{"text": squeezed(string(Text(all, o))), "pdf": squeezed(extract(t, pdf))}
		}
		for _, all := range [][]*verifier.Report{{forged}, {forged, forged}} {
			for form, got := range print(all...) {
				if v := l.Verdict(forged, known); !strings.Contains(got, v.Title) || !strings.Contains(got, l.Say("verdict.borrowed.name.text", "name", inTheirName, "host", "badges.example.edu")) || strings.Contains(got, good) {
					t.Errorf("%s %s of %d:\n%s", l, form, len(all), got)
				}
				if name := l.SignerName(forged, o.Here); !strings.Contains(got, name) || name == inTheirName {
					t.Errorf("%s %s of %d does not say %s", l, form, len(all), name)
				}
			}
		}
		v := l.Verdict(&awarded, known)
		for form, got := range print(&awarded) {
			if v.Title != good || !strings.Contains(got, v.Title) || !strings.Contains(got, squeezed(v.Detail)) || !strings.Contains(v.Detail, inTheirName) {
				t.Errorf("%s %s:\n%s", l, form, got)
			}
		}
		if got := print(&awarded, forged); !strings.Contains(got["text"], v.Line()) || v.Line() == v.Title {
			t.Errorf("%s: the summary does not say %s", l, v.Line())
		}
	}
}

// TestText: lines are at most 78 columns, but for a command and what is one word, and end with LF.
func TestText(t *testing.T) {
	for name, r := range reports(t) {
		text, _ := one(t, r, wording.English)
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\r\t") || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s is no plain text", name)
		}
		for line := range strings.SplitSeq(text, "\n") {
			if columnsOf(line) > columns && !strings.HasPrefix(line, "    laurel ") || strings.HasSuffix(line, " ") {
				t.Errorf("%s: %q", name, line)
			}
		}
	}
	text, _ := one(t, reports(t)["unknown"], wording.English)
	for _, want := range []string{"<?> Authentic, but", "    Read 3 minutes earlier, from the network: 22 November 2026, 09:57 UTC", "\nFingerprint (SHA-256):\n    "} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
}

// TestDeterministic: the same reports give the same bytes, and no clock is read.
func TestDeterministic(t *testing.T) {
	all := reports(t)
	for _, o := range []Options{options(wording.Spanish), {}} {
		for name, r := range all {
			first, err := PDF([]*verifier.Report{r, all["valid"]}, o)
			if err != nil {
				t.Fatal(err)
			}
			second, err := PDF([]*verifier.Report{r, all["valid"]}, o)
			if err != nil || !bytes.Equal(first, second) {
				t.Errorf("%s: %v, %d and %d bytes", name, err, len(first), len(second))
			}
			if year := []byte(fmt.Sprintf("D:%d", judgedAt.Year())); bytes.Count(first, year) != 2 {
				t.Errorf("%s: its dates are not those of the record", name)
			}
		}
	}
	none, err := PDF(nil, Options{})
	if err != nil || !bytes.HasPrefix(none, []byte("%PDF-")) || !bytes.Contains(none, []byte("D:1970")) {
		t.Errorf("a record of nothing: %v", err)
	}
}

// TestDocument: the PDF says its language, its title and its pages, and holds its fonts.
func TestDocument(t *testing.T) {
	_, pdf := one(t, reports(t)["unknown"], wording.Spanish)
	for _, want := range []string{"/Lang (es)", "/Title (", "/FontFile2", "/MediaBox [0 0 612.00 792.00]"} {
		if !bytes.Contains(pdf, []byte(want)) {
			t.Errorf("there is no %s", want)
		}
	}
	text := squeezed(extract(t, pdf))
	if !strings.Contains(text, "Página 1 de 2 · unknown.json") || !strings.Contains(text, "Página 2 de 2") {
		t.Error("its pages are not counted: ", text)
	}
	if strings.Contains(text, "□") {
		t.Error("a letter of ours has no glyph")
	}
}

// TestMany: a record of several begins with a table of all answers.
func TestMany(t *testing.T) {
	all := reports(t)
	several := []*verifier.Report{all["valid"], all["altered"], all["unknown"]}
	pdf, err := PDF(several, options(wording.English))
	if err != nil {
		t.Fatal(err)
	}
	for form, got := range map[string]string{"text": string(Text(several, options(wording.English))), "pdf": extract(t, pdf)} {
		got = squeezed(got)
		last := 0
		for _, want := range []string{"Record of 3 badge checks", "All answers", "1 ", "Reading aloud.json", "2 ", "altered.json", "3 ", "unknown.json", "does not say",
			"1. Reading aloud.json", "2. altered.json", "3. unknown.json"} {
			i := strings.Index(got[last:], want)
			if i < 0 {
				t.Fatalf("%s: no %q after %d in\n%s", form, want, last, got)
			}
			last += i
		}
	}
}

// TestHostile: what a credential says cannot make a record long, break it, or change what stands around it.
func TestHostile(t *testing.T) {
	const pageMost = 40
	long := strings.Repeat("W", 4<<20)
	signs := "a\x00\x1b[31m\u202eevil\u2066\u200b\r\nb\ufeff\ue000\ue001\ue002\ue003"
	foreign := "محمد שלום 山田太郎 🎓👩‍🏫 Jose\u0301"
	many := make([]verifier.Check, 300)
	for i := range many {
		many[i] = verifier.Check{Step: verifier.Steps[i%11], Outcome: verifier.Pass, Title: long, Detail: long, Code: long, Pointer: long, Clause: long,
			AsOf: &madeAt, Facts: verifier.Facts{"address": long, "case": long, "here": long}}
	}
	many[299].Outcome, many[299].Code = verifier.Fail, "signature_invalid"
	nested := func(depth int) *verifier.Report {
		top := &verifier.Report{}
		for at, i := top, 0; i < depth; i++ {
			next := &verifier.Report{Checks: many, Pointer: fmt.Sprintf("/a/%d", i), Credential: &verifier.View{Name: long}}
			at.Credentials = []*verifier.Report{next, next}
			at = next
		}
		return top
	}
	view := func(text string) *verifier.View {
		v := &verifier.View{Standard: text, Kind: text, ID: text, Name: text, Issuer: verifier.Party{ID: text, Name: text}, Awarded: text, ValidFrom: text, ValidUntil: text,
			Superseded: text, Achievement: &verifier.Award{ID: text, Name: text, Description: text, Type: text}}
		for range 40 {
			v.Recipient = append(v.Recipient, verifier.Identity{Type: text, Value: text})
			v.Results = append(v.Results, verifier.Mark{Name: text, Value: text, Status: text})
		}
		return v
	}
	for name, r := range map[string]*verifier.Report{
		"empty":          {},
		"long":           {Input: verifier.Input{Name: long, Kind: long, SHA256: long, URL: long}, Authentic: verifier.Yes, Credential: view(long), Outcome: verifier.Outcome(long)},
		"signs":          {Input: verifier.Input{Name: signs, Kind: signs, SHA256: signs, URL: signs}, Authentic: verifier.Yes, Credential: view(signs)},
		"foreign":        {Input: verifier.Input{Name: foreign}, Authentic: verifier.Yes, Credential: view(foreign)},
		"checks":         {Checks: many, Outcome: verifier.Invalid, Authentic: verifier.No},
		"nested":         nested(60),
		"invalid UTF-8":  {Input: verifier.Input{Name: "a\xff\xfe\xc3"}, Authentic: verifier.Yes, Credential: view("\xff\xfe\xc3(")},
		"no such values": {Outcome: "good", Authentic: "surely", InForce: "always", Checks: []verifier.Check{{Step: "new", Outcome: "fine"}}},
	} {
		t.Run(name, func(t *testing.T) {
			started := time.Now()
			text, pdf := one(t, r, wording.English)
			if took := time.Since(started); took > 30*time.Second { // 100 ms on an idle machine
				t.Errorf("it took %v", took)
			}
			if len(text) > 150000 || len(pdf) > 400000 {
				t.Errorf("%d bytes of text, %d of PDF", len(text), len(pdf))
			}
			if strings.ContainsAny(text, "\x00\x1b\r\u202e\u2066\u200b") || !utf8.ValidString(text) {
				t.Error("hidden characters in the text")
			}
			seen := extract(t, pdf)
			if n := strings.Count(seen, "\f"); n > pageMost {
				t.Errorf("%d pages", n)
			}
			if strings.ContainsAny(seen, "\u202e\u2066\ue000") {
				t.Error("hidden characters in the PDF")
			}
			switch name {
			case "foreign":
				if !strings.Contains(squeezed(seen), "□ stands for a letter") || !strings.Contains(seen, "José") || !strings.Contains(text, "山田太郎") {
					t.Error("letters that the fonts do not have: ", seen)
				}
			case "checks":
				if !strings.Contains(text, "240 more checks are not shown here") || !strings.Contains(text, "| fail | signature_invalid") {
					t.Error("what is not shown is not counted, or what failed is not shown")
				}
			case "nested":
				if !strings.Contains(text, "more badges inside it are not shown here") && !strings.Contains(text, "more badge inside it is not shown here") {
					t.Error("what is not shown is not counted")
				}
			case "no such values":
				if strings.Contains(text, "(+)") {
					t.Error("what is not known is shown as good")
				}
			}
		})
	}
}

// TestArgument: a command can be copied as it stands, whatever a file is called.
func TestArgument(t *testing.T) {
	w := writer{Language: wording.English}
	for name, want := range map[string]string{
		"badge.json": "badge.json", "María's badge.png": `'María'\''s badge.png'`, "$(reboot).png": "'$(reboot).png'", "--at": "./--at", "-": "./-",
		"all.zip/one.json": "FILE", "": "FILE", "a\nb": "FILE", "https://a.example/b?c=d&e": "'https://a.example/b?c=d&e'", `a\b`: "FILE", strings.Repeat("a", 400): "FILE",
		"~root": "'~root'", "*": "'*'",
	} {
		if got := w.argument(verifier.Input{Name: name}); got != want {
			t.Errorf("%q: %s, not %s", name, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	measure := func(s string) float64 { return float64(columnsOf(s)) }
	for text, want := range map[string][]string{
		"":                      {""},
		"one":                   {"one"},
		"one two three":         {"one two", "three"},
		"a 12345678901234567 b": {"a", "12345678", "90123456", "7 b"},
		"山田太郎山":                 {"山田太郎", "山"},
		"  a   b  ":             {"a b"},
	} {
		if diff := cmp.Diff(want, wrap(text, 8, measure)); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
	}
	if got := wrap("山山", 1, measure); len(got) < 2 {
		t.Errorf("%q", got)
	}
}

// TestPages renders records as pictures; with LAUREL_PICTURES they are kept in that folder, to be looked at.
func TestPages(t *testing.T) {
	tool, err := exec.LookPath("pdftoppm")
	if err != nil {
		t.Skip("skipped: pdftoppm of poppler-utils is not installed")
	}
	folder := os.Getenv("LAUREL_PICTURES")
	if folder == "" {
		folder = t.TempDir()
	}
	number := regexp.MustCompile(`-(\d+)\.png$`)
	for name, r := range reports(t) {
		_, pdf := one(t, r, wording.Spanish)
		file := filepath.Join(folder, "record-"+name)
		if err := os.WriteFile(file+".pdf", pdf, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(tool, "-r", "60", "-png", file+".pdf", file).CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("%s: %v %s", name, err, out)
		}
		pages, err := filepath.Glob(file + "-*.png")
		if err != nil || len(pages) == 0 || len(pages) > 3 || !number.MatchString(pages[0]) {
			t.Errorf("%s: %v %v", name, pages, err)
		}
	}
}

func BenchmarkPDF(b *testing.B) {
	r := reports(b)["valid"]
	for b.Loop() {
		if _, err := PDF([]*verifier.Report{r}, Options{Made: madeAt}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPDFOf500(b *testing.B) {
	r := reports(b)["valid"]
	all := make([]*verifier.Report, 500)
	for i := range all {
		all[i] = r
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := PDF(all, Options{Made: madeAt}); err != nil {
			b.Fatal(err)
		}
	}
}
