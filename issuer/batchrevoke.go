package issuer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// RevokeInput is many awards to be revoked.
type RevokeInput struct {
	Name   string           // for people
	Filter CredentialFilter // of the awards; those that are revoked already or not signed yet are left out
	IDs    []string         // the awards by any of their names, at most 50,000, in place of Filter
	Cause  Cause            // what all of them will say; it needs a code
}

// PrepareRevocation finds the awards that are to be revoked and records them as the rows of a prepared batch: nothing is revoked before
// [Workspace.ConfirmBatch]. A filter that leaves nothing out is refused (kind invalid, code filter). Of awards that are named, those that
// do not exist, that are revoked already, or that were named before are rejected rows. Kind conflict, code nothing_to_do when the filter
// finds none.
func (w Workspace) PrepareRevocation(ctx context.Context, in RevokeInput, by Write) (Batch, error) {
	s := w.service
	b, err := w.revocation(in.Name, in.Cause, by)
	if err != nil {
		return Batch{}, err
	}
	if len(in.IDs) > mostRows {
		return Batch{}, invalid("batch_size", fmt.Sprintf("A batch has at most %d rows, and this one %d.", mostRows, len(in.IDs)))
	}
	limits := in.Filter
	limits.Newest = false // leaves nothing out
	everything := limits == (CredentialFilter{})
	if everything == (len(in.IDs) == 0) {
		return Batch{}, invalid("filter", "Say which awards are to be revoked, either by what they have in common or by their names.")
	}
	if everything {
		b.Header = []string{"award"} // under which rejected names are told
		return s.fillPrepared(ctx, b, len(in.IDs), w.byName(in.IDs), by)
	}
	found, err := w.matching(ctx, in.Filter)
	if err != nil {
		return Batch{}, err
	}
	b.Achievement = in.Filter.Achievement
	return s.fillPrepared(ctx, b, len(found), byID(found), by)
}

// revocation is a batch that revokes, before it has rows.
func (w Workspace) revocation(name string, cause Cause, by Write) (Batch, error) {
	name = strings.TrimSpace(name)
	// Staff alone see it, and the undoing of a batch has the name that an earlier release took.
	if err := checkLength(name, "The batch"); err != nil {
		return Batch{}, err
	}
	cause, err := cause.checked()
	if err == nil && cause.Code == ReasonOther && cause.Reason == "" {
		err = invalid("reason", "Say why the awards are revoked: the reason is shown to everybody who looks at one.")
	}
	return Batch{Organisation: w.organisation, Kind: BatchRevoke, Name: name, By: by.Actor, Code: cause.Code, Reason: cause.Reason, Note: cause.Note}, err
}

// revocable are the rows of the awards of a page that can be revoked.
func revocable(page []Credential) (rows []heldRow) {
	for _, c := range page {
		if c.Revoked == nil && !c.Issued.IsZero() {
			rows = append(rows, heldRow{BatchRow: BatchRow{Award: c.ID}})
		}
	}
	return rows
}

// matching are the ids of all awards that a filter finds now.
func (w Workspace) matching(ctx context.Context, f CredentialFilter) (ids []string, err error) {
	for after := ""; ; {
		page, next, err := w.Credentials(ctx, f, after, rowsPage)
		if err != nil {
			return nil, err
		}
		for _, row := range revocable(page) {
			ids = append(ids, row.Award)
		}
		if len(ids) > mostRows {
			return nil, invalid("batch_size", fmt.Sprintf("There are more than %d awards like this. Say more precisely which are to be revoked.", mostRows))
		}
		if after = next; next == "" {
			return ids, nil
		}
	}
}

// byID are the rows of awards by their ids.
func byID(ids []string) func(Tx, string) ([]heldRow, string, error) {
	return func(_ Tx, after string) (page []heldRow, next string, err error) {
		from, _ := strconv.Atoi(after) // "" is 0
		until := min(from+rowsPage, len(ids))
		for _, id := range ids[from:until] {
			page = append(page, heldRow{BatchRow: BatchRow{Award: id}})
		}
		if until < len(ids) {
			next = strconv.Itoa(until)
		}
		return page, next, nil
	}
}

