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

// TestBatchAfterRestore: a batch that was open when the backup was made waits until somebody lets it go on.
func TestBatchAfterRestore(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	b, ended := d.batch(t, 120), d.batch(t, 1)
	if _, err := d.RunBatch(t.Context(), ended.ID, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := d.RunBatch(t.Context(), b.ID, func() bool { return false }); err != nil {
		t.Fatal(err)
	}
	if err := issuer.Restored(t.Context(), d.store, noon, d.clock.Now(), "test"); err != nil {
		t.Fatal(err)
	}
	d.open(t, public)
	finished, err := d.RunBatch(t.Context(), b.ID, nil)
	held, err2 := d.Batch(t.Context(), b.ID)
	if err != nil || err2 != nil || !finished || held.State != issuer.BatchHeld || held.Done != 100 {
		t.Fatalf("finished %v, %+v, errors %v, %v", finished, held, err, err2)
	}
	if ended, err = d.Batch(t.Context(), ended.ID); err != nil || ended.State != issuer.BatchFinished {
		t.Errorf("%+v, error %v", ended, err)
	}
	d.work = nil
	_, err = d.ReleaseBatch(t.Context(), ended.ID, "test")
	wantCode(t, err, issuer.KindConflict, "not_held")
	_, err = d.ReleaseBatch(t.Context(), "none", "test")
	wantCode(t, err, issuer.KindMissing, "not_found")
	released, err := d.ReleaseBatch(t.Context(), b.ID, "test")
	if err != nil || released.State != issuer.BatchOpen || len(d.work) != 1 || string(d.work[0].Payload) != b.ID {
		t.Fatalf("%+v, %+v, error %v", released, d.work, err)
	}
	if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
		t.Errorf("finished %v, error %v", finished, err)
	}
	if b, err = d.Batch(t.Context(), b.ID); err != nil || b.Done != 120 {
		t.Errorf("%+v, error %v", b, err)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestDropBatch: nothing more is begun, what the rows say of people is erased, and what is a draft since it could not be signed is completed.
func TestDropBatch(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	b := d.batch(t, 1110)
	d.check = func(context.Context, []byte) error { return errors.New("broken") }
	_, err := d.RunBatch(t.Context(), b.ID, func() bool { return false })
	begun := map[string]bool{}
	for _, c := range d.drafts(t) {
		begun[c.ID] = true
	}
	if n := len(begun); err != nil || n == 0 || n > chunk || d.intended(t) != chunk {
		t.Fatalf("%d are drafts, %d intended, error %v", n, d.intended(t), err)
	}
	d.check, d.work = accept, nil
	dropped, err := d.DropBatch(t.Context(), b.ID, "test")
	if err != nil || dropped.State != issuer.BatchOpen || dropped.Failed != 1110-len(begun) || dropped.Done != 0 || len(d.work) != 1 {
		t.Fatalf("%+v, %+v, error %v", dropped, d.work, err)
	}
	if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
		t.Errorf("finished %v, error %v", finished, err)
	}
	if b, err = d.Batch(t.Context(), b.ID); err != nil || b.State != issuer.BatchFinished || b.Done != len(begun) || b.Failed != 1110-len(begun) || d.intended(t) != 0 {
		t.Errorf("%+v, error %v", b, err)
	}
	for _, row := range d.rowsOf(t, b.ID) {
		if want := map[bool]string{true: "", false: "dropped"}[begun[row.Award]]; row.Code != want || !row.Done {
			t.Fatalf("%+v", row)
		}
	}
	err = d.store.View(t.Context(), func(tx issuer.Tx) error {
		for q := (issuer.Query{Limit: 1000}); ; {
			rows, next, err := tx.List(declared("batch-row"), q)
			for _, row := range rows {
				if strings.Contains(string(row.Body), "Person ") {
					t.Fatalf("it says who somebody is: %s", row.Body)
				}
			}
			if q.After = next; next == "" {
				return err
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.DropBatch(t.Context(), b.ID, "test")
	wantCode(t, err, issuer.KindConflict, "batch_finished")
	_, err = d.DropBatch(t.Context(), "none", "test")
	wantCode(t, err, issuer.KindMissing, "not_found")

	// Of a reissue every award is named from the start, and those that were not signed anew are dropped.
	stolen := d.inUse(t, keys.EdDSA)
	d.clock.Add(time.Hour)
	if err := d.CompromiseKey(t.Context(), d.organisation(t).ID, stolen.Method, d.clock.Now(), "test"); err != nil {
		t.Fatal(err)
	}
	again, err := d.Reissue(t.Context(), d.organisation(t).ID, stolen.Method, "test")
	if err != nil {
		t.Fatal(err)
	}
	if again, err = d.DropBatch(t.Context(), again.ID, "test"); err != nil || again.State != issuer.BatchFinished || again.Failed != len(begun) {
		t.Errorf("%+v, error %v", again, err)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestDropBatchCutShort: a batch whose end was cut short does nothing more, and can be ended again.
func TestDropBatchCutShort(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	b := d.batch(t, 1010)
	dying := &dying{Store: d.store, updates: 1 << 30}
	s := d.beside(t, dying)
	dying.updates = 2
	if _, err := s.DropBatch(t.Context(), b.ID, "test"); err == nil {
		t.Fatal("it came to its end")
	}
	if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished || len(d.drafts(t)) != 0 {
		t.Errorf("finished %v, error %v", finished, err)
	}
	if b, err := d.DropBatch(t.Context(), b.ID, "test"); err != nil || b.State != issuer.BatchFinished || b.Failed != 1010 {
		t.Errorf("%+v, error %v", b, err)
	}
	if all, _, err := d.Credentials(t.Context(), "", 10); err != nil || len(all) != 0 {
		t.Errorf("%d awards, error %v", len(all), err)
	}
}
