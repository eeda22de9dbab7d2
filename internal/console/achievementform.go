package console

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/picture"
	"github.com/laurelbadges/laurel/internal/definition"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// The fields of the form are named after the members of the document, with dots for slashes: so the pointer of an error leads to its
// field.

// achievementLists are the lists in the form whose rows can be added and removed.
var achievementLists = []string{"alignment", "related", "otherIdentifier", "resultDescription", "resultDescription.rubricCriterionLevel",
	"about.research", "about.resources"}

// achievementCodes are the fields that errors without a pointer are about.
var achievementCodes = map[string]string{"name": "name", "description": "description", "criteria": "criteria.narrative", "criteria_url": "criteria.id",
	"type": "achievementType", "version": "version", "language": "inLanguage", "tag": "tag", "image": "image", "creator": "creator.name",
	"creditsAvailable": "creditsAvailable", "duplicates": "duplicates", "months": "months"}

type achievementFormPage struct {
	Types, TargetTypes, ResultTypes, IdentifierTypes, Policies, Participation []choice
	Button, Back                                                              string
	Notes                                                                     []definition.Note // on the file that the form was filled from
	Picture                                                                   bool              // there is one already
	Chosen                                                                    bool              // one was chosen and is kept in the form
}

// typeChoices are terms of a vocabulary of Open Badges 3.0 with the words for them.
func typeChoices(words func(string) string, terms ...string) []choice {
	all := make([]choice, len(terms))
	for i, term := range terms {
		all[i] = choice{term, words(term)}
	}
	return all
}

func itself(term string) string { return term }

// achievementChoices are what the form offers. A term that it does not offer, as one that begins with "ext:", is offered where the
// achievement has it.
func achievementChoices() achievementFormPage {
	types := typeChoices(wording.English.TypeName, "MicroCredential", "Achievement", "ApprenticeshipCertificate", "Assessment", "Assignment",
		"AssociateDegree", "Award", "BachelorDegree", "Badge", "Certificate", "CertificateOfCompletion", "Certification", "CoCurricular",
		"CommunityService", "Competency", "Course", "Degree", "Diploma", "DoctoralDegree", "Fieldwork", "GeneralEducationDevelopment",
		"JourneymanCertificate", "LearningProgram", "License", "MasterCertificate", "MasterDegree", "Membership", "ProfessionalDoctorate",
		"QualityAssuranceCredential", "ResearchDoctorate", "SecondarySchoolDiploma")
	return achievementFormPage{
		Types: types,
		TargetTypes: append([]choice{{"", "not said"}}, typeChoices(itself, "ceasn:Competency", "ceterms:Credential", "CFItem", "CFRubric", "CFRubricCriterion",
			"CFRubricCriterionLevel", "CTDL")...),
		ResultTypes: []choice{{"RubricCriterionLevel", "Level of a rubric"}, {"RubricCriterion", "Criterion of a rubric"}, {"RubricScore", "Score by a rubric"},
			{"Result", "Result"}, {"PerformanceLevel", "Performance level"}, {"LetterGrade", "Letter grade"}, {"GradePointAverage", "Grade point average"},
			{"Percent", "Percent"}, {"PredictedScore", "Predicted score"}, {"RawScore", "Raw score"}, {"ScaledScore", "Scaled score"}, {"Status", "Status"}},
		IdentifierTypes: typeChoices(itself, "identifier", "systemId", "sourcedId", "lisSourcedId", "oneRosterSourcedId", "sisSourcedId", "productId", "isbn", "issn",
			"ltiContextId", "ltiDeploymentId", "ltiToolId", "ltiPlatformId"),
		Policies: []choice{{string(issuer.DuplicatesAllowed), "they hold it twice"}, {string(issuer.DuplicatesReplaced), "the new award takes the place of the old one"},
			{string(issuer.DuplicatesRefused), "it is refused"}},
		Participation: []choice{{"", "not said"}, {"online", "online"}, {"on site", "on site"}, {"blended", "blended"}},
	}
}

// offered are choices that hold what a field says, whatever that is.
func offered(choices []choice, value string) []choice {
	if value == "" || slices.ContainsFunc(choices, func(c choice) bool { return c.Value == value }) {
		return choices
	}
	return append(slices.Clone(choices), choice{value, value})
}

