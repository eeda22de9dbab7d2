package keys

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
)

func openFolder(t *testing.T, path, passphrase string, wantCreated bool) *Folder {
	t.Helper()
	folder, created, err := OpenFolder(path, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	if created != wantCreated {
		t.Fatalf("created: %v", created)
	}
	return folder
}

func create(t *testing.T, folder *Folder, kind Kind, name string) crypto.Signer {
	t.Helper()
	key, err := folder.Create(kind, name)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writeFile(t *testing.T, path string, data []byte, mode fs.FileMode) string {
	t.Helper()
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFolderKeepsKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "keys")
	folder := openFolder(t, path, "", true)
	edwards, nist := create(t, folder, Ed25519, "issuer-1"), create(t, folder, P256, "issuer_2")
	long, old := create(t, folder, P384, "issuer-3"), create(t, folder, RSA2048, "issuer-4")
	if AlgorithmFor(edwards.Public()) != EdDSA || AlgorithmFor(nist.Public()) != ES256 ||
		AlgorithmFor(long.Public()) != ES384 || AlgorithmFor(old.Public()) != RS256 {
		t.Error("keys of other kinds than asked for")
	}
	began := time.Now()
	folder = openFolder(t, path, "", false)
	for name, want := range map[string]crypto.Signer{"issuer-1": edwards, "issuer_2": nist, "issuer-3": long, "issuer-4": old} {
		got, err := folder.Load(name)
		if err != nil || !equal(got.Public(), want.Public()) {
			t.Errorf("%s: %v", name, err)
		}
		if got, err = ReadKeyFile(filepath.Join(path, name+".age"), ""); err != nil || !equal(got.Public(), want.Public()) {
			t.Errorf("%s as a file of its own: %v", name, err)
		}
	}
	t.Logf("opened twice and read 8 keys in %v", time.Since(began))
	names, err := folder.List()
	if diff := cmp.Diff([]string{"issuer-1", "issuer-3", "issuer-4", "issuer_2"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	// Everything there is for its owner only, and no file holds a private key in the clear.
	plain, err := x509.MarshalPKCS8PrivateKey(edwards)
	if err != nil {
		t.Fatal(err)
	}
	seed := plain[len(plain)-32:]
	for _, file := range []string{".", "identity.age-key", "issuer-1.age", "issuer_2.age", "issuer-3.age", "issuer-4.age"} {
		info, err := os.Stat(filepath.Join(path, file))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
		data, _ := os.ReadFile(filepath.Join(path, file))
		if bytes.Contains(data, seed) || bytes.Contains(data, []byte(base64.StdEncoding.EncodeToString(plain)[:40])) {
			t.Errorf("%s shows the private key", file)
		}
	}
	if entries, _ := os.ReadDir(path); len(entries) != 5 {
		t.Errorf("%d files, want 5", len(entries))
	}
}

func TestFolderRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	folder := openFolder(t, path, "", true)
	first := create(t, folder, Ed25519, "a")
	if _, err := folder.Create(Ed25519, "a"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	if again, err := folder.Load("a"); err != nil || !equal(again.Public(), first.Public()) {
		t.Errorf("the key was replaced: %v", err)
	}
	if _, err := folder.Load("b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name that is not there: %v", err)
	}
	for _, name := range []string{"", "../a", "a/b", ".", "a.age", "ä", strings.Repeat("a", 65)} {
		if _, err := folder.Create(Ed25519, name); err == nil {
			t.Errorf("name %q: accepted", name)
		}
		if _, err := folder.Load(name); err == nil {
			t.Errorf("name %q: read", name)
		}
	}
	if _, err := folder.Create("RSA", "c"); err == nil {
		t.Error("an unknown kind: accepted")
	}
	writeFile(t, filepath.Join(path, "torn.age"), nil, 0o600)
	if _, err := folder.Load("torn"); err == nil {
		t.Error("an empty file: accepted")
	}
	// A key of another folder does not open, and neither does a folder whose identity is gone.
	other := filepath.Join(t.TempDir(), "keys")
	openFolder(t, other, "", true)
	data, _ := os.ReadFile(filepath.Join(path, "a.age"))
	writeFile(t, filepath.Join(other, "a.age"), data, 0o600)
	if _, err := openFolder(t, other, "", false).Load("a"); err == nil || errors.Is(err, ErrPassphrase) {
		t.Errorf("a key of another folder: %v", err)
	}
	if err := os.Remove(filepath.Join(path, identityName)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenFolder(path, ""); err == nil || !strings.Contains(err.Error(), identityName) {
		t.Errorf("without its identity: %v", err)
	}
}

// TestLooseModes: what others can read is refused by a sentence with the path and the command that mends it (threats: key at rest).
func TestLooseModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	create(t, openFolder(t, path, "", true), Ed25519, "a")
	key, identity := filepath.Join(path, "a.age"), filepath.Join(path, identityName)
	for _, c := range []struct {
		path    string
		mode    fs.FileMode
		repair  fs.FileMode
		command string
	}{
		{path, 0o750, 0o700, "chmod 700"}, {path, 0o701, 0o700, "chmod 700"},
		{identity, 0o640, 0o600, "chmod 600"}, {identity, 0o602, 0o600, "chmod 600"},
		{key, 0o604, 0o600, "chmod 600"}, {key, 0o660, 0o600, "chmod 600"},
	} {
		if err := os.Chmod(c.path, c.mode); err != nil {
			t.Fatal(err)
		}
		folder, _, err := OpenFolder(path, "")
		if err == nil {
			_, err = folder.Load("a")
		}
		if err == nil || !strings.Contains(err.Error(), c.command+` "`+c.path+`"`) {
			t.Errorf("%s %o: %v", c.path, c.mode, err)
		}
		if c.path != path {
			if _, err := ReadKeyFile(key, ""); err == nil || !strings.Contains(err.Error(), c.command) {
				t.Errorf("%s %o as a file of its own: %v", c.path, c.mode, err)
			}
		}
		if err := os.Chmod(c.path, c.repair); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := openFolder(t, path, "", false).Load("a"); err != nil {
		t.Error(err)
	}
}

func TestPassphrase(t *testing.T) {
	const right, wrong = "correct horse", "battery staple"
	path := filepath.Join(t.TempDir(), "keys")
	key := create(t, openFolder(t, path, right, true), Ed25519, "a")
	file := filepath.Join(path, "a.age")
	if data, _ := os.ReadFile(filepath.Join(path, identityName)); bytes.Contains(data, []byte("AGE-SECRET-KEY")) {
		t.Error("the identity is not sealed")
	}
	if got, err := ReadKeyFile(file, right); err != nil || !equal(got.Public(), key.Public()) {
		t.Error(err)
	}
	for _, passphrase := range []string{"", wrong} {
		_, _, err := OpenFolder(path, passphrase)
		if !errors.Is(err, ErrPassphrase) || strings.Contains(err.Error(), wrong) {
			t.Errorf("passphrase %q: %v", passphrase, err)
		}
	}
	if _, err := ReadKeyFile(file, ""); !errors.Is(err, ErrPassphrase) {
		t.Errorf("no passphrase for the file: %v", err)
	}
	open := filepath.Join(t.TempDir(), "keys")
	openFolder(t, open, "", true)
	if _, _, err := OpenFolder(open, right); !errors.Is(err, ErrPassphrase) {
		t.Errorf("a passphrase that was never set: %v", err)
	}
}

// sealedWithPassphrase is what "age -p" writes, with less work.
func sealedWithPassphrase(t *testing.T, plain []byte, passphrase string, work int) []byte {
	t.Helper()
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	recipient.SetWorkFactor(work)
	var binary bytes.Buffer
	w, err := age.Encrypt(&binary, recipient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return binary.Bytes()
}

func TestReadKeyFile(t *testing.T) {
	dir := t.TempDir()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(key any, kind string) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	text := encode(key, "PRIVATE KEY")
	file := func(name string, data []byte) string { return writeFile(t, filepath.Join(dir, name), data, 0o600) }
	for _, good := range []string{file("plain.pem", text), file("sealed.pem.age", sealedWithPassphrase(t, text, "right", 2)), file("rsa.pem", encode(rsaKey(), "PRIVATE KEY"))} {
		passphrase := ""
		if strings.HasSuffix(good, ".age") {
			passphrase = "right"
		}
		if got, err := ReadKeyFile(good, passphrase); err != nil || Check(got.Public()) != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	if _, err := ReadKeyFile(filepath.Join(dir, "sealed.pem.age"), "wrong"); !errors.Is(err, ErrPassphrase) {
		t.Error(err)
	}
	loose := file("loose.pem", text)
	if err := os.Chmod(loose, 0o644); err != nil {
		t.Fatal(err)
	}
	planted := bytes.Replace(sealedWithPassphrase(t, text, "right", 2), []byte(" 2\n"), []byte(" 30\n"), 1)
	secret := base64.StdEncoding.EncodeToString(key.Seed())[4:24]
	for name, path := range map[string]string{
		"absent":            filepath.Join(dir, "absent"),
		"folder":            dir,
		"loose":             loose,
		"empty":             file("empty", nil),
		"two keys":          file("two.pem", append(bytes.Clone(text), text...)),
		"public key":        file("public.pem", []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")),
		"encrypted PEM":     file("encrypted.pem", encode(key, "ENCRYPTED PRIVATE KEY")),
		"cut":               file("cut.pem", append(bytes.Clone(text[:70]), "\n-----END PRIVATE KEY-----\n"...)),
		"sealed to unknown": file("stranger.age", sealTo(t, text)),
		"too much work":     file("work.age", planted),
		"too large":         file("large.pem", append(bytes.Clone(text), bytes.Repeat([]byte("\n"), 1<<17)...)),
	} {
		if key, err := ReadKeyFile(path, "right"); err == nil || key != nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error shows the key", name)
		}
	}
}

func sealTo(t *testing.T, plain []byte) []byte {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal(plain, identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// TestCreateRace: of many that take one name at once, one gets it, and what lies there is that one's key.
func TestCreateRace(t *testing.T) {
	folder := openFolder(t, filepath.Join(t.TempDir(), "keys"), "", true)
	keys := make([]crypto.Signer, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() { keys[i], _ = folder.Create(Ed25519, "a") })
	}
	all.Wait()
	kept, err := folder.Load("a")
	if err != nil {
		t.Fatal(err)
	}
	winners := 0
	for _, key := range keys {
		if key != nil {
			winners++
			if !equal(key.Public(), kept.Public()) {
				t.Error("a key was handed out that is not kept")
			}
		}
	}
	if winners != 1 {
		t.Errorf("%d winners", winners)
	}
}

func BenchmarkOpenFolder(b *testing.B) {
	path := filepath.Join(b.TempDir(), "keys")
	folder, _, err := OpenFolder(path, "")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := folder.Create(Ed25519, "a"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		folder, _, err := OpenFolder(path, "")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := folder.Load("a"); err != nil {
			b.Fatal(err)
		}
	}
}

// heldFiles are sealed files in memory.
type heldFiles struct {
	mu    sync.Mutex
	files map[string][]byte
}

func (h *heldFiles) Read(name string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if sealed, ok := h.files[name]; ok {
		return sealed, nil
	}
	return nil, fs.ErrNotExist
}

func (h *heldFiles) Create(name string, sealed []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, taken := h.files[name]; taken {
		return fs.ErrExist
	}
	if h.files == nil {
		h.files = map[string][]byte{}
	}
	h.files[name] = sealed
	return nil
}

func (h *heldFiles) List() ([]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.files)), nil
}

// brokenFiles cannot be reached.
type brokenFiles struct{}

var errBroken = errors.New("out of reach")

func (brokenFiles) Read(string) ([]byte, error) { return nil, errBroken }
func (brokenFiles) Create(string, []byte) error { return errBroken }
func (brokenFiles) List() ([]string, error)     { return nil, errBroken }

func TestOpenSealed(t *testing.T) {
	path, files := filepath.Join(t.TempDir(), "keys"), &heldFiles{}
	folder, created, err := OpenSealed(path, "", files)
	if err != nil || !created {
		t.Fatalf("created %v, error %v", created, err)
	}
	key := create(t, folder, Ed25519, "b")
	create(t, folder, P256, "a-b")
	create(t, folder, P256, "a")
	if _, err := folder.Create(P256, "b"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	if _, err := folder.Load("c"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name that is not there: %v", err)
	}
	for _, name := range []string{"", "../b", recipientName} {
		if _, err := folder.Create(P256, name); err == nil {
			t.Errorf("name %q: accepted", name)
		}
		if _, err := folder.Load(name); err == nil {
			t.Errorf("name %q: read", name)
		}
	}
	if entries, err := os.ReadDir(path); err != nil || len(entries) != 1 || entries[0].Name() != identityName {
		t.Errorf("the folder holds %v, error %v", entries, err)
	}
	for name, sealed := range files.files {
		if name != recipientName && !isSealed(sealed) {
			t.Errorf("%s is not sealed", name)
		}
	}
	if _, _, err := OpenSealed(path, "battery staple", files); !errors.Is(err, ErrPassphrase) {
		t.Errorf("a passphrase that was never set: %v", err)
	}
	folder, created, err = OpenSealed(path, "", files)
	if err != nil || created {
		t.Fatalf("created %v, error %v", created, err)
	}
	if got, err := folder.Load("b"); err != nil || !equal(got.Public(), key.Public()) {
		t.Error(err)
	}
	names, err := folder.List()
	if diff := cmp.Diff([]string{"a", "a-b", "b"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	files.files["torn"] = []byte("age")
	if _, err := folder.Load("torn"); err == nil || !strings.Contains(err.Error(), "the key file torn") {
		t.Errorf("a torn file: %v", err)
	}
	identity := filepath.Join(path, identityName)
	if err := os.Chmod(identity, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenSealed(path, "", files); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("an identity that others can read: %v", err)
	}
	if _, _, err := OpenSealed(t.TempDir(), "", brokenFiles{}); !errors.Is(err, errBroken) {
		t.Errorf("files out of reach: %v", err)
	}
}

// TestSealedElsewhere: a machine without the identity of the keys, or with another, makes no keys that the others cannot open.
func TestSealedElsewhere(t *testing.T) {
	refused := func(name, path string, files Files, want string) {
		t.Helper()
		if _, _, err := OpenSealed(path, "", files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	first, files := filepath.Join(t.TempDir(), "keys"), &heldFiles{}
	ring, _, err := OpenSealed(first, "", files)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "keys")
	openFolder(t, other, "", true)
	for _, made := range []bool{false, true} { // before the first key and after it
		if made {
			create(t, ring, Ed25519, "a")
		}
		empty := filepath.Join(t.TempDir(), "keys")
		refused("no identity", empty, files, "copy identity.age-key from the machine that made it")
		refused("another identity", other, files, "copy identity.age-key from the machine that made them")
		if _, err := os.Stat(filepath.Join(empty, identityName)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the refused machine has an identity: %v", err)
		}
	}
	// Files that were copied say nothing yet of whom they are sealed to.
	copied := &heldFiles{}
	if n, err := CopySealed(files, copied); err != nil || n != 1 {
		t.Fatalf("%d copied, error %v", n, err)
	}
	refused("copied, no identity", filepath.Join(t.TempDir(), "keys"), copied, "copy identity.age-key")
	refused("copied, another identity", other, copied, "sealed to another identity")
	if _, ok := copied.files[recipientName]; ok {
		t.Error("the wrong identity was written down")
	}
	if _, created, err := OpenSealed(first, "", copied); err != nil || created {
		t.Errorf("created %v, error %v", created, err)
	}
	refused("copied, and opened once", other, copied, "copy identity.age-key")
}

// TestSealedRace: of many machines that come to an empty store at once, one has the identity to whom keys are sealed.
func TestSealedRace(t *testing.T) {
	files := &heldFiles{}
	rings := make([]*Folder, 8)
	var all sync.WaitGroup
	for i := range rings {
		path := filepath.Join(t.TempDir(), "keys")
		all.Go(func() { rings[i], _, _ = OpenSealed(path, "", files) })
	}
	all.Wait()
	rings = slices.DeleteFunc(rings, func(f *Folder) bool { return f == nil })
	if len(rings) != 1 {
		t.Errorf("%d machines may make keys", len(rings))
	}
}

// TestCopySealed: the files of a folder go elsewhere and back as they are, and none is ever replaced.
func TestCopySealed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	folder := openFolder(t, path, "", true)
	key := create(t, folder, Ed25519, "a")
	create(t, folder, P256, "b")
	elsewhere := &heldFiles{files: map[string][]byte{recipientName: []byte("age1")}}
	for _, want := range []int{2, 0} { // again is harmless
		if n, err := CopySealed(SealedFiles(path), elsewhere); err != nil || n != want {
			t.Fatalf("%d copied, error %v", n, err)
		}
	}
	back := filepath.Join(t.TempDir(), "back")
	if n, err := CopySealed(elsewhere, SealedFiles(back)); err != nil || n != 2 {
		t.Fatalf("%d copied back, error %v", n, err)
	}
	data, err := os.ReadFile(filepath.Join(path, identityName))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(back, identityName), data, 0o600)
	if got, err := openFolder(t, back, "", false).Load("a"); err != nil || !equal(got.Public(), key.Public()) {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(back); len(entries) != 3 {
		t.Errorf("the copy holds %v", entries)
	}
	elsewhere.files["b"] = []byte("another")
	if _, err := CopySealed(SealedFiles(path), elsewhere); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "named b") {
		t.Errorf("another key of the name: %v", err)
	}
	if n, err := CopySealed(SealedFiles(filepath.Join(path, "absent")), elsewhere); err != nil || n != 0 { // as where keys lie in a token
		t.Errorf("copied %d, error %v", n, err)
	}
	if _, err := CopySealed(brokenFiles{}, elsewhere); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	if _, err := CopySealed(SealedFiles(path), brokenFiles{}); !errors.Is(err, errBroken) {
		t.Error(err)
	}
	for _, name := range []string{"../a", "a/b", ""} {
		if err := SealedFiles(path).Create(name, nil); err == nil {
			t.Errorf("file %q: written", name)
		}
		if _, err := SealedFiles(path).Read(name); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("file %q: %v", name, err)
		}
	}
}
