package earner

import (
	"context"
	"errors"
	"slices"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

// Asked is what became of the wish to be erased.
type Asked struct {
	Token string // of the link that confirms it, where no messages are sent; else it is on its way
	Staff bool   // it was asked for over a link that the staff handed out, and is left to those of them who may erase
}

// AskErasure asks for the erasure of an award, or of everything of a person, which a link to their address confirms. Where no messages
// are sent the token of that link is returned instead. Over a link that the staff handed out, so that they may have it themselves, nothing is
// erased: it becomes a proposal, which whoever may erase allows, and not who made the link where revoking needs a second person.
func (s *Service) AskErasure(ctx context.Context, b Bearer, language string) (Asked, error) {
	p := pass{Purpose: toErase}
	var ours []string // of everything
	if b.Session != "" && b.Credential == "" {
		person, err := s.Person(ctx, b.Session)
		if err != nil {
			return Asked{}, err
		}
		p.Address, ours = person.Address, person.Addresses
	} else {
		h, shown, err := s.holding(ctx, b)
		if err != nil {
			return Asked{}, err
		}
		p.Address, p.Credential = h.Address, h.Credential
		if shown.By != "" {
			return Asked{Staff: true}, s.askStaff(ctx, h, shown.By)
		}
	}
	may := true
	if s.mail.On {
		err := s.Store.Update(ctx, func(tx issuer.Tx) (err error) {
			may, err = s.mayAsk(tx, p.Address, toErase)
			return err
		})
		if err != nil || !may {
			return Asked{}, stored(err)
		}
	}
	for _, to := range ours {
		if _, err := s.recognise(ctx, to, "", 0); err != nil {
			return Asked{}, err
		}
	}
	var asked Asked
	err := s.Store.Update(ctx, func(tx issuer.Tx) (err error) {
		if s.mail.On {
			return s.send(tx, p, mail.Message{Template: mail.Erase, Language: language})
		}
		asked.Token, _, err = s.Book.newPass(tx, p)
		return err
	})
	return asked, stored(err)
}

// askStaff leaves the erasure of an award to those of the staff who may erase; handed is who made the link over which it was asked for.
// It is no error that this was done before.
func (s *Service) askStaff(ctx context.Context, h Holding, handed string) error {
	may := false
	err := s.Store.Update(ctx, func(tx issuer.Tx) (err error) {
		may, err = s.mayAsk(tx, h.Address, toErase)
		return err
	})
	if err != nil || !may {
		return stored(err)
	}
	_, err = s.Office.Workspace(h.Organisation).Propose(ctx, issuer.Proposal{Kind: issuer.ProposalErase, Credential: h.Credential, Handed: handed}, issuer.Write{Actor: Actor})
	var told *issuer.Error
	if errors.As(err, &told) && told.Code == "proposed" {
		return nil
	}
	return err
}

// Erasure is what a link would erase.
type Erasure struct {
	Everything bool // of the person: addresses and name as well
	Addresses  []string
	Awards     []Award // those that can be shown, at most 100
	Count      int     // of all awards
	Imported   int     // badges from elsewhere
	Sets       int     // pages that show some of all
}

// Erasing returns what a link would erase, and changes nothing.
func (s *Service) Erasing(ctx context.Context, token string) (Erasure, error) {
	var e Erasure
	var held []Holding
	err := s.Store.View(ctx, func(tx issuer.Tx) (err error) {
		if _, e.Addresses, held, err = s.doomed(tx, token); err != nil {
			return err
		}
		e.Imported, e.Sets, err = collected(tx, e.Addresses)
		return err
	})
	if err != nil {
		return Erasure{}, stored(err)
	}
	e.Everything, e.Count = e.Addresses != nil, len(held)
	for _, h := range held[:min(len(held), 100)] {
		a, err := s.award(ctx, h)
		if err != nil && !isMissing(err) {
			return Erasure{}, err
		}
		if err == nil {
			e.Awards = append(e.Awards, a)
		}
	}
	return e, nil
}

// doomed is what a pass to erase is about. ours is nil when that is one award. The address of the pass comes last.
func (s *Service) doomed(tx issuer.Tx, token string) (p pass, ours []string, held []Holding, err error) {
	if p, err = s.readPass(tx, token, toErase); err != nil {
		return p, nil, nil, err
	}
	if p.Credential != "" {
		h, version, err := optional(tx, holdings, p.Credential)
		if err == nil && version > 0 {
			held = append(held, h)
		}
		return p, nil, held, err
	}
	if ours, err = addressesOf(tx, p.Address); err != nil {
		return p, nil, nil, err
	}
	ours = append(slices.DeleteFunc(ours, func(a string) bool { return a == p.Address }), p.Address)
	held, err = all(tx, "address", ours...)
	return p, ours, held, err
}

// all are the holdings of some values of a lookup.
func all(tx issuer.Tx, by string, values ...string) (held []Holding, err error) {
	for _, value := range values {
		some, err := issuer.Every(tx, holdings, by, value)
		if err != nil {
			return nil, err
		}
		held = append(held, some...)
	}
	return held, nil
}

// Confirm erases what a link is about. When it fails on the way the link works still, and what is left is erased by following it again.
func (s *Service) Confirm(ctx context.Context, token string) error {
	var p pass
	var ours []string
	var held []Holding
	err := s.Store.View(ctx, func(tx issuer.Tx) (err error) {
		p, ours, held, err = s.doomed(tx, token)
		return err
	})
	if err != nil {
		return stored(err)
	}
	for _, a := range ours {
		if err := s.Office.ForgetRecipient(ctx, "", a, Actor); err != nil {
			return err
		}
	}
	// The address of the link, which is the last, holds it until nothing else is left: then both go at once.
	if len(ours) > 0 {
		err := s.Store.Update(ctx, func(tx issuer.Tx) error {
			for _, a := range ours {
				if err := abandon(tx, a); err != nil {
					return err
				}
			}
			return s.forgetEmpty(tx, ours[:len(ours)-1])
		})
		if err != nil {
			return stored(err)
		}
	}
	free := func(h Holding) (issuer.Credential, error) { return s.Office.Erase(ctx, h.Credential, "", Actor) }
	if _, err := s.eraseAll(ctx, held, free); err != nil {
		return err
	}
	return stored(s.Store.Update(ctx, func(tx issuer.Tx) error { // where it did not go with the last award
		if _, version, err := optional(tx, passes, p.ID); err != nil {
			return err
		} else if version > 0 {
			if err := tx.Delete(passes.Kind, p.ID); err != nil {
				return err
			}
		}
		return s.forgetEmpty(tx, ours)
	}))
}

// forgetEmpty forgets those of some addresses that hold nothing. What was awarded meanwhile was not asked to be erased.
func (s *Service) forgetEmpty(tx issuer.Tx, ours []string) error {
	for _, a := range ours {
		held, err := holds(tx, a)
		if err != nil {
			return err
		}
		if held {
			continue
		}
		if err := s.Book.forget(tx, a, ""); err != nil {
			return err
		}
	}
	return nil
}

// eraseAll has awards erased one by one, each with its audit entry, and what is kept of them here with them. It returns how many it did.
func (s *Service) eraseAll(ctx context.Context, held []Holding, erase func(Holding) (issuer.Credential, error)) (done int, err error) {
	for _, h := range held {
		if _, err := erase(h); err != nil && !isMissing(err) {
			return done, err
		}
		err := s.Store.Update(ctx, func(tx issuer.Tx) error { // where nobody told the book, or it was erased before
			left, version, err := optional(tx, holdings, h.Credential)
			if err != nil || version == 0 {
				return err
			}
			return s.Book.erase(tx, left)
		})
		if err != nil {
			return done, stored(err)
		}
		done++
	}
	return done, nil
}

// HeldBy counts the awards that an organisation made to an address, all of them, also those of releases that kept a hash of it alone.
func (s *Service) HeldBy(ctx context.Context, organisation, email string) (int, error) {
	_, held, err := s.heldFor(ctx, organisation, email)
	return len(held), err
}

// EraseFor erases every award that an organisation made to an address, those that are planned or proposed with them, for the operator of
// the installation, and returns how many were erased, also beside an error: then the same is asked for again. The address is not recorded;
// each award has its entry in the audit log.
func (s *Service) EraseFor(ctx context.Context, organisation, email, reason, actor string) (int, error) {
	return s.eraseFor(ctx, organisation, email, actor, func(h Holding) (issuer.Credential, error) {
		return s.Office.Erase(ctx, h.Credential, reason, actor)
	})
}

// EraseAlone is [Service.EraseFor] for one person of the staff. Where revoking needs a second person it is refused (kind denied, code
// second_person); see [Service.ProposeErasure].
func (s *Service) EraseAlone(ctx context.Context, organisation, email, reason, actor string) (int, error) {
	o, err := s.Office.Organisation(ctx, organisation)
	if err != nil {
		return 0, err
	}
	if slices.Contains(o.Settings.Second, issuer.ActRevoke) {
		return 0, refused(issuer.KindDenied, "second_person", "This needs a second person: propose it, and let somebody else allow it.")
	}
	return s.eraseFor(ctx, organisation, email, actor, func(h Holding) (issuer.Credential, error) {
		return s.Office.Workspace(organisation).EraseAward(ctx, h.Credential, reason, issuer.Write{Actor: actor})
	})
}

// ProposeErasure asks for what [Service.EraseFor] does, which another person allows; why is for whoever decides. What is awarded to the
// address after that stays. by.Once gets the [issuer.Proposal].
func (s *Service) ProposeErasure(ctx context.Context, organisation, email, reason, why string, by issuer.Write) (issuer.Proposal, error) {
	to, held, err := s.heldFor(ctx, organisation, email)
	if err != nil {
		return issuer.Proposal{}, err
	}
	p := issuer.Proposal{Kind: issuer.ProposalErase, Address: to, Cause: &issuer.Cause{Reason: reason}, Why: why}
	for _, h := range held {
		c, err := s.Office.Credential(ctx, h.Credential)
		if isMissing(err) || err == nil && c.Erased != nil {
			continue
		}
		if err != nil {
			return issuer.Proposal{}, err
		}
		p.Awards = append(p.Awards, c.ID)
	}
	return s.Office.Workspace(organisation).Propose(ctx, p, by)
}

func (s *Service) eraseFor(ctx context.Context, organisation, email, actor string, erase func(Holding) (issuer.Credential, error)) (int, error) {
	to, held, err := s.heldFor(ctx, organisation, email)
	if err != nil {
		return 0, err
	}
	done, err := s.eraseAll(ctx, held, erase)
	if err != nil {
		return done, err
	}
	return done, s.Office.ForgetRecipient(ctx, organisation, to, actor)
}

// heldFor are the awards that an organisation made to an address, which is returned as it is kept.
func (s *Service) heldFor(ctx context.Context, organisation, email string) (to string, held []Holding, err error) {
	to, ok := mail.Address(email)
	if !ok {
		return "", nil, refused(issuer.KindInvalid, "email", "The e-mail address is not one. Write it as name@example.org.")
	}
	if _, err := s.recognise(ctx, to, "", 0); err != nil {
		return "", nil, err
	}
	err = s.Store.View(ctx, func(tx issuer.Tx) (err error) {
		held, err = all(tx, "organisation-address", within(organisation, to))
		return err
	})
	if err != nil {
		return "", nil, stored(err)
	}
	held, err = s.unheld(ctx, organisation, to, held)
	return to, held, err
}

// unheld adds awards to an address of which nothing is kept here, because they were made before anything was. Those that were erased have no
// digest of an address.
func (s *Service) unheld(ctx context.Context, organisation, to string, held []Holding) ([]Holding, error) {
	key, err := s.Office.RecipientKey(ctx, organisation, to)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, h := range held {
		known[h.Credential] = true
	}
	for after, more := "", true; more; {
		page, next, err := s.Office.Workspace(organisation).Credentials(ctx, issuer.CredentialFilter{Recipient: key}, after, 1000)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			if !known[c.ID] {
				held = append(held, Holding{Credential: c.ID, Organisation: organisation, Address: to})
			}
		}
		after, more = next, next != ""
	}
	return held, nil
}

func isMissing(err error) bool {
	var told *issuer.Error
	return errors.As(err, &told) && told.Kind == issuer.KindMissing
}
