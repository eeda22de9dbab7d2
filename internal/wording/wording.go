// Package wording says what a verification found, in English and in Spanish, to people who have never heard of signatures.
//
// Everything is pure text: values of a report go in, sentences come out, and nobody else words them. Start with
// [Language.Verdict], the one sentence for a whole report, and [Language.Finding], which words one check of it. Texts of pages and
// tables come from [Language.Say] and [Language.Count].
//
// # The catalogue
//
// en.json and es.json hold every text under the same flat keys, sorted by key. A text may hold placeholders such as {date}; those
// of both languages are the same. To add a text, put its key into both files and use it: a test fails for a key that is in one file
// only, that nobody uses, that is used and not there, or whose files are not sorted. A key that is made while the program runs is
// told to the test by its beginning, in families of catalogue_test.go. Counts have two texts, key.one and key.other, with {n}.
//
// The words for a check are found from the special to the general, each of them for itself:
//
//	check.STEP.OUTCOME.CODE.CASE   what one code means in one case (the fact "case" of the check)
//	check.STEP.OUTCOME.any.CASE    the case, whatever the code
//	check.any.OUTCOME.CODE.CASE    the same in any step
//	check.any.OUTCOME.any.CASE
//	check.STEP.OUTCOME.CODE        the code alone
//	check.any.OUTCOME.CODE
//	check.STEP.OUTCOME             when nothing more is known
//	check.any.OUTCOME
//
// Of each of them .title says in a few words what was found, .text in one or two sentences, and .advice what to do now. A text
// whose placeholders the facts of a check do not fill is passed over for the same key with .bare instead of .text.
//
// Why something could not be read stands under cause.NAME, and under cause.NAME.own where the address is the reader's own and not one
// in a badge: only that one the reader can mend. A command line shows the text of a check without its title, so each stands alone.
//
// Values are made safe to show as they are put in: see [Plain].
package wording

import (
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/laurelbadges/laurel/credential"
)

// Language is one that the catalogue speaks: the primary subtag of RFC 5646. Any other value speaks English.
type Language string

const (
	English Language = "en"
	Spanish Language = "es"
)

// Languages are all of them, in the order in which they are offered.
var Languages = []Language{English, Spanish}

//go:embed en.json es.json
var files embed.FS

// texts are the catalogues by language. They are part of the program, so one that cannot be read is a fault of its build.
var texts = sync.OnceValue(func() map[Language]map[string]string {
	all := map[Language]map[string]string{}
	for _, l := range Languages {
		file, err := files.ReadFile(string(l) + ".json")
		if err != nil {
			panic(err)
		}
		var catalogue map[string]string
		if err := json.Unmarshal(file, &catalogue); err != nil {
			panic(fmt.Errorf("reading %s.json: %w", l, err))
		}
		all[l] = catalogue
	}
	return all
})

// text is the text of a key as the catalogue holds it.
func (l Language) text(key string) (string, bool) {
	catalogue, known := texts()[l]
	if !known {
		catalogue = texts()[English]
	}
	text, found := catalogue[key]
	return text, found
}

// Name is how the language calls itself.
func (l Language) Name() string { return l.Say("language.name") }

// Say is the text of a key, with each {name} replaced by the value that follows the name in pairs. Values are made safe to show
// by [Plain]. A key that is not in the catalogue comes back as it is, and so does a placeholder without a value: both are bugs
// that tests find.
func (l Language) Say(key string, pairs ...string) string {
	text, found := l.text(key)
	if !found {
		return key
	}
	values := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		values[pairs[i]] = Plain(pairs[i+1])
	}
	filled, _ := fill(text, values)
	return filled
}

// Count is the text of a key for a number of things: key.one for one, key.other for any other number, which is {n}.
func (l Language) Count(key string, n int, pairs ...string) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return l.Say(key+form, append([]string{"n", strconv.Itoa(n)}, pairs...)...)
}

// quotationMarks makes apostrophes of the marks that the catalogue quotes with.
var quotationMarks = strings.NewReplacer("“", "'", "”", "'", "«", "'", "»", "'")

// fill puts values in the places of their names, in one pass: what a value holds is never read as a placeholder, and one between
// quotation marks cannot close them. It says whether every placeholder had a value.
func fill(text string, values map[string]string) (string, bool) {
	if !strings.Contains(text, "{") {
		return text, true
	}
	var out strings.Builder
	whole := true
	quoted := 0 // quotation marks that are open
	for {
		before, rest, more := strings.Cut(text, "{")
		out.WriteString(before)
		quoted += strings.Count(before, "“") + strings.Count(before, "«") - strings.Count(before, "”") - strings.Count(before, "»")
		if !more {
			return out.String(), whole
		}
		name, after, closed := strings.Cut(rest, "}")
		value := values[name]
		switch {
		case !closed:
			out.WriteString("{" + rest)
			return out.String(), whole
		case value == "":
			out.WriteString("{" + name + "}")
			whole = false
		case quoted > 0:
			out.WriteString(quotationMarks.Replace(value))
		default:
			out.WriteString(value)
		}
		text = after
	}
}

// Other is the language of texts of somebody else, for those who hear them or have them translated: the tag (BCP 47), or "" where it is
// that of the words around them, or not known.
func (l Language) Other(tag string) string {
	if primary, _, _ := strings.Cut(tag, "-"); strings.EqualFold(primary, string(l)) {
		return ""
	}
	return credential.LanguageTag(tag)
}

// acceptMost is how many characters of an Accept-Language header are read.
const acceptMost = 1000

// Match is the language that an Accept-Language header asks for (RFC 9110 section 12.5.4), English when it asks for none of ours.
// Of ranges that are wanted alike the first counts; es-MX asks for Spanish. Ranges that do not parse are left out.
func Match(accept string) Language {
	if len(accept) > acceptMost {
		accept = accept[:acceptMost]
	}
	type wish struct {
		language Language
		quality  float64
	}
	var wishes []wish
	others, named := 0.0, map[Language]bool{}
	for entry := range strings.SplitSeq(accept, ",") {
		tag, parameters, _ := strings.Cut(entry, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		quality, readable := qualityOf(parameters)
		switch language := Language(primary); {
		case !readable:
		case primary == "*":
			others = max(others, quality)
		case language == English || language == Spanish:
			wishes = append(wishes, wish{language, quality})
			named[language] = true
		}
	}
	for _, l := range Languages {
		if !named[l] {
			wishes = append(wishes, wish{l, others})
		}
	}
	best := wish{English, 0}
	for _, w := range wishes {
		if w.quality > best.quality {
			best = w
		}
	}
	return best.language
}

// qualityOf reads the weight of an entry (RFC 9110 section 12.4.2): 1 when there is none.
func qualityOf(parameters string) (quality float64, readable bool) {
	name, value, given := strings.Cut(strings.TrimSpace(parameters), "=")
	if !given {
		return 1, name == ""
	}
	quality, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return quality, err == nil && strings.EqualFold(strings.TrimSpace(name), "q") && quality >= 0 && quality <= 1
}
