package issuer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// FinishDrafts completes the awards that were begun longer ago than a duration and have no signed forms: those of a process that was
// killed beside this one. It gives none up, which is left to starts, and takes away what is left of batches that were never opened.
// Completing an award that another process completes at the same time does no harm.
func (s *Service) FinishDrafts(ctx context.Context, olderThan time.Duration) (Opening, error) {
	found, err := s.finishDrafts(ctx, s.now().Add(-olderThan), false)
	if err != nil {
		return found, err
	}
	return found, s.dropUnopened(ctx)
}

// finishDrafts completes the awards that a crash left between intent and signature, in the order in which they were begun. One
// that cannot be completed, or read, stands in the way of no other and of no start; only a store that cannot be read at all, or the end
// of ctx, does. It leaves those alone that were begun after the instant before, unless that is zero; with burning it gives up what cannot be
// signed.
func (s *Service) finishDrafts(ctx context.Context, before time.Time, burning bool) (Opening, error) {
	var found Opening
	var failed []error
	for q := (Query{By: "draft", Value: inAll}); ; {
		var drafts []Credential
		var next string
		err := s.store.View(ctx, func(tx Tx) (err error) {
			drafts, next, err = credentials.List(tx, q)
			drafts = slices.DeleteFunc(drafts, func(c Credential) bool { return !before.IsZero() && c.Intended.After(before) })
			if err == nil && len(drafts) > 0 {
				err = s.clockHolds(tx)
			}
			return err
		})
		if errors.Is(err, ErrDamaged) && (q.Limit != 1 || !q.Backward) { // come as near to it as can be, from both sides
			if q.Limit != 1 {
				q.Limit = 1
			} else {
				q = Query{By: q.By, Value: q.Value, Backward: true}
			}
			continue
		}
		if refusal := (*Error)(nil); errors.As(err, &refusal) || errors.Is(err, ErrDamaged) {
			found.Unfinished = errors.Join(append(failed, stored(err))...)
			return found, nil
		}
		if err != nil {
			return Opening{}, stored(err)
		}
		for _, draft := range drafts {
			_, err := s.complete(ctx, draft)
			if ctx.Err() != nil {
				return Opening{}, ctx.Err()
			}
			if err == nil {
				found.Finished++
				continue
			}
			if errors.Is(err, ErrNotFound) { // another process gave it up
				continue
			}
			burned, unknown := false, error(nil)
			if burning {
				burned, unknown = s.burn(ctx, draft, err)
			}
			if burned {
				found.Burned++
				err = fmt.Errorf("giving up the award %s, which nobody has received: %w", draft.ID, err)
			} else {
				err = fmt.Errorf("completing the award %s: %w", draft.ID, errors.Join(err, unknown))
			}
			failed = append(failed, err)
		}
		if q.After = next; next == "" {
			found.Unfinished = errors.Join(failed...)
			return found, nil
		}
	}
}

const (
	lastTry  = 5         // the try after which a draft that cannot be signed is given up
	tryEvery = time.Hour // tries of less time are one: many processes may start at once
)

// burn counts that a draft could not be signed, or that its signed form did not pass the check, once an hour at most, and gives it up
// at the last try: the award was never made, so its record goes. The audit log keeps its id and why; its place in the status lists is
// not given again. What may work later, such as a key or a disk that is away, is not counted.
func (s *Service) burn(ctx context.Context, draft Credential, cause error) (burned bool, err error) {
	refusal := (*Error)(nil)
	if !errors.As(cause, &refusal) || refusal.Code != codeSelfCheck && refusal.Code != codeSigning {
		return false, nil
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		burned = false
		c, version, err := credentials.Get(tx, draft.ID)
		if errors.Is(err, ErrNotFound) || err == nil && !c.Issued.IsZero() { // another process gave it up, or has completed it
			return nil
		}
		if err != nil {
			return err
		}
		now := s.now().UTC()
		if since := now.Sub(c.Tried.Last); since.Abs() < tryEvery {
			return nil
		}
		c.Tried.Count++
		c.Tried.Last = now
		action := "credential.tried"
		if burned = c.Tried.Count >= lastTry; burned {
			action = "credential.burned"
			err = tx.Delete(credentials.Kind, c.ID)
		} else {
			err = credentials.Put(tx, &c, version)
		}
		if err != nil {
			return err
		}
		return record(tx, AuditEntry{At: now, Actor: "laurel", Action: action, Subject: c.ID, Detail: refusal.Code})
	})
	return burned && err == nil, err
}
