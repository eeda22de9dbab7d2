package proof

import (
	"crypto"
	_ "crypto/sha256" // the hashes of the suites
	_ "crypto/sha512"
)

// suite is a Data Integrity cryptographic suite that canonicalises with RDFC-1.0.
type suite struct {
	name   string
	clause string
	// hash is that of the canonicalisation and of document and configuration, for a key that fits; 0 for one that does not.
	hash func(crypto.PublicKey) crypto.Hash
	// sign signs the concatenated hashes; verify checks such a signature, with a key that fits.
	sign   func(signer crypto.Signer, data []byte) ([]byte, error)
	verify func(key crypto.PublicKey, data, signature []byte) *Error
}

// suites is every cryptosuite that Laurel signs and verifies, by its name in a proof.
var suites = map[string]suite{
	eddsaRDFC2022.name: eddsaRDFC2022,
	ecdsaRDFC2019.name: ecdsaRDFC2019,
}
