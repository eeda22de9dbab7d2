package issuer

import "context"

// batchFinder reads a batch that has all its rows, and its version, in a transaction.
type batchFinder func(Tx) (Batch, uint64, error)

// anyBatch finds a batch of any organisation.
func anyBatch(id string) batchFinder {
	return func(tx Tx) (Batch, uint64, error) {
		b, version, err := batches.Get(tx, id)
		if err == nil && b.State == batchFilling {
			err = ErrNotFound
		}
		return b, version, err
	}
}

// batch finds a batch of the organisation.
func (w Workspace) batch(id string) batchFinder {
	return func(tx Tx) (Batch, uint64, error) {
		b, version, err := anyBatch(id)(tx)
		return b, version, w.ours(b.Organisation, err)
	}
}

// Batch returns a batch by its id (kind missing when there is none).
func (s *Service) Batch(ctx context.Context, id string) (Batch, error) {
	b, _, err := s.findBatch(ctx, anyBatch(id))
	return b, err
}

// Batch is [Service.Batch] for this organisation. It returns the version of the record as well.
func (w Workspace) Batch(ctx context.Context, id string) (Batch, uint64, error) {
	return w.service.findBatch(ctx, w.batch(id))
}

func (s *Service) findBatch(ctx context.Context, find batchFinder) (b Batch, version uint64, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		b, version, err = find(tx)
		return err
	})
	if err != nil {
		return Batch{}, 0, stored(err)
	}
	return b, version, nil
}

// Batches returns a page of the batches of an organisation, the newest first, those that are prepared among them, and the cursor of
// the next page, "" after the last. A cursor of another list has kind invalid, code cursor.
func (s *Service) Batches(ctx context.Context, organisation, after string, limit int) (page []Batch, next string, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		page, next, err = batches.List(tx, Query{By: "organisation", Value: organisation, After: after, Limit: limit, Backward: true})
		return err
	})
	return page, next, stored(err)
}

// Batches is [Service.Batches] for this organisation.
func (w Workspace) Batches(ctx context.Context, after string, limit int) (page []Batch, next string, err error) {
	return w.service.Batches(ctx, w.organisation, after, limit)
}

// BatchRows returns a page of the rows of a batch in their order, and the cursor of the next page, "" after the last. A cursor of
// another list has kind invalid, code cursor.
func (s *Service) BatchRows(ctx context.Context, id, after string, limit int) ([]BatchRow, string, error) {
	return s.batchRows(ctx, anyBatch(id), "", after, limit)
}

// BatchRows is [Service.BatchRows] for this organisation, with the rows of one state alone where one is given. A page of those that are
// done may then be shorter than limit before the last.
func (w Workspace) BatchRows(ctx context.Context, id string, state RowState, after string, limit int) ([]BatchRow, string, error) {
	return w.service.batchRows(ctx, w.batch(id), state, after, limit)
}

func (s *Service) batchRows(ctx context.Context, find batchFinder, state RowState, after string, limit int) (page []BatchRow, next string, err error) {
	rows, next, err := s.heldRows(ctx, find, state, after, limit)
	page = make([]BatchRow, 0, len(rows))
	for _, row := range rows {
		if state == "" || row.State() == state {
			page = append(page, row.BatchRow)
		}
	}
	return page, next, err
}

func (s *Service) heldRows(ctx context.Context, find batchFinder, state RowState, after string, limit int) (page []heldRow, next string, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		b, _, err := find(tx)
		if err != nil {
			return err
		}
		q := Query{By: "batch", Value: b.ID, After: after, Limit: limit}
		switch state {
		case RowWaiting:
			q.By = "waiting"
		case RowRejected, RowFailed:
			q.By, q.Value = "problem", problemLookup(b.ID, state)
		case RowDone, "":
		default:
			return invalid("state", "There are no rows of this state. Choose waiting, rejected, failed or done.")
		}
		page, next, err = batchRows.List(tx, q)
		return err
	})
	return page, next, stored(err)
}

// RejectedRow is a row for which nothing is done, as it was given.
type RejectedRow struct {
	Row      int         `json:"row"`             // its line in the table that it comes from
	Cells    []string    `json:"cells,omitempty"` // of that line, under Batch.Header
	Problems RowProblems `json:"problems"`
}

// BatchRejected returns a page of the rows of a batch that were rejected, and the cursor of the next page, "" after the last. They are
// kept until the batch is discarded, or 30 days after its end; from then on their cells are gone, and the values of their problems.
func (w Workspace) BatchRejected(ctx context.Context, id, after string, limit int) ([]RejectedRow, string, error) {
	rows, next, err := w.service.heldRows(ctx, w.batch(id), RowRejected, after, limit)
	page := make([]RejectedRow, len(rows))
	for i, row := range rows {
		page[i] = RejectedRow{Row: row.position(), Cells: row.Cells, Problems: row.Problems}
	}
	return page, next, err
}

// position is what people call the row by.
func (r *BatchRow) position() int {
	if r.Line > 0 {
		return r.Line
	}
	return r.Number
}
