package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/laurelbadges/laurel/internal/roster"
	"github.com/laurelbadges/laurel/issuer"
)

// batchResource is work on many awards.
type batchResource struct {
	ID          string            `json:"id"`
	Kind        issuer.BatchKind  `json:"kind"`
	State       issuer.BatchState `json:"state"`
	Name        string            `json:"name"`
	Achievement string            `json:"achievement,omitempty"`
	Total       int               `json:"total"`
	Rejected    int               `json:"rejected"`
	Done        int               `json:"done"`
	Failed      int               `json:"failed"`
	Progress    int               `json:"progress"` // whole percent
	By          string            `json:"by,omitempty"`
	Created     timestamp         `json:"created"`
	Prepared    *timestamp        `json:"prepared,omitempty"`
	Finished    *timestamp        `json:"finished,omitempty"`
	Code        issuer.ReasonCode `json:"code,omitempty"`
	Reason      string            `json:"reason,omitempty"`
	Undoes      string            `json:"undoes,omitempty"`
	Undone      string            `json:"undone,omitempty"`
	Problem     string            `json:"problem,omitempty"` // why it is on hold
}

func (r batchResource) address() string { return prefix + "/batches/" + r.ID }

func showBatch(b issuer.Batch) batchResource {
	return batchResource{ID: b.ID, Kind: b.Kind, State: b.State, Name: b.Name, Achievement: b.Achievement, Total: b.Total, Rejected: b.Rejected, Done: b.Done,
		Failed: b.Failed, Progress: b.Progress(), By: b.By, Created: timestamp{b.Created}, Prepared: instantOf(b.Prepared), Finished: instantOf(b.Finished),
		Code: b.Code, Reason: b.Reason, Undoes: b.Undoes, Undone: b.Undone, Problem: b.Problem}
}

// rowResource is what became of one row of a batch.
type rowResource struct {
	Row        int                 `json:"row"`
	Line       int                 `json:"line,omitempty"` // of the list that it comes from
	State      issuer.RowState     `json:"state"`
	Credential string              `json:"credential,omitempty"`
	Note       string              `json:"note,omitempty"`
	Problems   []issuer.RowProblem `json:"problems,omitempty"`
}

func showRow(r issuer.BatchRow) rowResource {
	shown := rowResource{Row: r.Number, Line: r.Line, State: r.State(), Credential: r.Award, Note: r.Note, Problems: r.Problems}
	if len(r.Problems) == 0 && r.Problem != "" {
		shown.Problems = []issuer.RowProblem{{Row: max(r.Line, 0), Code: r.Code, Detail: r.Problem}}
		if r.Line == 0 {
			shown.Problems[0].Row = r.Number
		}
	}
	return shown
}

var batchPlaces = places{codes: map[string]string{"name": "/name", "batch_size": "", "code": "/code", "reason": "/reason", "note": "/note", "why": "/why",
	"filter": ""}}

func (s *server) batches(c echo.Context) error {
	p, err := pageOf(c.Request(), nil)
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	all, next, err := space.Batches(c.Request().Context(), p.cursor, p.limit)
	if err != nil {
		return err
	}
	return giveList(c, all, showBatch, p, next)
}

