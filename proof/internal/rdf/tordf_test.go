package rdf

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/strict"
	"github.com/laurelbadges/laurel/internal/referencedata"
)

// referenceFolder returns the folder of reference data, or skips the test.
func referenceFolder(t testing.TB) string {
	t.Helper()
	return referencedata.Folder(t)
}

// Contexts of the reference data, by URL.
var referenceContexts = map[string]string{
	"https://www.w3.org/ns/credentials/v2":                        "contexts/credentials-v2.jsonld",
	"https://www.w3.org/2018/credentials/v1":                      "contexts/credentials-v1.jsonld",
	"https://purl.imsglobal.org/spec/ob/v3p0/context.json":        "contexts/ob-v3p0-context.json",
	"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json":  "contexts/ob-v3p0-context-3.0.1.json",
	"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json":  "contexts/ob-v3p0-context-3.0.2.json",
	"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json":  "contexts/ob-v3p0-context-3.0.3.json",
	"https://purl.imsglobal.org/spec/ob/v3p0/extensions.json":     "contexts/ob-v3p0-extensions.json",
	"https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json": "contexts/clr-v2p0-context-2.0.1.json",
	"https://purl.imsglobal.org/spec/clr/v2p0/context.json":       "contexts/clr-v2p0-context.json",
	"https://w3id.org/security/data-integrity/v1":                 "contexts/security-data-integrity-v1.jsonld",
	"https://w3id.org/security/data-integrity/v2":                 "contexts/security-data-integrity-v2.jsonld",
	"https://w3id.org/security/multikey/v1":                       "contexts/security-multikey-v1.jsonld",
	"https://w3id.org/security/jwk/v1":                            "contexts/security-jwk-v1.jsonld",
	"https://w3id.org/security/suites/ed25519-2020/v1":            "contexts/security-suites-ed25519-2020-v1.jsonld",
	"https://www.w3.org/ns/did/v1":                                "contexts/did-v1.jsonld",
	"https://www.w3.org/ns/cid/v1":                                "contexts/cid-v1.jsonld",
	"https://w3id.org/vc/status-list/2021/v1":                     "contexts/status-list-2021-v1.jsonld",
	"https://www.w3.org/ns/credentials/status/v1":                 "contexts/credentials-status-v1.jsonld",
	"https://www.w3.org/ns/credentials/examples/v2":               "contexts/credentials-examples-v2.jsonld",
	"https://www.w3.org/ns/credentials/undefined-terms/v2":        "contexts/credentials-undefined-terms-v2.jsonld",
	"https://w3id.org/citizenship/v4rc1":                          "vectors/contexts/citizenship_v4rc1.jsonld",
}

func referenceOptions(t testing.TB) Options {
	folder := referenceFolder(t)
	return Options{loose: true, Context: func(url string) ([]byte, error) {
		file, known := referenceContexts[url]
		if !known {
			return nil, fmt.Errorf("unknown")
		}
		return os.ReadFile(filepath.Join(folder, file))
	}}
}

