package jsonschema

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestPattern: patterns of ECMA-262 mean here what they mean there.
func TestPattern(t *testing.T) {
	for _, c := range []struct{ pattern, fits, fitsNot string }{
		{`^a.c$`, "abc", "a\nc"},
		{`^a.c$`, "a\x00c", "a\u2028c"},
		{`^a$`, "a", "a\n"},
		{`^\s$`, "\u00a0", "\u180e"},
		{`^\s$`, "\ufeff", "x"},
		{`^\S$`, "\u180e", "\u3000"},
		{`^[\s\S]$`, "\n", ""},
		{`^[^\s]$`, "a", "\u2028"},
		{`^[a\S]$`, "b", " "},
		{`^\d+$`, "09", "٣"},
		{`^\w$`, "_", "ä"},
		{`^\u00e4\x41\cA\0$`, "äA\x01\x00", "a"},
		{`^\u{1F600}$`, "😀", "x"},
		{`^\p{Lu}$`, "Ä", "ä"},
		{`^\P{Lu}$`, "ä", "Ä"},
		{`^\p{Script=Greek}$`, "λ", "l"},
		{`^[[]$`, "[", "]"},
		{`^[[:a]:]$`, "[:]", "a"},
		{`^[\b]$`, "\b", "b"},
		{`\bab\b`, "x ab", "abx"},
		{`^[a\-z]$`, "-", "b"},
		{`^[-a]$`, "-", "b"},
		{`^[\w-]$`, "-", "+"},
		{`^(?:a|b)+?$`, "ab", "c"},
		{`^(?<year>\d{4})$`, "2026", "26"},
		{`^a{2,3}$`, "aaa", "a"},
		{`^\/\.\$\^\*$`, "/.$^*", "x"},
		{`^.$`, "😀", "ab"},
		{`^(([a-z])+.)+[A-Z]([a-z])+$`, "aaAa", strings.Repeat("a", 1000)},
	} {
		p, err := compile(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if !p.MatchString(c.fits) || p.MatchString(c.fitsNot) {
			t.Errorf("%s: %q %v, %q %v", c.pattern, c.fits, p.MatchString(c.fits), c.fitsNot, p.MatchString(c.fitsNot))
		}
	}
}

// TestPatternRefused: what the two languages read differently, or only one of them reads, is not guessed at.
func TestPatternRefused(t *testing.T) {
	for _, pattern := range []string{`(?=a)`, `(?!a)`, `(?<=a)`, `(?<!a)`, `(?i)a`, `(?P<a>b)`, `(?i:a)`, `(a)\1`, `\12`, `\01`, `\Aa`, `a\z`, `a\Z`, `\Qa\E`, `\C`,
		`\a`, `\pL`, `\p{Greek}`, `\p{L`, `\p`, `\x{41}`, `\x4`, `\u004`, `\ud83d`, `\u{110000}`, `\u{}`, `\c1`, `\k<a>`, `\_a\y`, `[]`, `[^]`, `[]a]`, `[\s-x]`, `[a-\s]`,
		`a**`, `(`, `)`, `[a`, `a{1001}`, `\`, `[z-a]`, `(x{1000}){1000}`, strings.Repeat("a", maxPattern+1)} {
		if p, err := compile(pattern); err == nil {
			t.Errorf("%.40s is read as %s", pattern, p.Regexp)
		}
	}
}

// FuzzPattern: what is read here as a pattern means the same to a JavaScript engine, on texts that are made from it. Without
// one, only that there is no fault.
func FuzzPattern(f *testing.F) {
	for _, pattern := range []string{`^a.c$`, `[\s\S]+`, `\u{1F600}|\x41`, `(?:a|b)*?`, `[^\w-]`, `\p{Lu}\P{Script=Greek}`, `[[:a]:]`, `a{2,3}`, `\b\B`} {
		f.Add(pattern, "abc\n")
	}
	node, _ := exec.LookPath("node")
	f.Fuzz(func(t *testing.T, expression, text string) {
		p, err := compile(expression)
		if err != nil {
			return
		}
		got := p.MatchString(text)
		if node == "" || len(expression) > 64 || len(text) > 64 || !utf8.ValidString(expression+text) {
			return
		}
		input, err := json.Marshal([]string{expression, text})
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(node, "-e", `const [p, t] = JSON.parse(process.argv[1]); let r; try { r = new RegExp(p, "u") } catch { r = null };`+
			`console.log(r === null ? "refused" : r.test(t))`, string(input)).Output()
		if err != nil {
			t.Skip("no JavaScript here")
		}
		if answer := strings.TrimSpace(string(out)); answer != "refused" && (answer == "true") != got {
			t.Errorf("%q on %q: %v, and in JavaScript %s", expression, text, got, answer)
		}
	})
}
