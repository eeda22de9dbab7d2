package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	serverOn    = 0 // number of the processor of what is measured
	generatorOn = 1 // of what asks
	connections = 16
	greeting    = "hello" // the scenario beside which the others stand
	readiness   = "ready" // the least that the server itself answers: no page, store and keys once a second, and what stands before every request
)

// scenario is one kind of request, asked for again and again.
type scenario struct {
	name    string
	address string
	process int
	ask     asking
	want    int     // status of each answer
	goal    float64 // answers a second
}

// measured is what a scenario came to in one round.
type measured struct {
	rate, cost, p50, p99 float64 // a second; µs of processor time each; ms; ms
	alone                float64 // p99 in those of the greeting, which was asked for alone in the same round
	ready                float64 // p99 of the server's readiness in ms, on one connection more, while the scenario was asked for
	resident             float64 // MiB, at its end
}

// rates measures how many requests a second one processor answers.
func rates(arguments []string) (err error) {
	flags := flag.NewFlagSet("rates", flag.ExitOnError)
	binary := flags.String("bin", "", "the program `FILE`; built when not given")
	rounds := flags.Int("rounds", 3, "how often each scenario has its turn")
	length := flags.Duration("length", 4*time.Second, "how long a turn is")
	only := flags.String("only", "", "`NAMES` of scenarios, separated by commas; all when not given")
	_ = flags.Parse(arguments) // it says what is wrong and ends the program
	if runtime.NumCPU() < 2 {
		return errors.New("it takes two processors: one for the server and one for what asks")
	}
	folder, err := os.MkdirTemp("", "laurel-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path, err := built(*binary, folder)
	if err != nil {
		return err
	}
	if err := stayOn(generatorOn); err != nil {
		return err
	}
	s, err := startSite(path, filepath.Join(folder, "data"), serverOn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end(s.command)) }()
	greeter, address, err := startHello()
	if err != nil {
		return err
	}
	defer func() { _ = greeter.Process.Kill() }()
	all, err := s.scenarios()
	if err != nil {
		return err
	}
	all = append([]scenario{{name: greeting, address: address, process: greeter.Process.Pid, ask: same(requestOf("GET", "/", nil)), want: 200}},
		slices.DeleteFunc(all, func(c scenario) bool { return *only != "" && !slices.Contains(strings.Split(*only, ","), c.name) })...)
	return measure(all, *rounds, *length)
}

// stayOn keeps this process on one processor.
func stayOn(processor int) error {
	runtime.GOMAXPROCS(1)
	if out, err := exec.Command("taskset", "-a", "-c", "-p", strconv.Itoa(processor), strconv.Itoa(os.Getpid())).CombinedOutput(); err != nil {
		return fmt.Errorf("choosing a processor: %w: %s", err, out)
	}
	return nil
}

