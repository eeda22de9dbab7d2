package proof

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"math/big"

	"github.com/laurelbadges/laurel/keys"
)

// ecDSA is what the suites of ECDSA have in common: the signature is over the hashes of configuration and document, with SHA-256
// throughout for P-256 and SHA-384 throughout, inside the canonicalisation too, for P-384 (Data Integrity ECDSA Cryptosuites
// 1.0 section 3.2.3).
func ecDSA(name, clause string, form canonicalForm) suite {
	return suite{
		name: name, proofType: typeDataIntegrity, clause: clause, form: form,
		hash: ecdsaHash,
		sign: keys.SignMessage, // which hashes once more, and gives r and s in the width of the curve (section 3.2.6)
		verify: func(key crypto.PublicKey, data, signature []byte) *Error {
			pub := key.(*ecdsa.PublicKey)
			width := (pub.Params().BitSize + 7) / 8
			digest := ecdsaHash(pub).New()
			digest.Write(data)
			if len(signature) == 2*width &&
				ecdsa.Verify(pub, digest.Sum(nil), new(big.Int).SetBytes(signature[:width]), new(big.Int).SetBytes(signature[width:])) {
				return nil
			}
			return unfit(clause)
		},
	}
}

var (
	ecdsaRDFC2019 = ecDSA("ecdsa-rdfc-2019", "VC-DI-ECDSA 3.2", formRDFC)
	ecdsaJCS2019  = ecDSA("ecdsa-jcs-2019", "VC-DI-ECDSA 3.3", formJCS)
	// ecdsaSelective signs statement by statement, with P-256 only (section 3.6).
	ecdsaSelective = suite{
		name: ecdsaSD2023, proofType: typeDataIntegrity, clause: "VC-DI-ECDSA 3.6", form: formSelective,
		hash: func(key crypto.PublicKey) crypto.Hash {
			if hash := ecdsaHash(key); hash == crypto.SHA256 {
				return hash
			}
			return 0
		},
	}
)

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
