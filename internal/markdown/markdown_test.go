package markdown

import (
	"strings"
	"testing"
)

// TestHTML: what people write becomes HTML that cannot do anything.
func TestHTML(t *testing.T) {
	for name, test := range map[string]struct{ source, want string }{
		"emphasis":              {"a **b** _c_", "<p>a <strong>b</strong> <em>c</em></p>\n"},
		"headings begin with 3": {"# a\n\n#### b", "<h3>a</h3>\n<h4>b</h4>\n"},
		"a link":                {"[a](https://a.example/)", `<p><a href="https://a.example/" rel="nofollow noreferrer">a</a></p>` + "\n"},
		"a link to a script":    {"[a](javascript:alert(1))", "<p>a</p>\n"},
		"a link of this site":   {"[a](/console)", "<p>a</p>\n"},
		"raw HTML":              {"a <b onclick=x()>b</b> <script>c</script>", "<p>a b c</p>\n"},
		"a picture":             {"![a](https://a.example/x.png)", "<p></p>\n"},
		"direction marks":       {"a\u202eb", "<p>ab</p>\n"},
		"broken text":           {"a\xffb", "<p>ab</p>\n"},
		"nothing":               {"", ""},
	} {
		if got := string(HTML(test.source)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	if got := HTML(strings.Repeat("a", 2*longest)); len(got) > longest+20 || !strings.HasSuffix(string(got), "…</p>\n") {
		t.Errorf("%d bytes of a long text", len(got))
	}
}

// FuzzHTML: whatever is written, nothing that runs or loads comes of it.
func FuzzHTML(f *testing.F) {
	for _, seed := range []string{"# a", "<script>", "[a](javascript:x)", "![a](b)", "```\n<b>\n```", "<a href='&#106;avascript:x'>", "> - 1. a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		got := strings.ToLower(string(HTML(source)))
		for _, tag := range []string{"<script", "<img", "<iframe", "<style", "<svg", "<object", "<form", "<h1", "<h2", `href="javascript`} {
			if strings.Contains(got, tag) {
				t.Errorf("%q gives %q", source, got)
			}
		}
	})
}
