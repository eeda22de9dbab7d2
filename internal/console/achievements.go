package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

// listLength is how many lines of a list a page shows.
const listLength = 50

type achievementLine struct {
	ID, Name, Link, Version, Type string
	State                         issuer.AchievementState
	On                            wording.Moment // when it got into this state
}

type achievementsPage struct {
	Find        *form
	States      []choice
	Lines       []achievementLine
	First, Next string // addresses of other pages of the list; "" for none
	New, Import string // addresses; "" where the role does not allow it
	Filtered    bool
}

// mostSearched is how many achievements are looked through for a name: their number is that of what one organisation has defined.
const mostSearched = 2000

// achievements lists those of the organisation: the drafts first.
func (s *server) achievements(v *visit) error {
	find := &form{Values: url.Values{"state": {v.QueryParam("state")}, "name": {strings.TrimSpace(v.QueryParam("name"))}}}
	state := issuer.AchievementState(find.Get("state"))
	if !slices.Contains([]issuer.AchievementState{"", issuer.AchievementDraft, issuer.AchievementPublished, issuer.AchievementArchived}, state) {
		return notFound()
	}
	after, name := v.QueryParam("after"), strings.ToLower(find.Get("name"))
	data := achievementsPage{Find: find, Filtered: state != "" || name != "", States: []choice{{"", "all"}, {"draft", "drafts"}, {"published", "published"}, {"archived", "archived"}}}
	found, next, err := v.space.Achievements(v.ctx(), state, after, listLength)
	for looked := len(found); err == nil && name != ""; looked += len(found) {
		for _, a := range found {
			if strings.Contains(strings.ToLower(a.Name), name) {
				data.Lines = append(data.Lines, v.achievementLine(a))
			}
		}
		if next == "" || len(data.Lines) >= listLength || looked >= mostSearched {
			break
		}
		found, next, err = v.space.Achievements(v.ctx(), state, next, listLength)
	}
	if err != nil {
		return err
	}
	if name == "" {
		for _, a := range found {
			data.Lines = append(data.Lines, v.achievementLine(a))
		}
	}
	data.First, data.Next = v.pages(after, next)
	if v.may(issuer.ScopeAchievementsWrite) {
		data.New, data.Import = v.to("achievements", "new"), v.to("achievements", "import")
	}
	return v.ok("achievements", newPage("Achievements", data))
}

// pages are the addresses of the first page and of the next page of the list that a visit shows, under the same filters.
func (v *visit) pages(after, next string) (first, following string) {
	at := func(cursor string) string {
		values := url.Values{}
		for name, given := range v.QueryParams() {
			if name != "after" && strings.Join(given, "") != "" {
				values[name] = given
			}
		}
		if cursor != "" {
			values.Set("after", cursor)
		}
		if len(values) == 0 {
			return v.Request().URL.Path
		}
		return v.Request().URL.Path + "?" + values.Encode()
	}
	if after != "" {
		first = at("")
	}
	if next != "" {
		following = at(next)
	}
	return first, following
}

func (v *visit) achievementLine(a issuer.Achievement) achievementLine {
	line := achievementLine{ID: a.ID, Name: wording.First(a.Name, "An achievement"), Link: v.to("achievements", a.ID),
		Version: wording.Plain(a.Content.Version), Type: wording.English.TypeName(a.Content.AchievementType), State: a.State(), On: v.day(a.Created)}
	switch line.State {
	case issuer.AchievementPublished:
		line.On = v.day(a.Published)
	case issuer.AchievementArchived:
		line.On = v.day(a.Archived.At)
	}
	return line
}

type achievementPage struct {
	issuer.Achievement
	Type                 string
	Picture              string // address; "" for a draft without one
	State                issuer.AchievementState
	Groups               []factGroup
	Edit, Publish        string // addresses of what can be done; "" where it cannot
	Archive, Award       string
	NewVersion, Settings string
	Export               string
	Awards, Public       string
	Before, After        *nameLink // other versions
	Endorsements         []endorsementLine
	AllEndorsements      string // address, where there are more than are shown
}

