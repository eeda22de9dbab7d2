package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// shownAward is a credential that is to be seen, with whom and what it is from, and what was found about it.
type shownAward struct {
	record       issuer.Credential
	achievement  issuer.Achievement
	organisation issuer.Organisation
	report       *verifier.Report
}

// awardOf reads and judges what belongs to a credential.
func (s *server) awardOf(ctx context.Context, record issuer.Credential) (a shownAward, err error) {
	a.record = record
	newer, _, err := s.neighbours(ctx, record)
	if err != nil {
		return a, err
	}
	if a.report, err = s.judgeOwn(ctx, record, newer); err != nil {
		return a, err
	}
	if a.achievement, err = s.Office.Achievement(ctx, record.Achievement); err != nil {
		return a, fmt.Errorf("reading the achievement: %w", err)
	}
	if a.organisation, err = s.Office.Organisation(ctx, record.Organisation); err != nil {
		return a, fmt.Errorf("reading the issuer: %w", err)
	}
	return a, nil
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

// found says that a check failed with one of these codes.
func (a shownAward) found(codes ...string) bool {
	return slices.ContainsFunc(a.report.Checks, func(c verifier.Check) bool { return c.Outcome == verifier.Fail && slices.Contains(codes, c.Code) })
}

// takenBack says that the issuer has revoked or suspended the award.
func (a shownAward) takenBack() bool {
	return a.record.Revoked != nil || a.record.Suspended != nil || a.found("revoked", "suspended")
}

// ended says that the award was in force, and is not any more.
func (a shownAward) ended() bool { return a.takenBack() || a.found("expired") }

// shareLinks are the ways to show an award to others.
type shareLinks struct {
	Path        string
	Profile     string // LinkedIn's form for profiles; "" for an award that does not belong on one
	Post        string // LinkedIn's form for posts; "" for the same
	Mail        string
	Certificate string // address of the certificate; "" for the same
	More        string // page with all of them
}

// shareOf are the ways to show an award to others. What is taken back or was not secured is offered as a file, so that anybody can see
// what is wrong with it, and nowhere else.
func (s *server) shareOf(l wording.Language, f frame, a shownAward) shareLinks {
	path := "/c/" + a.record.ID
	links := shareLinks{Path: path, More: f.to(path + "/share")}
	if a.view() == nil || a.takenBack() {
		return links
	}
	name := a.name(l)
	links.Certificate = f.to(path + ".pdf")
	links.Post = postLink(a.record.URL)
	links.Mail = mailLink(name, l.Say("page.share.mail", "name", name)+"\n\n"+a.record.URL)
	entry := profileEntry{Name: name, Company: a.from(), Page: a.organisation.Settings.LinkedIn, Issued: a.record.Issued.UTC(), URL: a.record.URL, Code: a.record.Code()}
	v := a.view()
	for _, date := range []string{v.ValidFrom, v.Awarded} { // the day of the award counts, where it is told
		if at, err := credential.ParseDateTime(date); err == nil {
			entry.Issued = at.UTC()
		}
	}
	if at, err := credential.ParseDateTime(v.ValidUntil); err == nil {
		entry.Expires = at.UTC()
	}
	links.Profile = entry.link()
	return links
}

type sharePage struct {
	frame
	shareLinks
	Name       string
	Back       string // page of the award
	File       string // begins the names of files
	Letter, A4 string // addresses of certificates
	Card       string // address of the card
	Link       snippet
	Text, HTML snippet // a line for a résumé
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
	text, html := resumeOf(l, a)
	data := sharePage{
		frame: f, shareLinks: s.shareOf(l, f, a), Name: a.name(l), Back: f.to(path), File: "badge-" + a.record.Code(),
		Letter: f.to(path + ".pdf?paper=letter"), A4: f.to(path + ".pdf?paper=a4"), Card: f.to(path + "/embed"),
		Link:  snippet{ID: "address", Label: l.Say("page.share.address.label"), Text: a.record.URL},
		Text:  snippet{ID: "text", Label: l.Say("page.share.resume.text"), Text: text, Lines: 3},
		HTML:  snippet{ID: "html", Label: l.Say("page.share.resume.html"), Text: html, Lines: 3, Code: true},
		Embed: snippet{ID: "frame", Label: l.Say("page.share.embed.label"), Text: s.frameOf(l, a, f.Query, cardWidth, cardHeight(cardWidth)), Lines: 5, Code: true},
	}
	return s.keptPage(c, l, "share", data)
}

// resumeOf is a line for a résumé, as text and as HTML.
func resumeOf(l wording.Language, a shownAward) (text, html string) {
	parts := []string{a.name(l), l.TypeName(a.achievement.Content.AchievementType), a.from()}
	if v := a.view(); v != nil {
		for _, date := range []string{v.Awarded, v.ValidFrom} {
			if at, err := credential.ParseDateTime(date); err == nil {
				parts = append(parts, l.Month(at))
				break
			}
		}
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
		body, err := s.kept.get(c.Request().Context(), madeOf(kind, []byte(address)), func() ([]byte, error) { return draw(address) })
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
