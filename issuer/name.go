package issuer

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/laurelbadges/laurel/credential/lookalike"
)

const (
	longestName = 200 // characters of the name of an issuer, achievement or person
	mostMarks   = 4   // on one letter of a name: no way of writing needs more
)

// plainName is a name as it is kept: in normal form C, so that what reads alike is written alike, without spaces around it.
func plainName(name string) string { return norm.NFC.String(strings.TrimSpace(name)) }

// checkLength checks what every name has to be, also one of an earlier release.
func checkLength(name, what string) error {
	switch {
	case name == "" || len([]rune(name)) > longestName || strings.ContainsFunc(name, unicode.IsControl) || !validText(name):
		return invalid("name", fmt.Sprintf("%s needs a name of 1 to %d characters, on one line.", what, longestName))
	case strings.ContainsFunc(name, turnsText):
		return invalid("name", "The name has to be one line of plain text, without hidden characters.")
	}
	return nil
}

// checkName checks a name that somebody gives now: it shows what it is, and no word of it can be taken for another one (UTS 39 section 5.1).
func checkName(name, what string) error {
	err := checkLength(name, what)
	switch {
	case err != nil:
		return err
	case hides(name):
		return invalid("name", "The name holds a character that is not visible. Type it anew.")
	case mixes(name):
		return invalid("name", "The name mixes letters of several alphabets in one word, which can make it look like another one. Type it anew.")
	case piles(name):
		return invalid("name", fmt.Sprintf("The name has a letter with more than %d marks on it. Type it anew.", mostMarks))
	}
	return nil
}

// hides says that a text has characters that nobody sees. Joiners and selectors of a form have a place in some writings and in emoji, but
// not after letters that stand by themselves, and not at the beginning of a word.
func hides(text string) bool {
	before := ' '
	for _, c := range text {
		if lookalike.Unseen(c) || lookalike.ShapesBefore(c) && (unicode.IsSpace(before) || lettered(before)) {
			return true
		}
		before = c
	}
	return false
}

// lettered tells letters of alphabets that are written one beside the other.
func lettered(c rune) bool {
	for _, alphabet := range alphabets() {
		if unicode.Is(alphabet, c) {
			return true
		}
	}
	return false
}

// mixes says that a word has letters of several alphabets. Words that a hyphen joins stand for themselves.
func mixes(text string) bool {
	return MixedLetters(strings.Map(func(c rune) rune {
		if unicode.IsPunct(c) || unicode.IsSymbol(c) {
			return ' '
		}
		return c
	}, text))
}

// piles says that more marks stand on one letter than any writing needs.
func piles(text string) bool {
	marks := 0
	for _, c := range norm.NFD.String(text) {
		if !unicode.IsMark(c) {
			marks = 0
		} else if marks++; marks > mostMarks {
			return true
		}
	}
	return false
}

// nameFree refuses the name of an organisation that another one here has, or one that looks like it.
func nameFree(tx Tx, name, but string) error {
	all, err := every(tx, organisations)
	if err != nil {
		return err
	}
	looks := lookalike.Of(name)
	for _, other := range all {
		if other.ID != but && lookalike.Of(other.Name) == looks {
			return invalid("name", "Another issuer here has this name, or one that looks like it. Choose one that nobody can take for it.")
		}
	}
	return nil
}

// renamed checks the name that a configuration gives to an organisation, where it is another one: what an earlier release took stays.
func renamed(tx Tx, o *Organisation, c Configuration) error {
	if c.Name == plainName(o.Name) {
		return nil
	}
	if err := checkName(c.Name, "The issuer"); err != nil {
		return err
	}
	return nameFree(tx, c.Name, o.ID)
}
