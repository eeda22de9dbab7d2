package kms

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

func create(t *testing.T, s *Service, kind keys.Kind, name string) crypto.Signer {
	t.Helper()
	key, err := s.Create(kind, name)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func multikey(t *testing.T, key crypto.Signer) string {
	t.Helper()
	text, err := keys.Multikey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// verifies judges a signature as [keys.SignMessage] writes it, by the standard library alone.
func verifies(pub crypto.PublicKey, message, signature []byte) bool {
	pair := func() (r, s *big.Int) {
		half := len(signature) / 2
		return new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
	}
	switch pub := pub.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(pub, message, signature)
	case *ecdsa.PublicKey:
		r, s := pair()
		sum := sha256.Sum256(message)
		digest := sum[:]
		if pub.Curve.Params().BitSize == 384 {
			sum := sha512.Sum384(message)
			digest = sum[:]
		}
		return ecdsa.Verify(pub, digest, r, s)
	case *rsa.PublicKey:
		sum := sha256.Sum256(message)
		return rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum[:], signature) == nil
	}
	return false
}

func unsigned(method string, filling int) []byte {
	did, _, _ := strings.Cut(method, "#")
	return fmt.Appendf(nil, `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
"id":"urn:uuid:2b8e1f0a-5c5f-4ee6-9f2c-0d8f2c1f7a10","type":["VerifiableCredential","OpenBadgeCredential"],"name":"Tide pools","issuer":{"id":%q,"type":["Profile"],"name":"Harbour School"},
"validFrom":"2026-01-02T03:04:05Z","credentialSubject":{"type":["AchievementSubject"],"achievement":{"id":"urn:uuid:8a4ce2f9-9a0b-4a5e-8b0a-3d1f4c6e2b77",
"type":["Achievement"],"name":"Tide pools","description":%q,"criteria":{"narrative":"Count what lives there."}}}}`, did, strings.Repeat("s", filling))
}

