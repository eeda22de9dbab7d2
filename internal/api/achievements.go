package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
)

// achievementResource is an achievement as the API shows it. Members that Open Badges has are named as there.
type achievementResource struct {
	ID                 string                  `json:"id"`
	State              issuer.AchievementState `json:"state"`
	URL                string                  `json:"url,omitempty"`
	Name               string                  `json:"name"`
	Description        string                  `json:"description"`
	Criteria           criteria                `json:"criteria"`
	AchievementType    string                  `json:"achievementType"`
	Version            string                  `json:"version,omitempty"`
	InLanguage         string                  `json:"inLanguage,omitempty"`
	Image              *imageResource          `json:"image,omitempty"`
	Tag                []string                `json:"tag,omitempty"`
	Alignment          []alignment             `json:"alignment,omitempty"`
	ResultDescriptions []resultDescription     `json:"resultDescription,omitempty"`
	Created            timestamp               `json:"created"`
	Published          *timestamp              `json:"published,omitempty"`
	Archived           *timestamp              `json:"archived,omitempty"`
}

func (a achievementResource) address() string { return prefix + "/achievements/" + a.ID }

type criteria struct {
	ID        string `json:"id,omitempty"`
	Narrative string `json:"narrative,omitempty"`
}

type imageResource struct {
	URL string `json:"url,omitempty"` // of the picture of a published achievement
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
	c := a.Content
	r := achievementResource{ID: a.ID, State: a.State(), URL: a.URL, Name: a.Name, Description: c.Description,
		Criteria: criteria(c.Criteria), AchievementType: c.AchievementType, Version: c.Version, InLanguage: c.InLanguage, Tag: c.Tags,
		Alignment: showAlignments(c.Alignments), Created: timestamp{a.Created}}
	if a.Created.IsZero() { // from before drafts
		r.Created = timestamp{a.Published}
	}
	if c.Image.ID != "" {
		r.Image = &imageResource{}
		if a.URL != "" {
			r.Image.URL = a.URL + "/" + c.Image.ID
		}
	}
	for _, d := range c.ResultDescriptions {
		shown := resultDescription{ID: d.ID, Name: d.Name, ResultType: d.ResultType, AllowedValues: d.AllowedValues, RequiredLevel: d.RequiredLevel,
			RequiredValue: d.RequiredValue, ValueMin: d.ValueMin, ValueMax: d.ValueMax, Alignments: showAlignments(d.Alignments)}
		for _, l := range d.Levels {
			shown.Levels = append(shown.Levels, level{l.ID, l.Name, l.Level, l.Points, l.Description, showAlignments(l.Alignments)})
		}
		r.ResultDescriptions = append(r.ResultDescriptions, shown)
	}
	if !a.Published.IsZero() {
		r.Published = optional(&a.Published)
	}
	if a.Archived != nil {
		r.Archived = optional(&a.Archived.At)
	}
	return r
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
			"image": f.picture(&in.Image), "tag": f.texts(&in.Tags), "alignment": f.alignments(&in.Alignments),
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

func (f *form) alignments(into *[]credential.Alignment) reader {
	return objects(f, into, func(a *credential.Alignment) map[string]reader {
		return map[string]reader{"targetName": f.text(&a.TargetName), "targetUrl": f.text(&a.TargetURL), "targetCode": f.text(&a.TargetCode),
			"targetDescription": f.text(&a.TargetDescription), "targetFramework": f.text(&a.TargetFramework), "targetType": f.text(&a.TargetType)}
	}, "targetName", "targetUrl")
}

// picture reads a PNG in base64; null gives an empty one.
func (f *form) picture(into *[]byte) reader {
	return func(pointer string, value any) {
		text, ok := value.(string)
		png, err := base64.StdEncoding.DecodeString(text)
		if value != nil && (!ok || err != nil || len(png) == 0) {
			f.refuse(pointer, "a PNG in base64, or null, was expected")
			return
		}
		*into = append([]byte{}, png...) // never nil, which would leave the picture as it is
	}
}

var achievementPlaces = places{strips: "/credentialSubject/achievement", codes: map[string]string{
	"name": "/name", "criteria_url": "/criteria/id", "image": "/image", "result_name": "/resultDescription"}}

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
	id, err := identifier(c)
	if err != nil {
		return err
	}
	if err := noQuery(c); err != nil {
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
	if len(c.Request().Header.Values("If-Match")) == 0 {
		return failure{status: http.StatusPreconditionRequired, code: "if_match", detail: "Say with If-Match which version of the draft you have seen."}
	}
	return s.changeAchievement(c, http.StatusOK, body, func(w issuer.Workspace, by issuer.Write) (issuer.Achievement, error) {
		return w.Redraft(c.Request().Context(), id, in, by)
	})
}

func (s *server) publish(c echo.Context) error {
	return s.moveAchievement(c, issuer.Workspace.Publish)
}

func (s *server) archive(c echo.Context) error {
	return s.moveAchievement(c, issuer.Workspace.Archive)
}

// moveAchievement takes an achievement a step further in its life.
func (s *server) moveAchievement(c echo.Context, step func(issuer.Workspace, context.Context, string, issuer.Write) (issuer.Achievement, error)) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	body, err := decode(c.Request(), nothing)
	if err != nil {
		return err
	}
	return s.changeAchievement(c, http.StatusOK, body, func(w issuer.Workspace, by issuer.Write) (issuer.Achievement, error) {
		return step(w, c.Request().Context(), id, by)
	})
}

// nothing are the members of a request that takes none.
func nothing(*form) map[string]reader { return nil }

func (s *server) changeAchievement(c echo.Context, status int, body []byte, do func(issuer.Workspace, issuer.Write) (issuer.Achievement, error)) error {
	return s.change(c, write{status: status, body: body, places: achievementPlaces,
		shown: func(value any) any { return showAchievement(value.(issuer.Achievement)) },
		do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
			a, err := do(w, by)
			return a, a.Revision, err
		}})
}
