package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

// Offline is a [verifier.Fetcher] that calls nobody. The address rule comes first: an address that Laurel never calls fails
// with [verifier.ErrBlocked], every other one with [verifier.ErrUnavailable].
type Offline struct{}

// Fetch always fails.
func (Offline) Fetch(_ context.Context, address string, _ int) (verifier.Document, error) {
	if err := judge(address); err != nil {
		return verifier.Document{}, err
	}
	return verifier.Document{}, unavailable(verifier.CauseOffline, "Laurel works offline")
}

// Resolved is a [verifier.Fetcher] that answers from files which a person gave, and asks the next one for the rest.
type Resolved struct {
	files map[string]string // address or DID to the path of its file
	next  verifier.Fetcher
}

// Resolve reads a map file: one JSON object, the name of each member a URL or a DID, its value the path of a file, relative
// to the map file. A did:web stands for the https address of its document as well, unless the map
// names that address itself. The files are read when they are asked for.
func Resolve(mapFile string, next verifier.Fetcher) (*Resolved, error) {
	fault := func(err error) (*Resolved, error) {
		return nil, fmt.Errorf("reading the addresses in %s: %w", mapFile, err)
	}
	data, err := readFile(mapFile, credential.Limits.Body)
	if err != nil {
		return fault(err)
	}
	object, err := strict.Object(data, strict.Limits{Bytes: credential.Limits.Body, Depth: 1, Objects: 1})
	if err != nil {
		return fault(err)
	}
	r := &Resolved{files: map[string]string{}, next: next}
	for name, value := range object {
		path, ok := value.(string)
		if !ok || path == "" {
			return fault(fmt.Errorf("the value of %q is not the path of a file", name))
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(mapFile), filepath.FromSlash(path))
		}
		address, _, _ := strings.Cut(name, "#")
		r.files[address] = path
		if at, err := keys.WebURL(address); err == nil && object[at] == nil {
			r.files[at] = path
		}
	}
	return r, nil
}

// Fetch returns the file for address, at most limit bytes, or what the next fetcher says when there is none. A file that is
// named and cannot be read is [verifier.ErrUnavailable]: the network is not asked in its place.
func (r *Resolved) Fetch(ctx context.Context, address string, limit int) (verifier.Document, error) {
	address, _, _ = strings.Cut(address, "#")
	path, given := r.files[address]
	if !given {
		return r.next.Fetch(ctx, address, limit)
	}
	data, err := readFile(path, limit)
	switch {
	case errors.Is(err, verifier.ErrTooLarge):
		return verifier.Document{}, err
	case err != nil:
		return verifier.Document{}, unavailable(verifier.CauseFile, "the file that was given for it could not be read")
	}
	return verifier.Document{Bytes: data, URL: address, ReadAt: time.Now(), Origin: verifier.Given}, nil
}

// readFile reads a file of at most limit bytes. Its errors do not repeat the path.
func readFile(path string, limit int) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if len(data) > limit {
		return nil, tooLarge(limit)
	}
	return data, nil
}

func withoutPath(err error) error {
	var fault *fs.PathError
	if errors.As(err, &fault) {
		return fault.Err
	}
	return err
}
