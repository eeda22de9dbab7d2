package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	versionTable = "migration" // of goose
	schema       = 5           // the newest migration in the folder
	migrateTries = 10          // after which a migration that others disturb is given up
)

// prepare brings the database up to date and returns its tables.
func prepare(ctx context.Context, config *pgx.ConnConfig, readOnly bool) (map[string]*table, error) {
	conn, err := dial(ctx, config)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var encoding string
	if err := conn.QueryRow(ctx, `SHOW server_encoding`).Scan(&encoding); err != nil {
		return nil, explain(ctx, err)
	}
	if !strings.EqualFold(encoding, "UTF8") {
		return nil, fmt.Errorf("the database keeps text as %s; make one that keeps it as UTF8", encoding)
	}
	version, err := current(ctx, conn)
	switch {
	case err != nil:
		return nil, explain(ctx, err)
	case version > schema:
		return nil, store.ErrNewer
	case version < schema && readOnly:
		return nil, errors.New("the database has no tables of this version of laurel yet; start `laurel serve` on it once")
	case version < schema:
		if err := migrate(ctx, config, conn); err != nil {
			return nil, err
		}
	}
	if err := inspect(ctx, conn, readOnly); err != nil {
		return nil, err
	}
	return tables(ctx, conn)
}

// current returns the number of the newest migration that the database has seen, 0 when it has seen none.
func current(ctx context.Context, conn *pgx.Conn) (version int64, err error) {
	err = conn.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM "`+versionTable+`" WHERE is_applied`).Scan(&version)
	if said := (*pgconn.PgError)(nil); errors.As(err, &said) && said.Code == "42P01" {
		return 0, nil
	}
	return version, err
}

// migrate runs the migrations that the database has not seen. Of several processes that start together one does so and the others
// wait, by a row lock in a table of ours that lasts while the migrations run on another connection.
func migrate(ctx context.Context, config *pgx.ConnConfig, conn *pgx.Conn) error {
	for try := 1; ; try++ {
		err := migrateOnce(ctx, config, conn)
		if err == nil || errors.Is(err, store.ErrNewer) {
			return err
		}
		// Two that make the same table at once are in each other's way, also with IF NOT EXISTS; so is what a process left behind
		// that ended here a moment ago.
		said := (*pgconn.PgError)(nil)
		if ctx.Err() != nil || !errors.As(err, &said) || try == migrateTries ||
			!slices.Contains([]string{"23505", "42P07", "42710", "40001", "40P01", "XX000"}, said.Code) {
			if judge(err) == isForbidden {
				return fmt.Errorf("the tables cannot be made or changed by the user %s; let it own the database or the schema: %w", config.User, err)
			}
			return fmt.Errorf("bringing the tables up to date: %w", explain(ctx, err))
		}
		time.Sleep(time.Duration(try) * 20 * time.Millisecond)
	}
}

func migrateOnce(ctx context.Context, config *pgx.ConnConfig, conn *pgx.Conn) error {
	for _, sql := range []string{
		`CREATE TABLE IF NOT EXISTS "meta" ("name" text PRIMARY KEY, "value" text NOT NULL)`,
		`INSERT INTO "meta" ("name", "value") VALUES ('migration', ''), ('turn', '') ON CONFLICT ("name") DO NOTHING`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	// Each statement sees what was committed before it: after the wait, also what the one before has done.
	lock, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return err
	}
	defer func() { _ = lock.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := lock.Exec(ctx, `SELECT "value" FROM "meta" WHERE "name" = 'migration' FOR UPDATE`); err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	var engine string
	if err := db.QueryRowContext(ctx, `SELECT version()`).Scan(&engine); err != nil {
		return err
	}
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if strings.Contains(engine, "CockroachDB") {
		folder = uncollated{folder}
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, folder, goose.WithTableName(versionTable),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(log.New(io.Discard, "", 0)))
	if err != nil {
		return err
	}
	if newest, err := provider.GetDBVersion(ctx); err != nil || newest > schema {
		if err == nil {
			err = store.ErrNewer
		}
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// uncollated gives the migrations without collations. CockroachDB takes none named "C" for columns; it compares text byte by byte
// without one.
type uncollated struct{ fs.FS }

// Open implements fs.FS.
func (u uncollated) Open(name string) (fs.File, error) {
	file, err := u.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return textFile{file, strings.NewReader(strings.ReplaceAll(string(text), ` COLLATE "C"`, ""))}, nil
}

type textFile struct {
	fs.File
	text io.Reader
}

func (f textFile) Read(p []byte) (int, error) { return f.text.Read(p) }

// inspect refuses a database that cannot be used: a half copy, or one that takes no changes.
func inspect(ctx context.Context, conn *pgx.Conn, readOnly bool) error {
	var half int
	if err := conn.QueryRow(ctx, `SELECT count(*) FROM "meta" WHERE "name" = '`+importMark+`'`).Scan(&half); err != nil {
		return explain(ctx, err)
	}
	if half > 0 {
		return store.ErrHalf
	}
	if readOnly {
		return nil
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return explain(ctx, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	for _, sql := range []string{
		`SELECT "value" FROM "meta" WHERE "name" = 'turn' FOR UPDATE`,
		`UPDATE "counter" SET "value" = "value" WHERE "name" = ''`,
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return explain(ctx, err)
		}
	}
	return nil
}

// tables finds the tables of records: those with the columns that each of them begins with.
func tables(ctx context.Context, conn *pgx.Conn) (map[string]*table, error) {
	// What information_schema takes several times as long for.
	rows, err := conn.Query(ctx, `SELECT c.relname::text, a.attname::text
		FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
		WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum`)
	if err != nil {
		return nil, explain(ctx, err)
	}
	columns := map[string][]string{}
	var name, column string
	_, err = pgx.ForEachRow(rows, []any{&name, &column}, func() error {
		columns[name] = append(columns[name], column)
		return nil
	})
	if err != nil {
		return nil, explain(ctx, err)
	}
	found := map[string]*table{}
	for name, columns := range columns {
		if len(columns) < len(fixed) || !slices.Equal(columns[:len(fixed)], fixed) {
			continue
		}
		k := issuer.Kind{Name: strings.ReplaceAll(name, "_", "-")}
		for _, lookup := range columns[len(fixed):] {
			k.Lookups = append(k.Lookups, strings.ReplaceAll(lookup, "_", "-"))
		}
		found[k.Name] = newTable(k)
	}
	return found, nil
}
