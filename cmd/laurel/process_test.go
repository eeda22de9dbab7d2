package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/people"
)

// process is the built program, serving.
type process struct {
	command  *exec.Cmd
	address  string        // http://127.0.0.1:PORT
	metrics  string        // address of its counters; "" when it has none
	finished int           // awards that it says it finished at its start
	first    string        // the link for the first account; "" where there is one already
	took     time.Duration // to start
	log      complaints
	ended    bool
}

// builtProgram is the program as it is shipped, without what a test adds to its own process. It is built once for all tests.
var builtProgram = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "laurel-built-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "laurel")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return path, fmt.Errorf("building laurel: %w\n%s", err, out)
	}
	return path, nil
})

// building is set by the first test that wants the program.
var building atomic.Bool

// removing takes the program away when all tests are done.
type removing struct{ *testing.M }

// Run runs the tests.
func (m removing) Run() int {
	defer func() {
		if building.Load() {
			path, _ := builtProgram()
			_ = os.RemoveAll(filepath.Dir(path))
		}
	}()
	return m.M.Run()
}

// buildBinary gives the path of the built program.
func buildBinary(t testing.TB) string {
	t.Helper()
	building.Store(true)
	path, err := builtProgram()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// complaints are the lines of a server's log that an operator would have to look at: errors, and what is no entry at all,
// such as a panic.
type complaints struct {
	mu    sync.Mutex
	rest  []byte // of a line that has not ended
	lines []string
}

// Write implements [io.Writer].
func (c *complaints) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rest = append(c.rest, p...)
	for {
		line, rest, ended := bytes.Cut(c.rest, []byte("\n"))
		if !ended {
			return len(p), nil
		}
		c.rest = rest
		var entry struct{ Level string }
		if err := json.Unmarshal(line, &entry); err != nil || entry.Level == "ERROR" {
			c.lines = append(c.lines, string(line))
		}
	}
}

// String returns the lines so far.
func (c *complaints) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.lines, "\n")
}

// startBinary starts the built program on a free port and waits until it has greeted. It is killed at the end of the test.
func startBinary(t testing.TB, binary, folder string, flags ...string) *process {
	t.Helper()
	p := &process{command: exec.Command(binary, append([]string{"serve", "--data", folder, "--listen", "127.0.0.1:0"}, flags...)...)}
	p.command.Env = []string{"PATH=" + os.Getenv("PATH")}
	p.command.Stderr = &p.log
	printed, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.kill(t) })
	waited := time.AfterFunc(patience, func() { _ = p.command.Process.Kill() })
	defer waited.Stop()
	for lines := bufio.NewScanner(printed); lines.Scan(); {
		if _, address, found := strings.Cut(lines.Text(), " metrics "); found {
			p.metrics = strings.TrimSpace(address)
		}
		if text := strings.TrimSpace(lines.Text()); strings.Contains(text, people.PathFirst) {
			p.first = text
		}
		_, _ = fmt.Sscanf(lines.Text(), "Finished %d awards", &p.finished)
		if _, address, found := strings.Cut(lines.Text(), "running on "); found {
			p.address = strings.TrimSpace(address)
		}
		if lines.Text() == greeted {
			p.took = time.Since(begun)
			go func() { _, _ = io.Copy(io.Discard, printed) }()
			return p
		}
	}
	p.kill(t)
	t.Fatalf("laurel serve did not start:\n%s", &p.log)
	return nil
}

// kill ends the program on the spot, as the power does.
func (p *process) kill(t testing.TB) {
	t.Helper()
	if p.ended {
		return
	}
	p.ended = true
	if err := p.command.Process.Kill(); err != nil {
		t.Errorf("laurel serve had ended by itself: %v", err)
	}
	_ = p.command.Wait()
}

// get reads what stands at a path; it has to be there.
func (p *process) get(t testing.TB, path string) []byte {
	t.Helper()
	response, err := http.Get(p.address + path)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("%s answers %s, error %v", path, response.Status, err)
	}
	return body
}
