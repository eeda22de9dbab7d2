package backup

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/issuer"
)

// TestInside: what is encrypted well and wrong all the same.
func TestInside(t *testing.T) {
	person := issuer.Kind{Name: "person"}
	newer := forge(t).header(person).end()
	newer[len(magic)+1]++
	oldest := slices.Clone(newer)
	oldest[len(magic)+1] = 0
	spoilt := forge(t).header(person)
	spoilt.t.Records++
	content := appendRecord(nil, 0, person, issuer.Row{ID: "a", Version: 1, Body: []byte("{}")})
	change := func(at int) []byte { c := slices.Clone(content); c[at] ^= 1; return c }
	known := []issuer.Kind{person, {Name: "award", Lookups: []string{"all"}}}
	tests := []struct {
		name  string
		plain []byte
		want  error // nil: it is well
	}{
		{"as it should be", forge(t).header(person).record(0, "a").record(0, "b").counter("n", 1, 0).file("k/a.age", 0o600).end(), nil},
		{"empty", forge(t).header().end(), nil},
		{"newer format", newer, ErrNewer},
		{"format 0", oldest, ErrBroken},
		{"other magic", append([]byte("x"), newer[1:]...), ErrBroken},
		{"no frames", []byte(magic + "\x00\x01"), ErrBroken},
		{"no header", forge(t).record(0, "a").end(), ErrBroken},
		{"a header that is no JSON", forge(t).frame(headerFrame, []byte("{")).end(), ErrBroken},
		{"two headers", forge(t).header(person).header(person).end(), ErrBroken},
		{"unknown kind", forge(t).header(issuer.Kind{Name: "trust"}).end(), ErrNewer},
		{"a kind twice", forge(t).header(person, person).end(), ErrBroken},
		{"a kind without a name", forge(t).header(issuer.Kind{}).end(), ErrBroken},
		{"a further lookup", forge(t).header(issuer.Kind{Name: "award", Lookups: []string{"all", "key"}}).end(), ErrNewer},
		{"another lookup", forge(t).header(issuer.Kind{Name: "award", Lookups: []string{"key"}}).end(), ErrBroken},
		{"a record twice", forge(t).header(person).record(0, "a").record(0, "a").end(), ErrBroken},
		{"records out of order", forge(t).header(person).record(0, "b").record(0, "a").end(), ErrBroken},
		{"kinds out of order", forge(t).header(issuer.Kind{Name: "award"}, person).record(1, "a").record(0, "b").end(), ErrBroken},
		{"no such kind", forge(t).header(person).record(1, "a").end(), ErrBroken},
		{"the kind before", forge(t).header(person).record(-1, "a").end(), ErrBroken},
		{"an empty id", forge(t).header(person).record(0, "").end(), ErrBroken},
		{"a byte 0 in an id", forge(t).header(person).record(0, "a\x00").end(), ErrBroken},
		{"a long id", forge(t).header(person).record(0, strings.Repeat("a", store.MaxText+1)).end(), ErrBroken},
		{"a changed id", forge(t).header(person).frame(recordFrame, change(2)).end(), ErrBroken},
		{"a changed version", forge(t).header(person).frame(recordFrame, change(9)).end(), ErrBroken},
		{"a changed sum", forge(t).header(person).frame(recordFrame, change(len(content)-5)).end(), ErrBroken},
		{"a changed body", forge(t).header(person).frame(recordFrame, change(len(content)-1)).end(), ErrBroken},
		{"a short record", forge(t).header(person).frame(recordFrame, content[:len(content)-1]).end(), ErrBroken},
		{"a long record", forge(t).header(person).frame(recordFrame, append(slices.Clone(content), 0)).end(), ErrBroken},
		{"an empty record", forge(t).header(person).frame(recordFrame, nil).end(), ErrBroken},
		{"version 0", forge(t).header(person).frame(recordFrame, appendRecord(nil, 0, person, issuer.Row{ID: "a"})).end(), ErrBroken},
		{"a record after a counter", forge(t).header(person).counter("n", 1, 0).record(0, "a").end(), ErrBroken},
		{"a counter twice", forge(t).header(person).counter("n", 1, 0).counter("n", 1, 0).end(), ErrBroken},
		{"a changed counter", forge(t).header(person).counter("n", 1, 1).end(), ErrBroken},
		{"a counter without a name", forge(t).header(person).counter("", 1, 0).end(), ErrBroken},
		{"a file above", forge(t).header(person).file("../a", 0o600).end(), ErrBroken},
		{"a file from the root", forge(t).header(person).file("/etc/passwd", 0o600).end(), ErrBroken},
		{"a file with a detour", forge(t).header(person).file("a/../../b", 0o600).end(), ErrBroken},
		{"a file with backslashes", forge(t).header(person).file(`..\a`, 0o600).end(), ErrBroken},
		{"a file of the folder itself", forge(t).header(person).file(".", 0o600).end(), ErrBroken},
		{"a file with a byte 0", forge(t).header(person).file("a\x00", 0o600).end(), ErrBroken},
		{"a file with rights that are none", forge(t).header(person).file("a", 1<<31).end(), ErrBroken},
		{"a file twice", forge(t).header(person).file("a", 0o600).file("a", 0o600).end(), ErrBroken},
		{"a frame of no kind", forge(t).header(person).frame('X', nil).end(), ErrBroken},
		{"no trailer", forge(t).header(person).record(0, "a").cut(), ErrBroken},
		{"a trailer of another", spoilt.end(), ErrBroken},
		{"a trailer that is no JSON", forge(t).header(person).frame(trailerFrame, []byte("[]")).cut(), ErrBroken},
		{"frames after the trailer", func() []byte { f := forge(t).header(person); f.end(); return f.out.Bytes() }(), nil},
		{"bytes after the stream", append(forge(t).header(person).end(), 0), ErrBroken},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := inside(t.Context(), test.plain, known, nothing{})
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
	t.Run("a record after the trailer", func(t *testing.T) {
		f := forge(t).header(person)
		f.t.SHA256 = fmt.Sprintf("%x", f.digest.Sum(nil))
		f.frame(trailerFrame, fmt.Appendf(nil, `{"sha256":%q}`, f.t.SHA256)).record(0, "a")
		if _, _, err := inside(t.Context(), f.cut(), known, nothing{}); !errors.Is(err, ErrBroken) {
			t.Error(err)
		}
	})
	t.Run("a length that nothing follows takes no memory", func(t *testing.T) {
		f := forge(t).header(person)
		_, err := f.packed.Write([]byte{recordFrame, 0xff, 0xff, 0xff, 0x1f, 'x'})
		must(t, err)
		plain := f.cut()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err = inside(t.Context(), plain, known, nothing{})
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrBroken) {
			t.Fatal(err)
		}
		taken := after.TotalAlloc - before.TotalAlloc
		if taken > 1<<20 {
			t.Errorf("%d bytes", taken)
		}
	})
}

