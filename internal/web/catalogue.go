package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// perPage is how many issuers or achievements a page lists.
const perPage = 50

// Parameters of addresses that say where a list goes on.
const (
	issuersParameter      = "issuers"
	achievementsParameter = "achievements"
)

// list is a part of a list that may be longer than a page.
type list[T any] struct {
	All   []T
	Of    string // what is listed, in a word
	First string // where it begins; "" for the beginning itself
	More  string // where it goes on; "" after the end
}

// addressed says where a list begins and goes on: at the same path, whose other lists begin anew.
func (l *list[T]) addressed(path, parameter, after, next string) {
	l.Of = parameter
	if after != "" {
		l.First = path
	}
	if next != "" {
		l.More = path + "?" + url.Values{parameter: {next}}.Encode()
	}
}

// achievementsFrom lists what can be earned. A cursor that is none is an address at which there is nothing.
func (s *server) achievementsFrom(c echo.Context, organisation, path string) (l list[reference], found []issuer.Achievement, err error) {
	after := c.QueryParam(achievementsParameter)
	found, next, err := s.Office.AchievementsFrom(c.Request().Context(), organisation, after, perPage)
	if err != nil {
		return l, nil, listing("achievements", err)
	}
	for _, a := range found {
		l.All = append(l.All, reference{Name: wording.Plain(a.Name), Link: "/a/" + a.ID})
	}
	l.addressed(path, achievementsParameter, after, next)
	return l, found, nil
}

func listing(what string, err error) error {
	var office *issuer.Error
	if errors.As(err, &office) && office.Code == "cursor" {
		return notFound()
	}
	return fmt.Errorf("listing the %s: %w", what, err)
}

type homePage struct {
	frame
	Issuers      list[party]
	Achievements list[reference]
}

// home says what this is. It lists who issues here and what can be earned, and no award: those are found by their
// address only.
func (s *server) home(c echo.Context) error {
	ctx := c.Request().Context()
	after := c.QueryParam(issuersParameter)
	organisations, next, err := s.Office.OrganisationsFrom(ctx, after, perPage)
	if err != nil {
		return listing("issuers", err)
	}
	data := homePage{frame: s.frame("Badges that anyone can check", false)}
	data.Preview = &preview{Title: data.Title, Description: "Open Badges 3.0: signed files, checked in seconds, here or elsewhere.", URL: s.Base + "/"}
	data.Issuers.addressed("/", issuersParameter, after, next)
	names := make(map[string]string)
	for _, o := range organisations {
		p := ownParty(o)
		names[o.ID] = p.Name
		data.Issuers.All = append(data.Issuers.All, p)
	}
	var achievements []issuer.Achievement
	if data.Achievements, achievements, err = s.achievementsFrom(c, "", "/"); err != nil {
		return err
	}
	for i, a := range achievements {
		name, known := names[a.Organisation]
		if !known {
			if name, err = s.issuerName(ctx, a.Organisation); err != nil {
				return err
			}
			names[a.Organisation] = name
		}
		data.Achievements.All[i].Lines = wording.Present(name)
	}
	c.Response().Header().Set("Cache-Control", cacheAsk)
	return s.page(c, http.StatusOK, "home", data)
}

func (s *server) issuerName(ctx context.Context, id string) (string, error) {
	o, err := s.Office.Organisation(ctx, id)
	if err != nil {
		return "", fmt.Errorf("reading an issuer: %w", err)
	}
	return ownParty(o).Name, nil
}

// ownParty is an issuer of this installation.
func ownParty(o issuer.Organisation) party {
	return party{Name: wording.First(o.Name, wording.Host(o.DID)), ID: wording.Plain(o.DID), Host: wording.Host(o.DID), Link: "/i/" + o.ID}
}

type organisationPage struct {
	frame
	Issuer       party
	Path         string
	Picture      string // address; "" where it has none
	Description  string
	Website      string
	Keys         []keyHistory
	Achievements list[reference]
	Endorsements []endorsement
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
		profile, err := s.published(c)
		if err != nil {
			return err
		}
		return send(c, media, cacheDocument, profile)
	}
	data := organisationPage{
		frame:  s.frame(wording.Plain(record.Name), false),
		Issuer: ownParty(record), Path: "/i/" + record.ID,
		Description: wording.Prose(record.Settings.Description), Website: webLink(record.Settings.Website),
	}
	if record.Image == imagePNG || record.Image == imageSVG {
		data.Picture = data.Path + "/" + record.Image
	}
	if data.Achievements, _, err = s.achievementsFrom(c, record.ID, data.Path); err != nil {
		return err
	}
	if data.Endorsements, err = s.endorsementsOf(ctx, record.ID, record.DID); err != nil {
		return err
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
	if len(data.Endorsements) > 0 {
		c.Response().Header().Set("Cache-Control", cacheNever) // what was found about them is true when it is found
	}
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
