package people

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// Method is how somebody signed in.
type Method string

// All ways to sign in.
const (
	ByLink       Method = "link"       // a link that was sent to their address, or that the operator made
	ByInvitation Method = "invitation" // a link that invited them
	ByPasskey    Method = "passkey"
	ByProvider   Method = "provider" // of OpenID Connect
)

// Proof says that somebody has just proven who they are. Only this package makes one, and [Service.Begin] takes it.
type Proof struct {
	account string
	how     Method
}

// Account is the id of the account; "" for no proof at all.
func (p Proof) Account() string { return p.account }

// signedIn records that somebody signed in.
func (s *Service) signedIn(tx issuer.Tx, p Proof) error {
	return s.record(tx, actor(p.account), "account.signed-in", p.account, string(p.how))
}

// link is a link that signs its holder in, once. Its token is not kept with it; where it is mailed it stands in the message until that
// is delivered, or given up.
type link struct {
	Digest  string    `json:"digest"`            // of the token
	Account string    `json:"account,omitempty"` // forFirst for the link that makes the first account
	Address string    `json:"address,omitempty"` // it is to prove this new address of the account, and signs nobody in
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Used    time.Time `json:"used,omitzero"`  // it is kept for a day, to say so
	Ended   bool      `json:"ended,omitzero"` // another took its place
}

var links = issuer.Table[link]{
	Kind:    issuer.Kind{Name: "sign-in-link", Lookups: []string{"all", "account"}},
	Key:     func(l *link) string { return l.Digest },
	Order:   func(l *link) string { return issuer.Sortable(l.Expires) },
	Lookups: func(l *link) []string { return []string{inAll, l.Account} },
}

const (
	linkLasts    = 15 * time.Minute
	firstLasts   = 24 * time.Hour
	addressLasts = time.Hour
	spentKept    = 24 * time.Hour // how long after its end a link can still be told from one that never was
	mostLinks    = 5              // that an account has at once, so that nobody floods a mailbox
	forFirst     = "/first"       // no id begins like this
	decoy        = "/decoy"
	sendsNothing = "This installation sends no mail."
)

// newLink puts a link and returns its token.
func (s *Service) newLink(tx issuer.Tx, l link, lasts time.Duration) (token string, expires time.Time, err error) {
	token, l.Digest = newToken()
	l.Created = s.instant()
	l.Expires = l.Created.Add(lasts)
	return token, l.Expires, links.Put(tx, &l, 0)
}

// AskLink sends a link to sign in, which lasts 15 minutes, to an address, if it has an account that can be used. Whether it has is told
// neither by the answer nor by what is done: a record is written either way. At most 5 links of an account are open at once; one
// that is used ends the others. More than 5 asks a minute for one address, or from one client, have kind denied, code rate.
//
// Show the same sentence whatever the address; errors are about its form, the rate or the store.
func (s *Service) AskLink(ctx context.Context, email string, client netip.Addr) error {
	email, err := checkEmail(email)
	if err != nil {
		return err
	}
	if !s.askedBy.allow(client) || !s.askedTo.allow(email) { // in this order: a client that asks too often is no business of others
		return hurried()
	}
	return s.update(ctx, func(tx issuer.Tx) error {
		a, err := byEmail(tx, email)
		switch {
		case errors.Is(err, issuer.ErrNotFound):
			return s.pretend(tx)
		case err != nil:
			return err
		case a.usable() != nil || s.mail == nil:
			return s.pretend(tx)
		}
		open, err := s.openLinks(tx, a.ID)
		if err != nil {
			return err
		}
		if open >= mostLinks {
			return s.pretend(tx)
		}
		token, expires, err := s.newLink(tx, link{Account: a.ID}, linkLasts)
		if err != nil {
			return err
		}
		return s.mail(tx, Message{To: a.Email, Person: a.Name, Kind: MessageSignIn, Link: PathLink + token, Language: a.Language, Expires: expires})
	})
}

