package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/laurelbadges/laurel/verifier"
)

func TestMain(m *testing.M) { testscript.Main(removing{m}, map[string]func(){"laurel": main}) }

// unsigned is a credential that lies ready in every script, with ISSUER where the id of its issuer belongs.
const unsigned = "reading.json"

// hasty lets a program under the race detector end without a second's wait.
const hasty = "atexit_sleep_ms=1"

// TestScripts runs testdata/script/*.txt: every command, its good and its bad path. What each helper does stands at its
// function; those that print can be followed by `stdout`, `stderr` and `cmp` as a program can.
func TestScripts(t *testing.T) {
	document, err := os.ReadFile(filepath.Join("testdata", "script", unsigned))
	if err != nil {
		t.Fatal(err)
	}
	folder, chosen := "testdata/script", []string(nil)
	if testing.Short() { // beside the race detector: where goroutines meet
		for _, name := range []string{"serve_[!p]*", "serve_public", "issue"} {
			found, err := filepath.Glob(filepath.Join(folder, name+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			chosen = append(chosen, found...)
		}
		folder = ""
	}
	testscript.Run(t, testscript.Params{
		Dir:                folder,
		Files:              chosen,
		RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": serveBeside, "shutdown": shutdown, "crash": crash, "get": get, "post": post,
			"exits": exits, "certificate": selfSigned, "shows": shows, "hangup": hangup, "json": jsonIs, "check": checkIs, "let": let, "replace": replace, "png": pngFile, "mode": modeIs, "until": until,
		},
		Setup: func(env *testscript.Env) error {
			if err := os.WriteFile(filepath.Join(env.WorkDir, unsigned), document, 0o600); err != nil {
				return err
			}
			env.Setenv("GORACE", hasty)
			beside := &server{}
			env.Values[serverKey{}] = beside
			env.Defer(func() {
				if err := beside.end(os.Interrupt); err != nil {
					env.T().Fatal(err)
				}
			})
			return nil
		},
	})
}

type serverKey struct{}

// server is the `laurel serve` that runs beside a script; one at a time.
type server struct {
	command  *exec.Cmd // nil: none is running
	folder   string
	out      bytes.Buffer
	err      journal
	finished chan error
}

// journal is what a server writes to standard error, read while it writes.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// visitor believes the certificates that scripts make.
var visitor = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // self-signed

// patience is how long a test waits for a server, to start, to stop, or to answer: long enough for a slow machine that does much else. It
// says nothing of how fast a server is to be.
const patience = 2 * time.Minute

// greeted is the last line that serve prints when it has started.
const greeted = "Stop with Ctrl-C."

// twins are the environment variables that scripts set for serve.
var twins = []string{"LAUREL_DATA", "LAUREL_SAMPLE", "LAUREL_PUBLIC_URL", "LAUREL_ORGANISATION", "LAUREL_PASSPHRASE_FILE", "LAUREL_STORE", "LAUREL_KEYS"}

// serveBeside is `serve FOLDER [flag...]`: it starts `laurel serve --data FOLDER` on a free port and waits until it answers.
// What it prints is standard output; $SERVER is its address. With FOLDER "-" the environment names the folder. It is stopped
// at the end of the script, if not before, and has to end well.
func serveBeside(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(serverKey{}).(*server)
	if neg || len(args) == 0 || s.command != nil {
		ts.Fatalf("usage: serve FOLDER [flag...], one at a time")
	}
	flags := []string{"serve", "--listen", "127.0.0.1:0"}
	folder := args[0]
	if folder == "-" {
		folder = ts.Getenv("LAUREL_DATA")
	} else {
		flags = append(flags, "--data", folder)
	}
	*s = server{folder: ts.MkAbs(folder), finished: make(chan error, 1)}
	command := exec.Command("laurel", append(flags, args[1:]...)...)
	command.Dir = ts.MkAbs(".")
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "GORACE=" + hasty}
	for _, name := range twins {
		if value := ts.Getenv(name); value != "" {
			command.Env = append(command.Env, name+"="+value)
		}
	}
	command.Stderr = &s.err
	printed, err := command.StdoutPipe()
	ts.Check(err)
	ts.Check(command.Start())
	s.command = command
	ready := make(chan bool, 1)
	go func() {
		for lines := bufio.NewScanner(printed); lines.Scan(); {
			fmt.Fprintln(&s.out, lines.Text())
			if lines.Text() == greeted {
				ready <- true
				break
			}
		}
		_, _ = io.Copy(io.Discard, printed)
		s.finished <- command.Wait()
	}()
	select {
	case <-ready:
	case err := <-s.finished:
		s.command = nil
		ts.Fatalf("laurel serve ended: %v\n%s%s", err, &s.out, &s.err)
	case <-time.After(patience):
		ts.Fatalf("laurel serve does not start")
	}
	found := regexp.MustCompile(`running on (https?://\S+)`).FindSubmatch(s.out.Bytes())
	if found == nil {
		ts.Fatalf("laurel serve names no address:\n%s", &s.out)
	}
	ts.Setenv("SERVER", string(found[1]))
	response, err := visitor.Get(string(found[1]) + "/healthz")
	ts.Check(err)
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		ts.Fatalf("/healthz answers %s", response.Status)
	}
	fmt.Fprint(ts.Stdout(), s.out.String())
}

