package rdf

import (
	"fmt"
	"testing"
)

// TestMembersAreTerms: what a reader looks for by its term cannot be signed under another name, or at another place. Each of
// these documents has the same dataset as one that names its members by their terms.
func TestMembersAreTerms(t *testing.T) {
	options := referenceOptions(t)
	options.loose = false
	processor := NewProcessor(options)
	const cred = "https://www.w3.org/2018/credentials#"
	date := `{"@type":"http://www.w3.org/2001/XMLSchema#dateTime","@value":"2020-01-01T00:00:00Z"}`
	document := func(members string) string {
		return fmt.Sprintf(`{"@context":[%q,"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],"id":"urn:c","type":["VerifiableCredential","OpenBadgeCredential"],%s}`, contextV2, members)
	}
	for _, c := range []struct{ name, members, pointer string }{
		{"end", `"` + cred + `validUntil":` + date, "/" + "https:~1~1www.w3.org~12018~1credentials#validUntil"},
		{"beginning", `"` + cred + `validFrom":` + date, "/" + "https:~1~1www.w3.org~12018~1credentials#validFrom"},
		{"status", `"` + cred + `credentialStatus":{"id":"urn:s"}`, "/" + "https:~1~1www.w3.org~12018~1credentials#credentialStatus"},
		{"issuer", `"` + cred + `issuer":{"id":"did:ex:1"}`, "/" + "https:~1~1www.w3.org~12018~1credentials#issuer"},
		{"subject", `"` + cred + `credentialSubject":{"id":"did:ex:1"}`, "/" + "https:~1~1www.w3.org~12018~1credentials#credentialSubject"},
		{"evidence", `"` + cred + `evidence":{"id":"urn:e"}`, "/" + "https:~1~1www.w3.org~12018~1credentials#evidence"},
		{"result", `"credentialSubject":{"type":["AchievementSubject"],"https://purl.imsglobal.org/spec/vc/ob/vocab.html#result":{"id":"urn:r"}}`,
			"/credentialSubject/https:~1~1purl.imsglobal.org~1spec~1vc~1ob~1vocab.html#result"},
		{"id of the subject", `"credentialSubject":{"@id":"did:ex:1","type":["AchievementSubject"]}`, "/credentialSubject/@id"},
		{"type of the subject", `"credentialSubject":{"id":"did:ex:1","@type":["AchievementSubject"]}`, "/credentialSubject/@type"},
		{"the same credential inside", `"validFrom":"2020-01-01T00:00:00Z","endorsement":[{"id":"urn:e","type":["VerifiableCredential","EndorsementCredential"],
			"credentialSubject":{"id":"urn:c","type":["EndorsementSubject","VerifiableCredential"],"validUntil":"2020-01-01T00:00:00Z"}}]`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := processor.ToRDF(parse(t, document(c.members)))
			if c.pointer == "" {
				wantRefusal(t, err, CodeUnsafeJSONLD, "")
				return
			}
			wantRefusal(t, err, CodeUnsafeJSONLD, c.pointer)
		})
	}
	proof := fmt.Sprintf(`{"@context":%q,"type":"DataIntegrityProof","https://w3id.org/security#expiration":%s}`, contextV2, date)
	_, err := processor.ToRDF(parse(t, proof))
	wantRefusal(t, err, CodeUnsafeJSONLD, "/https:~1~1w3id.org~1security#expiration")
	if _, err := processor.ToRDF(parse(t, document(`"name":"n","credentialSubject":{"id":"did:ex:1","type":["AchievementSubject"]}`))); err != nil {
		t.Error(err)
	}
}
