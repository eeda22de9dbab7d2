package verifier

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/internal/referencedata"
)

// TestVectorsJOSE: the suite of VC-JOSE-COSE for tokens, under the keys that it names and at the time of their making. The
// numbers are those of its table. Its presentation (7) holds credentials secured with SD-JWT and COSE beside one as a token. Its own
// signature fits and so does that of the token; those that Laurel does not read are said to be so, and keep the whole from being valid.
func TestVectorsJOSE(t *testing.T) {
	const folder, issuer = "vectors/vc-jose-cose/test-suite/input/", "https://example.issuer/vc-jose-cose"
	document := map[string]any{"@context": []any{"https://www.w3.org/ns/cid/v1"}, "id": issuer}
	var methods, ids []any
	for _, name := range []string{"p256", "p384", "p521", "ed25519"} {
		method := object(t, referencedata.File(t, folder+"vm-"+name+".json"))
		delete(method, "secretKeyJwk") // nobody believes a key whose secret is published
		methods, ids = append(methods, method), append(ids, method["id"])
	}
	document["verificationMethod"], document["assertionMethod"], document["authentication"] = methods, ids, ids
	documents := library{issuer: marshal(t, document)}
	for _, c := range []struct {
		number    int
		file      string
		authentic Answer
		code      string
	}{
		{6, "credential-jose-minimal.txt", Yes, ""},
		{7, "presentation-jose-multiple.txt", No, "alg_not_allowed /verifiableCredential/2"},
		{8, "credential-issuer-match-signed.txt", Yes, ""},
		{9, "credential-jose-unknown-extensions.txt", No, "alg_not_allowed"},
		{10, "credential-minimal.json", No, "malformed"},
		{11, "presentation-single.json", No, "malformed"},
		{12, "credential-jose-bad-signature.txt", No, "signature_invalid"},
		{13, "credential-jose-bad-media-type.txt", No, "malformed"},
		{14, "presentation-jose-bad-media-type.txt", No, "malformed"},
		{15, "credential-jose-vc-vp-claims.txt", No, "malformed"},
		{16, "presentation-jose-bad-credential.txt", No, "schema_invalid"},
	} {
		text := referencedata.File(t, folder+c.file)
		report, err := Verify(context.Background(), []byte(strings.TrimSpace(string(text))), Options{
			At: time.Date(2024, 12, 16, 0, 0, 0, 0, time.UTC), Profile: credential.VerifiableCredentials, Fetch: documents})
		if err != nil {
			t.Fatal(err)
		}
		if report.Authentic != c.authentic || c.code != "" && !strings.Contains(findings(report), c.code) {
			text, _ := json.Marshal(report.Credentials)
			t.Errorf("%d %s: authentic %s, want %s with %q: %s\n%s", c.number, c.file, report.Authentic, c.authentic, c.code, findings(report), text)
		}
		if c.number == 7 && (!slices.Contains(outcomes(report, "proof"), "pass") || report.Credentials[0].Outcome != Valid) {
			t.Errorf("7: %s; inside %s", outcomes(report, "proof"), findings(report.Credentials[0]))
		}
	}
}
