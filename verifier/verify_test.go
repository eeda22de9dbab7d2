package verifier

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/credential/status"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

var at = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	webDID  = "did:web:issuer.example"
	webDoc  = "https://issuer.example/.well-known/did.json"
	listURL = "https://issuer.example/status/1"
)

// bench is an issuer with a key, and the documents that the verifier can read.
type bench struct {
	testing.TB
	key       keys.Signer
	documents library
}

// newBench is a did:web issuer with one Ed25519 key, always the same: what one process of a fuzz run signs, another verifies.
func newBench(t testing.TB) *bench {
	t.Helper()
	private := ed25519.NewKeyFromSeed([]byte("thirty-two bytes that are a seed"))
	b := &bench{TB: t, key: keys.Signer{ID: webDID + "#key-1", Signer: private}, documents: library{}}
	b.publish(func(d map[string]any) {})
	return b
}

// publish writes the issuer's DID document, changed.
func (b *bench) publish(change func(map[string]any)) {
	b.Helper()
	text, err := keys.WebDocument(webDID, []keys.Method{{ID: b.key.ID, Key: b.key.Signer.Public()}})
	if err != nil {
		b.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		b.Fatal(err)
	}
	change(d)
	b.documents[webDoc] = marshal(b, d)
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// badge is an unsigned badge of the issuer, changed.
func (b *bench) badge(change func(map[string]any)) []byte {
	b.Helper()
	d := map[string]any{
		"@context": []any{"https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"},
		"id":       "urn:uuid:5b0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e11", "type": []any{"VerifiableCredential", "OpenBadgeCredential"},
		"issuer": map[string]any{"id": webDID, "type": []any{"Profile"}, "name": "Example District", "url": "https://issuer.example"},
		"name":   "Feedback", "validFrom": "2026-01-01T00:00:00Z", "validUntil": "2027-01-01T00:00:00Z",
		"credentialSubject": map[string]any{"id": "did:example:teacher", "type": []any{"AchievementSubject"},
			"achievement": map[string]any{"id": "https://issuer.example/a/1", "type": []any{"Achievement"}, "name": "Feedback", "description": "Gives it.",
				"criteria": map[string]any{"narrative": "Three lessons."}}},
	}
	change(d)
	return marshal(b, d)
}

func nothing(map[string]any) {}

func (b *bench) seal(document []byte) []byte {
	b.Helper()
	sealed, err := proof.Seal(context.Background(), document, proof.SealOptions{Signer: b.key, Created: at.Add(-time.Hour)})
	if err != nil {
		b.Fatal(err)
	}
	return sealed
}

// sealed is the signed badge after a change that its signature does not know of.
func (b *bench) sealed(change func(map[string]any)) []byte {
	b.Helper()
	var d map[string]any
	if err := json.Unmarshal(b.seal(b.badge(nothing)), &d); err != nil {
		b.Fatal(err)
	}
	change(d)
	return marshal(b, d)
}

func (b *bench) verify(input []byte) *Report {
	b.Helper()
	report, err := Verify(context.Background(), input, Options{At: at, Fetch: b.documents})
	if err != nil {
		b.Fatal(err)
	}
	wellFormed(b, report)
	return report
}

// wellFormed holds for every report, and for those inside it: all steps, in their order, each with what it has to have.
func wellFormed(t testing.TB, report *Report) {
	t.Helper()
	var order []string
	for _, c := range report.Checks {
		if len(order) == 0 || order[len(order)-1] != c.Step {
			order = append(order, c.Step)
		}
		if (c.Code == "") != (c.Outcome == Pass || c.Outcome == NotApplicable) {
			t.Errorf("%s: code %q with outcome %s", c.Step, c.Code, c.Outcome)
		}
		if c.AsOf != nil && (c.Facts[FactAddress] == "" || c.Facts[FactOrigin] == "" && c.Facts[FactCause] == "") {
			t.Errorf("%s %s rests on something that was read, and does not say on what: %s %v", c.Step, c.Code, c.Detail, c.Facts)
		}
		if unavailable := strings.HasSuffix(c.Code, "_unavailable") || c.Code == "ssrf_blocked" || c.Code == "issuer_unresolved"; unavailable && c.Step != "proof" && c.Outcome == NotKnown && c.Facts == nil {
			t.Errorf("%s %s does not say what could not be read: %s", c.Step, c.Code, c.Detail)
		}
		if c.Title == "" || !strings.HasSuffix(c.Detail, ".") {
			t.Errorf("%s: %q is not a sentence", c.Step, c.Detail)
		}
	}
	if !slices.Equal(order, Steps) {
		t.Errorf("the steps are %v", order)
	}
	for _, inside := range report.Credentials {
		wellFormed(t, inside)
	}
}

func expect(t testing.TB, name string, r *Report, authentic, inForce Answer, code string) {
	t.Helper()
	found := code == ""
	for _, c := range r.Checks {
		if c.Code == code && c.Outcome != Pass {
			found = true
		}
	}
	if r.Authentic != authentic || r.InForce != inForce || !found {
		t.Errorf("%s: authentic %s, in force %s, want %s, %s with %s; found %s", name, r.Authentic, r.InForce, authentic, inForce, code, findings(r))
	}
	if (r.Credential == nil) != (r.Authentic == No) {
		t.Errorf("%s: credential shown: %v, authentic %s", name, r.Credential != nil, r.Authentic)
	}
	want := Unknown
	if authentic == Yes && inForce == Yes {
		want = Valid
	} else if authentic == No || inForce == No {
		want = Invalid
	}
	if r.Outcome != want {
		t.Errorf("%s: outcome %s, want %s", name, r.Outcome, want)
	}
}

func subject(d map[string]any) map[string]any { return d["credentialSubject"].(map[string]any) }
func proofOf(d map[string]any) map[string]any { return d["proof"].(map[string]any) }

func TestValid(t *testing.T) {
	b := newBench(t)
	r := b.verify(b.seal(b.badge(nothing)))
	expect(t, "valid", r, Yes, Yes, "")
	if r.Credential.Issuer.Name != "Example District" || r.Credential.Achievement.Name != "Feedback" || r.Credential.Recipient[0].Value != "did:example:teacher" {
		t.Errorf("%+v", r.Credential)
	}
	token, err := proof.SealJWT(b.badge(nothing), b.key)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "token", b.verify([]byte(token+"\n")), Yes, Yes, "")
	if token, err = proof.SealVCJWT(b.badge(nothing), b.key); err != nil {
		t.Fatal(err)
	}
	expect(t, "vc+jwt", b.verify([]byte(token)), Yes, Yes, "")
}

