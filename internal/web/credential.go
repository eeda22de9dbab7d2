package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/internal/kept"
	"github.com/laurelbadges/laurel/issuer"
)

// qrModule is the width in pixels of one module of a QR picture: at 8 a phone reads it from a projector too.
const qrModule = 8

// issued reads a credential that is to be seen here. One that is still being signed is not there yet, and one whose page the earner has
// turned off, or has not taken yet, is answered like one that never was; what was erased is told to be gone.
func (s *server) issued(c echo.Context) (issuer.Credential, error) {
	id, err := identifier(c)
	if err != nil {
		return issuer.Credential{}, err
	}
	record, err := s.Office.Credential(c.Request().Context(), id)
	if err != nil {
		return issuer.Credential{}, err
	}
	switch {
	case record.Erased != nil:
		return issuer.Credential{}, failure{status: http.StatusGone, code: "erased"}
	case !visible(record):
		return issuer.Credential{}, notFound()
	}
	return record, nil
}

// visible says that a credential has signed forms, and is to be seen by whoever has its address.
func visible(record issuer.Credential) bool {
	return !record.Issued.IsZero() && len(record.JSON) > 0 && record.Visible()
}

// credential answers at the permanent address of a credential: the page, or the form that the ending or the Accept header
// names.
func (s *server) credential(c echo.Context) error {
	if form(c.Param("id")) == "" && negotiatedMedia(c) == mediaHTML {
		return s.keptCredentialPage(c)
	}
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
		return s.sendForm(c, record, mediaJWT, cacheAsk)
	case ".png":
		return s.picture(c, record)
	case ".svg":
		return s.drawing(c, record)
	case ".pdf":
		return s.certificate(c, record)
	}
	return notFound()
}

func (s *server) negotiated(c echo.Context, record issuer.Credential) error {
	h := c.Response().Header()
	h.Set("Vary", "Accept")
	h.Set("Link", linkTo(record))
	return s.sendForm(c, record, negotiatedMedia(c), cacheAsk)
}

// negotiatedMedia is the form of a credential that a request without an ending asks for; "" for none that there is.
func negotiatedMedia(c echo.Context) string {
	return negotiate(c.Request().Header.Get("Accept"), mediaHTML, mediaVC, mediaVCLD, mediaLD, mediaJSON, mediaJWT, mediaText, mediaVCJWT)
}

// linkTo is the header that leads programs from the page of a credential to its file.
func linkTo(record issuer.Credential) string {
	return "<" + record.URL + `.json>; rel="alternate"; type="application/vc"`
}

// sendForm answers with a credential as a file.
func (s *server) sendForm(c echo.Context, record issuer.Credential, media, cache string) error {
	switch media {
	case mediaVC, mediaVCLD, mediaLD, mediaJSON:
		return send(c, media, cache, record.JSON)
	case mediaJWT, mediaText:
		if record.JWT == "" {
			return notFound()
		}
		return send(c, media, cache, []byte(record.JWT))
	case mediaVCJWT:
		token, err := s.Office.CredentialVCJWT(c.Request().Context(), record.ID)
		if err != nil {
			return err
		}
		return send(c, media, cache, []byte(token))
	}
	return failure{status: http.StatusNotAcceptable, code: "not_acceptable", key: "not_acceptable_credential"}
}

// picture is the achievement's own PNG, or else the badge art, with the credential in it.
func (s *server) picture(c echo.Context, record issuer.Credential) error {
	art, err := s.pictureOf(c.Request().Context(), record.Achievement)
	if err != nil {
		return err
	}
	baked, err := s.baked(c.Request().Context(), art, record.JSON)
	if err != nil {
		return err
	}
	return send(c, mediaPNG, cacheAsk, baked)
}

// drawing is the achievement's own SVG, or else the badge art with its name, with the credential in it.
func (s *server) drawing(c echo.Context, record issuer.Credential) error {
	art, policy, err := s.drawingOf(c.Request().Context(), record.Achievement)
	if err != nil {
		return err
	}
	baked, err := s.baked(c.Request().Context(), art, record.JSON)
	if err != nil {
		return err
	}
	return sendSVG(c, policy, cacheAsk, baked)
}

// baked puts a credential into a picture. With PNG that takes no longer than the key takes under which it would be kept.
func (s *server) baked(ctx context.Context, art, document []byte) (body []byte, err error) {
	if bake.IsPNG(art) {
		body, err = bake.Bake(art, document)
	} else {
		body, err = s.kept.Get(ctx, kept.Of("baked", art, document), func() ([]byte, error) { return bake.Bake(art, document) })
	}
	if err != nil {
		return nil, fmt.Errorf("baking the badge: %w", err)
	}
	return body, nil
}

// addressOf is what a QR code holds: the permanent address of a credential and nothing else.
func (s *server) addressOf(c echo.Context) (string, error) {
	if _, err := whole(c); err != nil {
		return "", err
	}
	record, err := s.issued(c)
	return record.URL, err
}
