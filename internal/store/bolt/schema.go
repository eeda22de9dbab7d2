package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// The schema is raised when the layout of buckets or rows changes. 1: rows without checksums. 2: with them, and with the names of
// all buckets in the bucket meta. 3: long bodies may lie apart. They move there when their rows are written, so that a file of schema 2
// becomes one of schema 3 by its number alone.
const (
	schemaVersion = 3
	schemaInside  = 2
	upgradeRows   = 2000 // rows of one transaction of an upgrade
)

var (
	metaBucket    = []byte("meta")
	counterBucket = []byte("counters")

	schemaKey = []byte("schema")
	halfKey   = []byte("import")   // there while an import has not ended
	placeKey  = []byte("upgraded") // how far an upgrade has come: a bucket, a byte 0, a key
)

// namePrefix begins the keys of the bucket meta that stand for the other buckets: a bucket whose name has changed is missed.
const namePrefix = "has/"

func nameKey(bucket string) []byte { return []byte(namePrefix + bucket) }

// prepare makes a new file ready and brings an old one up to date.
func (s *Store) prepare(folder string) error {
	schema, fresh, err := s.look()
	if err != nil {
		return err
	}
	if !fresh {
		if schema == schemaInside {
			return s.change(func(b *batch) error {
				return b.bolt.Bucket(metaBucket).Put(schemaKey, encodeCounter(string(schemaKey), schemaVersion))
			})
		}
		for done := schema == schemaVersion; !done; {
			if done, err = s.upgrade(upgradeRows); err != nil {
				return fmt.Errorf("bringing the store up to date: %w", err)
			}
		}
		s.old = false
		return nil
	}
	err = s.change(func(b *batch) error {
		meta, err := b.bolt.CreateBucket(metaBucket)
		if err != nil {
			return err
		}
		if err := meta.Put(schemaKey, encodeCounter(string(schemaKey), schemaVersion)); err != nil {
			return err
		}
		_, err = b.create(string(counterBucket))
		return err
	})
	if err != nil {
		return err
	}
	// The name of a new file is on disk only once its folder is.
	dir, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// change runs fn in a transaction of its own.
func (s *Store) change(fn func(*batch) error) error {
	b, err := s.batch()
	if err != nil {
		return err
	}
	if err := b.guard(func() error { return fn(b) }); err != nil {
		return errors.Join(err, b.Rollback())
	}
	return b.Commit()
}

// look reads which schema the file has, and whether it is new, and refuses one that cannot be used.
func (s *Store) look() (schema uint64, fresh bool, err error) {
	err = s.view(context.Background(), func(t *tx) error {
		names, err := t.names()
		if err != nil {
			return err
		}
		if fresh = len(names) == 0; fresh {
			return nil
		}
		noted, err := t.meta(&schema)
		if err != nil {
			return err
		}
		s.old = schema == 1
		if s.old {
			return nil
		}
		for _, name := range names {
			if name != string(metaBucket) && !noted[name] {
				return damaged("the bucket %q is not one that was made. %s", name, bringBack)
			}
			delete(noted, name)
		}
		for name := range noted {
			return damaged("the bucket %q is missing. %s", name, bringBack)
		}
		return nil
	})
	return schema, fresh, err
}

// meta reads the bucket meta: the schema, and the names of the buckets.
func (sn *snapshot) meta(schema *uint64) (names map[string]bool, err error) {
	b, err := sn.bucket(string(metaBucket))
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, damaged("the bucket %q is missing. %s", metaBucket, bringBack)
	}
	names = map[string]bool{}
	half := false
	err = sn.each(b, func(key, value []byte) error {
		name, isName := strings.CutPrefix(string(key), namePrefix)
		switch {
		case bytes.Equal(key, schemaKey):
			if len(value) >= 8 {
				*schema = binary.BigEndian.Uint64(value)
			}
			if *schema > schemaVersion {
				return fmt.Errorf("schema %d: %w", *schema, store.ErrNewer)
			}
			if *schema >= schemaInside {
				_, err := decodeCounter(string(key), value, false)
				return err
			}
		case isName:
			names[name] = true
			_, err := decodeCounter(name, value, false)
			return err
		case bytes.Equal(key, halfKey):
			half = true
		case !bytes.Equal(key, placeKey):
			return damaged("the bucket %q holds %q", metaBucket, key)
		}
		return nil
	})
	if err == nil && *schema == 0 {
		err = damaged("the store does not say which schema it has. %s", bringBack)
	}
	if err == nil && half {
		err = store.ErrHalf
	}
	return names, err
}

// names lists all buckets.
func (sn *snapshot) names() (names []string, err error) {
	err = sn.each(sn.root, func(key, _ []byte) error {
		names = append(names, string(key))
		return nil
	})
	return names, err
}

// each calls fn for every key of a bucket, in their order.
func (sn *snapshot) each(b *bucket, fn func(key, value []byte) error) error {
	c := &cursor{snapshot: sn, bucket: b}
	key, value, _, err := c.start(nil)
	for err == nil && key != nil {
		if err = fn(key, value); err == nil {
			key, value, err = c.next(key)
		}
	}
	return err
}

// upgrade gives the next rows of a file of schema 1 their checksums, count at most, and says whether that was all. It may be cut
// short at any moment.
func (s *Store) upgrade(count int) (done bool, err error) {
	err = s.change(func(b *batch) error {
		names, err := b.names()
		if err != nil {
			return err
		}
		meta, err := b.bucket(string(metaBucket))
		if err != nil {
			return err
		}
		place, err := b.get(meta, placeKey, func([]byte, []byte) error { return nil })
		if err != nil {
			return err
		}
		bucket, after, _ := strings.Cut(string(place), "\x00")
		for _, name := range names {
			if name < bucket {
				continue
			}
			last, left, err := b.seal(name, after, count)
			if err != nil {
				return err
			}
			if count = left; count == 0 {
				return meta.Put(placeKey, []byte(name+"\x00"+last))
			}
			after = ""
		}
		for _, name := range names {
			if name != string(metaBucket) {
				if err := meta.Put(nameKey(name), encodeCounter(name, 0)); err != nil {
					return err
				}
			}
		}
		done = true
		return errors.Join(meta.Delete(placeKey), meta.Put(schemaKey, encodeCounter(string(schemaKey), schemaVersion)))
	})
	return done && err == nil, err
}

// seal gives up to count rows of one bucket after a key their checksums. It returns the last key and what is left of count.
func (b *batch) seal(name, after string, count int) (last string, left int, err error) {
	kind, isRows := strings.CutPrefix(name, rowPrefix)
	if !isRows && name != string(counterBucket) {
		return "", count, nil
	}
	rows, err := b.bucket(name)
	if err != nil {
		return "", 0, err
	}
	c := &cursor{snapshot: b.snapshot, bucket: rows}
	sealedRows := map[string][]byte{}
	key, value, _, err := c.start([]byte(after))
	for ; err == nil && key != nil && count > 0; key, value, err = c.next(key) {
		last = string(key)
		count--
		if isRows {
			k := issuer.Kind{Name: kind}
			r, err := b.decode(k, last, value)
			if err != nil {
				return "", 0, err
			}
			sealedRows[last] = encode(k, r)
			continue
		}
		n, err := decodeCounter(last, value, true)
		if err != nil {
			return "", 0, err
		}
		sealedRows[last] = encodeCounter(last, n)
	}
	for key, value := range sealedRows {
		if err := rows.Put([]byte(key), value); err != nil {
			return "", 0, err
		}
	}
	return last, count, err
}
