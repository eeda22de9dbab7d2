package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// view is an issuer.Tx for looking. Its snapshot is taken with the first statement.
type view struct {
	ctx     context.Context //nolint:containedctx // lives as long as fn
	store   *Store
	session session
}

// Get implements issuer.Tx.
func (v *view) Get(k issuer.Kind, id string) (issuer.Row, error) {
	t, err := v.store.table(k)
	if err == nil && !storable(id) {
		err = issuer.ErrNotFound
	}
	if err != nil {
		return issuer.Row{}, err
	}
	rows, err := v.read(t, t.get, []any{id})
	if err == nil && len(rows) == 0 {
		err = issuer.ErrNotFound
	}
	if err != nil {
		return issuer.Row{}, err
	}
	return rows[0], nil
}

// List implements issuer.Tx.
func (v *view) List(k issuer.Kind, q issuer.Query) ([]issuer.Row, string, error) {
	t, limit, err := v.store.listing(k, q)
	if err != nil {
		return nil, "", err
	}
	sql, args, err := t.list(q, limit+1)
	if err != nil {
		return nil, "", err
	}
	rows, err := v.read(t, sql, args)
	if err != nil {
		return nil, "", fmt.Errorf("listing %s by %s: %w", k.Name, q.By, err)
	}
	rows, next := page(rows, q, limit)
	return rows, next, nil
}

func (v *view) read(t *table, sql string, args []any) ([]issuer.Row, error) {
	rows, err, damage := t.read(v.ctx, &v.session, sql, args)
	if err != nil {
		return nil, explain(v.ctx, err)
	}
	return rows, damage
}

// read runs one statement for rows of t. damage is what is wrong with one of them; err is the server's or the connection's.
func (t *table) read(ctx context.Context, c *session, sql string, args []any) (rows []issuer.Row, err, damage error) {
	err = c.run(ctx, statement{sql: sql, args: args, row: func(found pgx.Rows) bool {
		var r issuer.Row
		r, damage = t.scan(found)
		rows = append(rows, r)
		return damage == nil
	}})
	return rows, err, damage
}

// Put implements issuer.Tx.
func (v *view) Put(issuer.Kind, issuer.Row) error { return errReadOnly }

// Delete implements issuer.Tx.
func (v *view) Delete(issuer.Kind, string) error { return errReadOnly }

// Next implements issuer.Tx.
func (v *view) Next(string) (uint64, error) { return 0, errReadOnly }

// listing checks a query and returns its table and the most records on its page.
func (s *Store) listing(k issuer.Kind, q issuer.Query) (*table, int, error) {
	if err := store.CheckQuery(k, q); err != nil {
		return nil, 0, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = store.DefaultLimit
	}
	t, err := s.table(k)
	return t, limit, err
}

// storable says whether there can be a record of this id. The server takes no others, not even to look for.
func storable(id string) bool { return store.CheckRow(issuer.Kind{}, issuer.Row{ID: id}) == nil }

// page cuts rows, of which there may be more than limit, and returns the cursor of those left over.
func page(rows []issuer.Row, q issuer.Query, limit int) ([]issuer.Row, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	last := rows[limit-1]
	return rows[:limit], store.Cursor(q.By, last.Order, last.ID)
}
