package wording

import (
	"strconv"
	"strings"
)

// Number writes a number with the decimal sign of the language, and no more digits than it has.
func (l Language) Number(number float64) string {
	text := strconv.FormatFloat(number, 'f', -1, 64)
	if l == Spanish {
		return strings.Replace(text, ".", ",", 1)
	}
	return text
}

// Effort words credits and hours as an achievement states them, each of them alone; what is not above 0 is left out.
func (l Language) Effort(credits, hours float64) []string {
	return l.amounts(amount{credits, "page.achievement.credit"}, amount{hours, "page.achievement.hour"})
}

// ShortEffort words them in a few letters, the hours first: "15 hours", "1.5 credits".
func (l Language) ShortEffort(credits, hours float64) []string {
	return l.amounts(amount{hours, "effort.hour"}, amount{credits, "effort.credit"})
}

// amount is how much there is of what a message counts.
type amount struct {
	number float64
	key    string
}

func (l Language) amounts(all ...amount) (stated []string) {
	for _, a := range all {
		if a.number <= 0 {
			continue
		}
		form := ".other" // what is counted need not be whole
		if a.number == 1 {
			form = ".one"
		}
		stated = append(stated, l.Say(a.key+form, "n", l.Number(a.number)))
	}
	return stated
}
