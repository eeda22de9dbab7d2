package people

import (
	"context"
	"errors"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// Membership is the role of an account in an organisation.
type Membership struct {
	Organisation string    `json:"organisation"` // Organisation.ID
	Account      string    `json:"account"`      // Account.ID
	Role         Role      `json:"role"`
	Since        time.Time `json:"since"`
}

var memberships = issuer.Table[Membership]{
	Kind:    issuer.Kind{Name: "membership", Lookups: []string{"organisation", "account", "owned"}},
	Key:     func(m *Membership) string { return membershipID(m.Organisation, m.Account) },
	Order:   func(m *Membership) string { return issuer.Sortable(m.Since) },
	Lookups: func(m *Membership) []string { return []string{m.Organisation, m.Account, m.owned()} },
}

func membershipID(organisation, account string) string { return organisation + "/" + account }

// owned is the organisation of which it makes the account an owner.
func (m *Membership) owned() string {
	if m.Role == RoleOwner {
		return m.Organisation
	}
	return ""
}

const (
	noOrganisation = "There is no issuer of this name here." // the same for one that others have
	noMember       = "There is no member of this id here."
)

// allowed returns the membership by which somebody may do this. To whoever is no member the organisation does not exist.
func allowed(tx issuer.Tx, by, organisation string, scope issuer.Scope) (Membership, error) {
	m, _, err := memberships.Get(tx, membershipID(organisation, by))
	if err != nil {
		return Membership{}, orMissing(err, noOrganisation)
	}
	if _, _, err := active(tx, by); err != nil {
		return Membership{}, err
	}
	if !m.Role.May(scope) {
		return Membership{}, denied("role", "Your role does not allow this. An owner of the issuer can.")
	}
	return m, nil
}

// Authorize returns the membership by which an account may do this in an organisation. It has kind missing for whoever is no member, as
// for an organisation that does not exist, and kind denied, code role, when the role does not allow it.
func (s *Service) Authorize(ctx context.Context, account, organisation string, scope issuer.Scope) (m Membership, err error) {
	err = s.view(ctx, func(tx issuer.Tx) error {
		m, err = allowed(tx, account, organisation, scope)
		return err
	})
	return m, err
}

// Memberships returns what an account is where, the oldest first.
func (s *Service) Memberships(ctx context.Context, account string) (all []Membership, err error) {
	err = s.view(ctx, func(tx issuer.Tx) error {
		all, err = issuer.Every(tx, memberships, "account", account)
		return err
	})
	return all, err
}

// Member is a membership with its account.
type Member struct {
	Membership
	Account Account
}

// Members returns the members of an organisation, the oldest first.
func (s *Service) Members(ctx context.Context, by, organisation string) ([]Member, error) {
	return s.members(ctx, s.person(by), organisation)
}

func (s *Service) members(ctx context.Context, by agent, organisation string) (members []Member, err error) {
	err = s.view(ctx, func(tx issuer.Tx) error {
		if err := by.may(tx, organisation, issuer.ScopePeopleRead); err != nil {
			return err
		}
		all, err := issuer.Every(tx, memberships, "organisation", organisation)
		if err != nil {
			return err
		}
		members = make([]Member, len(all))
		for i, m := range all {
			members[i].Membership = m
			if members[i].Account, _, err = accounts.Get(tx, m.Account); err != nil {
				return err
			}
		}
		return nil
	})
	return members, err
}

// SetRole gives a member another role. When that may invite nobody any more, the invitations that they made end; and so do the tokens that
// they stand behind and that may do more than the role, see [Service.TokensOf]. The last owner stays one: kind conflict, code last_owner.
func (s *Service) SetRole(ctx context.Context, by, organisation, account string, role Role) (Membership, error) {
	return s.setRole(ctx, s.person(by), organisation, account, role)
}

func (s *Service) setRole(ctx context.Context, by agent, organisation, account string, role Role) (m Membership, err error) {
	if err := role.check(); err != nil {
		return Membership{}, err
	}
	err = s.update(ctx, func(tx issuer.Tx) error {
		if err := by.may(tx, organisation, issuer.ScopePeopleWrite); err != nil {
			return err
		}
		var version uint64
		if m, version, err = memberships.Get(tx, membershipID(organisation, account)); err != nil {
			return orMissing(err, noMember)
		}
		if err := by.over(m.Role, role); err != nil {
			return err
		}
		if m.Role == role {
			return by.once.KeepIn(tx, m, 0)
		}
		if m.Role == RoleOwner {
			if err := anotherOwner(tx, organisation, account); err != nil {
				return err
			}
		}
		m.Role = role
		if err := memberships.Put(tx, &m, version); err != nil {
			return err
		}
		if err := s.endTokens(tx, by, organisation, account, role); err != nil {
			return err
		}
		if !role.May(issuer.ScopePeopleWrite) {
			if err := s.withdrawAll(tx, by, organisation, account); err != nil {
				return err
			}
		}
		if err := by.once.KeepIn(tx, m, 0); err != nil {
			return err
		}
		return s.recordIn(tx, organisation, by.name(), "member.changed", account, role)
	})
	return m, err
}

// RemoveMember ends a membership, the invitations that the account made here and nobody accepted, the tokens that it stands behind here,
// see [Service.TokensOf], and its sessions where it is a member of nothing else. Whoever leaves by themselves needs no permission. The last owner stays: kind conflict, code last_owner.
func (s *Service) RemoveMember(ctx context.Context, by, organisation, account string) error {
	return s.removeMember(ctx, s.person(by), organisation, account)
}

func (s *Service) removeMember(ctx context.Context, by agent, organisation, account string) error {
	return s.update(ctx, func(tx issuer.Tx) error {
		if by.account != account {
			if err := by.may(tx, organisation, issuer.ScopePeopleWrite); err != nil {
				return err
			}
		}
		m, _, err := memberships.Get(tx, membershipID(organisation, account))
		switch {
		case errors.Is(err, issuer.ErrNotFound) && by.account == account:
			return missing(noOrganisation)
		case err != nil:
			return orMissing(err, noMember)
		}
		if err := by.over(m.Role); err != nil {
			return err
		}
		if m.Role == RoleOwner {
			if err := anotherOwner(tx, organisation, account); err != nil {
				return err
			}
		}
		if err := tx.Delete(memberships.Kind, membershipID(organisation, account)); err != nil {
			return err
		}
		if err := s.withdrawAll(tx, by, organisation, account); err != nil {
			return err
		}
		if err := s.endTokens(tx, by, organisation, account, ""); err != nil {
			return err
		}
		rest, _, err := memberships.List(tx, issuer.Query{By: "account", Value: account, Limit: 1})
		if err != nil {
			return err
		}
		if len(rest) == 0 { // roles are read at each request, so that no session is left here; elsewhere it is nobody's business
			if err := endSessions(tx, account, ""); err != nil {
				return err
			}
		}
		if err := by.once.KeepIn(tx, nil, 0); err != nil {
			return err
		}
		return s.recordIn(tx, organisation, by.name(), "member.removed", account, m.Role)
	})
}

// join makes an account a member.
func (s *Service) join(tx issuer.Tx, organisation, account string, role Role, by string) (Membership, error) {
	m := Membership{Organisation: organisation, Account: account, Role: role, Since: s.instant()}
	_, _, err := memberships.Get(tx, membershipID(organisation, account))
	if err == nil {
		return Membership{}, conflict("already_member", "This account is a member already. An owner can change its role.")
	} else if !errors.Is(err, issuer.ErrNotFound) {
		return Membership{}, err
	}
	if err := memberships.Put(tx, &m, 0); err != nil {
		return Membership{}, err
	}
	return m, s.recordIn(tx, organisation, by, "member.joined", account, role)
}

// owners are the accounts that can be used and own an organisation.
func owners(tx issuer.Tx, organisation string) (list []string, err error) {
	all, err := issuer.Every(tx, memberships, "owned", organisation)
	for _, m := range all {
		a, _, err := accounts.Get(tx, m.Account)
		if err != nil {
			return nil, err
		}
		if a.usable() == nil {
			list = append(list, m.Account)
		}
	}
	return list, err
}

// anotherOwner refuses when nobody but this account owns an organisation.
func anotherOwner(tx issuer.Tx, organisation, account string) error {
	list, err := owners(tx, organisation)
	if err != nil {
		return err
	}
	for _, owner := range list {
		if owner != account {
			return nil
		}
	}
	return conflict("last_owner", "An issuer needs an owner, and this is the last one. Make somebody else an owner first.")
}

// replaceable refuses when an account is the last owner of any organisation.
func replaceable(tx issuer.Tx, account string) error {
	all, err := issuer.Every(tx, memberships, "account", account)
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.Role == RoleOwner {
			if err := anotherOwner(tx, m.Organisation, account); err != nil {
				return err
			}
		}
	}
	return nil
}

