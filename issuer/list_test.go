package issuer_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// watchedStore counts the signed copies of status lists that are written, and refuses to write while full.
type watchedStore struct {
	issuer.Store
	copies atomic.Int64
	full   atomic.Bool
	views  atomic.Int64
}

func (w *watchedStore) View(ctx context.Context, fn func(issuer.Tx) error) error {
	w.views.Add(1)
	return w.Store.View(ctx, fn)
}

func (w *watchedStore) Update(ctx context.Context, fn func(issuer.Tx) error) error {
	if w.full.Load() {
		return errors.New("no space left on device")
	}
	return w.Store.Update(ctx, func(tx issuer.Tx) error { return fn(watchedTx{tx, w}) })
}

type watchedTx struct {
	issuer.Tx
	store *watchedStore
}

func (w watchedTx) Put(k issuer.Kind, r issuer.Row) error {
	if k.Name == "published-list" {
		w.store.copies.Add(1)
	}
	return w.Tx.Put(k, r)
}

// watched opens the service of a desk anew, on a store that is watched.
func (d *desk) watched(t testing.TB) *watchedStore {
	t.Helper()
	folder, _, err := keys.OpenFolder(filepath.Join(d.folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	w := &watchedStore{Store: d.store}
	if d.Service, err = issuer.Open(t.Context(), issuer.Config{Store: w, Keys: folder, Check: accept, Now: d.clock.Now}); err != nil {
		t.Fatal(err)
	}
	return w
}

// plant stores awards of the one organisation.
func (d *desk) plant(t testing.TB, count int) []issuer.Credential {
	t.Helper()
	all, err := d.Organisations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	planted, err := d.Plant(t.Context(), all[0].ID, count)
	if err != nil {
		t.Fatal(err)
	}
	return planted
}

// published decodes the bits of a list as it is served.
func (d *desk) published(t testing.TB, list string) status.List {
	t.Helper()
	l, err := d.StatusList(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	bits, err := status.Decode(object(t, l.JSON)["credentialSubject"].(map[string]any)["encodedList"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return bits
}

// TestListUnderChange: 64 goroutines revoke 40 awards each. Whoever asks after a revocation sees it, none is lost, no other
// bit is set, and far fewer copies are signed than bits change.
func TestListUnderChange(t *testing.T) {
	goroutines, each := 64, 40
	if testing.Short() {
		each = 12
	}
	d := newDesk(t, public)
	w := d.watched(t)
	awards := d.plant(t, goroutines*each)
	list := awards[0].Slot.Revocation
	var group sync.WaitGroup
	for i := range goroutines {
		group.Go(func() {
			for n, c := range awards[i*each : (i+1)*each] {
				if _, err := d.Revoke(t.Context(), c.ID, "why", "test"); err != nil {
					t.Error(err)
					return
				}
				if n%25 == i%25 && !d.bit(t, c, list) {
					t.Errorf("the revocation at %d does not show", c.Slot.Index)
				}
			}
		})
	}
	group.Wait()
	bits, want := d.published(t, list), map[int]bool{}
	for _, c := range awards {
		want[c.Slot.Index] = true
	}
	for i := range bits.Len() {
		if on, _ := bits.Get(i); on != want[i] {
			t.Errorf("the bit at %d is %v", i, on)
		}
	}
	if copies := w.copies.Load(); len(want) != goroutines*each || copies > int64(goroutines*each)/20 {
		t.Errorf("%d places changed and %d copies were signed", len(want), copies)
	}
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestListIsSignedOnce: those who ask at the same time after a change share one signature, and then nobody looks at the store.
func TestListIsSignedOnce(t *testing.T) {
	d := newDesk(t, public)
	w := d.watched(t)
	c := d.plant(t, 1)[0]
	list := c.Slot.Revocation
	if _, err := d.Revoke(t.Context(), c.ID, "why", "test"); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			if !d.bit(t, c, list) {
				t.Error("the revocation does not show")
			}
		})
	}
	group.Wait()
	if copies := w.copies.Load(); copies != 1 {
		t.Errorf("%d copies were signed, want 1", copies)
	}
	d.published(t, list) // looks once more: the copy was written meanwhile
	before := w.views.Load()
	for range 100 {
		d.published(t, list)
	}
	if views := w.views.Load() - before; views != 0 {
		t.Errorf("the store was looked at %d times", views)
	}
}

// TestListOnFullDisk: a list that cannot be written is served all the same, and no change is lost when there is space again.
func TestListOnFullDisk(t *testing.T) {
	d := newDesk(t, public)
	w := d.watched(t)
	c := d.plant(t, 1)[0]
	if _, err := d.Revoke(t.Context(), c.ID, "why", "test"); err != nil {
		t.Fatal(err)
	}
	w.full.Store(true)
	if !d.bit(t, c, c.Slot.Revocation) {
		t.Error("the revocation does not show")
	}
	_, err := d.Suspend(t.Context(), c.ID, "", "test")
	wantCode(t, err, issuer.KindUnavailable, "store_failed")
	wantCode(t, d.PublishLists(t.Context()), issuer.KindUnavailable, "store_failed")
	w.full.Store(false)
	if err := d.PublishLists(t.Context()); err != nil {
		t.Fatal(err)
	}
	served, err := d.StatusList(t.Context(), c.Slot.Revocation)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := issuer.NewDocuments(d.store).Document(t.Context(), public+"/status/"+c.Slot.Revocation)
	if err != nil || string(kept) != string(served.JSON) {
		t.Errorf("in the store: %s, error %v", kept, err)
	}
	if err := d.PublishLists(t.Context()); err != nil || w.copies.Load() != 2 {
		t.Errorf("%d copies were written for two lists, error %v", w.copies.Load(), err)
	}
}

// TestListOfFailedChange: a change that is not committed does not show.
func TestListOfFailedChange(t *testing.T) {
	d := newDesk(t, public)
	w := d.watched(t)
	c := d.plant(t, 1)[0]
	w.full.Store(true)
	_, err := d.Revoke(t.Context(), c.ID, "why", "test")
	wantCode(t, err, issuer.KindUnavailable, "store_failed")
	d.wantBits(t, c, false, false)
	w.full.Store(false)
	_, err = d.Revoke(t.Context(), c.ID, "why", "test@example.org") // refused after the bits were written
	wantCode(t, err, issuer.KindInvalid, "actor")
	d.wantBits(t, c, false, false)
}

// TestListsWhenFull: when every place of a pair is given, the next award begins new lists, and the old ones stay.
func TestListsWhenFull(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	first := d.award(t)
	err := d.store.Update(t.Context(), func(tx issuer.Tx) error {
		for given := uint64(1); given < 131071; {
			var err error
			if given, err = tx.Next("slot/" + first.Slot.Revocation); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	last, next := d.award(t), d.award(t)
	if last.Slot.Revocation != first.Slot.Revocation || last.Slot.Index == first.Slot.Index {
		t.Errorf("the last place is %+v, the first was %+v", last.Slot, first.Slot)
	}
	if next.Slot.Revocation == first.Slot.Revocation || next.Slot.Suspension == first.Slot.Suspension {
		t.Errorf("the lists are full, and the next award stands at %+v", next.Slot)
	}
	for _, c := range []issuer.Credential{first, next} {
		if _, err := d.Revoke(t.Context(), c.ID, "why", "test"); err != nil {
			t.Fatal(err)
		}
	}
	d.wantBits(t, first, true, false)
	d.wantBits(t, last, false, false)
	d.wantBits(t, next, true, false)
}

// BenchmarkList serves a list with 1,000 revoked awards that nobody changes.
func BenchmarkList(b *testing.B) {
	d := newDesk(b, public)
	awards := d.plant(b, 1000)
	d.revokeAll(b, awards)
	list := awards[0].Slot.Revocation
	d.published(b, list)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.StatusList(b.Context(), list); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkListChanged serves the same list after one more change each time: the change is committed, the list signed anew.
func BenchmarkListChanged(b *testing.B) {
	d := newDesk(b, public)
	awards := d.plant(b, 1000)
	d.revokeAll(b, awards[1:])
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		var err error
		if n%2 == 0 {
			_, err = d.Suspend(b.Context(), awards[0].ID, "", "bench")
		} else {
			_, err = d.Reinstate(b.Context(), awards[0].ID, "bench")
		}
		if err == nil {
			_, err = d.StatusList(b.Context(), awards[0].Slot.Suspension)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func (d *desk) revokeAll(t testing.TB, awards []issuer.Credential) {
	t.Helper()
	var group sync.WaitGroup
	for part := range 8 {
		group.Go(func() {
			for i := part; i < len(awards); i += 8 {
				if _, err := d.Revoke(t.Context(), awards[i].ID, "why", "test"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// TestListsOfTwoIssuers: each organisation's awards lead to lists of its own, signed by its own key and by no other.
func TestListsOfTwoIssuers(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	ours := d.award(t)
	other, err := d.CreateOrganisation(t.Context(), "Other College", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	a, err := d.CreateAchievement(t.Context(), issuer.AchievementInput{Organisation: other.ID, Name: "Other", Description: "Other.", Criteria: "Other.", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := d.Issue(t.Context(), issuer.AwardInput{Achievement: a.ID, Recipient: "ada@example.org", Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if ours.Slot.Revocation == theirs.Slot.Revocation || ours.Slot.Suspension == theirs.Slot.Suspension {
		t.Errorf("they share a list: %+v, %+v", ours.Slot, theirs.Slot)
	}
	if _, err := d.Revoke(t.Context(), theirs.ID, "test", "test"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []issuer.Credential{ours, theirs} {
		o, err := d.Organisation(t.Context(), c.Organisation)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{c.Slot.Revocation, c.Slot.Suspension} {
			list, err := d.StatusList(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			token, err := d.StatusListVCJWT(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			enveloped, err := proof.ReadJWT([]byte(token), proof.Options{VC: true})
			if err != nil {
				t.Fatal(err)
			}
			document := object(t, list.JSON)
			signed, _ := document["proof"].(map[string]any)["verificationMethod"].(string)
			if document["issuer"] != o.DID || !strings.HasPrefix(signed, o.DID+"#") || !strings.HasPrefix(enveloped.Proofs[0].Method, o.DID+"#") {
				t.Errorf("a list of %s: issuer %v, signed by %s and %s", o.DID, document["issuer"], signed, enveloped.Proofs[0].Method)
			}
		}
	}
}
