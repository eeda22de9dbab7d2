package issuer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/laurelbadges/laurel/credential/status"
)

// StatusChange is a new status of a credential that [Workspace.Sign] has signed, or of an award.
type StatusChange struct {
	Name    string // of the credential, as in SignInput; the id or address of an award
	Purpose string // revocation or suspension
	Index   string // the place that the caller has read in the entry; "" is not compared
	List    string // the list that the caller has read in the entry; "" is not compared
	Set     bool
}

// reasonless is why the status of an award was changed where no reason can be given.
var reasonless = Cause{Code: ReasonOther, Reason: "Changed by a program that gave no reason."}

// SetStatus changes the status of a credential. Setting what is set already changes nothing. A revocation is for good: taking it
// back has kind conflict, code already_revoked, as has every other change after it. A credential without a status entry of this
// purpose has kind invalid, code no_status; one that is not known kind missing. Where revoking needs a second person it has kind denied,
// code second_person.
func (w Workspace) SetStatus(ctx context.Context, c StatusChange, by Write) error {
	if c.Purpose != status.PurposeRevocation && c.Purpose != status.PurposeSuspension {
		return invalid("purpose", "A status is for revocation or for suspension.")
	}
	id := documentID(w.organisation, c.Name)
	err := w.service.store.Update(ctx, func(tx Tx) error {
		d, version, err := signedDocuments.Get(tx, id)
		if err == nil && d.Signed.IsZero() {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		if d.Slot == nil || !slices.Contains(d.Purposes, c.Purpose) {
			return invalid("no_status", "The credential was signed without a status entry of this purpose.")
		}
		if err := w.service.named(c, *d.Slot); err != nil {
			return err
		}
		now := Change{At: w.service.instant(), By: by.Actor}
		action, list, err := d.change(c, now)
		if err != nil || action == "" {
			return err
		}
		if d.Revoked != nil {
			if err := needsSecond(tx, w.organisation, ActRevoke); err != nil {
				return aloneDocument(err, "To revoke needs a second person here, and nobody can propose it of a document that is no award. Suspend it instead.")
			}
		}
		if err := signedDocuments.Put(tx, &d, version); err != nil {
			return err
		}
		if err := setBit(tx, list, d.Slot.Index, c.Set); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: now.At, Actor: by.Actor, Action: action, Subject: d.Digest, Detail: list})
	})
	if errors.Is(err, ErrNotFound) {
		return w.setAwardStatus(ctx, c, by)
	}
	return stored(err)
}

// change sets the member for a purpose and names the act and the list; no act when nothing changes.
func (d *signedDocument) change(c StatusChange, now Change) (action, list string, err error) {
	revoking := c.Purpose == status.PurposeRevocation
	switch {
	case revoking && c.Set == (d.Revoked != nil), !revoking && c.Set == (d.Suspended != nil):
		return "", "", nil
	case d.Revoked != nil:
		return "", "", conflict("already_revoked", "The credential was already revoked, on "+day(*d.Revoked)+", which is for good.")
	case revoking:
		d.Revoked = &now
		return "document.revoked", d.Slot.Revocation, nil
	case c.Set:
		d.Suspended = &now
		return "document.suspended", d.Slot.Suspension, nil
	}
	d.Suspended = nil
	return "document.reinstated", d.Slot.Suspension, nil
}

// named refuses a change that names another place than the credential has.
func (s *Service) named(c StatusChange, slot Slot) error {
	entry := s.statusMember(c.Purpose, slot)
	if c.Index != "" && c.Index != entry["statusListIndex"] || c.List != "" && c.List != entry["statusListCredential"] {
		return invalid("entry", fmt.Sprintf("The status entry for %s of this credential is at another place of another list.", c.Purpose))
	}
	return nil
}

// setAwardStatus is SetStatus for an award.
func (w Workspace) setAwardStatus(ctx context.Context, c StatusChange, by Write) error {
	find := func(tx Tx) (Credential, uint64, error) {
		award, version, err := w.service.find(tx, c.Name)
		return award, version, w.ours(award.Organisation, err)
	}
	var award Credential
	err := w.service.store.View(ctx, func(tx Tx) (err error) {
		award, _, err = find(tx)
		return err
	})
	if err != nil {
		return stored(err)
	}
	if err := w.service.named(c, award.Slot); err != nil {
		return err
	}
	switch revoked := award.Revoked != nil; {
	case c.Purpose == status.PurposeRevocation && c.Set && !revoked:
		_, _, err = w.service.revoke(ctx, w.alone(ActRevoke, find), reasonless, by)
	case c.Purpose == status.PurposeRevocation && !c.Set && revoked:
		err = conflict("already_revoked", "The award was already revoked, on "+day(*award.Revoked)+", which is for good.")
	case c.Purpose == status.PurposeSuspension && c.Set && award.Suspended == nil:
		_, _, err = w.service.suspend(ctx, find, reasonless, by)
	case c.Purpose == status.PurposeSuspension && !c.Set && award.Suspended != nil:
		_, _, err = w.service.reinstate(ctx, find, by)
	}
	return err
}
