package wording

import (
	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/verifier"
)

// BadgeName is what a credential goes by: the name of its achievement, its own name, or failing these what it is. It is "" for nil.
func (l Language) BadgeName(v *verifier.View) string {
	if v == nil {
		return ""
	}
	achievement := ""
	if v.Achievement != nil {
		achievement = v.Achievement.Name
	}
	return First(achievement, v.Name, l.KindName(v.Kind))
}

// BadgeLanguage is the language of what the issuer wrote in a badge: [Language.Other] of that of the achievement, "" for nil.
func (l Language) BadgeLanguage(v *verifier.View) string {
	if v == nil || v.Achievement == nil {
		return ""
	}
	return l.Other(v.Achievement.InLanguage)
}

// SignedBy is who a credential says that it is from: its issuer, or the holder of a presentation. It is the zero Party where that is
// not said, and for nil.
func SignedBy(v *verifier.View) verifier.Party {
	switch {
	case v == nil:
		return verifier.Party{}
	case v.Kind != credential.KindPresentation:
		return v.Issuer
	case v.Holder != nil:
		return *v.Holder
	}
	return verifier.Party{}
}

// yesOrNo are the keys of the words for answers. Any other value is not known.
var yesOrNo = map[verifier.Answer]string{verifier.Yes: "plain.yes", verifier.No: "plain.no", verifier.Undecided: "plain.unknown"}

// InForce is whether what a report is about is in force, in one word or two, with the day that this was known where that is not the one
// that was judged.
func (l Language) InForce(r *verifier.Report) string {
	if r.InForce == verifier.Yes {
		if by, old := lastKnown(r); old {
			return l.Say("plain.yes.aged", "date", l.Day(by).Words)
		}
	}
	return l.YesOrNo(r.InForce)
}

// YesOrNo is an answer in one word or two.
func (l Language) YesOrNo(a verifier.Answer) string {
	if key, known := yesOrNo[a]; known {
		return l.Say(key)
	}
	return l.Say("plain.unknown")
}
