package issuer

import (
	"context"
	"errors"
	"fmt"
)

// batchChunk is how many rows a batch works on between two looks at its budget: each of its two transactions holds up other
// writers for some milliseconds.
const batchChunk = 50

// chunk is some rows of a batch on their way.
type chunk struct {
	batch Batch
	next  string // cursor of the rows after these; "" when there are none
	rows  []task
}

// task is a row whose award is to be signed.
type task struct {
	row    int // BatchRow.Number
	award  Credential
	signed forms
	failed *Error // it could not be signed
}

// RunBatch works on an open batch until all its rows are done, or budget says between two chunks of rows that others shall have their
// turn; a nil budget never does. finished says that nothing is to be done for it now: all its rows are done, or it is on hold. It may
// be cut short at any point and called again, also by several processes at once: each row is done once. The error says why some rows
// are left; call it again later. An award that cannot be signed is given up at the fifth try, of which one in an hour is counted; one
// that cannot be read stands in the way of no other.
func (s *Service) RunBatch(ctx context.Context, id string, budget func() bool) (finished bool, err error) {
	var left error // the first reason: the others are mostly the same
	for after := ""; ; {
		c, err := s.beginChunk(ctx, id, after)
		if err != nil {
			return false, err
		}
		if len(c.rows) > 0 {
			problem, err := s.finishChunk(ctx, &c)
			if err != nil {
				return false, err
			}
			if left == nil {
				left = problem
			}
		}
		switch after = c.next; {
		case c.batch.State != BatchOpen:
			return true, nil
		case after == "":
			return false, left
		case budget != nil && !budget():
			return false, nil
		}
	}
}

// beginChunk records the intents of the next awards, and finds what has to be signed for them and for those that were begun before.
func (s *Service) beginChunk(ctx context.Context, id, after string) (c chunk, err error) {
	err = s.store.Update(ctx, func(tx Tx) error {
		c = chunk{}
		b, version, err := openedBatch(tx, id)
		if err != nil || b.State != BatchOpen {
			c.batch = b
			return err
		}
		waiting, next, err := batchRows.List(tx, Query{By: "waiting", Value: id, After: after, Limit: batchChunk})
		if err != nil {
			return err
		}
		c.next = next
		ended := b.Done + b.Failed
		for _, row := range waiting {
			award, todo, err := s.beginRow(tx, &b, row.Number)
			if err != nil {
				return err
			}
			if todo {
				c.rows = append(c.rows, task{row: row.Number, award: award})
			}
		}
		c.batch = b
		if b.Done+b.Failed == ended {
			return nil
		}
		return s.putBatch(tx, &c.batch, version)
	})
	return c, stored(err)
}

// beginRow brings one row as far as it can be brought without a signature; todo says that its award is to be signed.
func (s *Service) beginRow(tx Tx, b *Batch, number int) (award Credential, todo bool, err error) {
	row, version, err := batchRows.Get(tx, rowID(b.ID, number))
	if err != nil || row.Done {
		return award, false, err
	}
	if row.Plan != nil {
		award, err = s.intend(tx, AwardInput{Organisation: b.Organisation, Achievement: row.Plan.Achievement, Actor: b.By}, row.Plan.Badge)
		row.Award, row.Plan = award.ID, nil
		var refusal *Error
		if todo = err == nil; errors.As(err, &refusal) && (refusal.Kind == KindInvalid || refusal.Kind == KindConflict || refusal.Kind == KindMissing) {
			row.fail(refusal)
			err = nil
		}
	} else {
		award, _, err = credentials.Get(tx, row.Award)
		switch damage := unreadable(err); {
		case damage != nil:
			row.fail(damage)
			err = nil
		case errors.Is(err, ErrNotFound):
			row.fail(&Error{Code: "given_up", Detail: "The award could not be signed and was given up."})
			err = nil
		case err == nil && !b.concerns(&award): // a process that went before this one has signed it
			row.Done = true
		default:
			return award, true, err
		}
	}
	if err != nil {
		return award, false, err
	}
	b.count(&row)
	return award, todo, batchRows.Put(tx, &row, version)
}

