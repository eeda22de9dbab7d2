//go:build pkcs11 && cgo

package hsm

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/pkcs11"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

var _ keys.Store = (*Token)(nil)

var kinds = []keys.Kind{keys.Ed25519, keys.P256, keys.P384, keys.RSA2048}

// fits checks a signature of [keys.SignMessage] with the standard library.
func fits(public crypto.PublicKey, message, signature []byte) bool {
	pair := func(hash []byte) bool {
		return ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), hash, sequence(signature))
	}
	short, long := sha256.Sum256(message), sha512.Sum384(message)
	switch keys.AlgorithmFor(public) {
	case keys.EdDSA:
		return ed25519.Verify(public.(ed25519.PublicKey), message, signature)
	case keys.ES256:
		return len(signature) == 64 && pair(short[:])
	case keys.ES384:
		return len(signature) == 96 && pair(long[:])
	case keys.RS256:
		return rsa.VerifyPKCS1v15(public.(*rsa.PublicKey), crypto.SHA256, short[:], signature) == nil
	}
	return false
}

// sequence writes r and s, side by side, in ASN.1.
func sequence(fixed []byte) []byte {
	integer := func(b []byte) []byte {
		b = bytes.TrimLeft(b, "\x00")
		if b[0] >= 0x80 {
			b = append([]byte{0}, b...)
		}
		return append([]byte{2, byte(len(b))}, b...)
	}
	both := append(integer(fixed[:len(fixed)/2]), integer(fixed[len(fixed)/2:])...)
	return append([]byte{0x30, byte(len(both))}, both...)
}

