package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/internal/control"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

type keysCommand struct {
	New        keysNewCommand        `cmd:"" help:"Make a further key of the issuer, or a key file for laurel sign."`
	List       keysListCommand       `cmd:"" help:"List the keys of the issuer."`
	Rotate     keysRotateCommand     `cmd:"" help:"Sign with a new key from now on; the old one stays published."`
	Retire     keysRetireCommand     `cmd:"" help:"Sign no more with a key; what it signed stays authentic."`
	Suite      keysSuiteCommand      `cmd:"" help:"Choose the cryptographic suite of awards from now on."`
	Compromise keysCompromiseCommand `cmd:"" help:"Mark a stolen key as revoked; what it signed is no longer authentic."`
	Affected   keysAffectedCommand   `cmd:"" help:"List the awards that a key has signed."`
	Reissue    keysReissueCommand    `cmd:"" help:"Sign anew, in place, every award that a key has signed which has ended."`
}

type keysNewCommand struct {
	Folder string `arg:"" optional:"" help:"Folder for a key file for laurel sign, made when it is not there. Without one the key is a further one of the issuer."`
	Name   string `help:"Name of the key in the folder." default:"key"`
	Issuer string `help:"Id of the organisation; may be left out where there is one." placeholder:"ID"`
	Kind   string `help:"Kind of key: ${enum}." enum:"Ed25519,P-256,P-384,RSA-2048" default:"Ed25519"`
}

// Run makes a key in the store, or outside of it for `laurel sign`.
func (c *keysNewCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	if c.Folder == "" {
		return withOrganisation(ctx, g, c.Issuer, func(o office, id string) error { return c.add(ctx, o, id, t) })
	}
	return c.file(g, t)
}

// add gives the issuer a further key, and says whose name it signs under.
func (c *keysNewCommand) add(ctx context.Context, o office, id string, t *terminal) error {
	k, err := o.AddKey(ctx, id, keys.Kind(c.Kind), actor)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s\n", k.Method)
	if did := "did:key:" + k.Multikey; strings.HasPrefix(k.Method, did+"#") {
		_, err = fmt.Fprintf(t.out, "It signs only as %s: the issuer's own identity is another did:key.\n", did)
		return err
	}
	_, err = fmt.Fprintf(t.out, "It stands in the issuer's document and signs from now on what asks for %s; it also signs as did:key:%s.\n", k.Algorithm, k.Multikey)
	return err
}

func (c *keysNewCommand) file(g *grammar, t *terminal) error {
	passphrase, err := g.passphrase()
	if err != nil {
		return err
	}
	folder, created, err := keys.OpenFolder(c.Folder, passphrase)
	if err != nil {
		return err
	}
	key, err := folder.Create(keys.Kind(c.Kind), c.Name)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s holds a key of the name %q already; choose another with --name", c.Folder, c.Name)
	}
	if err != nil {
		return err
	}
	did, err := keys.DIDKey(key.Public())
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "%s\n  file    %s\n", did, filepath.Join(c.Folder, c.Name+".age"))
	if created && passphrase == "" {
		fmt.Fprintf(t.out, "Whoever can read %s can sign: identity.age-key there opens the key. Give --passphrase-file for more.\n", c.Folder)
	}
	return nil
}

type keysSuiteCommand struct {
	Issuer string `help:"Id of the organisation; may be left out where there is one." placeholder:"ID"`
	Suite  string `arg:"" help:"The suite: ${enum}." enum:"eddsa-rdfc-2022,ecdsa-rdfc-2019,ecdsa-sd-2023"`
}

// Run chooses the suite of awards.
func (c *keysSuiteCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOrganisation(ctx, g, c.Issuer, func(o office, id string) error {
		if err := o.SetSuite(ctx, id, c.Suite, actor); err != nil {
			return err
		}
		_, err := fmt.Fprintf(t.out, "From now on awards are signed with %s. Those of before stay as they are.\n", c.Suite)
		return err
	})
}

type keysListCommand struct {
	JSON bool `name:"json" help:"Print the keys as JSON and nothing else."`
}

// Run lists the keys with their state.
func (c *keysListCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOffice(ctx, g, func(o office) error {
		all, err := o.Keys(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(t.out, all)
		}
		for _, k := range all {
			fmt.Fprintf(t.out, "%-11s %-6s %s  %s\n", k.State, k.Algorithm, k.Created.Format("2006-01-02"), k.Method)
		}
		return nil
	})
}

type keysRotateCommand struct {
	Issuer    string `help:"Id of the organisation; may be left out where there is one." placeholder:"ID"`
	Algorithm string `help:"Which key: ${enum}." enum:"EdDSA,ES256,ES384,RS256" default:"EdDSA"`
}

// Run replaces the signing key of an algorithm.
func (c *keysRotateCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOrganisation(ctx, g, c.Issuer, func(o office, id string) error {
		k, err := o.RotateKey(ctx, id, c.Algorithm, actor)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.out, "From now on %s signs (%s). The key before it stays published.\n", k.Method, k.Algorithm)
		return err
	})
}

type keysRetireCommand struct {
	Issuer string `help:"Id of the organisation; may be left out where there is one." placeholder:"ID"`
	Method string `arg:"" help:"The key, as laurel keys list names it."`
}

