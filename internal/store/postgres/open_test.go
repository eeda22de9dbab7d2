package postgres_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/internal/webhook"
	"github.com/laurelbadges/laurel/issuer"
)

// fresh returns the address of an empty database.
func fresh(t testing.TB) string { return pgtest.Start(t).Database(t) }

// sql runs statements beside the store.
func sql(t testing.TB, address string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	must(t, err)
	defer func() { must(t, conn.Close(t.Context())) }()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestReplicasMigrateOnce(t *testing.T) {
	address := fresh(t)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			s, err := postgres.Open(t.Context(), address)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	conn, err := pgx.Connect(t.Context(), address)
	must(t, err)
	defer func() { must(t, conn.Close(t.Context())) }()
	var runs, distinct int
	must(t, conn.QueryRow(t.Context(), `SELECT count(*), count(DISTINCT version_id) FROM "migration"`).Scan(&runs, &distinct))
	if runs != distinct || runs < 2 {
		t.Errorf("%d entries for %d migrations", runs, distinct)
	}
}

func TestOpenRefuses(t *testing.T) {
	const secret = "hunter2-äöü/@"
	good := fresh(t)
	host := mustParse(t, good).Query().Get("host")
	sql(t, good, `CREATE ROLE reader LOGIN`)
	must(t, open(t, good).Close())
	sql(t, good, `GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader`)
	as := func(user, password, database string) string {
		u := url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Path: "/" + database, RawQuery: url.Values{"host": {host}}.Encode()}
		return u.String()
	}
	database := strings.TrimPrefix(mustParse(t, good).Path, "/")
	newer := fresh(t)
	must(t, open(t, newer).Close())
	sql(t, newer, `INSERT INTO "migration" (version_id, is_applied) VALUES (999, true)`)
	latin := fresh(t)
	sql(t, latin, `CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'`)
	for _, test := range []struct {
		name, address string
		readOnly      bool
		wants         error
		says          string
	}{
		{"another scheme", "mysql://u:" + url.QueryEscape(secret) + "@h/d", false, nil, "does not begin with postgres://"},
		{"a broken address", "postgres://u:" + secret + "@h:port/d", false, nil, "%-escapes"},
		{"a broken port", "postgres://u:" + url.QueryEscape(secret) + "@h:99999999/d", false, nil, "not as PostgreSQL takes it"},
		{"a broken setting", "postgres://u:" + url.QueryEscape(secret) + "@h/d?sslmode=perhaps", false, nil, "not as PostgreSQL takes it"},
		{"a database that is not there", as("laurel", secret, "nowhere"), false, nil, "createdb"},
		{"a user that is not there", as("nobody-here", secret, database), false, nil, "nobody-here"},
		{"a newer schema", newer, false, store.ErrNewer, "newer version of laurel"},
		{"a newer schema, for looking", newer, true, store.ErrNewer, "newer version of laurel"},
		{"a user who may only read", as("reader", secret, database), false, store.ErrReadOnly, "takes no changes from this user"},
		{"an empty database, for looking", fresh(t), true, nil, "start `laurel serve`"},
		{"a database that is not Unicode", as("laurel", secret, "latin"), false, nil, "UTF8"},
	} {
		t.Run(test.name, func(t *testing.T) {
			opener := postgres.Open
			if test.readOnly {
				opener = postgres.OpenReadOnly
			}
			_, err := opener(t.Context(), test.address)
			if err == nil || test.wants != nil && !errors.Is(err, test.wants) || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("error %v", err)
			}
			for _, password := range []string{secret, url.QueryEscape(secret), "hunter2"} {
				if strings.Contains(err.Error(), password) {
					t.Errorf("the error holds the password: %v", err)
				}
			}
		})
	}
	t.Run("a user who may only read looks", func(t *testing.T) {
		s, err := postgres.OpenReadOnly(t.Context(), as("reader", "", database))
		must(t, err)
		defer func() { must(t, s.Close()) }()
		k := kindOf(t, "credential")
		if err := lookup(t, s, k, "a"); !errors.Is(err, issuer.ErrNotFound) {
			t.Errorf("error %v", err)
		}
		if err := s.Update(t.Context(), func(issuer.Tx) error { return nil }); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("error %v", err)
		}
	})
}

