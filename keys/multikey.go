package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"
	"strings"

	"github.com/mr-tron/base58"
)

// multikeyLongest bounds the text of a Multikey: base58 takes quadratic time, and a P-384 key needs 70 characters.
const multikeyLongest = 128

// multikeyKind is a row of the table of Multikey headers (Controlled Identifiers 1.0 section 2.2.2): the multicodec prefix as
// an unsigned varint, and how many bytes follow it.
type multikeyKind struct {
	algorithm string
	prefix    []byte
	size      int
}

var multikeyKinds = []multikeyKind{
	{EdDSA, []byte{0xed, 0x01}, ed25519.PublicKeySize},
	{ES256, []byte{0x80, 0x24}, 33},
	{ES384, []byte{0x81, 0x24}, 49},
}

// secretPrefixes are the headers of secret keys: Ed25519, P-256 and P-384 (Controlled Identifiers 1.0 section 2.2.2).
var secretPrefixes = [][]byte{{0x80, 0x26}, {0x86, 0x26}, {0x87, 0x26}}

// ParseMultikey reads a public key in Multikey form: "z", then base58btc of a multicodec prefix and the key (Controlled
// Identifiers 1.0 section 2.2.2). Ed25519, P-256 and P-384 are known. Errors wrap [ErrKey] or [ErrWeakKey].
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
	for _, prefix := range secretPrefixes {
		if bytes.HasPrefix(data, prefix) {
			clear(data)
			return nil, fmt.Errorf("%w: the Multikey is a secret key, which must not be published", ErrKey)
		}
	}
	for _, kind := range multikeyKinds {
		raw, ok := bytes.CutPrefix(data, kind.prefix)
		if !ok {
			continue
		}
		if len(raw) != kind.size {
			return nil, fmt.Errorf("%w: the Multikey has the wrong length for its kind", ErrKey)
		}
		return rawKey(kind.algorithm, raw)
	}
	return nil, fmt.Errorf("%w: the Multikey is of a kind that Laurel does not use", ErrKey)
}

// rawKey reads the key of algorithm from its shortest binary form: 32 bytes, or a compressed point.
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
	default: // ES384
		return ecdsaOrNil(compressedKey(elliptic.P384(), raw))
	}
}

// ecdsaOrNil keeps a nil *ecdsa.PublicKey from becoming an interface that is not nil.
func ecdsaOrNil(pub *ecdsa.PublicKey, err error) (crypto.PublicKey, error) {
	if err != nil {
		return nil, err
	}
	return pub, nil
}

// Multikey writes an Ed25519, P-256 or P-384 key as [ParseMultikey] reads it. Errors wrap [ErrKey] or [ErrWeakKey].
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
	}
	for _, kind := range multikeyKinds {
		if kind.algorithm == AlgorithmFor(pub) {
			return "z" + base58.Encode(append(bytes.Clone(kind.prefix), raw...)), nil
		}
	}
	return "", fmt.Errorf("%w: an RSA key has no Multikey form here", ErrKey)
}
