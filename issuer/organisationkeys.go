package issuer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/laurelbadges/laurel/keys"
)

// Keys returns the keys of all organisations, in the order of their creation within each.
func (s *Service) Keys(ctx context.Context) ([]Key, error) {
	all, err := s.Organisations(ctx)
	var list []Key
	for _, o := range all {
		list = append(list, o.Keys...)
	}
	return list, err
}

// RotateKey gives an organisation a new active key of an algorithm, such as EdDSA or ES256. The one before is retired: it signs no
// more and stays published, so that what it signed stays authentic. An organisation whose identity is a did:key is its
// key: kind conflict, code did_key.
func (s *Service) RotateKey(ctx context.Context, organisation, algorithm, actor string) (Key, error) {
	o, err := s.Organisation(ctx, organisation)
	if err != nil {
		return Key{}, err
	}
	if err := o.mayAddKey(); err != nil {
		return Key{}, err
	}
	active, ok := o.active(algorithm)
	switch {
	case !ok && o.isKey():
		return Key{}, invalid("algorithm", "The issuer's identity is a did:key of another algorithm. A further key beside it is an identity of its own, "+
			"which no other key can take over: make another with laurel keys new, and retire this one.")
	case !ok:
		return Key{}, invalid("algorithm", "The issuer has no active key of this algorithm.")
	}
	return s.rotateKey(ctx, o, active, Write{Actor: actor})
}

// rotateKey puts a new key in the place of an active one.
func (s *Service) rotateKey(ctx context.Context, o Organisation, active Key, by Write) (Key, error) {
	_, fresh, err := s.replaceKey(ctx, o, active, by, "key.rotated", s.retire, func(_, fresh Key) Key { return fresh })
	return fresh, err
}

// RetireKey takes an active key, named by its method, out of use. It stays published. Tokens are signed with the key for Data
// Integrity once the ES256 key is retired; the last active key for the suite of the organisation can only be rotated. The
// did:key that is the identity of an organisation is refused as by RotateKey.
func (s *Service) RetireKey(ctx context.Context, organisation, method, actor string) error {
	_, err := s.retireKey(ctx, organisation, method, Write{Actor: actor})
	return err
}

func (s *Service) retireKey(ctx context.Context, organisation, method string, by Write) (Key, error) {
	return s.changeKey(ctx, organisation, method, by, func(o *Organisation, k *Key) (AuditEntry, error) {
		if k.State != KeyActive {
			return AuditEntry{}, conflict("key_ended", "The key is not in use any more.")
		}
		s.retire(k)
		if _, err := o.integrityKey(); err != nil {
			return AuditEntry{}, conflict("last_key", fmt.Sprintf("It is the only active key for %s, and without one nothing can be signed. Rotate it instead.", o.suite()))
		}
		return AuditEntry{Action: "key.retired", Detail: method}, nil
	})
}

// CompromiseKey says that from an instant on others may have had a key, named by its method; zero is now, and before the key was made
// is when it was made. The key is taken out of use, and stands in the published documents as revoked since then: nothing that it
// signed is authentic any more, of whatever date, as whoever has the key writes any date. An active key of the organisation's
// identity is replaced by a new one. [Service.Affected] lists the awards that it signed, and [Service.Reissue] signs them anew.
//
// The did:key that is the identity of an organisation is refused as by RotateKey; one that is an identity of its own signs no more,
// but nothing can tell others that it was stolen. An instant that is still to come has kind invalid, code since.
func (s *Service) CompromiseKey(ctx context.Context, organisation, method string, since time.Time, actor string) error {
	_, err := s.compromiseKey(ctx, organisation, method, since, Write{Actor: actor})
	return err
}

func (s *Service) compromiseKey(ctx context.Context, organisation, method string, since time.Time, by Write) (Key, error) {
	now := s.instant()
	if since = since.UTC().Truncate(time.Second); since.After(now) {
		return Key{}, invalid("since", "A key cannot be compromised from an instant on that is still to come.")
	} else if since.IsZero() {
		since = now
	}
	o, err := s.Organisation(ctx, organisation)
	if err != nil {
		return Key{}, err
	}
	k, err := o.find(method)
	if err != nil {
		return Key{}, err
	}
	compromise := func(k *Key) {
		ended := since
		if ended.Before(k.Created) {
			ended = k.Created
		}
		k.State, k.Ended = KeyCompromised, &ended
	}
	if k.State == KeyActive && o.Owns(*k) {
		ended, _, err := s.replaceKey(ctx, o, *k, by, "key.compromised", compromise, func(ended, _ Key) Key { return ended })
		return ended, err
	}
	return s.changeKey(ctx, organisation, method, by, func(_ *Organisation, k *Key) (AuditEntry, error) {
		if k.State == KeyCompromised {
			return AuditEntry{}, conflict("key_ended", "The key is marked as compromised already.")
		}
		compromise(k)
		return AuditEntry{Action: "key.compromised", Detail: method}, nil
	})
}

