package issuer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/laurelbadges/laurel/credential"
)

// AchievementSettings are what an organisation does with an achievement. Unlike what it says they can change when it is published;
// awards that are there stay as they are.
type AchievementSettings struct {
	Duplicates DuplicatePolicy `json:"duplicates,omitempty"` // "" is DuplicatesAllowed
	Months     int             `json:"months,omitempty"`     // after which an award ends, unless it says otherwise; 0: it does not end
	Renewable  bool            `json:"renewable,omitempty"`  // its awards can be renewed
}

func (in AchievementInput) settings() AchievementSettings {
	return AchievementSettings{in.Duplicates, in.Months, in.Renewable}
}

func (s AchievementSettings) check() error {
	if !slices.Contains([]DuplicatePolicy{"", DuplicatesAllowed, DuplicatesReplaced, DuplicatesRefused}, s.Duplicates) {
		return invalid("duplicates", "Say allow, replace or refuse for people who are awarded it twice.")
	}
	if s.Months < 0 || s.Months > mostMonths {
		return invalid("months", fmt.Sprintf("The time after which awards end has to be 0 to %d months, where 0 is never.", mostMonths))
	}
	return nil
}

// SetAchievement changes the settings of an achievement in any state.
func (w Workspace) SetAchievement(ctx context.Context, id string, settings AchievementSettings, by Write) (a Achievement, err error) {
	if err := settings.check(); err != nil {
		return a, err
	}
	err = w.service.store.Update(ctx, func(tx Tx) error {
		var version uint64
		if a, version, err = w.achievement(tx, id); err != nil {
			return err
		}
		if err := by.on(a.Revision); err != nil {
			return err
		}
		a.Duplicates, a.Months, a.Renewable = settings.Duplicates, settings.Months, settings.Renewable
		a.Revision++
		table := achievements
		if a.State() == AchievementDraft {
			table = drafts
		}
		if err := table.Put(tx, &a, version); err != nil {
			return err
		}
		if err := by.Once.keep(tx, "", a, a.Revision); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: w.service.now(), Actor: by.Actor, Action: "achievement.set", Subject: a.ID, Detail: w.organisation})
	})
	return a, stored(err)
}

// NewVersion drafts the version after a published or archived achievement: a copy with its picture and settings, which names it as
// related. Awards keep the version that they were made with. A draft has kind conflict, code not_published; an achievement that has a
// version after it already, code replaced.
func (w Workspace) NewVersion(ctx context.Context, id string, by Write) (a Achievement, err error) {
	err = w.service.store.Update(ctx, func(tx Tx) error {
		old, _, err := w.achievement(tx, id)
		if err != nil {
			return err
		}
		if err := by.on(old.Revision); err != nil {
			return err
		}
		if old.State() == AchievementDraft {
			return conflict("not_published", "The achievement is a draft: change it as it is.")
		}
		if old.ReplacedBy != "" {
			return alreadyReplaced(old)
		}
		a = Achievement{ID: newID(), Organisation: old.Organisation, Created: w.service.now().UTC(), Revision: 1, Replaces: old.ID, Series: old.Series}
		if a.Series == "" {
			a.Series = old.ID
		}
		a.fill(old.Input(), old.Content)
		a.Content.Endorsed, a.Content.Version = credential.Endorsed{}, nextVersion(old.Content.Version)
		a.Content.Related = old.Input().Related
		if err := nameReplaced(tx, &a); err != nil {
			return err
		}
		if a.Sequence, err = tx.Next("draft"); err != nil {
			return err
		}
		p, _, err := pictures.Get(tx, old.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		p.Of = a.ID
		if err := putPicture(tx, draftPictures, p); err != nil {
			return err
		}
		if err := drafts.Put(tx, &a, 0); err != nil {
			return err
		}
		if err := by.Once.keep(tx, "", a, a.Revision); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: a.Created, Actor: by.Actor, Action: "achievement.drafted", Subject: a.ID, Detail: old.ID})
	})
	return a, stored(err)
}

func alreadyReplaced(old Achievement) error {
	return conflict("replaced", "There is a newer version of the achievement already: "+old.ReplacedBy+".")
}

// nameReplaced names the version that a draft will replace among its related achievements, in front.
func nameReplaced(tx Tx, a *Achievement) error {
	if a.Replaces == "" {
		return nil
	}
	old, _, err := achievements.Get(tx, a.Replaces)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(slices.Clone(a.Content.Related), a.follows)
	a.Content.Related = append([]credential.Related{{ID: old.URL, InLanguage: old.Content.InLanguage, Version: old.Content.Version}}, others...)
	return nil
}

// follows says whether r is the version that a replaces, under whatever address the installation had.
func (a *Achievement) follows(r credential.Related) bool {
	return strings.HasSuffix(r.ID, "/a/"+a.Replaces)
}

// replace records in the version before a draft that is being published which one takes its place; alone ends its awarding too.
func (w Workspace) replace(tx Tx, a *Achievement, by Write, alone bool) error {
	if a.Replaces == "" {
		return nil
	}
	old, version, err := achievements.Get(tx, a.Replaces)
	if err = w.ours(old.Organisation, err); err != nil {
		return err
	}
	if old.ReplacedBy != "" {
		return alreadyReplaced(old)
	}
	if err := nameReplaced(tx, a); err != nil { // its address may have changed, when the installation was given one
		return err
	}
	old.ReplacedBy = a.ID
	if alone && old.Archived == nil {
		return w.archive(tx, &old, version, by.Actor)
	}
	old.Revision++
	if err := achievements.Put(tx, &old, version); err != nil {
		return err
	}
	return record(tx, AuditEntry{At: w.service.now(), Actor: by.Actor, Action: "achievement.replaced", Subject: old.ID, Detail: a.ID})
}

// mostVersions bounds how many versions of an achievement are listed.
const mostVersions = 200

// Versions returns the published versions of an achievement, the first first, at most 200.
func (s *Service) Versions(ctx context.Context, id string) (all []Achievement, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		all = nil
		a, _, err := achievements.Get(tx, id)
		if err != nil {
			return err
		}
		if a.Series != "" {
			id = a.Series
		}
		for id != "" && len(all) < mostVersions {
			a, _, err := achievements.Get(tx, id)
			if err != nil {
				return err
			}
			all, id = append(all, a), a.ReplacedBy
		}
		return nil
	})
	return all, stored(err)
}

var lastNumber = regexp.MustCompile(`\d{1,9}$`)

// nextVersion counts a version up: "" to 2, 1.0 to 1.1, 2026 to 2027, and any other text to it with .2 behind.
func nextVersion(version string) string {
	last := lastNumber.FindString(version)
	n, err := strconv.Atoi(last)
	switch {
	case version == "":
		return "2"
	case err != nil:
		return version + ".2"
	}
	return version[:len(version)-len(last)] + strconv.Itoa(n+1)
}
