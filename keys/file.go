package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"filippo.io/age"
)

// ErrPassphrase is wrapped by the errors of a passphrase that is wrong, missing, or given where none was set.
var ErrPassphrase = errors.New("the passphrase does not open the keys")

// ErrUnavailable is wrapped by the errors of a key that lies in a device or a service which cannot sign now, and may do so later.
var ErrUnavailable = errors.New("the key cannot be used now")

// Kind is a kind of private key that a [Store] makes.
type Kind string

const (
	Ed25519 Kind = "Ed25519"  // for the eddsa suites of Data Integrity and EdDSA tokens
	P256    Kind = "P-256"    // for the ecdsa suites and ES256 tokens
	P384    Kind = "P-384"    // for the ecdsa suites and ES384 tokens
	RSA2048 Kind = "RSA-2048" // for RS256 tokens
)

const (
	identityName = "identity.age-key" // opens every key file of its folder
	keySuffix    = ".age"
	fileLongest  = 64 << 10 // bytes of a key file

	// Work of a passphrase as a power of two. 2^17 takes 128 MiB and under a second once per start; the age command uses 2^18,
	// and anything above is refused, so that a planted file cannot take all memory.
	scryptWork = 17
	scryptMost = 18
)

// Folder is a folder of key files, opened. Each file is a PKCS#8 private key, sealed with age to the identity of the folder; the
// identity lies beside them, itself sealed with the passphrase where there is one. After [OpenSealed] the sealed files lie
// elsewhere, and only the identity in the folder. It may be used by several goroutines.
type Folder struct {
	files    Files
	identity *age.X25519Identity
}

