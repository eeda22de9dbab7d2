package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mr-tron/base58"
	"pgregory.net/rapid"

	"github.com/laurelbadges/laurel/internal/referencedata"
)

// reference gives the path of a file of the reference data, or skips.
func reference(t testing.TB, path ...string) string {
	t.Helper()
	return filepath.Join(append([]string{referencedata.Folder(t)}, path...)...)
}

func read(t testing.TB, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(reference(t, path...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// drawPublic draws an Ed25519, P-256 or P-384 key.
func drawPublic(t *rapid.T) crypto.PublicKey {
	seed := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "seed")
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		return ed25519.NewKeyFromSeed(seed).Public()
	case 1:
		return drawECDSA(t, elliptic.P256(), append([]byte{0}, seed[1:]...))
	default:
		return drawECDSA(t, elliptic.P384(), append(make([]byte, 16), seed...))
	}
}

func drawECDSA(t *rapid.T, curve elliptic.Curve, scalar []byte) crypto.PublicKey {
	scalar[len(scalar)-1] |= 1 // not zero
	key, err := ecdsa.ParseRawPrivateKey(curve, scalar)
	if err != nil {
		t.Fatal(err)
	}
	return key.Public()
}

func equal(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

func TestMultikeyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pub := drawPublic(t)
		text, err := Multikey(pub)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseMultikey(text)
		if err != nil || !equal(pub, back) {
			t.Fatalf("%s: %v", text, err)
		}
	})
}

func TestJWKRoundTrip(t *testing.T) {
	check := func(t rapid.TB, pub crypto.PublicKey) {
		members, err := MarshalJWK(pub)
		if err != nil {
			t.Fatal(err)
		}
		members["kid"], members["alg"], members["use"] = "a", AlgorithmFor(pub), "sig"
		back, err := ParseJWK(members)
		if err != nil || !equal(pub, back.Key) || back.KeyID != "a" || back.Algorithm != AlgorithmFor(pub) || back.Use != "sig" {
			t.Fatalf("%v: %+v, %v", members, back, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, drawPublic(t)) })
	check(t, rsaKey().Public())
}

func TestMultikeyVectors(t *testing.T) {
	for _, c := range []struct{ path, algorithm string }{
		{"di-eddsa/keyPair.json", EdDSA}, {"di-ecdsa/p256KeyPair.json", ES256}, {"di-ecdsa/p384KeyPair.json", ES384},
	} {
		var pair struct{ PublicKeyMultibase, PrivateKeyMultibase, SecretKeyMultibase string }
		if err := json.Unmarshal(read(t, "vectors", c.path), &pair); err != nil {
			t.Fatal(err)
		}
		pub, err := ParseMultikey(pair.PublicKeyMultibase)
		if err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		secret := pair.PrivateKeyMultibase + pair.SecretKeyMultibase
		if got := derive(t, secret); AlgorithmFor(pub) != c.algorithm || !equal(pub, got) {
			t.Errorf("%s: the public key is not that of the secret key", c.path)
		}
		if text, err := Multikey(pub); err != nil || text != pair.PublicKeyMultibase {
			t.Errorf("%s: written as %s, %v", c.path, text, err)
		}
		if _, err := ParseMultikey(secret); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: secret key: %v", c.path, err)
		}
	}
}

// derive gives the public key of a secret Multikey.
func derive(t *testing.T, secret string) crypto.PublicKey {
	t.Helper()
	data, err := base58.Decode(strings.TrimPrefix(secret, "z"))
	if err != nil {
		t.Fatal(err)
	}
	curve := elliptic.P256()
	switch {
	case bytes.HasPrefix(data, []byte{0x80, 0x26}):
		return ed25519.NewKeyFromSeed(data[2:]).Public()
	case bytes.HasPrefix(data, []byte{0x87, 0x26}):
		curve = elliptic.P384()
	}
	key, err := ecdsa.ParseRawPrivateKey(curve, data[2:])
	if err != nil {
		t.Fatal(err)
	}
	return key.Public()
}

