package issuer

import "context"

// CheckBatch is [Workspace.PrepareBatch] that records nothing. It returns the batch as it would be, without an id, and the first hundred
// rows of it that would be rejected.
func (w Workspace) CheckBatch(ctx context.Context, in PrepareInput, by Write) (Batch, []BatchRow, error) {
	in.Organisation, in.Actor = w.organisation, by.Actor
	p, err := w.service.newPlanner(ctx, in, false)
	if err != nil {
		return Batch{}, nil, err
	}
	rejected := []BatchRow{}
	for p.more() {
		before := p.at
		rows, err := p.page(ctx)
		if err != nil {
			return Batch{}, nil, err
		}
		for i, row := range rows {
			if row.Number = before + i + 1; row.State() == RowRejected && len(rejected) < mostProblems {
				rejected = append(rejected, row.BatchRow)
			}
		}
	}
	b := p.batch()
	b.State, b.Total, b.Rejected = BatchPrepared, p.size, p.size-p.planned
	b.Created = w.service.now().UTC()
	b.Prepared = b.Created
	return b, rejected, nil
}

// CheckAchievement says whether [Workspace.Draft] would take the input, and records nothing.
func (w Workspace) CheckAchievement(in AchievementInput) error {
	_, _, err := w.checkContent(in)
	return err
}
