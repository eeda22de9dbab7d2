package people

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// Invitation asks whoever has an address to join an organisation.
type Invitation struct {
	ID           string    `json:"id"`
	Organisation string    `json:"organisation"`
	Email        string    `json:"email"` // in lower case
	Role         Role      `json:"role"`
	Language     string    `json:"language,omitempty"` // in which they are written to
	By           string    `json:"by"`                 // Account.ID of who invited them, or the name of a program as in the audit log
	Created      time.Time `json:"created"`
	Expires      time.Time `json:"expires"`
	// Shown says that whoever invited them was shown the link, as no mail was sent: that somebody has it proves no address.
	Shown bool `json:"shown,omitempty"`
}

// invitation is the record of an Invitation. It is deleted when it was accepted, and when it was withdrawn: in the hour after it was
// made it counts until that is over.
type invitation struct {
	Invitation
	Digest    string `json:"digest"`              // of the token in its link; "" when it was withdrawn
	Withdrawn bool   `json:"withdrawn,omitempty"` // it can be accepted no more, and is shown to nobody
}

var invitations = issuer.Table[invitation]{
	Kind:    issuer.Kind{Name: "invitation", Lookups: []string{"all", "digest", "organisation", "email"}},
	Key:     func(i *invitation) string { return i.ID },
	Order:   func(i *invitation) string { return issuer.Sortable(i.Expires) },
	Lookups: func(i *invitation) []string { return []string{inAll, i.Digest, i.Organisation, i.Email} },
}

const (
	invitationLasts  = 7 * 24 * time.Hour
	mostInvitations  = 200 // of an organisation that are open, or were sent in the last hour
	mostSent         = 3   // to one address from one organisation within sentWithin, so that nobody floods a mailbox
	sentWithin       = time.Hour
	noInvitation     = "This invitation is not known here. It was accepted or withdrawn, or it has ended: ask for another."
	noInvitationHere = "There is no invitation of this id here."
)

// live says whether its time has not come yet.
func (i *invitation) live(now time.Time) bool { return !i.Withdrawn && now.Before(i.Expires) }

// sent says that it went out within the last while.
func (i *invitation) sent(now time.Time) bool { return now.Sub(i.Created) < sentWithin }

// InvitationInput says who is to be invited.
type InvitationInput struct {
	Organisation string // Organisation.ID
	Email        string
	Role         Role
	Language     string // in which to write to them; "" is that of the organisation
}

// Invite invites somebody by e-mail. Another invitation of the address to the organisation ends. The link, which lasts 7 days, goes to
// them alone; it is returned only where no mail is sent, and "" else. Kind conflict, code already_member, when the account of the
// address is a member; or code invited_often, when the organisation has written to the address three times in an hour.
func (s *Service) Invite(ctx context.Context, by string, in InvitationInput) (made Invitation, link string, err error) {
	return s.invite(ctx, s.person(by), in)
}

func (s *Service) invite(ctx context.Context, by agent, in InvitationInput) (made Invitation, link string, err error) {
	if in.Email, err = checkEmail(in.Email); err != nil {
		return Invitation{}, "", err
	}
	if err := in.Role.check(); err != nil {
		return Invitation{}, "", err
	}
	if err := checkLanguage(in.Language); err != nil {
		return Invitation{}, "", err
	}
	// Before anything is said of the organisation:
	if err := s.view(ctx, func(tx issuer.Tx) error { return by.may(tx, in.Organisation, issuer.ScopePeopleWrite) }); err != nil {
		return Invitation{}, "", err
	}
	if err := by.over(in.Role); err != nil {
		return Invitation{}, "", err
	}
	o, err := s.office.Organisation(ctx, in.Organisation)
	if err != nil {
		return Invitation{}, "", err
	}
	if in.Language == "" {
		in.Language = o.Settings.Language
	}
	token, digest := newToken()
	now := s.instant()
	i := invitation{Digest: digest, Invitation: Invitation{
		ID: issuer.NewID(), Organisation: o.ID, Email: in.Email, Role: in.Role, Language: in.Language, By: by.id(), Created: now, Expires: now.Add(invitationLasts), Shown: s.mail == nil,
	}}
	err = s.update(ctx, func(tx issuer.Tx) error {
		if err := by.may(tx, o.ID, issuer.ScopePeopleWrite); err != nil {
			return err
		}
		if a, err := byEmail(tx, in.Email); err == nil {
			if _, _, err := memberships.Get(tx, membershipID(o.ID, a.ID)); err == nil {
				return conflict("already_member", "Whoever has this address is a member already. Their role can be changed.")
			} else if !errors.Is(err, issuer.ErrNotFound) {
				return err
			}
		} else if !errors.Is(err, issuer.ErrNotFound) {
			return err
		}
		open, err := issuer.Every(tx, invitations, "organisation", o.ID)
		if err != nil {
			return err
		}
		count, written := 0, 0
		for k := range open {
			before := &open[k]
			if before.Email == in.Email && before.sent(now) {
				written++
			}
			switch {
			case before.Email == in.Email && !before.Withdrawn:
				if err := s.withdraw(tx, by, *before); err != nil {
					return err
				}
			case before.live(now), before.Withdrawn && before.sent(now):
				count++
			}
		}
		if s.mail != nil && written >= mostSent {
			return conflict("invited_often", "This address was invited three times within an hour. Wait an hour before you write to it again.")
		}
		if count >= mostInvitations {
			return conflict("invitations", "200 invitations are open already, or were sent in the last hour. Withdraw some, wait until they are accepted, or wait an hour.")
		}
		if err := invitations.Put(tx, &i, 0); err != nil {
			return err
		}
		if s.mail != nil {
			m := Message{To: i.Email, Kind: MessageInvitation, Link: PathInvitation + token, Organisation: o.ID, Name: o.Name, Role: i.Role, Language: i.Language, Expires: i.Expires}
			if err := s.mail(tx, m); err != nil {
				return err
			}
		}
		if err := by.once.KeepIn(tx, i.Invitation, 0); err != nil {
			return err
		}
		return s.recordIn(tx, o.ID, by.name(), "invitation.made", i.ID, i.Role)
	})
	if err != nil {
		return Invitation{}, "", err
	}
	if s.mail == nil {
		link = s.base + PathInvitation + token
	}
	return i.Invitation, link, nil
}

