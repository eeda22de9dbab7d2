package issuer

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// secretRecipients is the name of the secret under which addresses are digested.
const secretRecipients = "recipients"

// RecipientKey is what the awards of an organisation to an address are found by: a digest under a secret of this installation, so that
// nobody finds the address by trying without it. It is a lookup of the table of awards, and differs between organisations.
func (s *Service) RecipientKey(ctx context.Context, organisation, email string) (key string, err error) {
	if _, err := s.Secret(ctx, secretRecipients); err != nil {
		return "", err
	}
	err = s.store.View(ctx, func(tx Tx) error {
		key, err = s.recipientKey(tx, organisation, email)
		return err
	})
	return key, stored(err)
}

// RecipientKeys returns what makes the digests of [Service.RecipientKey], for whoever compares many.
func (s *Service) RecipientKeys(ctx context.Context) (func(organisation, email string) string, error) {
	secret, err := s.Secret(ctx, secretRecipients)
	return func(organisation, email string) string { return recipientDigest(secret, organisation, email) }, err
}

// recipientKey is RecipientKey in a transaction; an update makes the secret where there is none.
func (s *Service) recipientKey(tx Tx, organisation, email string) (string, error) {
	if email == "" {
		return "", nil
	}
	secret := s.recipients.Load()
	if secret == nil {
		kept, _, err := secrets.Get(tx, secretRecipients)
		switch {
		case errors.Is(err, ErrNotFound): // not remembered: this transaction may fail
			kept = newSecret(secretRecipients)
			err = secrets.Put(tx, &kept, 0)
		case err == nil:
			s.recipients.Store(&kept.Key)
		}
		if err != nil {
			return "", err
		}
		secret = &kept.Key
	}
	return recipientDigest(*secret, organisation, email), nil
}

func recipientDigest(secret []byte, organisation, email string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(organisation + "\x00" + strings.ToLower(strings.TrimSpace(email))))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
