package verifier

import (
	"bytes"
	"context"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/proof"
)

// differencesMost is how many differences from the issuer's own copy are told.
const differencesMost = 5

// explainCopy compares the document with the one that its issuer publishes under its id, where that is an address. Only a copy that
// is authentic by itself, with the same id and issuer, says anything. Whoever made the input chose the address, so that it is asked
// once, and only for the input itself.
func (r *run) explainCopy(ctx context.Context, m misfit, s sealed) bool {
	if r.container != nil || r.Profile != credential.OpenBadges || r.isPresentation() || !strings.HasPrefix(r.document.ID, "https://") {
		return false
	}
	address, _, _ := strings.Cut(r.document.ID, "#")
	own := r.trial()
	source, err := own.fetch(ctx, address, credential.Limits.Document)
	if err != nil {
		return false
	}
	text, _, unreadable := readText(source.Bytes)
	if unreadable != nil {
		return false
	}
	own.judgeInner(ctx, text)
	if own.document == nil || own.isPresentation() || own.answerAuthentic() != Yes || own.document.ID != r.document.ID || own.document.Issuer.ID != r.document.Issuer.ID {
		return false
	}
	sameSignature, sameClaims := false, true // what a token claims beside its credential is signed too
	if r.secured.Form != proof.DataIntegrity {
		bothTokens := s.bytes != nil && text.jwt
		sameSignature = bothTokens && bytes.Equal(lastPart(s.bytes), lastPart(text.bytes))
		sameClaims = bothTokens && bytes.Equal(payload(s.bytes), payload(text.bytes))
	} else if value := r.proofValue(m.proof.Pointer); value != "" {
		sameSignature = slices.ContainsFunc(own.document.Proofs, func(p credential.Part) bool { return p.Value["proofValue"] == value })
	}
	r.compared(own.document.Value(), source, sameSignature, sameClaims)
	return true
}

// payload is the middle part of a token.
func payload(token []byte) []byte {
	_, rest, _ := bytes.Cut(token, []byte("."))
	part, _, _ := bytes.Cut(rest, []byte("."))
	return part
}

func lastPart(token []byte) []byte { return token[bytes.LastIndexByte(token, '.')+1:] }

// compared tells how the document differs from the copy of the issuer. With the same signature it is proven that this was signed and
// changed after; with another, the issuer may have signed both.
func (r *run) compared(published map[string]any, source Document, sameSignature, sameClaims bool) {
	var all []difference
	collect(r.document.Value(), published, nil, &all)
	code := codeDiffers
	if sameSignature || len(all) == 0 {
		code = codeAltered
	}
	tell := func(d difference, name, detail string, more ...string) {
		facts := factsOfSource(source).and(FactCase, name).and(more...)
		r.add(Check{Step: "proof", Outcome: Warn, Code: code, Pointer: pointerOf(d.path), Detail: detail, AsOf: instant(source.ReadAt), Facts: facts})
	}
	if len(all) == 0 {
		if !sameSignature && sameClaims {
			tell(difference{}, "signature", "What it says is what the issuer publishes; only the signature in this file is damaged. Get the badge from "+quoted(source.URL)+".")
		}
		return
	}
	for i := range all {
		all[i].words, all[i].key = memberWords(r.document.Value(), all[i].path)
		if all[i].key == "" {
			all[i].words, all[i].key = memberWords(published, all[i].path)
		}
	}
	slices.SortStableFunc(all, func(a, b difference) int {
		if order := memberRank(a.key) - memberRank(b.key); order != 0 {
			return order
		}
		return slices.Compare(a.path, b.path)
	})
	for i, d := range all {
		if i == differencesMost {
			tell(difference{}, "more", "There are more differences than are listed here.", FactMost, strconv.Itoa(differencesMost))
			return
		}
		tell(d, d.kind, d.sentence(sameSignature), FactName, d.key, FactHere, d.here, FactPublished, d.published)
	}
}

// difference is one member that stands otherwise in two documents.
type difference struct {
	path            []string
	kind            string // fact case: value, added, missing or structure
	here, published string
	words, key      string // see memberWords
}

func (d difference) sentence(sameSignature bool) string {
	here, published := marked(d.here), marked(d.published)
	switch {
	case d.kind == "value" && sameSignature:
		return d.words + " was changed after signing: the issuer signed " + published + ", this file says " + here + "."
	case d.kind == "value":
		return d.words + " is not that of the issuer's own copy, which says " + published + "; this file says " + here + "."
	case d.kind == "added" && sameSignature:
		return d.words + " was added after signing; the issuer did not sign it."
	case d.kind == "added":
		return d.words + " is not in the issuer's own copy."
	case d.kind == "missing" && sameSignature:
		return d.words + " was taken out after signing."
	case d.kind == "missing":
		return d.words + " is in the issuer's own copy, and not in this file."
	case sameSignature:
		return d.words + " was changed after signing."
	}
	return d.words + " is not that of the issuer's own copy."
}

// marked is a text of others in a sentence, between quotation marks that it cannot close.
func marked(text string) string {
	return "“" + strings.NewReplacer("“", "'", "”", "'").Replace(quoted(text)) + "”"
}

// collectMost bounds the differences that are looked at before the most telling are chosen.
const collectMost = 64

