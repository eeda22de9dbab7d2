package vcapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
	"github.com/laurelbadges/laurel/proof"
)

// TestIssue: what is issued verifies under both policies, and carries what was asked for.
func TestIssue(t *testing.T) {
	w := newWorld(t)
	k, err := w.AddKey(t.Context(), w.ours.ID, keys.P256, "test")
	if err != nil {
		t.Fatal(err)
	}
	own, key := w.ours.DID, "did:key:"+k.Multikey
	for name, test := range map[string]struct {
		path, document, options, suite string
		strict                         int // status under the strict policy; 0 is 200
	}{
		"as itself":       {w.issueAt(), unsigned(own, ""), `{}`, "eddsa-rdfc-2022", 0},
		"by option":       {w.issueAt(), unsigned(own, ""), `{"cryptosuite":"ecdsa-rdfc-2019"}`, "ecdsa-rdfc-2019", 0},
		"by address":      {"/vc-api/issuers/" + w.ours.ID + "/ecdsa-jcs-2019/credentials/issue", unsigned(key, ""), `{}`, "ecdsa-jcs-2019", 0},
		"option first":    {"/vc-api/issuers/" + w.ours.ID + "/ecdsa-jcs-2019/credentials/issue", unsigned(own, ""), `{"cryptosuite":"eddsa-jcs-2022"}`, "eddsa-jcs-2022", 0},
		"as its key":      {w.issueAt(), unsigned(key, ""), `{}`, "ecdsa-rdfc-2019", 0},
		"old date":        {w.issueAt(), unsigned(own, `,"validUntil":"2021-01-01T00:00:00Z"`), `{}`, "eddsa-rdfc-2022", 400},
		"foreign status":  {w.issueAt(), strings.Replace(unsigned(own, `,"credentialStatus":{"type":"CredentialStatusList2017"}`), `credentials/v2"`, `credentials/v2",{"CredentialStatusList2017":"https://example.org/#s"}`, 1), `{}`, "eddsa-rdfc-2022", 400},
		"no options":      {w.issueAt(), unsigned(own, ""), ``, "eddsa-rdfc-2022", 0},
		"selective":       {w.issueAt(), unsigned(key, ""), `{"mandatoryPointers":["/credentialSubject/name"]}`, "ecdsa-sd-2023", 0},
		"nothing is kept": {w.issueAt(), unsigned(key, ""), `{"mandatoryPointers":[]}`, "ecdsa-sd-2023", 0},
		"selective, own":  {w.issueAt(), unsigned(own, ""), `{"cryptosuite":"ecdsa-sd-2023"}`, "ecdsa-sd-2023", 0},
	} {
		body := `{"credential":` + test.document
		if test.options != "" {
			body += `,"options":` + test.options
		}
		a := w.ask(t, "POST", test.path, body+"}")
		if a.status != http.StatusCreated || a.header.Get("Content-Type") != "application/json" || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
			continue
		}
		document := read[struct{ VerifiableCredential json.RawMessage }](t, a).VerifiableCredential
		got := read[struct {
			Proof struct{ Cryptosuite, Created string }
		}](t, answer{body: document}).Proof
		if got.Cryptosuite != test.suite || got.Created == "" {
			t.Errorf("%s: %+v", name, got)
		}
		if test.suite == "ecdsa-sd-2023" {
			if document, err = proof.Derive(t.Context(), document, []string{"/credentialSubject"}, proof.Options{VC: true}); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
		}
		for path, want := range map[string]int{"/vc-api/credentials/verify": test.strict, "/vc-api/policies/proof/credentials/verify": 200} {
			if a := w.ask(t, "POST", path, `{"verifiableCredential":`+string(document)+`}`); a.status != max(want, 200) {
				t.Errorf("%s: %s answers %d %s", name, path, a.status, a.body)
			}
		}
	}
	token := w.signed(t, unsigned(own, ""), `{"envelope":"vc+jwt"}`)
	envelope := enveloped{}
	if err := json.Unmarshal([]byte(token), &envelope); err != nil || envelope.Type != "EnvelopedVerifiableCredential" || !strings.HasPrefix(envelope.ID, "data:application/vc+jwt,ey") {
		t.Errorf("%s, error %v", token, err)
	}
	if plain := w.signed(t, unsigned(own, ""), `{}`); !strings.Contains(plain, `"name":"Alice \u003c"`) {
		t.Errorf("the text has changed: %s", plain)
	}
}

