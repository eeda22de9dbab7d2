//go:build pkcs11 && cgo

package hsm

import (
	"bufio"
	"crypto"
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/miekg/pkcs11"

	"github.com/laurelbadges/laurel/keys"
)

// The tests run against SoftHSM, whose tokens lie in a temporary folder.
const (
	testPIN  = "2468-user"
	adminPIN = "1357-admin"
)

// TestMain gives SoftHSM its folder, or does one thing as a second process (see child).
func TestMain(m *testing.M) {
	if os.Getenv("HSM_CHILD") != "" {
		os.Exit(childMain(strings.SplitN(os.Getenv("HSM_CHILD"), " ", 3)))
	}
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "laurel-hsm-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		file := filepath.Join(folder, "softhsm2.conf")
		text := "directories.tokendir = " + folder + "\nobjectstore.backend = file\nlog.level = ERROR\n"
		if err = os.WriteFile(file, []byte(text), 0o600); err == nil {
			err = os.Setenv("SOFTHSM2_CONF", file)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// raw returns the module itself, to do what Laurel does not; it skips where there is none.
func raw(t testing.TB) *pkcs11.Ctx {
	t.Helper()
	path, err := address{moduleName: "softhsm2"}.module()
	if err != nil {
		t.Skipf("SoftHSM is absent (Debian package softhsm2): %v", err)
	}
	module := pkcs11.New(path)
	if module == nil {
		t.Fatal("SoftHSM does not load")
	}
	if err := module.Initialize(); err != nil && !is(err, pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		t.Fatal(err)
	}
	return module
}

// initialize makes a token with this label and returns its slot.
func initialize(t testing.TB, label string) uint {
	t.Helper()
	module := raw(t)
	slots, err := module.GetSlotList(true)
	if err != nil {
		t.Fatal(err)
	}
	for _, slot := range slots {
		if info, err := module.GetTokenInfo(slot); err != nil || info.Flags&pkcs11.CKF_TOKEN_INITIALIZED != 0 {
			continue
		}
		if err := module.InitToken(slot, adminPIN, fmt.Sprintf("%-32s", label)); err != nil {
			t.Fatal(err)
		}
		session := as(t, slot, pkcs11.CKU_SO, adminPIN)
		if err := module.InitPIN(session, testPIN); err != nil {
			t.Fatal(err)
		}
		if err := module.CloseAllSessions(slot); err != nil {
			t.Fatal(err)
		}
		return slot
	}
	t.Fatal("SoftHSM has no free slot")
	return 0
}

// as opens a writable session and logs in.
func as(t testing.TB, slot, user uint, pin string) pkcs11.SessionHandle {
	t.Helper()
	module := raw(t)
	session, err := module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		t.Fatal(err)
	}
	if err := module.Login(session, user, pin); err != nil && !is(err, pkcs11.CKR_USER_ALREADY_LOGGED_IN) {
		t.Fatal(err)
	}
	return session
}

func uriOf(label string) string {
	return "pkcs11:token=" + url.PathEscape(label) + "?module-name=softhsm2"
}

func givePIN() (string, error) { return testPIN, nil }

// newToken makes a token and opens it.
func newToken(t testing.TB) (token *Token, slot uint) {
	t.Helper()
	label := unique("a token")
	slot = initialize(t, label)
	return openToken(t, label), slot
}

// unique adds a number to a label: tests are run more than once.
func unique(label string) string { return fmt.Sprintf("%s-%d", label, labels.Add(1)) }

var labels atomic.Int64

func openToken(t testing.TB, label string) *Token {
	t.Helper()
	token, err := Open(uriOf(label), givePIN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := token.Close(); err != nil {
			t.Error(err)
		}
	})
	return token
}

func create(t testing.TB, token *Token, kind keys.Kind, name string) crypto.Signer {
	t.Helper()
	signer, err := token.Create(kind, name)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// process is a second process, which has opened a token and waits.
type process struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// child starts a process that makes or loads a key, and waits until it has opened the token. SoftHSM writes a file of the token at
// each login, and a process that starts at that very moment may find no token for as long as it lives.
func child(t testing.TB, verb string, token *Token, name string) process {
	t.Helper()
	p := process{command: exec.Command(os.Args[0])}
	p.command.Env = append(os.Environ(), "HSM_CHILD="+verb+" "+name+" "+token.address.token)
	p.command.Stderr = os.Stderr
	in, err := p.command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := p.out.ReadString('\n'); line != "open\n" {
		_ = p.in.Close()
		t.Fatalf("a second process: %q, %v, %v", line, err, p.command.Wait())
	}
	return p
}

// finish lets the process go on and returns what it printed: the public key and a signature of "message", or an error and status 3.
func (p process) finish() (string, error) {
	_ = p.in.Close()
	text, err := io.ReadAll(p.out)
	if waited := p.command.Wait(); waited != nil {
		err = waited
	}
	return strings.TrimSpace(string(text)), err
}

func childMain(words []string) int {
	verb, name, label := words[0], words[1], words[2]
	token, err := Open(uriOf(label), givePIN)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer token.Close()
	fmt.Println("open")
	_, _ = io.ReadAll(os.Stdin)
	var signer crypto.Signer
	if verb == "make" {
		signer, err = token.Create(keys.P256, name)
	} else {
		signer, err = token.Load(name)
	}
	if err != nil {
		fmt.Println(err)
		return 3
	}
	signature, err := keys.SignMessage(signer, []byte("message"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	text, err := keys.Multikey(signer.Public())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(text, base64.StdEncoding.EncodeToString(signature))
	return 0
}
