package verifier

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

const (
	httpsID  = "https://issuer.example/org"
	wellKeys = "https://issuer.example/.well-known/jwks.json"
	profile  = `{"@context":["https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],"id":"` + httpsID + `","type":["Profile"],"name":"Example District"}`
)

// asked is a library that remembers which addresses were asked for, in their order.
type asked struct {
	library
	addresses []string
}

func (a *asked) Fetch(ctx context.Context, url string, limit int) (Document, error) {
	a.addresses = append(a.addresses, url)
	return a.library.Fetch(ctx, strings.SplitN(url, "#", 2)[0], limit)
}

// ofIssuer is a change that makes a badge one of another issuer.
func ofIssuer(id string) func(map[string]any) {
	return func(d map[string]any) { d["issuer"].(map[string]any)["id"] = id }
}

// jwkOf is the JWK of a key with other members beside.
func jwkOf(t testing.TB, pub crypto.PublicKey, members map[string]any) map[string]any {
	t.Helper()
	jwk, err := keys.MarshalJWK(pub)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(jwk, members)
	return jwk
}

// tokenOf is a badge of issuer as a token with these members in its header.
func (b *bench) tokenOf(issuer string, signer crypto.Signer, header map[string]any) []byte {
	b.Helper()
	header["alg"] = keys.AlgorithmFor(signer.Public())
	return token(b, string(marshal(b, header)), string(b.badge(ofIssuer(issuer))), signer)
}

// judged verifies input with the documents alone, and compares what was asked for.
func (b *bench) judged(input []byte, authentic Answer, code string, addresses ...string) *Report {
	b.Helper()
	source := &asked{library: b.documents}
	r, err := Verify(context.Background(), input, Options{At: at, Fetch: source})
	if err != nil {
		b.Fatal(err)
	}
	inForce := Undecided
	if authentic == Yes {
		inForce = Yes
	}
	expect(b, "report", r, authentic, inForce, code)
	if diff := cmp.Diff(addresses, source.addresses); diff != "" {
		b.Errorf("asked for: %s", diff)
	}
	return r
}

// httpsDocument is the controlled identifier document of the https issuer, changed (CID 1.0 section 2).
func (b *bench) httpsDocument(change func(d, method map[string]any)) []byte {
	b.Helper()
	multikey, err := keys.Multikey(b.key.Signer.Public())
	if err != nil {
		b.Fatal(err)
	}
	method := map[string]any{"id": httpsID + "#key-1", "type": "Multikey", "controller": httpsID, "publicKeyMultibase": multikey}
	d := map[string]any{"@context": "https://www.w3.org/ns/cid/v1", "id": httpsID, "verificationMethod": []any{method}, "assertionMethod": []any{httpsID + "#key-1"}}
	change(d, method)
	return marshal(b, d)
}

// TestHTTPSIssuer: an issuer whose id is an https address has the keys of the document there, and of no other.
func TestHTTPSIssuer(t *testing.T) {
	as := func(d, method map[string]any) {}
	for name, c := range map[string]struct {
		change    func(d, method map[string]any)
		authentic Answer
		code      string
	}{
		"as it is": {as, Yes, ""},
		"relative ids": {func(d, m map[string]any) {
			m["id"], m["controller"], d["assertionMethod"] = "#key-1", httpsID, "#key-1"
		}, Yes, ""},
		"embedded": {func(d, m map[string]any) {
			delete(d, "verificationMethod")
			d["assertionMethod"] = []any{m}
		}, Yes, ""},
		"another id":         {func(d, m map[string]any) { d["id"] = httpsID + "/" }, No, "issuer_mismatch"},
		"an upper-case host": {func(d, m map[string]any) { d["id"] = strings.Replace(httpsID, "issuer", "ISSUER", 1) }, No, "issuer_mismatch"},
		"another controller": {func(d, m map[string]any) { m["controller"] = "https://evil.example/org" }, No, "issuer_mismatch"},
		"for authentication": {func(d, m map[string]any) { d["authentication"] = d["assertionMethod"]; delete(d, "assertionMethod") }, No, "key_mismatch"},
		"another key":        {func(d, m map[string]any) { m["id"] = httpsID + "#key-2" }, No, "issuer_mismatch"},
		"no key any more":    {func(d, m map[string]any) { d["verificationMethod"], d["assertionMethod"] = []any{}, []any{} }, No, "issuer_mismatch"},
		"for encryption only": {func(d, m map[string]any) {
			delete(d, "verificationMethod")
			d["keyAgreement"] = d["assertionMethod"]
			delete(d, "assertionMethod")
		}, No, "issuer_mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.key.ID = httpsID + "#key-1"
			b.documents[httpsID] = b.httpsDocument(c.change)
			b.judged(b.seal(b.badge(ofIssuer(httpsID))), c.authentic, c.code, httpsID)
			b.judged(b.tokenOf(httpsID, b.key.Signer, map[string]any{"kid": b.key.ID}), c.authentic, c.code, append([]string{httpsID}, moreFor(name)...)...)
		})
	}
}

