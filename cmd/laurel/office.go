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

	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/verifier"
)

// actor is who acts in the audit log when a command does.
const actor = "command line"

// office is an installation: through the socket of the server that holds it, or opened here.
type office interface {
	control.Office
	control.Keeper
	Close() error
}

// remote is an office in the running server.
type remote struct{ *control.Client }

func (remote) Close() error { return nil }

// runningOffice is the server that holds the folder; nil when none does. One that keeps its records elsewhere than was asked for is
// refused: somebody would act on another installation than the one that was named.
func runningOffice(ctx context.Context, at place) (office, error) {
	client := control.Dial(ctx, at.folder)
	if client == nil {
		return nil, nil
	}
	if at.address != "" {
		wanted, err := at.name()
		if err != nil {
			return nil, err
		}
		there, err := client.Place(ctx)
		if err != nil {
			return nil, err
		}
		if there != wanted {
			return nil, fmt.Errorf("the server that runs in %s keeps its records in %s, and --store names %s; leave --store away, or name another folder with --data", at.folder, there, wanted)
		}
	}
	return remote{client}, nil
}

// documents answers the own documents of an installation.
type documents interface {
	Document(ctx context.Context, address string) ([]byte, error)
}

// installed are its documents, and who issues there.
type installed interface {
	documents
	Organisations(ctx context.Context) ([]issuer.Organisation, error)
}

// openDocuments reaches the documents of the installation in the folder: from the server that holds it, or from its store,
// which is opened for looking only. It needs no keys and changes nothing.
func openDocuments(ctx context.Context, at place) (installed, func() error, error) {
	if o, err := runningOffice(ctx, at); err != nil {
		return nil, nil, err
	} else if o != nil {
		return o, o.Close, nil
	}
	if err := at.exists(); err != nil {
		return nil, nil, err
	}
	engine, err := at.open(ctx, true)
	if err != nil {
		return nil, nil, err
	}
	return issuer.NewDocuments(engine), engine.Close, nil
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
	if o, err := runningOffice(ctx, g.place()); o != nil || err != nil {
		return o, err
	}
	if err := g.place().exists(); err != nil {
		return nil, err
	}
	opened, _, err := openInstallation(ctx, g, "", false, officeFlags{}, nil)
	if err != nil {
		if o, _ := runningOffice(ctx, g.place()); o != nil { // a server was just starting
			return o, nil
		}
		return nil, err
	}
	return opened, nil
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
