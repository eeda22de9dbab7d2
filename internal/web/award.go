package web

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

type credentialPage struct {
	frame
	Verdict  verdict
	Older    string // address of the award in whose place it stands
	Badge    *badge // nil where nothing was secured
	Name     string
	Lang     string // of the name, where that is not the language of the page
	Alt      string // says what its picture is
	Path     string
	Address  string // without its scheme, as people say it
	Code     string // by which people compare what they have on paper
	URL      string
	About    string // page of the achievement
	Issued   string // page of the issuer
	Art      string // address of the picture
	Command  string // checks the badge on one's own machine
	Checks   checked
	Standing []endorsed // who stands behind the achievement and its issuer
	Share    shareLinks
}

// endorsed are the endorsements of one thing.
type endorsed struct {
	Of  string // what they are of, as a heading
	All []endorsement
}

// credentialPage shows a credential of this installation.
func (s *server) credentialPage(c echo.Context, record issuer.Credential) error {
	ctx, l := c.Request().Context(), languageOf(c)
	shown, err := s.awardOf(ctx, record)
	if err != nil {
		return err
	}
	report, achievement, organisation := shown.report, shown.achievement, shown.organisation
	f := s.spoken(c, "")
	f.Unlisted, f.Accent = record.Access != issuer.AccessPublic, accentOf(organisation)
	data := credentialPage{
		frame:   f,
		Verdict: shown.verdict(l),
		Path:    "/c/" + record.ID,
		URL:     record.URL,
		About:   f.to("/a/" + record.Achievement),
		Issued:  f.to("/i/" + record.Organisation),
		Art:     artOf(achievement),
		Command: "laurel verify " + record.URL,
		Checks:  checksOf(l, report),
		Older:   f.to(pathOf(shown.older)),
		Code:    record.Code(),
	}
	if data.Verdict.Newer, err = s.successor(ctx, l, f, shown.newer); err != nil {
		return err
	}
	data.Checks.once(data.Verdict.Advice)
	if record.Claimed.IsZero() && data.Verdict.Shape == wording.ShapeYes { // of what does not count nobody has to know
		data.Verdict.Detail += " " + l.Say("page.badge.unclaimed")
	}
	_, data.Address, _ = strings.Cut(record.URL, "://")
	if !strings.HasPrefix(record.URL, "https://") {
		data.Command = "laurel verify " + record.ID + ".json" // only https addresses are opened: check the downloaded file
	}
	if report.Credential != nil && report.Authentic != verifier.No {
		b := viewOf(l, report, anyone, nil)
		b.Issuer.Name = l.PartyName(report.Credential.Issuer) // it is an issuer here
		b.Dates, b.Effort = datesOf(l, report.Credential, shown.zone), strings.Join(l.ShortEffort(achievement.Content.CreditsAvailable, achievement.About.Hours), ", ")
		b.setLevels(l, report.Credential.Results, achievement.Content.ResultDescriptions)
		if address := data.Verdict.Verdict.Newer; data.Verdict.Newer == nil && address != "" && address != webLink(refreshURL(record)) {
			data.Verdict.Newer = &named{l.Newer(address), address} // elsewhere; one here is told where it is to be seen
		}
		if b.Issuer.Link = webLink(report.Credential.Issuer.URL); b.Issuer.Link == webLink(organisation.URL) { // it signed that itself
			b.Issuer.Link = data.Issued
		}
		data.Badge, data.Name, data.Lang = b, b.Name, b.Lang
		if data.Standing, err = s.standing(ctx, l, f, record, achievement, organisation); err != nil {
			return err
		}
	} else { // what nobody secured is not shown, but the page has a name
		data.Name = wording.First(achievement.Name, l.Say("page.badge.unnamed"))
	}
	data.Title, data.Alt = data.Name, l.Say("page.badge.picture", "name", data.Name)
	data.Preview, data.Share = s.previewOfAward(c, l, shown), s.shareOf(l, f, shown)
	if person := s.personOf(l, shown, data.Badge); person != nil {
		data.Data = person
	}
	if !data.Unlisted {
		c.Response().Header().Del("X-Robots-Tag")
	}
	return s.keptPage(c, l, "credential", data, data.Checks.passing(data.Verdict)...)
}

// standing are the endorsements of the achievement and of the issuer of an award, as far as there are any.
func (s *server) standing(ctx context.Context, l wording.Language, f frame, record issuer.Credential, a issuer.Achievement, o issuer.Organisation) (all []endorsed, err error) {
	for _, about := range []struct{ heading, subject string }{{"page.badge.stands.achievement", a.URL}, {"page.badge.stands.issuer", o.DID}} {
		found, err := s.endorsementsOf(ctx, l, f, record.Organisation, about.subject)
		if err != nil {
			return nil, err
		}
		for i, e := range found {
			if e.Shape == wording.ShapeYes { // the one yes of the page is about the badge
				found[i].Shape, found[i].Found = wording.ShapeNote, l.Say("page.endorsement.stands")
			}
		}
		if len(found) > 0 {
			all = append(all, endorsed{l.Say(about.heading), found})
		}
	}
	return all, nil
}

// setLevels says of each result which of all levels was reached, where its description has levels and the result names one of them. The
// standard gives levels no order: their points do, where all have some.
func (b *badge) setLevels(l wording.Language, results []verifier.Mark, descriptions []credential.ResultDescription) {
	for i, result := range results {
		at := slices.IndexFunc(descriptions, func(d credential.ResultDescription) bool { return d.Name == result.Name && len(d.Levels) > 1 })
		if at < 0 || result.AchievedLevel == "" {
			continue
		}
		levels, ranked := ranked(descriptions[at].Levels)
		here := slices.IndexFunc(levels, func(of credential.RubricCriterionLevel) bool { return of.Name == result.AchievedLevel })
		if here < 0 {
			continue
		}
		m := &b.Results[i]
		if ranked && result.Value == levels[here].Points {
			result.Value = "" // its points say what its place does
			m.Value, m.Status = l.MarkParts(result)
		}
		for j, of := range levels {
			m.Levels = append(m.Levels, reached{Name: wording.First(of.Name, of.Level), Lang: b.Lang, Upto: ranked && j <= here, Here: j == here})
		}
		if m.Meaning = wording.Prose(levels[here].Description); ranked {
			m.Place = l.Say("page.badge.scale", "place", strconv.Itoa(here+1), "of", strconv.Itoa(len(levels)))
		}
	}
}

// ranked are levels from low to high, and whether that order is known.
func ranked(levels []credential.RubricCriterionLevel) ([]credential.RubricCriterionLevel, bool) {
	points := make(map[string]float64)
	for _, of := range levels {
		n, err := strconv.ParseFloat(of.Points, 64)
		if _, twice := points[of.Name]; err != nil || math.IsNaN(n) || twice {
			return levels, false
		}
		points[of.Name] = n
	}
	levels = slices.Clone(levels)
	slices.SortStableFunc(levels, func(a, b credential.RubricCriterionLevel) int { return cmp.Compare(points[a.Name], points[b.Name]) })
	return levels, true
}
