package issuer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

// place is where an award or a signed document stands in the status lists.
type place struct {
	list  string
	index int
}

// places notes who has each place, and fails when somebody else had it.
type places map[place]string

func (p places) take(t testing.TB, slot issuer.Slot, who string) {
	t.Helper()
	for _, list := range []string{slot.Revocation, slot.Suspension} {
		at := place{list, slot.Index}
		if before, taken := p[at]; taken && before != who {
			t.Errorf("%s is at the place of %s: %+v", who, before, at)
		}
		p[at] = who
	}
}

// copied brings the file of the store to another folder, or back.
func copied(t testing.TB, from, to string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(from, bolt.FileName))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, bolt.FileName), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestRestored: whatever was given out in the hours that a restore has lost, no place is given again, to awards nor to documents.
func TestRestored(t *testing.T) {
	d := newDesk(t, public)
	organisations, err := d.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := organisations[0]
	d.publish(t)
	taken := places{}
	award := func(n int) (last issuer.Credential) {
		for range n {
			last = d.award(t)
			taken.take(t, last.Slot, last.ID)
		}
		return last
	}
	document := func(text string) error {
		_, err := d.Workspace(o.ID).Sign(t.Context(), issuer.SignInput{Document: []byte(text), Name: "named", Purposes: []string{"revocation"}}, issuer.Write{Actor: "test"})
		return err
	}
	signed := func(who string) {
		var kept struct{ Slot issuer.Slot }
		err := d.store.View(t.Context(), func(tx issuer.Tx) error {
			rows, err := allOf(tx, "signed-document")
			if err != nil || len(rows) != 1 {
				return fmt.Errorf("%d documents: %w", len(rows), err)
			}
			return json.Unmarshal(rows[0].Body, &kept)
		})
		if err != nil {
			t.Fatal(err)
		}
		taken.take(t, kept.Slot, who)
	}
	award(20)
	w := d.space(t)
	kept := once(t, w, "k", "award")
	repeated, err := w.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"}, issuer.Write{Actor: "test", Once: kept})
	if err != nil {
		t.Fatal(err)
	}
	kept.End()
	taken.take(t, repeated.Slot, repeated.ID)
	d.check = func(context.Context, []byte) error { return errors.New("broken") }
	if err := document(string(unsigned(o.DID))); err == nil { // it has a place and was not signed
		t.Fatal("signed")
	}
	if _, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org", Actor: "test"}); err == nil {
		t.Fatal("awarded")
	}
	d.check = accept

	backup := t.TempDir()
	at := d.clock.Now()
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	copied(t, d.folder, backup)
	d.open(t, public) // completes the draft
	all, _, err := d.Credentials(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		taken.take(t, c.Slot, c.ID)
	}
	d.clock.Add(time.Hour)
	lost := award(20)
	if err := document(string(unsigned(o.DID))); err != nil {
		t.Fatal(err)
	}
	signed("the document of the lost hours")

	d.clock.Add(time.Hour)
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	copied(t, backup, d.folder)
	store, err := bolt.Open(d.folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := issuer.Restored(t.Context(), store, at, d.clock.Now(), "test"); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	d.open(t, public)
	if _, err := d.Credential(t.Context(), lost.ID); err == nil {
		t.Error("an award of the lost hours is there")
	}
	for _, c := range all { // the draft is completed as the same award
		again, err := d.Credential(t.Context(), c.ID)
		if err != nil || again.Slot != c.Slot || again.Issued.IsZero() {
			t.Errorf("%s is at %+v, it was at %+v, error %v", again.ID, again.Slot, c.Slot, err)
		}
	}
	next := award(20)
	if next.Slot.Revocation == repeated.Slot.Revocation || next.Slot.Suspension == repeated.Slot.Suspension {
		t.Error("an award after the restore stands in a list from before it")
	}
	other := strings.Replace(string(unsigned(o.DID)), "Alice", "Bob", 1)
	if err := document(other); err != nil {
		t.Fatal(err)
	}
	signed("the document after the restore")
	again := once(t, d.space(t), "k", "award")
	same, err := d.space(t).Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"}, issuer.Write{Actor: "test", Once: again})
	if err != nil || same.ID != repeated.ID {
		t.Errorf("a repeated award is %s, it was %s, error %v", same.ID, repeated.ID, err)
	}
	_, lines := d.exported(t)
	found := false
	for _, l := range lines {
		found = found || l.Action == "installation.restored" && l.Detail == at.UTC().Format(time.RFC3339)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil || !found {
		t.Errorf("restored is recorded: %v, error %v", found, err)
	}
	// Old lists go on: they are signed, and bits in them can be set.
	if _, err := d.Revoke(t.Context(), repeated.ID, "why", "test"); err != nil {
		t.Fatal(err)
	}
	d.wantBits(t, repeated, true, false)
}

// TestRestoredPassing: what may have come to its end in the lost hours is gone, however much there is, and nothing else is.
func TestRestoredPassing(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	d.award(t)
	messages := issuer.Kind{Name: "message", Lookups: []string{"to"}}
	err := d.store.Update(t.Context(), func(tx issuer.Tx) error {
		for i := range 250 {
			if err := tx.Put(messages, issuer.Row{ID: fmt.Sprint(i), Lookups: []string{"ada@example.org"}, Body: []byte("{}")}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	before := d.count(t, "credential")
	if err := issuer.Restored(t.Context(), d.store, noon, d.clock.Now(), "test", messages); err != nil {
		t.Fatal(err)
	}
	err = d.store.View(t.Context(), func(tx issuer.Tx) error {
		for _, q := range []issuer.Query{{}, {By: "to", Value: "ada@example.org"}} {
			if left, _, err := tx.List(messages, q); err != nil || len(left) != 0 {
				t.Errorf("%d are left, error %v", len(left), err)
			}
		}
		return nil
	})
	if err != nil || d.count(t, "credential") != before || before == 0 {
		t.Error("other records went with them", err)
	}
}

func TestRestoredWithoutInstallation(t *testing.T) {
	store, err := bolt.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	wantCode(t, issuer.Restored(t.Context(), store, noon, noon, "test"), issuer.KindMissing, "not_found")
	wantCode(t, issuer.MarkMoved(t.Context(), store, "elsewhere", noon, "test"), issuer.KindMissing, "not_found")
}

// TestMoved: nothing is issued from an installation that was moved away, by those who have it open neither, until the mark is gone.
func TestMoved(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	c := d.award(t)
	mark := func(to string) {
		t.Helper()
		for range 2 { // twice is once
			if err := issuer.MarkMoved(t.Context(), d.store, to, d.clock.Now(), "test"); err != nil {
				t.Fatal(err)
			}
		}
	}
	mark("postgres://laurel:hunter2@db.example.org/laurel?password=hunter2")
	refused := func(err error) {
		t.Helper()
		wantCode(t, err, issuer.KindDenied, "moved")
		if !strings.Contains(err.Error(), "moved to postgres://db.example.org/laurel.") || strings.Contains(err.Error(), "hunter2") {
			t.Error(err)
		}
	}
	_, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"})
	refused(err)
	_, err = d.Revoke(t.Context(), c.ID, "why", "test")
	refused(err)
	d.wantBits(t, c, false, false)
	refused(d.Ready(t.Context()))
	refused(d.tryOpen(t, public))
	if found, err := issuer.NewDocuments(d.store).Inspect(t.Context(), noon); err != nil || found.Broken != "" || found.Moved != "postgres://db.example.org/laurel" {
		t.Errorf("%+v, error %v", found, err)
	}

	wantCode(t, issuer.MarkMoved(t.Context(), d.store, "elsewhere", noon, "test"), issuer.KindDenied, "moved") // a second copy would be a second issuer
	mark("")                                                                                                   // the move failed, or this is the copy
	d.open(t, public)
	d.award(t)
	if n, err := d.VerifyAuditDeep(t.Context()); err != nil || n != 9 {
		t.Errorf("%d entries, error %v", n, err)
	}
	for place, shown := range map[string]string{
		"/var/lib/laurel/": "/var/lib/laurel/", "host=db user=laurel PASSWORD=hunter2": "another database", "postgres:///laurel?host=/run&password=hunter2": "postgres:///laurel",
	} {
		mark("")
		mark(place)
		if found, err := issuer.NewDocuments(d.store).Inspect(t.Context(), noon); err != nil || found.Broken != "" || found.Moved != shown {
			t.Errorf("%s: moved to %q, error %v", place, found.Moved, err)
		}
	}
}

// TestUnsettled: what a backup was put into does not open, whatever becomes of the program that restores, until its lists are closed.
func TestUnsettled(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	c := d.award(t)
	err := d.store.Update(t.Context(), func(tx issuer.Tx) error {
		for _, k := range issuer.Kinds() {
			rows, err := allOf(tx, k.Name)
			for _, row := range rows {
				anew := row
				if anew, _, err = issuer.Restoring(k, row); err == nil && string(anew.Body) != string(row.Body) {
					err = tx.Put(k, anew)
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Revoke(t.Context(), c.ID, "why", "test")
	wantCode(t, err, issuer.KindDenied, "unsettled")
	wantCode(t, issuer.MarkMoved(t.Context(), d.store, "elsewhere", noon, "test"), issuer.KindDenied, "unsettled")
	wantCode(t, d.tryOpen(t, public), issuer.KindDenied, "unsettled")
	if err := issuer.Restored(t.Context(), d.store, noon, d.clock.Now(), "test"); err != nil {
		t.Fatal(err)
	}
	d.open(t, public)
	if next := d.award(t); next.Slot.Revocation == c.Slot.Revocation {
		t.Error("it stands in a list from before the restore")
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRestoring: what a backup was put into has no place to give, and says that its restore has not ended; a mark that it was moved
// away goes with the restore.
func TestRestoring(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	d.award(t)
	if err := issuer.MarkMoved(t.Context(), d.store, "elsewhere", noon, "test"); err != nil {
		t.Fatal(err)
	}
	err := d.store.Update(t.Context(), func(tx issuer.Tx) error {
		for _, k := range issuer.Kinds() {
			rows, err := allOf(tx, k.Name)
			if err != nil {
				return err
			}
			for _, row := range rows {
				anew, keep, err := issuer.Restoring(k, row)
				if err != nil || keep == (k.Name == "list-pair") || anew.Version != row.Version || anew.ID != row.ID {
					return fmt.Errorf("%s %s: %+v, keep %v, error %w", k.Name, row.ID, anew, keep, err)
				}
				if err := tx.Delete(k, row.ID); err != nil {
					return err
				}
				if anew.Version = 0; keep {
					if err := tx.Put(k, anew); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if d.count(t, "list-pair") != 0 {
		t.Error("it still has a place to give")
	}
	if _, _, err := issuer.Restoring(declared("audit-head"), issuer.Row{ID: "head", Body: []byte("{")}); err == nil {
		t.Error("what is no head was taken for one")
	}
	wantCode(t, d.tryOpen(t, public), issuer.KindDenied, "unsettled") // and not moved, as it was when the backup was made
	if err := issuer.Restored(t.Context(), d.store, noon, d.clock.Now(), "test"); err != nil {
		t.Fatal(err)
	}
	d.open(t, public)
	d.award(t)
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRestoredCutShort: whichever step of it was the last, nothing can be done until it was done to its end. No step takes long,
// however much there is.
func TestRestoredCutShort(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	c := d.award(t)
	d.batch(t, 1)
	err := d.store.Update(t.Context(), func(tx issuer.Tx) error {
		for i := range 250 {
			row := issuer.Row{ID: fmt.Sprintf("document %03d", i), Body: fmt.Appendf(nil, `{"id":"document %03[1]d","digest":"%03[1]d","slot":{"revocation":"r","suspension":"s","index":%[1]d}}`, i)}
			if err := tx.Put(declared("signed-document"), row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	for ; ; steps++ {
		cut := &dying{Store: d.store, updates: steps}
		if err := issuer.Restored(t.Context(), cut, noon, d.clock.Now(), "test"); err == nil {
			break
		}
		if steps > 0 {
			wantCode(t, d.tryOpen(t, public), issuer.KindDenied, "unsettled")
		}
	}
	if steps < 3 {
		t.Errorf("%d steps", steps)
	}
	d.open(t, public)
	if next := d.award(t); next.Slot.Revocation == c.Slot.Revocation {
		t.Error("it stands in a list from before the restore")
	}
	if err := d.store.View(t.Context(), func(tx issuer.Tx) error {
		rows, err := allOf(tx, "signed-document")
		for _, row := range rows {
			if strings.Contains(string(row.Body), "slot") {
				t.Fatalf("it has its place still: %s", row.Body)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}
