package issuer

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/laurelbadges/laurel/credential/lookalike"
)

const (
	longestEmail = 254 // bytes (RFC 5321 section 4.5.3.1.3, without the brackets)
	longestLocal = 64  // bytes before the @ (RFC 5321 section 4.5.3.1.1)
	longestLabel = 63  // bytes between two dots after it (RFC 1035 section 2.3.4)
	notAnAddress = "The e-mail address is not one. Write it as name@example.org."
)

// Address reads an e-mail address as it is kept and found by: bare, without a name or quotation marks, in lower case. ok is false for
// what is none. Whoever is given an address for the first time asks [NewAddress].
func Address(text string) (address string, ok bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) > longestEmail || !utf8.ValidString(text) || strings.ContainsFunc(text, lookalike.Unseen) || strings.ContainsAny(text, "\"<>()[]\\,; ") {
		return "", false
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text {
		return "", false
	}
	return text, true
}

// NewAddress is [Address] for an address that something is to be sent to. It refuses as well what can be taken for another address: one
// with characters that nobody sees, or with letters that look like others (UTS 39 sections 4 and 5.1). Errors have kind invalid, code
// email.
func NewAddress(text string) (string, error) {
	text = strings.TrimSpace(text)
	if strings.ContainsFunc(text, lookalike.Unseen) {
		return "", invalid("email", "The e-mail address holds a character that is not visible. Type it anew.")
	}
	address, ok := Address(text)
	if !ok {
		return "", invalid("email", notAnAddress)
	}
	local, domain, _ := strings.Cut(address, "@")
	if len(local) > longestLocal {
		return "", invalid("email", fmt.Sprintf("The part of the e-mail address before the @ is longer than %d characters.", longestLocal))
	}
	if !strings.Contains(strings.Trim(domain, "."), ".") || !isHost(domain) {
		return "", invalid("email", "The part of the e-mail address after the @ is no name of a mail server. Write it as name@example.org.")
	}
	if !ascii(text) && (norm.NFKC.String(text) != text || mistakable(local) || mistakable(domain)) {
		return "", invalid("email", "The e-mail address is written with letters that look like others. Type it anew.")
	}
	return address, nil
}

// isHost says that a name is made of labels as hosts have them (RFC 1123 section 2.1); letters of any alphabet are letters.
func isHost(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > longestLabel || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") ||
			strings.ContainsFunc(label, func(c rune) bool { return c != '-' && !unicode.In(c, unicode.L, unicode.M, unicode.N) }) {
			return false
		}
	}
	return true
}

// checkPerson checks the name of a person: it cannot be mistaken for another one.
func checkPerson(name string) error {
	if err := checkLength(name, "The recipient"); err != nil {
		return err
	}
	if piles(name) {
		return invalid("name", fmt.Sprintf("The name of the recipient has a letter with more than %d marks on it. Type it anew.", mostMarks))
	}
	if strings.ContainsFunc(name, lookalike.Unseen) {
		return invalid("name", "The name of the recipient holds a character that is not visible. Type it anew.")
	}
	if MixedLetters(name) {
		return invalid("name", "The name of the recipient mixes letters of several alphabets, which can make it look like another one. Type it anew.")
	}
	return nil
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// alphabets are those that share letters of one shape. Writing of East Asia mixes its own, and Latin letters, as a matter of course.
func alphabets() []*unicode.RangeTable {
	return []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee, unicode.Georgian, unicode.Lisu, unicode.Coptic}
}

// MixedLetters says that a word of a text has letters of several alphabets that share shapes, so that it can look like another word
// (UTS 39 section 5.1).
func MixedLetters(text string) bool {
	if ascii(text) {
		return false
	}
	known := alphabets()
	for word := range strings.FieldsSeq(text) {
		first := -1
		for _, c := range word {
			for i, alphabet := range known {
				if !unicode.Is(alphabet, c) {
					continue
				}
				if first >= 0 && first != i {
					return true
				}
				first = i
			}
		}
	}
	return false
}

// mistakable says that a part of an address can be taken for another one: a label mixes alphabets, has no letters but such as look like
// Latin ones, or has Latin letters that look like i, a and g.
func mistakable(part string) bool {
	for _, label := range strings.FieldsFunc(part, func(c rune) bool { return strings.ContainsRune(".-_+", c) }) {
		if MixedLetters(label) || strings.ContainsAny(label, "\u0131\u0251\u0261") {
			return true
		}
		foreign, alike := 0, 0
		for _, c := range label {
			if c < utf8.RuneSelf || !unicode.IsLetter(c) {
				continue
			}
			if foreign++; strings.ContainsRune(lookalike.Foreign, c) {
				alike++
			}
		}
		if foreign > 0 && foreign == alike {
			return true
		}
	}
	return false
}
