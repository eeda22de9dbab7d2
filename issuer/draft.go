package issuer

import (
	"context"
	"errors"
	"strings"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/picture"
)

// drafts are achievements that are not published yet. They lie apart, so that nothing public can find one.
var drafts = Table[Achievement]{
	Kind:    Kind{Name: "achievement-draft", Lookups: []string{"organisation"}},
	Key:     func(a *Achievement) string { return a.ID },
	Order:   func(a *Achievement) string { return sequenced(a.Sequence) },
	Lookups: func(a *Achievement) []string { return []string{a.Organisation} },
}

var draftPictures = Table[keptPicture]{
	Kind: Kind{Name: "draft-picture"},
	Key:  func(p *keptPicture) string { return p.Of },
}

// Draft begins an achievement that can still be changed. It has to be complete: what could not be published is refused.
func (w Workspace) Draft(ctx context.Context, in AchievementInput, by Write) (Achievement, error) {
	a := Achievement{ID: newID(), Organisation: w.organisation, Created: w.service.now().UTC()}
	err := w.redraft(ctx, in, by, actionDrafted, func(tx Tx) (Achievement, uint64, error) {
		var err error
		a.Sequence, err = tx.Next("draft")
		return a, 0, err
	}, &a)
	return a, err
}

// Drafted is what became of one of several achievements to be drafted: the draft, or why there is none.
type Drafted struct {
	Achievement Achievement
	Refused     *Error // kind invalid; nil: it was drafted
}

// DraftAll is [Workspace.Draft] for several at once, in one transaction. One that is refused keeps the others from nothing. by.Once gets
// the slice of what became of each, in the order of the inputs; by.Versions are not looked at.
func (w Workspace) DraftAll(ctx context.Context, all []AchievementInput, by Write) (drafted []Drafted, err error) {
	drafted = make([]Drafted, len(all))
	cleaned := make([][]byte, len(all))
	for i, in := range all {
		content, clean, err := w.checkContent(in)
		if refused := (*Error)(nil); errors.As(err, &refused) && refused.Kind == KindInvalid {
			drafted[i].Refused = refused
			continue
		} else if err != nil {
			return nil, err
		}
		a := &drafted[i].Achievement
		*a = Achievement{ID: newID(), Organisation: w.organisation, Created: w.service.now().UTC(), Revision: 1}
		a.fill(in, content)
		cleaned[i] = clean
	}
	err = w.service.store.Update(ctx, func(tx Tx) error {
		for i := range drafted {
			a := &drafted[i].Achievement
			if drafted[i].Refused != nil {
				continue
			}
			var err error
			if a.Sequence, err = tx.Next("draft"); err != nil {
				return err
			}
			if err := putPicture(tx, draftPictures, pictureOf(a.ID, a.Content.Image.ID, cleaned[i])); err != nil {
				return err
			}
			if err := drafts.Put(tx, a, 0); err != nil {
				return err
			}
			if err := record(tx, AuditEntry{At: w.service.now(), Actor: by.Actor, Action: actionDrafted, Subject: a.ID, Detail: w.organisation}); err != nil {
				return err
			}
		}
		return by.Once.keep(tx, "", drafted, 0)
	})
	return drafted, stored(err)
}

const actionDrafted = "achievement.drafted"

// checkContent is what an input says, as it can be published, and the clean picture.
func (w Workspace) checkContent(in AchievementInput) (content credential.Achievement, clean []byte, err error) {
	if content, clean, err = in.content(); err == nil {
		_, err = achievementDocument(content, w.service.base+"/a/draft")
	}
	return content, clean, err
}

// Redraft gives a draft new content. An Image that is nil leaves the picture as it is, an empty one takes it away. A
// published achievement has kind conflict, code published.
func (w Workspace) Redraft(ctx context.Context, id string, in AchievementInput, by Write) (a Achievement, err error) {
	err = w.redraft(ctx, in, by, "achievement.changed", func(tx Tx) (Achievement, uint64, error) {
		return w.draft(tx, id, conflict("published", "The achievement is published, and what is published never changes. Draft a new version."))
	}, &a)
	return a, err
}

