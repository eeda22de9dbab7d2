package openbadges2

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
)

var rsaKey = sync.OnceValue(func() *rsa.PublicKey {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return &private.PublicKey
})

func inPEM(t testing.TB, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func generated(t testing.TB, curve elliptic.Curve) *ecdsa.PublicKey {
	t.Helper()
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &private.PublicKey
}

func TestParseKey(t *testing.T) {
	edwards, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	good := inPEM(t, edwards)
	n := rsaKey().N
	weak := &rsa.PublicKey{N: new(big.Int).SetBit(new(big.Int).Rsh(n, 1024), 0, 1), E: 65537}
	secret, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"Ed25519":                         {good, nil},
		"P-256":                           {inPEM(t, generated(t, elliptic.P256())), nil},
		"P-384":                           {inPEM(t, generated(t, elliptic.P384())), nil},
		"RSA 2048":                        {inPEM(t, rsaKey()), nil},
		"RSA 2048 in PKCS #1":             {block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(rsaKey())), nil},
		"with other line ends":            {"\r\n" + strings.ReplaceAll(good, "\n", "\r\n"), nil},
		"RSA 1024":                        {inPEM(t, weak), keys.ErrWeakKey},
		"RSA 1024 in PKCS #1":             {block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(weak)), keys.ErrWeakKey},
		"RSA with a small exponent":       {inPEM(t, &rsa.PublicKey{N: n, E: 3}), keys.ErrWeakKey},
		"RSA 16384":                       {inPEM(t, &rsa.PublicKey{N: new(big.Int).SetBit(new(big.Int).Lsh(n, 14336), 0, 1), E: 65537}), keys.ErrKey},
		"P-521":                           {inPEM(t, generated(t, elliptic.P521())), keys.ErrKey},
		"a point of small order":          {inPEM(t, ed25519.PublicKey(make([]byte, 32))), keys.ErrWeakKey},
		"a secret key":                    {block("PRIVATE KEY", secret), keys.ErrKey},
		"a certificate":                   {block("CERTIFICATE", secret), keys.ErrKey},
		"two keys":                        {good + good, keys.ErrKey},
		"text before it":                  {"subject=x\n" + good, keys.ErrKey},
		"text after it":                   {good + "x", keys.ErrKey},
		"headers":                         {strings.Replace(good, "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n\n", 1), keys.ErrKey},
		"the wrong type for what it is":   {strings.ReplaceAll(good, "PUBLIC KEY", "RSA PUBLIC KEY"), keys.ErrKey},
		"a byte more":                     {block("PUBLIC KEY", append(mustDER(t, edwards), 0)), keys.ErrKey},
		"an unfinished block before":      {"-----BEGIN PUBLIC KEY-----\n" + good, keys.ErrKey},
		"nothing":                         {"", keys.ErrKey},
		"only DER":                        {string(mustDER(t, edwards)), keys.ErrKey},
		"longer than any key":             {strings.Repeat(" ", keyLongest) + good, keys.ErrKey},
		"an empty block":                  {"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", keys.ErrKey},
		"a JWK":                           {`{"kty":"OKP"}`, keys.ErrKey},
		"the line breaks as two letters ": {strings.ReplaceAll(good, "\n", `\n`), keys.ErrKey},
	} {
		key, err := ParseKey(test.text)
		if !errors.Is(err, test.want) || (err == nil) != (key != nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func mustDER(t testing.TB, key crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestParseKeyOfOthers reads the key document of the official validator's tests.
func TestParseKeyOfOthers(t *testing.T) {
	text := referencedata.File(t, "corpus/files/1EdTech__digital-credentials-public-validator/inspector-vc_src_test_resources_ob20_assets_key2.json")
	document, problems := ReadKey(object(t, string(text)))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	key, err := ParseKey(document.PEM)
	if err != nil {
		t.Fatal(err)
	}
	if keys.AlgorithmFor(key) != keys.RS256 {
		t.Errorf("%T", key)
	}
}

// FuzzParseKey: what is read is a key that is believed, and reads the same when it is written again.
func FuzzParseKey(f *testing.F) {
	f.Add(inPEM(f, ed25519.NewKeyFromSeed(make([]byte, 32)).Public()))
	f.Add(inPEM(f, generated(f, elliptic.P256())))
	f.Add(string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(rsaKey())})))
	f.Add("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := ParseKey(text)
		if err != nil {
			if !errors.Is(err, keys.ErrKey) && !errors.Is(err, keys.ErrWeakKey) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		if err := keys.Check(key); err != nil {
			t.Fatal(err)
		}
		again, err := ParseKey(inPEM(t, key))
		if err != nil || !key.(interface{ Equal(crypto.PublicKey) bool }).Equal(again) {
			t.Fatalf("it reads otherwise: %v", err)
		}
	})
}
