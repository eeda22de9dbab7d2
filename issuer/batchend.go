package issuer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"
)

// ReleaseBatch lets a batch go on that is on hold (kind conflict, code not_held, for any other). After a restore it does a second time
// what it did in the hours that were lost: whoever was given an award then gets another one. Where the check of what was signed failed
// ([Batch.Problem]) it signs anew what was not given out.
func (s *Service) ReleaseBatch(ctx context.Context, id, actor string) (Batch, error) {
	return s.releaseBatch(ctx, anyBatch(id), Write{Actor: actor})
}

// ReleaseBatch is [Service.ReleaseBatch] for this organisation.
func (w Workspace) ReleaseBatch(ctx context.Context, id string, by Write) (Batch, error) {
	return w.service.releaseBatch(ctx, w.batch(id), by)
}

func (s *Service) releaseBatch(ctx context.Context, find batchFinder, by Write) (b Batch, err error) {
	if s.enqueue == nil {
		return Batch{}, noQueue()
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		var version uint64
		if b, version, err = find(tx); err != nil {
			return err
		}
		if err := by.on(version); err != nil {
			return err
		}
		if b.State != BatchHeld {
			return conflict("not_held", "The batch is not on hold.")
		}
		b.State, b.Problem = BatchOpen, ""
		if err := batches.Put(tx, &b, version); err != nil {
			return err
		}
		if err := by.Once.keep(tx, "", b, version+1); err != nil {
			return err
		}
		if err := record(tx, AuditEntry{At: s.now(), Actor: by.Actor, Action: "batch.released", Subject: b.ID}); err != nil {
			return err
		}
		return s.enqueue(tx, Work{Name: WorkBatch, Organisation: b.Organisation, Payload: []byte(b.ID)})
	})
	return b, stored(err)
}

// DropBatch ends a batch: rows whose awards are not recorded fail with the code dropped, and what they would have said of people is
// erased. An award that could not be signed yet is a draft and is completed; where one is, the batch is open until then. Awards that are
// made stay. A batch that is finished has kind conflict, code batch_finished; one that is not confirmed, not_confirmed. When it is cut
// short, call it again. by.Once gets the [Batch].
func (s *Service) DropBatch(ctx context.Context, id, actor string) (Batch, error) {
	return s.dropBatch(ctx, anyBatch(id), Write{Actor: actor})
}

// DropBatch is [Service.DropBatch] for this organisation.
func (w Workspace) DropBatch(ctx context.Context, id string, by Write) (Batch, error) {
	return w.service.dropBatch(ctx, w.batch(id), by)
}

func (s *Service) dropBatch(ctx context.Context, find batchFinder, by Write) (b Batch, err error) {
	if s.enqueue == nil {
		return Batch{}, noQueue()
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		var version uint64
		if b, version, err = find(tx); err != nil {
			return err
		}
		if err := by.on(version); err != nil {
			return err
		}
		switch b.State {
		case BatchFinished:
			return conflict("batch_finished", "The batch is finished: nothing is left of it to be dropped.")
		case BatchPrepared:
			return conflict("not_confirmed", "The batch is not confirmed, so nothing of it is done. It can be discarded.")
		}
		b.State = BatchHeld // no other process begins a row from here on
		if err := batches.Put(tx, &b, version); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: s.now(), Actor: by.Actor, Action: "batch.dropped", Subject: b.ID})
	})
	id := b.ID
	for after, more := "", true; more && err == nil; more = after != "" {
		next := ""
		err = s.store.Update(ctx, func(tx Tx) error {
			b, next, err = s.dropRows(tx, id, after, by)
			return err
		})
		after = next
	}
	return b, stored(err)
}

// dropRows drops a page of rows, and with the last page lets go on what was begun.
func (s *Service) dropRows(tx Tx, id, after string, by Write) (b Batch, next string, err error) {
	b, version, err := anyBatch(id)(tx)
	if err == nil && b.State == BatchFinished {
		err = by.Once.keep(tx, "", b, version)
	}
	if err != nil || b.State == BatchFinished {
		return b, "", err
	}
	waiting, next, err := batchRows.List(tx, Query{By: "waiting", Value: id, After: after, Limit: rowsPage})
	if err != nil {
		return b, "", err
	}
	for _, row := range waiting {
		if row.Plan == nil && b.Kind == BatchAward {
			continue
		}
		row, version, err := batchRows.Get(tx, rowID(id, row.Number))
		if err != nil {
			return b, "", err
		}
		row.Plan, row.Recipient = nil, ""
		row.fail(&Error{Code: "dropped", Detail: "The batch was ended before this row was begun."})
		b.count(&row)
		if err := batchRows.Put(tx, &row, version); err != nil {
			return b, "", err
		}
	}
	if next == "" {
		b.State, b.Problem = BatchOpen, ""
	}
	if err := s.putBatch(tx, &b, version); err != nil {
		return b, next, err
	}
	if next == "" {
		if err := by.Once.keep(tx, "", b, version+1); err != nil {
			return b, "", err
		}
	}
	if b.State != BatchOpen {
		return b, next, nil
	}
	return b, next, s.enqueue(tx, Work{Name: WorkBatch, Organisation: b.Organisation, Payload: []byte(id)})
}