// TestEveryKind: keys of every kind are made, found again by another process, and their signatures are good for everybody else.
func TestEveryKind(t *testing.T) {
	f := newFake(t)
	made, later := f.open(), f.open()
	for kind, suites := range map[keys.Kind][]string{
		keys.Ed25519: {"eddsa-rdfc-2022", "eddsa-jcs-2022"}, keys.P256: {"ecdsa-rdfc-2019", "ecdsa-jcs-2019", "ecdsa-sd-2023"},
		keys.P384: {"ecdsa-rdfc-2019", "ecdsa-jcs-2019"}, keys.RSA2048: nil,
	} {
		t.Run(string(kind), func(t *testing.T) {
			name := "issuer-" + string(kind)
			first := create(t, made, kind, name)
			key, err := later.Load(name)
			if err != nil || multikey(t, key) != multikey(t, first) {
				t.Fatal(err)
			}
			if f.of(name).tags["laurel-key"] != name {
				t.Errorf("tags %v", f.of(name).tags)
			}
			for _, size := range []int{0, 64, longestMessage} {
				message := make([]byte, size)
				_, _ = rand.Read(message)
				signature, err := keys.SignMessage(key, message)
				if err != nil || !verifies(key.Public(), message, signature) {
					t.Errorf("%d bytes: %v", size, err)
				}
			}
			did, err := keys.DIDKey(key.Public())
			if err != nil {
				t.Fatal(err)
			}
			signer := keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: key}
			for _, suite := range suites {
				sealed, err := proof.Seal(t.Context(), unsigned(signer.ID, 5000), proof.SealOptions{Signer: signer, Suite: suite, Created: time.Unix(1767225600, 0)})
				if err != nil {
					t.Fatalf("%s: %v", suite, err)
				}
				if suite == "ecdsa-sd-2023" { // a holder derives what a verifier sees
					if sealed, err = proof.Derive(t.Context(), sealed, []string{"/name"}, proof.Options{}); err != nil {
						t.Fatal(err)
					}
				}
				var value map[string]any
				decoder := json.NewDecoder(bytes.NewReader(sealed))
				decoder.UseNumber()
				if err := decoder.Decode(&value); err != nil {
					t.Fatal(err)
				}
				secured, err := proof.ReadIntegrity(value, proof.Options{VC: true})
				if err == nil {
					err = secured.Verify(t.Context(), secured.Proofs[0], key.Public())
				}
				if err != nil {
					t.Errorf("%s: %v", suite, err)
				}
			}
			for _, size := range []int{10, 5000} {
				token, err := proof.SealJWT(unsigned(signer.ID, size), signer)
				if kind == keys.Ed25519 && size == 5000 {
					if err == nil || !strings.Contains(err.Error(), "at most 4096 bytes") || !strings.Contains(err.Error(), "P-256") || errors.Is(err, keys.ErrUnavailable) {
						t.Errorf("a long token: %v", err)
					}
					continue
				}
				if err != nil {
					t.Fatalf("a token: %v", err)
				}
				secured, err := proof.ReadJWT([]byte(token), proof.Options{})
				if err == nil {
					err = secured.Verify(t.Context(), secured.Proofs[0], key.Public())
				}
				if err != nil {
					t.Errorf("a token of %d bytes: %v", len(token), err)
				}
			}
		})
	}
	names, err := later.List()
	if diff := cmp.Diff([]string{"issuer-Ed25519", "issuer-P-256", "issuer-P-384", "issuer-RSA-2048"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if n := f.count("GetPublicKey"); n != 4*3 { // is the name taken; of the new key; of the other process
		t.Errorf("asked for a public key %d times", n)
	}
}

func TestNames(t *testing.T) {
	f := newFake(t)
	s := f.open()
	create(t, s, keys.P256, "a")
	for _, kind := range []keys.Kind{keys.P256, keys.Ed25519} {
		if _, err := s.Create(kind, "a"); !errors.Is(err, fs.ErrExist) {
			t.Errorf("a name that is taken: %v", err)
		}
	}
	if len(f.keys) != 1 {
		t.Errorf("%d keys were made for one name", len(f.keys))
	}
	if _, err := s.Load("b"); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, keys.ErrUnavailable) {
		t.Errorf("a name that is not there: %v", err)
	}
	calls := len(f.calls)
	for _, name := range []string{"", "../a", "a/b", "ä", strings.Repeat("a", 65)} {
		if _, err := s.Create(keys.P256, name); err == nil {
			t.Errorf("name %q: accepted", name)
		}
		if _, err := s.Load(name); err == nil {
			t.Errorf("name %q: read", name)
		}
	}
	if _, err := s.Create("RSA", "c"); err == nil {
		t.Error("an unknown kind: accepted")
	}
	if len(f.calls) != calls {
		t.Error("the service was asked what can be known here")
	}
}

