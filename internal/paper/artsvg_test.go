package paper

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/credential"
)

// lettering is what a drawn badge says.
type lettering struct {
	spoken, language string
	lines            []string // title, then kind
	size             float64  // of the title
	rtl              []bool   // of each line
}

// permitted are the only elements and attributes of the art. None of them can run, load or refer to anything.
var permitted = map[string][]string{
	"svg":    {"xmlns", "width", "height", "viewBox", "role", "lang", "x", "y", "overflow", "font-family", "font-weight", "text-anchor"},
	"title":  nil,
	"g":      {"transform", "fill", "stroke", "font-size", "letter-spacing"},
	"path":   {"d", "fill", "stroke-width", "stroke-linecap"},
	"circle": {"r", "cy", "fill", "stroke", "stroke-width"},
	"text":   {"y", "direction", "unicode-bidi"},
}

// read draws the art, checks that it is harmless, and reads it.
func read(t fataler, a Art) lettering {
	picture, err := ArtSVG(a)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ArtSVG(a); err != nil || !bytes.Equal(picture, again) {
		t.Fatalf("two drawings differ (%v)", err)
	}
	if len(picture) > 20_000 {
		t.Fatalf("the picture has %d bytes", len(picture))
	}
	if !utf8.Valid(picture) {
		t.Fatal("the picture is not UTF-8")
	}
	var l lettering
	var open []string
	for decoder := xml.NewDecoder(bytes.NewReader(picture)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return l
		}
		if err != nil {
			t.Fatalf("%v in %s", err, picture)
		}
		switch token := token.(type) {
		case xml.StartElement:
			allowed, known := permitted[token.Name.Local]
			if !known || token.Name.Space != "http://www.w3.org/2000/svg" {
				t.Fatalf("element %v", token.Name)
			}
			open = append(open, token.Name.Local)
			rtl := false
			for _, attribute := range token.Attr {
				name, value := attribute.Name.Local, attribute.Value
				if !slices.Contains(allowed, name) || name != "xmlns" && strings.ContainsAny(value, "/<") || strings.Contains(value, "url") {
					t.Fatalf("attribute %s %s=%q", token.Name.Local, name, value)
				}
				switch name {
				case "lang":
					l.language = value
				case "font-size":
					if l.size == 0 {
						l.size, err = strconv.ParseFloat(value, 64)
						if err != nil {
							t.Fatal(err)
						}
					}
				case "direction":
					rtl = value == "rtl"
				}
			}
			if token.Name.Local == "text" {
				l.lines, l.rtl = append(l.lines, ""), append(l.rtl, rtl)
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			switch text := string(token); open[len(open)-1] {
			case "title":
				l.spoken += text
			case "text":
				l.lines[len(l.lines)-1] += text
			default:
				t.Fatalf("text %q in %v", text, open)
			}
		default:
			t.Fatalf("%T in the picture", token)
		}
	}
}

func TestArtSVG(t *testing.T) {
	for name, c := range map[string]struct {
		art   Art
		lines []string
		least float64 // size of the title
	}{
		"short":        {Art{Title: "Feedback", Kind: "Micro-credential"}, []string{"Feedback", "MICRO-CREDENTIAL"}, 50},
		"three lines":  {Art{Title: "Feedback that moves learning forward", Kind: "Badge"}, []string{"Feedback that", "moves learning", "forward", "BADGE"}, 32},
		"without kind": {Art{Title: "Feedback"}, []string{"Feedback"}, 50},
		"long": {Art{Title: "Professional Development in Inclusive and Culturally Responsive Pedagogy for Secondary Educators", Kind: "Certificate"},
			[]string{"Professional", "Development in Inclusive", "and Culturally Responsive", "Pedagogy for Secondary", "Educators", "CERTIFICATE"}, 22},
		"one long word":         {Art{Title: "Donaudampfschifffahrtsgesellschaftskapitän"}, []string{"Donau-", "dampfschiff-", "fahrtsge-", "sellschafts-", "kapitän"}, 30},
		"soft hyphen":           {Art{Title: "Unter\u00adrichts\u00adentwicklung und Qualitäts\u00adsicherung"}, []string{"Unterrichts-", "entwicklung", "und Qualitäts-", "sicherung"}, 30},
		"Arabic":                {Art{Title: "التعليم القائم على الأدلة", Kind: "شهادة مصغرة", Language: "ar"}, []string{"التعليم", "القائم على", "الأدلة", "شهادة مصغرة"}, 36},
		"Chinese":               {Art{Title: "基于证据的小组教学设计", Kind: "微证书", Language: "zh-Hans"}, []string{"基于证据", "的小组教", "学设计", "微证书"}, 44},
		"Japanese, punctuation": {Art{Title: "「授業」づくり、その一歩先へすすもう。"}, []string{"「授業」づく", "り、その一歩先", "へすすもう。"}, 36},
		"emoji":                 {Art{Title: "Storytelling 👩🏽‍🏫🇦🇹"}, []string{"Storytelling", "👩🏽‍🏫🇦🇹"}, 40},
		"too long": {Art{Title: strings.Repeat("x", 400), Kind: strings.Repeat("y", 400)},
			[]string{strings.Repeat("x", 23), strings.Repeat("x", 24), strings.Repeat("x", 24), strings.Repeat("x", 24), strings.Repeat("x", 21) + "…", strings.Repeat("Y", 25) + "…"}, 20},
		"nothing":                {Art{}, nil, 0},
		"nothing that shows":     {Art{Title: "\u200b \u202e\u00ad", Kind: "Badge"}, nil, 0},
		"markup":                 {Art{Title: `</text><script>a("b")</script>&amp;`, Kind: `"><a href='x'>`}, []string{"</", `text><script>a("b")</`, "script>&amp;", `"><A HREF='X'>`}, 24},
		"controls and overrides": {Art{Title: "Ba\u202edge\u2066\x00\x1b\ue000\ufffe\u200f of\n\tmerit\xff"}, []string{"Badge of", "merit"}, 50},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, c.art)
			if diff := cmp.Diff(c.lines, got.lines); diff != "" {
				t.Error(diff)
			}
			if got.size < c.least {
				t.Errorf("size %v, want %v at least", got.size, c.least)
			}
			if got.language != c.art.Language {
				t.Errorf("language %q", got.language)
			}
		})
	}
	for art, want := range map[Art]string{
		{}:                                  "Badge",
		{Kind: "Badge"}:                     "Badge",
		{Title: "A <b>"}:                    "A <b>",
		{Title: "A\u202e", Kind: "Prize"}:   "A, Prize",
		{Title: strings.Repeat("é", 1<<20)}: strings.Repeat("é", 299) + "…",
	} {
		if got := read(t, art).spoken; got != want {
			t.Errorf("%.20q: a screen reader says %.40q", art.Title, got)
		}
	}
	for _, tag := range []string{`en" onload="a()`, "e", "de_AT", "-", "en-"} {
		if got := read(t, Art{Title: "A", Language: tag}); got.language != "" {
			t.Errorf("language %q is taken", got.language)
		}
	}
}

