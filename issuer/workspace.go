package issuer

import (
	"context"
	"errors"
	"slices"
)

// Workspace is what one organisation has in an installation, for those who act for it alone, such as the holder of a token.
// What belongs to another organisation is answered like what never existed: kind missing.
type Workspace struct {
	service      *Service
	organisation string
}

// Workspace returns that of the organisation with this id.
func (s *Service) Workspace(organisation string) Workspace { return Workspace{s, organisation} }

// Write says who writes, and on which terms.
type Write struct {
	Actor    string   // for the audit log; no e-mail address
	Versions []uint64 // the versions of the record that may be changed, else kind conflict, code version; nil: any
	Once     *Once    // makes the write repeatable; nil: not
}

func (w Write) on(version uint64) error {
	if w.Versions != nil && !slices.Contains(w.Versions, version) {
		return conflict("version", "It was changed since you looked at it. Please look again.")
	}
	return nil
}

// Organisation returns the organisation itself and the version of its record.
func (w Workspace) Organisation(ctx context.Context) (o Organisation, version uint64, err error) {
	err = w.service.store.View(ctx, func(tx Tx) error {
		o, version, err = organisations.Get(tx, w.organisation)
		return err
	})
	return o, version, stored(err)
}

// Credential returns an award by its id, with the version of its record.
func (w Workspace) Credential(ctx context.Context, id string) (c Credential, version uint64, err error) {
	err = w.service.store.View(ctx, func(tx Tx) error {
		c, version, err = credentials.Get(tx, id)
		return w.ours(c.Organisation, err)
	})
	return c, version, stored(err)
}

// ours hides what belongs to another organisation.
func (w Workspace) ours(organisation string, err error) error {
	if err == nil && organisation != w.organisation {
		return ErrNotFound
	}
	return err
}

// Issue is [Service.Issue] for this organisation. Under a repeatable write an earlier try that got as far as its intent is
// completed, and the award is returned as it was then, whatever has become of it. Kind denied, code second_person: see
// [Workspace.Propose].
func (w Workspace) Issue(ctx context.Context, in AwardInput, by Write) (Credential, error) {
	if c, done, err := w.again(ctx, by); done {
		return c, err
	}
	in.Organisation, in.Actor, in.Once = w.organisation, by.Actor, by.Once
	return w.service.issue(ctx, in, func(tx Tx, draft *Credential) error { return w.began(ctx, tx, draft) })
}

// again finds the award that an earlier try of a repeatable write has begun, and completes it; done says that there is one.
func (w Workspace) again(ctx context.Context, by Write) (c Credential, done bool, err error) {
	if by.Once == nil || by.Once.begun == "" {
		return c, false, nil
	}
	c, _, err = w.Credential(ctx, by.Once.begun)
	if err == nil && c.Issued.IsZero() {
		c, err = w.service.complete(ctx, c)
	}
	if errors.Is(err, ErrNotFound) { // an award that was given up is made anew
		return c, false, nil
	}
	c.Revoked, c.Suspended, c.SupersededBy = nil, nil, ""
	return c, true, err
}

// Revoke is [Service.Revoke] for this organisation; id is the id of the award. The cause needs a code, and a reason where the code is
// other. It returns the version of the record as well. Kind denied, code second_person: see [Workspace.Propose].
func (w Workspace) Revoke(ctx context.Context, id string, cause Cause, by Write) (Credential, uint64, error) {
	return w.service.revoke(ctx, w.alone(ActRevoke, w.named(id)), cause, by)
}

// Suspend is [Service.Suspend] for this organisation. The cause needs a code.
func (w Workspace) Suspend(ctx context.Context, id string, cause Cause, by Write) (Credential, uint64, error) {
	return w.service.suspend(ctx, w.named(id), cause, by)
}

// Reinstate is [Service.Reinstate] for this organisation.
func (w Workspace) Reinstate(ctx context.Context, id string, by Write) (Credential, uint64, error) {
	return w.service.reinstate(ctx, w.named(id), by)
}

func (w Workspace) named(id string) finder {
	return func(tx Tx) (Credential, uint64, error) {
		c, version, err := credentials.Get(tx, id)
		return c, version, w.ours(c.Organisation, err)
	}
}

// StatusList is what there is to know of a status list beside its bits.
type StatusList struct {
	ID      string // the {list} of /status/{list}
	URL     string
	Purpose string // revocation or suspension
}

// StatusLists returns the status lists of the organisation, none before its first award.
func (w Workspace) StatusLists(ctx context.Context) ([]StatusList, error) {
	var ours []StatusList
	err := w.service.store.View(ctx, func(tx Tx) error {
		ours = nil
		all, err := Every(tx, statusLists, "organisation", w.organisation)
		for _, l := range all {
			ours = append(ours, StatusList{ID: l.ID, URL: listURL(w.service.base, l.ID), Purpose: l.Purpose})
		}
		return err
	})
	return ours, stored(err)
}
