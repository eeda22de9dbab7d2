package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// growthTurn is how long one measurement of one size takes, unless a single operation takes longer.
const growthTurn = time.Second

// TestGrowth measures how cost grows with size, and prints a line for each point, which internal/growth keeps and draws (make growth):
//
//	growth: CURVE SIZE FIGURE
//
// Times are in seconds of processor time, where nothing else is said. LAUREL_GROWTH is the number of rounds, of which the median counts;
// without it nothing runs.
func TestGrowth(t *testing.T) {
	text := os.Getenv("LAUREL_GROWTH")
	if text == "" {
		t.Skip("skipped: make growth runs it")
	}
	rounds, err := strconv.Atoi(text)
	if err != nil || rounds < 1 {
		t.Fatalf("LAUREL_GROWTH: %q is not a number of rounds", text)
	}
	defer calmCollector()()
	fmt.Printf("growth: machine %s, %d × %s\n", runtime.Version(), runtime.NumCPU(), processorName())
	t.Run("alignments", func(t *testing.T) { growAlignments(t, rounds) })
	t.Run("lists", func(t *testing.T) { growLists(t, rounds) })
	t.Run("stores", growStores)
	t.Run("files", growFiles)
}

// grown prints a point.
func grown(curve string, size int, figure float64) {
	fmt.Printf("growth: %s %d %.4g\n", curve, size, figure)
}

func processorName() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, is := strings.CutPrefix(line, "model name\t: "); is {
			return strings.TrimSpace(name)
		}
	}
	return runtime.GOARCH
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// growAlignments takes badges with 1 to 1,000 alignments and pieces of evidence, and the peers in turns with us where they are installed.
func growAlignments(t *testing.T, rounds int) {
	curves := map[string]string{
		"laurel di issue": "issue/integrity", "laurel jwt issue": "issue/token", "digitalbazaar issue": "issue/digitalbazaar", "jose sign": "issue/jose",
		"laurel di verify": "verify/integrity", "laurel jwt verify": "verify/token", "digitalbazaar verify": "verify/digitalbazaar",
		"verifier-core verify": "verify/verifier-core", "jose verify": "verify/jose",
	}
	for _, items := range []int{1, 3, 10, 30, 100, 300, 1000} {
		t.Run(strconv.Itoa(items), func(t *testing.T) {
			y := newYard(t, items)
			p := &peers{}
			if _, err := os.Stat(filepath.Join(peersHome, "node_modules")); err == nil {
				p = startPeers(t, y)
			} else {
				t.Log("without peers, which are not installed: make bench-peers does it")
			}
			results := map[string][]float64{}
			for round := range rounds + 1 { // the first warms up
				for _, c := range y.contenders() {
					if curves[c.name] == "" || c.op == nil && p.out == nil {
						continue
					}
					m, err := p.measure(t, c, growthTurn)
					if err != nil {
						t.Logf("no figure: %v", err)
						continue
					}
					if round > 0 {
						results[c.name] = append(results[c.name], 1/m.perCPU)
					}
				}
			}
			for name, found := range results {
				grown(curves[name], items, median(found))
			}
		})
	}
}

// growLists takes status lists of which one in a hundred is revoked.
func growLists(t *testing.T, rounds int) {
	for _, bits := range []int{1 << 17, 1 << 18, 1 << 20, 1 << 22, 1 << 24} {
		t.Run(strconv.Itoa(bits), func(t *testing.T) {
			y, random, list := newYard(t, 1), rand.New(rand.NewPCG(1, 2)), status.New(bits)
			for range bits / 100 {
				if err := list.Set(random.IntN(bits), true); err != nil {
					t.Fatal(err)
				}
			}
			if err := list.Set(referencedata.BadgeListIndex, false); err != nil {
				t.Fatal(err)
			}
			flip := func() error { // of another award
				set, err := list.Get(0)
				return errors.Join(err, list.Set(0, !set))
			}
			did, _, _ := strings.Cut(y.signer.ID, "#")
			published := func() ([]byte, error) {
				if err := flip(); err != nil {
					return nil, err
				}
				document, err := status.Credential(status.ListOptions{ID: referencedata.BadgeList, Issuer: did, Purpose: status.PurposeRevocation,
					ValidFrom: time.Now().Add(-time.Hour), ValidUntil: time.Now().AddDate(1, 0, 0)}, list)
				if err != nil {
					return nil, err
				}
				return proof.Seal(context.Background(), document, proof.SealOptions{Signer: y.signer, Created: time.Now()})
			}
			encoded, err := list.Encode()
			if err != nil {
				t.Fatal(err)
			}
			document, err := published()
			if err != nil {
				t.Fatal(err)
			}
			cold := verifier.Options{Fetch: warmList(document)}
			const many = 1000
			ops := map[string]func() error{
				"lists/check": func() error { // many, as one is shorter than the clock's step
					for range many {
						if _, err := list.Value(status.Entry{Index: random.IntN(bits), Size: 1}); err != nil {
							return err
						}
					}
					return nil
				},
				"lists/publish": func() error { _, err := published(); return err },
				"lists/decode":  func() error { _, err := status.Decode(encoded); return err },
				"lists/verify":  func() error { return mustBeValid(y.sealed, cold) },
			}
			results := map[string][]float64{}
			for range rounds {
				for name, op := range ops {
					m, err := (&peers{}).measure(t, contender{name: name, op: op}, growthTurn/2)
					if err != nil {
						t.Fatal(err)
					}
					results[name] = append(results[name], 1/m.perCPU)
				}
			}
			for name, found := range results {
				figure := median(found)
				if name == "lists/check" {
					figure /= many
				}
				grown(name, bits, figure)
			}
			grown("lists/bytes", bits, float64(len(document)))
		})
	}
}