// byName are the rows of awards that are named.
func (w Workspace) byName(names []string) func(Tx, string) ([]heldRow, string, error) {
	first := map[string]int{} // Credential.ID -> row that names it first
	return func(tx Tx, after string) (rows []heldRow, next string, err error) {
		from, _ := strconv.Atoi(after) // "" is 0
		until := min(from+rowsPage, len(names))
		for i := from; i < until; i++ {
			name := strings.TrimSpace(names[i])
			c, _, err := w.service.find(tx, name)
			var refusal *Error
			switch err = w.ours(c.Organisation, err); {
			case errors.Is(err, ErrNotFound):
				err = &Error{Code: "not_found", Detail: "There is no award of this name here."}
			case err != nil:
				return nil, "", err
			case c.Revoked != nil:
				err = alreadyRevoked(&c)
			case c.Issued.IsZero():
				err = conflict("not_issued", "The award is still being made.")
			case first[c.ID] == 0 || first[c.ID] == i+1: // the update may run again
				first[c.ID] = i + 1
			default:
				err = conflict("duplicate_row", fmt.Sprintf("The award was named before, in row %d.", first[c.ID]))
			}
			row := heldRow{BatchRow: BatchRow{Award: c.ID}}
			if errors.As(err, &refusal) {
				row.reject(RowProblems{{Row: i + 1, Value: shortened(name), Code: refusal.Code, Detail: refusal.Detail}}, []string{name})
				row.Award = ""
			}
			rows = append(rows, row)
		}
		if until < len(names) {
			next = strconv.Itoa(until)
		}
		return rows, next, nil
	}
}

func alreadyRevoked(c *Credential) error {
	return conflict("already_revoked", "The award was already revoked, on "+day(*c.Revoked)+".")
}

// PrepareUndo finds the awards that a finished batch made and that are in the way of undoing it, and records them as the rows of a
// prepared batch that revokes them once it is confirmed, see [Workspace.ConfirmBatch]. Awards that are revoked already are left out, so
// what a first undoing could not do is found by a second. Kind conflict when the batch made no awards (not_undoable), is not finished
// (batch_open), or is being undone (undo_open), and code nothing_to_do when all its awards are revoked.
//
// by.Versions are of the batch that is to be undone. Where the award of a row was corrected or renewed, what was made in its place is
// revoked too.
func (w Workspace) PrepareUndo(ctx context.Context, id string, cause Cause, by Write) (Batch, error) {
	first, version, err := w.Batch(ctx, id)
	if err == nil {
		err = by.on(version)
	}
	if err != nil {
		return Batch{}, err
	}
	b, err := w.revocation(undoName(first.Name), cause, by)
	if err != nil {
		return Batch{}, err
	}
	b.Undoes, b.Achievement = first.ID, first.Achievement
	rows := func(tx Tx, after string) (page []heldRow, next string, err error) {
		if err := w.undoable(tx, id); err != nil {
			return nil, "", err
		}
		made, next, err := batchRows.List(tx, Query{By: "batch", Value: id, After: after, Limit: rowsPage})
		for _, row := range made {
			if row.Award == "" {
				continue
			}
			c, _, err := credentials.Get(tx, row.Award)
			if errors.Is(err, ErrNotFound) { // it was given up
				continue
			}
			if err != nil && unreadable(err) == nil {
				return nil, "", err
			}
			if err != nil { // its row will say so
				c = Credential{ID: row.Award, Issued: w.service.now()}
			}
			chain, err := corrected(tx, c)
			if err != nil {
				return nil, "", err
			}
			page = append(page, revocable(chain)...)
		}
		return page, next, err
	}
	return w.service.fillPrepared(ctx, b, 0, rows, by) // what may be done by itself is undone whatever waits
}

