package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/issuer"
)

var notes = issuer.Kind{Name: "note", Lookups: []string{"topic"}}

func note(id string, version uint64, text string) issuer.Row {
	return issuer.Row{ID: id, Version: version, Lookups: []string{"x"}, Body: []byte(strconv.Quote(text))}
}

// noted opens a store with a table of notes in a database of its own.
func noted(t testing.TB) (*postgres.Store, string) {
	t.Helper()
	address := ready(t)
	s := open(t, address)
	t.Cleanup(func() { _ = s.Close() })
	return s, address
}

func ids(t testing.TB, s issuer.Store) (found []string) {
	t.Helper()
	for q := (issuer.Query{Limit: 1000}); ; {
		must(t, s.View(t.Context(), func(tx issuer.Tx) error {
			rows, next, err := tx.List(notes, q)
			for _, r := range rows {
				found = append(found, r.ID)
			}
			q.After = next
			return err
		}))
		if q.After == "" {
			return found
		}
	}
}

// TestReplicas: two processes on one database lose nothing, give no number twice and let each other through.
func TestReplicas(t *testing.T) {
	first, address := noted(t)
	second := open(t, address)
	defer func() { must(t, second.Close()) }()
	must(t, first.Update(t.Context(), func(tx issuer.Tx) error { return tx.Put(notes, note("hot", 0, "0")) }))
	const writers, each = 16, 10
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var longest time.Duration
	var wait sync.WaitGroup
	for i, s := range []*postgres.Store{first, second} {
		for w := range writers {
			wait.Go(func() {
				for n := range each {
					start := time.Now()
					var serial uint64
					err := s.Update(t.Context(), func(tx issuer.Tx) (err error) {
						if serial, err = tx.Next("serial"); err != nil {
							return err
						}
						hot, err := tx.Get(notes, "hot")
						if err != nil {
							return err
						}
						count, err := strconv.Atoi(strings.Trim(string(hot.Body), `"`))
						if err != nil {
							return err
						}
						return errors.Join(tx.Put(notes, note("hot", hot.Version, strconv.Itoa(count+1))),
							tx.Put(notes, note(fmt.Sprintf("n%d-%02d-%03d", i, w, n), 0, "")))
					})
					mu.Lock()
					if err != nil || seen[serial] {
						t.Errorf("replica %d: number %d given before: %t, error %v", i, serial, seen[serial], err)
					}
					seen[serial] = true
					longest = max(longest, time.Since(start))
					mu.Unlock()
				}
			})
		}
	}
	wait.Wait()
	all := 2 * writers * each
	if found := ids(t, first); len(found) != all+1 || len(seen) != all || !seen[1] || !seen[uint64(all)] {
		t.Errorf("%d records and %d numbers for %d updates", len(found)-1, len(seen), all)
	}
	must(t, second.View(t.Context(), func(tx issuer.Tx) error {
		hot, err := tx.Get(notes, "hot")
		if want := strconv.Quote(strconv.Itoa(all)); string(hot.Body) != want {
			t.Errorf("counted %s, want %s", hot.Body, want)
		}
		return err
	}))
	t.Logf("the longest update took %v", longest)
}

// TestGuessedInsertion: an id that another process has taken is a conflict at Put, also for an update that fails, although
// insertions are not looked up at first.
func TestGuessedInsertion(t *testing.T) {
	s, _ := noted(t)
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error { return tx.Put(notes, note("taken", 0, "")) }))
	refused := errors.New("refused")
	for _, test := range []struct {
		name string
		do   func(tx issuer.Tx) error
		want error
	}{
		{"kept", func(tx issuer.Tx) error { return nil }, nil},
		{"dropped", func(tx issuer.Tx) error { return refused }, refused},
		{"taken away again", func(tx issuer.Tx) error { return tx.Delete(notes, "taken") }, nil},
		{"seen in a list", func(tx issuer.Tx) error {
			rows, _, err := tx.List(notes, issuer.Query{By: "topic", Value: "x"})
			if len(rows) != 1 {
				t.Errorf("%d rows", len(rows))
			}
			return err
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var put error
			err := s.Update(t.Context(), func(tx issuer.Tx) error {
				put = tx.Put(notes, note("taken", 0, "again"))
				return test.do(tx)
			})
			if !errors.Is(put, issuer.ErrConflict) || !errors.Is(err, test.want) {
				t.Errorf("put %v, update %v", put, err)
			}
			if test.name == "taken away again" {
				must(t, s.Update(t.Context(), func(tx issuer.Tx) error { return tx.Put(notes, note("taken", 0, "")) }))
			}
		})
	}
}