// fact is one thing that is known: a text as somebody wrote it, or an address.
type fact struct {
	Label, Text, Link string
	Long              bool // it may have several lines
	Markdown          bool // it is Markdown, to be set
}

// factGroup are facts under one heading.
type factGroup struct {
	ID, Title string
	Facts     []fact
}

// achievement shows everything about one.
func (s *server) achievement(v *visit) error {
	a, err := v.space.Achievement(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	data := achievementPage{Achievement: a, State: a.State(), Type: wording.English.TypeName(a.Content.AchievementType),
		Groups: achievementFacts(a), Export: v.to("achievements", a.ID, "export")}
	to := func(parts ...string) string { return v.to(append([]string{"achievements", a.ID}, parts...)...) }
	if data.State != issuer.AchievementDraft {
		data.Public, data.Picture = "/a/"+a.ID, "/a/"+a.ID+"/art.svg"
		if a.Content.Image.ID != "" {
			data.Picture = "/a/" + a.ID + "/" + a.Content.Image.ID
		}
		if v.may(issuer.ScopeCredentialsRead) {
			data.Awards = v.to("awards") + "?achievement=" + a.ID
		}
	}
	if data.State == issuer.AchievementDraft && a.Content.Image.ID != "" {
		data.Picture = to("picture")
	}
	if a.URL != "" {
		if data.Endorsements, data.AllEndorsements, err = v.endorsementsOf(a.URL); err != nil {
			return err
		}
	}
	if v.may(issuer.ScopeAchievementsWrite) {
		switch data.State {
		case issuer.AchievementDraft:
			data.Edit, data.Publish = to("edit"), to("publish")
		case issuer.AchievementPublished:
			data.Archive = to("archive")
			fallthrough
		default:
			data.Settings = to("settings")
			if a.ReplacedBy == "" {
				data.NewVersion = to("version")
			}
		}
	}
	if data.State == issuer.AchievementPublished && v.may(issuer.ScopeCredentialsWrite) {
		data.Award = v.to("awards", "new") + "?achievement=" + a.ID
	}
	for _, other := range []struct {
		id   string
		into **nameLink
	}{{a.Replaces, &data.Before}, {a.ReplacedBy, &data.After}} {
		if other.id == "" {
			continue
		}
		b, err := v.space.Achievement(v.ctx(), other.id)
		if err != nil {
			return err
		}
		*other.into = &nameLink{wording.First(b.Content.Version, b.Name), v.to("achievements", b.ID)}
	}
	return v.ok("achievement", newPage(wording.First(a.Name, "An achievement"), data))
}

// achievementPicture hands out the picture of an achievement in any state. It was cleaned when it was given; the policy keeps an SVG
// from loading or running anything all the same, where it is opened by itself.
func (s *server) achievementPicture(v *visit) error {
	image, media, err := v.space.Picture(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	v.Response().Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'")
	return v.Blob(http.StatusOK, media, image)
}

// confirmPage says what will happen before it does.
type confirmPage struct {
	Will    []string // what will happen, one sentence each
	Button  string
	Danger  bool   // it cannot be undone, or others feel it
	Back    string // address to go to instead
	Version string // of the record that was seen
}

// publishPage says what publishing will do.
func (s *server) publishPage(v *visit) error { return s.confirmPublish(v, http.StatusOK, newForm()) }

func (s *server) confirmPublish(v *visit, status int, f *form) error {
	a, err := v.space.Achievement(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	will := []string{
		"It gets a permanent address, at which everybody can read it: the criteria, the rubric and who offers it.",
		"It never changes from then on. To change it later, you make a new version.",
		"Your colleagues can award it at once.",
	}
	if a.Replaces != "" {
		will = append(will, "The version before is archived: it is awarded no more, and its awards keep their standing.")
	}
	return v.show(status, "confirm", page{Title: "Publish " + wording.First(a.Name, "the achievement"), Form: f.single(), Data: confirmPage{
		Will: will, Button: "Publish", Back: v.to("achievements", a.ID), Version: versionText(a.Revision)}})
}

func (s *server) publishAchievement(v *visit) error {
	return s.moveAchievement(v, issuer.Workspace.Publish, "achievement-public", s.confirmPublish)
}

func (s *server) archivePage(v *visit) error { return s.confirmArchive(v, http.StatusOK, newForm()) }

func (s *server) confirmArchive(v *visit, status int, f *form) error {
	a, err := v.space.Achievement(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	return v.show(status, "confirm", page{Title: "Archive " + wording.First(a.Name, "the achievement"), Form: f.single(), Data: confirmPage{
		Will: []string{
			"It is awarded no more. This cannot be undone.",
			"Its page and its document stay, so that badges that were awarded can still be read and checked.",
			"Nobody who has the badge is told, and every badge keeps its standing.",
		}, Button: "Archive", Danger: true, Back: v.to("achievements", a.ID), Version: versionText(a.Revision)}})
}

func (s *server) archiveAchievement(v *visit) error {
	return s.moveAchievement(v, issuer.Workspace.Archive, "achievement-archived", s.confirmArchive)
}

// versionPage says what a new version is.
func (s *server) versionPage(v *visit) error { return s.confirmVersion(v, http.StatusOK, newForm()) }

func (s *server) confirmVersion(v *visit, status int, f *form) error {
	a, err := v.space.Achievement(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	return v.show(status, "confirm", page{Title: "A new version of " + wording.First(a.Name, "the achievement"), Form: f.single(), Data: confirmPage{
		Will: []string{
			"A draft is made with everything that this version says. Change it as you like.",
			"When you publish it, this version is archived: it is awarded no more.",
			"Badges that were awarded keep the version that their earners met.",
		}, Button: "Make the draft", Back: v.to("achievements", a.ID), Version: versionText(a.Revision)}})
}

func (s *server) makeVersion(v *visit) error {
	return s.moveAchievement(v, issuer.Workspace.NewVersion, "version-drafted", s.confirmVersion)
}

// settingsPage shows what can be changed of an achievement that is published.
func (s *server) settingsPage(v *visit) error {
	a, err := v.space.Achievement(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	f := newForm()
	f.Set("version", versionText(a.Revision))
	f.Set("duplicates", string(a.Duplicates))
	f.Set("months", numberOf(float64(a.Months)))
	f.Set("renewable", ticked(a.Renewable))
	return s.settingsForm(v, http.StatusOK, f)
}

func (s *server) settingsForm(v *visit, status int, f *form) error {
	a, err := v.space.Achievement(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	data := achievementChoices()
	data.Back = v.to("achievements", a.ID)
	return v.show(status, "achievement-settings", page{Title: "Settings of " + wording.First(a.Name, "the achievement"), Form: f, Data: data})
}

func (s *server) changeSettings(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	by, err := v.seen(f)
	if err != nil {
		return err
	}
	settings := issuer.AchievementSettings{Duplicates: issuer.DuplicatePolicy(f.Get("duplicates")), Months: f.whole("months"), Renewable: f.Get("renewable") != ""}
	if len(f.problems) == 0 {
		_, err = v.space.SetAchievement(v.ctx(), v.Param("id"), settings, by)
		if err == nil {
			return v.done("settings-changed", v.to("achievements", v.Param("id")))
		}
		if err := f.refused(err, achievementCodes); err != nil {
			return err
		}
	}
	return s.settingsForm(v, http.StatusUnprocessableEntity, f)
}

// moveAchievement does what a page has announced, to the version that it has shown.
func (s *server) moveAchievement(v *visit, act func(issuer.Workspace, context.Context, string, issuer.Write) (issuer.Achievement, error), said notice, again func(*visit, int, *form) error) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	by, err := v.seen(f)
	if err != nil {
		return err
	}
	once, made, err := v.once(f)
	if err == nil {
		defer once.End()
		if made == "" {
			var a issuer.Achievement
			by.Once = once
			a, err = act(v.space, v.ctx(), v.Param("id"), by)
			made = a.ID
		}
		if err == nil {
			return v.done(said, v.to("achievements", made))
		}
	}
	if err := f.refused(err, nil); err != nil {
		return err
	}
	return again(v, http.StatusConflict, f)
}
