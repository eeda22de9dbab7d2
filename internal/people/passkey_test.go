package people

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/laurelbadges/laurel/issuer"
)

// device is an authenticator with one credential (ES256, attestation none), and the browser in front of it.
type device struct {
	t       *testing.T
	key     *ecdsa.PrivateKey
	id      []byte
	user    string // handle
	counter uint32

	origin, rp string
	challenge  string // in the place of the one that was asked for; "" is that one
}

func newDevice(t *testing.T) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d := &device{t: t, key: key, id: make([]byte, 32), origin: testBase, rp: "badges.cedar.example"}
	_, _ = rand.Read(d.id)
	return d
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func (d *device) client(kind, challenge string) []byte {
	if d.challenge != "" {
		challenge = d.challenge
	}
	return d.json(map[string]any{"type": kind, "challenge": challenge, "origin": d.origin, "crossOrigin": false})
}

func (d *device) json(value any) []byte {
	d.t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		d.t.Fatal(err)
	}
	return text
}

// data is authenticator data (Web Authentication Level 3 section 6.1).
func (d *device) data(flags byte) []byte {
	hash := sha256.Sum256([]byte(d.rp))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), d.counter)
}

func (d *device) answer(client []byte, more map[string]any) []byte {
	more["clientDataJSON"] = b64(client)
	return d.json(map[string]any{"id": b64(d.id), "rawId": b64(d.id), "type": "public-key", "response": more, "clientExtensionResults": map[string]any{}})
}

// create answers PublicKeyCredentialCreationOptionsJSON.
func (d *device) create(options []byte) []byte {
	d.t.Helper()
	var o struct {
		Challenge string
		RP        struct{ ID string }
		User      struct{ ID string }
		Selection struct{ ResidentKey, UserVerification string } `json:"authenticatorSelection"`
		Excluded  []struct{ ID string }                          `json:"excludeCredentials"`
	}
	unmarshal(d.t, options, &o)
	if o.RP.ID != "badges.cedar.example" || o.Selection.ResidentKey != "required" || o.Selection.UserVerification != "preferred" {
		d.t.Errorf("the options are %s", options)
	}
	user, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	d.user = string(user)
	point, err := d.key.PublicKey.Bytes()
	if err != nil {
		d.t.Fatal(err)
	}
	public, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		d.t.Fatal(err)
	}
	data := append(d.data(0x45), make([]byte, 16)...) // user present and verified, with a credential; no AAGUID
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(d.id))), d.id...)
	attestation, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": append(data, public...)})
	if err != nil {
		d.t.Fatal(err)
	}
	return d.answer(d.client("webauthn.create", o.Challenge), map[string]any{"attestationObject": b64(attestation), "transports": []string{"internal"}})
}

