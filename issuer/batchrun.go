package issuer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/laurelbadges/laurel/credential"
)

// batchChunk is how many rows a batch works on between two looks at its budget: each of its two transactions holds up other
// writers for some milliseconds.
const batchChunk = 100

// chunksAhead is how many chunks are begun and not recorded while another is: whoever signs always has one.
const chunksAhead = 2

// chunk is some rows of a batch on their way.
type chunk struct {
	batch   Batch
	next    string // cursor of the rows after these; "" when there are none
	rows    []task
	intent  string // id of the batchIntent of the rows; "" for none
	problem error  // why some are left for another time, once they are signed
	held    bool   // nothing of it is to be recorded
	failed  error  // it could not be signed
}

// fullEvery is how often the text of an award is built whole, beside the first of each template and whatever is not plain ASCII.
const fullEvery = 100

// task is a row whose award is to be signed.
type task struct {
	row     int // BatchRow.Number
	award   Credential
	version uint64     // of the record of award, or of the row where that is held
	held    *heldRow   // the row, where it has its plan and award is not recorded; nil: award is a draft, or issued
	in      *beginning // of award, where its document is not written yet
	signed  forms
	done    Credential // award with its signed forms
	body    []byte     // the record of done
	ended   []byte     // the record of the row once it has its award; nil where award is a draft, or issued
	refused *Error     // its document says something that an award must not say
	whole   bool       // the first of its chunk: what a template signs of it is read and checked whole
	failed  *Error     // it could not be signed
}

// RunBatch works on an open batch until all its rows are done, or budget says between two chunks of rows that others shall have their
// turn; a nil budget never does. finished says that nothing is to be done for it now: all its rows are done, or it is on hold, as it is
// once the check finds something wrong that was signed. It may be cut short at any point and called again, also by several processes at
// once: each row is done once. The error says why some rows are left; call it again later. An award that cannot be signed is given up
// at the fifth try, of which one in an hour is counted; one that cannot be read stands in the way of no other.
func (s *Service) RunBatch(ctx context.Context, id string, budget func() bool) (finished bool, err error) {
	begun, signed := make(chan *chunk, chunksAhead), make(chan *chunk, chunksAhead)
	signingCtx, stop := context.WithCancel(ctx)
	var signing sync.WaitGroup
	signing.Go(func() {
		defer close(signed)
		for c := range begun {
			c.problem, c.held, c.failed = s.signChunk(signingCtx, c)
			signed <- c
			if c.failed != nil || c.held {
				return
			}
		}
	})
	defer func() {
		stop()
		close(begun)
		signing.Wait()
	}()
	last, err := s.beginChunk(ctx, id, "") // that was begun
	if err != nil {
		return false, err
	}
	begun <- last
	others := false // shall have their turn
	more := func() bool {
		others = others || last.next != "" && budget != nil && !budget()
		return last.next != "" && !others
	}
	ahead := 1 // chunks that are begun and not recorded
	for ; ahead < chunksAhead && more(); ahead++ {
		if last, err = s.beginChunk(ctx, id, last.next); err != nil {
			return false, err
		}
		begun <- last
	}
	var left error // the first reason: the others are mostly the same
	for {
		c := <-signed
		left = cmp.Or(left, c.problem)
		if c.failed != nil || c.held {
			return c.failed == nil, c.failed
		}
		// The next is begun while this one is recorded, mostly in one commit, and the one between is signed.
		var next *chunk
		var beginErr error
		var beginning sync.WaitGroup
		if more() {
			after := last.next
			beginning.Go(func() { next, beginErr = s.beginChunk(ctx, id, after) })
		}
		problem, held, err := s.recordChunk(ctx, c)
		beginning.Wait()
		left = cmp.Or(left, problem)
		switch ahead--; {
		case err != nil || beginErr != nil:
			return false, cmp.Or(err, beginErr)
		case held:
			return true, nil
		case next != nil:
			last = next
			begun <- next
			ahead++
		case ahead > 0:
		case c.batch.State != BatchOpen:
			return true, nil
		case others:
			return false, nil
		default:
			return false, left
		}
	}
}

