package credential_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/credential"
)

// templateBadge is a badge of one achievement to somebody.
func templateBadge(t *rapid.T, description string) credential.AchievementCredential {
	text := func(name string) string {
		return rapid.OneOf(rapid.StringMatching(`[ -~]{1,12}`), rapid.StringMatching(`[a-zé"\\<\x{2028}\x{7f}\n]{1,6}`)).Draw(t, name)
	}
	index := rapid.IntRange(0, 131071).Draw(t, "index")
	list := "https://badges.example.org/status/1"
	badge := credential.AchievementCredential{
		ID: fmt.Sprintf("https://badges.example.org/c/%d", index), Name: "Wait time",
		Issuer:    credential.Party{ID: "did:web:badges.example.org:i:1", Name: "Schule Zürich", URL: "https://badges.example.org/i/1"},
		ValidFrom: time.Unix(int64(index), 0),
		Subject: credential.AchievementSubject{
			Identifiers: []credential.IdentityObject{credential.HashedIdentity("emailAddress", text("address")), {Type: "name", Hash: "N" + text("person")}},
			Achievement: &credential.Achievement{ID: "https://badges.example.org/a/1", Name: "Wait time", Description: description,
				Criteria: credential.Criteria{Narrative: "Show a film."}, Tags: []string{"a", "b"},
				ResultDescriptions: []credential.ResultDescription{{ID: "https://badges.example.org/a/1#grade", Name: "Grade", ResultType: "LetterGrade"}}}},
		Status: []credential.StatusEntry{{ID: fmt.Sprintf("%s#%d", list, index), Purpose: "revocation", Index: index, List: list}},
	}
	if rapid.Bool().Draw(t, "more") {
		badge.Subject.Narrative, badge.Subject.Role = "N"+text("narrative"), "R"+text("role")
		badge.Evidence = []credential.Evidence{{ID: "https://example.org/film", Name: "E" + text("evidence")}}
		badge.Subject.Results = []credential.Result{{ResultDescription: "https://badges.example.org/a/1#grade", Value: "V" + text("value")}}
		badge.ValidUntil, badge.Awarded = badge.ValidFrom.AddDate(1, 0, 0), badge.ValidFrom.AddDate(-1, 0, 0)
		badge.RefreshService, badge.RevocationList = badge.ID+"/newest", "https://badges.example.org/revocations/1"
	}
	return badge
}

// TestTemplateBuild: a template writes what Build writes, and refuses what Build refuses in text that is not plain.
func TestTemplateBuild(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		description := rapid.SampledFrom([]string{"Waits.", "Wartet \"länger\"."}).Draw(t, "description")
		template, err := credential.NewTemplate(templateBadge(t, description))
		if err != nil {
			t.Fatal(err)
		}
		badge := templateBadge(t, description)
		want, wantErr := credential.Build(badge)
		for _, whole := range []bool{true, false} {
			given := badge
			if !whole { // these are those of the template
				given.Name, given.Issuer, given.Subject.Achievement = "", credential.Party{}, nil
			}
			got, err := template.Build(given, whole)
			if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) {
				t.Fatalf("whole %v: error %v, want %v:\n%s\n%s", whole, err, wantErr, got, want)
			}
		}
	})
}

// TestTemplateChecks: what breaks a rule is refused where it is looked at whole, and in any case where it is not plain ASCII.
func TestTemplateChecks(t *testing.T) {
	badge := credential.AchievementCredential{ID: "urn:uuid:5d3d1d2c-51d4-4b41-9f0e-6c1e8f3c2a11", Name: "Wait time", ValidFrom: time.Unix(0, 0),
		Issuer: credential.Party{ID: "did:web:badges.example.org", Name: "District"},
		Subject: credential.AchievementSubject{ID: "did:example:a", Achievement: &credential.Achievement{ID: "https://badges.example.org/a/1", Name: "Wait time",
			Description: "Waits.", Criteria: credential.Criteria{Narrative: "Show a film."}}}}
	template, err := credential.NewTemplate(badge)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := template.Build(badge, true); err != nil {
		t.Error(err)
	}
	badge.Evidence = []credential.Evidence{{ID: "no address", Name: "A film"}}
	var problems credential.Problems
	if _, err := template.Build(badge, true); !errors.As(err, &problems) {
		t.Errorf("error %v", err)
	}
	badge.Evidence[0].Name = "Ein Filmchen für alle"
	if _, err := template.Build(badge, false); !errors.As(err, &problems) {
		t.Errorf("error %v", err)
	}
	badge.Evidence, badge.ValidFrom = nil, time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := template.Build(badge, false); err == nil {
		t.Error("a date of five digits was written")
	}
}
