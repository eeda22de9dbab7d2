package verifier

import (
	"bytes"
	"context"
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

// TestAnswersOfThePublicValidator: each check that the public validator of 1EdTech makes of signatures, tokens, status, endorsements,
// records and pictures, and our answer. Those of the data model are in package credential, those of Open Badges 2.0 in
// openbadges2_validator_test.go. theirs is valid, warning or error; where ours is another, the reason stands beside.
func TestAnswersOfThePublicValidator(t *testing.T) {
	b := newBench(t)
	ring := keyring(t)
	stranger := newSigner(t, false)
	strangerDID, _, _ := strings.Cut(stranger.ID, "#")
	strangerKey := strings.TrimPrefix(strangerDID, "did:key:")
	sealed := b.seal(b.badge(nothing))
	changed := func(name string, value any) []byte {
		return b.sealed(func(d map[string]any) { proofOf(d)[name] = value })
	}
	suite := func(algorithm, name string) ([]byte, *bench) {
		other := b.of(ring[algorithm])
		return other.sign(other.badge(nothing), proof.SealOptions{Suite: name}), other
	}
	withContext := func(url string) []byte {
		return b.badge(func(d map[string]any) { d["@context"] = append(d["@context"].([]any), url) })
	}
	document := func(change func(map[string]any)) *bench {
		other := &bench{TB: t, key: b.key, documents: maps.Clone(b.documents)}
		other.publish(change)
		return other
	}
	listed := func(o status.ListOptions, set, foreign bool) *bench {
		other := &bench{TB: t, key: b.key, documents: maps.Clone(b.documents)}
		o.ID = listURL
		if o.Issuer == "" {
			o.Issuer = webDID
		}
		if o.ValidFrom.IsZero() {
			o.ValidFrom, o.ValidUntil = at.Add(-time.Hour), at.Add(time.Hour)
		}
		other.documents[listURL] = other.list(o, set, foreign, nil)
		return other
	}
	entry := func(purpose string) []byte {
		return b.seal(b.badge(func(d map[string]any) {
			d["credentialStatus"] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": purpose, "statusListIndex": "94567", "statusListCredential": listURL}
		}))
	}
	revocations := b.seal(b.badge(func(d map[string]any) {
		d["@context"] = append(d["@context"].([]any), "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json")
		d["credentialStatus"] = map[string]any{"id": listURL, "type": "1EdTechRevocationList"}
	}))
	answering := func(text string) *bench {
		other := &bench{TB: t, key: b.key, documents: maps.Clone(b.documents)}
		other.documents[listURL] = []byte(text)
		return other
	}
	const revocationList = `{"id":"` + listURL + `","issuer":"` + webDID + `","revokedCredential":[{"id":"urn:uuid:5b0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e11"}]}`
	claims := func(change func(map[string]any)) map[string]any {
		d := object(t, b.badge(nothing))
		d["iss"], d["jti"], d["sub"], d["nbf"] = webDID, d["id"], "did:example:teacher", 1767225600
		change(d)
		return d
	}
	header := func(members string) []byte {
		return token(t, members, string(marshal(t, claims(nothing))), b.key.Signer)
	}
	jwk := string(marshal(t, jwkOf(t, stranger.Signer.Public(), nil)))
	tokenUnder := func(algorithm string) ([]byte, *bench) {
		other := b.of(ring[algorithm])
		return other.token(claims(nothing), jose.Header{Type: "JWT"}), other
	}
	endorsed := func(endorsement []byte) []byte {
		return b.seal(b.badge(func(d map[string]any) {
			subject(d)["achievement"].(map[string]any)["endorsement"] = []any{object(t, endorsement)}
		}))
	}
	baked, err := bake.Bake(picture(t), sealed)
	if err != nil {
		t.Fatal(err)
	}
	ecdsa, ecdsaIssuer := suite(keys.ES256, "ecdsa-rdfc-2019")
	jcs, _ := suite(keys.EdDSA, "eddsa-jcs-2022")
	edwards, edwardsIssuer := tokenUnder(keys.EdDSA)
	rsa, rsaIssuer := tokenUnder(keys.RS256)
	es256, es256Issuer := tokenUnder(keys.ES256)
	es384, es384Issuer := tokenUnder(keys.ES384)
	selective, selectiveIssuer := suite(keys.ES256, "ecdsa-sd-2023")
	derived, err := proof.Derive(context.Background(), selective, []string{"/credentialSubject", "/issuer", "/id", "/type", "/validFrom", "/validUntil", "/name"}, proof.Options{})
	if err != nil {
		t.Fatal(err)
	}
	second := func(change func(map[string]any)) []byte {
		return b.sealed(func(d map[string]any) {
			other := maps.Clone(proofOf(d))
			change(other)
			d["proof"] = []any{proofOf(d), other}
		})
	}
	for _, c := range []struct {
		probe              string
		issuer             *bench
		input              []byte
		theirs             string
		authentic, inForce Answer
		code               string
		reason             string
	}{
		// CredentialParseProbe, JsonLDValidationProbe
		{"a payload of no known kind", b, []byte("hello"), "error", No, Undecided, "no_credential", ""},
		{"an undefined term", b, b.sealed(func(d map[string]any) { d["extra"] = "x" }), "error", No, Undecided, "unsafe_jsonld", ""},
		{"a context that cannot be loaded", b, b.sealed(func(d map[string]any) { d["@context"] = append(d["@context"].([]any), "https://velocity.example/c") }), "error", No, Undecided, "context_untrusted", ""},
		// EmbeddedProofProbe
		{"a proof of today", b, sealed, "valid", Yes, Yes, "", ""},
		{"no proof", b, b.badge(nothing), "error", No, Undecided, "malformed", ""},
		{"an altered value", b, b.sealed(func(d map[string]any) { d["name"] = "x" }), "error", No, Undecided, "signature_invalid", ""},
		{"a proof value that is none", b, changed("proofValue", "z1"), "error", No, Undecided, "signature_invalid", ""},
		{"a second proof that is false", b, second(func(p map[string]any) { p["created"] = "2026-11-22T09:00:00Z" }), "valid", No, Undecided, "signature_invalid", "only the first proof is looked at there; a false one says that somebody altered it"},
		{"a second proof of another type", b, second(func(p map[string]any) { p["type"] = "SomeProofType" }), "error", Yes, Yes, "alg_not_allowed", "a type that we cannot check beside a good proof is worth knowing and no more (surface, proof sets)"},
		{"ecdsa-rdfc-2019", ecdsaIssuer, ecdsa, "error", Yes, Yes, "", "it is a suite of W3C that others issue with; there it runs into the code of EdDSA"},
		{"eddsa-jcs-2022", b.of(ring[keys.EdDSA]), jcs, "error", Yes, Yes, "", "as above"},
		{"ecdsa-sd-2023, derived", selectiveIssuer, derived, "valid", Yes, Yes, "", ""},
		{"ecdsa-sd-2023, base", selectiveIssuer, selective, "error", No, Undecided, "malformed", ""},
		{"Ed25519Signature2020", b, b.sign(withContext(context2020), proof.SealOptions{Suite: "Ed25519Signature2020"}), "valid", Yes, Yes, "", ""},
		{"a cryptosuite that nobody knows", b, changed("cryptosuite", "bbs-2023"), "error", No, Undecided, "alg_not_allowed", ""},
		{"another purpose", b, b.present(b.badge(nothing), proof.SealOptions{}), "error", No, Undecided, "proof_purpose", ""},
		{"a proof that has expired", b, b.sign(b.badge(nothing), proof.SealOptions{Expires: at.Add(-time.Minute)}), "valid", No, Undecided, "expired", "expires is not read there (Data Integrity 2.6)"},
		{"a key in the fragment of the issuer's address", b, (&bench{TB: t, key: keys.Signer{ID: webDID + "#" + strangerKey, Signer: stranger.Signer}, documents: b.documents}).seal(b.badge(nothing)),
			"valid", No, Undecided, "issuer_mismatch", "the key is taken from the fragment there, so that anybody can issue as anybody"},
		{"a did:key that is not the issuer", b, (&bench{TB: t, key: stranger, documents: b.documents}).seal(b.badge(nothing)), "valid", No, Undecided, "issuer_mismatch", "no controller is compared there for did:key"},
		{"a method without a scheme", b, changed("verificationMethod", "key-1"), "error", No, Undecided, "", ""},
		{"a method of an unknown scheme", b, changed("verificationMethod", "urn:key:1"), "error", No, Undecided, "issuer_mismatch", ""},
		{"a DID method that nobody knows", b, changed("verificationMethod", "did:unknown:1#a"), "error", No, Undecided, "issuer_mismatch", ""},
		{"a method that the document does not list", document(func(d map[string]any) { d["verificationMethod"], d["assertionMethod"] = []any{}, []any{} }), sealed, "error", No, Undecided, "issuer_mismatch", ""},
		{"a method that is not for assertions", document(func(d map[string]any) { d["assertionMethod"] = []any{} }), sealed, "error", No, Undecided, "key_mismatch", ""},
		{"a method by a relative id", document(func(d map[string]any) {
			d["verificationMethod"].([]any)[0].(map[string]any)["id"] = "#key-1"
			d["assertionMethod"] = []any{"#key-1"}
		}), sealed, "error", Yes, Yes, "", "Controlled Identifiers 1.0 resolves it against the document"},
		{"a key of another controller", document(func(d map[string]any) {
			d["verificationMethod"].([]any)[0].(map[string]any)["controller"] = "did:web:other.example"
		}), sealed, "error", No, Undecided, "issuer_mismatch", ""},
		{"a document that cannot be read", &bench{TB: t, key: b.key, documents: library{}}, sealed, "error", Undecided, Undecided, "issuer_unresolved", "nothing is known against it; what is not known is not called bad"},
		// ExternalProofProbe
		{"RS256", rsaIssuer, rsa, "valid", Yes, Yes, "", ""},
		{"ES256", es256Issuer, es256, "valid", Yes, Yes, "", ""},
		{"EdDSA", edwardsIssuer, edwards, "error", Yes, Yes, "", "Open Badges 3.0 permits other algorithms; those listed are as strong"},
		{"ES384", es384Issuer, es384, "error", Yes, Yes, "", "as above"},
		{"no algorithm", b, header(`{"kid":"` + b.key.ID + `"}`), "error", No, Undecided, "alg_not_allowed", ""},
		{"none", b, header(`{"alg":"none","kid":"` + b.key.ID + `"}`), "error", No, Undecided, "alg_not_allowed", ""},
		{"ES256K", b, header(`{"alg":"ES256K","kid":"` + b.key.ID + `"}`), "error", No, Undecided, "alg_not_allowed", ""},
		{"neither kid nor jwk", b, header(`{"alg":"EdDSA"}`), "error", No, Undecided, "malformed", ""},
		{"a key that the token brings along", b, token(t, `{"alg":"EdDSA","jwk":`+jwk+`}`, string(marshal(t, claims(nothing))), stranger.Signer), "valid", No, Undecided, "issuer_mismatch", "no issuer is compared there: anybody can issue as anybody"},
		{"another iss", b, b.token(claims(func(d map[string]any) { d["iss"] = strangerDID }), jose.Header{Type: "JWT"}), "valid", No, Undecided, "issuer_mismatch", "the claims are not compared there (OB 3.0 8.2.4.2)"},
		{"another jti", b, b.token(claims(func(d map[string]any) { d["jti"] = "urn:x" }), jose.Header{Type: "JWT"}), "valid", No, Undecided, "id_mismatch", "as above"},
		{"another sub", b, b.token(claims(func(d map[string]any) { d["sub"] = "did:example:x" }), jose.Header{Type: "JWT"}), "valid", No, Undecided, "subject_mismatch", "as above"},
		{"no nbf", b, b.token(claims(func(d map[string]any) { delete(d, "nbf") }), jose.Header{Type: "JWT"}), "valid", Yes, Yes, "claim_missing", ""},
		{"another typ", b, header(`{"alg":"EdDSA","kid":"` + b.key.ID + `","typ":"at+jwt"}`), "valid", No, Undecided, "malformed", "OB 3.0 8.2.2: typ is JWT or absent"},
		{"crit", b, header(`{"alg":"EdDSA","kid":"` + b.key.ID + `","crit":["x"]}`), "valid", No, Undecided, "malformed", "RFC 7515 4.1.11: what is critical and not understood is refused"},
		{"an altered signature", b, append(bytes.Clone(edwards[:len(edwards)-2]), "AA"...), "error", No, Undecided, "", ""},
		{"exp that has passed", b, b.token(claims(func(d map[string]any) { d["exp"] = at.Unix() - 1 }), jose.Header{Type: "JWT"}), "error", Yes, No, "expired", ""},
		{"nbf that is to come", b, b.token(claims(func(d map[string]any) { d["nbf"] = at.Unix() + 3600 }), jose.Header{Type: "JWT"}), "error", Yes, No, "not_yet_valid", ""},
		// ExpirationProbe, IssuanceProbe
		{"an end that has passed", b, b.seal(b.badge(func(d map[string]any) { d["validUntil"] = "2026-01-02T00:00:00Z" })), "error", Yes, No, "expired", ""},
		{"a beginning to come", b, b.seal(b.badge(func(d map[string]any) { d["validFrom"] = "2026-12-01T00:00:00Z" })), "error", Yes, No, "not_yet_valid", ""},
		// RevocationListProbe
		{"on the list of 1EdTech", answering(revocationList), revocations, "error", Yes, No, "revoked", ""},
		{"on no list of 1EdTech", answering(strings.Replace(revocationList, "5b0a", "5b0b", 1)), revocations, "valid", Yes, Yes, "", ""},
		{"a list of 1EdTech that cannot be read", b, revocations, "warning", Yes, Undecided, "status_unavailable", "what is not known is not called good"},
		{"a list of 1EdTech of another issuer", answering(strings.Replace(strings.Replace(revocationList, "5b0a", "5b0b", 1), webDID, strangerDID, 1)), revocations, "valid", Yes, Undecided, "status_invalid", "the list is not signed, so only its own host and issuer make its silence mean something"},
		{"not revoked", listed(status.ListOptions{Purpose: "revocation"}, false, false), entry("revocation"), "valid", Yes, Yes, "", ""},
		{"revoked", listed(status.ListOptions{Purpose: "revocation"}, true, false), entry("revocation"), "error", Yes, No, "revoked", ""},
		{"suspended", listed(status.ListOptions{Purpose: "suspension"}, true, false), entry("suspension"), "valid", Yes, No, "suspended", "the purpose is skipped there"},
		{"a list for another purpose", listed(status.ListOptions{Purpose: "suspension"}, true, false), entry("revocation"), "error", Yes, Undecided, "status_invalid", "the list says nothing about this badge, for good or ill"},
		{"a list of somebody else", listed(status.ListOptions{Purpose: "revocation"}, false, true), entry("revocation"), "valid", Yes, Undecided, "status_invalid", "whose list it is, is not looked at there"},
		{"a list that has expired", listed(status.ListOptions{Purpose: "revocation", ValidFrom: at.Add(-2 * time.Hour), ValidUntil: at.Add(-time.Hour)}, false, false), entry("revocation"), "valid", Yes, Undecided, "status_invalid", "its dates are not looked at there"},
		{"a status of an unknown kind", b, b.seal(b.badge(func(d map[string]any) {
			d["credentialStatus"] = map[string]any{"type": "https://status.example/RevocationList2020Status", "id": "https://issuer.example/s"}
		})), "valid", Yes, Undecided, "status_unavailable", "every other type is skipped there"},
		// EndorsementInspector
		{"a good endorsement", b, endorsed(b.seal(b.endorsement())), "valid", Yes, Yes, "", ""},
		{"an endorsement that is altered", b, endorsed(bytes.Replace(b.seal(b.endorsement()), []byte("Good."), []byte("Fine."), 1)), "error", Yes, Yes, "signature_invalid", "a bad endorsement does not make the badge bad (OB 3.0 9.1)"},
		{"an endorsement of something else", b, endorsed(b.seal(bytes.Replace(b.endorsement(), []byte("/a/1"), []byte("/a/2"), 1))), "valid", Yes, Yes, "subject_mismatch", ""},
		// CLR20Inspector
		{"a record", b, b.seal(b.record(nothing, object(t, sealed))), "valid", Yes, Yes, "", ""},
		{"a record with an altered badge", b, b.seal(b.record(nothing, object(t, b.sealed(func(d map[string]any) { d["name"] = "x" })))), "error", Yes, Yes, "signature_invalid", "the record is what its issuer signed; the badge has a report of its own"},
		{"a record as a token without the claim vc", b, b.token(object(t, b.record(nothing, object(t, sealed))), jose.Header{Type: "vc+jwt", ContentType: "vc"}), "error", Yes, Yes, "", "VC-JOSE-COSE 3.1: the payload is the credential itself"},
		// Pictures
		{"a baked PNG", b, baked, "valid", Yes, Yes, "", ""},
		{"a PNG with a damaged chunk", b, bytes.Replace(baked, []byte("Three lessons"), []byte("Three lessens"), 1), "valid", No, Undecided, "image_invalid", "no checksum is looked at there"},
		{"a PNG with two badges", b, twice(t, baked), "valid", No, Undecided, "image_invalid", "the first match wins there"},
		{"a PNG without a badge", b, picture(t), "error", No, Undecided, "no_credential", ""},
	} {
		r := c.issuer.verify(c.input)
		expect(t, c.probe, r, c.authentic, c.inForce, c.code)
		want := map[string]Outcome{"valid": Valid, "warning": Valid, "error": Invalid}[c.theirs]
		if same := r.Outcome == want; same != (c.reason == "") {
			t.Errorf("%s: %s here and %s there, with the reason %q", c.probe, r.Outcome, c.theirs, c.reason)
		}
	}
}

// twice puts the chunk that carries a badge into a PNG once more.
func twice(t testing.TB, baked []byte) []byte {
	t.Helper()
	at := bytes.Index(baked, []byte("iTXt")) - 4
	end := bytes.Index(baked, []byte("IEND")) - 4
	if at < 0 || end < at {
		t.Fatal("not a baked PNG")
	}
	return append(append(bytes.Clone(baked[:end]), baked[at:end]...), baked[end:]...)
}