// Run retires a key.
func (c *keysRetireCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOrganisation(ctx, g, c.Issuer, func(o office, id string) error {
		if err := o.RetireKey(ctx, id, c.Method, actor); err != nil {
			return err
		}
		_, err := fmt.Fprintf(t.out, "Retired %s. What it signed stays authentic.\n", c.Method)
		return err
	})
}

type keysCompromiseCommand struct {
	Issuer string `help:"Id of the organisation; may be left out where there is one." placeholder:"ID"`
	Since  string `help:"Since when others may have had the key: a date, or an instant such as 2026-11-02T15:04:05Z; now when not given." placeholder:"WHEN"`
	Method string `arg:"" help:"The key, as laurel keys list names it."`
}

// Run marks a key as revoked in the issuer's document, and says how many awards are to be signed anew.
func (c *keysCompromiseCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	since, err := instantOf("--since", c.Since)
	if err != nil {
		return err
	}
	return withOrganisation(ctx, g, c.Issuer, func(o office, id string) error {
		if err := o.CompromiseKey(ctx, id, c.Method, since, actor); err != nil {
			return err
		}
		count := 0
		err := eachAffected(ctx, o, id, c.Method, func(issuer.Credential) error { count++; return nil })
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(t.out, "%s is marked as revoked in the issuer's document: nothing that it signed is authentic any more, of whatever date.\nAwards that it signed: %d.\n", c.Method, count)
		if err == nil && count > 0 {
			_, err = fmt.Fprintf(t.out, "Look at them:     laurel keys affected %[1]s\nSign them anew:   laurel keys reissue %[1]s\n", word(c.Method))
		}
		return err
	})
}

// instantOf reads a date, which begins at midnight UTC, or an instant; the zero time for "".
func instantOf(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s %q is neither a date such as 2026-11-02 nor an instant such as 2026-11-02T15:04:05Z", flag, text)
}

// eachAffected walks through the awards that a key has signed.
func eachAffected(ctx context.Context, o office, organisation, method string, do func(issuer.Credential) error) error {
	for after := ""; ; {
		page, next, err := o.Affected(ctx, organisation, method, after, 500)
		if err != nil {
			return err
		}
		for _, c := range page {
			if err := do(c); err != nil {
				return err
			}
		}
		if after = next; next == "" {
			return nil
		}
	}
}

type keysAffectedCommand struct {
	Issuer string `help:"Id of the organisation; may be left out where there is one." placeholder:"ID"`
	JSON   bool   `name:"json" help:"Print a line of JSON for each award and nothing else."`
	Method string `arg:"" help:"The key, as laurel keys list names it."`
}

// Run lists the awards that a key has signed, with those first that were begun since it was known to others.
func (c *keysAffectedCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOrganisation(ctx, g, c.Issuer, func(o office, id string) error {
		all, err := o.Keys(ctx)
		if err != nil {
			return err
		}
		var ended time.Time
		for _, k := range all {
			if k.Method == c.Method && k.State == issuer.KeyCompromised && k.Ended != nil {
				ended = *k.Ended
			}
		}
		lines := json.NewEncoder(t.out)
		return eachAffected(ctx, o, id, c.Method, func(award issuer.Credential) error {
			after := !ended.IsZero() && !award.Issued.Before(ended)
			if c.JSON {
				return lines.Encode(struct {
					ID     string                 `json:"id"`
					URL    string                 `json:"url"`
					Issued time.Time              `json:"issued"`
					State  issuer.CredentialState `json:"state"`
					After  bool                   `json:"after"` // awarded when others may have had the key
				}{award.ID, award.URL, award.Issued, award.State(), after})
			}
			note := ""
			if after {
				note = "  after others may have had the key"
			}
			_, err := fmt.Fprintf(t.out, "%s  %s  %-9s  %s%s\n", award.ID, award.Issued.Format(time.DateOnly), award.State(), award.URL, note)
			return err
		})
	})
}

type keysReissueCommand struct {
	Issuer string `help:"Id of the organisation; may be left out where there is one." placeholder:"ID"`
	Method string `arg:"" help:"The key, as laurel keys list names it."`
}

// Run begins the batch, and sees it through where no server would.
func (c *keysReissueCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	return withOrganisation(ctx, g, c.Issuer, func(o office, id string) error {
		batch, err := o.Reissue(ctx, id, c.Method, actor)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "Signing %d awards anew, under the same ids and addresses: batch %s\n", batch.Total, batch.ID)
		return seeThrough(ctx, o, batch, t.out)
	})
}

func withOffice(ctx context.Context, g *grammar, do func(office) error) error {
	o, err := openOffice(ctx, g)
	if err != nil {
		return err
	}
	defer o.Close()
	return do(o)
}

// withOrganisation is withOffice for the organisation with this id, or for the only one when id is "".
func withOrganisation(ctx context.Context, g *grammar, id string, do func(o office, id string) error) error {
	return withOffice(ctx, g, func(o office) error {
		return inOrganisation(ctx, o, id, func(id string) error { return do(o, id) })
	})
}

// inOrganisation acts in the organisation of this id; "" is the one that there is, where there is one.
func inOrganisation(ctx context.Context, o office, id string, do func(id string) error) error {
	if id != "" {
		return do(id)
	}
	all, err := o.Organisations(ctx)
	if err != nil {
		return err
	}
	if len(all) != 1 {
		return fmt.Errorf("there are %d organisations here; say which one with --issuer", len(all))
	}
	return do(all[0].ID)
}

var _ control.Office = (*issuer.Service)(nil)
