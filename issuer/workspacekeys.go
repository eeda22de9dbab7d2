package issuer

import (
	"context"
	"time"
)

// RotateKey is [Service.RotateKey] for one key of this organisation, named by its method. It returns the new key, which by.Once gets as
// well; by.Versions are of the organisation. One that is not in use any more has kind conflict, code key_ended; one that is an identity of
// its own, code own_identity.
func (w Workspace) RotateKey(ctx context.Context, method string, by Write) (Key, error) {
	o, _, err := w.Organisation(ctx)
	if err != nil {
		return Key{}, err
	}
	k, err := o.find(method)
	switch {
	case err != nil:
		return Key{}, err
	case k.State != KeyActive:
		return Key{}, conflict("key_ended", "The key is not in use any more.")
	case !o.Owns(*k):
		return Key{}, conflict("own_identity", "The key is an identity of its own, which no other key can take over. Make another, and retire this one.")
	}
	if err := o.mayAddKey(); err != nil {
		return Key{}, err
	}
	return w.service.rotateKey(ctx, o, *k, by)
}

// RetireKey is [Service.RetireKey] for this organisation. It returns the key as it is then, which by.Once gets as well; by.Versions are of
// the organisation.
func (w Workspace) RetireKey(ctx context.Context, method string, by Write) (Key, error) {
	return w.service.retireKey(ctx, w.organisation, method, by)
}

// CompromiseKey is [Service.CompromiseKey] for this organisation. It returns the key as it is then, which by.Once gets as well;
// by.Versions are of the organisation.
func (w Workspace) CompromiseKey(ctx context.Context, method string, since time.Time, by Write) (Key, error) {
	return w.service.compromiseKey(ctx, w.organisation, method, since, by)
}

// Reissue is [Service.Reissue] for this organisation. by.Once gets the [Batch]; by.Versions are not looked at.
func (w Workspace) Reissue(ctx context.Context, method string, by Write) (Batch, error) {
	return w.service.beginReissue(ctx, w.organisation, method, by)
}
