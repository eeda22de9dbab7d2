package main

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// benchOffice is an installation that signs with an Ed25519 key for Data Integrity and a P-256 key for tokens, on bbolt, with the check
// of the product.
type benchOffice struct {
	*issuer.Service
	store *bolt.Store
	keys  keys.Store
	check func(context.Context, []byte) error
}

func newBenchOffice(b testing.TB) benchOffice {
	b.Helper()
	folder := b.TempDir()
	store, err := bolt.Open(folder)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	o := benchOffice{store: store}
	if o.keys, _, err = keys.OpenFolder(filepath.Join(folder, "keys"), ""); err != nil {
		b.Fatal(err)
	}
	own := ownDocuments{issuer.NewDocuments(store), nil}
	memory := &verifier.Memory{}
	o.check = func(ctx context.Context, sealed []byte) error {
		return verifier.Authentic(ctx, sealed, verifier.Options{Profile: credential.OpenBadges, Fetch: own, Memory: memory})
	}
	o.Service, err = issuer.Open(b.Context(), issuer.Config{Store: store, Keys: o.keys, Now: time.Now, Base: "https://badges.example.org", Public: true,
		Enqueue: func(issuer.Tx, issuer.Work) error { return nil }, Check: o.check})
	if err != nil {
		b.Fatal(err)
	}
	own.own = o.Service
	organisation, _, err := o.EnsureOrganisation(b.Context(), "Riverside District", "badges@example.org")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := addSample(b.Context(), o.Service, organisation, time.Now()); err != nil {
		b.Fatal(err)
	}
	return o
}

// start records a batch of awards that are told apart by name and narrative; one in fifty has a name that is not plain ASCII.
func (o benchOffice) start(b *testing.B, rows int) issuer.Batch {
	b.Helper()
	in := issuer.BatchInput{Name: "Spring", Actor: "bench", Awards: make([]issuer.AwardInput, rows)}
	for i := range in.Awards {
		in.Awards[i] = issuer.AwardInput{Recipient: fmt.Sprintf("person%d@example.org", i), Name: fmt.Sprintf("Person %05d", i),
			Narrative: fmt.Sprintf("Completed the portfolio of spring, group %d.", i%40),
			Evidence:  []issuer.Evidence{{URL: fmt.Sprintf("https://example.org/portfolio/%d", i), Name: "Portfolio of three lessons"}},
			Results:   []credential.Result{{ResultDescription: "practice", AchievedLevel: "proficient"}}}
		if i%50 == 49 {
			in.Awards[i].Name = fmt.Sprintf("José Núñez %d", i)
		}
	}
	batch, err := o.StartBatch(b.Context(), in)
	if err != nil {
		b.Fatal(err)
	}
	return batch
}

func (o benchOffice) run(b *testing.B, batch issuer.Batch) { o.runWith(b, batch, nil) }

// runWith runs a batch that asks budget before each chunk.
func (o benchOffice) runWith(b *testing.B, batch issuer.Batch, budget func() bool) {
	b.Helper()
	if finished, err := o.RunBatch(b.Context(), batch.ID, budget); err != nil || !finished {
		b.Fatal(finished, err)
	}
	if done, err := o.Batch(b.Context(), batch.ID); err != nil || done.Done != batch.Total {
		b.Fatal(done, err)
	}
}

// spent is how long something takes, by the clock and by the processors.
type spent struct{ clock, processor time.Duration }

func measure(work func()) spent {
	runtime.GC()
	at, before := time.Now(), processorTime()
	work()
	return spent{time.Since(at), processorTime() - before}
}

