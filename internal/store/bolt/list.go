package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// List implements issuer.Tx.
func (t *tx) List(k issuer.Kind, q issuer.Query) ([]issuer.Row, string, error) {
	if t.snapshot == nil {
		return nil, "", errEnded
	}
	if err := store.CheckQuery(k, q); err != nil {
		return nil, "", err
	}
	order, id, err := store.ParseCursor(q.By, q.After)
	if err != nil {
		return nil, "", err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = store.DefaultLimit
	}
	rows, err := t.bucket(rowName(k))
	if rows == nil || err != nil {
		return nil, "", err
	}
	l := list{tx: t, kind: k, rows: rows, walk: rows}
	var after []byte
	if q.By != "" {
		if l.walk, err = t.bucket(indexName(k, q.By)); l.walk == nil || err != nil {
			return nil, "", err
		}
		l.by, l.prefix = slices.Index(k.Lookups, q.By), []byte(q.Value+"\x00")
		if q.After != "" {
			after = []byte(order + "\x00" + id)
		}
	} else {
		after = []byte(id)
	}
	var found []issuer.Row
	next := ""
	err = l.each(after, q.Backward, func(r issuer.Row) bool {
		if len(found) == limit {
			last := found[limit-1]
			next = store.Cursor(q.By, last.Order, last.ID)
			return false
		}
		found = append(found, r)
		return true
	})
	if err != nil {
		return nil, "", fmt.Errorf("listing %s by %q: %w", k.Name, q.By, err)
	}
	return found, next, nil
}

// list goes through the rows of a kind by their ids, or by one of their lookups.
type list struct {
	*tx
	kind   issuer.Kind
	rows   *bucket
	walk   *bucket // rows, or the index
	by     int     // number of the lookup
	prefix []byte  // of the keys of the list in the index; nil without one
}

// row reads the row that a key of walk stands for.
func (l list) row(key, value []byte) (issuer.Row, error) {
	if l.prefix == nil {
		return l.decode(l.kind, string(key), value)
	}
	id := string(key[bytes.LastIndexByte(key, 0)+1:])
	if id == "" {
		return issuer.Row{}, errStray
	}
	stored, h, err := l.stored(l.rows, l.kind, id)
	if err == nil && (stored == nil || !bytes.Equal(entry(h.Row, id, l.by), key)) {
		err = fmt.Errorf("%s %s: %w", l.kind.Name, strings.ToValidUTF8(id, "?"), errStray)
	}
	if err != nil {
		return issuer.Row{}, err
	}
	return l.whole(l.kind, h)
}

var errStray = damaged("a list leads to a record that is not in it")

// vouch looks at an entry beside the list: one in which a bit has flipped lies there, when that took it out of the list. Damage to
// the record itself is told to who asks for that.
func (l list) vouch(key []byte) error {
	if _, err := l.row(key, nil); err != nil && (errors.Is(err, errStray) || !errors.Is(err, issuer.ErrDamaged)) {
		return err
	}
	return nil
}

// each calls fn for every row after (before, when backward) the key prefix+after until it says false.
func (l list) each(after []byte, backward bool, fn func(issuer.Row) bool) error {
	c := &cursor{snapshot: l.snapshot, bucket: l.walk, backward: backward}
	from := slices.Concat(l.prefix, after)
	if backward && len(after) == 0 && l.prefix != nil {
		// The key space of a prefix ends before the prefix with its last byte, a 0, raised.
		from = slices.Concat(l.prefix[:len(l.prefix)-1], []byte{1})
	}
	key, value, beside, err := c.start(from)
	if err == nil && l.prefix != nil && len(after) == 0 && beside != nil {
		err = l.vouch(beside)
	}
	for err == nil && key != nil {
		if !bytes.HasPrefix(key, l.prefix) {
			return l.vouch(key)
		}
		var r issuer.Row
		if r, err = l.row(key, value); err != nil || !fn(r) {
			return err
		}
		key, value, err = c.next(key)
	}
	return err
}

// cursor goes through the keys of a bucket in one direction, with a walker ahead of it.
type cursor struct {
	*snapshot
	bucket   *bucket
	backward bool
	bolt     *bbolt.Cursor
	edge     []byte // the last key, in the direction, of the committed leaf that was checked together with the one after it
	first    []byte // the first key of all, in a transaction that writes; nil when there is none
}