// TestPoisonedUpdate: what the server refuses fails alone.
func TestPoisonedUpdate(t *testing.T) {
	address := tabled(t, fresh(t), notes)
	s := open(t, address)
	defer func() { must(t, s.Close()) }()
	sql(t, address, `ALTER TABLE "note" ADD CHECK ("body" <> '"poison"')`)
	var wait sync.WaitGroup
	for i := range 40 {
		wait.Go(func() {
			text := ""
			if i%10 == 3 {
				text = "poison"
			}
			err := s.Update(t.Context(), func(tx issuer.Tx) error { return tx.Put(notes, note(fmt.Sprintf("n%02d", i), 0, text)) })
			if (err != nil) != (text != "") || errors.Is(err, issuer.ErrUnavailable) {
				t.Errorf("update %d: %v", i, err)
			}
		})
	}
	wait.Wait()
	if found := ids(t, s); len(found) != 36 {
		t.Errorf("%d records, want 36", len(found))
	}
}

// TestConnectionLost: a connection that ends before the commit costs nothing but time.
func TestConnectionLost(t *testing.T) {
	s, address := noted(t)
	conn, err := pgx.Connect(t.Context(), address)
	must(t, err)
	defer func() { must(t, conn.Close(t.Context())) }()
	cut := func() {
		_, err := conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'laurel' AND datname = current_database()`)
		must(t, err)
	}
	runs := 0
	must(t, s.Update(t.Context(), func(tx issuer.Tx) error {
		runs++
		if _, err := tx.Next("serial"); err != nil {
			return err
		}
		if runs == 1 {
			cut()
		}
		return tx.Put(notes, note("a", 0, ""))
	}))
	if runs != 2 {
		t.Errorf("the update ran %d times", runs)
	}
	must(t, s.View(t.Context(), func(issuer.Tx) error { return nil }))
	if found := ids(t, s); !slices.Equal(found, []string{"a"}) {
		t.Errorf("records %v", found)
	}
	// All connections that idle are dead now; the next view takes a new one.
	cut()
	must(t, lookupNote(t.Context(), s, "a"))
	// In the middle of a view nothing else can take its place: another would show another state.
	err = s.View(t.Context(), func(tx issuer.Tx) error {
		if _, err := tx.Get(notes, "a"); err != nil {
			return err
		}
		cut()
		_, err := tx.Get(notes, "a")
		return err
	})
	if !errors.Is(err, issuer.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
}

func lookupNote(ctx context.Context, s *postgres.Store, id string) error {
	return s.View(ctx, func(tx issuer.Tx) error {
		_, err := tx.Get(notes, id)
		return err
	})
}

// TestBrokenOff: a view waits no longer than its context, and an update goes on without a caller who left.
func TestBrokenOff(t *testing.T) {
	s, address := noted(t)
	conn, err := pgx.Connect(t.Context(), address)
	must(t, err)
	defer func() { must(t, conn.Close(t.Context())) }()
	lock, err := conn.Begin(t.Context())
	must(t, err)
	_, err = lock.Exec(t.Context(), `LOCK TABLE "note" IN ACCESS EXCLUSIVE MODE`)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := lookupNote(ctx, s, "a"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, issuer.ErrUnavailable) {
		t.Errorf("error %v after %v", err, time.Since(start))
	}
	must(t, lock.Rollback(t.Context()))
	if err := lookupNote(t.Context(), s, "a"); !errors.Is(err, issuer.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

// TestKilledServer kills the server under writers and starts it again: what was acknowledged is there, once. LAUREL_CRASH_ROUNDS
// sets how often.
func TestKilledServer(t *testing.T) {
	rounds := 1
	if text := os.Getenv("LAUREL_CRASH_ROUNDS"); text != "" {
		var err error
		rounds, err = strconv.Atoi(text)
		must(t, err)
	}
	c := pgtest.New(t, pgtest.Options{Durable: true})
	s := open(t, tabled(t, c.Database(t), notes))
	defer func() { must(t, s.Close()) }()
	var mu sync.Mutex
	acknowledged := map[uint64]string{}
	var stop atomic.Bool
	var refused, written atomic.Int64
	var wait sync.WaitGroup
	for w := range 16 {
		wait.Go(func() {
			for n := 0; !stop.Load(); n++ {
				id := fmt.Sprintf("n%02d-%06d", w, n)
				var serial uint64
				err := s.Update(t.Context(), func(tx issuer.Tx) (err error) {
					if serial, err = tx.Next("serial"); err != nil {
						return err
					}
					return tx.Put(notes, issuer.Row{ID: id, Order: strconv.FormatUint(serial, 10), Lookups: []string{"x"}, Body: []byte("1")})
				})
				switch {
				case err == nil:
					written.Add(1)
					mu.Lock()
					if other, twice := acknowledged[serial]; twice {
						t.Errorf("number %d was given to %s and %s", serial, other, id)
					}
					acknowledged[serial] = id
					mu.Unlock()
				case errors.Is(err, issuer.ErrUnavailable):
					refused.Add(1)
					time.Sleep(5 * time.Millisecond)
				default:
					t.Errorf("error %v", err)
					return
				}
			}
		})
	}
	more := func() {
		for before, until := written.Load(), time.Now().Add(3*time.Minute); written.Load() < before+50; time.Sleep(time.Millisecond) {
			if time.Now().After(until) {
				t.Fatal("no more updates come through")
			}
		}
	}
	for range rounds {
		more()
		c.Kill(t)
		before := refused.Load()
		for until := time.Now().Add(time.Minute); refused.Load() == before && time.Now().Before(until); {
			time.Sleep(time.Millisecond)
		}
		if err := lookupNote(t.Context(), s, "a"); !errors.Is(err, issuer.ErrUnavailable) {
			t.Errorf("a view without a server: %v", err)
		}
		c.Restart(t)
		more()
	}
	stop.Store(true)
	wait.Wait()
	stored := map[string]string{}
	for q := (issuer.Query{Limit: 1000}); ; {
		must(t, s.View(t.Context(), func(tx issuer.Tx) error {
			rows, next, err := tx.List(notes, q)
			for _, r := range rows {
				stored[r.ID] = r.Order
			}
			q.After = next
			return err
		}))
		if q.After == "" {
			break
		}
	}
	numbers := map[string]bool{}
	for id, number := range stored {
		if numbers[number] {
			t.Errorf("number %s was given twice, once to %s", number, id)
		}
		numbers[number] = true
	}
	for serial, id := range acknowledged {
		if stored[id] != strconv.FormatUint(serial, 10) {
			t.Errorf("%s was acknowledged with number %d and is stored with %q", id, serial, stored[id])
		}
	}
	t.Logf("%d rounds: %d acknowledged, %d refused, %d stored", rounds, len(acknowledged), refused.Load(), len(stored))
}

// TestCommitCutOff: when the connection ends under a COMMIT nobody here knows what became of it. The caller is told so, and
// nothing is done twice.
func TestCommitCutOff(t *testing.T) {
	behind := ready(t)
	folder, err := os.MkdirTemp("/tmp", "laurel-cut-") // the path of a socket is short
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	server := mustParse(t, behind)
	var armed atomic.Bool
	cut(t, folder+"/.s.PGSQL.5432", server.Query().Get("host")+"/.s.PGSQL.5432", &armed)
	server.RawQuery = "host=" + folder
	s := open(t, server.String())
	defer func() { must(t, s.Close()) }()
	runs := 0
	add := func(id string) error {
		return s.Update(t.Context(), func(tx issuer.Tx) error {
			runs++
			if _, err := tx.Next("serial"); err != nil {
				return err
			}
			return tx.Put(notes, note(id, 0, ""))
		})
	}
	must(t, add("before"))
	armed.Store(true)
	runs = 0
	if err := add("unknown"); !errors.Is(err, issuer.ErrUnavailable) || runs != 1 {
		t.Errorf("error %v after %d runs", err, runs)
	}
	must(t, add("after"))
	if found := ids(t, s); !slices.Equal(found, []string{"after", "before", "unknown"}) {
		t.Errorf("records %q: the server had the COMMIT", found)
	}
}

// cut passes on what comes to one socket to another. When it is armed it lets the next COMMIT through, then ends the connection
// before the answer.
func cut(t testing.TB, from, to string, armed *atomic.Bool) {
	t.Helper()
	listener, err := net.Listen("unix", from)
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", to)
			if err != nil {
				_ = client.Close()
				return
			}
			var swallow atomic.Bool
			go func() {
				defer func() { _ = errors.Join(client.Close(), server.Close()) }()
				for buffer := make([]byte, 1<<16); ; {
					n, err := server.Read(buffer)
					if err != nil || swallow.Load() {
						return
					}
					if _, err := client.Write(buffer[:n]); err != nil {
						return
					}
				}
			}()
			go func() {
				defer func() { _ = errors.Join(client.Close(), server.Close()) }()
				for buffer := make([]byte, 1<<16); ; {
					n, err := client.Read(buffer)
					if err != nil {
						return
					}
					if bytes.Contains(buffer[:n], []byte("COMMIT\x00")) && armed.Swap(false) {
						swallow.Store(true)
					}
					if _, err := server.Write(buffer[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
}