// courtesy is how long a batch waits, before each step of a chunk, for single awards that are being made: somebody waits for each of
// these. However many come, the batch goes on.
const courtesy = 20 * time.Millisecond

// afterSingles waits until no single award is being made, or courtesy is over.
func (s *Service) afterSingles(ctx context.Context) {
	for until := time.Now().Add(courtesy); s.singles.Load() > 0 && ctx.Err() == nil && time.Now().Before(until); {
		time.Sleep(courtesy / 40)
	}
}

// beginChunk records the intents of the next awards, and finds what has to be signed for them and for those that were begun before.
func (s *Service) beginChunk(ctx context.Context, id, after string) (c *chunk, err error) {
	s.afterSingles(ctx)
	ahead, err := s.planned(ctx, id, after)
	if err == nil {
		c, err = s.beginRows(ctx, id, after, ahead)
	}
	if errors.Is(err, ErrConflict) && len(ahead.rows) > 0 { // one of them was changed in this moment
		c, err = s.beginRows(ctx, id, after, waiting{})
	}
	return c, stored(err)
}

// beginRows begins the rows that were read ahead, or where there are none the next.
func (s *Service) beginRows(ctx context.Context, id, after string, ahead waiting) (c *chunk, err error) {
	err = s.store.Update(ctx, func(tx Tx) error {
		c = &chunk{}
		b, version, err := anyBatch(id)(tx)
		if err != nil || b.State != BatchOpen {
			c.batch = b
			return err
		}
		todo := ahead
		if len(ahead.rows) == 0 {
			if todo, err = waitingRows(tx, &b, after); err != nil {
				return err
			}
		}
		c.next, c.rows = todo.next, make([]task, 0, len(todo.rows))
		ended := b.Done + b.Failed
		w := batchWork{service: s, tx: tx, batch: &b, ahead: len(ahead.rows) > 0}
		for i, row := range todo.rows {
			t, signs, err := w.begin(&row, todo.versions[i])
			if err != nil {
				return err
			}
			if signs {
				c.rows = append(c.rows, t)
			}
			if t.held != nil {
				c.intent = intentID(b.ID, blockOf(t.row))
			}
		}
		if err := w.putIntent(); err != nil {
			return err
		}
		c.batch = b
		if b.Done+b.Failed == ended {
			return nil
		}
		return s.putBatch(tx, &c.batch, version)
	})
	return c, err
}

// waiting are rows of a batch for which something is to be done.
type waiting struct {
	rows     []heldRow
	versions []uint64
	next     string // cursor of those after them
}

// planned reads the next rows of a batch while others write. It gives none unless all of them have their plans: of such a row only what its
// award is given is recorded before that is signed, and whoever records either looks whether the row is still as it was read here.
func (s *Service) planned(ctx context.Context, id, after string) (ahead waiting, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		b, _, err := anyBatch(id)(tx)
		if err != nil || b.State != BatchOpen || b.Kind != BatchAward {
			return err
		}
		ahead, err = waitingRows(tx, &b, after)
		return err
	})
	if slices.ContainsFunc(ahead.rows, func(row heldRow) bool { return row.Plan == nil }) {
		ahead = waiting{}
	}
	return ahead, err
}

// waitingRows are the next rows of a batch for which something is to be done. Of a batch of awards they are of one block: they have their
// intents in one record.
func waitingRows(tx Tx, b *Batch, after string) (w waiting, err error) {
	q := Query{By: "waiting", Value: b.ID, After: after, Limit: batchChunk}
	all, next, err := tx.List(batchRows.Kind, q)
	if err != nil {
		return w, err
	}
	w = waiting{rows: make([]heldRow, 0, len(all)), versions: make([]uint64, 0, len(all)), next: next}
	for _, stored := range all {
		var row heldRow
		if err := json.Unmarshal(stored.Body, &row); err != nil {
			return w, fmt.Errorf("reading %s %s: %w", batchRows.Kind.Name, stored.ID, err)
		}
		if b.Kind == BatchAward && len(w.rows) > 0 && blockOf(row.Number) != blockOf(w.rows[0].Number) {
			q.Limit = len(w.rows)
			_, w.next, err = tx.List(batchRows.Kind, q)
			return w, err
		}
		w.rows, w.versions = append(w.rows, row), append(w.versions, stored.Version)
	}
	return w, nil
}

