package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/kept"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// shownAward is a credential that is to be seen, with whom and what it is from, and what was found about it.
type shownAward struct {
	record       issuer.Credential
	newer, older *issuer.Credential // as in neighbours
	achievement  issuer.Achievement
	organisation issuer.Organisation
	zone         *time.Location // of the organisation
	report       *verifier.Report
}

// awardOf reads and judges what belongs to a credential.
func (s *server) awardOf(ctx context.Context, record issuer.Credential) (a shownAward, err error) {
	a.record = record
	if a.newer, a.older, err = s.neighbours(ctx, record); err != nil {
		return a, err
	}
	if a.report, err = s.judgeOwn(ctx, record, a.newer); err != nil {
		return a, err
	}
	if a.achievement, err = s.Office.Achievement(ctx, record.Achievement); err != nil {
		return a, fmt.Errorf("reading the achievement: %w", err)
	}
	if a.organisation, err = s.Office.Organisation(ctx, record.Organisation); err != nil {
		return a, fmt.Errorf("reading the issuer: %w", err)
	}
	a.zone = s.zoneOf(a.organisation)
	return a, nil
}

// zoneOf is the time zone in which an issuer tells its days: UTC where it has set none, and where this machine does not know it.
func (s *server) zoneOf(o issuer.Organisation) *time.Location {
	if o.Settings.Zone == "" {
		return time.UTC
	}
	if known, ok := s.zones.Load(o.Settings.Zone); ok {
		return known.(*time.Location)
	}
	zone := o.Settings.Location()
	s.zones.Store(o.Settings.Zone, zone)
	return zone
}

// askedAward is the award of the address of a request.
func (s *server) askedAward(c echo.Context) (shownAward, error) {
	if _, err := whole(c); err != nil {
		return shownAward{}, err
	}
	record, err := s.issued(c)
	if err != nil {
		return shownAward{}, err
	}
	return s.awardOf(c.Request().Context(), record)
}

// view is what was secured; nil for nothing.
func (a shownAward) view() *verifier.View {
	if a.report.Authentic == verifier.No {
		return nil
	}
	return a.report.Credential
}

func (a shownAward) name(l wording.Language) string {
	return wording.First(a.achievement.Name, l.Say("page.achievement.unnamed"))
}

// from is the name of the issuer: as it was signed, or else as it calls itself now.
func (a shownAward) from() string {
	if v := a.view(); v != nil {
		return wording.First(v.Issuer.Name, a.organisation.Name)
	}
	return wording.Plain(a.organisation.Name)
}

// verdict words what was found, and what the issuer's own records say beside it.
func (a shownAward) verdict(l wording.Language) verdict {
	return verdictOf(l, a.report, wording.Standing{Revoked: eventOf(a.record.Revoked), Suspended: eventOf(a.record.Suspended), Zone: a.zone, Own: true})
}

// standing is how it stands with an award, as far as that decides what is offered of it.
type standing int

const (
	unsure  standing = iota // nobody can say now
	inForce                 // authentic, and in force
	early                   // authentic, and not yet begun
	expired                 // it was in force, and its time is over
	gone                    // not authentic, taken back, or out of force for another cause
)

func (a shownAward) standing() standing {
	only := func(code string) bool { // every check that failed, failed by this
		return !slices.ContainsFunc(a.report.Checks, func(c verifier.Check) bool {
			return c.Outcome == verifier.Fail && (c.Step != "dates" || c.Code != code)
		})
	}
	switch r := a.report; {
	case r.Authentic == verifier.No, a.record.Revoked != nil, a.record.Suspended != nil:
		return gone
	case r.InForce == verifier.No && only("expired"):
		return expired
	case r.InForce == verifier.No && only("not_yet_valid"):
		return early
	case r.InForce == verifier.No:
		return gone
	case r.Authentic == verifier.Yes && r.InForce == verifier.Yes && r.Outcome == verifier.Valid:
		return inForce
	}
	return unsure
}

// ended says that the award does not count, and will not by itself.
func (a shownAward) ended() bool { s := a.standing(); return s == gone || s == expired }

// awarded is when the award was made: the day of the award counts, where it is told.
func (a shownAward) awarded() time.Time {
	at := a.record.Issued
	if v := a.view(); v != nil {
		for _, date := range []string{v.ValidFrom, v.Awarded} {
			if told, err := credential.ParseDateTime(date); err == nil {
				at = told
			}
		}
	}
	return wording.Calendar(at, a.zone)
}

// until is when the award ends; zero for never.
func (a shownAward) until() time.Time {
	if v := a.view(); v != nil {
		if at, err := credential.ParseDateTime(v.ValidUntil); err == nil {
			return wording.Calendar(at, a.zone)
		}
	}
	return time.Time{}
}

// shareLinks are the ways to show an award to others.
type shareLinks struct {
	Path        string
	Profile     string // LinkedIn's form for profiles; "" for an award that does not belong on one
	First       bool   // that form is what most people come for
	Post        string // LinkedIn's form for posts; "" for the same
	Mail        string // begins a message; "" for an award that does not count
	Certificate string // address of the certificate; "" for an award that has none
	More        string // page with all of them
}

