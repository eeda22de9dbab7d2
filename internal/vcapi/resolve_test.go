package vcapi

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/keys"
)

const (
	ed25519Key = "z6MktKwz7Ge1Yxzr4JHavN33wiwa8y81QdcMRLXQsrH9T53b"
	p256JWK    = "eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9"
)

// TestResolve: every answer is a resolution, and each refusal names its error (DID Resolution 0.3, did:key 0.9).
func TestResolve(t *testing.T) {
	w := newWorld(t)
	own := w.ours.DID
	for name, test := range map[string]struct {
		did, query string
		status     int
		want       string // the error, or what the document holds
	}{
		"did:key":                       {"did:key:" + ed25519Key, "", 200, `"publicKeyMultibase":"` + ed25519Key + `"`},
		"its method":                    {"did:key:" + ed25519Key + "#" + ed25519Key, "", 200, `"didDocument":{"id":"did:key:` + ed25519Key + "#"},
		"as JWK":                        {"did:key:" + ed25519Key, "publicKeyFormat=JsonWebKey2020", 200, `"crv":"Ed25519"`},
		"in the older form":             {"did:key:" + ed25519Key, "publicKeyFormat=Ed25519VerificationKey2020", 200, `"type":"Ed25519VerificationKey2020"`},
		"another method":                {"did:key:" + ed25519Key + "#z6Mk", "", 404, "notFound"},
		"did:jwk":                       {"did:jwk:" + p256JWK, "", 200, `"crv":"P-256"`},
		"did:jwk as Multikey":           {"did:jwk:" + p256JWK, "publicKeyFormat=Multikey", 200, `"publicKeyMultibase":"zDn`},
		"P-256 in the form of Ed25519":  {"did:jwk:" + p256JWK, "publicKeyFormat=Ed25519VerificationKey2020", 400, "invalidPublicKeyType"},
		"its own":                       {own, "", 200, `"id":"` + own + `"`},
		"a method of its own":           {w.ours.Keys[0].Method, "", 200, `"didDocument":{`},
		"no method of its own":          {own + "#none", "", 404, "notFound"},
		"not a DID":                     {"notDid:key:" + ed25519Key, "", 400, "invalidDid"},
		"nothing":                       {"did:", "", 400, "invalidDid"},
		"an upper-case method":          {"did:KEY:" + ed25519Key, "", 400, "invalidDid"},
		"another DID method":            {"did:experimental:" + ed25519Key, "", 400, "methodNotSupported"},
		"a version":                     {"did:key:1.1:" + ed25519Key, "", 400, "invalidDid"},
		"no multibase":                  {"did:key:" + ed25519Key[1:], "", 400, "invalidDid"},
		"no characters of a DID":        {"did:key:@", "", 400, "invalidDid"},
		"a short key":                   {"did:key:zTjsVPtY", "", 400, "invalidPublicKeyLength"},
		"no key":                        {"did:key:z" + strings.Repeat("1", 60), "", 400, "invalidPublicKey"},
		"a long key":                    {"did:key:z" + strings.Repeat("2", 8000), "", 400, "invalidPublicKey"},
		"a secret key":                  {"did:key:z3u2en7t5LR2WtQH5PfFqMqwVHgeXouLzo6haApm8XHqvjxq", "", 400, "invalidPublicKey"},
		"not a DID URL":                 {"did:key:" + ed25519Key + "/^bar^/?query=`#" + ed25519Key, "", 400, "invalidDidUrl"},
		"a fragment twice":              {"did:key:" + ed25519Key + "#a#b", "", 400, "invalidDidUrl"},
		"a path":                        {"did:key:" + ed25519Key + "/path", "", 404, "notFound"},
		"unknown format":                {"did:key:" + ed25519Key, "publicKeyFormat=unknown", 400, "unsupportedPublicKeyType"},
		"experimental":                  {"did:key:" + ed25519Key, "publicKeyFormat=Ed25519VerificationKey2018&enableExperimentalPublicKeyTypes=false", 400, "invalidPublicKeyType"},
		"experimental and asked for":    {"did:key:" + ed25519Key, "publicKeyFormat=Ed25519VerificationKey2018&enableExperimentalPublicKeyTypes=true", 400, "unsupportedPublicKeyType"},
		"unknown option":                {"did:key:" + ed25519Key, "versionId=1", 400, "invalidOptions"},
		"options that are no query":     {"did:key:" + ed25519Key, "%zz", 400, "invalidOptions"},
		"did:jwk without a key":         {"did:jwk:e30", "", 400, "invalidDid"},
		"its own in another form":       {own, "publicKeyFormat=JsonWebKey", 400, "invalidOptions"},
		"its own with another option":   {own, "enableExperimentalPublicKeyTypes=true", 400, "invalidOptions"},
		"did:web to this machine":       {"did:web:127.0.0.1", "", 400, "notAllowed"},
		"did:web that leaves its place": {"did:web:badges.example.org:..", "", 400, "invalidDid"},
		"did:web of nobody":             {"did:web:gone.example.org", "", 404, "notFound"},
		"did:web about another":         {"did:web:liar.example.org", "", 400, "invalidDidDocument"},
		"did:web from another host":     {"did:web:moved.example.org", "", 404, "notFound"},
		"did:web that is a page":        {"did:web:page.example.org", "", 400, "invalidDidDocument"},
	} {
		path := "/vc-api/identifiers/" + url.PathEscape(test.did)
		if test.query != "" {
			path += "?" + test.query
		}
		a := w.ask(t, "GET", path, "")
		got := read[struct {
			DidDocument           any
			DidResolutionMetadata struct{ Error, ContentType string }
			DidDocumentMetadata   map[string]any
		}](t, a)
		if a.status != test.status || !strings.HasPrefix(a.header.Get("Content-Type"), "application/ld+json") || got.DidDocumentMetadata == nil {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if test.status == 200 && (!strings.Contains(string(a.body), test.want) || got.DidResolutionMetadata.ContentType == "") ||
			test.status != 200 && (got.DidResolutionMetadata.Error != test.want || got.DidDocument != nil) {
			t.Errorf("%s: %s, want %s", name, a.body, test.want)
		}
		if head := w.ask(t, "HEAD", path, ""); head.status != test.status {
			t.Errorf("%s: HEAD is answered with %d, GET with %d", name, head.status, test.status)
		}
	}
	if asked := "https://127.0.0.1/.well-known/did.json"; !slices.Contains(w.asked, asked) { // the door says no, not this room
		t.Errorf("asked %v", w.asked)
	}
}

// TestResolvedIsRead: what is written for a DID is read again as the same key.
func TestResolvedIsRead(t *testing.T) {
	w := newWorld(t)
	for _, did := range []string{"did:key:" + ed25519Key, "did:jwk:" + p256JWK, w.ours.DID} {
		for _, format := range []string{"", "?publicKeyFormat=JsonWebKey", "?publicKeyFormat=Multikey"} {
			if strings.HasPrefix(did, "did:web:") {
				format = ""
			}
			a := w.ask(t, "GET", "/vc-api/identifiers/"+url.PathEscape(did)+format, "")
			text, err := encode(read[struct{ DidDocument any }](t, a).DidDocument)
			if err != nil {
				t.Fatal(err)
			}
			document, err := keys.ParseDocument(text)
			if err != nil || document.ID != did || len(document.Methods) == 0 || document.Methods[0].Err != nil ||
				!document.Allows(keys.AssertionMethod, document.Methods[0].ID) {
				t.Errorf("%s%s: %+v, error %v", did, format, document, err)
			}
		}
	}
}
