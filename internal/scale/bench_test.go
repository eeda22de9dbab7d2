package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/laurelbadges/laurel/credential/status"
)

// The benchmarks of this package give what figures.go holds. They count processor time and not the clock, wherever a busy
// neighbour could be taken for a slow program: cpu-µs of this process, db-µs of all processes of PostgreSQL, for each operation.

var engines = []struct {
	name string
	open func(testing.TB) *house
}{{"bbolt", onBolt}, {"postgres", onPostgres}}

// BenchmarkAnswers makes each answer of the routes that the simulation knows, without the network.
func BenchmarkAnswers(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			h := e.open(b)
			c := h.award(b)
			list, card := "/status/"+c.Slot.Revocation, "/c/"+c.ID
			tag := h.ask(get(list)).Header().Get("ETag")
			_, style, _ := strings.Cut(h.ask(get(card, "Accept", "text/html")).Body.String(), `rel="stylesheet" href="`)
			style, _, _ = strings.Cut(style, `"`)
			same := h.ask(get(card + ".json")).Header().Get("ETag")
			for _, a := range []struct {
				name string
				make func() *http.Request
				want int
			}{
				{"page seen lately", func() *http.Request { return get(card, "Accept", "text/html") }, 200},
				{"page", func() *http.Request {
					h.now = h.now.Add(2 * time.Minute)
					return get(card, "Accept", "text/html")
				}, 200},
				{"json", func() *http.Request { return get(card + ".json") }, 200},
				{"json unchanged", func() *http.Request { return get(card+".json", "If-None-Match", same) }, 304},
				{"list", func() *http.Request { return get(list) }, 200},
				{"list unchanged", func() *http.Request { return get(list, "If-None-Match", tag) }, 304},
				{"did", func() *http.Request { return get("/.well-known/did.json") }, 200},
				{"art", func() *http.Request { return get("/a/" + c.Achievement + "/art.svg") }, 200},
				{"style", func() *http.Request { return get(style) }, 200},
				{"check", func() *http.Request { return checkOf(c.JSON) }, 200},
			} {
				b.Run(a.name, func(b *testing.B) {
					size := 0
					count(b, h, func(int) {
						w := h.ask(a.make())
						if size = w.Body.Len(); w.Code != a.want {
							b.Fatalf("%d: %s", w.Code, w.Body)
						}
					})
					b.ReportMetric(float64(size), "bytes")
				})
			}
		})
	}
}

// BenchmarkAwards makes awards by as many writers, with both signatures and the check of both, as the server does.
func BenchmarkAwards(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			for _, writers := range []int{1, 64} {
				b.Run(fmt.Sprintf("%d writers", writers), func(b *testing.B) {
					h := e.open(b)
					h.award(b)
					size, log := h.size(b)
					start := time.Now()
					count(b, h, func(n int) { shared(n, writers, func(int) { h.award(b) }) })
					b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "awards/s")
					after, logged := h.size(b)
					b.ReportMetric(float64(after-size)/float64(b.N), "disk-B")
					b.ReportMetric(float64(logged-log)/float64(b.N), "wal-B")
				})
			}
		})
	}
}

// BenchmarkChanges revokes as many awards.
func BenchmarkChanges(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			h := e.open(b)
			ids := make([]string, b.N)
			shared(b.N, 64, func(i int) { ids[i] = h.award(b).ID })
			start := time.Now()
			count(b, h, func(n int) {
				shared(n, 64, func(i int) {
					if _, err := h.Revoke(b.Context(), ids[i], "why", "test"); err != nil {
						b.Error(err)
					}
				})
			})
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "changes/s")
		})
	}
}

// BenchmarkSignList gives a list after a change, less what the change costs.
func BenchmarkSignList(b *testing.B) {
	h := onBolt(b)
	c := h.award(b)
	var total time.Duration
	for n := range b.N {
		var err error
		if n%2 == 0 {
			_, err = h.Suspend(b.Context(), c.ID, "", "test")
		} else {
			_, err = h.Reinstate(b.Context(), c.ID, "test")
		}
		must(b, err)
		before := processor()
		_, err = h.StatusList(b.Context(), c.Slot.Suspension)
		must(b, err)
		total += processor() - before
	}
	b.ReportMetric(float64(total.Microseconds())/float64(b.N), "cpu-µs/op")
}

// BenchmarkListBytes says how long a list is of which as many per cent are revoked, without its proof.
func BenchmarkListBytes(b *testing.B) {
	for _, percent := range []int{0, 1, 2, 5} {
		b.Run(strconv.Itoa(percent), func(b *testing.B) {
			random, list := rand.New(rand.NewPCG(1, 2)), status.New(131072)
			for range list.Len() * percent / 100 {
				must(b, list.Set(random.IntN(list.Len()), true))
			}
			var document []byte
			for b.Loop() {
				var err error
				document, err = status.Credential(status.ListOptions{ID: base + "/status/x", Issuer: "did:web:badges.example.org", Purpose: status.PurposeRevocation,
					ValidFrom: time.Unix(0, 0), ValidUntil: time.Unix(604800, 0), TTL: 5 * time.Minute}, list)
				must(b, err)
			}
			b.ReportMetric(float64(len(document)), "bytes")
		})
	}
}

// BenchmarkConnection is a request over a connection that stays open, its asker's half included: what the network adds to an answer.
func BenchmarkConnection(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 4000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	defer server.Close()
	count(b, nil, func(int) {
		answer, err := http.Get(server.URL)
		must(b, err)
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	})
}

// count runs op and reports the processor time of each. An op that takes a number does all of them at once.
func count(b *testing.B, h *house, op func(n int)) {
	b.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // near what the server sets
	many := strings.Contains(b.Name(), "Awards") || strings.Contains(b.Name(), "Changes")
	if !many {
		op(0)
	}
	before, database := processor(), h.database(b)
	b.ResetTimer()
	if many {
		op(b.N)
	} else {
		for i := range b.N {
			op(i)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64((processor()-before).Nanoseconds())/1000/float64(b.N), "cpu-µs/op")
	if h != nil && h.url != "" {
		b.ReportMetric(float64((h.database(b)-database).Nanoseconds())/1000/float64(b.N), "db-µs/op")
	}
}

func shared(n, writers int, op func(int)) {
	var group sync.WaitGroup
	work := make(chan int)
	for range writers {
		group.Go(func() {
			for i := range work {
				op(i)
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	group.Wait()
}

func processor() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// database is the processor time of the server's processes that serve this process or write for it.
func (h *house) database(b *testing.B) (total time.Duration) {
	if h == nil || h.url == "" {
		return 0
	}
	rows, err := h.sql(b, `SELECT pid FROM pg_stat_activity`)
	must(b, err)
	for _, pid := range rows {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%v/schedstat", pid))
		spent, _, _ := strings.Cut(string(text), " ")
		nanoseconds, _ := strconv.ParseInt(spent, 10, 64)
		total += time.Duration(nanoseconds)
	}
	return total
}

// size is the bytes of the store, and those that were written ahead.
func (h *house) size(b *testing.B) (disk, log int64) {
	if h.url == "" {
		file, err := os.Stat(filepath.Join(h.folder, "laurel.db"))
		must(b, err)
		return file.Size(), 0
	}
	rows, err := h.sql(b, `SELECT pg_database_size(current_database()) UNION ALL SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint`)
	must(b, err)
	return rows[0].(int64), rows[1].(int64)
}

func (h *house) sql(b *testing.B, text string) ([]any, error) {
	conn, err := pgx.Connect(b.Context(), h.url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(b.Context()) }()
	rows, err := conn.Query(b.Context(), text)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[any])
}
