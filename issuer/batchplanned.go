package issuer

import (
	"context"
	"time"
)

// PlannedRow is a row of a batch whose award is not recorded: what it will be, and for whom.
type PlannedRow struct {
	Row         int    // its line in the table that it comes from
	Achievement string // Achievement.ID
	Email       string // of the recipient
	Name        string
	Awarded     time.Time // zero: it is not said
	ValidUntil  time.Time // zero: it does not end, or after the months of the achievement
}

// BatchPlanned returns a page of the rows of a batch whose awards are not recorded, and the cursor of the next page, "" after the last. A
// page may be shorter than limit before the last. What it says of people is gone from here once their awards are recorded.
func (w Workspace) BatchPlanned(ctx context.Context, id, after string, limit int) (page []PlannedRow, next string, err error) {
	rows, next, err := w.service.heldRows(ctx, w.batch(id), RowWaiting, after, limit)
	for _, row := range rows {
		if p := row.Plan; p != nil {
			page = append(page, PlannedRow{Row: row.position(), Achievement: p.Achievement, Email: p.Email, Name: p.Name, Awarded: p.Badge.Awarded, ValidUntil: p.Badge.ValidUntil})
		}
	}
	return page, next, err
}
