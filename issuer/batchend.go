package issuer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
)

// ReleaseBatch lets a batch go on that a restore has put on hold (kind conflict, code not_held, for any other). What it did in the
// hours that were lost it does a second time: whoever was given an award then gets another one.
func (s *Service) ReleaseBatch(ctx context.Context, id, actor string) (b Batch, err error) {
	if s.enqueue == nil {
		return Batch{}, noQueue()
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		var version uint64
		if b, version, err = openedBatch(tx, id); err != nil {
			return err
		}
		if b.State != BatchHeld {
			return conflict("not_held", "The batch is not on hold.")
		}
		b.State = BatchOpen
		if err := batches.Put(tx, &b, version); err != nil {
			return err
		}
		if err := record(tx, AuditEntry{At: s.now(), Actor: actor, Action: "batch.released", Subject: id}); err != nil {
			return err
		}
		return s.enqueue(tx, Work{Name: WorkBatch, Organisation: b.Organisation, Payload: []byte(id)})
	})
	return b, stored(err)
}

// DropBatch ends a batch: rows that are not begun fail with the code dropped, and what they would have said of people is erased. An
// award that is begun has its place in the status lists and is completed; where one is, the batch is open until then. Awards that are
// made stay. A batch that is finished has kind conflict, code batch_finished. When it is cut short, call it again.
func (s *Service) DropBatch(ctx context.Context, id, actor string) (b Batch, err error) {
	if s.enqueue == nil {
		return Batch{}, noQueue()
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		var version uint64
		if b, version, err = openedBatch(tx, id); err != nil {
			return err
		}
		if b.State == BatchFinished {
			return conflict("batch_finished", "The batch is finished: nothing is left of it to be dropped.")
		}
		b.State = BatchHeld // no other process begins a row from here on
		if err := batches.Put(tx, &b, version); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: s.now(), Actor: actor, Action: "batch.dropped", Subject: id})
	})
	for after, more := "", true; more && err == nil; more = after != "" {
		next := ""
		err = s.store.Update(ctx, func(tx Tx) error {
			b, next, err = s.dropRows(tx, id, after)
			return err
		})
		after = next
	}
	return b, stored(err)
}

// dropRows drops a page of rows, and with the last page lets go on what was begun.
func (s *Service) dropRows(tx Tx, id, after string) (b Batch, next string, err error) {
	b, version, err := openedBatch(tx, id)
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
		row.Plan = nil
		row.fail(&Error{Code: "dropped", Detail: "The batch was ended before this row was begun."})
		b.count(&row)
		if err := batchRows.Put(tx, &row, version); err != nil {
			return b, "", err
		}
	}
	if next == "" {
		b.State = BatchOpen
	}
	if err := s.putBatch(tx, &b, version); err != nil || b.State != BatchOpen {
		return b, next, err
	}
	return b, next, s.enqueue(tx, Work{Name: WorkBatch, Organisation: b.Organisation, Payload: []byte(id)})
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
