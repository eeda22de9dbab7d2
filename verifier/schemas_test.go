package verifier

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laurelbadges/laurel/credential"
	"github.com/laurelbadges/laurel/proof"
)

const schemaURL = "https://schemas.example/badge.json"

// watched is a library that remembers what it was asked for.
type watched struct {
	library
	asked  []string
	blocks string // an address that it does not call
}

func (w *watched) Fetch(ctx context.Context, url string, limit int) (Document, error) {
	w.asked = append(w.asked, url)
	if url == w.blocks {
		return Document{}, ErrBlocked
	}
	return w.library.Fetch(ctx, url, limit)
}

// ask verifies input with what the bench has published, and says what was fetched.
func (b *bench) ask(input []byte, o Options) (*Report, []string) {
	b.Helper()
	w := &watched{library: b.documents, blocks: "https://10.0.0.1/x"}
	o.At, o.Fetch = at, w
	report, err := Verify(context.Background(), input, o)
	if err != nil {
		b.Fatal(err)
	}
	return report, w.asked
}

func withSchemas(entries ...map[string]any) func(map[string]any) {
	return func(d map[string]any) {
		all := make([]any, len(entries))
		for i, e := range entries {
			all[i] = e
		}
		extended(d)
		d["credentialSchema"] = all
	}
}

// extended adds the context that has the types of 1EdTech.
func extended(d map[string]any) {
	const context = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
	if all := d["@context"].([]any); !slices.Contains(all, any(context)) {
		d["@context"] = append(all, context)
	}
}

func schemaEntry(kind, address string, more ...string) map[string]any {
	e := map[string]any{"type": kind, "id": address}
	for i := 0; i < len(more); i += 2 {
		e[more[i]] = more[i+1]
	}
	return e
}

// outcomes are the findings of one step: outcome, and what did not pass with its code and pointer.
func outcomes(r *Report, step string) (all []string) {
	for _, c := range r.Checks {
		if c.Step != step {
			continue
		}
		text := string(c.Outcome)
		if c.Outcome != Pass {
			text = strings.Join(strings.Fields(text+" "+c.Code+" "+c.Pointer), " ")
		}
		all = append(all, text)
	}
	return all
}

