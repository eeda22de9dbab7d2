package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/issuer"
)

// unclaimedResource is an award that its earner has not taken yet, with what became of the messages about it.
type unclaimedResource struct {
	Credential  string            `json:"credential"`
	Achievement string            `json:"achievement"`
	Recipient   *personalResource `json:"recipient,omitempty"` // for whoever may award alone
	Begun       timestamp         `json:"begun"`
	Delivered   *timestamp        `json:"delivered,omitempty"` // when the mail server took the message
	Refused     *timestamp        `json:"refused,omitempty"`   // when a message was refused for good: the address is not reached
	Reminders   int               `json:"reminders"`           // sent so far
	Reminded    *timestamp        `json:"reminded,omitempty"`
	Linkable    bool              `json:"linkable"` // a link can be made to be handed over
}

type personalResource struct {
	Email    string `json:"email"`
	Name     string `json:"name,omitempty"`
	Language string `json:"language,omitempty"`
}

// unclaimed lists the awards that were not taken yet, the oldest first.
func (s *server) unclaimed(c echo.Context) error {
	if s.earners == nil {
		return notHere()
	}
	p, err := pageOf(c.Request(), nil)
	if err != nil {
		return err
	}
	space, token := s.workspace(c)
	ctx := c.Request().Context()
	held, next, err := s.earners.Unclaimed(ctx, token.Organisation, p.cursor, p.limit)
	if err != nil {
		return err
	}
	var all []unclaimedResource
	for _, h := range held {
		award, _, err := space.Credential(ctx, h.Credential)
		if errors.Is(err, issuer.ErrNotFound) { // given up in between
			continue
		}
		if err != nil {
			return err
		}
		one := unclaimedResource{Credential: h.Credential, Achievement: award.Achievement, Begun: timestamp{h.Created}, Delivered: instantOf(h.Delivered),
			Refused: instantOf(h.Refused), Reminders: h.Reminders, Reminded: instantOf(h.Reminded), Linkable: h.Address != "" && !award.Issued.IsZero() && s.earners.MayLink(&h)}
		if h.Address != "" && token.May(issuer.ScopeCredentialsWrite) {
			one.Recipient = &personalResource{h.Address, h.Name, h.Language}
		}
		all = append(all, one)
	}
	return giveList(c, all, func(one unclaimedResource) unclaimedResource { return one }, p, next)
}

// linkResource is a link by which an earner takes an award and looks after it. Link is left out where the answer is given again.
type linkResource struct {
	Link    string    `json:"link,omitempty"`
	Expires timestamp `json:"expires"`
}

// resend has the message sent again that tells the earner of an award.
func (s *server) resend(c echo.Context) error {
	return s.reach(c, write{status: http.StatusNoContent}, func(ctx context.Context, id string, by issuer.Write) (any, error) {
		return nil, s.earners.ResendOnce(ctx, Token(c).Organisation, id, by)
	})
}

// link makes a link for the earner where no message arrives.
func (s *server) link(c echo.Context) error {
	return s.reach(c, write{status: http.StatusOK, shown: func(value any) any { return value },
		kept: func(value any) any { return linkResource{Expires: timestamp{value.(time.Time)}} }},
		func(ctx context.Context, id string, by issuer.Write) (any, error) {
			address, ends, err := s.earners.LinkOnce(ctx, Token(c).Organisation, id, by)
			return linkResource{address, timestamp{ends}}, err
		})
}

// reach does something to reach the earner of an award.
func (s *server) reach(c echo.Context, w write, do func(ctx context.Context, id string, by issuer.Write) (any, error)) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	if s.earners == nil {
		return notHere()
	}
	if w.body, err = decode(c.Request(), nothing); err != nil {
		return err
	}
	w.do = func(space issuer.Workspace, by issuer.Write) (any, uint64, error) {
		ctx := c.Request().Context()
		if err := reachable(ctx, space, s.earners, Token(c).Organisation, id); err != nil {
			return nil, 0, err
		}
		value, err := do(ctx, id, by)
		return value, 0, err
	}
	return s.change(c, w)
}

// reachable refuses what an earner cannot take.
func reachable(ctx context.Context, space issuer.Workspace, earners *earner.Service, organisation, id string) error {
	award, _, err := space.Credential(ctx, id)
	if err != nil {
		return err
	}
	if award.Issued.IsZero() {
		return &issuer.Error{Kind: issuer.KindConflict, Code: "not_issued", Detail: "The award is still being made."}
	}
	held, err := earners.Holders(ctx, organisation, []string{id})
	if err == nil && held[id].Address == "" {
		err = &issuer.Error{Kind: issuer.KindConflict, Code: "no_address",
			Detail: "The address of the earner is not known here: the award was made by an earlier release, or erased."}
	}
	return err
}

var erasurePlaces = places{codes: map[string]string{"email": "/recipient/email", "reason": "/reason"}}

// erasePerson erases all that the organisation has of a person, by an address, which stands in the body and in nothing that is kept.
func (s *server) erasePerson(c echo.Context) error {
	if s.earners == nil {
		return notHere()
	}
	var email, reason, why string
	_, err := decode(c.Request(), func(f *form) map[string]reader {
		return map[string]reader{"recipient": f.members(map[string]reader{"email": f.text(&email)}, "email"), "reason": f.text(&reason), "why": f.text(&why)}
	}, "recipient")
	if err != nil {
		return err
	}
	ctx, organisation := c.Request().Context(), Token(c).Organisation
	key, err := s.office.RecipientKey(ctx, organisation, email)
	if err != nil {
		return err
	}
	type count struct {
		Count int `json:"count"`
	}
	// A repeated request is known by the digest that nobody can try addresses on.
	return s.change(c, write{status: http.StatusOK, body: []byte(key + "\n" + reason + "\n" + why), apart: true, proposes: true, places: erasurePlaces, shown: func(value any) any { return value },
		do: func(_ issuer.Workspace, by issuer.Write) (any, uint64, error) {
			done, err := s.earners.EraseAlone(ctx, organisation, email, reason, by.Actor)
			if needsSecond(err) {
				p, err := s.earners.ProposeErasure(ctx, organisation, email, reason, why, issuer.Write{Actor: by.Actor})
				return p, 1, err
			}
			return count{done}, 0, err
		}})
}