// fillAchievement writes an input into a form.
func fillAchievement(f *form, in issuer.AchievementInput) {
	f.Set("name", in.Name)
	f.Set("description", in.Description)
	f.Set("criteria.narrative", in.Criteria)
	f.Set("criteria.id", in.CriteriaURL)
	f.Set("achievementType", in.Type)
	f.Set("version", in.Version)
	f.Set("inLanguage", in.Language)
	f.Set("tag", strings.Join(in.Tags, ", "))
	f.Set("image.caption", in.ImageCaption)
	f.Set("creator.name", in.Creator.Name)
	f.Set("creator.id", in.Creator.ID)
	f.Set("creator.url", in.Creator.URL)
	f.Set("creator.description", in.Creator.Description)
	f.Set("creditsAvailable", numberOf(in.CreditsAvailable))
	f.Set("fieldOfStudy", in.FieldOfStudy)
	f.Set("specialization", in.Specialization)
	f.Set("humanCode", in.HumanCode)
	fillAlignments(f, "alignment", in.Alignments)
	for i, r := range in.Related {
		f.row("related", i, "id", r.ID, "inLanguage", r.InLanguage, "version", r.Version)
	}
	for i, o := range in.OtherIdentifiers {
		f.row("otherIdentifier", i, "identifierType", o.Type, "identifier", o.Value)
	}
	for i, d := range in.Results {
		f.row("resultDescription", i, "short", d.ID, "name", d.Name, "resultType", d.ResultType, "allowedValue", strings.Join(d.AllowedValues, ", "),
			"requiredValue", d.RequiredValue, "valueMin", d.ValueMin, "valueMax", d.ValueMax)
		for j, l := range d.Levels {
			required := ""
			if l.ID != "" && l.ID == d.RequiredLevel {
				required = "yes"
			}
			f.row(rowName("resultDescription", i)+".rubricCriterionLevel", j, "short", l.ID, "name", l.Name, "level", l.Level, "points", l.Points,
				"description", l.Description, "required", required)
		}
	}
	a := in.About
	for name, text := range map[string]string{"competency": a.Competency, "method": a.Method, "components": a.Components, "submission": a.Submission,
		"assessment": a.Assessment, "participation": a.Participation, "level": a.Level, "quality": a.Quality, "qualityUrl": a.QualityURL,
		"qualityAccount": a.QualityAccount, "hours": numberOf(a.Hours), "supervised": ticked(a.Supervised), "identityProof": ticked(a.IdentityProof),
		"stackable": ticked(a.Stackable)} {
		f.Set("about."+name, text)
	}
	for list, citations := range map[string][]issuer.Citation{"about.research": a.Research, "about.resources": a.Resources} {
		for i, c := range citations {
			f.row(list, i, "title", c.Title, "url", c.URL, "note", c.Note)
		}
	}
	f.Set("duplicates", string(in.Duplicates))
	f.Set("months", numberOf(float64(in.Months)))
	f.Set("renewable", ticked(in.Renewable))
}

func fillAlignments(f *form, list string, all []credential.Alignment) {
	for i, a := range all {
		f.row(list, i, "targetName", a.TargetName, "targetUrl", a.TargetURL, "targetCode", a.TargetCode, "targetDescription", a.TargetDescription,
			"targetFramework", a.TargetFramework, "targetType", a.TargetType)
	}
}

func ticked(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

// row fills a row of a list: names and values in turn.
func (f *form) row(list string, row int, pairs ...string) {
	at := rowName(list, row)
	f.Values.Set(at+".new", "1")
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Set(at+"."+pairs[i], pairs[i+1])
	}
}

