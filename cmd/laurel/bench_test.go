package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
	"github.com/laurelbadges/laurel/verifier"
)

// perCPU runs a benchmark and reports operations per second of processor time, the collector's included: the figure that a
// busy neighbour changes least.
func perCPU(b *testing.B, op func() error) {
	b.Helper()
	b.ReportAllocs()
	if err := op(); err != nil { // contexts are read once a process
		b.Fatal(err)
	}
	before := processorTime()
	for b.Loop() {
		if err := op(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/(processorTime()-before).Seconds(), "ops/cpu-s")
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// benchKey is a did:key issuer.
func benchKey(b *testing.B) keys.Signer {
	b.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		b.Fatal(err)
	}
	did, err := keys.DIDKey(public)
	if err != nil {
		b.Fatal(err)
	}
	return keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
}

// benchBadge is the badge of the figures: about 3 kB, with rubric, alignments and evidence.
func benchBadge(issuer string) []byte {
	alignment := func(n int) string {
		return fmt.Sprintf(`{"type":["Alignment"],"targetName":"Standard %d","targetUrl":"https://example.org/standards/%d","targetFramework":"Model Core Teaching Standards","targetCode":"%d"}`, n, n, n)
	}
	return fmt.Appendf(nil, `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
"id":"https://badges.example.org/c/AAAAAAAAAAAAAAAAAAAAAA","type":["VerifiableCredential","OpenBadgeCredential"],"name":"Feedback that moves learning forward",
"issuer":{"id":%q,"type":["Profile"],"name":"Example District","url":"https://example.org","email":"badges@example.org"},
"validFrom":"2026-01-01T00:00:00Z","validUntil":"2031-01-01T00:00:00Z","credentialSubject":{"type":["AchievementSubject"],
"identifier":[{"type":"IdentityObject","hashed":true,"identityHash":"sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399","identityType":"emailAddress","salt":"Kosher"}],
"achievement":{"id":"https://badges.example.org/a/1","type":["Achievement"],"achievementType":"MicroCredential","name":"Feedback that moves learning forward",
"description":"Gives pupils feedback that they act on.","criteria":{"narrative":"Evidence from **three lessons**."},"alignment":[%s,%s],
"resultDescription":[{"id":"https://badges.example.org/a/1#practice","type":["ResultDescription"],"name":"Feedback in practice","resultType":"RubricCriterionLevel","rubricCriterionLevel":[
{"id":"https://badges.example.org/a/1#1","type":["RubricCriterionLevel"],"name":"Emerging","level":"1","points":"1","description":"Says what is right or wrong."},
{"id":"https://badges.example.org/a/1#2","type":["RubricCriterionLevel"],"name":"Proficient","level":"2","points":"2","description":"Says what to do next."}]}]},
"result":[{"type":["Result"],"resultDescription":"https://badges.example.org/a/1#practice","achievedLevel":"https://badges.example.org/a/1#2"}]},
"evidence":[{"id":"https://example.org/e/1","type":["Evidence"],"name":"Lesson 1","narrative":"A recording."},{"id":"https://example.org/e/2","type":["Evidence"],"name":"Lesson 2","narrative":"Notes."}]}`,
		issuer, alignment(1), alignment(2))
}

func BenchmarkIntegrityIssue(b *testing.B) {
	key := benchKey(b)
	did, _, _ := strings.Cut(key.ID, "#")
	badge := benchBadge(did)
	perCPU(b, func() error {
		_, err := proof.Seal(context.Background(), badge, proof.SealOptions{Signer: key, Created: time.Now()})
		return err
	})
}

func BenchmarkTokenIssue(b *testing.B) {
	key := benchKey(b)
	did, _, _ := strings.Cut(key.ID, "#")
	badge := benchBadge(did)
	perCPU(b, func() error {
		_, err := proof.SealJWT(badge, key)
		return err
	})
}

func BenchmarkIntegrityVerify(b *testing.B) {
	key := benchKey(b)
	did, _, _ := strings.Cut(key.ID, "#")
	sealed, err := proof.Seal(context.Background(), benchBadge(did), proof.SealOptions{Signer: key, Created: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
	perCPU(b, func() error { return mustBeValid(sealed) })
}

func BenchmarkTokenVerify(b *testing.B) {
	key := benchKey(b)
	did, _, _ := strings.Cut(key.ID, "#")
	token, err := proof.SealJWT(benchBadge(did), key)
	if err != nil {
		b.Fatal(err)
	}
	perCPU(b, func() error { return mustBeValid([]byte(token)) })
}

func mustBeValid(sealed []byte) error {
	report, err := verifier.Verify(context.Background(), sealed, verifier.Options{Fetch: fetch.Offline{}})
	if err == nil && report.Outcome != verifier.Valid {
		err = fmt.Errorf("%+v", report.Checks)
	}
	return err
}

// BenchmarkPoison refuses a graph that is made to cost time: ten blank nodes, each linked to all others.
func BenchmarkPoison(b *testing.B) {
	var quads strings.Builder
	for i := range 10 {
		for j := range 10 {
			if i != j {
				fmt.Fprintf(&quads, "_:e%d <https://example.org/p> _:e%d .\n", i, j)
			}
		}
	}
	perCPU(b, func() error {
		if _, err := proof.CanonicalNQuads(context.Background(), []byte(quads.String()), crypto.SHA256); err == nil {
			return fmt.Errorf("it was not refused")
		}
		return nil
	})
}

// BenchmarkAwardCommits is the two durable commits of an award, without signing.
func BenchmarkAwardCommits(b *testing.B) {
	store, err := bolt.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	kind := issuer.Kind{Name: "bench"}
	body := benchBadge("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp")
	row, err := json.Marshal(map[string][]byte{"document": body})
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	perCPU(b, func() error {
		n++
		id := fmt.Sprintf("%022d", n)
		for version := range uint64(2) {
			err := store.Update(context.Background(), func(tx issuer.Tx) error {
				return tx.Put(kind, issuer.Row{ID: id, Version: version, Body: row})
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkStart starts the built binary (make build) on a folder that holds an installation, until it answers, and reports
// its resident memory when idle. The key files are sealed to the identity beside them.
func BenchmarkStart(b *testing.B) {
	binary, err := filepath.Abs("../../bin/laurel")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		b.Skip("skipped: bin/laurel is not built (make build)")
	}
	folder := b.TempDir()
	if _, _, err := startOnce(binary, folder, "--sample"); err != nil {
		b.Fatal(err)
	}
	var total time.Duration
	var memory float64
	starts := 0
	for b.Loop() {
		took, resident, err := startOnce(binary, folder)
		if err != nil {
			b.Fatal(err)
		}
		total += took
		memory = max(memory, resident)
		starts++
	}
	b.ReportMetric(float64(total.Milliseconds())/float64(starts), "ms/start")
	b.ReportMetric(memory, "MiB-idle")
}

// startOnce starts, waits for the first answer, reads the resident memory in MiB, and stops.
func startOnce(binary, folder string, flags ...string) (time.Duration, float64, error) {
	command := exec.Command(binary, append([]string{"serve", "--data", folder, "--listen", "127.0.0.1:0"}, flags...)...)
	out, err := command.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	if err := command.Start(); err != nil {
		return 0, 0, err
	}
	defer func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
	}()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		_, address, found := strings.Cut(lines.Text(), "running on ")
		if !found {
			continue
		}
		response, err := http.Get(address + "/healthz")
		if err != nil {
			return 0, 0, err
		}
		_ = response.Body.Close()
		took := time.Since(begun)
		go func() {
			for lines.Scan() { // the pipe must not fill
			}
		}()
		time.Sleep(300 * time.Millisecond)
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", command.Process.Pid))
		if err != nil {
			return took, 0, nil // not Linux
		}
		var kibibytes float64
		for line := range strings.Lines(string(status)) {
			_, _ = fmt.Sscanf(line, "VmRSS: %f kB", &kibibytes)
		}
		return took, kibibytes / 1024, nil
	}
	return 0, 0, fmt.Errorf("it did not start: %v", command.Wait())
}

// BenchmarkVerifyForLong posts a badge to a real server for five minutes (LAUREL_BENCH_SECONDS sets another time) and reports
// what memory it held at most.
func BenchmarkVerifyForLong(b *testing.B) {
	seconds := 300
	if text := os.Getenv("LAUREL_BENCH_SECONDS"); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	folder := b.TempDir()
	p := startBinary(b, buildBinary(b), folder, "--metrics-listen", "127.0.0.1:0")
	key := benchKey(b)
	did, _, _ := strings.Cut(key.ID, "#")
	sealed, err := proof.Seal(context.Background(), benchBadge(did), proof.SealOptions{Signer: key, Created: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
	var answers atomic.Int64
	most := 0.0
	for b.Loop() {
		end := time.Now().Add(time.Duration(seconds) * time.Second)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for time.Now().Before(end) {
					response, err := http.Post(p.address+"/verify", "application/vc", bytes.NewReader(sealed))
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
					if response.StatusCode != http.StatusOK {
						b.Errorf("answered %s", response.Status)
						return
					}
					answers.Add(1)
				}
			})
		}
		for time.Now().Before(end) {
			most = max(most, p.measure(b).resident)
			time.Sleep(200 * time.Millisecond)
		}
		group.Wait()
	}
	b.ReportMetric(most, "MiB-most")
	b.ReportMetric(float64(answers.Load())/b.Elapsed().Seconds(), "answers/s")
}