// TestHostileJSON: every change has its own reason (Data Integrity, JSON-LD, dates, rules).
func TestHostileJSON(t *testing.T) {
	b := newBench(t)
	other := newSigner(t, false)
	otherDID, _, _ := strings.Cut(other.ID, "#")
	for name, c := range map[string]struct {
		input              []byte
		authentic, inForce Answer
		code               string
	}{
		"not a badge":           {[]byte("hello"), No, Undecided, "no_credential"},
		"empty":                 {nil, No, Undecided, "no_credential"},
		"an object":             {[]byte(`{"a":1}`), No, Undecided, "no_credential"},
		"an array":              {[]byte(`[]`), No, Undecided, "malformed"},
		"cut":                   {b.seal(b.badge(nothing))[:300], No, Undecided, "malformed"},
		"two values":            {append(b.seal(b.badge(nothing)), "{}"...), No, Undecided, "malformed"},
		"byte order mark":       {append([]byte("\xef\xbb\xbf"), b.seal(b.badge(nothing))...), No, Undecided, "encoding"},
		"invalid UTF-8":         {bytes.Replace(b.sealed(nothing), []byte("lessons"), []byte("less\xffns"), 1), No, Undecided, "encoding"},
		"lone surrogate":        {bytes.Replace(b.sealed(nothing), []byte("lessons"), []byte(`less\ud800ns`), 1), No, Undecided, "encoding"},
		"duplicate key":         {bytes.Replace(b.sealed(nothing), []byte(`"name":`), []byte(`"n\u0061me":"x","name":`), 1), No, Undecided, "duplicate_key"},
		"too deep":              {bytes.Replace(b.sealed(nothing), []byte(`"name":`), []byte(`"x":`+strings.Repeat("[", 70)+strings.Repeat("]", 70)+`,"name":`), 1), No, Undecided, "too_complex"},
		"too large":             {bytes.Repeat([]byte(" "), credential.Limits.Document+1), No, Undecided, "too_large"},
		"upload too large":      {bytes.Repeat([]byte(" "), credential.Limits.Upload+1), No, Undecided, "too_large"},
		"number of two texts":   {b.sealed(func(d map[string]any) { subject(d)["creditsEarned"] = json.Number("0.10000000000000001") }), No, Undecided, "malformed"},
		"unsigned":              {b.badge(nothing), No, Undecided, "malformed"},
		"no value":              {b.sealed(func(d map[string]any) { delete(proofOf(d), "proofValue") }), No, Undecided, "malformed"},
		"empty proof set":       {b.sealed(func(d map[string]any) { d["proof"] = []any{} }), No, Undecided, "malformed"},
		"changed name":          {b.sealed(func(d map[string]any) { subject(d)["achievement"].(map[string]any)["name"] = "Other" }), No, Undecided, "signature_invalid"},
		"changed recipient":     {b.sealed(func(d map[string]any) { subject(d)["id"] = "did:example:other" }), No, Undecided, "signature_invalid"},
		"changed end":           {b.sealed(func(d map[string]any) { d["validUntil"] = "2099-01-01T00:00:00Z" }), No, Undecided, "signature_invalid"},
		"undefined term":        {b.sealed(func(d map[string]any) { d["extra"] = "x" }), No, Undecided, "unsafe_jsonld"},
		"undefined term inside": {b.sealed(func(d map[string]any) { subject(d)["grade"] = "A" }), No, Undecided, "unsafe_jsonld"},
		"relative evidence": {b.sealed(func(d map[string]any) {
			d["evidence"] = []any{map[string]any{"id": "rel/x", "type": []any{"Evidence"}}}
		}), No, Undecided, "unsafe_jsonld"},
		"null":            {b.sealed(func(d map[string]any) { d["description"] = nil }), No, Undecided, "unsafe_jsonld"},
		"unknown context": {b.sealed(func(d map[string]any) { d["@context"] = append(d["@context"].([]any), "https://evil.example/ctx") }), No, Undecided, "context_untrusted"},
		"file context":    {b.sealed(func(d map[string]any) { d["@context"] = append(d["@context"].([]any), "file:///etc/passwd") }), No, Undecided, "context_untrusted"},
		"inline context":  {b.sealed(func(d map[string]any) { d["@context"] = append(d["@context"].([]any), map[string]any{"name": "urn:x"}) }), No, Undecided, "context_untrusted"},
		"context order":   {b.sealed(func(d map[string]any) { c := d["@context"].([]any); d["@context"] = []any{c[1], c[0]} }), No, Undecided, "context_untrusted"},
		"context of another case": {b.sealed(func(d map[string]any) {
			d["@context"].([]any)[1] = "https://purl.imsglobal.org/spec/ob/v3p0/Context-3.0.3.json"
		}), No, Undecided, "context_untrusted"},
		"no context":            {b.sealed(func(d map[string]any) { delete(d, "@context") }), No, Undecided, ""},
		"other purpose":         {b.sealed(func(d map[string]any) { proofOf(d)["proofPurpose"] = "authentication" }), No, Undecided, "signature_invalid"},
		"other suite":           {b.sealed(func(d map[string]any) { proofOf(d)["cryptosuite"] = "bbs-2023" }), No, Undecided, "alg_not_allowed"},
		"suite of another key":  {b.sealed(func(d map[string]any) { proofOf(d)["cryptosuite"] = "ecdsa-rdfc-2019" }), No, Undecided, "key_mismatch"},
		"other date of proof":   {b.sealed(func(d map[string]any) { proofOf(d)["created"] = "2026-11-22T10:00:00Z" }), No, Undecided, "signature_invalid"},
		"altered date of proof": {b.sealed(func(d map[string]any) { proofOf(d)["created"] = "2027-11-22T10:00:00Z" }), No, Undecided, "signature_invalid"},
		"key of another":        {b.sealed(func(d map[string]any) { proofOf(d)["verificationMethod"] = other.ID }), No, Undecided, "issuer_mismatch"},
		"no fragment":           {b.sealed(func(d map[string]any) { proofOf(d)["verificationMethod"] = webDID }), No, Undecided, "issuer_mismatch"},
		"wrong fragment":        {b.sealed(func(d map[string]any) { proofOf(d)["verificationMethod"] = webDID + "#key-2" }), No, Undecided, "issuer_mismatch"},
		"key in the fragment": {b.sealed(func(d map[string]any) {
			proofOf(d)["verificationMethod"] = webDID + "#" + strings.TrimPrefix(otherDID, "did:key:")
		}), No, Undecided, "issuer_mismatch"},
		"other issuer":        {b.sealed(func(d map[string]any) { d["issuer"].(map[string]any)["id"] = otherDID }), No, Undecided, "issuer_mismatch"},
		"no subject":          {b.sealed(func(d map[string]any) { delete(d, "credentialSubject") }), No, Undecided, "schema_invalid"},
		"two subjects":        {b.sealed(func(d map[string]any) { d["credentialSubject"] = []any{subject(d), subject(d)} }), No, Undecided, "schema_invalid"},
		"not begun":           {b.seal(b.badge(func(d map[string]any) { d["validFrom"] = "2026-12-01T00:00:00Z" })), Yes, No, "not_yet_valid"},
		"begins within skew":  {b.seal(b.badge(func(d map[string]any) { d["validFrom"] = "2026-11-22T12:00:59Z" })), Yes, Yes, ""},
		"begins after skew":   {b.seal(b.badge(func(d map[string]any) { d["validFrom"] = "2026-11-22T12:01:01Z" })), Yes, No, "not_yet_valid"},
		"expired":             {b.seal(b.badge(func(d map[string]any) { d["validUntil"] = "2026-11-22T11:59:59Z" })), Yes, No, "expired"},
		"ends this second":    {b.seal(b.badge(func(d map[string]any) { d["validUntil"] = "2026-11-22T12:00:00Z" })), Yes, No, "expired"},
		"ends next second":    {b.seal(b.badge(func(d map[string]any) { d["validUntil"] = "2026-11-22T12:00:01Z" })), Yes, Yes, ""},
		"ended in the year 1": {b.seal(b.badge(func(d map[string]any) { d["validUntil"] = "0001-01-01T00:00:00Z" })), No, Undecided, "schema_invalid"},
		"end under its IRI": {b.sealed(func(d map[string]any) {
			d["https://www.w3.org/2018/credentials#validUntil"] = map[string]any{"@type": "http://www.w3.org/2001/XMLSchema#dateTime", "@value": d["validUntil"]}
			delete(d, "validUntil")
		}), No, Undecided, "unsafe_jsonld"},
		"no end":       {b.seal(b.badge(func(d map[string]any) { delete(d, "validUntil") })), Yes, Yes, ""},
		"no recipient": {b.seal(b.badge(func(d map[string]any) { delete(subject(d), "id") })), Yes, Yes, "no_recipient"},
		"JWS in JSON":  {[]byte(`{"payload":"e30","signatures":[{"protected":"e30","signature":"AA"}]}`), No, Undecided, "malformed"},
	} {
		t.Run(name, func(t *testing.T) { expect(t, name, b.verify(c.input), c.authentic, c.inForce, c.code) })
	}
}

