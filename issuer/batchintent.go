package issuer

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// batchIntent is what the awards of some rows of a batch were given before anything of them is signed: whoever begins these rows again,
// after a crash, makes the same awards, at the same places in the status lists and of the same instant. The awards themselves are recorded
// once they are signed; until then their rows keep their plans. It goes with the last of its rows, or with the end of the batch.
type batchIntent struct {
	Batch  string     `json:"batch"`
	Block  int        `json:"block"` // of rows, from 0: see blockOf
	At     time.Time  `json:"at"`
	Awards []intended `json:"awards"` // in the order of their rows
}

// intended is what one award was given.
type intended struct {
	Row         int    `json:"row"`          // BatchRow.Number
	ID          string `json:"id,omitempty"` // Credential.ID, where planned.ID has none
	Sequence    uint64 `json:"sequence"`
	Revocation  string `json:"revocation,omitempty"` // of Slot; in a record "" is the list of the award before
	Suspension  string `json:"suspension,omitempty"` // the same
	Index       int    `json:"index"`
	Revocations int    `json:"revocations,omitempty"`
}

var batchIntents = Table[batchIntent]{
	Kind:    Kind{Name: "batch-intent", Lookups: []string{"batch"}},
	Key:     func(i *batchIntent) string { return intentID(i.Batch, i.Block) },
	Order:   func(i *batchIntent) string { return sequenced(uint64(i.Block)) },
	Lookups: func(i *batchIntent) []string { return []string{i.Batch} },
}

func intentID(batch string, block int) string { return fmt.Sprintf("%s/%06d", batch, block) }

// blockOf is the number of the block of rows that have their intents together.
func blockOf(row int) int { return (row - 1) / batchChunk }

// readIntent reads the intents of a block of rows; version is 0 where there are none.
func readIntent(tx Tx, batch string, block int) (i batchIntent, version uint64, err error) {
	i, version, err = batchIntents.Get(tx, intentID(batch, block))
	if errors.Is(err, ErrNotFound) {
		return batchIntent{Batch: batch, Block: block}, 0, nil
	}
	for k := 1; k < len(i.Awards); k++ {
		if i.Awards[k].Revocation == "" {
			i.Awards[k].Revocation, i.Awards[k].Suspension = i.Awards[k-1].Revocation, i.Awards[k-1].Suspension
		}
	}
	return i, version, err
}

// put records the intents. Lists are named where they change.
func (i *batchIntent) put(tx Tx, version uint64) error {
	short := *i
	short.Awards = slices.Clone(i.Awards)
	for k := len(short.Awards) - 1; k > 0; k-- {
		this, before := &short.Awards[k], &short.Awards[k-1]
		if this.Revocation == before.Revocation && this.Suspension == before.Suspension {
			this.Revocation, this.Suspension = "", ""
		}
	}
	return batchIntents.Put(tx, &short, version)
}

// find is what the award of a row was given; nil: nothing yet.
func (i *batchIntent) find(row int) *intended {
	k := slices.IndexFunc(i.Awards, func(a intended) bool { return a.Row == row })
	if k < 0 {
		return nil
	}
	return &i.Awards[k]
}

// forgetIntents takes away what is left of the intents of a batch that is finished.
func forgetIntents(tx Tx, batch string) error {
	for {
		some, _, err := batchIntents.List(tx, Query{By: "batch", Value: batch})
		if err != nil || len(some) == 0 {
			return err
		}
		for k := range some {
			if err := tx.Delete(batchIntents.Kind, batchIntents.Key(&some[k])); err != nil {
				return err
			}
		}
	}
}

// forgetIntent takes away the intents of one block of rows.
func forgetIntent(tx Tx, id string) error {
	if err := tx.Delete(batchIntents.Kind, id); err != nil && !errors.Is(err, ErrNotFound) { // another process did
		return err
	}
	return nil
}

