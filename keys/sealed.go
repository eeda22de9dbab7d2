package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// seal writes an armoured age file that recipient can open.
func seal(plain []byte, recipient age.Recipient) ([]byte, error) {
	var sealed bytes.Buffer
	armored := armor.NewWriter(&sealed)
	w, err := age.Encrypt(armored, recipient)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = armored.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("sealing a key: %w", err)
	}
	return sealed.Bytes(), nil
}

const ageIntro = "age-encryption.org/v1\n"

func isSealed(data []byte) bool {
	return bytes.HasPrefix(data, []byte(armor.Header)) || bytes.HasPrefix(data, []byte(ageIntro))
}

// unarmored gives the binary form of an age file.
func unarmored(data []byte) io.Reader {
	if bytes.HasPrefix(data, []byte(armor.Header)) {
		return armor.NewReader(bytes.NewReader(data))
	}
	return bytes.NewReader(data)
}

// toPassphrase says whether an age file is sealed with a passphrase, which is then its only stanza.
func toPassphrase(data []byte) bool {
	head := make([]byte, len(ageIntro)+len("-> scrypt "))
	_, err := io.ReadFull(unarmored(data), head)
	return err == nil && string(head) == ageIntro+"-> scrypt "
}

// open unseals data, which came from file, with the passphrase when it was sealed with one, else with identity.
func open(file string, data []byte, passphrase string, identity *age.X25519Identity) ([]byte, error) {
	var by age.Identity = identity
	if toPassphrase(data) {
		if passphrase == "" {
			return nil, fmt.Errorf("%w: %s is sealed with a passphrase and none was given", ErrPassphrase, file)
		}
		scrypt, err := age.NewScryptIdentity(passphrase)
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", file, err)
		}
		scrypt.SetMaxWorkFactor(scryptMost)
		by = scrypt
		defer debug.FreeOSMemory() // the memory of scrypt would stay with the process for minutes
	} else if identity == nil {
		return nil, fmt.Errorf("opening %s: it is not sealed with a passphrase", file)
	}
	r, err := age.Decrypt(unarmored(data), by)
	if errors.Is(err, age.ErrIncorrectIdentity) {
		if toPassphrase(data) {
			return nil, fmt.Errorf("%w: it is not the one that %s is sealed with", ErrPassphrase, file)
		}
		return nil, fmt.Errorf("opening %s: it is sealed to another identity than the one in its folder", file)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", file, err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, fileLongest))
	if err != nil {
		clear(plain)
		return nil, fmt.Errorf("opening %s: %w", file, err)
	}
	return plain, nil
}

// private refuses what others than the owner may read or write.
func private(path string, info fs.FileInfo, mode fs.FileMode) error {
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("opening %s: others than its owner can use it; run: chmod %o %q", path, mode, path)
	}
	return nil
}

// readPrivate reads a file that only its owner may read. The check is on the file that was opened, not on its name.
func readPrivate(path string) ([]byte, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("reading a key file: %w", err)
	} else if !info.Mode().IsRegular() { // opening a pipe would wait for ever
		return nil, fmt.Errorf("reading %s: it is not a plain file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a key file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading a key file: %w", err)
	}
	if err := private(path, info, 0o600); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, fileLongest+1))
	if err == nil && len(data) > fileLongest {
		err = errors.New("it is too large for a key file")
	}
	if err != nil {
		clear(data)
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return data, nil
}

// writePrivate writes a file (0600) that is there whole or not at all, also after a power cut. It never replaces one: a key that is
// overwritten is lost.
func writePrivate(path string, data []byte) error {
	fault := func(err error) error { return fmt.Errorf("writing %s: %w", path, err) }
	temporary, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return fault(err)
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(data)
	if err == nil {
		err = temporary.Sync()
	}
	if closing := temporary.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fault(err)
	}
	err = os.Link(temporary.Name(), path) // a rename would replace
	if err != nil && !errors.Is(err, fs.ErrExist) {
		// Some file systems have no links.
		if _, absent := os.Lstat(path); errors.Is(absent, fs.ErrNotExist) {
			err = os.Rename(temporary.Name(), path)
		}
	}
	if err != nil {
		return fault(err)
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fault(err)
	}
	defer folder.Close()
	if err := folder.Sync(); err != nil {
		return fault(err)
	}
	return nil
}