// corrected is an award with all that were made in its place by correcting or renewing it; not what somebody was awarded anew.
func corrected(tx Tx, c Credential) (chain []Credential, err error) {
	for chain = []Credential{c}; c.SupersededBy != ""; chain = append(chain, c) {
		if c, _, err = credentials.Get(tx, c.SupersededBy); errors.Is(err, ErrNotFound) || err == nil && !c.Renewal && !c.Correction {
			return chain, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return chain, nil
}

// undoable says whether the awards of a batch can be revoked together.
func (w Workspace) undoable(tx Tx, id string) error {
	first, _, err := w.batch(id)(tx)
	switch {
	case err != nil:
		return err
	case first.Kind != BatchAward:
		return conflict("not_undoable", "Only a batch that made awards can be undone.")
	case first.State != BatchFinished:
		return conflict("batch_open", "The batch is not finished. End it first, then undo what it did.")
	case first.Undone == "":
		return nil
	}
	undoing, _, err := w.batch(first.Undone)(tx)
	if err == nil && undoing.State != BatchFinished {
		err = conflict("undo_open", "The batch is being undone.")
	}
	return err
}

// UndoBatch revokes all awards that a finished batch made: [Workspace.PrepareUndo] and [Workspace.ConfirmBatch] in one. It returns the
// batch that revokes them.
func (w Workspace) UndoBatch(ctx context.Context, id string, cause Cause, by Write) (Batch, error) {
	prepared, err := w.PrepareUndo(ctx, id, cause, Write{Actor: by.Actor, Versions: by.Versions})
	if err != nil {
		return Batch{}, err
	}
	b, err := w.ConfirmBatch(ctx, prepared.ID, false, Write{Actor: by.Actor, Once: by.Once})
	if err != nil {
		_ = w.DiscardBatch(context.WithoutCancel(ctx), prepared.ID, Write{Actor: by.Actor}) // or it goes after 3 days
		return Batch{}, err
	}
	return b, nil
}

// linkUndo names a batch that undoes another in the record of that.
func (s *Service) linkUndo(tx Tx, b *Batch, by Write) error {
	if b.Undoes == "" {
		return nil
	}
	if err := s.Workspace(b.Organisation).undoable(tx, b.Undoes); err != nil {
		return err
	}
	first, version, err := batches.Get(tx, b.Undoes)
	if err != nil {
		return err
	}
	first.Undone = b.ID
	if err := batches.Put(tx, &first, version); err != nil {
		return err
	}
	return record(tx, AuditEntry{At: s.now(), Actor: by.Actor, Action: "batch.undone", Subject: first.ID, Detail: b.ID})
}

// revokeRow revokes the award of a row, and ends the row.
func (s *Service) revokeRow(tx Tx, b *Batch, row *heldRow) error {
	c, version, err := credentials.Get(tx, row.Award)
	switch damage := unreadable(err); {
	case damage != nil:
		row.fail(damage)
		return nil
	case errors.Is(err, ErrNotFound):
		row.fail(&Error{Code: "not_found", Detail: "The award is not there any more."})
		return nil
	case err != nil:
		return err
	case c.Revoked != nil:
		row.Done, row.Code, row.Note = true, "already_revoked", alreadyRevoked(&c).(*Error).Detail
		return nil
	case c.Issued.IsZero():
		row.fail(&Error{Code: "not_issued", Detail: "The award is still being made."})
		return nil
	}
	row.Done = true
	cause := Cause{Code: b.Code, Reason: b.Reason, Note: b.Note}
	if c.Erased != nil { // nothing is written down of it any more
		cause.Reason, cause.Note, b.Forget = "", "", true
	}
	c.Revoked = &Change{At: s.instant(), By: b.By, Code: cause.Code, Reason: cause.Reason, Note: cause.Note}
	if err := putStanding(tx, &c, version); err != nil {
		return err
	}
	if err := record(tx, AuditEntry{At: c.Revoked.At, Actor: b.By, Action: string(EventRevoked), Subject: c.ID, Detail: b.ID, why: cause.told()}); err != nil {
		return err
	}
	return s.observe(tx, Event{Type: EventRevoked, Organisation: c.Organisation, Subject: c.ID, Actor: b.By, Credential: &c})
}

// undoName is the name of the batch that undoes another.
func undoName(name string) string {
	const before = "Undo of "
	if len(before)+len(name) > longestName {
		return name
	}
	return before + name
}
