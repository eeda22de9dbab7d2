package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/issuer"
)

func TestRoundTrip(t *testing.T) {
	identity, recipient := pair(t)
	second, secondRecipient := pair(t)
	from := filled(t)
	data, wrote := write(t, from, testKinds, recipient, secondRecipient)
	for _, by := range []string{identity, second} {
		read, err := Verify(t.Context(), bytes.NewReader(data), []string{by})
		must(t, err)
		if diff := cmp.Diff(wrote, read); diff != "" {
			t.Error(diff)
		}
	}
	into, folder := newMemory(), filepath.Join(t.TempDir(), "keys")
	read, err := Read(t.Context(), bytes.NewReader(data), []string{second}, Into{Engine: into, Kinds: testKinds, Folder: folder})
	must(t, err)
	if diff := cmp.Diff(wrote, read); diff != "" {
		t.Error(diff)
	}
	if wrote.Records() != 13 || wrote.Counters.Count != 2 || wrote.Files.Count != 3 || wrote.Header.Base != "https://badges.example.org" || !wrote.Header.Created.Equal(created) {
		t.Errorf("%+v", wrote)
	}
	same(t, into, from)
	for name, want := range map[string]string{"identity.age-key": secretSeed, "k1.age": "sealed", "k1-old/k.age": ""} {
		path := filepath.Join(folder, name)
		got, err := os.ReadFile(path)
		must(t, err)
		info, err := os.Stat(path)
		must(t, err)
		if string(got) != want || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %q, mode %o", name, got, info.Mode().Perm())
		}
	}
	names, err := filepath.Glob(filepath.Join(folder, ".*"))
	if err != nil || len(names) > 0 {
		t.Error(names, err)
	}
	if into.half {
		t.Error("half")
	}
	again, err := Read(t.Context(), bytes.NewReader(data), []string{second}, Into{Engine: newMemory(), Kinds: testKinds, Folder: folder})
	if err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Error(again, err)
	}
}

// TestStrings: a stolen backup says nothing.
func TestStrings(t *testing.T) {
	_, recipient := pair(t)
	data, _ := write(t, filled(t), testKinds, recipient)
	for _, secret := range []string{secretName, "Lovelace", secretMail, "school.example", secretSeed, "AGE-SECRET", "badges.example.org", "person", "sealed"} {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%q can be read", secret)
		}
	}
}

// TestChanged cuts a backup at many places and changes its bytes one at a time.
func TestChanged(t *testing.T) {
	identity, recipient := pair(t)
	m := newMemory()
	must(t, m.Row(testKinds[1], issuer.Row{ID: "a", Version: 1, Body: []byte("{}")}))
	must(t, m.Counter("award", 1))
	data, _ := write(t, m, testKinds, recipient)
	step := 1
	if testing.Short() {
		step = 7
	}
	try := func(what string, data []byte) {
		t.Helper()
		into, folder := newMemory(), filepath.Join(t.TempDir(), "keys")
		_, err := Read(t.Context(), bytes.NewReader(data), []string{identity}, Into{Engine: into, Kinds: testKinds, Folder: folder})
		if !errors.Is(err, ErrBroken) && !errors.Is(err, ErrIdentity) {
			t.Errorf("%s: %v", what, err)
		}
		if !into.half && len(into.rows)+len(into.counters) > 0 {
			t.Errorf("%s: a part was restored as if it were whole", what)
		}
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: there are files: %v", what, err)
		}
	}
	for at := 0; at < len(data); at += step {
		try(fmt.Sprintf("cut at %d of %d", at, len(data)), data[:at])
		changed := slices.Clone(data)
		changed[at] ^= 1 << (at % 8)
		try(fmt.Sprintf("byte %d of %d changed", at, len(data)), changed)
	}
	try("something behind it", append(slices.Clone(data), 0))
	try("text", []byte("dear diary"))
	try("nothing", nil)
}

