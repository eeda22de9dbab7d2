package credential

import (
	"path/filepath"
	"strings"
	"testing"
)

// clrText is a record with a badge and an achievement of its own.
const clrText = `{
 "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
  "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
 "id": "urn:uuid:4", "type": ["VerifiableCredential", "ClrCredential"], "name": "Record",
 "issuer": {"id": "https://school.example/i/1", "type": ["Profile"]}, "validFrom": "2026-01-31T12:00:00Z", "partial": true,
 "credentialSubject": {"id": "did:example:s", "type": ["ClrSubject"],
  "achievement": [{"id": "urn:a:1", "type": ["Achievement"], "name": "A", "description": "D", "criteria": {"narrative": "N"}}],
  "verifiableCredential": [{"@context": ["https://www.w3.org/ns/credentials/v2"], "id": "urn:uuid:5", "type": ["VerifiableCredential"],
   "credentialSubject": {"id": "did:example:s", "achievement": {"id": "urn:a:2"}}}],
  "association": [{"type": "Association", "associationType": "isParentOf", "sourceId": "urn:a:1", "targetId": "urn:a:2"}]}
}`

// Each check that the public validator of 1EdTech makes of the data model, and ours. theirs and ours are error, warning or valid;
// where they differ, the reason stands beside.
func TestAnswersOfThePublicValidator(t *testing.T) {
	texts := map[string]string{"badge": badgeText, "1.1": legacyText, "endorsement": endorsementText, "clr": clrText}
	const subject, achievement = "/credentialSubject", "/credentialSubject/achievement"
	const v1, v2 = `"https://www.w3.org/2018/credentials/v1"`, `"https://www.w3.org/ns/credentials/v2"`
	const ob, clr = `"https://purl.imsglobal.org/spec/ob/v3p0/context`, `"https://purl.imsglobal.org/spec/clr/v2p0/context`
	for _, c := range []struct{ probe, text, pointer, value, theirs, ours, reason string }{
		// ContextPropertyProbe
		{"the contexts of today", "badge", "/@context", `[` + v2 + `,` + ob + `-3.0.3.json"]`, "valid", "valid", ""},
		{"another context after them", "badge", "/@context", `[` + v2 + `,` + ob + `-3.0.3.json",` + `"https://w3id.org/security/data-integrity/v2"]`, "valid", "valid", ""},
		{"credentials/v1 first", "1.1", "/@context", `[` + v1 + `,` + ob + `-3.0.3.json"]`, "warning", "valid",
			"VC Data Model 1.1 is a flavour that Open Badges 3.0 has"},
		{"credentials/v1 with context.json", "1.1", "/@context", `[` + v1 + `,` + ob + `.json"]`, "warning", "valid",
			"every context of Open Badges 3.0 may follow credentials/v1"},
		{"credentials/v2 with 3.0.2", "badge", "/@context", `[` + v2 + `,` + ob + `-3.0.2.json"]`, "warning", "valid",
			"it is a published context that may follow credentials/v2"},
		{"credentials/v2 with context.json", "badge", "/@context", `[` + v2 + `,` + ob + `.json"]`, "warning", "error",
			"it redefines protected terms, which is an error of JSON-LD"},
		{"a draft's address", "badge", "/@context", `[` + v2 + `,` + ob + `/ob_v3p0.jsonld"]`, "warning", "error",
			"no published text stands behind it"},
		{"a version that is not published", "badge", "/@context", `[` + v2 + `,` + ob + `-3.0.9.json"]`, "warning", "error",
			"no published text stands behind it"},
		{"no context of Open Badges", "badge", "/@context", `[` + v2 + `]`, "error", "error", ""},
		{"contexts in another order", "badge", "/@context", `[` + ob + `-3.0.3.json",` + v2 + `]`, "error", "error", ""},
		{"no context", "badge", "/@context", "", "valid", "error", "the probe is left out; VCDM 2.0 4.3 demands contexts"},
		// TypePropertyProbe
		{"no VerifiableCredential", "badge", "/type", `["OpenBadgeCredential"]`, "error", "error", ""},
		{"no badge", "badge", "/type", `["VerifiableCredential"]`, "error", "error", ""},
		{"the other name of a badge", "badge", "/type", `["VerifiableCredential","AchievementCredential"]`, "valid", "valid", ""},
		// JsonSchemasProbe
		{"issuer without type", "badge", "/issuer/type", "", "error", "error", ""},
		{"no validFrom", "badge", "/validFrom", "", "error", "error", ""},
		{"no id", "badge", "/id", "", "error", "error", ""},
		{"a name that is a number", "badge", "/name", `7`, "error", "error", ""},
		{"a name that is null", "badge", "/name", `null`, "error", "error", ""},
		{"a foreign member of a closed class", "badge", subject + "/identifier/note", `"x"`, "error", "error", ""},
		{"an image that is an address", "badge", "/image", `"https://x.example/i.png"`, "error", "error", ""},
		{"one value for an array", "badge", achievement + "/tag", `"reading"`, "warning", "valid",
			"the schema at the canonical address accepts it since 2025"},
		{"another word as achievementType", "badge", achievement + "/achievementType", `"Module"`, "error", "warning",
			"many real badges are so, and nothing depends on the word"},
		{"two status entries", "badge", "/credentialStatus", `[{"id":"urn:s:1","type":"A"},{"id":"urn:s:2","type":"B"}]`, "error", "valid",
			"Bitstring Status List has one purpose an entry, and VCDM 2.0 4.10 several entries"},
		{"an alignment to a relative address", "badge", achievement + "/alignment/targetUrl", `"frame/1"`, "valid", "warning",
			"formats are not asserted there; it is a text, which nobody can follow"},
		{"an id that is relative", "badge", "/id", `"badges/1"`, "valid", "error", "formats are not asserted there; such an id is not signed (VCDM 2.0 4.4)"},
		// CredentialSubjectProbe
		{"a subject of another type", "badge", subject + "/type", `["Person"]`, "error", "error", ""},
		{"an identifier of another type", "badge", subject + "/identifier/type", `"Identity"`, "error", "error", ""},
		{"a result of another type", "badge", subject + "/result/0/type", `["Score"]`, "error", "error", ""},
		{"a result description of another type", "badge", achievement + "/resultDescription/0/type", `["Description"]`, "error", "error", ""},
		{"a source of another type", "badge", subject + "/source", `{"id":"urn:p","type":["Person"]}`, "error", "error", ""},
		{"no achievement", "badge", achievement, "", "error", "error", ""},
		{"criteria without address and text", "badge", achievement + "/criteria", `{"type":"Criteria"}`, "error", "error", ""},
		{"no criteria", "badge", achievement + "/criteria", "", "error", "error", ""},
		{"several subjects", "badge", subject, `[{"id":"urn:s:1","type":["AchievementSubject"]}]`, "error", "error", ""},
		{"a subject without id and identifier", "1.1", subject + "/id", "", "valid", "warning", "the rule is there, but the probe misses it"},
		{"an empty list of identifiers", "1.1", subject, `{"identifier":[],"type":["AchievementSubject"],"achievement":{"id":"urn:a:1","type":["Achievement"],` +
			`"name":"A","description":"D","criteria":{"narrative":"N"}}}`, "error", "warning", "many real badges name no recipient; they stay valid and the report says so"},
		{"a result of no description", "badge", subject + "/result/0/resultDescription", `"urn:r:9"`, "valid", "error",
			"OB 3.0 B Result: it has to be one of the achievement"},
		// EvidenceProbe
		{"evidence of another type", "badge", "/evidence/0/type", `["Video"]`, "error", "error", ""},
		// IssuerProbe
		{"no issuer", "badge", "/issuer", "", "error", "error", ""},
		{"an issuer of another type", "badge", "/issuer/type", `["Person"]`, "error", "error", ""},
		{"an issuer by address", "badge", "/issuer", `"https://school.example/i/1"`, "error", "valid",
			"the probe ends in an exception; the schema allows it (ProfileRef)"},
		{"a homepage that cannot be fetched", "badge", "/issuer/url", `"school.example"`, "warning", "warning", ""},
		{"another identifier of another type", "badge", "/issuer/otherIdentifier", `{"type":"Entry","identifier":"1","identifierType":"identifier"}`, "error", "error", ""},
		{"a parent organisation of another type", "badge", "/issuer/parentOrg/type", `"Board"`, "error", "error", ""},
		// ExpirationProbe and IssuanceProbe, as far as they read
		{"an end without a time zone", "badge", "/validUntil", `"2027-01-31T12:00:00"`, "error", "error", ""},
		{"a 2.0 badge with the end of 1.1", "badge", "/expirationDate", `"2020-01-31T12:00:00Z"`, "valid", "valid", ""},
		// EndorsementInspector
		{"no endorsement", "endorsement", "/type", `["VerifiableCredential"]`, "error", "error", ""},
		{"an endorsement's subject of another type", "endorsement", subject + "/type", `["Person"]`, "error", "error", ""},
		{"an endorsement of nothing", "endorsement", subject + "/id", "", "error", "error", ""},
		// CLR20Inspector
		{"a record", "clr", "/name", `"Record"`, "valid", "valid", ""},
		{"contexts of a record in another order", "clr", "/@context", `[` + v2 + `,` + ob + `-3.0.3.json",` + clr + `-2.0.1.json"]`, "error", "error", ""},
		{"an older address of the context", "clr", "/@context/1", clr + `.json"`, "warning", "error", "its text is another, which is not built in"},
		{"a record's subject of another type", "clr", subject + "/type", `["Learner"]`, "error", "error", ""},
		{"a record without credentials", "clr", subject + "/verifiableCredential", "", "error", "error", ""},
		{"a record's achievement without criteria", "clr", achievement + "/0/criteria", `{}`, "error", "error", ""},
		{"a token inside a record", "clr", subject + "/verifiableCredential/0", `"a.b.c"`, "valid", "error", "it is not looked at there; the class has objects"},
		{"an association of another kind", "clr", subject + "/association/0/associationType", `"isFriendOf"`, "error", "error", ""},
	} {
		found := Check(mustParse(t, edit(t, []byte(texts[c.text]), c.pointer, c.value)), OpenBadges)
		ours := "valid"
		switch {
		case len(failures(found)) > 0:
			ours = "error"
		case len(found) > 0:
			ours = "warning"
		}
		if ours != c.ours || (c.theirs == c.ours) != (c.reason == "") {
			t.Errorf("%s: %s (%v), theirs %s, want %s because %q", c.probe, ours, lines(found), c.theirs, c.ours, c.reason)
		}
	}
}

