package web

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/internal/wording"
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
	Published    wording.Moment
	Archived     wording.Moment // no words while it is awarded
	Path         string
	Art          string // address of its picture
}

// criterion is one result that an award reports, with the levels or values it can have.
type criterion struct {
	Name   string
	Levels []labelled
	Values string
}

func criterionOf(d credential.ResultDescription) criterion {
	line := criterion{Name: wording.First(d.Name, "Result")}
	for _, level := range d.Levels {
		label := wording.First(level.Name, level.Level)
		if points := wording.Plain(level.Points); points != "" {
			label += " (" + points + ")"
		}
		line.Levels = append(line.Levels, labelled{Label: label, Value: wording.Prose(level.Description)})
	}
	switch {
	case len(d.AllowedValues) > 0:
		line.Values = "From low to high: " + wording.Prose(strings.Join(d.AllowedValues, ", ")) + "."
	case d.ValueMin != "" && d.ValueMax != "":
		line.Values = "From " + wording.Plain(d.ValueMin) + " to " + wording.Plain(d.ValueMax) + "."
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
	name := wording.First(record.Name, "An achievement")
	data := achievementPage{
		frame:        s.frame(name, false),
		Name:         name,
		Kind:         wording.English.TypeName(content.AchievementType),
		Version:      wording.Plain(content.Version),
		Issuer:       ownParty(organisation),
		Description:  wording.Prose(content.Description),
		Criteria:     markdown(content.Criteria.Narrative),
		CriteriaLink: webLink(content.Criteria.ID),
		Published:    wording.English.Day(record.Published),
		Path:         "/a/" + record.ID,
	}
	if data.CriteriaLink == record.URL {
		data.CriteriaLink = "" // it is this page
	}
	if record.Archived != nil {
		data.Archived = wording.English.Day(record.Archived.At)
	}
	data.Art = artOf(record)
	data.Preview = s.previewOf(name, data.Kind, data.Issuer.Name, record.URL, record.ID)
	for _, a := range content.Alignments {
		data.Alignments = append(data.Alignments, alignmentOf(wording.English, a.TargetName, a.TargetURL, a.TargetCode, a.TargetFramework, a.TargetDescription))
	}
	for _, description := range content.ResultDescriptions {
		data.Rubric = append(data.Rubric, criterionOf(description))
	}
	c.Response().Header().Set("Cache-Control", cacheDocument)
	return s.page(c, http.StatusOK, "achievement", data)
}

// artOf is the address of the picture that pages show of an achievement: its own, or else the art with its name.
func artOf(a issuer.Achievement) string {
	if a.Content.Image.ID != "" {
		return "/a/" + a.ID + "/image.png"
	}
	return "/a/" + a.ID + "/art.svg"
}

// achievementArt draws an achievement.
func (s *server) achievementArt(c echo.Context) error {
	id, err := whole(c)
	if err != nil {
		return err
	}
	record, err := s.Office.Achievement(c.Request().Context(), id)
	if err != nil {
		return err
	}
	drawing, err := paper.ArtSVG(paper.ArtOf(record.Content))
	if err != nil {
		return fmt.Errorf("drawing the badge: %w", err)
	}
	return sendSVG(c, drawing)
}

// achievementPicture serves the picture of an achievement, which holds no credential.
func (s *server) achievementPicture(c echo.Context) error {
	id, err := whole(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if _, err := s.Office.Achievement(ctx, id); err != nil {
		return err
	}
	picture, err := s.pictureOf(ctx, id)
	if err != nil {
		return err
	}
	return send(c, "image/png", cachePicture, picture)
}

type organisationPage struct {
	frame
	Issuer       party
	Path         string
	Keys         []keyHistory
	Achievements []reference
}

// keyHistory is a key of an issuer and its life so far.
type keyHistory struct {
	Shape   wording.Shape
	Title   string // what it is to a reader today
	Detail  string
	Purpose string // what it signs
	Method  string
	From    wording.Moment
	Until   wording.Moment // no words while it signs
}

func signing(k keyHistory) int {
	if k.Shape == wording.ShapeYes {
		return 1
	}
	return 0
}

func historyOf(key issuer.Key, suite string) keyHistory {
	h := keyHistory{Shape: wording.ShapeUnknown, Title: "State not known", Method: wording.Plain(key.Method), From: wording.English.Day(key.Created), Purpose: wording.Plain(key.Algorithm)}
	chosen := strings.HasPrefix(suite, "ecdsa-") // by the issuer, for files and lists
	switch {
	case key.Algorithm == "EdDSA" && chosen:
		h.Purpose = "Ed25519: what asks for it"
	case key.Algorithm == "EdDSA":
		h.Purpose = "Ed25519: credential files (JSON) and status lists"
	case key.Algorithm == "ES256" && chosen:
		h.Purpose = "P-256: credential files (JSON), status lists and signed tokens (JWT)"
	case key.Algorithm == "ES256":
		h.Purpose = "P-256: signed tokens (JWT)"
	case key.Algorithm == "ES384":
		h.Purpose = "P-384: what asks for it"
	case key.Algorithm == "RS256":
		h.Purpose = "RSA: signed tokens (JWT) that ask for it"
	}
	if key.Ended != nil {
		h.Until = wording.English.Day(*key.Ended)
	}
	switch key.State {
	case issuer.KeyActive:
		h.Shape, h.Title, h.Detail = wording.ShapeYes, "Signs today", "Badges signed with it are authentic."
	case issuer.KeyRetired:
		h.Shape, h.Title, h.Detail = wording.ShapeNone, "Retired", "It signs no more. What it signed stays authentic."
	case issuer.KeyCompromised:
		h.Shape, h.Title, h.Detail = wording.ShapeNo, "Compromised", "Somebody else may have had it. What it signed is no longer authentic, whenever that was."
	}
	return h
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
	data := organisationPage{frame: s.frame(wording.Plain(record.Name), false), Issuer: ownParty(record), Path: "/i/" + record.ID}
	for _, a := range achievements {
		if a.Organisation == record.ID && a.Archived == nil {
			data.Achievements = append(data.Achievements, reference{Name: wording.Plain(a.Name), Link: "/a/" + a.ID})
		}
	}
	for _, key := range record.Keys {
		if record.Owns(key) { // what others sign as is not this issuer's word
			data.Keys = append(data.Keys, historyOf(key, record.Suite))
		}
	}
	slices.SortStableFunc(data.Keys, func(a, b keyHistory) int { // what signs today comes first
		return signing(b) - signing(a)
	})
	data.Preview = &preview{Title: data.Title, Description: "Who issues these badges, with which keys, and what can be earned.", URL: record.URL}
	c.Response().Header().Set("Cache-Control", cacheDocument)
	return s.page(c, http.StatusOK, "organisation", data)
}

// pageOrData says in which form a caller wants what exists as a page and as JSON-LD.
func pageOrData(c echo.Context) (string, error) {
	c.Response().Header().Set("Vary", "Accept")
	media := negotiate(c.Request().Header.Get("Accept"), mediaHTML, mediaLD, mediaJSON)
	if media == "" {
		return "", failure{status: http.StatusNotAcceptable, code: "not_acceptable"}
	}
	return media, nil
}
