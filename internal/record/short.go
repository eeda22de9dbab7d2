package record

import "github.com/laurelbadges/laurel/verifier"

// short is a report with no more of each text than a record tells, so that long ones are not cleaned again and again. The
// credentials inside it stay as they are.
func short(r *verifier.Report) *verifier.Report {
	s := *r
	s.Input.Kind, s.Input.SHA256, s.Input.Name, s.Input.URL = head(r.Input.Kind), head(r.Input.SHA256), head(r.Input.Name), head(r.Input.URL)
	s.Pointer = head(r.Pointer)
	s.Checks = make([]verifier.Check, len(r.Checks))
	for i, c := range r.Checks {
		s.Checks[i] = shortCheck(c)
	}
	if r.Credential != nil {
		s.Credential = shortView(*r.Credential)
	}
	return &s
}

// head is the beginning of a text: more than is told of any.
func head(text string) string {
	const most = 4 * (mostText + 1) // bytes of so many characters, at most
	return text[:min(len(text), most)]
}

func shortCheck(c verifier.Check) verifier.Check {
	c.Detail, c.Code, c.Clause, c.Pointer = head(c.Detail), head(c.Code), head(c.Clause), head(c.Pointer)
	if len(c.Facts) > 0 {
		facts := make(verifier.Facts, len(c.Facts))
		for name, value := range c.Facts {
			facts[name] = head(value)
		}
		c.Facts = facts
	}
	return c
}

func shortParty(p verifier.Party) verifier.Party {
	return verifier.Party{ID: head(p.ID), Name: head(p.Name)}
}

func shortView(v verifier.View) *verifier.View {
	s := verifier.View{Standard: head(v.Standard), Kind: head(v.Kind), ID: head(v.ID), Name: head(v.Name), Issuer: shortParty(v.Issuer),
		Awarded: head(v.Awarded), ValidFrom: head(v.ValidFrom), ValidUntil: head(v.ValidUntil), Superseded: head(v.Superseded)}
	if v.Holder != nil {
		holder := shortParty(*v.Holder)
		s.Holder = &holder
	}
	if a := v.Achievement; a != nil {
		s.Achievement = &verifier.Award{ID: head(a.ID), Name: head(a.Name), Description: head(a.Description), Type: head(a.Type)}
	}
	for _, id := range v.Recipient {
		s.Recipient = append(s.Recipient, verifier.Identity{Type: head(id.Type), Value: head(id.Value), Hashed: id.Hashed})
	}
	for _, m := range v.Results {
		s.Results = append(s.Results, verifier.Mark{Name: head(m.Name), Value: head(m.Value), AchievedLevel: head(m.AchievedLevel), Status: head(m.Status)})
	}
	return &s
}
