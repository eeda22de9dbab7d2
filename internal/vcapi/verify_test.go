package vcapi

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// TestVerify: what verifies is answered with 200 and verified true; everything else is not 200, and says why.
func TestVerify(t *testing.T) {
	w := newWorld(t)
	good := w.signed(t, unsigned(w.ours.DID, ""), `{}`)
	expired := w.signed(t, unsigned(w.ours.DID, `,"validUntil":"2021-01-01T00:00:00Z"`), `{}`)
	envelope := w.signed(t, unsigned(w.ours.DID, ""), `{"envelope":"vc+jwt"}`)
	made := madeFor(t, "c", "d")
	const strict, lax = "/vc-api/credentials/verify", "/vc-api/policies/proof/credentials/verify"
	body := func(document string) string { return `{"verifiableCredential":` + document + `,"options":{}}` }
	for name, test := range map[string]struct {
		path, body string
		status     int
		code       string
	}{
		"good":                      {strict, body(good), 200, ""},
		"good, by its proof":        {lax, body(good), 200, ""},
		"an envelope":               {strict, body(envelope), 200, ""},
		"an envelope, by its proof": {lax, body(envelope), 200, ""},
		"expired":                   {strict, body(expired), 400, "expired"},
		"expired, by its proof":     {lax, body(expired), 200, ""},
		"changed":                   {strict, body(strings.Replace(good, "Alice", "Alicia", 1)), 400, "signature_invalid"},
		"changed, by its proof":     {lax, body(strings.Replace(good, "Alice", "Alicia", 1)), 400, "signature_invalid"},
		"unsigned":                  {strict, body(unsigned(w.ours.DID, "")), 400, "malformed"},
		"unsigned, by its proof":    {lax, body(unsigned(w.ours.DID, "")), 400, "malformed"},
		"unreachable issuer":        {strict, body(strings.ReplaceAll(good, "badges.example.org", "gone.example.org")), 400, ""},
		"a member twice":            {strict, body(strings.Replace(good, `"type"`, `"type":["VerifiableCredential"],"type"`, 1)), 400, "duplicate_key"},
		"a presentation":            {strict, body(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"]}`), 400, "schema_invalid"},
		"no type":                   {lax, body(`{"@context":["https://www.w3.org/ns/credentials/v2"]}`), 400, "schema_invalid"},
		"a text":                    {strict, `{"verifiableCredential":"eyJ"}`, 422, "shape"},
		"nothing":                   {strict, `{}`, 422, "shape"},
		"unknown option":            {strict, `{"verifiableCredential":{},"options":{"policy":"proof"}}`, 400, "unknown_option"},
		"unknown check":             {strict, `{"verifiableCredential":{},"options":{"checks":["nothing"]}}`, 400, "unknown_option"},
		"check is no text":          {strict, `{"verifiableCredential":{},"options":{"checks":[{}]}}`, 422, "shape"},
		"challenge is no text":      {strict, `{"verifiableCredential":{},"options":{"challenge":5}}`, 422, "shape"},
		"a challenge":               {strict, `{"verifiableCredential":` + good + `,"options":{"challenge":"c"}}`, 400, "challenge_mismatch"},
		"a domain":                  {lax, `{"verifiableCredential":` + good + `,"options":{"domain":["d"]}}`, 400, "domain_mismatch"},
		"what it was made for":      {strict, `{"verifiableCredential":` + made + `,"options":{"challenge":"c","domain":"d"}}`, 200, ""},
		"by its proof":              {lax, `{"verifiableCredential":` + made + `,"options":{"challenge":"c"}}`, 200, ""},
		"another challenge":         {strict, `{"verifiableCredential":` + made + `,"options":{"challenge":"x"}}`, 400, "challenge_mismatch"},
		"no domain":                 {strict, `{"verifiableCredential":{},"options":{"domain":[]}}`, 422, "shape"},
		"a domain without a name":   {lax, `{"verifiableCredential":{},"options":{"domain":["d",""]}}`, 422, "shape"},
		"flag is no flag":           {strict, `{"verifiableCredential":{},"options":{"returnResults":"yes"}}`, 422, "shape"},
		"another member":            {strict, `{"":{},"verifiableCredential":{}}`, 422, "shape"},
		"a list":                    {strict, `[]`, 422, "shape"},
		"deep":                      {strict, body(`{"type":"VerifiableCredential","a":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`), 400, "too_complex"},
		"deeper":                    {strict, body(strings.Repeat("[", 1<<20)), 400, "malformed"},
		"too large":                 {strict, body(`{"a":"` + strings.Repeat("a", 5<<20) + `"}`), 413, "too_large"},
	} {
		a := w.ask(t, "POST", test.path, test.body)
		got := read[struct {
			Verified, Type any
			Code, Detail   string
			ProblemDetails []any
		}](t, a)
		if a.status != test.status || test.code != "" && got.Code != test.code {
			t.Errorf("%s: %d %.300s, want %d %s", name, a.status, a.body, test.status, test.code)
		}
		if (a.status == 200) != (got.Verified == true) || a.status == 400 && (got.Type == nil || got.Detail == "") {
			t.Errorf("%s: %d %.300s", name, a.status, a.body)
		}
		if a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: headers %v", name, a.header)
		}
	}
}

// TestVerifyGivesBack: the credential, results and problems are given back to those who ask for them.
func TestVerifyGivesBack(t *testing.T) {
	w := newWorld(t)
	document := w.signed(t, unsigned(w.ours.DID, ""), `{"credentialStatus":{"type":"BitstringStatusListEntry"}}`)
	expired := w.signed(t, unsigned(w.ours.DID, `,"validUntil":"2021-01-01T00:00:00Z"`), `{"envelope":"vc+jwt"}`)
	type part struct {
		Verified bool
		Input    any
	}
	type answered struct {
		Verified       bool
		Checks         []string
		Warnings       []struct{ Code, Step string }
		ProblemDetails []struct{ Code string }
		Credential     map[string]any
		Results        *struct {
			Proof, CredentialStatus []part
			ValidFrom, ValidUntil   *part
		}
	}
	a := read[answered](t, w.ask(t, "POST", "/vc-api/credentials/verify", `{"verifiableCredential":`+document+`}`))
	if !a.Verified || a.Credential != nil || a.Results != nil || a.ProblemDetails != nil || len(a.Checks) == 0 {
		t.Errorf("%+v", a)
	}
	a = read[answered](t, w.ask(t, "POST", "/vc-api/credentials/verify", `{"verifiableCredential":`+document+`,"options":{"returnCredential":true,"returnResults":true,"returnProblemDetails":true,"checks":["proof","credentialStatus"]}}`))
	if a.Credential["type"] == nil || a.Results == nil || len(a.Results.Proof) != 1 || !a.Results.Proof[0].Verified || len(a.Results.CredentialStatus) != 1 ||
		a.Results.ValidFrom == nil || a.Results.ValidUntil != nil {
		t.Errorf("%+v", a)
	}
	a = read[answered](t, w.ask(t, "POST", "/vc-api/policies/proof/credentials/verify", `{"verifiableCredential":`+expired+`,"options":{"returnCredential":true,"returnResults":true,"returnProblemDetails":true}}`))
	if a.Credential["issuer"] != w.ours.DID || a.Results == nil || a.Results.ValidUntil != nil || a.Results.CredentialStatus != nil || len(a.Results.Proof) != 1 ||
		len(a.ProblemDetails) == 0 || fmt.Sprint(a.Warnings) == "[]" {
		t.Errorf("%+v", a)
	}
}

// TestVerifyTellsNews: what could not be looked at after a failure is neither error nor warning, and what decides nothing is no error.
func TestVerifyTellsNews(t *testing.T) {
	w := newWorld(t)
	document := w.signed(t, unsigned(w.ours.DID, `,"credentialSchema":{"id":"https://gone.example.org/schema.json","type":"JsonSchema"}`), `{}`)
	type answered struct {
		Verified         bool
		Code             string
		Errors, Warnings []struct{ Code, Step, Detail string }
	}
	const strict, lax = "/vc-api/credentials/verify", "/vc-api/policies/proof/credentials/verify"
	a := read[answered](t, w.ask(t, "POST", strict, `{"verifiableCredential":`+document+`}`))
	if !a.Verified || len(a.Errors) != 0 || len(a.Warnings) != 1 || a.Warnings[0].Step != "schema" {
		t.Errorf("a schema that cannot be read: %+v", a)
	}
	gone := strings.ReplaceAll(document, "did:web:badges.example.org", "did:web:gone.example.org")
	for path, bodies := range map[string][]string{strict: {`{"type":"VerifiableCredential"}`, strings.Replace(document, "Alice", "Alicia", 1), gone},
		lax: {`{"type":"VerifiableCredential"}`, strings.Replace(document, "Alice", "Alicia", 1), gone}} {
		for _, body := range bodies {
			a := read[answered](t, w.ask(t, "POST", path, `{"verifiableCredential":`+body+`}`))
			if a.Verified || len(a.Errors) == 0 {
				t.Errorf("%s: %+v", path, a)
			}
			for _, e := range a.Errors {
				if e.Step == "schema" && e.Code != "schema_invalid" && e.Code != "malformed" {
					t.Errorf("%s: an error that decides nothing: %+v", path, e)
				}
			}
			for _, found := range slices.Concat(a.Errors, a.Warnings) {
				if strings.HasPrefix(found.Detail, "Not looked at") {
					t.Errorf("%s: %+v", path, found)
				}
			}
		}
	}
}

// TestPresentations: a presentation without a proof is refused, as is a credential in its place.
func TestPresentations(t *testing.T) {
	w := newWorld(t)
	good := w.signed(t, unsigned(w.ours.DID, ""), `{}`)
	for _, path := range []string{"/vc-api/presentations/verify", "/vc-api/policies/proof/presentations/verify"} {
		for name, test := range map[string]struct {
			body   string
			status int
		}{
			"unsecured":         {`{"presentation":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"]}}`, 400},
			"without a proof":   {`{"verifiablePresentation":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"]}}`, 400},
			"both":              {`{"presentation":{},"verifiablePresentation":{}}`, 422},
			"a credential":      {`{"verifiablePresentation":` + good + `}`, 400},
			"another's member":  {`{"verifiableCredential":` + good + `}`, 422},
			"not even a member": {`{}`, 422},
		} {
			if a := w.ask(t, "POST", path, test.body); a.status != test.status {
				t.Errorf("%s %s: %d %s, want %d", path, name, a.status, a.body, test.status)
			}
		}
	}
}

// madeFor is a credential of a key of its own, whose proof answers a challenge for a domain.
func madeFor(t *testing.T, challenge, domain string) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	did, err := keys.DIDKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := proof.Seal(t.Context(), []byte(unsigned(did, "")), proof.SealOptions{Challenge: challenge, Domain: []string{domain}, Created: time.Now(),
		Signer: keys.Signer{ID: did + "#" + strings.TrimPrefix(did, "did:key:"), Signer: private}})
	if err != nil {
		t.Fatal(err)
	}
	return string(sealed)
}

