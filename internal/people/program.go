package people

import (
	"context"
	"slices"

	"github.com/laurelbadges/laurel/issuer"
)

// agent is who acts on the people of an organisation.
type agent struct {
	account string        // Account.ID; "" for a program
	token   *issuer.Token // of a program
	once    *issuer.Once  // keeps the answer to what is done; nil: none
}

// person is somebody who acts, and keeps the answer where Once has told.
func (s *Service) person(account string) agent { return agent{account: account, once: s.once} }

// id is how records name the agent.
func (a agent) id() string {
	if a.token != nil {
		return a.name()
	}
	return a.account
}

// name is that of the agent in the audit log.
func (a agent) name() string {
	if a.token != nil {
		return a.token.Actor()
	}
	return actor(a.account)
}

// may refuses who may not do this in an organisation. To whoever has nothing to do with it the organisation does not exist.
func (a agent) may(tx issuer.Tx, organisation string, scope issuer.Scope) error {
	switch {
	case a.token == nil:
		_, err := allowed(tx, a.account, organisation, scope)
		return err
	case a.token.Organisation != organisation:
		return missing(noOrganisation)
	case !a.token.May(scope):
		return denied("role", "The token does not allow this.")
	}
	return nil
}

// over refuses a program that would give or take a role which may do more than the program itself, or that of an owner: whoever has got
// hold of a token must not get hold of the organisation. Of people only owners come so far.
func (a agent) over(roles ...Role) error {
	for _, r := range roles {
		switch {
		case a.token == nil:
		case r == RoleOwner:
			return denied("beyond", "A token can neither make an owner nor take that away. An owner can.")
		case slices.ContainsFunc(r.Scopes(), func(s issuer.Scope) bool { return !a.token.May(s) }):
			return denied("beyond", "A token can neither give nor take a role that may do more than the token itself.")
		}
	}
	return nil
}

// Program is what the holder of a token does with the people of its organisation, as far as the scopes of the token go. The methods are
// those of [Service] of the same names.
type Program struct {
	service *Service
	agent   agent
}

// Program returns what the holder of a token can do, which has to be one that [issuer.Service.Authenticate] has returned.
func (s *Service) Program(t issuer.Token) Program { return Program{s, agent{token: &t}} }

// Once returns a Program whose next act keeps its answer in its transaction, see [issuer.Once]; with nil it keeps none. What is kept is the
// [Membership] of SetRole, the [Invitation] of Invite, without the link, and nil of the others.
func (p Program) Once(once *issuer.Once) Program {
	p.agent.once = once
	return p
}

// Members is [Service.Members].
func (p Program) Members(ctx context.Context) ([]Member, error) {
	return p.service.members(ctx, p.agent, p.agent.token.Organisation)
}

// SetRole is [Service.SetRole]. A role that may do more than the token, and that of an owner, has kind denied, code beyond.
func (p Program) SetRole(ctx context.Context, account string, role Role) (Membership, error) {
	return p.service.setRole(ctx, p.agent, p.agent.token.Organisation, account, role)
}

// RemoveMember is [Service.RemoveMember]. A member who may do more than the token, and an owner, has kind denied, code beyond.
func (p Program) RemoveMember(ctx context.Context, account string) error {
	return p.service.removeMember(ctx, p.agent, p.agent.token.Organisation, account)
}

// Invitations is [Service.Invitations].
func (p Program) Invitations(ctx context.Context) ([]Invitation, error) {
	return p.service.invitations(ctx, p.agent, p.agent.token.Organisation)
}

// Invite is [Service.Invite]. A role that may do more than the token, and that of an owner, has kind denied, code beyond.
func (p Program) Invite(ctx context.Context, in InvitationInput) (made Invitation, link string, err error) {
	in.Organisation = p.agent.token.Organisation
	return p.service.invite(ctx, p.agent, in)
}

// Withdraw is [Service.Withdraw].
func (p Program) Withdraw(ctx context.Context, id string) error {
	return p.service.withdrawOne(ctx, p.agent, p.agent.token.Organisation, id)
}
