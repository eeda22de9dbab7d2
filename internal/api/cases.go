package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/issuer"
)

// caseResource is the file on an inquiry into one award.
type caseResource struct {
	ID         string            `json:"id"`
	Credential string            `json:"credential"`
	State      issuer.CaseState  `json:"state"`
	By         string            `json:"by"`
	At         timestamp         `json:"at"`
	Code       issuer.ReasonCode `json:"code"`
	Allegation string            `json:"allegation,omitempty"`
	Suspended  bool              `json:"suspended"`
	Due        *timestamp        `json:"due,omitempty"`
	Entries    []entryResource   `json:"entries"`
	Decision   *decisionResource `json:"decision,omitempty"`
	Closed     *timestamp        `json:"closed,omitempty"`
	Erased     bool              `json:"erased,omitempty"`
}

func (r caseResource) address() string { return prefix + "/cases/" + r.ID }

type entryResource struct {
	Number int             `json:"number"`
	Step   issuer.CaseStep `json:"step"`
	By     string          `json:"by"`
	At     timestamp       `json:"at"`
	Text   string          `json:"text,omitempty"`
	Sent   *timestamp      `json:"sent,omitempty"`
	Due    *timestamp      `json:"due,omitempty"`
	Earner bool            `json:"earner,omitempty"`
	URL    string          `json:"url,omitempty"`
	Digest string          `json:"digest,omitempty"`
	For    *bool           `json:"for,omitempty"` // of a vote: to revoke
}

type decisionResource struct {
	Verdict issuer.Verdict    `json:"verdict"`
	Code    issuer.ReasonCode `json:"code,omitempty"`
	Reason  string            `json:"reason,omitempty"`
	Note    string            `json:"note,omitempty"`
	Urgent  string            `json:"urgent,omitempty"`
	By      string            `json:"by"`
	At      timestamp         `json:"at"`
	Votes   int               `json:"votes"`
	For     int               `json:"for"`
}

// instantOf shows an instant; nothing for the zero one.
func instantOf(at time.Time) *timestamp {
	if at.IsZero() {
		return nil
	}
	return &timestamp{at}
}

func showCase(c issuer.Case) caseResource {
	r := caseResource{ID: c.ID, Credential: c.Credential, State: c.State, By: c.By, At: timestamp{c.At}, Code: c.Code, Allegation: c.Allegation,
		Suspended: c.Suspended, Due: instantOf(c.Due), Entries: []entryResource{}, Erased: c.Erased}
	for _, e := range c.Entries {
		shown := entryResource{Number: e.Number, Step: e.Step, By: e.By, At: timestamp{e.At}, Text: e.Text, Sent: instantOf(e.Sent), Due: instantOf(e.Due),
			Earner: e.Earner, URL: e.URL, Digest: e.Digest}
		if e.Step == issuer.CaseVote {
			shown.For = &e.For
		}
		r.Entries = append(r.Entries, shown)
	}
	if d := c.Decision; d != nil {
		r.Decision = &decisionResource{d.Verdict, d.Code, d.Reason, d.Note, d.Urgent, d.By, timestamp{d.At}, d.Votes, d.For}
	}
	if c.Closed != nil {
		r.Closed = &timestamp{c.Closed.At}
	}
	return r
}

var casePlaces = places{codes: map[string]string{"code": "/code", "text": "/text", "sent": "/sent", "due": "/due", "came": "/came",
	"url": "/url", "digest": "/digest", "document": "", "verdict": "/verdict", "reason": "/reason", "note": "/note", "urgent": "/urgent", "not_found": "/credential"}}

func (s *server) cases(c echo.Context) error {
	p, err := pageOf(c.Request(), map[string]func(string) bool{"credential": isID, "state": func(state string) bool {
		return slices.Contains([]issuer.CaseState{issuer.CaseOpen, issuer.CaseNoticed, issuer.CaseAnswered, issuer.CaseDecided, issuer.CaseClosed}, issuer.CaseState(state))
	}})
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	filter := issuer.CaseFilter{State: issuer.CaseState(p.filters["state"]), Credential: p.filters["credential"]}
	all, next, err := space.Cases(c.Request().Context(), filter, p.cursor, p.limit)
	if err != nil {
		return err
	}
	return giveList(c, all, showCase, p, next)
}

