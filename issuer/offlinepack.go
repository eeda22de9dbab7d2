package issuer

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/keys/jose"
)

// packClaims are the payload of the token.
type packClaims struct {
	Issuer   string `json:"iss"` // DID of the organisation
	IssuedAt int64  `json:"iat"` // seconds since 1970
	SHA256   string `json:"sha256"`
}

// SignPack signs, as an organisation with its key for tokens, that documents whose text has this SHA-256 digest, in hexadecimal, were
// published now. It returns a compact JWS of the type [jose.TypeOfflinePack]. Kind missing when there is no such organisation, kind invalid,
// code digest, when the digest is none.
func (s *Service) SignPack(ctx context.Context, organisation, digest string) (string, error) {
	if sum, err := hex.DecodeString(digest); err != nil || len(sum) != 32 || strings.ToLower(digest) != digest {
		return "", &Error{Kind: KindInvalid, Code: "digest", Detail: "The digest of a pack has 64 hexadecimal digits."}
	}
	o, err := s.Organisation(ctx, organisation)
	if err != nil {
		return "", err
	}
	k, err := o.jwtKey()
	if err != nil {
		return "", err
	}
	signer, err := s.signer(k)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(packClaims{Issuer: o.DID, IssuedAt: s.instant().Unix(), SHA256: digest})
	var token string
	if err == nil {
		token, err = jose.SignTyped(payload, jose.TypeOfflinePack, k.Method, signer.Signer)
	}
	if err != nil {
		return "", internal(codeSigning, "The offline pack could not be signed.", err)
	}
	return token, nil
}

// DeciderAddresses are the addresses of all documents of the installation on which the check of an award can hang: those that say whose
// a key is, and the lists that say what counts no longer. [Service.Document] answers each of them, or kind missing for one that is
// gone meanwhile.
func (s *Service) DeciderAddresses(ctx context.Context) (addresses []string, err error) {
	err = s.store.View(ctx, func(tx Tx) error {
		addresses = nil
		all, err := every(tx, organisations)
		if err != nil {
			return err
		}
		addresses = append(addresses, s.base+"/.well-known/jwks.json")
		for _, o := range all {
			profile := s.base + "/i/" + o.ID
			addresses = append(addresses, profile, profile+"/jwks.json")
			if document, err := keys.WebURL(o.DID); err == nil {
				addresses = append(addresses, document)
			}
			for number := 1; ; number++ {
				if _, _, err := revocationLists.Get(tx, revocationListID(o.ID, number)); errors.Is(err, ErrNotFound) {
					break
				} else if err != nil {
					return err
				}
				addresses = append(addresses, revocationsURL(s.base, o.ID, number))
			}
		}
		lists, err := every(tx, statusLists)
		if err != nil {
			return err
		}
		for _, l := range lists {
			addresses = append(addresses, listURL(s.base, l.ID))
		}
		return nil
	})
	return addresses, stored(err)
}