// end stops the server, if one is running, and says what was wrong with its end.
func (s *server) end(signal os.Signal) error {
	if s.command == nil {
		return nil
	}
	command := s.command
	s.command = nil
	if err := command.Process.Signal(signal); err != nil {
		return fmt.Errorf("stopping laurel serve: %w", err)
	}
	select {
	case err := <-s.finished:
		if signal == syscall.SIGKILL {
			return nil
		}
		if err != nil {
			return fmt.Errorf("laurel serve ended badly: %w\n%s", err, &s.err)
		}
	case <-time.After(patience):
		_ = command.Process.Kill()
		return errors.New("laurel serve does not stop")
	}
	if _, err := os.Lstat(filepath.Join(s.folder, "laurel.sock")); err == nil {
		return errors.New("laurel serve left its socket behind")
	}
	for line := range strings.Lines(s.err.String()) {
		var entry struct{ Level string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Level == "ERROR" {
			return fmt.Errorf("laurel serve complained: %s", line)
		}
	}
	return nil
}

// shutdown stops the server as Ctrl-C does; its log is standard error.
func shutdown(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(serverKey{}).(*server)
	if neg || len(args) > 0 || s.command == nil {
		ts.Fatalf("usage: shutdown, while a server is running")
	}
	ts.Check(s.end(os.Interrupt))
	fmt.Fprint(ts.Stderr(), s.err.String())
}

// crash kills the server on the spot.
func crash(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(ts.Value(serverKey{}).(*server).end(syscall.SIGKILL))
}

// get is `get ADDRESS [STATUS [ACCEPT]]`: the body is standard output, the header standard error. An address that begins with "/" is one of $SERVER.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 3 {
		ts.Fatalf("usage: get ADDRESS [STATUS [ACCEPT]]")
	}
	address, status := args[0], "200"
	if strings.HasPrefix(address, "/") {
		address = ts.Getenv("SERVER") + address
	}
	request, err := http.NewRequest(http.MethodGet, address, nil)
	ts.Check(err)
	if len(args) > 1 {
		status = args[1]
	}
	if len(args) > 2 {
		request.Header.Set("Accept", args[2])
	}
	response, err := visitor.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	_, err = io.Copy(ts.Stdout(), response.Body)
	ts.Check(err)
	ts.Check(response.Header.Write(ts.Stderr()))
	if strconv.Itoa(response.StatusCode) != status {
		ts.Fatalf("%s answers %s, want %s", address, response.Status, status)
	}
}

// post is `post PATH FILE STATUS`: the file as a JSON body; the answer's body is standard output, its header standard error.
func post(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: post PATH FILE STATUS")
	}
	response, err := visitor.Post(ts.Getenv("SERVER")+args[0], "application/json", strings.NewReader(ts.ReadFile(args[1])))
	ts.Check(err)
	defer response.Body.Close()
	_, err = io.Copy(ts.Stdout(), response.Body)
	ts.Check(err)
	ts.Check(response.Header.Write(ts.Stderr()))
	if strconv.Itoa(response.StatusCode) != args[2] {
		ts.Fatalf("%s answers %s, want %s", args[0], response.Status, args[2])
	}
}

// selfSigned is `certificate HOST LIFE CERT KEY`: a certificate of the host that ends after LIFE, with its key (0600).
func selfSigned(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: certificate HOST LIFE CERT KEY")
	}
	life, err := time.ParseDuration(args[1])
	ts.Check(err)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	from := time.Now().Add(-10 * 365 * 24 * time.Hour)
	template := x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: args[:1], NotBefore: from, NotAfter: time.Now().Add(life)}
	certificate, err := x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private)
	ts.Check(err)
	key, err := x509.MarshalPKCS8PrivateKey(private)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[3]), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600))
}

// shows is `shows CERT`: the server speaks TLS 1.2 or later, with this certificate.
func shows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: shows CERT")
	}
	block, _ := pem.Decode([]byte(ts.ReadFile(args[0])))
	address := strings.TrimPrefix(ts.Getenv("SERVER"), "https://")
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // compared below
	ts.Check(err)
	defer conn.Close()
	if !bytes.Equal(conn.ConnectionState().PeerCertificates[0].Raw, block.Bytes) {
		ts.Fatalf("the server shows another certificate")
	}
	if old, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil { //nolint:gosec // must fail
		old.Close()
		ts.Fatalf("the server speaks TLS 1.1")
	}
}

