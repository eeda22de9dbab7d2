package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"github.com/laurelbadges/laurel/verifier"
)

const (
	maxName     = 300       // characters of a name that a page shows
	maxProse    = 20000     // characters of a description that a page shows
	maxMarkdown = 64 * 1024 // bytes of a narrative that a page sets as Markdown
)

// hidden tells characters that show nothing but change how their neighbours are read: controls, direction marks and
// overrides, zero-width spaces. The joiners U+200C and U+200D stay: Persian, Indic scripts and emoji are spelt with them.
func hidden(r rune) bool {
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

// visible writes the hidden characters in a JSON text as escapes, so that it means the same and cannot change how it is read.
func visible(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || !hidden(r):
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

// plain makes a name or another short text from a credential safe to show: like prose, and cut where it is longer than
// a name can be.
func plain(s string) string {
	return cut(prose(s), maxName)
}

// prose makes a longer text from a credential safe to show: hidden characters go, line breaks become spaces.
func prose(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	return cut(strings.Map(func(r rune) rune {
		if hidden(r) {
			return -1
		}
		return r
	}, s), maxProse)
}

// cut shortens a text to at most so many characters and marks the cut.
func cut(s string, limit int) string {
	count := 0
	for i := range s {
		if count++; count > limit {
			return s[:i] + "…"
		}
	}
	return s
}

// first is the first text that is not empty, as plain shows it.
func first(texts ...string) string {
	for _, t := range texts {
		if t = plain(t); t != "" {
			return t
		}
	}
	return ""
}

// markdown sets a narrative as HTML without raw HTML, pictures or links other than http, https and mailto. The
// sanitiser is the second wall behind goldmark, which leaves raw HTML out by itself; the content policy is the third.
func markdown(source string) template.HTML {
	source = strings.ToValidUTF8(source, "")
	if len(source) > maxMarkdown {
		source = strings.ToValidUTF8(source[:maxMarkdown], "") + "…"
	}
	source = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && hidden(r) {
			return -1
		}
		return r
	}, strings.ReplaceAll(source, "\r\n", "\n"))
	setter := narratives()
	document := setter.Parser().Parse(text.NewReader([]byte(source)))
	// A narrative stands below a heading of the second level: its own begin with the third, and none is left out between.
	last := 2
	_ = ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if heading, ok := node.(*ast.Heading); ok && entering {
			heading.Level = min(heading.Level+2, last+1, 6)
			last = heading.Level
		}
		return ast.WalkContinue, nil
	})
	var out bytes.Buffer
	if err := setter.Renderer().Render(&out, []byte(source), document); err != nil {
		return template.HTML(template.HTMLEscapeString(source))
	}
	return template.HTML(narrativePolicy().SanitizeBytes(out.Bytes())) //nolint:gosec // sanitised just here
}

// narratives sets Markdown; narrativePolicy is what its HTML may hold. Both are made once, as making them takes longer than
// using them.
var narratives = sync.OnceValue(func() goldmark.Markdown { return goldmark.New() })

var narrativePolicy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "h3", "h4", "h5", "h6")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return p
})

// webLink is the address when it is one that a page may link to: absolute, http or https. Else it is "".
func webLink(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return u.String()
}

// host is the host that an https address or a did:web names, "" when it names none: people know hosts, and a name alone
// can be anybody's.
func host(id string) string {
	if rest, ok := strings.CutPrefix(id, "did:web:"); ok {
		name, _, _ := strings.Cut(rest, ":")
		name, err := url.PathUnescape(name) // a port is written %3A (did:web method, section 3.1)
		if err != nil {
			return ""
		}
		return plain(name)
	}
	u, err := url.Parse(id)
	if err != nil {
		return ""
	}
	return plain(u.Host)
}

// moment is an instant as a page shows it: words for people and the machine-readable form for <time>.
type moment struct {
	Words   string
	Machine string // RFC 3339, or "" when the text was no date
}

// instant writes the day and the time in UTC.
func instant(t time.Time) moment {
	t = t.UTC()
	return moment{Words: t.Format("2 January 2006, 15:04 UTC"), Machine: t.Format(time.RFC3339)}
}

// day writes the day in UTC.
func day(t time.Time) moment {
	t = t.UTC()
	return moment{Words: t.Format("2 January 2006"), Machine: t.Format(time.RFC3339)}
}

// signedDate writes a date as it was signed: the day, with the time where the day does not begin then. A text that is no
// RFC 3339 date stays as it is.
func signedDate(s string) moment {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return moment{Words: plain(s)}
	}
	if h, m, sec := t.UTC().Clock(); h == 0 && m == 0 && sec == 0 {
		return day(t)
	}
	return instant(t)
}

// age says how long before the report a fact was read.
func age(read *time.Time, asOf time.Time) string {
	if read == nil || read.IsZero() {
		return ""
	}
	d := asOf.Sub(*read)
	switch {
	case d < time.Minute:
		return "read just now"
	case d < time.Hour:
		return "read " + counted(int(d.Minutes()), "minute") + " earlier"
	case d < 48*time.Hour:
		return "read " + counted(int(d.Hours()), "hour") + " earlier"
	}
	return counted(int(d.Hours()/24), "day") + " old"
}

func counted(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// kindWords names what was read.
func kindWords(input verifier.Input) string {
	switch input.Kind {
	case "json":
		return "a JSON file"
	case "jwt":
		return "a signed token (JWT)"
	case "png":
		return "a PNG picture"
	case "svg":
		return "an SVG picture"
	case "pdf":
		return "a PDF document"
	case "qr":
		return "a QR code"
	case "url":
		return "a link"
	}
	return "a file"
}
