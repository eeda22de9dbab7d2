package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
)

const sampleOrganisation = "Cedar Valley School District (sample)"

// sampleActor marks the awards of the worked example, so that a later start finds them.
const sampleActor = "worked example"

// sampleAward is one award of the worked example, with the words that the greeting has for it.
type sampleAward struct {
	issuer.Credential
	standing string
}

// addSample adds the worked example, once: a micro-credential with a rubric and an alignment, and three awards: one in force,
// one that expired, and one that was revoked. It returns the awards in this order, at a later start too.
func addSample(ctx context.Context, s *issuer.Service, o issuer.Organisation, now time.Time) ([]sampleAward, error) {
	achievements, err := s.Achievements(ctx)
	if err != nil {
		return nil, err
	}
	if len(achievements) > 0 {
		return sampleAwards(ctx, s, now)
	}
	if _, err := s.CreateAchievement(ctx, issuer.AchievementInput{
		Organisation: o.ID,
		Name:         "Feedback that moves learning forward",
		Description:  "Gives pupils feedback that they act on, and adjusts teaching by what the feedback shows.",
		Criteria: "Evidence from **three lessons**: a recording or an observer's notes, samples of feedback with what pupils did next, " +
			"and a reflection of one page.\n\nTwo assessors mark each part by the rubric; both must reach *Proficient*.",
		Version: "1.0",
		Tags:    []string{"formative assessment", "teaching"},
		Alignments: []credential.Alignment{{TargetName: "Standard 6: Assessment", TargetURL: "https://example.org/standards/teaching/6",
			TargetCode: "6", TargetFramework: "Model Core Teaching Standards (example)"}},
		Results: []credential.ResultDescription{{ID: "practice", Name: "Feedback in practice", ResultType: "RubricCriterionLevel", RequiredLevel: "proficient",
			Levels: []credential.RubricCriterionLevel{
				{ID: "emerging", Name: "Emerging", Level: "1", Points: "1", Description: "Feedback says what is right or wrong."},
				{ID: "proficient", Name: "Proficient", Level: "2", Points: "2", Description: "Feedback says what to do next, and pupils do it."},
				{ID: "exemplary", Name: "Exemplary", Level: "3", Points: "3", Description: "Pupils give each other such feedback too."},
			}}},
		Actor: sampleActor,
	}); err != nil {
		return nil, err
	}
	for _, earner := range []struct {
		name, email, level, narrative string
		from, until                   time.Time
	}{
		{"Amara Okafor", "amara.okafor@example.org", "exemplary", "Amara's pupils now comment on each other's drafts as she does.", time.Time{}, time.Time{}},
		{"José Núñez", "jose.nunez@example.org", "proficient", "Awarded for two years; José can renew it with a new portfolio.", now.AddDate(-3, 0, 0), now.AddDate(-1, 0, 0)},
		{"Robin Smith", "robin.smith@example.org", "proficient", "", time.Time{}, time.Time{}},
	} {
		award, err := s.Issue(ctx, issuer.AwardInput{Recipient: earner.email, Name: earner.name, Narrative: earner.narrative, Actor: sampleActor,
			ValidFrom: earner.from, ValidUntil: earner.until,
			Results: []credential.Result{{ResultDescription: "practice", AchievedLevel: earner.level}},
			Evidence: []issuer.Evidence{{URL: "https://example.org/portfolio/feedback", Name: "Portfolio of three lessons",
				Narrative: "Recordings, samples of feedback and a reflection."}}})
		if err != nil {
			return nil, err
		}
		if earner.name == "Robin Smith" {
			if _, err := s.Revoke(ctx, award.ID, "The portfolio turned out to be another person's work.", sampleActor); err != nil {
				return nil, err
			}
		}
	}
	return sampleAwards(ctx, s, now)
}

// sampleAwards finds the awards of the worked example: those in force first, then in the order in which they were made.
func sampleAwards(ctx context.Context, s *issuer.Service, now time.Time) ([]sampleAward, error) {
	var awards []sampleAward
	for after := ""; ; {
		page, next, err := s.Credentials(ctx, after, 1000)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			if c.By != sampleActor || c.Issued.IsZero() {
				continue
			}
			standing, err := standingOf(c, now)
			if err != nil {
				return nil, err
			}
			awards = append(awards, sampleAward{c, standing})
		}
		if after = next; next == "" {
			break
		}
	}
	slices.SortFunc(awards, func(a, b sampleAward) int {
		return cmp.Or(cmp.Compare(standings[a.standing], standings[b.standing]), a.Intended.Compare(b.Intended))
	})
	return awards, nil
}

// standings are the words for an award, in the order in which they are shown.
var standings = map[string]int{"a badge in force": 0, "an expired badge": 1, "a suspended badge": 2, "a revoked badge": 3}

func standingOf(c issuer.Credential, now time.Time) (string, error) {
	document, err := credential.Parse(c.JSON)
	if err != nil {
		return "", fmt.Errorf("reading the award %s: %w", c.ID, err)
	}
	until, err := credential.ParseDateTime(document.ValidUntil)
	switch {
	case c.Revoked != nil:
		return "a revoked badge", nil
	case c.Suspended != nil:
		return "a suspended badge", nil
	case document.ValidUntil != "" && (err != nil || now.After(until)):
		return "an expired badge", nil
	}
	return "a badge in force", nil
}