// pretend writes what nobody reads, so that the answer takes as long as when a link is made.
func (s *Service) pretend(tx issuer.Tx) error {
	l, version, err := links.Get(tx, decoy)
	if err != nil && !errors.Is(err, issuer.ErrNotFound) {
		return err
	}
	l.Digest, l.Created = decoy, s.now().UTC()
	l.Expires = l.Created
	return links.Put(tx, &l, version)
}

// openLinks counts the links of an account that can be used.
func (s *Service) openLinks(tx issuer.Tx, account string) (open int, err error) {
	all, err := issuer.Every(tx, links, "account", account)
	for i := range all {
		if all[i].usable(s.now()) == nil {
			open++
		}
	}
	return open, err
}

// usable says why a link cannot be used.
func (l *link) usable(now time.Time) error {
	switch {
	case !l.Used.IsZero():
		return conflict("link_used", "This link was used already. It works once: sign in, or ask for another.")
	case l.Ended:
		return conflict("link_ended", "Another link took the place of this one. Use the newest, or ask for another.")
	case !now.Before(l.Expires):
		return conflict("link_expired", "This link has ended. Ask for another.")
	}
	return nil
}

// usableLink returns the link of a token that can be used for what it is asked for.
func (s *Service) usableLink(tx issuer.Tx, token string, fits func(*link) bool) (link, uint64, error) {
	l, version, err := links.Get(tx, digestOf(token))
	if err != nil {
		return link{}, 0, orMissing(err, noLink)
	}
	if !fits(&l) {
		return link{}, 0, missing(noLink)
	}
	return l, version, l.usable(s.now())
}

const noLink = "This link is not known here. Ask for another, and open it as it is in the message."

func (l *link) signsIn() bool { return l.Account != forFirst && l.Address == "" }
func (l *link) first() bool   { return l.Account == forFirst }
func (l *link) proves() bool  { return l.Address != "" }

// PeekLink returns the address of the account that a link would sign in, and changes nothing: programs that look at mail open every
// link. Show a button that calls [Service.UseLink].
func (s *Service) PeekLink(ctx context.Context, token string) (email string, err error) {
	err = s.view(ctx, func(tx issuer.Tx) error {
		l, _, err := s.usableLink(tx, token, (*link).signsIn)
		if err != nil {
			return err
		}
		a, _, err := active(tx, l.Account)
		email = a.Email
		return err
	})
	if err != nil {
		return "", err
	}
	return email, nil
}

func (s *Service) peek(ctx context.Context, token string, fits func(*link) bool) error {
	return s.view(ctx, func(tx issuer.Tx) error {
		_, _, err := s.usableLink(tx, token, fits)
		return err
	})
}

// UseLink uses a link to sign in, once. One that is unknown has kind missing; one that was used, has ended or expired kind conflict, code
// link_used, link_ended or link_expired.
func (s *Service) UseLink(ctx context.Context, token string) (proof Proof, err error) {
	err = s.update(ctx, func(tx issuer.Tx) error {
		l, version, err := s.usableLink(tx, token, (*link).signsIn)
		if err != nil {
			return err
		}
		a, accountVersion, err := active(tx, l.Account)
		if err != nil {
			return err
		}
		if err := prove(tx, a, accountVersion); err != nil {
			return err
		}
		if err := s.spend(tx, l, version); err != nil {
			return err
		}
		proof = Proof{account: a.ID, how: ByLink}
		return s.signedIn(tx, proof)
	})
	if err != nil {
		return Proof{}, err
	}
	return proof, nil
}

// spend marks a link as used, and ends the others of its account that are for the same.
func (s *Service) spend(tx issuer.Tx, l link, version uint64) error {
	l.Used = s.instant()
	if err := links.Put(tx, &l, version); err != nil {
		return err
	}
	return s.endLinks(tx, l.Account, l.Address != "")
}

