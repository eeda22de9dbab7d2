package verifier

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/laurelbadges/laurel/keys"
)

// ErrNoKey says that an issuer's document was read and does not give the key.
var ErrNoKey = errors.New("the issuer's document gives no such key for statements of its own")

// AssertionKey returns the key of a verification method such as did:web:example.org#z6Mk…, out of the document of the issuer whose it
// is, where it must stand under assertionMethod and not be revoked at o.At (CID 1.0 section 3.3): for statements that are no credentials. Of o, At and Fetch
// are used. Errors wrap ErrNoKey, or say why the document could not be read.
func AssertionKey(ctx context.Context, method string, o Options) (crypto.PublicKey, error) {
	id, fragment, found := strings.Cut(method, "#")
	if !found || fragment == "" {
		return nil, fmt.Errorf("%w: %q names no verification method", ErrNoKey, method)
	}
	r := newRun(o)
	owner := r.resolve(ctx, id)
	if owner.err != nil {
		return nil, fmt.Errorf("reading the document of %s: %w", id, owner.err)
	}
	m, known := owner.document.Method(method)
	switch {
	case !known || !owner.document.Allows(keys.AssertionMethod, method):
		return nil, fmt.Errorf("%w: %s", ErrNoKey, method)
	case m.Err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNoKey, m.Err)
	case !m.Revoked.IsZero() && !r.at.Before(m.Revoked):
		return nil, fmt.Errorf("%w: it was revoked on %s", ErrNoKey, m.Revoked.Format(time.DateOnly))
	}
	return m.Key, nil
}
