package issuer

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
)

// Amendment is what is corrected in an award. An address or name that is the same as before changes nothing.
type Amendment struct {
	Name *string // of the recipient; "" takes it away, nil leaves it
	// Recipient is the e-mail address, a new one or the one that the award is for. An award that has it as a hash needs it in any case,
	// as it is kept nowhere here; nil leaves that of an award that has it readably.
	Recipient *string
	Language  string // BCP 47, in which the recipient is written to; "" is that of the organisation
	Note      string // why, for the issuer alone: it lies beside the entry of the audit log
}

// Amend corrects whom an award is for, as a signed award cannot change: it makes a new one of the same version of the achievement, with
// the same evidence, narrative, results and dates, whose awardedDate is the day of the first. Once that is issued, which a crash may
// put off to the next start, the award before is revoked with the code superseded, and each names the other; until then it is in force,
// and when it is revoked, suspended or erased meanwhile the new one is given up.
// by.Versions are of the award before; by.Once is as in Issue.
//
// Kind conflict: it is being made (not_issued), revoked (already_revoked), suspended (suspended) or erased (erased), another award takes
// its place (superseded), or a new recipient has an award that the achievement allows once (duplicate). Kind invalid, code unchanged:
// there is nothing to correct; code email: the address is missing, or is not one. Kind denied, code second_person: see
// [Workspace.Propose].
func (w Workspace) Amend(ctx context.Context, id string, in Amendment, by Write) (Credential, error) {
	note := Cause{Code: ReasonSuperseded, Note: in.Note}
	note, err := note.checked()
	if err == nil {
		err = checkLetterLanguage(in.Language)
	}
	if err != nil {
		return Credential{}, err
	}
	return w.successor(ctx, id, by, func(tx Tx, before *Credential, o Organisation, c *Credential, b *beginning) error {
		a, _, err := achievements.Get(tx, before.Achievement)
		if err != nil {
			return err
		}
		identifiers := &b.badge.Subject.Identifiers
		renamed, err := rename(identifiers, in.Name)
		if err != nil {
			return err
		}
		email, moved, err := readdress(identifiers, in.Recipient)
		if err != nil {
			return err
		}
		if !renamed && !moved {
			return invalid("unchanged", "The award has this name and this address already, so there is nothing to correct.")
		}
		if c.Recipient, err = w.service.recipientKey(tx, o.ID, email); err != nil {
			return err
		}
		if c.Access, c.Claimed = before.Access, before.Claimed; moved {
			if err := w.service.notTwice(tx, a, c.Recipient, before.ID); err != nil {
				return err
			}
			c.Access, c.Claimed = firstAccess(before, o), time.Time{}
		}
		c.Correction = true
		b.achievement, b.note = &a, note.Note
		b.recipient = Recipient{Email: email, Name: nameOf(*identifiers), Language: in.Language}
		return nil
	})
}

// firstAccess is that of an award that goes to another person than the one before it did: what that one has chosen does not count, but
// that nobody shall see it.
func firstAccess(before *Credential, o Organisation) Access {
	switch {
	case before.Access == AccessHeld || o.Settings.Held:
		return AccessHeld
	case before.Access == AccessOff:
		return AccessOff
	}
	return AccessUnlisted
}

// notTwice refuses an award to somebody who holds another than the one that it is to take the place of, where they may hold one.
func (s *Service) notTwice(tx Tx, a Achievement, recipientKey, except string) error {
	if a.Duplicates == "" || a.Duplicates == DuplicatesAllowed {
		return nil
	}
	existing, err := s.duplicates(tx, a, recipientKey, except, 1)
	if err == nil && len(existing) > 0 {
		err = refusedDuplicate(&existing[0])
	}
	return err
}