// readAchievement reads an input from a form. Rows in which nothing was typed are taken out first, so that what is left has the numbers
// by which errors name it. What was not in the form, such as alignments of single levels, is kept from what was there before.
func readAchievement(f *form, before issuer.AchievementInput) issuer.AchievementInput {
	f.tidy(achievementLists...)
	in := issuer.AchievementInput{
		Name: f.Get("name"), Description: f.Get("description"), Criteria: f.Get("criteria.narrative"), CriteriaURL: f.Get("criteria.id"),
		Type: f.Get("achievementType"), Version: f.Get("version"), Language: f.Get("inLanguage"), Tags: f.list("tag"), ImageCaption: f.Get("image.caption"),
		Creator:          issuer.Creator{Name: f.Get("creator.name"), ID: f.Get("creator.id"), URL: f.Get("creator.url"), Description: f.Get("creator.description")},
		CreditsAvailable: f.number("creditsAvailable"), FieldOfStudy: f.Get("fieldOfStudy"), Specialization: f.Get("specialization"), HumanCode: f.Get("humanCode"),
		Duplicates: issuer.DuplicatePolicy(f.Get("duplicates")), Months: f.whole("months"), Renewable: f.Get("renewable") != "",
		About: issuer.About{
			Competency: f.Get("about.competency"), Method: f.Get("about.method"), Components: f.Get("about.components"), Submission: f.Get("about.submission"),
			Assessment: f.Get("about.assessment"), Participation: f.Get("about.participation"), Level: f.Get("about.level"), Quality: f.Get("about.quality"),
			QualityURL: f.Get("about.qualityUrl"), QualityAccount: f.Get("about.qualityAccount"), Hours: f.number("about.hours"),
			Supervised: f.Get("about.supervised") != "", IdentityProof: f.Get("about.identityProof") != "", Stackable: f.Get("about.stackable") != "",
			Research: readCitations(f, "about.research"), Resources: readCitations(f, "about.resources"),
		},
	}
	for _, i := range f.Each("alignment") {
		at := rowName("alignment", i) + "."
		in.Alignments = append(in.Alignments, credential.Alignment{TargetName: f.Get(at + "targetName"), TargetURL: f.Get(at + "targetUrl"), TargetCode: f.Get(at + "targetCode"),
			TargetDescription: f.Get(at + "targetDescription"), TargetFramework: f.Get(at + "targetFramework"), TargetType: f.Get(at + "targetType")})
	}
	for _, i := range f.Each("related") {
		at := rowName("related", i) + "."
		in.Related = append(in.Related, credential.Related{ID: f.Get(at + "id"), InLanguage: f.Get(at + "inLanguage"), Version: f.Get(at + "version")})
	}
	for _, i := range f.Each("otherIdentifier") {
		at := rowName("otherIdentifier", i) + "."
		in.OtherIdentifiers = append(in.OtherIdentifiers, credential.Identifier{Type: f.Get(at + "identifierType"), Value: f.Get(at + "identifier")})
	}
	in.Results = readRubric(f, before.Results)
	return in
}

func readCitations(f *form, list string) (all []issuer.Citation) {
	for _, i := range f.Each(list) {
		at := rowName(list, i) + "."
		all = append(all, issuer.Citation{Title: f.Get(at + "title"), URL: f.Get(at + "url"), Note: f.Get(at + "note")})
	}
	return all
}

// readRubric reads the results and their levels. A part keeps its short name for life, as awards of programs name it; a new one gets
// one that is free.
func readRubric(f *form, before []credential.ResultDescription) (all []credential.ResultDescription) {
	old := make(map[string]credential.ResultDescription)
	oldLevels := make(map[string]credential.RubricCriterionLevel)
	for _, d := range before {
		old[d.ID] = d
		for _, l := range d.Levels {
			oldLevels[l.ID] = l
		}
	}
	taken := make(map[string]bool)
	for name, values := range f.Values {
		if strings.HasPrefix(name, "resultDescription.") && strings.HasSuffix(name, ".short") {
			taken[values[0]] = true
		}
	}
	free := func(given, prefix string) string {
		for n := 1; given == ""; n++ {
			if name := prefix + strconv.Itoa(n); !taken[name] {
				given, taken[name] = name, true
			}
		}
		return given
	}
	for _, i := range f.Each("resultDescription") {
		at := rowName("resultDescription", i)
		d := credential.ResultDescription{ID: free(f.Get(at+".short"), "result-"), Name: f.Get(at + ".name"), ResultType: f.Get(at + ".resultType"),
			AllowedValues: f.list(at + ".allowedValue"), RequiredValue: f.Get(at + ".requiredValue"), ValueMin: f.Get(at + ".valueMin"), ValueMax: f.Get(at + ".valueMax")}
		d.Alignments = old[d.ID].Alignments
		list := at + ".rubricCriterionLevel"
		for _, j := range f.Each(list) {
			at := rowName(list, j)
			l := credential.RubricCriterionLevel{ID: free(f.Get(at+".short"), d.ID+"-level-"), Name: f.Get(at + ".name"), Level: f.Get(at + ".level"),
				Points: f.Get(at + ".points"), Description: f.Get(at + ".description")}
			l.Alignments = oldLevels[l.ID].Alignments
			if f.Get(at+".required") != "" {
				if d.RequiredLevel != "" {
					f.refuse(at+".required", "One level of a result can be the required one. Those above it count as well.")
				}
				d.RequiredLevel = l.ID
			}
			d.Levels = append(d.Levels, l)
		}
		all = append(all, d)
	}
	return all
}

// keepPicture reads the picture that was chosen, or that the form has kept from when it was shown before: a browser never sends a file
// twice. nil is no picture, an empty one takes the one away that is there.
func (f *form) keepPicture() ([]byte, error) {
	chosen, err := f.file("image", picture.MaxInput)
	switch {
	case err != nil:
		return nil, err
	case chosen != nil:
		f.Values.Set("image.kept", base64.StdEncoding.EncodeToString(chosen))
		return chosen, nil
	case f.Get("image.remove") != "":
		f.Values.Del("image.kept")
		return []byte{}, nil
	}
	kept, err := base64.StdEncoding.DecodeString(f.Get("image.kept"))
	if err != nil || len(kept) == 0 {
		f.Values.Del("image.kept")
		return nil, nil
	}
	return kept, nil
}