// unfinishedIntents counts the awards of batches that were begun before an instant and are not recorded.
func unfinishedIntents(tx Tx, before time.Time) (count int, err error) {
	for q := (Query{Limit: 1000}); ; {
		some, next, err := batchIntents.List(tx, q)
		if err != nil {
			return 0, err
		}
		for _, i := range some {
			if !i.At.Before(before) {
				continue
			}
			for _, a := range i.Awards {
				row, _, err := batchRows.Get(tx, rowID(i.Batch, a.Row))
				if err != nil && !errors.Is(err, ErrNotFound) {
					return 0, err
				}
				if row.Plan != nil {
					count++
				}
			}
		}
		if q.After = next; next == "" {
			return count, nil
		}
	}
}

// intend gives the award of a row what it needs before it is signed, or finds what it was given. in is what its document is written of.
// ErrConflict when the row was read ahead and is not in this version any more: what it were given now would be given for nothing.
func (w *batchWork) intend(row *heldRow, version uint64) (c Credential, in *beginning, err error) {
	s, b, plan := w.service, w.batch, row.Plan
	if w.awardable == nil {
		if err := s.clockHolds(w.tx); err != nil {
			return c, nil, err
		}
		w.awardable = map[string]*batchSubject{}
	}
	o, err := w.issuer()
	if err != nil {
		return c, nil, err
	}
	if w.intent == nil {
		i, version, err := readIntent(w.tx, b.ID, blockOf(row.Number))
		if err != nil {
			return c, nil, err
		}
		if i.At.IsZero() {
			i.At = s.now().UTC()
		}
		w.intent, w.intentVersion = &i, version
	}
	subject := w.awardable[plan.Achievement]
	if subject == nil {
		subject = &batchSubject{}
		if subject.achievement, err = awardable(w.tx, b.Organisation, plan.Achievement); err != nil && !errors.As(err, &subject.refusal) {
			return c, nil, err
		}
		subject.content = placed(subject.achievement.Content, subject.achievement.URL)
		w.awardable[plan.Achievement] = subject
	}
	if subject.refusal != nil {
		return c, nil, subject.refusal
	}
	given, id := w.intent.find(row.Number), plan.ID
	switch {
	case id != "":
	case given != nil:
		id = given.ID
	default:
		id = s.newCredential().ID
	}
	c = s.namedCredential(id)
	c.Intended, c.Batch = w.intent.At, b.ID
	in = &beginning{organisation: o, achievement: &subject.achievement, content: subject.content, badge: plan.Badge, actor: b.By, alone: b.Alone, access: plan.Access, recipient: plan.recipient()}
	in.build = subject.builder(row.Number)
	if err := s.apply(w.tx, &c, in); err != nil {
		return c, nil, err
	}
	if given != nil {
		c.Sequence, c.Revocations = given.Sequence, given.Revocations
		c.Slot = Slot{Revocation: given.Revocation, Suspension: given.Suspension, Index: given.Index}
		return c, in, nil
	}
	if w.ahead {
		now, err := w.tx.Get(batchRows.Kind, rowID(b.ID, row.Number))
		if err == nil && now.Version != version || errors.Is(err, ErrNotFound) {
			err = ErrConflict
		}
		if err != nil {
			return c, nil, err
		}
	}
	if err := takePlace(w.tx, &c, o); err != nil {
		return c, nil, err
	}
	a := intended{Row: row.Number, Sequence: c.Sequence, Revocation: c.Slot.Revocation, Suspension: c.Slot.Suspension, Index: c.Slot.Index, Revocations: c.Revocations}
	if plan.ID == "" {
		a.ID = id
	}
	w.intent.Awards = append(w.intent.Awards, a)
	w.intends = true
	return c, in, nil
}

// putIntent records what rows were given that had nothing yet.
func (w *batchWork) putIntent() error {
	if !w.intends {
		return nil
	}
	if err := w.intent.put(w.tx, w.intentVersion); err != nil {
		return err
	}
	all := w.intent.Awards
	return record(w.tx, AuditEntry{At: w.intent.At, Actor: w.batch.By, Action: "batch.intended", Subject: w.batch.ID, Organisation: w.batch.Organisation,
		Detail: fmt.Sprintf("rows %d to %d", all[0].Row, all[len(all)-1].Row)})
}

