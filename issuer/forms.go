package issuer

import (
	"context"
	"maps"
	"slices"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/proof"
)

// forms are what an award is signed as.
type forms struct {
	suite     string // of published
	published []byte // with a Data Integrity proof
	base      []byte // with a base proof, where published carries a derived one
	token     string

	integrityKey, tokenKey Key
}

// into writes the forms into the record of their award, unless the organisation signs otherwise by now.
func (f forms) into(tx Tx, c *Credential, version uint64) error {
	o, _, err := organisations.Get(tx, c.Organisation)
	if err != nil {
		return err
	}
	return f.intoOf(tx, &o, c, version)
}

// intoOf is into where the organisation was read.
func (f *forms) intoOf(tx Tx, o *Organisation, c *Credential, version uint64) error {
	if err := f.hold(o, c); err != nil {
		return err
	}
	f.fill(c)
	return credentials.Put(tx, c, version)
}

// hold says whether the organisation still signs so.
func (f *forms) hold(o *Organisation, c *Credential) error {
	integrity, _ := o.keyFor(f.suite)
	token, err := o.jwtKey()
	if err != nil || f.suite != o.suiteOf(c) || integrity.Name != f.integrityKey.Name || token.Name != f.tokenKey.Name {
		return errKeyChanged
	}
	return nil
}

// fill writes the forms into an award.
func (f *forms) fill(c *Credential) {
	c.JSON, c.Base, c.JWT = f.published, f.base, f.token
	c.IntegrityKey, c.TokenKey = f.integrityKey.Name, f.tokenKey.Name
}

// suiteOf is the suite to sign an award with: that of the organisation. An award whose holder has a base proof keeps one, as long as
// the organisation can make it.
func (o *Organisation) suiteOf(c *Credential) string {
	if _, can := o.keyFor(SuiteSelective); can && c.Base != nil {
		return SuiteSelective
	}
	return o.suite()
}

// seal signs the document of an award in all its forms.
func (s *Service) seal(ctx context.Context, o Organisation, document []byte, suite string) (signed forms, err error) {
	k, ok := o.keyFor(suite)
	if !ok {
		return forms{}, noKey(suite)
	}
	signed.suite, signed.integrityKey = suite, k
	if suite != SuiteSelective {
		signed.published, err = s.sealIntegrity(ctx, k, document, suite)
	} else {
		signed.published, signed.base, err = s.sealSelective(ctx, k, document)
	}
	if err != nil {
		return forms{}, err
	}
	if signed.tokenKey, err = o.jwtKey(); err != nil {
		return forms{}, err
	}
	signer, err := s.signer(signed.tokenKey)
	if err != nil {
		return forms{}, err
	}
	if signed.token, err = proof.SealJWT(document, signer); err != nil {
		return forms{}, unsigned("The badge could not be signed.", err)
	}
	return signed, nil
}

// sealIntegrity adds a Data Integrity proof. mandatory is for ecdsa-sd-2023 alone.
func (s *Service) sealIntegrity(ctx context.Context, k Key, document []byte, suite string, mandatory ...string) ([]byte, error) {
	signer, err := s.signer(k)
	if err != nil {
		return nil, err
	}
	signer.ID = k.integrityMethod()
	sealed, err := proof.Seal(ctx, document, proof.SealOptions{Signer: signer, Suite: suite, Created: s.instant(), Mandatory: mandatory})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, unsigned("The document could not be signed.", err)
	}
	return sealed, nil
}

// sealSelective signs a badge with ecdsa-sd-2023, such that no holder can leave out what Open Badges 3.0 requires, and derives
// the form to be published, which reveals all of it. The base proof is for the holder alone (VC-DI-ECDSA section 3.4).
func (s *Service) sealSelective(ctx context.Context, k Key, document []byte) (published, base []byte, err error) {
	value, err := strict.Object(document, credential.JSONLimits())
	if err != nil {
		return nil, nil, unsigned("The document could not be signed.", err)
	}
	if base, err = s.sealIntegrity(ctx, k, document, SuiteSelective, proof.OpenBadgeMandatory(value)...); err != nil {
		return nil, nil, err
	}
	published, err = revealed(ctx, base)
	return published, base, err
}

// revealed derives from a document with a base proof one that reveals all of it.
func revealed(ctx context.Context, base []byte) ([]byte, error) {
	value, err := strict.Object(base, credential.JSONLimits())
	if err != nil {
		return nil, unsigned("The document could not be signed.", err)
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(value)) {
		if name != "@context" && name != "proof" {
			all = append(all, strict.Escape(name))
		}
	}
	derived, err := proof.Derive(ctx, base, all, proof.Options{VC: true})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, unsigned("The document could not be signed.", err)
	}
	return derived, nil
}
