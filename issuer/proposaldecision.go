package issuer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// openProposal reads a proposal of the organisation that can be decided.
func (w Workspace) openProposal(tx Tx, id string) (heldProposal, uint64, error) {
	p, version, err := proposals.Get(tx, id)
	if err = w.ours(p.Organisation, err); err != nil {
		return p, 0, err
	}
	if p.State != ProposalOpen {
		return p, 0, conflict("decided", fmt.Sprintf("The proposal is not open any more: it was %s on %s.", p.State, p.Decided.Format("2 January 2006")))
	}
	if !w.service.now().Before(p.Expires) {
		return p, 0, conflict("proposal_expired", "The proposal has expired, because nobody decided in time. Propose it anew.")
	}
	return p, version, nil
}

// decide ends a proposal in the transaction of what follows from it.
func (s *Service) decide(tx Tx, p heldProposal, version uint64, state ProposalState, by Write) error {
	if err := by.on(version); err != nil {
		return err
	}
	p.State, p.Decided, p.DecidedBy = state, s.now().UTC(), by.Actor
	told := p.Proposal
	said := p // without what it says of people
	if said.erase(); !p.underWay() {
		p = said
	}
	if err := proposals.Put(tx, &p, version); err != nil {
		return err
	}
	if err := by.Once.keep(tx, "", said.Proposal, version+1); err != nil {
		return err
	}
	err := record(tx, AuditEntry{At: p.Decided, Actor: by.Actor, Action: "proposal." + string(state), Subject: p.ID, Organisation: p.Organisation, Detail: strings.TrimSpace(string(p.Kind) + " " + p.Result)})
	if err != nil {
		return err
	}
	return s.observe(tx, Event{Type: EventDecided, Organisation: p.Organisation, Subject: p.ID, Actor: by.Actor, Proposal: &told})
}

// Allow does what was proposed, once: the proposal is allowed in the transaction of the act, or with the intent of an award, which is
// then signed as by [Workspace.Issue]. Only a person allows, and another than who asked, or than who made the token of the program that
// asked (kind denied, code same_person or program). Settings that were changed since are not changed back (kind conflict, code version). What
// cannot be done any more ends the proposal as failed; its error is returned as well. All that is kept of a person is erased after the
// proposal was allowed, some awards at a time: where that is cut short, [Service.SweepProposals] goes on with it. by.Once gets the
// [Proposal].
func (w Workspace) Allow(ctx context.Context, id string, by Write) (Proposal, error) {
	if isProgram(by.Actor) {
		return Proposal{}, &Error{Kind: KindDenied, Code: "program", Detail: "A program cannot be the second person: let a person allow it."}
	}
	before, _, err := w.Proposal(ctx, id)
	if err != nil {
		return Proposal{}, err
	}
	switch {
	case before.Amendment != nil, before.Renewal != nil:
		err = w.allowSuccessor(ctx, before, by)
	case before.Kind == ProposalErase && before.Credential != "":
		err = w.allowErasure(ctx, before, by)
	default:
		err = w.allow(ctx, id, by)
	}
	if err == nil && before.Address != "" {
		// It is allowed, whatever becomes of this: what is left is erased later.
		_ = w.service.eraseAllowed(context.WithoutCancel(ctx), id)
	}
	err = stored(err)
	if failed := undoable(err); failed != nil {
		if err := w.fail(ctx, id, failed, by); err != nil {
			return Proposal{}, err
		}
	}
	after, _, left := w.Proposal(context.WithoutCancel(ctx), id)
	if err == nil {
		err = left
	}
	return after, err
}

// allow does what was proposed in the transaction that ends the proposal, and then signs an award.
func (w Workspace) allow(ctx context.Context, id string, by Write) error {
	var draft Credential // of an award
	err := w.service.store.Update(ctx, func(tx Tx) error {
		draft = Credential{}
		p, version, err := w.allowing(tx, id, by)
		if err != nil {
			return err
		}
		if err := w.perform(tx, &p, &draft, Write{Actor: by.Actor}); err != nil {
			return deed{err}
		}
		return w.service.decide(tx, p, version, ProposalAllowed, by)
	})
	if err == nil && draft.ID != "" {
		_, err = w.service.complete(context.WithoutCancel(ctx), draft) // as by Issue: what is left is completed later
	}
	return err
}

