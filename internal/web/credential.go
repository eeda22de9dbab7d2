package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// qrModule is the width in pixels of one module of a QR picture: at 8 a phone reads it from a projector too.
const qrModule = 8

// issued reads a credential whose signed forms exist. One that is still being signed is not there yet.
func (s *server) issued(c echo.Context) (issuer.Credential, error) {
	id, err := identifier(c)
	if err != nil {
		return issuer.Credential{}, err
	}
	record, err := s.Office.Credential(c.Request().Context(), id)
	if err != nil {
		return issuer.Credential{}, err
	}
	if record.Issued.IsZero() || len(record.JSON) == 0 {
		return issuer.Credential{}, notFound()
	}
	return record, nil
}

// credential answers at the permanent address of a credential: the page, or the form that the ending or the Accept header
// names.
func (s *server) credential(c echo.Context) error {
	record, err := s.issued(c)
	if err != nil {
		return err
	}
	switch form(c.Param("id")) {
	case "":
		return s.negotiated(c, record)
	case ".json":
		return send(c, mediaVC, cacheAsk, record.JSON)
	case ".jwt":
		return sendJWT(c, record, mediaJWT)
	case ".png":
		return s.picture(c, record)
	case ".svg":
		return s.drawing(c, record)
	}
	return notFound()
}

func (s *server) negotiated(c echo.Context, record issuer.Credential) error {
	h := c.Response().Header()
	h.Set("Vary", "Accept")
	h.Set("Link", "<"+record.URL+`.json>; rel="alternate"; type="application/vc"`)
	media := negotiate(c.Request().Header.Get("Accept"), mediaHTML, mediaVC, mediaVCLD, mediaLD, mediaJSON, mediaJWT, mediaText, mediaVCJWT)
	switch media {
	case mediaHTML:
		return s.credentialPage(c, record)
	case mediaVC, mediaVCLD, mediaLD, mediaJSON:
		return send(c, media, cacheAsk, record.JSON)
	case mediaJWT, mediaText:
		return sendJWT(c, record, media)
	case mediaVCJWT:
		token, err := s.Office.CredentialVCJWT(c.Request().Context(), record.ID)
		if err != nil {
			return err
		}
		return send(c, media, cacheAsk, []byte(token))
	}
	return failure{status: http.StatusNotAcceptable, code: "not_acceptable", key: "not_acceptable_credential"}
}

func sendJWT(c echo.Context, record issuer.Credential, media string) error {
	if record.JWT == "" {
		return notFound()
	}
	return send(c, media, cacheAsk, []byte(record.JWT))
}

// picture is the achievement's own picture, or else the badge art, with the credential in it.
func (s *server) picture(c echo.Context, record issuer.Credential) error {
	art, err := s.pictureOf(c.Request().Context(), record.Achievement)
	if err != nil {
		return err
	}
	baked, err := bake.Bake(art, record.JSON)
	if err != nil {
		return fmt.Errorf("baking the badge: %w", err)
	}
	return send(c, "image/png", cachePicture, baked)
}

// drawing is the badge art with the credential in it.
func (s *server) drawing(c echo.Context, record issuer.Credential) error {
	achievement, err := s.Office.Achievement(c.Request().Context(), record.Achievement)
	if err != nil {
		return fmt.Errorf("reading the achievement: %w", err)
	}
	art, err := paper.ArtSVG(paper.ArtOf(achievement.Content))
	if err != nil {
		return fmt.Errorf("drawing the badge: %w", err)
	}
	baked, err := bake.Bake(art, record.JSON)
	if err != nil {
		return fmt.Errorf("baking the badge: %w", err)
	}
	return sendSVG(c, baked)
}

// pictureOf is the PNG of an achievement: its own, or else the badge art.
func (s *server) pictureOf(ctx context.Context, achievement string) ([]byte, error) {
	picture, err := s.Office.Document(ctx, s.Base+"/a/"+achievement+"/image.png")
	if err != nil && failureOf(err).status == http.StatusNotFound {
		picture, err = s.art()
	}
	if err != nil {
		return nil, fmt.Errorf("drawing the badge: %w", err)
	}
	return picture, nil
}

func (s *server) qrPNG(c echo.Context) error {
	address, err := s.addressOf(c)
	if err != nil {
		return err
	}
	picture, err := paper.QRPNG(address, qrModule)
	if err != nil {
		return fmt.Errorf("drawing the QR code: %w", err)
	}
	return send(c, "image/png", cachePicture, picture)
}

func (s *server) qrSVG(c echo.Context) error {
	address, err := s.addressOf(c)
	if err != nil {
		return err
	}
	drawing, err := paper.QRSVG(address)
	if err != nil {
		return fmt.Errorf("drawing the QR code: %w", err)
	}
	return sendSVG(c, drawing)
}

// addressOf is what a QR code holds: the permanent address of a credential and nothing else.
func (s *server) addressOf(c echo.Context) (string, error) {
	if _, err := whole(c); err != nil {
		return "", err
	}
	record, err := s.issued(c)
	return record.URL, err
}

type credentialPage struct {
	frame
	Verdict verdict
	Badge   *badge // nil where nothing was secured
	Name    string
	Path    string
	Address string // without its scheme, as people say it
	URL     string
	About   string // page of the achievement
	Art     string // address of the picture
	Command string // checks the badge on one's own machine
	Checks  checked
}

// credentialPage shows a credential of this installation.
func (s *server) credentialPage(c echo.Context, record issuer.Credential) error {
	ctx := c.Request().Context()
	report, err := s.judgeOwn(ctx, record)
	if err != nil {
		return err
	}
	data := credentialPage{
		frame:   s.frame("", true),
		Verdict: judge(wording.English, report, &record),
		Name:    "A badge",
		Path:    "/c/" + record.ID,
		URL:     record.URL,
		About:   "/a/" + record.Achievement,
		Command: "laurel verify " + record.URL,
		Checks:  checksOf(wording.English, report),
	}
	data.Checks.once(data.Verdict.Advice)
	_, data.Address, _ = strings.Cut(record.URL, "://")
	if !strings.HasPrefix(record.URL, "https://") {
		data.Command = "laurel verify " + record.ID + ".json" // only https addresses are opened: check the downloaded file
	}
	achievement, err := s.Office.Achievement(ctx, record.Achievement)
	if err != nil {
		return fmt.Errorf("reading the achievement: %w", err)
	}
	data.Art = artOf(achievement)
	kind, from := "Badge", ""
	if report.Credential != nil && report.Authentic != verifier.No {
		data.Badge = viewOf(wording.English, report.Credential, anyone)
		data.Name, kind, from = data.Badge.Name, data.Badge.Kind, data.Badge.Issuer.Name
	} else {
		data.Name = wording.First(achievement.Name, data.Name) // what nobody secured is not shown, but the page has a name
	}
	data.Title = data.Name
	data.Preview = s.previewOf(data.Name, kind, from, record.URL, record.Achievement)
	c.Response().Header().Set("Cache-Control", cacheNever) // a verdict is true when it is given
	return s.page(c, http.StatusOK, "credential", data)
}