// bbolt does not pass over leaves that this transaction has emptied, on the way back: Prev says that there is nothing before them,
// and Last goes on for ever when all are empty. So what there is to come to is known first. Views come upon no empty leaves.

// measure finds the first key of all, in a transaction that writes.
func (c *cursor) measure() error {
	if !c.snapshot.bolt.Writable() {
		return nil
	}
	if w := c.bucket.walk; w != nil {
		if _, err := w.down(nil, false); err != nil {
			return err
		}
	}
	return c.guard(func() error {
		first, _ := c.bucket.Cursor().First()
		c.first = bytes.Clone(first)
		return nil
	})
}

// last moves to the last key of all.
func (c *cursor) last(at *bbolt.Cursor) (key, value []byte) {
	if c.snapshot.bolt.Writable() && c.first == nil {
		return nil, nil
	}
	return at.Last()
}

// before moves from where at stands, which is at key or, where there was none, beyond it, to the last key that is below.
func (c *cursor) before(at *bbolt.Cursor, key []byte) (found, value []byte) {
	if !c.snapshot.bolt.Writable() {
		return at.Prev()
	}
	if c.first == nil || bytes.Compare(c.first, key) >= 0 {
		return nil, nil
	}
	for found == nil {
		found, value = at.Prev()
	}
	return found, value
}

// ahead checks the leaf of key and the one after it in the direction.
func (c *cursor) ahead(key []byte) error {
	w := c.bucket.walk
	if w == nil {
		return nil
	}
	leaf, err := w.down(key, key == nil)
	if err != nil {
		return err
	}
	c.edge = nil
	if leaf.count > 0 {
		i := leaf.count - 1
		if c.backward {
			i = 0
		}
		c.edge = bytes.Clone(leaf.key(i))
	}
	_, err = w.aside(c.by())
	return err
}

func (c *cursor) by() int {
	if c.backward {
		return -1
	}
	return 1
}

// start goes to the first key beyond from in the direction, or to the first of all when from is empty. beside is the key before
// that one, when it was come by.
func (c *cursor) start(from []byte) (key, value, beside []byte, err error) {
	if len(from) == 0 && c.backward {
		from = nil // to the end
	} else if from == nil {
		from = []byte{}
	}
	if err := c.ahead(from); err != nil {
		return nil, nil, nil, err
	}
	if w := c.bucket.walk; w != nil && from != nil {
		// bbolt goes through the leaf that comes after when it looks for a key beyond the end of one.
		if _, err := w.down(from, false); err != nil {
			return nil, nil, nil, err
		}
		if _, err := w.aside(-c.by()); err != nil {
			return nil, nil, nil, err
		}
	}
	err = c.guard(func() error {
		c.bolt = c.bucket.Cursor()
		if from != nil {
			key, value = c.bolt.Seek(from)
		}
		return nil
	})
	if err == nil && (c.backward || key == nil) {
		err = c.measure()
	}
	if err != nil {
		return nil, nil, nil, err
	}
	err = c.guard(func() error {
		switch {
		case from == nil:
			key, value = c.last(c.bolt)
		case c.backward:
			beside = key
			key, value = c.before(c.bolt, from)
		case bytes.Equal(key, from) && len(from) > 0:
			beside = key
			key, value = c.bolt.Next()
		case key != nil:
			at := c.bucket.Cursor()
			at.Seek(from)
			beside, _ = at.Prev()
		default:
			beside, _ = c.last(c.bucket.Cursor())
		}
		return nil
	})
	return key, value, beside, err
}

// next goes from key to the one beyond it.
func (c *cursor) next(key []byte) (beyond, value []byte, err error) {
	at := bytes.Compare(key, c.edge)
	if c.edge == nil || c.backward && at <= 0 || !c.backward && at >= 0 {
		if err := c.ahead(key); err != nil {
			return nil, nil, err
		}
	}
	err = c.guard(func() error {
		if c.backward {
			beyond, value = c.before(c.bolt, key)
		} else {
			beyond, value = c.bolt.Next()
		}
		return nil
	})
	return beyond, value, err
}
