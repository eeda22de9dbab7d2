// Package lookalike tells names that look like one another: [Of] is how a name looks to somebody who does not look closely.
package lookalike

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	folding "golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Foreign are letters of other alphabets, in lower case, that look like Latin ones (UTS 39 section 4).
const Foreign = "\u0430\u0441\u0501\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b\u0455\u051d\u0445\u0443\u043a\u0432\u043c\u043d\u0442\u0433\u0475" + // Cyrillic
	"\u03bf\u03c1\u03bd\u03b9\u03ba\u03c5\u03b1\u03c4\u03c7" + // Greek
	"\u0578\u057d\u0585\u0570\u0581\u0584" // Armenian

// latin are the letters that those of Foreign look like, one for one.
const latin = "acdehijlopqswxykbmhtrv" +
	"opvikuatx" +
	"nuohgp"

// shapes are letters and digits, in lower case, that look like others.
var shapes = sync.OnceValue(func() map[rune]rune {
	all := map[rune]rune{'0': 'o', '1': 'l', 'i': 'l', '|': 'l', '\u0131': 'l', '\u0251': 'a', '\u0261': 'g', '\u2212': '-'}
	like := []rune(latin)
	for i, c := range []rune(Foreign) {
		if all[c] = like[i]; like[i] == 'i' {
			all[c] = 'l'
		}
	}
	return all
})

// Of is how a name looks to somebody who does not look closely, for telling two apart (UTS 39 section 4): without case and spaces, with
// letters and digits of one shape as one. It is no text to show.
func Of(name string) string {
	var shape strings.Builder
	for _, c := range norm.NFKD.String(folding.Fold().String(norm.NFKC.String(name))) {
		if like, known := shapes()[c]; known {
			c = like
		}
		switch {
		case unicode.IsSpace(c), Unseen(c), ShapesBefore(c):
		case unicode.Is(unicode.Pd, c):
			shape.WriteRune('-')
		case unicode.In(c, unicode.Pi, unicode.Pf), c == '`', c == '"':
			shape.WriteRune('\'')
		default:
			shape.WriteRune(c)
		}
	}
	return strings.ReplaceAll(shape.String(), "rn", "m")
}

// Unseen tells characters that show nothing, or change how their neighbours are read. The joiners U+200C and U+200D are none of them:
// Persian, Indic scripts and emoji are spelt with them.
func Unseen(r rune) bool {
	switch {
	case r == '\u200c', r == '\u200d':
		return false
	case r == '\u2028', r == '\u2029', r == utf8.RuneError:
		return true
	case r == '\u034f', r == '\u115f', r == '\u1160', r == '\u17b4', r == '\u17b5', r == '\u2800', r == '\u3164', r == '\uffa0': // blanks that are no spaces
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// ShapesBefore tells characters that only change how the one before them looks.
func ShapesBefore(c rune) bool {
	return c == '\u200c' || c == '\u200d' || unicode.Is(unicode.Variation_Selector, c)
}
