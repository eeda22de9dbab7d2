package earner

import (
	"context"
	"time"

	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

// LinkOnce is [Service.Link] for a write that can be repeated. by.Once gets when the link ends, and not the link; by.Versions are not
// looked at.
func (s *Service) LinkOnce(ctx context.Context, organisation, credential string, by issuer.Write) (address string, ends time.Time, err error) {
	err = s.Store.Update(ctx, func(tx issuer.Tx) error {
		h, _, err := ours(tx, organisation, credential)
		if err != nil {
			return err
		}
		if !s.MayLink(&h) {
			return refused(issuer.KindDenied, "mail_configured", "The earner gets the link by e-mail. You can have it sent again.")
		}
		token, until, err := s.Book.newPass(tx, pass{Purpose: toAward, Address: h.Address, Credential: h.Credential, By: by.Actor})
		if err != nil {
			return err
		}
		address, ends = s.Base+path[toAward]+token, until
		if err := by.Once.KeepIn(tx, ends, 0); err != nil {
			return err
		}
		return issuer.Record(tx, issuer.AuditEntry{At: s.now(), Organisation: organisation, Actor: by.Actor, Action: "earner.link_shown", Subject: credential})
	})
	return address, ends, stored(err)
}

// ResendOnce is [Service.Resend] for a write that can be repeated. by.Once gets nil; by.Versions are not looked at.
func (s *Service) ResendOnce(ctx context.Context, organisation, credential string, by issuer.Write) error {
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
		if err := s.mayResend(tx, credential); err != nil {
			return err
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
		if err := by.Once.KeepIn(tx, nil, 0); err != nil {
			return err
		}
		return issuer.Record(tx, issuer.AuditEntry{At: s.now(), Organisation: organisation, Actor: by.Actor, Action: "earner.link_sent", Subject: credential})
	}))
}
