package issuer

import "context"

// CheckBatch is [Workspace.PrepareBatch] that records nothing. It returns the batch as it would be, without an id, and the rows of it
// that would be rejected.
func (w Workspace) CheckBatch(ctx context.Context, in PrepareInput, by Write) (Batch, []BatchRow, error) {
	in.Organisation, in.Actor = w.organisation, by.Actor
	b, rows, err := w.service.planBatch(ctx, in, 0)
	if err != nil {
		return Batch{}, nil, err
	}
	rejected := []BatchRow{}
	for i, row := range rows {
		if row.Number = i + 1; row.State() == RowRejected {
			rejected = append(rejected, row.BatchRow)
		}
	}
	b.State, b.Total, b.Rejected = BatchPrepared, len(rows), len(rejected)
	b.Created = w.service.now().UTC()
	b.Prepared = b.Created
	return b, rejected, nil
}

// CheckAchievement says whether [Workspace.Draft] would take the input, and records nothing.
func (w Workspace) CheckAchievement(in AchievementInput) error {
	_, _, err := w.checkContent(in)
	return err
}