func (s *server) oneCase(c echo.Context) error {
	id, err := named(c)
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	file, version, err := space.Case(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return give(c, version, showCase(file))
}

func (s *server) openCase(c echo.Context) error {
	var in issuer.CaseInput
	body, err := decode(c.Request(), func(f *form) map[string]reader {
		return map[string]reader{"credential": f.text(&in.Credential), "code": word(f, &in.Code), "text": f.text(&in.Allegation), "suspend": f.boolean(&in.Suspend)}
	}, "credential", "code", "text")
	if err != nil {
		return err
	}
	return s.changeCase(c, http.StatusCreated, body, func(ctx context.Context, w issuer.Workspace, by issuer.Write) (issuer.Case, uint64, error) {
		return w.OpenCase(ctx, in, by)
	})
}

// caseStep reads the body of a step in a case, and takes it.
func (s *server) caseStep(c echo.Context, fill func(*form) map[string]reader, required []string, take func(ctx context.Context, w issuer.Workspace, id string, by issuer.Write) (issuer.Case, uint64, error)) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	body, err := decode(c.Request(), fill, required...)
	if err != nil {
		return err
	}
	return s.changeCase(c, http.StatusOK, body, func(ctx context.Context, w issuer.Workspace, by issuer.Write) (issuer.Case, uint64, error) {
		if _, _, err := w.Case(ctx, id); err != nil { // before anything is said of who may take the step
			return issuer.Case{}, 0, notFoundOr(err)
		}
		return take(ctx, w, id, by)
	})
}

// notFoundOr keeps what is missing from being taken for something that the body names.
func notFoundOr(err error) error {
	if f := failureOf(err); f.status == http.StatusNotFound {
		return f
	}
	return err
}

func (s *server) changeCase(c echo.Context, status int, body []byte, do func(context.Context, issuer.Workspace, issuer.Write) (issuer.Case, uint64, error)) error {
	return s.change(c, write{status: status, body: body, places: casePlaces,
		shown: func(value any) any { return showCase(value.(issuer.Case)) },
		do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
			file, version, err := do(c.Request().Context(), w, by)
			return file, version, err
		}})
}

func (s *server) notifyCase(c echo.Context) error {
	var sent, due time.Time
	var text string
	return s.caseStep(c, func(f *form) map[string]reader {
		return map[string]reader{"text": f.text(&text), "sent": f.instant(&sent), "due": f.instant(&due)}
	}, []string{"text", "due"}, func(ctx context.Context, w issuer.Workspace, id string, by issuer.Write) (issuer.Case, uint64, error) {
		return w.NotifyCase(ctx, id, sent, due, text, by)
	})
}

func (s *server) answerCase(c echo.Context) error {
	var text string
	var earner bool
	var came time.Time
	return s.caseStep(c, func(f *form) map[string]reader {
		return map[string]reader{"text": f.text(&text), "earner": f.boolean(&earner), "came": f.instant(&came)}
	}, []string{"text"}, func(ctx context.Context, w issuer.Workspace, id string, by issuer.Write) (issuer.Case, uint64, error) {
		return w.AnswerCase(ctx, id, text, earner, came, by)
	})
}

func (s *server) addToCase(c echo.Context) error {
	var address, digest, text string
	return s.caseStep(c, func(f *form) map[string]reader {
		return map[string]reader{"text": f.text(&text), "url": f.text(&address), "digest": f.text(&digest)}
	}, []string{"text"}, func(ctx context.Context, w issuer.Workspace, id string, by issuer.Write) (issuer.Case, uint64, error) {
		return w.AddToCase(ctx, id, address, digest, text, by)
	})
}

// voteOnCase records a vote. A token has none, and is told so.
func (s *server) voteOnCase(c echo.Context) error {
	var revoke bool
	var note string
	return s.caseStep(c, func(f *form) map[string]reader {
		return map[string]reader{"for": f.boolean(&revoke), "note": f.text(&note)}
	}, []string{"for"}, func(ctx context.Context, w issuer.Workspace, id string, by issuer.Write) (issuer.Case, uint64, error) {
		return w.VoteOnCase(ctx, id, revoke, note, by)
	})
}

// decideCase ends the inquiry. A token decides nothing, and is told so.
func (s *server) decideCase(c echo.Context) error {
	var d issuer.Decision
	return s.caseStep(c, func(f *form) map[string]reader {
		return map[string]reader{"verdict": word(f, &d.Verdict), "code": word(f, &d.Code), "reason": f.text(&d.Reason), "note": f.text(&d.Note), "urgent": f.text(&d.Urgent)}
	}, []string{"verdict"}, func(ctx context.Context, w issuer.Workspace, id string, by issuer.Write) (issuer.Case, uint64, error) {
		return w.DecideCase(ctx, id, d, by)
	})
}

func (s *server) closeCase(c echo.Context) error {
	return s.caseStep(c, nothing, nil, func(ctx context.Context, w issuer.Workspace, id string, by issuer.Write) (issuer.Case, uint64, error) {
		return w.CloseCase(ctx, id, by)
	})
}
