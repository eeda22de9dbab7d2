package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/laurelbadges/laurel/issuer"
)

// ddl is the migration that makes the table of a kind.
func ddl(k issuer.Kind) string {
	var b strings.Builder
	text := ` text COLLATE "C"`
	b.WriteString("CREATE TABLE " + quoted(k.Name) + " (\n\t\"id\"" + text + " PRIMARY KEY,\n\t\"version\" bigint NOT NULL,\n\t\"ord\"" + text +
		" NOT NULL,\n\t\"crc\" bigint NOT NULL,\n\t\"body\" text NOT NULL")
	for _, lookup := range k.Lookups {
		b.WriteString(",\n\t" + quoted(lookup) + text)
	}
	b.WriteString("\n);\n")
	for _, lookup := range k.Lookups {
		b.WriteString("CREATE INDEX " + quoted(k.Name+"_by_"+lookup) + " ON " + quoted(k.Name) + " (" + quoted(lookup) + `, "ord", "id") WHERE ` + quoted(lookup) + " <> '';\n")
	}
	return b.String()
}

// MakeTable makes the table of a kind that the migrations do not know, unless it is there.
func MakeTable(ctx context.Context, url string, k issuer.Kind) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, ddl(k))
	if said := (*pgconn.PgError)(nil); errors.As(err, &said) && said.Code == "42P07" {
		return nil
	}
	return err
}

// Shape is what information_schema and pg_indexes say of the table of a kind.
func Shape(k issuer.Kind) map[string]string {
	table := sqlName(k.Name)
	shape := map[string]string{
		table + ".id": "text NO C", table + ".version": "bigint NO ", table + ".ord": "text NO C",
		table + ".crc": "bigint NO ", table + ".body": "text NO ",
	}
	for _, lookup := range k.Lookups {
		shape[table+"."+sqlName(lookup)] = "text YES C"
		column := sqlName(lookup)
		if column == "all" || column == "to" { // words of SQL
			column = `"` + column + `"`
		}
		shape[table+"_by_"+sqlName(lookup)] = "USING btree (" + column + ", ord, id) WHERE (" + column + " <> ''::text)"
	}
	return shape
}

// MigrationText is all that the migrations say.
func MigrationText() string {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		panic(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := migrations.ReadFile("migrations/" + file.Name())
		if err != nil {
			panic(err)
		}
		all.Write(text)
	}
	return all.String()
}

// SQLName is the name of a kind's table.
func SQLName(kind string) string { return sqlName(kind) }
