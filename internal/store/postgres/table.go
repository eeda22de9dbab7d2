package postgres

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// fixed are the columns that every table of records begins with; one for each lookup follows.
var fixed = []string{"id", "version", "ord", "crc", "body"}

// table is what the database keeps the records of one kind in. Its lookups are those that the database has, so that a row is
// read as it was written also by who knows of fewer.
type table struct {
	kind    issuer.Kind
	name    string // quoted
	columns string // quoted, with commas between

	get, insert, update, remove string // statements
}

// sqlName is the name of a kind or lookup in the database.
func sqlName(name string) string { return strings.ReplaceAll(name, "-", "_") }

func quoted(name string) string { return pgx.Identifier{sqlName(name)}.Sanitize() }

// newTable writes the statements for a kind. None of them names a type or function that distributed kin of PostgreSQL lacks.
func newTable(k issuer.Kind) *table {
	t := &table{kind: k, name: quoted(k.Name)}
	names := slices.Concat(fixed, k.Lookups)
	arrays := make([]string, len(names)) // as parameters
	given := make([]string, len(names))  // as columns of the parameters
	var sets []string
	for i, name := range names {
		kind := "text"
		if name == "version" || name == "crc" {
			kind = "bigint"
		}
		arrays[i] = fmt.Sprintf("$%d::%s[]", i+1, kind)
		names[i] = quoted(name)
		given[i] = "n." + names[i]
		if i > 0 {
			sets = append(sets, names[i]+" = "+given[i])
		}
	}
	t.columns = strings.Join(names, ", ")
	t.get = fmt.Sprintf(`SELECT %s FROM %s WHERE "id" = $1`, t.columns, t.name)
	t.insert = fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM unnest(%s) AS n(%s)`,
		t.name, t.columns, strings.Join(given, ", "), strings.Join(arrays, ", "), t.columns)
	t.update = fmt.Sprintf(`UPDATE %s AS t SET %s FROM unnest(%s, $%d::bigint[]) AS n(%s, "base") WHERE t."id" = n."id" AND t."version" = n."base"`,
		t.name, strings.Join(sets, ", "), strings.Join(arrays, ", "), len(names)+1, t.columns)
	t.remove = fmt.Sprintf(`DELETE FROM %s AS t USING unnest($1::text[], $2::bigint[]) AS n("id", "base") WHERE t."id" = n."id" AND t."version" = n."base"`, t.name)
	return t
}

// has says whether a program that knows these lookups can use the table.
func (t *table) has(lookups []string) bool {
	return len(lookups) <= len(t.kind.Lookups) && slices.Equal(lookups, t.kind.Lookups[:len(lookups)])
}

// list writes the statement for the rows that q asks for, at most limit.
func (t *table) list(q issuer.Query, limit int) (sql string, args []any, err error) {
	order, id, err := store.ParseCursor(q.By, q.After)
	if err != nil {
		return "", nil, err
	}
	var where []string
	beyond, direction := ">", ""
	if q.Backward {
		beyond, direction = "<", " DESC"
	}
	by := `"id"` + direction
	if q.By == "" {
		if q.After != "" {
			args = append(args, id)
			where = append(where, `"id" `+beyond+` $1`)
		}
	} else {
		by = `"ord"` + direction + `, "id"` + direction
		args = append(args, q.Value)
		// The second condition is that of the index, which a prepared statement could not be seen to fulfil otherwise.
		where = append(where, quoted(q.By)+` = $1`, quoted(q.By)+` <> ''`)
		if q.After != "" {
			args = append(args, order, id)
			where = append(where, `("ord", "id") `+beyond+` ($2, $3)`)
		}
	}
	var b strings.Builder
	b.WriteString("SELECT " + t.columns + " FROM " + t.name)
	if len(where) > 0 {
		b.WriteString(" WHERE " + strings.Join(where, " AND "))
	}
	args = append(args, int64(limit))
	fmt.Fprintf(&b, " ORDER BY %s LIMIT $%d", by, len(args))
	return b.String(), args, nil
}

// scan reads one row and holds it against its checksum.
func (t *table) scan(rows pgx.Rows) (issuer.Row, error) {
	values, fields := rows.RawValues(), rows.FieldDescriptions()
	r := issuer.Row{ID: string(values[0]), Order: string(values[2]), Body: slices.Clone(values[4])}
	var err, errSum error
	var sum uint64
	r.Version, err = number(values[1], fields[1].Format)
	sum, errSum = number(values[3], fields[3].Format)
	// A row from before a lookup was declared has no value for it.
	r.Lookups = make([]string, 0, len(t.kind.Lookups))
	for _, value := range values[len(fixed):] {
		if value == nil {
			break
		}
		r.Lookups = append(r.Lookups, string(value))
	}
	if errors.Join(err, errSum) != nil || sum != uint64(store.Sum(t.kind, r)) {
		return issuer.Row{}, fmt.Errorf("%s %s: %w", t.kind.Name, r.ID, issuer.ErrDamaged)
	}
	return r, nil
}

// number reads a bigint as it came over the wire.
func number(value []byte, format int16) (uint64, error) {
	if format != pgtype.BinaryFormatCode {
		return strconv.ParseUint(string(value), 10, 63)
	}
	if len(value) != 8 || value[0] > 127 {
		return 0, errors.New("not a number from 0 on")
	}
	return binary.BigEndian.Uint64(value), nil
}

// rowArrays are rows as the parameters of t.insert and t.update: an array for each column.
func (t *table) rowArrays(rows []issuer.Row) []any {
	texts := make([][]string, 3) // id, ord, body
	numbers := make([][]int64, 2)
	lookups := make([][]*string, len(t.kind.Lookups))
	for _, r := range rows {
		texts[0], texts[1], texts[2] = append(texts[0], r.ID), append(texts[1], r.Order), append(texts[2], string(r.Body))
		numbers[0] = append(numbers[0], int64(r.Version))
		numbers[1] = append(numbers[1], int64(store.Sum(t.kind, r)))
		for i := range lookups {
			var value *string
			if i < len(r.Lookups) {
				value = &r.Lookups[i]
			}
			lookups[i] = append(lookups[i], value)
		}
	}
	args := []any{texts[0], numbers[0], texts[1], numbers[1], texts[2]}
	for _, column := range lookups {
		args = append(args, column)
	}
	return args
}