// TestOlder: a backup from before a lookup was declared is restored with an empty value for it.
func TestOlder(t *testing.T) {
	identity, recipient := pair(t)
	from := newMemory()
	before := []issuer.Kind{{Name: "person", Lookups: []string{"all"}}}
	must(t, from.Row(before[0], issuer.Row{ID: "a", Version: 3, Lookups: []string{"yes"}, Body: []byte("{}")}))
	from.rows["person"]["b"] = issuer.Row{ID: "b", Version: 1, Lookups: []string{}, Body: []byte("{}")}
	data, _ := write(t, from, before, recipient)
	into := newMemory()
	_, err := Read(t.Context(), bytes.NewReader(data), []string{identity}, Into{Engine: into, Kinds: testKinds, Folder: filepath.Join(t.TempDir(), "keys")})
	must(t, err)
	for id, want := range map[string][]string{"a": {"yes", ""}, "b": {"", ""}} {
		if got := into.rows["person"][id].Lookups; !slices.Equal(got, want) {
			t.Errorf("%s: %q", id, got)
		}
	}
}

func TestWriteFails(t *testing.T) {
	_, recipient := pair(t)
	good := func() Options { return Options{Recipients: []string{recipient}, Engine: filled(t), Kinds: testKinds} }
	big := fstest.MapFS{"laurel.db": {Data: make([]byte, fileMost+1)}}
	many, mebibyte := fstest.MapFS{}, make([]byte, fileMost)
	for i := range filesMost/fileMost + 1 {
		many[fmt.Sprint(i)] = &fstest.MapFile{Data: mebibyte}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name   string
		ctx    context.Context
		out    io.Writer
		change func(o *Options)
		want   error
		text   string
	}{
		{"damage", t.Context(), io.Discard, func(o *Options) { o.Engine = &memory{damaged: true} }, issuer.ErrDamaged, "credential 7"},
		{"a full disk", t.Context(), &failing{left: 300}, func(*Options) {}, errRefused, ""},
		{"no room at all", t.Context(), &failing{}, func(*Options) {}, errRefused, ""},
		{"the end", ended, io.Discard, func(*Options) {}, context.Canceled, ""},
		{"more lookups than there are", t.Context(), io.Discard, func(o *Options) { o.Kinds = []issuer.Kind{{Name: "person"}} }, ErrNewer, ""},
		{"no recipient", t.Context(), io.Discard, func(o *Options) { o.Recipients = nil }, nil, "no recipient"},
		{"a name", t.Context(), io.Discard, func(o *Options) { o.Recipients = []string{"ada"} }, nil, "begins with age1"},
		{"the identity", t.Context(), io.Discard, func(o *Options) { o.Recipients = []string{"AGE-SECRET-KEY-1XYZ"} }, nil, "keep that away"},
		{"a link", t.Context(), io.Discard, func(o *Options) { o.Files = fstest.MapFS{"k": {Mode: fs.ModeSymlink}} }, nil, "k is not a plain file"},
		{"the wrong folder", t.Context(), io.Discard, func(o *Options) { o.Files = big }, nil, "laurel.db is larger"},
		{"a folder of much", t.Context(), io.Discard, func(o *Options) { o.Files = many }, nil, "too much for keys"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := good()
			test.change(&o)
			_, err := Write(test.ctx, test.out, o)
			if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
				t.Error(err)
			}
			if strings.Contains(fmt.Sprint(err), "1XYZ") {
				t.Error("the secret is in the error")
			}
		})
	}
}

