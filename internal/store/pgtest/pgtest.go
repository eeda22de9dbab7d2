// Package pgtest gives tests a PostgreSQL server of their own, from the programs of the Debian package postgresql: nothing is
// mocked. It listens on a Unix socket in a temporary folder alone. A watching process ends it and removes the folder when the
// tests end, however they end.
package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Options say what kind of server New starts.
type Options struct {
	// Durable makes the server write as in production: what it commits is on disk. A server that is to be killed and started
	// again has to be durable.
	Durable bool
}

// Cluster is one running server with its databases.
type Cluster struct {
	programs string       // folder of initdb, postgres, pg_ctl and psql
	begin    func() error // starts the server at the first call
	folder   string       // everything of this server; the socket lies in it
	owner    *syscall.Credential
	guard    *exec.Cmd
	alive    io.Closer    // while it is open the guard waits
	count    atomic.Int64 // databases made

	mu     sync.Mutex
	server *exec.Cmd
	ended  chan struct{} // closed when server has ended
}

const (
	startWait = 60 * time.Second // two busy cores make initdb slow
	// userName is the superuser of every cluster.
	userName = "laurel"
)

var errNoPrograms = errors.New("no PostgreSQL server programs here: install the package postgresql")

var shared = sync.OnceValues(func() (*Cluster, error) { return prepare(Options{}) })

// Start returns the server that all tests of this process share. It starts with its first database. The test is skipped where no
// PostgreSQL is installed. Whoever wants to kill a server takes one from New.
func Start(t testing.TB) *Cluster {
	t.Helper()
	return orSkip(t, shared)
}

// New starts a server for this test alone and stops it with the test.
func New(t testing.TB, options Options) *Cluster {
	t.Helper()
	c := orSkip(t, func() (*Cluster, error) { return prepare(options) })
	if err := c.begin(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.stop)
	return c
}

func orSkip(t testing.TB, prepare func() (*Cluster, error)) *Cluster {
	t.Helper()
	c, err := prepare()
	if errors.Is(err, errNoPrograms) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Database makes an empty database and returns its URL.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	if err := c.begin(); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test%d", c.count.Add(1))
	// template0 is never connected to by others, which would refuse the copy.
	if err := c.run("psql", "-X", "-q", "-h", c.folder, "-U", userName, "-d", "postgres", "-c", "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	return c.url(name)
}

func (c *Cluster) url(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(userName), Path: "/" + database, RawQuery: url.Values{"host": {c.folder}}.Encode()}
	return u.String()
}

// Kill ends all processes of the server without warning, as kill -9 does.
func (c *Cluster) Kill(t testing.TB) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	killed := c.stopAll(t)
	c.signal(t, syscall.SIGKILL, append(slices.Clone(killed), c.server.Process.Pid))
	<-c.ended
	// The next start refuses as long as one of them has the shared memory.
	for deadline := time.Now().Add(startWait); slices.ContainsFunc(killed, running); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a killed process of the server does not end")
		}
	}
}

// Pause stops all processes of the server where they are, so that its connections stay and nothing answers, as when its network
// is cut. Resume lets them go on.
func (c *Cluster) Pause(t testing.TB) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.signal(t, syscall.SIGSTOP, c.stopAll(t))
}

// Resume lets the processes of a server that was paused go on.
func (c *Cluster) Resume(t testing.TB) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.signal(t, syscall.SIGCONT, append(children(c.server.Process.Pid), c.server.Process.Pid))
}

// stopAll stops the first process and returns the others. A stopped server starts no further ones, so that the list is complete.
func (c *Cluster) stopAll(t testing.TB) []int {
	t.Helper()
	c.signal(t, syscall.SIGSTOP, []int{c.server.Process.Pid})
	return children(c.server.Process.Pid)
}

func (c *Cluster) signal(t testing.TB, signal syscall.Signal, processes []int) {
	t.Helper()
	for _, pid := range processes {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
}

// Restart starts a server that was killed on the same data, and returns when it takes connections.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	if err := c.serve(); err != nil {
		t.Fatal(err)
	}
}

func prepare(options Options) (*Cluster, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	c := &Cluster{programs: programs}
	c.begin = sync.OnceValue(func() error { return c.start(options) })
	return c, nil
}

// start makes the files of the server and waits until it takes connections.
func (c *Cluster) start(options Options) error {
	// Not os.TempDir: the path of a socket is short, and another user has to reach it.
	folder, err := os.MkdirTemp("/tmp", "laurel-pg-")
	if err != nil {
		return err
	}
	c.folder = folder
	if err := c.leaveRoot(); err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	if err := c.watch(); err != nil {
		return errors.Join(err, os.RemoveAll(folder))
	}
	if err := c.initialise(options); err != nil {
		c.stop()
		return err
	}
	if err := c.serve(); err != nil {
		c.stop()
		return err
	}
	return nil
}

// findPrograms returns the folder of the newest server programs of the Debian packages, else the one in PATH.
func findPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	major := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	if len(found) > 0 {
		newest := slices.MaxFunc(found, func(a, b string) int { return major(a) - major(b) })
		return filepath.Dir(newest), nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", errNoPrograms
	}
	return filepath.Dir(path), nil
}

