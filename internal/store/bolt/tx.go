package bolt

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"github.com/laurelbadges/laurel/issuer"
)

const (
	defaultLimit = 100
	maxText      = 512 // bytes of an id, an order or a lookup value; bbolt keys end at 32 KiB
)

var errShortRow = errors.New("a stored row is cut short")

// tx is one issuer.Tx on a bbolt transaction that it may share with others of its group, one after another.
type tx struct {
	bolt *bbolt.Tx
	undo []change // how to take back what was written, oldest first
}

// change is what one key held before it was written.
type change struct {
	bucket *bbolt.Bucket
	key    []byte
	old    []byte // nil: the key did not exist
}

// end makes use after the end fail at once instead of writing into another's turn.
func (t *tx) end() { t.bolt, t.undo = nil, nil }

// rollback takes back all writes, newest first.
func (t *tx) rollback() error {
	for _, c := range slices.Backward(t.undo) {
		var err error
		if c.old == nil {
			err = c.bucket.Delete(c.key)
		} else {
			err = c.bucket.Put(c.key, c.old)
		}
		if err != nil {
			return fmt.Errorf("taking back a write: %w", err)
		}
	}
	t.undo = nil
	return nil
}

// set writes one key, or removes it when value is nil. value belongs to the transaction from here on.
func (t *tx) set(b *bbolt.Bucket, key, value []byte) error {
	c := change{bucket: b, key: key, old: bytes.Clone(b.Get(key))}
	var err error
	if value == nil {
		err = b.Delete(key)
	} else {
		err = b.Put(key, value)
	}
	if err == nil {
		t.undo = append(t.undo, c)
	}
	return err
}

func rowBucket(k issuer.Kind) []byte              { return []byte("rows/" + k.Name) }
func indexBucket(k issuer.Kind, by string) []byte { return []byte("by/" + k.Name + "/" + by) }

// Get implements issuer.Tx.
func (t *tx) Get(k issuer.Kind, id string) (issuer.Row, error) {
	b := t.bolt.Bucket(rowBucket(k))
	if b == nil {
		return issuer.Row{}, issuer.ErrNotFound
	}
	return read(b, []byte(id))
}

func read(b *bbolt.Bucket, id []byte) (issuer.Row, error) {
	value := b.Get(id)
	if value == nil {
		return issuer.Row{}, issuer.ErrNotFound
	}
	return decode(string(id), value)
}

// Put implements issuer.Tx.
func (t *tx) Put(k issuer.Kind, r issuer.Row) error {
	if err := check(k, r); err != nil {
		return fmt.Errorf("writing a %s: %w", k.Name, err)
	}
	b, err := t.bolt.CreateBucketIfNotExists(rowBucket(k))
	if err != nil {
		return err
	}
	old, err := read(b, []byte(r.ID))
	if err != nil && !errors.Is(err, issuer.ErrNotFound) {
		return err
	}
	if old.Version != r.Version {
		return fmt.Errorf("%s %s: %w", k.Name, r.ID, issuer.ErrConflict)
	}
	if err := t.reindex(k, r.ID, old, r); err != nil {
		return err
	}
	r.Version++
	return t.set(b, []byte(r.ID), encode(r))
}

// Delete implements issuer.Tx.
func (t *tx) Delete(k issuer.Kind, id string) error {
	b := t.bolt.Bucket(rowBucket(k))
	if b == nil {
		return issuer.ErrNotFound
	}
	old, err := read(b, []byte(id))
	if err != nil {
		return err
	}
	if err := t.reindex(k, id, old, issuer.Row{}); err != nil {
		return err
	}
	return t.set(b, []byte(id), nil)
}

func check(k issuer.Kind, r issuer.Row) error {
	if r.ID == "" {
		return errors.New("the id is empty")
	}
	if len(r.Lookups) != len(k.Lookups) {
		return fmt.Errorf("%d lookup values for %d lookups", len(r.Lookups), len(k.Lookups))
	}
	for _, text := range append([]string{r.ID, r.Order}, r.Lookups...) {
		if len(text) > maxText || strings.IndexByte(text, 0) >= 0 {
			return fmt.Errorf("an id, order or lookup value is longer than %d bytes or holds a byte 0", maxText)
		}
	}
	return nil
}