func TestArtDirection(t *testing.T) {
	for title, want := range map[string]bool{
		"Feedback": false, "שיעור": true, "التعليم (AI)": true, "AI في التعليم": false, "123 שיעור": true, "12": false, "ߒߞߏ": true, "基于": false,
	} {
		for _, rtl := range read(t, Art{Title: title}).rtl {
			if rtl != want {
				t.Errorf("%s: right to left is %v", title, rtl)
			}
		}
	}
}

func TestArtOf(t *testing.T) {
	for term, want := range map[string]string{
		"MicroCredential": "Micro-credential", "Badge": "Badge", "ResearchDoctorate": "Research doctorate", "ext:LicenseRenewal": "License renewal", "": "",
	} {
		got := ArtOf(credential.Achievement{Name: "Reading", AchievementType: term, InLanguage: "de-AT"})
		if want := (Art{"Reading", want, "de-AT"}); got != want {
			t.Errorf("%s: %v", term, got)
		}
	}
}

// TestArtHostile: whatever a title holds, the picture is harmless, small and quick, says nothing that was not there, and its
// lines stay on the disc as far as widths can be told.
func TestArtHostile(t *testing.T) {
	hostile := rapid.OneOf(
		rapid.String(),
		rapid.StringOf(rapid.RuneFrom([]rune("a-W 基。「เก้\u0301\u200d\u200c\u00ad\u202e\u2067👩🏽🇦ﷺ<&\"ا ा"))),
		rapid.StringOfN(rapid.Rune(), 200, 2000, -1),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
	rapid.Check(t, func(t *rapid.T) {
		art := Art{Title: hostile.Draw(t, "title"), Kind: hostile.Draw(t, "kind"), Language: rapid.String().Draw(t, "language")}
		got := read(t, art)
		for _, text := range append(got.lines, got.spoken) {
			for _, r := range text {
				if r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Co) || unicode.Is(unicode.Bidi_Control, r) {
					t.Fatalf("%U is in the picture", r)
				}
			}
		}
		if len(got.lines) > 6 {
			t.Fatalf("%d lines", len(got.lines))
		}
		given := legible(art.Title)
		room := area{top: -82, bottom: 88, radius: 149, lines: 5, largest: 64, smallest: 20}
		for _, line := range room.set(given).lines {
			if math.Abs(line.baseline) > 88 {
				t.Fatalf("a line at %v", line.baseline)
			}
			given = after(given, line.text)
		}
	})
}

// after is what is left of the text after a line of it, of which marks may be missing.
func after(text, line string) string {
	if cut := strings.TrimRight(line, "…-"); cut != "" {
		for _, r := range cut {
			at := strings.IndexRune(text, r)
			if at < 0 {
				panic("the line " + strconv.Quote(line) + " is not in the text")
			}
			text = text[at+utf8.RuneLen(r):]
		}
	}
	return text
}

func TestArtTime(t *testing.T) {
	for _, title := range []string{strings.Repeat("a b ", 1<<20), strings.Repeat("e\u0301\u0301", 1<<20), strings.Repeat("👩\u200d", 1<<20), strings.Repeat("\u202e", 1<<20)} {
		began := time.Now()
		if _, err := ArtSVG(Art{Title: title, Kind: title}); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("%.10q: %v", title, took)
		}
	}
}
