package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/issuer"
)

// proposalResource is an act that one asks for and another allows, without what it says of people.
type proposalResource struct {
	ID           string               `json:"id"`
	Kind         issuer.ProposalKind  `json:"kind"`
	State        issuer.ProposalState `json:"state"`
	By           string               `json:"by"`
	Handed       string               `json:"handed,omitempty"` // who made the link over which an earner has asked
	At           timestamp            `json:"at"`
	Expires      timestamp            `json:"expires"`
	Achievement  string               `json:"achievement,omitempty"` // of an award, while it is open
	Credential   string               `json:"credential,omitempty"`  // that is to be revoked, erased, corrected or renewed
	Batch        string               `json:"batch,omitempty"`       // that is to be confirmed
	SkipRejected bool                 `json:"skipRejected,omitempty"`
	Why          string               `json:"why,omitempty"`
	Decided      *timestamp           `json:"decided,omitempty"`
	DecidedBy    string               `json:"decidedBy,omitempty"`
	Note         string               `json:"note,omitempty"`
	Result       string               `json:"result,omitempty"` // id of the award or batch that came of it
	Problem      *problemResource     `json:"problem,omitempty"`
}

func (p proposalResource) address() string { return prefix + "/proposals/" + p.ID }

func showProposal(p issuer.Proposal) proposalResource {
	r := keepProposal(p)
	r.Why, r.Note = p.Why, p.Note
	return r
}

// keepProposal shows a proposal without what people wrote, which is erased where it lies.
func keepProposal(p issuer.Proposal) proposalResource {
	r := proposalResource{ID: p.ID, Kind: p.Kind, State: p.State, By: p.By, Handed: p.Handed, At: timestamp{p.At}, Expires: timestamp{p.Expires}, Credential: p.Credential,
		Batch: p.Batch, SkipRejected: p.SkipRejected, DecidedBy: p.DecidedBy, Result: p.Result}
	if p.Award != nil {
		r.Achievement = p.Award.Achievement
	}
	if !p.Decided.IsZero() {
		r.Decided = optional(&p.Decided)
	}
	if p.Code != "" {
		r.Problem = &problemResource{p.Code, p.Problem}
	}
	return r
}

func (s *server) proposals(c echo.Context) error {
	p, err := pageOf(c.Request(), map[string]func(string) bool{"state": func(state string) bool {
		return slices.Contains([]issuer.ProposalState{issuer.ProposalOpen, issuer.ProposalAllowed, issuer.ProposalRefused, issuer.ProposalWithdrawn,
			issuer.ProposalExpired, issuer.ProposalFailed}, issuer.ProposalState(state))
	}})
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	all, next, err := space.Proposals(c.Request().Context(), issuer.ProposalState(p.filters["state"]), p.cursor, p.limit)
	if err != nil {
		return err
	}
	return giveList(c, all, showProposal, p, next)
}

func (s *server) proposal(c echo.Context) error {
	id, err := named(c)
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	p, version, err := space.Proposal(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return give(c, version, showProposal(p))
}

// allow does what was proposed. That is for a person: a token is told so.
func (s *server) allow(c echo.Context) error {
	return s.decideProposal(c, func(*form) map[string]reader { return nil }, issuer.Workspace.Allow)
}

// refuse says no to what somebody else has proposed.
func (s *server) refuse(c echo.Context) error {
	var note string
	return s.decideProposal(c, func(f *form) map[string]reader { return map[string]reader{"note": f.text(&note)} },
		func(w issuer.Workspace, ctx context.Context, id string, by issuer.Write) (issuer.Proposal, error) {
			return w.Refuse(ctx, id, note, by)
		})
}

// withdraw takes back what the token has proposed.
func (s *server) withdraw(c echo.Context) error {
	return s.decideProposal(c, nothing, issuer.Workspace.Withdraw)
}

func (s *server) decideProposal(c echo.Context, fill func(*form) map[string]reader, step func(issuer.Workspace, context.Context, string, issuer.Write) (issuer.Proposal, error)) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	body, err := decode(c.Request(), fill)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	return s.change(c, write{status: http.StatusOK, body: body, places: places{codes: map[string]string{"note": "/note"}},
		shown: func(value any) any { return keepProposal(value.(issuer.Proposal)) },
		do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
			p, version, err := w.Proposal(ctx, id)
			if err != nil {
				return nil, 0, err
			}
			if err := decides(Token(c), p); err != nil {
				return nil, 0, err
			}
			p, err = step(w, ctx, id, by)
			return p, version + 1, err
		}})
}

// decides refuses a token that may not do what a proposal asks for, unless the proposal is its own.
func decides(t issuer.Token, p issuer.Proposal) error {
	scope := p.Scope()
	if p.By == actor(t) || t.May(scope) {
		return nil
	}
	return failure{status: http.StatusForbidden, code: "scope_missing", detail: "The token does not allow this: it lacks the scope " + string(scope) + "."}
}
