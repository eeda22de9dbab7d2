package earner

import (
	"time"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

// Book enters who holds which award. Set all fields before the first call.
type Book struct {
	Mail *mail.Outbox
	Now  func() time.Time

	judged judged // of all badges from elsewhere; here, as it is forgotten when something is erased
}

// Observe is told of what happens to awards, in its transaction: see [issuer.Config]. It reads and writes a few records, and asks for a
// message where the earner has to know.
func (b *Book) Observe(tx issuer.Tx, e issuer.Event) error {
	c := e.Credential
	if c == nil {
		return nil
	}
	switch e.Type {
	case issuer.EventIntended:
		return b.begin(tx, *c, e.Recipient)
	case issuer.EventInherited:
		return b.inherit(tx, *c)
	case issuer.EventIssued:
		if !b.Mail.On { // nobody is written to, and nothing else follows from it
			return nil
		}
	}
	if e.Type == issuer.EventErased || e.Type == issuer.EventBurned {
		if err := b.dropCopies(tx, c.ID, c.Identifier, c.URL); err != nil {
			return err
		}
	}
	h, version, err := optional(tx, holdings, c.ID)
	if err != nil || version == 0 { // of an earlier release, or erased
		return err
	}
	switch e.Type {
	case issuer.EventIssued:
		return b.write(tx, h, mail.Message{Template: mail.Award})
	case issuer.EventClaimed:
		h.Claimed = e.At
		return holdings.Put(tx, &h, version)
	case issuer.EventRevoked:
		h.Ended = true
		if err := holdings.Put(tx, &h, version); err != nil || h.Delivered.IsZero() && h.Claimed.IsZero() {
			return err // whoever was never told of the award need not hear of its end
		}
		m := mail.Message{Template: mail.Revoked}
		if c.Revoked != nil {
			m.Reason, m.Code = c.Revoked.Reason, string(c.Revoked.Code)
		}
		return b.write(tx, h, m)
	case issuer.EventSuperseded:
		h.Ended = true
		if err := holdings.Put(tx, &h, version); err != nil {
			return err
		}
		return b.follow(tx, h, c.SupersededBy, mail.Superseded)
	case issuer.EventRenewed:
		return b.follow(tx, h, c.SupersededBy, mail.Renewed)
	case issuer.EventNoticed:
		return b.write(tx, h, mail.Message{Template: mail.Notice, Due: e.Until})
	case issuer.EventErased, issuer.EventBurned: // of one that was given up nobody was told
		return b.erase(tx, h)
	}
	return nil
}

// begin enters an award that was begun.
func (b *Book) begin(tx issuer.Tx, c issuer.Credential, r *issuer.Recipient) error {
	if r == nil {
		return nil
	}
	to, ok := mail.Address(r.Email)
	if !ok { // a correction or renewal of an award of which the address is not known
		return b.inherit(tx, c)
	}
	// An award in the place of one that was claimed is claimed.
	h := Holding{Credential: c.ID, Organisation: c.Organisation, Address: to, Name: r.Name, Language: r.Language, Created: c.Intended.UTC(), Claimed: c.Claimed}
	return holdings.Put(tx, &h, 0)
}

// follow tells of the award after this one, unless that one's own message does.
func (b *Book) follow(tx issuer.Tx, h Holding, next string, what mail.Template) error {
	if next != "" {
		after, _, err := optional(tx, holdings, next)
		if err != nil || after.Address == h.Address {
			return err
		}
	}
	if h.Delivered.IsZero() && h.Claimed.IsZero() {
		return nil
	}
	return b.write(tx, h, mail.Message{Template: what})
}

// write queues a message about an award, with a link by which it can be looked after.
func (b *Book) write(tx issuer.Tx, h Holding, m mail.Message) error {
	if !b.Mail.On || h.Address == "" || !h.Refused.IsZero() {
		return nil
	}
	token, ends, err := b.newPass(tx, pass{Purpose: toAward, Address: h.Address, Credential: h.Credential})
	if err != nil {
		return err
	}
	m.To, m.Name, m.Language, m.Organisation, m.About = h.Address, h.Name, h.Language, h.Organisation, h.Credential
	m.Link, m.Ends = path[toAward]+token, ends
	return b.Mail.Queue(tx, m)
}

// erase takes away everything about an award, and about its address when that was the last.
func (b *Book) erase(tx issuer.Tx, h Holding) error {
	if err := tx.Delete(holdings.Kind, h.Credential); err != nil {
		return err
	}
	if err := drain(tx, passes, "credential", h.Credential); err != nil {
		return err
	}
	if _, version, err := optional(tx, asks, askID(h.Credential, toAward)); err != nil {
		return err
	} else if version > 0 {
		if err := tx.Delete(asks.Kind, askID(h.Credential, toAward)); err != nil {
			return err
		}
	}
	if h.Address == "" {
		return b.Mail.Forget(tx, "", h.Credential)
	}
	left, err := holds(tx, h.Address)
	if err != nil {
		return err
	}
	if left {
		return b.Mail.Forget(tx, "", h.Credential)
	}
	return b.forget(tx, h.Address, h.Credential)
}

// forget takes away what is kept of an address that holds nothing, and of those that were joined to it when they hold nothing either.
func (b *Book) forget(tx issuer.Tx, to, about string) error {
	asked, err := issuer.Every(tx, passes, "other", to)
	if err != nil {
		return err
	}
	for _, p := range asked { // messages in which this address asks to be joined to another
		if err := b.Mail.Forget(tx, "", p.ID); err != nil {
			return err
		}
	}
	for _, by := range []string{"address", "other"} {
		if err := drain(tx, passes, by, to); err != nil {
			return err
		}
	}
	b.judged.clear()
	if err := abandon(tx, to); err != nil {
		return err
	}
	kept, version, err := addressOf(tx, to)
	if err == nil && version > 0 {
		err = tx.Delete(addresses.Kind, digest(to))
	}
	if err != nil {
		return err
	}
	if err := b.leaveBehind(tx, kept.Person); err != nil {
		return err
	}
	for _, what := range []purpose{toEnter, toJoin, toErase, fromJoin} {
		id := askID(to, what)
		if _, version, err = optional(tx, asks, id); err == nil && version > 0 {
			err = tx.Delete(asks.Kind, id)
		}
		if err != nil {
			return err
		}
	}
	return b.Mail.Forget(tx, to, about)
}

// leaveBehind tidies up when an address has left a person: one address alone is joined to nothing, and addresses of which none holds
// anything are forgotten.
func (b *Book) leaveBehind(tx issuer.Tx, person string) error {
	if person == "" {
		return nil
	}
	rest, err := issuer.Every(tx, addresses, "person", person)
	if err != nil {
		return err
	}
	some := false
	for _, a := range rest {
		held, err := holds(tx, a.Address)
		if err != nil {
			return err
		}
		some = some || held
	}
	switch {
	case !some:
		for _, a := range rest {
			if err := b.forget(tx, a.Address, ""); err != nil {
				return err
			}
		}
	case len(rest) == 1:
		return part(tx, rest[0].Address)
	}
	return nil
}

// part takes an address out of its person. Nothing is kept of it but that it wants no reminders.
func part(tx issuer.Tx, of string) error {
	kept, version, err := addressOf(tx, of)
	if err != nil || version == 0 {
		return err
	}
	held, err := holds(tx, of)
	if err != nil {
		return err
	}
	if !kept.Stopped || !held {
		return tx.Delete(addresses.Kind, digest(of))
	}
	kept.Person = ""
	return addresses.Put(tx, &kept, version)
}

// holds says whether an address holds anything: an award, or a badge from elsewhere.
func holds(tx issuer.Tx, of string) (bool, error) {
	held, _, err := holdings.List(tx, issuer.Query{By: "address", Value: of, Limit: 1})
	if err != nil || len(held) > 0 {
		return len(held) > 0, err
	}
	brought, _, err := imports.List(tx, issuer.Query{By: "address", Value: of, Limit: 1})
	return len(brought) > 0, err
}

// done enters what became of a message about an award.
func (b *Book) done(tx issuer.Tx, m mail.Message, delivered bool) error {
	if m.About == "" {
		return nil
	}
	h, version, err := optional(tx, holdings, m.About)
	if err != nil || version == 0 || h.Address != m.To {
		return err
	}
	switch {
	case !delivered:
		h.Refused = b.Now().UTC()
	case h.Delivered.IsZero() || !h.Refused.IsZero(): // a message that was given up may have been tried again
		h.Delivered, h.Refused = b.Now().UTC(), time.Time{}
	default:
		return nil
	}
	return holdings.Put(tx, &h, version)
}
