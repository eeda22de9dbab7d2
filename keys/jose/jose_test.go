package jose

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
	"pgregory.net/rapid"
)

// opaque is a private key as a hardware module shows it.
type opaque struct{ key crypto.Signer }

func (o opaque) Public() crypto.PublicKey { return o.key.Public() }

func (o opaque) Sign(random io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	return o.key.Sign(random, digest, options)
}

// signers holds one opaque key of each kind by algorithm.
var signers = sync.OnceValue(func() map[string]crypto.Signer {
	must := func(key crypto.Signer, err error) crypto.Signer {
		if err != nil {
			panic(err)
		}
		return opaque{key}
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	generate := func(curve elliptic.Curve) crypto.Signer { return must(ecdsa.GenerateKey(curve, rand.Reader)) }
	return map[string]crypto.Signer{
		keys.EdDSA: must(edwards, err), keys.ES256: generate(elliptic.P256()), keys.ES384: generate(elliptic.P384()),
		keys.RS256: must(rsa.GenerateKey(rand.Reader, 2048)),
	}
})

var encode = base64.RawURLEncoding.EncodeToString

// compact puts a token together without any rule, signed by the key of algorithm.
func compact(t testing.TB, header, payload, algorithm string) string {
	t.Helper()
	signed := encode([]byte(header)) + "." + encode([]byte(payload))
	signature, err := keys.SignMessage(signers()[algorithm], []byte(signed))
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + encode(signature)
}

// judge reads and checks a token with the key of algorithm, and gives the code of the refusal, or "".
func judge(t testing.TB, token, algorithm string) string {
	t.Helper()
	parsed, err := Parse([]byte(token))
	if err == nil {
		err = parsed.Verify(signers()[algorithm].Public())
	}
	var refusal *Error
	if err == nil {
		return ""
	}
	if !errors.As(err, &refusal) || refusal.Code == "" || refusal.Detail == "" || refusal.Clause == "" {
		t.Fatalf("an incomplete refusal: %#v", err)
	}
	return refusal.Code
}

func TestSignAndVerify(t *testing.T) {
	for algorithm, signer := range signers() {
		rapid.Check(t, func(t *rapid.T) {
			payload := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "payload")
			header := Header{KeyID: rapid.StringN(1, 40, -1).Draw(t, "kid")}
			forms := []Header{{}, {Type: TypeJWT}, {Type: TypeJWT, ContentType: "vc"}, {Type: TypeVC}, {Type: TypeVC, ContentType: "vc"}, {Type: TypeVP, ContentType: "vp"}}
			form := rapid.SampledFrom(forms).Draw(t, "form")
			header.Type, header.ContentType = form.Type, form.ContentType
			text, err := Sign(payload, header, signer)
			if err != nil {
				t.Fatal(err)
			}
			token, err := Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			header.Algorithm = algorithm
			if diff := cmp.Diff(header, token.Header); diff != "" || !bytes.Equal(payload, token.Payload) {
				t.Fatal(diff)
			}
			if err := token.Verify(signer.Public()); err != nil {
				t.Fatal(err)
			}
			for other, key := range signers() {
				if other != algorithm && token.Verify(key.Public()) == nil {
					t.Fatalf("%s verified with the key of %s", algorithm, other)
				}
			}
		})
	}
}

