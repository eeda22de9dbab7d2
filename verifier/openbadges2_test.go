package verifier

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/keys"
)

// Addresses of an issuer of Open Badges 2.0.
const (
	oldHome    = "https://old.example/"
	oldAward   = oldHome + "awards/1"
	oldBadge   = oldHome + "badges/1"
	oldProfile = oldHome + "issuer"
	oldKey     = oldHome + "keys/1"
	oldList    = oldHome + "revoked"
)

type doc = map[string]any

// oldBench is an issuer of Open Badges 2.0: what its server answers, and its key.
type oldBench struct {
	testing.TB
	pages  map[string]doc
	raw    library // answers that are no JSON object
	errors map[string]error
	leads  map[string]string // address to the one that answers for it
	asked  []string
	signer crypto.Signer
}

func newOldBench(t testing.TB, signer crypto.Signer) *oldBench {
	t.Helper()
	page := func(kind, id string, members doc) doc {
		members["@context"], members["type"], members["id"] = "https://w3id.org/openbadges/v2", kind, id
		return members
	}
	b := &oldBench{TB: t, raw: library{}, errors: map[string]error{}, leads: map[string]string{}, signer: signer, pages: map[string]doc{
		oldAward: page("Assertion", oldAward, doc{"recipient": doc{"type": "email", "hashed": false, "identity": "ada@school.example"}, "badge": oldBadge,
			"verification": doc{"type": "hosted"}, "issuedOn": "2026-01-31T12:00:00Z", "evidence": "https://old.example/work", "narrative": "She did it."}),
		oldBadge: page("BadgeClass", oldBadge, doc{"name": "Feedback", "description": "Gives it.", "image": "https://old.example/1.png",
			"criteria": doc{"id": "https://old.example/criteria", "narrative": "Three lessons."}, "issuer": oldProfile,
			"alignment": []any{doc{"targetName": "Listening", "targetUrl": "https://framework.example/1"}}}),
		oldProfile: page("Issuer", oldProfile, doc{"name": "Old District", "url": "https://old.example", "email": "badges@old.example"}),
	}}
	if signer != nil {
		b.pages[oldProfile]["publicKey"], b.pages[oldProfile]["revocationList"] = oldKey, oldList
		b.pages[oldKey] = page("CryptographicKey", oldKey, doc{"owner": oldProfile, "publicKeyPem": b.pem(signer.Public())})
		b.pages[oldList] = page("RevocationList", oldList, doc{"issuer": oldProfile, "revokedAssertions": []any{"urn:uuid:other"}})
		b.pages[oldAward]["verification"] = doc{"type": "signed", "creator": oldKey}
	}
	return b
}

func (b *oldBench) pem(key crypto.PublicKey) string {
	b.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		b.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// Fetch answers as the issuer's server.
func (b *oldBench) Fetch(ctx context.Context, address string, limit int) (Document, error) {
	b.asked = append(b.asked, address)
	if err := b.errors[address]; err != nil {
		return Document{}, err
	}
	url := address
	if to := b.leads[address]; to != "" {
		url = to
	}
	if page, here := b.pages[address]; here {
		return Document{Bytes: marshal(b, page), URL: url, ReadAt: at.Add(-time.Minute), Origin: Network}, nil
	}
	document, err := b.raw.Fetch(ctx, address, limit)
	document.URL = url
	return document, err
}

// copied is the award as its holder has it, changed.
func (b *oldBench) copied(change func(doc)) []byte {
	b.Helper()
	var copied doc
	if err := json.Unmarshal(marshal(b, b.pages[oldAward]), &copied); err != nil {
		b.Fatal(err)
	}
	change(copied)
	return marshal(b, copied)
}

// token is the award, changed and signed under a header.
func (b *oldBench) token(header string, change func(doc)) []byte {
	b.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(header)) + "." + encode(b.copied(change))
	signature, err := keys.SignMessage(b.signer, []byte(signed))
	if err != nil {
		b.Fatal(err)
	}
	return []byte(signed + "." + encode(signature))
}

// judgeOld judges a text that is known to be of the old standard.
func judgeOld(t testing.TB, input []byte, o Options) *Report {
	t.Helper()
	text, _, unreadable := read(input)
	if unreadable != nil {
		t.Fatal(unreadable.detail)
	}
	if !holdsOpenBadges2(text) {
		t.Fatalf("not recognised: %.200s", input)
	}
	r := newRun(o)
	shown := r.judgeOpenBadges2(context.Background(), text)
	report := r.report()
	if report.Authentic != No {
		report.Credential = shown
	}
	return report
}

