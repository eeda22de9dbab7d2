package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/certificate"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

const mediaPDF = "application/pdf"

// certificate answers with the certificate of an award: in the language of the request, and on the paper that ?paper= names or that is
// at hand where the request comes from.
func (s *server) certificate(c echo.Context, record issuer.Credential) error {
	options := certificate.Options{Language: languageOf(c), Paper: certificate.PaperFor(c.Request().Header.Get("Accept-Language"))}
	if named := c.QueryParam("paper"); named != "" {
		var known bool
		if options.Paper, known = certificate.PaperNamed(named); !known {
			return failure{status: http.StatusBadRequest, code: "bad_request"}
		}
	}
	ctx := c.Request().Context()
	achievement, err := s.Office.Achievement(ctx, record.Achievement)
	if err != nil {
		return fmt.Errorf("reading the achievement: %w", err)
	}
	own, err := s.ownPicture(ctx, achievement)
	if err != nil {
		return err
	}
	page, err := certificate.Of(options.Language, record, achievement, own)
	if err != nil {
		return fmt.Errorf("printing the certificate: %w", err)
	}
	made, err := json.Marshal([]any{page, options})
	if err != nil {
		return fmt.Errorf("printing the certificate: %w", err)
	}
	body, err := s.kept.get(ctx, madeOf("certificate", made), func() ([]byte, error) { return printed(page, options) })
	var letters *certificate.LettersError
	switch {
	case errors.As(err, &letters), errors.Is(err, certificate.ErrTooLong):
		return s.unprintable(c, record, letters)
	case err != nil:
		return fmt.Errorf("printing the certificate: %w", err)
	}
	h := c.Response().Header()
	h.Set("Vary", "Accept-Language")
	h.Set("Content-Language", string(options.Language))
	h.Set("Content-Disposition", `inline; filename="certificate-`+record.Code()+`.pdf"`)
	return send(c, mediaPDF, cacheAsk, body)
}

// printed prints a certificate; a picture that cannot be printed gives way to the badge art.
func printed(page certificate.Certificate, options certificate.Options) ([]byte, error) {
	body, err := certificate.PDF(page, options)
	if err != nil && page.Picture != nil {
		page.Picture = nil
		return certificate.PDF(page, options)
	}
	return body, err
}

type unprintablePage struct {
	frame
	Letters string // that no face of ours has; "" where the texts are too long
	Path    string
	Back    string
}

// unprintable answers for an award that has no certificate, with what can be printed instead. letters is nil where its texts are too long.
func (s *server) unprintable(c echo.Context, record issuer.Credential, letters *certificate.LettersError) error {
	why := failure{status: http.StatusNotFound, code: "no_certificate"}
	if !wantsPage(c) {
		return why
	}
	l := languageOf(c)
	h := c.Response().Header()
	h.Set("Cache-Control", cacheNever)
	h.Set("Vary", "Accept, Accept-Language")
	f := s.spoken(c, l.Say("page.certificate.none"))
	data := unprintablePage{frame: f, Path: "/c/" + record.ID, Back: f.to("/c/" + record.ID)}
	if letters != nil {
		data.Letters = wording.Plain(letters.Letters)
	}
	return s.pageIn(c, l, why.status, "certificate", data)
}