func TestReadFails(t *testing.T) {
	identity, recipient := pair(t)
	other, _ := pair(t)
	data, _ := write(t, filled(t), testKinds, recipient)
	read := func(in io.Reader, identities []string, into Into) error {
		_, err := Read(t.Context(), in, identities, into)
		return err
	}
	into := func() Into {
		return Into{Engine: newMemory(), Kinds: testKinds, Folder: filepath.Join(t.TempDir(), "keys")}
	}
	if err := read(bytes.NewReader(data), []string{other}, into()); !errors.Is(err, ErrIdentity) {
		t.Errorf("another identity: %v", err)
	}
	if err := read(bytes.NewReader(data), []string{other, identity}, into()); err != nil {
		t.Errorf("one of two: %v", err)
	}
	if err := read(bytes.NewReader(data), nil, into()); err == nil {
		t.Error("no identity")
	}
	for _, left := range []int{0, 100, len(data) / 2, len(data) - 1} {
		err := read(&failing{from: bytes.NewReader(data), left: left}, []string{identity}, into())
		if !errors.Is(err, errRefused) || errors.Is(err, ErrBroken) {
			t.Errorf("a disk that fails after %d: %v", left, err)
		}
	}
	nowhere := into()
	nowhere.Folder = ""
	if err := read(bytes.NewReader(data), []string{identity}, nowhere); err == nil || !strings.Contains(err.Error(), "no folder") || !nowhere.Engine.(*memory).half {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ended, bytes.NewReader(data), []string{identity}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := Verify(t.Context(), bytes.NewReader(data), []string{"AGE-SECRET-KEY-1XYZ"}); err == nil || strings.Contains(err.Error(), "XYZ") {
		t.Error(err)
	}
}

func TestIdentities(t *testing.T) {
	identity, recipient := pair(t)
	got, err := Identities("# created: today\n# public key: " + recipient + "\n\n" + identity + "\r\n")
	must(t, err)
	if !slices.Equal(got, []string{identity}) {
		t.Error(got)
	}
	for name, text := range map[string]string{"empty": "# nothing\n", "sealed": "age-encryption.org/v1\n-> scrypt", "armoured": "-----BEGIN AGE ENCRYPTED FILE-----\n", "a recipient": recipient} {
		if _, err := Identities(text); err == nil {
			t.Error(name)
		}
	}
}

func TestCopy(t *testing.T) {
	from, to := filled(t), newMemory()
	s, err := Copy(t.Context(), from, to, testKinds)
	must(t, err)
	if same(t, to, from); s.Records() != 13 || to.half {
		t.Errorf("%+v", s)
	}
	lossy := newMemory()
	lossy.forget = "p3"
	if _, err := Copy(t.Context(), from, lossy, testKinds); err == nil || !strings.Contains(err.Error(), "person differ") {
		t.Error(err)
	}
	from.damaged = true
	if _, err := Copy(t.Context(), from, newMemory(), testKinds); !errors.Is(err, issuer.ErrDamaged) {
		t.Error(err)
	}
}

// TestAnything restores stores of all sorts of records.
func TestAnything(t *testing.T) {
	ctx := t.Context()
	text := rapid.StringOfN(rapid.Rune().Filter(func(r rune) bool { return r != 0 && r != 0xfffd }), -1, -1, 60)
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		for i := range rapid.IntRange(0, 8).Draw(t, "records") {
			k := rapid.SampledFrom(testKinds).Draw(t, "kind")
			r := issuer.Row{ID: text.Draw(t, "id") + fmt.Sprint(i), Version: max(1, rapid.Uint64().Draw(t, "version")), Order: text.Draw(t, "order"), Body: []byte(text.Draw(t, "body")), Lookups: make([]string, len(k.Lookups))}
			for i := range r.Lookups {
				r.Lookups[i] = text.Draw(t, "lookup")
			}
			if err := m.Row(k, r); err != nil {
				t.Fatal(err)
			}
			m.counters["n"+text.Draw(t, "counter")] = rapid.Uint64().Draw(t, "value")
		}
		identity, recipient, err := NewIdentity()
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		wrote, err := Write(ctx, &out, Options{Recipients: []string{recipient}, Engine: m, Kinds: testKinds})
		if err != nil {
			t.Fatal(err)
		}
		into := newMemory()
		read, err := Read(ctx, &out, []string{identity}, Into{Engine: into, Kinds: testKinds})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wrote, read); diff != "" {
			t.Fatal(diff)
		}
		same(t, into, m)
	})
}

// TestUnsettled: what was restored is not to be used before its status lists are closed, also when nobody comes to that.
func TestUnsettled(t *testing.T) {
	kinds := []issuer.Kind{{Name: "audit-head"}}
	from, into := newMemory(), newMemory()
	must(t, from.Row(kinds[0], issuer.Row{ID: "head", Version: 3, Body: []byte(`{"sequence":7,"hash":"h","latest":"2026-11-22T12:00:00Z"}`)}))
	identity, recipient := pair(t)
	text, _ := write(t, from, kinds, recipient)
	_, err := Read(t.Context(), bytes.NewReader(text), []string{identity}, Into{Engine: into, Kinds: kinds, Folder: filepath.Join(t.TempDir(), "keys")})
	must(t, err)
	must(t, into.Export(t.Context(), kinds, holds{t, `{"sequence":7,"hash":"h","latest":"2026-11-22T12:00:00Z","unsettled":true}`}))
}

// holds is a store.Sink that wants one record.
type holds struct {
	*testing.T
	body string
}

func (h holds) Row(_ issuer.Kind, r issuer.Row) error {
	if string(r.Body) != h.body || r.Version != 3 {
		h.Errorf("%s, version %d", r.Body, r.Version)
	}
	return nil
}

func (h holds) Counter(string, uint64) error { return nil }
