package issuer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// FinishDrafts completes the awards that were begun longer ago than a duration and have no signed forms: those of a process that was
// killed beside this one. It gives up those that were to take the place of an award that has come to another end; giving up what cannot
// be signed is left to starts. It takes away what is left of batches that were never opened, and the answers to repeatable writes that
// are kept no longer. Completing an award that another process completes at the same time does no harm.
func (s *Service) FinishDrafts(ctx context.Context, olderThan time.Duration) (Opening, error) {
	found, err := s.finishDrafts(ctx, s.now().Add(-olderThan), false)
	if err != nil {
		return found, err
	}
	if err := s.dropUnopened(ctx); err != nil {
		return found, err
	}
	return found, s.dropAnswers(ctx)
}

// finishDrafts completes the awards, and then the endorsements, that a crash left between intent and signature, in the order in which they were begun. One
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
			if err == nil {
				drafts, err = notStopped(tx, drafts)
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
			var overtaken gaveUp
			burned, unknown := errors.As(err, &overtaken), error(nil)
			if burning && !burned {
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
			break
		}
	}
	finished, left := s.finishEndorsements(ctx, before)
	if ctx.Err() != nil {
		return Opening{}, ctx.Err()
	}
	found.Finished += finished
	found.Unfinished = errors.Join(append(failed, left)...)
	return found, nil
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
		if burned = c.Tried.Count >= lastTry; burned {
			return s.giveUp(tx, &c, AuditEntry{Actor: "laurel", Detail: refusal.Code})
		}
		if err := credentials.Put(tx, &c, version); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: now, Actor: "laurel", Action: "credential.tried", Subject: c.ID, Detail: refusal.Code})
	})
	return burned && err == nil, err
}

// giveUp takes out a draft, with the texts about it: the award was never made, and nobody has received it. e says who gives it up and why;
// the audit log keeps that. Its place in the status lists is not given again.
func (s *Service) giveUp(tx Tx, c *Credential, e AuditEntry) error {
	e.At, e.Action, e.Subject, e.Organisation = s.now().UTC(), string(EventBurned), c.ID, c.Organisation
	if err := tx.Delete(credentials.Kind, c.ID); err != nil {
		return err
	}
	if err := eraseReasons(tx, c.ID, nil, AuditEntry{At: e.At, Actor: e.Actor, Organisation: c.Organisation}); err != nil {
		return err
	}
	if err := record(tx, e); err != nil {
		return err
	}
	return s.observe(tx, Event{Type: EventBurned, Organisation: c.Organisation, Subject: c.ID, Actor: e.Actor, Credential: c})
}