// TestIssuerDocument: whose key it is, is what the issuer's document says at the time of judging.
func TestIssuerDocument(t *testing.T) {
	method := func(d map[string]any) map[string]any { return d["verificationMethod"].([]any)[0].(map[string]any) }
	for name, c := range map[string]struct {
		change    func(map[string]any)
		authentic Answer
		code      string
	}{
		"as it is":           {nothing, Yes, ""},
		"another id":         {func(d map[string]any) { d["id"] = "did:web:other.example" }, No, "issuer_mismatch"},
		"key removed":        {func(d map[string]any) { d["verificationMethod"] = []any{}; d["assertionMethod"] = []any{} }, No, "issuer_mismatch"},
		"not for assertions": {func(d map[string]any) { d["assertionMethod"] = []any{} }, No, "key_mismatch"},
		"another controller": {func(d map[string]any) { method(d)["controller"] = "did:web:other.example" }, No, "issuer_mismatch"},
		"undecodable key":    {func(d map[string]any) { method(d)["publicKeyMultibase"] = "zzzz" }, No, "key_mismatch"},
		"small-order key": {func(d map[string]any) {
			method(d)["publicKeyMultibase"] = "z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP"
		}, No, ""},
		"revoked":             {func(d map[string]any) { method(d)["revoked"] = "2026-11-22T12:00:00Z" }, No, "key_mismatch"},
		"revoked later":       {func(d map[string]any) { method(d)["revoked"] = "2026-11-23T12:00:00Z" }, Yes, ""},
		"expired before":      {func(d map[string]any) { method(d)["expires"] = "2025-12-31T00:00:00Z" }, No, "key_mismatch"},
		"retired since":       {func(d map[string]any) { method(d)["expires"] = "2026-06-01T00:00:00Z" }, Yes, ""},
		"not JSON":            {nil, Undecided, "issuer_unresolved"},
		"cannot be reached":   {nil, Undecided, "issuer_unresolved"},
		"altered, no address": {nil, No, "signature_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			input := b.seal(b.badge(nothing))
			inForce := map[Answer]Answer{Yes: Yes, No: Undecided, Undecided: Undecided}[c.authentic]
			switch name {
			case "not JSON":
				b.documents[webDoc] = []byte("<html>")
			case "cannot be reached":
				delete(b.documents, webDoc)
			case "altered, no address": // the key in the fragment is tried all the same
				delete(b.documents, webDoc)
				multikey, err := keys.Multikey(b.key.Signer.Public())
				if err != nil {
					t.Fatal(err)
				}
				b.key.ID = webDID + "#" + multikey
				expect(t, "unaltered", b.verify(b.seal(b.badge(nothing))), Undecided, Undecided, "issuer_unresolved")
				input = b.sealed(func(d map[string]any) { d["name"] = "Other" })
			default:
				b.publish(c.change)
			}
			expect(t, name, b.verify(input), c.authentic, inForce, c.code)
		})
	}
}

