package console

import (
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"strconv"

	"github.com/laurelbadges/laurel/internal/definition"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// largestImport bounds a file of definitions, in bytes.
const largestImport = 2 << 20

// sourceWords say in what a definition was written.
var sourceWords = map[definition.Source]string{
	definition.SourceLaurel: "Laurel", definition.SourceBadgeEngine: "Badge Engine", definition.SourceOpenBadges3: "Open Badges 3.0",
	definition.SourceOpenBadges2: "Open Badges 2.0", definition.SourceCASE: "CASE",
}

type importPage struct {
	Kept  string // the file in base64, once it was read
	Lines []importLine
	Back  string
	Done  bool // the drafts were made, as far as they could be
}

// importLine is one definition of a file.
type importLine struct {
	Number        int // in the file, from 0
	Name, Source  string
	Notes         []definition.Note
	Link, Problem string // of the draft that was made of it; why none was
}

func (s *server) importPage(v *visit) error {
	return v.ok("import", page{Title: "Import achievements", Form: newForm(), Data: importPage{Back: v.to("achievements")}})
}

// importAchievements reads a file. One definition fills the form; of several the page says what they are, and makes drafts of them all when
// it is told to. Nothing is published.
func (s *server) importAchievements(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	data := importPage{Back: v.to("achievements")}
	again := func(status int) error {
		return v.show(status, "import", page{Title: "Import achievements", Form: f, Data: data})
	}
	file, err := f.file("file", largestImport)
	if err != nil {
		return err
	}
	if kept, err := base64.StdEncoding.DecodeString(f.Get("kept")); file == nil && err == nil {
		file = kept
	}
	if len(file) == 0 && len(f.problems) == 0 {
		f.refuse("file", "Choose a file first.")
	}
	if len(f.problems) > 0 {
		return again(http.StatusUnprocessableEntity)
	}
	found, err := definition.Read(file)
	if err != nil {
		f.refuse("file", unreadable(err))
		return again(http.StatusUnprocessableEntity)
	}
	open, err := strconv.Atoi(f.Get("open"))
	if len(found) == 1 && f.Get("all") == "" {
		open, err = 0, nil
	}
	if err == nil && open >= 0 && open < len(found) {
		filled := newForm()
		filled.Action = v.to("achievements", "new")
		fillAchievement(filled, found[open].Input)
		if image := found[open].Input.Image; len(image) > 0 {
			filled.Values.Set("image.kept", base64.StdEncoding.EncodeToString(image))
		}
		return s.achievementForm(v, http.StatusOK, filled.single(), nil, found[open].Notes...)
	}
	data.Kept, data.Done = base64.StdEncoding.EncodeToString(file), f.Get("all") != ""
	for i, d := range found {
		line := importLine{Number: i, Name: wording.First(d.Input.Name, d.Address, "Without a name"), Source: sourceWords[d.Source], Notes: d.Notes}
		if data.Done {
			if line.Link, line.Problem, err = s.importOne(v, f, i, d.Input); err != nil {
				return err
			}
		}
		data.Lines = append(data.Lines, line)
	}
	f.single()
	return again(http.StatusOK)
}

// importOne makes a draft of one definition of a file, once however often the form is sent.
func (s *server) importOne(v *visit, f *form, number int, in issuer.AchievementInput) (link, problem string, err error) {
	one := newForm()
	one.Values.Set(fieldOnce, f.Get(fieldOnce)+" "+strconv.Itoa(number))
	one.Set("kept", f.Get("kept"))
	once, id, err := v.once(one)
	if err == nil {
		defer once.End()
		if id == "" {
			by := v.by()
			by.Once = once
			var made issuer.Achievement
			made, err = v.space.Draft(v.ctx(), in, by)
			id = made.ID
		}
	}
	var refused *issuer.Error
	switch {
	case err == nil:
		return v.to("achievements", id), "", nil
	case errors.As(err, &refused) && (refused.Kind == issuer.KindInvalid || refused.Kind == issuer.KindConflict):
		return "", refused.Detail, nil
	}
	return "", "", err
}

// unreadable says why a file cannot be imported.
func unreadable(err error) string {
	if errors.Is(err, definition.ErrUnknown) {
		return "The file holds no definition of an achievement. Files of Badge Engine, of Open Badges 2.0 and 3.0, of CASE, and exports of this console can be read."
	}
	return "The file could not be read: it is not whole and correct JSON, or it holds too much at once."
}

// exportAchievement gives out everything there is to know of an achievement as one file.
func (s *server) exportAchievement(v *visit) error {
	a, err := v.space.Achievement(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	var image []byte
	if a.Content.Image.ID != "" {
		if image, _, err = v.space.Picture(v.ctx(), a.ID); err != nil {
			return err
		}
	}
	text, err := definition.Write(a, v.organisation, image)
	if err != nil {
		return err
	}
	v.Response().Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "achievement-" + a.ID + ".json"}))
	return v.Blob(http.StatusOK, "application/json", text)
}