// growStores fills a store with signed badges in as many lists as awards have, 1,000 in a transaction, under ids that lie anywhere, and
// looks at it at five sizes, by the clock; LAUREL_GROWTH_ROWS is the largest in place of 1,000,000.
func growStores(t *testing.T) {
	most := 1_000_000
	if text := os.Getenv("LAUREL_GROWTH_ROWS"); text != "" {
		var err error
		if most, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("bbolt", func(t *testing.T) {
		folder := t.TempDir()
		growStore(t, "bbolt", most, func() (store.Engine, error) { return engine(bolt.Open(folder)) }, func() (size, spent float64) {
			err := filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				info, err := entry.Info()
				size += float64(info.Size())
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return size, 0
		})
	})
	t.Run("postgres", func(t *testing.T) {
		url := pgtest.New(t, pgtest.Options{Durable: true}).Database(t)
		growStore(t, "postgres", most, func() (store.Engine, error) { return engine(postgres.Open(t.Context(), url)) }, func() (size, spent float64) {
			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close(t.Context()) }()
			rows, err := conn.Query(t.Context(), `SELECT pid, pg_database_size(current_database()) FROM pg_stat_activity WHERE pid <> pg_backend_pid()`)
			if err != nil {
				t.Fatal(err)
			}
			var pid int
			_, err = pgx.ForEachRow(rows, []any{&pid, &size}, func() error {
				text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
				nanoseconds, _, _ := strings.Cut(string(text), " ")
				on, malformed := strconv.ParseFloat(nanoseconds, 64)
				spent += on / 1e9
				return errors.Join(err, malformed)
			})
			if err != nil {
				t.Fatal(err)
			}
			return size, spent
		})
	})
}

// growStore fills one. taken says how many bytes it has on disk, and the processor time that others than this process have spent for it.
func growStore(t *testing.T, name string, most int, open func() (store.Engine, error), taken func() (size, spent float64)) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	k := issuer.Kinds()[slices.IndexFunc(issuer.Kinds(), func(k issuer.Kind) bool { return k.Name == "credential" })]
	id := func(n int) string { return fmt.Sprintf("%022d", n*2654435761%1_000_000_007) }
	random, sealed := rand.New(rand.NewPCG(1, 2)), newYard(t, 1).sealed
	_, after, _ := bytes.Cut(sealed, []byte(`"proofValue":"`))
	signature, _, _ := bytes.Cut(after, []byte(`"`))
	row := func(n int) issuer.Row {
		own := make([]byte, len(signature)/2)
		for i := range own {
			own[i] = byte(random.Uint32())
		}
		badge := fmt.Sprintf("org/badge-%d", n%500)
		r := issuer.Row{ID: id(n), Order: fmt.Sprintf("%016x", n), Lookups: make([]string, len(k.Lookups)),
			Body: bytes.ReplaceAll(bytes.ReplaceAll(sealed, signature, []byte(hex.EncodeToString(own))), []byte("3f2a8c1e-6d54"), fmt.Appendf(nil, "%013x", n))}
		copy(r.Lookups, []string{"", "org", "org/active", badge, badge + "/active", "org/key-1", "org/key-2"})
		return r
	}
	s, err := open()
	must(err)
	rows, payload := 0, 0.0
	for _, point := range []int{10_000, 30_000, 100_000, 300_000, 1_000_000} {
		if point > most {
			break
		}
		before, own := rows, processorTime()
		_, others := taken()
		for rows < point {
			must(s.Update(t.Context(), func(tx issuer.Tx) error {
				for range 1000 {
					r := row(rows)
					if err := tx.Put(k, r); err != nil {
						return err
					}
					payload += float64(len(r.Body))
					rows++
				}
				return nil
			}))
		}
		size, spent := taken()
		grown("stores/"+name+"-insert", point, ((processorTime()-own).Seconds()+spent-others)/float64(rows-before))
		grown("stores/"+name+"-size", point, size/payload)
		must(s.Close())
		s, err = growthOf(t, "stores/"+name, point, open, k, func() string { return id(random.IntN(rows)) })
		must(err)
	}
	must(s.Close())
}

