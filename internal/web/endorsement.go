package web

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/markdown"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// endorsement is one that is published with what it is about.
type endorsement struct {
	By       party
	Name     string
	Comment  template.HTML
	Shape    wording.Shape
	Found    string // whether it is authentic; "" of one that was given elsewhere
	From     wording.Moment
	Until    wording.Moment // no words where it has no end
	Link     string         // its own page here; "" for one that was given elsewhere
	Attached wording.Moment // when one that was given elsewhere was found to be authentic; no words for others
}

// endorsementsOf are the endorsements of something that its organisation publishes. Those that were given here are judged now; of those
// from elsewhere it is told when their signatures were: to judge them anew takes the web, and whoever has the file can.
func (s *server) endorsementsOf(ctx context.Context, l wording.Language, f frame, organisation, subject string) ([]endorsement, error) {
	published, err := s.Office.EndorsementsOf(ctx, organisation, subject)
	if err != nil {
		return nil, fmt.Errorf("listing the endorsements: %w", err)
	}
	var list []endorsement
	for _, e := range published {
		given, err := s.givenHere(ctx, e)
		if err != nil {
			return nil, err
		}
		line := endorsement{By: endorserOf(l, e, given != nil), Name: wording.First(e.Name, l.Say("page.endorsement.unnamed")), Comment: markdown.HTML(e.Comment), From: l.Day(e.ValidFrom)}
		if !e.ValidUntil.IsZero() {
			line.Until = l.Day(e.ValidUntil)
		}
		if given == nil {
			line.Shape, line.Attached = wording.ShapeNote, l.Day(e.Issued)
			list = append(list, line)
			continue
		}
		report, err := s.judgeEndorsement(ctx, *given)
		if err != nil {
			return nil, err
		}
		v := judgeEndorsed(l, report, *given)
		line.Shape, line.Found, line.Link = v.Shape, v.Title+".", f.to("/e/"+given.ID)
		if report.Authentic == verifier.No {
			line.Comment, line.Name = "", l.Say("page.endorsement.unnamed") // what nobody secured is not shown
		}
		list = append(list, line)
	}
	return list, nil
}

// endorserOf is who endorses: by name where they did so here, and else by what their identifier proves.
func endorserOf(l wording.Language, e issuer.Endorsement, here bool) party {
	p := partyOf(l, verifier.Party{ID: e.Issuer, Name: e.IssuerName, URL: e.IssuerURL}, nil)
	if here {
		p.Name, p.Link = wording.First(e.IssuerName, wording.Host(e.Issuer), e.Issuer), webLink(e.IssuerURL)
	}
	return p
}

// givenHere finds the record of an endorsement that an organisation of this installation has given, also where another one published
// it; nil: it was given elsewhere.
func (s *server) givenHere(ctx context.Context, e issuer.Endorsement) (*issuer.Endorsement, error) {
	if !e.Received {
		return &e, nil
	}
	id, here := strings.CutPrefix(e.Identifier, s.Base+"/e/")
	if !here {
		return nil, nil
	}
	given, err := s.Office.Endorsement(ctx, id)
	if isMissing(err) || err == nil && given.Issuer != e.Issuer {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading an endorsement: %w", err)
	}
	return &given, nil
}

func (s *server) judgeEndorsement(ctx context.Context, e issuer.Endorsement) (*verifier.Report, error) {
	own := ownDocument{text: e.JSON, organisation: e.Organisation}
	if e.Slot != nil {
		own.lists = []string{e.Slot.Revocation}
	}
	return s.judgeDocument(ctx, own)
}

// judgeEndorsed words a report on an endorsement that was given here.
func judgeEndorsed(l wording.Language, report *verifier.Report, e issuer.Endorsement) verdict {
	return verdictOf(l, report, wording.Standing{Revoked: eventOf(e.Revoked), Own: true})
}

type endorsementPage struct {
	frame
	Verdict verdict
	Name    string
	By      party
	About   reference // what is endorsed
	Kind    string    // of that
	Comment template.HTML
	Secured bool // what it says was signed by whom it names, or may be
	Dates   []labelled
	Checks  checked
	Path    string
}

// endorsement answers at the permanent address of an endorsement that was given here: its file for programs, or a page. An ending names
// the form.
func (s *server) endorsement(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	record, err := s.Office.Endorsement(ctx, id)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(record.URL, "/e/"+id) || len(record.JSON) == 0 {
		return notFound()
	}
	switch form(c.Param("id")) {
	case ".json":
		return send(c, mediaVC, cacheDocument, record.JSON)
	case ".jwt":
		return send(c, mediaJWT, cacheDocument, []byte(record.JWT))
	case "":
	default:
		return notFound()
	}
	c.Response().Header().Set("Vary", "Accept")
	switch media := negotiate(c.Request().Header.Get("Accept"), mediaVC, mediaVCLD, mediaLD, mediaJSON, mediaJWT, mediaText, mediaHTML); media {
	case mediaHTML:
		return s.endorsementPage(c, record)
	case mediaVC, mediaVCLD, mediaLD, mediaJSON:
		return send(c, media, cacheDocument, record.JSON)
	case mediaJWT, mediaText:
		return send(c, media, cacheDocument, []byte(record.JWT))
	}
	return failure{status: http.StatusNotAcceptable, code: "not_acceptable", key: "not_acceptable_endorsement"}
}

func (s *server) endorsementPage(c echo.Context, record issuer.Endorsement) error {
	ctx := c.Request().Context()
	report, err := s.judgeEndorsement(ctx, record)
	if err != nil {
		return err
	}
	l := languageOf(c)
	data := endorsementPage{frame: s.spoken(c, ""), Name: l.Say("page.endorsement.unnamed"), Verdict: judgeEndorsed(l, report, record), Checks: checksOf(l, report), Path: "/e/" + record.ID}
	data.Unlisted = false
	data.Checks.once(data.Verdict.Advice)
	if report.Credential != nil && report.Authentic != verifier.No {
		data.Secured = true
		data.Name = wording.First(record.Name, data.Name)
		dated := *report.Credential
		dated.Awarded = "" // an endorsement is given, and not awarded
		data.By, data.Comment, data.Dates = endorserOf(l, record, true), markdown.HTML(record.Comment), datesOf(l, &dated, nil)
		if data.About, data.Kind, err = s.endorsed(ctx, l, data.frame, record); err != nil {
			return err
		}
	}
	data.Title = data.Name
	return s.keptPage(c, l, "endorsement", data, data.Checks.passing(data.Verdict)...)
}

// endorsed names what an endorsement is about.
func (s *server) endorsed(ctx context.Context, l wording.Language, f frame, record issuer.Endorsement) (about reference, kind string, err error) {
	about = reference{Name: wording.Plain(record.Subject), Link: webLink(record.Subject)}
	switch record.Kind {
	case issuer.EndorsesAchievement:
		kind = l.Say("page.endorsement.achievement")
		id, here := strings.CutPrefix(record.Subject, s.Base+"/a/")
		if !here {
			break
		}
		a, err := s.Office.Achievement(ctx, id)
		if err != nil && !isMissing(err) {
			return about, kind, fmt.Errorf("reading what is endorsed: %w", err)
		}
		if err == nil {
			about = reference{Name: wording.First(a.Name, record.Subject), Link: f.to("/a/" + a.ID), Lines: []string{wording.Plain(record.Subject)}}
		}
	case issuer.EndorsesIssuer:
		kind = l.Say("page.endorsement.issuer")
	case issuer.EndorsesCredential:
		kind = l.Say("page.endorsement.badge")
	}
	return about, kind, nil
}
