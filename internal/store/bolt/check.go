package bolt

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/laurelbadges/laurel/issuer"
)

// Check implements store.Engine. The pages of one snapshot are walked first, then the records in them are read; of a store that
// was opened for looking bbolt's own check is made as well, which nobody may write beside.
func (s *Store) Check(ctx context.Context, kinds []issuer.Kind, fault func(sentence string)) error {
	metas, err := s.pinned(ctx, func(t *tx, m meta) error {
		c := &checker{tx: t, ctx: ctx, fault: fault, used: make(bitset, t.root.walk.limit/64+1)}
		sound, err := c.structure(m)
		if err != nil {
			return err
		}
		if sound && s.writer == nil {
			for err := range t.bolt.Check() {
				fault(fmt.Sprintf("The database file: %v.", err))
			}
		}
		return c.records(kinds)
	})
	if err == nil && metas < 2 {
		fault("One of the two pages that say what the file holds is damaged: its last change may be missing.")
	}
	return err
}

// pinned runs fn on a snapshot and the meta page that belongs to it, and says how many of the two are sound.
func (s *Store) pinned(ctx context.Context, fn func(*tx, meta) error) (metas int, err error) {
	for range 100 {
		found := false
		err = s.view(ctx, func(t *tx) error {
			all := readMetas(s.pages.file)
			for _, m := range all {
				if found = m.transaction == uint64(t.bolt.ID()); found {
					metas = len(all)
					return fn(t, m)
				}
			}
			return nil // two commits have gone by meanwhile
		})
		if found || err != nil {
			return metas, err
		}
	}
	return 0, damaged("the page that says what the file holds cannot be read. %s", bringBack)
}

// bitset is a set of pages.
type bitset []uint64

func (b bitset) has(i uint64) bool { return b[i/64]&(1<<(i%64)) != 0 }
func (b bitset) add(i uint64)      { b[i/64] |= 1 << (i % 64) }

type checker struct {
	*tx
	ctx   context.Context
	fault func(string)
	used  bitset // pages that something leads to
	count int    // faults of pages
}

func (c *checker) wrong(format string, args ...any) {
	c.count++
	c.fault("The database file: " + fmt.Sprintf(format, args...) + ".")
}

// structure walks all trees, and says whether every page is sound and has its place in one of them or in the list of free ones.
func (c *checker) structure(m meta) (sound bool, err error) {
	limit := c.root.walk.limit
	c.take(0, 2)
	free, pages, err := m.freePages(c.snapshot.pages.file)
	if err != nil {
		c.wrong("%v", err)
	} else {
		c.take(m.free, pages)
	}
	if err := c.tree(m.root, true); err != nil {
		return false, err
	}
	for _, id := range free {
		c.take(id, 1)
	}
	lost := 0
	for id := uint64(2); id < limit; id++ {
		if !c.used.has(id) {
			lost++
		}
	}
	if c.count == 0 && lost > 0 {
		c.wrong("%d pages are neither in use nor free", lost)
	}
	return c.count == 0, nil
}

func (c *checker) take(first, pages uint64) {
	for id := first; id < first+pages && id < c.root.walk.limit; id++ {
		if c.used.has(id) {
			c.wrong("page %d is in two places", id)
		}
		c.used.add(id)
	}
}

// tree walks one tree and, when it is that of the buckets, those in it.
func (c *checker) tree(root uint64, buckets bool) error {
	w := c.walker(root)
	w.buckets = buckets
	defer c.snapshot.pages.put(w)
	return c.branch(w, 0, root, nil, nil)
}

