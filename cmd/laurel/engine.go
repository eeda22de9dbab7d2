package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/internal/earner"
	"github.com/laurelbadges/laurel/internal/jobs"
	"github.com/laurelbadges/laurel/internal/mail"
	"github.com/laurelbadges/laurel/internal/people"
	"github.com/laurelbadges/laurel/internal/store"
	"github.com/laurelbadges/laurel/internal/store/bolt"
	"github.com/laurelbadges/laurel/internal/store/postgres"
	"github.com/laurelbadges/laurel/internal/webhook"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/keys/hsm"
	"github.com/laurelbadges/laurel/keys/kms"
)

// kinds are all kinds of record that a store holds.
func kinds() []issuer.Kind {
	return slices.Concat(issuer.Kinds(), jobs.Kinds(), people.Kinds(), mail.Kinds(), earner.Kinds(), webhook.Kinds())
}

// errStoreAddress does not repeat the address, which may hold a password.
var errStoreAddress = errors.New("--store is not an address such as postgres://laurel@db.example.org/laurel; leave it away to keep everything in the data folder")

// place is where an installation keeps its records: a database at an address, or a file in a folder.
type place struct {
	address string // postgres://…; "" for the folder
	folder  string
}

func (g *grammar) place() place { return place{g.Store, g.folder()} }

func (p place) check() error {
	if p.address != "" && !isDatabase(p.address) {
		return errStoreAddress
	}
	return nil
}

func isDatabase(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// name names the place for people and for comparison, without a password.
func (p place) name() (string, error) {
	if err := p.check(); err != nil {
		return "", err
	}
	if p.address != "" {
		return postgres.Name(p.address)
	}
	return filepath.Abs(p.folder)
}

// exists says so when there is nothing to open. Whether a database holds an installation is known once it is open.
func (p place) exists() error {
	if err := p.check(); err != nil || p.address != "" {
		return err
	}
	return mustExist(p.folder)
}

// open opens the store, and makes it when it is not there; with look it changes nothing.
func (p place) open(ctx context.Context, look bool) (opened store.Engine, err error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	switch {
	case p.address != "" && look:
		opened, err = engine(postgres.OpenReadOnly(ctx, p.address))
	case p.address != "":
		opened, err = engine(postgres.Open(ctx, p.address))
	case look:
		opened, err = engine(bolt.OpenReadOnly(p.folder))
	default:
		opened, err = engine(bolt.Open(p.folder))
	}
	if errors.Is(err, store.ErrLocked) {
		return nil, inUse(p.folder)
	}
	return opened, err
}

// engine makes one interface of what engines return: with an error there is none, not even an empty one.
func engine[E store.Engine](opened E, err error) (store.Engine, error) {
	if err != nil {
		return nil, err
	}
	return opened, nil
}

// openKeys opens the place of private keys that --keys names. Without it that is the data folder or, where the records lie in a
// database, that database: replicas then need what opens the keys and nothing else. made says that it was made just now.
func (g *grammar) openKeys(ctx context.Context, records issuer.Store) (private keys.Store, made bool, err error) {
	folder := filepath.Join(g.folder(), "keys")
	switch {
	case strings.HasPrefix(g.KeyStore, "pkcs11:"):
		token, err := hsm.Open(g.KeyStore, g.passphrase)
		return token, false, err
	case strings.HasPrefix(g.KeyStore, kms.Scheme):
		service, err := kms.Open(ctx, g.KeyStore)
		return service, false, err
	case g.KeyStore != "":
		return nil, false, errors.New("--keys is neither a PKCS#11 URI (pkcs11:token=…) nor an AWS KMS (awskms:region=…); leave it away to keep the keys sealed beside the records")
	}
	passphrase, err := g.passphrase()
	if err != nil {
		return nil, false, err
	}
	if g.Store == "" {
		return keys.OpenFolder(folder, passphrase)
	}
	return keys.OpenSealed(folder, passphrase, issuer.KeyFiles(records))
}
