package main

import (
	"cmp"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

type signCommand struct {
	Key       string   `required:"" help:"Key file: one of the store's, or PKCS#8 in PEM." type:"existingfile" placeholder:"FILE"`
	Suite     string   `help:"How to secure it: a suite of Data Integrity (${suites}), jwt or vc+jwt. When not given, the suite that goes with the key." placeholder:"SUITE"`
	Mandatory []string `help:"With ecdsa-sd-2023: JSON Pointer to what no holder can leave out, beside issuer, dates and status; when not given, what Open Badges needs." placeholder:"POINTER"`
	Input     string   `arg:"" help:"The unsigned credential as JSON, or - for standard input."`
}

// Validate refuses a suite that is none.
func (c *signCommand) Validate() error {
	if all := append(proof.Suites(), "jwt", "vc+jwt"); c.Suite != "" && !slices.Contains(all, c.Suite) {
		return fmt.Errorf("--suite must be one of %s", strings.Join(all, ", "))
	}
	return nil
}

// Run signs as the credential's own issuer where that is the did:key of the key, and else under the issuer's id with the
// key's multibase text as the fragment.
func (c *signCommand) Run(ctx context.Context, g *grammar, t *terminal) error {
	document, err := readFile(c.Input, t.in, credential.Limits.Document)
	if err != nil {
		return err
	}
	passphrase, err := g.passphrase()
	if err != nil {
		return err
	}
	private, err := keys.ReadKeyFile(c.Key, passphrase)
	if err != nil {
		return err
	}
	parsed, err := credential.Parse(document)
	if err != nil {
		return err
	}
	multikey, err := keys.Multikey(private.Public())
	if err != nil {
		return err
	}
	if parsed.Issuer.ID == "" {
		return fmt.Errorf("the credential names no issuer; put its id there, or did:key:%s for this key alone", multikey)
	}
	if strings.HasPrefix(parsed.Issuer.ID, "did:key:") && parsed.Issuer.ID != "did:key:"+multikey {
		fmt.Fprintf(t.err, "Note: the issuer of the credential is another key, so nobody will take this signature for the issuer's; this key signs for did:key:%s\n", multikey)
	}
	signer := keys.Signer{ID: parsed.Issuer.ID + "#" + multikey, Signer: private}
	var sealed string
	switch c.Suite {
	case "jwt":
		sealed, err = proof.SealJWT(document, signer)
	case "vc+jwt":
		sealed, err = proof.SealVCJWT(document, signer)
	default:
		o := proof.SealOptions{Signer: signer, Suite: cmp.Or(c.Suite, proof.SuiteFor(private.Public())), Created: time.Now(), Mandatory: c.Mandatory}
		if o.Suite == "" {
			return errors.New("this key signs tokens and no documents; say --suite jwt or vc+jwt")
		}
		var text []byte
		text, err = proof.Seal(ctx, document, o)
		sealed = strings.TrimSuffix(string(text), "\n")
	}
	if err != nil {
		return describe("signing "+c.Input, err)
	}
	_, err = fmt.Fprintln(t.out, sealed)
	return err
}

type deriveCommand struct {
	Show  []string `help:"JSON Pointer to a part to show beside what the issuer made mandatory." placeholder:"POINTER"`
	Input string   `arg:"" help:"The credential with its base proof as JSON, or - for standard input."`
}

// Run prints what a holder shows of a credential under ecdsa-sd-2023.
func (c *deriveCommand) Run(ctx context.Context, t *terminal) error {
	document, err := readFile(c.Input, t.in, credential.Limits.Document)
	if err != nil {
		return err
	}
	derived, err := proof.Derive(ctx, document, c.Show, proof.Options{VC: true})
	if err != nil {
		return describe("deriving from "+c.Input, err)
	}
	_, err = fmt.Fprintln(t.out, strings.TrimSuffix(string(derived), "\n"))
	return err
}

type bakeCommand struct {
	Picture    string `arg:"" help:"The PNG or SVG."`
	Credential string `arg:"" help:"The credential: JSON or JWT."`
	Output     string `short:"o" required:"" help:"File to write." placeholder:"FILE"`
}

// Run writes a copy of the picture that carries the credential, in place of any that it carried.
func (c *bakeCommand) Run(t *terminal) error {
	picture, err := readFile(c.Picture, t.in, credential.Limits.Upload)
	if err != nil {
		return err
	}
	document, err := readFile(c.Credential, t.in, credential.Limits.Document)
	if err != nil {
		return err
	}
	baked, err := bake.Bake(picture, []byte(strings.TrimSpace(string(document))))
	if err != nil {
		return fmt.Errorf("baking into %s: %w", c.Picture, err)
	}
	return os.WriteFile(c.Output, baked, 0o644)
}

type unbakeCommand struct {
	Picture string `arg:"" help:"The PNG or SVG, or - for standard input."`
}

// Run prints the credential as it stands in the picture.
func (c *unbakeCommand) Run(t *terminal) error {
	picture, err := readFile(c.Picture, t.in, credential.Limits.Upload)
	if err != nil {
		return err
	}
	document, err := bake.Unbake(picture)
	if err != nil {
		return fmt.Errorf("reading %s: %w", c.Picture, err)
	}
	_, err = fmt.Fprintln(t.out, strings.TrimSuffix(string(document), "\n"))
	return err
}

type canonCommand struct {
	NQuads bool   `name:"nquads" help:"The input is N-Quads, not JSON-LD."`
	Hash   string `help:"Hash of the algorithm: ${enum}." enum:"sha256,sha384" default:"sha256"`
	Input  string `arg:"" help:"JSON-LD or N-Quads, or - for standard input."`
}

// Run prints the canonical form. A document of which anything would be lost is refused, as when it is signed.
func (c *canonCommand) Run(ctx context.Context, t *terminal) error {
	text, err := readFile(c.Input, t.in, credential.Limits.Document)
	if err != nil {
		return err
	}
	hash := map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384}[c.Hash]
	var canonical []byte
	if c.NQuads {
		canonical, err = proof.CanonicalNQuads(ctx, text, hash)
	} else {
		var document map[string]any
		if document, err = strict.Object(text, credential.JSONLimits()); err == nil {
			canonical, err = proof.Canonical(ctx, document, hash, proof.Options{VC: true})
		}
	}
	if err != nil {
		return describe("reading "+c.Input, err)
	}
	_, err = t.out.Write(canonical)
	return err
}

// describe adds the place in the document to a refusal.
func describe(doing string, err error) error {
	var finding *proof.Error
	if errors.As(err, &finding) && finding.Pointer != "" {
		return fmt.Errorf("%s: at %s: %s", doing, finding.Pointer, finding.Detail)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// readFile reads a file, or standard input for "-", up to limit bytes.
func readFile(name string, in io.Reader, limit int) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, cause(err))
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, cause(err))
	}
	if len(data) > limit {
		return nil, fmt.Errorf("reading %s: %w", name, &tooLarge{data, limit})
	}
	return data, nil
}

// tooLarge is a file beyond its limit, with what was read of it.
type tooLarge struct {
	data  []byte
	limit int
}

func (e *tooLarge) Error() string { return fmt.Sprintf("it is larger than %d MiB", e.limit>>20) }

// cause is what went wrong with a file, without its name, which the caller gives.
func cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
