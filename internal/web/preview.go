package web

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/kept"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// siteName is the name of the site, in previews.
const siteName = "Laurel"

// preview is what other sites show of a page that somebody links to (the Open Graph protocol, and Twitter's cards). Previews are kept for
// months, so none says that a badge is in force, and none names who earned it; only the picture of one that is not in force any more
// says so.
type preview struct {
	Title       string
	Description string // at most 100 characters are shown
	URL         string
	Image       string // address of a PNG of paper.PreviewWidth by paper.PreviewHeight, or ""
	Secure      bool   // the picture is read over https
	Alt         string
	Discovery   string // address of what oEmbed says of the page; "" for nothing, and for those who would take its picture instead
}

// Width and Height are those of the picture.
func (preview) Width() int  { return paper.PreviewWidth }
func (preview) Height() int { return paper.PreviewHeight }

// picture is what a link preview shows.
type picture struct {
	drawn       paper.Preview // without the picture of the achievement
	achievement issuer.Achievement
	path        string // of the page
	language    wording.Language
	address     string // that of the picture; it changes with what the picture says
}

// edition changes when previews of all pages are to be read anew.
const edition = 2

// pictureOn is the picture for a page. Its address holds a digest of what it says, as those who show previews keep them by it.
func (s *server) pictureOn(l wording.Language, path, check, issuerName string, a issuer.Achievement, notice string) picture {
	_, host, _ := strings.Cut(s.Base, "://")
	art := paper.ArtOf(a.Content)
	art.Kind = l.TypeName(a.Content.AchievementType)
	p := picture{achievement: a, path: path, language: l, drawn: paper.Preview{
		Art: art, Title: wording.First(a.Name, l.Say("page.achievement.unnamed")), Issuer: wording.Plain(issuerName), Check: l.Say(check, "address", host+path), Notice: notice,
	}}
	key := p.key()
	version := strings.ToLower(base32.StdEncoding.EncodeToString(key[:10]))
	p.address = s.Base + path + "/preview/" + string(l) + "-" + version + ".png"
	return p
}

// key is the digest of what the picture says.
func (p picture) key() kept.Key {
	said, err := json.Marshal([]any{edition, p.language, p.drawn.Art, p.drawn.Title, p.drawn.Issuer, p.drawn.Check, p.drawn.Notice, artOf(p.achievement)})
	if err != nil {
		panic(err) // texts can always be written
	}
	return kept.Of("preview", said)
}

// awardPicture is the picture for the page of an award.
func (s *server) awardPicture(l wording.Language, a shownAward) picture {
	notice := ""
	if a.ended() {
		notice = l.Say("page.preview.ended")
	}
	return s.pictureOn(l, "/c/"+a.record.ID, "page.preview.check", a.from(), a.achievement, notice)
}

// achievementPictureOn is the picture for the page of an achievement.
func (s *server) achievementPreview(l wording.Language, a issuer.Achievement, o issuer.Organisation) picture {
	return s.pictureOn(l, "/a/"+a.ID, "page.preview.read", o.Name, a, "")
}

// previewOf makes the preview of a page for an achievement or for an award of it.
func (s *server) previewOf(l wording.Language, kind, issuerName string, p picture) *preview {
	description := l.Say("page.badge.preview.bare", "kind", kind)
	if issuerName != "" {
		description = l.Say("page.badge.preview", "kind", wording.Cut(kind, 24), "issuer", wording.Cut(issuerName, 34))
		description = strings.Replace(description, "….", "…", 1)
	}
	return &preview{
		Title: p.drawn.Title, Description: description, URL: s.Base + p.path, Image: p.address, Secure: strings.HasPrefix(p.address, "https://"),
		Alt: l.Say("page.badge.picture", "name", p.drawn.Title),
	}
}

// previewOfAward is the preview of the page of an award.
func (s *server) previewOfAward(c echo.Context, l wording.Language, a shownAward) *preview {
	p := s.previewOf(l, l.TypeName(a.achievement.Content.AchievementType), a.from(), s.awardPicture(l, a))
	// Copies of the page are asked about before each use, so what one program gets is never given to another.
	if !isLinkedIn(c.Request()) {
		p.Discovery = s.discovery(a.record.URL)
	}
	return p
}

// awardPreview answers with the picture for the page of an award.
func (s *server) awardPreview(c echo.Context) error {
	a, err := s.askedAward(c)
	if err != nil {
		return err
	}
	return s.sendPreview(c, cacheAsk, func(l wording.Language) picture { return s.awardPicture(l, a) }) // it may be revoked at any time
}

// definitionPreview answers with the picture for the page of an achievement.
func (s *server) definitionPreview(c echo.Context) error {
	id, err := whole(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	a, err := s.Office.Achievement(ctx, id)
	if err != nil {
		return err
	}
	o, err := s.Office.Organisation(ctx, a.Organisation)
	if err != nil {
		return fmt.Errorf("reading the issuer: %w", err)
	}
	return s.sendPreview(c, cachePicture, func(l wording.Language) picture { return s.achievementPreview(l, a, o) })
}

// sendPreview draws a picture as it is now, whatever version the address asks for: what was true once is not said again. Only at the
// address of the present version is it kept as present says.
func (s *server) sendPreview(c echo.Context, present string, of func(wording.Language) picture) error {
	l, cache := languageOf(c), cacheAsk
	if asked := c.Param("version"); asked != "" {
		language, _, _ := strings.Cut(asked, "-")
		if l = wording.Language(language); l != wording.English && l != wording.Spanish || !strings.HasSuffix(asked, ".png") {
			return notFound()
		}
	} else {
		c.Response().Header().Set("Vary", "Accept-Language")
	}
	p := of(l)
	if strings.HasSuffix(p.address, "/"+c.Param("version")) {
		cache = present
	}
	ctx := c.Request().Context()
	body, err := s.kept.Get(ctx, p.key(), func() ([]byte, error) { return s.drawPreview(ctx, p) })
	if err != nil {
		return fmt.Errorf("drawing the preview: %w", err)
	}
	return send(c, mediaPNG, cache, body)
}

// drawPreview draws a picture with that of the achievement, where it has one of its own that can be drawn.
func (s *server) drawPreview(ctx context.Context, p picture) ([]byte, error) {
	own, err := s.ownPicture(ctx, p.achievement)
	if err != nil {
		return nil, err
	}
	if own != nil {
		with := p.drawn
		with.Picture = own
		if body, err := paper.PreviewPNG(with); err == nil {
			return body, nil
		}
	}
	return paper.PreviewPNG(p.drawn)
}

// ownPicture is the PNG that an achievement has of its own; nil for none.
func (s *server) ownPicture(ctx context.Context, a issuer.Achievement) ([]byte, error) {
	address := artOf(a)
	if !strings.HasSuffix(address, "/"+imagePNG) {
		return nil, nil
	}
	own, err := s.Office.Document(ctx, s.Base+address)
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the picture: %w", err)
	}
	return own, nil
}

// languageIn is the language that an address of ours names, and what keeps links in it; English and nothing where it names none.
func languageIn(query url.Values) (wording.Language, string) {
	for _, l := range wording.Languages {
		if query.Get(languageParameter) == string(l) {
			return l, "?" + url.Values{languageParameter: {string(l)}}.Encode()
		}
	}
	return wording.English, ""
}