func (b *oldBench) verify(input []byte) *Report {
	b.Helper()
	return judgeOld(b, input, Options{At: at, Fetch: b})
}

// answers is a report in short: the outcome, the two answers, and what is not good of what was looked at.
func answers(r *Report) string {
	looked := &Report{}
	for _, c := range r.Checks {
		if !strings.HasPrefix(c.Detail, "Not looked at") {
			looked.Checks = append(looked.Checks, c)
		}
	}
	found := strings.ReplaceAll(findings(looked), " ;", ";")
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", r.Outcome, r.Authentic, r.InForce, found))
}

const good = "valid yes yes"

func TestOpenBadges2Hosted(t *testing.T) {
	set := func(name string, v any) func(doc) { return func(d doc) { d[name] = v } }
	page := func(address, name string, v any) func(*oldBench) {
		return func(b *oldBench) {
			if b.pages[address][name] = v; v == nil {
				delete(b.pages[address], name)
			}
		}
	}
	policy := func(v any) func(*oldBench) { return page(oldProfile, "verification", v) }
	fails := func(address string, err error) func(*oldBench) {
		return func(b *oldBench) { b.errors[address] = err }
	}
	leads := func(address, to string) func(*oldBench) { return func(b *oldBench) { b.leads[address] = to } }
	for _, test := range []struct {
		name   string
		copied func(doc)       // what the holder changed
		server func(*oldBench) // what the server answers otherwise, after the copy was made
		want   string
	}{
		{"as published", nil, nil, good},
		{"with a list of contexts", set("@context", []any{"https://w3id.org/openbadges/v2", "https://old.example/more"}), nil, good},
		{"with the badge in it", func(d doc) {
			d["badge"] = doc{"type": "BadgeClass", "id": oldBadge, "name": "Feedback", "description": "Gives it.", "image": "https://old.example/1.png", "criteria": doc{"id": "https://old.example/criteria", "narrative": "Three lessons."},
				"issuer": oldProfile, "alignment": doc{"targetName": "Listening", "targetUrl": "https://framework.example/1"}}
		}, nil, good},
		{"led to another path of the host", nil, leads(oldAward, oldHome+"awards/1.json"), good},
		{"a Profile instead of an Issuer", nil, page(oldProfile, "type", []any{"Profile", "https://old.example/T"}), good},

		{"another name for the badge in it", func(d doc) {
			d["badge"] = doc{"type": "BadgeClass", "id": oldBadge, "name": "Doctor", "description": "Gives it.", "image": "https://old.example/1.png", "criteria": "https://old.example/criteria", "issuer": oldProfile}
		}, nil, "invalid no unknown proof fail signature_invalid /badge/alignment"},
		{"another recipient", set("recipient", doc{"type": "email", "hashed": false, "identity": "eve@school.example"}), nil, "invalid no unknown proof fail signature_invalid /recipient/identity"},
		{"another date", set("issuedOn", "2025-01-31T12:00:00Z"), nil, "invalid no unknown proof fail signature_invalid /issuedOn"},
		{"an end taken out", nil, page(oldAward, "expires", "2026-02-01T00:00:00Z"), "invalid no unknown proof fail signature_invalid /expires"},
		{"another member", set("extra", "x"), nil, "invalid no unknown proof fail signature_invalid /extra"},
		{"another id that nobody answers for", set("id", oldHome+"awards/2"), nil, "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable /id"},
		{"another badge at the address", nil, page(oldAward, "id", oldHome+"awards/2"), "invalid no unknown proof fail id_mismatch /id"},
		{"the address of a profile", set("id", oldProfile), nil, "invalid no unknown schema fail schema_invalid /type; schema fail schema_invalid /recipient; schema fail schema_invalid /badge; schema fail schema_invalid /issuedOn; issuer unknown issuer_unresolved; proof unknown issuer_unresolved"},

		{"withdrawn", nil, fails(oldAward, ErrGone), "invalid unknown no issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status fail revoked /id"},
		{"shown as revoked", nil, page(oldAward, "revoked", true), "invalid yes no status fail revoked /revoked"},
		{"revoked and stripped", nil, func(b *oldBench) {
			b.pages[oldAward] = doc{"@context": "https://w3id.org/openbadges/v2", "type": "Assertion", "id": oldAward, "revoked": true, "revocationReason": "Error."}
		}, "invalid unknown no issuer unknown issuer_unresolved; proof unknown issuer_unresolved; dates unknown schema_invalid /issuedOn; status fail revoked /revoked"},
		{"revoked, and another copy", set("issuedOn", "2025-01-31T12:00:00Z"), page(oldAward, "revoked", true), "invalid unknown no issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status fail revoked /revoked"},
		{"a copy that says revoked", set("revoked", true), nil, "invalid no unknown proof fail signature_invalid /revoked"},

		{"the server does not answer", nil, fails(oldAward, ErrUnavailable), "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable /id"},
		{"an address that is not called", nil, fails(oldAward, ErrBlocked), "unknown unknown unknown issuer unknown ssrf_blocked; proof unknown ssrf_blocked; status unknown ssrf_blocked /id"},
		{"a page too large", nil, fails(oldAward, ErrTooLarge), "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable /id"},
		{"led to another host", nil, leads(oldAward, "https://evil.example/1"), "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable /id"},
		{"led to plain http", nil, leads(oldAward, "http://old.example/awards/1"), "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable /id"},
		{"the badge is not there", nil, fails(oldBadge, ErrUnavailable), "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable"},
		{"the profile is not there", nil, fails(oldProfile, ErrUnavailable), "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable"},
		{"the profile is gone", nil, fails(oldProfile, ErrGone), "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable"},
		{"the profile leads to another host", nil, leads(oldProfile, "https://evil.example/1"), "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable"},
		{"a page of HTML", nil, func(b *oldBench) { delete(b.pages, oldBadge); b.raw[oldBadge] = []byte("<html>") }, "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable"},
		{"a page with a member twice", nil, func(b *oldBench) { delete(b.pages, oldBadge); b.raw[oldBadge] = []byte(`{"id":1,"id":2}`) }, "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable"},
		{"another badge at the badge's address", nil, page(oldBadge, "id", oldHome+"badges/2"), "invalid no unknown issuer fail id_mismatch /badge"},
		{"another profile at the issuer's address", nil, page(oldProfile, "id", oldHome+"other"), "invalid no unknown issuer fail issuer_mismatch /badge/issuer"},
		{"a profile without an address for mail", nil, page(oldProfile, "email", nil), "invalid no unknown schema fail schema_invalid /badge/issuer/email"},
		{"a badge that defines words", nil, page(oldBadge, "@context", []any{"https://w3id.org/openbadges/v2", doc{"issuer": "schema:author"}}), "invalid no unknown contexts fail context_untrusted /badge/@context"},
		{"a key where the badge should be", nil, page(oldBadge, "type", "CryptographicKey"), "invalid no unknown schema fail schema_invalid /badge/type"},

		{"a prefix that fits", nil, policy(doc{"type": "VerificationObject", "startsWith": oldHome + "awards/"}), good},
		{"a prefix that does not", nil, policy(doc{"startsWith": oldHome + "other/"}), "invalid no unknown issuer fail issuer_mismatch /id"},
		{"a host that fits", nil, policy(doc{"allowedOrigins": []any{"x.example", "old.example"}}), good},
		{"a host that does not", nil, policy(doc{"allowedOrigins": "ld.example"}), "invalid no unknown issuer fail issuer_mismatch /id"},
		{"another property to verify by", nil, policy(doc{"verificationProperty": "url"}), "invalid no unknown schema fail schema_invalid /badge/issuer/verification/verificationProperty"},

		{"expired", func(doc) {}, page(oldAward, "issuedOn", "2026-01-31T12:00:00Z"), good},
	} {
		b := newOldBench(t, nil)
		change := test.copied
		if change == nil {
			change = func(doc) {}
		}
		copied := b.copied(change)
		if test.server != nil {
			test.server(b)
		}
		r := b.verify(copied)
		if got := answers(r); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
		if (r.Credential != nil) != (r.Authentic == Yes) {
			t.Errorf("%s: authentic %s, and shows %v", test.name, r.Authentic, r.Credential)
		}
		if len(b.asked) > maxOpenBadges2Documents {
			t.Errorf("%s: %d documents were asked for", test.name, len(b.asked))
		}
		complete(t, test.name, r)
	}
}

