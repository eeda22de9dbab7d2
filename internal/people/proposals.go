package people

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

// Observe is told of proposals, in their transactions: see [issuer.Config]. A message is asked for to every member who may allow one that
// was made, and to the member who made one that was decided or has ended. Programs have no address, and are not told.
func (s *Service) Observe(tx issuer.Tx, e issuer.Event) error {
	switch {
	case s.gather == nil, e.Proposal == nil:
		return nil
	case e.Type == issuer.EventProposed:
		return s.wait(tx, e.Proposal)
	case e.Type == issuer.EventDecided && e.Proposal.State != issuer.ProposalWithdrawn:
		return s.decided(tx, e.Proposal)
	}
	return nil
}

func (s *Service) wait(tx issuer.Tx, p *issuer.Proposal) error {
	all, err := issuer.Every(tx, memberships, "organisation", p.Organisation)
	if err != nil {
		return err
	}
	for _, m := range all {
		is, err := p.AllowableBy(tx, actor(m.Account), m.Role.May)
		if err != nil {
			return err
		}
		if !is {
			continue
		}
		if err := s.tell(tx, m, mail.Message{Template: mail.Waiting}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) decided(tx issuer.Tx, p *issuer.Proposal) error {
	account, person := strings.CutPrefix(p.By, actorPrefix)
	if !person {
		return nil
	}
	m, _, err := memberships.Get(tx, membershipID(p.Organisation, account))
	if errors.Is(err, issuer.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	about, err := p.Extent(tx)
	if err != nil {
		return err
	}
	return s.tell(tx, m, mail.Message{Template: mail.Decided, Count: 1, State: string(p.State), Code: string(about.Kind), Awards: about.Awards, Title: about.Achievement,
		Link: pathProposals(p.Organisation) + "/" + p.ID})
}

// tell asks for a message to a member whose account can be used, and whose address is known to be theirs. An account that cannot be read
// stops nobody's act.
func (s *Service) tell(tx issuer.Tx, m Membership, what mail.Message) error {
	a, _, err := accounts.Get(tx, m.Account)
	switch {
	case errors.Is(err, issuer.ErrNotFound), errors.Is(err, issuer.ErrDamaged):
		return nil
	case err != nil || !a.reached():
		return err
	}
	what.To, what.Organisation, what.About = a.Email, m.Organisation, string(what.Template)+"/"+membershipID(m.Organisation, m.Account)
	return s.gather(tx, what)
}

// reached says that the account can be used, and its address is known to be theirs.
func (a *Account) reached() bool { return a.usable() == nil && a.Proven }

func pathProposals(organisation string) string { return "/console/" + organisation + "/proposals" }

// Complete adds to a message of Observe what is so when it is sent: to whom it goes, and what waits for them. Whoever is no member any
// more, or has nothing to decide, gets none: the error is [mail.ErrObsolete].
//
// Messages are not erased where they arrive. So none of them names or describes a person whom an award is for, says why something is asked
// for, or gives the name of a batch, which may do either.
func (s *Service) Complete(ctx context.Context, m *mail.Message) error {
	_, member, _ := strings.Cut(m.About, "/")
	_, account, _ := strings.Cut(member, "/")
	o, err := s.office.Organisation(ctx, m.Organisation)
	if errors.Is(err, issuer.ErrNotFound) {
		return mail.ErrObsolete
	}
	if err != nil {
		return fmt.Errorf("reading the issuer of a message: %w", err)
	}
	err = s.view(ctx, func(tx issuer.Tx) error {
		belongs, _, err := memberships.Get(tx, member)
		if err != nil {
			return err
		}
		a, _, err := accounts.Get(tx, account)
		switch {
		case err != nil:
			return err
		case !a.reached():
			return mail.ErrObsolete
		}
		m.To, m.Name, m.Issuer, m.Language = a.Email, a.Name, o.Name, a.Language
		if m.Language == "" {
			m.Language = o.Settings.Language
		}
		if m.Template == mail.Waiting {
			return s.waits(tx, belongs, m)
		}
		return nil
	})
	switch {
	case errors.Is(err, issuer.ErrNotFound), errors.Is(err, mail.ErrObsolete):
		return mail.ErrObsolete
	case err != nil:
		return fmt.Errorf("completing a message about proposals: %w", err)
	}
	if m.Count > 1 {
		m.Link = pathProposals(o.ID)
		if m.Template == mail.Decided {
			m.Link += "?state=all"
		}
	}
	return nil
}

// waits adds what waits for a member, and says more of the newest.
func (s *Service) waits(tx issuer.Tx, member Membership, m *mail.Message) error {
	open, err := issuer.OpenProposals(tx, member.Organisation, actor(member.Account), member.Role.May, s.now(), mail.MostCounted+1)
	if err != nil {
		return err
	}
	if len(open) == 0 {
		return mail.ErrObsolete
	}
	p := &open[0]
	about, err := p.Extent(tx)
	if err != nil {
		return err
	}
	m.Count, m.Code, m.Awards, m.Title, m.Due, m.Link = len(open), string(about.Kind), about.Awards, about.Achievement, p.Expires, pathProposals(p.Organisation)+"/"+p.ID
	kind, id, _ := strings.Cut(p.By, ":")
	switch m.By = kind; kind {
	case "account":
		a, _, err := accounts.Get(tx, id)
		if err != nil && !errors.Is(err, issuer.ErrNotFound) {
			return err
		}
		m.Other = a.Name // "" for a former member
	case "token":
		m.Other = id
	}
	return nil
}
