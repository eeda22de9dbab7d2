package verifier

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// maxQuoted is how many characters of a text of others a sentence repeats.
const maxQuoted = 200

// quoted makes one line of a text of others that stands in a sentence: without control and format characters, which could turn
// the sentence around, without quotation marks of ours, and cut at maxQuoted characters.
func quoted(text string) string { return quotedTo(text, maxQuoted) }

// quotedTo is quoted with another length.
func quotedTo(text string, most int) string {
	if isPlain(text, most) {
		return strings.Clone(text)
	}
	var out strings.Builder
	space, count := false, 0
	for _, c := range text {
		if count >= most { // a space and what follows it may have passed it
			out.WriteString("…")
			break
		}
		if !unicode.IsPrint(c) { // all white space but ' ', and Cc, Cf, Co, Cs, Zl and Zp
			c = ' '
		}
		if c == ' ' {
			space = true
			continue
		}
		if c == '"' {
			c = '\''
		}
		if space && count > 0 {
			out.WriteByte(' ')
			count++
		}
		space = false
		out.WriteRune(c)
		count++
	}
	return out.String()
}

// isPlain says whether a text is quoted as it is, as most are: printable ASCII without quotation marks, no longer than that, and with
// single spaces inside only.
func isPlain(text string, most int) bool {
	if len(text) > most {
		return false
	}
	space := true // before the text, where one is left out
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ' || c > '~' || c == '"' || c == ' ' && space:
			return false
		default:
			space = c == ' '
		}
	}
	return !space || text == ""
}

// span is a length of time in one unit, for a sentence.
func span(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "days"}, {time.Hour, "hours"}, {time.Minute, "minutes"}, {time.Second, "seconds"}} {
		if d >= 2*unit.length && d%unit.length == 0 {
			return fmt.Sprintf("%d %s", d/unit.length, unit.name)
		}
	}
	return d.Round(time.Second).String()
}
