package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/paper"
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
	case "json":
		return send(c, mediaVC, cacheAsk, record.JSON)
	case "jwt":
		return sendJWT(c, record, mediaJWT)
	case "png":
		return s.picture(c, record)
	}
	return notFound()
}

func (s *server) negotiated(c echo.Context, record issuer.Credential) error {
	h := c.Response().Header()
	h.Set("Vary", "Accept")
	h.Set("Link", "<"+record.URL+`.json>; rel="alternate"; type="application/vc"`)
	media := negotiate(c.Request().Header.Get("Accept"), mediaHTML, mediaVC, mediaVCLD, mediaLD, mediaJSON, mediaJWT, mediaText)
	switch media {
	case mediaHTML:
		return s.credentialPage(c, record)
	case mediaVC, mediaVCLD, mediaLD, mediaJSON:
		return send(c, media, cacheAsk, record.JSON)
	case mediaJWT, mediaText:
		return sendJWT(c, record, media)
	}
	return failure{
		status: http.StatusNotAcceptable, code: "not_acceptable",
		detail: "This credential is here as a page, as application/vc (JSON) and as application/jwt.",
	}
}

func sendJWT(c echo.Context, record issuer.Credential, media string) error {
	if record.JWT == "" {
		return notFound()
	}
	return send(c, media, cacheAsk, []byte(record.JWT))
}

// picture is the achievement's own picture, or else the badge art, with the credential in it.
func (s *server) picture(c echo.Context, record issuer.Credential) error {
	art, err := s.Office.Document(c.Request().Context(), s.Base+"/a/"+record.Achievement+"/image.png")
	if err != nil && failureOf(err).status == http.StatusNotFound {
		art, err = s.art()
	}
	if err != nil {
		return fmt.Errorf("drawing the badge: %w", err)
	}
	baked, err := bake.Bake(art, record.JSON)
	if err != nil {
		return fmt.Errorf("baking the badge: %w", err)
	}
	return send(c, "image/png", cachePicture, baked)
}

func (s *server) qrPNG(c echo.Context) error {
	return s.qr(c, "image/png", func(text string) ([]byte, error) { return paper.QRPNG(text, qrModule) })
}

func (s *server) qrSVG(c echo.Context) error {
	return s.qr(c, "image/svg+xml", paper.QRSVG)
}

// qr draws the permanent address of a credential and nothing else.
func (s *server) qr(c echo.Context, media string, draw func(string) ([]byte, error)) error {
	if _, err := whole(c); err != nil {
		return err
	}
	record, err := s.issued(c)
	if err != nil {
		return err
	}
	picture, err := draw(record.URL)
	if err != nil {
		return fmt.Errorf("drawing the QR code: %w", err)
	}
	return send(c, media, cachePicture, picture)
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
	Command string // checks the badge on one's own machine
	Checks  []finding
	Idle    []finding
}

// credentialPage shows a credential of this installation. It is judged anew for each visit, from the same bytes that the
// page offers for download.
func (s *server) credentialPage(c echo.Context, record issuer.Credential) error {
	ctx := c.Request().Context()
	report, err := s.Verify(ctx, record.JSON)
	if err != nil {
		return fmt.Errorf("verifying: %w", err)
	}
	data := credentialPage{
		frame:   s.frame("", true),
		Verdict: judge(report, &record),
		Name:    "A badge",
		Path:    "/c/" + record.ID,
		URL:     record.URL,
		About:   "/a/" + record.Achievement,
		Command: "laurel verify " + record.URL,
	}
	_, data.Address, _ = strings.Cut(record.URL, "://")
	if !strings.HasPrefix(record.URL, "https://") {
		data.Command = "laurel verify " + record.ID + ".json" // only https addresses are opened: check the downloaded file
	}
	if report.Credential != nil && report.Authentic != verifier.No {
		data.Badge = viewOf(report.Credential, anyone)
		data.Name = data.Badge.Name
	} else if achievement, err := s.Office.Achievement(ctx, record.Achievement); err == nil {
		data.Name = first(achievement.Name, data.Name) // what nobody secured is not shown, but the page has a name
	}
	data.Title = data.Name
	data.Checks, data.Idle = findingsOf(report)
	c.Response().Header().Set("Cache-Control", cacheNever) // a verdict is true when it is given
	return s.page(c, http.StatusOK, "credential", data)
}
