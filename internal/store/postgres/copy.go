package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

const (
	importMark  = "import" // row of meta while a copy into the database has not ended
	importRows  = 1000     // rows and
	importBytes = 4 << 20  // bytes of one statement of an import
)

const allCounters = `SELECT "name", "value", "crc" FROM "counter" ORDER BY "name"`

func (t *table) all() string {
	return "SELECT " + t.columns + " FROM " + t.name + ` ORDER BY "id"`
}

// Export implements store.Engine. Rows are streamed: the server sends as fast as the sink takes.
func (s *Store) Export(ctx context.Context, kinds []issuer.Kind, to store.Sink) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	c := session{pool: s.readers, health: &s.health, begin: beginView, wait: copyWait}
	defer c.end()
	if err := s.onlyThese(ctx, &c, kinds); err != nil {
		return err
	}
	for _, k := range kinds {
		t, err := s.table(k)
		if err != nil {
			return err
		}
		var failed error
		err = c.run(ctx, statement{sql: t.all(), row: func(rows pgx.Rows) bool {
			var r issuer.Row
			if r, failed = t.scan(rows); failed == nil {
				failed = to.Row(k, r)
			}
			return failed == nil
		}})
		if err = cmp.Or(failed, explain(ctx, err)); err != nil {
			return fmt.Errorf("copying %s: %w", k.Name, err)
		}
	}
	var failed error
	err := c.run(ctx, statement{sql: allCounters, row: func(rows pgx.Rows) bool {
		name, value, err := scanCounter(rows)
		if failed = err; failed == nil {
			failed = to.Counter(name, value)
		}
		return failed == nil
	}})
	return cmp.Or(failed, explain(ctx, err))
}

// onlyThese refuses a database with records of other kinds.
func (s *Store) onlyThese(ctx context.Context, c *session, kinds []issuer.Kind) error {
	for _, name := range slices.Sorted(maps.Keys(s.tables)) {
		if slices.ContainsFunc(kinds, func(k issuer.Kind) bool { return k.Name == name }) {
			continue
		}
		some, err := holds(ctx, c, s.tables[name].name)
		if err != nil {
			return err
		}
		if some {
			return fmt.Errorf("the database holds records of a kind %s, which would be left behind", name)
		}
	}
	return nil
}

// holds says whether a table, whose name is quoted, has rows.
func holds(ctx context.Context, c *session, table string) (some bool, err error) {
	err = c.run(ctx, statement{sql: "SELECT 1 FROM " + table + " LIMIT 1", row: func(pgx.Rows) bool {
		some = true
		return true
	}})
	return some, explain(ctx, err)
}

// Import implements store.Engine. The database must have no other user meanwhile.
func (s *Store) Import(ctx context.Context, fill func(store.Sink) error) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	if s.readOnly {
		return store.ErrReadOnly
	}
	if err := s.mark(ctx); err != nil {
		return err
	}
	c := &session{pool: s.writers, health: &s.health, wait: copyWait}
	if err := c.connect(ctx); err != nil {
		return explain(ctx, err)
	}
	defer c.discard() // its settings are for nobody else
	// The rows need not be on disk before the mark is taken away: that is, and all before it with it. An engine that does not know
	// the setting goes without it.
	if _, err := c.exec(ctx, `SET synchronous_commit = off`); err != nil && judge(err) != isOther {
		return explain(ctx, err)
	}
	in := &importer{ctx: ctx, store: s, session: c, counters: map[string]uint64{}}
	if err := fill(in); err != nil {
		return err
	}
	if err := in.flush(); err != nil {
		return err
	}
	if err := in.flushCounters(); err != nil {
		return err
	}
	// Without figures about the new rows the server would choose poor ways to them. How long that takes is its own business.
	for _, name := range slices.Sorted(maps.Keys(s.tables)) {
		if _, err := c.conn.Exec(ctx, "ANALYZE "+s.tables[name].name); err != nil {
			return explain(ctx, err)
		}
	}
	last := &session{pool: s.writers, health: &s.health, wait: copyWait}
	defer last.end()
	err := last.connect(ctx)
	if err == nil {
		_, err = last.exec(ctx, `DELETE FROM "meta" WHERE "name" = '`+importMark+`'`)
	}
	return explain(ctx, err)
}

