package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/internal/referencedata"
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
	defer calmCollector()()
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

// yard is what the measurements work on: the badge of the figures, of a did:key issuer, in all its states, and its status
// list, which is served from memory.
type yard struct {
	private   ed25519.PrivateKey
	signer    keys.Signer
	unsigned  []byte
	sealed    []byte // with a Data Integrity proof
	token     []byte
	list      []byte
	value     map[string]any // of unsigned
	sealedMap map[string]any
	claims    map[string]any   // of token
	canonical []byte           // of unsigned
	config    []byte           // canonical proof configuration
	options   verifier.Options // those of the server, with the status list from memory
	cold      verifier.Options // without what earlier checks have read: the list is judged anew each time
}

func newYard(tb testing.TB, items int) *yard {
	tb.Helper()
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	y := &yard{private: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))}
	did, err := keys.DIDKey(y.private.Public())
	must(err)
	y.signer = keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: y.private}
	y.unsigned = bytes.ReplaceAll(referencedata.Badge(items), []byte(referencedata.BadgeIssuer), []byte(did))
	y.sealed, err = y.issue()
	must(err)
	token, err := y.issueToken()
	must(err)
	y.token = []byte(token)

	list, err := status.Credential(status.ListOptions{ID: referencedata.BadgeList, Issuer: did, Purpose: status.PurposeRevocation,
		ValidFrom: time.Now().Add(-time.Hour), ValidUntil: time.Now().AddDate(1, 0, 0)}, status.New(credential.Limits.StatusMinimum))
	must(err)
	y.list, err = proof.Seal(context.Background(), list, proof.SealOptions{Signer: y.signer, Created: time.Now()})
	must(err)
	y.cold = verifier.Options{Fetch: warmList(y.list)}
	y.options = y.cold
	y.options.Memory = &verifier.Memory{}
	must(y.verify())
	must(y.verifyToken())

	must(json.Unmarshal(y.unsigned, &y.value))
	must(json.Unmarshal(y.sealed, &y.sealedMap))
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	must(err)
	must(json.Unmarshal(payload, &y.claims))
	y.canonical = canonicalText(tb, y.unsigned)
	config := maps.Clone(y.sealedMap["proof"].(map[string]any))
	delete(config, "proofValue")
	config["@context"] = y.value["@context"]
	text, err := json.Marshal(config)
	must(err)
	y.config = canonicalText(tb, text)
	return y
}

func canonicalText(tb testing.TB, document []byte) []byte {
	tb.Helper()
	value, err := strict.Object(document, credential.JSONLimits())
	if err != nil {
		tb.Fatal(err)
	}
	text, err := proof.Canonical(context.Background(), value, crypto.SHA256, proof.Options{VC: true})
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// warmList serves the status list of the badge, and nothing else.
type warmList []byte

// Fetch implements [verifier.Fetcher].
func (l warmList) Fetch(ctx context.Context, url string, limit int) (verifier.Document, error) {
	if url != referencedata.BadgeList {
		return fetch.Offline{}.Fetch(ctx, url, limit)
	}
	return verifier.Document{Bytes: l, URL: url, ReadAt: time.Now(), Origin: verifier.Network}, nil
}

// What Laurel does, from bytes to bytes or to a report. Nothing is left out that the product does.

func (y *yard) issue() ([]byte, error) {
	return proof.Seal(context.Background(), y.unsigned, proof.SealOptions{Signer: y.signer, Created: time.Now()})
}

// issueChecked is an issue with the check of what was signed, which the product makes before it keeps an award.
func (y *yard) issueChecked() error {
	sealed, err := y.issue()
	if err != nil {
		return err
	}
	return verifier.Authentic(context.Background(), sealed, y.options)
}

func (y *yard) verify() error { return mustBeValid(y.sealed, y.options) }

func (y *yard) verifyCold() error { return mustBeValid(y.sealed, y.cold) }

func (y *yard) issueToken() (string, error) { return proof.SealJWT(y.unsigned, y.signer) }

func (y *yard) verifyToken() error { return mustBeValid(y.token, y.options) }

// readToken reads a token and checks its signature, and judges nothing.
func (y *yard) readToken() error {
	secured, err := proof.ReadJWT(y.token, proof.Options{})
	if err != nil {
		return err
	}
	return secured.Verify(context.Background(), secured.Proofs[0], y.private.Public())
}

func mustBeValid(sealed []byte, o verifier.Options) error {
	report, err := verifier.Verify(context.Background(), sealed, o)
	if err == nil && report.Outcome != verifier.Valid {
		err = fmt.Errorf("%+v", report.Checks)
	}
	return err
}

// The floor: the work that nobody can leave out, with the standard library and nothing checked.

// floorIssue reads the JSON, hashes what a canonicalization would give for nothing, signs, and writes the JSON.
func (y *yard) floorIssue() error {
	var value map[string]any
	if err := json.Unmarshal(y.unsigned, &value); err != nil {
		return err
	}
	config, document := sha256.Sum256(y.config), sha256.Sum256(y.canonical)
	ed25519.Sign(y.private, append(config[:], document[:]...))
	_, err := json.Marshal(y.sealedMap)
	return err
}

// floorToken writes the JSON, and signs it.
func (y *yard) floorToken() error {
	payload, err := json.Marshal(y.claims)
	if err != nil {
		return err
	}
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","typ":"JWT","kid":"` + y.signer.ID + `"}`))
	text := header + "." + base64.RawURLEncoding.EncodeToString(payload)
	_ = text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(y.private, []byte(text)))
	return nil
}

