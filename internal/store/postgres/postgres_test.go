package postgres_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/internal/store/storetest"
	"github.com/laurelbadges/laurel/issuer"
)

// place is a folder and the database that belongs to it.
type place struct{ folder, address string }

// taken are the databases that were made ready. Making one takes its time: that of a folder which is gone is emptied and used again.
var taken = make(chan place, 1000)

// address is that of the database of a folder, also in other processes: the suite of the engines names stores by folders. It has
// the tables of the product and of the tests. Whoever changes tables takes a fresh one.
func address(t testing.TB, folder string) (address string) {
	t.Helper()
	path := filepath.Join(folder, "database.url")
	if known, err := os.ReadFile(path); err == nil {
		return string(known)
	}
	for range len(taken) {
		before := <-taken
		if _, err := os.Stat(before.folder); errors.Is(err, os.ErrNotExist) && wipe(t.Context(), before.address) == nil {
			address = before.address
			break
		}
		taken <- before
	}
	if address == "" {
		address = tabled(t, fresh(t), storetest.Kinds()...)
		must(t, open(t, address).Close())
	}
	taken <- place{folder, address}
	must(t, os.WriteFile(path, []byte(address), 0o600))
	return address
}

// ready is the address of a database for this test alone.
func ready(t testing.TB) string {
	t.Helper()
	return address(t, t.TempDir())
}

// wipe takes everything out of the tables.
func wipe(ctx context.Context, address string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	names, _ := conn.Query(ctx, `SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('meta', 'migration')`)
	tables, err := pgx.CollectRows(names, pgx.RowTo[string])
	if err != nil {
		return err
	}
	used := make([]string, len(tables))
	for i, name := range tables {
		used[i] = "SELECT '" + strings.ReplaceAll(name, "'", "''") + "' WHERE EXISTS (SELECT FROM " + name + ")"
	}
	names, _ = conn.Query(ctx, strings.Join(used, " UNION ALL "))
	if used, err = pgx.CollectRows(names, pgx.RowTo[string]); err != nil {
		return err
	}
	sql := `SET lock_timeout = '2s'; DELETE FROM "meta" WHERE "name" NOT IN ('migration', 'turn');`
	if len(used) > 0 {
		sql += "TRUNCATE " + strings.Join(used, ", ")
	}
	_, err = conn.Exec(ctx, sql)
	return err
}

func opener(t testing.TB, folder string) (issuer.Store, func()) {
	t.Helper()
	s := open(t, address(t, folder))
	return s, func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestStore(t *testing.T) { storetest.Run(t, opener) }

func TestKilled(t *testing.T) { storetest.RunKill(t, opener) }

func TestEngine(t *testing.T) {
	storetest.RunEngine(t, storetest.Engine{
		Open: func(t testing.TB, folder string) (store.Engine, error) {
			s, err := postgres.Open(t.Context(), address(t, folder))
			if err != nil {
				return nil, err
			}
			return s, nil
		},
		Damage: func(t testing.TB, folder string, k issuer.Kind, id string) {
			t.Helper()
			conn, err := pgx.Connect(t.Context(), address(t, folder))
			must(t, err)
			defer func() { must(t, conn.Close(t.Context())) }()
			table := pgx.Identifier{postgres.SQLName(k.Name)}.Sanitize()
			var body []byte
			must(t, conn.QueryRow(t.Context(), `SELECT "body" FROM `+table+` WHERE "id" = $1`, id).Scan(&body))
			body[len(body)/2] ^= 1
			_, err = conn.Exec(t.Context(), `UPDATE `+table+` SET "body" = $2 WHERE "id" = $1`, id, string(body))
			must(t, err)
		},
		DamageCounter: func(t testing.TB, folder string, name string) {
			t.Helper()
			sql(t, address(t, folder), `UPDATE "counter" SET "value" = "value" # 1 WHERE "name" = '`+name+`'`)
		},
	})
}

// open opens a store.
func open(t testing.TB, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tabled makes the tables of kinds that tests alone keep.
func tabled(t testing.TB, url string, kinds ...issuer.Kind) string {
	t.Helper()
	for _, k := range kinds {
		if err := postgres.MakeTable(t.Context(), url, k); err != nil {
			t.Fatal(err)
		}
	}
	return url
}
