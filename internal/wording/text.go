package wording

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf16"
)

const (
	maxName  = 300   // characters of a name
	maxProse = 20000 // characters of a description
)

// Hidden tells characters that show nothing but change how their neighbours are read: controls, direction marks and overrides,
// zero-width spaces. The joiners U+200C and U+200D are none of them: Persian, Indic scripts and emoji are spelt with them.
func Hidden(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u00ad', r == '\u061c', r == '\ufeff', r == unicode.ReplacementChar:
		return true
	case r == '\u200b', r == '\u200e', r == '\u200f', r == '\u2028', r == '\u2029':
		return true
	case r >= '\u202a' && r <= '\u202e', r >= '\u2060' && r <= '\u206f', r >= '\U000e0000' && r <= '\U000e007f':
		return true
	}
	return false
}

// Plain makes a name or another short text of somebody else safe to show, on a page and in a terminal: like [Prose], and cut where
// it is longer than a name can be.
func Plain(s string) string { return Cut(Prose(s), maxName) }

// Prose makes a longer text of somebody else safe to show: one line of valid UTF-8 without hidden characters, of at most 20,000
// characters.
func Prose(s string) string {
	if most := 4 * (maxProse + maxName); len(s) > 4*most {
		s = s[:4*most] // no more is read than can be shown, white space and all
	}
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	return Cut(strings.Map(func(r rune) rune {
		if Hidden(r) {
			return -1
		}
		return r
	}, s), maxProse)
}

// Cut shortens a text to at most so many characters and marks the cut.
func Cut(s string, limit int) string {
	count := 0
	for i := range s {
		if count++; count > limit {
			return s[:i] + "…"
		}
	}
	return s
}

// First is the first text that is not empty, as [Plain] shows it.
func First(texts ...string) string {
	for _, t := range texts {
		if t = Plain(t); t != "" {
			return t
		}
	}
	return ""
}

// Visible writes the hidden characters in a JSON text as escapes, so that it means the same and cannot change how it is read.
func Visible(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || !Hidden(r):
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}

// Host is the host that an https address or a did:web names, "" when it names none: people know hosts, and a name alone can be
// anybody's.
func Host(id string) string {
	if rest, ok := strings.CutPrefix(id, "did:web:"); ok {
		name, _, _ := strings.Cut(rest, ":")
		name, _, _ = strings.Cut(name, "#")
		name, err := url.PathUnescape(name) // a port is written %3A (did:web method, section 3.1)
		if err != nil {
			return ""
		}
		return Plain(name)
	}
	u, err := url.Parse(id)
	if err != nil {
		return ""
	}
	return Plain(u.Host)
}