// onAll does something for each of n on all processors.
func onAll(b *testing.B, n int, do func(i int) error) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				if err := do(int(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
}

// benchRows is how many rows a batch of a measurement has: LAUREL_BENCH_ROWS, or so many.
func benchRows(b *testing.B, otherwise int) int {
	text := os.Getenv("LAUREL_BENCH_ROWS")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkBatch20000 makes the awards of a batch in both forms, and reports what that takes beside signing and checking the same
// documents one by one and storing the same records in bulk: (batch - storing) / (signing and checking), by the processors and by the
// clock. Whatever makes a batch one that bears a crash is in the first alone: its rows, two transactions, audit entries.
func BenchmarkBatch20000(b *testing.B) {
	defer calmCollector()()
	rows := benchRows(b, 20_000)
	o := newBenchOffice(b)
	for b.Loop() {
		b.StopTimer()
		var batch issuer.Batch
		planning := measure(func() { batch = o.start(b, rows) })
		b.StartTimer()
		batching := measure(func() { o.run(b, batch) })
		b.StopTimer()
		documents, stored := o.made(b, batch)
		signer := o.signers(b)
		one := measure(func() {
			onAll(b, len(documents), func(i int) error {
				sealed, err := proof.Seal(b.Context(), documents[i], proof.SealOptions{Signer: signer[keys.EdDSA], Created: time.Now()})
				if err != nil {
					return err
				}
				token, err := proof.SealJWT(documents[i], signer[keys.ES256])
				if err != nil {
					return err
				}
				if err := o.check(b.Context(), sealed); err != nil {
					return err
				}
				return o.check(b.Context(), []byte(token))
			})
		})
		bulk := measure(func() { storeInBulk(b, stored) })
		b.ReportMetric((batching.processor-bulk.processor).Seconds()/one.processor.Seconds(), "x-seal+check/cpu")
		b.ReportMetric((batching.clock-bulk.clock).Seconds()/one.clock.Seconds(), "x-seal+check/clock")
		b.ReportMetric(float64(batching.processor.Microseconds())/float64(rows), "cpu-µs/award")
		b.ReportMetric(float64(one.processor.Microseconds())/float64(rows), "cpu-µs/seal+check")
		b.ReportMetric(float64(bulk.processor.Microseconds())/float64(rows), "cpu-µs/stored")
		b.ReportMetric(float64(planning.processor.Microseconds())/float64(rows), "cpu-µs/planned")
		b.ReportMetric(float64(rows)/batching.clock.Seconds(), "awards/s")
		b.StartTimer()
	}
}

// made are the documents of the awards of a batch without their proofs, and their records.
func (o benchOffice) made(b *testing.B, batch issuer.Batch) (documents [][]byte, stored []issuer.Row) {
	b.Helper()
	kind := kindOf(b, "credential")
	err := o.store.View(b.Context(), func(tx issuer.Tx) error {
		for q := (issuer.Query{By: "batch", Value: batch.Organisation + "/" + batch.ID, Limit: 1000}); ; {
			page, next, err := tx.List(kind, q)
			if stored = append(stored, page...); err != nil || next == "" {
				return err
			}
			q.After = next
		}
	})
	if err != nil || len(stored) != batch.Total {
		b.Fatal(len(stored), err)
	}
	for after := ""; ; {
		page, next, err := o.Credentials(b.Context(), after, 1000)
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range page {
			if c.Batch == batch.ID {
				documents = append(documents, append(bytes.Clone(c.JSON[:bytes.LastIndex(c.JSON, []byte(`,"proof":`))]), '}'))
			}
		}
		if after = next; next == "" {
			return documents, stored
		}
	}
}

func kindOf(b *testing.B, name string) issuer.Kind {
	all := issuer.Kinds()
	i := slices.IndexFunc(all, func(k issuer.Kind) bool { return k.Name == name })
	if i < 0 {
		b.Fatalf("there is no kind %s", name)
	}
	return all[i]
}

// signers are the keys of the organisation by algorithm.
func (o benchOffice) signers(b *testing.B) map[string]keys.Signer {
	b.Helper()
	all, err := o.Keys(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	signers := map[string]keys.Signer{}
	for _, k := range all {
		private, err := o.keys.Load(k.Name)
		if err != nil {
			b.Fatal(err)
		}
		signers[k.Algorithm] = keys.Signer{ID: k.Method, Signer: private}
	}
	return signers
}

// storeInBulk writes records into a new store, as many in a transaction as a page of rows has.
func storeInBulk(b *testing.B, rows []issuer.Row) {
	b.Helper()
	store, err := bolt.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	kind := kindOf(b, "credential")
	for page := range slices.Chunk(rows, 500) {
		err := store.Update(b.Context(), func(tx issuer.Tx) error {
			for _, row := range page {
				row.Version = 0
				if err := tx.Put(kind, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// slope is what each 10,000 awards of a measurement took of the processors, in µs for one: whether they cost more the fuller the store is.
type slope struct {
	chunks int
	at     time.Duration
	steps  []float64
}

// asked is called before each chunk of a batch, of 100 rows.
func (s *slope) asked() bool {
	const step = 100
	if s.chunks == 0 {
		s.at = processorTime()
	}
	if s.chunks++; s.chunks%step == 0 {
		now := processorTime()
		s.steps = append(s.steps, float64((now-s.at).Microseconds())/(100*step))
		s.at = now
	}
	return true
}

// Benchmark100kBothProofs makes 100,000 awards with both proofs, in batches of 50,000, and reports how long their batches take, and with -v
// what each 10,000 of them cost. Tokens are signed with P-256, as where a did:web names the organisation; and with Ed25519, as where a did:key
// does or the other key was retired.
func Benchmark100kBothProofs(b *testing.B) {
	defer calmCollector()()
	rows := benchRows(b, 100_000)
	for _, algorithm := range []string{keys.ES256, keys.EdDSA} {
		b.Run(algorithm, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				o := newBenchOffice(b)
				if algorithm == keys.EdDSA {
					o.retireTokenKey(b)
				}
				var batches []issuer.Batch
				planning := measure(func() {
					for left := rows; left > 0; left -= 50_000 {
						batches = append(batches, o.start(b, min(left, 50_000)))
					}
				})
				b.StartTimer()
				growth := &slope{}
				batching := measure(func() {
					for _, batch := range batches {
						o.runWith(b, batch, growth.asked)
					}
				})
				b.Logf("µs of processor time an award, 10,000 after 10,000: %.0f", growth.steps)
				b.ReportMetric(float64(batching.processor.Microseconds())/float64(rows), "cpu-µs/award")
				b.ReportMetric(batching.clock.Seconds(), "s")
				b.ReportMetric(batching.processor.Seconds(), "cpu-s")
				b.ReportMetric(planning.clock.Seconds(), "s-planning")
				b.ReportMetric(float64(rows)/batching.clock.Seconds(), "awards/s")
			}
		})
	}
}

// retireTokenKey takes the key for ES256 out of use.
func (o benchOffice) retireTokenKey(b *testing.B) {
	b.Helper()
	all, err := o.Organisations(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for _, key := range all[0].Keys {
		if key.Algorithm != keys.ES256 {
			continue
		}
		if err := o.RetireKey(b.Context(), all[0].ID, key.Method, "bench"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAwardBesideBatch makes single awards, one after another with a short pause, while a batch runs, and reports how long they take.
func BenchmarkAwardBesideBatch(b *testing.B) {
	defer calmCollector()()
	rows := benchRows(b, 20_000)
	o := newBenchOffice(b)
	for b.Loop() {
		b.StopTimer()
		batch := o.start(b, rows)
		b.StartTimer()
		o.singles(b, func() error {
			_, err := o.RunBatch(b.Context(), batch.ID, nil)
			return err
		})
	}
}

// BenchmarkAwardBesidePreparing does the same while a batch is prepared.
func BenchmarkAwardBesidePreparing(b *testing.B) {
	defer calmCollector()()
	rows := benchRows(b, 20_000)
	o := newBenchOffice(b)
	for b.Loop() {
		o.singles(b, func() error {
			o.start(b, rows)
			return nil
		})
	}
}

// singles makes single awards until other work has ended.
func (o benchOffice) singles(b *testing.B, work func() error) {
	ended := make(chan error, 1)
	begun := time.Now()
	go func() { ended <- work() }()
	var took []time.Duration
	for running := true; running; {
		select {
		case err := <-ended:
			if running = false; err != nil {
				b.Fatal(err)
			}
		case <-time.After(5 * time.Millisecond):
			begun := time.Now()
			if _, err := o.Issue(b.Context(), issuer.AwardInput{Recipient: "single@example.org", Name: "Single Person", Actor: "bench"}); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(begun))
		}
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(at(0.5), "ms-p50")
	b.ReportMetric(at(0.99), "ms-p99")
	b.ReportMetric(at(1), "ms-most")
	b.ReportMetric(float64(len(took)), "singles")
	b.ReportMetric(time.Since(begun).Seconds(), "s-beside")
}

// BenchmarkTemplate signs the badge of the figures with a template, and reports how long that takes beside the floor of the same form.
func BenchmarkTemplate(b *testing.B) {
	y := newYard(b, 1)
	varying := []string{"/id", "/validFrom", "/credentialSubject/identifier/*/identityHash", "/credentialSubject/identifier/*/salt",
		"/evidence/*/id", "/credentialStatus/*/id", "/credentialStatus/*/statusListIndex"}
	t, err := proof.NewTemplate(b.Context(), y.unsigned, varying, crypto.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	options := func() proof.SealOptions {
		return proof.SealOptions{Signer: y.signer, Suite: "eddsa-rdfc-2022", Created: time.Now()}
	}
	fitted := func() *proof.Fitted { return t.Fit(y.unsigned) } // each time: it is a part of what is measured
	token, err := fitted().SealJWT(y.signer)
	if err != nil {
		b.Fatal(err)
	}
	for _, form := range []struct {
		name      string
		op, floor func() error
	}{
		{"integrity-issue", func() error { _, err := fitted().Seal(context.Background(), options()); return err }, y.floorIssue},
		{"integrity-issue+verify", func() error {
			o := options()
			sealed, err := fitted().Seal(context.Background(), o)
			if err != nil {
				return err
			}
			return t.Verify(context.Background(), sealed, o, nil)
		}, y.floorIssue},
		{"token-issue", func() error { _, err := fitted().SealJWT(y.signer); return err }, y.floorToken},
		{"token-verify", func() error { return fitted().VerifyJWT(token, y.signer, nil) }, y.floorTokenVerify},
	} {
		b.Run(form.name, func(b *testing.B) {
			defer calmCollector()()
			b.ReportAllocs()
			var ours, floor time.Duration
			// In turns, so that a busy neighbour falls upon both.
			for b.Loop() {
				for _, part := range []struct {
					op    func() error
					spent *time.Duration
				}{{form.op, &ours}, {form.floor, &floor}} {
					before := processorTime()
					for range 200 {
						if err := part.op(); err != nil {
							b.Fatal(err)
						}
					}
					*part.spent += processorTime() - before
				}
			}
			b.ReportMetric(ours.Seconds()/floor.Seconds(), "x-floor")
			b.ReportMetric(float64(200*b.N)/ours.Seconds(), "ops/cpu-s")
		})
	}
}
