package issuer_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// affected reads all awards that a key has signed, in short pages.
func (d *desk) affected(t testing.TB, o issuer.Organisation, method string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for after := ""; ; {
		page, next, err := d.Affected(t.Context(), o.ID, method, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			if found[c.ID] {
				t.Errorf("the award %s is listed twice", c.ID)
			}
			found[c.ID] = true
		}
		if after = next; next == "" {
			return found
		}
	}
}

// inUse is the newest active key of an algorithm.
func (d *desk) inUse(t testing.TB, algorithm string) issuer.Key {
	t.Helper()
	var found issuer.Key
	for _, k := range mustKeys(t, d) {
		if k.Algorithm == algorithm && k.State == issuer.KeyActive {
			found = k
		}
	}
	return found
}

// TestReissue: what a stolen key has signed is not authentic any more, is listed, and becomes authentic again in its place.
func TestReissue(t *testing.T) {
	for name, test := range map[string]struct{ suite, algorithm string }{
		"the key of both forms": {"", keys.EdDSA},
		"the key of tokens":     {"", keys.ES256},
		"selective disclosure":  {"ecdsa-sd-2023", keys.ES256},
	} {
		t.Run(name, func(t *testing.T) {
			d, o := signingDesk(t, public)
			d.publish(t)
			ended := []string{keys.RS256}
			if name == "the key of both forms" {
				ended = append(ended, keys.ES256, keys.ES256) // tokens are signed with the key for Data Integrity then
			}
			for _, algorithm := range ended {
				if err := d.RetireKey(t.Context(), o.ID, d.inUse(t, algorithm).Method, "test"); err != nil {
					t.Fatal(err)
				}
			}
			if test.suite != "" {
				if err := d.SetSuite(t.Context(), o.ID, test.suite, "test"); err != nil {
					t.Fatal(err)
				}
			}
			before := []issuer.Credential{d.award(t), d.award(t), d.award(t), d.award(t), d.award(t)}
			if _, err := d.Revoke(t.Context(), before[1].ID, "Given by mistake", "test"); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Suspend(t.Context(), before[2].ID, "", "test"); err != nil {
				t.Fatal(err)
			}
			stolen := d.inUse(t, test.algorithm)
			_, err := d.Reissue(t.Context(), o.ID, stolen.Method, "test")
			wantCode(t, err, issuer.KindConflict, "key_active")
			wantCode(t, d.CompromiseKey(t.Context(), o.ID, stolen.Method, noon.Add(time.Minute), "test"), issuer.KindInvalid, "since")
			d.clock.Add(48 * time.Hour)
			since := noon.Add(24 * time.Hour).Truncate(time.Second)
			if err := d.CompromiseKey(t.Context(), o.ID, stolen.Method, since, "test"); err != nil {
				t.Fatal(err)
			}
			document, err := keys.ParseDocument(mustDocument(t, d, o.URL+"/did.json"))
			if err != nil {
				t.Fatal(err)
			}
			if m, found := document.Method(stolen.Method); !found || !m.Revoked.Equal(since) {
				t.Errorf("revoked %v, want %v", m.Revoked, since)
			}
			after := d.award(t) // of the key that took its place
			forms := func(c issuer.Credential) []string {
				switch test.algorithm {
				case keys.EdDSA:
					return []string{string(c.JSON), c.JWT}
				case keys.ES256:
					if test.suite != "" {
						return []string{string(c.JSON), c.JWT}
					}
				}
				return []string{c.JWT}
			}
			for _, form := range forms(before[0]) {
				if d.check(t.Context(), []byte(form)) == nil {
					t.Error("what the stolen key signed is authentic")
				}
			}
			if found := d.affected(t, o, stolen.Method); len(found) != len(before) || found[after.ID] {
				t.Errorf("affected %v", found)
			}
			b, err := d.Reissue(t.Context(), o.ID, stolen.Method, "test")
			if err != nil || b.Total != len(before) || b.Kind != issuer.BatchReissue || b.Name != stolen.Method {
				t.Fatalf("%+v, error %v", b, err)
			}
			if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
				t.Fatalf("finished %v, error %v", finished, err)
			}
			for i, was := range before {
				c, err := d.Credential(t.Context(), was.ID)
				if err != nil {
					t.Fatal(err)
				}
				if string(c.JSON) == string(was.JSON) && len(forms(c)) == 2 || c.JWT == was.JWT || c.Slot != was.Slot || c.Identifier != was.Identifier || c.Issued != was.Issued {
					t.Errorf("award %d became %+v", i, c)
				}
				for _, form := range [][]byte{c.JSON, []byte(c.JWT)} {
					if err := d.check(t.Context(), form); err != nil {
						t.Errorf("award %d: %v", i, err)
					}
				}
				if (c.Base == nil) != (was.Base == nil) {
					t.Errorf("award %d: base %d bytes, before %d", i, len(c.Base), len(was.Base))
				}
				was.JSON, c.JSON = firstText(was.Base, was.JSON), firstText(c.Base, c.JSON)
				if text, _, _ := strings.Cut(string(was.JSON), `"proof"`); !strings.HasPrefix(string(c.JSON), text) {
					t.Errorf("award %d says something else", i)
				}
				d.wantBits(t, c, i == 1, i == 2)
			}
			if found := d.affected(t, o, stolen.Method); len(found) != 0 {
				t.Errorf("still affected %v", found)
			}
			_, err = d.Reissue(t.Context(), o.ID, stolen.Method, "test")
			wantCode(t, err, issuer.KindConflict, "nothing_to_do")
			if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
				t.Errorf("once more: finished %v, error %v", finished, err)
			}
			if entries := d.actions(t, "credential.reissued"); entries != len(before) {
				t.Errorf("%d entries, want %d", entries, len(before))
			}
			if _, err := d.VerifyAudit(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func firstText(texts ...issuer.Text) issuer.Text {
	for _, text := range texts {
		if text != nil {
			return text
		}
	}
	return nil
}

// actions counts the entries of the audit log of one action.
func (d *desk) actions(t testing.TB, action string) (n int) {
	t.Helper()
	err := d.store.View(t.Context(), func(tx issuer.Tx) error {
		rows, _, err := tx.List(issuer.Kind{Name: "audit"}, issuer.Query{Limit: 100_000})
		for _, row := range rows {
			if issuer.ActionOf(issuer.Kind{Name: "audit"}, row) == action {
				n++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestReissueRowFails: an award that does not pass the check when it is signed anew stays as it is, and its row says why. The batch stops,
// and goes on with the others when somebody says so.
func TestReissueRowFails(t *testing.T) {
	d, o := signingDesk(t, public)
	d.publish(t)
	poisoned, good := d.award(t), d.award(t)
	old := d.inUse(t, keys.EdDSA)
	if _, err := d.RotateKey(t.Context(), o.ID, keys.EdDSA, "test"); err != nil {
		t.Fatal(err)
	}
	d.refuse(poisoned.ID)
	b, err := d.Reissue(t.Context(), o.ID, old.Method, "test")
	if err != nil {
		t.Fatal(err)
	}
	if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
		t.Errorf("finished %v, error %v", finished, err)
	}
	if b, err = d.Batch(t.Context(), b.ID); err != nil || b.State != issuer.BatchHeld || b.Done != 0 || b.Failed != 1 {
		t.Errorf("%+v, error %v", b, err)
	}
	if _, err := d.ReleaseBatch(t.Context(), b.ID, "test"); err != nil {
		t.Error(err)
	}
	if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
		t.Errorf("finished %v, error %v", finished, err)
	}
	rows := d.rowsOf(t, b.ID)
	for _, row := range rows {
		if (row.Code == "self_check_failed") != (row.Award == poisoned.ID) || !row.Done {
			t.Errorf("row %+v", row)
		}
	}
	if c, err := d.Credential(t.Context(), poisoned.ID); err != nil || string(c.JSON) != string(poisoned.JSON) {
		t.Errorf("it became %s, error %v", c.JSON, err)
	}
	if c, err := d.Credential(t.Context(), good.ID); err != nil || string(c.JSON) == string(good.JSON) {
		t.Errorf("it stayed as it was, error %v", err)
	}
	if found := d.affected(t, o, old.Method); len(found) != 1 || !found[poisoned.ID] {
		t.Errorf("affected %v", found)
	}
	_, _, err = d.Affected(t.Context(), o.ID, old.Method, "x.y", 1)
	wantCode(t, err, issuer.KindInvalid, "cursor")
	_, _, err = d.Affected(t.Context(), o.ID, "did:web:x#y", "", 1)
	wantCode(t, err, issuer.KindMissing, "not_found")
}

// refuse makes the check refuse every document that holds a text.
func (d *desk) refuse(text string) {
	check := d.check
	d.check = func(ctx context.Context, sealed []byte) error {
		if strings.Contains(string(sealed), text) {
			return errors.New("it does not read back")
		}
		return check(ctx, sealed)
	}
}

// TestCompromisedBeforeItWasMade: a key is compromised from its making on at the most.
func TestCompromisedBeforeItWasMade(t *testing.T) {
	d, o := signingDesk(t, public)
	d.clock.Add(time.Hour)
	k, err := d.RotateKey(t.Context(), o.ID, keys.EdDSA, "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.CompromiseKey(t.Context(), o.ID, k.Method, noon.AddDate(-1, 0, 0), "test"); err != nil {
		t.Fatal(err)
	}
	for _, now := range mustKeys(t, d) {
		if now.Method == k.Method && (now.Ended == nil || !now.Ended.Equal(k.Created)) {
			t.Errorf("it ended %v, made %v", now.Ended, k.Created)
		}
	}
}
