package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/group"
	"github.com/laurelbadges/laurel/issuer"
)

const (
	lostWait   = 2 * time.Second  // how long updates are run again after the connection was lost before the commit
	turnsInRow = 4                // that a process takes before it gives way to others in line
	giveWay    = time.Millisecond // which takes so long
	crowdWait  = time.Second      // how long others are expected in line after they were met there
)

// batch is a group.Batch: one serializable transaction. What was read or written in it is kept here, so that a row is read once
// and all writes are sent together at the end.
type batch struct {
	ctx      context.Context //nolint:containedctx // lives as long as the writer
	store    *Store
	session  session
	queue    session // holds this process's turn among others
	turn     bool    // the store waits for the end of that
	careful  bool    // look before inserting
	turns    int
	records  map[key]*record
	counters map[string]*count
	err      error // the transaction is over and nothing was written
}

type key struct{ kind, id string }

// record is a row as the transaction sees it.
type record struct {
	table *table
	id    string
	base  uint64      // version in the database; 0: it is not there
	blind bool        // that it is not there is a guess, which the insertion will prove
	now   *issuer.Row // nil: it is not there
	dirty bool        // now is not what the database has
}

func (r *record) version() uint64 {
	if r.now == nil {
		return 0
	}
	return r.now.Version
}

// count is a counter as the transaction sees it.
type count struct{ base, now uint64 }

// begin begins a transaction for the writer of a group.
func (s *Store) begin(ctx context.Context) (group.Batch, error) {
	b := &batch{
		ctx: ctx, store: s, careful: s.careful.Load(), records: map[key]*record{}, counters: map[string]*count{},
		session: session{pool: s.writers, health: &s.health, begin: beginUpdate},
		queue:   session{pool: s.writers, health: &s.health, begin: "BEGIN", wait: min(lostWait, s.health.wait())},
	}
	b.line()
	if err := b.session.connect(ctx); err != nil {
		b.end()
		return nil, b.unreachable(err)
	}
	return b, nil
}

// line waits for this process's turn among those that share the database: optimism alone would let the slower one conflict and
// start over for ever, as all acts meet in the end of the audit log. Nothing rests on it. It is a row lock in a transaction of its
// own, which ends with the connection; whoever waits too long goes on without.
func (b *batch) line() {
	// A lock goes to whoever asks first once it is free, and those in line may be slow to notice. So the last turn has to be over
	// before the next is asked for, and where others were in line lately they get a moment after a few turns.
	select {
	case b.store.turn <- struct{}{}:
		b.turn = true
	case <-time.After(endWait):
		return
	}
	turns := &b.store.turns
	if turns.row >= turnsInRow && time.Since(turns.waited) < crowdWait {
		turns.row = 0
		time.Sleep(giveWay)
	}
	const row = `SELECT "value" FROM "meta" WHERE "name" = 'turn' FOR UPDATE`
	free := false
	err := b.queue.run(b.ctx,
		statement{sql: `SET LOCAL lock_timeout = '1s'`, want: -1},
		statement{sql: row + ` SKIP LOCKED`, row: func(pgx.Rows) bool { free = true; return true }})
	if turns.row++; err == nil && !free {
		err = b.queue.run(b.ctx, statement{sql: row, row: func(pgx.Rows) bool { return true }})
		turns.row, turns.waited = 0, time.Now()
	}
	if err != nil {
		b.queue.end()
	}
}

func (b *batch) end() {
	b.session.end()
	b.store.ending.Go(func() { // nobody waits for it but the next in line
		b.queue.end()
		if b.turn {
			<-b.store.turn
		}
	})
}

// unreachable is the error for a connection that is lost while nothing was committed. For a while it says that the same updates
// may be run again. Who has waited for an answer in vain waits no longer.
func (b *batch) unreachable(err error) error {
	if errors.Is(err, errSilent) {
		return fmt.Errorf("%w: %w", issuer.ErrUnavailable, err)
	}
	now := time.Now().UnixNano()
	b.store.lost.CompareAndSwap(0, now)
	if time.Duration(now-b.store.lost.Load()) < lostWait {
		return fmt.Errorf("%w: %w: %v", issuer.ErrUnavailable, group.ErrAgain, err)
	}
	b.store.lost.Store(0)
	return fmt.Errorf("%w: %v", issuer.ErrUnavailable, err)
}