// redraft writes the content of a draft that read finds.
func (w Workspace) redraft(ctx context.Context, in AchievementInput, by Write, action string, read func(Tx) (Achievement, uint64, error), into *Achievement) error {
	content, clean, err := w.checkContent(in)
	if err != nil {
		return err
	}
	return stored(w.service.store.Update(ctx, func(tx Tx) error {
		a, version, err := read(tx)
		if err != nil {
			return err
		}
		if err := by.on(a.Revision); err != nil {
			return err
		}
		before := a.Content.Image
		a.fill(in, content)
		a.Revision++
		if in.Image == nil {
			if a.Content.Image = before; before.ID != "" {
				a.Content.Image.Caption = in.ImageCaption
			}
		} else if err := putPicture(tx, draftPictures, pictureOf(a.ID, a.Content.Image.ID, clean)); err != nil {
			return err
		}
		if err := nameReplaced(tx, &a); err != nil {
			return err
		}
		if err := drafts.Put(tx, &a, version); err != nil {
			return err
		}
		*into = a
		if err := by.Once.keep(tx, "", a, a.Revision); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: w.service.now(), Actor: by.Actor, Action: action, Subject: a.ID, Detail: w.organisation})
	}))
}

// putPicture writes a picture over the one that is there; an empty one takes it away.
func putPicture(tx Tx, t Table[keptPicture], p keptPicture) error {
	_, version, err := t.Get(tx, p.Of)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if len(p.PNG)+len(p.SVG) > 0 {
		return t.Put(tx, &p, version)
	}
	if version > 0 {
		return tx.Delete(t.Kind, p.Of)
	}
	return nil
}

// draft reads one of this organisation. For one that is published already it returns the error otherwise.
func (w Workspace) draft(tx Tx, id string, otherwise error) (Achievement, uint64, error) {
	a, version, err := drafts.Get(tx, id)
	if errors.Is(err, ErrNotFound) {
		a, _, err = achievements.Get(tx, id)
		if err = w.ours(a.Organisation, err); err == nil {
			err = otherwise
		}
		return Achievement{}, 0, err
	}
	return a, version, w.ours(a.Organisation, err)
}

// Publish freezes a draft under its permanent address. One that is published has kind conflict, code published. A version that
// another one replaces by it is awarded no more: see [Workspace.PublishBeside].
func (w Workspace) Publish(ctx context.Context, id string, by Write) (Achievement, error) {
	return w.publish(ctx, id, by, true)
}

// PublishBeside is [Workspace.Publish], but the version before goes on being awarded.
func (w Workspace) PublishBeside(ctx context.Context, id string, by Write) (Achievement, error) {
	return w.publish(ctx, id, by, false)
}

