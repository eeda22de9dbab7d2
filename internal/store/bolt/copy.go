package bolt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

const (
	importRows    = 5000     // rows in one transaction of an import, or
	importBytes   = 16 << 20 // bytes of them, or
	importEntries = 50_000   // entries of lists
	heldEntries   = 48 << 20 // bytes of entries that are held back, so that each page of a list is written a few times, not for each row
)

// Export implements store.Engine. A row that was written before a lookup was declared is given with "" for it.
func (s *Store) Export(ctx context.Context, kinds []issuer.Kind, to store.Sink) error {
	return s.view(ctx, func(t *tx) error {
		if err := t.known(kinds); err != nil {
			return err
		}
		for _, k := range kinds {
			rows, err := t.bucket(rowName(k))
			if err != nil {
				return err
			}
			if rows == nil {
				continue
			}
			err = t.each(rows, func(key, value []byte) error {
				r, err := t.decode(k, string(key), value)
				if err != nil {
					return err
				}
				if len(r.Lookups) > len(k.Lookups) {
					return fmt.Errorf("%s %s: %w", k.Name, r.ID, store.ErrNewer)
				}
				r.Lookups = append(r.Lookups, make([]string, len(k.Lookups)-len(r.Lookups))...)
				return errors.Join(ctx.Err(), to.Row(k, r))
			})
			if err != nil {
				return err
			}
		}
		return t.counters(func(name string, value uint64, err error) error {
			if err != nil {
				return err
			}
			return to.Counter(name, value)
		})
	})
}

// known refuses a store with records of other kinds.
func (t *tx) known(kinds []issuer.Kind) error {
	names, err := t.names()
	if err != nil {
		return err
	}
	for _, name := range names {
		kind, isRows := strings.CutPrefix(name, rowPrefix)
		if !isRows || slices.ContainsFunc(kinds, func(k issuer.Kind) bool { return k.Name == kind }) {
			continue
		}
		if used, err := t.used(name); used || err != nil {
			return errors.Join(err, fmt.Errorf("the store holds records of the kind %s, which is not known here", kind))
		}
	}
	return nil
}

var errUsed = errors.New("the bucket holds something")

// used says whether a bucket holds anything.
func (sn *snapshot) used(name string) (bool, error) {
	b, err := sn.bucket(name)
	if b == nil || err != nil {
		return false, err
	}
	err = sn.each(b, func([]byte, []byte) error { return errUsed })
	if errors.Is(err, errUsed) {
		return true, nil
	}
	return false, err
}

// counters calls fn for every counter in the order of their names, and with an error for one that is damaged.
func (t *tx) counters(fn func(name string, value uint64, err error) error) error {
	b, err := t.bucket(string(counterBucket))
	if b == nil || err != nil {
		return err
	}
	return t.each(b, func(key, value []byte) error {
		n, err := decodeCounter(string(key), value, t.old)
		return fn(string(key), n, err)
	})
}

// Import implements store.Engine. Nothing else may be written meanwhile.
func (s *Store) Import(ctx context.Context, fill func(store.Sink) error) error {
	if s.writer == nil {
		return store.ErrReadOnly
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := s.change(func(b *batch) error {
		names, err := b.names()
		if err != nil {
			return err
		}
		for _, name := range names {
			if name == string(metaBucket) {
				continue
			}
			if used, err := b.used(name); used || err != nil {
				return errors.Join(err, store.ErrNotEmpty)
			}
		}
		return b.bolt.Bucket(metaBucket).Put(halfKey, []byte{1})
	})
	if err != nil {
		return err
	}
	in := &intake{ctx: ctx, store: s, entries: map[string][]string{}}
	if err := fill(in); err != nil {
		return errors.Join(err, in.drop())
	}
	if err := in.list(); err != nil {
		return errors.Join(err, in.drop())
	}
	if err := in.commit(); err != nil {
		return err
	}
	return s.change(func(b *batch) error { return b.bolt.Bucket(metaBucket).Delete(halfKey) })
}

// intake is the sink of an import. The file holds nothing but what went through here, so no page is looked at again.
type intake struct {
	ctx     context.Context
	store   *Store
	batch   *batch // nil between two transactions
	rows    int
	bytes   int
	entries map[string][]string // of lists, by their buckets
	held    int                 // bytes of entries
}

// Row implements store.Sink.
func (in *intake) Row(k issuer.Kind, r issuer.Row) error {
	if err := store.CheckStored(k, r); err != nil {
		return fmt.Errorf("importing the %s %s: %w", k.Name, r.ID, err)
	}
	err := in.write(1, len(r.Body), func(b *batch) error {
		rows, err := b.create(rowName(k))
		if err != nil {
			return err
		}
		rows.FillPercent = 0.9 // rows come in their order
		if rows.Get([]byte(r.ID)) != nil {
			return fmt.Errorf("importing the %s %s: it was there already", k.Name, r.ID)
		}
		if len(r.Body) <= longestInside {
			return rows.Put([]byte(r.ID), encode(k, r))
		}
		bodies, err := b.create(bodyName(k))
		if err != nil {
			return err
		}
		at, err := bodies.next()
		if err != nil {
			return err
		}
		return errors.Join(rows.Put([]byte(r.ID), encodeApart(k, r, at)), bodies.Put(bodyKey(at), r.Body))
	})
	if err != nil {
		return err
	}
	for i, by := range k.Lookups {
		if key := entry(r, r.ID, i); key != nil {
			name := indexName(k, by)
			in.entries[name] = append(in.entries[name], string(key))
			in.held += len(key)
		}
	}
	if in.held < heldEntries {
		return nil
	}
	return in.list()
}

// list writes the entries that were held back, in their order.
func (in *intake) list() error {
	for name, keys := range in.entries {
		slices.Sort(keys)
		for _, key := range keys {
			err := in.write(0, importBytes/importEntries, func(b *batch) error {
				index, err := b.create(name)
				if err != nil {
					return err
				}
				index.FillPercent = 0.75 // more will come between them
				return index.Put([]byte(key), nil)
			})
			if err != nil {
				return err
			}
		}
	}
	clear(in.entries)
	in.held = 0
	return nil
}

// Counter implements store.Sink.
func (in *intake) Counter(name string, value uint64) error {
	return in.write(1, len(name), func(b *batch) error {
		counters := b.bolt.Bucket(counterBucket)
		if counters.Get([]byte(name)) != nil {
			return fmt.Errorf("importing the counter %s: it was there already", name)
		}
		return counters.Put([]byte(name), encodeCounter(name, value))
	})
}

func (in *intake) write(rows, size int, fn func(*batch) error) (err error) {
	if err := in.ctx.Err(); err != nil {
		return err
	}
	if in.batch == nil {
		if in.batch, err = in.store.batch(); err != nil {
			return err
		}
	}
	if err := in.batch.guard(func() error { return fn(in.batch) }); err != nil {
		return err
	}
	in.rows, in.bytes = in.rows+rows, in.bytes+size
	if in.rows >= importRows || in.bytes >= importBytes {
		return in.commit()
	}
	return nil
}

func (in *intake) commit() error {
	b := in.batch
	if b == nil {
		return nil
	}
	in.batch, in.rows, in.bytes = nil, 0, 0
	return b.Commit()
}

func (in *intake) drop() error {
	if in.batch == nil {
		return nil
	}
	b := in.batch
	in.batch = nil
	return b.Rollback()
}
