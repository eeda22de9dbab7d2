package proof

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"math/big"

	"github.com/laurelbadges/laurel/keys"
)

// ecdsaRDFC2019 is Data Integrity ECDSA Cryptosuites 1.0 section 3.2: ECDSA over the hashes of configuration and document, with
// SHA-256 throughout for P-256 and SHA-384 throughout, inside the canonicalisation too, for P-384 (section 3.2.3).
var ecdsaRDFC2019 = suite{
	name:   "ecdsa-rdfc-2019",
	clause: "VC-DI-ECDSA 3.2",
	hash:   ecdsaHash,
	sign:   keys.SignMessage, // which hashes once more, and gives r and s in the width of the curve (section 3.2.6)
	verify: func(key crypto.PublicKey, data, signature []byte) *Error {
		pub := key.(*ecdsa.PublicKey)
		width := (pub.Params().BitSize + 7) / 8
		digest := ecdsaHash(pub).New()
		digest.Write(data)
		if len(signature) == 2*width &&
			ecdsa.Verify(pub, digest.Sum(nil), new(big.Int).SetBytes(signature[:width]), new(big.Int).SetBytes(signature[width:])) {
			return nil
		}
		return &Error{Code: CodeSignatureInvalid, Clause: "VC-DI-ECDSA 3.2.2", Detail: "The signature does not fit this document and this key."}
	},
}

// ecdsaHash is the hash that goes with the curve of a key, or 0.
func ecdsaHash(key crypto.PublicKey) crypto.Hash {
	if pub, ok := key.(*ecdsa.PublicKey); ok {
		switch pub.Curve {
		case elliptic.P256():
			return crypto.SHA256
		case elliptic.P384():
			return crypto.SHA384
		}
	}
	return 0
}
