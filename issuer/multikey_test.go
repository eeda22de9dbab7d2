package issuer_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/laurelbadges/laurel/contexts"
	"github.com/laurelbadges/laurel/issuer"
	"github.com/laurelbadges/laurel/keys"
)

// TestMultikeys: an ECDSA key of a did:web stands in its document as JsonWebKey, which tokens name, and as Multikey, which Data
// Integrity proofs name (VC-DI-ECDSA section 2.1.1); it can be ended by either name.
func TestMultikeys(t *testing.T) {
	d, o := signingDesk(t, public)
	text := mustDocument(t, d, o.URL+"/did.json")
	document, err := keys.ParseDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for _, m := range document.Methods {
		if types[m.ID] = m.Type; m.Err != nil || !document.Allows(keys.AssertionMethod, m.ID) {
			t.Errorf("%s: %v", m.ID, m.Err)
		}
	}
	names := 0
	for _, k := range o.Keys {
		want := map[string]string{k.Method: "JsonWebKey"}
		switch k.Algorithm {
		case keys.EdDSA:
			want = map[string]string{k.Method: "Multikey"}
		case keys.ES256, keys.ES384:
			want[k.Method+"-multikey"] = "Multikey"
		}
		for name, kind := range want {
			if names++; types[name] != kind {
				t.Errorf("%s is %q, want %s", name, types[name], kind)
			}
		}
	}
	if names != len(types) {
		t.Errorf("%d methods, want %d: %s", len(types), names, text)
	}
	for _, suite := range []string{"ecdsa-rdfc-2019", "ecdsa-jcs-2019"} {
		if got := signedBy(t, d, o, suite); types[got] != "Multikey" {
			t.Errorf("%s is signed by %s", suite, got)
		}
	}
	last := o.Keys[len(o.Keys)-2] // P-384
	if err := d.RetireKey(t.Context(), o.ID, last.Method+"-multikey", "test"); err != nil {
		t.Error(err)
	}
}

// signedBy signs a document as the issuer, and gives the method that its proof names.
func signedBy(t testing.TB, d *desk, o issuer.Organisation, suite string) string {
	t.Helper()
	signed, err := d.Workspace(o.ID).Sign(t.Context(), issuer.SignInput{Document: lasting(o.DID), Suite: suite}, issuer.Write{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return object(t, signed.JSON)["proof"].(map[string]any)["verificationMethod"].(string)
}

// lasting is a document that has not ended.
func lasting(did string) []byte {
	return []byte(strings.Replace(string(unsigned(did)), `"validUntil":"2020-01-01T00:00:00Z",`, "", 1))
}

// TestMultikeysElsewhere: what an ECDSA key of a did:web signs, with a key of either curve, verifies in the cryptosuites of others, who
// are given the document as it is published.
func TestMultikeysElsewhere(t *testing.T) {
	const home = "../testdata/npm"
	if _, err := os.Stat(home + "/node_modules"); err != nil {
		t.Skip("skipped: the npm packages of testdata/npm are not installed (`make tools`)")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("skipped: node is not installed")
	}
	documents, texts := map[string]any{}, map[string]string{}
	for _, c := range contexts.All() {
		texts[c.URL] = string(c.JSON)
	}
	var tasks []map[string]any
	for _, algorithm := range []string{keys.ES256, keys.ES384} {
		d, o := signingDesk(t, strings.Replace(public, "badges", strings.ToLower(algorithm), 1))
		for _, k := range o.Keys {
			if k.Algorithm != algorithm && (k.Algorithm == keys.ES256 || k.Algorithm == keys.ES384) {
				if err := d.RetireKey(t.Context(), o.ID, k.Method, "test"); err != nil {
					t.Fatal(err)
				}
			}
		}
		document := object(t, mustDocument(t, d, o.URL+"/did.json"))
		documents[o.DID] = document
		for _, m := range document["verificationMethod"].([]any) {
			method := m.(map[string]any)
			method["@context"] = map[string]string{"Multikey": "https://w3id.org/security/multikey/v1", "JsonWebKey": "https://w3id.org/security/jwk/v1"}[method["type"].(string)]
			documents[method["id"].(string)] = method
		}
		for _, suite := range []string{"ecdsa-rdfc-2019", "ecdsa-jcs-2019"} {
			signed, err := d.Workspace(o.ID).Sign(t.Context(), issuer.SignInput{Document: lasting(o.DID), Suite: suite}, issuer.Write{Actor: "test"})
			if err != nil {
				t.Fatal(err)
			}
			tasks = append(tasks, map[string]any{"do": "verify", "credential": json.RawMessage(signed.JSON)})
		}
	}
	input, err := json.Marshal(map[string]any{"contexts": texts, "documents": documents, "tasks": tasks})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), node, home+"/interop.mjs")
	command.Stdin = bytes.NewReader(input)
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []struct {
		OK    struct{ Verified bool }
		Error string
	}
	if err := json.Unmarshal(output, &answers); err != nil || len(answers) != len(tasks) {
		t.Fatalf("%s, error %v", output, err)
	}
	for i, a := range answers {
		if !a.OK.Verified {
			t.Errorf("%s: %s", tasks[i]["credential"], output)
		}
	}
}
