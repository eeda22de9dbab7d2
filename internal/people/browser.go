package people

import "strings"

// What the header User-Agent has in it, and what that means; the first that fits counts, as most browsers name others too.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}}
	machines = [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "a Chromebook"}, {"Windows", "Windows"},
		{"Mac OS X", "a Mac"}, {"Linux", "Linux"}}
)

// browser says in words what sent a header User-Agent, so that people know their own again. Nothing of the header itself is kept.
func browser(userAgent string) string {
	program, machine := "A browser", ""
	for _, known := range browsers {
		if strings.Contains(userAgent, known[0]) {
			program = known[1]
			break
		}
	}
	for _, known := range machines {
		if strings.Contains(userAgent, known[0]) {
			machine = " on " + known[1]
			break
		}
	}
	return program + machine
}
