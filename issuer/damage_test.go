package issuer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// damaged is a store of which some records are not as they were written. Like the engines it reads one record beyond a page.
type damaged struct {
	issuer.Store
	records map[string]bool // ids
}

func (s *damaged) View(ctx context.Context, fn func(issuer.Tx) error) error {
	return s.Store.View(ctx, func(tx issuer.Tx) error { return fn(damagedTx{tx, s}) })
}

func (s *damaged) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	return s.Store.Update(ctx, func(tx issuer.Tx) error { return fn(damagedTx{tx, s}) })
}

type damagedTx struct {
	issuer.Tx
	store *damaged
}

func (t damagedTx) whole(k issuer.Kind, id string) error {
	if t.store.records[id] {
		return fmt.Errorf("%s %s: %w", k.Name, id, issuer.ErrDamaged)
	}
	return nil
}

func (t damagedTx) Get(k issuer.Kind, id string) (issuer.Row, error) {
	if err := t.whole(k, id); err != nil {
		return issuer.Row{}, err
	}
	return t.Tx.Get(k, id)
}

func (t damagedTx) List(k issuer.Kind, q issuer.Query) ([]issuer.Row, string, error) {
	rows, next, err := t.Tx.List(k, q)
	read := rows
	if next != "" {
		q.After, q.Limit = next, 1
		beyond, _, err := t.Tx.List(k, q)
		if err != nil {
			return nil, "", err
		}
		read = slices.Concat(rows, beyond)
	}
	for _, row := range read {
		if err := t.whole(k, row.ID); err != nil {
			return nil, "", err
		}
	}
	return rows, next, err
}

// TestDamagedDraft: an award that was begun and cannot be read stops no start, and others on both sides of it are completed.
func TestDamagedDraft(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	drafts := make([]issuer.Credential, 7)
	for i := range drafts {
		drafts[i] = d.leave(t)
	}
	hurt := &damaged{records: map[string]bool{drafts[3].ID: true}}
	d.wrap = func(s issuer.Store) issuer.Store { hurt.Store = s; return hurt }
	if err := d.tryOpen(t, public); err != nil {
		t.Fatal(err)
	}
	o := d.Opening()
	wantCode(t, o.Unfinished, issuer.KindUnavailable, "record_damaged")
	if o.Finished != 4 || !errors.Is(o.Unfinished, issuer.ErrDamaged) { // an engine may not read the two beside it
		t.Errorf("opening %+v", o)
	}
	for _, i := range []int{0, 1, 5, 6} {
		if c, err := d.Credential(t.Context(), drafts[i].ID); err != nil || c.Issued.IsZero() {
			t.Errorf("draft %d: %+v, error %v", i, c, err)
		}
	}
	d.award(t)
	_, err := d.Credential(t.Context(), drafts[3].ID)
	wantCode(t, err, issuer.KindUnavailable, "record_damaged")
	d.wrap = nil
	d.open(t, public)
	if o := d.Opening(); o.Finished != 3 || o.Unfinished != nil {
		t.Errorf("opening %+v", o)
	}
}

// TestDamagedInBatch: an award that cannot be read, or whose text is none, fails its row and no other.
func TestDamagedInBatch(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	o := d.organisation(t)
	const count = 120
	for range count {
		d.award(t)
	}
	all, _, err := d.Credentials(t.Context(), "", count)
	if err != nil || len(all) != count {
		t.Fatal(len(all), err)
	}
	stolen := d.inUse(t, keys.EdDSA)
	d.clock.Add(time.Hour)
	if err := d.CompromiseKey(t.Context(), o.ID, stolen.Method, d.clock.Now(), "test"); err != nil {
		t.Fatal(err)
	}
	b, err := d.Reissue(t.Context(), o.ID, stolen.Method, "test")
	if err != nil {
		t.Fatal(err)
	}
	err = d.store.Update(t.Context(), func(tx issuer.Tx) error {
		for i, change := range map[int][2]string{70: {`\"proof\"`, `\"prof\"`}, 71: {`"json":"{`, `"json":"!`}, 72: {`"json":"`, `"json":1"`}} {
			row, err := tx.Get(declared("credential"), all[i].ID)
			if err != nil {
				return err
			}
			before := string(row.Body)
			if row.Body = []byte(strings.Replace(before, change[0], change[1], 1)); string(row.Body) == before {
				t.Fatalf("award %d is as it was: %s", i, before)
			}
			if err := tx.Put(declared("credential"), row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	hurt := &damaged{records: map[string]bool{}}
	d.wrap = func(s issuer.Store) issuer.Store { hurt.Store = s; return hurt }
	d.open(t, public)
	hurt.records[all[20].ID] = true
	if finished, err := d.RunBatch(t.Context(), b.ID, nil); err != nil || !finished {
		t.Errorf("finished %v, error %v", finished, err)
	}
	if b, err = d.Batch(t.Context(), b.ID); err != nil || b.Done != count-4 || b.Failed != 4 {
		t.Errorf("%+v, error %v", b, err)
	}
	codes := map[string]string{}
	for _, row := range d.rowsOf(t, b.ID) {
		if row.Code != "" {
			codes[row.Award] = row.Code
		}
	}
	if len(codes) != 4 || codes[all[20].ID] != "record_damaged" || codes[all[70].ID] != "stored_award" || codes[all[71].ID] != "record_damaged" || codes[all[72].ID] != "record_damaged" {
		t.Errorf("%v", codes)
	}
}
