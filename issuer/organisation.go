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
// DNS name, with an Ed25519 key for Data Integrity and a P-256 key for JWTs; else did:key with one Ed25519 key for both. Of several
// processes that do so at once on one store, one creates it.
func (s *Service) EnsureOrganisation(ctx context.Context, name, email string) (o Organisation, created bool, err error) {
	all, err := s.Organisations(ctx)
	if err != nil {
		return Organisation{}, false, err
	}
	if len(all) > 0 {
		return all[0], false, nil
	}
	kinds := s.firstKinds()
	names := make([]string, len(kinds))
	for i := range names {
		names[i] = newKeyName()
	}
	there, err := s.keys.List() // before the names in the store are read: each is written there before its key is made
	if err != nil {
		return Organisation{}, false, &Error{Kind: KindUnavailable, Code: "key_unavailable", Detail: "The signing keys could not be listed.", Err: err}
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		here, version, err := installations.Get(tx, installationID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(there, func(name string) bool { return !slices.Contains(here.FirstKeys, name) }) {
			// Another process may have created the organisation just now; else the store was lost, or belongs elsewhere.
			if before, _, err := organisations.List(tx, Query{Limit: 1}); err != nil || len(before) > 0 {
				return err
			}
			return &Error{Kind: KindConflict, Code: "foreign_keys",
				Detail: "The key folder holds the keys of an issuer that this store does not know. Bring the store back that belongs to them, or start in a new folder (--data)."}
		}
		here.FirstKeys = append(here.FirstKeys, names...)
		return installations.Put(tx, &here, version)
	})
	if err != nil {
		return Organisation{}, false, stored(err)
	}
	return s.create(ctx, name, email, "laurel", names, true)
}

// firstKinds are the kinds of the keys that a new organisation gets.
func (s *Service) firstKinds() []keys.Kind {
	if _, web := webHost(s.base); web && s.public {
		return []keys.Kind{keys.Ed25519, keys.P256}
	}
	return []keys.Kind{keys.Ed25519}
}

// CreateOrganisation creates an organisation with keys, as EnsureOrganisation does for the first. Later ones at a did:web
// host are named did:web:HOST:i:ID.
func (s *Service) CreateOrganisation(ctx context.Context, name, email, actor string) (Organisation, error) {
	names := make([]string, len(s.firstKinds()))
	for i := range names {
		names[i] = newKeyName()
	}
	o, _, err := s.create(ctx, name, email, actor, names, false)
	return o, err
}

// create makes keys of these names and the organisation. When it is to be the first and another is there, that is returned.
func (s *Service) create(ctx context.Context, name, email, actor string, names []string, first bool) (o Organisation, created bool, err error) {
	name = strings.TrimSpace(name)
	if err := checkName(name, "The issuer"); err != nil {
		return Organisation{}, false, err
	}
	if email != "" {
		if email, err = checkEmail(email); err != nil {
			return Organisation{}, false, err
		}
	}
	fresh := Organisation{ID: newID(), Name: name, Email: email, Created: s.now().UTC()}
	fresh.URL = s.base + "/i/" + fresh.ID
	for i, kind := range s.firstKinds() {
		k, _, err := s.newKey(fresh, kind, names[i])
		if err != nil {
			return Organisation{}, false, err
		}
		fresh.Keys = append(fresh.Keys, k)
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		before, _, err := organisations.List(tx, Query{By: "all", Value: inAll, Limit: 1})
		if err != nil {
			return err
		}
		if created = !first || len(before) == 0; !created {
			o = before[0]
			return nil
		}
		o = fresh
		o.Keys = slices.Clone(fresh.Keys)
		if o.DID, err = s.newIdentity(o, len(before) == 0); err != nil {
			return err
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
	if err != nil {
		return Organisation{}, false, stored(err)
	}
	return o, created, nil
}

// newIdentity is the DID of a new organisation that has its keys; alone says that it is the first.
func (s *Service) newIdentity(o Organisation, alone bool) (string, error) {
	host, web := webHost(s.base)
	if !web || !s.public {
		return "did:key:" + o.Keys[0].Multikey, nil
	}
	var path []string
	if !alone {
		path = []string{"i", o.ID}
	}
	did, err := keys.WebDID(host, path...)
	if err != nil {
		return "", &Error{Kind: KindInvalid, Code: "base", Detail: "The host of the public address cannot be part of a did:web.", Err: err}
	}
	return did, nil
}

// newKeyName is a name that no key has had. It is not derived from the number of keys: the file of an earlier try may lie there.
func newKeyName() string { return "issuer-" + newID() }

// newKey makes a private key for o. One that no record names, after a crash or when two processes were at it, is harmless.
func (s *Service) newKey(o Organisation, kind keys.Kind, name string) (Key, crypto.Signer, error) {
	k := Key{Name: name, State: KeyActive, Created: s.instant()}
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
	return s.replaceKey(ctx, o, active, actor, "key.rotated", s.retire)
}

// RetireKey takes an active key, named by its method, out of use. It stays published. Tokens are signed with the key for Data
// Integrity once the ES256 key is retired; the last active key for the suite of the organisation can only be rotated. The
// did:key that is the identity of an organisation is refused as by RotateKey.
func (s *Service) RetireKey(ctx context.Context, organisation, method, actor string) error {
	return s.changeKey(ctx, organisation, method, func(o *Organisation, k *Key) (AuditEntry, error) {
		if k.State != KeyActive {
			return AuditEntry{}, conflict("key_ended", "The key is not in use any more.")
		}
		s.retire(k)
		if _, err := o.integrityKey(); err != nil {
			return AuditEntry{}, conflict("last_key", fmt.Sprintf("It is the only active key for %s, and without one nothing can be signed. Rotate it instead.", o.suite()))
		}
		return AuditEntry{Actor: actor, Action: "key.retired", Detail: method}, nil
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
	now := s.instant()
	if since = since.UTC().Truncate(time.Second); since.After(now) {
		return invalid("since", "A key cannot be compromised from an instant on that is still to come.")
	} else if since.IsZero() {
		since = now
	}
	o, err := s.Organisation(ctx, organisation)
	if err != nil {
		return err
	}
	k, err := o.find(method)
	if err != nil {
		return err
	}
	compromise := func(k *Key) {
		ended := since
		if ended.Before(k.Created) {
			ended = k.Created
		}
		k.State, k.Ended = KeyCompromised, &ended
	}
	if k.State == KeyActive && o.Owns(*k) {
		_, err := s.replaceKey(ctx, o, *k, actor, "key.compromised", compromise)
		return err
	}
	return s.changeKey(ctx, organisation, method, func(_ *Organisation, k *Key) (AuditEntry, error) {
		if k.State == KeyCompromised {
			return AuditEntry{}, conflict("key_ended", "The key is marked as compromised already.")
		}
		compromise(k)
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

// replaceKey puts a new key in the place of an active one, which end takes out of use. When that one has ended in the
// meantime: kind conflict, code key_ended.
func (s *Service) replaceKey(ctx context.Context, o Organisation, active Key, actor, action string, end func(*Key)) (Key, error) {
	if err := o.mayChangeKeys(); err != nil {
		return Key{}, err
	}
	fresh, private, err := s.newKey(o, kindOf[active.Algorithm], newKeyName())
	if err != nil {
		return Key{}, err
	}
	err = s.changeKey(ctx, o.ID, active.Method, func(o *Organisation, k *Key) (AuditEntry, error) {
		if k.State != KeyActive {
			return AuditEntry{}, conflict("key_ended", "The key was changed by somebody else just now. Look at the keys and try again.")
		}
		end(k)
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
