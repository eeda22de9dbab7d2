package web

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
)

type achievementPage struct {
	frame
	Name         string
	Kind         string
	Version      string
	Issuer       party
	Description  string
	Criteria     template.HTML
	CriteriaLink string
	Rubric       []criterion
	Alignments   []reference
	Published    moment
	Path         string
	Image        string // address of its own picture, "" when it has none
}

// criterion is one result that an award reports, with the levels or values it can have.
type criterion struct {
	Name   string
	Levels []labelled
	Values string
}

func criterionOf(d credential.ResultDescription) criterion {
	line := criterion{Name: first(d.Name, "Result")}
	for _, level := range d.Levels {
		label := first(level.Name, level.Level)
		if points := plain(level.Points); points != "" {
			label += " (" + points + ")"
		}
		line.Levels = append(line.Levels, labelled{Label: label, Value: prose(level.Description)})
	}
	switch {
	case len(d.AllowedValues) > 0:
		line.Values = "From low to high: " + prose(strings.Join(d.AllowedValues, ", ")) + "."
	case d.ValueMin != "" && d.ValueMax != "":
		line.Values = "From " + plain(d.ValueMin) + " to " + plain(d.ValueMax) + "."
	}
	return line
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
		return send(c, media, cacheDocument, record.Document)
	}
	organisation, err := s.Office.Organisation(ctx, record.Organisation)
	if err != nil {
		return fmt.Errorf("reading the issuer: %w", err)
	}
	content := record.Content
	name := first(record.Name, "An achievement")
	data := achievementPage{
		frame:        s.frame(name, false),
		Name:         name,
		Kind:         typeName(content.AchievementType),
		Version:      plain(content.Version),
		Issuer:       ownParty(organisation),
		Description:  prose(content.Description),
		Criteria:     markdown(content.Criteria.Narrative),
		CriteriaLink: webLink(content.Criteria.ID),
		Published:    day(record.Published),
		Path:         "/a/" + record.ID,
	}
	if data.CriteriaLink == record.URL {
		data.CriteriaLink = "" // it is this page
	}
	if content.Image.ID != "" {
		data.Image = data.Path + "/image.png"
	}
	for _, a := range content.Alignments {
		data.Alignments = append(data.Alignments, alignmentOf(a.TargetName, a.TargetURL, a.TargetCode, a.TargetFramework, a.TargetDescription))
	}
	for _, description := range content.ResultDescriptions {
		data.Rubric = append(data.Rubric, criterionOf(description))
	}
	c.Response().Header().Set("Cache-Control", cacheDocument)
	return s.page(c, http.StatusOK, "achievement", data)
}

type organisationPage struct {
	frame
	Issuer       party
	Path         string
	Keys         []labelled
	Achievements []reference
}

// organisation answers at the address of an issuer: the page, or its profile as JSON-LD.
func (s *server) organisation(c echo.Context) error {
	id, err := whole(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	record, err := s.Office.Organisation(ctx, id)
	if err != nil {
		return err
	}
	media, err := pageOrData(c)
	if err != nil {
		return err
	}
	if media != mediaHTML {
		profile, err := s.Office.Document(ctx, s.Base+"/i/"+id)
		if err != nil {
			return err
		}
		return send(c, media, cacheDocument, profile)
	}
	achievements, err := s.Office.Achievements(ctx)
	if err != nil {
		return fmt.Errorf("listing the achievements: %w", err)
	}
	data := organisationPage{frame: s.frame(plain(record.Name), false), Issuer: ownParty(record), Path: "/i/" + record.ID}
	for _, a := range achievements {
		if a.Organisation == record.ID {
			data.Achievements = append(data.Achievements, reference{Name: plain(a.Name), Link: "/a/" + a.ID})
		}
	}
	for _, key := range record.Keys {
		data.Keys = append(data.Keys, labelled{Label: plain(key.Method), Value: key.Algorithm + ", " + keyWords(key.State)})
	}
	c.Response().Header().Set("Cache-Control", cacheDocument)
	return s.page(c, http.StatusOK, "organisation", data)
}

func keyWords(state issuer.KeyState) string {
	switch state {
	case issuer.KeyActive:
		return "signs today"
	case issuer.KeyRetired:
		return "signs no more; what it signed stays authentic"
	case issuer.KeyCompromised:
		return "compromised; what it signed is no longer authentic"
	}
	return "state not known"
}

// pageOrData says in which form a caller wants what exists as a page and as JSON-LD.
func pageOrData(c echo.Context) (string, error) {
	c.Response().Header().Set("Vary", "Accept")
	media := negotiate(c.Request().Header.Get("Accept"), mediaHTML, mediaLD, mediaJSON)
	if media == "" {
		return "", failure{status: http.StatusNotAcceptable, code: "not_acceptable", detail: "This is here as a page and as application/ld+json."}
	}
	return media, nil
}