// floorTokenVerify checks the signature, and reads the JSON.
func (y *yard) floorTokenVerify() error {
	end := bytes.LastIndexByte(y.token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(string(y.token[end+1:]))
	if err != nil {
		return err
	}
	if !ed25519.Verify(y.private.Public().(ed25519.PublicKey), y.token[:end], signature) {
		return errors.New("the signature does not fit")
	}
	payload, err := base64.RawURLEncoding.DecodeString(string(y.token[bytes.IndexByte(y.token, '.')+1 : end]))
	if err != nil {
		return err
	}
	var claims map[string]any
	return json.Unmarshal(payload, &claims)
}

// BenchmarkFloor is what the machine itself needs.
func BenchmarkFloor(b *testing.B) {
	y := newYard(b, 1)
	public := y.private.Public().(ed25519.PublicKey)
	message := make([]byte, 2*sha256.Size)
	signature := ed25519.Sign(y.private, message)
	ops := []struct {
		name string
		op   func() error
	}{
		{"sign", func() error { ed25519.Sign(y.private, message); return nil }},
		{"verify", func() error {
			if !ed25519.Verify(public, message, signature) {
				return errors.New("the signature does not fit")
			}
			return nil
		}},
		{"sha256", func() error { sha256.Sum256(y.canonical); return nil }},
		{"json-read", func() error { var value map[string]any; return json.Unmarshal(y.unsigned, &value) }},
		{"json-write", func() error { _, err := json.Marshal(y.value); return err }},
		{"integrity-issue", y.floorIssue},
		{"token-issue", y.floorToken},
		{"token-verify", y.floorTokenVerify},
	}
	for _, o := range ops {
		b.Run(o.name, func(b *testing.B) { perCPU(b, o.op) })
	}
}

func BenchmarkIntegrityIssue(b *testing.B) {
	y := newYard(b, 1)
	perCPU(b, func() error { _, err := y.issue(); return err })
}

func BenchmarkIntegrityIssueChecked(b *testing.B) { perCPU(b, newYard(b, 1).issueChecked) }

// BenchmarkIntegrityVerify makes every check, with the status list known; BenchmarkIntegrityVerifyCold judges the list anew.
func BenchmarkIntegrityVerify(b *testing.B) { perCPU(b, newYard(b, 1).verify) }

func BenchmarkIntegrityVerifyCold(b *testing.B) { perCPU(b, newYard(b, 1).verifyCold) }

func BenchmarkTokenIssue(b *testing.B) {
	y := newYard(b, 1)
	perCPU(b, func() error { _, err := y.issueToken(); return err })
}

// BenchmarkTokenRead reads a token and checks its signature alone; BenchmarkTokenVerify makes every check.
func BenchmarkTokenRead(b *testing.B) { perCPU(b, newYard(b, 1).readToken) }

func BenchmarkTokenVerify(b *testing.B) { perCPU(b, newYard(b, 1).verifyToken) }

// BenchmarkGrowth is the badge with more and more alignments and evidence.
func BenchmarkGrowth(b *testing.B) {
	for _, items := range []int{10, 100, 1000} {
		y := newYard(b, items)
		b.Run(fmt.Sprintf("issue/%d", items), func(b *testing.B) { perCPU(b, func() error { _, err := y.issue(); return err }) })
		b.Run(fmt.Sprintf("verify/%d", items), func(b *testing.B) { perCPU(b, y.verify) })
		b.Run(fmt.Sprintf("token/%d", items), func(b *testing.B) { perCPU(b, func() error { _, err := y.issueToken(); return err }) })
	}
}

// BenchmarkCores issues in as many goroutines as there are processors: run it with -cpu 1,2. LAUREL_BENCH_GC sets the
// collector in percent, in place of what the server does.
func BenchmarkCores(b *testing.B) {
	if text := os.Getenv("LAUREL_BENCH_GC"); text != "" {
		percent, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		defer debug.SetGCPercent(debug.SetGCPercent(percent))
	} else {
		defer calmCollector()()
	}
	y := newYard(b, 1)
	for name, op := range map[string]func() error{
		"issue":  func() error { _, err := y.issue(); return err },
		"verify": y.verify,
	} {
		b.Run(name, func(b *testing.B) {
			runtime.GC()
			before := processorTime()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := op(); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
			b.ReportMetric(float64(b.N)/(processorTime()-before).Seconds(), "ops/cpu-s")
			b.ReportMetric(residentMemory(os.Getpid()), "MiB-resident")
		})
	}
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
	row, err := json.Marshal(map[string][]byte{"document": referencedata.Badge(1)})
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
		return took, residentMemory(command.Process.Pid), nil
	}
	return 0, 0, fmt.Errorf("it did not start: %v", command.Wait())
}

// residentMemory is that of a process, in MiB; 0 where the system does not say.
func residentMemory(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	var kibibytes float64
	for line := range strings.Lines(string(text)) {
		_, _ = fmt.Sscanf(line, "VmRSS: %f kB", &kibibytes)
	}
	return kibibytes / 1024
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
	y := newYard(b, 1)
	document, _, _ := bytes.Cut(y.unsigned, []byte(`,"credentialStatus":`)) // the server would look for the list in the network
	sealed, err := proof.Seal(context.Background(), append(document, '}'), proof.SealOptions{Signer: y.signer, Created: time.Now()})
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
