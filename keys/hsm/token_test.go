//go:build pkcs11 && cgo

package hsm

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/pkcs11"

	"github.com/laurelbadges/laurel/keys"
)

func TestOpenFindsTheToken(t *testing.T) {
	label, twin := unique("one of two"), unique("a twin")
	slot := initialize(t, label)
	info, err := raw(t).GetTokenInfo(slot)
	if err != nil {
		t.Fatal(err)
	}
	initialize(t, twin)
	initialize(t, twin)
	path, _ := address{moduleName: "softhsm2"}.module()
	pin := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(pin, []byte(testPIN+"\r\nmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, uri := range map[string]string{
		"by label":       uriOf(label),
		"by serial":      "pkcs11:serial=" + info.SerialNumber + "?module-path=" + path,
		"by slot":        fmt.Sprintf("pkcs11:slot-id=%d?module-path=%s", slot, path),
		"by all":         fmt.Sprintf("pkcs11:token=%s;serial=%s;slot-id=%d?module-path=%s", url.PathEscape(label), info.SerialNumber, slot, path),
		"PIN from file":  uriOf(label) + "&pin-source=file:" + pin,
		"PIN, a path":    strings.Replace(uriOf(label), "?", "?pin-source="+pin+"&", 1),
		"not the label":  "pkcs11:token=one%20of%20three?module-name=softhsm2",
		"not the serial": strings.Replace(uriOf(label), "?", ";serial=x?", 1),
		"not the slot":   strings.Replace(uriOf(label), "?", ";slot-id=99?", 1),
		"one of twins":   uriOf(twin),
		"no module":      "pkcs11:token=a?module-name=absent",
		"no file":        "pkcs11:token=a?module-path=/absent.so",
		"no library":     "pkcs11:token=a?module-path=" + pin,
		"pin-value":      uriOf(label) + "&pin-value=" + testPIN,
	} {
		want := map[string]string{"not the label": `the module sees "`, "not the serial": "it is not there", "not the slot": "it is not there",
			"one of twins": "2 tokens fit", "no module": "give module-path", "no file": "no such file", "no library": "no library", "pin-value": "every user"}[name]
		ask := givePIN
		if strings.HasPrefix(name, "PIN") {
			ask = nil
		}
		token, err := Open(uri, ask)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) || err != nil && strings.Contains(err.Error(), testPIN) {
			t.Errorf("%s: %v", name, err)
		}
		if errors.Is(err, keys.ErrUnavailable) != (strings.HasPrefix(name, "not the") || name == "one of twins") {
			t.Errorf("%s: unavailable, or not: %v", name, err)
		}
		if err == nil {
			_ = token.Close()
			if _, err := token.List(); err == nil || !strings.Contains(err.Error(), "closed") {
				t.Errorf("%s: closed: %v", name, err)
			}
		}
	}
	if err := os.Chmod(pin, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(uriOf(label)+"&pin-source="+pin, givePIN); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a PIN that others can read: %v", err)
	}
	for name, ask := range map[string]func() (string, error){"nobody to ask": nil, "none": func() (string, error) { return "", nil }} {
		if _, err := Open(uriOf(label), ask); !errors.Is(err, keys.ErrPassphrase) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fault := errors.New("no PIN today")
	if _, err := Open(uriOf(label), func() (string, error) { return "", fault }); !errors.Is(err, fault) {
		t.Error(err)
	}
	if _, err := Open(uriOf(label), func() (string, error) { return "wrong-guess", nil }); !errors.Is(err, keys.ErrPassphrase) || strings.Contains(err.Error(), "wrong-guess") {
		t.Errorf("a wrong PIN: %v", err)
	}
}

// TestModuleOfOthers: a library that others can change is not loaded.
func TestModuleOfOthers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "module.so")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("pkcs11:token=a?module-path="+file, givePIN); err == nil || !strings.Contains(err.Error(), "others") {
		t.Error(err)
	}
}