// complete says that a report has every step in order and a clause for what fails.
func complete(t *testing.T, name string, r *Report) {
	t.Helper()
	var order []string
	for _, c := range r.Checks {
		if len(order) == 0 || order[len(order)-1] != c.Step {
			order = append(order, c.Step)
		}
		if c.Outcome == Fail && c.Clause == "" || c.Detail == "" || strings.HasSuffix(c.Detail, "..") {
			t.Errorf("%s: an incomplete check: %+v", name, c)
		}
	}
	if !slices.Equal(order, Steps) {
		t.Errorf("%s: steps %v", name, order)
	}
}

// TestOpenBadges2Impostor: a server of one's own cannot award in the name of another issuer, whatever it embeds.
func TestOpenBadges2Impostor(t *testing.T) {
	const evil = "https://old.example.evil/"
	permit := doc{"type": "Issuer", "id": oldProfile, "name": "Old District", "url": "https://old.example", "email": "badges@old.example", "verification": doc{"startsWith": evil}}
	badge := doc{"@context": "https://w3id.org/openbadges/v2", "type": "BadgeClass", "id": oldBadge, "name": "Doctor", "description": "D", "image": "https://old.example/1.png", "criteria": "https://old.example/c", "issuer": permit}
	for name, test := range map[string]struct {
		badge any
		id    string
		want  string
	}{
		"a badge of the other":                 {oldBadge, evil + "1", "invalid no unknown issuer fail issuer_mismatch /id"},
		"an embedded badge with a permit":      {badge, evil + "1", "invalid no unknown issuer fail issuer_mismatch /id"},
		"a badge of one's own":                 {evil + "badge", evil + "1", "invalid no unknown issuer fail issuer_mismatch /id"},
		"an address that looks like the other": {oldBadge, "https://old.example@old.example.evil/1", "invalid no unknown schema fail schema_invalid /id"},
		"another port of the host":             {oldBadge, "https://old.example:8443/1", "invalid no unknown issuer fail issuer_mismatch /id"},
	} {
		b := newOldBench(t, nil)
		award := b.pages[oldAward]
		award["id"], award["badge"] = test.id, test.badge
		b.pages[test.id] = award
		own := doc{}
		for name, v := range badge {
			own[name] = v
		}
		own["id"] = evil + "badge"
		b.pages[evil+"badge"] = own
		if r := b.verify(marshal(t, award)); answers(r) != test.want {
			t.Errorf("%s: %s", name, answers(r))
		}
	}
}

