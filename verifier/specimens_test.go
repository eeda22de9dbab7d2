package verifier

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"image"
	"image/png"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential/bake"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/keys/jose"
	"github.com/laurelbadges/laurel/proof"
)

const (
	contextV1       = "https://www.w3.org/2018/credentials/v1"
	contextV2       = "https://www.w3.org/ns/credentials/v2"
	contextOB       = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
	contextCLR      = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
	contextDI       = "https://w3id.org/security/data-integrity/v2"
	context2020     = "https://w3id.org/security/suites/ed25519-2020/v1"
	recordID        = "urn:uuid:0a5c2f0e-58f7-4d2c-9d55-4b0c5b2d7e01"
	challenge       = "7f1c0e9a"
	presentationFor = "https://district.example"
)

// keyring is a key of each kind that credentials are signed with.
func keyring(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	must := func(key crypto.Signer, err error) crypto.Signer {
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	_, edwards, err := ed25519.GenerateKey(nil)
	return map[string]crypto.Signer{
		keys.EdDSA: must(edwards, err), keys.ES256: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		keys.ES384: must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)), keys.RS256: must(rsa.GenerateKey(rand.Reader, 2048)),
	}
}

// of makes the key of the issuer of b another one, which its document publishes.
func (b *bench) of(key crypto.Signer) *bench {
	b.Helper()
	own := &bench{TB: b.TB, key: keys.Signer{ID: webDID + "#key-2", Signer: key}, documents: maps.Clone(b.documents)}
	own.publish(nothing)
	return own
}

// sign is seal with options.
func (b *bench) sign(document []byte, o proof.SealOptions) []byte {
	b.Helper()
	o.Signer, o.Created = b.key, at.Add(-time.Hour)
	sealed, err := proof.Seal(context.Background(), document, o)
	if err != nil {
		b.Fatal(err)
	}
	return sealed
}

// token is a JWT of any payload.
func (b *bench) token(payload any, header jose.Header) []byte {
	b.Helper()
	header.KeyID = b.key.ID
	text, err := jose.Sign(marshal(b, payload), header, b.key.Signer)
	if err != nil {
		b.Fatal(err)
	}
	return []byte(text)
}

