package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"reflect"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
)

// achievementResource is an achievement as the API shows it. Members that Open Badges has are named as there.
type achievementResource struct {
	ID    string                  `json:"id"`
	State issuer.AchievementState `json:"state"`
	URL   string                  `json:"url,omitempty"`
	achievementContent
	Image      *imageResource `json:"image,omitempty"`
	Series     string         `json:"series,omitempty"` // id of its first version
	Replaces   string         `json:"replaces,omitempty"`
	ReplacedBy string         `json:"replacedBy,omitempty"`
	Created    timestamp      `json:"created"`
	Published  *timestamp     `json:"published,omitempty"`
	Archived   *timestamp     `json:"archived,omitempty"`
}

func (a achievementResource) address() string { return prefix + "/achievements/" + a.ID }

// achievementContent is what an achievement says, and the settings that go with it.
type achievementContent struct {
	Name               string                 `json:"name"`
	Description        string                 `json:"description"`
	Criteria           criteria               `json:"criteria"`
	AchievementType    string                 `json:"achievementType"`
	Version            string                 `json:"version,omitempty"`
	InLanguage         string                 `json:"inLanguage,omitempty"`
	Tag                []string               `json:"tag,omitempty"`
	Alignment          []alignment            `json:"alignment,omitempty"`
	ResultDescriptions []resultDescription    `json:"resultDescription,omitempty"`
	Creator            *creator               `json:"creator,omitempty"`
	Related            []related              `json:"related,omitempty"`
	CreditsAvailable   float64                `json:"creditsAvailable,omitempty"`
	FieldOfStudy       string                 `json:"fieldOfStudy,omitempty"`
	Specialization     string                 `json:"specialization,omitempty"`
	HumanCode          string                 `json:"humanCode,omitempty"`
	OtherIdentifier    []otherIdentifier      `json:"otherIdentifier,omitempty"`
	About              *issuer.About          `json:"about,omitempty"`
	Duplicates         issuer.DuplicatePolicy `json:"duplicates"`
	Months             int                    `json:"months,omitempty"`
	Renewable          bool                   `json:"renewable,omitempty"`
}

type criteria struct {
	ID        string `json:"id,omitempty"`
	Narrative string `json:"narrative,omitempty"`
}

type imageResource struct {
	URL     string `json:"url,omitempty"` // of the picture of a published achievement
	Caption string `json:"caption,omitempty"`
}

type creator struct {
	Name        string `json:"name"`
	ID          string `json:"id,omitempty"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description,omitempty"`
}

type related struct {
	ID         string `json:"id"`
	InLanguage string `json:"inLanguage,omitempty"`
	Version    string `json:"version,omitempty"`
}

type otherIdentifier struct {
	Type  string `json:"identifierType"`
	Value string `json:"identifier"`
}

type alignment struct {
	TargetName        string `json:"targetName"`
	TargetURL         string `json:"targetUrl"`
	TargetCode        string `json:"targetCode,omitempty"`
	TargetDescription string `json:"targetDescription,omitempty"`
	TargetFramework   string `json:"targetFramework,omitempty"`
	TargetType        string `json:"targetType,omitempty"`
}

type resultDescription struct {
	ID            string      `json:"id"`
	Name          string      `json:"name"`
	ResultType    string      `json:"resultType"`
	AllowedValues []string    `json:"allowedValue,omitempty"`
	RequiredLevel string      `json:"requiredLevel,omitempty"`
	RequiredValue string      `json:"requiredValue,omitempty"`
	ValueMin      string      `json:"valueMin,omitempty"`
	ValueMax      string      `json:"valueMax,omitempty"`
	Levels        []level     `json:"rubricCriterionLevel,omitempty"`
	Alignments    []alignment `json:"alignment,omitempty"`
}

type level struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Level       string      `json:"level,omitempty"`
	Points      string      `json:"points,omitempty"`
	Description string      `json:"description,omitempty"`
	Alignments  []alignment `json:"alignment,omitempty"`
}

