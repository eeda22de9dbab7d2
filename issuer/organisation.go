package issuer

import (
	"context"
	"crypto"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/laurelbadges/laurel/keys"
)

var organisations = Table[Organisation]{
	Kind:    Kind{Name: "organisation", Lookups: []string{"all"}},
	Key:     func(o *Organisation) string { return o.ID },
	Order:   func(o *Organisation) string { return sequenced(o.Sequence) },
	Lookups: func(*Organisation) []string { return []string{inAll} },
}

// EnsureOrganisation returns the first organisation and creates it, with keys, when there is none; created says so. Its
// identity is chosen here and never changes: did:web of the host when the installation has a public https address with a
// DNS name, with an Ed25519 key for Data Integrity and a P-256 key for JWTs; else did:key with one Ed25519 key for both.
func (s *Service) EnsureOrganisation(ctx context.Context, name, email string) (o Organisation, created bool, err error) {
	all, err := s.Organisations(ctx)
	if err != nil {
		return Organisation{}, false, err
	}
	if len(all) > 0 {
		return all[0], false, nil
	}
	if names, err := s.keys.List(); err != nil || len(names) > 0 { // the store was lost, or belongs elsewhere
		return Organisation{}, false, &Error{Kind: KindConflict, Code: "foreign_keys", Err: err,
			Detail: "The key folder holds the keys of an issuer that this store does not know. Bring the store back that belongs to them, or start in a new folder (--data)."}
	}
	o, err = s.CreateOrganisation(ctx, name, email, "laurel")
	return o, err == nil, err
}

// CreateOrganisation creates an organisation with keys, as EnsureOrganisation does for the first. Later ones at a did:web
// host are named did:web:HOST:i:ID.
func (s *Service) CreateOrganisation(ctx context.Context, name, email, actor string) (Organisation, error) {
	name = strings.TrimSpace(name)
	if err := checkName(name, "The issuer"); err != nil {
		return Organisation{}, err
	}
	if email != "" {
		var err error
		if email, err = checkEmail(email); err != nil {
			return Organisation{}, err
		}
	}
	o := Organisation{ID: newID(), Name: name, Email: email, Created: s.now().UTC()}
	o.URL = s.base + "/i/" + o.ID
	host, web := webHost(s.base)
	web = web && s.public
	kinds := []keys.Kind{keys.Ed25519}
	if web {
		kinds = append(kinds, keys.P256)
	}
	for _, kind := range kinds {
		k, _, err := s.newKey(o, kind)
		if err != nil {
			return Organisation{}, err
		}
		o.Keys = append(o.Keys, k)
	}
	err := s.store.Update(ctx, func(tx Tx) error {
		var err error
		if web {
			var before []Organisation
			if before, _, err = organisations.List(tx, Query{Limit: 1}); err != nil {
				return err
			}
			var path []string
			if len(before) > 0 {
				path = []string{"i", o.ID}
			}
			if o.DID, err = keys.WebDID(host, path...); err != nil {
				return &Error{Kind: KindInvalid, Code: "base", Detail: "The host of the public address cannot be part of a did:web.", Err: err}
			}
		} else {
			o.DID = "did:key:" + o.Keys[0].Multikey
		}
		for i := range o.Keys {
			o.Keys[i].Method = o.DID + "#" + o.Keys[i].Multikey
		}
		if o.Sequence, err = tx.Next("organisation"); err != nil {
			return err
		}
		if err := organisations.Put(tx, &o, 0); err != nil {
			return err
		}
		return record(tx, AuditEntry{At: s.now(), Actor: actor, Action: "organisation.created", Subject: o.ID, Detail: o.DID})
	})
	return o, stored(err)
}

// newKey makes a key file for o. A file that no record names, after a crash, is harmless.
func (s *Service) newKey(o Organisation, kind keys.Kind) (Key, crypto.Signer, error) {
	// A name is not derived from the number of keys: the file of an earlier try may lie there.
	k := Key{Name: "issuer-" + newID(), State: KeyActive, Created: s.instant()}
	private, err := s.keys.Create(kind, k.Name)
	if err != nil {
		return Key{}, nil, internal("key_not_made", "A signing key could not be made.", err)
	}
	k.Algorithm = keys.AlgorithmFor(private.Public())
	if k.Multikey, err = keys.Multikey(private.Public()); err != nil {
		return Key{}, nil, internal("key_not_made", "A signing key could not be made.", err)
	}
	if o.DID != "" {
		k.Method = o.DID + "#" + k.Multikey
	}
	return k, private, nil
}

// Organisation returns the organisation with this id (kind missing when there is none).
func (s *Service) Organisation(ctx context.Context, id string) (o Organisation, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		o, _, err = organisations.Get(tx, id)
		return err
	})
	return o, stored(err)
}

// Organisations returns all organisations, the first created first.
func (s *Service) Organisations(ctx context.Context) (all []Organisation, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		all, err = every(tx, organisations)
		return err
	})
	return all, stored(err)
}

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
	return s.replaceKey(ctx, o, active, actor, KeyRetired, "key.rotated")
}

