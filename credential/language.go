package credential

import "regexp"

// bcp47 is what a language tag is made of (RFC 5646 section 2.1): a language, script, region, variants, extensions, and what is for
// private use. Every language that is registered has two or three letters. It is wider than [languageTag], the pattern of the JSON Schema
// of Open Badges, which older badges and other profiles do not follow.
var bcp47 = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z]{3}){0,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*` +
	`(-[0-9A-WYZa-wyz](-[A-Za-z0-9]{2,8})+)*(-[Xx](-[A-Za-z0-9]{1,8})+)?$`)

// longestTag is what RFC 5646 section 4.4.1 asks for room for, in characters.
const longestTag = 35

// LanguageTag returns text where it is a well-formed language tag (BCP 47) of at most 35 characters, and "" otherwise.
func LanguageTag(text string) string {
	if len(text) > longestTag || !bcp47.MatchString(text) {
		return ""
	}
	return text
}
