package issuer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// confirmable is how long a prepared batch can be confirmed. Then it is taken away, with all that it says of people.
// Three days hold a weekend.
const confirmable = 3 * 24 * time.Hour

// BatchInput is many awards of one organisation.
type BatchInput struct {
	Organisation string       // Organisation.ID; "" where there is exactly one
	Name         string       // for people
	Awards       []AwardInput // 1 to 50,000; their Organisation, Actor and Once are those of the batch
	Actor        string       // who awards them, for the audit log; no e-mail address
	Once         *Once        // makes it repeatable; nil: not
}

// PrepareInput is many awards of one organisation that somebody looks at before they are made.
type PrepareInput struct {
	Organisation string          // Organisation.ID; "" where there is exactly one
	Name         string          // for people
	Awards       []BatchRowInput // 1 to 50,000
	List         BatchRows       // the same in place of Awards; nil: there is none
	Header       []string        // heads of the columns of the table that the rows come from; nil where there is none
	Columns      map[string]int  // by Error.Code, the column that an error is about, from 0
	Actor        string          // who awards them, for the audit log; no e-mail address
	Once         *Once           // makes it repeatable; nil: not
}

// BatchRows are rows that are made when they are looked at, so that a long list is not in memory as rows too.
type BatchRows interface {
	Len() int
	Row(i int) BatchRowInput // from 0; the same at each call
}

// BatchRowInput is one row of a [PrepareInput].
type BatchRowInput struct {
	Award    AwardInput   // its Organisation, Actor and Once are those of the batch
	Number   int          // line of the table that it comes from, as a table program counts; 0 where there is none
	Cells    []string     // of that line; kept for a row that is rejected
	Problems []RowProblem // that were found already; with any the row is rejected
}

// StartBatch has many awards made by a job. All rows are checked first: where one could not be awarded the whole is refused (kind
// invalid, code rows) with [RowProblems], at most the first 100, as its cause. The batch is open, and its job queued, once all its rows
// are recorded; until an award is begun its row holds what the award will say, and whom it is for. Kind unavailable, code no_queue where
// nothing does such work.
func (s *Service) StartBatch(ctx context.Context, in BatchInput) (Batch, error) {
	p, err := s.newPlanner(ctx, PrepareInput{Organisation: in.Organisation, Name: in.Name, Actor: in.Actor, List: awardRows(in.Awards)}, false)
	if err != nil {
		return Batch{}, err
	}
	f, err := p.fill(func(tx Tx, b *Batch, version uint64) error {
		return s.openBatch(tx, b, Write{Actor: in.Actor, Once: in.Once}, version)
	})
	if err != nil {
		return Batch{}, err
	}
	var problems RowProblems
	for p.more() && len(problems) < mostProblems {
		rows, err := p.page(ctx)
		if err != nil {
			f.abandon(ctx)
			return Batch{}, err
		}
		for _, row := range rows {
			problems = append(problems, row.Problems...)
		}
		if len(problems) == 0 {
			if _, err := f.add(ctx, p.found(rows)); err != nil {
				return Batch{}, err
			}
		}
	}
	if len(problems) > 0 {
		f.abandon(ctx)
		return Batch{}, &Error{Kind: KindInvalid, Code: "rows", Err: problems[:min(len(problems), mostProblems)], Detail: "Some rows cannot be awarded, so none was."}
	}
	return f.batch, nil
}

// awardRows are awards as rows without a table.
type awardRows []AwardInput

// Len implements [BatchRows].
func (r awardRows) Len() int { return len(r) }

// Row implements [BatchRows].
func (r awardRows) Row(i int) BatchRowInput { return BatchRowInput{Award: r[i]} }