func (c *checker) branch(w *walker, depth int, id uint64, low, high []byte) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	w.path = w.path[:depth]
	s, err := w.read(depth, id, low, high)
	if err != nil {
		c.wrong("%v", err)
		return nil
	}
	if id >= w.limit || c.used.has(id) {
		c.wrong("page %d is in two places", id)
		return nil
	}
	c.take(id, 1+s.overflow)
	if !s.leaf {
		for s.index = 0; s.index < s.count; s.index++ {
			low, high := s.below()
			if err := c.branch(w, depth+1, s.child(s.index), low, high); err != nil {
				return err
			}
		}
		return nil
	}
	for i := 0; w.buckets && i < s.count; i++ {
		root, err := inline(s.key(i), s.value(i))
		if err != nil {
			c.wrong("%v", err)
		} else if root != 0 {
			if err := c.tree(root, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// records reads every record, list and counter.
func (c *checker) records(kinds []issuer.Kind) error {
	names, err := c.names()
	if err != nil {
		c.fault(sentence("The buckets cannot be listed", err))
	}
	unknown := map[string]bool{}
	for _, name := range names {
		unknown[name] = name != string(metaBucket) && name != string(counterBucket)
	}
	for _, k := range kinds {
		delete(unknown, rowName(k))
		delete(unknown, bodyName(k))
		for _, by := range k.Lookups {
			delete(unknown, indexName(k, by))
		}
		if err := c.kind(k); err != nil {
			return err
		}
	}
	for _, name := range names {
		if unknown[name] {
			c.fault(fmt.Sprintf("The store holds %q, which this version does not know.", name))
		}
	}
	err = c.counters(func(_ string, _ uint64, err error) error {
		if err != nil {
			c.fault(sentence("A counter", err))
		}
		return c.ctx.Err()
	})
	return c.stopped("The counters cannot be read", err)
}

func sentence(what string, err error) string { return what + ": " + err.Error() + "." }

// stopped makes a fault of what ended a walk before its end.
func (c *checker) stopped(what string, err error) error {
	if err != nil && c.ctx.Err() == nil {
		c.fault(sentence(what, err))
		return nil
	}
	return err
}

// kind reads the records of one kind and the lists of them. Every record has to stand in its lists, and they may hold no more.
func (c *checker) kind(k issuer.Kind) error {
	indexes, entries := make([]*bucket, len(k.Lookups)), make([]int, len(k.Lookups))
	for i, by := range k.Lookups {
		b, err := c.bucket(indexName(k, by))
		if err != nil {
			c.fault(sentence("The list of "+k.Name+" by "+by+" cannot be read", err))
		}
		indexes[i] = b
	}
	rows, err := c.bucket(rowName(k))
	if err != nil {
		c.fault(sentence("The records of "+k.Name+" cannot be read", err))
	}
	bodies := 0
	if rows != nil {
		err := c.each(rows, func(key, value []byte) error {
			r, err := read(k, string(key), value, c.old)
			if err == nil && r.at != 0 {
				bodies++
				_, err = c.body(k, &r)
			}
			if err != nil {
				c.fault(sentence("A record", err))
				return c.ctx.Err()
			}
			for i, index := range indexes {
				if key := entry(r.Row, r.ID, i); key != nil {
					entries[i]++
					c.listed(k, i, index, r.ID, key)
				}
			}
			return c.ctx.Err()
		})
		if err := c.stopped("The records of "+k.Name+" cannot be read", err); err != nil {
			return err
		}
	}
	if err := c.bodies(k, bodies); err != nil {
		return err
	}
	for i, index := range indexes {
		if index == nil {
			continue
		}
		if err := c.index(list{tx: c.tx, kind: k, rows: rows, walk: index, by: i, prefix: []byte{}}, entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// bodies counts the bodies of a kind that lie apart: each belongs to a record. One that is missing was told of with that.
func (c *checker) bodies(k issuer.Kind, want int) error {
	what := "The texts of " + k.Name
	b, err := c.bucket(bodyName(k))
	if err != nil {
		c.fault(sentence(what+" cannot be read", err))
	}
	if b == nil {
		return nil
	}
	count := 0
	err = c.each(b, func([]byte, []byte) error {
		count++
		return c.ctx.Err()
	})
	if err == nil && count > want {
		c.fault(fmt.Sprintf("%s hold %d that belong to no record.", what, count-want))
	}
	return c.stopped(what+" cannot be read", err)
}

// listed makes a fault of a record that does not stand in a list.
func (c *checker) listed(k issuer.Kind, i int, index *bucket, id string, key []byte) {
	var err error
	found := []byte(nil)
	if index != nil {
		found, err = c.get(index, key, func([]byte, []byte) error { return nil })
	}
	if err != nil || found == nil {
		c.fault(fmt.Sprintf("The %s %s is missing in the list by %s.", k.Name, id, k.Lookups[i]))
	}
}

// index counts the entries of a list, and looks at each of them when there are others than those of the records.
func (c *checker) index(l list, want int) error {
	what := "The list of " + l.kind.Name + " by " + l.kind.Lookups[l.by]
	count := 0
	err := c.each(l.walk, func([]byte, []byte) error {
		count++
		return c.ctx.Err()
	})
	if err != nil || count == want {
		return c.stopped(what+" cannot be read", err)
	}
	err = c.each(l.walk, func(key, _ []byte) error {
		if l.rows == nil || bytes.Count(key, []byte{0}) != 2 {
			c.fault(what + " holds an entry that leads to no record.")
		} else if _, err := l.row(key, nil); err != nil && !strings.Contains(err.Error(), "checksum") {
			c.fault(sentence(what, err))
		}
		return c.ctx.Err()
	})
	return c.stopped(what+" cannot be read", err)
}
