package issuer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
	"unicode/utf8"

	"github.com/laurelbadges/laurel/keys"
)

// keyFile is the record of a sealed key file. The identity that opens it is never in the store.
type keyFile struct {
	Name   string `json:"name"`
	Sealed string `json:"sealed"` // an age file in its armoured form
}

var keyFiles = Table[keyFile]{
	Kind: Kind{Name: "key-file"},
	Key:  func(f *keyFile) string { return f.Name },
}

// keyFileWait ends a call: keys.Files has no context.
const keyFileWait = 10 * time.Second

// KeyFiles keeps sealed key files as records of store, for [keys.OpenSealed]: replicas on one store share them. Each call ends
// after ten seconds.
func KeyFiles(store Store) keys.Files { return storedFiles{store} }

type storedFiles struct{ store Store }

func (f storedFiles) Read(name string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), keyFileWait)
	defer cancel()
	var file keyFile
	err := f.store.View(ctx, func(tx Tx) (err error) {
		file, _, err = keyFiles.Get(tx, name)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("reading the key file %s: %w", name, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key file %s: %w", name, err)
	}
	return []byte(file.Sealed), nil
}

func (f storedFiles) Create(name string, sealed []byte) error {
	if !utf8.Valid(sealed) { // JSON would change it
		return fmt.Errorf("writing the key file %s: it is not in the armoured form of age", name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), keyFileWait)
	defer cancel()
	file := keyFile{Name: name, Sealed: string(sealed)}
	err := f.store.Update(ctx, func(tx Tx) error { return keyFiles.Put(tx, &file, 0) })
	if errors.Is(err, ErrConflict) {
		return fmt.Errorf("writing the key file %s: %w", name, fs.ErrExist)
	}
	if err != nil {
		return fmt.Errorf("writing the key file %s: %w", name, err)
	}
	return nil
}

func (f storedFiles) List() ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), keyFileWait)
	defer cancel()
	var names []string
	err := f.store.View(ctx, func(tx Tx) error {
		names = nil
		for q := (Query{Limit: 1000}); ; {
			page, next, err := keyFiles.List(tx, q)
			if err != nil {
				return err
			}
			for _, file := range page {
				names = append(names, file.Name)
			}
			if q.After = next; next == "" {
				return nil
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("listing the key files: %w", err)
	}
	return names, nil
}
