package issuer

import (
	"fmt"
	"time"

	"github.com/laurelbadges/laurel/credential"
)

// BatchKind is what a batch does for each of its rows.
type BatchKind string

const (
	BatchAward   BatchKind = "award"   // makes an award
	BatchReissue BatchKind = "reissue" // signs an award anew that a key signed which has ended
	BatchRevoke  BatchKind = "revoke"  // revokes an award
)

// BatchState is the life of a batch.
type BatchState string

const (
	batchFilling  BatchState = "filling"  // its rows are being recorded, or taken away; nobody is told of it
	BatchPrepared BatchState = "prepared" // checked, and nothing is done: it can be looked at, confirmed or discarded
	BatchOpen     BatchState = "open"
	BatchHeld     BatchState = "held"     // on hold after a restore, or as Problem says: a person decides whether it goes on
	BatchFinished BatchState = "finished" // nothing is left to be done for any row
)

// Batch is work on many awards that was asked for at once. A job does it, see [Service.RunBatch].
type Batch struct {
	ID           string     `json:"id"` // 22 characters
	Organisation string     `json:"organisation"`
	Kind         BatchKind  `json:"kind"`
	Name         string     `json:"name"`                  // for people; of a reissue the method of the key
	Key          string     `json:"key,omitempty"`         // Key.Name of the key whose awards are signed anew
	Achievement  string     `json:"achievement,omitempty"` // Achievement.ID where all rows are to be awards of one
	State        BatchState `json:"state"`
	Total        int        `json:"total"`              // rows
	Rejected     int        `json:"rejected,omitempty"` // of them that were found wrong before anything was done, so nothing is done for them
	Done         int        `json:"done"`
	Failed       int        `json:"failed"` // for which nothing was done, and will not be
	Created      time.Time  `json:"created"`
	By           string     `json:"by,omitempty"`    // who asked for it
	Alone        bool       `json:"alone,omitempty"` // one person has confirmed it, and no second one allowed it
	Prepared     time.Time  `json:"prepared,omitzero"`
	Finished     time.Time  `json:"finished,omitzero"`
	Sequence     uint64     `json:"sequence"`
	Problem      string     `json:"problem,omitempty"` // why it is on hold, as a sentence; "" after a restore

	Header []string   `json:"header,omitempty"` // of the table that the rows come from
	Kept   bool       `json:"kept,omitempty"`   // the rejected rows are kept as they were given, see [Workspace.BatchRejected]
	Code   ReasonCode `json:"code,omitempty"`   // of kind revoke: why, and what all these awards will say
	Reason string     `json:"reason,omitempty"`
	Note   string     `json:"note,omitempty"`
	Undoes string     `json:"undoes,omitempty"` // Batch.ID of the batch whose awards this one revokes
	Undone string     `json:"undone,omitempty"` // Batch.ID of the batch that revokes the awards of this one
	Forget bool       `json:"forget,omitempty"` // an award in it was erased: Reason and Note go with its end
}

// forgetCause takes away what was written about a batch that is finished.
func (b *Batch) forgetCause() {
	if b.State == BatchFinished {
		b.Reason, b.Note = "", ""
	}
}

// Progress is how much of the batch is done, in whole percent: 100 when nothing is left and not before.
func (b *Batch) Progress() int {
	if todo := b.Total - b.Rejected; b.State != BatchFinished && todo > 0 {
		return min(99, 100*(b.Done+b.Failed)/todo)
	}
	return 100
}

// left is how many rows are neither ended nor rejected.
func (b *Batch) left() int { return b.Total - b.Rejected - b.Done - b.Failed }

// Values of the lookup due of batches: they hold what is to be taken away some time.
const (
	duePrepared = "prepared"
	dueRejected = "rejected"
)

var batches = Table[Batch]{
	Kind:  Kind{Name: "batch", Lookups: []string{"organisation", "filling", "due"}},
	Key:   func(b *Batch) string { return b.ID },
	Order: func(b *Batch) string { return sequenced(b.Sequence) },
	Lookups: func(b *Batch) []string {
		switch {
		case b.State == batchFilling:
			return []string{"", inAll, ""}
		case b.State == BatchPrepared:
			return []string{b.Organisation, "", duePrepared}
		case b.State == BatchFinished && (b.Kept || b.Reason != "" || b.Note != ""):
			return []string{b.Organisation, "", dueRejected}
		}
		return []string{b.Organisation, "", ""}
	},
}

// BatchRow is what became of one row of a batch.
type BatchRow struct {
	Number   int         `json:"number"`             // from 1, in the order in which the rows were given
	Line     int         `json:"line,omitempty"`     // of the table that it comes from, as a table program counts; 0 where there is none
	Award    string      `json:"award,omitempty"`    // Credential.ID; "" before it is recorded
	Done     bool        `json:"done,omitempty"`     // nothing is left to be done
	Code     string      `json:"code,omitempty"`     // of an Error: why nothing was done
	Problem  string      `json:"problem,omitempty"`  // the same as a sentence; "" where there is none
	Note     string      `json:"note,omitempty"`     // what else there is to say of a row that is done, as a sentence
	Problems RowProblems `json:"problems,omitempty"` // why it is rejected
}

