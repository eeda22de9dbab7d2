package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/issuer"
)

// long says how many rounds the long form of the tests of faults has (LAUREL_CRASH_ROUNDS, make crash); 0 asks for the short one.
func long(t testing.TB) int {
	t.Helper()
	text := os.Getenv("LAUREL_CRASH_ROUNDS")
	if text == "" {
		return 0
	}
	rounds, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("LAUREL_CRASH_ROUNDS: %v", err)
	}
	return rounds
}

// scale is how much a test of faults does, in its short form and in its long one.
func scale(t testing.TB, short, full int) int {
	t.Helper()
	if long(t) > 0 {
		return full
	}
	return short
}

// faulty marks a test of faults: not one for -short, and side by side with the others, since all of them wait a lot.
func faulty(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped with -short: it starts servers and breaks them")
	}
	t.Parallel()
}

// ground is where a server under test keeps what it has.
type ground struct {
	folder  string          // of keys and socket and, without a database, of the records
	address string          // of the database; "" for the file in the folder
	cluster *pgtest.Cluster // of the database; nil for the file
}

func onFile(t testing.TB) *ground {
	t.Helper()
	return &ground{folder: private(t)}
}

// onServer is a ground with a database server of its own, which writes as in production.
func onServer(t testing.TB) *ground {
	t.Helper()
	cluster := pgtest.New(t, pgtest.Options{Durable: true})
	return &ground{folder: private(t), cluster: cluster, address: cluster.Database(t)}
}

// private is a folder for its owner alone, as serve makes it.
func private(t testing.TB) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

// onBoth runs a test on both stores.
func onBoth(t *testing.T, do func(t *testing.T, g *ground)) {
	for name, make := range map[string]func(testing.TB) *ground{"bbolt": onFile, "PostgreSQL": onServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			do(t, make(t))
		})
	}
}

// flags say where the records are.
func (g *ground) flags() []string {
	if g.address == "" {
		return nil
	}
	return []string{"--store", g.address}
}

// start starts a server here.
func (g *ground) start(t testing.TB, flags ...string) *process {
	t.Helper()
	return startBinary(t, buildBinary(t), g.folder, append(g.flags(), flags...)...)
}

// replica is another machine on the same database: it has a folder of its own, with no more in it than what opens the keys.
func (g *ground) replica(t testing.TB) *ground {
	t.Helper()
	other := &ground{folder: private(t), cluster: g.cluster, address: g.address}
	identity, err := os.ReadFile(filepath.Join(g.folder, "keys", identityName))
	if err == nil {
		err = os.MkdirAll(filepath.Join(other.folder, "keys"), 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(other.folder, "keys", identityName), identity, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return other
}

// office is the private socket of the server that runs here.
func (g *ground) office(t testing.TB) *control.Client {
	t.Helper()
	client := control.Dial(context.WithoutCancel(t.Context()), g.folder)
	if client == nil {
		t.Fatal("the private socket does not answer")
	}
	return client
}

// look opens the store that a server left behind, without changing it. What a database still does for a client that was killed is
// waited for.
func (g *ground) look(t testing.TB) store.Engine {
	t.Helper()
	if g.cluster != nil {
		g.quiet(t)
	}
	begun := time.Now()
	engine, err := place{g.address, g.folder}.open(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	if took := time.Since(begun); took > openWithin {
		t.Errorf("it took %v to open the store", took)
	}
	return engine
}

func (g *ground) quiet(t testing.TB) {
	t.Helper()
	conn := g.connect(t)
	defer conn.Close(t.Context())
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		busy := 0
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'laurel' AND datname = current_database()`).Scan(&busy)
		if err != nil || time.Since(begun) > patience {
			t.Fatalf("%d connections of a killed server are still there, error %v", busy, err)
		}
		if busy == 0 {
			return
		}
	}
}

// connect opens the database as its administrator does.
func (g *ground) connect(t testing.TB) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), g.address)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// change changes a record as nobody should: the version of the record goes up as with any change.
func change[T any](t testing.TB, g *ground, kind issuer.Kind, id string, do func(*T)) {
	t.Helper()
	engine, err := place{g.address, g.folder}.open(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	err = engine.Update(t.Context(), func(tx issuer.Tx) error {
		row, err := tx.Get(kind, id)
		if err != nil {
			return err
		}
		var value T
		if err := json.Unmarshal(row.Body, &value); err != nil {
			return err
		}
		do(&value)
		if row.Body, err = json.Marshal(value); err != nil {
			return err
		}
		return tx.Put(kind, row)
	})
	if err := errors.Join(err, engine.Close()); err != nil {
		t.Fatal(err)
	}
}

// ran is what became of a command.
type ran struct {
	out, err string
	status   int
	took     time.Duration
}

// laurel runs a command on this ground.
func (g *ground) laurel(t testing.TB, args ...string) ran {
	t.Helper()
	var out, said bytes.Buffer
	command := exec.Command(buildBinary(t), append(append([]string{"--data", g.folder}, g.flags()...), args...)...)
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	command.Stdout, command.Stderr = &out, &said
	begun := time.Now()
	err := command.Run()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return ran{out.String(), said.String(), command.ProcessState.ExitCode(), time.Since(begun)}
}

// well says that a command did what it was asked for.
func (r ran) well(t testing.TB) ran {
	t.Helper()
	if r.status != exitGood {
		t.Errorf("the command ended with %d\n%s%s", r.status, r.out, r.err)
	}
	return r
}
