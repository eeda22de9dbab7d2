package earner

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/issuer"
)

// Bearer is what somebody shows who wants to look after an award: the token of a link to it, or a session together with the id of one of
// the person's awards.
type Bearer struct {
	Token      string
	Session    string
	Credential string // Credential.ID; "" together with a session means everything of the person
}

// Award is an award as its earner sees it.
type Award struct {
	Holding      Holding
	Credential   issuer.Credential
	Achievement  issuer.Achievement
	Organisation issuer.Organisation
	Zone         *time.Location // in which its issuer tells days
	Ends         time.Time      // when the link, or the session, works no more
	Handed       bool           // the link was made by the staff, to be handed over
}

// Open shows an award, and changes nothing. Whatever is wrong with what the bearer shows has the one answer of kind missing.
func (s *Service) Open(ctx context.Context, b Bearer) (Award, error) {
	h, shown, err := s.holding(ctx, b)
	if err != nil {
		return Award{}, err
	}
	a, err := s.award(ctx, h)
	a.Ends, a.Handed = shown.Ends, shown.By != ""
	return a, err
}

// holding finds the one that the bearer may look after, and the pass that says so.
func (s *Service) holding(ctx context.Context, b Bearer) (h Holding, p pass, err error) {
	err = s.Store.View(ctx, func(tx issuer.Tx) (err error) {
		id, ours := "", []string(nil)
		if b.Session != "" {
			if p, err = s.readPass(tx, b.Session, toSession); err != nil {
				return err
			}
			if ours, err = addressesOf(tx, p.Address); err != nil {
				return err
			}
			id = b.Credential
		} else {
			if p, err = s.readPass(tx, b.Token, toAward); err != nil {
				return err
			}
			id, ours = p.Credential, []string{p.Address}
		}
		if id == "" {
			return missing()
		}
		if h, _, err = holdings.Get(tx, id); err != nil {
			return err
		}
		for _, address := range ours {
			if address == h.Address {
				return nil
			}
		}
		return missing()
	})
	return h, p, stored(err)
}

// award reads what there is to know of a holding.
func (s *Service) award(ctx context.Context, h Holding) (a Award, err error) {
	a.Holding = h
	if a.Credential, err = s.Office.Credential(ctx, h.Credential); err != nil {
		return Award{}, err
	}
	if a.Credential.Issued.IsZero() || a.Credential.Erased != nil {
		return Award{}, missing()
	}
	if a.Achievement, err = s.Office.Achievement(ctx, a.Credential.Achievement); err != nil {
		return Award{}, err
	}
	if a.Organisation, err = s.Office.Organisation(ctx, a.Credential.Organisation); err != nil {
		return a, err
	}
	a.Zone = s.zoneOf(a.Organisation)
	return a, nil
}

// zoneOf is the time zone of an organisation. To find one takes a while, so it is done once.
func (s *Service) zoneOf(o issuer.Organisation) *time.Location {
	if o.Settings.Zone == "" {
		return time.UTC
	}
	known, ok := s.zones.Load(o.Settings.Zone)
	if !ok {
		known, _ = s.zones.LoadOrStore(o.Settings.Zone, o.Settings.Location())
	}
	return known.(*time.Location)
}

// Awarded is the date of the award as it was signed (awardedDate, or else validFrom: OB 3.0 section B.1.1). Every page and file tells its
// day in Zone.
func (a *Award) Awarded() string {
	var signed struct {
		Awarded string `json:"awardedDate"`
		From    string `json:"validFrom"`
	}
	if err := json.Unmarshal(a.Credential.JSON, &signed); err != nil {
		return stamp(a.Holding.Created)
	}
	return cmp.Or(signed.Awarded, signed.From, stamp(a.Holding.Created))
}

// Take takes an award for its earner: from now on it is claimed. Doing it again changes nothing.
func (s *Service) Take(ctx context.Context, b Bearer) error {
	a, err := s.Open(ctx, b)
	if err != nil || !a.Credential.Claimed.IsZero() {
		return err
	}
	_, err = s.Office.Claim(ctx, a.Credential.ID, Actor)
	return err
}

// Show says who sees the page of an award: nobody but those who have the file (off), whoever has its address (unlisted), everybody
// (public). An award that is held until it is claimed has to be taken first (kind conflict, code unclaimed).
func (s *Service) Show(ctx context.Context, b Bearer, access issuer.Access) error {
	switch access {
	case issuer.AccessUnlisted, issuer.AccessPublic, issuer.AccessOff:
	default:
		return refused(issuer.KindInvalid, "access", "An award is public, unlisted or off.")
	}
	a, err := s.Open(ctx, b)
	switch {
	case err != nil:
		return err
	case a.Credential.Claimed.IsZero():
		return refused(issuer.KindConflict, "unclaimed", "Take the award first. Then you can say who sees it.")
	case a.Credential.Access == access:
		return nil
	}
	_, err = s.Office.SetAccess(ctx, a.Credential.ID, access, Actor)
	return err
}

// complete adds to a message what it names, and finds out whether it still holds.
func (s *Service) complete(ctx context.Context, m *mail.Message) error {
	if m.Template == mail.Join {
		return s.completeJoin(ctx, m)
	}
	c, err := s.Office.Credential(ctx, m.About)
	var told *issuer.Error
	switch {
	case errors.As(err, &told) && told.Kind == issuer.KindMissing:
		return mail.ErrObsolete
	case err != nil:
		return fmt.Errorf("reading the award of a message: %w", err)
	}
	ended := c.Erased != nil || c.Issued.IsZero()
	switch m.Template {
	case mail.Award:
		ended = ended || c.Revoked != nil
	case mail.Notice:
		ended = ended || c.Revoked != nil || !s.now().Before(m.Due)
	case mail.Reminder:
		ended = ended || c.Revoked != nil || c.Suspended != nil || !c.Claimed.IsZero() || c.SupersededBy != "" || s.over(c)
	}
	if ended {
		return mail.ErrObsolete
	}
	a, err := s.Office.Achievement(ctx, c.Achievement)
	if err != nil {
		return fmt.Errorf("reading the achievement of a message: %w", err)
	}
	o, err := s.Office.Organisation(ctx, c.Organisation)
	if err != nil {
		return fmt.Errorf("reading the issuer of a message: %w", err)
	}
	m.Title, m.Issuer = a.Name, o.Name
	if m.Language == "" {
		m.Language = o.Settings.Language
	}
	switch {
	case m.Template == mail.Award && c.Supersedes != "":
		m.Other = c.Supersedes
	case m.Template == mail.Notice:
		m.Other = o.Email
	}
	return nil
}

// completeJoin adds the address that asks to be joined to another. It stands in the pass alone.
func (s *Service) completeJoin(ctx context.Context, m *mail.Message) error {
	var p pass
	err := s.Store.View(ctx, func(tx issuer.Tx) (err error) {
		p, _, err = optional(tx, passes, m.About)
		return err
	})
	if err != nil {
		return fmt.Errorf("reading the link of a message: %w", err)
	}
	if p.Other == "" { // used, over, or erased
		return mail.ErrObsolete
	}
	m.Other = p.Other
	return nil
}

// over says that an award is no longer valid by its date.
func (s *Service) over(c issuer.Credential) bool {
	badge, err := credential.Parse(c.JSON)
	if err != nil || badge.ValidUntil == "" {
		return false
	}
	until, err := credential.ParseDateTime(badge.ValidUntil)
	return err == nil && !s.now().Before(until)
}