// TestIssueRefuses: each wrong request has its status and says what is wrong.
func TestIssueRefuses(t *testing.T) {
	w := newWorld(t)
	reader := w.newToken(t, issuer.ScopeCredentialsRead, issuer.ScopeCredentialsWrite) // as tokens were before there was one for signing
	good := `{"credential":` + unsigned(w.ours.DID, "") + `}`
	options := func(text string) string { return strings.TrimSuffix(good, "}") + `,"options":` + text + "}" }
	theirs := "/vc-api/issuers/" + w.theirs.ID + "/credentials/issue"
	for name, test := range map[string]struct {
		path, body string
		headers    []string
		status     int
		code       string
	}{
		"no token":               {w.issueAt(), good, []string{"Authorization", ""}, 401, "token_missing"},
		"Basic":                  {w.issueAt(), good, []string{"Authorization", "Basic YTpi"}, 401, "token_invalid"},
		"a token for less":       {w.issueAt(), good, []string{"Authorization", "Bearer " + reader}, 403, "scope_missing"},
		"another's issuer":       {theirs, good, nil, 404, "not_found"},
		"no such issuer":         {"/vc-api/issuers/nobody/credentials/issue", good, nil, 404, "not_found"},
		"another media type":     {w.issueAt(), good, []string{"Content-Type", "text/plain"}, 415, "media_type"},
		"nothing":                {w.issueAt(), "", nil, 400, "malformed"},
		"no JSON":                {w.issueAt(), "{", nil, 400, "malformed"},
		"a byte order mark":      {w.issueAt(), "\ufeff" + good, nil, 400, "encoding"},
		"two values":             {w.issueAt(), good + "{}", nil, 400, "malformed"},
		"not UTF-8":              {w.issueAt(), "{\"credential\":\"\xff\"}", nil, 400, "encoding"},
		"a list":                 {w.issueAt(), "[]", nil, 422, "shape"},
		"no credential":          {w.issueAt(), `{"options":{}}`, nil, 422, "shape"},
		"a text":                 {w.issueAt(), `{"credential":"{}"}`, nil, 422, "shape"},
		"another member":         {w.issueAt(), `{"verifiableCredential":{}}`, nil, 422, "shape"},
		"a member twice":         {w.issueAt(), `{"credential":{},"credential":{}}`, nil, 400, "duplicate_key"},
		"a member within twice":  {w.issueAt(), strings.Replace(good, `"type"`, `"type":[],"type"`, 1), nil, 400, "duplicate_key"},
		"options are null":       {w.issueAt(), options("null"), nil, 422, "shape"},
		"an option twice":        {w.issueAt(), options(`{"cryptosuite":"a","cryptosuite":"b"}`), nil, 400, "duplicate_key"},
		"unknown option":         {w.issueAt(), options(`{"created":"2020-01-01T00:00:00Z"}`), nil, 400, "unknown_option"},
		"option of another kind": {w.issueAt(), options(`{"cryptosuite":1}`), nil, 422, "shape"},
		"unknown suite":          {w.issueAt(), options(`{"cryptosuite":"eddsa-2022"}`), nil, 400, "suite"},
		"unknown suite in path":  {"/vc-api/issuers/" + w.ours.ID + "/none/credentials/issue", good, nil, 400, "suite"},
		"unknown envelope":       {w.issueAt(), options(`{"envelope":"vc+sd-jwt"}`), nil, 400, "unknown_option"},
		"pointers elsewhere":     {w.issueAt(), options(`{"cryptosuite":"eddsa-rdfc-2022","mandatoryPointers":["/id"]}`), nil, 400, "unknown_option"},
		"pointers are no texts":  {w.issueAt(), options(`{"mandatoryPointers":[1]}`), nil, 422, "shape"},
		"pointer to nothing":     {w.issueAt(), options(`{"mandatoryPointers":["/nothing"]}`), nil, 400, "malformed"},
		"unknown status":         {w.issueAt(), options(`{"credentialStatus":{"type":"StatusList2021Entry"}}`), nil, 400, "unknown_option"},
		"a place of their own":   {w.issueAt(), options(`{"credentialStatus":{"type":"BitstringStatusListEntry","statusListIndex":"1"}}`), nil, 400, "unknown_option"},
		"a status twice":         {w.issueAt(), options(`{"credentialStatus":[{"type":"BitstringStatusListEntry"},{"type":"BitstringStatusListEntry"}]}`), nil, 400, "status"},
		"another issuer":         {w.issueAt(), `{"credential":` + unsigned(w.theirs.DID, "") + `}`, nil, 400, "issuer"},
		"against the model":      {w.issueAt(), strings.Replace(good, `"credentialSubject"`, `"subject"`, 1), nil, 400, "schema_invalid"},
		"an undefined term":      {w.issueAt(), strings.Replace(good, `"name"`, `"undefinedTerm"`, 1), nil, 400, "unsafe_jsonld"},
		"too large":              {w.issueAt(), strings.Repeat(" ", 1<<20) + good, nil, 413, "too_large"},
		"deep":                   {w.issueAt(), `{"credential":{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}}`, nil, 400, "too_complex"},
	} {
		a := w.ask(t, "POST", test.path, test.body, test.headers...)
		if got := read[struct{ Code, Detail string }](t, a); a.status != test.status || got.Code != test.code || got.Detail == "" {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.body, test.status, test.code)
		}
	}
	a := w.ask(t, "POST", w.issueAt(), strings.Replace(good, `"Alice`, `["Alice"],"@type":"Alice`, 1))
	if a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
	a = w.ask(t, "POST", w.issueAt(), strings.Replace(good, `"credentialSubject":{`, `"credentialSubject":{"undefinedTerm":1,`, 1))
	got := read[struct {
		Type   string
		Errors []struct{ Pointer string }
	}](t, a)
	if !strings.HasSuffix(got.Type, "#PROOF_GENERATION_ERROR") || len(got.Errors) != 1 || got.Errors[0].Pointer != "/credential/credentialSubject/undefinedTerm" {
		t.Errorf("%s", a.body)
	}
}

