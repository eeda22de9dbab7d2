package web

import (
	"bytes"
	"html/template"
	"net/url"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"github.com/laurelbadges/laurel/internal/wording"
)

const maxMarkdown = 64 * 1024 // bytes of a narrative that a page sets as Markdown

// markdown sets a narrative as HTML without raw HTML, pictures or links other than http, https and mailto. The
// sanitiser is the second wall behind goldmark, which leaves raw HTML out by itself; the content policy is the third.
func markdown(source string) template.HTML {
	source = strings.ToValidUTF8(source, "")
	if len(source) > maxMarkdown {
		source = strings.ToValidUTF8(source[:maxMarkdown], "") + "…"
	}
	source = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && wording.Hidden(r) {
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
