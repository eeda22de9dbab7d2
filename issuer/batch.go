package issuer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
)

// BatchKind is what a batch does for each of its rows.
type BatchKind string

const (
	BatchAward   BatchKind = "award"   // makes an award
	BatchReissue BatchKind = "reissue" // signs an award anew that a key signed which has ended
)

// BatchState is the life of a batch.
type BatchState string

const (
	batchFilling  BatchState = "filling" // its rows are being recorded; nobody is told of it
	BatchOpen     BatchState = "open"
	BatchHeld     BatchState = "held"     // on hold after a restore: a person decides whether it goes on
	BatchFinished BatchState = "finished" // nothing is left to be done for any row
)

// Batch is work on many awards that was asked for at once. A job does it, see [Service.RunBatch].
type Batch struct {
	ID           string     `json:"id"` // 22 characters
	Organisation string     `json:"organisation"`
	Kind         BatchKind  `json:"kind"`
	Name         string     `json:"name"`          // for people; of a reissue the method of the key
	Key          string     `json:"key,omitempty"` // Key.Name of the key whose awards are signed anew
	State        BatchState `json:"state"`
	Total        int        `json:"total"` // rows
	Done         int        `json:"done"`
	Failed       int        `json:"failed"` // for which nothing was done, and will not be
	Created      time.Time  `json:"created"`
	By           string     `json:"by,omitempty"` // who asked for it
	Finished     time.Time  `json:"finished,omitzero"`
	Sequence     uint64     `json:"sequence"`
}

var batches = Table[Batch]{
	Kind:  Kind{Name: "batch", Lookups: []string{"organisation", "filling"}},
	Key:   func(b *Batch) string { return b.ID },
	Order: func(b *Batch) string { return sequenced(b.Sequence) },
	Lookups: func(b *Batch) []string {
		if b.State == batchFilling {
			return []string{"", inAll}
		}
		return []string{b.Organisation, ""}
	},
}

// BatchRow is what became of one row of a batch.
type BatchRow struct {
	Number  int    `json:"number"`            // from 1, in the order in which the rows were given
	Award   string `json:"award,omitempty"`   // Credential.ID; "" before it is begun
	Done    bool   `json:"done,omitempty"`    // nothing is left to be done
	Code    string `json:"code,omitempty"`    // of an Error: why nothing was done
	Problem string `json:"problem,omitempty"` // the same as a sentence; "" where there is none
}

// heldRow is the record of a row.
type heldRow struct {
	BatchRow
	Batch string   `json:"batch"`
	Plan  *planned `json:"plan,omitempty"` // of an award that is not begun. It may say who somebody is and goes when the award is begun
}

// planned is an award to be made, checked and with everything that depends on its input alone.
type planned struct {
	Achievement string                           `json:"achievement"` // Achievement.ID
	Badge       credential.AchievementCredential `json:"badge"`
}

var batchRows = Table[heldRow]{
	Kind:  Kind{Name: "batch-row", Lookups: []string{"batch", "waiting"}},
	Key:   func(r *heldRow) string { return rowID(r.Batch, r.Number) },
	Order: func(r *heldRow) string { return sequenced(uint64(r.Number)) },
	Lookups: func(r *heldRow) []string {
		if r.Done {
			return []string{r.Batch, ""}
		}
		return []string{r.Batch, r.Batch}
	},
}

func rowID(batch string, number int) string { return fmt.Sprintf("%s/%08d", batch, number) }

// fail ends a row for which nothing could be done.
func (r *heldRow) fail(refusal *Error) {
	r.Done, r.Code, r.Problem = true, refusal.Code, refusal.Detail
}

const (
	mostRows     = 50_000    // of a batch: bounds what is in memory while it is checked
	rowsPage     = 500       // rows recorded in one transaction
	mostProblems = 100       // of the rows of a batch, told at once
	unopened     = time.Hour // after which a batch whose rows are not all there will never be opened
)