// TestProofSets: one good proof of the issuer is needed, and none may be false.
func TestProofSets(t *testing.T) {
	b := newBench(t)
	set := func(change func(own map[string]any) []any) []byte {
		return b.sealed(func(d map[string]any) { d["proof"] = change(proofOf(d)) })
	}
	with := func(p map[string]any, changes map[string]any) map[string]any {
		p = maps.Clone(p)
		maps.Copy(p, changes)
		return p
	}
	third := newSigner(t, false)
	foreign := func() map[string]any {
		sealed, err := proof.Seal(context.Background(), b.badge(nothing), proof.SealOptions{Signer: third, Created: at.Add(-time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		var d map[string]any
		if err := json.Unmarshal(sealed, &d); err != nil {
			t.Fatal(err)
		}
		return proofOf(d)
	}()
	for name, c := range map[string]struct {
		input     []byte
		authentic Answer
		code      string
	}{
		"own and foreign": {set(func(p map[string]any) []any { return []any{foreign, p} }), Yes, ""},
		"own and false foreign": {set(func(p map[string]any) []any {
			return []any{p, with(foreign, map[string]any{"created": "2026-01-01T00:00:00Z"})}
		}), No, "signature_invalid"},
		"own and unreachable": {set(func(p map[string]any) []any {
			return []any{p, with(foreign, map[string]any{"verificationMethod": "did:web:gone.example#k"})}
		}), Yes, "issuer_unresolved"},
		"foreign alone":         {set(func(p map[string]any) []any { return []any{foreign} }), No, "issuer_mismatch"},
		"own and unknown suite": {set(func(p map[string]any) []any { return []any{p, with(p, map[string]any{"cryptosuite": "bbs-2023"})} }), Yes, "alg_not_allowed"},
		"own and malformed":     {set(func(p map[string]any) []any { return []any{p, map[string]any{"type": "DataIntegrityProof"}} }), No, ""},
		"expired only":          {set(func(p map[string]any) []any { return []any{with(p, map[string]any{"expires": "2026-01-01T00:00:00Z"})} }), No, "expired"},
		"own, and one expired": {set(func(p map[string]any) []any {
			return []any{p, with(p, map[string]any{"expires": "2026-01-01T00:00:00Z"})}
		}), Yes, ""},
		"seventeen": {set(func(p map[string]any) []any { return make([]any, 17) }), No, "too_complex"},
	} {
		t.Run(name, func(t *testing.T) {
			inForce := map[Answer]Answer{Yes: Yes, No: Undecided}[c.authentic]
			expect(t, name, b.verify(c.input), c.authentic, inForce, c.code)
		})
	}
}

// TestOwnTerms: a credential of the profile vc may define terms itself; an Open Badge may not, and a word that nothing defines is
// found all the same.
func TestOwnTerms(t *testing.T) {
	key := newSigner(t, false)
	did, _, _ := strings.Cut(key.ID, "#")
	sealed := func(own, member string) []byte {
		text := fmt.Sprintf(`{"@context":["https://www.w3.org/ns/credentials/v2",%s],"type":["VerifiableCredential"],"issuer":%q,"validFrom":"2026-01-01T00:00:00Z","credentialSubject":{"id":"urn:s",%s}}`, own, did, member)
		out, err := proof.Seal(context.Background(), []byte(text), proof.SealOptions{Signer: key, Created: at.Add(-time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	own := sealed(`{"hours":"https://example.org/hours"}`, `"hours":"3"`)
	judge := func(input []byte, profile credential.Profile) *Report {
		r, err := Verify(context.Background(), input, Options{At: at, Profile: profile})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := judge(own, credential.VerifiableCredentials)
	expect(t, "own term", r, Yes, Yes, "")
	for _, c := range r.Checks {
		if c.Step == "contexts" && !strings.Contains(c.Detail, "given in it") {
			t.Errorf("%s", c.Detail)
		}
	}
	expect(t, "own term, changed", judge(bytes.Replace(own, []byte(`example.org/hours`), []byte(`example.org/years`), 1), credential.VerifiableCredentials), No, Undecided, "signature_invalid")
	expect(t, "word without a meaning", judge(bytes.Replace(own, []byte(`"hours":"3"`), []byte(`"hours":"3","years":"3"`), 1), credential.VerifiableCredentials), No, Undecided, "unsafe_jsonld")
	expect(t, "Open Badge", judge(own, credential.OpenBadges), No, Undecided, "context_untrusted")
}

// TestProofsNotLookedAt: proofs that cover each other in more ways than are looked at leave a good one standing, and without one
// nothing is known. A false one among those that are looked at speaks against the badge all the same.
func TestProofsNotLookedAt(t *testing.T) {
	b := newBench(t)
	parts := make([]any, 1500)
	for i := range parts {
		parts[i] = map[string]any{"type": []any{"Evidence"}, "name": fmt.Sprint(i)}
	}
	chained := func(looked bool) *Report {
		input := b.sealed(func(d map[string]any) {
			d["evidence"] = parts
			good := proofOf(d)
			proofs := []any{}
			for i := range 6 {
				p := maps.Clone(good)
				p["id"] = fmt.Sprintf("urn:p:%d", i)
				if i > 0 {
					p["previousProof"] = fmt.Sprintf("urn:p:%d", i-1)
				}
				if !looked && i < 4 { // of a kind that is not checked: the sets are made all the same
					p["cryptosuite"] = "bbs-2023"
				}
				proofs = append(proofs, p)
			}
			d["proof"] = proofs
		})
		return b.verify(input)
	}
	expect(t, "false ones", chained(true), No, Undecided, "signature_invalid")
	r := chained(false)
	for _, c := range r.Checks {
		if c.Step == "proof" && c.Outcome == Fail && c.Code == "too_complex" {
			t.Errorf("%+v", c)
		}
	}
	if !strings.Contains(findings(r), "proof unknown too_complex") {
		t.Errorf("%s", findings(r))
	}
	c := beside(judged{proof: Check{Step: "proof", Outcome: NotKnown, Code: "too_complex"}, issuer: &Check{Outcome: Pass}}).proof
	if c.Outcome != Warn || c.Code != "too_complex" || c.Detail == "" {
		t.Errorf("%+v", c)
	}
}

// TestProofSetsUnresolved: what stands beside the issuer's signature changes nothing while the issuer cannot be reached.
func TestProofSetsUnresolved(t *testing.T) {
	b := newBench(t)
	multikey, err := keys.Multikey(b.key.Signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	b.key.ID = webDID + "#" + multikey
	delete(b.documents, webDoc)
	notary := newSigner(t, false)
	sealed, err := proof.Seal(context.Background(), b.badge(nothing), proof.SealOptions{Signer: notary, Created: at})
	if err != nil {
		t.Fatal(err)
	}
	var other map[string]any
	if err := json.Unmarshal(sealed, &other); err != nil {
		t.Fatal(err)
	}
	with := func(beside map[string]any) *Report {
		return b.verify(b.sealed(func(d map[string]any) { d["proof"] = []any{proofOf(d), beside} }))
	}
	expect(t, "notary", with(proofOf(other)), Undecided, Undecided, "issuer_unresolved")
	unsupported := maps.Clone(proofOf(other))
	unsupported["cryptosuite"] = "bbs-2023"
	expect(t, "unsupported", with(unsupported), Undecided, Undecided, "alg_not_allowed")
	altered := maps.Clone(proofOf(other))
	altered["created"] = "2026-01-01T00:00:00Z"
	expect(t, "false notary", with(altered), No, Undecided, "signature_invalid")
}

// TestSignedLater: a signature of a later date than the one judged for was not there yet.
func TestSignedLater(t *testing.T) {
	b := newBench(t)
	sealed, err := proof.Seal(context.Background(), b.badge(nothing), proof.SealOptions{Signer: b.key, Created: at.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "later", b.verify(sealed), Yes, No, "not_yet_valid")
}

// TestStatus: a set bit is believed from any signed list, a clear one only from the issuer's own, current list.
func TestStatus(t *testing.T) {
	entry := func(changes map[string]any) map[string]any {
		e := map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "94567", "statusListCredential": listURL}
		maps.Copy(e, changes)
		return e
	}
	type list struct {
		set     bool
		options status.ListOptions
		raw     []byte // in place of a list
		foreign bool   // signed by somebody else under his own name
		change  func(map[string]any)
	}
	own := status.ListOptions{ID: listURL, Issuer: webDID, Purpose: "revocation", ValidFrom: at.Add(-time.Hour), ValidUntil: at.Add(time.Hour)}
	with := func(f func(o *status.ListOptions)) status.ListOptions { o := own; f(&o); return o }
	for name, c := range map[string]struct {
		status  any
		list    list
		inForce Answer
		code    string
	}{
		"clear":               {entry(nil), list{options: own}, Yes, ""},
		"set":                 {entry(nil), list{set: true, options: own}, No, "revoked"},
		"suspended":           {entry(map[string]any{"statusPurpose": "suspension"}), list{set: true, options: with(func(o *status.ListOptions) { o.Purpose = "suspension" })}, No, "suspended"},
		"wrong purpose":       {entry(nil), list{options: with(func(o *status.ListOptions) { o.Purpose = "suspension" })}, Undecided, "status_invalid"},
		"other id":            {entry(nil), list{options: with(func(o *status.ListOptions) { o.ID = listURL + "0" })}, Undecided, "status_invalid"},
		"expired":             {entry(nil), list{options: with(func(o *status.ListOptions) { o.ValidUntil = at.Add(-time.Minute) })}, Undecided, "status_invalid"},
		"expired, set":        {entry(nil), list{set: true, options: with(func(o *status.ListOptions) { o.ValidUntil = at.Add(-time.Minute) })}, No, "revoked"},
		"expired, suspends":   {entry(map[string]any{"statusPurpose": "suspension"}), list{set: true, options: with(func(o *status.ListOptions) { o.Purpose = "suspension"; o.ValidUntil = at.Add(-time.Minute) })}, Undecided, "status_invalid"},
		"future":              {entry(nil), list{options: with(func(o *status.ListOptions) { o.ValidFrom = at.Add(10 * time.Minute) })}, Undecided, "status_invalid"},
		"foreign, clear":      {entry(nil), list{foreign: true, options: own}, Undecided, "status_invalid"},
		"foreign, set":        {entry(nil), list{foreign: true, set: true, options: own}, No, "revoked"},
		"out of range":        {entry(map[string]any{"statusListIndex": "131072"}), list{options: own}, Undecided, "status_invalid"},
		"beyond an int":       {entry(map[string]any{"statusListIndex": "99999999999999999999"}), list{options: own}, Undecided, "status_invalid"},
		"negative":            {entry(map[string]any{"statusListIndex": "-1"}), list{options: own}, No, "status_invalid"},
		"exponent":            {entry(map[string]any{"statusListIndex": "5e0"}), list{options: own}, No, "status_invalid"},
		"a badge":             {entry(nil), list{raw: []byte("badge")}, Undecided, "status_invalid"},
		"altered":             {entry(nil), list{options: own, change: func(d map[string]any) { d["validUntil"] = "2099-01-01T00:00:00Z" }}, Undecided, "status_invalid"},
		"not found":           {entry(map[string]any{"statusListCredential": "https://issuer.example/none"}), list{options: own}, Undecided, "status_unavailable"},
		"unsigned":            {entry(nil), list{options: own, change: func(d map[string]any) { delete(d, "proof") }}, Undecided, "status_invalid"},
		"not JSON":            {entry(nil), list{raw: []byte("<html>")}, Undecided, "status_invalid"},
		"set beats unknown":   {[]any{entry(map[string]any{"statusListCredential": "https://issuer.example/none"}), entry(nil)}, list{set: true, options: own}, No, "revoked"},
		"unknown beats clear": {[]any{entry(nil), entry(map[string]any{"statusListCredential": "https://issuer.example/none"})}, list{options: own}, Undecided, "status_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			badge := b.seal(b.badge(func(d map[string]any) { d["credentialStatus"] = c.status }))
			switch {
			case string(c.list.raw) == "badge":
				b.documents[listURL] = b.seal(b.badge(nothing))
			case c.list.raw != nil:
				b.documents[listURL] = c.list.raw
			default:
				b.documents[listURL] = b.list(c.list.options, c.list.set, c.list.foreign, c.list.change)
			}
			expect(t, name, b.verify(badge), Yes, c.inForce, c.code)
		})
	}
}

func (b *bench) list(o status.ListOptions, set, foreign bool, change func(map[string]any)) []byte {
	b.Helper()
	signer := b.key
	if foreign {
		signer = newSigner(b, false)
		o.Issuer, _, _ = strings.Cut(signer.ID, "#")
	}
	bits := status.New(131072)
	if err := bits.Set(94567, set); err != nil {
		b.Fatal(err)
	}
	unsigned, err := status.Credential(o, bits)
	if err != nil {
		b.Fatal(err)
	}
	sealed, err := proof.Seal(context.Background(), unsigned, proof.SealOptions{Signer: signer, Created: at.Add(-time.Hour)})
	if err != nil {
		b.Fatal(err)
	}
	if change == nil {
		return sealed
	}
	var d map[string]any
	if err := json.Unmarshal(sealed, &d); err != nil {
		b.Fatal(err)
	}
	change(d)
	return marshal(b, d)
}

// token signs a payload with a header, whatever they say.
func token(t testing.TB, header, payload string, signer crypto.Signer) []byte {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	signature, err := keys.SignMessage(signer, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(text + "." + base64.RawURLEncoding.EncodeToString(signature))
}

// TestHostileJWT: the header, the claims and the two readings of a payload (Open Badges 3.0 section 8.2).
func TestHostileJWT(t *testing.T) {
	b := newBench(t)
	good := fmt.Sprintf(`{"alg":"EdDSA","kid":%q,"typ":"JWT"}`, b.key.ID)
	payload := func(claims map[string]any, change func(map[string]any)) string {
		return string(b.badge(func(d map[string]any) {
			maps.Copy(d, map[string]any{"iss": webDID, "jti": d["id"], "sub": "did:example:teacher", "nbf": 1767225600, "exp": 1798761600})
			for name, v := range claims {
				if d[name] = v; v == nil {
					delete(d, name)
				}
			}
			change(d)
		}))
	}
	plain := payload(nil, nothing)
	header := func(members string) string { return strings.TrimSuffix(good, "}") + "," + members + "}" }
	sign := func(h, p string) []byte { return token(t, h, p, b.key.Signer) }
	whole := sign(good, plain)
	for name, c := range map[string]struct {
		input              []byte
		authentic, inForce Answer
		code               string
	}{
		"as it is":         {whole, Yes, Yes, ""},
		"none":             {sign(`{"alg":"none","kid":"x"}`, plain), No, Undecided, "alg_not_allowed"},
		"HS256":            {sign(strings.Replace(good, "EdDSA", "HS256", 1), plain), No, Undecided, "alg_not_allowed"},
		"ES256, Ed25519":   {sign(strings.Replace(good, "EdDSA", "ES256", 1), plain), No, Undecided, "alg_not_allowed"},
		"ES512":            {sign(strings.Replace(good, "EdDSA", "ES512", 1), plain), No, Undecided, "alg_not_allowed"},
		"no alg":           {sign(`{"kid":"x"}`, plain), No, Undecided, "alg_not_allowed"},
		"no key":           {sign(`{"alg":"EdDSA"}`, plain), No, Undecided, "malformed"},
		"crit":             {sign(header(`"crit":["b64"]`), plain), No, Undecided, "malformed"},
		"b64":              {sign(header(`"b64":false`), plain), No, Undecided, "malformed"},
		"jku":              {sign(header(`"jku":"https://evil.example/k"`), plain), No, Undecided, "issuer_mismatch"},
		"x5c":              {sign(header(`"x5c":["AA"]`), plain), No, Undecided, "issuer_mismatch"},
		"other typ":        {sign(strings.Replace(good, `"JWT"`, `"at+jwt"`, 1), plain), No, Undecided, "malformed"},
		"other cty":        {sign(header(`"cty":"json"`), plain), No, Undecided, "malformed"},
		"bit flip":         {append(bytes.Clone(whole[:len(whole)-4]), "AAAA"...), No, Undecided, "signature_invalid"},
		"extra segment":    {append(bytes.Clone(whole), ".AA"...), No, Undecided, "malformed"},
		"padding":          {append(bytes.Clone(whole), "=="...), No, Undecided, "malformed"},
		"newline inside":   {bytes.Replace(whole, []byte("."), []byte(".\n"), 1), No, Undecided, "malformed"},
		"other payload":    {bytes.Replace(whole, []byte(strings.Split(string(whole), ".")[1]), []byte(base64.RawURLEncoding.EncodeToString([]byte(payload(nil, func(d map[string]any) { d["name"] = "Other" })))), 1), No, Undecided, "signature_invalid"},
		"kid of another":   {sign(strings.Replace(good, b.key.ID, "did:web:evil.example#k", 1), plain), No, Undecided, "issuer_mismatch"},
		"kid not there":    {sign(strings.Replace(good, "#key-1", "#key-9", 1), plain), No, Undecided, "issuer_mismatch"},
		"bare kid":         {sign(strings.Replace(good, b.key.ID, "key-1", 1), plain), Yes, Yes, ""},
		"bare kid unknown": {sign(strings.Replace(good, b.key.ID, "key-9", 1), plain), Undecided, Undecided, "issuer_unresolved"},
		"iss":              {sign(good, payload(map[string]any{"iss": "did:web:evil.example"}, nothing)), No, Undecided, "issuer_mismatch"},
		"jti":              {sign(good, payload(map[string]any{"jti": "urn:uuid:0"}, nothing)), No, Undecided, "id_mismatch"},
		"sub":              {sign(good, payload(map[string]any{"sub": "did:example:other"}, nothing)), No, Undecided, "subject_mismatch"},
		"exp a text":       {sign(good, payload(map[string]any{"exp": "never"}, nothing)), No, Undecided, "malformed"},
		"exp stricter":     {sign(good, payload(map[string]any{"exp": 1767225600}, nothing)), Yes, No, "expired"},
		"nbf stricter":     {sign(good, payload(map[string]any{"nbf": 1798761600}, nothing)), Yes, No, "not_yet_valid"},
		"nbf differs":      {sign(good, payload(map[string]any{"nbf": 1767225700}, nothing)), Yes, Yes, "date_mismatch"},
		"no jti":           {sign(good, payload(map[string]any{"jti": nil}, nothing)), Yes, Yes, "claim_missing"},
		"no claims":        {sign(good, string(b.badge(nothing))), Yes, Yes, "claim_missing"},
		"vc beside":        {sign(good, payload(map[string]any{"vc": map[string]any{}}, nothing)), No, Undecided, "ambiguous"},
		"vc of 2.0":        {sign(good, fmt.Sprintf(`{"iss":%q,"vc":%s}`, webDID, b.badge(nothing))), No, Undecided, "ambiguous"},
		"vc in vc+jwt":     {sign(strings.Replace(good, `"JWT"`, `"vc+jwt"`, 1), payload(map[string]any{"vc": map[string]any{}}, nothing)), No, Undecided, "malformed"},
		"undefined term":   {sign(good, payload(nil, func(d map[string]any) { d["extra"] = "x" })), Yes, Yes, "unsafe_jsonld"},
		"unknown context":  {sign(good, payload(nil, func(d map[string]any) { d["@context"] = append(d["@context"].([]any), "https://evil.example/c") })), No, Undecided, "context_untrusted"},
		"context order":    {sign(good, payload(nil, func(d map[string]any) { c := d["@context"].([]any); d["@context"] = []any{c[1], c[0]} })), No, Undecided, "context_untrusted"},
		"case of a member": {sign(good, payload(nil, func(d map[string]any) { d["ISSUER"] = map[string]any{"id": "did:web:evil.example"} })), Yes, Yes, "unsafe_jsonld"},
	} {
		t.Run(name, func(t *testing.T) { expect(t, name, b.verify(c.input), c.authentic, c.inForce, c.code) })
	}
}

// TestVC11 reads the credential of the data model 1.1 out of the claim vc, which the other claims complete.
func TestVC11(t *testing.T) {
	b := newBench(t)
	vc := func(change func(map[string]any)) string {
		return string(b.badge(func(d map[string]any) {
			d["@context"] = []any{"https://www.w3.org/2018/credentials/v1", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"}
			d["issuanceDate"], d["expirationDate"] = d["validFrom"], d["validUntil"]
			delete(d, "validFrom")
			delete(d, "validUntil")
			change(d)
		}))
	}
	header := fmt.Sprintf(`{"alg":"EdDSA","kid":%q}`, b.key.ID)
	claims := fmt.Sprintf(`"iss":%q,"jti":"urn:uuid:5b0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e11","sub":"did:example:teacher","nbf":1767225600,"exp":1798761600`, webDID)
	expect(t, "whole", b.verify(token(t, header, "{"+claims+`,"vc":`+vc(nothing)+"}", b.key.Signer)), Yes, Yes, "")
	bare := vc(func(d map[string]any) {
		for _, name := range []string{"id", "issuanceDate", "expirationDate"} {
			delete(d, name)
		}
		delete(d["issuer"].(map[string]any), "id")
		delete(subject(d), "id")
	})
	expect(t, "completed", b.verify(token(t, header, "{"+claims+`,"vc":`+bare+"}", b.key.Signer)), Yes, Yes, "")
	expect(t, "another issuer", b.verify(token(t, header, "{"+strings.Replace(claims, webDID, "did:web:evil.example", 1)+`,"vc":`+vc(nothing)+"}", b.key.Signer)), No, Undecided, "issuer_mismatch")
}

// TestKeySet: a bare key identifier may name an entry of the issuer's jwks.json; nothing else in it is believed.
func TestKeySet(t *testing.T) {
	const setURL = "https://issuer.example/.well-known/jwks.json"
	for name, c := range map[string]struct {
		change    func(jwk map[string]any)
		twice     bool
		authentic Answer
		code      string
	}{
		"listed":            {nothing, false, Yes, ""},
		"another kid":       {func(k map[string]any) { k["kid"] = "k2" }, false, No, "key_mismatch"},
		"twice":             {nothing, true, No, "key_mismatch"},
		"of the issuer":     {func(k map[string]any) { k["iss"] = webDID }, false, Yes, ""},
		"of another issuer": {func(k map[string]any) { k["iss"] = "did:web:evil.example" }, false, No, "issuer_mismatch"},
		"for encryption":    {func(k map[string]any) { k["use"] = "enc" }, false, No, "key_mismatch"},
		"with a secret":     {func(k map[string]any) { k["d"] = "AAAA" }, false, No, "key_mismatch"},
		"another key": {func(k map[string]any) {
			k["x"] = base64.RawURLEncoding.EncodeToString(newSigner(t, false).Signer.Public().(ed25519.PublicKey))
		}, false, No, "signature_invalid"},
		"cannot be reached":   {nil, false, Undecided, "issuer_unresolved"},
		"in the document too": {nil, false, Yes, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			kid := "k1"
			if c.change != nil {
				jwk, err := keys.MarshalJWK(b.key.Signer.Public())
				if err != nil {
					t.Fatal(err)
				}
				jwk["kid"] = kid
				c.change(jwk)
				all := []any{jwk}
				if c.twice {
					all = append(all, jwk)
				}
				b.documents[setURL] = marshal(t, map[string]any{"keys": all})
			}
			b.publish(func(d map[string]any) {
				if name != "in the document too" {
					d["verificationMethod"], d["assertionMethod"] = []any{}, []any{}
				}
			})
			if name == "in the document too" {
				kid = "key-1"
			}
			input := token(t, fmt.Sprintf(`{"alg":"EdDSA","kid":%q}`, kid), string(b.badge(nothing)), b.key.Signer)
			inForce := map[Answer]Answer{Yes: Yes, No: Undecided, Undecided: Undecided}[c.authentic]
			expect(t, name, b.verify(input), c.authentic, inForce, c.code)
		})
	}
}

// TestIssuerAddresses: an address that nobody would call leaves the issuer unknown, and nothing is asked there.
func TestIssuerAddresses(t *testing.T) {
	b := newBench(t)
	for _, id := range []string{"did:web:[::1]", "did:web:%5B::1%5D", "did:web:user@issuer.example", "did:web:issuer.example:..", "did:web:issuer.example%3A99999", "did:web:issuer.example:%2e%2e"} {
		input := b.seal(b.badge(func(d map[string]any) { d["issuer"].(map[string]any)["id"] = id }))
		input = bytes.Replace(input, []byte(`"verificationMethod":"`+webDID), []byte(`"verificationMethod":"`+id), 1)
		r := b.verify(input)
		if r.Authentic == Yes || r.Outcome == Valid {
			t.Errorf("%s: %s", id, findings(r))
		}
		if !strings.Contains(findings(r), "issuer unknown ssrf_blocked") && !strings.Contains(findings(r), "unsafe_jsonld") {
			t.Errorf("%s: %s", id, findings(r))
		}
	}
	// An https key identifier is looked for in the issuer's document and not called.
	const method = "https://issuer.example/keys/1"
	b.publish(func(d map[string]any) {
		d["verificationMethod"].([]any)[0].(map[string]any)["id"] = method
		d["assertionMethod"] = []any{method}
	})
	input := token(t, fmt.Sprintf(`{"alg":"EdDSA","kid":%q}`, method), string(b.badge(nothing)), b.key.Signer)
	expect(t, "https key identifier", b.verify(input), Yes, Yes, "")
	input = token(t, `{"alg":"EdDSA","kid":"https://evil.example/keys/1"}`, string(b.badge(nothing)), b.key.Signer)
	expect(t, "https key identifier of another", b.verify(input), No, Undecided, "issuer_mismatch")
}

// TestStatusWork: many entries on one list cost that list once.
func TestStatusWork(t *testing.T) {
	b := newBench(t)
	b.documents[listURL] = b.list(status.ListOptions{ID: listURL, Issuer: webDID, Purpose: "revocation", ValidFrom: at.Add(-time.Hour), ValidUntil: at.Add(time.Hour)}, false, false, nil)
	var entries []any
	for i := range 1900 {
		entries = append(entries, map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": fmt.Sprint(i), "statusListCredential": listURL})
	}
	r := b.verify(b.seal(b.badge(func(d map[string]any) { d["credentialStatus"] = entries[:3] })))
	expect(t, "three", r, Yes, Yes, "")
	reads := 0
	counting := counter{b.documents, &reads}
	r, err := Verify(context.Background(), b.seal(b.badge(func(d map[string]any) { d["credentialStatus"] = entries })), Options{At: at, Fetch: counting})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "too many", r, Yes, Undecided, "too_complex")
	if reads > 2 { // the issuer's document and the list
		t.Errorf("%d reads", reads)
	}
}

// TestStatusLists: more lists than anybody needs are not read, and a long one is not kept while the next is read.
func TestStatusLists(t *testing.T) {
	b := newBench(t)
	address := func(i int) string { return fmt.Sprintf("https://issuer.example/status/%d", i) }
	badge := func(lists int) []byte {
		var entries []any
		for i := range lists {
			entries = append(entries, map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "5", "statusListCredential": address(i)},
				map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "6", "statusListCredential": address(i)})
		}
		return b.seal(b.badge(func(d map[string]any) { d["credentialStatus"] = entries }))
	}
	publish := func(i int, bits status.List) {
		unsigned, err := status.Credential(status.ListOptions{ID: address(i), Issuer: webDID, Purpose: "revocation", ValidFrom: at.Add(-time.Hour), ValidUntil: at.Add(time.Hour)}, bits)
		if err != nil {
			t.Fatal(err)
		}
		if b.documents[address(i)], err = proof.Seal(context.Background(), unsigned, proof.SealOptions{Signer: b.key, Created: at.Add(-time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		publish(i, status.New(131072))
	}
	expect(t, "four", b.verify(badge(4)), Yes, Yes, "")
	expect(t, "five", b.verify(badge(5)), Yes, Undecided, "too_complex")
	publish(0, status.New(2*longList))
	expect(t, "two entries of a long one", b.verify(badge(1)), Yes, Yes, "")
}

// counter counts what is asked of a library.
type counter struct {
	library
	reads *int
}

func (c counter) Fetch(ctx context.Context, url string, limit int) (Document, error) {
	*c.reads++
	return c.library.Fetch(ctx, url, limit)
}

// TestAuthentic: what was signed just now is judged by who signed it alone.
func TestAuthentic(t *testing.T) {
	b := newBench(t)
	o := Options{At: at, Fetch: b.documents}
	later := b.seal(b.badge(func(d map[string]any) { d["validFrom"] = "2026-12-24T00:00:00Z" }))
	if err := Authentic(context.Background(), later, o); err != nil {
		t.Error(err)
	}
	other := newSigner(t, false)
	forged, err := proof.Seal(context.Background(), b.badge(nothing), proof.SealOptions{Signer: other, Created: at})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sealed []byte
		o      Options
	}{
		"altered":         {b.sealed(func(d map[string]any) { d["name"] = "Other" }), o},
		"unsigned":        {b.badge(nothing), o},
		"forged":          {forged, o},
		"cannot be known": {later, Options{At: at}},
		"not a badge":     {[]byte("x"), o},
	} {
		if err := Authentic(context.Background(), c.sealed, c.o); err == nil {
			t.Errorf("%s: called authentic", name)
		}
	}
}

// TestStatusToken: a list that is secured as a token decides as one with a proof does.
func TestStatusToken(t *testing.T) {
	b := newBench(t)
	for _, set := range []bool{false, true} {
		bits := status.New(131072)
		if err := bits.Set(7, set); err != nil {
			t.Fatal(err)
		}
		unsigned, err := status.Credential(status.ListOptions{ID: listURL, Issuer: webDID, Purpose: "revocation", ValidFrom: at.Add(-time.Hour), ValidUntil: at.Add(time.Hour)}, bits)
		if err != nil {
			t.Fatal(err)
		}
		list, err := proof.SealVCJWT(unsigned, b.key)
		if err != nil {
			t.Fatal(err)
		}
		b.documents[listURL] = []byte(list)
		badge := b.seal(b.badge(func(d map[string]any) {
			d["credentialStatus"] = map[string]any{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "7", "statusListCredential": listURL}
		}))
		if set {
			expect(t, "set", b.verify(badge), Yes, No, "revoked")
		} else {
			expect(t, "clear", b.verify(badge), Yes, Yes, "")
		}
	}
}
