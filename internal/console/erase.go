package console

import (
	"net/http"
	"slices"

	"github.com/laurelbadges/laurel/issuer"
)

type erasePage struct {
	Will, Stays []string
	Person      bool // all awards of an address
	Asked       bool // the address was looked for, and can be erased
	Second      bool // another person has to allow it
	Back        string
}

// whatStays is what an erasure leaves.
var whatStays = []string{
	"The id of each award, its place in the status lists, and whether it was revoked: so whoever has the file can still check it. These say nothing of the person.",
	"The entries of the log: what was done, when and by whom, without the reasons that were written.",
	"Files that the earner or others have downloaded: nobody can take these back.",
}

const (
	erasedInForce = "If it shall count no more, it has to be revoked first: a file that is erased and not revoked stays in force."
	linksEnd      = "Links that the earner was sent work no more. Nobody is written to."
)

// eraseWill says what erasing the awards of an address does, and what is kept for it beside them.
func eraseWill(count int) []string {
	what := "No award of this organisation was made to that address: 0 awards are erased."
	if count > 0 {
		what = counted(count, "One award of this organisation for that address is", "%d awards of this organisation for that address are") +
			" erased, for good: the badges, the name, the address, and what was written about them."
	}
	return []string{what, "What is planned and proposed for that address, and was rejected, is erased as well."}
}

// erasesAlone says whether nobody else has to allow an erasure: it needs a second person where revoking does.
func (v *visit) erasesAlone() bool {
	return !slices.Contains(v.organisation.Settings.Second, issuer.ActRevoke)
}

// eraseAwardPage says what erasing an award takes away.
func (s *server) eraseAwardPage(v *visit) error { return s.eraseAwardForm(v, http.StatusOK, newForm()) }

func (s *server) eraseAwardForm(v *visit, status int, f *form) error {
	c, _, err := v.space.Credential(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	return v.show(status, "erase", page{Title: "Erase the award of " + earnerOf(&c), Form: f.single(), Data: erasePage{Back: v.to("awards", c.ID), Asked: true, Second: !v.erasesAlone(), Will: []string{
		"The badge, the name, the address, and what was written about the award are erased here, for good. Its page is gone.",
		linksEnd, erasedInForce,
	}, Stays: whatStays}})
}

func (s *server) eraseAward(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	c, _, err := v.space.Credential(v.ctx(), v.Param("id")) // one of this organisation
	if err != nil {
		return err
	}
	if f.Get("sure") == "" {
		f.refuse("sure", notSure)
		return s.eraseAwardForm(v, http.StatusUnprocessableEntity, f)
	}
	if !v.erasesAlone() && c.Erased == nil {
		return v.propose(f, v.by(), issuer.Proposal{Kind: issuer.ProposalErase, Credential: c.ID, Cause: &issuer.Cause{Reason: f.Get("reason")}, Why: f.Get("why")}, v.to("awards", c.ID), s.eraseAwardForm)
	}
	err = v.onlyOnce(f, func() error {
		back := v.to("awards", c.ID)
		if c.Issued.IsZero() { // it is given up: nothing is left of it
			back = v.to("awards")
		}
		if _, err := v.space.EraseAward(v.ctx(), c.ID, f.Get("reason"), issuer.Write{Actor: v.actor(), Once: v.keeping(ledTo("award-erased", back))}); err != nil {
			return err
		}
		return v.done("award-erased", back)
	})
	if err == nil {
		return nil
	}
	if err := f.refused(err, awardCodes); err != nil {
		return err
	}
	return s.eraseAwardForm(v, http.StatusUnprocessableEntity, f)
}

const notSure = "Say that you are sure: it cannot be undone."

// erasePersonPage asks for the address of somebody whose awards are to be erased. It is asked for in a form and not in an address, which
// would be written down on the way.
func (s *server) erasePersonPage(v *visit) error {
	return s.erasePersonForm(v, http.StatusOK, newForm(), notLooked)
}

// notLooked is the count of awards of an address that was not looked for.
const notLooked = -1

func (s *server) erasePersonForm(v *visit, status int, f *form, count int) error {
	data := erasePage{Person: true, Back: v.to("unclaimed"), Asked: count != notLooked, Second: !v.erasesAlone(), Stays: whatStays}
	if data.Asked {
		data.Will = append(eraseWill(count), linksEnd, "Awards that other organisations made stay: the earner can have these erased from their own page.", erasedInForce)
		f.Values.Set("looked", f.Get("email"))
	} else {
		f.Values.Del("looked")
	}
	return v.show(status, "erase", page{Title: "Erase a person", Up: nameLink{"Unclaimed", v.to("unclaimed")}, Form: f.single(), Data: data})
}

// erasePerson looks for the awards of an address first, and erases them once that is confirmed, and what is kept for it beside them: also
// where there are none.
func (s *server) erasePerson(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	email, sure := f.Get("email"), f.Get("sure") != "" && f.Get("looked") == f.Get("email")
	count := notLooked
	look := func() error {
		found, err := s.Earners.HeldBy(v.ctx(), v.organisation.ID, email)
		if err == nil {
			count = found
		}
		return err
	}
	if sure {
		err = v.onlyOnce(f, func() error {
			if !v.erasesAlone() {
				by := issuer.Write{Actor: v.actor(), Once: v.keeping(ledTo("proposed", v.to("awards")))}
				if _, err := s.Earners.ProposeErasure(v.ctx(), v.organisation.ID, email, f.Get("reason"), f.Get("why"), by); err != nil {
					return err
				}
				return v.done("proposed", v.to("awards"))
			}
			if _, err := s.Earners.EraseAlone(v.ctx(), v.organisation.ID, email, f.Get("reason"), v.actor()); err != nil {
				return err
			}
			return v.done("person-erased", v.to("awards"))
		})
		if err == nil {
			return nil
		}
		if looking := look(); looking != nil {
			err = looking // says what is wrong with it
		}
	} else if err = look(); err == nil && f.Get("looked") == email {
		f.refuse("sure", notSure)
	} else {
		f.Values.Del("sure") // another one than was confirmed
	}
	if err != nil {
		if err := f.refused(err, map[string]string{"email": "email", "reason": "reason", "why": "why", "proposed": "", "too_many": "email"}); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if len(f.problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return s.erasePersonForm(v, status, f, count)
}
