package issuer

import (
	"context"
	"time"
)

// Visible says whether the page and files of the award are shown at its addresses to whoever has them. Whoever has the file can check it
// in any case: what that takes is published apart.
func (c *Credential) Visible() bool {
	return c.Erased == nil && (c.Access == AccessUnlisted || c.Access == AccessPublic)
}

// Claim records that the earner took an award, by any of its names. One that was held is seen from then on by whoever has its address.
// Claiming it again changes nothing. Kind conflict: it is being made (not_issued), revoked (already_revoked) or erased (erased).
func (s *Service) Claim(ctx context.Context, id, actor string) (Credential, error) {
	return s.access(ctx, id, "credential.claimed", actor, func(c *Credential, now time.Time) (changed bool, err error) {
		if c.Revoked != nil {
			return false, conflict("already_revoked", "The award was revoked, on "+day(*c.Revoked)+", which is for good.")
		}
		if !c.Claimed.IsZero() {
			return false, nil
		}
		if c.Claimed = now; c.Access == AccessHeld {
			c.Access = AccessUnlisted
		}
		return true, nil
	})
}

// SetAccess changes who sees the page of an award, as the earner chooses: unlisted, public or off. Setting what is set changes
// nothing. Kind conflict: it waits to be claimed (held), is being made (not_issued) or erased (erased).
func (s *Service) SetAccess(ctx context.Context, id string, a Access, actor string) (Credential, error) {
	if a != AccessUnlisted && a != AccessPublic && a != AccessOff {
		return Credential{}, invalid("access", "The page of an award is unlisted, public or off.")
	}
	return s.access(ctx, id, "credential.access", actor, func(c *Credential, _ time.Time) (changed bool, err error) {
		if c.Access == AccessHeld {
			return false, conflict("held", "The award waits to be claimed by its earner.")
		}
		changed = c.Access != a
		c.Access = a
		return changed, nil
	})
}

// access changes what the earner decides about an award.
func (s *Service) access(ctx context.Context, id, action, actor string, apply func(c *Credential, now time.Time) (changed bool, err error)) (c Credential, err error) {
	err = s.store.Update(ctx, func(tx Tx) error {
		var version uint64
		if c, version, err = s.find(tx, id); err != nil {
			return err
		}
		if c.Issued.IsZero() {
			return conflict("not_issued", "The award is still being made.")
		}
		if c.Erased != nil {
			return conflict("erased", "The award was erased, on "+day(*c.Erased)+", which is for good.")
		}
		now := s.instant()
		changed, err := apply(&c, now)
		if err != nil || !changed {
			return err
		}
		if err := credentials.Put(tx, &c, version); err != nil {
			return err
		}
		e := AuditEntry{At: now, Actor: actor, Action: action, Subject: c.ID}
		if action != string(EventClaimed) {
			if e.Detail = string(c.Access); c.Access == AccessUnlisted {
				e.Detail = "unlisted"
			}
			return record(tx, e)
		}
		if err := record(tx, e); err != nil {
			return err
		}
		return s.observe(tx, Event{Type: EventClaimed, Organisation: c.Organisation, Subject: c.ID, Actor: actor, Credential: &c})
	})
	return c, stored(err)
}
