package roster

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// format is how a number is shown in a cell (ISO/IEC 29500-1 clause 18.8.31). What is more than these, such as fractions, is shown as a
// plain number.
type format struct {
	kind          formatKind
	whole         int // digits before the point, at least
	least, most   int // digits behind it
	percents      int // times that it is multiplied by a hundred
	before, after string
}

type formatKind int

const (
	formatGeneral formatKind = iota
	formatDigits
	formatDate
)

// builtIn are the formats that have a number and no code in the file (clause 18.8.30). Those of dates and times are told by their numbers.
var builtIn = map[int]string{1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00"}

// readStyles reads how cells are shown (clause 18.8).
func (b *workbook) readStyles(part string) error {
	codes := map[string]string{}
	inCells := false
	known := map[string]format{}
	return b.part(part, func(element string, attribute func(string) string) error {
		switch {
		case element == "numFmt":
			if codes[attribute("numFmtId")] = attribute("formatCode"); len(codes) > maxStyles {
				return largeWorkbook()
			}
		case element == "cellXfs":
			inCells = true
		case element == "xf" && inCells:
			id := attribute("numFmtId")
			f, read := known[id]
			if !read {
				f = formatOf(id, codes)
				known[id] = f
			}
			if b.formats = append(b.formats, f); len(b.formats) > maxStyles {
				return largeWorkbook()
			}
		}
		return nil
	}, func(element, _ string) error {
		if element == "cellXfs" {
			inCells = false
		}
		return nil
	})
}

func formatOf(id string, codes map[string]string) format {
	if code, own := codes[id]; own {
		return readFormat(code)
	}
	n, _ := strconv.Atoi(id)
	switch {
	case n >= 14 && n <= 22, n >= 27 && n <= 36, n >= 45 && n <= 47, n >= 50 && n <= 58:
		return format{kind: formatDate}
	}
	return readFormat(builtIn[n])
}

// readFormat reads the code of a format, of which the first section counts. One that is not understood is a plain number.
func readFormat(code string) format {
	f := format{kind: formatDigits}
	digits, point, over := false, false, false // over: the digits have ended
	literal := func(text string) {
		if digits {
			f.after, over = f.after+text, true
		} else {
			f.before += text
		}
	}
	runes := []rune(code[:min(len(code), 255)])
	until := func(i int, c rune) int { // where c is next, or the end
		for i < len(runes) && runes[i] != c {
			i++
		}
		return i
	}
	for i := 0; i < len(runes) && runes[i] != ';'; i++ {
		switch c := runes[i]; {
		case c == '"':
			end := until(i+1, '"')
			literal(string(runes[i+1 : end]))
			i = end
		case c == '[': // a colour, a condition, a currency, or time that has gone by
			end := until(i+1, ']')
			inside := string(runes[i+1 : end])
			if currency, is := strings.CutPrefix(inside, "$"); is {
				sign, _, _ := strings.Cut(currency, "-")
				literal(sign)
			} else if inside != "" && strings.Trim(strings.ToLower(inside), "hms") == "" {
				return format{}
			}
			i = end
		case c == '\\' && i+1 < len(runes):
			i++
			literal(string(runes[i]))
		case c == '_' || c == '*': // space as wide as a character, or one that fills the cell
			i++
		case strings.ContainsRune("0#?", c):
			switch {
			case over: // signs between digits
				return format{}
			case point:
				if f.most++; c == '0' {
					f.least = f.most
				}
			case c == '0':
				f.whole++
			}
			digits = true
		case c == '.' && !point && !over:
			point = true
		case c == ',' && digits && i+1 < len(runes) && strings.ContainsRune("0#?", runes[i+1]): // between thousands: left out
		case c == '%':
			f.percents++
			literal("%")
		case strings.ContainsRune("yYmMdDhHsS", c) && !digits:
			return format{kind: formatDate}
		case unicode.IsLetter(c), strings.ContainsRune(",./@", c):
			return format{}
		default:
			literal(string(c))
		}
	}
	if !digits || f.percents > 2 {
		return format{}
	}
	return f
}

// write is a number as its cell shows it. What is no number comes back as it is.
func (f format) write(value string, since1904 bool) string {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return value
	}
	switch f.kind {
	case formatDate:
		return dayOf(value, since1904)
	case formatGeneral:
		return general(value)
	}
	for range f.percents {
		n *= 100
	}
	shown, _ := strconv.ParseFloat(strconv.FormatFloat(n, 'g', exact, 64), 64) // so that 1.005 is rounded up, as there
	text := strconv.FormatFloat(math.Abs(shown), 'f', f.most, 64)
	whole, part, _ := strings.Cut(text, ".")
	for len(part) > f.least && part[len(part)-1] == '0' {
		part = part[:len(part)-1]
	}
	whole = strings.Repeat("0", max(0, f.whole-len(whole))) + whole
	if part != "" {
		whole += "." + part
	}
	if n < 0 && strings.Trim(whole, "0.") != "" {
		whole = "-" + whole
	}
	return strings.TrimSpace(f.before + whole + f.after)
}

// exact is how many digits of a number a table program shows: 4.1 stands as 4.0999999999999996 in its file.
const exact = 15

// general is a number without a format.
func general(value string) string {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return value
	}
	n, _ = strconv.ParseFloat(strconv.FormatFloat(n, 'g', exact, 64), 64)
	if math.Abs(n) >= 1e21 || n != 0 && math.Abs(n) < 1e-9 {
		return strconv.FormatFloat(n, 'g', -1, 64)
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// dayOf writes the number of a day, as workbooks keep dates, as a date (clause 18.17.4.1). Any other text, and a number that is a day
// before 1950, such as 2026, comes back as it is.
func dayOf(value string, since1904 bool) string {
	days, err := strconv.ParseFloat(value, 64)
	if err != nil || !(days > 0 && days < 2_958_466) { // 9999-12-31
		return value
	}
	first := time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC) // from the first of March 1900 on
	if since1904 {
		first = time.Date(1904, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	whole := math.Floor(days)
	at := first.AddDate(0, 0, int(whole)).Add(time.Duration(math.Round((days-whole)*86400)) * time.Second)
	switch {
	case at.Year() < 1950:
		return value
	case at.Equal(at.Truncate(24 * time.Hour)):
		return at.Format(time.DateOnly)
	}
	return at.Format("2006-01-02T15:04:05Z")
}
