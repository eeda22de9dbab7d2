package console

import (
	"net/http"

	"github.com/laurelbadges/laurel/internal/mail"
)

type erasePage struct {
	Will, Stays []string
	Person      bool // all awards of an address
	Count       string
	Asked       bool // the address was looked for, and can be erased
	Back        string
}

// whatStays is what an erasure leaves.
var whatStays = []string{
	"The id of each award, its place in the status lists, and whether it was revoked: so whoever has the file can still check it. These say nothing of the person.",
	"The entries of the log: what was done, when and by whom, without the reasons that were written.",
	"Files that the earner or others have downloaded: nobody can take these back.",
}

// eraseAwardPage says what erasing an award takes away.
func (s *server) eraseAwardPage(v *visit) error { return s.eraseAwardForm(v, http.StatusOK, newForm()) }

func (s *server) eraseAwardForm(v *visit, status int, f *form) error {
	c, _, err := v.space.Credential(v.ctx(), v.Param("id"))
	if err != nil {
		return err
	}
	return v.show(status, "erase", page{Title: "Erase the award of " + earnerOf(&c), Form: f, Data: erasePage{Back: v.to("awards", c.ID), Asked: true, Will: []string{
		"The badge, the name, the address, and what was written about the award are erased here, for good. Its page is gone.",
		"Links that the earner was sent work no more. Nobody is written to.",
		"If you want it to count no more, revoke it first: a file that is erased and not revoked stays in force.",
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
	if _, err := s.Office.Erase(v.ctx(), c.ID, f.Get("reason"), v.actor()); err != nil {
		if err := f.refused(err, awardCodes); err != nil {
			return err
		}
		return s.eraseAwardForm(v, http.StatusUnprocessableEntity, f)
	}
	back := v.to("awards", c.ID)
	if c.Issued.IsZero() { // it was given up: nothing is left of it
		back = v.to("awards")
	}
	return v.done("award-erased", back)
}

const notSure = "Say that you are sure: it cannot be undone."

// erasePersonPage asks for the address of somebody whose awards are to be erased. It is asked for in a form and not in an address, which
// would be written down on the way.
func (s *server) erasePersonPage(v *visit) error {
	return s.erasePersonForm(v, http.StatusOK, newForm(), 0, "")
}

func (s *server) erasePersonForm(v *visit, status int, f *form, count int, more string) error {
	data := erasePage{Person: true, Back: v.to("unclaimed"), Asked: count > 0, Stays: whatStays}
	if count > 0 {
		data.Count = counted(count, "One award", "%d awards") + more
		data.Will = []string{data.Count + " of this organisation for that address are erased, for good: the badges, the name, the address, and what was written about them.",
			"Links that the earner was sent work no more. Nobody is written to.",
			"Awards that other organisations made stay: the earner can have these erased from their own page.",
			"If the badges shall count no more, revoke them first: a file that is erased and not revoked stays in force."}
		f.Values.Set("looked", f.Get("email"))
	} else {
		f.Values.Del("looked")
	}
	return v.show(status, "erase", page{Title: "Erase a person", Up: nameLink{"Unclaimed", v.to("unclaimed")}, Form: f, Data: data})
}

// mostFound is how many awards of an address are counted before they are erased.
const mostFound = 1000

// erasePerson looks for the awards of an address first, and erases them once that is confirmed.
func (s *server) erasePerson(v *visit) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	email := f.Get("email")
	again := func(count int, more string) error {
		status := http.StatusOK
		if len(f.problems) > 0 {
			status = http.StatusUnprocessableEntity
		}
		return s.erasePersonForm(v, status, f, count, more)
	}
	if _, is := mail.Address(email); !is {
		f.refuse("email", "This is no e-mail address. Write it as name@example.org.")
		return again(0, "")
	}
	found, next, err := s.Earners.Search(v.ctx(), v.organisation.ID, email, "", mostFound)
	if err != nil {
		return err
	}
	more := ""
	if next != "" {
		more = " and more"
	}
	switch {
	case len(found) == 0:
		f.refuse("email", "Nothing is kept of an award of this organisation for this address.")
		return again(0, "")
	case f.Get("looked") != email: // another one than was confirmed
		f.Values.Del("sure")
		return again(len(found), more)
	case f.Get("sure") == "":
		f.refuse("sure", notSure)
		return again(len(found), more)
	}
	if _, err := s.Earners.EraseFor(v.ctx(), v.organisation.ID, email, f.Get("reason"), v.actor()); err != nil {
		if err := f.refused(err, map[string]string{"email": "email", "reason": "reason"}); err != nil {
			return err
		}
		return again(len(found), more)
	}
	return v.done("person-erased", v.to("awards"))
}
