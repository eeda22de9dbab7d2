package issuer

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"sync"
	"time"
)

// Bounds of what a Witness notes: reads of an answer, and records of a page of a list. What rests on more has no witness.
const (
	mostWitnessed = 64
	mostOfList    = 64
)

// Witness notes what was read of the records for an answer, so that whoever keeps the answer can ask whether all of that still reads
// the same: [Service.Still]. The answer may rest on nothing else that changes but what is told to Until and Spoil.
type Witness struct {
	mu      sync.Mutex
	reads   []witnessed // what follows is guarded by mu
	until   time.Time   // zero: no end
	spoiled bool
}

// witnessed is a read with a digest of what it gave.
type witnessed struct {
	reading
	digest [sha256.Size]byte
}

// reading is how a record, a page of a list, or the signed copy of a status list was asked for.
type reading struct {
	kind  Kind
	id    string // of a record or a status list; "" for a page
	query Query
	list  bool // it is a status list
}

func (r reading) is(o reading) bool {
	return r.kind.Name == o.kind.Name && r.id == o.id && r.query == o.query && r.list == o.list
}

type witnessKey struct{}

// Watched gives a context for one answer, whose reads the witness notes.
func Watched(ctx context.Context) (context.Context, *Witness) {
	w := &Witness{}
	return context.WithValue(ctx, witnessKey{}, w), w
}

// Unwatched gives a context whose reads nobody notes, for what the answer does not rest on.
func Unwatched(ctx context.Context) context.Context {
	if WitnessOf(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, witnessKey{}, (*Witness)(nil))
}

// WitnessOf is the witness of a context; nil where nobody watches. Until and Spoil may be called on nil.
func WitnessOf(ctx context.Context) *Witness {
	w, _ := ctx.Value(witnessKey{}).(*Witness)
	return w
}

// Until tells that the answer may be another one from an instant on.
func (w *Witness) Until(at time.Time) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.until.IsZero() || at.Before(w.until) {
		w.until = at
	}
}

// Spoil tells that the answer must not be given again.
func (w *Witness) Spoil() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spoiled, w.reads = true, nil
}

// Good says that an answer may be kept, and until when; zero for no end.
func (w *Witness) Good() (until time.Time, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.until, !w.spoiled
}

// note adds a read. What read differently the second time was changed in between, so the answer is of two states.
func (w *Witness) note(r reading, digest [sha256.Size]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.spoiled {
		return
	}
	for _, known := range w.reads {
		if known.is(r) {
			w.spoiled = known.digest != digest
			return
		}
	}
	if w.spoiled = len(w.reads) == mostWitnessed; !w.spoiled {
		w.reads = append(w.reads, witnessed{r, digest})
	}
}

// Still says whether everything that was read for an answer reads the same now, in one state of the store. It is no where that cannot be
// told, for whatever reason: whoever reads it again then learns the reason.
func (s *Service) Still(ctx context.Context, w *Witness) bool {
	w.mu.Lock()
	reads, ok := w.reads, !w.spoiled && (w.until.IsZero() || s.now().Before(w.until))
	w.mu.Unlock()
	if !ok {
		return false
	}
	ctx = Unwatched(ctx)
	for _, r := range reads {
		if r.list {
			list, err := s.StatusList(ctx, r.id)
			if err != nil || sumOfList(list) != r.digest {
				return false
			}
		}
	}
	err := s.store.View(ctx, func(tx Tx) error {
		for _, r := range reads {
			if r.list {
				continue
			}
			if digest, ok := r.again(tx); !ok || digest != r.digest {
				return ErrConflict
			}
		}
		return nil
	})
	return err == nil
}

// again reads it.
func (r reading) again(tx Tx) (digest [sha256.Size]byte, ok bool) {
	if r.id != "" {
		row, err := tx.Get(r.kind, r.id)
		return sumOfRow(row, err)
	}
	rows, next, err := tx.List(r.kind, r.query)
	return sumOfRows(rows, next, err)
}

// watching is a transaction whose reads a witness notes.
type watching struct {
	Tx
	witness *Witness
}

// Get implements [Tx].
func (t watching) Get(k Kind, id string) (Row, error) {
	row, err := t.Tx.Get(k, id)
	t.found(reading{kind: k, id: id}, func() ([sha256.Size]byte, bool) { return sumOfRow(row, err) })
	return row, err
}

// List implements [Tx].
func (t watching) List(k Kind, q Query) ([]Row, string, error) {
	rows, next, err := t.Tx.List(k, q)
	t.found(reading{kind: k, query: q}, func() ([sha256.Size]byte, bool) { return sumOfRows(rows, next, err) })
	return rows, next, err
}

func (t watching) found(r reading, sum func() ([sha256.Size]byte, bool)) {
	digest, ok := sum()
	if !ok {
		t.witness.Spoil()
		return
	}
	t.witness.note(r, digest)
}

// sumOfRow is the digest of a record, or of there being none; not ok after any other error.
func sumOfRow(row Row, err error) (sum [sha256.Size]byte, ok bool) {
	if errors.Is(err, ErrNotFound) {
		return sum, true
	}
	digest := sha256.New()
	addRow(digest, row)
	return [sha256.Size]byte(digest.Sum(nil)), err == nil
}

func sumOfRows(rows []Row, next string, err error) (sum [sha256.Size]byte, ok bool) {
	digest := sha256.New()
	_, _ = io.WriteString(digest, next+"\n") // a digest takes every write
	for _, row := range rows {
		addRow(digest, row)
	}
	return [sha256.Size]byte(digest.Sum(nil)), err == nil && len(rows) <= mostOfList
}

func addRow(digest hash.Hash, row Row) {
	var head [24]byte
	binary.BigEndian.PutUint64(head[:], row.Version)
	binary.BigEndian.PutUint64(head[8:], uint64(len(row.ID)))
	binary.BigEndian.PutUint64(head[16:], uint64(len(row.Body)))
	_, _ = digest.Write(head[:])
	_, _ = io.WriteString(digest, row.ID)
	_, _ = digest.Write(row.Body)
}

func sumOfList(list StatusDocument) [sha256.Size]byte { return sha256.Sum256([]byte(list.ETag)) }