func TestParseMultikeyRefuses(t *testing.T) {
	good, err := Multikey(ed25519.NewKeyFromSeed(make([]byte, 32)).Public())
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := base58.Decode(good[1:])
	encode := func(b ...byte) string { return "z" + base58.Encode(b) }
	for name, text := range map[string]string{
		"empty":               "",
		"z alone":             "z",
		"no z":                good[1:],
		"two z":               "z" + good,
		"other base":          "u7QE",
		"not base58":          good[:10] + "0" + good[11:],
		"space":               good + " ",
		"leading one":         "z1" + good[1:],
		"short":               encode(raw[:33]...),
		"long":                encode(append(slices.Clone(raw), 0)...),
		"not a minimal code":  encode(append([]byte{0xed, 0x81, 0x00}, raw[2:]...)...),
		"prefix only":         encode(0xed, 0x01),
		"secp256k1":           "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
		"x25519":              encode(append([]byte{0xec, 0x01}, raw[2:]...)...),
		"no point of P-256":   encode(append([]byte{0x80, 0x24, 2}, bytes.Repeat([]byte{0xff}, 32)...)...),
		"uncompressed P-256":  encode(append([]byte{0x80, 0x24, 4}, make([]byte, 32)...)...),
		"no point of Ed25519": encode(append([]byte{0xed, 0x01, 2}, make([]byte, 31)...)...),
		"endless":             "z" + strings.Repeat("2", 1<<20),
	} {
		if pub, err := ParseMultikey(text); pub != nil || !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v, %v", name, pub, err)
		}
	}
}

// TestGoodEd25519Remembered: a key is judged for itself, whatever key was let through before it.
func TestGoodEd25519Remembered(t *testing.T) {
	seed := make([]byte, ed25519.SeedSize)
	good := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	var others []ed25519.PublicKey
	for bit := 8; bit < 256; bit++ { // all have the first byte of the good one
		other := slices.Clone(good)
		other[bit/8] ^= 1 << (bit % 8)
		others = append(others, other)
	}
	refused := 0
	for range 2 {
		for _, other := range others {
			before := Check(other)
			if err := Check(good); err != nil {
				t.Fatal(err)
			}
			if after := Check(other); (before == nil) != (after == nil) {
				t.Errorf("%x: %v, then %v", other, before, after)
			} else if after != nil {
				refused++
			}
		}
	}
	if refused < len(others)/2 { // about half of all texts are no points
		t.Errorf("%d refused", refused)
	}
}

// TestWeakEd25519 covers all eight points of small order and every encoding that is not canonical. That the points have small order
// is worked out here, with the addition law of RFC 8032 section 5.1.4 in affine form.
func TestWeakEd25519(t *testing.T) {
	littleEndian := func(y *big.Int, sign byte) ed25519.PublicKey {
		b := y.FillBytes(make([]byte, 32))
		slices.Reverse(b)
		b[31] |= sign << 7
		return b
	}
	for text := range smallOrder {
		y, _ := new(big.Int).SetString(text, 16)
		if !orderDivides8(t, y) {
			t.Errorf("y = %s has no small order", text)
		}
		for _, sign := range []byte{0, 1} {
			if err := Check(littleEndian(y, sign)); !errors.Is(err, ErrWeakKey) {
				t.Errorf("y = %s, sign %d: %v", text, sign, err)
			}
		}
	}
	for i := int64(0); i < 19; i++ { // y from p to 2^255-1
		y := new(big.Int).Add(field, big.NewInt(i))
		for _, sign := range []byte{0, 1} {
			if err := Check(littleEndian(y, sign)); !errors.Is(err, ErrWeakKey) {
				t.Errorf("y = p+%d, sign %d: %v", i, sign, err)
			}
		}
	}
	good := ed25519.NewKeyFromSeed(make([]byte, 32)).Public()
	if err := Check(good); err != nil {
		t.Error(err)
	}
}

func orderDivides8(t *testing.T, y *big.Int) bool {
	t.Helper()
	one, mod := big.NewInt(1), func(z *big.Int) *big.Int { return z.Mod(z, field) }
	mul := func(a, b *big.Int) *big.Int { return mod(new(big.Int).Mul(a, b)) }
	square := mul(y, y)
	over, under := new(big.Int).Sub(square, one), new(big.Int).Add(mul(square, curveD), one)
	x := new(big.Int).ModSqrt(mul(mod(over), new(big.Int).ModInverse(under, field)), field)
	if x == nil {
		return false
	}
	for range 3 { // double
		x2, y2 := mul(x, x), mul(y, y)
		k := mul(curveD, mul(x2, y2))
		xy := mul(x, y)
		x = mul(new(big.Int).Lsh(xy, 1), new(big.Int).ModInverse(new(big.Int).Add(one, k), field))
		y = mul(new(big.Int).Add(y2, x2), new(big.Int).ModInverse(mod(new(big.Int).Sub(one, k)), field))
	}
	return x.Sign() == 0 && y.Cmp(one) == 0
}