// Administers says whether an account administers the installation: the owners of its first organisation do. They make organisations,
// and look after accounts.
func (s *Service) Administers(ctx context.Context, account string) (bool, error) {
	err := s.administering(ctx, account, s.view, func(issuer.Tx) error { return nil })
	var refused *issuer.Error
	if errors.As(err, &refused) && refused.Code == codeNotAdministrator {
		return false, nil
	}
	return err == nil, err
}

const codeNotAdministrator = "administrator"

// administering runs fn in a transaction if an account administers the installation.
func (s *Service) administering(ctx context.Context, by string, run func(context.Context, func(issuer.Tx) error) error, fn func(issuer.Tx) error) error {
	first, err := s.first(ctx)
	if err != nil {
		return err
	}
	return run(ctx, func(tx issuer.Tx) error {
		m, _, err := memberships.Get(tx, membershipID(first.ID, by))
		if err != nil && !errors.Is(err, issuer.ErrNotFound) {
			return err
		}
		if m.Role != RoleOwner {
			return denied(codeNotAdministrator, "Only owners of the first issuer of this installation may do this.")
		}
		if _, _, err := active(tx, by); err != nil {
			return err
		}
		return fn(tx)
	})
}

// first is the first organisation.
func (s *Service) first(ctx context.Context) (issuer.Organisation, error) {
	all, err := s.office.Organisations(ctx)
	if err != nil {
		return issuer.Organisation{}, err
	}
	if len(all) == 0 {
		return issuer.Organisation{}, missing("There is no issuer here yet.")
	}
	return all[0], nil
}

