package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/metrics"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

// actor is who acts in the audit log when a command does.
const actor = "command line"

// office is an installation: through the socket of the server that holds it, or opened here.
type office interface {
	control.Office
	Close() error
}

// installation is an office opened in this process.
type installation struct {
	*issuer.Service
	store *bolt.Store
}

// Close signs the status lists that have changed, for readers of the store, and closes it.
func (i installation) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(i.PublishLists(ctx), i.store.Close())
}

// remote is an office in the running server.
type remote struct{ *control.Client }

func (remote) Close() error { return nil }

// runningOffice is the server that holds the folder; nil when none does.
func runningOffice(ctx context.Context, folder string) office {
	if client := control.Dial(ctx, folder); client != nil {
		return remote{client}
	}
	return nil
}

// documents answers the own documents of an installation.
type documents interface {
	Document(ctx context.Context, address string) ([]byte, error)
}

// openDocuments reaches the documents of the installation in the folder: from the server that holds it, or from its store,
// which is opened for looking only. It needs no keys and changes nothing.
func openDocuments(ctx context.Context, folder string) (documents, func() error, error) {
	if o := runningOffice(ctx, folder); o != nil {
		return o, o.Close, nil
	}
	if err := mustExist(folder); err != nil {
		return nil, nil, err
	}
	store, err := bolt.OpenReadOnly(folder)
	if errors.Is(err, bolt.ErrLocked) {
		return nil, nil, inUse(folder)
	}
	if err != nil {
		return nil, nil, err
	}
	return issuer.NewDocuments(store), store.Close, nil
}

func mustExist(folder string) error {
	if _, err := os.Stat(filepath.Join(folder, bolt.FileName)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no installation in %s; start `laurel serve` there once, or name another folder with --data", folder)
	}
	return nil
}

func inUse(folder string) error {
	return fmt.Errorf("%s is in use by another process, probably `laurel serve`; stop it, or use another folder with --data", folder)
}

// openOffice reaches the installation in the folder, which must exist.
func openOffice(ctx context.Context, g *grammar) (office, error) {
	if o := runningOffice(ctx, g.folder()); o != nil {
		return o, nil
	}
	if err := mustExist(g.folder()); err != nil {
		return nil, err
	}
	opened, _, err := openInstallation(ctx, g, "", false, nil)
	if err != nil {
		if o := runningOffice(ctx, g.folder()); o != nil { // a server was just starting
			return o, nil
		}
		return nil, err
	}
	return opened, nil
}

// openInstallation opens store and keys in this process and makes them when they are not there. newKeys says that it made a
// key folder. counters, which may be nil, measure the changes of the store.
func openInstallation(ctx context.Context, g *grammar, base string, public bool, counters *metrics.Metrics) (opened installation, newKeys bool, err error) {
	passphrase, err := g.passphrase()
	if err != nil {
		return opened, false, err
	}
	store, err := bolt.Open(g.folder())
	if errors.Is(err, bolt.ErrLocked) {
		return opened, false, inUse(g.folder())
	}
	if err != nil {
		return opened, false, err
	}
	folder, newKeys, err := keys.OpenFolder(filepath.Join(g.folder(), "keys"), passphrase)
	if err == nil {
		own := ownDocuments{issuer.NewDocuments(store), nil}
		opened = installation{store: store}
		var records issuer.Store = store
		if counters != nil {
			records = countedStore{store, counters}
		}
		opened.Service, err = issuer.Open(ctx, issuer.Config{Store: records, Keys: folder, Now: time.Now, Base: base, Public: public,
			Check: func(ctx context.Context, sealed []byte) error {
				return verifier.Authentic(ctx, sealed, verifier.Options{Profile: credential.OpenBadges, Fetch: own})
			},
			CheckDocument: func(ctx context.Context, sealed []byte) error {
				return verifier.Authentic(ctx, sealed, verifier.Options{Profile: credential.VerifiableCredentials, Fetch: own})
			}})
	}
	if err != nil {
		return opened, false, errors.Join(err, store.Close())
	}
	return opened, newKeys, nil
}

// ownDocuments answers this installation's own documents without a round trip, and asks next for the rest.
type ownDocuments struct {
	own  documents
	next verifier.Fetcher // nil: nobody else is asked
}

// Fetch implements [verifier.Fetcher].
func (o ownDocuments) Fetch(ctx context.Context, address string, limit int) (verifier.Document, error) {
	text, err := o.own.Document(ctx, address)
	switch {
	case err == nil && len(text) > limit:
		return verifier.Document{}, verifier.ErrTooLarge
	case err == nil:
		return verifier.Document{Bytes: text, URL: address, ReadAt: time.Now(), Origin: verifier.Installation}, nil
	case !errors.Is(err, issuer.ErrNotFound): // it is ours, and cannot be had now
		return verifier.Document{}, fmt.Errorf("%w: %w", verifier.ErrUnavailable, err)
	case o.next == nil:
		return verifier.Document{}, verifier.ErrUnavailable
	}
	return o.next.Fetch(ctx, address, limit)
}

// localOnly is said where an address would mislead whoever gets it.
const localOnly = "this address works on this machine only; start with --public-url in a new folder to share badges"

// isLocal tells the base of an installation without a public URL.
func isLocal(address string) bool { return strings.HasPrefix(address, "http://") }