// TestSelectiveKeeps: whatever pointers the caller gives, nobody who derives leaves out who issued the credential, when it holds, and
// how its status is learned.
func TestSelectiveKeeps(t *testing.T) {
	w := newWorld(t)
	k, err := w.AddKey(t.Context(), w.ours.ID, keys.P256, "test")
	if err != nil {
		t.Fatal(err)
	}
	key := "did:key:" + k.Multikey
	old := fmt.Sprintf(`{"@context":["https://www.w3.org/2018/credentials/v1"],"id":"urn:old","type":["VerifiableCredential"],"issuer":%q,`+
		`"issuanceDate":"2020-01-01T00:00:00Z","expirationDate":"2121-01-01T00:00:00Z","credentialSubject":{"id":"did:example:alice"}}`, w.ours.DID)
	for name, test := range map[string]struct {
		document, options string
		kept              []string
	}{
		"no pointers": {unsigned(key, `,"validUntil":"2121-01-01T00:00:00Z"`), `{"cryptosuite":"ecdsa-sd-2023"}`, []string{"issuer", "validFrom", "validUntil"}},
		"none":        {unsigned(key, `,"validUntil":"2121-01-01T00:00:00Z"`), `{"mandatoryPointers":[]}`, []string{"issuer", "validFrom", "validUntil"}},
		"one":         {unsigned(key, ""), `{"mandatoryPointers":["/validFrom"]}`, []string{"issuer", "validFrom"}},
		"with status": {unsigned(w.ours.DID, ""), `{"mandatoryPointers":["/issuer"],"credentialStatus":{"type":"BitstringStatusListEntry"}}`, []string{"issuer", "validFrom", "credentialStatus"}},
		"the old names": {old, `{"mandatoryPointers":[],"credentialStatus":{"type":"BitstringStatusListEntry"}}`,
			[]string{"issuer", "issuanceDate", "expirationDate", "credentialStatus"}},
	} {
		derived, err := proof.Derive(t.Context(), []byte(w.signed(t, test.document, test.options)), []string{"/credentialSubject"}, proof.Options{VC: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		members := read[map[string]any](t, answer{body: derived})
		for _, member := range test.kept {
			if members[member] == nil {
				t.Errorf("%s: %s is gone from %s", name, member, derived)
			}
		}
		for _, path := range []string{"/vc-api/credentials/verify", "/vc-api/policies/proof/credentials/verify"} {
			if a := w.ask(t, "POST", path, `{"verifiableCredential":`+string(derived)+`}`); a.status != 200 {
				t.Errorf("%s: %s answers %d %s", name, path, a.status, a.body)
			}
		}
	}
}

// TestStatus: a credential that was issued with a status is suspended, reinstated and revoked, and the verifier sees it at once.
func TestStatus(t *testing.T) {
	w := newWorld(t)
	document := w.signed(t, unsigned(w.ours.DID, ""), `{"credentialId":"urn:a","credentialStatus":[{"type":"BitstringStatusListEntry","statusPurpose":"revocation"},{"type":"BitstringStatusListEntry","statusPurpose":"suspension"}]}`)
	verify := func() (int, string) {
		a := w.ask(t, "POST", "/vc-api/credentials/verify", `{"verifiableCredential":`+document+`}`)
		return a.status, read[struct{ Code string }](t, a).Code
	}
	if status, code := verify(); status != 200 {
		t.Fatalf("%d %s", status, code)
	}
	path := "/vc-api/issuers/" + w.ours.ID + "/credentials/status"
	change := func(id, purpose string, on bool) string {
		return fmt.Sprintf(`{"credentialId":%q,"credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":%q},"status":%t}`, id, purpose, on)
	}
	for _, step := range []struct {
		purpose string
		on      bool
		status  int
		verify  string
	}{
		{"suspension", true, 200, "suspended"}, {"suspension", false, 200, ""}, {"revocation", true, 200, "revoked"}, {"revocation", false, 409, "revoked"},
	} {
		if a := w.ask(t, "POST", path, change("urn:a", step.purpose, step.on)); a.status != step.status {
			t.Errorf("%s %t: %d %s", step.purpose, step.on, a.status, a.body)
		}
		if status, code := verify(); code != step.verify || (status == 200) != (code == "") {
			t.Errorf("%s %t: the verifier says %d %s", step.purpose, step.on, status, code)
		}
	}
	if a := w.ask(t, "POST", path, change("urn:a", "revocation", true), "Authorization", "Bearer "+w.newToken(t, issuer.ScopeCredentialsSign)); a.status != 403 {
		t.Errorf("a token for signing alone: %d %s", a.status, a.body)
	}
	if a := w.ask(t, "POST", path, change("urn:a", "revocation", true), "Authorization", "Bearer "+w.newToken(t, issuer.ScopeCredentialsWrite)); a.status != 200 {
		t.Errorf("a token of before: %d %s", a.status, a.body)
	}
	if a := w.ask(t, "POST", w.issueAt(), `{"credential":`+unsigned(w.ours.DID, "")+`,"options":{"credentialId":"urn:a"}}`); a.status != 409 {
		t.Errorf("the same name twice: %d %s", a.status, a.body)
	}
	for name, test := range map[string]struct {
		body   string
		status int
	}{
		"unknown":         {change("urn:b", "revocation", true), 404},
		"another purpose": {change("urn:a", "message", true), 400},
		"another type":    {strings.Replace(change("urn:a", "revocation", true), "BitstringStatusListEntry", "StatusList2021Entry", 1), 400},
		"no JSON":         {"{", 400},
		"a list":          {"[]", 422},
		"a member twice":  {strings.Replace(change("urn:a", "revocation", false), `"status":`, `"status":true,"status":`, 1), 400},
		"a purpose twice": {strings.Replace(change("urn:a", "revocation", false), `"type"`, `"statusPurpose":"suspension","type"`, 1), 400},
		"no status":       {`{"credentialId":"urn:a","credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"revocation"}}`, 422},
		"status a text":   {strings.Replace(change("urn:a", "revocation", true), "true", `"1"`, 1), 422},
		"no name":         {strings.Replace(change("urn:a", "revocation", true), `"urn:a"`, `""`, 1), 422},
		"no entry":        {`{"credentialId":"urn:a","status":true}`, 422},
		"a member more":   {strings.Replace(change("urn:a", "revocation", true), "{", `{"indexAllocator":"x",`, 1), 422},
		"another place":   {strings.Replace(change("urn:a", "revocation", true), `"type"`, `"statusListIndex":"x","type"`, 1), 400},
	} {
		if a := w.ask(t, "POST", path, test.body); a.status != test.status {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.body, test.status)
		}
	}
	if a := w.ask(t, "POST", "/vc-api/issuers/"+w.theirs.ID+"/credentials/status", change("urn:a", "revocation", true)); a.status != 404 {
		t.Errorf("another's: %d", a.status)
	}
}