func showAchievement(a issuer.Achievement) achievementResource {
	in := a.Input()
	in.Related = a.Content.Related // with the version that it replaces
	r := achievementResource{ID: a.ID, State: a.State(), URL: a.URL, achievementContent: showContent(in), Series: a.Series, Replaces: a.Replaces,
		ReplacedBy: a.ReplacedBy, Created: timestamp{a.Created}}
	if a.Created.IsZero() { // from before drafts
		r.Created = timestamp{a.Published}
	}
	if image := a.Content.Image; image.ID != "" {
		r.Image = &imageResource{Caption: image.Caption}
		if a.URL != "" {
			r.Image.URL = a.URL + "/" + image.ID
		}
	}
	if !a.Published.IsZero() {
		r.Published = optional(&a.Published)
	}
	if a.Archived != nil {
		r.Archived = optional(&a.Archived.At)
	}
	return r
}

// showContent shows what an achievement says, or would say.
func showContent(in issuer.AchievementInput) achievementContent {
	c := achievementContent{Name: in.Name, Description: in.Description, Criteria: criteria{in.CriteriaURL, in.Criteria}, AchievementType: in.Type,
		Version: in.Version, InLanguage: in.Language, Tag: in.Tags, Alignment: showAlignments(in.Alignments), CreditsAvailable: in.CreditsAvailable,
		FieldOfStudy: in.FieldOfStudy, Specialization: in.Specialization, HumanCode: in.HumanCode,
		Duplicates: cmp.Or(in.Duplicates, issuer.DuplicatesAllowed), Months: in.Months, Renewable: in.Renewable}
	if in.Creator != (issuer.Creator{}) {
		c.Creator = &creator{in.Creator.Name, in.Creator.ID, in.Creator.URL, in.Creator.Description}
	}
	for _, one := range in.Related {
		c.Related = append(c.Related, related(one))
	}
	for _, one := range in.OtherIdentifiers {
		c.OtherIdentifier = append(c.OtherIdentifier, otherIdentifier(one))
	}
	if !reflect.ValueOf(in.About).IsZero() {
		c.About = &in.About
	}
	for _, d := range in.Results {
		shown := resultDescription{ID: d.ID, Name: d.Name, ResultType: d.ResultType, AllowedValues: d.AllowedValues, RequiredLevel: d.RequiredLevel,
			RequiredValue: d.RequiredValue, ValueMin: d.ValueMin, ValueMax: d.ValueMax, Alignments: showAlignments(d.Alignments)}
		for _, l := range d.Levels {
			shown.Levels = append(shown.Levels, level{l.ID, l.Name, l.Level, l.Points, l.Description, showAlignments(l.Alignments)})
		}
		c.ResultDescriptions = append(c.ResultDescriptions, shown)
	}
	return c
}

func showAlignments(all []credential.Alignment) []alignment {
	var shown []alignment
	for _, a := range all {
		shown = append(shown, alignment(a))
	}
	return shown
}

