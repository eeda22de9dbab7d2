package people

import (
	"context"
	"encoding/json"
	"time"

	"github.com/laurelbadges/laurel/issuer"
)

// ceremony is a sign-in, or the making of a passkey, that has begun: what its end has to fit. It is used once.
type ceremony struct {
	Digest   string          `json:"digest"` // of the token that names it
	Kind     string          `json:"kind"`
	Account  string          `json:"account,omitempty"`  // that gets a passkey
	Data     json.RawMessage `json:"data,omitempty"`     // of WebAuthn
	Provider string          `json:"provider,omitempty"` // Provider.Name
	Browser  string          `json:"browser,omitempty"`  // digest of what the browser was given to keep
	Nonce    string          `json:"nonce,omitempty"`
	Verifier string          `json:"verifier,omitempty"` // of PKCE (RFC 7636)
	Expires  time.Time       `json:"expires"`
}

var ceremonies = issuer.Table[ceremony]{
	Kind:    issuer.Kind{Name: "ceremony", Lookups: []string{"all"}},
	Key:     func(c *ceremony) string { return c.Digest },
	Order:   func(c *ceremony) string { return issuer.Sortable(c.Expires) },
	Lookups: func(*ceremony) []string { return []string{inAll} },
}

const (
	ceremonyPasskey  = "passkey"
	ceremonySignIn   = "sign-in"
	ceremonyProvider = "provider"

	ceremonyLasts = 5 * time.Minute
	providerLasts = 10 * time.Minute
)

// begin keeps a ceremony and returns the token that names it.
func (s *Service) begin(ctx context.Context, c ceremony, lasts time.Duration) (token string, err error) {
	token, c.Digest = newToken()
	c.Expires = s.now().Add(lasts).UTC()
	return token, s.update(ctx, func(tx issuer.Tx) error { return ceremonies.Put(tx, &c, 0) })
}

// take returns the ceremony of a token and deletes it, whatever comes of it.
func (s *Service) take(ctx context.Context, token, kind string) (c ceremony, err error) {
	const gone = "This sign-in was not begun here, or it took too long. Please begin again."
	err = s.update(ctx, func(tx issuer.Tx) error {
		if c, _, err = ceremonies.Get(tx, digestOf(token)); err != nil {
			return orMissing(err, gone)
		}
		return tx.Delete(ceremonies.Kind, c.Digest)
	})
	if err == nil && (c.Kind != kind || !s.now().Before(c.Expires)) {
		err = missing(gone)
	}
	return c, err
}
