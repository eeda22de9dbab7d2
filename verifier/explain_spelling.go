package verifier

import (
	"context"
	"html"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A spelling undoes what programs do to texts that they carry, in one text.
type spelling struct {
	name   string // fact case
	detail string
	undo   func(string) string
}

const garbled = "A program garbled letters outside English (as “Ã©” for “é”). With them restored the signature fits: ask for the file itself."

// spellings are tried in this order. Each acts on every text of the document at once, as such programs do.
var spellings = []spelling{
	{"mojibake", garbled, ungarbled},
	{"mojibake", garbled, func(text string) string { return ungarbled(ungarbled(text)) }},
	{"normalisation", "A program wrote letters with accents in another way, which looks the same. As they were, the signature fits: ask for the file itself.", norm.NFC.String},
	{"normalisation", "A program wrote letters with accents in another way, which looks the same. As they were, the signature fits: ask for the file itself.", norm.NFD.String},
	{"entities", "A program wrote signs in its texts as on web pages (as “&amp;” for “&”). As they were, the signature fits: ask for the file itself.", html.UnescapeString},
	{"whitespace", changedSpaces, func(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }},
	{"whitespace", changedSpaces, func(text string) string {
		return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	}},
	{"whitespace", changedSpaces, strings.TrimSpace},
	{"whitespace", changedSpaces, func(text string) string { return strings.ReplaceAll(text, "\u00a0", " ") }},
}

const changedSpaces = "A program changed spaces or line ends in its texts. As they were, the signature fits: ask for the file itself."

// spelledPerUnit is how many bytes of texts are written anew in one unit of work.
const spelledPerUnit = 16

// spellings undoes one kind of damage to all texts at a time.
func (t *trials) spellings(ctx context.Context) bool {
	for _, s := range spellings {
		if !t.afford(1 + t.size/spelledPerUnit) {
			return false
		}
		if ctx.Err() != nil || !touched(t.value, s.undo, true) {
			continue // as it is mostly, and found out without writing anything
		}
		var first change
		changed, differs := respelled(t.value, s.undo, nil, &first).(map[string]any)
		if !differs || first.path == nil || !t.fits(ctx, changed) {
			continue
		}
		facts := named(s.name, "")
		if here, there := quoted(first.here), quoted(first.there); here != there {
			facts = facts.and(FactHere, here, FactPublished, there)
		}
		t.explained("proof", codeEncoding, pointerOf(first.path), s.detail, facts)
		return true
	}
	return false
}

// touched says whether any text that [respelled] writes anew would change. outermost says that value is the document itself.
func touched(value any, undo func(string) string, outermost bool) bool {
	switch value := value.(type) {
	case string:
		return undo(value) != value
	case []any:
		return slices.ContainsFunc(value, func(member any) bool { return touched(member, undo, false) })
	case map[string]any:
		for name, member := range value {
			if !(outermost && name == "proof" || name == "@context") && touched(member, undo, false) {
				return true
			}
		}
	}
	return false
}

// change is one text that is written otherwise.
type change struct {
	path        []string
	here, there string
}

// respelled is a value with each of its texts undone; the proofs and contexts are let alone. The first text that changed is noted.
func respelled(value any, undo func(string) string, path []string, first *change) any {
	switch value := value.(type) {
	case string:
		there := undo(value)
		if there != value && first.path == nil {
			*first = change{slices.Clone(path), value, there}
		}
		return there
	case []any:
		all := make([]any, len(value))
		for i, member := range value {
			all[i] = respelled(member, undo, append(path, strconv.Itoa(i)), first)
		}
		return all
	case map[string]any:
		all := make(map[string]any, len(value))
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if len(path) == 0 && name == "proof" || name == "@context" {
				all[name] = value[name]
				continue
			}
			all[name] = respelled(value[name], undo, append(path, name), first)
		}
		return all
	}
	return value
}

// ungarbled undoes the reading of UTF-8 as Windows-1252 or Latin-1. A text that cannot have come about that way stays as it is.
func ungarbled(text string) string {
	if !strings.ContainsFunc(text, func(c rune) bool { return c >= utf8.RuneSelf }) {
		return text
	}
	var out []byte
	for _, c := range text {
		switch b, in1252 := windows1252[c]; {
		case in1252:
			out = append(out, b)
		case c < 0x100:
			out = append(out, byte(c))
		default:
			return text
		}
	}
	if !utf8.Valid(out) {
		return text
	}
	return string(out)
}

// windows1252 are the characters of the code page Windows-1252 between 0x80 and 0x9f. The other bytes are those of Latin-1.
var windows1252 = map[rune]byte{
	'€': 0x80, '‚': 0x82, 'ƒ': 0x83, '„': 0x84, '…': 0x85, '†': 0x86, '‡': 0x87, 'ˆ': 0x88, '‰': 0x89, 'Š': 0x8a, '‹': 0x8b, 'Œ': 0x8c, 'Ž': 0x8e,
	'‘': 0x91, '’': 0x92, '“': 0x93, '”': 0x94, '•': 0x95, '–': 0x96, '—': 0x97, '˜': 0x98, '™': 0x99, 'š': 0x9a, '›': 0x9b, 'œ': 0x9c, 'ž': 0x9e, 'Ÿ': 0x9f,
}