// leaveRoot gives the folder to an unprivileged user: PostgreSQL refuses to run as root.
func (c *Cluster) leaveRoot() error {
	if os.Geteuid() != 0 {
		return nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		if account, err = user.Lookup("nobody"); err != nil {
			return fmt.Errorf("finding a user to run PostgreSQL: %w", err)
		}
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return err
	}
	c.owner = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(c.folder, uid, gid)
}

// command is a program of PostgreSQL as the owner of the folder, in a session of its own: an interrupt from the keyboard is
// for the tests.
func (c *Cluster) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir = c.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner, Setsid: true}
	return cmd
}

func (c *Cluster) run(program string, args ...string) error {
	out, err := c.command(filepath.Join(c.programs, program), args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, bytes.TrimSpace(out))
	}
	return nil
}

// guardScript waits for the end of its input, which comes when the test process ends in whatever way, or closes it. A server
// that was killed has left its System V segment, whose number is on the seventh line of postmaster.pid.
const guardScript = `trap '' HUP INT TERM
cat >/dev/null
if [ -f data/postmaster.pid ]; then
	segment=$(sed -n 7p data/postmaster.pid | awk '{print $2}')
	kill -CONT "$(head -n 1 data/postmaster.pid)" # it may be paused
	"$1/pg_ctl" -D data -m immediate -w -t 30 stop
	[ -n "$segment" ] && ipcrm -m "$segment"
fi
cd /
for i in 1 2 3 4 5; do rm -rf "$2" && break; sleep 1; done
`

func (c *Cluster) watch() error {
	c.guard = c.command("/bin/sh", "-c", guardScript, "sh", c.programs, c.folder)
	input, err := c.guard.StdinPipe()
	if err != nil {
		return err
	}
	c.alive = input
	return c.guard.Start()
}

// stop ends the server and removes its folder.
func (c *Cluster) stop() {
	// What the guard could not do shows in what it left, not here: its end is not an answer.
	_ = c.alive.Close()
	_ = c.guard.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		<-c.ended
	}
}

// initialise makes the files of the server. The databases do not sort as bytes do, so that a column without a collation of
// its own is found by its order.
func (c *Cluster) initialise(options Options) error {
	args := []string{"-D", "data", "-U", userName, "-A", "trust", "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C.UTF-8"}
	if c.run("initdb", append(args, "--locale-provider=icu", "--icu-locale=en")...) != nil {
		if err := c.run("initdb", args...); err != nil { // before version 15, or built without ICU
			return err
		}
	}
	settings := []string{
		"listen_addresses = ''",
		"unix_socket_directories = '" + c.folder + "'",
		"dynamic_shared_memory_type = mmap", // in the folder, and so removed with it
		"max_connections = 200",
	}
	if !options.Durable {
		settings = append(settings, "fsync = off", "synchronous_commit = off", "full_page_writes = off")
	}
	file, err := os.OpenFile(filepath.Join(c.folder, "data", "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString("\n" + strings.Join(settings, "\n") + "\n")
	return errors.Join(err, file.Close())
}

// serve starts the server and waits until it takes connections.
func (c *Cluster) serve() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	log, err := os.OpenFile(filepath.Join(c.folder, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	server := c.command(filepath.Join(c.programs, "postgres"), "-D", "data")
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait() // killed servers end badly
		close(ended)
	}()
	c.server, c.ended = server, ended
	for deadline := time.Now().Add(startWait); !c.ready(server.Process.Pid); {
		select {
		case <-ended:
		case <-time.After(5 * time.Millisecond):
			if time.Now().Before(deadline) {
				continue
			}
		}
		said, _ := os.ReadFile(log.Name())
		return fmt.Errorf("PostgreSQL does not start: %s", said[max(0, len(said)-4000):])
	}
	return nil
}

// ready says whether the server takes connections: the first line of postmaster.pid is its process, the eighth its state.
func (c *Cluster) ready(pid int) bool {
	text, err := os.ReadFile(filepath.Join(c.folder, "data", "postmaster.pid"))
	lines := strings.Split(string(text), "\n")
	return err == nil && len(lines) >= 8 && lines[0] == strconv.Itoa(pid) && strings.TrimSpace(lines[7]) == "ready"
}

// children lists the processes whose parent is pid.
func children(pid int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var found []int
	for _, path := range stats {
		if _, parent := stat(path); parent == pid {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			found = append(found, child)
		}
	}
	return found
}

// running says whether the process is there and not merely waiting for its parent to notice its end.
func running(pid int) bool {
	state, _ := stat(fmt.Sprintf("/proc/%d/stat", pid))
	return state != "" && state != "Z"
}

// stat reads state and parent of a process, which follow its name in parentheses; "" when it is gone.
func stat(path string) (state string, parent int) {
	text, _ := os.ReadFile(path)
	_, rest, found := strings.Cut(string(text[max(0, bytes.LastIndexByte(text, ')')):]), ") ")
	if fields := strings.Fields(rest); found && len(fields) > 1 {
		state = fields[0]
		parent, _ = strconv.Atoi(fields[1])
	}
	return state, parent
}
