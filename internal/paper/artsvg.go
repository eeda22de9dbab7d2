package paper

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image/color"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/laurelbadges/laurel/credential"
)

// Art is what the picture of a badge says. Without a title it is the picture of [ArtPNG].
type Art struct {
	Title    string // name of the achievement, in any script
	Kind     string // what kind of achievement it is, in words: "Micro-credential"; optional
	Language string // BCP 47 tag of the two; optional, and passed over when it is none
}

// ArtOf takes what the picture says from an achievement: its name, and its achievementType (Open Badges 3.0 appendix B.2)
// in words.
func ArtOf(a credential.Achievement) Art {
	return Art{Title: a.Name, Kind: kindWords(a.AchievementType), Language: a.InLanguage}
}

// kindWords turns MicroCredential, ResearchDoctorate, ext:LicenseRenewal into words.
func kindWords(term string) string {
	term = strings.TrimPrefix(term, "ext:")
	if term == "MicroCredential" {
		return "Micro-credential"
	}
	var words strings.Builder
	for i, r := range term {
		if i > 0 && unicode.IsUpper(r) {
			words.WriteByte(' ')
			r = unicode.ToLower(r)
		}
		words.WriteRune(r)
	}
	return words.String()
}

// language is a language tag by its form (RFC 5646 section 2.1).
var language = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// ArtSVG draws the picture of a badge with its title: the wreath and the disc of [ArtPNG], a small star, up to five lines of
// title and the kind in capitals, 512 units wide on a transparent ground. Long titles get smaller letters, and are cut where
// those would be too small to read; the title that a screen reader speaks is whole, up to 300 characters. Characters that
// show nothing but change how others are read are left out.
//
// The picture holds no script, style, link or reference, and names common faces of which a viewer takes one that it has.
func ArtSVG(a Art) ([]byte, error) {
	title, kind := legible(a.Title), legible(a.Kind)
	var out bytes.Buffer
	const corner = -artSide / 2
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[1]d" viewBox="%[2]d %[2]d %[1]d %[1]d" role="img"`, artSide, corner)
	if language.MatchString(a.Language) {
		fmt.Fprintf(&out, ` xml:lang="%s"`, a.Language)
	}
	out.WriteString("><title>")
	if err := xml.EscapeText(&out, []byte(spoken(title, kind))); err != nil {
		return nil, fmt.Errorf("drawing the badge art: %w", err)
	}
	out.WriteString("</title>")
	writeBranch(&out, "")
	writeBranch(&out, ` transform="scale(-1 1)"`)
	fmt.Fprintf(&out, `<circle r="%s" fill="%s"/>`, number(discRadius), hex(ink))
	fmt.Fprintf(&out, `<circle r="%s" fill="none" stroke="%s" stroke-width="%s"/>`, number(ringRadius), hex(goldLight), number(ringWidth))
	fmt.Fprintf(&out, `<circle cy="%s" r="6" fill="%s" stroke="%s" stroke-width="3"/>`, number(knot.y), hex(goldLight), hex(gold))
	if title == "" {
		writeStar(&out, 0, starOuter)
	} else {
		writeStar(&out, starAbove, starSmall)
		if err := writeLettering(&out, title, kind); err != nil {
			return nil, fmt.Errorf("drawing the badge art: %w", err)
		}
	}
	out.WriteString("</svg>")
	return out.Bytes(), nil
}

func spoken(title, kind string) string {
	switch {
	case title == "" && kind == "":
		return "Badge"
	case title == "":
		return kind
	case kind == "":
		return title
	}
	return title + ", " + kind
}

// writeBranch writes the right half of the wreath.
func writeBranch(out *bytes.Buffer, attribute string) {
	var whole, lit bytes.Buffer
	for _, l := range branch() {
		base, tip, radius := place(l.base), place(l.tip()), number(l.radius())
		fmt.Fprintf(&whole, "M%sA%s %s 0 0 1 %sA%s %s 0 0 1 %sZ", base, radius, radius, tip, radius, radius, base)
		fmt.Fprintf(&lit, "M%sA%s %s 0 0 1 %sZ", base, radius, radius, tip)
	}
	stem := fmt.Sprintf("M%sA%s %s 0 0 0 %s", place(onCircle(stemRadius, 0)), number(stemRadius), number(stemRadius), place(onCircle(stemRadius, stemEnd)))
	fmt.Fprintf(out, `<g%s><path d="%s" fill="%s"/><path d="%s" fill="%s"/>`, attribute, &whole, hex(laurel), &lit, hex(laurelLight))
	fmt.Fprintf(out, `<g fill="none" stroke="%s"><path d="%s" stroke-width="%s"/>`, hex(laurel), stem, number(stemWidth))
	fmt.Fprintf(out, `<path d="M%sL%s" stroke-width="%s" stroke-linecap="round"/></g></g>`, place(cutFrom), place(cutDown), number(cutWidth))
}