// endLinks ends the links of an account that can be used: those that prove an address, or those that sign in.
func (s *Service) endLinks(tx issuer.Tx, account string, prove bool) error {
	all, err := issuer.Every(tx, links, "account", account)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.proves() != prove || other.usable(s.now()) != nil {
			continue
		}
		_, version, err := links.Get(tx, other.Digest)
		if err != nil {
			return err
		}
		other.Ended = true
		if err := links.Put(tx, &other, version); err != nil {
			return err
		}
	}
	return nil
}

// OperatorLink makes a link to sign in for the account of an address, for whoever has the command line of the server: where no mail is
// sent, or does not arrive. It lasts 15 minutes, and is to be given to whom the address belongs: using it proves the address, as a link
// that was mailed does, and if that is new all other ways to sign in with the account end. The account must exist and be usable.
func (s *Service) OperatorLink(ctx context.Context, email string) (text string, err error) {
	if email, err = checkEmail(email); err != nil {
		return "", err
	}
	err = s.update(ctx, func(tx issuer.Tx) error {
		a, err := byEmail(tx, email)
		if err != nil {
			return orMissing(err, "There is no account of this address here.")
		}
		if err := a.usable(); err != nil {
			return err
		}
		token, _, err := s.newLink(tx, link{Account: a.ID}, linkLasts)
		if err != nil {
			return err
		}
		text = s.base + PathLink + token
		return s.record(tx, operator, "account.link-made", a.ID, "")
	})
	if err != nil {
		return "", err
	}
	return text, nil
}

// FirstOwner makes a link, valid for 24 hours, that makes its holder the owner of the first organisation. The link of an earlier call
// ends. Once there is an account: kind conflict, code accounts_exist.
func (s *Service) FirstOwner(ctx context.Context) (text string, err error) {
	err = s.update(ctx, func(tx issuer.Tx) error {
		if err := nobody(tx); err != nil {
			return err
		}
		if err := s.endLinks(tx, forFirst, false); err != nil {
			return err
		}
		token, _, err := s.newLink(tx, link{Account: forFirst}, firstLasts)
		if err != nil {
			return err
		}
		text = s.base + PathFirst + token
		return s.record(tx, operator, "installation.owner-link-made", "this", "")
	})
	if err != nil {
		return "", err
	}
	return text, nil
}

// nobody refuses when there is an account.
func nobody(tx issuer.Tx) error {
	some, _, err := accounts.List(tx, issuer.Query{Limit: 1})
	if err == nil && len(some) > 0 {
		err = conflict("accounts_exist", "Somebody has an account here already. An owner of the issuer can invite others.")
	}
	return err
}

// PeekFirst says whether the link of [Service.FirstOwner] can be used, and changes nothing.
func (s *Service) PeekFirst(ctx context.Context, token string) error {
	return s.peek(ctx, token, (*link).first)
}

// FirstInput is what the first owner says about themselves.
type FirstInput struct {
	Email string
	PersonInput
}

// UseFirst makes the first account, the owner of the first organisation, for whoever has the link of [Service.FirstOwner]. The address is
// taken from them as it is: they have the command line of the server, or were sent by who has.
func (s *Service) UseFirst(ctx context.Context, token string, in FirstInput) (proof Proof, err error) {
	if in.Email, err = checkEmail(in.Email); err != nil {
		return Proof{}, err
	}
	if err := in.check(); err != nil {
		return Proof{}, err
	}
	first, err := s.first(ctx)
	if err != nil {
		return Proof{}, err
	}
	err = s.update(ctx, func(tx issuer.Tx) error {
		l, version, err := s.usableLink(tx, token, (*link).first)
		if err != nil {
			return err
		}
		if err := nobody(tx); err != nil {
			return err
		}
		if err := s.spend(tx, l, version); err != nil {
			return err
		}
		a, err := s.create(tx, in.Email, in.PersonInput, true)
		if err != nil {
			return err
		}
		if _, err := s.join(tx, first.ID, a.ID, RoleOwner, actor(a.ID)); err != nil {
			return err
		}
		proof = Proof{account: a.ID, how: ByLink}
		return s.signedIn(tx, proof)
	})
	if err != nil {
		return Proof{}, err
	}
	return proof, nil
}
