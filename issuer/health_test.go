package issuer_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
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
		"credential.revoked": {Body: []byte(`{"action":"credential.revoked"}`)},
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
