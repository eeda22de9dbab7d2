package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// Signer is a private key with the name that its signatures give. Only the interface of crypto.Signer is used, so a key in a
// file, in a hardware module and in a cloud service are alike.
type Signer struct {
	ID     string // the verification method: a DID URL or https URL, with its fragment
	Signer crypto.Signer
}

// SignMessage signs message with the one algorithm of the key ([AlgorithmFor]), hashing as that asks, and returns the signature as
// JOSE and Data Integrity write it: 64 bytes for Ed25519; r and s side by side in fixed width, 64 bytes for P-256 and 96 for
// P-384 (RFC 7518 section 3.4); for RSA as long as the modulus. Errors wrap [ErrKey] or [ErrWeakKey] when the key cannot be
// used, or what the signer said.
func SignMessage(signer crypto.Signer, message []byte) ([]byte, error) {
	if signer == nil {
		return nil, fmt.Errorf("%w: there is no private key", ErrKey)
	}
	pub := signer.Public()
	if err := Check(pub); err != nil {
		return nil, err
	}
	algorithm := AlgorithmFor(pub)
	digest, hash := message, crypto.Hash(0)
	switch algorithm {
	case ES256, RS256:
		sum := sha256.Sum256(message)
		digest, hash = sum[:], crypto.SHA256
	case ES384:
		sum := sha512.Sum384(message)
		digest, hash = sum[:], crypto.SHA384
	}
	signature, err := signer.Sign(rand.Reader, digest, hash)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	switch algorithm {
	case ES256:
		return fixedWidth(signature, 32)
	case ES384:
		return fixedWidth(signature, 48)
	}
	return signature, nil
}

// fixedWidth turns the ASN.1 form that crypto.Signer gives into r and s of size bytes each.
func fixedWidth(signature []byte, size int) ([]byte, error) {
	var pair struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(signature, &pair)
	if err != nil || len(rest) > 0 || pair.R.Sign() <= 0 || pair.S.Sign() <= 0 ||
		pair.R.BitLen() > 8*size || pair.S.BitLen() > 8*size {
		return nil, errors.New("signing: the signer gave no ECDSA signature of the right size")
	}
	fixed := make([]byte, 2*size)
	pair.R.FillBytes(fixed[:size])
	pair.S.FillBytes(fixed[size:])
	return fixed, nil
}
