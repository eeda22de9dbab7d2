package keys

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"maps"
	"math/big"
	"sync"

	"filippo.io/nistec"
)

// KnownKeys remembers of P-256 keys what verifying with them begins with, so that it takes half the time. It is for the keys of this program
// itself: those that sign most are remembered, a quarter of a megabyte each. The zero value is ready. It is safe for concurrent use.
type KnownKeys struct {
	mu    sync.Mutex
	p256  map[ecdsaPoint]*knownKey
	clock uint64 // signatures that were seen
}

// knownKey is a key that has signed.
type knownKey struct {
	seen      int            // signatures since it was last forgotten
	used      uint64         // KnownKeys.clock at the last of them
	multiples *p256Multiples // nil: they are not worked out
}

// Bounds of what is remembered. Working out the multiples of a key takes as long as some thirty verifications that are spared half of
// their time, so it has to have signed twice as often.
const (
	mostKnown = 32      // keys with their multiples
	mostSeen  = 1 << 10 // keys that have signed
	worthIt   = 64      // signatures
)

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

// multiples are those of a key; nil for one of which they are not known.
func (k *KnownKeys) multiples(public *ecdsa.PublicKey) *p256Multiples {
	encoded, err := public.Bytes()
	if err != nil || len(encoded) != len(ecdsaPoint{}) {
		return nil
	}
	key, due := k.see(ecdsaPoint(encoded))
	if !due {
		return key
	}
	made := multiplesOf(encoded) // while others go on without
	if made != nil {
		k.keep(ecdsaPoint(encoded), made)
	}
	return made
}

// see counts a signature of a key. due says that its multiples are to be worked out, which is said once.
func (k *KnownKeys) see(name ecdsaPoint) (known *p256Multiples, due bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clock++
	key := k.p256[name]
	if key == nil {
		if len(k.p256) >= mostSeen {
			maps.DeleteFunc(k.p256, func(_ ecdsaPoint, old *knownKey) bool { return old.multiples == nil })
		}
		if k.p256 == nil {
			k.p256 = map[ecdsaPoint]*knownKey{}
		}
		key = &knownKey{}
		k.p256[name] = key
	}
	key.seen++
	key.used = k.clock
	return key.multiples, key.seen == worthIt
}

// keep remembers the multiples of a key, in the place of those that were not used for the longest time.
func (k *KnownKeys) keep(name ecdsaPoint, multiples *p256Multiples) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var oldest *knownKey
	count := 0
	for _, key := range k.p256 {
		if key.multiples == nil {
			continue
		}
		if count++; oldest == nil || key.used < oldest.used {
			oldest = key
		}
	}
	if count >= mostKnown {
		*oldest = knownKey{used: oldest.used}
	}
	if key := k.p256[name]; key != nil { // else it was forgotten meanwhile
		key.multiples = multiples
	}
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
