package proof

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	_ "crypto/sha256" // the hashes of the suites
	_ "crypto/sha512"
	"maps"
	"slices"
)

// suite is a Data Integrity cryptographic suite.
type suite struct {
	name       string // the cryptosuite, or the proof type for a suite that is a type of its own
	proofType  string
	clause     string // of the suite; its subsection 2 is how a proof is verified
	form       canonicalForm
	verifyOnly bool // an older name, under which nothing is signed any more
	dated      bool // created has to be there

	// hash is that of the canonicalisation and of document and configuration, for a key that fits; 0 for one that does not.
	hash func(crypto.PublicKey) crypto.Hash
	// sign signs the concatenated hashes; verify checks such a signature, with a key that fits. Both are nil for selective
	// disclosure, which signs more than these.
	sign   func(signer crypto.Signer, data []byte) ([]byte, error)
	verify func(key crypto.PublicKey, data, signature []byte) *Error
}

// unfit is the finding for a signature that does not fit, by the clause of the suite.
func unfit(clause string) *Error {
	return &Error{Code: CodeSignatureInvalid, Clause: clause + ".2", Detail: "The signature does not fit this document and this key."}
}

// canonicalForm is the form in which document and configuration are hashed.
type canonicalForm uint8

const (
	formRDFC      canonicalForm = iota // the canonical dataset (RDFC-1.0)
	formJCS                            // the canonical JSON text (RFC 8785)
	formSelective                      // the canonical dataset, statement by statement
)

// typeDataIntegrity is the type of the proofs that name their suite (Data Integrity 1.0 section 3.1).
const typeDataIntegrity = "DataIntegrityProof"

// suites is every cryptosuite that Laurel verifies, by its name.
var suites = map[string]suite{
	eddsaRDFC2022.name:        eddsaRDFC2022,
	eddsaJCS2022.name:         eddsaJCS2022,
	eddsa2022.name:            eddsa2022,
	ed25519Signature2020.name: ed25519Signature2020,
	ecdsaRDFC2019.name:        ecdsaRDFC2019,
	ecdsaJCS2019.name:         ecdsaJCS2019,
	ecdsaSelective.name:       ecdsaSelective,
}

// findSuite is the suite of a proof by its type and cryptosuite. A type of its own is no cryptosuite, and the other way round.
func findSuite(proofType, cryptosuite string) (s suite, known bool) {
	name := cryptosuite
	if proofType != typeDataIntegrity {
		name = proofType
	}
	s, known = suites[name]
	return s, known && s.proofType == proofType
}

// Suites is the name of every suite that [Seal] signs with, sorted.
func Suites() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(suites)), func(name string) bool { return suites[name].verifyOnly })
}

// SuiteFor is the suite that a key signs with by default: eddsa-rdfc-2022 for Ed25519, ecdsa-rdfc-2019 for P-256 and P-384, and
// "" for a key of any other kind.
func SuiteFor(key crypto.PublicKey) string {
	switch key.(type) {
	case ed25519.PublicKey:
		return eddsaRDFC2022.name
	case *ecdsa.PublicKey:
		if ecdsaHash(key) != 0 {
			return ecdsaRDFC2019.name
		}
	}
	return ""
}