// moreFor are the addresses that a token may lead to beside the document: its key identifier is on the host of the issuer, and not
// in the document.
func moreFor(name string) []string {
	switch name {
	case "another key", "no key any more", "for encryption only":
		return []string{wellKeys}
	}
	return nil
}

// TestKeyIsTried: while the document cannot be read, the key in the input is tried all the same ("What a finding does").
func TestKeyIsTried(t *testing.T) {
	b := newBench(t)
	other := newSigner(t, false)
	header := map[string]any{"jwk": jwkOf(t, b.key.Signer.Public(), nil)}
	good := b.tokenOf(httpsID, b.key.Signer, header)
	altered := token(t, string(marshal(t, header)), string(b.badge(ofIssuer(httpsID))), other.Signer)
	b.judged(good, Undecided, "issuer_unresolved", httpsID)
	b.judged(altered, No, "signature_invalid", httpsID)
	b.documents[httpsID] = []byte(profile)
	b.judged(good, Undecided, "issuer_unresolved", httpsID, wellKeys)
	b.judged(altered, No, "signature_invalid", httpsID, wellKeys)
	b.documents[httpsID] = []byte(`{"id":"` + httpsID + `","verificationMethod":[`)
	b.judged(good, Undecided, "issuer_unresolved", httpsID)
	b.documents[httpsID] = b.httpsDocument(func(d, m map[string]any) { d["verificationMethod"] = []any{} })
	b.judged(good, No, "issuer_mismatch", httpsID)
}

