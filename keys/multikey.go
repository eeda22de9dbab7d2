package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/mr-tron/base58"
)

// Bounds of base58 text, which takes quadratic time to read: a P-384 key needs 70 characters, an RSA key of 4096 bits 724.
const (
	multikeyLongest = 724
	base58Longest   = 128 // of publicKeyBase58, which holds no RSA key

	rsaMultikeyMost = 4096 // bits of an RSA modulus that has a Multikey form
)

// multikeyKind is a row of the table of Multikey headers (Controlled Identifiers 1.0 section 2.2.2, for RSA the multicodec
// table, rsa-pub): the multicodec prefix as an unsigned varint, and how many bytes follow it; 0 where the key decides.
type multikeyKind struct {
	algorithm string
	prefix    []byte
	size      int
}

var multikeyKinds = []multikeyKind{
	{EdDSA, []byte{0xed, 0x01}, ed25519.PublicKeySize},
	{ES256, []byte{0x80, 0x24}, 33},
	{ES384, []byte{0x81, 0x24}, 49},
	{RS256, []byte{0x85, 0x24}, 0},
}

// otherKinds name the public keys of the multicodec table that are met in did:key and that Laurel does not use.
var otherKinds = []struct {
	prefix []byte
	name   string
}{
	{[]byte{0xe7, 0x01}, "a secp256k1 key"},
	{[]byte{0xec, 0x01}, "an X25519 key, which is for encryption"},
	{[]byte{0xea, 0x01}, "a BLS12-381 key"},
	{[]byte{0xeb, 0x01}, "a BLS12-381 key"},
	{[]byte{0xee, 0x01}, "a BLS12-381 key"},
	{[]byte{0x82, 0x24}, "a P-521 key"},
	{[]byte{0x83, 0x24}, "an Ed448 key"},
	{[]byte{0x84, 0x24}, "an X448 key, which is for encryption"},
	{[]byte{0x86, 0x24}, "an SM2 key"},
	{[]byte{0xd1, 0xd6, 0x03}, "a key in JSON form (jwk_jcs-pub)"},
}

// isSecret tells the secret keys of the multicodec table, 0x1300 to 0x137f, from all others (Controlled Identifiers 1.0
// section 2.2.2 names 0x1300, 0x1306 and 0x1307).
func isSecret(data []byte) bool {
	return len(data) >= 2 && data[0] >= 0x80 && data[1] == 0x26
}

// ParseMultikey reads a public key in Multikey form: "z", then base58btc of a multicodec prefix and the key (Controlled
// Identifiers 1.0 section 2.2.2). Ed25519, P-256 and P-384 are known, and RSA from 2048 to 4096 bits as did:key writes it. Errors
// say which other kind it is, and wrap [ErrKey] or [ErrWeakKey].
func ParseMultikey(text string) (crypto.PublicKey, error) {
	encoded, ok := strings.CutPrefix(text, "z") // one z only: the value itself may begin with another
	if !ok {
		return nil, fmt.Errorf("%w: a Multikey begins with z (base58btc)", ErrKey)
	}
	if len(text) > multikeyLongest {
		return nil, fmt.Errorf("%w: the Multikey is longer than %d characters", ErrKey, multikeyLongest)
	}
	data, err := base58.Decode(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: the Multikey is not base58", ErrKey)
	}
	if isSecret(data) {
		clear(data)
		return nil, fmt.Errorf("%w: the Multikey is a secret key, which must not be published", ErrKey)
	}
	for _, kind := range multikeyKinds {
		raw, ok := bytes.CutPrefix(data, kind.prefix)
		if !ok {
			continue
		}
		if kind.size > 0 && len(raw) != kind.size {
			return nil, fmt.Errorf("%w: the Multikey has the wrong length for its kind", ErrKey)
		}
		return rawKey(kind.algorithm, raw)
	}
	for _, kind := range otherKinds {
		if bytes.HasPrefix(data, kind.prefix) {
			return nil, fmt.Errorf("%w: the Multikey is %s; Laurel uses Ed25519, P-256, P-384 and RSA", ErrKey, kind.name)
		}
	}
	return nil, fmt.Errorf("%w: the Multikey is of a kind that Laurel does not use", ErrKey)
}

// rawKey reads the key of algorithm from its shortest binary form: 32 bytes, a compressed point, or DER.
func rawKey(algorithm string, raw []byte) (crypto.PublicKey, error) {
	switch algorithm {
	case EdDSA:
		pub := ed25519.PublicKey(raw)
		if err := checkEd25519(pub); err != nil {
			return nil, err
		}
		return pub, nil
	case ES256:
		return ecdsaOrNil(compressedKey(elliptic.P256(), raw))
	case ES384:
		return ecdsaOrNil(compressedKey(elliptic.P384(), raw))
	}
	return rsaKeyOf(raw)
}

// rsaKeyOf reads an RSAPublicKey in DER (RFC 8017 appendix A.1.1), which has one spelling only.
func rsaKeyOf(der []byte) (crypto.PublicKey, error) {
	pub, err := x509.ParsePKCS1PublicKey(der)
	if err != nil || !bytes.Equal(x509.MarshalPKCS1PublicKey(pub), der) {
		return nil, fmt.Errorf("%w: the Multikey is no RSA key in DER", ErrKey)
	}
	if pub.N.BitLen() > rsaMultikeyMost {
		return nil, fmt.Errorf("%w: the RSA modulus is longer than the %d bits that a Multikey may have", ErrKey, rsaMultikeyMost)
	}
	if err := checkRSA(pub); err != nil {
		return nil, err
	}
	return pub, nil
}

// ecdsaOrNil keeps a nil *ecdsa.PublicKey from becoming an interface that is not nil.
func ecdsaOrNil(pub *ecdsa.PublicKey, err error) (crypto.PublicKey, error) {
	if err != nil {
		return nil, err
	}
	return pub, nil
}

// Multikey writes a key as [ParseMultikey] reads it. Errors wrap [ErrKey] or [ErrWeakKey].
func Multikey(pub crypto.PublicKey) (string, error) {
	if err := Check(pub); err != nil {
		return "", err
	}
	var raw []byte
	switch pub := pub.(type) {
	case ed25519.PublicKey:
		raw = pub
	case *ecdsa.PublicKey:
		point, err := pub.Bytes()
		if err != nil {
			return "", fmt.Errorf("%w: the point is not on its curve", ErrKey)
		}
		size := len(point) / 2
		raw = append([]byte{2 | point[len(point)-1]&1}, point[1:1+size]...)
	case *rsa.PublicKey:
		if pub.N.BitLen() > rsaMultikeyMost {
			return "", fmt.Errorf("%w: an RSA key of more than %d bits has no Multikey form here", ErrKey, rsaMultikeyMost)
		}
		raw = x509.MarshalPKCS1PublicKey(pub)
	}
	for _, kind := range multikeyKinds {
		if kind.algorithm == AlgorithmFor(pub) {
			return "z" + base58.Encode(append(bytes.Clone(kind.prefix), raw...)), nil
		}
	}
	return "", fmt.Errorf("%w: it has no Multikey form", ErrKey)
}