// collect lists where two documents differ, leaving out their proofs.
func collect(here, published any, path []string, all *[]difference) {
	if len(*all) == collectMost {
		return
	}
	here, published = alone(here, published), alone(published, here)
	found := func(kind, here, published string, path ...string) {
		if len(*all) < collectMost {
			*all = append(*all, difference{path: slices.Clone(path), kind: kind, here: here, published: published})
		}
	}
	switch first := here.(type) {
	case map[string]any:
		second, both := published.(map[string]any)
		if !both {
			found("structure", "", "", path...)
			return
		}
		names := maps.Clone(first)
		maps.Copy(names, second)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			member, inFirst := first[name]
			other, inSecond := second[name]
			at := append(slices.Clone(path), name)
			switch {
			case len(path) == 0 && name == "proof":
			case !inSecond:
				found("added", scalar(member), "", at...)
			case !inFirst:
				found("missing", "", scalar(other), at...)
			default:
				collect(member, other, at, all)
			}
		}
	case []any:
		second, both := published.([]any)
		if !both {
			found("structure", "", "", path...)
			return
		}
		from, end := 0, 0 // what the lists have in common at both ends
		for from < min(len(first), len(second)) && reflect.DeepEqual(first[from], second[from]) {
			from++
		}
		for end < min(len(first), len(second))-from && reflect.DeepEqual(first[len(first)-1-end], second[len(second)-1-end]) {
			end++
		}
		for i := from; i < max(len(first), len(second))-end; i++ {
			at := append(slices.Clone(path), strconv.Itoa(i))
			switch {
			case i >= len(second)-end:
				found("added", scalar(first[i]), "", at...)
			case i >= len(first)-end:
				found("missing", "", scalar(second[i]), at...)
			default:
				collect(first[i], second[i], at, all)
			}
		}
	default:
		a, b := scalar(here), scalar(published)
		switch {
		case reflect.DeepEqual(here, published):
		case a == "" || b == "":
			found("structure", "", "", path...)
		default:
			found("value", a, b, path...)
		}
	}
}

// alone is the one member of a list that stands beside a value which is no list: both say the same.
func alone(value, beside any) any {
	list, isList := value.([]any)
	if _, bothLists := beside.([]any); isList && !bothLists && len(list) == 1 {
		return list[0]
	}
	return value
}

// memberNames names members for people, the most telling first: the key for programs, the place without the places in lists, and
// the words. A place stands for everything below it that has none of its own.
var memberNames = []struct{ key, place, words string }{
	{"recipient_name", "/credentialSubject/identifier name", "The recipient's name"},
	{"recipient_name", "/credentialSubject/name", "The recipient's name"},
	{"recipient_email", "/credentialSubject/identifier emailAddress", "The recipient's e-mail address"},
	{"recipient_identifier", "/credentialSubject/identifier", "An identifier of the recipient"},
	{"recipient_id", "/credentialSubject/id", "The recipient's id"},
	{"achievement_name", "/credentialSubject/achievement/name", "The name of the achievement"},
	{"credential_name", "/name", "The name of the badge"},
	{"issuer_name", "/issuer/name", "The issuer's name"},
	{"valid_until", "/validUntil", "The date on which it ends"},
	{"valid_until", "/expirationDate", "The date on which it ends"},
	{"valid_from", "/validFrom", "The date on which it begins"},
	{"valid_from", "/issuanceDate", "The date on which it begins"},
	{"awarded", "/awardedDate", "The date of the award"},
	{"result", "/credentialSubject/result", "A result"},
	{"evidence", "/evidence", "The evidence"},
	{"criteria", "/credentialSubject/achievement/criteria", "What was asked for (the criteria)"},
	{"alignment", "/credentialSubject/achievement/alignment", "An alignment of the achievement"},
	{"achievement_description", "/credentialSubject/achievement/description", "The description of the achievement"},
	{"achievement_type", "/credentialSubject/achievement/achievementType", "The type of the achievement"},
	{"achievement_id", "/credentialSubject/achievement/id", "The id of the achievement"},
	{"image", "/credentialSubject/achievement/image", "The picture"},
	{"achievement", "/credentialSubject/achievement", "Something about the achievement"},
	{"credential_description", "/description", "The description of the badge"},
	{"credential_id", "/id", "The id of the badge"},
	{"image", "/image", "The picture"},
	{"issuer_id", "/issuer/id", "The issuer's id"},
	{"issuer", "/issuer", "Something about the issuer"},
	{"status", "/credentialStatus", "Where its status is published"},
	{"type", "/type", "What kind of credential it is"},
}

// memberWords names the member at path for people, with its key in memberNames; without a key the words name the place.
func memberWords(document map[string]any, path []string) (words, key string) {
	const identifiers = "/credentialSubject/identifier"
	place, of := "", ""
	for i, token := range path {
		if !isIndex(token) {
			place += strict.Escape(token)
		}
		if place == identifiers { // what kind of identifier the entry is, or the only one
			_, entry := lookUp(document, path[:i+1])
			if list, _ := entry.([]any); len(list) == 1 {
				entry = list[0]
			}
			object, _ := entry.(map[string]any)
			if kind, _ := object["identityType"].(string); kind != "" {
				of = " " + kind
			}
		}
	}
	for _, below := range []bool{false, true} {
		for _, m := range memberNames {
			base, kind, typed := strings.Cut(m.place, " ")
			inside := strings.HasPrefix(place, base+"/") && (below || typed)
			if (place == base || inside) && (!typed || of == " "+kind) {
				return m.words, m.key
			}
		}
	}
	return "The value at " + marked(pointerOf(path)), ""
}

// memberRank orders members by how much they tell; those without a name come last.
func memberRank(key string) int {
	for i, m := range memberNames {
		if m.key == key {
			return i
		}
	}
	return len(memberNames)
}
