package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"filippo.io/nistec"
	"pgregory.net/rapid"
)

// signedOnce is a signature as BatchVerifier takes it.
type signedOnce struct {
	public             crypto.PublicKey
	message, signature []byte
}

// holds is what the standard library says of it.
func (s signedOnce) holds() bool {
	switch public := s.public.(type) {
	case ed25519.PublicKey:
		return len(public) == ed25519.PublicKeySize && ed25519.Verify(public, s.message, s.signature)
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(s.message)
		return len(s.signature) == 64 && ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(s.signature[:32]), new(big.Int).SetBytes(s.signature[32:]))
	}
	return false
}

var known KnownKeys // by all tests

func verifyTogether(t testing.TB, all []signedOnce) []int {
	for _, one := range all {
		if public, ok := one.public.(*ecdsa.PublicKey); ok {
			for range worthIt {
				if known.multiples(public) != nil {
					break
				}
			}
		}
	}
	b := known.Batch()
	for i, one := range all {
		if !b.Add(one.public, one.message, one.signature) || b.Len() != i+1 {
			t.Fatalf("signature %d was not taken", i)
		}
	}
	return b.Verify()
}

func p256Key(t testing.TB, seed byte) *ecdsa.PrivateKey {
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func edKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

// TestBatchVerifier: together they are wrong and right as one by one, whichever bits were changed in whichever of them.
func TestBatchVerifier(t *testing.T) {
	elliptical := []*ecdsa.PrivateKey{p256Key(t, 1), p256Key(t, 2), p256Key(t, 3)}
	rapid.Check(t, func(r *rapid.T) {
		all := make([]signedOnce, rapid.IntRange(0, 12).Draw(r, "signatures"))
		var want []int
		for i := range all {
			var private crypto.Signer = edKey(byte(rapid.IntRange(1, 3).Draw(r, "key")))
			if rapid.Bool().Draw(r, "P-256") {
				private = rapid.SampledFrom(elliptical).Draw(r, "key")
			}
			message := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(r, "message")
			signature, err := SignMessage(private, message)
			if err != nil {
				r.Fatal(err)
			}
			one := signedOnce{private.Public(), message, signature}
			switch rapid.IntRange(0, 7).Draw(r, "change") {
			case 0:
				bit := rapid.IntRange(0, 511).Draw(r, "bit")
				one.signature[bit/8] ^= 1 << (bit % 8)
			case 1:
				one.message = append(bytes.Clone(message), 0)
			case 2:
				one.public = rapid.SampledFrom([]crypto.PublicKey{edKey(9).Public(), elliptical[0].Public()}).Draw(r, "another key")
			case 3:
				one.signature = one.signature[:rapid.IntRange(0, 63).Draw(r, "length")]
			case 4:
				if public, ok := one.public.(ed25519.PublicKey); ok {
					bit := rapid.IntRange(0, 255).Draw(r, "bit")
					public = bytes.Clone(public)
					public[bit/8] ^= 1 << (bit % 8)
					one.public = public
				}
			}
			if all[i] = one; !one.holds() {
				want = append(want, i)
			}
		}
		if wrong := verifyTogether(t, all); !slices.Equal(wrong, want) {
			r.Fatalf("wrong are %v, and one by one %v", wrong, want)
		}
	})
}

// TestBatchVerifierForged: signatures that some programs take for good and crypto/ed25519 does not. With the key of the first small point
// any s would fit that is made for it, so that only the reading of bytes stands in its way.
func TestBatchVerifierForged(t *testing.T) {
	private := edKey(1)
	public, message := private.Public().(ed25519.PublicKey), []byte("message")
	good := signedOnce{public, message, ed25519.Sign(private, message)}
	// s + L, the order of the group (RFC 8032 section 5.1.7: s is below it)
	order := unhex(t, "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	above, carry := bytes.Clone(good.signature), 0
	for i, digit := range order {
		carry += int(above[32+i]) + int(digit)
		above[32+i], carry = byte(carry), carry>>8
	}
	forged := map[string]signedOnce{
		"s above the order": {public, message, above},
		"another's s":       {public, message, append(bytes.Clone(good.signature[:32]), ed25519.Sign(private, []byte("other"))[32:]...)},
		"no signature":      {public: public, message: message},
		"a short key":       {public[:31], message, good.signature},
	}
	// Of P-256, r and s are from 1 to below the order (FIPS 186-5 section 6.4.2); r = 0 and s = 0 would fit any message.
	second := p256Key(t, 1)
	signature, err := SignMessage(second, message)
	if err != nil {
		t.Fatal(err)
	}
	n := second.Params().N.Bytes()
	for name, other := range map[string][]byte{
		"r and s 0": make([]byte, 64), "r 0": append(make([]byte, 32), signature[32:]...), "s 0": append(bytes.Clone(signature[:32]), make([]byte, 32)...),
		"r the order": append(bytes.Clone(n), signature[32:]...), "s the order": append(bytes.Clone(signature[:32]), n...),
		"s above the order": append(bytes.Clone(signature[:32]), bytes.Repeat([]byte{255}, 32)...), "with a byte behind": append(bytes.Clone(signature), 0),
	} {
		forged["P-256: "+name] = signedOnce{second.Public(), message, other}
	}
	// The identity, whose bytes begin with 1, can also be read from these, which no signer writes. With the identity as key and as R,
	// and s = 0, the equation holds for every message.
	identity := "0100000000000000000000000000000000000000000000000000000000000000"
	for name, r := range map[string]string{
		"y with the prime added": "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0 with a sign":          "0100000000000000000000000000000000000000000000000000000000000080",
	} {
		forged[name] = signedOnce{ed25519.PublicKey(unhex(t, identity)), message, append(unhex(t, r), make([]byte, 32)...)}
	}
	for name, one := range forged {
		if one.holds() {
			t.Errorf("%s: crypto/ed25519 takes it", name)
		}
		if wrong := verifyTogether(t, []signedOnce{good, one, good}); !slices.Equal(wrong, []int{1}) {
			t.Errorf("%s: wrong are %v", name, wrong)
		}
	}
	if own := (signedOnce{ed25519.PublicKey(unhex(t, identity)), message, append(unhex(t, identity), make([]byte, 32)...)}); !own.holds() || verifyTogether(t, []signedOnce{good, own}) != nil {
		t.Error("the equation does not hold for the identity, so what is refused above may be so for another reason")
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// BenchmarkBatchVerifier verifies signatures of one key, and reports the time of one.
func BenchmarkBatchVerifier(b *testing.B) {
	for _, many := range []int{1, 4, 16, 50, 200} {
		b.Run(fmt.Sprintf("signatures=%d", many), func(b *testing.B) {
			for name, private := range map[string]crypto.Signer{"Ed25519": edKey(1), "P-256": p256Key(b, 1)} {
				b.Run(name, func(b *testing.B) {
					all := make([]signedOnce, many)
					for i := range all {
						message := bytes.Repeat([]byte{byte(i)}, 64)
						signature, err := SignMessage(private, message)
						if err != nil {
							b.Fatal(err)
						}
						all[i] = signedOnce{private.Public(), message, signature}
					}
					var alone, together time.Duration
					for b.Loop() { // in turns, so that a busy neighbour falls upon both
						begun := time.Now()
						for _, one := range all {
							if !one.holds() {
								b.Fatal("one is wrong")
							}
						}
						between := time.Now()
						if verifyTogether(b, all) != nil {
							b.Fatal("they are wrong")
						}
						alone, together = alone+between.Sub(begun), together+time.Since(between)
					}
					b.ReportMetric(float64(together.Nanoseconds())/float64(b.N*many), "ns/signature")
					b.ReportMetric(float64(together)/float64(alone), "x-alone")
				})
			}
		})
	}
}

// TestBatchVerifierLeaves: what it cannot verify it does not take.
func TestBatchVerifierLeaves(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("message")
	signature, err := SignMessage(private, message)
	if err != nil {
		t.Fatal(err)
	}
	second := p256Key(t, 1)
	other, err := SignMessage(second, message)
	if err != nil {
		t.Fatal(err)
	}
	if b := known.Batch(); b.Add(private.Public(), message, signature) || b.Add(nil, message, signature) || b.Len() != 0 || b.Verify() != nil {
		t.Error("P-384 was taken")
	}
	if b := (&BatchVerifier{}); b.Add(second.Public(), message, other) || !b.Add(edKey(1).Public(), message, nil) || !slices.Equal(b.Verify(), []int{0}) {
		t.Error("the zero value takes something else than Ed25519")
	}
	var none *BatchVerifier
	if none.Add(edKey(1).Public(), message, nil) {
		t.Error("nil takes something")
	}
}

// TestKnownKeys: a key is remembered once it has signed often, those that sign most stay, and more keys than are remembered cost nobody much.
func TestKnownKeys(t *testing.T) {
	message := []byte("message")
	var k KnownKeys
	count := func() (n int) {
		for _, key := range k.p256 {
			if key.multiples != nil {
				n++
			}
		}
		return n
	}
	private := p256Key(t, 1)
	signature, err := SignMessage(private, message)
	if err != nil {
		t.Fatal(err)
	}
	first := signedOnce{private.Public(), message, signature}
	for i := range 2 * worthIt {
		b := k.Batch()
		if taken := b.Add(first.public, message, first.signature); taken != (i >= worthIt-1) || b.Verify() != nil {
			t.Fatalf("signature %d: taken %v", i+1, taken)
		}
	}
	var others []*ecdsa.PublicKey
	for seed := 1; seed < 2*mostKnown; seed++ {
		others = append(others, &p256Key(t, byte(seed)+1).PublicKey)
	}
	for round := range 3 * worthIt {
		for seed := 1; seed < 2*mostKnown; seed++ {
			k.multiples(others[seed-1])
		}
		if k.multiples(first.public.(*ecdsa.PublicKey)) == nil && round < worthIt-1 {
			t.Fatal("one that signs is forgotten for one that has hardly signed")
		}
		if count() > mostKnown {
			t.Fatalf("%d are remembered", count())
		}
	}
	if count() != mostKnown {
		t.Errorf("%d are remembered", count())
	}
	for seed := range 3 * mostSeen {
		var name ecdsaPoint
		name[0], name[1] = byte(seed), byte(seed>>8)
		k.see(name)
		if len(k.p256) > mostSeen {
			t.Fatalf("%d keys were seen", len(k.p256))
		}
	}
	if count() == 0 {
		t.Error("those that are worked out were forgotten for those that have signed once")
	}
}

// TestMultiples: they are those of the library, for scalars at the ends and between.
func TestMultiples(t *testing.T) {
	public := p256Key(t, 7).PublicKey
	encoded, err := public.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	point, err := nistec.NewP256Point().SetBytes(encoded)
	if err != nil {
		t.Fatal(err)
	}
	m := multiplesOf(encoded)
	one := big.NewInt(1)
	scalars := []*big.Int{big.NewInt(0), one, big.NewInt(63), big.NewInt(64), big.NewInt(65), new(big.Int).Lsh(one, 252), new(big.Int).Sub(new(big.Int).Lsh(one, 256), one),
		elliptic.P256().Params().N, new(big.Int).Sub(elliptic.P256().Params().N, one)}
	for range 50 {
		scalar, err := rand.Int(rand.Reader, elliptic.P256().Params().N)
		if err != nil {
			t.Fatal(err)
		}
		scalars = append(scalars, scalar)
	}
	for _, scalar := range scalars {
		want, err := nistec.NewP256Point().ScalarMult(point, new(big.Int).Mod(scalar, elliptic.P256().Params().N).FillBytes(make([]byte, 32)))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.times(scalar); !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("%x times the point is %x, want %x", scalar, got.Bytes(), want.Bytes())
		}
	}
	if multiplesOf(make([]byte, 65)) != nil {
		t.Error("no point has multiples")
	}
}