// batchWork is one transaction of a batch. What the rows share is read once.
type batchWork struct {
	service      *Service
	tx           Tx
	batch        *Batch
	ahead        bool                     // the rows were read before the transaction
	organisation *Organisation            // nil: it is not read yet
	awardable    map[string]*batchSubject // by Achievement.ID
	achievements map[string]*Achievement  // by ID: as they are when their awards are recorded

	intent        *batchIntent // of the rows; nil: it is not read yet
	intentVersion uint64
	intends       bool // rows were given something
	looks         bool // each row is looked at before it is recorded, as one of them was changed
	left          bool // a row that is to be recorded keeps its plan
}

// batchSubject is what rows are awarded.
type batchSubject struct {
	achievement Achievement
	content     *credential.Achievement // of achievement, as an award says it
	refusal     *Error                  // why it is not awarded
	documents   sync.Once
	template    *credential.Template // of the documents of its awards; nil where the first could not be written
}

// builder writes the document of a row's award, whole for the first and each fullEvery. It is safe for concurrent use.
func (s *batchSubject) builder(row int) builder {
	return func(badge credential.AchievementCredential) ([]byte, error) {
		first := false
		s.documents.Do(func() {
			first = true
			s.template, _ = credential.NewTemplate(badge)
		})
		if s.template == nil {
			return credential.Build(badge) // which says what is wrong
		}
		return s.template.Build(badge, first || row%fullEvery == 1)
	}
}

// begin brings one row as far as it can be brought without a signature; todo says that its award is to be signed.
func (w *batchWork) begin(row *heldRow, version uint64) (t task, todo bool, err error) {
	t.row = row.Number
	switch b := w.batch; {
	case b.Kind == BatchRevoke:
		err = w.service.revokeRow(w.tx, b, row)
	case row.Plan != nil:
		if t.award, t.in, err = w.intend(row, version); err == nil {
			t.version, t.held = version, row
			return t, true, nil
		}
		var refusal *Error
		if row.Plan, row.Recipient = nil, ""; isRefusal(err, &refusal) {
			row.fail(refusal)
			err = nil
		}
	default:
		t.award, t.version, err = credentials.Get(w.tx, row.Award)
		switch damage := unreadable(err); {
		case damage != nil:
			row.fail(damage)
			err = nil
		case errors.Is(err, ErrNotFound):
			row.fail(&Error{Code: "given_up", Detail: "The award could not be signed and was given up."})
			err = nil
		case err == nil && !b.concerns(&t.award): // a process that went before this one has signed it
			row.Done = true
		default:
			return t, true, err
		}
	}
	if err != nil {
		return t, false, err
	}
	w.batch.count(row)
	return t, false, batchRows.Put(w.tx, row, version)
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
	if b.left() > 0 {
		return batches.Put(tx, b, version)
	}
	b.State, b.Finished = BatchFinished, s.now().UTC()
	if b.Forget {
		b.forgetCause()
	}
	if err := forgetIntents(tx, b.ID); err != nil {
		return err
	}
	if err := batches.Put(tx, b, version); err != nil {
		return err
	}
	err := record(tx, AuditEntry{At: b.Finished, Actor: b.By, Action: string(EventBatchEnded), Subject: b.ID, Detail: fmt.Sprintf("%d done, %d failed", b.Done, b.Failed)})
	if err != nil {
		return err
	}
	return s.observe(tx, Event{Type: EventBatchEnded, Organisation: b.Organisation, Subject: b.ID, Actor: b.By})
}

