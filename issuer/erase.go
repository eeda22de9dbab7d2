package issuer

import (
	"context"
	"errors"
	"slices"
	"strconv"
)

// Erase takes away what an award says of a person, by any of its names: its document in every form, the digest of the address, the
// endorsements of it, whoever gave them, and the texts of reasons, notes, cases and proposals, also those beside the audit log, but for
// reason, which is why it is erased. Its names, its place in the status lists and the bits there stay, so that whoever has the file can
// still check it, and so do the links to other awards: those are erased by themselves, but that one which was to take its place and is
// not signed yet is given up. An award that is not signed yet is given up itself, and nothing is left of it. Erasing an award again takes
// away what may be left of an erasure that was cut short.
func (s *Service) Erase(ctx context.Context, id, reason, actor string) (Credential, error) {
	return s.erase(ctx, func(tx Tx) (Credential, uint64, error) { return s.find(tx, id) }, reason, Write{Actor: actor})
}

// EraseAward is [Service.Erase] for an award of this organisation, by its id. by.Once gets the [Credential]. It is done whatever the version.
// Where revoking needs a second person, so does erasing an award that is not erased yet (kind denied, code second_person): of its page
// nothing is left either. See [Workspace.Propose].
func (w Workspace) EraseAward(ctx context.Context, id, reason string, by Write) (Credential, error) {
	return w.service.erase(ctx, func(tx Tx) (Credential, uint64, error) {
		c, version, err := w.named(id)(tx)
		if err == nil && c.Erased == nil {
			err = needsSecond(tx, w.organisation, ActRevoke)
		}
		return c, version, err
	}, reason, by)
}

func (s *Service) erase(ctx context.Context, find finder, reason string, by Write) (c Credential, err error) {
	why, err := Cause{Code: ReasonRequest, Reason: reason}.checked()
	if err != nil {
		return c, err
	}
	early, err := s.earlyReasons(ctx, find)
	if err != nil {
		return c, stored(err)
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		c, err = s.eraseIn(tx, find, early, why.Reason, "", by)
		return err
	})
	return c, stored(err)
}

// eraseIn is [Service.Erase] in a transaction. early is of earlyReasons; proposal is the one that is allowed with this, which whoever
// calls ends, "" for none.
func (s *Service) eraseIn(tx Tx, find finder, early []uint64, why, proposal string, by Write) (Credential, error) {
	actor := by.Actor
	c, version, err := find(tx)
	if err != nil {
		return c, err
	}
	if c.Erased != nil {
		if err := forgetAnswers(tx, c.ID); err != nil {
			return c, err
		}
		return c, by.Once.keep(tx, "", c, 0)
	}
	now := s.instant()
	if err := s.eraseAround(tx, &c, early, proposal, actor); err != nil {
		return c, err
	}
	draft := c.Issued.IsZero()
	if draft {
		err = s.giveUp(tx, &c, AuditEntry{Actor: actor, Detail: "erased", why: why})
	}
	c.erase()
	if c.Erased = (&Change{At: now, By: actor}); err == nil {
		err = by.Once.keep(tx, "", c, 0)
	}
	if err != nil || draft {
		return c, err
	}
	if err := credentials.Put(tx, &c, version); err != nil {
		return c, err
	}
	if err := record(tx, AuditEntry{At: now, Actor: actor, Action: string(EventErased), Subject: c.ID, why: why}); err != nil {
		return c, err
	}
	return c, s.observe(tx, Event{Type: EventErased, Organisation: c.Organisation, Subject: c.ID, Actor: actor, Credential: &c})
}

// eraseAround erases what is written about an award elsewhere than in its record, but for one proposal.
func (s *Service) eraseAround(tx Tx, c *Credential, early []uint64, but, actor string) error {
	if err := s.eraseBatchCauses(tx, c.ID); err != nil {
		return err
	}
	if err := eraseReasons(tx, c.ID, early, AuditEntry{At: s.instant(), Actor: actor, Organisation: c.Organisation}); err != nil {
		return err
	}
	if err := s.eraseCases(tx, c.ID, actor); err != nil {
		return err
	}
	if err := s.eraseProposals(tx, c.ID, but, actor); err != nil {
		return err
	}
	if err := s.forgetProposals(tx, c.Recipient, c.ID, but, actor); err != nil {
		return err
	}
	if err := s.eraseEndorsements(tx, c.Identifier, actor); err != nil {
		return err
	}
	if err := s.giveUpSuccessors(tx, c.ID, actor); err != nil {
		return err
	}
	return forgetAnswers(tx, c.ID)
}

// erase leaves of an award what says nothing of a person. A key has signed nothing that could be signed anew.
func (c *Credential) erase() {
	c.Unsigned, c.JSON, c.Base, c.JWT, c.IntegrityKey, c.TokenKey = nil, nil, nil, "", "", ""
	c.Recipient, c.Access = "", AccessUnlisted
	for _, change := range []**Change{&c.Revoked, &c.Suspended} {
		if before := *change; before != nil {
			*change = &Change{At: before.At, By: before.By, Code: before.Code}
		}
	}
}

// giveUpSuccessors gives up what was to take the place of an award and is not signed yet: it says of the person what the award did.
func (s *Service) giveUpSuccessors(tx Tx, award, actor string) error {
	after, err := Every(tx, credentials, "supersedes", award)
	for _, c := range after {
		if err == nil && c.Issued.IsZero() {
			err = s.giveUp(tx, &c, AuditEntry{Actor: actor, Detail: "erased"})
		}
	}
	return err
}

// earlyReasons are the numbers of the entries with a text about an award that an earlier release has made: its entries are in no list, so
// all that have a text are looked at.
func (s *Service) earlyReasons(ctx context.Context, find finder) (found []uint64, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		found = nil
		c, _, err := find(tx)
		if err != nil || c.Recipient != "" || c.Erased != nil {
			return err
		}
		return pages(ctx, tx, auditReasons.Kind, func(row Row) error {
			e, _, err := auditEntries.Get(tx, row.ID)
			if errors.Is(err, ErrNotFound) { // a fault of the log, which its verification tells
				return nil
			}
			if err == nil && e.Subject == c.ID {
				found = append(found, e.Sequence)
			}
			return err
		})
	})
	return found, err
}

// eraseReasons erases the texts beside the entries about an object, and enters that for each. early are entries that are in no list.
func eraseReasons(tx Tx, subject string, early []uint64, e AuditEntry) error {
	numbers := slices.Clone(early)
	all, err := Every(tx, auditEntries, "subject", subject)
	if err != nil {
		return err
	}
	for _, about := range all {
		if about.Reason != "" {
			numbers = append(numbers, about.Sequence)
		}
	}
	for _, number := range numbers {
		err := tx.Delete(auditReasons.Kind, sequenced(number))
		if errors.Is(err, ErrNotFound) { // erased before
			continue
		}
		if err != nil {
			return err
		}
		e.Action, e.Subject = actionErased, strconv.FormatUint(number, 10)
		if err := record(tx, e); err != nil {
			return err
		}
	}
	return nil
}

// eraseBatchCauses erases why batches have revoked an award. Of one that is not finished that is done at its end: until then it says so of
// others.
func (s *Service) eraseBatchCauses(tx Tx, award string) error {
	all, err := Every(tx, auditEntries, "subject", award)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.Action != string(EventRevoked) || e.Detail == "" {
			continue
		}
		b, version, err := batches.Get(tx, e.Detail)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err == nil && !b.Forget {
			b.Forget = true
			b.forgetCause()
			err = batches.Put(tx, &b, version)
		}
		if err == nil {
			err = forgetAnswers(tx, b.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
