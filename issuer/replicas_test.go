package issuer_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/pgtest"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// TestFirstStartTogether: processes that start at once on an empty store that they share make one installation and one
// organisation, and each can sign.
func TestFirstStartTogether(t *testing.T) {
	folder := t.TempDir()
	store, err := bolt.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ring, _, err := keys.OpenFolder(filepath.Join(folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	const processes = 8
	var mu sync.Mutex
	ids, created := map[string]bool{}, 0
	services := make([]*issuer.Service, processes)
	var group sync.WaitGroup
	for i := range processes {
		group.Go(func() {
			clock := &clock{now: noon}
			s, err := issuer.Open(t.Context(), issuer.Config{Store: store, Keys: ring, Now: clock.Now, Base: public, Public: true, Check: accept})
			if err != nil {
				t.Error(err)
				return
			}
			o, fresh, err := s.EnsureOrganisation(t.Context(), "Riverside District", "")
			mu.Lock()
			defer mu.Unlock()
			if services[i] = s; err != nil || o.DID != "did:web:badges.example.org" {
				t.Errorf("%+v, error %v", o, err)
			}
			if ids[o.ID] = true; fresh {
				created++
			}
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	if len(ids) != 1 || created != 1 {
		t.Errorf("%d organisations, created %d times", len(ids), created)
	}
	d := &desk{Service: services[0], folder: folder, store: store, clock: &clock{now: noon}, check: accept}
	d.publish(t)
	for _, s := range services {
		d.Service = s
		d.award(t)
	}
	if made, published := d.actions(t, "installation.created"), d.actions(t, "installation.published"); made != 1 || published != 0 {
		t.Errorf("created %d times, published %d times", made, published)
	}
	if _, err := d.VerifyAudit(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestFirstStartCutShort: a process that was killed while it made the first organisation stands in the way of no other, whatever
// keys it has left behind; keys that nobody has announced do.
func TestFirstStartCutShort(t *testing.T) {
	d := &desk{folder: t.TempDir(), clock: &clock{now: noon}, check: accept}
	d.wrap = func(s issuer.Store) issuer.Store { return &dying{s, 2} } // the installation, the names of the keys
	d.open(t, public)
	if _, _, err := d.EnsureOrganisation(t.Context(), "Riverside District", ""); err == nil {
		t.Fatal("it was made")
	}
	d.wrap = nil
	d.open(t, public)
	if _, created, err := d.EnsureOrganisation(t.Context(), "Riverside District", ""); err != nil || !created {
		t.Errorf("created %v, error %v", created, err)
	}
	d = &desk{folder: t.TempDir(), clock: &clock{now: noon}, check: accept}
	ring, _, err := keys.OpenFolder(filepath.Join(d.folder, "keys"), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Create(keys.Ed25519, "issuer-of-another"); err != nil {
		t.Fatal(err)
	}
	d.open(t, public)
	_, _, err = d.EnsureOrganisation(t.Context(), "Riverside District", "")
	wantCode(t, err, issuer.KindConflict, "foreign_keys")
}

// TestKeyOfAnotherProcess: a key that another process has made signs here too.
func TestKeyOfAnotherProcess(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	other := d.beside(t, d.store)
	fresh, err := other.RotateKey(t.Context(), d.organisation(t).ID, keys.EdDSA, "test")
	if err != nil {
		t.Fatal(err)
	}
	if c := d.award(t); method(t, c) != fresh.Method || c.IntegrityKey != fresh.Name {
		t.Errorf("signed by %s", method(t, c))
	}
}

// TestReplicas: processes on one PostgreSQL make one installation of it, and together do each row of a batch once while all of them
// make awards besides.
func TestReplicas(t *testing.T) {
	database := pgtest.Start(t).Database(t)
	folder := filepath.Join(t.TempDir(), "keys")
	const processes, rows, each = 3, 120, 5
	services := make([]*issuer.Service, processes)
	organisations := make([]string, processes)
	var d desk
	open := func(i int) error {
		store, err := postgres.Open(t.Context(), database)
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = store.Close() })
		ring, _, err := keys.OpenSealed(folder, "", issuer.KeyFiles(store))
		if err != nil {
			return err
		}
		clock := &clock{now: noon}
		if services[i], err = issuer.Open(t.Context(), issuer.Config{Store: store, Keys: ring, Now: clock.Now, Base: public, Public: true, Check: accept, Enqueue: d.enqueue}); err != nil {
			return err
		}
		o, _, err := services[i].EnsureOrganisation(t.Context(), "Riverside District", "")
		organisations[i] = o.ID
		return err
	}
	together := func(do func(i int) error) {
		var group sync.WaitGroup
		for i := range processes {
			group.Go(func() {
				if err := do(i); err != nil {
					t.Errorf("process %d: %v", i, err)
				}
			})
		}
		group.Wait()
		if t.Failed() {
			t.FailNow()
		}
	}
	identity, _, err := keys.OpenFolder(folder, "") // each machine is given the same one
	if err != nil || identity == nil {
		t.Fatal(err)
	}
	together(open)
	d.Service = services[0]
	if all, err := d.Organisations(t.Context()); err != nil || len(all) != 1 || organisations[1] != all[0].ID || organisations[2] != all[0].ID {
		t.Fatalf("%+v, error %v", all, err)
	}
	d.publish(t)
	b := d.batch(t, rows)
	together(func(i int) error {
		for range each {
			if _, err := services[i].Issue(t.Context(), issuer.AwardInput{Recipient: "ada@example.org"}); err != nil {
				return err
			}
		}
		finished, err := services[i].RunBatch(t.Context(), b.ID, nil)
		if err == nil && !finished {
			err = fmt.Errorf("the batch is not finished")
		}
		return err
	})
	if b, err := d.Batch(t.Context(), b.ID); err != nil || b.Done != rows || b.Failed != 0 {
		t.Errorf("%+v, error %v", b, err)
	}
	all, _, err := d.Credentials(t.Context(), "", 1000)
	slots, ofBatch := map[int]bool{}, 0
	for _, c := range all {
		if slots[c.Slot.Index] = true; c.Issued.IsZero() {
			t.Errorf("the award %s is not finished", c.ID)
		}
		if strings.Contains(string(c.JSON), "Person ") {
			ofBatch++
		}
	}
	if err != nil || len(slots) != rows+processes*each || len(all) != len(slots) || ofBatch != rows {
		t.Errorf("%d awards, %d slots, %d of the batch, error %v", len(all), len(slots), ofBatch, err)
	}
	if _, err := d.VerifyAuditDeep(t.Context()); err != nil {
		t.Error(err)
	}
}
