package issuer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

const chunk = 100 // rows of a batch that are worked on together

// intended is how many awards of batches were given their places and are not recorded.
func (d *desk) intended(t testing.TB) (n int) {
	t.Helper()
	for _, i := range d.intents(t) {
		n += len(i.Awards)
	}
	return n
}

// intentRecord is what a test looks at in a record of intents.
type intentRecord struct {
	Block  int
	Awards []struct {
		Row        int
		Revocation string
		Index      int
	}
}

func (d *desk) intents(t testing.TB) (found []intentRecord) {
	t.Helper()
	err := d.store.View(t.Context(), func(tx issuer.Tx) error {
		rows, _, err := tx.List(declared("batch-intent"), issuer.Query{Limit: 1000})
		for _, row := range rows {
			var i intentRecord
			if err := json.Unmarshal(row.Body, &i); err != nil {
				return err
			}
			found = append(found, i)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// cutOff is a store that takes two updates, in which two chunks are begun, and none by which one would be recorded.
type cutOff struct {
	issuer.Store
	on   atomic.Bool
	seen atomic.Int64
}

func (s *cutOff) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	if s.on.Load() && s.seen.Add(1) > 2 {
		return errShaken
	}
	return s.Store.Update(ctx, fn)
}

// TestIntentKept: whoever begins rows again, after a crash or from a backup, makes the same awards, at the same places and of the same
// instant; and a place whose row has come to another end is given to nobody.
func TestIntentKept(t *testing.T) {
	for _, restored := range []bool{false, true} {
		t.Run(fmt.Sprint("restored ", restored), func(t *testing.T) {
			d := newDesk(t, public)
			d.publish(t)
			const rows = 2*chunk + 20
			b := d.batch(t, rows)
			cut := &cutOff{Store: d.store}
			s := d.beside(t, cut)
			cut.on.Store(true)
			if _, err := s.RunBatch(t.Context(), b.ID, nil); err == nil {
				t.Fatal("it was not cut short")
			}
			before := d.intents(t)
			if d.intended(t) != 2*chunk || d.count(t, "credential") != 0 || len(before) != 2 {
				t.Fatalf("%d intended in %d records, %d awards", d.intended(t), len(before), d.count(t, "credential"))
			}
			at := d.clock.Now()
			d.clock.Add(2 * time.Minute)
			if found := d.inspect(t); found.Drafts != 2*chunk {
				t.Errorf("%d awards are half done, want %d", found.Drafts, 2*chunk)
			}
			if err := d.ForgetRecipient(t.Context(), "", "p7@example.org", "earner"); err != nil {
				t.Fatal(err)
			}
			if found := d.inspect(t); found.Drafts != 2*chunk-1 {
				t.Errorf("%d awards are half done, want %d", found.Drafts, 2*chunk-1)
			}
			if restored {
				if err := issuer.Restored(t.Context(), d.store, noon, d.clock.Now(), "test"); err != nil {
					t.Fatal(err)
				}
			}
			d.open(t, public)
			if restored {
				if _, err := d.ReleaseBatch(t.Context(), b.ID, "test"); err != nil {
					t.Fatal(err)
				}
			}
			d.run(t, b.ID)
			given, list := map[int]int{}, before[0].Awards[0].Revocation
			for _, i := range before {
				for _, a := range i.Awards {
					given[a.Row] = a.Index
				}
			}
			for _, row := range d.rowsOf(t, b.ID) {
				if row.Number == 8 {
					if row.Code != "erased" || row.Award != "" {
						t.Errorf("%+v", row)
					}
					continue
				}
				c, err := d.Credential(t.Context(), row.Award)
				if err != nil || c.Issued.IsZero() {
					t.Fatalf("%+v, error %v", c, err)
				}
				index, was := given[row.Number]
				switch {
				case was != (row.Number <= 2*chunk), was && (c.Slot.Revocation != list || c.Slot.Index != index || !c.Intended.Equal(at)),
					!was && (c.Slot.Revocation == list) == restored, c.Slot.Revocation == list && c.Slot.Index == given[8]:
					t.Errorf("row %d stands at %+v, intended at %v", row.Number, c.Slot, c.Intended)
				}
			}
			if d.intended(t) != 0 || d.count(t, "credential") != rows-1 {
				t.Errorf("%d are left, %d awards", d.intended(t), d.count(t, "credential"))
			}
			if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestIntentOvertaken: what happens to rows while they are signed counts when their awards are recorded: somebody is awarded the same by
// another way, or the batch is ended.
func TestIntentOvertaken(t *testing.T) {
	while := func(t *testing.T, l *life, do func() error) {
		var begun atomic.Bool // what is done is checked as well
		l.check = func(context.Context, []byte) error {
			if begun.CompareAndSwap(false, true) {
				if err := do(); err != nil {
					t.Error(err)
				}
			}
			return nil
		}
	}
	single := func(l *life) func() error {
		return func() error {
			_, err := l.Workspace.Issue(context.Background(), issuer.AwardInput{Recipient: "p1@example.org"}, staff)
			return err
		}
	}
	t.Run("refused", func(t *testing.T) {
		l := newLife(t, public)
		l.settings(t, issuer.AchievementSettings{Duplicates: issuer.DuplicatesRefused})
		b := l.batch(t, 3)
		while(t, l, single(l))
		l.run(t, b.ID)
		if rows := l.rowsOf(t, b.ID); rows[1].Code != "duplicate" || rows[1].Award != "" || rows[0].State() != issuer.RowDone || rows[2].State() != issuer.RowDone {
			t.Errorf("%+v", rows)
		}
		if n := l.count(t, "credential"); n != 3 {
			t.Errorf("%d awards", n)
		}
	})
	t.Run("replaced", func(t *testing.T) {
		l := newLife(t, public)
		l.settings(t, issuer.AchievementSettings{Duplicates: issuer.DuplicatesReplaced})
		b := l.batch(t, 3)
		while(t, l, single(l))
		l.run(t, b.ID)
		all, _, err := l.Service.Credentials(t.Context(), "", 10)
		if err != nil || len(all) != 4 {
			t.Fatal(len(all), err)
		}
		for _, c := range all {
			if c.Batch == "" && (c.SupersededBy != l.rowsOf(t, b.ID)[1].Award || c.Revoked == nil) {
				t.Errorf("%+v", c)
			}
		}
	})
	t.Run("ended", func(t *testing.T) {
		l := newLife(t, public)
		b := l.batch(t, 3)
		while(t, l, func() error {
			_, err := l.Service.DropBatch(context.Background(), b.ID, "test")
			return err
		})
		l.run(t, b.ID)
		if b, err := l.Service.Batch(t.Context(), b.ID); err != nil || b.State != issuer.BatchFinished || b.Failed != 3 || l.count(t, "credential")+l.intended(t) != 0 {
			t.Errorf("%+v, error %v", b, err)
		}
	})
}

// TestIntentDrafted: an award that another process could not sign is a draft at the place that it was given, whoever signs it at that time
// leaves it alone, and it is completed as that draft.
func TestIntentDrafted(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	const rows = 3
	b := d.batch(t, rows)
	ring, _, err := keys.OpenFolder(filepath.Join(d.folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	other, err := issuer.Open(t.Context(), issuer.Config{Store: d.store, Keys: ring, Now: d.clock.Now, Enqueue: d.enqueue,
		Check: func(context.Context, []byte) error { return errors.New("not now") }})
	if err != nil {
		t.Fatal(err)
	}
	var first sync.Once
	d.check = func(ctx context.Context, _ []byte) error {
		first.Do(func() {
			if _, err := other.RunBatch(ctx, b.ID, nil); err != nil {
				t.Error(err)
			}
		})
		return nil
	}
	if _, err := d.RunBatch(t.Context(), b.ID, nil); err != nil {
		t.Fatal(err)
	}
	given, slots := d.intents(t), map[string]int{}
	for _, c := range d.drafts(t) {
		slots[c.ID] = c.Slot.Index
	}
	if held, err := d.Batch(t.Context(), b.ID); err != nil || held.State != issuer.BatchHeld || len(slots) == 0 || held.Done != rows-len(slots) {
		t.Fatalf("%+v, %d drafts, error %v", held, len(slots), err)
	}
	if d.clock.Add(time.Hour); len(given) > 0 {
		t.Errorf("what was given is kept: %+v", given)
	}
	if _, err := d.ReleaseBatch(t.Context(), b.ID, "test"); err != nil {
		t.Fatal(err)
	}
	d.run(t, b.ID)
	d.wantAwards(t, b.ID, rows)
	for id, index := range slots {
		if c, err := d.Credential(t.Context(), id); err != nil || c.Slot.Index != index {
			t.Errorf("%+v, error %v", c.Slot, err)
		}
	}
}
