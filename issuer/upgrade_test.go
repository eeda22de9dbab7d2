package issuer_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// put writes a record as it is given, over whatever is there.
func (d *desk) put(t testing.TB, k issuer.Kind, row issuer.Row) {
	t.Helper()
	err := d.store.Update(t.Context(), func(tx issuer.Tx) error {
		old, err := tx.Get(k, row.ID)
		if err != nil && !errors.Is(err, issuer.ErrNotFound) {
			return err
		}
		row.Version = old.Version
		return tx.Put(k, row)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// rows reads all records of a kind.
func (d *desk) rows(t testing.TB, k issuer.Kind) (rows []issuer.Row) {
	t.Helper()
	err := d.store.View(t.Context(), func(tx issuer.Tx) (err error) {
		rows, _, err = tx.List(k, issuer.Query{Limit: 10_000})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// kindOf finds a kind by its name.
func kindOf(t testing.TB, name string) issuer.Kind {
	t.Helper()
	for _, k := range issuer.Kinds() {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("there is no kind %s", name)
	return issuer.Kind{}
}

// age makes of the records what releases before there was a version of the data left behind: documents in base64, no names of keys,
// and awards in fewer lists.
func (d *desk) age(t testing.TB) {
	t.Helper()
	documents := map[string][]string{"credential": {"unsigned", "json", "base"}, "achievement": {"document"}, "achievement-draft": {"document"}, "published-list": {"json"}}
	gone := map[string][]string{"credential": {"integrityKey", "tokenKey"}, "installation": {"data", "firstKeys"}}
	for _, name := range []string{"credential", "achievement", "achievement-draft", "published-list", "installation"} {
		k := kindOf(t, name)
		for _, row := range d.rows(t, k) {
			var body map[string]any
			if err := json.Unmarshal(row.Body, &body); err != nil {
				t.Fatal(err)
			}
			for _, member := range documents[name] {
				if text, ok := body[member].(string); ok {
					body[member] = base64.StdEncoding.EncodeToString([]byte(text))
				}
			}
			for _, member := range gone[name] {
				delete(body, member)
			}
			var err error
			if row.Body, err = json.Marshal(body); err != nil {
				t.Fatal(err)
			}
			if name == "credential" {
				row.Lookups[5], row.Lookups[6] = "", "" // out of the lists
				d.put(t, k, row)
				row.Lookups = row.Lookups[:5]
				d.put(t, issuer.Kind{Name: name, Lookups: k.Lookups[:5]}, row)
				continue
			}
			d.put(t, k, row)
		}
	}
}

// aged is an installation with data of earlier releases, and what it says of its awards.
func aged(t testing.TB) (*desk, []issuer.Credential) {
	t.Helper()
	d, o := signingDesk(t, public)
	a := d.publish(t)
	if _, err := d.space(t).Draft(t.Context(), issuer.AchievementInput{Name: "N", Description: "D", Criteria: "C"}, issuer.Write{Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	made := []issuer.Credential{d.award(t), d.award(t)}
	if _, err := d.RotateKey(t.Context(), o.ID, keys.EdDSA, "test"); err != nil {
		t.Fatal(err)
	}
	made = append(made, d.award(t))
	if err := d.SetSuite(t.Context(), o.ID, issuer.SuiteSelective, "test"); err != nil {
		t.Fatal(err)
	}
	made = append(made, d.award(t), d.leave(t))
	if err := d.PublishLists(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.age(t)
	d.check = accept // the other asks a Service, and at the next start there is none yet
	if served, err := d.Document(t.Context(), a.URL); err != nil || string(served) != string(a.Document) {
		t.Fatalf("data of earlier releases is served as %s, error %v", served, err)
	}
	return d, made
}

func (d *desk) wantUpgraded(t testing.TB, made []issuer.Credential) {
	t.Helper()
	for i, was := range made {
		c, err := d.Credential(t.Context(), was.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !was.Issued.IsZero() && (string(c.JSON) != string(was.JSON) || string(c.Base) != string(was.Base) || c.IntegrityKey != was.IntegrityKey || c.TokenKey != was.TokenKey || c.TokenKey == "") {
			t.Errorf("award %d is %+v, was %+v", i, c, was)
		}
		if c.Issued.IsZero() {
			t.Errorf("award %d is not finished", i)
		}
	}
	for _, name := range []string{"credential", "achievement", "published-list"} {
		k := kindOf(t, name)
		for _, row := range d.rows(t, k) {
			var body map[string]any
			if err := json.Unmarshal(row.Body, &body); err != nil {
				t.Fatal(err)
			}
			for _, member := range []string{"json", "base", "document"} {
				if text, ok := body[member].(string); ok && text[0] != '{' {
					t.Errorf("%s %s: %s is not text", name, row.ID, member)
				}
			}
			if len(row.Lookups) != len(k.Lookups) {
				t.Errorf("%s %s is in %d lists", name, row.ID, len(row.Lookups))
			}
		}
	}
	o := d.organisation(t)
	if found := d.affected(t, o, o.Keys[0].Method); len(found) != 2 || !found[made[0].ID] || !found[made[1].ID] {
		t.Errorf("the first key has signed %v", found)
	}
	if n := d.actions(t, "installation.upgraded"); n != 1 {
		t.Errorf("%d entries of an upgrade, want 1", n)
	}
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestUpgrade(t *testing.T) {
	d, made := aged(t)
	d.open(t, public)
	if d.Opening().Upgraded == 0 {
		t.Error("nothing was put anew")
	}
	d.wantUpgraded(t, made)
	d.open(t, public)
	if d.Opening().Upgraded != 0 {
		t.Errorf("opening %+v", d.Opening())
	}
}

// TestUpgradeCutShort: an upgrade that is killed at any point goes on where it was.
func TestUpgradeCutShort(t *testing.T) {
	d, made := aged(t)
	total, starts := 0, 0
	for err := error(issuer.ErrUnavailable); err != nil; starts++ {
		d.wrap = func(s issuer.Store) issuer.Store { return &dying{s, 3} }
		before := d.actions(t, "installation.upgraded")
		if err = d.tryOpen(t, public); err == nil && before == 0 {
			total = d.Opening().Upgraded
		}
		if starts > 20 {
			t.Fatal(err)
		}
	}
	if starts < 4 {
		t.Errorf("%d starts, the last of which put %d records anew", starts, total)
	}
	d.wrap = nil
	d.open(t, public)
	d.wantUpgraded(t, made)
}

// TestUpgradeTogether: processes that start at once on data of an earlier release share the work.
func TestUpgradeTogether(t *testing.T) {
	d, made := aged(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() { d.beside(t, d.store) })
	}
	group.Wait()
	d.wantUpgraded(t, made)
}

// TestNewerData: what a newer program has written is left alone.
func TestNewerData(t *testing.T) {
	d := newDesk(t, public)
	k := kindOf(t, "installation")
	row := d.rows(t, k)[0]
	var body map[string]any
	if err := json.Unmarshal(row.Body, &body); err != nil {
		t.Fatal(err)
	}
	body["data"] = 1000
	row.Body, _ = json.Marshal(body)
	d.put(t, k, row)
	for _, base := range []string{"", public, "https://elsewhere.example.org"} {
		wantCode(t, d.tryOpen(t, base), issuer.KindDenied, "newer_data")
	}
}
