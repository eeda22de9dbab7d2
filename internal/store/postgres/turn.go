package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// turn is a group.Turn: one update's view of a batch.
type turn struct {
	batch *batch
	undo  []change
	ended bool
}

// change is what a record or counter was before it was written.
type change struct {
	record *record
	was    record
	count  *count
	stood  uint64
}

// Get implements issuer.Tx.
func (t *turn) Get(k issuer.Kind, id string) (issuer.Row, error) {
	r, err := t.record(k, id)
	if err == nil && r.now == nil {
		err = issuer.ErrNotFound
	}
	if err != nil {
		return issuer.Row{}, err
	}
	return clone(*r.now), nil
}

func (t *turn) record(k issuer.Kind, id string) (*record, error) {
	if t.ended {
		return nil, errEnded
	}
	table, err := t.batch.store.table(k)
	if err == nil && !storable(id) {
		err = issuer.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return t.batch.record(table, id)
}

// Put implements issuer.Tx. A record that must not exist yet is not looked for: its insertion fails when it does, and the group
// is then run again, looking.
func (t *turn) Put(k issuer.Kind, row issuer.Row) error {
	if err := store.CheckRow(k, row); err != nil {
		return fmt.Errorf("writing a %s: %w", k.Name, err)
	}
	table, err := t.batch.store.table(k)
	if err != nil {
		return err
	}
	at := key{k.Name, row.ID}
	if row.Version == 0 && !t.batch.careful && t.batch.records[at] == nil && !t.ended {
		t.batch.records[at] = &record{table: table, id: row.ID, blind: true}
	}
	r, err := t.record(k, row.ID)
	if err != nil {
		return err
	}
	if r.version() != row.Version {
		return fmt.Errorf("%s %s: %w", k.Name, row.ID, issuer.ErrConflict)
	}
	row = clone(row)
	row.Version++
	t.set(r, &row)
	return nil
}

// Delete implements issuer.Tx.
func (t *turn) Delete(k issuer.Kind, id string) error {
	r, err := t.record(k, id)
	if err == nil && r.now == nil {
		err = issuer.ErrNotFound
	}
	if err == nil {
		t.set(r, nil)
	}
	return err
}

func (t *turn) set(r *record, now *issuer.Row) {
	t.undo = append(t.undo, change{record: r, was: *r})
	r.now, r.dirty = now, true
}

// Next implements issuer.Tx.
func (t *turn) Next(counter string) (uint64, error) {
	if t.ended {
		return 0, errEnded
	}
	if !storable(counter) {
		return 0, errors.New("the name of a counter is empty, too long or no text")
	}
	c, err := t.batch.count(counter)
	if err != nil {
		return 0, err
	}
	t.undo = append(t.undo, change{count: c, stood: c.now})
	c.now++
	return c.now, nil
}

// List implements issuer.Tx: the rows of the database with those of the transaction in their places.
func (t *turn) List(k issuer.Kind, q issuer.Query) ([]issuer.Row, string, error) {
	if t.ended {
		return nil, "", errEnded
	}
	table, limit, err := t.batch.store.listing(k, q)
	if err != nil {
		return nil, "", err
	}
	// Rows of the database that were changed here may drop out: as many more are read.
	ask := limit + 1
	var own []issuer.Row
	order, id, err := store.ParseCursor(q.By, q.After)
	if err != nil {
		return nil, "", err
	}
	after := issuer.Row{Order: order, ID: id}
	by := slices.Index(k.Lookups, q.By)
	for _, r := range t.batch.records {
		if !r.dirty || r.table != table {
			continue
		}
		if r.base > 0 {
			ask++
		}
		if r.now != nil && (by < 0 || by < len(r.now.Lookups) && r.now.Lookups[by] == q.Value) && (q.After == "" || compare(q, after, *r.now) < 0) {
			own = append(own, clone(*r.now))
		}
	}
	sql, args, err := table.list(q, ask)
	if err != nil {
		return nil, "", err
	}
	found, err := t.batch.read(table, sql, args)
	if err != nil {
		return nil, "", fmt.Errorf("listing %s by %s: %w", k.Name, q.By, err)
	}
	found = slices.DeleteFunc(found, func(r issuer.Row) bool { return t.batch.records[key{k.Name, r.ID}].dirty })
	if len(own) > 0 {
		found = append(found, own...)
		slices.SortFunc(found, func(x, y issuer.Row) int { return compare(q, x, y) })
	}
	if len(found) == 0 {
		return nil, "", nil
	}
	rows, next := page(found, q, limit)
	return rows, next, nil
}

// compare says which of two rows comes first in the list of q.
func compare(q issuer.Query, x, y issuer.Row) int {
	c := cmp.Compare(x.ID, y.ID)
	if q.By != "" {
		c = cmp.Or(cmp.Compare(x.Order, y.Order), c)
	}
	if q.Backward {
		return -c
	}
	return c
}

// Keep implements group.Turn.
func (t *turn) Keep() (wrote bool, err error) {
	t.ended = true
	return len(t.undo) > 0, t.batch.err
}

// Drop implements group.Turn. What the update was told of a row that was guessed not to be there has to be right.
func (t *turn) Drop() error {
	t.ended = true
	var guessed []*record
	for _, c := range slices.Backward(t.undo) {
		if c.count != nil {
			c.count.now = c.stood
			continue
		}
		*c.record = c.was
		if c.was.blind && !c.was.dirty {
			guessed = append(guessed, c.record)
		}
	}
	t.undo = nil
	if t.batch.err != nil {
		return t.batch.err
	}
	return t.batch.prove(guessed)
}