func (s *server) newAchievement(v *visit) error {
	f := newForm()
	f.Set("achievementType", "MicroCredential")
	f.Set("inLanguage", v.organisation.Settings.Language)
	f.Set("duplicates", string(issuer.DuplicatesAllowed))
	f.addRow("resultDescription")
	return s.achievementForm(v, http.StatusOK, f.single(), nil)
}

// achievementForm shows the form. a is the draft that it changes; nil for a new one.
func (s *server) achievementForm(v *visit, status int, f *form, a *issuer.Achievement, notes ...definition.Note) error {
	data := achievementChoices()
	p := page{Title: "Define an achievement", Form: f}
	data.Notes = notes
	data.Button, data.Back = "Save the draft", v.to("achievements")
	if a != nil {
		p.Title, data.Back, data.Picture = "Change "+wording.First(a.Name, "the draft"), v.to("achievements", a.ID), a.Content.Image.ID != ""
	}
	data.Chosen = f.Get("image.kept") != ""
	data.Types, data.Participation = offered(data.Types, f.Get("achievementType")), offered(data.Participation, f.Get("about.participation"))
	for _, i := range f.Each("alignment") {
		data.TargetTypes = offered(data.TargetTypes, f.Get(rowName("alignment", i)+".targetType"))
	}
	for _, i := range f.Each("resultDescription") {
		data.ResultTypes = offered(data.ResultTypes, f.Get(rowName("resultDescription", i)+".resultType"))
	}
	for _, i := range f.Each("otherIdentifier") {
		data.IdentifierTypes = offered(data.IdentifierTypes, f.Get(rowName("otherIdentifier", i)+".identifierType"))
	}
	p.Data = data
	return v.show(status, "achievement-form", p)
}

func (s *server) draftAchievement(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	image, err := f.keepPicture()
	if err != nil {
		return err
	}
	if f.changeRows(achievementLists...) {
		return s.achievementForm(v, http.StatusOK, f.single(), nil)
	}
	in := readAchievement(f, issuer.AchievementInput{})
	in.Image = image
	if len(f.problems) > 0 {
		return s.achievementForm(v, http.StatusUnprocessableEntity, f.single(), nil)
	}
	once, id, err := v.once(f)
	if err == nil && id == "" {
		by := v.by()
		by.Once = once
		var a issuer.Achievement
		a, err = v.space.Draft(v.ctx(), in, by)
		id = a.ID
		once.End()
	} else if err == nil {
		once.End()
	}
	if err != nil {
		if err := f.refused(err, achievementCodes); err != nil {
			return err
		}
		return s.achievementForm(v, http.StatusUnprocessableEntity, f.single(), nil)
	}
	return v.done("achievement-drafted", v.to("achievements", id))
}

func (s *server) editAchievement(v *visit) error {
	a, err := v.drafted()
	if err != nil {
		return err
	}
	f := newForm()
	fillAchievement(f, a.Input())
	f.Values.Set("version-seen", versionText(a.Revision))
	return s.achievementForm(v, http.StatusOK, f, &a)
}

// drafted is the draft in the address. What is published cannot be changed.
func (v *visit) drafted() (issuer.Achievement, error) {
	a, err := v.space.Achievement(v.ctx(), v.Param("id"))
	if err == nil && a.State() != issuer.AchievementDraft {
		err = failure{status: http.StatusConflict, title: "This is published", detail: "What is published never changes. Make a new version of it."}
	}
	return a, err
}

func (s *server) redraftAchievement(v *visit) error {
	a, err := v.drafted()
	if err != nil {
		return err
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	image, err := f.keepPicture()
	if err != nil {
		return err
	}
	if f.changeRows(achievementLists...) {
		return s.achievementForm(v, http.StatusOK, f, &a)
	}
	in := readAchievement(f, a.Input())
	in.Image = image
	by := v.by()
	if n, err := strconv.ParseUint(f.Get("version-seen"), 10, 64); err == nil {
		by.Versions = []uint64{n}
	} else {
		f.refuse("", "The form does not say which version of the draft it was filled from. Open it again.")
	}
	if len(f.problems) == 0 {
		_, err = v.space.Redraft(v.ctx(), a.ID, in, by)
		if err == nil {
			return v.done("achievement-changed", v.to("achievements", a.ID))
		}
		if err := f.refused(err, achievementCodes); err != nil {
			return err
		}
	}
	return s.achievementForm(v, http.StatusUnprocessableEntity, f, &a)
}