// recordChunk records what was signed of a chunk. When a key was changed meanwhile, which may be because it was stolen, it is signed anew:
// for problem and held see signChunk.
func (s *Service) recordChunk(ctx context.Context, c *chunk) (problem error, held bool, err error) {
	for range 3 {
		if err = s.recordSigned(ctx, c); !errors.Is(err, errKeyChanged) {
			return problem, false, err
		}
		if problem, held, err = s.signChunk(ctx, c); err != nil || held {
			return problem, held, err
		}
	}
	return nil, false, errKeyChanged
}

// recordSigned records what was signed and ends the rows, all in one transaction.
func (s *Service) recordSigned(ctx context.Context, c *chunk) error {
	if len(c.rows) == 0 {
		return nil
	}
	s.afterSingles(ctx)
	err := s.recordRows(ctx, c, false)
	if errors.Is(err, ErrConflict) {
		err = s.recordRows(ctx, c, true)
	}
	return stored(err)
}

// recordRows is recordSigned. Unless it looks at each row first it fails with ErrConflict where one was changed since it was begun.
func (s *Service) recordRows(ctx context.Context, c *chunk, looks bool) error {
	var now Batch
	err := s.store.Update(ctx, func(tx Tx) error {
		b, version, err := anyBatch(c.batch.ID)(tx)
		if err != nil {
			return err
		}
		ended := b.Done + b.Failed
		w := batchWork{service: s, tx: tx, batch: &b, looks: looks}
		for i := range c.rows {
			if err := w.record(&c.rows[i]); err != nil {
				return err
			}
		}
		if c.intent != "" && !w.left {
			if err := forgetIntent(tx, c.intent); err != nil {
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
	return err
}

// record ends one row.
func (w *batchWork) record(t *task) error {
	if t.held != nil {
		return w.recordPlanned(t)
	}
	row, version, err := batchRows.Get(w.tx, rowID(w.batch.ID, t.row))
	if err != nil || row.Done {
		return err
	}
	switch reissue := w.batch.Kind == BatchReissue; {
	case t.failed != nil && !reissue:
		return nil
	case t.failed != nil:
		row.fail(t.failed)
	case reissue:
		err = w.service.reissue(w.tx, w.batch, t.award.ID, t.signed)
	default:
		var overtaken *Error
		if overtaken, err = w.keep(t); overtaken != nil {
			row.fail(overtaken)
		}
	}
	if errors.Is(err, ErrNotFound) { // another process gave it up
		return nil
	}
	if err != nil {
		return err
	}
	row.Done = true
	w.batch.count(&row)
	return batchRows.Put(w.tx, &row, version)
}

// keep records the signed forms of a draft; for overtaken see [Service.overtaken].
func (w *batchWork) keep(t *task) (overtaken *Error, err error) {
	stored, err := w.tx.Get(credentials.Kind, t.award.ID)
	if err != nil {
		return nil, err
	}
	if stored.Version != t.version { // another process has it in hand
		_, overtaken, err := w.service.keep(w.tx, t.award.ID, t.signed)
		return overtaken, err
	}
	if overtaken, err = w.service.overtaken(w.tx, &t.award); overtaken != nil || err != nil {
		return overtaken, err
	}
	o, err := w.issuer()
	if err != nil {
		return nil, err
	}
	if err := t.signed.hold(o, &t.award); err != nil {
		return nil, err
	}
	if err := credentials.putBody(w.tx, &t.done, t.body, t.version); err != nil {
		return nil, err
	}
	return nil, w.service.kept(w.tx, &t.done)
}

// issuer is the organisation, which is read once.
func (w *batchWork) issuer() (*Organisation, error) {
	if w.organisation == nil {
		o, _, err := organisations.Get(w.tx, w.batch.Organisation)
		if err != nil {
			return nil, err
		}
		w.organisation = &o
	}
	return w.organisation, nil
}
