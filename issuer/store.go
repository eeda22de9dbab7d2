package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// What every storage engine says in the same way. An engine wraps them; use errors.Is.
var (
	// ErrNotFound says that no such record or document exists.
	ErrNotFound = errors.New("no such record")
	// ErrConflict says that a record changed, or came to exist, since the caller read it.
	ErrConflict = errors.New("the record has changed in the meantime")
	// ErrCursor says that a Query.After did not come from this list.
	ErrCursor = errors.New("the cursor does not belong to this list")
	// ErrDamaged says that a record is not as it was written. It is never given out as if it were.
	ErrDamaged = errors.New("a record is not as it was written")
	// ErrFull says that there is no room left to write. Nothing of the change was kept.
	ErrFull = errors.New("there is no room left to write")
	// ErrUnavailable says that the engine cannot be reached now. An Update that ends so may have been committed or not.
	ErrUnavailable = errors.New("the database cannot be reached")
)

// Store keeps records. Both methods give fn one consistent state of the store.
type Store interface {
	// View runs fn on a snapshot: what others commit meanwhile is not seen. It is taken before fn begins or, in a shared store,
	// at the first read at the latest. Writing fails.
	// fn must not call Update, nor wait for one.
	View(ctx context.Context, fn func(Tx) error) error
	// Update runs fn and commits all that it wrote, or nothing when fn fails or panics. When it returns nil the
	// writes are on disk. fn may run again after a conflict, so it has no effects but on tx and its own results;
	// it runs while other writers wait, so it is short. A context that ends before fn starts ends the wait.
	Update(ctx context.Context, fn func(Tx) error) error
	// Shared says that other processes may write to the store as well: what was read a moment ago may have changed without
	// an Update here.
	Shared() bool
}

// Tx is one transaction. It is valid until fn returns and must not be shared between goroutines.
type Tx interface {
	// Get returns the record with this id, or ErrNotFound.
	Get(k Kind, id string) (Row, error)
	// Put writes r. r.Version is the version that was read, 0 for a record that must not exist yet; ErrConflict
	// when the store holds another. The stored version is one higher. r.Body belongs to the store from here on: nobody changes it.
	Put(k Kind, r Row) error
	// Delete removes the record with this id, or returns ErrNotFound.
	Delete(k Kind, id string) error
	// List returns the records that q asks for and the cursor of the page after them, "" when there is none.
	List(k Kind, q Query) ([]Row, string, error)
	// Next counts: the first call for a name gives 1. A number is given once; a failed transaction gives it back.
	Next(counter string) (uint64, error)
}

// Kind declares a kind of record: a table in PostgreSQL, buckets in bbolt.
type Kind struct {
	Name    string   // unique among all kinds
	Lookups []string // names of the columns to list by. New ones are appended, none is ever taken out
}

// Row is a record as engines see it.
type Row struct {
	ID      string   // unique within the kind; not empty, at most 512 bytes
	Version uint64   // counts the writes of this record
	Order   string   // lists by a lookup come in the order of this text, then of ID
	Lookups []string // one value for each of Kind.Lookups; "" keeps the record out of that list. No byte 0 in any text
	Body    []byte   // JSON
}

// Query asks for a page of records.
type Query struct {
	By       string // one of Kind.Lookups; "" lists every record, in the order of ids
	Value    string // the value to look for, not empty when By is given
	After    string // cursor from the page before; "" starts at the beginning
	Limit    int    // records at most; 0 means 100
	Backward bool   // from the end of the order to its beginning
}

// Table stores values of type T as JSON records of one kind. Packages declare their tables once.
type Table[T any] struct {
	Kind    Kind
	Key     func(*T) string          // the id
	Order   func(*T) string          // Row.Order; nil for none
	Lookups func(*T) []string        // values for Kind.Lookups; nil when the kind has none
	Write   func(*T) ([]byte, error) // the JSON of the record; nil for json.Marshal
}

// Get returns the value with this id and its version, or ErrNotFound.
func (t Table[T]) Get(tx Tx, id string) (T, uint64, error) {
	row, err := tx.Get(t.Kind, id)
	if err != nil {
		var value T
		return value, 0, err
	}
	return t.read(row)
}

// read returns the value that a row holds, and its version.
func (t Table[T]) read(row Row) (value T, version uint64, err error) {
	if err := json.Unmarshal(row.Body, &value); err != nil {
		return value, 0, fmt.Errorf("reading %s %s: %w", t.Kind.Name, row.ID, err)
	}
	return value, row.Version, nil
}

// Put writes value over the version that was read, 0 for a new record. It returns ErrConflict as Tx.Put does.
func (t Table[T]) Put(tx Tx, value *T, version uint64) error {
	body, err := t.body(value)
	if err != nil {
		return fmt.Errorf("writing %s %s: %w", t.Kind.Name, t.Key(value), err)
	}
	return t.putBody(tx, value, body, version)
}

func (t Table[T]) body(value *T) ([]byte, error) {
	if t.Write != nil {
		return t.Write(value)
	}
	return json.Marshal(value)
}

// putBody is Put for a value whose JSON is known.
func (t Table[T]) putBody(tx Tx, value *T, body []byte, version uint64) error {
	row := Row{ID: t.Key(value), Version: version, Body: body}
	if t.Order != nil {
		row.Order = t.Order(value)
	}
	if t.Lookups != nil {
		row.Lookups = t.Lookups(value)
	}
	return tx.Put(t.Kind, row)
}

// List returns a page of values and the cursor of the next one, as Tx.List does.
func (t Table[T]) List(tx Tx, q Query) ([]T, string, error) {
	rows, next, err := tx.List(t.Kind, q)
	if err != nil {
		return nil, "", err
	}
	values := make([]T, len(rows))
	for i, row := range rows {
		if err := json.Unmarshal(row.Body, &values[i]); err != nil {
			return nil, "", fmt.Errorf("reading %s %s: %w", t.Kind.Name, row.ID, err)
		}
	}
	return values, next, nil
}