// fail notes that the server ended the transaction before its commit, and returns what its members are told.
func (b *batch) fail(err error) error {
	if b.err != nil {
		return b.err
	}
	switch judge(err) {
	case isConflict, isDuplicate:
		b.err = fmt.Errorf("%w: %v", group.ErrAgain, err)
	case isLost, isBusy:
		b.err = b.unreachable(err)
	case isFull, isForbidden:
		b.err = explain(b.ctx, err)
	default:
		if b.err = explain(b.ctx, err); b.turns > 1 {
			b.err = fmt.Errorf("%w: %w", errTogether, b.err)
		}
	}
	return b.err
}

// run sends statements to the server.
func (b *batch) run(statements ...statement) error {
	if b.err != nil {
		return b.err
	}
	if err := b.session.run(b.ctx, statements...); err != nil {
		return b.fail(err)
	}
	return nil
}

// read runs a statement for rows of t and keeps those that are seen for the first time.
func (b *batch) read(t *table, sql string, args []any) ([]issuer.Row, error) {
	var rows []issuer.Row
	var damage error
	err := b.run(statement{sql: sql, args: args, row: func(found pgx.Rows) bool {
		var r issuer.Row
		r, damage = t.scan(found)
		rows = append(rows, r)
		return damage == nil
	}})
	if err = cmp.Or(err, damage); err != nil {
		return nil, err
	}
	for _, r := range rows {
		at := key{t.kind.Name, r.ID}
		if b.records[at] == nil {
			kept := clone(r)
			b.records[at] = &record{table: t, id: r.ID, base: r.Version, now: &kept}
		}
	}
	return rows, nil
}

// record returns what the transaction sees under an id.
func (b *batch) record(t *table, id string) (*record, error) {
	at := key{t.kind.Name, id}
	if r := b.records[at]; r != nil {
		return r, nil
	}
	if _, err := b.read(t, t.get, []any{id}); err != nil {
		return nil, err
	}
	if b.records[at] == nil {
		b.records[at] = &record{table: t, id: id}
	}
	return b.records[at], nil
}

// count returns what the transaction sees of a counter.
func (b *batch) count(name string) (*count, error) {
	if c := b.counters[name]; c != nil {
		return c, nil
	}
	c := &count{}
	var damage error
	err := b.run(statement{sql: `SELECT "name", "value", "crc" FROM "counter" WHERE "name" = $1`, args: []any{name}, row: func(rows pgx.Rows) bool {
		_, c.base, damage = scanCounter(rows)
		return true
	}})
	if err = cmp.Or(err, damage); err != nil {
		return nil, err
	}
	c.now = c.base
	b.counters[name] = c
	return c, nil
}

// scanCounter reads a row of the columns name, value and crc.
func scanCounter(rows pgx.Rows) (name string, value uint64, err error) {
	values, fields := rows.RawValues(), rows.FieldDescriptions()
	name = string(values[0])
	value, err = number(values[1], fields[1].Format)
	sum, errSum := number(values[2], fields[2].Format)
	if errors.Join(err, errSum) != nil || sum != uint64(store.SumCounter(name, value)) {
		return name, 0, fmt.Errorf("counter %s: %w", name, issuer.ErrDamaged)
	}
	return name, value, nil
}

func clone(r issuer.Row) issuer.Row {
	r.Body, r.Lookups = slices.Clone(r.Body), slices.Clone(r.Lookups)
	return r
}

// prove looks whether rows that were guessed not to be there are there.
func (b *batch) prove(guessed []*record) error {
	ids := map[*table][]string{}
	for _, r := range guessed {
		ids[r.table] = append(ids[r.table], r.id)
	}
	for t, ids := range ids {
		found := false
		err := b.run(statement{sql: `SELECT "id" FROM ` + t.name + ` WHERE "id" = ANY($1)`, args: []any{ids}, row: func(pgx.Rows) bool {
			found = true
			return true
		}})
		if err != nil {
			return err
		}
		if found {
			return b.wrong(errors.New("a record exists already"))
		}
	}
	for _, r := range guessed {
		r.blind = false
	}
	return nil
}

// wrong has the group run again, looking before each insertion.
func (b *batch) wrong(err error) error {
	b.store.careful.Store(true)
	b.err = fmt.Errorf("%w: %w", group.ErrAgain, err)
	return b.err
}

// Turn implements group.Batch.
func (b *batch) Turn() group.Turn {
	b.turns++
	return &turn{batch: b}
}

// Rollback implements group.Batch.
func (b *batch) Rollback() error {
	b.end()
	return nil
}

