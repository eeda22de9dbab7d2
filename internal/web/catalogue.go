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
	All       []T
	First     string // where it begins; "" for the beginning itself
	More      string // where it goes on; "" after the end
	ToFirst   string // the words for these two
	ToFurther string
}

// addressed says where a list begins and goes on: at the same path, whose other lists begin anew.
func (list *list[T]) addressed(l wording.Language, f frame, path, parameter, after, next string) {
	list.ToFirst, list.ToFurther = l.Say("page.list."+parameter+".first"), l.Say("page.list."+parameter+".more")
	if after != "" {
		list.First = f.to(path)
	}
	if next != "" {
		list.More = f.to(path + "?" + url.Values{parameter: {next}}.Encode())
	}
}

// achievementsFrom lists what can be earned. A cursor that is none is an address at which there is nothing.
func (s *server) achievementsFrom(c echo.Context, l wording.Language, f frame, organisation, path string) (offered list[reference], found []issuer.Achievement, err error) {
	after := c.QueryParam(achievementsParameter)
	found, next, err := s.Office.AchievementsFrom(c.Request().Context(), organisation, after, perPage)
	if err != nil {
		return offered, nil, listing("achievements", err)
	}
	for _, a := range found {
		offered.All = append(offered.All, reference{Name: wording.Plain(a.Name), Lang: l.Other(a.Content.InLanguage), Link: f.to("/a/" + a.ID), Art: artOf(a)})
	}
	offered.addressed(l, f, path, achievementsParameter, after, next)
	return offered, found, nil
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
	Search       search
	Issuers      list[party]
	Achievements list[reference]
}

// home says what this is. It lists who issues here and what can be earned, and no award: those are found by their
// address only.
func (s *server) home(c echo.Context) error {
	ctx, l := c.Request().Context(), languageOf(c)
	data := homePage{frame: s.spoken(c, l.Say("page.home.heading"))}
	data.Unlisted = false
	data.Preview = &preview{Title: data.Title, Description: l.Say("page.home.preview"), URL: s.Base + "/"}
	var err error
	if data.Search, err = s.searched(c, l, data.frame, "", "/"); err != nil {
		return err
	}
	if data.Search.Query != "" { // what was found stands in place of the lists
		data.Unlisted = true
		return s.keptPage(c, l, "home", data)
	}
	after := c.QueryParam(issuersParameter)
	organisations, next, err := s.Office.OrganisationsFrom(ctx, after, perPage)
	if err != nil {
		return listing("issuers", err)
	}
	data.Issuers.addressed(l, data.frame, "/", issuersParameter, after, next)
	names := make(map[string]string)
	for _, o := range organisations {
		p := data.ownParty(o)
		names[o.ID] = p.Name
		data.Issuers.All = append(data.Issuers.All, p)
	}
	var achievements []issuer.Achievement
	if data.Achievements, achievements, err = s.achievementsFrom(c, l, data.frame, "", "/"); err != nil {
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
	return s.keptPage(c, l, "home", data)
}

func (s *server) issuerName(ctx context.Context, id string) (string, error) {
	o, err := s.Office.Organisation(ctx, id)
	if err != nil {
		return "", fmt.Errorf("reading an issuer: %w", err)
	}
	return nameOf(o), nil
}

// nameOf is the name that an issuer of this installation goes by.
func nameOf(o issuer.Organisation) string { return wording.First(o.Name, wording.Host(o.DID)) }

// ownParty is an issuer of this installation.
func (f frame) ownParty(o issuer.Organisation) party {
	return party{Name: nameOf(o), ID: wording.Plain(o.DID), Host: wording.Host(o.DID), Link: f.to("/i/" + o.ID)}
}

type organisationPage struct {
	frame
	Issuer       party
	Path         string
	Address      string // of this page, in whole
	Picture      string // address; "" where it has none
	Description  string
	Website      string
	Contact      string
	Since        wording.Moment // no words where it is not known
	Keys         []keyHistory
	Search       search
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

// purposes are the keys of what is signed with a key of an algorithm, and with one whose suite the issuer has chosen for files and lists.
var purposes = map[string][2]string{
	"EdDSA": {"page.issuer.signs.EdDSA", "page.issuer.signs.EdDSA.asked"}, "ES256": {"page.issuer.signs.ES256", "page.issuer.signs.ES256.chosen"},
	"ES384": {"page.issuer.signs.ES384", "page.issuer.signs.ES384"}, "RS256": {"page.issuer.signs.RS256", "page.issuer.signs.RS256"},
}

func historyOf(l wording.Language, key issuer.Key, suite string) keyHistory {
	h := keyHistory{Shape: wording.ShapeUnknown, Title: l.Say("page.issuer.key.unknown"), Method: wording.Plain(key.Method), From: l.Day(key.Created), Purpose: wording.Plain(key.Algorithm)}
	if of, known := purposes[key.Algorithm]; known {
		if h.Purpose = l.Say(of[0]); strings.HasPrefix(suite, "ecdsa-") {
			h.Purpose = l.Say(of[1])
		}
	}
	if key.Ended != nil {
		h.Until = l.Day(*key.Ended)
	}
	switch key.State {
	case issuer.KeyActive:
		h.Shape, h.Title, h.Detail = wording.ShapeYes, l.Say("page.issuer.key.active"), l.Say("page.issuer.key.active.text")
	case issuer.KeyRetired:
		h.Shape, h.Title, h.Detail = wording.ShapeNone, l.Say("page.issuer.key.retired"), l.Say("page.issuer.key.retired.text")
	case issuer.KeyCompromised:
		h.Shape, h.Title, h.Detail = wording.ShapeNo, l.Say("page.issuer.key.compromised"), l.Say("page.issuer.key.compromised.text")
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
	l, path := languageOf(c), "/i/"+record.ID
	data := organisationPage{
		frame: s.spoken(c, nameOf(record)), Path: path, Address: record.URL,
		Description: wording.Prose(record.Settings.Description), Website: webLink(record.Settings.Website), Contact: wording.Plain(record.Email),
	}
	data.Issuer, data.Accent = data.ownParty(record), accentOf(record)
	if !record.Created.IsZero() {
		data.Since = l.Day(record.Created)
	}
	if record.Image == imagePNG || record.Image == imageSVG {
		data.Picture = path + "/" + record.Image
	}
	if data.Search, err = s.searched(c, l, data.frame, record.ID, path); err != nil {
		return err
	}
	data.Unlisted = data.Search.Query != ""
	if data.Achievements, _, err = s.achievementsFrom(c, l, data.frame, record.ID, path); err != nil {
		return err
	}
	if data.Endorsements, err = s.endorsementsOf(ctx, l, data.frame, record.ID, record.DID); err != nil {
		return err
	}
	for _, key := range record.Keys {
		if record.Owns(key) { // what others sign as is not this issuer's word
			data.Keys = append(data.Keys, historyOf(l, key, record.Suite))
		}
	}
	slices.SortStableFunc(data.Keys, func(a, b keyHistory) int { // what signs today comes first
		return signing(b) - signing(a)
	})
	data.Preview = &preview{Title: data.Title, Description: l.Say("page.issuer.preview"), URL: record.URL}
	return s.keptPage(c, l, "organisation", data)
}

// accentOf is the colour that an issuer has chosen for its pages; "" for none.
func accentOf(o issuer.Organisation) string {
	digits, isColour := strings.CutPrefix(o.Settings.Accent, "#")
	if !isColour || !sixDigits.MatchString(digits) {
		return ""
	}
	return digits
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
