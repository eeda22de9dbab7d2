package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// refreshURL is where an award says that its newest version is found.
func refreshURL(record issuer.Credential) string { return record.URL + "/refresh" }

// refresh answers with the award that stands in the place of one in the end, or with that one itself (Open Badges 3.0 section 9.1,
// 1EdTechCredentialRefresh): as a file for programs, and for people with the way to its page.
func (s *server) refresh(c echo.Context) error {
	if _, err := whole(c); err != nil {
		return err
	}
	record, err := s.issued(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	newest, err := s.Office.Newest(ctx, record.ID)
	if err != nil {
		return err
	}
	if !visible(newest) {
		return notFound()
	}
	h := c.Response().Header()
	h.Set("Vary", "Accept")
	media := negotiate(c.Request().Header.Get("Accept"), mediaVC, mediaVCLD, mediaLD, mediaJSON, mediaJWT, mediaText, mediaVCJWT, mediaHTML)
	if media == mediaHTML {
		h.Set("Cache-Control", cacheNever)
		return c.Redirect(http.StatusSeeOther, "/c/"+newest.ID)
	}
	return s.sendForm(c, newest, media, cacheOwn)
}

// neighbours are the award that stands in the place of one in the end, and the one in whose place it stands, as far as they are to be
// seen; nil for none. Neither is of another recipient: whoever had an award by mistake is not told to whom it belongs, nor the other
// way round.
func (s *server) neighbours(ctx context.Context, record issuer.Credential) (newer, older *issuer.Credential, err error) {
	if record.SupersededBy != "" {
		newest, err := s.Office.Newest(ctx, record.ID)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the newest version: %w", err)
		}
		if newest.ID != record.ID && visible(newest) {
			newer = &newest
		}
	}
	if record.Supersedes != "" {
		before, err := s.Office.Credential(ctx, record.Supersedes)
		if err == nil && visible(before) {
			var newest issuer.Credential
			if newest, err = s.Office.Newest(ctx, before.ID); err == nil && newest.ID != before.ID {
				older = &before
			}
		}
		if err != nil && !isMissing(err) {
			return nil, nil, fmt.Errorf("reading the version before: %w", err)
		}
	}
	return newer, older, nil
}

// successor is the award in the place of another, by the name of what it is for; nil for nil.
func (s *server) successor(ctx context.Context, l wording.Language, f frame, newer *issuer.Credential) (*named, error) {
	if newer == nil {
		return nil, nil
	}
	a, err := s.Office.Achievement(ctx, newer.Achievement)
	if err != nil {
		return nil, fmt.Errorf("reading the achievement of the newest version: %w", err)
	}
	return &named{wording.First(a.Name, l.Say("page.achievement.unnamed")), f.to(pathOf(newer))}, nil
}

func isMissing(err error) bool {
	var office *issuer.Error
	return errors.As(err, &office) && office.Kind == issuer.KindMissing
}

// pathOf is the address of the page of an award; "" for none.
func pathOf(record *issuer.Credential) string {
	if record == nil {
		return ""
	}
	return "/c/" + record.ID
}
