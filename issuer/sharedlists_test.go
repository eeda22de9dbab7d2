package issuer_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// sharedStore is a store that other processes write to.
type sharedStore struct{ issuer.Store }

func (sharedStore) Shared() bool { return true }

// newReplicas are two services of one installation that know nothing of each other.
func newReplicas(t testing.TB) (a, b *desk) {
	t.Helper()
	a = newDesk(t, "")
	b = &desk{folder: a.folder, store: a.store, clock: a.clock, check: accept}
	for _, d := range []*desk{a, b} {
		w := &watchedStore{Store: sharedStore{a.store}}
		var err error
		if d.Service, err = issuer.Open(t.Context(), issuer.Config{Store: w, Keys: a.keys(t), Check: accept, Now: a.clock.Now}); err != nil {
			t.Fatal(err)
		}
	}
	return a, b
}

func (d *desk) keys(t testing.TB) *keys.Folder {
	t.Helper()
	folder, _, err := keys.OpenFolder(filepath.Join(d.folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestReplicasLists: a change that one replica has acknowledged shows in the lists of the other at once, and no bit is lost.
func TestReplicasLists(t *testing.T) {
	goroutines, each := 16, 12
	if testing.Short() {
		each = 4
	}
	a, b := newReplicas(t)
	awards := a.plant(t, goroutines*each)
	list := awards[0].Slot.Revocation
	var group sync.WaitGroup
	for i := range goroutines {
		here, there := a, b
		if i%2 == 1 {
			here, there = b, a
		}
		group.Go(func() {
			for _, c := range awards[i*each : (i+1)*each] {
				if _, err := here.Revoke(t.Context(), c.ID, "why", "test"); err != nil {
					t.Error(err)
					return
				}
				if !there.bit(t, c, list) {
					t.Errorf("the revocation at %d does not show in the other", c.Slot.Index)
				}
			}
		})
	}
	group.Wait()
	for _, d := range []*desk{a, b} {
		bits, set := d.published(t, list), 0
		for i := range bits.Len() {
			if on, _ := bits.Get(i); on {
				set++
			}
		}
		if set != len(awards) {
			t.Errorf("%d bits are set, want %d", set, len(awards))
		}
	}
	if _, err := a.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestReplicasShareCopies: what one replica has signed, the other gives out as it is.
func TestReplicasShareCopies(t *testing.T) {
	a, b := newReplicas(t)
	c := a.plant(t, 1)[0]
	for _, on := range []bool{true, false, true} {
		change := func() (issuer.Credential, error) { return a.Suspend(t.Context(), c.ID, "", "test") }
		if !on {
			change = func() (issuer.Credential, error) { return b.Reinstate(t.Context(), c.ID, "test") }
		}
		if _, err := change(); err != nil {
			t.Fatal(err)
		}
		first, err := a.StatusList(t.Context(), c.Slot.Suspension)
		if err != nil {
			t.Fatal(err)
		}
		a.clock.Add(time.Second) // a copy that is signed now is another
		second, err := b.StatusList(t.Context(), c.Slot.Suspension)
		if err != nil || !bytes.Equal(first.JSON, second.JSON) || first.ETag != second.ETag {
			t.Errorf("two copies were signed, error %v", err)
		}
		if b.bit(t, c, c.Slot.Suspension) != on {
			t.Errorf("the bit is %v", !on)
		}
	}
}

// TestReplicasOnce: one key, given to two replicas at the same time, makes one award; whoever was late is told so, and then gets it.
func TestReplicasOnce(t *testing.T) {
	a, b := newReplicas(t)
	a.publish(t)
	for round := range 8 {
		key := string(rune('a' + round))
		var made [2]issuer.Credential
		var errs [2]error
		var holds [2]*issuer.Once
		for i, d := range []*desk{a, b} { // both have looked before either has written
			holds[i] = once(t, d.space(t), key, "award")
		}
		try := func(i int, d *desk, o *issuer.Once) {
			made[i], errs[i] = d.space(t).Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"}, issuer.Write{Actor: "test", Once: o})
			o.End()
		}
		var group sync.WaitGroup
		for i, d := range []*desk{a, b} {
			group.Go(func() { try(i, d, holds[i]) })
		}
		group.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("both: %v", errs)
		}
		for i, d := range []*desk{a, b} {
			if errs[i] != nil {
				wantCode(t, errs[i], issuer.KindConflict, "under_way")
				try(i, d, once(t, d.space(t), key, "award"))
			}
		}
		if err := errors.Join(errs[0], errs[1]); err != nil || made[0].ID != made[1].ID {
			t.Errorf("awards %s and %s, error %v", made[0].ID, made[1].ID, err)
		}
		if all, _, err := a.Credentials(t.Context(), "", 100); err != nil || len(all) != round+1 {
			t.Errorf("%d awards, error %v", len(all), err)
		}
	}
}
