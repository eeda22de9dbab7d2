package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

// inspect looks at the store that a killed server left behind, without changing it.
func (l *ledger) inspect(t *testing.T) {
	t.Helper()
	engine := l.look(t)
	slots, there, made := map[issuer.Slot]string{}, 0, map[string]int{}
	err := engine.View(t.Context(), func(tx issuer.Tx) error {
		if err := rows(tx, "credential", func(c issuer.Credential) {
			if other := slots[c.Slot]; other != "" {
				t.Errorf("%s and %s have the same place %+v", other, c.ID, c.Slot)
			}
			slots[c.Slot] = c.ID
			there++
			made[c.By]++
			if err := l.find(c); err != nil {
				t.Error(err)
			}
		}); err != nil {
			return err
		}
		if err := l.inspectBatches(tx, made); err != nil {
			return err
		}
		return soundAudit(tx)
	})
	if err := errors.Join(err, engine.Close()); err != nil {
		t.Error(err)
	}
	if there != len(l.awards) { // those that are new were added
		t.Errorf("%d of %d awards are in the store", there, len(l.awards))
	}
	if l.cluster == nil {
		soundFile(t, filepath.Join(l.folder, bolt.FileName))
	}
}

// find holds a stored award against what is known of it, and notes what was found.
func (l *ledger) find(c issuer.Credential) (err error) {
	a := l.awards[c.ID]
	if a == nil {
		a = &awarded{slot: c.Slot, sample: c.By == sampleActor, standing: c.State()}
		l.awards[c.ID] = a
	}
	if c.Issued.IsZero() {
		if a.told {
			err = fmt.Errorf("%s was acknowledged and is a draft", c.ID)
		}
		return err
	}
	if a.standing == issuer.CredentialPending {
		a.standing = issuer.CredentialIssued
	}
	found := c.State()
	if a.slot != c.Slot || found != a.standing && found != a.asked || a.sum != [sha256.Size]byte{} && a.sum != sumOf(c.JSON, c.JWT) {
		err = fmt.Errorf("%s is not as it was acknowledged: %s, was %s, asked for was %q", c.ID, found, a.standing, a.asked)
	}
	a.standing, a.asked, a.sum = found, "", sumOf(c.JSON, c.JWT)
	return err
}

// inspectBatches looks at the batches; made counts the awards of each actor.
func (l *ledger) inspectBatches(tx issuer.Tx, made map[string]int) error {
	type row struct {
		issuer.BatchRow
		Batch string
	}
	of, taken, faults := map[string][]row{}, map[string]int{}, []error{}
	fault := func(format string, about ...any) { faults = append(faults, fmt.Errorf(format, about...)) }
	err := rows(tx, "batch-row", func(r row) {
		of[r.Batch] = append(of[r.Batch], r)
		if a := l.awards[r.Award]; r.Award != "" && (a == nil || r.Done && a.standing == issuer.CredentialPending) || r.Done && r.Award == "" {
			fault("row %d of batch %s is done and its award %q is not there", r.Number, r.Batch, r.Award)
		}
		if taken[r.Award]++; r.Award != "" && taken[r.Award] > 1 {
			fault("the award %s stands in two rows", r.Award)
		}
	})
	known := map[string]bool{}
	err = errors.Join(err, rows(tx, "batch", func(b issuer.Batch) {
		begun, done := 0, 0
		for _, r := range of[b.ID] {
			if r.Award != "" {
				begun++
			}
			if r.Done {
				done++
			}
		}
		if known[b.ID] = true; len(of[b.ID]) != b.Total || begun != made[b.By] || done != b.Done || b.Failed > 0 {
			fault("batch %+v has %d rows, %d begun and %d done, and %d awards", b, len(of[b.ID]), begun, done, made[b.By])
		}
	}))
	for actor, id := range l.batches {
		if id != "" && !known[id] {
			fault("the batch %s of %s was acknowledged and is gone", id, actor)
		}
	}
	return errors.Join(append(faults, err)...)
}

// soundFile has bbolt examine its own file.
func soundFile(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: openWithin})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		for fault := range tx.Check() {
			t.Errorf("the database is damaged: %v", fault)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
