package web

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/definition"
	"github.com/laurelbadges/laurel/internal/markdown"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

type achievementPage struct {
	frame
	Name         string
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
	Levels     []level
	Values     string
	Required   string // the level or value that it takes
	Alignments []reference
}

type level struct {
	labelled
	Alignments []reference
}

func criterionOf(d credential.ResultDescription) criterion {
	line := criterion{Name: wording.First(d.Name, "Result"), Required: wording.Plain(d.RequiredValue), Alignments: alignmentsOf(d.Alignments)}
	for _, l := range d.Levels {
		label := wording.First(l.Name, l.Level)
		if d.RequiredLevel != "" && d.RequiredLevel == l.ID {
			line.Required = label
		}
		if points := wording.Plain(l.Points); points != "" {
			label += " (" + points + ")"
		}
		line.Levels = append(line.Levels, level{labelled{Label: label, Value: wording.Prose(l.Description)}, alignmentsOf(l.Alignments)})
	}
	switch {
	case len(d.AllowedValues) > 0:
		line.Values = "From low to high: " + wording.Prose(strings.Join(d.AllowedValues, ", ")) + "."
	case d.ValueMin != "" && d.ValueMax != "":
		line.Values = "From " + wording.Plain(d.ValueMin) + " to " + wording.Plain(d.ValueMax) + "."
	}
	return line
}

