package issuer

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/google/uuid"
)

// Credential returns an award by its id, the address of its page, or its identifier. One whose Issued is zero is still being
// made. Kind missing when there is none.
func (s *Service) Credential(ctx context.Context, id string) (c Credential, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		c, _, err = s.find(tx, id)
		return err
	})
	return c, stored(err)
}

// Credentials returns a page of awards in the order of their ids, and the cursor of the next page, "" after the last.
func (s *Service) Credentials(ctx context.Context, after string, limit int) (page []Credential, next string, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		page, next, err = credentials.List(tx, Query{After: after, Limit: limit})
		return err
	})
	return page, next, stored(err)
}

// find reads an award by any of its names.
func (s *Service) find(tx Tx, name string) (Credential, uint64, error) {
	id := strings.TrimPrefix(name, s.base+"/c/")
	if strings.HasPrefix(name, "urn:uuid:") {
		bits, err := uuid.Parse(name)
		if err != nil {
			return Credential{}, 0, missing("There is no award of this name here.")
		}
		id = base64.RawURLEncoding.EncodeToString(bits[:])
	}
	c, version, err := credentials.Get(tx, id)
	if err == nil && name != c.ID && name != c.URL && !strings.EqualFold(name, c.Identifier) {
		return Credential{}, 0, missing("There is no award of this name here.")
	}
	return c, version, err
}

// Cause is why the standing of an award changes.
type Cause struct {
	Code   ReasonCode // public
	Reason string     // public too, in the words of whoever does it; of a revocation it may be empty only where the code says more than other
	Note   string     // for the issuer alone; it stands with the award and in the audit log, and is erased with the award
}

// Revoke ends an award for good; id is any of its names. It needs a reason, which the page of the award shows. An award that
// is revoked already: kind conflict, code already_revoked.
func (s *Service) Revoke(ctx context.Context, id, reason, actor string) (Credential, error) {
	c, _, err := s.revoke(ctx, s.anyName(id), Cause{Code: ReasonOther, Reason: reason}, Write{Actor: actor})
	return c, err
}

func (s *Service) revoke(ctx context.Context, find finder, cause Cause, by Write) (c Credential, version uint64, err error) {
	err = s.store.Update(ctx, func(tx Tx) error {
		c, version, err = s.revokeIn(tx, find, cause, by)
		return err
	})
	return c, version, stored(err)
}

// revokeIn revokes an award in an update.
func (s *Service) revokeIn(tx Tx, find finder, cause Cause, by Write) (Credential, uint64, error) {
	if cause.Code == ReasonOther && strings.TrimSpace(cause.Reason) == "" {
		return Credential{}, 0, invalid("reason", "Say why the award is revoked: the reason is shown to everybody who looks at it.")
	}
	return s.changeIn(tx, find, EventRevoked, cause, by, func(c *Credential, now Change) error {
		c.Revoked = &now
		return nil
	})
}

// Suspend takes an award out of force until Reinstate; id is any of its names. The reason may be empty. Kind conflict when it is
// suspended (already_suspended) or revoked (already_revoked).
func (s *Service) Suspend(ctx context.Context, id, reason, actor string) (Credential, error) {
	c, _, err := s.suspend(ctx, s.anyName(id), Cause{Code: ReasonOther, Reason: reason}, Write{Actor: actor})
	return c, err
}

func (s *Service) suspend(ctx context.Context, find finder, cause Cause, by Write) (c Credential, version uint64, err error) {
	err = s.store.Update(ctx, func(tx Tx) error {
		c, version, err = s.suspendIn(tx, find, cause, by)
		return err
	})
	return c, version, stored(err)
}

// suspendIn suspends an award in an update.
func (s *Service) suspendIn(tx Tx, find finder, cause Cause, by Write) (Credential, uint64, error) {
	return s.changeIn(tx, find, EventSuspended, cause, by, func(c *Credential, now Change) error {
		if c.Suspended != nil {
			return conflict("already_suspended", "The award is suspended already, since "+day(*c.Suspended)+".")
		}
		c.Suspended = &now
		return nil
	})
}

// Reinstate ends a suspension; id is any of the award's names. Kind conflict when it is not suspended (not_suspended) or
// revoked (already_revoked).
func (s *Service) Reinstate(ctx context.Context, id, actor string) (Credential, error) {
	c, _, err := s.reinstate(ctx, s.anyName(id), Write{Actor: actor})
	return c, err
}

func (s *Service) reinstate(ctx context.Context, find finder, by Write) (c Credential, version uint64, err error) {
	err = s.store.Update(ctx, func(tx Tx) error {
		c, version, err = s.reinstateIn(tx, find, by)
		return err
	})
	return c, version, stored(err)
}