// Invitations returns the open invitations of an organisation, the first made first.
func (s *Service) Invitations(ctx context.Context, by, organisation string) ([]Invitation, error) {
	return s.invitations(ctx, s.person(by), organisation)
}

func (s *Service) invitations(ctx context.Context, by agent, organisation string) (open []Invitation, err error) {
	err = s.view(ctx, func(tx issuer.Tx) error {
		if err := by.may(tx, organisation, issuer.ScopePeopleRead); err != nil {
			return err
		}
		all, err := issuer.Every(tx, invitations, "organisation", organisation)
		open = nil
		for _, i := range all {
			if i.live(s.now()) {
				open = append(open, i.Invitation)
			}
		}
		return err
	})
	return open, err
}

// Withdraw ends an open invitation: its link is worth nothing from now on.
func (s *Service) Withdraw(ctx context.Context, by, organisation, id string) error {
	return s.withdrawOne(ctx, s.person(by), organisation, id)
}

func (s *Service) withdrawOne(ctx context.Context, by agent, organisation, id string) error {
	return s.update(ctx, func(tx issuer.Tx) error {
		if err := by.may(tx, organisation, issuer.ScopePeopleWrite); err != nil {
			return err
		}
		i, _, err := invitations.Get(tx, id)
		if err != nil {
			return orMissing(err, noInvitationHere)
		}
		if i.Organisation != organisation || i.Withdrawn {
			return missing(noInvitationHere)
		}
		if err := by.once.KeepIn(tx, nil, 0); err != nil {
			return err
		}
		return s.withdraw(tx, by, i)
	})
}

func (s *Service) withdraw(tx issuer.Tx, by agent, i invitation) error {
	if s.mail == nil || !i.sent(s.now()) {
		return s.erase(tx, by, i)
	}
	_, version, err := invitations.Get(tx, i.ID)
	if err != nil {
		return err
	}
	i.Withdrawn, i.Digest, i.Expires = true, "", i.Created.Add(sentWithin)
	if err := invitations.Put(tx, &i, version); err != nil {
		return err
	}
	return s.recordIn(tx, i.Organisation, by.name(), "invitation.withdrawn", i.ID, i.Role)
}

// erase takes out an invitation, and everything that it says of an address.
func (s *Service) erase(tx issuer.Tx, by agent, i invitation) error {
	if err := tx.Delete(invitations.Kind, i.ID); err != nil || i.Withdrawn { // that was told when it was
		return err
	}
	return s.recordIn(tx, i.Organisation, by.name(), "invitation.withdrawn", i.ID, i.Role)
}

// withdrawAll withdraws what somebody, an account or a program as records name it, has made in an organisation.
func (s *Service) withdrawAll(tx issuer.Tx, by agent, organisation, maker string) error {
	all, err := issuer.Every(tx, invitations, "organisation", organisation)
	for _, i := range all {
		if err == nil && i.By == maker {
			err = s.erase(tx, by, i)
		}
	}
	return err
}

// withdrawEverywhere withdraws what an account has made in all organisations.
func (s *Service) withdrawEverywhere(tx issuer.Tx, by agent, account string) error {
	all, err := issuer.Every(tx, memberships, "account", account)
	for _, m := range all {
		if err == nil {
			err = s.withdrawAll(tx, by, m.Organisation, account)
		}
	}
	return err
}

// upheld says whether an invitation can still be accepted: it has not ended, and whoever made it may still invite to its organisation. Of
// a program its token must not be revoked, and who stands behind the token may do so still.
func (s *Service) upheld(tx issuer.Tx, i *invitation) (bool, error) {
	if !i.live(s.now()) {
		return false, nil
	}
	account := i.By
	if id, program := issuer.TokenOf(i.By); program { // no id of an account looks like one
		t, behind, err := issuer.TokenIn(tx, id)
		if errors.Is(err, issuer.ErrNotFound) || err == nil && t.Revoked != nil {
			return false, nil
		} else if err != nil {
			return false, err
		}
		var staff bool
		if account, staff = strings.CutPrefix(behind, actorPrefix); !staff { // the operator
			return true, nil
		}
	}
	_, err := allowed(tx, account, i.Organisation, issuer.ScopePeopleWrite)
	if refused := (*issuer.Error)(nil); errors.As(err, &refused) {
		return false, nil
	}
	return err == nil, err
}