// changeKey runs change on one key in one transaction with its audit entry, and returns what becomes of the key. by.Once gets the same.
func (s *Service) changeKey(ctx context.Context, organisation, method string, by Write, change func(*Organisation, *Key) (AuditEntry, error)) (changed Key, err error) {
	err = s.changeKeys(ctx, organisation, by, func(o *Organisation) (AuditEntry, any, error) {
		k, err := o.changeable(method)
		if err != nil {
			return AuditEntry{}, nil, err
		}
		entry, err := change(o, k)
		changed = *k
		return entry, changed, err
	})
	return changed, err
}

// changeable is the key that is named, if it can be changed.
func (o *Organisation) changeable(method string) (*Key, error) {
	k, err := o.find(method)
	if err == nil && o.Owns(*k) {
		err = o.mayChangeKeys()
	}
	return k, err
}

// kindOf is the kind of the keys of an algorithm.
var kindOf = map[string]keys.Kind{keys.EdDSA: keys.Ed25519, keys.ES256: keys.P256, keys.ES384: keys.P384, keys.RS256: keys.RSA2048}

// replaceKey puts a new key in the place of an active one, which end takes out of use. When that one has ended in the
// meantime: kind conflict, code key_ended. by.Once gets one of the two, as told chooses.
func (s *Service) replaceKey(ctx context.Context, o Organisation, active Key, by Write, action string, end func(*Key), told func(ended, fresh Key) Key) (ended, fresh Key, err error) {
	if err := o.mayChangeKeys(); err != nil {
		return Key{}, Key{}, err
	}
	fresh, private, err := s.newKey(o, kindOf[active.Algorithm], newKeyName())
	if err != nil {
		return Key{}, Key{}, err
	}
	err = s.changeKeys(ctx, o.ID, by, func(o *Organisation) (AuditEntry, any, error) {
		k, err := o.changeable(active.Method)
		if err != nil {
			return AuditEntry{}, nil, err
		}
		if k.State != KeyActive {
			return AuditEntry{}, nil, conflict("key_ended", "The key was changed by somebody else just now. Look at the keys and try again.")
		}
		end(k)
		ended = *k
		o.Keys = append(o.Keys, fresh)
		return AuditEntry{Action: action, Detail: fresh.Method}, told(ended, fresh), nil
	})
	if err == nil {
		s.signers.Store(fresh.Name, private)
	}
	return ended, fresh, err
}

// changeKeys runs change on the organisation in one transaction with its audit entry. by.Once gets what change returns.
func (s *Service) changeKeys(ctx context.Context, id string, by Write, change func(*Organisation) (entry AuditEntry, told any, err error)) error {
	return stored(s.store.Update(ctx, func(tx Tx) error {
		o, version, err := organisations.Get(tx, id)
		if err != nil {
			return err
		}
		if err := by.on(version); err != nil {
			return err
		}
		entry, told, err := change(&o)
		if err != nil {
			return err
		}
		if err := organisations.Put(tx, &o, version); err != nil {
			return err
		}
		if err := by.Once.keep(tx, "", told, version+1); err != nil {
			return err
		}
		entry.At, entry.Actor, entry.Subject = s.now(), by.Actor, o.ID
		return record(tx, entry)
	}))
}

// retire takes an active key out of use now.
func (s *Service) retire(k *Key) {
	now := s.instant()
	k.State, k.Ended = KeyRetired, &now
}

func (o *Organisation) mayChangeKeys() error {
	if o.isKey() {
		return conflict("did_key", "This issuer's identity is a did:key, which is the key itself: another key would be another issuer. "+
			"Start a new folder with --public-url to get an identity whose keys can change.")
	}
	return nil
}

func (o *Organisation) find(method string) (*Key, error) {
	for i := range o.Keys {
		if k := &o.Keys[i]; k.Method == method || k.integrityMethod() == method {
			return &o.Keys[i], nil
		}
	}
	return nil, missing("The issuer has no key of this name.")
}

// active returns the key of the organisation's identity that signs with an algorithm now: the newest.
func (o *Organisation) active(algorithm string) (Key, bool) {
	for _, k := range slices.Backward(o.Keys) {
		if k.State == KeyActive && k.Algorithm == algorithm && o.Owns(k) {
			return k, true
		}
	}
	return Key{}, false
}

// integrityKey returns the key for Data Integrity proofs: the one for the suite that the organisation has chosen.
func (o *Organisation) integrityKey() (Key, error) {
	if k, ok := o.keyFor(o.suite()); ok {
		return k, nil
	}
	return Key{}, noKey(o.suite())
}

func noKey(suite string) error {
	return internal("no_key", fmt.Sprintf("The issuer has no active key for %s.", suite), nil)
}

// jwtKey returns the key for JWTs: that for RS256 where the organisation has made one, which signs nothing else and which every reader
// of Open Badges has to know (OB 3.0 section 8.2.3); else that for ES256, which most know.
func (o *Organisation) jwtKey() (Key, error) {
	for _, algorithm := range []string{keys.RS256, keys.ES256} {
		if k, ok := o.active(algorithm); ok {
			return k, nil
		}
	}
	return o.integrityKey()
}