// TestSignedText: the header is written in one way, and the JOSE library of others agrees with the signature.
func TestSignedText(t *testing.T) {
	for algorithm, signer := range signers() {
		text, err := Sign([]byte(`{"a":"<b>"}`), Header{KeyID: "did:example:1#a&b", Type: TypeVC, ContentType: "vc"}, signer)
		if err != nil {
			t.Fatal(err)
		}
		want := encode([]byte(`{"alg":"`+algorithm+`","kid":"did:example:1#a&b","typ":"vc+jwt","cty":"vc"}`)) + "." + encode([]byte(`{"a":"<b>"}`)) + "."
		if !strings.HasPrefix(text, want) {
			t.Errorf("%s: %s", algorithm, text)
		}
		if _, err := jws.Verify([]byte(text), jws.WithKey(jwa.SignatureAlgorithm(algorithm), signer.Public())); err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
}

// TestParseWritten: a token that was just written is read as Parse reads it, and one that says anything else is refused.
func TestParseWritten(t *testing.T) {
	for algorithm, signer := range signers() {
		header, payload := Header{Algorithm: algorithm, KeyID: "did:example:1#a", Type: TypeJWT}, []byte(`{"a":"b"}`)
		text, err := Sign(payload, header, signer)
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseWritten(text, payload, header, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, read, cmp.AllowUnexported(Token{})); diff != "" || read.Verify(signer.Public()) != nil {
			t.Error(algorithm, diff)
		}
		other := header
		other.KeyID = "did:example:1#b"
		if _, err := ParseWritten(text, payload, other, nil); err == nil {
			t.Errorf("%s: another kid was taken", algorithm)
		}
		if _, err := ParseWritten(text, []byte(`{"a":"c"}`), header, nil); err == nil {
			t.Errorf("%s: another payload was taken", algorithm)
		}
		last := strings.LastIndexByte(text, '.')
		for name, changed := range map[string]string{
			"nothing": "", "no signature": text[:last], "an empty signature": text[:last+1], "a part more": text + ".", "a line break": text + "\n",
			"a line break within": text[:last+9] + "\n" + text[last+9:], "padding": text + "=", "a letter less": text[:len(text)-1], "no dot": text[:last] + text[last+1:],
		} {
			if read, err := ParseWritten(changed, payload, header, nil); err == nil && read.Verify(signer.Public()) == nil {
				t.Errorf("%s: %s was taken", algorithm, name)
			}
		}
	}
}

func TestSignRefuses(t *testing.T) {
	edwards := signers()[keys.EdDSA]
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		header Header
		signer crypto.Signer
	}{
		"no key":            {Header{KeyID: "a"}, nil},
		"no kid":            {Header{}, edwards},
		"a jwk":             {Header{KeyID: "a", JWK: &keys.JWK{}}, edwards},
		"another algorithm": {Header{KeyID: "a", Algorithm: keys.ES256}, edwards},
		"another type":      {Header{KeyID: "a", Type: "at+jwt"}, edwards},
		"another content":   {Header{KeyID: "a", Type: TypeVC, ContentType: "vp"}, edwards},
		"P-521":             {Header{KeyID: "a"}, p521},
	} {
		if text, err := Sign([]byte("{}"), c.header, c.signer); err == nil || text != "" {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := Sign(nil, Header{KeyID: "a"}, edwards); err == nil {
		t.Error("no payload: accepted")
	}
}

// TestHeaders goes through the members of a header; every token here has a good signature, which must not matter.
func TestHeaders(t *testing.T) {
	jwk := func(changes ...string) string {
		members, err := keys.MarshalJWK(signers()[keys.EdDSA].Public())
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(changes); i += 2 {
			members[changes[i]] = changes[i+1]
		}
		text, _ := json.Marshal(members)
		return string(text)
	}
	for name, c := range map[string]struct{ header, code string }{
		"kid":                   {`{"alg":"EdDSA","kid":"a"}`, ""},
		"jwk":                   {`{"alg":"EdDSA","jwk":` + jwk() + `}`, ""},
		"kid and jwk":           {`{"alg":"EdDSA","kid":"a","jwk":` + jwk("kid", "b") + `}`, ""},
		"Ed25519":               {`{"alg":"Ed25519","kid":"a"}`, ""},
		"JWT":                   {`{"alg":"EdDSA","kid":"a","typ":"JWT"}`, ""},
		"vc+jwt":                {`{"alg":"EdDSA","kid":"a","typ":"vc+jwt","cty":"vc"}`, ""},
		"vp+jwt":                {`{"alg":"EdDSA","kid":"a","typ":"vp+jwt","cty":"vp"}`, ""},
		"cty alone":             {`{"alg":"EdDSA","kid":"a","cty":"vc"}`, ""},
		"iat":                   {`{"alg":"EdDSA","kid":"a","iat":1700000000}`, ""},
		"iat a date":            {`{"alg":"EdDSA","kid":"a","iat":"2026-11-22T10:00:00Z"}`, ""},
		"no alg":                {`{"kid":"a"}`, CodeAlgNotAllowed},
		"alg a number":          {`{"alg":1,"kid":"a"}`, CodeAlgNotAllowed},
		"alg empty":             {`{"alg":"","kid":"a"}`, CodeAlgNotAllowed},
		"none":                  {`{"alg":"none","kid":"a"}`, CodeAlgNotAllowed},
		"nOnE":                  {`{"alg":"nOnE","kid":"a"}`, CodeAlgNotAllowed},
		"HS256":                 {`{"alg":"HS256","kid":"a"}`, CodeAlgNotAllowed},
		"ES512":                 {`{"alg":"ES512","kid":"a"}`, CodeAlgNotAllowed},
		"ES256K":                {`{"alg":"ES256K","kid":"a"}`, CodeAlgNotAllowed},
		"PS256":                 {`{"alg":"PS256","kid":"a"}`, CodeAlgNotAllowed},
		"RS384":                 {`{"alg":"RS384","kid":"a"}`, CodeAlgNotAllowed},
		"Ed448":                 {`{"alg":"Ed448","kid":"a"}`, CodeAlgNotAllowed},
		"eddsa":                 {`{"alg":"eddsa","kid":"a"}`, CodeAlgNotAllowed},
		"alg of another key":    {`{"alg":"ES256","kid":"a"}`, CodeAlgNotAllowed},
		"RSA-OAEP with enc":     {`{"alg":"RSA-OAEP","enc":"A256GCM","kid":"a"}`, CodeAlgNotAllowed},
		"alg twice":             {`{"alg":"none","alg":"EdDSA","kid":"a"}`, strict.CodeDuplicateKey},
		"kid twice":             {`{"alg":"EdDSA","kid":"a","\u006bid":"b"}`, strict.CodeDuplicateKey},
		"jku":                   {`{"alg":"EdDSA","kid":"a","jku":"https://example.com/jwks.json"}`, CodeIssuerMismatch},
		"x5u":                   {`{"alg":"EdDSA","kid":"a","x5u":"https://example.com/cert"}`, CodeIssuerMismatch},
		"x5c before crit":       {`{"alg":"EdDSA","kid":"a","x5c":["MIIB"],"crit":["x5c"]}`, CodeIssuerMismatch},
		"alg before jku":        {`{"alg":"none","jku":"https://example.com/jwks.json"}`, CodeAlgNotAllowed},
		"unknown crit":          {`{"alg":"EdDSA","kid":"a","crit":["zzz"],"zzz":1}`, CodeMalformed},
		"empty crit":            {`{"alg":"EdDSA","kid":"a","crit":[]}`, CodeMalformed},
		"b64 false":             {`{"alg":"EdDSA","kid":"a","b64":false}`, CodeMalformed},
		"b64 false and crit":    {`{"alg":"EdDSA","kid":"a","b64":false,"crit":["b64"]}`, CodeMalformed},
		"zip":                   {`{"alg":"EdDSA","kid":"a","zip":"DEF"}`, CodeMalformed},
		"enc":                   {`{"alg":"EdDSA","kid":"a","enc":"A256GCM"}`, CodeMalformed},
		"nonce":                 {`{"alg":"EdDSA","kid":"a","nonce":"1"}`, CodeMalformed},
		"member in other case":  {`{"alg":"EdDSA","KID":"a"}`, CodeMalformed},
		"x5t":                   {`{"alg":"EdDSA","kid":"a","x5t":"a"}`, CodeMalformed},
		"no key named":          {`{"alg":"EdDSA"}`, CodeMalformed},
		"kid a number":          {`{"alg":"EdDSA","kid":1}`, CodeMalformed},
		"kid empty":             {`{"alg":"EdDSA","kid":""}`, CodeMalformed},
		"kid null":              {`{"alg":"EdDSA","kid":null,"jwk":` + jwk() + `}`, CodeMalformed},
		"jwk a text":            {`{"alg":"EdDSA","kid":"a","jwk":"b"}`, CodeMalformed},
		"jwk private":           {`{"alg":"EdDSA","jwk":` + jwk("d", "AQAB") + `}`, CodeMalformed},
		"jwk for encryption":    {`{"alg":"EdDSA","jwk":` + jwk("use", "enc") + `}`, CodeMalformed},
		"jwk weak":              {`{"alg":"EdDSA","jwk":` + jwk("x", encode(append([]byte{1}, make([]byte, 31)...))) + `}`, CodeWeakKey},
		"typ other":             {`{"alg":"EdDSA","kid":"a","typ":"bad+typ"}`, CodeMalformed},
		"typ lower case":        {`{"alg":"EdDSA","kid":"a","typ":"jwt"}`, CodeMalformed},
		"typ long form":         {`{"alg":"EdDSA","kid":"a","typ":"application/vc+jwt"}`, CodeMalformed},
		"typ before the REC":    {`{"alg":"EdDSA","kid":"a","typ":"vc+ld+json+jwt"}`, CodeMalformed},
		"typ SD-JWT":            {`{"alg":"EdDSA","kid":"a","typ":"vc+sd-jwt"}`, CodeMalformed},
		"typ empty":             {`{"alg":"EdDSA","kid":"a","typ":""}`, CodeMalformed},
		"typ list":              {`{"alg":"EdDSA","kid":"a","typ":["JWT"]}`, CodeMalformed},
		"cty other":             {`{"alg":"EdDSA","kid":"a","typ":"vc+jwt","cty":"bad+cty"}`, CodeMalformed},
		"cty of a presentation": {`{"alg":"EdDSA","kid":"a","typ":"vc+jwt","cty":"vp"}`, CodeMalformed},
		"cty of a credential":   {`{"alg":"EdDSA","kid":"a","typ":"vp+jwt","cty":"vc"}`, CodeMalformed},
		"cty nested token":      {`{"alg":"EdDSA","kid":"a","typ":"JWT","cty":"JWT"}`, CodeMalformed},
		"not an object":         {`["EdDSA"]`, CodeMalformed},
		"not JSON":              {`alg`, CodeMalformed},
		"two values":            {`{"alg":"EdDSA","kid":"a"} {}`, CodeMalformed},
		"not UTF-8":             {"{\"alg\":\"EdDSA\",\"kid\":\"\xff\"}", strict.CodeEncoding},
		"lone surrogate":        {`{"alg":"EdDSA","kid":"\ud800"}`, strict.CodeEncoding},
		"byte order mark":       {"\xef\xbb\xbf" + `{"alg":"EdDSA","kid":"a"}`, strict.CodeEncoding},
		"deep":                  {`{"alg":"EdDSA","kid":"a","crit":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}`, strict.CodeTooComplex},
		"17 KiB":                {`{"alg":"EdDSA","kid":"` + strings.Repeat("a", 17<<10) + `"}`, CodeTooLarge},
	} {
		if code := judge(t, compact(t, c.header, `{"a":1}`, keys.EdDSA), keys.EdDSA); code != c.code {
			t.Errorf("%s: %q, want %q", name, code, c.code)
		}
	}
}

// TestForms goes through the texts that are no compact JWS, and those whose signature is not the one of the key.
func TestForms(t *testing.T) {
	good := compact(t, `{"alg":"EdDSA","kid":"a"}`, `{"a":1}`, keys.EdDSA)
	parts := strings.Split(good, ".")
	header, payload, signature := parts[0], parts[1], parts[2]
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	spare := func(part string) string { // the same bytes, with a bit set that carries nothing
		at := strings.IndexByte(alphabet, part[len(part)-1])
		return part[:len(part)-1] + alphabet[at+1:at+2]
	}
	flip := func(at int) string {
		changed := bytes.Clone(raw)
		changed[at] ^= 1
		return header + "." + payload + "." + encode(changed)
	}
	plusL := func() string { // S+L names the same number, RFC 8032 section 5.1.7
		l, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
		s := make([]byte, 32)
		for i := range s {
			s[i] = raw[63-i]
		}
		s = new(big.Int).Add(new(big.Int).SetBytes(s), l).FillBytes(make([]byte, 33))[1:]
		changed := bytes.Clone(raw)
		for i := range s {
			changed[63-i] = s[i]
		}
		return header + "." + payload + "." + encode(changed)
	}
	if judge(t, good, keys.EdDSA) != "" {
		t.Fatal("a good token is refused")
	}
	for name, c := range map[string]struct{ token, code string }{
		"empty":                 {"", CodeMalformed},
		"dots":                  {"..", CodeMalformed},
		"two parts":             {header + "." + payload, CodeMalformed},
		"four parts":            {good + "." + signature, CodeMalformed},
		"five parts":            {good + "..", CodeMalformed},
		"no header":             {"." + payload + "." + signature, CodeMalformed},
		"no payload":            {header + ".." + signature, CodeMalformed},
		"padding":               {good + "==", CodeMalformed},
		"padded payload":        {header + "." + payload + "=." + signature, CodeMalformed},
		"newline at the end":    {good + "\n", CodeMalformed},
		"newline within":        {header + "." + payload[:2] + "\n" + payload[2:] + "." + signature, CodeMalformed},
		"line break":            {header + "." + payload + "." + signature[:9] + "\r\n" + signature[9:], CodeMalformed},
		"space before":          {" " + good, CodeMalformed},
		"spare bits, header":    {encode([]byte(`{"alg":"EdDSA","kid":"ab"}`))[:34] + "R." + payload + "." + signature, CodeMalformed},
		"spare bits, payload":   {header + "." + spare(payload) + "." + signature, CodeMalformed},
		"spare bits, signature": {header + "." + payload + "." + spare(signature), CodeMalformed},
		"base64":                {header + "." + payload + "." + strings.Repeat("+", 86), CodeMalformed},
		"disclosures":           {good + "~", CodeMalformed},
		"flattened JSON":        {`{"protected":"` + header + `","payload":"` + payload + `","signature":"` + signature + `"}`, CodeMalformed},
		"general JSON":          {`{"payload":"` + payload + `","signatures":[{"protected":"` + header + `","signature":"` + signature + `"}]}`, CodeMalformed},
		"empty signature":       {header + "." + payload + ".", CodeSignatureInvalid},
		"cut by a letter":       {good[:len(good)-1], CodeSignatureInvalid},
		"cut by two":            {good[:len(good)-2], CodeSignatureInvalid},
		"cut by three":          {good[:len(good)-3], CodeSignatureInvalid},
		"cut in half":           {good[:len(good)-43], CodeSignatureInvalid},
		"doubled":               {header + "." + payload + "." + encode(append(bytes.Clone(raw), raw...)), CodeSignatureInvalid},
		"doubled text":          {good + signature, CodeSignatureInvalid},
		"one byte more":         {header + "." + payload + "." + encode(append(bytes.Clone(raw), 0)), CodeSignatureInvalid},
		"first bit":             {flip(0), CodeSignatureInvalid},
		"last bit":              {flip(63), CodeSignatureInvalid},
		"zero":                  {header + "." + payload + "." + encode(make([]byte, 64)), CodeSignatureInvalid},
		"S+L":                   {plusL(), CodeSignatureInvalid},
		"payload changed":       {header + "." + encode([]byte(`{"a":2}`)) + "." + signature, CodeSignatureInvalid},
		"header changed":        {encode([]byte(`{"alg":"EdDSA","kid":"b"}`)) + "." + payload + "." + signature, CodeSignatureInvalid},
		"none, no signature":    {encode([]byte(`{"alg":"none"}`)) + "." + payload + ".", CodeAlgNotAllowed},
	} {
		if code := judge(t, c.token, keys.EdDSA); code != c.code {
			t.Errorf("%s: %q, want %q", name, code, c.code)
		}
	}
}

func TestECDSAForms(t *testing.T) {
	for algorithm, size := range map[string]int{keys.ES256: 32, keys.ES384: 48} {
		signed := encode([]byte(`{"alg":"`+algorithm+`","kid":"a"}`)) + "." + encode([]byte("{}"))
		fixed, err := keys.SignMessage(signers()[algorithm], []byte(signed))
		if err != nil {
			t.Fatal(err)
		}
		halves := func(r, s []byte) string { return signed + "." + encode(append(bytes.Clone(r), s...)) }
		der := func(r, s []byte) []byte {
			body := append(append([]byte{2, byte(len(r) + 1), 0}, r...), append([]byte{2, byte(len(s) + 1), 0}, s...)...)
			return append([]byte{0x30, byte(len(body))}, body...)
		}
		order := elliptic.P256().Params().N
		if algorithm == keys.ES384 {
			order = elliptic.P384().Params().N
		}
		zero, n := make([]byte, size), order.FillBytes(make([]byte, size))
		r, s := fixed[:size], fixed[size:]
		for name, c := range map[string]struct{ token, code string }{
			"good":      {halves(r, s), ""},
			"both zero": {halves(zero, zero), CodeSignatureInvalid},
			"r zero":    {halves(zero, s), CodeSignatureInvalid},
			"s zero":    {halves(r, zero), CodeSignatureInvalid},
			"r is n":    {halves(n, s), CodeSignatureInvalid},
			"s is n":    {halves(r, n), CodeSignatureInvalid},
			"swapped":   {halves(s, r), CodeSignatureInvalid},
			"DER":       {signed + "." + encode(der(r, s)), CodeSignatureInvalid},
			"DER, cut":  {signed + "." + encode(der(r, s)[:2*size]), CodeSignatureInvalid},
			"empty":     {signed + ".", CodeSignatureInvalid},
		} {
			if code := judge(t, c.token, algorithm); code != c.code {
				t.Errorf("%s, %s: %q, want %q", algorithm, name, code, c.code)
			}
		}
	}
}

// TestKeys: the algorithm has to be the key's own, and weak keys are named as such.
func TestKeys(t *testing.T) {
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public := func(algorithm string) crypto.PublicKey { return signers()[algorithm].Public() }
	modulus := public(keys.RS256).(*rsa.PublicKey).N
	for name, c := range map[string]struct {
		algorithm string
		key       crypto.PublicKey
		code      string
	}{
		"ES256 with P-384":       {keys.ES256, public(keys.ES384), CodeAlgNotAllowed},
		"ES384 with P-256":       {keys.ES384, public(keys.ES256), CodeAlgNotAllowed},
		"ES256 with Ed25519":     {keys.ES256, public(keys.EdDSA), CodeAlgNotAllowed},
		"EdDSA with RSA":         {keys.EdDSA, public(keys.RS256), CodeAlgNotAllowed},
		"RS256 with Ed25519":     {keys.RS256, public(keys.EdDSA), CodeAlgNotAllowed},
		"ES384 with P-521":       {keys.ES384, p521.Public(), CodeAlgNotAllowed},
		"no key":                 {keys.EdDSA, nil, CodeAlgNotAllowed},
		"a secret as key":        {keys.EdDSA, []byte("secret"), CodeAlgNotAllowed},
		"short key":              {keys.EdDSA, ed25519.PublicKey{1}, CodeAlgNotAllowed},
		"another Ed25519 key":    {keys.EdDSA, ed25519.NewKeyFromSeed(make([]byte, 32)).Public(), CodeSignatureInvalid},
		"the identity":           {keys.EdDSA, ed25519.PublicKey(append([]byte{1}, make([]byte, 31)...)), CodeWeakKey},
		"1024 bits":              {keys.RS256, &rsa.PublicKey{N: new(big.Int).Rsh(modulus, 1024), E: 65537}, CodeWeakKey},
		"exponent one":           {keys.RS256, &rsa.PublicKey{N: modulus, E: 1}, CodeWeakKey},
		"RSA of another modulus": {keys.RS256, &rsa.PublicKey{N: new(big.Int).Add(modulus, big.NewInt(2)), E: 65537}, CodeSignatureInvalid},
	} {
		token, err := Parse([]byte(compact(t, `{"alg":"`+c.algorithm+`","kid":"a"}`, "{}", c.algorithm)))
		if err != nil {
			t.Fatal(err)
		}
		var refusal *Error
		if err := token.Verify(c.key); !errors.As(err, &refusal) || refusal.Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// TestSmallOrderForgery: under the identity as key this signature fits any message in crypto/ed25519.
func TestSmallOrderForgery(t *testing.T) {
	identity := ed25519.PublicKey(append([]byte{1}, make([]byte, 31)...))
	forged := append(append([]byte{1}, make([]byte, 31)...), make([]byte, 32)...) // R the identity, S zero
	signed := encode([]byte(`{"alg":"EdDSA","kid":"a"}`)) + "." + encode([]byte(`{"any":"text"}`))
	if !ed25519.Verify(identity, []byte(signed), forged) {
		t.Fatal("this is no forgery")
	}
	token, err := Parse([]byte(signed + "." + encode(forged)))
	if err != nil {
		t.Fatal(err)
	}
	var refusal *Error
	if err := token.Verify(identity); !errors.As(err, &refusal) || refusal.Code != CodeWeakKey {
		t.Error(err)
	}
}

// TestVectors runs the tokens of the VC-JOSE-COSE test suite, as far as header and signature go. What their payloads say (test 6 has
// a date as iat, 15 a vc claim, 16 a bad envelope) is judged by others.
func TestVectors(t *testing.T) {
	folder := filepath.Join(referencedata.Folder(t), "vectors", "vc-jose-cose", "test-suite", "input")
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.TrimSuffix(data, []byte("\n"))
	}
	for _, c := range []struct{ name, key, code string }{
		{"credential-jose-minimal.txt", "vm-p256.json", ""},
		{"presentation-jose-multiple.txt", "vm-p384.json", ""},
		{"credential-issuer-match-signed.txt", "vm-ed25519.json", ""},
		{"credential-jose-unknown-extensions.txt", "vm-ed25519.json", CodeAlgNotAllowed},
		{"credential-minimal.json", "vm-ed25519.json", CodeMalformed},
		{"presentation-single.json", "vm-ed25519.json", CodeMalformed},
		{"credential-jose-bad-signature.txt", "vm-ed25519.json", CodeSignatureInvalid},
		{"credential-jose-bad-media-type.txt", "vm-ed25519.json", CodeMalformed},
		{"presentation-jose-bad-media-type.txt", "vm-ed25519.json", CodeMalformed},
		{"credential-jose-vc-vp-claims.txt", "vm-ed25519.json", ""},
		{"presentation-jose-bad-credential.txt", "vm-ed25519.json", ""},
	} {
		var method struct {
			PublicKeyJwk map[string]any
		}
		if err := json.Unmarshal(read(c.key), &method); err != nil {
			t.Fatal(err)
		}
		key, err := keys.ParseJWK(method.PublicKeyJwk)
		if err != nil {
			t.Fatal(err)
		}
		token, err := Parse(read(c.name))
		if err == nil {
			err = token.Verify(key.Key)
		}
		var refusal *Error
		if c.code == "" && err == nil {
			if token.Header.KeyID != key.KeyID || !json.Valid(token.Payload) {
				t.Errorf("%s: %+v", c.name, token.Header)
			}
			continue
		}
		if !errors.As(err, &refusal) || refusal.Code != c.code {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
	}
}

// FuzzParse: what is read is written back byte by byte, and every refusal is one of ours.
func FuzzParse(f *testing.F) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	good, err := Sign([]byte(`{"a":1}`), Header{KeyID: "a", Type: TypeVC, ContentType: "vc"}, key)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{good, good + "=", "..", encode([]byte(`{"alg":"none"}`)) + ".e30.", encode([]byte(`{"alg":"ES256","jwk":{"kty":"EC"}}`)) + ".e30.AA"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		token, err := Parse(data)
		var refusal *Error
		if err != nil {
			if !errors.As(err, &refusal) || refusal.Code == "" {
				t.Fatal(err)
			}
			return
		}
		parts := strings.Split(string(data), ".")
		if len(parts) != 3 || encode(token.Payload) != parts[1] || token.signature != nil && encode(token.signature) != parts[2] {
			t.Fatalf("read as another text: %q", data)
		}
		if err := token.Verify(key.Public()); err == nil && (token.Header.Algorithm != keys.EdDSA || len(token.signature) != 64) {
			t.Fatalf("%q", data)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for algorithm, signer := range signers() {
		text, err := Sign(bytes.Repeat([]byte("x"), 2000), Header{KeyID: "a"}, signer)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(algorithm, func(b *testing.B) {
			for b.Loop() {
				token, err := Parse([]byte(text))
				if err == nil {
					err = token.Verify(signer.Public())
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