// PrepareBatch checks many awards, as [Service.StartBatch] does, and records what it finds: nothing is issued. Rows that cannot be
// awarded are rejected, with what is wrong with them; the others are made once the batch is confirmed, see [Workspace.ConfirmBatch]. Of
// one organisation 200,000 rows in 1,000 batches may wait for that: kind conflict, code prepared_full.
func (s *Service) PrepareBatch(ctx context.Context, in PrepareInput) (Batch, error) {
	p, err := s.newPlanner(ctx, in, true)
	if err != nil {
		return Batch{}, err
	}
	f, err := p.fill(s.prepared(Write{Actor: in.Actor, Once: in.Once}))
	if err != nil {
		return Batch{}, err
	}
	for p.more() {
		rows, err := p.page(ctx)
		if err != nil {
			f.abandon(ctx)
			return Batch{}, err
		}
		if _, err := f.add(ctx, p.found(rows)); err != nil {
			return Batch{}, err
		}
	}
	return f.batch, nil
}

// PrepareBatch is [Service.PrepareBatch] for this organisation.
func (w Workspace) PrepareBatch(ctx context.Context, in PrepareInput, by Write) (Batch, error) {
	in.Organisation, in.Actor, in.Once = w.organisation, by.Actor, by.Once
	return w.service.PrepareBatch(ctx, in)
}

// prepared lets a batch that has all its rows be looked at.
func (s *Service) prepared(by Write) func(Tx, *Batch, uint64) error {
	return func(tx Tx, b *Batch, version uint64) error {
		b.State, b.Prepared = BatchPrepared, s.now().UTC()
		if err := batches.Put(tx, b, version); err != nil {
			return err
		}
		if err := by.Once.keep(tx, "", *b, version+1); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: b.Prepared, Actor: by.Actor, Action: "batch.prepared", Subject: b.ID,
			Detail: fmt.Sprintf("%s of %d awards, %d rejected", b.Kind, b.left(), b.Rejected)})
	}
}

// newPlanner checks what is said of all rows of a batch. prepares says that it will wait to be confirmed.
func (s *Service) newPlanner(ctx context.Context, in PrepareInput, prepares bool) (*planner, error) {
	if err := checkName(strings.TrimSpace(in.Name), "The batch"); err != nil {
		return nil, err
	}
	p := &planner{service: s, in: in, size: len(in.Awards), awardable: map[string]awardableOrNot{}, example: s.newCredential(), seen: map[string]int{}}
	if in.List != nil {
		p.size = in.List.Len()
	}
	if p.size == 0 || p.size > mostRows {
		return nil, invalid("batch_size", fmt.Sprintf("A batch has 1 to %d rows, and this one %d.", mostRows, p.size))
	}
	if s.enqueue == nil {
		return nil, noQueue()
	}
	p.example.Slot = Slot{Revocation: newID(), Suspension: newID()}
	err := s.store.View(ctx, func(tx Tx) (err error) {
		if p.organisation, err = organisation(tx, in.Organisation); err != nil || !prepares {
			return err
		}
		return roomToPrepare(tx, p.organisation.ID, p.size)
	})
	return p, stored(err)
}

// planner checks the rows of a batch as far as it can be said before they are awarded, a page at a time, and keeps none of them.
type planner struct {
	service      *Service
	in           PrepareInput
	size         int // rows
	organisation Organisation
	awardable    map[string]awardableOrNot // by AwardInput.Achievement
	example      Credential                // an award to write documents with
	seen         map[string]int            // recipient and series -> row, where nobody may hold two

	at          int      // rows that were checked
	planned     int      // of them that can be awarded
	ids         []string // of the awards, in the order of their rows; nil: none is chosen
	achievement string   // Achievement.ID of those that can be awarded; "" of several
}

// more says that rows are left to be checked.
func (p *planner) more() bool { return p.at < p.size }

// page checks the next rows.
func (p *planner) page(ctx context.Context) (rows []heldRow, err error) {
	until := min(p.at+rowsPage, p.size)
	err = p.service.store.View(ctx, func(tx Tx) (err error) {
		rows = make([]heldRow, 0, until-p.at) // the view may run again
		if p.organisation, err = organisation(tx, p.organisation.ID); err != nil {
			return err
		}
		for i := p.at; i < until; i++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			row, err := p.row(tx, &p.in, p.given(i), i+1)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return nil
	})
	if err != nil {
		return nil, stored(err)
	}
	p.at = until
	for i := range rows {
		plan := rows[i].Plan
		if plan == nil {
			continue
		}
		if p.ids != nil {
			plan.ID = p.ids[p.planned]
		}
		switch p.planned++; {
		case p.planned == 1:
			p.achievement = plan.Achievement
		case p.achievement != plan.Achievement:
			p.achievement = ""
		}
	}
	return rows, nil
}