// Commit implements group.Batch. The writes and the COMMIT go in two round trips: that each row was as it was read is known
// before the second, and a connection lost during the first has written nothing for certain.
func (b *batch) Commit() error {
	defer b.end()
	var guessed []*record
	for _, r := range b.records {
		if r.blind && r.now == nil {
			guessed = append(guessed, r)
		}
	}
	if err := b.prove(guessed); err != nil {
		return err
	}
	if err := b.flush(); err != nil {
		return err
	}
	tag, err := b.session.exec(b.ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" {
		return fmt.Errorf("the server answered a COMMIT with %s", tag)
	}
	if err == nil {
		b.session.begun = false
		b.store.lost.Store(0)
		if b.careful {
			b.store.careful.Store(false)
		}
		return nil
	}
	// Nothing but an answer that is no farewell says for certain that nothing was written.
	if said := (*pgconn.PgError)(nil); errors.As(err, &said) && said.Severity == "ERROR" && said.Code != "40003" {
		return b.fail(err)
	}
	return fmt.Errorf("%w while a change was being committed: %v", issuer.ErrUnavailable, err)
}

// flush sends all writes, in an order that is the same in all processes.
func (b *batch) flush() error {
	var changed []*record
	blind := false
	for _, r := range b.records {
		if r.dirty {
			changed = append(changed, r)
			blind = blind || r.blind
		}
	}
	slices.SortFunc(changed, func(x, y *record) int {
		return cmp.Or(cmp.Compare(x.table.name, y.table.name), cmp.Compare(x.id, y.id))
	})
	statements := b.countStatements()
	for len(changed) > 0 {
		t := changed[0].table
		end := slices.IndexFunc(changed, func(r *record) bool { return r.table != t })
		if end < 0 {
			end = len(changed)
		}
		statements = append(statements, t.writes(changed[:end])...)
		changed = changed[end:]
	}
	if len(statements) == 0 {
		return b.err
	}
	if b.err != nil {
		return b.err
	}
	err := b.session.run(b.ctx, statements...)
	if err != nil && judge(err) == isDuplicate && blind {
		return b.wrong(err)
	}
	if err != nil {
		return b.fail(err)
	}
	return nil
}

// writes are the statements that bring rows of t into the database as records have them.
func (t *table) writes(records []*record) []statement {
	var inserted, updated []issuer.Row
	var bases, removedBases []int64
	var removed []string
	for _, r := range records {
		switch {
		case r.now == nil && r.base > 0:
			removed, removedBases = append(removed, r.id), append(removedBases, int64(r.base))
		case r.now == nil:
		case r.base == 0:
			inserted = append(inserted, *r.now)
		default:
			updated, bases = append(updated, *r.now), append(bases, int64(r.base))
		}
	}
	var out []statement
	if len(removed) > 0 {
		out = append(out, statement{sql: t.remove, args: []any{removed, removedBases}, want: int64(len(removed))})
	}
	if len(updated) > 0 {
		out = append(out, statement{sql: t.update, args: append(t.rowArrays(updated), bases), want: int64(len(updated))})
	}
	if len(inserted) > 0 {
		out = append(out, statement{sql: t.insert, args: t.rowArrays(inserted), want: int64(len(inserted))})
	}
	return out
}

const (
	insertCounters = `INSERT INTO "counter" ("name", "value", "crc") SELECT n."name", n."value", n."crc" FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS n("name", "value", "crc")`
	updateCounters = `UPDATE "counter" AS c SET "value" = n."value", "crc" = n."crc" FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n("name", "value", "crc", "base") WHERE c."name" = n."name" AND c."value" = n."base"`
)

func (b *batch) countStatements() []statement {
	var args [2][3]any
	var bases []int64
	var names [2][]string
	var values, sums [2][]int64
	for _, name := range slices.Sorted(maps.Keys(b.counters)) {
		c := b.counters[name]
		if c.now == c.base {
			continue
		}
		i := 0
		if c.base > 0 {
			i = 1
			bases = append(bases, int64(c.base))
		}
		names[i] = append(names[i], name)
		values[i] = append(values[i], int64(c.now))
		sums[i] = append(sums[i], int64(store.SumCounter(name, c.now)))
	}
	var out []statement
	for i, sql := range []string{insertCounters, updateCounters} {
		args[i] = [3]any{names[i], values[i], sums[i]}
		if len(names[i]) == 0 {
			continue
		}
		s := statement{sql: sql, args: args[i][:], want: int64(len(names[i]))}
		if i == 1 {
			s.args = append(s.args, bases)
		}
		out = append(out, s)
	}
	return out
}
