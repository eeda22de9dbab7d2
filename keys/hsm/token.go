//go:build pkcs11 && cgo

package hsm

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/pkcs11"

	"github.com/laurelbadges/laurel/keys"
)

// sessionsMost bounds the sessions with a token, and so the operating system's threads that wait for it.
const sessionsMost = 16

// Token is a token of a hardware security module, opened. It is a [keys.Store] and may be used by several goroutines, and by
// several processes at once: a key that one of them made is found by all.
type Token struct {
	module  *pkcs11.Ctx
	address address
	name    string // for sentences
	pin     string
	places  chan struct{} // one is held while a session is in use

	mu      sync.Mutex
	idle    []*session
	refused error // why the token did not let us in; it is not asked again
	closed  bool
}

// session is one session with the token, used by one goroutine at a time.
type session struct {
	handle  pkcs11.SessionHandle
	private map[string]pkcs11.ObjectHandle // by CKA_ID
}

// Open loads the module that the PKCS#11 URI names (RFC 7512), finds the one token that fits it and logs in. Of the URI token,
// serial and slot-id are understood, and after a question mark module-path or module-name, and pin-source, the path of a file whose
// first line is the PIN and which its owner alone may read; anything else is refused. Without pin-source pin is asked, once.
//
// A PIN that the token does not take is an error that wraps [keys.ErrPassphrase]. It is never tried a second time by this Token, nor
// when the token says that one more wrong PIN locks it. A token that is not there or does not answer is an error that wraps
// [keys.ErrUnavailable].
func Open(uri string, pin func() (string, error)) (*Token, error) {
	a, err := parse(uri)
	if err != nil {
		return nil, err
	}
	path, err := a.module()
	if err != nil {
		return nil, err
	}
	t := &Token{address: a, name: a.describe()}
	if a.pinSource != "" {
		t.pin, err = keys.Passphrase(keys.PassphraseSource{File: a.pinSource, Descriptor: -1})
	} else if pin != nil {
		t.pin, err = pin()
	}
	if err != nil {
		return nil, fmt.Errorf("reading the PIN of %s: %w", t.name, err)
	}
	if t.pin == "" {
		return nil, fmt.Errorf("%w: %s asks for a PIN and none was given", keys.ErrPassphrase, t.name)
	}
	// The module stays loaded and initialized until the process ends, as it is one for all that use it (PKCS#11 3.0 section 5.4).
	if t.module = pkcs11.New(path); t.module == nil {
		return nil, fmt.Errorf("loading the PKCS#11 module %s: it is no library that this machine can load", path)
	}
	first, info, err := t.open(false)
	if errors.Is(err, keys.ErrPassphrase) {
		return nil, err
	} else if err != nil {
		return nil, notNow(err)
	}
	places := sessionsMost
	// 0 is no bound and all bits "not told" (PKCS#11 3.0 section 3.2).
	if most := info.MaxSessionCount; most > 1 && most < sessionsMost {
		places = int(most)
	}
	t.places, t.idle = make(chan struct{}, places), []*session{first}
	return t, nil
}

// Close ends the sessions with the token. What is still in use ends on its return.
func (t *Token) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	t.dropIdle()
	return nil
}

