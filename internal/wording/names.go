package wording

import (
	"strings"
	"unicode"

	"github.com/laurelbadges/laurel/verifier"
)

// Kind names what was handed in: "a PNG picture".
func (l Language) Kind(input verifier.Input) string { return l.either("kind."+input.Kind, "kind.file") }

// stepName is the name of a step of a report.
func (l Language) stepName(step string) string {
	if name, known := l.text("step." + step); known {
		return name
	}
	return Plain(step)
}

// Standard names the standard that a credential follows, and says so where it is an older one.
func (l Language) Standard(name string) string {
	name = Plain(name)
	if strings.HasPrefix(name, "Open Badges 2") || strings.HasPrefix(name, "Open Badges 1") {
		return l.Say("standard.older", "name", name)
	}
	return name
}

// KindName says what a credential is by the kind of its view: a badge, an endorsement, a learner record.
func (l Language) KindName(kind string) string {
	return l.either("credential."+kind, "credential.other")
}

// TypeName turns an achievementType (Open Badges 3.0 appendix B.2) into words: MicroCredential, ResearchDoctorate,
// ext:LicenseRenewal. One that the standard does not name stays in the words of its issuer.
func (l Language) TypeName(achievementType string) string {
	t := strings.TrimPrefix(Plain(achievementType), "ext:")
	if name, known := l.text("type." + t); known {
		return name
	}
	return First(spaced(t), l.Say("credential.AchievementCredential"))
}

// Thing is an achievement type as the object of a sentence, with its article: "the micro-credential"; "" for one of which it cannot be
// said that somebody has earned it.
func (l Language) Thing(achievementType string) string {
	words, _ := l.text("thing." + strings.TrimPrefix(Plain(achievementType), "ext:"))
	return words
}

// spaced turns a name in camel case into words.
func spaced(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Mark joins what a result says: level, value, status.
func (l Language) Mark(mark verifier.Mark) string {
	return strings.Join(Present(l.MarkParts(mark)), ", ")
}

// MarkParts are what a result says in the words of its issuer, level and value, and in words of the page; "" for one that there is not.
func (l Language) MarkParts(mark verifier.Mark) (given, status string) {
	given, value := Plain(mark.AchievedLevel), Plain(mark.Value)
	switch {
	case given == "":
		given = value
	case value != "" && value != given:
		given += " (" + value + ")"
	}
	if mark.Status != "" {
		status = spaced(Plain(mark.Status))
		if name, known := l.text("result." + Plain(mark.Status)); known {
			status = name
		}
		if given != "" {
			status = strings.ToLower(status)
		}
	} else if given == "" {
		status = l.Say("result.none")
	}
	return given, status
}

// Identity words one identifier of a recipient. A hash says nothing to a reader, so it is named and not printed; inClear says
// whether the others are.
func (l Language) Identity(identity verifier.Identity, inClear bool) string {
	label, known := l.text("identity." + identity.Type)
	if !known {
		label = l.Say("identity.other", "type", First(identity.Type, l.Say("identity.untyped")))
	}
	switch {
	case identity.Hashed:
		return l.Say("identity.hashed", "label", label)
	case !inClear:
		return l.Say("identity.unshown", "label", label)
	}
	return l.Say("identity.shown", "label", label, "value", Plain(identity.Value))
}

// PartyName is the name that somebody goes by, or failing that who they are.
func (l Language) PartyName(p verifier.Party) string {
	return First(p.Name, Host(p.ID), p.ID, l.Say("noun.nameless"))
}

// place names the part of a credential that a check is about, to begin a sentence with: by the name that the verifier has for it, or
// by its JSON Pointer.
func (l Language) place(name, pointer string) string {
	if words, known := l.text("place." + name); known {
		return words
	}
	if pointer == "" {
		return l.Say("place.whole")
	}
	return l.Say("place.pointer", "pointer", pointer)
}

// either is the text of the first key, or else of the second.
func (l Language) either(key, otherwise string) string {
	if text, known := l.text(key); known {
		return text
	}
	return l.Say(otherwise)
}
