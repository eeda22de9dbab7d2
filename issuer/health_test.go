package issuer_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

func (d *desk) inspect(t *testing.T) issuer.Inspection {
	t.Helper()
	found, err := d.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestInspect(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	if found := d.inspect(t); found.Base != public || !found.Public || len(found.Organisations) != 1 || found.Broken != "" || !found.Latest.Equal(noon) || found.Drafts != 0 {
		t.Errorf("new: %+v", found)
	}
	award := d.award(t)
	if err := d.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := d.inspect(t); found.Lists != 2 || found.Unsigned != 0 || !found.ListsEnd.Equal(noon.Truncate(time.Second).Add(7*24*time.Hour)) {
		t.Errorf("ready: %+v", found)
	}
	if _, err := d.Revoke(t.Context(), award.ID, "why", "test"); err != nil {
		t.Fatal(err)
	}
	if found := d.inspect(t); found.Unsigned != 1 {
		t.Errorf("after a revocation %d lists are unsigned", found.Unsigned)
	}
	if err := d.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := d.inspect(t); found.Unsigned != 0 {
		t.Errorf("ready again, %d lists are unsigned", found.Unsigned)
	}

	// An award on its way is not unfinished; one that stays so is.
	d.check = func(context.Context, []byte) error { return errors.New("broken") }
	if _, err := d.Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"}); err == nil {
		t.Fatal("it was awarded")
	}
	if found := d.inspect(t); found.Drafts != 0 {
		t.Error("an award that has just begun is called unfinished")
	}
	d.clock.Add(2 * time.Minute)
	if found := d.inspect(t); found.Drafts != 1 {
		t.Errorf("%d drafts, want 1", found.Drafts)
	}
}

func TestInspectFindsABrokenChain(t *testing.T) {
	d := newDesk(t, "")
	audit := issuer.Kind{Name: "audit"}
	if err := d.store.Update(t.Context(), func(tx issuer.Tx) error { return tx.Delete(audit, "00000000000000000001") }); err != nil {
		t.Fatal(err)
	}
	if found := d.inspect(t); found.Broken == "" {
		t.Error("the loss of an entry is not found")
	}
}

func TestReady(t *testing.T) {
	d := newDesk(t, "")
	if err := d.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.open(t, "") // nothing is in memory
	folder := filepath.Join(d.folder, "keys")
	if err := os.Rename(folder, folder+".away"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, d.Ready(t.Context()), issuer.KindUnavailable, "key_unavailable")
	if err := os.Rename(folder+".away", folder); err != nil {
		t.Fatal(err)
	}
	if err := d.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, d.Ready(t.Context()), issuer.KindUnavailable, "store_failed")
}

func TestActionOf(t *testing.T) {
	for want, row := range map[string]issuer.Row{
		"credential.revoked": {Body: []byte(`{"sequence":1,"at":"2026-11-22T12:00:00Z","actor":"x\",\"action\":\"y","action":"credential.revoked","subject":"c"}`)},
		"":                   {Body: []byte(`{`)},
	} {
		if got := issuer.ActionOf(issuer.Kind{Name: "audit"}, row); got != want {
			t.Errorf("%s is %q", row.Body, got)
		}
		if got := issuer.ActionOf(issuer.Kind{Name: "credential"}, row); got != "" {
			t.Errorf("a credential is the act %q", got)
		}
	}
}

// TestReadyOfMany: with thousands of status lists it costs little to say that all is well, and to publish what was published.
func TestReadyOfMany(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	c := d.award(t)
	o := d.organisation(t)
	const lists = 5000
	err := d.store.Update(t.Context(), func(tx issuer.Tx) error {
		for i := range lists {
			id := fmt.Sprintf("list %04d", i)
			err := tx.Put(declared("status-list"), issuer.Row{ID: id, Lookups: []string{"yes", o.ID}, Body: fmt.Appendf(nil, `{"id":%q,"organisation":%q,"purpose":"revocation"}`, id, o.ID)})
			if err == nil {
				err = tx.Put(declared("published-list"), issuer.Row{ID: id, Body: fmt.Appendf(nil, `{"list":%q,"method":%q,"signed":%q,"json":"{}"}`,
					id, d.inUse(t, keys.EdDSA).Method, noon.Format(time.RFC3339))})
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
	w := d.watched(t)
	if err := d.PublishLists(t.Context()); err != nil || w.copies.Load() != 2 { // those of the award
		t.Errorf("%d copies were written, error %v", w.copies.Load(), err)
	}
	w.views.Store(0)
	begun := time.Now()
	for range 10 {
		if err := d.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begun); took > time.Minute || w.views.Load() > 40 {
		t.Errorf("ten looks took %v and %d views", took, w.views.Load())
	}
	if _, err := d.Revoke(t.Context(), c.ID, "why", "test"); err != nil {
		t.Fatal(err)
	}
	w.full.Store(true) // what is published needs no writing
	if err := d.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	w.full.Store(false)
	for range 2 {
		if err := d.PublishLists(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if w.copies.Load() != 3 {
		t.Errorf("%d copies were written", w.copies.Load())
	}
}
