package paper

import (
	"math"
	"strings"
	"unicode"
)

// A cluster is what a reader takes for one character: it is never split (after UAX #29, for the scripts of titles).
type cluster struct {
	text  string
	width float64 // an estimate, in ems
	after lineEnd
}

// lineEnd says whether a line may end after a cluster.
type lineEnd int

const (
	never      lineEnd = iota
	bare               // as it is
	hyphenated         // with a hyphen
	space              // the cluster is a space, which goes
)

// area is where text is set: between two heights of a disc around the origin.
type area struct {
	top, bottom, radius float64
	lines               int // at most
	largest, smallest   float64
	tracking            float64 // ems between characters
}

// setting is text that was fitted into an area.
type setting struct {
	size  float64
	lines []setLine
}

type setLine struct {
	text     string
	baseline float64
}

const (
	lead          = 1.14 // distance of baselines, in ems
	above, below  = 0.80, 0.24
	widestWord    = 11.0     // ems; a longer one may be divided
	longestText   = 300      // characters that are left of a title
	longestInput  = 16 << 10 // bytes of a title that are looked at
	marksInARow   = 4
	fewLines      = 3
	largeEnough   = 32.0 // units: the letters of a picture of 96 pixels can be read
	longestEmoji  = 12   // characters in one
	emojiWidth    = 1.3
	wideWidth     = 1.05
	ellipsisWidth = 0.9
	hyphenWidth   = 0.4
)

// set fits text into the area as large as it goes, in as few lines as that takes. Text for which even the smallest letters
// are too large is cut, with an ellipsis.
func (a area) set(text string) setting {
	clusters := clustersOf(text, a.tracking)
	if len(clusters) == 0 {
		return setting{}
	}
	few := a // larger letters are not worth a fourth line as long as they are large enough
	few.lines, few.smallest = min(a.lines, fewLines), max(a.smallest, largeEnough)
	for _, room := range []area{few, a} {
		if lines, size := room.fit(clusters); lines != nil {
			return a.place(size, lines)
		}
	}
	for i := range clusters {
		if clusters[i].after == never {
			clusters[i].after = bare
		}
	}
	limits, _ := a.limits(a.smallest, a.lines)
	limits[len(limits)-1] -= ellipsisWidth
	lines, _ := wrap(clusters, limits, 1)
	if len(lines) == 0 {
		return setting{}
	}
	lines[len(lines)-1] = strings.TrimSuffix(lines[len(lines)-1], "…") + "…"
	return a.place(a.smallest, lines)
}

// fit finds the largest letters for which there is room; no lines where there is none.
func (a area) fit(clusters []cluster) (lines []string, size float64) {
	for size := a.largest; size >= a.smallest; size-- {
		for n := 1; n <= a.lines; n++ {
			limits, fits := a.limits(size, n)
			if !fits {
				break
			}
			lines, rest := wrap(clusters, limits, 1)
			if len(rest) > 0 {
				continue
			}
			for share := 0.5; share < 1; share += 0.05 { // lines of about one length
				if even, rest := wrap(clusters, limits, share); len(rest) == 0 {
					lines = even
					break
				}
			}
			return lines, size
		}
	}
	return nil, 0
}

// baseline is where line i of n stands.
func (a area) baseline(size float64, i, n int) float64 {
	return (a.top+a.bottom)/2 + size*(lead*(float64(i)-float64(n-1)/2)+(above-below)/2)
}

// limits are the widths of n lines in ems, as the disc allows, and whether there is room for them.
func (a area) limits(size float64, n int) ([]float64, bool) {
	limits := make([]float64, n)
	for i := range limits {
		y := a.baseline(size, i, n)
		far := max(math.Abs(y-above*size), math.Abs(y+below*size))
		limits[i] = 2 * math.Sqrt(max(0, a.radius*a.radius-far*far)) / size
	}
	return limits, size*(lead*float64(n-1)+above+below) <= a.bottom-a.top
}

func (a area) place(size float64, lines []string) setting {
	s := setting{size: size}
	for i, line := range lines {
		s.lines = append(s.lines, setLine{line, a.baseline(size, i, len(lines))})
	}
	return s
}

// wrap fills each line up to a share of its limit, and returns what found no room.
func wrap(text []cluster, limits []float64, share float64) (lines []string, rest []cluster) {
	for _, limit := range limits {
		if len(text) == 0 {
			break
		}
		width, end := 0.0, 0
		for i, c := range text {
			needed := width + c.width
			switch c.after {
			case space:
				needed = width
			case hyphenated:
				needed += hyphenWidth
			}
			if needed <= limit*share && (c.after != never || i == len(text)-1) {
				end = i + 1
			}
			if width += c.width; width > limit*share {
				break
			}
		}
		if end == 0 {
			break
		}
		var line strings.Builder
		for _, c := range text[:end] {
			line.WriteString(c.text)
		}
		if text[end-1].after == hyphenated && end < len(text) {
			line.WriteByte('-')
		}
		lines, text = append(lines, strings.TrimSpace(line.String())), text[end:]
	}
	return lines, text
}

