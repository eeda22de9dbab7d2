package keys

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"math/big"
	"sync"

	"filippo.io/nistec"
)

// KnownKeys remembers of P-256 keys what verifying with them begins with, so that it takes half the time from their second signature on. It
// is for the few keys of this program itself: each takes half a megabyte. The zero value is ready. It is safe for concurrent use.
type KnownKeys struct {
	mu   sync.Mutex
	p256 map[ecdsaPoint]*p256Multiples
}

// mostKnown is how many keys are remembered at a time.
const mostKnown = 16

// ecdsaPoint is the bytes of a public key.
type ecdsaPoint [65]byte

// p256Multiples are the multiples of a point by each digit from 1, for each place of a scalar from the lowest.
type p256Multiples [places][1<<digitBits - 1]nistec.P256Point

const (
	digitBits = 6
	places    = (256 + digitBits - 1) / digitBits
)

// Batch begins a BatchVerifier that takes P-256 keys too.
func (k *KnownKeys) Batch() *BatchVerifier { return &BatchVerifier{known: k} }

// multiples are those of a key; nil for one that is no point of P-256.
func (k *KnownKeys) multiples(public *ecdsa.PublicKey) *p256Multiples {
	encoded, err := public.Bytes()
	if err != nil || len(encoded) != len(ecdsaPoint{}) {
		return nil
	}
	name := ecdsaPoint(encoded)
	k.mu.Lock()
	defer k.mu.Unlock()
	if known := k.p256[name]; known != nil {
		return known
	}
	made := multiplesOf(encoded)
	if made == nil {
		return nil
	}
	if k.p256 == nil || len(k.p256) >= mostKnown {
		k.p256 = map[ecdsaPoint]*p256Multiples{}
	}
	k.p256[name] = made
	return made
}

func multiplesOf(encoded []byte) *p256Multiples {
	at, err := nistec.NewP256Point().SetBytes(encoded)
	if err != nil {
		return nil
	}
	all := &p256Multiples{}
	for place := range all {
		next := nistec.NewP256Point().Set(at)
		for digit := range all[place] {
			all[place][digit].Set(next)
			next.Add(next, at)
		}
		at = next // 64 times what it was
	}
	return all
}

// times is the point times a scalar below 2^256. Its time tells the scalar, which is public here.
func (m *p256Multiples) times(scalar *big.Int) *nistec.P256Point {
	sum := nistec.NewP256Point()
	for place := range m {
		digit := 0
		for bit := digitBits - 1; bit >= 0; bit-- {
			digit = digit<<1 | int(scalar.Bit(place*digitBits+bit))
		}
		if digit > 0 {
			sum.Add(sum, &m[place][digit-1])
		}
	}
	return sum
}

// holds is the verification of FIPS 186-5 section 6.4.2 with SHA-256: r and s stand side by side in 32 bytes each.
func (m *p256Multiples) holds(message, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	order := elliptic.P256().Params().N
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if r.Sign() == 0 || s.Sign() == 0 || r.Cmp(order) >= 0 || s.Cmp(order) >= 0 {
		return false
	}
	digest := sha256.Sum256(message)
	inverse := new(big.Int).ModInverse(s, order)
	ofBase := new(big.Int).SetBytes(digest[:])
	ofBase.Mod(ofBase.Mul(ofBase, inverse), order)
	ofKey := inverse.Mod(inverse.Mul(inverse, r), order)
	point, err := nistec.NewP256Point().ScalarBaseMult(ofBase.FillBytes(make([]byte, 32)))
	if err != nil {
		return false
	}
	x, err := point.Add(point, m.times(ofKey)).BytesX()
	if err != nil { // the point at infinity
		return false
	}
	found := new(big.Int).SetBytes(x)
	return found.Mod(found, order).Cmp(r) == 0
}
