package console

import (
	"net/http"
	"slices"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// awardCodes are the fields that errors are about.
var awardCodes = map[string]string{"email": "recipient", "name": "name", "language": "language", "dates": "validUntil", "awarded": "awardedDate",
	"duplicate": "recipient", "code": "code", "reason": "reason", "narrative": "narrative", "role": "role", "term": "term", "license": "licenseNumber", "note": "note", "why": "why",
	"rejected_rows": "skip"}

var awardLists = []string{"evidence"}

// resultField is one result of the rubric as the form asks for it.
type resultField struct {
	Name, Label, Hint string
	Choices           []choice // levels or values to choose from; none: it is typed
}

type awardFormPage struct {
	Achievement  nameLink
	Other        string // address at which another achievement is chosen
	Results      []resultField
	Languages    []choice
	Held         bool // the organisation holds every award until it is claimed
	Ends         int  // months after which an award ends, unless a date is given; 0: it does not end
	Second       bool // another person has to allow it
	Button, Back string
	Offered      []nameLink // achievements to choose from
	Define       string     // where one is defined; "" where the role cannot
}

// EndHint says when an award ends that says nothing else.
func (p awardFormPage) EndHint() string {
	if p.Ends == 0 {
		return "Empty: it does not end."
	}
	return "Empty: after " + counted(p.Ends, "1 month", "%d months") + "."
}

// languages are those in which earners are written to.
var languages = []choice{{"", "that of the organisation"}, {"en", "English"}, {"es", "Spanish"}}

// proposes says that what a person does here is a proposal, which another one has to allow.
func (v *visit) proposes(act issuer.Act) bool {
	return !v.may(issuer.ScopeCredentialsWrite) || slices.Contains(v.organisation.Settings.Second, act)
}

// proposesAwards is proposes for awards of an achievement, or of several for "": awards that take the place of others revoke them.
func (v *visit) proposesAwards(achievement string) (bool, error) {
	if v.proposes(issuer.ActAward) || !v.proposes(issuer.ActRevoke) {
		return v.proposes(issuer.ActAward), nil
	}
	if achievement == "" {
		return true, nil
	}
	a, err := v.space.Achievement(v.ctx(), achievement)
	return a.Duplicates == issuer.DuplicatesReplaced, err
}

// proposesBatch is proposes for a prepared batch.
func (v *visit) proposesBatch(b *issuer.Batch) (bool, error) {
	if b.Kind == issuer.BatchRevoke {
		return v.proposes(issuer.ActRevoke), nil
	}
	return v.proposesAwards(b.Achievement)
}

// newAward asks first what is to be awarded, and then for whom.
func (s *server) newAward(v *visit) error {
	if v.QueryParam("achievement") == "" {
		return s.chooseAchievement(v)
	}
	f := newForm()
	f.addRow("evidence")
	return s.awardForm(v, http.StatusOK, f.single())
}

func (s *server) chooseAchievement(v *visit) error {
	offered, err := v.awardable(issuer.AchievementPublished, "")
	if err != nil {
		return err
	}
	data := awardFormPage{Back: v.to("awards")}
	for _, c := range offered {
		data.Offered = append(data.Offered, nameLink{c.Label, v.to("awards", "new") + "?achievement=" + c.Value})
	}
	if v.may(issuer.ScopeAchievementsWrite) {
		data.Define = v.to("achievements")
	}
	return v.ok("award-choose", newPage("What do you award?", data))
}

// chosen is the achievement that the address of the form names.
func (v *visit) chosen() (issuer.Achievement, error) {
	a, err := v.space.Achievement(v.ctx(), v.QueryParam("achievement"))
	if err == nil && a.State() != issuer.AchievementPublished {
		err = failure{status: http.StatusConflict, title: "This cannot be awarded", detail: "Only an achievement that is published, and not archived, can be awarded."}
	}
	return a, err
}

func (s *server) awardForm(v *visit, status int, f *form) error {
	a, err := v.chosen()
	if err != nil {
		return err
	}
	second, err := v.proposesAwards(a.ID)
	if err != nil {
		return err
	}
	data := awardFormPage{Achievement: nameLink{versionOf(a), v.to("achievements", a.ID)}, Other: v.to("awards", "new"), Results: resultFields(a), Languages: languages,
		Held: v.organisation.Settings.Held, Ends: a.Months, Second: second, Back: v.to("awards"), Button: "Award"}
	if data.Second {
		data.Button = "Propose the award"
	}
	return v.show(status, "award-form", page{Title: "Award " + wording.First(a.Name, "an achievement"), Form: f, Data: data})
}

// resultFields are the fields for the rubric of an achievement.
func resultFields(a issuer.Achievement) (fields []resultField) {
	for i, d := range a.Content.ResultDescriptions {
		at := rowName("result", i)
		field := resultField{Name: at + ".value", Label: wording.First(d.Name, "Result")}
		switch {
		case len(d.Levels) > 0:
			field.Name, field.Choices = at+".achievedLevel", []choice{{"", "not said"}}
			for _, l := range d.Levels {
				field.Choices = append(field.Choices, choice{l.ID, wording.First(l.Name, l.Level)})
			}
		case d.ResultType == "Status":
			field.Name = at + ".status"
			field.Choices = append([]choice{{"", "not said"}}, typeChoices(itself, "Completed", "Enrolled", "Failed", "InProgress", "OnHold", "Provisional", "Withdrew")...)
		case len(d.AllowedValues) > 0:
			field.Choices = append([]choice{{"", "not said"}}, typeChoices(wording.Plain, d.AllowedValues...)...)
		case d.ValueMin != "" || d.ValueMax != "":
			field.Hint = "From " + orWord(wording.Plain(d.ValueMin), "any value") + " to " + orWord(wording.Plain(d.ValueMax), "any value") + "."
		}
		fields = append(fields, field)
	}
	return fields
}

// readResults reads what was reached.
func readResults(f *form, a issuer.Achievement) (all []credential.Result) {
	for i, d := range a.Content.ResultDescriptions {
		at := rowName("result", i)
		r := credential.Result{ResultDescription: d.ID, Value: f.Get(at + ".value"), AchievedLevel: f.Get(at + ".achievedLevel"), Status: f.Get(at + ".status")}
		if r.Value != "" || r.AchievedLevel != "" || r.Status != "" {
			all = append(all, r)
		}
	}
	return all
}

func readEvidence(f *form) (all []issuer.Evidence) {
	f.tidy(awardLists...)
	for _, i := range f.Each("evidence") {
		at := rowName("evidence", i) + "."
		all = append(all, issuer.Evidence{URL: f.Get(at + "id"), Name: f.Get(at + "name"), Narrative: f.Get(at + "narrative")})
	}
	return all
}

// makeAward makes an award, or proposes it.
func (s *server) makeAward(v *visit) error {
	a, err := v.chosen()
	if err != nil {
		return err
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	if f.changeRows(awardLists...) {
		return s.awardForm(v, http.StatusOK, f.single())
	}
	in := issuer.AwardInput{Achievement: a.ID, Recipient: f.Get("recipient"), Name: f.Get("name"), Language: f.Get("language"), PlainRecipient: f.Get("plain") != "",
		Narrative: f.Get("narrative"), Evidence: readEvidence(f), Results: readResults(f, a), AwardedDate: f.date("awardedDate"), ValidFrom: f.date("validFrom"),
		ValidUntil: f.date("validUntil"), Role: f.Get("role"), Term: f.Get("term"), LicenseNumber: f.Get("licenseNumber")}
	if f.Get("held") != "" {
		in.Access = issuer.AccessHeld
	}
	if len(f.problems) > 0 {
		return s.awardForm(v, http.StatusUnprocessableEntity, f.single())
	}
	second, err := v.proposesAwards(a.ID)
	if err != nil {
		return err
	}
	if second {
		return v.propose(f, v.by(), issuer.Proposal{Kind: issuer.ProposalAward, Award: &in, Why: f.Get("why")}, v.to("awards"), s.awardForm)
	}
	return v.award(f, func(by issuer.Write) (issuer.Credential, error) { return v.space.Issue(v.ctx(), in, by) }, "awarded", s.awardForm)
}

// award makes an award once, and goes to its page.
func (v *visit) award(f *form, make func(issuer.Write) (issuer.Credential, error), said notice, again func(*visit, int, *form) error) error {
	once, _, err := v.once(f)
	if err == nil {
		defer once.End()
		by := v.by()
		by.Once = once // what it made before comes back from the write itself
		var c issuer.Credential
		if c, err = make(by); err == nil {
			return v.done(said, v.to("awards", c.ID))
		}
	}
	if err := f.refused(err, awardCodes); err != nil {
		return err
	}
	return again(v, http.StatusUnprocessableEntity, f.single())
}

// propose asks for an act that another person has to allow. by holds the version of what it is about, as the person has seen it.
func (v *visit) propose(f *form, by issuer.Write, p issuer.Proposal, address string, again func(*visit, int, *form) error) error {
	once, made, err := v.once(f)
	if err == nil {
		defer once.End()
		if made == "" {
			by.Once = once
			_, err = v.space.Propose(v.ctx(), p, by)
		}
		if err == nil {
			return v.done("proposed", address)
		}
	}
	if err := f.refused(err, awardCodes); err != nil {
		return err
	}
	return again(v, http.StatusUnprocessableEntity, f.single())
}
