package opinion

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/referencedata"
	"github.com/laurelbadges/laurel/internal/wording"
	"github.com/laurelbadges/laurel/verifier"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

type object = map[string]any

const (
	issuerID = "did:web:issuer.example"
	multikey = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
)

// badge is a badge on which nobody differs, changed.
func badge(change ...func(object)) object {
	d := object{
		"@context": []any{contextV2, contextBadge}, "id": "urn:uuid:5b0a5a52-8a7a-4d6c-9d0b-0f2d6a1c3e11", "type": []any{"VerifiableCredential", "OpenBadgeCredential"},
		"issuer":    object{"id": "https://issuer.example/i/1", "type": []any{"Profile"}, "name": "Example"},
		"validFrom": "2026-01-01T00:00:00Z",
		"credentialSubject": object{"id": "did:example:teacher", "type": []any{"AchievementSubject"}, "achievement": object{"id": "urn:x", "type": []any{"Achievement"}, "name": "n",
			"description": "d", "criteria": object{"narrative": "c"}}},
		"proof": proofBy("eddsa-rdfc-2022", issuerID+"#key-1"),
	}
	for _, c := range change {
		c(d)
	}
	return d
}

func proofBy(suite, method string) object {
	return object{"type": "DataIntegrityProof", "cryptosuite": suite, "created": "2026-01-01T00:00:00Z", "verificationMethod": method, "proofPurpose": "assertionMethod", "proofValue": "z1"}
}

func set(name string, value any) func(object) { return func(d object) { d[name] = value } }
func unset(name string) func(object)          { return func(d object) { delete(d, name) } }
func ofSubject(change func(object)) func(object) {
	return func(d object) { change(d["credentialSubject"].(object)) }
}

func statuses(entries ...object) func(object) {
	var all []any
	for _, e := range entries {
		all = append(all, e)
	}
	return set("credentialStatus", all)
}

func entry(kind, purpose string) object {
	return object{"id": "https://issuer.example/status/1#7", "type": kind, "statusPurpose": purpose, "statusListIndex": "7", "statusListCredential": "https://issuer.example/status/1"}
}

