package main

import (
	"context"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
)

const sampleOrganisation = "Cedar Valley School District (sample)"

// sampleActor marks the awards of the worked example, so that a later start finds them.
const sampleActor = "worked example"

// addSample adds the worked example, once: a micro-credential with a rubric, and three awards of which one is revoked. It
// returns the awards, at a later start too.
func addSample(ctx context.Context, s *issuer.Service, o issuer.Organisation) ([]issuer.Credential, error) {
	achievements, err := s.Achievements(ctx)
	if err != nil {
		return nil, err
	}
	if len(achievements) > 0 {
		return sampleAwards(ctx, s)
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
	var awards []issuer.Credential
	for _, earner := range []struct{ name, email, level string }{
		{"Amara Okafor", "amara.okafor@example.org", "exemplary"},
		{"José Núñez", "jose.nunez@example.org", "proficient"},
		{"Robin Smith", "robin.smith@example.org", "proficient"},
	} {
		award, err := s.Issue(ctx, issuer.AwardInput{Recipient: earner.email, Name: earner.name, Actor: sampleActor,
			Results: []credential.Result{{ResultDescription: "practice", AchievedLevel: earner.level}},
			Evidence: []issuer.Evidence{{URL: "https://example.org/portfolio/feedback", Name: "Portfolio of three lessons",
				Narrative: "Recordings, samples of feedback and a reflection."}}})
		if err != nil {
			return nil, err
		}
		awards = append(awards, award)
	}
	last := &awards[len(awards)-1]
	*last, err = s.Revoke(ctx, last.ID, "The portfolio turned out to be another person's work.", sampleActor)
	return awards, err
}

// sampleAwards finds the awards of the worked example again.
func sampleAwards(ctx context.Context, s *issuer.Service) ([]issuer.Credential, error) {
	var awards []issuer.Credential
	for after := ""; ; {
		page, next, err := s.Credentials(ctx, after, 1000)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			if c.By == sampleActor && !c.Issued.IsZero() {
				awards = append(awards, c)
			}
		}
		if after = next; next == "" {
			return awards, nil
		}
	}
}
