package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Credential is the name under which systemd gives a service the passphrase: LoadCredential=laurel.passphrase:FILE, or
// LoadCredentialEncrypted. Without any option of Laurel it is found in $CREDENTIALS_DIRECTORY.
const Credential = "laurel.passphrase"

const (
	passphraseLongest = 1024           // bytes of a passphrase
	secretsFolder     = "/run/secrets" // where containers get files with secrets
)

// PassphraseSource says where a passphrase, or the PIN of a token, may come from. At most one of the four may hold one.
type PassphraseSource struct {
	// File is a path. Its owner alone may read it; below Credentials and /run/secrets its group may too, as systemd and container
	// engines give a service its files that way.
	File string
	// Descriptor is a file that the process got open from its parent; -1 is none. It is closed after the first line.
	Descriptor int
	// Environment is the name of a variable. It is taken out of the environment of this process when it is read, so that no child
	// gets it; what /proc/PID/environ shows of this process to its own user and to root stays as it was at the start.
	Environment string
	// Credentials is the folder of systemd's credentials, $CREDENTIALS_DIRECTORY; the file [Credential] counts when it is there.
	Credentials string
}

// Passphrase returns the first line of the one source that holds a passphrase, without its line end (LF or CRLF), or "" when none
// does. Two sources are refused, as somebody would wait for the other to work; so are an empty first line, more than 1,024 bytes,
// and a file that others can read. No error repeats anything that was read.
func Passphrase(src PassphraseSource) (string, error) {
	credential, err := src.credential()
	if err != nil {
		return "", err
	}
	var named []string
	if src.File != "" {
		named = append(named, "the file "+src.File)
	}
	if src.Descriptor >= 0 {
		named = append(named, fmt.Sprintf("the descriptor %d", src.Descriptor))
	}
	value, inEnvironment := "", false
	if src.Environment != "" {
		if value, inEnvironment = os.LookupEnv(src.Environment); inEnvironment {
			if err := os.Unsetenv(src.Environment); err != nil {
				return "", fmt.Errorf("reading the passphrase: taking %s out of the environment: %w", src.Environment, err)
			}
			named = append(named, "the environment variable "+src.Environment)
		}
	}
	if credential != "" {
		named = append(named, "the systemd credential "+Credential)
	}
	switch {
	case len(named) == 0:
		return "", nil
	case len(named) > 1:
		return "", fmt.Errorf("reading the passphrase: it is given more than once, by %s; leave one", strings.Join(named, " and by "))
	case inEnvironment:
		return firstLine(strings.NewReader(value), named[0])
	case src.Descriptor >= 0:
		return descriptorLine(src.Descriptor, named[0])
	case src.File != "":
		return fileLine(src.File, src.Credentials)
	}
	return fileLine(credential, src.Credentials)
}

// credential returns the path of the credential that systemd gave without being asked for by File, or "".
func (src PassphraseSource) credential() (string, error) {
	if src.Credentials == "" {
		return "", nil
	}
	path := filepath.Join(src.Credentials, Credential)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", fmt.Errorf("reading the passphrase: %w", err)
	}
	if src.File != "" { // which may name the very same file
		if named, err := os.Stat(src.File); err == nil && os.SameFile(info, named) {
			return "", nil
		}
	}
	return path, nil
}

func descriptorLine(descriptor int, name string) (string, error) {
	if descriptor == 1 || descriptor == 2 {
		return "", fmt.Errorf("reading the passphrase: %s is for output; give 0 or 3 and above", name)
	}
	file := os.NewFile(uintptr(descriptor), name)
	defer file.Close()
	return firstLine(file, name)
}

// fileLine reads the first line of a file. The check is on the file that was opened, not on its name.
func fileLine(path, credentials string) (string, error) {
	if info, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("reading the passphrase: %w", err)
	} else if !info.Mode().IsRegular() { // opening a pipe would wait for ever
		return "", fmt.Errorf("reading the passphrase: %s is not a plain file; a pipe can be given as a descriptor", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading the passphrase: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("reading the passphrase: %w", err)
	}
	mode := info.Mode().Perm()
	if mode&0o040 != 0 && mode&0o037 == 0 && (liesUnder(path, credentials) || liesUnder(path, secretsFolder)) {
		mode &^= 0o040
	}
	if mode&0o077 != 0 {
		return "", fmt.Errorf("reading the passphrase: others than its owner can use %s; run: chmod 600 %q", path, path)
	}
	return firstLine(file, path)
}

// liesUnder says whether the file itself, not only a link to it, is in folder or below.
func liesUnder(path, folder string) bool {
	if folder == "" {
		return false
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	if folder, err = filepath.EvalSymlinks(folder); err != nil {
		return false
	}
	within, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(within)
}

// firstLine reads no further than it must: a parent that keeps its end of a pipe open does not stop the start.
func firstLine(r io.Reader, name string) (string, error) {
	data := make([]byte, passphraseLongest+len("\r\n"))
	defer clear(data)
	held := 0
	for held < len(data) && bytes.IndexByte(data[:held], '\n') < 0 {
		n, err := r.Read(data[held:])
		held += n
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return "", fmt.Errorf("reading the passphrase: %w", err)
		}
	}
	line, _, _ := bytes.Cut(data[:held], []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	switch {
	case len(line) == 0:
		return "", fmt.Errorf("reading the passphrase: the first line of %s is empty", name)
	case len(line) > passphraseLongest:
		return "", fmt.Errorf("reading the passphrase: the first line of %s is longer than %d bytes", name, passphraseLongest)
	}
	return string(line), nil
}