// allowSuccessor makes an award in the place of another, and ends the proposal in the transaction that begins it.
func (w Workspace) allowSuccessor(ctx context.Context, p Proposal, by Write) error {
	ended := false // the transaction got as far as the end of the proposal
	allowed := context.WithValue(ctx, allowance{}, func(tx Tx, award string) error {
		ended = true
		p, version, err := w.allowing(tx, p.ID, by)
		if err != nil {
			return err
		}
		p.Result = award
		return w.service.decide(tx, p, version, ProposalAllowed, by)
	})
	var err error
	if p.Amendment != nil {
		_, err = w.Amend(allowed, p.Credential, *p.Amendment, Write{Actor: by.Actor})
	} else {
		_, err = w.Renew(allowed, p.Credential, *p.Renewal, Write{Actor: by.Actor})
	}
	if err != nil && !ended {
		return deed{err}
	}
	return err
}

// allowErasure erases an award in the transaction that ends the proposal.
func (w Workspace) allowErasure(ctx context.Context, p Proposal, by Write) error {
	award := w.named(p.Credential)
	early, err := w.service.earlyReasons(ctx, award)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	return w.service.store.Update(ctx, func(tx Tx) error {
		p, version, err := w.allowing(tx, p.ID, by)
		if err != nil {
			return err
		}
		if _, err := w.service.eraseIn(tx, award, early, p.Cause.Reason, p.ID, Write{Actor: by.Actor}); err != nil {
			return deed{stored(err)}
		}
		p.Result = p.Credential
		return w.service.decide(tx, p, version, ProposalAllowed, by)
	})
}

// erasedAtOnce is how many awards one transaction erases: some hundredths of a second, in which nothing else is written.
const erasedAtOnce = 100

// eraseAllowed erases what was proposed of a person and allowed: the awards that were there when it was proposed, and what is planned and
// proposed for them; last of all the address in the proposal, which says until then that there is something left to do.
func (s *Service) eraseAllowed(ctx context.Context, id string) error {
	var p heldProposal
	err := s.store.View(ctx, func(tx Tx) (err error) {
		p, _, err = proposals.Get(tx, id)
		return err
	})
	if err != nil || !p.underWay() {
		return stored(err)
	}
	w, by := s.Workspace(p.Organisation), Write{Actor: p.DecidedBy}
	for some := range slices.Chunk(p.Awards, erasedAtOnce) {
		early := make([][]uint64, len(some))
		for i, id := range some {
			if early[i], err = s.earlyReasons(ctx, w.named(id)); err != nil && !errors.Is(err, ErrNotFound) {
				return stored(err)
			}
		}
		err := s.store.Update(ctx, func(tx Tx) error {
			for i, id := range some {
				_, err := s.eraseIn(tx, w.named(id), early[i], p.Cause.Reason, p.ID, by)
				if err != nil && !errors.Is(err, ErrNotFound) { // something may be gone by now
					return err
				}
			}
			return nil
		})
		if err != nil {
			return stored(err)
		}
	}
	return s.ForgetRecipient(ctx, p.Organisation, p.Address, p.DecidedBy)
}

// allowing reads an open proposal for somebody who may allow it.
func (w Workspace) allowing(tx Tx, id string, by Write) (heldProposal, uint64, error) {
	p, version, err := w.openProposal(tx, id)
	if err != nil {
		return p, version, err
	}
	return p, version, p.second(tx, by.Actor)
}

// second refuses whoever asked for it themselves, or stands behind who did: they cannot allow it.
func (p *Proposal) second(tx Tx, actor string) error {
	asked, err := maker(tx, p.By)
	switch {
	case err != nil:
	case p.By == actor:
		err = &Error{Kind: KindDenied, Code: "same_person", Detail: "Who asked for it cannot allow it: it needs a second person."}
	case asked == actor:
		err = &Error{Kind: KindDenied, Code: "same_person", Detail: "A program asked for it with a token that you made, so somebody else has to allow it."}
	case p.Handed != "":
		err = p.secondHanded(tx, actor)
	}
	return err
}

// secondHanded refuses whoever made the link over which an earner asked, where one person must not do alone what was asked for.
func (p *Proposal) secondHanded(tx Tx, actor string) error {
	handed, err := maker(tx, p.Handed)
	if err != nil || handed != actor {
		return err
	}
	var second *Error
	if err = needsSecond(tx, p.Organisation, p.Act); errors.As(err, &second) && second.Code == codeSecond {
		err = &Error{Kind: KindDenied, Code: "same_person", Detail: "It was asked for with a link that you handed out, so somebody else has to allow it."}
	}
	return err
}