func (p *planner) given(i int) *BatchRowInput {
	if p.in.List == nil {
		return &p.in.Awards[i]
	}
	row := p.in.List.Row(i)
	return &row
}

// batch is what the rows are of, as far as they were checked.
func (p *planner) batch() Batch {
	return Batch{Organisation: p.organisation.ID, Kind: BatchAward, Name: strings.TrimSpace(p.in.Name), By: p.in.Actor, Header: p.in.Header, Achievement: p.achievement}
}

// fill begins to record the batch.
func (p *planner) fill(ready func(tx Tx, b *Batch, version uint64) error) (*filling, error) {
	p.ids = p.service.nearIDs(p.size)
	return p.service.newFilling(p.batch(), func(tx Tx, b *Batch, version uint64) error {
		b.Achievement = p.achievement
		return ready(tx, b, version)
	})
}

// found gives a page to filling.add.
func (p *planner) found(rows []heldRow) func(Tx) ([]heldRow, bool, error) {
	return func(Tx) ([]heldRow, bool, error) { return rows, !p.more(), nil }
}

// nearIDs chooses the ids of awards. Rows that are worked on together get ids that lie close together, as records lie in the store
// in the order of their ids and each of them would be written with some that have not changed. All are random as others are; what somebody
// who knows one of them learns of 99 others is at which end of all ids of the batch they lie: the order of these ends is random, and
// so is the order within them.
func (s *Service) nearIDs(count int) []string {
	ids := make([]string, count)
	for i := range ids {
		ids[i] = s.newCredential().ID
	}
	slices.Sort(ids)
	near := slices.Collect(slices.Chunk(ids, batchChunk))
	if len(near) > 0 { // the last may be shorter: it stays the last, or all behind it would be split
		rand.Shuffle(len(near)-1, func(i, j int) { near[i], near[j] = near[j], near[i] })
	}
	ordered := make([]string, 0, count)
	for _, part := range near {
		rand.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
		ordered = append(ordered, part...)
	}
	return ordered
}

type awardableOrNot struct {
	achievement Achievement
	refusal     *Error
}

// row checks one row. An error is none of the row.
func (p *planner) row(tx Tx, in *PrepareInput, given *BatchRowInput, number int) (row heldRow, err error) {
	row.Line, row.address = given.Number, given.Award.Recipient
	if row.Problems = given.Problems; len(row.Problems) == 0 {
		plan, err := p.plan(tx, given.Award, row.Line, number)
		var refusal *Error
		if err == nil {
			row.Plan = &plan
			return row, nil
		}
		if !errors.As(err, &refusal) || refusal.Kind == KindUnavailable || refusal.Kind == KindInternal {
			return row, err
		}
		row.Number = number
		problem := RowProblem{Row: row.position(), Code: refusal.Code, Detail: refusal.Detail}
		if column, known := in.Columns[refusal.Code]; known && column < len(in.Header) {
			problem.Column = in.Header[column]
			if column < len(given.Cells) {
				problem.Value = shortened(given.Cells[column])
			}
		}
		row.Problems = RowProblems{problem}
	}
	row.reject(row.Problems, given.Cells)
	return row, nil
}

// reject ends a row that was found wrong. cells are what was given.
func (r *heldRow) reject(problems RowProblems, cells []string) {
	r.Done, r.Code, r.Problem, r.Problems, r.Cells = true, problems[0].Code, problems[0].Detail, problems, cells
}

// longestValue is how many characters of a cell are shown where it is called wrong.
const longestValue = 80

func shortened(value string) string {
	if runes := []rune(value); len(runes) > longestValue {
		return string(runes[:longestValue-1]) + "…"
	}
	return value
}