// TestPublishedKeySet: an issuer whose address answers with its profile or a page has its keys in the jwks.json of its host (Open
// Badges 3.0 implementation guide, key provenance).
func TestPublishedKeySet(t *testing.T) {
	kidAddress := "https://issuer.example/keys/1"
	type entry = map[string]any
	for name, c := range map[string]struct {
		answer    string
		entry     entry // of the key set; nil: there is none
		beside    entry // a second one
		header    entry // nil: the key itself
		authentic Answer
		code      string
		more      []string
	}{
		"profile, key itself":      {answer: profile, entry: entry{}, authentic: Yes},
		"page, key itself":         {answer: " \n<!doctype html>", entry: entry{}, authentic: Yes},
		"page with a mark":         {answer: "\xef\xbb\xbf<html>", entry: entry{}, authentic: Yes},
		"of this issuer":           {answer: profile, entry: entry{"iss": httpsID}, authentic: Yes},
		"of another issuer":        {answer: profile, entry: entry{"iss": "https://issuer.example/other"}, authentic: No, code: "issuer_mismatch"},
		"iss empty":                {answer: profile, entry: entry{"iss": ""}, authentic: No, code: "issuer_mismatch"},
		"iss no text":              {answer: profile, entry: entry{"iss": 1}, authentic: No, code: "issuer_mismatch"},
		"shared by issuers":        {answer: profile, entry: entry{"iss": "https://issuer.example/other"}, beside: entry{"iss": httpsID}, authentic: Yes},
		"for encryption":           {answer: profile, entry: entry{"use": "enc"}, authentic: No, code: "key_mismatch"},
		"secret":                   {answer: profile, entry: entry{"d": "AAAA"}, authentic: No, code: "key_mismatch"},
		"named":                    {answer: profile, entry: entry{"kid": "k1"}, header: entry{"kid": "k1"}, authentic: Yes},
		"named twice":              {answer: profile, entry: entry{"kid": "k1"}, beside: entry{"kid": "k1"}, header: entry{"kid": "k1"}, authentic: No, code: "key_mismatch"},
		"named by no entry":        {answer: profile, entry: entry{"kid": "k2"}, header: entry{"kid": "k1"}, authentic: No, code: "key_mismatch"},
		"named by address":         {answer: "<html>", entry: entry{"kid": kidAddress}, header: entry{"kid": kidAddress}, authentic: Yes},
		"named by address, twice":  {answer: "<html>", entry: entry{"kid": kidAddress}, beside: entry{"kid": kidAddress}, header: entry{"kid": kidAddress}, authentic: No, code: "key_mismatch"},
		"by address elsewhere":     {answer: profile, entry: entry{"kid": "https://evil.example/k"}, header: entry{"kid": "https://evil.example/k"}, authentic: No, code: "issuer_mismatch", more: []string{}},
		"no key set":               {answer: profile, authentic: Undecided, code: "issuer_unresolved"},
		"profile of another":       {answer: strings.Replace(profile, httpsID, "https://issuer.example/other", 1), entry: entry{}, authentic: No, code: "issuer_mismatch", more: []string{}},
		"JSON about nothing":       {answer: `{"name":"Example"}`, entry: entry{}, authentic: Undecided, code: "issuer_unresolved", more: []string{}},
		"document without the key": {answer: `{"id":"` + httpsID + `","verificationMethod":[]}`, entry: entry{}, authentic: No, code: "issuer_mismatch", more: []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.documents[httpsID] = []byte(c.answer)
			if c.entry != nil {
				all := []any{jwkOf(t, newSigner(t, false).Signer.Public(), entry{"kid": "other"}), jwkOf(t, b.key.Signer.Public(), c.entry)}
				if c.beside != nil {
					all = append(all, jwkOf(t, b.key.Signer.Public(), c.beside))
				}
				b.documents[wellKeys] = marshal(t, entry{"keys": all})
			}
			if c.header == nil {
				c.header = entry{"jwk": jwkOf(t, b.key.Signer.Public(), nil)}
			}
			addresses := []string{httpsID}
			if c.more == nil {
				addresses = append(addresses, wellKeys)
			}
			r := b.judged(b.tokenOf(httpsID, b.key.Signer, c.header), c.authentic, c.code, append(addresses, c.more...)...)
			if c.authentic == Yes && !strings.Contains(findingsIn(r, "issuer"), "key set") {
				t.Error(findingsIn(r, "issuer"))
			}
		})
	}
}

// findingsIn is what the checks of a step say.
func findingsIn(r *Report, step string) (details string) {
	for _, c := range r.Checks {
		if c.Step == step {
			details += c.Detail
		}
	}
	return details
}

