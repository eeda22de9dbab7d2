package typeset

import (
	"strings"
	"unicode/utf8"
)

// Measured is a text whose letters were measured once, to be broken into lines of any width in any size. Lines end at spaces and
// after hyphens; a word that is wider than a line is broken where the line ends.
type Measured struct {
	pieces []piece
	widest float64 // of the pieces, in ems
	space  float64
}

// piece is what is not divided unless it is wider than a line.
type piece struct {
	text         string
	starts, ends []float64 // of its letters, in ems from its beginning
	space        bool      // one goes before it
}

func (p piece) width() float64 { return p.ends[len(p.ends)-1] }

// Measure measures a text, with space between its letters in ems.
func (f Face) Measure(text string, tracking float64) Measured {
	m := Measured{space: f.Width(" ", 1) + 2*tracking}
	for word := range strings.FieldsSeq(text) {
		space := len(m.pieces) > 0
		for _, part := range parts(word) {
			glyphs, _ := f.Glyphs(part, 1, tracking)
			p := piece{text: part, space: space}
			for _, g := range glyphs {
				p.starts, p.ends = append(p.starts, g.At), append(p.ends, g.End)
			}
			if !space && len(m.pieces) > 0 { // it goes on behind a hyphen
				for i := range p.ends {
					p.starts[i] += tracking
					p.ends[i] += tracking
				}
			}
			m.pieces, m.widest, space = append(m.pieces, p), max(m.widest, p.width()), false
		}
	}
	return m
}

// Unbroken says that no word is wider than a line.
func (m Measured) Unbroken(size, width float64) bool { return m.widest*size <= width }

// Lines breaks the text. An empty one has no line.
func (m Measured) Lines(size, width float64) []string {
	const rounding = 1e-9
	limit := width/size + rounding
	var lines []string
	var line strings.Builder
	used := 0.0
	end := func() {
		lines = append(lines, line.String())
		line.Reset()
		used = 0
	}
	for _, p := range m.pieces {
		if line.Len() > 0 {
			before := 0.0
			if p.space {
				before = m.space
			}
			if used+before+p.width() <= limit {
				if p.space {
					line.WriteByte(' ')
				}
				line.WriteString(p.text)
				used += before + p.width()
				continue
			}
			end()
		}
		text, begin := p.text, 0.0
		for i, at := range p.ends {
			_, letter := utf8.DecodeRuneInString(text)
			if at-begin > limit && line.Len() > 0 {
				end()
				begin = p.starts[i]
			}
			line.WriteString(text[:letter])
			text, used = text[letter:], at-begin
		}
	}
	if line.Len() > 0 {
		end()
	}
	return lines
}

// Even breaks the text into as many lines as [Measured.Lines] does, of about the same length.
func (m Measured) Even(size, width float64) []string {
	lines := m.Lines(size, width)
	if len(lines) < 2 {
		return lines
	}
	for share := 0.5; share < 1; share += 0.05 {
		if even := m.Lines(size, width*share); len(even) == len(lines) && m.Unbroken(size, width*share) {
			return even
		}
	}
	return lines
}

// Cut is the beginning of the text that needs no more than so many lines, with an ellipsis where anything is left out.
func (m Measured) Cut(size, width float64, lines int) []string {
	all := m.Lines(size, width)
	if len(all) <= lines {
		return all
	}
	const ellipsis = 1.1 // ems, at most
	all = m.Lines(size, width-ellipsis*size)[:lines]
	all[lines-1] = strings.TrimRight(all[lines-1], " ,;:.-") + "…"
	return all
}

// parts divides a word where a line may end inside it: behind hyphens, with two letters at least on either side.
func parts(word string) []string {
	var all []string
	begin := 0
	for i := range len(word) {
		if word[i] == '-' && i-begin >= 2 && len(word)-i > 2 {
			all, begin = append(all, word[begin:i+1]), i+1
		}
	}
	return append(all, word[begin:])
}