// presenter is a holder, and how it presents credentials to the challenge c of the domain d.
func presenter(t testing.TB) (holder string, present func(credentials string) string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	holder, err = keys.DIDKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	signer := keys.Signer{ID: holder + "#" + strings.TrimPrefix(holder, "did:key:"), Signer: private}
	return holder, func(credentials string) string {
		text := fmt.Sprintf(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"holder":%q,"verifiableCredential":[%s]}`, holder, credentials)
		sealed, err := proof.Seal(t.Context(), []byte(text), proof.SealOptions{Signer: signer, Purpose: "authentication", Challenge: "c", Domain: []string{"d"}, Created: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		return string(sealed)
	}
}

// TestPresented: a presentation holds for the challenge and the domain that it was made for, and each credential in it counts.
func TestPresented(t *testing.T) {
	w := newWorld(t)
	holder, present := presenter(t)
	good := w.signed(t, unsigned(w.ours.DID, ""), `{}`)
	expired := w.signed(t, unsigned(w.ours.DID, `,"validUntil":"2021-01-01T00:00:00Z"`), `{}`)
	const strict, lax = "/vc-api/presentations/verify", "/vc-api/policies/proof/presentations/verify"
	for name, test := range map[string]struct {
		path, presentation, options string
		status                      int
	}{
		"good":                     {strict, present(good), `{"challenge":"c","domain":"d"}`, 200},
		"several domains":          {strict, present(good), `{"challenge":"c","domain":["d"]}`, 200},
		"by its proof":             {lax, present(good), `{"challenge":"c","domain":"d"}`, 200},
		"another challenge":        {strict, present(good), `{"challenge":"x","domain":"d"}`, 400},
		"another domain":           {strict, present(good), `{"challenge":"c","domain":"x"}`, 400},
		"changed":                  {strict, strings.Replace(present(good), "Alice", "Alicia", 1), `{"challenge":"c","domain":"d"}`, 400},
		"an expired one":           {strict, present(expired), `{"challenge":"c","domain":"d"}`, 400},
		"an expired, by its proof": {lax, present(expired), `{"challenge":"c","domain":"d","returnResults":true}`, 200},
	} {
		a := w.ask(t, "POST", test.path, `{"verifiablePresentation":`+test.presentation+`,"options":`+test.options+`}`)
		if a.status != test.status || (a.status == 200) != read[struct{ Verified bool }](t, a).Verified {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.body, test.status)
		}
		if strings.Contains(string(a.body), `"results"`) && !strings.Contains(string(a.body), `"credentials":[{"verified":true}]`) {
			t.Errorf("%s: dates and status are judged in the results: %s", name, a.body)
		}
	}
	a := w.ask(t, "POST", strict, `{"verifiablePresentation":`+present(good)+`,"options":{"challenge":"c","domain":"d","returnPresentation":true,"returnResults":true}}`)
	got := read[struct {
		VerifiablePresentation map[string]any
		Results                struct {
			Presentation struct{ Challenge, Domain, Holder struct{ Verified bool } }
			Credentials  []struct{ Verified bool }
		}
	}](t, a)
	if r := got.Results; got.VerifiablePresentation["holder"] != holder || !r.Presentation.Challenge.Verified || !r.Presentation.Domain.Verified ||
		!r.Presentation.Holder.Verified || len(r.Credentials) != 1 || !r.Credentials[0].Verified {
		t.Errorf("%s", a.body)
	}
}

// TestAdmission: strangers are counted and turned away; who has a token is not counted; a bad token is no way around.
func TestAdmission(t *testing.T) {
	w := newWorld(t)
	w.refuse = busy{}
	body := `{"verifiableCredential":{}}`
	for path, method := range map[string]string{"/vc-api/credentials/verify": "POST", "/vc-api/policies/proof/presentations/verify": "POST", "/vc-api/identifiers/did%3Akey%3Az": "GET"} {
		a := w.ask(t, method, path, body)
		if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		if a := w.ask(t, method, path, body, "Authorization", "Bearer laurel_wrong"); a.status != http.StatusUnauthorized {
			t.Errorf("%s with a bad token: %d", path, a.status)
		}
		if a := w.ask(t, method, path, body, "Authorization", "Bearer "+w.token); a.status != 400 && a.status != 422 {
			t.Errorf("%s with a token: %d %s", path, a.status, a.body)
		}
	}
	if w.counted != 3 {
		t.Errorf("%d requests were counted", w.counted)
	}
	w.refuse = nil
	a := w.ask(t, "OPTIONS", "/vc-api/credentials/verify", "")
	if a.status != http.StatusNoContent || a.header.Get("Access-Control-Allow-Methods") != "POST, OPTIONS" || a.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %v", a.status, a.header)
	}
	if a := w.ask(t, "OPTIONS", w.issueAt(), ""); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("issuing is open to pages of others: %v", a.header)
	}
	a = w.ask(t, "OPTIONS", "/vc-api/identifiers/x", "")
	if a.header.Get("Access-Control-Allow-Methods") != "GET, HEAD, OPTIONS" || a.header.Get("Allow") != "GET, HEAD, OPTIONS" {
		t.Errorf("%d %v", a.status, a.header)
	}
	for path, want := range map[string]int{"/vc-api/": 404, "/vc-api/credentials/verify/x": 404, "/vc-api/credentials/derive": 404} {
		if a := w.ask(t, "POST", path, "{}"); a.status != want {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if a := w.ask(t, "GET", "/vc-api/credentials/verify", ""); a.status != http.StatusMethodNotAllowed {
		t.Errorf("%d", a.status)
	}
}
