package backup

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

// TestDrill is the whole drill on the default store: many credentials, a backup while others write, everything lost, restored in
// a new folder, compared. LAUREL_DRILL says how many credentials.
func TestDrill(t *testing.T) {
	count, err := strconv.Atoi(os.Getenv("LAUREL_DRILL"))
	if err != nil {
		count = 2000
	}
	if testing.Short() {
		count = min(count, 200)
	}
	open := func(folder string) store.Engine {
		s, err := bolt.Open(folder)
		must(t, err)
		t.Cleanup(func() { _ = s.Close() }) // closed already, mostly
		return s
	}
	measure := func(what string, size int64, work func()) {
		t.Helper()
		began, peak := time.Now(), heapPeak()
		work()
		took := time.Since(began)
		t.Logf("%s: %v, %.0f records/s, %.0f MB/s, heap at most %d MiB", what, took.Round(time.Millisecond), float64(count)/took.Seconds(), float64(size)/1e6/took.Seconds(), peak()>>20)
	}
	credential := issuer.Kind{Name: "credential", Lookups: []string{"all", "achievement", "key"}}
	kinds := []issuer.Kind{credential, {Name: "beside"}}
	size := int64(count) * int64(len(award(0)))
	folder := t.TempDir()
	from := open(filepath.Join(folder, "old"))
	measure("written", size, func() {
		must(t, from.Import(t.Context(), func(sink store.Sink) error {
			for i := range count {
				row := issuer.Row{ID: fmt.Sprintf("%022d", i), Version: 2, Order: fmt.Sprintf("%020d", i), Lookups: []string{"yes", "a1", fmt.Sprint("o/k", i%3)}, Body: award(i)}
				if err := sink.Row(credential, row); err != nil {
					return err
				}
			}
			return sink.Counter("award", uint64(count))
		}))
	})
	identity, recipient := pair(t)
	path := filepath.Join(folder, "backup.age")
	var wrote Summary
	measure("backed up", size, func() {
		writing, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { // a server beside it
			for i := 0; ; i++ {
				err := from.Update(writing, func(tx issuer.Tx) error {
					return tx.Put(kinds[1], issuer.Row{ID: fmt.Sprint(i), Body: []byte("{}")})
				})
				if errors.Is(err, context.Canceled) {
					err = nil
				}
				if err != nil || writing.Err() != nil {
					ended <- err
					return
				}
			}
		}()
		file, err := os.Create(path)
		must(t, err)
		out := bufio.NewWriter(file)
		wrote, err = Write(t.Context(), out, Options{Recipients: []string{recipient}, Engine: from, Kinds: kinds, Files: keyFolder(), Created: created})
		must(t, err)
		must(t, errors.Join(out.Flush(), file.Sync(), file.Close()))
		stop()
		must(t, <-ended)
	})
	must(t, from.Close())
	must(t, os.RemoveAll(filepath.Join(folder, "old")))

	info, err := os.Stat(path)
	must(t, err)
	t.Logf("%d credentials, %d MB of records, backup of %d MB", count, size/1e6, info.Size()/1e6)
	reopen := func() *os.File {
		file, err := os.Open(path)
		must(t, err)
		t.Cleanup(func() { _ = file.Close() })
		return file
	}
	measure("verified", size, func() {
		read, err := Verify(t.Context(), reopen(), []string{identity})
		must(t, err)
		if diff := cmp.Diff(wrote, read); diff != "" {
			t.Error(diff)
		}
	})
	into := open(filepath.Join(folder, "new"))
	measure("restored", size, func() {
		read, err := Read(t.Context(), reopen(), []string{identity}, Into{Engine: into, Kinds: kinds, Folder: filepath.Join(folder, "new", "keys")})
		must(t, err)
		if diff := cmp.Diff(wrote, read); diff != "" {
			t.Error(diff)
		}
	})
	must(t, into.Close())
	began := time.Now()
	into = open(filepath.Join(folder, "new"))
	t.Logf("opened in %v", time.Since(began).Round(10*time.Microsecond))
	if wrote.Kinds[0].Count != uint64(count) {
		t.Errorf("%+v", wrote)
	}
	must(t, into.Check(t.Context(), kinds, func(sentence string) { t.Error(sentence) }))
	must(t, into.View(t.Context(), func(tx issuer.Tx) error {
		for i := 0; i < count; i += max(1, count/1000) {
			row, err := tx.Get(credential, fmt.Sprintf("%022d", i))
			if err != nil || row.Version != 2 || string(row.Body) != string(award(i)) {
				return fmt.Errorf("credential %d: %w", i, err)
			}
		}
		page, _, err := tx.List(credential, issuer.Query{By: "key", Value: "o/k1", Limit: 5})
		if len(page) != 5 {
			t.Errorf("%d records under their lookup", len(page))
		}
		return err
	}))
	must(t, into.Update(t.Context(), func(tx issuer.Tx) error {
		n, err := tx.Next("award")
		if n != uint64(count)+1 {
			t.Errorf("the next award is %d", n)
		}
		return err
	}))
	measure("copied and compared", size, func() {
		_, err := Copy(t.Context(), into, open(filepath.Join(folder, "third")), kinds)
		must(t, err)
	})
	half := open(filepath.Join(folder, "fourth"))
	short := io.LimitReader(reopen(), info.Size()-1000)
	if _, err := Read(t.Context(), short, []string{identity}, Into{Engine: half, Kinds: kinds, Folder: filepath.Join(folder, "fourth", "keys")}); !errors.Is(err, ErrBroken) {
		t.Errorf("a backup that was cut short: %v", err)
	}
	must(t, half.Close())
	if _, err := bolt.Open(filepath.Join(folder, "fourth")); !errors.Is(err, store.ErrHalf) {
		t.Errorf("after it: %v", err)
	}
}

// award is the body of a credential's record as it is in size and in how well it packs.
func award(i int) []byte {
	random := rand.New(rand.NewPCG(1, uint64(i)))
	token := make([]byte, 3300)
	for i := range token {
		token[i] = byte(random.Uint32())
	}
	said := strings.Repeat(`{"type":["Achievement"],"name":"Data literacy in the classroom","criteria":{"narrative":"Planned and held a unit."}},`, 28)
	return fmt.Appendf(nil, `{"id":"%022d","json":{"name":"Ada %d","achievement":[%s]},"jwt":%q}`, i, i, said[:len(said)-1], base64.RawURLEncoding.EncodeToString(token))
}
