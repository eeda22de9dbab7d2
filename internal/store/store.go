// Package store holds what the storage engines below it share: which rows they take, the checksum that each row carries,
// cursors, their errors, and what a program that keeps records asks of an engine beside issuer.Store.
package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/laurelbadges/laurel/issuer"
)

// What engines say of a store as a whole. They wrap these with the place and with what to do.
var (
	// ErrLocked says that another process has the store open.
	ErrLocked = errors.New("another process, probably `laurel serve`, holds the database")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrReadOnly is returned by Update of a store that was opened for looking.
	ErrReadOnly = errors.New("the store is open for reading only")
	// ErrNewer says that a newer version of the program has changed the store.
	ErrNewer = errors.New("the store was written by a newer version of laurel; use that version, or a newer one")
	// ErrHalf says that an import into the store has not ended.
	ErrHalf = errors.New("the store holds a part of a copy only; empty it and copy again")
	// ErrNotEmpty says that something is to be imported into a store that holds records.
	ErrNotEmpty = errors.New("the store holds records already")
)

const (
	// MaxText is the most bytes of an id, an order, a lookup value or the name of a counter.
	MaxText = 512
	// DefaultLimit is the number of records on a page when the query names none.
	DefaultLimit = 100
)

// Engine is a store as the programs that keep it see it.
type Engine interface {
	issuer.Store
	// Export gives every record of the kinds and every counter of one snapshot, in a fixed order: kinds as they are given,
	// records by id, then counters by name. A record of another kind is an error: it would be left behind. A damaged one is
	// an error that wraps issuer.ErrDamaged. An error of to ends it.
	Export(ctx context.Context, kinds []issuer.Kind, to Sink) error
	// Import fills an empty store with what fill gives to its sink: rows with the versions that they have, and counters.
	// Until it has ended well every Open of the store says ErrHalf. A store with records says ErrNotEmpty.
	Import(ctx context.Context, fill func(Sink) error) error
	// Check reads everything there is and calls fault for each thing that is not as it was written: records by their
	// checksums, lists by their records, and what the engine itself can examine. The error is that it could not look.
	Check(ctx context.Context, kinds []issuer.Kind, fault func(sentence string)) error
	// Close lets the updates that were accepted finish. Later calls return ErrClosed.
	Close() error
}

// Sink takes a copy of a store. The row belongs to the sink.
type Sink interface {
	Row(k issuer.Kind, r issuer.Row) error
	Counter(name string, value uint64) error
}

// CheckRow refuses what no engine can keep: r as it is given to Put.
func CheckRow(k issuer.Kind, r issuer.Row) error {
	if r.ID == "" {
		return errors.New("the id is empty")
	}
	if len(r.Lookups) != len(k.Lookups) {
		return fmt.Errorf("%d lookup values for %d lookups", len(r.Lookups), len(k.Lookups))
	}
	fits := func(text string) bool { return len(text) <= MaxText && storable(text) }
	if !fits(r.ID) || !fits(r.Order) || slices.ContainsFunc(r.Lookups, func(text string) bool { return !fits(text) }) {
		return fmt.Errorf("an id, order or lookup value is longer than %d bytes, holds a byte 0 or is not valid text", MaxText)
	}
	if bytes.IndexByte(r.Body, 0) >= 0 || !utf8.Valid(r.Body) {
		return errors.New("the body holds a byte 0 or is not valid text")
	}
	return nil
}

// CheckStored is CheckRow for a row that is copied as it lies in another store: one from before a lookup was declared has fewer values.
func CheckStored(k issuer.Kind, r issuer.Row) error {
	k.Lookups = k.Lookups[:min(len(r.Lookups), len(k.Lookups))]
	if r.Version == 0 || r.Version > 1<<62 {
		return fmt.Errorf("its version is %d", r.Version)
	}
	return CheckRow(k, r)
}

func storable(text string) bool { return strings.IndexByte(text, 0) < 0 && utf8.ValidString(text) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Sum is the checksum that a stored row carries: CRC-32C over all that it says and over where it lies, so that neither a changed
// bit nor a row under the name of another goes unseen. r.Version is the stored one. A row that was written before a lookup was
// declared has fewer of them, and the sum of those.
func Sum(k issuer.Kind, r issuer.Row) uint32 {
	size := 8 + len(k.Name) + len(r.ID) + len(r.Order) + binary.MaxVarintLen32*(4+len(r.Lookups))
	for _, value := range r.Lookups {
		size += len(value)
	}
	head := appendText(appendText(make([]byte, 0, size), k.Name), r.ID)
	head = binary.BigEndian.AppendUint64(head, r.Version)
	head = appendText(head, r.Order)
	// Without their number a lookup could pass for the beginning of the body.
	head = binary.AppendUvarint(head, uint64(len(r.Lookups)))
	for _, value := range r.Lookups {
		head = appendText(head, value)
	}
	return crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, r.Body)
}

// SumBody is the checksum of a body that an engine keeps apart from its row.
func SumBody(body []byte) uint32 { return crc32.Checksum(body, castagnoli) }

// SumCounter is the checksum of a counter.
func SumCounter(name string, value uint64) uint32 {
	return crc32.Checksum(binary.BigEndian.AppendUint64(appendText(nil, name), value), castagnoli)
}

func appendText(out []byte, text string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(text))), text...)
}

// Cursor is the place after which a page begins, in the order of a lookup or, without one, of ids.
func Cursor(by, order, id string) string {
	if by != "" {
		id = order + "\x00" + id
	}
	return base64.RawURLEncoding.EncodeToString([]byte(id))
}

// ParseCursor reads what Cursor wrote for a list by the same lookup; "" gives "", "". Anything else is issuer.ErrCursor: a cursor
// comes from whoever asks for the next page.
func ParseCursor(by, cursor string) (order, id string, err error) {
	if cursor == "" {
		return "", "", nil
	}
	// What Cursor would not have written is refused below: decoders pass over line breaks.
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	id, found := string(text), true
	if by != "" {
		order, id, found = strings.Cut(id, "\x00")
	}
	if err != nil || !found || id == "" || !storable(order) || !storable(id) || Cursor(by, order, id) != cursor {
		return "", "", issuer.ErrCursor
	}
	return order, id, nil
}

// CheckQuery refuses a list that no engine can make.
func CheckQuery(k issuer.Kind, q issuer.Query) error {
	if q.By == "" {
		return nil
	}
	for _, name := range k.Lookups {
		if name == q.By && q.Value != "" && storable(q.Value) {
			return nil
		}
	}
	return fmt.Errorf("listing %s: no lookup %q of this value", k.Name, q.By)
}