// TestKeyAddress: a kid that is an https address names a method of the issuer's document, an entry of its key set, or a key on its
// own host that the issuer publishes as well. Nothing is fetched from elsewhere ("The JWT rule").
func TestKeyAddress(t *testing.T) {
	const kid = "https://issuer.example/keys/1"
	other := newSigner(t, false)
	for name, c := range map[string]struct {
		kid       string
		at        func(b *bench) any // what stands at the address
		inSet     bool               // the key stands in the key set, and not in the document
		remove    bool               // the key stands nowhere
		authentic Answer
		code      string
		more      []string // asked for beside the document
	}{
		"one key":             {kid: kid, at: func(b *bench) any { return jwkOf(b, b.key.Signer.Public(), nil) }, authentic: Yes, more: []string{wellKeys, kid}},
		"a set":               {kid: kid + "#k1", at: func(b *bench) any { return setOf(b, "k1") }, authentic: Yes, more: []string{wellKeys, kid + "#k1"}},
		"a set, no such name": {kid: kid + "#k2", at: func(b *bench) any { return setOf(b, "k1") }, authentic: No, code: "issuer_mismatch", more: []string{wellKeys, kid + "#k2"}},
		"a set, no name":      {kid: kid, at: func(b *bench) any { return setOf(b, "k1") }, authentic: No, code: "issuer_mismatch", more: []string{wellKeys, kid}},
		"in the key set":      {kid: kid, at: func(b *bench) any { return jwkOf(b, b.key.Signer.Public(), nil) }, inSet: true, authentic: Yes, more: []string{wellKeys, kid}},
		"key of another":      {kid: kid, at: func(b *bench) any { return jwkOf(b, other.Signer.Public(), nil) }, authentic: No, code: "issuer_mismatch", more: []string{wellKeys, kid}},
		"published nowhere": {kid: kid, at: func(b *bench) any { return jwkOf(b, b.key.Signer.Public(), nil) }, remove: true, authentic: No, code: "issuer_mismatch",
			more: []string{wellKeys, kid}},
		"secret":               {kid: kid, at: func(b *bench) any { return jwkOf(b, b.key.Signer.Public(), map[string]any{"d": "AA"}) }, authentic: No, code: "issuer_mismatch", more: []string{wellKeys, kid}},
		"a page":               {kid: kid, at: func(*bench) any { return "<html>" }, authentic: No, code: "issuer_mismatch", more: []string{wellKeys, kid}},
		"nothing there":        {kid: kid, authentic: Undecided, code: "issuer_unresolved", more: []string{wellKeys, kid}},
		"another host":         {kid: "https://evil.example/keys/1", authentic: No, code: "issuer_mismatch"},
		"another port":         {kid: "https://issuer.example:8443/keys/1", authentic: No, code: "issuer_mismatch"},
		"a host below":         {kid: "https://keys.issuer.example/keys/1", authentic: No, code: "issuer_mismatch"},
		"user name":            {kid: "https://issuer.example@evil.example/k", authentic: No, code: "issuer_mismatch"},
		"a metadata address":   {kid: "https://169.254.169.254/latest", authentic: No, code: "issuer_mismatch"},
		"port 443 written out": {kid: "https://issuer.example:443/keys/1", at: func(b *bench) any { return jwkOf(b, b.key.Signer.Public(), nil) }, authentic: Yes, more: []string{wellKeys, "https://issuer.example:443/keys/1"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, issuer := range []string{httpsID, webDID} {
				b := newBench(t)
				address := httpsID
				if issuer == webDID {
					address = webDoc
				}
				if issuer == httpsID {
					b.documents[httpsID] = b.httpsDocument(func(d, m map[string]any) {
						if c.inSet || c.remove {
							d["verificationMethod"], d["assertionMethod"] = []any{}, []any{}
						}
					})
				} else if c.inSet || c.remove {
					b.publish(func(d map[string]any) { d["verificationMethod"], d["assertionMethod"] = []any{}, []any{} })
				}
				if c.inSet {
					b.documents[wellKeys] = marshal(t, map[string]any{"keys": []any{jwkOf(t, b.key.Signer.Public(), nil)}})
				}
				if c.at != nil {
					v := c.at(b)
					if page, isText := v.(string); isText {
						b.documents[strings.SplitN(c.kid, "#", 2)[0]] = []byte(page)
					} else {
						b.documents[strings.SplitN(c.kid, "#", 2)[0]] = marshal(t, v)
					}
				}
				b.judged(b.tokenOf(issuer, b.key.Signer, map[string]any{"kid": c.kid}), c.authentic, c.code, append([]string{address}, c.more...)...)
			}
		})
	}
}