// TestKinds: every kind is made, signs what the standard library believes, and is there after reopening and for another process.
func TestKinds(t *testing.T) {
	token, _ := newToken(t)
	made := map[string]crypto.Signer{}
	for _, kind := range kinds {
		name := "issuer_" + string(kind)
		began := time.Now()
		made[name] = create(t, token, kind, name)
		took := time.Since(began)
		if _, err := token.Create(kind, name); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s again: %v", kind, err)
		}
		for _, message := range [][]byte{nil, {0}, []byte("message"), bytes.Repeat([]byte("long"), 50_000)} {
			signature, err := keys.SignMessage(made[name], message)
			if err != nil || !fits(made[name].Public(), message, signature) {
				t.Errorf("%s: %d bytes: %x, %v", kind, len(message), signature, err)
			}
		}
		began = time.Now()
		for range 20 {
			if _, err := keys.SignMessage(made[name], []byte("message")); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%s: made in %v, a signature in %v", kind, took.Round(time.Microsecond), (time.Since(began) / 20).Round(time.Microsecond))
	}
	want := []string{"issuer_Ed25519", "issuer_P-256", "issuer_P-384", "issuer_RSA-2048"}
	for _, token := range []*Token{token, openToken(t, token.address.token)} {
		names, err := token.List()
		if diff := cmp.Diff(want, names); diff != "" || err != nil {
			t.Error(diff, err)
		}
		for name, signer := range made {
			got, err := token.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			signature, err := keys.SignMessage(got, []byte("message"))
			if err != nil || !fits(signer.Public(), []byte("message"), signature) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for name, signer := range made {
		out, err := child(t, "load", token, name).finish()
		text, signature, _ := strings.Cut(out, " ")
		same, _ := keys.Multikey(signer.Public())
		bytes, _ := base64.StdEncoding.DecodeString(signature)
		if err != nil || text != same || !fits(signer.Public(), []byte("message"), bytes) {
			t.Errorf("%s in another process: %s, %v", name, out, err)
		}
	}
	// And the other way round.
	out, err := child(t, "make", token, "theirs").finish()
	if err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	theirs, err := token.Load("theirs")
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := keys.Multikey(theirs.Public()); !strings.HasPrefix(out, text+" ") {
		t.Errorf("%s, want %s", out, text)
	}
	if names, err := token.List(); len(names) != 5 || err != nil {
		t.Error(names, err)
	}
	out, err = child(t, "make", token, "issuer_P-256").finish()
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(out, "taken") {
		t.Errorf("a name that this process took: %s, %v", out, err)
	}
}

func TestTokenRefuses(t *testing.T) {
	token, _ := newToken(t)
	for _, name := range []string{"", "../a", "a/b", "a b", "ä", "a.b", strings.Repeat("a", 65)} {
		if _, err := token.Create(keys.P256, name); err == nil || !strings.Contains(err.Error(), "1 to 64") {
			t.Errorf("name %q: %v", name, err)
		}
		if _, err := token.Load(name); err == nil {
			t.Errorf("name %q: read", name)
		}
	}
	if _, err := token.Create("secp256k1", "a"); err == nil || !strings.Contains(err.Error(), "not known") {
		t.Errorf("an unknown kind: %v", err)
	}
	if _, err := token.Load("absent"); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, keys.ErrUnavailable) {
		t.Error(err)
	}
	if names, err := token.List(); len(names) != 0 || err != nil {
		t.Errorf("an empty token: %v, %v", names, err)
	}
	edwards, nist, old := create(t, token, keys.Ed25519, "e"), create(t, token, keys.P256, "n"), create(t, token, keys.RSA2048, "r")
	short, long := make([]byte, 32), make([]byte, 48)
	for name, sign := range map[string]func() ([]byte, error){
		"no options":           func() ([]byte, error) { return nist.Sign(nil, short, nil) },
		"another hash":         func() ([]byte, error) { return nist.Sign(nil, long, crypto.SHA384) },
		"a digest of no size":  func() ([]byte, error) { return nist.Sign(nil, short[1:], crypto.SHA256) },
		"no hash":              func() ([]byte, error) { return nist.Sign(nil, short, crypto.Hash(0)) },
		"PSS":                  func() ([]byte, error) { return old.Sign(nil, short, &rsa.PSSOptions{Hash: crypto.SHA256}) },
		"Ed25519 with a hash":  func() ([]byte, error) { return edwards.Sign(nil, make([]byte, 64), crypto.SHA512) },
		"Ed25519 with context": func() ([]byte, error) { return edwards.Sign(nil, short, &ed25519.Options{Context: "a"}) },
	} {
		if signature, err := sign(); err == nil || signature != nil || errors.Is(err, keys.ErrUnavailable) {
			t.Errorf("%s: %x, %v", name, signature, err)
		}
	}
	if signature, err := edwards.Sign(nil, short, &ed25519.Options{}); err != nil || !ed25519.Verify(edwards.Public().(ed25519.PublicKey), short, signature) {
		t.Error(err)
	}
	// A signature that does not fit the public key does not leave.
	wrong := *nist.(*key)
	wrong.public = create(t, token, keys.P256, "other").Public()
	if signature, err := wrong.Sign(nil, short, crypto.SHA256); !errors.Is(err, errSignature) || !errors.Is(err, keys.ErrUnavailable) || signature != nil {
		t.Errorf("%x, %v", signature, err)
	}
}

// TestPrivateKeyStays: the token gives the private key to nobody, and nobody can make it do so.
func TestPrivateKeyStays(t *testing.T) {
	token, slot := newToken(t)
	module := raw(t)
	own := as(t, slot, pkcs11.CKU_USER, testPIN)
	wrapping, err := module.GenerateKey(own, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_GEN, nil)}, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, false), pkcs11.NewAttribute(pkcs11.CKA_WRAP, true), pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, 32)})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		signer := create(t, token, kind, string(kind))
		var object pkcs11.ObjectHandle
		if err := token.use(false, func(s *session) (err error) { object, err = signer.(*key).object(s); return err }); err != nil {
			t.Fatal(err)
		}
		secrets := []uint{pkcs11.CKA_VALUE}
		if kind == keys.RSA2048 {
			secrets = []uint{pkcs11.CKA_PRIVATE_EXPONENT, pkcs11.CKA_PRIME_1, pkcs11.CKA_PRIME_2, pkcs11.CKA_EXPONENT_1, pkcs11.CKA_COEFFICIENT}
		}
		for _, secret := range secrets {
			if got, err := module.GetAttributeValue(own, object, []*pkcs11.Attribute{pkcs11.NewAttribute(secret, nil)}); !is(err, pkcs11.CKR_ATTRIBUTE_SENSITIVE) {
				t.Errorf("%s: attribute %#x: %v, %v", kind, secret, got, err)
			}
		}
		for attribute, value := range map[uint]bool{pkcs11.CKA_EXTRACTABLE: true, pkcs11.CKA_SENSITIVE: false} {
			if err := module.SetAttributeValue(own, object, []*pkcs11.Attribute{pkcs11.NewAttribute(attribute, value)}); err == nil {
				t.Errorf("%s: attribute %#x was changed to %v", kind, attribute, value)
			}
		}
		if got, err := module.WrapKey(own, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_KEY_WRAP_PAD, nil)}, wrapping, object); !is(err, pkcs11.CKR_KEY_UNEXTRACTABLE) {
			t.Errorf("%s: wrapped: %d bytes, %v", kind, len(got), err)
		}
		for attribute, want := range map[uint]byte{pkcs11.CKA_PRIVATE: 1, pkcs11.CKA_SIGN: 1, pkcs11.CKA_NEVER_EXTRACTABLE: 1, pkcs11.CKA_ALWAYS_SENSITIVE: 1,
			pkcs11.CKA_LOCAL: 1, pkcs11.CKA_DECRYPT: 0, pkcs11.CKA_UNWRAP: 0, pkcs11.CKA_DERIVE: 0, pkcs11.CKA_SIGN_RECOVER: 0} {
			got, err := module.GetAttributeValue(own, object, []*pkcs11.Attribute{pkcs11.NewAttribute(attribute, nil)})
			if err != nil || !bytes.Equal(got[0].Value, []byte{want}) {
				t.Errorf("%s: attribute %#x is not %d: %v", kind, attribute, want, err)
			}
		}
	}
}

