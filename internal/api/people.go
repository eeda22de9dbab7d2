package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/issuer"
)

// memberResource is somebody who works for the organisation.
type memberResource struct {
	Account  string      `json:"account"`
	Name     string      `json:"name"`
	Email    string      `json:"email"`
	Role     people.Role `json:"role"`
	Since    timestamp   `json:"since"`
	Disabled *timestamp  `json:"disabled,omitempty"`
}

func showMember(m people.Member) memberResource {
	return memberResource{m.Account.ID, m.Account.Name, m.Account.Email, m.Role, timestamp{m.Since}, instantOf(m.Account.Disabled)}
}

// membershipResource is a role that was given.
type membershipResource struct {
	Account string      `json:"account"`
	Role    people.Role `json:"role"`
	Since   timestamp   `json:"since"`
}

// invitationResource is an invitation. Email and Link are left out where an answer is given again.
type invitationResource struct {
	ID       string      `json:"id"`
	Email    string      `json:"email,omitempty"`
	Role     people.Role `json:"role"`
	Language string      `json:"language,omitempty"`
	By       string      `json:"by"`
	Created  timestamp   `json:"created"`
	Expires  timestamp   `json:"expires"`
	Link     string      `json:"link,omitempty"` // where no mail is sent
}

func (r invitationResource) address() string { return prefix + "/invitations/" + r.ID }

func showInvitation(i people.Invitation) invitationResource {
	return invitationResource{ID: i.ID, Email: i.Email, Role: i.Role, Language: i.Language, By: i.By, Created: timestamp{i.Created}, Expires: timestamp{i.Expires}}
}

var peoplePlaces = places{codes: map[string]string{"role": "/role", "email": "/email", "language": "/language"}}

// program is what the token of this request may do with the people of its organisation.
func (s *server) program(c echo.Context) (people.Program, error) {
	if s.people == nil {
		return people.Program{}, notHere()
	}
	return s.people.Program(Token(c)), nil
}

func (s *server) members(c echo.Context) error {
	p, err := s.program(c)
	if err == nil {
		err = noQuery(c)
	}
	if err != nil {
		return err
	}
	all, err := p.Members(c.Request().Context())
	if err != nil {
		return err
	}
	return giveList(c, all, showMember, page{}, "")
}

func (s *server) setRole(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	var role people.Role
	body, err := decode(c.Request(), func(f *form) map[string]reader { return map[string]reader{"role": word(f, &role)} }, "role")
	if err != nil {
		return err
	}
	return s.changePeople(c, write{status: http.StatusOK, body: body}, func(p people.Program) (any, error) {
		m, err := p.SetRole(c.Request().Context(), id, role)
		return m, err
	})
}

func (s *server) removeMember(c echo.Context) error {
	return s.removePeople(c, func(p people.Program, id string) error { return p.RemoveMember(c.Request().Context(), id) })
}

func (s *server) invitations(c echo.Context) error {
	p, err := s.program(c)
	if err == nil {
		err = noQuery(c)
	}
	if err != nil {
		return err
	}
	all, err := p.Invitations(c.Request().Context())
	if err != nil {
		return err
	}
	return giveList(c, all, showInvitation, page{}, "")
}

func (s *server) invite(c echo.Context) error {
	var in people.InvitationInput
	body, err := decode(c.Request(), func(f *form) map[string]reader {
		return map[string]reader{"email": f.text(&in.Email), "role": word(f, &in.Role), "language": f.text(&in.Language)}
	}, "email", "role")
	if err != nil {
		return err
	}
	return s.changePeople(c, write{status: http.StatusCreated, body: body}, func(p people.Program) (any, error) {
		made, link, err := p.Invite(c.Request().Context(), in)
		r := showInvitation(made)
		r.Link = link
		return r, err
	})
}

func (s *server) uninvite(c echo.Context) error {
	return s.removePeople(c, func(p people.Program, id string) error { return p.Withdraw(c.Request().Context(), id) })
}

func (s *server) removePeople(c echo.Context, remove func(p people.Program, id string) error) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	body, err := decode(c.Request(), nothing)
	if err != nil {
		return err
	}
	return s.changePeople(c, write{status: http.StatusNoContent, body: body}, func(p people.Program) (any, error) { return nil, remove(p, id) })
}

// showJoining shows what acts on people return, and what is kept of it: that has no address, and nothing that somebody could join with.
func showJoining(value any) any {
	switch value := value.(type) {
	case people.Membership:
		return membershipResource{value.Account, value.Role, timestamp{value.Since}}
	case people.Invitation:
		r := showInvitation(value)
		r.Email = ""
		return r
	}
	return value
}

func (s *server) changePeople(c echo.Context, w write, do func(p people.Program) (any, error)) error {
	p, err := s.program(c)
	if err != nil {
		return err
	}
	w.places, w.shown = peoplePlaces, showJoining
	w.do = func(_ issuer.Workspace, by issuer.Write) (any, uint64, error) {
		value, err := do(p.Once(by.Once))
		return value, 0, err
	}
	return s.change(c, w)
}
