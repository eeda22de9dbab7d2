package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

const (
	loadSeconds = 5                // LAUREL_LOAD_SECONDS sets another number (make load)
	visitors    = 6                // who ask for what is good, each again and again
	goodWithin  = 10 * time.Second // 99 of 100 good answers, with LAUREL_LOAD_SECONDS
	residentMax = 256              // MiB, when the hostile ones have gone
)

// TestLoad: good requests are answered rightly while hostile ones do their worst, nothing is ever answered with 5xx, and when
// the hostile ones have gone the server is as small as before.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: it loads a server for some ten seconds")
	}
	if runtime.GOOS != "linux" {
		t.Skip("skipped: it reads /proc")
	}
	seconds := loadSeconds
	if text := os.Getenv("LAUREL_LOAD_SECONDS"); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil {
			t.Fatalf("LAUREL_LOAD_SECONDS: %v", err)
		}
	}
	folder := t.TempDir()
	p := startBinary(t, buildBinary(t), folder, "--sample", "--metrics-listen", "127.0.0.1:0")
	s := newScene(t, p, folder)
	attacks := s.attacks()
	for n := range s.good { // what is made at the first call is there from here on
		s.visit(t, s.steady, n)
	}
	before := p.measure(t)

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	time.AfterFunc(time.Duration(seconds)*time.Second, stop)
	var group sync.WaitGroup
	held := s.holdSockets(ctx, t, &group)
	for _, a := range attacks {
		group.Go(func() {
			for turn := 0; ctx.Err() == nil; turn++ {
				s.strike(ctx, t, a, turn)
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	for visitor := range visitors {
		client := s.steady
		if visitor == 0 {
			client = s.newcomer
		}
		group.Go(func() {
			for n := visitor; ctx.Err() == nil; n++ {
				s.visit(t, client, n)
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	group.Wait()
	peak := p.measure(t)
	s.steady.CloseIdleConnections()
	s.report(t)
	after := p.settle(t, before)
	t.Logf("%d slow sockets; %v before, %v at the end, %v when it was over", held, before, peak, after)
	for n := range s.good {
		s.visit(t, s.steady, n)
	}
	if said := p.log.String(); said != "" {
		t.Errorf("the server complained:\n%s", said)
	}
}

// scene is a server with a badge in force and a revoked one, and what happened to those who asked it.
type scene struct {
	process          *process
	inForce, revoked issuer.Credential
	good             []goodRequest
	steady, newcomer *http.Client // on connections that stay, and on a new one each time

	mu                  sync.Mutex
	tookSteady, tookNew []time.Duration             // of good answers; guarded by mu
	undecided           int                         // guarded by mu
	answers             map[string]map[int]struct{} // of attacks: name -> statuses; guarded by mu
	struck              int                         // guarded by mu
}

func newScene(t *testing.T, p *process, folder string) *scene {
	t.Helper()
	office := control.Dial(t.Context(), folder)
	if office == nil {
		t.Fatal("the private socket does not answer")
	}
	award := func() issuer.Credential {
		c, err := office.Issue(t.Context(), issuer.AwardInput{Recipient: "kim@example.org", Name: "Kim Lee", Actor: "load test"})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	s := &scene{process: p, inForce: award(), revoked: award(), answers: map[string]map[int]struct{}{},
		steady:   &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: visitors}},
		newcomer: &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}}
	if _, err := office.Revoke(t.Context(), s.revoked.ID, "Given by mistake.", "load test"); err != nil {
		t.Fatal(err)
	}
	picture := p.get(t, "/c/"+s.inForce.ID+".png")
	s.good = []goodRequest{
		{path: "/c/" + s.inForce.ID, right: mentions("Kim Lee")},
		{path: "/c/" + s.inForce.ID + ".json", right: equals(s.inForce.JSON)},
		{path: "/c/" + s.inForce.ID + ".jwt", right: mentions(s.inForce.JWT)},
		{path: "/c/" + s.inForce.ID + ".png", right: equals(picture)},
		{path: "/status/" + s.inForce.Slot.Revocation, right: func(body []byte) error {
			if set, err := decodedList(t, body).Get(s.revoked.Slot.Index); err != nil || !set {
				return fmt.Errorf("the list does not show the revocation: %w", err)
			}
			return nil
		}},
		{path: "/verify", right: mentions("<form")},
		{path: "/verify", media: "application/json", body: s.inForce.JSON, right: judged(verifier.Yes)},
		{path: "/verify", media: "application/jwt", body: []byte(s.inForce.JWT), right: judged(verifier.Yes)},
		{path: "/verify", media: "image/png", body: picture, right: judged(verifier.Yes)},
		{path: "/verify", media: "application/vc", body: s.revoked.JSON, right: judged(verifier.No)},
	}
	return s
}

// goodRequest is a GET, or a POST where it has a body, whose answer is known.
type goodRequest struct {
	path, media string
	body        []byte
	right       func(body []byte) error
}

func mentions(text string) func([]byte) error {
	return func(body []byte) error {
		if !bytes.Contains(body, []byte(text)) {
			return fmt.Errorf("%.40q is missing in %.200q", text, body)
		}
		return nil
	}
}

func equals(want []byte) func([]byte) error {
	return func(body []byte) error {
		if !bytes.Equal(body, want) {
			return fmt.Errorf("another document: %.200q", body)
		}
		return nil
	}
}

// errUndecided is the honest answer of a machine that had no time: the verifier bounds its work by the clock.
var errUndecided = errors.New("undecided for want of time")

// judged is a report on an authentic badge.
func judged(inForce verifier.Answer) func([]byte) error {
	return func(body []byte) error {
		var report verifier.Report
		if err := json.Unmarshal(body, &report); err != nil {
			return err
		}
		if report.Authentic == verifier.Yes && report.InForce == inForce {
			return nil
		}
		var found []verifier.Check
		for _, c := range report.Checks {
			if c.Outcome == verifier.NotKnown && c.Code == strict.CodeTooComplex {
				return errUndecided
			}
			if c.Outcome != verifier.Pass && c.Outcome != verifier.NotApplicable {
				found = append(found, c)
			}
		}
		return fmt.Errorf("authentic %s, in force %s, want %s: %+v", report.Authentic, report.InForce, inForce, found)
	}
}

// visit makes the good request of this number and looks at the answer.
func (s *scene) visit(t *testing.T, client *http.Client, number int) {
	good := s.good[number%len(s.good)]
	method := http.MethodGet
	if good.body != nil {
		method = http.MethodPost
	}
	request, err := http.NewRequest(method, s.process.address+good.path, bytes.NewReader(good.body))
	if err != nil {
		t.Error(err)
		return
	}
	if good.body != nil {
		request.Header.Set("Content-Type", good.media)
		request.Header.Set("Accept", "application/json")
	}
	begun := time.Now()
	response, err := client.Do(request)
	if err != nil {
		t.Errorf("a good request: %v", err)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	took := time.Since(begun)
	if err == nil && response.StatusCode == http.StatusOK {
		err = good.right(body)
	}
	undecided := errors.Is(err, errUndecided)
	if undecided {
		err = nil
	}
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("%s %s: %s, %v", method, good.path, response.Status, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if undecided {
		s.undecided++
	}
	if client == s.steady {
		s.tookSteady = append(s.tookSteady, took)
	} else {
		s.tookNew = append(s.tookNew, took)
	}
}

// report logs how fast good answers came, and what hostile requests were answered.
func (s *scene) report(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	timed := os.Getenv("LAUREL_LOAD_SECONDS") != "" // else a slow machine may take longer
	for name, took := range map[string][]time.Duration{"on connections that stay": s.tookSteady, "on new connections": s.tookNew} {
		if len(took) == 0 {
			t.Errorf("no good answers %s", name)
			continue
		}
		slices.Sort(took)
		half, most := took[len(took)/2], took[len(took)*99/100]
		t.Logf("%d good answers %s: half within %v, 99 of 100 within %v, the last %v", len(took), name, half, most, took[len(took)-1])
		if timed && most > goodWithin {
			t.Errorf("good requests %s took too long", name)
		}
	}
	if all := len(s.tookSteady) + len(s.tookNew); timed && s.undecided > all/10 {
		t.Errorf("%d of %d good answers were undecided", s.undecided, all)
	}
	t.Logf("%d were undecided for want of time; %d hostile requests", s.undecided, s.struck)
	for name, statuses := range s.answers {
		var list []int
		for status := range statuses {
			list = append(list, status)
		}
		slices.Sort(list)
		t.Logf("  %-28s %v", name, list)
		if len(list) == 1 && list[0] == 0 && !strings.HasPrefix(name, "half") {
			t.Errorf("%s: never answered", name)
		}
	}
}

// size is how large a process is.
type size struct {
	resident            float64 // MiB
	files, work, thread int     // open files, goroutines, threads
}

func (s size) String() string {
	return fmt.Sprintf("%.0f MiB, %d files, %d goroutines, %d threads", s.resident, s.files, s.work, s.thread)
}

func (p *process) measure(t testing.TB) (found size) {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d/", p.command.Process.Pid)
	text, err := os.ReadFile(proc + "status")
	if err != nil {
		t.Fatalf("the server is gone: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &found.resident); err == nil {
			found.resident /= 1024
		}
		_, _ = fmt.Sscanf(line, "Threads: %d", &found.thread)
	}
	files, err := os.ReadDir(proc + "fd")
	if err != nil {
		t.Fatal(err)
	}
	found.files = len(files)
	response, err := http.Get(p.metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		_, _ = fmt.Sscanf(lines.Text(), "go_goroutines %d", &found.work)
	}
	return found
}

// settle waits until the server is about as small as it was.
func (p *process) settle(t *testing.T, before size) (now size) {
	t.Helper()
	const slack = 10
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(100 * time.Millisecond) {
		now = p.measure(t)
		if now.resident <= residentMax && now.files <= before.files+slack && now.work <= before.work+slack {
			return now
		}
	}
	t.Errorf("the server stays at %v; it was %v, and at most %d MiB are allowed", now, before, residentMax)
	return now
}

// openFiles raises the limit of open files of this process, and says how many it may have.
func openFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 256
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	}
	return int(min(limit.Cur, 1<<20))
}
