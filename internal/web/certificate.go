package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/certificate"
	"github.com/laurelbadges/laurel/internal/fault"
	"github.com/laurelbadges/laurel/internal/kept"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
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
	a, err := s.awardOf(ctx, record)
	if err != nil {
		return err
	}
	if a.standing() != inForce { // paper cannot be taken back
		return s.uncertified(c, a)
	}
	own, err := s.ownPicture(ctx, a.achievement)
	if err != nil {
		return err
	}
	page, err := certificate.Of(options.Language, record, a.achievement, own, a.zone)
	if err != nil {
		return fmt.Errorf("printing the certificate: %w", err)
	}
	made, err := json.Marshal([]any{page, options})
	if err != nil {
		return fmt.Errorf("printing the certificate: %w", err)
	}
	body, err := s.kept.Get(ctx, kept.Of("certificate", made), func() ([]byte, error) { return printed(page, options) })
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
	Verdict *verdict // why nothing is certified; nil where only the printing fails
	Letters string   // that no face of ours has; "" where the texts are too long
	Path    string
	Back    string
}

// uncertified answers for an award that is not known to be in force, with how it stands.
func (s *server) uncertified(c echo.Context, a shownAward) error {
	why := failure{status: http.StatusNotFound, code: "no_certificate", key: "not_in_force"}
	if a.standing() == unsure {
		if err := s.unread(c.Request().Context(), a); err != nil {
			return err // the fault is on this side, and has a name
		}
		why.status = http.StatusServiceUnavailable // soon it may be known
		c.Response().Header().Set("Retry-After", fault.RetryAfter(why.status, why.code))
	}
	v := a.verdict(languageOf(c))
	return s.none(c, a.record, why, unprintablePage{Verdict: &v})
}

// unread is why something of this installation that the judgement of an award rests on cannot be read; nil where all can.
func (s *server) unread(ctx context.Context, a shownAward) error {
	_, err := s.judgedBy(ctx, ownOf(a.record, a.newer))
	if address, notWeb := keys.WebURL(a.organisation.DID); err == nil && notWeb == nil {
		_, err = s.Office.Document(ctx, address)
	}
	if isMissing(err) {
		return nil
	}
	return err
}

// unprintable answers for an award that has no certificate, with what can be printed instead. letters is nil where its texts are too long.
func (s *server) unprintable(c echo.Context, record issuer.Credential, letters *certificate.LettersError) error {
	data := unprintablePage{}
	if letters != nil {
		data.Letters = wording.Plain(letters.Letters)
	}
	return s.none(c, record, failure{status: http.StatusNotFound, code: "no_certificate"}, data)
}

// none answers that there is no certificate.
func (s *server) none(c echo.Context, record issuer.Credential, why failure, data unprintablePage) error {
	if !wantsPage(c) {
		return why
	}
	l := languageOf(c)
	h := c.Response().Header()
	h.Set("Cache-Control", cacheNever)
	h.Set("Vary", "Accept, Accept-Language")
	data.frame, data.Path = s.spoken(c, l.Say("page.certificate.none")), "/c/"+record.ID
	data.Back = data.to(data.Path)
	return s.pageIn(c, l, why.status, "certificate", data)
}