// TestForeignObjects: what was not made here is passed over, and a key that could be taken out does not sign.
func TestForeignObjects(t *testing.T) {
	token, slot := newToken(t)
	module := raw(t)
	own := as(t, slot, pkcs11.CKU_USER, testPIN)
	ours := create(t, token, keys.P256, "ours")
	const oidSecp256k1 = "\x06\x05\x2b\x81\x04\x00\x0a"
	foreign := func(name, curve string, extractable bool) (public, private pkcs11.ObjectHandle) {
		t.Helper()
		shared := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_LABEL, name), pkcs11.NewAttribute(pkcs11.CKA_ID, make([]byte, 32))}
		public, private, err := module.GenerateKeyPair(own, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_EC_KEY_PAIR_GEN, nil)},
			append(shared[:3:3], pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, []byte(curve))),
			append(shared[:3:3], pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, extractable), pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, !extractable)))
		if err != nil {
			t.Fatal(err)
		}
		return public, private
	}
	set := func(object pkcs11.ObjectHandle, attribute uint, value any) {
		t.Helper()
		if err := module.SetAttributeValue(own, object, []*pkcs11.Attribute{pkcs11.NewAttribute(attribute, value)}); err != nil {
			t.Fatal(err)
		}
	}
	foreign("theirs", oidP256, false)
	foreign("bitcoin", oidSecp256k1, false)
	if _, err := token.Load("theirs"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := token.Create(keys.P256, "theirs"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the name of a key of others: %v", err)
	}
	// A key that could be taken out, made to look like ours.
	for name, extractable := range map[string]bool{"hard": false, "soft": true} {
		public, private := foreign(name, oidP256, extractable)
		key, err := readPublic(module, &session{handle: own}, public)
		if err != nil {
			t.Fatal(err)
		}
		id, err := identifier(key)
		if err != nil {
			t.Fatal(err)
		}
		set(private, pkcs11.CKA_ID, id)
		// As a crash leaves it, its public part says not yet that it is one of ours.
		if _, err := token.Load(name); !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		if _, err := token.Create(keys.P256, name); !errors.Is(err, fs.ErrExist) {
			t.Error(err)
		}
		set(public, pkcs11.CKA_ID, id)
		if _, err := token.Load(name); errors.Is(err, keys.ErrKey) != extractable || (err != nil) != extractable {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Two of one name are not chosen from.
	_, err := token.Load("ours")
	if err != nil {
		t.Fatal(err)
	}
	objects, err := token.find(&session{handle: own}, labelled(pkcs11.CKO_PUBLIC_KEY, "hard"))
	if err != nil || len(objects) != 1 {
		t.Fatal(objects, err)
	}
	set(objects[0], pkcs11.CKA_LABEL, "ours")
	if _, err := token.Load("ours"); err == nil || !strings.Contains(err.Error(), "2 keys of that name") {
		t.Error(err)
	}
	set(objects[0], pkcs11.CKA_LABEL, "hard")
	names, err := token.List()
	if diff := cmp.Diff([]string{"hard", "ours", "soft"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	// A key that somebody deletes is missed, not mistaken for another.
	if _, err := keys.SignMessage(ours, []byte("message")); err != nil {
		t.Fatal(err)
	}
	for _, class := range []uint{pkcs11.CKO_PUBLIC_KEY, pkcs11.CKO_PRIVATE_KEY} {
		objects, err := token.find(&session{handle: own}, labelled(class, "ours"))
		if err != nil || len(objects) != 1 {
			t.Fatal(objects, err)
		}
		if err := module.DestroyObject(own, objects[0]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := keys.SignMessage(ours, []byte("message")); !errors.Is(err, keys.ErrUnavailable) || errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestOneName: goroutines that make a key of one name at the same moment end with one key or with none, never with two. (Between
// processes SoftHSM gives no such order: what one makes, another that makes something too may not see.)
func TestOneName(t *testing.T) {
	token, _ := newToken(t)
	tokens := []*Token{token, openToken(t, token.address.token)}
	for round := range 2 {
		name := fmt.Sprintf("one-%d", round)
		var group sync.WaitGroup
		var mu sync.Mutex
		var won []crypto.Signer
		for n := range 6 {
			group.Go(func() {
				signer, err := tokens[n%2].Create(keys.P256, name)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won = append(won, signer)
				} else if !errors.Is(err, fs.ErrExist) && !errors.Is(err, keys.ErrUnavailable) { // SoftHSM is now and then in its own way
					t.Errorf("lost otherwise: %v", err)
				}
			})
		}
		group.Wait()
		loaded, err := token.Load(name)
		switch {
		case len(won) > 1:
			t.Fatalf("%d made it", len(won))
		case len(won) == 0 && !errors.Is(err, fs.ErrNotExist):
			t.Fatalf("nobody made it, and: %v", err)
		case len(won) == 0:
			create(t, token, keys.P256, name)
		case err != nil:
			t.Fatal(err)
		case !won[0].Public().(*ecdsa.PublicKey).Equal(loaded.Public()):
			t.Error("another key than the one that was made")
		}
	}
}

// TestManyGoroutines: 32 goroutines sign with four keys in the sixteen sessions there are.
func TestManyGoroutines(t *testing.T) {
	token, _ := newToken(t)
	var signers []crypto.Signer
	for _, kind := range kinds {
		signers = append(signers, create(t, token, kind, string(kind)))
	}
	began := time.Now()
	var group sync.WaitGroup
	for n := range 32 {
		group.Go(func() {
			for round := range 10 {
				signer, message := signers[(n+round)%len(signers)], fmt.Appendf(nil, "message %d of %d", round, n)
				signature, err := keys.SignMessage(signer, message)
				if err != nil || !fits(signer.Public(), message, signature) {
					t.Errorf("%T: %v", signer.Public(), err)
				}
			}
		})
	}
	group.Wait()
	t.Logf("320 signatures in %v", time.Since(began).Round(time.Millisecond))
	if n := len(token.idle); n > sessionsMost {
		t.Errorf("%d sessions", n)
	}
}

// TestSeals: what such a key seals is what the product's own reader believes.
func TestSeals(t *testing.T) {
	token, _ := newToken(t)
	for suite, kind := range map[string]keys.Kind{"eddsa-rdfc-2022": keys.Ed25519, "ecdsa-rdfc-2019": keys.P256, "ES256": keys.P256, "ES384": keys.P384, "EdDSA": keys.Ed25519} {
		private := create(t, token, kind, suite)
		did, err := keys.DIDKey(private.Public())
		if err != nil {
			t.Fatal(err)
		}
		signer := keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}
		document := []byte(strings.Replace(badge, "ISSUER", did, 1))
		var secured *proof.Secured
		if strings.Contains(suite, "rdfc") {
			sealed, err := proof.Seal(context.Background(), document, proof.SealOptions{Signer: signer, Suite: suite, Created: time.Unix(1767225600, 0)})
			if err != nil {
				t.Fatalf("%s: %v", suite, err)
			}
			value, err := strict.Object(sealed, credential.JSONLimits())
			if err != nil {
				t.Fatal(err)
			}
			secured, err = proof.ReadIntegrity(value, proof.Options{})
			if err != nil {
				t.Fatalf("%s: %v", suite, err)
			}
		} else {
			token, err := proof.SealJWT(document, signer)
			if err != nil {
				t.Fatalf("%s: %v", suite, err)
			}
			if secured, err = proof.ReadJWT([]byte(token), proof.Options{}); err != nil {
				t.Fatalf("%s: %v", suite, err)
			}
		}
		if err := secured.Verify(context.Background(), secured.Proofs[0], private.Public()); err != nil {
			t.Errorf("%s: %v", suite, err)
		}
	}
}

const badge = `{
  "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
  "id": "urn:uuid:3f9f0d3a-0f3c-4d43-9d0e-0d8a3f5b8f11",
  "type": ["VerifiableCredential", "OpenBadgeCredential"],
  "issuer": {"id": "ISSUER", "type": ["Profile"], "name": "Example District"},
  "validFrom": "2026-01-01T00:00:00Z",
  "name": "Feedback that moves learning",
  "credentialSubject": {
    "id": "did:example:teacher", "type": ["AchievementSubject"],
    "achievement": {
      "id": "urn:uuid:8e2b3f8c-52f5-4b2c-9f5c-3a4d2b1c0e9f", "type": ["Achievement"], "name": "Feedback that moves learning",
      "description": "Gives feedback that learners act on.", "criteria": {"narrative": "Three lessons."}
    }
  }
}`

// TestPoints: the forms in which tokens give the point of a key.
func TestPoints(t *testing.T) {
	edwards, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	nist, err := ecdsa.GenerateKey(elliptic.P384(), nil)
	if err != nil {
		t.Fatal(err)
	}
	point, err := nist.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	octets := func(b []byte) []byte { der, _ := asn1.Marshal(b); return der }
	bits := func(b []byte) []byte {
		der, _ := asn1.Marshal(asn1.BitString{Bytes: b, BitLength: 8 * len(b)})
		return der
	}
	how, _ := kindOf(keys.Ed25519)
	for _, form := range []func([]byte) []byte{bytes.Clone, octets, bits} {
		for _, curve := range how.curves {
			if got, err := curveKey(number(ckkECEdwards), curve, form(edwards)); err != nil || !edwards.Equal(got) {
				t.Errorf("%x: %v, %v", form(edwards), got, err)
			}
		}
		if got, err := curveKey(number(pkcs11.CKK_EC), oidP384, form(point)); err != nil || !nist.PublicKey.Equal(got) {
			t.Errorf("%x: %v, %v", form(point), got, err)
		}
	}
	for name, try := range map[string]func() (crypto.PublicKey, error){
		"another Edwards curve": func() (crypto.PublicKey, error) {
			return curveKey(number(ckkECEdwards), "\x06\x03\x2b\x65\x71", edwards)
		},
		"a point of P-384 on P-256": func() (crypto.PublicKey, error) {
			return curveKey(number(pkcs11.CKK_EC), oidP256, octets(point))
		},
		"a compressed point": func() (crypto.PublicKey, error) {
			return curveKey(number(pkcs11.CKK_EC), oidP384, octets(append([]byte{2}, point[1:49]...)))
		},
		"nothing": func() (crypto.PublicKey, error) { return curveKey(number(pkcs11.CKK_EC), oidP384, nil) },
	} {
		if got, err := try(); !errors.Is(err, keys.ErrKey) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := curveKey(number(ckkECEdwards), oidEd25519, octets(edwards[1:])); err == nil && keys.Check(got) == nil {
		t.Error("a short Ed25519 key")
	}
}