// get answers PublicKeyCredentialRequestOptionsJSON.
func (d *device) get(options []byte) []byte {
	d.t.Helper()
	var o struct{ Challenge, RPID string }
	unmarshal(d.t, options, &o)
	d.counter++
	client, data := d.client("webauthn.get", o.Challenge), d.data(0x05)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(data[:len(data):len(data)], hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
	if err != nil {
		d.t.Fatal(err)
	}
	return d.answer(client, map[string]any{"authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64([]byte(d.user))})
}

// register makes a passkey of a device for an account.
func (h *house) register(account string, d *device) (Passkey, error) {
	h.t.Helper()
	options, token, err := h.BeginPasskey(h.t.Context(), account)
	ok(h.t, err)
	return h.FinishPasskey(h.t.Context(), account, token, "Laptop", d.create(options))
}

// show signs in by a device.
func (h *house) show(d *device) (Proof, error) {
	h.t.Helper()
	options, token, err := h.BeginPasskeySignIn(h.t.Context(), anywhere)
	ok(h.t, err)
	return h.UsePasskey(h.t.Context(), token, d.get(options))
}

func TestPasskey(t *testing.T) {
	h := opened(t)
	ctx, d := t.Context(), newDevice(t)
	made, err := h.register(h.owner, d)
	ok(t, err)
	if made.Name != "Laptop" || made.Account != h.owner || d.user != h.owner {
		t.Errorf("the passkey is %+v for %q", made, d.user)
	}
	for range 2 {
		proof, err := h.show(d)
		if err != nil || proof != (Proof{h.owner, ByPasskey}) {
			t.Fatalf("it signs in %+v, %v", proof, err)
		}
	}
	second := newDevice(t)
	if _, err := h.register(h.owner, second); err != nil {
		t.Fatal(err)
	}
	options, _, err := h.BeginPasskey(ctx, h.owner)
	if err != nil || !strings.Contains(string(options), b64(d.id)) || !strings.Contains(string(options), b64(second.id)) {
		t.Errorf("the known are not excluded: %s, %v", options, err)
	}
	ok(t, h.RenamePasskey(ctx, h.owner, made.ID, "Old laptop"))
	is(t, h.RenamePasskey(ctx, h.owner, made.ID, ""), issuer.KindInvalid, "name")
	list, err := h.Passkeys(ctx, h.owner)
	if err != nil || len(list) != 2 || list[0].Used.IsZero() == list[1].Used.IsZero() {
		t.Errorf("the passkeys are %+v, %v", list, err)
	}
	ok(t, h.RemovePasskey(ctx, h.owner, made.ID))
	is(t, h.RemovePasskey(ctx, h.owner, made.ID), issuer.KindMissing, "not_found")
	_, err = h.show(d)
	is(t, err, issuer.KindDenied, "passkey_refused")
	_, err = h.show(second)
	ok(t, err)
}

func TestPasskeyRefused(t *testing.T) {
	h := opened(t)
	ctx := t.Context()
	bo := h.member(h.first.ID, "bo@cedar.example", RoleIssuer)
	good := newDevice(t)
	if _, err := h.register(h.owner, good); err != nil {
		t.Fatal(err)
	}
	foreign := newDevice(t)
	if _, err := h.register(bo, foreign); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(d *device){
		"of another origin":    func(d *device) { d.origin = "https://badges.cedar.example.evil.example" },
		"of a plain origin":    func(d *device) { d.origin = "http://badges.cedar.example" },
		"of another host":      func(d *device) { d.rp = "evil.example" },
		"of another challenge": func(d *device) { d.challenge = b64(make([]byte, 32)) },
		"of another key":       func(d *device) { d.key = newDevice(t).key },
		"of another account":   func(d *device) { d.user = bo },
		"of another id":        func(d *device) { d.id = foreign.id },
		"of nobody":            func(d *device) { d.user = "" },
		"unknown":              func(d *device) { d.id = []byte("unknown") },
	} {
		t.Run("signing in "+name, func(t *testing.T) {
			spoiled := *good
			spoil(&spoiled)
			before := h.dump()
			proof, err := h.show(&spoiled)
			is(t, err, issuer.KindDenied, "passkey_refused")
			if proof.Account() != "" || h.dump() != before {
				t.Error("something came of it")
			}
		})
	}
	for name, spoil := range map[string]func(d *device){
		"of another origin":    func(d *device) { d.origin = "https://evil.example" },
		"of another host":      func(d *device) { d.rp = "evil.example" },
		"of another challenge": func(d *device) { d.challenge = b64(make([]byte, 32)) },
		"known already":        func(d *device) { d.id = foreign.id },
	} {
		t.Run("making one "+name, func(t *testing.T) {
			spoiled := newDevice(t)
			spoil(spoiled)
			before := h.dump()
			_, err := h.register(h.owner, spoiled)
			is(t, err, issuer.KindDenied, "passkey_refused")
			if h.dump() != before {
				t.Error("something came of it")
			}
		})
	}
	t.Run("begun for another account", func(t *testing.T) {
		options, token, err := h.BeginPasskey(ctx, h.owner)
		ok(t, err)
		_, err = h.FinishPasskey(ctx, bo, token, "Mine", newDevice(t).create(options))
		is(t, err, issuer.KindDenied, "passkey_refused")
	})
	t.Run("replayed", func(t *testing.T) {
		options, token, err := h.BeginPasskeySignIn(ctx, anywhere)
		ok(t, err)
		answer := good.get(options)
		_, err = h.UsePasskey(ctx, token, answer)
		ok(t, err)
		_, err = h.UsePasskey(ctx, token, answer)
		is(t, err, issuer.KindMissing, "not_found")
		_, other, err := h.BeginPasskeySignIn(ctx, anywhere)
		ok(t, err)
		_, err = h.UsePasskey(ctx, other, answer)
		is(t, err, issuer.KindDenied, "passkey_refused")
	})
	t.Run("late", func(t *testing.T) {
		options, token, err := h.BeginPasskeySignIn(ctx, anywhere)
		ok(t, err)
		h.pass(5 * time.Minute)
		_, err = h.UsePasskey(ctx, token, good.get(options))
		is(t, err, issuer.KindMissing, "not_found")
	})
	t.Run("in the place of another ceremony", func(t *testing.T) {
		options, token, err := h.BeginPasskey(ctx, h.owner)
		ok(t, err)
		_, err = h.UsePasskey(ctx, token, good.get(options))
		is(t, err, issuer.KindMissing, "not_found")
	})
	t.Run("no answer", func(t *testing.T) {
		for _, answer := range []string{"", "{}", "null", `{"id":"AA"}`, strings.Repeat(" ", mostResponse+1)} {
			_, token, err := h.BeginPasskeySignIn(ctx, anywhere)
			ok(t, err)
			_, err = h.UsePasskey(ctx, token, []byte(answer))
			is(t, err, issuer.KindDenied, "passkey_refused")
		}
	})
	t.Run("copied", func(t *testing.T) {
		copied := *good
		copied.counter = 0
		_, err := h.show(&copied)
		is(t, err, issuer.KindDenied, "passkey_refused")
		if log := h.actions(); log[len(log)-1] != "account:"+h.owner+" passkey.refused" {
			t.Errorf("the log ends with %s", log[len(log)-1])
		}
		good.counter += 100
		_, err = h.show(good)
		ok(t, err)
	})
	t.Run("of an account that cannot be used", func(t *testing.T) {
		ok(t, h.DisableAccount(ctx, h.owner, bo))
		_, err := h.show(foreign)
		is(t, err, issuer.KindDenied, "account_disabled")
	})
}

func TestPasskeysAreBounded(t *testing.T) {
	h := opened(t)
	ok(t, h.store.Update(t.Context(), func(tx issuer.Tx) error {
		for i := range mostPasskeys {
			k := passkey{Passkey: Passkey{ID: string(rune('a' + i)), Account: h.owner}, Credential: json.RawMessage("{}")}
			if err := passkeys.Put(tx, &k, 0); err != nil {
				return err
			}
		}
		return nil
	}))
	_, _, err := h.BeginPasskey(t.Context(), h.owner)
	is(t, err, issuer.KindConflict, "passkeys")
	for range begunMost {
		_, _, err = h.BeginPasskeySignIn(t.Context(), anywhere)
		ok(t, err)
	}
	_, _, err = h.BeginPasskeySignIn(t.Context(), anywhere)
	is(t, err, issuer.KindDenied, "rate")
}

func TestPasskeysNeedAHostName(t *testing.T) {
	for base, want := range map[string]bool{
		"https://badges.cedar.example": true, "https://badges.cedar.example:8443": true, "http://localhost:8080": true,
		"http://127.0.0.1:8080": false, "http://[::1]:8080": false, "https://192.0.2.7": false, "http://badges.cedar.example": false,
	} {
		h := empty(t, func(c *Config) { c.Base = base })
		if err := h.PasskeysWork(); want {
			ok(t, err)
		} else {
			is(t, err, issuer.KindConflict, "passkey_host")
			_, _, err = h.BeginPasskeySignIn(t.Context(), anywhere)
			is(t, err, issuer.KindConflict, "passkey_host")
			_, _, err = h.BeginPasskey(t.Context(), "")
			is(t, err, issuer.KindConflict, "passkey_host")
		}
	}
}