func startHello() (*exec.Cmd, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	command, out, err := start(serverOn, os.Stderr, []string{self, greeting})
	if err != nil {
		return nil, "", err
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	return command, strings.TrimSpace(address), err
}

var readyRequest = requestOf("GET", "/readyz", nil)

// readyPause leaves the processor to what is measured: a connection that never paused would take a part of it.
const readyPause = 10 * time.Millisecond

// same asks for one thing.
func same(request []byte) asking { return func(int, int) []byte { return request } }

// scenarios are those of the server. What each needs is read first, and so has been asked for once.
func (s *site) scenarios() ([]scenario, error) {
	read := func(path string) ([]byte, error) { return get(s.address, requestOf("GET", path, nil)) }
	document, err := read("/c/" + s.award + ".json")
	if err != nil {
		return nil, err
	}
	token, err := read("/c/" + s.award + ".jwt")
	if err != nil {
		return nil, err
	}
	var badge struct {
		Issuer            struct{ ID string }
		CredentialStatus  []struct{ StatusListCredential string }
		CredentialSubject struct{ Achievement struct{ ID string } }
	}
	if err := json.Unmarshal(document, &badge); err != nil {
		return nil, fmt.Errorf("reading the badge: %w", err)
	}
	if len(badge.CredentialStatus) == 0 {
		return nil, errors.New("the badge names no status list")
	}
	_, list, _ := strings.Cut(badge.CredentialStatus[0].StatusListCredential, "/status/")
	_, achievement, _ := strings.Cut(badge.CredentialSubject.Achievement.ID, "/a/")
	secret, err := s.laurel("token", "new", "--name", "load", "--scope", "write")
	if err != nil {
		return nil, err
	}
	order, err := json.Marshal(map[string]any{"achievement": achievement, "recipient": map[string]string{"email": "kim@example.org", "name": "Kim Lee"}})
	if err != nil {
		return nil, err
	}
	const anything = "Accept: application/json"
	fmt.Printf("The badge has %d bytes, its token %d.\n", len(document), len(token))
	all := []scenario{
		{name: readiness, ask: same(readyRequest)},
		{name: "verify-di", ask: manyVisitors("POST", "/verify", document, anything, "Content-Type: application/vc"), goal: 1500},
		{name: "verify-jwt", ask: manyVisitors("POST", "/verify", token, anything, "Content-Type: application/jwt"), goal: 3500},
		{name: "status", ask: manyVisitors("GET", "/status/"+list, nil), goal: 20000},
		{name: "page", goal: 8000, ask: manyVisitors("GET", "/c/"+s.award, nil, "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
			"Accept-Language: en-US,en;q=0.5", "Accept-Encoding: gzip, deflate, br, zstd")},
		{name: "award", want: 201, goal: 20 * 78, ask: manyVisitors("POST", "/api/v1/credentials", order, anything, "Content-Type: application/json", "Authorization: Bearer "+secret)},
	}
	for i := range all {
		all[i].address, all[i].process = s.address, s.command.Process.Pid
		if all[i].want == 0 {
			all[i].want = 200
		}
	}
	return all, nil
}

// measure gives each scenario its turns, and prints the medians.
func measure(all []scenario, rounds int, length time.Duration) error {
	found := make([][]measured, len(all))
	for round := range rounds + 1 { // the first warms up
		length := length
		if round == 0 {
			length = time.Second
		}
		greeted := 0.0 // p99 of the greeting in this round
		for i, c := range all {
			m, err := c.turn(length)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if c.name == greeting {
				greeted = m.p99
			}
			if m.alone = m.p99 / greeted; round > 0 {
				found[i] = append(found[i], m)
			}
		}
	}
	fmt.Printf("\nMedians of %d rounds of %s, %d connections, the server on one processor; beside them one that asks it for its readiness.\n", rounds, length, connections)
	head(os.Stdout, "scenario", "requests/s", "goal", "µs of processor each", "p50 ms", "p99 ms", "p99 beside hello alone", "p99 ms of readiness meanwhile", "p99 beside it", "resident MiB, first", "last")
	for i, c := range all {
		of := func(value func(measured) float64) float64 { return median(found[i], value) }
		goal := math.NaN()
		if c.goal > 0 {
			goal = c.goal
		}
		row(os.Stdout, c.name, of(func(m measured) float64 { return m.rate }), goal, of(func(m measured) float64 { return m.cost }), of(func(m measured) float64 { return m.p50 }),
			of(func(m measured) float64 { return m.p99 }), of(func(m measured) float64 { return m.alone }), of(func(m measured) float64 { return m.ready }),
			of(func(m measured) float64 { return m.p99 / m.ready }), found[i][0].resident, found[i][len(found[i])-1].resident)
	}
	return nil
}

// turn drives one scenario, and asks for the readiness of the server meanwhile. Any answer but the one that is wanted is a failure.
func (c scenario) turn(length time.Duration) (m measured, err error) {
	before, err := stateOf(c.process)
	if err != nil {
		return m, err
	}
	var ready driven
	var group sync.WaitGroup
	if c.name != greeting { // it has a process of its own
		group.Go(func() { ready = drive(c.address, 1, length, readyPause, same(readyRequest)) })
	}
	d := drive(c.address, connections, length, 0, c.ask)
	group.Wait()
	after, err := stateOf(c.process)
	if err = errors.Join(err, d.failed, ready.failed); err != nil {
		return m, err
	}
	if d.took.count == 0 || d.statuses[c.want] != d.took.count || ready.statuses[200] != ready.took.count {
		return m, fmt.Errorf("answers by status: %v; of its readiness: %v", d.statuses, ready.statuses)
	}
	m = measured{rate: d.rate(), cost: float64((after.processor - before.processor).Microseconds()) / float64(d.took.count),
		p50: ms(d.took.within(0.5)), p99: ms(d.took.within(0.99)), ready: math.NaN(), resident: after.resident}
	if ready.took.count > 0 {
		m.ready = ms(ready.took.within(0.99))
	}
	return m, nil
}

func median(all []measured, value func(measured) float64) float64 {
	values := make([]float64, len(all))
	for i, m := range all {
		values[i] = value(m)
	}
	return middleOf(values)
}