func object(t testing.TB, text []byte) map[string]any {
	t.Helper()
	var value map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// rich is a badge with evidence and results.
func rich(d map[string]any) {
	full(d)
	delete(d, "credentialStatus")
}

// older makes a badge one of the data model 1.1.
func older(d map[string]any) {
	d["@context"] = []any{contextV1, contextOB, contextDI}
	d["issuanceDate"], d["expirationDate"] = d["validFrom"], d["validUntil"]
	delete(d, "validFrom")
	delete(d, "validUntil")
}

// enveloped is a token as a JSON object (VC Data Model 2.0 section 4.13.1).
func enveloped(kind string, token []byte) map[string]any {
	media := map[string]string{"EnvelopedVerifiableCredential": "vc", "EnvelopedVerifiablePresentation": "vp"}[kind]
	return map[string]any{"@context": []any{contextV2}, "type": kind, "id": "data:application/" + media + "+jwt," + string(token)}
}

// presentation of credentials by the issuer of b, who so is their holder too; changed.
func (b *bench) presentation(change func(map[string]any), inside ...any) []byte {
	d := map[string]any{"@context": []any{contextV2, contextOB}, "type": []any{"VerifiablePresentation"}, "holder": webDID}
	if len(inside) > 0 {
		d["verifiableCredential"] = inside
	}
	change(d)
	return marshal(b, d)
}

func (b *bench) present(document []byte, o proof.SealOptions) []byte {
	o.Purpose = keys.Authentication
	return b.sign(document, o)
}

// record is a Comprehensive Learner Record of credentials, changed.
func (b *bench) record(change func(map[string]any), inside ...any) []byte {
	d := map[string]any{"@context": []any{contextV2, contextCLR, contextOB}, "id": recordID, "type": []any{"VerifiableCredential", "ClrCredential"},
		"issuer": map[string]any{"id": webDID, "type": []any{"Profile"}, "name": "Example District"}, "name": "Record", "validFrom": "2026-02-01T00:00:00Z",
		"credentialSubject": map[string]any{"id": "did:example:teacher", "type": []any{"ClrSubject"}}}
	if len(inside) > 0 {
		subject(d)["verifiableCredential"] = inside
	}
	change(d)
	return marshal(b, d)
}

// endorsement of the badge's achievement.
func (b *bench) endorsement() []byte {
	return b.badge(func(d map[string]any) {
		d["id"], d["type"], d["name"] = "urn:uuid:11111111-58f7-4d2c-9d55-4b0c5b2d7e02", []any{"VerifiableCredential", "EndorsementCredential"}, "Endorsement"
		d["credentialSubject"] = map[string]any{"id": "https://issuer.example/a/1", "type": []any{"EndorsementSubject"}, "endorsementComment": "Good."}
	})
}

// picture is a PNG of one pixel.
func picture(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// specimens are valid documents of every format, with what their verification needs.
func specimens(t *testing.T) map[string]specimen {
	t.Helper()
	ring := keyring(t)
	web := newBench(t)
	web.documents[listURL] = web.list(status.ListOptions{ID: listURL, Issuer: webDID, Purpose: "suspension", ValidFrom: at.Add(-time.Hour), ValidUntil: at.Add(time.Hour)}, false, false, nil)
	all := map[string]specimen{}
	add := func(name string, b *bench, text []byte) {
		all[name] = specimen{text, Options{At: at, Fetch: b.documents}}
	}
	for name, algorithm := range map[string]string{"eddsa-rdfc-2022": keys.EdDSA, "eddsa-jcs-2022": keys.EdDSA, "ecdsa-rdfc-2019": keys.ES256, "ecdsa-jcs-2019": keys.ES256,
		"ecdsa-rdfc-2019 P-384": keys.ES384, "ecdsa-jcs-2019 P-384": keys.ES384} {
		b := web.of(ring[algorithm])
		suite, _, _ := strings.Cut(name, " ")
		add(name, b, b.sign(b.badge(rich), proof.SealOptions{Suite: suite}))
		add(name+" of 1.1", b, b.sign(b.badge(older), proof.SealOptions{Suite: suite}))
	}
	for algorithm, key := range ring {
		b := web.of(key)
		token, err := proof.SealJWT(b.badge(nothing), b.key)
		if err != nil {
			t.Fatal(err)
		}
		add("JWT "+algorithm, b, []byte(token))
		if token, err = proof.SealVCJWT(b.badge(nothing), b.key); err != nil {
			t.Fatal(err)
		}
		add("vc+jwt "+algorithm, b, []byte(token))
		add("envelope "+algorithm, b, marshal(t, enveloped("EnvelopedVerifiableCredential", []byte(token))))
		old := object(t, b.badge(older))
		add("vc claim "+algorithm, b, b.token(map[string]any{"iss": webDID, "jti": old["id"], "sub": "did:example:teacher", "nbf": 1767225600, "exp": 1798761600, "vc": old}, jose.Header{Type: "JWT"}))
	}
	sealed := web.seal(web.badge(nothing))
	add("Ed25519Signature2020", web, web.sign(web.badge(func(d map[string]any) { d["@context"] = append(d["@context"].([]any), context2020) }), proof.SealOptions{Suite: "Ed25519Signature2020"}))
	add("endorsement", web, web.seal(web.endorsement()))
	add("badge with endorsement", web, web.seal(web.badge(func(d map[string]any) {
		subject(d)["achievement"].(map[string]any)["endorsement"] = []any{object(t, web.seal(web.endorsement()))}
	})))
	add("badge with status", web, web.seal(web.badge(func(d map[string]any) {
		d["credentialStatus"] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "suspension", "statusListIndex": "94567", "statusListCredential": listURL}
	})))
	add("presentation", web, web.present(web.presentation(nothing, object(t, sealed)), proof.SealOptions{}))
	add("presentation with JCS", web, web.present(web.presentation(nothing, object(t, sealed)), proof.SealOptions{Suite: "eddsa-jcs-2022"}))
	add("presentation without a holder", web, web.present(web.presentation(func(d map[string]any) { delete(d, "holder") }, object(t, sealed)), proof.SealOptions{}))
	add("vp+jwt", web, web.token(object(t, web.presentation(nothing, object(t, sealed))), jose.Header{Type: "vp+jwt", ContentType: "vp"}))
	add("record", web, web.seal(web.record(nothing, object(t, sealed))))
	set, err := proof.AddProof(context.Background(), sealed, proof.SealOptions{Signer: web.key, Suite: "eddsa-jcs-2022"})
	if err != nil {
		t.Fatal(err)
	}
	add("proof set", web, set)
	for name, picture := range map[string][]byte{"PNG": picture(t), "SVG": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><title>Badge</title></svg>`)} {
		baked, err := bake.Bake(picture, sealed)
		if err != nil {
			t.Fatal(err)
		}
		add(name, web, baked)
	}
	return all
}
