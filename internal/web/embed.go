package web

import (
	"fmt"
	"html/template"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// policyCard lets pages of any site show the card in a frame; it lets the card itself do nothing.
const policyCard = "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors *"

// cardWidth is how wide a card is in CSS pixels, where nobody asks for less.
const cardWidth = 480

// cardHeight is how high a card of a width has to be, so that nothing of most cards is cut off.
func cardHeight(width int) int {
	if width < 360 {
		return 440 // the picture stands above the words
	}
	return 264
}

type cardPage struct {
	frame
	Card card
}

// card says in a few lines what an award is and what holds of it.
type card struct {
	Framed    bool // it stands by itself in the page of another site, and its links lead out of there
	Host      string
	Verdict   verdict
	Name      string
	Lang      string // of the name, where it is another one than that of the page
	Kind      string
	From      string
	Recipient string // only where the earner made the page public
	URL       string
	Art       string
	Alt       string
}

// embed answers with the card of an award, for pages of other sites. What it says it says now, unlike a picture.
func (s *server) embed(c echo.Context) error {
	a, err := s.askedAward(c)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Security-Policy", policyCard) // of the card alone: an error is a page like any other
	l := languageOf(c)
	f := s.spoken(c, a.name(l))
	f.Accent = accentOf(a.organisation)
	data := cardPage{frame: f, Card: cardOf(l, f, a)}
	data.Card.Framed = true
	return s.keptPage(c, l, "embed", data, data.Card.passing()...)
}

// cardOf is the card of an award.
func cardOf(l wording.Language, f frame, a shownAward) card {
	data := card{
		Host: f.Host, Verdict: a.verdict(l), Name: a.name(l), Lang: l.Other(a.achievement.Content.InLanguage), Kind: l.TypeName(a.achievement.Content.AchievementType), From: a.from(),
		URL: a.record.URL + f.Query, Art: artOf(a.achievement), Alt: l.Say("page.badge.picture", "name", a.name(l)),
	}
	if a.view() != nil && a.record.Access == issuer.AccessPublic {
		data.Recipient = viewOf(l, a.report, anyone, nil).Recipient
	}
	return data
}

// passing are the words that only say when it was looked at.
func (c card) passing() []string { return []string{c.Verdict.Checked.Words, c.Verdict.Checked.Machine} }

// frameOf is the HTML by which a page of another site shows the card: in a frame that may open pages, and nothing else.
func (s *server) frameOf(l wording.Language, a shownAward, query string, width, height int) string {
	return fmt.Sprintf(`<iframe src="%s" title="%s" width="%d" height="%d" loading="lazy" sandbox="allow-popups allow-popups-to-escape-sandbox" style="border:0;max-width:100%%"></iframe>`,
		htmlOf(a.record.URL+"/embed"+query), htmlOf(l.Say("page.embed.title", "name", a.name(l))), width, height)
}

func htmlOf(text string) string { return template.HTMLEscapeString(text) }