// recipient is whom the award is for.
func (p *planned) recipient() Recipient {
	return Recipient{Email: p.Email, Name: p.Name, Language: p.Language}
}

// recordPlanned records the award of a row that has an intent, and ends the row. A row that was changed since is left alone: another
// process has ended it, or its person has asked for what is kept of them to be erased. ErrConflict when it was changed and the rows are
// not looked at.
func (w *batchWork) recordPlanned(t *task) error {
	if w.looks || t.failed != nil {
		row, version, err := batchRows.Get(w.tx, rowID(w.batch.ID, t.row))
		if err != nil || version != t.version {
			w.left = w.left || row.Plan != nil
			return err
		}
	}
	if t.failed != nil {
		w.left = true
		return nil
	}
	if t.refused == nil {
		o, err := w.issuer()
		if err != nil {
			return err
		}
		if err := t.signed.hold(o, &t.award); err != nil {
			return err
		}
	}
	return w.endPlanned(t, func(draft *Credential, same bool) error {
		done, body := t.done, t.body
		if !same {
			var err error
			done.Supersedes, done.AlsoReplaces = draft.Supersedes, draft.AlsoReplaces
			if body, err = credentials.body(&done); err != nil {
				return err
			}
		}
		if err := credentials.putBody(w.tx, &done, body, 0); err != nil {
			return err
		}
		if err := w.service.tellBegun(w.tx, draft, t.held.Plan.recipient()); err != nil {
			return err
		}
		return w.service.kept(w.tx, &done)
	}, true)
}

// endPlanned has keep record the award of a row as it stands now, and takes the plan out of the row; done says that the row ends with that.
// same says of the award that what it takes the place of is what it was when it was begun. Where the award is not to be made any more the
// row says why, and its place in the status lists is given to no other.
func (w *batchWork) endPlanned(t *task, keep func(draft *Credential, same bool) error, done bool) error {
	row, draft := t.held.without(), t.award
	refusal, err := w.stands(&draft)
	if err != nil {
		return err
	}
	body := t.ended
	if refusal = cmp.Or(t.refused, refusal); refusal != nil {
		row.fail(refusal)
		body = nil
	} else {
		same := draft.Supersedes == t.award.Supersedes && slices.Equal(draft.AlsoReplaces, t.award.AlsoReplaces)
		if err := keep(&draft, same); err != nil {
			return err
		}
		row.Award, row.Done = draft.ID, done
	}
	w.batch.count(&row)
	if done && body != nil {
		return batchRows.putBody(w.tx, &row, body, t.version)
	}
	return batchRows.Put(w.tx, &row, t.version)
}

// stands says why an award that was begun is not to be made, by what was recorded meanwhile, and finds again what it takes the place of.
func (w *batchWork) stands(c *Credential) (refusal *Error, err error) {
	if refusal, err = succeeds(w.tx, c); refusal != nil || err != nil {
		return refusal, err
	}
	a, known := w.achievements[c.Achievement]
	if !known {
		read, _, err := achievements.Get(w.tx, c.Achievement)
		if err != nil {
			return nil, err
		}
		if w.achievements == nil {
			w.achievements = map[string]*Achievement{}
		}
		a = &read
		w.achievements[c.Achievement] = a
	}
	err = w.service.replace(w.tx, c, a, w.batch.Alone)
	if isRefusal(err, &refusal) {
		return refusal, nil
	}
	return nil, err
}

// isRefusal says that a row is to say what is wrong, and the others of its batch go on.
func isRefusal(err error, refusal **Error) bool {
	if !errors.As(err, refusal) {
		return false
	}
	switch (*refusal).Kind {
	case KindInvalid, KindConflict, KindMissing, KindDenied:
		return true
	}
	*refusal = nil
	return false
}
