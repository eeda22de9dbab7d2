package record

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"github.com/laurelbadges/laurel/internal/wording"
)

const (
	columns   = 78
	nameWidth = 24 // columns of the names of values
)

// textPrinter sets a record as plain text.
type textPrinter struct{ out bytes.Buffer }

// lines writes a text with these beginnings of the first line and of all others.
func (p *textPrinter) lines(first, other, text string) {
	for i, line := range wrap(text, float64(columns-columnsOf(first)), func(s string) float64 { return float64(columnsOf(s)) }) {
		begin := other
		if i == 0 {
			begin = first
		}
		p.out.WriteString(strings.TrimRight(begin+line, " ") + "\n")
	}
}

func (p *textPrinter) underlined(text, line string) {
	p.lines("", "", text)
	p.out.WriteString(strings.Repeat(line, min(columns, max(1, columnsOf(text)))) + "\n")
}

func (p *textPrinter) title(text, below, _ string) {
	p.underlined(text, "=")
	if below != "" {
		p.lines("", "", below)
	}
}

func (p *textPrinter) chapter(heading string) {
	p.out.WriteString("\n\n" + strings.Repeat("=", columns) + "\n")
	p.lines("", "", heading)
	p.out.WriteString(strings.Repeat("=", columns) + "\n")
}

func (p *textPrinter) section(heading string) {
	p.out.WriteByte('\n')
	p.underlined(heading, "-")
}

// signs stand before a verdict or a finding: words and form differ, not only their colour.
var signs = map[wording.Shape]string{
	wording.ShapeYes: "(+)", wording.ShapeNo: "[X]", wording.ShapeUnknown: "<?>", wording.ShapeNote: "(i)", wording.ShapeNone: " - ",
}

func (p *textPrinter) verdict(v wording.Verdict) {
	p.lines(signs[v.Shape]+" ", "    ", v.Title)
	for _, text := range []string{explanation(v), v.Advice} {
		if text != "" {
			p.lines("    ", "    ", text)
		}
	}
	p.out.WriteByte('\n')
}

// explanation is who signed and why the answer is what it is.
func explanation(v wording.Verdict) string { return strings.TrimSpace(v.Signer + " " + v.Detail) }

func (p *textPrinter) values(all []value) {
	for _, v := range all {
		if v.text == "" {
			continue
		}
		name := v.name + ":"
		if pad := nameWidth - columnsOf(name); pad > 0 && (!v.exact || columnsOf(v.text) <= columns-nameWidth) {
			p.lines(name+strings.Repeat(" ", pad), strings.Repeat(" ", nameWidth), v.text)
			continue
		}
		p.lines("", "", name)
		p.lines("    ", "    ", v.text) // so that a digest or an identifier stands on one line
	}
}

func (p *textPrinter) paragraph(text string) { p.lines("", "", text) }

func (p *textPrinter) found(f wording.Finding, lines ...string) {
	p.lines(signs[f.Shape]+" ", "    ", fmt.Sprintf("%s (%s)", f.Title, f.Word))
	for _, line := range lines {
		if line != "" {
			p.lines("    ", "    ", line)
		}
	}
}

// command is not wrapped at spaces only: it is one line to type, longer than others where it has to be.
func (p *textPrinter) command(text string) { p.out.WriteString("\n    " + text + "\n\n") }

func (p *textPrinter) detail(text string) { p.lines("- ", "  ", text) }

func (p *textPrinter) summary(_ [3]string, all []summaryLine) {
	for _, line := range all {
		number := fmt.Sprintf("%4d  ", line.number)
		p.lines(number+signs[line.answer.Counted()]+" ", "          ", line.name)
		p.lines("          ", "          ", line.answer.Line())
	}
}

// wrap breaks a text into lines that are not wider than width. A word that is wider is broken where the line ends. There is at least
// one line.
func wrap(text string, width float64, measure func(string) float64) []string {
	var lines []string
	line, used, space := "", 0.0, measure(" ")
	for word := range strings.FieldsSeq(text) {
		wide := measure(word)
		if line != "" && used+space+wide <= width {
			line, used = line+" "+word, used+space+wide
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line, used = word, wide
		for used > width {
			head, rest := breakWord(line, width, measure)
			lines = append(lines, head)
			line, used = rest, measure(rest)
		}
	}
	return append(lines, line)
}

// breakWord cuts off the beginning of a word that fits, at least one character.
func breakWord(word string, width float64, measure func(string) float64) (head, rest string) {
	used, after := 0.0, 0
	for i, r := range word {
		if used += measure(string(r)); used > width && i > 0 {
			break
		}
		after = i + len(string(r))
	}
	return word[:after], word[after:]
}

// columnsOf counts the columns of a text: none for marks that stand on the letter before, two for the wide letters of East Asia and
// for pictures.
func columnsOf(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff,
			r >= 0xfe30 && r <= 0xfe6f, r >= 0xff01 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
			n += 2
		default:
			n++
		}
	}
	return n
}