// clustersOf divides text and finds where its lines may end.
func clustersOf(text string, tracking float64) []cluster {
	var all []cluster
	marks, size := 0, 0 // of the last cluster
	joined := false     // by a zero-width joiner
	for _, r := range text {
		last := len(all) - 1
		switch mark := unicode.In(r, unicode.Mn, unicode.Me); {
		case r == '\u00ad' || r == '\u200b': // soft hyphen, zero-width space
			if last >= 0 && all[last].after == never {
				if all[last].after = bare; r == '\u00ad' {
					all[last].after = hyphenated
				}
			}
			continue
		case last >= 0 && (mark || r == '\u200c' || r == '\u200d'):
			if marks++; marks <= marksInARow {
				all[last].text += string(r)
				size++
			}
			joined = r == '\u200d'
			continue
		case last >= 0 && size < longestEmoji && (joined && isEmoji(r) || isSkinTone(r) || isFlag(r) && size == 1 && isFlag(first(all[last]))):
			all[last].text += string(r)
			size, marks, joined = size+1, 0, false
			continue
		case last >= 0 && unicode.Is(unicode.Mc, r):
			all[last].text += string(r)
			all[last].width += widthOf(r)
			continue
		}
		if last >= 0 && all[last].after == never {
			if before := first(all[last]); (isWide(before) || isWide(r)) && !opens(before) && !closes(r) {
				all[last].after = bare
			}
		}
		c := cluster{text: string(r), width: widthOf(r) + tracking}
		switch {
		case r == ' ':
			c.after = space
		case strings.ContainsRune("-/–—‐·", r):
			c.after = bare
		}
		all = append(all, c)
		marks, size, joined = 0, 1, false
	}
	divideWords(all)
	return all
}

// divideWords lets lines end inside words that are too long for one.
func divideWords(text []cluster) {
	for start := 0; start < len(text); {
		end, width := start, 0.0
		for end < len(text) && text[end].after == never {
			width += text[end].width
			end++
		}
		if width > widestWord {
			for i := start + 2; i+3 < end; i++ {
				before, after, next := first(text[i]), first(text[i+1]), first(text[i+2])
				switch {
				case opens(before) || closes(after):
				case !unicode.In(after, unicode.Latin, unicode.Greek, unicode.Cyrillic):
					text[i].after = bare
				case !unicode.Is(unicode.Latin, after), isVowel(next) && !isVowel(after) && !(after == 'h' && !isVowel(before)):
					text[i].after = hyphenated // a syllable often begins with one consonant
				}
			}
		}
		start = end + 1
	}
}

func first(c cluster) rune {
	for _, r := range c.text {
		return r
	}
	return 0
}

func isVowel(r rune) bool {
	return strings.ContainsRune("aeiouyäöüåáàâéèêëíìîïóòôõøúùûæœ", r)
}

func isSkinTone(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

func isFlag(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

func isEmoji(r rune) bool {
	return r >= 0x1f000 && r <= 0x1faff || r >= 0x2600 && r <= 0x27bf || r >= 0x2b00 && r <= 0x2bff
}

// isWide tells the characters of scripts that are set in squares, between any two of which a line may end.
func isWide(r rune) bool {
	return r >= 0x3000 && r <= 0x303f || r >= 0xff01 && r <= 0xff60 || isEmoji(r) ||
		unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Yi)
}

// closes tells characters that no line begins with: closing punctuation, small kana, Thai and Lao vowels that follow.
func closes(r rune) bool {
	return strings.ContainsRune("ー々…。、，．：；！？ぁぃぅぇぉっゃゅょァィゥェォッャュョะาำๅๆฯະາຳ", r) || unicode.In(r, unicode.Pe, unicode.Pf) ||
		r < 0x80 && r != '(' && (r == ' ' || unicode.IsPunct(r))
}

// opens tells characters that no line ends with: opening punctuation, Thai and Lao vowels that go before.
func opens(r rune) bool {
	return unicode.In(r, unicode.Ps, unicode.Pi) || r >= 'เ' && r <= 'ไ' || r >= 'ເ' && r <= 'ໄ'
}

// widthOf estimates how wide a character is in a serif face of middle weight, in ems, rather too wide than too narrow.
func widthOf(r rune) float64 {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case isEmoji(r):
		return emojiWidth
	case isWide(r):
		return wideWidth
	case r == ' ':
		return 0.27
	case strings.ContainsRune("ilj.,:;'|!()[]-’‘·ıіїј", r):
		return 0.38
	case strings.ContainsRune("tfrsIJ", r):
		return 0.48
	case strings.ContainsRune("WÆŒ@%—…ШЩЮЖ", r):
		return 1.1
	case strings.ContainsRune("mwMмшщжюыфМ", r):
		return 0.98
	case unicode.IsUpper(r), r == '&':
		return 0.73
	case unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic), r < 0x80:
		return 0.6
	case unicode.In(r, unicode.Arabic):
		return 0.5
	case unicode.In(r, unicode.Hebrew, unicode.Thai, unicode.Lao):
		return 0.62
	case unicode.In(r, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati):
		return 0.7
	}
	return 0.9
}
