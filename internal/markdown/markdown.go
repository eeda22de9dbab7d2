// Package markdown sets what people write in Markdown as HTML that is safe on any page: see [HTML].
package markdown

import (
	"bytes"
	"html/template"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"

	"github.com/laurelbadges/laurel/internal/wording"
)

const longest = 64 << 10 // bytes of a text that are set; the rest is left out

// HTML sets a text as HTML without raw HTML, pictures or links other than http, https and mailto. Its headings begin with the third
// level. The sanitiser is the second wall behind goldmark, which leaves raw HTML out by itself; the content policy of a page is the
// third.
func HTML(source string) template.HTML {
	source = strings.ToValidUTF8(source, "")
	if len(source) > longest {
		source = strings.ToValidUTF8(source[:longest], "") + "…"
	}
	source = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && wording.Hidden(r) {
			return -1
		}
		return r
	}, strings.ReplaceAll(source, "\r\n", "\n"))
	setter := setters()
	document := setter.Parser().Parse(text.NewReader([]byte(source)))
	// The text stands below a heading of the second level: its own begin with the third, and none is left out between.
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
	return template.HTML(policy().SanitizeBytes(out.Bytes())) //nolint:gosec // sanitised just here
}

// setters sets Markdown; policy is what its HTML may hold. Both are made once, as making them takes longer than using them.
var setters = sync.OnceValue(func() goldmark.Markdown { return goldmark.New() })

var policy = sync.OnceValue(func() *bluemonday.Policy {
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
