package pgtest_test

import (
	"bufio"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/laurelbadges/laurel/internal/store/pgtest"
)

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func TestDatabase(t *testing.T) {
	c := pgtest.Start(t)
	first, second := c.Database(t), c.Database(t)
	if first == second {
		t.Fatalf("the same database twice: %s", first)
	}
	conn := connect(t, first)
	if _, err := conn.Exec(t.Context(), "CREATE TABLE a (b text)"); err != nil {
		t.Fatal(err)
	}
	var tables int
	if err := connect(t, second).QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d tables in a fresh database, error %v", tables, err)
	}
	// A column that forgets its collation has to show.
	var before bool
	if err := conn.QueryRow(t.Context(), "SELECT 'a' < 'B'").Scan(&before); err != nil || !before {
		t.Errorf("the database sorts as bytes do, error %v", err)
	}
}

func TestKillAndRestart(t *testing.T) {
	c := pgtest.New(t, pgtest.Options{Durable: true})
	address := c.Database(t)
	conn := connect(t, address)
	for _, statement := range []string{"CREATE TABLE a (b text)", "INSERT INTO a VALUES ('kept')"} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	c.Kill(t)
	if _, err := conn.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Error("a killed server answers")
	}
	c.Restart(t)
	var kept string
	if err := connect(t, address).QueryRow(t.Context(), "SELECT b FROM a").Scan(&kept); err != nil || kept != "kept" {
		t.Errorf("after the restart: %q, %v", kept, err)
	}
}

// TestNothingLeft kills a test process and looks for what its server has left, once while it runs and once killed as well.
func TestNothingLeft(t *testing.T) {
	if os.Getenv("LAUREL_TEST_CHILD") != "" {
		c := pgtest.New(t, pgtest.Options{})
		fmt.Println("at " + c.Database(t))
		if os.Getenv("LAUREL_TEST_CHILD") == "killed" {
			c.Kill(t)
		}
		fmt.Println("wait")
		time.Sleep(time.Hour)
	}
	pgtest.Start(t) // skips where there is none
	for _, state := range []string{"running", "killed"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			child := exec.Command(os.Args[0], "-test.run=^TestNothingLeft$")
			child.Env = append(os.Environ(), "LAUREL_TEST_CHILD="+state)
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			var address string
			for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "wait"; {
				if text, found := strings.CutPrefix(lines.Text(), "at "); found {
					address = text
				}
			}
			u, err := url.Parse(address)
			if err != nil || address == "" {
				t.Fatalf("address %q: %v", address, err)
			}
			folder := u.Query().Get("host")
			segment := segmentOf(t, folder)
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait()
			for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
				_, err := os.Stat(folder)
				if os.IsNotExist(err) && !segmentExists(t, segment) {
					return
				}
				if time.Now().After(deadline) {
					t.Fatalf("the folder (%v) or shared memory %s is left", err, segment)
				}
			}
		})
	}
}

func segmentOf(t *testing.T, folder string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "data", "postmaster.pid"))
	lines := strings.Split(string(text), "\n")
	if err != nil || len(lines) < 7 {
		t.Fatalf("postmaster.pid: %q, %v", text, err)
	}
	fields := strings.Fields(lines[6])
	if len(fields) != 2 || !segmentExists(t, fields[1]) {
		t.Fatalf("no shared memory of %q", lines[6])
	}
	return fields[1]
}

func segmentExists(t *testing.T, id string) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[1] == id {
			return true
		}
	}
	return false
}