// reinstateIn reinstates an award in an update.
func (s *Service) reinstateIn(tx Tx, find finder, by Write) (Credential, uint64, error) {
	return s.changeIn(tx, find, EventReinstated, Cause{Code: ReasonOther}, by, func(c *Credential, _ Change) error {
		if c.Suspended == nil {
			return conflict("not_suspended", "The award is not suspended.")
		}
		c.Suspended = nil
		return nil
	})
}

// finder reads an award and its version in a transaction.
type finder func(Tx) (Credential, uint64, error)

// anyName finds an award by its id, the address of its page, or its identifier.
func (s *Service) anyName(name string) finder {
	return func(tx Tx) (Credential, uint64, error) { return s.find(tx, name) }
}

const longestReason = 2000 // bytes

// reasonCodes are all that a person may give, each in the words in which it is published where there is no other text.
var reasonCodes = map[ReasonCode]string{
	ReasonError:      "Awarded by mistake",
	ReasonEvidence:   "The evidence does not hold",
	ReasonPolicy:     "A rule of the issuer was broken",
	ReasonRequest:    "The earner asked for it",
	ReasonSuperseded: "Another award takes its place",
	ReasonInquiry:    "It is being looked into",
	ReasonOther:      "Revoked by the issuer",
}

// checked is the cause without the space around its texts, where it is one.
func (c Cause) checked() (Cause, error) {
	c.Reason, c.Note = strings.TrimSpace(c.Reason), strings.TrimSpace(c.Note)
	if reasonCodes[c.Code] == "" {
		return c, invalid("code", "Say by its code why: error, evidence, policy, request, superseded, inquiry or other.")
	}
	if len(c.Reason) > longestReason || !validText(c.Reason) {
		return c, invalid("reason", "The reason is longer than 2000 bytes or not valid text.")
	}
	if len(c.Note) > longestReason || !validText(c.Note) {
		return c, invalid("note", "The note is longer than 2000 bytes or not valid text.")
	}
	return c, nil
}

// told is what the audit log keeps beside the entry.
func (c Cause) told() string {
	if c.Note != "" {
		return c.Note
	}
	return c.Reason
}

// changeIn writes a new standing of an award: its record, its bits, the versions of its lists and the audit entry. event is the name
// of the act as well.
func (s *Service) changeIn(tx Tx, find finder, event EventType, cause Cause, by Write, apply func(*Credential, Change) error) (Credential, uint64, error) {
	cause, err := cause.checked()
	if err != nil {
		return Credential{}, 0, err
	}
	c, version, err := find(tx)
	if err != nil {
		return Credential{}, 0, err
	}
	if err := by.on(version); err != nil {
		return Credential{}, 0, err
	}
	if c.Issued.IsZero() {
		return Credential{}, 0, conflict("not_issued", "The award is still being made.")
	}
	if c.Revoked != nil {
		return Credential{}, 0, conflict("already_revoked", "The award was already revoked, on "+day(*c.Revoked)+", which is for good.")
	}
	if c.Erased != nil { // nothing is written down of it any more
		cause.Reason, cause.Note = "", ""
	}
	now := Change{At: s.instant(), By: by.Actor, Code: cause.Code, Reason: cause.Reason, Note: cause.Note}
	if err := apply(&c, now); err != nil {
		return Credential{}, 0, err
	}
	if err := putStanding(tx, &c, version); err != nil {
		return Credential{}, 0, err
	}
	version++
	if err := by.Once.keep(tx, "", c, version); err != nil {
		return Credential{}, 0, err
	}
	if err := record(tx, AuditEntry{At: now.At, Actor: by.Actor, Action: string(event), Subject: c.ID, why: cause.told()}); err != nil {
		return Credential{}, 0, err
	}
	return c, version, s.observe(tx, Event{Type: event, Organisation: c.Organisation, Subject: c.ID, Actor: by.Actor, Credential: &c})
}

// putStanding writes the record of an award, its bits and the versions of its lists.
func putStanding(tx Tx, c *Credential, version uint64) error {
	if err := credentials.Put(tx, c, version); err != nil {
		return err
	}
	if err := setBit(tx, c.Slot.Revocation, c.Slot.Index, c.Revoked != nil); err != nil {
		return err
	}
	if err := setBit(tx, c.Slot.Suspension, c.Slot.Index, c.Suspended != nil); err != nil {
		return err
	}
	return listRevoked(tx, c)
}

func day(c Change) string { return c.At.UTC().Format("2 January 2006") }