func setOf(b *bench, kid string) map[string]any {
	return map[string]any{"keys": []any{jwkOf(b, newSigner(b, false).Signer.Public(), map[string]any{"kid": "x"}), jwkOf(b, b.key.Signer.Public(), map[string]any{"kid": kid})}}
}

// TestMethodByReference: a method may stand at an address of its own, when the issuer's document lists that address (CID 1.0
// sections 2.2 and 3.3).
func TestMethodByReference(t *testing.T) {
	const address = "https://issuer.example/keys/1"
	for name, c := range map[string]struct {
		id        string
		listed    []any
		change    func(method map[string]any)
		authentic Answer
		code      string
		more      []string
	}{
		"listed":             {address, []any{address}, nothing, Yes, "", []string{address}},
		"not listed":         {address, []any{}, nothing, No, "issuer_mismatch", nil},
		"another controller": {address, []any{address}, func(m map[string]any) { m["controller"] = "https://issuer.example/other" }, No, "issuer_mismatch", []string{address}},
		"no controller":      {address, []any{address}, func(m map[string]any) { delete(m, "controller") }, No, "issuer_mismatch", []string{address}},
		"another id":         {address, []any{address}, func(m map[string]any) { m["id"] = address + "#1" }, No, "issuer_mismatch", []string{address}},
		"a key of no use":    {address, []any{address}, func(m map[string]any) { m["publicKeyMultibase"] = "zzz" }, No, "key_mismatch", []string{address}},
		"revoked":            {address, []any{address}, func(m map[string]any) { m["revoked"] = "2026-11-22T12:00:00Z" }, No, "key_mismatch", []string{address}},
		"cannot be read":     {address, []any{address}, nil, Undecided, "issuer_unresolved", []string{address}},
		"another host":       {"https://evil.example/keys/1", []any{"https://evil.example/keys/1"}, nothing, No, "issuer_mismatch", nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.key.ID = c.id
			b.documents[httpsID] = b.httpsDocument(func(d, m map[string]any) {
				m["id"] = c.id
				d["verificationMethod"], d["assertionMethod"] = []any{}, c.listed
				if c.change != nil {
					c.change(m)
					b.documents[c.id] = marshal(t, m)
				}
			})
			addresses := append([]string{httpsID}, c.more...)
			sealed := b.seal(b.badge(ofIssuer(httpsID)))
			if name == "another host" { // somebody else's key: the issuer's document is not even asked for
				b.judged(sealed, c.authentic, c.code)
				return
			}
			b.judged(sealed, c.authentic, c.code, addresses...)
			if len(c.listed) > 0 {
				b.judged(b.tokenOf(httpsID, b.key.Signer, map[string]any{"kid": c.id}), c.authentic, c.code, addresses...)
			}
		})
	}
}