// TestGoneSessions: after the token, or the module, has forgotten the sessions and the login, the next call gets new ones.
func TestGoneSessions(t *testing.T) {
	token, _ := newToken(t)
	signer := create(t, token, keys.P256, "a")
	slot := func() uint { // SoftHSM gives a token another one when it starts
		at, _, err := token.slot()
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	forget := map[string]func() error{
		"sessions closed": func() error { return raw(t).CloseAllSessions(slot()) },
		"logged out":      func() error { return raw(t).Logout(as(t, slot(), pkcs11.CKU_USER, testPIN)) },
		"module stopped":  func() error { return raw(t).Finalize() },
	}
	for _, name := range []string{"sessions closed", "logged out", "module stopped", "sessions closed"} {
		for what, do := range map[string]func() error{
			"sign": func() error { _, err := keys.SignMessage(signer, []byte("message")); return err },
			"load": func() error { _, err := token.Load("a"); return err },
			"list": func() error { _, err := token.List(); return err },
			"make": func() error { _, err := token.Create(keys.P256, strings.ReplaceAll(name, " ", "-")); return err },
		} {
			if err := forget[name](); err != nil {
				t.Fatal(err)
			}
			if err := do(); err != nil && !(what == "make" && errors.Is(err, fs.ErrExist)) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
}

// TestGoneUnderLoad: sessions that vanish between the calls of many goroutines cost no signature. (They are not closed below a call:
// SoftHSM would crash.)
func TestGoneUnderLoad(t *testing.T) {
	token, slot := newToken(t)
	signer := create(t, token, keys.P256, "a")
	var calls sync.RWMutex
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 25 {
				calls.RLock()
				_, err := keys.SignMessage(signer, []byte("message"))
				calls.RUnlock()
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 4 {
		group.Go(func() {
			time.Sleep(2 * time.Millisecond)
			calls.Lock()
			defer calls.Unlock()
			if err := raw(t).CloseAllSessions(slot); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// TestPINIsTriedOnce: a PIN that is refused is not tried again, whatever happens to the token later.
func TestPINIsTriedOnce(t *testing.T) {
	token, slot := newToken(t)
	signer := create(t, token, keys.P256, "a")
	module := raw(t)
	change := func(from, to string) {
		t.Helper()
		if err := module.SetPIN(as(t, slot, pkcs11.CKU_USER, from), from, to); err != nil {
			t.Fatal(err)
		}
		if err := module.CloseAllSessions(slot); err != nil {
			t.Fatal(err)
		}
	}
	refused := func() {
		t.Helper()
		if _, err := keys.SignMessage(signer, []byte("message")); !errors.Is(err, keys.ErrPassphrase) || strings.Contains(err.Error(), testPIN) {
			t.Fatal(err)
		}
	}
	change(testPIN, "another-PIN")
	refused()
	if info, err := module.GetTokenInfo(slot); err != nil || info.Flags&pkcs11.CKF_USER_PIN_COUNT_LOW == 0 {
		t.Fatalf("the token saw no wrong PIN: %x, %v", info.Flags, err)
	}
	change("another-PIN", testPIN)
	refused() // the PIN would do again, and is not tried
	again := openToken(t, token.address.token)
	if _, err := again.Load("a"); err != nil {
		t.Error(err)
	}
}

// TestLastTry: with one try left before the token locks itself, none is made.
func TestLastTry(t *testing.T) {
	token, slot := newToken(t)
	module := raw(t)
	if err := module.CloseAllSessions(slot); err != nil {
		t.Fatal(err)
	}
	session, err := module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		t.Fatal(err)
	}
	if err := token.login(session, pkcs11.TokenInfo{Flags: pkcs11.CKF_USER_PIN_FINAL_TRY}); !errors.Is(err, keys.ErrPassphrase) || !strings.Contains(err.Error(), "one more") {
		t.Error(err)
	}
	if state, err := module.GetSessionInfo(session); err != nil || state.State != pkcs11.CKS_RO_PUBLIC_SESSION {
		t.Errorf("%+v, %v", state, err)
	}
	if err := token.login(session, pkcs11.TokenInfo{}); err != nil {
		t.Error(err)
	}
}
