package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/laurelbadges/laurel/contexts"
	"github.com/laurelbadges/laurel/internal/referencedata"
)

const (
	peersHome = "../../testdata/npm-peers"
	peersTurn = 1500 * time.Millisecond // of one contender in one round
	peersWarm = 3 * time.Second         // for a peer's compiler, before the first round
	badgeRule = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
)

// contender is one side of a measurement: Laurel, the floor, or a peer. Either op or run is set.
type contender struct {
	name string
	does string
	op   func() error
	run  string // the name that the peers' process knows
}

// contest is a ratio that has a goal.
type contest struct {
	name         string
	ours, theirs string  // names of contenders
	goal         float64 // how many times as many operations as theirs; below 1: at least that share of the floor
}

func (y *yard) contenders() []contender {
	return []contender{
		{name: "laurel di issue", does: "strict reading, every word known, canonical form, signature; bytes to bytes",
			op: func() error { _, err := y.issue(); return err }},
		{name: "laurel di issue+check", does: "the same, and the check of what was signed that the product makes", op: y.issueChecked},
		{name: "laurel di verify", does: "all eleven steps: strict reading, rules of Open Badges, did:key, signature, dates, status by a list that is known", op: y.verify},
		{name: "laurel di verify+list", does: "the same, with the list's own signature and bits anew each time", op: y.verifyCold},
		{name: "laurel jwt issue", does: "strict reading, claims, signature; bytes to bytes", op: func() error { _, err := y.issueToken(); return err }},
		{name: "laurel jwt read", does: "strict reading of header and payload, signature", op: y.readToken},
		{name: "laurel jwt verify", does: "all eleven steps, as for di", op: y.verifyToken},
		{name: "floor di issue", does: "JSON to a map and back, two hashes of canonical bytes that are given, signature; checks nothing", op: y.floorIssue},
		{name: "floor jwt issue", does: "a map to JSON, base64, signature; checks nothing", op: y.floorToken},
		{name: "floor jwt verify", does: "base64, signature, JSON to a map; checks nothing else", op: y.floorTokenVerify},
		{name: "digitalbazaar issue", does: "JSON, safe mode, canonical form, signature", run: "issue"},
		{name: "digitalbazaar verify", does: "JSON, did:key, canonical form, signature, dates; status taken as good; no rules of Open Badges", run: "verify"},
		{name: "digitalbazaar verify+list", does: "the same, with the signed status list anew each time", run: "verifyWithStatus"},
		{name: "verifier-core verify", does: "JSON, did:key, canonical form, signature, dates, signed status list anew each time%s; no registries", run: "verifierCore"},
		{name: "jose sign", does: "JSON.stringify, signature; no claims made", run: "joseSign"},
		{name: "jose verify", does: "signature, JSON.parse, dates; no credential looked at", run: "joseVerify"},
	}
}

var contests = []contest{
	{"DI issue", "laurel di issue", "digitalbazaar issue", 40},
	{"DI issue with its check", "laurel di issue+check", "digitalbazaar issue", 0},
	{"DI verify, every check", "laurel di verify", "digitalbazaar verify", 30},
	{"DI verify, list anew", "laurel di verify+list", "digitalbazaar verify+list", 0},
	{"DI verify, every check", "laurel di verify", "verifier-core verify", 40},
	{"DI verify, list anew", "laurel di verify+list", "verifier-core verify", 0},
	{"JWT issue", "laurel jwt issue", "jose sign", 2},
	{"JWT read", "laurel jwt read", "jose verify", 1.4},
	{"JWT verify, every check", "laurel jwt verify", "jose verify", 0},
	{"DI issue", "laurel di issue", "floor di issue", 1 / 1.7},
	{"JWT issue", "laurel jwt issue", "floor jwt issue", 1 / 1.2},
	{"JWT read", "laurel jwt read", "floor jwt verify", 1 / 1.2},
	{"JWT verify, every check", "laurel jwt verify", "floor jwt verify", 0},
}

// measured is what a contender did in one round.
type measured struct {
	perCPU   float64 // operations per second of processor time
	p50, p99 time.Duration
}

