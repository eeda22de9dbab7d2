package issuer

import (
	"context"
	"crypto"
	"slices"
	"strings"
	"time"

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
	name = plainName(name)
	if err := checkName(name, "The issuer"); err != nil {
		return Organisation{}, false, err
	}
	if email != "" {
		if email, err = NewAddress(email); err != nil {
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
		if err := nameFree(tx, name, ""); err != nil {
			return err
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

// Organisations is [Documents.Organisations].
func (s *Service) Organisations(ctx context.Context) ([]Organisation, error) {
	return s.documents.Organisations(ctx)
}

func validText(text string) bool { return strings.ToValidUTF8(text, "") == text }

// within says whether the clock is believable beside the latest instant that was recorded.
func within(now, latest time.Time) bool { return !now.Before(latest.Add(-5 * time.Minute)) }
