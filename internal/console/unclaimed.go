package console

import (
	"net/http"
	"time"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/issuer"
)

type unclaimedLine struct {
	ID, Link, Name, Email, Achievement string
	Age                                string
	Since                              wording.Moment
	Mail                               string // what became of the message that tells of it
	Resend, Show                       string // addresses
}

type unclaimedPage struct {
	Lines       []unclaimedLine
	First, Next string
	Mails       bool
	Acts        bool // the role can send links
	Erase       string
}

// unclaimed lists the awards that their earners have not taken yet, the oldest first.
func (s *server) unclaimed(v *visit) error {
	after := v.QueryParam("after")
	page, next, err := s.Earners.Unclaimed(v.ctx(), v.organisation.ID, after, listLength)
	if err != nil {
		return err
	}
	data := unclaimedPage{Mails: s.Earners.Mails(), Acts: v.may(issuer.ScopeCredentialsWrite)}
	names := make(map[string]string)
	for _, h := range page {
		c, _, err := v.space.Credential(v.ctx(), h.Credential)
		if missing(err) {
			continue // it was given up
		} else if err != nil {
			return err
		}
		line := unclaimedLine{ID: h.Credential, Link: v.to("awards", h.Credential), Name: wording.First(h.Name, noName), Age: age(s.Now().Sub(h.Created)),
			Since: v.day(h.Created), Mail: s.mailWords(v, &h)}
		if line.Achievement, err = v.achievementName(names, c.Achievement); err != nil {
			return err
		}
		if data.Acts {
			line.Email = wording.Plain(h.Address) // for those alone who write to it
		}
		if data.Acts && !c.Issued.IsZero() {
			line.Resend, line.Show = s.reach(v, &h)
		}
		data.Lines = append(data.Lines, line)
	}
	data.First, data.Next = v.pages(after, next)
	if v.may(issuer.ScopeCredentialsErase) {
		data.Erase = v.to("erase")
	}
	return v.ok("unclaimed", newPage("Not claimed yet", data))
}

// reach are the addresses at which the message about an award is sent again, and at which a link is shown where no message arrives.
func (s *server) reach(v *visit, h *earner.Holding) (resend, show string) {
	if s.Earners.Mails() && !h.Ended {
		resend = v.to("awards", h.Credential, "resend")
	}
	if s.Earners.MayLink(h) {
		show = v.to("awards", h.Credential, "link")
	}
	return resend, show
}

// mailWords say whether the earner was told.
func (s *server) mailWords(v *visit, h *earner.Holding) string {
	switch {
	case !h.Refused.IsZero():
		return "No message reached the address by " + v.day(h.Refused).Words + "."
	case !h.Delivered.IsZero():
		return "The e-mail was taken by the mail server on " + v.day(h.Delivered).Words + "."
	case s.Earners.Mails():
		return "The e-mail is on its way."
	}
	return "No e-mail was sent: this installation sends none."
}

// age says roughly how long something lasts.
func age(d time.Duration) string {
	switch days := int(d.Hours() / 24); {
	case days < 1:
		return "since today"
	case days < 60:
		return "for " + counted(days, "a day", "%d days")
	default:
		return "for " + counted(days/30, "a month", "%d months")
	}
}

// holder is who holds an award; nil where their address is not kept.
func (s *server) holder(v *visit, id string) (*earner.Holding, error) {
	held, err := s.Earners.Holders(v.ctx(), v.organisation.ID, []string{id})
	if err != nil {
		return nil, err
	}
	if h, known := held[id]; known && h.Address != "" { // of an award of an earlier release only a hash may be known
		return &h, nil
	}
	return nil, nil
}