// The samples of the validator: what breaks the data model breaks it here, and at the place that the sample is named for.
func TestSamplesOfThePublicValidator(t *testing.T) {
	samples := map[string]string{ // part of the name: place, or "" where the document follows the rules
		"ob30_simple.json":            "",
		"ob30_simple-context-alias":   "",
		"ob30_simple-did-key-method":  "",
		"ob30_simple-eddsa-2022":      "", // theirs warns of the contexts of 1.1
		"ob30_simple_v1.json":         "", // the same
		"credential-status-revoked":   "", // its status
		"simple-err-proof-method":     "", // its key, both samples
		"simple-multiple-proofs":      "", // a type that no context knows
		"endorsement-err-schema":      "", // its refresh service
		"ob30_velocity.jwt":           "", // a context that is not built in
		"simple-err-context":          "/@context/0",
		"simple-err-type":             "/type",
		"simple-err-issued":           "/credentialSubject/achievement", // and its date, which is judged elsewhere
		"subject-type.json":           "/credentialSubject/type",
		"subject-result-type":         "/credentialSubject/result/1/type",
		"issuer-otheridentifier-type": "/issuer/otherIdentifier/1/type",
		"issuer-parentorg-type":       "/issuer/parentOrg/type",
		"clr20_simple-noproof":        "/@context/1", // a draft
		"clr20_simple_old_safesigned": "/@context/1", // the same
		"LER-RS_V2_UC008_portability": "/credentialSubject/achievement/type",
		"LER-RS_V2_UC009_exchanging":  "/type", // no Open Badge
		"LER-RS_V2_VCwrapper":         "/type", // the same
	}
	root := referenceFile(t, "corpus")
	var items []struct{ File, Repo, Kind string }
	readJSON(t, filepath.Join(root, "manifest.json"), &items)
	judged := 0
	for _, item := range items {
		text := document(t, filepath.Join(root, item.File))
		if item.Repo != "1EdTech/digital-credentials-public-validator" || strings.HasPrefix(item.Kind, "ob2") || text == nil {
			continue
		}
		judged++
		known := false
		for name, place := range samples {
			if !strings.Contains(item.File, name) {
				continue
			}
			known = true
			found := failures(Check(mustParse(t, text), OpenBadges))
			if place == "" && len(found) > 0 || !strings.Contains(strings.Join(lines(found), ";")+";", place+";") {
				t.Errorf("%s: %v, want %s", item.File, lines(found), place)
			}
		}
		if !known {
			t.Errorf("%s: it has no expectation here", item.File)
		}
	}
	if judged < 23 {
		t.Errorf("only %d samples were judged", judged)
	}
}
