package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"sync/atomic"
)

var (
	// ErrKey is wrapped by the errors of a key, name or document that cannot be read or is of a kind that Laurel does not use.
	ErrKey = errors.New("the key or its name cannot be used")
	// ErrWeakKey is wrapped by the errors of a key that can be read, but under which a signature proves nothing.
	ErrWeakKey = errors.New("the key is weak")
)

// Bounds of an RSA modulus in bits. The lower one is RFC 7518 section 3.3; the upper one bounds the work of one signature check.
const (
	rsaLeast = 2048
	rsaMost  = 8192
)

// Algorithm names of JOSE (RFC 7518 section 3.1, RFC 8037 section 3.1) that a key can have.
const (
	EdDSA = "EdDSA" // Ed25519
	ES256 = "ES256" // ECDSA on P-256 with SHA-256
	ES384 = "ES384" // ECDSA on P-384 with SHA-384
	RS256 = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256
)

// AlgorithmFor returns the JOSE name of the one algorithm that Laurel uses with pub, or "" when it uses none.
func AlgorithmFor(pub crypto.PublicKey) string {
	switch pub := pub.(type) {
	case ed25519.PublicKey:
		return EdDSA
	case *ecdsa.PublicKey:
		switch {
		case pub == nil:
		case pub.Curve == elliptic.P256():
			return ES256
		case pub.Curve == elliptic.P384():
			return ES384
		}
	case *rsa.PublicKey:
		if pub != nil {
			return RS256
		}
	}
	return ""
}

// Check returns nil when pub is a key that Laurel believes. Its errors wrap [ErrKey] or [ErrWeakKey].
func Check(pub crypto.PublicKey) error {
	switch pub := pub.(type) {
	case ed25519.PublicKey:
		return checkEd25519(pub)
	case *ecdsa.PublicKey:
		if AlgorithmFor(pub) == "" {
			return fmt.Errorf("%w: the curve is neither P-256 nor P-384", ErrKey)
		}
		if _, err := pub.Bytes(); err != nil {
			return fmt.Errorf("%w: the point is not on its curve", ErrKey)
		}
		return nil
	case *rsa.PublicKey:
		return checkRSA(pub)
	}
	return fmt.Errorf("%w: it is neither Ed25519 nor ECDSA nor RSA", ErrKey)
}

// checkRSA holds the modulus to RFC 7518 section 3.3 and the exponent to FIPS 186-5 section A.1.1: odd and above 2^16.
func checkRSA(pub *rsa.PublicKey) error {
	switch {
	case pub == nil || pub.N == nil || pub.N.Sign() <= 0:
		return fmt.Errorf("%w: the RSA key has no modulus", ErrKey)
	case pub.N.BitLen() > rsaMost:
		return fmt.Errorf("%w: the RSA modulus is longer than %d bits", ErrKey, rsaMost)
	case pub.N.BitLen() < rsaLeast:
		return fmt.Errorf("%w: the RSA modulus is shorter than %d bits", ErrWeakKey, rsaLeast)
	case pub.N.Bit(0) == 0:
		return fmt.Errorf("%w: the RSA modulus is even", ErrWeakKey)
	case pub.E <= 1<<16 || pub.E%2 == 0:
		return fmt.Errorf("%w: the RSA exponent is even or too small", ErrWeakKey)
	}
	return nil
}

// field is the prime 2^255-19 and curveD the constant d of edwards25519 (RFC 8032 section 5.1). Neither is changed.
var (
	field, _  = new(big.Int).SetString("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed", 16)
	curveD, _ = new(big.Int).SetString("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", 16)
)

// smallOrder are the y coordinates of the eight points of edwards25519 whose order divides 8; two points share each but y = 1
// and y = -1. Under such a key one signature can be made to fit many messages without any private key.
var smallOrder = map[string]bool{
	"0": true, // order 4
	"1": true, // the identity
	"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec": true, // order 2
	"7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7": true, // order 8
	"5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826":  true, // order 8
}

// checkEd25519 refuses what is no point (RFC 8032 section 5.1.3), what is not written in the one canonical way, and points of
// small order. crypto/ed25519 accepts the last two.
func checkEd25519(pub ed25519.PublicKey) error {
	if len(pub) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: an Ed25519 key has 32 bytes", ErrKey)
	}
	slot := &goodEd25519[pub[0]]
	if known := slot.Load(); known != nil && *known == [ed25519.PublicKeySize]byte(pub) {
		return nil
	}
	var encoded [ed25519.PublicKeySize]byte // big-endian, without the sign of x
	for i, b := range pub {
		encoded[len(pub)-1-i] = b
	}
	encoded[0] &= 0x7f
	y := new(big.Int).SetBytes(encoded[:])
	if y.Cmp(field) >= 0 {
		return fmt.Errorf("%w: the Ed25519 point is not in canonical form", ErrWeakKey)
	}
	if smallOrder[y.Text(16)] {
		return fmt.Errorf("%w: the Ed25519 point has a small order", ErrWeakKey)
	}
	// x^2 = (y^2-1)/(d*y^2+1) has a root exactly when the product of both is a square.
	one := big.NewInt(1)
	square := new(big.Int).Mul(y, y)
	over := new(big.Int).Sub(square, one)
	under := square.Mul(square, curveD)
	under.Add(under, one)
	if big.Jacobi(over.Mul(over, under).Mod(over, field), field) < 0 {
		return fmt.Errorf("%w: the bytes are no point of Ed25519", ErrKey)
	}
	key := [ed25519.PublicKeySize]byte(pub)
	slot.Store(&key)
	return nil
}

// goodEd25519 remembers keys that checkEd25519 let through, one for each first byte: a verification asks two or three times for one
// key, issuers come again, and the arithmetic costs a quarter of a signature check. Only whole keys are compared and only good
// ones kept, so that no answer depends on what it holds.
var goodEd25519 [256]atomic.Pointer[[ed25519.PublicKeySize]byte]

// pointKey reads an uncompressed point of curve (SEC 1 section 2.3.3).
func pointKey(curve elliptic.Curve, point []byte) (*ecdsa.PublicKey, error) {
	pub, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, fmt.Errorf("%w: the coordinates are no point of the curve", ErrKey)
	}
	return pub, nil
}

// compressedKey reads a compressed point of curve (SEC 1 section 2.3.3).
func compressedKey(curve elliptic.Curve, point []byte) (*ecdsa.PublicKey, error) {
	x, y := elliptic.UnmarshalCompressed(curve, point)
	if x == nil {
		return nil, fmt.Errorf("%w: the bytes are no compressed point of the curve", ErrKey)
	}
	size := (curve.Params().BitSize + 7) / 8
	uncompressed := make([]byte, 1+2*size)
	uncompressed[0] = 4
	x.FillBytes(uncompressed[1 : 1+size])
	y.FillBytes(uncompressed[1+size:])
	return pointKey(curve, uncompressed)
}
