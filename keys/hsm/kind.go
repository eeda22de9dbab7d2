//go:build pkcs11 && cgo

package hsm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"

	"github.com/miekg/pkcs11"

	"github.com/laurelbadges/laurel/keys"
)

// Values of PKCS#11 3.0 section 6.3, which the header of the library used here is older than.
const (
	ckkECEdwards           = 0x40
	ckmECEdwardsKeyPairGen = 0x1055
	ckmEdDSA               = 0x1057
)

// kind is how PKCS#11 names what Laurel does with one kind of key.
type kind struct {
	keyType  uint
	generate uint
	sign     uint
	curves   []string    // the DER forms of CKA_EC_PARAMS that tokens take, the usual one first
	hash     crypto.Hash // what is signed is this digest, or with 0 the message itself
	prefix   string      // DER before the digest in PKCS #1 v1.5 (RFC 8017 section 9.2)
}

const (
	oidP256    = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
	oidP384    = "\x06\x05\x2b\x81\x04\x00\x22"
	oidEd25519 = "\x06\x03\x2b\x65\x70" // RFC 8410 section 3
)

// kindOf returns how keys of a kind are made and used; ok is false for one that is not known.
func kindOf(name keys.Kind) (k kind, ok bool) {
	switch name {
	case keys.Ed25519:
		return kind{keyType: ckkECEdwards, generate: ckmECEdwardsKeyPairGen, sign: ckmEdDSA, curves: []string{oidEd25519,
			"\x13\x0cedwards25519",                                // PKCS#11 3.0 section 6.3.5, the name of RFC 8032
			"\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01"}}, true // of before RFC 8410
	case keys.P256:
		return kind{keyType: pkcs11.CKK_EC, generate: pkcs11.CKM_EC_KEY_PAIR_GEN, sign: pkcs11.CKM_ECDSA, curves: []string{oidP256}, hash: crypto.SHA256}, true
	case keys.P384:
		return kind{keyType: pkcs11.CKK_EC, generate: pkcs11.CKM_EC_KEY_PAIR_GEN, sign: pkcs11.CKM_ECDSA, curves: []string{oidP384}, hash: crypto.SHA384}, true
	case keys.RSA2048:
		return kind{keyType: pkcs11.CKK_RSA, generate: pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, sign: pkcs11.CKM_RSA_PKCS, hash: crypto.SHA256,
			prefix: "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"}, true
	}
	return kind{}, false
}

// kindFor returns the kind of a public key that [keys.Check] lets through.
func kindFor(public crypto.PublicKey) kind {
	name := map[string]keys.Kind{keys.EdDSA: keys.Ed25519, keys.ES256: keys.P256, keys.ES384: keys.P384, keys.RS256: keys.RSA2048}[keys.AlgorithmFor(public)]
	k, _ := kindOf(name)
	return k
}

// readPublic reads the public key of an object and checks it. Errors wrap [keys.ErrKey] or [keys.ErrWeakKey], or are the module's.
func readPublic(module *pkcs11.Ctx, s *session, object pkcs11.ObjectHandle) (crypto.PublicKey, error) {
	values, err := read(module, s, object, pkcs11.CKA_KEY_TYPE)
	if err != nil {
		return nil, err
	}
	var public crypto.PublicKey
	switch keyType := values[0]; {
	case bytes.Equal(keyType, number(pkcs11.CKK_RSA)):
		if values, err = read(module, s, object, pkcs11.CKA_MODULUS, pkcs11.CKA_PUBLIC_EXPONENT); err != nil {
			return nil, err
		}
		exponent := new(big.Int).SetBytes(values[1])
		if exponent.BitLen() > 31 {
			return nil, fmt.Errorf("%w: the RSA exponent is longer than 31 bits", keys.ErrKey)
		}
		public = &rsa.PublicKey{N: new(big.Int).SetBytes(values[0]), E: int(exponent.Int64())}
	case bytes.Equal(keyType, number(pkcs11.CKK_EC)), bytes.Equal(keyType, number(ckkECEdwards)):
		if values, err = read(module, s, object, pkcs11.CKA_EC_PARAMS, pkcs11.CKA_EC_POINT); err != nil {
			return nil, err
		}
		if public, err = curveKey(keyType, string(values[0]), values[1]); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("%w: the token says it is of a type that Laurel does not use", keys.ErrKey)
	}
	return public, keys.Check(public)
}

// curveKey reads the point of a curve.
func curveKey(keyType []byte, curve string, point []byte) (crypto.PublicKey, error) {
	edwards, _ := kindOf(keys.Ed25519)
	if bytes.Equal(keyType, number(ckkECEdwards)) {
		for _, known := range edwards.curves {
			if curve == known {
				return ed25519.PublicKey(unwrap(point, ed25519.PublicKeySize)), nil
			}
		}
		return nil, fmt.Errorf("%w: its curve is not Ed25519", keys.ErrKey)
	}
	known, ok := map[string]elliptic.Curve{oidP256: elliptic.P256(), oidP384: elliptic.P384()}[curve]
	if !ok {
		return nil, fmt.Errorf("%w: its curve is neither P-256 nor P-384", keys.ErrKey)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(known, unwrap(point, 1+2*((known.Params().BitSize+7)/8)))
	if err != nil {
		return nil, fmt.Errorf("%w: the token gives no point of its curve", keys.ErrKey)
	}
	return public, nil
}

// unwrap takes the size bytes of a point out of the OCTET STRING that PKCS#11 2.40 and 3.0 want around it, or the BIT STRING that
// some tokens put there for Ed25519; others give the bytes alone. What is none of these comes back as it is and fails later.
func unwrap(point []byte, size int) []byte {
	if len(point) == size {
		return point
	}
	var octets []byte
	if rest, err := asn1.Unmarshal(point, &octets); err == nil && len(rest) == 0 {
		return octets
	}
	var bits asn1.BitString
	if rest, err := asn1.Unmarshal(point, &bits); err == nil && len(rest) == 0 {
		return bits.Bytes
	}
	return point
}

// read returns the values of attributes of an object.
func read(module *pkcs11.Ctx, s *session, object pkcs11.ObjectHandle, types ...uint) ([][]byte, error) {
	var asked []*pkcs11.Attribute
	for _, t := range types {
		asked = append(asked, pkcs11.NewAttribute(t, nil))
	}
	got, err := module.GetAttributeValue(s.handle, object, asked)
	if err != nil {
		return nil, err
	}
	var values [][]byte
	for _, a := range got {
		values = append(values, a.Value)
	}
	return values, nil
}

// number is a CK_ULONG as the module writes it.
func number(n uint) []byte { return pkcs11.NewAttribute(0, n).Value }
