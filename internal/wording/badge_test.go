package wording

import (
	"testing"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/verifier"
)

func TestBadgeName(t *testing.T) {
	view := func(achievement, name string) *verifier.View {
		return &verifier.View{Kind: credential.KindAchievement, Name: name, Achievement: &verifier.Award{Name: achievement}}
	}
	for name, test := range map[string]struct {
		view *verifier.View
		want string
	}{
		"of the achievement": {view("Reading", "Badge for reading"), "Reading"},
		"its own":            {view("", "Badge for reading"), "Badge for reading"},
		"hidden letters":     {view("\u200b\u202e", "\u2066"), English.KindName(credential.KindAchievement)},
		"no achievement":     {&verifier.View{Kind: credential.KindEndorsement}, English.KindName(credential.KindEndorsement)},
		"nothing":            {nil, ""},
	} {
		if got := English.BadgeName(test.view); got != test.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestSignedBy(t *testing.T) {
	holder := &verifier.Party{ID: "did:key:holder"}
	for id, view := range map[string]*verifier.View{
		"did:key:issuer": {Kind: credential.KindAchievement, Issuer: verifier.Party{ID: "did:key:issuer"}, Holder: holder},
		"did:key:holder": {Kind: credential.KindPresentation, Holder: holder},
		"":               {Kind: credential.KindPresentation},
	} {
		if got := SignedBy(view).ID; got != id {
			t.Errorf("%q for %q", got, id)
		}
	}
	if SignedBy(nil) != (verifier.Party{}) {
		t.Error("nobody signed nothing")
	}
}

func TestYesOrNo(t *testing.T) {
	if English.YesOrNo("") != English.YesOrNo(verifier.Undecided) || English.YesOrNo(verifier.Yes) == English.YesOrNo(verifier.No) {
		t.Error("answers are told apart wrongly")
	}
}
