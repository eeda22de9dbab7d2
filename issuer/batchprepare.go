package issuer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// confirmable is how long a prepared batch can be confirmed. Then it is taken away, with all that it says of people.
const confirmable = 7 * 24 * time.Hour

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
	Header       []string        // heads of the columns of the table that the rows come from; nil where there is none
	Columns      map[string]int  // by Error.Code, the column that an error is about, from 0
	Actor        string          // who awards them, for the audit log; no e-mail address
	Once         *Once           // makes it repeatable; nil: not
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
	all := PrepareInput{Organisation: in.Organisation, Name: in.Name, Actor: in.Actor, Awards: make([]BatchRowInput, len(in.Awards))}
	for i, award := range in.Awards {
		all.Awards[i].Award = award
	}
	b, rows, err := s.planBatch(ctx, all, mostProblems)
	if err != nil {
		return Batch{}, err
	}
	var problems RowProblems
	for _, row := range rows {
		problems = append(problems, row.Problems...)
	}
	if len(problems) > 0 {
		return Batch{}, &Error{Kind: KindInvalid, Code: "rows", Err: problems[:min(len(problems), mostProblems)], Detail: "Some rows cannot be awarded, so none was."}
	}
	return s.fillBatch(ctx, b, inPages(rows), func(tx Tx, b *Batch, version uint64) error {
		return s.openBatch(tx, b, Write{Actor: in.Actor, Once: in.Once}, version)
	})
}

// PrepareBatch checks many awards, as [Service.StartBatch] does, and records what it finds: nothing is issued. Rows that cannot be
// awarded are rejected, with what is wrong with them; the others are made once the batch is confirmed, see [Workspace.ConfirmBatch].
func (s *Service) PrepareBatch(ctx context.Context, in PrepareInput) (Batch, error) {
	b, rows, err := s.planBatch(ctx, in, 0)
	if err != nil {
		return Batch{}, err
	}
	return s.fillBatch(ctx, b, inPages(rows), s.prepared(Write{Actor: in.Actor, Once: in.Once}))
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

// inPages gives rows to fillBatch.
func inPages(rows []heldRow) func(Tx, string) ([]heldRow, string, error) {
	return func(_ Tx, after string) (page []heldRow, next string, err error) {
		from, _ := strconv.Atoi(after) // "" is 0
		until := min(from+rowsPage, len(rows))
		if until < len(rows) {
			next = strconv.Itoa(until)
		}
		return rows[from:until], next, nil
	}
}

// planBatch checks all rows of a batch as far as it can be said before they are awarded; it stops once so many rows are rejected, 0:
// never.
func (s *Service) planBatch(ctx context.Context, in PrepareInput, enough int) (b Batch, rows []heldRow, err error) {
	name := strings.TrimSpace(in.Name)
	if err := checkName(name, "The batch"); err != nil {
		return b, nil, err
	}
	if n := len(in.Awards); n == 0 || n > mostRows {
		return b, nil, invalid("batch_size", fmt.Sprintf("A batch has 1 to %d rows, and this one %d.", mostRows, n))
	}
	if s.enqueue == nil {
		return b, nil, noQueue()
	}
	p := planner{service: s, awardable: map[string]awardableOrNot{}, example: s.newCredential(), seen: map[string]int{}}
	p.example.Slot = Slot{Revocation: newID(), Suspension: newID()}
	rejected := 0
	for from := 0; from < len(in.Awards) && (enough == 0 || rejected < enough); from += rowsPage {
		page := in.Awards[from:min(from+rowsPage, len(in.Awards))]
		err := s.store.View(ctx, func(tx Tx) (err error) {
			if p.organisation, err = organisation(tx, in.Organisation); err != nil {
				return err
			}
			for i := range page {
				if err := ctx.Err(); err != nil {
					return err
				}
				row, err := p.row(tx, &in, &page[i], from+i+1)
				if err != nil {
					return err
				}
				if rows = append(rows, row); row.State() == RowRejected {
					rejected++
				}
			}
			return nil
		})
		if err != nil {
			return b, nil, stored(err)
		}
	}
	s.nameRows(rows)
	b = Batch{Organisation: p.organisation.ID, Kind: BatchAward, Name: name, By: in.Actor, Header: in.Header}
	for i, row := range rows {
		switch {
		case row.Plan == nil || i > 0 && b.Achievement == row.Plan.Achievement:
		case b.Achievement == "":
			b.Achievement = row.Plan.Achievement
		default: // of several
			b.Achievement = ""
			return b, rows, nil
		}
	}
	return b, rows, nil
}

// nameRows chooses the ids of the awards. Rows that are worked on together get ids that lie close together, as records lie in the store
// in the order of their ids and each of them would be written with some that have not changed. All are random as others are; what somebody
// who knows one of them learns of 49 others is at which end of all ids of the batch they lie: the order of these ends is random, and
// so is the order within them.
func (s *Service) nameRows(rows []heldRow) {
	var plans []*planned
	for _, row := range rows {
		if row.Plan != nil {
			plans = append(plans, row.Plan)
		}
	}
	ids := make([]string, len(plans))
	for i := range ids {
		ids[i] = s.newCredential().ID
	}
	slices.Sort(ids)
	near := slices.Collect(slices.Chunk(ids, batchChunk))
	if len(near) > 0 { // the last may be shorter: it stays the last, or all behind it would be split
		rand.Shuffle(len(near)-1, func(i, j int) { near[i], near[j] = near[j], near[i] })
	}
	for i, part := range near {
		rand.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
		for j, id := range part {
			plans[i*batchChunk+j].ID = id
		}
	}
}

// planner checks rows.
type planner struct {
	service      *Service
	organisation Organisation
	awardable    map[string]awardableOrNot // by AwardInput.Achievement
	example      Credential                // an award to write documents with
	seen         map[string]int            // recipient and series -> row, where nobody may hold two
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
	if first, seen := p.seen[same]; seen {
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
// them, else kind conflict, code rejected_rows. Kind conflict as well when it was confirmed before (not_prepared), longer ago than 7
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
		return Batch{}, conflict("too_old", "The batch was prepared more than 7 days ago. Discard it, and prepare it anew.")
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