// TestPeers measures Laurel, the floor of the machine and the peers in turns, and prints the table of docs/performance.md.
// LAUREL_PEERS is the number of rounds (make bench-peers); without it nothing runs.
func TestPeers(t *testing.T) {
	text := os.Getenv("LAUREL_PEERS")
	if text == "" {
		t.Skip("skipped: make bench-peers runs it")
	}
	rounds, err := strconv.Atoi(text)
	if err != nil || rounds < 1 {
		t.Fatalf("LAUREL_PEERS: %q is not a number of rounds", text)
	}
	if _, err := os.Stat(filepath.Join(peersHome, "node_modules")); err != nil {
		t.Fatal("the peers are not installed: make bench-peers does it")
	}
	defer calmCollector()()
	y := newYard(t, 1)
	p := startPeers(t, y)
	all := y.contenders()
	results := map[string][]measured{}
	for _, c := range all { // everything that is made at the first call is there from here on
		if _, err := p.measure(t, c, peersWarm); err != nil {
			t.Fatal(err)
		}
	}
	for range rounds {
		for _, c := range all {
			m, err := p.measure(t, c, peersTurn)
			if err != nil { // a machine that stands still for a second keeps a check from its end
				t.Logf("measured again: %v", err)
				if m, err = p.measure(t, c, peersTurn); err != nil {
					t.Fatal(err)
				}
			}
			results[c.name] = append(results[c.name], m)
		}
	}
	printPeers(os.Stdout, all, results, p.schema)
}

// peers is the process that holds them.
type peers struct {
	in     io.Writer
	out    *bufio.Scanner
	schema bool // verifier-core has the JSON Schema of Open Badges
}

func startPeers(t *testing.T, y *yard) *peers {
	t.Helper()
	given := struct {
		Contexts  map[string]string `json:"contexts"`
		Documents map[string]string `json:"documents"`
		Seed      string            `json:"seed"`
		Unsigned  string            `json:"unsigned"`
		Sealed    string            `json:"sealed"`
		Token     string            `json:"token"`
		Payload   map[string]any    `json:"payload"`
	}{map[string]string{}, map[string]string{referencedata.BadgeList: string(y.list)}, base64.StdEncoding.EncodeToString(y.private.Seed()),
		string(y.unsigned), string(y.sealed), string(y.token), y.claims}
	for _, c := range contexts.All() {
		given.Contexts[c.URL] = string(c.JSON)
	}
	p := &peers{}
	t.Run("schema", func(t *testing.T) { // skipped where the reference data is absent
		given.Documents[badgeRule] = string(referencedata.File(t, "schemas/json-ld-2025-11/ob_v3p0_achievementcredential_schema.json"))
		p.schema = true
	})
	command := exec.CommandContext(t.Context(), "node", "peers.mjs")
	command.Dir, command.Stderr = peersHome, os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
	})
	p.in, p.out = in, bufio.NewScanner(out)
	if p.ask(t, given); t.Failed() {
		t.FailNow()
	}
	return p
}

type peerAnswer struct {
	Operations float64 `json:"operations"`
	CPU        float64 `json:"cpuMicroseconds"`
	P50        float64 `json:"p50"`
	P99        float64 `json:"p99"`
	Error      string  `json:"error"`
}

func (p *peers) ask(t *testing.T, question any) (a peerAnswer) {
	t.Helper()
	if err := json.NewEncoder(p.in).Encode(question); err != nil {
		t.Fatal(err)
	}
	if !p.out.Scan() {
		t.Fatal("the peers' process ended")
	}
	if err := json.Unmarshal(p.out.Bytes(), &a); err != nil {
		t.Fatalf("%s: %v", p.out.Text(), err)
	}
	return a
}