// TestKeyForms: the key of an issuer that is its own key, in every form in which a token may name it.
func TestKeyForms(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsa2048, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	other := newSigner(t, false)
	for name, signer := range map[string]crypto.Signer{"Ed25519": b.key.Signer, "P-256": p256, "P-384": p384, "RSA": rsa2048} {
		t.Run(name, func(t *testing.T) {
			b := &bench{TB: t, key: b.key, documents: library{}}
			didKey, err := keys.DIDKey(signer.Public())
			if err != nil {
				t.Fatal(err)
			}
			multikey := strings.TrimPrefix(didKey, "did:key:")
			didJWK := "did:jwk:" + base64.RawURLEncoding.EncodeToString(marshal(t, jwkOf(t, signer.Public(), map[string]any{"kid": "my key"})))
			own := jwkOf(t, signer.Public(), nil)
			for form, c := range map[string]struct {
				issuer    string
				header    map[string]any
				authentic Answer
				code      string
			}{
				"did:key, DID URL":           {didKey, map[string]any{"kid": didKey + "#" + multikey}, Yes, ""},
				"did:key, fragment":          {didKey, map[string]any{"kid": multikey}, Yes, ""},
				"did:key, DID":               {didKey, map[string]any{"kid": didKey}, Yes, ""},
				"did:key, key itself":        {didKey, map[string]any{"jwk": own}, Yes, ""},
				"did:key, both":              {didKey, map[string]any{"kid": didKey + "#" + multikey, "jwk": own}, Yes, ""},
				"did:key, other fragment":    {didKey, map[string]any{"kid": didKey + "#0"}, No, "issuer_mismatch"},
				"did:key, other name":        {didKey, map[string]any{"kid": "#" + multikey}, No, "key_mismatch"},
				"did:key, other DID":         {didKey, map[string]any{"kid": other.ID}, No, "issuer_mismatch"},
				"did:key, other key":         {didKey, map[string]any{"jwk": jwkOf(t, other.Signer.Public(), nil)}, No, "issuer_mismatch"},
				"did:key, and another key":   {didKey, map[string]any{"kid": didKey, "jwk": jwkOf(t, other.Signer.Public(), nil)}, No, "issuer_mismatch"},
				"did:key, no host":           {didKey, map[string]any{"kid": "https:///keys/1"}, No, "issuer_mismatch"},
				"did:key, no URL":            {didKey, map[string]any{"kid": "https://[/keys/1"}, No, "issuer_mismatch"},
				"did:jwk, DID URL":           {didJWK, map[string]any{"kid": didJWK + "#0"}, Yes, ""},
				"did:jwk, DID":               {didJWK, map[string]any{"kid": didJWK}, Yes, ""},
				"did:jwk, kid of the JWK":    {didJWK, map[string]any{"kid": "my key"}, Yes, ""},
				"did:jwk, kid as a fragment": {didJWK, map[string]any{"kid": didJWK + "#my key"}, No, "issuer_mismatch"},
				"did:web, DID":               {webDID, map[string]any{"kid": webDID}, No, "issuer_mismatch"},
			} {
				t.Run(form, func(t *testing.T) {
					(&bench{TB: t, key: b.key, documents: b.documents}).judged(b.tokenOf(c.issuer, signer, c.header), c.authentic, c.code)
				})
			}
		})
	}
}

// TestIdentifiersWithoutKeys: an identifier that holds a key of another kind, a secret or a weak one says so.
func TestIdentifiersWithoutKeys(t *testing.T) {
	jwk := func(text string) string { return "did:jwk:" + base64.RawURLEncoding.EncodeToString([]byte(text)) }
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	n := base64.RawURLEncoding.EncodeToString(weak.N.Bytes())
	b := newBench(t)
	for did, c := range map[string]struct{ code, says string }{
		"did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme":                                                                                       {"key_mismatch", "secp256k1"},
		"did:key:z6LSj72tK8brWgZja8NLRwPigth2T9QRiG1uH9oKZuKjdh9p":                                                                                        {"key_mismatch", "X25519"},
		"did:key:zUC7EK3ZakmukHhuncwkbySmomv3FmrkmS36E4Ks5rsb6VQSRpoCrx6Hb8e2Nk6UvJFSdyw9NK1scFXJp21gNNYFjVWNgaqyGnkyhtagagCpQb5B7tagJu3HDbjQ8h5ypoHjwBb": {"key_mismatch", "BLS"},
		jwk(`{"kty":"OKP","crv":"X25519","use":"enc","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}`):                                                 {"key_mismatch", "X25519"},
		jwk(`{"kty":"OKP","crv":"Ed25519","d":"AA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`):                                                   {"key_mismatch", "secret"},
		jwk(`{"kty":"OKP","crv":"Ed25519","use":"enc","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`):                                                {"key_mismatch", "does not allow"},
		jwk(`{"kty":"RSA","e":"AQAB","n":"` + n + `"}`):                                                                                                   {"weak_key", "2048"},
		"did:key:zz": {"key_mismatch", ""},
	} {
		kid := did + "#" + strings.TrimPrefix(did, "did:key:")
		if strings.HasPrefix(did, "did:jwk:") {
			kid = did + "#0"
		}
		r := b.judged(b.tokenOf(did, b.key.Signer, map[string]any{"kid": kid}), No, c.code)
		if !strings.Contains(findingsIn(r, "issuer"), c.says) {
			t.Errorf("%s: %s", did, findingsIn(r, "issuer"))
		}
	}
}