// reindex moves the entries of one record in the index buckets from old to now.
func (t *tx) reindex(k issuer.Kind, id string, old, now issuer.Row) error {
	for i, name := range k.Lookups {
		was, is := entry(old, id, i), entry(now, id, i)
		if bytes.Equal(was, is) {
			continue
		}
		b, err := t.bolt.CreateBucketIfNotExists(indexBucket(k, name))
		if err != nil {
			return err
		}
		if was != nil {
			if err := t.set(b, was, nil); err != nil {
				return err
			}
		}
		if is != nil {
			if err := t.set(b, is, []byte{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// entry is the index key of a row for its lookup number i: value, order and id with a byte 0 between; nil when the row
// is not in that list. A row from before the lookup was declared has no value for it.
func entry(r issuer.Row, id string, i int) []byte {
	if i >= len(r.Lookups) || r.Lookups[i] == "" {
		return nil
	}
	return []byte(r.Lookups[i] + "\x00" + r.Order + "\x00" + id)
}

// List implements issuer.Tx. A cursor is the last key of the page in base64url, without the lookup value.
func (t *tx) List(k issuer.Kind, q issuer.Query) ([]issuer.Row, string, error) {
	after, err := base64.RawURLEncoding.Strict().DecodeString(q.After)
	if err != nil {
		return nil, "", issuer.ErrCursor
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	rows := t.bolt.Bucket(rowBucket(k))
	if rows == nil {
		return nil, "", nil
	}
	walk, prefix := rows, []byte(nil)
	if q.By != "" {
		if !slices.Contains(k.Lookups, q.By) || q.Value == "" || strings.IndexByte(q.Value, 0) >= 0 {
			return nil, "", fmt.Errorf("listing %s: no lookup %q of this value", k.Name, q.By)
		}
		if walk = t.bolt.Bucket(indexBucket(k, q.By)); walk == nil {
			return nil, "", nil
		}
		prefix = []byte(q.Value + "\x00")
		if len(after) > 0 && bytes.Count(after, []byte{0}) != 1 {
			return nil, "", issuer.ErrCursor
		}
	}
	cursor := walk.Cursor()
	step := cursor.Next
	if q.Backward {
		step = cursor.Prev
	}
	var found []issuer.Row
	var last []byte
	for key := start(cursor, prefix, after, q.Backward); key != nil && bytes.HasPrefix(key, prefix); key, _ = step() {
		if len(found) == limit {
			return found, base64.RawURLEncoding.EncodeToString(last[len(prefix):]), nil
		}
		id := key
		if prefix != nil {
			id = key[bytes.LastIndexByte(key, 0)+1:]
		}
		row, err := read(rows, id)
		if err != nil {
			return nil, "", fmt.Errorf("listing %s by %s: %w", k.Name, q.By, err)
		}
		found, last = append(found, row), key
	}
	return found, "", nil
}

// start moves the cursor to the first key of a page: the one beyond prefix+after in the direction of the walk.
func start(c *bbolt.Cursor, prefix, after []byte, backward bool) []byte {
	from := slices.Concat(prefix, after)
	if !backward {
		key, _ := c.Seek(from)
		if len(after) > 0 && bytes.Equal(key, from) {
			key, _ = c.Next()
		}
		return key
	}
	if len(after) == 0 {
		if len(prefix) == 0 {
			key, _ := c.Last()
			return key
		}
		// The key space of a prefix ends before the prefix with its last byte, a 0, raised.
		from = slices.Concat(prefix[:len(prefix)-1], []byte{1})
	}
	if key, _ := c.Seek(from); key == nil {
		key, _ = c.Last()
		return key
	}
	key, _ := c.Prev()
	return key
}

// Next implements issuer.Tx.
func (t *tx) Next(counter string) (uint64, error) {
	b := t.bolt.Bucket(counterBucket)
	n := uint64(1)
	if old := b.Get([]byte(counter)); old != nil {
		n += binary.BigEndian.Uint64(old)
	}
	return n, t.set(b, []byte(counter), binary.BigEndian.AppendUint64(nil, n))
}

// encode lays a row out as its version (8 bytes), the order, the number of lookups and their values, each text after
// its length, and the body.
func encode(r issuer.Row) []byte {
	out := make([]byte, 0, len(r.Body)+len(r.Order)+64*(1+len(r.Lookups)))
	out = binary.BigEndian.AppendUint64(out, r.Version)
	out = appendText(out, r.Order)
	out = binary.AppendUvarint(out, uint64(len(r.Lookups)))
	for _, value := range r.Lookups {
		out = appendText(out, value)
	}
	return append(out, r.Body...)
}

func appendText(out []byte, text string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}

// decode reads what encode wrote. Nothing in the row shares memory with value, which bbolt takes back.
func decode(id string, value []byte) (issuer.Row, error) {
	if len(value) < 8 {
		return issuer.Row{}, errShortRow
	}
	r := issuer.Row{ID: id, Version: binary.BigEndian.Uint64(value)}
	rest := value[8:]
	var err error
	if r.Order, rest, err = cutText(rest); err != nil {
		return issuer.Row{}, err
	}
	count, n := binary.Uvarint(rest)
	if n <= 0 || count > uint64(len(rest)) {
		return issuer.Row{}, errShortRow
	}
	rest = rest[n:]
	r.Lookups = make([]string, count)
	for i := range r.Lookups {
		if r.Lookups[i], rest, err = cutText(rest); err != nil {
			return issuer.Row{}, err
		}
	}
	r.Body = bytes.Clone(rest)
	return r, nil
}

func cutText(rest []byte) (string, []byte, error) {
	length, n := binary.Uvarint(rest)
	if n <= 0 || length > uint64(len(rest)-n) {
		return "", nil, errShortRow
	}
	end := n + int(length)
	return string(rest[n:end]), rest[end:], nil
}
