package issuer_test

import (
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
)

// hiding are names that are not what they seem.
var hiding = map[string]string{
	"a Cyrillic letter": "Riversid\u0435", "a space of no width": "River\u200bside", "an Arabic mark": "River\u061cside", "a line separator": "River\u2028side",
	"a soft hyphen": "River\u00adside", "a mark of direction": "River\u200fside", "an override": "River\u202eside", "a joiner between Latin letters": "River\u200dside",
	"a selector": "River\ufe0fside", "a filler": "River\u3164side", "a letter beside a digit": "\u0421lass2", "a pile of marks": "Riverside" + strings.Repeat("\u0301", 5),
}

// TestNamesShowWhatTheyAre: names that are given to organisations and achievements hold nothing that is not seen.
func TestNamesShowWhatTheyAre(t *testing.T) {
	d := newDesk(t, public)
	w := d.space(t)
	o, _, err := w.Organisation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in := issuer.AchievementInput{Organisation: o.ID, Description: "d", Criteria: "c", Actor: "test"}
	configuration := issuer.Configuration{Email: o.Email, Settings: o.Settings}
	for what, name := range hiding {
		in.Name, configuration.Name = name, name
		_, err := d.CreateAchievement(t.Context(), in)
		wantRefusal(t, "an achievement with "+what, err, issuer.KindInvalid, "name")
		_, err = d.CreateOrganisation(t.Context(), name, "", "test")
		wantRefusal(t, "an organisation with "+what, err, issuer.KindInvalid, "name")
		_, _, err = w.Configure(t.Context(), configuration, staff)
		wantRefusal(t, "a configuration with "+what, err, issuer.KindInvalid, "name")
		_, err = w.Propose(t.Context(), issuer.Proposal{Kind: issuer.ProposalSettings, Configuration: &configuration}, asker)
		wantRefusal(t, "proposed settings with "+what, err, issuer.KindInvalid, "name")
	}
	for _, name := range []string{"Cafe\u0301 Reading \u2764\ufe0f", "IT-\u0441\u043f\u0435\u0446\u0438\u0430\u043b\u0438\u0441\u0442", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u5c71\u7530 Reading 2", "\U0001f469\u200d\U0001f3eb Teacher", "\u03b2-carotene", "Ti\u1ebfng Vi\u1ec7t", "Class of \u201926"} {
		in.Name = name
		if a, err := d.CreateAchievement(t.Context(), in); err != nil || strings.HasPrefix(name, "Cafe") && !strings.HasPrefix(a.Name, "Caf\u00e9 ") {
			t.Errorf("%s: %q, error %v", name, a.Name, err)
		}
	}
}

// TestNamesOfIssuersDiffer: no two issuers of an installation have names that look alike; what is there stays.
func TestNamesOfIssuersDiffer(t *testing.T) {
	d := newDesk(t, public)
	ctx := t.Context()
	o, err := d.CreateOrganisation(ctx, "Riverside School 10", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	w := d.Service.Workspace(o.ID)
	for _, name := range []string{"Riverside School 10", "RIVERSIDE  school 10", "Riverside School lO", "Riverside\u00a0School 10", "R\u0131verside School 10", "\uff32iverside School 10"} {
		_, err := d.CreateOrganisation(ctx, name, "", "test")
		wantRefusal(t, name, err, issuer.KindInvalid, "name")
	}
	for _, name := range []string{"Riverside School 11", "Riverside School", "Modern School", "\u0421\u043e\u0441\u043e School"} {
		if _, err := d.CreateOrganisation(ctx, name, "", "test"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"Coco School", "Modem School"} { // in Cyrillic, and with rn, these are there
		_, _, err := w.Configure(ctx, issuer.Configuration{Name: name}, staff)
		wantRefusal(t, name, err, issuer.KindInvalid, "name")
	}
	if renamed, _, err := w.Configure(ctx, issuer.Configuration{Name: "Riverside School X"}, staff); err != nil || renamed.Name != "Riverside School X" {
		t.Errorf("%q, error %v", renamed.Name, err)
	}
	if renamed, _, err := w.Configure(ctx, issuer.Configuration{Name: "riverside school x"}, staff); err != nil || renamed.Name != "riverside school x" {
		t.Errorf("its own name, written otherwise: %q, error %v", renamed.Name, err)
	}
}