func parse(t testing.TB, text string) map[string]any {
	t.Helper()
	doc, err := strict.Object([]byte(text), credential.JSONLimits())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func readReference(t testing.TB, elements ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{referenceFolder(t)}, elements...)...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func canonical(t *testing.T, doc map[string]any, hash crypto.Hash) string {
	t.Helper()
	quads, err := ToRDF(doc, referenceOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	result, err := Canonicalize(t.Context(), quads, hash)
	if err != nil {
		t.Fatal(err)
	}
	return string(result.NQuads)
}

// The canonical documents and proofs that the specifications print.
func TestPublishedCanonicalForms(t *testing.T) {
	for _, c := range []struct {
		folder, signed, document, proof string
		hash                            crypto.Hash
	}{
		{"vectors/di-eddsa/eddsa-rdfc-2022", "signedDataInt.json", "canonDocDataInt.txt", "proofCanonDataInt.txt", crypto.SHA256},
		{"vectors/di-eddsa/eddsa-rdfc-2022/employ", "signedDataInt.json", "canonDocDataInt.txt", "proofCanonDataInt.txt", crypto.SHA256},
		{"vectors/di-ecdsa/ecdsa-rdfc-2019-p256", "signedECDSAP256.json", "canonDocECDSAP256.txt", "proofCanonECDSAP256.txt", crypto.SHA256},
		{"vectors/di-ecdsa/ecdsa-rdfc-2019-p256/employ", "signedECDSAP256.json", "canonDocECDSAP256.txt", "proofCanonECDSAP256.txt", crypto.SHA256},
		{"vectors/di-ecdsa/ecdsa-rdfc-2019-p384", "signedECDSAP384.json", "canonDocECDSAP384.txt", "proofCanonECDSAP384.txt", crypto.SHA384},
		{"vectors/di-ecdsa/ecdsa-rdfc-2019-p384/employ", "signedECDSAP384.json", "canonDocECDSAP384.txt", "proofCanonECDSAP384.txt", crypto.SHA384},
		{"vectors/di-eddsa/Ed25519Signature2020", "signedEdSig.json", "canonDocEdSig.txt", "proofCanonEdSig.txt", crypto.SHA256},
	} {
		t.Run(c.folder, func(t *testing.T) {
			document := parse(t, string(readReference(t, c.folder, c.signed)))
			proof := document["proof"].(map[string]any)
			delete(document, "proof")
			delete(proof, "proofValue")
			proof["@context"] = document["@context"]
			for file, doc := range map[string]map[string]any{c.document: document, c.proof: proof} {
				if diff := cmp.Diff(string(readReference(t, c.folder, file)), canonical(t, doc, c.hash)); diff != "" {
					t.Errorf("%s: %s", file, diff)
				}
			}
		})
	}
}

// The vector of the Open Badges 3.0 implementation guide.
func TestOpenBadgesVector(t *testing.T) {
	document := parse(t, string(readReference(t, "examples/spec-docs-1.2/linked-data-proof-ob__signed-credential.json")))
	proof := document["proof"].(map[string]any)
	delete(document, "proof")
	delete(proof, "proofValue")
	proof["@context"] = document["@context"]
	for want, doc := range map[string]map[string]any{
		"87f65a76d40146205e3b3e06cb0fbd153f97f9ce70372390f52566bb7f9e0773": document,
		"d34009cea0dbc1ca941e09dc01c8c9d3e3ce3c5b853f67ee44698dcea10f5d19": proof,
	} {
		if got := fmt.Sprintf("%x", sha256.Sum256([]byte(canonical(t, doc, crypto.SHA256)))); got != want {
			t.Errorf("hash %s, want %s", got, want)
		}
	}
}

func TestExamplesReachTheDataset(t *testing.T) {
	processor := NewProcessor(referenceOptions(t))
	for _, name := range []string{
		"basicOpenBadgeCredential__sample-openbadgecredential", "fullOpenBadge__complete-openbadgecredential",
		"endorsement__sample-endorsementcredential", "linked-data-proof-ob__credential", "linked-data-proof-clr__credential",
		"linked-data-proof-clr__signed-credential", "skillAssertionCase__skill-assertion-case",
	} {
		if _, err := processor.ToRDF(parse(t, string(readReference(t, "examples/spec-docs-1.2", name+".json")))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// documents calls visit with each JSON object under a folder of the reference data.
func documents(t testing.TB, folder string, visit func(name string, doc map[string]any)) {
	t.Helper()
	root := filepath.Join(referenceFolder(t), folder)
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if doc, err := strict.Object(text, credential.JSONLimits()); err == nil {
			visit(strings.TrimPrefix(path, root), doc)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Real credentials, good and bad: each has a dataset or a refusal with a code, and an added member is always found.
func TestCorpus(t *testing.T) {
	processor := NewProcessor(referenceOptions(t))
	read, accepted := 0, 0
	documents(t, "corpus/files", func(name string, doc map[string]any) {
		read++
		_, err := processor.ToRDF(doc)
		var refusal *Error
		if err != nil {
			if !errors.As(err, &refusal) || refusal.Code == "" || refusal.Detail == "" {
				t.Errorf("%s: %v", name, err)
			}
			return
		}
		accepted++
		doc["addedAfterwards"] = "x"
		if _, err := processor.ToRDF(doc); err == nil && !strings.Contains(fmt.Sprint(doc["@context"]), "examples/v2") && !strings.Contains(fmt.Sprint(doc["@context"]), "undefined-terms") {
			t.Errorf("%s: an added member was not found", name)
		}
	})
	if accepted == 0 {
		t.Errorf("none of %d documents was accepted", read)
	}
	t.Logf("%d documents, %d with a dataset", read, accepted)
}

// FuzzToRDF: both paths come to the same canonical form or the same refusal, and that form is one.
func FuzzToRDF(f *testing.F) {
	const context = `{"@vocab":"urn:v:","id":"@id","type":"@type","ex":"urn:ex:","ref":{"@id":"urn:ref","@type":"@id"},` +
		`"list":{"@id":"urn:list","@container":"@list"},"graph":{"@id":"urn:graph","@container":"@graph","@context":null},` +
		`"json":{"@id":"urn:json","@type":"@json"},"T":{"@id":"urn:T","@context":{"ref":{"@id":"urn:other","@type":"@vocab"}}}}`
	options := contextsOf(context)
	processor := NewProcessor(options)
	options.General = true
	general := NewProcessor(options)
	for _, seed := range []string{
		`"ref":"urn:a","list":["a",["b",{"id":"_:x"}]]`, `"graph":[{"a":1.5}],"json":{"b":[null]}`, `"type":"T","ref":"T","ex:a":true`,
		`"a":{"@value":"b","@language":"en","@direction":"rtl"}`, `"a":{"@list":[]},"@graph":[{"type":["T","urn:U"],"a":{"@set":["b"]}}]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, members string) {
		doc, err := strict.Object([]byte(`{"@context":"https://example.org/v1",`+members+`}`), strict.Limits{Bytes: 4096, Depth: 16, Objects: 50, Values: 50})
		if err != nil {
			return
		}
		got, err := processor.Canonicalize(t.Context(), doc, crypto.SHA256)
		want, wantErr := general.Canonicalize(t.Context(), doc, crypto.SHA256)
		var refusal *Error
		if err != nil && !errors.As(err, &refusal) {
			t.Fatalf("foreign error %v", err)
		}
		if err == nil && wantErr != nil && hasIRIUnknownToNetURL(t, got.NQuads) {
			return // json-gold takes no such IRI for one
		}
		if diff := cmp.Diff(wantErr, err); diff != "" {
			t.Fatalf("general -, compiled +:\n%s", diff)
		}
		if err != nil {
			return
		}
		again, err := ParseNQuads(got.NQuads)
		if err != nil || !bytes.Equal(got.NQuads, want.NQuads) {
			t.Fatalf("%v\ncompiled\n%sgeneral\n%s", err, got.NQuads, want.NQuads)
		}
		if second, err := Canonicalize(t.Context(), again, crypto.SHA256); err != nil || !bytes.Equal(second.NQuads, got.NQuads) {
			t.Fatalf("%v\nfirst\n%ssecond\n%s", err, got.NQuads, second.NQuads)
		}
	})
}

func hasIRIUnknownToNetURL(t *testing.T, nquads []byte) bool {
	quads, err := ParseNQuads(nquads)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range quads {
		for _, term := range []Term{q.Subject, q.Predicate, q.Object, q.Graph, {Kind: IRI, Value: q.Object.Datatype}} {
			if term.Kind == IRI && term.Value != "" {
				if u, err := url.Parse(term.Value); err != nil || !u.IsAbs() {
					return true
				}
			}
		}
	}
	return false
}

// Credentials that bring their own contexts: their terms mean what those say, not what the document around them says.
func TestEmbeddedCredentials(t *testing.T) {
	const inner = `"id":"urn:vc","type":["VerifiableCredential","OpenBadgeCredential"],"issuer":"did:ex:2"`
	contexts := fmt.Sprintf(`"@context":[%q,%q]`, contextV1, contextOB)
	presentation := `{"@context":"` + contextV2 + `","id":"urn:vp","type":"VerifiablePresentation","verifiableCredential":`
	for _, c := range []struct{ name, doc, line string }{
		{"another data model in a presentation", presentation + `[{` + contexts + `,` + inner + `,"issuanceDate":"2026-01-01T00:00:00Z"}]}`,
			`<urn:vc> <https://www.w3.org/2018/credentials#issuanceDate> "2026-01-01T00:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> _:c14n0 .`},
		{"enveloped credential", presentation + `{"@context":"` + contextV2 + `","id":"data:application/vc+jwt,a.b.c","type":"EnvelopedVerifiableCredential"}}`,
			`<data:application/vc+jwt,a.b.c> <` + rdfType + `> <https://www.w3.org/2018/credentials#EnvelopedVerifiableCredential> _:c14n0 .`},
		{"endorsement", badge(`"endorsement":[{"@context":["` + contextV2 + `","` + contextOB + `"],` + inner + `}]`),
			`<urn:vc> <https://www.w3.org/2018/credentials#issuer> <did:ex:2> .`},
		{"endorsement by the contexts of the badge", badge(`"endorsement":{` + inner + `}`),
			`<urn:vc> <https://www.w3.org/2018/credentials#issuer> <did:ex:2> .`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := canonical(t, parse(t, c.doc), crypto.SHA256); !strings.Contains(got, c.line+"\n") {
				t.Errorf("got\n%swant %s", got, c.line)
			}
		})
	}
	_, err := ToRDF(parse(t, presentation+`{`+inner+`}}`), referenceOptions(t))
	wantRefusal(t, err, CodeUnsafeJSONLD, "/verifiableCredential/id") // the null context leaves its terms undefined
}
