package proof

import (
	"crypto"
	"crypto/ed25519"
)

// edDSA is what the suites of Ed25519 have in common: the signature is over the hashes of configuration and document themselves
// (Data Integrity EdDSA Cryptosuites 1.0 section 3.2.6).
func edDSA(name, clause string, form canonicalForm) suite {
	return suite{
		name: name, proofType: typeDataIntegrity, clause: clause, form: form,
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
				return unfit(clause)
			}
			return nil
		},
	}
}

var (
	eddsaRDFC2022 = edDSA("eddsa-rdfc-2022", "VC-DI-EDDSA 3.2", formRDFC)
	eddsaJCS2022  = edDSA("eddsa-jcs-2022", "VC-DI-EDDSA 3.3", formJCS)
	eddsa2022     = olderName(edDSA("eddsa-2022", "VC-DI-EDDSA 3.2", formRDFC)) // what drafts called eddsa-rdfc-2022
	// ed25519Signature2020 is the suite before DataIntegrityProof, for wallets that know nothing newer. Its context is
	// https://w3id.org/security/suites/ed25519-2020/v1, which the document has to bring along.
	ed25519Signature2020 = typeOfItsOwn(edDSA("Ed25519Signature2020", "VC-DI-EDDSA 3.4", formRDFC))
)

func olderName(s suite) suite {
	s.verifyOnly = true
	return s
}

func typeOfItsOwn(s suite) suite {
	s.proofType, s.dated = s.name, true
	return s
}