func (p *planner) plan(tx Tx, in AwardInput, line, number int) (plan planned, err error) {
	s := p.service
	a, known := p.awardable[in.Achievement]
	if !known {
		a.achievement, err = awardable(tx, p.organisation.ID, in.Achievement)
		if err != nil && !errors.As(err, &a.refusal) {
			return plan, err
		}
		p.awardable[in.Achievement] = a
	}
	badge, err := s.badge(in)
	if err == nil && a.refusal != nil {
		err = a.refusal
	}
	if err == nil {
		_, err = s.compose(badge, p.organisation, a.achievement, p.example)
	}
	if err != nil {
		return plan, err
	}
	email := strings.ToLower(strings.TrimSpace(in.Recipient))
	if err := p.twice(tx, a.achievement, email, max(line, number)); err != nil {
		return plan, err
	}
	return planned{Achievement: a.achievement.ID, Badge: badge, Email: email, Name: in.Name, Language: in.Language, Access: in.Access}, nil
}

// twice refuses an award to somebody who holds the achievement already, or would by a row before, where its policy says so.
func (p *planner) twice(tx Tx, a Achievement, email string, row int) error {
	if a.Duplicates == "" || a.Duplicates == DuplicatesAllowed {
		return nil
	}
	same := email + "/" + series(a)
	if first, seen := p.seen[same]; seen && first != row { // the view may run again
		return invalid("duplicate_row", fmt.Sprintf("This is the same person as in row %d, and nobody is awarded this achievement twice.", first))
	}
	p.seen[same] = row
	if a.Duplicates != DuplicatesRefused {
		return nil
	}
	if _, _, err := secrets.Get(tx, secretRecipients); errors.Is(err, ErrNotFound) { // then nobody was awarded anything, and only an update can make it
		return nil
	}
	key, err := p.service.recipientKey(tx, p.organisation.ID, email)
	if err != nil {
		return err
	}
	existing, err := p.service.duplicates(tx, a, key, "", 1)
	if err != nil || len(existing) == 0 {
		return err
	}
	return refusedDuplicate(&existing[0])
}

// ConfirmBatch begins what a prepared batch says. Where rows were rejected that has to be said: with skipRejected nothing is done for
// them, else kind conflict, code rejected_rows. Kind conflict as well when it was confirmed before (not_prepared), longer ago than 3
// days (too_old), when its achievement is awarded no more, or nothing is left to be done (nothing_to_do). Kind denied, code second_person
// where that is for another person to allow, see [Workspace.Propose].
func (w Workspace) ConfirmBatch(ctx context.Context, id string, skipRejected bool, by Write) (b Batch, err error) {
	err = w.service.store.Update(ctx, func(tx Tx) error {
		b, err = w.service.confirmBatch(tx, w.aloneBatch(id), skipRejected, by)
		return err
	})
	return b, stored(err)
}

// confirmBatch is ConfirmBatch in an update.
func (s *Service) confirmBatch(tx Tx, find batchFinder, skipRejected bool, by Write) (Batch, error) {
	if s.enqueue == nil {
		return Batch{}, noQueue()
	}
	b, version, err := find(tx)
	if err != nil {
		return Batch{}, err
	}
	if err := by.on(version); err != nil {
		return Batch{}, err
	}
	switch {
	case b.State != BatchPrepared:
		return Batch{}, conflict("not_prepared", "The batch is not waiting to be confirmed: it was confirmed before.")
	case s.now().Sub(b.Prepared) > confirmable:
		return Batch{}, conflict("too_old", "The batch was prepared more than 3 days ago. Discard it, and prepare it anew.")
	case b.Rejected > 0 && !skipRejected:
		return Batch{}, conflict("rejected_rows", fmt.Sprintf("Of %d rows %d cannot be awarded. Correct them, or say that they are to be left out.", b.Total, b.Rejected))
	}
	if b.Kind == BatchAward && b.Achievement != "" {
		if _, err := awardable(tx, b.Organisation, b.Achievement); err != nil {
			return Batch{}, err
		}
	}
	if err := s.openBatch(tx, &b, by, version); err != nil {
		return Batch{}, err
	}
	return b, s.linkUndo(tx, &b, by)
}
