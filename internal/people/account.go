package people

import (
	"context"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// Account is a person who works here.
type Account struct {
	ID       string    `json:"id"`
	Email    string    `json:"email"` // in lower case; no two accounts have the same
	Name     string    `json:"name"`
	Language string    `json:"language,omitempty"` // BCP 47; "" is English
	Created  time.Time `json:"created"`
	Disabled time.Time `json:"disabled,omitzero"` // since when nobody can sign in with it; zero: it can be used
	// Proven says that the address is known to be theirs. It is not when whoever invited them was shown the link, as no mail was sent.
	Proven bool `json:"proven,omitempty"`
}

var accounts = issuer.Table[Account]{
	Kind:    issuer.Kind{Name: "account", Lookups: []string{"all", "email"}},
	Key:     func(a *Account) string { return a.ID },
	Order:   func(a *Account) string { return issuer.Sortable(a.Created) },
	Lookups: func(a *Account) []string { return []string{inAll, a.Email} },
}

const noAccount = "There is no account of this id here."

// byEmail returns the account of an address, or ErrNotFound.
func byEmail(tx issuer.Tx, email string) (Account, error) {
	found, _, err := accounts.List(tx, issuer.Query{By: "email", Value: email, Limit: 1})
	if err != nil {
		return Account{}, err
	}
	if len(found) == 0 {
		return Account{}, issuer.ErrNotFound
	}
	return found[0], nil
}

// active returns an account that can be used.
func active(tx issuer.Tx, id string) (Account, uint64, error) {
	a, version, err := accounts.Get(tx, id)
	if err != nil {
		return Account{}, 0, orMissing(err, noAccount)
	}
	return a, version, a.usable()
}

func (a *Account) usable() error {
	if !a.Disabled.IsZero() {
		return denied("account_disabled", "This account cannot be used any more. Ask an owner of the issuer.")
	}
	return nil
}

// PersonInput is what somebody says about themselves.
type PersonInput struct {
	Name     string
	Language string // BCP 47; "" is English
}

func (in *PersonInput) check() (err error) {
	if in.Name, err = checkName(in.Name, "An account"); err != nil {
		return err
	}
	return checkLanguage(in.Language)
}

// create makes an account for an address that has none.
func (s *Service) create(tx issuer.Tx, email string, in PersonInput, proven bool) (Account, error) {
	a := Account{ID: issuer.NewID(), Email: email, Name: in.Name, Language: in.Language, Created: s.instant(), Proven: proven}
	if err := accounts.Put(tx, &a, 0); err != nil {
		return Account{}, err
	}
	return a, s.record(tx, actor(a.ID), "account.created", a.ID, "")
}

// prove notes that the address of an account is that of whoever signs in now. If it was not known to be before, somebody else may have
// made the account: the ways to sign in that it has got meanwhile, and its sessions, end.
func prove(tx issuer.Tx, a Account, version uint64) error {
	if a.Proven {
		return nil
	}
	if err := endWays(tx, a.ID); err != nil {
		return err
	}
	a.Proven = true
	return accounts.Put(tx, &a, version)
}

// endWays takes out what somebody can sign in with, but the mailed link, and ends all sessions.
func endWays(tx issuer.Tx, account string) error {
	if err := deleteAll(tx, passkeys, account); err != nil {
		return err
	}
	if err := deleteAll(tx, identities, account); err != nil {
		return err
	}
	return endSessions(tx, account, "")
}

// deleteAll deletes all records of an account from a table that has this lookup.
func deleteAll[T any](tx issuer.Tx, t issuer.Table[T], account string) error {
	all, err := issuer.Every(tx, t, "account", account)
	for i := range all {
		if err == nil {
			err = tx.Delete(t.Kind, t.Key(&all[i]))
		}
	}
	return err
}

// Account returns an account (kind missing when there is none).
func (s *Service) Account(ctx context.Context, id string) (a Account, err error) {
	err = s.view(ctx, func(tx issuer.Tx) error {
		a, _, err = accounts.Get(tx, id)
		return orMissing(err, noAccount)
	})
	return a, err
}

// ChangeAccount changes what somebody says about themselves.
func (s *Service) ChangeAccount(ctx context.Context, account string, in PersonInput) (a Account, err error) {
	if err := in.check(); err != nil {
		return Account{}, err
	}
	err = s.update(ctx, func(tx issuer.Tx) error {
		var version uint64
		if a, version, err = active(tx, account); err != nil {
			return err
		}
		a.Name, a.Language = in.Name, in.Language
		if err := accounts.Put(tx, &a, version); err != nil {
			return err
		}
		return s.record(tx, actor(a.ID), "account.changed", a.ID, "")
	})
	return a, err
}

// AccountPage is a page of accounts.
type AccountPage struct {
	Accounts []Account
	Next     string // cursor of the page after; "" when there is none
}

// Accounts returns a page of all accounts, the first made first, to an administrator of the installation; see [Service.Administers].
func (s *Service) Accounts(ctx context.Context, by, after string, limit int) (page AccountPage, err error) {
	err = s.administering(ctx, by, s.view, func(tx issuer.Tx) error {
		page.Accounts, page.Next, err = accounts.List(tx, issuer.Query{By: "all", Value: inAll, After: after, Limit: limit})
		return err
	})
	return page, err
}

// DisableAccount ends the use of an account, with all its sessions, the invitations that it made and the tokens that it stands behind, for
// an administrator of the installation. The last owner of an organisation stays: kind conflict, code last_owner.
func (s *Service) DisableAccount(ctx context.Context, by, account string) error {
	return s.administering(ctx, by, s.update, func(tx issuer.Tx) error {
		a, version, err := accounts.Get(tx, account)
		switch {
		case err != nil:
			return orMissing(err, noAccount)
		case !a.Disabled.IsZero():
			return conflict("already_disabled", "The account was disabled already.")
		}
		if err := replaceable(tx, account); err != nil {
			return err
		}
		a.Disabled = s.instant()
		if err := accounts.Put(tx, &a, version); err != nil {
			return err
		}
		if err := endSessions(tx, account, ""); err != nil {
			return err
		}
		if err := deleteAll(tx, links, account); err != nil {
			return err
		}
		if err := s.withdrawEverywhere(tx, s.person(by), account); err != nil {
			return err
		}
		if err := s.endTokens(tx, s.person(by), "", account, ""); err != nil {
			return err
		}
		if err := s.once.KeepIn(tx, nil, 0); err != nil {
			return err
		}
		return s.record(tx, actor(by), "account.disabled", account, "")
	})
}

// EnableAccount lets an account be used again that was disabled. The tokens, invitations and sessions that ended then stay ended.
func (s *Service) EnableAccount(ctx context.Context, by, account string) error {
	return s.administering(ctx, by, s.update, func(tx issuer.Tx) error {
		a, version, err := accounts.Get(tx, account)
		switch {
		case err != nil:
			return orMissing(err, noAccount)
		case a.Disabled.IsZero():
			return conflict("not_disabled", "The account is not disabled.")
		}
		a.Disabled = time.Time{}
		if err := accounts.Put(tx, &a, version); err != nil {
			return err
		}
		if err := s.once.KeepIn(tx, nil, 0); err != nil {
			return err
		}
		return s.record(tx, actor(by), "account.enabled", account, "")
	})
}

// DeleteAccount erases an account with everything that speaks of the person, messages that were not sent yet among it, for themselves or
// for an administrator of the installation; anybody else is told that there is none. The invitations that it made end, and the tokens that it
// stands behind. Ids stay in the audit log. The last owner of an organisation stays: kind conflict, code last_owner.
func (s *Service) DeleteAccount(ctx context.Context, by, account string) error {
	erase := func(tx issuer.Tx) error {
		a, _, err := accounts.Get(tx, account)
		if err != nil {
			return orMissing(err, noAccount)
		}
		if err := replaceable(tx, account); err != nil {
			return err
		}
		if err := s.leaveAll(tx, s.person(by), account); err != nil {
			return err
		}
		if err := s.forgetAddresses(tx, a); err != nil {
			return err
		}
		if err := endWays(tx, account); err != nil {
			return err
		}
		if err := deleteAll(tx, links, account); err != nil {
			return err
		}
		open, err := issuer.Every(tx, invitations, "email", a.Email)
		for i := range open {
			if err == nil {
				err = s.erase(tx, s.person(by), open[i])
			}
		}
		if err != nil {
			return err
		}
		if err := s.once.KeepIn(tx, nil, 0); err != nil {
			return err
		}
		if err := tx.Delete(accounts.Kind, account); err != nil {
			return err
		}
		return s.record(tx, actor(by), "account.deleted", account, "")
	}
	if by == account {
		return s.update(ctx, erase)
	}
	return s.administering(ctx, by, s.update, erase)
}

// leaveAll ends the memberships of an account, each with its entry in the log of the organisation, and the invitations that it made.
func (s *Service) leaveAll(tx issuer.Tx, by agent, account string) error {
	if err := s.withdrawEverywhere(tx, by, account); err != nil {
		return err
	}
	if err := s.endTokens(tx, by, "", account, ""); err != nil {
		return err
	}
	all, err := issuer.Every(tx, memberships, "account", account)
	if err != nil {
		return err
	}
	for _, m := range all {
		if err := tx.Delete(memberships.Kind, membershipID(m.Organisation, account)); err != nil {
			return err
		}
		if err := s.recordIn(tx, m.Organisation, by.name(), "member.removed", account, m.Role); err != nil {
			return err
		}
	}
	return nil
}

// forgetAddresses has the messages forgotten that are on their way to an account, also those to an address that it would have.
func (s *Service) forgetAddresses(tx issuer.Tx, a Account) error {
	if s.forget == nil {
		return nil
	}
	asked, err := issuer.Every(tx, links, "account", a.ID)
	if err != nil {
		return err
	}
	addresses := []string{a.Email}
	for _, l := range asked {
		if l.proves() {
			addresses = append(addresses, l.Address)
		}
	}
	for _, address := range addresses {
		if err := s.forget(tx, address); err != nil {
			return err
		}
	}
	return nil
}