// token is a JSON Web Token of a document; nobody looks at its signature here.
func token(t testing.TB, header, claims, document object) []byte {
	t.Helper()
	payload := object{}
	for name, value := range document {
		if name != "proof" {
			payload[name] = value
		}
	}
	for name, value := range claims {
		payload[name] = value
	}
	encode := base64.RawURLEncoding.EncodeToString
	size := 64
	switch header["alg"] {
	case "RS256":
		size = 256
	case "ES384":
		size = 96
	}
	return []byte(encode(marshal(t, header)) + "." + encode(marshal(t, payload)) + "." + encode(make([]byte, size)))
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// report is a report about a text with these findings, written "step outcome code case pointer".
func report(text []byte, findings ...string) *verifier.Report {
	r := &verifier.Report{Outcome: verifier.Valid, Authentic: verifier.Yes, InForce: verifier.Yes, AsOf: now, Input: verifier.Input{Kind: "json"}, Text: text}
	for _, f := range findings {
		parts := append(strings.Split(f, " "), "", "", "", "")
		c := verifier.Check{Step: parts[0], Outcome: verifier.Result(parts[1]), Code: parts[2], Pointer: parts[4]}
		if parts[3] != "" && parts[3] != "-" {
			c.Facts = verifier.Facts{verifier.FactCase: parts[3]}
		}
		r.Checks = append(r.Checks, c)
		switch inForce := slices.Contains([]string{"dates", "status"}, c.Step); {
		case c.Outcome == verifier.Fail && inForce:
			r.Outcome, r.InForce = verifier.Invalid, verifier.No
		case c.Outcome == verifier.Fail:
			r.Outcome, r.Authentic = verifier.Invalid, verifier.No
		case c.Outcome == verifier.NotKnown && r.Outcome == verifier.Valid && inForce:
			r.Outcome, r.InForce = verifier.Unknown, verifier.Undecided
		case c.Outcome == verifier.NotKnown && r.Outcome == verifier.Valid:
			r.Outcome, r.Authentic = verifier.Unknown, verifier.Undecided
		}
	}
	return r
}

// specimens are an input for every rule, and the same without what the rule is about.
func specimens(t testing.TB) map[string]struct{ with, without *verifier.Report } {
	es256 := func(change ...func(object)) object {
		h := object{"alg": "ES256", "kid": issuerID + "#key-1"}
		for _, c := range change {
			c(h)
		}
		return h
	}
	jwk := object{"kty": "EC", "crv": "P-256", "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}
	text := func(change ...func(object)) []byte { return marshal(t, badge(change...)) }
	jwt := func(header, claims object, change ...func(object)) []byte {
		return token(t, header, claims, badge(change...))
	}
	kind := func(r *verifier.Report, kind string) *verifier.Report { r.Input.Kind = kind; return r }
	inside := func(r *verifier.Report, outcomes ...verifier.Outcome) *verifier.Report {
		for _, o := range outcomes {
			r.Credentials = append(r.Credentials, &verifier.Report{Outcome: o, Input: verifier.Input{Kind: "jwt"}})
		}
		return r
	}
	ofKind := func(contexts []any, types ...any) func(object) {
		return func(d object) { d["@context"], d["type"] = contexts, types }
	}
	clr := ofKind([]any{contextV2, contextCLR, contextBadge}, "VerifiableCredential", "ClrCredential")
	vp := marshal(t, object{"@context": []any{contextV2}, "type": []any{"VerifiablePresentation"}, "holder": "did:example:h"})
	ob2 := object{"@context": "https://w3id.org/openbadges/v2", "type": "Assertion", "id": "https://issuer.example/a"}
	old := []any{contextV1, contextBadge}
	method := func(method string) func(object) { return set("proof", proofBy("eddsa-rdfc-2022", method)) }
	list := func(kind, purpose string) []byte { return text(statuses(entry(kind, purpose))) }
	two := func(a, b object) []byte { return text(statuses(a, b)) }
	name := func(table []rule, source, answer, words string) string {
		for _, r := range table {
			if r.source == source && r.answer == answer && strings.Contains(why(wording.English, r.code), words) {
				return r.code
			}
		}
		t.Fatalf("no rule %s %s %q", source, answer, words)
		return ""
	}
	is := func(source, answer, words string) string { return name(validatorRules, source, answer, words) }
	dcc := func(source, answer, words string) string { return name(dccRules, source, answer, words) }
	fine := report(text())
	return map[string]struct{ with, without *verifier.Report }{
		is(parseProbe, Refuses, ""):                     {kind(report(text()), "pdf"), kind(report(text()), "png")},
		is(typeProbe, Refuses, ""):                      {report(vp), fine},
		is(jsonldProbe, Refuses, ""):                    {report(jwt(es256(), nil), "contexts warn unsafe_jsonld"), report(jwt(es256(), nil))},
		is(contextProbe, Accepts, ""):                   {report(text(set("@context", []any{contextV2, contextBadge, "https://x.example/c"})), "contexts fail context_untrusted"), report(text(set("@context", []any{contextV2, "https://x.example/c"})), "contexts fail context_untrusted")},
		is(contextProbe, Warns, ""):                     {report(text(set("@context", []any{contextV2, "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"}))), fine},
		is(contextProbe, Refuses, ""):                   {report(text(set("@context", []any{contextV2, "https://w3id.org/security/data-integrity/v2", contextBadge}))), fine},
		is(schemaProbe, Accepts, ""):                    {report(text(set("credentialSchema", []any{object{"id": "https://x.example/s", "type": "JsonSchema"}})), "schema fail schema_invalid named /credentialSchema/0"), report(text(set("credentialSchema", []any{object{"id": "https://x.example/s", "type": "1EdTechJsonSchemaValidator2019"}})), "schema fail schema_invalid named /credentialSchema/0")},
		is(subjectProbe, Accepts, ""):                   {report(text(ofSubject(unset("id"))), "subject warn no_recipient"), fine},
		is(subjectProbe, Refuses, "empty"):              {report(text(ofSubject(func(s object) { delete(s, "id"); s["identifier"] = []any{} }))), report(text(ofSubject(unset("id"))))},
		is(subjectProbe, Refuses, "list of subjects"):   {report(text(func(d object) { d["credentialSubject"] = []any{d["credentialSubject"]} })), fine},
		is(issuerProbe, Refuses, ""):                    {report(text(set("issuer", issuerID))), fine},
		is(embeddedProbe, Refuses, "kind of signature"): {report(text(set("proof", proofBy("ecdsa-rdfc-2019", issuerID+"#k")))), fine},
		is(embeddedProbe, Accepts, "one signature only"): {report(text(set("proof", []any{proofBy("eddsa-rdfc-2022", issuerID+"#k"), proofBy("eddsa-rdfc-2022", issuerID+"#l")})), "proof fail signature_invalid - /proof/1"),
			report(text(set("proof", []any{proofBy("eddsa-rdfc-2022", issuerID+"#k"), proofBy("eddsa-rdfc-2022", issuerID+"#l")})), "proof fail signature_invalid - /proof/0")},
		is(embeddedProbe, Accepts, "ends in a key"):      {report(text(set("issuer", object{"id": issuerID}), method(issuerID+"#"+multikey)), "issuer fail issuer_mismatch not_held"), report(text(set("issuer", object{"id": issuerID}), method(issuerID+"#key-1")), "issuer fail issuer_mismatch not_held")},
		is(embeddedProbe, Accepts, "without a fragment"): {report(text(method("did:key:"+multikey)), "issuer fail issuer_mismatch foreign_key"), report(text(method("did:key:"+multikey+"#"+multikey)), "issuer fail issuer_mismatch foreign_key")},
		is(embeddedProbe, Refuses, "https address"):      {report(text(method("https://issuer.example/i/1#key-1"))), fine},
		is(embeddedProbe, Accepts, "expires"):            {report(text(), "proof fail expired signature /proof"), report(text(), "dates fail expired")},
		is(externalProbe, Refuses, "RS256"):              {report(jwt(object{"alg": "EdDSA", "kid": issuerID + "#k"}, nil)), report(jwt(es256(), nil))},
		is(externalProbe, Refuses, "did:key"):            {report(jwt(es256(set("kid", "did:key:zDna#zDna")), nil)), report(jwt(es256(), nil))},
		is(externalProbe, Refuses, "only that is"):       {report(jwt(es256(set("kid", "key-1")), nil)), report(jwt(es256(), nil))},
		is(externalProbe, Accepts, "brings along"):       {report(jwt(object{"alg": "ES256", "jwk": jwk}, nil), "issuer fail issuer_mismatch not_held"), report(jwt(object{"alg": "ES256", "jwk": jwk}, nil), "issuer fail issuer_mismatch not_held", "proof fail signature_invalid")},
		is(externalProbe, Accepts, "at the kid"):         {report(jwt(es256(), nil), "issuer fail issuer_mismatch foreign_key"), report(jwt(es256(set("kid", "key-1")), nil), "issuer fail issuer_mismatch not_held")},
		is(externalProbe, Accepts, "compare"):            {report(jwt(es256(), object{"jti": "urn:other"}), "form fail id_mismatch claim"), report(jwt(es256(), nil), "form fail id_mismatch claim")},
		is(revocationProbe, Refuses, ""):                 {report(text(unset("id"))), fine},
		is(revocationProbe, Accepts, "does not know"):    {report(list("StatusList2021Entry", "revocation"), "status fail revoked"), report(list("StatusList2021Entry", "revocation"))},
		is(revocationProbe, Accepts, "suspended"):        {report(list("BitstringStatusListEntry", "suspension"), "status fail suspended"), report(list("BitstringStatusListEntry", "revocation"), "status fail revoked")},
		is(revocationProbe, Accepts, "first that"): {report(two(entry("BitstringStatusListEntry", "revocation"), entry("1EdTechRevocationList", "")), "status fail revoked - /credentialStatus/1"),
			report(two(entry("BitstringStatusListEntry", "revocation"), entry("1EdTechRevocationList", "")), "status fail revoked - /credentialStatus/0")},
		is(revocationProbe, Warns, ""):        {report(list("1EdTechRevocationList", ""), "status unknown status_unavailable"), report(list("1EdTechRevocationList", ""))},
		is(revocationProbe, Accepts, "whose"): {report(list("BitstringStatusListEntry", "revocation"), "status unknown status_invalid foreign"), report(list("BitstringStatusListEntry", "revocation"), "status unknown status_invalid short")},
		is(expirationProbe, Accepts, ""):      {report(text(set("@context", old), set("validUntil", "2026-01-02T00:00:00Z")), "dates fail expired"), report(text(set("@context", old), set("expirationDate", "2026-01-02T00:00:00Z")), "dates fail expired")},
		is(issuanceProbe, Accepts, ""):        {report(text(set("@context", old), set("validFrom", "2027-01-02T00:00:00Z")), "dates fail not_yet_valid begins"), report(text(set("@context", old), set("issuanceDate", "2027-01-02T00:00:00Z")), "dates fail not_yet_valid begins")},
		is(clrInspector, Refuses, ""):         {report(jwt(es256(), nil, clr)), report(jwt(es256(), nil))},
		is(clrInspector, Accepts, ""):         {inside(report(text(clr)), verifier.Invalid), inside(report(text(clr)), verifier.Valid)},
		is(ob2Inspector, Refuses, ""):         {report(token(t, es256(), nil, ob2)), report(marshal(t, ob2))},
		dcc(dccPage, Refuses, "tokens"):       {report(jwt(es256(), nil)), fine},
		dcc(dccPage, Refuses, "SVG"):          {kind(report(text()), "svg"), kind(report(text()), "png")},
		dcc(dccPage, Accepts, ""):             {inside(report(vp, "proof fail malformed inside_not_authentic"), verifier.Valid, verifier.Invalid), inside(report(vp), verifier.Valid, verifier.Valid)},
		dcc(dccContext, Refuses, ""):          {report(marshal(t, ob2)), fine},
		dcc(dccSelective, Refuses, ""):        {report(text(set("proof", proofBy("ecdsa-sd-2023", issuerID+"#k")))), fine},
		dcc(dccStatus, Accepts, "without"):    {report(list("1EdTechRevocationList", ""), "status fail revoked"), report(list("BitstringStatusListEntry", "revocation"), "status fail revoked")},
		dcc(dccStatus, Accepts, "first decides"): {report(two(entry("1EdTechRevocationList", ""), entry("BitstringStatusListEntry", "revocation")), "status fail revoked - /credentialStatus/1"),
			report(two(entry("BitstringStatusListEntry", "revocation"), entry("1EdTechRevocationList", "")), "status fail revoked - /credentialStatus/0")},
		dcc(dccIndicator, Accepts, ""): {report(list("BitstringStatusListEntry", "suspension"), "status fail suspended"), report(list("BitstringStatusListEntry", "revocation"), "status fail revoked")},
		dcc(dccDates, Warns, ""):       {report(text(set("validUntil", "2026-01-02T00:00:00Z")), "dates fail expired"), fine},
		dcc(dccList, Refuses, ""):      {report(list("BitstringStatusListEntry", "revocation"), "status unknown status_unavailable"), report(list("BitstringStatusListEntry", "revocation"))},
		dcc(dccLog, Warns, ""):         {report(text(set("issuer", object{"id": issuerID}))), fine},
	}
}

// TestRules: each rule is found in an input made for it, and not without what it is about; no input for one rule is forgotten.
func TestRules(t *testing.T) {
	all := specimens(t)
	for _, rules := range [][]rule{validatorRules, dccRules} {
		for _, rule := range rules {
			s, made := all[rule.code]
			if !made {
				t.Errorf("%s %s %q has no input made for it", rule.source, rule.answer, rule.code)
				continue
			}
			tells := func(r *verifier.Report) bool {
				return slices.ContainsFunc(Differences(r), func(d Difference) bool {
					return d.Code == rule.code && d.Answer == rule.answer && d.Rule == rule.source
				})
			}
			if !tells(s.with) {
				t.Errorf("%q is not told: %+v", rule.code, Differences(s.with))
			}
			if tells(s.without) {
				t.Errorf("%q is told where it does not apply", rule.code)
			}
		}
	}
	if all := Differences(report(marshal(t, badge()))); all != nil {
		t.Errorf("a plain badge: %+v", all)
	}
}

// TestNothingToDiffer: what holds no document has no differences.
func TestNothingToDiffer(t *testing.T) {
	for _, text := range []string{"", " ", "[]", "{", "{}", "null", "a.b.c", "eyJ", "eyJhbGciOiJub25lIn0.e30.", `{"type":"x","@context":1}`, `{"credentialSubject":[],"type":[]}`} {
		if all := Differences(report([]byte(text), "form fail malformed")); all != nil {
			t.Errorf("%q: %+v", text, all)
		}
	}
	if Differences(nil) != nil || Differences(&verifier.Report{}) != nil {
		t.Error("nothing at all")
	}
}

// published is the reference text that the rules were read from, beside the reference data.
func published(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(referencedata.Folder(t), "..")
	var all strings.Builder
	for _, name := range []string{"spec/1edtech-validator.md", "product/peers.md"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Skipf("skipped: no %s beside the reference data", name)
		}
		all.Write(text)
	}
	return all.String()
}

// TestRulesAreThose: every rule names a part of the other's source that the reference describes.
func TestRulesAreThose(t *testing.T) {
	text := published(t)
	for _, rule := range append(slices.Clone(validatorRules), dccRules...) {
		if !strings.Contains(text, rule.source) {
			t.Errorf("%s is described nowhere", rule.source)
		}
		if !slices.Contains([]string{Accepts, Refuses, Warns}, rule.answer) {
			t.Errorf("%+v", rule)
		}
	}
}

// TestWords: every rule has a code and a sentence of its own in every language, and no sentence is without a rule.
func TestWords(t *testing.T) {
	for _, l := range wording.Languages {
		said := map[string]bool{}
		for _, rule := range append(slices.Clone(validatorRules), dccRules...) {
			answer, reason := Difference{Answer: rule.answer, Code: rule.code}.Words(l)
			if strings.Contains(answer, ".") || !strings.HasSuffix(reason, ".") || strings.HasPrefix(reason, "opinion.") || said[reason] || said[rule.code] {
				t.Errorf("%s %s: %q, %q", l, rule.code, answer, reason)
			}
			said[reason], said[rule.code] = true, true
		}
		file, err := os.ReadFile(filepath.Join("..", "wording", string(l)+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]string
		if err := json.Unmarshal(file, &all); err != nil {
			t.Fatal(err)
		}
		for key := range all {
			code, is := strings.CutSuffix(strings.TrimPrefix(key, "opinion."), ".why")
			if is && strings.HasPrefix(key, "opinion.") && !said[code] {
				t.Errorf("%s %s is no rule's", l, key)
			}
		}
	}
}

// offline reads nothing.
type offline struct{}

func (offline) Fetch(context.Context, string, int) (verifier.Document, error) {
	return verifier.Document{}, verifier.ErrUnavailable
}

// TestCorpus: about every real credential something or nothing is said, by the rules alone, and always the same.
func TestCorpus(t *testing.T) {
	var items []struct{ File, Profile string }
	if err := json.Unmarshal(referencedata.File(t, "corpus/manifest.json"), &items); err != nil {
		t.Fatal(err)
	}
	var sources []string
	for _, rule := range append(slices.Clone(validatorRules), dccRules...) {
		sources = append(sources, rule.source)
	}
	told := map[string]int{}
	for _, item := range items {
		text := referencedata.File(t, "corpus/"+item.File)
		for _, profile := range []credential.Profile{credential.OpenBadges, credential.VerifiableCredentials} {
			r, err := verifier.Verify(context.Background(), text, verifier.Options{At: now, Fetch: offline{}, Profile: profile})
			if err != nil {
				t.Fatal(err)
			}
			if r.Text == nil {
				r.Text = text
			}
			all := Differences(r)
			if again := Differences(r); !slices.Equal(all, again) {
				t.Errorf("%s: %v, then %v", item.File, all, again)
			}
			for _, d := range all {
				if told[d.Why]++; !slices.Contains(sources, d.Rule) || d.Verifier != Validator && d.Verifier != VerifierPlus {
					t.Errorf("%s: %+v", item.File, d)
				}
			}
		}
	}
	for why, n := range told {
		t.Logf("%4d %s", n, why)
	}
	if len(told) < 8 {
		t.Errorf("only %d rules met", len(told))
	}
}

// FuzzDifferences: whatever was judged, nothing panics.
func FuzzDifferences(f *testing.F) {
	f.Add([]byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"credentialSubject":[],"proof":[1]}`))
	f.Add([]byte(`{"@context":"https://w3id.org/openbadges/v2"}`))
	f.Add([]byte("eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ.eyJAY29udGV4dCI6W119."))
	f.Add(marshal(f, badge(statuses(entry("StatusList2021Entry", "revocation")))))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, findings := range [][]string{nil, {"status fail suspended", "dates fail expired", "issuer fail issuer_mismatch", "subject warn no_recipient"}} {
			for _, d := range Differences(report(text, findings...)) {
				if d.Rule == "" || d.Why == "" {
					t.Fatalf("%+v", d)
				}
			}
		}
	})
}