// concerns says that there is something to be signed for an award that the batch has begun.
func (b *Batch) concerns(c *Credential) bool {
	if b.Kind == BatchReissue {
		return c.IntegrityKey == b.Key || c.TokenKey == b.Key
	}
	return c.Issued.IsZero()
}

// count counts a row that has just ended.
func (b *Batch) count(row *heldRow) {
	switch {
	case !row.Done:
	case row.Problem != "":
		b.Failed++
	default:
		b.Done++
	}
}

// putBatch writes a batch whose counts have changed, and finishes it with the last row.
func (s *Service) putBatch(tx Tx, b *Batch, version uint64) error {
	if b.Done+b.Failed < b.Total {
		return batches.Put(tx, b, version)
	}
	b.State, b.Finished = BatchFinished, s.now().UTC()
	if err := batches.Put(tx, b, version); err != nil {
		return err
	}
	return record(tx, AuditEntry{At: b.Finished, Actor: b.By, Action: "batch.finished", Subject: b.ID, Detail: fmt.Sprintf("%d done, %d failed", b.Done, b.Failed)})
}

// finishChunk signs the awards of a chunk, has them checked and records them. problem is why some are left for another time.
func (s *Service) finishChunk(ctx context.Context, c *chunk) (problem, err error) {
	for range 3 {
		if problem, err = s.signChunk(ctx, c); err != nil {
			return nil, err
		}
		if err = s.recordChunk(ctx, c); !errors.Is(err, errKeyChanged) {
			break
		}
	}
	return problem, err
}

func (s *Service) signChunk(ctx context.Context, c *chunk) (problem, err error) {
	o, err := s.Organisation(ctx, c.batch.Organisation)
	if err != nil {
		return nil, err
	}
	for i := range c.rows {
		t := &c.rows[i]
		document := []byte(t.award.Unsigned)
		if c.batch.Kind == BatchReissue {
			if document, err = t.award.document(); errors.As(err, &t.failed) {
				continue // its row says so
			}
		}
		t.failed = nil
		if t.signed, err = s.sign(ctx, o, document, o.suiteOf(&t.award)); err == nil {
			continue
		}
		if !errors.As(err, &t.failed) || t.failed.Code != codeSelfCheck && t.failed.Code != codeSigning {
			return nil, err // it may work later, and would go wrong for the next award as well
		}
		if c.batch.Kind == BatchReissue { // its row says so, and the award stays as it is
			continue
		}
		problem = fmt.Errorf("completing the award %s: %w", t.award.ID, t.failed)
		if _, err := s.burn(ctx, t.award, t.failed); err != nil {
			return nil, stored(err)
		}
	}
	return problem, nil
}

// recordChunk records what was signed and ends the rows, all in one transaction.
func (s *Service) recordChunk(ctx context.Context, c *chunk) error {
	var now Batch
	err := s.store.Update(ctx, func(tx Tx) error {
		b, version, err := openedBatch(tx, c.batch.ID)
		if err != nil {
			return err
		}
		ended := b.Done + b.Failed
		for i := range c.rows {
			if err := s.recordRow(tx, &b, &c.rows[i]); err != nil {
				return err
			}
		}
		if now = b; b.Done+b.Failed == ended {
			return nil
		}
		return s.putBatch(tx, &now, version)
	})
	if err == nil {
		c.batch = now
	}
	return stored(err)
}

func (s *Service) recordRow(tx Tx, b *Batch, t *task) error {
	row, version, err := batchRows.Get(tx, rowID(b.ID, t.row))
	if err != nil || row.Done {
		return err
	}
	switch {
	case t.failed == nil && b.Kind == BatchReissue:
		err = s.reissue(tx, b, t.award.ID, t.signed)
	case t.failed == nil:
		_, err = s.keep(tx, t.award.ID, t.signed)
	case b.Kind == BatchReissue:
		row.fail(t.failed)
	default:
		return nil
	}
	if errors.Is(err, ErrNotFound) { // another process gave it up
		return nil
	}
	if err != nil {
		return err
	}
	row.Done = true
	b.count(&row)
	return batchRows.Put(tx, &row, version)
}