// hangup sends SIGHUP and waits until the server has said what it did about it.
func hangup(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(serverKey{}).(*server)
	if neg || len(args) > 0 || s.command == nil {
		ts.Fatalf("usage: hangup, while a server is running")
	}
	said := func() int { return strings.Count(s.err.String(), "the certificate was ") }
	before := said()
	ts.Check(s.command.Process.Signal(syscall.SIGHUP))
	for until := time.Now().Add(patience); said() == before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			ts.Fatalf("laurel serve does not answer SIGHUP")
		}
	}
}

// exits is `exits STATUS laurel ...`: the program must end with this status. With 2 it must say why in one sentence, on
// standard error alone; it never shows the inside of the program.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM [argument...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	status := 0
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
		status = ended.ExitCode()
	} else {
		ts.Check(err)
	}
	if want := args[0]; strconv.Itoa(status) != want {
		ts.Fatalf("exit status %d, want %s", status, want)
	}
	said := ts.ReadFile("stderr")
	if strings.Contains(said, "panic:") || strings.Contains(said, "goroutine ") || strings.Contains(said, "%!") {
		ts.Fatalf("this is not a sentence for a person")
	}
	if status != exitCannot {
		return
	}
	first, rest, _ := strings.Cut(said, "\n")
	if !strings.HasPrefix(first, "laurel: ") || rest != "" && !strings.HasPrefix(rest, "Run `laurel --help`") {
		ts.Fatalf("standard error is not one sentence of laurel")
	}
	if ts.ReadFile("stdout") != "" {
		ts.Fatalf("standard output is not empty")
	}
}

// jsonIs is `[!] json FILE .PATH [VALUE]`: the JSON in the file has this value at the path, as in .files.png or .0.outcome.
// Without VALUE something must stand there. The whole file must be one JSON document.
func jsonIs(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: [!] json FILE .PATH [VALUE]")
	}
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &value))
	for name := range strings.SplitSeq(strings.TrimPrefix(args[1], "."), ".") {
		switch within := value.(type) {
		case map[string]any:
			value = within[name]
		case []any:
			value = nil
			if i, err := strconv.Atoi(name); err == nil && i < len(within) {
				value = within[i]
			}
		default:
			value = nil
		}
	}
	holds := value != nil && (len(args) == 2 || fmt.Sprint(value) == args[2])
	if holds == neg {
		ts.Fatalf("%s is %v", args[1], value)
	}
}

// checkIs is `[!] check STEP OUTCOME [CODE]`: the report in standard output has such a finding.
func checkIs(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: [!] check STEP OUTCOME [CODE]")
	}
	var report verifier.Report
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &report))
	found := false
	for _, c := range report.Checks {
		found = found || c.Step == args[0] && string(c.Outcome) == args[1] && (len(args) == 2 || c.Code == args[2])
	}
	if found == neg {
		ts.Fatalf("the report does not say so")
	}
}

// let is `let NAME FILE PATTERN`: $NAME is what the first group of the pattern matches in the file.
func let(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: let NAME FILE PATTERN")
	}
	found := regexp.MustCompile(args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	if len(found) < 2 {
		ts.Fatalf("%s is not in %s", args[2], args[1])
	}
	ts.Setenv(args[0], found[1])
}

// replace is `replace OLD NEW FILE [TARGET]`: it writes the file with NEW for every OLD, which must stand in it.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: replace OLD NEW FILE [TARGET]")
	}
	text := ts.ReadFile(args[2])
	if !strings.Contains(text, args[0]) {
		ts.Fatalf("%q is not in %s", args[0], args[2])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[len(args)-1]), []byte(strings.ReplaceAll(text, args[0], args[1])), 0o600))
}

// pngFile is `png FILE`: a small picture.
func pngFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: png FILE")
	}
	var picture bytes.Buffer
	ts.Check(png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), picture.Bytes(), 0o600))
}

// modeIs is `mode OCTAL FILE...`: the files have these permissions.
func modeIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mode OCTAL FILE...")
	}
	for _, name := range args[1:] {
		info, err := os.Lstat(ts.MkAbs(name))
		ts.Check(err)
		if got := strconv.FormatUint(uint64(info.Mode().Perm()), 8); got != args[0] {
			ts.Fatalf("%s has mode %s, want %s", name, got, args[0])
		}
	}
}

// until is `until PATTERN PROGRAM ARGUMENT...`: the program is run again until its standard output matches.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until PATTERN PROGRAM ARGUMENT...")
	}
	wanted := regexp.MustCompile(args[0])
	for ended := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if wanted.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(ended) {
			ts.Fatalf("%s did not come in %v", args[0], patience)
		}
	}
}