// writeStar writes a star with its centre so far below that of the art.
func writeStar(out *bytes.Buffer, below, outer float64) {
	shaded, lit := star(outer, outer*starInner/starOuter)
	for _, half := range []struct {
		triangles [][3]point
		tone      color.NRGBA
	}{{shaded, gold}, {lit, goldLight}} {
		out.WriteString(`<path d="`)
		for _, corners := range half.triangles {
			for i, p := range corners {
				fmt.Fprintf(out, "%c%s", "MLL"[i], place(p.plus(point{0, below})))
			}
			out.WriteByte('Z')
		}
		fmt.Fprintf(out, `" fill="%s"/>`, hex(half.tone))
	}
}

// writeLettering writes title and kind, in a picture of its own: letters that are wider than was thought end inside the ring.
func writeLettering(out *bytes.Buffer, title, kind string) error {
	fmt.Fprintf(out, `<svg x="%[1]s" y="%[1]s" width="%[2]s" height="%[2]s" viewBox="%[1]s %[1]s %[2]s %[2]s" overflow="hidden"`, number(-ringRadius), number(2*ringRadius))
	out.WriteString(` font-family="'Iowan Old Style',Palatino,Georgia,serif" font-weight="600" text-anchor="middle">`)
	upper, lower, kind := placesOf(kind)
	for _, text := range []struct {
		setting
		tracking float64
		tone     color.NRGBA
		rtl      bool
	}{{upper.set(title), 0, cream, rightToLeft(title)}, {lower.set(kind), lower.tracking, goldLight, rightToLeft(kind)}} {
		fmt.Fprintf(out, `<g fill="%s" font-size="%s"`, hex(text.tone), number(text.size))
		if text.tracking > 0 {
			fmt.Fprintf(out, ` letter-spacing="%s"`, number(text.tracking*text.size))
		}
		out.WriteByte('>')
		for _, line := range text.lines {
			fmt.Fprintf(out, `<text y="%s"`, number(line.baseline))
			if text.rtl {
				out.WriteString(` direction="rtl" unicode-bidi="embed"`)
			}
			out.WriteByte('>')
			if err := xml.EscapeText(out, []byte(line.text)); err != nil {
				return err
			}
			out.WriteString("</text>")
		}
		out.WriteString("</g>")
	}
	out.WriteString("</svg>")
	return nil
}

// placesOf tells where the title and the kind stand on the disc, and gives the kind as it is written there.
func placesOf(kind string) (upper, lower area, written string) {
	const clear = ringRadius - 12 // radius of the disc that text keeps to
	upper = area{top: -82, bottom: 88, radius: clear, lines: 5, largest: 64, smallest: 20}
	lower = area{top: 94, bottom: 119, radius: clear, lines: 1, largest: 20, smallest: 9}
	if kind == "" {
		upper.bottom = 112
	}
	if alphabetic(kind) {
		kind, lower.tracking = strings.ToUpper(kind), 0.1 // cursive scripts would be torn apart
	}
	return upper, lower, kind
}

// legible takes out of a text what shows nothing but changes how the rest is read: controls, direction marks and overrides,
// private characters. Joiners and places where a word may be divided stay. Of a longer text the first 300 characters are left.
func legible(text string) string {
	kept := strings.Map(func(r rune) rune {
		switch {
		case r == '\u200b', r == '\u200c', r == '\u200d', r == '\u00ad':
			return r
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar, unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Noncharacter_Code_Point):
			return -1
		}
		return r
	}, text[:min(len(text), longestInput)])
	kept = strings.Join(strings.Fields(kept), " ")
	if runes := []rune(kept); len(runes) > longestText {
		kept = string(runes[:longestText-1]) + "…"
	}
	if strings.Trim(kept, " \u200b\u200c\u200d\u00ad") == "" {
		return ""
	}
	return kept
}

// rightToLeft tells whether the first letter that has a direction goes to the left (UAX #9, rules P2 and P3).
func rightToLeft(text string) bool {
	for _, r := range text {
		if unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Samaritan, unicode.Mandaic,
			unicode.Adlam, unicode.Hanifi_Rohingya, unicode.Mende_Kikakui) {
			return true
		}
		if unicode.IsLetter(r) {
			return false
		}
	}
	return false
}

// alphabetic tells text of the scripts that have capitals and can be set with space between letters.
func alphabetic(text string) bool {
	for _, r := range text {
		if unicode.IsLetter(r) && !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian) {
			return false
		}
	}
	return true
}

func hex(tone color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", tone.R, tone.G, tone.B) }

func place(p point) string { return number(p.x) + " " + number(p.y) }

// number writes a measure with one decimal at most.
func number(f float64) string {
	text := strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
	if text == "-0" {
		return "0"
	}
	return text
}
