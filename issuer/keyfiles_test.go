package issuer_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

func keyFileStore(t testing.TB) *bolt.Store {
	t.Helper()
	store, err := bolt.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func TestKeyFiles(t *testing.T) {
	store := keyFileStore(t)
	files := issuer.KeyFiles(store)
	if names, err := files.List(); err != nil || len(names) != 0 {
		t.Errorf("empty: %v, %v", names, err)
	}
	for _, name := range []string{"b", "a-b", "a", "identity.recipient"} {
		if err := files.Create(name, []byte("sealed "+name+"\n")); err != nil {
			t.Fatal(err)
		}
	}
	names, err := files.List()
	if diff := cmp.Diff([]string{"a", "a-b", "b", "identity.recipient"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if err := files.Create("a", []byte("another")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	if sealed, err := files.Read("a"); err != nil || string(sealed) != "sealed a\n" {
		t.Errorf("%q, %v", sealed, err)
	}
	if _, err := files.Read("c"); !errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is not there: %v", err)
	}
	var row issuer.Row
	err = store.View(t.Context(), func(tx issuer.Tx) (err error) { row, err = tx.Get(declared("key-file"), "a"); return err })
	if err != nil || string(row.Body) != `{"name":"a","sealed":"sealed a\n"}` { // no instant of a clock that is not that of the issuer
		t.Errorf("%s, %v", row.Body, err)
	}
	if err := files.Create("c", []byte("age-encryption.org/v1\n\xff")); err == nil {
		t.Error("bytes that JSON would change: accepted")
	}
	if !slices.ContainsFunc(issuer.Kinds(), func(k issuer.Kind) bool { return k.Name == "key-file" }) {
		t.Error("the kind is not listed")
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func() error{
		"read":   func() error { _, err := files.Read("a"); return err },
		"create": func() error { return files.Create("d", nil) },
		"list":   func() error { _, err := files.List(); return err },
	} {
		if err := call(); err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) {
			t.Errorf("%s in a closed store: %v", name, err)
		}
	}
}

// TestKeyFilesPages: a store with more keys than a page lists them all.
func TestKeyFilesPages(t *testing.T) {
	store := keyFileStore(t)
	err := store.Update(t.Context(), func(tx issuer.Tx) error {
		for i := range 2500 {
			name := fmt.Sprintf("key-%04d", i)
			if err := tx.Put(issuer.Kind{Name: "key-file"}, issuer.Row{ID: name, Body: []byte(`{"name":"` + name + `"}`)}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	names, err := issuer.KeyFiles(store).List()
	if err != nil || len(names) != 2500 || !slices.IsSorted(names) || names[2499] != "key-2499" {
		t.Errorf("%d names, error %v", len(names), err)
	}
}

// TestKeyFilesRace: of many that take one name at once, one gets it.
func TestKeyFilesRace(t *testing.T) {
	files := issuer.KeyFiles(keyFileStore(t))
	var won atomic.Int32
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			switch err := files.Create("a", fmt.Appendf(nil, "sealed by %d", i)); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d won", won.Load())
	}
}

// TestReplicasShareKeys: the sealed keys of an installation move from its folder into the store without being opened, a second
// machine with a copy of the identity uses them, and one without it, or with another, makes none of its own.
func TestReplicasShareKeys(t *testing.T) {
	d := newDesk(t, public)
	d.publish(t)
	d.award(t)
	first := filepath.Join(d.folder, "keys")
	files := issuer.KeyFiles(d.store)
	copied, err := keys.CopySealed(keys.SealedFiles(first), files)
	if err != nil || copied != 2 {
		t.Fatalf("%d copied, error %v", copied, err)
	}
	second := filepath.Join(t.TempDir(), "keys")
	if _, _, err := keys.OpenSealed(second, "", files); err == nil || !strings.Contains(err.Error(), "copy identity.age-key from the machine that made it") {
		t.Fatalf("without the identity: %v", err)
	}
	if entries, err := os.ReadDir(second); err != nil || len(entries) != 0 {
		t.Errorf("the refused machine made %v, error %v", entries, err)
	}
	identity, err := os.ReadFile(filepath.Join(first, "identity.age-key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(second, "identity.age-key"), identity, 0o600); err != nil {
		t.Fatal(err)
	}
	ring, created, err := keys.OpenSealed(second, "", files)
	if err != nil || created {
		t.Fatalf("created %v, error %v", created, err)
	}
	replica, err := issuer.Open(t.Context(), issuer.Config{Store: d.store, Keys: ring, Now: d.clock.Now, Check: accept, Base: public, Public: true,
		CheckDocument: func(context.Context, []byte) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := replica.Issue(t.Context(), issuer.AwardInput{Recipient: "grace@example.org", Name: "Grace Hopper", Actor: "test"}); err != nil {
		t.Error(err)
	}
	stranger := filepath.Join(t.TempDir(), "keys")
	if _, _, err := keys.OpenFolder(stranger, ""); err != nil {
		t.Fatal(err)
	}
	if _, _, err := keys.OpenSealed(stranger, "", files); err == nil || !strings.Contains(err.Error(), "copy identity.age-key") {
		t.Errorf("with another identity: %v", err)
	}
	back := filepath.Join(t.TempDir(), "keys")
	if copied, err := keys.CopySealed(files, keys.SealedFiles(back)); err != nil || copied != 2 {
		t.Fatalf("%d copied back, error %v", copied, err)
	}
	if err := os.WriteFile(filepath.Join(back, "identity.age-key"), identity, 0o600); err != nil {
		t.Fatal(err)
	}
	folder, _, err := keys.OpenFolder(back, "")
	if err != nil {
		t.Fatal(err)
	}
	all, err := d.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range all {
		private, err := folder.Load(k.Name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := keys.Multikey(private.Public()); err != nil || got != k.Multikey {
			t.Errorf("%s is %s, error %v", k.Name, got, err)
		}
	}
}
