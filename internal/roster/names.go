package roster

import (
	"strings"

	"github.com/laurelbadges/laurel/issuer"
)

// Called are the texts by which rows can name achievements: their ids, addresses, names and codes, for [Options]. Of a text that several
// go by nobody knows which of them is meant, so it is left out.
func Called(all []issuer.Achievement) map[string]string {
	called, several := map[string]string{}, map[string]bool{}
	for _, a := range all {
		for _, text := range []string{a.ID, a.URL, a.Name, a.Content.HumanCode} {
			if text = folded(text); text == "" {
				continue
			}
			if before, is := called[text]; is && before != a.ID {
				several[text] = true
			}
			called[text] = a.ID
		}
	}
	for text := range several {
		delete(called, text)
	}
	return called
}

// LevelsOf are the levels of a result of an achievement, by their names in lower case, for [Options].
func LevelsOf(a issuer.Achievement, result string) map[string]string {
	levels := map[string]string{}
	for _, d := range a.Content.ResultDescriptions {
		if d.ID == result {
			for _, l := range d.Levels {
				levels[strings.ToLower(l.Name)] = l.ID
			}
		}
	}
	return levels
}
