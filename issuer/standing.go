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

// Revoke ends an award for good; id is any of its names. It needs a reason, which the page of the award shows. An award that
// is revoked already: kind conflict, code already_revoked.
func (s *Service) Revoke(ctx context.Context, id, reason, actor string) (Credential, error) {
	c, _, err := s.revoke(ctx, s.anyName(id), reason, Write{Actor: actor})
	return c, err
}

func (s *Service) revoke(ctx context.Context, find finder, reason string, by Write) (Credential, uint64, error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return Credential{}, 0, invalid("reason", "Say why the award is revoked: the reason is shown to everybody who looks at it.")
	}
	return s.change(ctx, find, "credential.revoked", reason, by, func(c *Credential, now Change) error {
		c.Revoked = &now
		return nil
	})
}

// Suspend takes an award out of force until Reinstate; id is any of its names. The reason may be empty. Kind conflict when it is
// suspended (already_suspended) or revoked (already_revoked).
func (s *Service) Suspend(ctx context.Context, id, reason, actor string) (Credential, error) {
	c, _, err := s.suspend(ctx, s.anyName(id), reason, Write{Actor: actor})
	return c, err
}

func (s *Service) suspend(ctx context.Context, find finder, reason string, by Write) (Credential, uint64, error) {
	return s.change(ctx, find, "credential.suspended", strings.TrimSpace(reason), by, func(c *Credential, now Change) error {
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

func (s *Service) reinstate(ctx context.Context, find finder, by Write) (Credential, uint64, error) {
	return s.change(ctx, find, "credential.reinstated", "", by, func(c *Credential, _ Change) error {
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

// change writes a new standing of an award: its record, its bits, the versions of its lists and the audit entry, all in one
// transaction.
func (s *Service) change(ctx context.Context, find finder, action, reason string, by Write, apply func(*Credential, Change) error) (c Credential, version uint64, err error) {
	if len(reason) > longestReason || !validText(reason) {
		return Credential{}, 0, invalid("reason", "The reason is longer than 2000 bytes or not valid text.")
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		if c, version, err = find(tx); err != nil {
			return err
		}
		if err := by.on(version); err != nil {
			return err
		}
		if c.Issued.IsZero() {
			return conflict("not_issued", "The award is still being made.")
		}
		if c.Revoked != nil {
			return conflict("already_revoked", "The award was already revoked, on "+day(*c.Revoked)+", which is for good.")
		}
		now := Change{At: s.instant(), By: by.Actor, Reason: reason}
		if err := apply(&c, now); err != nil {
			return err
		}
		if err := credentials.Put(tx, &c, version); err != nil {
			return err
		}
		version++
		if err := by.Once.keep(tx, "", c, version); err != nil {
			return err
		}
		if err := setBit(tx, c.Slot.Revocation, c.Slot.Index, c.Revoked != nil); err != nil {
			return err
		}
		if err := setBit(tx, c.Slot.Suspension, c.Slot.Index, c.Suspended != nil); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: now.At, Actor: by.Actor, Action: action, Subject: c.ID, why: reason})
	})
	return c, version, stored(err)
}

func day(c Change) string { return c.At.UTC().Format("2 January 2006") }
