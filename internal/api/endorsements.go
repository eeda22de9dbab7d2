package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/issuer"
)

// endorsementResource is an endorsement that the organisation has given or received.
type endorsementResource struct {
	ID         string                    `json:"id"`
	Kind       issuer.EndorsementSubject `json:"kind"`
	Subject    string                    `json:"subject"`
	Received   bool                      `json:"received"`
	State      string                    `json:"state"`
	Identifier string                    `json:"identifier"`
	URL        string                    `json:"url,omitempty"`
	Name       string                    `json:"name"`
	Comment    string                    `json:"comment,omitempty"`
	Issuer     endorserResource          `json:"issuer"`
	ValidFrom  timestamp                 `json:"validFrom"`
	ValidUntil *timestamp                `json:"validUntil,omitempty"`
	Issued     *timestamp                `json:"issued,omitempty"`
	Revoked    *changeResource           `json:"revoked,omitempty"`
}

type endorserResource struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	URL  string `json:"url,omitempty"`
}

func (r endorsementResource) address() string { return prefix + "/endorsements/" + r.ID }

func showEndorsement(e issuer.Endorsement) endorsementResource {
	r := endorsementResource{ID: e.ID, Kind: e.Kind, Subject: e.Subject, Received: e.Received, State: "issued", Identifier: e.Identifier, URL: e.URL,
		Name: e.Name, Comment: e.Comment, Issuer: endorserResource{e.Issuer, e.IssuerName, e.IssuerURL}, ValidFrom: timestamp{e.ValidFrom},
		ValidUntil: instantOf(e.ValidUntil), Issued: instantOf(e.Issued), Revoked: showChange(e.Revoked)}
	switch {
	case e.Revoked != nil:
		r.State = "revoked"
	case e.Issued.IsZero():
		r.State = "pending"
	}
	return r
}

var endorsementPlaces = places{strips: "/credentialSubject", codes: map[string]string{"kind": "/kind", "subject": "/subject", "name": "/name", "comment": "/comment",
	"dates": "/validUntil", "reason": "/reason"}}

func (s *server) endorsements(c echo.Context) error {
	p, err := pageOf(c.Request(), map[string]func(string) bool{"subject": func(text string) bool { return text != "" && len(text) <= 2000 }})
	if err != nil {
		return err
	}
	return s.giveEndorsements(c, p.filters["subject"], p)
}

func (s *server) giveEndorsements(c echo.Context, subject string, p page) error {
	space, _ := s.workspace(c)
	all, next, err := space.Endorsements(c.Request().Context(), subject, p.cursor, p.limit)
	if err != nil {
		return err
	}
	return giveList(c, all, showEndorsement, p, next)
}

// endorsementsOf lists the endorsements of an achievement that the organisation has.
func (s *server) endorsementsOf(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	p, err := pageOf(c.Request(), nil)
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	a, err := space.Achievement(c.Request().Context(), id)
	if err != nil {
		return err
	}
	if a.URL == "" { // a draft, which nobody can endorse
		return giveList(c, nil, showEndorsement, p, "")
	}
	return s.giveEndorsements(c, a.URL, p)
}

func (s *server) endorsement(c echo.Context) error {
	id, err := named(c)
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	e, version, err := space.Endorsement(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return give(c, version, showEndorsement(e))
}

func (s *server) endorse(c echo.Context) error {
	var in issuer.EndorseInput
	body, err := decode(c.Request(), func(f *form) map[string]reader {
		return map[string]reader{"kind": word(f, &in.Kind), "subject": f.text(&in.Subject), "name": f.text(&in.Name), "comment": f.text(&in.Comment),
			"validFrom": f.instant(&in.ValidFrom), "validUntil": f.instant(&in.ValidUntil)}
	}, "kind", "subject")
	if err != nil {
		return err
	}
	return s.changeEndorsement(c, http.StatusCreated, body, endorsementPlaces, func(ctx context.Context, w issuer.Workspace, by issuer.Write) (issuer.Endorsement, error) {
		return w.Endorse(ctx, in, by)
	})
}

// attach publishes an endorsement of somebody else with what it is about. The body is the endorsement as it was signed.
func (s *server) attach(c echo.Context) error {
	body, _, err := raw(c.Request(), mediaCredential, mediaJSON, "application/ld+json", "application/jwt", "application/vc+jwt")
	if err != nil {
		return err
	}
	places := places{codes: map[string]string{"endorsement": "", "subject": "", "not_authentic": "", "ended": ""}}
	return s.changeEndorsement(c, http.StatusCreated, body, places, func(ctx context.Context, w issuer.Workspace, by issuer.Write) (issuer.Endorsement, error) {
		return w.Attach(ctx, issuer.AttachInput{Document: body, Check: s.check}, by)
	})
}

func (s *server) revokeEndorsement(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	var reason string
	body, err := decode(c.Request(), func(f *form) map[string]reader { return map[string]reader{"reason": f.text(&reason)} }, "reason")
	if err != nil {
		return err
	}
	return s.changeEndorsement(c, http.StatusOK, body, endorsementPlaces, func(ctx context.Context, w issuer.Workspace, by issuer.Write) (issuer.Endorsement, error) {
		return w.RevokeEndorsement(ctx, id, reason, by)
	})
}

// detach takes an endorsement of somebody else away from what it is published with.
func (s *server) detach(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	body, err := decode(c.Request(), nothing)
	if err != nil {
		return err
	}
	return s.change(c, write{status: http.StatusNoContent, body: body, shown: func(any) any { return nil },
		do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
			return nil, 0, w.Detach(c.Request().Context(), id, by)
		}})
}

func (s *server) changeEndorsement(c echo.Context, status int, body []byte, p places, do func(context.Context, issuer.Workspace, issuer.Write) (issuer.Endorsement, error)) error {
	return s.change(c, write{status: status, body: body, places: p, untagged: true, shown: func(value any) any { return showEndorsement(value.(issuer.Endorsement)) },
		do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
			e, err := do(c.Request().Context(), w, by)
			return e, 0, err
		}})
}