func alignmentsOf(all []credential.Alignment) []reference {
	var list []reference
	for _, a := range all {
		list = append(list, alignmentOf(wording.English, a.TargetName, a.TargetURL, a.TargetCode, a.TargetFramework, a.TargetDescription))
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
	data := s.achievementPageOf(record, organisation)
	if data.Newer, err = s.version(ctx, record.ReplacedBy); err != nil {
		return err
	}
	if data.Older, err = s.version(ctx, record.Replaces); err != nil {
		return err
	}
	if data.Endorsements, err = s.endorsementsOf(ctx, organisation.ID, record.URL); err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", cacheDocument)
	if len(data.Endorsements) > 0 {
		c.Response().Header().Set("Cache-Control", cacheNever) // what was found about them is true when it is found
	}
	return s.page(c, http.StatusOK, "achievement", data)
}

func (s *server) achievementPageOf(record issuer.Achievement, organisation issuer.Organisation) achievementPage {
	content, about := record.Content, record.About
	name := wording.First(record.Name, "An achievement")
	data := achievementPage{
		frame:        s.frame(name, false),
		Name:         name,
		Kind:         wording.English.TypeName(content.AchievementType),
		Issuer:       ownParty(organisation),
		Description:  wording.Prose(content.Description),
		Credits:      creditsOf(record),
		Competency:   wording.Prose(about.Competency),
		Criteria:     markdown.HTML(content.Criteria.Narrative),
		CriteriaLink: webLink(content.Criteria.ID),
		Submission:   markdown.HTML(about.Submission),
		Method:       markdown.HTML(about.Method),
		Components:   markdown.HTML(about.Components),
		Assessment:   assessmentOf(about),
		Research:     citations(about.Research),
		Resources:    citations(about.Resources),
		Alignments:   alignmentsOf(content.Alignments),
		Art:          artOf(record),
		Alt:          wording.First(content.Image.Caption, "Badge picture: "+name),
		Definition:   "/a/" + record.ID + "/definition.json",
		File:         "achievement-" + record.ID + ".json",
	}
	if data.CriteriaLink == record.URL {
		data.CriteriaLink = "" // it is this page
	}
	if record.Archived != nil {
		data.Archived = wording.English.Day(record.Archived.At)
	}
	data.Facts = factsOf(record)
	if p := content.Creator; p != nil && p.ID != organisation.DID {
		data.Creator = &creator{party{Name: wording.First(p.Name, wording.Host(p.ID), p.ID), ID: wording.Plain(p.ID), Link: webLink(p.URL)}, wording.Prose(p.Description)}
		if data.Creator.Link == "" {
			data.Creator.Link = webLink(p.ID)
		}
	}
	if about.Quality != "" || about.QualityAccount != "" {
		data.Quality = &reference{Name: wording.First(about.Quality, "Quality assurance"), Link: webLink(about.QualityURL), Lines: wording.Present(wording.Prose(about.QualityAccount))}
	}
	for _, r := range content.Related {
		data.Related = append(data.Related, reference{Name: wording.Plain(r.ID), Link: webLink(r.ID),
			Lines: wording.Present(prefixed("Version ", r.Version), prefixed("In the language ", r.InLanguage))})
	}
	for _, i := range content.OtherIdentifiers {
		data.Identifiers = append(data.Identifiers, labelled{Label: wording.First(strings.TrimPrefix(i.Type, "ext:"), "Identifier"), Value: wording.Plain(i.Value)})
	}
	for _, tag := range content.Tags {
		data.Tags = append(data.Tags, wording.Present(wording.Plain(tag))...)
	}
	for _, d := range content.ResultDescriptions {
		data.Rubric = append(data.Rubric, criterionOf(d))
	}
	data.Preview = s.previewOf(name, data.Kind, data.Issuer.Name, record.URL, record.ID)
	return data
}

func prefixed(prefix, text string) string {
	if text = wording.Plain(text); text == "" {
		return ""
	}
	return prefix + text
}

// factsOf are the short ones.
func factsOf(record issuer.Achievement) []labelled {
	content, about := record.Content, record.About
	facts := []labelled{{Label: "Published", Time: wording.English.Day(record.Published)}}
	add := func(label, value string) {
		if value = wording.Plain(value); value != "" {
			facts = append(facts, labelled{Label: label, Value: value})
		}
	}
	add("Version", content.Version)
	add("Language", content.InLanguage)
	add("Field of study", content.FieldOfStudy)
	add("Specialization", content.Specialization)
	add("Code", content.HumanCode)
	add("Level", about.Level)
	switch {
	case record.Months == 1:
		add("Awards last", "1 month")
	case record.Months > 0:
		add("Awards last", strconv.Itoa(record.Months)+" months")
	}
	if record.Renewable {
		add("Renewal", "It can be renewed")
	}
	if about.Stackable {
		add("Stackable", "It counts towards other achievements")
	}
	return facts
}

// creditsOf words what a definition says of hours and credits. It is the word of the issuer alone, also where somebody else wrote it:
// what they count for is decided elsewhere, by rules that this installation does not know.
func creditsOf(record issuer.Achievement) string {
	var stated []string
	if n := record.Content.CreditsAvailable; n > 0 {
		stated = append(stated, amount(n, "credit or hour", "credits or hours"))
	}
	if n := record.About.Hours; n > 0 {
		stated = append(stated, amount(n, "hour of work", "hours of work")+" on average")
	}
	if len(stated) == 0 {
		return ""
	}
	return "The issuer states " + strings.Join(stated, ", and ") + ". What that counts for is for your district or state to say."
}

func amount(n float64, one, many string) string {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	if n == 1 {
		return text + " " + one
	}
	return text + " " + many
}

// assessmentOf are the facts about how it is assessed.
func assessmentOf(about issuer.About) []labelled {
	var facts []labelled
	add := func(label, value string) {
		if value = wording.Prose(value); value != "" {
			facts = append(facts, labelled{Label: label, Value: value})
		}
	}
	add("Form of the assessment", about.Assessment)
	add("Taking part", about.Participation)
	if about.Supervised {
		add("Supervision", "The assessment is supervised, says the issuer.")
	}
	if about.IdentityProof {
		add("Identity", "Who earns it is checked, says the issuer.")
	}
	return facts
}

func citations(all []issuer.Citation) []reference {
	var list []reference
	for _, one := range all {
		list = append(list, reference{Name: wording.First(one.Title, webLink(one.URL)), Link: webLink(one.URL), Lines: wording.Present(wording.Prose(one.Note))})
	}
	return list
}

// version names another version of an achievement; nil where there is none.
func (s *server) version(ctx context.Context, id string) (*reference, error) {
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
	r := &reference{Name: wording.First(record.Name, "An achievement"), Link: "/a/" + record.ID}
	if version := wording.Plain(record.Content.Version); version != "" {
		r.Name += ", version " + version
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