// OpenFolder opens the folder of key files at path. Where there is none it makes one (0700) with a new identity, sealed with
// passphrase unless that is "", and says so by created. A folder or file that others may read is refused with the command that
// mends it. Without a passphrase it takes a few milliseconds. Errors wrap [ErrPassphrase] when the passphrase is the cause.
func OpenFolder(path, passphrase string) (folder *Folder, created bool, err error) {
	identity, created, err := folderIdentity(path, passphrase, func(file string) error {
		names, err := folderFiles(path).List()
		if err == nil && len(names) > 0 { // a new identity would open none of them
			err = fmt.Errorf("opening the key folder: %s, which opens the key files there, is missing", file)
		}
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return &Folder{files: folderFiles(path), identity: identity}, created, nil
}

// folderIdentity opens the identity in the folder at path. Where there is none it makes one, unless mayMake, which gets the name of
// its file, has a reason against it.
func folderIdentity(path, passphrase string, mayMake func(file string) error) (identity *age.X25519Identity, created bool, err error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, false, fmt.Errorf("making the key folder: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, false, fmt.Errorf("opening the key folder: %w", err)
	}
	if err := private(path, info, 0o700); err != nil {
		return nil, false, err
	}
	if err := folderFiles(path).checkModes(); err != nil {
		return nil, false, err
	}
	file := filepath.Join(path, identityName)
	data, err := readPrivate(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := mayMake(file); err != nil {
			return nil, false, err
		}
		identity, err = newIdentity(file, passphrase)
		return identity, err == nil, err
	case err != nil:
		return nil, false, err
	}
	defer clear(data)
	identity, err = openIdentity(file, data, passphrase)
	return identity, false, err
}

func newIdentity(file, passphrase string) (*age.X25519Identity, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("making a key folder: %w", err)
	}
	text := []byte(identity.String() + "\n")
	defer func() { clear(text) }()
	if passphrase != "" {
		recipient, err := age.NewScryptRecipient(passphrase)
		if err != nil {
			return nil, fmt.Errorf("making a key folder: %w", err)
		}
		recipient.SetWorkFactor(scryptWork)
		sealed, err := seal(text, recipient)
		debug.FreeOSMemory() // the memory of scrypt would stay with the process for minutes
		if err != nil {
			return nil, err
		}
		clear(text)
		text = sealed
	}
	return identity, writePrivate(file, text)
}

// openIdentity reads the identity in data, which came from file.
func openIdentity(file string, data []byte, passphrase string) (*age.X25519Identity, error) {
	text := data
	if isSealed(data) {
		plain, err := open(file, data, passphrase, nil)
		if err != nil {
			return nil, err
		}
		defer clear(plain)
		text = plain
	} else if passphrase != "" {
		return nil, fmt.Errorf("%w: %s was made without one; leave the passphrase away", ErrPassphrase, file)
	}
	identity, err := age.ParseX25519Identity(strings.TrimSpace(string(text)))
	if err != nil { // its text could repeat the secret
		return nil, fmt.Errorf("reading %s: it holds no age identity", file)
	}
	return identity, nil
}

// Create makes a private key, writes it under name and returns it once it is safely on disk. A name is 1 to 64 letters, digits, "-"
// and "_"; one that is taken is refused.
func (f *Folder) Create(kind Kind, name string) (crypto.Signer, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	var key crypto.Signer
	var err error
	switch kind {
	case Ed25519:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case P256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case P384:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case RSA2048:
		key, err = rsa.GenerateKey(rand.Reader, rsaLeast)
	default:
		return nil, fmt.Errorf("making a key: the kind %q is not known", kind)
	}
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	defer clear(plain)
	sealed, err := seal(plain, f.identity.Recipient())
	if err != nil {
		return nil, err
	}
	if err := f.files.Create(name, sealed); err != nil {
		return nil, err
	}
	return key, nil
}

// Load reads the private key with that name. It wraps [fs.ErrNotExist] when there is none.
func (f *Folder) Load(name string) (crypto.Signer, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	data, err := f.files.Read(name)
	if err != nil {
		return nil, err
	}
	file := place(f.files, name)
	plain, err := open(file, data, "", f.identity)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	return privateKey(file, plain)
}

// List returns the names of the key files, sorted.
func (f *Folder) List() ([]string, error) { return keyNames(f.files) }

// CheckName refuses what is no name of a key: it is 1 to 64 letters, digits, "-" and "_".
func CheckName(name string) error {
	if !isName(name) {
		return errors.New("naming a key: a name is 1 to 64 letters, digits, hyphens and underscores")
	}
	return nil
}

func isName(name string) bool {
	return len(name) >= 1 && len(name) <= 64 &&
		strings.Trim(name, "-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

// ReadKeyFile reads one private key from a file of its own: a key file of a [Folder], whose identity is looked for beside it; a
// PKCS#8 key sealed with age to a passphrase; or PKCS#8 in PEM without encryption. The file must be readable by its owner
// only. Errors wrap [ErrPassphrase] when the passphrase is the cause, and [ErrKey] or [ErrWeakKey] when the key is not one that
// Laurel uses.
func ReadKeyFile(path, passphrase string) (crypto.Signer, error) {
	data, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	if !isSealed(data) {
		block, rest := pem.Decode(data)
		if block == nil || block.Type != "PRIVATE KEY" || len(bytes.TrimSpace(rest)) > 0 {
			return nil, fmt.Errorf("reading %s: it is neither a key file of Laurel nor one PKCS#8 key in PEM", path)
		}
		defer clear(block.Bytes)
		return privateKey(path, block.Bytes)
	}
	var identity *age.X25519Identity
	if !toPassphrase(data) {
		file := filepath.Join(filepath.Dir(path), identityName)
		text, err := readPrivate(file)
		if err != nil {
			return nil, fmt.Errorf("reading %s, the identity that opens it: %w", path, err)
		}
		defer clear(text)
		if identity, err = openIdentity(file, text, passphrase); err != nil {
			return nil, err
		}
	}
	plain, err := open(path, data, passphrase, identity)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	if block, _ := pem.Decode(plain); block != nil && block.Type == "PRIVATE KEY" {
		defer clear(block.Bytes)
		return privateKey(path, block.Bytes)
	}
	return privateKey(path, plain)
}

// privateKey reads PKCS#8. The text of x509's errors stays away: it may describe the secret.
func privateKey(path string, plain []byte) (crypto.Signer, error) {
	v, err := x509.ParsePKCS8PrivateKey(plain)
	key, ok := v.(crypto.Signer)
	if err != nil || !ok {
		return nil, fmt.Errorf("reading %s: %w: it holds no PKCS#8 private key for signatures", path, ErrKey)
	}
	if err := Check(key.Public()); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return key, nil
}