// growthOf opens a store, looks rows up and pages, nine times, and gives the store as it opened it last. A percentile is the median of
// nine, which one moment of a busy machine does not move.
func growthOf(t *testing.T, name string, point int, open func() (store.Engine, error), k issuer.Kind, id func() string) (s store.Engine, err error) {
	took := func(do func() error) float64 {
		begun := time.Now()
		err = errors.Join(err, do())
		return time.Since(begun).Seconds()
	}
	var opens, p50, p99, pages []float64
	for round := range 9 {
		if round > 0 {
			err = errors.Join(err, s.Close())
		}
		opens = append(opens, took(func() (failed error) { s, failed = open(); return failed }))
		if err != nil {
			return s, err
		}
		view := func(do func(issuer.Tx) error) float64 { return took(func() error { return s.View(t.Context(), do) }) }
		var lookups, listed []float64
		for range 2000 {
			lookups = append(lookups, view(func(tx issuer.Tx) error { _, err := tx.Get(k, id()); return err }))
		}
		next := ""
		for range 50 {
			listed = append(listed, view(func(tx issuer.Tx) (err error) {
				_, next, err = tx.List(k, issuer.Query{By: "organisation", Value: "org", After: next, Backward: true, Limit: 100})
				return err
			}))
		}
		p50, pages = append(p50, median(lookups)), append(pages, median(listed))
		p99 = append(p99, lookups[len(lookups)*99/100])
	}
	grown(name+"-open", point, median(opens))
	grown(name+"-lookup-p50", point, median(p50))
	grown(name+"-lookup-p99", point, median(p99))
	grown(name+"-page", point, median(pages))
	return s, err
}

// growFiles hands in 1 to 500 files in one form to a real server: signed JSON alone, and files of every kind (mixed), which have all kinds
// from 10 on. No file is handed in twice. The figure is the processor time of the server.
func growFiles(t *testing.T) {
	p := startBinary(t, buildBinary(t), t.TempDir(), "--verify-rate", "0")
	spent := func() float64 { // of the server, in steps of 10 ms
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		user, userErr := strconv.ParseFloat(fields[11], 64)
		system, systemErr := strconv.ParseFloat(fields[12], 64)
		if err := errors.Join(userErr, systemErr); err != nil {
			t.Fatal(err)
		}
		return (user + system) / 100
	}
	y, next := newYard(t, 1), 0
	document, _, _ := bytes.Cut(y.unsigned, []byte(`,"credentialStatus":`)) // the server would look for the list in the network
	document = append(document, '}')
	signed := func(n int) (files []handful) {
		for range n {
			next++
			sealed, err := proof.Seal(t.Context(), bytes.Replace(document, []byte("3f2a8c1e"), fmt.Appendf(nil, "%08x", next), 1),
				proof.SealOptions{Signer: y.signer, Created: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, handful{name: fmt.Sprintf("%d.json", n), content: sealed})
		}
		return files
	}
	for _, curve := range []struct {
		name  string
		files func(n int) []handful
		from  int
	}{{"files/json", signed, 1}, {"files/mixed", func(n int) []handful { return mixed(t, n) }, 10}} {
		for _, n := range []int{1, 2, 5, 10, 20, 50, 100, 200, 500} {
			if n < curve.from {
				continue
			}
			p.post(t, curve.files(n))
			before, total, times := spent(), 0.0, 0
			for ; total < 1; total = spent() - before { // a hundred steps
				p.post(t, curve.files(n))
				times++
			}
			grown(curve.name, n, total/float64(times))
		}
	}
}

// post hands files in, and does not read what the answer says of them.
func (p *process) post(t *testing.T, files []handful) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range files {
		part, err := form.CreateFormFile("credential", f.name)
		if err == nil {
			_, err = part.Write(f.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.address+"/verify", &body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Accept", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v\n%.300s", response.Status, err, text)
	}
}
