package issuer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// mostKeys bounds the keys of an organisation that are not compromised: those of its identity stand in its document, each under at
// most two names, and no document is read that has more than 256.
const mostKeys = 100

// suiteAlgorithms are the cryptographic suites that an organisation can sign with, and the algorithms of the keys for each, the
// preferred one first.
var suiteAlgorithms = map[string][]string{
	"eddsa-rdfc-2022":      {keys.EdDSA},
	"eddsa-jcs-2022":       {keys.EdDSA},
	"Ed25519Signature2020": {keys.EdDSA},
	"ecdsa-rdfc-2019":      {keys.ES256, keys.ES384},
	"ecdsa-jcs-2019":       {keys.ES256, keys.ES384},
	SuiteSelective:         {keys.ES256}, // VC-DI-ECDSA section 3.4: P-256 only
}

// SuiteSelective is the suite with selective disclosure, the one that takes mandatory pointers (VC-DI-ECDSA section 3.4).
const SuiteSelective = "ecdsa-sd-2023"

const suiteDefault = "eddsa-rdfc-2022"

// awardSuites are those that awards can be signed with.
var awardSuites = []string{suiteDefault, "ecdsa-rdfc-2019", SuiteSelective}

// AddKey gives an organisation one more active key. Where the identity is a did:web, the key joins its document and signs from
// now on what asks for a key of its algorithm. A did:key is one key and no other, so there the key is an identity of its own:
// it signs only as its own did:key.
func (s *Service) AddKey(ctx context.Context, organisation string, kind keys.Kind, actor string) (Key, error) {
	o, err := s.Organisation(ctx, organisation)
	if err != nil {
		return Key{}, err
	}
	if err := o.mayAddKey(); err != nil {
		return Key{}, err
	}
	k, private, err := s.newKey(o, kind, newKeyName())
	if err != nil {
		return Key{}, err
	}
	if o.isKey() {
		k.Method = "did:key:" + k.Multikey + "#" + k.Multikey
	}
	err = s.changeKeys(ctx, organisation, Write{Actor: actor}, func(o *Organisation) (AuditEntry, any, error) {
		if err := o.mayAddKey(); err != nil { // others may have added some meanwhile
			return AuditEntry{}, nil, err
		}
		o.Keys = append(o.Keys, k)
		return AuditEntry{Action: "key.added", Detail: k.Method}, nil, nil
	})
	if err != nil {
		return Key{}, err
	}
	s.signers.Store(k.Name, private)
	return k, nil
}

func (o *Organisation) mayAddKey() error {
	kept := 0
	for _, k := range o.Keys {
		if k.State != KeyCompromised {
			kept++
		}
	}
	if kept >= mostKeys {
		return conflict("many_keys", fmt.Sprintf("The issuer has %d keys already, which is the most that one may have.", mostKeys))
	}
	return nil
}

// SetSuite chooses the cryptographic suite of awards and status lists from now on: eddsa-rdfc-2022, ecdsa-rdfc-2019 or
// ecdsa-sd-2023. Another, and one for which the organisation has no active key of its own, is refused. What was signed stays as
// it is.
//
// With ecdsa-sd-2023 the published form of an award carries a derived proof; the base proof, from which its holder can derive
// others, stays in the record. Status lists are then signed with ecdsa-rdfc-2019.
func (s *Service) SetSuite(ctx context.Context, organisation, suite, actor string) error {
	if !slices.Contains(awardSuites, suite) {
		return invalid("suite", fmt.Sprintf("Awards are signed with one of these suites: %s.", strings.Join(awardSuites, ", ")))
	}
	return s.changeKeys(ctx, organisation, Write{Actor: actor}, func(o *Organisation) (AuditEntry, any, error) {
		o.Suite = suite
		if _, err := o.integrityKey(); err != nil {
			return AuditEntry{}, nil, conflict("no_key", fmt.Sprintf("The issuer has no active key for %s that belongs to its identity. Make one first with laurel keys new; "+
				"an issuer whose identity is a did:key signs awards with that key alone.", suite))
		}
		return AuditEntry{Action: "organisation.suite", Detail: suite}, nil, nil
	})
}

// isKey says that the identity of the organisation is a did:key.
func (o *Organisation) isKey() bool { return strings.HasPrefix(o.DID, "did:key:") }

// Owns says whether a key belongs to the identity of the organisation. Others of its keys are identities of their own.
func (o *Organisation) Owns(k Key) bool { return strings.HasPrefix(k.Method, o.DID+"#") }

// integrityMethod names the key in Data Integrity proofs. Their suites want a Multikey (VC-DI-ECDSA section 2.1.1) and tokens a
// JsonWebKey (VC-JOSE-COSE section 4), and a method is one of them (CID 1.0 section 2.2.1): an ECDSA key of a did:web has a name
// as each.
func (k Key) integrityMethod() string {
	if strings.HasPrefix(k.Method, "did:web:") && (k.Algorithm == keys.ES256 || k.Algorithm == keys.ES384) {
		return k.Method + "-multikey"
	}
	return k.Method
}

// suite is the one that awards are signed with.
func (o *Organisation) suite() string {
	if o.Suite == "" {
		return suiteDefault
	}
	return o.Suite
}

// listSuite is the one that status lists are signed with: nothing in them is left out by a holder.
func (o *Organisation) listSuite() string {
	if o.suite() == SuiteSelective {
		return "ecdsa-rdfc-2019"
	}
	return o.suite()
}

// keyFor returns the key of the organisation's own identity that signs with a suite.
func (o *Organisation) keyFor(suite string) (Key, bool) {
	for _, algorithm := range suiteAlgorithms[suite] {
		if k, ok := o.active(algorithm); ok {
			return k, true
		}
	}
	return Key{}, false
}

// signerFor returns the key that signs a document whose issuer has this id, and the suite; suite "" asks for that of the key. With
// token set the key is that for JWTs. An id that is none of the organisation's is refused (code issuer), as is a suite that the
// key does not sign with (code suite).
func (o *Organisation) signerFor(issuer, suite string, token bool) (Key, string, error) {
	if _, known := suiteAlgorithms[suite]; suite != "" && !known {
		return Key{}, "", invalid("suite", "There is no such cryptographic suite to sign with here.")
	}
	if issuer == o.DID {
		switch {
		case token:
			k, err := o.jwtKey()
			return k, "", err
		case suite == "":
			k, err := o.integrityKey()
			return k, o.listSuite(), err
		}
		k, ok := o.keyFor(suite)
		if !ok {
			return Key{}, "", invalid("suite", fmt.Sprintf("The issuer has no active key that signs with %s.", suite))
		}
		return k, suite, nil
	}
	for _, k := range o.Keys {
		if k.State != KeyActive || issuer != "did:key:"+k.Multikey {
			continue
		}
		k.Method = issuer + "#" + k.Multikey
		switch {
		case token:
			return k, "", nil
		case suite == "":
			public, err := keys.ParseMultikey(k.Multikey)
			if err != nil {
				return Key{}, "", internal("stored_key", "A public key in the store cannot be read.", err)
			}
			if suite = proof.SuiteFor(public); suite == "" {
				return Key{}, "", invalid("suite", "The key signs JWTs only; ask for the envelope vc+jwt.")
			}
		case !slices.Contains(suiteAlgorithms[suite], k.Algorithm):
			return Key{}, "", invalid("suite", fmt.Sprintf("The key of the issuer that the credential names does not sign with %s.", suite))
		}
		return k, suite, nil
	}
	return Key{}, "", invalid("issuer", "The issuer of the credential is neither this issuer nor the did:key of one of its active keys.")
}