// shareOf are the ways to show an award to others. What does not count, and did not end by itself, is offered as a file, so that anybody
// can see what is wrong with it, and nowhere else; on a profile stands what has begun, and on paper what is in force.
func (s *server) shareOf(l wording.Language, f frame, a shownAward) shareLinks {
	path := "/c/" + a.record.ID
	links := shareLinks{Path: path, More: f.to(path + "/share")}
	how := a.standing()
	if how == gone {
		return links
	}
	name := a.name(l)
	links.Mail = mailLink(name, l.Say("page.share.mail", "name", name)+"\n\n"+a.record.URL)
	if links.First = (how == inForce || how == unsure) && (a.view() == nil || a.view().Superseded == ""); how == inForce {
		links.Certificate = f.to(path + ".pdf")
	}
	if how != early {
		links.Post = postLink(a.record.URL)
		links.Profile = profileEntry{Name: name, Company: a.from(), Page: a.organisation.Settings.LinkedIn, Issued: a.awarded(), Expires: a.until(), URL: a.record.URL, Code: a.record.Code()}.link()
	}
	return links
}

type sharePage struct {
	frame
	shareLinks
	Name       string
	Lang       string   // of the name, where it is another one than that of the page
	Verdict    *verdict // nil for an award that is in force, of which there is nothing to say here
	Gone       bool     // it does not count, so that there are its files alone
	Lead       string
	Back       string // page of the award
	File       string // begins the names of files
	Letter, A4 string // addresses of certificates
	Card       *card  // as other sites show it; nil for none
	Link       snippet
	Text, HTML snippet // a line for a résumé; none for an award that does not belong there
	Embed      snippet // HTML of the card, for a page of somebody else
}

// snippet is a text that is there to be copied.
type snippet struct {
	ID, Label, Text string
	Lines           int // 0 for a field of one line
	Code            bool
}

// share shows all ways to show an award to others. It loads a script that copies texts, and does without it.
func (s *server) share(c echo.Context) error {
	a, err := s.askedAward(c)
	if err != nil {
		return err
	}
	l := languageOf(c)
	h := c.Response().Header()
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+"; script-src 'self'")
	f := s.spoken(c, l.Say("page.share.heading"))
	f.Script, f.Accent = "share.js", accentOf(a.organisation)
	path := "/c/" + a.record.ID
	how := a.standing()
	data := sharePage{
		frame: f, shareLinks: s.shareOf(l, f, a), Name: a.name(l), Back: f.to(path), File: "badge-" + a.record.Code(), Gone: how == gone,
		Letter: f.to(path + ".pdf?paper=letter"), A4: f.to(path + ".pdf?paper=a4"),
		Lang: l.Other(a.achievement.Content.InLanguage), Lead: l.Say("page.share.text"),
		Link:  snippet{ID: "address", Label: l.Say("page.share.address.label"), Text: a.record.URL, Lines: 1, Code: true},
		Embed: snippet{ID: "frame", Label: l.Say("page.share.embed.label"), Text: s.frameOf(l, a, f.Query, cardWidth, cardHeight(cardWidth)), Lines: 5, Code: true},
	}
	if how != gone && how != early {
		text, html := resumeOf(l, a)
		data.Text = snippet{ID: "text", Label: l.Say("page.share.resume.text"), Text: text, Lines: 3}
		data.HTML = snippet{ID: "html", Label: l.Say("page.share.resume.html"), Text: html, Lines: 3, Code: true}
	}
	var passing []string
	if how != inForce {
		v := a.verdict(l)
		data.Verdict, passing = &v, []string{v.Checked.Words, v.Checked.Machine}
	}
	switch how {
	case gone:
		data.Title, data.Lead = l.Say("page.share.gone.heading"), l.Say("page.share.gone.text")
	case expired: // whoever reads this earned it, and need not ask themselves
		data.Lead, data.Verdict.Advice = l.Say("page.share.expired.text"), l.Say("page.share.expired.advice")
	}
	if how != gone {
		shown := cardOf(l, f, a)
		data.Card, passing = &shown, shown.passing()
	}
	return s.keptPage(c, l, "share", data, passing...)
}

// resumeOf is a line for a résumé, as text and as HTML. That of an award whose time is over says so.
func resumeOf(l wording.Language, a shownAward) (text, html string) {
	parts := []string{a.name(l), l.TypeName(a.achievement.Content.AchievementType), a.from()}
	if a.view() != nil {
		parts = append(parts, l.MonthIn(a.awarded(), a.zone))
	}
	if a.standing() == expired {
		parts = append(parts, l.Say("page.share.resume.until", "month", l.MonthIn(a.until(), a.zone)))
	}
	parts = wording.Present(parts...)
	text = strings.Join(parts, ", ") + ". " + a.record.URL
	return text, `<a href="` + htmlOf(a.record.URL) + `">` + htmlOf(parts[0]) + `</a>` + htmlOf(", "+strings.Join(parts[1:], ", "))
}

// sharedFile answers with what is drawn of the address of an award: kept by its content.
func (s *server) sharedFile(kind, media string, draw func(address string) ([]byte, error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		address, err := s.addressOf(c)
		if err != nil {
			return err
		}
		body, err := s.kept.Get(c.Request().Context(), kept.Of(kind, []byte(address)), func() ([]byte, error) { return draw(address) })
		if err != nil {
			return fmt.Errorf("drawing the QR code: %w", err)
		}
		if media == mediaSVG {
			return sendSVG(c, policyDrawn, cacheAsk, body)
		}
		return send(c, media, cacheAsk, body)
	}
}

// isLinkedIn says whether a request is from the program that reads pages for LinkedIn.
func isLinkedIn(r *http.Request) bool { return strings.Contains(r.UserAgent(), "LinkedInBot") }
