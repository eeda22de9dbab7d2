package wording

import "strconv"

// Effort words credits and hours as an achievement states them, each of them alone; what is not above 0 is left out.
func (l Language) Effort(credits, hours float64) []string {
	var stated []string
	for _, one := range []struct {
		amount float64
		key    string
	}{{credits, "page.achievement.credit"}, {hours, "page.achievement.hour"}} {
		if one.amount <= 0 {
			continue
		}
		form := ".other" // what is counted need not be whole
		if one.amount == 1 {
			form = ".one"
		}
		stated = append(stated, l.Say(one.key+form, "n", strconv.FormatFloat(one.amount, 'f', -1, 64)))
	}
	return stated
}