// successor makes an award that takes the place of another. fill completes the new award, of which the badge says what the one before
// does but for the ids.
func (w Workspace) successor(ctx context.Context, id string, by Write, fill func(tx Tx, before *Credential, o Organisation, c *Credential, b *beginning) error) (Credential, error) {
	if c, done, err := w.again(ctx, by); done {
		return c, err
	}
	var c Credential
	err := w.service.store.Update(ctx, func(tx Tx) error {
		if err := w.service.clockHolds(tx); err != nil {
			return err
		}
		before, version, err := w.named(id)(tx)
		if err != nil {
			return err
		}
		if err := by.on(version); err != nil {
			return err
		}
		if err := succeedable(tx, &before); err != nil {
			return err
		}
		o, _, err := organisations.Get(tx, w.organisation)
		if err != nil {
			return err
		}
		b := beginning{organisation: &o, actor: by.Actor, once: by.Once}
		if b.badge, err = before.badge(); err != nil {
			return err
		}
		c = w.service.newCredential()
		c.Supersedes = before.ID
		if err := fill(tx, &before, o, &c, &b); err != nil {
			return err
		}
		if _, err := w.service.begin(tx, &c, b); err != nil {
			return err
		}
		return w.began(ctx, tx, &c)
	})
	if err != nil {
		return Credential{}, stored(err)
	}
	return w.service.complete(context.WithoutCancel(ctx), c)
}

// succeedable says why no other award can take the place of one now; nil: one can.
func succeedable(tx Tx, before *Credential) error { return succeedableBy(tx, before, "") }

// succeedableBy is succeedable for an award that was begun, by its id.
func succeedableBy(tx Tx, before *Credential, by string) error {
	switch {
	case before.Issued.IsZero():
		return conflict("not_issued", "The award "+before.ID+" is still being made. Please try again in a moment.")
	case before.Revoked != nil:
		return conflict("already_revoked", "The award was already revoked, on "+day(*before.Revoked)+", which is for good.")
	case before.Erased != nil:
		return conflict("erased", "The award was erased, on "+day(*before.Erased)+", which is for good.")
	case before.Suspended != nil:
		return conflict("suspended", "The award "+before.ID+" is suspended. Reinstate or revoke it first.")
	}
	for q := (Query{By: "supersedes", Value: before.ID}); ; {
		after, next, err := credentials.List(tx, q)
		if err != nil {
			return err
		}
		for _, c := range after {
			if c.Revoked == nil && c.ID != by {
				return conflict("superseded", "Another award takes its place already: "+c.ID+".")
			}
		}
		if q.After = next; next == "" {
			return nil
		}
	}
}

// overtaken gives up a draft that was to take the place of another award, when that has come to another end since: whoever revoked,
// suspended or erased it did not know of this one. It returns why, nil for a draft that stands.
func (s *Service) overtaken(tx Tx, c *Credential) (why *Error, err error) {
	if why, err = succeeds(tx, c); why == nil || err != nil {
		return nil, err
	}
	return why, s.giveUp(tx, c, AuditEntry{Actor: "laurel", Detail: why.Code})
}

// succeeds says why an award that was begun cannot take the place of another any more; nil: it can, or takes that of none.
func succeeds(tx Tx, c *Credential) (why *Error, err error) {
	if c.Supersedes == "" {
		return nil, nil
	}
	before, _, err := credentials.Get(tx, c.Supersedes)
	if errors.Is(err, ErrNotFound) { // there is nothing to take the place of
		return nil, nil
	}
	if err == nil {
		err = succeedableBy(tx, &before, c.ID)
	}
	if !errors.As(err, &why) || why.Kind != KindConflict {
		return nil, err
	}
	return why, nil
}

// gaveUp is the error of whoever waits for an award that was given up.
type gaveUp struct{ error }

func (g gaveUp) Unwrap() error { return g.error }

