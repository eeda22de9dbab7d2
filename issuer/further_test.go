package issuer_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

// TestFurtherKeys: a further key joins the document of a did:web, and is an identity of its own beside a did:key.
func TestFurtherKeys(t *testing.T) {
	d, o := signingDesk(t, public)
	document := string(mustDocument(t, d, o.URL+"/did.json"))
	set := string(mustDocument(t, d, o.URL+"/jwks.json"))
	for _, k := range o.Keys {
		if k.Method != o.DID+"#"+k.Multikey || !strings.Contains(document, k.Method) || !strings.Contains(set, k.Method) {
			t.Errorf("the key %s is not published", k.Method)
		}
	}

	d, o = signingDesk(t, "")
	set = string(mustDocument(t, d, o.URL+"/jwks.json"))
	for i, k := range o.Keys {
		if k.Method != "did:key:"+k.Multikey+"#"+k.Multikey {
			t.Errorf("the key is named %s", k.Method)
		}
		if strings.Contains(set, k.Method) != (i == 0) {
			t.Errorf("key %d: %s", i, set)
		}
	}
	d.publish(t)
	c := d.award(t)
	if got := method(t, c); got != o.Keys[0].Method {
		t.Errorf("an award is signed by %s", got)
	}
	if err := d.check(t.Context(), []byte(c.JWT)); err != nil {
		t.Errorf("the token of an award: %v", err)
	}
}

// TestFurtherKeysEnd: each key ends by itself; the one that is the identity of an issuer does not.
func TestFurtherKeysEnd(t *testing.T) {
	d, o := signingDesk(t, "")
	wantCode(t, d.RetireKey(t.Context(), o.ID, o.Keys[0].Method, "test"), issuer.KindConflict, "did_key")
	_, err := d.RotateKey(t.Context(), o.ID, keys.ES256, "test")
	wantCode(t, err, issuer.KindInvalid, "algorithm")
	if !strings.Contains(err.Error(), "make another with laurel keys new") {
		t.Error(err)
	}
	p256, p384 := o.Keys[1], o.Keys[2]
	if err := d.RetireKey(t.Context(), o.ID, p256.Method, "test"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, d.RetireKey(t.Context(), o.ID, p256.Method, "test"), issuer.KindConflict, "key_ended")
	if err := d.CompromiseKey(t.Context(), o.ID, p384.Method, time.Time{}, "test"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, d.CompromiseKey(t.Context(), o.ID, p384.Method, time.Time{}, "test"), issuer.KindConflict, "key_ended")
	for _, k := range []issuer.Key{p256, p384} {
		_, err := d.Workspace(o.ID).Sign(t.Context(), issuer.SignInput{Document: unsigned("did:key:" + k.Multikey)}, issuer.Write{Actor: "test"})
		wantCode(t, err, issuer.KindInvalid, "issuer")
	}
	if now := mustKeys(t, d); len(now) != len(o.Keys) {
		t.Errorf("%d keys, and %d before: none takes the place of another", len(now), len(o.Keys))
	}

	d, o = signingDesk(t, public)
	for _, algorithm := range []string{keys.ES384, keys.RS256} {
		fresh, err := d.RotateKey(t.Context(), o.ID, algorithm, "test")
		if err != nil || fresh.Algorithm != algorithm {
			t.Errorf("%s: %+v, error %v", algorithm, fresh, err)
		}
	}
}

func TestFurtherKeysRefused(t *testing.T) {
	d, o := signingDesk(t, public)
	if _, err := d.AddKey(t.Context(), o.ID, "P-521", "test"); err == nil {
		t.Error("a kind that is not known")
	}
	_, err := d.AddKey(t.Context(), "nobody", keys.P256, "test")
	wantCode(t, err, issuer.KindMissing, "not_found")
	for {
		if _, err = d.AddKey(t.Context(), o.ID, keys.P256, "test"); err != nil {
			break
		}
	}
	wantCode(t, err, issuer.KindConflict, "many_keys")
	if all := mustKeys(t, d); len(all) != 100 {
		t.Errorf("%d keys", len(all))
	}
	// They are all to be read in the document, under both names; a stolen one is replaced all the same, and makes no room.
	_, err = d.RotateKey(t.Context(), o.ID, keys.EdDSA, "test")
	wantCode(t, err, issuer.KindConflict, "many_keys")
	if err := d.CompromiseKey(t.Context(), o.ID, mustKeys(t, d)[0].Method, time.Time{}, "test"); err != nil {
		t.Error(err)
	}
	document, err := keys.ParseDocument(mustDocument(t, d, o.URL+"/did.json"))
	if err != nil || len(document.Methods) < 100 {
		t.Errorf("%+v, error %v", document, err)
	}
	_, err = d.AddKey(t.Context(), o.ID, keys.P256, "test")
	wantCode(t, err, issuer.KindConflict, "many_keys")
}

