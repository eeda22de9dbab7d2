package people

import (
	"context"
	"errors"

	"github.com/laurelbadges/laurel/issuer"
)

// AskAddress sends a link to a new address of an account, which proves it within an hour. Nothing changes before it is used. That the
// address has another account already is not told: nothing is sent then. At most 5 such links are open at once.
func (s *Service) AskAddress(ctx context.Context, account, email string) error {
	email, err := checkEmail(email)
	if err != nil {
		return err
	}
	if s.mail == nil {
		return conflict("no_mail", sendsNothing)
	}
	if !s.askedTo.allow(account) || !s.askedTo.allow(email) { // no id is an address
		return hurried()
	}
	return s.update(ctx, func(tx issuer.Tx) error {
		a, _, err := active(tx, account)
		if err != nil {
			return err
		}
		if _, err := byEmail(tx, email); err == nil {
			return s.pretend(tx)
		} else if !errors.Is(err, issuer.ErrNotFound) {
			return err
		}
		open, err := s.openLinks(tx, a.ID)
		if err != nil {
			return err
		}
		if open >= mostLinks {
			return conflict("links", "There are several such links on their way already. Use one of them, or wait until they have ended.")
		}
		token, expires, err := s.newLink(tx, link{Account: a.ID, Address: email}, addressLasts)
		if err != nil {
			return err
		}
		return s.mail(tx, Message{To: email, Person: a.Name, Kind: MessageAddress, Link: PathAddress + token, Language: a.Language, Expires: expires})
	})
}

// PeekAddress says whether a link of [Service.AskAddress] can be used, and changes nothing.
func (s *Service) PeekAddress(ctx context.Context, token string) error {
	return s.peek(ctx, token, (*link).proves)
}

// UseAddress gives an account its new address. Whoever uses the link has to be signed in with that account; to others it is missing. The
// links that were sent to the old address end.
func (s *Service) UseAddress(ctx context.Context, account, token string) (a Account, err error) {
	err = s.update(ctx, func(tx issuer.Tx) error {
		l, version, err := s.usableLink(tx, token, func(l *link) bool { return l.proves() && l.Account == account })
		if err != nil {
			return err
		}
		var accountVersion uint64
		if a, accountVersion, err = active(tx, account); err != nil {
			return err
		}
		if _, err := byEmail(tx, l.Address); err == nil {
			return conflict("email_taken", "Another account has got this address in the meantime.")
		} else if !errors.Is(err, issuer.ErrNotFound) {
			return err
		}
		a.Email, a.Proven = l.Address, true
		if err := accounts.Put(tx, &a, accountVersion); err != nil {
			return err
		}
		if err := s.spend(tx, l, version); err != nil {
			return err
		}
		if err := s.endLinks(tx, account, false); err != nil {
			return err
		}
		return s.record(tx, actor(account), "account.address-changed", account, "")
	})
	if err != nil {
		return Account{}, err
	}
	return a, nil
}
