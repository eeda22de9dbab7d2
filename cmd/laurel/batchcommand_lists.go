package main

import (
	"context"

	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/roster"
	"github.com/laurelbadges/laurel/issuer"
)

var _ control.Lists = installation{}

// readList reads a list against the achievements of its organisation.
func (i installation) readList(ctx context.Context, l control.List) (issuer.Workspace, issuer.PrepareInput, control.ListCheck, error) {
	w := i.Workspace(l.Organisation)
	options := roster.Options{Achievement: l.Achievement, Result: l.Result, AmericanDates: l.AmericanDates}
	all, err := i.Achievements(ctx)
	if err != nil {
		return w, issuer.PrepareInput{}, control.ListCheck{}, err
	}
	var ours []issuer.Achievement
	for _, a := range all {
		if a.Organisation != l.Organisation || a.Archived != nil {
			continue
		}
		if ours = append(ours, a); a.ID == l.Achievement {
			options.Levels = roster.LevelsOf(a, l.Result)
		}
	}
	options.Achievements = roster.Called(ours)
	sheet, err := roster.Read(l.File, options)
	return w, issuer.PrepareInput{Name: l.Name, List: &sheet, Header: sheet.Header, Columns: sheet.Columns},
		control.ListCheck{Dialect: sheet.Dialect, Unused: sheet.Unused()}, err
}

// CheckList implements [control.Lists].
func (i installation) CheckList(ctx context.Context, l control.List) (control.ListCheck, error) {
	w, in, check, err := i.readList(ctx, l)
	if err != nil {
		return check, err
	}
	var rejected []issuer.BatchRow
	if check.Batch, rejected, err = w.CheckBatch(ctx, in, issuer.Write{Actor: actor}); err != nil {
		return check, err
	}
	for _, row := range rejected {
		check.Problems = append(check.Problems, row.Problems...)
	}
	check.Problems = check.Problems[:min(len(check.Problems), mostTold)]
	return check, nil
}

// PrepareList implements [control.Lists].
func (i installation) PrepareList(ctx context.Context, l control.List, by string) (control.ListCheck, error) {
	w, in, check, err := i.readList(ctx, l)
	if err != nil {
		return check, err
	}
	if check.Batch, err = w.PrepareBatch(ctx, in, issuer.Write{Actor: by}); err != nil {
		return check, err
	}
	rejected, _, err := w.BatchRejected(ctx, check.Batch.ID, "", mostTold)
	for _, row := range rejected {
		check.Problems = append(check.Problems, row.Problems...)
	}
	check.Problems = check.Problems[:min(len(check.Problems), mostTold)]
	return check, err
}

// DiscardBatch implements [control.Lists].
func (i installation) DiscardBatch(ctx context.Context, id, by string) error {
	w, err := i.workspaceOf(ctx, id)
	if err != nil {
		return err
	}
	return w.DiscardBatch(ctx, id, issuer.Write{Actor: by})
}

// RejectedRows implements [control.Lists].
func (i installation) RejectedRows(ctx context.Context, id, after string, limit int) ([]issuer.RejectedRow, string, error) {
	w, err := i.workspaceOf(ctx, id)
	if err != nil {
		return nil, "", err
	}
	return w.BatchRejected(ctx, id, after, limit)
}

// workspaceOf is that of the organisation of a batch: who has the folder acts for all of them.
func (i installation) workspaceOf(ctx context.Context, batch string) (issuer.Workspace, error) {
	b, err := i.Batch(ctx, batch)
	return i.Workspace(b.Organisation), err
}