// TestSuites: awards and status lists are signed with the suite that the issuer has chosen, and verify.
func TestSuites(t *testing.T) {
	for _, suite := range []string{"eddsa-rdfc-2022", "ecdsa-rdfc-2019", "ecdsa-sd-2023"} {
		t.Run(suite, func(t *testing.T) {
			d, o := signingDesk(t, public)
			d.check = func(ctx context.Context, sealed []byte) error {
				return verifier.Authentic(ctx, sealed, verifier.Options{At: d.clock.Now(), Profile: credential.OpenBadges, Fetch: own{d}})
			}
			d.publish(t)
			before := d.award(t)
			if err := d.SetSuite(t.Context(), o.ID, suite, "test"); err != nil {
				t.Fatal(err)
			}
			c := d.award(t)
			var got struct{ Proof struct{ Cryptosuite string } }
			if err := json.Unmarshal(c.JSON, &got); err != nil || got.Proof.Cryptosuite != suite {
				t.Fatalf("%s, error %v", c.JSON, err)
			}
			if (c.Base != nil) != (suite == "ecdsa-sd-2023") {
				t.Errorf("a base proof: %t", c.Base != nil)
			}
			for name, award := range map[string]issuer.Credential{"before": before, "after": c} {
				if err := d.check(t.Context(), award.JSON); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				report, err := verifier.Verify(t.Context(), award.JSON, verifier.Options{At: d.clock.Now(), Fetch: own{d}})
				if err != nil || report.Outcome != verifier.Valid {
					t.Errorf("%s: %+v, error %v", name, report, err)
				}
			}
			list, err := d.StatusList(t.Context(), c.Slot.Revocation)
			if err != nil {
				t.Fatal(err)
			}
			if want := map[bool]string{true: "ecdsa-rdfc-2019", false: "eddsa-rdfc-2022"}[suite != "eddsa-rdfc-2022"]; !strings.Contains(string(list.JSON), want) {
				t.Errorf("the list is not signed with %s: %s", want, list.JSON)
			}
			if suite == "ecdsa-sd-2023" { // what is published tells as much as the token, and not the secrets of the base proof
				value, award := object(t, c.JSON), object(t, c.Base)
				delete(value, "proof")
				delete(award, "proof")
				if a, b := mustJSON(t, value), mustJSON(t, award); a != b {
					t.Errorf("published\n%s\nsigned\n%s", a, b)
				}
				if err := d.check(t.Context(), c.Base); err == nil {
					t.Error("a base proof is for nobody but its holder")
				}
				for _, address := range []string{c.URL + ".base.json", c.URL + ".base", c.URL + "/base"} {
					if _, err := d.Document(t.Context(), address); err == nil {
						t.Errorf("%s is published", address)
					}
				}
				if published := string(mustDocument(t, d, c.URL)); published != string(c.JSON) {
					t.Errorf("published is %s", published)
				}
			}
		})
	}
}

func mustJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSuiteRefused(t *testing.T) {
	d, o := signingDesk(t, "")
	wantCode(t, d.SetSuite(t.Context(), o.ID, "ecdsa-rdfc-2019", "test"), issuer.KindConflict, "no_key") // its identity is an Ed25519 key
	wantCode(t, d.SetSuite(t.Context(), o.ID, "eddsa-2022", "test"), issuer.KindInvalid, "suite")

	d, o = signingDesk(t, public)
	if err := d.SetSuite(t.Context(), o.ID, "ecdsa-sd-2023", "test"); err != nil {
		t.Fatal(err)
	}
	for _, k := range o.Keys {
		if k.Algorithm == keys.EdDSA {
			if err := d.RetireKey(t.Context(), o.ID, k.Method, "test"); err != nil {
				t.Fatal(err)
			}
		}
	}
	p256 := 0
	for _, k := range o.Keys {
		if k.Algorithm != keys.ES256 {
			continue
		}
		if p256++; p256 == 2 {
			wantCode(t, d.RetireKey(t.Context(), o.ID, k.Method, "test"), issuer.KindConflict, "last_key")
		} else if err := d.RetireKey(t.Context(), o.ID, k.Method, "test"); err != nil {
			t.Fatal(err)
		}
	}
	d.publish(t)
	d.award(t)
	wantCode(t, d.SetSuite(t.Context(), o.ID, "eddsa-rdfc-2022", "test"), issuer.KindConflict, "no_key")
}
