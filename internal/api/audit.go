package api

import (
	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/issuer"
)

// actResource is an entry of the audit log.
type actResource struct {
	Sequence uint64    `json:"sequence"`
	At       timestamp `json:"at"`
	Actor    string    `json:"actor"`
	Action   string    `json:"action"`
	Subject  string    `json:"subject"`
	Detail   string    `json:"detail,omitempty"`
	Reason   string    `json:"reason,omitempty"` // in the words of whoever did it; for tokens that may read the log
	Erased   bool      `json:"reasonErased,omitempty"`
}

// showAct shows an entry, with the reason for those who may see reasons that are not public.
func showAct(reasons bool) func(issuer.Activity) actResource {
	return func(a issuer.Activity) actResource {
		r := actResource{Sequence: a.Sequence, At: timestamp{a.At}, Actor: a.Actor, Action: a.Action, Subject: a.Subject, Detail: a.Detail, Erased: a.Erased}
		if reasons {
			r.Reason = a.Text
		}
		return r
	}
}

// audit lists what was done in the organisation, the newest first.
func (s *server) audit(c echo.Context) error {
	p, err := pageOf(c.Request(), map[string]func(string) bool{"subject": isPlain, "actor": isPlain})
	if err != nil {
		return err
	}
	token := Token(c)
	all, next, err := s.office.Activity(c.Request().Context(), issuer.ActivityFilter{Organisation: token.Organisation, Subject: p.filters["subject"],
		Actor: p.filters["actor"]}, p.cursor, p.limit)
	if err != nil {
		return err
	}
	return giveList(c, all, showAct(true), p, next)
}

// isPlain tells a text that can be an id or the name of an actor.
func isPlain(text string) bool {
	return text != "" && len(text) <= 256 && isVisible(text)
}

// history lists what was done to an award, the newest first.
func (s *server) history(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	p, err := pageOf(c.Request(), nil)
	if err != nil {
		return err
	}
	space, token := s.workspace(c)
	ctx := c.Request().Context()
	if _, _, err := space.Credential(ctx, id); err != nil {
		return err
	}
	all, next, err := s.office.Activity(ctx, issuer.ActivityFilter{Organisation: token.Organisation, Subject: id}, p.cursor, p.limit)
	if err != nil {
		return err
	}
	return giveList(c, all, showAct(token.May(issuer.ScopeAuditRead)), p, next)
}