// TestOpenBadges2Refused: what is refused before anybody is asked.
func TestOpenBadges2Refused(t *testing.T) {
	set := func(name string, v any) func(doc) { return func(d doc) { d[name] = v } }
	for _, test := range []struct {
		name   string
		change func(doc)
		want   string
	}{
		{"no verification", func(d doc) { delete(d, "verification") }, "proof fail malformed /verification"},
		{"signed, without its signature", set("verification", doc{"type": "SignedBadge", "creator": oldKey}), "proof fail malformed /verification"},
		{"another way to verify", set("verification", doc{"type": []any{"MerkleProofVerification2017", "Extension"}}), "proof fail alg_not_allowed /verification"},
		{"both ways", set("verification", doc{"type": []any{"hosted", "signed"}}), "schema fail ambiguous /verification/type"},
		{"an id that is no address", set("id", "urn:uuid:1"), "schema fail schema_invalid /id"},
		{"a rule broken", set("recipient", "ada@school.example"), "schema fail schema_invalid /recipient"},
		{"words of its own", set("@context", []any{"https://w3id.org/openbadges/v2", doc{"badge": "schema:x"}}), "contexts fail context_untrusted /@context"},
		{"too many contexts", set("@context", []any{"https://w3id.org/openbadges/v2", "urn:1", "urn:2", "urn:3", "urn:4", "urn:5", "urn:6", "urn:7", "urn:8"}), "form fail too_complex /@context"},
		{"a credential too", set("credentialSubject", doc{}), "form fail ambiguous"},
		{"a credential by type", set("type", []any{"Assertion", "VerifiableCredential"}), "form fail ambiguous"},
		{"version 1.1", set("@context", "https://w3id.org/openbadges/v1"), "form fail no_credential /type"},
		{"version 1.0", func(d doc) {
			delete(d, "@context")
			d["uid"] = "1"
			d["verify"] = doc{"type": "hosted", "url": oldAward}
		}, "form fail no_credential /type"},
		{"a description", set("type", "BadgeClass"), "form fail no_credential /type"},
		{"a profile", set("type", "Issuer"), "form fail no_credential /type"},
		{"a key", set("type", "CryptographicKey"), "form fail no_credential /type"},
		{"a list", set("type", "RevocationList"), "form fail no_credential /type"},
		{"an endorsement", set("type", "Endorsement"), "form fail no_credential /type"},
		{"another type", set("type", "OtherAssertion"), "form fail no_credential /type"},
	} {
		b := newOldBench(t, nil)
		r := b.verify(b.copied(test.change))
		if r.Outcome != Invalid || r.Authentic != No || len(b.asked) > 0 || !strings.HasPrefix(answers(r), "invalid no unknown "+test.want) || r.Credential != nil {
			t.Errorf("%s: %s, asked %v", test.name, answers(r), b.asked)
		}
		complete(t, test.name, r)
	}
}

