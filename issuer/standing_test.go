package issuer_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// bit reads the place of c in one of its published lists.
func (d *desk) bit(t testing.TB, c issuer.Credential, list string) bool {
	t.Helper()
	l, err := d.StatusList(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	bits, err := status.Decode(object(t, l.JSON)["credentialSubject"].(map[string]any)["encodedList"].(string))
	if err != nil {
		t.Fatal(err)
	}
	set, err := bits.Get(c.Slot.Index)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (d *desk) wantBits(t testing.TB, c issuer.Credential, revocation, suspension bool) {
	t.Helper()
	if r, s := d.bit(t, c, c.Slot.Revocation), d.bit(t, c, c.Slot.Suspension); r != revocation || s != suspension {
		t.Errorf("bits %v and %v, want %v and %v", r, s, revocation, suspension)
	}
}

func TestStanding(t *testing.T) {
	d := newDesk(t, "")
	d.publish(t)
	c, other := d.award(t), d.award(t)
	d.wantBits(t, c, false, false)

	_, err := d.Reinstate(t.Context(), c.ID, "test")
	wantCode(t, err, issuer.KindConflict, "not_suspended")
	if _, err := d.Suspend(t.Context(), c.URL, "", "test"); err != nil {
		t.Fatal(err)
	}
	d.wantBits(t, c, false, true)
	_, err = d.Suspend(t.Context(), c.ID, "", "test")
	wantCode(t, err, issuer.KindConflict, "already_suspended")
	if got, err := d.Reinstate(t.Context(), c.Identifier, "test"); err != nil || got.Suspended != nil {
		t.Fatalf("%+v, error %v", got.Suspended, err)
	}
	d.wantBits(t, c, false, false)

	_, err = d.Revoke(t.Context(), c.ID, " ", "test")
	wantCode(t, err, issuer.KindInvalid, "reason")
	got, err := d.Revoke(t.Context(), c.Identifier, "Given by mistake", "test")
	if err != nil || got.Revoked == nil || got.Revoked.Reason != "Given by mistake" || got.Revoked.By != "test" {
		t.Fatalf("%+v, error %v", got.Revoked, err)
	}
	d.wantBits(t, c, true, false)
	_, err = d.Revoke(t.Context(), c.ID, "again", "test")
	wantCode(t, err, issuer.KindConflict, "already_revoked")
	_, err = d.Suspend(t.Context(), c.ID, "", "test")
	wantCode(t, err, issuer.KindConflict, "already_revoked")
	_, err = d.Reinstate(t.Context(), c.ID, "test")
	wantCode(t, err, issuer.KindConflict, "already_revoked")
	_, err = d.Revoke(t.Context(), "nothing", "why", "test")
	wantCode(t, err, issuer.KindMissing, "not_found")
	d.wantBits(t, other, false, false)

	t.Run("a suspended award can be revoked", func(t *testing.T) {
		if _, err := d.Suspend(t.Context(), other.ID, "", "test"); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Revoke(t.Context(), other.ID, "why", "test"); err != nil {
			t.Fatal(err)
		}
		d.wantBits(t, other, true, true)
	})
}

func TestRevokeConcurrently(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	const count = 64
	var awards []issuer.Credential
	for range count {
		awards = append(awards, d.award(t))
	}
	var group sync.WaitGroup
	for _, c := range awards {
		group.Go(func() {
			if _, err := d.Revoke(t.Context(), c.ID, "why", "test"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, c := range awards {
		if !d.bit(t, c, c.Slot.Revocation) {
			t.Errorf("the revocation at %d was lost", c.Slot.Index)
		}
	}
	// A list of one organisation says nothing about how many it revoked beyond the bits themselves.
	l, err := d.StatusList(t.Context(), awards[0].Slot.Revocation)
	if err != nil {
		t.Fatal(err)
	}
	bits, err := status.Decode(object(t, l.JSON)["credentialSubject"].(map[string]any)["encodedList"].(string))
	if err != nil {
		t.Fatal(err)
	}
	set := 0
	for i := range bits.Len() {
		if on, _ := bits.Get(i); on {
			set++
		}
	}
	if set != count || bits.Len() != 131072 {
		t.Errorf("%d of %d bits are set, want %d of 131072", set, bits.Len(), count)
	}
}

func TestStatusList(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	c := d.award(t)
	first, err := d.StatusList(t.Context(), c.Slot.Revocation)
	if err != nil {
		t.Fatal(err)
	}
	document := object(t, first.JSON)
	address := public + "/status/" + c.Slot.Revocation
	subject := document["credentialSubject"].(map[string]any)
	if document["id"] != address || document["issuer"] != "did:web:badges.example.org" || document["proof"] == nil || subject["ttl"] != 300000.0 ||
		document["validFrom"] != "2026-11-22T12:00:00Z" || document["validUntil"] != "2026-11-29T12:00:00Z" || subject["statusPurpose"] != "revocation" {
		t.Errorf("list %s", first.JSON)
	}
	if want := noon.Truncate(time.Second).Add(5 * time.Minute); !first.Expires.Equal(want) || !strings.HasPrefix(first.ETag, `"`) {
		t.Errorf("expires %v, ETag %s", first.Expires, first.ETag)
	}
	same := func(want bool, when string) issuer.StatusDocument {
		t.Helper()
		l, err := d.StatusList(t.Context(), c.Slot.Revocation)
		if err != nil {
			t.Fatal(err)
		}
		if (l.ETag == first.ETag) != want {
			t.Errorf("%s: same copy is %v, want %v", when, !want, want)
		}
		first = l
		return l
	}
	d.clock.Add(11 * time.Hour)
	same(true, "after eleven hours")
	d.open(t, public)
	same(true, "after a restart")
	reader := issuer.NewDocuments(d.store)
	if got, err := reader.Document(t.Context(), address); err != nil || string(got) != string(first.JSON) {
		t.Errorf("read from the store: %v", err)
	}
	d.clock.Add(2 * time.Hour)
	same(false, "after thirteen hours")
	if _, err := d.Revoke(t.Context(), c.ID, "why", "test"); err != nil {
		t.Fatal(err)
	}
	_, err = reader.Document(t.Context(), address)
	wantCode(t, err, issuer.KindUnavailable, "list_stale")
	served, err := d.Document(t.Context(), address)
	if err != nil || string(served) != string(same(false, "after a revocation").JSON) {
		t.Errorf("served at its address: %v", err)
	}
	_, err = d.StatusList(t.Context(), "nothing")
	wantCode(t, err, issuer.KindMissing, "not_found")

	o, err := d.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.RotateKey(t.Context(), o[0].ID, keys.EdDSA, "test"); err != nil {
		t.Fatal(err)
	}
	same(false, "after a key rotation")
}

func TestDocuments(t *testing.T) {
	web, key := newDesk(t, public), newDesk(t, "")
	a := web.publish(t)
	all, err := web.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := all[0]
	for path, id := range map[string]string{
		"/.well-known/did.json": o.DID, "/i/" + o.ID + "/did.json": o.DID, "/i/" + o.ID: o.DID, "/a/" + a.ID: a.URL,
	} {
		got, err := web.Document(t.Context(), public+path)
		if err != nil || object(t, got)["id"] != id {
			t.Errorf("%s: %s, error %v", path, got, err)
		}
	}
	did, err := keys.ParseDocument(mustDocument(t, web, public+"/.well-known/did.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range o.Keys {
		m, ok := did.Method(k.Method)
		if !ok || !did.Allows(keys.AssertionMethod, k.Method) || m.Type != map[string]string{"EdDSA": "Multikey", "ES256": "JsonWebKey"}[k.Algorithm] {
			t.Errorf("method %+v", m)
		}
	}
	set := object(t, mustDocument(t, web, o.URL+"/jwks.json"))["keys"].([]any)
	if len(set) != 2 || set[1].(map[string]any)["kid"] != o.Keys[1].Method || set[1].(map[string]any)["iss"] != o.DID {
		t.Errorf("key set %v", set)
	}
	for _, address := range []string{
		"", public, public + "/", public + "/i/", public + "/i/nothing", public + "/a/nothing", public + "/status/", public + "/c/x",
		public + "/i/" + o.ID + "/other", "https://elsewhere.example.org/.well-known/did.json", local + "/i/" + o.ID,
	} {
		_, err := web.Document(t.Context(), address)
		wantCode(t, err, issuer.KindMissing, "not_found")
	}
	_, err = key.Document(t.Context(), local+"/.well-known/did.json")
	wantCode(t, err, issuer.KindMissing, "not_found")
	own, err := key.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := object(t, mustDocument(t, key, own[0].URL)); got["id"] != own[0].DID {
		t.Errorf("profile %v", got)
	}
}

func mustDocument(t testing.TB, d *desk, address string) []byte {
	t.Helper()
	document, err := d.Document(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestKeys(t *testing.T) {
	t.Run("a did:key is its key", func(t *testing.T) {
		d := newDesk(t, "")
		all, err := d.Organisations(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		o := all[0]
		_, err = d.RotateKey(t.Context(), o.ID, keys.EdDSA, "test")
		wantCode(t, err, issuer.KindConflict, "did_key")
		wantCode(t, d.RetireKey(t.Context(), o.ID, o.Keys[0].Method, "test"), issuer.KindConflict, "did_key")
		wantCode(t, d.CompromiseKey(t.Context(), o.ID, o.Keys[0].Method, time.Time{}, "test"), issuer.KindConflict, "did_key")
	})
	d := newDesk(t, public)
	d.publish(t)
	before := d.award(t)
	all, err := d.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := all[0]
	old := o.Keys[0]
	fresh, err := d.RotateKey(t.Context(), o.ID, keys.EdDSA, "test")
	if err != nil {
		t.Fatal(err)
	}
	states := func() map[string]issuer.KeyState {
		list, err := d.Keys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]issuer.KeyState{}
		for _, k := range list {
			found[k.Method] = k.State
		}
		return found
	}
	if got := states(); got[old.Method] != issuer.KeyRetired || got[fresh.Method] != issuer.KeyActive || len(got) != 3 {
		t.Errorf("states %v", got)
	}
	after := d.award(t)
	if method(t, before) != old.Method || method(t, after) != fresh.Method {
		t.Errorf("signed by %s, then %s", method(t, before), method(t, after))
	}
	published := func(method string) bool {
		return strings.Contains(string(mustDocument(t, d, public+"/.well-known/did.json")), method)
	}
	if !published(old.Method) || !published(fresh.Method) {
		t.Error("a retired key has to stay published")
	}
	wantCode(t, d.RetireKey(t.Context(), o.ID, fresh.Method, "test"), issuer.KindConflict, "last_key")
	wantCode(t, d.RetireKey(t.Context(), o.ID, "did:web:x#y", "test"), issuer.KindMissing, "not_found")
	if err := d.CompromiseKey(t.Context(), o.ID, old.Method, time.Time{}, "test"); err != nil {
		t.Fatal(err)
	}
	withdrawn := func(method string) bool { // it stands there as revoked, and for nothing (CID 1.0 section 2.2)
		document, err := keys.ParseDocument(mustDocument(t, d, public+"/.well-known/did.json"))
		if err != nil {
			t.Fatal(err)
		}
		m, found := document.Method(method)
		return found && !m.Revoked.IsZero() && !document.Allows(keys.AssertionMethod, method) && !document.Allows(keys.Authentication, method)
	}
	if !withdrawn(old.Method) || withdrawn(fresh.Method) || strings.Contains(string(mustDocument(t, d, public+"/.well-known/jwks.json")), old.Method) {
		t.Error("a compromised key is not shown as revoked, or is still published for use")
	}
	wantCode(t, d.CompromiseKey(t.Context(), o.ID, old.Method, time.Time{}, "test"), issuer.KindConflict, "key_ended")
	if err := d.CompromiseKey(t.Context(), o.ID, fresh.Method, time.Time{}, "test"); err != nil {
		t.Fatal(err)
	}
	if got := states(); got[fresh.Method] != issuer.KeyCompromised || len(got) != 4 {
		t.Errorf("states %v", got)
	}
	d.award(t)                         // with the key that took its place
	for _, k := range mustKeys(t, d) { // tokens are then signed with the EdDSA key
		if k.Algorithm == keys.ES256 && k.State == issuer.KeyActive {
			if err := d.RetireKey(t.Context(), o.ID, k.Method, "test"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if token := d.award(t).JWT; token == "" {
		t.Error("no token without an ES256 key")
	}
	_, err = d.RotateKey(t.Context(), o.ID, "RS256", "test")
	wantCode(t, err, issuer.KindInvalid, "algorithm")
}

func mustKeys(t testing.TB, d *desk) []issuer.Key {
	t.Helper()
	all, err := d.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func method(t testing.TB, c issuer.Credential) string {
	t.Helper()
	proof := object(t, c.JSON)["proof"]
	if list, ok := proof.([]any); ok {
		proof = list[0]
	}
	return proof.(map[string]any)["verificationMethod"].(string)
}

func TestAudit(t *testing.T) {
	kind := kindOf(t, "audit")
	id := func(n int) string { return fmt.Sprintf("%020d", n) }
	for name, tamper := range map[string]func(tx issuer.Tx) error{
		"an entry is taken out":   func(tx issuer.Tx) error { return tx.Delete(kind, id(3)) },
		"the first is taken out":  func(tx issuer.Tx) error { return tx.Delete(kind, id(1)) },
		"the newest is taken out": func(tx issuer.Tx) error { return tx.Delete(kind, id(5)) },
		"an entry is changed": func(tx issuer.Tx) error {
			row, err := tx.Get(kind, id(2))
			if err != nil {
				return err
			}
			var e map[string]any
			if err := json.Unmarshal(row.Body, &e); err != nil {
				return err
			}
			e["actor"] = "somebody else"
			if row.Body, err = json.Marshal(e); err != nil {
				return err
			}
			return tx.Put(kind, row)
		},
		"two are swapped": func(tx issuer.Tx) error {
			a, err := tx.Get(kind, id(2))
			if err != nil {
				return err
			}
			b, err := tx.Get(kind, id(3))
			if err != nil {
				return err
			}
			a.Body, b.Body = b.Body, a.Body
			if err := tx.Put(kind, a); err != nil {
				return err
			}
			return tx.Put(kind, b)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, "")
			d.publish(t)
			d.award(t)
			if n, err := d.VerifyAudit(t.Context()); n != 5 || err != nil {
				t.Fatalf("%d entries, error %v", n, err)
			}
			if err := d.store.Update(t.Context(), tamper); err != nil {
				t.Fatal(err)
			}
			_, err := d.VerifyAudit(t.Context())
			wantCode(t, err, issuer.KindConflict, "audit_broken")
		})
	}
}