// earnerStanding says of an award what its earner did with it, and adds what can be done to reach them.
func (s *server) earnerStanding(v *visit, data *awardPage) error {
	h, err := s.holder(v, data.ID)
	if h == nil || err != nil {
		return err
	}
	if data.Claimed.IsZero() && !h.Ended {
		data.Mail = s.mailWords(v, h)
	}
	if !v.may(issuer.ScopeCredentialsWrite) || data.Issued.IsZero() {
		return nil
	}
	resend, show := s.reach(v, h)
	if resend != "" {
		data.Acts = append(data.Acts, nameLink{"Send the e-mail again", resend})
	}
	if show != "" && !h.Ended {
		data.Acts = append(data.Acts, nameLink{"Make a link for the earner", show})
	}
	return nil
}

// reachable is the holding of the award in the address.
func (s *server) reachable(v *visit) (*earner.Holding, issuer.Credential, error) {
	c, _, err := v.space.Credential(v.ctx(), v.Param("id"))
	if err != nil {
		return nil, c, err
	}
	h, err := s.holder(v, c.ID)
	if err == nil && h == nil {
		err = failure{status: http.StatusConflict, title: "Nobody can be reached", detail: "The address of the earner is not known here: the award was made by an earlier release, or erased."}
	}
	return h, c, err
}

func (s *server) resendPage(v *visit) error { return s.resendForm(v, http.StatusOK, newForm()) }

func (s *server) resendForm(v *visit, status int, f *form) error {
	h, c, err := s.reachable(v)
	if err != nil {
		return err
	}
	if !s.Earners.Mails() {
		return failure{status: http.StatusConflict, title: "No mail is sent here", detail: "This installation sends no mail. Make a link, and hand it over yourself."}
	}
	return v.show(status, "confirm", page{Title: "Send the e-mail about the award of " + earnerOf(&c) + " again", Form: f.single(), Data: confirmPage{
		Will: []string{"An e-mail goes to " + wording.Plain(h.Address) + " with a new link, by which the badge can be claimed.", "Links that were sent before go on working."},
		Back: v.to("awards", c.ID), Button: "Send it"}})
}

func (s *server) resend(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	h, _, err := s.reachable(v)
	if err != nil {
		return err
	}
	if !s.Earners.Mails() {
		return s.resendForm(v, http.StatusConflict, f)
	}
	err = v.onlyOnce(f, func() error {
		back := v.to("awards", h.Credential)
		if err := s.Earners.ResendOnce(v.ctx(), v.organisation.ID, h.Credential, issuer.Write{Actor: v.actor(), Once: v.keeping(ledTo("link-sent", back))}); err != nil {
			return err
		}
		return v.done("link-sent", back)
	})
	if err == nil {
		return nil
	}
	if err := f.refused(err, nil); err != nil {
		return err
	}
	return s.resendForm(v, http.StatusUnprocessableEntity, f)
}

func (s *server) linkForm(v *visit) error {
	h, c, err := s.reachable(v)
	if err != nil {
		return err
	}
	return v.ok("confirm", page{Title: "Make a link for " + earnerOf(&c), Form: newForm().single(), Data: confirmPage{Will: []string{
		"You are shown a link by which the badge can be claimed. Hand it to " + wording.First(h.Name, h.Address) + " yourself, and to nobody else.",
		"Whoever has the link acts in the place of the earner: they can claim the badge, hide it, and have it erased.",
		"It is written down that you made the link."}, Back: v.to("awards", c.ID), Button: "Make the link"}})
}

type shownLink struct {
	Address, Name, Email, Back string
	Ends                       wording.Moment
}

// showLink makes a link and shows it on the page that answers: nothing keeps it.
func (s *server) showLink(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	h, c, err := s.reachable(v)
	if err != nil {
		return err
	}
	return v.onlyOnce(f, func() error {
		address, ends, err := s.Earners.LinkOnce(v.ctx(), v.organisation.ID, h.Credential, issuer.Write{Actor: v.actor(), Once: v.keeping(shownOnce)})
		if err != nil {
			return err
		}
		return v.ok("earner-link", newPage("A link for "+earnerOf(&c), shownLink{Address: address, Name: wording.Plain(h.Name), Email: wording.Plain(h.Address), Ends: v.day(ends), Back: v.to("awards", c.ID)}))
	})
}