// achievementMembers are the members of an achievement that a request gives.
func achievementMembers(in *issuer.AchievementInput) func(*form) map[string]reader {
	return func(f *form) map[string]reader {
		return map[string]reader{
			"name": f.text(&in.Name), "description": f.text(&in.Description),
			"criteria":        f.members(map[string]reader{"id": f.text(&in.CriteriaURL), "narrative": f.text(&in.Criteria)}),
			"achievementType": f.text(&in.Type), "version": f.text(&in.Version), "inLanguage": f.text(&in.Language),
			"image": f.picture(&in.Image), "imageCaption": f.text(&in.ImageCaption), "tag": f.texts(&in.Tags), "alignment": f.alignments(&in.Alignments),
			"creator": f.members(map[string]reader{"name": f.text(&in.Creator.Name), "id": f.text(&in.Creator.ID), "url": f.text(&in.Creator.URL),
				"description": f.text(&in.Creator.Description)}, "name"),
			"related": objects(f, &in.Related, func(r *credential.Related) map[string]reader {
				return map[string]reader{"id": f.text(&r.ID), "inLanguage": f.text(&r.InLanguage), "version": f.text(&r.Version)}
			}, "id"),
			"creditsAvailable": f.number(&in.CreditsAvailable), "fieldOfStudy": f.text(&in.FieldOfStudy), "specialization": f.text(&in.Specialization),
			"humanCode": f.text(&in.HumanCode), "about": f.members(aboutMembers(f, &in.About)),
			"otherIdentifier": objects(f, &in.OtherIdentifiers, func(i *credential.Identifier) map[string]reader {
				return map[string]reader{"identifierType": f.text(&i.Type), "identifier": f.text(&i.Value)}
			}, "identifierType", "identifier"),
			"duplicates": word(f, &in.Duplicates), "months": f.whole(&in.Months), "renewable": f.boolean(&in.Renewable),
			"resultDescription": objects(f, &in.Results, func(d *credential.ResultDescription) map[string]reader {
				return map[string]reader{
					"id": f.text(&d.ID), "name": f.text(&d.Name), "resultType": f.text(&d.ResultType), "allowedValue": f.texts(&d.AllowedValues),
					"requiredLevel": f.text(&d.RequiredLevel), "requiredValue": f.text(&d.RequiredValue),
					"valueMin": f.text(&d.ValueMin), "valueMax": f.text(&d.ValueMax), "alignment": f.alignments(&d.Alignments),
					"rubricCriterionLevel": objects(f, &d.Levels, func(l *credential.RubricCriterionLevel) map[string]reader {
						return map[string]reader{"id": f.text(&l.ID), "name": f.text(&l.Name), "level": f.text(&l.Level),
							"points": f.text(&l.Points), "description": f.text(&l.Description), "alignment": f.alignments(&l.Alignments)}
					}, "name"),
				}
			}, "name", "resultType"),
		}
	}
}

// aboutMembers are those of what an achievement says beside what Open Badges has words for.
func aboutMembers(f *form, a *issuer.About) map[string]reader {
	citations := func(into *[]issuer.Citation) reader {
		return objects(f, into, func(c *issuer.Citation) map[string]reader {
			return map[string]reader{"title": f.text(&c.Title), "url": f.text(&c.URL), "note": f.text(&c.Note)}
		}, "title")
	}
	return map[string]reader{
		"competency": f.text(&a.Competency), "method": f.text(&a.Method), "components": f.text(&a.Components), "research": citations(&a.Research),
		"resources": citations(&a.Resources), "submission": f.text(&a.Submission), "assessment": f.text(&a.Assessment),
		"participation": f.text(&a.Participation), "supervised": f.boolean(&a.Supervised), "identityProof": f.boolean(&a.IdentityProof),
		"hours": f.number(&a.Hours), "level": f.text(&a.Level), "quality": f.text(&a.Quality), "qualityUrl": f.text(&a.QualityURL),
		"qualityAccount": f.text(&a.QualityAccount), "stackable": f.boolean(&a.Stackable),
	}
}

func (f *form) alignments(into *[]credential.Alignment) reader {
	return objects(f, into, func(a *credential.Alignment) map[string]reader {
		return map[string]reader{"targetName": f.text(&a.TargetName), "targetUrl": f.text(&a.TargetURL), "targetCode": f.text(&a.TargetCode),
			"targetDescription": f.text(&a.TargetDescription), "targetFramework": f.text(&a.TargetFramework), "targetType": f.text(&a.TargetType)}
	}, "targetName", "targetUrl")
}

// picture reads a PNG or SVG in base64; null gives an empty one.
func (f *form) picture(into *[]byte) reader {
	return func(pointer string, value any) {
		text, ok := value.(string)
		image, err := base64.StdEncoding.DecodeString(text)
		if value != nil && (!ok || err != nil || len(image) == 0) {
			f.refuse(pointer, "a PNG or SVG in base64, or null, was expected")
			return
		}
		*into = append([]byte{}, image...) // never nil, which would leave the picture as it is
	}
}

var achievementPlaces = places{strips: "/credentialSubject/achievement", codes: map[string]string{
	"name": "/name", "criteria_url": "/criteria/id", "image": "/image", "result_name": "/resultDescription",
	"duplicates": "/duplicates", "months": "/months"}}