func TestOpenBadges2Dates(t *testing.T) {
	for name, test := range map[string]struct {
		issued, expires string
		want            string
	}{
		"no end":                 {"2026-01-31T12:00:00Z", "", good},
		"an end to come":         {"2026-01-31T12:00:00Z", "2030-01-31T12:00+02:00", good},
		"ended":                  {"2016-01-31T12:00:00Z", "2017-01-31T12:00:00Z", "invalid yes no dates fail expired /expires"},
		"ends now":               {"2016-01-31T12:00:00Z", at.Format(time.RFC3339), "invalid yes no dates fail expired /expires"},
		"ended before it began":  {"2026-01-31T12:00:00Z", "2016-01-31T12:00:00Z", "invalid yes no dates fail expired /expires"},
		"to come":                {"2100-12-31T23:59:59Z", "", "invalid yes no dates fail not_yet_valid /issuedOn"},
		"a clock that is ahead":  {at.Add(clockSkew).Format(time.RFC3339), "", good},
		"a clock too far ahead ": {at.Add(clockSkew + time.Second).Format(time.RFC3339), "", "invalid yes no dates fail not_yet_valid /issuedOn"},
	} {
		b := newOldBench(t, nil)
		b.pages[oldAward]["issuedOn"] = test.issued
		if test.expires != "" {
			b.pages[oldAward]["expires"] = test.expires
		}
		if r := b.verify(b.copied(nothing)); answers(r) != test.want {
			t.Errorf("%s: %s", name, answers(r))
		}
	}
}

func TestOpenBadges2View(t *testing.T) {
	b := newOldBench(t, nil)
	r := b.verify(b.copied(nothing))
	want := &View{Standard: "Open Badges 2.0", Kind: "Assertion", ID: oldAward, Name: "Feedback",
		Issuer:  Party{ID: oldProfile, Name: "Old District", URL: "https://old.example"},
		Awarded: "2026-01-31T12:00:00Z", ValidFrom: "2026-01-31T12:00:00Z",
		Recipient:   []Identity{{Type: "emailAddress", Value: "ada@school.example"}},
		Achievement: &Award{ID: oldBadge, Name: "Feedback", Description: "Gives it.", Criteria: "Three lessons.", CriteriaURL: "https://old.example/criteria", Image: "https://old.example/1.png"},
		Results:     []Mark{}, Alignments: []Alignment{{Name: "Listening", URL: "https://framework.example/1"}},
		Evidence: []Evidence{{Narrative: "She did it."}, {ID: "https://old.example/work"}}, Endorsements: []Party{}}
	if diff := cmp.Diff(want, r.Credential); diff != "" {
		t.Error(diff)
	}
	for _, c := range r.Checks {
		if (c.Step == "issuer" || c.Step == "proof" || c.Step == "status") && (c.AsOf == nil || !c.AsOf.Equal(at.Add(-time.Minute).UTC().Truncate(time.Second))) {
			t.Errorf("%s does not say when it was read: %v", c.Step, c.AsOf)
		}
	}
	if !slices.Equal(b.asked, []string{oldAward, oldBadge, oldProfile}) {
		t.Errorf("asked for %v", b.asked)
	}
	for tag, want := range map[string]string{"es-MX": "es-MX", "en-us": "en-us", "x": "", `es" onload="alert(1)`: ""} {
		b := newOldBench(t, nil)
		b.pages[oldBadge]["@language"] = tag
		if r := b.verify(b.copied(nothing)); answers(r) != good || r.Credential.Achievement.InLanguage != want {
			t.Errorf("%s: %s, %+v", tag, answers(r), r.Credential)
		}
	}
	// Offline it is not known, and nothing of the copy is shown.
	if r := judgeOld(t, b.copied(nothing), Options{At: at}); r.Outcome != Unknown || r.Credential != nil {
		t.Errorf("%s %v", answers(r), r.Credential)
	}
}

