package issuer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// rehearse finds out whether the document can be signed as it will be, before anything is recorded: with another place in the
// status lists, and with a key that is thrown away where one is needed.
func (s *Service) rehearse(ctx context.Context, organisation string, g signing) error {
	o, err := s.Organisation(ctx, organisation)
	if err != nil {
		return err
	}
	_, suite, err := o.signerFor(g.issuer, g.Suite, g.Token)
	if err != nil {
		return err
	}
	text, err := s.completed(g, suite, &Slot{Revocation: status.PurposeRevocation, Suspension: status.PurposeSuspension})
	if err != nil {
		return err
	}
	if !g.Token && suite != SuiteSelective {
		return unsignable(rehearseDocument(ctx, text))
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return internal("key_not_made", "A key could not be made.", err)
	}
	signer := keys.Signer{ID: g.issuer, Signer: key}
	if g.Token {
		return unsignable(rehearseToken(ctx, text, signer))
	}
	_, err = proof.Seal(ctx, text, proof.SealOptions{Signer: signer, Suite: suite, Created: s.instant(), Mandatory: g.Mandatory})
	return unsignable(err)
}

// rehearseDocument says whether all of a document arrives in its canonical form.
func rehearseDocument(ctx context.Context, text []byte) error {
	value, err := strict.Object(text, credential.JSONLimits())
	if err != nil {
		return err
	}
	document, _ := proof.ReadIntegrity(value, proof.Options{VC: true}) // its error is that there is no proof
	return document.CheckDocument(ctx)
}

// rehearseToken says whether a document can become a token whose contexts are known. A term without a meaning is signed in a
// token too.
func rehearseToken(ctx context.Context, text []byte, signer keys.Signer) error {
	token, err := proof.SealVCJWT(text, signer)
	if err != nil {
		return err
	}
	document, err := proof.ReadJWT([]byte(token), proof.Options{VC: true})
	if err != nil {
		return err
	}
	err = document.CheckDocument(ctx)
	if finding := (*proof.Error)(nil); errors.As(err, &finding) && finding.Code == proof.CodeUnsafeJSONLD {
		return nil
	}
	return err
}