// mark notes, in a database without records, that a copy into it has begun.
func (s *Store) mark(ctx context.Context) error {
	c := session{pool: s.writers, health: &s.health, begin: beginUpdate, wait: copyWait}
	defer c.end()
	names := []string{`"counter"`}
	for _, t := range s.tables {
		names = append(names, t.name)
	}
	for _, name := range names {
		some, err := holds(ctx, &c, name)
		if err != nil {
			return err
		}
		if some {
			return store.ErrNotEmpty
		}
	}
	err := c.run(ctx, statement{sql: `INSERT INTO "meta" ("name", "value") VALUES ('` + importMark + `', '')`, want: 1})
	if judge(err) == isDuplicate {
		return store.ErrHalf
	}
	if err == nil {
		_, err = c.exec(ctx, "COMMIT")
	}
	return explain(ctx, err)
}

// importer is the sink of an import. It writes the rows of one kind together.
type importer struct {
	ctx      context.Context //nolint:containedctx // lives as long as the import
	store    *Store
	session  *session
	table    *table
	rows     []issuer.Row
	bytes    int
	counters map[string]uint64
}

// Row implements store.Sink.
func (in *importer) Row(k issuer.Kind, r issuer.Row) error {
	t, err := in.store.table(k)
	if err != nil {
		return err
	}
	if err := store.CheckStored(k, r); err != nil {
		return fmt.Errorf("importing the %s %s: %w", k.Name, r.ID, err)
	}
	if t != in.table || len(in.rows) == importRows || in.bytes > importBytes {
		if err := in.flush(); err != nil {
			return err
		}
		in.table = t
	}
	in.rows, in.bytes = append(in.rows, r), in.bytes+len(r.Body)
	return nil
}

// Counter implements store.Sink.
func (in *importer) Counter(name string, value uint64) error {
	if value > 1<<62 {
		return fmt.Errorf("counter %s stands too high", name)
	}
	in.counters[name] = value
	return nil
}

func (in *importer) flush() error {
	if len(in.rows) == 0 {
		return nil
	}
	_, err := in.session.exec(in.ctx, in.table.insert, in.table.rowArrays(in.rows)...)
	in.rows, in.bytes = nil, 0
	if judge(err) == isDuplicate {
		return fmt.Errorf("two records of kind %s have the same id", in.table.kind.Name)
	}
	return explain(in.ctx, err)
}

func (in *importer) flushCounters() error {
	var values, sums []int64
	names := slices.Sorted(maps.Keys(in.counters))
	for _, name := range names {
		values = append(values, int64(in.counters[name]))
		sums = append(sums, int64(store.SumCounter(name, in.counters[name])))
	}
	if len(names) == 0 {
		return nil
	}
	_, err := in.session.exec(in.ctx, insertCounters, names, values, sums)
	return explain(in.ctx, err)
}

// Check implements store.Engine. Every record and counter is held against its checksum. That the lists agree with the records
// is the server's own business: they are its indexes, which pg_amcheck examines.
func (s *Store) Check(ctx context.Context, kinds []issuer.Kind, fault func(sentence string)) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	c := session{pool: s.readers, health: &s.health, begin: beginView, wait: copyWait}
	defer c.end()
	for _, k := range kinds {
		if t := s.tables[k.Name]; t == nil || !t.has(k.Lookups) {
			fault(fmt.Sprintf("There is no table for records of kind %s as this version keeps them.", k.Name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.tables)) {
		t := s.tables[name]
		if !slices.ContainsFunc(kinds, func(k issuer.Kind) bool { return k.Name == name }) {
			some, err := holds(ctx, &c, t.name)
			if err != nil {
				return err
			}
			if some {
				fault(fmt.Sprintf("There are records of kind %s, which this version does not know.", name))
			}
			continue
		}
		err := s.examine(ctx, &c, t.all(), fault, func(rows pgx.Rows) error {
			_, err := t.scan(rows)
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.examine(ctx, &c, allCounters, fault, func(rows pgx.Rows) error {
		_, _, err := scanCounter(rows)
		return err
	})
}

// examine reads the rows of one statement. What the server finds damaged itself ends the statement and not the examination.
func (s *Store) examine(ctx context.Context, c *session, sql string, fault func(string), scan func(pgx.Rows) error) error {
	err := c.run(ctx, statement{sql: sql, row: func(rows pgx.Rows) bool {
		if err := scan(rows); err != nil {
			fault(err.Error())
		}
		return true
	}})
	if err = explain(ctx, err); errors.Is(err, issuer.ErrDamaged) {
		fault(err.Error())
		c.end()
		return nil
	}
	return err
}
