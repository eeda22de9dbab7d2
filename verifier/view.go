package verifier

import (
	"cmp"
	"slices"

	"github.com/laurelbadges/laurel/credential"
)

// view shows what was secured, and nothing else: c was read from the document that the proof covers.
func view(c *credential.Credential) *View {
	v := &View{Standard: standard(c), Kind: c.Kind, ID: c.ID, Name: c.Name, Issuer: party(c.Issuer),
		Awarded: cmp.Or(c.Awarded, c.ValidFrom), ValidFrom: c.ValidFrom, ValidUntil: c.ValidUntil,
		Recipient: []Identity{}, Results: []Mark{}, Alignments: []Alignment{}, Evidence: []Evidence{}, Endorsements: []Party{}}
	if v.Issuer.Name == "" || v.Issuer.URL == "" { // it may say so where else it stands
		elsewhere := said(c.Value(), c.Issuer.ID)
		v.Issuer.Name, v.Issuer.URL = cmp.Or(v.Issuer.Name, elsewhere.Name), cmp.Or(v.Issuer.URL, elsewhere.URL)
	}
	if c.Kind == credential.KindPresentation { // whatever else it says, its holder may say it of anybody
		v = &View{Standard: standard(c), Kind: c.Kind, ID: c.ID, Recipient: v.Recipient, Results: v.Results, Alignments: v.Alignments, Evidence: v.Evidence, Endorsements: v.Endorsements}
		if c.Holder.ID != "" {
			holder := party(c.Holder)
			v.Holder = &holder
		}
		return v
	}
	if c.Subject.ID != "" {
		v.Recipient = append(v.Recipient, Identity{Type: "id", Value: c.Subject.ID})
	}
	if subjects, several := c.Value()["credentialSubject"].([]any); several && len(subjects) > 1 {
		// Which of them stands first is not signed, so none is shown before the others.
		v.Recipient = v.Recipient[:0]
		for _, subject := range subjects {
			if object, _ := subject.(map[string]any); object != nil {
				if id, _ := object["id"].(string); id != "" {
					v.Recipient = append(v.Recipient, Identity{Type: "id", Value: id})
				}
			}
		}
		slices.SortFunc(v.Recipient, func(a, b Identity) int { return cmp.Compare(a.Value, b.Value) })
		return v
	}
	for _, id := range c.Subject.Identifiers {
		v.Recipient = append(v.Recipient, Identity{Type: id.Type, Value: id.Hash, Hashed: id.Hashed})
	}
	if c.Subject.Name != "" {
		v.Recipient = append(v.Recipient, Identity{Type: "name", Value: c.Subject.Name})
	}
	for _, e := range c.Evidence {
		v.Evidence = append(v.Evidence, Evidence{ID: e.ID, Name: e.Name, Narrative: e.Narrative, Description: e.Description, Genre: e.Genre})
	}
	a := c.Subject.Achievement
	if subject, _ := c.Value()["credentialSubject"].(map[string]any); subject != nil {
		if several, isArray := subject["achievement"].([]any); isArray && len(several) > 1 {
			a = nil // which of them stands first is not signed
		}
	}
	if a == nil {
		return v
	}
	v.Achievement = &Award{ID: a.ID, Name: a.Name, Description: a.Description, Criteria: a.Criteria.Narrative, CriteriaURL: a.Criteria.ID,
		Type: a.AchievementType, Version: a.Version, InLanguage: credential.LanguageTag(a.InLanguage), Image: a.Image.ID}
	if a.Creator != nil {
		creator := party(*a.Creator)
		v.Achievement.Creator = &creator
	}
	for _, l := range a.Alignments {
		v.Alignments = append(v.Alignments, Alignment{Name: l.TargetName, URL: l.TargetURL, Code: l.TargetCode, Framework: l.TargetFramework, Description: l.TargetDescription})
	}
	for _, result := range c.Subject.Results {
		v.Results = append(v.Results, mark(result, a.ResultDescriptions))
	}
	return v
}

func standard(c *credential.Credential) string {
	switch {
	case c.Kind == credential.KindAchievement || c.Kind == credential.KindEndorsement:
		return "Open Badges 3.0"
	case c.Kind == credential.KindCLR:
		return "Comprehensive Learner Record 2.0"
	case c.Kind == credential.KindPresentation:
		return "Verifiable Presentation " + c.DataModel
	case c.DataModel != "":
		return "Verifiable Credential " + c.DataModel
	}
	return ""
}

func party(p credential.Party) Party {
	return Party{ID: p.ID, Name: p.Name, URL: p.URL, Image: p.Image.ID}
}

// mark gives a result the names that its description has for it.
func mark(result credential.Result, descriptions []credential.ResultDescription) Mark {
	m := Mark{Value: result.Value, Status: result.Status, AchievedLevel: result.AchievedLevel}
	for _, d := range descriptions {
		if d.ID != result.ResultDescription {
			continue
		}
		m.Name = d.Name
		for _, level := range d.Levels {
			if level.ID == result.AchievedLevel {
				m.AchievedLevel = level.Name
			}
		}
	}
	return m
}
