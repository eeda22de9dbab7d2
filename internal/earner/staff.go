package earner

import (
	"context"
	"time"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

// Link makes a link by which the earner of an award can take it and look after it, to be handed over by the staff where no message can
// be: kind denied, code mail_configured, where [Service.MayLink] says no, as whoever has the link acts in the place of the earner. An
// award of another organisation is of kind missing.
func (s *Service) Link(ctx context.Context, organisation, credential, actor string) (address string, ends time.Time, err error) {
	err = s.Store.Update(ctx, func(tx issuer.Tx) error {
		h, _, err := ours(tx, organisation, credential)
		if err != nil {
			return err
		}
		if !s.MayLink(&h) {
			return refused(issuer.KindDenied, "mail_configured", "The earner gets the link by e-mail. You can have it sent again.")
		}
		token, until, err := s.Book.newPass(tx, pass{Purpose: toAward, Address: h.Address, Credential: h.Credential})
		if err != nil {
			return err
		}
		address, ends = s.Base+path[toAward]+token, until
		return issuer.Record(tx, issuer.AuditEntry{At: s.now(), Organisation: organisation, Actor: actor, Action: "earner.link_shown", Subject: credential})
	})
	return address, ends, stored(err)
}

// handOver is after how long a message that was not taken is taken for one that does not arrive.
const handOver = 24 * time.Hour

// MayLink says whether [Service.Link] makes a link to an award: no messages are sent, one was refused or given up, or none was taken
// within a day.
func (s *Service) MayLink(h *Holding) bool {
	return !s.mail.On || !h.Refused.IsZero() || h.Delivered.IsZero() && s.now().Sub(h.Created) >= handOver
}

// Resend has the message sent again that tells of an award, with a new link; links of before go on working. Kind conflict for an award
// that has ended.
func (s *Service) Resend(ctx context.Context, organisation, credential, actor string) error {
	return stored(s.Store.Update(ctx, func(tx issuer.Tx) error {
		h, version, err := ours(tx, organisation, credential)
		switch {
		case err != nil:
			return err
		case !s.mail.On:
			return refused(issuer.KindDenied, "no_mail", "This server sends no messages. Hand the link over yourself.")
		case h.Ended:
			return refused(issuer.KindConflict, "ended", "The award was revoked, or another took its place.")
		}
		if !h.Refused.IsZero() {
			h.Refused = time.Time{}
			if err := holdings.Put(tx, &h, version); err != nil {
				return err
			}
		}
		if err := s.Book.write(tx, h, mail.Message{Template: mail.Award}); err != nil {
			return err
		}
		return issuer.Record(tx, issuer.AuditEntry{At: s.now(), Organisation: organisation, Actor: actor, Action: "earner.link_sent", Subject: credential})
	}))
}

// ours is a holding of an organisation.
func ours(tx issuer.Tx, organisation, credential string) (Holding, uint64, error) {
	h, version, err := holdings.Get(tx, credential)
	if err == nil && h.Organisation != organisation {
		err = missing()
	}
	return h, version, err
}
