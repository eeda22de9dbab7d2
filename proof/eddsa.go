package proof

import (
	"crypto"
	"crypto/ed25519"
)

// eddsaRDFC2022 is Data Integrity EdDSA Cryptosuites 1.0 section 3.2: Ed25519 over the hashes of configuration and document.
var eddsaRDFC2022 = suite{
	name:   "eddsa-rdfc-2022",
	clause: "VC-DI-EDDSA 3.2",
	hash: func(key crypto.PublicKey) crypto.Hash {
		if _, ok := key.(ed25519.PublicKey); ok {
			return crypto.SHA256
		}
		return 0
	},
	sign: func(signer crypto.Signer, data []byte) ([]byte, error) {
		return signer.Sign(nil, data, crypto.Hash(0)) // pure EdDSA: the message itself (RFC 8032 section 5.1.6)
	},
	verify: func(key crypto.PublicKey, data, signature []byte) *Error {
		if len(signature) != ed25519.SignatureSize || !ed25519.Verify(key.(ed25519.PublicKey), data, signature) {
			return &Error{Code: CodeSignatureInvalid, Clause: "VC-DI-EDDSA 3.2.2", Detail: "The signature does not fit this document and this key."}
		}
		return nil
	},
}
