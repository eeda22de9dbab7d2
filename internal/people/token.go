package people

import (
	"context"
	"slices"

	"github.com/laurelbadges/laurel/issuer"
)

// A token acts with the right of whoever made it. So it ends with that right: in the transaction in which somebody is removed, gets a role
// that may do less than the token, or loses their account.

// TokensOf returns the tokens of an organisation that work and that an account stands behind: those that it made, those that were made with
// these, and so on. They end with its membership. It tells who may remove the member, and the member.
func (s *Service) TokensOf(ctx context.Context, by, organisation, account string) (tokens []issuer.Token, err error) {
	err = s.view(ctx, func(tx issuer.Tx) error {
		scope := issuer.ScopePeopleWrite
		if by == account {
			scope = issuer.ScopeAchievementsRead // which every role has
		}
		if err := s.person(by).may(tx, organisation, scope); err != nil {
			return err
		}
		tokens, err = issuer.TokensBehind(tx, organisation, actor(account), s.now())
		return err
	})
	return tokens, err
}

// AllTokensOf returns the tokens of all organisations that work and that an account stands behind, to an administrator of the installation.
// They end when the account is disabled or deleted.
func (s *Service) AllTokensOf(ctx context.Context, by, account string) (tokens []issuer.Token, err error) {
	err = s.administering(ctx, by, s.view, func(tx issuer.Tx) error {
		tokens, err = issuer.TokensBehind(tx, "", actor(account), s.now())
		return err
	})
	return tokens, err
}

// MayMake is for [issuer.TokenInput.Allow]: it says in the transaction in which an account makes a token whether its role allows that still.
func (s *Service) MayMake(account, organisation string, scopes []issuer.Scope) func(tx issuer.Tx) error {
	return func(tx issuer.Tx) error {
		m, err := allowed(tx, account, organisation, issuer.ScopePeopleWrite)
		if err == nil && slices.ContainsFunc(scopes, beyond(m.Role)) {
			err = denied("scopes", "Nobody can let a token do what they may not do themselves.")
		}
		return err
	}
}

// beyond tells what a role does not allow.
func beyond(role Role) func(issuer.Scope) bool {
	return func(s issuer.Scope) bool { return !role.May(s) }
}

// endTokens revokes the tokens that an account stands behind in an organisation, "" is all, and that may do more than the role that it has
// from now on, "" is none. The invitations that were made with them end as well.
func (s *Service) endTokens(tx issuer.Tx, by agent, organisation, account string, role Role) error {
	tokens, err := issuer.TokensBehind(tx, organisation, actor(account), s.now())
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if !slices.ContainsFunc(t.Scopes, beyond(role)) {
			continue
		}
		if err := issuer.EndToken(tx, t.ID, s.instant(), by.name()); err != nil {
			return err
		}
		if err := s.withdrawAll(tx, by, t.Organisation, t.Actor()); err != nil {
			return err
		}
	}
	return nil
}