// CreateOrganisation makes an organisation, of which the account, an administrator of the installation, becomes the owner.
func (s *Service) CreateOrganisation(ctx context.Context, by, name, email string) (issuer.Organisation, error) {
	if err := s.administering(ctx, by, s.view, func(issuer.Tx) error { return nil }); err != nil {
		return issuer.Organisation{}, err
	}
	o, err := s.office.CreateOrganisation(ctx, name, email, actor(by))
	if err != nil {
		return issuer.Organisation{}, err
	}
	return o, s.Adopt(ctx, by, o.ID) // after a crash in between, it stands in Ownerless
}

// Ownerless returns the organisations that have no owner whose account can be used, such as those that were made on the command line,
// to an administrator of the installation.
func (s *Service) Ownerless(ctx context.Context, by string) (list []issuer.Organisation, err error) {
	all, err := s.office.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	err = s.administering(ctx, by, s.view, func(tx issuer.Tx) error {
		list = nil
		for _, o := range all {
			some, err := owners(tx, o.ID)
			if err != nil {
				return err
			}
			if len(some) == 0 {
				list = append(list, o)
			}
		}
		return nil
	})
	return list, err
}

// Adopt makes an administrator of the installation the owner of an organisation that has none. One that has an owner is missing, as it
// is nobody else's to see.
func (s *Service) Adopt(ctx context.Context, by, organisation string) error {
	if err := s.administering(ctx, by, s.view, func(issuer.Tx) error { return nil }); err != nil { // before it is told what exists
		return err
	}
	if _, err := s.office.Organisation(ctx, organisation); err != nil {
		return orMissing(err, noOrganisation)
	}
	return s.administering(ctx, by, s.update, func(tx issuer.Tx) error {
		some, err := owners(tx, organisation)
		if err != nil {
			return err
		}
		if len(some) > 0 {
			return missing(noOrganisation)
		}
		m, version, err := memberships.Get(tx, membershipID(organisation, by))
		if errors.Is(err, issuer.ErrNotFound) {
			_, err = s.join(tx, organisation, by, RoleOwner, actor(by))
			return err
		} else if err != nil {
			return err
		}
		m.Role = RoleOwner
		if err := memberships.Put(tx, &m, version); err != nil {
			return err
		}
		return s.recordIn(tx, organisation, actor(by), "member.changed", by, RoleOwner)
	})
}