// BatchInput is many awards of one organisation.
type BatchInput struct {
	Organisation string       // Organisation.ID; "" where there is exactly one
	Name         string       // for people
	Awards       []AwardInput // 1 to 50,000; their Organisation, Actor and Once are those of the batch
	Actor        string       // who awards them, for the audit log; no e-mail address
	Once         *Once        // makes it repeatable; nil: not
}

// RowProblem is what is wrong with one row of a [BatchInput].
type RowProblem struct {
	Row    int    `json:"row"` // from 1
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// RowProblems are what is wrong with the rows of a [BatchInput], at most the first 100.
type RowProblems []RowProblem

// Error names the first row.
func (p RowProblems) Error() string {
	return fmt.Sprintf("row %d: %s", p[0].Row, p[0].Detail)
}

// StartBatch has many awards made by a job. All rows are checked first: where one could not be awarded the whole is refused (kind
// invalid, code rows) with [RowProblems] as its cause. The batch is open, and its job queued, once all its rows are recorded; until
// an award is begun its row holds what the award will say. Kind unavailable, code no_queue where nothing does such work.
func (s *Service) StartBatch(ctx context.Context, in BatchInput) (Batch, error) {
	name := strings.TrimSpace(in.Name)
	if err := checkName(name, "The batch"); err != nil {
		return Batch{}, err
	}
	if n := len(in.Awards); n == 0 || n > mostRows {
		return Batch{}, invalid("batch_size", fmt.Sprintf("A batch has 1 to %d rows, and this one %d.", mostRows, n))
	}
	var o Organisation
	err := s.store.View(ctx, func(tx Tx) (err error) {
		o, err = organisation(tx, in.Organisation)
		return err
	})
	if err != nil {
		return Batch{}, stored(err)
	}
	plans, err := s.plan(ctx, o, in.Awards)
	if err != nil {
		return Batch{}, err
	}
	rows := func(_ Tx, after string) (page []heldRow, next string, err error) {
		from, _ := strconv.Atoi(after) // "" is 0
		until := min(from+rowsPage, len(plans))
		for i := from; i < until; i++ {
			page = append(page, heldRow{Plan: &plans[i]})
		}
		if until < len(plans) {
			next = strconv.Itoa(until)
		}
		return page, next, nil
	}
	return s.startBatch(ctx, Batch{Organisation: o.ID, Kind: BatchAward, Name: name, By: in.Actor}, rows, in.Once)
}

// plan checks all rows of a batch as far as it can be said before they are awarded.
func (s *Service) plan(ctx context.Context, o Organisation, awards []AwardInput) ([]planned, error) {
	type known struct {
		achievement Achievement
		err         *Error
	}
	of := map[string]known{}
	err := s.store.View(ctx, func(tx Tx) error {
		for _, in := range awards {
			if _, done := of[in.Achievement]; done {
				continue
			}
			a, err := awardable(tx, o.ID, in.Achievement)
			var refusal *Error
			if err != nil && !errors.As(err, &refusal) {
				return err
			}
			of[in.Achievement] = known{a, refusal}
		}
		return nil
	})
	if err != nil {
		return nil, stored(err)
	}
	example := s.newCredential()
	example.Slot = Slot{Revocation: newID(), Suspension: newID()}
	plans := make([]planned, len(awards))
	var problems RowProblems
	for i, in := range awards {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		a := of[in.Achievement]
		badge, err := s.badge(in)
		if a.err != nil {
			err = a.err
		}
		if err == nil {
			_, err = s.compose(badge, o, a.achievement, example)
		}
		var refusal *Error
		if errors.As(err, &refusal) {
			problems = append(problems, RowProblem{Row: i + 1, Code: refusal.Code, Detail: refusal.Detail})
			if len(problems) == mostProblems {
				break
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		plans[i] = planned{Achievement: a.achievement.ID, Badge: badge}
	}
	if len(problems) > 0 {
		return nil, &Error{Kind: KindInvalid, Code: "rows", Err: problems, Detail: "Some rows cannot be awarded, so none was."}
	}
	return plans, nil
}

// startBatch records a batch with its rows, which come in pages, and opens it with the last of them.
func (s *Service) startBatch(ctx context.Context, b Batch, rows func(tx Tx, after string) ([]heldRow, string, error), once *Once) (Batch, error) {
	if s.enqueue == nil {
		return Batch{}, noQueue()
	}
	b.ID, b.Created, b.State = newID(), s.now().UTC(), batchFilling
	after := ""
	for version := uint64(0); ; version++ {
		var now Batch
		var next string
		err := s.store.Update(ctx, func(tx Tx) (err error) {
			now = b
			if version == 0 {
				if now.Sequence, err = tx.Next("batch"); err != nil {
					return err
				}
			}
			var page []heldRow
			if page, next, err = rows(tx, after); err != nil {
				return err
			}
			for _, row := range page {
				now.Total++
				row.Batch, row.Number = now.ID, now.Total
				if err := batchRows.Put(tx, &row, 0); err != nil {
					return err
				}
			}
			if next == "" {
				return s.openBatch(tx, &now, once, version)
			}
			return batches.Put(tx, &now, version)
		})
		if err != nil {
			// What could not be taken away now is taken away later.
			_ = s.drop(context.WithoutCancel(ctx), b.ID)
			return Batch{}, stored(err)
		}
		if b, after = now, next; next == "" {
			return b, nil
		}
	}
}

// openBatch opens a batch that has all its rows.
func (s *Service) openBatch(tx Tx, b *Batch, once *Once, version uint64) error {
	if b.Total == 0 {
		return conflict("nothing_to_do", "There is nothing to be done for any award.")
	}
	b.State = BatchOpen
	if err := batches.Put(tx, b, version); err != nil {
		return err
	}
	err := record(tx, AuditEntry{At: s.now(), Actor: b.By, Action: "batch.started", Subject: b.ID, Detail: fmt.Sprintf("%s of %d awards", b.Kind, b.Total)})
	if err != nil {
		return err
	}
	if err := once.keep(tx, "", *b, version+1); err != nil {
		return err
	}
	return s.enqueue(tx, Work{Name: WorkBatch, Organisation: b.Organisation, Payload: []byte(b.ID)})
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

// Batch returns a batch by its id (kind missing when there is none).
func (s *Service) Batch(ctx context.Context, id string) (b Batch, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		b, _, err = openedBatch(tx, id)
		return err
	})
	return b, stored(err)
}

// openedBatch reads a batch that has all its rows.
func openedBatch(tx Tx, id string) (Batch, uint64, error) {
	b, version, err := batches.Get(tx, id)
	if err == nil && b.State == batchFilling {
		err = ErrNotFound
	}
	return b, version, err
}

// Batches returns a page of the batches of an organisation, the newest first, and the cursor of the next page, "" after the last. A
// cursor of another list has kind invalid, code cursor.
func (s *Service) Batches(ctx context.Context, organisation, after string, limit int) (page []Batch, next string, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		page, next, err = batches.List(tx, Query{By: "organisation", Value: organisation, After: after, Limit: limit, Backward: true})
		return err
	})
	return page, next, listed(err)
}

// BatchRows returns a page of the rows of a batch in their order, and the cursor of the next page, "" after the last. A cursor of
// another list has kind invalid, code cursor.
func (s *Service) BatchRows(ctx context.Context, id, after string, limit int) (page []BatchRow, next string, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		if _, _, err := openedBatch(tx, id); err != nil {
			return err
		}
		var rows []heldRow
		rows, next, err = batchRows.List(tx, Query{By: "batch", Value: id, After: after, Limit: limit})
		page = make([]BatchRow, len(rows))
		for i, row := range rows {
			page[i] = row.BatchRow
		}
		return err
	})
	return page, next, listed(err)
}
