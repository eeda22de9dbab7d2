package issuer

import (
	"context"
	"errors"
	"fmt"
)

// Bounds of what waits to be confirmed in one organisation. A planned row takes some kilobytes of the store.
const (
	mostPrepared       = 200_000 // rows
	mostPreparedAtOnce = 1000    // batches
)

// filling is a batch whose rows are being recorded, page by page: nobody is told of it before the last.
type filling struct {
	service *Service
	batch   Batch
	version uint64                                      // of its record; 0 before the first page
	ready   func(tx Tx, b *Batch, version uint64) error // puts the batch into its next state with the last page
}

func (s *Service) newFilling(b Batch, ready func(tx Tx, b *Batch, version uint64) error) (*filling, error) {
	if s.enqueue == nil {
		return nil, noQueue()
	}
	b.ID, b.Created, b.State = newID(), s.now().UTC(), batchFilling
	return &filling{service: s, batch: b, ready: ready}, nil
}

// add records a page of rows, which is asked for in its transaction. When it fails what was recorded before is taken away.
func (f *filling) add(ctx context.Context, rows func(tx Tx) (page []heldRow, last bool, err error)) (last bool, err error) {
	var now Batch
	err = f.service.store.Update(ctx, func(tx Tx) (err error) {
		now = f.batch
		if f.version == 0 {
			if now.Sequence, err = tx.Next("batch"); err != nil {
				return err
			}
		}
		var page []heldRow
		if page, last, err = rows(tx); err != nil {
			return err
		}
		for _, row := range page {
			now.Total++
			row.Batch, row.Number = now.ID, now.Total
			if row.Recipient, err = f.service.recipientKey(tx, now.Organisation, row.address); err != nil {
				return err
			}
			if row.State() == RowRejected {
				now.Rejected++
				now.Kept = now.Kept || row.Cells != nil
			}
			if err := batchRows.Put(tx, &row, 0); err != nil {
				return err
			}
		}
		switch {
		case !last:
			return batches.Put(tx, &now, f.version)
		case now.Total == 0:
			return nothingToDo()
		}
		return f.ready(tx, &now, f.version)
	})
	if err != nil {
		f.abandon(ctx)
		return false, stored(err)
	}
	f.batch = now
	f.version++
	return last, nil
}

// abandon takes away what was recorded. What cannot be taken away now is taken away later.
func (f *filling) abandon(ctx context.Context) {
	_ = f.service.drop(context.WithoutCancel(ctx), f.batch.ID)
}

// fillBatch records a batch with its rows, which come in pages, and has ready put it into its next state with the last of them.
func (s *Service) fillBatch(ctx context.Context, b Batch, rows func(tx Tx, after string) ([]heldRow, string, error), ready func(tx Tx, b *Batch, version uint64) error) (Batch, error) {
	f, err := s.newFilling(b, ready)
	if err != nil {
		return Batch{}, err
	}
	for after, last := "", false; !last; {
		next := ""
		last, err = f.add(ctx, func(tx Tx) (page []heldRow, _ bool, err error) {
			page, next, err = rows(tx, after)
			return page, next == "", err
		})
		if err != nil {
			return Batch{}, err
		}
		after = next
	}
	return f.batch, nil
}

// fillPrepared is fillBatch for a batch that waits to be confirmed.
func (s *Service) fillPrepared(ctx context.Context, b Batch, most int, rows func(tx Tx, after string) ([]heldRow, string, error), by Write) (Batch, error) {
	err := s.store.View(ctx, func(tx Tx) error { return roomToPrepare(tx, b.Organisation, most) })
	if err != nil {
		return Batch{}, stored(err)
	}
	return s.fillBatch(ctx, b, rows, s.prepared(by))
}

// roomToPrepare refuses a batch of so many rows where too many wait to be confirmed already, or are about to: kind conflict, code
// prepared_full.
func roomToPrepare(tx Tx, organisation string, rows int) error {
	waiting := 0
	for _, q := range []Query{{By: "due", Value: duePrepared}, {By: "filling", Value: inAll}} {
		for more := true; more; more = q.After != "" {
			some, next, err := batches.List(tx, q)
			if err != nil {
				return err
			}
			for _, b := range some {
				if b.Organisation == organisation {
					rows += b.Total
					waiting++
				}
			}
			q.After = next
		}
	}
	switch {
	case rows > mostPrepared:
		return conflict("prepared_full", fmt.Sprintf("With these, %d rows would wait to be confirmed, and %d may. Confirm or discard a batch that waits, and try again.", rows, mostPrepared))
	case waiting >= mostPreparedAtOnce:
		return conflict("prepared_full", fmt.Sprintf("%d batches wait to be confirmed. Confirm or discard one of them, and try again.", waiting))
	}
	return nil
}

// drop takes away a batch that was not opened, with its rows. It writes the batch each time, so that whoever may still be filling it
// cannot go on.
func (s *Service) drop(ctx context.Context, id string) error {
	for more := true; more; {
		err := s.store.Update(ctx, func(tx Tx) error {
			b, version, err := batches.Get(tx, id)
			if more = err == nil && b.State == batchFilling; !more {
				if errors.Is(err, ErrNotFound) {
					return nil
				}
				return err
			}
			rows, next, err := batchRows.List(tx, Query{By: "batch", Value: id, Limit: rowsPage})
			if err != nil {
				return err
			}
			for _, row := range rows {
				if err := tx.Delete(batchRows.Kind, rowID(id, row.Number)); err != nil {
					return err
				}
			}
			if more = next != ""; !more {
				return tx.Delete(batches.Kind, id)
			}
			return batches.Put(tx, &b, version)
		})
		if err != nil {
			return stored(err)
		}
	}
	return nil
}

// dropUnopened takes away what is left of batches whose start was cut short long ago.
func (s *Service) dropUnopened(ctx context.Context) error {
	var left []Batch
	err := s.store.View(ctx, func(tx Tx) (err error) {
		left, _, err = batches.List(tx, Query{By: "filling", Value: inAll})
		return err
	})
	if err != nil {
		return stored(err)
	}
	for _, b := range left {
		if s.now().Sub(b.Created) > unopened {
			if err := s.drop(ctx, b.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
