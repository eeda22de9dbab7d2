package keys

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// signedOnce is a signature as BatchVerifier takes it.
type signedOnce struct {
	public             ed25519.PublicKey
	message, signature []byte
}

func (s signedOnce) holds() bool {
	return len(s.public) == ed25519.PublicKeySize && ed25519.Verify(s.public, s.message, s.signature)
}

func verifyTogether(all []signedOnce) []int {
	var b BatchVerifier
	for _, one := range all {
		b.Add(one.public, one.message, one.signature)
	}
	return b.Verify()
}

func edKey(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

// TestBatchVerifier: together they are wrong and right as one by one, whichever bits were changed in whichever of them.
func TestBatchVerifier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := make([]signedOnce, rapid.IntRange(0, 12).Draw(t, "signatures"))
		var want []int
		for i := range all {
			private := edKey(byte(rapid.IntRange(1, 3).Draw(t, "key")))
			message := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "message")
			one := signedOnce{private.Public().(ed25519.PublicKey), message, ed25519.Sign(private, message)}
			switch rapid.IntRange(0, 8).Draw(t, "change") {
			case 0:
				bit := rapid.IntRange(0, 511).Draw(t, "bit")
				one.signature[bit/8] ^= 1 << (bit % 8)
			case 1:
				one.message = append(bytes.Clone(message), 0)
			case 2:
				one.public = edKey(9).Public().(ed25519.PublicKey)
			case 3:
				one.signature = one.signature[:rapid.IntRange(0, 63).Draw(t, "length")]
			case 4:
				bit := rapid.IntRange(0, 255).Draw(t, "bit")
				one.public = bytes.Clone(one.public)
				one.public[bit/8] ^= 1 << (bit % 8)
			}
			if all[i] = one; !one.holds() {
				want = append(want, i)
			}
		}
		if wrong := verifyTogether(all); !slices.Equal(wrong, want) {
			t.Fatalf("wrong are %v, and one by one %v", wrong, want)
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
		"nothing":           {},
		"a short key":       {public[:31], message, good.signature},
	}
	// The identity, whose bytes begin with 1, can also be read from these, which no signer writes. With the identity as key and as R,
	// and s = 0, the equation holds for every message.
	identity := "0100000000000000000000000000000000000000000000000000000000000000"
	for name, r := range map[string]string{
		"y with the prime added": "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0 with a sign":          "0100000000000000000000000000000000000000000000000000000000000080",
	} {
		forged[name] = signedOnce{unhex(t, identity), message, append(unhex(t, r), make([]byte, 32)...)}
	}
	for name, one := range forged {
		if one.holds() {
			t.Errorf("%s: crypto/ed25519 takes it", name)
		}
		if wrong := verifyTogether([]signedOnce{good, one, good}); !slices.Equal(wrong, []int{1}) {
			t.Errorf("%s: wrong are %v", name, wrong)
		}
	}
	if own := (signedOnce{unhex(t, identity), message, append(unhex(t, identity), make([]byte, 32)...)}); !own.holds() || verifyTogether([]signedOnce{good, own}) != nil {
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
			private := edKey(1)
			all := make([]signedOnce, many)
			for i := range all {
				message := bytes.Repeat([]byte{byte(i)}, 64)
				all[i] = signedOnce{private.Public().(ed25519.PublicKey), message, ed25519.Sign(private, message)}
			}
			for b.Loop() {
				if verifyTogether(all) != nil {
					b.Fatal("they are wrong")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*many), "ns/signature")
		})
	}
}