// module returns the path of the library.
func (a address) module() (string, error) {
	path := a.modulePath
	if path == "" {
		for _, folder := range []string{"/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/lib/*-linux-gnu"} {
			for _, within := range []string{"", "pkcs11", a.moduleName, strings.TrimRight(a.moduleName, "0123456789")} {
				for _, file := range []string{a.moduleName + ".so", "lib" + a.moduleName + ".so"} {
					// The folder's asterisk is the only one: a name with one of its own finds nothing.
					if found, _ := filepath.Glob(filepath.Join(folder, within, file)); path == "" && len(found) > 0 {
						path = found[0]
					}
				}
			}
		}
		if path == "" {
			return "", fmt.Errorf("loading the PKCS#11 module %q: it is in none of the usual folders; give module-path", a.moduleName)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("loading the PKCS#11 module: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("loading the PKCS#11 module %s: it is no plain file, or others than its owner can change it, and it would see the PIN", path)
	}
	return path, nil
}

// describe names the token in sentences.
func (a address) describe() string {
	var parts []string
	if a.token != "" {
		parts = append(parts, fmt.Sprintf("%q", a.token))
	}
	if a.serial != "" {
		parts = append(parts, fmt.Sprintf("with serial number %q", a.serial))
	}
	if a.hasSlot {
		parts = append(parts, fmt.Sprintf("in slot %d", a.slot))
	}
	return "the token " + strings.Join(parts, " ")
}

// slot finds the one token that fits. It is asked for each new session, as a token may come back in another slot.
func (t *Token) slot() (uint, pkcs11.TokenInfo, error) {
	slots, err := t.module.GetSlotList(true)
	if err != nil {
		return 0, pkcs11.TokenInfo{}, fmt.Errorf("looking for %s: %w", t.name, err)
	}
	var at []uint
	var is []pkcs11.TokenInfo
	var others []string
	for _, slot := range slots {
		info, err := t.module.GetTokenInfo(slot)
		if err != nil || info.Flags&pkcs11.CKF_TOKEN_INITIALIZED == 0 {
			continue
		}
		if t.address.token != "" && t.address.token != info.Label || t.address.serial != "" && t.address.serial != info.SerialNumber ||
			t.address.hasSlot && t.address.slot != slot {
			others = append(others, fmt.Sprintf("%q (serial %s)", info.Label, info.SerialNumber))
			continue
		}
		at, is = append(at, slot), append(is, info)
	}
	switch {
	case len(at) == 1:
		return at[0], is[0], nil
	case len(at) > 1:
		return 0, pkcs11.TokenInfo{}, fmt.Errorf("looking for %s: %d tokens fit; add the serial or the slot-id", t.name, len(at))
	case len(others) == 0:
		return 0, pkcs11.TokenInfo{}, fmt.Errorf("looking for %s: the module sees no token that is initialized: %w", t.name, pkcs11.Error(pkcs11.CKR_TOKEN_NOT_PRESENT))
	}
	return 0, pkcs11.TokenInfo{}, fmt.Errorf("looking for %s: it is not there; the module sees %s: %w", t.name, strings.Join(others, ", "), pkcs11.Error(pkcs11.CKR_TOKEN_NOT_PRESENT))
}

// open opens a session, writable or not, and logs in where this process is not. A token that is not there is looked for again within
// 150 ms: a module that keeps tokens in files shows none while another process writes one.
func (t *Token) open(writable bool) (*session, pkcs11.TokenInfo, error) {
	for wait := 20 * time.Millisecond; ; wait *= 2 {
		s, info, err := t.openOnce(writable)
		if wait > 80*time.Millisecond || !is(err, pkcs11.CKR_TOKEN_NOT_PRESENT, pkcs11.CKR_USER_PIN_NOT_INITIALIZED) {
			return s, info, err
		}
		time.Sleep(wait)
	}
}

func (t *Token) openOnce(writable bool) (*session, pkcs11.TokenInfo, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, pkcs11.TokenInfo{}, fmt.Errorf("using %s: it was closed", t.name)
	}
	if t.refused != nil {
		return nil, pkcs11.TokenInfo{}, t.refused
	}
	if err := t.module.Initialize(); err != nil && !is(err, pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		return nil, pkcs11.TokenInfo{}, fmt.Errorf("starting the PKCS#11 module for %s: %w", t.name, err)
	}
	slot, info, err := t.slot()
	if err != nil {
		return nil, info, err
	}
	flags := uint(pkcs11.CKF_SERIAL_SESSION)
	if writable {
		flags |= pkcs11.CKF_RW_SESSION
	}
	handle, err := t.module.OpenSession(slot, flags)
	if is(err, pkcs11.CKR_SESSION_COUNT) {
		t.dropIdle()
		handle, err = t.module.OpenSession(slot, flags)
	}
	if err != nil {
		return nil, info, fmt.Errorf("opening a session with %s: %w", t.name, err)
	}
	if err := t.login(handle, info); err != nil {
		_ = t.module.CloseSession(handle)
		return nil, info, err
	}
	return &session{handle: handle, private: map[string]pkcs11.ObjectHandle{}}, info, nil
}

// login logs this process in, which all its sessions share (PKCS#11 3.0 section 5.6.9).
func (t *Token) login(handle pkcs11.SessionHandle, info pkcs11.TokenInfo) error {
	if state, err := t.module.GetSessionInfo(handle); err != nil {
		return fmt.Errorf("opening a session with %s: %w", t.name, err)
	} else if state.State == pkcs11.CKS_RO_USER_FUNCTIONS || state.State == pkcs11.CKS_RW_USER_FUNCTIONS {
		return nil
	}
	if info.Flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0 {
		return fmt.Errorf("%w: %s locks itself after one more wrong PIN, so Laurel does not try; log in once with the tool of its maker", keys.ErrPassphrase, t.name)
	}
	err := t.module.Login(handle, pkcs11.CKU_USER, t.pin)
	switch {
	case err == nil, is(err, pkcs11.CKR_USER_ALREADY_LOGGED_IN):
		return nil
	case is(err, pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE):
		t.refused = fmt.Errorf("%w: %s does not take this PIN; it is not tried again, as tokens lock themselves after some wrong ones", keys.ErrPassphrase, t.name)
	case is(err, pkcs11.CKR_PIN_LOCKED):
		t.refused = fmt.Errorf("%w: %s has locked itself after wrong PINs; its security officer can set a new one", keys.ErrPassphrase, t.name)
	case is(err, pkcs11.CKR_PIN_EXPIRED):
		t.refused = fmt.Errorf("%w: the PIN of %s has expired; set a new one with the tool of its maker", keys.ErrPassphrase, t.name)
	case is(err, pkcs11.CKR_USER_PIN_NOT_INITIALIZED):
		return fmt.Errorf("%w: %s has no user PIN yet; its security officer has to set one: %w", keys.ErrPassphrase, t.name, err)
	default:
		return fmt.Errorf("logging in to %s: %w", t.name, err)
	}
	return t.refused
}

// use runs do in a session with the token. What says that the session, the login or an object is gone, as after a restart of the
// token, is met once with a new session.
func (t *Token) use(writable bool, do func(*session) error) error {
	t.places <- struct{}{}
	defer func() { <-t.places }()
	s, err := t.take(writable)
	if err != nil {
		return err
	}
	err = do(s)
	if gone(err) {
		_ = t.module.CloseSession(s.handle)
		if s, _, err = t.open(writable); err != nil {
			return err
		}
		err = do(s)
	}
	t.giveBack(s, writable || err != nil)
	return err
}

// take returns a session that nobody uses.
func (t *Token) take(writable bool) (*session, error) {
	t.mu.Lock()
	if n := len(t.idle); n > 0 && !writable {
		s := t.idle[n-1]
		t.idle = t.idle[:n-1]
		t.mu.Unlock()
		return s, nil
	}
	t.mu.Unlock()
	s, _, err := t.open(writable)
	return s, err
}

// giveBack keeps a session for the next use, or closes it: one in which a call failed may have an operation begun.
func (t *Token) giveBack(s *session, spent bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if spent || t.closed {
		_ = t.module.CloseSession(s.handle) // it may be gone already
		return
	}
	t.idle = append(t.idle, s)
}

func (t *Token) dropIdle() {
	for _, s := range t.idle {
		_ = t.module.CloseSession(s.handle)
	}
	t.idle = nil
}

// is says whether err is one of the return values of PKCS#11.
func is(err error, values ...uint) bool {
	var e pkcs11.Error
	return errors.As(err, &e) && slices.Contains(values, uint(e))
}

// gone says that what the call needed is no longer there, so that a new session may help.
func gone(err error) bool {
	return errors.Is(err, errSignature) || errors.Is(err, errHidden) || is(err,
		pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED, pkcs11.CKR_USER_NOT_LOGGED_IN,
		pkcs11.CKR_DEVICE_REMOVED, pkcs11.CKR_DEVICE_ERROR, pkcs11.CKR_TOKEN_NOT_PRESENT, pkcs11.CKR_SLOT_ID_INVALID,
		pkcs11.CKR_OBJECT_HANDLE_INVALID, pkcs11.CKR_KEY_HANDLE_INVALID, pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED,
		// Modules say no more than this when another process deletes the object that is being read.
		pkcs11.CKR_GENERAL_ERROR, pkcs11.CKR_FUNCTION_FAILED)
}

// notNow makes err one that wraps [keys.ErrUnavailable], unless the key or its name is the cause.
func notNow(err error) error {
	if errors.Is(err, keys.ErrKey) || errors.Is(err, keys.ErrWeakKey) || errors.Is(err, fs.ErrExist) {
		return err
	}
	return fmt.Errorf("%w: %w", keys.ErrUnavailable, err)
}