// TestOpenBadges2Profile: to those who ask for verifiable credentials it is none.
func TestOpenBadges2Profile(t *testing.T) {
	b := newOldBench(t, oldSigners()["EdDSA"])
	for _, input := range [][]byte{b.copied(nothing), b.token(`{"alg":"EdDSA"}`, nothing)} {
		r := judgeOld(t, input, Options{At: at, Fetch: b, Profile: credential.VerifiableCredentials})
		if answers(r) != "invalid no unknown form fail no_credential" || len(b.asked) > 0 {
			t.Errorf("%s, asked %v", answers(r), b.asked)
		}
	}
	if text, _, _ := read([]byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"name":"openbadges"}`)); holdsOpenBadges2(text) {
		t.Error("a credential is taken for an older badge")
	}
}

var oldSigners = sync.OnceValue(func() map[string]crypto.Signer {
	all := map[string]crypto.Signer{}
	keep := func(name string, key crypto.Signer, err error) {
		if err != nil {
			panic(err)
		}
		all[name] = key
	}
	edwards := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	keep("EdDSA", edwards, nil)
	for name, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		keep(name, key, err)
	}
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	keep("RS256", strong, err)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	keep("weak", weak, err)
	return all
})

func TestOpenBadges2Algorithms(t *testing.T) {
	for _, algorithm := range []string{"EdDSA", "ES256", "ES384", "RS256"} {
		b := newOldBench(t, oldSigners()[algorithm])
		token := b.token(`{"alg":"`+algorithm+`"}`, nothing)
		if r := b.verify(token); answers(r) != good {
			t.Errorf("%s: %s", algorithm, answers(r))
		} else if r.Credential == nil || r.Credential.Standard != "Open Badges 2.0" || r.Credential.Issuer.Name != "Old District" {
			t.Errorf("%s: %+v", algorithm, r.Credential)
		}
		if !slices.Equal(b.asked, []string{oldBadge, oldProfile, oldKey, oldList}) {
			t.Errorf("%s: asked for %v", algorithm, b.asked)
		}
		// Not one letter of it may be another.
		for i := 0; i < len(token); i += 7 {
			changed := slices.Clone(token)
			if changed[i] = 'A'; token[i] == 'A' {
				changed[i] = 'B'
			}
			if text, _, unreadable := read(changed); unreadable == nil && holdsOpenBadges2(text) {
				if r := b.verify(changed); r.Outcome == Valid || r.Authentic == Yes {
					t.Fatalf("%s: valid with another letter %d", algorithm, i)
				}
			}
		}
	}
}

func TestOpenBadges2Signed(t *testing.T) {
	const header = `{"alg":"EdDSA","typ":"JWT"}`
	signer := oldSigners()["EdDSA"]
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := keys.MarshalJWK(other.Public())
	if err != nil {
		t.Fatal(err)
	}
	otherJWK := string(marshal(t, jwk))
	page := func(address, name string, v any) func(*oldBench) {
		return func(b *oldBench) {
			if b.pages[address][name] = v; v == nil {
				delete(b.pages[address], name)
			}
		}
	}
	anyKey := func(d doc) { d["verification"] = doc{"type": "SignedBadge"} }
	held := func(issuer any) func(doc) {
		return func(d doc) {
			d["badge"] = doc{"type": "BadgeClass", "id": oldBadge, "name": "As signed", "description": "D", "image": "https://old.example/1.png", "criteria": "https://old.example/c", "issuer": issuer}
		}
	}
	for _, test := range []struct {
		name   string
		header string
		change func(doc)
		server func(*oldBench)
		want   string
	}{
		{"as signed", "", nil, nil, good},
		{"without saying which key", "", anyKey, nil, good},
		{"the name of the key", `{"alg":"EdDSA","kid":"` + oldKey + `"}`, nil, nil, good},
		{"some name of the key", `{"alg":"EdDSA","kid":"key-1"}`, nil, nil, good},
		{"with the badge in it", "", held(oldProfile), nil, good},
		{"an id that is no address", "", func(d doc) { d["id"] = "urn:uuid:1" }, nil, good},
		{"a badge without an address in it", "", func(d doc) { held(oldProfile)(d); d["badge"].(doc)["id"] = "urn:uuid:b" }, nil, good},
		{"the key in the profile", "", nil, func(b *oldBench) {
			b.pages[oldProfile]["publicKey"] = []any{doc{"type": "CryptographicKey", "id": oldKey, "owner": oldProfile, "publicKeyPem": b.pem(signer.Public())}}
		}, good},
		{"one of two keys", "", anyKey, func(b *oldBench) {
			b.pages[oldProfile]["publicKey"] = []any{doc{"type": "CryptographicKey", "id": oldKey + "0", "owner": oldProfile, "publicKeyPem": b.pem(other.Public())}, oldKey}
		}, good},
		{"no list", "", nil, page(oldProfile, "revocationList", nil), good},

		{"another key", "", nil, func(b *oldBench) { b.pages[oldKey]["publicKeyPem"] = b.pem(other.Public()) }, "invalid no unknown proof fail signature_invalid"},
		{"a key for another algorithm", "", nil, func(b *oldBench) { b.pages[oldKey]["publicKeyPem"] = b.pem(oldSigners()["RS256"].Public()) }, "invalid no unknown proof fail alg_not_allowed"},
		{"a weak key", "", nil, func(b *oldBench) { b.pages[oldKey]["publicKeyPem"] = b.pem(oldSigners()["weak"].Public()) }, "invalid no unknown issuer fail weak_key; proof unknown weak_key"},
		{"a key that cannot be read", "", nil, page(oldKey, "publicKeyPem", "-----BEGIN PUBLIC KEY-----"), "invalid no unknown issuer fail key_mismatch; proof unknown key_mismatch"},
		{"a key of somebody else", "", nil, page(oldKey, "owner", "https://evil.example/"), "invalid no unknown issuer fail issuer_mismatch; proof unknown issuer_mismatch"},
		{"a key document of another key", "", nil, page(oldKey, "id", oldKey+"0"), "invalid no unknown issuer fail issuer_mismatch; proof unknown issuer_mismatch"},
		{"a key that is not there", "", nil, func(b *oldBench) { b.errors[oldKey] = ErrUnavailable }, "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable"},
		{"a key that is not called", "", nil, func(b *oldBench) { b.errors[oldKey] = ErrBlocked }, "unknown unknown unknown issuer unknown ssrf_blocked; proof unknown ssrf_blocked; status unknown status_unavailable"},
		{"a key on another host", "", nil, func(b *oldBench) { b.leads[oldKey] = "https://evil.example/k" }, "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable"},
		{"one key not there, the other not it", "", anyKey, func(b *oldBench) {
			b.pages[oldProfile]["publicKey"] = []any{oldKey, oldKey + "0"}
			b.pages[oldKey]["publicKeyPem"] = b.pem(other.Public())
		}, "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable"},
		{"a creator that the profile does not name", "", func(d doc) { d["verification"] = doc{"type": "signed", "creator": "https://evil.example/k"} }, func(b *oldBench) {
			b.pages["https://evil.example/k"] = b.pages[oldKey]
		}, "invalid no unknown issuer fail issuer_mismatch /verification/creator"},
		{"a creator that is itself in the token", "", func(d doc) {
			d["verification"] = doc{"type": "signed", "creator": doc{"type": "CryptographicKey", "id": oldKey, "owner": oldProfile, "publicKeyPem": newOldBench(t, signer).pem(signer.Public())}}
		}, func(b *oldBench) { b.pages[oldKey]["publicKeyPem"] = b.pem(other.Public()) }, "invalid no unknown proof fail signature_invalid"},
		{"a profile without keys", "", nil, page(oldProfile, "publicKey", nil), "invalid no unknown issuer fail issuer_mismatch /verification/creator"},
		{"a profile with very many keys", "", anyKey, func(b *oldBench) {
			all := make([]any, maxOpenBadges2Keys+1)
			for i := range all {
				all[i] = fmt.Sprint(oldKey, i)
			}
			b.pages[oldProfile]["publicKey"] = all
		}, "unknown unknown unknown issuer unknown too_complex; proof unknown too_complex; status unknown status_unavailable"},
		{"many keys to read", "", anyKey, func(b *oldBench) {
			all := make([]any, maxOpenBadges2Keys)
			for i := range all {
				all[i] = fmt.Sprint(oldKey, i)
			}
			b.pages[oldProfile]["publicKey"] = all
		}, "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable"},

		{"another key in the header", `{"alg":"EdDSA","jwk":` + otherJWK + `}`, nil, nil, "invalid no unknown issuer fail issuer_mismatch"},
		{"another name in the header", `{"alg":"EdDSA","kid":"https://evil.example/k"}`, nil, nil, "invalid no unknown issuer fail key_mismatch"},
		{"no algorithm", `{"alg":"none"}`, nil, nil, "invalid no unknown form fail alg_not_allowed"},
		{"a shared secret", `{"alg":"HS256"}`, nil, nil, "invalid no unknown form fail alg_not_allowed"},
		{"a critical member", `{"alg":"EdDSA","crit":["b64"],"b64":false}`, nil, nil, "invalid no unknown form fail malformed"},
		{"an address of keys", `{"alg":"EdDSA","jku":"https://evil.example/k"}`, nil, nil, "invalid no unknown form fail issuer_mismatch"},
		{"a type of the new standard", `{"alg":"EdDSA","typ":"vc+jwt"}`, nil, nil, "invalid no unknown form fail malformed"},
		{"a token that says it is hosted", "", func(d doc) { d["verification"] = doc{"type": "hosted"} }, nil, "invalid no unknown proof fail malformed /verification"},
		{"a token that does not say how", "", func(d doc) { delete(d, "verification") }, nil, "invalid no unknown proof fail malformed /verification"},

		{"an issuer of one's own in it", "", held("https://evil.example/i"), nil, "invalid no unknown issuer fail issuer_mismatch /badge/issuer"},
		{"the profile is not there", "", nil, func(b *oldBench) { b.errors[oldProfile] = ErrUnavailable }, "unknown unknown unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; status unknown status_unavailable"},
		{"nor does its own key fit", `{"alg":"EdDSA","jwk":` + otherJWK + `}`, nil, func(b *oldBench) { b.errors[oldProfile] = ErrUnavailable }, "invalid no unknown issuer unknown issuer_unresolved; proof unknown issuer_unresolved; proof fail signature_invalid"},

		{"revoked by id", "", nil, page(oldList, "revokedAssertions", []any{"urn:x", oldAward}), "invalid yes no status fail revoked"},
		{"revoked with a reason", "", nil, page(oldList, "revokedAssertions", []any{doc{"id": oldAward, "revocationReason": "Error."}}), "invalid yes no status fail revoked"},
		{"revoked by uid", "", func(d doc) { d["uid"] = "abc" }, page(oldList, "revokedAssertions", []any{doc{"uid": "abc"}}), "invalid yes no status fail revoked"},
		{"revoked in a malformed list", "", nil, page(oldList, "revokedAssertions", []any{true, oldAward}), "invalid yes no status fail revoked"},
		{"revoked in itself", "", func(d doc) { d["revoked"] = true }, nil, "invalid yes no status fail revoked /revoked"},
		{"a malformed list", "", nil, page(oldList, "revokedAssertions", nil), "unknown yes unknown status unknown status_invalid"},
		{"a list of somebody else", "", nil, page(oldList, "issuer", "https://evil.example/"), "unknown yes unknown status unknown status_invalid"},
		{"another list", "", nil, page(oldList, "id", oldList+"2"), "unknown yes unknown status unknown status_invalid"},
		{"the list is not there", "", nil, func(b *oldBench) { b.errors[oldList] = ErrUnavailable }, "unknown yes unknown status unknown status_unavailable"},
		{"the list is gone", "", nil, func(b *oldBench) { b.errors[oldList] = ErrGone }, "unknown yes unknown status unknown status_unavailable"},
		{"the list is not called", "", nil, func(b *oldBench) { b.errors[oldList] = ErrBlocked }, "unknown yes unknown status unknown ssrf_blocked"},
		{"the list is on another host", "", nil, func(b *oldBench) { b.leads[oldList] = "https://evil.example/" }, "unknown yes unknown status unknown status_unavailable"},
	} {
		b := newOldBench(t, signer)
		change := test.change
		if change == nil {
			change = nothing
		}
		head := test.header
		if head == "" {
			head = header
		}
		token := b.token(head, change)
		if test.server != nil {
			test.server(b)
		}
		r := b.verify(token)
		if got := answers(r); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
		if r.Authentic == No && r.Credential != nil || r.Authentic == Yes && r.Credential == nil {
			t.Errorf("%s: authentic %s, and shows %v", test.name, r.Authentic, r.Credential)
		}
		if test.name == "with the badge in it" && r.Credential.Name != "As signed" {
			t.Errorf("what was signed is not what is shown: %q", r.Credential.Name)
		}
		if len(b.asked) > maxOpenBadges2Documents {
			t.Errorf("%s: %d documents were asked for", test.name, len(b.asked))
		}
		complete(t, test.name, r)
	}
}

// TestOpenBadges2Corpus judges the awards of other projects. Without their servers none is valid.
func TestOpenBadges2Corpus(t *testing.T) {
	folder := filepath.Join(referencedata.Folder(t), "corpus")
	var items []item
	if err := json.Unmarshal(referencedata.File(t, "corpus/manifest.json"), &items); err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, item := range items {
		if !strings.HasPrefix(item.Kind, "ob2") {
			continue
		}
		input, err := os.ReadFile(filepath.Join(folder, item.File))
		if err != nil {
			t.Fatal(err)
		}
		text, _, unreadable := read(input)
		if unreadable != nil || !holdsOpenBadges2(text) {
			continue // an OB 2.0 object in the claim vc of another token, or one with a context of its own
		}
		judged++
		r := judgeOld(t, input, Options{At: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Fetch: library{}})
		if r.Outcome == Valid || r.Authentic == Yes {
			t.Errorf("%s: %s", item.File, answers(r))
		}
		if award := item.Kind == "ob2-assertion" || item.Kind == "ob2-signed"; !award && (r.Authentic != No || !strings.HasPrefix(findings(r), "form fail no_credential")) {
			t.Errorf("%s: %s", item.File, answers(r))
		}
		complete(t, item.File, r)
	}
	if judged < 40 {
		t.Errorf("only %d documents judged", judged)
	}
}
