package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/credential/picture"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/definition"
	"github.com/laurelbadges/laurel/issuer"
)

// setAchievement changes the settings that are given, and leaves the others.
func (s *server) setAchievement(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	var fresh issuer.AchievementSettings
	var duplicates, months, renewable bool
	body, err := decode(c.Request(), func(f *form) map[string]reader {
		return map[string]reader{"duplicates": given(&duplicates, word(f, &fresh.Duplicates)), "months": given(&months, f.whole(&fresh.Months)),
			"renewable": given(&renewable, f.boolean(&fresh.Renewable))}
	})
	if err == nil {
		err = seen(c)
	}
	if err != nil {
		return err
	}
	return s.changeAchievement(c, http.StatusOK, body, func(w issuer.Workspace, by issuer.Write) (issuer.Achievement, error) {
		a, by, err := seenAchievement(c.Request().Context(), w, id, by)
		if err != nil {
			return a, err
		}
		settings := issuer.AchievementSettings{Duplicates: a.Duplicates, Months: a.Months, Renewable: a.Renewable}
		if duplicates {
			settings.Duplicates = fresh.Duplicates
		}
		if months {
			settings.Months = fresh.Months
		}
		if renewable {
			settings.Renewable = fresh.Renewable
		}
		return w.SetAchievement(c.Request().Context(), id, settings, by)
	})
}

// seenAchievement reads an achievement of which a part is to be changed, and says which version of it that is.
func seenAchievement(ctx context.Context, w issuer.Workspace, id string, by issuer.Write) (issuer.Achievement, issuer.Write, error) {
	a, err := w.Achievement(ctx, id)
	if by.Versions == nil { // any, but not one that comes in between
		by.Versions = []uint64{a.Revision}
	}
	return a, by, err
}

// setPicture gives a draft a picture.
func (s *server) setPicture(c echo.Context) error {
	return s.changePicture(c, func(r *http.Request) ([]byte, error) {
		image, _, err := raw(r, picture.PNG, picture.SVG)
		if err == nil && len(image) == 0 {
			err = failure{status: http.StatusUnprocessableEntity, code: "image", detail: "The picture is empty."}
		}
		return image, err
	})
}

// removePicture takes the picture of a draft away.
func (s *server) removePicture(c echo.Context) error {
	return s.changePicture(c, func(r *http.Request) ([]byte, error) {
		_, err := decode(r, nothing)
		return []byte{}, err
	})
}

func (s *server) changePicture(c echo.Context, read func(*http.Request) ([]byte, error)) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	image, err := read(c.Request())
	if err == nil {
		err = seen(c)
	}
	if err != nil {
		return err
	}
	return s.changeAchievement(c, http.StatusOK, image, func(w issuer.Workspace, by issuer.Write) (issuer.Achievement, error) {
		a, by, err := seenAchievement(c.Request().Context(), w, id, by)
		if err != nil {
			return a, err
		}
		in := a.Input()
		in.Image = image
		return w.Redraft(c.Request().Context(), id, in, by)
	})
}

// importedResource is a definition that was written elsewhere, and what became of it.
type importedResource struct {
	Source      definition.Source    `json:"source"`
	Address     string               `json:"address,omitempty"` // of the definition where it comes from
	Content     achievementContent   `json:"content"`
	HasImage    bool                 `json:"hasImage,omitempty"`
	Notes       []noteResource       `json:"notes,omitempty"`
	Achievement *achievementResource `json:"achievement,omitempty"` // the draft
	Problem     *problemResource     `json:"problem,omitempty"`     // why there is none
}

type noteResource struct {
	Pointer string `json:"pointer"` // into the file
	Detail  string `json:"detail"`
}

// problemResource is why something could not be done, in an answer about several things.
type problemResource struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// importDefinitions drafts the achievements of a file that was written elsewhere. A definition that cannot be drafted says why, and does
// not keep the others from it.
func (s *server) importDefinitions(c echo.Context) error {
	dry, err := dryRun(c)
	if err != nil {
		return err
	}
	body, err := ReadBody(c.Request(), false)
	if err != nil {
		return err
	}
	all, err := definition.Read(body)
	var malformed *strict.Error
	switch {
	case errors.As(err, &malformed):
		return malformed
	case err != nil:
		return failure{status: http.StatusUnprocessableEntity, code: "definition", errors: []violation{at("", "no definition that is known here")},
			detail: "The file cannot be read: Badge Engine, Open Badges 2.0 and 3.0, CASE, and exports of this program can, up to 500 definitions at once."}
	}
	if dry {
		list, err := s.tryImport(c, all)
		if err != nil {
			return err
		}
		text, err := encode(list)
		if err != nil {
			return err
		}
		return c.Blob(http.StatusOK, mediaJSON, text)
	}
	return s.change(c, write{status: http.StatusCreated, body: body, query: true,
		shown: func(value any) any {
			list := items[importedResource]{Items: []importedResource{}}
			for i, one := range value.([]issuer.Drafted) {
				list.Items = append(list.Items, showImported(all[i], one))
			}
			return list
		},
		do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
			var in []issuer.AchievementInput
			for _, d := range all {
				in = append(in, d.Input)
			}
			drafted, err := w.DraftAll(c.Request().Context(), in, issuer.Write{Actor: by.Actor, Once: by.Once})
			return drafted, 0, err
		}})
}

// tryImport finds out which definitions could be drafted.
func (s *server) tryImport(c echo.Context, all []definition.Definition) (list items[importedResource], err error) {
	space, _ := s.workspace(c)
	list.Items = []importedResource{}
	for _, d := range all {
		var one issuer.Drafted
		if err := space.CheckAchievement(d.Input); errors.As(err, &one.Refused) && one.Refused.Kind != issuer.KindInvalid || err != nil && one.Refused == nil {
			return list, err
		}
		list.Items = append(list.Items, showImported(d, one))
	}
	return list, nil
}

// showImported shows a definition and what became of it: nothing, where it was only looked at.
func showImported(d definition.Definition, one issuer.Drafted) importedResource {
	r := importedResource{Source: d.Source, Address: d.Address, Content: showContent(d.Input), HasImage: len(d.Input.Image) > 0}
	for _, note := range d.Notes {
		r.Notes = append(r.Notes, noteResource{note.Field, note.Reason})
	}
	switch {
	case one.Refused != nil:
		r.Problem = &problemResource{one.Refused.Code, one.Refused.Detail}
	case one.Achievement.ID != "":
		shown := showAchievement(one.Achievement)
		r.Achievement = &shown
	}
	return r
}

// dryRun reads the query of what can be tried out.
func dryRun(c echo.Context) (dry bool, err error) {
	query, err := queryOf(c.Request(), map[string]func(string) bool{"dry_run": isBoolean})
	return query["dry_run"] == "true", err
}

func isBoolean(text string) bool { return text == strconv.FormatBool(text == "true") }

// exportDefinition gives an achievement with everything that there is to know of it but its awards.
func (s *server) exportDefinition(c echo.Context) error {
	id, err := named(c)
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	ctx := c.Request().Context()
	a, err := space.Achievement(ctx, id)
	if err != nil {
		return err
	}
	o, _, err := space.Organisation(ctx)
	if err != nil {
		return err
	}
	var image []byte
	if a.Content.Image.ID != "" {
		if image, _, err = space.Picture(ctx, id); err != nil {
			return err
		}
	}
	text, err := definition.Write(a, o, image)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="achievement-`+a.ID+`.json"`)
	return c.Blob(http.StatusOK, mediaJSON, text)
}
