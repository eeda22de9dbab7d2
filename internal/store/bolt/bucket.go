package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"go.etcd.io/bbolt"

	"github.com/laurelbadges/laurel/issuer"
)

// snapshot is one transaction of bbolt, with what was found sound in it. Those of one group share it, one after another.
type snapshot struct {
	bolt    *bbolt.Tx
	pages   *pages
	root    *bucket // the tree of all buckets
	open    map[string]*bucket
	room    *[]change // for what a turn writes, which comes back to the store; nil where nothing is written
	old     bool      // rows of schema 1 are read too
	faulted error     // bbolt came upon a page that it could not read: nothing of this transaction can be kept
}

// bucket is one tree of a snapshot.
type bucket struct {
	*bbolt.Bucket
	name  string
	small *page   // as committed, of a bucket that lies inside its parent
	walk  *walker // of one that has pages of its own; nil when there is none yet
	last  uint64  // key of the last body that was given a place; 0: none was yet

	vouched map[spot]bool // places between committed elements that were vouched for, in a transaction that writes
}

// spot is a place in a committed leaf.
type spot struct {
	page  uint64
	index int
}

// pages makes walkers for one file.
type pages struct {
	file    *os.File // the same as bbolt's
	walkers sync.Pool
}

func newPages(file *os.File, size int) *pages {
	p := &pages{file: file}
	p.walkers.New = func() any { return &walker{file: file, size: size, path: make([]step, 0, maxDepth)} }
	return p
}

// put takes a walker back, without what it knows of its snapshot.
func (p *pages) put(w *walker) {
	for i := range w.path[:cap(w.path)] {
		w.path[:cap(w.path)][i].page = page{}
	}
	w.path, w.kept, w.sides = w.path[:0], nil, nil
	p.walkers.Put(w)
}

func (s *Store) snapshot(btx *bbolt.Tx) *snapshot {
	top := btx.Cursor().Bucket()
	sn := &snapshot{bolt: btx, pages: s.pages, open: map[string]*bucket{}, old: s.old}
	sn.root = &bucket{Bucket: top, walk: sn.walker(uint64(top.Root()))}
	sn.root.walk.buckets = true
	return sn
}

func (sn *snapshot) walker(root uint64) *walker {
	w := sn.pages.walkers.Get().(*walker)
	w.limit, w.root, w.buckets = uint64(sn.bolt.Size())/uint64(w.size), root, false
	return w
}

// end gives the walkers back.
func (sn *snapshot) end() {
	sn.pages.put(sn.root.walk)
	for _, b := range sn.open {
		if b.walk != nil {
			sn.pages.put(b.walk)
		}
	}
	sn.open, sn.bolt = nil, nil
}

// guard runs what reads pages through bbolt. However bbolt, or the memory that it maps, answers to a damaged page, it becomes an
// error.
func guard(what func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = damaged("bbolt gave up (%v)", p)
		}
	}()
	return what()
}

func (sn *snapshot) guard(what func() error) error {
	err := guard(what)
	if errors.Is(err, issuer.ErrDamaged) {
		sn.faulted = err
	}
	return err
}

// bucket opens a bucket; nil when there is none of that name.
func (sn *snapshot) bucket(name string) (*bucket, error) {
	if b, known := sn.open[name]; known {
		return b, nil
	}
	leaf, err := sn.root.walk.down([]byte(name), false)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	i, exists := leaf.search([]byte(name))
	b := &bucket{name: name}
	if exists {
		value := leaf.value(i)
		root, err := inline([]byte(name), value)
		if err != nil {
			return nil, err
		}
		if root != 0 {
			b.walk = sn.walker(root)
		} else {
			p, err := parse(0, bytes.Clone(value[bucketSize:]))
			if err != nil {
				return nil, err
			}
			b.small = &p
		}
	}
	if err := sn.guard(func() error { b.Bucket = sn.bolt.Bucket([]byte(name)); return nil }); err != nil {
		return nil, err
	}
	if b.Bucket == nil {
		return nil, nil
	}
	if strings.HasPrefix(name, bodyPrefix) {
		b.FillPercent = 1 // nothing comes between bodies
	}
	sn.open[name] = b
	return b, nil
}

// create opens a bucket, and makes it when there is none. A new name is noted, so that Open sees when one is lost.
func (sn *snapshot) create(name string) (*bucket, error) {
	if b, err := sn.bucket(name); b != nil || err != nil {
		return b, err
	}
	err := sn.guard(func() error {
		meta := sn.bolt.Bucket(metaBucket)
		if meta == nil {
			return damaged("the bucket %s is missing", metaBucket)
		}
		if _, err := sn.bolt.CreateBucket([]byte(name)); err != nil {
			return err
		}
		return meta.Put(nameKey(name), encodeCounter(name, 0))
	})
	if err != nil {
		return nil, err
	}
	return sn.bucket(name)
}

// leaf finds the committed leaf where key is or would be, and the place in it.
func (b *bucket) leaf(key []byte) (p page, index int, exact bool, err error) {
	switch {
	case b.walk != nil:
		s, err := b.walk.down(key, false)
		if err != nil {
			return page{}, 0, false, err
		}
		p = s.page
	case b.small != nil:
		p = *b.small
	default:
		return page{}, 0, false, nil // made in this transaction
	}
	index, exact = p.search(key)
	return p, index, exact, nil
}

// get gives the value of key, nil when there is none. It is valid until the next call. Where none is found, vouch looks at the
// two that key would lie between: one of them is what was written under key, when a bit of that has flipped.
func (sn *snapshot) get(b *bucket, key []byte, vouch func(key, value []byte) error) ([]byte, error) {
	p, i, exact, err := b.leaf(key)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", b.name, key, err)
	}
	var value []byte
	if !sn.bolt.Writable() {
		if exact {
			value = p.value(i)
		}
	} else if err := sn.guard(func() error { value = b.Get(key); return nil }); err != nil {
		return nil, fmt.Errorf("%s %s: %w", b.name, key, err)
	}
	if value != nil || exact {
		return value, nil
	}
	at := spot{p.id, i}
	if b.vouched[at] {
		return nil, nil
	}
	if err := b.between(p, i, vouch); err != nil {
		return nil, fmt.Errorf("%s %s was looked for: %w", b.name, key, err)
	}
	if sn.bolt.Writable() {
		if b.vouched == nil {
			b.vouched = map[spot]bool{}
		}
		b.vouched[at] = true
	}
	return nil, nil
}

// reach checks what leads to the place of key, as get does, for who needs no value.
func (b *bucket) reach(key []byte) error {
	p, i, exact, err := b.leaf(key)
	if err == nil && !exact {
		err = b.between(p, i, func([]byte, []byte) error { return nil })
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", b.name, key, err)
	}
	return nil
}

// between vouches for the elements of a leaf before and after the place i, which may lie in the leaves beside it.
func (b *bucket) between(p page, i int, vouch func(key, value []byte) error) error {
	if i > 0 && i <= p.count {
		if err := vouch(p.key(i-1), p.value(i-1)); err != nil {
			return err
		}
	}
	if i < p.count {
		if err := vouch(p.key(i), p.value(i)); err != nil {
			return err
		}
	}
	if b.walk == nil || i > 0 && i < p.count {
		return nil
	}
	by := 1
	if i == 0 {
		by = -1
	}
	// The order of the leaf beside it is checked on the way, and that is enough: its keys are not below what leads to it.
	return b.walk.beside(p.id, by)
}
