package web

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/definition"
	"github.com/laurelbadges/laurel/internal/markdown"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

type achievementPage struct {
	frame
	Name         string
	Lang         string // of its texts, where that is known and not the language of the page
	Kind         string
	Issuer       party
	Creator      *creator // nil: the issuer itself
	Newer, Older *reference
	Archived     wording.Moment // no words while it is awarded
	Description  string
	Facts        []labelled
	Credits      string // what the definition says of hours and credits, as its own word; "" for nothing
	Competency   string
	Criteria     template.HTML
	CriteriaLink string
	Submission   template.HTML
	Method       template.HTML
	Components   template.HTML
	Rubric       []criterion
	Assessment   []labelled
	Quality      *reference
	Research     []reference
	Resources    []reference
	Alignments   []reference
	Related      []reference
	Identifiers  []labelled
	Tags         []string
	Endorsements []endorsement
	Art          string // address of its picture
	Alt          string
	Definition   string // address of all of it, for other programs
	File         string // name for that
}

// creator is who wrote a definition, where that is not who awards it.
type creator struct {
	party
	About string
}

// criterion is one result that an award reports, with the levels or values it can have.
type criterion struct {
	Name       string
	Named      bool // Name is the issuer's, and not a word of the page
	Levels     []level
	Values     string
	Required   string // the level or value that it takes
	Alignments []reference
}

type level struct {
	labelled
	Alignments []reference
}

func criterionOf(l wording.Language, d credential.ResultDescription, lang string) criterion {
	line := criterion{Name: wording.First(d.Name, l.Say("page.badge.result")), Named: wording.Plain(d.Name) != "", Required: wording.Plain(d.RequiredValue), Alignments: alignmentsOf(l, d.Alignments, lang)}
	levels, _ := ranked(d.Levels)
	for _, of := range levels {
		label := wording.First(of.Name, of.Level)
		if d.RequiredLevel != "" && d.RequiredLevel == of.ID {
			line.Required = label
		}
		if points := wording.Plain(of.Points); points != "" {
			label += " (" + points + ")"
		}
		line.Levels = append(line.Levels, level{labelled{Label: label, Value: wording.Prose(of.Description)}, alignmentsOf(l, of.Alignments, lang)})
	}
	switch {
	case len(d.AllowedValues) > 0:
		line.Values = l.Say("page.achievement.values", "values", strings.Join(d.AllowedValues, ", "))
	case d.ValueMin != "" && d.ValueMax != "":
		line.Values = l.Say("page.achievement.range", "least", string(d.ValueMin), "most", string(d.ValueMax))
	}
	return line
}

func alignmentsOf(l wording.Language, all []credential.Alignment, lang string) []reference {
	var list []reference
	for _, a := range all {
		list = append(list, alignmentOf(l, a, lang))
	}
	return list
}

