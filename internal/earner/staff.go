package earner

import (
	"context"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// Link makes a link by which the earner of an award can take it and look after it, to be handed over by the staff where no message can
// be: kind denied, code mail_configured, where [Service.MayLink] says no, as whoever has the link acts in the place of the earner: what is to
// be erased over it is left to the staff, see [Service.AskErasure]. An award of another organisation is of kind missing.
func (s *Service) Link(ctx context.Context, organisation, credential, actor string) (address string, ends time.Time, err error) {
	return s.LinkOnce(ctx, organisation, credential, issuer.Write{Actor: actor})
}

// handOver is after how long a message that was not taken is taken for one that does not arrive.
const handOver = 24 * time.Hour

// MayLink says whether [Service.Link] makes a link to an award: no messages are sent, one was refused or given up, or none was taken
// within a day.
func (s *Service) MayLink(h *Holding) bool {
	return !s.mail.On || !h.Refused.IsZero() || h.Delivered.IsZero() && s.now().Sub(h.Created) >= handOver
}

// Resend has the message sent again that tells of an award, with a new link; links of before go on working. Kind conflict for an award
// that has ended (code ended), and where it was sent within ten minutes, or five times within a day (code sent).
func (s *Service) Resend(ctx context.Context, organisation, credential, actor string) error {
	return s.ResendOnce(ctx, organisation, credential, issuer.Write{Actor: actor})
}

// mayResend counts a message about an award that the staff has sent, and refuses another one that comes too soon, or the sixth within a
// day: the address need not be of whoever it was written down for.
func (s *Service) mayResend(tx issuer.Tx, credential string) error {
	now, id := s.now().UTC(), askID(credential, toAward)
	a, version, err := optional(tx, asks, id)
	if err != nil {
		return err
	}
	if version == 0 || now.Sub(a.Since) >= asksIn {
		a = ask{Digest: id, Since: now}
	}
	switch {
	case a.Count > 0 && now.Sub(a.Last) < resentApart:
		return refused(issuer.KindConflict, "sent", "The message was sent a moment ago. Wait ten minutes before you have it sent again.")
	case a.Count >= asksMost:
		return refused(issuer.KindConflict, "sent", "The message was sent five times within a day. Go on tomorrow.")
	}
	a.Count, a.Last = a.Count+1, now
	return asks.Put(tx, &a, version)
}

// ours is a holding of an organisation whose address is known.
func ours(tx issuer.Tx, organisation, credential string) (Holding, uint64, error) {
	h, version, err := holdings.Get(tx, credential)
	if err == nil && (h.Organisation != organisation || h.Address == "") {
		err = missing()
	}
	return h, version, err
}