// invited returns the invitation of a token, if it can still be accepted.
func (s *Service) invited(tx issuer.Tx, token string) (invitation, error) {
	found, _, err := invitations.List(tx, issuer.Query{By: "digest", Value: digestOf(token), Limit: 1})
	if err != nil {
		return invitation{}, err
	}
	if len(found) == 0 {
		return invitation{}, missing(noInvitation)
	}
	holds, err := s.upheld(tx, &found[0])
	if err == nil && !holds {
		err = missing(noInvitation)
	}
	return found[0], err
}

// OpenInvitation is an invitation as whoever has its link sees it.
type OpenInvitation struct {
	Invitation
	Name string // of the organisation
	// Known says that the address has an account, which will join; else one is made. Of a link that was shown it is false: whoever
	// invited has it as well, and need not learn who has an account here.
	Known bool
}

// PeekInvitation shows an invitation to whoever has its token, and changes nothing.
func (s *Service) PeekInvitation(ctx context.Context, token string) (open OpenInvitation, err error) {
	err = s.view(ctx, func(tx issuer.Tx) error {
		i, err := s.invited(tx, token)
		if err != nil {
			return err
		}
		_, err = byEmail(tx, i.Email)
		if err != nil && !errors.Is(err, issuer.ErrNotFound) {
			return err
		}
		open = OpenInvitation{Invitation: i.Invitation, Known: err == nil && !i.Shown}
		return nil
	})
	if err != nil {
		return OpenInvitation{}, err
	}
	o, err := s.office.Organisation(ctx, open.Organisation)
	open.Name = o.Name
	return open, err
}

// Acceptance is what somebody says who accepts an invitation.
type Acceptance struct {
	Account   string      // whose session it is; "" when nobody is signed in
	Confirmed bool        // the account joins although it has another address than was invited
	Person    PersonInput // of the account that is made; passed over when there is one
}

// AcceptInvitation makes its holder a member. Without a session, the account of the invited address joins, or is made: the link was sent
// to it, which proves the address, and the Proof signs them in. With a session that account joins; when it has another address, that has
// to be Confirmed (kind conflict, code other_account).
//
// A link that was shown and not sent proves nothing: when the address has an account, its owner has to sign in first (kind denied, code
// sign_in_first). An invitation whose maker may not invite any more, or is not here any more, is missing.
func (s *Service) AcceptInvitation(ctx context.Context, token string, in Acceptance) (joined Membership, proof Proof, err error) {
	err = s.update(ctx, func(tx issuer.Tx) error {
		i, err := s.invited(tx, token)
		if err != nil {
			return err
		}
		var a Account
		if in.Account != "" {
			if a, _, err = active(tx, in.Account); err != nil {
				return err
			}
			if a.Email != i.Email && !in.Confirmed {
				return conflict("other_account", "The invitation was sent to another address than that of the account you are signed in with. Confirm that this account joins, or sign out first.")
			}
			proof = Proof{}
		} else if a, err = s.invitee(tx, i, in.Person); err != nil {
			return err
		} else {
			proof = Proof{account: a.ID, how: ByInvitation}
		}
		if joined, err = s.accept(tx, i, a.ID); err != nil || in.Account != "" {
			return err
		}
		return s.signedIn(tx, proof)
	})
	if err != nil {
		return Membership{}, Proof{}, err
	}
	return joined, proof, nil
}

// invitee is the account of the address of an invitation, which is made when there is none.
func (s *Service) invitee(tx issuer.Tx, i invitation, in PersonInput) (Account, error) {
	a, err := byEmail(tx, i.Email)
	if errors.Is(err, issuer.ErrNotFound) {
		if in.Language == "" {
			in.Language = i.Language
		}
		if err := in.check(); err != nil {
			return Account{}, err
		}
		return s.create(tx, i.Email, in, !i.Shown)
	} else if err != nil {
		return Account{}, err
	}
	if i.Shown {
		return Account{}, denied("sign_in_first", "There is an account of the invited address. Sign in with it first, and open the invitation again.")
	}
	a, version, err := active(tx, a.ID)
	if err != nil {
		return Account{}, err
	}
	return a, prove(tx, a, version)
}

// accept makes an account a member, and ends the invitation.
func (s *Service) accept(tx issuer.Tx, i invitation, account string) (Membership, error) {
	if err := tx.Delete(invitations.Kind, i.ID); err != nil {
		return Membership{}, err
	}
	if err := s.recordIn(tx, i.Organisation, actor(account), "invitation.accepted", i.ID, i.Role); err != nil {
		return Membership{}, err
	}
	return s.join(tx, i.Organisation, account, i.Role, actor(account))
}