// RetireKey takes an active key, named by its method, out of use. It stays published. Tokens are signed with the key for Data
// Integrity once the ES256 key is retired; the last active key for the suite of the organisation can only be rotated. The
// did:key that is the identity of an organisation is refused as by RotateKey.
func (s *Service) RetireKey(ctx context.Context, organisation, method, actor string) error {
	return s.changeKey(ctx, organisation, method, func(o *Organisation, k *Key) (AuditEntry, error) {
		if k.State != KeyActive {
			return AuditEntry{}, conflict("key_ended", "The key is not in use any more.")
		}
		s.end(k, KeyRetired)
		if _, err := o.integrityKey(); err != nil {
			return AuditEntry{}, conflict("last_key", fmt.Sprintf("It is the only active key for %s, and without one nothing can be signed. Rotate it instead.", o.suite()))
		}
		return AuditEntry{Actor: actor, Action: "key.retired", Detail: method}, nil
	})
}

// CompromiseKey takes a key, named by its method, out of the published documents: what it signed is no longer authentic. An
// active key of the organisation's identity is replaced by a new one. The did:key that is the identity of an organisation is
// refused as by RotateKey; one that is an identity of its own signs no more, but nothing can tell others that it was stolen.
func (s *Service) CompromiseKey(ctx context.Context, organisation, method, actor string) error {
	o, err := s.Organisation(ctx, organisation)
	if err != nil {
		return err
	}
	k, err := o.find(method)
	if err != nil {
		return err
	}
	if k.State == KeyActive && o.Owns(*k) {
		_, err := s.replaceKey(ctx, o, *k, actor, KeyCompromised, "key.compromised")
		return err
	}
	return s.changeKey(ctx, organisation, method, func(_ *Organisation, k *Key) (AuditEntry, error) {
		if k.State == KeyCompromised {
			return AuditEntry{}, conflict("key_ended", "The key is marked as compromised already.")
		}
		s.end(k, KeyCompromised)
		return AuditEntry{Actor: actor, Action: "key.compromised", Detail: method}, nil
	})
}

// changeKey runs change on one key in one transaction with its audit entry.
func (s *Service) changeKey(ctx context.Context, organisation, method string, change func(*Organisation, *Key) (AuditEntry, error)) error {
	return s.changeKeys(ctx, organisation, func(o *Organisation) (AuditEntry, error) {
		k, err := o.find(method)
		if err != nil {
			return AuditEntry{}, err
		}
		if o.Owns(*k) {
			if err := o.mayChangeKeys(); err != nil {
				return AuditEntry{}, err
			}
		}
		return change(o, k)
	})
}

// kindOf is the kind of the keys of an algorithm.
var kindOf = map[string]keys.Kind{keys.EdDSA: keys.Ed25519, keys.ES256: keys.P256, keys.ES384: keys.P384, keys.RS256: keys.RSA2048}

// replaceKey puts a new key in the place of an active one, which ends in the given state. When that one has ended in the
// meantime: kind conflict, code key_ended.
func (s *Service) replaceKey(ctx context.Context, o Organisation, active Key, actor string, state KeyState, action string) (Key, error) {
	if err := o.mayChangeKeys(); err != nil {
		return Key{}, err
	}
	fresh, private, err := s.newKey(o, kindOf[active.Algorithm])
	if err != nil {
		return Key{}, err
	}
	err = s.changeKey(ctx, o.ID, active.Method, func(o *Organisation, k *Key) (AuditEntry, error) {
		if k.State != KeyActive {
			return AuditEntry{}, conflict("key_ended", "The key was changed by somebody else just now. Look at the keys and try again.")
		}
		s.end(k, state)
		o.Keys = append(o.Keys, fresh)
		return AuditEntry{Actor: actor, Action: action, Detail: fresh.Method}, nil
	})
	if err == nil {
		s.signers.Store(fresh.Name, private)
	}
	return fresh, err
}

// changeKeys runs change on the organisation in one transaction with its audit entry.
func (s *Service) changeKeys(ctx context.Context, id string, change func(*Organisation) (AuditEntry, error)) error {
	return stored(s.store.Update(ctx, func(tx Tx) error {
		o, version, err := organisations.Get(tx, id)
		if err != nil {
			return err
		}
		entry, err := change(&o)
		if err != nil {
			return err
		}
		if err := organisations.Put(tx, &o, version); err != nil {
			return err
		}
		entry.At, entry.Subject = s.now(), o.ID
		return record(tx, entry)
	}))
}

func (s *Service) end(k *Key, state KeyState) {
	k.State = state
	if k.Ended == nil || state == KeyCompromised {
		now := s.instant()
		k.Ended = &now
	}
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
	return Key{}, internal("no_key", fmt.Sprintf("The issuer has no active key for %s.", o.suite()), nil)
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

const longestName = 200 // characters of the name of an issuer, achievement or person

func checkName(name, what string) error {
	if name == "" || len([]rune(name)) > longestName || strings.ContainsFunc(name, unicode.IsControl) || !validText(name) {
		return invalid("name", fmt.Sprintf("%s needs a name of 1 to %d characters, on one line.", what, longestName))
	}
	return nil
}

func validText(text string) bool { return strings.ToValidUTF8(text, "") == text }

// checkEmail returns the address in lower case. It allows a bare address only: no display name, no quoting.
func checkEmail(text string) (string, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text || len(text) > 254 || strings.ContainsAny(text, "\" \t") || !validText(text) {
		return "", invalid("email", "The e-mail address is not one. Write it as name@example.org.")
	}
	return text, nil
}

// within says whether the clock is believable beside the latest instant that was recorded.
func within(now, latest time.Time) bool { return !now.Before(latest.Add(-5 * time.Minute)) }
