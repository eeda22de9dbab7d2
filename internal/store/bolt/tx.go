package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

var errEnded = errors.New("the transaction has ended")

// tx is one issuer.Tx, and one group.Turn, on a snapshot.
type tx struct {
	*snapshot          // nil after the end: what comes later must not write into another's turn
	undo      []change // how to take back what was written, oldest first
}

// change is what one key held before it was written.
type change struct {
	bucket *bucket
	key    []byte
	old    []byte // nil: the key did not exist. bbolt keeps what it gave until the transaction ends
}

func (t *tx) writable() error {
	if t.snapshot == nil {
		return errEnded
	}
	if !t.bolt.Writable() {
		return bbolterrors.ErrTxNotWritable
	}
	return nil
}

// Keep implements group.Turn.
func (t *tx) Keep() (wrote bool, err error) {
	wrote, err = len(t.undo) > 0, t.faulted
	t.leave()
	return wrote, err
}

// leave ends the turn, and gives back the room for what it wrote.
func (t *tx) leave() {
	clear(t.undo)
	*t.room = t.undo[:0]
	t.snapshot, t.undo = nil, nil
}

// Drop implements group.Turn: it takes back all writes, newest first.
func (t *tx) Drop() error {
	defer t.leave()
	if t.faulted != nil {
		return t.faulted
	}
	return t.guard(func() error {
		for _, c := range slices.Backward(t.undo) {
			if err := c.bucket.write(c.key, c.old); err != nil {
				return fmt.Errorf("taking back a write: %w", err)
			}
		}
		return nil
	})
}

// write writes one key, or removes it when value is nil. value belongs to the transaction from here on.
func (b *bucket) write(key, value []byte) error {
	if value == nil {
		return b.Delete(key)
	}
	return b.Put(key, value)
}

// set writes one key that was got before; old is what it held.
func (t *tx) set(b *bucket, key, old, value []byte) error {
	c := change{bucket: b, key: key, old: old}
	err := t.guard(func() error { return b.write(key, value) })
	if err == nil {
		t.undo = append(t.undo, c)
	}
	return err
}

const (
	rowPrefix   = "rows/"
	indexPrefix = "by/"
)

func rowName(k issuer.Kind) string              { return rowPrefix + k.Name }
func indexName(k issuer.Kind, by string) string { return indexPrefix + k.Name + "/" + by }

// stored gives a row as bbolt holds it and as it is, without its body where that lies apart; nil when there is none. A body is valid
// until the next call.
func (t *tx) stored(b *bucket, k issuer.Kind, id string) ([]byte, held, error) {
	value, err := t.get(b, []byte(id), func(key, value []byte) error {
		_, err := read(k, string(key), value, t.old)
		return err
	})
	if err != nil || value == nil {
		return nil, held{}, err
	}
	h, err := read(k, id, value, t.old)
	return value, h, err
}

// Get implements issuer.Tx.
func (t *tx) Get(k issuer.Kind, id string) (issuer.Row, error) {
	if t.snapshot == nil {
		return issuer.Row{}, errEnded
	}
	b, err := t.bucket(rowName(k))
	if err != nil {
		return issuer.Row{}, err
	}
	if b == nil || id == "" {
		return issuer.Row{}, issuer.ErrNotFound
	}
	value, h, err := t.stored(b, k, id)
	if err == nil && value == nil {
		err = issuer.ErrNotFound
	}
	if err != nil {
		return issuer.Row{}, err
	}
	return t.whole(k, h)
}

// Put implements issuer.Tx.
func (t *tx) Put(k issuer.Kind, r issuer.Row) error {
	if err := t.writable(); err != nil {
		return err
	}
	if err := store.CheckRow(k, r); err != nil {
		return fmt.Errorf("writing a %s: %w", k.Name, err)
	}
	b, err := t.create(rowName(k))
	if err != nil {
		return err
	}
	before, old, err := t.stored(b, k, r.ID)
	if err != nil {
		return err
	}
	if old.Version != r.Version {
		return fmt.Errorf("%s %s: %w", k.Name, r.ID, issuer.ErrConflict)
	}
	if err := t.reindex(k, r.ID, old.Row, r); err != nil {
		return err
	}
	r.Version++
	value, err := t.encode(k, old, r)
	if err != nil {
		return err
	}
	return t.set(b, []byte(r.ID), before, value)
}

// Delete implements issuer.Tx.
func (t *tx) Delete(k issuer.Kind, id string) error {
	if err := t.writable(); err != nil {
		return err
	}
	b, err := t.bucket(rowName(k))
	if err != nil {
		return err
	}
	if b == nil || id == "" {
		return issuer.ErrNotFound
	}
	before, old, err := t.stored(b, k, id)
	if err != nil {
		return err
	}
	if before == nil {
		return issuer.ErrNotFound
	}
	if err := t.reindex(k, id, old.Row, issuer.Row{}); err != nil {
		return err
	}
	if err := t.drop(k, old); err != nil {
		return err
	}
	return t.set(b, []byte(id), before, nil)
}

// reindex moves the entries of one record in the index buckets from old to now.
func (t *tx) reindex(k issuer.Kind, id string, old, now issuer.Row) error {
	for i, name := range k.Lookups {
		was, is := entry(old, id, i), entry(now, id, i)
		if bytes.Equal(was, is) {
			continue
		}
		b, err := t.index(k, name)
		if err != nil {
			return err
		}
		if was != nil {
			if err := t.setEntry(b, was, []byte{}, nil); err != nil {
				return err
			}
		}
		if is != nil {
			if err := t.setEntry(b, is, nil, []byte{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// index opens the bucket of a lookup, and makes it when there is none.
func (t *tx) index(k issuer.Kind, by string) (*bucket, error) {
	var room [64]byte
	name := append(append(append(append(room[:0], indexPrefix...), k.Name...), '/'), by...)
	if b := t.open[string(name)]; b != nil {
		return b, nil
	}
	return t.create(string(name))
}

// setEntry puts an entry into a list or takes it out. What was there before follows from the record.
func (t *tx) setEntry(b *bucket, key, old, value []byte) error {
	if err := b.reach(key); err != nil {
		return err
	}
	return t.set(b, key, old, value)
}

// entry is the index key of a row for its lookup number i: value, order and id with a byte 0 between; nil when the row
// is not in that list. A row from before the lookup was declared has no value for it.
func entry(r issuer.Row, id string, i int) []byte {
	if i >= len(r.Lookups) || r.Lookups[i] == "" {
		return nil
	}
	value := r.Lookups[i]
	key := make([]byte, 0, len(value)+1+len(r.Order)+1+len(id))
	key = append(append(key, value...), 0)
	key = append(append(key, r.Order...), 0)
	return append(key, id...)
}

// Next implements issuer.Tx.
func (t *tx) Next(counter string) (uint64, error) {
	if err := t.writable(); err != nil {
		return 0, err
	}
	b, err := t.bucket(string(counterBucket))
	if err != nil {
		return 0, err
	}
	if b == nil {
		return 0, damaged("the bucket %s is missing", counterBucket)
	}
	old, err := t.get(b, []byte(counter), func(key, value []byte) error {
		_, err := decodeCounter(string(key), value, t.old)
		return err
	})
	if err != nil {
		return 0, err
	}
	n := uint64(1)
	if old != nil {
		before, err := decodeCounter(counter, old, t.old)
		if err != nil {
			return 0, err
		}
		n += before
	}
	return n, t.set(b, []byte(counter), old, encodeCounter(counter, n))
}
