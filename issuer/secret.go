package issuer

import (
	"context"
	"crypto/rand"
	"errors"
)

// secret is a key for what this program alone writes and reads again, such as the seal of reports on a page.
type secret struct {
	Name string `json:"name"`
	Key  []byte `json:"key"`
}

var secrets = Table[secret]{
	Kind: Kind{Name: "secret"},
	Key:  func(s *secret) string { return s.Name },
}

const secretBytes = 32

// Secret returns 32 random bytes under a name of 1 to 64 letters, digits, "-" and "_". They are made at the first call and kept in the
// store, unsealed: the same for every process on it. They are no signing keys and open nothing that the store does not hold.
func (s *Service) Secret(ctx context.Context, name string) ([]byte, error) {
	if !isShortName(name) {
		return nil, invalid("name", "The name of a secret has 1 to 64 letters, digits, - and _.")
	}
	var kept secret
	read := func(tx Tx) (err error) {
		kept, _, err = secrets.Get(tx, name)
		return err
	}
	err := s.store.View(ctx, read)
	if errors.Is(err, ErrNotFound) {
		err = s.store.Update(ctx, func(tx Tx) error {
			if err := read(tx); !errors.Is(err, ErrNotFound) {
				return err
			}
			kept = newSecret(name)
			return secrets.Put(tx, &kept, 0)
		})
	}
	if err == nil && len(kept.Key) != secretBytes {
		err = ErrDamaged
	}
	return kept.Key, stored(err)
}

func newSecret(name string) secret {
	s := secret{Name: name, Key: make([]byte, secretBytes)}
	_, _ = rand.Read(s.Key) // never fails
	return s
}