func (s *server) achievements(c echo.Context) error {
	p, err := pageOf(c.Request(), map[string]func(string) bool{"state": func(state string) bool {
		return slices.Contains([]issuer.AchievementState{issuer.AchievementDraft, issuer.AchievementPublished, issuer.AchievementArchived}, issuer.AchievementState(state))
	}})
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	all, next, err := space.Achievements(c.Request().Context(), issuer.AchievementState(p.filters["state"]), p.cursor, p.limit)
	if err != nil {
		return err
	}
	return giveList(c, all, showAchievement, p, next)
}

func (s *server) achievement(c echo.Context) error {
	id, err := named(c)
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	a, err := space.Achievement(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return give(c, a.Revision, showAchievement(a))
}

// achievementRequired are the members that an achievement cannot do without.
var achievementRequired = []string{"name", "description", "criteria"}

func (s *server) draft(c echo.Context) error {
	var in issuer.AchievementInput
	body, err := decode(c.Request(), achievementMembers(&in), achievementRequired...)
	if err != nil {
		return err
	}
	return s.changeAchievement(c, http.StatusCreated, body, func(w issuer.Workspace, by issuer.Write) (issuer.Achievement, error) {
		return w.Draft(c.Request().Context(), in, by)
	})
}

// redraft replaces the content of a draft. If-Match is asked for, so that nobody overwrites what he has not seen.
func (s *server) redraft(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	var in issuer.AchievementInput
	body, err := decode(c.Request(), achievementMembers(&in), achievementRequired...)
	if err != nil {
		return err
	}
	if err := seen(c); err != nil {
		return err
	}
	return s.changeAchievement(c, http.StatusOK, body, func(w issuer.Workspace, by issuer.Write) (issuer.Achievement, error) {
		return w.Redraft(c.Request().Context(), id, in, by)
	})
}

// publish freezes a draft. The version that it replaces goes on being awarded where the body says keepBefore.
func (s *server) publish(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	var beside bool
	body, err := decode(c.Request(), func(f *form) map[string]reader { return map[string]reader{"keepBefore": f.boolean(&beside)} })
	if err != nil {
		return err
	}
	return s.changeAchievement(c, http.StatusOK, body, func(w issuer.Workspace, by issuer.Write) (issuer.Achievement, error) {
		if beside {
			return w.PublishBeside(c.Request().Context(), id, by)
		}
		return w.Publish(c.Request().Context(), id, by)
	})
}

func (s *server) archive(c echo.Context) error {
	return s.moveAchievement(c, http.StatusOK, issuer.Workspace.Archive)
}

// newVersion drafts the version after one that is published.
func (s *server) newVersion(c echo.Context) error {
	return s.moveAchievement(c, http.StatusCreated, issuer.Workspace.NewVersion)
}

// moveAchievement takes an achievement a step further in its life.
func (s *server) moveAchievement(c echo.Context, status int, step func(issuer.Workspace, context.Context, string, issuer.Write) (issuer.Achievement, error)) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	body, err := decode(c.Request(), nothing)
	if err != nil {
		return err
	}
	return s.changeAchievement(c, status, body, func(w issuer.Workspace, by issuer.Write) (issuer.Achievement, error) {
		return step(w, c.Request().Context(), id, by)
	})
}

// nothing are the members of a request that takes none.
func nothing(*form) map[string]reader { return nil }

// seen asks for If-Match, so that nobody overwrites what he has not seen.
func seen(c echo.Context) error {
	if len(c.Request().Header.Values("If-Match")) == 0 {
		return failure{status: http.StatusPreconditionRequired, code: "if_match", detail: "Say with If-Match which version you have seen."}
	}
	return nil
}

func (s *server) changeAchievement(c echo.Context, status int, body []byte, do func(issuer.Workspace, issuer.Write) (issuer.Achievement, error)) error {
	return s.change(c, write{status: status, body: body, places: achievementPlaces,
		shown: func(value any) any { return showAchievement(value.(issuer.Achievement)) },
		do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
			a, err := do(w, by)
			return a, a.Revision, err
		}})
}