func TestServerNotThere(t *testing.T) {
	t.Parallel() // it only waits
	if testing.Short() {
		t.Skip("waits for a server that never starts")
	}
	_, err := postgres.Open(t.Context(), "postgres://u:hunter2@/d?host="+t.TempDir())
	if !errors.Is(err, issuer.ErrUnavailable) || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "no PostgreSQL answers") {
		t.Errorf("error %v", err)
	}
	if text := err.Error(); strings.Contains(text, "\n") || strings.Count(text, "connect: no such file") != 1 {
		t.Errorf("not one line with each cause once: %s", text)
	}
}

func mustParse(t testing.TB, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	return u
}

// TestMigrations holds the tables against the kinds of record that the program declares.
func TestMigrations(t *testing.T) {
	address := fresh(t)
	must(t, open(t, address).Close())
	conn, err := pgx.Connect(t.Context(), address)
	must(t, err)
	defer func() { must(t, conn.Close(t.Context())) }()
	want := map[string]string{}
	for _, k := range slices.Concat(issuer.Kinds(), jobs.Kinds(), people.Kinds(), mail.Kinds(), earner.Kinds(), webhook.Kinds()) {
		for name, shape := range postgres.Shape(k) {
			want[name] = shape
		}
	}
	got := map[string]string{}
	rows, err := conn.Query(t.Context(), `
		SELECT c.table_name || '.' || c.column_name, c.data_type || ' ' || c.is_nullable || ' ' || coalesce(c.collation_name, '')
			FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.table_name NOT IN ('meta', 'migration', 'counter')
		UNION ALL
		SELECT indexname, substring(indexdef FROM 'USING.*') FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE '%\_by\_%'`)
	must(t, err)
	var name, shape string
	_, err = pgx.ForEachRow(rows, []any{&name, &shape}, func() error {
		got[name] = shape
		return nil
	})
	must(t, err)
	for name, shape := range want {
		if got[name] != shape {
			t.Errorf("the migrations make %s as %q, want %q", name, got[name], shape)
		}
	}
	for name := range got {
		if _, known := want[name]; !known {
			t.Errorf("the migrations make %s, which no kind of record asks for", name)
		}
	}
	for _, forbidden := range []string{"advisory", "notify", "listen", "temp", "deferrable", "function", "trigger", "do $$"} {
		if strings.Contains(strings.ToLower(postgres.MigrationText()), forbidden) {
			t.Errorf("the migrations say %q, which distributed kin of PostgreSQL do not know", forbidden)
		}
	}
}

func TestOldRowsWithoutLookup(t *testing.T) {
	older, newer := issuer.Kind{Name: "thing", Lookups: []string{"first"}}, issuer.Kind{Name: "thing", Lookups: []string{"first", "second"}}
	address := tabled(t, fresh(t), older)
	s := open(t, address)
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		return tx.Put(older, issuer.Row{ID: "a", Lookups: []string{"x"}, Body: []byte("1")})
	}))
	must(t, s.Close())
	sql(t, address, `ALTER TABLE "thing" ADD COLUMN "second" text COLLATE "C"`)
	s = open(t, address)
	defer func() { must(t, s.Close()) }()
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		r, err := tx.Get(newer, "a")
		if err != nil || len(r.Lookups) != 1 {
			return fmt.Errorf("lookups %v: %w", r.Lookups, err)
		}
		if rows, _, err := tx.List(newer, issuer.Query{By: "second", Value: "y"}); err != nil || rows != nil {
			return fmt.Errorf("listed %v: %w", rows, err)
		}
		r.Lookups = append(r.Lookups, "y")
		return tx.Put(newer, r)
	}))
	must(t, s.View(t.Context(), func(tx issuer.Tx) error {
		// Who knows of fewer lookups reads the row all the same.
		_, err := tx.Get(issuer.Kind{Name: "thing"}, "a")
		rows, _, errList := tx.List(newer, issuer.Query{By: "second", Value: "y"})
		if len(rows) != 1 {
			t.Errorf("listed %v", rows)
		}
		return errors.Join(err, errList)
	}))
}