func (w Workspace) publish(ctx context.Context, id string, by Write, alone bool) (a Achievement, err error) {
	err = w.service.store.Update(ctx, func(tx Tx) error {
		if a, _, err = w.draft(tx, id, conflict("published", "The achievement is published already.")); err != nil {
			return err
		}
		if err := by.on(a.Revision); err != nil {
			return err
		}
		a.URL, a.Published = w.service.base+"/a/"+a.ID, w.service.now().UTC()
		a.Revision++
		if err := w.replace(tx, &a, by, alone); err != nil {
			return err
		}
		if a.Document, err = achievementDocument(a.Content, a.URL); err != nil {
			return err
		}
		p, _, err := draftPictures.Get(tx, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := putPicture(tx, draftPictures, keptPicture{Of: id}); err != nil {
			return err
		}
		if err := tx.Delete(drafts.Kind, id); err != nil {
			return err
		}
		if err := w.service.publish(tx, &a, p, by.Actor); err != nil {
			return err
		}
		return by.Once.keep(tx, "", a, a.Revision)
	})
	return a, stored(err)
}

// Archive ends the awarding of a published achievement; its page and document stay. A draft has kind conflict, code
// not_published; one that is archived, code archived.
func (w Workspace) Archive(ctx context.Context, id string, by Write) (a Achievement, err error) {
	err = w.service.store.Update(ctx, func(tx Tx) error {
		var version uint64
		if a, version, err = w.achievement(tx, id); err != nil {
			return err
		}
		if err := by.on(a.Revision); err != nil {
			return err
		}
		switch a.State() {
		case AchievementDraft:
			return conflict("not_published", "The achievement is a draft; only what is published can be archived.")
		case AchievementArchived:
			return conflict("archived", "The achievement was archived already, on "+day(*a.Archived)+".")
		}
		if err := w.archive(tx, &a, version, by.Actor); err != nil {
			return err
		}
		return by.Once.keep(tx, "", a, a.Revision)
	})
	return a, stored(err)
}

func (w Workspace) archive(tx Tx, a *Achievement, version uint64, actor string) error {
	a.Archived = &Change{At: w.service.instant(), By: actor}
	a.Revision++
	if err := achievements.Put(tx, a, version); err != nil {
		return err
	}
	if err := record(tx, AuditEntry{At: a.Archived.At, Actor: actor, Action: "achievement.archived", Subject: a.ID, Detail: w.organisation}); err != nil {
		return err
	}
	return w.service.observe(tx, Event{Type: EventArchived, Organisation: w.organisation, Subject: a.ID, Actor: actor})
}

// Achievement returns one of the organisation, in any state.
func (w Workspace) Achievement(ctx context.Context, id string) (a Achievement, err error) {
	err = w.service.store.View(ctx, func(tx Tx) error {
		a, _, err = w.achievement(tx, id)
		return err
	})
	return a, stored(err)
}

func (w Workspace) achievement(tx Tx, id string) (Achievement, uint64, error) {
	a, version, err := drafts.Get(tx, id)
	if errors.Is(err, ErrNotFound) {
		a, version, err = achievements.Get(tx, id)
	}
	return a, version, w.ours(a.Organisation, err)
}

// Picture returns the picture of an achievement of the organisation in any state, with its media type. Kind missing when it has none.
func (w Workspace) Picture(ctx context.Context, id string) (image []byte, media string, err error) {
	err = w.service.store.View(ctx, func(tx Tx) error {
		a, _, err := w.achievement(tx, id)
		if err != nil {
			return err
		}
		table := pictures
		if a.State() == AchievementDraft {
			table = draftPictures
		}
		if media = picture.PNG; a.Content.Image.ID == imageSVG {
			media = picture.SVG
		}
		image, err = pictureAt(tx, table, id, a.Content.Image.ID)
		return err
	})
	return image, media, stored(err)
}

// Achievements returns a page of achievements in a state, "" for all: first the drafts, then the others, the oldest first in
// each; and the cursor of the next page, "" after the last. A cursor of another list has kind invalid, code cursor.
func (w Workspace) Achievements(ctx context.Context, state AchievementState, after string, limit int) (page []Achievement, next string, err error) {
	const inDrafts, inOthers = "d", "p"
	limit = max(limit, 1)
	part, cursor, _ := strings.Cut(after, ".")
	if after == "" {
		part = inDrafts
	}
	if part != inDrafts && part != inOthers {
		return nil, "", stored(ErrCursor)
	}
	err = w.service.store.View(ctx, func(tx Tx) error {
		if part == inDrafts && (state == "" || state == AchievementDraft) {
			page, next, err = drafts.List(tx, Query{By: "organisation", Value: w.organisation, After: cursor, Limit: limit})
			if err != nil {
				return err
			}
			if next != "" {
				next = inDrafts + "." + next
				return nil
			}
			cursor = ""
		}
		switch {
		case state == AchievementDraft:
			return nil
		case len(page) == limit:
			next = inOthers + "."
			return nil
		}
		q := Query{By: "organisation", Value: w.organisation, After: cursor, Limit: limit - len(page)}
		if state != "" {
			q.By, q.Value = "state", q.Value+"/"+string(state)
		}
		others, more, err := achievements.List(tx, q)
		if page = append(page, others...); more != "" {
			next = inOthers + "." + more
		}
		return err
	})
	return page, next, stored(err)
}
