package web

import (
	"context"
	"fmt"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/paper"
	"github.com/laurelbadges/laurel/issuer"
)

const (
	mediaPNG = "image/png"
	mediaSVG = "image/svg+xml"

	imagePNG = "image.png"
	imageSVG = "image.svg"
)

// artOf is the address of the picture that pages show of an achievement: its own, or else the art with its name.
func artOf(a issuer.Achievement) string {
	switch image := a.Content.Image.ID; {
	case image == "":
		return "/a/" + a.ID + "/art.svg"
	case strings.HasSuffix(image, imageSVG):
		return "/a/" + a.ID + "/" + imageSVG
	}
	return "/a/" + a.ID + "/" + imagePNG
}

// pictureOf is the PNG of an achievement: its own, or else the badge art.
func (s *server) pictureOf(ctx context.Context, achievement string) ([]byte, error) {
	picture, err := s.Office.Document(ctx, s.Base+"/a/"+achievement+"/"+imagePNG)
	if err != nil && isMissing(err) {
		picture, err = s.art()
	}
	if err != nil {
		return nil, fmt.Errorf("drawing the badge: %w", err)
	}
	return picture, nil
}

// drawingOf is the SVG of an achievement, with the policy for it: its own, or else the badge art with its name.
func (s *server) drawingOf(ctx context.Context, achievement string) (drawing []byte, policy string, err error) {
	drawing, err = s.Office.Document(ctx, s.Base+"/a/"+achievement+"/"+imageSVG)
	if err != nil && isMissing(err) {
		drawing, err = s.drawn(ctx, achievement)
		return drawing, policyDrawn, err
	}
	if err != nil {
		return nil, "", fmt.Errorf("drawing the badge: %w", err)
	}
	return drawing, policyOthers, nil
}

// drawn is the badge art with the name of an achievement.
func (s *server) drawn(ctx context.Context, achievement string) ([]byte, error) {
	record, err := s.Office.Achievement(ctx, achievement)
	if err != nil {
		return nil, err
	}
	drawing, err := paper.ArtSVG(paper.ArtOf(record.Content))
	if err != nil {
		return nil, fmt.Errorf("drawing the badge: %w", err)
	}
	return drawing, nil
}

// achievementArt draws an achievement.
func (s *server) achievementArt(c echo.Context) error {
	id, err := whole(c)
	if err != nil {
		return err
	}
	drawing, err := s.drawn(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return sendSVG(c, policyDrawn, cachePicture, drawing)
}

// achievementPicture serves the PNG of an achievement, which holds no credential.
func (s *server) achievementPicture(c echo.Context) error {
	id, err := whole(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if _, err := s.Office.Achievement(ctx, id); err != nil {
		return err
	}
	picture, err := s.pictureOf(ctx, id)
	if err != nil {
		return err
	}
	return send(c, mediaPNG, cachePicture, picture)
}

// achievementDrawing serves the SVG of an achievement, which holds no credential.
func (s *server) achievementDrawing(c echo.Context) error {
	id, err := whole(c)
	if err != nil {
		return err
	}
	drawing, policy, err := s.drawingOf(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return sendSVG(c, policy, cachePicture, drawing)
}

// organisationDrawing serves the picture of an issuer that has an SVG.
func (s *server) organisationDrawing(c echo.Context) error {
	drawing, err := s.published(c)
	if err != nil {
		return err
	}
	return sendSVG(c, policyOthers, cachePicture, drawing)
}
