package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.etcd.io/bbolt"

	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
)

// refusedWithin is how long a start that is refused may take on a busy machine: it waits for nobody.
const refusedWithin = time.Minute

// TestFaultsAtStart: what serve cannot use it refuses at once, with a sentence that says what to do, and leaves as it is.
func TestFaultsAtStart(t *testing.T) {
	faulty(t)
	secret := filepath.Join(t.TempDir(), "passphrase")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(secret, "correct horse\n")
	wrong := secret + ".wrong"
	write(wrong, "battery staple\n")

	made, inDatabase := onFile(t), onServer(t)
	for _, g := range []*ground{made, inDatabase} {
		p := g.start(t, "--sample", "--passphrase-file", secret)
		p.kill(t)
		if g.cluster != nil {
			g.quiet(t)
		}
	}
	edit := func(do func(meta *bbolt.Bucket) error) func(*testing.T, *ground) {
		return func(t *testing.T, g *ground) {
			t.Helper()
			db, err := bbolt.Open(filepath.Join(g.folder, bolt.FileName), 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := db.Update(func(tx *bbolt.Tx) error { return do(tx.Bucket([]byte("meta"))) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	counter := func(name string, value uint64) []byte {
		return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, value), store.SumCounter(name, value))
	}
	overwrite := func(offsets ...int64) func(*testing.T, *ground) {
		return func(t *testing.T, g *ground) {
			t.Helper()
			f, err := os.OpenFile(filepath.Join(g.folder, bolt.FileName), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for _, at := range offsets {
				if _, err := f.WriteAt([]byte("garbage"), at); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	mode := func(name string, mode fs.FileMode) func(*testing.T, *ground) {
		return func(t *testing.T, g *ground) {
			t.Helper()
			if err := os.Chmod(filepath.Join(g.folder, name), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	cut := func(left func(whole int64) int64) func(*testing.T, *ground) {
		return func(t *testing.T, g *ground) {
			t.Helper()
			path := filepath.Join(g.folder, bolt.FileName)
			db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			var whole int64 // what was written; the file may be longer
			err = db.View(func(tx *bbolt.Tx) error {
				whole = tx.Size()
				return nil
			})
			if err := errors.Join(err, db.Close(), os.Truncate(path, left(whole))); err != nil {
				t.Fatal(err)
			}
		}
	}
	newerData := func(t *testing.T, g *ground) {
		t.Helper()
		change(t, g, issuer.Kind{Name: "installation"}, "this", func(i *map[string]any) { (*i)["data"] = 99 })
	}
	sql := func(statement string) func(*testing.T, *ground) {
		return func(t *testing.T, g *ground) {
			t.Helper()
			conn := g.connect(t)
			defer conn.Close(t.Context())
			if _, err := conn.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	keep := func(*testing.T, *ground) {}
	page := int64(os.Getpagesize())
	const backup = "(?i:bring back a backup), as docs/operate.md says"
	for _, test := range []struct {
		name       string
		on         *ground
		spoil      func(*testing.T, *ground)
		passphrase string
		says       string
	}{
		{"the last byte is missing", made, cut(func(whole int64) int64 { return whole - 1 }), secret, "its end is missing. " + backup},
		{"half of it is missing", made, cut(func(whole int64) int64 { return whole / 2 }), secret, "its end is missing. " + backup},
		{"next to nothing is left", made, cut(func(int64) int64 { return 100 }), secret, backup},
		{"an empty file beside the keys", made, cut(func(int64) int64 { return 0 }), secret, "Bring the store back that belongs to them"},
		{"both meta pages", made, overwrite(20, page+20), secret, "neither of the two pages .* is sound. " + backup},
		{"one meta page", made, overwrite(20), secret, "one of the two pages .* is damaged"},
		{"the other meta page", made, overwrite(page + 30), secret, "one of the two pages .* is damaged"},
		{"a newer schema", made, edit(func(b *bbolt.Bucket) error { return b.Put([]byte("schema"), counter("schema", 4)) }), secret,
			"written by a newer version of laurel; use that version"},
		{"half a copy", made, edit(func(b *bbolt.Bucket) error { return b.Put([]byte("import"), counter("import", 1)) }), secret, "a part of a copy only; empty it and copy again"},
		{"newer records", made, newerData, secret, "written by a newer version of laurel .*Start that version"},
		{"another passphrase", made, keep, wrong, "the passphrase does not open the keys: it is not the one"},
		{"no passphrase", made, keep, "", "the passphrase does not open the keys: .* none was given"},
		{"a folder of keys that others can read", made, mode("keys", 0o755), secret, "others than its owner can use it; run: chmod 700"},
		{"an identity that others can read", made, mode("keys/"+identityName, 0o644), secret, "others than its owner can use it; run: chmod 600"},
		{"a passphrase that others can read", made, func(*testing.T, *ground) { mode("passphrase.open", 0o644)(t, &ground{folder: filepath.Dir(secret)}) }, secret + ".open", "chmod 600"},
		{"no key that opens", made, func(t *testing.T, g *ground) {
			if err := os.Remove(filepath.Join(g.folder, "keys", identityName)); err != nil {
				t.Fatal(err)
			}
		}, secret, "is missing"},
		{"PostgreSQL, a newer schema", inDatabase, sql(`INSERT INTO "migration" ("version_id", "is_applied") VALUES (99, true)`), secret, "written by a newer version of laurel; use that version"},
		{"PostgreSQL, newer records", inDatabase, newerData, secret, "written by a newer version of laurel .*Start that version"},
		{"PostgreSQL, half a copy", inDatabase, sql(`INSERT INTO "meta" ("name", "value") VALUES ('import', '')`), secret, "a part of a copy only; empty it and copy again"},
		{"PostgreSQL, another passphrase", inDatabase, keep, wrong, "the passphrase does not open the keys: it is not the one"},
		{"PostgreSQL, the keys of another", inDatabase, func(t *testing.T, g *ground) {
			identity, err := os.ReadFile(filepath.Join(made.folder, "keys", identityName))
			if err != nil {
				t.Fatal(err)
			}
			write(filepath.Join(g.folder, "keys", identityName), string(identity))
		}, secret, "is not the identity that the keys of this issuer are sealed to; copy"},
		{"PostgreSQL, no such database", &ground{folder: inDatabase.folder, address: strings.Replace(inDatabase.address, "/test1?", "/absent?", 1)}, keep, secret, "there is no such database; make it with createdb"},
	} {
		write(secret+".open", "correct horse\n")
		t.Run(test.name, func(t *testing.T) {
			g := test.on.copied(t)
			test.spoil(t, g)
			before := g.contents(t)
			args := []string{"serve", "--listen", "127.0.0.1:0"}
			if test.passphrase != "" {
				args = append(args, "--passphrase-file", test.passphrase)
			}
			var found ran
			for range 3 { // a busy machine is no fault of the program
				if found = g.refused(t, args...); found.took <= refusedWithin {
					break
				}
			}
			said := strings.TrimSuffix(found.err, "\n")
			if found.status != exitCannot || strings.Contains(said, "\n") || !strings.HasPrefix(said, "laurel: ") || !regexp.MustCompile(test.says).MatchString(said) {
				t.Errorf("it ended with %d and said, not %q:\n%s", found.status, test.says, found.err)
			}
			if found.took > refusedWithin {
				t.Errorf("it took %v", found.took)
			}
			changed := difference(before, g.contents(t))
			if file := filepath.Join(g.folder, bolt.FileName); before[file] == "-rw------- "+nothing {
				changed = slices.DeleteFunc(changed, func(name string) bool { return name == file }) // there was nothing in it to be kept
			}
			if len(changed) > 0 {
				t.Errorf("something was changed: %v", changed)
			}
		})
	}
}

// nothing is the digest of an empty file.
var nothing = fmt.Sprintf("%x", sha256.Sum256(nil))

// refused runs a command that should not get far.
func (g *ground) refused(t *testing.T, args ...string) ran {
	t.Helper()
	ctx, end := context.WithTimeout(t.Context(), patience)
	defer end()
	var said bytes.Buffer
	command := exec.CommandContext(ctx, buildBinary(t), append(append([]string{"--data", g.folder}, g.flags()...), args...)...)
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	command.Stderr = &said
	begun := time.Now()
	_ = command.Run() // how it ended is looked at
	return ran{err: said.String(), status: command.ProcessState.ExitCode(), took: time.Since(begun)}
}

// copied is a ground that may be spoilt.
func (g *ground) copied(t *testing.T) *ground {
	t.Helper()
	other := &ground{folder: private(t), cluster: g.cluster, address: g.address}
	if err := copyTree(g.folder, other.folder); err != nil {
		t.Fatal(err)
	}
	if g.cluster == nil {
		return other
	}
	conn, err := pgx.Connect(t.Context(), strings.Replace(g.address, "/test1?", "/postgres?", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	name := fmt.Sprintf("copy%d", time.Now().UnixNano())
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name+" TEMPLATE test1"); err != nil {
		t.Fatal(err)
	}
	other.address = strings.Replace(g.address, "/test1?", "/"+name+"?", 1)
	return other
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type() == fs.ModeSocket {
			return err
		}
		name := filepath.Join(to, strings.TrimPrefix(path, from))
		if entry.IsDir() {
			return os.MkdirAll(name, 0o700)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(name, content, 0o600)
	})
}

// contents are digests of all that lies here: files with their modes, and tables.
func (g *ground) contents(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(g.folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		found[path] = info.Mode().String()
		if entry.Type().IsRegular() {
			content, err := os.ReadFile(path)
			found[path] += fmt.Sprintf(" %x", sha256.Sum256(content))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if g.cluster == nil {
		return found
	}
	conn := g.connect(t)
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		digest := ""
		sql := `SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM ` + pgx.Identifier{table}.Sanitize() + ` AS t`
		if err := conn.QueryRow(t.Context(), sql).Scan(&digest); err != nil {
			t.Fatal(err)
		}
		found["table "+table] = digest
	}
	return found
}

func difference(before, after map[string]string) (names []string) {
	for name := range maps.Keys(before) {
		if after[name] != before[name] {
			names = append(names, name)
		}
	}
	for name := range maps.Keys(after) {
		if before[name] == "" && after[name] != "" {
			names = append(names, name)
		}
	}
	return names
}