// TestHolder: a presentation is signed by a key that its holder lists for authentication, and with one that has not expired.
func TestHolder(t *testing.T) {
	b := newBench(t)
	p := proof.Proof{Type: "DataIntegrityProof", Method: b.key.ID}
	for name, c := range map[string]struct {
		change       func(d, method map[string]any)
		relationship string
		code         string
	}{
		"as it is":           {func(d, m map[string]any) {}, keys.Authentication, ""},
		"for assertions":     {func(d, m map[string]any) { d["authentication"] = []any{} }, keys.Authentication, "key_mismatch"},
		"for authentication": {func(d, m map[string]any) { d["assertionMethod"] = []any{} }, keys.Authentication, ""},
		"a credential":       {func(d, m map[string]any) { d["assertionMethod"] = []any{} }, keys.AssertionMethod, "key_mismatch"},
		"expired":            {func(d, m map[string]any) { m["expires"] = "2026-11-22T12:00:00Z" }, keys.Authentication, "key_mismatch"},
		"to expire":          {func(d, m map[string]any) { m["expires"] = "2026-11-22T12:00:01Z" }, keys.Authentication, ""},
		"removed":            {func(d, m map[string]any) { d["verificationMethod"] = []any{} }, keys.Authentication, "issuer_mismatch"},
	} {
		b.publish(func(d map[string]any) { c.change(d, d["verificationMethod"].([]any)[0].(map[string]any)) })
		r := newRun(Options{At: at, Fetch: b.documents})
		found := r.findKey(context.Background(), p, webDID, c.relationship)
		if found.check.Code != c.code || (found.key == nil) != (c.code != "") {
			t.Errorf("%s: %+v", name, found.check)
		}
		for _, kind := range []string{"JWT", "DataIntegrityProof"} { // a proof that names no key at all
			if none := r.findKey(context.Background(), proof.Proof{Type: kind}, webDID, c.relationship); none.check.Outcome == Pass || none.key != nil {
				t.Errorf("%s: %+v", name, none.check)
			}
		}
		if c.relationship == keys.Authentication && strings.Contains(found.check.Detail, "issuer") {
			t.Errorf("%s: %s", name, found.check.Detail)
		}
	}
}

// TestKeySetReadOnce: proofs and endorsements that ask for one key set cost it once, and a document with more methods than anybody
// needs is not read.
func TestKeySetReadOnce(t *testing.T) {
	b := newBench(t)
	source := &asked{library: b.documents}
	b.documents[httpsID] = []byte(profile)
	b.documents[wellKeys] = marshal(t, map[string]any{"keys": []any{jwkOf(t, b.key.Signer.Public(), map[string]any{"kid": "k1"})}})
	r := newRun(Options{At: at, Fetch: source})
	for i := range 100 {
		r.inner(r.Profile).findKey(context.Background(), proof.Proof{Type: "JWT", Method: fmt.Sprintf("k%d", i)}, httpsID, keys.AssertionMethod)
	}
	if diff := cmp.Diff([]string{httpsID, wellKeys}, source.addresses); diff != "" {
		t.Error(diff)
	}
	b.key.ID = httpsID + "#key-1"
	b.documents[httpsID] = b.httpsDocument(func(d, m map[string]any) {
		methods := []any{m}
		for i := range 256 {
			more := maps.Clone(m)
			more["id"] = fmt.Sprintf("%s#more-%d", httpsID, i)
			methods = append(methods, more)
		}
		d["verificationMethod"] = methods
	})
	start := time.Now()
	b.judged(b.seal(b.badge(ofIssuer(httpsID))), Undecided, "issuer_unresolved", httpsID)
	t.Logf("a document of 257 methods took %v", time.Since(start))
}