// deed is an error of the act that was proposed, not of the proposal.
type deed struct{ error }

func (d deed) Unwrap() error { return d.error }

// perform does what was proposed and names the result. Of an award that is the intent, which is left in draft.
func (w Workspace) perform(tx Tx, p *heldProposal, draft *Credential, by Write) error {
	switch p.Kind {
	case ProposalAward:
		in := *p.Award
		in.Organisation, in.Actor = w.organisation, by.Actor
		badge, err := w.service.badge(in)
		if err == nil {
			begun, beginErr := w.service.intend(tx, in, badge)
			*draft, err = begun.Credential, beginErr
		}
		p.Result = draft.ID
		return err
	case ProposalRevoke:
		_, _, err := w.service.revokeIn(tx, w.named(p.Credential), *p.Cause, by)
		p.Result = p.Credential
		return err
	case ProposalBatch:
		_, err := w.service.confirmBatch(tx, w.batch(p.Batch), p.SkipRejected, by)
		p.Result = p.Batch
		return err
	case ProposalErase: // of a person, which begins when it is allowed
		return nil
	case ProposalSettings:
		_, _, err := w.service.configureIn(tx, w.organisation, by, func(tx Tx, o *Organisation) error {
			now, err := o.configuration().digest()
			if err != nil {
				return err
			}
			if now != p.Before {
				return conflict("version", "The settings were changed since this was proposed. Propose it anew.")
			}
			if err := renamed(tx, o, *p.Configuration); err != nil {
				return err
			}
			o.become(*p.Configuration)
			return nil
		})
		return err
	}
	return internal("proposal", "It is not known how to do what was proposed.", nil)
}

// undoable returns why what was proposed will never be done; nil where another try may help.
func undoable(err error) *Error {
	var of deed
	var refusal *Error
	if !errors.As(err, &of) || !errors.As(of.error, &refusal) {
		return nil
	}
	switch refusal.Kind {
	case KindInvalid, KindMissing:
		return refusal
	case KindConflict:
		if refusal.Code != "changed" && refusal.Code != "not_issued" {
			return refusal
		}
	}
	return nil
}

// fail ends a proposal that was allowed and cannot be done.
func (w Workspace) fail(ctx context.Context, id string, why *Error, by Write) error {
	return stored(w.service.store.Update(ctx, func(tx Tx) error {
		p, version, err := w.allowing(tx, id, by)
		if err != nil {
			return err
		}
		p.Code, p.Problem = why.Code, why.Detail
		return w.service.decide(tx, p, version, ProposalFailed, Write{Actor: by.Actor})
	}))
}

// Refuse says no to a proposal, with a note for who asked. Another person than who asked refuses; who asked withdraws. by.Once gets the
// [Proposal].
func (w Workspace) Refuse(ctx context.Context, id, note string, by Write) (Proposal, error) {
	note = strings.TrimSpace(note)
	if len(note) > longestNote || !plainText(note) {
		return Proposal{}, invalid("note", "The note is longer than 2000 bytes or not valid text.")
	}
	return w.end(ctx, id, by, func(p *heldProposal) (ProposalState, error) {
		if p.By == by.Actor {
			return "", &Error{Kind: KindDenied, Code: "same_person", Detail: "Who asked for it cannot refuse it, but can withdraw it."}
		}
		p.Note = note
		return ProposalRefused, nil
	})
}

// Withdraw takes a proposal back; only who made it can do so (kind denied, code other_person). by.Once gets the [Proposal].
func (w Workspace) Withdraw(ctx context.Context, id string, by Write) (Proposal, error) {
	return w.end(ctx, id, by, func(p *heldProposal) (ProposalState, error) {
		if p.By != by.Actor {
			return "", &Error{Kind: KindDenied, Code: "other_person", Detail: "Only who made the proposal can withdraw it. Refuse it instead."}
		}
		return ProposalWithdrawn, nil
	})
}

func (w Workspace) end(ctx context.Context, id string, by Write, decide func(*heldProposal) (ProposalState, error)) (p Proposal, err error) {
	err = w.service.store.Update(ctx, func(tx Tx) error {
		held, version, err := w.openProposal(tx, id)
		if err != nil {
			return err
		}
		state, err := decide(&held)
		if err != nil {
			return err
		}
		if err := w.service.decide(tx, held, version, state, by); err != nil {
			return err
		}
		held, _, err = proposals.Get(tx, id)
		p = held.Proposal
		return err
	})
	return p, stored(err)
}