// DiscardBatch takes away a prepared batch, with all that it says of people. Of one that is finished it erases what is kept of the
// rejected rows. Any other has kind conflict, code batch_open. When it is cut short the rest goes within an hour or two.
func (w Workspace) DiscardBatch(ctx context.Context, id string, by Write) error {
	return w.service.discardBatch(ctx, w.batch(id), by)
}

func (s *Service) discardBatch(ctx context.Context, find batchFinder, by Write) error {
	var b Batch
	err := s.store.Update(ctx, func(tx Tx) error {
		var version uint64
		var err error
		if b, version, err = find(tx); err != nil {
			return err
		}
		if err := by.on(version); err != nil {
			return err
		}
		switch b.State {
		case BatchFinished:
			return nil
		case BatchPrepared:
		default:
			return conflict("batch_open", "The batch is being worked on, so it cannot be discarded. It can be ended.")
		}
		now := s.now().UTC()
		gone := b
		gone.State, gone.Created = batchFilling, now // nobody sees it from here on
		if err := batches.Put(tx, &gone, version); err != nil {
			return err
		}
		if err := by.Once.keep(tx, "", b, version); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: now, Actor: by.Actor, Action: "batch.discarded", Subject: b.ID})
	})
	switch {
	case err != nil:
		return stored(err)
	case b.State == BatchFinished:
		return s.forgetRejected(ctx, b.ID, by.Actor)
	}
	return s.drop(context.WithoutCancel(ctx), b.ID)
}

// forgetRejected erases what is kept of the rejected rows of a batch.
func (s *Service) forgetRejected(ctx context.Context, id, actor string) error {
	for after, more := "", true; more; more = after != "" {
		next := ""
		err := s.store.Update(ctx, func(tx Tx) error {
			rows, cursor, err := batchRows.List(tx, Query{By: "problem", Value: problemLookup(id, RowRejected), After: after, Limit: rowsPage})
			if err != nil {
				return err
			}
			next = cursor
			for _, row := range rows {
				row, version, err := batchRows.Get(tx, rowID(id, row.Number))
				if err != nil {
					return err
				}
				row.forget()
				if err := batchRows.Put(tx, &row, version); err != nil {
					return err
				}
			}
			b, version, err := anyBatch(id)(tx)
			if err != nil || next != "" || !b.Kept && b.Reason == "" && b.Note == "" {
				return err
			}
			b.Kept = false
			b.forgetCause()
			if err := batches.Put(tx, &b, version); err != nil {
				return err
			}
			return record(tx, AuditEntry{At: s.now(), Actor: actor, Action: "batch.forgotten", Subject: id})
		})
		if err != nil {
			return stored(err)
		}
		after = next
	}
	return nil
}

// rejectedKept is how long the rejected rows of a batch are kept after its end.
const rejectedKept = 30 * 24 * time.Hour

// SweepBatches takes away the prepared batches that can be confirmed no more, and what is kept of the rejected rows of batches that
// ended more than 30 days ago.
func (s *Service) SweepBatches(ctx context.Context) error {
	for _, due := range []string{duePrepared, dueRejected} {
		for q := (Query{By: "due", Value: due}); ; {
			var some []Batch
			var next string
			err := s.store.View(ctx, func(tx Tx) (err error) {
				some, next, err = batches.List(tx, q)
				return err
			})
			if err != nil {
				return stored(err)
			}
			for _, b := range some {
				now, err := s.now(), error(nil)
				switch {
				case due == duePrepared && now.Sub(b.Prepared) > confirmable:
					err = s.discardBatch(ctx, anyBatch(b.ID), Write{Actor: "laurel"})
				case due == dueRejected && now.Sub(b.Finished) > rejectedKept:
					err = s.forgetRejected(ctx, b.ID, "laurel")
				}
				if code := (*Error)(nil); errors.As(err, &code) && (code.Kind == KindConflict || code.Kind == KindMissing) {
					err = nil // somebody else was faster
				}
				if err != nil {
					return err
				}
			}
			if q.After = next; next == "" {
				break
			}
		}
	}
	return nil
}

func noQueue() error {
	return &Error{Kind: KindUnavailable, Code: "no_queue", Detail: "Nothing works on batches here. Start `laurel serve`."}
}

// unreadable says that a record cannot be had for its own sake, now and later, and why; nil: something else is wrong.
func unreadable(err error) *Error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var encoding base64.CorruptInputError
	if errors.Is(err, ErrDamaged) || errors.As(err, &syntax) || errors.As(err, &kind) || errors.As(err, &encoding) {
		return &Error{Kind: KindUnavailable, Code: "record_damaged", Detail: "The award is not stored as it was written. laurel doctor --deep finds what is damaged.", Err: err}
	}
	return nil
}