// TestCredentialSchema: a schema that a badge breaks speaks against it; one that cannot be read or used changes nothing.
func TestCredentialSchema(t *testing.T) {
	const own, published = "1EdTechJsonSchemaValidator2019", "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
	fits, breaks := `{"required":["credentialSubject"]}`, `{"properties":{"credentialSubject":{"properties":{"achievement":{"required":["tag"]}}}}}`
	sum := sha512.Sum384([]byte(fits))
	sri := "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
	other := sha512.Sum384([]byte(breaks))
	otherSRI := "sha384-" + base64.StdEncoding.EncodeToString(other[:])
	multibase := "u" + base64.RawURLEncoding.EncodeToString(append([]byte{0x20, 48}, sum[:]...))
	for name, c := range map[string]struct {
		schema    string
		entries   []map[string]any
		authentic Answer
		outcomes  []string // after the rules of Open Badges
		fetches   int
	}{
		"fits":             {fits, []map[string]any{schemaEntry("JsonSchema", schemaURL)}, Yes, []string{"pass"}, 1},
		"fits, of 1EdTech": {fits, []map[string]any{schemaEntry(own, schemaURL)}, Yes, []string{"pass"}, 1},
		"breaks":           {breaks, []map[string]any{schemaEntry("JsonSchema", schemaURL)}, No, []string{"fail schema_invalid /credentialSubject/achievement"}, 1},
		"asks for a proof": {`{"required":["proof"]}`, []map[string]any{schemaEntry("JsonSchema", schemaURL)}, Yes, []string{"pass"}, 1},
		"refuses all":      {`false`, []map[string]any{schemaEntry("JsonSchema", schemaURL)}, No, []string{"fail schema_invalid"}, 1},
		"draft of 1EdTech": {`{"properties":{"type":{"items":[{"const":"x"}]}}}`, []map[string]any{schemaEntry(own, schemaURL)}, No, []string{"fail schema_invalid /type/0"}, 1},
		"draft of its own": {`{"properties":{"type":{"items":[{"const":"x"}]}}}`, []map[string]any{schemaEntry("JsonSchema", schemaURL)}, Yes, []string{"unknown schema_unavailable /credentialSchema/0"}, 1},

		"published":            {"", []map[string]any{schemaEntry(own, published)}, Yes, []string{"pass"}, 0},
		"published, of a CLR":  {"", []map[string]any{schemaEntry(own, "https://purl.imsglobal.org/spec/clr/v2p0/schema/json/clr_v2p0_clrcredential_schema.json")}, Yes, []string{"pass"}, 0},
		"published, and own":   {breaks, []map[string]any{schemaEntry(own, published), schemaEntry(own, schemaURL)}, No, []string{"fail schema_invalid /credentialSubject/achievement", "pass"}, 1},
		"a place that is like": {"", []map[string]any{schemaEntry(own, "https://purl.imsglobal.org.evil.example/spec/ob/v3p0/schema/x")}, Yes, []string{"unknown schema_unavailable /credentialSchema/0"}, 1},

		"unreachable":         {"", []map[string]any{schemaEntry("JsonSchema", "https://gone.example/s")}, Yes, []string{"unknown schema_unavailable /credentialSchema/0"}, 1},
		"blocked":             {"", []map[string]any{schemaEntry("JsonSchema", "https://10.0.0.1/x")}, Yes, []string{"unknown ssrf_blocked /credentialSchema/0"}, 1},
		"not https":           {"", []map[string]any{schemaEntry("JsonSchema", "http://schemas.example/badge.json")}, Yes, []string{"unknown ssrf_blocked /credentialSchema/0"}, 0},
		"a file":              {"", []map[string]any{schemaEntry("JsonSchema", "file:///etc/passwd")}, Yes, []string{"unknown ssrf_blocked /credentialSchema/0"}, 0},
		"too large":           {strings.Repeat(" ", credential.Limits.Body+1), []map[string]any{schemaEntry("JsonSchema", schemaURL)}, Yes, []string{"unknown too_large /credentialSchema/0"}, 1},
		"not JSON":            {"<html>", []map[string]any{schemaEntry("JsonSchema", schemaURL)}, Yes, []string{"unknown schema_unavailable /credentialSchema/0"}, 1},
		"not a schema":        {`{"type":7}`, []map[string]any{schemaEntry("JsonSchema", schemaURL)}, Yes, []string{"unknown schema_unavailable /credentialSchema/0"}, 1},
		"loads another":       {`{"$ref":"https://10.0.0.1/y"}`, []map[string]any{schemaEntry("JsonSchema", schemaURL)}, Yes, []string{"unknown schema_unavailable /credentialSchema/0"}, 1},
		"too dear":            {`{"allOf":[{"$ref":"#"}]}`, []map[string]any{schemaEntry("JsonSchema", schemaURL)}, Yes, []string{"unknown schema_unavailable /credentialSchema/0"}, 1},
		"another kind":        {fits, []map[string]any{schemaEntry("JsonSchemaCredential", schemaURL)}, Yes, []string{"unknown schema_unavailable /credentialSchema/0"}, 0},
		"three":               {fits, []map[string]any{schemaEntry("JsonSchema", schemaURL), schemaEntry("JsonSchema", schemaURL), schemaEntry("JsonSchema", schemaURL)}, Yes, []string{"pass", "pass", "unknown too_complex /credentialSchema/2"}, 2},
		"unreachable, breaks": {breaks, []map[string]any{schemaEntry("JsonSchema", "https://gone.example/s"), schemaEntry("JsonSchema", schemaURL)}, No, []string{"unknown schema_unavailable /credentialSchema/0", "fail schema_invalid /credentialSubject/achievement"}, 2},

		"digest":                {fits, []map[string]any{schemaEntry("JsonSchema", schemaURL, "digestSRI", sri)}, Yes, []string{"pass"}, 1},
		"digest in multibase":   {fits, []map[string]any{schemaEntry("JsonSchema", schemaURL, "digestMultibase", multibase)}, Yes, []string{"pass"}, 1},
		"another digest":        {fits, []map[string]any{schemaEntry("JsonSchema", schemaURL, "digestSRI", otherSRI)}, No, []string{"fail schema_invalid /credentialSchema/0"}, 1},
		"one of two digests":    {fits, []map[string]any{schemaEntry("JsonSchema", schemaURL, "digestSRI", otherSRI, "digestMultibase", multibase)}, No, []string{"fail schema_invalid /credentialSchema/0"}, 1},
		"digest of nothing":     {fits, []map[string]any{schemaEntry("JsonSchema", schemaURL, "digestSRI", "sha384-AAAA")}, No, []string{"fail schema_invalid /credentialSchema/0"}, 1},
		"digest, not reachable": {"", []map[string]any{schemaEntry("JsonSchema", "https://gone.example/s", "digestSRI", otherSRI)}, Yes, []string{"unknown schema_unavailable /credentialSchema/0"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if c.schema != "" {
				b.documents[schemaURL] = []byte(c.schema)
			}
			inForce := map[Answer]Answer{Yes: Yes, No: Undecided}[c.authentic]
			report, asked := b.ask(b.seal(b.badge(withSchemas(c.entries...))), Options{})
			expect(t, name, report, c.authentic, inForce, "")
			if got := outcomes(report, "schema")[1:]; !slices.Equal(got, c.outcomes) {
				t.Errorf("%q, want %q", got, c.outcomes)
			}
			if len(asked) != 1+c.fetches { // the issuer's document first
				t.Errorf("asked for %q", asked)
			}
			token, err := proof.SealJWT(b.badge(withSchemas(c.entries...)), b.key)
			if err != nil {
				t.Fatal(err)
			}
			if name == "asks for a proof" { // of a token the payload is judged, which has none
				c.authentic, inForce = No, Undecided
			}
			report, _ = b.ask([]byte(token), Options{})
			expect(t, name+", token", report, c.authentic, inForce, "")
		})
	}
}