// RowState is how far a row is.
type RowState string

const (
	RowWaiting  RowState = "waiting"  // something is to be done
	RowRejected RowState = "rejected" // it was found wrong before anything was done
	RowFailed   RowState = "failed"   // nothing could be done
	RowDone     RowState = "done"
)

// State says how far the row is.
func (r *BatchRow) State() RowState {
	switch {
	case len(r.Problems) > 0:
		return RowRejected
	case !r.Done:
		return RowWaiting
	case r.Problem != "":
		return RowFailed
	}
	return RowDone
}

// heldRow is the record of a row.
type heldRow struct {
	BatchRow
	Batch string   `json:"batch"`
	Plan  *planned `json:"plan,omitempty"`  // of an award that is not recorded. It says who somebody is and goes when the award is
	Cells []string `json:"cells,omitempty"` // of a rejected row, as they were given; they go with Batch.Kept
	// Recipient is the keyed digest of the address that Plan or Cells name, see [Service.RecipientKey]; it goes with them.
	Recipient string `json:"recipient,omitempty"`
	address   string // before the row is recorded
}

// without is the row without its plan.
func (r heldRow) without() heldRow {
	r.Plan, r.Recipient = nil, ""
	return r
}

// planned is an award to be made, checked and with everything that depends on its input alone.
type planned struct {
	ID          string                           `json:"id,omitempty"` // Credential.ID that the award will have; "" for one that is chosen then, as earlier releases do
	Achievement string                           `json:"achievement"`  // Achievement.ID
	Badge       credential.AchievementCredential `json:"badge"`
	Email       string                           `json:"email,omitempty"` // of the recipient
	Name        string                           `json:"name,omitempty"`
	Language    string                           `json:"language,omitempty"`
	Access      Access                           `json:"access,omitempty"`
}

var batchRows = Table[heldRow]{
	Kind:  Kind{Name: "batch-row", Lookups: []string{"batch", "waiting", "problem", "recipient"}},
	Key:   func(r *heldRow) string { return rowID(r.Batch, r.Number) },
	Order: func(r *heldRow) string { return sequenced(uint64(r.Number)) },
	Lookups: func(r *heldRow) []string {
		switch state := r.State(); state {
		case RowWaiting:
			return []string{r.Batch, r.Batch, "", r.Recipient}
		case RowDone:
			return []string{r.Batch, "", "", r.Recipient}
		default:
			return []string{r.Batch, "", problemLookup(r.Batch, state), r.Recipient}
		}
	},
}

// problemLookup is the value under which the rows of a batch stand for which nothing was done.
func problemLookup(batch string, state RowState) string { return batch + "/" + string(state) }

func rowID(batch string, number int) string { return fmt.Sprintf("%s/%08d", batch, number) }

// fail ends a row for which nothing could be done.
func (r *heldRow) fail(refusal *Error) {
	r.Done, r.Code, r.Problem = true, refusal.Code, refusal.Detail
}

const (
	mostRows     = 50_000    // of a batch: bounds what is in memory while it is checked
	rowsPage     = 200       // rows recorded in one transaction: so many are in memory with their plans, and others wait for some milliseconds
	mostProblems = 100       // of the rows of a batch, told at once
	unopened     = time.Hour // after which a batch whose rows are not all there will never be opened
)

// RowProblem is what is wrong with one row.
type RowProblem struct {
	Row    int    `json:"row"`              // from 1; of a table its line, as a table program counts
	Column string `json:"column,omitempty"` // the head of the column of a table; "" where it is about the whole row
	Value  string `json:"value,omitempty"`  // what stands there, shortened
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// RowProblems are what is wrong with rows.
type RowProblems []RowProblem

// Error names the first row.
func (p RowProblems) Error() string {
	return fmt.Sprintf("row %d: %s", p[0].Row, p[0].Detail)
}

func nothingToDo() error {
	return conflict("nothing_to_do", "There is nothing to be done for any award.")
}

// openBatch opens a batch that has all its rows, and queues its job.
func (s *Service) openBatch(tx Tx, b *Batch, by Write, version uint64) error {
	if b.left() == 0 {
		return nothingToDo()
	}
	b.State = BatchOpen
	if err := batches.Put(tx, b, version); err != nil {
		return err
	}
	err := record(tx, AuditEntry{At: s.now(), Actor: by.Actor, Action: "batch.started", Subject: b.ID, Detail: fmt.Sprintf("%s of %d awards", b.Kind, b.left())})
	if err != nil {
		return err
	}
	if err := by.Once.keep(tx, "", *b, version+1); err != nil {
		return err
	}
	return s.enqueue(tx, Work{Name: WorkBatch, Organisation: b.Organisation, Payload: []byte(b.ID)})
}
