package keys

import (
	"crypto"
	"fmt"

	"github.com/laurelbadges/laurel/credential/strict"
)

// KeySet is a JWK Set (RFC 7517 section 5). Its entries are read when they are asked for, so that one that cannot be used does not
// spoil the others, and a long set costs no more than its text.
type KeySet struct {
	entries []map[string]any
}

// SetKey is one entry of a [KeySet].
type SetKey struct {
	JWK
	Issuer *string // iss, whom the key belongs to (Open Badges 3.0 implementation guide, key provenance); nil when it names nobody
	// Err says why the key cannot be used for signatures, and Key is then nil. It wraps ErrKey or ErrWeakKey.
	Err error
}

// ParseKeySet reads a JWK Set strictly, of at most 1 MiB and 2,000 entries. Errors are a [*strict.Error], or wrap [ErrKey] when
// it is no set.
func ParseKeySet(data []byte) (*KeySet, error) {
	object, err := strict.Object(data, documentLimits)
	if err != nil {
		return nil, err
	}
	return keySet(object)
}

func keySet(object map[string]any) (*KeySet, error) {
	values, ok := object["keys"].([]any)
	if !ok {
		return nil, fmt.Errorf("%w: the key set has no array keys", ErrKey)
	}
	set := &KeySet{}
	for _, v := range values {
		members, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%w: an entry of the key set is not an object", ErrKey)
		}
		set.entries = append(set.entries, members)
	}
	return set, nil
}

// Named returns the entries whose kid is name, in their order; of several the first two, which say that the name is not that of
// one key. Nothing has the name "".
func (s *KeySet) Named(name string) []SetKey {
	var named []SetKey
	for _, members := range s.entries {
		if kid, _ := members["kid"].(string); kid == name && name != "" {
			if named = append(named, setKey(members)); len(named) == 2 {
				break
			}
		}
	}
	return named
}

// Holding returns the entries of the key pub, in their order, also those that may not be used for signatures.
func (s *KeySet) Holding(pub crypto.PublicKey) []SetKey {
	wanted, err := MarshalJWK(pub)
	if err != nil {
		return nil
	}
	var holding []SetKey
	for _, members := range s.entries {
		// Each number of a JWK has one spelling (see octets), so that equal keys have equal members.
		same := true
		for name, v := range wanted {
			text, _ := members[name].(string)
			same = same && text == v
		}
		if same {
			holding = append(holding, setKey(members))
		}
	}
	return holding
}

func setKey(members map[string]any) SetKey {
	jwk, err := ParseJWK(members)
	entry := SetKey{JWK: jwk, Err: err}
	entry.KeyID, _ = members["kid"].(string)
	if v, found := members["iss"]; found {
		issuer, ok := v.(string)
		if !ok && err == nil {
			entry.Err = fmt.Errorf("%w: the member iss of the JWK is not a string", ErrKey)
		}
		entry.Issuer = &issuer
	}
	if entry.Err == nil && jwk.Use == "enc" { // RFC 7517 section 4.2
		entry.Err = fmt.Errorf("%w: the key is meant for encryption", ErrKey)
	}
	if entry.Err != nil {
		entry.Key = nil
	}
	return entry
}

// ParseKeyAt reads what stands at the address of a key identifier: one JWK, or a JWK Set of which fragment, the part of the
// identifier behind #, names exactly one entry (Open Badges 3.0 section 8.2.2). Errors are a [*strict.Error], or wrap [ErrKey]
// or [ErrWeakKey].
func ParseKeyAt(data []byte, fragment string) (SetKey, error) {
	object, err := strict.Object(data, documentLimits)
	if err != nil {
		return SetKey{}, err
	}
	if _, isSet := object["keys"]; !isSet {
		key := setKey(object)
		return key, key.Err
	}
	if _, isKey := object["kty"]; isKey {
		return SetKey{}, fmt.Errorf("%w: it is a key and a key set in one", ErrKey)
	}
	set, err := keySet(object)
	if err != nil {
		return SetKey{}, err
	}
	named := set.Named(fragment)
	if len(named) != 1 {
		return SetKey{}, fmt.Errorf("%w: the key identifier does not name exactly one key of the set", ErrKey)
	}
	return named[0], named[0].Err
}