// TestPages: all pages are read, and only the names of this prefix are given.
func TestPages(t *testing.T) {
	f := newFake(t)
	f.perPage = 7
	var want []string
	for i := range 40 {
		name := fmt.Sprintf("k%02d", i)
		want = append(want, name)
		f.aliases[defaultPrefix+name] = "x"
		f.aliases[defaultPrefix+"other/"+name] = "x"
		f.aliases["alias/another-"+name] = "x"
	}
	f.aliases[defaultPrefix+"without"] = ""
	names, err := f.open().List()
	if diff := cmp.Diff(want, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	f.with(func() {
		f.tamper = func(_ string, answer map[string]any) { answer["NextMarker"], answer["Truncated"] = "0", true }
	})
	s := f.open()
	s.wait = 50 * time.Millisecond
	if _, err := s.List(); !errors.Is(err, keys.ErrUnavailable) || !strings.Contains(err.Error(), "in time") {
		t.Errorf("a list without an end: %v", err)
	}
}

// TestUnripe: a key that was just made is not known everywhere at once.
func TestUnripe(t *testing.T) {
	f := newFake(t)
	f.unripe = 3
	key := create(t, f.open(), keys.P256, "a")
	if signature, err := keys.SignMessage(key, []byte("x")); err != nil || !verifies(key.Public(), []byte("x"), signature) {
		t.Error(err)
	}
}

// TestOtherKey: an alias that comes to point at another key changes nothing for who has the first, and gives another public key to
// who opens it later, which the issuer refuses.
func TestOtherKey(t *testing.T) {
	f := newFake(t)
	s := f.open()
	key := create(t, s, keys.P256, "a")
	create(t, s, keys.P256, "b")
	f.with(func() { f.aliases[defaultPrefix+"a"] = f.aliases[defaultPrefix+"b"] })
	held, err := s.Load("a")
	if err != nil || multikey(t, held) != multikey(t, key) {
		t.Errorf("the key that is held: %v", err)
	}
	if signature, err := keys.SignMessage(held, []byte("x")); err != nil || !verifies(key.Public(), []byte("x"), signature) {
		t.Errorf("its signature: %v", err)
	}
	if other, err := f.open().Load("a"); err != nil || multikey(t, other) == multikey(t, key) {
		t.Errorf("a later process: %v", err)
	}
}

// TestWrongSignature: a service that errs, or is made to, must not end in a badge.
func TestWrongSignature(t *testing.T) {
	f := newFake(t)
	s := f.open()
	_, stranger, _ := ed25519.GenerateKey(rand.Reader)
	for _, kind := range []keys.Kind{keys.Ed25519, keys.P256, keys.P384, keys.RSA2048} {
		key := create(t, s, kind, string(kind))
		for name, wrong := range map[string]func([]byte) []byte{
			"none":          func([]byte) []byte { return nil },
			"a flipped bit": func(signature []byte) []byte { signature[len(signature)-1] ^= 1; return signature },
			"cut":           func(signature []byte) []byte { return signature[:len(signature)-1] },
			"of another":    func([]byte) []byte { return ed25519.Sign(stranger, []byte("x")) },
		} {
			f.with(func() {
				f.tamper = func(operation string, answer map[string]any) {
					if operation == "Sign" {
						answer["Signature"] = wrong(answer["Signature"].([]byte))
					}
				}
			})
			if signature, err := keys.SignMessage(key, []byte("x")); err == nil || signature != nil || !errors.Is(err, keys.ErrUnavailable) || !strings.Contains(err.Error(), "does not belong") {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
		}
		// A new key that signs wrongly gets no name.
		if _, err := s.Create(kind, "new-"+string(kind)); err == nil || !strings.Contains(err.Error(), "has no name; delete it there") {
			t.Errorf("%s, a new key: %v", kind, err)
		}
		f.with(func() { f.tamper = nil })
		if f.of("new-"+string(kind)) != nil {
			t.Errorf("%s: the new key has a name", kind)
		}
	}
}

// TestUnusableKeys: what stands behind an alias is judged before it is used.
func TestUnusableKeys(t *testing.T) {
	f := newFake(t)
	create(t, f.open(), keys.P256, "a")
	for name, c := range map[string]func(answer map[string]any){
		"for encryption":    func(answer map[string]any) { answer["KeyUsage"] = "ENCRYPT_DECRYPT" },
		"another algorithm": func(answer map[string]any) { answer["SigningAlgorithms"] = []string{"ECDSA_SHA_512"} },
		"no key":            func(answer map[string]any) { answer["PublicKey"] = nil },
		"no name":           func(answer map[string]any) { delete(answer, "KeyId") },
		"rubbish":           func(answer map[string]any) { answer["PublicKey"] = []byte("rubbish") },
	} {
		f.with(func() { f.tamper = func(_ string, answer map[string]any) { c(answer) } })
		if _, err := f.open().Load("a"); !errors.Is(err, keys.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFaults: each fault is a sentence that says what to do, of a class that the caller can tell, and shows no secret.
func TestFaults(t *testing.T) {
	f := newFake(t)
	create(t, f.open(), keys.P256, "a")
	code := func(status int, code string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { fail(w, status, code) }
	}
	for name, c := range map[string]struct {
		answer  func(http.ResponseWriter)
		retried bool
		says    string
	}{
		"throttled":        {code(400, "ThrottlingException"), true, "try again in a moment (ThrottlingException)"},
		"denied":           {code(400, "AccessDeniedException"), false, "they need the permission kms:"},
		"disabled":         {code(400, "DisabledException"), false, "is disabled; enable it there"},
		"to be deleted":    {code(400, "KMSInvalidStateException"), false, "cancel the deletion there"},
		"credentials":      {code(400, "UnrecognizedClientException"), false, "does not accept the credentials"},
		"expired":          {code(400, "ExpiredTokenException"), false, "not expired"},
		"at fault":         {code(500, "KMSInternalException"), true, "could not do it; try again in a moment (KMSInternalException)"},
		"an unknown fault": {code(400, "SomethingNewException"), false, "could not do it"},
		"a page":           {func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>" + accessToken)) }, false, "no proper answer"},
		"an empty answer":  {func(http.ResponseWriter) {}, false, ""},
		"a cut answer": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"KeyId":"arn`))
		}, false, "no proper answer"},
		"a cut connection": {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, true, "no proper answer"},
	} {
		t.Run(name, func(t *testing.T) {
			fresh := f.open()
			key, err := f.open().Load("a")
			if err != nil {
				t.Fatal(err)
			}
			f.goWrong(func(_ string, w http.ResponseWriter) bool { c.answer(w); return true })
			defer f.goWrong(nil)
			for act, call := range map[string]func() error{
				"GetPublicKey": func() error { _, err := fresh.Load("a"); return err },
				"Sign":         func() error { _, err := keys.SignMessage(key, []byte("x")); return err },
				"ListAliases":  func() error { _, err := fresh.List(); return err },
			} {
				before := f.count(act)
				err := call()
				if name == "an empty answer" && act == "ListAliases" {
					continue // an empty list
				}
				if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), accessToken) || strings.Contains(err.Error(), secretKey) {
					t.Errorf("%s: %v", act, err)
				}
				if !errors.Is(err, keys.ErrUnavailable) && c.says != "" {
					t.Errorf("%s: %v is not for later", act, err)
				}
				if name == "denied" && !strings.Contains(err.Error(), "kms:"+act) {
					t.Errorf("%s: %v names another permission", act, err)
				}
				if n := f.count(act) - before; n > tries || c.retried != (n > 1) {
					t.Errorf("%s: %d tries", act, n)
				}
			}
		})
	}
	// What is gone for good while the key is held is no reason to give up an award: the issuer may get another key.
	key, err := f.open().Load("a")
	if err != nil {
		t.Fatal(err)
	}
	f.with(func() { clear(f.keys) })
	if _, err := keys.SignMessage(key, []byte("x")); !errors.Is(err, keys.ErrUnavailable) || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "no longer in AWS KMS") {
		t.Errorf("deleted: %v", err)
	}
}

// TestHeals: a fault that passes is not seen, and one that lasts ends with the time of the call.
func TestHeals(t *testing.T) {
	f := newFake(t)
	s := f.open()
	key := create(t, s, keys.Ed25519, "a")
	var answered atomic.Int32
	f.goWrong(func(_ string, w http.ResponseWriter) bool {
		if answered.Add(1)%3 == 0 {
			return false
		}
		fail(w, 400, "ThrottlingException")
		return true
	})
	if _, err := keys.SignMessage(key, []byte("x")); err != nil {
		t.Error(err)
	}
	if answered.Load() != 3 {
		t.Errorf("%d tries", answered.Load())
	}
	released := make(chan struct{})
	f.goWrong(func(string, http.ResponseWriter) bool { <-released; return true })
	defer close(released)
	slow := *key.(*signer)
	slow.wait = 300 * time.Millisecond
	began := time.Now()
	if _, err := keys.SignMessage(&slow, []byte("x")); !errors.Is(err, keys.ErrUnavailable) || !strings.Contains(err.Error(), "did not answer in time") {
		t.Errorf("a slow answer: %v", err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it waited %v", took)
	}
}

// TestCreateCut: a key is made once whatever happens, and a name that was given without an answer is ours.
func TestCreateCut(t *testing.T) {
	f := newFake(t)
	f.goWrong(func(operation string, w http.ResponseWriter) bool {
		if operation == "CreateKey" {
			fail(w, 500, "KMSInternalException")
			return true
		}
		return false
	})
	if _, err := f.open().Create(keys.P256, "a"); !errors.Is(err, keys.ErrUnavailable) {
		t.Error(err)
	}
	if n := f.count("CreateKey"); n != 1 {
		t.Errorf("asked for a key %d times", n)
	}
	// The alias is there, its answer lost.
	var lost atomic.Bool
	f.goWrong(nil)
	f.with(func() {
		f.tamper = func(operation string, _ map[string]any) {
			if operation == "CreateAlias" && !lost.Swap(true) {
				panic(http.ErrAbortHandler)
			}
		}
	})
	if key, err := f.open().Create(keys.P256, "b"); err != nil || !lost.Load() || multikey(t, key) != multikey(t, f.of("b").private) {
		t.Errorf("a lost answer: %v", err)
	}
	f.with(func() { f.tamper = nil })
	f.with(func() { f.keys = map[string]*fakeKey{} })
	f.goWrong(func(operation string, w http.ResponseWriter) bool {
		if operation == "Sign" {
			fail(w, 400, "AccessDeniedException")
			return true
		}
		return false
	})
	if _, err := f.open().Create(keys.P256, "c"); err == nil || !strings.Contains(err.Error(), "kms:Sign") || f.of("c") != nil {
		t.Errorf("a key that we may not use: %v", err)
	}
}

// TestCreateRace: of many that take one name at once, one gets it.
func TestCreateRace(t *testing.T) {
	f := newFake(t)
	made := make([]crypto.Signer, 8)
	var all sync.WaitGroup
	for i := range made {
		s := f.open()
		all.Go(func() {
			var err error
			if made[i], err = s.Create(keys.P256, "a"); err != nil && !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	made = slices.DeleteFunc(made, func(key crypto.Signer) bool { return key == nil })
	if len(made) != 1 || multikey(t, made[0]) != multikey(t, f.of("a").private) {
		t.Errorf("%d winners", len(made))
	}
}

// TestSignRefuses: what the service would sign in another way than was asked for is not sent to it.
func TestSignRefuses(t *testing.T) {
	f := newFake(t)
	s := f.open()
	ed, p256, long := create(t, s, keys.Ed25519, "ed"), create(t, s, keys.P256, "p256"), create(t, s, keys.RSA2048, "rsa")
	before := f.count("Sign")
	digest := make([]byte, 32)
	for name, c := range map[string]struct {
		key    crypto.Signer
		digest []byte
		opts   crypto.SignerOpts
	}{
		"Ed25519, hashed":        {ed, make([]byte, 64), crypto.SHA512},
		"Ed25519, context":       {ed, digest, &ed25519.Options{Context: "x"}},
		"Ed25519, long":          {ed, make([]byte, longestMessage+1), crypto.Hash(0)},
		"P-256, another hash":    {p256, make([]byte, 48), crypto.SHA384},
		"P-256, short":           {p256, digest[:31], crypto.SHA256},
		"P-256, no hash":         {p256, digest, crypto.Hash(0)},
		"RSA, PSS":               {long, digest, &rsa.PSSOptions{Hash: crypto.SHA256}},
		"RSA, another hash":      {long, make([]byte, 64), crypto.SHA512},
		"RSA, a message instead": {long, []byte("x"), crypto.SHA256},
	} {
		if signature, err := c.key.Sign(rand.Reader, c.digest, c.opts); err == nil || signature != nil || errors.Is(err, keys.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f.count("Sign") != before {
		t.Error("the service was asked")
	}
}

func TestOpenRefuses(t *testing.T) {
	for uri, want := range map[string]settings{
		"awskms:region=eu-west-1":                                                     {"eu-west-1", "", "alias/laurel/", callWait, pauseMost},
		"awskms:prefix=alias/laurel-a;region=us-gov-east-1":                           {"us-gov-east-1", "", "alias/laurel-a", callWait, pauseMost},
		"awskms:region=eu-west-1;endpoint=http://127.0.0.1:9/;prefix=alias/x/y_-":     {"eu-west-1", "http://127.0.0.1:9/", "alias/x/y_-", callWait, pauseMost},
		"awskms:region=eu-west-1;endpoint=https://vpce-1.kms.eu-west-1.amazonaws.com": {"eu-west-1", "https://vpce-1.kms.eu-west-1.amazonaws.com", "alias/laurel/", callWait, pauseMost},
		"awskms:region=eu-west-1;endpoint=http://[::1]:8080":                          {"eu-west-1", "http://[::1]:8080", "alias/laurel/", callWait, pauseMost},
		"awskms:region=eu-west-1;endpoint=http://localhost":                           {"eu-west-1", "http://localhost", "alias/laurel/", callWait, pauseMost},
	} {
		if got, err := parse(uri); err != nil || got != want {
			t.Errorf("%s: %+v, %v", uri, got, err)
		}
	}
	const secret = "hunter2"
	for _, uri := range []string{
		"", "awskms:", "kms:region=a", "AWSKMS:region=a", "awskms:region", "awskms:region=", "awskms:prefix=alias/a", "awskms:region=a;", "awskms:;region=a",
		"awskms:region=a;region=a", "awskms:region=A", "awskms:region=a.b", "awskms:region=a/b", "awskms:region=" + strings.Repeat("a", 33),
		"awskms:region=a;prefix=a", "awskms:region=a;prefix=alias/", "awskms:region=a;prefix=alias/aws/a", "awskms:region=a;prefix=alias/a b", "awskms:region=a;prefix=alias/" + strings.Repeat("a", 200),
		"awskms:region=a;endpoint=ftp://a", "awskms:region=a;endpoint=http://example.org", "awskms:region=a;endpoint=http://10.0.0.1", "awskms:region=a;endpoint=https://",
		"awskms:region=a;endpoint=https://u:" + secret + "@a", "awskms:region=a;endpoint=https://a/b", "awskms:region=a;endpoint=https://a?" + secret, "awskms:region=a;endpoint=http://127.0.0.1.example.org",
		"awskms:region=a;endpoint=http://localhost.example.org", "awskms:region=a;endpoint=a.example",
		"awskms:region=a;secret=" + secret, "awskms:region=a;Region=b", "awskms:region=a; prefix=alias/a", "awskms:region=a&prefix=alias/a", "awskms:region=a;" + secret,
	} {
		if s, err := Open(t.Context(), uri); err == nil || s != nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", uri, err)
		}
	}
	newFake(t)
	if _, err := Open(t.Context(), "awskms:region="+region); err != nil {
		t.Errorf("with credentials: %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_SESSION_TOKEN", "")
	if _, err := Open(t.Context(), "awskms:region="+region); !errors.Is(err, keys.ErrUnavailable) || !strings.Contains(err.Error(), "no credentials") {
		t.Errorf("without credentials: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ended, "awskms:region="+region); err == nil {
		t.Error("in a context that has ended: opened")
	}
}

// TestTogether: one service may be used by several goroutines.
func TestTogether(t *testing.T) {
	f := newFake(t)
	create(t, f.open(), keys.P256, "a")
	s := f.open()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			key, err := s.Load("a")
			if err != nil {
				t.Error(err)
				return
			}
			for range 5 {
				if _, err := keys.SignMessage(key, []byte("x")); err != nil {
					t.Error(err)
				}
			}
			if _, err := s.List(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
