package issuer

import (
	"errors"
	"time"
)

// What is said of proposals to those who wait for one or decide on one.

// Scope is what somebody has to be allowed to do who decides on a proposal.
func (p *Proposal) Scope() Scope {
	switch p.Kind {
	case ProposalSettings:
		return ScopeIssuerWrite
	case ProposalErase:
		return ScopeCredentialsErase
	}
	return ScopeCredentialsWrite
}

// AllowableBy says whether a person who may do this may allow a proposal, as long as it is open; see [Workspace.Allow].
func (p *Proposal) AllowableBy(tx Tx, actor string, may func(Scope) bool) (bool, error) {
	if !may(p.Scope()) {
		return false, nil
	}
	err := p.second(tx, actor)
	var refused *Error
	if errors.As(err, &refused) && refused.Kind == KindDenied {
		return false, nil
	}
	return err == nil, err
}

// OpenProposals returns the open proposals of an organisation that a person who may do this may allow, the newest first, and most of them
// at the most.
func OpenProposals(tx Tx, organisation, actor string, may func(Scope) bool, now time.Time, most int) (open []Proposal, err error) {
	for q := (Query{By: "state", Value: organisation + "/" + string(ProposalOpen), Limit: 100, Backward: true}); ; {
		page, next, err := proposals.List(tx, q)
		if err != nil {
			return nil, err
		}
		for _, p := range page {
			if !now.Before(p.Expires) {
				continue
			}
			is, err := p.AllowableBy(tx, actor, may)
			if err != nil {
				return nil, err
			}
			if is {
				open = append(open, p.Proposal)
			}
			if len(open) == most {
				return open, nil
			}
		}
		if q.After = next; next == "" {
			return open, nil
		}
	}
}

// Extent is what a proposal is about, without what it says of people.
type Extent struct {
	Kind        ProposalKind // of a batch what is done with its rows: award or revoke
	Awards      int          // how many awards it is about; 0 for settings, and for a person of whom there is none
	Achievement string       // name of what they are awards of; "" where there are several
}

// Extent looks up what a proposal is about that is open, or is being decided. What is not there any more is left out.
func (p *Proposal) Extent(tx Tx) (e Extent, err error) {
	e.Kind = p.Kind
	achievement := ""
	switch {
	case p.Award != nil:
		e.Awards, achievement = 1, p.Award.Achievement
	case p.Credential != "":
		c, _, err := credentials.Get(tx, p.Credential)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return e, err
		}
		e.Awards, achievement = 1, c.Achievement
	case p.Batch != "":
		b, _, err := batches.Get(tx, p.Batch)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return e, err
		}
		e.Awards, achievement, e.Kind = b.Total-b.Rejected, b.Achievement, ProposalAward
		if b.Kind == BatchRevoke {
			e.Kind = ProposalRevoke
		}
	default:
		e.Awards = len(p.Awards)
	}
	if achievement == "" {
		return e, nil
	}
	a, _, err := achievements.Get(tx, achievement)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	e.Achievement = a.Name
	return e, err
}
