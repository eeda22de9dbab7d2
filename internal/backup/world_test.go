package backup

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// memory is a store.Engine that holds rows as they are imported.
type memory struct {
	issuer.Store
	rows     map[string]map[string]issuer.Row
	counters map[string]uint64
	half     bool
	damaged  bool
	forget   string // the id of a row that it loses
}

func newMemory() *memory {
	return &memory{rows: map[string]map[string]issuer.Row{}, counters: map[string]uint64{}}
}

func (m *memory) Export(_ context.Context, kinds []issuer.Kind, to store.Sink) error {
	if m.damaged {
		return fmt.Errorf("credential 7: %w", issuer.ErrDamaged)
	}
	for _, k := range kinds {
		for _, id := range slices.Sorted(maps.Keys(m.rows[k.Name])) {
			if err := to.Row(k, m.rows[k.Name][id]); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.counters)) {
		if err := to.Counter(name, m.counters[name]); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Import(_ context.Context, fill func(store.Sink) error) error {
	m.half = true
	if err := fill(m); err != nil {
		return err
	}
	m.half = false
	return nil
}

func (m *memory) Row(k issuer.Kind, r issuer.Row) error {
	if err := store.CheckRow(k, r); err != nil {
		return err
	}
	if r.ID == m.forget {
		return nil
	}
	if m.rows[k.Name] == nil {
		m.rows[k.Name] = map[string]issuer.Row{}
	}
	m.rows[k.Name][r.ID] = r
	return nil
}

func (m *memory) Counter(name string, value uint64) error {
	m.counters[name] = value
	return nil
}

func (m *memory) Check(context.Context, []issuer.Kind, func(string)) error { return nil }
func (m *memory) Close() error                                             { return nil }

var testKinds = []issuer.Kind{{Name: "person", Lookups: []string{"all", "key"}}, {Name: "award"}}

var created = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

const (
	secretName = "Ada Lovelace-Example"
	secretMail = "ada@school.example"
	secretSeed = "AGE-SECRET-KEY-1SEEDSEEDSEEDSEEDSEED"
)

// filled is a store with a few of everything.
func filled(t testing.TB) *memory {
	t.Helper()
	m := newMemory()
	for i := range 12 {
		body := fmt.Sprintf(`{"name":%q,"email":%q,"n":%d}`, secretName, secretMail, i)
		must(t, m.Row(testKinds[0], issuer.Row{ID: fmt.Sprint("p", i), Version: uint64(i + 1), Order: fmt.Sprint(100 - i), Lookups: []string{"yes", ""}, Body: []byte(body)}))
	}
	must(t, m.Row(testKinds[1], issuer.Row{ID: "a", Version: 1 << 60, Body: bytes.Repeat([]byte("{} "), 30000)}))
	must(t, m.Counter("award", 1<<63))
	must(t, m.Counter("slot/1", 1))
	return m
}

func keyFolder() fstest.MapFS {
	return fstest.MapFS{
		"identity.age-key": {Data: []byte(secretSeed), Mode: 0o600},
		"k1.age":           {Data: []byte("sealed"), Mode: 0o640},
		"k1-old/k.age":     {Data: nil, Mode: 0o600},
		".new-123":         {Data: []byte("half"), Mode: 0o600},
		".git/config":      {Data: []byte("half"), Mode: 0o600},
	}
}

// pair is the identity that opens backups of tests, and its recipient.
func pair(t testing.TB) (identity, recipient string) {
	t.Helper()
	identity, recipient, err := NewIdentity()
	must(t, err)
	return identity, recipient
}

func write(t testing.TB, m store.Engine, kinds []issuer.Kind, recipients ...string) ([]byte, Summary) {
	t.Helper()
	var out bytes.Buffer
	s, err := Write(t.Context(), &out, Options{Recipients: recipients, Engine: m, Kinds: kinds, Files: keyFolder(), Created: created, Program: "v1.2.3", Base: "https://badges.example.org"})
	must(t, err)
	return out.Bytes(), s
}

// same compares what two stores hold.
func same(t interface{ Errorf(string, ...any) }, got, want *memory) {
	equal := func(a, b issuer.Row) bool {
		return a.ID == b.ID && a.Version == b.Version && a.Order == b.Order && slices.Equal(a.Lookups, b.Lookups) && bytes.Equal(a.Body, b.Body)
	}
	for name := range maps.Keys(want.rows) {
		if !maps.EqualFunc(got.rows[name], want.rows[name], equal) {
			t.Errorf("the records of the kind %s differ", name)
		}
	}
	if len(got.rows) != len(want.rows) || !maps.Equal(got.counters, want.counters) {
		t.Errorf("%d kinds and counters %v, want %d and %v", len(got.rows), got.counters, len(want.rows), want.counters)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// forger writes the inside of a backup, right or wrong.
type forger struct {
	out    bytes.Buffer
	packed *flate.Writer
	digest hash.Hash
	t      trailer
}

func forge(t testing.TB) *forger {
	t.Helper()
	f := &forger{digest: sha256.New()}
	f.out.Write(binary.BigEndian.AppendUint16([]byte(magic), format))
	var err error
	f.packed, err = flate.NewWriter(&f.out, flate.BestSpeed)
	must(t, err)
	return f
}

func (f *forger) frame(kind byte, content []byte) *forger {
	whole := append(binary.AppendUvarint([]byte{kind}, uint64(len(content))), content...)
	f.digest.Write(whole)
	_, _ = f.packed.Write(whole) // to memory
	switch kind {
	case recordFrame:
		f.t.Records++
	case counterFrame:
		f.t.Counters++
	case fileFrame:
		f.t.Files++
	}
	return f
}

func (f *forger) header(kinds ...issuer.Kind) *forger {
	var h Header
	for _, k := range kinds {
		h.Kinds = append(h.Kinds, headerKind{k.Name, k.Lookups})
	}
	text, _ := json.Marshal(h)
	return f.frame(headerFrame, text)
}

func (f *forger) record(place int, id string) *forger {
	k := issuer.Kind{Name: "person"}
	return f.frame(recordFrame, appendRecord(nil, place, k, issuer.Row{ID: id, Version: 1, Body: []byte("{}")}))
}

func (f *forger) counter(name string, value uint64, change uint32) *forger {
	content := binary.BigEndian.AppendUint64(appendText(nil, name), value)
	return f.frame(counterFrame, binary.BigEndian.AppendUint32(content, store.SumCounter(name, value)^change))
}

func (f *forger) file(name string, mode uint32) *forger {
	return f.frame(fileFrame, appendText(binary.BigEndian.AppendUint32(appendText(nil, name), mode), "x"))
}

// end writes the trailer and gives the whole.
func (f *forger) end() []byte {
	f.t.SHA256 = hex.EncodeToString(f.digest.Sum(nil))
	text, _ := json.Marshal(f.t)
	f.frame(trailerFrame, text)
	return f.cut()
}

// cut gives the whole without a trailer.
func (f *forger) cut() []byte {
	_ = f.packed.Close() // to memory
	return f.out.Bytes()
}

// inside reads the inside of a backup.
func inside(ctx context.Context, plain []byte, known []issuer.Kind, sink store.Sink) ([]file, Summary, error) {
	r, err := begin(ctx, &source{}, bytes.NewReader(plain), known)
	if err != nil {
		return nil, Summary{}, err
	}
	files, err := r.contents(sink)
	if err != nil {
		return nil, Summary{}, err
	}
	return files, r.summary(), nil
}

var errRefused = errors.New("refused by the test")

// failing is a reader or writer that fails after a while.
type failing struct {
	from io.Reader
	left int
}

func (f *failing) Read(p []byte) (int, error) {
	if f.left <= 0 {
		return 0, errRefused
	}
	n, err := f.from.Read(p[:min(len(p), f.left)])
	f.left -= n
	return n, err
}

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left <= 0 {
		return 0, errRefused
	}
	return len(p), nil
}
