package keys

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/mr-tron/base58"
)

// TestRSAMultikey: RSA keys from 2048 to 4096 bits have a did:key, and nothing longer is read.
func TestRSAMultikey(t *testing.T) {
	for _, bits := range []int{2048, 3072, 4096} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		did, err := DIDKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d bits: %d characters, %s", bits, len(did), did[:12])
		document, err := DIDKeyDocument(did)
		if err != nil || !equal(document.Methods[0].Key, key.Public()) || !document.Allows(AssertionMethod, document.Methods[0].ID) {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
	most := &rsa.PublicKey{N: new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 4096), big.NewInt(1)), E: 1<<31 - 1}
	text, err := Multikey(most)
	if err != nil || len(text) > multikeyLongest || len(text) < multikeyLongest-1 {
		t.Errorf("the longest has %d characters, %v", len(text), err)
	}
	if back, err := ParseMultikey(text); err != nil || !equal(most, back) {
		t.Error(err)
	}
	if _, err := Multikey(&rsa.PublicKey{N: new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 4096), big.NewInt(1)), E: 65537}); !errors.Is(err, ErrKey) {
		t.Errorf("4097 bits: %v", err)
	}
}

// TestRSAToken checks a token that another program signed with the RSA key of its did:key.
func TestRSAToken(t *testing.T) {
	text := strings.TrimSpace(string(read(t, "corpus", "files", "alegomes__waltid-openbadgecredential-cli", "walt-cli_src_main_kotlin_waltid_openbadgecredential_cli_VerifyCmd~3.jwt")))
	parts := strings.Split(text, ".")
	decode := func(s string) []byte {
		data, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	var header struct{ Alg, Kid string }
	if err := json.Unmarshal(decode(parts[0]), &header); err != nil {
		t.Fatal(err)
	}
	document, err := DIDKeyDocument(header.Kid)
	if err != nil {
		t.Fatal(err)
	}
	pub := document.Methods[0].Key.(*rsa.PublicKey)
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(pub, crypto.SHA256, digest[:], decode(parts[2])); err != nil || header.Alg != RS256 {
		t.Errorf("%s: %v", header.Alg, err)
	}
	if back, err := DIDKey(pub); err != nil || back != header.Kid {
		t.Errorf("%s, %v", back, err)
	}
}

func TestRSAMultikeyRefuses(t *testing.T) {
	good := x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey)
	n := rsaKey().N
	der := func(n *big.Int, e int) []byte { return x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: n, E: e}) }
	spki, err := x509.MarshalPKIXPublicKey(rsaKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	integer := func(content []byte) []byte { // with a length of two bytes
		return append([]byte{2, 0x82, byte(len(content) >> 8), byte(len(content))}, content...)
	}
	sequence := func(content []byte) []byte {
		return append([]byte{0x30, 0x82, byte(len(content) >> 8), byte(len(content))}, content...)
	}
	positive := append([]byte{0}, n.Bytes()...)
	e := []byte{2, 3, 1, 0, 1}
	for name, c := range map[string]struct {
		der  []byte
		want error
	}{
		"as it is":            {good, nil},
		"put together":        {sequence(append(integer(positive), e...)), nil},
		"nothing":             {nil, ErrKey},
		"cut":                 {good[:100], ErrKey},
		"bytes behind":        {append(bytes.Clone(good), 0), ErrKey},
		"in a wrapper (SPKI)": {spki, ErrKey},
		"a zero too many":     {sequence(append(integer(append([]byte{0}, positive...)), e...)), ErrKey},
		"negative modulus":    {sequence(append(integer(n.Bytes()), e...)), ErrKey},
		"long form of length": {sequence(append(integer(positive), 2, 0x81, 3, 1, 0, 1)), ErrKey},
		"zero in exponent":    {sequence(append(integer(positive), 2, 4, 0, 1, 0, 1)), ErrKey},
		"huge exponent":       {sequence(append(integer(positive), 2, 5, 1, 0, 0, 0, 1)), ErrKey},
		"a third number":      {sequence(append(append(integer(positive), e...), e...)), ErrKey},
		"endless length":      {append([]byte{0x30, 0x80}, append(append(integer(positive), e...), 0, 0)...), ErrKey},
		"exponent three":      {der(n, 3), ErrWeakKey},
		"even exponent":       {der(n, 65538), ErrWeakKey},
		"even modulus":        {der(new(big.Int).Add(n, big.NewInt(1)), 65537), ErrWeakKey},
		"1024 bits":           {der(new(big.Int).Rsh(n, 1024), 65537), ErrWeakKey},
		"2047 bits":           {der(new(big.Int).SetBit(new(big.Int).Rsh(n, 1), 0, 1), 65537), ErrWeakKey},
		"4097 bits":           {der(new(big.Int).SetBit(new(big.Int).Lsh(n, 2049), 0, 1), 65537), ErrKey},
	} {
		text := "z" + base58.Encode(append([]byte{0x85, 0x24}, c.der...))
		if pub, err := ParseMultikey(text); !errors.Is(err, c.want) || (pub == nil) == (c.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOtherMultikeys: a key of a kind that Laurel does not use, or a secret one, is refused by its name.
func TestOtherMultikeys(t *testing.T) {
	for name, c := range map[string]struct {
		prefix []byte
		says   string
	}{
		"secp256k1": {[]byte{0xe7, 0x01}, "secp256k1"}, "X25519": {[]byte{0xec, 0x01}, "X25519"}, "BLS G1": {[]byte{0xea, 0x01}, "BLS12-381"},
		"BLS G2": {[]byte{0xeb, 0x01}, "BLS12-381"}, "P-521": {[]byte{0x82, 0x24}, "P-521"}, "Ed448": {[]byte{0x83, 0x24}, "Ed448"},
		"SM2": {[]byte{0x86, 0x24}, "SM2"}, "JSON": {[]byte{0xd1, 0xd6, 0x03}, "jwk_jcs"}, "unheard": {[]byte{0x99, 0x99, 0x01}, "does not use"},
		"secret Ed25519": {[]byte{0x80, 0x26}, "secret"}, "secret secp256k1": {[]byte{0x81, 0x26}, "secret"}, "secret X25519": {[]byte{0x82, 0x26}, "secret"},
		"secret RSA": {[]byte{0x85, 0x26}, "secret"}, "secret P-256": {[]byte{0x86, 0x26}, "secret"}, "secret P-384": {[]byte{0x87, 0x26}, "secret"},
		"secret P-521": {[]byte{0x88, 0x26}, "secret"},
	} {
		_, err := ParseMultikey("z" + base58.Encode(append(c.prefix, make([]byte, 33)...)))
		if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMultikeyWork: the longest text that is looked at costs little, whatever it says.
func TestMultikeyWork(t *testing.T) {
	text, err := Multikey(&rsa.PublicKey{N: new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 4096), big.NewInt(1)), E: 1<<31 - 1})
	if err != nil {
		t.Fatal(err)
	}
	const times = 200
	start := time.Now()
	for range times {
		_, _ = ParseMultikey(text)
	}
	each := time.Since(start) / times
	t.Logf("%v for %d characters", each, len(text))
	if each > 50*time.Millisecond {
		t.Errorf("%v for %d characters", each, len(text))
	}
}
