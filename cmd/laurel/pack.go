package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/fetch"
	"github.com/laurelbadges/laurel/internal/pack"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/verifier"
)

type packCommand struct {
	Output string   `short:"o" required:"" help:"File to write." placeholder:"FILE"`
	Add    []string `help:"Address or did:web of a document of somebody else to read now and put in, such as an issuer's or a status list." placeholder:"URL"`
}

// Run writes an offline pack of the installation, signed by its first issuer.
func (c *packCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		text, err := gatherPack(ctx, o, c.Add, fetch.New(fetch.Options{}), time.Now())
		if err != nil {
			return err
		}
		if err := writeAnew(c.Output, text); err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.out, "%s holds what is published now. Lists of this installation count for seven days: make a new pack before that.\n", c.Output)
		return err
	})
}

// packer is what a pack is made from.
type packer interface {
	Organisations(ctx context.Context) ([]issuer.Organisation, error)
	DeciderAddresses(ctx context.Context) ([]string, error)
	Document(ctx context.Context, address string) ([]byte, error)
	SignPack(ctx context.Context, organisation, digest string) (string, error)
}

// gatherPack makes a pack of the documents of an installation and of others that are read from source.
func gatherPack(ctx context.Context, o packer, others []string, source verifier.Fetcher, now time.Time) ([]byte, error) {
	all, err := o.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("there is no issuer here yet who could sign a pack")
	}
	addresses, err := o.DeciderAddresses(ctx)
	if err != nil {
		return nil, err
	}
	documents := map[string]pack.Document{}
	for _, address := range addresses {
		text, err := o.Document(ctx, address)
		switch {
		case errors.Is(err, issuer.ErrNotFound): // gone meanwhile
			continue
		case err != nil:
			return nil, err
		}
		documents[address] = pack.Document{Text: string(text), ReadAt: now.UTC().Truncate(time.Second)}
	}
	for _, address := range others {
		if strings.HasPrefix(address, "did:") {
			if address, err = keys.WebURL(address); err != nil {
				return nil, fmt.Errorf("--add takes https addresses and did:web only: %w", err)
			}
		}
		found, err := source.Fetch(ctx, address, credential.Limits.Document)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", address, err)
		}
		documents[address] = pack.Document{Text: string(found.Bytes), ReadAt: found.ReadAt.UTC().Truncate(time.Second)}
	}
	body, digest, err := pack.Write(documents)
	if err != nil {
		return nil, err
	}
	token, err := o.SignPack(ctx, all[0].ID, digest)
	if err != nil {
		return nil, err
	}
	return pack.Join(token, body), nil
}

// Pack is the offline pack of the installation alone.
func (i installation) Pack(ctx context.Context) ([]byte, error) {
	return gatherPack(ctx, i, nil, nil, time.Now())
}

// openPack reads a pack that a person gave. Where they say who must have signed it, by DIDs or thumbprints of keys, it is one of these:
// the key of a DID is looked for in its document, which source reads. Where they do not, they believe whoever gave it to them, and
// the signature says that it is whole.
func openPack(ctx context.Context, name string, signers []string, source verifier.Fetcher) (*pack.Pack, error) {
	text, err := readFile(name, nil, pack.MostBytes)
	if err != nil {
		return nil, err
	}
	opened, err := pack.Open(text, nil)
	if err != nil {
		return nil, fmt.Errorf("--pack %s: %w", name, err)
	}
	if len(signers) == 0 || slices.Contains(signers, opened.Key) {
		return opened, nil
	}
	if !slices.Contains(signers, opened.Issuer) {
		return nil, fmt.Errorf("--pack %s: it is signed by %s, key %s, and not by who must have signed it", name, opened.Issuer, opened.Key)
	}
	var document []byte
	if address, notWeb := keys.WebURL(opened.Issuer); notWeb == nil {
		read, err := source.Fetch(ctx, address, credential.Limits.Document)
		if err != nil {
			return nil, fmt.Errorf("--pack %s: whether key %s is one of %s could not be read: %w; a file for it can be given by --resolve, or the thumbprint of the key by --pack-signer", name, opened.Key, opened.Issuer, err)
		}
		document = read.Bytes
	}
	if opened, err = pack.Open(text, pack.Signer(opened.Issuer, document)); err != nil {
		return nil, fmt.Errorf("--pack %s: %w", name, err)
	}
	return opened, nil
}