// succeed puts an award that was just issued in the place of those before, if there are some: each names the other, and but for a
// renewal those before are revoked.
func (s *Service) succeed(tx Tx, c *Credential) error {
	if c.Supersedes == "" {
		return nil
	}
	if err := s.succeedOne(tx, c, c.Supersedes); err != nil {
		return err
	}
	for _, id := range c.AlsoReplaces {
		before, _, err := credentials.Get(tx, id)
		if err == nil {
			err = succeedable(tx, &before)
		}
		if why := (*Error)(nil); errors.Is(err, ErrNotFound) || errors.As(err, &why) && why.Kind == KindConflict { // it has come to another end
			continue
		}
		if err == nil {
			err = s.succeedOne(tx, c, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// succeedOne is succeed for one of the awards before.
func (s *Service) succeedOne(tx Tx, c *Credential, id string) error {
	before, version, err := credentials.Get(tx, id)
	if errors.Is(err, ErrNotFound) { // there is nothing to take the place of
		return nil
	}
	if err != nil {
		return err
	}
	now, event := s.instant(), EventRenewed
	before.SupersededBy = c.ID
	if !c.Renewal {
		event = EventSuperseded
		if before.Revoked == nil {
			before.Revoked = &Change{At: now, By: c.By, Code: ReasonSuperseded}
		}
	}
	if err := putStanding(tx, &before, version); err != nil {
		return err
	}
	if err := record(tx, AuditEntry{At: now, Actor: c.By, Action: string(event), Subject: before.ID, Detail: c.ID}); err != nil {
		return err
	}
	return s.observe(tx, Event{Type: event, Organisation: c.Organisation, Subject: before.ID, Actor: c.By, Credential: &before})
}

// newest is the award that stands in the place of c in the end, c itself where none does. It does not lead on to another recipient:
// whoever had an award by mistake is not told to whom it belongs.
func newest(tx Tx, c Credential) (Credential, error) {
	for seen := map[string]bool{}; c.SupersededBy != "" && !seen[c.ID]; {
		seen[c.ID] = true
		next, _, err := credentials.Get(tx, c.SupersededBy)
		if errors.Is(err, ErrNotFound) {
			return c, nil
		}
		if err != nil {
			return c, err
		}
		if next.Recipient != c.Recipient {
			return c, nil
		}
		c = next
	}
	return c, nil
}

// badge reads what an award says, to be said again by another: all but its id, its issuer and its achievement, which are written anew. Its
// Awarded is the day of the first award.
func (c *Credential) badge() (credential.AchievementCredential, error) {
	read, err := credential.Parse(c.JSON)
	if err != nil {
		return credential.AchievementCredential{}, internal("stored_award", "An award in the store cannot be read.", err)
	}
	badge := credential.AchievementCredential{Subject: read.Subject, Evidence: read.Evidence}
	badge.Subject.Achievement, badge.Subject.CreditsEarned = nil, 0
	for _, date := range []struct {
		text string
		into *time.Time
	}{{read.ValidFrom, &badge.ValidFrom}, {read.ValidUntil, &badge.ValidUntil}, {read.Awarded, &badge.Awarded}} {
		if date.text == "" {
			continue
		}
		if *date.into, err = credential.ParseDateTime(date.text); err != nil {
			return badge, internal("stored_award", "An award in the store cannot be read.", err)
		}
	}
	if badge.Awarded.IsZero() {
		badge.Awarded = badge.ValidFrom
	}
	return badge, nil
}

const (
	identityEmail = "emailAddress"
	identityName  = "name"
)

// nameOf is the name among the identifiers of a recipient, "" for none.
func nameOf(identifiers []credential.IdentityObject) string {
	for _, i := range identifiers {
		if i.Type == identityName && !i.Hashed {
			return i.Hash
		}
	}
	return ""
}

// rename gives a recipient a name; changed says that it was another, or none.
func rename(identifiers *[]credential.IdentityObject, name *string) (changed bool, err error) {
	if name == nil || strings.TrimSpace(*name) == nameOf(*identifiers) {
		return false, nil
	}
	var all []credential.IdentityObject
	for _, i := range *identifiers {
		if i.Type != identityName {
			all = append(all, i)
		}
	}
	if name := strings.TrimSpace(*name); name != "" {
		if err := checkPerson(name); err != nil {
			return false, err
		}
		all = append(all, credential.IdentityObject{Type: identityName, Hash: name})
	}
	*identifiers = all
	return true, nil
}

// readdress gives a recipient an address, readably or not as the one before; changed says that it was another. It returns the address.
func readdress(identifiers *[]credential.IdentityObject, given *string) (email string, changed bool, err error) {
	all := append([]credential.IdentityObject(nil), *identifiers...)
	for i, before := range all {
		switch {
		case before.Type != identityEmail:
			continue
		case given == nil && before.Hashed:
			return "", false, invalid("email", "The award has the address as a hash only. Please give the e-mail address that it is for.")
		case given == nil:
			return before.Hash, false, nil
		}
		if email, err = NewAddress(*given); err != nil {
			return "", false, err
		}
		if credential.MatchesIdentity(before, email) {
			return email, false, nil
		}
		if all[i] = (credential.IdentityObject{Type: identityEmail, Hash: email}); before.Hashed {
			all[i] = credential.HashedIdentity(identityEmail, email)
		}
		*identifiers = all
		return email, true, nil
	}
	return "", false, internal("stored_award", "An award in the store names no address.", nil)
}