func TestWeakRSA(t *testing.T) {
	n := rsaKey().N
	for name, c := range map[string]struct {
		key  *rsa.PublicKey
		want error
	}{
		"usual":           {&rsa.PublicKey{N: n, E: 65537}, nil},
		"large exponent":  {&rsa.PublicKey{N: n, E: 65539}, nil},
		"exponent one":    {&rsa.PublicKey{N: n, E: 1}, ErrWeakKey},
		"exponent three":  {&rsa.PublicKey{N: n, E: 3}, ErrWeakKey},
		"even exponent":   {&rsa.PublicKey{N: n, E: 65538}, ErrWeakKey},
		"even modulus":    {&rsa.PublicKey{N: new(big.Int).Add(n, big.NewInt(1)), E: 65537}, ErrWeakKey},
		"1024 bits":       {&rsa.PublicKey{N: new(big.Int).Rsh(n, 1024), E: 65537}, ErrWeakKey},
		"2047 bits":       {&rsa.PublicKey{N: new(big.Int).Rsh(n, 1), E: 65537}, ErrWeakKey},
		"16384 bits":      {&rsa.PublicKey{N: new(big.Int).Lsh(n, 14336), E: 65537}, ErrKey},
		"nothing":         {&rsa.PublicKey{}, ErrKey},
		"no pointer":      {nil, ErrKey},
		"negative number": {&rsa.PublicKey{N: new(big.Int).Neg(n), E: 65537}, ErrKey},
	} {
		if err := Check(c.key); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckOtherKinds(t *testing.T) {
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, pub := range map[string]crypto.PublicKey{
		"nil":          nil,
		"P-521":        p521.Public(),
		"nil ECDSA":    (*ecdsa.PublicKey)(nil),
		"nil Ed25519":  ed25519.PublicKey(nil),
		"private key":  ed25519.NewKeyFromSeed(make([]byte, 32)),
		"text":         "key",
		"short":        ed25519.PublicKey{1, 2, 3},
		"rsa by value": rsa.PublicKey{},
	} {
		if err := Check(pub); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseJWKRefuses(t *testing.T) {
	const (
		x = "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0"
		y = "_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE"
	)
	edit := func(changes map[string]any) map[string]any {
		members := map[string]any{"kty": "EC", "crv": "P-256", "x": x, "y": y}
		for name, v := range changes {
			members[name] = v
		}
		return members
	}
	if _, err := ParseJWK(edit(map[string]any{"unknown": "is ignored", "key_ops": []any{"verify"}})); err != nil {
		t.Fatal(err)
	}
	short := map[string]any{"kty": "RSA", "e": "AQAB", "n": "AQAB"}
	for name, c := range map[string]struct {
		members map[string]any
		want    error
	}{
		"nothing":            {nil, ErrKey},
		"no kty":             {edit(map[string]any{"kty": nil}), ErrKey},
		"symmetric":          {map[string]any{"kty": "oct", "k": "AQAB"}, ErrKey},
		"other curve":        {edit(map[string]any{"crv": "secp256k1"}), ErrKey},
		"P-521":              {edit(map[string]any{"crv": "P-521"}), ErrKey},
		"curve of the other": {edit(map[string]any{"crv": "P-384"}), ErrKey},
		"x25519":             {map[string]any{"kty": "OKP", "crv": "X25519", "x": x}, ErrKey},
		"padding":            {edit(map[string]any{"x": x + "="}), ErrKey},
		"newline":            {edit(map[string]any{"x": x[:10] + "\n" + x[10:]}), ErrKey},
		"base64":             {edit(map[string]any{"y": "/KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE"}), ErrKey},
		"spare bits":         {edit(map[string]any{"x": x[:42] + "1"}), ErrKey},
		"short coordinate":   {edit(map[string]any{"x": x[:40]}), ErrKey},
		"long coordinate":    {edit(map[string]any{"x": "AA" + x}), ErrKey},
		"off the curve":      {edit(map[string]any{"x": y, "y": x}), ErrKey},
		"no y":               {edit(map[string]any{"y": nil}), ErrKey},
		"kid a number":       {edit(map[string]any{"kid": json.Number("1")}), ErrKey},
		"alg of another":     {edit(map[string]any{"alg": "ES384"}), ErrKey},
		"alg none":           {edit(map[string]any{"alg": "none"}), ErrKey},
		"key_ops":            {edit(map[string]any{"key_ops": []any{"deriveKey"}}), ErrKey},
		"leading zero in n":  {map[string]any{"kty": "RSA", "e": "AQAB", "n": "AAEAAQ"}, ErrKey},
		"huge e":             {map[string]any{"kty": "RSA", "e": "_____w", "n": "AQAB"}, ErrKey},
		"endless n":          {map[string]any{"kty": "RSA", "e": "AQAB", "n": strings.Repeat("A", 1<<20)}, ErrKey},
		"short RSA":          {short, ErrWeakKey},
		"small order":        {map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, ErrWeakKey},
		"short Ed25519":      {map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "AQAA"}, ErrKey},
	} {
		if _, err := ParseJWK(c.members); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range privateMembers {
		_, err := ParseJWK(edit(map[string]any{name: "c2VjcmV0"}))
		if !errors.Is(err, ErrKey) || strings.Contains(err.Error(), "c2Vj") {
			t.Errorf("private member %s: %v", name, err)
		}
	}
}

// TestThumbprint has the example of RFC 7638 section 3.1 and the one of RFC 8037 appendix A.3.
func TestThumbprint(t *testing.T) {
	for _, c := range []struct{ jwk, want string }{
		{`{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`,
			"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		{`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
	} {
		var members map[string]any
		if err := json.Unmarshal([]byte(c.jwk), &members); err != nil {
			t.Fatal(err)
		}
		jwk, err := ParseJWK(members)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Thumbprint(jwk.Key); err != nil || got != c.want {
			t.Errorf("thumbprint %s, %v; want %s", got, err, c.want)
		}
	}
}

// opaque is a private key as a hardware module shows it.
type opaque struct{ key crypto.Signer }

func (o opaque) Public() crypto.PublicKey { return o.key.Public() }

func (o opaque) Sign(random io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	return o.key.Sign(random, digest, options)
}

func TestSignMessage(t *testing.T) {
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	for want, key := range map[int]crypto.Signer{64: p256, 96: p384, 256: rsaKey()} {
		signature, err := SignMessage(opaque{key}, []byte("message"))
		if err != nil || len(signature) != want {
			t.Errorf("%T: %d bytes, %v", key, len(signature), err)
		}
	}
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	signature, err := SignMessage(opaque{key}, []byte("message"))
	if diff := cmp.Diff(hex.EncodeToString(ed25519.Sign(key, []byte("message"))), hex.EncodeToString(signature)); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := SignMessage(nil, nil); !errors.Is(err, ErrKey) {
		t.Error(err)
	}
}

func TestFixedWidth(t *testing.T) {
	for name, der := range map[string]string{
		"empty":          "",
		"raw":            strings.Repeat("01", 64),
		"zero":           "3006020100020101",
		"negative":       "30060201ff020101",
		"trailing bytes": "300602010102010100",
		"too wide":       "302602210" + "1" + strings.Repeat("00", 32) + "020101",
	} {
		raw, err := hex.DecodeString(der)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fixedWidth(raw, 32); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	raw, _ := hex.DecodeString("3006020101020102")
	got, err := fixedWidth(raw, 2)
	if diff := cmp.Diff([]byte{0, 1, 0, 2}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// FuzzParseMultikey: what is read is written back as it was.
func FuzzParseMultikey(f *testing.F) {
	for _, seed := range []string{"z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv",
		"z82LkvCwHNreneWpsgPEbV3gu1C6NFJEBg4srfJ5gdxEsMGRJUz2sG9FE42shbn2xkZJh54", "z", "u", "z111", "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pub, err := ParseMultikey(text)
		if err != nil {
			if pub != nil || !errors.Is(err, ErrKey) && !errors.Is(err, ErrWeakKey) {
				t.Fatal(pub, err)
			}
			return
		}
		if back, err := Multikey(pub); err != nil || back != text {
			t.Fatalf("%q became %q: %v", text, back, err)
		}
	})
}