// achievement answers at the permanent address of an achievement: the page, or its JSON-LD.
func (s *server) achievement(c echo.Context) error {
	id, err := whole(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	record, err := s.Office.Achievement(ctx, id)
	if err != nil {
		return err
	}
	media, err := pageOrData(c)
	if err != nil {
		return err
	}
	if media != mediaHTML {
		document, err := s.published(c)
		if err != nil {
			return err
		}
		return send(c, media, cacheDocument, document)
	}
	organisation, err := s.Office.Organisation(ctx, record.Organisation)
	if err != nil {
		return fmt.Errorf("reading the issuer: %w", err)
	}
	l := languageOf(c)
	data := s.achievementPageOf(l, s.spoken(c, ""), record, organisation)
	if data.Newer, err = s.version(ctx, l, data.frame, record.ReplacedBy); err != nil {
		return err
	}
	if data.Older, err = s.version(ctx, l, data.frame, record.Replaces); err != nil {
		return err
	}
	if data.Endorsements, err = s.endorsementsOf(ctx, l, data.frame, organisation.ID, record.URL); err != nil {
		return err
	}
	data.Data = s.schemaOf(l, record, organisation, data.Endorsements)
	return s.keptPage(c, l, "achievement", data)
}

func (s *server) achievementPageOf(l wording.Language, f frame, record issuer.Achievement, organisation issuer.Organisation) achievementPage {
	content, about := record.Content, record.About
	name := wording.First(record.Name, l.Say("page.achievement.unnamed"))
	data := achievementPage{
		frame:        f,
		Name:         name,
		Kind:         l.TypeName(content.AchievementType),
		Issuer:       f.ownParty(organisation),
		Description:  wording.Prose(content.Description),
		Credits:      creditsOf(l, record),
		Lang:         l.Other(content.InLanguage),
		Competency:   wording.Prose(about.Competency),
		Criteria:     markdown.HTML(content.Criteria.Narrative),
		CriteriaLink: webLink(content.Criteria.ID),
		Submission:   markdown.HTML(about.Submission),
		Method:       markdown.HTML(about.Method),
		Components:   markdown.HTML(about.Components),
		Assessment:   assessmentOf(l, about),
		Research:     citations(about.Research, l.Other(content.InLanguage)),
		Resources:    citations(about.Resources, l.Other(content.InLanguage)),
		Alignments:   alignmentsOf(l, content.Alignments, l.Other(content.InLanguage)),
		Art:          artOf(record),
		Alt:          wording.First(content.Image.Caption, l.Say("page.badge.picture", "name", name)),
		Definition:   "/a/" + record.ID + "/definition.json",
		File:         "achievement-" + record.ID + ".json",
	}
	if data.CriteriaLink == record.URL {
		data.CriteriaLink = "" // it is this page
	}
	if record.Archived != nil {
		data.Archived = l.Day(record.Archived.At)
	}
	data.Title, data.Unlisted, data.Accent = name, false, accentOf(organisation)
	data.Facts = factsOf(l, record)
	if p := content.Creator; p != nil && p.ID != organisation.DID {
		known := partyOf(l, verifier.Party{ID: p.ID, Name: p.Name, URL: p.URL}, nil)
		known.Name, known.Link = wording.First(p.Name, known.Name), cmp.Or(known.Link, webLink(p.ID)) // the issuer says so itself
		data.Creator = &creator{known, wording.Prose(p.Description)}
	}
	if about.Quality != "" || about.QualityAccount != "" {
		data.Quality = &reference{Name: wording.First(about.Quality, l.Say("page.achievement.assurance")), Named: wording.Plain(about.Quality) != "", Lang: data.Lang, Link: webLink(about.QualityURL), Lines: wording.Present(wording.Prose(about.QualityAccount))}
	}
	for _, r := range content.Related {
		data.Related = append(data.Related, reference{Name: wording.Plain(r.ID), Link: webLink(r.ID),
			Lines: wording.Present(valued(l, "page.achievement.related.version", "version", r.Version), valued(l, "page.achievement.related.language", "language", r.InLanguage))})
	}
	for _, i := range content.OtherIdentifiers {
		data.Identifiers = append(data.Identifiers, labelled{Label: wording.First(strings.TrimPrefix(i.Type, "ext:"), l.Say("page.achievement.identifier")), Value: wording.Plain(i.Value)})
	}
	for _, tag := range content.Tags {
		data.Tags = append(data.Tags, wording.Present(wording.Plain(tag))...)
	}
	for _, d := range content.ResultDescriptions {
		data.Rubric = append(data.Rubric, criterionOf(l, d, data.Lang))
	}
	data.Preview = s.previewOf(l, data.Kind, data.Issuer.Name, s.achievementPreview(l, record, organisation))
	return data
}

// valued is a text of the catalogue with a value in it; "" without that.
func valued(l wording.Language, key, name, value string) string {
	if value = wording.Plain(value); value == "" {
		return ""
	}
	return l.Say(key, name, value)
}

// factsOf are the short ones.
func factsOf(l wording.Language, record issuer.Achievement) []labelled {
	content, about := record.Content, record.About
	facts := []labelled{{Label: l.Say("page.achievement.published"), Time: l.Day(record.Published)}}
	add := func(label, value string) {
		if value = wording.Plain(value); value != "" {
			facts = append(facts, labelled{Label: l.Say(label), Value: value})
		}
	}
	add("page.badge.version", content.Version)
	add("page.achievement.language", content.InLanguage)
	add("page.achievement.field", content.FieldOfStudy)
	add("page.achievement.specialization", content.Specialization)
	add("page.achievement.code", content.HumanCode)
	add("page.achievement.level", about.Level)
	if record.Months > 0 {
		add("page.achievement.lasts", l.Count("page.achievement.months", record.Months))
	}
	if record.Renewable {
		add("page.achievement.renewal", l.Say("page.achievement.renewal.text"))
	}
	if about.Stackable {
		add("page.achievement.stackable", l.Say("page.achievement.stackable.text"))
	}
	return facts
}

// creditsOf words what a definition says of hours and credits. It is the word of the issuer alone, also where somebody else wrote it:
// what they count for is decided elsewhere, by rules that this installation does not know.
func creditsOf(l wording.Language, record issuer.Achievement) string {
	stated := effortOf(l, record)
	if len(stated) == 0 {
		return ""
	}
	all := stated[0]
	if len(stated) == 2 {
		all = l.Say("page.achievement.credits.and", "one", stated[0], "other", stated[1])
	}
	return l.Say("page.achievement.credits", "stated", all)
}

// effortOf are the credits and the hours that a definition states.
func effortOf(l wording.Language, record issuer.Achievement) []string {
	return l.Effort(record.Content.CreditsAvailable, record.About.Hours)
}

// assessmentOf are the facts about how it is assessed.
func assessmentOf(l wording.Language, about issuer.About) []labelled {
	var facts []labelled
	add := func(label, value string) {
		if value = wording.Prose(value); value != "" {
			facts = append(facts, labelled{Label: l.Say(label), Value: value})
		}
	}
	add("page.achievement.assessment", about.Assessment)
	add("page.achievement.participation", about.Participation)
	if about.Supervised {
		add("page.achievement.supervision", l.Say("page.achievement.supervision.text"))
	}
	if about.IdentityProof {
		add("page.achievement.identity", l.Say("page.achievement.identity.text"))
	}
	return facts
}

func citations(all []issuer.Citation, lang string) []reference {
	var list []reference
	for _, one := range all {
		list = append(list, reference{Name: wording.First(one.Title, webLink(one.URL)), Named: wording.Plain(one.Title) != "", Lang: lang, Link: webLink(one.URL), Lines: wording.Present(wording.Prose(one.Note))})
	}
	return list
}

// version names another version of an achievement; nil where there is none.
func (s *server) version(ctx context.Context, l wording.Language, f frame, id string) (*reference, error) {
	if id == "" {
		return nil, nil
	}
	record, err := s.Office.Achievement(ctx, id)
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading another version: %w", err)
	}
	r := &reference{Name: wording.First(record.Name, l.Say("page.achievement.unnamed")), Lang: l.Other(record.Content.InLanguage), Link: f.to("/a/" + record.ID)}
	if version := wording.Plain(record.Content.Version); version != "" {
		r.Name = l.Say("page.achievement.version", "name", r.Name, "version", version)
	}
	return r, nil
}

// achievementDefinition serves all that there is to know of an achievement, for other installations and programs.
func (s *server) achievementDefinition(c echo.Context) error {
	id, err := whole(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	record, err := s.Office.Achievement(ctx, id)
	if err != nil {
		return err
	}
	organisation, err := s.Office.Organisation(ctx, record.Organisation)
	if err != nil {
		return fmt.Errorf("reading the issuer: %w", err)
	}
	var picture []byte
	if image := artOf(record); !strings.HasSuffix(image, "/art.svg") {
		picture, err = s.Office.Document(ctx, s.Base+image)
		if err != nil && !isMissing(err) {
			return fmt.Errorf("reading the picture: %w", err)
		}
	}
	text, err := definition.Write(record, organisation, picture)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="achievement-`+record.ID+`.json"`)
	return send(c, mediaJSON, cacheDocument, text)
}