// FuzzRead: whatever is inside a backup is refused, or is what its summary says.
func FuzzRead(f *testing.F) {
	person := issuer.Kind{Name: "person"}
	f.Add(forge(f).header(person).record(0, "a").record(0, "b").counter("n", 1, 0).file("k/a.age", 0o600).end())
	f.Add(forge(f).header(person).record(0, "a").cut())
	f.Add(forge(f).header().end())
	known := []issuer.Kind{person, {Name: "award", Lookups: []string{"all"}}}
	f.Fuzz(func(t *testing.T, plain []byte) {
		m := newMemory()
		files, s, err := inside(t.Context(), plain, known, m)
		if err != nil {
			if !errors.Is(err, ErrBroken) && !errors.Is(err, ErrNewer) {
				t.Error(err)
			}
			return
		}
		if got := uint64(len(m.rows["person"]) + len(m.rows["award"])); got != s.Records() || uint64(len(m.counters)) != s.Counters.Count || uint64(len(files)) != s.Files.Count {
			t.Errorf("%+v of %d records", s, got)
		}
		for _, file := range files {
			if !filepath.IsLocal(file.name) {
				t.Errorf("file %q", file.name)
			}
		}
	})
}

// FuzzFrames is FuzzRead with frames that need not be compressed first.
func FuzzFrames(f *testing.F) {
	person := issuer.Kind{Name: "person"}
	f.Add(byte(recordFrame), appendRecord(nil, 0, person, issuer.Row{ID: "a", Version: 1, Body: []byte("{}")}))
	f.Add(byte(counterFrame), []byte("\x01n\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"))
	f.Add(byte(fileFrame), []byte("\x01a\x00\x00\x01\x80\x01x"))
	f.Fuzz(func(t *testing.T, kind byte, content []byte) {
		m := newMemory()
		files, s, err := inside(t.Context(), forge(t).header(person).frame(kind, content).end(), []issuer.Kind{person}, m)
		if err == nil && s.Records()+s.Counters.Count+s.Files.Count != uint64(len(m.rows["person"])+len(m.counters)+len(files)) {
			t.Errorf("%+v", s)
		}
	})
}
