package issuer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// TestWithdrawnKeys: a document says of every key under every name when it was revoked, and of no more than the last.
func TestWithdrawnKeys(t *testing.T) {
	d := newDesk(t, public)
	all, err := d.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := all[0].ID
	document := func() (*keys.Document, []byte) {
		text := mustDocument(t, d, public+"/.well-known/did.json")
		document, err := keys.ParseDocument(text)
		if err != nil {
			t.Fatal(err)
		}
		return document, text
	}
	active := func() issuer.Key {
		for _, k := range mustKeys(t, d) {
			if k.Algorithm == keys.ES256 && k.State == issuer.KeyActive {
				return k
			}
		}
		t.Fatal("no key for tokens")
		return issuer.Key{}
	}
	var methods []string
	for range 27 {
		k := active()
		methods = append(methods, k.Method)
		if err := d.CompromiseKey(t.Context(), id, k.Method, time.Time{}, "test"); err != nil {
			t.Fatal(err)
		}
		now, text := document()
		for _, name := range []string{k.Method, k.Method + "-multikey"} {
			m, found := now.Method(name)
			if !found || m.Err != nil || m.Revoked.IsZero() || now.Allows(keys.AssertionMethod, name) || now.Allows(keys.Authentication, name) {
				t.Fatalf("%s: %+v", name, m)
			}
		}
		if fresh := active(); !now.Allows(keys.AssertionMethod, fresh.Method) || !now.Allows(keys.AssertionMethod, fresh.Method+"-multikey") {
			t.Fatalf("%s is not for assertions\n%s", fresh.Method, text)
		}
	}
	now, _ := document()
	for i, method := range methods {
		if _, found := now.Method(method); found != (i >= 2) {
			t.Errorf("key %d of %d stands there: %v", i, len(methods), found)
		}
	}
	if set := string(mustDocument(t, d, public+"/.well-known/jwks.json")); strings.Contains(set, methods[26]) {
		t.Error("a compromised key stands in the key set")
	}
}
