package issuer_test

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/keys/jose"
	"github.com/laurelbadges/laurel/proof"
)

// keyFor finds a key in the issuer's own document, as a stranger would.
func (d *desk) keyFor(t testing.TB) func(string) (crypto.PublicKey, error) {
	return func(method string) (crypto.PublicKey, error) {
		for _, k := range mustKeys(t, d) {
			if k.Method == method {
				return keys.ParseMultikey(k.Multikey)
			}
		}
		return nil, fmt.Errorf("no key %s", method)
	}
}

func (d *desk) signedHead(t testing.TB) (token string, head issuer.AuditHead) {
	t.Helper()
	all, err := d.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if token, err = d.SignedAuditHead(t.Context(), all[0].ID); err != nil {
		t.Fatal(err)
	}
	head, did, err := issuer.VerifyAuditHead(token, d.keyFor(t))
	if err != nil || did != all[0].DID {
		t.Fatalf("of %s, error %v", did, err)
	}
	return token, head
}

// TestSignedAuditHead: whoever keeps a signed head can tell later that the log was rewritten, and that an older one was brought back.
func TestSignedAuditHead(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	c := d.award(t)
	token, head := d.signedHead(t)
	n, err := d.VerifyAudit(t.Context())
	if err != nil || head.Sequence != uint64(n) || !head.At.Equal(noon.Truncate(time.Second)) {
		t.Errorf("%+v for %d entries, error %v", head, n, err)
	}
	if _, err := d.Revoke(t.Context(), c.ID, "why", "test"); err != nil {
		t.Fatal(err)
	}
	if again, _ := d.signedHead(t); again != token {
		t.Error("another head was signed within five minutes")
	}
	d.clock.Add(5 * time.Minute)
	later, newer := d.signedHead(t)
	if later == token || newer.Sequence != head.Sequence+1 {
		t.Errorf("after five minutes: %+v", newer)
	}
	d.clock.Add(5 * time.Hour)
	if again, _ := d.signedHead(t); again != later {
		t.Error("the same head was signed twice")
	}
	for _, h := range []issuer.AuditHead{head, newer, {}} {
		if err := d.AuditHolds(t.Context(), h); err != nil {
			t.Error(err)
		}
	}
	wantCode(t, d.AuditHolds(t.Context(), issuer.AuditHead{Sequence: newer.Sequence + 1, Hash: newer.Hash}), issuer.KindConflict, "audit_broken")

	// Somebody who can write the store rewrites the whole log. Its chain holds; the heads that others keep do not fit.
	err = d.store.Update(t.Context(), func(tx issuer.Tx) error {
		return rewrite(tx, func(e *issuer.AuditEntry) {
			if e.Action == "credential.issued" {
				e.Actor = "somebody else"
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantCode(t, d.AuditHolds(t.Context(), head), issuer.KindConflict, "audit_broken")
	_, err = d.VerifyAuditDeep(t.Context())
	wantCode(t, err, issuer.KindConflict, "audit_broken")
	if !strings.Contains(err.Error(), "is another than the one that was signed") {
		t.Error(err)
	}
}

// TestSignedAuditHeadByNewKey: a key that ended signs no more heads.
func TestSignedAuditHeadByNewKey(t *testing.T) {
	d := newDesk(t, public)
	before, _ := d.signedHead(t)
	all, err := d.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.RotateKey(t.Context(), all[0].ID, keys.ES256, "test"); err != nil {
		t.Fatal(err)
	}
	if after, _ := d.signedHead(t); after == before {
		t.Error("the head of the key before is given")
	}
	_, err = d.SignedAuditHead(t.Context(), "nobody")
	wantCode(t, err, issuer.KindMissing, "not_found")
}

// TestSignedAuditHeadsKept: the newest heads are kept, and never more than 400 of an organisation.
func TestSignedAuditHeadsKept(t *testing.T) {
	d := newDesk(t, public)
	all, err := d.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first, _ := d.signedHead(t)
	err = d.store.Update(t.Context(), func(tx issuer.Tx) (err error) {
		for range 399 {
			if _, err = tx.Next("audit-head/" + all[0].ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	d.publish(t)
	d.clock.Add(time.Hour)
	second, _ := d.signedHead(t)
	err = d.store.View(t.Context(), func(tx issuer.Tx) error {
		rows, err := allOf(tx, "audit-head-signed")
		if len(rows) != 1 || bytes.Contains(rows[0].Body, []byte(first)) || !bytes.Contains(rows[0].Body, []byte(second)) {
			t.Errorf("%d heads are kept", len(rows))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestAuditHeadWithList: a status list that is signed takes a head along, not more than one in five minutes.
func TestAuditHeadWithList(t *testing.T) {
	d := newDesk(t, public)
	c := d.plant(t, 1)[0]
	kept := func() (count int) {
		err := d.store.View(t.Context(), func(tx issuer.Tx) error {
			rows, err := allOf(tx, "audit-head-signed")
			count = len(rows)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return count
	}
	for _, want := range []int{1, 1, 2} {
		if _, err := d.Suspend(t.Context(), c.ID, "", "test"); err != nil {
			t.Fatal(err)
		}
		d.published(t, c.Slot.Suspension)
		if got := kept(); got != want {
			t.Errorf("%d heads are kept, want %d", got, want)
		}
		if _, err := d.Reinstate(t.Context(), c.ID, "test"); err != nil {
			t.Fatal(err)
		}
		if want == 1 {
			d.clock.Add(150 * time.Second)
		}
	}
}

// TestVerifyAuditHead: nothing else is a signed head, and a signed head is nothing else.
func TestVerifyAuditHead(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	c := d.award(t)
	token, _ := d.signedHead(t)
	if _, err := proof.ReadJWT([]byte(token), proof.Options{}); err == nil {
		t.Error("it is read as a credential")
	}
	parts := strings.Split(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	other := newDesk(t, public)
	foreign, _ := other.signedHead(t)
	key, err := d.keys(t).Load(mustKeys(t, d)[1].Name)
	if err != nil {
		t.Fatal(err)
	}
	method := mustKeys(t, d)[1].Method
	signed := func(payload, kind, method string) string {
		token, err := jose.SignTyped([]byte(payload), kind, method, key)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	did, _, _ := strings.Cut(method, "#")
	if again := signed(string(payload), issuer.TypeAuditHead, method); !strings.HasPrefix(again, parts[0]+"."+parts[1]+".") {
		t.Fatalf("a head is signed as %s, and not as %s", token, again)
	}
	for name, token := range map[string]string{
		"nothing":             "",
		"an award":            c.JWT,
		"of another key":      foreign,
		"another payload":     parts[0] + "." + base64.RawURLEncoding.EncodeToString(bytes.Replace(payload, []byte(`"sequence":`), []byte(`"sequence":1`), 1)) + "." + parts[2],
		"without signature":   parts[0] + "." + parts[1] + ".",
		"another type":        signed(string(payload), "laurel-other+jwt", method),
		"one more member":     signed(strings.Replace(string(payload), "{", `{"sub":"x",`, 1), issuer.TypeAuditHead, method),
		"a member twice":      signed(strings.Replace(string(payload), "{", `{"sequence":1,`, 1), issuer.TypeAuditHead, method),
		"of no entry":         signed(`{"iss":"`+did+`","iat":1,"sequence":0,"hash":""}`, issuer.TypeAuditHead, method),
		"in another's name":   signed(strings.Replace(string(payload), did, "did:web:elsewhere.example.org", 1), issuer.TypeAuditHead, method),
		"longer than it gets": token + strings.Repeat("A", 4096),
	} {
		_, _, err := issuer.VerifyAuditHead(token, d.keyFor(t))
		var got *issuer.Error
		if !errors.As(err, &got) || got.Kind != issuer.KindInvalid || got.Code != "audit_head" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