// TestCredentialSchemaOfProfileVC: where the rules of Open Badges were not applied, the report does not say that they hold.
func TestCredentialSchemaOfProfileVC(t *testing.T) {
	b := newBench(t)
	report, _ := b.ask(b.seal(b.badge(withSchemas(schemaEntry("1EdTechJsonSchemaValidator2019", "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json")))),
		Options{Profile: credential.VerifiableCredentials})
	expect(t, "vc", report, Yes, Yes, "")
	if got := outcomes(report, "schema"); !slices.Equal(got, []string{"pass", "not_applicable"}) {
		t.Errorf("%q", got)
	}
}

// TestHostileSchemas: as many schemas as a badge can name, each as dear as one can be, are bounded by their number.
func TestHostileSchemas(t *testing.T) {
	b := newBench(t)
	var entries []map[string]any
	for range 100 {
		entries = append(entries, schemaEntry("JsonSchema", schemaURL))
	}
	b.documents[schemaURL] = []byte(`{"allOf":[` + strings.Repeat(`{"patternProperties":{"^(a|b)+$":{"not":{}}},"if":{},"then":{"type":"string"}},`, 900) + `{}]}`)
	began := time.Now()
	report, asked := b.ask(b.seal(b.badge(withSchemas(entries...))), Options{})
	if len(asked) != 3 || len(outcomes(report, "schema")) != 1+maxSchemas+1 {
		t.Errorf("asked for %d, %q", len(asked), outcomes(report, "schema"))
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("took %v", took)
	}
}

// TestNothingElseIsCalled: of all the addresses in a badge, those of the issuer's document, status lists, schemas and the newer
// version are called; what people are shown is not. What is not authentic leads to its issuer's document alone.
func TestNothingElseIsCalled(t *testing.T) {
	b := newBench(t)
	full := func(d map[string]any) {
		withSchemas(schemaEntry("JsonSchema", schemaURL))(d)
		d["image"] = map[string]any{"id": "https://link.example/badge.png", "type": "Image"}
		d["evidence"] = []any{map[string]any{"id": "https://link.example/evidence", "type": []any{"Evidence"}}}
		d["refreshService"] = map[string]any{"id": "https://issuer.example/refresh", "type": "1EdTechCredentialRefresh"}
		d["credentialStatus"] = []any{map[string]any{"id": listURL + "#1", "type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1", "statusListCredential": listURL}}
		issuer := d["issuer"].(map[string]any)
		issuer["url"], issuer["image"] = "https://link.example/", map[string]any{"id": "https://link.example/logo.png", "type": "Image"}
		achievement := subject(d)["achievement"].(map[string]any)
		achievement["id"] = "https://link.example/achievement"
		achievement["criteria"] = map[string]any{"id": "https://link.example/criteria", "narrative": "Three lessons."}
		achievement["alignment"] = []any{map[string]any{"type": []any{"Alignment"}, "targetName": "A", "targetUrl": "https://link.example/target"}}
		achievement["creator"] = map[string]any{"id": "https://link.example/creator", "type": []any{"Profile"}, "url": "https://link.example/creator", "parentOrg": map[string]any{"id": "https://link.example/parent", "type": []any{"Profile"}}}
		achievement["related"] = []any{map[string]any{"id": "https://link.example/related", "type": []any{"Related"}}}
	}
	input := b.seal(b.badge(full))
	report, asked := b.ask(input, Options{})
	if report.Authentic != Yes {
		t.Fatal(findings(report))
	}
	slices.Sort(asked)
	want := []string{"https://issuer.example/.well-known/did.json", "https://issuer.example/refresh", listURL, schemaURL}
	if !slices.Equal(asked, want) {
		t.Errorf("asked for %q", asked)
	}
	for name, change := range map[string]func(map[string]any){
		"changed":     func(d map[string]any) { d["name"] = "Other" },
		"malformed":   func(d map[string]any) { delete(subject(d), "achievement") },
		"no proof":    func(d map[string]any) { delete(d, "proof") },
		"of somebody": func(d map[string]any) { proofOf(d)["verificationMethod"] = "did:web:other.example#key" },
	} {
		var d map[string]any
		if err := json.Unmarshal(input, &d); err != nil {
			t.Fatal(err)
		}
		change(d)
		report, asked := b.ask(marshal(t, d), Options{})
		if report.Authentic != No || len(slices.DeleteFunc(asked, func(a string) bool { return a == webDoc })) != 0 {
			t.Errorf("%s: %s, asked for %q", name, report.Authentic, asked)
		}
	}
	if report, _ = b.ask(input, Options{}); report.Credential.Superseded != "" {
		t.Error("superseded by nothing")
	}
	offline, err := Verify(context.Background(), input, Options{At: at})
	if err != nil || offline.Authentic != Undecided {
		t.Errorf("offline: %v", err)
	}
}
