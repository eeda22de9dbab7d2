package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
)

// Files keeps key files, each sealed to an identity that lies elsewhere, by the names of their keys: a folder, or records of a
// store that several machines share. It may be used by several goroutines.
type Files interface {
	// Read returns the sealed file. It wraps [fs.ErrNotExist] when there is none.
	Read(name string) ([]byte, error)
	// Create keeps a sealed file; when it returns, the file is there to stay. It never replaces one: an error wraps
	// [fs.ErrExist] when the name is taken, also by somebody who took it at the same moment.
	Create(name string, sealed []byte) error
	// List returns the names of all files.
	List() ([]string, error)
}

// recipientName is where Files that are shared say which identity their keys are sealed to. It is no name of a key.
const recipientName = "identity.recipient"

// OpenSealed opens key files that lie in files and not in a folder, so that several machines can share them. The identity that opens
// them lies in the folder at path as it does for [OpenFolder], with the same checks, and every machine needs its copy of it. It is
// made only where files has no keys, and created says so. The first machine to come writes down in files to whom all keys
// are sealed, so a second one with an identity of its own is refused before it makes keys that others cannot open. Errors wrap
// [ErrPassphrase] when the passphrase is the cause.
func OpenSealed(path, passphrase string, files Files) (folder *Folder, created bool, err error) {
	recipient, err := files.Read(recipientName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, false, err
	}
	names, err := keyNames(files)
	if err != nil {
		return nil, false, err
	}
	identity, created, err := folderIdentity(path, passphrase, func(file string) error {
		if len(names) > 0 || recipient != nil {
			return fmt.Errorf("opening the keys: %s, which opens the keys of this issuer, is missing; copy %s from the machine that made it", file, identityName)
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	folder = &Folder{files: files, identity: identity}
	if recipient == nil {
		if len(names) > 0 { // they were copied here: the identity has to be theirs
			if _, err := folder.Load(names[0]); err != nil {
				return nil, false, err
			}
		}
		if recipient, err = claim(files, identity); err != nil {
			return nil, false, err
		}
	}
	if string(bytes.TrimSpace(recipient)) != identity.Recipient().String() {
		return nil, false, fmt.Errorf("opening the keys: %s is not the identity that the keys of this issuer are sealed to; copy %s from the machine that made them",
			filepath.Join(path, identityName), identityName)
	}
	return folder, created, nil
}

// claim writes down that keys are sealed to identity, unless another machine was faster, and returns what is written.
func claim(files Files, identity *age.X25519Identity) ([]byte, error) {
	recipient := []byte(identity.Recipient().String() + "\n")
	err := files.Create(recipientName, recipient)
	if errors.Is(err, fs.ErrExist) {
		return files.Read(recipientName)
	}
	return recipient, err
}

// CopySealed copies the key files of from that to does not have, without opening them, and returns how many it copied. A name
// under which to has another file is refused (wraps [fs.ErrExist]), and nothing is ever replaced; after an error it can be
// called again.
func CopySealed(from, to Files) (copied int, err error) {
	names, err := keyNames(from)
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		sealed, err := from.Read(name)
		if err != nil {
			return copied, err
		}
		err = to.Create(name, sealed)
		switch {
		case errors.Is(err, fs.ErrExist):
			if there, reading := to.Read(name); reading != nil || !bytes.Equal(there, sealed) {
				return copied, fmt.Errorf("copying the key files: another key is named %s there: %w", name, err)
			}
		case err != nil:
			return copied, err
		default:
			copied++
		}
	}
	return copied, nil
}

// keyNames returns the names of the keys in files, sorted.
func keyNames(files Files) ([]string, error) {
	names, err := files.List()
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !isName(name) })
	slices.Sort(names)
	return names, nil
}

// place says where a key file lies, for errors.
func place(files Files, name string) string {
	if folder, ok := files.(folderFiles); ok {
		return folder.file(name)
	}
	return "the key file " + name
}

// SealedFiles returns the key files of the folder at path as they lie there. The folder is made (0700) with the first file; the
// identity that opens them is none of them.
func SealedFiles(path string) Files { return folderFiles(path) }

// folderFiles are the key files of the folder with this path.
type folderFiles string

func (f folderFiles) file(name string) string { return filepath.Join(string(f), name+keySuffix) }

func (f folderFiles) Read(name string) ([]byte, error) {
	if err := checkFileName(name); err != nil {
		return nil, err
	}
	return readPrivate(f.file(name))
}

func (f folderFiles) Create(name string, sealed []byte) error {
	if err := checkFileName(name); err != nil {
		return err
	}
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return fmt.Errorf("making the key folder: %w", err)
	}
	return writePrivate(f.file(name), sealed)
}

// checkFileName refuses what could lie outside of the folder.
func checkFileName(name string) error {
	if name == recipientName {
		return nil
	}
	return CheckName(name)
}

func (f folderFiles) List() ([]string, error) {
	entries, err := os.ReadDir(string(f))
	if errors.Is(err, fs.ErrNotExist) { // with a hardware module or a cloud service there is none
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the key folder: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), keySuffix); ok && checkFileName(name) == nil {
			names = append(names, name)
		}
	}
	return names, nil
}

// checkModes refuses a folder in which others may read a key file.
func (f folderFiles) checkModes() error {
	names, err := f.List()
	if err != nil {
		return err
	}
	for _, name := range names {
		info, err := os.Stat(f.file(name))
		if err != nil {
			return fmt.Errorf("opening the key folder: %w", err)
		}
		if err := private(f.file(name), info, 0o600); err != nil {
			return err
		}
	}
	return nil
}
