package issuer

import (
	"context"

	"github.com/laurelbadges/laurel/proof"
)

// CredentialVCJWT returns an award as a JWT in the form of Securing Verifiable Credentials using JOSE and COSE section 3.1.1.
// It is signed when it is asked for, with the key that signs tokens then. Kind missing when there is no such award.
func (s *Service) CredentialVCJWT(ctx context.Context, id string) (string, error) {
	c, err := s.Credential(ctx, id)
	if err != nil {
		return "", err
	}
	if c.Issued.IsZero() {
		return "", missing("There is no award of this name here.")
	}
	return s.envelop(ctx, c.Organisation, c.JSON)
}

// StatusListVCJWT returns a status list, as StatusList has it now, in the same form.
func (s *Service) StatusListVCJWT(ctx context.Context, id string) (string, error) {
	document, err := s.StatusList(ctx, id)
	if err != nil {
		return "", err
	}
	var l statusList
	err = s.store.View(ctx, func(tx Tx) (err error) {
		l, _, err = statusLists.Get(tx, id)
		return err
	})
	if err != nil {
		return "", stored(err)
	}
	return s.envelop(ctx, l.Organisation, document.JSON)
}

// envelop signs a document of the organisation, without its Data Integrity proof.
func (s *Service) envelop(ctx context.Context, organisation string, document []byte) (string, error) {
	o, err := s.Organisation(ctx, organisation)
	if err != nil {
		return "", err
	}
	k, err := o.jwtKey()
	if err != nil {
		return "", err
	}
	signer, err := s.signer(k)
	if err != nil {
		return "", err
	}
	token, err := proof.SealVCJWT(document, signer)
	if err != nil {
		return "", unsigned("The document could not be signed.", err)
	}
	return token, nil
}