// measure runs one contender for a while.
func (p *peers) measure(t *testing.T, c contender, turn time.Duration) (measured, error) {
	t.Helper()
	if c.op == nil {
		a := p.ask(t, map[string]any{"run": c.run, "milliseconds": turn.Milliseconds()})
		if a.Error != "" {
			return measured{}, fmt.Errorf("%s: %s", c.name, a.Error)
		}
		milliseconds := func(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }
		return measured{a.Operations / a.CPU * 1e6, milliseconds(a.P50), milliseconds(a.P99)}, nil
	}
	var took []time.Duration
	cpu := processorTime()
	for now, end := time.Now(), time.Now().Add(turn); now.Before(end); {
		if err := c.op(); err != nil {
			return measured{}, fmt.Errorf("%s: %w", c.name, err)
		}
		then := time.Now()
		took = append(took, then.Sub(now))
		now = then
	}
	cpu = processorTime() - cpu
	slices.Sort(took)
	return measured{float64(len(took)) / cpu.Seconds(), took[len(took)/2], took[len(took)*99/100]}, nil
}

func printPeers(w io.Writer, all []contender, results map[string][]measured, schema bool) {
	out := &bytes.Buffer{}
	defer func() {
		for line := range strings.Lines(out.String()) {
			fmt.Fprintln(w, strings.TrimRight(line, " \n"))
		}
	}()
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(format string, arguments ...any) { fmt.Fprintf(table, format+"\n", arguments...) }
	middle := func(of []measured, by func(measured) float64) (low, median, high float64) {
		var values []float64
		for _, m := range of {
			values = append(values, by(m))
		}
		slices.Sort(values)
		return values[0], values[len(values)/2], values[len(values)-1]
	}
	line("contender\toperations per CPU-second [min-max]\tp50\tp99")
	for _, c := range all {
		low, median, high := middle(results[c.name], func(m measured) float64 { return m.perCPU })
		_, p50, _ := middle(results[c.name], func(m measured) float64 { return float64(m.p50) })
		_, p99, _ := middle(results[c.name], func(m measured) float64 { return float64(m.p99) })
		line("%s\t%.0f [%.0f-%.0f]\t%s\t%s", c.name, median, low, high, short(p50), short(p99))
	}
	_ = table.Flush()
	fmt.Fprintln(out)
	line("measured\tbeside\tratio [min-max]\tgoal\t")
	for _, c := range contests {
		low, median, high := ratio(results[c.ours], results[c.theirs], c.theirs)
		goal, met := "", ""
		onFloor := strings.HasPrefix(c.theirs, "floor")
		switch {
		case c.goal == 0:
		case onFloor:
			goal, met = fmt.Sprintf("<= %.1f x", 1/c.goal), whether(median <= 1/c.goal)
		default:
			goal, met = fmt.Sprintf(">= %g x", c.goal), whether(median >= c.goal)
		}
		unit := "as many"
		if onFloor {
			unit = "the time"
		}
		line("%s\t%s\t%.2f x %s [%.2f-%.2f]\t%s\t%s", c.name, c.theirs, median, unit, low, high, goal, met)
	}
	_ = table.Flush()
	fmt.Fprintln(out, "\nwhat each does in one operation:")
	for _, c := range all {
		does := c.does
		if strings.Contains(does, "%s") {
			rules := " (the JSON Schema of Open Badges was not at hand)"
			if schema {
				rules = ", JSON Schema of Open Badges"
			}
			does = fmt.Sprintf(does, rules)
		}
		fmt.Fprintf(out, "  %-26s %s\n", c.name, does)
	}
}

// ratio compares round by round: how many times as many operations as theirs, or as long as the floor.
func ratio(ours, theirs []measured, name string) (low, median, high float64) {
	var values []float64
	for i := range ours {
		r := ours[i].perCPU / theirs[i].perCPU
		if strings.HasPrefix(name, "floor") {
			r = 1 / r
		}
		values = append(values, r)
	}
	slices.Sort(values)
	return values[0], values[len(values)/2], values[len(values)-1]
}

func whether(met bool) string {
	if met {
		return "met"
	}
	return "missed"
}

// short is a duration with as many digits as mean anything.
func short(nanoseconds float64) string {
	return fmt.Sprintf("%.3g ms", nanoseconds/1e6)
}
