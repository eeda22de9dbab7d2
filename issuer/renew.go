package issuer

import (
	"context"
	"time"

	"github.com/laurelbadges/laurel/credential"
)

// Renewal is an award that is made when another ends or comes near its end.
type Renewal struct {
	Recipient string // e-mail address that the award before is for; "" where that has it readably
	Language  string // BCP 47, in which the recipient is written to; "" is that of the organisation
	Narrative string // about the renewal, Markdown; "" is that of before
	Evidence  []Evidence
	Results   []credential.Result // as in AwardInput
	ValidFrom time.Time           // zero: when it is begun
	// ValidUntil is zero for the months of the achievement after ValidFrom, or without end where it has none.
	ValidUntil time.Time
	Note       string // why, for the issuer alone: it lies beside the entry of the audit log
}

// Renew makes an award in the place of one that ends or has ended, of the newest version of its achievement, whose setting
// Renewable has to be on. Evidence, and results where the version is the same, are those of before unless others are given; its
// awardedDate is the day of the first. Once it is issued each names the other; the one before stays in force until it ends. by is as
// in [Workspace.Amend], and so are the refusals; kind conflict, code not_renewable or archived: there is no such version. An address
// that is not the one of before has kind invalid, code email: correct the award first. Kind denied, code second_person: see [Workspace.Propose].
func (w Workspace) Renew(ctx context.Context, id string, in Renewal, by Write) (Credential, error) {
	note := Cause{Code: ReasonSuperseded, Note: in.Note}
	note, err := note.checked()
	if err != nil {
		return Credential{}, err
	}
	shown, err := evidence(in.Evidence)
	if err != nil {
		return Credential{}, err
	}
	says := credential.AchievementSubject{Narrative: in.Narrative, Results: in.Results}
	if err := firstError(checkSubject(&says), checkLetterLanguage(in.Language)); err != nil {
		return Credential{}, err
	}
	from, until, err := w.service.validity(in.ValidFrom, in.ValidUntil)
	if err != nil {
		return Credential{}, err
	}
	if from.IsZero() {
		from = w.service.instant()
	}
	return w.successor(ctx, id, by, func(tx Tx, before *Credential, o Organisation, c *Credential, b *beginning) error {
		a, err := renewable(tx, before.Achievement)
		if err != nil {
			return err
		}
		var given *string
		if in.Recipient != "" {
			given = &in.Recipient
		}
		email, moved, err := readdress(&b.badge.Subject.Identifiers, given)
		if err != nil {
			return err
		}
		if moved {
			return invalid("email", "The award is for another address. Correct the award first, then renew it.")
		}
		if c.Recipient, err = w.service.recipientKey(tx, o.ID, email); err != nil {
			return err
		}
		c.Access, c.Claimed, c.Renewal = before.Access, before.Claimed, true
		b.badge.ValidFrom, b.badge.ValidUntil = from, until
		if until.IsZero() && a.Months > 0 {
			b.badge.ValidUntil = monthsAfter(from, a.Months)
		}
		if a.ID != before.Achievement { // results name parts of the version that they are of
			b.badge.Subject.Results = nil
		}
		if in.Results != nil {
			b.badge.Subject.Results = in.Results
		}
		if in.Narrative != "" {
			b.badge.Subject.Narrative = in.Narrative
		}
		if shown != nil {
			b.badge.Evidence = shown
		}
		b.achievement, b.note = &a, note.Note
		b.recipient = Recipient{Email: email, Name: nameOf(b.badge.Subject.Identifiers), Language: in.Language}
		return nil
	})
}

// renewable reads the newest version of an achievement, of which awards are renewed.
func renewable(tx Tx, id string) (Achievement, error) {
	a, _, err := achievements.Get(tx, id)
	for seen := map[string]bool{}; err == nil && a.ReplacedBy != "" && !seen[a.ID]; {
		seen[a.ID] = true
		a, _, err = achievements.Get(tx, a.ReplacedBy)
	}
	switch {
	case err != nil:
		return a, err
	case a.Archived != nil:
		return a, conflict("archived", "The achievement was archived on "+day(*a.Archived)+" and is awarded no more.")
	case !a.Renewable:
		return a, conflict("not_renewable", "Awards of this achievement are not renewed. Allow it in the settings of the achievement first.")
	}
	return a, nil
}

const refreshPart = "refresh"

// Newest returns the award that stands in the place of one in the end, by any of its names; the award itself where none does. It
// leads to no other recipient. This is what its refreshService gives (1EdTechCredentialRefresh).
func (s *Service) Newest(ctx context.Context, id string) (c Credential, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		if c, _, err = s.find(tx, id); err != nil {
			return err
		}
		c, err = newest(tx, c)
		return err
	})
	return c, stored(err)
}
