package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha512"
	"slices"

	"filippo.io/edwards25519"
)

// BatchVerifier verifies many signatures in less time than they take one by one: those of Ed25519 in one equation, in a quarter (Bernstein and
// others, High-speed high-security signatures, section 5), and those of P-256 with what [KnownKeys] remembers, in half. It is for what this
// program has just signed itself: only who has the private key can make a signature of Ed25519 that is found right here and wrong by itself,
// with a point of small order in it. The zero value is ready, and takes Ed25519 alone. It is not safe for concurrent use.
type BatchVerifier struct {
	known      *KnownKeys
	signatures []signature
	keys       map[string]*edwards25519.Point // that were added, by their bytes
	wrong      []int                          // of P-256
	added      int
}

// signature is one of RFC 8032 section 5.1.7 as far as it can be read by itself.
type signature struct {
	number int                 // among all that were added
	key    *edwards25519.Point // nil: it is wrong already
	r      *edwards25519.Point
	rBytes [32]byte
	s, k   *edwards25519.Scalar
}

// Add takes a signature of a message, as [SignMessage] writes it, under a key of this program. Nothing of them is kept. Those that it does not
// take have to be verified elsewhere: of kinds that it does not know, and of P-256 keys that have not signed often; nil takes none.
func (b *BatchVerifier) Add(public crypto.PublicKey, message, signed []byte) (taken bool) {
	if b == nil {
		return false
	}
	switch public := public.(type) {
	case ed25519.PublicKey:
		one := b.read(public, message, signed)
		one.number = b.added
		b.signatures = append(b.signatures, one)
	case *ecdsa.PublicKey:
		if b.known == nil || public.Curve != elliptic.P256() {
			return false
		}
		multiples := b.known.multiples(public)
		if multiples == nil {
			return false
		}
		if !multiples.holds(message, signed) {
			b.wrong = append(b.wrong, b.added)
		}
	default:
		return false
	}
	b.added++
	return true
}

// Len is how many signatures were taken.
func (b *BatchVerifier) Len() int { return b.added }

func (b *BatchVerifier) read(public ed25519.PublicKey, message, signed []byte) (read signature) {
	if len(signed) != ed25519.SignatureSize || len(public) != ed25519.PublicKeySize {
		return signature{}
	}
	var err error
	if read.r, err = new(edwards25519.Point).SetBytes(signed[:32]); err != nil {
		return signature{}
	}
	copy(read.rBytes[:], signed)
	if doubtful(read.rBytes[:]) && !bytes.Equal(read.r.Bytes(), read.rBytes[:]) {
		return signature{}
	}
	if read.s, err = edwards25519.NewScalar().SetCanonicalBytes(signed[32:]); err != nil {
		return signature{}
	}
	hash := sha512.New()
	hash.Write(signed[:32])
	hash.Write(public)
	hash.Write(message)
	if read.k, err = edwards25519.NewScalar().SetUniformBytes(hash.Sum(nil)); err != nil {
		return signature{}
	}
	key := b.keys[string(public)]
	if key == nil {
		if key, err = new(edwards25519.Point).SetBytes(public); err != nil {
			return signature{}
		}
		if b.keys == nil {
			b.keys = map[string]*edwards25519.Point{}
		}
		b.keys[string(public)] = key
	}
	read.key = key
	return read
}

// doubtful says of the bytes of a point that they may not be the only ones that it can be read from (RFC 8032 section 5.1.3, steps 1 and 4):
// y is not below the prime, or x is 0 and has a sign. What is between the first byte and the last is the same then.
func doubtful(encoded []byte) bool {
	middle := encoded[1 : len(encoded)-1]
	return bytes.Count(middle, middle[:1]) == len(middle)
}

// Verify says which of the signatures are wrong, by the order in which they were taken: none where all are right.
func (b *BatchVerifier) Verify() (wrong []int) {
	wrong = slices.Clone(b.wrong)
	if len(b.signatures) > 1 && b.together() {
		return wrong
	}
	for i := range b.signatures {
		if one := &b.signatures[i]; !one.holds() {
			wrong = append(wrong, one.number)
		}
	}
	slices.Sort(wrong)
	return wrong
}

// together says that all are right: with factors z that nobody could foresee, the sum of z(R + kA - sB) is zero.
func (b *BatchVerifier) together() bool {
	factors := make([]byte, 16*len(b.signatures))
	_, _ = rand.Read(factors) // never fails
	scalars := make([]*edwards25519.Scalar, 0, len(b.signatures)+len(b.keys))
	points := make([]*edwards25519.Point, 0, cap(scalars))
	ofKeys := map[*edwards25519.Point]*edwards25519.Scalar{}
	ofBase := edwards25519.NewScalar()
	for i := range b.signatures {
		one := &b.signatures[i]
		if one.key == nil {
			return false
		}
		var wide [32]byte
		copy(wide[:], factors[16*i:16*i+16])
		z, err := edwards25519.NewScalar().SetCanonicalBytes(wide[:])
		if err != nil {
			return false
		}
		if ofKeys[one.key] == nil {
			ofKeys[one.key] = edwards25519.NewScalar()
		}
		ofKeys[one.key].MultiplyAdd(z, one.k, ofKeys[one.key])
		ofBase.MultiplyAdd(z, one.s, ofBase)
		scalars, points = append(scalars, z), append(points, one.r)
	}
	for key, k := range ofKeys {
		scalars, points = append(scalars, k), append(points, key)
	}
	sum := new(edwards25519.Point).VarTimeMultiScalarMult(scalars, points)
	return sum.Equal(new(edwards25519.Point).ScalarBaseMult(ofBase)) == 1
}

// holds is the verification of RFC 8032 section 5.1.7, as crypto/ed25519 does it: sB - kA is R, byte for byte.
func (s *signature) holds() bool {
	if s.key == nil {
		return false
	}
	minus := new(edwards25519.Point).Negate(s.key)
	r := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(s.k, minus, s.s)
	return bytes.Equal(r.Bytes(), s.rBytes[:])
}