func (s *server) batch(c echo.Context) error {
	id, err := named(c)
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	b, version, err := space.Batch(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return give(c, version, showBatch(b))
}

func (s *server) batchRows(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	p, err := pageOf(c.Request(), map[string]func(string) bool{"state": func(state string) bool {
		return slices.Contains([]issuer.RowState{issuer.RowWaiting, issuer.RowRejected, issuer.RowFailed, issuer.RowDone}, issuer.RowState(state))
	}})
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	all, next, err := space.BatchRows(c.Request().Context(), id, issuer.RowState(p.filters["state"]), p.cursor, p.limit)
	if err != nil {
		return err
	}
	return giveList(c, all, showRow, p, next)
}

// rejectedResource is an award of a batch that was rejected, as it was given; it is gone when what is kept of the rejected rows is.
type rejectedResource struct {
	Row      int                 `json:"row"`
	Award    json.RawMessage     `json:"award,omitempty"`
	Problems []issuer.RowProblem `json:"problems"`
}

// rejected gives the rejected rows as they were given, to be corrected and given again: as CSV, or as JSON where they came so.
func (s *server) rejected(c echo.Context) error {
	id, err := named(c)
	if err != nil {
		return err
	}
	space, _ := s.workspace(c)
	ctx := c.Request().Context()
	b, _, err := space.Batch(ctx, id)
	if err != nil {
		return err
	}
	rows := func(yield func(issuer.RejectedRow, error) bool) {
		for after, more := "", true; more; more = after != "" {
			page, next, err := space.BatchRejected(ctx, id, after, 500)
			if err != nil {
				yield(issuer.RejectedRow{}, err)
				return
			}
			for _, row := range page {
				if !yield(row, nil) {
					return
				}
			}
			after = next
		}
	}
	if slices.Equal(b.Header, rowHeader) {
		list := items[rejectedResource]{Items: []rejectedResource{}}
		asJSON := true
		for row, err := range rows {
			if err != nil {
				return err
			}
			award, ok := awardIn(row.Cells)
			asJSON = asJSON && ok
			list.Items = append(list.Items, rejectedResource{row.Row, award, row.Problems})
		}
		if asJSON {
			text, err := encode(list)
			if err != nil {
				return err
			}
			c.Response().Header().Set("Content-Disposition", `attachment; filename="rejected-`+b.ID+`.json"`)
			return c.Blob(http.StatusOK, mediaJSON, text)
		}
	}
	var out bytes.Buffer
	if err := roster.WriteRejected(&out, b.Header, rows); err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="rejected-`+b.ID+`.csv"`)
	return c.Blob(http.StatusOK, mediaCSV+"; charset=utf-8; header=present", out.Bytes())
}

// changeBatch does something to a batch, or what comes out of orPropose.
func (s *server) changeBatch(c echo.Context, w write) error {
	w.proposes, w.untagged = true, true
	w.shown = func(value any) any { return showBatch(value.(issuer.Batch)) }
	return s.change(c, w)
}

// confirm begins what a prepared batch says.
func (s *server) confirm(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	var skip bool
	var why string
	body, err := decode(c.Request(), func(f *form) map[string]reader {
		return map[string]reader{"skipRejected": f.boolean(&skip), "why": f.text(&why)}
	})
	if err != nil {
		return err
	}
	return s.changeBatch(c, write{status: http.StatusOK, body: body, places: batchPlaces, do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		return s.confirmOrPropose(c, w, by, id, skip, why)
	}})
}

func (s *server) confirmOrPropose(c echo.Context, w issuer.Workspace, by issuer.Write, id string, skip bool, why string) (any, uint64, error) {
	ctx := c.Request().Context()
	return s.orPropose(c, w, by, issuer.ScopeCredentialsWrite, issuer.Proposal{Kind: issuer.ProposalBatch, Batch: id, SkipRejected: skip, Why: why}, func() (any, uint64, error) {
		b, err := w.ConfirmBatch(ctx, id, skip, by)
		return b, 0, err
	})
}

// discard takes a prepared batch away, or what is kept of the rejected rows of one that is finished.
func (s *server) discard(c echo.Context) error {
	return s.batchStep(c, http.StatusNoContent, func(ctx context.Context, w issuer.Workspace, id string, by issuer.Write) (issuer.Batch, error) {
		return issuer.Batch{}, w.DiscardBatch(ctx, id, by)
	})
}

// release lets a batch go on that is on hold.
func (s *server) release(c echo.Context) error {
	return s.batchStep(c, http.StatusOK, func(ctx context.Context, w issuer.Workspace, id string, by issuer.Write) (issuer.Batch, error) {
		return w.ReleaseBatch(ctx, id, by)
	})
}

// drop ends a batch: what is not begun will not be done.
func (s *server) drop(c echo.Context) error {
	return s.batchStep(c, http.StatusOK, func(ctx context.Context, w issuer.Workspace, id string, by issuer.Write) (issuer.Batch, error) {
		return w.DropBatch(ctx, id, by)
	})
}

func (s *server) batchStep(c echo.Context, status int, step func(ctx context.Context, w issuer.Workspace, id string, by issuer.Write) (issuer.Batch, error)) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	body, err := decode(c.Request(), nothing)
	if err != nil {
		return err
	}
	return s.changeBatch(c, write{status: status, body: body, do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		b, err := step(c.Request().Context(), w, id, by)
		return b, 0, err
	}})
}

// undo revokes all awards that a finished batch made.
func (s *server) undo(c echo.Context) error {
	id, err := identifier(c)
	if err != nil {
		return err
	}
	var cause issuer.Cause
	var why string
	body, err := decodeCause(c.Request(), &cause, func(f *form) map[string]reader { return map[string]reader{"why": f.text(&why)} })
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	return s.changeBatch(c, write{status: http.StatusCreated, body: body, places: batchPlaces, do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		prepared, err := w.PrepareUndo(ctx, id, cause, issuer.Write{Actor: by.Actor, Versions: by.Versions})
		if err != nil {
			return nil, 0, err
		}
		value, version, err := s.confirmOrPropose(c, w, issuer.Write{Actor: by.Actor, Once: by.Once}, prepared.ID, false, why)
		if err != nil {
			_ = w.DiscardBatch(context.WithoutCancel(ctx), prepared.ID, issuer.Write{Actor: by.Actor}) // or it goes after 3 days
		}
		return value, version, err
	}})
}

// prepareRevocation finds the awards to be revoked, and revokes nothing yet.
func (s *server) prepareRevocation(c echo.Context) error {
	var in issuer.RevokeInput
	var recipient string
	body, err := decodeCause(c.Request(), &in.Cause, func(f *form) map[string]reader {
		return map[string]reader{"name": f.text(&in.Name), "ids": f.texts(&in.IDs), "filter": f.members(filterMembers(f, &in.Filter, &recipient))}
	}, "name")
	if err != nil {
		return err
	}
	return s.changeBatch(c, write{status: http.StatusCreated, body: body, places: batchPlaces, do: func(w issuer.Workspace, by issuer.Write) (any, uint64, error) {
		var err error
		if in.Filter, err = s.filled(c, in.Filter, recipient); err != nil {
			return nil, 0, err
		}
		b, err := w.PrepareRevocation(c.Request().Context(), in, by)
		return b, 0, err
	}})
}
