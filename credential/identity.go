package credential

import (
	"crypto/md5" // #nosec G501: Open Badges still allows md5 for identity hashes; read only
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// IdentityObject is one identifier of a recipient (OB 3.0 B IdentityObject).
type IdentityObject struct {
	Type   string // identityType: emailAddress, name ...
	Hash   string // identityHash: "sha256$" or "md5$" and hex digits when Hashed, else the identifier itself
	Hashed bool
	Salt   string // appended to the identifier before hashing; "" when there is none
}

// HashIdentity hashes an identifier as Open Badges 3.0 writes it: "sha256$" and the lower-case hex digest of the UTF-8 text of
// value followed by salt, without a separator (OB 3.0 IdentityHash).
func HashIdentity(value, salt string) string {
	sum := sha256.Sum256([]byte(value + salt))
	return "sha256$" + hex.EncodeToString(sum[:])
}

// HashedIdentity hides an identifier behind a hash with a fresh random salt of at least 128 bits. An emailAddress is
// lower-cased first, because a reader compares what a person types in lower case too.
func HashedIdentity(identityType, value string) IdentityObject {
	if identityType == "emailAddress" {
		value = strings.ToLower(value)
	}
	salt := rand.Text()
	return IdentityObject{Type: identityType, Hash: HashIdentity(value, salt), Hashed: true, Salt: salt}
}

// MatchesIdentity says whether value, as typed or lower-cased, is the identifier in object (OB 3.0 IdentityHash). Hex digits
// compare without regard to case; a hash of an unknown algorithm matches nothing, and neither does an empty value.
func MatchesIdentity(object IdentityObject, value string) bool {
	if value == "" {
		return false
	}
	for _, candidate := range []string{value, strings.ToLower(value)} {
		if !object.Hashed {
			if candidate == object.Hash {
				return true
			}
			continue
		}
		algorithm, digest, _ := strings.Cut(object.Hash, "$")
		var computed string
		switch algorithm {
		case "sha256":
			_, computed, _ = strings.Cut(HashIdentity(candidate, object.Salt), "$")
		case "md5":
			sum := md5.Sum([]byte(candidate + object.Salt)) // #nosec G401: see the import
			computed = hex.EncodeToString(sum[:])
		default:
			return false
		}
		if strings.EqualFold(computed, digest) {
			return true
		}
	}
	return false
}
